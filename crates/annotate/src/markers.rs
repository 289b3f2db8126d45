//! The numbers entries start with: `第三条`, `一、`, `(二)`, `1.`, `2.1`, `(3)`, `④`, `a.`, `Ⅰ.`, `附件2`, bullets.

use crate::number;

/// The form of an entry's number, from the outermost kind of list to the innermost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Style {
    /// `附件2`
    Annex,
    /// `第一部分`, `第一篇`
    Part,
    /// `第一章`
    Chapter,
    /// `第一节`
    Division,
    /// `第一条`
    Article,
    /// `一、`
    Chinese,
    /// `Ⅰ.`
    Roman,
    /// `(一)`
    ChineseInParentheses,
    /// `1.`
    Arabic,
    /// `1.2`
    Decimal,
    /// `1.2.3`
    DeepDecimal,
    /// `(1)`, `1)`
    ArabicInParentheses,
    /// `①`
    Circled,
    /// `a.`, `(a)`
    Letter,
    /// `●`
    Bullet,
    /// An entry of a list without numbers.
    Piece,
}

impl Style {
    /// Depth of the entry: 1 for the outermost.
    pub(crate) const fn rank(self) -> u8 {
        self as u8 + 1
    }

    /// Whether entries carry no number to count by.
    pub(crate) const fn is_uncounted(self) -> bool {
        matches!(self, Self::Bullet | Self::Piece)
    }
}

/// The number at the start of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) style: Style,
    pub(crate) ordinal: u32,
    /// Its length in bytes.
    pub(crate) length: usize,
}

/// Characters that mark an entry without counting.
const BULLETS: [char; 16] = ['●', '•', '■', '◆', '★', '○', '▲', '►', '➢', '◇', '□', '※', '·', '√', '▪', '\u{f0d8}'];

/// The number at the start of a text.
pub(crate) fn marker(text: &str) -> Option<Marker> {
    let first = text.chars().next()?;
    match first {
        '第' => after_di(text),
        '附' => annex(text),
        '(' | '[' | '〔' => in_parentheses(text, first),
        '①'..='⑳' => {
            Some(Marker { style: Style::Circled, ordinal: first as u32 - '①' as u32 + 1, length: first.len_utf8() })
        }
        '㈠'..='㈩' => {
            Some(Marker {
                style: Style::ChineseInParentheses, ordinal: first as u32 - '㈠' as u32 + 1, length: first.len_utf8()
            })
        }
        '⑴'..='⒇' => {
            Some(Marker { style: Style::ArabicInParentheses, ordinal: first as u32 - '⑴' as u32 + 1, length: first.len_utf8() })
        }
        'Ⅰ'..='Ⅻ' => roman(text, first),
        _ if BULLETS.contains(&first) => Some(Marker { style: Style::Bullet, ordinal: 1, length: first.len_utf8() }),
        '-' | '—' | '－' => dashes(text),
        'a'..='h' | 'A'..='H' => letter(text, first),
        _ => plain(text, first),
    }
}

/// `——物流园区`, `- 物流园区`: dashes before a word; before a number they are a sign or part of a page number.
fn dashes(text: &str) -> Option<Marker> {
    const MOST: usize = 4;
    let rest = text.trim_start_matches(['-', '—', '－']).trim_start();
    let length = text.len() - rest.len();
    let word = rest.chars().next().is_some_and(|first| first.is_alphabetic() || first == '“');
    let few = text[..length].chars().filter(|character| !character.is_whitespace()).count() <= MOST;
    (word && few).then_some(Marker { style: Style::Bullet, ordinal: 1, length })
}

