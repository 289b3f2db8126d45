//! The store: documents, policies with their copies and revisions, annotations, editors' decisions, enterprises, the work
//! queue, the outbox and the audit log, in one folder on one embedded engine.
//!
//! Two promises stand above all others. What a call acknowledged is on the disk, whatever happens next. And doing anything
//! twice leaves what doing it once leaves. README.md has the keys of every table and the precautions around the engine.
//!
//! All calls block; all take `&self`; a [`Store`] is shared between threads behind an `Arc`. Nothing here reads the clock.

mod audit;
mod backup;
mod counts;
#[cfg(test)]
mod crash;
mod engine;
mod enterprises;
mod error;
mod file_texts;
mod frontier;
mod health;
mod identity;
mod ingest;
mod keys;
mod outbox;
mod overlap;
mod pages;
mod policies;
mod proposals;
mod queue;
mod stored;
#[cfg(test)]
mod testing;
mod transaction;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

pub use audit::{AuditEntry, AuditReport};
pub use backup::{BackupReport, TableReport, restore, verify_backup};
pub use counts::{CheckReport, Counts};
pub use error::{Result, StoreError};
pub use frontier::{Owed, Visits, Want};
pub use ingest::{Change, Incoming, Ingested};
pub use pages::{PagePart, PageState, SourceRun};
pub use policies::{Annotated, hash_of};
pub use proposals::{Missed, Proposal, ProposalState, ReplayResult};

use engine::{Engine, Table};
use transaction::Transaction;

/// An open store; only one handle in one process can have a folder open.
pub struct Store {
    engine: Engine,
    /// Held while a change is computed and applied, so that what it read stays true. Not held while it is synced.
    writer: Mutex<()>,
}

/// How often a change is computed again when somebody else changed what it had read. Only engines shared by several
/// processes ever come to the second time.
const MOST_TRIES: usize = 8;

impl Store {
    /// Opens the store in a folder, which is created if need be.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process has it open, [`StoreError::Newer`] where a newer program wrote it,
    /// [`StoreError::Damaged`] where its files do not open or have lost acknowledged writes.
    pub fn open(dir: &Path) -> Result<Self> {
        let engine = Engine::open(dir)?;
        Ok(Self { engine, writer: Mutex::new(()) })
    }

    /// The folder the store lives in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.engine.path()
    }

    /// Computes a change and makes it durable. Also a change that turned out empty waits: it may rest on somebody else's
    /// that is not yet durable.
    fn write<T>(&self, change: impl Fn(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        let answer = self.write_unsettled(change)?;
        self.engine.settle()?;
        Ok(answer)
    }

    /// The same without waiting for the disk.
    fn write_unsettled<T>(&self, change: impl Fn(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.engine.running()?;
        for _ in 0..MOST_TRIES {
            let mut transaction = Transaction::new(&self.engine);
            let answer = change(&mut transaction)?;
            if transaction.apply()? {
                return Ok(answer);
            }
        }
        Err(StoreError::Conflict)
    }

    /// The number of the last change to any policy's record.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.engine.sequence()
    }

    /// The policies whose record changed after a number, each once, oldest change first; and the number up to which the
    /// answer is complete, to be asked with next time.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn changed_since(&self, sequence: u64) -> Result<(u64, Vec<model::PolicyId>)> {
        let (upto, subjects) = self.engine.changed_since(sequence)?;
        let ids = subjects.iter().map(|subject| String::from_utf8_lossy(subject).into_owned().into()).collect();
        Ok((upto, ids))
    }

    /// The sequence number the index has seen; 0 before the first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn index_mark(&self) -> Result<u64> {
        self.mark("index")
    }

    /// Remembers what the index has seen.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn set_index_mark(&self, sequence: u64) -> Result<()> {
        self.set_mark("index", sequence)
    }

    /// The sequence number a named follower has seen; 0 before the first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn mark(&self, name: &str) -> Result<u64> {
        Ok(Transaction::new(&self.engine).get(Table::Meta, &mark_key(name))?.unwrap_or(0))
    }

    /// Remembers what a named follower has seen.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn set_mark(&self, name: &str, sequence: u64) -> Result<()> {
        self.write(|transaction| transaction.put(Table::Meta, mark_key(name), &sequence))
    }

    /// A small text kept under a name, e.g. the version of the rules that last ran.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn mark_text(&self, name: &str) -> Result<Option<String>> {
        Transaction::new(&self.engine).get(Table::Meta, &mark_text_key(name))
    }

    /// Keeps a small text under a name.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn set_mark_text(&self, name: &str, text: &str) -> Result<()> {
        self.write(|transaction| transaction.put(Table::Meta, mark_text_key(name), &text))
    }

    /// Removes files of large values that nothing refers to any more. Gives the number of files removed.
    ///
    /// # Errors
    /// Where a value is damaged: it may have referred to anything, so nothing is removed.
    pub fn sweep(&self) -> Result<usize> {
        self.engine.sweep_blobs()
    }
}

fn mark_key(name: &str) -> Vec<u8> {
    format!("mark/{name}").into_bytes()
}

fn mark_text_key(name: &str) -> Vec<u8> {
    format!("text/{name}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_kept_apart_by_name_and_survive_reopening() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path()).unwrap();
        assert_eq!((store.mark("a").unwrap(), store.mark_text("a").unwrap()), (0, None));
        store.set_mark("a", 7).unwrap();
        store.set_index_mark(9).unwrap();
        store.set_mark_text("a", "rules 3").unwrap();
        drop(store);
        let store = Store::open(home.path()).unwrap();
        assert_eq!((store.mark("a").unwrap(), store.index_mark().unwrap(), store.mark("b").unwrap()), (7, 9, 0));
        assert_eq!(store.mark_text("a").unwrap().as_deref(), Some("rules 3"));
    }

    #[test]
    fn a_store_is_shared_between_threads() {
        fn check<T: Send + Sync>() {}
        check::<Store>();
    }
}
