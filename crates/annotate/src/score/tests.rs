//! The floors under the scorecard, and what must hold for every text whatever its score.

use proptest::prelude::*;

use super::*;
use crate::annotator::Input;
use crate::examples::shipped;

const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn shared(path: &str) -> Option<String> {
    let path = format!("{SHARED}/{path}");
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: {path} is absent");
    }
    text
}

/// Everything an annotation points at must be what it quotes.
#[track_caller]
fn check_spans(text: &str, title: &str) {
    let annotation = shipped().annotate(&Input { text, title, region: "110000", ..Input::default() });
    for item in &annotation.items {
        assert_eq!(item.span.of(text), item.quote, "{} in {text}", item.rule);
        assert!(!item.quote.is_empty(), "{} quotes nothing", item.rule);
    }
    for point in &annotation.key_points {
        assert_eq!(point.span.of(text), point.quote, "key point in {text}");
    }
    for tag in &annotation.tags {
        let place = if tag.place == "title" { title } else { text };
        assert_eq!(tag.span.of(place), tag.quote, "tag {}:{} in {place}", tag.kind, tag.value);
        assert!(!tag.quote.is_empty(), "tag {}:{} proves nothing", tag.kind, tag.value);
    }
    let mut used = Vec::new();
    if let Some(tree) = &annotation.tree {
        leaves(tree, &mut used);
    }
    let conditions: Vec<usize> = annotation.conditions().map(|(index, _, _)| index).collect();
    used.sort_unstable();
    assert!(used.iter().all(|index| conditions.contains(index)), "a leaf is no condition in {text}");
    assert!(used.windows(2).all(|pair| pair[0] != pair[1]), "a condition stands twice in the tree of {text}");
}

fn leaves(tree: &model::ConditionTree, used: &mut Vec<usize>) {
    match tree {
        model::ConditionTree::All(branches) | model::ConditionTree::Any(branches) => {
            branches.iter().for_each(|branch| leaves(branch, used))
        }
        model::ConditionTree::Not(branch) | model::ConditionTree::When { then: branch, .. } => leaves(branch, used),
        model::ConditionTree::Item(index) => used.push(*index),
    }
}

/// Floors a little under what is reached, so that a change for the worse fails.
#[track_caller]
fn check_floors(variant: Variant) {
    let Some(gold) = shared("gold/phrases.jsonl") else { return };
    let card = evaluate(shipped(), &gold, variant);
    assert_eq!((card.phrases, card.unreadable), (155, 0));
    let floors = [("condition", 0.95, 0.96), ("award", 0.82, 0.87), ("window", 0.9, 0.9), ("material", 0.9, 0.9)];
    for (name, precision, recall) in floors {
        let score = card.types[name];
        assert!(score.precision() >= precision && score.recall() >= recall, "{name} fell: {card}");
    }
    assert!(card.total.precision() >= 0.91 && card.total.recall() >= 0.915, "the total fell: {card}");
    assert_eq!(card.false_on_distractors, 0, "{card}");
    assert!(card.distractors >= 6 && card.free_share <= 0.08, "{card}");
}

#[test]
fn phrases_as_they_are_keep_their_floors() {
    check_floors(Variant::Plain);
}

#[test]
fn phrases_in_full_width_forms_keep_their_floors() {
    check_floors(Variant::Fullwidth);
}

#[test]
fn phrases_with_blanks_in_numbers_keep_their_floors() {
    check_floors(Variant::Spaced);
}

#[test]
fn every_span_over_the_corpus_is_what_it_quotes() {
    let Some(policies) = shared("corpus/policies.jsonl") else { return };
    let mut count = 0;
    for line in policies.lines() {
        let policy: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| policy[name].as_str().unwrap_or_default().to_owned();
        check_spans(&field("body"), &field("title"));
        count += 1;
    }
    assert_eq!(count, 388);
}

