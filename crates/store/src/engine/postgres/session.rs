//! Reading and writing rows: on any connection, or on one that holds a transaction open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Object;
use futures_util::future::try_join_all;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{MOST_CONNECTS, Scan, Shared, sql};
use crate::engine::value::MOST_VALUE_BYTES;
use crate::engine::{Batch, KeyRange, Table, readable};
use crate::error::{Result, StoreError};

/// A longer text is no value that people query, and parsing it takes the server many times its size.
const MOST_JSON_BYTES: usize = 32 * 1024 * 1024;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Reads one moment.
    Read,
    /// Computes a change, alone among all machines.
    Write,
    /// Takes jobs, each row of them locked by itself.
    Claim,
}

impl Lane {
    fn begin(self) -> String {
        // One who hangs within a change would keep all others from theirs; the server ends him.
        let guard = "SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL lock_timeout = '120s'";
        match self {
            Self::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned(),
            Self::Write => {
                format!("BEGIN ISOLATION LEVEL READ COMMITTED; {guard}; SELECT pg_advisory_xact_lock({})", sql::WRITER_LOCK)
            }
            Self::Claim => format!("BEGIN ISOLATION LEVEL READ COMMITTED; {guard}"),
        }
    }
}

/// A place to read from.
#[derive(Clone)]
pub(crate) struct Session {
    shared: Arc<Shared>,
    held: Option<Arc<Held>>,
}

/// A connection with an open transaction.
struct Held {
    shared: Arc<Shared>,
    client: Object,
    lane: Lane,
    is_open: AtomicBool,
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_open.load(Ordering::Acquire) && self.shared.wait(self.client.batch_execute("ROLLBACK")).is_err() {
            // The pool sees that the connection is closed; the server has undone what was open on it.
            tracing::debug!("a transaction ended with its connection");
        }
    }
}

impl Session {
    pub(super) fn now(shared: &Arc<Shared>) -> Self {
        Self { shared: shared.clone(), held: None }
    }

    pub(super) fn begin(shared: &Arc<Shared>, lane: Lane) -> Result<Self> {
        let mut tries = 0;
        loop {
            let client = shared.connection()?;
            match shared.wait(client.batch_execute(&lane.begin())) {
                Ok(()) => {
                    let held = Held { shared: shared.clone(), client, lane, is_open: AtomicBool::new(true) };
                    return Ok(Self { shared: shared.clone(), held: Some(Arc::new(held)) });
                }
                Err(error) if is_gone(&client, &error) && tries < MOST_CONNECTS => tries += 1,
                Err(error) => {
                    // Whatever it has begun must not reach the next user of the connection.
                    drop(Object::take(client));
                    return Err(shared.failed(&error));
                }
            }
        }
    }

