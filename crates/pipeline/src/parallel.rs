//! Work on many items on all cores, in order, where a panic costs one item only.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Applies `work` to each item; `None` where it panicked. The panic is a defect and stands on stderr; the run goes on.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<Option<R>> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(items.len().max(1));
    let share = items.len().div_ceil(workers).max(1);
    let guarded = |item: &T| catch_unwind(AssertUnwindSafe(|| work(item))).ok();
    let run = |part: &[T]| part.iter().map(guarded).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let parts: Vec<_> = items.chunks(share).map(|part| (part.len(), scope.spawn(|| run(part)))).collect();
        parts.into_iter().flat_map(|(length, part)| part.join().unwrap_or_else(|_| none(length))).collect()
    })
}

fn none<R>(length: usize) -> Vec<Option<R>> {
    std::iter::repeat_with(|| None).take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_its_item_and_the_order_stays() {
        let items: Vec<u32> = (0..9).collect();
        let doubled = in_parallel(&items, |item| if *item == 4 { panic!("a defect") } else { item * 2 });
        let expected: Vec<Option<u32>> = (0..9).map(|item| (item != 4).then_some(item * 2)).collect();
        assert_eq!(doubled, expected);
        assert!(in_parallel(&[], |item: &u32| *item).is_empty());
    }
}
