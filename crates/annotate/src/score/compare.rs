//! Comparing what was found in a phrase with its labels.

use model::annotation::{Award, Window};
use model::{Condition, Item, Span, Value, What};
use rust_decimal::Decimal;

use super::gold::{Expected, Phrase};
use super::{Scorecard, TypeScore};
use crate::annotator::{Annotator, Input};

/// Types of labels and the type of item that answers them; others are left out.
const TYPES: [(&str, &str); 15] = [
    ("condition", "condition"),
    ("condition_text", "condition_text"),
    ("award", "award"),
    ("window", "window"),
    ("material", "material"),
    ("entry", "entry"),
    ("department", "department"),
    ("contact", "contact"),
    ("validity", "validity"),
    ("docno", "reference"),
    ("reference", "reference"),
    ("state_change", "state_change"),
    ("priority", "priority"),
    ("quota", "quota"),
    ("mutual_exclusion", "mutual_exclusion"),
];
/// Confidence below which an item counts as unsure.
const UNSURE: f32 = 0.6;
/// How many phrases with mistakes are told.
const MOST_WORST: usize = 20;

/// Counts over all phrases that are no counts of one type.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) matched: usize,
    pub(super) exact: usize,
    pub(super) overlapping: usize,
    pub(super) conditions: usize,
    pub(super) free: usize,
    pub(super) found: usize,
    pub(super) unsure: usize,
    mistakes: Vec<(usize, String)>,
}

impl Tally {
    pub(super) fn worst(mut self) -> Vec<String> {
        self.mistakes.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        self.mistakes.truncate(MOST_WORST);
        self.mistakes.into_iter().map(|(_, words)| words).collect()
    }
}

/// Annotates one phrase and counts.
pub(super) fn phrase(annotator: &Annotator, phrase: &Phrase, card: &mut Scorecard, tally: &mut Tally) {
    let region = phrase.region();
    let annotation = annotator.annotate(&Input { text: &phrase.text, region: &region, date: phrase.date(), ..Input::default() });
    let mut taken = vec![false; annotation.items.len()];
    let mut missed: Vec<String> = Vec::new();
    for expected in &phrase.expect {
        let Some((_, wanted)) = TYPES.iter().find(|(label, _)| *label == expected.kind) else {
            card.skipped += 1;
            continue;
        };
        card.types.entry((*wanted).to_owned()).or_default().gold += 1;
        let best = annotation
            .items
            .iter()
            .enumerate()
            .filter(|(index, item)| !taken[*index] && item.what.name() == *wanted && answers(annotator, expected, item))
            .max_by(|(_, one), (_, other)| overlap(expected, one).total_cmp(&overlap(expected, other)));
        match best {
            Some((index, item)) => {
                taken[index] = true;
                card.types.entry((*wanted).to_owned()).or_default().correct += 1;
                tally.matched += 1;
                let overlap = overlap(expected, item);
                tally.exact += usize::from(overlap > 0.999);
                tally.overlapping += usize::from(overlap >= 0.8);
            }
            None => missed.push(format!("{} `{}`", told(expected), expected.quote)),
        }
    }
    let extra: Vec<&Item> = annotation.items.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(item, _)| item).collect();
    count_found(&annotation.items, card, tally);
    if phrase.kind == "distractor" || phrase.expect.is_empty() {
        card.distractors += 1;
        card.false_on_distractors += annotation.items.len();
    }
    if !missed.is_empty() || !extra.is_empty() {
        let extra: Vec<String> = extra.into_iter().map(|item| format!("{} `{}`", shown(item), item.quote)).collect();
        let words = format!("{}: 漏 [{}] 多 [{}]", phrase.id, missed.join("; "), extra.join("; "));
        tally.mistakes.push((missed.len() + extra.len(), words));
    }
}

fn count_found(items: &[Item], card: &mut Scorecard, tally: &mut Tally) {
    for item in items {
        let score: &mut TypeScore = card.types.entry(item.what.name().to_owned()).or_default();
        score.found += 1;
        tally.found += 1;
        tally.unsure += usize::from(item.confidence < UNSURE);
        if let What::Condition(condition) = &item.what {
            tally.conditions += 1;
            tally.free += usize::from(condition.indicator.starts_with("free:"));
        }
    }
}

/// Intersection over union of the two spans.
fn overlap(expected: &Expected, item: &Item) -> f64 {
    let Some((start, end)) = expected.span else { return 0.0 };
    let gold = Span::new(start, end);
    let shared = gold.end.min(item.span.end).saturating_sub(gold.start.max(item.span.start));
    let all = gold.end.max(item.span.end) - gold.start.min(item.span.start);
    if all == 0 { 0.0 } else { f64::from(shared) / f64::from(all) }
}

