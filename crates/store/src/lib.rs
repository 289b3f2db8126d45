//! The store: documents, policies with their copies and revisions, annotations, editors' decisions, enterprises, the work
//! queue, the outbox and the audit log, in one folder on one embedded engine.
//!
//! Two promises stand above all others. What a call acknowledged is on the disk, whatever happens next. And doing anything
//! twice leaves what doing it once leaves. README.md has the keys of every table and the precautions around the engine.
//!
//! All calls block; all take `&self`; a [`Store`] is shared between threads behind an `Arc`. Nothing here reads the clock.

mod audit;
mod backup;
#[cfg(test)]
#[path = "../../../tests/postgres.rs"]
mod cluster;
mod counts;
#[cfg(test)]
mod crash;
mod engine;
mod enterprises;
mod error;
mod file_texts;
mod found;
mod frontier;
mod furniture;
mod health;
mod identity;
mod ingest;
mod keys;
mod links;
mod listing;
mod memory;
mod outbox;
mod overlap;
mod pages;
mod policies;
mod proposals;
mod queue;
mod rulings;
mod shelf;
mod sketch;
mod stored;
#[cfg(test)]
mod testing;
mod titles;
mod transaction;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub use audit::{AuditEntry, AuditReport};
pub use backup::{BackupReport, TableReport, restore, restore_at, verify_backup};
pub use counts::{CheckReport, Counts};
pub use error::{Result, StoreError};
pub use frontier::{Owed, Visits, Want};
pub use ingest::{Change, Incoming, Ingested};
pub use links::{Coursed, FROM_TEXT};
pub use memory::{Collection, Place, Role};
pub use pages::{PagePart, PageState, SourceRun};
pub use policies::{Annotated, hash_of};
pub use proposals::{Missed, Proposal, ProposalState, ReplayResult};

pub use rulings::{Merge, Ruling};

pub use engine::Location;
use engine::{Engine, Session, Table};
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
        Self::open_at(&Location::Sled(dir.to_owned()))
    }

    /// Opens the store a URL names.
    ///
    /// # Errors
    /// As [`Store::open`]; [`StoreError::OtherEngine`] where the folder holds the store of another engine.
    pub fn open_at(location: &Location) -> Result<Self> {
        Ok(Self { engine: Engine::open(location)?, writer: Mutex::new(()) })
    }

    /// The folder the store lives in, or the URL of its server without the secret part.
    #[must_use]
    pub fn place(&self) -> &Path {
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
        self.write_in(Engine::writer, change)
    }

    /// The same in a session of the caller's choice.
    fn write_in<'a, T>(
        &'a self,
        session: impl Fn(&'a Engine) -> Result<Session<'a>>,
        change: impl Fn(&mut Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..MOST_TRIES {
            let mut transaction = Transaction::new(session(&self.engine)?);
            match change(&mut transaction) {
                Ok(answer) if transaction.apply()? => return Ok(answer),
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    /// Whether this process is the one of all on this store that has a duty only one may have, such as firing schedules. It
    /// keeps it until it ends or loses its connection; then another gets it. An embedded store has one process.
    ///
    /// # Errors
    /// Where the engine cannot be asked.
    pub fn leads(&self, duty: &str) -> Result<bool> {
        self.engine.leads(duty)
    }

    /// Whether other processes, on other machines too, may have the same store open.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.engine.is_shared()
    }

    /// The number of the last change to any policy's record.
    ///
    /// # Errors
    /// Where the engine cannot be asked.
    pub fn sequence(&self) -> Result<u64> {
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

    /// The sequence number a named follower has seen; 0 before the first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn mark(&self, name: &str) -> Result<u64> {
        Ok(Transaction::new(self.engine.now()).get(Table::Meta, &mark_key(name))?.unwrap_or(0))
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
        Transaction::new(self.engine.now()).get(Table::Meta, &mark_text_key(name))
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

/// Moves a damaged store out of the way, whole and under a name that says so, so that a restore can take its place. Nothing
/// is removed. Gives where it is now.
///
/// # Errors
/// [`StoreError::Locked`] where somebody has it open; a server's database is for its own tools.
pub fn set_aside(location: &Location) -> Result<PathBuf> {
    match location {
        Location::Sled(folder) | Location::Redb(folder) => engine::set_aside(folder),
        Location::Postgres(_) => Err(StoreError::Url {
            url: location.to_string(),
            reason: "a database is set aside by its own tools; make a new one".to_owned(),
        }),
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
        store.set_mark("index", 9).unwrap();
        store.set_mark_text("a", "rules 3").unwrap();
        drop(store);
        let store = Store::open(home.path()).unwrap();
        assert_eq!((store.mark("a").unwrap(), store.mark("index").unwrap(), store.mark("b").unwrap()), (7, 9, 0));
        assert_eq!(store.mark_text("a").unwrap().as_deref(), Some("rules 3"));
    }

    #[test]
    fn a_store_is_shared_between_threads() {
        fn check<T: Send + Sync>() {}
        check::<Store>();
    }
}
