//! `huice source`: what changed on one source in words, all of them with their health, pausing and resuming.

use anyhow::Context;
use fetch::{AnyTransport, Archive, Request, Transport};
use model::clock::day_of;
use model::health::{HealthRecord, Reason};
use model::{Page, PageKind};
use pipeline::{Look, read_page};
use serde::Serialize;
use serde_json::json;
use store::{SourceRun, Store, StoreError};
use url::Url;

use crate::Ended;
use crate::arguments::{HealthState, Source};
use crate::output;
use crate::surroundings::{Surroundings, runtime};

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    name: &'a str,
    enabled: bool,
    verified: bool,
    /// `None` where it never ran.
    state: Option<&'static str>,
    since: Option<String>,
    reason: Option<String>,
    last_run: Option<String>,
    newest: Option<String>,
    items_seen: Option<u64>,
    items_a_week: Option<f64>,
    error: Option<String>,
}

pub(crate) fn perform(asked: &Source, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    match asked {
        Source::List { state } => list(*state, surroundings),
        Source::Test { id, replay, network, json } => {
            let transport = super::crawl::transport(replay.as_deref(), network, surroundings)?;
            let tested = test(id, &transport, surroundings)?;
            if *json {
                output::json(&tested.as_json())?
            } else {
                tested.print()?
            }
            Ok(Ended::after(u64::from(!tested.is_well())))
        }
        Source::Pause { id, why } => pause(id, Some(why), surroundings),
        Source::Resume { id } => pause(id, None, surroundings),
        Source::Heal { id } => super::proposals::heal(id, surroundings),
        Source::Proposals { all } => super::proposals::list(*all, surroundings),
        Source::Accept { id } => super::proposals::accept(id, surroundings),
        Source::Reject { id, reason } => super::proposals::reject(id, reason, surroundings),
    }
}

fn list(asked: Option<HealthState>, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = surroundings.pipeline()?;
    let asked = asked.map(|state| match state {
        HealthState::Healthy => "healthy",
        HealthState::Degraded => "degraded",
        HealthState::Silent => "silent",
        HealthState::Broken => "broken",
        HealthState::Paused => "paused",
    });
    for source in &pipeline.stages.sources {
        let record = pipeline.judge_source(source)?;
        let state = record.as_ref().map(|record| record.health.state.name());
        if asked.is_some() && asked != state {
            continue;
        }
        let runs = pipeline.store.runs(&source.id, pipeline::MOST_RUNS)?;
        let run = runs.first();
        output::json(&Listed {
            id: source.id.as_str(),
            name: &source.name,
            enabled: source.enabled,
            verified: source.verified,
            state,
            since: record.as_ref().map(|record| record.health.since.to_string()),
            reason: record.and_then(|record| record.health.reasons.first().map(Reason::english)),
            last_run: run.map(|run| run.started.to_string()),
            newest: runs.iter().filter_map(|run| run.newest).max().map(|day| day.to_string()),
            items_seen: run.map(|run| run.items_seen),
            items_a_week: pipeline::items_a_week(&runs),
            error: run.and_then(|run| run.error.clone()),
        })?;
    }
    Ok(Ended::Well)
}

fn pause(id: &str, why: Option<&str>, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = surroundings.pipeline()?;
    let known = pipeline.stages.sources.iter().find(|source| source.id.as_str() == id);
    let source = known.ok_or_else(|| anyhow::anyhow!("no source `{id}` in {}", pipeline.stages.data.sources_name))?;
    pipeline.store.set_paused(&source.id, why, "cli", surroundings.clock.now())?;
    if let Some(record) = pipeline.judge_source(source)? {
        output::remark(&format!("source {id}: {}", record.health.state.name()));
    }
    Ok(Ended::Well)
}

/// The past of a source, where there is one and no service holds it.
struct Past {
    record: Option<HealthRecord>,
    runs: Vec<SourceRun>,
    archive: Archive,
}

