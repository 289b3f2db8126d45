//! Which numbers are asked of an applicant.

use crate::bind::{Binding, Source};
use crate::lists;
use crate::page::Page;
use crate::rules::CueKind;
use crate::token::{Family, Quantity};

/// How far behind a number `的部分` may stand, in bytes.
const MOST_SLICE: usize = 30;
/// More people than this are those of a place, not of an applicant.
const MOST_PEOPLE: i64 = 50_000;

/// A limit on applications may stand anywhere.
pub(super) fn limits(binding: Option<&Binding>) -> bool {
    binding.is_some_and(|binding| binding.source == Source::Limit)
}

/// Whether a bound quantity is a requirement: it is compared with something and its name is not only mentioned.
pub(super) fn is_requirement(page: &Page<'_>, index: usize, binding: &Binding) -> bool {
    let quantity = page.quantity(index);
    // 1000平方米以下部分,按…: a slice of what is paid for.
    let behind = page.slice(quantity.end, crate::bind::floor(page.text(), (quantity.end + MOST_SLICE).min(page.text().len())));
    if behind.starts_with("部分") || behind.split([',', ';', '。', '、']).next().is_some_and(|rest| rest.contains("的部分"))
    {
        return false;
    }
    // 贷款期限最长不超过2年: how long something is given.
    if matches!(quantity.family, Family::Duration | Family::Day)
        && (binding.indicator != "loan.term" || given(page, index))
        && page.slice(binding.start.min(quantity.start), quantity.number_start).contains("最长")
    {
        return false;
    }
    // 自注册之日起6个月内提出申请: how long one has for it.
    let deed = ["提出", "提交", "申请", "申报", "办理", "向", "递交", "报送", "到"];
    let ends = page.slice(quantity.number_end, quantity.end).ends_with('内') || behind.starts_with('内');
    if matches!(quantity.family, Family::Duration | Family::Day)
        && ends
        && deed.iter().any(|word| behind.trim_start_matches('内').starts_with(word))
    {
        return false;
    }
    // 至少满足三项专项条件 counts what is listed.
    if ["条件", "条件数", "指标数", "要求数", "情形数", "任务数"].iter().any(|word| binding.indicator.ends_with(word))
    {
        return false;
    }
    let open = binding.indicator.starts_with("free:") || binding.source == Source::Limit;
    if quantity.per.is_some() && binding.source != Source::Free || quantity.family == Family::Other && !open {
        return false;
    }
    if !open && !is_asked(page, index, binding) || is_rule_of_counting(page, quantity) {
        return false;
    }
    // 就业30万人以上: no applicant has so many people.
    if quantity.base == "人" && quantity.low >= rust_decimal::Decimal::from(MOST_PEOPLE) {
        return false;
    }
    let limited = binding.indicator == "limit.quota" || is_rank(page, quantity, binding);
    let inside_list =
        quantity.unit != "年期" && binding.source == Source::Inherited && page.clause(page.clause_of[index]).parent.is_some();
    lists::operator(page, index).or(binding.op).is_some() || limited || inside_list || is_possession(page, quantity, binding)
}

/// Whether the sentence of a number says that something is given: then 最长 says for how long.
fn given(page: &Page<'_>, index: usize) -> bool {
    let bounds = page.sentence(page.clause(page.clause_of[index]).sentence);
    page.has(CueKind::Award, bounds.start, bounds.end)
}

