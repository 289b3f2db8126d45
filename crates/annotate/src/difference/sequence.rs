//! The longest common order of two sequences of words, in near linear time for any input.
//!
//! What stands once on both sides anchors the rest; between two anchors the library compares, where the stretch is small
//! enough for its worst case, and otherwise all of the one stretch is replaced by all of the other.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// The largest product of two lengths that is compared exactly.
const MOST_PRODUCT: usize = 4_000_000;

/// Pairs of equal places, ascending on both sides.
pub(super) fn common(old: &[u32], new: &[u32]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut from_old, mut from_new) = (0, 0);
    let ends = std::iter::once((old.len(), new.len()));
    for (to_old, to_new) in anchors(old, new).into_iter().chain(ends) {
        between(old, new, from_old..to_old, from_new..to_new, &mut pairs);
        if to_old < old.len() && to_new < new.len() {
            pairs.push((to_old, to_new));
        }
        (from_old, from_new) = (to_old + 1, to_new + 1);
    }
    pairs
}

/// The equal places between two anchors.
fn between(old: &[u32], new: &[u32], old_range: Range<usize>, new_range: Range<usize>, pairs: &mut Vec<(usize, usize)>) {
    let (mut a, mut b) = (old_range, new_range);
    while !a.is_empty() && !b.is_empty() && old[a.start] == new[b.start] {
        pairs.push((a.start, b.start));
        (a.start, b.start) = (a.start + 1, b.start + 1);
    }
    let mut tail = Vec::new();
    while !a.is_empty() && !b.is_empty() && old[a.end - 1] == new[b.end - 1] {
        tail.push((a.end - 1, b.end - 1));
        (a.end, b.end) = (a.end - 1, b.end - 1);
    }
    if !a.is_empty() && !b.is_empty() && a.len().saturating_mul(b.len()) <= MOST_PRODUCT {
        for op in capture_diff_slices(Algorithm::Myers, &old[a.clone()], &new[b.clone()]) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                pairs.extend((0..len).map(|step| (a.start + old_index + step, b.start + new_index + step)));
            }
        }
    }
    pairs.extend(tail.into_iter().rev());
}

/// Words that stand once on each side, the most that have one order.
fn anchors(old: &[u32], new: &[u32]) -> Vec<(usize, usize)> {
    let (once_old, once_new) = (once(old), once(new));
    let candidates: Vec<(usize, usize)> = old
        .iter()
        .enumerate()
        .filter(|(_, word)| once_old.get(word).is_some_and(Option::is_some))
        .filter_map(|(at, word)| Some((at, (*once_new.get(word)?)?)))
        .collect();
    ascending(&candidates)
}

/// For each word the place it stands at; `None` where it stands more than once.
fn once(words: &[u32]) -> HashMap<u32, Option<usize>> {
    let mut places = HashMap::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        places.entry(*word).and_modify(|place| *place = None).or_insert(Some(at));
    }
    places
}

/// The longest run of candidates that ascends on the second side as well.
fn ascending(candidates: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Index of the last candidate of the best run of each length, and for each candidate the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(candidates.len());
    for (index, (_, place)) in candidates.iter().enumerate() {
        let length = ends.partition_point(|end| candidates[*end].1 < *place);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut run = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(index) = at {
        run.push(candidates[index]);
        at = before[index];
    }
    run.reverse();
    run
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(old: &[u32], new: &[u32], expected: usize) {
        assert_eq!(common(old, new).len(), expected, "{old:?} {new:?}");
    }

    #[test]
    fn the_common_order_is_found() {
        check(&[1, 2, 3, 4], &[1, 2, 3, 4], 4);
        check(&[1, 2, 3, 4], &[1, 9, 3, 4], 3);
        check(&[1, 1, 2, 1], &[1, 2, 1, 1], 3);
        check(&[1, 2], &[3, 4], 0);
        check(&[], &[1], 0);
    }

    proptest! {
        #[test]
        fn pairs_are_equal_and_ascend(
            old in prop::collection::vec(0u32..12, 0..60),
            new in prop::collection::vec(0u32..12, 0..60),
        ) {
            let pairs = common(&old, &new);
            prop_assert!(pairs.iter().all(|(a, b)| old[*a] == new[*b]));
            prop_assert!(pairs.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
            prop_assert_eq!(common(&old, &old).len(), old.len());
        }
    }
}
