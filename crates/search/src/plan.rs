//! How a question becomes an engine query: bigrams decide what matches, bigrams and words together how well.
//!
//! Every content word should be there and most must; if that finds nothing, fewer are asked for ([`Strictness`]).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use model::DocNumber;
use model::query::Query as Asked;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::analysis::{is_bigram, is_ideograph, normal};
use crate::error::{QueryError, SearchError};
use crate::facet::{FILTERS, region_codes, region_term, state_name, term};
use crate::lexicon::{Lexicon, Weights};
use crate::question::{Question, Word};
use crate::schema::{Fields, days, number_key};
use crate::verify::{Required, VerifiedQuery};

/// Values of one filter: more than any page offers.
const MOST_FILTER_VALUES: usize = 500;
/// Bigrams of a phrase looked up in the index; the stored text decides anyway.
const MOST_PHRASE_BIGRAMS: usize = 16;
/// Below this many letters a Latin word is part of too many others to be looked for inside them.
const SHORTEST_LATIN_PART: usize = 3;

type Part = Box<dyn Query>;

/// How many of the words must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// As `index/fields.toml` says.
    Most,
    /// One of them.
    One,
    /// None, where something else is asked for too.
    None,
}

impl Strictness {
    /// In the order they are tried.
    pub(crate) const ALL: [Self; 3] = [Self::Most, Self::One, Self::None];
}

/// Makes queries for one state of the index.
pub(crate) struct Planner<'a> {
    pub(crate) fields: &'a Fields,
    pub(crate) lexicon: &'a Lexicon,
    pub(crate) searcher: &'a Searcher,
}

