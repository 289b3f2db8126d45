//! `huice state`: whether a policy was in force on a day, and why.

use model::{Link, PolicyId, Standing};
use pipeline::Pipeline;
use serde::Serialize;

use crate::Ended;
use crate::arguments::State;
use crate::output;
use crate::surroundings::Surroundings;

#[derive(Serialize)]
struct Answer {
    policy: PolicyId,
    title: String,
    on: jiff::civil::Date,
    #[serde(flatten)]
    standing: Standing,
    dates: model::life::FourDates,
    steps: Vec<model::life::Step>,
    /// What the policy says of others, with the stored policies that are meant.
    says: Vec<Said>,
    said_of_it: Vec<Link>,
}

#[derive(Serialize)]
struct Said {
    #[serde(flatten)]
    link: Link,
    means: Vec<PolicyId>,
}

pub(crate) fn perform(asked: &State, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = surroundings.existing_pipeline()?;
    let day = asked.on.unwrap_or_else(|| surroundings.clock.today());
    let mut failed = 0;
    for id in &asked.policy {
        match answer(&pipeline, id, day) {
            Ok(answer) => show(&answer)?,
            Err(error) => {
                failed += 1;
                tracing::error!("{error:#}");
            }
        }
    }
    Ok(Ended::after(failed))
}

fn answer(pipeline: &Pipeline, id: &str, day: jiff::civil::Date) -> anyhow::Result<Answer> {
    let id = policy_named(pipeline, id)?;
    let record = pipeline.store.record(&id)?.ok_or_else(|| anyhow::anyhow!("no policy `{id}` in the store"))?;
    let says = pipeline.store.links_from(&id)?.into_iter().map(|(link, means)| Said { link, means });
    Ok(Answer {
        standing: record.standing(day),
        says: says.collect(),
        said_of_it: pipeline.store.links_to(&id)?,
        policy: id,
        title: record.policy.title,
        on: day,
        dates: record.policy.course.dates,
        steps: record.policy.course.steps,
    })
}

/// The policy with an id, or the one a document with that id belongs to.
pub(crate) fn policy_named(pipeline: &Pipeline, id: &str) -> anyhow::Result<PolicyId> {
    let found = pipeline.store.resolve(&id.into())?.unwrap_or_else(|| id.into());
    anyhow::ensure!(pipeline.store.policy(&found)?.is_some(), "no policy `{id}` in the store");
    Ok(found)
}

/// For a person the state with its proof, for a program JSON.
fn show(answer: &Answer) -> anyhow::Result<()> {
    if !output::is_read_by_a_person() {
        return output::json(answer);
    }
    let standing = &answer.standing;
    let since = standing.since.map(|day| format!(" since {day}")).unwrap_or_default();
    output::text(&format!("\x1b[1m{}\x1b[0m\n  {} on {}{since}", answer.title, standing.state.name(), answer.on))?;
    if let Some(proof) = &standing.proof {
        let by = proof.policy.as_ref().map(|policy| format!(" ({policy} {})", proof.title)).unwrap_or_default();
        output::text(&format!("  {}{by}", proof.quote))?;
    }
    if let Some(doubt) = &standing.may_have_expired {
        output::text(&format!("  may have expired: {doubt}"))?;
    }
    for step in &answer.steps {
        output::text(&format!("  {}  {}  {}", step.begins(), step.state.name(), step.proof.quote))?;
    }
    Ok(())
}
