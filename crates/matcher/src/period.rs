//! The years a condition is about, and how several years are taken together.

use jiff::civil::Date;
use model::{Condition, Indicator};

/// Which facts count for a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Period {
    /// Facts of these years, newest first.
    Years(Vec<i16>),
    /// The state of things: this year's fact, else last year's.
    Current(i16),
    /// A span that yearly facts cannot answer (a quarter, twelve months); only standing facts count.
    Other(String),
}

/// How several years are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aggregate {
    /// Every year for itself.
    Each,
    /// All years added.
    Sum,
    /// Their mean.
    Mean,
    /// One of them is enough.
    AnyOf,
    /// The text does not say, or says it in two ways.
    Unclear,
}

/// More years than any policy asks for; a limit on what a broken condition can cost.
const MOST_YEARS: i16 = 10;

impl Period {
    /// The period of a condition on a day, and how its years are taken together.
    pub(crate) fn of(condition: &Condition, indicator: &Indicator, on: Date) -> (Self, Aggregate) {
        let written = condition.period.as_deref().or(indicator.default_period.as_deref()).map(str::trim);
        let (period, implied) = match written {
            None | Some("") => (unwritten(indicator, on), None),
            Some(text) => read(text, on),
        };
        let period = if spans_years(&indicator.id) { period.newest() } else { period };
        let aggregate = match condition.agg.as_deref().map(str::trim) {
            Some("each") => Aggregate::Each,
            Some("sum") => Aggregate::Sum,
            Some("mean" | "average" | "avg") => Aggregate::Mean,
            Some("any") => Aggregate::AnyOf,
            Some(_) => Aggregate::Unclear,
            None => implied.unwrap_or(Aggregate::Unclear),
        };
        (period, aggregate)
    }

    /// Its last year alone.
    fn newest(self) -> Self {
        match self {
            Self::Years(years) => Self::Years(years.into_iter().take(1).collect()),
            period => period,
        }
    }

    /// The words for the period, as a question to the enterprise uses them.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Years(years) => match (years.iter().min(), years.iter().max()) {
                (Some(first), Some(last)) if first != last => format!("{first}—{last}年"),
                (Some(only), _) => format!("{only}年"),
                _ => String::new(),
            },
            Self::Current(year) => format!("{year}年"),
            Self::Other(text) => text.clone(),
        }
    }
}

/// Whether a yearly figure of the indicator is itself over several years, as the mean growth of two years is.
fn spans_years(id: &str) -> bool {
    id.ends_with("2y")
}

/// Money and ratios are of a closed year; counts and the rest are as things stand.
fn unwritten(indicator: &Indicator, on: Date) -> Period {
    match indicator.unit_family.as_deref() {
        Some("money" | "money_fx" | "percent") => Period::Years(vec![on.year() - 1]),
        _ => Period::Current(on.year()),
    }
}

fn read(text: &str, on: Date) -> (Period, Option<Aggregate>) {
    let (rest, implied) = match text {
        _ if text.starts_with("each_of_") => (&text["each_of_".len()..], Some(Aggregate::Each)),
        _ if text.starts_with("sum_of_") => (&text["sum_of_".len()..], Some(Aggregate::Sum)),
        _ if text.starts_with("mean_of_") => (&text["mean_of_".len()..], Some(Aggregate::Mean)),
        _ => (text, None),
    };
    let period = match rest {
        "last_year" | "year" => Period::Years(vec![on.year() - 1]),
        "current_year" | "this_year" => Period::Years(vec![on.year()]),
        "as_of_application" | "application" | "current" => Period::Current(on.year()),
        _ => last_years(rest, on).or_else(|| written_years(rest)).unwrap_or_else(|| Period::Other(words_for(rest))),
    };
    (period, implied)
}

/// `last_3_years`.
fn last_years(text: &str, on: Date) -> Option<Period> {
    let count: i16 = text.strip_prefix("last_")?.strip_suffix("_years")?.parse().ok()?;
    (1..=MOST_YEARS).contains(&count).then(|| Period::Years((1..=count).map(|back| on.year() - back).collect()))
}

/// `2025`, `2023-2025` or `2024,2025`.
fn written_years(text: &str) -> Option<Period> {
    let year = |text: &str| text.trim().parse::<i16>().ok().filter(|year| (1949..=2099).contains(year));
    let mut years: Vec<i16> = match text.split_once(['-', '—', '~']) {
        Some((first, last)) => (year(first)?..=year(last)?).collect(),
        None => text.split([',', '、']).map(year).collect::<Option<_>>()?,
    };
    years.sort_unstable_by(|one, other| other.cmp(one));
    years.dedup();
    (!years.is_empty() && years.len() <= usize::from(MOST_YEARS.unsigned_abs())).then_some(Period::Years(years))
}

fn words_for(text: &str) -> String {
    let months = text.strip_prefix("last_").and_then(|rest| rest.strip_suffix("_months"));
    match (months, text) {
        (Some(count), _) if count.len() <= 3 => format!("近{count}个月"),
        (_, "application_period") => "申报期内".to_owned(),
        (_, "any_year") => "任一年度".to_owned(),
        (_, "year_of_entry") => "入库当年".to_owned(),
        (_, "Q1" | "Q2" | "Q3" | "Q4") => format!("第{}季度", &text[1..]),
        (_, "Q1_yoy" | "Q2_yoy" | "Q3_yoy" | "Q4_yoy") => format!("第{}季度同比", &text[1..2]),
        _ => text.chars().take(20).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{condition, indicator};
    use jiff::civil::date;

    #[track_caller]
    fn check(family: &str, period: Option<&str>, agg: Option<&str>, expected: &str) {
        let mut condition = condition("x", model::Op::AtLeast, 1);
        condition.period = period.map(str::to_owned);
        condition.agg = agg.map(str::to_owned);
        let (period, aggregate) = Period::of(&condition, &indicator("x", family, "num"), date(2026, 11, 20));
        assert_eq!(format!("{period:?} {aggregate:?}"), expected);
    }

    #[test]
    fn every_period_notices_use_is_read() {
        check("money", Some("last_year"), None, "Years([2025]) Unclear");
        check("money", Some("last_3_years"), Some("sum"), "Years([2025, 2024, 2023]) Sum");
        check("money", Some("each_of_last_2_years"), None, "Years([2025, 2024]) Each");
        check("money", Some("2014"), None, "Years([2014]) Unclear");
        check("money", Some("2023-2025"), Some("mean"), "Years([2025, 2024, 2023]) Mean");
        check("count", Some("last_12_months"), None, "Other(\"近12个月\") Unclear");
        check("money", Some("2025Q1"), None, "Other(\"2025Q1\") Unclear");
        check("money", Some("current_year"), None, "Years([2026]) Unclear");
    }

    #[test]
    fn without_a_period_money_is_of_last_year_and_counts_are_as_they_stand() {
        check("money", None, None, "Years([2025]) Unclear");
        check("percent", None, None, "Years([2025]) Unclear");
        check("count", None, None, "Current(2026) Unclear");
    }

    #[test]
    fn a_broken_period_costs_nothing() {
        check("money", Some("last_32000_years"), None, "Other(\"last_32000_years\") Unclear");
        check("money", Some("1949-2099"), None, "Other(\"1949-2099\") Unclear");
        check("money", Some("2025-2023"), None, "Other(\"2025-2023\") Unclear");
        check("money", Some("Q"), None, "Other(\"Q\") Unclear");
    }
}