/// Over the documents whose class and child are known: the class first, the class at all, both right.
#[test]
fn themes_of_central_documents_are_mostly_found() {
    let Some(policies) = shared("corpus/policies.jsonl") else { return };
    let (mut all, mut first, mut any, mut both) = (0, 0, 0, 0);
    for line in policies.lines() {
        let policy: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(topic) = policy["topic"].as_str().filter(|topic| !topic.is_empty()) else { continue };
        let (class, child) = topic.split_once('\\').unwrap_or((topic, ""));
        let child = model::text::fold(if child == "其他" { "" } else { child });
        let (text, title) = (policy["body"].as_str().unwrap(), policy["title"].as_str().unwrap());
        let issuers: Vec<String> = policy["issuer"].as_str().unwrap_or_default().split([' ', '、']).map(str::to_owned).collect();
        let annotation = shipped().annotate(&Input { text, title, issuers: &issuers, ..Input::default() });
        let themes: Vec<_> = annotation.tags_of("theme").collect();
        let found_child =
            themes.iter().find(|tag| tag.value.contains('.')).map_or(String::new(), |tag| model::text::fold(&tag.label));
        let is_first = themes.first().is_some_and(|tag| tag.label == class);
        all += 1;
        first += usize::from(is_first);
        any += usize::from(themes.iter().any(|tag| tag.label == class));
        both += usize::from(is_first && found_child == child);
    }
    assert!(
        first * 100 >= all * 86 && any * 100 >= all * 92 && both * 100 >= all * 55,
        "first {first}, any {any}, both {both} of {all}"
    );
}

/// Ten megabytes of anything must end; a quadratic step would take hours.
#[test]
fn hostile_texts_cost_linear_time() {
    let long = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len() + 1);
    for (piece, bytes) in [
        ("9", 10_000_000),
        ("、", 10_000_000),
        ("（", 10_000_000),
        ("1,", 1_000_000),
        ("《", 1_000_000),
        ("营业收入", 1_000_000),
        ("1.\n", 500_000),
        ("(一)", 500_000),
        ("不低于3%", 300_000),
        ("占营业收入1%", 300_000),
        ("企业应当不低于100万元,", 300_000),
        ("2026年1月1日前", 300_000),
        ("未被列入经营异常名录或", 300_000),
        ("有下列情形之一的,不得申报:\n", 300_000),
        ("给予补助10%、", 300_000),
        ("电话1234567", 300_000),
        ("高新技术企业、", 300_000),
        ("在北京市注册", 300_000),
        ("(电话", 300_000),
    ] {
        let text = long(piece, bytes);
        let annotation =
            shipped().annotate(&Input { text: &text, title: "关于组织申报项目的通知", ..Input::default() });
        assert!(annotation.key_points.len() <= 6, "{piece}");
    }
}

const PIECES: &[&str] = &[
    "营业收入",
    "研发费用",
    "占",
    "不低于",
    "不超过",
    "1000",
    "３％",
    " ",
    "万元",
    "以上",
    "，",
    "。",
    "；",
    "\n",
    "（",
    "）",
    "(含)",
    "《",
    "》",
    "企业",
    "申报",
    "未被列入",
    "经营异常名录",
    "或",
    "且",
    "近三年",
    "2026年",
    "3月5日",
    "前",
    "给予",
    "奖励",
    "最高",
    "的",
    "一、",
    "（二）",
    "1.",
    "申报条件",
    "申报材料：",
    "不得申报",
    "下列情形之一",
    "在本市注册",
    "高新技术企业",
    "、",
    "分别",
    "号",
    "〔2022〕",
    "a",
    "😀",
    "\u{3000}",
    "电话：0991-1234567",
    "每户",
    "-",
    "至",
    "亿元",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_of_policy_words_is_annotated_with_true_spans(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..400), titled in any::<bool>()) {
        check_spans(&pieces.concat(), if titled { "关于组织申报２０２６年项目的通知" } else { "" });
    }

    #[test]
    fn any_characters_are_annotated_with_true_spans(text in "\\PC{0,1000}") {
        check_spans(&text, "");
    }
}

