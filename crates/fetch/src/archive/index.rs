//! The index: where each record is, one JSON object a line, in the order the records were stored.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use model::SnapshotId;
use serde::{Deserialize, Serialize};

use crate::transport::key;

/// One record of the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The SHA-256 of the body.
    pub id: SnapshotId,
    /// The URL that answered.
    pub url: String,
    /// The URL asked for, where a redirect led elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested: Option<String>,
    /// Digest of what was sent by POST ([`crate::Post::digest`]); nothing for a GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// The HTTP status.
    pub status: u16,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Number of the data file.
    pub file: u32,
    /// Where its gzip member starts.
    pub offset: u64,
    /// Length of the member.
    pub length: u64,
    /// Whether the body is in an earlier record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revisit: bool,
    /// The part of a shared archive it lies in; nothing for the own one.
    #[serde(skip)]
    pub part: Option<Arc<str>>,
}

impl Entry {
    /// Name of the data file, relative to the archive's folder.
    #[must_use]
    pub fn file_name(&self) -> String {
        file_name(self.file)
    }

    /// Where the record ends.
    pub(super) const fn end(&self) -> u64 {
        self.offset.saturating_add(self.length)
    }

    /// The keys under which it is the newest.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        let post = self.post.as_deref();
        [Some(self.url.as_str()), self.requested.as_deref()].into_iter().flatten().map(move |url| key(url, post))
    }
}

/// Name of a data file.
pub(super) fn file_name(number: u32) -> String {
    format!("huice-{number:05}.warc.gz")
}

/// The number in a data file's name.
pub(super) fn file_number(name: &str) -> Option<u32> {
    name.strip_prefix("huice-")?.strip_suffix(".warc.gz")?.parse().ok()
}

/// All entries with their two look-ups.
#[derive(Debug, Default)]
pub(super) struct Index {
    entries: Vec<Entry>,
    first_by_id: HashMap<SnapshotId, usize>,
    last_by_key: HashMap<String, usize>,
}

impl Index {
    pub(super) fn push(&mut self, entry: Entry) {
        let at = self.entries.len();
        if !entry.revisit {
            self.first_by_id.entry(entry.id.clone()).or_insert(at);
        }
        for key in entry.keys() {
            self.last_by_key.insert(key, at);
        }
        self.entries.push(entry);
    }

    /// The record that holds this body.
    pub(super) fn first_of(&self, id: &SnapshotId) -> Option<&Entry> {
        self.entries.get(*self.first_by_id.get(id)?)
    }

    /// The newest record under one of [`Entry::keys`].
    pub(super) fn latest_of(&self, key: &str) -> Option<&Entry> {
        self.entries.get(*self.last_by_key.get(key)?)
    }

    pub(super) fn entry(&self, at: usize) -> Option<&Entry> {
        self.entries.get(at)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}
