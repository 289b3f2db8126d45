//! `huice reprocess`: redo a step from stored input, and what follows it. A page that reads differently, or a policy
//! of which the annotation says something else, is a line on stdout, before the report.

use std::cell::Cell;
use std::time::Instant;

use pipeline::{Step, Telling};

use crate::Ended;
use crate::arguments::{Reprocess, Step as Asked};
use crate::output;
use crate::surroundings::{Surroundings, runtime};

pub(crate) fn perform(asked: &Reprocess, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let started = Instant::now();
    let from = match asked.from {
        Asked::Extract => Step::Extract,
        Asked::Annotate => Step::Annotate,
        Asked::Index => Step::Index,
    };
    let pipeline = surroundings.existing_pipeline()?;
    let bar = output::progress("reprocessing", 0);
    let unsaid = Cell::new(None);
    let say = |told: anyhow::Result<()>| unsaid.set(unsaid.take().or(told.err()));
    let mut telling = Telling {
        changed: &mut |change| say(bar.suspend(|| output::json(change))),
        policy: &mut |change| say(bar.suspend(|| output::json(change))),
        progress: &mut |pages| bar.set_position(pages),
    };
    let mut done = runtime()?.block_on(pipeline.reprocess(from, asked.all, &mut telling))?;
    bar.finish_and_clear();
    if let Some(error) = unsaid.take() {
        return Err(error);
    }
    done.report.seconds = started.elapsed().as_secs_f64();
    output::json(&done)?;
    Ok(Ended::after(done.report.failed))
}
