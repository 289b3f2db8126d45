//! Whole verdicts: what is said, asked for and concluded for policies and enterprises as they occur.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use jiff::civil::{Date, date};
use matcher::Matcher;
use model::annotation::{Award, Case, ConditionTree, Window};
use model::policy::{Decision, Desk};
use model::{Annotation, Enterprise, Indicator, Item, LifeCycle, Outcome, Policy, Record, Regions, Span, Truth, Verdict, What};
use serde_json::json;

const TODAY: Date = date(2026, 11, 20);

/// The vocabulary, as far as these tests need it.
fn indicators() -> Vec<Indicator> {
    let rows = [
        ("reg.place", "注册地", "region", "set"),
        ("reg.age", "成立年限", "duration", "num"),
        ("size.class", "企业规模", "", "enum"),
        ("size.above_scale", "规上", "", "bool"),
        ("staff.total", "从业人员", "count", "num"),
        ("fin.revenue", "营业收入", "money", "num"),
        ("fin.revenue_growth", "营业收入增速", "percent", "num"),
        ("fin.asset_liability_ratio", "资产负债率", "percent", "num"),
        ("rd.expense", "研发费用", "money", "num"),
        ("rd.expense_ratio", "研发费用占营业收入比例", "percent", "num"),
        ("ip.class1", "Ⅰ类知识产权", "count", "num"),
        ("qual.has", "资质称号", "", "set"),
        ("industry.in", "行业", "industry", "set"),
        ("credit.penalty", "行政处罚", "", "bool"),
        ("credit.bank_rating", "银行信用等级", "grade", "ord"),
        ("reg.entity_type", "主体类型", "", "enum"),
    ];
    rows.into_iter()
        .map(|(id, name, family, value_type)| Indicator {
            id: id.to_owned(),
            name: name.to_owned(),
            unit_family: (!family.is_empty()).then(|| family.to_owned()),
            value_type: value_type.to_owned(),
            aliases: vec!["个体工商户".to_owned(), "合作社".to_owned()],
            default_period: None,
            hit: String::new(),
            miss: String::new(),
        })
        .collect()
}

fn matcher() -> Matcher {
    let regions = Regions::parse(include_str!("../../../rules/regions.csv")).unwrap();
    Matcher::new(indicators(), regions, include_str!("../../../rules/sizes.toml")).unwrap()
}

