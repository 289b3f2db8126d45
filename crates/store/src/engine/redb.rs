//! The engine contract on redb 4: one file, copy-on-write trees, every page with a checksum.
//!
//! - A batch is a commit without sync; `settle` is an empty commit with one, which carries all before it to the disk.
//! - A read sees the moment it began; views and snapshots are redb's own and hold nobody up.
//! - After a crash redb goes back to its last synced commit. The folder's mark notices where that is too old, because a
//!   file whose end was lost opens at an older commit without a word.
//! - Pages are checked when redb repairs, not when they are read: values carry the same checksum as in sled.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redb::{Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use crate::engine::folder::{EngineKind, Folder, sync_folder};
use crate::engine::guard::{Cause, Failure, guarded};
use crate::engine::progress::{COMMIT_KEY, Counters, Progress, number};
use crate::engine::value::{self, Fault};
use crate::engine::{Batch, KeyRange, Table, physical, readable};
use crate::error::{Result, StoreError, at};

/// The memory redb may fill with pages it has read.
const CACHE_BYTES: usize = 192 * 1024 * 1024;

/// How often, and how long apart, readers are waited for before the whole file is verified.
const MOST_WAITS: u32 = 500;
const WAIT: Duration = Duration::from_millis(20);

type Bytes = &'static [u8];
type Attempt<T> = std::result::Result<T, redb::Error>;

const fn definition(table: Table) -> TableDefinition<'static, Bytes, Bytes> {
    TableDefinition::new(table.name())
}

/// An open engine.
pub(crate) struct Engine {
    /// Written only to verify it and to close it, which both need it alone; `None` once it is closed.
    database: RwLock<Option<Database>>,
    progress: Progress,
}

