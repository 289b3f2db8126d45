//! Records and books for the tests of this crate; all of it invented.

use jiff::Timestamp;
use jiff::civil::Date;
use model::annotation::{Award, KeyPoint, Window};
use model::policy::{Copy, Decision, Desk, Policy, Revision};
use model::{
    Annotation, Condition, ConditionTree, Decimal, DocNumber, Document, Item, LifeCycle, Op, Record, Regions, Span, Tag, Value,
    What,
};

use crate::book::Book;
use crate::period::Period;
use crate::template::Template;

pub(crate) const TEMPLATE: &str = include_str!("../../../rules/compilations/quarterly.toml");

const TEXT: &str = "各有关企业：\n为支持中小企业数字化转型，现将申报事项通知如下。\n一、支持标准\n按设备投资额的30%给予补助，最高100万元。\n二、申报条件\n（一）注册地在本市；\n（二）上年度营业收入不低于1000万元；\n（三）未被列入经营异常名录。\n三、申报时间\n2026年8月10日至2026年9月30日。\n四、申报材料\n申报书一式两份。\n示例市工业和信息化局\n2026年8月5日";

pub(crate) fn template() -> Template {
    let names = [("fin.revenue", "营业收入"), ("reg.place", "注册地"), ("credit.abnormal", "经营异常名录")];
    Template::parse("quarterly.toml", TEMPLATE).unwrap().with_names(names.map(|(id, name)| (id.to_owned(), name.to_owned())))
}

pub(crate) fn regions() -> Regions {
    Regions::parse("code,name,level,parent\n650000,新疆维吾尔自治区,1,\n650100,乌鲁木齐市,2,650000\n").unwrap()
}

fn span_of(quote: &str) -> Span {
    let start = TEXT[..TEXT.find(quote).unwrap()].chars().count();
    Span::new(u32::try_from(start).unwrap(), u32::try_from(start + quote.chars().count()).unwrap())
}

fn item(quote: &str, what: What) -> Item {
    Item { what, quote: quote.to_owned(), span: span_of(quote), confidence: 0.9, rule: "sample".to_owned() }
}

fn condition(indicator: &str, op: Op, value: Value, unit: &str) -> Condition {
    Condition { unit: (!unit.is_empty()).then(|| unit.to_owned()), ..Condition::new(indicator, op, value) }
}

fn annotation() -> Annotation {
    let award = Award {
        mode: "ratio".to_owned(),
        ratio: Some(Decimal::new(3, 1)),
        cap: Some(Decimal::from(1_000_000)),
        base: Some("设备投资额".to_owned()),
        ..Award::default()
    };
    let window = Window {
        start: Some(Date::constant(2026, 8, 10)),
        end: Some(Date::constant(2026, 9, 30)),
        role: "applicant".to_owned(),
        ..Window::default()
    };
    let revenue = Condition {
        period: Some("last_year".to_owned()),
        ..condition("fin.revenue", Op::AtLeast, Value::Number(Decimal::from(1_000)), "万元")
    };
    let abnormal = Condition { negated: true, ..condition("credit.abnormal", Op::Is, Value::Bool(true), "") };
    let key_point =
        |about: &str, quote: &str| KeyPoint { about: about.to_owned(), quote: quote.to_owned(), span: span_of(quote) };
    Annotation {
        version: "sample".to_owned(),
        items: vec![
            item("按设备投资额的30%给予补助，最高100万元", What::Award(award)),
            item("注册地在本市", What::Condition(condition("reg.place", Op::In, Value::List(vec!["650100".to_owned()]), ""))),
            item("上年度营业收入不低于1000万元", What::Condition(revenue)),
            item("未被列入经营异常名录", What::Condition(abnormal)),
            item("2026年8月10日至2026年9月30日", What::Window(window)),
            item("申报书一式两份", What::Material { name: "申报书".to_owned(), required: true, copies: Some(2), form: None }),
        ],
        tree: Some(ConditionTree::All(vec![ConditionTree::Item(1), ConditionTree::Item(2), ConditionTree::Item(3)])),
        tags: Vec::new(),
        key_points: vec![
            key_point("support", "按设备投资额的30%给予补助，最高100万元。"),
            key_point("condition", "（二）上年度营业收入不低于1000万元；"),
            key_point("window", "2026年8月10日至2026年9月30日。"),
        ],
    }
}

fn tag(kind: &str, value: &str, label: &str) -> Tag {
    Tag {
        kind: kind.to_owned(),
        value: value.to_owned(),
        label: label.to_owned(),
        confidence: 0.9,
        place: "title".to_owned(),
        quote: String::new(),
        span: Span::default(),
        rule: "sample".to_owned(),
    }
}

/// A record with an id, a title, a date, a number and a tool tag.
fn record(id: &str, title: &str, date: &str, number: &str, tool: &str) -> Record {
    let url = format!("http://www.example.gov.cn/zc/{id}.html?a=1&b=2");
    let mut annotation = annotation();
    if !tool.is_empty() {
        annotation.tags.push(tag("tool", tool, tool));
        annotation.tags.push(tag("triage", "apply", "申报通知"));
    }
    Record {
        policy: Policy {
            id: id.into(),
            title: title.to_owned(),
            state: LifeCycle::InForce,
            region: "650100".to_owned(),
            copies: vec![Copy { url, ..Copy::default() }],
            revisions: vec![Revision { number: 1, ..Revision::default() }],
            ..Policy::default()
        },
        document: Document {
            title: title.to_owned(),
            published: date.parse::<Date>().ok().map(Into::into),
            numbers: DocNumber::parse(number).into_iter().collect(),
            issuers: if number.is_empty() { Vec::new() } else { vec!["示例市工业和信息化局".to_owned()] },
            text: TEXT.to_owned(),
            ..Document::default()
        },
        annotation,
        decision: None,
    }
}

