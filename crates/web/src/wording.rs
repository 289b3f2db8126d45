//! Values, conditions, awards and windows in the words a reader expects: `≥ 3%（上年度）`, `最高 500 万元`.

use jiff::civil::Date;
use model::annotation::{Award, Case, Window};
use model::verdict::ConditionVerdict;
use model::{Condition, Decimal, FileFacts, FileState, Indicator, MessageState, Op, Outcome, Truth, Value, What};

use crate::vocabulary::Vocabulary;

/// Money in 元, shown in the unit people speak of: `500 万元`, `1.2 亿元`.
#[must_use]
pub fn money(amount: Decimal) -> String {
    let (unit, divisor) = match amount.abs() {
        size if size >= Decimal::from(100_000_000) => (" 亿元", Decimal::from(100_000_000)),
        size if size >= Decimal::from(10_000) => (" 万元", Decimal::from(10_000)),
        _ => (" 元", Decimal::ONE),
    };
    format!("{}{unit}", number(amount / divisor))
}

/// What a document is to its policy.
pub(crate) fn copy_role(role: &str) -> &'static str {
    match role {
        "canonical" => "首见",
        "revision" => "另一版本",
        _ => "转载",
    }
}

/// A ratio as percent: `0.03` → `3%`.
#[must_use]
pub fn percent(ratio: Decimal) -> String {
    match ratio.checked_mul(Decimal::ONE_HUNDRED) {
        Some(hundredfold) => format!("{}%", number(hundredfold)),
        None => ratio.to_string(),
    }
}

pub(crate) fn number(value: Decimal) -> String {
    value.round_dp(4).normalize().to_string()
}

/// A value as written, with its unit.
#[must_use]
pub fn value(value: &Value, unit: Option<&str>) -> String {
    let unit = unit.unwrap_or_default();
    match value {
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        Value::Number(value) => format!("{}{unit}", number(*value)),
        Value::Text(text) => text.clone(),
        Value::Range(low, high) => format!("{}–{}{unit}", number(low.0), number(high.0)),
        Value::Steps(steps) => format!("{}{unit}", steps.iter().map(|step| number(step.0)).collect::<Vec<_>>().join("、")),
        Value::List(values) => values.join("、"),
    }
}

/// A fact of a profile, stored in base units, in the unit of its indicator.
#[must_use]
pub fn fact(value_in_base: &Value, indicator: Option<&Indicator>) -> String {
    let family = indicator.and_then(|indicator| indicator.unit_family.as_deref());
    match (value_in_base, family) {
        (Value::Number(amount), Some("money")) => money(*amount),
        (Value::Number(ratio), Some("percent")) => percent(*ratio),
        (Value::Range(low, high), Some("money")) => format!("{}–{}", money(low.0), money(high.0)),
        (Value::Range(low, high), Some("percent")) => format!("{}–{}", percent(low.0), percent(high.0)),
        _ => value(value_in_base, None),
    }
}

