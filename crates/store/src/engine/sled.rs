//! The engine contract on sled 0.34.7, with a precaution for each of its known traps.
//!
//! - `flush()` ends in `sync_file_range`, which promises nothing after a power cut: an own handle on sled's file is synced.
//! - Damaged bytes panic, at open and later: every call is guarded, and a panic becomes an error that names the folder.
//! - Large values and pages go to files it neither syncs nor frees: values go to [`Blobs`], and pages stay small enough.
//! - A torn log can lose its end without a word: the folder's mark remembers how far it must reach.
//! - A failed write leaves memory ahead of the disk: the engine stops and has to be opened again.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use crate::engine::blobs::Blobs;
use crate::engine::folder::{EngineKind, Folder, sync_folder};
use crate::engine::guard::{Cause, Failure, guarded};
use crate::engine::progress::{COMMIT_KEY, Counters, Progress, number};
use crate::engine::value::{self, Encoded, Fault};
use crate::engine::{Batch, KeyRange, Table, after_prefix, physical, readable};
use crate::error::{Result, StoreError, at};

/// The memory sled may fill with pages it has read.
const CACHE_BYTES: u64 = 192 * 1024 * 1024;
/// sled puts a page larger than a quarter of this into a file of its own, which it neither syncs nor frees. A page holds
/// up to 20 values of 16 KB or 256 keys of 1 KB, so with its usual 512 KB that would happen, with this it never does.
const SEGMENT_BYTES: usize = 2 * 1024 * 1024;

/// An open engine.
pub(crate) struct Engine {
    // Fields are dropped in this order: sled before the lock on the folder.
    sled: sled::Db,
    /// Our own handle on sled's file, for syncing.
    data_file: File,
    data_path: PathBuf,
    blobs: Blobs,
    /// Written while a batch becomes visible, read by those who need several keys from one moment.
    view: RwLock<()>,
    progress: Progress,
}

