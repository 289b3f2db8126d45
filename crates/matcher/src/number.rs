//! Numeric conditions: the right years, taken together as the policy says, against its bound.

use jiff::civil::Date;
use model::{Condition, Decimal, Indicator, Op, Truth};

use crate::facts::{Facts, Found, Known};
use crate::judgement::Judgement;
use crate::period::{Aggregate, Period};
use crate::quantity::{self, Bound, Shown};

/// One numeric condition, ready to be put to an enterprise.
pub(crate) struct Numeric<'a> {
    pub(crate) indicator: &'a Indicator,
    pub(crate) bound: Bound,
    pub(crate) shown: Shown,
    pub(crate) period: Period,
    pub(crate) aggregate: Aggregate,
    /// The answer is turned round at the end (only where the bound itself cannot be).
    negated: bool,
}

impl<'a> Numeric<'a> {
    pub(crate) fn new(condition: &Condition, indicator: &'a Indicator, negated: bool, on: Date) -> Result<Self, quantity::Why> {
        let (low, high, shown) = quantity::read(condition, indicator)?;
        let bound = quantity::bound(condition.op, low, high, condition.bounds.as_deref())?;
        let (period, aggregate) = Period::of(condition, indicator, on);
        let one_value = !matches!(&period, Period::Years(years) if years.len() > 1);
        match bound.opposite().filter(|_| negated && one_value) {
            Some(opposite) => Ok(Self { indicator, bound: opposite, shown, period, aggregate, negated: false }),
            None => Ok(Self { indicator, bound, shown, period, aggregate, negated }),
        }
    }

    pub(crate) fn judge(&self, facts: Facts<'_>) -> Judgement {
        let judgement = match &self.period {
            Period::Years(years) if years.len() > 1 => self.judge_years(facts, years),
            Period::Years(years) => self.judge_one(facts.number(&self.indicator.id, years.first().copied())),
            Period::Current(year) => self.judge_one(current(*year, |year| facts.number(&self.indicator.id, Some(year)))),
            Period::Other(_) => self.judge_one(facts.number(&self.indicator.id, None)),
        };
        judgement.inverted_if(self.negated)
    }

    fn limit(&self) -> Option<Decimal> {
        self.bound.low.or(self.bound.high).map(|limit| limit.value)
    }

    fn compare(&self, value: Decimal, when: &str) -> Judgement {
        match self.bound.miss(value) {
            None => Judgement::of(Truth::Met),
            Some(miss) => Judgement {
                near: miss.is_near(self.indicator.unit_family.as_deref()),
                ..Judgement::of(Truth::NotMet).gap(format!("{when}{}", self.shown.gap(miss)))
            },
        }
    }

    fn judge_one(&self, found: Found<Decimal>) -> Judgement {
        match found {
            Found::Known(known) => {
                let text = self.shown.value(known.value, self.limit());
                self.compare(known.value, "").has(with_source(&text, &known))
            }
            found => unanswered(found, &self.period, &self.indicator.name, |value| self.shown.value(*value, None)),
        }
    }

    fn judge_years(&self, facts: Facts<'_>, years: &[i16]) -> Judgement {
        if self.aggregate == Aggregate::Sum && self.indicator.unit_family.as_deref() == Some("percent") {
            return self.judge_whole(facts, years);
        }
        let found: Vec<(i16, Found<Decimal>)> =
            years.iter().map(|year| (*year, facts.number(&self.indicator.id, Some(*year)))).collect();
        let of_year = |found: &Found<Decimal>| match found {
            Found::Known(Known { value, year: Some(_), .. }) => Some(*value),
            _ => None,
        };
        let known: Vec<(i16, Decimal)> = found.iter().filter_map(|(year, found)| Some((*year, of_year(found)?))).collect();
        if known.is_empty() {
            // A standing figure for the whole span counts as what the span comes to.
            return self.judge_one(found.into_iter().next().map_or(Found::Missing, |(_, found)| found));
        }
        let missing: Vec<i16> = years.iter().copied().filter(|year| known.iter().all(|(known, _)| known != year)).collect();
        let judgement = match self.aggregate {
            Aggregate::Each => self.each(&known, &missing),
            Aggregate::Sum | Aggregate::Mean => self.together(self.aggregate, &known, &missing),
            Aggregate::AnyOf => self.any_of(&known, &missing),
            Aggregate::Unclear => self.unclear(&known, &missing),
        };
        let has: Vec<String> =
            known.iter().map(|(year, value)| format!("{year}年{}", self.shown.value(*value, self.limit()))).collect();
        judgement.has(has.join("、"))
    }

