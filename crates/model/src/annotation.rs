//! What is found in a policy's text: tags, typed items (conditions, awards, windows …), the condition tree and key points,
//! each with the characters that prove it.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use crate::decimal;
use crate::text::Span;

/// All that annotation found in one text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Annotation {
    /// The version of code and rules that made it.
    #[serde(default)]
    pub version: String,
    /// Typed items in text order.
    pub items: Vec<Item>,
    /// What an applicant must meet; its leaves are indices into `items`. `None` where the text sets no conditions.
    pub tree: Option<ConditionTree>,
    /// Tags in order of kind.
    pub tags: Vec<Tag>,
    /// 要点: sentences chosen from the text itself.
    pub key_points: Vec<KeyPoint>,
}

impl Annotation {
    /// Values of one kind of tag, e.g. `theme`.
    pub fn tags_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Tag> {
        self.tags.iter().filter(move |tag| tag.kind == kind)
    }

    /// The conditions with their index in `items`.
    pub fn conditions(&self) -> impl Iterator<Item = (usize, &Item, &Condition)> {
        self.items.iter().enumerate().filter_map(|(index, item)| match &item.what {
            What::Condition(condition) => Some((index, item, condition)),
            _ => None,
        })
    }

    /// The windows in which an applicant may apply.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.items.iter().filter_map(|item| match &item.what {
            What::Window(window) if window.role == "applicant" => Some(window),
            _ => None,
        })
    }

    /// The triage class (`apply`, `standard`, `regulate`, `result`, `draft`, `interpret`, `lifecycle`, `news`), if tagged.
    #[must_use]
    pub fn triage(&self) -> Option<&str> {
        self.tags_of("triage").next().map(|tag| tag.value.as_str())
    }
}

/// One thing found in the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What it is, with the fields of its type.
    #[serde(flatten)]
    pub what: What,
    /// The characters that prove it: `text[span] == quote`.
    pub quote: String,
    /// Where they stand in the stored text.
    pub span: Span,
    /// 0–1: how sure the rule is.
    pub confidence: f32,
    /// The rule that made it.
    pub rule: String,
}

/// The types of items. As JSON the type is in `type`, beside the fields of the type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// A requirement a program can check.
    Condition(Condition),
    /// A requirement only a person can check.
    ConditionText {
        /// Whether it excludes.
        #[serde(default)]
        negated: bool,
    },
    /// 支持标准: what is given.
    Award(Award),
    /// 申报时间.
    Window(Window),
    /// 申报材料.
    Material {
        /// Its name.
        name: String,
        /// Whether it must be handed in.
        required: bool,
        /// How many of it, where said: `一式三份`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copies: Option<u16>,
        /// How it must be handed in, in the text's own words: `原件`, `胶装`, `电子版`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        form: Option<String>,
    },
    /// Where to apply.
    Entry {
        /// Absolute URL, when online.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// `online` or `onsite`.
        channel: String,
    },
    /// A department the policy names for a task.
    Department {
        /// Its name.
        name: String,
        /// `responsible` (责任单位), `receive` (受理), `consult` (咨询) or `interpret` (负责解释).
        #[serde(default, skip_serializing_if = "String::is_empty")]
        role: String,
    },
    /// A telephone number, mail address or person.
    Contact {
        /// `phone` or `mail`.
        kind: String,
        /// The number or address.
        value: String,
    },
    /// How long the policy (or a qualification) is valid.
    Validity {
        /// First day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start: Option<Date>,
        /// Last day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<Date>,
        /// Years from the first day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        years: Option<u16>,
        /// `policy` or `qualification`.
        of: String,
    },
    /// Another policy, by number or title.
    Reference {
        /// Normal key of its number, `agency|year|sequence`, when it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// Its title, when given in 《》.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// `basis`, `repeals`, `amends`, `interprets`, `forwards`, `cites`.
        relation: String,
    },
    /// A change of state the text declares (废止、失效、停止执行).
    StateChange {
        /// The new state, as in the life-cycle.
        to: String,
        /// `self`, or what it is about.
        of: String,
    },
    /// 优先支持.
    Priority {},
    /// A limit on how many are chosen.
    Quota {
        /// The number, when given.
        #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
        value: Option<Decimal>,
    },
    /// 不重复享受, 从高不重复.
    MutualExclusion {},
    /// 2026年第一批: which round a call belongs to.
    Batch {
        /// The year.
        year: i16,
        /// The round within the year.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<u16>,
    },
    /// What applying costs; 0 for 不收取任何费用.
    Fee {
        /// Amount in 元.
        #[serde(with = "decimal")]
        amount: Decimal,
    },
    /// A dated figure of a government that conditions of other policies refer to: 城镇调查失业率控制目标5.5%.
    Parameter {
        /// Its name.
        name: String,
        /// Its value in base units.
        #[serde(with = "decimal")]
        value: Decimal,
        /// The base unit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<String>,
    },
}