impl Engine {
    /// Opens the engine in a folder, which is created if need be.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let folder = Folder::open(path, EngineKind::Sled)?;
        let home = path.join(EngineKind::Sled.name());
        if !home.exists() {
            create(&home)?;
        }
        let sled = open_sled(&home).map_err(|failure| failure.at_open(path))?;
        let data_path = home.join("db");
        let data_file = File::options().read(true).write(true).open(&data_path).map_err(at(&data_path))?;
        let blobs = Blobs::open(path.join("blobs"))?;
        let mut engine = Self { sled, data_file, data_path, blobs, view: RwLock::new(()), progress: Progress::new(folder) };
        engine.recover_counters()?;
        Ok(engine)
    }

    fn recover_counters(&mut self) -> Result<()> {
        let commit = self.get(Table::Meta, COMMIT_KEY)?.map_or(Ok(0), |value| number(&value, "engine/commit"))?;
        let last = self.scan(Table::Changes, &KeyRange::all())?.step(true).transpose()?;
        let sequence = last.map_or(Ok(0), |(key, _)| number(&key, "changes"))?;
        self.progress.resume(Counters { commit, sequence })?;
        self.settle()
    }

    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let physical = physical(table, key);
        let stored = self.guarded(|| self.sled.get(&physical))?;
        stored.map(|stored| self.decode(table, &physical, &stored)).transpose()
    }

    /// The keys of a range with their values, in key order from both ends, read lazily.
    pub(crate) fn scan(&self, table: Table, range: &KeyRange) -> Result<Scan<'_>> {
        let from = physical(table, &range.from);
        let to = match &range.to {
            Some(to) => Some(physical(table, to)),
            None => after_prefix(&[table.byte()]),
        };
        let empty = to.as_ref().is_some_and(|to| *to <= from);
        let iterator = self.guarded(|| {
            Ok(match to {
                _ if empty => self.sled.range(from.clone()..from.clone()),
                Some(to) => self.sled.range(from..to),
                None => self.sled.range(from..),
            })
        })?;
        Ok(Scan { engine: self, table, iterator, failed: false })
    }

    /// Applies a batch as one: visible at once, durable after [`Engine::settle`]. `false` where an expectation did not hold.
    pub(crate) fn apply(&self, batch: &Batch) -> Result<bool> {
        self.progress.running()?;
        let mut writes = sled::Batch::default();
        let mut blobs = Vec::new();
        for ((table, key), value) in &batch.writes {
            let physical = physical(*table, key);
            match value {
                Some(value) => {
                    let Encoded { bytes, blob } = value::encode(&physical, value, value::MOST_INLINE_BYTES)
                        .map_err(|reason| StoreError::refused(table.name(), &readable(key), reason))?;
                    blobs.extend(blob);
                    writes.insert(physical, bytes);
                }
                None => writes.remove(physical),
            }
        }
        let mut counters = self.progress.hold();
        for ((table, key), expected) in &batch.expected {
            if self.get(*table, key)? != *expected {
                return Ok(false);
            }
        }
        // Under the lock, so that a sweep never meets a blob whose value is still on its way.
        self.blobs.put(&blobs)?;
        let after = self.number_changes(&mut writes, batch, *counters)?;
        {
            let _view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            self.guarded(|| self.sled.apply_batch(writes)).inspect_err(|error| self.progress.stop(error))?;
        }
        self.progress.advance(&mut counters, after);
        Ok(true)
    }

    /// Adds what the contract itself keeps: the commit number and the places of the changed subjects in the sequence.
    fn number_changes(&self, writes: &mut sled::Batch, batch: &Batch, before: Counters) -> Result<Counters> {
        let Counters { mut sequence, commit } = before;
        for subject in &batch.changed {
            if let Some(older) = self.get(Table::Latest, subject)? {
                writes.remove(physical(Table::Changes, &older));
            }
            sequence += 1;
            let place = sequence.to_be_bytes();
            put(writes, Table::Changes, &place, subject)?;
            put(writes, Table::Latest, subject, &place)?;
        }
        let commit = commit + 1;
        put(writes, Table::Meta, COMMIT_KEY, &commit.to_be_bytes())?;
        Ok(Counters { commit, sequence })
    }

    /// Returns when everything applied before the call is durable.
    pub(crate) fn settle(&self) -> Result<()> {
        self.progress.settle(|| {
            self.guarded(|| self.sled.flush())?;
            self.data_file.sync_data().map_err(at(&self.data_path))
        })
    }

    /// The highest number of the change sequence.
    pub(crate) fn sequence(&self) -> u64 {
        self.progress.sequence()
    }

    /// While held, no batch becomes visible: several reads see one moment. Never take it twice in one thread.
    pub(crate) fn view(&self) -> RwLockReadGuard<'_, ()> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// While held, nobody writes.
    pub(super) fn pause(&self) -> MutexGuard<'_, Counters> {
        self.progress.hold()
    }

    /// Removes blobs that no value refers to. Gives the number of files removed.
    pub(crate) fn sweep_blobs(&self) -> Result<usize> {
        let _paused = self.pause();
        let mut referred = std::collections::BTreeSet::new();
        let mut entries = self.guarded(|| Ok(self.sled.iter()))?;
        while let Some((key, stored)) = self.guarded(|| entries.next().transpose())? {
            // A damaged value may have referred to anything: then nothing is safe to remove.
            let blob = value::blob_of(&key, &stored).map_err(|fault| self.fault(table_of(&key), &key, fault))?;
            referred.extend(blob.map(|(name, _)| name));
        }
        self.blobs.sweep(&referred)
    }

    pub(crate) fn path(&self) -> &Path {
        self.progress.path()
    }

    fn decode(&self, table: Table, physical: &[u8], stored: &[u8]) -> Result<Vec<u8>> {
        value::decode(physical, stored, |name, length| self.blobs.get(name, length).map_err(Fault::Damaged))
            .map_err(|fault| self.fault(table.name(), physical, fault))
    }

    fn fault(&self, table: &'static str, physical: &[u8], fault: Fault) -> StoreError {
        match fault {
            Fault::Newer(found) => {
                StoreError::Newer { folder: self.path().to_owned(), found: found.into(), known: value::VERSION.into() }
            }
            Fault::Damaged(detail) => {
                StoreError::DamagedValue { table, key: readable(physical.get(1..).unwrap_or_default()), detail }
            }
        }
    }

    /// Calls sled so that neither its errors nor its panics pass unexplained. What sled failed to write in the background
    /// it tells whoever calls next, a reader too: then nobody knows what reached the disk, and the engine stops.
    fn guarded<T>(&self, call: impl FnOnce() -> sled::Result<T>) -> Result<T> {
        guarded(call).map_err(|failure| failure.at_open(self.path())).inspect_err(|error| {
            if matches!(error, StoreError::DiskFull { .. }) {
                self.progress.stop(error);
            }
        })
    }

    /// Refuses where a write failed.
    pub(crate) fn running(&self) -> Result<()> {
        self.progress.running()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !self.progress.is_stopped()
            && let Err(error) = self.settle()
        {
            tracing::error!(folder = %self.path().display(), %error, "the store could not be closed cleanly");
        }
    }
}

