//! The SQL dialect: every statement in one place, kept to what servers derived from old versions know too. No `ON CONFLICT`;
//! `SKIP LOCKED` only where the server has it.

use crate::engine::{Kind, Table};

/// The first versions of what is used where it is there.
const SKIP_LOCKED_SINCE: u32 = 90_500;

/// Held by the one who writes, to the end of its transaction. The numbers spell `huice`.
pub(super) const WRITER_LOCK: i64 = 0x0068_7569_6365_0001;
/// Held, with a number for the duty beside it, by the one process that does what only one may do.
pub(super) const LEADER_LOCK: i32 = 0x6875_6963;
/// Held while tables are made.
pub(super) const SCHEMA_LOCK: i64 = 0x0068_7569_6365_0003;

/// The table that says what the others are.
pub(super) const FORMAT_TABLE: &str = "huice_format";

pub(super) const fn can_skip_locked(version: u32) -> bool {
    version >= SKIP_LOCKED_SINCE
}

/// Whether values of the table are stored as `jsonb` (column `value`, and `raw` for what that cannot hold) or as bytes.
pub(super) const fn is_json(table: Table) -> bool {
    matches!(table.kind(), Kind::Json)
}

pub(super) fn create(table: Table) -> String {
    let name = table.name();
    match is_json(table) {
        true => format!("CREATE TABLE {name} (key bytea PRIMARY KEY, value jsonb, raw bytea)"),
        false => format!("CREATE TABLE {name} (key bytea PRIMARY KEY, value bytea NOT NULL)"),
    }
}

/// The columns in which a value is read; the second is only there in tables of JSON.
const fn value(table: Table) -> &'static str {
    if is_json(table) { "value::text, raw" } else { "value" }
}

pub(super) fn get(table: Table) -> String {
    format!("SELECT {} FROM {} WHERE key = $1", value(table), table.name())
}

/// The same, and nobody else changes the row until the transaction ends.
pub(super) fn get_and_lock(table: Table) -> String {
    format!("{} FOR UPDATE", get(table))
}

/// The same without waiting: a row that somebody else has locked is as if it were not there.
pub(super) fn get_unlocked(table: Table) -> String {
    format!("{} FOR UPDATE SKIP LOCKED", get(table))
}

/// A page of a range from one of its ends: `$1` from, `$2` most rows, `$3` to.
pub(super) fn page(table: Table, has_end: bool, back: bool) -> String {
    let end = if has_end { "AND key < $3" } else { "" };
    let order = if back { "DESC" } else { "ASC" };
    format!("SELECT key, {} FROM {} WHERE key >= $1 {end} ORDER BY key {order} LIMIT $2", value(table), table.name())
}

/// The given rows, as columns of equal length.
fn given(table: Table) -> &'static str {
    if is_json(table) {
        "SELECT unnest($1::bytea[]) AS key, unnest($2::text[])::jsonb AS value, unnest($3::bytea[]) AS raw"
    } else {
        "SELECT unnest($1::bytea[]) AS key, unnest($2::bytea[]) AS value"
    }
}

/// How many of the given expectations hold. A row of nothing but a key expects that there is none.
pub(super) fn count_held(table: Table) -> String {
    let (nothing, same) = if is_json(table) {
        (
            "given.value IS NULL AND given.raw IS NULL",
            "stored.value IS NOT DISTINCT FROM given.value AND stored.raw IS NOT DISTINCT FROM given.raw",
        )
    } else {
        ("given.value IS NULL", "stored.value = given.value")
    };
    format!(
        "SELECT count(*) FROM ({}) AS given LEFT JOIN {} AS stored ON stored.key = given.key \
         WHERE CASE WHEN {nothing} THEN stored.key IS NULL ELSE stored.key IS NOT NULL AND {same} END",
        given(table),
        table.name()
    )
}

/// Writes the given rows in place of older ones.
pub(super) fn put(table: Table) -> String {
    let name = table.name();
    let (set, columns) = match is_json(table) {
        true => ("value = given.value, raw = given.raw", "key, value, raw"),
        false => ("value = given.value", "key, value"),
    };
    format!(
        "WITH given AS ({}), updated AS (UPDATE {name} SET {set} FROM given WHERE {name}.key = given.key RETURNING {name}.key) \
         INSERT INTO {name} ({columns}) SELECT {columns} FROM given WHERE key NOT IN (SELECT key FROM updated)",
        given(table)
    )
}

pub(super) fn remove(table: Table) -> String {
    format!("DELETE FROM {} WHERE key = ANY($1)", table.name())
}
