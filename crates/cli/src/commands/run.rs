//! `huice run`: the service, on schedule, until SIGTERM or Ctrl-C.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use pipeline::{Pipeline, Role, Service, Stages};
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::Hosts;

use crate::Ended;
use crate::arguments::{Role as Asked, Run};
use crate::output;
use crate::surroundings::{Surroundings, runtime};

pub(crate) fn perform(asked: &Run, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = surroundings.pipeline()?;
    let roles = asked.roles.iter().map(|role| match role {
        Asked::Crawl => Role::Crawl,
        Asked::Process => Role::Process,
        Asked::Push => Role::Push,
        Asked::Web => Role::Web,
    });
    let service = Service {
        pipeline: pipeline.clone(),
        transport: Arc::new(super::crawl::network(&asked.network, surroundings)?),
        pusher: Arc::new(super::push::pusher(&pipeline, surroundings)?),
        portal_url: asked.portal_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
        roles: roles.collect(),
        hold: jiff::SignedDuration::from_secs(asked.lease),
    };
    runtime()?.block_on(async {
        let stop = stop_signal()?;
        let listener = if service.roles.contains(&Role::Web) { Some(listen(asked.listen).await?) } else { None };
        let served = async {
            match listener {
                Some(listener) => serve(&pipeline, listener, hosts(asked), stop.clone()).await,
                None => Ok(()),
            }
        };
        let (ran, served) = tokio::join!(service.run(stop.clone()), served);
        ran.and(served)
    })?;
    Ok(Ended::Well)
}

/// Takes the port, or says who cannot have it.
pub(crate) async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listen on {address}: expected a free port (--listen)"))
}

/// Serves the pages until told to stop.
pub(crate) async fn serve(
    pipeline: &Pipeline,
    listener: TcpListener,
    hosts: Hosts,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let app = web::App::new(
        pipeline.store.clone(),
        pipeline.index.clone(),
        pipeline.stages.matcher.clone(),
        pipeline.stages.regions.clone(),
        pipeline.clock.clone(),
    )
    .with_annotator(pipeline.stages.annotator.clone())
    .with_vocabulary(vocabulary(&pipeline.stages)?)
    .with_sources(pipeline.stages.sources.clone())
    .with_hosts(hosts);
    output::remark(&format!("web pages at http://{address}/"));
    let stopped = async move {
        // An error means the sender is gone, which is an end too.
        while !*stop.borrow() && stop.changed().await.is_ok() {}
    };
    web::serve(listener, app, stopped).await.context("serve web pages")
}

/// Host names that are answered: a page on another site must not reach the pages under a name of its own.
fn hosts(asked: &Run) -> Hosts {
    let loopback = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
    let portal = asked.portal_url.as_ref().and_then(|url| url.host_str().map(str::to_owned));
    Hosts::new(loopback.into_iter().chain(portal).chain(asked.host.iter().cloned()))
}

/// Names of indicators and tags for people.
fn vocabulary(stages: &Stages) -> anyhow::Result<web::Vocabulary> {
    let mut vocabulary = web::Vocabulary::new(stages.annotator.indicators().iter().cloned(), stages.annotator.tag_labels());
    vocabulary.read_codes("industry", stages.data.rule_text("industries.csv"));
    Ok(vocabulary)
}

/// Turns true at SIGTERM or Ctrl-C.
pub(crate) fn stop_signal() -> anyhow::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for Ctrl-C")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        sender.send_replace(true);
    });
    Ok(receiver)
}
