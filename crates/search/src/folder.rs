//! The index on disk: generations side by side, and a marker that names the one in use.
//!
//! ```text
//! index/
//!   huice-index.json   version, dictionary, generation in use, whether it holds everything in the store
//!   g3/                the engine's files
//!   g4/                one being built, until it is named by the marker
//! ```
//!
//! A generation is built beside the one in use and then switched to, so that searching never waits. One that can no
//! longer be read (another [`VERSION`], damage) is left out and a new one begun: the index is only a copy.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tantivy::directory::error::LockError;
use tantivy::directory::{Directory, DirectoryLock, INDEX_WRITER_LOCK, MmapDirectory};

use crate::error::SearchError;
use crate::schema::VERSION;

pub(crate) const MARKER: &str = "huice-index.json";
/// A marker is a few dozen bytes; anything larger is none.
const LARGEST_MARKER_BYTES: u64 = 4_096;
/// Endings of the engine's files. Nothing else is ever deleted.
const ENGINE_ENDINGS: [&str; 9] = ["del", "fast", "fieldnorm", "idx", "pos", "spacing", "store", "temp", "term"];
/// Other files of the engine.
const ENGINE_NAMES: [&str; 4] = ["meta.json", ".managed.json", ".tantivy-writer.lock", ".tantivy-meta.lock"];

/// The marker's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    /// Of the columns and terms.
    pub(crate) version: String,
    /// Of the words texts are cut by.
    #[serde(default)]
    pub(crate) dictionary: String,
    /// The generation in use.
    #[serde(default)]
    pub(crate) generation: u64,
    /// Whether it has been filled from the store since it was created.
    pub(crate) complete: bool,
}

impl Marker {
    /// Reads the marker of a folder; an unreadable one counts as none.
    pub(crate) fn read(dir: &Path) -> Option<Self> {
        let path = dir.join(MARKER);
        let small = fs::metadata(&path).is_ok_and(|metadata| metadata.len() <= LARGEST_MARKER_BYTES);
        small.then(|| fs::read(&path).ok()).flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok())
    }

    /// Writes it, whole or not at all.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), SearchError> {
        let (path, beside) = (dir.join(MARKER), dir.join("huice-index.json.temp"));
        let text = serde_json::to_vec(self).unwrap_or_default();
        let written = fs::write(&beside, text).and_then(|()| fs::File::open(&beside)?.sync_all());
        written.and_then(|()| fs::rename(&beside, &path)).map_err(file_error(&path))
    }

    /// Whether this program can read the generation.
    pub(crate) fn is_readable(&self) -> bool {
        self.version == VERSION
    }
}

/// The folder of a generation.
pub(crate) fn generation(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("g{number}"))
}

/// Generations there are, in order.
pub(crate) fn generations(dir: &Path) -> Result<Vec<u64>, SearchError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(file_error(dir))? {
        let entry = entry.map_err(file_error(dir))?;
        let name = entry.file_name();
        let number: Option<u64> = name.to_str().and_then(|name| name.strip_prefix('g')).and_then(|digits| digits.parse().ok());
        found.extend(number.filter(|_| entry.path().is_dir()));
    }
    found.sort_unstable();
    Ok(found)
}

/// Takes the lock of a generation, which its writer holds too.
pub(crate) fn lock(dir: &Path) -> Result<DirectoryLock, SearchError> {
    let directory = MmapDirectory::open(dir).map_err(|error| SearchError::from(tantivy::TantivyError::from(error)))?;
    directory.acquire_lock(&INDEX_WRITER_LOCK).map_err(|error| match error {
        LockError::LockBusy => SearchError::Locked { dir: dir.to_owned() },
        LockError::IoError(source) => file_error(dir)(std::io::Error::new(source.kind(), source.to_string())),
    })
}

