//! How much there is of everything: counters kept with every change, and counting again to prove them.

use std::collections::BTreeMap;

use model::message::{Message, MessageState};
use model::policy::Policy;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::engine::{KeyRange, Session, Table};
use crate::error::Result;
use crate::outbox::{counter_of, places};
use crate::transaction::{Transaction, counter_key, from_json};

/// How much the store holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Documents.
    pub documents: u64,
    /// Policies.
    pub policies: u64,
    /// Documents beyond the first of their policy.
    pub copies: u64,
    /// Texts beyond the first of their policy.
    pub revisions: u64,
    /// Enterprises.
    pub enterprises: u64,
    /// Messages by state; states without any are left out.
    pub messages: BTreeMap<MessageState, u64>,
    /// Jobs in the queue.
    pub jobs: u64,
}

/// What reading every value found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// What the counters say.
    pub counters: Counts,
    /// What is there.
    pub counted: Counts,
    /// Values read.
    pub values: u64,
    /// Every damaged value, named.
    pub damaged: Vec<String>,
}

impl CheckReport {
    /// Whether nothing is damaged or missing.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.counters == self.counted
    }
}

/// Damaged values named in a report; more only repeat the message.
const MOST_NAMED: usize = 1_000;

const STATES: [MessageState; 6] = [
    MessageState::Queued,
    MessageState::Sent,
    MessageState::Delivered,
    MessageState::Read,
    MessageState::Dead,
    MessageState::Cancelled,
];

impl Store {
    /// How much the store holds, from counters.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn counts(&self) -> Result<Counts> {
        let view = self.engine.view()?;
        counts(&view)
    }

    pub(crate) fn counter(&self, name: &str) -> Result<u64> {
        counter(&Transaction::new(self.engine.now()), name)
    }

    /// Reads every value, names the damaged ones and counts what is there: a lost key shows as a difference between
    /// `counters` and `counted`. Takes as long as reading the whole store; writers wait.
    ///
    /// # Errors
    /// Where the engine itself cannot be read.
    pub fn check(&self) -> Result<CheckReport> {
        let _writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let damaged = self.engine.verify()?;
        let snapshot = self.engine.snapshot()?;
        let mut report = CheckReport { counters: counts(&snapshot)?, damaged, ..CheckReport::default() };
        let mut indexes = Indexes::default();
        for table in Table::ALL {
            for entry in snapshot.scan(*table, &KeyRange::all())? {
                report.values += 1;
                let counted = entry.and_then(|(key, value)| {
                    indexes.add(*table, &key, &value)?;
                    report.counted.add(*table, &key, &value)
                });
                match counted {
                    Err(error) if report.damaged.len() < MOST_NAMED => report.damaged.push(error.to_string()),
                    _ => {}
                }
            }
        }
        report.damaged.extend(indexes.wrong());
        Ok(report)
    }
}

/// How many keys the indexes of messages and jobs have, and how many their rows ask for: a lost key is a message never sent
/// or a job never done.
#[derive(Default)]
struct Indexes {
    there: BTreeMap<Table, u64>,
    asked: BTreeMap<Table, u64>,
}

impl Indexes {
    const WATCHED: [Table; 4] = [Table::JobsDue, Table::MessagesDue, Table::Inbox, Table::MessagesOfPolicy];

    fn add(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        match table {
            Table::Jobs => *self.asked.entry(Table::JobsDue).or_default() += 1,
            Table::Messages => {
                let message: Message = from_json(table, key, value)?;
                places(&message).into_iter().for_each(|(index, _)| *self.asked.entry(index).or_default() += 1);
            }
            _ if Self::WATCHED.contains(&table) => *self.there.entry(table).or_default() += 1,
            _ => {}
        }
        Ok(())
    }

    fn wrong(&self) -> impl Iterator<Item = String> + '_ {
        let counts = |table| [&self.there, &self.asked].map(|of: &BTreeMap<Table, u64>| of.get(&table).copied().unwrap_or(0));
        let differing =
            Self::WATCHED.into_iter().map(move |table| (table, counts(table))).filter(|(_, [there, asked])| there != asked);
        differing.map(|(table, [there, asked])| format!("index {} has {there} keys, its rows ask for {asked}", table.name()))
    }
}

/// How much a session sees, from counters.
pub(crate) fn counts(session: &Session<'_>) -> Result<Counts> {
    let transaction = Transaction::new(session.clone());
    let mut messages = BTreeMap::new();
    for state in STATES {
        match counter(&transaction, counter_of(state))? {
            0 => {}
            count => drop(messages.insert(state, count)),
        }
    }
    Ok(Counts {
        documents: counter(&transaction, "documents")?,
        policies: counter(&transaction, "policies")?,
        copies: counter(&transaction, "copies")?,
        revisions: counter(&transaction, "revisions")?,
        enterprises: counter(&transaction, "enterprises")?,
        messages,
        jobs: counter(&transaction, "jobs")?,
    })
}

fn counter(transaction: &Transaction<'_>, name: &str) -> Result<u64> {
    let count: Option<i64> = transaction.get(Table::Meta, &counter_key(name))?;
    Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
}

impl Counts {
    fn add(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        match table {
            Table::Documents => self.documents += 1,
            Table::Enterprises => self.enterprises += 1,
            Table::Jobs => self.jobs += 1,
            Table::Policies => {
                let policy: Policy = from_json(table, key, value)?;
                self.policies += 1;
                self.copies += policy.copies.len().saturating_sub(1) as u64;
                self.revisions += policy.revisions.len().saturating_sub(1) as u64;
            }
            Table::Messages => {
                let message: Message = from_json(table, key, value)?;
                *self.messages.entry(message.state).or_default() += 1;
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use model::job::Job;

    use crate::engine::{Batch, KeyRange, Table};
    use crate::testing::{Home, at};

    #[test]
    fn a_lost_key_of_an_index_is_noticed() {
        let home = Home::new();
        for store in [home.open(), home.open_redb()] {
            store.enqueue(&[Job::Crawl { source: "a".into() }], at(1)).unwrap();
            assert!(store.check().unwrap().is_sound());
            let (key, _) = store.engine.scan(Table::JobsDue, &KeyRange::all()).unwrap().next().unwrap().unwrap();
            let mut batch = Batch::default();
            batch.remove(Table::JobsDue, key);
            assert!(store.engine.apply(&batch).unwrap());
            let check = store.check().unwrap();
            assert!(check.damaged.iter().any(|named| named.contains("jobs_due")), "{check:?}");
        }
    }
}
