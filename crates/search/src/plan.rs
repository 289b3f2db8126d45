//! How a question becomes a tree of nodes: bigrams decide what matches, bigrams and words together how well.
//!
//! Every content word should be there and most must; if that finds nothing, fewer are asked for ([`Strictness`]).

use std::collections::BTreeMap;

use model::DocNumber;
use model::query::{Part, Query as Asked};

use crate::analysis::{bigrams_of, is_bigram, is_ideograph, normal};
use crate::entry::{days, number_key};
use crate::error::QueryError;
use crate::facet::{FILTERS, region_codes, region_term, state_name, term};
use crate::lexicon::{Lexicon, Weights};
use crate::node::{Field, Node, Stored};
use crate::question::{Need, Question, Word};
use crate::window::{WINDOW, Wanted};

/// Values of one filter: more than any page offers.
const MOST_FILTER_VALUES: usize = 500;
/// Bigrams of a phrase looked up in the index; the stored text decides anyway.
const MOST_PHRASE_BIGRAMS: usize = 16;
/// Below this many letters a Latin word is part of too many others to be looked for inside them.
const SHORTEST_LATIN_PART: usize = 3;
/// Texts a phrase may stand in.
const BOTH: [Stored; 2] = [Stored::Title, Stored::Body];

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

/// A part of the score: what gives it, for which text, and the node that says how much.
#[derive(Debug)]
pub(crate) struct Scored {
    pub(crate) what: &'static str,
    pub(crate) text: String,
    pub(crate) node: Node,
}

/// Parts of a score, a node only once.
struct Parts(Vec<Scored>);

impl Parts {
    fn add(&mut self, what: &'static str, text: &str, node: Node, weight: f32) {
        if weight <= 0.0 {
            return;
        }
        // A word of two characters is a bigram too.
        let known = self.0.iter_mut().find_map(|part| match &mut part.node {
            Node::Weighted { node: of, weight } if **of == node => Some(weight),
            _ => None,
        });
        match known {
            Some(known) => *known += weight,
            None => self.0.push(Scored { what, text: text.to_owned(), node: node.weighted(weight) }),
        }
    }
}

/// Makes trees for one state of the index.
pub(crate) struct Planner<'a> {
    pub(crate) lexicon: &'a Lexicon,
    /// Policies that have a term.
    pub(crate) count: &'a dyn Fn(Field, &str) -> u64,
}

