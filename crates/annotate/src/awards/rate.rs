//! Rates: what they are of, and whether they subsidise interest or tax.

use model::annotation::Award;

use super::{Given, tail};
use crate::outline::Clause;
use crate::page::Page;
use crate::token::{Family, Quantity};
use crate::words::List;

/// The longest base of a rate, in characters.
const MOST_BASE_CHARACTERS: usize = 40;
/// How far behind a slice its rate may stand, in characters.
const MOST_SLICE_CHARACTERS: usize = 16;
/// How many words may stand between a number and the noun of support behind it.
const MOST_LINKS: usize = 6;

pub(super) fn read(page: &Page<'_>, index: usize) -> Given {
    let quantity = page.quantity(index);
    let clause = page.clause(page.clause_of[index]);
    let before = page.slice(clause.start, quantity.start);
    let mode = mode(page, index, clause);
    let opening = page.words(List::AwardRateOpening).last(before);
    let base = base_of(before, opening);
    let start = page.words(List::AwardRateStart).first(before).map(|(at, _)| clause.start + at);
    let slice_start = slice_before(page, index, clause).filter(|_| mode == "progressive");
    let whole = mode == "tax_rate";
    let start =
        slice_start.or(start).unwrap_or_else(|| if whole { clause.start } else { rate_start(page, clause.start, quantity) });
    let award = Award { mode: mode.to_owned(), ratio: Some(quantity.low), base, per: quantity.per.clone(), ..Award::default() };
    Given { award, start, end: with_verb(page, quantity.end), clause: page.clause_of[index], index, last: index, is_rate: true }
}

fn mode(page: &Page<'_>, index: usize, clause: Clause) -> &'static str {
    let quantity = page.quantity(index);
    let end = with_verb(page, quantity.end);
    // Only what stands between the numbers around it is about this number.
    let from = index.checked_sub(1).map_or(clause.start, |index| page.quantity(index).end.clamp(clause.start, quantity.start));
    let to = page.tokens.quantities.get(index + 1).map_or(clause.end, |next| next.start.clamp(end.min(clause.end), clause.end));
    let own = page.slice(from, to);
    let bounds = page.sentence(clause.sentence);
    let interest = page.words(List::AwardInterest);
    let alone = page.slice(clause.start, quantity.start).is_empty() && interest.stand_in(page.slice(clause.start, bounds.end));
    if quantity.high.is_some() && !interest.stand_in(own) {
        "ratio_range"
    } else if alone || interest.stand_in(own) && !page.words(List::AwardGuarantee).stand_in(own) {
        "interest_subsidy"
    } else if page.words(List::AwardTax).stand_in(own) {
        "tax_rate"
    } else if slice_before(page, index, clause).is_some() {
        "progressive"
    } else if is_upper(page, quantity, clause) {
        "ratio_capped"
    } else {
        "ratio"
    }
}

/// `最高不超过50%`, `≤20%`: the rate itself is a limit.
fn is_upper(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> bool {
    let before = page.slice(clause.start, quantity.number_start);
    before.ends_with("最高不超过") || before.ends_with('≤')
}

/// Where the slice starts that an amount is for: `500万元以内部分补1%`, `1000平方米以下部分,按90%给予资助`.
pub(super) fn slice_before(page: &Page<'_>, index: usize, clause: Clause) -> Option<usize> {
    let previous = page.quantity(index.checked_sub(1)?);
    if previous.family == Family::Percent {
        return None;
    }
    let rest = page.text().get(previous.end..)?;
    let length = page.words(List::AwardSlice).at_start(rest)?;
    let (from, end) = (previous.end + length, page.quantity(index).start);
    if previous.start >= clause.start {
        return (page.slice(from, end).chars().count() <= MOST_SLICE_CHARACTERS).then_some(previous.start);
    }
    let before = clause.previous.map(|before| page.clause(before))?;
    (before.end == from).then_some(before.start)
}

/// Where the words of a rate start when no 按 opens it: the noun it is of.
fn rate_start(page: &Page<'_>, from: usize, quantity: &Quantity) -> usize {
    let before = page.slice(from, quantity.start);
    let at = ["为", "比例", "、", "对"].iter().filter_map(|word| before.rfind(word).map(|at| at + word.len())).max();
    at.map_or(from, |at| from + at)
}

/// What a rate is of, in the text's own words.
fn base_of(before: &str, opening: Option<(usize, usize)>) -> Option<String> {
    let words = opening.map_or(before, |(_, end)| &before[end..]);
    let words = words.trim_end_matches('的').trim_start_matches(['其', '不', '超', '过', '照', '且']).trim();
    let open = words.rfind('(').filter(|at| !words[*at..].contains(')'));
    let words = open.map_or(words, |at| &words[at + 1..]);
    let last = words.char_indices().rev().scan(0i32, |depth, (at, character)| {
        *depth += match character {
            ')' => 1,
            '(' => -1,
            _ => 0,
        };
        Some((at, character, *depth))
    });
    let cut = last.into_iter().find(|(_, character, depth)| *depth == 0 && matches!(character, '、' | '/'));
    let words = cut.map_or(words, |(at, character, _)| &words[at + character.len_utf8()..]);
    (2..=MOST_BASE_CHARACTERS).contains(&words.chars().count()).then(|| words.to_owned())
}

/// `…的10%给予补助`: the end with the verb and its noun.
pub(super) fn with_verb(page: &Page<'_>, end: usize) -> usize {
    let mut at = end;
    let mut reached = end;
    for _ in 0..MOST_LINKS {
        let rest = tail(page.text(), at, 20);
        if let Some(length) = page.words(List::AwardTail).at_start(rest) {
            at += length;
            reached = at;
        } else if let Some(length) = page.words(List::AwardLink).at_start(rest) {
            at += length;
        } else {
            break;
        }
    }
    reached
}