/// Deletes every generation but the one in use, and what an index of the first version left in the folder itself. One
/// that somebody writes to stays.
pub(crate) fn sweep(dir: &Path, in_use: u64) -> Result<(), SearchError> {
    for number in generations(dir)?.into_iter().filter(|number| *number != in_use) {
        let folder = generation(dir, number);
        match lock(&folder) {
            Ok(lock) => {
                empty(&folder)?;
                drop(lock);
                // Other files in it are not ours: then the folder stays.
                let _removed = fs::remove_file(folder.join(".tantivy-writer.lock"));
                let _removed = fs::remove_dir(&folder);
            }
            Err(SearchError::Locked { .. }) => tracing::info!(dir = %folder.display(), "another process writes to it; it stays"),
            Err(error) => return Err(error),
        }
    }
    empty(dir)
}

/// Deletes the files of an index, and only those.
fn empty(dir: &Path) -> Result<(), SearchError> {
    for entry in fs::read_dir(dir).map_err(file_error(dir))? {
        let path = entry.map_err(file_error(dir))?.path();
        if is_engine_file(&path) && path.is_file() {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Whether a file is the engine's, by its name.
pub(crate) fn is_engine_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    // Segment files are named by 32 hexadecimal digits.
    let is_segment =
        ENGINE_ENDINGS.contains(&ending) && name.len() > 32 && name.bytes().take(32).all(|byte| byte.is_ascii_hexdigit());
    ENGINE_NAMES.contains(&name) || is_segment
}

/// Refuses a folder with anything in it.
pub(crate) fn expect_empty(dir: &Path) -> Result<(), SearchError> {
    let occupied = dir.exists() && fs::read_dir(dir).map_err(file_error(dir))?.next().is_some();
    if occupied {
        return Err(SearchError::Snapshot { dir: dir.to_owned(), problem: "not empty; expected a new folder".to_owned() });
    }
    Ok(())
}

/// Links the engine's files into a new folder, or copies them where that cannot be, and writes their description last.
pub(crate) fn link_all(from: &Path, files: &[PathBuf], description: &[u8], to: &Path) -> Result<(), SearchError> {
    take_all(from, files, description, to, |from, to| fs::hard_link(from, to).or_else(|_| fs::copy(from, to).map(|_| ())))
}

/// The same, always copied.
pub(crate) fn copy_all(from: &Path, files: &[PathBuf], description: &[u8], to: &Path) -> Result<(), SearchError> {
    take_all(from, files, description, to, |from, to| fs::copy(from, to).map(|_| ()))
}

fn take_all(
    from: &Path,
    files: &[PathBuf],
    description: &[u8],
    to: &Path,
    take: impl Fn(&Path, &Path) -> std::io::Result<()>,
) -> Result<(), SearchError> {
    fs::create_dir_all(to).map_err(file_error(to))?;
    // Not every segment has every kind of file; one that is missed shows when the copy is opened.
    let there: Vec<&PathBuf> = files.iter().filter(|file| from.join(file).is_file()).collect();
    for file in &there {
        take(&from.join(file), &to.join(file)).map_err(file_error(&to.join(file)))?;
        fs::File::open(to.join(file)).and_then(|file| file.sync_all()).map_err(file_error(&to.join(file)))?;
    }
    let mut managed: Vec<PathBuf> = there.into_iter().cloned().collect();
    managed.push("meta.json".into());
    let list = serde_json::to_vec(&managed).unwrap_or_default();
    for (name, bytes) in [(".managed.json", list.as_slice()), ("meta.json", description)] {
        let path = to.join(name);
        fs::write(&path, bytes).and_then(|()| fs::File::open(&path)?.sync_all()).map_err(file_error(&path))?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), SearchError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(file_error(path)(error)),
        _ => Ok(()),
    }
}

pub(crate) fn file_error(path: &Path) -> impl Fn(std::io::Error) -> SearchError + '_ {
    move |source| SearchError::File { path: path.to_owned(), source }
}
