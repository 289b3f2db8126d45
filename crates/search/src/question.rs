//! A question taken apart: what must be there, what should be, and what only helps to rank.

use std::collections::BTreeSet;

use jieba_rs::Jieba;
use model::query::{Clause, Query, Wanted};

use crate::analysis::{is_ideograph, normal, words};
use crate::error::QueryError;
use crate::lexicon::Lexicon;
use crate::parse::{MOST_CLAUSES, MOST_QUERY_CHARACTERS};
use crate::schema::number_key;

/// Words looked for; those behind them in a pasted paragraph no longer change the order of the hits.
const MOST_WORDS: usize = 64;
/// Bigrams that help to rank, for the same reason.
const MOST_BIGRAMS: usize = 160;
/// Runs of blanks in a phrase that are tried both as blanks and as line breaks; four would make sixteen phrases.
const MOST_BLANK_RUNS: usize = 3;
/// Titles are shorter; longer questions are no titles.
const LONGEST_TITLE_CHARACTERS: usize = 80;

/// What a question looks for, all texts in normal form.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Question {
    /// Content words, in order.
    pub(crate) words: Vec<Word>,
    /// Neighbouring ideographs inside and between content words.
    pub(crate) bigrams: Vec<String>,
    /// Other names of what the question names.
    pub(crate) synonyms: Vec<String>,
    /// The words as typed, each text a possible title.
    pub(crate) titles: Vec<String>,
    /// Each must be there, in one of its spellings.
    pub(crate) phrases: Vec<Vec<String>>,
    /// Keys of document numbers, one of which must be there.
    pub(crate) numbers: Vec<String>,
    /// None must be there.
    pub(crate) excluded_texts: Vec<Vec<String>>,
    /// None must be there.
    pub(crate) excluded_numbers: Vec<String>,
    /// Words were asked for, but there is nothing in them to look for.
    pub(crate) is_unanswerable: bool,
}

/// One content word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// The word; several single characters in a row are taken as one.
    pub(crate) text: String,
    /// Whether it is one word to jieba, too.
    pub(crate) is_single: bool,
    /// Texts that stand for it.
    pub(crate) alternatives: Vec<String>,
}

impl Question {
    /// Takes a question apart.
    pub(crate) fn new(query: &Query, lexicon: &Lexicon, segmenter: &Jieba) -> Result<Self, QueryError> {
        check_size(query)?;
        let mut question = Self::default();
        for Clause { excluded, wanted } in &query.clauses {
            match (wanted, excluded) {
                (Wanted::Words(text), false) => question.add_words(&normal(text), lexicon, segmenter),
                (Wanted::Phrase(text), false) => question.phrases.extend(some(spellings(text))),
                (Wanted::Number(key), false) => question.numbers.push(number_key(key)),
                // What is excluded must not be there in any context, so it is taken literally.
                (Wanted::Words(text) | Wanted::Phrase(text), true) => question.excluded_texts.extend(some(spellings(text))),
                (Wanted::Number(key), true) => question.excluded_numbers.push(number_key(key)),
            }
        }
        question.words.truncate(MOST_WORDS);
        question.bigrams.truncate(MOST_BIGRAMS);
        Ok(question)
    }