impl What {
    /// The type as JSON names it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Condition(_) => "condition",
            Self::ConditionText { .. } => "condition_text",
            Self::Award(_) => "award",
            Self::Window(_) => "window",
            Self::Material { .. } => "material",
            Self::Entry { .. } => "entry",
            Self::Department { .. } => "department",
            Self::Contact { .. } => "contact",
            Self::Validity { .. } => "validity",
            Self::Reference { .. } => "reference",
            Self::StateChange { .. } => "state_change",
            Self::Priority {} => "priority",
            Self::Quota { .. } => "quota",
            Self::MutualExclusion {} => "mutual_exclusion",
            Self::Batch { .. } => "batch",
            Self::Fee { .. } => "fee",
            Self::Parameter { .. } => "parameter",
        }
    }
}

/// A typed requirement: `rd.expense_ratio >= 3 %, last year`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Indicator id from `rules/indicators/`, or `free:<label>` for the open vocabulary.
    pub indicator: String,
    /// The comparison.
    pub op: Op,
    /// The value as written.
    pub value: Value,
    /// The unit as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The value in base units: money in 元, percent as ratio, counts as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_base: Option<Value>,
    /// The base unit: `元`, `ratio`, `人`, `年` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_base: Option<String>,
    /// `last_year`, `last_2_years`, `last_3_years`, `2025`, `2025Q1` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// Over several years: `each`, `sum` or `mean`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agg: Option<String>,
    /// Whether the requirement is that the statement does not hold.
    #[serde(default)]
    pub negated: bool,
    /// `all`, `any`, or the name of a tier or case.
    pub group: String,
    /// The case it is limited to, in the text's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Of a range, which ends belong to it: `[]`, `[)`, `(]` or `()`. Both where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<String>,
    /// `soft` for 原则上 and 一般; `advice` for 建议. A must where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<String>,
    /// What it is measured by, where that is no number: 同期银行贷款利率, 失业率控制目标.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ref_value: Option<String>,
}

impl Condition {
    /// A condition for all applicants that says nothing more.
    #[must_use]
    pub fn new(indicator: &str, op: Op, value: Value) -> Self {
        Self {
            indicator: indicator.to_owned(),
            op,
            value,
            unit: None,
            value_base: None,
            unit_base: None,
            period: None,
            agg: None,
            negated: false,
            group: "all".to_owned(),
            when: None,
            bounds: None,
            strength: None,
            ref_value: None,
        }
    }
}

/// Comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// More than.
    #[serde(rename = ">")]
    More,
    /// Less than.
    #[serde(rename = "<")]
    Less,
    /// Between two numbers; [`Condition::bounds`] says which of them belong to it.
    #[serde(rename = "range")]
    Range,
    /// Equal, mostly to a truth value.
    #[serde(rename = "is")]
    Is,
    /// One of a set; a place lies within one of the places.
    #[serde(rename = "in")]
    In,
    /// Holds all of a set (qualifications).
    #[serde(rename = "has")]
    Has,
    /// Holds one of a set.
    #[serde(rename = "has_any")]
    HasAny,
    /// For the first time.
    #[serde(rename = "first_time")]
    FirstTime,
    /// Exceeds the value for the first time.
    #[serde(rename = "first_exceed")]
    FirstExceed,
    /// Passes from one class to another.
    #[serde(rename = "transition")]
    Transition,
    /// Grows by at least.
    #[serde(rename = "increase>")]
    Increase,
}

impl Op {
    /// The sign as JSON writes it.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::Less => "<",
            Self::Range => "range",
            Self::Is => "is",
            Self::In => "in",
            Self::Has => "has",
            Self::HasAny => "has_any",
            Self::FirstTime => "first_time",
            Self::FirstExceed => "first_exceed",
            Self::Transition => "transition",
            Self::Increase => "increase>",
        }
    }
}

