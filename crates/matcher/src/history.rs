//! 首次: what must hold now and must never have held before. Without the whole history a person decides.

use jiff::civil::Date;
use model::{Condition, Decimal, Indicator, Truth, Value};

use crate::facts::{Facts, Found, Known};
use crate::judgement::Judgement;
use crate::period::Period;
use crate::quantity;

/// The year a 首次 is about: the written one, else this year if it is known, else last year.
fn year_of<T>(condition: &Condition, indicator: &Indicator, on: Date, find: &impl Fn(i16) -> Found<T>) -> i16 {
    match (condition.period.is_some(), Period::of(condition, indicator, on).0) {
        (true, Period::Years(years)) => years.first().copied().unwrap_or(on.year() - 1),
        _ if matches!(find(on.year()), Found::Known(Known { year: Some(_), .. })) => on.year(),
        _ => on.year() - 1,
    }
}

/// Judges `first_time` for a truth value.
pub(crate) fn judge_first_time(condition: &Condition, indicator: &Indicator, facts: Facts<'_>) -> Judgement {
    let find = |year: i16| facts.truth(&indicator.id, Some(year));
    let year = year_of(condition, indicator, facts.on, &find);
    judge_first(facts, indicator, year, &find)
}

/// Judges `first_exceed` for one number, or for steps of which any may be the one that is exceeded.
pub(crate) fn judge_first_exceed(condition: &Condition, indicator: &Indicator, facts: Facts<'_>) -> Judgement {
    if let Some(limits) = condition.value_base.as_ref().and_then(Value::steps) {
        let each: Vec<Judgement> = limits.into_iter().map(|limit| judge_limit(condition, indicator, facts, limit)).collect();
        let whole = crate::tree::any(each.iter().map(|judgement| judgement.truth));
        return each
            .into_iter()
            .find(|judgement| judgement.truth == whole)
            .unwrap_or_else(|| Judgement::review("分档数值需人工核对"));
    }
    match quantity::read(condition, indicator) {
        Ok((limit, None, _)) => judge_limit(condition, indicator, facts, limit),
        Ok(_) => Judgement::review("分档数值需人工核对"),
        Err(why) => Judgement::review(why),
    }
}

fn judge_limit(condition: &Condition, indicator: &Indicator, facts: Facts<'_>, limit: Decimal) -> Judgement {
    let find = |year: i16| match facts.number(&indicator.id, Some(year)) {
        Found::Known(Known { value, year, from }) => Found::Known(Known { value: exceeds(value, limit), year, from }),
        Found::Contradictory(text) => Found::Contradictory(text),
        Found::Unreadable(text) => Found::Unreadable(text),
        Found::NotAllowed => Found::NotAllowed,
        Found::OtherYear(year, value) => Found::OtherYear(year, exceeds(value, limit)),
        Found::Missing => Found::Missing,
    };
    let year = year_of(condition, indicator, facts.on, &find);
    judge_first(facts, indicator, year, &find)
}

fn exceeds(value: Decimal, limit: Decimal) -> bool {
    value > limit
}

