//! Two texts by sentence, and the changed characters inside a changed one.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use model::text::{Span, fold_char};
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{Kind, Pair, sequence};

/// A sentence, or a run of equal ones, that came, went, changed or stayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextChange {
    /// What became of it.
    pub kind: Kind,
    /// Where it stands in the old text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Span>,
    /// Where it stands in the new text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Span>,
    /// How many sentences it is.
    pub sentences: usize,
    /// Whether the same sentence stands elsewhere on the other side.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
    /// Its text in pieces; none for what stayed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<Piece>,
}

/// A part of a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// [`Kind::Same`], [`Kind::Added`] or [`Kind::Removed`].
    pub kind: Kind,
    /// The characters, of the new text where they stand in both.
    pub text: String,
}

/// Sentences with what answers what.
pub(super) struct Sentences {
    pub(super) changes: Vec<TextChange>,
    pub(super) pairs: Vec<Pair>,
}

/// Sentences looked ahead for the one that answers a changed one.
const MOST_AHEAD: usize = 12;
/// Share of letter pairs two sentences need in common to be one that changed.
const ALIKE: f64 = 0.5;
/// Longer sentences are replaced whole: their characters are not compared one by one.
const MOST_CHARACTERS: usize = 4_000;

/// A sentence with its place.
struct Sentence<'a> {
    text: &'a str,
    span: Span,
    /// Letters that are compared.
    letters: usize,
    /// Its letter pairs in order, made when first needed.
    pairs: OnceCell<Vec<(char, char)>>,
}

pub(super) fn compare(old: &str, new: &str) -> Sentences {
    let (old, new) = (split(old), split(new));
    let mut words = HashMap::new();
    let (old_keys, new_keys) = (keys(&old, &mut words), keys(&new, &mut words));
    let known_old: HashSet<u32> = old_keys.iter().copied().collect();
    let known_new: HashSet<u32> = new_keys.iter().copied().collect();
    let mut found = Sentences { changes: Vec::new(), pairs: Vec::new() };
    let (mut at_old, mut at_new) = (0, 0);
    let end = std::iter::once((old.len(), new.len()));
    for (to_old, to_new) in sequence::common(&old_keys, &new_keys).into_iter().chain(end) {
        let moved =
            Moved { old: |at: usize| known_new.contains(&old_keys[at]), new: |at: usize| known_old.contains(&new_keys[at]) };
        found.gap((&old, at_old..to_old), (&new, at_new..to_new), &moved);
        if let Some((was, is)) = old.get(to_old).zip(new.get(to_new)) {
            found.same(was.span, is.span);
        }
        (at_old, at_new) = (to_old + 1, to_new + 1);
    }
    found
}

/// Whether a sentence of either side stands on the other side too.
struct Moved<A, B> {
    old: A,
    new: B,
}

impl Sentences {
    fn same(&mut self, old: Span, new: Span) {
        self.pairs.push(Pair { old, new });
        if let Some(last) = self.changes.last_mut().filter(|last| last.kind == Kind::Same) {
            last.old = last.old.map(|span| Span::new(span.start, old.end));
            last.new = last.new.map(|span| Span::new(span.start, new.end));
            last.sentences += 1;
            return;
        }
        let change =
            TextChange { kind: Kind::Same, old: Some(old), new: Some(new), sentences: 1, moved: false, pieces: Vec::new() };
        self.changes.push(change);
    }

