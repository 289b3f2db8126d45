//! Tables of every kind, read to their items; each quote must be the characters of its span.

use model::What;
use rust_decimal::Decimal;

use crate::annotator::Input;
use crate::examples::shipped;

const SUPPORT: &str = "关于促进产业发展的若干政策措施";
const RECOGNITION: &str = "市级示范园区认定管理办法";

fn number(value: Option<Decimal>) -> String {
    value.map(|value| value.normalize().to_string()).unwrap_or_default()
}

/// An item in short: what, numbers, `@` the case.
fn shown(what: &What) -> Option<String> {
    let case = |when: &Option<String>| when.as_ref().map(|when| format!("@{when}")).unwrap_or_default();
    Some(match what {
        What::Condition(condition) => {
            let value = serde_json::to_value(condition).unwrap_or_default();
            let base = value.get("value_base").or_else(|| value.get("value")).map(ToString::to_string).unwrap_or_default();
            let op = value.get("op").and_then(|op| op.as_str().map(str::to_owned)).unwrap_or_default();
            let not = if condition.negated { "not " } else { "" };
            format!("{not}{} {op} {base}{}", condition.indicator, case(&condition.when))
        }
        What::Award(award) => {
            let numbers = [number(award.amount), number(award.ratio), number(award.cap)].join("/");
            format!("award {numbers}{}", case(&award.when))
        }
        What::Window(window) => {
            let date = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
            format!("window {}..{}", date(window.start), date(window.end))
        }
        What::Material { name, copies, form, .. } => {
            format!("{name} {} {}", copies.unwrap_or_default(), form.as_deref().unwrap_or("-"))
        }
        What::Contact { value, .. } => format!("call {value}"),
        _ => return None,
    })
}

#[track_caller]
fn check(title: &str, text: &str, expected: &[&str]) {
    let annotation = shipped().annotate(&Input { text, title, region: "440000", ..Input::default() });
    for item in &annotation.items {
        assert_eq!(item.span.of(text), item.quote, "in {text}");
    }
    let found: Vec<String> = annotation.items.iter().filter_map(|item| shown(&item.what)).collect();
    assert_eq!(found, expected, "in {text}");
}

#[test]
fn rows_of_a_condition_table_ask_what_their_cells_say() {
    let asked = ["fin.revenue >= 10000000", "staff.total >= 50", "reg.independent_legal_person is true"];
    for table in [
        "序号\t指标\t要求\n1\t营业收入\t≥1000万元\n2\t从业人员\t≥50人\n3\t资质\t具有独立法人资格",
        "指标 | 要求\n营业收入 | ≥1000万元\n从业人员 | ≥50人\n资质 | 具有独立法人资格",
        "| 指标 | 要求 |\n|---|:--:|\n| 营业收入 | ≥1000万元 |\n| 从业人员 | ≥50人 |\n| 资质 | 具有独立法人资格 |",
        "指标　　要求\n营业收入（万元）    ≥1000\n从业人员（人）    ≥50\n资质    具有独立法人资格",
        "指标\t要求\n营业收入\t1000万元\n以上\n从业人员\t50人以上\n资质\t具有独立法人资格",
    ] {
        check(RECOGNITION, &format!("二、认定条件\n申报单位应符合下列指标：\n{table}\n三、附则"), &asked);
    }
}

#[test]
fn a_level_in_the_first_column_or_in_the_header_is_the_case() {
    let levels = [
        "fin.revenue >= 100000000@国家级",
        "staff.total >= 300@国家级",
        "fin.revenue >= 50000000@省级",
        "staff.total >= 100@省级",
    ];
    check(
        RECOGNITION,
        "二、认定条件\n类别\t申报条件\n国家级\t营业收入1亿元以上；从业人员300人以上。\n省级\t1.营业收入5000万元以上；2.从业人员100人以上。",
        &levels,
    );
    check(RECOGNITION, "二、认定条件\n级别\t营业收入（万元）\t从业人员（人）\n国家级\t≥10000\t≥300\n省级\t≥5000\t≥100", &levels);
    check(
        RECOGNITION,
        "二、认定条件\n指标\t国家级\t省级\n营业收入\t≥1亿元\t≥5000万元\n从业人员\t≥300人\t≥100人",
        &[levels[0], levels[2], levels[1], levels[3]],
    );
}

