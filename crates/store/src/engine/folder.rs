//! The store's folder: its lock, its format, the mark of the last durable write, and writing files so that they last.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::{Result, StoreError, at};

/// The layout of the folder this program writes.
pub(super) const FORMAT: u32 = 1;
const FORMAT_FILE: &str = "format";
const LOCK_FILE: &str = "lock";
const MARK_FILE: &str = "mark";
/// Damaged stores kept beside each other.
const MOST_SET_ASIDE: u32 = 99;

/// The engines that live in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EngineKind {
    Sled,
    Redb,
}

impl EngineKind {
    const ALL: [Self; 2] = [Self::Sled, Self::Redb];

    /// The name of its place in the folder, and of its URLs.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sled => "sled",
            Self::Redb => "redb",
        }
    }

    /// What stands in the format file; sled was there first and has no name in it.
    fn format(self) -> String {
        match self {
            Self::Sled => format!("huice store {FORMAT}"),
            other => format!("huice store {FORMAT} {}", other.name()),
        }
    }
}

/// An opened and locked folder; dropping it releases the lock.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    mark: File,
    /// Held for its lock, which the system releases with the process however it ends.
    _lock: File,
}

impl Folder {
    /// Creates the folder if need be, locks it and checks its format.
    pub(super) fn open(path: &Path, kind: EngineKind) -> Result<Self> {
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(at(path))?;
        if is_new && let Some(parent) = path.parent() {
            sync_folder(parent)?;
        }
        let lock = open_file(&path.join(LOCK_FILE))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { folder: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(StoreError::io(&path.join(LOCK_FILE), error)),
        }
        check_format(path, kind)?;
        let mark = open_file(&path.join(MARK_FILE))?;
        Ok(Self { path: path.to_owned(), mark, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Remembers that everything up to this commit is durable.
    ///
    /// Not synced: after a kill the system still has it, after a power cut an older mark is as good. It is written behind
    /// the sync it tells of, so it can lag but never promise too much.
    pub(super) fn set_mark(&self, commit: u64) -> Result<()> {
        let bytes = commit.to_le_bytes();
        let checksum = crc32fast::hash(&bytes).to_le_bytes();
        let line = [bytes.as_slice(), checksum.as_slice()].concat();
        self.mark.write_all_at(&line, 0).map_err(at(&self.path.join(MARK_FILE)))
    }

    /// The last commit known to be durable; `None` where the mark is absent or torn.
    pub(super) fn mark(&self) -> Option<u64> {
        let mut line = [0; 12];
        self.mark.read_exact_at(&mut line, 0).ok()?;
        let (bytes, checksum) = line.split_at(8);
        let intact = crc32fast::hash(bytes).to_le_bytes() == checksum;
        intact.then(|| u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }
}

fn open_file(path: &Path) -> Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(at(path))
}

fn check_format(folder: &Path, kind: EngineKind) -> Result<()> {
    let path = folder.join(FORMAT_FILE);
    let mut text = String::new();
    match File::open(&path) {
        Ok(file) => file.take(100).read_to_string(&mut text).map_err(at(&path))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if EngineKind::ALL.iter().any(|kind| folder.join(kind.name()).exists()) {
                let detail = format!("{} is missing", path.display());
                return Err(StoreError::Damaged { folder: folder.to_owned(), detail });
            }
            return write_durably(&path, format!("{}\n", kind.format()).as_bytes());
        }
        Err(error) => return Err(StoreError::io(&path, error)),
    };
    let mut words = text.trim().strip_prefix("huice store ").unwrap_or_default().split(' ');
    let found: Option<u32> = words.next().and_then(|number| number.parse().ok());
    let engine = words.next().unwrap_or(EngineKind::Sled.name());
    match found {
        Some(found) if found > FORMAT => Err(StoreError::Newer { folder: folder.to_owned(), found, known: FORMAT }),
        Some(_) if engine == kind.name() => Ok(()),
        Some(_) if EngineKind::ALL.iter().any(|known| known.name() == engine) => {
            Err(StoreError::OtherEngine { folder: folder.to_owned(), found: engine.to_owned(), asked: kind.name() })
        }
        _ => Err(StoreError::Damaged {
            folder: folder.to_owned(),
            detail: format!("{} is no format file of a store", path.display()),
        }),
    }
}

/// Moves a damaged store out of the way, whole and under a name that says so, for a restore to take its place.
///
/// # Errors
/// [`StoreError::Locked`] where somebody has it open.
pub(crate) fn set_aside(folder: &Path) -> Result<PathBuf> {
    let lock = open_file(&folder.join(LOCK_FILE))?;
    if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
        return Err(StoreError::Locked { folder: folder.to_owned() });
    }
    let free = (1..=MOST_SET_ASIDE).map(|number| folder.with_added_extension(format!("damaged-{number}")));
    let Some(aside) = free.into_iter().find(|place| !place.exists()) else {
        let detail = format!("{MOST_SET_ASIDE} damaged ones were set aside beside it already; remove some");
        return Err(StoreError::Damaged { folder: folder.to_owned(), detail });
    };
    fs::rename(folder, &aside).map_err(at(folder))?;
    folder.parent().map_or(Ok(()), sync_folder)?;
    Ok(aside)
}

/// Writes a file so that after any crash it is there as a whole or not at all: a temporary neighbour, synced, renamed,
/// the folder synced. Nothing is left behind where it fails.
pub(crate) fn write_durably(path: &Path, content: &[u8]) -> Result<()> {
    write_renamed(path, content)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// The same without syncing the folder, for callers that write many files into one.
pub(super) fn write_renamed(path: &Path, content: &[u8]) -> Result<()> {
    static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let temporary = path.with_added_extension(format!("{}-{count}.tmp", std::process::id()));
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    written.map_err(|error| {
        // The failure is reported below; a temporary file that cannot be removed either is swept with the next ones.
        drop(fs::remove_file(&temporary));
        StoreError::io(path, error)
    })
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_opening_is_refused_with_the_folder_s_name() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store");
        let first = Folder::open(&path, EngineKind::Sled).unwrap();
        let error = Folder::open(&path, EngineKind::Sled).unwrap_err();
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        drop(first);
        Folder::open(&path, EngineKind::Sled).unwrap();
    }

    #[test]
    fn a_newer_format_is_refused_and_a_foreign_file_is_damage() {
        let home = tempfile::tempdir().unwrap();
        drop(Folder::open(home.path(), EngineKind::Sled).unwrap());
        fs::write(home.path().join(FORMAT_FILE), "huice store 2\n").unwrap();
        assert!(matches!(Folder::open(home.path(), EngineKind::Sled), Err(StoreError::Newer { found: 2, known: 1, .. })));
        fs::write(home.path().join(FORMAT_FILE), "something else").unwrap();
        assert!(matches!(Folder::open(home.path(), EngineKind::Sled), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn the_mark_survives_reopening_and_a_torn_one_counts_as_none() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(home.path(), EngineKind::Sled).unwrap();
        assert_eq!(folder.mark(), None);
        folder.set_mark(77).unwrap();
        drop(folder);
        let folder = Folder::open(home.path(), EngineKind::Sled).unwrap();
        assert_eq!(folder.mark(), Some(77));
        fs::write(home.path().join(MARK_FILE), [1; 12]).unwrap();
        assert_eq!(folder.mark(), None);
    }
}