fn answers(annotator: &Annotator, expected: &Expected, item: &Item) -> bool {
    match &item.what {
        What::Condition(condition) => condition_answers(annotator, expected, condition, item),
        What::Award(award) => award_answers(expected, award) && overlap(expected, item) > 0.0,
        What::Window(window) => window_answers(expected, window) && overlap(expected, item) > 0.0,
        What::Reference { key, .. } => {
            expected.text("key").map_or_else(|| overlap(expected, item) >= 0.5, |wanted| key.as_deref() == Some(wanted))
        }
        What::Material { .. } | What::Department { .. } | What::ConditionText { .. } => overlap(expected, item) >= 0.5,
        _ => overlap(expected, item) > 0.3,
    }
}

fn condition_answers(annotator: &Annotator, expected: &Expected, condition: &Condition, item: &Item) -> bool {
    let wanted = expected.text("indicator").unwrap_or_default();
    let known = annotator.indicators().iter().any(|indicator| indicator.id == wanted);
    let same_indicator = condition.indicator == wanted || !known && condition.indicator.starts_with("free:");
    let same_op = expected.text("op") == Some(condition.op.sign());
    let negated = expected.fields.get("negated").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let period = expected.text("period").map(plain_period);
    let near = overlap(expected, item) > 0.0;
    same_indicator
        && same_op
        && negated == condition.negated
        && period == condition.period.as_deref().map(plain_period)
        && near
        && same_value(expected, condition)
}

/// The label writes the aggregate into the period; the product keeps them apart.
fn plain_period(period: &str) -> &str {
    ["each_of_", "sum_of_", "mean_of_"].iter().find_map(|prefix| period.strip_prefix(prefix)).unwrap_or(period)
}

fn same_value(expected: &Expected, condition: &Condition) -> bool {
    if let Some(wanted) = expected.number("value_base") {
        let unit = expected.text("unit_base").map(str::to_owned);
        return condition.value_base == Some(Value::Number(wanted)) && unit == condition.unit_base;
    }
    match (expected.fields.get("value"), &condition.value) {
        (Some(serde_json::Value::Bool(wanted)), Value::Bool(found)) => wanted == found,
        (Some(serde_json::Value::Bool(_)), _) => false,
        (Some(serde_json::Value::Array(wanted)), Value::Range(low, high)) => {
            let bounds: Vec<Decimal> = wanted.iter().filter_map(|bound| model::decimal::parse(&bound.to_string())).collect();
            // A mixed range such as 5000万元—1亿元 is labelled in one unit.
            bounds.first() == Some(&low.0) && bounds.get(1).is_some_and(|bound| *bound == high.0 || is_scaled(condition, *bound))
        }
        // Sets of names are compared by indicator and place alone.
        _ => true,
    }
}

fn is_scaled(condition: &Condition, bound: Decimal) -> bool {
    match &condition.value_base {
        Some(Value::Range(_, high)) => [1, 10_000, 100_000_000].iter().any(|factor| bound * Decimal::from(*factor) == high.0),
        _ => false,
    }
}

fn award_answers(expected: &Expected, award: &Award) -> bool {
    let mode = expected.text("mode").unwrap_or_default();
    let same = |name: &str, found: Option<Decimal>| {
        expected.number(name).is_none_or(|wanted| found.map(|found| found.normalize()) == Some(wanted))
    };
    // A label may repeat the limit that has a label of its own.
    let cap = same("cap_base", award.cap) || mode == "interest_subsidy" && award.cap.is_none();
    let rate = same("ratio", award.ratio) && same("rate", award.ratio);
    let tiers =
        expected.fields.get("amounts_wan").and_then(serde_json::Value::as_array).is_none_or(|steps| steps_answer(steps, award));
    award.mode == mode && same("amount_base", award.amount) && same("value_to_base", award.amount_to) && cap && rate && tiers
}

fn steps_answer(steps: &[serde_json::Value], award: &Award) -> bool {
    let amounts =
        steps.iter().filter_map(|step| model::decimal::parse(&step.to_string())).map(|amount| amount * Decimal::from(10_000));
    amounts.clone().min() == award.amount && amounts.max() == award.amount_to
}

fn window_answers(expected: &Expected, window: &Window) -> bool {
    let date = |name: &str| expected.text(name).and_then(|text| text.get(..10)).and_then(|text| text.parse().ok());
    let role = expected.text("role").unwrap_or("applicant");
    date("start") == window.start && date("end") == window.end && role == window.role
}

/// A label in a few words.
fn told(expected: &Expected) -> String {
    let fields =
        ["indicator", "op", "value", "unit", "period", "negated", "mode", "amount", "ratio", "cap", "start", "end", "role"];
    let values: Vec<String> = fields.iter().filter_map(|name| expected.fields.get(*name)).map(ToString::to_string).collect();
    format!("{} {}", expected.kind, values.join(" "))
}

/// An item in a few words.
fn shown(item: &Item) -> String {
    match &item.what {
        What::Condition(condition) => {
            let value = condition.value_base.as_ref().unwrap_or(&condition.value);
            let value = serde_json::to_string(value).unwrap_or_default();
            let (unit, period) =
                (condition.unit_base.as_deref().unwrap_or_default(), condition.period.as_deref().unwrap_or_default());
            format!(
                "{} {} {value}{unit} {period} {}",
                condition.indicator,
                condition.op.sign(),
                if condition.negated { "非" } else { "" }
            )
        }
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}
