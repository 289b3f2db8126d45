//! The way from async handlers to the store, the index and the matcher, which all block.
//!
//! Each call takes a permit before it takes a thread and keeps it until the work is done, also when the request that
//! asked has timed out meanwhile: a slow disk cannot pile up work. Failures are logged here and become [`Problem`]s.

use std::fmt::Display;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use model::health::{HealthRecord, State};
use model::job::Job;
use model::query::{Hit, Hits, Suggestion};
use model::{
    DocumentId, Enterprise, EnterpriseId, LifeCycle, Message, MessageId, MessageState, Outcome, PolicyId, Query, Record,
    RunReport, Verdict,
};
use store::{Missed, Proposal, ProposalState};
use tokio::sync::Semaphore;

use crate::App;
use crate::problem::Problem;
use crate::wording;

/// How many blocking calls of each weight run at once.
#[derive(Clone)]
pub(crate) struct Permits {
    light: Arc<Semaphore>,
    pub(crate) heavy: Arc<Semaphore>,
}

impl Default for Permits {
    fn default() -> Self {
        Self { light: Arc::new(Semaphore::new(64)), heavy: Arc::new(Semaphore::new(2)) }
    }
}

/// Verdicts of one enterprise over the policies in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matches {
    /// Best first.
    pub verdicts: Vec<Verdict>,
    /// How many policies were looked at.
    pub examined: usize,
    /// How many policies are in force in all.
    pub in_force: usize,
}

/// A source with its health and its latest runs, newest first.
#[derive(Debug, Clone)]
pub(crate) struct SourceLine {
    /// What is kept of its health; `None` before its first run.
    pub health: Option<HealthRecord>,
    /// Its runs.
    pub runs: Vec<RunLine>,
}

/// One run of a source.
#[derive(Debug, Clone)]
pub(crate) struct RunLine {
    /// When it started.
    pub at: Timestamp,
    /// What it did.
    pub report: RunReport,
    /// Why it stopped, if it did.
    pub error: Option<String>,
    /// Entries its lists had.
    pub items: u64,
    /// The newest date among them.
    pub newest: Option<Date>,
    /// How the source was judged after it.
    pub state: Option<State>,
}

/// All states of a message, so that a state nobody is in is a zero and not a gap.
const MESSAGE_STATES: [MessageState; 6] = [
    MessageState::Queued,
    MessageState::Sent,
    MessageState::Delivered,
    MessageState::Read,
    MessageState::Dead,
    MessageState::Cancelled,
];

/// Runs of each source that are looked at.
const MOST_RUNS: usize = 20;

/// Policies looked at for one enterprise, newest first.
pub(crate) const MOST_EXAMINED: usize = Query::MOST_HITS;

pub(crate) fn failed(what: &'static str, error: &impl Display) -> Problem {
    tracing::error!(%error, "{what} failed");
    Problem::internal()
}

/// A question the index refuses is its author's to mend; everything else is ours.
fn unanswered(error: search::SearchError) -> Problem {
    match error {
        search::SearchError::Query(question) => Problem::bad_request(format!("检索式有误：{question}")),
        other => failed("search", &other),
    }
}