    /// Asks for rows; on a connection of its own unless a transaction is open.
    pub(super) fn query(&self, text: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        if let Some(held) = &self.held {
            return self.shared.wait(ask(&held.client, text, parameters)).map_err(|error| self.shared.failed(&error));
        }
        let mut tries = 0;
        loop {
            let client = self.shared.connection()?;
            match self.shared.wait(ask(&client, text, parameters)) {
                Err(error) if is_gone(&client, &error) && tries < MOST_CONNECTS => tries += 1,
                answer => return answer.map_err(|error| self.shared.failed(&error)),
            }
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.one(&sql::get(table), table, key)
    }

    /// The value of a key that this transaction is going to change: nobody else changes it meanwhile.
    pub(crate) fn hold(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.held.as_ref().map(|held| held.lane) {
            // Jobs are also changed by those who take them, who do not wait for the writer.
            Some(Lane::Claim) => self.one(&sql::get_and_lock(table), table, key),
            Some(Lane::Write) if table == Table::Jobs => self.one(&sql::get_and_lock(table), table, key),
            _ => self.get(table, key),
        }
    }

    /// The same, but a row that somebody else is changing is as if it were not there.
    pub(crate) fn claim(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.held.as_ref().map(|held| held.lane) {
            Some(Lane::Claim) => self.one(&sql::get_unlocked(table), table, key),
            _ => self.hold(table, key),
        }
    }

    pub(super) fn failed(&self, error: &tokio_postgres::Error) -> StoreError {
        self.shared.failed(error)
    }

    fn one(&self, text: &str, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let rows = self.query(text, &[&key])?;
        rows.first().map(|row| self.value(table, key, row, 0)).transpose()
    }

    /// The value in a row, whose columns begin at a place.
    pub(super) fn value(&self, table: Table, key: &[u8], row: &Row, column: usize) -> Result<Vec<u8>> {
        let read = if sql::is_json(table) {
            row.try_get::<_, Option<Vec<u8>>>(column + 1).and_then(|raw| match raw {
                Some(raw) => Ok(Some(raw)),
                None => row.try_get::<_, Option<String>>(column).map(|text| text.map(String::into_bytes)),
            })
        } else {
            row.try_get::<_, Option<Vec<u8>>>(column)
        };
        let damaged = |detail| StoreError::DamagedValue { table: table.name(), key: readable(key), detail };
        read.map_err(|error| damaged(error.to_string()))?.ok_or_else(|| damaged("it is empty".to_owned()))
    }

    /// The keys of a range with their values, in key order from both ends, read a page at a time.
    pub(crate) fn scan(&self, table: Table, range: &KeyRange) -> Result<Scan> {
        Ok(Scan::new(self.clone(), table, range))
    }

    /// Applies a batch as one and ends the session. `false` where an expectation did not hold.
    pub(crate) fn apply(self, batch: &Batch) -> Result<bool> {
        let shared = self.shared.clone();
        match self.apply_all(batch) {
            // Undone by the server; the caller computes the change again.
            Err(StoreError::Conflict) => Ok(false),
            Err(StoreError::Unreachable { server, detail }) => {
                let detail = format!("{detail}; it did not say that it kept the change");
                tracing::warn!(server = %shared.name.display(), detail, "a change was not acknowledged");
                Err(StoreError::Unreachable { server, detail })
            }
            answer => answer,
        }
    }

    fn apply_all(self, batch: &Batch) -> Result<bool> {
        let Some(held) = self.held.as_ref().filter(|held| held.lane != Lane::Read) else {
            return Err(StoreError::refused("batch", "", "it needs a session that may write"));
        };
        if !self.expectations_hold(batch)? {
            return Ok(false);
        }
        let mut tables: BTreeMap<Table, Rows> = BTreeMap::new();
        for ((table, key), value) in &batch.writes {
            tables.entry(*table).or_default().add(*table, key, value.as_deref())?;
        }
        self.number_changes(batch, &mut tables)?;
        let mut statements = Vec::new();
        for (table, rows) in &tables {
            if !rows.removed.is_empty() {
                statements.push((sql::remove(*table), vec![&rows.removed as &(dyn ToSql + Sync)]));
            }
            if !rows.keys.is_empty() {
                statements.push((sql::put(*table), rows.parameters(*table)));
            }
        }
        // Sent one behind the other without waiting for the answers between them.
        let all = try_join_all(statements.iter().map(|(text, parameters)| ask(&held.client, text, parameters)));
        self.shared.wait(all).map_err(|error| self.shared.failed(&error))?;
        self.shared.wait(held.client.batch_execute("COMMIT")).map_err(|error| self.shared.failed(&error))?;
        held.is_open.store(false, Ordering::Release);
        Ok(true)
    }

    fn expectations_hold(&self, batch: &Batch) -> Result<bool> {
        let mut tables: BTreeMap<Table, Rows> = BTreeMap::new();
        for ((table, key), value) in &batch.expected {
            tables.entry(*table).or_default().expect(*table, key, value.as_deref())?;
        }
        for (table, rows) in &tables {
            let counted = self.query(&sql::count_held(*table), &rows.parameters(*table))?;
            let held: i64 = counted.first().map_or(Ok(0), |row| row.try_get(0)).map_err(|error| self.shared.failed(&error))?;
            if usize::try_from(held).ok() != Some(rows.keys.len()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives the changed subjects the next places in the sequence. Nobody else numbers: the writer's lock is held.
    fn number_changes(&self, batch: &Batch, tables: &mut BTreeMap<Table, Rows>) -> Result<()> {
        if batch.changed.is_empty() {
            return Ok(());
        }
        let last = self.scan(Table::Changes, &KeyRange::all())?.step(true).transpose()?;
        let mut sequence = last.and_then(|(place, _)| place.try_into().ok()).map_or(0, u64::from_be_bytes);
        let subjects: Vec<&[u8]> = batch.changed.iter().map(Vec::as_slice).collect();
        let older = self.query("SELECT value FROM latest WHERE key = ANY($1)", &[&subjects])?;
        for row in older {
            let place: Vec<u8> = row.try_get(0).map_err(|error| self.shared.failed(&error))?;
            tables.entry(Table::Changes).or_default().add(Table::Changes, &place, None)?;
        }
        for subject in subjects {
            sequence += 1;
            let place = sequence.to_be_bytes();
            tables.entry(Table::Changes).or_default().add(Table::Changes, &place, Some(subject))?;
            tables.entry(Table::Latest).or_default().add(Table::Latest, subject, Some(&place))?;
        }
        Ok(())
    }
}

async fn ask(client: &Object, text: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = client.prepare_cached(text).await?;
    client.query(&statement, parameters).await
}

/// Whether the connection was dead before anything was asked on it.
fn is_gone(client: &Object, error: &tokio_postgres::Error) -> bool {
    let ended = error.code().is_some_and(|code| code.code().starts_with("57P"));
    client.is_closed() || error.is_closed() || ended
}

/// Rows for one table, as the columns of a statement.
#[derive(Default)]
struct Rows {
    removed: Vec<Vec<u8>>,
    keys: Vec<Vec<u8>>,
    /// Of tables of JSON.
    texts: Vec<Option<String>>,
    /// Of tables of bytes, and of what is no JSON for the server.
    bytes: Vec<Option<Vec<u8>>>,
}

impl Rows {
    fn add(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        match value {
            Some(_) => self.expect(table, key, value),
            None => {
                self.removed.push(key.to_vec());
                Ok(())
            }
        }
    }

    fn expect(&mut self, table: Table, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        if let Some(length) = value.map(<[u8]>::len).filter(|length| *length > MOST_VALUE_BYTES) {
            let reason = format!("{length} bytes, the most is {MOST_VALUE_BYTES}");
            return Err(StoreError::refused(table.name(), &readable(key), reason));
        }
        self.keys.push(key.to_vec());
        match value {
            Some(value) if sql::is_json(table) => {
                let (text, raw) = as_json(value);
                self.texts.push(text);
                self.bytes.push(raw);
            }
            value => {
                self.texts.push(None);
                self.bytes.push(value.map(<[u8]>::to_vec));
            }
        }
        Ok(())
    }

    fn parameters(&self, table: Table) -> Vec<&(dyn ToSql + Sync)> {
        if sql::is_json(table) { vec![&self.keys, &self.texts, &self.bytes] } else { vec![&self.keys, &self.bytes] }
    }
}

/// The columns of a value: as JSON where the server can hold it, as bytes where it cannot, both where only a NUL is in its
/// way; then the JSON is for people and the bytes are what counts.
fn as_json(value: &[u8]) -> (Option<String>, Option<Vec<u8>>) {
    const NUL: &str = "\\u0000";
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= MOST_JSON_BYTES);
    let text = text.filter(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    match text {
        None => (None, Some(value.to_vec())),
        Some(text) if text.contains(NUL) => (Some(text.replace(NUL, "\\ufffd")), Some(value.to_vec())),
        Some(text) => (Some(text.to_owned()), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_cannot_hold_as_json_is_kept_as_bytes() {
        let columns = |text: &str| {
            let (json, raw) = as_json(text.as_bytes());
            (json, raw.map(|raw| String::from_utf8(raw).unwrap()))
        };
        assert_eq!(columns("{\"a\":1}"), (Some("{\"a\":1}".to_owned()), None));
        assert_eq!(columns("no json"), (None, Some("no json".to_owned())));
        assert_eq!(columns("\"\\u0000x\""), (Some("\"\\ufffdx\"".to_owned()), Some("\"\\u0000x\"".to_owned())));
        assert_eq!(as_json(&[0xff]), (None, Some(vec![0xff])));
    }
}
