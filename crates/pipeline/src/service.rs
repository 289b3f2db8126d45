//! The service: crawl, process and push on schedule and from the queue, until told to stop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use fetch::AnyTransport;
use jiff::{SignedDuration, Timestamp};
use model::Source;
use model::job::{Job, QueuedJob};
use push::Pusher;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use crate::crawl::CrawlOptions;
use crate::crawl::window::is_closed;
use crate::pipeline::Pipeline;
use crate::schedule::{CatchUp, Cron, Plan, TICK};

/// What a process does; one process may do all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Fetches sources.
    Crawl,
    /// Annotates, indexes and works off the queue.
    Process,
    /// Matches and sends.
    Push,
    /// Serves pages; the command line starts it beside the service.
    Web,
}

/// The long-running part of the product.
#[derive(Clone)]
pub struct Service {
    /// The stages over the data folder.
    pub pipeline: Pipeline,
    /// The way to the network.
    pub transport: Arc<AnyTransport>,
    /// The way out.
    pub pusher: Arc<Pusher>,
    /// The address of the portal, for links in messages.
    pub portal_url: Option<String>,
    /// What this process does.
    pub roles: BTreeSet<Role>,
}

/// Jobs of the queue taken at once.
const QUEUE_BATCH: usize = 16;

/// A worker that holds a job longer than this is taken for dead. Longer than the largest source takes: a job given twice
/// is done twice.
const HOLD: SignedDuration = SignedDuration::from_hours(3);

/// How long a queued job waits for the same job on schedule.
const BUSY_WAIT: SignedDuration = SignedDuration::from_mins(1);

/// A job that failed this often is tried once a day.
const MANY_ATTEMPTS: u32 = 8;

/// How long running jobs may take to end once the service is told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// The queue is looked at this often; people wait for it.
const QUEUE_TICK: Duration = Duration::from_secs(2);

/// What one firing does.
#[derive(Debug, Clone)]
enum Task {
    Crawl(Box<Source>),
    Process,
    Push,
    Health,
}

impl Task {
    /// Whether it may be begun at this hour.
    fn may_begin(&self, now: Timestamp) -> bool {
        !matches!(self, Self::Crawl(source) if is_closed(source, now))
    }

    /// How late it may still be begun: a source waits for its hours, at most a day.
    fn most_late(&self) -> SignedDuration {
        let waits = matches!(self, Self::Crawl(source) if !source.window.is_empty());
        SignedDuration::from_hours(if waits { 24 } else { 12 })
    }
}

