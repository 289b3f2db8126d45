//! What is known of an enterprise: consenting, still valid facts of the right year, and ratios that follow from them.

use jiff::civil::Date;
use model::{Decimal, Enterprise, Fact, Value};

/// What a look into the facts gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found<T> {
    /// A value with the year it is of; none for standing facts.
    Known(Known<T>),
    /// Several facts of one year that contradict each other.
    Contradictory(String),
    /// A fact that cannot be read as what the condition needs.
    Unreadable(String),
    /// There is one, but the enterprise did not agree to its use.
    NotAllowed,
    /// There is one of another year only.
    OtherYear(i16, T),
    /// There is none.
    Missing,
}

/// A known value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known<T> {
    pub(crate) value: T,
    pub(crate) year: Option<i16>,
    /// How it was computed, for derived values.
    pub(crate) from: Option<&'static str>,
}

/// The facts of one enterprise on one day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) enterprise: &'a Enterprise,
    pub(crate) on: Date,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(enterprise: &'a Enterprise, on: Date) -> Self {
        Self { enterprise, on }
    }

    /// All facts of an indicator, allowed or not.
    pub(crate) fn all(self, indicator: &str) -> &'a [Fact] {
        self.enterprise.facts.get(indicator).map_or(&[], Vec::as_slice)
    }

    /// Facts that may be used: with consent and not run out.
    pub(crate) fn usable(self, indicator: &str) -> impl Iterator<Item = &'a Fact> {
        self.all(indicator).iter().filter(move |fact| fact.consent && fact.valid_until.is_none_or(|last| last >= self.on))
    }

    /// The fact of a year, else the standing one.
    fn find<T: PartialEq>(self, indicator: &str, year: Option<i16>, read: impl Fn(&Value) -> Option<T>) -> Found<T> {
        for wanted in [year, None] {
            let mut known: Option<(T, &Fact)> = None;
            for fact in self.usable(indicator).filter(|fact| fact.year == wanted) {
                let Some(value) = read(&fact.value) else { return Found::Unreadable(plain(&fact.value)) };
                match &known {
                    Some((earlier, first)) if *earlier != value => {
                        return Found::Contradictory(format!("{}与{}", sourced(first), sourced(fact)));
                    }
                    _ => known = Some((value, fact)),
                }
            }
            if let Some((value, fact)) = known {
                return Found::Known(Known { value, year: fact.year, from: None });
            }
            if year.is_none() {
                break;
            }
        }
        self.why_missing(indicator, year, read)
    }

    fn why_missing<T>(self, indicator: &str, year: Option<i16>, read: impl Fn(&Value) -> Option<T>) -> Found<T> {
        if self.all(indicator).iter().any(|fact| !fact.consent && (fact.year == year || fact.year.is_none())) {
            return Found::NotAllowed;
        }
        let latest =
            self.usable(indicator).filter_map(|fact| Some((fact.year?, read(&fact.value)?))).max_by_key(|(year, _)| *year);
        latest.map_or(Found::Missing, |(year, value)| Found::OtherYear(year, value))
    }

    /// A number of one year, computed from other numbers of that year where it is not given itself.
    pub(crate) fn number(self, indicator: &str, year: Option<i16>) -> Found<Decimal> {
        let given = self.find(indicator, year, number_of);
        match given {
            Found::Missing | Found::OtherYear(..) => {
                let derived = year.and_then(|year| self.derived(indicator, year));
                derived.map_or(given, |(value, from)| Found::Known(Known { value, year, from: Some(from) }))
            }
            found => found,
        }
    }

    /// A truth value of one year.
    pub(crate) fn truth(self, indicator: &str, year: Option<i16>) -> Found<bool> {
        self.find(indicator, year, bool_of)
    }

    /// A word of one year.
    pub(crate) fn word(self, indicator: &str, year: Option<i16>) -> Found<String> {
        self.find(indicator, year, |value| Some(plain(value)))
    }

    /// A number given for exactly this year: the only kind another number may be computed from.
    fn exact(self, indicator: &str, year: i16) -> Option<Decimal> {
        match self.find(indicator, Some(year), number_of) {
            Found::Known(known) if known.year == Some(year) => Some(known.value),
            _ => None,
        }
    }

    fn derived(self, indicator: &str, year: i16) -> Option<(Decimal, &'static str)> {
        let ratio = |part: &str, whole: &str| {
            let whole = self.exact(whole, year).filter(|whole| *whole > Decimal::ZERO)?;
            self.exact(part, year)?.checked_div(whole)
        };
        let mut shares = SHARES.iter().filter(|(id, ..)| *id == indicator);
        if let Some(found) = shares.find_map(|(_, part, whole, from)| Some((ratio(part, whole)?, *from))) {
            return Some(found);
        }
        match indicator {
            "fin.revenue_growth" => Some((self.growth("fin.revenue", year)?, "比上年营业收入")),
            "rd.expense_growth" | "free:研发费用增长率" => Some((self.growth("rd.expense", year)?, "比上年研发费用")),
            "fin.main_revenue_growth" => Some((self.growth("fin.main_revenue", year)?, "比上年主营业务收入")),
            "fin.main_revenue_growth_avg2y" => {
                let both = self.growth("fin.main_revenue", year)?.checked_add(self.growth("fin.main_revenue", year - 1)?)?;
                Some((both.checked_div(Decimal::TWO)?, "两年增长率的平均"))
            }
            "fin.revenue_cagr_2y" => {
                let before = self.exact("fin.revenue", year - 2).filter(|before| *before > Decimal::ZERO)?;
                let times = self.exact("fin.revenue", year)?.checked_div(before)?;
                Some((square_root(times)?.checked_sub(Decimal::ONE)?, "两年复合增长"))
            }
            _ => None,
        }
    }

    /// A share over several years together: what the parts come to of what the wholes come to.
    pub(crate) fn share_of_sums(self, indicator: &str, years: &[i16]) -> Option<Decimal> {
        let sum =
            |indicator: &str| years.iter().try_fold(Decimal::ZERO, |sum, year| sum.checked_add(self.exact(indicator, *year)?));
        SHARES.iter().filter(|(id, ..)| *id == indicator).find_map(|(_, part, whole, _)| {
            let whole = sum(whole).filter(|whole| *whole > Decimal::ZERO)?;
            sum(part)?.checked_div(whole)
        })
    }

    /// Growth over the year before, from the facts of both years.
    pub(crate) fn growth(self, indicator: &str, year: i16) -> Option<Decimal> {
        let before = self.exact(indicator, year - 1).filter(|before| *before > Decimal::ZERO)?;
        self.exact(indicator, year)?.checked_sub(before)?.checked_div(before)
    }
}

