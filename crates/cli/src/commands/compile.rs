//! `huice compile`: a period's policies bound into one document, in several formats, with a manifest of hashes.

use anyhow::Context;
use compilation::{Format, Period, Template};
use serde::Serialize;

use crate::Ended;
use crate::arguments::Compile;
use crate::output;
use crate::surroundings::Surroundings;

#[derive(Serialize)]
pub(crate) struct Report {
    period: String,
    pub(crate) policies: usize,
    pub(crate) files: Vec<String>,
}

pub(crate) fn perform(asked: &Compile, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    // Mistakes in the arguments are answered before the data folder is opened.
    parse(&asked.quarter, &asked.format)?;
    let pipeline = surroundings.existing_pipeline()?;
    output::json(&compile(&pipeline, &asked.template, &asked.quarter, &asked.format, &asked.out)?)?;
    Ok(Ended::Well)
}

/// Binds a period's policies and writes the files.
pub(crate) fn compile(
    pipeline: &pipeline::Pipeline,
    template: &str,
    period: &str,
    formats: &[String],
    out: &std::path::Path,
) -> anyhow::Result<Report> {
    let (period, formats) = parse(period, formats)?;
    bind(pipeline, template, &period, &formats, out)
}

fn parse(period: &str, formats: &[String]) -> anyhow::Result<(Period, Vec<Format>)> {
    let period = Period::parse(period).map_err(anyhow::Error::msg)?;
    let formats = formats.iter().map(|name| Format::from_name(name)).collect::<Result<Vec<_>, _>>()?;
    Ok((period, formats))
}

/// Binds and writes; each file appears whole or not at all.
fn bind(
    pipeline: &pipeline::Pipeline,
    template: &str,
    period: &Period,
    formats: &[Format],
    out: &std::path::Path,
) -> anyhow::Result<Report> {
    let name = format!("compilations/{template}.toml");
    let text = pipeline.stages.data.rule_text(&name);
    anyhow::ensure!(!text.is_empty(), "no template rules/{name}");
    let template = Template::parse(&format!("rules/{name}"), text)?.with_names(names(&pipeline.stages));
    let mut records = Vec::new();
    for record in pipeline.store.records() {
        match record {
            Ok(record) => records.push(record),
            Err(error) => tracing::error!(%error, "compile: a stored record cannot be read"),
        }
    }
    let book = compilation::compile(&template, period, &records, &pipeline.stages.regions, made_at(pipeline));
    std::fs::create_dir_all(out).with_context(|| format!("create {}", out.display()))?;
    let mut written: Vec<(String, Vec<u8>)> = Vec::new();
    for format in formats {
        let bytes = compilation::render(&book, *format)?;
        written.push((format!("{}-{}.{}", template_stem(&name), period.name, format.extension()), bytes));
    }
    let parts: Vec<(String, &[u8])> = written.iter().map(|(name, bytes)| (name.clone(), bytes.as_slice())).collect();
    let manifest = compilation::manifest(&book, &parts);
    written.push(("manifest.json".to_owned(), manifest.into_bytes()));
    let mut files = Vec::new();
    for (name, bytes) in &written {
        let path = out.join(name);
        let part = out.join(format!("{name}.part"));
        std::fs::write(&part, bytes).with_context(|| format!("write {}", part.display()))?;
        std::fs::rename(&part, &path).with_context(|| format!("write {}", path.display()))?;
        files.push(path.display().to_string());
    }
    Ok(Report { period: period.name.clone(), policies: book.entries().count(), files })
}

/// The start of today: the day stands on the cover, and the same policies bound on one day have the same bytes.
fn made_at(pipeline: &pipeline::Pipeline) -> jiff::Timestamp {
    let midnight = pipeline.clock.today().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    midnight.map_or_else(|_| pipeline.clock.now(), |zoned| zoned.timestamp())
}

/// Chinese names for the ids that tables would else show.
fn names(stages: &pipeline::Stages) -> Vec<(String, String)> {
    let indicators = stages.annotator.indicators().iter().map(|indicator| (indicator.id.clone(), indicator.name.clone()));
    indicators.chain(stages.annotator.tag_labels().into_iter().map(|(_, value, label)| (value, label))).collect()
}

fn template_stem(name: &str) -> &str {
    name.rsplit('/').next().and_then(|file| file.strip_suffix(".toml")).unwrap_or(name)
}
