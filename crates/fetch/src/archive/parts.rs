//! The parts that other machines write, below one shared folder or in one bucket: each written by one machine and read by all.
//! What another machine adds is seen once it is looked for.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use model::SnapshotId;

use super::bucket::{Bucket, Segment};
use super::index::{Entry, Index};
use super::{ArchiveError, INDEX_FILE, Snapshot, assemble, record_in};

/// More of one index than this is read in several steps.
const MOST_READ_BYTES: u64 = 64 * 1024 * 1024;

/// Archives beside the own one.
#[derive(Debug)]
pub(super) struct Parts {
    place: Place,
    seen: Mutex<BTreeMap<Arc<str>, Part>>,
}

/// Where they lie. The own one is none of them.
#[derive(Debug)]
enum Place {
    Folder { root: PathBuf, own: PathBuf },
    Bucket { bucket: Arc<Bucket>, own: String },
}

/// One archive as far as its index has been read.
#[derive(Debug, Default)]
struct Part {
    index: Index,
    /// Of its index file, in a folder.
    read_bytes: u64,
    /// What its index was read from, in a bucket. The file number of an entry is a place in this.
    segments: Vec<Segment>,
}

impl Parts {
    pub(super) fn new(root: &Path, own: &Path) -> Self {
        Self { place: Place::Folder { root: root.to_owned(), own: own.to_owned() }, seen: Mutex::default() }
    }

    pub(super) fn in_bucket(bucket: Arc<Bucket>, own: &str) -> Self {
        Self { place: Place::Bucket { bucket, own: own.to_owned() }, seen: Mutex::default() }
    }

    /// Reads a record of a part.
    pub(super) fn read(&self, entry: &Entry, part: &Arc<str>) -> Result<Snapshot, ArchiveError> {
        let first = entry.revisit.then(|| self.with(part, |part| part.index.first_of(&entry.id).cloned())).flatten();
        match &self.place {
            Place::Folder { root, .. } => {
                let folder = folder(root, part);
                assemble(&folder, entry, first.as_ref(), |entry| record_in(&folder, entry))
            }
            Place::Bucket { bucket, .. } => assemble(Path::new(&**part), entry, first.as_ref(), |entry| {
                let place = usize::try_from(entry.file).unwrap_or(usize::MAX);
                let segment = self.with(part, |part| part.segments.get(place).cloned());
                let segment = segment.ok_or_else(|| ArchiveError::Damaged {
                    path: PathBuf::from(&**part),
                    offset: entry.offset,
                    reason: "it is in no object that was listed".to_owned(),
                })?;
                bucket.record(&segment, entry)
            }),
        }
    }

    fn with<T>(&self, name: &Arc<str>, look: impl FnOnce(&Part) -> Option<T>) -> Option<T> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(name).and_then(look)
    }

    /// The record with this body, whichever machine stored it.
    pub(super) fn first_of(&self, id: &SnapshotId) -> Result<Option<Entry>, ArchiveError> {
        self.refresh()?;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(seen.iter().find_map(|(name, part)| part.index.first_of(id).map(|entry| of(entry, name))))
    }

    /// The newest record under a key.
    pub(super) fn latest_of(&self, key: &str) -> Result<Option<Entry>, ArchiveError> {
        self.refresh()?;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = seen.iter().filter_map(|(name, part)| part.index.latest_of(key).map(|entry| of(entry, name)));
        Ok(latest.max_by_key(|entry| entry.fetched_at))
    }

    /// All records of all parts.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, ArchiveError> {
        self.refresh()?;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let all = seen.iter().flat_map(|(name, part)| {
            (0..part.index.len()).filter_map(move |at| part.index.entry(at).map(|entry| of(entry, name)))
        });
        Ok(all.collect())
    }

    /// The folders of the parts with their names; none where they are in a bucket.
    pub(super) fn folders(&self) -> Result<Vec<(String, PathBuf)>, ArchiveError> {
        let Place::Folder { root, own } = &self.place else { return Ok(Vec::new()) };
        let entries = match std::fs::read_dir(root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(ArchiveError::io(root, &error)),
        };
        let inner = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        let folders = inner.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)));
        let all = folders.chain([(String::new(), root.clone())]);
        let mut parts: Vec<_> = all.filter(|(_, path)| path != own && path.join(INDEX_FILE).is_file()).collect();
        parts.sort();
        Ok(parts)
    }

    /// Reads what the others have added to their indexes.
    fn refresh(&self) -> Result<(), ArchiveError> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Place::Bucket { bucket, own } = &self.place {
            for machine in bucket.machines()?.into_iter().filter(|machine| machine != own) {
                seen.entry(machine.as_str().into()).or_default().read_on_in(bucket, &machine)?;
            }
        }
        for (name, folder) in self.folders()? {
            let path = folder.join(INDEX_FILE);
            seen.entry(name.into()).or_default().read_on(&path).map_err(|error| ArchiveError::io(&path, &error))?;
        }
        Ok(())
    }
}

/// The folder of a part; one of the root itself has no name.
fn folder(root: &Path, part: &str) -> PathBuf {
    if part.is_empty() { root.to_owned() } else { root.join(part) }
}

fn of(entry: &Entry, part: &Arc<str>) -> Entry {
    Entry { part: Some(part.clone()), ..entry.clone() }
}

impl Part {
    fn read_on_in(&mut self, bucket: &Bucket, machine: &str) -> Result<(), ArchiveError> {
        for segment in bucket.segments(machine, self.segments.last().map_or(0, Segment::end))? {
            let file = u32::try_from(self.segments.len()).unwrap_or(u32::MAX);
            for entry in bucket.entries(&segment)? {
                self.index.push(Entry { file, ..entry });
            }
            self.segments.push(segment);
        }
        Ok(())
    }

    fn read_on(&mut self, path: &Path) -> std::io::Result<()> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        if length < self.read_bytes {
            // Rebuilt by its machine: everything may stand elsewhere.
            *self = Self::default();
        }
        while self.read_bytes < length {
            file.seek(SeekFrom::Start(self.read_bytes))?;
            let mut text = Vec::new();
            (&mut file).take(MOST_READ_BYTES).read_to_end(&mut text)?;
            // A line its machine is still writing counts when it is whole.
            let Some(end) = text.iter().rposition(|byte| *byte == b'\n') else { return Ok(()) };
            let lines = text.get(..=end).unwrap_or_default();
            for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                match serde_json::from_slice(line) {
                    Ok(entry) => self.index.push(entry),
                    Err(error) => tracing::warn!(path = %path.display(), %error, "a line of the index does not read"),
                }
            }
            self.read_bytes += lines.len() as u64;
        }
        Ok(())
    }
}
