//! `/sources`: what is collected, how each source is and why, its last runs, and buttons that queue a run or pause it.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{Redirect, Response};
use jiff::Timestamp;
use model::health::{HealthRecord, Reason, State as Health};
use model::job::Job;
use model::source::Level;
use model::{Source, SourceId};

use super::{minute, parameter, render, segment, web_address};
use crate::App;
use crate::backend::{RunLine, SourceLine};
use crate::problem::Problem;

/// Runs shown in words; the bars show more.
const FEW_RUNS: usize = 3;
/// Height of a bar, in pixels.
const BAR_HEIGHT: u64 = 24;
/// Width of a bar with the gap behind it, in pixels.
const BAR_WIDTH: usize = 6;

#[derive(Template)]
#[template(path = "sources.html")]
struct SourcesView {
    section: &'static str,
    queued: bool,
    total: usize,
    filters: Vec<FilterView>,
    rows: Vec<RowView>,
}

struct FilterView {
    label: String,
    address: String,
    current: bool,
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
    paused: bool,
    health: HealthView,
    newest: String,
    bars: Vec<BarView>,
    bars_width: usize,
    bars_label: String,
    runs: Vec<RunView>,
}

struct HealthView {
    label: &'static str,
    class: &'static str,
    since: String,
    reasons: Vec<String>,
}

/// One run in the small chart: how many items its lists had.
struct BarView {
    x: usize,
    y: u64,
    height: u64,
    class: &'static str,
}

struct RunView {
    at: String,
    summary: String,
    failed: bool,
}

/// `GET /sources`.
pub(crate) async fn page(State(app): State<App>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let asked = parameter(raw.as_deref(), "state").unwrap_or_default();
    let lines = app.source_lines().await?;
    let state_of = |line: &SourceLine| line.health.as_ref().map(|record| record.health.state);
    let mut shown: Vec<(&Source, &SourceLine)> =
        app.sources.iter().zip(&lines).filter(|(_, line)| is_asked(&asked, state_of(line))).collect();
    // Trouble first; the order of the ids within.
    shown.sort_by_key(|(_, line)| std::cmp::Reverse(state_of(line)));
    let filters = filters(&asked, &lines.iter().map(state_of).collect::<Vec<_>>());
    render(&SourcesView {
        section: "sources",
        queued: parameter(raw.as_deref(), "queued").is_some(),
        total: app.sources.len(),
        filters,
        rows: shown.into_iter().map(|(source, line)| row_view(&app, source, line)).collect(),
    })
}

fn is_asked(asked: &str, state: Option<Health>) -> bool {
    match asked {
        "" => true,
        "trouble" => state.is_some_and(Health::is_trouble),
        name => state.is_some_and(|state| state.name() == name),
    }
}

/// The choices above the table, each with its number; states nobody is in are left out.
fn filters(asked: &str, states: &[Option<Health>]) -> Vec<FilterView> {
    let all = [("", "全部"), ("trouble", "异常")].into_iter();
    let each = Health::ALL.into_iter().rev().map(|state| (state.name(), state.label()));
    let view = |(name, label): (&'static str, &str)| {
        let count = states.iter().filter(|state| is_asked(name, **state)).count();
        let address = if name.is_empty() { "/sources".to_owned() } else { format!("/sources?state={name}") };
        (count > 0 || name.is_empty()).then(|| FilterView { label: format!("{label} {count}"), address, current: asked == name })
    };
    all.chain(each).filter_map(view).collect()
}

