//! The query tree: what a reader asks, independent of the engine that answers; and questions that are kept, to be held
//! against each new policy.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::PolicyId;

/// A question to the index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// What must, may and must not be in the text. Empty: everything that passes the filters.
    pub clauses: Vec<Clause>,
    /// Facet filters: any of the values of each named facet (`state`, `region`, `level`, `theme`, `tool`, `window` …).
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
    /// The day from which windows are open or close; without it nothing is asked of windows.
    #[serde(default)]
    pub today: Option<Date>,
    /// Whether each hit says what its score is made of.
    #[serde(default)]
    pub explain: bool,
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
    /// Words, in any order; of many, most must be there.
    Words(String),
    /// Words, in any order, each of which must be there (the sides of `AND` and `OR`).
    EveryWord(String),
    /// Exactly these characters (`"短语"`).
    Phrase(String),
    /// Exactly these characters in one part of the policy (`标题:补贴`).
    In {
        /// The part.
        part: Part,
        /// The characters.
        text: String,
    },
    /// A document number by its normal key.
    Number(String),
    /// One of the values of a facet, where it is excluded or stands in brackets; else it is one of [`Query::filters`].
    Filter {
        /// The facet.
        name: String,
        /// The values, any of which will do.
        values: Vec<String>,
    },
    /// One of several alternatives, each of which is met where all of its clauses are.
    Any(Vec<Vec<Clause>>),
}

/// A part of a policy that can be looked into alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The title.
    Title,
    /// The text.
    Body,
    /// The names of its agencies.
    Issuer,
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
    /// Oldest first.
    Oldest,
    /// Those whose window closes soonest first, then those without one; needs [`Query::today`].
    Closing,
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
    /// What was perhaps meant, where little or nothing was found, in words of the corpus.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub did_you_mean: Vec<Correction>,
    /// Whether fewer words were asked for than were typed, because no policy has them all.
    #[serde(default)]
    pub relaxed: bool,
}

/// Characters of a question and those that were perhaps meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// As typed, in normal form.
    pub typed: String,
    /// As the corpus has them.
    pub meant: String,
}

/// One policy found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The policy.
    pub id: PolicyId,
    /// Higher is better; 0 when sorted otherwise.
    pub score: f32,
    /// Its title.
    pub title: String,
    /// Its title with the matches marked as in the snippet.
    #[serde(default)]
    pub marked_title: String,
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
    /// What the score is made of, most first, where that was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

/// One part of a score.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// What gave it, `title`, `body`, `phrase`, `all_present`, `freshness` …
    pub what: String,
    /// The word, phrase or number it was given for; empty for what concerns the whole policy.
    pub text: String,
    /// What it adds to the score; of `freshness` and `authority`, what the sum of the others is multiplied by.
    pub score: f32,
}

/// What may stand behind the letters typed so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The text to look for.
    pub text: String,
    /// Policies that have it, roughly.
    pub policies: u64,
}

/// A question that is kept and held against each new policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedQuery {
    /// Its key, unique among all of them.
    pub id: String,
    /// Whom to tell: an enterprise or an account.
    pub owner: String,
    /// What its owner calls it.
    pub name: String,
    /// The question. Order, offset and limit say nothing here; a window counts from the day of the new policy.
    pub query: Query,
}

/// Starts a highlighted match in a snippet. A private-use character: it cannot occur in text that is shown, and each
/// output (HTML, terminal, JSON) turns it into its own mark.
pub const MARK_START: char = '\u{e000}';
/// Ends a highlighted match in a snippet.
pub const MARK_END: char = '\u{e001}';
