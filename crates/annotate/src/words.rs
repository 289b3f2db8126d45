//! The word lists of `awards.toml`, `windows.toml`, `materials.toml` and `tables.toml`: words a grammar asks for at a certain place,
//! where a search of the whole text would find too many.

use serde::Deserialize;

/// What a list is asked for; what each is stands beside its words in the rule files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum List {
    AwardNoun,
    AwardGive,
    AwardFiller,
    AwardLink,
    AwardTail,
    AwardLimit,
    AwardLimitBare,
    AwardLimitBehind,
    AwardRateOpening,
    AwardRateSign,
    AwardRateStart,
    AwardInterest,
    AwardGuarantee,
    AwardTax,
    AwardLoan,
    AwardPeriod,
    AwardPeriodOpening,
    AwardPeriodNone,
    AwardNotBefore,
    AwardNotBehind,
    AwardPayout,
    AwardPunishment,
    AwardReported,
    AwardOwnSubject,
    AwardWhole,
    AwardOnce,
    AwardHeader,
    AwardTier,
    AwardUnitVerb,
    AwardWhoOpening,
    AwardShortVerb,
    AwardOccasion,
    AwardChanged,
    AwardSlice,
    AwardRespective,
    AwardArea,
    AwardTerm,
    AwardRaised,
    AwardInWords,
    AwardNamed,
    AwardWhoTail,
    WindowHandIn,
    WindowLabel,
    WindowVerb,
    WindowClosing,
    WindowClosingBefore,
    WindowOpeningBehind,
    WindowNone,
    WindowCase,
    WindowVoid,
    WindowProject,
    WindowProjectBefore,
    WindowEndEvent,
    WindowApplicant,
    WindowAuthorityBehind,
    WindowOwnOffice,
    WindowStrict,
    WindowEvent,
    WindowEffect,
    WindowDaypart,
    WindowYearly,
    WindowYearlyOpening,
    WindowAuthority,
    WindowDuty,
    WindowApplicantSubject,
    WindowAuthorityLabel,
    WindowVague,
    WindowFrequency,
    MaterialIntroducer,
    MaterialVerb,
    MaterialDocument,
    MaterialGeneric,
    MaterialProof,
    MaterialBehind,
    MaterialHanded,
    MaterialSent,
    MaterialObjectEnd,
    MaterialCounted,
    MaterialOptional,
    MaterialNameEnd,
    MaterialNameStart,
    MaterialForm,
    ContactPhone,
    ContactFax,
    ContactHotline,
    EntryVerb,
    EntryPlatform,
    EntryUse,
    DepartmentResponsible,
    DepartmentConsult,
    DepartmentReceive,
    DepartmentHanded,
    DepartmentApplied,
    DepartmentOffice,
    DepartmentInterpret,
    ReferenceKind,
    ReferenceRepeals,
    ReferenceBasis,
    ReferenceForwards,
    ValidityPeriod,
    ValidityEffective,
    ValidityQualification,
    ValidityNone,
    StateExpired,
    StateRepealed,
    StateProposed,
    FeeNone,
    ParameterName,
    ExclusiveSubject,
    TableSerial,
    TableIndicator,
    TableCondition,
    TableAsks,
    TableAward,
    TableAmount,
    TableGives,
    TableCase,
    TableBatch,
    TableMaterial,
    TableCopies,
    TableForm,
    TableRemark,
    TableTime,
    TableDeadline,
    TableAuthorityTime,
    TableOffice,
    TablePerson,
    TablePhone,
    TableAddress,
    TableScoring,
    TableStatistic,
    TableName,
    TableBarren,
    TableLevel,
    TableAspect,
    CaseArea,
    CaseSpared,
}

/// How many lists there are.
const LISTS: usize = List::CaseSpared as usize + 1;

/// Lists that grammars ask for in every sentence: one walk tells which of them a sentence can answer.
const GATED: [List; 13] = [
    List::AwardInWords,
    List::FeeNone,
    List::ParameterName,
    List::WindowEvent,
    List::WindowVoid,
    List::MaterialIntroducer,
    List::MaterialHanded,
    List::MaterialVerb,
    List::ValidityPeriod,
    List::StateExpired,
    List::StateRepealed,
    List::DepartmentHanded,
    List::DepartmentInterpret,
];

/// One of the files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordFile {
    pub(crate) words: Vec<WordRule>,
}

/// A list with its examples: one of its words stands in `hit`, none in `miss`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordRule {
    pub(crate) list: List,
    pub(crate) words: Vec<String>,
    pub(crate) hit: String,
    pub(crate) miss: String,
}

/// The words of one list, in order of their first character, the longest of each first.
///
/// A search walks the stretch once and asks at each character only for the words that start with it: lists are long,
/// stretches are short, and this is asked for every sentence.
#[derive(Debug, Default)]
pub(crate) struct Words {
    words: Vec<(char, String)>,
    /// A bit for the last seven bits of each first character.
    starts: u128,
}

