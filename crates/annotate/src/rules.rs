//! The rule files as they are written, and their reading. What each field means stands at the top of each file.

use std::collections::{BTreeMap, HashMap};

use model::{ConfigError, Indicator, Op, Regions};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::words::{WordLists, Words};

use crate::tag_rules::add_industries;
pub(crate) use crate::tag_rules::{KindFile, KindRule, TagFile, TagRule, TriageRule};

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

/// What the words of a list in `numbers.toml` are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WordKind {
    Break,
    Duty,
    Elapsed,
    Generic,
    Grown,
    Light,
    Measure,
    Narrow,
    Premises,
    Reference,
    Report,
    Restrict,
    Share,
    Subject,
    Tenure,
    Usage,
}

/// `numbers.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberFile {
    pub(crate) words: Vec<WordList>,
    pub(crate) same: Vec<SameLabel>,
}

/// Labels that alone, with nothing before them, mean an indicator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SameLabel {
    pub(crate) indicator: String,
    pub(crate) family: String,
    pub(crate) labels: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// Words of one use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordList {
    pub(crate) kind: WordKind,
    pub(crate) words: Vec<String>,
    /// The words by their first character.
    #[serde(skip)]
    index: Words,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

impl NumberFile {
    /// With the words of every list in order of their first character.
    fn indexed(mut self) -> Self {
        for list in &mut self.words {
            list.index = Words::new(list.words.iter().map(String::as_str));
        }
        self
    }

    /// The words of a use, as listed.
    pub(crate) fn list(&self, kind: WordKind) -> &[String] {
        self.words.iter().find(|list| list.kind == kind).map_or(&[], |list| list.words.as_slice())
    }

    /// The indicator a whole label means.
    pub(crate) fn same(&self, label: &str, family: crate::token::Family) -> Option<&str> {
        let fits = |same: &&SameLabel| family.fits(crate::token::Family::of(&same.family));
        let same = self.same.iter().filter(fits).find(|same| same.labels.iter().any(|listed| listed == label))?;
        Some(&same.indicator)
    }

    /// Whether a stretch contains a word of a use.
    pub(crate) fn contains(&self, kind: WordKind, stretch: &str) -> bool {
        self.words.iter().find(|list| list.kind == kind).is_some_and(|list| list.index.stand_in(stretch))
    }

    /// The word of a use a stretch ends with, the longest of them.
    pub(crate) fn ends(&self, kind: WordKind, stretch: &str) -> Option<&str> {
        self.list(kind).iter().filter(|word| stretch.ends_with(word.as_str())).max_by_key(|word| word.len()).map(String::as_str)
    }

    /// Whether a word is one of a use.
    pub(crate) fn is(&self, kind: WordKind, word: &str) -> bool {
        self.list(kind).iter().any(|listed| listed == word)
    }
}

/// The kinds of context words in `cues.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CueKind {
    AfterAward,
    Agreement,
    Applicant,
    Authority,
    Award,
    Benefit,
    BodyDuty,
    Budget,
    Cap,
    Deadline,
    Definition,
    Duty,
    Exclusive,
    Exhausted,
    Increment,
    Listing,
    Negator,
    Obligation,
    Only,
    Priority,
    ProjectPeriod,
    Quota,
    Recipient,
    Refusal,
    RefusalList,
    Requirement,
    Restriction,
    Rolling,
    Sanction,
    Scoring,
    Service,
    Statistic,
    Target,
    Urging,
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

