//! The archive: every response for ever, in WARC/1.1 files with an index beside them.
//!
//! A response is acknowledged once its record, and then its index line, are on disk. Whatever a crash leaves behind is
//! put right on opening: a torn record is cut off, a record without index line is indexed. The index says nothing the
//! records do not say, so it can be deleted and is rebuilt.

mod index;
mod recover;
mod writer;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use model::SnapshotId;
use model::fingerprint::sha256_hex;

pub use index::Entry;

use crate::transport::{Response, key};
use crate::warc::{self, Place};
use index::Index;
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

/// The archive of one data folder. All methods may be called from several threads.
#[derive(Debug)]
pub struct Archive {
    dir: PathBuf,
    index: RwLock<Index>,
    pending: Mutex<Vec<Job>>,
    /// `None` when opened for reading only.
    writer: Option<Mutex<Writer>>,
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

    fn open_with(dir: &Path, most_file_bytes: u64) -> Result<Self, ArchiveError> {
        std::fs::create_dir_all(dir).map_err(|error| ArchiveError::io(dir, &error))?;
        let lock = lock(dir)?;
        let recovered = recover::recover(dir, recover::Mode::Repair)?;
        let writer = Writer::new(dir, &recovered, most_file_bytes)?;
        Ok(Self {
            dir: dir.to_owned(),
            index: RwLock::new(recovered.index),
            pending: Mutex::default(),
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
        Ok(Self { dir: dir.to_owned(), index, pending: Mutex::default(), writer: None, _lock: None })
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
        let Some(entry) = self.read_index().first_of(id).cloned() else { return Ok(None) };
        self.read(&entry).map(Some)
    }

    /// The response an index entry stands for.
    ///
    /// # Errors
    /// Its record is damaged or cannot be read.
    pub fn read(&self, entry: &Entry) -> Result<Snapshot, ArchiveError> {
        let mut snapshot = self.read_record(entry)?;
        if entry.revisit {
            let Some(first) = self.read_index().first_of(&entry.id).cloned() else {
                return Err(self.damaged(entry, "the body it refers to is missing"));
            };
            snapshot.body = self.read_record(&first)?.body;
        }
        if sha256_hex(&snapshot.body) != entry.id.as_str() {
            return Err(self.damaged(entry, "the body is not the one indexed"));
        }
        Ok(snapshot)
    }

    fn read_record(&self, entry: &Entry) -> Result<Snapshot, ArchiveError> {
        let path = self.dir.join(entry.file_name());
        let place = Place { offset: entry.offset, skip: 0, compressed: true };
        let record = match warc::read_at(&path, place) {
            Ok(Some(record)) => record,
            Ok(None) => return Err(self.damaged(entry, "the file ends before it")),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied) => {
                return Err(ArchiveError::io(&path, &error));
            }
            Err(error) => return Err(self.damaged(entry, &error.to_string())),
        };
        let message = record.http().map_err(|reason| self.damaged(entry, &reason))?;
        Ok(Snapshot {
            id: entry.id.clone(),
            url: entry.url.clone(),
            status: message.status,
            headers: message.headers,
            body: message.body,
            fetched_at: entry.fetched_at,
        })
    }

    fn damaged(&self, entry: &Entry, reason: &str) -> ArchiveError {
        ArchiveError::Damaged { path: self.dir.join(entry.file_name()), offset: entry.offset, reason: reason.to_owned() }
    }

    /// The newest entry of a URL that was got by GET, asked for or answering; `http` and `https` are the same.
    #[must_use]
    pub fn latest_of(&self, url: &str) -> Option<Entry> {
        self.read_index().latest_of(&key(url, None)).cloned()
    }

    /// All entries, oldest first. Entries added meanwhile are included.
    pub fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..).map_while(|at| self.read_index().entry(at).cloned())
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read_index().len()
    }

    /// Whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The files to back up, index first: a record copied later than its index line does no harm, the reverse would.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn files(&self) -> Result<Vec<PathBuf>, ArchiveError> {
        let index = Some(self.dir.join(INDEX_FILE)).filter(|path| path.exists());
        let data = recover::data_files(&self.dir)?.into_iter().map(|number| self.dir.join(index::file_name(number)));
        Ok(index.into_iter().chain(data).collect())
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
