//! Comparing what was found in a text with its labels: which item answers which label, and what is counted.

use std::collections::BTreeMap;

use model::{Item, What};

use super::gold::{Expected, Phrase};
use super::labels::{differences, shown, told, wanted};
use super::{Band, Finding, Scorecard, awards, conditions, share};
use crate::annotator::{Annotator, Input};

/// Confidence below which an item counts as unsure.
const UNSURE: f32 = 0.6;
/// How many texts with mistakes are told.
const MOST_WORST: usize = 20;
/// How many mistakes of one of them.
const MOST_MISTAKES: usize = 8;
/// Lower ends of the bands of confidence.
const BANDS: [f32; 6] = [0.0, 0.5, 0.6, 0.7, 0.8, 0.9];

/// Counts over all texts that are no counts of one type.
#[derive(Debug, Default)]
pub(super) struct Tally {
    matched: usize,
    exact: usize,
    overlapping: usize,
    conditions: usize,
    free: usize,
    found: usize,
    unsure: usize,
    bands: [(usize, usize); BANDS.len()],
    mistakes: Vec<(usize, String)>,
}

impl Tally {
    /// Writes what was counted into the card.
    pub(super) fn close(mut self, card: &mut Scorecard) {
        card.span_exact = share(self.exact, self.matched);
        card.span_overlap = share(self.overlapping, self.matched);
        card.free_share = if self.conditions == 0 { 0.0 } else { share(self.free, self.conditions) };
        card.low_confidence_share = if self.found == 0 { 0.0 } else { share(self.unsure, self.found) };
        let bands = BANDS.iter().zip(self.bands);
        card.calibration = bands.map(|(from, (found, correct))| Band { from: *from, found, correct }).collect();
        self.mistakes.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        self.mistakes.truncate(MOST_WORST);
        card.worst = self.mistakes.into_iter().map(|(_, words)| words).collect();
    }
}

/// Annotates one text and counts.
pub(super) fn phrase(annotator: &Annotator, phrase: &Phrase, card: &mut Scorecard, tally: &mut Tally) {
    let (region, issuers) = (phrase.region(), phrase.issuers());
    let title = phrase.title.as_deref().unwrap_or_default();
    let input = Input { text: &phrase.text, title, issuers: &issuers, region: &region, date: phrase.date() };
    let items = annotator.annotate(&input).items;
    let labels: Vec<&Expected> = phrase.expect.iter().filter(|expected| wanted(expected).is_some()).collect();
    card.skipped += phrase.expect.len() - labels.len();
    let compared = Compared { annotator, phrase, labels, items: &items };
    let pairs = compared.pairs(|expected, item| differences(annotator, expected, item).is_empty());
    compared.count_types(&pairs, card, tally);
    compared.count_views(&pairs, card);
    compared.count_clean(&pairs, card);
    compared.tell(&pairs, card, tally);
}

/// Indices of labels with the item that answers each.
type Pairs = BTreeMap<usize, usize>;

struct Compared<'c> {
    annotator: &'c Annotator,
    phrase: &'c Phrase,
    labels: Vec<&'c Expected>,
    items: &'c [Item],
}

