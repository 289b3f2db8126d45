//! 发文字号: the number of an official document, in any bracket form, and its normal key.
//!
//! Standard: GB/T 9704-2012, 7.2.5 (机关代字、年份、发文顺序号). Pages write it with `〔〕 [] ［］ 【】 （） ()`, mismatched
//! brackets, blanks, full-width digits or no bracket at all; all of these have one key.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::{Span, fold_char};

/// A document number: `国办发〔2017〕47号`, `工业和信息化部公告2024年第5号` or `国务院令第722号`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocNumber {
    /// The agency's code words, e.g. `国办发`, `工信部联企业`; for orders and announcements the agency with the word, e.g. `国务院令`.
    pub agency: String,
    /// The year, where the form has one; orders (令) often have none.
    pub year: Option<u16>,
    /// The running number, without leading zeros.
    pub sequence: u32,
    /// Which of the forms it has.
    pub form: NumberForm,
}

/// The grammars of document numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberForm {
    /// `agency〔year〕sequence号`.
    Letter,
    /// `agency公告year年第sequence号`.
    Announcement,
    /// `agency令第sequence号`.
    Order,
}

impl DocNumber {
    /// The key under which all variants meet: `agency|year|sequence`, the year empty where there is none.
    #[must_use]
    pub fn key(&self) -> String {
        let year = self.year.map(|year| year.to_string()).unwrap_or_default();
        format!("{}|{year}|{}", self.agency, self.sequence)
    }

    /// Reads the one number a field holds; `None` where it holds none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        find_numbers(text).into_iter().next().map(|(number, _)| number)
    }
}

impl fmt::Display for DocNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.form, self.year) {
            (NumberForm::Letter, Some(year)) => write!(formatter, "{}〔{year}〕{}号", self.agency, self.sequence),
            (_, Some(year)) => write!(formatter, "{}{year}年第{}号", self.agency, self.sequence),
            (_, None) => write!(formatter, "{}第{}号", self.agency, self.sequence),
        }
    }
}

impl Serialize for DocNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DocNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is no document number; expected a form like 国办发〔2017〕47号"))
        })
    }
}

/// Every document number in a text with its span, in order.
///
/// In running text the agency is cut off at the words that introduce a citation (`根据`, `按照`, `《`, `和` …).
#[must_use]
pub fn find_numbers(text: &str) -> Vec<(DocNumber, Span)> {
    let characters: Vec<char> = text.chars().map(fold_char).collect();
    let mut found = Vec::new();
    let mut from = 0;
    for at in 0..characters.len() {
        if characters[at] != '号' || at < from {
            continue;
        }
        if let Some((number, start)) = number_ending_at(&characters, at, from) {
            found.push((number, Span::new(as_u32(start), as_u32(at + 1))));
            from = at + 1;
        }
    }
    found
}

fn as_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Steps back from the 号 at `end`: sequence, 第, brackets or 年, year, agency.
fn number_ending_at(characters: &[char], end: usize, from: usize) -> Option<(DocNumber, usize)> {
    let mut back = Backwards { characters, at: end, from };
    back.blanks();
    let sequence_digits = back.digits(6)?;
    back.blanks();
    let has_ordinal = back.take('第');
    back.blanks();
    let (year, form, sequence_digits) = back.year(sequence_digits, has_ordinal)?;
    let sequence: u32 = sequence_digits.parse().ok()?;
    back.blanks();
    let (agency, start) = back.agency(form)?;
    (sequence > 0).then_some((DocNumber { agency, year, sequence, form }, start))
}

struct Backwards<'a> {
    characters: &'a [char],
    at: usize,
    from: usize,
}

