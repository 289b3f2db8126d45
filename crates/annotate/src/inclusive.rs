//! What a document says of its own 以上, 以下 and 超过: `所称“以上”含本数,“以下”不含本数`.

use model::Op;

/// Which words of comparison include the number; `None` where the document does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Inclusion {
    above: Option<bool>,
    below: Option<bool>,
}

/// How far before 本数 the words it is about may stand, in characters.
const MOST_BEFORE: usize = 40;
/// Definitions are few.
const MOST_DEFINITIONS: usize = 16;

impl Inclusion {
    /// Reads every definition of a text; the last one wins.
    pub(crate) fn of(text: &str) -> Self {
        let mut inclusion = Self::default();
        let mut read_to = 0;
        for (at, _) in text.match_indices("本数").take(MOST_DEFINITIONS) {
            let from = text[read_to..at].char_indices().rev().nth(MOST_BEFORE).map_or(read_to, |(offset, _)| read_to + offset);
            let words = &text[from..at];
            let words = words.rsplit(['。', ';', '\n']).next().unwrap_or(words);
            let Some(verb) = ["包含", "包括", "含"].iter().find_map(|verb| words.strip_suffix(verb)) else { continue };
            let included = !verb.ends_with(['不', '未']);
            if verb.contains("以上") {
                inclusion.above = Some(included);
            }
            if verb.contains("以下") || verb.contains("以内") {
                inclusion.below = Some(included);
            }
            read_to = at;
        }
        inclusion
    }

    /// The operator that words behind a number have in this document.
    pub(crate) fn operator(self, op: Op, behind: &str) -> Op {
        match op {
            Op::AtLeast if self.above == Some(false) && behind.trim_end_matches(['(', ')']) == "以上" => Op::More,
            Op::AtMost if self.below == Some(false) && matches!(behind, "以下" | "以内") => Op::Less,
            op => op,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_read_in_either_order() {
        let said = |above, below| Inclusion { above, below };
        for (text, expected) in [
            ("本办法所称“以上”含本数,“以下”不含本数。", said(Some(true), Some(false))),
            ("本细则所称\"以下\"不包括本数,\"以上\"包括本数。", said(Some(true), Some(false))),
            ("本办法所称以上、以下均含本数。", said(Some(true), Some(true))),
            ("所称“以上”“以下”均不含本数", said(Some(false), Some(false))),
            ("面积以上的部分", said(None, None)),
        ] {
            assert_eq!(Inclusion::of(text), expected, "in {text}");
        }
    }
}