/// Whether a named number is asked of an applicant: outside lists of conditions the sentence must say of whom.
fn is_asked(page: &Page<'_>, index: usize, binding: &Binding) -> bool {
    let quantity = page.quantity(index);
    let sentence = page.clause(page.clause_of[index]).sentence;
    let Some(line) = page.line(sentence).filter(|_| !crate::open::reports(page, sentence)) else { return false };
    let bounds = page.sentence(sentence);
    let listed = page.phrase || page.permit(sentence).asked || line.list.is_some();
    let says = || page.has(CueKind::Applicant, bounds.start, bounds.end) || page.has(CueKind::Refusal, bounds.start, bounds.end);
    // 享受租金补贴面积不超过2000平方米 limits what is paid for.
    let around = page.slice(page.clause(page.clause_of[index]).start, quantity.start);
    let paid =
        binding.indicator == "premises.area" && ["补贴面积", "补助面积", "资助面积"].iter().any(|word| around.contains(word));
    listed || paid || binding.source != Source::Ellipsis && says() || crate::open::selects_who(page, sentence, quantity)
}

/// `不满3年的按实际经营时间计算`: how something is counted; `由180平方米提高到200平方米`: what a limit was.
fn is_rule_of_counting(page: &Page<'_>, quantity: &Quantity) -> bool {
    let behind = page.slice(quantity.end, crate::bind::floor(page.text(), (quantity.end + 60).min(page.text().len())));
    let counted = ["的按", "的,按", "的,根据", "的,自成立", "的,以实际", "的以实际"].iter().any(|word| behind.starts_with(word))
        && ["计算", "实际", "根据", "自成立"].iter().any(|word| behind.contains(word))
        && !behind.contains(['%', '奖', '补']);
    let before = page.slice(crate::bind::floor(page.text(), quantity.start.saturating_sub(60)), quantity.start);
    // 由1000万元以上调整为2000万元以上: the second is what is asked now.
    let changed = before.ends_with('由')
        || !quantity.op_behind
            && before.contains('由')
            && ["提高到", "提高至", "调整为", "调整到"].iter().any(|word| before.ends_with(word));
    // 植物新品种可按一件折抵两件: what counts for what.
    let equals = ["即", "约合", "折抵", "折算", "折合", "折成", "计算", "视同", "视为", "相当于", "抵"];
    let equivalent = equals.iter().any(|word| behind.starts_with(word) || before.ends_with(word));
    // 由1000万元以上调整为2000万元以上: the first is what it was.
    let outdated = ["调整为", "调整到", "调整至", "提高到", "提高至", "降低到", "降低至", "放宽到", "放宽至", "修改为"]
        .iter()
        .any(|word| behind.starts_with(word));
    // 单笔超过500万元,按500万元计算
    let counted =
        counted || behind.starts_with(",按") && behind.split(['。', ';']).next().is_some_and(|rest| rest.contains("计算"));
    // 登记之日起6个月内提出申请: when one applies.
    let deadline = matches!(quantity.family, Family::Duration | Family::Day)
        && (before.ends_with("之日起") || before.ends_with("之日起的"))
        && ["内提出", "内申请", "内申报", "内向", "内提交", "内办理"]
            .iter()
            .any(|word| page.text()[quantity.number_end..].starts_with(word));
    counted || changed || outdated || equivalent || deadline
}

/// `拥有1项发明或15项实用新型`: to have so many is to have at least so many.
fn is_possession(page: &Page<'_>, quantity: &Quantity, binding: &Binding) -> bool {
    let before = &page.text()[..quantity.number_start];
    let named = binding.source == Source::Named;
    let verb = |before: &str| ["拥有", "具有", "获得", "取得", "或"].iter().any(|word| before.ends_with(word));
    // 拥有发明专利三件: the count stands behind the name.
    let behind_name = || {
        let (owned, name) = (&page.text()[..binding.start], &page.text()[binding.start..quantity.number_start]);
        verb(owned) && name.chars().count() <= 12 && !name.contains([',', '、'])
    };
    named && (binding.end > quantity.end && verb(before) || quantity.family == Family::Count && behind_name())
}

/// `排名前3名`: the word before the number is the bound.
pub(super) fn is_rank(page: &Page<'_>, quantity: &Quantity, binding: &Binding) -> bool {
    binding.indicator.starts_with("market.rank") && page.text()[..quantity.number_start].ends_with('前')
}