    /// A share over several years together is that of the sums. Where only the yearly shares are known it lies between the
    /// least and the greatest of them.
    fn judge_whole(&self, facts: Facts<'_>, years: &[i16]) -> Judgement {
        let founded = facts.enterprise.founded.map_or(i16::MIN, Date::year);
        let years: Vec<i16> = years.iter().copied().filter(|year| *year >= founded).collect();
        if let Some(share) = facts.share_of_sums(&self.indicator.id, &years) {
            let has = format!("{}（{}合计）", self.shown.value(share, self.limit()), Period::Years(years).label());
            return self.compare(share, "").has(has);
        }
        let standing = facts.number(&self.indicator.id, None);
        if matches!(standing, Found::Known(_) | Found::Contradictory(_) | Found::Unreadable(_)) {
            return self.judge_one(standing);
        }
        let yearly: Option<Vec<Decimal>> = years
            .iter()
            .map(|year| match facts.number(&self.indicator.id, Some(*year)) {
                Found::Known(known) if known.year.is_some() => Some(known.value),
                _ => None,
            })
            .collect();
        let ask = self.ask_for(&years);
        let yearly = yearly.unwrap_or_default();
        let (Some(least), Some(greatest)) = (yearly.iter().min().copied(), yearly.iter().max().copied()) else { return ask };
        let has = format!("每年{}至{}", self.shown.value(least, None), self.shown.value(greatest, None));
        match (self.compare(least, ""), self.compare(greatest, "")) {
            (one, other) if one.truth == other.truth => Judgement { near: one.near && other.near, ..other }.has(has),
            _ => ask.has(has),
        }
    }

    /// One good year is enough; a no only when all are known.
    fn any_of(&self, known: &[(i16, Decimal)], missing: &[i16]) -> Judgement {
        let judged: Vec<Judgement> = known.iter().map(|(year, value)| self.compare(*value, &format!("{year}年"))).collect();
        if let Some(met) = judged.iter().find(|judgement| judgement.truth == Truth::Met) {
            return met.clone();
        }
        match judged.into_iter().next() {
            Some(latest) if missing.is_empty() => latest,
            _ => self.ask_for(missing),
        }
    }

    fn each(&self, known: &[(i16, Decimal)], missing: &[i16]) -> Judgement {
        let failed: Vec<Judgement> = known
            .iter()
            .map(|(year, value)| self.compare(*value, &format!("{year}年")))
            .filter(|judgement| judgement.truth == Truth::NotMet)
            .collect();
        if !failed.is_empty() {
            let near = failed.iter().all(|judgement| judgement.near);
            let gaps: Vec<String> = failed.into_iter().filter_map(|judgement| judgement.gap).collect();
            return Judgement { near, ..Judgement::of(Truth::NotMet).gap(gaps.join("，")) };
        }
        if missing.is_empty() { Judgement::of(Truth::Met) } else { self.ask_for(missing) }
    }

    fn together(&self, aggregate: Aggregate, known: &[(i16, Decimal)], missing: &[i16]) -> Judgement {
        if !missing.is_empty() {
            return self.ask_for(missing);
        }
        let sum = known.iter().try_fold(Decimal::ZERO, |sum, (_, value)| sum.checked_add(*value));
        let (value, word) = match aggregate {
            Aggregate::Mean => (sum.and_then(|sum| sum.checked_div(Decimal::from(known.len()))), "平均"),
            _ => (sum, "合计"),
        };
        value.map_or_else(|| Judgement::review("数值超出可计算范围"), |value| self.compare(value, word))
    }

    /// Where the text leaves open how years are taken together, only what holds either way is said.
    fn unclear(&self, known: &[(i16, Decimal)], missing: &[i16]) -> Judgement {
        let other = if self.indicator.unit_family.as_deref() == Some("percent") { Aggregate::Mean } else { Aggregate::Sum };
        let (each, together) = (self.each(known, missing), self.together(other, known, missing));
        if each.truth == together.truth {
            return each;
        }
        if !missing.is_empty() {
            return self.ask_for(missing);
        }
        Judgement::review("原文未说明是每年还是合计（平均），需人工核对")
    }

