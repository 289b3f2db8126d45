//! Conditions without numbers: facts and their denial; titles and kinds of enterprise are read in modules of their own.

use std::collections::BTreeMap;

use model::{Condition, Op, Value, What};
use rust_decimal::Decimal;

use crate::lexicon::{Hit, within};
use crate::outline::Clause;
use crate::page::{Draft, Page};
use crate::rules::{CueKind, Fact, Polarity, WordingKind};

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
    if let Some(limit) = crate::aid::read(page, sentence) {
        // 不得重复申报 says the same again.
        drafts.retain(|draft| !is_about(draft, "limit.duplicate"));
        drafts.push(limit);
    }
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
        if is_other_thing(page, fact, (hit.start, end), clause) {
            continue;
        }
        let Some(mut draft) = stated(page, sentence, fact, Stretch { start: hit.start, end, clause }) else { continue };
        covered = end;
        let near = last.get(fact.indicator.as_str()).is_some_and(|at| *at == clause_index || clause.previous == Some(*at));
        last.insert(&fact.indicator, clause_index);
        carry_period(page, fact, clause, &mut draft);
        // The same fact once a sentence, unless it is asked for over other years.
        if fact.polarity != Polarity::Forbidden
            && let Some(earlier) = drafts.iter_mut().rev().find(|earlier| says_the_same(earlier, &draft, near))
        {
            if near {
                earlier.end = earlier.end.max(draft.end);
            }
            continue;
        }
        drafts.push(draft);
    }
    drafts
}

/// Whether a fact repeats an earlier one of its sentence.
fn says_the_same(earlier: &Draft, draft: &Draft, near: bool) -> bool {
    match (&earlier.what, &draft.what) {
        (What::Condition(one), What::Condition(other)) => {
            let own = other.period.is_some() && one.period.is_some() && one.period != other.period;
            one.indicator == other.indicator && one.negated == other.negated && !own && (near || one.period == other.period)
        }
        _ => false,
    }
}

/// 违法建设 is no offence on record, 拥有专利5件 a number's business.
fn is_other_thing(page: &Page<'_>, fact: &Fact, (start, end): (usize, usize), clause: Clause) -> bool {
    let rest = page.slice(end, clause.end.max(end));
    let near = &rest[..rest.find(['(', ',', '、']).unwrap_or(rest.len())];
    let counted = fact.value.is_some()
        && (near.chars().take(9).any(|character| character.is_ascii_digit())
            || page.rules.words(WordingKind::RightOnly).any(|word| rest.starts_with(word)));
    let adverse = fact.polarity == Polarity::Adverse;
    let other = adverse && page.rules.words(WordingKind::OtherAct).any(|word| rest.starts_with(word));
    // 开展联合惩戒: what authorities do.
    let before = page.slice(clause.start, start.max(clause.start));
    let done = adverse
        && ["开展", "实施", "加强", "强化", "完善", "免予", "免于", "不予", "从轻", "减轻", "将"]
            .iter()
            .any(|word| before.ends_with(word));
    // 将违法行为记入档案: what is recorded of it.
    let recorded = adverse && before.contains('将') && ["记入", "计入", "载入"].iter().any(|word| rest.contains(word));
    // 缩减外商投资准入负面清单: of the list itself.
    let inverse = fact.polarity == Polarity::Inverse;
    let within_list = || ["之内", "内涉及", "以内"].iter().any(|word| rest.starts_with(word));
    let cut = inverse && (["准入", "缩减", "压减", "制定"].iter().any(|word| before.ends_with(word)) || within_list());
    counted || other || done || recorded || cut || is_of_a_part(page, fact, (start, end), rest)
}

/// `大专以上学历的人员占30%以上`, `纳入规模以上统计`: said of a part of the staff, or a fact of its own.
fn is_of_a_part(page: &Page<'_>, fact: &Fact, (start, end): (usize, usize), rest: &str) -> bool {
    const NEAR: usize = 24;
    if fact.polarity != Polarity::Asserted || !fact.indicator.starts_with("free:") {
        return false;
    }
    let reach = rest.char_indices().nth(NEAR).map_or(rest.len(), |(at, _)| at);
    let shares = ["占", "比例", "比重", "人数"].iter().any(|word| rest[..reach].contains(word));
    let part = !fact.words.is_empty() && (shares || rest.contains("人员") && rest.contains(['%', '成']));
    part || !within(&page.hits.scales, start, end).is_empty()
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
        if fact.value.is_some() && gap.contains(['、', '及', '和'])
            || gap.chars().nth(MOST_GAP).is_some()
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
    let denial = denied_at(page, stretch, fact.polarity == Polarity::Asserted);
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
    Some(Draft { what: What::Condition(condition), start, end, confidence: 0.88, rule: "fact", sentence })
}

fn asserted_from(page: &Page<'_>, stretch: Stretch) -> usize {
    let before = page.slice(stretch.clause.start, stretch.start);
    let verb = page.rules.words(WordingKind::Asserting).filter_map(|verb| before.rfind(verb).map(|at| (at, verb.len()))).max();
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
    let verb = page.rules.words(WordingKind::Incurring).filter_map(|verb| before.rfind(verb)).max();
    let start = match verb {
        Some(at) if before[at..].chars().count() <= 16 => stretch.clause.start + at,
        _ => stretch.start,
    };
    let period = within(&page.hits.periods, stretch.clause.start, start).last();
    period.filter(|hit| page.slice(hit.end, start).chars().count() <= 6).map_or(start, |hit| hit.start)
}