/// Shares that follow from two amounts of one year, and how that is told.
const SHARES: [(&str, &str, &str, &str); 9] = [
    ("fin.main_revenue_ratio", "fin.main_revenue", "fin.revenue", "主营业务收入÷营业收入"),
    ("free:净利润率", "fin.net_profit", "fin.revenue", "净利润÷营业收入"),
    ("free:净利润率", "free:净利润", "fin.revenue", "净利润÷营业收入"),
    ("rd.expense_ratio", "rd.expense", "fin.revenue", "研发费用÷营业收入"),
    ("rd.expense_ratio_sales", "rd.expense", "fin.sales_revenue", "研发费用÷销售收入"),
    ("rd.ratio", "rd.expense", "fin.revenue", "研发费用÷营业收入"),
    ("staff.rd_ratio", "staff.rd", "staff.total", "研发人员÷从业人员"),
    ("staff.tech_ratio", "free:科技人员", "staff.total", "科技人员÷从业人员"),
    ("staff.tech_ratio", "staff.tech", "staff.total", "科技人员÷从业人员"),
];

/// Newton's method to twelve places: enough for a growth rate, and exact for the squares people test with.
fn square_root(value: Decimal) -> Option<Decimal> {
    if value.is_sign_negative() {
        return None;
    }
    let mut root = value.max(Decimal::ONE);
    for _ in 0..128 {
        if root.is_zero() {
            break;
        }
        let next = root.checked_add(value.checked_div(root)?)?.checked_div(Decimal::TWO)?;
        if next == root {
            break;
        }
        root = next;
    }
    Some(root.round_dp(12))
}

fn number_of(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => model::decimal::parse(text),
        _ => None,
    }
}

