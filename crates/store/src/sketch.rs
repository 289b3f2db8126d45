//! Finding texts that are nearly the same among millions: MinHash with one permutation, cut into bands.
//!
//! Two texts of which a share `j` of the runs is common agree in one band with probability `j^ROWS`, in any of them with
//! `1 - (1 - j^ROWS)^BANDS`: 0.998 at 0.8, 0.95 at 0.7, 0.4 at 0.5, 0.005 at 0.2. A shared band only makes a candidate.

use crate::overlap::letters;

/// Keys of one text.
pub(crate) const BANDS: usize = 16;
/// The keys of all bands of one text.
pub(crate) type Bands = [u32; BANDS];
/// Smallest values that must all agree in a band.
const ROWS: usize = 5;
const BINS: usize = BANDS * ROWS;
/// Letters in a run: longer than for measuring an overlap, so that official phrases alone make no candidates.
const RUN: usize = 6;
/// Longer texts are sketched by their beginning.
const MOST_LETTERS: usize = 100_000;
/// Shorter ones are found by number, title or the same text only: a few formulas would make them candidates of thousands.
const LEAST_LETTERS: usize = 150;
/// The multiplier of the rolling hash: odd, with bits all over.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// The keys of the bands of a text; none for a short one.
pub(crate) fn bands(text: &str) -> Option<Bands> {
    let letters: Vec<char> = letters(text).take(MOST_LETTERS).collect();
    if letters.len() < LEAST_LETTERS {
        return None;
    }
    let mut bins = [u32::MAX; BINS];
    let leaving = (1..RUN).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut rolling = 0u64;
    for (at, letter) in letters.iter().enumerate() {
        if at >= RUN {
            rolling = rolling.wrapping_sub(u64::from(letters[at - RUN]).wrapping_mul(leaving));
        }
        rolling = rolling.wrapping_mul(BASE).wrapping_add(u64::from(*letter));
        if at + 1 >= RUN {
            let (bin, value) = placed(mixed(rolling));
            bins[bin] = bins[bin].min(value);
        }
    }
    fill(&mut bins);
    let mut bands = [0; BANDS];
    for (index, (band, rows)) in bands.iter_mut().zip(bins.chunks(ROWS)).enumerate() {
        let hash = rows.iter().fold(index as u64, |hash, row| mixed(hash ^ u64::from(*row)));
        *band = (hash >> 32) as u32;
    }
    Some(bands)
}

/// The bin of a hash and its value there: high and low half, so that the one says nothing of the other.
#[expect(clippy::cast_possible_truncation, reason = "the halves are cut on purpose")]
fn placed(hash: u64) -> (usize, u32) {
    ((((hash >> 32) * BINS as u64) >> 32) as usize, hash as u32)
}

/// Spreads every bit over all (the finalizer of `SplitMix64`, which is public domain).
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Gives an empty bin the value of the next full one, with the distance mixed in: two texts that share a value share it there too.
fn fill(bins: &mut [u32; BINS]) {
    let full = *bins;
    for at in 0..BINS {
        if full[at] != u32::MAX {
            continue;
        }
        let next = (1..BINS).find(|distance| full[(at + distance) % BINS] != u32::MAX);
        if let Some(distance) = next {
            let (_, value) = placed(mixed(u64::from(full[(at + distance) % BINS]) << 8 | distance as u64));
            bins[at] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::prose;

    fn shared(one: &str, other: &str) -> usize {
        let (one, other) = (bands(one).unwrap(), bands(other).unwrap());
        one.iter().zip(other).filter(|(one, other)| **one == *other).count()
    }

    #[test]
    fn a_page_around_a_text_leaves_bands_and_another_text_has_none() {
        for seed in 0..50 {
            let text = prose(seed, 1_200);
            assert_eq!(shared(&text, &text.replace('\n', "  ")), BANDS);
            let wrapped = format!("{}{text}{}", prose(seed + 1_000, 80), prose(seed + 2_000, 120));
            assert!(shared(&text, &wrapped) > 0, "seed {seed}");
            assert_eq!(shared(&text, &prose(seed + 3_000, 1_200)), 0, "seed {seed}");
        }
    }

    #[test]
    fn short_texts_have_no_bands() {
        assert_eq!(bands(&prose(1, 100)), None);
        assert_eq!(bands(""), None);
    }
}
