//! Whether a condition is the one a label asks for.

use std::collections::BTreeSet;

use model::{Condition, Op, Value};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::gold::{Expected, number};
use crate::annotator::Annotator;

/// The fields of the key (indicator, op, value, unit, period, negated) in which the two differ; none where it is right.
pub(super) fn differences(annotator: &Annotator, expected: &Expected, condition: &Condition) -> Vec<&'static str> {
    let mut differs = Vec::new();
    let mut note = |name, differ: bool| {
        if differ {
            differs.push(name);
        }
    };
    note("indicator", !same_indicator(annotator, expected, condition));
    note("op", expected.text("op") != Some(condition.op.sign()));
    note("value", !same_value(expected, condition));
    note("unit", !same_unit(expected, condition));
    note("period", !same_period(expected, condition));
    note("negated", expected.flag("negated") != condition.negated);
    differs
}

/// A label outside the vocabulary is answered by any open label; one inside only by itself.
pub(super) fn same_indicator(annotator: &Annotator, expected: &Expected, condition: &Condition) -> bool {
    let wanted = expected.text("indicator").unwrap_or_default();
    let known = || annotator.indicators().iter().any(|indicator| indicator.id == wanted);
    condition.indicator == wanted || condition.indicator.starts_with("free:") && (wanted.starts_with("free:") || !known())
}

/// Whether the label asks for a number or a range of numbers.
pub(super) fn is_numeric(expected: &Expected) -> bool {
    let is_number = |name: &str| match expected.fields.get(name) {
        Some(Json::Array(values)) => !values.is_empty() && values.iter().all(Json::is_number),
        Some(value) => value.is_number(),
        None => false,
    };
    is_number("value_base") || is_number("value")
}

/// Whether a condition is on a number or a range of numbers.
pub(super) fn has_number(condition: &Condition) -> bool {
    let value = condition.value_base.as_ref().unwrap_or(&condition.value);
    matches!(value, Value::Number(_)) || !numbers_of(value).is_empty() && condition.op != Op::In
}

/// Whether the label asks for a set of names.
pub(super) fn is_set(expected: &Expected) -> bool {
    !names_of_label(expected).is_empty()
}

/// Whether a condition is on a set of names.
pub(super) fn has_set(condition: &Condition) -> bool {
    matches!(condition.value, Value::List(_))
}

/// Whether the names are the same, not only one of them.
pub(super) fn same_set(expected: &Expected, condition: &Condition) -> bool {
    let wanted: BTreeSet<String> = names_of_label(expected).into_iter().collect();
    let texts = |value: &Value| match value {
        Value::List(names) => names.iter().map(|name| plain(name)).collect(),
        _ => BTreeSet::new(),
    };
    wanted == texts(&condition.value)
        || condition
            .value_base
            .as_ref()
            .is_some_and(|base| code(expected).is_some_and(|code| texts(base) == BTreeSet::from([code])))
}

fn same_period(expected: &Expected, condition: &Condition) -> bool {
    let wanted = whole_period(expected.text("period"), expected.text("agg"));
    wanted == whole_period(condition.period.as_deref(), condition.agg.as_deref())
}

/// Over several years the label writes the aggregate into the period: `each_of_last_2_years`.
fn whole_period(period: Option<&str>, aggregate: Option<&str>) -> Option<String> {
    let period = period?;
    let has_own = ["each_of_", "sum_of_", "mean_of_"].iter().any(|prefix| period.starts_with(prefix));
    let is_long = period.ends_with("_years") || period.ends_with("_months");
    Some(match aggregate {
        Some(aggregate @ ("each" | "sum" | "mean")) if !has_own && is_long => format!("{aggregate}_of_{period}"),
        _ => period.to_owned(),
    })
}

fn same_unit(expected: &Expected, condition: &Condition) -> bool {
    match expected.text("unit_base") {
        Some(unit) if is_numeric(expected) => condition.unit_base.as_deref() == Some(unit),
        _ => true,
    }
}

fn same_value(expected: &Expected, condition: &Condition) -> bool {
    match expected.fields.get("value_base").filter(|value| !value.is_null()) {
        Some(base @ Json::Number(_)) => is_number(condition.value_base.as_ref(), number(base)),
        Some(Json::Array(bounds)) if is_numeric(expected) => is_range(condition.value_base.as_ref(), bounds),
        _ => same_plain_value(expected, condition),
    }
}

