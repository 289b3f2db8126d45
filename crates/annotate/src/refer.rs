//! Requirements without a number of their own: thresholds by reference (`应高于同期银行贷款利率`) and growth without a
//! rate (`近三年持续增长`).

use model::{Condition, Op, Value, What};
use rust_decimal::Decimal;

use crate::lexicon::{Hit, within};
use crate::outline::Clause;
use crate::page::{Draft, Page};
use crate::rules::{Section, WordKind};
use crate::token::Family;

/// The longest reference, in characters.
const MOST_REFERENCE: usize = 24;
/// Words that say that something grows.
const GROWS: [&str; 6] = ["持续增长", "连续增长", "正增长", "实现增长", "逐年增长", "不下降"];
/// What may stand between a name and these words.
const BEFORE_GROWTH: [&str; 8] = ["整体", "均", "连续", "保持", "实现", "同比", "较上年", "呈"];

/// The requirements of one sentence that name no number.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    if !page.may_set_conditions(sentence) {
        return Vec::new();
    }
    let strict =
        page.phrase || matches!(page.line(sentence).map(|line| line.section), Some(Section::Conditions | Section::Exclusions));
    let bounds = page.sentence(sentence);
    let mut drafts = Vec::new();
    for hit in within(&page.hits.aliases, bounds.start, bounds.end) {
        let indicator = &page.rules.indicators[usize::from(hit.what)];
        let family = Family::of(indicator.unit_family.as_deref().unwrap_or("none"));
        if indicator.value_type != "num" {
            continue;
        }
        let Some(clause) = clause_at(page, sentence, hit.start) else { continue };
        let found = by_reference(page, hit, clause, &indicator.id).or_else(|| {
            (strict && matches!(family, Family::Money | Family::Count | Family::MoneyFx))
                .then(|| growing(page, hit, clause, &indicator.id, &indicator.name))
                .flatten()
        });
        if let Some((mut condition, end)) = found {
            condition.period = condition.period.or_else(|| page.period_before(clause, hit.start).map(|(period, _)| period));
            condition.negated = page.is_refused(sentence, end);
            let what = What::Condition(condition);
            drafts.push(Draft { what, start: hit.start, end, confidence: 0.75, rule: "number.reference", sentence });
        }
    }
    drafts
}

/// The clause of a sentence a byte lies in; a few closed parentheses may stand before it.
fn clause_at(page: &Page<'_>, sentence: usize, at: usize) -> Option<Clause> {
    let clauses = page.outline.clauses.get(page.clauses_of(sentence))?;
    let started = clauses.partition_point(|clause| clause.start <= at);
    clauses[..started].iter().rev().take(MOST_CLOSED).find(|clause| clause.end > at).copied()
}

/// More parentheses than this are not looked past.
const MOST_CLOSED: usize = 12;

/// `应高于同期银行贷款利率`.
fn by_reference(page: &Page<'_>, hit: &Hit<u16>, clause: Clause, id: &str) -> Option<(Condition, usize)> {
    let rest = page.slice(hit.end, clause.end);
    let trimmed = rest.trim_start_matches(['应', '须', '需', '当', '均', '要', '也']);
    let at = hit.end + (rest.len() - trimmed.len());
    let (op, after) = page.lexer.word_at(page.text(), at)?;
    let after = after + page.slice(after, clause.end).strip_prefix("(不含等于)").map_or(0, |_| "(不含等于)".len());
    let behind = page.slice(after, clause.end);
    let stop = behind.find(['(', '、', '的']).unwrap_or(behind.len());
    let reference = behind[..stop].trim();
    let numbers = &page.rules.numbers;
    let named = numbers.ends(WordKind::Reference, reference).is_some();
    // 不高于控制目标(5.5%): the number says what the reference is.
    let said = behind[stop..].strip_prefix('(').is_some_and(|note| note.starts_with(|first: char| first.is_ascii_digit()));
    let plain = !said && !reference.chars().any(|character| character.is_ascii_digit() || character == '%');
    if !named || !plain || reference.chars().count() > MOST_REFERENCE || behind[stop..].starts_with('的') {
        return None;
    }
    let mut condition = Condition::new(id, op, Value::Text(reference.to_owned()));
    condition.ref_value = Some(reference.to_owned());
    Some((condition, after + reference.len()))
}

/// `近三年研发投入持续增长`: growth above nothing.
fn growing(page: &Page<'_>, hit: &Hit<u16>, clause: Clause, id: &str, name: &str) -> Option<(Condition, usize)> {
    let mut rest = page.slice(hit.end, clause.end);
    for _ in 0..3 {
        rest = BEFORE_GROWTH.iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    }
    let back = |rest: &str| clause.end - rest.len();
    let from = page.slice(hit.end, back(rest));
    let word = GROWS.iter().find(|word| rest.starts_with(**word) || format!("{from}{rest}").starts_with(**word))?;
    let end = if rest.starts_with(*word) { back(rest) + word.len() } else { hit.end + word.len() };
    if page.slice(end, clause.end).starts_with(|next: char| next.is_ascii_digit()) {
        return None;
    }
    let growth = page.rules.growths.iter().find(|growth| growth.of.iter().any(|of| of == id));
    let indicator = growth.map_or_else(|| format!("free:{name}增长率"), |growth| growth.indicator.clone());
    let mut condition = Condition::new(&indicator, Op::More, Value::Number(Decimal::ZERO));
    condition.value_base = Some(Value::Number(Decimal::ZERO));
    (condition.unit, condition.unit_base) = (Some("%".to_owned()), Some("ratio".to_owned()));
    Some((condition, end))
}
