//! Profiles from a JSONL file: every row is answered, a bad one with its line and what is wrong with it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use model::{Channel, Decimal, Enterprise, Fact, Value};

use crate::open::PREFIX;
use crate::size::is_industry_code;

/// What is wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowError {
    /// The file as the user named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What is wrong and what was expected.
    pub message: String,
    /// Whether the row was kept all the same: a warning.
    pub kept: bool,
}

impl fmt::Display for RowError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.kept { "warning: " } else { "" };
        write!(formatter, "{}:{}: {kind}{}", self.file, self.line, self.message)
    }
}

impl std::error::Error for RowError {}

/// A profile is a few kilobytes; a longer line is no profile.
const LONGEST_ROW_BYTES: usize = 1 << 20;
/// No enterprise's books reach further back.
const FIRST_YEAR: i16 = 1900;

/// Reads profiles, one JSON object a line; blank lines are skipped. Dates are not compared with today: see
/// [`parse_enterprises_on`].
#[must_use]
pub fn parse_enterprises(file: &str, jsonl: &str) -> (Vec<Enterprise>, Vec<RowError>) {
    read(file, jsonl, None)
}

/// Reads profiles like [`parse_enterprises`], and refuses dates and years that lie after `today`.
#[must_use]
pub fn parse_enterprises_on(file: &str, jsonl: &str, today: Date) -> (Vec<Enterprise>, Vec<RowError>) {
    read(file, jsonl, Some(today))
}

fn read(file: &str, jsonl: &str, today: Option<Date>) -> (Vec<Enterprise>, Vec<RowError>) {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    let (mut enterprises, mut errors) = (Vec::new(), Vec::new());
    let text = jsonl.strip_prefix('\u{feff}').unwrap_or(jsonl);
    for (index, row) in text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty()) {
        let line = index + 1;
        let mut report = |message: String, kept: bool| errors.push(RowError { file: file.to_owned(), line, message, kept });
        let enterprise = match parse(row) {
            Ok(enterprise) => with_plain_labels(enterprise),
            Err(message) => {
                report(message, false);
                continue;
            }
        };
        if let Some(message) = mistake(&enterprise, today) {
            report(message, false);
            continue;
        }
        if let Some(first) = lines.get(enterprise.id.as_str()) {
            report(format!("id `{}` was given on line {first} already", enterprise.id), false);
            continue;
        }
        warnings(&enterprise).into_iter().for_each(|message| report(message, true));
        lines.insert(enterprise.id.as_str().to_owned(), line);
        enterprises.push(enterprise);
    }
    (enterprises, errors)
}

fn parse(row: &str) -> Result<Enterprise, String> {
    if row.len() > LONGEST_ROW_BYTES {
        return Err(format!("the row has {} bytes; expected at most {LONGEST_ROW_BYTES}", row.len()));
    }
    serde_json::from_str(row).map_err(|error| {
        // serde counts lines from the row, which is one line: only its column means anything.
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        format!("column {}: {message}", error.column())
    })
}

/// Labels of the open vocabulary without blanks, as annotation writes them: `free: 净利润` is `free:净利润`.
fn with_plain_labels(mut enterprise: Enterprise) -> Enterprise {
    let open: Vec<String> = enterprise.facts.keys().filter(|id| id.starts_with(PREFIX)).cloned().collect();
    for id in open {
        let plain: String = id.chars().filter(|character| !character.is_whitespace()).collect();
        if plain != id {
            let facts = enterprise.facts.remove(&id).unwrap_or_default();
            enterprise.facts.entry(plain).or_default().extend(facts);
        }
    }
    enterprise
}

/// The first thing because of which a row cannot be used.
fn mistake(enterprise: &Enterprise, today: Option<Date>) -> Option<String> {
    if enterprise.id.as_str().trim().is_empty() {
        return Some("`id` is empty".to_owned());
    }
    if enterprise.name.trim().is_empty() {
        return Some("`name` is empty".to_owned());
    }
    shape(enterprise).or_else(|| founding(enterprise, today)).or_else(|| {
        enterprise.facts.iter().find_map(|(indicator, facts)| {
            let nameless = indicator == PREFIX;
            nameless
                .then(|| format!("`{PREFIX}` lacks a label; expected e.g. `{PREFIX}净利润`"))
                .or_else(|| facts.iter().find_map(|fact| fact_mistake(indicator, fact, today)))
        })
    })
}

fn shape(enterprise: &Enterprise) -> Option<String> {
    if let Some(region) =
        enterprise.region.as_deref().filter(|code| code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Some(format!("region `{region}` is no six-digit code"));
    }
    if let Some(who) = enterprise.jurisdiction.as_deref().filter(|who| !matches!(*who, "local" | "xpcc")) {
        return Some(format!("jurisdiction `{who}` is unknown; expected `local` or `xpcc`"));
    }
    if let Some(code) = enterprise.industry.as_deref().filter(|code| !is_industry_code(code)) {
        return Some(format!(
            "industry `{code}` is no GB/T 4754 code; expected a section letter and up to four digits, e.g. `C3562`"
        ));
    }
    let unknown = enterprise.reach.channels.iter().find(|name| Channel::by_name(name).is_none())?;
    Some(format!("channel `{unknown}` is unknown; expected portal, sms, mail or webhook"))
}

fn founding(enterprise: &Enterprise, today: Option<Date>) -> Option<String> {
    let founded = enterprise.founded?;
    if founded.year() < FIRST_YEAR {
        return Some(format!("founded {founded} lies before {FIRST_YEAR}"));
    }
    today.filter(|today| founded > *today).map(|today| format!("founded {founded} lies after today, {today}"))
}

