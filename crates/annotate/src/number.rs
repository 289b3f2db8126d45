//! Numerals: Latin digits with thousands separators, Chinese numerals, and multipliers such as 万 and 亿.

use rust_decimal::Decimal;

/// Longer runs of digits are serial numbers, not quantities.
const MOST_DIGITS: usize = 15;

/// A numeral and the byte after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numeral {
    pub(crate) value: Decimal,
    pub(crate) end: usize,
    pub(crate) chinese: bool,
}

/// The end of the run of digits (and what may stand between digits) at a byte.
pub(crate) fn run_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut end = at;
    while end < bytes.len()
        && (bytes[end].is_ascii_digit()
            || matches!(bytes[end], b',' | b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit))
    {
        end += 1;
    }
    end
}

/// Reads a Latin numeral: `1,000.5`. A comma counts as a separator only before three digits.
pub(crate) fn latin(text: &str, at: usize) -> Option<Numeral> {
    let bytes = text.as_bytes();
    let mut end = at;
    let mut plain = String::new();
    let mut fraction = false;
    while end < bytes.len() {
        match bytes[end] {
            digit if digit.is_ascii_digit() => plain.push(char::from(digit)),
            // l0万册: a one that was scanned as a letter.
            b'l' if end == at => plain.push('1'),
            b'.' if !fraction && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) => {
                fraction = true;
                plain.push('.');
            }
            b',' if !fraction && is_thousands(bytes, at, end) => {}
            b' ' if !fraction && is_spaced(text, at, end) => {}
            _ => break,
        }
        end += 1;
        if plain.len() > MOST_DIGITS {
            return None;
        }
    }
    let value = plain.parse().ok()?;
    Some(Numeral { value, end, chinese: false })
}

/// Whether the comma at `at` separates thousands: one to three digits before it, exactly three behind.
pub(crate) fn is_thousands(bytes: &[u8], start: usize, at: usize) -> bool {
    let behind = bytes.get(at + 1..at + 4).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    let more = bytes.get(at + 4).is_some_and(u8::is_ascii_digit);
    let before = bytes[start.min(at)..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    behind && !more && (1..=3).contains(&before)
}

/// Whether the blank at `at` separates thousands: `4 000万元`, and not a number from the entry it opens.
fn is_spaced(text: &str, start: usize, at: usize) -> bool {
    let opens = start == 0 || text[..start].ends_with(['\n', ' ']);
    let unit = || text.get(at + 4..).is_some_and(|rest| rest.starts_with(['万', '亿', '元', '人', '户', '亩', '吨']));
    !opens && is_thousands(text.as_bytes(), start, at) && unit()
}

/// The value of one Chinese digit or place word.
fn digit(character: char) -> Option<i64> {
    Some(match character {
        '〇' | '零' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// Whether a Chinese numeral can start with a character.
pub(crate) fn starts_chinese(character: char) -> bool {
    digit(character).is_some() || character == '十'
}

/// Reads a Chinese numeral below a thousand million: `十五`, `三百`, `两`.
pub(crate) fn chinese(text: &str, at: usize) -> Option<Numeral> {
    let mut total = 0i64;
    let mut current: Option<i64> = None;
    let mut end = at;
    for (offset, character) in text[at..].char_indices().take(8) {
        if let Some(value) = digit(character) {
            current = Some(if current.is_some() { return None } else { value });
        } else if let Some(place) = match character {
            '十' => Some(10),
            '百' => Some(100),
            '千' => Some(1000),
            _ => None,
        } {
            total += current.take().unwrap_or(1) * place;
        } else {
            break;
        }
        end = at + offset + character.len_utf8();
    }
    let value = total + current.unwrap_or(0);
    (end > at).then(|| Numeral { value: Decimal::from(value), end, chinese: true })
}

/// A multiplier at a byte: its value and the byte after it. 百 counts only before 万.
pub(crate) fn multiplier(text: &str, at: usize) -> (Decimal, usize) {
    const WORDS: [(&str, i64); 6] = [
        ("百万", 1_000_000),
        ("千万", 10_000_000),
        ("万亿", 1_000_000_000_000),
        ("万", 10_000),
        ("亿", 100_000_000),
        ("千", 1_000),
    ];
    for (word, value) in WORDS {
        if text[at..].starts_with(word) && !(word == "千" && text[at + word.len()..].starts_with('瓦')) {
            return (Decimal::from(value), at + word.len());
        }
    }
    (Decimal::ONE, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = latin(text, 0).or_else(|| chinese(text, 0));
        let shown = read.map_or_else(String::new, |numeral| format!("{} {}", numeral.value, &text[numeral.end..]));
        assert_eq!(shown, expected, "in {text}");
    }

    #[test]
    fn numerals_are_read_to_their_end() {
        for (text, expected) in [
            ("5,000万元", "5000 万元"),
            ("1,000,000元", "1000000 元"),
            ("1.5亿元", "1.5 亿元"),
            ("l0万册", "10 万册"),
            ("10,20", "10 ,20"),
            ("3.", "3 ."),
            ("十五人", "15 人"),
            ("两年", "2 年"),
            ("三百家", "300 家"),
            ("二十五项", "25 项"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn serial_numbers_and_years_in_words_are_no_quantities() {
        check("12345678901234567890", "");
        assert_eq!(chinese("二〇二六年", 0), None);
    }

    #[test]
    fn multipliers_are_read_longest_first() {
        assert_eq!(multiplier("千万元", 0), (Decimal::from(10_000_000), "千万".len()));
        assert_eq!(multiplier("万元", 0), (Decimal::from(10_000), "万".len()));
        assert_eq!(multiplier("元", 0), (Decimal::ONE, 0));
        assert_eq!(multiplier("千瓦", 0), (Decimal::ONE, 0));
    }
}