fn judge_first(facts: Facts<'_>, indicator: &Indicator, year: i16, find: &impl Fn(i16) -> Found<bool>) -> Judgement {
    // A standing fact says that it holds, not since when: only facts of a year make a history.
    let of_year = |year: i16| match find(year) {
        Found::Known(Known { value, year: Some(_), .. }) => Some(value),
        _ => None,
    };
    let earlier: Vec<i16> = facts.all(&indicator.id).iter().filter_map(|fact| fact.year).filter(|known| *known < year).collect();
    if let Some(before) = earlier.iter().copied().find(|before| of_year(*before) == Some(true)) {
        return Judgement::of(Truth::NotMet).has(format!("{before}年已达到"));
    }
    match of_year(year) {
        Some(false) => return Judgement::of(Truth::NotMet).has(format!("{year}年未达到")),
        None => return Judgement::unknown(format!("请补充{year}年{}", indicator.name)),
        Some(true) => {}
    }
    if of_year(year - 1).is_none() && facts.enterprise.founded.is_none_or(|founded| founded.year() < year) {
        return Judgement::unknown(format!("请补充{}年{}", year - 1, indicator.name)).has(format!("{year}年达到"));
    }
    // A century is more than any enterprise's books: the loop is bounded whatever the date of registration says.
    let complete = facts.enterprise.founded.is_some_and(|founded| {
        year.saturating_sub(founded.year()) <= 100 && (founded.year()..year).all(|before| of_year(before) == Some(false))
    });
    let judgement = if complete {
        Judgement::of(Truth::Met)
    } else {
        Judgement::review("更早年度无资料，是否首次需人工核对")
    };
    judgement.has(format!("{year}年达到"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{condition, enterprise, fact, fact_of, indicator};
    use jiff::civil::date;
    use model::{Enterprise, Op};

    #[track_caller]
    fn check(years: &[(i16, bool)], founded: Option<i16>, expected: Truth) {
        let facts: Vec<_> =
            years.iter().map(|(year, value)| ("size.above_scale", fact_of(Value::Bool(*value), Some(*year)))).collect();
        let mut enterprise = enterprise(&facts);
        enterprise.founded = founded.map(|year| date(year, 3, 1));
        let indicator = indicator("size.above_scale", "", "bool");
        let condition = condition("size.above_scale", Op::FirstTime, 1);
        let judgement = judge_first_time(&condition, &indicator, Facts::new(&enterprise, date(2026, 11, 20)));
        assert_eq!(judgement.truth, expected, "{years:?}");
    }

    #[test]
    fn the_first_time_is_certain_only_with_the_whole_history() {
        check(&[(2025, true), (2024, false), (2023, false)], Some(2023), Truth::Met);
        check(&[(2025, true), (2024, false)], Some(2020), Truth::Review);
        check(&[(2025, true), (2024, false)], None, Truth::Review);
        check(&[(2025, true)], Some(2025), Truth::Met);
    }

    #[test]
    fn an_earlier_time_or_none_at_all_decides_against() {
        check(&[(2025, true), (2022, true)], Some(2020), Truth::NotMet);
        check(&[(2025, false)], Some(2020), Truth::NotMet);
    }

    #[test]
    fn a_missing_year_is_asked_for() {
        check(&[(2025, true)], Some(2020), Truth::Unknown);
        check(&[], Some(2020), Truth::Unknown);
        check(&[(2026, true), (2025, false)], Some(2025), Truth::Met);
    }

    #[track_caller]
    fn check_exceeding(years: &[(i16, i64)], steps: &[i64], expected: Truth) {
        let facts: Vec<_> = years.iter().map(|(year, value)| ("fin.revenue", fact(*value, Some(*year)))).collect();
        let enterprise = Enterprise { founded: Some(date(2024, 1, 1)), ..enterprise(&facts) };
        let mut condition = condition("fin.revenue", Op::FirstExceed, 100);
        condition.unit = Some("元".to_owned());
        condition.value_base =
            (!steps.is_empty()).then(|| Value::Steps(steps.iter().map(|step| model::decimal::Number((*step).into())).collect()));
        let facts = Facts::new(&enterprise, date(2026, 11, 20));
        let judgement = judge_first_exceed(&condition, &indicator("fin.revenue", "money", "num"), facts);
        assert_eq!(judgement.truth, expected, "{years:?} {steps:?}");
    }

    #[test]
    fn a_number_exceeded_before_is_not_exceeded_for_the_first_time() {
        check_exceeding(&[(2025, 101), (2024, 100)], &[], Truth::Met);
        check_exceeding(&[(2025, 101), (2024, 101)], &[], Truth::NotMet);
        check_exceeding(&[(2025, 100), (2024, 50)], &[], Truth::NotMet);
    }

    #[test]
    fn any_of_several_steps_may_be_the_one_exceeded() {
        let steps = [100, 200];
        check_exceeding(&[(2025, 250), (2024, 150)], &steps, Truth::Met);
        check_exceeding(&[(2025, 180), (2024, 150)], &steps, Truth::NotMet);
        check_exceeding(&[(2024, 150)], &steps, Truth::Unknown);
    }
}
