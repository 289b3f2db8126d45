//! Conditions, awards and windows in the reader's words.
//!
//! These words only explain; what counts is the quote beside them. Nothing here invents: a field that is absent is not worded.

use jiff::civil::Date;
use model::annotation::{Award, Window};
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
            Value::List(values) => values.iter().map(|value| self.coded(value)).collect::<Vec<_>>().join("、"),
        }
    }

    /// The whole requirement: period, comparison, value and unit.
    pub(crate) fn requirement(&self, condition: &Condition) -> String {
        let value = self.value(&condition.value);
        let unit = condition.unit.as_deref().unwrap_or_default();
        let measured = if unit.is_empty() { value.clone() } else { format!("{value}{unit}") };
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
        format!("{period}{agg}{compared}")
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

/// The case or tier a condition is limited to; empty where it holds for all.
pub(crate) fn case_words(condition: &Condition) -> String {
    let group = group_words(&condition.group);
    match condition.when.as_deref() {
        Some(when) if group.is_empty() || group == when => when.to_owned(),
        Some(when) => format!("{group}；{when}"),
        None => group,
    }
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
    match award.per.as_deref() {
        Some(per) if !per.is_empty() => format!("每{per}{words}"),
        _ => words,
    }
}

fn mode_words(mode: &str) -> &str {
    match mode {
        "fixed" => "定额",
        "cap" => "限额以内",
        "ratio" => "按比例",
        "range" => "区间",
        "per_unit" => "按单位计",
        "loan" => "贷款支持",
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
    let days = match (window.start, window.end) {
        (Some(start), Some(end)) => format!("{}至{}", day(start), day(end)),
        (Some(start), None) => format!("{}起", day(start)),
        (None, Some(end)) => format!("截至{}", day(end)),
        (None, None) => String::new(),
    };
    let recurrence = match window.recurrence.as_deref() {
        None => "",
        Some("rolling") => "常年受理",
        Some("until_exhausted") => "额满即止",
        Some(other) => other,
    };
    let mut words = [days.as_str(), recurrence].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("，");
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
        check_condition(r#"{"indicator":"credit.abnormal","op":"is","value":true,"negated":true,"group":"all"}"#, "不得为：是");
        check_condition(
            r#"{"indicator":"credit.abnormal","op":"is","value":true,"negated":true,"group":"none_of"}"#,
            "不得为：是",
        );
        check_condition(
            r#"{"indicator":"x","op":">","value":"1.50","unit":"亿元","period":"2025Q1","group":"all"}"#,
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