fn row_view(app: &App, source: &Source, line: &SourceLine) -> RowView {
    let level = match source.level {
        Level::Nation => "国家",
        Level::Province => "省级",
        Level::City => "地市",
        Level::County => "区县",
    };
    let newest = line.runs.iter().filter_map(|run| run.newest).max();
    let bars = bars(&line.runs);
    RowView {
        id: source.id.to_string(),
        action: format!("/sources/{}", segment(source.id.as_str())),
        name: source.name.clone(),
        address: web_address(&source.url),
        issuer: source.issuer.clone(),
        region: app.vocabulary.label("region", &source.region, &app.regions),
        level,
        schedule: source.schedule.clone(),
        enabled: source.enabled,
        verified: source.verified,
        paused: line.health.as_ref().is_some_and(|record| record.paused.is_some()),
        health: health_view(source, line.health.as_ref()),
        newest: newest.map(|day| day.to_string()).unwrap_or_default(),
        bars_width: bars.len() * BAR_WIDTH,
        bars_label: format!("最近 {} 次运行的列表条数，旧在左新在右", bars.len()),
        bars,
        runs: line.runs.iter().take(FEW_RUNS).map(run_view).collect(),
    }
}

fn health_view(source: &Source, record: Option<&HealthRecord>) -> HealthView {
    let judged = record.filter(|record| record.judged != Timestamp::default());
    let Some(HealthRecord { health, .. }) = judged else {
        let label = if source.enabled { "尚未运行" } else { "停用" };
        return HealthView { label, class: "gone", since: String::new(), reasons: Vec::new() };
    };
    let class = match health.state {
        Health::Healthy => "good",
        Health::Paused => "gone",
        Health::Degraded => "pending",
        Health::Silent => "doubt",
        Health::Broken => "broken",
    };
    HealthView {
        label: health.state.label(),
        class,
        since: minute(health.since),
        reasons: health.reasons.iter().map(Reason::chinese).collect(),
    }
}

fn bars(runs: &[RunLine]) -> Vec<BarView> {
    let most = runs.iter().map(|run| run.items).max().unwrap_or(0).max(1);
    let bar = |(index, run): (usize, &RunLine)| {
        // An empty run is shown as what it is: a stump in another colour, never nothing.
        let height = (run.items * BAR_HEIGHT / most).max(2);
        let is_bad = run.items == 0 || run.state.is_some_and(Health::is_trouble);
        BarView { x: index * BAR_WIDTH, y: BAR_HEIGHT - height, height, class: if is_bad { "bad-bar" } else { "good-bar" } }
    };
    runs.iter().rev().enumerate().map(bar).collect()
}

fn run_view(run: &RunLine) -> RunView {
    let report = &run.report;
    let mut summary = format!("列表 {} 条，采集 {}，新增 {}，修订 {}", run.items, report.fetched, report.new, report.revised);
    if report.failed > 0 {
        summary.push_str(&format!("，失败 {}", report.failed));
    }
    RunView { at: minute(run.at), summary, failed: run.error.is_some() || report.failed > 0 }
}

fn known(app: &App, id: &str) -> Result<SourceId, Problem> {
    let known = app.sources.iter().find(|source| source.id.as_str() == id);
    known.map(|source| source.id.clone()).ok_or_else(|| Problem::not_found("个信息源"))
}

/// `POST /sources/{id}/crawl`: queues a run of one source. Nothing is fetched here.
pub(crate) async fn queue_crawl(State(app): State<App>, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let source = known(&app, &id)?;
    app.enqueue(Job::Crawl { source }).await?;
    Ok(Redirect::to("/sources?queued=1"))
}

/// `POST /sources/{id}/pause`: the source is no longer fetched on schedule.
pub(crate) async fn pause(State(app): State<App>, Path(id): Path<String>) -> Result<Redirect, Problem> {
    app.pause_source(known(&app, &id)?, Some("在控制台暂停")).await?;
    Ok(Redirect::to("/sources"))
}

/// `POST /sources/{id}/resume`: the source is fetched on schedule again.
pub(crate) async fn resume(State(app): State<App>, Path(id): Path<String>) -> Result<Redirect, Problem> {
    app.pause_source(known(&app, &id)?, None).await?;
    Ok(Redirect::to("/sources"))
}
