//! How a text becomes terms: normal form, character bigrams, and jieba words.
//!
//! The normal form is the one rules are written for ([`model::Normal`]), in lower case. Bigrams cover every character,
//! punctuation and line breaks included, so that a phrase matches exactly the texts that contain it. The last character
//! of a text makes a bigram with [`END`], so that every character begins one.

use std::sync::Arc;

use jieba_rs::Jieba;
use model::Normal;
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager};

/// The name under which the bigram tokenizer is registered.
pub(crate) const BIGRAMS: &str = "bigrams";
/// The name under which the word tokenizer is registered.
pub(crate) const WORDS: &str = "words";
/// Follows the last character of a text in its bigram.
pub(crate) const END: char = '\n';
/// Longer tokens are addresses, encoded data or attacks, and no words.
const LONGEST_WORD_BYTES: usize = 64;

/// The normal form of a text: indexing and searching agree on it.
pub(crate) fn normal(text: &str) -> String {
    // ASCII only: lower case of other letters can change their length, and offsets must stay valid.
    Normal::new(text).text().trim().to_ascii_lowercase()
}

/// The terms of a text in normal form, by both analyses.
pub(crate) fn tokenizers(segmenter: Arc<Jieba>) -> TokenizerManager {
    // The default manager has `raw`, which fields of identifiers need.
    let manager = TokenizerManager::default();
    manager.register(BIGRAMS, TextAnalyzer::builder(Bigrams::default()).build());
    manager.register(WORDS, TextAnalyzer::builder(Words { segmenter, token: Token::default(), ranges: Vec::new() }).build());
    manager
}

/// The words of a text in normal form, with their byte ranges. Guessing unknown words is off: it guesses differently in
/// different sentences, and a word must be cut the same way wherever it stands.
pub(crate) fn words<'a>(segmenter: &Jieba, text: &'a str) -> Vec<(usize, &'a str)> {
    let tokens = segmenter.cut(text, false);
    let is_word = |word: &str| word.len() <= LONGEST_WORD_BYTES && word.chars().any(char::is_alphanumeric);
    tokens.into_iter().filter(|token| is_word(token.word)).map(|token| (token.byte_start, token.word)).collect()
}

/// Whether a character is written without blanks between words.
pub(crate) fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{2fff}' | '\u{3005}'..='\u{3007}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a word is a bigram anyway, or the beginning of one: one or two ideographs. The word fields leave these out,
/// which makes them a third as large.
pub(crate) fn is_bigram(word: &str) -> bool {
    word.chars().count() <= 2 && word.chars().all(is_ideograph)
}

/// The pairs of neighbouring characters of a text in normal form, in order.
pub(crate) fn bigrams_of(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.windows(2).map(|pair| pair.iter().collect()).collect()
}

/// Splits a text into overlapping pairs of characters; the position of a pair is the index of its first character.
#[derive(Clone, Default)]
struct Bigrams {
    token: Token,
}

struct BigramStream<'a> {
    rest: &'a str,
    at: usize,
    token: &'a mut Token,
}

impl Tokenizer for Bigrams {
    type TokenStream<'a> = BigramStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> BigramStream<'a> {
        self.token.reset();
        BigramStream { rest: text, at: 0, token: &mut self.token }
    }
}

impl TokenStream for BigramStream<'_> {
    fn advance(&mut self) -> bool {
        let mut characters = self.rest.chars();
        let Some(first) = characters.next() else { return false };
        let second = characters.next().unwrap_or(END);
        self.token.text.clear();
        self.token.text.push(first);
        self.token.text.push(second);
        self.token.position = self.token.position.wrapping_add(1);
        self.token.offset_from = self.at;
        self.at += first.len_utf8();
        self.token.offset_to = self.at;
        self.rest = &self.rest[first.len_utf8()..];
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// Splits a text into jieba words, those left out that are bigrams.
#[derive(Clone)]
struct Words {
    segmenter: Arc<Jieba>,
    token: Token,
    ranges: Vec<(usize, usize)>,
}

struct WordStream<'a> {
    text: &'a str,
    ranges: std::slice::Iter<'a, (usize, usize)>,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.ranges.clear();
        let own = words(&self.segmenter, text).into_iter().filter(|(_, word)| !is_bigram(word));
        self.ranges.extend(own.map(|(start, word)| (start, start + word.len())));
        self.token.reset();
        WordStream { text, ranges: self.ranges.iter(), token: &mut self.token }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some((start, end)) = self.ranges.next() else { return false };
        self.token.text.clear();
        self.token.text.push_str(&self.text[*start..*end]);
        self.token.position = self.token.position.wrapping_add(1);
        (self.token.offset_from, self.token.offset_to) = (*start, *end);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, text: &str, expected: &str) {
        let manager = tokenizers(Arc::new(Jieba::new()));
        let mut analyzer = manager.get(name).unwrap();
        let mut found = Vec::new();
        analyzer.token_stream(&normal(text)).process(&mut |token| found.push(format!("{}:{}", token.position, token.text)));
        assert_eq!(found.join(" ").replace('\n', "¶"), expected);
    }

    #[test]
    fn bigrams_overlap_and_every_character_begins_one() {
        check(BIGRAMS, "补贴３０％", "0:补贴 1:贴3 2:30 3:0% 4:%¶");
        check(BIGRAMS, "税", "0:税¶");
        check(BIGRAMS, "", "");
    }

    #[test]
    fn a_line_break_is_a_character_and_blanks_between_ideographs_are_none() {
        check(BIGRAMS, "通　知\n各 省", "0:通知 1:知¶ 2:¶各 3:各省 4:省¶");
    }

    #[test]
    fn words_are_lower_case_and_without_punctuation() {
        check(WORDS, "支持中小企业，通过ＩＳＯ9001认证。", "0:中小企业 1:iso9001");
    }

    #[test]
    fn a_long_run_of_letters_is_no_word() {
        check(WORDS, &format!("中小企业 {}", "a".repeat(65)), "0:中小企业");
    }
}
