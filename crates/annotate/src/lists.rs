//! Small readings of running text that several grammars share: labels of open indicators, and numbers in lists.

use crate::page::Page;
use crate::token::Quantity;
use model::Op;

/// Endings of nouns that name something measured.
const MEASURES: &[&str] = &[
    "率", "量", "额", "值", "数", "比例", "比重", "占比", "面积", "产能", "等级", "强度", "人数", "年限", "收入", "资产", "利润",
    "投入", "支出", "规模", "费用", "成本", "里程", "功率", "密度", "浓度", "得分", "容量", "贡献", "周期", "寿命", "精度",
    "效率", "投资", "水平",
];
/// Words no label starts with or contains.
const BREAKS: &[&str] = &[
    "的",
    "应",
    "须",
    "需",
    "应当",
    "必须",
    "要求",
    "且",
    "并",
    "并且",
    "或",
    "或者",
    "及",
    "以及",
    "企业",
    "单位",
    "申报",
    "申请",
    "项目",
    "其",
    "其中",
    "对",
    "在",
    "为",
    "是",
    "有",
    "拥有",
    "具有",
    "按",
    "按照",
    "达到",
    "年",
    "上年度",
    "近两年",
    "近三年",
    "每年",
    "原则上",
    "一般",
    "要",
    "同时",
    "累计",
    "合计",
    "给予",
    "实现",
    "确保",
    "产品",
];
/// The longest open label, in characters.
const MOST_LABEL_CHARACTERS: usize = 14;

/// The noun before a comparison that can serve as the label of an open indicator, and where it starts.
pub(crate) fn label_before(page: &Page<'_>, from: usize, to: usize) -> Option<(String, usize)> {
    let (from, to) = page.trimmed(from, to);
    let slice = page.slice(from, to).trim_end_matches(['应', '须', '需', '当', '均', '要', '平']);
    if !MEASURES.iter().any(|measure| slice.ends_with(measure)) {
        return None;
    }
    let reach = slice.char_indices().rev().nth(MOST_LABEL_CHARACTERS * 2).map_or(0, |(at, _)| at);
    let mut start = slice.len();
    for token in page.segmenter.cut(&slice[reach..], false).into_iter().rev() {
        let word = token.word;
        let closes = BREAKS.contains(&word)
            || word.chars().any(|character| ",:;。()\n\"“”《》".contains(character) || character.is_ascii_digit());
        if closes || slice[start - word.len()..].chars().count() > MOST_LABEL_CHARACTERS {
            break;
        }
        start -= word.len();
    }
    let label = slice[start..].trim_start_matches(['、', '和', '与', ' ']);
    (label.chars().count() >= 2).then(|| (label.to_owned(), from + slice.len() - label.len()))
}

/// Whether two neighbouring quantities stand in one list: `2亿元、5000万元`, `3%或1000万元`.
pub(crate) fn listed(page: &Page<'_>, one: &Quantity, other: &Quantity) -> bool {
    if other.start < one.end {
        return false;
    }
    let between = page.slice(one.end, other.start);
    // `5000万元(B2C)或5亿元`
    between.chars().count() <= 10 && between.contains(['、', '或', '/']) && !between.contains([',', '。', '的'])
}

/// The operator of a quantity: its own, that of the list it stands in, or that of the number before 或.
pub(crate) fn operator(page: &Page<'_>, index: usize) -> Option<Op> {
    let quantities = &page.tokens.quantities;
    let quantity = &quantities[index];
    if quantity.op.is_some() {
        return quantity.op;
    }
    let mut at = index;
    while let Some(next) = quantities.get(at + 1).filter(|next| listed(page, &quantities[at], next)) {
        if next.op.is_some() {
            if next.op_behind {
                return next.op;
            }
            break;
        }
        at += 1;
        if at > index + MOST_LIST {
            break;
        }
    }
    let mut at = index;
    while at > 0 && at + MOST_LIST > index && listed(page, &quantities[at - 1], &quantities[at]) {
        at -= 1;
        if let Some(op) = quantities[at].op {
            return (op != Op::Range).then_some(op);
        }
    }
    None
}

/// Longer lists of numbers are tables.
const MOST_LIST: usize = 12;
