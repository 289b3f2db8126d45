//! Ranking, counting and facets in one pass over the matching policies.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use model::query::Sort;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use crate::facet;
use crate::lexicon::Freshness;
use crate::schema::{DATE_COLUMN, FACET_COLUMN};

/// Collects the best hits, the number of all and the facets of all.
pub(crate) struct HitCollector<'a> {
    /// Hits to keep.
    pub(crate) most: usize,
    pub(crate) sort: Sort,
    pub(crate) freshness: &'a Freshness,
    /// The newest date of the index in days: freshness is counted from it, so that it needs no clock and a rebuilt
    /// index ranks as before.
    pub(crate) newest: i64,
}

/// A hit before its text is read. The greater is the better; equal ones keep the order of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked {
    pub(crate) score: Score,
    days: i64,
    pub(crate) address: DocAddress,
}

impl Ranked {
    fn key(&self) -> (i64, Reverse<DocAddress>) {
        (self.days, Reverse(self.address))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.score.total_cmp(&other.score).then_with(|| self.key().cmp(&other.key()))
    }
}

/// What one pass found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) total: usize,
    /// Best first.
    pub(crate) best: Vec<Ranked>,
    /// For each facet its values with their counts.
    pub(crate) facets: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

/// The best few of many.
struct Best {
    most: usize,
    heap: BinaryHeap<Reverse<Ranked>>,
}

impl Best {
    fn offer(&mut self, ranked: Ranked) {
        if self.heap.len() < self.most {
            self.heap.push(Reverse(ranked));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && ranked > worst.0
        {
            *worst = Reverse(ranked);
        }
    }
}

pub(crate) struct SegmentHits {
    segment: SegmentOrdinal,
    total: usize,
    best: Best,
    freshness: Option<(f32, f32)>,
    newest: i64,
    dates: Column<i64>,
    facets: Option<StrColumn>,
    counts: Vec<u64>,
}

impl SegmentCollector for SegmentHits {
    type Fruit = Result<Found, std::io::Error>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        if let Some(facets) = &self.facets {
            for ordinal in facets.ords().values_for_doc(doc) {
                if let Some(count) = usize::try_from(ordinal).ok().and_then(|at| self.counts.get_mut(at)) {
                    *count += 1;
                }
            }
        }
        if self.best.most == 0 {
            return;
        }
        let date = self.dates.first(doc);
        let score = match (self.freshness, date) {
            (Some((most, half_life)), Some(date)) => {
                let age = self.newest.saturating_sub(date).max(0) as f32;
                score * (1.0 + most * (-age / half_life).exp2())
            }
            _ => score,
        };
        self.best.offer(Ranked { score, days: date.unwrap_or(i64::MIN), address: DocAddress::new(self.segment, doc) });
    }

    fn harvest(self) -> Self::Fruit {
        let mut found = Found { total: self.total, ..Found::default() };
        found.best = self.best.heap.into_iter().map(|ranked| ranked.0).collect();
        let Some(facets) = &self.facets else { return Ok(found) };
        let mut term = String::new();
        for (ordinal, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            if facets.ord_to_str(ordinal as u64, &mut term)?
                && let Some((name, value)) = facet::shown(&term)
            {
                *found.facets.entry(name).or_default().entry(value).or_default() += count;
            }
        }
        Ok(found)
    }
}

impl Collector for HitCollector<'_> {
    type Fruit = Found;
    type Child = SegmentHits;

    fn for_segment(&self, segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<SegmentHits> {
        let facets = reader.fast_fields().str(FACET_COLUMN)?;
        let by_relevance = self.sort == Sort::Relevance && self.freshness.most > 0.0;
        Ok(SegmentHits {
            segment,
            total: 0,
            best: Best { most: self.most, heap: BinaryHeap::new() },
            freshness: by_relevance.then_some((self.freshness.most, self.freshness.half_life_days)),
            newest: self.newest,
            dates: reader.fast_fields().i64(DATE_COLUMN)?,
            counts: vec![0; facets.as_ref().map_or(0, |column| column.num_terms())],
            facets,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Relevance && self.most > 0
    }

    fn merge_fruits(&self, fruits: Vec<<SegmentHits as SegmentCollector>::Fruit>) -> tantivy::Result<Found> {
        let mut all = Found::default();
        for found in fruits {
            let found = found?;
            all.total += found.total;
            all.best.extend(found.best);
            for (name, values) in found.facets {
                let counts = all.facets.entry(name).or_default();
                for (value, count) in values {
                    *counts.entry(value).or_default() += count;
                }
            }
        }
        all.best.sort_unstable_by(|one, other| other.cmp(one));
        all.best.truncate(self.most);
        Ok(all)
    }
}
