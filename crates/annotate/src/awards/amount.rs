//! Amounts, ranges, limits, loans, amounts per unit, and for how long support is given.

use model::annotation::Award;
use rust_decimal::Decimal;

use super::role::{header_of, is_limit};
use super::{Given, head, rate};
use crate::outline::Clause;
use crate::page::Page;
use crate::rules::CueKind;
use crate::token::Family;
use crate::words::List;

/// How far before an amount its verb may start its words, in characters.
const MOST_VERB_DISTANCE: usize = 14;
/// The longest unit an amount is per, in characters.
const MOST_UNIT_CHARACTERS: usize = 10;

pub(super) fn read(page: &Page<'_>, sentence: usize, index: usize) -> Given {
    let quantity = page.quantity(index);
    let clause = page.clause(page.clause_of[index]);
    let from = previous_end(page, index, clause);
    let verb = page
        .hits
        .last_cue(CueKind::Award, from, quantity.start)
        .filter(|verb| page.slice(verb.end, quantity.start).chars().count() <= MOST_VERB_DISTANCE);
    let per = per_what(page, clause.start, index);
    let mut award = Award { per: per.clone().or_else(|| unit_behind(page, index)), ..Award::default() };
    award.mode = mode(page, sentence, index, &award, verb.is_some()).to_owned();
    let mut start = verb.map_or(quantity.start, |verb| verb.start);
    match award.mode.as_str() {
        "range" => {
            (award.amount, award.amount_to) = (Some(quantity.low), quantity.high.map(|(high, _)| high));
            start = quantity.start;
        }
        // A limit starts with its subject, behind the limit before it.
        "cap" | "loan" => (award.cap, start) = (Some(quantity.low), from),
        _ => award.amount = Some(quantity.low),
    }
    if let Some(unit) = per.filter(|_| ["per_unit", "cap"].contains(&award.mode.as_str())) {
        start = unit_start(page, clause.start, index, &unit).min(start);
    }
    let end = rate::with_verb(page, quantity.end);
    Given { award, start, end, clause: page.clause_of[index], index, last: index, is_rate: false }
}

