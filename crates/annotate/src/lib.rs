//! 标注: what a policy's text says, as data, each item with the characters that prove it.
//!
//! Vocabulary and rules are data under `rules/` and `index/dictionary.txt`; the grammar that combines them is code here.
//! A text goes through five steps, each linear in its length:
//! `reading` (normal form, `tables` written out as sentences, hard-wrapped lines joined) → `lexicon` (one automaton finds every word of every rule) and
//! `token` (numbers, dates) → `outline` (`lines` and their `markers`, `headings` and `openings`: sections, sentences, clauses,
//! what a list header says of its items) → `permits` (what each sentence may say) →
//! `bind` (which number belongs to which indicator) → conditions, awards, windows and the other items.
//! Pure: no I/O, no clock.

mod aid;
mod alternatives;
mod annotator;
mod areas;
mod awards;
mod bind;
mod catalogue;
mod conditions;
mod contacts;
mod coverage;
mod date;
mod days;
pub mod difference;
mod document;
mod effects;
mod examples;
mod explain;
#[cfg(test)]
mod fact_tests;
mod facts;
mod grade;
mod headings;
mod inclusive;
mod industries;
mod judged;
mod key_points;
mod kinship;
mod lexicon;
mod life_cycle;
mod limits;
mod lines;
mod lists;
mod main_business;
mod markers;
mod materials;
mod new_words;
mod number;
mod open;
mod openings;
mod outline;
mod page;
mod pairs;
mod parks;
mod permits;
mod places;
mod reading;
mod refer;
mod references;
mod registered;
mod remarks;
mod rules;
pub mod score;
mod sections;
mod segment;
mod standing;
mod subject;
mod tables;
mod tag_rules;
mod tags;
mod titles;
mod token;
mod tree;
mod triage;
mod validity;
mod whereabouts;
mod windows;
mod words;

pub use annotator::{Annotator, Input};
pub use catalogue::{Catalogue, RuleEntry};
pub use coverage::{Overlap, RuleUse};
pub use difference::{Difference, Side};
pub use effects::{Speaker, links};
pub use explain::{Explained, Explanation, Ground, Unused};
pub use kinship::kin;
pub use life_cycle::life_course;
pub use new_words::{Edges, Proposal, Wanted, propose};
pub use rules::Section;
pub use sections::SectionNode;
pub use segment::{Word, read_words, segmenter};
