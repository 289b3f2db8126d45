//! A question taken apart: what must be there, what should be, and what only helps to rank.

use std::collections::BTreeSet;

use jieba_rs::Jieba;
use model::query::{Clause, Part, Query, Wanted};

use crate::analysis::{is_ideograph, normal, words};
use crate::entry::number_key;
use crate::error::QueryError;
use crate::lexicon::Lexicon;
use crate::parse::{DEEPEST_NESTING, MOST_CLAUSES, MOST_QUERY_CHARACTERS};

/// Words looked for; those behind them in a pasted paragraph no longer change the order of the hits.
const MOST_WORDS: usize = 64;
/// Bigrams that help to rank, for the same reason.
const MOST_BIGRAMS: usize = 160;
/// Runs of blanks in a phrase that are tried both as blanks and as line breaks; four would make sixteen phrases.
const MOST_BLANK_RUNS: usize = 3;
/// Names are shorter; a longer row of single characters is no name.
const LONGEST_NAME_BYTES: usize = 96;
/// Titles are shorter; longer questions are no titles.
const LONGEST_TITLE_CHARACTERS: usize = 80;

/// What a question looks for, all texts in normal form.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Question {
    /// Content words of which most must be there, in order.
    pub(crate) words: Vec<Word>,
    /// Content words that are asked for elsewhere, in brackets or between AND and OR: they help to rank.
    pub(crate) others: Vec<Word>,
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
    /// Each must be met.
    pub(crate) needs: Vec<Need>,
    /// None must be met.
    pub(crate) excluded: Vec<Need>,
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

/// Something that is there or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// Each of these words, or what stands for it.
    Words(Vec<Word>),
    /// One of these spellings of a phrase.
    Phrase(Vec<String>),
    /// One of these spellings in one part of the policy.
    In(Part, Vec<String>),
    /// The key of a number.
    Number(String),
    /// One of the values of a filter.
    Filter(String, Vec<String>),
    /// All that must be, and nothing that must not be, of one of these alternatives.
    Any(Vec<(Vec<Need>, Vec<Need>)>),
}

/// What is known of the language and of the corpus while a question is read.
pub(crate) struct Reading<'a> {
    pub(crate) lexicon: &'a Lexicon,
    pub(crate) segmenter: &'a Jieba,
    /// Whether the corpus has all neighbouring characters of a text.
    pub(crate) knows: &'a dyn Fn(&str) -> bool,
}

impl Reading<'_> {
    /// A text in simplified characters, where it is written in others and the corpus does not know them.
    fn simplified(&self, text: &str) -> Option<String> {
        self.lexicon.simplified(text).filter(|simplified| simplified != text && !(self.knows)(&normal(text)))
    }

    fn words(&self, text: &str) -> String {
        normal(&self.simplified(text).unwrap_or_else(|| text.to_owned()))
    }

    fn spellings(&self, phrase: &str) -> Option<Vec<String>> {
        let mut all = spellings(phrase);
        all.extend(self.simplified(phrase).iter().flat_map(|simplified| spellings(simplified)));
        (!all.is_empty()).then_some(all)
    }
}

impl Question {
    /// Takes a question apart.
    pub(crate) fn new(query: &Query, reading: &Reading<'_>) -> Result<Self, QueryError> {
        check_size(query)?;
        let mut question = Self::default();
        for Clause { excluded, wanted } in &query.clauses {
            if *excluded {
                question.excluded.extend(literal_need(wanted, reading));
                continue;
            }
            match wanted {
                Wanted::Words(text) => {
                    let text = reading.words(text);
                    let words = question.take_words(&text, reading);
                    question.is_unanswerable |= words.is_empty() && !text.is_empty();
                    let new: Vec<Word> = words.into_iter().filter(|word| !question.words.contains(word)).collect();
                    question.words.extend(new);
                }
                Wanted::Phrase(text) => question.phrases.extend(reading.spellings(text)),
                Wanted::Number(key) => question.numbers.push(number_key(key)),
                _ => {
                    let need = question.need(wanted, reading);
                    question.needs.extend(need);
                }
            }
        }
        question.words.truncate(MOST_WORDS);
        question.others.truncate(MOST_WORDS);
        question.bigrams.truncate(MOST_BIGRAMS);
        Ok(question)
    }

    /// What a clause needs; its words help to rank.
    fn need(&mut self, wanted: &Wanted, reading: &Reading<'_>) -> Option<Need> {
        match wanted {
            Wanted::Words(text) | Wanted::EveryWord(text) => {
                let words = self.take_words(&reading.words(text), reading);
                self.others.extend(words.iter().cloned());
                Some(if words.is_empty() { Need::Any(Vec::new()) } else { Need::Words(words) })
            }
            Wanted::Any(alternatives) => {
                let each = alternatives.iter().map(|clauses| self.alternative(clauses, reading));
                Some(Need::Any(each.collect()))
            }
            _ => plain_need(wanted, reading),
        }
    }

