//! One finding of annotation in words: its name and detail, and the steps of an award.

use jiff::civil::Date;
use model::annotation::{Award, AwardCap, AwardTier};
use model::{Decimal, Item, What};

use crate::vocabulary::Vocabulary;
use crate::wording;

/// Name and detail of a finding.
pub(crate) fn words(item: &Item, vocabulary: &Vocabulary, today: Date) -> (String, String) {
    let kind = wording::item_kind(&item.what).to_owned();
    match &item.what {
        What::Condition(condition) => wording::condition(condition, vocabulary),
        What::ConditionText { negated } => (if *negated { "不得有" } else { "需人工判断" }.to_owned(), item.quote.clone()),
        What::Award(award) => (wording::award(award), award_for(award)),
        What::Window(window) => {
            let (text, status) = wording::window(window, today);
            (window_role(&window.role).map_or(status, str::to_owned), text)
        }
        What::Material { name, required, copies, form } => {
            let how = material_form(*copies, form.as_deref());
            let name = if how.is_empty() { name.clone() } else { format!("{name}（{how}）") };
            (if *required { "必交" } else { "如有" }.to_owned(), name)
        }
        What::Entry { channel, url } => {
            let word = if channel == "online" { "网上申报" } else { "现场申报" };
            (word.to_owned(), url.clone().unwrap_or_else(|| item.quote.clone()))
        }
        What::Department { name, role } => (department_role(role).to_owned(), name.clone()),
        What::Contact { kind, value } => (if kind == "mail" { "邮箱" } else { "电话" }.to_owned(), value.clone()),
        What::Validity { start, end, years, of } => {
            let name = if of == "qualification" { "资格有效期" } else { "政策有效期" };
            (name.to_owned(), range(*start, *end, *years))
        }
        What::Reference { key: _, title, relation } => {
            (wording::relation(relation).to_owned(), title.clone().unwrap_or_else(|| item.quote.clone()))
        }
        What::StateChange { .. } | What::Priority {} | What::MutualExclusion {} => (kind, item.quote.clone()),
        What::Quota { value } => (kind, value.map_or_else(|| item.quote.clone(), |value| value.normalize().to_string())),
        What::Batch { year, batch } => (kind, round(*year, *batch)),
        What::Fee { amount } if amount.is_zero() => (kind, "不收费".to_owned()),
        What::Fee { amount } => (kind, wording::money(*amount)),
        What::Parameter { name, value, unit } => (name.clone(), parameter(*value, unit.as_deref())),
    }
}

fn range(start: Option<Date>, end: Option<Date>, years: Option<u16>) -> String {
    let parts =
        [start.map(|date| format!("{date} 起")), end.map(|date| format!("至 {date}")), years.map(|years| format!("{years} 年"))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn round(year: i16, batch: Option<u16>) -> String {
    batch.map_or_else(|| format!("{year}年"), |batch| format!("{year}年第{batch}批"))
}

/// Who gets an award and in which case, in the text's own words.
fn award_for(award: &Award) -> String {
    let parts = [&award.who, &award.when].into_iter().flatten().map(String::as_str);
    parts.collect::<Vec<_>>().join("；")
}

/// The steps of an award and its further limits, a line each.
pub(crate) fn award_lines(award: &Award) -> Vec<String> {
    let tier = |tier: &AwardTier| {
        let parts = [
            tier.ratio.map(wording::percent),
            tier.amount.map(wording::money),
            tier.cap.map(|cap| format!("最高 {}", wording::money(cap))),
        ];
        let what: Vec<String> = parts.into_iter().flatten().collect();
        let what = if what.is_empty() { "见原文".to_owned() } else { what.join("，") };
        tier.when.as_ref().map_or_else(|| what.clone(), |when| format!("{when}：{what}"))
    };
    let cap = |cap: &AwardCap| {
        let per = cap.per.as_deref().unwrap_or("合计");
        format!("{per}最高 {}", wording::money(cap.amount))
    };
    award.tiers.iter().map(tier).chain(award.and_caps.iter().map(cap)).collect()
}

/// How a material must be handed in: `一式3份，原件`.
fn material_form(copies: Option<u16>, form: Option<&str>) -> String {
    let copies = copies.map(|copies| format!("一式{copies}份"));
    copies.into_iter().chain(form.map(str::to_owned)).collect::<Vec<_>>().join("，")
}

/// The task of a department.
fn department_role(role: &str) -> &'static str {
    match role {
        "responsible" => "责任单位",
        "receive" => "受理单位",
        "consult" => "咨询单位",
        "interpret" => "负责解释",
        _ => "责任部门",
    }
}

/// Whose a window is: none where it is the applicant's own.
fn window_role(role: &str) -> Option<&'static str> {
    match role {
        "applicant" => None,
        "project_period" => Some("项目实施期"),
        "obligation" => Some("定期义务"),
        _ => Some("审核时间（主管部门）"),
    }
}

/// A figure of a government: `5.5%`, `2000 元`.
fn parameter(value: Decimal, unit: Option<&str>) -> String {
    match unit {
        Some("元") => wording::money(value),
        Some("ratio") => wording::percent(value),
        unit => format!("{}{}", wording::number(value), unit.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_further_limits_of_an_award_have_a_line_each() {
        let json = r#"{"mode":"tiered","who":"获评绿色工厂的企业","when":"首次",
            "tiers":[{"when":"国家级","amount":500000},{"when":"省级","ratio":0.1,"cap":200000}],
            "and_caps":[{"amount":1000000,"per":"每家企业每年"}]}"#;
        let read: Award = serde_json::from_str(json).unwrap();
        assert_eq!(award_for(&read), "获评绿色工厂的企业；首次");
        assert_eq!(award_lines(&read), ["国家级：50 万元", "省级：10%，最高 20 万元", "每家企业每年最高 100 万元"]);
    }

    #[test]
    fn materials_and_departments_say_how_and_what_for() {
        assert_eq!(material_form(Some(3), Some("原件")), "一式3份，原件");
        assert_eq!(material_form(None, None), "");
        assert_eq!((department_role("receive"), department_role("")), ("受理单位", "责任部门"));
        assert_eq!((window_role("applicant"), window_role("project_period")), (None, Some("项目实施期")));
    }
}