#[test]
fn the_scorecard_counts_what_is_missed_and_what_is_too_much() {
    let gold = r#"{"id":"A","text":"营业收入不低于1000万元","kind":"condition","expect":[{"type":"condition","indicator":"fin.revenue","op":">=","value":1000,"unit":"万元","value_base":10000000.0,"unit_base":"元","negated":false,"quote":"营业收入不低于1000万元","span":[0,13]}]}
{"id":"B","text":"营业收入不低于1000万元","kind":"distractor","expect":[]}
{"id":"C","text":"营业收入不低于1000万元","kind":"condition","expect":[{"type":"condition","indicator":"fin.revenue","op":"<=","value_base":10000000.0,"unit_base":"元","quote":"x","span":[0,13]}]}
no json"#;
    let card = evaluate(shipped(), gold, Variant::Plain);
    assert_eq!((card.phrases, card.unreadable, card.distractors, card.false_on_distractors), (3, 1, 1, 1));
    assert_eq!((card.without_conditions, card.without_conditions_hit), (1, 1));
    assert_eq!(card.types["condition"], TypeScore { gold: 2, found: 3, correct: 1 });
    assert_eq!(card.views.numeric, TypeScore { gold: 2, found: 3, correct: 1 });
    assert_eq!(card.views.by_indicator, TypeScore { gold: 2, found: 3, correct: 2 });
    assert!((card.span_exact - 1.0).abs() < 1e-9);
    assert_eq!(card.worst.len(), 2);
    assert_eq!(card.reasons, BTreeMap::from([("op".to_owned(), 1)]));
    assert_eq!(card.missed[0].differs, ["op"]);
    assert_eq!(card.extra[1].around, "【营业收入不低于1000万元】");
    assert!(card.to_string().contains("| condition | 2 | 3 | 1 | 0.333 | 0.500 | 0.400 |"));
    let bands: usize = card.calibration.iter().map(|band| band.found).sum();
    assert_eq!(bands, card.total.found);
}

#[test]
fn a_document_is_annotated_with_its_title_place_and_date() {
    let text = "申报企业应在本市注册。申报截止时间为7月31日。";
    let line = serde_json::json!({
        "id": "D", "text": text, "title": "关于组织申报2026年奖励资金的通知", "issuer": "乌鲁木齐市工业和信息化局",
        "region": "650100", "date": "2026-05-01",
        "expect": [
            {"type": "condition", "indicator": "reg.place", "op": "in", "value": ["乌鲁木齐市"], "code": "650100", "span": [5, 9], "quote": "在本市注"},
            {"type": "window", "end": "2026-07-31", "role": "applicant", "span": [18, 23], "quote": "7月31日"},
        ],
    });
    let card = evaluate(shipped(), &line.to_string(), Variant::Plain);
    assert_eq!((card.types["condition"].correct, card.types["window"].correct), (1, 1), "{card}");
    assert_eq!((card.views.sets.correct, card.views.sets_exact.correct), (1, 1));
    let mut news = line;
    news["title"] = "我市召开中小企业发展大会".into();
    assert_eq!(evaluate(shipped(), &news.to_string(), Variant::Plain).types["condition"].found, 0);
}

/// The fields in which an item differs from a label, both as JSON.
#[track_caller]
fn check_differences(label: serde_json::Value, item: serde_json::Value, expected: &[&str]) {
    let kind = label["type"].clone();
    let with = |mut value: serde_json::Value, more: serde_json::Value| {
        let members = value.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        value
    };
    let label: gold::Expected = serde_json::from_value(with(label, serde_json::json!({"quote": "x", "span": [0, 10]}))).unwrap();
    let rest = serde_json::json!({"type": kind, "quote": "x", "span": [0, 10], "confidence": 0.9, "rule": "r"});
    let item: model::Item = serde_json::from_value(with(item, rest)).unwrap();
    assert_eq!(labels::differences(shipped(), &label, &item), expected, "{label:?}\n{item:?}");
}

