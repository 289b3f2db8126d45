//! Backup and restore: every table as one file of checksummed entries, and a manifest with counts and SHA-256.
//!
//! A backup holds values, not the engine's pages: it can be restored into any engine, and restoring compacts. It shows one
//! moment: writers wait while the tables are written, readers do not. The manifest is written last, so a backup that was
//! broken off has none; a restore fills a neighbour of its target and renames it at the end.
//!
//! A table file is a run of entries: length of key, length of value (4 bytes each, little end first), key, value, CRC-32.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Store;
use crate::counts::{Counts, counts};
use crate::engine::{Batch, Engine, KeyRange, Location, Session, Table, sync_folder, write_durably};
use crate::error::{Result, StoreError, at};

const MANIFEST: &str = "manifest.json";
const FORMAT: u32 = 1;
/// No key or value of ours is longer.
const MOST_ENTRY_BYTES: u32 = 256 * 1024 * 1024;
const MOST_MANIFEST_BYTES: u64 = 1024 * 1024;
/// Bytes applied to the engine as one while restoring.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// What a backup holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupReport {
    /// Layout of the backup.
    pub format: u32,
    /// The change sequence at its moment.
    pub sequence: u64,
    /// What the store held.
    pub counts: Counts,
    /// Its files by table.
    pub tables: BTreeMap<String, TableReport>,
}

/// One file of a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableReport {
    /// Entries.
    pub entries: u64,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
}

impl Store {
    /// Writes the whole store into a new or empty folder while it stays in use.
    ///
    /// # Errors
    /// Where the folder is not empty or cannot be written, or where a value is damaged: a backup without it would pass
    /// for a whole one.
    pub fn backup(&self, to: &Path) -> Result<BackupReport> {
        require_empty(to)?;
        fs::create_dir_all(to).map_err(at(to))?;
        let mut report = BackupReport { format: FORMAT, ..BackupReport::default() };
        {
            let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let snapshot = self.engine.snapshot()?;
            report.sequence = last_change(&snapshot)?;
            report.counts = counts(&snapshot)?;
            for table in Table::ALL {
                report.tables.insert(table.name().to_owned(), export(&snapshot, *table, &file_of(to, table.name()))?);
            }
        }
        sync_folder(to)?;
        let manifest = serde_json::to_vec_pretty(&report).map_err(|error| broken(to, error.to_string()))?;
        write_durably(&to.join(MANIFEST), &manifest)?;
        to.parent().map_or(Ok(()), sync_folder)?;
        Ok(report)
    }
}

/// Makes a store out of a backup, in a folder that does not exist or is empty, after verifying all of it.
///
/// # Errors
/// [`StoreError::Backup`] where the backup is incomplete or changed; the target is then left as it was.
pub fn restore(from: &Path, to: &Path) -> Result<BackupReport> {
    restore_at(from, &Location::Sled(to.to_owned()))
}

/// The same on the engine a URL names: so a store moves from one engine to another. A database must be empty, and cannot be
/// opened before all is in it.
///
/// # Errors
/// As [`restore`].
pub fn restore_at(from: &Path, to: &Location) -> Result<BackupReport> {
    let report = verify_backup(from)?;
    match to {
        Location::Sled(folder) => restore_folder(from, folder, Location::Sled, &report)?,
        Location::Redb(folder) => restore_folder(from, folder, Location::Redb, &report)?,
        Location::Postgres(_) => {
            let engine = Engine::open_to_restore(to)?;
            fill(from, &engine, &report)?;
            engine.restored()?;
        }
    }
    Ok(report)
}

/// Fills a neighbour of the folder and moves it there whole.
fn restore_folder(from: &Path, to: &Path, engine: fn(PathBuf) -> Location, report: &BackupReport) -> Result<()> {
    require_empty(to)?;
    let temporary = to.with_added_extension("restoring");
    if temporary.exists() {
        fs::remove_dir_all(&temporary).map_err(at(&temporary))?;
    }
    let filled = (|| {
        let location = engine(temporary.clone());
        fill(from, &Engine::open(&location)?, report)?;
        // Opened again: what is there then is what is on the disk.
        proves(&Engine::open(&location)?, from, report)
    })();
    filled.inspect_err(|_| {
        // The failure is what matters; what is left of the attempt is removed with the next one.
        drop(fs::remove_dir_all(&temporary));
    })?;
    if to.exists() {
        fs::remove_dir(to).map_err(at(to))?;
    }
    fs::rename(&temporary, to).map_err(at(to))?;
    to.parent().map_or(Ok(()), sync_folder)
}

