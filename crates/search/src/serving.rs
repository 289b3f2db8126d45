//! One generation of the index, opened: its reader, and its writer once something changes.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jieba_rs::Jieba;
use model::{PolicyId, Record};
use tantivy::Directory;
use tantivy::directory::error::LockError;
use tantivy::index::SegmentComponent;
use tantivy::store::Compressor;
use tantivy::{IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError};

use crate::analysis;
use crate::entry::Entry;
use crate::error::SearchError;
use crate::node::Field;
use crate::schema::Fields;

/// Memory a writing thread fills before it writes a segment: large enough for segments of some thousand policies.
const WRITER_BYTES_PER_THREAD: usize = 48 << 20;
/// Threads that write; the rest of the machine fetches and annotates.
const MOST_WRITER_THREADS: usize = 4;
/// Stored texts are compressed in blocks: larger ones are smaller on disk, but a hit reads a whole one.
const STORE_BLOCK_BYTES: usize = 16 << 10;
/// Documents prepared before they are handed to the writer; bounds the memory of a large [`Serving::put`].
const PREPARED_AT_ONCE: usize = 256;

/// The files a segment can have.
const COMPONENTS: [SegmentComponent; 7] = [
    SegmentComponent::Postings,
    SegmentComponent::Positions,
    SegmentComponent::FastFields,
    SegmentComponent::FieldNorms,
    SegmentComponent::Terms,
    SegmentComponent::Store,
    SegmentComponent::Delete,
];

/// One generation.
pub(crate) struct Serving {
    engine: tantivy::Index,
    pub(crate) fields: Fields,
    reader: IndexReader,
    /// Opened by the first change: a process that only searches takes no lock.
    writer: Mutex<Option<IndexWriter>>,
    /// None in memory.
    pub(crate) dir: Option<PathBuf>,
}

impl Serving {
    /// The generation in a folder, when it can be opened and has the expected columns.
    pub(crate) fn existing(dir: &Path, segmenter: &Arc<Jieba>) -> Option<Self> {
        let fields = Fields::new();
        // Opens every segment, so that a missing or cut file shows now and not in the middle of a search. The engine
        // panics over some cut files instead of failing.
        let opened = catch_unwind(|| {
            let engine = tantivy::Index::open_in_dir(dir)?;
            engine.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map(|_: IndexReader| engine)
        });
        let engine = match opened {
            Ok(Ok(engine)) => (engine.schema() == fields.schema).then_some(engine)?,
            Ok(Err(error)) => {
                tracing::warn!(dir = %dir.display(), %error, "index is damaged and will be built again");
                return None;
            }
            Err(_) => {
                tracing::warn!(dir = %dir.display(), "index is damaged and will be built again");
                return None;
            }
        };
        let serving = Self::over(engine, fields, segmenter, Some(dir.to_owned()));
        serving.inspect_err(|error| tracing::warn!(%error, "index cannot be read and will be built again")).ok()
    }

    /// A new generation in a folder.
    pub(crate) fn create(dir: &Path, segmenter: &Arc<Jieba>) -> Result<Self, SearchError> {
        std::fs::create_dir_all(dir).map_err(crate::folder::file_error(dir))?;
        let fields = Fields::new();
        let engine = tantivy::Index::builder().schema(fields.schema.clone()).settings(settings()).create_in_dir(dir)?;
        Self::over(engine, fields, segmenter, Some(dir.to_owned()))
    }

    /// A new generation in memory.
    pub(crate) fn in_memory(segmenter: &Arc<Jieba>) -> Result<Self, SearchError> {
        let fields = Fields::new();
        let engine = tantivy::Index::builder().schema(fields.schema.clone()).settings(settings()).create_in_ram()?;
        Self::over(engine, fields, segmenter, None)
    }

