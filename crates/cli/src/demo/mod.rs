//! `huice demo`: the whole job on three bundled sample sites, really served and really crawled on this machine alone.
//!
//! The first run starts clean. A later run goes on from there: the sites have moved on too (one document revised, one
//! list redesigned), so it shows what a second crawl is for. `--fresh` starts over.

mod sites;
mod story;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fetch::{AnyTransport, Http, HttpConfig};
use jiff::civil::Date;
use matcher::parse_enterprises;
use model::RunReport;
use pipeline::{CrawlOptions, Pipeline, Revisit};
use push::{Config, Pusher};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use web::Hosts;

use self::sites::Sites;
use crate::Ended;
use crate::arguments::Demo;
use crate::commands::run;
use crate::output;
use crate::surroundings::{Surroundings, file_reader, runtime};

/// The sample profiles; `{year-1}` and `{date-400d}` stand for years and days relative to today.
const ENTERPRISES: &str = include_str!("../../demo/enterprises.jsonl");

/// Names of the sample sites, in the order of [`Memory::addresses`].
const SITES: [&str; 3] = ["trs", "hanweb", "ucap"];

/// What an earlier demo left, so that the next one finds the same pages under the same addresses.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Memory {
    visits: u32,
    /// The day the sample sites are dated from: that of the first run.
    day: Date,
    addresses: Vec<SocketAddr>,
}

const MEMORY: &str = "demo.json";

pub(crate) fn perform(asked: &Demo, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let folder = surroundings.folder();
    let memory = remember(folder.root(), asked.fresh, surroundings.clock.today())?;
    match memory.visits {
        0 => output::text(&format!("starting clean in {}", folder.root().display()))?,
        visits => output::text(&format!(
            "going on from {} earlier run(s) in {}: the sample sites have changed since (--fresh starts over)",
            visits,
            folder.root().display()
        ))?,
    }
    let sites = Sites::new(memory.day)?;
    runtime()?.block_on(whole_job(asked, surroundings, memory, sites))
}

async fn whole_job(asked: &Demo, surroundings: &Surroundings, mut memory: Memory, sites: Sites) -> anyhow::Result<Ended> {
    // The address of the pages is taken first: messages link to it.
    let listener = if asked.once { None } else { Some(run::listen(asked.listen).await?) };
    let portal = listener.as_ref().map(|listener| listener.local_addr()).transpose()?.unwrap_or(asked.listen);
    let portal_url = format!("http://{portal}");
    memory.visits += 1;
    memory.addresses = serve_sites(&sites, &memory).await?;
    // Written first, so that a run broken off is still known as a demo.
    write_memory(surroundings.folder().root(), &memory)?;
    let pipeline = open(surroundings, &sites, &memory)?;

    let report = crawl(&pipeline, surroundings, &memory).await?;
    story::crawled(&report)?;
    let processed = tokio::task::block_in_place(|| pipeline.process(&mut |_| {}))?;
    story::processed(&pipeline, processed)?;
    story::searched(&pipeline)?;
    let failed_profiles = import_enterprises(&pipeline, memory.day)?;
    story::matched(&pipeline)?;
    let pusher = Pusher::new(Config::default(), surroundings.secrets.clone(), surroundings.clock.clone())?;
    let matched = pipeline.match_changed(&pusher, Some(&portal_url))?;
    let sending = pipeline.send_due(&pusher).await?;
    story::pushed(&pipeline, matched, sending)?;
    story::compiled(&pipeline)?;

    if let Some(listener) = listener {
        output::text("\nCtrl-C ends the demo")?;
        run::serve(&pipeline, listener, Hosts::default(), run::stop_signal()?).await?;
    }
    Ok(Ended::after(failed_profiles))
}