    /// What stands between two equal sentences: pairs that are alike changed, the rest came and went.
    fn gap<A: Fn(usize) -> bool, B: Fn(usize) -> bool>(
        &mut self,
        (old, old_range): (&[Sentence<'_>], std::ops::Range<usize>),
        (new, new_range): (&[Sentence<'_>], std::ops::Range<usize>),
        moved: &Moved<A, B>,
    ) {
        let mut next = new_range.start;
        for at in old_range {
            let was = &old[at];
            let ahead = (next..new_range.end).take(MOST_AHEAD);
            let scored = ahead.map(|place| (place, share(was, &new[place]))).filter(|(_, share)| *share >= ALIKE);
            let best = scored.fold(None, |best: Option<(usize, f64)>, one| match best {
                Some(best) if best.1 >= one.1 => Some(best),
                _ => Some(one),
            });
            let Some((place, _)) = best.filter(|_| !(moved.old)(at)) else {
                self.whole(Kind::Removed, was, (moved.old)(at));
                continue;
            };
            for (between, sentence) in new.iter().enumerate().take(place).skip(next) {
                self.whole(Kind::Added, sentence, (moved.new)(between));
            }
            self.changed(was, &new[place]);
            next = place + 1;
        }
        for (place, sentence) in new.iter().enumerate().take(new_range.end).skip(next) {
            self.whole(Kind::Added, sentence, (moved.new)(place));
        }
    }

    fn whole(&mut self, kind: Kind, sentence: &Sentence<'_>, moved: bool) {
        let (old, new) = if kind == Kind::Added { (None, Some(sentence.span)) } else { (Some(sentence.span), None) };
        let pieces = vec![Piece { kind, text: sentence.text.to_owned() }];
        self.changes.push(TextChange { kind, old, new, sentences: 1, moved, pieces });
    }

    fn changed(&mut self, was: &Sentence<'_>, is: &Sentence<'_>) {
        self.pairs.push(Pair { old: was.span, new: is.span });
        let pieces = pieces(was.text, is.text);
        let (old, new) = (Some(was.span), Some(is.span));
        self.changes.push(TextChange { kind: Kind::Changed, old, new, sentences: 1, moved: false, pieces });
    }
}

/// Sentences end with their mark or their line.
fn split(text: &str) -> Vec<Sentence<'_>> {
    let mut sentences = Vec::new();
    let mut at = 0u32;
    for part in text.split_inclusive(['。', '；', ';', '\n', '！', '？']) {
        let length = count(part);
        let trimmed = part.trim();
        if trimmed.chars().any(char::is_alphanumeric) {
            let start = at + count(&part[..part.len() - part.trim_start().len()]);
            let span = Span::new(start, start + count(trimmed));
            let letters = pairs_of(trimmed).count();
            sentences.push(Sentence { text: trimmed, span, letters, pairs: OnceCell::new() });
        }
        at += length;
    }
    sentences
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// A number for each sentence, the same for sentences that say the same.
fn keys(sentences: &[Sentence<'_>], words: &mut HashMap<String, u32>) -> Vec<u32> {
    sentences
        .iter()
        .map(|sentence| {
            let next = u32::try_from(words.len()).unwrap_or(u32::MAX);
            *words.entry(essence(sentence.text)).or_insert(next)
        })
        .collect()
}

/// The letters of a sentence and the signs that change what a number says.
fn essence(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().map(fold_char).filter(|character| !character.is_whitespace()).peekable();
    while let Some(character) = characters.next() {
        let in_number = kept.ends_with(|last: char| last.is_ascii_digit()) && characters.peek().is_some_and(char::is_ascii_digit);
        if character.is_alphanumeric() || "%‰<>≥≤".contains(character) || in_number && matches!(character, '.' | '-' | '~')
        {
            kept.push(character);
        }
    }
    kept
}

/// How much of two sentences is shared, from 0 to 1 where both have the same letter pairs.
fn share(one: &Sentence<'_>, other: &Sentence<'_>) -> f64 {
    let (short, long) = (one.letters.min(other.letters), one.letters.max(other.letters));
    #[expect(clippy::cast_precision_loss, reason = "counts of characters of one sentence")]
    let of_all = |shared: usize| if long == 0 { 0.0 } else { 2.0 * shared as f64 / (short + long) as f64 };
    // No more than the shorter one can be shared.
    if of_all(short) < ALIKE {
        return 0.0;
    }
    let (left, right) = (one.pairs.get_or_init(|| sorted_pairs(one.text)), other.pairs.get_or_init(|| sorted_pairs(other.text)));
    let (mut at, mut shared) = (0, 0);
    for pair in left {
        at += right[at..].iter().take_while(|other| *other < pair).count();
        if right.get(at) == Some(pair) {
            (at, shared) = (at + 1, shared + 1);
        }
    }
    of_all(shared)
}

fn sorted_pairs(text: &str) -> Vec<(char, char)> {
    let mut pairs: Vec<(char, char)> = pairs_of(text).collect();
    pairs.sort_unstable();
    pairs
}

fn pairs_of(text: &str) -> impl Iterator<Item = (char, char)> {
    let letters = text.chars().map(fold_char).filter(|character| character.is_alphanumeric()).take(MOST_CHARACTERS);
    let mut before = '^';
    letters.map(move |character| {
        let pair = (before, character);
        before = character;
        pair
    })
}

/// The characters of a changed sentence; a number changes as a whole.
fn pieces(old: &str, new: &str) -> Vec<Piece> {
    let (was, is) = (tokens(old), tokens(new));
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |kind: Kind, text: &[&str]| {
        let text = text.concat();
        match pieces.last_mut().filter(|last| last.kind == kind) {
            Some(last) => last.text.push_str(&text),
            None if !text.is_empty() => pieces.push(Piece { kind, text }),
            None => {}
        }
    };
    if was.len().max(is.len()) > MOST_CHARACTERS {
        push(Kind::Removed, &was);
        push(Kind::Added, &is);
        return pieces;
    }
    for op in capture_diff_slices(Algorithm::Myers, &was, &is) {
        match op {
            DiffOp::Equal { new_index, len, .. } => push(Kind::Same, &is[new_index..new_index + len]),
            DiffOp::Delete { old_index, old_len, .. } => push(Kind::Removed, &was[old_index..old_index + old_len]),
            DiffOp::Insert { new_index, new_len, .. } => push(Kind::Added, &is[new_index..new_index + new_len]),
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                push(Kind::Removed, &was[old_index..old_index + old_len]);
                push(Kind::Added, &is[new_index..new_index + new_len]);
            }
        }
    }
    pieces
}

/// Numbers and Latin words as wholes, every other character alone.
fn tokens(text: &str) -> Vec<&str> {
    let joins = |character: char| {
        let folded = fold_char(character);
        folded.is_ascii_alphanumeric() || folded == '.'
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    let mut inside = false;
    for (at, character) in text.char_indices() {
        let joined = joins(character);
        if at > start && !(inside && joined) {
            tokens.push(&text[start..at]);
            start = at;
        }
        inside = joined;
    }
    tokens.extend((start < text.len()).then(|| &text[start..]));
    tokens
}