    fn over(
        mut engine: tantivy::Index,
        fields: Fields,
        segmenter: &Arc<Jieba>,
        dir: Option<PathBuf>,
    ) -> Result<Self, SearchError> {
        engine.set_tokenizers(analysis::tokenizers(Arc::clone(segmenter)));
        // Also sees what another process commits.
        let reader = engine.reader_builder().reload_policy(ReloadPolicy::OnCommitWithDelay).try_into()?;
        Ok(Self { engine, fields, reader, writer: Mutex::new(None), dir })
    }

    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// Policies that have a term; 0 where the engine cannot say.
    pub(crate) fn count(&self, searcher: &Searcher, field: Field, text: &str) -> u64 {
        searcher.doc_freq(&self.fields.term(field, text)).unwrap_or_default()
    }

    /// Puts records in, replacing those with the same policy id. Visible after [`Self::commit`].
    pub(crate) fn put(&self, records: &[Record]) -> Result<(), SearchError> {
        for batch in records.chunks(PREPARED_AT_ONCE) {
            // Prepared before the lock is taken: others may write meanwhile.
            let prepare = |record: &Record| (record.policy.id.clone(), self.fields.document(&Entry::new(record)));
            let documents: Vec<(PolicyId, TantivyDocument)> = batch.iter().map(prepare).collect();
            self.writing(|writer| {
                for (id, document) in documents {
                    writer.delete_term(self.fields.id_term(&id));
                    writer.add_document(document)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    pub(crate) fn remove(&self, ids: &[PolicyId]) -> Result<(), SearchError> {
        self.writing(|writer| {
            ids.iter().for_each(|id| {
                writer.delete_term(self.fields.id_term(id));
            });
            Ok(())
        })
    }

    pub(crate) fn clear(&self) -> Result<(), SearchError> {
        self.writing(|writer| writer.delete_all_documents().map(|_| ()))
    }

    /// Makes all changes so far durable and visible.
    pub(crate) fn commit(&self) -> Result<(), SearchError> {
        if let Some(writer) = self.writer().as_mut() {
            writer.commit()?;
        }
        Ok(self.reader.reload()?)
    }

    /// Commits, waits until segments have been merged and gives the writer's lock back.
    pub(crate) fn settle(&self) -> Result<(), SearchError> {
        let writer = self.writer().take();
        if let Some(mut writer) = writer {
            writer.commit()?;
            writer.wait_merging_threads()?;
        }
        Ok(self.reader.reload()?)
    }

    /// Commits and, while nobody writes, hands over the names of the engine's files that make up what is committed, and
    /// the description that names them.
    pub(crate) fn files<T>(&self, take: impl FnOnce(&[PathBuf], &[u8]) -> Result<T, SearchError>) -> Result<T, SearchError> {
        let mut writer = self.writer();
        if let Some(writer) = writer.as_mut() {
            writer.commit()?;
        }
        let read = || self.engine.directory().atomic_read(Path::new("meta.json")).map_err(TantivyError::from);
        // A merge that ends meanwhile writes another description. The files of metas that are held are never deleted.
        let (metas, description) = loop {
            let before = read()?;
            let metas = self.engine.searchable_segment_metas()?;
            if read()? == before {
                break (metas, before);
            }
        };
        let files: Vec<PathBuf> = metas.iter().flat_map(|meta| COMPONENTS.map(|part| meta.relative_path(part))).collect();
        let done = take(&files, &description);
        drop(metas);
        done
    }

    pub(crate) fn damaged_files(&self) -> Result<Vec<PathBuf>, SearchError> {
        let mut files: Vec<PathBuf> = self.engine.validate_checksum()?.into_iter().collect();
        files.sort();
        Ok(files)
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
}

fn settings() -> IndexSettings {
    // Zstd takes a fifth less, but sets up a decoder of 150 KB for each block: half the time of a hit.
    IndexSettings { docstore_compression: Compressor::Lz4, docstore_blocksize: STORE_BLOCK_BYTES, ..IndexSettings::default() }
}
