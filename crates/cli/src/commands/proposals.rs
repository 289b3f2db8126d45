//! `huice source heal|proposals|accept|reject`: mended rules, shown and decided.

use anyhow::Context;
use pipeline::{Decision, Pipeline};
use serde::Serialize;
use store::{Proposal, ProposalState, StoreError};

use crate::Ended;
use crate::output;
use crate::surroundings::Surroundings;

/// The name under which the command line stands in the audit log.
const WHO: &str = "command line";

#[derive(Serialize)]
struct NoProposal<'a> {
    source: &'a str,
    at: String,
    missed: &'a str,
}

/// The data folder, with a hint for the usual reason why it does not open.
fn open(surroundings: &Surroundings) -> anyhow::Result<Pipeline> {
    surroundings.existing_pipeline().context("open the data folder (while the service runs, its page /sources shows proposals)")
}

/// Looks for new rules now; says what was found or why nothing was.
pub(crate) fn heal(id: &str, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = open(surroundings)?;
    let source = pipeline.stages.sources.iter().find(|source| source.id.as_str() == id);
    let source = source.with_context(|| format!("no source `{id}` in {}", pipeline.stages.data.sources_name))?;
    let before = pipeline.store.missed(&source.id)?.map(|missed| missed.at);
    if let Some(proposal) = pipeline.heal(source)? {
        output::json(&proposal)?;
        hint(&proposal);
        return Ok(Ended::Well);
    }
    match pipeline.store.missed(&source.id)? {
        Some(missed) if Some(missed.at) != before => {
            output::json(&NoProposal { source: id, at: missed.at.to_string(), missed: &missed.reason })?;
            Ok(Ended::Partly)
        }
        _ => {
            output::remark(&format!("source `{id}` is read as before: nothing to mend"));
            Ok(Ended::Well)
        }
    }
}

/// One proposal a line, then one line for each source for which none could be made.
pub(crate) fn list(all: bool, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = open(surroundings)?;
    for proposal in pipeline.store.proposals()? {
        if all || proposal.state == ProposalState::Open {
            output::json(&proposal)?;
        }
    }
    for source in &pipeline.stages.sources {
        if let Some(missed) = pipeline.store.missed(&source.id)? {
            output::json(&NoProposal { source: source.id.as_str(), at: missed.at.to_string(), missed: &missed.reason })?;
        }
    }
    Ok(Ended::Well)
}

pub(crate) fn accept(id: &str, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let decision = Decision { proposal: id.to_owned(), accept: true, who: WHO.to_owned(), reason: String::new() };
    decide(&decision, surroundings)
}

pub(crate) fn reject(id: &str, reason: &str, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let decision = Decision { proposal: id.to_owned(), accept: false, who: WHO.to_owned(), reason: reason.to_owned() };
    decide(&decision, surroundings)
}

/// Carries a decision out, or leaves it to the service where that holds the data folder.
fn decide(decision: &Decision, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = match open(surroundings) {
        Ok(pipeline) => pipeline,
        Err(error) if error.chain().any(|cause| matches!(cause.downcast_ref(), Some(StoreError::Locked { .. }))) => {
            decision.leave(&surroundings.folder())?;
            output::remark(
                "the service holds the data folder: it carries the decision out within seconds, see its log and its page /sources",
            );
            return Ok(Ended::Well);
        }
        Err(error) => return Err(error),
    };
    let decided = pipeline.decide(decision)?;
    output::json(&decided)?;
    if decision.accept {
        output::remark(&format!(
            "source `{}` follows the new rule from the next crawl on; {}. To redo stored pages: huice reprocess --from extract",
            decided.source, decided.remark
        ));
    }
    Ok(Ended::Well)
}

fn hint(proposal: &Proposal) {
    if proposal.state == ProposalState::Open {
        output::remark(&format!(
            "to take it: huice source accept {0}; to refuse it: huice source reject {0} --reason …",
            proposal.id
        ));
    }
}
