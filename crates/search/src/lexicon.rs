//! What search knows of the language: synonyms, stop words and weights, read from the files in `index/`.
//!
//! All of it is used when a question is asked, none when a text is indexed: editing these files needs no rebuild.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use model::{ConfigError, Regions};
use serde::Deserialize;
use toml::Spanned;

use crate::analysis::normal;

const SYNONYMS_FILE: &str = "index/synonyms.toml";
const STOP_WORDS_FILE: &str = "index/stop_words.txt";
const FIELDS_FILE: &str = "index/fields.toml";
/// A weight above this drowns every other signal and is a slip of the pen.
const MOST_WEIGHT: f32 = 1_000.0;

/// Synonyms, stop words and weights.
#[derive(Clone)]
pub struct Lexicon {
    groups: Vec<Vec<String>>,
    /// For each pattern of `finder`, its group.
    group_of: Vec<usize>,
    finder: Option<AhoCorasick>,
    stop_words: HashSet<String>,
    pub(crate) fields: Fields,
    pub(crate) regions: Regions,
    simplifier: Option<Arc<OpenCC>>,
    /// The version of the words texts are cut by.
    pub(crate) dictionary: String,
}

impl std::fmt::Debug for Lexicon {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lexicon").field("groups", &self.groups.len()).finish_non_exhaustive()
    }
}

/// A synonym found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    /// Byte range of the term.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The other terms of its group.
    pub(crate) others: Vec<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SynonymFile {
    #[serde(default)]
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    terms: Vec<Spanned<String>>,
    /// A text in which a term of the group must be recognised; read by the tests.
    #[cfg_attr(not(test), expect(dead_code, reason = "an example for tests and readers of the file"))]
    hit: String,
    /// A text in which none must be.
    #[cfg_attr(not(test), expect(dead_code, reason = "an example for tests and readers of the file"))]
    miss: String,
}

/// Weights, as `index/fields.toml` explains them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fields {
    pub(crate) weights: Weights,
    pub(crate) freshness: Freshness,
    pub(crate) authority: Authority,
    pub(crate) matching: Matching,
}

/// How much each part of a policy counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Weights {
    #[serde(deserialize_with = "weight")]
    pub(crate) title_words: f32,
    #[serde(deserialize_with = "weight")]
    pub(crate) title_bigrams: f32,
    #[serde(deserialize_with = "weight")]
    pub(crate) title_exact: f32,
    #[serde(deserialize_with = "weight")]
    pub(crate) body_words: f32,
    #[serde(deserialize_with = "weight")]
    pub(crate) body_bigrams: f32,
    #[serde(deserialize_with = "weight")]
    pub(crate) number: f32,
    #[serde(deserialize_with = "weight")]
    pub(crate) cited_number: f32,
    #[serde(deserialize_with = "weight")]
    pub(crate) word_present: f32,
    #[serde(deserialize_with = "weight")]
    pub(crate) all_present: f32,
    #[serde(deserialize_with = "weight")]
    pub(crate) synonym: f32,
}

/// How much newer policies are preferred.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Freshness {
    #[serde(deserialize_with = "share")]
    pub(crate) most: f32,
    #[serde(deserialize_with = "positive")]
    pub(crate) half_life_days: f32,
}

/// How much policies of higher agencies are preferred: shares by level.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Authority {
    #[serde(deserialize_with = "share")]
    country: f32,
    #[serde(deserialize_with = "share")]
    province: f32,
    #[serde(deserialize_with = "share")]
    city: f32,
    #[serde(deserialize_with = "share")]
    county: f32,
}

impl Authority {
    /// The most a score can be multiplied by.
    pub(crate) fn most(&self) -> f32 {
        1.0 + self.country.max(self.province).max(self.city).max(self.county)
    }

    /// What the score of a policy of a level (1 country to 4 county, else unknown) is multiplied by.
    pub(crate) fn factor(&self, level: u64) -> f32 {
        1.0 + match level {
            1 => self.country,
            2 => self.province,
            3 => self.city,
            4 => self.county,
            _ => 0.0,
        }
    }
}

/// How many of the words of a question a policy must have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matching {
    pub(crate) all_up_to: usize,
    #[serde(deserialize_with = "share")]
    pub(crate) share: f32,
    pub(crate) least: usize,
    pub(crate) few: usize,
}

impl Matching {
    /// How many of `words` different words must be present: of few all, of many a share.
    pub(crate) fn least(&self, words: usize) -> usize {
        if words <= self.all_up_to {
            return words;
        }
        ((words as f32 * self.share).round() as usize).max(self.least)
    }
}