impl Engine {
    /// Opens the engine in a folder, which is created if need be.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let folder = Folder::open(path, EngineKind::Redb)?;
        let file = path.join(EngineKind::Redb.name());
        if !file.exists() {
            create(&file)?;
        }
        let database = guarded(|| Ok(redb::Builder::new().set_cache_size(CACHE_BYTES).open(&file)?))
            .map_err(|failure: Failure<redb::Error>| failure.at_open(path))?;
        let mut engine = Self { database: RwLock::new(Some(database)), progress: Progress::new(folder) };
        let session = engine.now();
        let commit = session.get(Table::Meta, COMMIT_KEY)?.map_or(Ok(0), |value| number(&value, "engine/commit"))?;
        let last = session.scan(Table::Changes, &KeyRange::all())?.step(true).transpose()?;
        let sequence = last.map_or(Ok(0), |(key, _)| number(&key, "changes"))?;
        drop(session);
        engine.progress.resume(Counters { commit, sequence })?;
        engine.settle()?;
        Ok(engine)
    }

    /// Reads what is newest at each call.
    pub(crate) const fn now(&self) -> Session<'_> {
        Session { engine: self, moment: None }
    }

    /// Reads what is there now, whatever is written later.
    pub(crate) fn snapshot(&self) -> Result<Session<'_>> {
        let moment = self.guarded(|database| Ok(database.begin_read()?))?;
        Ok(Session { engine: self, moment: Some(Arc::new(moment)) })
    }

    /// Applies a batch as one: visible at once, durable after [`Engine::settle`]. `false` where an expectation did not hold.
    pub(crate) fn apply(&self, batch: &Batch) -> Result<bool> {
        self.progress.running()?;
        let mut writes = Vec::with_capacity(batch.writes.len());
        for ((table, key), value) in &batch.writes {
            writes.push((*table, key.clone(), value.as_deref().map(|value| stored(*table, key, value)).transpose()?));
        }
        let mut counters = self.progress.hold();
        let session = self.now();
        for ((table, key), expected) in &batch.expected {
            if session.get(*table, key)? != *expected {
                return Ok(false);
            }
        }
        let after = number_changes(&session, &mut writes, batch, *counters)?;
        self.commit(&writes, Durability::None).inspect_err(|error| self.progress.stop(error))?;
        self.progress.advance(&mut counters, after);
        Ok(true)
    }

    fn commit(&self, writes: &[Write], durability: Durability) -> Result<()> {
        self.guarded(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_durability(durability)?;
            // Writes come sorted by table: each is opened once.
            for of_table in writes.chunk_by(|left, right| left.0 == right.0) {
                let Some((table, ..)) = of_table.first() else { continue };
                let mut table = transaction.open_table(definition(*table))?;
                for (_, key, value) in of_table {
                    match value {
                        Some(value) => drop(table.insert(key.as_slice(), value.as_slice())?),
                        None => drop(table.remove(key.as_slice())?),
                    }
                }
            }
            Ok(transaction.commit()?)
        })
    }

    /// Returns when everything applied before the call is durable.
    pub(crate) fn settle(&self) -> Result<()> {
        self.progress.settle(|| self.commit(&[], Durability::Immediate))
    }

    /// The highest number of the change sequence.
    pub(crate) fn sequence(&self) -> u64 {
        self.progress.sequence()
    }

    pub(crate) fn path(&self) -> &Path {
        self.progress.path()
    }

    /// Compares every page with its checksum; gives what is wrong. What was repaired on the way may have lost the last
    /// commits, so the engine stops: opening it again shows whether it has.
    pub(crate) fn verify(&self) -> Result<Vec<String>> {
        for _ in 0..MOST_WAITS {
            let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
            let Some(database) = database.as_mut() else { return Err(self.closed()) };
            let found = match guarded(|| database.check_integrity()) {
                Ok(true) => return Ok(Vec::new()),
                Ok(false) => "pages do not have their checksums; redb went back to sound ones".to_owned(),
                // Readers end by themselves.
                Err(Failure::Error(redb::DatabaseError::TransactionInProgress)) => {
                    std::thread::sleep(WAIT);
                    continue;
                }
                Err(Failure::Error(error)) => error.to_string(),
                Err(Failure::Panic(message)) => message,
            };
            let error = StoreError::Damaged { folder: self.path().to_owned(), detail: found };
            self.progress.stop(&error);
            return Ok(vec![error.to_string()]);
        }
        Err(StoreError::Conflict)
    }

    /// Refuses where a write failed.
    pub(crate) fn running(&self) -> Result<()> {
        self.progress.running()
    }

    fn guarded<T>(&self, call: impl FnOnce(&Database) -> Attempt<T>) -> Result<T> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = database.as_ref() else { return Err(self.closed()) };
        guarded(|| call(database)).map_err(|failure| failure.at_open(self.path()))
    }

    fn closed(&self) -> StoreError {
        StoreError::Stopped { folder: self.path().to_owned(), detail: "it is closed".to_owned() }
    }

    fn fault(&self, table: Table, key: &[u8], fault: Fault) -> StoreError {
        match fault {
            Fault::Newer(found) => {
                StoreError::Newer { folder: self.path().to_owned(), found: found.into(), known: value::VERSION.into() }
            }
            Fault::Damaged(detail) => StoreError::DamagedValue { table: table.name(), key: readable(key), detail },
        }
    }

    fn decode(&self, table: Table, key: &[u8], stored: &[u8]) -> Result<Vec<u8>> {
        let no_blob = |name: &str, _| Err(Fault::Damaged(format!("it refers to blob {name}, which this engine never writes")));
        value::decode(&physical(table, key), stored, no_blob).map_err(|fault| self.fault(table, key, fault))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !self.progress.is_stopped()
            && let Err(error) = self.settle()
        {
            tracing::error!(folder = %self.path().display(), %error, "the store could not be closed cleanly");
        }
        let database = self.database.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // redb writes while it is dropped, and a damaged file may make it panic there.
        let dropped: std::result::Result<(), Failure<redb::Error>> = guarded(|| {
            drop(database);
            Ok(())
        });
        if dropped.is_err() {
            tracing::error!(folder = %self.path().display(), "the engine panicked while it was closed");
        }
    }
}

/// Creates the file whole or not at all.
fn create(file: &Path) -> Result<()> {
    let temporary: PathBuf = file.with_added_extension("creating");
    if temporary.exists() {
        std::fs::remove_file(&temporary).map_err(at(&temporary))?;
    }
    let created: std::result::Result<(), Failure<redb::Error>> = guarded(|| {
        drop(Database::create(&temporary)?);
        Ok(())
    });
    created.map_err(|failure| failure.at_open(file))?;
    std::fs::rename(&temporary, file).map_err(at(file))?;
    file.parent().map_or(Ok(()), sync_folder)
}

/// Table, key, and the stored form or nothing.
type Write = (Table, Vec<u8>, Option<Vec<u8>>);

