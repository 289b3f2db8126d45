//! Two bounds that make a range, and bands that lie next to each other.

use model::decimal::Number;
use model::{Condition, Op, Value, What};

use crate::page::{Draft, Page};

/// Bands in neighbouring sentences: `10万人次以下的,补助5万元;10万人次以上的,补助8万元`.
pub(crate) fn bands(page: &Page<'_>, drafts: &mut [Draft]) {
    for index in 0..drafts.len() {
        let (before, rest) = drafts.split_at_mut(index);
        let Some((draft, behind)) = rest.split_first_mut() else { break };
        let near = |other: &&Draft| other.sentence.abs_diff(draft.sentence) <= MOST_BAND_SENTENCES;
        let around =
            before.iter().rev().take(MOST_BAND_DRAFTS).filter(near).chain(behind.iter().take(MOST_BAND_DRAFTS).filter(near));
        let includes = |other: &Draft, condition: &Condition| {
            matches!(&other.what, What::Condition(above) if above.op == Op::AtLeast
                && above.indicator == condition.indicator && above.value_base == condition.value_base)
        };
        let below = page.slice(draft.start, draft.end).ends_with("以下");
        let excluded = match &draft.what {
            What::Condition(condition) if condition.op == Op::AtMost && below => {
                around.into_iter().any(|other| includes(other, condition))
            }
            _ => false,
        };
        if excluded && let What::Condition(condition) = &mut draft.what {
            condition.op = Op::Less;
        }
    }
}

/// How far apart the sentences and the requirements of neighbouring bands may stand.
const MOST_BAND_SENTENCES: usize = 2;

const MOST_BAND_DRAFTS: usize = 8;

/// `不低于500万元、少于5000万元`, `超过100人但不超过500人`: two bounds of one name are one range.
pub(super) fn between(page: &Page<'_>, drafts: Vec<Draft>) -> Vec<Draft> {
    let mut joined: Vec<Draft> = Vec::new();
    for draft in drafts {
        match joined.last_mut().and_then(|last| bounded(page, last, &draft)) {
            Some((condition, end)) => {
                if let Some(last) = joined.last_mut() {
                    (last.what, last.end) = (What::Condition(condition), end);
                }
            }
            None => joined.push(draft),
        }
    }
    joined
}

/// The range two neighbouring conditions make, and where it ends.
fn bounded(page: &Page<'_>, one: &Draft, other: &Draft) -> Option<(Condition, usize)> {
    let (What::Condition(low), What::Condition(high)) = (&one.what, &other.what) else { return None };
    let opens = match low.op {
        Op::AtLeast => '[',
        Op::More => '(',
        _ => return None,
    };
    let closes = match high.op {
        Op::AtMost => ']',
        Op::Less => ')',
        _ => return None,
    };
    let gap = page.slice(one.end, other.start.max(one.end));
    let plain = gap.chars().count() <= MOST_BOUND_GAP && !gap.contains(['或', ';', '。']) && !gap.contains("的");
    let (Some(Value::Number(from)), Some(Value::Number(to))) = (&low.value_base, &high.value_base) else { return None };
    if !plain || low.indicator != high.indicator || low.unit_base != high.unit_base || from >= to || low.negated != high.negated {
        return None;
    }
    let (Value::Number(shown_from), Value::Number(shown_to)) = (&low.value, &high.value) else { return None };
    let range = Condition {
        op: Op::Range,
        value: Value::Range(Number(*shown_from), Number(*shown_to)),
        value_base: Some(Value::Range(Number(*from), Number(*to))),
        unit: high.unit.clone(),
        bounds: Some(format!("{opens}{closes}")),
        ..low.clone()
    };
    Some((range, other.end))
}

/// What may stand between the two bounds of a range, in characters: `、`, 但, 且.
pub(super) const MOST_BOUND_GAP: usize = 4;

/// `1000万元以上，或1000万元以下但…`: where one band includes the number, the other excludes it.
pub(super) fn complement(page: &Page<'_>, drafts: &mut [Draft]) {
    let included: Vec<(String, Option<Value>)> = drafts
        .iter()
        .filter_map(|draft| match &draft.what {
            What::Condition(condition) if condition.op == Op::AtLeast => {
                Some((condition.indicator.clone(), condition.value_base.clone()))
            }
            _ => None,
        })
        .collect();
    for draft in drafts {
        let below = page.slice(draft.start, draft.end).ends_with("以下");
        if let What::Condition(condition) = &mut draft.what
            && condition.op == Op::AtMost
            && below
            && included.contains(&(condition.indicator.clone(), condition.value_base.clone()))
        {
            condition.op = Op::Less;
        }
    }
}
