//! An archive shared through a bucket (S3 and what speaks like it): each machine keeps its own part on its disk and puts what
//! it adds into the bucket before it acknowledges it.
//!
//! A bucket cannot be appended to, so each addition is a pair of objects that never change: `MACHINE/FIRST.warc.gz` with the
//! records one behind the other, then `MACHINE/FIRST-COUNT.jsonl` with their index lines, which makes them count. `FIRST` is
//! the number of the first entry among all of its machine. What could not be put stays pending and goes with the next.

use std::future::Future;
use std::io::BufReader;
use std::os::unix::fs::FileExt;
use std::path::{Path as FilePath, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use flate2::read::GzDecoder;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};

use super::ArchiveError;
use super::index::{Entry, Index};
use super::recover::lines;
use crate::warc::{self, Record};

/// Bytes of records in one object; more are put in several.
const MOST_OBJECT_BYTES: u64 = 64 << 20;
/// An index object of ours is far smaller.
const MOST_INDEX_BYTES: u64 = 256 << 20;
/// How long a bucket that does not answer is asked again before the caller is told.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a bucket is and who asks: `s3://BUCKET/PREFIX?endpoint=URL&region=NAME`. Shown without its secret part.
#[derive(Clone)]
pub struct BucketPlace {
    url: url::Url,
    key_id: Option<String>,
    key: Option<String>,
}

impl FromStr for BucketPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected s3://BUCKET/PREFIX?endpoint=URL&region=NAME";
        let url = url::Url::parse(text).map_err(|error| format!("{error}; {expected}"))?;
        let is_known = |name: &str| matches!(name, "endpoint" | "region");
        if url.scheme() != "s3" || url.host_str().is_none_or(str::is_empty) || url.password().is_some() {
            return Err(format!("no bucket; {expected}"));
        }
        match url.query_pairs().find(|(name, _)| !is_known(name)) {
            Some((name, _)) => Err(format!("unknown setting `{name}`; {expected}")),
            None => Ok(Self { url, key_id: None, key: None }),
        }
    }
}

impl std::fmt::Display for BucketPlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.url.fmt(formatter)
    }
}

