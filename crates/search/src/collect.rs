//! One pass over the matching policies: counting, facets and ranking.
//!
//! What matches is found first, without scores; then each part of the score walks once through those policies. The lists
//! that only rank are far longer than what matches, so a part skips from one match to the next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use model::query::Sort;
use tantivy::columnar::{Column, StrColumn};
use tantivy::query::{EnableScoring, Query, Scorer, Weight};
use tantivy::{DocAddress, DocId, Score, Searcher, SegmentOrdinal, SegmentReader, TERMINATED};

use crate::facet;
use crate::lexicon::{Authority, Freshness};
use crate::schema::{DATE_COLUMN, FACET_COLUMN, LEVEL_COLUMN, WINDOW_COLUMN};
use crate::window::{COUNTED, Span, WINDOW};

/// Where a part of the score has at most so many policies for each match, it walks through all of them: skipping costs
/// about as much as so many steps.
const STEPS_FOR_A_SKIP: u64 = 8;

/// What to collect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Collecting {
    /// Hits to keep.
    pub(crate) most: usize,
    pub(crate) sort: Sort,
    pub(crate) factors: Factors,
    /// Days since 1970; windows are counted from it.
    pub(crate) today: Option<i64>,
}

/// What the sum of a score is multiplied by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors {
    pub(crate) freshness: Freshness,
    pub(crate) authority: Authority,
    /// The newest date of the index in days: freshness is counted from it, so that it needs no clock and a rebuilt
    /// index ranks as before.
    pub(crate) newest: i64,
}

impl Factors {
    /// For a date in days since 1970.
    pub(crate) fn freshness(&self, date: Option<i64>) -> f32 {
        let Some(date) = date.filter(|_| self.freshness.most > 0.0) else { return 1.0 };
        let age = self.newest.saturating_sub(date).max(0) as f32;
        1.0 + self.freshness.most * (-age / self.freshness.half_life_days).exp2()
    }

    /// The most they can be.
    fn most(&self) -> f32 {
        (1.0 + self.freshness.most) * self.authority.most()
    }

    /// For a level of government.
    pub(crate) fn authority(&self, level: Option<u64>) -> f32 {
        self.authority.factor(level.unwrap_or_default())
    }
}

/// A hit before its text is read. The greater is the better; equal ones keep the order of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked {
    pub(crate) score: Score,
    order: i64,
    pub(crate) address: DocAddress,
}

