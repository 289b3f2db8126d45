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
    let floors = [("condition", 0.95, 0.96), ("award", 0.88, 0.93), ("window", 0.9, 0.9), ("material", 0.9, 0.9)];
    for (name, precision, recall) in floors {
        let score = card.types[name];
        assert!(score.precision() >= precision && score.recall() >= recall, "{name} fell: {card}");
    }
    assert!(card.total.precision() >= 0.93 && card.total.recall() >= 0.945, "the total fell: {card}");
    assert_eq!(card.false_on_distractors, 0, "{card}");
    assert!(card.distractors >= 6 && card.free_share <= 0.05, "{card}");
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

#[test]
fn themes_of_central_documents_are_mostly_found() {
    let Some(policies) = shared("corpus/policies.jsonl") else { return };
    let (mut all, mut found) = (0, 0);
    for line in policies.lines() {
        let policy: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(theme) = policy["topic"].as_str().and_then(|topic| topic.split('\\').next()).filter(|theme| !theme.is_empty())
        else {
            continue;
        };
        let (text, title) = (policy["body"].as_str().unwrap(), policy["title"].as_str().unwrap());
        let annotation = shipped().annotate(&Input { text, title, ..Input::default() });
        all += 1;
        found += usize::from(annotation.tags_of("theme").any(|tag| tag.label == theme));
    }
    assert!(found * 100 >= all * 90, "{found} of {all}");
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
    let score = card.types["condition"];
    assert_eq!((score.gold, score.found, score.correct), (2, 3, 1));
    assert!((card.span_exact - 1.0).abs() < 1e-9);
    assert_eq!(card.worst.len(), 2);
    assert!(card.to_string().contains("| condition | 2 | 3 | 1 | 0.333 | 0.500 | 0.400 |"));
}
