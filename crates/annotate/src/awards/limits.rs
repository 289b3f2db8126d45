//! What several numbers of one award make together: a rate with its limit, steps, lists paired by position.

use model::annotation::{Award, AwardTier};
use model::{Op, What};
use rust_decimal::Decimal;

use super::role::neighbours;
use super::{Given, detail};
use crate::page::{Draft, Page};
use crate::token::Family;
use crate::words::List;

/// A list of so many amounts is one award with steps.
const LEAST_LADDER: usize = 4;

/// `税收达到…的,分别奖励5万元、10万元、20万元、50万元`: steps of one award.
pub(super) fn steps(page: &Page<'_>, sentence: usize, given: &mut Vec<Given>) {
    let mut at = 0;
    while at < given.len() {
        let count = run(&given[at..], |one, other| {
            neighbours(page, one.index, other.index) && is_plain_list(page, one, other) && same_kind(page, one, other)
        });
        let plain = given[at..at + count]
            .iter()
            .all(|one| ["fixed", "per_unit"].contains(&one.award.mode.as_str()) && one.award.amount.is_some());
        if count >= 2 && plain && given[at].award.mode == "fixed" && is_ladder(page, sentence, &given[at], count) {
            let joined = tiered(page, &given[at..at + count]);
            given.splice(at..at + count, [joined]);
        }
        at += 1;
    }
}

/// Nothing but signs between: names would make each an award of its own.
fn is_plain_list(page: &Page<'_>, one: &Given, other: &Given) -> bool {
    let between = page.slice(page.quantity(one.last).end, page.quantity(other.index).start);
    between.trim_matches(['、', '和', '或', '/', ' ', '及']).is_empty()
}

/// Named levels (国家级、省级) are awards of their own; a longer list behind 分别, or one for thresholds of money, is a ladder.
fn is_ladder(page: &Page<'_>, sentence: usize, first: &Given, count: usize) -> bool {
    let bounds = page.sentence(sentence);
    let clause = page.clause(first.clause);
    let from = clause.previous.map_or(bounds.start, |before| page.clause(before).start).max(bounds.start);
    let before = page.slice(from, page.quantity(first.index).start);
    let named = page.words(List::AwardTier).stand_in(page.slice(bounds.start, first.start));
    let families = page.quantities_of(sentence).take_while(|index| *index < first.index).map(|index| page.quantity(index).family);
    let thresholds = families.filter(|family| matches!(family, Family::Money | Family::MoneyFx)).count();
    page.words(List::AwardRespective).stand_in(before)
        && !named
        && (count >= LEAST_LADDER
            || count >= 3 && thresholds >= count
            || page.slice(bounds.start, first.start).contains("首次突破"))
}

fn tiered(page: &Page<'_>, parts: &[Given]) -> Given {
    let amounts: Vec<_> = parts.iter().filter_map(|one| one.award.amount).collect();
    let subjects = detail::subjects(page, &parts[0], parts.len());
    let tier = |(at, amount): (usize, &Decimal)| AwardTier {
        when: subjects.get(at).cloned(),
        amount: Some(*amount),
        ..AwardTier::default()
    };
    let award = Award {
        mode: "tiered".to_owned(),
        amount: amounts.iter().min().copied(),
        amount_to: amounts.iter().max().copied(),
        tiers: amounts.iter().enumerate().map(tier).collect(),
        ..Award::default()
    };
    let last = parts.last().unwrap_or(&parts[0]);
    Given { award, end: last.end, last: last.index, ..shell(&parts[0]) }
}

fn shell(given: &Given) -> Given {
    Given { award: Award::default(), ..*given }
}

fn same_kind(page: &Page<'_>, one: &Given, other: &Given) -> bool {
    let family = |given: &Given| match page.quantity(given.index).family {
        Family::Bare => Family::Money,
        family => family,
    };
    family(one) == family(other) && one.is_rate == other.is_rate
}

/// Lists: the rates of one take the limits of the next by position, limits and amounts per unit become steps of one award,
/// equal amounts one award.
pub(super) fn pair_lists(page: &Page<'_>, given: &mut Vec<Given>) {
    let mut at = 0;
    while at < given.len() {
        let count = run(&given[at..], |one, other| neighbours(page, one.last, other.index) && same_kind(page, one, other));
        if count >= 2 {
            at += join_list(page, given, at, count);
        } else {
            at += 1;
        }
    }
}