    fn alternative(&mut self, clauses: &[Clause], reading: &Reading<'_>) -> (Vec<Need>, Vec<Need>) {
        let (mut needs, mut excluded) = (Vec::new(), Vec::new());
        for clause in clauses {
            if clause.excluded {
                excluded.extend(literal_need(&clause.wanted, reading));
            } else {
                needs.extend(self.need(&clause.wanted, reading));
            }
        }
        (needs, excluded)
    }

    /// The content words of a text in normal form; what of them only ranks is kept.
    fn take_words(&mut self, text: &str, reading: &Reading<'_>) -> Vec<Word> {
        let all = words(reading.segmenter, text);
        let mut content: Vec<(usize, &str)> =
            all.iter().copied().filter(|(_, word)| !reading.lexicon.is_stop_word(word)).collect();
        if content.is_empty() {
            content.clone_from(&all);
        }
        let edges: BTreeSet<usize> = all.iter().flat_map(|(start, word)| [*start, start + word.len()]).collect();
        let synonyms = reading.lexicon.synonyms(text, |at| edges.contains(&at));
        let joined = join_singles(text, &content);
        // Single characters between words (在、后、被) say little; they count only when there is nothing else.
        let has_longer = joined.iter().any(|(start, end)| !is_single_ideograph(&text[*start..*end]));
        let mut taken: Vec<Word> = Vec::new();
        for (start, end) in joined.into_iter().filter(|(start, end)| !has_longer || !is_single_ideograph(&text[*start..*end])) {
            let overlapping = synonyms.iter().filter(|found| found.start < end && start < found.end);
            let alternatives = overlapping.flat_map(|found| &found.others).map(|other| (*other).to_owned()).collect();
            let word = &text[start..end];
            let is_single = content.iter().any(|(_, known)| *known == word);
            if !taken.iter().any(|known| known.text == word) {
                taken.push(Word { text: word.to_owned(), is_single, alternatives });
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
        taken
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

    /// The content words, wherever they were asked for.
    pub(crate) fn all_words(&self) -> impl Iterator<Item = &Word> {
        self.words.iter().chain(self.others.iter().filter(|other| !self.words.contains(other)))
    }

    /// The texts to highlight in a hit.
    pub(crate) fn needles(&self) -> Vec<&str> {
        let mut needles: Vec<&str> = self.phrases.iter().flatten().map(String::as_str).collect();
        self.needs.iter().for_each(|need| need.collect_needles(&mut needles));
        needles.extend(self.all_words().map(|word| word.text.as_str()).chain(self.synonyms.iter().map(String::as_str)));
        needles
    }

    /// Keys of the numbers to highlight.
    pub(crate) fn all_numbers(&self) -> Vec<String> {
        let mut keys = self.numbers.clone();
        self.needs.iter().for_each(|need| need.collect_numbers(&mut keys));
        keys
    }
}

impl Need {
    fn collect_needles<'a>(&'a self, needles: &mut Vec<&'a str>) {
        match self {
            Self::Phrase(spellings) | Self::In(_, spellings) => needles.extend(spellings.iter().map(String::as_str)),
            Self::Any(alternatives) => {
                alternatives.iter().flat_map(|(needs, _)| needs).for_each(|need| need.collect_needles(needles))
            }
            Self::Words(_) | Self::Number(_) | Self::Filter(..) => {}
        }
    }

    fn collect_numbers(&self, keys: &mut Vec<String>) {
        match self {
            Self::Number(key) => keys.push(key.clone()),
            Self::Any(alternatives) => {
                alternatives.iter().flat_map(|(needs, _)| needs).for_each(|need| need.collect_numbers(keys))
            }
            _ => {}
        }
    }
}

/// What must not be there. Words are taken literally: they must not be there in any context.
fn literal_need(wanted: &Wanted, reading: &Reading<'_>) -> Option<Need> {
    match wanted {
        Wanted::Words(text) | Wanted::Phrase(text) => reading.spellings(text).map(Need::Phrase),
        Wanted::EveryWord(text) => {
            let words = text.split_whitespace().filter_map(|word| reading.spellings(word)).map(Need::Phrase);
            Some(Need::Any(vec![(words.collect(), Vec::new())]))
        }
        Wanted::Any(alternatives) => {
            let all = |clauses: &[Clause], excluded: bool| {
                let chosen = clauses.iter().filter(|clause| clause.excluded == excluded);
                chosen.filter_map(|clause| literal_need(&clause.wanted, reading)).collect::<Vec<Need>>()
            };
            Some(Need::Any(alternatives.iter().map(|clauses| (all(clauses, false), all(clauses, true))).collect()))
        }
        _ => plain_need(wanted, reading),
    }
}

/// What a clause without words needs.
fn plain_need(wanted: &Wanted, reading: &Reading<'_>) -> Option<Need> {
    match wanted {
        Wanted::Phrase(text) => reading.spellings(text).map(Need::Phrase),
        Wanted::In { part, text } => reading.spellings(text).map(|spellings| Need::In(*part, spellings)),
        Wanted::Number(key) => Some(Need::Number(number_key(key))),
        Wanted::Filter { name, values } => Some(Need::Filter(name.clone(), values.clone())),
        Wanted::Words(_) | Wanted::EveryWord(_) | Wanted::Any(_) => None,
    }
}

fn check_size(query: &Query) -> Result<(), QueryError> {
    let (mut count, mut characters) = (0, 0);
    measure(&query.clauses, 0, &mut count, &mut characters)?;
    if count > MOST_CLAUSES {
        return Err(QueryError::TooManyClauses { found: count, most: MOST_CLAUSES });
    }
    if characters > MOST_QUERY_CHARACTERS {
        return Err(QueryError::TooLong { found: characters, most: MOST_QUERY_CHARACTERS });
    }
    Ok(())
}

/// Counts clauses and characters at all depths.
pub(crate) fn measure(clauses: &[Clause], depth: usize, count: &mut usize, characters: &mut usize) -> Result<(), QueryError> {
    if depth > DEEPEST_NESTING {
        return Err(QueryError::TooNested { most: DEEPEST_NESTING });
    }
    for clause in clauses {
        *count += 1;
        match &clause.wanted {
            Wanted::Words(text)
            | Wanted::EveryWord(text)
            | Wanted::Phrase(text)
            | Wanted::Number(text)
            | Wanted::In { text, .. } => {
                *characters += text.chars().count();
            }
            Wanted::Filter { values, .. } => *count += values.len(),
            Wanted::Any(alternatives) => {
                for alternative in alternatives {
                    measure(alternative, depth + 1, count, characters)?;
                }
            }
        }
    }
    Ok(())
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
        let touches = |range: &&mut (usize, usize)| range.1 == *start && range.1 - range.0 < LONGEST_NAME_BYTES;
        match ranges.last_mut().filter(|range| open && single && touches(range)) {
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
        let reading = Reading { lexicon: &lexicon, segmenter: &Jieba::new(), knows: &|text| text.contains("乾隆") };
        Question::new(&Query { clauses, ..Query::default() }, &reading)
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
        assert!(question.words.iter().all(|word| word.text.len() < LONGEST_NAME_BYTES + 4));
        assert!(question.words.len() <= MOST_WORDS && question.bigrams.len() <= MOST_BIGRAMS);
    }

    #[test]
    fn what_is_written_in_traditional_characters_is_looked_for_in_simplified_ones() {
        check("稅收優惠", "税收 优惠", "税收 收优 优惠");
        let phrase = |text: &str| Clause { excluded: false, wanted: Wanted::Phrase(text.to_owned()) };
        assert_eq!(ask(vec![phrase("稅收優惠")]).unwrap().phrases, [["稅收優惠", "税收优惠"]]);
        assert_eq!(ask(vec![phrase("乾隆")]).unwrap().phrases, [["乾隆"]], "the corpus writes it so");
        assert_eq!(ask(vec![phrase("著作权")]).unwrap().phrases, [["著作权"]]);
    }

    #[test]
    fn words_in_brackets_rank_and_nesting_has_a_limit() {
        let every = |text: &str| Clause { excluded: false, wanted: Wanted::EveryWord(text.to_owned()) };
        let any = |alternatives| Clause { excluded: false, wanted: Wanted::Any(alternatives) };
        let question = ask(vec![any(vec![vec![every("贷款")], vec![every("补贴")]])]).unwrap();
        assert_eq!(question.needles(), ["贷款", "补贴"]);
        assert!(question.words.is_empty() && matches!(&question.needs[..], [Need::Any(two)] if two.len() == 2));
        let mut deep = every("甲");
        for _ in 0..=DEEPEST_NESTING {
            deep = any(vec![vec![deep]]);
        }
        assert!(matches!(ask(vec![deep]), Err(QueryError::TooNested { .. })));
    }

    #[test]
    fn marks_alone_cannot_be_answered() {
        assert!(words_of("？！").is_unanswerable);
        assert!(!words_of("").is_unanswerable);
    }
}