/// A condition as name and requirement: (`研发费用占比`, `≥ 3%（上年度）`).
#[must_use]
pub fn condition(condition: &Condition, vocabulary: &Vocabulary) -> (String, String) {
    let name = vocabulary.indicator_name(&condition.indicator);
    let shown = compared(condition);
    let mut need = match (condition.op, &condition.value) {
        (Op::Is, Value::Bool(yes)) if condition.ref_value.is_none() => (if *yes { "是" } else { "否" }).to_owned(),
        (Op::FirstTime, _) => "首次".to_owned(),
        (op, _) => format!("{} {shown}", sign(op)),
    };
    if condition.negated {
        need = format!("不得：{need}");
    }
    let notes: Vec<String> = [
        condition.period.as_deref().map(period),
        condition.agg.as_deref().map(aggregate),
        condition.when.as_deref().map(|when| format!("限：{when}")),
        condition.strength.as_deref().map(strength),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !notes.is_empty() {
        need = format!("{need}（{}）", notes.join("，"));
    }
    (name, need)
}

/// What a condition compares with: its measure where that is no number, its value with the ends of a range told.
fn compared(condition: &Condition) -> String {
    let unit = condition.unit.as_deref();
    match (&condition.ref_value, &condition.bounds, &condition.value) {
        (Some(measure), _, Value::Number(times)) => format!("{measure}（{}{}）", number(*times), unit.unwrap_or_default()),
        (Some(measure), ..) => measure.clone(),
        (None, Some(bounds), Value::Range(low, high)) => {
            let unit = unit.unwrap_or_default();
            let word = |without: bool| if without { "不含" } else { "含" };
            let (low, high) = (number(low.0), number(high.0));
            format!("{low}{unit}（{}）–{high}{unit}（{}）", word(bounds.starts_with('(')), word(bounds.ends_with(')')))
        }
        _ => value(&condition.value, unit),
    }
}

fn strength(strength: &str) -> String {
    match strength {
        "soft" => "原则上",
        "advice" => "建议",
        other => other,
    }
    .to_owned()
}

/// The case a requirement is limited to, with what a program tests of it: `营业收入亿元以上的企业（营业收入 ≥ 1亿元）`.
#[must_use]
pub fn case(case: &Case, vocabulary: &Vocabulary) -> String {
    let tests = case.tests.iter().map(|test| {
        let (name, need) = condition(test, vocabulary);
        format!("{name} {need}")
    });
    let tests: Vec<String> = tests.collect();
    if tests.is_empty() { case.quote.clone() } else { format!("{}（{}）", case.quote, tests.join("；")) }
}

const fn sign(op: Op) -> &'static str {
    match op {
        Op::AtLeast => "≥",
        Op::AtMost => "≤",
        Op::More => ">",
        Op::Less => "<",
        Op::Range => "介于",
        Op::Is => "为",
        Op::In => "属于",
        Op::Has => "具备",
        Op::HasAny => "具备其一：",
        Op::FirstTime => "首次",
        Op::FirstExceed => "首次超过",
        Op::Transition => "变更为",
        Op::Increase => "增长 ≥",
    }
}

fn period(period: &str) -> String {
    let fixed = match period {
        "last_year" => "上年度",
        "current_year" => "当年",
        "each_of_last_2_years" => "近两年每年",
        "each_of_last_3_years" => "近三年每年",
        "sum_of_last_2_years" => "近两年合计",
        "sum_of_last_3_years" => "近三年合计",
        "last_12_months" => "近12个月",
        "as_of_application" => "申报时",
        "last_2_years" => "近两年",
        "last_3_years" => "近三年",
        _ => "",
    };
    if !fixed.is_empty() {
        return fixed.to_owned();
    }
    match period.split_once('Q') {
        Some((year, quarter)) => format!("{year}年第{quarter}季度"),
        None if period.len() == 4 && period.bytes().all(|byte| byte.is_ascii_digit()) => format!("{period}年"),
        None => period.to_owned(),
    }
}

fn aggregate(aggregate: &str) -> String {
    match aggregate {
        "each" => "每年",
        "sum" => "合计",
        "mean" => "平均",
        other => other,
    }
    .to_owned()
}

/// 支持标准 in one line.
#[must_use]
pub fn award(award: &Award) -> String {
    let mut parts = Vec::new();
    if let Some(ratio) = award.ratio {
        let base = award.base.as_deref().map(|base| format!("按{base}的 ")).unwrap_or_default();
        parts.push(format!("{base}{}", percent(ratio)));
    }
    match (award.amount, award.amount_to) {
        (Some(low), Some(high)) => parts.push(format!("{}–{}", money(low), money(high))),
        (Some(amount), None) if award.mode == "cap" => parts.push(format!("最高 {}", money(amount))),
        (Some(amount), None) | (None, Some(amount)) => parts.push(money(amount)),
        (None, None) => {}
    }
    if let Some(cap) = award.cap.filter(|cap| Some(*cap) != award.amount || award.mode != "cap") {
        parts.push(format!("最高 {}", money(cap)));
    }
    parts.extend(award_mode(&award.mode).map(str::to_owned));
    let mut text = if parts.is_empty() { "见原文".to_owned() } else { parts.join("，") };
    if let Some(per) = &award.per {
        text = format!("{text}／{per}");
    }
    let notes = [
        award.on_top_of.map(|amount| format!("在 {} 的基础上增加", money(amount))),
        award.max_years.map(|years| format!("最多 {} 年", number(years))),
        award.once.then(|| "一次性".to_owned()),
    ];
    notes.into_iter().flatten().fold(text, |text, note| format!("{text}，{note}"))
}

