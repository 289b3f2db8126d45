//! `huice match`: policies × enterprises, one verdict a line, with reason, gap and missing fact per condition.

use jiff::civil::Date;
use matcher::parse_enterprises_on;
use model::{Enterprise, Policy, Record};
use pipeline::{Pipeline, Stages, read_imports};

use crate::Ended;
use crate::arguments::Match;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

pub(crate) fn perform(asked: &Match, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    if let Some(policies) = &asked.policies {
        return match_files(policies, asked, surroundings);
    }
    if let Some(title) = &asked.qualification {
        return qualify(title, asked, surroundings);
    }
    let pipeline = surroundings.existing_pipeline()?;
    let (given, failed) = match &asked.enterprises {
        Some(file) => read_enterprises(file, surroundings.clock.today())?,
        None => (pipeline.store.enterprises()?, 0),
    };
    anyhow::ensure!(
        !given.is_empty(),
        "no enterprises; expected profiles by `huice enterprise import FILE` or --enterprises FILE"
    );
    if let Some(id) = &asked.policy {
        let found = pipeline.store.resolve(&id.as_str().into())?.unwrap_or_else(|| id.as_str().into());
        let record = pipeline.store.record(&found)?.ok_or_else(|| anyhow::anyhow!("no policy `{id}` in the store"))?;
        print_verdicts(&pipeline.stages, &record, &given, surroundings)?;
    } else if let Some(id) = &asked.enterprise {
        let enterprise = one(given, id)?;
        for_each_record(&pipeline, |record| {
            print_verdicts(&pipeline.stages, record, std::slice::from_ref(&enterprise), surroundings)
        })?;
    } else {
        for_each_record(&pipeline, |record| print_verdicts(&pipeline.stages, record, &given, surroundings))?;
    }
    if asked.queue {
        let matched = pipeline.match_changed(&super::push::pusher(&pipeline, surroundings)?, None)?;
        tracing::info!(queued = matched.queued, "messages queued");
    }
    Ok(Ended::after(failed))
}

/// The enterprise with an id.
fn one(given: Vec<Enterprise>, id: &str) -> anyhow::Result<Enterprise> {
    let found = given.into_iter().find(|enterprise| enterprise.id.as_str() == id);
    found.ok_or_else(|| anyhow::anyhow!("no enterprise `{id}`; see `huice enterprise list`"))
}

/// Enterprises against the rules for a title: one assessment a line.
fn qualify(title: &str, asked: &Match, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let today = surroundings.clock.today();
    let (stages, (given, failed)) = match &asked.enterprises {
        Some(file) => (surroundings.stages()?, read_enterprises(file, today)?),
        None => {
            let pipeline = surroundings.existing_pipeline()?;
            let given = pipeline.store.enterprises()?;
            (pipeline.stages, (given, 0))
        }
    };
    let wanted = match &asked.enterprise {
        Some(id) => vec![one(given, id)?],
        None => given,
    };
    let on = asked.on.unwrap_or(today);
    for enterprise in &wanted {
        output::json(&stages.matcher.qualify(title, asked.purpose, enterprise, on)?)?;
    }
    Ok(Ended::after(failed))
}

/// Policies whose text calls for applications, each once; a record that cannot be read costs itself only.
fn for_each_record(pipeline: &Pipeline, mut each: impl FnMut(&Record) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for record in pipeline.store.records() {
        match record {
            Ok(record) if record.annotation.tree.is_some() => each(&record)?,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "match: a stored record cannot be read"),
        }
    }
    Ok(())
}

fn print_verdicts(
    stages: &Stages,
    record: &Record,
    enterprises: &[Enterprise],
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    for verdict in stages.matcher.match_policy(record, enterprises, surroundings.clock.today()) {
        output::json(&verdict)?;
    }
    Ok(())
}

/// Profiles from a file; bad rows are named and counted.
pub(crate) fn read_enterprises(file: &std::path::Path, today: Date) -> anyhow::Result<(Vec<Enterprise>, u64)> {
    let name = file.display().to_string();
    let (enterprises, errors) = parse_enterprises_on(&name, &read_text(file)?, today);
    for error in &errors {
        // A kept row is doubtful, not lost.
        if error.kept {
            tracing::warn!("{name}:{}: {}", error.line, error.message);
        } else {
            tracing::error!("{name}:{}: {}", error.line, error.message);
        }
    }
    Ok((enterprises, errors.iter().filter(|error| !error.kept).count() as u64))
}

/// Without a data folder: import lines are annotated in memory.
fn match_files(policies: &std::path::Path, asked: &Match, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let stages = surroundings.stages()?;
    let (lines, bad) = read_imports(&read_text(policies)?);
    for line in &bad {
        tracing::error!("{}:{}: {}", policies.display(), line.line, line.message);
    }
    let mut failed = bad.len() as u64;
    let Some(file) = &asked.enterprises else { anyhow::bail!("match: expected --enterprises FILE beside --policies") };
    let (enterprises, bad_rows) = read_enterprises(file, surroundings.clock.today())?;
    failed += bad_rows;
    for line in &lines {
        let record = record_of(&stages, line, surroundings);
        print_verdicts(&stages, &record, &enterprises, surroundings)?;
    }
    Ok(Ended::after(failed))
}

fn record_of(stages: &Stages, line: &pipeline::ImportLine, surroundings: &Surroundings) -> Record {
    let (document, _) = line.document();
    let region = stages.annotator.region_of(&document.issuers, &document.title, model::region::COUNTRY);
    let input = annotate::Input {
        text: &document.text,
        title: &document.title,
        issuers: &document.issuers,
        region: &region,
        date: line.published(),
    };
    let annotation = stages.annotator.annotate(&input);
    let today = surroundings.clock.today();
    let course = annotate::life_course(&document, &annotation, &[], today);
    let standing = course.on(today);
    let policy = Policy {
        id: line.id.as_str().into(),
        title: document.title.clone(),
        state: standing.state,
        state_evidence: standing.proof.map(|proof| proof.quote).unwrap_or_default(),
        course,
        region,
        ..Policy::default()
    };
    Record { policy, document, annotation, decision: None }
}
