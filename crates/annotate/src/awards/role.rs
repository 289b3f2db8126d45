//! Which numbers of a sentence are given rather than required.

use model::Op;

use super::{head, tail};
use crate::bind::{Binding, Source};
use crate::lists::{listed, operator};
use crate::outline::Clause;
use crate::page::Page;
use crate::rules::{CueKind, Section};
use crate::token::{Family, Quantity};
use crate::words::List;

/// How far around a quantity its verb may stand, in characters.
const MOST_VERB_DISTANCE: usize = 30;
/// How far before a quantity a word of limit may stand, in characters.
const MOST_LIMIT_DISTANCE: usize = 12;
/// Longer lists are tables.
const MOST_LIST: usize = 12;
/// The longest name of a step in a list: `、硕士研究生5万元`, in characters.
const MOST_STEP_CHARACTERS: usize = 16;
/// Triage classes whose texts give nothing.
const WITHOUT_AWARDS: [&str; 2] = ["result", "lifecycle"];
/// Triage classes that tell of awards beside much else.
const TELLING: [&str; 2] = ["interpret", "news"];

/// Whether a sentence may say what is given.
pub(crate) fn possible(page: &Page<'_>, sentence: usize) -> bool {
    let bounds = page.sentence(sentence);
    let section = page.line(sentence).map(|line| line.section);
    let silent = page.triage.as_deref().is_some_and(|triage| WITHOUT_AWARDS.contains(&triage))
        || matches!(section, Some(Section::Contact | Section::Materials | Section::Exclusions));
    !silent && !page.words(List::AwardPunishment).stand_in(page.slice(bounds.start, bounds.end))
}

/// Whether a quantity is something given rather than something required.
pub(crate) fn is_award(page: &Page<'_>, index: usize, binding: Option<&Binding>) -> bool {
    let quantity = page.quantity(index);
    let clause = page.clause(page.clause_of[index]);
    let family = matches!(quantity.family, Family::Money | Family::Percent | Family::Bare | Family::Duration);
    if !family
        || is_bare_range(page, quantity, clause)
        || is_spent_otherwise(page, quantity, clause)
        || excluded(page, quantity, clause.start)
    {
        return false;
    }
    if quantity.family == Family::Duration {
        return is_support_period(page, quantity, clause);
    }
    if is_lent(page, index, clause)
        || is_short(page, quantity, clause)
        || is_bare_limit(page, quantity, clause, binding)
        || is_step(page, index, clause, binding)
    {
        return true;
    }
    let verb = page.hits.last_cue(CueKind::Award, clause.start, quantity.start);
    let named = binding.filter(|binding| matches!(binding.source, Source::Named | Source::Composed));
    match named {
        Some(named) if named.indicator == "loan.amount" && is_limit(page, index, clause.start) => return true,
        Some(named) if is_case(page, quantity, clause, named, verb.map(|verb| verb.start)) => return false,
        _ => {}
    }
    let inherited = binding.is_some_and(|binding| binding.source == Source::Inherited);
    let continued = inherited
        && !gives_behind(page, quantity)
        && verb.is_none()
        && quantity.op.is_some()
        && !(quantity.op == Some(Op::More) && may_reach(page, quantity, clause.start));
    !continued && is_given(page, index, clause, binding, verb.is_some())
}

/// Whether a verb of giving stands where it can mean this number.
fn is_given(page: &Page<'_>, index: usize, clause: Clause, binding: Option<&Binding>, verb: bool) -> bool {
    let quantity = page.quantity(index);
    let behind = page.has(CueKind::Award, quantity.end, clause.end) && binding.is_none();
    let in_clause = verb || gives_behind(page, quantity) || behind;
    let around = || gives_around(page, clause.sentence);
    match quantity.family {
        Family::Percent => {
            around() && is_rate(page, quantity, clause.start) && (in_clause || speaks_of_rates(page, quantity, clause))
        }
        _ if quantity.per.is_some() => around(),
        _ => {
            let open = binding.is_none_or(|binding| !matches!(binding.source, Source::Named | Source::Composed));
            in_clause && near_verb(page, index, clause) || open && is_limit(page, index, clause.start) && around()
        }
    }
}