impl Planner<'_> {
    fn weights(&self) -> &Weights {
        &self.lexicon.fields.weights
    }

    /// The tree of what a question asks for; `None` where this strictness asks nothing that a stricter one did not.
    pub(crate) fn plan(&self, asked: &Asked, question: &Question, strictness: Strictness) -> Result<Option<Node>, QueryError> {
        let has_others = !(question.phrases.is_empty() && question.numbers.is_empty() && question.needs.is_empty());
        let sensible = match strictness {
            Strictness::Most => true,
            Strictness::One => question.words.len() > 1,
            Strictness::None => !question.words.is_empty() && has_others,
        };
        if !sensible {
            return Ok(None);
        }
        if question.is_unanswerable {
            return Ok(Some(Node::Nothing));
        }
        let mut must = self.filters(asked)?;
        must.extend(dates(asked));
        for need in &question.needs {
            must.push(self.need(need, asked)?);
        }
        let has_one = |spellings: &Vec<String>| Node::any(spellings.iter().map(|text| has_bigrams(text, false)).collect());
        must.extend(question.phrases.iter().map(has_one));
        if !question.numbers.is_empty() {
            must.push(Node::any(self.numbers(&question.numbers).map(|scored| scored.node).collect()));
        }
        let present: Vec<Node> = question.words.iter().map(|word| self.present(word)).collect();
        let least = match strictness {
            Strictness::Most => self.lexicon.fields.matching.least(present.len()),
            Strictness::One | Strictness::None => 1,
        };
        if !present.is_empty() && strictness != Strictness::None {
            must.push(Node::Any { least, of: present });
        }
        let without: Result<Vec<Node>, QueryError> = question.excluded.iter().map(|need| self.need(need, asked)).collect();
        Ok(Some(all_but(must, without?).containing(&question.phrases, &BOTH)))
    }

    /// What a score is the sum of, each part by itself.
    pub(crate) fn scored(&self, question: &Question) -> Vec<Scored> {
        let weights = self.weights();
        let mut parts = Parts(Vec::new());
        self.score_words(question, &mut parts);
        for pair in &question.bigrams {
            parts.add("title", pair, Node::ranked(Field::TitleBigrams, pair), weights.title_bigrams);
            parts.add("body", pair, Node::ranked(Field::TextBigrams, pair), weights.body_bigrams);
        }
        for other in &question.synonyms {
            let title = Node::Row { field: Field::TitleBigrams, text: other.clone() };
            parts.add("synonym", other, title, weights.title_bigrams * weights.synonym);
            parts.add("synonym", other, has_bigrams(other, true), weights.body_bigrams * weights.synonym);
        }
        for spelling in question.phrases.iter().flatten() {
            let title = Node::Row { field: Field::TitleBigrams, text: spelling.clone() };
            parts.add("phrase", spelling, title, weights.title_bigrams);
            parts.add("phrase", spelling, has_bigrams(spelling, true), weights.body_bigrams);
        }
        for title in &question.titles {
            let row = Node::Row { field: Field::TitleBigrams, text: title.clone() };
            parts.add("title_exact", title, row.scoring(1.0), weights.title_exact);
        }
        parts.0.extend(self.numbers(&question.numbers));
        parts.0
    }

    fn score_words(&self, question: &Question, parts: &mut Parts) {
        let weights = self.weights();
        for word in question.all_words().filter(|word| word.is_single) {
            let two = is_bigram(&word.text);
            let (title, text) =
                if two { (Field::TitleBigrams, Field::TextBigrams) } else { (Field::TitleWords, Field::TextWords) };
            parts.add("title", &word.text, Node::ranked(title, &word.text), weights.title_words);
            parts.add("body", &word.text, Node::ranked(text, &word.text), weights.body_words);
        }
        for word in &question.words {
            parts.add("word_present", &word.text, self.present(word).scoring(1.0), weights.word_present);
        }
        if question.words.len() > 1 {
            let all = Node::all(question.words.iter().map(|word| self.present(word)).collect());
            parts.add("all_present", "", all.scoring(1.0), weights.all_present);
        }
    }

    /// A word or what stands for it is there.
    fn present(&self, word: &Word) -> Node {
        let letters = word.text.chars().count();
        let is_short_latin = letters < SHORTEST_LATIN_PART && !word.text.chars().any(is_ideograph);
        let own = if is_short_latin { Node::exact(Field::TextWords, &word.text) } else { has_bigrams(&word.text, false) };
        let others = word.alternatives.iter().map(|other| has_bigrams(other, false));
        Node::any(std::iter::once(own).chain(others).collect())
    }

    fn need(&self, need: &Need, asked: &Asked) -> Result<Node, QueryError> {
        Ok(match need {
            Need::Words(words) => Node::all(words.iter().map(|word| self.present(word)).collect()),
            Need::Phrase(spellings) => {
                let ways = Node::any(spellings.iter().map(|text| has_bigrams(text, false)).collect());
                ways.containing(std::slice::from_ref(spellings), &BOTH)
            }
            Need::In(part, spellings) => part_has(*part, spellings),
            Need::Number(key) => Node::exact(Field::Number, &self.known_number(key)),
            Need::Filter(name, values) => self.filter(name, values, asked)?,
            Need::Any(alternatives) => {
                let mut ways = Vec::new();
                for (needs, excluded) in alternatives {
                    ways.push(self.alternative(needs, excluded, asked)?);
                }
                Node::any(ways)
            }
        })
    }

    fn alternative(&self, needs: &[Need], excluded: &[Need], asked: &Asked) -> Result<Node, QueryError> {
        let each = |needs: &[Need]| needs.iter().map(|need| self.need(need, asked)).collect::<Result<Vec<Node>, QueryError>>();
        Ok(all_but(each(needs)?, each(excluded)?))
    }

    /// The policies with one of these numbers first, then those that mention one.
    fn numbers(&self, keys: &[String]) -> impl Iterator<Item = Scored> {
        let (own, cited) = (self.weights().number, self.weights().cited_number);
        let known: Vec<String> = keys.iter().map(|key| self.known_number(key)).collect();
        known.into_iter().flat_map(move |key| {
            let scored = |what, field, score| Scored { what, node: Node::exact(field, &key).scoring(score), text: key.clone() };
            [scored("number", Field::Number, own), scored("cited_number", Field::CitedNumber, cited)]
        })
    }

    /// The key itself or, where nothing has it, what it becomes without the words typed before the agency
    /// (`税收优惠国发〔2020〕1号`).
    fn known_number(&self, key: &str) -> String {
        let is_known = |key: &str| [Field::Number, Field::CitedNumber].iter().any(|field| (self.count)(*field, key) > 0);
        let agency_end = key.find('|').unwrap_or(0);
        let starts = key[..agency_end].char_indices().map(|(at, _)| at);
        let shorter = starts.map(|at| &key[at..]).find(|shorter| is_known(shorter));
        shorter.unwrap_or(key).to_owned()
    }

    fn filters(&self, asked: &Asked) -> Result<Vec<Node>, QueryError> {
        let filters: &BTreeMap<String, Vec<String>> = &asked.filters;
        let chosen = filters.iter().filter(|(_, values)| !values.is_empty());
        chosen.map(|(name, values)| self.filter(name, values, asked)).collect()
    }

    fn filter(&self, name: &str, values: &[String], asked: &Asked) -> Result<Node, QueryError> {
        if !FILTERS.contains(&name) {
            return Err(QueryError::UnknownFilter { name: name.to_owned(), known: FILTERS.join("、") });
        }
        if values.len() > MOST_FILTER_VALUES {
            return Err(QueryError::TooManyClauses { found: values.len(), most: MOST_FILTER_VALUES });
        }
        let mut ways = Vec::new();
        for value in values {
            ways.extend(self.filter_value(name, value, asked)?);
        }
        Ok(Node::any(ways))
    }

    fn filter_value(&self, name: &str, value: &str, asked: &Asked) -> Result<Vec<Node>, QueryError> {
        let facet = |text: &str| Node::exact(Field::Facet, text);
        Ok(match name {
            "region" => {
                let codes = region_codes(value, &self.lexicon.regions);
                codes.iter().map(|code| region_term(code).map_or(Node::Everything, |term| facet(&term))).collect()
            }
            "state" => vec![facet(&term(name, state_name(value)?))],
            "title" => vec![part_has(Part::Title, &[normal(value)])],
            "number" => {
                let key = DocNumber::parse(value).map_or_else(|| value.to_owned(), |number| number.key());
                vec![Node::exact(Field::Number, &number_key(&key))]
            }
            "issuer" => self.issuer(value),
            WINDOW => {
                let today = asked.today.ok_or(QueryError::NoToday)?;
                vec![Node::Window { wanted: Wanted::parse(value)?, today: days(today) }]
            }
            _ => vec![facet(&term(name, value)), Node::exact(Field::Label, &term(name, value))],
        })
    }

    /// An agency by the exact name a facet shows, else by part of its name or another name (发改委).
    fn issuer(&self, value: &str) -> Vec<Node> {
        let full = term("issuer", value);
        if (self.count)(Field::Facet, &full) > 0 {
            return vec![Node::exact(Field::Facet, &full)];
        }
        let text = normal(value);
        let edges = [0, text.len()];
        let whole = self.lexicon.synonyms(&text, |at| edges.contains(&at));
        let others: Vec<String> = whole.iter().flat_map(|found| &found.others).map(|other| (*other).to_owned()).collect();
        std::iter::once(text).chain(others).map(|name| part_has(Part::Issuer, &[name])).collect()
    }
}

