//! Exact phrases: the index proposes policies that have all bigrams of a phrase, the stored text decides.
//!
//! Positions of bigrams would answer from the index alone, but take more than half the size of the text; one compressed
//! block of stored texts read for each few candidates is the better price for a question that is rarely asked.

use std::sync::Arc;

use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, Value};
use tantivy::store::StoreReader;
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, TantivyDocument, TantivyError};

use crate::analysis::normal;

/// Blocks of stored texts kept while one question walks through a segment: candidates come in order.
const CACHED_BLOCKS: usize = 2;

/// What the stored texts must contain: of each phrase one spelling, in one of the fields.
#[derive(Debug)]
pub(crate) struct Required {
    pub(crate) phrases: Vec<Vec<String>>,
    pub(crate) fields: Vec<Field>,
}

impl Required {
    fn is_met(&self, document: &TantivyDocument) -> bool {
        let texts: Vec<&str> = self.fields.iter().filter_map(|field| document.get_first(*field)?.as_str()).collect();
        let mut left: Vec<&Vec<String>> = self.phrases.iter().collect();
        let is_in = |text: &str, spellings: &[String]| spellings.iter().any(|spelling| text.contains(spelling.as_str()));
        // Most texts are written as their normal form is: bringing a text into normal form is ten times the work.
        left.retain(|spellings| !texts.iter().any(|text| is_in(text, spellings)));
        for text in &texts {
            if left.is_empty() {
                break;
            }
            let text = normal(text);
            left.retain(|spellings| !is_in(&text, spellings));
        }
        left.is_empty()
    }
}

/// Those of some candidates whose stored texts contain what is required.
#[derive(Debug)]
pub(crate) struct VerifiedQuery {
    pub(crate) candidates: Box<dyn Query>,
    pub(crate) required: Arc<Required>,
}

impl Clone for VerifiedQuery {
    fn clone(&self) -> Self {
        Self { candidates: self.candidates.box_clone(), required: Arc::clone(&self.required) }
    }
}

impl Query for VerifiedQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(VerifiedWeight { candidates: self.candidates.weight(scoring)?, required: Arc::clone(&self.required) }))
    }
}

struct VerifiedWeight {
    candidates: Box<dyn Weight>,
    required: Arc<Required>,
}

impl Weight for VerifiedWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let store = reader.get_store_reader(CACHED_BLOCKS)?;
        let candidates = self.candidates.scorer(reader, boost)?;
        let mut scorer = VerifiedScorer { candidates, store, required: Arc::clone(&self.required) };
        scorer.settle();
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() > doc || scorer.seek(doc) != doc {
            return Err(TantivyError::InvalidArgument(format!("document {doc} does not match")));
        }
        self.candidates.explain(reader, doc)
    }
}

struct VerifiedScorer {
    candidates: Box<dyn Scorer>,
    store: StoreReader,
    required: Arc<Required>,
}

impl VerifiedScorer {
    /// Moves on to the next candidate that is one, beginning with the present.
    fn settle(&mut self) -> DocId {
        let mut doc = self.candidates.doc();
        while doc != TERMINATED && !self.is_met(doc) {
            doc = self.candidates.advance();
        }
        doc
    }

    fn is_met(&self, doc: DocId) -> bool {
        match self.store.get::<TantivyDocument>(doc) {
            Ok(document) => self.required.is_met(&document),
            Err(error) => {
                // A scorer cannot fail; the policy is left out, and opening the damaged index again rebuilds it.
                tracing::error!(doc, %error, "stored text of the index cannot be read");
                false
            }
        }
    }
}

impl DocSet for VerifiedScorer {
    fn advance(&mut self) -> DocId {
        self.candidates.advance();
        self.settle()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.candidates.seek(target);
        self.settle()
    }

    fn doc(&self) -> DocId {
        self.candidates.doc()
    }

    fn size_hint(&self) -> u32 {
        self.candidates.size_hint()
    }

    /// Reading a stored text costs as much as hundreds of steps through a posting list.
    fn cost(&self) -> u64 {
        self.candidates.cost().saturating_mul(500)
    }
}

impl Scorer for VerifiedScorer {
    fn score(&mut self) -> Score {
        self.candidates.score()
    }
}
