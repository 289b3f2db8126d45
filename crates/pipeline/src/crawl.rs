//! Fetching: a source's list pages, then the documents they lead to; or every page of a replayed archive, through the same intake.

use std::collections::{BTreeSet, VecDeque};

use fetch::{AnyTransport, FetchError, Request, Response, Transport};
use jiff::SignedDuration;
use jiff::civil::Date;
use model::id::normal_url;
use model::job::Job;
use model::{Issue, ListItem, Page, PageKind, RunReport, Source, SourceId};
use store::{PageState, SourceRun};
use url::Url;

use crate::intake::Arrivals;
use crate::pipeline::Pipeline;

/// When a page that is already known is fetched again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Revisit {
    /// When it is due by its age: young pages each day, old ones each month.
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
}

/// Pages fetched from one source between two durable steps: a host is paced, so few enough that little is lost, and
/// little waited for, when the program is told to stop.
const BATCH: usize = 8;

/// Stored pages read between two durable steps: they cost no waiting.
const REPLAY_BATCH: usize = 32;

/// Attachments of one document that are fetched; more are lists of forms.
const MOST_ATTACHMENTS: usize = 20;

/// Longer than any holiday: a column that normally brings items each week has none for so long only when it is broken.
const SILENT_DAYS: i32 = 28;

/// Pages younger than this are still being corrected by their editors.
const YOUNG_DAYS: i32 = 60;

