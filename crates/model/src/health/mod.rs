//! Health of a source: the facts of one run, the state judged from its history, and the alarms a change of state calls for.

mod words;

pub use words::{NO_LIST_READ, NO_NEW_ITEM};

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::document::PageKind;
use crate::id::{SnapshotId, SourceId};
use crate::message::Message;

/// How many days of a list's items are kept with a run, the newest ones.
pub const MOST_DAYS: usize = 40;

/// Stands for a source where all of them together are meant; no entry can have it as its id.
pub const ALL_SOURCES: &str = "*";

/// What one run over a source saw, counted; what it means is judged later, against earlier runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFacts {
    /// How the first list page was read.
    pub list: ListFacts,
    /// List pages read.
    pub lists: u64,
    /// Entries of the first list page; those of all pages are the run's `items_seen`.
    pub first_items: u64,
    /// Entries of all list pages, each once.
    pub items: u64,
    /// Those of them that had not been read before.
    pub new: u64,
    /// Those of them with a date.
    pub dated: u64,
    /// Entries by their date, at most [`MOST_DAYS`] days.
    pub days: BTreeMap<Date, u64>,
    /// Pages of items that answered, changed or not.
    pub details: u64,
    /// Those that had not changed.
    pub unchanged: u64,
    /// Those that were documents.
    pub documents: u64,
    /// Documents with a title.
    pub titled: u64,
    /// Documents with a date of publication.
    pub published: u64,
    /// Documents with a body or a file.
    pub bodied: u64,
    /// Documents with a number.
    pub numbered: u64,
    /// Item pages that were redirects, script-only or anti-bot pages.
    pub shells: u64,
    /// Item pages that were error pages, whatever their HTTP status.
    pub errors: u64,
    /// Item pages that were neither document nor shell nor error.
    pub others: u64,
    /// Pages that asked to log in.
    pub login: u64,
    /// Pages of a firewall instead of the site's.
    pub anti_bot: u64,
    /// Pages whose text is garbage in the charset they were read in.
    pub garbage: u64,
    /// Documents whose body another address of the same run had too: error pages served as articles.
    pub repeated: u64,
    /// Documents whose title could be compared with that of their entry, and how many disagreed.
    pub titles: Disagreement,
    /// Documents whose date could be compared with that of their entry, and how many disagreed.
    pub dates: Disagreement,
    /// Pages that could not be fetched, by the fetch error's code.
    pub failures: BTreeMap<String, u64>,
    /// Answers by HTTP status.
    pub statuses: BTreeMap<u16, u64>,
    /// Median time to an answer, in milliseconds, the wait for the host's turn included; 0 where nothing answered.
    pub latency_p50_ms: u64,
    /// Longest time to an answer, in milliseconds.
    pub latency_max_ms: u64,
    /// Bytes of all answers.
    pub bytes: u64,
}

impl RunFacts {
    /// Item pages that could not be fetched or were errors, and item pages asked for.
    #[must_use]
    pub fn failed_details(&self) -> (u64, u64) {
        let missing = self.failures.values().sum::<u64>().saturating_sub(u64::from(!self.list.failure.is_empty()));
        (missing + self.errors, missing + self.details)
    }
}

/// How often two places that should say the same did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disagreement {
    /// Comparisons.
    pub of: u64,
    /// Those that disagreed.
    pub count: u64,
}

/// How the first list page of a run was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListFacts {
    /// Why it could not be fetched: the fetch error's code; empty where it answered.
    pub failure: String,
    /// The failure in words.
    pub detail: String,
    /// What it was; `None` where it did not answer.
    pub kind: Option<PageKind>,
    /// Why it is no list, where the page told: `anti_bot`, `login`, `redirect`, `error_page`, `http_status` …
    pub code: String,
    /// HTTP status.
    pub status: u16,
    /// The host that answered, after redirects.
    pub host: String,
    /// The charset it was read in.
    pub charset: String,
    /// Who found the entries: `shape` where the source has a list rule of its own that finds nothing any more, else `rule`.
    pub read_by: String,
    /// Its bytes in the archive.
    pub snapshot: SnapshotId,
}

/// How a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It brings what it normally brings.
    #[default]
    Healthy,
    /// Not fetched: switched off by its entry or paused by a person.
    Paused,
    /// It brings something, but less or worse than it normally does.
    Degraded,
    /// Its list is read well, but nothing new stands in it for much longer than its own rhythm.
    Silent,
    /// It brings nothing, though it normally does.
    Broken,
}

impl State {
    /// All states, worst last.
    pub const ALL: [Self; 5] = [Self::Healthy, Self::Paused, Self::Degraded, Self::Silent, Self::Broken];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Paused => "paused",
            Self::Degraded => "degraded",
            Self::Silent => "silent",
            Self::Broken => "broken",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The Chinese word.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Healthy => "正常",
            Self::Paused => "暂停",
            Self::Degraded => "质量下降",
            Self::Silent => "久无更新",
            Self::Broken => "失效",
        }
    }

    /// Whether a person should look.
    #[must_use]
    pub const fn is_trouble(self) -> bool {
        matches!(self, Self::Degraded | Self::Silent | Self::Broken)
    }
}

