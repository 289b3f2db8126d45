//! Walking over a source's list pages, and knowing when to stop.
//!
//! A walk goes on until enough items in a row were known before, so that items pinned to the top do not end it, and ends
//! at every trap: a page without a new item, a page asked for twice, no next page. It marks that it began and takes the
//! mark away when it ended well: items that came in through a walk that broke off do not count as known for the next one.

use std::collections::BTreeSet;

use fetch::{Request, Response};
use jiff::Timestamp;
use model::id::normal_url;
use model::{ListItem, Page, PageKind, RunReport};
use regex::Regex;
use store::{Owed, Visits, Want};

use super::ask::{Purpose, Run};
use super::request::{list_request, token_request};
use crate::health::Asked;
use crate::intake::{Occasion, wall_of};

/// List pages one after the other.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The number of the next page, from 1.
    pub(super) number: u32,
    /// Where the last page says its next one is.
    pub(super) told: Option<String>,
    token: String,
    /// Pages asked for, and items seen.
    asked: BTreeSet<String>,
    seen: BTreeSet<String>,
    /// Items seen so far.
    pub(super) place: u64,
}

/// What a step of a walk brought.
#[derive(Debug)]
pub(super) enum Step {
    /// The items of a page that stood on none before.
    Items(Vec<ListItem>),
    /// There is no further page.
    End,
    /// The page did not come, or is no list.
    Broken(String),
    /// The run may not ask now.
    Held,
}

/// What the lists gave.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// All items, in the order of the lists.
    pub(super) items: Vec<ListItem>,
    /// Why the first page gave nothing.
    pub(super) error: Option<String>,
    /// Whether the first page could not be asked for at all.
    pub(super) is_held: bool,
}

impl Walk {
    /// A walk that begins at a page; `told` is where that page is said to be.
    pub(super) fn from(number: u32, told: Option<String>) -> Self {
        Self { number, told, ..Self::default() }
    }

    /// Reads the next page.
    ///
    /// # Errors
    /// Where the archive or the store cannot be written.
    pub(super) async fn step(&mut self, run: &mut Run<'_>) -> anyhow::Result<Step> {
        if self.token.is_empty()
            && let Some(broken) = self.find_token(run).await?
        {
            return Ok(broken);
        }
        let request = list_request(run.source, self.number, self.told.as_deref(), &self.token);
        let Some(request) = request.filter(|request| self.asked.insert(name_of(request))) else { return Ok(Step::End) };
        if !run.grant(&[&request.url], Purpose::List)?.contains(&true) {
            return Ok(Step::Held);
        }
        let asked = run.pipeline.clock.now();
        let response = match run.ask(&request).await {
            Ok(response) => {
                run.observer.latency(asked, response.fetched_at);
                response
            }
            Err(error) => {
                run.list_failed(&request.url, &error);
                return Ok(Step::Broken(format!("source {}: list page {} could not be fetched", run.source.id, request.url)));
            }
        };
        self.read(run, response)
    }

    fn read(&mut self, run: &mut Run<'_>, response: Response) -> anyhow::Result<Step> {
        let mut arrivals = run.pipeline.archive_and_read(vec![(response, Some(run.source))])?;
        let mut report = RunReport::default();
        run.pipeline.store_all(&arrivals, Occasion::Listing, &mut report)?;
        let Some(arrival) = arrivals.pop() else { return Ok(Step::End) };
        run.list_answered(&arrival);
        if let Some(wall) = wall_of(&arrival.page, &arrival.response) {
            run.report.add(&report);
            run.end_at_wall(&arrival.page.url, &wall);
            return Ok(Step::Broken(format!("source {}: {} is behind a wall ({wall})", run.source.id, arrival.page.url)));
        }
        let (page, status) = (arrival.page, arrival.response.status);
        let is_list = page.kind == PageKind::List || !page.items.is_empty();
        if !is_list && self.number > 1 && is_missing(&page, status) {
            // Behind the last page many sites show an error page: the end of the list, and no failure.
            run.report.add(&RunReport { failed: 0, ..report });
            return Ok(Step::End);
        }
        run.report.add(&report);
        if !is_list {
            return Ok(Step::Broken(format!(
                "source {}: {} is a {:?} page, expected a list",
                run.source.id, page.url, page.kind
            )));
        }
        run.list_read(&page);
        let fresh: Vec<ListItem> = page.items.into_iter().filter(|item| self.seen.insert(normal_url(&item.url))).collect();
        self.number += 1;
        self.told = page.next;
        // A page without a new item: the same page again, or one beyond the last.
        Ok(if fresh.is_empty() && self.number > 2 { Step::End } else { Step::Items(fresh) })
    }

