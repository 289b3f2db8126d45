//! Appending: records first, then their index lines, each made durable before the next step; a failed step is undone.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use model::SnapshotId;
use model::fingerprint::sha256_hex;

use super::bucket::Publisher;
use super::index::{Entry, Index, file_name};
use super::recover::{Recovered, lines, sync_dir};
use super::{ArchiveError, INDEX_FILE};
use crate::transport::{Post, Response};
use crate::warc::{self, Content, MOST_RECORD_BYTES, self_consistent};

/// A response ready to be written; compressing needs no lock.
pub(super) struct Prepared {
    id: SnapshotId,
    url: String,
    requested: Option<String>,
    post: Option<Post>,
    post_digest: Option<String>,
    status: u16,
    headers: Vec<(String, String)>,
    at: Timestamp,
    body_length: u64,
    /// `None` when the body was stored already.
    member: Option<Vec<u8>>,
}

impl Prepared {
    fn content(&self) -> Content<'_> {
        Content {
            url: &self.url,
            requested: self.requested.as_deref(),
            post: self.post.as_ref().zip(self.post_digest.as_deref()),
            status: self.status,
            headers: &self.headers,
            at: self.at,
            digest: self.id.as_str(),
        }
    }

    fn entry(&self, file: u32, offset: u64, length: u64, revisit: bool) -> Entry {
        Entry {
            id: self.id.clone(),
            url: self.url.clone(),
            requested: self.requested.clone(),
            post: self.post_digest.clone(),
            status: self.status,
            fetched_at: self.at,
            file,
            offset,
            length,
            revisit,
            part: None,
        }
    }
}

/// Digests and compresses a response.
pub(super) fn prepare(response: &Response, is_stored: impl Fn(&SnapshotId) -> bool) -> Result<Prepared, ArchiveError> {
    let bytes = response.body.len() as u64;
    if bytes > MOST_RECORD_BYTES / 2 {
        return Err(ArchiveError::TooLarge { url: response.url.to_string(), bytes });
    }
    let mut prepared = Prepared {
        id: SnapshotId(sha256_hex(&response.body)),
        url: response.url.to_string(),
        requested: (response.requested != response.url).then(|| response.requested.to_string()),
        post: response.post.clone(),
        post_digest: response.post.as_ref().map(Post::digest),
        status: response.status,
        headers: self_consistent(response.headers.clone()),
        at: response.fetched_at,
        body_length: bytes,
        member: None,
    };
    if !is_stored(&prepared.id) {
        let member = warc::response_member(&prepared.content(), &response.body);
        prepared.member = Some(member.map_err(|error| ArchiveError::io(Path::new("memory"), &error))?);
    }
    Ok(prepared)
}

type Answer = Result<Vec<SnapshotId>, ArchiveError>;

/// What one call asks to be stored.
#[derive(Debug)]
pub(super) struct Job {
    prepared: Vec<Prepared>,
    answer: SyncSender<Answer>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Prepared").field("id", &self.id).field("url", &self.url).finish_non_exhaustive()
    }
}

impl Job {
    /// A job and the place where its answer arrives.
    pub(super) fn new(prepared: Vec<Prepared>) -> (Self, Receiver<Answer>) {
        let (answer, receiver) = sync_channel(1);
        (Self { prepared, answer }, receiver)
    }

    fn reply(self, answer: Answer) {
        // A caller that is gone needs no answer; what it stored stays stored.
        if self.answer.send(answer).is_err() {
            tracing::debug!("nobody waits for a stored response");
        }
    }
}

/// The end of the archive, where records are appended.
#[derive(Debug)]
pub(super) struct Writer {
    dir: PathBuf,
    most_file_bytes: u64,
    data: Option<Tail>,
    number: u32,
    index: Tail,
    publisher: Option<Publisher>,
}

/// A file that grows, and how much of it counts.
#[derive(Debug)]
struct Tail {
    path: PathBuf,
    file: File,
    good_bytes: u64,
}

impl Tail {
    fn open(path: PathBuf, good_bytes: u64) -> Result<Self, ArchiveError> {
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| ArchiveError::io(&path, &error))?;
        Ok(Self { path, file, good_bytes })
    }

    /// Appends durably, or leaves nothing behind.
    fn append(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        let outcome = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        match outcome {
            Ok(()) => {
                self.good_bytes += bytes.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.cut_back();
                Err(ArchiveError::io(&self.path, &error))
            }
        }
    }

    /// Removes what a failed step left behind its good part.
    fn cut_back(&mut self) {
        if let Err(error) = self.file.set_len(self.good_bytes) {
            tracing::warn!(path = %self.path.display(), %error, "cannot cut off a failed write; it is cut off on next use");
        }
    }

    /// Makes sure the file ends where it counts, also after a failed attempt to cut it.
    fn check_end(&self) -> Result<(), ArchiveError> {
        let check = || -> io::Result<()> {
            if self.file.metadata()?.len() != self.good_bytes {
                self.file.set_len(self.good_bytes)?;
            }
            Ok(())
        };
        check().map_err(|error| ArchiveError::io(&self.path, &error))
    }
}

/// Records and entries collected for one write.
#[derive(Default)]
struct Staged {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    ids: HashMap<SnapshotId, usize>,
    keys: HashMap<String, usize>,
}

