//! `huice push`: one sweep of the outbox, or a look at it.

use anyhow::Context;
use pipeline::{Matched, Pipeline, Sending};
use push::{Config, Pusher};
use serde::Serialize;

use crate::Ended;
use crate::arguments::Push;
use crate::output;
use crate::surroundings::{Surroundings, runtime};

#[derive(Serialize)]
struct Report {
    matched: Matched,
    sending: Sending,
}

pub(crate) fn perform(asked: &Push, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = surroundings.existing_pipeline()?;
    if asked.list {
        for message in pipeline.store.messages()? {
            output::json(&message)?;
        }
        return Ok(Ended::Well);
    }
    let pusher = pusher(&pipeline, surroundings)?;
    let matched = if asked.matching { pipeline.match_changed(&pusher, None)? } else { Matched::default() };
    let sending = runtime()?.block_on(pipeline.send_due(&pusher))?;
    output::json(&Report { matched, sending })?;
    Ok(Ended::after(sending.dead))
}

/// The channel settings of the data folder; without a file, the portal inbox and the log.
fn config(pipeline: &Pipeline) -> anyhow::Result<Config> {
    let path = pipeline.folder.push_config();
    if !path.is_file() {
        return Ok(Config::default());
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    Ok(Config::parse(&path.display().to_string(), &text)?)
}

/// The way out.
pub(crate) fn pusher(pipeline: &Pipeline, surroundings: &Surroundings) -> anyhow::Result<Pusher> {
    Ok(Pusher::new(config(pipeline)?, surroundings.secrets.clone(), surroundings.clock.clone())?)
}
