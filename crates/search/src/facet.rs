//! Filters and facets: every value a policy can be chosen by is one term `name=value` of one field.
//!
//! Region terms are the significant digits of the code and their prefixes, so a filter on a province is one term that
//! every place inside it carries.

use model::region::significant;
use model::{LifeCycle, Record, Regions};

use crate::error::QueryError;

/// Facets counted over all matching policies.
pub const FACETS: [&str; 14] = [
    "desk",
    "industry",
    "issuer",
    "kind",
    "level",
    "mode",
    "recipient",
    "region",
    "size",
    "state",
    "theme",
    "tool",
    "triage",
    "window",
];
/// Names by which [`model::Query::filters`] can choose; `title` and `number` look into the text of those fields.
pub const FILTERS: [&str; 17] = [
    "desk",
    "industry",
    "issuer",
    "kind",
    "level",
    "mode",
    "number",
    "recipient",
    "region",
    "size",
    "source",
    "state",
    "theme",
    "title",
    "tool",
    "triage",
    "window",
];
/// Stable names of the levels of government, the highest first.
pub const LEVELS: [&str; 4] = ["country", "province", "city", "county"];
/// Values shown of a facet that has one for every agency in the country.
pub(crate) const MOST_ISSUERS: usize = 20;
/// Kinds of tags that become filters.
const TAG_KINDS: [&str; 8] = ["industry", "kind", "mode", "recipient", "size", "theme", "tool", "triage"];
/// A longer value is a sentence that was taken for a name.
const LONGEST_VALUE_CHARACTERS: usize = 100;

/// The facet term of a value.
pub(crate) fn term(name: &str, value: &str) -> String {
    let value: String = value.trim().chars().take(LONGEST_VALUE_CHARACTERS).collect();
    format!("{name}={value}")
}

/// The term a region filter looks for; `None` for the whole country, within which everything lies.
pub(crate) fn region_term(code: &str) -> Option<String> {
    let digits = significant(code);
    (!digits.is_empty()).then(|| term("region", digits))
}

/// The facet name and value a term is shown as; `None` where it is not counted.
pub(crate) fn shown(term: &str) -> Option<(&'static str, String)> {
    let (name, value) = term.split_once('=')?;
    let name = FACETS.iter().find(|known| **known == name)?;
    let value = if *name == "region" { format!("{value:0<6}") } else { value.to_owned() };
    Some((name, value))
}

/// Whether a value of a facet whose values form a tree is shown: those at the top, what was chosen, and what lies one
/// step below it.
pub(crate) fn is_shown(name: &str, value: &str, chosen: &[String]) -> bool {
    match name {
        "region" => {
            let digits = significant(value);
            let above = &digits[..digits.len().saturating_sub(2)];
            digits.len() <= 2 || chosen.iter().any(|chosen| chosen == value || significant(chosen) == above)
        }
        // Sections (one letter), divisions (two more digits), then classes.
        "industry" => {
            let above = value.get(..if value.len() <= 3 { 1 } else { value.len() - 1 }).unwrap_or_default();
            value.len() <= 1 || chosen.iter().any(|chosen| chosen == value || chosen == above)
        }
        _ => true,
    }
}

/// What one record can be chosen by.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// Facet terms.
    pub(crate) terms: Vec<String>,
    /// The same by the labels users see, as `name=label`.
    pub(crate) labels: Vec<String>,
    /// How high its agency stands: 1 the country to 4 a county, 0 where unknown.
    pub(crate) level: u64,
}

/// All terms of a record. What an editor set replaces what was found of the same kind.
pub(crate) fn values_of(record: &Record) -> Values {
    let mut values = Values::default();
    let decision = record.decision.as_ref();
    let state = state_of(record);
    values.terms.push(term("state", state.name()));
    let desk = serde_json::to_value(decision.map(|decision| decision.desk).unwrap_or_default());
    values.terms.extend(desk.ok().as_ref().and_then(serde_json::Value::as_str).map(|desk| term("desk", desk)));
    values.terms.extend(record.document.issuers.iter().map(|issuer| term("issuer", issuer)));
    values.terms.extend(record.policy.copies.iter().map(|copy| term("source", copy.source.as_str())));
    for kind in TAG_KINDS {
        add_tags(record, kind, &mut values);
    }
    add_regions(record, &mut values);
    for list in [&mut values.terms, &mut values.labels] {
        list.retain(|term| !term.ends_with('='));
        list.sort();
        list.dedup();
    }
    values
}

/// The life-cycle state that counts: the editor's, else the found one.
pub(crate) fn state_of(record: &Record) -> LifeCycle {
    record.decision.as_ref().and_then(|decision| decision.state).unwrap_or(record.policy.state)
}

fn set_by_hand<'a>(record: &'a Record, kind: &'a str) -> impl Iterator<Item = &'a str> {
    let tags = record.decision.iter().flat_map(|decision| &decision.tags);
    tags.filter_map(move |tag| tag.split_once(':').filter(|(name, _)| *name == kind).map(|(_, value)| value))
}

fn add_tags(record: &Record, kind: &str, values: &mut Values) {
    let mut by_hand = set_by_hand(record, kind).peekable();
    if by_hand.peek().is_some() {
        values.terms.extend(by_hand.map(|value| term(kind, value)));
        return;
    }
    for tag in record.annotation.tags_of(kind) {
        values.terms.push(term(kind, &tag.value));
        if kind == "industry" {
            // What is for a class of GB/T 4754 is for its division and section too.
            values.terms.extend([1, 3].into_iter().filter_map(|length| tag.value.get(..length)).map(|above| term(kind, above)));
        }
        values.labels.push(term(kind, &tag.label));
    }
}