fn number_within<'de, D: serde::Deserializer<'de>>(deserializer: D, least: f32, most: f32) -> Result<f32, D::Error> {
    let value = f32::deserialize(deserializer)?;
    if !(least..=most).contains(&value) {
        return Err(serde::de::Error::custom(format!("{value} is out of range, expected {least} to {most}")));
    }
    Ok(value)
}

fn weight<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    number_within(deserializer, 0.0, MOST_WEIGHT)
}

fn share<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    number_within(deserializer, 0.0, 1.0)
}

fn positive<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    number_within(deserializer, 1.0, 1e6)
}

impl Lexicon {
    /// Reads the three files of `index/` from their texts.
    ///
    /// # Errors
    /// The first mistake with its place: an unknown key, a weight out of range, a term in two groups, a stop word twice.
    pub fn new(synonyms_toml: &str, stop_words: &str, fields_toml: &str) -> Result<Self, ConfigError> {
        let (groups, terms) = read_synonyms(synonyms_toml)?;
        let whole = || ConfigError::at(SYNONYMS_FILE, synonyms_toml, 0..0, "too many terms");
        let patterns: Vec<&String> = terms.keys().collect();
        let finder = if patterns.is_empty() {
            None
        } else {
            let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&patterns);
            Some(builder.map_err(|_| whole())?)
        };
        Ok(Self {
            groups,
            group_of: terms.into_values().collect(),
            finder,
            stop_words: read_stop_words(stop_words)?,
            fields: model::config::parse(FIELDS_FILE, fields_toml)?,
            regions: Regions::default(),
            simplifier: simplifier(),
            dictionary: String::new(),
        })
    }

    /// Names the dictionary that texts are cut by: an index made with another one is built anew, beside the old one.
    #[must_use]
    pub fn with_dictionary(mut self, version: impl Into<String>) -> Self {
        self.dictionary = version.into();
        self
    }

    /// Knows the names of places too, so that `地区:新疆` filters like `region:650000`.
    #[must_use]
    pub fn with_regions(mut self, regions: Regions) -> Self {
        self.regions = regions;
        self
    }

    /// Every term of every group of synonyms.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flatten().map(String::as_str)
    }

    /// A text in simplified characters.
    pub(crate) fn simplified(&self, text: &str) -> Option<String> {
        // Most questions are simplified already, and looking each character up tells nothing new of ASCII.
        if text.is_ascii() {
            return None;
        }
        self.simplifier.as_ref().map(|simplifier| simplifier.convert(text))
    }

    pub(crate) fn is_stop_word(&self, word: &str) -> bool {
        self.stop_words.contains(word)
    }

    /// Synonyms in a text in normal form, longest first, at places where `is_boundary` says that words begin and end:
    /// 提高企业 does not speak of 高企.
    pub(crate) fn synonyms(&self, text: &str, is_boundary: impl Fn(usize) -> bool) -> Vec<Found<'_>> {
        let Some(finder) = &self.finder else { return Vec::new() };
        let matches = finder.find_iter(text).filter(|found| is_boundary(found.start()) && is_boundary(found.end()));
        matches
            .map(|found| Found {
                start: found.start(),
                end: found.end(),
                others: self.others(found.pattern().as_usize(), &text[found.range()]),
            })
            .collect()
    }

    fn others(&self, pattern: usize, term: &str) -> Vec<&str> {
        self.groups[self.group_of[pattern]].iter().map(String::as_str).filter(|other| *other != term).collect()
    }
}

/// Reads traditional characters; its tables are part of the program, so it cannot fail for another reason than a bug, and
/// without it everything but traditional characters is still found.
fn simplifier() -> Option<Arc<OpenCC>> {
    let made = OpenCC::from_config(BuiltinConfig::T2s);
    made.inspect_err(|error| tracing::error!(%error, "traditional characters cannot be read")).ok().map(Arc::new)
}

type Terms = BTreeMap<String, usize>;

fn read_synonyms(text: &str) -> Result<(Vec<Vec<String>>, Terms), ConfigError> {
    let file: SynonymFile = model::config::parse(SYNONYMS_FILE, text)?;
    let mut terms = Terms::new();
    let mut groups = Vec::new();
    for (index, group) in file.group.iter().enumerate() {
        let mut members = Vec::new();
        for term in &group.terms {
            let fail = |message: String| Err(ConfigError::at(SYNONYMS_FILE, text, term.span(), message));
            let form = normal(term.get_ref());
            if form.chars().count() < 2 {
                return fail(format!("term `{}` is too short, expected two characters or more", term.get_ref()));
            }
            if terms.insert(form.clone(), index).is_some() {
                return fail(format!("term `{}` stands twice", term.get_ref()));
            }
            members.push(form);
        }
        groups.push(members);
    }
    Ok((groups, terms))
}

