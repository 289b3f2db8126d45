//! Articles cut into several pages: the further pages are fetched, archived and joined before the document is stored.

use std::collections::{BTreeSet, VecDeque};

use fetch::{AnyTransport, Request, Response, Transport};
use model::id::normal_url;
use model::{Issue, Page, PageKind, Source};
use store::PagePart;
use url::Url;

use super::ask::{Purpose, Run};
use crate::intake::{Arrival, wall_of};
use crate::pipeline::Pipeline;

/// Further pages of one article that are fetched; more are a paging trap.
const MOST_PARTS: usize = 30;

/// A further page with what was read of it.
type Part = (PagePart, Page);

/// An article being put together.
pub(crate) struct Joining {
    waiting: VecDeque<String>,
    seen: BTreeSet<String>,
    parts: Vec<PagePart>,
    pages: Vec<Page>,
    missing: Vec<String>,
    issues: Vec<Issue>,
}

impl Joining {
    pub(crate) fn of(page: &Page) -> Self {
        Self {
            waiting: page.parts.iter().cloned().collect(),
            seen: BTreeSet::from([normal_url(&page.url)]),
            parts: Vec::new(),
            pages: Vec::new(),
            missing: Vec::new(),
            issues: Vec::new(),
        }
    }

    /// The URL of the next page that is needed.
    pub(crate) fn next(&mut self) -> Option<String> {
        while let Some(url) = self.waiting.pop_front() {
            if !self.seen.insert(normal_url(&url)) {
                continue;
            }
            if self.seen.len() > MOST_PARTS + 1 {
                self.issues.push(Issue::new("too_many_parts", format!("an article is read up to {MOST_PARTS} further pages")));
                return None;
            }
            return Some(url);
        }
        None
    }

    /// Takes the page asked for; it may name further ones.
    pub(crate) fn take(&mut self, url: String, part: Option<Part>) {
        match part {
            Some((part, page)) => {
                self.waiting.extend(page.parts.iter().cloned());
                self.parts.push(part);
                self.pages.push(page);
            }
            None => self.missing.push(url),
        }
    }

    /// Joins what came, and names what did not. Gives how many pages are missing.
    pub(crate) fn finish(self, arrival: &mut Arrival<'_>) -> usize {
        arrival.page = extract::join_parts(std::mem::take(&mut arrival.page), &self.pages);
        let issues = &mut arrival.page.issues;
        issues.extend(self.issues);
        issues.retain(|issue| issue.code != "part_missing");
        issues.extend(self.missing.iter().map(|url| Issue::new("part_missing", url.as_str())));
        arrival.parts = self.parts;
        self.missing.len()
    }
}

fn is_article(arrival: &Arrival<'_>) -> bool {
    arrival.page.kind == PageKind::Detail && !arrival.page.parts.is_empty()
}

impl Run<'_> {
    /// Completes articles with their further pages. One that does not come is named on the page; where the document is
    /// stored already, the reading is not taken over.
    ///
    /// # Errors
    /// Where the archive or the store cannot be written.
    pub(super) async fn join_parts(&mut self, arrivals: &mut [Arrival<'_>]) -> anyhow::Result<()> {
        for arrival in arrivals.iter_mut().filter(|arrival| is_article(arrival)) {
            let known = self.pipeline.store.page_state(&arrival.page.url)?.map(|state| state.parts).unwrap_or_default();
            let mut joining = Joining::of(&arrival.page);
            while let Some(url) = joining.next() {
                let part = match self.part(&url).await? {
                    Some(part) => Some(part),
                    None => self.pipeline.stored_part(&known, &url, Some(self.source))?,
                };
                joining.take(url, part);
            }
            let missing = joining.finish(arrival);
            self.report.failed += missing as u64;
            arrival.is_short = missing > 0;
        }
        Ok(())
    }

    /// Fetches one further page.
    async fn part(&mut self, url: &str) -> anyhow::Result<Option<Part>> {
        let Ok(address) = Url::parse(url) else { return Ok(None) };
        if !self.grant(&[&address], Purpose::Page)?.contains(&true) {
            return Ok(None);
        }
        let request = Request { rate_ms: self.source.rate_ms, render: self.source.render, ..Request::get(address) };
        match self.ask(&request).await {
            Ok(response) => {
                self.report.fetched += 1;
                self.pipeline.read_part(response, Some(self.source))
            }
            Err(error) => {
                tracing::warn!(url, code = error.code(), %error, "a page of an article");
                Ok(None)
            }
        }
    }
}

impl Pipeline {
    /// Archives and reads one further page; nothing where it is no part of an article.
    fn read_part(&self, response: Response, source: Option<&Source>) -> anyhow::Result<Option<Part>> {
        let arrival = self.archive_and_read(vec![(response, source)])?.pop();
        let arrival = arrival.filter(|arrival| arrival.page.kind == PageKind::Detail);
        let arrival = arrival.filter(|arrival| wall_of(&arrival.page, &arrival.response).is_none());
        Ok(arrival.map(|arrival| (PagePart { url: arrival.page.url.clone(), snapshot: arrival.snapshot }, arrival.page)))
    }

    /// A further page as it was read last.
    pub(crate) fn stored_part(&self, known: &[PagePart], url: &str, source: Option<&Source>) -> anyhow::Result<Option<Part>> {
        let Some(part) = known.iter().find(|part| normal_url(&part.url) == normal_url(url)) else { return Ok(None) };
        let arrival = self.read_archived(&part.url, &part.snapshot, source)?;
        Ok(Some((part.clone(), arrival.page)))
    }

    /// Completes replayed articles with the pages that are stored too. Gives the URLs of these: they are no documents of
    /// their own.
    ///
    /// # Errors
    /// Where the archive cannot be written.
    pub(super) async fn join_replayed(
        &self,
        transport: &AnyTransport,
        arrivals: &mut [Arrival<'_>],
    ) -> anyhow::Result<Vec<String>> {
        let mut joined = Vec::new();
        for arrival in arrivals.iter_mut().filter(|arrival| is_article(arrival)) {
            let mut joining = Joining::of(&arrival.page);
            while let Some(url) = joining.next() {
                let response = match Url::parse(&url) {
                    Ok(url) => transport.get(&Request::get(url)).await.ok(),
                    Err(_) => None,
                };
                let part = response.map(|response| self.read_part(response, arrival.source)).transpose()?.flatten();
                joining.take(url, part);
            }
            joining.finish(arrival);
            joined.extend(arrival.parts.iter().map(|part| part.url.clone()));
        }
        Ok(joined)
    }
}