fn award_mode(mode: &str) -> Option<&'static str> {
    match mode {
        "loan" => Some("贷款支持"),
        "interest_subsidy" => Some("贷款贴息"),
        "tiered" => Some("分档支持"),
        "progressive" => Some("分段计算"),
        "tax_rate" => Some("税率"),
        _ => None,
    }
}

/// Where a day stands in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not yet open, opens in so many days.
    Ahead(i32),
    /// Open; days left including today, when the end is known.
    Open(Option<i32>),
    /// Past its last day.
    Over,
}

/// The phase of a window on a day. A window that names neither day, or is only for the authorities, is open.
#[must_use]
pub fn phase(window: &Window, today: Date) -> Phase {
    if let Some(start) = window.start.filter(|start| *start > today) {
        return Phase::Ahead(days_between(today, start));
    }
    match window.end {
        Some(end) if end < today => Phase::Over,
        Some(end) => Phase::Open(Some(days_between(today, end) + 1)),
        None => Phase::Open(None),
    }
}

fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

/// 申报时间 in one line, and how it stands today.
#[must_use]
pub fn window(window: &Window, today: Date) -> (String, String) {
    let time = window.end_time.as_deref().map(|time| format!(" {time}")).unwrap_or_default();
    let days = match (window.start, window.end) {
        (Some(start), Some(end)) => Some(format!("{start} 至 {end}{time}")),
        (Some(start), None) => Some(format!("{start} 起")),
        (None, Some(end)) => Some(format!("{end}{time} 前")),
        (None, None) => None,
    };
    let recurrence = match &window.end_md {
        Some(day) => Some(format!("每年 {day}{time} 前")),
        None => window.recurrence_label().map(str::to_owned),
    };
    let event = window.end_event.as_deref().map(|event| format!("至{event}为止"));
    let strict = window.strict.then(|| "逾期不予受理".to_owned());
    let mut text = [days, recurrence, event, strict].into_iter().flatten().collect::<Vec<_>>().join("，");
    if window.year_inferred_from.is_some() {
        text.push_str("（年份为推断）");
    }
    let status = match phase(window, today) {
        Phase::Ahead(days) => format!("{days} 天后开始"),
        Phase::Open(Some(days)) => format!("申报中，剩 {days} 天"),
        Phase::Open(None) => "可申报".to_owned(),
        Phase::Over => "已截止".to_owned(),
    };
    (text, status)
}

/// The Chinese name of an item's type.
#[must_use]
pub const fn item_kind(what: &What) -> &'static str {
    match what {
        What::Condition(_) => "条件",
        What::ConditionText { .. } => "条件（人工判断）",
        What::Award(_) => "支持标准",
        What::Window(_) => "申报时间",
        What::Material { .. } => "申报材料",
        What::Entry { .. } => "申报入口",
        What::Department { .. } => "责任部门",
        What::Contact { .. } => "联系方式",
        What::Validity { .. } => "有效期",
        What::Reference { .. } => "引用文件",
        What::StateChange { .. } => "效力变动",
        What::Priority {} => "优先支持",
        What::Quota { .. } => "名额限制",
        What::MutualExclusion {} => "不重复享受",
        What::Batch { .. } => "申报批次",
        What::Fee { .. } => "收费",
        What::Parameter { .. } => "参数",
    }
}

/// The relation of a reference.
#[must_use]
pub fn relation(relation: &str) -> &str {
    match relation {
        "basis" => "依据",
        "repeals" => "废止",
        "amends" => "修改",
        "interprets" => "解读",
        "forwards" => "转发",
        "cites" => "引用",
        other => other,
    }
}

/// What a key point is about.
#[must_use]
pub fn about(about: &str) -> &str {
    match about {
        "support" => "支持",
        "condition" => "条件",
        "window" => "时间",
        "material" => "材料",
        "validity" => "有效期",
        "purpose" => "目的",
        other => other,
    }
}

/// What a kind of tag is called.
#[must_use]
pub fn tag_kind(kind: &str) -> &str {
    match kind {
        "state" => "效力状态",
        "theme" => "主题",
        "tool" => "政策工具",
        "mode" => "兑现方式",
        "kind" => "文种",
        "triage" => "类别",
        "region" => "地区",
        "jurisdiction" => "管辖",
        "industry" => "行业",
        "size" => "企业规模",
        "recipient" => "对象",
        "issuer" => "发文机关",
        "source" => "信息源",
        "desk" => "编辑状态",
        "level" => "级别",
        "window" => "申报窗口",
        other => other,
    }
}