fn fill(from: &Path, engine: &Engine, report: &BackupReport) -> Result<()> {
    let mut batch = Batch::default();
    let mut bytes = 0;
    for table in Table::ALL {
        // Tables younger than the backup are empty in it.
        if !report.tables.contains_key(table.name()) {
            continue;
        }
        read(&file_of(from, table.name()), |key, value| {
            if is_of_the_engine(*table, &key) {
                return Ok(());
            }
            bytes += key.len() + value.len();
            batch.put(*table, key, value);
            if bytes > BATCH_BYTES {
                engine.apply(&std::mem::take(&mut batch))?;
                bytes = 0;
            }
            Ok(())
        })?;
    }
    engine.apply(&batch)?;
    engine.settle()?;
    if engine.is_shared() { proves(engine, from, report) } else { Ok(()) }
}

fn proves(engine: &Engine, from: &Path, report: &BackupReport) -> Result<()> {
    let snapshot = engine.snapshot()?;
    if last_change(&snapshot)? != report.sequence || counts(&snapshot)? != report.counts {
        return Err(broken(from, "the restored store does not hold what the manifest says"));
    }
    Ok(())
}

/// Reads a backup whole and compares it with its manifest.
///
/// # Errors
/// [`StoreError::Backup`] names the file that is missing or was changed; [`StoreError::Newer`] where a newer program
/// made it.
pub fn verify_backup(from: &Path) -> Result<BackupReport> {
    let path = from.join(MANIFEST);
    let mut text = String::new();
    File::open(&path)
        .and_then(|file| file.take(MOST_MANIFEST_BYTES).read_to_string(&mut text))
        .map_err(|error| broken(&path, format!("{error}; a backup that was broken off has no manifest")))?;
    #[derive(Deserialize)]
    struct Head {
        format: u32,
    }
    let head: Head = serde_json::from_str(&text).map_err(|error| broken(&path, error.to_string()))?;
    if head.format > FORMAT {
        return Err(StoreError::Newer { folder: from.to_owned(), found: head.format, known: FORMAT });
    }
    let report: BackupReport = serde_json::from_str(&text).map_err(|error| broken(&path, error.to_string()))?;
    for (name, expected) in &report.tables {
        if !Table::ALL.iter().any(|table| table.name() == name) {
            return Err(broken(from, format!("table `{name}` is none of this program's")));
        }
        let path = file_of(from, name);
        let mut entries = 0;
        let (bytes, sha256) = read(&path, |_, _| {
            entries += 1;
            Ok(())
        })?;
        let found = TableReport { entries, bytes, sha256 };
        if found != *expected {
            return Err(broken(
                &path,
                format!("it has {entries} entries in {bytes} bytes and another hash than the manifest says"),
            ));
        }
    }
    Ok(report)
}

fn file_of(folder: &Path, table: &str) -> PathBuf {
    folder.join(format!("{table}.table"))
}

fn broken(path: &Path, detail: impl Into<String>) -> StoreError {
    StoreError::Backup { path: path.to_owned(), detail: detail.into() }
}

fn require_empty(folder: &Path) -> Result<()> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(broken(folder, "the folder is not empty; expected a new one")),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io(folder, error)),
    }
}

/// The highest number of the change sequence that a session sees.
fn last_change(session: &Session<'_>) -> Result<u64> {
    let last = session.scan(Table::Changes, &KeyRange::all())?.next_back().transpose()?;
    Ok(last.and_then(|(place, _)| place.try_into().ok()).map_or(0, u64::from_be_bytes))
}

/// Keys an engine keeps for itself mean nothing in another one.
fn is_of_the_engine(table: Table, key: &[u8]) -> bool {
    table == Table::Meta && key.starts_with(b"engine/")
}

fn export(session: &Session<'_>, table: Table, path: &Path) -> Result<TableReport> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).map_err(at(path))?);
    let mut hasher = Sha256::new();
    let mut report = TableReport::default();
    for entry in session.scan(table, &KeyRange::all())? {
        let (key, value) = entry?;
        if is_of_the_engine(table, &key) {
            continue;
        }
        let framed = frame(&key, &value).ok_or_else(|| broken(path, "an entry is longer than a backup can hold"))?;
        hasher.update(&framed);
        file.write_all(&framed).map_err(at(path))?;
        report.entries += 1;
        report.bytes += framed.len() as u64;
    }
    let file = file.into_inner().map_err(|error| StoreError::io(path, error.into_error()))?;
    file.sync_all().map_err(at(path))?;
    report.sha256 = hexadecimal(&hasher.finalize());
    Ok(report)
}

