//! What is like a policy: those that share its rarest words, above all those of its title.

use std::collections::BTreeMap;

use jieba_rs::Jieba;

use crate::analysis::{is_bigram, is_ideograph, normal, words};
use crate::lexicon::Lexicon;
use crate::node::{Field, Node};
use crate::schema::Stored;

/// Words a likeness is made of: more make it slower, not better.
const MOST_TERMS: usize = 24;
/// Characters of the text that are looked at; what a policy is about stands at its beginning.
const MOST_CHARACTERS: usize = 4_000;
/// A word of the title counts as often as one that stands so many times in the text.
const TITLE_WEIGHT: u32 = 4;
/// Of the words, this share must be there.
const LEAST_SHARE: usize = 4;

/// The tree that finds what is like a stored policy; `None` where nothing in it distinguishes it.
pub(crate) fn node(
    stored: &Stored,
    segmenter: &Jieba,
    lexicon: &Lexicon,
    policies: u64,
    count: &dyn Fn(Field, &str) -> u64,
) -> Option<Node> {
    let mut frequencies: BTreeMap<String, u32> = BTreeMap::new();
    let head: String = stored.body.chars().take(MOST_CHARACTERS).collect();
    for (text, weight) in [(normal(&stored.title), TITLE_WEIGHT), (normal(&head), 1)] {
        for (_, word) in words(segmenter, &text) {
            let is_content = word.chars().count() >= 2 && word.chars().any(is_ideograph) && !lexicon.is_stop_word(word);
            if is_content {
                *frequencies.entry(word.to_owned()).or_default() += weight;
            }
        }
    }
    let field = |word: &str| if is_bigram(word) { Field::TextBigrams } else { Field::TextWords };
    let mut terms: Vec<(f32, String)> = frequencies
        .into_iter()
        .filter_map(|(word, frequency)| {
            let known = count(field(&word), &word);
            // What only this policy has finds nothing, what every policy has says nothing.
            let rarity = ((policies as f32 + 1.0) / known.max(1) as f32).ln();
            (known > 1 && rarity > 0.0).then_some(((frequency as f32).sqrt() * rarity, word))
        })
        .collect();
    terms.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    terms.truncate(MOST_TERMS);
    let strongest = terms.first()?.0;
    let of: Vec<Node> = terms.iter().map(|(weight, word)| Node::ranked(field(word), word).weighted(weight / strongest)).collect();
    Some(Node::Any { least: (of.len() / LEAST_SHARE).max(1), of })
}
