//! The engine contract: ordered tables of bytes with declared kinds and indexes, atomic batches with preconditions, one
//! durability point, views of one moment, a change sequence.
//!
//! Everything above speaks in these few operations; three engines stand behind them, chosen by a URL ([`Location`]). What
//! they must do is written as tests that run on each of them in `engine/conformance.rs`.
//!
//! - `apply` is atomic: after a crash all of a batch is there or nothing of it. It is visible at once, durable after `settle`.
//! - `settle` returns when everything applied before it began is on the disk; many callers share one sync.
//! - A [`View`] reads one moment, whatever is written meanwhile.
//! - Each subject a batch marks as changed moves to a new, higher number of one sequence without gaps for readers:
//!   a reader who has seen all up to `n` misses nothing by asking for what came after `n`.
//! - Of those who hold a [`Engine::writer`] only one at a time computes a change, on whatever machine: what it read is still
//!   true when it is applied.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::Path;
use std::sync::{MutexGuard, RwLockReadGuard};

use crate::error::Result;

mod blobs;
#[cfg(test)]
mod conformance;
mod folder;
mod guard;
mod location;
mod postgres;
mod progress;
mod redb;
mod sled;
mod table;
mod value;

pub(crate) use self::folder::{set_aside, sync_folder, write_durably};
pub use self::location::Location;
pub(crate) use self::table::{Kind, Table};

/// An open engine.
pub(crate) enum Engine {
    /// One folder, one process; the default.
    Sled(Box<sled::Engine>),
    /// One file in a folder, one process.
    Redb(Box<redb::Engine>),
    /// A database server, any number of processes.
    Postgres(postgres::Engine),
}

impl Engine {
    /// Opens the engine a URL names; embedded ones are created if need be.
    pub(crate) fn open(location: &Location) -> Result<Self> {
        Ok(match location {
            Location::Sled(folder) => Self::Sled(Box::new(sled::Engine::open(folder)?)),
            Location::Redb(folder) => Self::Redb(Box::new(redb::Engine::open(folder)?)),
            Location::Postgres(server) => Self::Postgres(postgres::Engine::open(server, &location.to_string())?),
        })
    }

    /// Opens an engine to be filled by a restore; a database cannot be opened otherwise before [`Engine::restored`].
    pub(crate) fn open_to_restore(location: &Location) -> Result<Self> {
        match location {
            Location::Postgres(server) => Ok(Self::Postgres(postgres::Engine::open_to_restore(server, &location.to_string())?)),
            Location::Sled(_) | Location::Redb(_) => Self::open(location),
        }
    }

    /// Tells that a restore is whole.
    pub(crate) fn restored(&self) -> Result<()> {
        match self {
            Self::Postgres(engine) => engine.restored(),
            Self::Sled(_) | Self::Redb(_) => Ok(()),
        }
    }