/// The kinds of words in `wordings.toml`, which the grammars of facts look for around a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WordingKind {
    Aid,
    AidOther,
    AidRefusal,
    AidVerb,
    /// Of several amounts, each for its own: 分别, 依次.
    Apiece,
    Area,
    Asserting,
    Becoming,
    /// What is done on a day that matters for who may apply.
    DatedAct,
    Denying,
    FactTail,
    First,
    Foreign,
    Given,
    Grantor,
    Head,
    Heading,
    Holding,
    Incurring,
    Instruction,
    Lead,
    Level,
    Manner,
    NotHead,
    NotHeld,
    NotRegistered,
    /// First words of a requirement of its own.
    Opening,
    OpenTitle,
    OtherAct,
    Outcome,
    Park,
    Person,
    Place,
    PlaceLabel,
    PlaceNoun,
    Record,
    Registering,
    Required,
    Requirement,
    Result,
    RightOnly,
    /// Whom the policy is for.
    Scope,
    /// Where a project is.
    SiteNoun,
    Statistic,
    /// Tasks of offices, where they open a clause outside conditions.
    Task,
    TitleTail,
    Vague,
}

/// `wordings.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordingFile {
    pub(crate) wording: Vec<Wording>,
}

/// Words of one kind, long ones before what they contain.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wording {
    pub(crate) kind: WordingKind,
    pub(crate) words: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// How many kinds of words `wordings.toml` has.
const WORDING_KINDS: usize = WordingKind::Vague as usize + 1;

/// The words of `wordings.toml` by kind.
#[derive(Debug)]
pub(crate) struct Wordings {
    pub(crate) rules: Vec<Wording>,
    /// In the order written.
    lists: Vec<Vec<String>>,
    /// For searching a stretch.
    found: Vec<Words>,
}

impl Wordings {
    fn new(rules: Vec<Wording>) -> Self {
        let mut lists: Vec<Vec<String>> = vec![Vec::new(); WORDING_KINDS];
        for rule in &rules {
            lists[rule.kind as usize].extend(rule.words.iter().map(|word| model::text::fold(word)));
        }
        let found = lists.iter().map(|list| Words::new(list.iter().map(String::as_str))).collect();
        Self { rules, lists, found }
    }
}

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// 不予支持的情形
    Exclusions,
    /// 申报材料
    Materials,
    /// 申报时间
    Window,
    /// 申报流程
    Procedure,
    /// 支持对象、申报条件
    Conditions,
    /// 支持标准
    Support,
    /// 联系方式
    Contact,
    /// 附则、有效期
    Validity,
    /// 目标
    Target,
    /// 任务
    Tasks,
    /// 保障措施、分工
    Division,
    /// 监督管理
    Supervision,
    /// 依据与目的
    Basis,
    /// 评价打分
    Scoring,
    /// Nothing says so.
    #[default]
    Other,
}

/// `sections.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SectionFile {
    pub(crate) section: Vec<SectionRule>,
    pub(crate) opening: Vec<OpeningRule>,
    pub(crate) document: Vec<DocumentRule>,
}

/// Words of headings of one class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SectionRule {
    pub(crate) class: Section,
    pub(crate) label: String,
    pub(crate) words: Vec<String>,
    #[serde(default)]
    pub(crate) weak: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// Words of sentences that introduce a list, and what its items are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpeningRule {
    pub(crate) class: Section,
    pub(crate) words: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// What a whole document is, as far as it decides what its sentences may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Genre {
    /// Goals and tasks of authorities.
    Plan,
    /// Figures and events.
    Report,
    /// What is given.
    Support,
    /// Who may apply or is recognised.
    Recognition,
}

/// Title words of a genre.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentRule {
    pub(crate) class: Genre,
    pub(crate) words: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// `industries.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TradeFile {
    pub(crate) industry: Vec<Trade>,
}

/// Words for a line of business with its codes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trade {
    pub(crate) words: Vec<String>,
    pub(crate) codes: Vec<String>,
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
    #[serde(default)]
    pub(crate) division: Vec<Division>,
    pub(crate) relative: Vec<RelativePlace>,
    pub(crate) zone: Vec<Zone>,
    pub(crate) tie: Vec<Tie>,
}

/// Parks and zones, which have no code of their own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Zone {
    pub(crate) words: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// What ties somebody to a place other than registration: `在本市购买住房`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tie {
    pub(crate) indicator: String,
    pub(crate) words: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
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