pub(crate) fn decision(desk: Desk, tags: &[&str], state: Option<LifeCycle>) -> Decision {
    Decision {
        desk,
        editor: "editor".to_owned(),
        reason: String::new(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        state,
        state_since: None,
        at: Timestamp::UNIX_EPOCH,
    }
}

pub(crate) type Input = (Template, Period, Vec<Record>, Regions, Timestamp);

pub(crate) fn input() -> Input {
    let mut digital =
        record("p-digital", "示例市中小企业数字化转型试点申报通知", "2026-08-05", "示工信发〔2026〕12号", "digital");
    digital.policy.revisions.push(Revision { number: 2, ..Revision::default() });
    let same_day = record("p-same-day", "关于申报绿色工厂的通知", "2026-08-05", "示工信发〔2026〕9号", "digital");
    let late = record("p-late", "关于复核上年度智能工厂的通知", "2026-09-30", "示工信发〔2025〕30号", "digital");
    let mut joint = record("p-joint", "关于联合实施创新券的通知", "2026-07-01", "示科发〔2026〕3号", "rd");
    joint.document.issuers = vec!["示例市科学技术局".to_owned(), "示例市财政局".to_owned()];
    let mut nation = record("p-nation", "关于延续税收优惠的公告", "2026-07-15", "", "tax");
    nation.policy.region = model::region::COUNTRY.to_owned();
    let mut untagged = record("p-untagged", "关于贷款贴息的通知", "2026-08-20", "", "");
    untagged.policy.region = "不是代码".to_owned();
    let early = record("p-early", "上一季度的政策", "2026-06-30", "示工信发〔2026〕1号", "grant");
    let undated = record("p-undated", "没有日期的政策", "", "示工信发〔2026〕2号", "grant");
    let mut excluded = record("p-excluded", "被编辑排除的政策", "2026-08-01", "示工信发〔2026〕4号", "grant");
    excluded.decision = Some(decision(Desk::Excluded, &[], None));
    let mut withdrawn = record("p-withdrawn", "被撤回的政策", "2026-08-01", "示工信发〔2026〕5号", "grant");
    withdrawn.decision = Some(decision(Desk::Withdrawn, &[], None));
    let mut draft = record("p-draft", "某办法（征求意见稿）", "2026-08-01", "示工信发〔2026〕6号", "grant");
    draft.policy.state = LifeCycle::Draft;
    let mut result = record("p-result", "公示名单", "2026-08-01", "示工信发〔2026〕7号", "");
    result.annotation.tags.push(tag("triage", "result", "结果"));
    let records = vec![digital, same_day, late, joint, nation, untagged, early, undated, excluded, withdrawn, draft, result];
    (template(), Period::parse("2026Q3").unwrap(), records, regions(), "2026-10-08T01:30:00Z".parse().unwrap())
}

pub(crate) fn book() -> Book {
    let (template, period, records, regions, made_at) = input();
    crate::compile(&template, &period, &records, &regions, made_at)
}

/// A book of so many policies.
pub(crate) fn book_of(count: usize) -> Book {
    let (template, period, _, regions, made_at) = input();
    let tools = ["grant", "tax", "finance", "rd", ""];
    let records: Vec<Record> = (0..count)
        .map(|index| {
            let date = format!("2026-{:02}-{:02}", 7 + index % 3, 1 + index % 28);
            record(
                &format!("p-{index:05}"),
                &format!("第{index}号政策通知"),
                &date,
                &format!("示发〔2026〕{}号", index + 1),
                tools[index % 5],
            )
        })
        .collect();
    crate::compile(&template, &period, &records, &regions, made_at)
}

/// A book with one policy of this title.
pub(crate) fn book_with_title(title: &str) -> Book {
    let (template, period, _, regions, made_at) = input();
    let records = [record("p-title", title, "2026-08-01", "示发〔2026〕1号", "grant")];
    crate::compile(&template, &period, &records, &regions, made_at)
}

/// A book of texts that try to leave their place.
pub(crate) fn hostile_book() -> Book {
    let (mut template, period, _, regions, made_at) = input();
    template.sections.push(crate::template::Section::Text);
    let titles = [
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "控制\u{0}\u{b}\u{1f}字符\u{202e}\u{fffe}",
        "]]> --> </w:t></w:r> &amp; \"引号' | 竖线 [链接](javascript:alert(1))",
        "",
    ];
    let mut records: Vec<Record> =
        titles.iter().enumerate().map(|(index, title)| record(&format!("h-{index}"), title, "2026-08-01", "", "grant")).collect();
    let urls = ["javascript:alert(1)", "http://[", "http://a.cn/\" onerror=\"x", "http://a.cn/a|b)c(d", ""];
    for (record, url) in records.iter_mut().zip(urls) {
        record.policy.copies[0].url = url.to_owned();
        record.document.issuers = vec!["=1+1\u{1}<b>".to_owned()];
        record.document.source = Some("@SUM(1)".to_owned());
        let quote = "一<i>行\n二行\t=1+1\u{0}|`x`";
        record.document.text = quote.to_owned();
        let span = Span::new(0, u32::try_from(quote.chars().count()).unwrap());
        record.annotation = Annotation {
            key_points: vec![KeyPoint { about: "<b>".to_owned(), quote: quote.to_owned(), span }],
            items: vec![Item {
                what: What::ConditionText { negated: false },
                quote: quote.to_owned(),
                span,
                confidence: 0.5,
                rule: "sample".to_owned(),
            }],
            ..Annotation::default()
        };
    }
    crate::compile(&template, &period, &records, &regions, made_at)
}
