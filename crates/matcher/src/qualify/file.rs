//! What a file of `rules/qualifications/` may say.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::annotation::Op;
use model::{Decimal, Value};
use serde::Deserialize;

use super::report::Standing;
use super::{Purpose, score::Points};

/// One rule set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) aliases: Vec<String>,
    pub(super) document: String,
    /// How its text was verified.
    pub(super) status: String,
    pub(super) validity_years: Option<u16>,
    /// What holders and applicants should know besides.
    #[serde(default)]
    pub(super) notes: Vec<String>,
    pub(super) applies: Vec<Applies>,
    #[serde(default)]
    pub(super) requirement: Vec<Node>,
    #[serde(default)]
    pub(super) direct: Vec<Node>,
    pub(super) scoring: Option<Scoring>,
    pub(super) profile: Profile,
    pub(super) example: Vec<Example>,
}

/// For which purpose and from which to which day of application a rule set holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Applies {
    pub(super) purpose: Purpose,
    pub(super) from: Date,
    pub(super) until: Option<Date>,
    #[serde(default)]
    pub(super) basis: String,
}

/// A rule: exactly one of `indicator`, `manual`, `all`, `any` and `cases` (`manual` may have an indicator to show).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub(super) name: Option<String>,
    /// The document's own words; taken from the rule around it where it says nothing.
    pub(super) text: Option<String>,
    /// Only for these purposes; for all where it says nothing.
    #[serde(default)]
    pub(super) purposes: Vec<Purpose>,
    /// Written from memory.
    #[serde(default)]
    pub(super) unverified: bool,
    pub(super) indicator: Option<String>,
    pub(super) op: Option<Op>,
    pub(super) value: Option<Value>,
    pub(super) unit: Option<String>,
    pub(super) period: Option<String>,
    pub(super) agg: Option<String>,
    pub(super) bounds: Option<String>,
    #[serde(default)]
    pub(super) negated: bool,
    /// All words the fact may be, so that another of them is a no.
    #[serde(default)]
    pub(super) among: Vec<String>,
    /// The fact counts only with a source; what would prove it.
    pub(super) evidence: Option<String>,
    /// Only a person can judge it.
    #[serde(default)]
    pub(super) manual: bool,
    #[serde(default)]
    pub(super) all: Vec<Node>,
    #[serde(default)]
    pub(super) any: Vec<Node>,
    #[serde(default)]
    pub(super) cases: Vec<CaseNode>,
}

/// What is asked of some.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseNode {
    pub(super) when: Node,
    pub(super) then: Node,
}

/// 评分.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scoring {
    pub(super) text: String,
    #[serde(with = "model::decimal")]
    pub(super) pass: Decimal,
    #[serde(with = "model::decimal")]
    pub(super) max: Decimal,
    pub(super) part: Vec<Part>,
    pub(super) item: Vec<ItemNode>,
}

/// A group of scored indicators.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub(super) name: String,
    #[serde(with = "model::decimal")]
    pub(super) max: Decimal,
    /// The least it must reach.
    #[serde(default, with = "model::decimal::option")]
    pub(super) min: Option<Decimal>,
}

/// A scored indicator: exactly one of `bands`, `options`, `each` with `items`, and `plug_in`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemNode {
    pub(super) part: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) text: String,
    #[serde(with = "model::decimal")]
    pub(super) max: Decimal,
    pub(super) indicator: Option<String>,
    pub(super) op: Option<Op>,
    pub(super) unit: Option<String>,
    pub(super) period: Option<String>,
    pub(super) agg: Option<String>,
    /// `[edge, points]`, best first; the edge belongs to its band.
    #[serde(default)]
    pub(super) bands: Vec<(model::decimal::Number, Points)>,
    /// Best first.
    #[serde(default)]
    pub(super) options: Vec<OptionNode>,
    /// Points where no band or option fits.
    #[serde(default)]
    pub(super) otherwise: Points,
    /// Points for each of `items` that holds, up to `max`.
    pub(super) each: Option<Points>,
    #[serde(default)]
    pub(super) items: Vec<Node>,
    /// Set by each province: points from its file, else from the fact `indicator`.
    #[serde(default)]
    pub(super) plug_in: bool,
    pub(super) evidence: Option<String>,
}

/// Points for what holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionNode {
    pub(super) label: String,
    pub(super) points: Points,
    pub(super) rule: Node,
}

/// A province's own indicators for a plug-in point.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlugFile {
    pub(super) rule_set: String,
    pub(super) region: String,
    pub(super) document: String,
    pub(super) from: Date,
    pub(super) until: Option<Date>,
    pub(super) item: Vec<ItemNode>,
}

/// The enterprise the examples start from.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) region: Option<String>,
    pub(super) industry: Option<String>,
    pub(super) founded: Option<Date>,
    #[serde(default)]
    pub(super) facts: BTreeMap<String, ShortFact>,
}

/// A fact as examples write it: by year, or standing.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a value, or values by year")]
pub(super) enum ShortFact {
    Years(BTreeMap<String, Value>),
    Standing(Value),
}

/// The profile with changes, and what is to be said of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Example {
    pub(super) name: String,
    pub(super) on: Date,
    #[serde(default)]
    pub(super) purpose: Purpose,
    /// Facts instead of the profile's.
    #[serde(default)]
    pub(super) facts: BTreeMap<String, ShortFact>,
    /// Facts the profile has and this enterprise has not.
    #[serde(default)]
    pub(super) without: Vec<String>,
    pub(super) region: Option<String>,
    pub(super) founded: Option<Date>,
    pub(super) expect: Standing,
    /// Names of the rules that must fail.
    #[serde(default)]
    pub(super) failed: Vec<String>,
    /// Words that the questions must contain.
    #[serde(default)]
    pub(super) asked: Vec<String>,
    /// Least and greatest possible score.
    pub(super) score: Option<(model::decimal::Number, model::decimal::Number)>,
}
