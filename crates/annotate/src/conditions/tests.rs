//! What conditions are read from phrases, and what is none.

use model::{Condition, Value, What};

use crate::annotator::Input;
use crate::examples::shipped;

fn shown_value(value: &Value) -> String {
    match value {
        Value::Number(number) => number.normalize().to_string(),
        Value::Range(low, high) => format!("{}..{}", low.0.normalize(), high.0.normalize()),
        Value::Text(text) => text.clone(),
        Value::List(list) => list.join("|"),
        Value::Bool(value) => value.to_string(),
    }
}

fn shown(condition: &Condition) -> String {
    let value = shown_value(condition.value_base.as_ref().unwrap_or(&condition.value));
    let mut text = format!("{}{}", if condition.negated { "!" } else { "" }, condition.indicator);
    match (condition.op.sign(), &condition.bounds) {
        ("range", Some(bounds)) => text += &format!(" {}{value}{}", &bounds[..1], &bounds[1..]),
        (sign, _) => text += &format!(" {sign}{value}"),
    }
    text += condition.unit_base.as_deref().unwrap_or_default();
    for (mark, part) in [("@", &condition.period), ("~", &condition.agg), (" if ", &condition.when), (" ", &condition.strength)] {
        if let Some(part) = part {
            text += &format!("{mark}{part}");
        }
    }
    text
}

/// The conditions with numbers of a text.
#[track_caller]
fn check(text: &str, expected: &str) {
    let annotation = shipped().annotate(&Input { text, ..Input::default() });
    let found: Vec<String> = annotation
        .items
        .iter()
        .filter(|item| item.rule.starts_with("number"))
        .filter_map(|item| match &item.what {
            What::Condition(condition) => Some(shown(condition)),
            _ => None,
        })
        .collect();
    assert_eq!(found.join("; "), expected, "in {text}");
}

#[test]
fn words_of_comparison_before_and_behind() {
    for (text, expected) in [
        ("企业上年度营业收入不低于1000万元", "fin.revenue >=10000000元@last_year"),
        ("营业收入不得低于1000万元", "fin.revenue >=10000000元"),
        ("营业收入须达到1000万元及以上", "fin.revenue >=10000000元"),
        ("营业收入应在1000万元(含)以上", "fin.revenue >=10000000元"),
        ("营业收入超过1000万元(含)", "fin.revenue >=10000000元"),
        ("营业收入＞1000万元", "fin.revenue >10000000元"),
        ("营业收入≥1000万元", "fin.revenue >=10000000元"),
        ("营业收入大于等于1000万元", "fin.revenue >=10000000元"),
        ("营业收入不足1000万元", "fin.revenue <10000000元"),
        ("营业收入未达到1000万元", "fin.revenue <10000000元"),
        ("营业收入不高于1000万元", "fin.revenue <=10000000元"),
        ("营业收入1000万元以下(不含)", "fin.revenue <10000000元"),
        ("资产负债率控制在70%以内", "fin.asset_liability_ratio <=0.7ratio"),
        ("资产负债率最高不超过70%", "fin.asset_liability_ratio <=0.7ratio"),
        ("研发人员至少10人", "staff.rd >=10人"),
        ("研发人员至少为10名", "staff.rd >=10人"),
        ("从业人员不满20人", "staff.total <20人"),
        ("注册成立满2年", "reg.age >=2年"),
        ("注册成立未满5年", "reg.age <5年"),
        ("营业收入不低于一千万元", "fin.revenue >=10000000元"),
        ("营业收入不低于1.5亿元", "fin.revenue >=150000000元"),
        ("营业收入不低于3千万元", "fin.revenue >=30000000元"),
        ("研发人员占职工总数的三分之一以上", "staff.rd_ratio >=0.3333333333333333ratio"),
        ("研发人员占职工总数的比例不低于百分之三十", "staff.rd_ratio >=0.3ratio"),
    ] {
        check(text, expected);
    }
}

