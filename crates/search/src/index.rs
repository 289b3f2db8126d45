//! The index: putting records in, building it again beside the one in use, snapshots.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jieba_rs::Jieba;
use model::{PolicyId, Record};

use crate::error::SearchError;
use crate::folder::{self, Marker};
use crate::lexicon::Lexicon;
use crate::schema::VERSION;
use crate::serving::Serving;
use crate::vocabulary::Vocabulary;

/// The full-text index.
pub struct Index {
    serving: RwLock<Arc<Serving>>,
    pub(crate) lexicon: Lexicon,
    pub(crate) segmenter: Arc<Jieba>,
    /// None in memory.
    dir: Option<PathBuf>,
    generation: Mutex<u64>,
    is_incomplete: AtomicBool,
    is_stale: AtomicBool,
    pub(crate) vocabulary: Mutex<Option<Arc<Vocabulary>>>,
}

/// A generation being built beside the one in use. Dropped without [`Index::switch`] it is left out.
#[derive(Debug)]
pub struct Rebuild {
    serving: Arc<Serving>,
    number: u64,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Index").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Serving {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Serving").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Rebuild {
    /// Puts records in, replacing those with the same policy id.
    ///
    /// # Errors
    /// The engine's.
    pub fn put(&self, records: &[Record]) -> Result<(), SearchError> {
        self.serving.put(records)
    }

    /// Takes policies out again: merged while the index was built.
    ///
    /// # Errors
    /// The engine's.
    pub fn remove(&self, ids: &[PolicyId]) -> Result<(), SearchError> {
        self.serving.remove(ids)
    }

    /// Makes what was put in durable, so that the switch has little left to do.
    ///
    /// # Errors
    /// The engine's.
    pub fn commit(&self) -> Result<(), SearchError> {
        self.serving.commit()
    }
}

impl Index {
    /// Opens the index in a folder, or creates it. One of another version or a damaged one is left out for a new empty
    /// one, and [`Self::needs_rebuild`] says so. One made with another dictionary is used until it has been built
    /// again, and [`Self::is_stale`] says so.
    ///
    /// # Errors
    /// Files that cannot be read or written.
    pub fn open(dir: &Path, segmenter: Arc<Jieba>, lexicon: Lexicon) -> Result<Self, SearchError> {
        std::fs::create_dir_all(dir).map_err(folder::file_error(dir))?;
        let marker = Marker::read(dir);
        let existing = marker.as_ref().filter(|marker| marker.is_readable()).and_then(|marker| {
            Some((Serving::existing(&folder::generation(dir, marker.generation), &segmenter)?, marker.clone()))
        });
        // Between reading the marker and opening what it names another process may have switched: look again, once.
        let existing = existing.or_else(|| {
            let again = Marker::read(dir).filter(|again| again.is_readable() && Some(again) != marker.as_ref())?;
            Some((Serving::existing(&folder::generation(dir, again.generation), &segmenter)?, again))
        });
        let (serving, marker) = match existing {
            Some(existing) => existing,
            None => recreate(dir, &segmenter, &lexicon, marker.as_ref())?,
        };
        Ok(Self::over(serving, segmenter, lexicon, Some(dir.to_owned()), &marker))
    }

    /// An empty index in memory.
    ///
    /// # Errors
    /// The engine's.
    pub fn in_memory(segmenter: Arc<Jieba>, lexicon: Lexicon) -> Result<Self, SearchError> {
        let serving = Serving::in_memory(&segmenter)?;
        let marker = fresh(0, &lexicon);
        Ok(Self::over(serving, segmenter, lexicon, None, &marker))
    }

    fn over(serving: Serving, segmenter: Arc<Jieba>, lexicon: Lexicon, dir: Option<PathBuf>, marker: &Marker) -> Self {
        Self {
            serving: RwLock::new(Arc::new(serving)),
            segmenter,
            dir,
            generation: Mutex::new(marker.generation),
            is_incomplete: AtomicBool::new(!marker.complete),
            is_stale: AtomicBool::new(marker.dictionary != lexicon.dictionary),
            lexicon,
            vocabulary: Mutex::new(None),
        }
    }

