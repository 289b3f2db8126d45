//! Whether an item is the one a label asks for, type by type.

use jiff::civil::Date;
use model::annotation::Window;
use model::{Item, What};
use rust_decimal::Decimal;

use super::gold::Expected;
use super::{awards, conditions};
use crate::annotator::Annotator;

/// Types of labels and the type of item that answers them; others are left out.
const TYPES: [(&str, &str); 18] = [
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
    ("batch", "batch"),
    ("fee", "fee"),
    ("parameter", "parameter"),
];

/// The type of item that answers a label; `None` for types the product does not have.
pub(super) fn wanted(expected: &Expected) -> Option<&'static str> {
    TYPES.iter().find(|(label, _)| *label == expected.kind).map(|(_, wanted)| *wanted)
}

/// Least share of the span that must be common for items that are little more than their place.
const SAME_PLACE: f64 = 0.5;

/// The fields in which an item of the wanted type differs from the label; none where it is right. Their spans touch.
pub(super) fn differences(annotator: &Annotator, expected: &Expected, item: &Item) -> Vec<&'static str> {
    let mut differs = match &item.what {
        What::Condition(condition) => return conditions::differences(annotator, expected, condition),
        What::Award(award) => return awards::differences(expected, award),
        What::Window(window) => return window_differences(expected, window),
        other => field_differences(expected, other),
    };
    let needs_place = matches!(
        item.what,
        What::Material { .. }
            | What::Department { .. }
            | What::ConditionText { .. }
            | What::Priority {}
            | What::MutualExclusion {}
    );
    if needs_place && expected.overlap(item.span) < SAME_PLACE {
        differs.push("place");
    }
    differs
}

fn field_differences(expected: &Expected, what: &What) -> Vec<&'static str> {
    let mut differs = Vec::new();
    let mut note = |name, differ: bool| {
        if differ {
            differs.push(name);
        }
    };
    // A field the label does not have is not asked for.
    let text = |name: &str, found: Option<&str>| expected.text(name).is_some_and(|wanted| Some(fold(wanted)) != found.map(fold));
    let number = |name: &str, found: Option<Decimal>| expected.number(name).is_some_and(|wanted| found != Some(wanted));
    match what {
        What::ConditionText { negated } => note("negated", expected.flag("negated") != *negated),
        What::Department { role, .. } => note("role", text("role", Some(role))),
        What::Contact { value, .. } => note("value", text("value", Some(value)) || text("phone", Some(value))),
        What::Entry { url, .. } => note("url", text("url", url.as_deref())),
        What::Validity { start, end, years, .. } => {
            note("start", date(expected, "start").is_some_and(|wanted| !wanted.is(*start)));
            note("end", date(expected, "end").is_some_and(|wanted| !wanted.is(*end)));
            note("years", number("years", years.map(Decimal::from)));
        }
        What::Reference { key, title, relation } => {
            note("key", text("key", key.as_deref()));
            note("title", text("title", title.as_deref()));
            note("relation", text("relation", Some(relation)));
        }
        What::StateChange { to, .. } => {
            note("to", expected.text("to").is_some_and(|wanted| !wanted.split('|').any(|one| one == to)));
        }
        What::Quota { value } => note("value", number("value", *value) || number("max", *value)),
        What::Batch { year, batch } => {
            note("year", number("year", Some(Decimal::from(*year))));
            note("batch", number("batch", batch.map(Decimal::from)));
        }
        What::Fee { amount } => note("amount", number("amount", Some(*amount))),
        What::Parameter { value, .. } => note("value", number("value_base", Some(*value))),
        _ => {}
    }
    differs
}

fn window_differences(expected: &Expected, window: &Window) -> Vec<&'static str> {
    let mut differs = Vec::new();
    let (start, end) = (date(expected, "start"), date(expected, "end"));
    let differ = |wanted: &Option<Day>, found: Option<Date>| match wanted {
        Some(wanted) => !wanted.is(found),
        None => found.is_some(),
    };
    if differ(&start, window.start) {
        differs.push("start");
    }
    if differ(&end, window.end) {
        differs.push("end");
    }
    if expected.text("role").unwrap_or("applicant") != window.role {
        differs.push("role");
    }
    // Where dates are said they tell all; a window without any is what its recurrence says.
    let recurrence = expected.text("recurrence").filter(|_| start.is_none() && end.is_none());
    if recurrence.is_some() && recurrence != window.recurrence.as_deref() {
        differs.push("recurrence");
    }
    differs
}

/// A day, or a month where the text says no day.
#[derive(Debug, Clone, Copy)]
enum Day {
    Exact(Date),
    Month(i16, i8),
    /// What is no date; no item answers it.
    Other,
}

impl Day {
    fn is(self, found: Option<Date>) -> bool {
        match (self, found) {
            (Self::Exact(wanted), Some(found)) => wanted == found,
            (Self::Month(year, month), Some(found)) => (found.year(), found.month()) == (year, month),
            _ => false,
        }
    }
}

fn date(expected: &Expected, name: &str) -> Option<Day> {
    let text = expected.text(name)?;
    if let Some(day) = text.get(..10).and_then(|text| text.parse().ok()) {
        return Some(Day::Exact(day));
    }
    let month = text.split_once('-').and_then(|(year, month)| Some(Day::Month(year.parse().ok()?, month.parse().ok()?)));
    Some(month.unwrap_or(Day::Other))
}

fn fold(text: &str) -> String {
    let kept = |character: &char| !character.is_whitespace() && !"《》-—".contains(*character);
    model::text::fold(text).to_lowercase().chars().filter(kept).collect()
}

/// A label in a few words.
pub(super) fn told(expected: &Expected) -> String {
    let names = [
        "indicator",
        "op",
        "value",
        "unit",
        "period",
        "agg",
        "negated",
        "mode",
        "amount_base",
        "value_to_base",
        "ratio",
        "cap_base",
        "tiers",
        "start",
        "end",
        "recurrence",
        "role",
        "key",
        "title",
        "relation",
        "name",
        "to",
    ];
    let values: Vec<String> = names
        .iter()
        .filter_map(|name| Some((name, expected.fields.get(*name)?)))
        .filter(|(_, value)| **value != serde_json::Value::Bool(false))
        .map(|(name, value)| match (*name, value) {
            ("negated", _) => "非".to_owned(),
            ("indicator" | "op" | "unit" | "mode" | "role", serde_json::Value::String(text)) => text.clone(),
            ("value" | "ratio" | "period", value) => value.to_string(),
            (name, value) => format!("{name}={value}"),
        })
        .collect();
    values.join(" ")
}

/// An item in a few words.
pub(super) fn shown(item: &Item) -> String {
    let What::Condition(condition) = &item.what else {
        let mut fields = serde_json::to_value(&item.what).unwrap_or_default();
        if let Some(members) = fields.as_object_mut() {
            members.remove("type");
        }
        return fields.to_string();
    };
    let value = condition.value_base.as_ref().unwrap_or(&condition.value);
    let value = serde_json::to_string(value).unwrap_or_default();
    let unit = condition.unit_base.as_deref().unwrap_or_default();
    let more: String = [condition.period.as_deref(), condition.agg.as_deref(), condition.negated.then_some("非")]
        .into_iter()
        .flatten()
        .flat_map(|word| [" ", word])
        .collect();
    format!("{} {} {value}{unit}{more}", condition.indicator, condition.op.sign())
}