/// A condition from JSON, the usual fields filled in.
fn condition(fields: serde_json::Value) -> Item {
    let mut whole = json!({"type": "condition", "op": ">=", "value": true, "group": "all", "quote": "原文", "span": [0, 2], "confidence": 0.9, "rule": "test"});
    whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn at_least(indicator: &str, value: f64, unit: &str) -> Item {
    condition(json!({"indicator": indicator, "value": value, "unit": unit}))
}

fn record(items: Vec<Item>, tree: Option<ConditionTree>) -> Record {
    let policy = Policy {
        id: "p1".into(),
        title: "示例政策".to_owned(),
        region: "000000".to_owned(),
        state: LifeCycle::InForce,
        ..Policy::default()
    };
    Record { policy, annotation: Annotation { items, tree, ..Annotation::default() }, ..Record::default() }
}

fn all(items: Vec<Item>) -> Record {
    let tree = ConditionTree::All((0..items.len()).map(ConditionTree::Item).collect());
    record(items, Some(tree))
}

fn enterprise(facts: serde_json::Value) -> Enterprise {
    serde_json::from_value(json!({
        "id": "e1", "name": "示例企业", "region": "650104", "jurisdiction": "local", "industry": "C3484", "founded": "2020-05-20", "facts": facts,
    }))
    .unwrap()
}

fn verdict(record: &Record, facts: serde_json::Value) -> Verdict {
    matcher().verdict(record, &enterprise(facts), TODAY)
}

#[track_caller]
fn check(items: Vec<Item>, facts: serde_json::Value, outcome: Outcome, reason: &str) -> Verdict {
    let verdict = verdict(&all(items), facts);
    assert_eq!((verdict.outcome, verdict.reason.as_str()), (outcome, reason));
    verdict
}

#[test]
fn a_near_miss_says_what_is_needed_what_there_is_and_how_much_is_missing() {
    let facts =
        json!({"rd.expense": [{"value": 2_400_000, "year": 2025}], "fin.revenue": [{"value": 100_000_000, "year": 2025}]});
    let items = vec![at_least("rd.expense_ratio", 3.0, "%"), at_least("fin.revenue", 1000.0, "万元")];
    let verdict = check(
        items,
        facts,
        Outcome::NearMiss,
        "仅“研发费用占营业收入比例”不满足：需≥ 3%，现为2.4%（2025年，研发费用÷营业收入），差0.6个百分点",
    );
    let ratio = &verdict.conditions[0];
    assert_eq!((ratio.need.as_str(), ratio.gap.as_deref()), ("≥ 3%", Some("差0.6个百分点")));
    assert_eq!(verdict.conditions[1].has.as_deref(), Some("10000万元（2025年）"));
}

#[test]
fn a_missing_fact_is_asked_for_by_year_and_name() {
    let items = vec![at_least("rd.expense_ratio", 3.0, "%")];
    check(items.clone(), json!({}), Outcome::Unknown, "尚不能判断：请补充2025年研发费用占营业收入比例");
    let old = json!({"rd.expense_ratio": [{"value": 0.05, "year": 2024}]});
    let verdict = check(items.clone(), old, Outcome::Unknown, "尚不能判断：请补充2025年研发费用占营业收入比例");
    assert_eq!(verdict.conditions[0].has.as_deref(), Some("5%（2024年，年度不符）"));
    let silent = json!({"rd.expense_ratio": [{"value": 0.05, "year": 2025, "consent": false}]});
    check(items.clone(), silent, Outcome::Unknown, "尚不能判断：请授权使用2025年研发费用占营业收入比例");
    let standing = json!({"rd.expense_ratio": [{"value": 0.05}]});
    check(items, standing, Outcome::Eligible, "1项申报条件全部满足");
}

#[test]
fn limits_are_included_or_not_as_the_sign_says() {
    let revenue = |value: u64| json!({"fin.revenue": [{"value": value, "year": 2025}]});
    for (op, below, at, above) in [
        (">=", Truth::NotMet, Truth::Met, Truth::Met),
        (">", Truth::NotMet, Truth::NotMet, Truth::Met),
        ("<=", Truth::Met, Truth::Met, Truth::NotMet),
        ("<", Truth::Met, Truth::NotMet, Truth::NotMet),
    ] {
        let item = condition(json!({"indicator": "fin.revenue", "op": op, "value": 1000, "unit": "万元"}));
        for (value, expected) in [(9_999_999, below), (10_000_000, at), (10_000_001, above)] {
            assert_eq!(verdict(&all(vec![item.clone()]), revenue(value)).conditions[0].truth, expected, "{op} {value}");
        }
    }
    let range = condition(json!({"indicator": "fin.revenue", "op": "range", "value": [500, 1000], "unit": "万元"}));
    for (value, expected) in
        [(4_999_999, Truth::NotMet), (5_000_000, Truth::Met), (10_000_000, Truth::Met), (10_000_001, Truth::NotMet)]
    {
        assert_eq!(verdict(&all(vec![range.clone()]), revenue(value)).conditions[0].truth, expected, "{value}");
    }
}

#[test]
fn an_indicator_outside_the_vocabulary_is_shown_for_review_and_never_ignored() {
    let items = vec![
        at_least("fin.revenue", 1000.0, "万元"),
        at_least("free:铜回收率", 98.0, "%"),
        at_least("tech.unheard_of", 1.0, "项"),
    ];
    let facts = json!({"fin.revenue": [{"value": 20_000_000, "year": 2025}], "tech.unheard_of": [{"value": 5}]});
    let verdict = check(items, facts, Outcome::Unknown, "尚不能判断：请补充2025年铜回收率");
    assert_eq!(verdict.conditions[1].name, "铜回收率");
    assert_eq!(
        verdict.conditions.iter().map(|condition| condition.truth).collect::<Vec<_>>(),
        [Truth::Met, Truth::Unknown, Truth::Review]
    );
}

#[test]
fn a_policy_without_conditions_is_never_a_yes() {
    let reason = "未解析到申报条件，请对照原文判断";
    check(Vec::new(), json!({}), Outcome::Likely, reason);
    let verdict = verdict(&record(Vec::new(), None), json!({}));
    assert_eq!((verdict.outcome, verdict.reason.as_str()), (Outcome::Likely, reason));
}

#[test]
fn conditions_without_a_tree_and_texts_outside_it_still_count() {
    let unmet = record(vec![at_least("fin.revenue", 1000.0, "万元")], None);
    assert_eq!(verdict(&unmet, json!({"fin.revenue": [{"value": 1, "year": 2025}]})).outcome, Outcome::NotEligible);
    let mut text = condition(json!({"indicator": "x"}));
    text.what = What::ConditionText { negated: false };
    let mut with_text = all(vec![at_least("fin.revenue", 1000.0, "万元")]);
    with_text.annotation.items.push(text);
    let verdict = verdict(&with_text, json!({"fin.revenue": [{"value": 20_000_000, "year": 2025}]}));
    assert_eq!((verdict.outcome, verdict.conditions.len()), (Outcome::Likely, 2));
}

#[test]
fn one_alternative_is_enough_and_a_failed_one_is_not_blamed() {
    let items = vec![at_least("fin.revenue", 1000.0, "万元"), at_least("ip.class1", 4.0, "项")];
    let tree = ConditionTree::Any(vec![ConditionTree::Item(0), ConditionTree::Item(1)]);
    let record = record(items, Some(tree));
    let met = verdict(&record, json!({"ip.class1": [{"value": 4}], "fin.revenue": [{"value": 1, "year": 2025}]}));
    assert_eq!((met.outcome, met.reason.as_str()), (Outcome::Eligible, "申报条件已满足（1项成立，其余为可选）"));
    let near = verdict(&record, json!({"ip.class1": [{"value": 3}], "fin.revenue": [{"value": 1, "year": 2025}]}));
    assert_eq!((near.outcome, near.reason.as_str()), (Outcome::NearMiss, "仅“Ⅰ类知识产权”不满足：需≥ 4项，现为3项，差1项"));
}

#[test]
fn two_near_misses_or_a_far_one_are_no_near_miss() {
    let items = || vec![at_least("fin.revenue", 1000.0, "万元"), at_least("ip.class1", 4.0, "项")];
    let facts = |revenue: u64, patents: u64| json!({"fin.revenue": [{"value": revenue, "year": 2025}], "ip.class1": [{"value": patents}]});
    assert_eq!(verdict(&all(items()), facts(9_000_000, 3)).outcome, Outcome::NotEligible);
    assert_eq!(verdict(&all(items()), facts(8_000_000, 4)).outcome, Outcome::NearMiss);
    assert_eq!(verdict(&all(items()), facts(7_999_999, 4)).outcome, Outcome::NotEligible);
}

#[test]
fn what_must_not_be_is_met_by_a_no_alone() {
    let item = || condition(json!({"indicator": "credit.penalty", "op": "is", "negated": true, "period": "last_3_years"}));
    let judge = |facts| verdict(&all(vec![item()]), facts).conditions[0].truth;
    let years = |values: [bool; 3]| json!({"credit.penalty": [{"value": values[0], "year": 2025}, {"value": values[1], "year": 2024}, {"value": values[2], "year": 2023}]});
    assert_eq!(judge(years([false, false, false])), Truth::Met);
    assert_eq!(judge(years([false, true, false])), Truth::NotMet);
    assert_eq!(judge(json!({"credit.penalty": [{"value": false, "year": 2025}]})), Truth::Unknown);
    assert_eq!(judge(json!({"credit.penalty": [{"value": true, "year": 2025}]})), Truth::NotMet);
    assert_eq!(judge(json!({"credit.penalty": [{"value": false}]})), Truth::Met);
    assert_eq!(judge(json!({})), Truth::Unknown);
    // This year is part of 近三年 as soon as something is known to have happened in it.
    assert_eq!(judge(json!({"credit.penalty": [{"value": false}, {"value": true, "year": 2026}]})), Truth::NotMet);
}

#[test]
fn a_negation_of_the_tree_and_one_of_the_condition_undo_each_other() {
    let item = |negated: bool| condition(json!({"indicator": "size.above_scale", "op": "is", "negated": negated}));
    let not = ConditionTree::Not(Box::new(ConditionTree::Item(0)));
    let facts = json!({"size.above_scale": [{"value": true}]});
    for (negated, tree, expected) in [
        (false, ConditionTree::Item(0), Outcome::Eligible),
        (true, ConditionTree::Item(0), Outcome::NotEligible),
        (false, not.clone(), Outcome::NotEligible),
        (true, not, Outcome::Eligible),
    ] {
        assert_eq!(
            verdict(&record(vec![item(negated)], Some(tree.clone())), facts.clone()).outcome,
            expected,
            "{negated} {tree:?}"
        );
    }
}

#[test]
fn years_are_taken_together_as_the_policy_says() {
    let item = |period: &str, agg: Option<&str>| {
        condition(json!({"indicator": "rd.expense", "value": 200, "unit": "万元", "period": period, "agg": agg}))
    };
    let judge = |item: Item, values: &[(i16, u64)]| {
        let facts: Vec<_> = values.iter().map(|(year, value)| json!({"value": value * 10_000, "year": year})).collect();
        verdict(&all(vec![item]), json!({"rd.expense": facts})).conditions[0].truth
    };
    let (good, poor) = ([(2025, 250), (2024, 210)], [(2025, 250), (2024, 150)]);
    assert_eq!(judge(item("last_2_years", Some("each")), &good), Truth::Met);
    assert_eq!(judge(item("last_2_years", Some("each")), &poor), Truth::NotMet);
    assert_eq!(judge(item("last_2_years", Some("mean")), &poor), Truth::Met);
    assert_eq!(judge(item("sum_of_last_2_years", None), &[(2025, 120), (2024, 79)]), Truth::NotMet);
    assert_eq!(judge(item("last_2_years", None), &poor), Truth::Review);
    assert_eq!(judge(item("last_2_years", None), &good), Truth::Met);
    // A failing year decides even while another is unknown; a passing one does not.
    assert_eq!(judge(item("each_of_last_2_years", None), &[(2024, 150)]), Truth::NotMet);
    assert_eq!(judge(item("each_of_last_2_years", None), &[(2024, 250)]), Truth::Unknown);
    assert_eq!(judge(item("last_2_years", Some("sum")), &[(2024, 900)]), Truth::Unknown);
}

#[test]
fn size_is_computed_and_asked_for_where_it_is_open() {
    let item = || condition(json!({"indicator": "size.class", "op": "in", "value": ["中型", "小型", "微型"]}));
    let judge = |facts| verdict(&all(vec![item()]), facts).conditions.remove(0);
    let known =
        judge(json!({"staff.total": [{"value": 186, "year": 2025}], "fin.revenue": [{"value": 100_000_000, "year": 2025}]}));
    assert_eq!((known.truth, known.has.as_deref()), (Truth::Met, Some("小型（2025年）")));
    let open = judge(json!({"staff.total": [{"value": 1200, "year": 2025}]}));
    assert_eq!((open.truth, open.ask.as_deref()), (Truth::Unknown, Some("请补充2025年营业收入")));
    let half = judge(json!({"staff.total": [{"value": 200, "year": 2025}]}));
    assert_eq!((half.truth, half.has.as_deref()), (Truth::Met, Some("微型或小型（2025年）")));
    let large =
        judge(json!({"staff.total": [{"value": 1200, "year": 2025}], "fin.revenue": [{"value": 500_000_000, "year": 2025}]}));
    assert_eq!(large.truth, Truth::NotMet);
    // What the enterprise states counts among what is possible, and not against what is computed.
    let stated = judge(json!({"staff.total": [{"value": 1200, "year": 2025}], "size.class": [{"value": "中型"}]}));
    assert_eq!((stated.truth, stated.has.as_deref()), (Truth::Met, Some("中型（2025年）")));
}

#[test]
fn industries_are_codes_or_words_of_the_standard() {
    let judge = |words: &[&str]| {
        let item = condition(json!({"indicator": "industry.in", "op": "in", "value": words}));
        verdict(&all(vec![item]), json!({})).conditions[0].truth
    };
    for (words, expected) in [
        (&["工业"][..], Truth::Met),
        (&["制造业"], Truth::Met),
        (&["C34"], Truth::Met),
        (&["C348411"], Truth::Review),
        (&["软件企业"], Truth::NotMet),
        (&["半导体与集成电路"], Truth::Review),
        (&["半导体与集成电路", "工业"], Truth::Met),
        (&[], Truth::Review),
    ] {
        assert_eq!(judge(words), expected, "{words:?}");
    }
}

#[test]
fn codes_found_for_places_and_industries_win_over_their_names() {
    let judge = |indicator: &str, names: &[&str], codes: &[&str]| {
        let item = condition(json!({"indicator": indicator, "op": "in", "value": names, "value_base": codes}));
        verdict(&all(vec![item]), json!({})).conditions.remove(0)
    };
    let place = judge("reg.place", &["南疆四地州"], &["652900", "653000", "653100", "653200"]);
    assert_eq!((place.truth, place.need.as_str()), (Truth::NotMet, "南疆四地州"));
    assert_eq!(judge("reg.place", &["本市"], &["650100"]).truth, Truth::Met);
    // A name without a code may be the very place of the enterprise.
    assert_eq!(judge("reg.place", &["克州", "某某高新区"], &["653000"]).truth, Truth::Review);
    assert_eq!(judge("industry.in", &["装备制造"], &["C34", "C35"]).truth, Truth::Met);
    assert_eq!(judge("industry.in", &["装备制造", "半导体"], &["C35"]).truth, Truth::Review);
}

#[test]
fn grades_kinds_and_growth_are_compared_as_what_they_are() {
    let judge = |fields: serde_json::Value, facts| verdict(&all(vec![condition(fields)]), facts).conditions[0].truth;
    let grade = json!({"indicator": "credit.bank_rating", "value": "A"});
    assert_eq!(judge(grade.clone(), json!({"credit.bank_rating": [{"value": "AA级"}]})), Truth::Met);
    assert_eq!(judge(grade.clone(), json!({"credit.bank_rating": [{"value": "BBB"}]})), Truth::NotMet);
    assert_eq!(judge(grade, json!({"credit.bank_rating": [{"value": "良好"}]})), Truth::Review);
    let kind = json!({"indicator": "reg.entity_type", "op": "in", "value": ["个体工商户"]});
    assert_eq!(judge(kind.clone(), json!({"reg.entity_type": [{"value": "个体工商户"}]})), Truth::Met);
    assert_eq!(judge(kind.clone(), json!({"reg.entity_type": [{"value": "合作社"}]})), Truth::NotMet);
    assert_eq!(judge(kind, json!({"reg.entity_type": [{"value": "有限责任公司"}]})), Truth::Review);
    let growth = json!({"indicator": "fin.revenue", "op": "increase>", "value": 10, "unit": "%"});
    let years = |now: u64, before: u64| json!({"fin.revenue": [{"value": now, "year": 2025}, {"value": before, "year": 2024}]});
    assert_eq!(judge(growth.clone(), years(110, 100)), Truth::Met);
    assert_eq!(judge(growth.clone(), years(109, 100)), Truth::NotMet);
    assert_eq!(judge(growth.clone(), json!({"fin.revenue": [{"value": 110, "year": 2025}]})), Truth::Unknown);
    assert_eq!(judge(growth, years(110, 0)), Truth::Review);
    let given = json!({"indicator": "fin.revenue_growth", "value": 10, "unit": "%"});
    assert_eq!(judge(given, years(110, 100)), Truth::Met);
}

#[test]
fn a_condition_for_a_case_only_never_excludes_by_itself() {
    let case = |value: f64| {
        condition(json!({"indicator": "rd.expense_ratio", "value": value, "unit": "%", "when": "营业收入1亿元以上的企业"}))
    };
    let facts = || json!({"rd.expense_ratio": [{"value": 0.04, "year": 2025}]});
    assert_eq!(verdict(&all(vec![case(5.0)]), facts()).outcome, Outcome::Likely);
    assert_eq!(verdict(&all(vec![case(3.0)]), facts()).outcome, Outcome::Eligible);
    // Among alternatives a case that may not be this enterprise's is not enough.
    let either = ConditionTree::Any(vec![ConditionTree::Item(0), ConditionTree::Item(1)]);
    assert_eq!(verdict(&record(vec![case(3.0), case(5.0)], Some(either)), facts()).outcome, Outcome::Likely);
}

#[test]
fn a_policy_for_another_place_is_no_match_even_if_it_does_not_say_so() {
    let mut record = all(vec![at_least("fin.revenue", 1000.0, "万元")]);
    let facts = || json!({"fin.revenue": [{"value": 20_000_000, "year": 2025}]});
    for (region, expected) in [
        // A place in no list: a person must say whom the policy is for.
        ("", Outcome::Likely),
        ("000000", Outcome::Eligible),
        ("650000", Outcome::Eligible),
        ("650104", Outcome::Eligible),
        ("110112", Outcome::NotEligible),
    ] {
        record.policy.region = region.to_owned();
        assert_eq!(verdict(&record, facts()).outcome, expected, "{region}");
    }
    assert_eq!(verdict(&record, facts()).reason, "政策适用于北京市通州区，企业位于新疆维吾尔自治区乌鲁木齐市新市区");
    let nowhere = Enterprise { region: None, ..enterprise(facts()) };
    let verdict = matcher().verdict(&record, &nowhere, TODAY);
    assert_eq!((verdict.outcome, verdict.reason.as_str()), (Outcome::Unknown, "尚不能判断：请补充注册地"));
    // A policy that names its places itself is taken at its word.
    let places = condition(json!({"indicator": "reg.place", "op": "in", "value": ["650000"]}));
    let mut named = all(vec![places]);
    named.policy.region = "110112".to_owned();
    assert_eq!(matcher().verdict(&named, &enterprise(json!({})), TODAY).outcome, Outcome::Eligible);
}

#[test]
fn nobody_can_apply_to_what_is_not_in_force() {
    let mut record = all(Vec::new());
    for state in LifeCycle::ALL {
        record.policy.state = state;
        let closed = verdict(&record, json!({})).outcome == Outcome::Closed;
        assert_eq!(closed, !state.may_be_pushed(), "{state:?}");
    }
    record.policy.state = LifeCycle::InForce;
    record.document.expires = Some(date(2026, 11, 19));
    assert_eq!(verdict(&record, json!({})).reason, "政策已于2026-11-19失效");
    record.document.expires = Some(TODAY);
    assert_eq!(verdict(&record, json!({})).outcome, Outcome::Likely);
    let at = "2026-11-20T00:00:00Z".parse().unwrap();
    let decide = |desk, state| {
        Some(Decision { desk, editor: "e".to_owned(), reason: String::new(), tags: Vec::new(), state, state_since: None, at })
    };
    record.decision = decide(Desk::Withdrawn, None);
    assert_eq!(verdict(&record, json!({})).outcome, Outcome::Closed);
    record.policy.state = LifeCycle::Unknown;
    record.decision = decide(Desk::Published, Some(LifeCycle::InForce));
    assert_eq!(verdict(&record, json!({})).outcome, Outcome::Likely);
}

#[test]
fn windows_close_a_policy_only_when_all_have_ended() {
    let window = |start: Option<Date>, end: Option<Date>, role: &str| {
        let mut item = condition(json!({"indicator": "x"}));
        item.what = What::Window(Window { start, end, role: role.to_owned(), ..Window::default() });
        item
    };
    let judge = |windows: Vec<Item>| verdict(&record(windows, None), json!({}));
    let over = || window(None, Some(date(2026, 11, 19)), "applicant");
    assert_eq!(judge(vec![over()]).reason, "申报已于2026-11-19截止");
    let last_day = judge(vec![over(), window(None, Some(TODAY), "applicant")]);
    assert_eq!((last_day.outcome, last_day.deadline), (Outcome::Likely, Some(TODAY)));
    assert_eq!(judge(vec![over(), window(Some(date(2026, 1, 1)), None, "applicant")]).outcome, Outcome::Likely);
    // The authorities' own deadline is none for applicants.
    assert_eq!(judge(vec![window(None, Some(date(2026, 11, 1)), "authority_review")]).deadline, None);
    let ahead = judge(vec![window(Some(date(2026, 12, 1)), Some(date(2026, 12, 31)), "applicant")]);
    assert_eq!(ahead.reason, "未解析到申报条件，请对照原文判断（2026-12-01起申报）");
}

#[test]
fn the_highest_amount_is_told() {
    let award = |fields: serde_json::Value| {
        let mut whole = json!({"type": "award", "mode": "cap", "quote": "x", "span": [0, 1], "confidence": 0.9, "rule": "test"});
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let item: Item = serde_json::from_value(whole).unwrap();
        assert!(matches!(item.what, What::Award(Award { .. })));
        item
    };
    let items = vec![
        award(json!({"cap": 500_000})),
        award(json!({"amount": 100_000, "amount_to": 2_000_000})),
        award(json!({"ratio": 0.3})),
        award(json!({"mode": "tiered", "tiers": [{"when": "省级", "amount": 1_000_000}, {"when": "国家级", "cap": 3_000_000}]})),
    ];
    assert_eq!(verdict(&record(items, None), json!({})).amount_up_to, Some(3_000_000.into()));
}

#[test]
fn the_best_prospects_come_first() {
    let matcher = matcher();
    let with = |id: &str, facts: serde_json::Value| Enterprise { id: id.into(), ..enterprise(facts) };
    let revenue = |value: u64| json!({"fin.revenue": [{"value": value, "year": 2025}]});
    let enterprises = [
        with("far", revenue(1)),
        with("unknown", json!({})),
        with("near", revenue(9_000_000)),
        with("b", revenue(10_000_000)),
        with("a", revenue(10_000_000)),
    ];
    let record = all(vec![at_least("fin.revenue", 1000.0, "万元")]);
    let verdicts = matcher.match_policy(&record, &enterprises, TODAY);
    let order: Vec<&str> = verdicts.iter().map(|verdict| verdict.enterprise.as_str()).collect();
    assert_eq!(order, ["a", "b", "near", "unknown", "far"]);
}

#[test]
fn broken_trees_and_conditions_are_for_a_person() {
    let broken = record(vec![at_least("fin.revenue", 1.0, "元")], Some(ConditionTree::All(vec![ConditionTree::Item(7)])));
    assert_eq!(verdict(&broken, json!({})).outcome, Outcome::Likely);
    for fields in [
        json!({"indicator": "fin.revenue", "value": ["甲"]}),
        json!({"indicator": "fin.revenue", "op": "transition", "value": true}),
        json!({"indicator": "fin.revenue", "value": 1e28, "unit": "亿元"}),
        json!({"indicator": "size.class", "op": "in", "value": ["某类"]}),
        json!({"indicator": "reg.place", "op": "in", "value": true}),
        json!({"indicator": "qual.has", "op": "has", "value": true}),
        json!({"indicator": "size.above_scale", "op": ">=", "value": 3}),
        json!({"indicator": "reg.age", "op": "in", "value": 3}),
    ] {
        let facts = json!({"fin.revenue": [{"value": 1, "year": 2025}], "size.above_scale": [{"value": true}], "qual.has": [{"value": "x"}]});
        assert_eq!(verdict(&all(vec![condition(fields.clone())]), facts).conditions[0].truth, Truth::Review, "{fields}");
    }
}

#[test]
fn the_quote_and_its_place_go_with_every_condition() {
    let mut item = at_least("fin.revenue", 1000.0, "万元");
    item.quote = "营业收入1000万元以上".to_owned();
    item.span = Span::new(3, 14);
    let verdict = verdict(&all(vec![item]), json!({}));
    assert_eq!((verdict.conditions[0].quote.as_str(), verdict.conditions[0].span), ("营业收入1000万元以上", Span::new(3, 14)));
}

/// A case of the tests given, for the first item.
fn in_case(tests: &[serde_json::Value]) -> ConditionTree {
    let test = |fields: &serde_json::Value| {
        let What::Condition(condition) = condition(fields.clone()).what else { panic!("no condition") };
        condition
    };
    let case =
        Case {
            quote: "营业收入1亿元以上的企业".to_owned(), span: Span::new(0, 12), tests: tests.iter().map(test).collect()
        };
    ConditionTree::When { case, then: Box::new(ConditionTree::Item(0)) }
}

#[test]
fn a_case_is_judged_before_what_it_asks_for() {
    let big = [json!({"indicator": "fin.revenue", "value": 1, "unit": "亿元"})];
    let judge = |tests: &[serde_json::Value], revenue: Option<u64>, ratio: Option<f64>| {
        let mut facts = serde_json::Map::new();
        if let Some(revenue) = revenue {
            facts.insert("fin.revenue".to_owned(), json!([{"value": revenue, "year": 2025}]));
        }
        if let Some(ratio) = ratio {
            facts.insert("rd.expense_ratio".to_owned(), json!([{"value": ratio, "year": 2025}]));
        }
        verdict(&record(vec![at_least("rd.expense_ratio", 3.0, "%")], Some(in_case(tests))), facts.into())
    };
    for (revenue, ratio, expected, reason) in [
        (Some(99_999_999), Some(0.01), Outcome::Eligible, "申报条件所限的情形与本企业无关"),
        (Some(99_999_999), None, Outcome::Eligible, "申报条件所限的情形与本企业无关"),
        (Some(100_000_000), Some(0.03), Outcome::Eligible, "1项申报条件全部满足"),
        (
            Some(100_000_000),
            Some(0.01),
            Outcome::NotEligible,
            "“研发费用占营业收入比例”不满足：需≥ 3%，现为1%（2025年），差2个百分点",
        ),
        (None, Some(0.03), Outcome::Eligible, "1项申报条件全部满足"),
        (None, Some(0.01), Outcome::Unknown, "尚不能判断：请补充2025年营业收入"),
        (None, None, Outcome::Unknown, "尚不能判断：请补充2025年营业收入；请补充2025年研发费用占营业收入比例"),
    ] {
        let found = judge(&big, revenue, ratio);
        assert_eq!((found.outcome, found.reason.as_str()), (expected, reason), "{revenue:?} {ratio:?}");
    }
    // A case only a person can judge: enough where what it asks for is met anyway.
    assert_eq!(judge(&[], None, Some(0.03)).outcome, Outcome::Eligible);
    assert_eq!(judge(&[], None, Some(0.01)).outcome, Outcome::Likely);
    let of_case = judge(&big, Some(99_999_999), Some(0.01)).conditions.remove(0);
    assert!(!of_case.applies() && of_case.case.is_some_and(|case| case.quote == "营业收入1亿元以上的企业"));
}

#[test]
fn a_range_holds_its_ends_as_its_bounds_say() {
    let judge = |bounds: &str, revenue: u64| {
        let item = condition(
            json!({"indicator": "fin.revenue", "op": "range", "value": [1000, 5000], "unit": "万元", "bounds": bounds}),
        );
        verdict(&all(vec![item]), json!({"fin.revenue": [{"value": revenue, "year": 2025}]})).conditions.remove(0)
    };
    for (bounds, low, high) in
        [("[)", Truth::Met, Truth::NotMet), ("(]", Truth::NotMet, Truth::Met), ("[]", Truth::Met, Truth::Met)]
    {
        assert_eq!((judge(bounds, 10_000_000).truth, judge(bounds, 50_000_000).truth), (low, high), "{bounds}");
    }
    let missed = judge("[)", 50_000_000);
    assert_eq!((missed.need.as_str(), missed.gap.as_deref()), ("1000万元（含）–5000万元（不含）", Some("须低于5000万元")));
}

#[test]
fn a_soft_requirement_missed_is_for_a_person_and_no_obstacle() {
    for (strength, gap) in [("soft", "原则上"), ("advice", "建议")] {
        let item = condition(json!({"indicator": "rd.expense_ratio", "value": 3, "unit": "%", "strength": strength}));
        let judge = |ratio: f64, tree: Option<ConditionTree>| {
            let facts = json!({"rd.expense_ratio": [{"value": ratio, "year": 2025}]});
            verdict(&record(vec![item.clone()], tree), facts)
        };
        let missed = judge(0.02, None);
        assert_eq!((missed.outcome, missed.conditions[0].truth), (Outcome::Likely, Truth::Review));
        assert_eq!(missed.conditions[0].gap.as_deref(), Some(&*format!("差1个百分点，原文为“{gap}”的要求，需人工判断")));
        assert_eq!(judge(0.03, None).outcome, Outcome::Eligible);
        let not = ConditionTree::Not(Box::new(ConditionTree::Item(0)));
        assert_eq!(judge(0.03, Some(not)).outcome, Outcome::Likely);
    }
}

#[test]
fn what_is_measured_by_no_number_is_asked_of_the_enterprise() {
    let item = condition(
        json!({"indicator": "free:裁员率", "op": "<=", "value": "城镇调查失业率控制目标", "ref_value": "城镇调查失业率控制目标", "unit": "%", "period": "last_year"}),
    );
    let judge = |facts| verdict(&all(vec![item.clone()]), facts).conditions.remove(0);
    let open = judge(json!({"free:裁员率": [{"value": 0.02, "year": 2025}]}));
    assert_eq!((open.truth, open.need.as_str()), (Truth::Unknown, "≤ 城镇调查失业率控制目标"));
    assert_eq!(open.ask.as_deref(), Some("请确认2025年裁员率是否≤ 城镇调查失业率控制目标"));
    assert_eq!(judge(json!({"free:裁员率": [{"value": true, "year": 2025}]})).truth, Truth::Met);
    assert_eq!(judge(json!({"free:裁员率": [{"value": false, "year": 2025}]})).truth, Truth::NotMet);
}

#[test]
fn open_indicators_are_held_by_profiles_and_asked_for_by_their_label() {
    let profit = || {
        condition(json!({"indicator": "free:净利润", "value": 500, "unit": "万元", "value_base": 5_000_000, "unit_base": "元"}))
    };
    check(vec![profit()], json!({}), Outcome::Unknown, "尚不能判断：请补充2025年净利润");
    let facts = |value: u64| json!({"free:净利润": [{"value": value, "year": 2025}]});
    check(vec![profit()], facts(5_000_000), Outcome::Eligible, "1项申报条件全部满足");
    let near = "仅“净利润”不满足：需≥ 500万元，现为450万元（2025年），差50万元";
    check(vec![profit()], facts(4_500_000), Outcome::NearMiss, near);
    let pilot = condition(json!({"indicator": "free:中试基地", "op": "is", "value": true}));
    check(vec![pilot.clone()], json!({}), Outcome::Unknown, "尚不能判断：请确认中试基地情况");
    check(vec![pilot], json!({"free:中试基地": [{"value": true}]}), Outcome::Eligible, "1项申报条件全部满足");
    let days = condition(json!({"indicator": "free:停产时间", "op": "<=", "value": 6, "unit": "个月"}));
    check(vec![days], json!({"free:停产时间": [{"value": 0.5}]}), Outcome::Eligible, "1项申报条件全部满足");
    // Neither of the vocabulary nor open: shown, and for a person.
    check(vec![at_least("nobody.knows", 1.0, "个")], json!({}), Outcome::Likely, "没有发现不符合的条件，1项需人工判断");
}

#[test]
fn a_share_over_years_together_is_that_of_the_sums() {
    let judge = |facts| {
        let item = condition(json!({"indicator": "rd.expense_ratio", "value": 4, "unit": "%", "period": "sum_of_last_3_years"}));
        verdict(&all(vec![item]), facts).conditions.remove(0)
    };
    let years = |values: [f64; 3]| json!([{"value": values[0], "year": 2025}, {"value": values[1], "year": 2024}, {"value": values[2], "year": 2023}]);
    let amounts = |rd: [f64; 3]| json!({"rd.expense": years(rd), "fin.revenue": years([1e8, 1e8, 2e8])});
    let met = judge(amounts([4e6, 4e6, 8e6]));
    assert_eq!((met.truth, met.has.as_deref()), (Truth::Met, Some("4%（2023—2025年合计）")));
    assert_eq!(judge(amounts([4e6, 4e6, 7.9e6])).truth, Truth::NotMet);
    // Yearly shares alone decide only where all lie on one side.
    for (shares, expected) in
        [([0.04, 0.05, 0.06], Truth::Met), ([0.03, 0.035, 0.039], Truth::NotMet), ([0.03, 0.04, 0.05], Truth::Unknown)]
    {
        assert_eq!(judge(json!({"rd.expense_ratio": years(shares)})).truth, expected, "{shares:?}");
    }
    assert_eq!(judge(json!({"rd.expense_ratio": [{"value": 0.05}]})).truth, Truth::Met);
    assert_eq!(judge(json!({})).ask.as_deref(), Some("请补充2023—2025年研发费用占营业收入比例"));
}

#[test]
fn a_mean_over_years_is_not_averaged_once_more() {
    let item = condition(json!({"indicator": "free:增长率2y", "value": 5, "unit": "%", "period": "last_2_years", "agg": "mean"}));
    let known = verdict(&all(vec![item.clone()]), json!({"free:增长率2y": [{"value": 0.06, "year": 2025}]}));
    assert_eq!(known.outcome, Outcome::Eligible);
    assert_eq!(verdict(&all(vec![item]), json!({})).conditions[0].ask.as_deref(), Some("请补充2025年增长率2y"));
}

#[test]
fn one_year_of_several_can_be_enough() {
    let judge = |values: &[(i16, u64)]| {
        let item =
            condition(json!({"indicator": "ip.class1", "value": 60, "unit": "分", "period": "last_2_years", "agg": "any"}));
        let facts: Vec<_> = values.iter().map(|(year, value)| json!({"value": value, "year": year})).collect();
        verdict(&all(vec![item]), json!({"ip.class1": facts})).conditions[0].truth
    };
    for (values, expected) in [
        (&[(2025, 59), (2024, 60)][..], Truth::Met),
        (&[(2025, 60)], Truth::Met),
        (&[(2025, 59)], Truth::Unknown),
        (&[(2025, 59), (2024, 59)], Truth::NotMet),
        (&[], Truth::Unknown),
    ] {
        assert_eq!(judge(values), expected, "{values:?}");
    }
}
