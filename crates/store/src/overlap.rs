//! How much of two texts is the same, measured on runs of four letters; spacing, punctuation and width do not count.

use model::text::fold_char;

/// Letters in a run: long enough that unrelated official prose shares few of them.
const RUN: usize = 4;
/// Longer texts are compared by their beginning, which bounds time and memory.
const MOST_LETTERS: usize = 200_000;

/// A text ready to be compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shingles {
    /// Letters, digits and ideographs in the text.
    pub(crate) letters: usize,
    /// Hashes of its runs, sorted, each once.
    runs: Vec<u64>,
}

impl Shingles {
    pub(crate) fn of(text: &str) -> Self {
        let letters: Vec<char> = letters(text).take(MOST_LETTERS).collect();
        let mut runs: Vec<u64> = match letters.len() {
            0 => Vec::new(),
            length => letters.windows(RUN.min(length)).map(hash).collect(),
        };
        runs.sort_unstable();
        runs.dedup();
        Self { letters: letters.len(), runs }
    }

    pub(crate) fn overlap(&self, other: &Self) -> Overlap {
        let (mut left, mut right, mut shared) = (self.runs.iter().peekable(), other.runs.iter().peekable(), 0usize);
        while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
            match a.cmp(b) {
                std::cmp::Ordering::Less => drop(left.next()),
                std::cmp::Ordering::Greater => drop(right.next()),
                std::cmp::Ordering::Equal => {
                    shared += 1;
                    left.next();
                    right.next();
                }
            }
        }
        let (small, large) = (self.runs.len().min(other.runs.len()), self.runs.len().max(other.runs.len()));
        Overlap {
            of_smaller: ratio(shared, small),
            of_larger: ratio(shared, large),
            least_letters: self.letters.min(other.letters),
        }
    }
}

/// The shared part of two texts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Overlap {
    /// 1 where the one text stands whole in the other.
    pub(crate) of_smaller: f64,
    /// 1 only where both are the same.
    pub(crate) of_larger: f64,
    /// Letters of the shorter text.
    pub(crate) least_letters: usize,
}

#[expect(clippy::cast_precision_loss, reason = "counts of runs are far below 2^52")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The characters of a text that carry it.
pub(crate) fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(fold_char).filter(|character| character.is_alphanumeric())
}

/// FNV-1a: stable, and good enough for runs that are only ever compared with each other.
fn hash(run: &[char]) -> u64 {
    run.iter().fold(0xcbf2_9ce4_8422_2325, |hash, character| {
        u64::from(*character).to_le_bytes()[..4]
            .iter()
            .fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, of_smaller: std::ops::RangeInclusive<f64>, of_larger: std::ops::RangeInclusive<f64>) {
        let overlap = Shingles::of(a).overlap(&Shingles::of(b));
        assert!(of_smaller.contains(&overlap.of_smaller) && of_larger.contains(&overlap.of_larger), "{overlap:?}");
    }

    #[test]
    fn a_text_inside_another_is_contained_but_not_equal() {
        let body = "对首次认定的专精特新中小企业给予一次性奖励二十万元";
        let wrapped = format!("索引号一二三发布机构某某局发布日期某年某月{body}扫一扫在手机打开当前页面");
        check(body, &wrapped, 1.0..=1.0, 0.2..=0.6);
        check(body, "对首次认定的 专精特新，中小企业给予 一次性奖励二十万元。", 1.0..=1.0, 1.0..=1.0);
        check(body, "", 0.0..=0.0, 0.0..=0.0);
        check(body, "全国银行间同业拆借中心受权公布贷款市场报价利率公告", 0.0..=0.0, 0.0..=0.0);
    }
}