fn stored(table: Table, key: &[u8], value: &[u8]) -> Result<Vec<u8>> {
    let encoded = value::encode(&physical(table, key), value, value::MOST_VALUE_BYTES);
    Ok(encoded.map_err(|reason| StoreError::refused(table.name(), &readable(key), reason))?.bytes)
}

/// Adds what the contract itself keeps: the commit number and the places of the changed subjects in the sequence.
fn number_changes(session: &Session<'_>, writes: &mut Vec<Write>, batch: &Batch, before: Counters) -> Result<Counters> {
    let Counters { mut sequence, commit } = before;
    for subject in &batch.changed {
        if let Some(older) = session.get(Table::Latest, subject)? {
            writes.push((Table::Changes, older, None));
        }
        sequence += 1;
        let place = sequence.to_be_bytes();
        writes.push((Table::Changes, place.to_vec(), Some(stored(Table::Changes, &place, subject)?)));
        writes.push((Table::Latest, subject.clone(), Some(stored(Table::Latest, subject, &place)?)));
    }
    let commit = commit + 1;
    writes.push((Table::Meta, COMMIT_KEY.to_vec(), Some(stored(Table::Meta, COMMIT_KEY, &commit.to_be_bytes())?)));
    // A stable sort: what the batch itself wrote of a key comes before what the contract adds.
    writes.sort_by_key(|(table, ..)| *table);
    Ok(Counters { commit, sequence })
}

/// A place to read from: what is newest, or one moment.
#[derive(Clone)]
pub(crate) struct Session<'a> {
    engine: &'a Engine,
    moment: Option<Arc<ReadTransaction>>,
}

impl<'a> Session<'a> {
    fn read<T>(&self, table: Table, call: impl FnOnce(redb::ReadOnlyTable<Bytes, Bytes>) -> Attempt<T>) -> Result<Option<T>> {
        self.engine.guarded(|database| {
            let opened = match &self.moment {
                Some(moment) => moment.open_table(definition(table)),
                None => database.begin_read()?.open_table(definition(table)),
            };
            match opened {
                Ok(table) => call(table).map(Some),
                // Made with its first value.
                Err(TableError::TableDoesNotExist(_)) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let stored = self.read(table, |table| Ok(ReadableTable::get(&table, key)?.map(|value| value.value().to_vec())))?;
        stored.flatten().map(|stored| self.engine.decode(table, key, &stored)).transpose()
    }

    /// The keys of a range with their values, in key order from both ends, read lazily.
    pub(crate) fn scan(&self, table: Table, range: &KeyRange) -> Result<Scan<'a>> {
        let is_empty = range.to.as_ref().is_some_and(|to| *to <= range.from);
        let from = range.from.as_slice();
        let iterator = if is_empty {
            None
        } else {
            self.read(table, |table| match &range.to {
                Some(to) => Ok(table.range::<&[u8]>(from..to.as_slice())?),
                None => Ok(table.range::<&[u8]>(from..)?),
            })?
        };
        Ok(Scan { engine: self.engine, table, iterator })
    }

    /// Applies a batch; see [`Engine::apply`].
    pub(crate) fn apply(self, batch: &Batch) -> Result<bool> {
        self.engine.apply(batch)
    }
}

/// A lazy walk over a range of one table, which sees the moment it began.
pub(crate) struct Scan<'a> {
    engine: &'a Engine,
    table: Table,
    /// Gone after a failure: redb might give the same error for ever.
    iterator: Option<redb::Range<'static, Bytes, Bytes>>,
}

impl Scan<'_> {
    pub(crate) fn step(&mut self, back: bool) -> Option<Result<(Vec<u8>, Vec<u8>)>> {
        let iterator = self.iterator.as_mut()?;
        let read = self.engine.guarded(|_| {
            let entry = if back { iterator.next_back() } else { iterator.next() };
            Ok(entry.transpose()?.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())))
        });
        match read {
            Ok(None) => None,
            // A damaged value fails alone, the walk goes on.
            Ok(Some((key, stored))) => Some(self.engine.decode(self.table, &key, &stored).map(|value| (key, value))),
            Err(error) => {
                self.iterator = None;
                Some(Err(error))
            }
        }
    }
}

impl From<redb::Error> for Cause {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(error) => Self::Io(error),
            other => Self::Damage(other.to_string()),
        }
    }
}