fn add_regions(record: &Record, values: &mut Values) {
    let mut codes: Vec<&str> = set_by_hand(record, "region").collect();
    if codes.is_empty() && !record.policy.region.is_empty() {
        codes.push(&record.policy.region);
    }
    if codes.is_empty() {
        codes.extend(record.annotation.tags_of("region").map(|tag| tag.value.as_str()));
    }
    codes.retain(|code| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()));
    for (at, code) in codes.into_iter().enumerate() {
        let digits = significant(code);
        if digits.is_empty() {
            values.terms.push(term("region", "00"));
        }
        values.terms.extend([2, 4, 6].into_iter().filter_map(|length| digits.get(..length)).map(|prefix| term("region", prefix)));
        let level = digits.len() / 2;
        // Its first place is the one it is of.
        if at == 0
            && let Some(name) = LEVELS.get(level)
        {
            values.level = level as u64 + 1;
            values.terms.push(term("level", name));
        }
    }
}

/// The stable name of a state given by name or label.
pub(crate) fn state_name(value: &str) -> Result<&'static str, QueryError> {
    let known = LifeCycle::ALL.iter().find(|state| state.name() == value || state.label() == value);
    known.map(|state| state.name()).ok_or_else(|| QueryError::UnknownState {
        name: value.to_owned(),
        known: LifeCycle::ALL.map(LifeCycle::label).join("、"),
    })
}

/// Codes of the places a filter value names: a code as it is, a name as the tree of places has it.
pub(crate) fn region_codes(value: &str, regions: &Regions) -> Vec<String> {
    if value.len() == 6 && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return vec![value.to_owned()];
    }
    if value == "全国" || value == "国家" {
        return vec![model::region::COUNTRY.to_owned()];
    }
    regions.by_name(value).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::policy::{Decision, Desk};
    use model::{Policy, Tag};

    fn tag(kind: &str, value: &str, label: &str) -> Tag {
        serde_json::from_value(serde_json::json!({
            "kind": kind, "value": value, "label": label, "confidence": 1.0, "in": "text", "quote": "", "span": [0, 0], "rule": ""
        }))
        .unwrap()
    }

    #[track_caller]
    fn check_region(code: &str, expected: &str) {
        let record = Record { policy: Policy { region: code.into(), ..Policy::default() }, ..Record::default() };
        let terms = values_of(&record).terms;
        let regions: Vec<&str> = terms.iter().filter_map(|term| term.strip_prefix("region=")).collect();
        assert_eq!(regions.join(" "), expected);
    }

    #[test]
    fn a_place_carries_the_terms_of_all_places_around_it() {
        check_region("650102", "65 6501 650102");
        check_region("650100", "65 6501");
        check_region("650000", "65");
        check_region("000000", "00");
        check_region("", "");
        check_region("新疆", "");
        check_region("65", "");
    }

    #[test]
    fn a_place_is_of_a_level() {
        for (code, level) in [("000000", "country"), ("650000", "province"), ("650100", "city"), ("650102", "county")] {
            let record = Record { policy: Policy { region: code.into(), ..Policy::default() }, ..Record::default() };
            let values = values_of(&record);
            assert!(values.terms.contains(&term("level", level)), "{code}: {:?}", values.terms);
            assert_eq!(LEVELS[values.level as usize - 1], level);
        }
    }

    #[test]
    fn trees_show_their_top_and_what_lies_below_the_chosen() {
        assert_eq!(shown("region=65"), Some(("region", "650000".to_owned())));
        assert_eq!(shown("region=6501"), Some(("region", "650100".to_owned())));
        assert_eq!(shown("region=00"), Some(("region", "000000".to_owned())));
        assert_eq!(shown("source=x"), None);
        assert_eq!(shown("issuer=甲=乙"), Some(("issuer", "甲=乙".to_owned())));
        let check = |name: &str, value: &str, chosen: &str, expected: bool| {
            assert_eq!(is_shown(name, value, &[chosen.to_owned()]), expected, "{name} {value} below {chosen}");
        };
        check("region", "650000", "110000", true);
        check("region", "650100", "110000", false);
        check("region", "650100", "650000", true);
        check("region", "650102", "650000", false);
        check("region", "650102", "650100", true);
        check("region", "650102", "650102", true);
        check("industry", "C", "", true);
        check("industry", "C26", "", false);
        check("industry", "C26", "C", true);
        check("industry", "C261", "C26", true);
        check("industry", "C2611", "C26", false);
        check("theme", "tax", "", true);
    }

    #[test]
    fn what_an_editor_set_replaces_what_was_found() {
        let mut record = Record::default();
        record.annotation.tags = vec![tag("theme", "tax", "税费"), tag("tool", "grant", "补助")];
        record.decision = Some(Decision {
            desk: Desk::Published,
            editor: "甲".into(),
            reason: String::new(),
            tags: vec!["theme:talent".into()],
            state: Some(LifeCycle::Repealed),
            state_since: None,
            at: jiff::Timestamp::UNIX_EPOCH,
        });
        let values = values_of(&record);
        assert_eq!(values.terms, ["desk=published", "state=repealed", "theme=talent", "tool=grant"]);
        assert_eq!(values.labels, ["tool=补助"]);
    }
}