/// `第三章`, `第十二条`, `第二部分`.
fn after_di(text: &str) -> Option<Marker> {
    let (ordinal, end) = numeral(text, '第'.len_utf8())?;
    let unit = text.get(end..)?.chars().next()?;
    let style = match unit {
        '章' => Style::Chapter,
        '节' => Style::Division,
        '条' => Style::Article,
        '篇' | '编' => Style::Part,
        '部' if text[end..].starts_with("部分") => Style::Part,
        _ => return None,
    };
    let mut length = end + if style == Style::Part && unit == '部' { "部分".len() } else { unit.len_utf8() };
    let rest = &text[length..];
    // 第三条第二款, 第六条规定的, 第五条、第六条: a reference, no entry.
    if style == Style::Article
        && ["第", "规定", "所", "的", "、", "和", "至", "及", "或", "之"].iter().any(|word| rest.starts_with(word))
    {
        return None;
    }
    length += rest.len() - rest.trim_start_matches([' ', ':', '、']).len();
    Some(Marker { style, ordinal, length })
}

/// `附件2:`, `附件`, `附录1`.
fn annex(text: &str) -> Option<Marker> {
    let word = ["附件", "附录", "附表"].into_iter().find(|word| text.starts_with(word))?;
    let (ordinal, end) = numeral(text, word.len()).unwrap_or((1, word.len()));
    let rest = &text[end..];
    let mark = rest.len() - rest.trim_start_matches([':', ' ', '.', '-']).len();
    let alone = rest.starts_with('\n') || rest.is_empty();
    (mark > 0 || alone).then_some(Marker { style: Style::Annex, ordinal, length: end + mark })
}

fn in_parentheses(text: &str, open: char) -> Option<Marker> {
    let close = match open {
        '(' => ')',
        '[' => ']',
        _ => '〕',
    };
    let from = open.len_utf8();
    if let Some((ordinal, end)) = numeral(text, from) {
        let chinese = !text.as_bytes().get(from)?.is_ascii_digit();
        let style = if chinese { Style::ChineseInParentheses } else { Style::ArabicInParentheses };
        let closed = open == '(' && text[end..].starts_with(close);
        return closed.then_some(Marker { style, ordinal, length: end + close.len_utf8() });
    }
    let mut characters = text[from..].chars();
    let inner = characters.next().filter(|inner| inner.is_ascii_lowercase() && *inner <= 'h')?;
    let closed = open == '(' && characters.next() == Some(close);
    closed.then(|| Marker { style: Style::Letter, ordinal: inner as u32 - 'a' as u32 + 1, length: from + 2 })
}

/// `Ⅰ.`, `Ⅱ、`; `Ⅰ类知识产权` is no entry.
fn roman(text: &str, first: char) -> Option<Marker> {
    let after = text[first.len_utf8()..].chars().next().filter(|sign| ['.', '、', ','].contains(sign))?;
    let length = first.len_utf8() + after.len_utf8();
    Some(Marker { style: Style::Roman, ordinal: first as u32 - 'Ⅰ' as u32 + 1, length })
}

/// `a.`, `B、`, `c)`; `A股`, `A.1` are no entries.
fn letter(text: &str, first: char) -> Option<Marker> {
    let sign = text[1..].chars().next().filter(|sign| ['.', '、', ')'].contains(sign))?;
    let next = text[1 + sign.len_utf8()..].chars().next();
    let ordinal = first.to_ascii_lowercase() as u32 - 'a' as u32 + 1;
    let goes_on = next.is_none_or(|next| next.is_ascii_alphanumeric()) || sign == '、' && next.is_some_and(char::is_uppercase);
    (!goes_on).then_some(Marker { style: Style::Letter, ordinal, length: 1 + sign.len_utf8() })
}

/// `一、`, `1.`, `1、`, `2)`, `1.2`, `3.1.2`.
fn plain(text: &str, first: char) -> Option<Marker> {
    let (ordinal, end) = numeral(text, 0)?;
    let chinese = !first.is_ascii_digit();
    let own = if chinese { Style::Chinese } else { Style::Arabic };
    let sign = text[end..].chars().next()?;
    let length = end + sign.len_utf8();
    match sign {
        '、' => Some(Marker { style: own, ordinal, length }),
        '.' | '．' if text[length..].starts_with(|next: char| next.is_ascii_digit()) => {
            if chinese {
                None
            } else {
                decimal(text, length)
            }
        }
        '.' | '．' => Some(Marker { style: own, ordinal, length }),
        ')' if !chinese => Some(Marker { style: Style::ArabicInParentheses, ordinal, length }),
        _ => None,
    }
}

