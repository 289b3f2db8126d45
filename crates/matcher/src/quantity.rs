//! Numbers of conditions: bounds in base units, and how values and gaps are shown in the unit the policy writes.

use model::{Condition, Decimal, Indicator, Op, Value};

/// Why a condition's number cannot be compared by a program.
pub(crate) type Why = &'static str;

/// The numbers that satisfy a condition, in the unit of the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) low: Option<Limit>,
    pub(crate) high: Option<Limit>,
}

/// One end of a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) value: Decimal,
    pub(crate) included: bool,
}

/// By how much a value misses a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Miss {
    pub(crate) amount: Decimal,
    pub(crate) limit: Limit,
    pub(crate) below: bool,
}

impl Bound {
    /// How a value misses the bound; `None` where it satisfies it.
    pub(crate) fn miss(&self, value: Decimal) -> Option<Miss> {
        if let Some(limit) = self.low
            && (value < limit.value || (value == limit.value && !limit.included))
        {
            return Some(Miss { amount: limit.value.saturating_sub(value), limit, below: true });
        }
        if let Some(limit) = self.high
            && (value > limit.value || (value == limit.value && !limit.included))
        {
            return Some(Miss { amount: value.saturating_sub(limit.value), limit, below: false });
        }
        None
    }

    /// The bound that holds exactly where this one does not; `None` where that would be two pieces.
    pub(crate) fn opposite(&self) -> Option<Self> {
        let turned = |limit: Limit| Limit { included: !limit.included, ..limit };
        match (self.low, self.high) {
            (Some(low), None) => Some(Self { low: None, high: Some(turned(low)) }),
            (None, Some(high)) => Some(Self { low: Some(turned(high)), high: None }),
            _ => None,
        }
    }
}

impl Miss {
    /// Within a fifth of the limit, or one short of at least two things that are counted.
    pub(crate) fn is_near(&self, family: Option<&str>) -> bool {
        let fifth = self.limit.value.abs().checked_mul(Decimal::new(2, 1));
        let one_short = family == Some("count") && self.below && self.limit.value >= Decimal::TWO && self.amount <= Decimal::ONE;
        fifth.is_some_and(|fifth| !self.limit.value.is_zero() && self.amount <= fifth) || one_short
    }
}

/// How numbers are shown: in the unit the policy writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    unit: String,
    /// One written unit in the unit of the facts.
    scale: Decimal,
    percent: bool,
}

impl Shown {
    /// A value of a fact in the policy's unit. Rounded for reading, but never so that it would sit on the limit.
    pub(crate) fn value(&self, value: Decimal, limit: Option<Decimal>) -> String {
        let written = value.checked_div(self.scale).unwrap_or(value);
        let limit = limit.and_then(|limit| limit.checked_div(self.scale));
        let places =
            [2, 4, 8].into_iter().find(|places| limit.is_none_or(|limit| limit == written || written.round_dp(*places) != limit));
        format!("{}{}", written.round_dp(places.unwrap_or(12)).normalize(), self.unit)
    }

    /// What is missing or too much.
    pub(crate) fn gap(&self, miss: Miss) -> String {
        if miss.amount.is_zero() {
            let word = if miss.below { "高于" } else { "低于" };
            return format!("须{word}{}", self.value(miss.limit.value, None));
        }
        let unit = if self.percent { "个百分点" } else { &self.unit };
        let scale = if self.percent { Decimal::new(1, 2) } else { self.scale };
        let written = miss.amount.checked_div(scale).unwrap_or(miss.amount);
        let rounded = [2, 4, 8].into_iter().map(|places| written.round_dp(places)).find(|rounded| !rounded.is_zero());
        let word = if miss.below { "差" } else { "超出" };
        format!("{word}{}{unit}", rounded.unwrap_or(written).normalize())
    }
}

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Money,
    ForeignMoney,
    Ratio,
    Years,
    Months,
    Days,
    Other,
}