impl Ranked {
    fn key(&self) -> (i64, Reverse<DocAddress>) {
        (self.order, Reverse(self.address))
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
    /// Whether a hit of this score cannot be among the best any more.
    fn is_beyond_reach(&self, score: Score) -> bool {
        self.heap.len() == self.most && self.heap.peek().is_some_and(|worst| score < worst.0.score)
    }

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

/// Finds what matches, counts it and ranks it by the sum of the parts.
pub(crate) fn collect(
    searcher: &Searcher,
    matching: &dyn Query,
    parts: &[Box<dyn Query>],
    collecting: Collecting,
) -> tantivy::Result<Found> {
    let matching = matching.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let is_ranked = collecting.sort == Sort::Relevance && collecting.most > 0;
    let scoring = EnableScoring::enabled_from_searcher(searcher);
    let parts = parts.iter().filter(|_| is_ranked).map(|part| part.weight(scoring)).collect::<tantivy::Result<Vec<_>>>()?;
    let mut all = Found::default();
    for (ordinal, reader) in searcher.segment_readers().iter().enumerate() {
        let matches = matches_of(&*matching, reader)?;
        if matches.is_empty() {
            continue;
        }
        let segment = Segment::new(reader, u32::try_from(ordinal).unwrap_or(u32::MAX), collecting)?;
        segment.count(&matches, &mut all)?;
        if collecting.most > 0 {
            let scores = if is_ranked { scores_of(&matches, &parts, reader)? } else { Vec::new() };
            all.best.extend(segment.best(&matches, &scores));
        }
    }
    all.best.sort_unstable_by(|one, other| other.cmp(one));
    all.best.truncate(collecting.most);
    Ok(all)
}

/// The living documents that match, in order.
fn matches_of(matching: &dyn Weight, reader: &SegmentReader) -> tantivy::Result<Vec<DocId>> {
    let mut matches = Vec::new();
    match reader.alive_bitset() {
        None => matching.for_each_no_score(reader, &mut |docs| matches.extend_from_slice(docs))?,
        Some(alive) => {
            matching.for_each_no_score(reader, &mut |docs| matches.extend(docs.iter().filter(|doc| alive.is_alive(**doc))))?;
        }
    }
    Ok(matches)
}

/// The sum of the parts for each match.
fn scores_of(matches: &[DocId], parts: &[Box<dyn Weight>], reader: &SegmentReader) -> tantivy::Result<Vec<Score>> {
    let mut scores = vec![0.0; matches.len()];
    for part in parts {
        let mut scorer = part.scorer(reader, 1.0)?;
        let walks = u64::from(scorer.size_hint()) <= STEPS_FOR_A_SKIP * matches.len() as u64;
        add_scores(matches, &mut *scorer, walks, &mut scores);
    }
    Ok(scores)
}

fn add_scores(matches: &[DocId], scorer: &mut dyn Scorer, walks: bool, scores: &mut [Score]) {
    let mut doc = scorer.doc();
    for (wanted, sum) in matches.iter().zip(scores) {
        if walks {
            while doc < *wanted {
                doc = scorer.advance();
            }
        } else if doc < *wanted {
            doc = scorer.seek(*wanted);
        }
        if doc == *wanted {
            *sum += scorer.score();
        } else if doc == TERMINATED {
            return;
        }
    }
}

/// The columns of one segment.
struct Segment {
    ordinal: SegmentOrdinal,
    collecting: Collecting,
    dates: Column<i64>,
    levels: Column<u64>,
    windows: Column<u64>,
    facets: Option<StrColumn>,
}

impl Segment {
    fn new(reader: &SegmentReader, ordinal: SegmentOrdinal, collecting: Collecting) -> tantivy::Result<Self> {
        let columns = reader.fast_fields();
        Ok(Self {
            ordinal,
            collecting,
            dates: columns.i64(DATE_COLUMN)?,
            levels: columns.u64(LEVEL_COLUMN)?,
            windows: columns.u64(WINDOW_COLUMN)?,
            facets: columns.str(FACET_COLUMN)?,
        })
    }

    /// Adds the number of the matches and of their facets.
    fn count(&self, matches: &[DocId], all: &mut Found) -> tantivy::Result<()> {
        all.total += matches.len();
        if let Some(today) = self.collecting.today {
            self.count_windows(matches, today, all);
        }
        let Some(facets) = &self.facets else { return Ok(()) };
        let mut counts = vec![0u64; facets.num_terms()];
        for doc in matches {
            for ordinal in facets.ords().values_for_doc(*doc) {
                if let Some(count) = usize::try_from(ordinal).ok().and_then(|at| counts.get_mut(at)) {
                    *count += 1;
                }
            }
        }
        let mut term = String::new();
        for (ordinal, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            if facets.ord_to_str(ordinal as u64, &mut term)?
                && let Some((name, value)) = facet::shown(&term)
            {
                *all.facets.entry(name).or_default().entry(value).or_default() += count;
            }
        }
        Ok(())
    }

    fn count_windows(&self, matches: &[DocId], today: i64, all: &mut Found) {
        if self.windows.num_docs() == 0 || self.windows.max_value() == 0 {
            return;
        }
        let mut counts = [0u64; COUNTED.len()];
        for doc in matches.iter().filter(|doc| self.windows.first(**doc).is_some()) {
            for (count, (_, wanted)) in counts.iter_mut().zip(COUNTED) {
                *count += u64::from(wanted.is_met(self.windows.values_for_doc(*doc).map(Span::unpacked), today));
            }
        }
        for (count, (value, _)) in counts.into_iter().zip(COUNTED).filter(|(count, _)| *count > 0) {
            *all.facets.entry(WINDOW).or_default().entry(value.to_owned()).or_default() += count;
        }
    }

    /// The best matches of the segment; `scores` is empty where they are ordered otherwise.
    fn best(&self, matches: &[DocId], scores: &[Score]) -> Vec<Ranked> {
        let mut best = Best { most: self.collecting.most, heap: BinaryHeap::new() };
        let factors = self.collecting.factors;
        for (at, doc) in matches.iter().enumerate() {
            let address = DocAddress::new(self.ordinal, *doc);
            let Some(score) = scores.get(at) else {
                best.offer(Ranked { score: 0.0, order: self.order(*doc), address });
                continue;
            };
            // Most matches are worse than the worst kept one, whatever their factors are.
            if best.is_beyond_reach(score * factors.most()) {
                continue;
            }
            let date = self.dates.first(*doc);
            let score = score * factors.freshness(date) * factors.authority(self.levels.first(*doc));
            best.offer(Ranked { score, order: date.unwrap_or(i64::MIN), address });
        }
        best.heap.into_iter().map(|ranked| ranked.0).collect()
    }

    /// What hits are ordered by, where not by relevance.
    fn order(&self, doc: DocId) -> i64 {
        let date = self.dates.first(doc);
        match self.collecting.sort {
            Sort::Relevance | Sort::Newest => date.unwrap_or(i64::MIN),
            Sort::Oldest => date.map_or(i64::MIN, |date| -date),
            Sort::Closing => {
                let today = self.collecting.today.unwrap_or_default();
                let spans = self.windows.values_for_doc(doc).map(Span::unpacked);
                spans.filter_map(|span| span.closes(today)).min().map_or(i64::MIN, |last| -last)
            }
        }
    }
}
