//! `huice reprocess`: redo a step from stored input, and what follows it.

use std::time::Instant;

use pipeline::Step;

use crate::Ended;
use crate::arguments::{Reprocess, Step as Asked};
use crate::output;
use crate::surroundings::Surroundings;

pub(crate) fn perform(asked: &Reprocess, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let started = Instant::now();
    let from = match asked.from {
        Asked::Extract => Step::Extract,
        Asked::Annotate => Step::Annotate,
        Asked::Index => Step::Index,
    };
    let pipeline = surroundings.existing_pipeline()?;
    let bar = output::progress("reprocessing", 0);
    let mut done = pipeline.reprocess(from, &mut |pages| bar.set_position(pages))?;
    bar.finish_and_clear();
    done.report.seconds = started.elapsed().as_secs_f64();
    output::json(&done)?;
    Ok(Ended::after(done.report.failed))
}