/// A lazy walk over a range of one table.
pub(crate) struct Scan<'a> {
    engine: &'a Engine,
    table: Table,
    iterator: sled::Iter,
    /// After a failure the walk is over: sled might give the same error for ever.
    failed: bool,
}

impl Scan<'_> {
    pub(crate) fn step(&mut self, back: bool) -> Option<Result<(Vec<u8>, Vec<u8>)>> {
        if self.failed {
            return None;
        }
        let iterator = &mut self.iterator;
        let read = self.engine.guarded(|| if back { iterator.next_back().transpose() } else { iterator.next().transpose() });
        match read {
            Ok(None) => None,
            Ok(Some((key, stored))) => {
                // A damaged value fails alone, the walk goes on.
                let value = self.engine.decode(self.table, &key, &stored);
                Some(value.map(|value| (key.get(1..).unwrap_or_default().to_vec(), value)))
            }
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        }
    }
}

impl From<sled::Error> for Cause {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(error) => Self::Io(error),
            other => Self::Damage(other.to_string()),
        }
    }
}

/// How often, and how long apart, an engine that was just closed is waited for: sled lets go of its file on a thread of its
/// own, on a busy machine some time after it was dropped. The folder's own lock is held by now, so nobody else has it.
const MOST_WAITS: u32 = 500;
const WAIT: Duration = Duration::from_millis(20);

fn open_sled(home: &Path) -> std::result::Result<sled::Db, Failure<sled::Error>> {
    let mut waits = 0;
    loop {
        let opened = guarded(|| {
            let config = sled::Config::new().path(home).segment_size(SEGMENT_BYTES).cache_capacity(CACHE_BYTES);
            config.mode(sled::Mode::HighThroughput).open()
        });
        match opened {
            Err(Failure::Error(sled::Error::Io(error))) if waits < MOST_WAITS && is_still_held(&error) => {
                waits += 1;
                std::thread::sleep(WAIT);
            }
            opened => return opened,
        }
    }
}

/// sled wraps the answer of the lock in a text and an error of another kind.
fn is_still_held(error: &std::io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

/// Creates sled's folder whole or not at all: its configuration is written without a sync and a torn one never opens.
fn create(home: &Path) -> Result<()> {
    let temporary = home.with_added_extension("creating");
    if temporary.exists() {
        std::fs::remove_dir_all(&temporary).map_err(at(&temporary))?;
    }
    let created = open_sled(&temporary).map_err(|failure| failure.at_open(home))?;
    guarded(|| created.flush()).map_err(|failure| failure.at_open(home))?;
    drop(created);
    for name in ["conf", "db"] {
        let path = temporary.join(name);
        File::open(&path).and_then(|file| file.sync_all()).map_err(at(&path))?;
    }
    sync_folder(&temporary)?;
    std::fs::rename(&temporary, home).map_err(at(home))?;
    home.parent().map_or(Ok(()), sync_folder)
}

fn table_of(physical: &[u8]) -> &'static str {
    let byte = physical.first().copied().unwrap_or_default();
    Table::ALL.iter().find(|table| table.byte() == byte).map_or("unknown", |table| table.name())
}

