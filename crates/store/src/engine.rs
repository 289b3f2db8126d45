//! The engine contract: ordered tables of bytes, atomic batches with preconditions, one durability point, a change sequence.
//!
//! Everything above speaks in these few operations, so that another engine (redb, `PostgreSQL`) can stand in their place.
//! What an engine must do is written as tests in `engine/conformance.rs`; the only one today is sled, in `engine/sled.rs`.
//!
//! - `apply` is atomic: after a crash all of a batch is there or nothing of it. It is visible at once, durable after `settle`.
//! - `settle` returns when everything applied before it began is on the disk; many callers share one sync.
//! - Each subject a batch marks as changed moves to a new, higher number of one sequence without gaps for readers:
//!   a reader who has seen all up to `n` misses nothing by asking for what came after `n`.

use std::collections::{BTreeMap, BTreeSet};

mod blobs;
#[cfg(test)]
mod conformance;
mod folder;
mod sled;
mod value;

pub(crate) use self::folder::{sync_folder, write_durably};
pub(crate) use self::sled::Engine;

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $byte:literal, $text:literal;)+) => {
        /// The tables. The byte starts every physical key and the name stands in backups and errors: neither may change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum Table { $($(#[$doc])* $name),+ }

        impl Table {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name),+];

            pub(crate) const fn byte(self) -> u8 {
                match self { $(Self::$name => $byte),+ }
            }

            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

tables! {
    /// Counters, marks, heads.
    Meta = 1, "meta";
    /// Sequence number → subject.
    Changes = 2, "changes";
    /// Subject → its sequence number.
    Latest = 3, "latest";
    /// Document id → stored document.
    Documents = 10, "documents";
    /// Another id of a document → its own id.
    Aliases = 11, "aliases";
    /// Normal URL → document id.
    Urls = 12, "urls";
    /// Archived bytes of a file → what was read of them.
    FileTexts = 13, "file_texts";
    /// Policy id → policy.
    Policies = 20, "policies";
    /// Policy, revision → the document it was, once another text took its place.
    Revisions = 21, "revisions";
    /// Fingerprint, policy.
    Fingerprints = 22, "fingerprints";
    /// Number key, policy.
    Numbers = 23, "numbers";
    /// Title and issuer, policy.
    Titles = 24, "titles";
    /// Policy id → annotation.
    Annotations = 25, "annotations";
    /// Policy id → decision.
    Decisions = 26, "decisions";
    /// Enterprise id → enterprise.
    Enterprises = 30, "enterprises";
    /// Job key → job.
    Jobs = 40, "jobs";
    /// Moment it may be taken, job key.
    JobsDue = 41, "jobs_due";
    /// Message id → message.
    Messages = 50, "messages";
    /// Moment it is due, message id; queued messages only.
    MessagesDue = 51, "messages_due";
    /// Enterprise, newest first, message id; portal messages that were sent.
    Inbox = 52, "inbox";
    /// Policy, message id; queued messages only.
    MessagesOfPolicy = 53, "messages_of_policy";
    /// Normal URL → page state.
    Pages = 60, "pages";
    /// Source, newest first → run.
    Runs = 61, "runs";
    /// Job, moment due.
    Firings = 62, "firings";
    /// Source, hash of normal URL → what is still to be fetched.
    Owed = 63, "owed";
    /// Source, moment due, page key → page key.
    PagesDue = 64, "pages_due";
    /// `proposal/` id → proposal; `open/` source → id of its open one; `missed/` source → why there is none.
    Proposals = 65, "proposals";
    /// Source → health.
    Health = 66, "health";
    /// Alarm id → alarm.
    Alarms = 67, "alarms";
    /// Moment it is due, alarm id; queued alarms only.
    AlarmsDue = 68, "alarms_due";
    /// Number → audit entry.
    Audit = 70, "audit";
}

/// A half-open range of keys of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRange {
    pub(crate) from: Vec<u8>,
    /// `None`: to the end of the table.
    pub(crate) to: Option<Vec<u8>>,
}

impl KeyRange {
    pub(crate) const fn all() -> Self {
        Self { from: Vec::new(), to: None }
    }

    pub(crate) const fn between(from: Vec<u8>, to: Vec<u8>) -> Self {
        Self { from, to: Some(to) }
    }

    /// All keys that start with these bytes.
    pub(crate) fn prefix(prefix: &[u8]) -> Self {
        Self { from: prefix.to_vec(), to: after_prefix(prefix) }
    }
}

/// The first key after all that start with these bytes; `None` where no key can be.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=kept].to_vec();
    end[kept] += 1;
    Some(end)
}

/// Writes that happen together or not at all.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) writes: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    /// What must be true of the engine's state when the batch is applied.
    pub(crate) expected: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
    pub(crate) changed: BTreeSet<Vec<u8>>,
}

impl Batch {
    /// Writes a value in place of any older one.
    pub(crate) fn put(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) {
        self.writes.insert((table, key), Some(value));
    }

    /// Removes a key, present or not.
    #[cfg(test)]
    pub(crate) fn remove(&mut self, table: Table, key: Vec<u8>) {
        self.writes.insert((table, key), None);
    }

    /// Applies only if the key has exactly this value, or with `None` does not exist.
    pub(crate) fn expect(&mut self, table: Table, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.expected.insert((table, key), value);
    }

    /// Gives the subject a new number in the change sequence.
    #[cfg(test)]
    pub(crate) fn change(&mut self, subject: Vec<u8>) {
        self.changed.insert(subject);
    }
}

/// A key for people: text where it is text, hexadecimal where it is not.
pub(crate) fn readable(key: &[u8]) -> String {
    let shown: String = String::from_utf8_lossy(key)
        .chars()
        .map(|character| if character.is_control() || character == char::REPLACEMENT_CHARACTER { '·' } else { character })
        .collect();
    if shown.chars().filter(|character| *character == '·').count() * 2 > shown.chars().count() {
        return key.iter().map(|byte| format!("{byte:02x}")).collect();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_byte_and_a_name_of_its_own() {
        let bytes: BTreeSet<u8> = Table::ALL.iter().map(|table| table.byte()).collect();
        let names: BTreeSet<&str> = Table::ALL.iter().map(|table| table.name()).collect();
        assert_eq!((bytes.len(), names.len()), (Table::ALL.len(), Table::ALL.len()));
    }

    #[test]
    fn the_end_of_a_prefix_is_the_next_key_that_does_not_have_it() {
        assert_eq!(after_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(&[1, 255]), Some(vec![2]));
        assert_eq!(after_prefix(&[255, 255]), None);
        assert_eq!(after_prefix(b""), None);
    }

    #[test]
    fn keys_are_shown_as_text_where_they_are_text() {
        assert_eq!(readable("国办发".as_bytes()), "国办发");
        assert_eq!(readable(&[0, 0, 0, 1]), "00000001");
    }
}
