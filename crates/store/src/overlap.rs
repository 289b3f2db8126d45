//! How much of two texts is the same, and which letters are not, measured on runs of four letters; spacing, punctuation
//! and width do not count.

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

/// What the one of two texts has and the other has not.
///
/// Found letter by letter: a letter differs where no run of four that holds it stands anywhere in the other text. Where a
/// sentence stands does not matter, so other line breaks and moved paragraphs are no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Extra {
    /// Letters of the text.
    pub(crate) letters: usize,
    /// Letters that the other text has not.
    pub(crate) own: usize,
    /// Those of them between what both share; the rest stands around it, as the header and footer of a page do.
    pub(crate) inside: usize,
    /// Whether a figure is among those inside.
    pub(crate) figures: bool,
}

impl Extra {
    /// What `text` has beyond `other`.
    pub(crate) fn of(text: &str, other: &Shingles) -> Self {
        let letters: Vec<char> = letters(text).take(MOST_LETTERS).collect();
        let mut shared = vec![false; letters.len()];
        for (at, run) in letters.windows(RUN.min(letters.len().max(1))).enumerate() {
            if other.runs.binary_search(&hash(run)).is_ok() {
                shared[at..at + run.len()].fill(true);
            }
        }
        let body = body_of(&shared);
        let own = shared.iter().filter(|shared| !**shared).count();
        let inside = body.clone().filter(|at| !shared[*at]);
        let figures = inside.clone().any(|at| letters[at].is_ascii_digit());
        Self { letters: letters.len(), own, inside: inside.count(), figures }
    }

    /// The share of the text that the other has not.
    pub(crate) fn share(&self) -> f64 {
        ratio(self.own, self.letters)
    }
}

/// From the first to the last stretch that both texts have and that is long enough not to be chance.
fn body_of(shared: &[bool]) -> std::ops::Range<usize> {
    const LEAST: usize = 20;
    let mut body: Option<(usize, usize)> = None;
    let mut from = 0;
    for at in 0..=shared.len() {
        if shared.get(at).copied().unwrap_or(false) {
            continue;
        }
        if at - from >= LEAST {
            body = Some((body.map_or(from, |(start, _)| start), at));
        }
        from = at + 1;
    }
    body.map_or(0..0, |(start, end)| start..end)
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
    fn what_only_one_of_two_texts_has_is_told_with_its_place() {
        let body = "第一条为了支持中小企业发展根据有关法律制定本办法第二条对首次认定的企业给予一次性奖励二百万元由财政部门拨付到位任何单位不得截留挪用本办法自印发之日起施行";
        let extra = |one: &str, other: &str| {
            let extra = Extra::of(one, &Shingles::of(other));
            (extra.own, extra.inside, extra.figures)
        };
        assert_eq!(extra(body, body), (0, 0, false));
        assert_eq!(extra(&format!("索引号777发布机构某局{body}扫一扫"), body), (15, 0, false), "around, not inside");
        let doubled = format!("{body}{}", body.replace("二百万元", "3百万元").replace("第一条", "第三条"));
        let (own, inside, figures) = extra(&doubled, body);
        assert!(own == inside && inside <= 5 && figures, "{own} {inside} {figures}");
        assert_eq!(extra("", body), (0, 0, false));
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