impl std::fmt::Debug for BucketPlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{self}`")
    }
}

impl BucketPlace {
    /// The same with the key it is asked with.
    #[must_use]
    pub fn with_key(self, key_id: Option<String>, key: Option<String>) -> Self {
        Self { key_id, key, ..self }
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(given, _)| given == name).map(|(_, value)| value.into_owned())
    }

    fn connect(&self) -> Result<impl ObjectStore + use<>, object_store::Error> {
        // The library takes the process's provider; a second installation is no failure.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = ClientOptions::new().with_connect_timeout(PATIENCE).with_timeout(4 * PATIENCE).with_allow_http(true);
        let retry = RetryConfig { max_retries: 4, retry_timeout: PATIENCE, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(self.url.host_str().unwrap_or_default())
            .with_region(self.setting("region").unwrap_or_else(|| "us-east-1".to_owned()))
            .with_client_options(client)
            .with_retry(retry);
        for (name, value) in [
            (AmazonS3ConfigKey::Endpoint, self.setting("endpoint")),
            (AmazonS3ConfigKey::AccessKeyId, self.key_id.clone()),
            (AmazonS3ConfigKey::SecretAccessKey, self.key.clone()),
        ] {
            if let Some(value) = value {
                builder = builder.with_config(name, value);
            }
        }
        builder.build()
    }
}

/// An open bucket.
pub(super) struct Bucket {
    store: Box<dyn ObjectStore>,
    /// Drives its connections; gone only while it is dropped.
    runtime: Option<tokio::runtime::Runtime>,
    prefix: Path,
    name: PathBuf,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.name.display())
    }
}

/// The index lines of one addition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    machine: String,
    first: u64,
    count: u64,
}

impl Segment {
    fn of(path: &Path) -> Option<Self> {
        let mut parts = path.as_ref().rsplit('/');
        let (first, count) = parts.next()?.strip_suffix(".jsonl")?.split_once('-')?;
        Some(Self { machine: parts.next()?.to_owned(), first: first.parse().ok()?, count: count.parse().ok()? })
    }

    fn lines(&self, prefix: &Path) -> Path {
        child(prefix, &self.machine, &format!("{:012}-{}.jsonl", self.first, self.count))
    }

    fn records(&self, prefix: &Path) -> Path {
        child(prefix, &self.machine, &format!("{:012}.warc.gz", self.first))
    }

    pub(super) const fn end(&self) -> u64 {
        self.first + self.count
    }
}

fn child(prefix: &Path, machine: &str, name: &str) -> Path {
    let parts = prefix.parts().map(|part| part.as_ref().to_owned()).chain([machine.to_owned(), name.to_owned()]);
    Path::from_iter(parts)
}

impl Bucket {
    pub(super) fn open(place: &BucketPlace) -> Result<Self, ArchiveError> {
        let name = PathBuf::from(place.to_string());
        let wrong = |reason: String| ArchiveError::Io { path: name.clone(), reason };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().thread_name("bucket").build();
        let runtime = runtime.map_err(|error| wrong(error.to_string()))?;
        let store = Box::new(place.connect().map_err(|error| wrong(error.to_string()))?);
        let prefix = Path::from_url_path(place.url.path()).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { store, runtime: Some(runtime), prefix, name })
    }

    /// Waits for the bucket on this thread, which may belong to another runtime.
    fn wait<T>(&self, future: impl Future<Output = object_store::Result<T>>) -> Result<T, ArchiveError> {
        let _inside = self.runtime.as_ref().map(tokio::runtime::Runtime::enter);
        pollster::block_on(future).map_err(|error| self.failed(&error.to_string()))
    }

    fn failed(&self, reason: &str) -> ArchiveError {
        ArchiveError::Io { path: self.name.clone(), reason: reason.to_owned() }
    }

    /// The machines that have put something here.
    pub(super) fn machines(&self) -> Result<Vec<String>, ArchiveError> {
        let listed = self.wait(self.store.list_with_delimiter(Some(&self.prefix)))?;
        Ok(listed.common_prefixes.iter().filter_map(|prefix| prefix.filename().map(str::to_owned)).collect())
    }

    /// What a machine has added behind an entry of its own, in order.
    pub(super) fn segments(&self, machine: &str, from: u64) -> Result<Vec<Segment>, ArchiveError> {
        let folder = child(&self.prefix, machine, "");
        // No name of an earlier addition sorts behind this one.
        let offset = child(&self.prefix, machine, &format!("{from:012}"));
        let listed: Vec<_> = self.wait(self.store.list_with_offset(Some(&folder), &offset).try_collect())?;
        let mut segments: Vec<Segment> = listed.iter().filter_map(|object| Segment::of(&object.location)).collect();
        segments.retain(|segment| segment.first >= from);
        segments.sort();
        Ok(segments)
    }

    /// The entries of an addition; their offsets count from the beginning of its records.
    pub(super) fn entries(&self, segment: &Segment) -> Result<Vec<Entry>, ArchiveError> {
        let path = segment.lines(&self.prefix);
        let text = self.wait(async {
            let got = self.store.get(&path).await?;
            if got.meta.size > MOST_INDEX_BYTES {
                return Ok(None);
            }
            got.bytes().await.map(Some)
        })?;
        let text = text.ok_or_else(|| self.failed(&format!("{path} is too large for an index of ours")))?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let entries: Result<Vec<Entry>, _> = lines.map(serde_json::from_slice).collect();
        entries.map_err(|error| self.failed(&format!("{path} is no index: {error}")))
    }

    /// Reads a record of an addition.
    pub(super) fn record(&self, segment: &Segment, entry: &Entry) -> Result<Record, ArchiveError> {
        let path = segment.records(&self.prefix);
        let damaged = |reason: &str| ArchiveError::Damaged {
            path: self.name.join(path.as_ref()),
            offset: entry.offset,
            reason: reason.to_owned(),
        };
        if entry.length > warc::MOST_RECORD_BYTES {
            return Err(damaged("it is longer than a record can be"));
        }
        let bytes = self.wait(self.store.get_range(&path, entry.offset..entry.end()))?;
        let record = warc::read_record(&mut BufReader::new(GzDecoder::new(bytes.as_ref())));
        record.map_err(|error| damaged(&error.to_string()))?.ok_or_else(|| damaged("it is empty"))
    }

    /// Puts entries and their records, which lie in a folder.
    fn put(&self, folder: &FilePath, machine: &str, first: u64, entries: &[Entry]) -> Result<(), ArchiveError> {
        let mut bytes = Vec::new();
        let mut moved = Vec::with_capacity(entries.len());
        for entry in entries {
            let path = folder.join(entry.file_name());
            let mut record = vec![0; usize::try_from(entry.length).unwrap_or_default()];
            let read = std::fs::File::open(&path).and_then(|file| file.read_exact_at(&mut record, entry.offset));
            read.map_err(|error| ArchiveError::io(&path, &error))?;
            moved.push(Entry { file: 0, offset: bytes.len() as u64, ..entry.clone() });
            bytes.append(&mut record);
        }
        let text = lines(&moved).map_err(|error| self.failed(&error.to_string()))?;
        let segment = Segment { machine: machine.to_owned(), first, count: entries.len() as u64 };
        self.wait(async {
            self.store.put(&segment.records(&self.prefix), PutPayload::from(bytes)).await?;
            self.store.put(&segment.lines(&self.prefix), PutPayload::from(text)).await
        })?;
        Ok(())
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Not waited for: this may be dropped within another runtime, which must not block.
            runtime.shutdown_background();
        }
    }
}

/// How far the own part of an archive has been put into a bucket.
#[derive(Debug)]
pub(super) struct Publisher {
    bucket: std::sync::Arc<Bucket>,
    machine: String,
    /// Own entries that are there.
    done: usize,
    /// The number the next one gets there.
    next: u64,
}

impl Publisher {
    /// Looks how far an earlier process came. Where the own part is shorter than what is there (its disk was lost), all of it
    /// is put behind that.
    pub(super) fn new(bucket: std::sync::Arc<Bucket>, machine: &str, own: usize) -> Result<Self, ArchiveError> {
        let next = bucket.segments(machine, 0)?.last().map_or(0, Segment::end);
        let done = usize::try_from(next).ok().filter(|there| *there <= own).unwrap_or(0);
        Ok(Self { bucket, machine: machine.to_owned(), done, next })
    }

    /// Puts what is not there yet.
    pub(super) fn publish(&mut self, folder: &FilePath, index: &std::sync::RwLock<Index>) -> Result<(), ArchiveError> {
        loop {
            let mut entries = Vec::new();
            {
                let index = index.read().unwrap_or_else(std::sync::PoisonError::into_inner);
                let mut bytes = 0;
                while let Some(entry) = index.entry(self.done + entries.len()) {
                    bytes += entry.length;
                    if !entries.is_empty() && bytes > MOST_OBJECT_BYTES {
                        break;
                    }
                    entries.push(entry.clone());
                }
            }
            if entries.is_empty() {
                return Ok(());
            }
            self.bucket.put(folder, &self.machine, self.next, &entries)?;
            self.done += entries.len();
            self.next += entries.len() as u64;
        }
    }
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
