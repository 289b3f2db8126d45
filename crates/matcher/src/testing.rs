//! Short ways to write conditions, facts and records in tests.

use std::collections::BTreeMap;

use jiff::civil::date;
use model::annotation::ConditionTree;
use model::{
    Annotation, Condition, Decimal, Enterprise, Fact, Indicator, Item, LifeCycle, Op, Policy, Record, Span, Value, What,
};

pub(crate) const REGIONS: &str = include_str!("../../../rules/regions.csv");

pub(crate) fn number(value: impl Into<Decimal>) -> Value {
    Value::Number(value.into())
}

pub(crate) fn words(words: &[&str]) -> Value {
    Value::List(words.iter().map(|word| (*word).to_owned()).collect())
}

pub(crate) fn condition(indicator: &str, op: Op, value: impl Into<Decimal>) -> Condition {
    Condition::new(indicator, op, number(value))
}

pub(crate) fn indicator(id: &str, family: &str, value_type: &str) -> Indicator {
    Indicator {
        id: id.to_owned(),
        name: id.to_owned(),
        unit_family: (!family.is_empty()).then(|| family.to_owned()),
        value_type: value_type.to_owned(),
        aliases: Vec::new(),
        default_period: None,
        hit: String::new(),
        miss: String::new(),
    }
}

pub(crate) fn fact(value: impl Into<Decimal>, year: Option<i16>) -> Fact {
    fact_of(number(value), year)
}

pub(crate) fn fact_of(value: Value, year: Option<i16>) -> Fact {
    Fact { value, year, source: String::new(), consent: true, valid_until: None }
}

pub(crate) fn enterprise(facts: &[(&str, Fact)]) -> Enterprise {
    let mut by_id: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for (id, fact) in facts {
        by_id.entry((*id).to_owned()).or_default().push(fact.clone());
    }
    Enterprise {
        id: "e1".into(),
        name: "示例企业".to_owned(),
        region: Some("650102".to_owned()),
        industry: Some("C3562".to_owned()),
        founded: Some(date(2020, 5, 20)),
        facts: by_id,
        ..Enterprise::default()
    }
}

pub(crate) fn item(what: What) -> Item {
    Item { what, quote: "原文".to_owned(), span: Span::new(0, 2), confidence: 0.9, rule: "test".to_owned() }
}

/// A policy in force that sets these conditions, all of them.
pub(crate) fn record(conditions: Vec<Condition>) -> Record {
    let tree = ConditionTree::All((0..conditions.len()).map(ConditionTree::Item).collect());
    Record {
        policy: Policy { id: "p1".into(), title: "示例政策".to_owned(), state: LifeCycle::InForce, ..Policy::default() },
        annotation: Annotation {
            items: conditions.into_iter().map(|condition| item(What::Condition(condition))).collect(),
            tree: Some(tree),
            ..Annotation::default()
        },
        ..Record::default()
    }
}
