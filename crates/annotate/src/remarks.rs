//! 优先支持, 名额, 不重复享受: what decides among applicants who all meet the conditions.

use model::What;

use crate::page::{Draft, Page};
use crate::rules::CueKind;
use crate::token::Family;

/// The remarks of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    if !page.may_bind(sentence) {
        return Vec::new();
    }
    let bounds = page.sentence(sentence);
    let mut drafts = Vec::new();
    for (kind, what) in [(CueKind::Priority, What::Priority {}), (CueKind::Exclusive, What::MutualExclusion {})] {
        let Some(hit) = page.hits.cue(kind, bounds.start, bounds.end) else { continue };
        let index = page.outline.clauses_at(std::iter::once(hit.start)).first().copied().unwrap_or_default();
        let clause = page.clause(index);
        let (start, end) = page.trimmed(clause.start, clause.end.min(hit.end.max(hit.start) + 60).max(hit.end));
        let end = if page.text().is_char_boundary(end) { end } else { hit.end };
        drafts.push(Draft { what, start: start.min(hit.start), end, confidence: 0.8, rule: "remark", sentence });
    }
    drafts.extend(quota(page, sentence));
    drafts
}

/// `择优推荐1家`, `推荐名额不超过3家`.
fn quota(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let hit = page.hits.cue(CueKind::Quota, bounds.start, bounds.end)?;
    let quantity = page
        .quantities_of(sentence)
        .map(|index| page.quantity(index))
        .find(|quantity| quantity.number_start >= hit.start && quantity.family == Family::Count)?;
    let near = page.slice(hit.end, quantity.start).chars().count() <= 10;
    let what = What::Quota { value: Some(quantity.low) };
    near.then_some(Draft { what, start: hit.start, end: quantity.end, confidence: 0.8, rule: "quota", sentence })
}
