//! What the index keeps of a record, whatever engine keeps it.

use jiff::civil::Date;
use model::number::find_numbers;
use model::{PolicyId, Record};

use crate::window::Span;
use crate::{analysis, facet, window};

/// One policy, ready to be indexed.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: PolicyId,
    /// As shown.
    pub(crate) title: String,
    pub(crate) number: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) state: &'static str,
    pub(crate) body: String,
    pub(crate) date: Option<Date>,
    /// The normal forms the terms are made of. The text is the title and, on lines of their own, the body.
    pub(crate) normal_title: String,
    pub(crate) normal_text: String,
    pub(crate) normal_issuers: Vec<String>,
    /// Keys.
    pub(crate) numbers: Vec<String>,
    pub(crate) cited_numbers: Vec<String>,
    pub(crate) facets: facet::Values,
    pub(crate) windows: Vec<Span>,
    /// How high its agency stands: 1 the country to 4 a county, 0 where unknown.
    pub(crate) level: u64,
}

impl Entry {
    /// What is kept of a record.
    pub(crate) fn new(record: &Record) -> Self {
        let document = &record.document;
        let title = if record.policy.title.is_empty() { &document.title } else { &record.policy.title };
        let normal_title = analysis::normal(title);
        let normal_body = analysis::normal(&document.text);
        let (numbers, cited_numbers) = numbers_of(record, &normal_body);
        let facets = facet::values_of(record);
        Self {
            id: record.policy.id.clone(),
            title: title.clone(),
            number: document.numbers.first().map(ToString::to_string),
            issuer: document.issuers.first().cloned(),
            state: facet::state_of(record).name(),
            body: document.text.clone(),
            date: record.date(),
            normal_text: format!("{normal_title}\n{normal_body}"),
            normal_title,
            normal_issuers: document.issuers.iter().map(|issuer| analysis::normal(issuer)).collect(),
            numbers,
            cited_numbers,
            level: facets.level,
            facets,
            windows: window::spans_of(record),
        }
    }
}

fn numbers_of(record: &Record, body: &str) -> (Vec<String>, Vec<String>) {
    let own: Vec<String> = record.document.numbers.iter().map(|number| number_key(&number.key())).collect();
    let mut cited: Vec<String> = find_numbers(body).iter().map(|(number, _)| number_key(&number.key())).collect();
    cited.sort();
    cited.dedup();
    cited.retain(|key| !own.contains(key));
    (own, cited)
}

/// The form in which keys of numbers are compared.
pub(crate) fn number_key(key: &str) -> String {
    key.trim().to_ascii_lowercase()
}

/// Days since 1970, the number a date is stored as.
pub(crate) fn days(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

/// The date of such a number.
pub(crate) fn date_of(days: i64) -> Option<Date> {
    EPOCH.checked_add(jiff::SignedDuration::from_hours(days.checked_mul(24)?)).ok()
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_date_survives_being_stored_as_days() {
        for day in [date(1949, 10, 1), date(1969, 12, 31), EPOCH, date(2026, 2, 28), date(2099, 12, 31)] {
            assert_eq!(date_of(days(day)), Some(day));
        }
        assert_eq!(days(date(1969, 12, 31)), -1);
        assert_eq!(date_of(i64::MAX), None);
    }
}