    fn ask_for(&self, years: &[i16]) -> Judgement {
        Judgement::unknown(format!("请补充{}{}", Period::Years(years.to_vec()).label(), self.indicator.name))
    }

    /// The words that say how several years are taken together.
    pub(crate) fn note(&self) -> String {
        let Period::Years(years) = &self.period else { return String::new() };
        let word = match self.aggregate {
            _ if years.len() < 2 => return String::new(),
            Aggregate::Each => "每年",
            Aggregate::Sum => "合计",
            Aggregate::Mean => "平均",
            Aggregate::AnyOf => "任一年",
            Aggregate::Unclear => "",
        };
        format!("（{}{word}）", self.period.label())
    }
}

/// This year's fact, else last year's.
pub(crate) fn current<T>(year: i16, find: impl Fn(i16) -> Found<T>) -> Found<T> {
    match find(year) {
        found @ (Found::Known(Known { year: Some(_), .. }) | Found::Contradictory(_) | Found::Unreadable(_)) => found,
        _ => find(year - 1),
    }
}

/// `2.4%（2025年，研发费用÷营业收入）`.
pub(crate) fn with_source<T>(text: &str, known: &Known<T>) -> String {
    match (known.year, known.from) {
        (Some(year), Some(from)) => format!("{text}（{year}年，{from}）"),
        (Some(year), None) => format!("{text}（{year}年）"),
        (None, _) => text.to_owned(),
    }
}

/// The judgement where no value is known, with what would answer it.
pub(crate) fn unanswered<T>(found: Found<T>, period: &Period, name: &str, show: impl Fn(&T) -> String) -> Judgement {
    let when = match period {
        Period::Current(_) => String::new(),
        period => period.label(),
    };
    match found {
        Found::Known(_) | Found::Missing => Judgement::unknown(format!("请补充{when}{name}")),
        Found::NotAllowed => Judgement::unknown(format!("请授权使用{when}{name}")),
        Found::OtherYear(year, value) => {
            Judgement::unknown(format!("请补充{when}{name}")).has(format!("{}（{year}年，年度不符）", show(&value)))
        }
        Found::Contradictory(values) => Judgement::review("资料前后矛盾，需人工核对").has(values),
        Found::Unreadable(value) => Judgement::review("资料格式不符，需人工核对").has(value),
    }
}

/// 增长: the newest year of the period over the year before it.
pub(crate) fn judge_increase(condition: &Condition, indicator: &Indicator, negated: bool, facts: Facts<'_>) -> Judgement {
    let (period, _) = Period::of(condition, indicator, facts.on);
    let Period::Years(years) = &period else { return Judgement::review("增长的口径需人工核对") };
    let Some(year) = years.first().copied() else { return Judgement::review("增长的口径需人工核对") };
    let unit = condition.unit_base.as_deref().or(condition.unit.as_deref()).unwrap_or_default();
    let as_ratio = matches!(unit, "ratio" | "%");
    let percent = Indicator { unit_family: Some("percent".to_owned()), ..indicator.clone() };
    let shape = if as_ratio { &percent } else { indicator };
    let wanted = Condition { op: Op::AtLeast, ..condition.clone() };
    let numeric = match Numeric::new(&wanted, shape, negated, facts.on) {
        Ok(numeric) => numeric,
        Err(why) => return Judgement::review(why),
    };
    let (now, before) = (facts.number(&indicator.id, Some(year)), facts.number(&indicator.id, Some(year - 1)));
    let change = match (&now, &before) {
        (Found::Known(Known { value: now, year: Some(_), .. }), Found::Known(Known { value: before, year: Some(_), .. })) => {
            let difference = now.checked_sub(*before);
            if as_ratio {
                difference.and_then(|difference| difference.checked_div(*before)).filter(|_| *before > Decimal::ZERO)
            } else {
                difference
            }
        }
        _ => {
            let missing = if matches!(&now, Found::Known(known) if known.year.is_some()) { year - 1 } else { year };
            return Judgement::unknown(format!("请补充{missing}年{}", indicator.name));
        }
    };
    match change {
        Some(change) => numeric.judge_one(Found::Known(Known { value: change, year: Some(year), from: Some("比上年") })),
        None => Judgement::review("上年数值不为正，增长需人工核对"),
    }
}
