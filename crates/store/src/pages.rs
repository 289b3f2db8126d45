//! What fetching remembers: the state of every page, the runs of every source, which firings of the schedule are taken.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use model::fingerprint::sha256_hex;
use model::health::{RunFacts, State};
use model::id::normal_url;
use model::job::Job;
use model::{DocumentId, Issue, PageKind, RunReport, SnapshotId, SourceId};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::engine::{KeyRange, Table};
use crate::error::Result;
use crate::keys::{Key, Parts, check_id};
use crate::queue::enqueue;
use crate::transaction::{Transaction, from_json};

/// What is known of a page from fetching it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageState {
    /// Its URL; pages are found by [`model::id::normal_url`] of it.
    pub url: String,
    /// The source it was fetched for.
    pub source: SourceId,
    /// What the server wants to see again in `If-None-Match`.
    #[serde(default)]
    pub etag: Option<String>,
    /// What the server wants to see again in `If-Modified-Since`.
    #[serde(default)]
    pub last_modified: Option<String>,
    /// The bytes last fetched.
    #[serde(default)]
    pub snapshot: SnapshotId,
    /// What they are.
    #[serde(default)]
    pub kind: PageKind,
    /// The document they hold.
    #[serde(default)]
    pub document: Option<DocumentId>,
    /// When they were fetched.
    pub fetched_at: Timestamp,
    /// Failures since the last success.
    #[serde(default)]
    pub failures: u32,
    /// The last failure.
    #[serde(default)]
    pub last_error: Option<String>,
    /// What was wrong or doubtful about them.
    #[serde(default)]
    pub issues: Vec<Issue>,
    /// When the page was seen for the first time.
    #[serde(default)]
    pub first_seen: Timestamp,
    /// The day it was published, as it or its list says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Date>,
    /// Visits after the first that showed whether it had changed.
    #[serde(default)]
    pub visits: u32,
    /// How many of them found it changed.
    #[serde(default)]
    pub changes: u32,
    /// When a change was last found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// When it is to be fetched again; nothing where only its list or its document asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// The further pages of its article that were read with it, in reading order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PagePart>,
    /// The version of code and rules that read it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
}

/// A further page of an article that is cut into several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagePart {
    /// Its URL.
    pub url: String,
    /// Its bytes.
    pub snapshot: SnapshotId,
}

/// One run over one source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceRun {
    /// The source.
    pub source: SourceId,
    /// When it began.
    pub started: Timestamp,
    /// What it did.
    pub report: RunReport,
    /// Entries its list pages had.
    pub items_seen: u64,
    /// The newest date among them.
    #[serde(default)]
    pub newest: Option<Date>,
    /// Why it failed, if it did.
    #[serde(default)]
    pub error: Option<String>,
    /// What it saw, counted; runs of older programs have none.
    #[serde(default)]
    pub facts: Option<RunFacts>,
    /// How the source was judged right after it.
    #[serde(default)]
    pub state: Option<State>,
}

/// Firings older than this before the newest one of their job are forgotten and can no longer be claimed.
const FIRINGS_KEPT: SignedDuration = SignedDuration::from_hours(40 * 24);
/// Most forgotten firings removed with one claim.
const MOST_FORGOTTEN: usize = 100;

pub(crate) fn page_key(url: &str) -> Vec<u8> {
    sha256_hex(normal_url(url).as_bytes()).into_bytes()
}

/// Keeps a page's state, and the place where it is found when it is due.
pub(crate) fn put_state(transaction: &mut Transaction<'_>, state: &PageState) -> Result<()> {
    let key = page_key(&state.url);
    let due_key = |state: &PageState| {
        let due = state.due.filter(|_| !state.source.as_str().is_empty())?;
        Some(Key::new().text(state.source.as_str()).moment(due).text(&String::from_utf8_lossy(&key)).done())
    };
    let before = transaction.get::<PageState>(Table::Pages, &key)?.and_then(|before| due_key(&before));
    let after = due_key(state);
    if before != after {
        if let Some(before) = before {
            transaction.remove(Table::PagesDue, before);
        }
        if let Some(after) = after {
            transaction.put_bytes(Table::PagesDue, after, key.clone());
        }
    }
    transaction.put(Table::Pages, key, state)
}