#[test]
fn a_case_of_a_table_is_a_branch_of_the_tree() {
    let text = "二、认定条件\n类别\t申报条件\n国家级\t营业收入1亿元以上\n省级\t营业收入5000万元以上";
    let annotation = shipped().annotate(&Input { text, title: RECOGNITION, ..Input::default() });
    let tree = serde_json::to_string(&annotation.tree).unwrap();
    assert_eq!(tree.matches("\"when\"").count(), 2, "{tree}");
    assert!(tree.contains("\"quote\":\"国家级\"") && tree.contains("\"quote\":\"省级\""), "{tree}");
}

#[test]
fn rows_of_an_award_table_give_one_award_each() {
    for table in [
        "级别\t奖励金额（万元）\n国家级\t50\n省级\t20",
        "单位：万元\n级别\t奖励金额\n国家级\t50\n省级\t20",
        "序号\t级别\t奖励标准\n1\t国家级\t50万元\n2\t省级\t20万元",
        "级别\t奖励标准\n国家级\t给予50万元奖励\n省级\t给予20万元奖励",
        "| 级别 | 奖励标准 |\n| --- | --- |\n| 国家级 | 一次性奖励50万元 |\n| 省级 | 一次性奖励20万元 |",
    ] {
        check(SUPPORT, &format!("三、支持标准\n{table}\n四、附则"), &["award 500000//@国家级", "award 200000//@省级"]);
    }
}

#[test]
fn merged_cells_reach_down_and_columns_of_levels_are_awards() {
    let expected = ["award 1000000//@研发平台国家级", "award 500000//@研发平台省级"];
    for table in [
        "类别\t级别\t奖励标准\n研发平台\t国家级\t100万元\n省级\t50万元",
        "类别\t级别\t奖励标准\n研发平台\t国家级\t100万元\n研发平台\t省级\t50万元",
        "| 类别 | 级别 | 奖励标准 |\n| 研发平台 | 国家级 | 100万元 |\n| | 省级 | 50万元 |",
    ] {
        check(SUPPORT, &format!("三、支持标准\n{table}"), &expected);
    }
    check(
        SUPPORT,
        "附件：奖励标准（单位：万元）\n项目\t一等奖\t二等奖\n创新大赛\t30\t10",
        &["award 300000//@一等奖", "award 100000//@二等奖"],
    );
    check(
        SUPPORT,
        "三、支持标准\n类别\t补助标准\n研发投入\t按研发投入的5%，最高200万元\n年产值1亿元以上企业\t50万元",
        &["award /0.05/2000000@研发投入", "fin.output_value >= 100000000", "award 500000//@年产值1亿元以上企业"],
    );
}

#[test]
fn materials_times_and_contacts_are_read_by_their_columns() {
    check(
        RECOGNITION,
        "五、附件\n序号\t材料名称\t份数\t形式\n1\t营业执照\t1\t复印件\n2\t项目申请表\t2\t原件",
        &["营业执照 1 复印件", "项目申请表 2 原件"],
    );
    check(
        RECOGNITION,
        "四、安排\n批次\t申报时间\n第一批\t2026年3月1日至3月31日\n第二批\t2026年9月1日至9月30日",
        &["window 2026-03-01..2026-03-31", "window 2026-09-01..2026-09-30"],
    );
    check(
        RECOGNITION,
        "五、其他\n区县\t受理部门\t咨询电话\n甲区\t工业和信息化局\t020-12345678\n乙区\t科技局\t020-87654321",
        &["call 020-12345678", "call 020-87654321"],
    );
}

