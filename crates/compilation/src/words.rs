//! Conditions, awards and windows in the reader's words.
//!
//! These words only explain; what counts is the quote beside them. Nothing here invents: a field that is absent is not worded.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::annotation::{Award, AwardTier, Window};
use model::{Condition, ConditionTree, Decimal, Op, Regions, Value};

use crate::template::Template;

/// Names things for readers: indicators, coded values, places.
pub(crate) struct Namer<'a> {
    pub(crate) template: &'a Template,
    pub(crate) regions: &'a Regions,
}

impl Namer<'_> {
    /// The Chinese name of an indicator; the open vocabulary carries its own.
    pub(crate) fn indicator(&self, id: &str) -> String {
        let label = id.strip_prefix("free:").unwrap_or(id);
        self.template.names.get(id).map_or(label, String::as_str).to_owned()
    }

    /// The full name of a place by its code; the code itself where no such place is known.
    pub(crate) fn place(&self, code: &str) -> String {
        if !is_region_code(code) {
            return code.to_owned();
        }
        let name = self.regions.full_name(code);
        if name.is_empty() { code.to_owned() } else { name }
    }

    fn coded(&self, value: &str) -> String {
        match self.template.names.get(value) {
            Some(name) => name.clone(),
            None if is_region_code(value) && self.regions.get(value).is_some() => self.place(value),
            None => value.to_owned(),
        }
    }

    /// A value as written, without its unit.
    pub(crate) fn value(&self, value: &Value) -> String {
        match value {
            Value::Bool(true) => "是".to_owned(),
            Value::Bool(false) => "否".to_owned(),
            Value::Number(number) => plain(*number),
            Value::Text(text) => self.coded(text),
            Value::Range(from, to) => format!("{}至{}", plain(from.0), plain(to.0)),
            Value::Steps(steps) => steps.iter().map(|step| plain(step.0)).collect::<Vec<_>>().join("、"),
            Value::List(values) => values.iter().map(|value| self.coded(value)).collect::<Vec<_>>().join("、"),
        }
    }

    /// The whole requirement: period, comparison, value and unit.
    pub(crate) fn requirement(&self, condition: &Condition) -> String {
        let value = self.value(&condition.value);
        let unit = condition.unit.as_deref().unwrap_or_default();
        let measured = match (&condition.ref_value, &condition.bounds, &condition.value) {
            (Some(measure), _, Value::Number(times)) => format!("{measure}（{}{unit}）", plain(*times)),
            (Some(measure), ..) => measure.clone(),
            (None, Some(bounds), Value::Range(from, to)) => bounded(bounds, plain(from.0), plain(to.0), unit),
            _ if unit.is_empty() => value.clone(),
            _ => format!("{value}{unit}"),
        };
        let compared = match condition.op {
            Op::AtLeast => format!("不低于{measured}"),
            Op::AtMost => format!("不高于{measured}"),
            Op::More => format!("高于{measured}"),
            Op::Less => format!("低于{measured}"),
            Op::Range => format!("在{measured}之间"),
            Op::Is => value,
            Op::In => format!("属于{measured}"),
            Op::Has => format!("具有{value}"),
            Op::HasAny => format!("具有{value}之一"),
            Op::FirstTime => "首次".to_owned(),
            Op::FirstExceed => format!("首次超过{measured}"),
            Op::Transition => format!("转为{value}"),
            Op::Increase => format!("增长不低于{measured}"),
        };
        let period = condition.period.as_deref().map(period_words).unwrap_or_default();
        let agg = condition.agg.as_deref().map(agg_words).unwrap_or_default();
        let compared = if condition.negated { format!("不得为：{compared}") } else { compared };
        let strength = condition.strength.as_deref().map(strength_words).unwrap_or_default();
        format!("{strength}{period}{agg}{compared}")
    }
}

/// A range with its ends told: `1000万元（含）至5000万元（不含）`.
fn bounded(bounds: &str, from: String, to: String, unit: &str) -> String {
    let word = |without: bool| if without { "不含" } else { "含" };
    format!("{from}{unit}（{}）至{to}{unit}（{}）", word(bounds.starts_with('(')), word(bounds.ends_with(')')))
}

fn strength_words(strength: &str) -> &str {
    match strength {
        "soft" => "原则上",
        "advice" => "建议",
        other => other,
    }
}

/// Whether a text has the shape of a GB/T 2260 code.
pub(crate) fn is_region_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}

