//! From fetched bytes to stored documents: archive first, then extraction, then the store; one bad page never stops a run.

use fetch::Response;
use jiff::civil::Date;
use model::policy::Desk;
use model::{DocumentId, Issue, Page, PageKind, RunReport, SnapshotId, Source, SourceId};
use store::{Change, Incoming, Owed, PagePart, PageState, Visits, Want};

use crate::annex::Annexed;
use crate::crawl::revisit;
use crate::parallel::in_parallel;
use crate::pipeline::Pipeline;

/// A fetched page on its way in.
pub(crate) struct Arrival<'a> {
    pub(crate) response: Response,
    /// The source it came through.
    pub(crate) source: Option<&'a Source>,
    /// Where its bytes lie in the archive.
    pub(crate) snapshot: SnapshotId,
    /// What was read.
    pub(crate) page: Page,
    /// The further pages of its article that were read with it.
    pub(crate) parts: Vec<PagePart>,
    /// The date beside it on its list.
    pub(crate) listed: Option<Date>,
    /// Whether a page of its article is missing: what is stored already is better, and it is asked for again.
    pub(crate) is_short: bool,
}

/// Why pages are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// A crawl: what a page still lacks becomes owed, what it paid is struck off.
    Crawl,
    /// A list page of a crawl: every crawl reads it anew, whatever became of it.
    Listing,
    /// A replay of stored pages: nothing is asked for.
    Replay,
    /// The same archived bytes read again: no visit took place.
    Reading,
}

/// What became of one page.
pub(crate) struct Taken {
    /// What it was to the store; nothing where it is no document.
    pub(crate) change: Option<Change>,
    /// What is known of it now.
    pub(crate) state: PageState,
}