impl Pipeline {
    /// Fetches one source: its list pages while they bring unknown items, then the items. The run is recorded.
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
        let mut report = RunReport::default();
        let (items, mut error) = self.read_lists(transport, source, &mut report).await?;
        let newest = items.iter().filter_map(|item| item.date).max();
        if error.is_none() {
            error = silence(source, &items, self.clock.today());
        }
        if let Some(message) = &error {
            // A list page that could not be fetched was counted when that failed.
            report.failed += u64::from(report.failed == 0);
            tracing::error!(source = %source.id, error = message, "crawl");
        }
        // Oldest first: whatever a broken-off crawl leaves unknown stands at the top of the list, where the next one,
        // which stops at the first page of known items, cannot miss it.
        let wanted: Vec<&ListItem> = items.iter().rev().filter(|item| self.is_due(item, options)).collect();
        for batch in wanted.chunks(BATCH) {
            if self.is_stopping() {
                // The firing is spent; the queue brings the rest back at the next start.
                self.store.enqueue(&[Job::Crawl { source: source.id.clone() }], self.clock.now())?;
                break;
            }
            let urls = batch.iter().filter_map(|item| Url::parse(&item.url).ok());
            let pages = self.fetch_batch(transport, urls.map(|url| (url, Some(source))).collect(), &mut report).await?;
            self.fetch_attachments(transport, source, &pages).await?;
        }
        let missing = items.iter().filter(|item| !self.is_known(&item.url)).count();
        self.store.set_mark(&owed(source), missing as u64)?;
        let run = SourceRun {
            source: source.id.clone(),
            started,
            report: report.clone(),
            items_seen: items.len() as u64,
            newest,
            error,
        };
        self.store.record_run(&run)?;
        Ok(report)
    }

    /// Reads list pages until one brings nothing unknown, there is no next, or the source's limit is reached.
    async fn read_lists(
        &self,
        transport: &AnyTransport,
        source: &Source,
        report: &mut RunReport,
    ) -> anyhow::Result<(Vec<ListItem>, Option<String>)> {
        let mut items: Vec<ListItem> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = Url::parse(&source.url).ok();
        for number in 1..=source.paging.most.max(1) {
            let Some(url) = next.take().filter(|url| seen.insert(normal_url(url.as_str()))) else { break };
            let taken = self.fetch_batch(transport, vec![(url.clone(), Some(source))], report).await?;
            let Some(page) = taken.into_iter().next() else {
                let error = format!("source {}: list page {url} could not be fetched", source.id);
                return Ok((items, (number == 1).then_some(error)));
            };
            if page.kind != PageKind::List && page.items.is_empty() {
                let error = format!("source {}: {url} is a {:?} page, expected a list", source.id, page.kind);
                return Ok((items, (number == 1).then_some(error)));
            }
            let unknown = page.items.iter().filter(|item| !self.is_known(&item.url)).count();
            let fresh = page.items.into_iter().filter(|item| seen.insert(normal_url(&item.url)));
            items.extend(fresh.collect::<Vec<_>>());
            // While items of an earlier run are still owed, the walk goes on behind the known ones.
            if unknown == 0 && self.store.mark(&owed(source))? == 0 {
                break;
            }
            next = next_list(source, number, page.next.as_deref());
        }
        Ok((items, None))
    }

    /// Whether a page was seen and its last visit went well: one that failed must not end the walk over the list.
    fn is_known(&self, url: &str) -> bool {
        self.store.page_state(url).is_ok_and(|state| state.is_some_and(|state| state.failures == 0))
    }

    /// Whether an item is to be fetched: it is unknown, or its revisit is due.
    fn is_due(&self, item: &ListItem, options: CrawlOptions) -> bool {
        match self.store.page_state(&item.url) {
            Ok(Some(state)) => options.revisit == Revisit::Always || self.revisit_is_due(&state, item.date),
            // What cannot be read is fetched again, which mends it.
            Ok(None) | Err(_) => true,
        }
    }

    fn revisit_is_due(&self, state: &PageState, published: Option<Date>) -> bool {
        let today = self.clock.today();
        let young = published.is_some_and(|date| (today - date).get_days() < YOUNG_DAYS);
        let wait = match state.failures {
            0 if young => SignedDuration::from_hours(20),
            0 => SignedDuration::from_hours(24 * 30),
            // A page that fails is tried at each crawl at first, then ever more rarely, and never given up.
            failures => SignedDuration::from_hours(2_i64.pow(failures.min(9))),
        };
        self.clock.now().duration_since(state.fetched_at) >= wait
    }

    /// Fetches some pages at once (each host paces itself), takes them in together, and records what failed on each page.
    async fn fetch_batch(
        &self,
        transport: &AnyTransport,
        urls: Vec<(Url, Option<&Source>)>,
        report: &mut RunReport,
    ) -> anyhow::Result<Vec<Page>> {
        let mut arrivals = Arrivals::default();
        for (url, source, result) in fetch_all(transport, urls, |url| self.conditions(url)).await {
            match result {
                Ok(response) if response.not_modified() => {
                    report.fetched += 1;
                    report.unchanged += 1;
                    self.touch(&url)?;
                }
                // An error page is archived as evidence too; extraction never makes a document of it.
                Ok(response) => arrivals.push(response, source),
                Err(error) => {
                    report.failed += 1;
                    tracing::warn!(%url, code = error.code(), %error, "fetch");
                    self.remember_failure(&url, source, &error)?;
                }
            }
        }
        tokio::task::block_in_place(|| self.take_in(&arrivals, report))
    }

    /// Fetches and archives the files of documents, once each, and says which is not what its name says. A file that
    /// fails is remembered and costs only itself: the document is stored without it.
    async fn fetch_attachments(&self, transport: &AnyTransport, source: &Source, pages: &[Page]) -> anyhow::Result<()> {
        for page in pages.iter().filter(|page| page.kind == PageKind::Detail) {
            for attachment in page.document.attachments.iter().take(MOST_ATTACHMENTS) {
                let Ok(url) = Url::parse(&attachment.url) else { continue };
                if self.is_known(url.as_str()) || self.is_stopping() {
                    continue;
                }
                let request = Request { rate_ms: source.rate_ms, ..Request::get(url.clone()) };
                match transport.get(&request).await {
                    Ok(response) => self.keep_attachment(&response, source, &attachment.name)?,
                    Err(error) => {
                        tracing::warn!(%url, document = page.url, code = error.code(), %error, "attachment");
                        self.remember_failure(&url, Some(source), &error)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn keep_attachment(&self, response: &Response, source: &Source, name: &str) -> anyhow::Result<()> {
        let snapshot = self.archive.put(response)?;
        let issues: Vec<Issue> = match response.status {
            200..300 => extract::mislabelled(&response.body, name)
                .or_else(|| extract::mislabelled(&response.body, response.requested.path()))
                .into_iter()
                .collect(),
            status => vec![Issue::new("http_status", status.to_string())],
        };
        for issue in &issues {
            tracing::warn!(url = %response.requested, name, code = issue.code, detail = issue.detail, "attachment");
        }
        Ok(self.store.put_page_states(&[PageState {
            url: response.requested.to_string(),
            source: source.id.clone(),
            snapshot,
            kind: PageKind::Other,
            fetched_at: response.fetched_at,
            issues,
            ..PageState::default()
        }])?)
    }

    /// The validators of a known page, so that an unchanged one costs the site nothing.
    fn conditions(&self, url: &Url) -> (Option<String>, Option<String>) {
        match self.store.page_state(url.as_str()) {
            // List pages are always read anew: their items are not kept.
            Ok(Some(state)) if state.document.is_some() => (state.etag, state.last_modified),
            _ => (None, None),
        }
    }

    fn touch(&self, url: &Url) -> anyhow::Result<()> {
        if let Some(mut state) = self.store.page_state(url.as_str())? {
            state.fetched_at = self.clock.now();
            state.failures = 0;
            state.last_error = None;
            self.store.put_page_states(&[state])?;
        }
        Ok(())
    }

    fn remember_failure(&self, url: &Url, source: Option<&Source>, error: &FetchError) -> anyhow::Result<()> {
        let mut state = self.store.page_state(url.as_str())?.unwrap_or_else(|| PageState {
            url: url.to_string(),
            source: source.map_or_else(SourceId::default, |source| source.id.clone()),
            kind: PageKind::Error,
            ..PageState::default()
        });
        state.failures += 1;
        state.last_error = Some(error.to_string());
        state.fetched_at = self.clock.now();
        Ok(self.store.put_page_states(&[state])?)
    }

    /// Takes in every page of a replay in its stored order; items of list pages that lead to stored pages are followed first.
    ///
    /// # Errors
    /// Only where the archive or the store cannot be written.
    pub async fn replay(
        &self,
        transport: &AnyTransport,
        urls: Vec<Url>,
        progress: &mut dyn FnMut(u64),
    ) -> anyhow::Result<RunReport> {
        let mut report = RunReport::default();
        let stored: BTreeSet<String> = urls.iter().map(|url| normal_url(url.as_str())).collect();
        let mut done = BTreeSet::new();
        let mut waiting: VecDeque<Url> = urls.into();
        while !waiting.is_empty() {
            let mut batch = Vec::new();
            while let Some(url) = waiting.pop_front() {
                if done.insert(normal_url(url.as_str())) {
                    let source = self.stages.source_of(&url);
                    batch.push((url, source));
                }
                if batch.len() == REPLAY_BATCH {
                    break;
                }
            }
            for page in self.fetch_batch(transport, batch, &mut report).await? {
                let followed = page.items.iter().filter(|item| stored.contains(&normal_url(&item.url)));
                for url in followed.filter_map(|item| Url::parse(&item.url).ok()) {
                    tracing::debug!(list = page.url, item = %url, "followed");
                    waiting.push_front(url);
                }
            }
            progress(report.fetched + report.failed);
        }
        Ok(report)
    }
}

/// The mark that counts items a source listed and a run could not fetch.
fn owed(source: &Source) -> String {
    format!("owed/{}", source.id)
}

/// Why a list that was read is still a failure: it gave nothing, or nothing of late from a column that is normally busy.
fn silence(source: &Source, items: &[ListItem], today: Date) -> Option<String> {
    if items.is_empty() {
        return Some(format!("source {}: {} gave no items", source.id, source.url));
    }
    let newest = items.iter().filter_map(|item| item.date).max()?;
    let days = (today - newest).get_days();
    let is_silent = source.expected_per_week > 0 && days > SILENT_DAYS;
    is_silent.then(|| {
        let expected = source.expected_per_week;
        format!("source {}: newest item is of {newest}, {days} days ago; expected {expected} items a week", source.id)
    })
}

/// The list page after page `number`: by the source's pattern, else where the page itself points.
fn next_list(source: &Source, number: u32, told: Option<&str>) -> Option<Url> {
    if source.paging.pattern.is_empty() {
        return told.and_then(|url| Url::parse(url).ok());
    }
    let n = source.paging.second + number - 1;
    Url::parse(&source.url).ok()?.join(&source.paging.pattern.replace("{n}", &n.to_string())).ok()
}

type Fetched<'a> = (Url, Option<&'a Source>, Result<Response, FetchError>);

/// Fetches pages concurrently; the answers come in the order asked.
async fn fetch_all<'a>(
    transport: &AnyTransport,
    urls: Vec<(Url, Option<&'a Source>)>,
    conditions: impl Fn(&Url) -> (Option<String>, Option<String>),
) -> Vec<Fetched<'a>> {
    let asked = urls.into_iter().map(|(url, source)| {
        let (etag, last_modified) = conditions(&url);
        let rate_ms = source.map_or(0, |source| source.rate_ms);
        let request = Request { etag, last_modified, rate_ms, ..Request::get(url.clone()) };
        async move { (url, source, transport.get(&request).await) }
    });
    futures_util::future::join_all(asked).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(pattern: &str, second: u32) -> Source {
        let text = format!(
            "[[source]]\nid=\"a\"\nname=\"a\"\nissuer=\"a\"\nregion=\"000000\"\nlevel=\"nation\"\ncolumn=\"a\"\n\
             url=\"https://a.gov.cn/zc/index.html\"\nschedule=\"0 7 * * *\"\npaging={{pattern=\"{pattern}\",second={second}}}\n"
        );
        toml::from_str::<model::source::Sources>(&text).unwrap().sources.remove(0)
    }

    #[test]
    fn the_second_page_carries_the_number_the_site_gives_it() {
        let next = |pattern, second, number| next_list(&source(pattern, second), number, None).map(String::from);
        assert_eq!(next("index_{n}.html", 1, 1).unwrap(), "https://a.gov.cn/zc/index_1.html");
        assert_eq!(next("index_{n}.html", 2, 2).unwrap(), "https://a.gov.cn/zc/index_3.html");
    }

    #[test]
    fn no_items_or_only_old_ones_from_a_busy_column_are_a_failure() {
        let today = jiff::civil::date(2026, 11, 20);
        let item = |days: i64| ListItem { date: today.checked_sub(jiff::Span::new().days(days)).ok(), ..ListItem::default() };
        let busy = Source { expected_per_week: 5, ..source("", 1) };
        assert!(silence(&busy, &[], today).unwrap().contains("no items"));
        assert!(silence(&busy, &[item(90), item(40)], today).unwrap().contains("40 days ago"));
        assert!(silence(&busy, &[item(90), item(3)], today).is_none());
        assert!(silence(&source("", 1), &[item(90)], today).is_none(), "a quiet column may stay silent");
        assert!(silence(&busy, &[ListItem::default()], today).is_none(), "without dates nothing is known");
    }

    const PAGE: &str = "<html><head><title>关于申报的通知</title><meta name=\"ArticleTitle\" content=\"关于申报的通知\">\
        <meta name=\"PubDate\" content=\"2026-10-01 10:00\"></head><body><h1>关于申报的通知</h1><div class=\"TRS_Editor\">\
        <p>各有关单位：现将有关事项通知如下，请认真组织申报，并按时报送材料。</p>\
        <p>申报企业应当依法经营，信用良好，具有独立法人资格，编号NUMBER。</p></div></body></html>";

    fn list(first: u32) -> String {
        let item =
            |number| format!("<li><a href=\"/zc/{number}.html\">关于第{number}项申报工作的通知</a><span>2026-10-01</span></li>");
        let items: String = (first..first + 8).map(item).collect();
        format!("<html><head><title>通知公告</title></head><body><ul class=\"list\">{items}</ul></body></html>")
    }

    /// Two list pages, and the documents with these numbers.
    fn site(folder: &std::path::Path, documents: std::ops::Range<u32>) -> AnyTransport {
        let mut manifest = String::new();
        let mut add = |path: &str, text: &str| {
            let file = path.replace('/', "_");
            std::fs::write(folder.join(&file), text).unwrap();
            manifest += &format!("{{\"url\":\"https://a.gov.cn/zc/{path}\",\"file\":\"{file}\"}}\n");
        };
        add("index.html", &list(0));
        add("index_1.html", &list(8));
        documents.for_each(|number| add(&format!("{number}.html"), &PAGE.replace("NUMBER", &number.to_string())));
        std::fs::write(folder.join("pages.jsonl"), manifest).unwrap();
        AnyTransport::Replay(fetch::Replay::open(&folder.join("pages.jsonl")).unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn items_that_failed_on_a_later_list_page_are_fetched_by_the_next_crawl() {
        let folder = tempfile::tempdir().unwrap();
        let stages = crate::Stages::new(crate::Data::load(None).unwrap()).unwrap();
        let clock = model::Clock::fixed("2026-10-10T08:00:00+08:00".parse().unwrap());
        let data = crate::Folder::new(folder.path().join("data"));
        let pipeline = Pipeline::open(data, std::sync::Arc::new(stages), clock).unwrap();
        let options = CrawlOptions { revisit: Revisit::Always };
        let mut listed = source("index_{n}.html", 1);
        listed.paging.most = 2;
        let half = site(folder.path(), 0..8);
        let first = pipeline.crawl_source(&half, &listed, options).await.unwrap();
        assert_eq!((first.lists, first.failed), (2, 8), "{first:?}");
        let whole = site(folder.path(), 0..16);
        let second = pipeline.crawl_source(&whole, &listed, options).await.unwrap();
        assert_eq!((second.lists, second.failed), (2, 0), "{second:?}");
        for number in 0..16 {
            let state = pipeline.store.page_state(&format!("https://a.gov.cn/zc/{number}.html")).unwrap();
            assert!(state.unwrap().document.is_some(), "document {number}");
        }
        let third = pipeline.crawl_source(&whole, &listed, options).await.unwrap();
        assert_eq!(third.lists, 1, "known items end the walk: {third:?}");
    }

    #[test]
    fn without_a_pattern_the_page_itself_tells() {
        let told = next_list(&source("", 1), 1, Some("https://a.gov.cn/zc/p2.html")).map(String::from);
        assert_eq!(told.unwrap(), "https://a.gov.cn/zc/p2.html");
        assert!(next_list(&source("", 1), 1, None).is_none());
    }
}
