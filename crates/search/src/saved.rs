//! Kept questions held against each new policy: once for all of them, not once for each.
//!
//! Each question is turned into its tree once, and filed under a few terms of which every policy that meets it has one.
//! A policy's own terms lead to the few questions that may be met; only their trees are looked at. The trees are those
//! that search uses, at its strictest, so that a question tells of what it would find.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jieba_rs::Jieba;
use jiff::civil::Date;
use model::Record;
use model::query::{Query, SavedQuery};

use crate::analysis::{self, bigrams_of, normal};
use crate::entry::{Entry, days};
use crate::error::SearchError;
use crate::index::Index;
use crate::node::{Field, Node, Stored};
use crate::plan::{Planner, Strictness};
use crate::question::{Question, Reading};

type TermKey = (Field, String);

/// Questions, filed.
pub struct SavedQueries {
    questions: Vec<(SavedQuery, Node)>,
    /// Questions by the terms they are filed under.
    by_term: HashMap<TermKey, Vec<u32>>,
    /// Those that no term leads to: of windows and dates alone.
    always: Vec<u32>,
    segmenter: Arc<Jieba>,
}

impl std::fmt::Debug for SavedQueries {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SavedQueries").field("questions", &self.questions.len()).finish_non_exhaustive()
    }
}

/// A policy in memory.
struct Held {
    entry: Entry,
    terms: HashSet<TermKey>,
    title: String,
    body: String,
}

impl Index {
    /// Files questions, so that policies can be held against them. A question that asks nothing is met by every policy;
    /// windows are counted from `today`.
    ///
    /// # Errors
    /// [`SearchError::Query`] of the first question that is not acceptable.
    pub fn file_queries(&self, queries: Vec<SavedQuery>, today: Date) -> Result<SavedQueries, SearchError> {
        let serving = self.serving();
        let searcher = serving.searcher();
        let count = |field: Field, text: &str| serving.count(&searcher, field, text);
        let knows = |text: &str| bigrams_of(text).iter().all(|pair| count(Field::TextBigrams, pair) > 0);
        let planner = Planner { lexicon: &self.lexicon, count: &count };
        let reading = Reading { lexicon: &self.lexicon, segmenter: &self.segmenter, knows: &knows };
        let mut filed = SavedQueries {
            questions: Vec::with_capacity(queries.len()),
            by_term: HashMap::new(),
            always: Vec::new(),
            segmenter: Arc::clone(&self.segmenter),
        };
        for saved in queries {
            let asked = Query { today: Some(today), ..saved.query.clone() };
            let question = Question::new(&asked, &reading)?;
            let node = planner.plan(&asked, &question, Strictness::Most)?.unwrap_or(Node::Nothing);
            filed.add(saved, node, &count);
        }
        Ok(filed)
    }
}

impl SavedQueries {
    fn add(&mut self, saved: SavedQuery, node: Node, count: &dyn Fn(Field, &str) -> u64) {
        let index = u32::try_from(self.questions.len()).unwrap_or(u32::MAX);
        match anchors(&node, count) {
            Some(mut terms) => {
                terms.sort();
                terms.dedup();
                terms.into_iter().for_each(|term| self.by_term.entry(term).or_default().push(index));
            }
            None => self.always.push(index),
        }
        self.questions.push((saved, node));
    }

    /// Questions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.questions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// The questions a policy meets, in the order they were filed.
    #[must_use]
    pub fn met_by(&self, record: &Record) -> Vec<&SavedQuery> {
        let held = Held::new(record, &self.segmenter);
        let mut candidates = self.always.clone();
        candidates.extend(held.terms.iter().filter_map(|term| self.by_term.get(term)).flatten());
        candidates.sort_unstable();
        candidates.dedup();
        let questions = candidates.into_iter().filter_map(|index| self.questions.get(index as usize));
        questions.filter(|(_, node)| held.meets(node)).map(|(saved, _)| saved).collect()
    }
}

