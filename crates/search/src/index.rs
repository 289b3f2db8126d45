//! The index: putting records in, asking questions.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jieba_rs::Jieba;
use model::query::{Hit, Hits, Query};
use model::{PolicyId, Record};
use tantivy::directory::error::LockError;
use tantivy::store::{Compressor, ZstdCompressor};
use tantivy::{IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyError};

use crate::collect::{Found, HitCollector, Ranked};
use crate::error::{QueryError, SearchError};
use crate::facet::MOST_ISSUERS;
use crate::folder::{self, Marker};
use crate::lexicon::Lexicon;
use crate::plan::{Planner, Strictness};
use crate::question::Question;
use crate::schema::{DATE_COLUMN, Fields, VERSION};
use crate::snippet::Highlighter;
use crate::{analysis, snippet};

/// Memory a writing thread fills before it writes a segment: large enough for segments of some thousand policies.
const WRITER_BYTES_PER_THREAD: usize = 48 << 20;
/// Threads that write; the rest of the machine fetches and annotates.
const MOST_WRITER_THREADS: usize = 4;
/// Stored texts are compressed in blocks: larger ones are smaller on disk, but a hit reads a whole one.
const STORE_BLOCK_BYTES: usize = 64 << 10;
/// Texts take 0.33 of their size, with LZ4 0.5; higher levels gain little.
const STORE_LEVEL: i32 = 5;
/// Documents prepared before they are handed to the writer; bounds the memory of a large [`Index::put`].
const PREPARED_AT_ONCE: usize = 256;
/// Deeper pages are never read, and each costs memory for all before it.
const DEEPEST_HIT: usize = 100_000;

/// The full-text index.
pub struct Index {
    engine: tantivy::Index,
    fields: Fields,
    lexicon: Lexicon,
    segmenter: Arc<Jieba>,
    reader: IndexReader,
    /// Opened by the first change: a process that only searches takes no lock.
    writer: Mutex<Option<IndexWriter>>,
    /// None in memory.
    dir: Option<PathBuf>,
    incomplete: AtomicBool,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Index").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Index {
    /// Opens the index in a folder, or creates it. An index of another version or a damaged one is emptied, and
    /// [`Self::needs_rebuild`] says so.
    ///
    /// # Errors
    /// [`SearchError::Stale`] where another version must be emptied but another process writes to it; files that
    /// cannot be read or written.
    pub fn open(dir: &Path, segmenter: Arc<Jieba>, lexicon: Lexicon) -> Result<Self, SearchError> {
        std::fs::create_dir_all(dir).map_err(folder::file_error(dir))?;
        let fields = Fields::new();
        let tokenizers = analysis::tokenizers(Arc::clone(&segmenter));
        let marker = Marker::read(dir);
        let existing = marker.as_ref().filter(|marker| marker.version == VERSION).and_then(|_| open_existing(dir, &fields));
        let (mut engine, complete) = match (existing, &marker) {
            (Some(engine), Some(marker)) => (engine, marker.complete),
            _ => (recreate(dir, &fields, marker.as_ref())?, false),
        };
        engine.set_tokenizers(tokenizers);
        Self::over(engine, fields, segmenter, lexicon, Some(dir.to_owned()), !complete)
    }

    /// An empty index in memory.
    ///
    /// # Errors
    /// The engine's.
    pub fn in_memory(segmenter: Arc<Jieba>, lexicon: Lexicon) -> Result<Self, SearchError> {
        let fields = Fields::new();
        let builder = tantivy::Index::builder().schema(fields.schema.clone()).settings(settings());
        let engine = builder.tokenizers(analysis::tokenizers(Arc::clone(&segmenter))).create_in_ram()?;
        Self::over(engine, fields, segmenter, lexicon, None, true)
    }

    fn over(
        engine: tantivy::Index,
        fields: Fields,
        segmenter: Arc<Jieba>,
        lexicon: Lexicon,
        dir: Option<PathBuf>,
        incomplete: bool,
    ) -> Result<Self, SearchError> {
        // Also sees what another process commits.
        let reader = engine.reader_builder().reload_policy(ReloadPolicy::OnCommitWithDelay).try_into()?;
        let incomplete = AtomicBool::new(incomplete);
        Ok(Self { engine, fields, lexicon, segmenter, reader, writer: Mutex::new(None), dir, incomplete })
    }