impl Planner<'_> {
    fn weights(&self) -> &Weights {
        &self.lexicon.fields.weights
    }

    /// The query for a question; `None` where this strictness asks nothing that a stricter one did not.
    pub(crate) fn plan(&self, asked: &Asked, question: &Question, strictness: Strictness) -> Result<Option<Part>, SearchError> {
        let has_others = !(question.phrases.is_empty() && question.numbers.is_empty());
        let sensible = match strictness {
            Strictness::Most => true,
            Strictness::One => question.words.len() > 1,
            Strictness::None => !question.words.is_empty() && has_others,
        };
        if !sensible {
            return Ok(None);
        }
        if question.is_unanswerable {
            return Ok(Some(Box::new(EmptyQuery)));
        }
        let mut clauses = self.filters(&asked.filters)?;
        clauses.extend(self.dates(asked));
        clauses.extend(question.phrases.iter().map(|spellings| (Occur::Must, self.phrase(spellings))));
        if !question.numbers.is_empty() {
            clauses.push((Occur::Must, self.numbers(&question.numbers)));
        }
        if !question.words.is_empty() {
            clauses.extend(self.words(question, strictness));
        }
        if !clauses.iter().any(|(occur, _)| *occur == Occur::Must) {
            clauses.push((Occur::Must, silent(Box::new(AllQuery))));
        }
        for text in question.excluded_texts.iter().flatten() {
            clauses.push((Occur::MustNot, self.verified(self.anywhere(text), &[vec![text.clone()]])));
        }
        for key in &question.excluded_numbers {
            clauses.push((Occur::MustNot, exact(self.fields.number, key)));
        }
        Ok(Some(self.verified(boxed(BooleanQuery::new(clauses)), &question.phrases)))
    }

    fn words(&self, question: &Question, strictness: Strictness) -> Vec<(Occur, Part)> {
        let least = match strictness {
            Strictness::Most => self.lexicon.fields.matching.least(question.words.len()),
            Strictness::One | Strictness::None => 1,
        };
        let present: Vec<Part> = question.words.iter().map(|word| self.present(word)).collect();
        let occur = if strictness == Strictness::None { Occur::Should } else { Occur::Must };
        let mut clauses = vec![(occur, boxed(BooleanQuery::union_with_minimum_required_clauses(present, least)))];
        clauses.extend(self.ranking(question).into_iter().map(|part| (Occur::Should, part)));
        clauses
    }

    /// A word or what stands for it is there: the same small score for each, so that more different words win.
    fn present(&self, word: &Word) -> Part {
        let letters = word.text.chars().count();
        let is_short_latin = letters < SHORTEST_LATIN_PART && !word.text.chars().any(is_ideograph);
        let mut ways = if is_short_latin {
            vec![exact(self.fields.title_words, &word.text), exact(self.fields.body_words, &word.text)]
        } else {
            vec![self.anywhere(&word.text)]
        };
        ways.extend(word.alternatives.iter().map(|other| self.anywhere(other)));
        Box::new(ConstScoreQuery::new(any(ways), self.weights().word_present))
    }

    /// What only helps to rank.
    fn ranking(&self, question: &Question) -> Vec<Part> {
        let (weights, fields) = (self.weights(), self.fields);
        let mut parts = Vec::new();
        for word in question.words.iter().filter(|word| word.is_single) {
            let two = is_bigram(&word.text);
            let (title, body) =
                if two { (fields.title_bigrams, fields.body_bigrams) } else { (fields.title_words, fields.body_words) };
            parts.push(boost(scored(title, &word.text), weights.title_words));
            parts.push(boost(scored(body, &word.text), weights.body_words));
        }
        for pair in &question.bigrams {
            parts.push(boost(scored(fields.title_bigrams, pair), weights.title_bigrams));
            parts.push(boost(scored(fields.body_bigrams, pair), weights.body_bigrams));
        }
        for other in &question.synonyms {
            parts.push(boost(substring(fields.title_bigrams, other), weights.title_bigrams * weights.synonym));
            parts.push(boost(all_bigrams(fields.body_bigrams, other), weights.body_bigrams * weights.synonym));
        }
        for title in &question.titles {
            parts.push(Box::new(ConstScoreQuery::new(substring(fields.title_bigrams, title), weights.title_exact)));
        }
        parts
    }

    /// The candidates whose texts contain each phrase, in one of its spellings. Phrases of one or two characters are
    /// terms of the index and need no second look.
    fn verified(&self, candidates: Part, phrases: &[Vec<String>]) -> Part {
        let is_term = |spellings: &Vec<String>| spellings.iter().all(|text| text.chars().count() <= 2);
        let phrases: Vec<Vec<String>> = phrases.iter().filter(|spellings| !is_term(spellings)).cloned().collect();
        if phrases.is_empty() {
            return candidates;
        }
        let required = Arc::new(Required { phrases, fields: vec![self.fields.title, self.fields.body] });
        Box::new(VerifiedQuery { candidates, required })
    }

    fn phrase(&self, spellings: &[String]) -> Part {
        let weights = self.weights();
        let ways = spellings.iter().flat_map(|text| {
            [
                boost(substring(self.fields.title_bigrams, text), weights.title_bigrams),
                boost(all_bigrams(self.fields.body_bigrams, text), weights.body_bigrams),
            ]
        });
        any(ways.collect())
    }

    /// Policies with these characters in the title, or with all their bigrams in the body.
    fn anywhere(&self, text: &str) -> Part {
        any(vec![substring(self.fields.title_bigrams, text), all_bigrams(self.fields.body_bigrams, text)])
    }

    /// The policies with one of these numbers first, then those that mention one.
    fn numbers(&self, keys: &[String]) -> Part {
        let weights = self.weights();
        let mut ways: Vec<Part> = Vec::new();
        for key in keys.iter().flat_map(|key| self.known_numbers(key)) {
            ways.push(Box::new(ConstScoreQuery::new(exact(self.fields.number, &key), weights.number)));
            ways.push(Box::new(ConstScoreQuery::new(exact(self.fields.cited_number, &key), weights.cited_number)));
        }
        any(ways)
    }

    /// The key itself or, where nothing has it, what it becomes without the words typed before the agency
    /// (`税收优惠国发〔2020〕1号`).
    fn known_numbers(&self, key: &str) -> Vec<String> {
        let is_known = |key: &str| {
            let fields = [self.fields.number, self.fields.cited_number];
            fields.iter().any(|field| self.searcher.doc_freq(&Term::from_field_text(*field, key)).is_ok_and(|count| count > 0))
        };
        let agency_end = key.find('|').unwrap_or(0);
        let starts = key[..agency_end].char_indices().map(|(at, _)| at);
        let shorter = starts.map(|at| &key[at..]).find(|shorter| is_known(shorter));
        vec![shorter.unwrap_or(key).to_owned()]
    }

    fn filters(&self, filters: &BTreeMap<String, Vec<String>>) -> Result<Vec<(Occur, Part)>, SearchError> {
        let mut clauses = Vec::new();
        for (name, values) in filters.iter().filter(|(_, values)| !values.is_empty()) {
            if !FILTERS.contains(&name.as_str()) {
                return Err(QueryError::UnknownFilter { name: name.clone(), known: FILTERS.join("、") }.into());
            }
            if values.len() > MOST_FILTER_VALUES {
                return Err(QueryError::TooManyClauses { found: values.len(), most: MOST_FILTER_VALUES }.into());
            }
            let mut ways = Vec::new();
            for value in values {
                ways.extend(self.filter(name, value)?);
            }
            clauses.push((Occur::Must, silent(any(ways))));
        }
        Ok(clauses)
    }

    fn filter(&self, name: &str, value: &str) -> Result<Vec<Part>, SearchError> {
        let facet = |text: &str| exact(self.fields.facet, text);
        Ok(match name {
            "region" => {
                let codes = region_codes(value, &self.lexicon.regions);
                codes.iter().map(|code| region_term(code).map_or_else(|| boxed(AllQuery), |term| facet(&term))).collect()
            }
            "state" => vec![facet(&term(name, state_name(value)?))],
            "title" => vec![substring(self.fields.title_bigrams, &normal(value))],
            "number" => {
                let key = DocNumber::parse(value).map_or_else(|| value.to_owned(), |number| number.key());
                vec![exact(self.fields.number, &number_key(&key))]
            }
            "issuer" => self.issuer(value),
            _ => vec![facet(&term(name, value)), exact(self.fields.label, &term(name, value))],
        })
    }

    /// An agency by the exact name a facet shows, else by part of its name or another name (发改委).
    fn issuer(&self, value: &str) -> Vec<Part> {
        let full = Term::from_field_text(self.fields.facet, &term("issuer", value));
        if self.searcher.doc_freq(&full).is_ok_and(|count| count > 0) {
            return vec![Box::new(TermQuery::new(full, IndexRecordOption::Basic))];
        }
        let text = normal(value);
        let edges = [0, text.len()];
        let whole = self.lexicon.synonyms(&text, |at| edges.contains(&at));
        let others = whole.iter().flat_map(|found| &found.others).copied();
        std::iter::once(text.as_str()).chain(others).map(|name| substring(self.fields.issuer_bigrams, name)).collect()
    }

    fn dates(&self, asked: &Asked) -> Option<(Occur, Part)> {
        if asked.from.is_none() && asked.to.is_none() {
            return None;
        }
        let bound = |date: Option<jiff::civil::Date>| {
            date.map_or(Bound::Unbounded, |date| Bound::Included(Term::from_field_i64(self.fields.date, days(date))))
        };
        Some((Occur::Must, silent(Box::new(RangeQuery::new(bound(asked.from), bound(asked.to))))))
    }
}