    fn add_words(&mut self, text: &str, lexicon: &Lexicon, segmenter: &Jieba) {
        let all = words(segmenter, text);
        let mut content: Vec<(usize, &str)> = all.iter().copied().filter(|(_, word)| !lexicon.is_stop_word(word)).collect();
        if content.is_empty() {
            content.clone_from(&all);
        }
        self.is_unanswerable |= content.is_empty() && !text.is_empty();
        let edges: BTreeSet<usize> = all.iter().flat_map(|(start, word)| [*start, start + word.len()]).collect();
        let synonyms = lexicon.synonyms(text, |at| edges.contains(&at));
        let joined = join_singles(text, &content);
        // Single characters between words (在、后、被) say little; they count only when there is nothing else.
        let has_longer = joined.iter().any(|(start, end)| !is_single_ideograph(&text[*start..*end]));
        for (start, end) in joined.into_iter().filter(|(start, end)| !has_longer || !is_single_ideograph(&text[*start..*end])) {
            let overlapping = synonyms.iter().filter(|found| found.start < end && start < found.end);
            let alternatives = overlapping.flat_map(|found| &found.others).map(|other| (*other).to_owned()).collect();
            let word = &text[start..end];
            let is_single = content.iter().any(|(_, known)| *known == word);
            if !self.words.iter().any(|known| known.text == word) {
                self.words.push(Word { text: word.to_owned(), is_single, alternatives });
            }
        }
        for other in synonyms.iter().flat_map(|found| &found.others) {
            if !self.synonyms.iter().any(|known| known == other) {
                self.synonyms.push((*other).to_owned());
            }
        }
        self.add_bigrams(text, &content);
        if (3..=LONGEST_TITLE_CHARACTERS).contains(&text.chars().count()) {
            self.titles.push(text.to_owned());
        }
    }

    /// Pairs of neighbouring ideographs of content words: words of the text jieba would cut elsewhere still meet.
    fn add_bigrams(&mut self, text: &str, content: &[(usize, &str)]) {
        let inside: BTreeSet<usize> = content.iter().flat_map(|(start, word)| *start..start + word.len()).collect();
        let mut previous: Option<(usize, char)> = None;
        for (at, character) in text.char_indices() {
            let counts = is_ideograph(character) && inside.contains(&at);
            if let Some((before, _)) = previous.filter(|_| counts) {
                let pair = &text[before..at + character.len_utf8()];
                if !self.bigrams.iter().any(|known| known == pair) {
                    self.bigrams.push(pair.to_owned());
                }
            }
            previous = counts.then_some((at, character));
        }
    }

    /// The texts to highlight in a hit.
    pub(crate) fn needles(&self) -> Vec<&str> {
        let phrases = self.phrases.iter().flatten();
        let words = self.words.iter().map(|word| &word.text);
        phrases.chain(words).chain(&self.synonyms).map(String::as_str).collect()
    }
}

fn check_size(query: &Query) -> Result<(), QueryError> {
    let found = query.clauses.len();
    if found > MOST_CLAUSES {
        return Err(QueryError::TooManyClauses { found, most: MOST_CLAUSES });
    }
    let length = |text: &String| text.chars().count();
    let clauses = query.clauses.iter().map(|clause| match &clause.wanted {
        Wanted::Words(text) | Wanted::Phrase(text) | Wanted::Number(text) => length(text),
    });
    let found: usize = clauses.sum();
    if found > MOST_QUERY_CHARACTERS {
        return Err(QueryError::TooLong { found, most: MOST_QUERY_CHARACTERS });
    }
    Ok(())
}

fn some(spellings: Vec<String>) -> Option<Vec<String>> {
    (!spellings.is_empty()).then_some(spellings)
}

fn is_single_ideograph(word: &str) -> bool {
    let mut characters = word.chars();
    characters.next().is_some_and(is_ideograph) && characters.next().is_none()
}

/// Byte ranges of words, single characters that touch taken as one: 专|精|特|新 is one name unknown to the dictionary.
fn join_singles(text: &str, content: &[(usize, &str)]) -> Vec<(usize, usize)> {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    let mut open = false;
    for (start, word) in content {
        let single = is_single_ideograph(word);
        match ranges.last_mut().filter(|range| open && single && range.1 == *start) {
            Some(range) => range.1 += word.len(),
            None => ranges.push((*start, start + word.len())),
        }
        open = single;
    }
    debug_assert!(ranges.iter().all(|(start, end)| text.is_char_boundary(*start) && text.is_char_boundary(*end)));
    ranges
}

