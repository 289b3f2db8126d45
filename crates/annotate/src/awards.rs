//! 支持标准: amounts, rates, upper limits and what they are per.
//!
//! `role` decides which numbers are given rather than required, `amount` and `rate` read one number each, `limits` brings
//! together what one award is made of (rate and limit, steps, lists paired by position), `detail` says who gets it and when.

mod amount;
mod detail;
mod in_words;
mod limits;
mod rate;
mod role;

use model::What;
use model::annotation::Award;

use crate::conditions::{Reading, Role};
use crate::page::{Draft, Page};
use crate::token::Family;

pub(crate) use limits::join;
pub(crate) use role::{is_award, possible};

/// One award with where it stands.
struct Given {
    award: Award,
    start: usize,
    end: usize,
    clause: usize,
    /// The quantity it is made of, and the last one.
    index: usize,
    last: usize,
    is_rate: bool,
}

impl Given {
    fn is_limit(&self) -> bool {
        self.award.cap.is_some() && !self.is_rate
    }

    fn into_draft(self, page: &Page<'_>, sentence: usize) -> Draft {
        let (start, end) = page.trimmed(self.start, self.end);
        Draft { what: What::Award(self.award), start, end, confidence: 0.85, rule: "award", sentence }
    }
}

/// The awards of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize, reading: &Reading) -> Vec<Draft> {
    let indices: Vec<usize> = page.quantities_of(sentence).filter(|index| reading.role(*index) == Role::Award).collect();
    let mut given: Vec<Given> = indices.iter().map(|index| one(page, sentence, *index)).collect();
    limits::steps(page, sentence, &mut given);
    limits::pair_lists(page, &mut given);
    limits::merge(page, &mut given);
    detail::add(page, sentence, &mut given);
    let mut drafts = given.into_iter().map(|given| given.into_draft(page, sentence)).collect();
    in_words::add(page, sentence, &mut drafts);
    drafts
}

/// The award one quantity says.
fn one(page: &Page<'_>, sentence: usize, index: usize) -> Given {
    match page.quantity(index).family {
        Family::Percent => rate::read(page, index),
        Family::Duration => amount::period(page, index),
        _ => amount::read(page, sentence, index),
    }
}

/// At most so many characters of the text from a byte.
fn tail(text: &str, from: usize, characters: usize) -> &str {
    let rest = text.get(from..).unwrap_or_default();
    rest.char_indices().nth(characters).map_or(rest, |(end, _)| &rest[..end])
}

/// At most so many characters at the end of a stretch.
fn head(text: &str, characters: usize) -> &str {
    text.char_indices().rev().nth(characters.saturating_sub(1)).map_or(text, |(at, _)| &text[at..])
}

#[cfg(test)]
mod tests {
    use model::What;
    use model::annotation::Award;

    use crate::annotator::Input;
    use crate::examples::shipped;

    /// `mode amount..amount_to ratio ≤cap /per` of an award, as far as given.
    fn shown(award: &Award) -> String {
        let number = |sign: &str, number: Option<rust_decimal::Decimal>| {
            number.map(|number| format!(" {sign}{}", number.normalize())).unwrap_or_default()
        };
        let per = award.per.as_ref().map(|per| format!(" /{per}")).unwrap_or_default();
        let tiers = if award.tiers.is_empty() { String::new() } else { format!(" {} steps", award.tiers.len()) };
        let amount = format!("{}{}", number("", award.amount), number("to ", award.amount_to));
        format!("{}{amount}{}{}{per}{tiers}", award.mode, number("×", award.ratio), number("≤", award.cap))
    }

    fn awards(text: &str, title: &str) -> Vec<Award> {
        let annotation = shipped().annotate(&Input { text, title, region: "330000", ..Input::default() });
        let awards = annotation.items.into_iter().filter_map(|item| match item.what {
            What::Award(award) => Some(award),
            _ => None,
        });
        awards.collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found: Vec<String> = awards(text, "关于促进产业发展的若干政策措施").iter().map(shown).collect();
        assert_eq!(found.join(" | "), expected, "in {text}");
    }

    #[test]
    fn each_amount_given_is_one_award_also_where_the_verb_stands_once() {
        check("对国家级绿色工厂给予50万元奖励,省级30万元。", "fixed 500000 | fixed 300000");
        check("对引进的人才给予博士8万元、硕士5万元安家补贴。", "fixed 80000 | fixed 50000");
        check("重大项目奖励100万元、重点项目奖励50万元。", "fixed 1000000 | fixed 500000");
        check("评为国家级示范的奖50万元,评为省级示范的奖20万元。", "fixed 500000 | fixed 200000");
        check("对首次入库企业给予20—50万元一次性奖补。", "range 200000 to 500000");
    }

    #[test]
    fn lists_told_apart_by_position_are_steps_of_one_award() {
        check(
            "对年税收达到100万元、200万元、500万元、1000万元的,分别奖励5万元、10万元、20万元、50万元。",
            "tiered 50000 to 500000 4 steps",
        );
        check("对获评国家级、省级平台的,分别给予100万元、50万元奖励。", "fixed 1000000 | fixed 500000");
        check("对国家级、省级孵化器分别给予不超过100万元、50万元支持。", "cap ≤1000000 | cap ≤500000");
        check("按投资额的20%、10%分别给予最高100万元、50万元补助。", "ratio_capped ×0.2 ≤1000000 2 steps");
    }

