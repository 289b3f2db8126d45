//! The matcher against an evaluator so simple that it is right by looking at it: it tries every way the missing facts could be.
//!
//! A condition whose fact is missing may turn out either way. If the tree comes out true in every such world the answer is yes,
//! if false in every one no, else open. With every condition used once this is exactly what three-valued logic computes.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::LazyLock;

use jiff::civil::date;
use matcher::Matcher;
use model::annotation::{Case, ConditionTree};
use model::{Annotation, Condition, Enterprise, Indicator, Item, LifeCycle, Outcome, Policy, Record, Regions, Span, Truth, What};
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
    /// 原则上: a no leaves it open.
    soft: bool,
    /// Of the open vocabulary.
    free: bool,
}

#[derive(Debug, Clone)]
enum Shape {
    Leaf(Leaf),
    All(Vec<Shape>),
    Any(Vec<Shape>),
    Not(Box<Shape>),
    /// In the case that all tests hold; without tests nobody knows.
    When(Vec<Leaf>, Box<Shape>),
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
    let any_leaf = || {
        let flags = (any::<bool>(), prop::bool::weighted(0.2), any::<bool>());
        (known(), flags).prop_map(|(known, (negated, soft, free))| Leaf { known, negated, soft, free })
    };
    let leaf = any_leaf().prop_map(Shape::Leaf);
    let test = move || any_leaf().prop_map(|leaf| Leaf { soft: false, ..leaf });
    leaf.prop_recursive(4, 9, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Shape::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Shape::Any),
            inner.clone().prop_map(|shape| Shape::Not(Box::new(shape))),
            (prop::collection::vec(test(), 0..3), inner).prop_map(|(tests, then)| Shape::When(tests, Box::new(then))),
        ]
    })
}

/// What the leaf says for itself; none where that is open. `turned` round by the tree.
fn naive_leaf(leaf: Leaf, turned: bool) -> Option<bool> {
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
    let holds = holds != leaf.negated;
    // A soft requirement missed is open; whether it is missed depends on which way round it is asked.
    if leaf.soft && holds == turned { None } else { Some(holds) }
}

/// The tree in one world: `open` says how the open leaves turned out, in order.
fn in_world(shape: &Shape, turned: bool, open: &mut impl Iterator<Item = bool>) -> bool {
    match shape {
        Shape::Leaf(leaf) => naive_leaf(*leaf, turned).unwrap_or_else(|| open.next().unwrap()),
        // Every branch is evaluated, so that each takes its own open leaves.
        Shape::All(shapes) => {
            shapes.iter().map(|shape| in_world(shape, turned, open)).collect::<Vec<_>>().into_iter().all(|truth| truth)
        }
        Shape::Any(shapes) => {
            shapes.iter().map(|shape| in_world(shape, turned, open)).collect::<Vec<_>>().into_iter().any(|truth| truth)
        }
        Shape::Not(shape) => !in_world(shape, !turned, open),
        Shape::When(tests, then) => {
            let tests: Vec<bool> =
                tests.iter().map(|test| naive_leaf(*test, false).unwrap_or_else(|| open.next().unwrap())).collect();
            let of_case = if tests.is_empty() { open.next().unwrap() } else { tests.into_iter().all(|truth| truth) };
            let then = in_world(then, turned, open);
            !of_case || then
        }
    }
}

/// How many leaves are open.
fn open_leaves(shape: &Shape, turned: bool) -> usize {
    match shape {
        Shape::Leaf(leaf) => usize::from(naive_leaf(*leaf, turned).is_none()),
        Shape::All(shapes) | Shape::Any(shapes) => shapes.iter().map(|shape| open_leaves(shape, turned)).sum(),
        Shape::Not(shape) => open_leaves(shape, !turned),
        Shape::When(tests, then) => {
            let tests_open = tests.iter().filter(|test| naive_leaf(**test, false).is_none()).count();
            tests_open + usize::from(tests.is_empty()) + open_leaves(then, turned)
        }
    }
}

/// The conditions in the order of the tree, those of cases left out.
fn leaves<'a>(shape: &'a Shape, found: &mut Vec<&'a Leaf>) {
    match shape {
        Shape::Leaf(leaf) => found.push(leaf),
        Shape::All(shapes) | Shape::Any(shapes) => shapes.iter().for_each(|shape| leaves(shape, found)),
        Shape::Not(shape) | Shape::When(_, shape) => leaves(shape, found),
    }
}

