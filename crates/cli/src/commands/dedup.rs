//! `huice dedup`: which documents are copies or revisions of one policy, decided by the same code that stores them.

use std::collections::{BTreeMap, BTreeSet};

use model::PolicyId;
use pipeline::{Folder, read_imports};
use serde::Serialize;

use crate::Ended;
use crate::arguments::Dedup;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

#[derive(Serialize)]
struct Cluster {
    cluster: PolicyId,
    members: Vec<Member>,
}

#[derive(Serialize)]
struct Member {
    id: String,
    role: &'static str,
}

pub(crate) fn perform(asked: &Dedup, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let (lines, bad) = read_imports(&read_text(&asked.jsonl)?);
    for line in &bad {
        tracing::error!("{}:{}: {}", asked.jsonl.display(), line.line, line.message);
    }
    // Identity is the store's knowledge, so a store of its own decides, and is thrown away afterwards.
    let folder = tempfile::tempdir()?;
    let pipeline = surroundings.pipeline_in(Folder::new(folder.path()))?;
    let bar = output::progress("comparing", lines.len() as u64);
    pipeline.import(&lines, &mut |done| bar.set_position(done))?;
    bar.finish_and_clear();
    let mut clusters: BTreeMap<PolicyId, Vec<Member>> = BTreeMap::new();
    let mut order = Vec::new();
    for id in lines.iter().map(|line| line.id.as_str()).collect::<Vec<_>>().into_iter().filter(first_seen()) {
        let Some(policy) = pipeline.store.resolve(&id.into())? else { continue };
        let role = role_of(&pipeline, &policy, id)?;
        let members = clusters.entry(policy.clone()).or_insert_with(|| {
            order.push(policy);
            Vec::new()
        });
        members.push(Member { id: id.to_owned(), role });
    }
    for policy in order {
        if let Some(members) = clusters.remove(&policy) {
            output::json(&Cluster { cluster: policy, members })?;
        }
    }
    Ok(Ended::after(bad.len() as u64))
}

fn first_seen<'a>() -> impl FnMut(&&'a str) -> bool {
    let mut seen = BTreeSet::new();
    move |id| seen.insert(*id)
}

/// The first document of a policy is its canonical text; one that opened a revision is a revision, the rest are copies.
fn role_of(pipeline: &pipeline::Pipeline, policy: &PolicyId, id: &str) -> anyhow::Result<&'static str> {
    let Some(policy) = pipeline.store.policy(policy)? else { return Ok("related") };
    Ok(if policy.id.as_str() == id {
        "canonical"
    } else if policy.revisions.iter().any(|revision| revision.document.as_str() == id) {
        "revision"
    } else {
        "copy"
    })
}
