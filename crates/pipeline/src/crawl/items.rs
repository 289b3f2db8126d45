//! Fetching what the lists led to: what is owed first, then known pages that are due again.

use std::collections::BTreeSet;

use fetch::{FetchError, Request, Response};
use jiff::civil::Date;
use model::id::normal_url;
use model::{ListItem, Page, PageKind, SourceId};
use store::{PageState, Visits, Want};
use url::Url;

use super::ask::{Ending, Purpose, Run};
use super::{CrawlOptions, Revisit, revisit};
use crate::health::Asked;
use crate::intake::{Arrival, MOST_FAILURES, Occasion, owed_files, wall_of};

/// Pages fetched from one source between two durable steps: a host is paced, so few enough that little is lost, and
/// little waited for, when the program is told to stop.
const BATCH: usize = 8;

/// The same where a host may be asked in quick succession.
const QUICK_BATCH: usize = 64;

/// A host asked at least so often, in milliseconds, is asked in quick succession.
const QUICK_MS: u64 = 100;

/// Known pages that no list shows any more and that are fetched again in one run.
const MOST_REVISITS: usize = 500;

/// A page to be fetched.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    url: Url,
    /// The date beside it on its list.
    date: Option<Date>,
}

impl Wanted {
    fn of(url: &str, date: Option<Date>) -> Option<Self> {
        Some(Self { url: Url::parse(url).ok()?, date })
    }
}

