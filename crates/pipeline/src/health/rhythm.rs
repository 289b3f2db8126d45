//! The rhythm of a source: on which days it publishes how much, and so how long a pause and how few items are normal.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::clock::day_of;
use store::SourceRun;

use super::calendar::{back, working_days};
use super::statistics::{SIGNIFICANT, median, poisson_at_most, spread};

/// Gaps between publications below which a rhythm is not known.
const FEW_GAPS: usize = 5;
/// Working days that are looked at for "fewer items than normal", and those they are compared with.
const RECENT_DAYS: u64 = 20;
const EARLIER_DAYS: u64 = 120;
const LEAST_EARLIER_DAYS: u64 = 40;
/// Working days of silence that are borne where only the entry's `expected_per_week` is known: longer than any holiday.
const PATIENCE_DAYS: u64 = 20;
/// A pause may be this much longer than the longest one so far.
const LONGER: f64 = 1.2;

/// Items by the day of their date; by the day they were first seen where the list has no dates.
#[derive(Debug, Default)]
pub(super) struct Rhythm {
    days: BTreeMap<Date, u64>,
}

/// How long the pauses of a source are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pauses {
    /// The longest so far, in working days.
    pub(super) longest: u64,
    /// The longest that its rhythm explains.
    pub(super) explained: u64,
}

/// Fewer items than normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Few {
    /// Items in the last working days.
    pub(super) count: u64,
    /// How many working days these are.
    pub(super) days: u64,
    /// Items that so many working days bring normally.
    pub(super) normal: u64,
}

impl Rhythm {
    /// The rhythm that runs have seen, newest first.
    pub(super) fn of(history: &[SourceRun]) -> Self {
        let mut days: BTreeMap<Date, u64> = BTreeMap::new();
        for (index, run) in history.iter().enumerate() {
            let day = day_of(run.started);
            let Some(facts) = &run.facts else {
                if let Some(newest) = run.newest.filter(|newest| *newest <= day) {
                    days.entry(newest).or_insert(1);
                }
                continue;
            };
            // Dates to come are those of events or mistakes.
            for (date, count) in facts.days.iter().filter(|(date, _)| **date <= day) {
                let known = days.entry(*date).or_default();
                *known = (*known).max(*count);
            }
            // All items are new to the first run.
            if facts.days.is_empty() && facts.new > 0 && index + 1 < history.len() {
                *days.entry(day).or_default() += facts.new;
            }
        }
        let mut rhythm = Self { days };
        rhythm.drop_pinned();
        rhythm
    }

    /// Takes out the few items that stand far before all others: pinned ones, or the end of a list of years.
    fn drop_pinned(&mut self) {
        let total: u64 = self.days.values().sum();
        let few = (total / 10).max(2);
        let dates: Vec<Date> = self.days.keys().copied().collect();
        let gaps: Vec<f64> = dates.windows(2).map(|pair| working_days(pair[0], pair[1]) as f64).collect();
        let usual = median(&gaps).max(1.0);
        let mut below = 0;
        let mut first = None;
        for (gap, pair) in gaps.iter().zip(dates.windows(2)) {
            below += self.days[&pair[0]];
            if below > few {
                break;
            }
            if *gap > 20.0 * usual {
                first = Some(pair[1]);
            }
        }
        if let Some(first) = first {
            self.days = self.days.split_off(&first);
        }
    }

    /// The newest day.
    pub(super) fn newest(&self) -> Option<Date> {
        self.days.keys().next_back().copied()
    }

    /// Items a working day brings on average; `None` where too little is known.
    pub(super) fn rate(&self) -> Option<f64> {
        let (first, last) = (*self.days.keys().next()?, self.newest()?);
        let span = working_days(first, last);
        (self.days.len() > FEW_GAPS && span > 0).then(|| self.days.values().sum::<u64>() as f64 / span as f64)
    }

    /// How long its pauses are and may be.
    ///
    /// Days of publication are taken as a Poisson process: of pauses as long as `ln(1000)` times the mean one in a thousand
    /// comes by chance. Publishing comes in bursts, so what was seen counts too: the longest pause so far, with a margin
    /// (a source that rests each summer), and the median with six spreads.
    pub(super) fn pauses(&self, expected_per_week: u32) -> Option<Pauses> {
        let dates: Vec<Date> = self.days.keys().copied().collect();
        let gaps: Vec<f64> = dates.windows(2).map(|pair| working_days(pair[0], pair[1]).max(1) as f64).collect();
        if gaps.len() < FEW_GAPS {
            let mean = 5.0 / f64::from((expected_per_week > 0).then_some(expected_per_week)?);
            let explained = ((-SIGNIFICANT.ln() * mean).ceil() as u64).max(PATIENCE_DAYS);
            return Some(Pauses { longest: gaps.iter().copied().fold(0.0, f64::max) as u64, explained });
        }
        let longest = gaps.iter().copied().fold(0.0, f64::max);
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let by_chance = -SIGNIFICANT.ln() * mean;
        let robust = median(&gaps) + 6.0 * spread(&gaps);
        let explained = by_chance.max(longest * LONGER).max(robust).ceil() as u64;
        Some(Pauses { longest: longest as u64, explained })
    }

    /// Whether the last working days before today brought fewer items than chance explains, and than ever before.
    ///
    /// Counts of weeks vary more than a Poisson process does; the excess (variance over mean) scales both sides of the test.
    pub(super) fn few(&self, today: Date) -> Option<Few> {
        let start = back(today, RECENT_DAYS);
        let first = *self.days.keys().next()?;
        let known = working_days(first, start).min(EARLIER_DAYS);
        if known < LEAST_EARLIER_DAYS {
            return None;
        }
        let between = |after: Date, until: Date| {
            self.days.iter().filter(|(day, _)| **day > after && **day <= until).map(|(_, count)| *count).sum::<u64>()
        };
        let recent = between(start, today);
        let mut weeks = Vec::new();
        let mut end = start;
        while (weeks.len() as u64 + 1) * 5 <= known {
            let begin = back(end, 5);
            weeks.push(between(begin, end) as f64);
            end = begin;
        }
        let mean = weeks.iter().sum::<f64>() / weeks.len() as f64;
        let variance = weeks.iter().map(|week| (week - mean).powi(2)).sum::<f64>() / (weeks.len() as f64 - 1.0).max(1.0);
        let excess = (variance / mean.max(f64::EPSILON)).max(1.0);
        let expected = mean * RECENT_DAYS as f64 / 5.0;
        let least = weeks.windows(4).map(|four| four.iter().sum::<f64>() as u64).min().unwrap_or(0);
        let few = recent < least && poisson_at_most((recent as f64 / excess) as u64, expected / excess) < SIGNIFICANT;
        few.then_some(Few { count: recent, days: RECENT_DAYS, normal: expected.round() as u64 })
    }
}