/// Joins the list of `count` awards at `at`; gives how many awards are left of it.
fn join_list(page: &Page<'_>, given: &mut Vec<Given>, at: usize, count: usize) -> usize {
    if given[at].is_rate {
        return join_rates(page, given, at, count);
    }
    let said_once = given[at + 1..at + count].iter().all(|other| !says_limit(page, other));
    if said_once && given[at].is_limit() && given[at].award.mode == "cap" {
        for one in &mut given[at + 1..at + count] {
            one.award.cap = one.award.cap.or(one.award.amount.take());
        }
    }
    let mode = given[at].award.mode.clone();
    // Limits of named levels are awards of their own, but behind a rate they are the limits of that rate.
    let of_rate = at > 0 && given[at - 1].is_rate && given[at..at + count].iter().all(|one| one.award.cap.is_some());
    if said_once && (mode == "per_unit" || of_rate) {
        fold(page, given, at, count, &mode, 0);
        return 1;
    }
    let same = |pair: &[Given]| pair[0].award == pair[1].award && pair[0].award.amount.is_some();
    match given[at..at + count].windows(2).position(same) {
        Some(offset) => {
            let twin = given.remove(at + offset + 1);
            (given[at + offset].end, given[at + offset].last) = (twin.end, twin.last);
            0
        }
        None => count,
    }
}

/// A list of rates: with the list of limits behind it, or of two rates for one thing.
fn join_rates(page: &Page<'_>, given: &mut Vec<Given>, at: usize, count: usize) -> usize {
    let limits = given.get(at + count..).unwrap_or_default();
    let paired = run(limits, |one, other| one.is_limit() && other.is_limit() && neighbours(page, one.last, other.index));
    if paired == count && limits[0].is_limit() {
        let caps: Vec<Given> = given.drain(at + count..at + count * 2).collect();
        for (rate, cap) in given[at..].iter_mut().zip(&caps) {
            rate.award.cap = cap.award.cap;
        }
        let end = caps.last().map_or(0, |last| last.end);
        fold(page, given, at, count, "ratio_capped", end);
        return 1;
    }
    let between = page.slice(page.quantity(given[at].index).end, page.quantity(given[at + 1].index).start);
    if between.trim() == "或" || between.starts_with('/') || between.starts_with('(') && between.ends_with('/') {
        let mode = given[at].award.mode.clone();
        fold(page, given, at, count, &mode, 0);
        if between.trim() == "或" {
            // 50%或70%: who gets which is told elsewhere.
            given[at].award.tiers.clear();
        }
        return 1;
    }
    count
}

/// Whether the words of an award behind another say themselves that it is a limit, or per what it is.
fn says_limit(page: &Page<'_>, other: &Given) -> bool {
    let quantity = page.quantity(other.index);
    let from = other.index.checked_sub(1).map_or(0, |index| page.quantity(index).end);
    let between = page.slice(from, quantity.number_start);
    let verb = page.has(crate::rules::CueKind::Award, from, quantity.start);
    verb || quantity.op == Some(Op::AtMost) || page.words(List::AwardLimit).stand_in(between) || between.contains('每')
}

/// Makes the list of awards one with steps.
fn fold(page: &Page<'_>, given: &mut Vec<Given>, at: usize, count: usize, mode: &str, end: usize) {
    let parts: Vec<Given> = given.drain(at + 1..at + count).collect();
    let subjects = detail::subjects(page, &given[at], count);
    let first = &mut given[at];
    let mut tiers = Vec::with_capacity(count);
    for (offset, award) in [&first.award].into_iter().chain(parts.iter().map(|part| &part.award)).enumerate() {
        let when = subjects.get(offset).cloned();
        tiers.push(AwardTier { when, amount: award.amount, ratio: award.ratio, cap: award.cap });
    }
    let last = parts.last().map_or(first.end, |last| last.end);
    first.last = parts.last().map_or(first.last, |last| last.last);
    first.end = last.max(end).max(first.end);
    first.award.cap = tiers.iter().filter_map(|tier| tier.cap).max();
    first.award.tiers = tiers;
    mode.clone_into(&mut first.award.mode);
}