fn bool_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Text(text) => match text.trim() {
            "是" | "有" | "true" => Some(true),
            "否" | "无" | "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A value as a person writes it.
pub(crate) fn plain(value: &Value) -> String {
    let text = match value {
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::Number(number) => number.normalize().to_string(),
        Value::Text(text) => text.trim().to_owned(),
        Value::Range(low, high) => format!("{}—{}", low.0.normalize(), high.0.normalize()),
        Value::Steps(steps) => steps.iter().map(|step| step.0.normalize().to_string()).collect::<Vec<_>>().join("、"),
        Value::List(words) => words.join("、"),
    };
    // A profile is somebody else's input: what it puts into a sentence is bounded.
    if text.chars().count() > 100 { text.chars().take(99).chain(['…']).collect() } else { text }
}

fn sourced(fact: &Fact) -> String {
    if fact.source.is_empty() { plain(&fact.value) } else { format!("{}（{}）", plain(&fact.value), fact.source) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{enterprise, fact};
    use jiff::civil::date;

    #[track_caller]
    fn check(facts: &[(&str, Fact)], indicator: &str, year: Option<i16>, expected: &str) {
        let enterprise = enterprise(facts);
        let found = match Facts::new(&enterprise, date(2026, 11, 20)).number(indicator, year) {
            Found::Known(known) => format!("{} {:?} {}", known.value.normalize(), known.year, known.from.unwrap_or("")),
            Found::Contradictory(_) => "contradictory".to_owned(),
            Found::Unreadable(_) => "unreadable".to_owned(),
            Found::NotAllowed => "not allowed".to_owned(),
            Found::OtherYear(year, _) => format!("other year {year}"),
            Found::Missing => "missing".to_owned(),
        };
        assert_eq!(found.trim(), expected);
    }

    #[test]
    fn only_facts_of_the_year_count_and_standing_ones_for_any_year() {
        check(&[("a", fact(3, Some(2025)))], "a", Some(2025), "3 Some(2025)");
        check(&[("a", fact(3, Some(2023)))], "a", Some(2025), "other year 2023");
        check(&[("a", fact(3, None)), ("a", fact(4, Some(2025)))], "a", Some(2025), "4 Some(2025)");
        check(&[("a", fact(3, None))], "a", Some(2025), "3 None");
        check(&[], "a", Some(2025), "missing");
    }

    #[test]
    fn facts_without_consent_or_run_out_do_not_count() {
        let silent = Fact { consent: false, ..fact(3, Some(2025)) };
        check(&[("a", silent)], "a", Some(2025), "not allowed");
        let expired = Fact { valid_until: Some(date(2026, 11, 19)), ..fact(3, Some(2025)) };
        check(&[("a", expired)], "a", Some(2025), "missing");
        let last_day = Fact { valid_until: Some(date(2026, 11, 20)), ..fact(3, Some(2025)) };
        check(&[("a", last_day)], "a", Some(2025), "3 Some(2025)");
    }

    #[test]
    fn facts_that_contradict_each_other_decide_nothing() {
        check(&[("a", fact(3, Some(2025))), ("a", fact(4, Some(2025)))], "a", Some(2025), "contradictory");
        check(&[("a", fact(3, Some(2025))), ("a", fact(3, Some(2025)))], "a", Some(2025), "3 Some(2025)");
    }

    #[test]
    fn ratios_follow_from_numbers_of_the_same_year_only() {
        let both = [("rd.expense", fact(30, Some(2025))), ("fin.revenue", fact(1000, Some(2025)))];
        check(&both, "rd.expense_ratio", Some(2025), "0.03 Some(2025) 研发费用÷营业收入");
        let apart = [("rd.expense", fact(30, Some(2024))), ("fin.revenue", fact(1000, Some(2025)))];
        check(&apart, "rd.expense_ratio", Some(2025), "missing");
        let standing = [("rd.expense", fact(30, None)), ("fin.revenue", fact(1000, None))];
        check(&standing, "rd.expense_ratio", Some(2025), "missing");
        let nothing = [("rd.expense", fact(30, Some(2025))), ("fin.revenue", fact(0, Some(2025)))];
        check(&nothing, "rd.expense_ratio", Some(2025), "missing");
    }

    #[test]
    fn growth_follows_from_two_years() {
        let years = [("fin.revenue", fact(1100, Some(2025))), ("fin.revenue", fact(1000, Some(2024)))];
        check(&years, "fin.revenue_growth", Some(2025), "0.1 Some(2025) 比上年营业收入");
        check(&years, "fin.revenue_growth", Some(2024), "missing");
        let three = [("fin.revenue", fact(11025, Some(2025))), ("fin.revenue", fact(10000, Some(2023)))];
        check(&three, "fin.revenue_cagr_2y", Some(2025), "0.05 Some(2025) 两年复合增长");
    }

    #[test]
    fn numbers_at_the_edge_of_what_fits_do_not_panic() {
        let mut huge = fact(1, Some(2025));
        huge.value = Value::Number(Decimal::MAX);
        let mut tiny = fact(1, Some(2024));
        tiny.value = Value::Number(Decimal::new(1, 28));
        check(&[("fin.revenue", huge), ("fin.revenue", tiny)], "fin.revenue_growth", Some(2025), "missing");
    }
}
