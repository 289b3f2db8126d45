//! Reaching back: all list pages of a source down to a date or a depth, however many items are known.
//!
//! After each list page its items are owed and the place is kept, in this order, so a run that is killed goes on at that
//! page. While a backfill runs, new items push old ones down the list: they are met again, never missed.

use fetch::AnyTransport;
use jiff::Timestamp;
use jiff::civil::Date;
use model::{ListItem, RunReport, Source};
use serde::{Deserialize, Serialize};
use store::SourceRun;

use super::CrawlOptions;
use super::ask::Run;
use super::lists::{Step, Walk};
use crate::pipeline::Pipeline;

/// How far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Until a list page has only items before this day.
    Since(Date),
    /// So many list pages.
    Pages(u32),
}

/// How far a backfill has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backfill {
    /// How far it is to reach.
    pub reach: Reach,
    /// The next list page, from 1.
    pub next: u32,
    /// Where the page before says that is.
    #[serde(default)]
    pub told: Option<String>,
    /// Items seen so far.
    #[serde(default)]
    pub items: u64,
    /// The oldest date met so far.
    #[serde(default)]
    pub oldest: Option<Date>,
    /// List pages in a row that led to no document.
    #[serde(default)]
    barren: u32,
}

/// No column has so many list pages; a calendar has.
const MOST_PAGES: u32 = 10_000;

/// List pages in a row that lead to no document: a calendar, or a search that finds everything.
const MOST_BARREN: u32 = 5;

impl Backfill {
    fn new(reach: Reach) -> Self {
        Self { reach, next: 1, told: None, items: 0, oldest: None, barren: 0 }
    }

    /// Whether the next page is beyond the reach.
    fn is_over(&self) -> bool {
        let is_deep = matches!(self.reach, Reach::Pages(pages) if self.next > pages);
        is_deep || self.next > MOST_PAGES || self.barren >= MOST_BARREN
    }

    /// Whether all dated items of a page are before the day.
    fn is_passed(&self, items: &[ListItem]) -> bool {
        let newest = items.iter().filter_map(|item| item.date).max();
        matches!(self.reach, Reach::Since(day) if newest.is_some_and(|newest| newest < day))
    }
}

fn mark(source: &Source) -> String {
    format!("backfill/{}", source.id)
}

impl Pipeline {
    /// The backfill of a source that is not finished.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn unfinished_backfill(&self, source: &Source) -> anyhow::Result<Option<Backfill>> {
        let text = self.store.mark_text(&mark(source))?.unwrap_or_default();
        Ok(serde_json::from_str(&text).ok())
    }

    /// Fetches a source back to a date or a depth, whatever is known. One that was broken off before with the same reach
    /// goes on where it was; one that the window, the budget or a stop ends goes on with the source's next crawl.
    /// `progress` is told how far it has come after each list page and batch.
    ///
    /// # Errors
    /// Only where the archive or the store cannot be written.
    pub async fn backfill(
        &self,
        transport: &AnyTransport,
        source: &Source,
        reach: Reach,
        options: CrawlOptions,
        progress: &mut (dyn FnMut(&Backfill, u64) + Send),
    ) -> anyhow::Result<RunReport> {
        let started = self.clock.now();
        let known = self.unfinished_backfill(source)?.filter(|known| known.reach == reach);
        let at = known.unwrap_or_else(|| Backfill::new(reach));
        let mut run = Run::new(self, transport, source, options);
        let (items, error) = run.reach_back(at, progress).await?;
        self.end_run(run, record(source, started, items, error)).map(|record| record.report)
    }
}

fn record(source: &Source, started: Timestamp, items: u64, error: Option<String>) -> SourceRun {
    SourceRun { source: source.id.clone(), started, items_seen: items, error, ..SourceRun::default() }
}

impl Run<'_> {
    /// Goes on with a backfill that is not finished, as far as the run may ask.
    ///
    /// # Errors
    /// Where the archive or the store cannot be written.
    pub(super) async fn go_on_with_backfill(&mut self) -> anyhow::Result<()> {
        let Some(at) = self.pipeline.unfinished_backfill(self.source)? else { return Ok(()) };
        if self.goes_on() {
            self.reach_back(at, &mut |_, _| {}).await?;
        }
        Ok(())
    }

    /// Reads list pages from a place on, and what they lead to, page by page. Gives the number of items and why it ended
    /// badly.
    async fn reach_back(
        &mut self,
        mut at: Backfill,
        progress: &mut (dyn FnMut(&Backfill, u64) + Send),
    ) -> anyhow::Result<(u64, Option<String>)> {
        self.keep(&at)?;
        let mut walk = Walk::from(at.next, at.told.clone());
        walk.place = at.items;
        let (mut done, mut items) = (0, 0);
        let mut is_finished = at.is_over();
        loop {
            // What was listed so far, also by a run that was broken off.
            let owed = self.owed_pages(CrawlOptions::default())?;
            let now = at.clone();
            let mut tell = |count| {
                done += count;
                progress(&now, done);
            };
            let found = self.fetch_pages(&owed, &mut tell).await?;
            if !owed.is_empty() {
                at.barren = if found == 0 { at.barren + 1 } else { 0 };
            }
            if self.ending.is_some() || self.is_spent() {
                return Ok((items, self.wall()));
            }
            if is_finished || at.is_over() {
                break;
            }
            let fresh = match walk.step(self).await? {
                Step::Items(fresh) => fresh,
                Step::End => break,
                Step::Held => return Ok((items, self.wall())),
                Step::Broken(message) => return Ok((items, Some(message))),
            };
            self.owe(&fresh, walk.place)?;
            walk.place += fresh.len() as u64;
            items += fresh.len() as u64;
            (at.next, at.told, at.items) = (walk.number, walk.told.clone(), walk.place);
            at.oldest = at.oldest.into_iter().chain(fresh.iter().filter_map(|item| item.date)).min();
            self.keep(&at)?;
            progress(&at, done);
            is_finished = at.is_passed(&fresh);
        }
        self.fetch_files().await?;
        self.pipeline.store.set_mark_text(&mark(self.source), "")?;
        Ok((items, self.wall()))
    }

    fn keep(&self, at: &Backfill) -> anyhow::Result<()> {
        Ok(self.pipeline.store.set_mark_text(&mark(self.source), &serde_json::to_string(at)?)?)
    }
}