/// What is wrong with a source: a closed set of stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The list page could not be fetched.
    ListNotFetched,
    /// The list page answered with an HTTP error.
    ListHttpStatus,
    /// A firewall's page stands where the list was.
    AntiBot,
    /// A login page stands where the list was.
    Login,
    /// An error page with a good status stands where the list was.
    ErrorPage,
    /// A redirect or a frame filled by scripts stands where the list was.
    ListIsShell,
    /// Something else stands where the list was.
    NotAList,
    /// The list was read and is empty.
    NoItems,
    /// Item pages answer, and none is a document.
    NoDocuments,
    /// It was due and did not run.
    NotRun,
    /// The newest item is much older than the source's rhythm explains.
    NewestOld,
    /// Fewer items than its rhythm explains.
    FewerItems,
    /// The list page has far fewer entries than before.
    ListShrank,
    /// Not one entry of the list was known before.
    NothingKnown,
    /// A rule read the list before; now only guessing does.
    RuleLost,
    /// The list answers from another host.
    Moved,
    /// Entries have no date any more.
    DatesVanished,
    /// Documents without title.
    TitleMissing,
    /// Documents without date of publication.
    DateMissing,
    /// Documents without body.
    BodyMissing,
    /// Documents without number.
    NumberMissing,
    /// Item pages that are shells.
    Shells,
    /// Item pages that fail or are error pages.
    DetailsFailing,
    /// Different addresses with one text.
    Repeated,
    /// Text that is garbage.
    Garbage,
    /// Titles of entries and of their documents disagree.
    TitlesDisagree,
    /// Dates of entries and of their documents disagree.
    DatesDisagree,
    /// Answers take much longer.
    Slow,
    /// Switched off in `sources.toml`.
    Disabled,
    /// Paused by a person.
    PausedByPerson,
    /// Nothing of any source came in.
    NothingAnywhere,
}

/// One reason for a state: its code, the numbers that prove it, and those they are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The stable code.
    pub code: Code,
    /// How many.
    #[serde(default)]
    pub count: u64,
    /// Of how many.
    #[serde(default)]
    pub of: u64,
    /// How many it was before.
    #[serde(default)]
    pub before: u64,
    /// Of how many before.
    #[serde(default)]
    pub before_of: u64,
    /// Names and dates: an error in words, a host, a rule; `A → B` where one took the place of another.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Reason {
    /// A reason without numbers.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, count: 0, of: 0, before: 0, before_of: 0, detail: detail.into() }
    }

    /// A reason with numbers: so many of so many now, so many of so many before.
    #[must_use]
    pub const fn counted(code: Code, now: (u64, u64), before: (u64, u64)) -> Self {
        Self { code, count: now.0, of: now.1, before: before.0, before_of: before.1, detail: String::new() }
    }

    /// The same with names.
    #[must_use]
    pub fn with(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

/// What is judged of a source at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// How it is.
    pub state: State,
    /// Why, the weightiest reason first; empty where it is healthy.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// When the state began: the start of the first run in it, or midnight of the day on which waiting made it so.
    pub since: Timestamp,
}

/// What is kept of a source's health.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthRecord {
    /// The source.
    pub source: SourceId,
    /// How it is.
    pub health: Health,
    /// How it was before the last change.
    #[serde(default)]
    pub was: Option<Was>,
    /// When it was last judged.
    pub judged: Timestamp,
    /// The start of the newest run that was judged.
    #[serde(default)]
    pub run: Option<Timestamp>,
    /// The change that people were told of last: its [`HealthRecord::key`].
    #[serde(default)]
    pub told: String,
    /// When they were told.
    #[serde(default)]
    pub told_at: Option<Timestamp>,
    /// Whether what they were told last was trouble, so that they wait for word of its end.
    #[serde(default)]
    pub told_trouble: bool,
    /// Why a person paused it; `None` where nobody did.
    #[serde(default)]
    pub paused: Option<String>,
}

/// A state that is over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    /// The state.
    pub state: State,
    /// When it began.
    pub since: Timestamp,
}

impl HealthRecord {
    /// The idempotency key of the present state: source, state, since.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.source, self.health.state.name(), self.health.since)
    }
}

/// Why somebody is told of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its state changed for the worse.
    Changed,
    /// It is still not well.
    Reminder,
    /// It is well again, or at least no longer in the trouble told of.
    Recovered,
}

/// One source in an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The source; [`ALL_SOURCES`] where it is about all of them.
    pub source: SourceId,
    /// What people call it.
    pub name: String,
    /// Its list page.
    pub url: String,
    /// Why it is told.
    pub cause: Cause,
    /// How it was.
    pub was: Option<Was>,
    /// How it is.
    pub health: Health,
}

/// One alarm to one receiver. It is a message with the states, the retries and the channels of those to enterprises; its
/// policy and enterprise are empty, which is why it has a table of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// What goes out, where, and how it went so far; its id is the idempotency key.
    pub message: Message,
    /// What it tells, for receivers that are programs.
    pub changes: Vec<Change>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_names_that_lead_back() {
        for state in State::ALL {
            assert_eq!(State::by_name(state.name()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
        }
        assert_eq!(State::by_name("fine"), None);
    }

    #[test]
    fn facts_of_an_older_program_are_read() {
        let facts: RunFacts = serde_json::from_str(r#"{"items":20,"days":{"2026-11-19":3},"statuses":{"200":4}}"#).unwrap();
        assert_eq!((facts.items, facts.days.len(), facts.statuses[&200]), (20, 1, 4));
        let again: RunFacts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
        assert_eq!(again, facts);
    }

    #[test]
    fn a_list_that_failed_is_no_failed_detail() {
        let failures = BTreeMap::from([("timeout".to_owned(), 3)]);
        let facts = RunFacts { failures: failures.clone(), details: 5, errors: 1, ..RunFacts::default() };
        assert_eq!(facts.failed_details(), (4, 8));
        let list = ListFacts { failure: "timeout".to_owned(), ..ListFacts::default() };
        assert_eq!(RunFacts { list, failures, ..RunFacts::default() }.failed_details(), (2, 2));
    }
}