/// The normal forms of a phrase. Where it has blanks, the text it was copied from may have had line breaks.
fn spellings(phrase: &str) -> Vec<String> {
    let parts: Vec<&str> = phrase.split_whitespace().collect();
    let runs = parts.len().saturating_sub(1);
    let masks: Vec<u32> = if runs <= MOST_BLANK_RUNS { (0..1 << runs).collect() } else { vec![0, u32::MAX] };
    let mut forms = BTreeSet::new();
    for mask in masks {
        let mut text = String::with_capacity(phrase.len());
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                text.push(if mask >> (index - 1).min(31) & 1 == 1 { '\n' } else { ' ' });
            }
            text.push_str(part);
        }
        forms.insert(normal(&text));
    }
    forms.into_iter().filter(|form| !form.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNONYMS: &str = "[[group]]\nterms = [\"高企\", \"高新技术企业\"]\nhit = \"\"\nmiss = \"\"\n";

    fn ask(clauses: Vec<Clause>) -> Result<Question, QueryError> {
        let lexicon = Lexicon::new(SYNONYMS, "怎么\n的\n在\n", include_str!("../../../index/fields.toml")).unwrap();
        Question::new(&Query { clauses, ..Query::default() }, &lexicon, &Jieba::new())
    }

    fn words_of(text: &str) -> Question {
        ask(vec![Clause { excluded: false, wanted: Wanted::Words(text.to_owned()) }]).unwrap()
    }

    #[track_caller]
    fn check(text: &str, words: &str, bigrams: &str) {
        let question = words_of(text);
        let shown = |word: &Word| [vec![word.text.clone()], word.alternatives.clone()].concat().join("=");
        assert_eq!(question.words.iter().map(shown).collect::<Vec<_>>().join(" "), words);
        assert_eq!(question.bigrams.join(" "), bigrams);
    }

    #[test]
    fn content_words_are_looked_for_and_stop_words_are_not() {
        check("企业怎么贷款", "企业 贷款", "企业 贷款");
        check("怎么的", "怎么", "怎么 么的");
        check("申报ＩＳＯ认证", "申报 iso 认证", "申报 认证");
    }

    #[test]
    fn single_characters_in_a_row_are_one_name() {
        check("专精特新", "专精 特新", "专精 精特 特新");
        check("税", "税", "");
    }

    #[test]
    fn a_synonym_stands_for_each_word_of_the_term() {
        check("高新技术企业贷款", "高新技术=高企 企业=高企 贷款", "高新 新技 技术 术企 企业 业贷 贷款");
        assert_eq!(words_of("高新技术企业").synonyms, ["高企"]);
        assert!(words_of("提高企业效益").synonyms.is_empty());
    }

    #[test]
    fn a_phrase_with_blanks_is_also_looked_for_over_line_breaks() {
        assert_eq!(spellings("牺牲烈士 和同胞"), ["牺牲烈士\n和同胞", "牺牲烈士和同胞"]);
        assert_eq!(spellings("　通知 "), ["通知"]);
        assert_eq!(spellings("a b c d e f"), ["a\nb\nc\nd\ne\nf", "a b c d e f"]);
        assert!(spellings(" \n").is_empty());
    }

    #[test]
    fn questions_built_elsewhere_have_the_same_limits() {
        let clause = |text: &str| Clause { excluded: false, wanted: Wanted::Phrase(text.to_owned()) };
        assert!(matches!(ask(vec![clause("甲"); MOST_CLAUSES + 1]), Err(QueryError::TooManyClauses { .. })));
        assert!(matches!(ask(vec![clause(&"甲".repeat(MOST_QUERY_CHARACTERS + 1))]), Err(QueryError::TooLong { .. })));
        let long: String = (0..MOST_QUERY_CHARACTERS as u32).filter_map(|at| char::from_u32(0x4e00 + at)).collect();
        let question = words_of(&long);
        assert!(question.words.len() <= MOST_WORDS && question.bigrams.len() <= MOST_BIGRAMS);
    }

    #[test]
    fn marks_alone_cannot_be_answered() {
        assert!(words_of("？！").is_unanswerable);
        assert!(!words_of("").is_unanswerable);
    }
}
