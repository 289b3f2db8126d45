//! The index on disk: beside the engine's files stands a marker with the version of fields and analysis, and whether
//! everything in the store has been put in. An index of another version, or a damaged one, is emptied: it is only a copy.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tantivy::directory::error::LockError;
use tantivy::directory::{Directory, DirectoryLock, INDEX_WRITER_LOCK, MmapDirectory};

use crate::error::SearchError;
use crate::schema::VERSION;

const MARKER: &str = "huice-index.json";
/// A marker is a few dozen bytes; anything larger is none.
const LARGEST_MARKER_BYTES: u64 = 4_096;
/// Endings of the engine's files. Nothing else is ever deleted.
const ENGINE_ENDINGS: [&str; 9] = ["del", "fast", "fieldnorm", "idx", "pos", "spacing", "store", "temp", "term"];

/// The marker's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    pub(crate) version: String,
    /// Whether the index has been filled from the store since it was created.
    pub(crate) complete: bool,
}

impl Marker {
    /// The marker of an index just created.
    pub(crate) fn fresh() -> Self {
        Self { version: VERSION.to_owned(), complete: false }
    }

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
        fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path)).map_err(file_error(&path))
    }
}

/// Takes the lock under which an index may be created or emptied.
pub(crate) fn lock(dir: &Path) -> Result<DirectoryLock, SearchError> {
    let directory = MmapDirectory::open(dir).map_err(|error| SearchError::from(tantivy::TantivyError::from(error)))?;
    directory.acquire_lock(&INDEX_WRITER_LOCK).map_err(|error| match error {
        LockError::LockBusy => SearchError::Locked { dir: dir.to_owned() },
        LockError::IoError(source) => file_error(dir)(std::io::Error::new(source.kind(), source.to_string())),
    })
}

/// Deletes the files of an index, and only those. The caller holds the lock.
pub(crate) fn empty(dir: &Path) -> Result<(), SearchError> {
    for entry in fs::read_dir(dir).map_err(file_error(dir))? {
        let path = entry.map_err(file_error(dir))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_marker = [MARKER, "meta.json", ".managed.json"].contains(&name);
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        // Segment files are named by 32 hexadecimal digits.
        let is_segment =
            ENGINE_ENDINGS.contains(&ending) && name.len() > 32 && name.bytes().take(32).all(|byte| byte.is_ascii_hexdigit());
        if (is_marker || is_segment) && path.is_file() {
            remove(&path)?;
        }
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
