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

impl Role {
    /// The name it has on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crawl => "crawl",
            Self::Process => "process",
            Self::Push => "push",
            Self::Web => "web",
        }
    }
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
    /// A worker that does not renew its lease for so long is taken for dead, and its job is given to another. Clocks of
    /// machines on one store must agree better than that.
    pub hold: SignedDuration,
}

/// Jobs of the queue taken at once.
const QUEUE_BATCH: usize = 16;

/// Jobs one of several machines takes at once: the others get their share before it looks again.
const SHARE: usize = 2;

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

    /// The role of those who do it.
    const fn role(&self) -> Role {
        match self {
            Self::Crawl(_) => Role::Crawl,
            Self::Process => Role::Process,
            Self::Push | Self::Health => Role::Push,
        }
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
            let leading = self.leading();
            for (plan, task) in plans.iter().filter(|(_, task)| leading.contains(&task.role())) {
                // A job still running is not started again, and a source outside its hours not yet: the firing is left for
                // later, or becomes too late.
                let may_begin = task.may_begin(now) && !busy.values().any(|job| *job == plan.job);
                if may_begin && self.is_due(plan, task, started, now) && !self.is_queued(task) {
                    let handle = running.spawn(self.clone().perform(plan.job.clone(), task.clone(), started));
                    busy.insert(handle.id(), plan.job.clone());
                }
            }
            self.start_queued(&mut running, &mut busy, now);
            self.start_following(&mut running, &mut busy);
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
        let tick = if self.roles.contains(&Role::Process) || self.pipeline.store.is_shared() { QUEUE_TICK } else { until };
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

    /// The roles whose schedule this process keeps: of several machines on one store one keeps each.
    fn leading(&self) -> BTreeSet<Role> {
        let leads = |role: &Role| {
            self.pipeline.store.leads(role.name()).unwrap_or_else(|error| {
                tracing::error!(role = role.name(), %error, "who leads cannot be asked");
                false
            })
        };
        self.roles.iter().copied().filter(leads).collect()
    }

    /// Whether a firing goes to the queue, for any machine to take, instead of being performed here.
    fn is_queued(&self, task: &Task) -> bool {
        self.pipeline.store.is_shared() && matches!(task, Task::Crawl(_))
    }

    /// Whether this process does jobs of this key. Alone on its store it does all; among others those of its roles.
    fn does(&self, key: &str) -> bool {
        let kind = key.split('/').next().unwrap_or_default();
        match kind {
            _ if !self.pipeline.store.is_shared() => self.roles.contains(&Role::Process),
            "crawl" => self.roles.contains(&Role::Crawl),
            "annotate" => self.roles.contains(&Role::Process),
            _ => self.roles.contains(&Role::Push),
        }
    }

    /// Keeps the index of this machine up to what others wrote.
    fn start_following(&self, running: &mut JoinSet<()>, busy: &mut BTreeMap<Id, String>) {
        const FOLLOW: &str = "follow";
        if !self.pipeline.store.is_shared() || busy.values().any(|job| job == FOLLOW) {
            return;
        }
        match self.pipeline.is_behind() {
            Ok(false) => {}
            Ok(true) => {
                let pipeline = self.pipeline.clone();
                let handle = running.spawn(async move {
                    if let Err(error) = tokio::task::block_in_place(|| pipeline.follow()) {
                        tracing::error!(error = format!("{error:#}"), "the index could not follow the store");
                    }
                });
                busy.insert(handle.id(), FOLLOW.to_owned());
            }
            Err(error) => tracing::error!(error = format!("{error:#}"), "the store cannot be asked what changed"),
        }
    }

    /// Whether a firing of the plan is due and is ours: its row is written once, by whoever comes first.
    fn is_due(&self, plan: &Plan, task: &Task, started: Timestamp, now: Timestamp) -> bool {
        let claimed = (|| {
            let last = self.pipeline.store.last_firing(&plan.job)?;
            let due = plan.due(last, started, now);
            match due.last() {
                Some(due) => match task {
                    Task::Crawl(source) if self.is_queued(task) => {
                        let job = Job::Crawl { source: source.id.clone() };
                        self.pipeline.store.claim_firing_for(&plan.job, *due, Some(&job))
                    }
                    _ => self.pipeline.store.claim_firing(&plan.job, *due),
                },
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

    /// Takes jobs from the queue.
    fn start_queued(&self, running: &mut JoinSet<()>, busy: &mut BTreeMap<Id, String>, now: Timestamp) {
        if self.roles.contains(&Role::Process) {
            self.pipeline.take_decisions();
        }
        // What one machine takes and has no hands for, others cannot take.
        let free = if self.pipeline.store.is_shared() { QUEUE_BATCH.saturating_sub(busy.len()).min(SHARE) } else { QUEUE_BATCH };
        match self.pipeline.store.lease_some(now, self.hold, free, |key| self.does(key)) {
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
        // A task of its own: what the job does may block this one.
        let mut keeper = tokio::spawn(self.clone().keep(queued.clone()));
        tokio::select! {
            () = self.do_queued(&key, &queued) => keeper.abort(),
            _ = &mut keeper => tracing::warn!(job = key, "given up: the lease ran out and the job may be another machine's"),
        }
    }

    /// Renews a lease for as long as that is possible.
    async fn keep(self, queued: QueuedJob) {
        let third = Duration::try_from(self.hold / 3).unwrap_or(QUEUE_TICK).max(Duration::from_millis(100));
        let mut until = self.pipeline.clock.now() + self.hold;
        loop {
            tokio::time::sleep(third).await;
            let next = self.pipeline.clock.now() + self.hold;
            match tokio::task::block_in_place(|| self.pipeline.store.renew(&queued, next)) {
                Ok(true) => until = next,
                Ok(false) => return,
                Err(error) => tracing::error!(job = queued.job.key(), %error, "a lease could not be renewed"),
            }
            if self.pipeline.clock.now() >= until {
                return;
            }
        }
    }

    async fn do_queued(&self, key: &str, queued: &QueuedJob) {
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
            Ok(()) => store.complete(queued),
            Err(error) => {
                tracing::error!(job = key, error = format!("{error:#}"), "queued job failed");
                let wait = if queued.attempts + 1 >= MANY_ATTEMPTS { 24 * 60 } else { 1 << queued.attempts.min(6) };
                store.fail(queued, &format!("{error:#}"), self.pipeline.clock.now() + SignedDuration::from_mins(wait))
            }
        };
        match written {
            Ok(true) => {}
            Ok(false) => tracing::warn!(job = key, "another machine has the job by now; what it reports counts"),
            Err(error) => tracing::error!(job = key, %error, "queue"),
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