fn period_words(period: &str) -> String {
    match period {
        "last_year" => "上年度".to_owned(),
        "last_2_years" => "近两年".to_owned(),
        "last_3_years" => "近三年".to_owned(),
        "last_12_months" => "近12个月".to_owned(),
        other => match other.split_once(['Q', 'q']) {
            Some((year, quarter)) if is_year(year) => format!("{year}年第{quarter}季度"),
            _ if is_year(other) => format!("{other}年"),
            _ => other.to_owned(),
        },
    }
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn agg_words(agg: &str) -> &str {
    match agg {
        "each" => "每年",
        "sum" => "累计",
        "mean" => "平均",
        other => other,
    }
}

/// The case or tier a condition is limited to; empty where it holds for all. `of_case` is what the tree says of it.
pub(crate) fn case_words(condition: &Condition, of_case: Option<&str>) -> String {
    let group = group_words(&condition.group);
    match condition.when.as_deref().or(of_case) {
        Some(when) if group.is_empty() || group == when => when.to_owned(),
        Some(when) => format!("{group}；{when}"),
        None => group,
    }
}

/// Of each condition that stands in a case, the words of the innermost.
pub(crate) fn cases(tree: &ConditionTree) -> BTreeMap<usize, &str> {
    let mut found = BTreeMap::new();
    let mut open: Vec<(&ConditionTree, Option<&str>)> = vec![(tree, None)];
    while let Some((tree, within)) = open.pop() {
        match tree {
            ConditionTree::All(branches) | ConditionTree::Any(branches) => {
                open.extend(branches.iter().map(|branch| (branch, within)));
            }
            ConditionTree::Not(branch) => open.push((branch, within)),
            ConditionTree::When { case, then } => open.push((then, Some(case.quote.as_str()))),
            ConditionTree::Item(index) => found.extend(within.map(|case| (*index, case))),
        }
    }
    found
}

/// The name of a group in words: `any2` and its parts are alternatives, `tier1` is the first of several cases. That a
/// condition excludes (`none_of`) is said by the condition itself.
fn group_words(group: &str) -> String {
    let number = |prefix: &str| group.strip_prefix(prefix).filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    match group {
        "" | "all" | "none_of" => String::new(),
        "any" => "满足其一".to_owned(),
        _ if number("any").is_some() => "满足其一".to_owned(),
        _ => number("tier").map_or_else(|| group.to_owned(), |tier| format!("第{tier}档")),
    }
}

/// What is given: rate, amount, upper limit, and per what.
pub(crate) fn award_words(award: &Award) -> String {
    let mut parts = Vec::new();
    if let Some(ratio) = award.ratio {
        let base = award.base.as_deref().map(|base| format!("按{base}")).unwrap_or_default();
        parts.push(format!("{base}的{}%", plain(ratio * Decimal::from(100))).trim_start_matches('的').to_owned());
    }
    match (award.amount, award.amount_to) {
        (Some(from), Some(to)) => parts.push(format!("{}至{}", money(from), money(to))),
        (Some(amount), None) | (None, Some(amount)) => parts.push(money(amount)),
        (None, None) => {}
    }
    if let Some(cap) = award.cap {
        parts.push(format!("最高{}", money(cap)));
    }
    let words = if parts.is_empty() { mode_words(&award.mode).to_owned() } else { parts.join("，") };
    let mut words = match award.per.as_deref() {
        Some(per) if !per.is_empty() => format!("每{per}{words}"),
        _ => words,
    };
    let whom: Vec<&str> = [&award.who, &award.when].into_iter().flatten().map(String::as_str).collect();
    if !whom.is_empty() {
        words = format!("{}：{words}", whom.join("，"));
    }
    let notes = [
        award.on_top_of.map(|amount| format!("在{}的基础上增加", money(amount))),
        award.max_years.map(|years| format!("最多{}年", plain(years))),
        award.once.then(|| "一次性".to_owned()),
    ];
    let steps = award.tiers.iter().map(tier_words);
    let caps = award.and_caps.iter().map(|cap| format!("{}最高{}", cap.per.as_deref().unwrap_or("合计"), money(cap.amount)));
    notes.into_iter().flatten().chain(steps).chain(caps).fold(words, |words, more| format!("{words}；{more}"))
}

fn tier_words(tier: &AwardTier) -> String {
    let parts = [
        tier.ratio.map(|ratio| format!("{}%", plain(ratio * Decimal::from(100)))),
        tier.amount.map(money),
        tier.cap.map(|cap| format!("最高{}", money(cap))),
    ];
    let what: Vec<String> = parts.into_iter().flatten().collect();
    let what = if what.is_empty() { "见原文".to_owned() } else { what.join("，") };
    tier.when.as_ref().map_or_else(|| what.clone(), |when| format!("{when}{what}"))
}

/// Whether a material must be handed in, how many of it and how.
pub(crate) fn material_words(required: bool, copies: Option<u16>, form: Option<&str>) -> String {
    let must = if required { "须提交" } else { "如有则提交" };
    let copies = copies.map(|copies| format!("一式{copies}份"));
    let parts = [Some(must.to_owned()), copies, form.map(str::to_owned)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("，")
}

/// The task of a department.
pub(crate) fn role_words(role: &str) -> &'static str {
    match role {
        "responsible" => "责任单位",
        "receive" => "受理单位",
        "consult" => "咨询单位",
        "interpret" => "负责解释",
        _ => "责任部门",
    }
}

/// The round of a call: `2026年第一批` is `2026年第1批`.
pub(crate) fn batch_words(year: i16, batch: Option<u16>) -> String {
    batch.map_or_else(|| format!("{year}年"), |batch| format!("{year}年第{batch}批"))
}

/// What applying costs.
pub(crate) fn fee_words(amount: Decimal) -> String {
    if amount.is_zero() { "不收费".to_owned() } else { format!("收费{}", money(amount)) }
}

fn mode_words(mode: &str) -> &str {
    match mode {
        "fixed" => "定额",
        "cap" => "限额以内",
        "ratio" => "按比例",
        "range" => "区间",
        "per_unit" => "按单位计",
        "loan" => "贷款支持",
        "interest_subsidy" => "贷款贴息",
        "progressive" => "分段计算",
        "tax_rate" => "税率",
        "tiered" => "分档",
        _ => "见原文",
    }
}

/// An amount in 元, in the unit people say it in.
fn money(amount: Decimal) -> String {
    let hundred_million = Decimal::from(100_000_000);
    let ten_thousand = Decimal::from(10_000);
    if amount.abs() >= hundred_million {
        format!("{}亿元", plain(amount / hundred_million))
    } else if amount.abs() >= ten_thousand {
        format!("{}万元", plain(amount / ten_thousand))
    } else {
        format!("{}元", plain(amount))
    }
}

/// A day as Chinese documents write it.
pub(crate) fn day(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// The days of a window.
pub(crate) fn window_words(window: &Window) -> String {
    let time = window.end_time.as_deref().unwrap_or_default();
    let days = match (window.start, window.end) {
        (Some(start), Some(end)) => Some(format!("{}至{}{time}", day(start), day(end))),
        (Some(start), None) => Some(format!("{}起", day(start))),
        (None, Some(end)) => Some(format!("截至{}{time}", day(end))),
        (None, None) => None,
    };
    let recurrence = match &window.end_md {
        Some(day) => Some(format!("每年{day}{time}前")),
        None => window.recurrence_label().map(str::to_owned),
    };
    let event = window.end_event.as_deref().map(|event| format!("至{event}为止"));
    let strict = window.strict.then(|| "逾期不予受理".to_owned());
    let mut words = [days, recurrence, event, strict].into_iter().flatten().collect::<Vec<_>>().join("，");
    if window.year_inferred_from.is_some() {
        words.push_str("（年份系推定）");
    }
    words
}

/// Where a window stands on a day.
pub(crate) fn window_status(window: &Window, today: Date) -> &'static str {
    match (window.start, window.end) {
        (Some(start), _) if today < start => "未开始",
        (_, Some(end)) if end < today => "已截止",
        (None, None) => "常年受理",
        _ => "申报中",
    }
}

/// The word for what a key point is about.
pub(crate) fn about_words(about: &str) -> &str {
    match about {
        "support" => "支持标准",
        "condition" => "申报条件",
        "window" => "申报时间",
        "material" => "申报材料",
        "validity" => "有效期",
        "purpose" => "目的",
        other => other,
    }
}

/// How conditions combine, by their numbers; `None` where a leaf has no number or the tree is too deep to be read.
pub(crate) fn logic_words(tree: &ConditionTree, number_of: &dyn Fn(usize) -> Option<usize>) -> Option<String> {
    const DEEPEST: usize = 12;
    let words = node_words(tree, number_of, DEEPEST)?;
    Some(words.strip_prefix('（').and_then(|rest| rest.strip_suffix('）')).map_or_else(|| words.clone(), str::to_owned))
        .filter(|words| words.chars().any(|character| matches!(character, '且' | '或' | '非')))
}

fn node_words(tree: &ConditionTree, number_of: &dyn Fn(usize) -> Option<usize>, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let joined = |branches: &[ConditionTree], word: &str| -> Option<String> {
        let parts: Vec<String> = branches.iter().map(|branch| node_words(branch, number_of, depth)).collect::<Option<_>>()?;
        match parts.len() {
            0 => None,
            1 => parts.into_iter().next(),
            _ => Some(format!("（{}）", parts.join(word))),
        }
    };
    match tree {
        ConditionTree::All(branches) => joined(branches, "且"),
        ConditionTree::Any(branches) => joined(branches, "或"),
        ConditionTree::Not(branch) => Some(format!("非{}", node_words(branch, number_of, depth)?)),
        ConditionTree::When { case, then } => Some(format!("（{}的，{}）", case.quote, node_words(then, number_of, depth)?)),
        ConditionTree::Item(index) => number_of(*index).map(|number| number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[track_caller]
    fn check_condition(json: &str, expected: &str) {
        let condition: Condition = serde_json::from_str(json).unwrap();
        let template = samples::template();
        let regions = samples::regions();
        let namer = Namer { template: &template, regions: &regions };
        assert_eq!(namer.requirement(&condition), expected, "{json}");
    }

    #[test]
    fn conditions_are_said_in_words() {
        check_condition(
            r#"{"indicator":"rd.ratio","op":">=","value":3,"unit":"%","period":"last_2_years","agg":"each","group":"all"}"#,
            "近两年每年不低于3%",
        );
        check_condition(
            r#"{"indicator":"reg.place","op":"in","value":["650100"],"group":"all"}"#,
            "属于新疆维吾尔自治区乌鲁木齐市",
        );
        check_condition(r#"{"indicator":"staff","op":"range","value":[10,300],"unit":"人","group":"all"}"#, "在10至300人之间");
        check_condition(
            r#"{"indicator":"x","op":"range","value":[1000,5000],"unit":"万元","bounds":"[)","group":"all"}"#,
            "在1000万元（含）至5000万元（不含）之间",
        );
        check_condition(
            r#"{"indicator":"x","op":"<=","value":true,"ref_value":"同期银行贷款利率","strength":"soft","group":"all"}"#,
            "原则上不高于同期银行贷款利率",
        );
        check_condition(r#"{"indicator":"credit.abnormal","op":"is","value":true,"negated":true,"group":"all"}"#, "不得为：是");
        check_condition(
            r#"{"indicator":"credit.abnormal","op":"is","value":true,"negated":true,"group":"none_of"}"#,
            "不得为：是",
        );
        check_condition(
            r#"{"indicator":"x","op":">","value":1.50,"unit":"亿元","period":"2025Q1","group":"all"}"#,
            "2025年第1季度高于1.5亿元",
        );
    }

    #[track_caller]
    fn check_award(json: &str, expected: &str) {
        assert_eq!(award_words(&serde_json::from_str(json).unwrap()), expected, "{json}");
    }

    #[test]
    fn awards_are_said_in_the_units_people_use() {
        check_award(r#"{"mode":"ratio","ratio":0.3,"cap":1000000,"base":"设备投资额"}"#, "按设备投资额的30%，最高100万元");
        check_award(r#"{"mode":"ratio","ratio":0.125}"#, "12.5%");
        check_award(r#"{"mode":"range","amount":500000,"amount_to":150000000}"#, "50万元至1.5亿元");
        check_award(r#"{"mode":"per_unit","amount":500,"per":"人"}"#, "每人500元");
        check_award(r#"{"mode":"tiered"}"#, "分档");
        check_award(
            r#"{"mode":"tiered","who":"绿色工厂","tiers":[{"when":"国家级","amount":500000},{"when":"省级","ratio":0.1,"cap":200000}],
            "and_caps":[{"amount":1000000,"per":"每家企业每年"}],"once":true}"#,
            "绿色工厂：分档；一次性；国家级50万元；省级10%，最高20万元；每家企业每年最高100万元",
        );
    }

    #[test]
    fn trees_are_said_with_the_numbers_of_their_conditions() {
        let item = ConditionTree::Item;
        let tree =
            ConditionTree::All(vec![item(4), ConditionTree::Any(vec![item(5), item(6)]), ConditionTree::Not(Box::new(item(7)))]);
        assert_eq!(logic_words(&tree, &|index| Some(index - 3)).unwrap(), "1且（2或3）且非4");
        assert_eq!(logic_words(&tree, &|index| (index != 6).then_some(index)), None);
        assert_eq!(logic_words(&item(4), &Some), None);
    }

    #[test]
    fn a_bottomless_tree_is_not_said() {
        let deep = (0..200).fold(ConditionTree::Item(0), |tree, _| ConditionTree::Not(Box::new(tree)));
        assert_eq!(logic_words(&deep, &Some), None);
    }

    #[test]
    fn windows_tell_where_they_stand_on_a_day() {
        let today = Date::constant(2026, 8, 1);
        let window =
            |start: Option<Date>, end: Option<Date>| Window { start, end, role: "applicant".to_owned(), ..Window::default() };
        let (july, september) = (Date::constant(2026, 7, 1), Date::constant(2026, 9, 30));
        assert_eq!(window_status(&window(Some(july), Some(september)), today), "申报中");
        assert_eq!(window_status(&window(Some(september), None), today), "未开始");
        assert_eq!(window_status(&window(None, Some(july)), today), "已截止");
        assert_eq!(window_status(&window(None, None), today), "常年受理");
        assert_eq!(window_words(&window(Some(july), Some(september))), "2026年7月1日至2026年9月30日");
    }
}