impl Service {
    /// Runs until `stop` turns true, then lets running jobs end.
    ///
    /// # Errors
    /// Where a schedule cannot be read; failures of jobs are logged and the service goes on.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let plans = self.plans()?;
        let started = self.pipeline.clock.now();
        let mut running: JoinSet<()> = JoinSet::new();
        let mut busy: BTreeMap<Id, String> = BTreeMap::new();
        tracing::info!(plans = plans.len(), roles = ?self.roles, "service started");
        while !*stop.borrow() {
            while let Some(ended) = running.try_join_next_with_id() {
                let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
                let job = busy.remove(&id).unwrap_or_default();
                if let Err(error) = ended {
                    tracing::error!(job, %error, "a job panicked");
                }
            }
            let now = self.pipeline.clock.now();
            for (plan, task) in &plans {
                // A job still running is not started again, and a source outside its hours not yet: the firing is left for
                // later, or becomes too late.
                let may_begin = task.may_begin(now) && !busy.values().any(|job| *job == plan.job);
                if may_begin && self.is_due(plan, started, now) {
                    let handle = running.spawn(self.clone().perform(plan.job.clone(), task.clone(), started));
                    busy.insert(handle.id(), plan.job.clone());
                }
            }
            self.start_queued(&mut running, &mut busy, now);
            let next = plans.iter().filter_map(|(plan, _)| plan.next(now)).min();
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(self.pause(next, now)) => {}
            }
        }
        tracing::info!(running = running.len(), "service stopping");
        self.pipeline.stop();
        let ended = tokio::time::timeout(GRACE, async { while running.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            tracing::warn!(running = running.len(), "service stopped before all jobs ended; they are safe to repeat");
            running.shutdown().await;
        }
        Ok(())
    }

    fn pause(&self, next: Option<Timestamp>, now: Timestamp) -> Duration {
        let until = next.map_or(TICK, |next| next.duration_since(now)).min(TICK);
        let until = Duration::try_from(until).unwrap_or_default();
        let tick = if self.roles.contains(&Role::Process) { QUEUE_TICK } else { until };
        until.min(tick).max(Duration::from_millis(50))
    }

    fn plans(&self) -> anyhow::Result<Vec<(Plan, Task)>> {
        let mut plans = Vec::new();
        let plan = |job: String, expression: &str, zone: &str, jitter, task: Task| {
            let cron = Cron::parse(expression, zone).map_err(anyhow::Error::msg)?;
            // Spread over at most half of the time between two firings, so that a frequent job stays frequent.
            let firings: Vec<Timestamp> = cron.after(self.pipeline.clock.now()).take(2).collect();
            let half = firings.windows(2).map(|pair| pair[1].duration_since(pair[0]) / 2).next().unwrap_or(jitter);
            let (catch_up, most_late) = (CatchUp::Latest, task.most_late());
            anyhow::Ok((Plan { job, cron, catch_up, most_late, jitter: jitter.min(half) }, task))
        };
        if self.roles.contains(&Role::Crawl) {
            for source in self.pipeline.stages.sources.iter().filter(|source| source.enabled) {
                let job = format!("crawl/{}", source.id);
                let task = Task::Crawl(Box::new(source.clone()));
                plans.push(plan(job, &source.schedule, &source.zone, SignedDuration::from_mins(5), task)?);
            }
        }
        if self.roles.contains(&Role::Process) {
            plans.push(plan("process".to_owned(), "* * * * *", "Asia/Shanghai", SignedDuration::ZERO, Task::Process)?);
        }
        if self.roles.contains(&Role::Push) {
            plans.push(plan("push".to_owned(), "*/5 * * * *", "Asia/Shanghai", SignedDuration::ZERO, Task::Push)?);
            plans.push(plan("health".to_owned(), "2-59/5 * * * *", "Asia/Shanghai", SignedDuration::ZERO, Task::Health)?);
        }
        Ok(plans)
    }

    /// Whether a firing of the plan is due and is ours: its row is written once, by whoever comes first.
    fn is_due(&self, plan: &Plan, started: Timestamp, now: Timestamp) -> bool {
        let claimed = (|| {
            let last = self.pipeline.store.last_firing(&plan.job)?;
            let due = plan.due(last, started, now);
            match due.last() {
                Some(due) => self.pipeline.store.claim_firing(&plan.job, *due),
                None => Ok(false),
            }
        })();
        claimed.unwrap_or_else(|error| {
            tracing::error!(job = plan.job, %error, "schedule");
            false
        })
    }

    async fn perform(self, job: String, task: Task, started: Timestamp) {
        let result = match &task {
            Task::Crawl(source) => match self.pipeline.is_paused(source) {
                Ok(false) => self.crawl(source).await,
                Ok(true) => Ok(()),
                Err(error) => Err(error),
            },
            Task::Process => self.process(),
            Task::Push => self.push().await,
            Task::Health => self.health(started).await,
        };
        if let Err(error) = result {
            tracing::error!(job, error = format!("{error:#}"), "job failed");
        }
    }

    async fn crawl(&self, source: &Source) -> anyhow::Result<()> {
        let source = &self.pipeline.as_written(source);
        let report = self.pipeline.crawl_source(&self.transport, source, CrawlOptions::default()).await?;
        tracing::info!(source = %source.id, report = serde_json::to_string(&report)?, "crawled");
        Ok(())
    }

    fn process(&self) -> anyhow::Result<()> {
        let done = tokio::task::block_in_place(|| self.pipeline.process(&mut |_| {}))?;
        if done != crate::Processed::default() {
            tracing::info!(annotated = done.annotated, states = done.states, indexed = done.indexed, "processed");
        }
        Ok(())
    }

    fn match_changed(&self) -> anyhow::Result<crate::Matched> {
        tokio::task::block_in_place(|| self.pipeline.match_changed(&self.pusher, self.portal_url.as_deref()))
    }

    async fn push(&self) -> anyhow::Result<()> {
        let matched = self.match_changed()?;
        let sent = self.pipeline.send_due(&self.pusher).await?;
        if matched.queued > 0 || sent != crate::Sending::default() {
            tracing::info!(queued = matched.queued, sent = sent.sent, retried = sent.retried, dead = sent.dead, "pushed");
        }
        Ok(())
    }

    /// Looks over all sources and tells what changed.
    async fn health(&self, started: Timestamp) -> anyhow::Result<()> {
        tokio::task::block_in_place(|| self.pipeline.judge_sources(self.pusher.alarm_settings(), Some(started)))?;
        let swept = self.pipeline.sweep_alarms(&self.pusher).await?;
        if swept != crate::Swept::default() {
            tracing::info!(told = swept.told, sent = swept.sent, retried = swept.retried, dead = swept.dead, "alarms");
        }
        Ok(())
    }

    /// Takes jobs that people queued.
    fn start_queued(&self, running: &mut JoinSet<()>, busy: &mut BTreeMap<Id, String>, now: Timestamp) {
        if !self.roles.contains(&Role::Process) {
            return;
        }
        self.pipeline.take_decisions();
        match self.pipeline.store.lease(now, HOLD, QUEUE_BATCH) {
            Ok(jobs) => {
                for queued in jobs {
                    let key = queued.job.key();
                    if busy.values().any(|job| *job == key) {
                        self.put_back(&queued, now);
                    } else {
                        let handle = running.spawn(self.clone().work(key.clone(), queued));
                        busy.insert(handle.id(), key);
                    }
                }
            }
            Err(error) => tracing::error!(%error, "queue"),
        }
    }

    /// The same work is being done on schedule: the queued job waits and then finds it done.
    fn put_back(&self, queued: &QueuedJob, now: Timestamp) {
        if let Err(error) = self.pipeline.store.fail(queued, "the same job is running", now + BUSY_WAIT) {
            tracing::error!(job = queued.job.key(), %error, "queue");
        }
    }

    async fn work(self, key: String, queued: QueuedJob) {
        let result = match &queued.job {
            Job::Crawl { source } => match self.pipeline.stages.sources.iter().find(|known| known.id == *source) {
                Some(source) => self.crawl(source).await,
                None => Err(anyhow::anyhow!("no source `{source}` in sources.toml")),
            },
            Job::Annotate { .. } => self.process(),
            // Fills the outbox; the sweep sends.
            Job::MatchPolicy { .. } | Job::MatchEnterprise { .. } => self.match_changed().map(drop),
        };
        let store = &self.pipeline.store;
        let written = match &result {
            Ok(()) => store.complete(&queued).map(drop),
            Err(error) => {
                tracing::error!(job = key, error = format!("{error:#}"), "queued job failed");
                let wait = if queued.attempts + 1 >= MANY_ATTEMPTS { 24 * 60 } else { 1 << queued.attempts.min(6) };
                store.fail(&queued, &format!("{error:#}"), self.pipeline.clock.now() + SignedDuration::from_mins(wait)).map(drop)
            }
        };
        if let Err(error) = written {
            tracing::error!(job = key, %error, "queue");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_outside_its_hours_waits_for_them_and_others_begin_at_once() {
        let task = |window: &str| Task::Crawl(Box::new(Source { window: window.to_owned(), ..Source::default() }));
        let morning = "2026-11-20T07:10:00+08:00".parse().unwrap();
        let night = "2026-11-20T23:10:00+08:00".parse().unwrap();
        assert!(!task("22:00-06:00").may_begin(morning) && task("22:00-06:00").may_begin(night));
        assert!(task("").may_begin(morning) && Task::Process.may_begin(morning));
        assert_eq!((task("22:00-06:00").most_late().as_hours(), task("").most_late().as_hours()), (24, 12));
    }
}