/// How many neighbours from the start hold together.
fn run(given: &[Given], holds: impl Fn(&Given, &Given) -> bool) -> usize {
    let joined = given.windows(2).take_while(|pair| holds(&pair[0], &pair[1])).count();
    usize::from(!given.is_empty()) + joined
}

/// A limit behind a rate is the rate's own, unless it is shared by several rates or one of several limits.
pub(super) fn merge(page: &Page<'_>, given: &mut Vec<Given>) {
    let mut at = 0;
    while at + 1 < given.len() {
        let between = usize::from(given[at + 1].award.mode == "duration" && is_plain(page, &given[at + 1]));
        if let Some(limit) = given.get(at + 1 + between)
            && given[at].is_rate
            && ["ratio", "ratio_capped", "interest_subsidy", "ratio_range"].contains(&given[at].award.mode.as_str())
            && given[at].award.cap.is_none()
            && limit.is_limit()
            && limit.award.mode != "loan"
            && belongs(page, given, at, at + 1 + between)
        {
            let limit = given.remove(at + 1 + between);
            let years = (between == 1).then(|| given.remove(at + 1)).and_then(|period| period.award.max_years);
            let rate = &mut given[at];
            rate.award.max_years = years;
            rate.take_limit(limit);
        }
        at += 1;
    }
    bounds_behind(page, given);
    unit_limits(page, given);
    terms(page, given);
    share(page, given);
}

/// `…的50%给予奖励,补助期限不超过3年`: how long that award is paid; 贴息期 and the like are told apart.
fn terms(page: &Page<'_>, given: &mut Vec<Given>) {
    let mut at = 1;
    while at < given.len() {
        let term = given[at].award.mode == "duration"
            && page.words(List::AwardTerm).at_start(page.slice(given[at].start, given[at].end)).is_some();
        if term && given[at - 1].award.mode != "duration" {
            let term = given.remove(at);
            given[at - 1].award.max_years = term.award.max_years;
            given[at - 1].end = given[at - 1].end.max(term.end);
        } else {
            at += 1;
        }
    }
}

/// `每家不超过300万元,且不超过项目预算的30%`: two bounds of one award, in either order.
fn bounds_behind(page: &Page<'_>, given: &mut Vec<Given>) {
    let mut at = 0;
    while at + 1 < given.len() {
        let (one, rate) = (&given[at], &given[at + 1]);
        let clause = page.clause(rate.clause);
        let before = page.slice(clause.start.max(one.end.min(rate.start)), page.quantity(rate.index).start);
        let words = before.trim_start_matches(['、', ',', '且', '并', '但']);
        let bounds = words.find("不超过").or_else(|| words.find("不高于")).or_else(|| words.find("不得超过"));
        let bounded = bounds.is_some_and(|at| words[..at].chars().count() <= 8) && !words.starts_with(['按', '给']);
        let next = clause.previous == Some(one.clause) || clause.start == page.clause(one.clause).start;
        let open = rate.is_rate && rate.award.mode == "ratio" && rate.award.cap.is_none() && rate.award.tiers.is_empty();
        let amount = ["cap", "fixed"].contains(&one.award.mode.as_str()) && one.award.ratio.is_none();
        if bounded && next && open && amount {
            let rate = given.remove(at + 1);
            let one = &mut given[at];
            if one.is_limit() {
                (one.award.ratio, one.award.base) = (rate.award.ratio, rate.award.base);
                "ratio_capped".clone_into(&mut one.award.mode);
                (one.end, one.is_rate) = (rate.end.max(one.end), true);
            }
        }
        at += 1;
    }
}

/// `按1000元/平方米给予补助,最高不超过50万元`: the limit on the whole is that of the price, unless it names another whole.
fn unit_limits(page: &Page<'_>, given: &mut Vec<Given>) {
    for one in given.iter_mut() {
        let area = one.award.per.as_deref().is_some_and(|per| page.words(List::AwardArea).at_start(per).is_some());
        if area && one.award.mode == "cap" {
            (one.award.amount, one.award.cap) = (one.award.cap.take(), None);
            "per_unit".clone_into(&mut one.award.mode);
        }
    }
    let mut at = 0;
    while at + 1 < given.len() {
        let between = usize::from(given[at + 1].award.mode == "duration");
        let fits = given.get(at + 1 + between).is_some_and(|limit| {
            let words = subject(page, limit).trim_start_matches(['且', ',', '但', '每', '年', '并', '·', '•', '月']);
            let area = given[at].award.per.as_deref().is_some_and(|per| page.words(List::AwardArea).at_start(per).is_some());
            area && given[at].award.mode == "per_unit" && limit.award.mode == "cap" && (words.is_empty() || words == "总额")
        });
        if fits {
            let limit = given.remove(at + 1 + between);
            given[at].award.cap = limit.award.cap;
            given[at].end = given[at].end.max(limit.end);
        }
        at += 1;
    }
}

