//! How far an embedded engine has come: what was applied, what of it is on the disk, and whether a failed write stopped it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::engine::Table;
use crate::engine::folder::Folder;
use crate::error::{Result, StoreError};

/// Number of the last commit, in the table `meta`.
pub(super) const COMMIT_KEY: &[u8] = b"engine/commit";

/// The numbers a batch moves.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counters {
    /// Batches applied, ever.
    pub(super) commit: u64,
    /// The highest number of the change sequence.
    pub(super) sequence: u64,
}

/// The state an embedded engine keeps beside its files.
pub(super) struct Progress {
    /// Held while a batch is checked and applied.
    counters: Mutex<Counters>,
    applied: AtomicU64,
    sequence: AtomicU64,
    synced: AtomicU64,
    /// Held by the one who syncs for all.
    gate: Mutex<()>,
    stopped: OnceLock<String>,
    folder: Folder,
}

impl Progress {
    pub(super) fn new(folder: Folder) -> Self {
        Self {
            counters: Mutex::default(),
            applied: AtomicU64::new(0),
            sequence: AtomicU64::new(0),
            synced: AtomicU64::new(0),
            gate: Mutex::default(),
            stopped: OnceLock::new(),
            folder,
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Goes on from what the opened files hold; refused where the mark says that they held more.
    pub(super) fn resume(&mut self, counters: Counters) -> Result<()> {
        let commit = counters.commit;
        if let Some(mark) = self.folder.mark().filter(|mark| *mark > commit) {
            let detail = format!("it holds {commit} commits, but {mark} were acknowledged");
            return Err(StoreError::Damaged { folder: self.path().to_owned(), detail });
        }
        self.counters = Mutex::new(counters);
        self.applied = AtomicU64::new(commit);
        self.sequence = AtomicU64::new(counters.sequence);
        // What was recovered need not have been synced before the crash.
        self.synced = AtomicU64::new(commit.saturating_sub(1));
        Ok(())
    }

    /// While held, nobody else writes.
    pub(super) fn hold(&self) -> MutexGuard<'_, Counters> {
        lock(&self.counters)
    }

    /// Tells that a batch was applied.
    pub(super) fn advance(&self, held: &mut Counters, after: Counters) {
        *held = after;
        self.sequence.store(after.sequence, Ordering::Release);
        self.applied.store(after.commit, Ordering::Release);
    }

    /// Returns when everything applied before the call is durable. Callers that wait together share one sync.
    pub(super) fn settle(&self, sync: impl FnOnce() -> Result<()>) -> Result<()> {
        let wanted = self.applied.load(Ordering::Acquire);
        if self.synced.load(Ordering::Acquire) >= wanted {
            return Ok(());
        }
        let _gate = lock(&self.gate);
        if self.synced.load(Ordering::Acquire) >= wanted {
            return Ok(());
        }
        self.running()?;
        let covered = self.applied.load(Ordering::Acquire);
        sync().inspect_err(|error| self.stop(error))?;
        self.synced.store(covered, Ordering::Release);
        self.folder.set_mark(covered)
    }

    pub(super) fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Acquire)
    }

    /// Refuses where a write failed: what would be read now may never have reached the disk.
    pub(super) fn running(&self) -> Result<()> {
        match self.stopped.get() {
            Some(detail) => Err(StoreError::Stopped { folder: self.path().to_owned(), detail: detail.clone() }),
            None => Ok(()),
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.get().is_some()
    }

    pub(super) fn stop(&self, error: &StoreError) {
        tracing::error!(folder = %self.path().display(), %error, "the store stops: a write failed");
        // Only the first failure says why.
        drop(self.stopped.set(error.to_string()));
    }
}

/// A number as engines store it.
pub(super) fn number(bytes: &[u8], what: &'static str) -> Result<u64> {
    let bytes = bytes.try_into().map_err(|_| StoreError::DamagedValue {
        table: Table::Meta.name(),
        key: what.to_owned(),
        detail: format!("{} bytes instead of 8", bytes.len()),
    })?;
    Ok(u64::from_be_bytes(bytes))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panicking holder left is consistent: counters are set last.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
