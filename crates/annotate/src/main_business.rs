//! What an enterprise mainly does: `以农产品加工为主业`, `主营业务为…`, `经营范围包含…`.

use crate::industries::{Found, MOST_LIST, STOPS, codes, names_of};
use crate::page::Page;
use crate::rules::CueKind;

/// Openings of what an enterprise mainly does.
const MAIN_BUSINESS: [&str; 10] = [
    "主营业务为",
    "主营业务属于",
    "主营业务应为",
    "主营业务应属于",
    "主营业务是",
    "经营主业为",
    "主业为",
    "主要业务为",
    "主营产品为",
    "主营业务范围为",
];
/// The lines of business one sentence names so.
pub(crate) fn read(page: &Page<'_>, sentence: usize, slice: &str) -> Vec<Found> {
    let mut found = mainly(page, sentence, slice);
    found.extend(named(page, slice));
    found.extend(registered_for(page, slice));
    found
}

/// `以农产品加工为主业`, `主营业务为…`.
fn mainly(page: &Page<'_>, sentence: usize, slice: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let bounds = page.sentence(sentence);
    let numbers = !page.phrase && !page.quantities_of(sentence).is_empty() && !page.has(CueKind::Award, bounds.start, bounds.end);
    let closings = ["为主业", "为主营业务", "为主要业务", "为主的企业", "为主要经营", "为主营", "为主要产业", "为主"];
    for (at, opening) in slice.match_indices('以').take(8) {
        let rest = &slice[at + opening.len()..];
        let reach = rest.char_indices().nth(MOST_LIST).map_or(rest.len(), |(at, _)| at);
        let closing = closings.iter().filter_map(|closing| Some((rest[..reach].find(closing)?, *closing)));
        let Some((length, closing)) = closing.min_by_key(|(at, closing)| (*at, usize::MAX - closing.len())) else {
            continue;
        };
        let names = names_of(page, &rest[..length]);
        let known = closing != "为主" || names.iter().any(|name| codes(page, name).is_some());
        // 以工业设计为主营业务的,成立三年以上: a case of the number behind it.
        let case = numbers && at == 0 && rest[length + closing.trim_end_matches("的企业").len()..].starts_with('的');
        if known && !case && !names.is_empty() && !rest[..length].contains([',', '。']) {
            let end = at + opening.len() + length + closing.trim_end_matches("的企业").len();
            found.push(Found { start: at, end, names, confidence: 0.7 });
        }
    }
    found
}

/// `主营业务为软件开发`.
fn named(page: &Page<'_>, slice: &str) -> Option<Found> {
    MAIN_BUSINESS.iter().find_map(|opening| {
        let at = slice.find(opening)?;
        let rest = &slice[at + opening.len()..];
        let reach = rest.char_indices().nth(MOST_LIST).map_or(rest.len(), |(at, _)| at);
        let list = &rest[..rest[..reach].find(STOPS).unwrap_or(reach)];
        let list = list.split("的企业").next().unwrap_or(list);
        let names = names_of(page, list);
        let plain = !names.is_empty() && !["收入", "业务", "占", "产品"].iter().any(|word| list.contains(word));
        plain.then(|| Found { start: at, end: at + opening.len() + list.len(), names, confidence: 0.65 })
    })
}

/// `经营范围包含“住房租赁”相关字样`: what the licence names.
fn registered_for(page: &Page<'_>, slice: &str) -> Option<Found> {
    let opening = "经营范围";
    let at = slice.find(opening)?;
    let rest = &slice[at + opening.len()..];
    let verb =
        ["中", "应当", "应", "须", "需", "必须", "明确"].iter().fold(rest, |rest, word| rest.strip_prefix(word).unwrap_or(rest));
    let verb =
        ["包含有", "包含", "包括", "含有", "涵盖", "涉及", "含", "具有", "为"].iter().find_map(|word| verb.strip_prefix(word))?;
    let reach = verb.char_indices().nth(MOST_LIST).map_or(verb.len(), |(at, _)| at);
    let list = &verb[..verb[..reach].find(STOPS).unwrap_or(reach)];
    let list = list.split(['的', '且', '并']).next().unwrap_or(list);
    let bare = ["等相关字样", "相关字样", "等字样", "字样", "等相关业务", "相关业务", "等内容", "相关内容", "服务内容"]
        .iter()
        .find_map(|ending| list.strip_suffix(ending))
        .unwrap_or(list);
    let names = names_of(page, bare);
    let plain = !names.is_empty() && !bare.chars().any(|character| character.is_ascii_digit());
    plain.then(|| Found { start: at, end: slice.len() - verb.len() + list.len(), names, confidence: 0.7 })
}
