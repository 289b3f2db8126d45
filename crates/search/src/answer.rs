//! Answering questions from the generation in use.

use std::collections::BTreeMap;

use model::PolicyId;
use model::query::{Hit, Hits, Query, Reason, Sort};
use tantivy::collector::TopDocs;
use tantivy::query::{EnableScoring, TermQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, Searcher, TERMINATED, TantivyDocument};

use crate::analysis::bigrams_of;
use crate::collect::{Collecting, Factors, Found, Ranked, collect};
use crate::entry::days;
use crate::error::{QueryError, SearchError};
use crate::facet::{self, MOST_ISSUERS};
use crate::index::Index;
use crate::node::{Field, Node};
use crate::plan::{Planner, Scored, Strictness};
use crate::question::{Question, Reading};
use crate::schema::{DATE_COLUMN, LEVEL_COLUMN};
use crate::serving::Serving;
use crate::snippet::{self, Highlighter};
use crate::{compile, similar, vocabulary};

/// Deeper pages are never read, and each costs memory for all before it.
const DEEPEST_HIT: usize = 100_000;
/// Characters of a question that names what it looks for.
const LONGEST_NAME: usize = 8;
/// Similar policies given at most.
const MOST_SIMILAR: usize = 50;

/// What one question sees: a state of the index that does not change under it.
pub(crate) struct View<'a> {
    index: &'a Index,
    pub(crate) serving: &'a Serving,
    pub(crate) searcher: Searcher,
}

impl Index {
    /// Answers a question.
    ///
    /// # Errors
    /// [`SearchError::Query`] for a question that is too long or names an unknown filter; the engine's.
    pub fn search(&self, query: &Query) -> Result<Hits, SearchError> {
        let serving = self.serving();
        let view = View { index: self, serving: &serving, searcher: serving.searcher() };
        let question = view.question(query)?;
        let mut hits = view.search(query, &question)?;
        if hits.total == 0 || view.has_strange_word(&question) {
            hits.did_you_mean = vocabulary::corrections(&view, self, query)?;
        }
        Ok(hits)
    }

    /// Policies that speak of the same, most similar first; none where the index does not have the policy.
    ///
    /// # Errors
    /// The engine's.
    pub fn similar(&self, id: &PolicyId, limit: usize) -> Result<Vec<Hit>, SearchError> {
        let serving = self.serving();
        let view = View { index: self, serving: &serving, searcher: serving.searcher() };
        let Some(node) = view.likeness(id)? else { return Ok(Vec::new()) };
        let limit = limit.min(MOST_SIMILAR);
        let found = view.collect(&node, std::slice::from_ref(&node), limit + 1, &Query::default())?;
        let highlighter = Highlighter::new(&[], &[]);
        let mut hits = Vec::new();
        for ranked in &found.best {
            let hit = view.hit(ranked, &highlighter)?;
            if hit.id != *id && hits.len() < limit {
                hits.push(hit);
            }
        }
        Ok(hits)
    }
}

