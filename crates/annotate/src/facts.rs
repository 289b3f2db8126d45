//! Conditions without numbers: facts and their denial; titles and kinds of enterprise are read in modules of their own.

use std::collections::BTreeMap;

use model::{Condition, Op, Value, What};
use rust_decimal::Decimal;

use crate::lexicon::{Hit, within};
use crate::outline::Clause;
use crate::page::{Draft, Page};
use crate::rules::{CueKind, Fact, Polarity};

/// How far a gap in a cue may reach, in characters.
const MOST_GAP: usize = 20;

/// The conditions without numbers of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    if !page.may_set_conditions(sentence) {
        return Vec::new();
    }
    let mut drafts = stated_facts(page, sentence);
    drafts.extend(crate::titles::read(page, sentence));
    drafts.extend(crate::standing::read(page, sentence));
    drafts
}

/// Facts and their denials; each indicator once a clause.
fn stated_facts(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let hits = within(&page.hits.facts, bounds.start, bounds.end);
    let clauses = page.outline.clauses_at(hits.iter().map(|hit| hit.start));
    let mut drafts: Vec<Draft> = Vec::new();
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    let mut covered = 0;
    for (hit, clause_index) in hits.iter().zip(clauses) {
        let clause = page.clause(clause_index);
        let fact = &page.rules.facts[usize::from(hit.what.0)];
        let Some(end) = whole_cue(page, fact, hit, clause) else { continue };
        // A category of what stands before it: 拖欠工资等违法违规信用记录.
        if hit.start < covered
            || (!drafts.is_empty()
                && page.slice(clause.start, hit.start).ends_with('等')
                && last.values().any(|at| *at == clause_index))
        {
            covered = covered.max(end);
            continue;
        }
        let Some(mut draft) = stated(page, sentence, fact, Stretch { start: hit.start, end, clause }) else { continue };
        covered = end;
        let repeated = last.get(fact.indicator.as_str()).is_some_and(|at| *at == clause_index || clause.previous == Some(*at));
        last.insert(&fact.indicator, clause_index);
        if repeated
            && fact.polarity != Polarity::Forbidden
            && let Some(earlier) = drafts.iter_mut().rev().find(|draft| is_about(draft, &fact.indicator))
        {
            earlier.end = earlier.end.max(draft.end);
            continue;
        }
        carry_period(page, fact, clause, &mut draft);
        drafts.push(draft);
    }
    drafts
}

/// Whether a draft is a condition on an indicator.
pub(crate) fn is_about(draft: &Draft, indicator: &str) -> bool {
    matches!(&draft.what, What::Condition(condition) if condition.indicator == indicator)
}

/// A cue found in a clause.
#[derive(Clone, Copy)]
struct Stretch {
    start: usize,
    end: usize,
    clause: Clause,
}

/// The end of a cue with gaps, if all its parts stand in the clause.
fn whole_cue(page: &Page<'_>, fact: &Fact, hit: &Hit<(u16, u16)>, clause: Clause) -> Option<usize> {
    let mut end = hit.end;
    for part in fact.cues[usize::from(hit.what.1)].split('…').skip(1) {
        let part = model::text::fold(part);
        let rest = page.slice(end, page.sentence(clause.sentence).end);
        let at = rest.find(part.as_str())?;
        let gap = &rest[..at];
        if gap.chars().nth(MOST_GAP).is_some()
            || gap.contains([',', '。', ';'])
            || gap.chars().any(|character| character.is_ascii_digit())
        {
            return None;
        }
        end += at + part.len();
    }
    Some(end)
}

/// The draft of a fact, if its polarity suits the words around it.
fn stated(page: &Page<'_>, sentence: usize, fact: &Fact, stretch: Stretch) -> Option<Draft> {
    let denial = denied_at(page, stretch);
    let refused = page.is_refused(sentence, stretch.start);
    let negated = match (fact.polarity, denial.is_some(), refused) {
        (Polarity::Adverse, true, false) | (Polarity::Adverse, false, true) => true,
        (Polarity::Adverse, true, true) => return None,
        (Polarity::Adverse, false, false) => return None,
        (Polarity::Asserted, denied, refused) if denied != refused => true,
        (Polarity::Asserted, _, _) => false,
        (Polarity::Inverse, denied, refused) if denied != refused => false,
        (Polarity::Inverse, _, _) => return None,
        (Polarity::Forbidden, _, _) => true,
    };
    let start = match (fact.polarity, denial) {
        (Polarity::Forbidden, _) => stretch.clause.previous.map_or(stretch.clause.start, |previous| page.clause(previous).start),
        (_, Some(denial)) => denial,
        (Polarity::Asserted, None) => asserted_from(page, stretch),
        (_, None) => {
            if page.clause(0).sentence == sentence || refused {
                refused_from(page, stretch)
            } else {
                stretch.start
            }
        }
    };
    let (start, end) = page.trimmed(start, fact_end(page, stretch));
    let value = match (fact.value, fact.words.is_empty()) {
        (Some(number), _) => Value::Number(Decimal::from(number)),
        (None, false) => Value::List(fact.words.clone()),
        (None, true) => Value::Bool(true),
    };
    let mut condition = Condition::new(&fact.indicator, fact.op.unwrap_or(Op::Is), value);
    if fact.value.is_some() {
        condition.value_base = Some(condition.value.clone());
        (condition.unit, condition.unit_base) = (fact.unit.clone(), fact.unit.clone());
    }
    condition.negated = negated;
    if fact.indicator == "limit.quota" {
        let bounds = page.sentence(sentence);
        condition.period = within(&page.hits.periods, bounds.start, stretch.start)
            .last()
            .map(|hit| page.rules.units.period[usize::from(hit.what)].value.clone());
    }
    Some(Draft { what: What::Condition(condition), start, end, confidence: 0.88, rule: "fact", sentence })
}