/// The texts that contain exactly these characters, in normal form, in a bigram field with positions.
fn substring(field: Field, text: &str) -> Part {
    let bigrams = bigrams_of(text);
    if bigrams.len() < 2 {
        return all_bigrams(field, text);
    }
    // Every second bigram covers all characters with half the lists to read.
    let last = bigrams.len() - 1;
    let chosen = bigrams.into_iter().enumerate().filter(|(at, _)| at % 2 == 0 || *at == last);
    Box::new(PhraseQuery::new_with_offset(chosen.map(|(at, pair)| (at, Term::from_field_text(field, &pair))).collect()))
}

/// The texts that have every bigram of these characters: exact for one and two characters, candidates for more.
fn all_bigrams(field: Field, text: &str) -> Part {
    let mut bigrams = bigrams_of(text);
    match (bigrams.len(), text.chars().next()) {
        (_, None) => Box::new(EmptyQuery),
        // Every character begins a bigram, so one character is all bigrams that begin with it.
        (0, Some(only)) => {
            let after = char::from_u32(only as u32 + 1).unwrap_or(char::MAX);
            let from = Term::from_field_text(field, text);
            Box::new(RangeQuery::new(Bound::Included(from), Bound::Excluded(Term::from_field_text(field, &after.to_string()))))
        }
        (1, _) => scored(field, text),
        _ => {
            bigrams.sort();
            bigrams.dedup();
            // Few candidates have sixteen bigrams of a phrase and lack the seventeenth.
            bigrams.truncate(MOST_PHRASE_BIGRAMS);
            Box::new(BooleanQuery::intersection(bigrams.iter().map(|pair| scored(field, pair)).collect()))
        }
    }
}

fn bigrams_of(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.windows(2).map(|pair| pair.iter().collect()).collect()
}

fn exact(field: Field, text: &str) -> Part {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::Basic))
}

fn scored(field: Field, text: &str) -> Part {
    Box::new(TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs))
}

fn boxed(query: impl Query) -> Part {
    Box::new(query)
}

fn boost(query: Part, weight: f32) -> Part {
    Box::new(BoostQuery::new(query, weight))
}

/// Takes part in matching, not in the score.
fn silent(query: Part) -> Part {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

fn any(mut ways: Vec<Part>) -> Part {
    match ways.len() {
        0 => Box::new(EmptyQuery),
        1 => ways.swap_remove(0),
        _ => Box::new(BooleanQuery::union(ways)),
    }
}