/// A division of the Xinjiang corps with the city it runs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Division {
    pub(crate) words: Vec<String>,
    pub(crate) code: String,
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

/// The files of word lists.
pub(crate) const WORD_FILES: [&str; 4] = ["awards.toml", "windows.toml", "materials.toml", "tables.toml"];

/// All rules as read.
pub(crate) struct Rules {
    pub(crate) indicators: Vec<Indicator>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) qualifications: Vec<Qualification>,
    pub(crate) ratios: Vec<Ratio>,
    pub(crate) growths: Vec<Growth>,
    pub(crate) ellipses: Vec<Ellipsis>,
    pub(crate) units: UnitFile,
    pub(crate) numbers: NumberFile,
    pub(crate) cues: Vec<Cue>,
    pub(crate) words: WordLists,
    pub(crate) wordings: Wordings,
    pub(crate) sections: SectionFile,
    pub(crate) kinds: KindFile,
    pub(crate) tags: Vec<(&'static str, TagFile)>,
    pub(crate) sizes: SizeFile,
    pub(crate) places: RegionFile,
    pub(crate) regions: Regions,
    /// Code → name of GB/T 4754 sections and divisions.
    /// Names of GB/T 4754-2017 and their other names, with codes; a name without codes is no class of the standard.
    pub(crate) industries: HashMap<String, Vec<String>>,
    pub(crate) trades: Vec<Trade>,
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
            numbers: file::<NumberFile>(files, "numbers.toml")?.indexed(),
            cues: file::<CueFile>(files, "cues.toml")?.cue,
            words: WordLists::new(WORD_FILES.iter().map(|path| file(files, path)).collect::<Result<_, _>>()?),
            wordings: Wordings::new(file::<WordingFile>(files, "wordings.toml")?.wording),
            sections: file(files, "sections.toml")?,
            kinds: file(files, "kinds.toml")?,
            tags: Vec::new(),
            sizes: file(files, "tags/size.toml")?,
            places: file(files, "regions.toml")?,
            regions: regions(files)?,
            industries: HashMap::new(),
            trades: file::<TradeFile>(files, "industries.toml")?.industry,
        };
        let names = industry_names(files)?;
        rules.industries = industries(&names, &rules.trades);
        for kind in TAG_KINDS {
            let mut tags: TagFile = file(files, &format!("tags/{kind}.toml"))?;
            if kind == "industry" {
                add_industries(&mut tags, &names);
            }
            rules.tags.push((kind, tags));
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

    /// The words of a kind, in the order written.
    pub(crate) fn words(&self, kind: WordingKind) -> impl Iterator<Item = &str> + Clone {
        self.wordings.lists[kind as usize].iter().map(String::as_str)
    }

    /// Whether one of the words of a kind stands in a stretch.
    pub(crate) fn says(&self, kind: WordingKind, text: &str) -> bool {
        self.wordings.found[kind as usize].stand_in(text)
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

/// Codes by name: the standard names, and words for lines of business.
fn industries(names: &BTreeMap<String, String>, trades: &[Trade]) -> HashMap<String, Vec<String>> {
    let mut industries: HashMap<String, Vec<String>> = HashMap::new();
    // A division and its only class share a name: the wider one is meant.
    for (code, name) in names {
        industries.entry(name.clone()).or_insert_with(|| vec![code.clone()]);
    }
    // 纺织 is 纺织业.
    for (code, name) in names {
        if let Some(short) = name.strip_suffix('业').filter(|short| short.chars().nth(1).is_some()) {
            industries.entry(short.to_owned()).or_insert_with(|| vec![code.clone()]);
        }
    }
    for trade in trades {
        for word in &trade.words {
            industries.insert(word.clone(), trade.codes.clone());
        }
    }
    industries
}

/// Names of industries by code.
fn industry_names(files: &Files) -> Result<BTreeMap<String, String>, ConfigError> {
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
