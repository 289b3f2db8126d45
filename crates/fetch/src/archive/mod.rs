//! The archive: every response for ever, in WARC/1.1 files with an index beside them.
//!
//! A response is acknowledged once its record, and then its index line, are on disk. Whatever a crash leaves behind is
//! put right on opening: a torn record is cut off, a record without index line is indexed. The index says nothing the
//! records do not say, so it can be deleted and is rebuilt.

mod bucket;
mod index;
mod parts;
mod recover;
mod writer;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use model::SnapshotId;
use model::fingerprint::sha256_hex;

pub use bucket::BucketPlace;
pub use index::Entry;

use crate::transport::{Response, key};
use crate::warc::{self, Place};
use bucket::{Bucket, Publisher};
use index::Index;
use parts::Parts;
use writer::{Job, Writer};

/// Files rotate at this size.
const MOST_FILE_BYTES: u64 = 1 << 30;
const INDEX_FILE: &str = "index.jsonl";
const LOCK_FILE: &str = "archive.lock";

/// Why the archive cannot do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ArchiveError {
    /// The disk is full; nothing was stored, and what was stored before is whole.
    #[error("no space left on the disk of {}", path.display())]
    Full {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// Reading or writing failed.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another process writes to this archive.
    #[error("the archive {} is in use by another process", dir.display())]
    Locked {
        /// Its folder.
        dir: PathBuf,
    },
    /// A record is not what the index says.
    #[error("damaged record in {} at byte {offset}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the record starts.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// Opened for reading only.
    #[error("the archive {} is open for reading only", dir.display())]
    ReadOnly {
        /// Its folder.
        dir: PathBuf,
    },
    /// A body larger than a record may be.
    #[error("the body of {url} is too large for a record: {bytes} bytes")]
    TooLarge {
        /// Its URL.
        url: String,
        /// Its size.
        bytes: u64,
    },
}

impl ArchiveError {
    fn io(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full { path: path.to_owned() }
            }
            _ => Self::Io { path: path.to_owned(), reason: error.to_string() },
        }
    }
}

/// A stored response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The SHA-256 of the body.
    pub id: SnapshotId,
    /// The URL that answered.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The HTTP headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
}

impl Snapshot {
    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        crate::transport::header(&self.headers, name)
    }

    /// The `Content-Type`, as the server wrote it.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }
}

/// What [`Archive::verify`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Index entries looked at.
    pub records: u64,
    /// Distinct bodies among them.
    pub bodies: u64,
    /// Compressed bytes of the records.
    pub bytes: u64,
    /// What is wrong, by file and offset.
    pub damaged: Vec<String>,
}

/// Where several machines keep one archive.
#[derive(Debug, Clone)]
pub enum SharedArchive {
    /// A folder all of them see.
    Folder(PathBuf),
    /// A bucket; each keeps its own part on its disk as well.
    Bucket(BucketPlace),
}

impl std::str::FromStr for SharedArchive {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("expected a folder or s3://BUCKET/PREFIX".to_owned()),
            _ if text.starts_with("s3:") => text.parse().map(Self::Bucket),
            _ => Ok(Self::Folder(text.into())),
        }
    }
}

/// The archive of one data folder. All methods may be called from several threads.
#[derive(Debug)]
pub struct Archive {
    dir: PathBuf,
    index: RwLock<Index>,
    pending: Mutex<Vec<Job>>,
    /// `None` when opened for reading only.
    writer: Option<Mutex<Writer>>,
    /// What other machines write, below the same folder.
    parts: Parts,
    /// Held open for its lock.
    _lock: Option<File>,
}

impl Archive {
    /// Opens the archive in a folder, which is made if missing, and puts right what a crash left behind.
    ///
    /// # Errors
    /// Another process has it open, or the folder cannot be read or written.
    pub fn open(dir: &Path) -> Result<Self, ArchiveError> {
        Self::open_with(dir, MOST_FILE_BYTES)
    }

    /// Opens one machine's part of an archive that several share. `dir` is its own folder, for what shares a bucket.
    ///
    /// # Errors
    /// As [`Archive::open`]; a bucket cannot be asked or written.
    pub fn open_shared(place: &SharedArchive, dir: &Path, machine: &str) -> Result<Self, ArchiveError> {
        match place {
            SharedArchive::Folder(shared) => Self::open_part(shared, machine),
            SharedArchive::Bucket(bucket) => Self::open_with_bucket(dir, bucket, machine),
        }
    }