impl Run<'_> {
    /// What is owed and may be tried again, what was listed longest ago first.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(super) fn owed_pages(&self, options: CrawlOptions) -> anyhow::Result<Vec<Wanted>> {
        let mut wanted = Vec::new();
        for owed in self.pipeline.store.owed(&self.source.id)?.into_iter().filter(|owed| owed.want == Want::Page) {
            if self.is_due(&owed.url, options)? {
                wanted.extend(Wanted::of(&owed.url, owed.date));
            }
        }
        Ok(wanted)
    }

    /// What is to be fetched: what is owed, then listed and other known pages that are due, lists' bottom first.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(super) fn wanted(&self, listed: &[ListItem], options: CrawlOptions) -> anyhow::Result<Vec<Wanted>> {
        let mut wanted = self.owed_pages(options)?;
        let mut seen: BTreeSet<String> = wanted.iter().map(|wanted| normal_url(wanted.url.as_str())).collect();
        for item in listed.iter().rev() {
            if seen.insert(normal_url(&item.url)) && self.is_due(&item.url, options)? {
                wanted.extend(Wanted::of(&item.url, item.date));
            }
        }
        for state in self.pipeline.store.due_pages(&self.source.id, self.pipeline.clock.now(), MOST_REVISITS)? {
            // An error that never was a document, that no list shows and nobody owes, was no address of a document.
            let is_nothing = state.kind == PageKind::Error && state.document.is_none();
            if !is_nothing && seen.insert(normal_url(&state.url)) {
                wanted.extend(Wanted::of(&state.url, None));
            }
        }
        Ok(wanted)
    }

    /// Whether a page is to be fetched: it is unknown, or it is time to see it again.
    fn is_due(&self, url: &str, options: CrawlOptions) -> anyhow::Result<bool> {
        let state = self.pipeline.store.page_state(url)?.filter(|_| options.revisit == Revisit::Due);
        let Some(state) = state else { return Ok(true) };
        Ok(state.due.or_else(|| revisit::due(&state)).is_some_and(|due| due <= self.pipeline.clock.now()))
    }

    /// Fetches pages in batches, each taken in before the next is asked for. Gives how many became documents.
    ///
    /// # Errors
    /// Where the archive or the store cannot be written.
    pub(super) async fn fetch_pages(&mut self, wanted: &[Wanted], progress: &mut Progress<'_>) -> anyhow::Result<u64> {
        let size = if self.source.rate_ms <= QUICK_MS { QUICK_BATCH } else { BATCH };
        let mut documents = 0;
        for batch in wanted.chunks(size) {
            let urls: Vec<&Url> = batch.iter().map(|wanted| &wanted.url).collect();
            let granted = self.grant(&urls, Purpose::Page)?;
            if self.ending.is_some() {
                break;
            }
            let batch: Vec<&Wanted> =
                batch.iter().zip(granted).filter_map(|(wanted, granted)| granted.then_some(wanted)).collect();
            documents += self.fetch_batch(&batch).await?;
            progress(batch.len() as u64);
        }
        Ok(documents)
    }

    async fn fetch_batch(&mut self, batch: &[&Wanted]) -> anyhow::Result<u64> {
        let mut visits = Visits::default();
        let mut fetched = Vec::new();
        let mut listed = Vec::new();
        let mut walls = Vec::new();
        let asked = self.pipeline.clock.now();
        let answers = self.ask_all(batch).await?;
        // Pages of one host are asked for one behind the other: the first answer of a batch waited least for its turn.
        let first = answers.iter().filter_map(|(_, result)| result.as_ref().ok()).map(|response| response.fetched_at).min();
        first.into_iter().for_each(|answered| self.observer.latency(asked, answered));
        for (wanted, result) in answers {
            match result {
                Ok(response) if response.not_modified() => {
                    self.observer.unchanged(&response);
                    self.report.fetched += 1;
                    self.report.unchanged += 1;
                    self.unchanged(&wanted.url, &mut visits)?;
                }
                // An error page is archived as evidence too; extraction never makes a document of it.
                Ok(response) => {
                    fetched.push((response, Some(self.source)));
                    listed.push(wanted.date);
                }
                Err(error) => {
                    self.observer.not_fetched(Asked::Item, &error);
                    self.fetch_failed(&wanted.url, wanted.date, &error)?;
                }
            }
        }
        if !visits.states.is_empty() {
            self.pipeline.store.record_visits(&visits)?;
        }
        let pipeline = self.pipeline;
        let mut arrivals = tokio::task::block_in_place(|| pipeline.archive_and_read(fetched))?;
        for (arrival, date) in arrivals.iter_mut().zip(listed) {
            arrival.listed = date;
            walls.push((arrival.page.url.clone(), wall_of(&arrival.page, &arrival.response)));
        }
        self.join_parts(&mut arrivals).await?;
        let taken = tokio::task::block_in_place(|| pipeline.store_all(&arrivals, Occasion::Crawl, &mut self.report))?;
        for (arrival, (url, wall)) in arrivals.iter().zip(walls) {
            self.item_read(arrival);
            self.note_wall(&url, wall.as_deref());
        }
        Ok(taken.iter().filter(|taken| taken.change.is_some()).count() as u64)
    }

    /// Asks for pages at once; each host paces itself. The answers come in the order asked.
    async fn ask_all<'w>(&self, batch: &[&'w Wanted]) -> anyhow::Result<Vec<(&'w Wanted, Result<Response, FetchError>)>> {
        let mut asked = Vec::new();
        for wanted in batch {
            let known = self.pipeline.store.page_state(wanted.url.as_str())?;
            let conditions = known.filter(|state| state.document.is_some() && state.failures == 0);
            let (etag, last_modified) = conditions.map(|state| (state.etag, state.last_modified)).unwrap_or_default();
            let (rate_ms, render) = (self.source.rate_ms, self.source.render);
            let request = Request { etag, last_modified, rate_ms, render, ..Request::get(wanted.url.clone()) };
            asked.push(async move { (*wanted, self.ask(&request).await) });
        }
        Ok(futures_util::future::join_all(asked).await)
    }

    /// A page the server says is as it was.
    fn unchanged(&self, url: &Url, visits: &mut Visits) -> anyhow::Result<()> {
        let Some(mut state) = self.pipeline.store.page_state(url.as_str())? else { return Ok(()) };
        state.fetched_at = self.pipeline.clock.now();
        state.visits += 1;
        (state.failures, state.last_error) = (0, None);
        state.due = revisit::due(&state);
        let owed = self.pipeline.store.owed_of(&self.source.id, &state.url)?;
        if owed.is_some_and(|owed| owed.want == Want::Files) {
            // The page is as it was, but files of it are still to come.
            visits.states.push(state);
            return Ok(());
        }
        visits.paid.push((self.source.id.clone(), state.url.clone()));
        if revisit::is_young(&state, self.pipeline.clock.today()) && self.has_files(&state)? {
            visits.owed.push((self.source.id.clone(), owed_files(&state, Want::FilesAnew)));
        }
        visits.states.push(state);
        Ok(())
    }

    fn has_files(&self, state: &PageState) -> anyhow::Result<bool> {
        let Some(id) = &state.document else { return Ok(false) };
        Ok(self.pipeline.store.document(id)?.is_some_and(|document| !document.attachments.is_empty()))
    }

    /// A page that could not be fetched: the one place where that is noted.
    pub(super) fn fetch_failed(&mut self, url: &Url, listed: Option<Date>, error: &FetchError) -> anyhow::Result<()> {
        self.report.failed += 1;
        tracing::warn!(%url, code = error.code(), %error, "fetch");
        let now = self.pipeline.clock.now();
        let known = self.pipeline.store.page_state(url.as_str())?;
        let mut state = known.unwrap_or_else(|| PageState {
            url: url.to_string(),
            source: self.source.id.clone(),
            kind: PageKind::Error,
            first_seen: now,
            published: listed,
            ..PageState::default()
        });
        state.failures += 1;
        state.last_error = Some(error.to_string());
        state.fetched_at = now;
        state.due = revisit::due(&state);
        // Without an answer nothing is known of the page: a site may be away for weeks.
        let is_given_up = error.is_permanent() && state.failures >= MOST_FAILURES;
        let paid: Vec<(SourceId, String)> = is_given_up.then(|| (self.source.id.clone(), url.to_string())).into_iter().collect();
        Ok(self.pipeline.store.record_visits(&Visits { states: vec![state], paid, ..Visits::default() })?)
    }

    /// A list page could not be fetched: the one place where that is noted.
    pub(super) fn list_failed(&mut self, url: &Url, error: &FetchError) {
        self.report.failed += 1;
        self.observer.not_fetched(Asked::List, error);
        tracing::warn!(%url, code = error.code(), %error, "list page");
    }

    /// A list page answered, whatever it turned out to be: the one place where that is noted.
    pub(super) fn list_answered(&mut self, arrival: &Arrival<'_>) {
        self.observer.list_archived(&arrival.snapshot);
        self.observer.page(Asked::List, &arrival.response, &arrival.page);
    }

    /// A list page was read: the one place where that is noted.
    pub(super) fn list_read(&self, page: &Page) {
        tracing::debug!(source = %self.source.id, url = page.url, items = page.items.len(), "list page");
    }

    /// A page of an item was read: the one place where that is noted.
    fn item_read(&mut self, arrival: &Arrival<'_>) {
        self.observer.page(Asked::Item, &arrival.response, &arrival.page);
        tracing::debug!(source = %self.source.id, url = arrival.page.url, kind = ?arrival.page.kind, "item page");
    }

    /// The name of the wall the run ended at.
    pub(super) fn wall(&self) -> Option<String> {
        match &self.ending {
            Some(Ending::Wall(message)) => Some(message.clone()),
            _ => None,
        }
    }
}

/// Told how many more pages were asked for.
pub(super) type Progress<'p> = dyn FnMut(u64) + Send + 'p;