/// `1.2 申报条件`, `3.1.2申报材料`; `1.5亿元`, `2.5%` and `3.5级` are amounts.
fn decimal(text: &str, second: usize) -> Option<Marker> {
    let (mut ordinal, mut end) = numeral(text, second)?;
    let mut style = Style::Decimal;
    if text[end..].starts_with('.')
        && let Some((deeper, deeper_end)) = numeral(text, end + 1)
    {
        (ordinal, end, style) = (deeper, deeper_end, Style::DeepDecimal);
    }
    let rest = &text[end..];
    let next = rest.chars().next()?;
    let is_amount = "万亿千百元倍%个家户人名项件年月日天级分次吨米平公亩-~至至,。;)/".contains(next) || next.is_ascii();
    let spaced = next == ' ' && style == Style::DeepDecimal;
    (!is_amount || spaced).then(|| Marker { style, ordinal, length: end + usize::from(next == ' ') })
}

/// A short numeral, Latin up to three digits or Chinese, with its end.
fn numeral(text: &str, from: usize) -> Option<(u32, usize)> {
    let rest = text.get(from..)?;
    let latin = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
    if latin > 0 {
        return (latin <= 3).then(|| (rest[..latin].parse().unwrap_or(0), from + latin));
    }
    let chinese: usize = rest.chars().take(6).take_while(|character| is_chinese(*character)).map(char::len_utf8).sum();
    (chinese > 0).then(|| (value_of(&rest[..chinese]), from + chinese))
}

fn is_chinese(character: char) -> bool {
    number::starts_chinese(character) || matches!(character, '百' | '十' | '零' | '〇')
}

/// The value of a Chinese numeral below a thousand.
fn value_of(numeral: &str) -> u32 {
    let (mut total, mut digit) = (0, 0);
    for character in numeral.chars() {
        match character {
            '十' => (total, digit) = (total + digit.max(1) * 10, 0),
            '百' => (total, digit) = (total + digit.max(1) * 100, 0),
            other => digit = "零一二三四五六七八九".chars().position(|known| known == other).map_or(digit, |at| at as u32),
        }
    }
    total + digit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_entries_are_told_by_their_form() {
        for (text, style, ordinal, length) in [
            ("第三章 申报条件", Style::Chapter, 3, "第三章 ".len()),
            ("第十二条申请人应当", Style::Article, 12, "第十二条".len()),
            ("第二部分 支持政策", Style::Part, 2, "第二部分 ".len()),
            ("一、申报条件", Style::Chinese, 1, "一、".len()),
            ("二十三、其他", Style::Chinese, 23, "二十三、".len()),
            ("(三)申报材料", Style::ChineseInParentheses, 3, "(三)".len()),
            ("1.企业", Style::Arabic, 1, 2),
            ("12、企业", Style::Arabic, 12, "12、".len()),
            ("1.2申报条件", Style::Decimal, 2, 3),
            ("3.1.2申报材料", Style::DeepDecimal, 2, 5),
            ("(4)企业", Style::ArabicInParentheses, 4, 3),
            ("5)企业", Style::ArabicInParentheses, 5, 2),
            ("⑥企业", Style::Circled, 6, 3),
            ("b.企业", Style::Letter, 2, 2),
            ("(c)企业", Style::Letter, 3, 3),
            ("Ⅱ.企业", Style::Roman, 2, 4),
            ("附件2:申请表", Style::Annex, 2, "附件2:".len()),
            ("●企业", Style::Bullet, 1, 3),
        ] {
            assert_eq!(marker(text), Some(Marker { style, ordinal, length }), "{text}");
        }
    }

    #[test]
    fn amounts_dates_and_references_are_no_numbers_of_entries() {
        for text in [
            "1.5亿元以上",
            "2.5%",
            "2026年3月",
            "第三条第二款",
            "第五条规定的",
            "第六条、第七条",
            "A股上市",
            "一般",
            "Ⅰ类",
            "附件材料",
            "企业",
        ] {
            assert_eq!(marker(text), None, "{text}");
        }
    }
}