/// All of some and none of others.
fn all_but(must: Vec<Node>, without: Vec<Node>) -> Node {
    if without.is_empty() { Node::all(must) } else { Node::But { node: Box::new(Node::all(must)), without } }
}

fn dates(asked: &Asked) -> Option<Node> {
    let (first, last) = (asked.from.map(days), asked.to.map(days));
    (first.is_some() || last.is_some()).then_some(Node::Dates { first, last })
}

/// Policies of which one part has one of these spellings.
fn part_has(part: Part, spellings: &[String]) -> Node {
    let row = |field| Node::any(spellings.iter().map(|text| Node::Row { field, text: text.clone() }).collect());
    match part {
        Part::Title => row(Field::TitleBigrams),
        Part::Issuer => row(Field::IssuerBigrams),
        Part::Body => {
            let ways = Node::any(spellings.iter().map(|text| has_bigrams(text, false)).collect());
            ways.containing(&[spellings.to_vec()], &[Stored::Body])
        }
    }
}

/// The texts that have every bigram of these characters: exact for one and two characters, candidates for more.
fn has_bigrams(text: &str, ranked: bool) -> Node {
    let field = Field::TextBigrams;
    let mut bigrams = bigrams_of(text);
    match (bigrams.len(), text.is_empty()) {
        (_, true) => Node::Nothing,
        (0, _) => Node::StartsWith { field, text: text.to_owned() },
        _ => {
            bigrams.sort();
            bigrams.dedup();
            // Few candidates have sixteen bigrams of a phrase and lack the seventeenth.
            bigrams.truncate(MOST_PHRASE_BIGRAMS);
            Node::all(bigrams.into_iter().map(|text| Node::Term { field, text, ranked }).collect())
        }
    }
}
