//! From fetched bytes to stored documents: archive first, then extraction, then the store; one bad page never stops a run.

use fetch::Response;
use model::policy::Desk;
use model::{DocumentId, Issue, Page, PageKind, RunReport, SnapshotId, Source};
use store::{Change, Incoming, PageState};

use crate::parallel::in_parallel;
use crate::pipeline::Pipeline;

/// Fetched pages on their way in, each with the source it came through.
#[derive(Default)]
pub(crate) struct Arrivals<'a> {
    responses: Vec<Response>,
    sources: Vec<Option<&'a Source>>,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn push(&mut self, response: Response, source: Option<&'a Source>) {
        self.responses.push(response);
        self.sources.push(source);
    }
}

impl Pipeline {
    /// Takes a batch of fetched pages in: archived and durable before anything else looks at them, then extracted on all
    /// cores, then stored in one durable step. Counts go into `report`.
    ///
    /// # Errors
    /// Only where the archive or the store cannot be written: then nothing of the batch is acknowledged.
    pub(crate) fn take_in(&self, arrivals: &Arrivals<'_>, report: &mut RunReport) -> anyhow::Result<Vec<Page>> {
        let snapshots = self.archive.put_batch(&arrivals.responses)?;
        self.read_in(arrivals, &snapshots, report)
    }

    /// The part after the archive: for pages that are in it already, all of it.
    ///
    /// # Errors
    /// Only where the store cannot be written.
    pub(crate) fn read_in(
        &self,
        arrivals: &Arrivals<'_>,
        snapshots: &[SnapshotId],
        report: &mut RunReport,
    ) -> anyhow::Result<Vec<Page>> {
        let pages = self.extract_all(arrivals);
        let now = self.clock.now();
        let mut incoming = Vec::new();
        let mut states = Vec::new();
        for (((response, source), page), snapshot) in arrivals.responses.iter().zip(&arrivals.sources).zip(&pages).zip(snapshots)
        {
            count_kind(report, page, response.status);
            if page.kind == PageKind::Detail {
                incoming.push(self.incoming(response, *source, page, snapshot));
            }
            states.push(self.page_state(response, *source, page, snapshot)?);
        }
        for (one, ingested) in incoming.iter().zip(self.store.ingest_batch(&incoming, now)?) {
            count(report, ingested.change);
            // Written only after the store made it durable: this line is the acknowledgement.
            tracing::info!(document = %one.id, policy = %ingested.policy, change = ?ingested.change, url = one.url, "stored");
        }
        self.store.put_page_states(&states)?;
        Ok(pages)
    }

    /// What is known of a page after this visit. A page that was a document and now answers with an error or a shell
    /// keeps its last good snapshot and validators; the visit counts as a failure.
    fn page_state(
        &self,
        response: &Response,
        source: Option<&Source>,
        page: &Page,
        snapshot: &SnapshotId,
    ) -> anyhow::Result<PageState> {
        let known = self.store.page_state(&page.url)?;
        if page.kind != PageKind::Detail
            && let Some(known) = known.filter(|known| known.document.is_some())
        {
            let last_error = Some(format!("no longer a document: {:?} page, http status {}", page.kind, response.status));
            let failures = known.failures + 1;
            return Ok(PageState { failures, last_error, fetched_at: response.fetched_at, issues: page.issues.clone(), ..known });
        }
        Ok(PageState {
            url: page.url.clone(),
            source: source.map(|source| source.id.clone()).unwrap_or_default(),
            etag: response.header("etag").map(str::to_owned),
            last_modified: response.header("last-modified").map(str::to_owned),
            snapshot: snapshot.clone(),
            kind: page.kind,
            document: (page.kind == PageKind::Detail).then(|| DocumentId::of_url(&page.url)),
            fetched_at: response.fetched_at,
            failures: 0,
            last_error: None,
            issues: page.issues.clone(),
        })
    }

    /// Extracts pages on all cores, in order.
    fn extract_all(&self, arrivals: &Arrivals<'_>) -> Vec<Page> {
        let pairs: Vec<(&Response, Option<&Source>)> = arrivals.responses.iter().zip(arrivals.sources.iter().copied()).collect();
        let pages = in_parallel(&pairs, |(response, source)| read_page(&self.stages.extractor, response, *source));
        pages.into_iter().zip(pairs).map(|(page, (response, _))| page.unwrap_or_else(|| broken_page(response))).collect()
    }

    /// What the store is given of a detail page.
    fn incoming(&self, response: &Response, source: Option<&Source>, page: &Page, snapshot: &SnapshotId) -> Incoming {
        let mut document = page.document.clone();
        if let Some(source) = source.filter(|source| document.issuers.is_empty() && !source.issuer.is_empty()) {
            document.issuers.push(source.issuer.clone());
            document.fields_from.insert("issuers".to_owned(), "source".to_owned());
        }
        let fallback = source.map_or(model::region::COUNTRY, |source| source.region.as_str());
        let source = match source {
            Some(source) => source.id.clone(),
            // Pages of no configured source (a replayed archive) are kept under their host.
            None => response.url.host_str().unwrap_or("unknown").into(),
        };
        Incoming {
            id: DocumentId::of_url(&page.url),
            url: page.url.clone(),
            source,
            snapshot: snapshot.clone(),
            region: self.stages.annotator.region_of(&document.issuers, &document.title, fallback),
            inner_title: annotate::inner_title(&document.title),
            document,
        }
    }
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