impl App {
    pub(crate) async fn blocking<T, F>(&self, permits: &Arc<Semaphore>, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    {
        let permit = permits.clone().acquire_owned().await.map_err(|error| failed("permit", &error))?;
        let app = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&app);
            drop(permit);
            result
        });
        done.await.map_err(|error| failed("blocking work", &error))?
    }

    pub(crate) async fn light<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, Problem> + Send + 'static,
    {
        self.blocking(&self.permits.light, work).await
    }

    /// Asks the index, today.
    pub(crate) async fn search(&self, query: Query) -> Result<Hits, Problem> {
        let query = Query { today: Some(self.clock.today()), ..query };
        self.light(move |app| app.index.search(&query).map_err(unanswered)).await
    }

    /// What may stand behind the characters typed so far.
    pub(crate) async fn suggest(&self, typed: String, limit: usize) -> Result<Vec<Suggestion>, Problem> {
        self.light(move |app| app.index.suggest(&typed, limit).map_err(unanswered)).await
    }

    /// Policies like this one.
    pub(crate) async fn similar(&self, id: PolicyId, limit: usize) -> Result<Vec<Hit>, Problem> {
        self.light(move |app| app.index.similar(&id, limit).map_err(unanswered)).await
    }

    /// A policy with everything known of it.
    pub(crate) async fn record(&self, id: PolicyId) -> Result<Option<Record>, Problem> {
        self.light(move |app| app.store.record(&id).map_err(|error| failed("record", &error))).await
    }

    /// The policy a document became a copy of.
    pub(crate) async fn resolve(&self, id: DocumentId) -> Result<Option<PolicyId>, Problem> {
        self.light(move |app| app.store.resolve(&id).map_err(|error| failed("resolve", &error))).await
    }

    /// All enterprises.
    pub(crate) async fn enterprises(&self) -> Result<Vec<Enterprise>, Problem> {
        self.light(|app| app.store.enterprises().map_err(|error| failed("enterprises", &error))).await
    }

    /// One enterprise.
    pub(crate) async fn enterprise(&self, id: EnterpriseId) -> Result<Enterprise, Problem> {
        let found = self.light(move |app| app.store.enterprise(&id).map_err(|error| failed("enterprise", &error))).await?;
        found.ok_or_else(|| Problem::not_found("家企业"))
    }

    /// Portal messages of an enterprise that reached it, newest first.
    pub(crate) async fn inbox(&self, id: EnterpriseId) -> Result<Vec<Message>, Problem> {
        let mut messages = self.light(move |app| app.store.inbox(&id).map_err(|error| failed("inbox", &error))).await?;
        messages.retain(|message| {
            matches!(message.state, MessageState::Sent | MessageState::Delivered | MessageState::Read | MessageState::Cancelled)
        });
        messages.sort_by(|left, right| right.created.cmp(&left.created).then_with(|| left.id.cmp(&right.id)));
        Ok(messages)
    }

    /// Marks a message of an enterprise's inbox as read and gives it back.
    pub(crate) async fn open_message(&self, enterprise: EnterpriseId, id: MessageId) -> Result<Message, Problem> {
        self.light(move |app| {
            let found = app.store.message(&id).map_err(|error| failed("message", &error))?;
            let message = found.filter(|message| message.enterprise == enterprise && message.channel == model::Channel::Portal);
            let mut message = message.ok_or_else(|| Problem::not_found("条消息"))?;
            if matches!(message.state, MessageState::Sent | MessageState::Delivered) {
                message.state = MessageState::Read;
                app.store.update_message(&message).map_err(|error| failed("update_message", &error))?;
            }
            Ok(message)
        })
        .await
    }

    /// The health and the latest runs of each configured source, in the order of the sources.
    pub(crate) async fn source_lines(&self) -> Result<Vec<SourceLine>, Problem> {
        self.light(|app| {
            let line_of = |source: &model::Source| {
                let health = app.store.health(&source.id).map_err(|error| failed("health", &error))?;
                let runs = app.store.runs(&source.id, MOST_RUNS).map_err(|error| failed("runs", &error))?;
                let line = |run: store::SourceRun| RunLine {
                    at: run.started,
                    report: run.report,
                    error: run.error,
                    items: run.items_seen,
                    newest: run.newest,
                    state: run.state,
                };
                Ok(SourceLine { health, runs: runs.into_iter().map(line).collect() })
            };
            app.sources.iter().map(line_of).collect()
        })
        .await
    }

    /// How many of the configured sources are in trouble.
    pub(crate) async fn troubled_sources(&self) -> Result<usize, Problem> {
        self.light(|app| {
            let records = app.store.health_records().map_err(|error| failed("health", &error))?;
            let known = |record: &&HealthRecord| app.sources.iter().any(|source| source.id == record.source);
            Ok(records.iter().filter(known).filter(|record| record.health.state.is_trouble()).count())
        })
        .await
    }

    /// Mended rules that wait for a decision, and the sources for which none could be made, with the reason.
    pub(crate) async fn proposals(&self) -> Result<(Vec<Proposal>, Vec<(String, Missed)>), Problem> {
        self.light(|app| {
            let all = app.store.proposals().map_err(|error| failed("proposals", &error))?;
            let open = all.into_iter().filter(|proposal| proposal.state == ProposalState::Open).collect();
            let mut missed = Vec::new();
            for source in app.sources.iter() {
                let reason = app.store.missed(&source.id).map_err(|error| failed("missed", &error))?;
                missed.extend(reason.map(|reason| (source.name.clone(), reason)));
            }
            Ok((open, missed))
        })
        .await
    }

    /// Pauses a source, or lets it go on.
    pub(crate) async fn pause_source(&self, id: model::SourceId, why: Option<&'static str>) -> Result<(), Problem> {
        self.light(move |app| app.store.set_paused(&id, why, "console", app.clock.now()).map_err(|error| failed("pause", &error)))
            .await
    }

    /// Number of policies in the index.
    pub(crate) async fn index_count(&self) -> Result<u64, Problem> {
        self.light(|app| Ok(app.index.count())).await
    }

    /// Sets the gauges from store and index.
    pub(crate) async fn refresh_metrics(&self) -> Result<(), Problem> {
        self.light(|app| {
            let counts = app.store.counts().map_err(|error| failed("counts", &error))?;
            app.metrics.stored("documents", counts.documents);
            app.metrics.stored("policies", counts.policies);
            app.metrics.stored("copies", counts.copies);
            app.metrics.stored("revisions", counts.revisions);
            app.metrics.stored("enterprises", counts.enterprises);
            app.metrics.stored("jobs", counts.jobs);
            for state in MESSAGE_STATES {
                app.metrics
                    .messages(wording::message_state_name(state), counts.messages.get(&state).copied().unwrap_or_default());
            }
            app.metrics.indexed(app.index.count());
            Ok(())
        })
        .await
    }

    /// Carries out what an editor decided about identity.
    pub(crate) async fn rule(
        &self,
        rule: impl FnOnce(&store::Store) -> store::Result<PolicyId> + Send + 'static,
    ) -> Result<store::Result<PolicyId>, Problem> {
        self.light(move |app| Ok(rule(&app.store))).await
    }

    /// Puts work in the queue, due now.
    pub(crate) async fn enqueue(&self, job: Job) -> Result<(), Problem> {
        self.light(move |app| app.store.enqueue(&[job], app.clock.now()).map_err(|error| failed("enqueue", &error)).map(drop))
            .await
    }

    /// What the matcher says about one policy and one enterprise today.
    pub(crate) async fn verdict(&self, record: Arc<Record>, enterprise: Arc<Enterprise>) -> Result<Verdict, Problem> {
        let today = self.clock.today();
        self.light(move |app| Ok(app.matcher.verdict(&record, &enterprise, today))).await
    }

    /// Verdicts over the newest policies in force that ask or offer something, best first.
    pub(crate) async fn matches(&self, enterprise: Enterprise) -> Result<Matches, Problem> {
        let today = self.clock.today();
        self.blocking(&self.permits.heavy, move |app| app.matches_now(&enterprise, today)).await
    }

    fn matches_now(&self, enterprise: &Enterprise, today: Date) -> Result<Matches, Problem> {
        let states =
            LifeCycle::ALL.into_iter().filter(|state| state.may_be_pushed()).map(|state| state.name().to_owned()).collect();
        let query = Query {
            filters: [("state".to_owned(), states)].into(),
            sort: model::query::Sort::Newest,
            limit: MOST_EXAMINED,
            ..Query::default()
        };
        let hits = self.index.search(&query).map_err(unanswered)?;
        let mut matches = Matches { in_force: hits.total, examined: hits.hits.len(), ..Matches::default() };
        for hit in &hits.hits {
            // The index may lag behind the store, which is the truth.
            let Some(record) = self.store.record(&hit.id).map_err(|error| failed("record", &error))? else { continue };
            if offers_something(&record) && state_of(&record).may_be_pushed() {
                matches.verdicts.push(self.matcher.verdict(&record, enterprise, today));
            }
        }
        matches.verdicts.sort_by_cached_key(rank);
        Ok(matches)
    }
}

