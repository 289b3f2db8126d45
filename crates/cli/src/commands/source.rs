//! `huice source`: one source tested in words, or all of them with their last run.

use fetch::{AnyTransport, Request, Transport};
use model::{Page, PageKind};
use pipeline::read_page;
use serde::Serialize;
use url::Url;

use crate::Ended;
use crate::arguments::Source;
use crate::output;
use crate::surroundings::{Surroundings, runtime};

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    name: &'a str,
    enabled: bool,
    verified: bool,
    last_run: Option<String>,
    items_seen: Option<u64>,
    error: Option<String>,
}

pub(crate) fn perform(asked: &Source, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    match asked {
        Source::List => list(surroundings),
        Source::Test { id, replay, network } => {
            let transport = super::crawl::transport(replay.as_deref(), network, surroundings)?;
            test(id, &transport, surroundings)
        }
    }
}

fn list(surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = surroundings.pipeline()?;
    for source in &pipeline.stages.sources {
        let run = pipeline.store.runs(&source.id, 1)?.into_iter().next();
        output::json(&Listed {
            id: source.id.as_str(),
            name: &source.name,
            enabled: source.enabled,
            verified: source.verified,
            last_run: run.as_ref().map(|run| run.started.to_string()),
            items_seen: run.as_ref().map(|run| run.items_seen),
            error: run.and_then(|run| run.error),
        })?;
    }
    Ok(Ended::Well)
}

/// What a person wants to know of a source: is the list read, is a document read, and what is missing.
fn test(id: &str, transport: &AnyTransport, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let stages = surroundings.stages()?;
    let source = stages.sources.iter().find(|source| source.id.as_str() == id);
    let source = source.ok_or_else(|| anyhow::anyhow!("no source `{id}` in {}", stages.data.sources_name))?;
    let runtime = runtime()?;
    let read = |url: &Url| -> anyhow::Result<Page> {
        let response = runtime.block_on(transport.get(&Request::get(url.clone())))?;
        Ok(read_page(&stages.extractor, &response, Some(source)))
    };
    let list = read(&Url::parse(&source.url)?)?;
    output::text(&format!("list {}: {:?} page, {} items", source.url, list.kind, list.items.len()))?;
    for item in list.items.iter().take(5) {
        output::text(&format!("  {}  {}  {}", item.date.map(|date| date.to_string()).unwrap_or_default(), item.title, item.url))?;
    }
    for issue in &list.issues {
        output::text(&format!("  issue {}: {}", issue.code, issue.detail))?;
    }
    let Some(item) = list.items.first() else {
        output::text("no items: the list rule matches nothing, or the site fills its list by script")?;
        return Ok(Ended::Partly);
    };
    let page = match read(&Url::parse(&item.url)?) {
        Ok(page) => page,
        Err(error) => {
            output::text(&format!("document {}: {error:#}", item.url))?;
            return Ok(Ended::Partly);
        }
    };
    describe(&page)?;
    Ok(Ended::after(u64::from(page.kind != PageKind::Detail)))
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