impl Backwards<'_> {
    fn peek(&self) -> Option<char> {
        (self.at > self.from).then(|| self.characters[self.at - 1])
    }

    fn take(&mut self, wanted: char) -> bool {
        let taken = self.peek() == Some(wanted);
        self.at -= usize::from(taken);
        taken
    }

    fn blanks(&mut self) {
        while self.peek() == Some(' ') {
            self.at -= 1;
        }
    }

    /// Up to `most` digits directly before; the text of no digits is `None`.
    fn digits(&mut self, most: usize) -> Option<String> {
        let end = self.at;
        while end - self.at < most + 8 && self.peek().is_some_and(|character| character.is_ascii_digit()) {
            self.at -= 1;
        }
        (self.at < end && end - self.at <= most + 4).then(|| self.characters[self.at..end].iter().collect())
    }

    /// The year before the sequence; three grammars and the bracketless variant, where year and sequence are one run of digits.
    fn year(&mut self, sequence: String, has_ordinal: bool) -> Option<(Option<u16>, NumberForm, String)> {
        if self.peek().is_some_and(|character| matches!(character, '〕' | ']' | ')' | '】' | '>' | '》' | '}')) {
            self.at -= 1;
            self.blanks();
            self.take('年');
            let year = self.four_digit_year()?;
            self.blanks();
            let opened = self.peek().is_some_and(|character| matches!(character, '〔' | '[' | '(' | '【' | '<' | '《' | '{'));
            self.at -= usize::from(opened);
            return opened.then_some((Some(year), NumberForm::Letter, sequence));
        }
        if self.peek() == Some('年') {
            self.at -= 1;
            self.blanks();
            let year = self.four_digit_year()?;
            self.blanks();
            return Some((Some(year), NumberForm::Announcement, sequence));
        }
        if has_ordinal {
            return Some((None, NumberForm::Order, sequence));
        }
        // `石财教2023105号`: four digits of a plausible year, then at least one more.
        let (year, rest) = (sequence.get(..4)?, sequence.get(4..)?);
        let year: u16 = year.parse().ok()?;
        let plausible = (1980..=2099).contains(&year) && !rest.is_empty();
        plausible.then(|| (Some(year), NumberForm::Letter, rest.to_owned()))
    }

    fn four_digit_year(&mut self) -> Option<u16> {
        let year: u16 = self.digits(4)?.parse().ok()?;
        (1949..=2099).contains(&year).then_some(year)
    }

    /// The agency's words before the year, cut at what cannot belong to them, and the index where they start.
    fn agency(&mut self, form: NumberForm) -> Option<(String, usize)> {
        let end = self.at;
        while end - self.at < MOST_AGENCY_CHARACTERS && self.peek().is_some_and(is_agency_char) {
            self.at -= 1;
        }
        let mut start = self.at;
        let words: String = self.characters[start..end].iter().collect();
        let mut cut = INTRODUCERS
            .iter()
            .filter_map(|word| words.rfind(word).map(|at| at + word.len()))
            .filter(|cut| *cut < words.len())
            .max()
            .unwrap_or(0);
        start += words[..cut].chars().count();
        let follows_number = start > 0 && matches!(self.characters[start - 1], '号' | ')' | '》');
        if cut == 0 && follows_number && words.starts_with(['和', '及', '与', '或']) {
            cut = '和'.len_utf8();
            start += 1;
        }
        let agency = words[cut..].trim().replace(' ', "");
        start += words[cut..].chars().take_while(|character| *character == ' ').count();
        let suits = match form {
            NumberForm::Letter => agency.chars().count() >= 2 || agency.chars().all(|character| character.is_ascii_alphabetic()),
            NumberForm::Announcement => agency.ends_with("公告") || agency.ends_with("通告") || agency.ends_with("令"),
            NumberForm::Order => agency.ends_with('令') || agency.ends_with("公告"),
        };
        (suits && !agency.is_empty()).then_some((agency, start))
    }
}

/// The longest agency words seen are 14 characters; joint orders name several agencies.
const MOST_AGENCY_CHARACTERS: usize = 30;

fn is_agency_char(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(character, '\u{4e00}'..='\u{9fff}' | ' ') && character != '号'
}

/// Words before an agency in running text that never belong to it. Single characters such as 和 begin real agencies
/// (和田, 经信), so conjunctions are cut only directly behind another number; see [`Backwards::agency`].
const INTRODUCERS: &[&str] = &[
    "根据", "按照", "依据", "依照", "关于", "印发", "以及", "文号", "字号", "参照", "结合", "落实", "执行", "贯彻", "通过",
    "废止", "修订", "原",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let keys: Vec<String> = find_numbers(text).iter().map(|(number, _)| number.key()).collect();
        assert_eq!(keys.join(" "), expected, "in {text}");
    }

    #[test]
    fn every_bracket_form_has_one_key() {
        for text in [
            "国办发〔2017〕47号",
            "国办发[2017]47号",
            "国办发［2017］47号",
            "国办发【2017】47号",
            "国办发（2017）47号",
            "国办发(2017)47号",
            "国办发[2017)47号",
            "国办发 〔 2017 〕 47 号",
            "国办发〔２０１７〕４７号",
            "国办发〔2017〕第047号",
            "国办发﹝2017﹞47号",
            "国办发201747号",
        ] {
            check(text, "国办发|2017|47");
        }
    }

    #[test]
    fn announcements_and_orders_have_grammars_of_their_own() {
        check("工业和信息化部公告2024年第5号", "工业和信息化部公告|2024|5");
        check("国务院令第722号", "国务院令||722");
    }

    #[test]
    fn in_running_text_the_agency_starts_after_the_introducing_word() {
        check("根据《优质中小企业梯度培育管理暂行办法》(工信部企业〔2022〕63号),我厅决定", "工信部企业|2022|63");
        check("按照国发〔2020〕1号和财建〔2021〕2号文件", "国发|2020|1 财建|2021|2");
    }

    #[test]
    fn addresses_and_ordinals_are_no_numbers() {
        for text in ["人民路12号", "2024年5号楼", "第3号", "电话12345号"] {
            check(text, "");
        }
    }

    #[test]
    fn the_span_covers_exactly_the_number() {
        let text = "依据工信部企业〔2022〕63号执行";
        let (number, span) = find_numbers(text).remove(0);
        assert_eq!(span.of(text), "工信部企业〔2022〕63号");
        assert_eq!(number.to_string(), "工信部企业〔2022〕63号");
    }
}