#[test]
fn conditions_are_compared_by_the_whole_key() {
    let label = |more: &str| {
        let base =
            r#"{"type":"condition","indicator":"fin.revenue","op":">=","value":1000,"value_base":10000000.0,"unit_base":"元""#;
        serde_json::from_str::<serde_json::Value>(&format!("{base}{more}}}")).unwrap()
    };
    let item = |more: &str| {
        let base = r#"{"group":"all","value":1000"#;
        serde_json::from_str::<serde_json::Value>(&format!("{base}{more}}}")).unwrap()
    };
    let revenue = r#","indicator":"fin.revenue","op":">=","value_base":10000000,"unit_base":"元""#;
    check_differences(label(""), item(revenue), &[]);
    check_differences(label(""), item(&format!(r#"{revenue},"period":"last_year""#)), &["period"]);
    check_differences(label(r#","period":"last_year""#), item(revenue), &["period"]);
    check_differences(label(r#","negated":true"#), item(revenue), &["negated"]);
    check_differences(
        label(""),
        item(r#","indicator":"fin.sales_revenue","op":">","value_base":1,"unit_base":"户""#),
        &["indicator", "op", "value", "unit"],
    );
    let each = r#","period":"last_2_years","agg":"each""#;
    check_differences(label(r#","period":"each_of_last_2_years""#), item(&format!("{revenue}{each}")), &[]);
    check_differences(label(r#","period":"last_2_years""#), item(&format!("{revenue}{each}")), &["period"]);
    check_differences(label(r#","period":"last_2_years","agg":"sum""#), item(&format!("{revenue}{each}")), &["period"]);
}

#[test]
fn what_is_outside_the_vocabulary_is_answered_by_any_open_label() {
    let label = |indicator: &str| serde_json::json!({"type": "condition", "indicator": indicator, "op": "is", "value": true});
    let item = |indicator: &str| serde_json::json!({"indicator": indicator, "op": "is", "value": true, "group": "all"});
    check_differences(label("free:门店数"), item("free:店铺数"), &[]);
    check_differences(label("tech.recovery"), item("free:回收率"), &[]);
    check_differences(label("fin.revenue"), item("free:收入"), &["indicator"]);
    check_differences(label("free:收入"), item("fin.revenue"), &["indicator"]);
}

#[test]
fn ranges_steps_and_sets_are_compared_by_what_they_hold() {
    let label = |value: serde_json::Value, more: serde_json::Value| {
        let mut label = serde_json::json!({"type": "condition", "indicator": "x", "op": "in", "value": value});
        label.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        label
    };
    let item = |value: serde_json::Value, base: serde_json::Value| {
        let mut item = serde_json::json!({"indicator": "x", "op": "in", "value": value, "group": "all"});
        if !base.is_null() {
            item["value_base"] = base;
        }
        item
    };
    let (none, null) = (serde_json::json!({}), serde_json::Value::Null);
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    check_differences(label(json("[5000,10000]"), none.clone()), item(json("[5000,1]"), json("[50000000,100000000]")), &[]);
    check_differences(label(json("[5000,10000]"), none.clone()), item(json("[5000,1]"), json("[50000000,90000000]")), &["value"]);
    check_differences(label(json("[1,2,3]"), none.clone()), item(json("[]"), json("[10000,20000,30000]")), &[]);
    check_differences(label(json("[1,2,3]"), none.clone()), item(json("[]"), json("[10000,20000]")), &["value"]);
    check_differences(label(json(r#"["甲类企业","乙"]"#), none.clone()), item(json(r#"["国家甲类企业"]"#), null.clone()), &[]);
    check_differences(label(json(r#"["甲类企业"]"#), none.clone()), item(json(r#"["丙类企业"]"#), null.clone()), &["value"]);
    check_differences(
        label(json(r#"["北京市"]"#), json(r#"{"code":110000}"#)),
        item(json(r#"["我市"]"#), json(r#"["110000"]"#)),
        &[],
    );
    check_differences(label(json("null"), json(r#"{"ref_value":"利率"}"#)), item(json("true"), null), &["value"]);
}

#[test]
fn awards_are_compared_by_mode_and_every_number() {
    let check = |label: &str, item: &str, expected: &[&str]| {
        let mut label: serde_json::Value = serde_json::from_str(label).unwrap();
        label["type"] = "award".into();
        check_differences(label, serde_json::from_str(item).unwrap(), expected);
    };
    check(r#"{"mode":"cap","cap_base":500000.0}"#, r#"{"mode":"cap","cap":500000}"#, &[]);
    check(r#"{"mode":"ratio","ratio":0.1}"#, r#"{"mode":"ratio_capped","ratio":0.1}"#, &[]);
    check(r#"{"mode":"ratio","ratio":0.1}"#, r#"{"mode":"ratio_capped","ratio":0.1,"cap":1}"#, &["mode", "cap"]);
    check(r#"{"mode":"fixed","amount_base":1}"#, r#"{"mode":"cap","cap":1}"#, &["mode", "amount", "cap"]);
    check(r#"{"mode":"duration","max_years":3}"#, r#"{"mode":"duration","per":"3年"}"#, &["years"]);
    let tiers = r#"{"mode":"ratio_capped","tiers":[{"ratio":1.0,"cap_wan":100},{"ratio":0.7,"cap_wan":70}]}"#;
    check(tiers, r#"{"mode":"ratio_capped","tiers":[{"ratio":0.7,"cap":700000},{"ratio":1,"cap":1000000}]}"#, &[]);
    check(tiers, r#"{"mode":"ratio_capped","tiers":[{"ratio":0.7,"cap":700000}]}"#, &["tiers"]);
    check(r#"{"mode":"tiered","amounts_wan":[10,20,50]}"#, r#"{"mode":"tiered","amount":100000,"amount_to":500000}"#, &[]);
}

#[test]
fn windows_and_references_are_compared_by_what_the_label_says() {
    let check = |label: &str, item: &str, expected: &[&str]| {
        check_differences(serde_json::from_str(label).unwrap(), serde_json::from_str(item).unwrap(), expected);
    };
    let applicant = r#"{"role":"applicant","end":"2026-03-05"}"#;
    check(r#"{"type":"window","end":"2026-03-05","role":"applicant"}"#, applicant, &[]);
    check(r#"{"type":"window","end":"2026-03","role":"applicant"}"#, applicant, &[]);
    check(r#"{"type":"window","role":"authority_review","recurrence":"rolling"}"#, applicant, &["end", "role", "recurrence"]);
    let reference = r#"{"title":"管理办法（试行）","relation":"basis"}"#;
    check(r#"{"type":"reference","title":"管理办法(试行)","relation":"basis"}"#, reference, &[]);
    check(
        r#"{"type":"reference","key":"甲|2020|1","title":"办法","relation":"cites"}"#,
        reference,
        &["key", "title", "relation"],
    );
}

#[test]
fn one_item_answers_one_label_and_only_where_they_touch() {
    let label = |start: u32, end: u32| {
        serde_json::json!({"type": "condition", "indicator": "fin.revenue", "op": ">=", "value": 1000, "value_base": 10_000_000,
            "unit_base": "元", "quote": "", "span": [start, end]})
    };
    let text = "营业收入不低于1000万元";
    for (labels, correct) in [(vec![label(0, 13), label(0, 13)], 1), (vec![label(13, 15)], 0), (vec![label(12, 15)], 1)] {
        let line = serde_json::json!({"id": "x", "text": text, "expect": labels}).to_string();
        assert_eq!(evaluate(shipped(), &line, Variant::Plain).types["condition"].correct, correct, "{line}");
    }
}