    /// Opens one machine's part of an archive that several share: a folder of its own below the common one, which nobody else
    /// writes, beside those of the others, which are read too.
    ///
    /// # Errors
    /// As [`Archive::open`].
    fn open_part(shared: &Path, machine: &str) -> Result<Self, ArchiveError> {
        let dir = shared.join(machine);
        Ok(Self { parts: Parts::new(shared, &dir), ..Self::open(&dir)? })
    }

    /// Opens one machine's part of an archive that several share through a bucket: a folder on its own disk, whose additions
    /// are in the bucket before they are acknowledged.
    ///
    /// # Errors
    /// As [`Archive::open`]; the bucket cannot be asked or written.
    fn open_with_bucket(dir: &Path, place: &BucketPlace, machine: &str) -> Result<Self, ArchiveError> {
        let archive = Self::open(dir)?;
        let bucket = Arc::new(Bucket::open(place)?);
        let mut publisher = Publisher::new(bucket.clone(), machine, archive.len())?;
        publisher.publish(dir, &archive.index)?;
        if let Some(writer) = &archive.writer {
            lock_of(writer).publish_with(publisher);
        }
        Ok(Self { parts: Parts::in_bucket(bucket, machine), ..archive })
    }

    fn open_with(dir: &Path, most_file_bytes: u64) -> Result<Self, ArchiveError> {
        std::fs::create_dir_all(dir).map_err(|error| ArchiveError::io(dir, &error))?;
        let lock = lock(dir)?;
        let recovered = recover::recover(dir, recover::Mode::Repair)?;
        let writer = Writer::new(dir, &recovered, most_file_bytes)?;
        Ok(Self {
            dir: dir.to_owned(),
            index: RwLock::new(recovered.index),
            pending: Mutex::default(),
            parts: Parts::new(dir, dir),
            writer: Some(Mutex::new(writer)),
            _lock: Some(lock),
        })
    }

    /// Opens an archive another process may be writing to: nothing is changed, and what is written later is not seen.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open_read_only(dir: &Path) -> Result<Self, ArchiveError> {
        let recovered = recover::recover(dir, recover::Mode::LookOnly)?;
        let index = RwLock::new(recovered.index);
        let parts = Parts::new(dir, dir);
        Ok(Self { dir: dir.to_owned(), index, pending: Mutex::default(), parts, writer: None, _lock: None })
    }

    /// Stores a response. When this returns, it is on disk.
    ///
    /// The same body under the same URL is stored once; under another URL a small record points to it.
    ///
    /// # Errors
    /// It could not be stored; the archive is as it was before.
    pub fn put(&self, response: &Response) -> Result<SnapshotId, ArchiveError> {
        let ids = self.put_batch(std::slice::from_ref(response))?;
        ids.into_iter().next().ok_or_else(|| self.lost())
    }

    /// Stores several responses with one wait for the disk. Threads that store at the same time share that wait too.
    ///
    /// # Errors
    /// None of them could be stored; the archive is as it was before.
    pub fn put_batch(&self, responses: &[Response]) -> Result<Vec<SnapshotId>, ArchiveError> {
        let Some(writer) = &self.writer else { return Err(ArchiveError::ReadOnly { dir: self.dir.clone() }) };
        let is_stored = |id: &SnapshotId| self.read_index().first_of(id).is_some();
        let prepared = responses.iter().map(|response| writer::prepare(response, is_stored)).collect::<Result<_, _>>()?;
        let (job, done) = Job::new(prepared);
        lock_of(&self.pending).push(job);
        let mut writer = lock_of(writer);
        // Whoever gets the writer first does the work of all who wait for it.
        let jobs = std::mem::take(&mut *lock_of(&self.pending));
        if !jobs.is_empty() {
            writer.commit(jobs, &self.index);
        }
        drop(writer);
        done.try_recv().unwrap_or_else(|_| Err(self.lost()))
    }

    fn lost(&self) -> ArchiveError {
        ArchiveError::Io { path: self.dir.clone(), reason: "the writer gave no answer".to_owned() }
    }

    /// The first response stored with this body.
    ///
    /// # Errors
    /// Its record is damaged or cannot be read.
    pub fn get(&self, id: &SnapshotId) -> Result<Option<Snapshot>, ArchiveError> {
        let own = self.read_index().first_of(id).cloned();
        let found = own.map_or_else(|| self.parts.first_of(id), |entry| Ok(Some(entry)))?;
        found.map(|entry| self.read(&entry)).transpose()
    }

    /// The response an index entry stands for.
    ///
    /// # Errors
    /// Its record is damaged or cannot be read.
    pub fn read(&self, entry: &Entry) -> Result<Snapshot, ArchiveError> {
        if let Some(part) = &entry.part {
            return self.parts.read(entry, part);
        }
        let first = entry.revisit.then(|| self.read_index().first_of(&entry.id).cloned()).flatten();
        assemble(&self.dir, entry, first.as_ref(), |entry| record_in(&self.dir, entry))
    }

    /// The newest entry of a URL that was got by GET, asked for or answering; `http` and `https` are the same.
    #[must_use]
    pub fn latest_of(&self, url: &str) -> Option<Entry> {
        let key = key(url, None);
        let own = self.read_index().latest_of(&key).cloned();
        let other = self.parts.latest_of(&key).unwrap_or_else(|error| {
            tracing::warn!(%error, "what other machines archived cannot be read");
            None
        });
        own.into_iter().chain(other).max_by_key(|entry| entry.fetched_at)
    }

    /// All own entries, oldest first. Entries added meanwhile are included.
    fn own(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..).map_while(|at| self.read_index().entry(at).cloned())
    }

    /// All entries, those of other machines before the own ones; each machine's oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        let others = self.parts.entries().unwrap_or_else(|error| {
            tracing::warn!(%error, "what other machines archived cannot be read");
            Vec::new()
        });
        others.into_iter().chain(self.own())
    }

    /// Number of own entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read_index().len()
    }

    /// Whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The files to back up, of other machines too, each with its path below the archive; index first: a record copied later
    /// than its index line does no harm, the reverse would.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn files(&self) -> Result<Vec<(String, PathBuf)>, ArchiveError> {
        let mut files = Vec::new();
        for (part, folder) in [(String::new(), self.dir.clone())].into_iter().chain(self.parts.folders()?) {
            let index = Some(INDEX_FILE.to_owned()).filter(|name| folder.join(name).exists());
            let data = recover::data_files(&folder)?.into_iter().map(index::file_name);
            let path_below = |name: &str| if part.is_empty() { name.to_owned() } else { format!("{part}/{name}") };
            files.extend(index.into_iter().chain(data).map(|name| (path_below(&name), folder.join(&name))));
        }
        Ok(files)
    }

    /// Reads everything and reports what is damaged.
    #[must_use]
    pub fn verify(&self) -> Verification {
        let mut report = Verification::default();
        for entry in self.iter() {
            report.records += 1;
            report.bytes += entry.length;
            report.bodies += u64::from(!entry.revisit);
            if let Err(error) = self.read(&entry) {
                report.damaged.push(error.to_string());
            }
        }
        report
    }

    fn read_index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts a response together; `first` is the entry whose body it refers to, where it has none of its own.
