//! Rules of a rule set: built from what the file says, and put to an enterprise.

use std::ops::Range;

use model::{Condition, ConfigError, Indicator, Op, Record, Truth, Value};

use super::Purpose;
use super::file::Node;
use super::report::{RuleKind, RuleVerdict};
use crate::Matcher;
use crate::condition::Question;
use crate::facts::Facts;
use crate::judgement::Judgement;
use crate::{open, quantity, tree};

/// One rule.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    name: String,
    text: String,
    purposes: Vec<Purpose>,
    unverified: bool,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Cases(Vec<(Rule, Rule)>),
    Condition(Box<Fact>),
    Manual(Option<Box<Fact>>),
}

/// A comparison with a fact of the enterprise.
#[derive(Debug, Clone)]
struct Fact {
    condition: Condition,
    indicator: Indicator,
    evidence: Option<String>,
}

/// The file a rule stands in, for its mistakes.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) matcher: &'a Matcher,
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl Place<'_> {
    /// A mistake, shown where `needle` stands.
    pub(super) fn mistake(&self, needle: &str, message: impl Into<String>) -> ConfigError {
        let range: Range<usize> = self.text.find(needle).map_or(0..0, |at| at..at + needle.len());
        ConfigError::at(self.file, self.text, range, message)
    }
}

impl Rule {
    /// Builds a rule; `around` is the text of the rule it is part of.
    pub(super) fn build(node: &Node, around: &str, place: Place<'_>) -> Result<Self, ConfigError> {
        let text = node.text.as_deref().unwrap_or(around).to_owned();
        let shown = node.name.as_deref().or(node.text.as_deref()).or(node.indicator.as_deref()).unwrap_or(around);
        if text.trim().is_empty() {
            return Err(place.mistake(shown, format!("rule `{shown}` needs the document's words in `text`")));
        }
        let kinds =
            [!node.all.is_empty(), !node.any.is_empty(), !node.cases.is_empty(), node.indicator.is_some() && !node.manual];
        if kinds.into_iter().filter(|is| *is).count() + usize::from(node.manual) != 1 {
            let message = format!("rule `{shown}` needs exactly one of indicator, manual, all, any and cases");
            return Err(place.mistake(shown, message));
        }
        let parts = |nodes: &[Node]| nodes.iter().map(|node| Self::build(node, &text, place)).collect::<Result<Vec<_>, _>>();
        let fact = || Fact::build(node, place).map(Box::new);
        let kind = if node.manual {
            Kind::Manual(node.indicator.is_some().then(fact).transpose()?)
        } else if !node.all.is_empty() {
            Kind::All(parts(&node.all)?)
        } else if !node.any.is_empty() {
            Kind::Any(parts(&node.any)?)
        } else if !node.cases.is_empty() {
            let cases = node.cases.iter();
            let built = cases.map(|case| Ok((Self::build(&case.when, &text, place)?, Self::build(&case.then, &text, place)?)));
            Kind::Cases(built.collect::<Result<Vec<_>, ConfigError>>()?)
        } else {
            Kind::Condition(fact()?)
        };
        let name = node.name.clone().unwrap_or_else(|| match &kind {
            Kind::Condition(fact) | Kind::Manual(Some(fact)) => fact.indicator.name.clone(),
            Kind::All(rules) => joined(rules, "且"),
            Kind::Any(rules) => joined(rules, "或"),
            Kind::Cases(_) | Kind::Manual(None) => text.clone(),
        });
        Ok(Self { name, text, purposes: node.purposes.clone(), unverified: node.unverified, kind })
    }

    /// Whether it is asked for this purpose.
    pub(super) fn concerns(&self, purpose: Purpose) -> bool {
        self.purposes.is_empty() || self.purposes.contains(&purpose)
    }

    /// Every comparison in it, for tests of the limits.
    #[cfg(test)]
    pub(super) fn conditions<'r>(&'r self, found: &mut Vec<(&'r Condition, &'r Indicator)>) {
        match &self.kind {
            Kind::All(rules) | Kind::Any(rules) => rules.iter().for_each(|rule| rule.conditions(found)),
            Kind::Cases(cases) => cases.iter().for_each(|(when, then)| {
                when.conditions(found);
                then.conditions(found);
            }),
            Kind::Condition(fact) | Kind::Manual(Some(fact)) => found.push((&fact.condition, &fact.indicator)),
            Kind::Manual(None) => {}
        }
    }
}

fn joined(rules: &[Rule], word: &str) -> String {
    rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>().join(word)
}

impl Fact {
    fn build(node: &Node, place: Place<'_>) -> Result<Self, ConfigError> {
        let id = node.indicator.as_deref().unwrap_or_default();
        let op = node.op.unwrap_or(Op::Is);
        let value = node.value.clone().unwrap_or(Value::Bool(true));
        let condition = Condition {
            unit: node.unit.clone(),
            period: node.period.clone(),
            agg: node.agg.clone(),
            bounds: node.bounds.clone(),
            negated: node.negated,
            ..Condition::new(id, op, value)
        };
        let Some(indicator) = place.matcher.indicator(&condition) else {
            let message = format!("indicator `{id}` is unknown; expected one of rules/indicators/ or `{}<label>`", open::PREFIX);
            return Err(place.mistake(id, message));
        };
        let mut indicator = indicator.into_owned();
        if !node.among.is_empty() {
            indicator.aliases.clone_from(&node.among);
        }
        if let Some(why) = mismatch(&condition, &indicator) {
            return Err(place.mistake(id, format!("indicator `{id}`: {why}")));
        }
        Ok(Self { condition, indicator, evidence: node.evidence.clone() })
    }
}

