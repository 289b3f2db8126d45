//! `huice doctor`: what is wrong with the data folder, in words, each with what to do.

use crate::Ended;
use crate::output;
use crate::surroundings::Surroundings;

pub(crate) fn perform(surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let mut failures = Vec::new();
    let checked = pipeline::check(surroundings.data()?)?;
    failures.extend(checked.failures.iter().map(|failure| format!("rules: {failure}")));
    let pipeline = surroundings.existing_pipeline()?;
    let archive = pipeline.archive.verify();
    failures
        .extend(archive.damaged.iter().map(|record| format!("archive: {record}; restore it from a backup or fetch it again")));
    let values = pipeline.store.check()?;
    failures.extend(values.damaged.iter().map(|value| format!("store: {value}; restore it from a backup")));
    if values.damaged.is_empty() && !values.is_sound() {
        failures
            .push(format!("store: {:?} were written, {:?} are there; restore it from a backup", values.counters, values.counted));
    }
    let mut unproved = 0u64;
    // What cannot be read was named above.
    for record in pipeline.store.records().filter_map(Result::ok) {
        let text = &record.document.text;
        unproved += record.annotation.items.iter().filter(|item| item.span.of(text) != item.quote).count() as u64;
    }
    if unproved > 0 {
        failures.push(format!("annotation: {unproved} items do not stand where they say; run `huice reprocess --from annotate`"));
    }
    if let Err(error) = pipeline.store.verify_audit() {
        failures.push(format!("audit: {error}"));
    }
    let counts = pipeline.store.counts()?;
    if pipeline.index.count() != counts.policies {
        failures.push(format!(
            "index: {} policies, the store has {}; run `huice reprocess --from index`",
            pipeline.index.count(),
            counts.policies
        ));
    }
    let damaged = pipeline.index.damaged_files()?;
    failures.extend(damaged.iter().map(|file| format!("index: {file:?} is damaged; run `huice reprocess --from index`")));
    for failure in &failures {
        output::remark(failure);
    }
    output::json(&serde_json::json!({
        "counts": counts,
        "indexed": pipeline.index.count(),
        "archive_records": archive.records,
        "unreadable": values.damaged.len(),
        "failed": failures.len(),
    }))?;
    Ok(Ended::after(failures.len() as u64))
}
