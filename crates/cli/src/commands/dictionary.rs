//! `huice dictionary`: words of the segmenter, proposed from a corpus or added by editors.

use std::path::Path;

use annotate::{Edges, Wanted, Word};
use pipeline::{Stages, words};
use serde::Deserialize;

use crate::Ended;
use crate::arguments::Dictionary;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

/// A line of a corpus.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    title: Option<String>,
    #[serde(default, alias = "body", alias = "content")]
    text: Option<String>,
}

pub(crate) fn perform(asked: &Dictionary, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    match asked {
        Dictionary::Propose { jsonl, least, most } => propose(jsonl, Wanted { least: *least, most: *most }, surroundings),
        Dictionary::Add { word, frequency, tag } => {
            let own = Word { text: word.trim().to_owned(), frequency: *frequency, tag: tag.clone() };
            let is_new = words::add(&surroundings.folder(), own)?;
            output::remark(if is_new { "added" } else { "changed" });
            output::remark(LATER);
            Ok(Ended::Well)
        }
        Dictionary::List => {
            for word in words::read(&surroundings.folder())? {
                output::text(&word.to_string())?;
            }
            Ok(Ended::Well)
        }
        Dictionary::Remove { word } => {
            let was_there = words::remove(&surroundings.folder(), word)?;
            anyhow::ensure!(was_there, "`{word}` is no own word; `huice dictionary list` prints them");
            output::remark(LATER);
            Ok(Ended::Well)
        }
    }
}

/// Said after a change.
const LATER: &str = "stored policies follow at the next `huice reprocess --from annotate` or start of the service";

fn propose(jsonl: &Path, wanted: Wanted, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let data = surroundings.data()?;
    let (_, segmenter) = Stages::annotator(&data)?;
    let text = read_text(jsonl)?;
    let mut failed = 0;
    let mut texts = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str::<Line>(line) {
            Ok(line) => texts.extend([line.title, line.text].into_iter().flatten()),
            Err(error) => {
                failed += 1;
                tracing::error!("{}:{}: expected {{title,text}}: {error}", jsonl.display(), index + 1);
            }
        }
    }
    let edges = Edges::parse(&format!("{}\n{}", data.index_text("term_edges.txt"), data.index_text("stop_words.txt")));
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for proposal in annotate::propose(&texts, &segmenter, &edges, wanted) {
        output::text(&proposal.to_string())?;
    }
    Ok(Ended::after(failed))
}
