//! The few tests that judging needs: exact tails of the binomial and Poisson distributions, and medians.
//!
//! Chances are computed in logarithms, so that large counts neither overflow nor vanish.

/// How unlikely something must be by chance alone before it is called a change. A source is judged by about a dozen tests
/// a run: with a hundred sources a day this is a false word about once a day at the very worst, and since the counts must
/// also differ by [`LEAST_DIFFERENCE`], far more rarely.
pub(super) const SIGNIFICANT: f64 = 0.001;

/// Least difference between two shares that is worth a word.
pub(super) const LEAST_DIFFERENCE: f64 = 0.2;

/// What a source without a past is compared with where something is wrong in itself: runs of so many pages …
const PRIOR_PAGES: f64 = 10.0;
/// … of which this share is wrong, which is more than on most sites.
const PRIOR_SHARE: f64 = 0.05;

/// Pages before which nothing is said of a share that differs much from source to source.
const LEAST_BEFORE: u64 = 10;

/// What is known of a share before anything was seen of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prior {
    /// It is small on any sound source.
    Small,
    /// It differs from source to source: only a change of it means something.
    Own,
}

/// Whether `now` (so many of so many) is more than `before` explains.
pub(super) fn is_worse(now: (u64, u64), before: (u64, u64), prior: Prior) -> bool {
    let (count, of) = now;
    if count == 0 || of == 0 || (prior == Prior::Own && before.1 < LEAST_BEFORE) {
        return false;
    }
    let share = match prior {
        Prior::Small => (before.0 as f64 + PRIOR_PAGES * PRIOR_SHARE) / (before.1 as f64 + PRIOR_PAGES),
        Prior::Own => (before.0 as f64 + 0.5) / (before.1 as f64 + 1.0),
    };
    count as f64 / of as f64 - share >= LEAST_DIFFERENCE && binomial_at_least(count, of, share) < SIGNIFICANT
}

/// The chance of `count` or more hits in `of` draws, each a hit with chance `share`.
pub(super) fn binomial_at_least(count: u64, of: u64, share: f64) -> f64 {
    if share >= 1.0 || count == 0 {
        return 1.0;
    }
    if share <= 0.0 {
        return 0.0;
    }
    let odds = (share / (1.0 - share)).ln();
    // The chance of no hit, then each next one from the one before it.
    let mut term = of as f64 * (1.0 - share).ln();
    let mut below = if count > 0 { term.exp() } else { 0.0 };
    for hits in 1..count.min(of + 1) {
        term += odds + ((of - hits + 1) as f64 / hits as f64).ln();
        below += term.exp();
    }
    (1.0 - below).max(if count > of { 0.0 } else { (term + odds).exp().min(1.0) * f64::EPSILON })
}

/// The chance of `count` or fewer events where `mean` are expected.
pub(super) fn poisson_at_most(count: u64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 1.0;
    }
    let mut term = -mean;
    let mut sum = term.exp();
    for events in 1..=count {
        term += (mean / events as f64).ln();
        sum += term.exp();
    }
    sum.min(1.0)
}

/// The least number of events that is exceeded with a chance below [`SIGNIFICANT`] where `mean` are expected.
pub(super) fn poisson_most(mean: f64) -> u64 {
    let mut term = -mean.max(0.0);
    let mut sum = term.exp();
    let mut events = 0;
    // Far beyond any list page; ends the loop for means whose chances are all zero.
    while sum < 1.0 - SIGNIFICANT && events < 100_000 {
        events += 1;
        term += (mean / events as f64).ln();
        sum += term.exp();
    }
    events
}

/// The median; 0 of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len(), sorted.len() / 2) {
        (0, _) => 0.0,
        (length, middle) if length % 2 == 1 => sorted[middle],
        (_, middle) => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The spread that a normal distribution with the same median absolute deviation has: one wild value does not move it.
pub(super) fn spread(values: &[f64]) -> f64 {
    let middle = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    1.4826 * median(&deviations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_the_tables() {
        let close = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        close(binomial_at_least(3, 10, 0.5), 0.945_312_5);
        close(binomial_at_least(10, 10, 0.5), 1.0 / 1024.0);
        close(binomial_at_least(0, 10, 0.5), 1.0);
        close(poisson_at_most(0, 2.0), 0.135_335_283);
        close(poisson_at_most(3, 2.0), 0.857_123_46);
        assert_eq!(poisson_most(0.0), 0);
        assert_eq!(poisson_most(1.0), 5);
        assert!(binomial_at_least(900, 1000, 0.1) < 1e-9 && binomial_at_least(5_000, 20_000, 0.25) > 0.4);
    }

    #[test]
    fn medians_do_not_follow_one_wild_value() {
        assert!((median(&[20.0, 20.0, 19.0, 900.0, 20.0]) - 20.0).abs() < 1e-9);
        assert!(spread(&[20.0, 21.0, 19.0, 900.0, 20.0]) < 2.0);
        assert!(median(&[]).abs() < 1e-9);
    }

    #[test]
    fn a_share_is_worse_only_beyond_chance_and_by_much() {
        for (now, before, prior, expected) in [
            ((20, 20), (0, 600), Prior::Own, true),
            ((3, 20), (0, 600), Prior::Own, false),
            ((20, 20), (0, 5), Prior::Own, false),
            ((14, 20), (300, 600), Prior::Own, false),
            ((1, 1), (0, 200), Prior::Small, false),
            ((2, 2), (0, 200), Prior::Small, true),
            ((1, 8), (0, 0), Prior::Small, false),
            ((8, 8), (0, 0), Prior::Small, true),
            ((0, 8), (0, 100), Prior::Small, false),
            ((8, 8), (95, 100), Prior::Small, false),
        ] {
            assert_eq!(is_worse(now, before, prior), expected, "{now:?} {before:?}");
        }
    }
}
