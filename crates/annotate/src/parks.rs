//! Parks no list of places knows: `注册在基金小镇`, `在云海生态区内注册登记`.

use model::{Condition, Op, Value, What};

use crate::page::{Draft, Page};
use crate::registered::{MOST_MODIFIER, area_end};
use crate::rules::WordingKind;

/// Parks looked for in one sentence.
const MOST_NAMED: usize = 8;

/// The name of a park at the start of a stretch.
fn park_at<'s>(page: &Page<'_>, rest: &'s str) -> Option<&'s str> {
    let reach = rest.char_indices().nth(MOST_MODIFIER + 6).map_or(rest.len(), |(at, _)| at);
    let stop = rest[..reach].find([',', '。', ';', ':', '、', '的', '且', '\n']).unwrap_or(reach);
    let length = page.rules.words(WordingKind::Park).filter_map(|word| Some(rest[..stop].find(word)? + word.len())).min()?;
    Some(&rest[..length])
}

/// `在云海生态区内注册登记`: where the words of a park begin that no list knows, its name, and the end of what is done there.
fn acted_in_a_park<'s>(page: &Page<'_>, slice: &'s str) -> Option<(usize, &'s str, usize)> {
    if !page.rules.says(WordingKind::Park, slice) || !page.rules.says(WordingKind::Registering, slice) {
        return None;
    }
    slice.match_indices('在').take(MOST_NAMED).find_map(|(at, word)| {
        let name = park_at(page, &slice[at + word.len()..]).filter(|name| name.chars().count() >= 4 && !name.contains('在'))?;
        let mut end = area_end(page, slice, at + word.len() + name.len());
        while let Some(word) = page.rules.words(WordingKind::Manner).find(|word| slice[end..].starts_with(*word)) {
            end += word.len();
        }
        let acts = ["登记注册", "注册登记", "注册成立", "注册经营", "注册", "登记", "落户", "纳税"];
        let act = acts.iter().find(|act| slice[end..].starts_with(**act))?;
        let thing = page.rules.words(WordingKind::NotRegistered).any(|word| slice[end + act.len()..].starts_with(word));
        (!thing).then_some((at, name, end + act.len()))
    })
}

/// `注册在基金小镇`: a park no list knows, behind words that can only lead to a place or before what is done there.
pub(crate) fn read(page: &Page<'_>, sentence: usize, slice: &str, offset: usize) -> Option<Draft> {
    let labelled = open_label(page, slice).and_then(|(at, from)| {
        let name = park_at(page, &slice[from..])?;
        Some((at, name, from + name.len()))
    });
    let (at, name, end) = labelled.or_else(|| acted_in_a_park(page, slice))?;
    let condition = Condition {
        negated: page.is_refused(sentence, offset + at),
        ..Condition::new("reg.place", Op::In, Value::List(vec![name.to_owned()]))
    };
    let start = offset + at;
    Some(Draft { what: What::Condition(condition), start, end: offset + end, confidence: 0.7, rule: "place", sentence })
}

/// Where words begin and end that can only lead to a place: `注册在`, `统计关系在`.
fn open_label(page: &Page<'_>, slice: &str) -> Option<(usize, usize)> {
    if !page.rules.says(WordingKind::PlaceLabel, slice) && !page.rules.says(WordingKind::PlaceNoun, slice) {
        return None;
    }
    let labels = page.rules.words(WordingKind::PlaceLabel).filter(|label| label.ends_with(['在', '于', '为']));
    let label = labels.filter_map(|label| Some((slice.find(label)?, slice.find(label)? + label.len())));
    let nouns = page.rules.words(WordingKind::PlaceNoun).filter_map(|noun| {
        let at = slice.find(noun)?;
        let mut rest = &slice[at + noun.len()..];
        // 注册地址、主要办公场所在…: several things at one place.
        while let Some(next) = rest.strip_prefix(['、', '和', '及', '与']) {
            let next = ["主要", "实际"].iter().find_map(|word| next.strip_prefix(word)).unwrap_or(next);
            let Some(noun) = page.rules.words(WordingKind::PlaceNoun).find(|noun| next.starts_with(*noun)) else { break };
            rest = &next[noun.len()..];
        }
        let rest = rest.trim_start_matches(['均', '都', '应', '须']);
        rest.strip_prefix('在').map(|rest| (at, slice.len() - rest.len()))
    });
    label.chain(nouns).min_by_key(|(at, end)| (*at, usize::MAX - *end))
}
