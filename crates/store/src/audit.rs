//! The audit log: who did what to which thing, appended only, each entry chained to the one before by SHA-256.

use jiff::Timestamp;
use model::fingerprint::sha256_hex;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::engine::{KeyRange, Table};
use crate::error::{Result, StoreError};
use crate::transaction::{Transaction, from_json};

/// One entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// The account.
    pub who: String,
    /// What was done, e.g. `decide`.
    pub action: String,
    /// To what, e.g. `policy/0123456789abcdef`.
    pub thing: String,
    /// How it was; empty where there was nothing.
    #[serde(default)]
    pub before: String,
    /// How it is; empty where nothing is left.
    #[serde(default)]
    pub after: String,
}

/// What verifying the log found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditReport {
    /// Number of entries.
    pub entries: u64,
    /// The hash of the last one; noted elsewhere, it proves later that nothing before it was changed.
    pub head: String,
}

/// An entry as it lies in the table. The text is kept as it was hashed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Link {
    entry: String,
    hash: String,
}

const HEAD: &[u8] = b"audit/head";

fn hash_of(number: u64, previous: &str, entry: &str) -> String {
    sha256_hex(format!("{number}\n{previous}\n{entry}").as_bytes())
}

/// Appends an entry together with the change it tells of.
pub(crate) fn append(transaction: &mut Transaction<'_>, entry: &AuditEntry) -> Result<()> {
    let text =
        serde_json::to_string(entry).map_err(|error| StoreError::refused("audit entry", &entry.thing, error.to_string()))?;
    let head: AuditReport = transaction.get_and_hold(Table::Meta, HEAD)?.unwrap_or_default();
    let number = head.entries + 1;
    let hash = hash_of(number, &head.head, &text);
    transaction.put(Table::Audit, number.to_be_bytes().to_vec(), &Link { entry: text, hash: hash.clone() })?;
    transaction.put(Table::Meta, HEAD.to_vec(), &AuditReport { entries: number, head: hash })
}

impl Store {
    /// Appends an entry; it is durable when the call returns.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn audit(&self, entry: &AuditEntry) -> Result<()> {
        self.write(|transaction| append(transaction, entry))
    }

    /// At most so many entries, newest first.
    ///
    /// # Errors
    /// Where the engine cannot be read or an entry is damaged.
    pub fn audit_log(&self, most: usize) -> Result<Vec<AuditEntry>> {
        let links = self.engine.scan(Table::Audit, &KeyRange::all())?.rev().take(most);
        links
            .map(|link| {
                let (key, value) = link?;
                let link: Link = from_json(Table::Audit, &key, &value)?;
                from_json(Table::Audit, &key, link.entry.as_bytes())
            })
            .collect()
    }

    /// Computes the chain of hashes again from the first entry.
    ///
    /// # Errors
    /// [`StoreError::AuditBroken`] names the first entry that was changed, removed or added by anything else than this store.
    pub fn verify_audit(&self) -> Result<AuditReport> {
        let view = self.engine.view()?;
        let mut report = AuditReport::default();
        for link in view.scan(Table::Audit, &KeyRange::all())? {
            let broken = |detail: String| StoreError::AuditBroken { entry: report.entries + 1, detail };
            let (key, value) = link.map_err(|error| broken(error.to_string()))?;
            let link: Link = from_json(Table::Audit, &key, &value).map_err(|error| broken(error.to_string()))?;
            let number = report.entries + 1;
            if key != number.to_be_bytes() {
                return Err(broken("it is missing".to_owned()));
            }
            if hash_of(number, &report.head, &link.entry) != link.hash {
                return Err(broken("its hash does not follow from its text and the entry before".to_owned()));
            }
            report = AuditReport { entries: number, head: link.hash };
        }
        let head: AuditReport = Transaction::new(view.clone()).get(Table::Meta, HEAD)?.unwrap_or_default();
        if head != report {
            let detail = format!("the log ends here, but {} entries were written", head.entries);
            return Err(StoreError::AuditBroken { entry: report.entries + 1, detail });
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Batch;
    use crate::testing::{Home, at};

    fn filled(home: &Home) -> Store {
        let store = home.open();
        for number in 1..=3 {
            let entry = AuditEntry {
                at: at(number),
                who: "editor".to_owned(),
                thing: format!("policy/{number}"),
                ..AuditEntry::default()
            };
            store.audit(&entry).unwrap();
        }
        store
    }

    #[test]
    fn entries_come_back_newest_first_and_the_chain_holds() {
        let home = Home::new();
        let store = filled(&home);
        let things: Vec<String> = store.audit_log(2).unwrap().into_iter().map(|entry| entry.thing).collect();
        assert_eq!(things, ["policy/3", "policy/2"]);
        let before = store.verify_audit().unwrap();
        assert_eq!(before.entries, 3);
        drop(store);
        let store = home.open();
        store.audit(&AuditEntry::default()).unwrap();
        let after = store.verify_audit().unwrap();
        assert_eq!(after.entries, 4);
        assert_ne!(after.head, before.head);
    }

    #[test]
    fn changing_or_removing_an_entry_breaks_the_chain_where_it_was() {
        let tamper = |number: u64, value: Option<&str>| {
            let home = Home::new();
            let store = filled(&home);
            let key = number.to_be_bytes().to_vec();
            let mut batch = Batch::default();
            match value {
                Some(who) => {
                    let stored = store.engine.get(Table::Audit, &key).unwrap().unwrap();
                    let text = String::from_utf8(stored).unwrap().replace("editor", who);
                    batch.put(Table::Audit, key, text.into_bytes());
                }
                None => batch.remove(Table::Audit, key),
            }
            assert!(store.engine.apply(&batch).unwrap());
            match store.verify_audit() {
                Err(StoreError::AuditBroken { entry, .. }) => entry,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(tamper(2, Some("nobody")), 2);
        assert_eq!(tamper(1, None), 1);
        assert_eq!(tamper(3, None), 3, "also the last entry cannot be cut off");
    }
}