/// Terms of which every policy that meets the node has at least one; `None` where there are no such terms. Of several
/// choices the one that leads to the fewest policies.
fn anchors(node: &Node, count: &dyn Fn(Field, &str) -> u64) -> Option<Vec<TermKey>> {
    let cost = |terms: &Vec<TermKey>| terms.iter().map(|(field, text)| count(*field, text) + 1).sum::<u64>();
    let best = |nodes: &[Node]| nodes.iter().filter_map(|node| anchors(node, count)).min_by_key(cost);
    match node {
        Node::Nothing => Some(Vec::new()),
        Node::Term { field, text, .. } => Some(vec![(*field, text.clone())]),
        Node::Row { field, text } => {
            let pairs = bigrams_of(text).into_iter().map(|pair| vec![(*field, pair)]);
            pairs.min_by_key(cost)
        }
        Node::All(nodes) => best(nodes),
        Node::Any { least, of } => {
            // Where `least` must be met, at most `of - least` can be missing: one more than that has one that is met.
            let mut each: Vec<Option<Vec<TermKey>>> = of.iter().map(|node| anchors(node, count)).collect();
            each.sort_by_key(|terms| terms.as_ref().map_or(u64::MAX, cost));
            let enough = each.into_iter().take((of.len() + 1).saturating_sub(*least));
            enough.collect::<Option<Vec<_>>>().map(|terms| terms.concat())
        }
        Node::Constant { node, .. } | Node::Weighted { node, .. } | Node::Containing { node, .. } | Node::But { node, .. } => {
            anchors(node, count)
        }
        Node::Everything | Node::StartsWith { .. } | Node::Dates { .. } | Node::Window { .. } => None,
    }
}

impl Held {
    fn new(record: &Record, segmenter: &Jieba) -> Self {
        let entry = Entry::new(record);
        let mut terms: HashSet<TermKey> = HashSet::new();
        // As the engine's analysis does: the last character of a text begins a pair too.
        let ended = |text: &str| format!("{text}{}", analysis::END);
        let mut add = |field: Field, texts: Vec<String>| terms.extend(texts.into_iter().map(|text| (field, text)));
        add(Field::TitleBigrams, bigrams_of(&ended(&entry.normal_title)));
        add(Field::TextBigrams, bigrams_of(&ended(&entry.normal_text)));
        for issuer in &entry.normal_issuers {
            add(Field::IssuerBigrams, bigrams_of(&ended(issuer)));
        }
        let words = |text: &str| {
            let words = analysis::words(segmenter, text).into_iter().map(|(_, word)| word);
            words.filter(|word| !analysis::is_bigram(word)).map(str::to_owned).collect::<Vec<String>>()
        };
        add(Field::TitleWords, words(&entry.normal_title));
        add(Field::TextWords, words(&entry.normal_text));
        add(Field::Number, entry.numbers.clone());
        add(Field::CitedNumber, entry.cited_numbers.clone());
        add(Field::Facet, entry.facets.terms.clone());
        add(Field::Label, entry.facets.labels.clone());
        Self { title: entry.normal_title.clone(), body: normal(&entry.body), terms, entry }
    }

    fn has(&self, field: Field, text: &str) -> bool {
        // The set is of owned keys; a lookup that borrows would need a type of its own.
        self.terms.contains(&(field, text.to_owned()))
    }

    fn meets(&self, node: &Node) -> bool {
        match node {
            Node::Everything => true,
            Node::Nothing => false,
            Node::Term { field, text, .. } => self.has(*field, text),
            Node::StartsWith { field, text } => self.terms.iter().any(|(of, term)| of == field && term.starts_with(text)),
            Node::Row { field: Field::TitleBigrams, text } => self.title.contains(text.as_str()),
            Node::Row { field: Field::IssuerBigrams, text } => {
                self.entry.normal_issuers.iter().any(|issuer| issuer.contains(text.as_str()))
            }
            Node::Row { text, .. } => self.entry.normal_text.contains(text.as_str()),
            Node::All(nodes) => nodes.iter().all(|node| self.meets(node)),
            Node::Any { least, of } => of.iter().filter(|node| self.meets(node)).count() >= *least,
            Node::But { node, without } => self.meets(node) && !without.iter().any(|node| self.meets(node)),
            Node::Constant { node, .. } | Node::Weighted { node, .. } => self.meets(node),
            Node::Dates { first, last } => self
                .entry
                .date
                .map(days)
                .is_some_and(|day| first.is_none_or(|first| first <= day) && last.is_none_or(|last| day <= last)),
            Node::Window { wanted, today } => wanted.is_met(self.entry.windows.iter().copied(), *today),
            Node::Containing { node, phrases, stored } => self.meets(node) && self.contains(phrases, stored),
        }
    }

    fn contains(&self, phrases: &[Vec<String>], stored: &[Stored]) -> bool {
        let texts: Vec<&str> = stored
            .iter()
            .map(|stored| match stored {
                Stored::Title => self.title.as_str(),
                Stored::Body => self.body.as_str(),
            })
            .collect();
        let is_in = |spelling: &String| texts.iter().any(|text| text.contains(spelling.as_str()));
        phrases.iter().all(|spellings| spellings.iter().any(is_in))
    }
}
