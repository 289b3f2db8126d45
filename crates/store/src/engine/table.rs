//! The tables: their numbers and names, what their values are, and which of them are indexes of which.

/// What lies in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// JSON, which an engine may store as such; it may then come back in another order of keys.
    Json,
    /// Bytes, given back as they are.
    Bytes,
    /// Keys by which rows of another table are found. Written in the same batch as the row, so it says nothing of its own.
    IndexOf(Table),
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $byte:literal, $text:literal, $kind:expr;)+) => {
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

            pub(crate) const fn kind(self) -> Kind {
                match self { $(Self::$name => $kind),+ }
            }
        }
    };
}

tables! {
    /// Counters, marks, heads.
    Meta = 1, "meta", Kind::Json;
    /// Sequence number → subject.
    Changes = 2, "changes", Kind::Bytes;
    /// Subject → its sequence number.
    Latest = 3, "latest", Kind::Bytes;
    /// Document id → stored document.
    Documents = 10, "documents", Kind::Json;
    /// Another id of a document → its own id.
    Aliases = 11, "aliases", Kind::Bytes;
    /// Normal URL → document id.
    Urls = 12, "urls", Kind::Bytes;
    /// Archived bytes of a file → what was read of them.
    FileTexts = 13, "file_texts", Kind::Json;
    /// Policy id → policy.
    Policies = 20, "policies", Kind::Json;
    /// Policy, revision → the document it was, once another text took its place.
    Revisions = 21, "revisions", Kind::Json;
    /// Fingerprint, policy.
    Fingerprints = 22, "fingerprints", Kind::IndexOf(Self::Policies);
    /// Number key, policy.
    Numbers = 23, "numbers", Kind::IndexOf(Self::Policies);
    /// Title and issuer, policy.
    Titles = 24, "titles", Kind::IndexOf(Self::Policies);
    /// Place and key of a band of a sketch, policy.
    Bands = 31, "bands", Kind::IndexOf(Self::Policies);
    /// Id of a policy that was merged → the policy it was merged into.
    Merged = 32, "merged", Kind::Bytes;
    /// Policy id → annotation.
    Annotations = 25, "annotations", Kind::Json;
    /// Policy id → decision.
    Decisions = 26, "decisions", Kind::Json;
    /// Name (number or title), policy that can be meant by it.
    Names = 27, "names", Kind::IndexOf(Self::Policies);
    /// Policy, group → what its text says of other policies.
    Links = 28, "links", Kind::Json;
    /// Name of the other end, policy, group.
    LinkTargets = 29, "link_targets", Kind::IndexOf(Self::Links);
    /// Enterprise id → enterprise.
    Enterprises = 30, "enterprises", Kind::Json;
    /// Job key → job.
    Jobs = 40, "jobs", Kind::Json;
    /// Moment it may be taken, job key.
    JobsDue = 41, "jobs_due", Kind::IndexOf(Self::Jobs);
    /// Message id → message.
    Messages = 50, "messages", Kind::Json;
    /// Moment it is due, message id; queued messages only.
    MessagesDue = 51, "messages_due", Kind::IndexOf(Self::Messages);
    /// Enterprise, newest first, message id; portal messages that were sent.
    Inbox = 52, "inbox", Kind::IndexOf(Self::Messages);
    /// Policy, message id; queued messages only.
    MessagesOfPolicy = 53, "messages_of_policy", Kind::IndexOf(Self::Messages);
    /// Normal URL → page state.
    Pages = 60, "pages", Kind::Json;
    /// Source, newest first → run.
    Runs = 61, "runs", Kind::Json;
    /// Job, moment due.
    Firings = 62, "firings", Kind::Json;
    /// Source, hash of normal URL → what is still to be fetched.
    Owed = 63, "owed", Kind::Json;
    /// Source, moment due, page key → page key.
    PagesDue = 64, "pages_due", Kind::IndexOf(Self::Pages);
    /// `proposal/` id → proposal; `open/` source → id of its open one; `missed/` source → why there is none.
    Proposals = 65, "proposals", Kind::Json;
    /// Source → health.
    Health = 66, "health", Kind::Json;
    /// Alarm id → alarm.
    Alarms = 67, "alarms", Kind::Json;
    /// Moment it is due, alarm id; queued alarms only.
    AlarmsDue = 68, "alarms_due", Kind::IndexOf(Self::Alarms);
    /// Number → audit entry.
    Audit = 70, "audit", Kind::Json;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_has_a_byte_and_a_name_of_its_own() {
        let bytes: BTreeSet<u8> = Table::ALL.iter().map(|table| table.byte()).collect();
        let names: BTreeSet<&str> = Table::ALL.iter().map(|table| table.name()).collect();
        assert_eq!((bytes.len(), names.len()), (Table::ALL.len(), Table::ALL.len()));
    }

    #[test]
    fn an_index_is_of_a_table_with_rows() {
        for table in Table::ALL {
            if let Kind::IndexOf(rows) = table.kind() {
                assert_eq!(rows.kind(), Kind::Json, "{}", table.name());
            }
        }
    }
}
