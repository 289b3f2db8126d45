//! A tree of nodes as a query of the embedded engine.

use std::ops::Bound;
use std::sync::Arc;

use tantivy::query::doc_predicate_query::{DocPredicateQuery, FunctionPredicate};
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery,
};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, SegmentReader, Term};

use crate::analysis::bigrams_of;
use crate::node::{Field, Node};
use crate::schema::{Fields, WINDOW_COLUMN};
use crate::verify::{Required, VerifiedQuery};
use crate::window::{Span, Wanted};

type Part = Box<dyn Query>;

/// The query of a node.
pub(crate) fn query(node: &Node, fields: &Fields) -> Part {
    let each = |nodes: &[Node]| nodes.iter().map(|node| query(node, fields)).collect::<Vec<Part>>();
    match node {
        Node::Everything => Box::new(AllQuery),
        Node::Nothing => Box::new(EmptyQuery),
        Node::Term { field, text, ranked } => term(fields.term(*field, text), *ranked),
        Node::StartsWith { field, text } => starts_with(fields, *field, text),
        Node::Row { field, text } => row(fields, *field, text),
        Node::All(nodes) => Box::new(BooleanQuery::intersection(each(nodes))),
        Node::Any { least, of } => Box::new(BooleanQuery::union_with_minimum_required_clauses(each(of), *least)),
        Node::But { node, without } => {
            let mut clauses = vec![(Occur::Must, query(node, fields))];
            clauses.extend(each(without).into_iter().map(|part| (Occur::MustNot, part)));
            Box::new(BooleanQuery::new(clauses))
        }
        Node::Constant { node, score } => Box::new(ConstScoreQuery::new(query(node, fields), *score)),
        Node::Weighted { node, weight } => Box::new(BoostQuery::new(query(node, fields), *weight)),
        Node::Dates { first, last } => {
            let bound = |day: &Option<i64>| {
                day.map_or(Bound::Unbounded, |day| Bound::Included(Term::from_field_i64(fields.date_column(), day)))
            };
            Box::new(RangeQuery::new(bound(first), bound(last)))
        }
        Node::Window { wanted, today } => window(*wanted, *today),
        Node::Containing { node, phrases, stored } => {
            let columns = stored.iter().map(|text| fields.stored_column(*text)).collect();
            let required = Arc::new(Required { phrases: phrases.clone(), fields: columns });
            Box::new(VerifiedQuery { candidates: query(node, fields), required })
        }
    }
}

fn term(term: Term, ranked: bool) -> Part {
    Box::new(TermQuery::new(term, if ranked { IndexRecordOption::WithFreqs } else { IndexRecordOption::Basic }))
}

/// Every character begins a bigram, so one character is all bigrams that begin with it.
fn starts_with(fields: &Fields, field: Field, text: &str) -> Part {
    let mut after: Vec<char> = text.chars().collect();
    let Some(last) = after.pop() else { return Box::new(AllQuery) };
    after.push(char::from_u32(last as u32 + 1).unwrap_or(char::MAX));
    let after: String = after.into_iter().collect();
    Box::new(RangeQuery::new(Bound::Included(fields.term(field, text)), Bound::Excluded(fields.term(field, &after))))
}

fn row(fields: &Fields, field: Field, text: &str) -> Part {
    let bigrams = bigrams_of(text);
    match &bigrams[..] {
        [] => starts_with(fields, field, text),
        [only] => term(fields.term(field, only), true),
        _ => {
            // Every second bigram covers all characters with half the lists to read.
            let last = bigrams.len() - 1;
            let chosen = bigrams.iter().enumerate().filter(|(at, _)| at % 2 == 0 || *at == last);
            Box::new(PhraseQuery::new_with_offset(chosen.map(|(at, pair)| (at, fields.term(field, pair))).collect()))
        }
    }
}

fn window(wanted: Wanted, today: i64) -> Part {
    let predicate = FunctionPredicate::from(move |segment: &SegmentReader| {
        let column = segment.fast_fields().u64(WINDOW_COLUMN)?;
        Ok(move |doc: DocId| wanted.is_met(column.values_for_doc(doc).map(Span::unpacked), today))
    });
    Box::new(DocPredicateQuery::from(predicate))
}
