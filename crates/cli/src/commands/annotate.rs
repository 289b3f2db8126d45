//! `huice annotate`: texts to `{id, items, tree, tags, key_points}`, one JSON object a text, without a data folder.

use annotate::{Annotator, Input};
use model::Annotation;
use pipeline::Stages;
use serde::{Deserialize, Serialize};

use crate::Ended;
use crate::arguments::Annotate;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

/// One input line; keys not named here are ignored, and a null is as good as nothing.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Line {
    #[serde(default)]
    id: Option<String>,
    #[serde(alias = "body")]
    text: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    date: Option<String>,
}

impl Line {
    /// Hands the line to `work` as the annotator takes it.
    pub(crate) fn with_input<T>(&self, annotator: &Annotator, work: impl FnOnce(&Input<'_>) -> T) -> T {
        let issuer = self.issuer.as_deref().unwrap_or_default();
        let issuers: Vec<String> =
            issuer.split(['、', ' ', ',', '，']).filter(|issuer| !issuer.is_empty()).map(str::to_owned).collect();
        let title = self.title.as_deref().unwrap_or_default();
        let region = self.region.clone().unwrap_or_else(|| annotator.region_of(&issuers, title, model::region::COUNTRY));
        let date = self.date.as_deref().and_then(model::date::parse_date);
        work(&Input { text: &self.text, title, issuers: &issuers, region: &region, date })
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    #[serde(flatten)]
    annotation: Annotation,
}

#[derive(Serialize)]
struct Explained<'a> {
    id: &'a str,
    #[serde(flatten)]
    explanation: annotate::Explanation,
}

pub(crate) fn perform(asked: &Annotate, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let (annotator, _) = Stages::annotator(&surroundings.data()?)?;
    let Some(jsonl) = &asked.jsonl else {
        let Some(file) = &asked.file else { anyhow::bail!("annotate: expected FILE or --jsonl FILE") };
        let line = Line {
            id: Some(file.display().to_string()),
            text: read_text(file)?,
            title: Some(asked.title.clone()),
            region: Some(asked.region.clone()),
            ..Line::default()
        };
        answer(&annotator, &line, asked)?;
        return Ok(Ended::Well);
    };
    let text = read_text(jsonl)?;
    let bar = output::progress("annotating", text.lines().count() as u64);
    let mut failed = 0;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        bar.inc(1);
        match serde_json::from_str::<Line>(line) {
            Ok(line) => answer(&annotator, &line, asked)?,
            Err(error) => {
                failed += 1;
                tracing::error!("{}:{}: expected {{id,text,…}}: {error}", jsonl.display(), index + 1);
            }
        }
    }
    bar.finish_and_clear();
    Ok(Ended::after(failed))
}

fn answer(annotator: &Annotator, line: &Line, asked: &Annotate) -> anyhow::Result<()> {
    let id = line.id.as_deref().unwrap_or_default();
    if !asked.explain {
        let annotation = line.with_input(annotator, |input| annotator.annotate(input));
        return output::json(&Answer { id, annotation });
    }
    let explanation = line.with_input(annotator, |input| annotator.explain(input));
    match asked.json {
        true => output::json(&Explained { id, explanation }),
        false => output::text(&format!("== {id}\n\n{explanation}")),
    }
}