impl View<'_> {
    pub(crate) fn count(&self, field: Field, text: &str) -> u64 {
        self.serving.count(&self.searcher, field, text)
    }

    /// Whether the corpus has all neighbouring characters of a text.
    fn knows(&self, text: &str) -> bool {
        bigrams_of(text).iter().all(|pair| self.count(Field::TextBigrams, pair) > 0)
    }

    /// Whether a content word has characters together that the corpus never has.
    fn has_strange_word(&self, question: &Question) -> bool {
        question.all_words().any(|word| word.alternatives.is_empty() && !self.knows(&word.text))
    }

    fn question(&self, query: &Query) -> Result<Question, QueryError> {
        let knows = |text: &str| self.knows(text);
        Question::new(query, &Reading { lexicon: &self.index.lexicon, segmenter: &self.index.segmenter, knows: &knows })
    }

    fn search(&self, query: &Query, question: &Question) -> Result<Hits, SearchError> {
        let limit = query.limit.min(Query::MOST_HITS);
        if query.offset > DEEPEST_HIT {
            return Err(QueryError::TooDeep { most: DEEPEST_HIT }.into());
        }
        if query.sort == Sort::Closing && query.today.is_none() {
            return Err(QueryError::NoToday.into());
        }
        let most = if limit == 0 { 0 } else { query.offset.saturating_add(limit) };
        let (found, relaxed) = self.find(query, question, most)?;
        let highlighter = Highlighter::new(&question.needles(), &question.all_numbers());
        let page = found.best.iter().skip(query.offset);
        let hits: Result<Vec<Hit>, SearchError> = page.map(|ranked| self.hit(ranked, &highlighter)).collect();
        let mut hits =
            Hits { total: found.total, hits: hits?, facets: facets_in_order(found.facets, query), relaxed, ..Hits::default() };
        if query.explain && query.sort == Sort::Relevance {
            self.explain(question, &found.best[query.offset.min(found.best.len())..], &mut hits.hits)?;
        }
        Ok(hits)
    }

    /// Whether a question finds anything without asking for less.
    pub(crate) fn finds(&self, query: &Query) -> Result<bool, SearchError> {
        let question = self.question(query)?;
        let count = |field: Field, text: &str| self.count(field, text);
        let planner = Planner { lexicon: &self.index.lexicon, count: &count };
        let Some(node) = planner.plan(query, &question, Strictness::Most)? else { return Ok(false) };
        Ok(self.collect(&node, &[], 0, query)?.total > 0)
    }

    fn find(&self, query: &Query, question: &Question, most: usize) -> Result<(Found, bool), SearchError> {
        let count = |field: Field, text: &str| self.count(field, text);
        let planner = Planner { lexicon: &self.index.lexicon, count: &count };
        let parts: Vec<Node> = planner.scored(question).into_iter().map(|part| part.node).collect();
        let mut found = Found::default();
        for strictness in Strictness::ALL {
            let Some(node) = planner.plan(query, question, strictness)? else { continue };
            let more = self.collect(&node, &parts, most, query)?;
            let is_strict = strictness == Strictness::Most;
            let enough = if is_strict { self.enough(query, question) } else { 1 };
            if more.total >= enough {
                let relaxed = !is_strict && more.total > found.total;
                return Ok((more, relaxed));
            }
            found = more;
        }
        Ok((found, false))
    }

    /// How many policies must have all words, lest those are listed too that have some. One will do where the question is
    /// no more than a name, or says by more than words what it wants; and by date or window, policies that have only some
    /// of the words would push aside those that have all.
    fn enough(&self, query: &Query, question: &Question) -> usize {
        let is_plain = question.phrases.is_empty() && question.numbers.is_empty() && question.needs.is_empty();
        let is_name = question.titles.iter().any(|text| text.chars().count() <= LONGEST_NAME);
        let may_relax = query.sort == Sort::Relevance && is_plain && !is_name;
        if may_relax { self.index.lexicon.fields.matching.few } else { 1 }
    }

    /// What meets a node, ranked by the sum of some parts.
    fn collect(&self, node: &Node, parts: &[Node], most: usize, query: &Query) -> Result<Found, SearchError> {
        let compiled = |node: &Node| compile::query(node, &self.serving.fields);
        let parts: Vec<_> = parts.iter().map(compiled).collect();
        let collecting = Collecting { most, sort: query.sort, factors: self.factors()?, today: query.today.map(days) };
        Ok(collect(&self.searcher, &*compiled(node), &parts, collecting)?)
    }

    fn factors(&self) -> Result<Factors, SearchError> {
        let mut newest = i64::MIN;
        for segment in self.searcher.segment_readers() {
            newest = newest.max(segment.fast_fields().i64(DATE_COLUMN)?.max_value());
        }
        let fields = &self.index.lexicon.fields;
        Ok(Factors { freshness: fields.freshness, authority: fields.authority, newest })
    }

    pub(crate) fn hit(&self, ranked: &Ranked, highlighter: &Highlighter) -> Result<Hit, SearchError> {
        let stored = self.serving.fields.stored(&self.searcher.doc(ranked.address)?);
        Ok(Hit {
            snippet: highlighter.snippet(&stored.body),
            id: stored.id,
            score: ranked.score,
            marked_title: highlighter.marked(&stored.title),
            title: snippet::without_marks(&stored.title),
            date: stored.date,
            number: stored.number,
            issuer: stored.issuer,
            state: stored.state,
            reasons: Vec::new(),
        })
    }

    /// What each score is made of: every part asked about each hit by itself.
    fn explain(&self, question: &Question, best: &[Ranked], hits: &mut [Hit]) -> Result<(), SearchError> {
        let count = |field: Field, text: &str| self.count(field, text);
        let parts = Planner { lexicon: &self.index.lexicon, count: &count }.scored(question);
        for (ranked, hit) in best.iter().zip(hits) {
            let mut reasons: Vec<Reason> = Vec::new();
            for Scored { what, text, node } in &parts {
                let Some(score) = self.score(node, ranked.address)?.filter(|score| *score > 0.0) else { continue };
                match reasons.iter_mut().find(|reason| reason.what == *what && reason.text == *text) {
                    Some(reason) => reason.score += score,
                    None => reasons.push(Reason { what: (*what).to_owned(), text: text.clone(), score }),
                }
            }
            reasons.sort_by(|one, other| other.score.total_cmp(&one.score));
            reasons.extend(self.factor_reasons(ranked.address)?);
            hit.reasons = reasons;
        }
        Ok(())
    }

    fn factor_reasons(&self, address: DocAddress) -> Result<[Reason; 2], SearchError> {
        let columns = self.searcher.segment_reader(address.segment_ord).fast_fields();
        let factors = self.factors()?;
        let freshness = factors.freshness(columns.i64(DATE_COLUMN)?.first(address.doc_id));
        let authority = factors.authority(columns.u64(LEVEL_COLUMN)?.first(address.doc_id));
        let reason = |what: &str, score| Reason { what: what.to_owned(), text: String::new(), score };
        Ok([reason("freshness", freshness), reason("authority", authority)])
    }

    /// What a node adds to the score of one document; nothing where the document does not meet it.
    fn score(&self, node: &Node, address: DocAddress) -> Result<Option<f32>, SearchError> {
        let query = compile::query(node, &self.serving.fields);
        let weight = query.weight(EnableScoring::enabled_from_searcher(&self.searcher))?;
        let mut scorer = weight.scorer(self.searcher.segment_reader(address.segment_ord), 1.0)?;
        let doc = scorer.doc();
        if doc == TERMINATED || doc > address.doc_id || doc < address.doc_id && scorer.seek(address.doc_id) != address.doc_id {
            return Ok(None);
        }
        Ok(Some(scorer.score()))
    }

    /// The question that finds what is like a policy.
    fn likeness(&self, id: &PolicyId) -> Result<Option<Node>, SearchError> {
        let query = TermQuery::new(self.serving.fields.id_term(id), IndexRecordOption::Basic);
        let found = self.searcher.search(&query, &TopDocs::with_limit(1).order_by_score())?;
        let Some((_, address)) = found.first() else { return Ok(None) };
        let stored = self.serving.fields.stored(&self.searcher.doc::<TantivyDocument>(*address)?);
        let count = |field: Field, text: &str| self.count(field, text);
        Ok(similar::node(&stored, &self.index.segmenter, &self.index.lexicon, self.searcher.num_docs(), &count))
    }
}

fn facets_in_order(facets: BTreeMap<&'static str, BTreeMap<String, u64>>, query: &Query) -> BTreeMap<String, Vec<(String, u64)>> {
    let in_order = facets.into_iter().map(|(name, values)| {
        let chosen = query.filters.get(name).map(Vec::as_slice).unwrap_or_default();
        let shown = values.into_iter().filter(|(value, _)| facet::is_shown(name, value, chosen));
        let mut values: Vec<(String, u64)> = shown.collect();
        values.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        if name == "issuer" {
            values.truncate(MOST_ISSUERS);
        }
        (name.to_owned(), values)
    });
    in_order.filter(|(_, values)| !values.is_empty()).collect()
}
