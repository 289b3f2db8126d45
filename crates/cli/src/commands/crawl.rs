//! `huice crawl`: fetch sources now, or replay stored pages through the same path.

use std::time::Instant;

use anyhow::Context;
use fetch::{AnyTransport, Http, HttpConfig, Replay};
use model::RunReport;
use pipeline::{CrawlOptions, Pipeline, Revisit};

use crate::Ended;
use crate::arguments::{Crawl, Network};
use crate::output;
use crate::surroundings::{Surroundings, runtime};

pub(crate) fn perform(asked: &Crawl, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let started = Instant::now();
    let pipeline = surroundings.pipeline()?;
    let mut report = match &asked.replay {
        Some(file) => replay(&pipeline, file)?,
        None => crawl(&pipeline, asked, surroundings)?,
    };
    if !asked.no_process {
        report.failed += process(&pipeline)?.failed;
    }
    report.seconds = started.elapsed().as_secs_f64();
    output::json(&report)?;
    Ok(Ended::after(report.failed))
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
    let options = CrawlOptions { revisit: if asked.revisit { Revisit::Always } else { Revisit::Due } };
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

/// The way to the network, as asked on the command line.
pub(crate) fn network(asked: &Network, surroundings: &Surroundings) -> anyhow::Result<AnyTransport> {
    let config = HttpConfig { proxy: asked.proxy.clone(), allow: asked.allow.clone(), ..HttpConfig::default() };
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
