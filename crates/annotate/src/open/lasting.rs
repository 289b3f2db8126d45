//! What lasts so long: `在本市参加社会保险满2年`.

use super::{Label, MOST_LABEL, noun_start, without_light};
use crate::outline::Clause;
use crate::page::Page;
use crate::rules::WordKind;
use crate::token::Quantity;

/// Nouns that last.
const HELD: [&str; 3] = ["记录", "证", "名下"];

/// The first verb of a lasting deed among the last characters of a stretch, and where it stands.
fn tenure<'p>(page: &Page<'p>, stretch: &str, reach: usize) -> Option<(usize, &'p str)> {
    let reach = stretch.char_indices().rev().nth(reach).map_or(0, |(at, _)| at);
    let words = page.rules.numbers.list(WordKind::Tenure).iter();
    words
        .filter_map(|word| stretch[reach..].find(word.as_str()).map(|at| (reach + at, word.as_str())))
        .min_by_key(|(at, word)| (*at, std::cmp::Reverse(word.len())))
}

/// The deed that lasts: `在本市参加社会保险满2年`, and the event since which time runs: `退役后6个月内`.
pub(super) fn lasting(page: &Page<'_>, quantity: &Quantity, from: usize) -> Option<Label> {
    let numbers = &page.rules.numbers;
    let stretch = without_light(page, page.slice(from, quantity.start));
    let within = page.slice(quantity.number_end, quantity.end).ends_with('内');
    let last = stretch.rsplit([',', ':', ';', '(', ')', '、']).next().unwrap_or(stretch);
    if within {
        let event = last.trim_end_matches('后').trim_end_matches('之');
        let word = numbers.ends(WordKind::Elapsed, event)?;
        return Some(Label {
            text: format!("{word}年限"),
            start: quantity.start - stretch.len().min(word.len()),
            end: quantity.end,
        })
        .map(|label| Label { start: from + stretch.rfind(word).unwrap_or(0), ..label });
    }
    if !matches!(quantity.op, Some(model::Op::AtLeast | model::Op::More)) {
        return None;
    }
    // 从事甲、乙等相关业务5年以上: the verb stands before the list.
    let whole = stretch.rsplit([',', ':', ';', '(', ')']).next().unwrap_or(stretch);
    let (last, (at, word)) = tenure(page, last, MOST_LABEL + 3)
        .map(|found| (last, found))
        .or_else(|| tenure(page, whole, MOST_LABEL * 2).map(|found| (whole, found)))?;
    let object = last[at + word.len()..].trim_end_matches('的');
    let object = object.rsplit('的').next().unwrap_or(object);
    // 签订5年以上技术许可协议 is about what stands behind the number.
    let joined = object.contains('且') || object.contains(['和', '或']) && object.chars().count() > MOST_LABEL;
    if joined || object.is_empty() && word == "签订" {
        return None;
    }
    // 不动产权证, 自有住房记录: a noun needs the word before it.
    let held = HELD.contains(&word);
    let start = if held { noun_start(page, &last[..at + word.len()], true)? } else { at };
    let verb = if held { &last[start..at + word.len()] } else { word };
    let text = format!("{verb}{object}年限");
    Some(Label { text, start: from + (stretch.len() - last.len()) + start, end: quantity.end })
}

/// `签有3年以上合作协议`, `具有5年以上从业经历`: what stands behind the number lasts.
pub(super) fn held(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> Option<Label> {
    const LAST: [&str; 9] = ["协议", "合同", "经历", "经验", "资历", "历史", "业绩", "工龄", "租约"];
    if !matches!(quantity.op, Some(model::Op::AtLeast | model::Op::More)) {
        return None;
    }
    let end = crate::bind::floor(page.text(), clause.end.min(quantity.end + super::MOST_BEFORE));
    let rest = page.slice(quantity.end, end.max(quantity.end));
    let stop = rest.find([',', ';', '。', '、', '(', ')', ':', '或', '且', '并', '及']).unwrap_or(rest.len());
    let words = rest[..stop].trim_start_matches('的');
    let end = LAST.iter().filter_map(|noun| words.find(noun).map(|at| at + noun.len())).min()?;
    let noun = &words[..end];
    let plain = (3..=MOST_LABEL).contains(&noun.chars().count()) && noun.chars().all(char::is_alphabetic);
    // 5年以上独占许可协议 says how a right was got.
    let plain = plain && !noun.contains("许可");
    let at = quantity.end + rest[..stop].len() - words.len();
    plain.then(|| Label { text: format!("{noun}年限"), start: quantity.start, end: at + end })
}
