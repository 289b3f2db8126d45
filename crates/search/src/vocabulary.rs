//! The words the corpus has: what may be meant by the letters typed so far, and by words it does not have.
//!
//! Nothing is suggested that finds nothing. Words come from the lists of terms of the index, so that no list of ours has
//! to be kept; pairs of characters count only where the dictionary knows them as words.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};

use jieba_rs::Jieba;
use model::query::{Clause, Correction, Part, Query, Suggestion, Wanted};
use pinyin::ToPinyin;

use crate::analysis::{bigrams_of, is_ideograph, normal};
use crate::answer::View;
use crate::error::SearchError;
use crate::index::Index;
use crate::lexicon::Lexicon;
use crate::node::Field;

/// Words with more characters are titles and clauses.
const LONGEST_WORD: usize = 12;
/// Of a large index, a word must be in more than one policy: what stands in one only is a slip as often as not.
const LARGE_INDEX: u64 = 1_000;
/// Words kept, the most frequent first: a suggestion beyond them is never shown.
const MOST_WORDS: usize = 200_000;
/// Suggestions given at most.
const MOST_SUGGESTIONS: usize = 20;
/// Typed characters that are looked at.
const LONGEST_TYPED: usize = 40;
/// Titles among the suggestions.
const MOST_TITLES: usize = 3;
/// Parts of one question that are corrected.
const MOST_CORRECTIONS: usize = 3;
/// Characters a word must have to be recognised with another character in it.
const SHORTEST_NEAR: usize = 4;
/// A neighbouring pair that fewer policies have than the word that is thought of, by this factor, may be a slip.
const RARER_BY: u64 = 20;

/// One word of the corpus.
#[derive(Debug)]
struct Known {
    text: String,
    characters: Vec<char>,
    policies: u64,
}

/// The words of one state of the index.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    words: Vec<Known>,
    /// Keys a word is found by, sorted: its text, its pinyin, its initials.
    keys: Vec<(String, u32)>,
    by_pinyin: HashMap<String, Vec<u32>>,
    /// Words long enough to be recognised with a slip, by their first and by their last character.
    by_end: HashMap<char, Vec<u32>>,
    /// Policies in the index it was made of.
    of: u64,
}

