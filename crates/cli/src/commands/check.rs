//! `huice check`: every data file is read and every example run.

use crate::Ended;
use crate::output;
use crate::surroundings::Surroundings;

pub(crate) fn perform(surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let checked = pipeline::check(surroundings.data()?)?;
    for failure in &checked.failures {
        output::remark(failure);
    }
    output::json(&serde_json::json!({
        "files": checked.files,
        "sources": checked.sources,
        "verified": checked.verified,
        "failed": checked.failures.len(),
    }))?;
    Ok(Ended::after(checked.failures.len() as u64))
}