/// `单笔500-1000万元`: a range says what is given only beside its verb.
fn is_bare_range(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> bool {
    quantity.high.is_some()
        && matches!(quantity.family, Family::Money | Family::Bare)
        && !gives_behind(page, quantity)
        && !adjacent_verb(page, quantity, clause)
}

/// `最高贷款额度为300万元`.
fn is_lent(page: &Page<'_>, index: usize, clause: Clause) -> bool {
    let quantity = page.quantity(index);
    quantity.family == Family::Money
        && page.words(List::AwardLoan).stand_in(page.slice(clause.start, quantity.start))
        && is_limit(page, index, clause.start)
}

/// `按照实际费用的50%`, `奖励比例不超过30%`: the clause itself says that its rate is given.
fn speaks_of_rates(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> bool {
    let before = page.slice(clause.start, quantity.start);
    let bounded =
        page.words(List::AwardRateOpening).at_start(before.trim_start_matches(['最', '多', '高', '但', '且'])).is_some();
    let opens = bounded || opens_rate(page, quantity, clause) || page.words(List::AwardNoun).stand_in(before);
    // The clause in brackets continues the one around it; a rate at the start of a clause the list before it.
    opens
        || before.is_empty()
        || clause.parent.is_some()
        || page.words(List::AwardTax).stand_in(page.slice(clause.start, clause.end))
}

/// `对营业收入1000万元以上的企业给予…`: named, compared, and no verb in between.
fn is_case(page: &Page<'_>, quantity: &Quantity, clause: Clause, named: &Binding, verb: Option<usize>) -> bool {
    let bounded = quantity.op.is_some() || named.op.is_some() || named.source == Source::Composed;
    let capped = matches!(quantity.op, Some(Op::AtMost)) && verb.is_some_and(|verb| verb > named.start);
    let before = &page.text()[..quantity.start];
    let rate_of = quantity.family == Family::Percent
        && quantity.op.is_none()
        && before.ends_with('的')
        && opens_rate(page, quantity, clause);
    bounded && !capped && !rate_of && verb.is_none_or(|verb| verb < named.start)
}

/// `4A级的奖20万元`, `贷款额度可上浮10万元`: the word directly before the number says it all.
fn is_short(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> bool {
    let before = page.slice(clause.start, quantity.number_start);
    let raised = || {
        page.hits
            .last_cue(CueKind::Increment, clause.start, quantity.number_start)
            .is_some_and(|cue| cue.end == quantity.number_start)
    };
    let lent = || page.words(List::AwardLoan).stand_in(before) || gives_around(page, clause.sentence);
    quantity.family != Family::Percent && raised() && lent()
        || page.words(List::AwardShortVerb).at_end(before).is_some()
        || continues_short(page, quantity, clause)
}

/// `依次奖60万元、25万元、8万元`: the list the short verb opens.
fn continues_short(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> bool {
    let mut start = quantity.number_start;
    for _ in 0..MOST_LIST {
        let before = page.slice(clause.start, start);
        let Some(before) = before.strip_suffix('、') else {
            return start < quantity.number_start && page.words(List::AwardShortVerb).at_end(before).is_some();
        };
        let end = clause.start + before.len();
        let at = page.tokens.quantities.partition_point(|other| other.end < end);
        match page.tokens.quantities.get(at) {
            Some(other) if other.end == end && other.family == quantity.family => start = other.number_start,
            _ => return false,
        }
    }
    false
}

/// `按年度投资额的5%`: what the rate is of stands behind 按.
fn opens_rate(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> bool {
    page.words(List::AwardRateStart).stand_in(page.slice(clause.start, quantity.start))
}

/// `最高不超过100万元`, whatever stands around it.
fn is_bare_limit(page: &Page<'_>, quantity: &Quantity, clause: Clause, binding: Option<&Binding>) -> bool {
    let before = page.slice(clause.start, quantity.number_start);
    quantity.family == Family::Money
        && page.words(List::AwardLimitBare).at_end(before).is_some()
        && binding.is_none_or(|binding| !matches!(binding.source, Source::Named | Source::Composed))
        && (page.phrase || gives_around(page, clause.sentence))
}

/// `…给予50万元奖励,省级30万元`, `博士8万元、硕士5万元`: the verb stands once, before the first step.
fn is_step(page: &Page<'_>, index: usize, clause: Clause, binding: Option<&Binding>) -> bool {
    let quantity = page.quantity(index);
    let named = binding.is_some_and(|binding| matches!(binding.source, Source::Named | Source::Composed));
    let amount = matches!(quantity.family, Family::Money | Family::Bare | Family::Percent);
    let bounded = matches!(quantity.op, Some(Op::AtLeast | Op::More | Op::Less));
    let headed = header(page, clause);
    if !amount || named && !headed || bounded {
        return false;
    }
    let before = page.slice(clause.start, quantity.start);
    let own = before.rsplit(['、', '和']).next().unwrap_or_default();
    let after = tail(page.text(), quantity.end, 2);
    let ends = after.is_empty()
        || after.starts_with(['、', ',', ';', '。', ')', '(', '\n', '和', '及', '的'])
        || gives_behind(page, quantity);
    let tier = page.words(List::AwardTier).stand_in(own) || headed;
    let bounds = page.sentence(clause.sentence);
    let told = headed || page.has(CueKind::Award, bounds.start, quantity.start) || gives_around(page, clause.sentence);
    tier && ends && told && own.chars().count() <= MOST_STEP_CHARACTERS + own.matches('(').count() * 8
}

/// Whether the first sentence of the line, or the line that heads its list, announces amounts: `额度不超过以下标准:`.
pub(super) fn header(page: &Page<'_>, clause: Clause) -> bool {
    header_of(page, clause.sentence).is_some()
}

/// The words of the header that announces amounts.
pub(super) fn header_of<'p>(page: &'p Page<'_>, sentence: usize) -> Option<&'p str> {
    let line = page.line(sentence)?;
    let own = page.outline.sentences.partition_point(|other| other.start < line.body);
    let lists = page.words(List::AwardHeader);
    let announces = |start: usize, end: usize| {
        let slice = page.slice(start, end);
        let (_, at) = lists.first(slice)?;
        let colon = slice[at..].find(':')?;
        (slice[at..at + colon].chars().count() <= 10 && page.has(CueKind::Award, start, start + at + colon))
            .then(|| &slice[..at + colon])
    };
    let first = page.sentence(own);
    let above = line.list.and_then(|list| page.outline.lines.get(list));
    announces(first.start, first.end)
        .or_else(|| above.and_then(|above| announces(head_start(page, above.start, above.end), above.end)))
}

/// Where the last hundred characters of a line start.
fn head_start(page: &Page<'_>, start: usize, end: usize) -> usize {
    end - head(page.slice(start, end), 100).len()
}

/// Budgets, targets and reports tell amounts that nobody can apply for.
fn is_spent_otherwise(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> bool {
    let bounds = page.sentence(clause.sentence);
    let lasting = quantity.family == Family::Duration
        && page.words(List::AwardPeriodOpening).at_end(page.slice(clause.start, quantity.number_start)).is_some();
    let adjacent = lasting || gives_behind(page, quantity) || adjacent_verb(page, quantity, clause);
    let reported = page.words(List::AwardReported).stand_in(page.slice(clause.start, clause.end));
    let section = page.line(clause.sentence).map(|line| line.section);
    let telling = page.triage.as_deref().is_some_and(|triage| TELLING.contains(&triage))
        || matches!(section, Some(Section::Target | Section::Division));
    let limit = page.words(List::AwardLimit).stand_in(head(page.slice(clause.start, quantity.number_start), MOST_LIMIT_DISTANCE));
    let rate = quantity.family == Family::Percent
        && page.words(List::AwardRateOpening).stand_in(page.slice(clause.start, quantity.start));
    let bounded = limit || rate || quantity.op == Some(Op::AtMost) || quantity.per.is_some();
    let budget = page.has(CueKind::Budget, bounds.start, clause.end) && !bounded && !adjacent_verb(page, quantity, clause);
    let other = [CueKind::Target, CueKind::Service].into_iter().any(|kind| page.has(kind, bounds.start, bounds.end));
    budget
        || reported && !bounded
        || telling && !adjacent && !bounded && quantity.family != Family::Percent
        || other && !adjacent && !bounded
}

/// The verb directly before the quantity: `奖励30万元`, `给予一次性30万元`.
fn adjacent_verb(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> bool {
    page.hits
        .last_cue(CueKind::Award, clause.start, quantity.start)
        .is_some_and(|cue| page.slice(cue.end, quantity.start).chars().count() <= 10)
}

/// `再奖励30万元`, `30万元的一次性奖励`: the verb stands near.
fn near_verb(page: &Page<'_>, index: usize, clause: Clause) -> bool {
    let quantity = page.quantity(index);
    let before = page.hits.last_cue(CueKind::Award, clause.start, quantity.start);
    let close = before.is_some_and(|cue| page.slice(cue.end, quantity.start).chars().count() <= MOST_VERB_DISTANCE);
    close || gives_behind(page, quantity) || is_limit(page, index, clause.start) || in_list(page, index)
}

/// A number of a list whose verb stands behind it or before its first number, with or without names between.
fn in_list(page: &Page<'_>, index: usize) -> bool {
    let quantity = page.quantity(index);
    let listed = |end: usize| page.text().get(end..).is_some_and(|rest| rest.starts_with('、'));
    let previous = index.checked_sub(1).map(|index| page.quantity(index)).filter(|previous| {
        let between = page.slice(previous.end, quantity.start);
        previous.family == quantity.family
            && between.starts_with('、')
            && between.chars().count() <= MOST_STEP_CHARACTERS
            && !between.contains([',', '的', ';'])
    });
    listed(quantity.end) || previous.is_some()
}

/// `30万元的一次性资金奖励`: behind the number its noun or verb.
pub(super) fn gives_behind(page: &Page<'_>, quantity: &Quantity) -> bool {
    let mut rest = tail(page.text(), quantity.end, 20);
    let mut linked = false;
    for _ in 0..6 {
        let noun = page.words(List::AwardTail).at_start(rest).or_else(|| page.words(List::AwardGive).at_start(rest));
        if let Some(length) = noun {
            // 5亿元以上的补助1000万元, 2亿元的给予投资额1%的奖励: the verb of the next number.
            let verb = page.words(List::AwardGive).at_start(rest) == Some(length);
            let own = rest[length..].split([',', ';', '。', '、']).next().unwrap_or_default();
            let next = own.starts_with(|next: char| next.is_ascii_digit())
                || verb && linked && own.contains(|next: char| next.is_ascii_digit());
            return !next;
        }
        let Some(length) = page.words(List::AwardFiller).at_start(rest) else { return false };
        linked |= &rest[..length] == "的";
        rest = &rest[length..];
    }
    false
}

/// Whether support is spoken of in the sentence or directly around it.
fn gives_around(page: &Page<'_>, sentence: usize) -> bool {
    let has = |index: usize| {
        let bounds = page.sentence(index);
        page.has(CueKind::Award, bounds.start, bounds.end)
    };
    has(sentence) || sentence > 0 && has(sentence - 1) || has(sentence + 1) || has(first_of_series(page, sentence))
}

/// The first part of a series joined by semicolons: `资助额度:甲类不超过4万元;乙类不超过3万元;…`.
fn first_of_series(page: &Page<'_>, sentence: usize) -> usize {
    let mut first = sentence;
    for _ in 0..MOST_LIST {
        let Some(before) = first.checked_sub(1) else { break };
        let (one, other) = (page.sentence(before), page.sentence(first));
        // A line that was only wrapped goes on with the series, a numbered one begins something else.
        let apart = one.line != other.line && page.line(first).is_none_or(|line| line.mark.is_some() || line.heading);
        if apart || !page.slice(one.end, other.start).starts_with(';') {
            break;
        }
        first = before;
    }
    first
}

/// Whether a quantity is an upper limit.
pub(super) fn is_limit(page: &Page<'_>, index: usize, from: usize) -> bool {
    let quantity = page.quantity(index);
    // 由40万元调整为50万元: the limit stands before the old amount.
    let changed = page.words(List::AwardChanged).at_end(page.slice(from, quantity.number_start)).is_some();
    let before = index.checked_sub(1).filter(|_| !changed).map(|index| page.quantity(index).end);
    let previous = before.map_or(from, |end| end.clamp(from, quantity.number_start));
    let reach = if changed { MOST_LIMIT_DISTANCE * 2 } else { MOST_LIMIT_DISTANCE };
    let near = head(page.slice(previous, quantity.number_start), reach);
    // 单户500万元以下小微企业: a bound behind the number is that of a case, unless what is given follows.
    let case = quantity.op_behind && !gives_behind(page, quantity);
    let for_limit = page.words(List::AwardLimitBehind).at_start(tail(page.text(), quantity.number_end, 8)).is_some();
    for_limit || !case && matches!(operator(page, index), Some(Op::AtMost)) || page.words(List::AwardLimit).stand_in(near)
}

/// `按…的10%`, `不超过实际支出50%`, `设备购置额的10%~15%`.
fn is_rate(page: &Page<'_>, quantity: &Quantity, from: usize) -> bool {
    let before = page.slice(from, quantity.start);
    let after = tail(page.text(), quantity.end, 14);
    let instalment = after.contains("拨付") || before.ends_with('各');
    let opens = page.words(List::AwardRateStart).stand_in(before);
    let case = after.starts_with('的') && !opens && !gives_behind(page, quantity);
    // 占专项资金总额的10%: a part of the fund, given to nobody.
    let share = before.rsplit([',', '、']).next().is_some_and(|words| words.starts_with('占'));
    !instalment
        && !case
        && !share
        && !page.words(List::AwardPayout).stand_in(page.slice(from, quantity.end))
        && (!matches!(quantity.op, Some(Op::AtLeast | Op::More)) || gives_behind(page, quantity))
        && (page.words(List::AwardRateSign).stand_in(before)
            || before.ends_with('的')
            || matches!(quantity.op, Some(Op::AtMost))
            || gives_behind(page, quantity)
            || before.ends_with(['、', '/'])
            || before.is_empty())
}

/// Amounts that are no support although its words stand near: invoices, thresholds of the fund, divisors, instalments.
fn excluded(page: &Page<'_>, quantity: &Quantity, from: usize) -> bool {
    let before = page.slice(from, quantity.start);
    let whole = page.slice(from, quantity.number_start);
    let after = tail(page.text(), quantity.end, 8);
    // 单价不超过30万元的乘用车: what is given stands nowhere near.
    let case = quantity.family == Family::Money
        && quantity.per.is_none()
        && after.starts_with('的')
        && !gives_behind(page, quantity)
        && page.hits.last_cue(CueKind::Award, from, quantity.start).is_none();
    case || page.words(List::AwardNotBehind).at_start(after).is_some()
        || before.ends_with('共') && before.trim_end_matches('共').is_empty()
        || matches!(quantity.op, Some(Op::More | Op::AtLeast))
            && !gives_behind(page, quantity)
            && !may_reach(page, quantity, from)
        || names_other(page, quantity, before)
        || names_other(page, quantity, whole)
        || quantity.op == Some(Op::More) && page.words(List::AwardNotBefore).stand_in(before)
        || quantity.family == Family::Money && page.words(List::AwardPayout).stand_in(head(before, MOST_LIMIT_DISTANCE))
        || whole.ends_with("总额") && !page.words(List::AwardOwnSubject).stand_in(before.trim_end_matches("总额"))
}

/// `最高奖励可达200万元`: the word of reaching is that of a limit.
fn may_reach(page: &Page<'_>, quantity: &Quantity, from: usize) -> bool {
    let before = page.slice(from, quantity.number_start);
    let reached = before.ends_with('达') && page.words(List::AwardLimit).stand_in(head(before, MOST_LIMIT_DISTANCE));
    // 合计不突破200万元
    reached || page.words(List::AwardLimit).at_end(before).is_some()
}

/// `营业收入1000万元`: the noun before the number is of something else; of a rate it may be what the rate is of.
fn names_other(page: &Page<'_>, quantity: &Quantity, before: &str) -> bool {
    let word = page.words(List::AwardNotBefore).at_end(before).map(|length| &before[before.len() - length..]);
    word.is_some_and(|word| quantity.family != Family::Percent || word.trim_end().ends_with(['率', '例', '比', '达', '受']))
}

/// `贴息期不超过3年`, `连续补贴3年`.
fn is_support_period(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> bool {
    let before = page.slice(clause.start, quantity.number_start);
    let bounds = page.sentence(clause.sentence);
    let bare = before.trim_start_matches(['最', '高', '长', '不', '得', '超', '过']).is_empty()
        && page.has(CueKind::Award, bounds.start, clause.start);
    let about = bare || gives_behind(page, quantity) || page.words(List::AwardPeriod).stand_in(before);
    let limit = matches!(quantity.op, Some(Op::AtMost)) || page.words(List::AwardPeriodOpening).at_end(before).is_some();
    about
        && limit
        && !page.words(List::AwardPeriodNone).stand_in(page.slice(clause.start, quantity.end))
        && page.has(CueKind::Award, bounds.start, quantity.end.max(clause.start + before.len()))
}

/// Whether two neighbours stand in one list, with or without names between: `20万元、5万元`, `博士8万元、硕士5万元`.
pub(super) fn neighbours(page: &Page<'_>, one: usize, other: usize) -> bool {
    if other != one + 1 {
        return false;
    }
    let (one, other) = (page.quantity(one), page.quantity(other));
    let between = page.slice(one.end, other.start);
    listed(page, one, other)
        || between.starts_with(['、', '和', '/', '('])
            && between.chars().count() <= MOST_STEP_CHARACTERS + 2
            && !between.contains([',', ';'])
}
