//! Text: spans in Unicode characters, and a normal form that remembers where each character came from.
//!
//! Rules are written once, for half-width text without blanks inside numbers; the normal form brings any text into
//! that shape, and its position map carries every hit back to the characters of the stored text.

use serde::{Deserialize, Serialize};

/// A half-open range of Unicode characters in a stored text. As JSON: `[start, end]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Span {
    /// Index of the first character.
    pub start: u32,
    /// Index after the last character.
    pub end: u32,
}

impl From<(u32, u32)> for Span {
    fn from((start, end): (u32, u32)) -> Self {
        Self { start, end }
    }
}

impl From<Span> for (u32, u32) {
    fn from(span: Span) -> Self {
        (span.start, span.end)
    }
}

impl Span {
    /// A span from character `start` to before character `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The characters of `text` the span covers; empty where it lies outside.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        let mut boundaries = text.char_indices().map(|(byte, _)| byte).chain(std::iter::once(text.len()));
        let Some(start) = boundaries.nth(self.start as usize) else { return "" };
        if self.end <= self.start {
            return "";
        }
        let Some(end) = boundaries.nth((self.end - self.start - 1) as usize) else { return "" };
        &text[start..end]
    }

    /// Number of characters.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it covers no character.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether the two share a character.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether every character of `other` lies inside.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// The half-width or canonical form of one character: `％` → `%`, `　` → blank, `﹝` → `〔`.
///
/// One character always becomes one character, so folding alone never moves a position. Not folded: `、。《》“”〔〕`,
/// which carry meaning in Chinese text that their ASCII look-alikes do not.
#[must_use]
pub fn fold_char(character: char) -> char {
    match character {
        '\u{3000}' | '\u{a0}' | '\u{2002}'..='\u{200a}' | '\t' => ' ',
        '－' | '—' | '–' | '―' | '─' | '−' | '‐' | '‑' => '-',
        '～' | '〜' | '∼' => '~',
        '﹪' => '%',
        '﹝' => '〔',
        '﹞' => '〕',
        '≧' => '≥',
        '≦' => '≤',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        other => other,
    }
}

/// Folds every character of a text; the number of characters stays the same.
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

/// A text in normal form: folded, and without blanks (and line breaks) next to a digit or an ideograph inside a line of thought.
///
/// Byte offsets of the normal text lead back to characters of the original through [`Normal::span`].
#[derive(Debug, Clone, Default)]
pub struct Normal {
    text: String,
    /// For each byte of `text`, the index of the original character it came from; one more entry for the end.
    origin: Vec<u32>,
}

impl Normal {
    /// Brings a text into normal form. Time and memory are linear in its length.
    ///
    /// Blanks are dropped where one neighbour is an ideograph or a digit and the other is an ideograph, digit, sign or
    /// unit: `1000 万元` and `１０００万元` both become `1000万元`. A blank between two Latin words stays. A line break
    /// is kept as `\n`, except directly between a digit and a unit-like character, as PDF lines break there.
    #[must_use]
    pub fn new(original: &str) -> Self {
        let mut normal = Self { text: String::with_capacity(original.len()), origin: Vec::with_capacity(original.len() + 1) };
        let mut previous: Option<char> = None;
        let mut characters = original.chars().map(fold_char).enumerate().peekable();
        while let Some((index, character)) = characters.next() {
            let is_break = character == '\n' || character == '\r';
            if character == ' ' || is_break || character == '\u{200b}' || character == '\u{feff}' {
                let mut has_break = is_break;
                while let Some((_, next)) = characters.peek() {
                    if !matches!(next, ' ' | '\n' | '\r' | '\u{200b}' | '\u{feff}') {
                        break;
                    }
                    has_break |= matches!(next, '\n' | '\r');
                    characters.next();
                }
                let next = characters.peek().map(|(_, next)| *next);
                if let Some(kept) = blank_between(previous, next, has_break) {
                    normal.push(kept, index);
                    previous = Some(kept);
                }
                continue;
            }
            normal.push(character, index);
            previous = Some(character);
        }
        let count = u32::try_from(original.chars().count()).unwrap_or(u32::MAX);
        normal.origin.push(count);
        normal
    }

