//! How often or how much one applicant may apply: `同一企业只能申报一个项目`, `每家企业连续3年只能获得1次支持`.

use model::Op;
use rust_decimal::Decimal;

use crate::outline::Clause;
use crate::page::Page;
use crate::rules::WordKind;
use crate::token::{Family, Quantity};

/// How far before and behind the number its words may stand, in characters.
const MOST_AROUND: usize = 26;
/// How far before the number its subject may stand, in bytes.
const MOST_SUBJECT: usize = 150;
/// Larger numbers are no limits on applications.
const MOST_TIMES: i64 = 20;

/// Whether a count limits applications, and where the words that say so start.
pub(crate) fn limited(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> Option<usize> {
    let counts = matches!(quantity.family, Family::Count | Family::Other) && !quantity.unit.is_empty();
    let upper = quantity.op.is_none() || quantity.op == Some(Op::AtMost) && !quantity.op_behind;
    if !counts || !upper || quantity.low > Decimal::from(MOST_TIMES) || quantity.high.is_some() || quantity.per.is_some() {
        return None;
    }
    if matches!(
        quantity.base.as_str(),
        "倍" | "吨" | "小时" | "分钟" | "亩" | "米" | "公里" | "度" | "位" | "人" | "年" | "周岁" | "家" | "户"
    ) {
        return None;
    }
    let from = clause.start.max(crate::bind::floor(page.text(), quantity.number_start.saturating_sub(MOST_SUBJECT)));
    let whole = page.slice(from, quantity.number_start);
    // 每县限报2个: how many an office may name.
    let places = ["每县", "每市", "每区", "各县", "各市", "各区", "每个县", "每个市", "每个区", "每个设区市", "各设区市"];
    if places.iter().any(|place| whole.contains(place)) && !whole.contains(['企', '单', '人']) {
        return None;
    }
    let reach = whole.char_indices().rev().nth(MOST_AROUND).map_or(0, |(at, _)| at);
    let before = &whole[reach..];
    let behind: &str = page.slice(quantity.number_end, clause.end);
    let behind = &behind[..behind.char_indices().nth(MOST_AROUND / 2).map_or(behind.len(), |(at, _)| at)];
    let numbers = &page.rules.numbers;
    // 推荐 is the authority's part, and has a quota of its own.
    if ["推荐", "遴选", "名额", "评选", "公示", "奖项", "签"].iter().any(|word| before.contains(word)) {
        return None;
    }
    if ["前", "第", "任意", "其中", "增加", "减", "再", "限购", "每"].iter().any(|word| before.ends_with(word)) {
        return None;
    }
    let last = |kind: WordKind| {
        numbers
            .list(kind)
            .iter()
            .filter_map(|word| before.rfind(word.as_str()).map(|at| (at, at + word.len())))
            .max_by_key(|hit| hit.1)
    };
    let strong = ["只能", "仅能", "仅可", "只可", "只允许", "仅限", "限报", "限申", "限享", "限领"]
        .iter()
        .any(|word| before.contains(word));
    let restrict = last(WordKind::Restrict);
    let usage = last(WordKind::Usage);
    let subject = numbers.list(WordKind::Subject).iter().filter_map(|word| whole.find(word.as_str())).min();
    let used = usage.is_some() || numbers.contains(WordKind::Usage, behind);
    let (restrict_at, _) = restrict.or_else(|| (quantity.op == Some(Op::AtMost)).then_some((before.len(), before.len())))?;
    // 可补贴1件: weak words need both a subject and a verb right before the number.
    let near = usage.is_some_and(|(at, end)| before[end..].chars().count() <= 4 && at >= restrict_at);
    let certain = strong && used
        || subject.is_some() && is_whole_clause(page, quantity, clause, whole)
        || near && subject.is_some() && !before.ends_with("最高")
        || quantity.op == Some(Op::AtMost) && used && subject.is_some();
    if !certain {
        return None;
    }
    Some(from + subject.unwrap_or(reach + restrict_at))
}

/// `单户企业每年最多2项`, `同一集团下属单位合计不超过2项`: the clause says how many, and nothing of what.
fn is_whole_clause(page: &Page<'_>, quantity: &Quantity, clause: Clause, whole: &str) -> bool {
    const APIECE: [&str; 8] = ["同一", "单个", "单户", "单家", "每家", "每户", "每个", "一个"];
    const THOSE: [&str; 7] = ["企业", "单位", "公司", "主体", "机构", "法人", "集团"];
    let closed = page.slice(quantity.end, clause.end).trim().is_empty() && matches!(quantity.base.as_str(), "项" | "个" | "件");
    let start = crate::lists::after_last(whole, &[',', ';', ':', '(', '。']);
    let words =
        crate::open::without_light(page, whole[start..].trim_end_matches(['不', '得', '超', '过', '多', '于', '最', '至']));
    let words = words.trim_end_matches(['年', '度', '每', '当']);
    closed && APIECE.iter().any(|word| words.starts_with(word)) && THOSE.iter().any(|noun| words.ends_with(noun))
}

/// The period of a limit: `连续3年`, 每年, or nothing.
pub(crate) fn period(page: &Page<'_>, clause: Clause, at: usize) -> Option<String> {
    let stretch = page.slice(clause.start, at);
    if let Some(from) = stretch.find("连续") {
        let rest = &stretch[from + "连续".len()..];
        let rest = rest.trim_start();
        let years = crate::number::latin(rest, 0).or_else(|| crate::number::chinese(rest, 0));
        if let Some(years) = years.filter(|years| rest[years.end..].starts_with('年')) {
            return Some(format!("{}_years", years.value.normalize()));
        }
    }
    let yearly = [
        "每年",
        "每一年",
        "一年内",
        "1年内",
        "年度内",
        "同一年",
        "同年",
        "当年",
        "一个年度",
        "每个年度",
        "一年只",
        "一年限",
        "年度只",
        "年内",
    ];
    yearly.iter().any(|word| stretch.contains(word)).then(|| "year".to_owned())
}