/// The state an editor set, else the found one.
pub(crate) fn state_of(record: &Record) -> LifeCycle {
    record.decision.as_ref().and_then(|decision| decision.state).unwrap_or(record.policy.state)
}

/// What an editor took out is not matched; nor are texts that set no condition and offer nothing, for which "no
/// condition missed" would mean nothing.
fn offers_something(record: &Record) -> bool {
    use model::What;
    use model::policy::Desk;
    let desk = record.decision.as_ref().map(|decision| decision.desk).unwrap_or_default();
    !matches!(desk, Desk::Excluded | Desk::Withdrawn)
        && record
            .annotation
            .items
            .iter()
            .any(|item| matches!(item.what, What::Condition(_) | What::ConditionText { .. } | What::Award(_) | What::Window(_)))
}

/// Best outcome first, then the nearest deadline, the highest amount, and the id, so that the order is always the same.
fn rank(verdict: &Verdict) -> impl Ord + use<> {
    let order = match verdict.outcome {
        Outcome::Eligible => 0,
        Outcome::Likely => 1,
        Outcome::NearMiss => 2,
        Outcome::Unknown => 3,
        Outcome::NotEligible => 4,
        Outcome::Closed => 5,
    };
    let deadline = verdict.deadline.unwrap_or(Date::MAX);
    (order, deadline, std::cmp::Reverse(verdict.amount_up_to), verdict.policy.clone())
}