/// Reads what an earlier demo left; a folder that holds something else is not touched.
fn remember(root: &Path, fresh: bool, today: Date) -> anyhow::Result<Memory> {
    let path = root.join(MEMORY);
    let clean = Memory { visits: 0, day: today, addresses: Vec::new() };
    if !path.is_file() {
        let occupied = root.is_dir() && std::fs::read_dir(root)?.next().is_some();
        anyhow::ensure!(!occupied, "{} holds no demo; expected a new folder or one of an earlier demo (--data)", root.display());
        return Ok(clean);
    }
    if fresh {
        std::fs::remove_dir_all(root).with_context(|| format!("remove {}", root.display()))?;
        return Ok(clean);
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is damaged; --fresh starts over", path.display()))
}

fn write_memory(root: &Path, memory: &Memory) -> anyhow::Result<()> {
    std::fs::create_dir_all(root).with_context(|| format!("create {}", root.display()))?;
    let path = root.join(MEMORY);
    std::fs::write(&path, serde_json::to_vec(memory)?).with_context(|| format!("write {}", path.display()))
}

/// The stages with the sample sites as their only sources.
fn open(surroundings: &Surroundings, sites: &Sites, memory: &Memory) -> anyhow::Result<Pipeline> {
    let mut stages = pipeline::Stages::new(surroundings.data()?)?;
    let base_urls: Vec<String> = memory.addresses.iter().map(|address| format!("http://{address}")).collect();
    stages.sources = sites.sources(&base_urls);
    let mut pipeline = Pipeline::open(surroundings.folder(), Arc::new(stages), surroundings.clock.clone())?;
    pipeline.files = Some(file_reader()?);
    Ok(pipeline)
}

#[derive(Clone)]
struct Site {
    name: &'static str,
    sites: Arc<Sites>,
    visit: u32,
}

/// Serves the three sites, under the addresses of the earlier run where they are still free.
async fn serve_sites(sites: &Sites, memory: &Memory) -> anyhow::Result<Vec<SocketAddr>> {
    let sites = Arc::new(sites.clone());
    let mut addresses = Vec::new();
    for (index, name) in SITES.into_iter().enumerate() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let wanted = memory.addresses.get(index).copied().unwrap_or(any);
        let listener = match TcpListener::bind(wanted).await {
            Ok(listener) => listener,
            Err(_) => {
                output::remark(&format!("{wanted} is taken now; site {name} moves, and its pages will count as copies"));
                TcpListener::bind(any).await.context("serve the sample sites on loopback")?
            }
        };
        addresses.push(listener.local_addr()?);
        let site = Site { name, sites: sites.clone(), visit: memory.visits };
        let router = Router::new().route("/", get(answer_root)).route("/{*path}", get(answer)).with_state(site);
        tokio::spawn(async move { axum::serve(listener, router).await });
    }
    Ok(addresses)
}

async fn answer_root(site: State<Site>) -> Response {
    answer(site, UrlPath(String::new())).await
}

async fn answer(State(site): State<Site>, UrlPath(path): UrlPath<String>) -> Response {
    match site.sites.get(site.name, &format!("/{path}"), site.visit) {
        Some(found) => {
            let status = StatusCode::from_u16(found.status).unwrap_or(StatusCode::OK);
            (status, [(header::CONTENT_TYPE, found.content_type)], found.body).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn crawl(pipeline: &Pipeline, surroundings: &Surroundings, memory: &Memory) -> anyhow::Result<RunReport> {
    let allow = memory.addresses.iter().map(ToString::to_string).collect();
    let config = HttpConfig { allow, ..HttpConfig::default() };
    let transport = AnyTransport::Http(Http::new(config, surroundings.clock.clone())?);
    let mut total = RunReport::default();
    for source in &pipeline.stages.sources {
        let report = pipeline.crawl_source(&transport, source, CrawlOptions { revisit: Revisit::Always, any_time: true }).await?;
        total.add(&report);
    }
    Ok(total)
}

/// Puts the sample profiles into the store; the count of rows that are wrong.
fn import_enterprises(pipeline: &Pipeline, today: Date) -> anyhow::Result<u64> {
    let (enterprises, errors) = parse_enterprises("enterprises.jsonl", &fill_in(ENTERPRISES, today));
    for error in &errors {
        output::remark(&format!("enterprises.jsonl:{}: {}", error.line, error.message));
    }
    pipeline.store.put_enterprises(&enterprises)?;
    Ok(errors.len() as u64)
}

/// Replaces `{year}`, `{year-1}`, `{date}`, `{date+20d}` by years and days relative to today.
fn fill_in(text: &str, today: Date) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let end = rest[start..].find('}').map_or(rest.len(), |end| start + end + 1);
        match placeholder(rest[start..end].trim_matches(['{', '}']), today) {
            Some(value) => {
                filled.push_str(&rest[..start]);
                filled.push_str(&value);
                rest = &rest[end..];
            }
            None => {
                filled.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

fn placeholder(name: &str, today: Date) -> Option<String> {
    if let Some(offset) = name.strip_prefix("year") {
        let years: i16 = if offset.is_empty() { 0 } else { offset.parse().ok()? };
        return Some((today.year() + years).to_string());
    }
    let offset = name.strip_prefix("date")?;
    let days: i64 = if offset.is_empty() { 0 } else { offset.strip_suffix('d')?.parse().ok()? };
    today.checked_add(jiff::Span::new().days(days)).ok().map(|date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_years_and_days_relative_to_today() {
        let today = jiff::civil::date(2026, 1, 10);
        let filled = fill_in(r#"{"year": {year-1}, "founded": "{date-20d}", "until": "{date+30d}", "x": {"y": 1}}"#, today);
        assert_eq!(filled, r#"{"year": 2025, "founded": "2025-12-21", "until": "2026-02-09", "x": {"y": 1}}"#);
    }

    #[test]
    fn every_sample_profile_is_read() {
        let (enterprises, errors) =
            parse_enterprises("enterprises.jsonl", &fill_in(ENTERPRISES, jiff::civil::date(2026, 11, 20)));
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(enterprises.len(), 8);
    }
}