/// How an amount is given.
fn mode(page: &Page<'_>, sentence: usize, index: usize, award: &Award, verb: bool) -> &'static str {
    let quantity = page.quantity(index);
    let clause = page.clause(page.clause_of[index]);
    let before = page.slice(clause.start, quantity.start);
    let step = super::role::header(page, clause).then(|| header_of(page, sentence)).flatten();
    let headed = step.is_some_and(|header| header.contains("不超过") || page.words(List::AwardLimit).stand_in(header));
    let raised = page.words(List::AwardRaised).at_end(before).is_some() && page.words(List::AwardLoan).stand_in(before);
    let occasion = award.per.as_deref().is_some_and(|per| page.words(List::AwardOccasion).at_start(per) == Some(per.len()));
    if quantity.high.is_some() {
        "range"
    } else if raised {
        "fixed_increment"
    } else if is_limit(page, index, clause.start) || headed && !verb {
        if is_loan(page, sentence, clause, before, index) { "loan" } else { "cap" }
    } else if is_increment(page, index, clause) {
        "fixed_increment"
    } else if award.per.is_none() || occasion {
        "fixed"
    } else if rate::slice_before(page, index, clause).is_some() {
        "progressive"
    } else {
        "per_unit"
    }
}

/// `1000元/平方米`, `3元/月·平方米`, `100元/每平方米`: the unit behind the amount.
fn unit_behind(page: &Page<'_>, index: usize) -> Option<String> {
    let quantity = page.quantity(index);
    let rest = super::tail(page.text(), quantity.end, 12).trim_start_matches(['·', '•', '/', '*', '.', '每', '月']);
    let area =
        page.words(List::AwardArea).at_start(rest).filter(|_| page.text()[quantity.end..].starts_with(['·', '•', '/', '*', '.']));
    match (&quantity.per, area) {
        (Some(per), Some(length)) => Some(format!("{}/{per}", &rest[..length])),
        (None, Some(length)) => Some(rest[..length].to_owned()),
        (per, None) => per.clone(),
    }
}

/// The end of the number before in the clause; `一个`, `一家` are words, not numbers.
fn previous_end(page: &Page<'_>, index: usize, clause: Clause) -> usize {
    let before = (clause.start..page.quantity(index).start, index.checked_sub(1));
    let (range, mut at) = before;
    while let Some(previous) = at.map(|at| page.quantity(at)).filter(|previous| range.contains(&previous.end)) {
        let article = previous.family == Family::Count
            && previous.low == Decimal::ONE
            && page.text()[previous.number_start..].starts_with('一');
        if !article {
            return previous.end;
        }
        at = at.and_then(|at| at.checked_sub(1));
    }
    clause.start
}

/// `在30万元基础上再奖励20万元`, `可贷额度上浮10万元`.
fn is_increment(page: &Page<'_>, index: usize, clause: Clause) -> bool {
    let quantity = page.quantity(index);
    page.hits
        .last_cue(CueKind::Increment, clause.start, quantity.number_start)
        .is_some_and(|cue| page.slice(cue.end, quantity.start).chars().count() <= 6)
}

fn is_loan(page: &Page<'_>, sentence: usize, clause: Clause, before: &str, index: usize) -> bool {
    let end = page.quantity(index).end;
    let noun = page.slice(end, rate::with_verb(page, end));
    if ["奖", "补", "资助", "贴"].iter().any(|word| noun.contains(word)) {
        return false;
    }
    let named = page.words(List::AwardLoan).stand_in(before);
    let next = page.clauses_of(sentence).map(|index| page.clause(index)).find(|next| next.start >= clause.end);
    let behind = page.slice(clause.start + before.len(), clause.end);
    let lent = behind.contains("担保贷款") || behind.contains("信用贷款");
    let own = page.words(List::AwardNoun).stand_in(&before.replace("贷款额度", "").replace("支持", "")) && !named;
    !own && (named || lent || next.is_some_and(|next| page.slice(next.start, next.end).contains("贷款期限")))
}

/// Where the unit an amount is per starts: `1万美元奖励…`, `每平方米…`.
fn unit_start(page: &Page<'_>, from: usize, index: usize, unit: &str) -> usize {
    let before = page.slice(from, page.quantity(index).start);
    before.rfind(unit).map_or(usize::MAX, |at| {
        let at = if before[..at].ends_with('每') { at - '每'.len_utf8() } else { at };
        from + at
    })
}

/// `每平方米`, `每个标准`, `每招用1人`, `1万美元奖励…`: per what; an enterprise or a year is no unit.
fn per_what(page: &Page<'_>, from: usize, index: usize) -> Option<String> {
    let quantity = page.quantity(index);
    let verbs = page.words(List::AwardUnitVerb);
    let previous = index.checked_sub(1).map(|index| page.quantity(index)).filter(|previous| previous.start >= from);
    if let Some(previous) = previous {
        let between = page.slice(previous.end, quantity.start);
        let verb = verbs.at_start(between).is_some_and(|length| length == between.len());
        let every = page.slice(from, previous.number_start).rfind('每').map(|at| from + at + '每'.len_utf8());
        let near = every.filter(|at| page.slice(*at, previous.number_start).chars().count() <= 4);
        let told = between.is_empty() || verb || verbs.last(between).is_some_and(|(at, end)| end == between.len() && at <= 30);
        if let Some(at) = near.filter(|_| told) {
            return Some(page.slice(at, previous.number_end).to_owned());
        }
        if verb && previous.op.is_none() && matches!(previous.family, Family::Money | Family::MoneyFx | Family::Count) {
            return Some(page.slice(previous.number_start, previous.number_end).to_owned());
        }
    }
    let before = page.slice(from, quantity.start);
    let Some(at) = before.rfind('每') else { return per_clause_before(page, from, index) };
    unit_of(page, &before[at + '每'.len_utf8()..])
}

/// `每招用1人,给予1000元`: the unit stands in the clause before.
fn per_clause_before(page: &Page<'_>, from: usize, index: usize) -> Option<String> {
    let quantity = page.quantity(index);
    let own = page.slice(from, quantity.start);
    let verb = own.is_empty() || own.starts_with('给') || page.words(List::AwardNoun).at_start(own).is_some();
    let clause = page.clause(page.clause_of[index]);
    let before = clause.previous.map(|before| page.clause(before)).filter(|before| before.sentence == clause.sentence)?;
    let counted = page.quantities_of(clause.sentence).map(|index| page.quantity(index)).find(|counted| {
        counted.number_start >= before.start && counted.number_end <= before.end && {
            let words = page.slice(before.start, counted.number_start);
            words.rfind('每').is_some_and(|at| words[at..].chars().count() <= 5)
        }
    })?;
    let words = page.slice(before.start, counted.number_start);
    let at = before.start + words.rfind('每')? + '每'.len_utf8();
    let near =
        own.chars().count() <= MOST_UNIT_CHARACTERS && page.slice(counted.end, before.end).chars().count() <= MOST_VERB_DISTANCE;
    (verb && near).then(|| page.slice(at, counted.number_end).to_owned())
}

/// The unit behind 每, where it is one.
fn unit_of(page: &Page<'_>, words: &str) -> Option<String> {
    if words.chars().count() > MOST_UNIT_CHARACTERS + 4
        || words.contains(|character: char| character.is_ascii_digit() || character == '、')
    {
        return None;
    }
    let stops = [List::AwardNoun, List::AwardGive, List::AwardLimit, List::AwardOnce, List::AwardUnitVerb];
    let end = stops.into_iter().filter_map(|list| page.words(list).first(words)).map(|(at, _)| at);
    let end = end.chain(words.find("不超过")).chain(words.find("不高于")).chain(words.find("安排")).min().unwrap_or(words.len());
    let unit = words[..end].trim();
    let whole = unit.is_empty() || unit == "个" || page.words(List::AwardWhole).at_start(unit).is_some();
    (!whole && unit.chars().count() <= MOST_UNIT_CHARACTERS).then(|| unit.to_owned())
}

/// `贴息期不超过3年`.
pub(super) fn period(page: &Page<'_>, index: usize) -> Given {
    let quantity = page.quantity(index);
    let clause = page.clause(page.clause_of[index]);
    let before = page.slice(clause.start, quantity.start);
    let near = head(before, MOST_UNIT_CHARACTERS);
    let at = page.words(List::AwardPeriod).first(near).map(|(at, _)| before.len() - near.len() + at);
    let at = at.map(|at| if before[..at].ends_with("最长") { at - "最长".len() } else { at });
    let award = Award { mode: "duration".to_owned(), max_years: years(quantity.low, &quantity.base), ..Award::default() };
    Given {
        award,
        start: at.map_or(quantity.start, |at| clause.start + at),
        end: quantity.end,
        clause: page.clause_of[index],
        index,
        last: index,
        is_rate: false,
    }
}

/// A duration in years; `None` where its unit is none of time.
fn years(value: Decimal, unit: &str) -> Option<Decimal> {
    let per_year = match unit {
        "年" => 1,
        "月" => 12,
        "天" | "日" => 365,
        _ => return None,
    };
    Some(value.checked_div(Decimal::from(per_year))?.round_dp(2).normalize())
}
