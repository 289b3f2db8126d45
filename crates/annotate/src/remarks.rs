//! 优先支持, 名额, 不重复享受: what decides among applicants who all meet the conditions; the round of a call, what applying
//! costs, and yearly figures that other policies refer to.

use model::What;
use rust_decimal::Decimal;

use crate::page::{Draft, Page};
use crate::rules::CueKind;
use crate::token::Family;
use crate::words::List;

/// How far behind its cue a priority is told, in bytes.
const MOST_PRIORITY_BYTES: usize = 60;
/// Longer sentences are quoted by the clause, in bytes.
const MOST_SENTENCE_BYTES: usize = 300;
/// How far behind 名额 its number may stand, in characters.
const MOST_QUOTA_DISTANCE: usize = 10;
/// The longest name of a yearly figure, in characters.
const MOST_NAME_CHARACTERS: usize = 24;

/// The remarks of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    drafts.extend(fee(page, sentence));
    drafts.extend(parameter(page, sentence));
    drafts.extend(batch(page, sentence));
    if page.may_bind(sentence) {
        drafts.extend(priority(page, sentence));
        drafts.extend(quota(page, sentence));
    }
    drafts.extend(exclusion(page, sentence));
    drafts
}

fn priority(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let hit = page.hits.cue(CueKind::Priority, bounds.start, bounds.end)?;
    let clause = page.clause_at(sentence, hit.start)?;
    let (start, end) = page.trimmed(clause.start, clause.end.min(hit.end + MOST_PRIORITY_BYTES).max(hit.end));
    let end = if page.text().is_char_boundary(end) { end } else { hit.end };
    Some(Draft { what: What::Priority {}, start: start.min(hit.start), end, confidence: 0.8, rule: "remark", sentence })
}

/// `同一项目…的,不重复享受`: the sentence where it opens with its subject, else the clause.
fn exclusion(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let hit = page.hits.cue(CueKind::Exclusive, bounds.start, bounds.end)?;
    let clause = page.clause_at(sentence, hit.start)?;
    let slice = page.slice(bounds.start, bounds.end);
    let whole = clause.parent.is_none()
        && slice.len() <= MOST_SENTENCE_BYTES
        && page.words(List::ExclusiveSubject).at_start(slice).is_some();
    let (from, to) = if whole { (bounds.start, bounds.end) } else { (clause.start, clause.end) };
    let (start, end) = page.trimmed(from, to.max(hit.end));
    Some(Draft { what: What::MutualExclusion {}, start, end, confidence: 0.8, rule: "remark", sentence })
}

/// `择优推荐1家`, `推荐名额不超过3家`, `限200名`.
fn quota(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let counts =
        || page.quantities_of(sentence).map(|index| page.quantity(index)).filter(|quantity| quantity.family == Family::Count);
    let cue = page.hits.cue(CueKind::Quota, bounds.start, bounds.end).and_then(|hit| {
        let quantity = counts().find(|quantity| quantity.number_start >= hit.start)?;
        let near = page.slice(hit.end, quantity.start).chars().count() <= MOST_QUOTA_DISTANCE;
        near.then_some((hit.start, quantity))
    });
    let limited = || {
        let quantity = counts().find(|quantity| page.text()[..quantity.number_start].ends_with('限'))?;
        ["名", "家", "项", "人"].contains(&quantity.unit.as_str()).then_some((quantity.number_start - '限'.len_utf8(), quantity))
    };
    let (start, quantity) = cue.or_else(limited)?;
    let what = What::Quota { value: Some(quantity.low) };
    Some(Draft { what, start, end: quantity.end, confidence: 0.8, rule: "quota", sentence })
}

/// `均不收取任何费用`.
fn fee(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    if !page.present(sentence, List::FeeNone) {
        return None;
    }
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let (at, end) = page.words(List::FeeNone).first(slice)?;
    let from = slice[..at].strip_suffix('均').map_or(at, str::len);
    let what = What::Fee { amount: Decimal::ZERO };
    Some(Draft { what, start: bounds.start + from, end: bounds.start + end, confidence: 0.85, rule: "fee", sentence })
}

/// `2026年第一批`: only behind its year, where the text says whose call it is.
fn batch(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let from = page.tokens.years.partition_point(|year| year.start < bounds.start);
    let years = page.tokens.years[from..].iter().take_while(|year| year.end <= bounds.end);
    years
        .filter_map(|year| {
            let rest = page.slice(year.end, bounds.end).trim_start_matches(' ').strip_prefix('第')?;
            let number = crate::number::latin(rest, 0).or_else(|| crate::number::chinese(rest, 0))?;
            let behind = rest[number.end..].strip_prefix('批')?;
            let number = u16::try_from(number.value).ok().filter(|number| (1..=20).contains(number))?;
            let end = bounds.end - behind.len();
            let what = What::Batch { year: year.year, batch: Some(number) };
            Some(Draft { what, start: year.start, end, confidence: 0.85, rule: "batch", sentence })
        })
        .next()
}

/// `全国城镇调查失业率控制目标为5.5%`.
fn parameter(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    if !page.present(sentence, List::ParameterName) {
        return None;
    }
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let (_, end) = page.words(List::ParameterName).first(slice)?;
    let quantities = || page.quantities_of(sentence).map(|index| page.quantity(index));
    let near = |one: usize, other: usize| {
        page.slice(one, other).trim_matches(['为', ':', '是', '的', '(', ' ', '即', '按', '一', '般']).is_empty()
    };
    let quantity =
        quantities().find(|quantity| quantity.number_start >= bounds.start + end && near(bounds.start + end, quantity.start))?;
    let name = slice[..end].rsplit([',', '(', '、', '“']).next().unwrap_or_default();
    let name = name.char_indices().rev().nth(MOST_NAME_CHARACTERS - 1).map_or(name, |(at, _)| &name[at..]);
    let unit = (!quantity.base.is_empty()).then(|| quantity.base.clone());
    let what = What::Parameter { name: name.to_owned(), value: quantity.low, unit };
    Some(Draft { what, start: quantity.start, end: quantity.end, confidence: 0.7, rule: "parameter", sentence })
}

#[cfg(test)]
mod tests {
    use model::What;

    use crate::annotator::Input;
    use crate::examples::shipped;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let items = shipped().annotate(&Input { text, title: "关于组织申报的通知", ..Input::default() }).items;
        let shown: Vec<String> = items
            .iter()
            .filter_map(|item| match &item.what {
                What::Quota { value } => Some(format!("quota {}", value.unwrap_or_default())),
                What::Fee { amount } => Some(format!("fee {amount}")),
                What::Batch { year, batch } => Some(format!("batch {year} {}", batch.unwrap_or_default())),
                What::Parameter { name, value, .. } => Some(format!("{name} {}", value.normalize())),
                What::MutualExclusion {} => Some(format!("exclusive [{}]", item.quote)),
                _ => None,
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "in {text}");
    }

    #[test]
    fn what_decides_among_applicants_is_told() {
        check("各市择优推荐1家。", "quota 1");
        check("同一项目符合多项政策的,按就高不重复原则执行。", "exclusive [同一项目符合多项政策的,按就高不重复原则执行]");
        check("申报过程均不收取任何费用。", "fee 0");
        check("现开展2026年第一批申报工作。", "batch 2026 1");
        check("城镇调查失业率控制目标为5.5%。", "城镇调查失业率控制目标 0.055");
    }
}