    /// Fetches the token the list wants to see, if it wants one.
    async fn find_token(&mut self, run: &mut Run<'_>) -> anyhow::Result<Option<Step>> {
        let Some(request) = token_request(run.source) else { return Ok(None) };
        if !run.grant(&[&request.url], Purpose::List)?.contains(&true) {
            return Ok(Some(Step::Held));
        }
        let broken = |what: &str| Some(Step::Broken(format!("source {}: token page {}: {what}", run.source.id, request.url)));
        match run.ask(&request).await {
            Ok(response) => {
                run.pipeline.archive.put(&response)?;
                match token_in(run, &response) {
                    Some(token) => self.token = token,
                    None => return Ok(broken("no token found; expected a match of `find`")),
                }
                Ok(None)
            }
            Err(error) => {
                run.report.failed += 1;
                run.observer.not_fetched(Asked::List, &error);
                Ok(broken(&error.to_string()))
            }
        }
    }
}

fn token_in(run: &Run<'_>, response: &Response) -> Option<String> {
    let token = run.source.request.as_ref()?.token.as_ref()?;
    let text = fetch::decode(&response.body, response.content_type(), &run.source.encoding).text;
    let found = Regex::new(&token.find).ok()?.captures(&text)?.get(1)?.as_str().to_owned();
    (!found.is_empty()).then_some(found)
}

/// What tells one list page from another: its address and what is sent to it.
fn name_of(request: &Request) -> String {
    let name = normal_url(request.url.as_str());
    match &request.post {
        Some(post) => format!("{name} {}", String::from_utf8_lossy(&post.body)),
        None => name,
    }
}

impl Run<'_> {
    /// Reads list pages while they bring items that are not known. Each page's new items are owed before the next page is
    /// asked for.
    ///
    /// # Errors
    /// Where the archive or the store cannot be written.
    pub(super) async fn read_lists(&mut self) -> anyhow::Result<Listed> {
        let store = &self.pipeline.store;
        let mark = format!("walk/{}", self.source.id);
        let broken_off = store.mark_text(&mark)?.and_then(|text| text.parse::<Timestamp>().ok());
        if broken_off.is_none() {
            store.set_mark_text(&mark, &self.pipeline.clock.now().to_string())?;
        }
        let mut walk = Walk::from(1, None);
        let mut listed = Listed::default();
        let mut in_a_row = 0;
        let mut is_whole = true;
        for number in 1..=self.source.paging.most.max(1) {
            let fresh = match walk.step(self).await? {
                Step::Items(fresh) => fresh,
                Step::End => break,
                Step::Broken(message) => {
                    listed.error = (number == 1).then_some(message);
                    is_whole = false;
                    break;
                }
                Step::Held => {
                    listed.is_held = number == 1;
                    is_whole = false;
                    break;
                }
            };
            let mut unknown = 0;
            for item in &fresh {
                let was_known = self.was_known(item, broken_off)?;
                in_a_row = if was_known { in_a_row + 1 } else { 0 };
                unknown += u64::from(!was_known);
            }
            self.observer.items(&fresh, unknown);
            self.owe(&fresh, walk.place)?;
            walk.place += fresh.len() as u64;
            listed.items.extend(fresh);
            if in_a_row >= self.source.stop_after.max(1) {
                break;
            }
        }
        if is_whole {
            store.set_mark_text(&mark, "")?;
        }
        Ok(listed)
    }

    /// Whether an item was listed or fetched before the walk that is not finished yet.
    fn was_known(&self, item: &ListItem, broken_off: Option<Timestamp>) -> anyhow::Result<bool> {
        let store = &self.pipeline.store;
        let since = match store.owed_of(&self.source.id, &item.url)? {
            Some(owed) => Some(owed.since),
            None => store.page_state(&item.url)?.map(|state| state.first_seen),
        };
        Ok(since.is_some_and(|since| broken_off.is_none_or(|broken_off| since < broken_off)))
    }

    /// Writes down the items of a list page that were never fetched, so that nothing is lost whatever happens next.
    pub(super) fn owe(&self, items: &[ListItem], place: u64) -> anyhow::Result<()> {
        let now = self.pipeline.clock.now();
        let mut owed = Vec::new();
        for (item, place) in items.iter().zip(place..) {
            if self.pipeline.store.page_state(&item.url)?.is_none() && url::Url::parse(&item.url).is_ok() {
                let one = Owed { url: item.url.clone(), want: Want::Page, date: item.date, since: now, place };
                owed.push((self.source.id.clone(), one));
            }
        }
        if owed.is_empty() {
            return Ok(());
        }
        Ok(self.pipeline.store.record_visits(&Visits { owed, ..Visits::default() })?)
    }
}

/// Whether an answer says that there is no such list page, and not that the site is in trouble.
fn is_missing(page: &Page, status: u16) -> bool {
    let says_so = page.issues.iter().any(|issue| issue.code == "soft_404");
    matches!(status, 404 | 410) || says_so || (status < 400 && matches!(page.kind, PageKind::Other | PageKind::Detail))
}
