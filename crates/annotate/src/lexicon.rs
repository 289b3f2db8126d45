//! Every word of every rule, found in one pass by one automaton.

use aho_corasick::{AhoCorasick, MatchKind};
use model::ConfigError;

use crate::rules::{CueKind, Rules};

/// What a word stands for; the numbers are indices into the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sense {
    Alias(u16),
    Fact(u16, u16),
    Qualification(u16),
    Cue(CueKind),
    /// A word of headings: its rule, and whether it is a strong one.
    Heading(u16, bool),
    /// A word of list headers: its rule and the pattern it starts.
    Opening(u16, u16),
    Size(u16),
    Scale,
    Period(u16),
    Aggregate(u16),
    Tag(TagWord),
    Organ,
}

/// A word of a tag; `word` numbers it among all words of all tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TagWord {
    pub(crate) file: u8,
    pub(crate) tag: u16,
    pub(crate) strong: bool,
    pub(crate) word: u16,
}

/// A word found in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit<T> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) what: T,
}

/// What was found, each kind in text order without hits inside longer ones of its kind.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    pub(crate) aliases: Vec<Hit<u16>>,
    pub(crate) facts: Vec<Hit<(u16, u16)>>,
    pub(crate) qualifications: Vec<Hit<u16>>,
    pub(crate) cues: Vec<Vec<Hit<()>>>,
    pub(crate) headings: Vec<Hit<(u16, bool)>>,
    pub(crate) openings: Vec<Hit<(u16, u16)>>,
    pub(crate) sizes: Vec<Hit<u16>>,
    pub(crate) scales: Vec<Hit<()>>,
    pub(crate) periods: Vec<Hit<u16>>,
    pub(crate) aggregates: Vec<Hit<u16>>,
    pub(crate) tags: Vec<Hit<TagWord>>,
    /// Names of agencies.
    pub(crate) organs: Vec<Hit<()>>,
}

/// Kinds of cues, as indices into [`Hits::cues`].
const CUE_KINDS: usize = CueKind::Urging as usize + 1;

impl Hits {
    /// The cues of a kind.
    pub(crate) fn cues(&self, kind: CueKind) -> &[Hit<()>] {
        self.cues.get(kind as usize).map_or(&[], Vec::as_slice)
    }

    /// The first cue of a kind inside a stretch.
    pub(crate) fn cue(&self, kind: CueKind, start: usize, end: usize) -> Option<Hit<()>> {
        within(self.cues(kind), start, end).first().copied()
    }

    /// The last cue of a kind inside a stretch.
    pub(crate) fn last_cue(&self, kind: CueKind, start: usize, end: usize) -> Option<Hit<()>> {
        within(self.cues(kind), start, end).last().copied()
    }
}

/// The hits that lie inside a stretch.
pub(crate) fn within<T>(hits: &[Hit<T>], start: usize, end: usize) -> &[Hit<T>] {
    let from = hits.partition_point(|hit| hit.start < start);
    let mut to = hits.partition_point(|hit| hit.start < end);
    while to > from && hits[to - 1].end > end {
        to -= 1;
    }
    &hits[from..to]
}

/// The automaton with the senses of its words.
pub(crate) struct Lexicon {
    automaton: AhoCorasick,
    senses: Vec<Vec<Sense>>,
}

impl Lexicon {
    /// Builds the automaton over all words of the rules.
    pub(crate) fn new(rules: &Rules) -> Result<Self, ConfigError> {
        let mut words: std::collections::BTreeMap<String, Vec<Sense>> = std::collections::BTreeMap::new();
        for (word, sense) in words_of(rules) {
            let word = model::text::fold(&word);
            if !word.is_empty() {
                let senses = words.entry(word).or_default();
                if !senses.contains(&sense) {
                    senses.push(sense);
                }
            }
        }
        let (words, senses): (Vec<String>, Vec<Vec<Sense>>) = words.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(&words)
            .map_err(|error| ConfigError::at("rules", "", 0..0, format!("too many words: {error}")))?;
        Ok(Self { automaton, senses })
    }

    /// Finds every word.
    pub(crate) fn find(&self, text: &str) -> Hits {
        let mut hits = Hits { cues: vec![Vec::new(); CUE_KINDS], ..Hits::default() };
        for found in self.automaton.find_overlapping_iter(text) {
            let (start, end) = (found.start(), found.end());
            for sense in &self.senses[found.pattern().as_usize()] {
                match *sense {
                    Sense::Alias(what) => hits.aliases.push(Hit { start, end, what }),
                    Sense::Fact(fact, cue) => hits.facts.push(Hit { start, end, what: (fact, cue) }),
                    Sense::Qualification(what) => hits.qualifications.push(Hit { start, end, what }),
                    Sense::Cue(kind) => hits.cues[kind as usize].push(Hit { start, end, what: () }),
                    Sense::Heading(rule, strong) => hits.headings.push(Hit { start, end, what: (rule, strong) }),
                    Sense::Opening(rule, word) => hits.openings.push(Hit { start, end, what: (rule, word) }),
                    Sense::Size(what) => hits.sizes.push(Hit { start, end, what }),
                    Sense::Scale => hits.scales.push(Hit { start, end, what: () }),
                    Sense::Period(what) => hits.periods.push(Hit { start, end, what }),
                    Sense::Aggregate(what) => hits.aggregates.push(Hit { start, end, what }),
                    Sense::Tag(what) => hits.tags.push(Hit { start, end, what }),
                    Sense::Organ => hits.organs.push(Hit { start, end, what: () }),
                }
            }
        }
        longest(&mut hits.aliases);
        longest(&mut hits.qualifications);
        hits.cues.iter_mut().for_each(longest);
        longest(&mut hits.sizes);
        longest(&mut hits.scales);
        longest(&mut hits.periods);
        longest(&mut hits.aggregates);
        hits.headings.sort_by_key(|hit| (hit.start, hit.end));
        hits.openings.sort_by_key(|hit| (hit.start, hit.end));
        longest(&mut hits.organs);
        hits.facts.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
        hits
    }
}