fn read_stop_words(text: &str) -> Result<HashSet<String>, ConfigError> {
    let mut words = HashSet::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let word = line.split('#').next().unwrap_or_default().trim();
        if !word.is_empty() && !words.insert(normal(word)) {
            return Err(ConfigError::at(
                STOP_WORDS_FILE,
                text,
                at..at + line.trim_end().len(),
                format!("stop word `{word}` stands twice"),
            ));
        }
        at += line.len();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::words;
    use jieba_rs::Jieba;

    const SYNONYMS: &str = include_str!("../../../index/synonyms.toml");
    const STOP_WORDS: &str = include_str!("../../../index/stop_words.txt");
    const FIELDS: &str = include_str!("../../../index/fields.toml");

    fn recognised(lexicon: &Lexicon, segmenter: &Jieba, text: &str) -> Vec<String> {
        let text = normal(text);
        let edges: HashSet<usize> =
            words(segmenter, &text).iter().flat_map(|(start, word)| [*start, start + word.len()]).collect();
        let found = lexicon.synonyms(&text, |at| edges.contains(&at));
        found.iter().map(|found| text[found.start..found.end].to_owned()).collect()
    }

    #[test]
    fn every_synonym_group_hits_its_hit_and_misses_its_miss() {
        let (lexicon, segmenter) = (Lexicon::new(SYNONYMS, STOP_WORDS, FIELDS).unwrap(), Jieba::new());
        let file: SynonymFile = toml::from_str(SYNONYMS).unwrap();
        let mut wrong = Vec::new();
        for group in &file.group {
            let terms: Vec<String> = group.terms.iter().map(|term| normal(term.get_ref())).collect();
            let hits = |text: &str| recognised(&lexicon, &segmenter, text).iter().any(|found| terms.contains(found));
            if !hits(&group.hit) {
                wrong.push(format!("{} not found in {}", terms[0], group.hit));
            }
            if hits(&group.miss) {
                wrong.push(format!("{} found in {}", terms[0], group.miss));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_data_is_sorted_and_stop_words_are_no_synonyms() {
        let file: SynonymFile = toml::from_str(SYNONYMS).unwrap();
        let terms: Vec<Vec<String>> =
            file.group.iter().map(|group| group.terms.iter().map(|term| term.get_ref().clone()).collect()).collect();
        assert!(terms.iter().all(|terms| terms.is_sorted() && terms.len() > 1));
        assert!(terms.is_sorted());
        let words: Vec<&str> = STOP_WORDS.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(words.is_sorted());
        let lexicon = Lexicon::new(SYNONYMS, STOP_WORDS, FIELDS).unwrap();
        assert!(terms.iter().flatten().all(|term| !lexicon.is_stop_word(term)));
    }

    #[track_caller]
    fn refuse(synonyms: &str, stop_words: &str, fields: &str, expected: &str) {
        let shown = Lexicon::new(synonyms, stop_words, fields).unwrap_err().to_string();
        assert!(shown.starts_with(expected), "{shown}");
    }

    #[test]
    fn mistakes_are_shown_with_their_place() {
        let group = |terms: &str| format!("[[group]]\nterms = [{terms}]\nhit = \"\"\nmiss = \"\"\n");
        let twice = group("\"高企\", \"高新技术企业\"") + &group("\"ＡＩ\", \"高企\"");
        refuse(&twice, "", FIELDS, "index/synonyms.toml:6:16: term `高企` stands twice");
        refuse(&group("\"税\", \"税收\""), "", FIELDS, "index/synonyms.toml:2:10: term `税` is too short");
        refuse("[[groups]]\n", "", FIELDS, "index/synonyms.toml:1:3: unknown field `groups`");
        refuse("", "的\n如何\n的 # 又\n", FIELDS, "index/stop_words.txt:3:1: stop word `的` stands twice");
        refuse("", "", &FIELDS.replace("number = 500.0", "number = -1.0"), "index/fields.toml:");
        refuse("", "", &FIELDS.replace("[freshness]", "[fresh]"), "index/fields.toml:");
    }

    #[test]
    fn short_questions_must_be_met_in_full_and_long_ones_in_part() {
        let matching = Matching { all_up_to: 2, share: 0.25, least: 1, few: 3 };
        let least: Vec<usize> = (0..11).map(|words| matching.least(words)).collect();
        assert_eq!(least, [0, 1, 2, 1, 1, 1, 2, 2, 2, 2, 3]);
    }
}