/// Verbs with which an asserted fact starts.
const ASSERTING: [&str; 8] = ["具有", "拥有", "具备", "取得", "符合", "应为", "是", "为"];

fn asserted_from(page: &Page<'_>, stretch: Stretch) -> usize {
    let before = page.slice(stretch.clause.start, stretch.start);
    let verb = ASSERTING.iter().filter_map(|verb| before.rfind(verb).map(|at| (at, verb.len()))).max();
    match verb {
        Some((at, length)) if before[at + length..].chars().count() <= 6 => {
            stretch.clause.start + if ["是", "为", "应为"].contains(&&before[at..at + length]) { at + length } else { at }
        }
        _ => stretch.start,
    }
}

/// `被列入…`: a refused fact starts at its verb.
fn refused_from(page: &Page<'_>, stretch: Stretch) -> usize {
    let before = page.slice(stretch.clause.start, stretch.start);
    let verb = ["被列入", "被纳入", "列入", "纳入", "存在", "发生", "有", "受到", "因"]
        .iter()
        .filter_map(|verb| before.rfind(verb))
        .max();
    let start = match verb {
        Some(at) if before[at..].chars().count() <= 16 => stretch.clause.start + at,
        _ => stretch.start,
    };
    let period = within(&page.hits.periods, stretch.clause.start, start).last();
    period.filter(|hit| page.slice(hit.end, start).chars().count() <= 6).map_or(start, |hit| hit.start)
}

/// Nouns that may end a fact: 记录, 行为, 名单 …
const TAILS: [&str; 14] = [
    "等违法违规信用记录",
    "等违法违规行为",
    "信用记录",
    "记录",
    "行为",
    "名单",
    "情形",
    "情况",
    "范围",
    "企业",
    "机构",
    "费",
    "名录",
    "、违规行为",
];

fn fact_end(page: &Page<'_>, stretch: Stretch) -> usize {
    let mut end = stretch.end;
    for _ in 0..2 {
        let rest = page.slice(end, stretch.clause.end.max(end));
        if let Some(tail) = TAILS.iter().find(|tail| rest.starts_with(**tail)) {
            end += tail.len();
        }
    }
    end
}

/// Where the denial of a fact starts, with the period written before it: `近三年未发生…事故`.
fn denied_at(page: &Page<'_>, stretch: Stretch) -> Option<usize> {
    let Stretch { start, clause, end } = stretch;
    // 未 may stand inside the cue itself: 未受到…处罚 never does, 无…记录 may.
    let before = within(page.hits.cues(CueKind::Negator), clause.start, start);
    let negator = before.iter().rev().find(|hit| {
        let between = page.slice(hit.end, start);
        !is_part_of_a_word(page, hit) && !between.contains("的企业") && !between.contains("且")
    });
    let Some(negator) = negator else {
        // 不欠工资, 不亏损
        let close = page.text()[..start].ends_with('不').then(|| start - '不'.len_utf8());
        return close.or_else(|| page.slice(start, end).starts_with('不').then_some(start));
    };
    let period = within(&page.hits.periods, clause.start, negator.start).last();
    let near = period.filter(|hit| page.slice(hit.end, negator.start).chars().count() <= 24);
    Some(near.map_or(negator.start, |hit| hit.start))
}

/// 非 in 非常, 无 in 无锡, 不在 before 不在于 are no negation.
fn is_part_of_a_word(page: &Page<'_>, hit: &Hit<()>) -> bool {
    let rest = page.slice(hit.end, page.text().len().min(hit.end + 6));
    match page.slice(hit.start, hit.end) {
        "非" => rest.starts_with(['常', '遗', '公', '法', '物']),
        "无" => rest.starts_with(['锡', '人', '线', '纺', '偿', '形', '论', '需']),
        "未" => rest.starts_with(['来', '成', '按']),
        _ => false,
    }
}

/// A period written before goes on for facts that are counted over years.
fn carry_period(page: &Page<'_>, fact: &Fact, clause: Clause, draft: &mut Draft) {
    if !fact.period {
        return;
    }
    let own = page.period_before(clause, draft.end).filter(|(period, _)| period.starts_with("last_"));
    let mut found = own.map(|(period, _)| period);
    let mut at = clause;
    for _ in 0..2 {
        if found.is_some() {
            break;
        }
        let Some(previous) = at.previous else { break };
        at = page.clause(previous);
        let denies = page.has(CueKind::Negator, at.start, at.end);
        let goes_on = denies || fact.polarity == Polarity::Asserted;
        found =
            page.period_before(at, at.end).filter(|(period, _)| goes_on && period.starts_with("last_")).map(|(period, _)| period);
    }
    if let What::Condition(condition) = &mut draft.what {
        condition.period = found;
    }
}
