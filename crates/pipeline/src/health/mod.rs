//! Health: what a run saw is counted ([`Observer`]), judged against the source's own past ([`judge()`]), kept, and told.

mod calendar;
#[cfg(test)]
mod cases;
mod compare;
mod judge;
mod observer;
mod rhythm;
mod statistics;
mod sweep;

pub use compare::{Look, compare, last_good};
pub use judge::{MOST_RUNS, judge};
pub use observer::{Asked, Observer};
pub use sweep::Swept;

/// Items a week of five working days brings, by the dates of the items that runs have seen; `None` where too little is known.
#[must_use]
pub fn items_a_week(history: &[store::SourceRun]) -> Option<f64> {
    rhythm::Rhythm::of(history).rate().map(|rate| (rate * 50.0).round() / 10.0)
}