impl Store {
    /// What is known of the page under a URL.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn page_state(&self, url: &str) -> Result<Option<PageState>> {
        Transaction::new(self.engine.now()).get(Table::Pages, &page_key(url))
    }

    /// Keeps what is known of one page.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn put_page_state(&self, state: &PageState) -> Result<()> {
        self.put_page_states(std::slice::from_ref(state))
    }

    /// Keeps what is known of many pages with one wait for the disk.
    ///
    /// # Errors
    /// Where they cannot be written; then none is.
    pub fn put_page_states(&self, states: &[PageState]) -> Result<()> {
        self.write(|transaction| states.iter().try_for_each(|state| put_state(transaction, state)))
    }

    /// At most so many pages of a source that are to be fetched again by now, longest due first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn due_pages(&self, source: &SourceId, now: Timestamp, most: usize) -> Result<Vec<PageState>> {
        let prefix = Key::new().text(source.as_str()).done();
        let until = Key::new().text(source.as_str()).moment(now).number(u64::MAX).done();
        let mut states = Vec::new();
        for entry in self.engine.scan(Table::PagesDue, &KeyRange::between(prefix, until))?.take(most) {
            let (_, page) = entry?;
            states.extend(Transaction::new(self.engine.now()).get::<PageState>(Table::Pages, &page)?);
        }
        Ok(states)
    }

    /// All pages, sorted by URL.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn page_states(&self) -> Result<Vec<PageState>> {
        let entries = self.engine.scan(Table::Pages, &KeyRange::all())?;
        let states: Result<Vec<PageState>> =
            entries.map(|entry| entry.and_then(|(key, value)| from_json(Table::Pages, &key, &value))).collect();
        let mut states = states?;
        states.sort_by(|a, b| a.url.cmp(&b.url));
        Ok(states)
    }

    /// Keeps the report of a run; the same source and start is the same run.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn record_run(&self, run: &SourceRun) -> Result<()> {
        check_id("source", run.source.as_str())?;
        let key = Key::new().text(run.source.as_str()).newest(run.started).done();
        self.write(|transaction| transaction.put(Table::Runs, key.clone(), run))
    }

    /// At most so many runs over a source, newest first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn runs(&self, source: &SourceId, most: usize) -> Result<Vec<SourceRun>> {
        let range = KeyRange::prefix(&Key::new().text(source.as_str()).done());
        let entries = self.engine.scan(Table::Runs, &range)?.take(most);
        entries.map(|entry| entry.and_then(|(key, value)| from_json(Table::Runs, &key, &value))).collect()
    }

    /// Takes one firing of a scheduled job. `true` for exactly one caller, ever.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn claim_firing(&self, job: &str, due: Timestamp) -> Result<bool> {
        self.claim_firing_for(job, due, None)
    }

    /// The same, and in one step with it puts what is to be done in the queue, where any machine takes it: who fires and
    /// then dies leaves nothing half done.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn claim_firing_for(&self, job: &str, due: Timestamp, queued: Option<&Job>) -> Result<bool> {
        check_id("job", job)?;
        let prefix = Key::new().text(job).done();
        let key = Key::new().text(job).moment(due).done();
        self.write(|transaction| {
            let newest = self.last_firing(job)?.unwrap_or(due).max(due);
            let oldest_kept = newest.saturating_sub(FIRINGS_KEPT).unwrap_or(Timestamp::MIN);
            if due < oldest_kept || transaction.get_and_hold::<Timestamp>(Table::Firings, &key)?.is_some() {
                return Ok(false);
            }
            transaction.put(Table::Firings, key.clone(), &due)?;
            if let Some(queued) = queued {
                enqueue(transaction, queued, due)?;
            }
            let forgotten = KeyRange::between(prefix.clone(), Key::new().text(job).moment(oldest_kept).done());
            for entry in transaction.stored_range(Table::Firings, &forgotten)?.take(MOST_FORGOTTEN) {
                transaction.remove(Table::Firings, entry?.0);
            }
            Ok(true)
        })
    }

    /// The latest firing of a job that was taken.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn last_firing(&self, job: &str) -> Result<Option<Timestamp>> {
        let prefix = Key::new().text(job).done();
        let last = self.engine.scan(Table::Firings, &KeyRange::prefix(&prefix))?.next_back().transpose()?;
        Ok(last.and_then(|(key, _)| Parts(key.get(prefix.len()..)?).moment()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Home, at};

    #[test]
    fn a_page_is_one_under_http_and_https() {
        let home = Home::new();
        let store = home.open();
        let state = PageState { url: "http://a.gov.cn/1.html".to_owned(), etag: Some("x".to_owned()), ..PageState::default() };
        store.put_page_state(&state).unwrap();
        assert_eq!(store.page_state("https://a.gov.cn/1.html#top").unwrap(), Some(state.clone()));
        assert_eq!(store.page_state("https://a.gov.cn/2.html").unwrap(), None);
        let other = PageState { url: "http://a.gov.cn/0.html".to_owned(), ..PageState::default() };
        store.put_page_states(&[other.clone(), PageState { failures: 2, ..state.clone() }]).unwrap();
        assert_eq!(store.page_states().unwrap(), [other, PageState { failures: 2, ..state }]);
    }

    #[test]
    fn a_page_is_found_when_it_is_due_and_under_one_moment_only() {
        let home = Home::new();
        let store = home.open();
        let state = |url: &str, source: &str, due: Option<i64>| PageState {
            url: url.to_owned(),
            source: source.into(),
            due: due.map(at),
            ..PageState::default()
        };
        let urls = |now, most| {
            let due = store.due_pages(&"a".into(), at(now), most).unwrap();
            due.into_iter().map(|state| state.url).collect::<Vec<_>>()
        };
        store
            .put_page_states(&[
                state("http://a/2", "a", Some(20)),
                state("http://a/1", "a", Some(10)),
                state("http://a/3", "a", None),
                state("http://b/1", "b", Some(5)),
            ])
            .unwrap();
        assert_eq!((urls(9, 9), urls(10, 9)), (vec![], vec!["http://a/1".to_owned()]));
        assert_eq!((urls(20, 9).len(), urls(20, 1).len()), (2, 1));
        store.put_page_state(&state("http://a/1", "a", Some(30))).unwrap();
        assert_eq!((urls(20, 9), urls(30, 9).len()), (vec!["http://a/2".to_owned()], 2));
        store.put_page_state(&state("http://a/2", "a", None)).unwrap();
        assert_eq!(urls(99, 9), ["http://a/1"]);
    }

    #[test]
    fn runs_are_listed_newest_first() {
        let home = Home::new();
        let store = home.open();
        for started in [10, 30, 20, 30] {
            store.record_run(&SourceRun { source: "a".into(), started: at(started), ..SourceRun::default() }).unwrap();
        }
        store.record_run(&SourceRun { source: "ab".into(), started: at(99), ..SourceRun::default() }).unwrap();
        let started = |most| store.runs(&"a".into(), most).unwrap().iter().map(|run| run.started.as_second()).collect::<Vec<_>>();
        assert_eq!(started(9), [30, 20, 10]);
        assert_eq!(started(1), [30]);
    }

    #[test]
    fn a_run_of_an_older_program_is_read() {
        let home = Home::new();
        let store = home.open();
        let old =
            serde_json::json!({"source":"a","started":"2026-11-01T00:00:00Z","report":RunReport::default(),"items_seen":20});
        let key = Key::new().text("a").newest("2026-11-01T00:00:00Z".parse().unwrap()).done();
        store.write(|transaction| transaction.put(Table::Runs, key.clone(), &old)).unwrap();
        let run = store.runs(&"a".into(), 1).unwrap().remove(0);
        assert_eq!((run.items_seen, run.facts, run.state), (20, None, None));
    }

    #[test]
    fn a_firing_is_taken_exactly_once() {
        let home = Home::new();
        let store = home.open();
        assert_eq!(store.last_firing("crawl").unwrap(), None);
        let taken: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8).map(|_| scope.spawn(|| store.claim_firing("crawl", at(100)).unwrap())).collect();
            tries.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
        });
        assert_eq!(taken, 1);
        assert!(store.claim_firing("crawl", at(50)).unwrap(), "an earlier one nobody took");
        assert!(store.claim_firing("crawl2", at(100)).unwrap(), "another job");
        assert_eq!(store.last_firing("crawl").unwrap(), Some(at(100)));
    }

    #[test]
    fn forgotten_firings_cannot_be_taken_again() {
        let home = Home::new();
        let store = home.open();
        let later = at(10).saturating_add(FIRINGS_KEPT).unwrap().saturating_add(SignedDuration::from_secs(1)).unwrap();
        assert!(store.claim_firing("crawl", at(10)).unwrap());
        assert!(store.claim_firing("crawl", later).unwrap());
        assert!(!store.claim_firing("crawl", at(10)).unwrap());
    }
}