fn kind_of(unit: &str) -> Kind {
    match unit {
        "ratio" | "%" | "‰" | "个百分点" | "百分点" | "倍" => Kind::Ratio,
        "年" | "周年" | "个年度" => Kind::Years,
        "月" | "个月" => Kind::Months,
        "日" | "天" | "个日历天" | "日历天" => Kind::Days,
        _ if ["美元", "欧元", "港元", "日元", "英镑"].iter().any(|money| unit.contains(money)) => Kind::ForeignMoney,
        _ if unit.ends_with('元') || unit == "人民币" => Kind::Money,
        _ => Kind::Other,
    }
}

/// One unit as written in base units; `None` for a word that is no multiplier.
fn scale_of(unit: &str) -> Decimal {
    match unit {
        "%" | "个百分点" | "百分点" => return Decimal::new(1, 2),
        "‰" => return Decimal::new(1, 3),
        _ => {}
    }
    let mut scale = Decimal::ONE;
    for character in unit.chars() {
        let factor = match character {
            '百' => 100,
            '千' => 1_000,
            '万' => 10_000,
            '亿' => 100_000_000,
            _ => break,
        };
        scale = scale.saturating_mul(Decimal::from(factor));
    }
    scale
}

fn numbers(value: &Value) -> Option<(Decimal, Option<Decimal>)> {
    match value {
        Value::Number(number) => Some((*number, None)),
        Value::Text(text) => Some((model::decimal::parse(text)?, None)),
        Value::Range(low, high) => Some((low.0, Some(high.0))),
        Value::Bool(_) | Value::Steps(_) | Value::List(_) => None,
    }
}

/// Steps that rise under one bound ask for the lowest of them: `出口额300万美元、500万美元以上`.
pub(crate) fn first_step(condition: &Condition) -> Option<Condition> {
    let steps = condition.value_base.as_ref().and_then(Value::steps);
    let lowest = steps?.into_iter().min().filter(|_| matches!(condition.op, Op::AtLeast | Op::More))?;
    let (value, unit) = (Value::Number(lowest), condition.unit_base.clone());
    Some(Condition { value: value.clone(), value_base: Some(value), unit, ..condition.clone() })
}

/// A condition's numbers in the unit of the facts, and how to show values beside them.
pub(crate) fn read(condition: &Condition, indicator: &Indicator) -> Result<(Decimal, Option<Decimal>, Shown), Why> {
    let written = numbers(&condition.value).ok_or("原文未给出可比较的数值")?;
    let unit = condition.unit.as_deref().unwrap_or_default().trim();
    let kind = kind_of(condition.unit_base.as_deref().unwrap_or(unit).trim());
    let base = condition.value_base.as_ref().and_then(numbers);
    check_family(indicator, kind, base.is_some(), written.0)?;
    let scale = match base {
        Some(base) => ratio(base, written).unwrap_or_else(|| scale_of(unit)),
        None => scale_of(unit),
    };
    // Divided last, so that 18 months are exactly 1.5 years.
    let (times, parts) = duration_steps(indicator, kind);
    let in_base = |value: Decimal| {
        let value = value.checked_mul(scale)?.checked_mul(Decimal::from(times))?;
        value.checked_div(Decimal::from(parts))
    };
    let too_large = "数值超出可计算范围";
    let low = in_base(written.0).ok_or(too_large)?;
    let high = written.1.map(|high| in_base(high).ok_or(too_large)).transpose()?;
    let scale = in_base(Decimal::ONE).filter(|scale| !scale.is_zero()).ok_or(too_large)?;
    let percent = indicator.unit_family.as_deref() == Some("percent") && unit != "倍";
    let shown = if unit.is_empty() && percent {
        Shown { unit: "%".to_owned(), scale: Decimal::new(1, 2), percent }
    } else {
        Shown { unit: unit.to_owned(), scale, percent }
    };
    Ok((low, high, shown))
}

