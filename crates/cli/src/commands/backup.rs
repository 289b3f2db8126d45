//! `huice backup` and `huice restore`.

use crate::Ended;
use crate::arguments::{Backup, Restore};
use crate::output;
use crate::surroundings::Surroundings;

pub(crate) fn perform(asked: &Backup, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let pipeline = surroundings.existing_pipeline()?;
    pipeline::backup(&pipeline, &asked.to)?;
    report(&pipeline::verify(&asked.to)?)
}

pub(crate) fn restore(asked: &Restore, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    if asked.verify {
        return report(&pipeline::verify(&asked.from)?);
    }
    let restored = pipeline::restore(&asked.from, &surroundings.folder())?;
    // Opening proves that what was restored is a data folder, and building the index makes it one that answers.
    let pipeline = surroundings.pipeline()?;
    super::crawl::process(&pipeline)?;
    report(&restored)
}

fn report(backup: &pipeline::Backup) -> anyhow::Result<Ended> {
    let bytes: u64 = backup.archive.iter().map(|(_, bytes, _)| bytes).sum();
    output::json(&serde_json::json!({
        "policies": backup.policies,
        "documents": backup.documents,
        "archive_files": backup.archive.len(),
        "archive_bytes": bytes,
        "verified": true,
    }))?;
    Ok(Ended::Well)
}
