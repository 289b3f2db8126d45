//! What is said of an enterprise and a title: which rules, which of them hold, the score, and what is missing.

use jiff::civil::Date;
use model::{Decimal, EnterpriseId, Truth};
use serde::{Deserialize, Serialize};

use super::Purpose;

/// The conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Every rule is met.
    Eligible,
    /// No rule is missed; something is to be compared with the document's own words.
    Likely,
    /// All that can be computed is met; the rest is for experts or authorities.
    ManualReview,
    /// No rule is missed; facts are missing.
    Unknown,
    /// A rule is missed.
    Not,
}

impl Standing {
    /// The word shown to users.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Eligible => "符合",
            Self::Likely => "基本符合",
            Self::ManualReview => "待专家或主管部门认定",
            Self::Unknown => "待补数据",
            Self::Not => "不符合",
        }
    }
}

/// All that is said. No official decision: the authorities decide.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assessment {
    /// The enterprise.
    pub enterprise: EnterpriseId,
    /// Its name.
    pub name: String,
    /// The title asked for.
    pub title: String,
    /// 认定 or 复核.
    pub purpose: Purpose,
    /// The day of application.
    pub on: Date,
    /// The conclusion.
    pub standing: Standing,
    /// Its word for users.
    pub standing_label: &'static str,
    /// Why, in one sentence.
    pub reason: String,
    /// By which rules, and why by these.
    pub rule_set: Chosen,
    /// What must hold, in the document's order.
    pub requirements: Vec<RuleVerdict>,
    /// Ways to pass without the score.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub direct: Vec<RuleVerdict>,
    /// The score, where the rules have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<ScoreVerdict>,
    /// Facts to ask for, each once.
    pub missing: Vec<String>,
    /// What people should know besides.
    pub notes: Vec<String>,
}

/// The rule set that was taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chosen {
    /// Its id.
    pub id: String,
    /// The document it is from.
    pub document: String,
    /// How its text was verified.
    pub status: String,
    /// For how many years the title is given.
    pub validity_years: Option<u16>,
    /// Why this one.
    pub why: String,
    /// The others for the same title, and why not they.
    pub passed_over: Vec<PassedOver>,
}

/// A rule set that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Its id.
    pub id: String,
    /// The document it is from.
    pub document: String,
    /// Why not.
    pub why: String,
}

/// What kind of rule a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// All parts must hold.
    All,
    /// One part must hold.
    Any,
    /// Each part asks something of some enterprises.
    Cases,
    /// Whether the enterprise is of the first part, and then the second.
    Case,
    /// A fact is compared.
    Condition,
    /// A person judges.
    Manual,
}

/// One rule, with the document's own words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleVerdict {
    /// What it is about.
    pub name: String,
    /// The document's own words.
    pub text: String,
    /// What kind of rule it is.
    pub kind: RuleKind,
    /// Whether it holds.
    pub truth: Truth,
    /// What is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<String>,
    /// What there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has: Option<String>,
    /// How much is missing, or why a person must judge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<String>,
    /// The fact to ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
    /// What proves the fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The rule was written from memory: compare it with the document.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unverified: bool,
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<RuleVerdict>,
}

/// The score as a range: one number where nothing is missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreVerdict {
    /// The document's own words.
    pub text: String,
    /// Whether it is enough, least scores of parts included.
    pub truth: Truth,
    /// The least it can be.
    #[serde(with = "model::decimal")]
    pub low: Decimal,
    /// The most it can be.
    #[serde(with = "model::decimal")]
    pub high: Decimal,
    /// What is needed.
    #[serde(with = "model::decimal")]
    pub pass: Decimal,
    /// What can be had.
    #[serde(with = "model::decimal")]
    pub max: Decimal,
    /// Groups of indicators.
    pub parts: Vec<PartVerdict>,
    /// Every indicator.
    pub items: Vec<ItemVerdict>,
}

/// A group of scored indicators.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartVerdict {
    /// Its name.
    pub name: String,
    /// Whether it reaches its least score.
    pub truth: Truth,
    /// The least it can be.
    #[serde(with = "model::decimal")]
    pub low: Decimal,
    /// The most it can be.
    #[serde(with = "model::decimal")]
    pub high: Decimal,
    /// What is needed of it alone.
    #[serde(with = "model::decimal::option", skip_serializing_if = "Option::is_none")]
    pub min: Option<Decimal>,
    /// What can be had.
    #[serde(with = "model::decimal")]
    pub max: Decimal,
}

/// One scored indicator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemVerdict {
    /// Its group.
    pub part: String,
    /// Its name.
    pub name: String,
    /// The document's own words.
    pub text: String,
    /// The least it can be.
    #[serde(with = "model::decimal")]
    pub low: Decimal,
    /// The most it can be.
    #[serde(with = "model::decimal")]
    pub high: Decimal,
    /// What can be had.
    #[serde(with = "model::decimal")]
    pub max: Decimal,
    /// The band or option reached, where that is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<String>,
    /// What there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has: Option<String>,
    /// Facts to ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asks: Vec<String>,
}