impl Writer {
    /// Stands at the end of a recovered archive.
    pub(super) fn new(dir: &Path, recovered: &Recovered, most_file_bytes: u64) -> Result<Self, ArchiveError> {
        let index = Tail::open(dir.join(INDEX_FILE), recovered.index_bytes)?;
        sync_dir(dir).map_err(|error| ArchiveError::io(dir, &error))?;
        let data = match recovered.tail_bytes {
            Some(bytes) => Some(Tail::open(dir.join(file_name(recovered.last_number)), bytes)?),
            None => None,
        };
        Ok(Self { dir: dir.to_owned(), most_file_bytes, data, number: recovered.last_number, index, publisher: None })
    }

    /// From now on nothing is acknowledged before it is in a bucket too.
    pub(super) fn publish_with(&mut self, publisher: Publisher) {
        self.publisher = Some(publisher);
    }

    /// Stores the jobs of all who wait, and answers each.
    pub(super) fn commit(&mut self, jobs: Vec<Job>, index: &RwLock<Index>) {
        match self.store(&jobs, index) {
            Ok(()) => {
                for job in jobs {
                    let ids = job.prepared.iter().map(|prepared| prepared.id.clone()).collect();
                    job.reply(Ok(ids));
                }
            }
            Err(error) => jobs.into_iter().for_each(|job| job.reply(Err(error.clone()))),
        }
    }

    fn store(&mut self, jobs: &[Job], index: &RwLock<Index>) -> Result<(), ArchiveError> {
        let all: Vec<&Prepared> = jobs.iter().flat_map(|job| &job.prepared).collect();
        let Some(first) = all.first() else { return Ok(()) };
        self.index.check_end()?;
        let mut base = self.ready_file(first.at)?;
        let mut staged = Staged::default();
        for prepared in all {
            if base + staged.bytes.len() as u64 >= self.most_file_bytes && !staged.bytes.is_empty() {
                self.flush(std::mem::take(&mut staged), index)?;
                base = self.ready_file(prepared.at)?;
            }
            self.stage(prepared, &mut staged, base, &index.read().unwrap_or_else(PoisonError::into_inner))?;
        }
        self.flush(staged, index)?;
        match &mut self.publisher {
            Some(publisher) => publisher.publish(&self.dir, index),
            None => Ok(()),
        }
    }

    /// Adds one response to the write, unless it is stored already.
    fn stage(&self, prepared: &Prepared, staged: &mut Staged, base: u64, index: &Index) -> Result<(), ArchiveError> {
        let probe = prepared.entry(self.number, 0, 0, false);
        let is_latest = |key: &String| {
            let latest = staged.keys.get(key).and_then(|&at| staged.entries.get(at)).or_else(|| index.latest_of(key));
            latest.is_some_and(|entry| entry.id == prepared.id)
        };
        if probe.keys().all(|key| is_latest(&key)) {
            return Ok(());
        }
        let staged_first = staged.ids.get(&prepared.id).and_then(|&at| staged.entries.get(at));
        let first = index.first_of(&prepared.id).or(staged_first).map(|entry| (entry.url.clone(), entry.fetched_at));
        let fail = |error: io::Error| ArchiveError::io(&self.dir, &error);
        let member = match (&first, &prepared.member) {
            (None, Some(member)) => member.clone(),
            (Some((url, at)), _) => warc::revisit_member(&prepared.content(), prepared.body_length, (url, *at)).map_err(fail)?,
            (None, None) => return Err(fail(io::Error::other("a body known before is known no more"))),
        };
        let offset = base + staged.bytes.len() as u64;
        staged.bytes.extend_from_slice(&member);
        let entry = prepared.entry(self.number, offset, member.len() as u64, first.is_some());
        let at = staged.entries.len();
        staged.ids.entry(entry.id.clone()).or_insert(at);
        staged.keys.extend(entry.keys().map(|key| (key, at)));
        staged.entries.push(entry);
        Ok(())
    }

    /// Writes what is staged: records, then index lines, then memory.
    fn flush(&mut self, staged: Staged, index: &RwLock<Index>) -> Result<(), ArchiveError> {
        if staged.entries.is_empty() {
            return Ok(());
        }
        let text = lines(&staged.entries).map_err(|error| ArchiveError::io(&self.index.path, &error))?;
        let Some(data) = &mut self.data else { return Ok(()) };
        let before = data.good_bytes;
        data.append(&staged.bytes)?;
        if let Err(error) = self.index.append(&text) {
            data.good_bytes = before;
            data.cut_back();
            return Err(error);
        }
        let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
        staged.entries.into_iter().for_each(|entry| index.push(entry));
        Ok(())
    }

    /// The length of a data file with room, opening the next one where the current is full.
    fn ready_file(&mut self, at: Timestamp) -> Result<u64, ArchiveError> {
        if let Some(data) = &self.data
            && data.good_bytes < self.most_file_bytes
        {
            data.check_end()?;
            if data.good_bytes > 0 {
                return Ok(data.good_bytes);
            }
        } else {
            let number = self.number + 1;
            self.data = Some(Tail::open(self.dir.join(file_name(number)), 0)?);
            self.number = number;
            sync_dir(&self.dir).map_err(|error| ArchiveError::io(&self.dir, &error))?;
        }
        let Some(data) = &mut self.data else { return Ok(0) };
        let opening = warc::warcinfo_member(&file_name(self.number), at).map_err(|error| ArchiveError::io(&data.path, &error))?;
        data.append(&opening)?;
        Ok(data.good_bytes)
    }
}