/// Yes, no, or none where it depends on what is missing.
fn naive(shape: &Shape) -> Option<bool> {
    let open = open_leaves(shape, false);
    let mut worlds = (0u32..1 << open).map(|bits| in_world(shape, false, &mut (0..open).map(|leaf| bits >> leaf & 1 == 1)));
    let first = worlds.next().unwrap();
    worlds.all(|truth| truth == first).then_some(first)
}

/// The same as a policy and an enterprise: one indicator and one fact for each leaf.
fn world(shape: &Shape) -> (Record, Enterprise) {
    let mut world = World::default();
    let tree = world.tree_of(shape);
    let policy = Policy { id: "p".into(), region: "000000".to_owned(), state: LifeCycle::InForce, ..Policy::default() };
    let items = world.conditions.into_iter().map(|condition| Item {
        what: What::Condition(condition),
        quote: "q".to_owned(),
        span: Span::new(0, 1),
        confidence: 0.9,
        rule: "test".to_owned(),
    });
    let annotation = Annotation { items: items.collect(), tree: Some(tree), ..Annotation::default() };
    let enterprise = serde_json::from_value(json!({"id": "e", "name": "e", "facts": world.facts})).unwrap();
    (Record { policy, annotation, ..Record::default() }, enterprise)
}

#[derive(Default)]
struct World {
    facts: serde_json::Map<String, serde_json::Value>,
    conditions: Vec<Condition>,
    /// Leaves so far, those of cases included: each has an indicator of its own.
    leaves: usize,
}

impl World {
    fn condition(&mut self, leaf: Leaf) -> Condition {
        let index = self.leaves;
        self.leaves += 1;
        let name = |kind: &str| if leaf.free { format!("free:{kind}甲{index}") } else { format!("{kind}.{index}") };
        let (indicator, op, value, facts) = match leaf.known {
            Known::Number { value, limit, op } => {
                (name("n"), op, json!(limit), json!([{"value": value, "year": 2025}, {"value": 99, "year": 2024}]))
            }
            Known::Truth { value, wanted } => (name("b"), "is", json!(wanted), json!([{"value": value}])),
            Known::Nothing { how } => {
                let facts = match how {
                    0 => json!([]),
                    1 => json!([{"value": 5, "year": 2023}]),
                    2 => json!([{"value": 5, "year": 2025, "consent": false}]),
                    _ => json!([{"value": 5, "year": 2025, "valid_until": "2026-01-01"}]),
                };
                (name("n"), ">=", json!(3), facts)
            }
            Known::Foreign => (format!("nobody.knows.{index}"), ">=", json!(3), json!([{"value": 5, "year": 2025}])),
        };
        self.facts.insert(indicator.clone(), facts);
        let condition = json!({"indicator": indicator, "op": op, "value": value, "negated": leaf.negated, "group": "all",
            "period": "last_year", "strength": leaf.soft.then_some("soft")});
        serde_json::from_value(condition).unwrap()
    }

    fn tree_of(&mut self, shape: &Shape) -> ConditionTree {
        match shape {
            Shape::Leaf(leaf) => {
                let condition = self.condition(*leaf);
                self.conditions.push(condition);
                ConditionTree::Item(self.conditions.len() - 1)
            }
            Shape::All(shapes) => ConditionTree::All(shapes.iter().map(|shape| self.tree_of(shape)).collect()),
            Shape::Any(shapes) => ConditionTree::Any(shapes.iter().map(|shape| self.tree_of(shape)).collect()),
            Shape::Not(shape) => ConditionTree::Not(Box::new(self.tree_of(shape))),
            Shape::When(tests, then) => {
                let tests = tests.iter().map(|test| self.condition(*test)).collect();
                let case = Case { quote: "q".to_owned(), span: Span::new(0, 1), tests };
                ConditionTree::When { case, then: Box::new(self.tree_of(then)) }
            }
        }
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
    let indicators = (0..100).flat_map(|index| [indicator(format!("n.{index}"), "num"), indicator(format!("b.{index}"), "bool")]);
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
                Known::Number { .. } | Known::Truth { .. } if leaf.soft => prop_assert_ne!(condition.truth, Truth::Unknown),
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