    #[test]
    fn a_rate_takes_its_limit_from_the_next_clause_or_sentence_or_brackets() {
        check("按设备投资额的10%给予补助,最高不超过200万元。", "ratio_capped ×0.1 ≤2000000");
        check("按实际支出的30%给予补助(单个企业最高30万元)。", "ratio_capped ×0.3 ≤300000");
        check("按审定投资的50%给予补助。单个项目补助金额不超过500万元。", "ratio_capped ×0.5 ≤5000000");
        check("按销售额的5%给予奖励,单个品种奖励最高300万元。", "ratio_capped ×0.05 ≤3000000");
        check(
            "按投资额的10%补助,单台设备补助不超过20万元,每家企业补助不超过100万元。",
            "ratio ×0.1 | cap ≤200000 | cap ≤1000000",
        );
        check("按贷款利息的50%给予贴息,贴息总额最高50万元。", "interest_subsidy ×0.5 | cap ≤500000");
    }

    #[test]
    fn rates_without_a_figure_are_read_with_their_limit() {
        check("对宣传支出给予全额补助,最高不超过2万元。", "ratio_capped ×1 ≤20000");
        check("入驻企业前两年租金减半收取。", "ratio ×0.5");
        check("设备更新按购置价的三成给予补助,最高5万元。", "ratio_capped ×0.3 ≤50000");
        check("保费按实缴额七五折资助,单户全年封顶45万元。", "ratio_capped ×0.75 ≤450000");
        check("申报单位应全额缴纳税款。", "");
        check("由三家企业共同组成联合体的给予支持。", "");
    }

    #[test]
    fn limits_that_may_be_reached_are_limits_and_shares_of_funds_are_none() {
        check("按固定资产投资额的4%进行补助,最高奖励可达200万元。", "ratio_capped ×0.04 ≤2000000");
        check("用于担保机构的风险补偿,占专项资金总额的80%。", "");
        check("完成投资0.2—0.6亿元的给予投资额1.2%的奖励。", "ratio ×0.012");
        check(
            "资助额度:歌剧项目不超过400万元;话剧项目不超过250万元;木偶剧项目不超过100万元;皮影戏项目不超过60万元。",
            "cap ≤4000000 | cap ≤2500000 | cap ≤1000000 | cap ≤600000",
        );
        check("设备投入超过100万元的部分补助5%,合计不突破200万元。", "progressive ×0.05 | cap ≤2000000");
    }

    #[test]
    fn bounds_of_amount_and_rate_are_one_award_in_either_order() {
        check("每家每年支持金额不超过300万元,且不超过项目预算的30%。", "ratio_capped ×0.3 ≤3000000");
    }

    #[test]
    fn short_verbs_and_their_lists_are_read() {
        check("对获评老字号的门店,依次奖60万元、25万元、8万元。", "fixed 600000 | fixed 250000 | fixed 80000");
        check("每吸纳一名员工就业,给企业1200元,全年以8万元为限。", "per_unit 1200 /吸纳一名 | cap ≤80000");
    }

    #[test]
    fn amounts_per_unit_keep_the_unit() {
        check("每平方米补助1000元。", "per_unit 1000 /平方米");
        check("按1500元/平方米的标准给予购房补贴。", "per_unit 1500 /平方米");
        check("每户奖励30万元。", "fixed 300000");
        check("每引进10人给予1万元奖励。", "per_unit 10000 /引进10人");
    }

    #[test]
    fn budgets_targets_fines_thresholds_and_instalments_are_no_awards() {
        for text in [
            "市财政每年安排专项资金2亿元用于奖励企业。",
            "违反规定的,给予警告,并处5000元罚款。",
            "力争全年兑现奖补资金3亿元。",
            "项目验收后拨付补助总额的30%。",
            "对投资5000万元以上的项目优先支持。",
            "对单价不超过30万元的乘用车落实补贴政策。",
        ] {
            check(text, "");
        }
    }

    #[test]
    fn receivers_and_steps_are_told_in_the_words_of_the_text() {
        let found = awards("对首次认定的国家级绿色工厂,一次性给予50万元奖励。", "若干政策措施");
        assert_eq!(found[0].who.as_deref(), Some("首次认定的国家级绿色工厂"));
        let steps = awards("对首次认定的国家级绿色工厂给予50万元奖励,省级30万元。", "若干政策措施");
        assert!(steps.iter().all(|step| step.who.as_deref() == Some("首次认定的国家级绿色工厂")), "{steps:?}");
        assert!(found[0].once);
        let found = awards("对获评国家级、省级示范的,分别给予100万元、50万元奖励。", "若干政策措施");
        let names: Vec<_> = found.iter().filter_map(|award| award.when.as_deref()).collect();
        assert_eq!(names, ["国家级", "省级示范"]);
        let found = awards("在30万元基础上再奖励20万元。", "若干政策措施");
        assert_eq!(found[0].on_top_of, Some(rust_decimal::Decimal::from(300_000)));
    }
}