fn fact_mistake(indicator: &str, fact: &Fact, today: Option<Date>) -> Option<String> {
    if let Some(year) = fact.year {
        if year < FIRST_YEAR {
            return Some(format!("{indicator}: year {year} lies before {FIRST_YEAR}"));
        }
        if let Some(today) = today.filter(|today| year > today.year()) {
            return Some(format!("{indicator}: year {year} lies after today, {today}"));
        }
    }
    let Value::Number(number) = fact.value else { return None };
    (number < Decimal::ZERO && !may_be_negative(indicator)).then(|| format!("{indicator}: {number} is negative"))
}

/// Growth and returns have a sign, amounts and shares have none.
fn may_be_negative(indicator: &str) -> bool {
    ["growth", "cagr", "return", "profit", "free:"].iter().any(|word| indicator.contains(word))
}

fn warnings(enterprise: &Enterprise) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(code) = enterprise.uscc.as_deref().filter(|code| !model::enterprise::uscc_is_valid(code)) {
        warnings.push(format!("credit code `{code}` has a wrong check character or length"));
    }
    for (indicator, facts) in &enterprise.facts {
        let is_share = indicator.ends_with("ratio") || indicator.ends_with("share");
        let liabilities = indicator.contains("liability");
        for fact in facts {
            if let Value::Number(number) = fact.value
                && is_share
                && number > if liabilities { Decimal::TEN } else { Decimal::ONE }
            {
                warnings.push(format!("{indicator}: {number} is more than the whole; ratios are given as 0.03 for 3 %"));
            }
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[track_caller]
    fn check(jsonl: &str, kept: usize, expected: &[&str]) {
        let (enterprises, errors) = parse_enterprises_on("e.jsonl", jsonl, date(2026, 11, 20));
        assert_eq!(enterprises.len(), kept, "{errors:?}");
        let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), expected.len(), "{shown:#?}");
        for (shown, expected) in shown.iter().zip(expected) {
            assert!(shown.contains(expected), "{shown} lacks {expected}");
        }
    }

    #[test]
    fn every_row_is_answered_and_good_ones_are_kept() {
        check(
            "{\"id\":\"1\",\"name\":\"甲\"}\n\nnonsense\n{\"id\":\"1\",\"name\":\"乙\"}\n{\"id\":\"2\",\"name\":\"丙\",\"nam\":1}\n{\"id\":\"3\",\"name\":\"丁\"}",
            2,
            &[
                "e.jsonl:3: column 2: expected",
                "e.jsonl:4: id `1` was given on line 1",
                "e.jsonl:5: column 28: unknown field `nam`",
            ],
        );
    }

    #[test]
    fn values_that_cannot_be_are_refused_by_name() {
        let row = |rest: &str| format!("{{\"id\":\"1\",\"name\":\"甲\",{rest}}}");
        for (rest, expected) in [
            ("\"founded\":\"2027-01-01\"", "founded 2027-01-01 lies after today"),
            ("\"founded\":\"2024-02-30\"", "column"),
            ("\"region\":\"6501\"", "region `6501`"),
            ("\"jurisdiction\":\"兵团\"", "jurisdiction `兵团`"),
            ("\"industry\":\"3562\"", "industry `3562`"),
            ("\"reach\":{\"channels\":[\"fax\"]}", "channel `fax`"),
            ("\"facts\":{\"fin.revenue\":[{\"value\":-1,\"year\":2025}]}", "fin.revenue: -1 is negative"),
            ("\"facts\":{\"fin.revenue\":[{\"value\":1,\"year\":2027}]}", "year 2027 lies after"),
            ("\"facts\":{\"fin.revenue\":[{\"value\":1,\"yaer\":2025}]}", "unknown field `yaer`"),
        ] {
            check(&row(rest), 0, &[expected]);
        }
    }

    #[test]
    fn doubtful_values_are_kept_with_a_warning() {
        let row = "{\"id\":\"1\",\"name\":\"甲\",\"uscc\":\"91650100MA776C2D05\",\"facts\":{\"rd.expense_ratio\":[{\"value\":3,\"year\":2025}]}}";
        check(row, 1, &["warning: credit code", "warning: rd.expense_ratio: 3 is more than the whole"]);
        check("{\"id\":\"1\",\"name\":\"甲\",\"facts\":{\"fin.revenue_growth\":[{\"value\":-0.1,\"year\":2025}]}}", 1, &[]);
    }

    #[test]
    fn labels_of_the_open_vocabulary_are_kept_without_blanks() {
        let row = "{\"id\":\"1\",\"name\":\"甲\",\"facts\":{\"free: 净 利润\":[{\"value\":-1,\"year\":2025}],\"free:净利润\":[{\"value\":2,\"year\":2024}]}}";
        let (enterprises, errors) = parse_enterprises("e.jsonl", row);
        assert_eq!(errors, []);
        assert_eq!(enterprises[0].facts["free:净利润"].len(), 2);
        check("{\"id\":\"1\",\"name\":\"甲\",\"facts\":{\"free:\":[{\"value\":1}]}}", 0, &["`free:` lacks a label"]);
    }

    #[test]
    fn a_line_too_long_or_an_empty_file_does_no_harm() {
        check(&format!("{{\"id\":\"{}\"}}", "x".repeat(LONGEST_ROW_BYTES)), 0, &["bytes"]);
        check("\u{feff}", 0, &[]);
        check("{\"id\":\" \",\"name\":\"甲\"}", 0, &["`id` is empty"]);
    }
}