fn frame(key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let fits = |bytes: &[u8]| u32::try_from(bytes.len()).ok().filter(|length| *length <= MOST_ENTRY_BYTES);
    let (key_bytes, value_bytes) = (fits(key)?, fits(value)?);
    let mut framed = Vec::with_capacity(key.len() + value.len() + 12);
    framed.extend(key_bytes.to_le_bytes());
    framed.extend(value_bytes.to_le_bytes());
    framed.extend(key);
    framed.extend(value);
    framed.extend(crc32fast::hash(&framed).to_le_bytes());
    Some(framed)
}

/// Gives every entry of a table file, and at the end its length and hash.
fn read(path: &Path, mut each: impl FnMut(Vec<u8>, Vec<u8>) -> Result<()>) -> Result<(u64, String)> {
    let cut = |error: std::io::Error| broken(path, format!("it ends within an entry or cannot be read: {error}"));
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(|error| broken(path, error.to_string()))?);
    let mut hasher = Sha256::new();
    let mut total = 0;
    loop {
        let mut head = [0; 8];
        match file.read(&mut head[..1]).map_err(cut)? {
            0 => return Ok((total, hexadecimal(&hasher.finalize()))),
            _ => file.read_exact(&mut head[1..]).map_err(cut)?,
        }
        let [a, b, c, d, e, f, g, h] = head;
        let (key_bytes, value_bytes) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        if key_bytes.max(value_bytes) > MOST_ENTRY_BYTES {
            return Err(broken(path, format!("an entry claims {} bytes", key_bytes.max(value_bytes))));
        }
        let key = take(&mut file, key_bytes).map_err(cut)?;
        let value = take(&mut file, value_bytes).map_err(cut)?;
        let mut checksum = [0; 4];
        file.read_exact(&mut checksum).map_err(cut)?;
        let mut crc = crc32fast::Hasher::new();
        for part in [&head[..], &key, &value] {
            crc.update(part);
            hasher.update(part);
        }
        hasher.update(checksum);
        if crc.finalize() != u32::from_le_bytes(checksum) {
            return Err(broken(path, format!("the checksum of the entry at byte {total} is wrong")));
        }
        total += 12 + key.len() as u64 + value.len() as u64;
        each(key, value)?;
    }
}