fn same_plain_value(expected: &Expected, condition: &Condition) -> bool {
    match expected.fields.get("value") {
        Some(Json::Bool(wanted)) => condition.value == Value::Bool(*wanted),
        Some(value @ Json::Number(_)) => {
            let wanted = number(value);
            is_number(Some(&condition.value), wanted) || is_number(condition.value_base.as_ref(), wanted)
        }
        Some(Json::Array(bounds)) if is_numeric(expected) => is_scaled_range(bounds, condition),
        Some(Json::String(_) | Json::Array(_) | Json::Object(_)) => shares_a_name(expected, condition),
        // What is compared with another figure has no value of its own.
        _ => expected.text("ref_value").is_none() || condition.ref_value.is_some(),
    }
}

fn is_number(value: Option<&Value>, wanted: Option<Decimal>) -> bool {
    matches!((value, wanted), (Some(Value::Number(found)), Some(wanted)) if found.round_dp(9) == wanted)
}

fn is_range(value: Option<&Value>, bounds: &[Json]) -> bool {
    value.is_some_and(|value| numbers_of(value) == bounds.iter().filter_map(number).collect::<Vec<_>>())
}

/// A label without base values writes a mixed range such as 5000万元—1亿元 in one unit.
fn is_scaled_range(bounds: &[Json], condition: &Condition) -> bool {
    let found = numbers_of(condition.value_base.as_ref().unwrap_or(&condition.value));
    let numbers: Vec<Decimal> = bounds.iter().filter_map(number).collect();
    [1i64, 1_000, 10_000, 100_000_000].into_iter().any(|factor| {
        let scaled = numbers.iter().map(|bound| (*bound * Decimal::from(factor)).normalize());
        found.iter().copied().eq(scaled)
    })
}

/// Both ends of a range, or the steps of a list of thresholds: `首次突破1000万元、2000万元`.
fn numbers_of(value: &Value) -> Vec<Decimal> {
    match value {
        Value::Range(low, high) => [low, high].map(|bound| bound.0.round_dp(9).normalize()).to_vec(),
        Value::Steps(steps) => steps.iter().map(|step| step.0.round_dp(9).normalize()).collect(),
        _ => Vec::new(),
    }
}

/// One name in common; names with more or fewer words around the same core are the same name.
fn shares_a_name(expected: &Expected, condition: &Condition) -> bool {
    let mut found = Vec::new();
    for value in [Some(&condition.value), condition.value_base.as_ref()].into_iter().flatten() {
        match value {
            Value::Text(name) => found.push(plain(name)),
            Value::List(names) => found.extend(names.iter().map(|name| plain(name))),
            _ => {}
        }
    }
    if code(expected).is_some_and(|code| found.contains(&code)) {
        return true;
    }
    names_of_label(expected).iter().any(|wanted| {
        // `<issuer city>` stands for whatever place the document is from.
        wanted.starts_with('<') && !found.is_empty() || found.iter().any(|name| is_same_name(wanted, name))
    })
}

fn is_same_name(one: &str, other: &str) -> bool {
    let is_part = |long: &str, short: &str| short.chars().count() >= 2 && long.contains(short);
    one == other || is_part(one, other) || is_part(other, one)
}

fn names_of_label(expected: &Expected) -> Vec<String> {
    fn collect(value: &Json, names: &mut Vec<String>) {
        match value {
            Json::String(name) => names.push(plain(name)),
            Json::Array(values) => values.iter().for_each(|value| collect(value, names)),
            Json::Object(members) => members.values().for_each(|value| collect(value, names)),
            _ => {}
        }
    }
    let mut names = Vec::new();
    if let Some(value) = expected.fields.get("value") {
        collect(value, &mut names);
    }
    names
}

/// The region code of a label, which some write as a number.
fn code(expected: &Expected) -> Option<String> {
    match expected.fields.get("code")? {
        Json::String(code) => Some(code.clone()),
        Json::Number(code) => Some(code.to_string()),
        _ => None,
    }
}

fn plain(name: &str) -> String {
    model::text::fold(name).chars().filter(|character| !character.is_whitespace() && !"“”\"《》".contains(*character)).collect()
}
