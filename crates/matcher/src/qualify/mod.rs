//! 梯度培育与资质认定: rule sets as versioned data, chosen by title, purpose and day of application, put to an enterprise.
//!
//! A rule set says what must hold (`requirements`), by what one passes without a score (`direct`), and how the score is made.
//! The choice explains itself, every rule carries the document's words, and a score with missing facts is a range.

mod assess;
mod choose;
mod examples;
mod file;
mod report;
mod rule;
mod score;

use std::fmt;

use jiff::civil::Date;
use model::{ConfigError, Enterprise};
use serde::{Deserialize, Serialize};

pub use report::{Assessment, Chosen, ItemVerdict, PartVerdict, PassedOver, RuleKind, RuleVerdict, ScoreVerdict, Standing};

use self::file::{Applies, Example, File, PlugFile, Profile};
use self::rule::{Place, Rule};
use self::score::{Item, Score};
use crate::Matcher;

/// What an application is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// For the first time, or anew: 认定, 评价, 申报.
    #[default]
    #[serde(rename = "认定")]
    Recognition,
    /// To keep a title that runs out: 复核.
    #[serde(rename = "复核")]
    Renewal,
}

impl Purpose {
    /// The purpose a word means.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word.trim() {
            "认定" | "评价" | "申报" | "首次认定" | "入库" => Some(Self::Recognition),
            "复核" | "复审" | "重新认定" | "续期" | "更新" => Some(Self::Renewal),
            _ => None,
        }
    }

    /// The word shown to users.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Recognition => "认定",
            Self::Renewal => "复核",
        }
    }
}

/// Why nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QualifyError {
    /// Nobody knows the title.
    #[error("no rule set for title `{title}`; expected one of {known}")]
    UnknownTitle {
        /// What was asked for.
        title: String,
        /// Titles there are.
        known: String,
    },
    /// No rule set of the title holds on the day.
    #[error("no rule set for {title} {purpose} on {on}: {why}", purpose = purpose.label())]
    NoneApplies {
        /// The title.
        title: String,
        /// What for.
        purpose: Purpose,
        /// The day.
        on: Date,
        /// Why none of them.
        why: String,
    },
}

/// One rule set, ready for use.
#[derive(Debug, Clone)]
struct RuleSet {
    id: String,
    title: String,
    aliases: Vec<String>,
    document: String,
    status: String,
    validity_years: Option<u16>,
    notes: Vec<String>,
    applies: Vec<Applies>,
    requirements: Vec<Rule>,
    direct: Vec<Rule>,
    score: Option<Score>,
    profile: Profile,
    examples: Vec<Example>,
    /// The file it is from.
    file: String,
}

/// A province's own part of a score.
#[derive(Debug, Clone)]
struct PlugIn {
    rule_set: String,
    region: String,
    document: String,
    from: Date,
    until: Option<Date>,
    items: Vec<Item>,
}

/// All rule sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Qualifications {
    sets: Vec<RuleSet>,
    plug_ins: Vec<PlugIn>,
}

/// Files in this folder are parts that provinces set; the others are rule sets.
const PLUG_INS: &str = "/regions/";

impl Qualifications {
    pub(crate) fn parse(matcher: &Matcher, files: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut all = Self::default();
        for (file, text) in files.iter().filter(|(file, _)| file.ends_with(".toml") && !file.contains(PLUG_INS)) {
            let set = RuleSet::parse(Place { matcher, file, text })?;
            all.check_new(&set, Place { matcher, file, text })?;
            all.sets.push(set);
        }
        for (file, text) in files.iter().filter(|(file, _)| file.ends_with(".toml") && file.contains(PLUG_INS)) {
            let plug_in = PlugIn::parse(&all.sets, Place { matcher, file, text })?;
            all.plug_ins.push(plug_in);
        }
        Ok(all)
    }

