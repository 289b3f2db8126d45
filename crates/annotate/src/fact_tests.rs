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
fn what_is_registered_or_got_elsewhere_is_no_place_of_applicants() {
    check("在本市注册药品的数量", &[]);
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