impl Words {
    /// A list of its own.
    pub(crate) fn new<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut list = Self::default();
        words.for_each(|word| list.add(model::text::fold(word)));
        list.sort();
        list
    }

    fn add(&mut self, word: String) {
        if let Some(first) = word.chars().next() {
            self.starts |= bit(first);
            self.words.push((first, word));
        }
    }

    fn sort(&mut self) {
        self.words.sort_by(|(first, one), (other, two)| first.cmp(other).then_with(|| two.len().cmp(&one.len())));
    }

    /// The length of the longest word a stretch starts with, given its first character.
    fn length(&self, first: char, text: &str) -> Option<usize> {
        if self.starts & bit(first) == 0 {
            return None;
        }
        let from = self.words.partition_point(|(other, _)| *other < first);
        let words = self.words[from..].iter().take_while(|(other, _)| *other == first);
        words.map(|(_, word)| word).find(|word| text.starts_with(word.as_str())).map(String::len)
    }

    /// Every place of a stretch where a word stands, with the longest word there: where it starts and ends.
    pub(crate) fn places<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (usize, usize)> + 't {
        text.char_indices().filter_map(|(at, first)| Some((at, at + self.length(first, &text[at..])?)))
    }

    /// Whether one of the words stands in a stretch.
    pub(crate) fn stand_in(&self, text: &str) -> bool {
        self.places(text).next().is_some()
    }

    /// The length of the longest word a stretch starts with, with the blanks before it: `支持 3 年` keeps its blanks.
    pub(crate) fn at_start(&self, text: &str) -> Option<usize> {
        let trimmed = text.trim_start_matches(' ');
        Some(text.len() - trimmed.len() + self.length(trimmed.chars().next()?, trimmed)?)
    }

    /// The length of the longest word a stretch ends with, with the blanks behind it.
    pub(crate) fn at_end(&self, text: &str) -> Option<usize> {
        let trimmed = text.trim_end_matches(' ');
        let length = self.words.iter().filter(|(_, word)| trimmed.ends_with(word.as_str())).map(|(_, word)| word.len()).max();
        length.map(|length| text.len() - trimmed.len() + length)
    }

    /// The first word in a stretch: where it starts and ends; of several at one place the longest.
    pub(crate) fn first(&self, text: &str) -> Option<(usize, usize)> {
        self.places(text).next()
    }

    /// The word in a stretch that ends last: where it starts and ends; of several that end there the longest.
    pub(crate) fn last(&self, text: &str) -> Option<(usize, usize)> {
        self.places(text).min_by_key(|(at, end)| (std::cmp::Reverse(*end), *at))
    }
}

fn bit(character: char) -> u128 {
    1 << (u32::from(character) & 127)
}

/// All lists of all files.
#[derive(Debug)]
pub(crate) struct WordLists {
    lists: Vec<Words>,
    rules: Vec<WordRule>,
    /// The words of the gated lists in order, each with the bits of its lists.
    gate: Vec<(char, String, u32)>,
    gate_starts: u128,
}

impl WordLists {
    pub(crate) fn new(files: Vec<WordFile>) -> Self {
        let rules: Vec<WordRule> = files.into_iter().flat_map(|file| file.words).collect();
        let mut lists: Vec<Words> = (0..LISTS).map(|_| Words::default()).collect();
        for rule in &rules {
            rule.words.iter().for_each(|word| lists[rule.list as usize].add(model::text::fold(word)));
        }
        lists.iter_mut().for_each(Words::sort);
        let gated = GATED.iter().enumerate().flat_map(|(at, list)| {
            lists[*list as usize].words.iter().map(move |(first, word)| (*first, word.clone(), 1u32 << at))
        });
        let mut gate: Vec<(char, String, u32)> = gated.collect();
        gate.sort();
        let gate_starts = gate.iter().fold(0, |starts, (first, ..)| starts | bit(*first));
        Self { lists, rules, gate, gate_starts }
    }

    /// Which of the gated lists have a word in a stretch, as bits.
    pub(crate) fn present(&self, text: &str) -> u32 {
        let mut found = 0;
        for (at, first) in text.char_indices() {
            if self.gate_starts & bit(first) == 0 {
                continue;
            }
            let from = self.gate.partition_point(|(other, ..)| *other < first);
            let words = self.gate[from..].iter().take_while(|(other, ..)| *other == first);
            for (_, word, bits) in words {
                if found & bits == 0 && text[at..].starts_with(word.as_str()) {
                    found |= bits;
                }
            }
        }
        found
    }

    /// The bit of a gated list; none where it is not gated.
    pub(crate) fn bit_of(list: List) -> u32 {
        GATED.iter().position(|gated| *gated == list).map_or(u32::MAX, |at| 1 << at)
    }

    pub(crate) fn of(&self, list: List) -> &Words {
        &self.lists[list as usize]
    }

    /// The rules with their examples.
    pub(crate) fn rules(&self) -> &[WordRule] {
        &self.rules
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Words {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let rule = WordRule { list: List::AwardNoun, words, hit: String::new(), miss: String::new() };
        WordLists::new(vec![WordFile { words: vec![rule] }]).lists.swap_remove(List::AwardNoun as usize)
    }

    #[test]
    fn the_longest_word_at_a_place_is_taken() {
        let words = words(&["补", "补助", "奖励资金", "奖励"]);
        assert_eq!(words.at_start("补助30万元"), Some("补助".len()));
        assert_eq!(words.at_end("给予奖励资金"), Some("奖励资金".len()));
        assert_eq!(words.at_end("给予补助 "), Some("补助 ".len()));
        assert_eq!(words.first("给补助和奖励"), Some((3, 9)));
        assert_eq!(words.last("给补助和奖励资金的"), Some((12, 24)));
        assert!(!words.stand_in("给予支持"));
    }

    #[test]
    fn every_list_has_words() {
        let rules = crate::examples::shipped_rules();
        for (index, list) in rules.words.lists.iter().enumerate() {
            assert!(!list.words.is_empty(), "list {index} has no words in any file");
        }
    }
}