impl Pipeline {
    /// Archives a batch of fetched pages, durably before anything else looks at them, and reads them on all cores.
    ///
    /// # Errors
    /// Only where the archive cannot be written: then nothing of the batch is acknowledged.
    pub(crate) fn archive_and_read<'a>(&self, fetched: Vec<(Response, Option<&'a Source>)>) -> anyhow::Result<Vec<Arrival<'a>>> {
        let (responses, sources): (Vec<Response>, Vec<Option<&Source>>) = fetched.into_iter().unzip();
        let snapshots = self.archive.put_batch(&responses)?;
        Ok(self.read_all(responses.into_iter().zip(sources).zip(snapshots).collect()))
    }

    /// Reads archived pages on all cores, in order.
    pub(crate) fn read_all<'a>(&self, archived: Vec<((Response, Option<&'a Source>), SnapshotId)>) -> Vec<Arrival<'a>> {
        let pages = in_parallel(&archived, |((response, source), _)| read_page(&self.stages.extractor, response, *source));
        let arrivals = archived.into_iter().zip(pages).map(|(((response, source), snapshot), page)| Arrival {
            page: page.unwrap_or_else(|| broken_page(&response)),
            response,
            source,
            snapshot,
            parts: Vec::new(),
            listed: None,
            is_short: false,
        });
        arrivals.collect()
    }

    /// Stores what was read: documents first, then, in one step, what is known of the pages and what is owed or paid, so
    /// that a crash between the two only repeats. Counts go into `report`.
    ///
    /// # Errors
    /// Only where the store cannot be read or written.
    pub(crate) fn store_all(
        &self,
        arrivals: &[Arrival<'_>],
        occasion: Occasion,
        report: &mut RunReport,
    ) -> anyhow::Result<Vec<Taken>> {
        let mut known = Vec::new();
        for arrival in arrivals {
            count_kind(report, &arrival.page, arrival.response.status);
            known.push(self.store.page_state(&arrival.page.url)?);
        }
        let mut incoming = Vec::new();
        let mut annexed = Vec::new();
        for (arrival, known) in arrivals.iter().zip(&known) {
            let is_known = known.as_ref().is_some_and(|state| state.document.is_some());
            let is_stored = arrival.page.kind == PageKind::Detail && !(arrival.is_short && is_known);
            annexed.push(if is_stored {
                let (one, files) = self.incoming(arrival, occasion)?;
                incoming.push(one);
                Some(files)
            } else {
                None
            });
        }
        let mut ingested = incoming.iter().zip(self.store.ingest_batch(&incoming, self.clock.now())?);
        let mut visits = Visits::default();
        let mut taken = Vec::new();
        for ((arrival, known), files) in arrivals.iter().zip(known).zip(annexed) {
            let change = files.as_ref().and_then(|_| ingested.next()).map(|(one, ingested)| {
                count(report, ingested.change);
                // Written only after the store made it durable: this line is the acknowledgement.
                tracing::info!(document = %one.id, policy = %ingested.policy, change = ?ingested.change, url = one.url, "stored");
                ingested.change
            });
            let files = files.unwrap_or_default();
            let state = self.state_after(arrival, known.as_ref(), &files, change, occasion);
            if occasion == Occasion::Crawl {
                self.settle(arrival, &state, known.is_some(), &files, &mut visits);
            }
            visits.states.push(state.clone());
            taken.push(Taken { change, state });
        }
        self.store.record_visits(&visits)?;
        Ok(taken)
    }

    /// What a crawl owes after a page was taken in, and what it has paid.
    fn settle(&self, arrival: &Arrival<'_>, state: &PageState, is_revisit: bool, files: &Annexed, visits: &mut Visits) {
        let Some(source) = arrival.source.map(|source| &source.id) else { return };
        if state.failures > 0 && state.failures < MOST_FAILURES {
            return;
        }
        visits.paid.push((source.clone(), state.url.clone()));
        let want = if files.unread > 0 {
            Want::Files
        } else if is_revisit && files.count > 0 && revisit::is_young(state, self.clock.today()) {
            Want::FilesAnew
        } else {
            return;
        };
        visits.owed.push((source.clone(), owed_files(state, want)));
    }

    /// What is known of a page after this visit. A page that was a document and now answers with an error or a shell
    /// keeps its last good snapshot and validators; the visit counts as a failure.
    fn state_after(
        &self,
        arrival: &Arrival<'_>,
        known: Option<&PageState>,
        files: &Annexed,
        change: Option<Change>,
        occasion: Occasion,
    ) -> PageState {
        let Arrival { page, response, .. } = arrival;
        let is_document = page.kind == PageKind::Detail;
        let was_document = known.is_some_and(|known| known.document.is_some());
        let failure = failure_of(arrival, was_document);
        let mut issues = page.issues.clone();
        issues.extend(files.issues.iter().cloned());
        let before = known.cloned().unwrap_or_else(|| PageState { first_seen: response.fetched_at, ..PageState::default() });
        let visited = occasion != Occasion::Reading;
        let (failures, last_error, fetched_at) = match failure {
            _ if !visited => (before.failures, before.last_error.clone(), before.fetched_at),
            None => (0, None, response.fetched_at),
            Some(failure) => (before.failures + 1, Some(failure), response.fetched_at),
        };
        let mut state = if was_document && change.is_none() {
            // A reading that makes nothing of it is done with too: it is not tried again with the same rules.
            let version = if visited { before.version.clone() } else { self.reading_version(arrival.source) };
            PageState { failures, last_error, fetched_at, issues, version, ..before }
        } else {
            PageState {
                url: page.url.clone(),
                source: arrival.source.map_or_else(SourceId::default, |source| source.id.clone()),
                // The first page of an article says nothing about its others.
                etag: response.header("etag").filter(|_| page.parts.is_empty()).map(str::to_owned),
                last_modified: response.header("last-modified").filter(|_| page.parts.is_empty()).map(str::to_owned),
                snapshot: arrival.snapshot.clone(),
                kind: page.kind,
                document: is_document.then(|| DocumentId::of_url(&page.url)),
                fetched_at,
                failures,
                last_error,
                issues,
                published: page.document.published.map(|moment| moment.date).or(arrival.listed).or(before.published),
                parts: arrival.parts.clone(),
                version: self.reading_version(arrival.source),
                ..before
            }
        };
        if visited && was_document && state.failures == 0 {
            state.visits += 1;
        }
        if change == Some(Change::Revised) {
            state.changes += 1;
            state.changed_at = Some(state.fetched_at);
        }
        // What answered so often with no document is asked for again only where a list shows it.
        let is_given_up = state.document.is_none() && state.failures >= MOST_FAILURES;
        state.due = if occasion == Occasion::Listing || is_given_up { None } else { revisit::due(&state) };
        state
    }

    /// What the store is given of a detail page: its document with the texts of its files, as far as they are known.
    fn incoming(&self, arrival: &Arrival<'_>, occasion: Occasion) -> anyhow::Result<(Incoming, Annexed)> {
        let (page, source) = (&arrival.page, arrival.source);
        let mut document = page.document.clone();
        if let Some(source) = source.filter(|source| document.issuers.is_empty() && !source.issuer.is_empty()) {
            document.issuers.push(source.issuer.clone());
            document.fields_from.insert("issuers".to_owned(), "source".to_owned());
        }
        let files = self.annex(&mut document)?;
        let fallback = source.map_or(model::region::COUNTRY, |source| source.region.as_str());
        let source = match source {
            Some(source) => source.id.clone(),
            // Pages of no configured source (a replayed archive) are kept under their host.
            None => arrival.response.url.host_str().unwrap_or("unknown").into(),
        };
        let incoming = Incoming {
            id: DocumentId::of_url(&page.url),
            url: page.url.clone(),
            source,
            snapshot: arrival.snapshot.clone(),
            parts: arrival.parts.iter().map(|part| part.snapshot.clone()).collect(),
            is_reading: occasion == Occasion::Reading,
            region: self.stages.annotator.region_of(&document.issuers, &document.title, fallback),
            inner_title: document.inner_title.clone().or_else(|| model::title::inner_title(&document.title)),
            document,
        };
        Ok((incoming, files))
    }
}