#[test]
fn one_table_may_say_conditions_awards_and_times() {
    check(
        SUPPORT,
        "三、支持标准\n项目\t申报条件\t奖励标准\t责任部门\t申报时间\n技术改造项目\t固定资产投资1000万元以上\t50万元\t市工信局\t2026年3月1日至3月31日",
        &["project.total_invest >= 10000000@技术改造项目", "award 500000//@技术改造项目", "window 2026-03-01..2026-03-31"],
    );
}

#[test]
fn tables_of_points_sizes_statistics_and_names_say_nothing() {
    for table in [
        "评分表\n指标\t要求\t分值\n营业收入\t≥1000万元\t20\n从业人员\t≥50人\t10",
        "中小企业划型标准\n行业\t营业收入（万元）\t从业人员（人）\n工业\t≥2000\t≥300\n农业\t≥500\t≥50",
        "行业\t营业收入（万元）\t从业人员（人）\n工业\t≥2000\t≥300\n农业\t≥500\t≥50",
        "主要产品\n产品名称\t计量单位\t产量\t同比增长\n饮料\t千升\t15767\t18.64%\n罐头\t吨\t70931\t5.05%",
        "拟奖励名单\n序号\t企业名称\t奖励金额（万元）\n1\t甲公司\t50\n2\t乙公司\t20",
        "任务分解表\n指标\t要求\n规模以上企业营业收入\t达到100亿元以上\n新增企业\t不少于50家",
    ] {
        check(SUPPORT, &format!("一、支持企业\n附件\n{table}"), &[]);
    }
}

#[test]
fn cards_and_tabs_in_prose_stay_as_they_are() {
    check(
        RECOGNITION,
        "申报条件\t上年度营业收入1000万元以上\n申报时间\t2026年3月1日至3月31日",
        &["fin.revenue >= 10000000", "window 2026-03-01..2026-03-31"],
    );
    check(
        RECOGNITION,
        "支持对象\t中小企业\n申报条件\t上年度营业收入1000万元以上\n支持标准\t给予资金支持",
        &["fin.revenue >= 10000000"],
    );
    check(SUPPORT, "一、\t支持标准\n第一条\t对企业给予50万元奖励。", &["award 500000//"]);
}

#[test]
fn any_table_takes_linear_time() {
    for text in [
        "级别\t奖励金额（万元）\n".to_owned() + &"国家级\t50\n".repeat(4_000),
        "级别\t奖励\na\n".repeat(4_000),
        "a\tb\n".repeat(10_000),
        "|".repeat(40_000),
        "a  ".repeat(15_000),
        "\t\t\n|a|b|\n".repeat(4_000),
    ] {
        let started = std::time::Instant::now();
        let annotation = shipped().annotate(&Input { text: &text, title: SUPPORT, ..Input::default() });
        assert!(annotation.items.iter().all(|item| !item.quote.is_empty()));
        assert!(started.elapsed().as_secs() < 30, "{:?} for {:?}", started.elapsed(), text.chars().take(12).collect::<String>());
    }
}

proptest::proptest! {
    #[test]
    fn quotes_are_the_characters_of_their_spans(
        rows in proptest::collection::vec(proptest::collection::vec(
            proptest::sample::select(vec!["级别", "奖励金额（万元）", "国家级", "50", "营业收入", "≥1000万元", "", "指标", "要求", "最高20万元；不超过10%。", "材料名称", "1", "以上", "2026年3月1日", "电话", "部门"]), 1..5), 0..8),
        sign in proptest::sample::select(vec!["\t", "|", "  ", " | ", "　　"]),
    ) {
        let text = rows.iter().map(|row| row.join(sign)).collect::<Vec<_>>().join("\n");
        let annotation = shipped().annotate(&Input { text: &text, title: SUPPORT, ..Input::default() });
        for item in &annotation.items {
            proptest::prop_assert_eq!(item.span.of(&text), &item.quote);
        }
    }
}