/// Sorts hits and drops those inside longer ones.
fn longest<T>(hits: &mut Vec<Hit<T>>) {
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let (mut covered, mut last) = (0, (0, 0));
    hits.retain(|hit| {
        // One word may stand for several things.
        let kept = hit.end > covered || (hit.start, hit.end) == last;
        if hit.end > covered {
            (covered, last) = (hit.end, (hit.start, hit.end));
        }
        kept
    });
}

/// The first part of a cue with a gap: what the automaton looks for.
pub(crate) fn first_part(cue: &str) -> &str {
    cue.split('…').next().unwrap_or_default()
}

fn index(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

fn words_of(rules: &Rules) -> Vec<(String, Sense)> {
    let mut words: Vec<(String, Sense)> = Vec::new();
    for (at, indicator) in rules.indicators.iter().enumerate() {
        words.extend(indicator.aliases.iter().map(|alias| (alias.clone(), Sense::Alias(index(at)))));
    }
    for (at, fact) in rules.facts.iter().enumerate() {
        for (cue_at, cue) in fact.cues.iter().enumerate() {
            words.push((first_part(cue).to_owned(), Sense::Fact(index(at), index(cue_at))));
        }
    }
    for (at, qualification) in rules.qualifications.iter().enumerate() {
        let names = qualification.aliases.iter().chain([&qualification.name]);
        words.extend(names.map(|name| (name.clone(), Sense::Qualification(index(at)))));
    }
    for cue in &rules.cues {
        words.extend(cue.words.iter().map(|word| (word.clone(), Sense::Cue(cue.kind))));
    }
    for (at, section) in rules.sections.section.iter().enumerate() {
        words.extend(section.words.iter().map(|word| (word.clone(), Sense::Heading(index(at), true))));
        words.extend(section.weak.iter().map(|word| (word.clone(), Sense::Heading(index(at), false))));
    }
    for (at, opening) in rules.sections.opening.iter().enumerate() {
        for (word_at, word) in opening.words.iter().enumerate() {
            words.push((first_part(word).to_owned(), Sense::Opening(index(at), index(word_at))));
        }
    }
    for (at, size) in rules.sizes.size.iter().enumerate() {
        words.extend(size.words.iter().map(|word| (word.clone(), Sense::Size(index(at)))));
    }
    for scale in &rules.sizes.scale {
        words.extend(scale.words.iter().map(|word| (word.clone(), Sense::Scale)));
    }
    for (at, period) in rules.units.period.iter().enumerate() {
        words.extend(period.words.iter().map(|word| (word.clone(), Sense::Period(index(at)))));
    }
    for (at, aggregate) in rules.units.aggregate.iter().enumerate() {
        words.extend(aggregate.words.iter().map(|word| (word.clone(), Sense::Aggregate(index(at)))));
    }
    let mut number = 0_u16;
    for (file, (_, tags)) in rules.tags.iter().enumerate() {
        let file = u8::try_from(file).unwrap_or(u8::MAX);
        for (at, tag) in tags.tag.iter().enumerate() {
            for (list, strong) in [(&tag.words, true), (&tag.weak, false)] {
                words.extend(list.iter().map(|word| {
                    number = number.saturating_add(1);
                    (word.clone(), Sense::Tag(TagWord { file, tag: index(at), strong, word: number }))
                }));
            }
            words.extend(tag.organs.iter().map(|organ| (organ.clone(), Sense::Organ)));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_inside_a_longer_one_of_its_kind_is_dropped() {
        let mut hits =
            vec![Hit { start: 3, end: 6, what: () }, Hit { start: 0, end: 9, what: () }, Hit { start: 9, end: 12, what: () }];
        longest(&mut hits);
        assert_eq!(hits.iter().map(|hit| hit.start).collect::<Vec<_>>(), [0, 9]);
    }

    #[test]
    fn hits_are_found_by_stretch() {
        let hits: Vec<Hit<()>> = [(0, 3), (4, 6), (8, 12)].map(|(start, end)| Hit { start, end, what: () }).to_vec();
        assert_eq!(within(&hits, 1, 12).len(), 2);
        assert_eq!(within(&hits, 4, 11).len(), 1);
        assert!(within(&hits, 6, 8).is_empty());
    }
}
