//! How much there is of everything: counters kept with every change, and counting again to prove them.

use std::collections::BTreeMap;

use model::message::{Message, MessageState};
use model::policy::Policy;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::engine::{KeyRange, Table};
use crate::error::Result;
use crate::outbox::counter_of;
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
        let _view = self.engine.view();
        let mut messages = BTreeMap::new();
        for state in STATES {
            match self.counter(counter_of(state))? {
                0 => {}
                count => drop(messages.insert(state, count)),
            }
        }
        Ok(Counts {
            documents: self.counter("documents")?,
            policies: self.counter("policies")?,
            copies: self.counter("copies")?,
            revisions: self.counter("revisions")?,
            enterprises: self.counter("enterprises")?,
            messages,
            jobs: self.counter("jobs")?,
        })
    }

    pub(crate) fn counter(&self, name: &str) -> Result<u64> {
        let count: Option<i64> = Transaction::new(&self.engine).get(Table::Meta, &counter_key(name))?;
        Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
    }

    /// Reads every value, names the damaged ones and counts what is there: a lost key shows as a difference between
    /// `counters` and `counted`. Takes as long as reading the whole store; writers wait.
    ///
    /// # Errors
    /// Where the engine itself cannot be read.
    pub fn check(&self) -> Result<CheckReport> {
        let _writer = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut report = CheckReport { counters: self.counts()?, ..CheckReport::default() };
        for table in Table::ALL {
            for entry in self.engine.scan(*table, &KeyRange::all())? {
                report.values += 1;
                let counted = entry.and_then(|(key, value)| report.counted.add(*table, &key, &value));
                match counted {
                    Err(error) if report.damaged.len() < MOST_NAMED => report.damaged.push(error.to_string()),
                    _ => {}
                }
            }
        }
        Ok(report)
    }
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
