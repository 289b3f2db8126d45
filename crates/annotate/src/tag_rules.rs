//! The rule files of tags as they are written: `kinds.toml` and `tags/`. What each field means stands at the top of each.

use std::collections::BTreeMap;

use serde::Deserialize;

/// `kinds.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindFile {
    pub(crate) triage: Vec<TriageRule>,
    pub(crate) kind: Vec<KindRule>,
}

/// Title words of one triage class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriageRule {
    pub(crate) class: String,
    pub(crate) words: Vec<String>,
    #[serde(default)]
    pub(crate) kinds: Vec<String>,
    #[serde(default)]
    pub(crate) except: Vec<String>,
    #[serde(default)]
    pub(crate) text: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// Title endings of one kind of document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KindRule {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) words: Vec<String>,
    #[serde(default)]
    pub(crate) starts: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// A file of `tags/` but `size.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagFile {
    pub(crate) least: u32,
    #[serde(default)]
    pub(crate) child_least: u32,
    #[serde(default)]
    pub(crate) organ_score: u32,
    /// Percent of the best score that the others must reach.
    #[serde(default = "a_third")]
    pub(crate) share: u32,
    /// Whether a document has one of them, so that each takes from the others.
    #[serde(default)]
    pub(crate) exclusive: bool,
    pub(crate) most: usize,
    pub(crate) tag: Vec<TagRule>,
}

const fn a_third() -> u32 {
    33
}

/// Words of one tag.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagRule {
    pub(crate) id: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) words: Vec<String>,
    #[serde(default)]
    pub(crate) weak: Vec<String>,
    #[serde(default)]
    pub(crate) organs: Vec<String>,
    #[serde(default)]
    pub(crate) least: Option<u32>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

impl TagRule {
    /// The class a tag is below: `finance` of `finance.tax`.
    pub(crate) fn parent(&self) -> Option<&str> {
        self.id.split_once('.').map(|(parent, _)| parent)
    }
}

/// Names that say too little are left to the words of `tags/industry.toml`, in characters.
const SHORTEST_INDUSTRY: usize = 4;

/// Every industry is also found by its standard name.
pub(crate) fn add_industries(tags: &mut TagFile, industries: &BTreeMap<String, String>) {
    for (code, name) in industries {
        let repeats = (1..code.len()).any(|length| code.get(..length).and_then(|above| industries.get(above)) == Some(name));
        // Classes of public administration are organs, which issue policies.
        let organ = code.starts_with('S') && code.len() > 3;
        if repeats || organ || name.starts_with("其他") || name.chars().count() < SHORTEST_INDUSTRY {
            continue;
        }
        match tags.tag.iter_mut().find(|tag| tag.id == *code) {
            Some(tag) if tag.words.contains(name) => {}
            Some(tag) => tag.words.push(name.clone()),
            None => tags.tag.push(TagRule {
                id: code.clone(),
                label: name.clone(),
                words: vec![name.clone()],
                weak: Vec::new(),
                organs: Vec::new(),
                least: None,
                hit: name.clone(),
                miss: String::new(),
            }),
        }
    }
}
