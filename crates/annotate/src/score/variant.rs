//! Other forms of the same phrase: as pages in full-width forms and PDF texts write it.

use super::gold::Phrase;

/// A form of the phrases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variant {
    /// As they are.
    #[default]
    Plain,
    /// Marks and digits in full-width forms.
    Fullwidth,
    /// A blank between every number and what follows it.
    Spaced,
}

impl Variant {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "原文",
            Self::Fullwidth => "全角",
            Self::Spaced => "数字与单位间有空格",
        }
    }

    /// The phrase in this form, its spans moved along.
    pub(super) fn apply(self, mut phrase: Phrase) -> Phrase {
        if self == Self::Plain {
            return phrase;
        }
        let (text, places) = self.rewrite(&phrase.text);
        let place = |index: u32| places.get(index as usize).copied();
        let characters: Vec<char> = text.chars().collect();
        for expected in &mut phrase.expect {
            let Some((start, end)) = expected.span.filter(|(start, end)| start < end) else { continue };
            // A span beyond the text stays a span nothing can touch.
            expected.span = place(start).zip(place(end - 1)).map(|(start, last)| (start, last + 1));
            let quoted = expected.span.and_then(|(start, end)| characters.get(start as usize..end as usize));
            expected.quote = quoted.map(|quote| quote.iter().collect()).unwrap_or_default();
        }
        phrase.text = text;
        phrase
    }

    /// The text in this form, and for each character of the old text its index in the new one.
    fn rewrite(self, text: &str) -> (String, Vec<u32>) {
        let characters: Vec<char> = text.chars().collect();
        let mut written = String::with_capacity(text.len() * 2);
        let mut places = Vec::with_capacity(characters.len());
        let mut count = 0u32;
        for (index, character) in characters.iter().enumerate() {
            let latin = is_latin_context(&characters, index);
            places.push(count);
            written.push(match self {
                Self::Fullwidth if !latin => full_width(*character),
                _ => *character,
            });
            count += 1;
            let next = characters.get(index + 1);
            if self == Self::Spaced
                && character.is_ascii_digit()
                && !latin
                && next.is_some_and(|next| *next == '%' || !next.is_ascii())
            {
                written.push(' ');
                count += 1;
            }
        }
        (written, places)
    }
}

/// Addresses and codes keep their Latin characters.
fn is_latin_context(characters: &[char], index: usize) -> bool {
    let around = |offset: isize| index.checked_add_signed(offset).and_then(|at| characters.get(at)).copied().unwrap_or(' ');
    let letter = |character: char| character.is_ascii_alphabetic() || character == '/' || character == '@';
    if around(0).is_ascii_digit() || around(0) == '.' {
        letter(around(-1)) || letter(around(1))
    } else {
        letter(around(-1)) && letter(around(1)) || letter(around(0))
    }
}

fn full_width(character: char) -> char {
    match character {
        ',' | ';' | ':' | '(' | ')' | '%' | '0'..='9' => char::from_u32(u32::from(character) + 0xfee0).unwrap_or(character),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variant: Variant, text: &str, expected: &str) {
        let (written, places) = variant.rewrite(text);
        assert_eq!(written, expected);
        assert_eq!(places.len(), text.chars().count());
    }

    #[test]
    fn phrases_are_rewritten_and_addresses_kept() {
        check(Variant::Fullwidth, "超过50%(含),https://a.cn", "超过５０％（含），https://a.cn");
        check(Variant::Spaced, "超过100万元,3%", "超过100 万元,3 %");
        check(Variant::Plain, "超过50%", "超过50%");
    }

    #[test]
    fn spans_follow_the_characters() {
        let line = r#"{"id":"x","text":"超过100万元的","expect":[{"type":"condition","quote":"100万元","span":[2,7]}]}"#;
        let phrase = Variant::Spaced.apply(serde_json::from_str(line).unwrap());
        assert_eq!(phrase.expect[0].span, Some((2, 8)));
        assert_eq!(phrase.expect[0].quote, "100 万元");
    }
}