impl Vocabulary {
    fn new(words: BTreeMap<String, u64>, of: u64) -> Self {
        let mut words: Vec<Known> =
            words.into_iter().map(|(text, policies)| Known { characters: text.chars().collect(), text, policies }).collect();
        words.sort_by(|one, other| other.policies.cmp(&one.policies).then_with(|| one.text.cmp(&other.text)));
        words.truncate(MOST_WORDS);
        let mut keys = Vec::new();
        let mut by_pinyin: HashMap<String, Vec<u32>> = HashMap::new();
        let mut by_end: HashMap<char, Vec<u32>> = HashMap::new();
        for (index, word) in words.iter().enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            keys.push((word.text.clone(), index));
            if let [first, .., last] = word.characters[..]
                && word.characters.len() >= SHORTEST_NEAR
            {
                by_end.entry(first).or_default().push(index);
                by_end.entry(last).or_default().push(index);
            }
            let (pinyin, initials) = readings(&word.text);
            if pinyin != word.text {
                by_pinyin.entry(pinyin.clone()).or_default().push(index);
                keys.push((pinyin, index));
                keys.push((initials, index));
            }
        }
        keys.sort();
        keys.dedup();
        Self { words, keys, by_pinyin, by_end, of }
    }

    /// Whether the index has changed so much since that it should be read again.
    fn is_old(&self, policies: u64) -> bool {
        self.of.abs_diff(policies) > self.of / 20
    }

    /// Policies that have the most frequent word.
    fn most_policies(&self) -> u64 {
        self.words.first().map_or(0, |word| word.policies)
    }

    /// Words that begin so, by text, pinyin or initials, the most frequent first.
    fn beginning(&self, typed: &str, most: usize) -> Vec<Suggestion> {
        let from = self.keys.partition_point(|(key, _)| key.as_str() < typed);
        let mut found: Vec<u32> =
            self.keys[from..].iter().take_while(|(key, _)| key.starts_with(typed)).map(|(_, index)| *index).collect();
        if !typed.is_ascii() && typed.chars().any(|character| character.is_ascii_lowercase()) {
            found.extend(self.mixed(typed));
        }
        // Words stand in order of frequency.
        found.sort_unstable();
        found.dedup();
        let words = found.into_iter().filter_map(|index| self.words.get(index as usize));
        words.take(most).map(|word| Suggestion { text: word.text.clone(), policies: word.policies }).collect()
    }

    /// Words for characters followed by letters (`专精te`).
    fn mixed(&self, typed: &str) -> Vec<u32> {
        let characters: String = typed.chars().take_while(|character| !character.is_ascii()).collect();
        let pinyin = readings(typed).0;
        let from = self.keys.partition_point(|(key, _)| key.as_str() < pinyin.as_str());
        let begin = self.keys[from..].iter().take_while(|(key, _)| key.starts_with(&pinyin));
        let fits = |index: &u32| self.words.get(*index as usize).is_some_and(|word| word.text.starts_with(&characters));
        begin.map(|(_, index)| *index).filter(fits).collect()
    }

    /// The word that may be meant by some characters: one that sounds the same, else one that differs in one character.
    fn meant(&self, typed: &[char]) -> Option<&Known> {
        let text: String = typed.iter().collect();
        let sounds = self.by_pinyin.get(&readings(&text).0).into_iter().flatten();
        let same_sound = sounds.filter_map(|index| self.words.get(*index as usize));
        let best =
            same_sound.filter(|word| word.characters.len() == typed.len() && word.text != text).max_by_key(|word| word.policies);
        best.or_else(|| self.near(typed))
    }

    /// The word that differs by one character. In short words another character makes another word, not a slip.
    fn near(&self, typed: &[char]) -> Option<&Known> {
        let [first, .., last] = typed else { return None };
        if typed.len() < SHORTEST_NEAR {
            return None;
        }
        // One change leaves the first character or the last.
        let same_end = [first, last].into_iter().filter_map(|end| self.by_end.get(end)).flatten();
        let words = same_end.filter_map(|index| self.words.get(*index as usize));
        words.filter(|word| is_near(&word.characters, typed)).max_by_key(|word| word.policies)
    }

    /// The word some letters are the pinyin or the initials of.
    fn spelled(&self, letters: &str) -> Option<&Known> {
        let from = self.keys.partition_point(|(key, _)| key.as_str() < letters);
        let same = self.keys[from..].iter().take_while(|(key, _)| key == letters);
        // Sorted by frequency.
        let best = same.map(|(_, index)| *index).min()?;
        self.words.get(best as usize)
    }
}

/// Whether one character was exchanged, left out, added, or two neighbours changed places.
fn is_near(word: &[char], typed: &[char]) -> bool {
    if word.len().abs_diff(typed.len()) > 1 {
        return false;
    }
    let same_start = word.iter().zip(typed).take_while(|(one, other)| one == other).count();
    let (word, typed) = (&word[same_start..], &typed[same_start..]);
    let same_end = word.iter().rev().zip(typed.iter().rev()).take_while(|(one, other)| one == other).count();
    match (&word[..word.len() - same_end], &typed[..typed.len() - same_end]) {
        ([_], [_]) | ([_], []) | ([], [_]) => true,
        ([first, second], [third, fourth]) => first == fourth && second == third,
        _ => false,
    }
}

/// A text's pinyin without tones, and its initials; what is no ideograph stands for itself.
fn readings(text: &str) -> (String, String) {
    let (mut pinyin, mut initials) = (String::new(), String::new());
    for (character, reading) in text.chars().zip(text.to_pinyin()) {
        match reading {
            Some(reading) => {
                // `ü` is typed as v.
                let plain = reading.plain().replace('ü', "v");
                initials.extend(plain.chars().next());
                pinyin.push_str(&plain);
            }
            None => {
                pinyin.push(character);
                initials.push(character);
            }
        }
    }
    (pinyin, initials)
}

impl Index {
    /// What may stand behind the characters typed so far: titles that have them, then words, found by their beginning,
    /// their pinyin or their initials.
    ///
    /// # Errors
    /// The engine's.
    pub fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError> {
        let short: String = typed.chars().take(LONGEST_TYPED).collect();
        let typed = normal(&self.lexicon.simplified(&short).unwrap_or(short));
        let limit = limit.min(MOST_SUGGESTIONS);
        if typed.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let words = self.vocabulary()?.beginning(&typed.replace([' ', '\''], ""), limit);
        let mut suggestions = words;
        if typed.chars().count() >= 3 && !typed.is_ascii() {
            let clause = Clause { excluded: false, wanted: Wanted::In { part: Part::Title, text: typed } };
            let asked = Query { clauses: vec![clause], limit: MOST_TITLES.min(limit), ..Query::default() };
            let titles = self.search(&asked)?.hits.into_iter().map(|hit| Suggestion { text: hit.title, policies: 1 });
            suggestions.truncate(limit - MOST_TITLES.min(limit).min(titles.len()));
            suggestions.extend(titles);
        }
        Ok(suggestions)
    }