impl Compared<'_> {
    /// One item for one label. Their types fit and their spans touch; of several that agree, those that share most of
    /// their place are paired first, then in text order, so the pairing is the same whoever does it.
    fn pairs(&self, agree: impl Fn(&Expected, &Item) -> bool) -> Pairs {
        let mut candidates: Vec<(f64, usize, usize)> = Vec::new();
        for (label, expected) in self.labels.iter().enumerate() {
            for (at, item) in self.items.iter().enumerate() {
                let overlap = expected.overlap(item.span);
                if overlap > 0.0 && wanted(expected) == Some(item.what.name()) && agree(expected, item) {
                    candidates.push((overlap, label, at));
                }
            }
        }
        candidates.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| (one.1, one.2).cmp(&(other.1, other.2))));
        let mut pairs = Pairs::new();
        let mut taken = vec![false; self.items.len()];
        for (_, label, at) in candidates {
            if !taken[at] && !pairs.contains_key(&label) {
                taken[at] = true;
                pairs.insert(label, at);
            }
        }
        pairs
    }

    fn count_types(&self, pairs: &Pairs, card: &mut Scorecard, tally: &mut Tally) {
        for expected in &self.labels {
            card.types.entry(wanted(expected).unwrap_or_default().to_owned()).or_default().gold += 1;
        }
        let right: Vec<usize> = pairs.values().copied().collect();
        for (at, item) in self.items.iter().enumerate() {
            let correct = usize::from(right.contains(&at));
            card.types.entry(item.what.name().to_owned()).or_default().add(0, 1, correct);
            tally.found += 1;
            tally.unsure += usize::from(item.confidence < UNSURE);
            let band = BANDS.iter().rposition(|from| item.confidence >= *from).unwrap_or_default();
            tally.bands[band].0 += 1;
            tally.bands[band].1 += correct;
            if let What::Condition(condition) = &item.what {
                tally.conditions += 1;
                tally.free += usize::from(condition.indicator.starts_with("free:"));
            }
        }
        for (label, at) in pairs {
            let overlap = self.labels[*label].overlap(self.items[*at].span);
            tally.matched += 1;
            tally.exact += usize::from(overlap > 0.999);
            tally.overlapping += usize::from(overlap >= 0.8);
        }
    }

    fn count_views(&self, pairs: &Pairs, card: &mut Scorecard) {
        let conditions = || self.items.iter().filter_map(condition_of);
        let is_condition = |expected: &&&Expected| expected.kind == "condition";
        let labels = || self.labels.iter().filter(is_condition);
        let right = |matches: fn(&Expected) -> bool| {
            let is_one = |label: &&usize| self.labels[**label].kind == "condition" && matches(self.labels[**label]);
            pairs.keys().filter(is_one).count()
        };
        let views = &mut card.views;
        let numeric = labels().filter(|expected| conditions::is_numeric(expected)).count();
        views.numeric.add(
            numeric,
            conditions().filter(|found| conditions::has_number(found)).count(),
            right(conditions::is_numeric),
        );
        let by_indicator = self.pairs(|expected, item| {
            condition_of(item).is_some_and(|found| conditions::same_indicator(self.annotator, expected, found))
        });
        views.by_indicator.add(labels().count(), conditions().count(), by_indicator.len());
        let sets = labels().filter(|expected| conditions::is_set(expected)).count();
        let sets_found = conditions().filter(|found| conditions::has_set(found)).count();
        views.sets.add(sets, sets_found, right(conditions::is_set));
        let exact = pairs.iter().filter(|(label, at)| {
            let expected = self.labels[**label];
            let same = |found: &model::Condition| conditions::is_set(expected) && conditions::same_set(expected, found);
            condition_of(&self.items[**at]).is_some_and(same)
        });
        views.sets_exact.add(sets, sets_found, exact.count());
        let awards = self.pairs(|expected, item| match &item.what {
            What::Award(award) => awards::same_numbers(expected, award),
            _ => false,
        });
        let labelled = self.labels.iter().filter(|expected| expected.kind == "award").count();
        let found = self.items.iter().filter(|item| matches!(item.what, What::Award(_))).count();
        views.awards_by_numbers.add(labelled, found, awards.len());
    }

    /// Texts in which nothing, or no condition, is to be found.
    fn count_clean(&self, pairs: &Pairs, card: &mut Scorecard) {
        if self.phrase.kind == "distractor" || self.phrase.expect.is_empty() {
            card.distractors += 1;
            card.false_on_distractors += self.items.len() - pairs.len();
        }
        if self.labels.iter().all(|expected| expected.kind != "condition") {
            card.without_conditions += 1;
            card.without_conditions_hit += usize::from(self.items.iter().any(|item| condition_of(item).is_some()));
        }
    }

    /// The mistakes in words.
    fn tell(&self, pairs: &Pairs, card: &mut Scorecard, tally: &mut Tally) {
        let missed: Vec<Finding> =
            (0..self.labels.len()).filter(|label| !pairs.contains_key(label)).map(|label| self.missed(label)).collect();
        let right: Vec<usize> = pairs.values().copied().collect();
        let extra: Vec<Finding> =
            self.items.iter().enumerate().filter(|(at, _)| !right.contains(at)).map(|(_, item)| self.extra(item)).collect();
        for finding in missed.iter().filter(|finding| finding.kind == "condition") {
            let reason = if finding.differs.is_empty() { "—".to_owned() } else { finding.differs.join("+") };
            *card.reasons.entry(reason).or_default() += 1;
        }
        if !missed.is_empty() || !extra.is_empty() {
            let some = |findings: &[Finding]| -> String {
                let told = findings.iter().take(MOST_MISTAKES).map(|finding| format!("{} {}", finding.kind, finding.what));
                told.collect::<Vec<_>>().join("; ")
            };
            let counts = (missed.len(), extra.len());
            let words = format!("{}: 漏 {} [{}] 多 {} [{}]", self.phrase.id, counts.0, some(&missed), counts.1, some(&extra));
            tally.mistakes.push((counts.0 + counts.1, words));
        }
        card.missed.extend(missed);
        card.extra.extend(extra);
    }

    fn missed(&self, label: usize) -> Finding {
        let expected = self.labels[label];
        let kind = wanted(expected).unwrap_or_default();
        let near = nearest(self.items.iter().filter(|item| item.what.name() == kind), |item| {
            (differences(self.annotator, expected, item).len(), expected.overlap(item.span))
        });
        Finding {
            id: self.phrase.id.clone(),
            kind: kind.to_owned(),
            what: told(expected),
            around: self.phrase.around(expected.span),
            instead: near.map(shown),
            differs: near.map(|item| differences(self.annotator, expected, item)).unwrap_or_default(),
            rule: None,
        }
    }

    fn extra(&self, item: &Item) -> Finding {
        let kind = item.what.name();
        let near = nearest(self.labels.iter().filter(|expected| wanted(expected) == Some(kind)), |expected| {
            (differences(self.annotator, expected, item).len(), expected.overlap(item.span))
        });
        Finding {
            id: self.phrase.id.clone(),
            kind: kind.to_owned(),
            what: shown(item),
            around: self.phrase.around(Some((item.span.start, item.span.end))),
            instead: near.map(|expected| told(expected)),
            differs: near.map(|expected| differences(self.annotator, expected, item)).unwrap_or_default(),
            rule: Some(item.rule.clone()),
        }
    }
}

/// Of those that touch, the one with the fewest differences, then the most in common.
fn nearest<T: Copy>(all: impl Iterator<Item = T>, measure: impl Fn(T) -> (usize, f64)) -> Option<T> {
    let measured = all.map(|one| (measure(one), one)).filter(|((_, overlap), _)| *overlap > 0.0);
    let least = measured.min_by(|((few, near), _), ((many, far), _)| few.cmp(many).then_with(|| far.total_cmp(near)));
    least.map(|(_, one)| one)
}

fn condition_of(item: &Item) -> Option<&model::Condition> {
    match &item.what {
        What::Condition(condition) => Some(condition),
        _ => None,
    }
}