#[test]
fn two_bounds_of_one_name_are_one_range() {
    for (text, expected) in [
        ("营业收入5000万元以上、1亿元以下", "fin.revenue [50000000..100000000]元"),
        ("营业收入5000万元(含)以上、1亿元(不含)以下的企业", "fin.revenue [50000000..100000000)元"),
        ("营业收入超过5000万元但不超过1亿元", "fin.revenue (50000000..100000000]元"),
        ("营业收入不低于5000万元且低于1亿元", "fin.revenue [50000000..100000000)元"),
        ("营业收入5000万元(含)-1亿元", "fin.revenue [50000000..100000000)元"),
        ("营业收入5000万元至1亿元(含)", "fin.revenue (50000000..100000000]元"),
        ("营业收入在5000万至1亿元之间", "fin.revenue range50000000..100000000元"),
    ] {
        check(text, expected);
    }
}

#[test]
fn numbers_are_paired_with_their_subjects_by_position() {
    for (text, expected) in [
        ("营业收入、研发费用分别不低于5000万元、200万元", "fin.revenue >=50000000元; rd.expense >=2000000元"),
        ("资产总额和营业收入分别达到1亿元和5000万元以上", "fin.total_assets >=100000000元; fin.revenue >=50000000元"),
        (
            "工业企业、服务业企业上年度营业收入分别不低于2000万元、1000万元",
            "fin.revenue >=20000000元@last_year if 工业企业; fin.revenue >=10000000元@last_year if 服务业企业",
        ),
        (
            "年度营业收入分别在2亿元、5000万元及以上的批发、零售企业",
            "fin.revenue >=200000000元 if 批发; fin.revenue >=50000000元 if 零售",
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn ratios_and_growth_are_composed() {
    for (text, expected) in [
        ("研发费用占销售收入比例不低于3%", "rd.expense_ratio >=0.03ratio"),
        ("研发费用与营业收入之比不低于3%", "rd.expense_ratio >=0.03ratio"),
        ("研发费用/营业收入≥3%", "rd.expense_ratio >=0.03ratio"),
        ("职工总数中研发人员的比例不低于20%", "staff.rd_ratio >=0.2ratio"),
        ("上年度营业收入同比增长10%以上", "fin.revenue_growth >=0.1ratio@last_year"),
        ("营业收入增幅不低于10%", "fin.revenue_growth >=0.1ratio"),
        ("营业收入较上年增长不低于10%", "fin.revenue_growth >=0.1ratio"),
        ("近两年营业收入年均复合增长率不低于10%", "fin.revenue_cagr_2y >=0.1ratio@last_2_years"),
        ("咨询服务收入占总收入的比重不低于50%", "free:咨询服务收入占总收入比重 >=0.5ratio"),
    ] {
        check(text, expected);
    }
}

#[test]
fn periods_and_what_is_done_over_them() {
    for (text, expected) in [
        ("近两年研发费用合计不低于1200万元", "rd.expense >=12000000元@last_2_years~sum"),
        ("近三年平均研发费用不低于100万元", "rd.expense >=1000000元@last_3_years~mean"),
        ("近两年每年研发费用不低于100万元", "rd.expense >=1000000元@last_2_years~each"),
        ("上一会计年度营业收入不低于1000万元", "fin.revenue >=10000000元@last_year"),
        ("最近一个会计年度营业收入不低于1000万元", "fin.revenue >=10000000元@last_year"),
        ("截至上年末资产总额不低于1000万元", "fin.total_assets >=10000000元@last_year"),
        ("2025年度营业收入不低于1000万元", "fin.revenue >=10000000元@2025"),
        ("2025年至申报日竣工的项目固定资产投资不低于500万元", "project.total_invest >=5000000元"),
        ("近12个月营业收入不低于1000万元", "fin.revenue >=10000000元@last_12_months"),
    ] {
        check(text, expected);
    }
}

#[test]
fn limits_on_applications() {
    for (text, expected) in [
        ("同一企业只能申报一个项目", "limit.quota <=1项"),
        ("每家企业每年限报2项", "limit.quota <=2项@year"),
        ("每家企业连续3年只能获得1次支持", "limit.quota <=1次@3_years"),
        ("同一申报单位同一年度申报项目不超过2个", "limit.quota <=2项@year"),
        ("各区推荐项目不超过3个", ""),
    ] {
        check(text, expected);
    }
}

#[test]
fn numbers_without_an_indicator_get_the_noun_they_are_of() {
    for (text, expected) in [
        ("申报企业在孵企业不少于20家", "free:在孵企业 >=20家"),
        ("具有不少于3名负责质量管理的专职人员", "free:专职人员数 >=3人"),
        ("近三年主持制定国家标准不少于2项", "free:国家标准 >=2项@last_3_years"),
        ("在本市参加社会保险满2年", "free:参加社会保险年限 >=2年"),
        ("商户入驻率不低于90%", "free:商户入驻率 >=0.9ratio"),
        ("申请人年龄不超过45周岁", "free:年龄 <=45周岁"),
        ("总资产报酬率应高于同期银行贷款利率", "fin.return_on_assets >同期银行贷款利率"),
    ] {
        check(text, expected);
    }
}

#[test]
fn areas_are_of_premises_or_of_what_stands_before_them() {
    for (text, expected) in [
        ("申报企业门店营业面积不少于200平方米", "premises.area >=200平方米"),
        ("申报企业自用办公场所总面积不少于200平方米", "premises.area >=200平方米"),
        ("申报企业采摘园面积不少于2000平方米", "free:面积 >=2000平方米"),
        ("申报企业冷链仓储面积2000平方米以上", "free:冷链仓储面积 >=2000平方米"),
    ] {
        check(text, expected);
    }
}

#[test]
fn a_bare_noun_of_money_is_an_indicator() {
    for (text, expected) in [
        ("申报企业近三年收入均不低于3000万元", "fin.revenue >=30000000元@last_3_years~each"),
        ("申报企业培训收入不低于300万元", "free:培训收入 >=3000000元"),
        ("申报企业上一纳税年度实际入库税金不少于二百万元", "tax.paid >=2000000元@last_year"),
        ("申报企业亩均税收不低于20万元", "free:亩均税收 >=200000元"),
        ("获得补助的项目新增投资不低于300万元,按10%补助", "project.total_invest >=3000000元"),
    ] {
        check(text, expected);
    }
}

#[test]
fn ratios_have_no_unit_and_shares_no_name_of_the_whole() {
    for (text, expected) in [
        ("申报企业速动比率高于1.2,且无逾期贷款", "free:速动比率 >1.2"),
        ("申报企业带息负债与净资产之比不超过1.5", "free:申报企业带息负债与净资产之比 <=1.5"),
        ("申报园区入驻企业不少于20家,其中外资企业占15%以上", "free:园区入驻企业 >=20家; free:外资企业占比 >=0.15ratio"),
        (
            "申报企业动漫业务收入不低于800万元,且占营业收入的比例不低于40%",
            "free:动漫业务收入 >=8000000元; free:动漫业务收入占比 >=0.4ratio",
        ),
        ("申报指南第3版,共发布1次", ""),
    ] {
        check(text, expected);
    }
}

#[test]
fn a_clause_that_is_only_a_period_holds_for_those_behind() {
    for (text, expected) in [
        (
            "申报基地近三年,设备利用率每年均不低于80%,在孵企业每年均不少于30家",
            "free:设备利用率 >=0.8ratio@last_3_years~each; free:在孵企业 >=30家@last_3_years~each",
        ),
        ("申报企业应当生产经营满两年", "reg.age >=2年"),
        ("申报机构近24个月技术合同成交额超过300万元", "free:技术合同成交额 >3000000元@last_24_months"),
        ("申报企业每日发车不少于15趟次", "free:发车趟次数 >=15趟次@day"),
    ] {
        check(text, expected);
    }
}

#[test]
fn ranges_share_their_unit_and_counts_may_stand_behind_what_is_owned() {
    for (text, expected) in [
        ("申报主体应达到:蛋鸡年存栏5000~8000只", "free:存栏 range5000..8000只@year"),
        ("申报企业拥有发明专利两件", "ip.invention >=2件"),
        ("申报企业拥有发明专利两件(软件著作权可按三件折抵一件)", "ip.invention >=2件"),
        ("据统计,该县现有养殖企业80家,水面面积达2.6万亩", ""),
        ("评审专家不少于5人,其中财务专家不少于1人", ""),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_a_phrase_defines_threatens_or_prefers_is_asked_of_nobody() {
    check("本办法所称大型渔场,是指年产量300吨以上的渔场", "");
    check("拒不改正的,处2万元以上5万元以下罚款,停产整治不少于3个月", "");
    check("同等条件下,优先支持研发人员10人以上的企业", "");
    check("研发人员10人以上", "staff.rd >=10人");
}
