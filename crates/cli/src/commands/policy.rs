//! `huice policy split|merge`: a person decides which documents are one policy. It holds against every later run.

use anyhow::Context;
use pipeline::Pipeline;
use serde::Serialize;
use store::{Merge, Ruling};

use crate::Ended;
use crate::arguments::PolicyCommand;
use crate::output;
use crate::surroundings::Surroundings;

/// The name under which the command line stands in the audit log.
const WHO: &str = "command line";

#[derive(Serialize)]
struct Ruled<'a> {
    policy: &'a str,
    documents: Vec<&'a str>,
}

pub(crate) fn perform(asked: &PolicyCommand, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = surroundings
        .existing_pipeline()
        .context("open the data folder (a service that runs on it has to be stopped first, or asked through its API)")?;
    let ruling = |reason: &str| Ruling { who: WHO.to_owned(), reason: reason.to_owned(), at: surroundings.clock.now() };
    let id = match asked {
        PolicyCommand::Split { document, reason } => pipeline.store.split(&document.as_str().into(), &ruling(reason))?,
        PolicyCommand::Merge { from, into, versions, reason } => {
            let what = if *versions { Merge::Versions } else { Merge::Copies };
            pipeline.store.merge(&from.as_str().into(), &into.as_str().into(), what, &ruling(reason))?
        }
    };
    // What is shown follows at once: texts and search must not speak of a policy that is no more.
    pipeline.process(&mut |_| {})?;
    show(&pipeline, &id)?;
    Ok(Ended::Well)
}

fn show(pipeline: &Pipeline, id: &model::PolicyId) -> anyhow::Result<()> {
    let policy = pipeline.store.policy(id)?.with_context(|| format!("no policy `{id}`"))?;
    let documents = policy.copies.iter().map(|copy| copy.document.as_str()).collect();
    output::json(&Ruled { policy: policy.id.as_str(), documents })
}