    /// Reads what is newest at each call.
    pub(crate) fn now(&self) -> Session<'_> {
        match self {
            Self::Sled(engine) => Session::Sled(engine),
            Self::Redb(engine) => Session::Redb(engine.now()),
            Self::Postgres(engine) => Session::Postgres(engine.now()),
        }
    }

    /// Reads one moment for a short time. Never take it twice in one thread: in sled no batch becomes visible meanwhile.
    pub(crate) fn view(&self) -> Result<View<'_>> {
        Ok(match self {
            Self::Sled(engine) => View { session: Session::Sled(engine), _held: Held::Shown(engine.view()) },
            Self::Redb(engine) => View { session: Session::Redb(engine.snapshot()?), _held: Held::Nothing },
            Self::Postgres(engine) => View { session: Session::Postgres(engine.snapshot()?), _held: Held::Nothing },
        })
    }

    /// Reads one moment for as long as it takes to read everything. In sled writers wait meanwhile, readers do not.
    pub(crate) fn snapshot(&self) -> Result<View<'_>> {
        match self {
            Self::Sled(engine) => Ok(View { session: Session::Sled(engine), _held: Held::Writers(engine.pause()) }),
            Self::Redb(_) | Self::Postgres(_) => self.view(),
        }
    }

    /// Reads for computing a change, which [`Session::apply`] then makes; the caller keeps other threads from doing the same.
    pub(crate) fn writer(&self) -> Result<Session<'_>> {
        match self {
            Self::Postgres(engine) => Ok(Session::Postgres(engine.writer()?)),
            Self::Sled(_) | Self::Redb(_) => {
                self.running()?;
                Ok(self.now())
            }
        }
    }

    /// The same for taking jobs: where the engine lets several machines do that at once, they do not wait for each other.
    pub(crate) fn claimer(&self) -> Result<Session<'_>> {
        match self {
            Self::Postgres(engine) => Ok(Session::Postgres(engine.claimer()?)),
            Self::Sled(_) | Self::Redb(_) => self.writer(),
        }
    }

    /// Whether this process is the one that has a duty only one may have. An embedded engine has only one.
    pub(crate) fn leads(&self, duty: &str) -> Result<bool> {
        match self {
            Self::Postgres(engine) => engine.leads(duty),
            Self::Sled(_) | Self::Redb(_) => Ok(true),
        }
    }

    /// Whether other processes may have the same store open.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Refuses where a write failed: what would be read now may never have reached the disk.
    pub(crate) fn running(&self) -> Result<()> {
        match self {
            Self::Sled(engine) => engine.running(),
            Self::Redb(engine) => engine.running(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Returns when everything applied before the call is durable. Callers that wait together share one sync.
    pub(crate) fn settle(&self) -> Result<()> {
        match self {
            Self::Sled(engine) => engine.settle(),
            Self::Redb(engine) => engine.settle(),
            // The server synced with the commit.
            Self::Postgres(_) => Ok(()),
        }
    }

    /// The highest number of the change sequence.
    pub(crate) fn sequence(&self) -> Result<u64> {
        match self {
            Self::Sled(engine) => Ok(engine.sequence()),
            Self::Redb(engine) => Ok(engine.sequence()),
            Self::Postgres(engine) => engine.sequence(),
        }
    }

    /// The subjects that changed after a number, in order, and the number up to which that is complete.
    pub(crate) fn changed_since(&self, sequence: u64) -> Result<(u64, Vec<Vec<u8>>)> {
        let upto = self.sequence()?;
        // A subject that changes again meanwhile leaves this range for a higher number: the next call gives it.
        let place = |number: u64| number.saturating_add(1).to_be_bytes().to_vec();
        let entries = self.scan(Table::Changes, &KeyRange::between(place(sequence), place(upto)))?;
        let subjects: Result<Vec<_>> = entries.map(|entry| entry.map(|(_, subject)| subject)).collect();
        Ok((upto, subjects?))
    }

    /// Compares what the engine itself can compare, beyond reading every value; gives what is wrong.
    pub(crate) fn verify(&self) -> Result<Vec<String>> {
        match self {
            Self::Redb(engine) => engine.verify(),
            Self::Sled(_) | Self::Postgres(_) => Ok(Vec::new()),
        }
    }

    /// Removes files of large values that nothing refers to. Gives the number of files removed.
    pub(crate) fn sweep_blobs(&self) -> Result<usize> {
        match self {
            Self::Sled(engine) => engine.sweep_blobs(),
            Self::Redb(_) | Self::Postgres(_) => Ok(0),
        }
    }

    /// Where it is, for messages: a folder, or a URL without its secret part.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Sled(engine) => engine.path(),
            Self::Redb(engine) => engine.path(),
            Self::Postgres(engine) => engine.path(),
        }
    }

    /// The newest value of a key.
    #[cfg(test)]
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.now().get(table, key)
    }

    /// The keys of a range with their values, in key order from both ends, read lazily.
    pub(crate) fn scan(&self, table: Table, range: &KeyRange) -> Result<Scan<'_>> {
        self.now().scan(table, range)
    }

    /// Applies a batch that needs no reading before. `false` where an expectation did not hold.
    pub(crate) fn apply(&self, batch: &Batch) -> Result<bool> {
        self.writer()?.apply(batch)
    }
}

/// A place to read from.
#[derive(Clone)]
pub(crate) enum Session<'a> {
    Sled(&'a sled::Engine),
    Redb(redb::Session<'a>),
    Postgres(postgres::Session),
}

impl<'a> Session<'a> {
    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Sled(engine) => engine.get(table, key),
            Self::Redb(session) => session.get(table, key),
            Self::Postgres(session) => session.get(table, key),
        }
    }

    /// The value of a key that is going to be changed; where others could change it meanwhile, they wait.
    pub(crate) fn hold(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Postgres(session) => session.hold(table, key),
            Self::Sled(_) | Self::Redb(_) => self.get(table, key),
        }
    }

    /// The same, but what somebody else is changing is as if it were not there.
    pub(crate) fn claim(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Postgres(session) => session.claim(table, key),
            Self::Sled(_) | Self::Redb(_) => self.get(table, key),
        }
    }

    /// The keys of a range with their values, in key order from both ends, read lazily.
    pub(crate) fn scan(&self, table: Table, range: &KeyRange) -> Result<Scan<'a>> {
        Ok(match self {
            Self::Sled(engine) => Scan::Sled(engine.scan(table, range)?),
            Self::Redb(session) => Scan::Redb(session.scan(table, range)?),
            Self::Postgres(session) => Scan::Postgres(session.scan(table, range)?),
        })
    }

    /// Applies a batch as one and ends the session. `false` where an expectation did not hold; then nothing is applied.
    pub(crate) fn apply(self, batch: &Batch) -> Result<bool> {
        match self {
            Self::Sled(engine) => engine.apply(batch),
            Self::Redb(session) => session.apply(batch),
            Self::Postgres(session) => session.apply(batch),
        }
    }
}

