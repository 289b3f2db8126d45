//! `huice dedup --pairs`: identity held against pairs that a reader labelled, over the whole collections they are from.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use pipeline::{ImportLine, Stages, read_imports};
use serde::{Deserialize, Serialize};
use store::{Place, Role};

use super::dedup::grouped;
use crate::Ended;
use crate::output;
use crate::surroundings::read_text;

/// Pairs read of one file.
const MOST_PAIRS: usize = 100_000;

/// Two lines of one collection and what a reader said of them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Pair {
    /// `notices`, `laws` or `policies`: the file of the corpus.
    corpus: String,
    /// Its line, from 0.
    a: usize,
    b: usize,
    /// `copy` and `revision` are one act, everything else is two.
    label: String,
}

/// How often the program said so, and how often rightly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
struct Count {
    labelled: usize,
    found: usize,
    right: usize,
}

#[derive(Serialize)]
struct Scores {
    pairs: usize,
    /// One act or two, whatever the role.
    one_act: Count,
    copies: Count,
    revisions: Count,
}

const FILES: [(&str, &str); 3] = [("notices", "notices.jsonl"), ("laws", "laws.jsonl.gz"), ("policies", "policies.jsonl")];

pub(crate) fn perform(gold: &Path, corpus: &Path, json: bool, stages: &Stages) -> anyhow::Result<Ended> {
    let pairs = read(gold)?;
    let mut scores =
        Scores { pairs: pairs.len(), one_act: Count::default(), copies: Count::default(), revisions: Count::default() };
    for (name, file) in FILES {
        let of_file: Vec<&Pair> = pairs.iter().filter(|pair| pair.corpus == name).collect();
        if of_file.is_empty() {
            continue;
        }
        let lines = lines_of(&corpus.join(file))?;
        let places = grouped(&lines, stages)?;
        for pair in of_file {
            let (Some(a), Some(b)) = (places.get(pair.a).copied().flatten(), places.get(pair.b).copied().flatten()) else {
                anyhow::bail!("{}: lines {} and {} of {file}: it has {} lines", gold.display(), pair.a, pair.b, places.len());
            };
            judge(pair, said(&places, (pair.a, a), (pair.b, b)), &lines, json, &mut scores)?;
        }
    }
    show(&scores, json)
}

fn read(gold: &Path) -> anyhow::Result<Vec<Pair>> {
    let text = read_text(gold)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).take(MOST_PAIRS);
    lines
        .map(|(number, line)| {
            let pair: Pair = serde_json::from_str(line)
                .with_context(|| format!("{}:{}: expected {{corpus,a,b,label}}", gold.display(), number + 1))?;
            let known = FILES.iter().any(|(name, _)| *name == pair.corpus);
            anyhow::ensure!(
                known,
                "{}:{}: corpus `{}`, expected notices, laws or policies",
                gold.display(),
                number + 1,
                pair.corpus
            );
            Ok(pair)
        })
        .collect()
}

/// The lines of a collection as import lines; lists of notices have no ids, their places are theirs.
fn lines_of(path: &Path) -> anyhow::Result<Vec<ImportLine>> {
    let text = read_text(path)?;
    let mut numbered = String::with_capacity(text.len());
    for (number, line) in text.lines().enumerate() {
        let mut value: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), number + 1))?;
        value.insert("id".to_owned(), number.to_string().into());
        numbered.push_str(&serde_json::to_string(&value)?);
        numbered.push('\n');
    }
    let (lines, bad) = read_imports(&numbered);
    anyhow::ensure!(bad.is_empty(), "{}: {} lines are no documents", path.display(), bad.len());
    Ok(lines)
}

/// What the program said of a pair: one text, two texts of one act, or two acts.
fn said(places: &[Option<Place>], (a, first): (usize, Place), (b, second): (usize, Place)) -> Option<Role> {
    if first.group != second.group {
        return None;
    }
    // Between two documents of a policy lies a revision if any document that opened another text stands between them, or
    // the one of them is itself such a text.
    let between = places[a.min(b)..=a.max(b)].iter().skip(1).flatten();
    let revised = between.filter(|place| place.group == first.group).any(|place| place.role == Role::Revision);
    Some(if revised || second.role == Role::Revision && a < b { Role::Revision } else { Role::Copy })
}

/// Counts a pair and names it where it is wrong.
fn judge(pair: &Pair, said: Option<Role>, lines: &[ImportLine], json: bool, scores: &mut Scores) -> anyhow::Result<()> {
    let label = pair.label.as_str();
    let (is_copy, is_revision) = (label == "copy", label == "revision");
    let add = |count: &mut Count, labelled: bool, found: bool| {
        count.labelled += usize::from(labelled);
        count.found += usize::from(found);
        count.right += usize::from(labelled && found);
    };
    add(&mut scores.one_act, is_copy || is_revision, said.is_some());
    add(&mut scores.copies, is_copy, said == Some(Role::Copy));
    add(&mut scores.revisions, is_revision, said == Some(Role::Revision));
    let found = match said {
        None => "apart",
        Some(Role::Revision) => "revision",
        Some(_) => "copy",
    };
    let is_right = if is_copy || is_revision { found == label } else { said.is_none() };
    if is_right {
        return Ok(());
    }
    let title = |at: usize| lines[at].title.split_whitespace().collect::<Vec<_>>().join(" ");
    let (first, second) = (title(pair.a), title(pair.b));
    if json {
        let Pair { corpus, a, b, .. } = pair;
        return output::json(&serde_json::json!({"label": label, "found": found, "corpus": corpus, "a": a, "b": b}));
    }
    output::text(&format!("{label}, found {found}: {} {} and {}\n    {first}\n    {second}", pair.corpus, pair.a, pair.b))
}

fn show(scores: &Scores, json: bool) -> anyhow::Result<Ended> {
    if json {
        output::json(scores)?;
        return Ok(Ended::Well);
    }
    for (name, count) in [("one act", scores.one_act), ("copies", scores.copies), ("revisions", scores.revisions)] {
        let ratio = |part: usize, whole: usize| if whole == 0 { 1.0 } else { part as f64 / whole as f64 };
        output::text(&format!(
            "{name:<10} labelled {:>4}  found {:>4}  precision {:.3}  recall {:.3}",
            count.labelled,
            count.found,
            ratio(count.right, count.found),
            ratio(count.right, count.labelled)
        ))?;
    }
    Ok(Ended::Well)
}