    /// The words of the index, read again where it has grown.
    fn vocabulary(&self) -> Result<Arc<Vocabulary>, SearchError> {
        let mut kept = self.vocabulary.lock().unwrap_or_else(PoisonError::into_inner);
        let policies = self.count();
        if let Some(vocabulary) = kept.as_ref().filter(|vocabulary| !vocabulary.is_old(policies)) {
            return Ok(Arc::clone(vocabulary));
        }
        let words = self.words_of_corpus()?;
        let vocabulary = Arc::new(Vocabulary::new(words, policies));
        *kept = Some(Arc::clone(&vocabulary));
        Ok(vocabulary)
    }

    fn words_of_corpus(&self) -> Result<BTreeMap<String, u64>, SearchError> {
        let serving = self.serving();
        let searcher = serving.searcher();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for segment in searcher.segment_readers() {
            for field in [Field::TextBigrams, Field::TextWords] {
                let list = segment.inverted_index(serving.fields.column(field))?;
                let mut terms = list.terms().stream().map_err(tantivy::TantivyError::from)?;
                while terms.advance() {
                    let Ok(text) = std::str::from_utf8(terms.key()) else { continue };
                    if is_word(text, field, &self.segmenter) {
                        *counts.entry(text.to_owned()).or_default() += u64::from(terms.value().doc_freq);
                    }
                }
            }
        }
        let least = if searcher.num_docs() < LARGE_INDEX { 1 } else { 2 };
        counts.retain(|_, policies| *policies >= least);
        let rarest_pair = |term: &str| {
            let pairs = bigrams_of(term).into_iter().map(|pair| serving.count(&searcher, Field::TextBigrams, &pair));
            pairs.min().unwrap_or_default()
        };
        for term in known_terms(&self.lexicon) {
            let policies = rarest_pair(term);
            if policies > 0 {
                counts.entry(term.to_owned()).or_insert(policies);
            }
        }
        Ok(counts)
    }
}

/// Other names of what people ask for; all that the files in `index/` know.
fn known_terms(lexicon: &Lexicon) -> impl Iterator<Item = &str> {
    lexicon.terms().filter(|term| term.chars().count() <= LONGEST_WORD)
}

fn is_word(text: &str, field: Field, segmenter: &Jieba) -> bool {
    let count = text.chars().count();
    let all_ideographs = text.chars().all(is_ideograph);
    match field {
        Field::TextBigrams => count == 2 && all_ideographs && segmenter.has_word(text),
        _ => (3..=LONGEST_WORD).contains(&count) && all_ideographs,
    }
}

/// What was perhaps meant by a question that finds little: parts of it with other words, where these find something.
pub(crate) fn corrections(view: &View<'_>, index: &Index, query: &Query) -> Result<Vec<Correction>, SearchError> {
    let texts: Vec<String> = query.clauses.iter().filter(|clause| !clause.excluded).filter_map(text_of).collect();
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let vocabulary = index.vocabulary()?;
    let mut found: Vec<Correction> = Vec::new();
    for text in texts {
        let text: String = text.chars().take(LONGEST_TYPED).collect();
        for run in text.split(|character: char| !character.is_alphanumeric()).filter(|run| !run.is_empty()) {
            found.extend(corrections_of(view, &vocabulary, run));
        }
    }
    found.dedup();
    found.truncate(MOST_CORRECTIONS);
    let mended = Query { clauses: query.clauses.iter().map(|clause| mend(clause, &found)).collect(), ..query.clone() };
    Ok(if !found.is_empty() && view.finds(&mended)? { found } else { Vec::new() })
}

fn text_of(clause: &Clause) -> Option<String> {
    match &clause.wanted {
        Wanted::Words(text) | Wanted::EveryWord(text) | Wanted::Phrase(text) | Wanted::In { text, .. } => Some(normal(text)),
        _ => None,
    }
}

