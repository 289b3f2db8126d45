//! Notes about bounds: `(含)`, `(不含20分)`, and what separates the ends of a range.

use crate::number;

/// Whether a note says that the number is included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) included: bool,
    pub(super) excluded: bool,
}

/// `5000万元(含)-1亿元`: where one end is said to belong to the range, the other does not.
pub(super) fn range_bounds(low: Limits, high: Limits) -> Option<&'static str> {
    match (low.included, high.included) {
        (true, true) => Some("[]"),
        (true, false) => Some("[)"),
        (false, true) => Some("(]"),
        (false, false) if low.excluded && high.excluded => Some("()"),
        (false, false) if low.excluded => Some("(]"),
        (false, false) if high.excluded => Some("[)"),
        (false, false) => None,
    }
}

/// The longest `(含…)` note, in characters.
const MOST_NOTE_CHARACTERS: usize = 12;

/// `(含)`, `(不含)`, `(含20分)` at a byte, and the byte after it.
pub(super) fn limit_note(text: &str, at: usize) -> (Limits, usize) {
    let rest = &text[at..];
    if !rest.starts_with("(含") && !rest.starts_with("(不含") && !rest.starts_with("(包含") {
        return (Limits::default(), at);
    }
    let Some((close, _)) = rest.char_indices().take(MOST_NOTE_CHARACTERS).find(|(_, character)| *character == ')') else {
        return (Limits::default(), at);
    };
    let excluded = rest.starts_with("(不含");
    // (不含税) says nothing about the bound.
    let about_bound = rest[..close].trim_start_matches("(不").trim_start_matches('(').trim_start_matches(['包', '含']);
    let plain = about_bound.is_empty()
        || about_bound
            .chars()
            .any(|character| character.is_ascii_digit() || number::starts_chinese(character) || matches!(character, '本' | '级'));
    if !plain {
        return (Limits::default(), at);
    }
    (Limits { included: !excluded, excluded }, at + close + 1)
}

/// The byte behind `(B2B)` and the like, which may stand between a number and its bound.
pub(super) fn after_short_note(text: &str, at: usize) -> Option<usize> {
    let rest = text[at..].strip_prefix('(')?;
    let close = rest.char_indices().take(MOST_NOTE_CHARACTERS).find(|(_, character)| *character == ')')?.0;
    Some(at + 1 + close + 1)
}

/// Where the second number of a range starts, behind `-`, `~`, `至`, `到` or a dirty `至-`.
pub(super) fn range_separator(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    // A blank may stand on either side: 20 —50万元.
    let blank = |at: usize| usize::from(bytes.get(at) == Some(&b' '));
    let start = at + blank(at);
    let mut end = start;
    for separator in ["至", "到", "-", "~", "-"] {
        if text[end..].starts_with(separator) {
            end += separator.len();
        }
    }
    if end == start {
        return None;
    }
    end += blank(end);
    let digit = bytes.get(end).is_some_and(u8::is_ascii_digit) || text[end..].chars().next().is_some_and(number::starts_chinese);
    // 9:00-4月30日17:00: a date begins, no range ends.
    (digit && crate::date::date_at(text, end).is_none()).then_some(end)
}
