//! `huice diff`: what two texts of a policy, two policies or two files differ in.

use std::path::Path;

use annotate::Difference;
use annotate::difference::Kind;
use anyhow::Context;
use model::{Document, PolicyId};
use pipeline::{Pipeline, Stages};
use serde::Serialize;

use super::state::policy_named;
use crate::Ended;
use crate::arguments::Diff;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

#[derive(Serialize)]
struct Answer {
    old: Side,
    new: Side,
    #[serde(flatten)]
    difference: Difference,
}

/// One of the texts.
#[derive(Serialize)]
struct Side {
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u32>,
    title: String,
    #[serde(skip)]
    document: Document,
    #[serde(skip)]
    region: String,
}

pub(crate) fn perform(asked: &Diff, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let answer = match &asked.files[..] {
        [old, new] => {
            let (annotator, _) = Stages::annotator(&surroundings.data()?)?;
            compared(&annotator, of_file(old)?, of_file(new)?)
        }
        _ => stored(asked, &surroundings.existing_pipeline()?)?,
    };
    show(&answer)?;
    Ok(Ended::Well)
}

fn stored(asked: &Diff, pipeline: &Pipeline) -> anyhow::Result<Answer> {
    let id = asked.policy.as_deref().context("diff: expected the id of a policy, or --files OLD NEW")?;
    let id = policy_named(pipeline, id)?;
    let (old, new) = match &asked.with {
        Some(with) => (of_store(pipeline, &id, asked.from)?, of_store(pipeline, &policy_named(pipeline, with)?, asked.to)?),
        None => {
            let new = of_store(pipeline, &id, asked.to)?;
            let before =
                asked.from.or_else(|| new.revision.and_then(|number| number.checked_sub(1)).filter(|number| *number > 0));
            let before = before.with_context(|| format!("policy `{id}` has no text before this one; expected --with OTHER"))?;
            (of_store(pipeline, &id, Some(before))?, new)
        }
    };
    Ok(compared(&pipeline.stages.annotator, old, new))
}

fn compared(annotator: &annotate::Annotator, old: Side, new: Side) -> Answer {
    let difference = annotator.difference((&old.document, &old.region), (&new.document, &new.region));
    Answer { old, new, difference }
}

fn of_store(pipeline: &Pipeline, id: &PolicyId, revision: Option<u32>) -> anyhow::Result<Side> {
    let policy = pipeline.store.policy(id)?.with_context(|| format!("no policy `{id}` in the store"))?;
    let number = revision.unwrap_or_else(|| policy.revision());
    let document = pipeline.store.revision_document(id, number)?;
    let document =
        document.with_context(|| format!("policy `{id}` has no revision {number}; expected 1 to {}", policy.revision()))?;
    let (title, region) = (document.title.clone(), policy.region);
    Ok(Side { policy: Some(id.clone()), revision: Some(number), title, document, region })
}

fn of_file(path: &Path) -> anyhow::Result<Side> {
    let document = Document { text: read_text(path)?, ..Document::default() };
    let region = model::region::COUNTRY.to_owned();
    Ok(Side { policy: None, revision: None, title: path.display().to_string(), document, region })
}

/// For a person the changes, for a program JSON.
fn show(answer: &Answer) -> anyhow::Result<()> {
    if !output::is_read_by_a_person() {
        return output::json(answer);
    }
    for change in &answer.difference.parameters {
        output::text(&format!("{} {}", sign(change.kind), change.says))?;
    }
    for change in answer.difference.text.iter().filter(|change| change.kind != Kind::Same) {
        let pieces = change.pieces.iter().map(|piece| match piece.kind {
            Kind::Added => format!("\x1b[32m{}\x1b[0m", piece.text),
            Kind::Removed => format!("\x1b[31m\x1b[9m{}\x1b[0m", piece.text),
            Kind::Same | Kind::Changed => piece.text.clone(),
        });
        output::text(&format!("{} {}", sign(change.kind), pieces.collect::<String>()))?;
    }
    let counts = answer.difference.counts;
    output::text(&format!(
        "{} parameters; sentences: {} changed, {} added, {} removed, {} the same",
        counts.parameters, counts.changed, counts.added, counts.removed, counts.same
    ))
}

const fn sign(kind: Kind) -> char {
    match kind {
        Kind::Added => '+',
        Kind::Removed => '-',
        Kind::Changed => '~',
        Kind::Same => '=',
    }
}
