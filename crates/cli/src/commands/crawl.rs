//! `huice crawl`: fetch sources now, or replay stored pages through the same path.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context;
use fetch::{AnyTransport, Http, HttpConfig, Replay};
use model::{RunReport, Source};
use pipeline::{CrawlOptions, Pipeline, Reach, Revisit};

use crate::Ended;
use crate::arguments::{Crawl, Network};
use crate::output;
use crate::surroundings::{Surroundings, runtime};

pub(crate) fn perform(asked: &Crawl, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let started = Instant::now();
    let pipeline = surroundings.pipeline()?;
    let mut broken = 0;
    let mut report = match &asked.replay {
        Some(file) => replay(&pipeline, file)?,
        None => {
            // A mistake in the channels is said before the work, not after it.
            let pusher = super::push::pusher(&pipeline, surroundings)?;
            let report = crawl(&pipeline, asked, surroundings)?;
            broken = tell_health(&pipeline, &pusher, &asked.source)?;
            report
        }
    };
    if !asked.no_process {
        report.failed += process(&pipeline)?.failed;
    }
    report.seconds = started.elapsed().as_secs_f64();
    output::json(&report)?;
    Ok(Ended::after(report.failed + broken))
}

/// Says which of the crawled sources are in trouble and lets the alarms out; gives how many are broken.
fn tell_health(pipeline: &Pipeline, pusher: &push::Pusher, asked: &[String]) -> anyhow::Result<u64> {
    let mut counts = BTreeMap::<&str, u64>::new();
    for record in pipeline.store.health_records()? {
        let is_asked = asked.is_empty() || asked.iter().any(|id| id == record.source.as_str());
        if !is_asked || !pipeline.stages.sources.iter().any(|source| source.id == record.source) {
            continue;
        }
        let health = &record.health;
        *counts.entry(health.state.name()).or_default() += 1;
        if health.state.is_trouble() {
            let why: Vec<String> = health.reasons.iter().map(model::health::Reason::english).collect();
            let (id, state, since) = (&record.source, health.state.name(), model::clock::day_of(health.since));
            output::remark(&format!("source {id}: {state} since {since}: {}; see `huice source test {id}`", why.join("; ")));
        }
    }
    if counts.keys().any(|state| *state != "healthy") {
        let counted: Vec<String> = counts.iter().map(|(state, count)| format!("{count} {state}")).collect();
        output::remark(&format!("sources: {}", counted.join(", ")));
    }
    runtime()?.block_on(pipeline.sweep_alarms(pusher))?;
    Ok(counts.get("broken").copied().unwrap_or(0))
}

/// Annotates and indexes what is new, with a progress bar.
pub(crate) fn process(pipeline: &Pipeline) -> anyhow::Result<pipeline::Processed> {
    let bar = output::progress("annotating and indexing", 0);
    let done = pipeline.process(&mut |done| bar.set_position(done.annotated + done.indexed))?;
    bar.finish_and_clear();
    Ok(done)
}

fn replay(pipeline: &Pipeline, file: &std::path::Path) -> anyhow::Result<RunReport> {
    let replay = Replay::open(file)?;
    let problems = replay.problems().len() as u64;
    for problem in replay.problems() {
        tracing::error!("{problem}");
    }
    let urls = replay.urls();
    let bar = output::progress("replaying", urls.len() as u64);
    let transport = AnyTransport::Replay(replay);
    let mut report = runtime()?.block_on(pipeline.replay(&transport, urls, &mut |done| bar.set_position(done)))?;
    bar.finish_and_clear();
    report.failed += problems;
    Ok(report)
}

fn crawl(pipeline: &Pipeline, asked: &Crawl, surroundings: &Surroundings) -> anyhow::Result<RunReport> {
    let sources = &pipeline.stages.sources;
    for id in &asked.source {
        anyhow::ensure!(
            sources.iter().any(|source| source.id.as_str() == id),
            "no source `{id}`; expected an id of {}",
            pipeline.stages.data.sources_name
        );
    }
    let chosen: Vec<_> = sources
        .iter()
        .filter(
            |source| {
                if asked.source.is_empty() { source.enabled } else { asked.source.iter().any(|id| id == source.id.as_str()) }
            },
        )
        .cloned()
        .collect();
    let transport = std::sync::Arc::new(network(&asked.network, surroundings)?);
    let revisit = if asked.revisit { Revisit::Always } else { Revisit::Due };
    let options = CrawlOptions { revisit, any_time: asked.any_time };
    if let Some(reach) = asked.since.map(Reach::Since).or(asked.pages.map(Reach::Pages)) {
        return backfill(pipeline, &transport, &chosen, reach, options);
    }
    let bar = output::progress("crawling sources", chosen.len() as u64);
    runtime()?.block_on(async {
        let mut total = RunReport::default();
        let mut running = tokio::task::JoinSet::new();
        // Each host paces itself; this many sources at once keep all of them busy without holding many pages in memory.
        let places = std::sync::Arc::new(tokio::sync::Semaphore::new(16));
        for source in chosen {
            let (pipeline, transport, places) = (pipeline.clone(), transport.clone(), places.clone());
            running.spawn(async move {
                let _place = places.acquire().await;
                let result = pipeline.crawl_source(&transport, &source, options).await;
                (source.id, result)
            });
        }
        while let Some(ended) = running.join_next().await {
            bar.inc(1);
            match ended.context("a crawl ended badly")? {
                (_, Ok(report)) => total.add(&report),
                (id, Err(error)) => return Err(error.context(format!("crawl {id}"))),
            }
        }
        bar.finish_and_clear();
        Ok(total)
    })
}

/// Reaches back, one source after the other: what was broken off before goes on where it was.
fn backfill(
    pipeline: &Pipeline,
    transport: &AnyTransport,
    chosen: &[Source],
    reach: Reach,
    options: CrawlOptions,
) -> anyhow::Result<RunReport> {
    let runtime = runtime()?;
    let mut total = RunReport::default();
    for source in chosen {
        let pages = if let Reach::Pages(pages) = reach { pages } else { 0 };
        let bar = output::progress(&format!("reaching back in {}", source.id), pages.into());
        let mut progress = |at: &pipeline::Backfill, done: u64| {
            let oldest = at.oldest.map(|date| format!(" back to {date}")).unwrap_or_default();
            bar.set_message(format!("{} list pages, {} items listed, {done} fetched{oldest}", at.next - 1, at.items));
            bar.set_position(u64::from(at.next - 1));
        };
        let report = runtime.block_on(pipeline.backfill(transport, source, reach, options, &mut progress))?;
        bar.finish_and_clear();
        total.add(&report);
        if pipeline.unfinished_backfill(source)?.is_some() {
            tracing::warn!(source = %source.id, "not yet reached: the source's next crawl, or this command again, goes on");
        }
    }
    Ok(total)
}

/// The way to the network, as asked on the command line.
pub(crate) fn network(asked: &Network, surroundings: &Surroundings) -> anyhow::Result<AnyTransport> {
    let config = HttpConfig {
        proxy: asked.proxy.clone(),
        allow: asked.allow.clone(),
        browser: asked.browser.clone(),
        ..HttpConfig::default()
    };
    Ok(AnyTransport::Http(Http::new(config, surroundings.clock.clone())?))
}

/// A replay if a file is given, else the network.
pub(crate) fn transport(
    replay: Option<&std::path::Path>,
    asked: &Network,
    surroundings: &Surroundings,
) -> anyhow::Result<AnyTransport> {
    match replay {
        Some(file) => Ok(AnyTransport::Replay(Replay::open(file)?)),
        None => network(asked, surroundings),
    }
}