fn mend(clause: &Clause, corrections: &[Correction]) -> Clause {
    let mend = |text: &String| corrections.iter().fold(normal(text), |text, found| text.replace(&found.typed, &found.meant));
    let wanted = match &clause.wanted {
        Wanted::Words(text) => Wanted::Words(mend(text)),
        Wanted::EveryWord(text) => Wanted::EveryWord(mend(text)),
        Wanted::Phrase(text) => Wanted::Phrase(mend(text)),
        Wanted::In { part, text } => Wanted::In { part: *part, text: mend(text) },
        other => other.clone(),
    };
    Clause { excluded: clause.excluded, wanted }
}

/// Corrections of one run of letters and ideographs.
fn corrections_of(view: &View<'_>, vocabulary: &Vocabulary, run: &str) -> Vec<Correction> {
    if run.is_ascii() {
        let is_unknown = run.len() >= 2 && view.count(Field::TextWords, run) == 0;
        let meant = vocabulary.spelled(run).filter(|_| is_unknown);
        return meant.map(|word| Correction { typed: run.to_owned(), meant: word.text.clone() }).into_iter().collect();
    }
    let characters: Vec<char> = run.chars().collect();
    let counts: Vec<u64> = bigrams_of(run).iter().map(|pair| view.count(Field::TextBigrams, pair)).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < counts.len() {
        // A slip shows as a pair that the corpus hardly has.
        if counts[at].saturating_mul(RARER_BY) >= vocabulary.most_policies() {
            at += 1;
            continue;
        }
        match best_window(vocabulary, &characters, &counts, at) {
            Some((start, end, meant)) => {
                found.push(Correction { typed: characters[start..end].iter().collect(), meant });
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// The longest stretch over the pair at `at` that becomes a word by a small change, with that word.
fn best_window(vocabulary: &Vocabulary, characters: &[char], counts: &[u64], at: usize) -> Option<(usize, usize, String)> {
    let rarest = counts[at];
    for length in (2..=LONGEST_WORD.min(8).min(characters.len())).rev() {
        for start in at.saturating_sub(length - 2)..=at.min(characters.len() - length) {
            let end = start + length;
            let Some(word) = vocabulary.meant(&characters[start..end]) else { continue };
            let is_slip = rarest == 0 || rarest.saturating_mul(RARER_BY) < word.policies;
            if is_slip {
                return Some((start, end, word.text.clone()));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let words = ["专精特新", "研发费用", "稳岗补贴", "高新技术企业", "高企", "加计扣除", "贷款", "贷记卡", "率先"];
        Vocabulary::new(words.iter().zip(10..).map(|(word, count)| ((*word).to_owned(), count)).collect(), 100)
    }

    #[test]
    fn words_are_found_by_text_pinyin_initials_and_a_mixture() {
        let vocabulary = vocabulary();
        let check = |typed: &str, expected: &str| {
            let found: Vec<String> = vocabulary.beginning(typed, 10).into_iter().map(|found| found.text).collect();
            assert_eq!(found.join(" "), expected, "for {typed}");
        };
        check("专精", "专精特新");
        check("zhuanjingte", "专精特新");
        check("zjtx", "专精特新");
        check("专精te", "专精特新");
        check("gaoxin", "高新技术企业");
        check("gx", "高新技术企业");
        check("dai", "贷记卡 贷款");
        check("lvxian", "率先");
        check("没有", "");
    }

    #[test]
    fn slips_of_sound_and_of_one_character_are_recognised() {
        let vocabulary = vocabulary();
        let check = |typed: &str, expected: &str| {
            let typed: Vec<char> = typed.chars().collect();
            assert_eq!(vocabulary.meant(&typed).map_or("", |word| &word.text), expected, "for {typed:?}");
        };
        check("高薪技术企业", "高新技术企业");
        check("加记扣除", "加计扣除");
        check("稳港补贴", "稳岗补贴");
        check("研发废用", "研发费用");
        check("研费用", "");
        check("率贷", "");
        check("高新技企业", "高新技术企业");
        check("高新术技企业", "高新技术企业");
        check("贷卡", "");
        check("宇宙飞船", "");
    }

    #[test]
    fn near_is_one_change() {
        let near = |one: &str, other: &str| is_near(&one.chars().collect::<Vec<_>>(), &other.chars().collect::<Vec<_>>());
        assert!(
            near("甲乙丙丁", "甲乙丁") && near("甲乙丙丁", "甲乙戊丁") && near("甲乙丙丁", "甲丙乙丁") && near("甲乙", "甲乙丙")
        );
        assert!(!near("甲乙丙丁", "甲乙丙丁") && !near("甲乙丙丁", "丁乙丙甲") && !near("甲乙", "甲乙丙丁"));
    }
}
