//! What conditions are read from phrases, and what is none.

use model::{Condition, Value, What};

use crate::annotator::Input;
use crate::examples::shipped;

fn shown_value(value: &Value) -> String {
    match value {
        Value::Number(number) => number.normalize().to_string(),
        Value::Range(low, high) => format!("{}..{}", low.0.normalize(), high.0.normalize()),
        Value::Text(text) => text.clone(),
        Value::Steps(steps) => steps.iter().map(|step| step.0.normalize().to_string()).collect::<Vec<_>>().join("|"),
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
fn what_is_spent_on_research_is_named_in_many_ways() {
    for (text, expected) in [
        ("年度研究与试验发展经费支出额不低于500万元", "rd.expense >=5000000元"),
        ("R&D投入不低于300万元", "rd.expense >=3000000元"),
        ("R&D经费占主营业务收入比重不低于3%且不低于800万元", "rd.expense_ratio >=0.03ratio; rd.expense >=8000000元"),
        ("专职研究与试验发展人员数不少于20人", "staff.rd >=20人"),
    ] {
        check(text, expected);
    }
}

#[test]
fn numbers_of_something_else_are_no_conditions() {
    for text in ["申请单位须在注册登记之日起的6个月内提出申请", "申报单位应满足至少三项专项条件"]
    {
        check(text, "");
    }
    check("企业应已组建技术中心并正常运行一年以上", "free:运行年限 >=1年");
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

#[test]
fn a_gloss_a_narrowing_word_and_a_relaxed_threshold_decide_the_name() {
    for (text, expected) in [
        ("申报企业上年度产值规模(营业收入)不低于2亿元", "fin.revenue >=200000000元@last_year"),
        ("申报企业销售收入(不含税)不低于2亿元", "fin.sales_revenue >=200000000元"),
        ("申报企业线上销售额不低于500万元", "free:线上销售额 >=5000000元"),
        ("申报企业年度销售额不低于500万元", "fin.sales_revenue >=5000000元"),
        ("申报企业出口规模不低于300万美元", "fin.trade_volume >=3000000美元"),
        (
            "申报企业研发人员占比不低于25%,服务类企业可放宽至15%",
            "staff.rd_ratio >=0.25ratio; staff.rd_ratio >=0.15ratio if 服务类企业",
        ),
        (
            "申报单位建筑面积不低于4000平方米。山区县可放宽到2500平方米",
            "premises.area >=4000平方米; premises.area >=2500平方米 if 山区县",
        ),
        ("申报单位已完成数字化水平自评估,且等级达到三级及以上", "digital.level >=3级"),
        ("对年度区级贡献超过80万元的各类股权投资企业给予奖励", "free:区级贡献 >800000元@year"),
        (
            "对总投资3亿元或4000万美元以上的项目给予奖励",
            "project.total_invest >=300000000元; project.total_invest >=40000000美元",
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn steps_that_rise_under_one_bound_are_one_condition() {
    for (text, expected) in [
        (
            "对当年出口额200万美元、400万美元、900万美元以上的企业,分别奖励1万元、2万元、5万元",
            "fin.trade_volume >=2000000|4000000|9000000美元@current_year",
        ),
        ("对营业收入首次突破1亿元、3亿元的企业,分别奖励10万元、30万元", "fin.revenue first_exceed100000000|300000000元"),
        ("申报企业带动农户900户、500户、200户以上", "agri.households >=900户; agri.households >=500户; agri.households >=200户"),
        ("申报企业注册资本500万元或实缴资本200万元以上", "reg.capital_registered >=5000000元; reg.capital_paid >=2000000元"),
    ] {
        check(text, expected);
    }
}

#[test]
fn a_second_bound_closes_the_range_and_a_selected_few_are_counted() {
    for (text, expected) in [
        ("申报机构床位数不少于30张且不多于120张", "free:床位数 [30..120]张"),
        ("申报机构托位数不少于40个,且不多于90个", "free:托位数 [40..90]个"),
        ("申报园区应有年销售收入超过800万元的不少于6家", "free:家数 >=6家 if 年销售收入超过800万元"),
        ("申报孵化器直接用于在孵企业的场地面积占3/4以上", "free:场地面积占比 >=0.75ratio"),
    ] {
        check(text, expected);
    }
}

#[test]
fn a_period_goes_on_in_the_measures_of_one_balance_and_in_each_of_its_years() {
    for (text, expected) in [
        (
            "申报企业2021年末从业人员少于300人,营业收入低于2亿元,资产总额低于3亿元",
            "staff.total <300人@2021; fin.revenue <200000000元@2021; fin.total_assets <300000000元@2021",
        ),
        (
            "申报企业近三年研发投入累计不低于600万元,或每一年度均不低于150万元",
            "rd.expense >=6000000元@last_3_years~sum; rd.expense >=1500000元@last_3_years~each",
        ),
        (
            "申报企业上年度研发人员不少于20人,注册资本不低于100万元",
            "staff.rd >=20人@last_year; reg.capital_registered >=1000000元",
        ),
    ] {
        check(text, expected);
    }
}

#[test]
fn names_joined_by_each_share_their_number() {
    for (text, expected) in [
        ("申报合作社成员出资额、固定资产均不低于80万元", "free:合作社成员出资额 >=800000元; fin.fixed_assets >=800000元"),
        ("申报企业营业收入和净利润都要达到300万元以上", "fin.revenue >=3000000元; free:净利润 >=3000000元"),
        ("申报合作社农资统一采购率、农膜统一回收率超过70%", "free:合作社农资统一采购率 >0.7ratio; free:农膜统一回收率 >0.7ratio"),
        ("申报企业近三年营业收入年均不低于300万元", "fin.revenue >=3000000元@last_3_years~mean"),
    ] {
        check(text, expected);
    }
}

#[test]
fn numbers_in_notes_have_the_bound_behind_the_note() {
    for (text, expected) in [
        ("申报企业销售收入在200万元(期刊80万元)以上", "fin.sales_revenue >=2000000元; fin.sales_revenue >=800000元"),
        ("申报企业裁员率不高于失业率控制目标(5%)", "layoff.rate <=0.05ratio"),
        ("园区占地面积120亩(即8万平方米)以上", "free:园区占地面积 >=120亩"),
        ("申报单位将年销售收入由500万元以上调整为800万元以上", "fin.sales_revenue >=8000000元"),
        ("申请人须在注册登记之日起6个月内提出申请", ""),
        ("申报企业近两年每年接待游客5万(含)以上人次", "free:接待游客 >=50000人次@last_2_years~each"),
    ] {
        check(text, expected);
    }
}

#[test]
fn what_is_asked_gets_a_label_from_the_words_around_it() {
    let conditions = |text: &str| format!("一、申报条件\n1.{text}\n2.信用良好。");
    for (text, expected) in [
        (
            "改造投入:商场不少于800万元,专卖店不少于60万元。",
            "free:改造投入 >=8000000元 if 商场; free:改造投入 >=600000元 if 专卖店",
        ),
        ("在孵企业应有40%以上已申请软件著作权。", "free:在孵企业占比 >=0.4ratio"),
        ("主要农产品统一包装(销售)率超过60%。", "free:主要农产品统一包装率 >0.6ratio"),
        ("已设立独立的检测部门或机构三年以上。", "free:设立检测部门或机构年限 >=3年"),
        ("软件业务收入高于900万元且占企业总收入60%以上。", "free:软件业务收入 >9000000元; free:软件业务收入占比 >=0.6ratio"),
    ] {
        check(&conditions(text), expected);
    }
}
