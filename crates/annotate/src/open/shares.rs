//! Labels of shares and rates.

use super::{Label, MOST_LABEL, noun_start};
use crate::outline::Clause;
use crate::page::Page;
use crate::rules::WordKind;
use crate::token::{Family, Quantity};

/// `科技型企业占60%以上`: the share of a noun in a whole that is not named.
pub(super) fn share(page: &Page<'_>, quantity: &Quantity, from: usize) -> Option<Label> {
    if quantity.family != Family::Percent {
        return None;
    }
    let part = page.slice(from, quantity.start).trim_end_matches(['达', '应', '须', '要', '需', '均']).strip_suffix('占')?;
    let start = noun_start(page, part, false)?;
    let noun = &part[start..];
    let plain = noun.chars().count() >= 2;
    plain.then(|| Label { text: format!("{noun}占比"), start: from + start, end: quantity.end })
}

/// `农民成员达到80%以上`: the share of some among those the text speaks of.
pub(super) fn of_people(page: &Page<'_>, quantity: &Quantity, stretch: &str, from: usize) -> Option<Label> {
    let people = || {
        ["人员", "成员", "职工", "员工", "学员", "专家", "导师", "会员", "农户", "毕业生", "经历者"]
            .iter()
            .any(|noun| stretch.ends_with(noun))
    };
    // 在孵企业应有30%以上已申请专利
    let had = page.slice(from, quantity.start).trim_end().ends_with('有')
        && ["企业", "机构", "单位", "产品", "设备", "项目"].iter().any(|noun| stretch.ends_with(noun));
    let lower = matches!(quantity.op, Some(model::Op::AtLeast | model::Op::More));
    if quantity.family != Family::Percent || !lower || !(people() || had) {
        return None;
    }
    let start = noun_start(page, stretch, true)?;
    let noun = &stretch[start..];
    (noun.chars().count() > 2).then(|| Label { text: format!("{noun}占比"), start: from + start, end: quantity.end })
}

/// `授信额度与净资产之比`: both names make the label.
pub(super) fn ratio_of_two(stretch: &str, from: usize, quantity: &Quantity) -> Option<Label> {
    let pair = stretch.strip_suffix("之比").or_else(|| stretch.strip_suffix("的比值"))?;
    let start = crate::lists::after_last(pair, &[',', ';', ':', '。', '(', ')', '\n']);
    let names = pair[start..].trim();
    let plain = names.contains(['与', '和', '同']) && (3..=MOST_LABEL * 2).contains(&names.chars().count());
    plain.then(|| Label { text: format!("{names}之比"), start: from + start, end: quantity.end })
}

/// `产品统一销售(提供)率`: the note stands inside the name.
pub(super) fn bracketed(page: &Page<'_>, stretch: &str, from: usize, quantity: &Quantity) -> Option<Label> {
    let (named, tail) = stretch.rsplit_once(')')?;
    let short = (1..=2).contains(&tail.chars().count()) && page.rules.numbers.ends(WordKind::Measure, tail).is_some();
    let (noun, _) = named.rsplit_once('(').filter(|_| short)?;
    let start = noun_start(page, noun, true)?;
    Some(Label { text: format!("{}{tail}", &noun[start..]), start: from + start, end: quantity.end })
}

/// `单位产值能耗累计下降10%以上`: by how much something fell.
pub(super) fn shrunk(page: &Page<'_>, quantity: &Quantity, stretch: &str, from: usize) -> Option<Label> {
    if quantity.family != Family::Percent {
        return None;
    }
    let fell = ["下降", "降低", "减少", "缩短", "节约"].iter().find_map(|word| stretch.strip_suffix(word))?;
    let fell = super::without_light(page, fell);
    let than = ["同比", "环比", "上年度", "上年", "上一年度", "上一年", "前一年", "去年", "同期", "基期"];
    let fell = than.iter().find_map(|word| fell.strip_suffix(word)).unwrap_or(fell).trim_end_matches(['较', '比', '同']);
    let fell = super::without_light(page, fell);
    let start = noun_start(page, fell, page.rules.numbers.ends(WordKind::Measure, fell).is_some())?;
    Some(Label { text: format!("{}降幅", &fell[start..]), start: from + start, end: quantity.end })
}

/// `其中30%以上已取得授权`: the share of those that have done something.
pub(super) fn of_doing(page: &Page<'_>, quantity: &Quantity, clause: Clause, from: usize) -> Option<Label> {
    const DONE: [&str; 10] = ["已", "拥有", "取得", "获得", "通过", "具有", "具备", "持有", "参加", "接受"];
    let lower = matches!(quantity.op, Some(model::Op::AtLeast | model::Op::More));
    let before = page.slice(from, quantity.start).trim_end_matches(['应', '须', '有', '达', '到']).trim_start_matches([',', ' ']);
    let opens = ["", "其中", "且其中", "且"].contains(&before);
    if quantity.family != Family::Percent || !lower || !opens {
        return None;
    }
    let until = crate::bind::floor(page.text(), clause.end.min(quantity.end + super::MOST_BEFORE)).max(quantity.end);
    let rest = page.slice(quantity.end, until).trim_start_matches('的');
    let deed = rest.split(['或', ',', ';', '(', '。', '、']).next().unwrap_or(rest);
    let done = DONE.iter().any(|word| deed.starts_with(word));
    let text = deed.trim_start_matches('已').trim_end_matches('的').trim_end_matches("者");
    let plain = done && (3..=MOST_LABEL).contains(&text.chars().count()) && text.chars().all(char::is_alphabetic);
    let end = until - rest.len() + deed.len();
    plain.then(|| Label { text: format!("{text}占比"), start: quantity.start, end })
}
