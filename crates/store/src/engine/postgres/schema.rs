//! Making the tables, and refusing a database that is none of ours.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Shared, sql};
use crate::engine::Table;
use crate::error::{Result, StoreError};

/// The layout of the tables this program makes.
const FORMAT: i32 = 1;
const WHOLE: &str = "whole";
const RESTORING: &str = "restoring";

/// What a database is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Use,
    /// It must be empty, and is not whole until [`restored`].
    Restore,
}

/// Makes the tables that are missing, as one, and gives the server's version.
pub(super) fn prepare(shared: &Arc<Shared>, purpose: &Purpose) -> Result<u32> {
    let client = shared.connection()?;
    let answer = shared.wait(async {
        let lock = format!("BEGIN; SELECT pg_advisory_xact_lock({})", sql::SCHEMA_LOCK);
        client.batch_execute(&lock).await.map_err(|error| shared.failed(&error))?;
        let version = create_missing(shared, &client, purpose).await?;
        client.batch_execute("COMMIT").await.map_err(|error| shared.failed(&error))?;
        Ok(version)
    });
    if answer.is_err() {
        // With the connection ends what was begun on it.
        drop(deadpool_postgres::Object::take(client));
    }
    answer
}

async fn create_missing(shared: &Shared, client: &deadpool_postgres::Object, purpose: &Purpose) -> Result<u32> {
    let failed = |error: tokio_postgres::Error| shared.failed(&error);
    let settings = "SELECT current_setting('server_version_num'), current_setting('fsync'), current_setting('server_encoding')";
    let row = client.query_one(settings, &[]).await.map_err(failed)?;
    let version: String = row.try_get(0).map_err(failed)?;
    if row.try_get::<_, String>(1).map_err(failed)? == "off" {
        tracing::warn!(server = %shared.name.display(), "the server runs with fsync = off: a power cut loses what was acknowledged");
    }
    let encoding: String = row.try_get(2).map_err(failed)?;
    if encoding != "UTF8" {
        let reason = format!("the database has encoding {encoding}, which cannot hold every text; make one with encoding UTF8");
        return Err(StoreError::Url { url: shared.name.display().to_string(), reason });
    }
    let named = "SELECT relname::text FROM pg_class WHERE pg_table_is_visible(oid) AND relkind IN ('r', 'p')";
    let rows = client.query(named, &[]).await.map_err(failed)?;
    let there: BTreeSet<String> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
    if there.contains(sql::FORMAT_TABLE) {
        check_format(shared, client, purpose).await?;
    } else {
        if let Some(table) = Table::ALL.iter().find(|table| there.contains(table.name())) {
            let reason = format!("it has a table `{}` that is none of ours; give the store a database of its own", table.name());
            return Err(StoreError::Url { url: shared.name.display().to_string(), reason });
        }
        let state = if *purpose == Purpose::Restore { RESTORING } else { WHOLE };
        let name = sql::FORMAT_TABLE;
        let made = format!(
            "CREATE TABLE {name} (version integer NOT NULL, state text NOT NULL); INSERT INTO {name} VALUES ({FORMAT}, '{state}')"
        );
        client.batch_execute(&made).await.map_err(failed)?;
    }
    for table in Table::ALL.iter().filter(|table| !there.contains(table.name())) {
        client.batch_execute(&sql::create(*table)).await.map_err(failed)?;
    }
    Ok(version.parse().unwrap_or(0))
}

async fn check_format(shared: &Shared, client: &deadpool_postgres::Object, purpose: &Purpose) -> Result<()> {
    let text = format!("SELECT version, state FROM {}", sql::FORMAT_TABLE);
    let row = client.query_one(&text, &[]).await.map_err(|error| shared.failed(&error))?;
    let version: i32 = row.try_get(0).map_err(|error| shared.failed(&error))?;
    let state: String = row.try_get(1).map_err(|error| shared.failed(&error))?;
    let damaged = |detail: &str| StoreError::Damaged { folder: shared.name.clone(), detail: detail.to_owned() };
    match (version, state.as_str(), purpose) {
        (version, ..) if version > FORMAT => Err(StoreError::Newer {
            folder: shared.name.clone(),
            found: version.try_into().unwrap_or(u32::MAX),
            known: FORMAT.unsigned_abs(),
        }),
        (_, WHOLE, Purpose::Use) => Ok(()),
        (_, WHOLE, Purpose::Restore) => Err(StoreError::Url {
            url: shared.name.display().to_string(),
            reason: "it holds a store already, and a restore needs an empty database".to_owned(),
        }),
        _ => Err(damaged("a restore into it was broken off; make a new database and restore again")),
    }
}

/// Tells that a restore is whole.
pub(super) fn restored(shared: &Arc<Shared>) -> Result<()> {
    let client = shared.connection()?;
    let text = format!("UPDATE {} SET state = '{WHOLE}'", sql::FORMAT_TABLE);
    shared.wait(client.batch_execute(&text)).map_err(|error| shared.failed(&error))
}
