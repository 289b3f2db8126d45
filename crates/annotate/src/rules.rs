//! The rule files as they are written, and their reading. What each field means stands at the top of each file.

use std::collections::BTreeMap;

use model::{ConfigError, Indicator, Op, Regions};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The files below `rules/`, by path.
pub(crate) type Files = BTreeMap<String, String>;

/// A file of `indicators/`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IndicatorFile {
    pub(crate) indicator: Vec<Indicator>,
    pub(crate) fact: Vec<Fact>,
    pub(crate) qualification: Vec<Qualification>,
    pub(crate) ratio: Vec<Ratio>,
    pub(crate) growth: Vec<Growth>,
    pub(crate) ellipsis: Vec<Ellipsis>,
}

/// What the cue of a fact says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Polarity {
    Adverse,
    Asserted,
    Inverse,
    Forbidden,
}

/// A fact without a number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fact {
    pub(crate) indicator: String,
    pub(crate) polarity: Polarity,
    #[serde(default)]
    pub(crate) op: Option<Op>,
    #[serde(default)]
    pub(crate) value: Option<i64>,
    #[serde(default)]
    pub(crate) unit: Option<String>,
    #[serde(default)]
    pub(crate) words: Vec<String>,
    #[serde(default)]
    pub(crate) period: bool,
    pub(crate) cues: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// A title of enterprises.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Qualification {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// An indicator that is one quantity in proportion to another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ratio {
    pub(crate) indicator: String,
    #[serde(default)]
    pub(crate) of: Vec<String>,
    #[serde(default)]
    pub(crate) numerator_cues: Vec<String>,
    pub(crate) to: Vec<String>,
    #[serde(default)]
    pub(crate) to_cues: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// An indicator that is the growth of another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Growth {
    pub(crate) indicator: String,
    pub(crate) of: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// What a number without a name means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ellipsis {
    pub(crate) indicator: String,
    pub(crate) after: String,
    pub(crate) family: String,
    #[serde(default)]
    pub(crate) base: Option<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// `units.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitFile {
    pub(crate) unit: Vec<Unit>,
    pub(crate) comparator: Vec<Comparator>,
    pub(crate) period: Vec<Worded>,
    pub(crate) aggregate: Vec<Worded>,
}

/// A unit of measure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unit {
    pub(crate) words: Vec<String>,
    pub(crate) family: String,
    pub(crate) base: String,
    #[serde(with = "model::decimal")]
    pub(crate) factor: Decimal,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// Before or after the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    Before,
    After,
}

/// Words of comparison.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comparator {
    pub(crate) words: Vec<String>,
    pub(crate) op: Op,
    pub(crate) place: Place,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// Words with the value they stand for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Worded {
    pub(crate) words: Vec<String>,
    pub(crate) value: String,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// The kinds of context words in `cues.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CueKind {
    Agreement,
    Applicant,
    Authority,
    Award,
    Budget,
    Cap,
    Deadline,
    Exclusive,
    Exhausted,
    Increment,
    Negator,
    Obligation,
    Priority,
    ProjectPeriod,
    Quota,
    Refusal,
    RefusalList,
    Rolling,
    Service,
    Target,
}

/// `cues.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CueFile {
    pub(crate) cue: Vec<Cue>,
}

/// Context words of one kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cue {
    pub(crate) kind: CueKind,
    pub(crate) words: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Section {
    Exclusions,
    Materials,
    Window,
    Procedure,
    Conditions,
    Support,
    Contact,
    Validity,
    Target,
    Division,
    Basis,
    #[default]
    Other,
}

/// `sections.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SectionFile {
    pub(crate) section: Vec<SectionRule>,
}

/// Words of headings of one class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SectionRule {
    pub(crate) class: Section,
    pub(crate) words: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

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
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// A file of `tags/` but `size.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagFile {
    pub(crate) least: u32,
    pub(crate) most: usize,
    pub(crate) tag: Vec<TagRule>,
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
    pub(crate) least: Option<u32>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// `tags/size.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SizeFile {
    pub(crate) size: Vec<SizeRule>,
    pub(crate) scale: Vec<ScaleRule>,
}

/// Words for size classes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SizeRule {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) words: Vec<String>,
    pub(crate) values: Vec<String>,
    #[serde(default)]
    pub(crate) standard: bool,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// Words for 规模以上.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScaleRule {
    pub(crate) words: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// `regions.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegionFile {
    pub(crate) alias: Vec<RegionAlias>,
    pub(crate) relative: Vec<RelativePlace>,
}

/// Other names of places.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegionAlias {
    pub(crate) words: Vec<String>,
    pub(crate) codes: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// 本市 and the like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelativePlace {
    pub(crate) words: Vec<String>,
    pub(crate) level: u8,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// The tag files, in the order their tags are given.
pub(crate) const TAG_KINDS: [&str; 5] = ["theme", "tool", "mode", "industry", "recipient"];

