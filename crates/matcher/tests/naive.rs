//! The matcher against an evaluator so simple that it is right by looking at it: it tries every way the missing facts could be.
//!
//! A condition whose fact is missing may turn out either way. If the tree comes out true in every such world the answer is yes,
//! if false in every one no, else open. With every condition used once this is exactly what three-valued logic computes.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::LazyLock;

use jiff::civil::date;
use matcher::Matcher;
use model::annotation::ConditionTree;
use model::{Annotation, Enterprise, Indicator, Item, LifeCycle, Outcome, Policy, Record, Regions, Truth};
use proptest::prelude::*;
use serde_json::json;

/// What is known for one condition.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// A number, and the limit it is compared with.
    Number { value: i64, limit: i64, op: &'static str },
    /// A truth value, and the one that is wanted.
    Truth { value: bool, wanted: bool },
    /// Nothing, nothing of the right year, or nothing that may be used.
    Nothing { how: u8 },
    /// An indicator the vocabulary lacks.
    Foreign,
}

/// A condition with its own negation.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    known: Known,
    negated: bool,
}

#[derive(Debug, Clone)]
enum Shape {
    Leaf(Leaf),
    All(Vec<Shape>),
    Any(Vec<Shape>),
    Not(Box<Shape>),
}

fn known() -> impl Strategy<Value = Known> {
    let op = prop_oneof![Just(">="), Just("<="), Just(">"), Just("<")];
    prop_oneof![
        4 => (0i64..12, 0i64..12, op).prop_map(|(value, limit, op)| Known::Number { value, limit, op }),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(value, wanted)| Known::Truth { value, wanted }),
        2 => (0u8..4).prop_map(|how| Known::Nothing { how }),
        1 => Just(Known::Foreign),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = (known(), any::<bool>()).prop_map(|(known, negated)| Shape::Leaf(Leaf { known, negated }));
    leaf.prop_recursive(4, 9, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Shape::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Shape::Any),
            inner.prop_map(|shape| Shape::Not(Box::new(shape))),
        ]
    })
}

/// What the leaf says for itself; none where that is open.
fn naive_leaf(leaf: Leaf) -> Option<bool> {
    let holds = match leaf.known {
        Known::Number { value, limit, op } => match op {
            ">=" => value >= limit,
            "<=" => value <= limit,
            ">" => value > limit,
            _ => value < limit,
        },
        Known::Truth { value, wanted } => value == wanted,
        Known::Nothing { .. } | Known::Foreign => return None,
    };
    Some(holds != leaf.negated)
}

/// The tree in one world: `open` says how the open leaves turned out, in order.
fn in_world(shape: &Shape, open: &mut impl Iterator<Item = bool>) -> bool {
    match shape {
        Shape::Leaf(leaf) => naive_leaf(*leaf).unwrap_or_else(|| open.next().unwrap()),
        // Every branch is evaluated, so that each takes its own open leaves.
        Shape::All(shapes) => shapes.iter().map(|shape| in_world(shape, open)).collect::<Vec<_>>().into_iter().all(|truth| truth),
        Shape::Any(shapes) => shapes.iter().map(|shape| in_world(shape, open)).collect::<Vec<_>>().into_iter().any(|truth| truth),
        Shape::Not(shape) => !in_world(shape, open),
    }
}

fn leaves<'a>(shape: &'a Shape, found: &mut Vec<&'a Leaf>) {
    match shape {
        Shape::Leaf(leaf) => found.push(leaf),
        Shape::All(shapes) | Shape::Any(shapes) => shapes.iter().for_each(|shape| leaves(shape, found)),
        Shape::Not(shape) => leaves(shape, found),
    }
}

/// Yes, no, or none where it depends on what is missing.
fn naive(shape: &Shape) -> Option<bool> {
    let mut all = Vec::new();
    leaves(shape, &mut all);
    let open = all.iter().filter(|leaf| naive_leaf(***leaf).is_none()).count();
    let mut worlds = (0u32..1 << open).map(|bits| in_world(shape, &mut (0..open).map(|leaf| bits >> leaf & 1 == 1)));
    let first = worlds.next().unwrap();
    worlds.all(|truth| truth == first).then_some(first)
}