fn assemble(
    dir: &Path,
    entry: &Entry,
    first: Option<&Entry>,
    record: impl Fn(&Entry) -> Result<warc::Record, ArchiveError>,
) -> Result<Snapshot, ArchiveError> {
    let message = |entry: &Entry| record(entry)?.http().map_err(|reason| damaged(dir, entry, &reason));
    let own = message(entry)?;
    let body = match first {
        Some(first) => message(first)?.body,
        None if entry.revisit => return Err(damaged(dir, entry, "the body it refers to is missing")),
        None => own.body,
    };
    if sha256_hex(&body) != entry.id.as_str() {
        return Err(damaged(dir, entry, "the body is not the one indexed"));
    }
    let (id, url) = (entry.id.clone(), entry.url.clone());
    Ok(Snapshot { id, url, status: own.status, headers: own.headers, body, fetched_at: entry.fetched_at })
}

fn record_in(dir: &Path, entry: &Entry) -> Result<warc::Record, ArchiveError> {
    let path = dir.join(entry.file_name());
    let place = Place { offset: entry.offset, skip: 0, compressed: true };
    match warc::read_at(&path, place) {
        Ok(Some(record)) => Ok(record),
        Ok(None) => Err(damaged(dir, entry, "the file ends before it")),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
            Err(ArchiveError::io(&path, &error))
        }
        Err(error) => Err(damaged(dir, entry, &error.to_string())),
    }
}

fn damaged(dir: &Path, entry: &Entry, reason: &str) -> ArchiveError {
    ArchiveError::Damaged { path: dir.join(entry.file_name()), offset: entry.offset, reason: reason.to_owned() }
}

/// A lock whose holder panicked: the writer checks its files before each use, so its state is never half changed.
fn lock_of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lock(dir: &Path) -> Result<File, ArchiveError> {
    let path = dir.join(LOCK_FILE);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| ArchiveError::io(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(ArchiveError::Locked { dir: dir.to_owned() }),
        Err(std::fs::TryLockError::Error(error)) => Err(ArchiveError::io(&path, &error)),
    }
}

#[cfg(test)]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
mod tests;