/// Why a condition could never be judged: its value is not of its indicator's type, or its unit not of its family.
fn mismatch(condition: &Condition, indicator: &Indicator) -> Option<String> {
    let value_type = indicator.value_type.as_str();
    match (&condition.value, value_type) {
        (Value::Number(_) | Value::Range(..), "num") => {
            let read = quantity::read(condition, indicator);
            let bound = read.and_then(|(low, high, _)| quantity::bound(condition.op, low, high, condition.bounds.as_deref()));
            bound.err().map(|_| format!("`{}` cannot be compared with it", quantity::need(condition, condition.negated)))
        }
        (Value::Bool(_), "bool") | (Value::Text(_) | Value::List(_), "enum" | "set" | "ord") => None,
        _ => Some(format!("a value of this type does not suit an indicator of type {value_type}")),
    }
}

/// Who is judged, by whose eyes.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) matcher: &'a Matcher,
    pub(super) facts: Facts<'a>,
    pub(super) purpose: Purpose,
    /// Rules are of no policy: places in them are relative to nothing.
    pub(super) record: &'a Record,
}

impl Bench<'_> {
    /// Verdicts on all rules that concern the purpose.
    pub(super) fn judge_each(&self, rules: &[Rule]) -> Vec<RuleVerdict> {
        rules.iter().filter(|rule| rule.concerns(self.purpose)).map(|rule| self.judge(rule)).collect()
    }

    pub(super) fn judge(&self, rule: &Rule) -> RuleVerdict {
        let mut verdict = match &rule.kind {
            Kind::All(rules) => of_parts(rule, RuleKind::All, self.judge_each(rules), |truths| tree::all(truths)),
            Kind::Any(rules) => of_parts(rule, RuleKind::Any, self.judge_each(rules), |truths| tree::any(truths)),
            Kind::Cases(cases) => {
                let parts = cases.iter().map(|(when, then)| self.judge_case(when, then)).collect();
                of_parts(rule, RuleKind::Cases, parts, |truths| tree::all(truths))
            }
            Kind::Condition(fact) => self.judge_fact(rule, fact),
            Kind::Manual(fact) => self.for_a_person(rule, fact.as_deref()),
        };
        // What was written from memory says no more than that somebody should look.
        if rule.unverified && verdict.truth == Truth::Met {
            verdict.truth = Truth::Review;
            verdict.gap.get_or_insert_with(|| "条文凭记忆整理，需对照原文".to_owned());
        }
        verdict
    }

    /// Nothing is asked of those who are not of the case.
    fn judge_case(&self, when: &Rule, then: &Rule) -> RuleVerdict {
        let (of_case, asked) = (self.judge(when), self.judge(then));
        let truth = match of_case.truth {
            Truth::NotMet => Truth::Met,
            Truth::Met => asked.truth,
            open => tree::any([open, asked.truth].into_iter()),
        };
        RuleVerdict { truth, parts: vec![of_case, asked], ..blank(then, RuleKind::Case) }
    }

    fn question<'q>(&'q self, fact: &'q Fact) -> Question<'q> {
        Question {
            matcher: self.matcher,
            condition: &fact.condition,
            indicator: &fact.indicator,
            record: self.record,
            facts: self.facts,
            negated: fact.condition.negated,
        }
    }

    fn judge_fact(&self, rule: &Rule, fact: &Fact) -> RuleVerdict {
        let question = self.question(fact);
        let judgement = question.judge();
        let judgement = match &fact.evidence {
            Some(evidence) if matches!(judgement.truth, Truth::Met | Truth::NotMet) && !self.is_proved(fact) => {
                let ask = format!("请注明{}的来源（{evidence}）", fact.indicator.name);
                Judgement { has: judgement.has, ..Judgement::unknown(ask) }
            }
            _ => judgement,
        };
        RuleVerdict {
            truth: judgement.truth,
            need: Some(question.need()),
            has: judgement.has,
            gap: judgement.gap,
            ask: judgement.ask,
            evidence: fact.evidence.clone(),
            ..blank(rule, RuleKind::Condition)
        }
    }

    fn is_proved(&self, fact: &Fact) -> bool {
        self.facts.usable(&fact.indicator.id).all(|fact| !fact.source.trim().is_empty())
    }

    fn for_a_person(&self, rule: &Rule, fact: Option<&Fact>) -> RuleVerdict {
        let shown = fact.map(|fact| {
            let question = self.question(fact);
            (question.need(), question.judge().has)
        });
        let (need, has) = shown.map_or((None, None), |(need, has)| (Some(need), has));
        RuleVerdict {
            truth: Truth::Review,
            need,
            has,
            gap: Some("由专家或主管部门认定".to_owned()),
            evidence: fact.and_then(|fact| fact.evidence.clone()),
            ..blank(rule, RuleKind::Manual)
        }
    }
}

fn blank(rule: &Rule, kind: RuleKind) -> RuleVerdict {
    RuleVerdict {
        name: rule.name.clone(),
        text: rule.text.clone(),
        kind,
        truth: Truth::Review,
        need: None,
        has: None,
        gap: None,
        ask: None,
        evidence: None,
        unverified: rule.unverified,
        parts: Vec::new(),
    }
}

fn of_parts(
    rule: &Rule,
    kind: RuleKind,
    parts: Vec<RuleVerdict>,
    together: impl Fn(&mut dyn Iterator<Item = Truth>) -> Truth,
) -> RuleVerdict {
    let truth = together(&mut parts.iter().map(|part| part.truth));
    RuleVerdict { truth, parts, ..blank(rule, kind) }
}