impl Given {
    fn take_limit(&mut self, limit: Given) {
        self.award.cap = limit.award.cap;
        self.award.per = limit.award.per.or(self.award.per.take());
        self.award.tiers.extend(limit.award.tiers);
        if self.award.mode == "ratio" {
            "ratio_capped".clone_into(&mut self.award.mode);
        }
        self.end = self.end.max(limit.end);
    }
}

/// `按照实际费用的50%,示范企业不超过100万元,试点企业不超过50万元`: the rate without a verb of its own counts for both.
fn share(page: &Page<'_>, given: &mut [Given]) {
    for at in 1..given.len() {
        let (before, rest) = given.split_at_mut(at);
        let (Some(rate), Some(limit)) = (before.last(), rest.first_mut()) else { return };
        let open = rate.award.mode == "ratio_capped" && is_open(page, rate) && has_own_subject(page, rate, true);
        if open && limit.is_limit() && limit.award.mode == "cap" && limit.award.ratio.is_none() && !is_total(page, limit) {
            (limit.award.ratio, limit.award.base) = (rate.award.ratio, rate.award.base.clone());
        }
    }
}

/// Whether the rate at `at` takes the limit at `other`.
fn belongs(page: &Page<'_>, given: &[Given], at: usize, other: usize) -> bool {
    let (rate, limit) = (&given[at], &given[other]);
    let (one, two) = (page.clause(rate.clause), page.clause(limit.clause));
    let inside = two.parent == Some(rate.clause);
    let near = one.start == two.start
        || two.start > one.start && two.start <= one.end + '。'.len_utf8()
        || other > at + 1
        || follows(page, rate, limit);
    // 比例为50%,参会企业50家以上的,限额2万元: another case begins.
    let case = page.slice(rate.end.min(limit.start), limit.start).contains("的,");
    if inside || !near || case {
        return inside;
    }
    let own = has_own_subject(page, limit, false);
    let shared = at > 0 && given[at - 1].is_rate && given[at - 1].award.cap.is_none()
        || rate.award.tiers.is_empty() && shared_before(page, one.sentence);
    let more = given.get(other + 1).is_some_and(|third| third.is_limit() && has_own_subject(page, third, false));
    match rate.award.mode.as_str() {
        "ratio" | "ratio_capped" if rate.last > rate.index && own && !is_either(page, rate) => false,
        "ratio" | "ratio_capped" => !(own && (shared || more && !is_open(page, rate))),
        _ => !names_noun(page, limit) && !shared,
    }
}

/// `50%或70%` is one rate, `20%(珠三角)/30%(粤东西北)` are two.
fn is_either(page: &Page<'_>, rate: &Given) -> bool {
    let next = page.quantity(rate.last);
    page.text()[..next.start].trim_end().ends_with('或')
}

/// Whether nothing but words without numbers stands between a rate and a limit of one sentence.
fn follows(page: &Page<'_>, rate: &Given, limit: &Given) -> bool {
    let between = page.slice(rate.end.min(limit.start), limit.start);
    !between.contains(';') && between.matches(',').count() <= 3
}

/// `按25%给予奖励;按30%给予奖励,单个企业最高3000万元`: the limit is that of both rates.
fn shared_before(page: &Page<'_>, sentence: usize) -> bool {
    let Some(before) = sentence.checked_sub(1) else { return false };
    let (one, other) = (page.sentence(before), page.sentence(sentence));
    let parallel = one.line == other.line && page.slice(one.end, other.start).contains(';');
    let families = || page.quantities_of(before).map(|index| page.quantity(index).family);
    parallel
        && page.has(crate::rules::CueKind::Award, one.start, one.end)
        && families().any(|family| family == Family::Percent)
        && !page.quantities_of(before).any(|index| {
            matches!(page.quantity(index).family, Family::Money | Family::Bare) && super::role::is_limit(page, index, one.start)
        })
}