fn past(id: &model::SourceId, surroundings: &Surroundings) -> anyhow::Result<Option<Past>> {
    let folder = surroundings.folder();
    if !folder.has_store() {
        return Ok(None);
    }
    let store = match Store::open_at(folder.store()) {
        Ok(store) => store,
        Err(StoreError::Locked { .. }) => {
            output::remark("the data folder is in use, so nothing is compared with the past; the page /sources shows it");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let archive = Archive::open_read_only(&folder.archive())?;
    Ok(Some(Past { record: store.health(id)?, runs: store.runs(id, pipeline::MOST_RUNS)?, archive }))
}

/// What a test found.
struct Tested {
    id: String,
    record: Option<HealthRecord>,
    /// The list page now; the failure where it did not answer.
    list: Result<Look, String>,
    /// What changed since the last good page.
    changed: Vec<String>,
    compared_with: String,
    document: Option<Result<Page, String>>,
}

/// What a person wants to know of a source: what changed, is the list read, is a document read, and what is missing.
fn test(id: &str, transport: &AnyTransport, surroundings: &Surroundings) -> anyhow::Result<Tested> {
    let stages = surroundings.stages()?;
    let source = stages.sources.iter().find(|source| source.id.as_str() == id);
    let source = source.ok_or_else(|| anyhow::anyhow!("no source `{id}` in {}", stages.data.sources_name))?;
    let runtime = runtime()?;
    let fetch = |url: &str| -> anyhow::Result<fetch::Response> {
        let request = Request { render: source.render, ..Request::get(Url::parse(url)?) };
        Ok(runtime.block_on(transport.get(&request))?)
    };
    let fetch_list = || -> anyhow::Result<fetch::Response> {
        let request = pipeline::first_list_request(source);
        let request = request.with_context(|| format!("source {id}: `{}` is no URL", source.url))?;
        Ok(runtime.block_on(transport.get(&request))?)
    };
    let past = past(&source.id, surroundings)?;
    let good = past.as_ref().and_then(|past| pipeline::last_good(&past.runs));
    let then = good.and_then(|run| Some((run, past.as_ref()?.archive.get(&run.facts.as_ref()?.list.snapshot).ok()??)));
    let then = then.and_then(|(run, snapshot)| Some((run, Look::archived(&stages.extractor, snapshot, source)?)));
    let list = fetch_list().map(|response| Look::new(&stages.extractor, &response, source));
    let list = list.map_err(|error| format!("{error:#}"));
    let (changed, compared_with) = match (&list, &then, good) {
        (Ok(now), Some((run, then)), _) => {
            (pipeline::compare(now, then, day_of(run.started)), format!("its last good page of {}", day_of(run.started)))
        }
        (Err(error), _, Some(run)) => {
            let said =
                format!("the list page cannot be fetched ({error}); on {} it had {} items", day_of(run.started), run.items_seen);
            (vec![said], format!("its run of {}", day_of(run.started)))
        }
        (_, _, Some(run)) => (Vec::new(), format!("nothing: no page of its run of {} is archived", day_of(run.started))),
        (Err(error), ..) => (vec![format!("the list page cannot be fetched ({error})")], String::new()),
        _ => (Vec::new(), String::new()),
    };
    let first = list.as_ref().ok().and_then(|look| look.page.items.first());
    let document = first.map(|item| {
        let response = fetch(&item.url).with_context(|| item.url.clone());
        response.map(|response| read_page(&stages.extractor, &response, Some(source))).map_err(|error| format!("{error:#}"))
    });
    Ok(Tested { id: id.to_owned(), record: past.and_then(|past| past.record), list, changed, compared_with, document })
}

impl Tested {
    fn is_well(&self) -> bool {
        let is_list = self.list.as_ref().is_ok_and(|look| !look.page.items.is_empty());
        is_list && matches!(&self.document, Some(Ok(page)) if page.kind == PageKind::Detail)
    }

    /// Text for people: first what is wrong and what changed, then what was read.
    fn print(&self) -> anyhow::Result<()> {
        if let Some(HealthRecord { health, .. }) = &self.record {
            output::text(&format!("{}: {} since {}", self.id, health.state.name(), day_of(health.since)))?;
            for reason in &health.reasons {
                output::text(&format!("  {}: {}", reason.code.name(), reason.english()))?;
            }
        }
        if !self.compared_with.is_empty() {
            let none = if self.changed.is_empty() { ": nothing changed" } else { ":" };
            output::text(&format!("compared with {}{none}", self.compared_with))?;
        }
        for line in &self.changed {
            output::text(&format!("  {line}"))?;
        }
        let Ok(look) = &self.list else { return Ok(()) };
        let page = &look.page;
        output::text(&format!("list {}: {:?} page, {} items", page.url, page.kind, page.items.len()))?;
        for item in page.items.iter().take(5) {
            output::text(&format!(
                "  {}  {}  {}",
                item.date.map(|date| date.to_string()).unwrap_or_default(),
                item.title,
                item.url
            ))?;
        }
        for issue in &page.issues {
            output::text(&format!("  issue {}: {}", issue.code, issue.detail))?;
        }
        match &self.document {
            None => output::text("no items: the list rule matches nothing, or the site fills its list by script"),
            Some(Err(error)) => output::text(&format!("document: {error}")),
            Some(Ok(page)) => describe(page),
        }
    }

    fn as_json(&self) -> serde_json::Value {
        let reason = |reason: &Reason| json!({ "code": reason.code, "evidence": reason.english() });
        let health = self.record.as_ref().map(|record| &record.health);
        let list = self.list.as_ref().ok();
        json!({
            "source": self.id,
            "state": health.map(|health| health.state),
            "since": health.map(|health| health.since),
            "reasons": health.map(|health| health.reasons.iter().map(reason).collect::<Vec<_>>()),
            "compared_with": self.compared_with,
            "changed": self.changed,
            "list": list.map(|look| json!({
                "url": look.page.url,
                "kind": look.page.kind,
                "items": look.page.items.len(),
                "dated": look.page.items.iter().filter(|item| item.date.is_some()).count(),
                "facts": look.facts,
                "issues": look.page.issues,
            })),
            "failure": self.list.as_ref().err(),
            "document": self.document.as_ref().and_then(|document| document.as_ref().ok()),
        })
    }
}

/// A document in words, missing fields named.
pub(crate) fn describe(page: &Page) -> anyhow::Result<()> {
    let document = &page.document;
    output::text(&format!("document {}: {:?} page", page.url, page.kind))?;
    output::text(&format!("  title      {}", document.title))?;
    output::text(&format!("  published  {}", document.published.map_or("missing".to_owned(), |moment| moment.to_string())))?;
    let numbers: Vec<String> = document.numbers.iter().map(ToString::to_string).collect();
    output::text(&format!("  number     {}", if numbers.is_empty() { "none".to_owned() } else { numbers.join(" ") }))?;
    output::text(&format!(
        "  issuer     {}",
        if document.issuers.is_empty() { "none".to_owned() } else { document.issuers.join(" ") }
    ))?;
    let start: String = document.text.chars().take(60).collect();
    output::text(&format!("  body       {} characters: {}…", document.text.chars().count(), start.replace('\n', " ")))?;
    for issue in &page.issues {
        output::text(&format!("  issue {}: {}", issue.code, issue.detail))?;
    }
    Ok(())
}
