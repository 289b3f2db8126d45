//! Rates without a figure: `全额补助`, `租金减半收取`, `按造价的三成给予补助`, `五折资助`.

use model::What;
use model::annotation::Award;
use rust_decimal::Decimal;

use super::{head, role, tail};
use crate::page::{Draft, Page};
use crate::words::List;

/// How far behind a rate its limit may start, in characters.
const MOST_GAP: usize = 8;
/// How far behind `三成` the word of support may stand, in characters.
const MOST_SUPPORT: usize = 8;
/// How many rates in words a sentence is read for.
const MOST_RATES: usize = 12;

/// A rate in words with where it stands.
struct Said {
    ratio: Decimal,
    start: usize,
    end: usize,
}

/// Adds the rates in words to the awards of a sentence, each with the limit right behind it.
pub(super) fn add(page: &Page<'_>, sentence: usize, drafts: &mut Vec<Draft>) {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let found = whole(page, slice).into_iter().chain(tenths(page, slice));
    let said: Vec<Said> = found.take(MOST_RATES).collect();
    let told = page.triage.as_deref().is_some_and(|triage| ["news", "interpret"].contains(&triage));
    if said.is_empty() || told || !role::possible(page, sentence) || page.words(List::AwardReported).stand_in(slice) {
        return;
    }
    for Said { ratio, start, end } in said {
        let (start, end) = (bounds.start + start, bounds.start + end);
        let at = drafts.partition_point(|draft| draft.start < start);
        let before = at.checked_sub(1).and_then(|at| drafts.get(at)).is_some_and(|draft| draft.end > start);
        let limit =
            drafts.get_mut(at).filter(|draft| draft.start >= end && page.slice(end, draft.start).chars().count() <= MOST_GAP);
        if let Some(limit) = limit
            && let What::Award(award) = &mut limit.what
            && award.mode == "cap"
            && award.ratio.is_none()
        {
            award.ratio = Some(ratio);
            "ratio_capped".clone_into(&mut award.mode);
            limit.start = start;
        } else if !before && drafts.get(at).is_none_or(|next| next.start >= end) {
            let award = Award { mode: "ratio".to_owned(), ratio: Some(ratio), ..Award::default() };
            let what = What::Award(award);
            drafts.insert(at, Draft { what, start, end, confidence: 0.75, rule: "award.words", sentence });
        }
    }
}

/// `全额补助`, `租金减半`.
fn whole(page: &Page<'_>, slice: &str) -> Vec<Said> {
    let said = |(start, end): (usize, usize)| {
        let ratio = if slice[start..end].contains('半') { Decimal::new(5, 1) } else { Decimal::ONE };
        Said { ratio, start, end }
    };
    page.words(List::AwardInWords).places(slice).map(said).collect()
}

/// `三成`, `七五折`, with what is given around it.
fn tenths(page: &Page<'_>, slice: &str) -> Vec<Said> {
    let places = slice.match_indices(['成', '折']).filter_map(|(at, sign)| {
        let digits: Vec<i64> = slice[..at].chars().rev().take(2).map_while(digit).collect();
        let start = at - digits.len() * '三'.len_utf8();
        let end = at + sign.len();
        let ratio = match digits.as_slice() {
            [one] => Decimal::new(*one, 1),
            [one, ten] if sign == "折" => Decimal::new(ten * 10 + one, 2),
            _ => return None,
        };
        let behind = tail(slice, end, MOST_SUPPORT);
        let before = head(&slice[..start], MOST_SUPPORT);
        let given = page.words(List::AwardNoun).first(behind).is_some_and(|(at, _)| !behind[..at].contains([',', ';']));
        let raised = page.words(List::AwardChanged).at_end(before).is_some();
        (given || raised).then_some(Said { ratio, start, end })
    });
    places.collect()
}

fn digit(character: char) -> Option<i64> {
    "一二三四五六七八九".chars().position(|digit| digit == character).and_then(|at| i64::try_from(at + 1).ok())
}