/// The words of a limit before its number.
fn subject<'p>(page: &'p Page<'_>, limit: &Given) -> &'p str {
    let words = page.slice(limit.start, page.quantity(limit.index).number_start);
    let stops = ["不超过", "不高于", "不得超过"].iter().filter_map(|word| words.find(word));
    let end = stops.chain(page.words(List::AwardLimit).first(words).map(|(at, _)| at)).min();
    &words[..end.unwrap_or(words.len())]
}

/// Whether a limit says what it is of: `单个企业年度补贴`.
fn has_own_subject(page: &Page<'_>, limit: &Given, of_rate: bool) -> bool {
    let words = if of_rate { page.slice(limit.start, limit.end) } else { subject(page, limit) };
    let words = words.trim_start_matches(['且', '并', '但', ',']);
    page.words(List::AwardOwnSubject).stand_in(words) || names_noun(page, limit) || !of_rate && words.chars().count() > 6
}

fn names_noun(page: &Page<'_>, limit: &Given) -> bool {
    let words = subject(page, limit);
    let words = ["给予", "予以"].iter().filter_map(|word| words.rfind(word).map(|at| &words[..at])).next().unwrap_or(words);
    page.words(List::AwardNoun).stand_in(words)
}

fn is_total(page: &Page<'_>, limit: &Given) -> bool {
    page.words(List::AwardOwnSubject).at_start(subject(page, limit).trim_start_matches(',')).is_some()
}

fn is_plain(page: &Page<'_>, period: &Given) -> bool {
    !page.slice(period.start, period.end).contains('期')
}

/// Whether a rate has no verb of its own: `按照实际费用的50%,…`.
fn is_open(page: &Page<'_>, rate: &Given) -> bool {
    let clause = page.clause(rate.clause);
    let quantity = page.quantity(rate.index);
    page.slice(quantity.end, clause.end).trim_start_matches("的比例").is_empty()
        && !page.words(List::AwardNoun).stand_in(page.slice(clause.start, quantity.start))
        && !page.slice(clause.start, quantity.start).contains("给予")
}

/// A limit in the sentence right behind that of its rate: `…的10%。单个项目不超过500万元`.
pub(crate) fn join(page: &Page<'_>, drafts: &mut Vec<Draft>) {
    let mut at = 0;
    while at + 1 < drafts.len() {
        if continues(page, drafts, at) {
            let limit = drafts.remove(at + 1);
            let end = limit.end;
            if let (What::Award(rate), What::Award(limit)) = (&mut drafts[at].what, limit.what) {
                rate.cap = limit.cap;
                rate.per = limit.per.or(rate.per.take());
                rate.tiers.extend(limit.tiers);
                "ratio_capped".clone_into(&mut rate.mode);
            }
            drafts[at].end = end;
        }
        at += 1;
    }
}

fn award(draft: &Draft) -> Option<&Award> {
    match &draft.what {
        What::Award(award) => Some(award),
        _ => None,
    }
}

/// Whether the award at `at` is a rate whose limit is the next award, in the sentence behind it.
fn continues(page: &Page<'_>, drafts: &[Draft], at: usize) -> bool {
    let (rate, limit) = (&drafts[at], &drafts[at + 1]);
    let (Some(one), Some(two)) = (award(rate), award(limit)) else { return false };
    let open = |award: &Award| award.mode == "ratio" && award.cap.is_none() && award.tiers.is_empty();
    if !open(one) || two.mode != "cap" || two.ratio.is_some() || limit.sentence != rate.sentence + 1 {
        return false;
    }
    let (first, second) = (page.sentence(rate.sentence), page.sentence(limit.sentence));
    let opening = page.slice(second.start, limit.start);
    let words = page.slice(limit.start, limit.end);
    let subject =
        page.words(List::AwardOwnSubject).at_start(words).is_some() || page.words(List::AwardLimit).at_start(words).is_some();
    let before = at.checked_sub(1).and_then(|at| drafts.get(at)).filter(|before| before.sentence + 1 >= rate.sentence);
    let shared = before.and_then(award).is_some_and(open);
    let more = drafts
        .get(at + 2)
        .is_some_and(|third| third.sentence == limit.sentence && award(third).is_some_and(|award| award.mode == "cap"));
    first.line == second.line && opening.chars().count() <= 2 && subject && !shared && !more
}