/// All rules as read.
pub(crate) struct Rules {
    pub(crate) indicators: Vec<Indicator>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) qualifications: Vec<Qualification>,
    pub(crate) ratios: Vec<Ratio>,
    pub(crate) growths: Vec<Growth>,
    pub(crate) ellipses: Vec<Ellipsis>,
    pub(crate) units: UnitFile,
    pub(crate) cues: Vec<Cue>,
    pub(crate) sections: Vec<SectionRule>,
    pub(crate) kinds: KindFile,
    pub(crate) tags: Vec<(&'static str, TagFile)>,
    pub(crate) sizes: SizeFile,
    pub(crate) places: RegionFile,
    pub(crate) regions: Regions,
    /// Code → name of GB/T 4754 sections and divisions.
    pub(crate) industries: BTreeMap<String, String>,
}

impl Rules {
    /// Reads every file it needs.
    pub(crate) fn read(files: &Files) -> Result<Self, ConfigError> {
        let mut rules = Self {
            indicators: Vec::new(),
            facts: Vec::new(),
            qualifications: Vec::new(),
            ratios: Vec::new(),
            growths: Vec::new(),
            ellipses: Vec::new(),
            units: file(files, "units.toml")?,
            cues: file::<CueFile>(files, "cues.toml")?.cue,
            sections: file::<SectionFile>(files, "sections.toml")?.section,
            kinds: file(files, "kinds.toml")?,
            tags: Vec::new(),
            sizes: file(files, "tags/size.toml")?,
            places: file(files, "regions.toml")?,
            regions: regions(files)?,
            industries: industries(files)?,
        };
        for kind in TAG_KINDS {
            rules.tags.push((kind, file(files, &format!("tags/{kind}.toml"))?));
        }
        for path in files.keys().filter(|path| path.starts_with("indicators/") && path.ends_with(".toml")) {
            rules.take(file(files, path)?);
        }
        rules.indicators.sort_by(|one, other| one.id.cmp(&other.id));
        rules.check(files)?;
        Ok(rules)
    }

    fn take(&mut self, file: IndicatorFile) {
        self.indicators.extend(file.indicator);
        self.facts.extend(file.fact);
        self.qualifications.extend(file.qualification);
        self.ratios.extend(file.ratio);
        self.growths.extend(file.growth);
        self.ellipses.extend(file.ellipsis);
    }

    /// Index of an indicator by its id.
    pub(crate) fn indicator(&self, id: &str) -> Option<usize> {
        self.indicators.binary_search_by(|indicator| indicator.id.as_str().cmp(id)).ok()
    }

    /// Every id that rules refer to must be in the vocabulary, and none twice.
    fn check(&self, files: &Files) -> Result<(), ConfigError> {
        if let Some(pair) = self.indicators.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(named(files, &pair[1].id, format!("indicator `{}` is listed twice", pair[1].id)));
        }
        let facts = self.facts.iter().map(|fact| &fact.indicator);
        let ratios = self.ratios.iter().flat_map(|ratio| ratio.of.iter().chain(&ratio.to).chain([&ratio.indicator]));
        let growths = self.growths.iter().flat_map(|growth| growth.of.iter().chain([&growth.indicator]));
        let ellipses = self.ellipses.iter().map(|ellipsis| &ellipsis.indicator);
        match facts.chain(ratios).chain(growths).chain(ellipses).find(|id| self.indicator(id).is_none()) {
            None => Ok(()),
            Some(id) => Err(named(files, id, format!("`{id}` is no indicator of rules/indicators"))),
        }
    }
}

/// A mistake at the first place a word stands in a file of indicators.
fn named(files: &Files, word: &str, message: String) -> ConfigError {
    let quoted = format!("\"{word}\"");
    let place = files
        .iter()
        .filter(|(path, _)| path.starts_with("indicators/"))
        .find_map(|(path, text)| Some((path, text, text.rfind(&quoted)?)));
    match place {
        Some((path, text, at)) => ConfigError::at(&format!("rules/{path}"), text, at..at + quoted.len(), message),
        None => ConfigError::at("rules/indicators", "", 0..0, message),
    }
}

fn text<'f>(files: &'f Files, path: &str) -> Result<&'f str, ConfigError> {
    files.get(path).map(String::as_str).ok_or_else(|| ConfigError::at(&format!("rules/{path}"), "", 0..0, "the file is missing"))
}

fn file<T: DeserializeOwned>(files: &Files, path: &str) -> Result<T, ConfigError> {
    model::config::parse(&format!("rules/{path}"), text(files, path)?)
}

fn regions(files: &Files) -> Result<Regions, ConfigError> {
    let text = text(files, "regions.csv")?;
    Regions::parse(text).map_err(|message| ConfigError::at("rules/regions.csv", text, 0..0, message))
}

fn industries(files: &Files) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = text(files, "industries.csv")?;
    let mut industries = BTreeMap::new();
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim();
        if index > 0 && !content.is_empty() {
            let Some((code, name)) = content.split_once(',') else {
                let range = offset..offset + content.len();
                return Err(ConfigError::at(
                    "rules/industries.csv",
                    text,
                    range,
                    format!("expected code,name, found `{content}`"),
                ));
            };
            industries.insert(code.to_owned(), name.to_owned());
        }
        offset += line.len();
    }
    Ok(industries)
}