/// The same as a policy and an enterprise: one indicator and one fact for each leaf.
fn world(shape: &Shape) -> (Record, Enterprise) {
    let mut all = Vec::new();
    leaves(shape, &mut all);
    let mut facts = serde_json::Map::new();
    let mut items: Vec<Item> = Vec::new();
    for (index, leaf) in all.iter().enumerate() {
        let (number, truth) = (format!("n.{index}"), format!("b.{index}"));
        let (indicator, op, value) = match leaf.known {
            Known::Number { value, limit, op } => {
                facts.insert(number.clone(), json!([{"value": value, "year": 2025}, {"value": 99, "year": 2024}]));
                (number, op, json!(limit))
            }
            Known::Truth { value, wanted } => {
                facts.insert(truth.clone(), json!([{"value": value}]));
                (truth, "is", json!(wanted))
            }
            Known::Nothing { how } => {
                let rows = match how {
                    0 => json!([]),
                    1 => json!([{"value": 5, "year": 2023}]),
                    2 => json!([{"value": 5, "year": 2025, "consent": false}]),
                    _ => json!([{"value": 5, "year": 2025, "valid_until": "2026-01-01"}]),
                };
                facts.insert(number.clone(), rows);
                (number, ">=", json!(3))
            }
            Known::Foreign => ("free:其他".to_owned(), ">=", json!(3)),
        };
        let item = json!({"type": "condition", "indicator": indicator, "op": op, "value": value, "negated": leaf.negated, "group": "all",
            "period": "last_year", "quote": "q", "span": [0, 1], "confidence": 0.9, "rule": "test"});
        items.push(serde_json::from_value(item).unwrap());
    }
    let tree = tree_of(shape, &mut 0);
    let policy = Policy { id: "p".into(), state: LifeCycle::InForce, ..Policy::default() };
    let record =
        Record { policy, annotation: Annotation { items, tree: Some(tree), ..Annotation::default() }, ..Record::default() };
    let enterprise = serde_json::from_value(json!({"id": "e", "name": "e", "facts": facts})).unwrap();
    (record, enterprise)
}

fn tree_of(shape: &Shape, next: &mut usize) -> ConditionTree {
    match shape {
        Shape::Leaf(_) => {
            *next += 1;
            ConditionTree::Item(*next - 1)
        }
        Shape::All(shapes) => ConditionTree::All(shapes.iter().map(|shape| tree_of(shape, next)).collect()),
        Shape::Any(shapes) => ConditionTree::Any(shapes.iter().map(|shape| tree_of(shape, next)).collect()),
        Shape::Not(shape) => ConditionTree::Not(Box::new(tree_of(shape, next))),
    }
}

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| {
    let indicator = |id: String, value_type: &str| Indicator {
        name: id.clone(),
        id,
        unit_family: None,
        value_type: value_type.to_owned(),
        aliases: Vec::new(),
        default_period: None,
        hit: String::new(),
        miss: String::new(),
    };
    let indicators = (0..40).flat_map(|index| [indicator(format!("n.{index}"), "num"), indicator(format!("b.{index}"), "bool")]);
    Matcher::new(indicators.collect(), Regions::default(), include_str!("../../../rules/sizes.toml")).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_matcher_agrees_with_trying_every_world(shape in shape()) {
        let (record, enterprise) = world(&shape);
        let verdict = MATCHER.verdict(&record, &enterprise, date(2026, 11, 20));
        let found = match verdict.outcome {
            Outcome::Eligible => Some(true),
            Outcome::NotEligible | Outcome::NearMiss => Some(false),
            Outcome::Likely | Outcome::Unknown => None,
            Outcome::Closed => return Err(TestCaseError::fail("closed")),
        };
        prop_assert_eq!(found, naive(&shape), "{:?}", verdict);
    }

    #[test]
    fn every_condition_is_answered_and_the_open_ones_say_what_would_help(shape in shape()) {
        let (record, enterprise) = world(&shape);
        let verdict = MATCHER.verdict(&record, &enterprise, date(2026, 11, 20));
        let mut all = Vec::new();
        leaves(&shape, &mut all);
        prop_assert_eq!(verdict.conditions.len(), all.len());
        for (condition, leaf) in verdict.conditions.iter().zip(all) {
            match leaf.known {
                Known::Nothing { .. } => prop_assert!(condition.truth == Truth::Unknown && condition.ask.is_some(), "{:?}", condition),
                Known::Foreign => prop_assert_eq!(condition.truth, Truth::Review),
                _ => prop_assert!(matches!(condition.truth, Truth::Met | Truth::NotMet), "{:?}", condition),
            }
        }
    }

    #[test]
    fn learning_a_missing_fact_never_turns_a_yes_or_a_no_round(shape in shape(), value in 0i64..12) {
        let (record, mut enterprise) = world(&shape);
        let before = MATCHER.verdict(&record, &enterprise, date(2026, 11, 20)).outcome;
        for facts in enterprise.facts.values_mut() {
            let usable = |fact: &model::Fact| fact.year != Some(2023) && fact.consent && fact.valid_until.is_none();
            if !facts.iter().any(usable) {
                *facts = vec![serde_json::from_value(json!({"value": value, "year": 2025})).unwrap()];
            }
        }
        let after = MATCHER.verdict(&record, &enterprise, date(2026, 11, 20)).outcome;
        let is_no = |outcome| matches!(outcome, Outcome::NotEligible | Outcome::NearMiss);
        prop_assert!(before != Outcome::Eligible || after == Outcome::Eligible, "{before:?} → {after:?}");
        prop_assert!(!is_no(before) || is_no(after), "{before:?} → {after:?}");
    }
}
