//! Reading and changing several keys as one: writes are gathered and seen by later reads, then applied as one batch.

use std::collections::BTreeMap;

use model::PolicyId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::engine::{Batch, KeyRange, Scan, Session, Table, readable};
use crate::error::{Result, StoreError};

/// Gathered changes over what a session reads.
pub(crate) struct Transaction<'a> {
    session: Session<'a>,
    batch: Batch,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(session: Session<'a>) -> Self {
        Self { session, batch: Batch::default() }
    }

    /// The bytes of a key, own writes included.
    pub(crate) fn bytes(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        // The map owns its keys, so looking up needs an owned one: short, and cheap beside the engine.
        match self.batch.writes.get(&(table, key.to_vec())) {
            Some(written) => Ok(written.clone()),
            None => self.session.get(table, key),
        }
    }

    /// The value of a key, own writes included.
    pub(crate) fn get<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>> {
        self.bytes(table, key)?.map(|bytes| from_json(table, key, &bytes)).transpose()
    }

    /// Like [`Transaction::get`]; the batch applies only if nobody else has changed the key by then.
    pub(crate) fn get_and_hold<T: DeserializeOwned>(&mut self, table: Table, key: &[u8]) -> Result<Option<T>> {
        if !self.batch.writes.contains_key(&(table, key.to_vec())) {
            let stored = self.session.hold(table, key)?;
            self.batch.expect(table, key.to_vec(), stored.clone());
            return stored.map(|bytes| from_json(table, key, &bytes)).transpose();
        }
        self.get(table, key)
    }

    /// Like [`Transaction::get_and_hold`], but where somebody else is changing the key, it is as if it were not there.
    pub(crate) fn claim<T: DeserializeOwned>(&mut self, table: Table, key: &[u8]) -> Result<Option<T>> {
        let stored = self.session.claim(table, key)?;
        let Some(bytes) = stored else { return Ok(None) };
        let value = from_json(table, key, &bytes)?;
        self.batch.expect(table, key.to_vec(), Some(bytes));
        Ok(Some(value))
    }

    pub(crate) fn put<T: Serialize>(&mut self, table: Table, key: Vec<u8>, value: &T) -> Result<()> {
        let bytes = to_json(table, &key, value)?;
        self.batch.put(table, key, bytes);
        Ok(())
    }

    /// A key that says all by being there.
    pub(crate) fn put_key(&mut self, table: Table, key: Vec<u8>) {
        self.batch.put(table, key, Vec::new());
    }

    pub(crate) fn put_bytes(&mut self, table: Table, key: Vec<u8>, bytes: Vec<u8>) {
        self.batch.put(table, key, bytes);
    }

    pub(crate) fn remove(&mut self, table: Table, key: Vec<u8>) {
        self.batch.writes.insert((table, key), None);
    }

    /// The stored keys of a range with their values, own writes not included.
    pub(crate) fn stored_range(&self, table: Table, range: &KeyRange) -> Result<Scan<'a>> {
        self.session.scan(table, range)
    }

    /// At most so many keys with this prefix, in order, own writes included.
    pub(crate) fn keys(&self, table: Table, prefix: &[u8], most: usize) -> Result<Vec<Vec<u8>>> {
        let mut found: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        let own = self
            .batch
            .writes
            .range((table, prefix.to_vec())..)
            .take_while(|((of, key), _)| *of == table && key.starts_with(prefix));
        for ((_, key), value) in own {
            found.insert(key.clone(), value.is_some());
        }
        let mut stored = 0;
        for entry in self.session.scan(table, &KeyRange::prefix(prefix))? {
            let (key, _) = entry?;
            stored += usize::from(*found.entry(key).or_insert(true));
            if stored >= most {
                break;
            }
        }
        Ok(found.into_iter().filter_map(|(key, present)| present.then_some(key)).take(most).collect())
    }

    /// Marks a policy as changed: it gets a new place in the sequence that search follows.
    pub(crate) fn changed(&mut self, policy: &PolicyId) {
        self.batch.changed.insert(policy.as_str().as_bytes().to_vec());
    }

    /// Adds to a named counter.
    pub(crate) fn count(&mut self, name: &str, by: i64) -> Result<()> {
        if by != 0 {
            let key = counter_key(name);
            let before: i64 = self.get_and_hold(Table::Meta, &key)?.unwrap_or(0);
            self.put(Table::Meta, key, &(before + by))?;
        }
        Ok(())
    }

    /// A number never given before under this name, from 1.
    pub(crate) fn next_number(&mut self, name: &str) -> Result<u64> {
        let key = format!("number/{name}").into_bytes();
        let next = self.get_and_hold::<u64>(Table::Meta, &key)?.unwrap_or(0) + 1;
        self.put(Table::Meta, key, &next)?;
        Ok(next)
    }

    /// Applies everything as one; `false` where a held key was changed by somebody else.
    pub(crate) fn apply(self) -> Result<bool> {
        if self.batch.writes.is_empty() && self.batch.changed.is_empty() {
            return Ok(true);
        }
        self.session.apply(&self.batch)
    }
}

/// The key of a counter in the table `meta`.
pub(crate) fn counter_key(name: &str) -> Vec<u8> {
    format!("count/{name}").into_bytes()
}

/// Reads a stored value.
pub(crate) fn from_json<T: DeserializeOwned>(table: Table, key: &[u8], bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::DamagedValue {
        table: table.name(),
        key: readable(key),
        detail: format!("it does not read as what it should be: {error}"),
    })
}

fn to_json<T: Serialize>(table: Table, key: &[u8], value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| StoreError::refused(table.name(), &readable(key), error.to_string()))
}

/// Refuses a value that could be written but never read again (a number that is none, a code no grammar knows).
pub(crate) fn check_reads_back<T: Serialize + DeserializeOwned>(what: &'static str, id: &str, value: &T) -> Result<()> {
    serde_json::to_vec(value)
        .and_then(|bytes| serde_json::from_slice::<T>(&bytes))
        .map(drop)
        .map_err(|error| StoreError::refused(what, id, format!("it could not be read again: {error}")))
}