fn ratio(base: (Decimal, Option<Decimal>), written: (Decimal, Option<Decimal>)) -> Option<Decimal> {
    let pairs = [(Some(base.0), Some(written.0)), (base.1, written.1)];
    pairs.into_iter().find_map(|pair| match pair {
        (Some(base), Some(written)) if !written.is_zero() => base.checked_div(written).filter(|scale| !scale.is_zero()),
        _ => None,
    })
}

/// Refuses to compare what is not of one kind: 元 with %, dollars with 元, a bare 3 with a ratio.
fn check_family(indicator: &Indicator, kind: Kind, has_base: bool, value: Decimal) -> Result<(), Why> {
    match (indicator.unit_family.as_deref(), kind) {
        (_, Kind::ForeignMoney) | (Some("money_fx"), _) => Err("涉及外币金额，需人工折算"),
        (Some("money"), Kind::Money) => Ok(()),
        (Some("money"), Kind::Other) if has_base => Ok(()),
        (Some("percent"), Kind::Ratio) => Ok(()),
        (Some("percent"), Kind::Other) if has_base || value.abs() <= Decimal::ONE => Ok(()),
        (Some("duration"), Kind::Years | Kind::Months | Kind::Days) => Ok(()),
        (Some("duration"), Kind::Other) if has_base => Ok(()),
        (Some("money" | "percent" | "duration"), _) => Err("单位与指标不符，需人工核对"),
        (_, Kind::Money | Kind::Ratio) => Err("单位与指标不符，需人工核对"),
        _ => Ok(()),
    }
}

/// Facts give durations in years, except where the indicator's name says months or days: by what a duration is multiplied
/// and then divided.
fn duration_steps(indicator: &Indicator, kind: Kind) -> (u16, u16) {
    if indicator.unit_family.as_deref() != Some("duration") {
        return (1, 1);
    }
    let days = |kind: Kind| match kind {
        Kind::Months => 30,
        Kind::Days => 1,
        _ => 365,
    };
    let facts_in = match indicator.id.rsplit(['_', '.']).next() {
        Some("months") => Kind::Months,
        Some("days") => Kind::Days,
        _ => Kind::Years,
    };
    match (kind, facts_in) {
        (Kind::Years | Kind::Other, Kind::Months) => (12, 1),
        (Kind::Months, Kind::Years) => (1, 12),
        (kind, facts_in) => (days(kind), days(facts_in)),
    }
}

/// The unit family of what a condition compares, for indicators of the open vocabulary.
pub(crate) fn family(condition: &Condition) -> Option<&'static str> {
    let unit = condition.unit.as_deref().unwrap_or_default().trim();
    match kind_of(condition.unit_base.as_deref().unwrap_or(unit).trim()) {
        Kind::Money => Some("money"),
        Kind::ForeignMoney => Some("money_fx"),
        Kind::Ratio => Some("percent"),
        Kind::Years | Kind::Months | Kind::Days => Some("duration"),
        Kind::Other => (!unit.is_empty()).then_some("count"),
    }
}

/// Which ends of a range belong to it; both where nothing is said.
pub(crate) fn ends(bounds: Option<&str>) -> (bool, bool) {
    let bounds = bounds.unwrap_or("[]").trim();
    (!bounds.starts_with('('), !bounds.ends_with(')'))
}

/// The bound of a comparison; `bounds` says which ends belong to a range.
pub(crate) fn bound(op: Op, low: Decimal, high: Option<Decimal>, bounds: Option<&str>) -> Result<Bound, Why> {
    let (with_low, with_high) = ends(bounds);
    let limit = |value: Decimal, included: bool| Some(Limit { value, included });
    match (op, high) {
        (Op::AtLeast, None) => Ok(Bound { low: limit(low, true), high: None }),
        (Op::More, None) => Ok(Bound { low: limit(low, false), high: None }),
        (Op::AtMost, None) => Ok(Bound { low: None, high: limit(low, true) }),
        (Op::Less, None) => Ok(Bound { low: None, high: limit(low, false) }),
        (Op::Is | Op::In, None) => Ok(Bound { low: limit(low, true), high: limit(low, true) }),
        (Op::Range | Op::In, Some(high)) => Ok(Bound { low: limit(low, with_low), high: limit(high, with_high) }),
        _ => Err("比较方式需人工判断"),
    }
}

