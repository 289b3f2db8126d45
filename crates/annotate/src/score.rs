//! The scorecard: annotation against labelled phrases and documents, as they are, in full-width forms, and with blanks in numbers.
//!
//! What counts as right is said in `tests/fixtures/gold/README.md`; it is meant to be at least as strict as a stranger would be.

mod awards;
mod compare;
mod conditions;
mod gold;
mod labels;
mod report;
mod variant;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::annotator::Annotator;

pub use variant::Variant;

/// How annotation did on a set of labelled texts.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Scorecard {
    /// Which form of the texts was read.
    pub variant: String,
    /// Texts read.
    pub phrases: usize,
    /// Lines that could not be read.
    pub unreadable: usize,
    /// By type of item.
    pub types: BTreeMap<String, TypeScore>,
    /// All types together.
    pub total: TypeScore,
    /// Conditions and awards by other measures.
    pub views: Views,
    /// Labelled items of types the product does not have, left out of every count.
    pub skipped: usize,
    /// Of the items found rightly, the share whose span is exactly the labelled one.
    pub span_exact: f64,
    /// … and whose span overlaps it by at least 0.8 (intersection over union).
    pub span_overlap: f64,
    /// Texts in which nothing is to be found.
    pub distractors: usize,
    /// Items found in them.
    pub false_on_distractors: usize,
    /// Texts without a labelled condition.
    pub without_conditions: usize,
    /// Of those, the ones in which a condition was found.
    pub without_conditions_hit: usize,
    /// Conditions with an open label, as a share of all conditions found.
    pub free_share: f64,
    /// Items with a confidence below 0.6, as a share of all found.
    pub low_confidence_share: f64,
    /// How many items of each band of confidence are right.
    pub calibration: Vec<Band>,
    /// Why labelled conditions were missed: the fields in which the item in their place differs.
    pub reasons: BTreeMap<String, usize>,
    /// The twenty texts with the most mistakes, in words.
    pub worst: Vec<String>,
    /// Every labelled item that was not found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Finding>,
    /// Every item found that is not labelled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra: Vec<Finding>,
}

/// Conditions and awards by other measures than that of their type.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Views {
    /// Conditions on a number, by the same key as all conditions.
    pub numeric: TypeScore,
    /// All conditions, by indicator alone.
    pub by_indicator: TypeScore,
    /// Conditions on a set of names: one name in common.
    pub sets: TypeScore,
    /// … and the same names exactly.
    pub sets_exact: TypeScore,
    /// Awards by their numbers alone, whatever they are called.
    pub awards_by_numbers: TypeScore,
}

/// Counts of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TypeScore {
    /// Labelled items.
    pub gold: usize,
    /// Items found.
    pub found: usize,
    /// Items found that are labelled.
    pub correct: usize,
}

/// Items whose confidence lies in a band.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Band {
    /// The lower end of the band, which belongs to it.
    pub from: f32,
    /// Items found.
    pub found: usize,
    /// Those that are labelled.
    pub correct: usize,
}

/// A mistake, for those who mend it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Finding {
    /// The text's id.
    pub id: String,
    /// The type of item.
    pub kind: String,
    /// The item in a few words.
    pub what: String,
    /// The words around it, itself in 【】.
    pub around: String,
    /// What stands in its place on the other side, in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<String>,
    /// The fields in which the two differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<&'static str>,
    /// The rule that made it, where it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl TypeScore {
    /// Of the items found, the share that is right; 1 where none was found.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.correct, self.found)
    }

    /// Of the labelled items, the share that was found; 1 where none is labelled.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.correct, self.gold)
    }

    /// The harmonic mean of the two.
    #[must_use]
    pub fn f1(&self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
    }

    fn add(&mut self, gold: usize, found: usize, correct: usize) {
        self.gold += gold;
        self.found += found;
        self.correct += correct;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Annotates every text of a gold file (`{id, text, title?, issuer?, region?, date?, expect}` a line) and compares.
#[must_use]
pub fn evaluate(annotator: &Annotator, gold_lines: &str, variant: Variant) -> Scorecard {
    let mut card = Scorecard { variant: variant.name().to_owned(), ..Scorecard::default() };
    let mut tally = compare::Tally::default();
    for line in gold_lines.lines().filter(|line| !line.trim().is_empty()) {
        match serde_json::from_str::<gold::Phrase>(line) {
            Ok(phrase) => {
                card.phrases += 1;
                compare::phrase(annotator, &variant.apply(phrase), &mut card, &mut tally);
            }
            Err(_) => card.unreadable += 1,
        }
    }
    for score in card.types.values() {
        card.total.add(score.gold, score.found, score.correct);
    }
    tally.close(&mut card);
    card
}

/// An item in a few words.
pub(crate) fn in_words(item: &model::Item) -> String {
    labels::shown(item)
}

#[cfg(test)]
mod tests;
