//! 标注: what a policy's text says, as data, each item with the characters that prove it.
//!
//! Vocabulary and rules are data under `rules/` and `index/dictionary.txt`; the grammar that combines them is code here.
//! A text goes through five steps, each linear in its length:
//! `reading` (normal form, hard-wrapped lines joined) → `lexicon` (one automaton finds every word of every rule) and
//! `token` (numbers, dates) → `outline` (headings, sentences, clauses, what a list header says of its items) →
//! `bind` (which number belongs to which indicator) → conditions, awards, windows and the other items.
//! Pure: no I/O, no clock.

mod annotator;
mod awards;
mod bind;
mod conditions;
mod contacts;
mod date;
mod examples;
mod facts;
mod grade;
mod judged;
mod key_points;
mod lexicon;
mod life_cycle;
mod lists;
mod materials;
mod number;
mod outline;
mod page;
mod places;
mod reading;
mod references;
mod remarks;
mod rules;
pub mod score;
mod segment;
mod standing;
mod tags;
mod titles;
mod token;
mod tree;
mod windows;

pub use annotator::{Annotator, Input};
pub use life_cycle::life_cycle;
pub use segment::segmenter;
