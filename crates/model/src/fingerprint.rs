//! Fingerprints: of bytes, and of a text whatever its markup, width of characters and spacing.

use sha2::{Digest, Sha256};

use crate::text::fold_char;

/// The SHA-256 of some bytes in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        text.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        text.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
        text
    })
}

/// The fingerprint of a main text: equal for texts that differ only in spacing, punctuation or full-width forms.
///
/// Two sites typeset one policy with other blanks and quotation marks, so only letters, digits and ideographs count, and
/// the point inside a number: `1.5万元` is not `15万元`.
#[must_use]
pub fn of_text(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().map(fold_char).filter(|character| !character.is_whitespace()).peekable();
    while let Some(character) = characters.next() {
        let inside_number =
            kept.ends_with(|last: char| last.is_ascii_digit()) && characters.peek().is_some_and(char::is_ascii_digit);
        if character.is_alphanumeric() || (character == '.' && inside_number) {
            kept.push(character);
        }
    }
    sha256_hex(kept.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spacing_punctuation_and_width_do_not_change_a_text() {
        assert_eq!(of_text("第一条　补贴３０％，最高100万元。"), of_text("第一条 补贴30%,最高100 万元"));
        assert_ne!(of_text("补贴30%"), of_text("补贴31%"));
        assert_ne!(of_text("补贴1.5万元"), of_text("补贴15万元"));
        assert_eq!(of_text("1. 总则"), of_text("1总则"));
        assert_eq!(of_text("补贴１．５万元"), of_text("补贴1. 5万元"));
    }

    #[test]
    fn bytes_are_named_by_their_sha256() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