fn put(writes: &mut sled::Batch, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
    let physical = physical(table, key);
    let encoded = value::encode(&physical, value, value::MOST_INLINE_BYTES)
        .map_err(|reason| StoreError::refused(table.name(), &readable(key), reason))?;
    writes.insert(physical, encoded.bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::FileExt;

    use super::*;

    const ENGINE: &str = "sled";

    fn all(engine: &Engine) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>)>> {
        let mut scan = engine.scan(Table::Documents, &KeyRange::all()).unwrap();
        std::iter::from_fn(move || scan.step(false))
    }

    fn filled(path: &Path, entries: usize) -> Engine {
        let engine = Engine::open(path).unwrap();
        for part in 0..entries.div_ceil(100) {
            let mut batch = Batch::default();
            for number in part * 100..((part + 1) * 100).min(entries) {
                let noise = model::fingerprint::sha256_hex(&number.to_le_bytes()).repeat(4);
                batch.put(Table::Documents, format!("{number:06}").into_bytes(), noise.into_bytes());
            }
            assert!(engine.apply(&batch).unwrap());
            engine.settle().unwrap();
        }
        engine
    }

    /// Opens and reads everything; what comes out must be right or an error that names the folder or the key.
    fn damaged_store_answers(path: &Path) -> std::result::Result<usize, String> {
        let engine = Engine::open(path).map_err(|error| {
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            error.to_string()
        })?;
        let mut read = 0;
        for entry in all(&engine) {
            let (key, value) = entry.map_err(|error| error.to_string())?;
            let number: usize = String::from_utf8(key).unwrap().parse().unwrap();
            assert_eq!(value, model::fingerprint::sha256_hex(&number.to_le_bytes()).repeat(4).into_bytes());
            read += 1;
        }
        Ok(read)
    }

    #[test]
    fn damaged_bytes_never_pass_for_data_and_never_panic() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store");
        drop(filled(&path, 2_000));
        let file = path.join(ENGINE).join("db");
        let sound = fs::read(&file).unwrap();
        for place in [0, 100, 5_000, 70_000, 300_000, 520_000, 700_000] {
            if place + 64 > sound.len() {
                continue;
            }
            fs::write(&file, &sound).unwrap();
            File::options().write(true).open(&file).unwrap().write_all_at(&[0xa5; 64], place as u64).unwrap();
            // An answer or an error, both are right: a wrong value or a panic is not.
            drop(damaged_store_answers(&path));
        }
    }

    #[test]
    fn a_log_that_lost_its_end_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store");
        let early = home.path().join("early");
        let engine = filled(&path, 100);
        drop(engine);
        fs::create_dir(&early).unwrap();
        for name in ["conf", "db"] {
            fs::copy(path.join(ENGINE).join(name), early.join(name)).unwrap();
        }
        drop(filled(&path, 2_000));
        fs::remove_dir_all(path.join(ENGINE)).unwrap();
        fs::rename(&early, path.join(ENGINE)).unwrap();
        match Engine::open(&path).err() {
            Some(StoreError::Damaged { folder, detail }) => {
                assert!(folder == path && detail.contains("acknowledged"), "{detail}")
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_damaged_value_is_named_and_costs_only_itself() {
        let home = tempfile::tempdir().unwrap();
        let engine = filled(home.path(), 3);
        let key = physical(Table::Documents, b"000001");
        let mut stored = engine.sled.get(&key).unwrap().unwrap().to_vec();
        *stored.last_mut().unwrap() ^= 1;
        engine.sled.insert(&key, stored).unwrap();
        let error = engine.get(Table::Documents, b"000001").unwrap_err();
        assert!(matches!(&error, StoreError::DamagedValue { table: "documents", key, .. } if key == "000001"), "{error}");
        let read: Vec<bool> = all(&engine).map(|entry| entry.is_ok()).collect();
        assert_eq!(read, [true, false, true]);
    }

    #[test]
    fn a_value_of_a_newer_program_is_told_apart_from_damage() {
        let home = tempfile::tempdir().unwrap();
        let engine = filled(home.path(), 1);
        let key = physical(Table::Documents, b"000000");
        let mut stored = engine.sled.get(&key).unwrap().unwrap().to_vec();
        stored[0] = value::VERSION + 1;
        engine.sled.insert(&key, stored).unwrap();
        assert!(matches!(engine.get(Table::Documents, b"000000"), Err(StoreError::Newer { .. })));
    }

    #[test]
    fn large_values_lie_outside_sled_and_a_torn_one_is_named() {
        let home = tempfile::tempdir().unwrap();
        let engine = Engine::open(home.path()).unwrap();
        let large: String = (0..60_000u32).map(|number| format!("{:x}", number.wrapping_mul(2_654_435_761))).collect();
        let mut batch = Batch::default();
        batch.put(Table::Documents, b"large".to_vec(), large.clone().into_bytes());
        assert!(engine.apply(&batch).unwrap());
        engine.settle().unwrap();
        let physical = physical(Table::Documents, b"large");
        let stored = engine.sled.get(&physical).unwrap().unwrap();
        assert!(stored.len() < 200, "{}", stored.len());
        assert_eq!(engine.sweep_blobs().unwrap(), 0, "it is referred to");
        assert_eq!(engine.get(Table::Documents, b"large").unwrap(), Some(large.into_bytes()));
        let (name, _) = value::blob_of(&physical, &stored).unwrap().unwrap();
        let file = home.path().join("blobs").join(&name[..2]).join(&name);
        fs::write(&file, &fs::read(&file).unwrap()[..1_000]).unwrap();
        let error = engine.get(Table::Documents, b"large").unwrap_err().to_string();
        assert!(error.contains("large") && error.contains(&name), "{error}");
        let mut batch = Batch::default();
        batch.remove(Table::Documents, b"large".to_vec());
        engine.apply(&batch).unwrap();
        assert_eq!(engine.sweep_blobs().unwrap(), 1);
    }

    #[test]
    fn pages_full_of_the_largest_inline_values_stay_in_the_file_that_is_synced() {
        let home = tempfile::tempdir().unwrap();
        let engine = Engine::open(home.path()).unwrap();
        let mut state = 1u32;
        let mut noise = |length: usize| -> Vec<u8> {
            let next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_le_bytes()[3]
            };
            std::iter::repeat_with(next).take(length).collect()
        };
        for part in 0..40 {
            let mut batch = Batch::default();
            for number in 0..40 {
                let key = [noise(1), format!("{part}/{number}").into_bytes(), noise(900)].concat();
                batch.put(Table::Documents, key, noise(value::MOST_INLINE_BYTES - 10));
            }
            engine.apply(&batch).unwrap();
            engine.settle().unwrap();
        }
        assert_eq!(fs::read_dir(home.path().join(ENGINE).join("blobs")).unwrap().count(), 0, "sled's own");
        assert_eq!(fs::read_dir(home.path().join("blobs")).unwrap().count(), 0, "ours");
    }

    #[test]
    fn a_creation_that_was_broken_off_is_begun_again() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store");
        fs::create_dir_all(path.join("sled.creating")).unwrap();
        fs::write(path.join("sled.creating").join("conf"), "to").unwrap();
        drop(filled(&path, 1));
        assert!(!path.join("sled.creating").exists());
    }

    #[test]
    fn an_engine_that_was_just_closed_is_waited_for() {
        let home = tempfile::tempdir().unwrap();
        let first = open_sled(&home.path().join("sled")).ok().unwrap();
        let lingering = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            drop(first);
        });
        assert!(open_sled(&home.path().join("sled")).is_ok());
        lingering.join().unwrap();
    }
}
