//! Facts, places, titles, kinds and lines of business as sentences say them.

use model::annotation::Value;
use model::{Condition, What};

use crate::annotator::Input;
use crate::examples::shipped;

/// A condition in a few words: `!` for what must not be, names joined by `|`.
fn told(condition: &Condition) -> String {
    let value = match &condition.value {
        Value::List(names) => format!(" {}", names.join("|")),
        _ => String::new(),
    };
    let period = condition.period.as_deref().map(|period| format!(" {period}")).unwrap_or_default();
    let sign = if condition.negated { "!" } else { "" };
    format!("{sign}{}{value}{period}", condition.indicator)
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let annotation = shipped().annotate(&Input { text, region: "310114", ..Input::default() });
    let found: Vec<String> = annotation
        .items
        .iter()
        .filter_map(|item| if let What::Condition(condition) = &item.what { Some(told(condition)) } else { None })
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn places_are_read_in_every_wording() {
    check("注册地和税务征管关系均在天河区范围内", &["reg.place 天河区"]);
    check("在北京地区办理工商注册的企业", &["reg.place 北京"]);
    check("申报单位应在本市行政区域内依法登记注册", &["reg.place 上海市"]);
    check("浙江省区域内(宁波市除外)登记注册的企业", &["reg.place 浙江省", "!reg.place 宁波市"]);
    check("服务对象:我市企业", &["reg.place 上海市"]);
    check("注册在滨海智慧小镇的企业", &["reg.place 滨海智慧小镇"]);
    check("注册地址、办公场所在云海小镇的机构", &["reg.place 云海小镇"]);
    check("申请人应具有本区户籍", &["free:户籍地 嘉定区"]);
}

#[test]
fn parks_and_sites_are_places_too() {
    check("在云岭生态区内注册登记的企业", &["reg.place 云岭生态区"]);
    check("工商注册及税收归属我区的企业", &["reg.place 嘉定区"]);
    check("依法纳入本区属地统计的企业", &["reg.place 嘉定区"]);
    check("项目实施地点须在本市", &["free:项目实施地 上海市"]);
    check("对本市企业技术中心给予资助", &[]);
    check("申报主体为在本市范围内(含开发区),管理规范的机构", &["reg.place 上海市"]);
}

#[test]
fn grades_are_read_each_with_its_own_name() {
    check("上年度纳税信用评价达到B级及以上", &["free:纳税信用等级 last_year"]);
    check(
        "纳税信用等级均为A级或B级,环保信用评价不得为红牌、黑牌",
        &["free:纳税信用等级 A|B", "!free:环境信用评价等级 红牌|黑牌"],
    );
    check("未被税务机关评定为D级的企业可以申报", &["!free:纳税信用等级"]);
    check("银行信用等级在AA级以上", &["credit.bank_rating"]);
    check("提升纳税信用管理水平", &[]);
}

#[test]
fn facts_of_people_contracts_and_events_are_read() {
    check("基地负责人应具有中级以上专业技术职称", &["free:职称 中级"]);
    check("供货合同已在主管部门备案", &["free:合同备案"]);
    check("出租人与承租人不得存在关联关系", &["!free:关联关系"]);
    check("近两年无重大质量投诉", &["!free:重大投诉 last_2_years"]);
    check("上一年度未发生网络安全事件", &["!free:网络与数据安全事件 last_year"]);
}

#[test]
fn what_must_be_done_before_or_after_a_day_is_read_with_its_name() {
    check("项目实施时间应在2024年3月(含)以后", &["project.date"]);
    check("设备购置日期为2024年1月1日之后", &["project.date"]);
    check("申报时间为2024年1月1日之后", &[]);
}

#[test]
fn titles_share_the_ending_of_the_last() {
    check("已获得有机食品、绿色食品认证", &["qual.has 有机食品认证|绿色食品认证"]);
    check("取得住建部门核发的施工登记证", &["qual.has 施工登记证"]);
    check("获得省级以上科学技术奖", &["qual.has 省级以上科学技术奖"]);
    check("应为市级及以上企业技术中心", &["qual.has 市级以上企业技术中心"]);
    check("通过专业认证的、从事研发的人员", &[]);
    check("认定为市级示范企业的单位必须满足下列要求", &[]);
    check("全市认定为市级示范企业30家", &[]);
    check("今年新增认定为市级示范企业的共有12家", &[]);
}

#[test]
fn facts_outside_the_vocabulary_have_one_name_each() {
    check("主要产品拥有自主注册商标", &["free:注册商标"]);
    check("负责人具有完全民事行为能力、大专以上学历", &["free:完全民事行为能力", "free:学历 大专"]);
    check("大专以上学历的人员占比不低于30%", &["staff.qualified_ratio"]);
    check("项目已纳入固定资产投资统计库", &["free:纳入统计"]);
    check("首次纳统的批发企业给予奖励", &["size.above_scale", "industry.in 批发"]);
    check("财务会计报告无虚假记载,近两年净利润均为正数", &["!free:财务造假", "fin.profitable last_2_years"]);
    check("企业可在两个方向中任选其一", &["limit.quota"]);
}

#[test]
fn the_period_of_a_header_holds_for_what_it_refuses() {
    check(
        "近三年有下列情形的,不得申报:未正常经营的;发生较大安全事故的;被列入失信被执行人名单的",
        &["!credit.accident last_3_years", "!credit.serious_dishonest last_3_years"],
    );
    check(
        "企业两年内未发生下列情况:\n(1)因偷税受到行政处罚。\n(2)走私行为。",
        &["!credit.penalty last_2_years", "!credit.penalty last_2_years"],
    );
}

#[test]
fn offences_that_are_forgiven_or_recorded_are_asked_of_nobody() {
    check("对逾期申报的纳税人,免予行政处罚", &[]);
    check("将严重违法违规行为记入企业档案", &[]);
    check("对于负面清单之内的项目实行核准", &[]);
}

#[test]
fn what_goes_on_behind_the_line_of_business_is_no_part_of_it() {
    check("应为从事软件开发并具有独立法人资格的企业", &["industry.in 软件开发", "reg.independent_legal_person"]);
    check("应为从事生产经营并具有独立法人资格的企业", &["reg.independent_legal_person"]);
}

#[test]
fn what_is_registered_or_got_elsewhere_is_no_place_of_applicants() {
    check("在本市注册药品的数量", &[]);
    check("本市五城区户籍居民家庭", &[]);
    check("符合条件的人员可以申请在本市落户", &[]);
    check("本市有关单位做好服务工作", &[]);
    check("支持在本市新办赛事活动", &[]);
    check("在本区新设立的企业", &["reg.place 嘉定区"]);
}

#[test]
fn lines_of_business_are_named_with_the_enterprise() {
    check("申报单位应为先进制造业企业", &["industry.in 先进制造业"]);
    check("主要从事软件开发的企业", &["industry.in 软件开发"]);
    check("项目应属于新材料、生物医药等重点产业领域", &["industry.in 新材料|生物医药"]);
    check("对集成电路、人工智能等领域的企业给予奖励", &["industry.in 集成电路|人工智能"]);
    check("引导家电销售企业开展促销", &[]);
    check("经营范围包含“家政服务”相关字样的企业", &["industry.in 家政服务"]);
    check("对工业企业、重点服务业企业给予奖励", &["industry.in 工业|服务业"]);
    check("融资担保机构为小微企业提供担保", &[]);
    check(
        "对产值达到4000万元以上的工业企业,以及营业收入达到2000万元以上的软件企业,给予奖励",
        &["fin.output_value", "fin.revenue"],
    );
    check("从事化工的企业,不含涂料制造行业", &["industry.in 化工", "!industry.in 涂料制造"]);
    check("申请单位应以育种为主营业务", &["industry.in 育种"]);
}

#[test]
fn titles_keep_their_level_and_lists() {
    check("应为国家级、省级专精特新中小企业", &["qual.has 国家级专精特新中小企业|省级专精特新中小企业"]);
    check("须取得食品生产许可证", &["qual.has 食品生产许可证"]);
    check("已被认定为市级示范企业的不予支持", &["!qual.has 市级示范企业"]);
    check("培育一批高新技术企业", &[]);
    check("具有三级(含)以上监理资质", &["qual.has 三级(含)以上监理资质"]);
    check("列入市级绿色工厂名单的企业", &["qual.has 市级绿色工厂"]);
    check("企业须具备测绘乙级及以上资质", &["qual.has 测绘乙级及以上资质"]);
    check("对入选省级老字号、市级老字号的门店,依次奖励30万元、10万元", &[]);
    check("对首次获评国家级专精特新小巨人的,给予50万元奖励", &[]);
}

#[test]
fn facts_of_record_are_denied_once_with_their_years() {
    check(
        "近三年无重大违法行为,未发生安全事故,未被列入失信名单",
        &["!credit.penalty last_3_years", "!credit.accident last_3_years", "!credit.serious_dishonest"],
    );
    check("不得为失信被执行人或者近两年受过行政处罚", &["!credit.serious_dishonest", "!credit.penalty last_2_years"]);
    check("自2020年1月1日起出现安全事故的,不予支持", &["!credit.accident since_2020-01-01"]);
    check("拥有专利申请的企业", &[]);
    check("负责人被限制高消费的,不予支持", &["!credit.serious_dishonest"]);
    check("有下列情形的不予支持。发生安全事故;列入失信名单。", &["!credit.accident", "!credit.serious_dishonest"]);
    check("因骗取补贴被追缴的,不得申报", &["!credit.penalty"]);
    check("尚有欠缴职工社会保险的,不得申报", &["!credit.wage_arrears"]);
    check("无不良征信记录", &[]);
    check("存在违法建设的地块", &[]);
}

#[test]
fn other_aid_excludes_and_kinds_of_applicants_are_told() {
    check("当年未获得其他市级财政资金支持", &["!limit.duplicate current_year"]);
    check("对个体工商户,给予2000元补贴", &["reg.entity_type 个体工商户"]);
    check("对首次纳入规模以上统计的企业给予奖励", &["size.above_scale"]);
    check("上年度已获该项奖励的企业不再推荐", &["!limit.duplicate"]);
    check("支持对象为在本区注册的企业、公益性事业单位", &["reg.place 嘉定区", "reg.entity_type 企业|公益性事业单位"]);
    check("对民营企业给予贷款支持", &[]);
}

#[test]
fn what_is_done_aimed_at_or_said_of_others_is_no_condition() {
    check("完善诚信承诺和失信惩戒机制,实行一票否决", &[]);
    check("支持企业申报高新技术企业", &[]);
    check("对满足条件的企业给予奖励,注册在本市其他区域的企业参照执行", &[]);
    check("对未使用过住房贷款的多子女家庭,给予购房补贴", &["free:多子女家庭"]);
    check("未婚子女在本市有合法稳定住所的,可以申请", &["free:合法稳定住所"]);
    check("申请人通过移动端完成实人认证", &[]);
    check("应为全国范围内(不含港澳台地区)具有法人资格的单位", &["reg.independent_legal_person"]);
    check("缩减外商投资准入负面清单", &[]);
    check("对购买144平方米以下商品住房的家庭给予补贴", &["free:住房面积"]);
    check("感染肺炎的个人创业担保贷款可展期一年", &[]);
    check("给予企业贷款贴息,贷款期限最长不超过2年", &[]);
    check("将申报企业规模由年销售收入1000万元以上调整为新的标准", &[]);
    check("应填写《嘉定区建筑业企业奖励资金申请表》", &[]);
    check("已认定为省级示范企业的不参与监测", &["!qual.has 省级示范企业"]);
    check("在中国境内注册的企业", &["reg.place 中国"]);
    check("首套住房贷款首付比例不低于20%", &[]);
    check("从事商贸流通业经营、服务、管理的企业", &["industry.in 商贸流通业经营"]);
    check("对平台按照其服务企业的数量给予奖励", &[]);
}

/// What only a person can check, in the words of the text.
#[track_caller]
fn check_judged(text: &str, expected: &[&str]) {
    let text = format!("一、申报条件\n(一){text}。\n(二)具有独立法人资格。");
    let annotation = shipped().annotate(&Input { text: &text, title: "专项资金管理办法", ..Input::default() });
    let judged = annotation.items.iter().filter(|item| matches!(item.what, What::ConditionText { .. }));
    let found: Vec<&str> = judged.map(|item| item.quote.as_str()).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn requirements_that_say_so_from_their_first_word_stand_for_themselves() {
    check_judged("有固定的经营场所,符合国家产业政策", &["有固定的经营场所", "符合国家产业政策"]);
    check_judged("具有稳定的研发队伍,结构合理,经验丰富", &["具有稳定的研发队伍,结构合理,经验丰富"]);
    check_judged("建立有效的质量管理体系,形成自我改进机制", &["建立有效的质量管理体系,形成自我改进机制"]);
}