/// A page that failed so often is no longer owed: where a list still shows it, it is tried again when it is due.
pub(crate) const MOST_FAILURES: u32 = 8;

/// The files of a stored page, as something owed.
pub(crate) fn owed_files(state: &PageState, want: Want) -> Owed {
    Owed { url: state.url.clone(), want, date: state.published, since: state.fetched_at, place: 0 }
}

/// Why a visit counts as failed although something came.
fn failure_of(arrival: &Arrival<'_>, was_document: bool) -> Option<String> {
    let (page, status) = (&arrival.page, arrival.response.status);
    if arrival.is_short {
        return Some("a page of the article is missing".to_owned());
    }
    if page.kind != PageKind::Detail && was_document {
        return Some(format!("no longer a document: {:?} page, http status {status}", page.kind));
    }
    if let Some(wall) = wall_of(page, &arrival.response) {
        return Some(format!("not let in: {wall}, http status {status}"));
    }
    (page.kind == PageKind::Error).then(|| format!("an error page, http status {status}"))
}

/// What keeps readers out: an anti-bot page, a login page, or a status that says so. The page behind is not known.
pub(crate) fn wall_of(page: &Page, response: &Response) -> Option<String> {
    const CODES: &[&str] = &["anti_bot", "login", "login_wall", "captcha", "waf"];
    if matches!(page.kind, PageKind::Detail | PageKind::List) {
        return None;
    }
    if let Some(issue) = page.issues.iter().find(|issue| CODES.contains(&issue.code.as_str())) {
        return Some(issue.code.clone());
    }
    if is_login(&response.url) && !is_login(&response.requested) {
        return Some("login".to_owned());
    }
    matches!(response.status, 401 | 403 | 407 | 412 | 521).then(|| format!("http_status_{}", response.status))
}

/// Whether an address is that of a login page, by the parts of its path.
fn is_login(url: &url::Url) -> bool {
    const NAMES: &[&str] = &["login", "signin", "sso", "cas", "passport"];
    let name = |part: &str| part.split('.').next().unwrap_or_default().to_ascii_lowercase();
    url.path_segments().is_some_and(|mut parts| parts.any(|part| NAMES.contains(&name(part).as_str())))
}

/// Decodes and extracts one response: the one way in, for the crawl, the replay and `huice extract`.
#[must_use]
pub fn read_page(extractor: &extract::Extractor, response: &Response, source: Option<&Source>) -> Page {
    let declared = source.map_or("", |source| source.encoding.as_str());
    let decoded = fetch::decode(&response.body, response.content_type(), declared);
    let input = extract::Input {
        text: &decoded.text,
        url: &response.url,
        content_type: response.content_type(),
        status: response.status,
        source,
    };
    let mut page = extractor.page(&input);
    page.issues.splice(0..0, decoded.issues);
    // The page is known under the address it was asked for: a site that redirects everything would else be one page.
    page.url = response.requested.to_string();
    page
}

fn broken_page(response: &Response) -> Page {
    let issues = vec![Issue::new("extraction_panicked", response.url.as_str())];
    Page { url: response.requested.to_string(), kind: PageKind::Error, issues, ..Page::default() }
}

/// Counts a page by its kind; an error page is named too.
fn count_kind(report: &mut RunReport, page: &Page, status: u16) {
    report.fetched += 1;
    match page.kind {
        PageKind::Detail => {}
        PageKind::List => report.lists += 1,
        PageKind::Shell => report.shells += 1,
        PageKind::Other => report.other += 1,
        PageKind::Error => {
            report.failed += 1;
            let issues: Vec<&str> = page.issues.iter().map(|issue| issue.code.as_str()).collect();
            tracing::warn!(url = page.url, status, issues = issues.join(" "), "an error page, not a document");
        }
    }
}

/// Counts what ingestion made of one document.
pub(crate) fn count(report: &mut RunReport, change: Change) {
    match change {
        Change::New => report.new += 1,
        Change::Copy => report.copies += 1,
        Change::Revised => report.revised += 1,
        Change::Unchanged => report.unchanged += 1,
    }
}

/// Whether a policy may be pushed: in force (the editor's word wins, the store has applied it) and not taken out.
pub(crate) fn may_be_pushed(record: &model::Record) -> bool {
    let desk = record.decision.as_ref().map(|decision| decision.desk);
    record.policy.state.may_be_pushed() && !matches!(desk, Some(Desk::Excluded | Desk::Withdrawn))
}
