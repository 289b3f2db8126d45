//! `/sources`: what is collected, when it last ran, and a button that queues a run.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{Redirect, Response};
use model::job::Job;
use model::source::Level;
use model::{Source, SourceId};

use super::{minute, parameter, render, web_address};
use crate::App;
use crate::backend::RunLine;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesView {
    section: &'static str,
    queued: bool,
    rows: Vec<RowView>,
}

struct RowView {
    id: String,
    action: String,
    name: String,
    address: Option<String>,
    issuer: String,
    region: String,
    level: &'static str,
    schedule: String,
    enabled: bool,
    verified: bool,
    runs: Vec<RunView>,
}

struct RunView {
    at: String,
    summary: String,
    failed: bool,
}

/// `GET /sources`.
pub(crate) async fn page(State(app): State<App>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let runs = app.latest_runs().await?;
    let rows = app.sources.iter().zip(runs).map(|(source, runs)| row_view(&app, source, &runs)).collect();
    render(&SourcesView { section: "sources", queued: parameter(raw.as_deref(), "queued").is_some(), rows })
}

fn row_view(app: &App, source: &Source, runs: &[RunLine]) -> RowView {
    let level = match source.level {
        Level::Nation => "国家",
        Level::Province => "省级",
        Level::City => "地市",
        Level::County => "区县",
    };
    RowView {
        id: source.id.to_string(),
        action: format!("/sources/{}/crawl", super::segment(source.id.as_str())),
        name: source.name.clone(),
        address: web_address(&source.url),
        issuer: source.issuer.clone(),
        region: app.vocabulary.label("region", &source.region, &app.regions),
        level,
        schedule: source.schedule.clone(),
        enabled: source.enabled,
        verified: source.verified,
        runs: runs.iter().map(run_view).collect(),
    }
}

fn run_view(run: &RunLine) -> RunView {
    let report = &run.report;
    let mut summary = format!("采集 {}，新增 {}，修订 {}，未变 {}", report.fetched, report.new, report.revised, report.unchanged);
    if report.failed > 0 {
        summary.push_str(&format!("，失败 {}", report.failed));
    }
    if let Some(error) = &run.error {
        summary.push_str(&format!("；{error}"));
    }
    RunView { at: minute(run.at), summary, failed: run.error.is_some() || report.failed > 0 }
}

/// `POST /sources/{id}/crawl`: queues a run of one source. Nothing is fetched here.
pub(crate) async fn queue_crawl(State(app): State<App>, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let known = app.sources.iter().any(|source| source.id.as_str() == id);
    if !known {
        return Err(Problem::not_found("个信息源"));
    }
    app.enqueue(Job::Crawl { source: SourceId(id) }).await?;
    Ok(Redirect::to("/sources?queued=1"))
}