    fn push(&mut self, character: char, index: usize) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.text.push(character);
        self.origin.extend(std::iter::repeat_n(index, character.len_utf8()));
    }

    /// The normal text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The span, in characters of the original text, of the bytes `start..end` of the normal text.
    ///
    /// The end is the character after the last one covered, so blanks dropped behind it are not part of the span.
    #[must_use]
    pub fn span(&self, start: usize, end: usize) -> Span {
        if end <= start || end > self.text.len() {
            let at = self.origin.get(start).copied().unwrap_or_default();
            return Span::new(at, at);
        }
        Span::new(self.origin[start], self.origin[end - 1] + 1)
    }
}

fn is_wide(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// What a run of blanks becomes: nothing, one blank or one line break.
fn blank_between(previous: Option<char>, next: Option<char>, has_break: bool) -> Option<char> {
    let (Some(previous), Some(next)) = (previous, next) else { return has_break.then_some('\n') };
    let digit_joint = (previous.is_ascii_digit() && is_unit_start(next)) || (previous == '.' && next.is_ascii_digit());
    if has_break {
        return (!digit_joint).then_some('\n');
    }
    let joins = is_wide(previous) || is_wide(next) || digit_joint || next == '%' || is_mark(previous) || is_mark(next);
    (!joins).then_some(' ')
}

/// Characters with which a unit of measure starts: a number broken from them was one expression.
fn is_unit_start(character: char) -> bool {
    matches!(
        character,
        '%' | '亿'
            | '万'
            | '千'
            | '百'
            | '元'
            | '年'
            | '月'
            | '日'
            | '人'
            | '项'
            | '件'
            | '个'
            | '户'
            | '家'
            | '倍'
            | '分'
            | '平'
    )
}

fn is_mark(character: char) -> bool {
    matches!(character, ',' | ';' | ':' | '(' | ')' | '~' | '%') || is_wide(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(original: &str, expected: &str) {
        assert_eq!(Normal::new(original).text(), expected);
    }

    #[test]
    fn full_width_and_spaced_numbers_have_one_form() {
        check("营业收入 不低于 １，０００ 万元", "营业收入不低于1,000万元");
        check("比例达 3 ％ 以上", "比例达3%以上");
        check("总额 5\n万元", "总额5万元");
    }

    #[test]
    fn latin_words_and_paragraphs_keep_their_blanks() {
        check("policy  text here", "policy text here");
        check("第一条\n　　第二条", "第一条\n第二条");
    }

    #[test]
    fn a_hit_in_the_normal_text_leads_back_to_the_original_characters() {
        let original = "营业收入 １０００ 万元以上";
        let normal = Normal::new(original);
        let start = normal.text().find("1000万元").unwrap();
        let span = normal.span(start, start + "1000万元".len());
        assert_eq!(span.of(original), "１０００ 万元");
    }

    #[test]
    fn a_span_outside_the_text_is_empty() {
        assert_eq!(Span::new(2, 9).of("abc"), "");
        assert_eq!(Span::new(1, 3).of("一二三"), "二三");
    }

    proptest! {
        #[test]
        fn every_character_of_the_normal_text_is_the_fold_of_its_origin(original in "[a-z0-9 　１％\n一二万元,，。]{0,60}") {
            let normal = Normal::new(&original);
            let characters: Vec<char> = original.chars().collect();
            for (byte, character) in normal.text().char_indices() {
                let span = normal.span(byte, byte + character.len_utf8());
                prop_assert_eq!(span.len(), 1);
                let source = fold_char(characters[span.start as usize]);
                prop_assert!(source == character || character.is_whitespace());
            }
        }
    }
}
