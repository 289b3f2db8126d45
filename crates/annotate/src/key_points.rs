//! 要点: at most six sentences of the text that say what is given, to whom, when and how.

use model::annotation::KeyPoint;
use model::{Item, What};

use crate::page::Page;
use crate::rules::{CueKind, Section};

/// The most key points of a text.
const MOST: usize = 6;
/// Sentences shorter or longer than this say too little or too much, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=220;
/// What a key point can be about, in the order they are wanted, with the most of each.
const ABOUTS: [(&str, usize); 6] =
    [("purpose", 1), ("support", 2), ("condition", 2), ("window", 1), ("material", 1), ("validity", 1)];

/// Chooses the key points; `found` says for each sentence which items stand in it.
pub(crate) fn choose(page: &Page<'_>, found: &[(usize, &Item)]) -> Vec<KeyPoint> {
    let mut scores: Vec<(usize, &'static str, u32)> = Vec::new();
    let mut at = 0;
    for sentence in 0..page.outline.sentences.len() {
        let to = found[at..].iter().position(|(other, _)| *other != sentence).map_or(found.len(), |length| at + length);
        let (about, score) = score(page, sentence, &found[at..to]);
        if score > 0 {
            scores.push((sentence, about, score));
        }
        at = to;
    }
    let mut chosen: Vec<(usize, &'static str)> = Vec::new();
    for (about, most) in ABOUTS {
        let mut of_kind: Vec<&(usize, &str, u32)> = scores.iter().filter(|(_, other, _)| *other == about).collect();
        of_kind.sort_by_key(|(sentence, _, score)| (std::cmp::Reverse(*score), *sentence));
        chosen.extend(of_kind.into_iter().take(most).map(|(sentence, _, _)| (*sentence, about)));
    }
    chosen.sort_unstable();
    chosen.truncate(MOST);
    chosen.into_iter().filter_map(|(sentence, about)| key_point(page, sentence, about)).collect()
}

fn key_point(page: &Page<'_>, sentence: usize, about: &str) -> Option<KeyPoint> {
    let bounds = page.sentence(sentence);
    let (start, end) = page.trimmed(bounds.start, bounds.end);
    let span = page.reading.span(start, end);
    let quote = page.reading.quote(span);
    (!quote.is_empty()).then(|| KeyPoint { about: about.to_owned(), quote: quote.to_owned(), span })
}

/// What a sentence is about and how well it says so; nothing scores 0.
fn score(page: &Page<'_>, sentence: usize, items: &[(usize, &Item)]) -> (&'static str, u32) {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    if !LENGTHS.contains(&slice.chars().count()) || page.line(sentence).is_some_and(|line| line.heading) {
        return ("purpose", 0);
    }
    let count = |wanted: fn(&What) -> bool| {
        u32::try_from(items.iter().filter(|(_, item)| wanted(&item.what)).count().min(5)).unwrap_or(0)
    };
    let section = page.line(sentence).map_or(Section::Other, |line| line.section);
    let awards = count(|what| matches!(what, What::Award(_)));
    let conditions = count(|what| matches!(what, What::Condition(_)));
    let windows = count(|what| matches!(what, What::Window(window) if window.role == "applicant"));
    let materials = count(|what| matches!(what, What::Material { .. }));
    let validity = count(|what| matches!(what, What::Validity { of, .. } if of == "policy"));
    let early = 3_u32.saturating_sub(u32::try_from(sentence / 12).unwrap_or(3));
    let purpose = [
        "为了",
        "为贯彻",
        "为落实",
        "为进一步",
        "为促进",
        "为推动",
        "为支持",
        "为加快",
        "为规范",
        "为做好",
        "为加强",
        "为深入",
        "旨在",
    ]
    .iter()
    .any(|word| slice.starts_with(word) || slice.contains(word));
    let options = [
        ("window", windows * 8 + u32::from(windows > 0 && section == Section::Window) * 4),
        (
            "support",
            awards * 6 + u32::from(section == Section::Support && page.has(CueKind::Award, bounds.start, bounds.end)) * 3,
        ),
        ("validity", validity * 5),
        ("condition", conditions * 4 + u32::from(section == Section::Conditions) * 2),
        ("material", materials * 3 + u32::from(section == Section::Materials)),
        ("purpose", u32::from(purpose) * (4 + early)),
    ];
    options
        .into_iter()
        .max_by_key(|(_, score)| *score)
        .map_or(("purpose", 0), |(about, score)| (about, if score > 0 { score + early } else { 0 }))
}