/// The value of a condition or of a fact. In JSON texts stay texts and numbers numbers; two numbers are a range, more are
/// steps.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// An exact number.
    Number(#[serde(with = "decimal")] Decimal),
    /// A word, a date, a code.
    Text(String),
    /// Lower and upper bound.
    Range(decimal::Number, decimal::Number),
    /// Steps of one threshold, each with a reward of its own.
    Steps(Vec<decimal::Number>),
    /// A set of words or codes.
    List(Vec<String>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a truth value, a number, a text, a list of numbers or a list of texts")]
        enum Raw {
            Bool(bool),
            Integer(i64),
            Float(f64),
            Text(String),
            // Before the texts: an empty list of either reads the same, and a list of codes is never one of numbers.
            Numbers(Vec<Plain>),
            Texts(Vec<String>),
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Plain {
            Integer(i64),
            Float(f64),
        }
        let of_float = |float: f64| {
            let number = decimal::parse(&float.to_string());
            number.ok_or_else(|| serde::de::Error::custom(format!("`{float}` is not a number of at most 28 digits")))
        };
        Ok(match Raw::deserialize(deserializer)? {
            Raw::Bool(truth) => Self::Bool(truth),
            Raw::Integer(integer) => Self::Number(integer.into()),
            Raw::Float(float) => Self::Number(of_float(float)?),
            Raw::Text(text) => Self::Text(text),
            Raw::Numbers(numbers) if numbers.is_empty() => Self::List(Vec::new()),
            Raw::Numbers(numbers) => {
                let exact = numbers.into_iter().map(|number| match number {
                    Plain::Integer(integer) => Ok(decimal::Number(integer.into())),
                    Plain::Float(float) => of_float(float).map(decimal::Number),
                });
                match exact.collect::<Result<Vec<_>, D::Error>>()?.as_slice() {
                    [low, high] => Self::Range(*low, *high),
                    steps => Self::Steps(steps.to_vec()),
                }
            }
            Raw::Texts(texts) => Self::List(texts),
        })
    }
}

impl Value {
    /// The numbers of steps; of two steps too, which JSON does not tell from the two ends of a range.
    #[must_use]
    pub fn steps(&self) -> Option<Vec<Decimal>> {
        match self {
            Self::Steps(steps) => Some(steps.iter().map(|step| step.0).collect()),
            Self::Range(low, high) => Some(vec![low.0, high.0]),
            _ => None,
        }
    }
}

/// 支持标准.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Award {
    /// `fixed`, `fixed_increment` (on top of another), `cap`, `ratio`, `ratio_capped`, `ratio_range` (its lower end), `range`,
    /// `per_unit`, `loan`, `interest_subsidy`, `tiered`, `progressive` (a rate for a slice), `tax_rate`, `duration`.
    pub mode: String,
    /// Amount in 元.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Upper end of a range in 元.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub amount_to: Option<Decimal>,
    /// Rate as a ratio.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Decimal>,
    /// Upper limit in 元.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub cap: Option<Decimal>,
    /// What the rate is of, in the text's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Per what, e.g. `户`, `项`, `平方米`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
    /// Who or what gets it, in the text's own words: `首次获评国家级绿色工厂的企业`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The case it is limited to, in the text's own words: `省级`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The steps of a `tiered` award, in text order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<AwardTier>,
    /// Further limits beside `cap`: 单个展会…, 每家企业每年….
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub and_caps: Vec<AwardCap>,
    /// Of an increment, what it comes on top of, in 元.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub on_top_of: Option<Decimal>,
    /// For how many years at most.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub max_years: Option<Decimal>,
    /// Whether it is given only once (一次性).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub once: bool,
}

/// One step of a tiered award.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AwardTier {
    /// Who gets this step, in the text's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Amount in 元.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// Rate as a ratio.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub ratio: Option<Decimal>,
    /// Upper limit in 元.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub cap: Option<Decimal>,
}

/// A limit on what one applicant, project or year may get.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AwardCap {
    /// Amount in 元.
    #[serde(with = "decimal")]
    pub amount: Decimal,
    /// Per what, in the text's own words: `每家企业每年`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
}

/// 申报时间. At least one of `start`, `end` and `recurrence` is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Date>,
    /// Last day, included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Date>,
    /// `rolling` (常年受理), `until_exhausted` (额满即止), `yearly`, `quarterly`, `monthly` or `weekly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<String>,
    /// The time of the last day, where said: `17:00`, `24:00`, or the text's own words (`下班前`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Of a yearly window, its last day as `MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_md: Option<String>,
    /// What ends it where that is no date, in the text's own words: `目标任务完成`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_event: Option<String>,
    /// Whether the text says that nothing is taken later (逾期不予受理).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// `applicant`, `authority_review` for the authorities' own deadlines, `project_period` for when costs must fall,
    /// or `obligation` for a duty that returns.
    pub role: String,
    /// Where a year not written was taken from: `first_date`, `issued` or `title`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year_inferred_from: Option<String>,
}

impl Window {
    /// How the window returns, as readers are told; `None` where it does not.
    #[must_use]
    pub fn recurrence_label(&self) -> Option<&str> {
        self.recurrence.as_deref().map(|recurrence| match recurrence {
            "rolling" => "常年受理",
            "until_exhausted" => "额满即止",
            "yearly" => "每年",
            "quarterly" => "每季度",
            "monthly" => "每月",
            "weekly" => "每周",
            other => other,
        })
    }
}

