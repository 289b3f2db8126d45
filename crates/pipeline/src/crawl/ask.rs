//! Asking: every request of a run passes here, and is let through only within the source's window, its host's budget of
//! the day, and while nobody asked the program to stop and no wall stands in the way.

use std::collections::{BTreeMap, BTreeSet};

use fetch::{AnyTransport, FetchError, Request, Response, Transport};
use model::job::Job;
use model::{RunReport, Source};
use url::Url;

use super::CrawlOptions;
use super::window::{Window, local, tomorrow};
use crate::health::Observer;
use crate::pipeline::Pipeline;

/// Pages in a row that a host does not show before a run takes it for a wall.
const MOST_WALLS: u32 = 3;

/// What a request is for: lists come first where a day's budget is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    List,
    Page,
}

/// Why a run asks no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// The program is told to stop.
    Stopping,
    /// The hours in which the host may be fetched are over.
    Closed,
    /// A login page, an anti-bot page or the like, by name.
    Wall(String),
}

/// What a host may be asked in one day.
#[derive(Debug, Clone, Copy)]
struct Budget {
    most: u64,
    /// Kept for the lists of the host's other sources.
    for_lists: u64,
}

/// One run over one source.
pub(super) struct Run<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) transport: &'a AnyTransport,
    pub(super) source: &'a Source,
    pub(super) report: RunReport,
    pub(super) ending: Option<Ending>,
    /// What the run passes by, counted.
    pub(super) observer: Observer,
    window: Option<Window>,
    budgets: BTreeMap<String, Option<Budget>>,
    /// Hosts whose budget of the day is spent.
    spent: BTreeSet<String>,
    walls: u32,
}

impl<'a> Run<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, transport: &'a AnyTransport, source: &'a Source, options: CrawlOptions) -> Self {
        // A window that cannot be read was refused with the sources; here it would only be no window.
        let window = if options.any_time { None } else { Window::parse(&source.window).unwrap_or_default() };
        let (report, ending) = (RunReport::default(), None);
        let (budgets, spent, walls) = (BTreeMap::new(), BTreeSet::new(), 0);
        let observer = Observer::default();
        Self { pipeline, transport, source, report, ending, observer, window, budgets, spent, walls }
    }

    /// Whether the run may go on asking; notes why not.
    pub(super) fn goes_on(&mut self) -> bool {
        if self.ending.is_none() {
            let now = self.pipeline.clock.now();
            let is_closed = self.window.is_some_and(|window| window.opens_in(now, &self.source.zone).is_some());
            self.ending = match (self.pipeline.is_stopping(), is_closed) {
                (true, _) => Some(Ending::Stopping),
                (_, true) => Some(Ending::Closed),
                _ => None,
            };
        }
        self.ending.is_none()
    }

    /// Which of these addresses may be asked now, in their order; what they cost is spent before they are asked.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub(super) fn grant(&mut self, urls: &[&Url], purpose: Purpose) -> anyhow::Result<Vec<bool>> {
        if !self.goes_on() {
            return Ok(vec![false; urls.len()]);
        }
        let mut wanted: BTreeMap<&str, u64> = BTreeMap::new();
        for host in urls.iter().filter_map(|url| url.host_str()) {
            *wanted.entry(host).or_default() += 1;
        }
        let mut left = BTreeMap::new();
        for (host, wanted) in wanted {
            left.insert(host, self.spend(host, wanted, purpose)?);
        }
        let take = |url: &&Url| {
            let left = left.get_mut(url.host_str().unwrap_or_default());
            left.is_some_and(|left| {
                let is_granted = *left > 0;
                *left = left.saturating_sub(1);
                is_granted
            })
        };
        Ok(urls.iter().map(take).collect())
    }

    fn spend(&mut self, host: &str, wanted: u64, purpose: Purpose) -> anyhow::Result<u64> {
        let known = self.budgets.get(host).copied();
        let budget = known.unwrap_or_else(|| self.budget_of(host));
        self.budgets.insert(host.to_owned(), budget);
        let Some(budget) = budget else { return Ok(wanted) };
        let most = if purpose == Purpose::List { budget.most } else { budget.most - budget.for_lists };
        let (day, _) = local(self.pipeline.clock.now(), &self.source.zone);
        let granted = self.pipeline.store.spend(host, day, most, wanted)?;
        if granted < wanted && self.spent.insert(host.to_owned()) {
            tracing::warn!(source = %self.source.id, host, most, "the host's budget of the day is spent; the rest is owed");
        }
        Ok(granted)
    }

    /// The least budget any source of a host names.
    fn budget_of(&self, host: &str) -> Option<Budget> {
        let sources = &self.pipeline.stages.sources;
        let is_here = |source: &&Source| Url::parse(&source.url).is_ok_and(|url| url.host_str() == Some(host));
        let others: Vec<&Source> =
            sources.iter().filter(|other| other.id != self.source.id && other.enabled).filter(is_here).collect();
        let own = Some(self.source).filter(is_here);
        let most =
            others.iter().copied().chain(own).map(|source| u64::from(source.daily_budget)).filter(|most| *most > 0).min()?;
        Some(Budget { most, for_lists: (others.len() as u64).min(most / 2) })
    }

    /// Asks for one thing that was granted.
    pub(super) async fn ask(&self, request: &Request) -> Result<Response, FetchError> {
        self.transport.get(request).await
    }

    /// Notes whether a page was shown or a wall stood before it; so many walls in a row end the run.
    pub(super) fn note_wall(&mut self, url: &str, wall: Option<&str>) {
        match wall {
            None => self.walls = 0,
            Some(wall) => {
                self.walls += 1;
                if self.walls >= MOST_WALLS {
                    self.end_at_wall(url, wall);
                }
            }
        }
    }

    /// Ends the run before a wall: asking on would only make it higher.
    pub(super) fn end_at_wall(&mut self, url: &str, wall: &str) {
        let message = format!("source {}: {url} is behind a wall ({wall}); the run ended early", self.source.id);
        self.ending.get_or_insert(Ending::Wall(message));
    }

    /// Whether something was left because the budget of a day was spent.
    pub(super) fn is_spent(&self) -> bool {
        !self.spent.is_empty()
    }

    /// Puts the source into the queue for when it may go on: at the next start, when the window opens, on the next day.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub(super) fn plan_the_rest(&self) -> anyhow::Result<()> {
        let now = self.pipeline.clock.now();
        let due = match &self.ending {
            Some(Ending::Stopping) => Some(now),
            Some(Ending::Closed) => {
                let wait = self.window.and_then(|window| window.opens_in(now, &self.source.zone));
                wait.map(|wait| now.saturating_add(wait).unwrap_or(now))
            }
            // Behind a wall the schedule tries again, and a person is told.
            Some(Ending::Wall(_)) => None,
            None => self.is_spent().then(|| tomorrow(now, &self.source.zone)),
        };
        if let Some(due) = due.filter(|_| self.source.enabled) {
            self.pipeline.store.enqueue(&[Job::Crawl { source: self.source.id.clone() }], due)?;
        }
        Ok(())
    }
}