    /// Two sets for one title, purpose and day would leave open which holds.
    fn check_new(&self, set: &RuleSet, place: Place<'_>) -> Result<(), ConfigError> {
        if self.sets.iter().any(|known| known.id == set.id) {
            return Err(place.mistake(&set.id, format!("rule set `{}` is there twice", set.id)));
        }
        for other in self.sets.iter().filter(|other| other.title == set.title) {
            for (one, two) in set.applies.iter().flat_map(|one| other.applies.iter().map(move |two| (one, two))) {
                let apart = one.until.is_some_and(|until| until < two.from) || two.until.is_some_and(|until| until < one.from);
                if one.purpose == two.purpose && !apart {
                    let message = format!("`{}` and `{}` both apply to {} at some time", set.id, other.id, one.purpose.label());
                    return Err(place.mistake(&set.id, message));
                }
            }
        }
        Ok(())
    }
}

impl RuleSet {
    fn parse(place: Place<'_>) -> Result<Self, ConfigError> {
        let file: File = model::config::parse(place.file, place.text)?;
        let rules = |nodes: &[file::Node]| nodes.iter().map(|node| Rule::build(node, "", place)).collect::<Result<Vec<_>, _>>();
        if file.applies.is_empty() || (file.requirement.is_empty() && file.scoring.is_none()) {
            return Err(place.mistake(&file.id, format!("rule set `{}` needs applies, and a requirement or scoring", file.id)));
        }
        for kind in [true, false] {
            if !file.example.iter().any(|example| (example.expect == Standing::Not) != kind) {
                let missing = if kind { "hits" } else { "misses" };
                return Err(place.mistake(&file.id, format!("rule set `{}` has no example that {missing}", file.id)));
            }
        }
        Ok(Self {
            requirements: rules(&file.requirement)?,
            direct: rules(&file.direct)?,
            score: file.scoring.as_ref().map(|scoring| Score::build(scoring, place)).transpose()?,
            id: file.id,
            title: file.title,
            aliases: file.aliases,
            document: file.document,
            status: file.status,
            validity_years: file.validity_years,
            notes: file.notes,
            applies: file.applies,
            profile: file.profile,
            examples: file.example,
            file: place.file.to_owned(),
        })
    }
}

impl PlugIn {
    fn parse(sets: &[RuleSet], place: Place<'_>) -> Result<Self, ConfigError> {
        let file: PlugFile = model::config::parse(place.file, place.text)?;
        let items = file.item.iter().map(|item| Item::build(item, place)).collect::<Result<Vec<_>, _>>()?;
        let set = sets.iter().find(|set| set.id == file.rule_set);
        let Some((part, points)) = set.and_then(|set| set.score.as_ref()).and_then(Score::plug_in) else {
            return Err(place.mistake(&file.rule_set, format!("rule set `{}` has no plug_in", file.rule_set)));
        };
        let sum: model::Decimal = items.iter().map(Item::max).sum();
        if sum != points || items.iter().any(|item| item.part() != part) {
            return Err(place.mistake(&file.rule_set, format!("expected {points} points in part `{part}`, not {sum}")));
        }
        let PlugFile { rule_set, region, document, from, until, .. } = file;
        Ok(Self { rule_set, region, document, from, until, items })
    }
}

impl Matcher {
    /// The matcher with the rule sets of `rules/qualifications/`, given by file name and text.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn with_qualifications(mut self, files: &[(String, String)]) -> Result<Self, ConfigError> {
        self.qualifications = Qualifications::parse(&self, files)?;
        Ok(self)
    }

    /// Whether an enterprise may have a title (`专精特新`, `小巨人` …) by the rules that hold on the day of application.
    ///
    /// # Errors
    /// A title nobody knows, or no rule set for the purpose on that day.
    pub fn qualify(&self, title: &str, purpose: Purpose, enterprise: &Enterprise, on: Date) -> Result<Assessment, QualifyError> {
        let choice = self.qualifications.choose(title, purpose, on)?;
        Ok(assess::assess(self, &choice, enterprise, on))
    }

    /// Runs the examples of all rule sets; what does not come out as expected, in words.
    #[must_use]
    pub fn check_qualifications(&self) -> Vec<String> {
        examples::run(self)
    }

    /// The titles there are rule sets for.
    pub fn qualification_titles(&self) -> impl Iterator<Item = &str> {
        let sets = &self.qualifications.sets;
        let first = |index: usize| sets[..index].iter().all(|set| set.title != sets[index].title);
        (0..sets.len()).filter(move |index| first(*index)).map(|index| sets[index].title.as_str())
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label())
    }
}

#[cfg(test)]
mod tests;