/// What an applicant must meet: and/or/not/when over items.
///
/// As JSON: `{"all": […]}`, `{"any": […]}`, `{"not": …}`, `{"when": {"case": …, "then": …}}`, `{"item": 3}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConditionTree {
    /// Every branch must hold.
    All(Vec<ConditionTree>),
    /// One branch must hold.
    Any(Vec<ConditionTree>),
    /// The branch must not hold.
    Not(Box<ConditionTree>),
    /// In this case the branch must hold; in all others nothing is asked.
    When {
        /// The case.
        case: Case,
        /// What must hold in it.
        then: Box<ConditionTree>,
    },
    /// The condition with this index in `items` (its own `negated` included).
    Item(usize),
}

/// The case a requirement is limited to: `营业收入1亿元以上的企业`, `制造业企业`, `珠三角`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The characters that name it.
    pub quote: String,
    /// Where they stand in the stored text.
    pub span: Span,
    /// The case as conditions a program can check, all of which make it; empty where only a person can say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Condition>,
}

/// A tag with its proof.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tag {
    /// `theme`, `tool`, `mode`, `kind`, `triage`, `region`, `jurisdiction`, `industry`, `size`, `recipient`.
    pub kind: String,
    /// The value's stable id, e.g. `grant`, a region code, an industry code; `finance.tax` is a child of `finance`.
    pub value: String,
    /// What users see.
    pub label: String,
    /// 0–1.
    pub confidence: f32,
    /// `title`, `text` or `issuer`: what `span` refers to; of issuers, to their names joined by 、.
    #[serde(rename = "in")]
    pub place: String,
    /// The characters that prove it.
    pub quote: String,
    /// Where they stand.
    pub span: Span,
    /// The rule that made it.
    pub rule: String,
}

/// 要点: a sentence of the text that says what matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPoint {
    /// What it is about: `support`, `condition`, `window`, `material`, `validity`, `purpose`.
    pub about: String,
    /// The sentence.
    pub quote: String,
    /// Where it stands in the stored text.
    pub span: Span,
}

/// An entry of the indicator vocabulary in `rules/indicators/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Stable id, e.g. `rd.expense_ratio`.
    pub id: String,
    /// Chinese name.
    pub name: String,
    /// `money`, `percent`, `duration`, `count`, `region`, `date`, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_family: Option<String>,
    /// `num`, `bool`, `enum`, `set`, `date`.
    #[serde(rename = "type")]
    pub value_type: String,
    /// Words by which documents name it, longest first.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The period meant when none is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_period: Option<String>,
    /// A phrase the aliases must find (rule example).
    pub hit: String,
    /// A phrase they must not find.
    pub miss: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_from_json_as_they_were() {
        let number = |number: i64| decimal::Number(number.into());
        for value in [
            Value::Bool(true),
            Value::Number("0.035".parse().unwrap()),
            Value::Text("650100".to_owned()),
            Value::Range(number(1), number(5)),
            Value::Steps(vec![number(1), number(5), number(9)]),
            Value::List(vec!["650100".to_owned(), "650200".to_owned()]),
            Value::List(vec!["110000".to_owned(), "120000".to_owned(), "130000".to_owned()]),
            Value::List(Vec::new()),
        ] {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), value, "{json}");
        }
        let two = Value::Steps(vec![number(1), number(5)]);
        let back: Value = serde_json::from_str(&serde_json::to_string(&two).unwrap()).unwrap();
        assert_eq!(back.steps(), two.steps(), "two steps read as a range that gives the same steps");
        assert!(serde_json::from_str::<Value>(r#"[1,"a"]"#).is_err());
    }

    #[test]
    fn items_and_trees_have_the_agreed_json() {
        let text = r#"{"type":"condition","indicator":"rd.expense_ratio","op":">=","value":3,"unit":"%","value_base":0.03,"unit_base":"ratio","period":"last_year","negated":false,"group":"all","quote":"研发费用占比不低于3%","span":[0,11],"confidence":0.9,"rule":"numeric"}"#;
        let item: Item = serde_json::from_str(text).unwrap();
        let back: serde_json::Value = serde_json::to_value(&item).unwrap();
        for (key, value) in serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap() {
            if key != "confidence" {
                assert_eq!(back[&key], value, "{key}");
            }
        }
        let tree = ConditionTree::All(vec![ConditionTree::Item(0), ConditionTree::Not(Box::new(ConditionTree::Item(1)))]);
        assert_eq!(serde_json::to_string(&tree).unwrap(), r#"{"all":[{"item":0},{"not":{"item":1}}]}"#);
    }

    #[test]
    fn values_keep_their_shape() {
        for text in ["true", "3.5", "\"中型\"", "[3,5]", "[\"中型\",\"小型\"]"] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), text);
        }
    }
}