/// A session that sees one moment while it lives.
pub(crate) struct View<'a> {
    session: Session<'a>,
    _held: Held<'a>,
}

/// What keeps a view's moment.
enum Held<'a> {
    /// The session itself.
    Nothing,
    /// No batch becomes visible.
    Shown(#[expect(dead_code, reason = "held for its lock")] RwLockReadGuard<'a, ()>),
    /// Nobody writes.
    Writers(#[expect(dead_code, reason = "held for its lock")] MutexGuard<'a, progress::Counters>),
}

impl<'a> Deref for View<'a> {
    type Target = Session<'a>;

    fn deref(&self) -> &Session<'a> {
        &self.session
    }
}

/// A lazy walk over a range of one table.
pub(crate) enum Scan<'a> {
    Sled(sled::Scan<'a>),
    Redb(redb::Scan<'a>),
    Postgres(postgres::Scan),
}

impl Scan<'_> {
    fn step(&mut self, back: bool) -> Option<Result<(Vec<u8>, Vec<u8>)>> {
        match self {
            Self::Sled(scan) => scan.step(back),
            Self::Redb(scan) => scan.step(back),
            Self::Postgres(scan) => scan.step(back),
        }
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<(Vec<u8>, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(false)
    }
}

impl DoubleEndedIterator for Scan<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(true)
    }
}

/// A half-open range of keys of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) from: Vec<u8>,
    /// `None`: to the end of the table.
    pub(crate) to: Option<Vec<u8>>,
}

impl KeyRange {
    pub(crate) const fn all() -> Self {
        Self { from: Vec::new(), to: None }
    }

    pub(crate) const fn between(from: Vec<u8>, to: Vec<u8>) -> Self {
        Self { from, to: Some(to) }
    }

    /// All keys that start with these bytes.
    pub(crate) fn prefix(prefix: &[u8]) -> Self {
        Self { from: prefix.to_vec(), to: after_prefix(prefix) }
    }
}

/// The first key after all that start with these bytes; `None` where no key can be.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=kept].to_vec();
    end[kept] += 1;
    Some(end)
}

/// Writes that happen together or not at all.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) writes: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    /// What must be true of the engine's state when the batch is applied.
    pub(crate) expected: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    pub(crate) changed: BTreeSet<Vec<u8>>,
}

impl Batch {
    /// Writes a value in place of any older one.
    pub(crate) fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.writes.insert((table, key), Some(value));
    }

    /// Removes a key, present or not.
    #[cfg(test)]
    pub(crate) fn remove(&mut self, table: Table, key: Vec<u8>) {
        self.writes.insert((table, key), None);
    }

    /// Applies only if the key has exactly this value, or with `None` does not exist.
    pub(crate) fn expect(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.expected.insert((table, key), value);
    }

    /// Gives the subject a new number in the change sequence.
    #[cfg(test)]
    pub(crate) fn change(&mut self, subject: Vec<u8>) {
        self.changed.insert(subject);
    }
}

/// The key of one namespace for all tables: the table's byte and the key.
fn physical(table: Table, key: &[u8]) -> Vec<u8> {
    let mut physical = Vec::with_capacity(key.len() + 1);
    physical.push(table.byte());
    physical.extend(key);
    physical
}

/// A key for people: text where it is text, hexadecimal where it is not.
pub(crate) fn readable(key: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(key)
        .chars()
        .map(|character| if character.is_control() || character == char::REPLACEMENT_CHARACTER { '·' } else { character })
        .collect();
    if shown.chars().filter(|character| *character == '·').count() * 2 > shown.chars().count() {
        return key.iter().map(|byte| format!("{byte:02x}")).collect();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_next_key_that_does_not_have_it() {
        assert_eq!(after_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(&[1, 255]), Some(vec![2]));
        assert_eq!(after_prefix(&[255, 255]), None);
        assert_eq!(after_prefix(b""), None);
    }

    #[test]
    fn keys_are_shown_as_text_where_they_are_text() {
        assert_eq!(readable("国办发".as_bytes()), "国办发");
        assert_eq!(readable(&[0, 0, 0, 1]), "00000001");
    }
}
