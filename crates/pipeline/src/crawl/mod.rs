//! Crawling one source: its lists, the documents they lead to, the files of these, and what an earlier run left.
//!
//! Everything a run learns that it has to do is in the store before it is begun (`owed`, `walk/…`, `backfill/…`), so a
//! run can be killed at any moment and the next one goes on. [`ask::Run`] lets every request through or not.

mod ask;
mod backfill;
mod files;
mod items;
mod lists;
mod parts;
mod replay;
mod request;
pub(crate) mod revisit;
#[cfg(test)]
mod tests;
pub(crate) mod window;

use fetch::AnyTransport;
use model::{RunReport, Source};
use store::SourceRun;

pub use backfill::{Backfill, Reach};
pub(crate) use parts::Joining;

use crate::health::Observer;
use crate::pipeline::Pipeline;
use ask::{Ending, Run};

/// When a page that is already known is fetched again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Revisit {
    /// When it is due by its own rate of change.
    #[default]
    Due,
    /// Always.
    Always,
}

/// How a crawl runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CrawlOptions {
    /// Which known pages are fetched again.
    pub revisit: Revisit,
    /// Whether the source's hours do not count: a person asks for it now.
    pub any_time: bool,
}

impl Pipeline {
    /// Fetches one source: its list pages while they bring unknown items, then what is owed and due, then the files of
    /// its documents; last, a backfill that is not finished goes on. The run is recorded.
    ///
    /// # Errors
    /// Only where the archive or the store cannot be written; what fails on the network is counted and kept on the page.
    pub async fn crawl_source(
        &self,
        transport: &AnyTransport,
        source: &Source,
        options: CrawlOptions,
    ) -> anyhow::Result<RunReport> {
        let started = self.clock.now();
        let mut run = Run::new(self, transport, source, options);
        let listed = run.read_lists().await?;
        let newest = listed.items.iter().filter_map(|item| item.date).max();
        let mut error = listed.error;
        if error.is_none() && !listed.is_held && listed.items.is_empty() {
            error = Some(format!("source {}: {} gave no items", source.id, source.url));
        }
        if error.is_some() {
            // A list page that could not be fetched was counted when that failed.
            run.report.failed += u64::from(run.report.failed == 0);
        }
        let wanted = run.wanted(&listed.items, options)?;
        run.fetch_pages(&wanted, &mut |_| {}).await?;
        run.fetch_files().await?;
        run.go_on_with_backfill().await?;
        let facts = std::mem::take(&mut run.observer).ended(listed.is_held);
        let run_of = SourceRun {
            facts: Some(facts),
            source: source.id.clone(),
            started,
            items_seen: listed.items.len() as u64,
            newest,
            error: error.or_else(|| run.wall()),
            ..SourceRun::default()
        };
        let record = self.end_run(run, run_of)?;
        tokio::task::block_in_place(|| self.judge_source(source))?;
        tokio::task::block_in_place(|| self.heal_after(source, &listed.items, &record));
        Ok(record.report)
    }

    /// Ends a run: what is left is counted and planned, the run is recorded. The one place where a run ends.
    fn end_run(&self, mut run: Run<'_>, mut record: SourceRun) -> anyhow::Result<SourceRun> {
        run.report.owed = self.store.owed(&run.source.id)?.len() as u64;
        if run.wall().is_some() && record.error == run.wall() {
            run.report.failed += u64::from(run.report.failed == 0);
        }
        run.plan_the_rest()?;
        if let Some(message) = &record.error {
            tracing::error!(source = %run.source.id, error = message, "crawl");
        }
        if run.ending == Some(Ending::Closed) || run.is_spent() {
            tracing::warn!(source = %run.source.id, owed = run.report.owed, "not all was fetched: it goes on later");
        }
        // Reaching back says nothing of how the source is today.
        record.facts.get_or_insert_with(|| Observer::default().ended(true));
        record.report = run.report;
        self.store.record_run(&record)?;
        Ok(record)
    }
}

/// The request for a source's first list page, as a crawl asks for it; without the token of a list that wants one.
#[must_use]
pub fn first_list_request(source: &Source) -> Option<fetch::Request> {
    request::list_request(source, 1, None, "")
}
