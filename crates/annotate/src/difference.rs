//! What differs between two texts: by sentence, and by what they ask and give (`award cap 200万 → 100万`).
//!
//! Sentences count as the same whatever their spacing, punctuation and width; a changed sentence shows the characters that
//! changed. Findings are paired by the sentences they stand in first, so that a sum that changed is a changed sum and not
//! one that went and another that came. Time is near linear in the texts; no input makes it quadratic.

mod parameters;
mod sentences;
mod sequence;

use model::Annotation;
use model::text::Span;
use serde::Serialize;

pub use parameters::{FieldChange, ParameterChange};
pub use sentences::{Piece, TextChange};

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The text.
    pub text: &'a str,
    /// What was found in it, by the same rules on both sides.
    pub annotation: &'a Annotation,
}

/// What came, went, changed or stayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// On both sides.
    Same,
    /// Only in the new text.
    Added,
    /// Only in the old text.
    Removed,
    /// On both sides, but not the same.
    Changed,
}

/// All that differs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Sentences in text order; runs of equal ones are one entry.
    pub text: Vec<TextChange>,
    /// Conditions, awards, windows and other findings that came, went or changed.
    pub parameters: Vec<ParameterChange>,
    /// How many sentences and findings of each kind there are.
    pub counts: Counts,
}

/// How much differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Sentences on both sides.
    pub same: usize,
    /// Sentences only in the new text.
    pub added: usize,
    /// Sentences only in the old text.
    pub removed: usize,
    /// Sentences that changed in part.
    pub changed: usize,
    /// Findings that came, went or changed.
    pub parameters: usize,
}

impl Difference {
    /// What differs between an old and a new text.
    #[must_use]
    pub fn between(old: Side<'_>, new: Side<'_>) -> Self {
        let sentences = sentences::compare(old.text, new.text);
        let parameters = parameters::compare(old.annotation, new.annotation, &sentences.pairs);
        let mut counts = Counts { parameters: parameters.len(), ..Counts::default() };
        for change in &sentences.changes {
            *match change.kind {
                Kind::Same => &mut counts.same,
                Kind::Added => &mut counts.added,
                Kind::Removed => &mut counts.removed,
                Kind::Changed => &mut counts.changed,
            } += change.sentences;
        }
        Self { text: sentences.changes, parameters, counts }
    }

    /// Whether both say the same.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        let Counts { added, removed, changed, parameters, .. } = self.counts;
        added + removed + changed + parameters == 0
    }
}

/// Two stretches of text that answer each other: equal sentences, or one that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    old: Span,
    new: Span,
}

#[cfg(test)]
mod tests;
