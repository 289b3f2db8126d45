//! Who gets an award and in which case, in the text's own words; whether it is given once, and what it comes on top of.

use super::{Given, head, tail};
use crate::outline::Clause;
use crate::page::Page;
use crate::rules::CueKind;
use crate::words::List;

/// The longest name of a receiver, in characters.
const MOST_WHO_CHARACTERS: usize = 80;
/// The longest name of a case, in characters.
const MOST_WHEN_CHARACTERS: usize = 24;
/// How far before an amount its receiver may be named, in clauses.
const MOST_CLAUSES: usize = 8;

/// Adds what stands around the awards of a sentence.
pub(super) fn add(page: &Page<'_>, sentence: usize, given: &mut [Given]) {
    let several = subjects_of_list(page, given);
    for (offset, one) in given.iter_mut().enumerate() {
        let clause = page.clause(one.clause);
        let before = page.slice(clause.start, one.start);
        let near = page.slice(one.start, one.end);
        let once = page.words(List::AwardOnce);
        one.award.once = once.stand_in(near) || once.stand_in(head(before, 8)) || once.stand_in(tail(page.text(), one.end, 6));
        one.award.who = who(page, sentence, one);
        one.award.when = several.as_ref().and_then(|names| names.get(offset).cloned()).or_else(|| when(page, one));
        if one.award.mode == "fixed_increment" {
            let base = page.quantities_of(sentence).map(|index| page.quantity(index));
            let base = base.filter(|base| base.end < one.end && page.text()[base.end..].starts_with("基础上"));
            one.award.on_top_of = base.last().map(|base| base.low);
        }
    }
}

/// The clause that names the receiver: `对…的企业` before the award, or `…的,` right before it.
fn who(page: &Page<'_>, sentence: usize, one: &Given) -> Option<String> {
    let own = page.clause(one.clause);
    let top = own.parent.map_or(own, |parent| page.clause(parent));
    let mut clause = Some(top);
    for distance in 0..MOST_CLAUSES {
        let current = clause?;
        if let Some(who) = named(page, current, page.quantity(one.index).start, distance) {
            return Some(who);
        }
        clause = current.previous.map(|previous| page.clause(previous)).filter(|clause| clause.sentence == sentence);
    }
    None
}

fn named(page: &Page<'_>, clause: Clause, award_start: usize, distance: usize) -> Option<String> {
    let end = clause.end.min(award_start.max(clause.start));
    // 对发放消费券的企业给予200万元奖励: the verb of giving ends the name, else the last word of support.
    let slice = page.slice(clause.start, end);
    let gives = ["给予", "予以"].iter().filter_map(|word| slice.find(word)).min().map(|at| clause.start + at);
    let support = || page.hits.last_cue(CueKind::Award, clause.start, end).map(|verb| verb.start);
    let verb = gives.or_else(|| if distance == 0 { support() } else { None }).unwrap_or(end);
    let words = page.slice(clause.start, verb).trim_matches([' ', ',']);
    let words = ["其中", "同时", "另外", "此外", "并"].iter().find_map(|word| words.strip_prefix(word)).unwrap_or(words);
    let opened = page.words(List::AwardWhoOpening).at_start(words).map(|length| &words[length..]);
    let said = opened.or_else(|| words.strip_suffix('的').filter(|_| distance == 1))?;
    let said = page.words(List::AwardWhoTail).at_end(said).map_or(said, |length| &said[..said.len() - length]);
    let said = said.trim_end_matches(['的', ' ']);
    (2..=MOST_WHO_CHARACTERS).contains(&said.chars().count()).then(|| said.to_owned())
}

/// `省级30万元`, `重大项目奖励100万元`: the name of the step right before the amount.
fn when(page: &Page<'_>, one: &Given) -> Option<String> {
    let clause = page.clause(one.clause);
    let quantity = page.quantity(one.index);
    let before = page.slice(clause.start, quantity.number_start);
    let own = before.rsplit(['、', ',']).next().unwrap_or_default();
    let own = plain(page, own);
    let fits = (2..=MOST_WHEN_CHARACTERS).contains(&own.chars().count());
    (fits && page.words(List::AwardTier).stand_in(own) && !own.starts_with('对') && !own.contains("财政")).then(|| own.to_owned())
}

/// A step's name without the verbs and limits around it.
fn plain<'w>(page: &Page<'_>, words: &'w str) -> &'w str {
    let stops = [List::AwardLimit, List::AwardGive, List::AwardNoun, List::AwardOnce];
    let end = stops.into_iter().filter_map(|list| page.words(list).first(words)).map(|(at, _)| at).filter(|at| *at > 0);
    let end = end.chain(words.find("不超过").filter(|at| *at > 0)).min().unwrap_or(words.len());
    let words = words[..end].trim_matches([' ', '的']).trim_end_matches(['再', '按', '各', '另']);
    ["分别给予", "给予", "为", "分别"].iter().find_map(|word| words.strip_prefix(word)).unwrap_or(words)
}

/// The names of the steps of a list that was made one award.
pub(super) fn subjects(page: &Page<'_>, first: &Given, count: usize) -> Vec<String> {
    let clause = page.clause(first.clause);
    let sentence = page.sentence(clause.sentence);
    names_before(page, page.slice(sentence.start, page.quantity(first.index).start), count).unwrap_or_default()
}

/// `国家级、省级、市级…分别给予100万元、50万元、20万元`: as many names as awards.
fn subjects_of_list(page: &Page<'_>, given: &[Given]) -> Option<Vec<String>> {
    let first = given.first().filter(|_| given.len() >= 2)?;
    let listed = given.windows(2).all(|pair| super::role::neighbours(page, pair[0].last, pair[1].index));
    let sentence = page.sentence(page.clause(first.clause).sentence);
    if !listed {
        return None;
    }
    names_before(page, page.slice(sentence.start, page.quantity(first.index).start), given.len())
}

/// The last list of exactly so many short names in a stretch that speaks of 分别 or of several levels.
fn names_before(page: &Page<'_>, words: &str, count: usize) -> Option<Vec<String>> {
    let names = words.split([',', ';', ':']).rev().find_map(|part| {
        let pieces: Vec<&str> = part.split(['、', '和']).collect();
        (pieces.len() == count).then_some(pieces)
    })?;
    let mut cleaned = Vec::with_capacity(count);
    for (index, name) in names.iter().enumerate() {
        let name = plain(page, name);
        let name = if index == 0 { after_opening(page, name) } else { name };
        let name = name.find("的").filter(|at| *at > 0 && index + 1 == count).map_or(name, |at| &name[..at]);
        if name.is_empty() || name.chars().count() > MOST_WHEN_CHARACTERS {
            return None;
        }
        cleaned.push(name.to_owned());
    }
    Some(cleaned)
}

/// The first name of a list without the words that lead to it: `对首次认定为国家级`.
fn after_opening<'w>(page: &Page<'_>, name: &'w str) -> &'w str {
    page.words(List::AwardNamed).last(name).map_or(name, |(_, end)| &name[end..])
}
