//! `huice import`: policies from elsewhere.

use std::time::Instant;

use pipeline::read_imports;

use super::crawl::process;
use crate::Ended;
use crate::arguments::Import;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

pub(crate) fn perform(asked: &Import, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let started = Instant::now();
    let (lines, bad) = read_imports(&read_text(&asked.file)?);
    for line in &bad {
        tracing::error!("{}:{}: {}", asked.file.display(), line.line, line.message);
    }
    let pipeline = surroundings.pipeline()?;
    let bar = output::progress("importing", lines.len() as u64);
    let mut report = pipeline.import(&lines, &mut |done| bar.set_position(done))?;
    bar.finish_and_clear();
    if !asked.no_process {
        report.failed += process(&pipeline)?.failed;
    }
    report.failed += bad.len() as u64;
    report.seconds = started.elapsed().as_secs_f64();
    output::json(&report)?;
    Ok(Ended::after(report.failed))
}
