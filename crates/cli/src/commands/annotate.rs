//! `huice annotate`: texts to `{id, items, tree, tags, key_points}`, one JSON object a text, without a data folder.

use annotate::{Annotator, Input};
use model::Annotation;
use pipeline::Stages;
use serde::{Deserialize, Serialize};

use crate::Ended;
use crate::arguments::Annotate;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

/// One input line; keys not named here are ignored.
#[derive(Debug, Default, Deserialize)]
struct Line {
    id: String,
    text: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    date: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    #[serde(flatten)]
    annotation: Annotation,
}

pub(crate) fn perform(asked: &Annotate, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let (annotator, _) = Stages::annotator(&surroundings.data()?)?;
    let Some(jsonl) = &asked.jsonl else {
        let Some(file) = &asked.file else { anyhow::bail!("annotate: expected FILE or --jsonl FILE") };
        let line = Line {
            id: file.display().to_string(),
            text: read_text(file)?,
            title: asked.title.clone(),
            region: Some(asked.region.clone()),
            ..Line::default()
        };
        answer(&annotator, &line)?;
        return Ok(Ended::Well);
    };
    let text = read_text(jsonl)?;
    let bar = output::progress("annotating", text.lines().count() as u64);
    let mut failed = 0;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        bar.inc(1);
        match serde_json::from_str::<Line>(line) {
            Ok(line) => answer(&annotator, &line)?,
            Err(error) => {
                failed += 1;
                tracing::error!("{}:{}: expected {{id,text,…}}: {error}", jsonl.display(), index + 1);
            }
        }
    }
    bar.finish_and_clear();
    Ok(Ended::after(failed))
}

fn answer(annotator: &Annotator, line: &Line) -> anyhow::Result<()> {
    let issuers: Vec<String> =
        line.issuer.split(['、', ' ', ',', '，']).filter(|issuer| !issuer.is_empty()).map(str::to_owned).collect();
    let region = line.region.clone().unwrap_or_else(|| annotator.region_of(&issuers, &line.title, model::region::COUNTRY));
    let date = line.date.as_deref().and_then(model::date::parse_date);
    let input = Input { text: &line.text, title: &line.title, issuers: &issuers, region: &region, date };
    output::json(&Answer { id: &line.id, annotation: annotator.annotate(&input) })
}
