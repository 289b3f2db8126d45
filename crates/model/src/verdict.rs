//! 匹配结论: what holds, what does not and by how much, and what is not known, per condition and for the whole policy.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::decimal;
use crate::id::{EnterpriseId, PolicyId};
use crate::text::Span;

/// Three-valued truth; `Review` is unknown to a program and decided by a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truth {
    /// 满足.
    Met,
    /// 不满足.
    NotMet,
    /// 缺数据.
    Unknown,
    /// 需人工判断.
    Review,
}

/// The conclusion for one policy and one enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 可申报: every condition is met.
    Eligible,
    /// 基本符合: nothing is missed, something needs a person's judgement.
    Likely,
    /// 差一点: one condition is missed by little.
    NearMiss,
    /// 不符合.
    NotEligible,
    /// 缺数据: nothing is missed, facts are missing.
    Unknown,
    /// 不在申报期, or the policy is not in force.
    Closed,
}

impl Outcome {
    /// The word shown to users.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Eligible => "可申报",
            Self::Likely => "基本符合",
            Self::NearMiss => "差一点",
            Self::NotEligible => "不符合",
            Self::Unknown => "待补数据",
            Self::Closed => "不在申报期",
        }
    }
}

/// What the matcher says about one policy and one enterprise on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The policy.
    pub policy: PolicyId,
    /// Its title, for people.
    pub title: String,
    /// The enterprise.
    pub enterprise: EnterpriseId,
    /// The conclusion.
    pub outcome: Outcome,
    /// Why, in one Chinese sentence.
    pub reason: String,
    /// One verdict a condition, in text order.
    pub conditions: Vec<ConditionVerdict>,
    /// Last day to apply, when the text gives one.
    #[serde(default)]
    pub deadline: Option<Date>,
    /// The highest amount the text names for one applicant, in 元.
    #[serde(default, with = "decimal::option")]
    pub amount_up_to: Option<Decimal>,
}

/// What the matcher says about one condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionVerdict {
    /// Index of the condition in the annotation's items.
    pub item: usize,
    /// The indicator.
    pub indicator: String,
    /// Its Chinese name.
    pub name: String,
    /// The conclusion.
    pub truth: Truth,
    /// What is needed, e.g. `≥ 3%`.
    pub need: String,
    /// What the enterprise has, with the year.
    #[serde(default)]
    pub has: Option<String>,
    /// How much is missing, e.g. `差0.6个百分点`.
    #[serde(default)]
    pub gap: Option<String>,
    /// The fact to ask for, e.g. `2025年研发费用占营业收入比例`.
    #[serde(default)]
    pub ask: Option<String>,
    /// The policy's own words.
    pub quote: String,
    /// Where they stand in the policy's text.
    pub span: Span,
    /// The case it is limited to; what it says counts only where the enterprise is of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseVerdict>,
}

impl ConditionVerdict {
    /// Whether it concerns the enterprise at all: false only where the enterprise is certainly not of its case.
    #[must_use]
    pub fn applies(&self) -> bool {
        self.case.as_ref().is_none_or(|case| case.truth != Truth::NotMet)
    }
}

/// Whether an enterprise is of the case a condition is limited to: `营业收入1亿元以上的企业`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseVerdict {
    /// The policy's own words for the case.
    pub quote: String,
    /// Where they stand in the policy's text.
    pub span: Span,
    /// Whether the enterprise is of it.
    pub truth: Truth,
    /// The fact to ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<String>,
}
