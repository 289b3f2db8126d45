//! Aid that excludes other aid: `未获得其他财政资金支持`, `同一项目已享受市级资金支持的,不予支持`.

use model::{Condition, Op, Value, What};

use crate::lexicon::within;
use crate::page::{Draft, Page};
use crate::rules::{CueKind, WordingKind};

/// Characters from a verb of getting to the aid that is got.
const MOST_BEFORE_AID: usize = 44;

/// `当年未获得其他同级专项资金的支持`, `同一项目已享受市级资金支持的,不予支持`.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    if !page.rules.says(WordingKind::AidVerb, slice) {
        return None;
    }
    let (at, verb) = page
        .rules
        .words(WordingKind::AidVerb)
        .filter_map(|word| Some((slice.find(word)?, word)))
        .min_by_key(|(at, word)| (*at, usize::MAX - word.len()))?;
    let rest = &slice[at + verb.len()..];
    let reach = rest.char_indices().nth(MOST_BEFORE_AID).map_or(rest.len(), |(at, _)| at);
    let window = &rest[..rest[..reach].find(['。', ';', ':']).unwrap_or(reach)];
    let aid = page.rules.words(WordingKind::Aid).filter_map(|word| Some(window.rfind(word)? + word.len())).max()?;
    let foreign = page.rules.says(WordingKind::AidOther, &window[..aid]);
    if !foreign {
        return None;
    }
    let (start, mut end) = (bounds.start + at, bounds.start + at + verb.len() + aid);
    let denied = verb.starts_with(['未', '没', '无']);
    let refusal = refusal_behind(page, end, bounds.end);
    let refused = page.line(sentence).is_some_and(|line| line.refused) || refusal.is_some();
    // 已获得资金支持的小巨人企业不予奖励 is about the title.
    let titled = refusal.is_some_and(|(start, _)| !within(&page.hits.qualifications, end, start).is_empty());
    if denied == refused || titled {
        return None;
    }
    if let Some((_, behind)) = refusal.filter(|(start, _)| page.slice(end, *start).chars().count() <= 12) {
        end = behind;
    }
    let mut condition = Condition::new("limit.duplicate", Op::Is, Value::Bool(true));
    condition.negated = true;
    let before = page.slice(bounds.start, start);
    let current = ["当年", "本年度", "同一年度"].iter().find_map(|word| before.rfind(word));
    condition.period = current.map(|_| "current_year".to_owned());
    let start = current.filter(|at| before[*at..].chars().count() <= 10).map_or(start, |at| bounds.start + at);
    let same = before.rfind("同一").filter(|at| before[*at..].chars().count() <= 20);
    let start = same.map_or(start, |at| bounds.start + at);
    Some(Draft { what: What::Condition(condition), start, end, confidence: 0.8, rule: "limit", sentence })
}

/// The words that refuse, where they stand behind the aid.
fn refusal_behind(page: &Page<'_>, from: usize, to: usize) -> Option<(usize, usize)> {
    if let Some(hit) = page.hits.cue(CueKind::Refusal, from, to) {
        return Some((hit.start, hit.end));
    }
    let slice = page.slice(from, to);
    let found = page.rules.words(WordingKind::AidRefusal).find_map(|word| Some((slice.find(word)?, word.len())));
    found.map(|(at, length)| (from + at, from + at + length))
}