    /// The generation in use; a question keeps it to its end.
    pub(crate) fn serving(&self) -> Arc<Serving> {
        Arc::clone(&self.serving.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the index may lack policies the store has: it was created, or begun anew for its version or for damage,
    /// and [`Self::mark_rebuilt`] has not been called since. Stays true over restarts.
    #[must_use]
    pub fn needs_rebuild(&self) -> bool {
        self.is_incomplete.load(Ordering::Acquire)
    }

    /// Whether it was made with another dictionary: complete, and answering, but to be built again ([`Self::rebuild`]).
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Acquire)
    }

    /// Says that every policy of the store has been put in and committed.
    ///
    /// # Errors
    /// The marker cannot be written.
    pub fn mark_rebuilt(&self) -> Result<(), SearchError> {
        let generation = *self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dir) = &self.dir {
            let dictionary = if self.is_stale() { String::new() } else { self.lexicon.dictionary.clone() };
            Marker { complete: true, dictionary, ..fresh(generation, &self.lexicon) }.write(dir)?;
        }
        self.is_incomplete.store(false, Ordering::Release);
        Ok(())
    }

    /// Begins a new generation beside the one in use, which goes on answering. Fill it, then [`Self::switch`].
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn rebuild(&self) -> Result<Rebuild, SearchError> {
        let Some(dir) = &self.dir else {
            return Ok(Rebuild { serving: Arc::new(Serving::in_memory(&self.segmenter)?), number: 0 });
        };
        let number = next_generation(dir, *self.generation.lock().unwrap_or_else(PoisonError::into_inner))?;
        let serving = Serving::create(&folder::generation(dir, number), &self.segmenter)?;
        Ok(Rebuild { serving: Arc::new(serving), number })
    }

    /// Makes a new generation durable and answers from it; the old one is deleted. Until the moment of the switch, and
    /// where it fails, everything is as before.
    ///
    /// # Errors
    /// The engine's; the marker cannot be written.
    pub fn switch(&self, rebuild: Rebuild) -> Result<(), SearchError> {
        rebuild.serving.commit()?;
        let mut generation = self.generation.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dir) = &self.dir {
            Marker { complete: true, ..fresh(rebuild.number, &self.lexicon) }.write(dir)?;
        }
        *generation = rebuild.number;
        let old = std::mem::replace(&mut *self.serving.write().unwrap_or_else(PoisonError::into_inner), rebuild.serving);
        self.is_incomplete.store(false, Ordering::Release);
        self.is_stale.store(false, Ordering::Release);
        *self.vocabulary.lock().unwrap_or_else(PoisonError::into_inner) = None;
        // Gives its lock back. Questions still at work keep the files open though their names are gone.
        drop(old);
        if let Some(dir) = &self.dir
            && let Err(error) = folder::sweep(dir, rebuild.number)
        {
            tracing::warn!(dir = %dir.display(), %error, "the old index could not be deleted; it will be at the next switch");
        }
        Ok(())
    }

    /// Puts records in, replacing those with the same policy id. Visible after [`Self::commit`].
    ///
    /// # Errors
    /// [`SearchError::Locked`] where another process writes; the engine's.
    pub fn put(&self, records: &[Record]) -> Result<(), SearchError> {
        self.serving().put(records)
    }

    /// Takes policies out. Visible after [`Self::commit`].
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn remove(&self, ids: &[PolicyId]) -> Result<(), SearchError> {
        self.serving().remove(ids)
    }

    /// Takes all policies out. Visible after [`Self::commit`].
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn clear(&self) -> Result<(), SearchError> {
        self.serving().clear()
    }

    /// Makes all changes so far durable and visible. Commit every thousand policies or every second: one by one is
    /// three hundred times slower.
    ///
    /// # Errors
    /// The engine's.
    pub fn commit(&self) -> Result<(), SearchError> {
        self.serving().commit()
    }

    /// Waits until segments have been merged and gives the writer's lock back; the next change takes it again.
    ///
    /// # Errors
    /// The engine's.
    pub fn settle(&self) -> Result<(), SearchError> {
        self.serving().settle()
    }

    /// Files of the index whose checksum is wrong; reads all of them. An index with any must be built again.
    ///
    /// # Errors
    /// The engine's.
    pub fn damaged_files(&self) -> Result<Vec<PathBuf>, SearchError> {
        self.serving().damaged_files()
    }

    /// Policies in the index as last committed.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.serving().searcher().num_docs()
    }

    /// Commits and writes the index as it is now into a new folder, while it is in use. Files are linked where the file
    /// system can, else copied: the engine never changes a file it has written.
    ///
    /// # Errors
    /// A folder that is not empty, an index in memory, files that cannot be written.
    pub fn snapshot(&self, to: &Path) -> Result<(), SearchError> {
        let bad = |problem: &str| SearchError::Snapshot { dir: to.to_owned(), problem: problem.to_owned() };
        let Some(dir) = &self.dir else { return Err(bad("the index is in memory; expected one in a folder")) };
        folder::expect_empty(to)?;
        let serving = self.serving();
        let from = serving.dir.clone().ok_or_else(|| bad("the index has no folder"))?;
        serving.files(|files, meta| folder::link_all(&from, files, meta, &folder::generation(to, 1)))?;
        // The marker last: a folder without it is no snapshot.
        let marker = Marker::read(dir).ok_or_else(|| bad("the index has lost its marker"))?;
        Marker { generation: 1, ..marker }.write(to)
    }

    /// Puts a snapshot into a new folder, every file checked.
    ///
    /// # Errors
    /// A folder that is no snapshot, is of another version, or has a damaged file, by name; a target that is not empty.
    pub fn restore(from: &Path, to: &Path) -> Result<(), SearchError> {
        let bad = |problem: String| SearchError::Snapshot { dir: from.to_owned(), problem };
        let marker = Marker::read(from).ok_or_else(|| bad(format!("no {} in it", folder::MARKER)))?;
        if !marker.is_readable() {
            return Err(bad(format!(
                "version `{}`, expected `{VERSION}`: build the index from the store instead",
                marker.version
            )));
        }
        let generation = folder::generation(from, marker.generation);
        let serving =
            Serving::existing(&generation, &Arc::new(Jieba::empty())).ok_or_else(|| bad("it cannot be opened".to_owned()))?;
        if let Some(file) = serving.damaged_files()?.first() {
            return Err(bad(format!("file {} is damaged", file.display())));
        }
        folder::expect_empty(to)?;
        // Copied, not linked: the snapshot stays what it is when the index goes on.
        serving.files(|files, meta| folder::copy_all(&generation, files, meta, &folder::generation(to, 1)))?;
        Marker { generation: 1, ..marker }.write(to)
    }
}

fn fresh(generation: u64, lexicon: &Lexicon) -> Marker {
    Marker { version: VERSION.to_owned(), dictionary: lexicon.dictionary.clone(), generation, complete: false }
}

fn next_generation(dir: &Path, in_use: u64) -> Result<u64, SearchError> {
    Ok(folder::generations(dir)?.last().copied().unwrap_or_default().max(in_use) + 1)
}

/// A new generation, where there was none that can be read.
fn recreate(
    dir: &Path,
    segmenter: &Arc<Jieba>,
    lexicon: &Lexicon,
    old: Option<&Marker>,
) -> Result<(Serving, Marker), SearchError> {
    if let Some(old) = old {
        tracing::info!(dir = %dir.display(), found = old.version, expected = VERSION, "the index is begun anew and must be filled");
    }
    let marker = fresh(next_generation(dir, old.map_or(0, |old| old.generation))?, lexicon);
    let serving = Serving::create(&folder::generation(dir, marker.generation), segmenter)?;
    marker.write(dir)?;
    folder::sweep(dir, marker.generation)?;
    Ok((serving, marker))
}
