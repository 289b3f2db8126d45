//! Small readings of running text that several grammars share: numbers in lists.

use crate::page::Page;
use crate::token::Quantity;
use model::Op;

/// Whether two neighbouring quantities stand in one list: `2亿元、5000万元`, `3%或1000万元`.
pub(crate) fn listed(page: &Page<'_>, one: &Quantity, other: &Quantity) -> bool {
    if other.start < one.end {
        return false;
    }
    let between = page.slice(one.end, other.start);
    // `5000万元(B2C)或5亿元`
    between.chars().count() <= 10 && between.contains(['、', '或', '/', '和']) && !between.contains([',', '。', '的'])
}

/// The operator of a quantity: its own, that of the list it stands in, or that of the number before 或.
pub(crate) fn operator(page: &Page<'_>, index: usize) -> Option<Op> {
    let quantities = &page.tokens.quantities;
    let quantity = &quantities[index];
    if quantity.op.is_some() {
        return quantity.op;
    }
    let mut at = index;
    while let Some(next) = quantities.get(at + 1).filter(|next| listed(page, &quantities[at], next)) {
        if next.op.is_some() {
            if next.op_behind {
                return next.op;
            }
            break;
        }
        at += 1;
        if at > index + MOST_LIST {
            break;
        }
    }
    let mut at = index;
    while at > 0 && at + MOST_LIST > index && listed(page, &quantities[at - 1], &quantities[at]) {
        at -= 1;
        if let Some(op) = quantities[at].op {
            return (op != Op::Range).then_some(op);
        }
    }
    None
}

/// Longer lists of numbers are tables.
const MOST_LIST: usize = 12;

/// The byte behind the last of some marks; 0 where there is none. Marks may be longer than a byte.
pub(crate) fn after_last(text: &str, marks: &[char]) -> usize {
    text.char_indices().rev().find(|(_, character)| marks.contains(character)).map_or(0, |(at, mark)| at + mark.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_cut_behind_marks_of_any_length() {
        for (text, expected) in [("甲。乙", "乙"), ("甲,乙", "乙"), ("甲乙", "甲乙"), ("甲,乙。", "")] {
            assert_eq!(&text[after_last(text, &[',', '。'])..], expected, "{text}");
        }
    }
}