    /// Whether the index may lack policies the store has: it was created, or emptied for its version or for damage, and
    /// [`Self::mark_rebuilt`] has not been called since. Stays true over restarts.
    #[must_use]
    pub fn needs_rebuild(&self) -> bool {
        self.incomplete.load(Ordering::Acquire)
    }

    /// Says that every policy of the store has been put in and committed.
    ///
    /// # Errors
    /// The marker cannot be written.
    pub fn mark_rebuilt(&self) -> Result<(), SearchError> {
        if let Some(dir) = &self.dir {
            Marker { complete: true, ..Marker::fresh() }.write(dir)?;
        }
        self.incomplete.store(false, Ordering::Release);
        Ok(())
    }

    /// Puts records in, replacing those with the same policy id. Visible after [`Self::commit`].
    ///
    /// # Errors
    /// [`SearchError::Locked`] where another process writes; the engine's.
    pub fn put(&self, records: &[Record]) -> Result<(), SearchError> {
        for batch in records.chunks(PREPARED_AT_ONCE) {
            // Prepared before the lock is taken: others may write meanwhile.
            let documents: Vec<_> = batch.iter().map(|record| (&record.policy.id, self.fields.document(record))).collect();
            self.writing(|writer| {
                for (id, document) in documents {
                    writer.delete_term(self.fields.id_term(id));
                    writer.add_document(document)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Takes policies out. Visible after [`Self::commit`].
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn remove(&self, ids: &[PolicyId]) -> Result<(), SearchError> {
        self.writing(|writer| {
            ids.iter().for_each(|id| {
                writer.delete_term(self.fields.id_term(id));
            });
            Ok(())
        })
    }

    /// Takes all policies out. Visible after [`Self::commit`].
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn clear(&self) -> Result<(), SearchError> {
        self.writing(|writer| writer.delete_all_documents().map(|_| ()))
    }

    /// Makes all changes so far durable and visible. Commit every thousand policies or every second: one by one is
    /// three hundred times slower.
    ///
    /// # Errors
    /// The engine's.
    pub fn commit(&self) -> Result<(), SearchError> {
        if let Some(writer) = self.writer().as_mut() {
            writer.commit()?;
        }
        Ok(self.reader.reload()?)
    }

    /// Waits until segments have been merged and gives the writer's lock back; the next change takes it again.
    ///
    /// # Errors
    /// The engine's.
    pub fn settle(&self) -> Result<(), SearchError> {
        let writer = self.writer().take();
        if let Some(mut writer) = writer {
            writer.commit()?;
            writer.wait_merging_threads()?;
        }
        Ok(self.reader.reload()?)
    }

    /// Files of the index whose checksum is wrong; reads all of them. An index with any must be emptied and rebuilt.
    ///
    /// # Errors
    /// The engine's.
    pub fn damaged_files(&self) -> Result<Vec<PathBuf>, SearchError> {
        let mut files: Vec<PathBuf> = self.engine.validate_checksum()?.into_iter().collect();
        files.sort();
        Ok(files)
    }

    /// Policies in the index as last committed.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.reader.searcher().num_docs()
    }

    fn writer(&self) -> MutexGuard<'_, Option<IndexWriter>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self, change: impl FnOnce(&IndexWriter) -> Result<(), TantivyError>) -> Result<(), SearchError> {
        let mut writer = self.writer();
        if writer.is_none() {
            let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WRITER_THREADS);
            let opened = self.engine.writer_with_num_threads(threads, threads * WRITER_BYTES_PER_THREAD);
            *writer = Some(opened.map_err(|error| self.locked(error))?);
        }
        writer.as_ref().map_or(Ok(()), |writer| change(writer).map_err(SearchError::from))
    }

    fn locked(&self, error: TantivyError) -> SearchError {
        match error {
            TantivyError::LockFailure(LockError::LockBusy, _) => {
                SearchError::Locked { dir: self.dir.clone().unwrap_or_default() }
            }
            other => other.into(),
        }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// [`SearchError::Query`] for a question that is too long or names an unknown filter; the engine's.
    pub fn search(&self, query: &Query) -> Result<Hits, SearchError> {
        let question = Question::new(query, &self.lexicon, &self.segmenter)?;
        let limit = query.limit.min(Query::MOST_HITS);
        let most = query.offset.saturating_add(limit);
        if query.offset > DEEPEST_HIT {
            return Err(QueryError::TooDeep { most: DEEPEST_HIT }.into());
        }
        let searcher = self.reader.searcher();
        let found = self.find(&searcher, query, &question, if limit == 0 { 0 } else { most })?;
        let highlighter = Highlighter::new(&question.needles(), &question.numbers);
        let page = found.best.iter().skip(query.offset);
        let hits: Result<Vec<Hit>, SearchError> = page.map(|ranked| self.hit(&searcher, ranked, &highlighter)).collect();
        Ok(Hits { total: found.total, hits: hits?, facets: facets_in_order(found.facets) })
    }

    fn find(&self, searcher: &Searcher, query: &Query, question: &Question, most: usize) -> Result<Found, SearchError> {
        let planner = Planner { fields: &self.fields, lexicon: &self.lexicon, searcher };
        let newest = newest_date(searcher)?;
        let collector = HitCollector { most, sort: query.sort, freshness: &self.lexicon.fields.freshness, newest };
        let mut found = Found::default();
        for strictness in Strictness::ALL {
            let Some(plan) = planner.plan(query, question, strictness)? else { continue };
            found = searcher.search(&*plan, &collector)?;
            if found.total > 0 {
                break;
            }
        }
        Ok(found)
    }

    fn hit(&self, searcher: &Searcher, ranked: &Ranked, highlighter: &Highlighter) -> Result<Hit, SearchError> {
        let stored = self.fields.stored(&searcher.doc(ranked.address)?);
        Ok(Hit {
            snippet: highlighter.snippet(&stored.body),
            id: stored.id,
            score: ranked.score,
            title: snippet::without_marks(&stored.title),
            date: stored.date,
            number: stored.number,
            issuer: stored.issuer,
            state: stored.state,
        })
    }
}

fn settings() -> IndexSettings {
    let compressor = ZstdCompressor { compression_level: Some(STORE_LEVEL) };
    IndexSettings {
        docstore_compression: Compressor::Zstd(compressor),
        docstore_blocksize: STORE_BLOCK_BYTES,
        ..IndexSettings::default()
    }
}

/// The index in a folder, when it can be opened and has the expected fields.
fn open_existing(dir: &Path, fields: &Fields) -> Option<tantivy::Index> {
    // Opens every segment, so that a missing or cut file shows now and not in the middle of a search. The engine
    // panics over some cut files instead of failing.
    let opened = catch_unwind(|| {
        let engine = tantivy::Index::open_in_dir(dir)?;
        engine.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map(|_: IndexReader| engine)
    });
    match opened {
        Ok(Ok(engine)) => (engine.schema() == fields.schema).then_some(engine),
        Ok(Err(error)) => {
            tracing::warn!(dir = %dir.display(), %error, "index is damaged and will be emptied");
            None
        }
        Err(_) => {
            tracing::warn!(dir = %dir.display(), "index is damaged and will be emptied");
            None
        }
    }
}

/// Empties the folder and creates an index of this version in it.
fn recreate(dir: &Path, fields: &Fields, marker: Option<&Marker>) -> Result<tantivy::Index, SearchError> {
    let lock = folder::lock(dir).map_err(|error| match (error, marker) {
        (SearchError::Locked { dir }, Some(marker)) => {
            SearchError::Stale { dir, found: marker.version.clone(), expected: VERSION.to_owned() }
        }
        (error, _) => error,
    })?;
    if let Some(marker) = marker {
        tracing::info!(dir = %dir.display(), found = marker.version, expected = VERSION, "index is emptied and must be rebuilt");
    }
    folder::empty(dir)?;
    let engine = tantivy::Index::builder().schema(fields.schema.clone()).settings(settings()).create_in_dir(dir)?;
    Marker::fresh().write(dir)?;
    drop(lock);
    Ok(engine)
}

fn newest_date(searcher: &Searcher) -> Result<i64, SearchError> {
    let mut newest = i64::MIN;
    for segment in searcher.segment_readers() {
        newest = newest.max(segment.fast_fields().i64(DATE_COLUMN)?.max_value());
    }
    Ok(newest)
}

fn facets_in_order(
    facets: std::collections::BTreeMap<&'static str, std::collections::BTreeMap<String, u64>>,
) -> std::collections::BTreeMap<String, Vec<(String, u64)>> {
    let in_order = facets.into_iter().map(|(name, values)| {
        let mut values: Vec<(String, u64)> = values.into_iter().collect();
        values.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        if name == "issuer" {
            values.truncate(MOST_ISSUERS);
        }
        (name.to_owned(), values)
    });
    in_order.collect()
}