/// What is needed, e.g. `≥ 3%`, `1000万元（含）–5000万元（不含）`, `≤ 同期银行贷款利率`.
pub(crate) fn need(condition: &Condition, negated: bool) -> String {
    let unit = condition.unit.as_deref().unwrap_or_default();
    let sign = sign(condition.op, negated);
    if let Some(measure) = &condition.ref_value {
        return match &condition.value {
            Value::Number(times) => format!("{sign} {measure}（{}{unit}）", times.normalize()),
            _ => format!("{sign} {measure}"),
        };
    }
    let Some((low, high)) = numbers(&condition.value) else { return crate::facts::plain(&condition.value) };
    let (low, high) = (low.normalize(), high.map(|high| high.normalize()));
    match high {
        Some(high) if negated => format!("不在{low}—{high}{unit}之间"),
        Some(high) if condition.bounds.is_some() => {
            let (with_low, with_high) = ends(condition.bounds.as_deref());
            let word = |with: bool| if with { "含" } else { "不含" };
            format!("{low}{unit}（{}）–{high}{unit}（{}）", word(with_low), word(with_high))
        }
        Some(high) => format!("{low}—{high}{unit}"),
        None => format!("{sign} {low}{unit}"),
    }
}

const fn sign(op: Op, negated: bool) -> &'static str {
    match (op, negated) {
        (Op::AtLeast, false) | (Op::Less, true) => "≥",
        (Op::More, false) | (Op::AtMost, true) => ">",
        (Op::AtMost, false) | (Op::More, true) => "≤",
        (Op::Less, false) | (Op::AtLeast, true) => "<",
        (Op::Increase, _) => "增长 ≥",
        (Op::FirstExceed, _) => "首次 >",
        (_, false) => "=",
        (_, true) => "≠",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{condition, indicator, number};

    #[track_caller]
    fn check(id: &str, family: &str, value: &str, unit: &str, base: Option<&str>, expected: Result<&str, Why>) {
        let mut condition = condition(id, Op::AtLeast, value.parse::<Decimal>().unwrap());
        condition.unit = (!unit.is_empty()).then(|| unit.to_owned());
        condition.value_base = base.map(|base| number(base.parse::<Decimal>().unwrap()));
        let low = read(&condition, &indicator(id, family, "num")).map(|(low, _, _)| low.normalize().to_string());
        assert_eq!(low, expected.map(str::to_owned));
    }

    #[test]
    fn units_are_brought_to_the_unit_of_the_facts() {
        check("a", "money", "1000", "万元", None, Ok("10000000"));
        check("a", "money", "1.5", "亿元", Some("150000000"), Ok("150000000"));
        check("a", "percent", "3", "%", None, Ok("0.03"));
        check("a", "percent", "0.03", "", None, Ok("0.03"));
        check("a", "count", "1", "万户", None, Ok("10000"));
        check("a", "duration", "18", "个月", None, Ok("1.5"));
        check("ins.unemployment_months", "duration", "1", "年", None, Ok("12"));
        check("reg.age_days", "duration", "1", "年", None, Ok("365"));
    }

    #[test]
    fn what_is_not_of_one_kind_is_not_compared() {
        check("a", "percent", "3", "", None, Err("单位与指标不符，需人工核对"));
        check("a", "money", "3", "%", None, Err("单位与指标不符，需人工核对"));
        check("a", "money", "1000", "", None, Err("单位与指标不符，需人工核对"));
        check("a", "money", "20", "万美元", Some("200000"), Err("涉及外币金额，需人工折算"));
        check("a", "count", "20", "万元", None, Err("单位与指标不符，需人工核对"));
    }

    #[test]
    fn a_value_just_below_the_limit_never_reads_as_the_limit() {
        let shown = Shown { unit: "%".to_owned(), scale: Decimal::new(1, 2), percent: true };
        let limit: Decimal = "0.03".parse().unwrap();
        for (value, expected) in [("0.024", "2.4%"), ("0.0299999", "2.99999%"), ("0.03", "3%"), ("0.0333333333", "3.33%")] {
            assert_eq!(shown.value(value.parse().unwrap(), Some(limit)), expected);
        }
    }

    #[test]
    fn near_is_a_fifth_of_the_limit_or_one_short() {
        let near = |limit: i64, value: i64, family: Option<&str>| {
            let bound = Bound { low: Some(Limit { value: limit.into(), included: true }), high: None };
            bound.miss(value.into()).is_some_and(|miss| miss.is_near(family))
        };
        assert!(near(100, 80, None));
        assert!(!near(100, 79, None));
        assert!(near(2, 1, Some("count")));
        assert!(!near(2, 1, None));
        assert!(!near(1, 0, Some("count")));
        assert!(!near(0, -1, None));
    }

    #[test]
    fn the_opposite_of_a_bound_holds_where_it_does_not() {
        for op in [Op::AtLeast, Op::More, Op::AtMost, Op::Less] {
            let bound = bound(op, Decimal::TEN, None, None).unwrap();
            let opposite = bound.opposite().unwrap();
            for value in [9, 10, 11] {
                assert_ne!(bound.miss(value.into()).is_none(), opposite.miss(value.into()).is_none(), "{op:?} {value}");
            }
        }
        assert!(bound(Op::Range, Decimal::ONE, Some(Decimal::TEN), None).unwrap().opposite().is_none());
    }
    #[test]
    fn the_ends_of_a_range_belong_to_it_as_its_bounds_say() {
        for (bounds, at_low, at_high, shown) in [
            (None, true, true, "1000—5000万元"),
            (Some("[]"), true, true, "1000万元（含）–5000万元（含）"),
            (Some("[)"), true, false, "1000万元（含）–5000万元（不含）"),
            (Some("(]"), false, true, "1000万元（不含）–5000万元（含）"),
            (Some("()"), false, false, "1000万元（不含）–5000万元（不含）"),
        ] {
            let range = Value::Range(model::decimal::Number(1000.into()), model::decimal::Number(5000.into()));
            let mut condition = Condition::new("fin.revenue", Op::Range, range);
            condition.unit = Some("万元".to_owned());
            condition.bounds = bounds.map(str::to_owned);
            let (low, high, _) = read(&condition, &indicator("fin.revenue", "money", "num")).unwrap();
            let bound = bound(Op::Range, low, high, bounds).unwrap();
            assert_eq!((bound.miss(low).is_none(), bound.miss(high.unwrap()).is_none()), (at_low, at_high), "{bounds:?}");
            assert_eq!(need(&condition, false), shown);
        }
    }

    #[test]
    fn of_steps_under_one_bound_the_lowest_is_asked() {
        let steps = |op, steps: &[i64]| {
            let mut condition = condition("fin.revenue", op, 1);
            let steps = steps.iter().map(|step| model::decimal::Number((*step).into())).collect();
            (condition.value_base, condition.unit_base) = (Some(Value::Steps(steps)), Some("元".to_owned()));
            first_step(&condition).and_then(|step| step.value_base)
        };
        assert_eq!(steps(Op::AtLeast, &[200, 500, 900]), Some(number(200)));
        assert_eq!(steps(Op::AtMost, &[200, 500, 900]), None);
    }
}