fn fact_end(page: &Page<'_>, stretch: Stretch) -> usize {
    let mut end = stretch.end;
    for _ in 0..2 {
        let rest = page.slice(end, stretch.clause.end.max(end));
        if let Some(tail) = page.rules.words(WordingKind::FactTail).find(|tail| rest.starts_with(*tail)) {
            end += tail.len();
        }
    }
    end
}

/// Where the denial of a fact starts, with the period written before it: `近三年未发生…事故`.
fn denied_at(page: &Page<'_>, stretch: Stretch, asserted: bool) -> Option<usize> {
    let Stretch { start, clause, end } = stretch;
    let before = within(page.hits.cues(CueKind::Negator), clause.start, start);
    let slice = page.slice(clause.start, start);
    let forbidding = page.rules.words(WordingKind::Denying).filter_map(|word| slice.rfind(word)).max();
    let negator = before.iter().rev().filter(|hit| !is_part_of_a_word(page, hit)).map(|hit| hit.start);
    let negator = negator.chain(forbidding.map(|at| clause.start + at)).find(|at| {
        let between = page.slice(*at, start);
        // 未使用过贷款的多子女家庭: what is denied is said of the family.
        // (不含港澳台地区)具有法人资格: a note that is closed before the fact.
        let noted = between.find(')').is_some_and(|close| !between[..close].contains('('));
        let of_another = asserted && between.ends_with('的');
        !of_another
            && !noted
            && !between.contains("的企业")
            && !between.contains("的单位")
            && (!between.contains("且") || between.contains("或"))
    });
    let Some(negator) = negator else {
        // 不欠工资, 不亏损
        let close = page.text()[..start].ends_with('不').then(|| start - '不'.len_utf8());
        let cue = page.slice(start, end);
        return close.or_else(|| (cue.starts_with('不') && !cue.starts_with("不良")).then_some(start));
    };
    let period = within(&page.hits.periods, clause.start, negator).last();
    let near = period.filter(|hit| page.slice(hit.end, negator).chars().count() <= 24);
    Some(near.map_or(negator, |hit| hit.start))
}

/// 非 in 非常, 无 in 无锡, 不在 before 不在于 are no negation.
fn is_part_of_a_word(page: &Page<'_>, hit: &Hit<()>) -> bool {
    let rest = page.text().get(hit.end..).unwrap_or_default();
    match page.slice(hit.start, hit.end) {
        "非" => rest.starts_with(['常', '遗', '公', '法', '物', '正']),
        "无" => rest.starts_with(['锡', '人', '线', '纺', '偿', '形', '论', '需']),
        "未" => rest.starts_with(['来', '成', '按', '婚', '就']),
        _ => false,
    }
}

/// The period a fact is asked for: written in its own clause, or carried on from the clauses before where facts are
/// counted over years.
fn carry_period(page: &Page<'_>, fact: &Fact, clause: Clause, draft: &mut Draft) {
    let within_years = |period: &String| period.starts_with("last_") || period.starts_with("current_");
    let own = page.period_before(clause, draft.end).map(|(period, _)| period).filter(within_years);
    let mut found = since(page, clause, draft.end).or(own);
    let mut at = clause;
    for _ in 0..2 {
        if found.is_some() || !fact.period {
            break;
        }
        let Some(previous) = at.previous else { break };
        at = page.clause(previous);
        let denies = page.has(CueKind::Negator, at.start, at.end);
        let goes_on =
            denies || fact.polarity == Polarity::Asserted || page.line(clause.sentence).is_some_and(|line| line.refused);
        found = page.period_before(at, at.end).map(|(period, _)| period).filter(|period| goes_on && within_years(period));
    }
    let counted = fact.period || fact.indicator.starts_with("credit.") || fact.indicator.starts_with("free:");
    let found = found.or_else(|| period_of_header(page, clause.sentence).filter(within_years));
    if counted && let What::Condition(condition) = &mut draft.what {
        condition.period = found;
    }
}

/// `近三年有下列情形的,不得申报:`: the period of the header holds for what it refuses.
fn period_of_header(page: &Page<'_>, sentence: usize) -> Option<String> {
    let line = page.line(sentence).filter(|line| line.refused)?;
    let header = page.outline.lines.get(line.list?)?;
    let end = page.hits.cue(CueKind::Listing, header.start, header.end)?.start;
    let value = |hit: &Hit<u16>| page.rules.units.period[usize::from(hit.what)].value.clone();
    within(&page.hits.periods, header.start, end).iter().map(value).rfind(|period| period.starts_with("last_"))
}

/// `自2020年1月1日起出现…`: a period that starts on a day.
fn since(page: &Page<'_>, clause: Clause, end: usize) -> Option<String> {
    let from = page.tokens.dates.partition_point(|date| date.start < clause.start);
    let token = page.tokens.dates[from..].iter().take_while(|date| date.end <= end).last()?;
    let date = token.date(None).filter(|_| token.day.is_some())?;
    let rest = page.slice(token.end, end);
    let starts = ["起", "以来", "以后", "之后", "后", "至今"].iter().any(|word| rest.starts_with(word));
    starts.then(|| format!("since_{date}"))
}