/// So many bytes, without trusting the number before they are there.
fn take(file: &mut impl Read, length: u32) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = file.take(length.into()).read_to_end(&mut bytes)?;
    if read < length as usize { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use model::message::Message;
    use model::{Enterprise, PolicyId};

    use super::*;
    use crate::cluster::Cluster;
    use crate::testing::{Home, Sample, at, prose};
    use crate::{AuditEntry, PageState};

    fn filled(home: &Home) -> Store {
        let store = home.open();
        for seed in 0..40 {
            // Some texts are long enough to lie in files of their own.
            let letters = if seed % 10 == 0 { 30_000 } else { 200 };
            store.ingest(&Sample::new(&format!("d{seed}"), &format!("事项{seed}"), &prose(seed, letters)).0, at(1)).unwrap();
        }
        store.ingest(&Sample::new("d1", "事项1", &prose(99, 300)).0, at(2)).unwrap();
        store.put_enterprises(&[Enterprise { id: "e".into(), ..Enterprise::default() }]).unwrap();
        let message = Message { id: "m".into(), policy: "d1".into(), enterprise: "e".into(), ..Message::default() };
        store.queue_messages(&[message]).unwrap();
        store.audit(&AuditEntry::default()).unwrap();
        store.put_page_state(&PageState { url: "http://a/".to_owned(), ..PageState::default() }).unwrap();
        store.set_mark("index", 7).unwrap();
        store
    }

    /// Backs up a store, restores it elsewhere, and compares all that both hold.
    fn move_to(store: &Store, backup: &Path, to: &Location) -> Store {
        let written = store.backup(backup).unwrap();
        assert_eq!((written.counts.documents, written.counts.revisions), (40, 1));
        assert_eq!(verify_backup(backup).unwrap(), written);
        assert_eq!(restore_at(backup, to).unwrap(), written);
        assert!(restore_at(backup, to).is_err(), "nothing is written over");
        let other = Store::open_at(to).unwrap();
        let all = |store: &Store| store.records().map(Result::unwrap).collect::<Vec<_>>();
        assert_eq!(all(store), all(&other));
        assert_eq!(other.check().unwrap().counted, store.check().unwrap().counted);
        assert!(other.check().unwrap().is_sound());
        let revision = |store: &Store| store.revision_document(&PolicyId::from("d1"), 1).unwrap();
        assert_eq!(revision(&other), revision(store));
        assert_eq!(other.changed_since(0).unwrap(), store.changed_since(0).unwrap());
        assert_eq!((other.mark("index").unwrap(), other.queued().unwrap()), (7, 0));
        assert_eq!(other.verify_audit().unwrap(), store.verify_audit().unwrap());
        assert_eq!(other.page_states().unwrap(), store.page_states().unwrap());
        other
    }

    #[test]
    fn a_restored_store_is_the_same_store_on_every_engine() {
        let home = Home::new();
        let cluster = Cluster::start();
        let server = cluster.as_ref().map(|cluster| cluster.database().parse().unwrap());
        let folder = |name: &str| home.path().join(name);
        let way = [Location::Redb(folder("redb"))].into_iter().chain(server).chain([Location::Sled(folder("restored"))]);
        let mut store = filled(&home);
        for (place, to) in way.enumerate() {
            store = move_to(&store, &folder(&format!("backup{place}")), &to);
        }
        // The restored store goes on counting where the first one stood.
        let sequence = store.sequence().unwrap();
        store.ingest(&Sample::new("new", "新事项", &prose(77, 300)).0, at(9)).unwrap();
        assert_eq!(store.sequence().unwrap(), sequence + 1);
        assert!(store.check().unwrap().is_sound());
    }

    #[test]
    fn a_database_whose_restore_was_broken_off_does_not_open() {
        let Some(cluster) = Cluster::start() else { return };
        let location: Location = cluster.database().parse().unwrap();
        drop(Engine::open_to_restore(&location).unwrap());
        let error = Store::open_at(&location).err().unwrap().to_string();
        assert!(error.contains("broken off"), "{error}");
    }

    #[test]
    fn every_change_to_a_backup_is_noticed() {
        let home = Home::new();
        let backup = home.path().join("backup");
        filled(&home).backup(&backup).unwrap();
        let file = file_of(&backup, "documents");
        let sound = fs::read(&file).unwrap();
        let damage = |bytes: Vec<u8>| {
            fs::write(&file, bytes).unwrap();
            let error = verify_backup(&backup).unwrap_err();
            assert!(matches!(error, StoreError::Backup { .. }), "{error}");
            assert!(restore(&backup, &home.path().join("never")).is_err());
            assert!(!home.path().join("never").exists());
        };
        damage(sound[..sound.len() / 2].to_vec());
        damage(Vec::new());
        let mut flipped = sound.clone();
        flipped[sound.len() / 3] ^= 4;
        damage(flipped);
        damage([sound.clone(), vec![255; 9]].concat());
        fs::write(&file, &sound).unwrap();
        verify_backup(&backup).unwrap();
        fs::remove_file(backup.join(MANIFEST)).unwrap();
        assert!(verify_backup(&backup).unwrap_err().to_string().contains("manifest"));
    }

    #[test]
    fn nothing_is_written_over() {
        let home = Home::new();
        let store = filled(&home);
        let backup = home.path().join("backup");
        store.backup(&backup).unwrap();
        assert!(store.backup(&backup).is_err());
        assert!(restore(&backup, store.place()).is_err());
        assert_eq!(store.counts().unwrap().documents, 40);
    }

    #[test]
    fn a_backup_of_a_newer_program_is_refused() {
        let home = Home::new();
        let backup = home.path().join("backup");
        filled(&home).backup(&backup).unwrap();
        let path = backup.join(MANIFEST);
        let text = fs::read_to_string(&path).unwrap().replacen("\"format\": 1", "\"format\": 2", 1);
        fs::write(&path, text).unwrap();
        assert!(matches!(verify_backup(&backup), Err(StoreError::Newer { found: 2, .. })));
    }

    #[test]
    fn readers_read_and_writers_lose_nothing_while_it_is_written() {
        let home = Home::new();
        let store = filled(&home);
        let backup = home.path().join("backup");
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for seed in 200..230 {
                    store.ingest(&Sample::new(&format!("w{seed}"), &format!("后写{seed}"), &prose(seed, 200)).0, at(3)).unwrap();
                }
            });
            store.backup(&backup).unwrap();
            assert!(store.record(&PolicyId::from("d1")).unwrap().is_some());
            writer.join().unwrap();
        });
        let restored = home.path().join("restored");
        let report = restore(&backup, &restored).unwrap();
        let check = Store::open(&restored).unwrap().check().unwrap();
        assert!(check.is_sound() && check.counted == report.counts, "one moment: {check:?}");
        assert_eq!(store.counts().unwrap().documents, 70);
    }
}