/// What gives a part of a score.
#[must_use]
pub fn score_part(what: &str) -> &str {
    match what {
        "word_present" => "含有此词",
        "all_present" => "含有所有词",
        "title" => "标题",
        "body" => "正文",
        "title_exact" => "标题含整句",
        "phrase" => "短语",
        "synonym" => "同义词",
        "number" => "文号",
        "cited_number" => "提及文号",
        "freshness" => "时效系数",
        "authority" => "级别系数",
        other => other,
    }
}

/// A three-valued conclusion as word, sign and class name; the sign carries what colour alone would not.
#[must_use]
pub const fn truth(truth: Truth) -> (&'static str, &'static str, &'static str) {
    match truth {
        Truth::Met => ("满足", "✓", "met"),
        Truth::NotMet => ("不满足", "✗", "not-met"),
        Truth::Unknown => ("缺数据", "?", "unknown"),
        Truth::Review => ("需人工判断", "◐", "review"),
    }
}

/// The same for a condition; 不适用 where the enterprise is not of its case.
#[must_use]
pub fn verdict(verdict: &ConditionVerdict) -> (&'static str, &'static str, &'static str) {
    if verdict.applies() { truth(verdict.truth) } else { ("不适用", "–", "aside") }
}

/// The class name of an outcome.
#[must_use]
pub const fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Eligible => "eligible",
        Outcome::Likely => "likely",
        Outcome::NearMiss => "near-miss",
        Outcome::NotEligible => "not-eligible",
        Outcome::Unknown => "unknown",
        Outcome::Closed => "closed",
    }
}

/// Where a message stands, for its receiver.
#[must_use]
pub const fn message_state(state: MessageState) -> &'static str {
    match state {
        MessageState::Queued => "待发送",
        MessageState::Sent | MessageState::Delivered => "未读",
        MessageState::Read => "已读",
        MessageState::Dead => "发送失败",
        MessageState::Cancelled => "已撤回",
    }
}

/// The stable name of a message's state.
#[must_use]
pub const fn message_state_name(state: MessageState) -> &'static str {
    match state {
        MessageState::Queued => "queued",
        MessageState::Sent => "sent",
        MessageState::Delivered => "delivered",
        MessageState::Read => "read",
        MessageState::Dead => "dead",
        MessageState::Cancelled => "cancelled",
    }
}

