//! `huice eval`: the scorecard of annotation against labelled phrases and documents.

use std::fmt::Write;
use std::path::Path;

use annotate::Annotator;
use annotate::score::{Finding, Scorecard, TypeScore, Variant, evaluate};
use anyhow::Context;
use pipeline::Stages;

use super::gold_texts::GoldTexts;
use crate::Ended;
use crate::arguments::{Eval, Variant as Asked};
use crate::output;
use crate::surroundings::{Surroundings, read_text};

pub(crate) fn perform(asked: &Eval, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let data = surroundings.data()?;
    let (annotator, _) = Stages::annotator(&data)?;
    let texts = GoldTexts::new(&asked.corpus, &data);
    if let Some(readme) = &asked.readme {
        return write_readme(readme, asked, &annotator, &texts);
    }
    let variant = match asked.variant {
        None => Variant::Plain,
        Some(Asked::Fullwidth) => Variant::Fullwidth,
        Some(Asked::Spaced) => Variant::Spaced,
    };
    let mut unreadable = 0;
    for gold in &asked.gold {
        let card = evaluate(&annotator, &texts.complete(gold)?, variant);
        unreadable += card.unreadable as u64;
        show(card, asked)?;
    }
    Ok(Ended::after(unreadable))
}

fn show(mut card: Scorecard, asked: &Eval) -> anyhow::Result<()> {
    let is_asked = |finding: &Finding| asked.kind.as_ref().is_none_or(|kind| finding.kind == *kind);
    card.missed.retain(|finding| asked.missed && is_asked(finding));
    card.extra.retain(|finding| asked.extra && is_asked(finding));
    if asked.json {
        return output::json(&card);
    }
    if !asked.missed && !asked.extra {
        return output::text(&card.to_string());
    }
    for (title, findings) in [("漏", &card.missed), ("多", &card.extra)] {
        for finding in findings {
            output::text(&format!("{title} {finding}"))?;
        }
    }
    Ok(())
}

const STARTS: &str = "<!-- scorecard: `huice eval --readme` writes what stands here -->";
const ENDS: &str = "<!-- end of scorecard -->";
const HEAD: &str = "
| labels | what | labelled | precision | recall | F1 | full-width P / R | spaced P / R |
|---|---|--:|--:|--:|--:|--:|--:|
";

/// Rewrites the block between the marks.
fn write_readme(readme: &Path, asked: &Eval, annotator: &Annotator, texts: &GoldTexts<'_>) -> anyhow::Result<Ended> {
    let name = readme.display();
    let text = read_text(readme)?;
    let expected = || format!("{name}: expected a block between `{STARTS}` and `{ENDS}`");
    let start = text.find(STARTS).with_context(expected)? + STARTS.len();
    let end = start + text[start..].find(ENDS).with_context(expected)?;
    let mut block = HEAD.to_owned();
    let mut unreadable = 0;
    for gold in &asked.gold {
        let lines = texts.complete(gold)?;
        let cards = [Variant::Plain, Variant::Fullwidth, Variant::Spaced].map(|variant| evaluate(annotator, &lines, variant));
        unreadable += cards[0].unreadable as u64;
        write_rows(&mut block, &label(gold), &cards)?;
    }
    let written = format!("{}{block}{}", &text[..start], &text[end..]);
    if written != text {
        std::fs::write(readme, written).with_context(|| format!("write {name}"))?;
    }
    Ok(Ended::after(unreadable))
}

/// The file and the folder it lies in.
fn label(gold: &Path) -> String {
    let parts: Vec<_> = gold.components().map(|part| part.as_os_str().to_string_lossy()).filter(|part| part != "..").collect();
    parts.join("/")
}

/// A row of the table and how it is counted.
type Measure = (&'static str, fn(&Scorecard) -> TypeScore);

const MEASURES: [Measure; 5] = [
    ("conditions, whole key", |card| of_type(card, "condition")),
    ("conditions on numbers, whole key", |card| card.views.numeric),
    ("conditions, indicator only", |card| card.views.by_indicator),
    ("awards, every number", |card| of_type(card, "award")),
    ("windows", |card| of_type(card, "window")),
];

fn of_type(card: &Scorecard, name: &str) -> TypeScore {
    card.types.get(name).copied().unwrap_or_default()
}

/// What of a scorecard the README shows.
fn write_rows(block: &mut String, label: &str, cards: &[Scorecard; 3]) -> std::fmt::Result {
    for (name, measure) in MEASURES {
        let [plain, full, spaced] = cards.each_ref().map(measure);
        let pair = |score: TypeScore| format!("{:.3} / {:.3}", score.precision(), score.recall());
        let [texts, gold] = [cards[0].phrases, plain.gold];
        let (precision, recall, f1) = (plain.precision(), plain.recall(), plain.f1());
        let (full, spaced) = (pair(full), pair(spaced));
        writeln!(
            block,
            "| {label}, {texts} texts | {name} | {gold} | {precision:.3} | {recall:.3} | {f1:.3} | {full} | {spaced} |"
        )?;
    }
    let wrong = |card: &Scorecard| {
        format!("{} of {}; {}", card.without_conditions_hit, card.without_conditions, card.false_on_distractors)
    };
    let [plain, full, spaced] = cards.each_ref().map(wrong);
    let name = "texts without conditions that got one; items on distractors";
    writeln!(block, "| {label} | {name} | {plain} | | | | {full} | {spaced} |")
}
