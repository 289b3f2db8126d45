//! The scorecard: annotation against labelled phrases, as they are, in full-width forms, and with blanks in numbers.

mod compare;
mod gold;
mod variant;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::annotator::Annotator;

pub use variant::Variant;

/// How annotation did on a set of labelled phrases.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Scorecard {
    /// Which form of the phrases was read.
    pub variant: String,
    /// Phrases read.
    pub phrases: usize,
    /// Lines that could not be read.
    pub unreadable: usize,
    /// By type of item.
    pub types: BTreeMap<String, TypeScore>,
    /// All types together.
    pub total: TypeScore,
    /// Labelled items of types the product does not have, left out of every count.
    pub skipped: usize,
    /// Of the items found rightly, the share whose span is exactly the labelled one.
    pub span_exact: f64,
    /// … and whose span overlaps it by at least 0.8 (intersection over union).
    pub span_overlap: f64,
    /// Phrases in which nothing is to be found.
    pub distractors: usize,
    /// Items found in them.
    pub false_on_distractors: usize,
    /// Conditions with an open label, as a share of all conditions found.
    pub free_share: f64,
    /// Items with a confidence below 0.6, as a share of all found.
    pub low_confidence_share: f64,
    /// The twenty phrases with the most mistakes, in words.
    pub worst: Vec<String>,
}

/// Counts of one type.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct TypeScore {
    /// Labelled items.
    pub gold: usize,
    /// Items found.
    pub found: usize,
    /// Items found that are labelled.
    pub correct: usize,
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
}

#[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Annotates every phrase of a gold file (`{id, text, kind, expect}` a line) and compares.
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
        card.total.gold += score.gold;
        card.total.found += score.found;
        card.total.correct += score.correct;
    }
    card.span_exact = share(tally.exact, tally.matched);
    card.span_overlap = share(tally.overlapping, tally.matched);
    card.free_share = if tally.conditions == 0 { 0.0 } else { share(tally.free, tally.conditions) };
    card.low_confidence_share = if tally.found == 0 { 0.0 } else { share(tally.unsure, tally.found) };
    card.worst = tally.worst();
    card
}

impl fmt::Display for Scorecard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "# 标注评分（{}）\n", self.variant)?;
        writeln!(
            formatter,
            "短语 {} 条，无法读取 {} 行，类型之外的标注 {} 项未计。\n",
            self.phrases, self.unreadable, self.skipped
        )?;
        writeln!(formatter, "| 类型 | 标注 | 得出 | 正确 | 精确率 | 召回率 | F1 |\n|---|--:|--:|--:|--:|--:|--:|")?;
        let total = ("合计".to_owned(), self.total);
        for (name, score) in self.types.iter().map(|(name, score)| (name.clone(), *score)).chain([total]) {
            writeln!(
                formatter,
                "| {name} | {} | {} | {} | {:.3} | {:.3} | {:.3} |",
                score.gold,
                score.found,
                score.correct,
                score.precision(),
                score.recall(),
                score.f1()
            )?;
        }
        writeln!(formatter, "\n| 指标 | 值 |\n|---|--:|")?;
        writeln!(formatter, "| 位置完全一致 | {:.3} |", self.span_exact)?;
        writeln!(formatter, "| 位置重合不低于 0.8 | {:.3} |", self.span_overlap)?;
        writeln!(formatter, "| 干扰短语 | {} |", self.distractors)?;
        writeln!(formatter, "| 干扰短语中误得 | {} |", self.false_on_distractors)?;
        writeln!(formatter, "| 开放指标占条件 | {:.3} |", self.free_share)?;
        writeln!(formatter, "| 低置信占全部 | {:.3} |", self.low_confidence_share)?;
        if !self.worst.is_empty() {
            writeln!(formatter, "\n## 差错最多的短语\n")?;
            for worst in &self.worst {
                writeln!(formatter, "- {worst}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
