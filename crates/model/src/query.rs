//! The query tree: what a reader asks, independent of the engine that answers.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::PolicyId;

/// A question to the index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// What must, may and must not be in the text. Empty: everything that passes the filters.
    pub clauses: Vec<Clause>,
    /// Facet filters: any of the values of each named facet (`state`, `region`, `theme`, `tool`, `triage`, `kind`, `issuer`, `source`).
    /// A region matches everything inside it.
    #[serde(default)]
    pub filters: BTreeMap<String, Vec<String>>,
    /// Earliest date (published, else signed).
    #[serde(default)]
    pub from: Option<Date>,
    /// Latest date, included.
    #[serde(default)]
    pub to: Option<Date>,
    /// Order of the hits.
    #[serde(default)]
    pub sort: Sort,
    /// Hits to skip.
    #[serde(default)]
    pub offset: usize,
    /// Hits to give, at most [`Query::MOST_HITS`].
    pub limit: usize,
}

impl Query {
    /// More hits than anybody reads; a limit on the memory one question can take.
    pub const MOST_HITS: usize = 1_000;
}

/// One part of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    /// Whether it must not match (`-排除`).
    #[serde(default)]
    pub excluded: bool,
    /// What it looks for.
    pub wanted: Wanted,
}

/// What a clause looks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Words, in any order.
    Words(String),
    /// Exactly these characters (`"短语"`).
    Phrase(String),
    /// A document number by its normal key.
    Number(String),
}

/// Order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Best first.
    #[default]
    Relevance,
    /// Newest first.
    Newest,
}

/// The answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hits {
    /// How many policies match in all.
    pub total: usize,
    /// The asked-for slice of them.
    pub hits: Vec<Hit>,
    /// For each facet, its values with the number of matching policies, most first.
    #[serde(default)]
    pub facets: BTreeMap<String, Vec<(String, u64)>>,
}

/// One policy found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The policy.
    pub id: PolicyId,
    /// Higher is better; 0 when sorted by date.
    pub score: f32,
    /// Its title.
    pub title: String,
    /// The part of the text that fits best, matches marked by the characters [`MARK_START`] and [`MARK_END`].
    pub snippet: String,
    /// Date as `YYYY-MM-DD`, when known.
    #[serde(default)]
    pub date: Option<Date>,
    /// Main document number, when it has one.
    #[serde(default)]
    pub number: Option<String>,
    /// Main issuer, when known.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Life-cycle state.
    #[serde(default)]
    pub state: String,
}

/// Starts a highlighted match in a snippet. A private-use character: it cannot occur in text that is shown, and each
/// output (HTML, terminal, JSON) turns it into its own mark.
pub const MARK_START: char = '\u{e000}';
/// Ends a highlighted match in a snippet.
pub const MARK_END: char = '\u{e001}';