/// What became of an attached file, where a reader of the policy should know it.
#[must_use]
pub fn file_state(facts: Option<&FileFacts>) -> &'static str {
    let Some(facts) = facts else { return "尚未读取" };
    let repeats = facts.issues.iter().any(|issue| issue.code == "repeats_the_document");
    match facts.state {
        FileState::Text if repeats => "与正文内容相同",
        FileState::Text => "已收入正文之后",
        FileState::Missing => "未能下载",
        FileState::Scan => "扫描件，无文字，请人工查看",
        FileState::Empty => "空文件",
        FileState::Unsupported => "此格式未读取文字",
        FileState::Encrypted => "有密码，未能读取",
        FileState::Damaged => "文件损坏，未能读取",
        FileState::Limited => "超出读取限度，文字可能不全",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn money_is_shown_in_the_unit_people_speak_of() {
        let check = |amount: &str, expected: &str| assert_eq!(money(amount.parse().unwrap()), expected);
        check("5000000", "500 万元");
        check("120000000", "1.2 亿元");
        check("9999", "9999 元");
        check("12345.67", "1.2346 万元");
        check("-20000", "-2 万元");
    }

    #[test]
    fn a_file_without_text_says_why() {
        let facts = |state| FileFacts { state, ..FileFacts::default() };
        assert_eq!(file_state(None), "尚未读取");
        assert!(file_state(Some(&facts(FileState::Scan))).contains("扫描件"));
        assert_eq!(file_state(Some(&facts(FileState::Text))), "已收入正文之后");
        let issues = vec![model::Issue::new("repeats_the_document", "")];
        assert_eq!(file_state(Some(&FileFacts { issues, ..facts(FileState::Text) })), "与正文内容相同");
    }

    #[test]
    fn conditions_say_sign_value_period_and_case() {
        let check = |json: &str, expected: &str| {
            let read: Condition = serde_json::from_str(json).unwrap();
            assert_eq!(condition(&read, &Vocabulary::default()).1, expected);
        };
        check(r#"{"indicator":"a","op":">=","value":3,"unit":"%","period":"last_year","group":"all"}"#, "≥ 3%（上年度）");
        check(r#"{"indicator":"a","op":"range","value":[3,5],"unit":"年","group":"all"}"#, "介于 3–5年");
        check(
            r#"{"indicator":"a","op":"range","value":[1000,5000],"unit":"万元","bounds":"[)","group":"all"}"#,
            "介于 1000万元（含）–5000万元（不含）",
        );
        check(
            r#"{"indicator":"a","op":"<=","value":"失业率控制目标","ref_value":"失业率控制目标","strength":"soft","group":"all"}"#,
            "≤ 失业率控制目标（原则上）",
        );
        check(r#"{"indicator":"a","op":"is","value":true,"negated":true,"group":"all"}"#, "不得：是");
        check(
            r#"{"indicator":"a","op":"has_any","value":["甲","乙"],"period":"2025Q1","group":"any"}"#,
            "具备其一： 甲、乙（2025年第1季度）",
        );
        check(
            r#"{"indicator":"a","op":"<=","value":2,"unit":"次","agg":"sum","when":"西部","group":"all"}"#,
            "≤ 2次（合计，限：西部）",
        );
    }

    #[test]
    fn awards_say_rate_base_amount_and_cap() {
        let check = |json: &str, expected: &str| {
            assert_eq!(award(&serde_json::from_str(json).unwrap()), expected);
        };
        check(r#"{"mode":"ratio","ratio":0.2,"base":"设备投资额","cap":3000000}"#, "按设备投资额的 20%，最高 300 万元");
        check(r#"{"mode":"cap","amount":500000}"#, "最高 50 万元");
        check(r#"{"mode":"cap","cap":500000}"#, "最高 50 万元");
        check(r#"{"mode":"range","amount":100000,"amount_to":200000,"per":"户"}"#, "10 万元–20 万元／户");
        check(r#"{"mode":"fixed"}"#, "见原文");
        check(r#"{"mode":"fixed","amount":200000,"once":true,"on_top_of":300000}"#, "20 万元，在 30 万元 的基础上增加，一次性");
        check(r#"{"mode":"interest_subsidy","ratio":0.5,"max_years":3}"#, "50%，贷款贴息，最多 3 年");
    }

    #[test]
    fn a_case_shows_what_is_tested_of_it() {
        let test = r#"{"indicator":"free:营业收入","op":">=","value":1,"unit":"亿元","group":"all"}"#;
        let mut limited = Case { quote: "亿元以上企业".to_owned(), span: model::Span::new(0, 6), tests: Vec::new() };
        assert_eq!(case(&limited, &Vocabulary::default()), "亿元以上企业");
        limited.tests.push(serde_json::from_str(test).unwrap());
        assert_eq!(case(&limited, &Vocabulary::default()), "亿元以上企业（营业收入 ≥ 1亿元）");
    }

    #[test]
    fn a_window_knows_how_it_stands_today() {
        let today = date(2026, 7, 1);
        let check = |start: Option<Date>, end: Option<Date>, expected: &str| {
            let asked = Window { start, end, role: "applicant".into(), ..Window::default() };
            assert_eq!(window(&asked, today).1, expected);
        };
        check(Some(date(2026, 7, 4)), None, "3 天后开始");
        check(None, Some(date(2026, 7, 1)), "申报中，剩 1 天");
        check(None, Some(date(2026, 6, 30)), "已截止");
        check(Some(date(2026, 1, 1)), None, "可申报");
    }

    #[test]
    fn a_window_says_time_event_and_how_strict_it_is() {
        let check = |json: &str, expected: &str| {
            let asked: Window = serde_json::from_str(json).unwrap();
            assert_eq!(window(&asked, date(2026, 7, 1)).0, expected);
        };
        check(r#"{"recurrence":"weekly","role":"applicant"}"#, "每周");
        check(r#"{"end":"2026-08-31","end_time":"17:00","strict":true,"role":"applicant"}"#, "2026-08-31 17:00 前，逾期不予受理");
        check(r#"{"recurrence":"yearly","end_md":"03-31","role":"applicant"}"#, "每年 03-31 前");
        check(r#"{"recurrence":"rolling","end_event":"目标任务完成","role":"applicant"}"#, "常年受理，至目标任务完成为止");
    }
}
