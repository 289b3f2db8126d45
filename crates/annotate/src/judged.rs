//! Requirements only a person can check: refused entries, and what must not or must be the case in words no rule knows.

use model::What;

use crate::page::{Draft, Page};
use crate::rules::{CueKind, Section};

/// Lengths of such a requirement, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=120;
/// Nouns at the end of what must not be on record.
const RECORDS: [&str; 6] = ["记录", "行为", "情形", "问题", "纠纷", "现象"];
/// Endings of words that only say when or where.
const SETTINGS: [char; 7] = ['中', '时', '内', '后', '前', '间', '年'];

/// The requirements of one sentence that no rule made a condition of; `taken` are the stretches of those that one did.
pub(crate) fn read(page: &Page<'_>, sentence: usize, taken: &[(usize, usize)]) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let Some(line) = page.line(sentence) else { return Vec::new() };
    if line.heading || !page.may_set_conditions(sentence) || page.has(CueKind::RefusalList, bounds.start, bounds.end) {
        return Vec::new();
    }
    let free = |start: usize, end: usize| !taken.iter().any(|(from, to)| *from < end && *to > start);
    let make = |start: usize, end: usize, negated: bool| {
        let (start, end) = page.trimmed(start, end);
        let words = page.slice(start, end).trim_end_matches(['的', '等', ',']);
        let end = start + words.len();
        let what = What::ConditionText { negated };
        (free(start, end) && LENGTHS.contains(&words.chars().count())).then_some(Draft {
            what,
            start,
            end,
            confidence: 0.5,
            rule: "judged",
            sentence,
        })
    };
    if line.refused {
        return make(bounds.start, bounds.end, true).into_iter().collect();
    }
    if let Some(refusal) = page.hits.cue(CueKind::Refusal, bounds.start, bounds.end) {
        return refused_pieces(page, bounds.start, refusal.start)
            .into_iter()
            .filter_map(|(start, end)| make(start, end, true))
            .collect();
    }
    let denied = denied_clauses(page, sentence);
    if !denied.is_empty() {
        return denied.into_iter().filter_map(|(start, end)| make(start, end, true)).collect();
    }
    let entry = line.section == Section::Conditions && line.level > 0 && line.end - line.body <= 600;
    if entry { make(bounds.start, bounds.end, false).into_iter().collect() } else { Vec::new() }
}

/// `工商注销、连续停产12个月以上等不得申报`: the pieces of the list before the refusal.
fn refused_pieces(page: &Page<'_>, start: usize, end: usize) -> Vec<(usize, usize)> {
    let slice = page.slice(start, end);
    if slice.contains("逾期") || slice.trim().is_empty() {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    let (mut from, mut depth) = (0, 0i32);
    for (at, character) in slice.char_indices() {
        match character {
            '(' | '《' => depth += 1,
            ')' | '》' => depth -= 1,
            '、' | ',' if depth == 0 => {
                pieces.push((from, at));
                from = at + character.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push((from, slice.len()));
    let piece = |(from, to): (usize, usize)| {
        let words = &slice[from..to];
        let skip = ["以及", "对于", "或者", "对", "及", "和", "凡"]
            .iter()
            .find(|word| words.starts_with(**word))
            .map_or(0, |word| word.len());
        let plain = words.trim_end_matches(['的', '等', ' ']);
        (!plain.ends_with(SETTINGS) && plain.chars().count() >= 4).then_some((start + from + skip, start + to))
    };
    pieces.into_iter().take(20).filter_map(piece).collect()
}

/// `贴息期内无不良信贷记录`: clauses that deny a record.
fn denied_clauses(page: &Page<'_>, sentence: usize) -> Vec<(usize, usize)> {
    page.clauses_of(sentence)
        .map(|index| page.clause(index))
        .filter(|clause| clause.parent.is_none())
        .filter_map(|clause| {
            let negator = page.hits.cue(CueKind::Negator, clause.start, clause.end)?;
            let (_, end) = page.trimmed(clause.start, clause.end);
            let words = page.slice(negator.start, end);
            let starts_early = page.slice(clause.start, negator.start).chars().count() <= 10;
            (starts_early && RECORDS.iter().any(|noun| words.ends_with(noun)) && words.chars().count() <= 30)
                .then_some((negator.start, end))
        })
        .collect()
}
