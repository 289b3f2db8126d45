//! 成立年限: by the calendar, from the date of registration.

use jiff::ToSpan;
use jiff::civil::Date;
use model::{Condition, Decimal, Op, Truth, Value};

use crate::judgement::Judgement;

/// An enterprise that reaches the age within this many months hears of it.
const NEAR_MONTHS: i32 = 6;

/// The day on which an enterprise founded on `founded` reaches an age.
fn reaches(founded: Date, value: Decimal, unit: &str) -> Option<Date> {
    let whole = |value: Decimal| i32::try_from(value.ceil()).ok().filter(|count| (0..=40_000).contains(count));
    match unit {
        "月" | "个月" => founded.checked_add(whole(value)?.months()).ok(),
        "日" | "天" | "日历天" | "个日历天" => founded.checked_add(whole(value)?.days()).ok(),
        // Months are as fine as notices go: 1.5 years are 18 months.
        _ => founded.checked_add(whole(value.checked_mul(Decimal::from(12))?)?.months()).ok(),
    }
}

fn limits(condition: &Condition) -> Option<(Decimal, Option<Decimal>)> {
    let number = |value: &Value| match value {
        Value::Number(number) => Some((*number, None)),
        Value::Range(low, high) => Some((low.0, Some(high.0))),
        Value::Text(text) => model::decimal::parse(text).map(|number| (number, None)),
        Value::Bool(_) | Value::Steps(_) | Value::List(_) => None,
    };
    condition.value_base.as_ref().and_then(number).or_else(|| number(&condition.value))
}

/// Judges `成立满2年` and the like. `fallback` is the unit meant where none is written.
pub(crate) fn judge(condition: &Condition, founded: Option<Date>, negated: bool, on: Date, fallback: &str) -> Judgement {
    let Some(founded) = founded else { return Judgement::unknown("请补充成立日期") };
    let unit = condition.unit_base.as_deref().or(condition.unit.as_deref()).unwrap_or(fallback);
    let days = limits(condition).and_then(|(low, high)| {
        let high = match high {
            Some(high) => Some(reaches(founded, high, unit)?),
            None => None,
        };
        Some((reaches(founded, low, unit)?, high))
    });
    let Some((low, high)) = days else { return Judgement::review("年限需人工核对") };
    let met = match (condition.op, high) {
        (Op::AtLeast, None) => on >= low,
        (Op::More, None) => on > low,
        (Op::AtMost, None) => on <= low,
        (Op::Less, None) => on < low,
        (Op::Range, Some(high)) => {
            let (with_low, with_high) = crate::quantity::ends(condition.bounds.as_deref());
            (on > low || (with_low && on == low)) && (on < high || (with_high && on == high))
        }
        _ => return Judgement::review("比较方式需人工判断"),
    };
    let wants_older = matches!((condition.op, negated), (Op::AtLeast | Op::More, false) | (Op::AtMost | Op::Less, true));
    let judgement = Judgement::met_if(met).inverted_if(negated).has(shown(founded, on));
    // Time only brings enterprises nearer to a least age; a greatest age once passed is passed.
    if judgement.truth == Truth::NotMet && wants_older {
        let near = on.checked_add(NEAR_MONTHS.months()).is_ok_and(|soon| soon >= low);
        return Judgement { near, ..judgement.gap(format!("差{}（{low}起满足）", distance(on, low))) };
    }
    judgement
}

fn shown(founded: Date, on: Date) -> String {
    if founded > on { format!("{founded}成立") } else { format!("{}（{founded}成立）", distance(founded, on)) }
}

/// `2年3个月`, `5个月`, `12天`.
fn distance(from: Date, to: Date) -> String {
    let Ok(span) = from.until((jiff::Unit::Year, to)) else { return String::new() };
    let (years, months, days) = (span.get_years(), span.get_months(), span.get_days());
    match (years, months, days) {
        (0, 0, days) => format!("{}天", days.max(1)),
        (0, months, 0) => format!("{months}个月"),
        (0, months, days) if months < 2 => format!("{months}个月{days}天"),
        (0, months, _) => format!("{months}个月"),
        (years, 0, _) => format!("{years}年"),
        (years, months, _) => format!("{years}年{months}个月"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::condition;
    use jiff::civil::date;

    #[track_caller]
    fn check(op: Op, value: &str, unit: &str, founded: Date, on: Date, expected: &str) {
        let mut condition = condition("reg.age", op, value.parse::<Decimal>().unwrap());
        condition.unit = Some(unit.to_owned());
        let judgement = judge(&condition, Some(founded), false, on, "年");
        let near = if judgement.near { " near" } else { "" };
        assert_eq!(format!("{:?}{near}", judgement.truth), expected);
    }

    #[test]
    fn an_age_is_reached_on_its_anniversary() {
        let founded = date(2024, 11, 20);
        check(Op::AtLeast, "2", "年", founded, date(2026, 11, 20), "Met");
        check(Op::AtLeast, "2", "年", founded, date(2026, 11, 19), "NotMet near");
        check(Op::More, "2", "年", founded, date(2026, 11, 20), "NotMet near");
        check(Op::AtMost, "2", "年", founded, date(2026, 11, 20), "Met");
        check(Op::Less, "2", "年", founded, date(2026, 11, 20), "NotMet");
        check(Op::AtLeast, "365", "日", founded, date(2025, 11, 20), "Met");
        check(Op::AtLeast, "1.5", "年", founded, date(2026, 5, 20), "Met");
        check(Op::AtLeast, "18", "个月", founded, date(2026, 5, 19), "NotMet near");
    }

    #[test]
    fn a_leap_day_is_reached_on_the_last_of_february() {
        check(Op::AtLeast, "1", "年", date(2024, 2, 29), date(2025, 2, 28), "Met");
        check(Op::AtLeast, "1", "年", date(2024, 2, 29), date(2025, 2, 27), "NotMet near");
    }

    #[test]
    fn half_a_year_short_is_near_and_a_day_more_is_not() {
        check(Op::AtLeast, "2", "年", date(2025, 5, 20), date(2026, 11, 20), "NotMet near");
        check(Op::AtLeast, "2", "年", date(2025, 5, 21), date(2026, 11, 20), "NotMet");
    }

    #[test]
    fn an_enterprise_not_yet_founded_has_no_age() {
        check(Op::AtLeast, "1", "年", date(2027, 1, 1), date(2026, 11, 20), "NotMet");
    }

    #[test]
    fn absurd_ages_are_left_to_a_person() {
        check(Op::AtLeast, "79228162514264337593543950335", "年", date(2020, 1, 1), date(2026, 1, 1), "Review");
        check(Op::AtLeast, "-1", "年", date(2020, 1, 1), date(2026, 1, 1), "Review");
    }

    #[test]
    fn without_a_date_of_registration_it_is_asked_for() {
        let judgement = judge(&condition("reg.age", Op::AtLeast, 1), None, false, date(2026, 1, 1), "年");
        assert_eq!((judgement.truth, judgement.ask.as_deref()), (Truth::Unknown, Some("请补充成立日期")));
    }
}
