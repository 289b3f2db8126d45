//! The syntax a reader types: `关键词`, `"短语"`, `-排除`, document numbers in any bracket, `标题:` and `正文:`, filters such as
//! `地区:新疆`, and `AND`, `OR`, `NOT` with brackets.
//!
//! Brackets group only where an operator stands in the text or a minus before them: `(试行)` is a part of titles. Operators
//! stand alone between blanks: `AND` `&&` `与`, `OR` `||` `|` `或`, `NOT`. `AND` binds stronger than `OR`, a blank is an `AND`; each
//! word between operators must be there. Nothing typed is an error unless it cannot be meant: a quotation mark without its partner is a blank, an unknown
//! `key:` is text. What would be silently wrong (an unknown state, a date that is none) is refused.

use jiff::civil::{Date, date};
use model::DocNumber;
use model::number::find_numbers;
use model::query::{Clause, MARK_END, MARK_START, Part, Query, Sort, Wanted};
use model::text::{fold, fold_char};

use crate::error::QueryError;
use crate::facet::state_name;
use crate::question::measure;

/// A pasted paragraph is a question, a pasted document is not; the limit bounds all work a question can cause.
pub const MOST_QUERY_CHARACTERS: usize = 2_000;
/// Each clause is an own walk through the index; people write fewer than ten.
pub const MOST_CLAUSES: usize = 64;
/// Hits on a page when nothing else is asked for.
pub const DEFAULT_LIMIT: usize = 10;
/// Brackets within brackets; people write two.
pub(crate) const DEEPEST_NESTING: usize = 8;
/// A document number is looked for this far behind `文号:`, so that it may contain blanks.
const LONGEST_NUMBER_CHARACTERS: usize = 60;

/// Keys of filters as people write them, with the name each stands for.
const KEYS: &[(&str, &str)] = &[
    ("body", "body"),
    ("date", "date"),
    ("desk", "desk"),
    ("from", "from"),
    ("industry", "industry"),
    ("issuer", "issuer"),
    ("kind", "kind"),
    ("level", "level"),
    ("mode", "mode"),
    ("number", "number"),
    ("recipient", "recipient"),
    ("region", "region"),
    ("size", "size"),
    ("sort", "sort"),
    ("source", "source"),
    ("state", "state"),
    ("theme", "theme"),
    ("title", "title"),
    ("to", "to"),
    ("tool", "tool"),
    ("triage", "triage"),
    ("window", "window"),
    ("主题", "theme"),
    ("从", "from"),
    ("信息源", "source"),
    ("兑现方式", "mode"),
    ("分类", "triage"),
    ("到", "to"),
    ("发文字号", "number"),
    ("发文机关", "issuer"),
    ("地区", "region"),
    ("对象", "recipient"),
    ("工作台", "desk"),
    ("工具", "tool"),
    ("排序", "sort"),
    ("政策工具", "tool"),
    ("效力", "state"),
    ("文号", "number"),
    ("文种", "kind"),
    ("日期", "date"),
    ("机关", "issuer"),
    ("标题", "title"),
    ("正文", "body"),
    ("状态", "state"),
    ("窗口", "window"),
    ("级别", "level"),
    ("自", "from"),
    ("至", "to"),
    ("行业", "industry"),
    ("规模", "size"),
];

/// Reads what a reader typed.
///
/// # Errors
/// A text longer than [`MOST_QUERY_CHARACTERS`], more than [`MOST_CLAUSES`] parts, and filters whose value cannot be meant.
pub fn parse_query(text: &str) -> Result<Query, QueryError> {
    let found = text.chars().count();
    if found > MOST_QUERY_CHARACTERS {
        return Err(QueryError::TooLong { found, most: MOST_QUERY_CHARACTERS });
    }
    let mut parser = Parser {
        characters: text.chars().map(readable).collect(),
        at: 0,
        depth: 0,
        query: Query { limit: DEFAULT_LIMIT, ..Query::default() },
    };
    if parser.has_operators() {
        let alternatives = parser.alternatives()?;
        parser.take_alternatives(alternatives);
    } else {
        parser.plain()?;
    }
    let (mut count, mut characters) = (0, 0);
    measure(&parser.query.clauses, 0, &mut count, &mut characters)?;
    if count > MOST_CLAUSES {
        return Err(QueryError::TooManyClauses { found: count, most: MOST_CLAUSES });
    }
    Ok(parser.query)
}

/// Control characters, invisible ones and our own highlight marks cannot be meant. Line breaks stay: a phrase copied
/// from a page may contain one.
fn readable(character: char) -> char {
    match character {
        '\n' => '\n',
        MARK_START | MARK_END | '\u{200b}'..='\u{200f}' | '\u{feff}' => ' ',
        other if other.is_control() => ' ',
        other => other,
    }
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    /// Brackets open at this place.
    depth: usize,
    query: Query,
}

/// A word that stands between others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    And,
    Or,
    Not,
}

impl Parser {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &[char] {
        self.characters.get(self.at..).unwrap_or_default()
    }

    /// Moves to the next part; whether there is one.
    fn skip_blanks(&mut self) -> bool {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at < self.characters.len()
    }

    /// A text without operators: what is excluded, phrases, filters, and words of which most must be there. Document
    /// numbers are looked for in all words together, since they may contain blanks.
    fn plain(&mut self) -> Result<(), QueryError> {
        let mut words = String::new();
        while self.skip_blanks() {
            let excluded = self.minus();
            match self.part(excluded)? {
                // Filters of the whole question leave an empty one behind.
                Some(Clause { wanted: Wanted::Filter { values, .. }, .. }) if values.is_empty() => {}
                Some(Clause { excluded: false, wanted: Wanted::Filter { name, values } }) => {
                    self.query.filters.entry(name).or_default().extend(values);
                }
                Some(clause) => self.query.clauses.push(clause),
                None if excluded => {
                    let word = self.word();
                    let number = DocNumber::parse(&word).map(|number| Wanted::Number(number.key()));
                    self.query.clauses.extend(clause(true, number.unwrap_or(Wanted::Words(word))));
                }
                None => {
                    words.push(' ');
                    words.push_str(&self.word());
                }
            }
        }
        let (numbers, left) = without_numbers(&words);
        self.query.clauses.extend(numbers);
        self.query.clauses.extend(clause(false, Wanted::Words(left)));
        Ok(())
    }

    /// A minus directly before what it excludes.
    fn minus(&mut self) -> bool {
        let is_one =
            self.peek(0).is_some_and(is_minus) && self.peek(1).is_some_and(|next| !next.is_whitespace() && !is_minus(next));
        self.at += usize::from(is_one);
        is_one
    }

    /// A phrase or a filter at this place; filters that only the whole question can have are set on it. Where it is
    /// neither, nothing is read.
    fn part(&mut self, excluded: bool) -> Result<Option<Clause>, QueryError> {
        if let Some(phrase) = self.quoted() {
            return Ok(clause(excluded, Wanted::Phrase(phrase)));
        }
        let start = self.at;
        let Some((name, value)) = self.filter() else { return Ok(None) };
        let wanted = match name {
            "from" | "to" | "date" | "sort" => {
                if excluded {
                    return Err(QueryError::ExcludedFilter { text: self.characters[start..self.at].iter().collect() });
                }
                self.set_whole(name, &value)?;
                return Ok(Some(Clause {
                    excluded: false,
                    wanted: Wanted::Filter { name: name.to_owned(), values: Vec::new() },
                }));
            }
            "number" => {
                let number = number_in(&value).ok_or(QueryError::BadNumber { text: value })?;
                Wanted::Number(number.key())
            }
            "title" => Wanted::In { part: Part::Title, text: value },
            "body" => Wanted::In { part: Part::Body, text: value },
            "state" => {
                let states: Result<Vec<String>, QueryError> =
                    list(&value).map(|state| state_name(&state).map(str::to_owned)).collect();
                Wanted::Filter { name: name.to_owned(), values: states? }
            }
            _ => Wanted::Filter { name: name.to_owned(), values: list(&value).collect() },
        };
        Ok(Some(Clause { excluded, wanted }))
    }

    /// Whether an operator stands alone between blanks, outside of quotation marks, or a bracket behind a minus.
    fn has_operators(&self) -> bool {
        let mut scout = Self { characters: self.characters.clone(), at: 0, depth: 0, query: Query::default() };
        while scout.skip_blanks() {
            if scout.peek(0).is_some_and(is_minus) && scout.peek(1).is_some_and(|next| fold_char(next) == '(') {
                return true;
            }
            while scout.peek(0).is_some_and(|next| matches!(fold_char(next), '(' | ')')) {
                scout.at += 1;
            }
            if scout.operator().is_some() {
                return true;
            }
            if scout.quoted().is_none() && scout.word().is_empty() && !scout.rest().is_empty() {
                scout.at += 1;
            }
        }
        false
    }

    /// The operator at this place, with its length.
    fn operator(&self) -> Option<(Operator, usize)> {
        let rest = self.rest();
        let ends = |character: &char| character.is_whitespace() || matches!(fold_char(*character), '(' | ')');
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let word: String = rest.iter().take(length.min(4)).map(|character| fold_char(*character)).collect();
        let operator = match word.as_str() {
            "AND" | "&&" | "与" => Operator::And,
            "OR" | "||" | "|" | "或" => Operator::Or,
            "NOT" => Operator::Not,
            _ => return None,
        };
        Some((operator, length))
    }

    /// Sequences between ORs.
    fn alternatives(&mut self) -> Result<Vec<Vec<Clause>>, QueryError> {
        let mut alternatives = Vec::new();
        loop {
            let sequence = self.sequence()?;
            if !sequence.is_empty() {
                alternatives.push(sequence);
            }
            match self.operator() {
                Some((Operator::Or, length)) => self.at += length,
                _ => return Ok(alternatives),
            }
        }
    }

    /// Clauses up to an OR, the closing bracket or the end.
    fn sequence(&mut self) -> Result<Vec<Clause>, QueryError> {
        let mut clauses = Vec::new();
        let mut words = String::new();
        let mut excluded = false;
        while self.skip_blanks() {
            match self.operator() {
                Some((Operator::Or, _)) => break,
                Some((Operator::And, length)) => {
                    clauses.extend(every_word(&std::mem::take(&mut words)));
                    self.at += length;
                    continue;
                }
                Some((Operator::Not, length)) => {
                    excluded = !excluded;
                    self.at += length;
                    continue;
                }
                None => {}
            }
            let excludes = self.minus() != excluded;
            excluded = false;
            match self.peek(0).map(fold_char) {
                Some(')') if self.depth > 0 => break,
                Some(')') => self.at += 1,
                Some('(') => clauses.extend(self.group(excludes)?),
                _ => match self.part(excludes)? {
                    Some(part) => clauses.push(part),
                    None if excludes => clauses.extend(clause(true, Wanted::Words(self.word()))),
                    None => {
                        words.push(' ');
                        words.push_str(&self.word());
                    }
                },
            }
        }
        clauses.extend(every_word(&words));
        // Filters of the whole question leave an empty one behind.
        clauses.retain(|clause| !matches!(&clause.wanted, Wanted::Filter { values, .. } if values.is_empty()));
        Ok(clauses)
    }

    /// What stands in brackets; a bracket without its partner is a blank.
    fn group(&mut self, excluded: bool) -> Result<Vec<Clause>, QueryError> {
        if !self.has_partner() {
            self.at += 1;
            return Ok(Vec::new());
        }
        if self.depth == DEEPEST_NESTING {
            return Err(QueryError::TooNested { most: DEEPEST_NESTING });
        }
        self.at += 1;
        self.depth += 1;
        let mut alternatives = self.alternatives()?;
        self.depth -= 1;
        // The partner may have stood inside of a phrase: then the group ends with the text.
        self.at = (self.at + 1).min(self.characters.len());
        Ok(match alternatives.len() {
            0 => Vec::new(),
            1 if !excluded => alternatives.swap_remove(0),
            _ => vec![Clause { excluded, wanted: Wanted::Any(alternatives) }],
        })
    }

    /// Whether the bracket at this place is closed.
    fn has_partner(&self) -> bool {
        let mut depth = 0usize;
        for character in self.rest() {
            match fold_char(*character) {
                '(' => depth += 1,
                ')' if depth == 1 => return true,
                ')' => depth -= 1,
                _ => {}
            }
        }
        false
    }

    /// What was read becomes the question; filters that hold for all of it stand beside its clauses.
    fn take_alternatives(&mut self, mut alternatives: Vec<Vec<Clause>>) {
        if alternatives.len() > 1 {
            self.query.clauses.push(Clause { excluded: false, wanted: Wanted::Any(alternatives) });
            return;
        }
        for clause in alternatives.pop().unwrap_or_default() {
            match clause {
                Clause { excluded: false, wanted: Wanted::Filter { name, values } } => {
                    self.query.filters.entry(name).or_default().extend(values);
                }
                clause => self.query.clauses.push(clause),
            }
        }
    }

    /// Characters up to the next blank or quotation mark; a quotation mark without partner counts as a blank.
    fn word(&mut self) -> String {
        let mut word = String::new();
        let mut open = 0usize;
        while let Some(character) = self.peek(0).filter(|character| !character.is_whitespace()) {
            // A bracket opened inside a word belongs to it: 国发(2017)47号.
            match fold_char(character) {
                '(' => open += 1,
                ')' if open == 0 && self.depth > 0 => break,
                ')' => open = open.saturating_sub(1),
                _ => {}
            }
            if closer_of(character).is_some() {
                if self.closing(self.at).is_some() {
                    break;
                }
                self.at += 1;
                break;
            }
            word.push(character);
            self.at += 1;
        }
        word
    }

    /// The text between quotation marks at this place.
    fn quoted(&mut self) -> Option<String> {
        let close = self.closing(self.at)?;
        let inside = self.characters[self.at + 1..close].iter().collect();
        self.at = close + 1;
        Some(inside)
    }

    /// Where the quotation opened at `open` ends.
    fn closing(&self, open: usize) -> Option<usize> {
        let opener = *self.characters.get(open)?;
        let closer = closer_of(opener)?;
        if opener == closer || fold_char(opener) == '"' {
            return self.closing_straight(open);
        }
        let mut depth = 0usize;
        for (at, character) in self.characters.iter().enumerate().skip(open) {
            if *character == opener {
                depth += 1;
            } else if *character == closer {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        // Unbalanced inside: the first closer will do; `“短语“` and `“短语"` are slips of the keyboard.
        let mut behind = self.characters.iter().enumerate().skip(open + 1);
        behind.find(|(_, character)| **character == closer || **character == opener || **character == '"').map(|(at, _)| at)
    }

    /// A straight mark opens and closes alike. One before a blank or the end closes; one inside a phrase (`"甲"乙"`) does
    /// not, unless a mark that opens the next phrase comes first.
    fn closing_straight(&self, open: usize) -> Option<usize> {
        let is_mark = |at: &usize| fold_char(self.characters[*at]) == '"';
        let blank_at = |at: usize| self.characters.get(at).is_none_or(|character| character.is_whitespace());
        let mut first = None;
        for at in (open + 1..self.characters.len()).filter(is_mark) {
            let opens = self.characters[at - 1].is_whitespace() && !blank_at(at + 1);
            if first.is_some() && opens {
                break;
            }
            if blank_at(at + 1) {
                return Some(at);
            }
            first = first.or(Some(at));
        }
        first
    }

    /// `key:value` at this place, when the key is known and a value follows.
    fn filter(&mut self) -> Option<(&'static str, String)> {
        let (key, name) = KEYS.iter().find(|(key, _)| self.starts_with(key))?;
        let start = self.at;
        self.at += key.chars().count() + 1;
        if !self.skip_blanks() {
            self.at = start;
            return None;
        }
        if let Some(value) = self.quoted() {
            return Some((name, value));
        }
        let rest = self.rest();
        let blank = self.value_length();
        let length = if *name == "number" {
            rest.iter().take(LONGEST_NUMBER_CHARACTERS).position(|character| *character == '号').map_or(blank, |at| at + 1)
        } else {
            blank
        };
        self.at += length;
        Some((name, self.characters[self.at - length..self.at].iter().collect()))
    }

    /// Characters up to the next blank, or to the bracket that closes the one the filter stands in.
    fn value_length(&self) -> usize {
        let mut open = self.depth.min(1);
        let ends = |character: &char| match fold_char(*character) {
            '(' => {
                open += 1;
                false
            }
            ')' if self.depth > 0 => {
                open -= 1;
                open == 0
            }
            other => other.is_whitespace(),
        };
        self.rest().iter().position(ends).unwrap_or(self.rest().len())
    }

    fn starts_with(&self, key: &str) -> bool {
        let mut at = 0;
        key.chars().all(|wanted| {
            at += 1;
            self.peek(at - 1).map(|found| fold_char(found).to_ascii_lowercase()) == Some(wanted)
        }) && self.peek(at).is_some_and(|found| fold_char(found) == ':')
    }

    /// Sets what only the whole question can have.
    fn set_whole(&mut self, name: &str, value: &str) -> Result<(), QueryError> {
        match name {
            "from" => self.query.from = Some(date_range(value)?.0),
            "to" => self.query.to = Some(date_range(value)?.1),
            "sort" => {
                self.query.sort = match value {
                    "newest" | "date" | "最新" | "日期" | "时间" => Sort::Newest,
                    "oldest" | "最早" => Sort::Oldest,
                    "closing" | "截止" | "即将截止" => Sort::Closing,
                    _ => Sort::Relevance,
                };
            }
            _ => {
                let (first, last) = value.split_once("..").unwrap_or((value, value));
                let bound = |text: &str| if text.trim().is_empty() { Ok(None) } else { date_range(text).map(Some) };
                let (first, last) = (bound(first)?, bound(last)?);
                self.query.from = first.map(|range| range.0);
                self.query.to = last.map(|range| range.1);
            }
        }
        Ok(())
    }
}

/// A clause, unless it looks for nothing.
fn clause(excluded: bool, wanted: Wanted) -> Option<Clause> {
    let is_empty =
        matches!(&wanted, Wanted::Words(text) | Wanted::EveryWord(text) | Wanted::Phrase(text) if text.trim().is_empty());
    (!is_empty).then_some(Clause { excluded, wanted })
}

/// The clauses of plain words between operators.
fn every_word(words: &str) -> Vec<Clause> {
    let (mut clauses, left) = without_numbers(words);
    clauses.extend(clause(false, Wanted::EveryWord(left)));
    clauses
}

/// Takes the document numbers out of plain words.
fn without_numbers(words: &str) -> (Vec<Clause>, String) {
    let text = with_number_ends(words);
    let characters: Vec<char> = text.chars().collect();
    let mut clauses = Vec::new();
    let mut left = String::new();
    let mut from = 0;
    for (number, span) in find_numbers(&text) {
        left.extend(&characters[from..span.start as usize]);
        left.push(' ');
        from = span.end as usize;
        clauses.extend(clause(false, Wanted::Number(number.key())));
    }
    // Without a number the added 号 must not become a word.
    let left = if from == 0 { words.to_owned() } else { left + &characters[from..].iter().collect::<String>() };
    (clauses, left.trim().to_owned())
}

fn is_minus(character: char) -> bool {
    matches!(character, '-' | '－' | '−')
}

/// The mark that closes what this one opens.
fn closer_of(character: char) -> Option<char> {
    match character {
        '"' | '＂' => Some('"'),
        '“' => Some('”'),
        '「' => Some('」'),
        '『' => Some('』'),
        _ => None,
    }
}

fn list(value: &str) -> impl Iterator<Item = String> + '_ {
    value.split([',', '，', '、', '|', '｜']).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The one number a value holds, its 号 optional.
fn number_in(value: &str) -> Option<DocNumber> {
    DocNumber::parse(value).or_else(|| DocNumber::parse(&with_number_ends(value)))
}

/// Adds the 号 that people leave out behind `〔2017〕47`.
fn with_number_ends(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut completed = String::with_capacity(text.len() + 8);
    let mut at = 0;
    while at < characters.len() {
        completed.push(characters[at]);
        at += 1;
        if !matches!(fold_char(characters[at - 1]), '〕' | ']' | ')' | '】') {
            continue;
        }
        let start = at;
        while characters.get(at).is_some_and(|next| *next == ' ' || *next == '第' || fold_char(*next).is_ascii_digit()) {
            completed.push(characters[at]);
            at += 1;
        }
        let ends_in_digit = at > start && fold_char(characters[at - 1]).is_ascii_digit();
        if ends_in_digit && characters.get(at) != Some(&'号') {
            completed.push('号');
        }
    }
    completed
}

/// First and last day of a year, a month or a day.
fn date_range(value: &str) -> Result<(Date, Date), QueryError> {
    let bad = || QueryError::BadDate { text: value.to_owned() };
    if let Some(day) = model::date::parse_date(value) {
        return Ok((day, day));
    }
    let text = fold(value);
    let numbers: Vec<&str> = text.split(['-', '/', '.', '年', '月']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let year = |text: &str| text.parse::<i16>().ok().filter(|year| (1949..=2099).contains(year)).ok_or_else(bad);
    match numbers[..] {
        [only] => {
            let year = year(only)?;
            Ok((date(year, 1, 1), date(year, 12, 31)))
        }
        [first, second] => {
            let first = Date::new(year(first)?, second.parse().map_err(|_| bad())?, 1).map_err(|_| bad())?;
            Ok((first, first.last_of_month()))
        }
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown_clause(clause: &Clause) -> String {
        let sign = if clause.excluded { "-" } else { "" };
        let wanted = match &clause.wanted {
            Wanted::Words(text) => format!("words({text})"),
            Wanted::EveryWord(text) => format!("every({text})"),
            Wanted::Phrase(text) => format!("phrase({text})"),
            Wanted::In { part, text } => format!("{part:?}({text})").to_lowercase(),
            Wanted::Number(key) => format!("number({key})"),
            Wanted::Filter { name, values } => format!("{name}={}", values.join("+")),
            Wanted::Any(alternatives) => {
                let each: Vec<String> =
                    alternatives.iter().map(|clauses| clauses.iter().map(shown_clause).collect::<Vec<_>>().join(" ")).collect();
                format!("[{}]", each.join(" | "))
            }
        };
        format!("{sign}{wanted}")
    }

    fn shown(query: &Query) -> String {
        let mut parts: Vec<String> = Vec::new();
        parts.extend(query.clauses.iter().map(shown_clause));
        parts.extend(query.filters.iter().map(|(name, values)| format!("{name}={}", values.join("+"))));
        parts.extend(query.from.map(|day| format!("from={day}")));
        parts.extend(query.to.map(|day| format!("to={day}")));
        if query.sort != Sort::Relevance {
            parts.push(format!("{:?}", query.sort).to_lowercase());
        }
        parts.join(" ")
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(&parse_query(text).unwrap()), expected, "in {text}");
    }

    #[test]
    fn words_phrases_and_exclusions() {
        check("研发费用 加计扣除", "words(研发费用 加计扣除)");
        check("\"加计扣除\" 政策", "phrase(加计扣除) words(政策)");
        check("“专精特新”「小巨人」", "phrase(专精特新) phrase(小巨人)");
        check("请问“专精特新”怎么申请", "phrase(专精特新) words(请问 怎么申请)");
        check("补贴 -草案 －\"征求意见\"", "-words(草案) -phrase(征求意见) words(补贴)");
        check("中小企业-政策 — 说明", "words(中小企业-政策 — 说明)");
        check("＂全角引号＂", "phrase(全角引号)");
        check("", "");
        check("\"\" “”", "");
    }

    #[test]
    fn a_phrase_may_contain_quotation_marks() {
        check("\"称\"小巨人\"企业\"", "phrase(称\"小巨人\"企业)");
        check("“所称“小巨人”企业”", "phrase(所称“小巨人”企业)");
        check("\"甲\" \"乙\"丙", "phrase(甲) phrase(乙) words(丙)");
        check("\"第一行\n第二行\"", "phrase(第一行\n第二行)");
    }

    #[test]
    fn a_mark_without_partner_is_a_blank() {
        check("\"高新技术", "words(高新技术)");
        check("高新\"技术", "words(高新 技术)");
        check("高新」技术 ”", "words(高新」技术 ”)");
        check("“短语“ 词", "phrase(短语) words(词)");
        check("-", "words(-)");
        check("--x", "words(--x)");
    }

    #[test]
    fn a_document_number_is_recognised_in_any_form() {
        for number in [
            "国办发〔2017〕47号",
            "国办发[2017]47号",
            "国办发［2017］47号",
            "国办发【2017】47号",
            "国办发（2017）47号",
            "国办发(2017)47号",
            "国办发 〔 2017 〕 47 号",
            "国办发〔２０１７〕４７号",
            "国办发〔2017〕47",
            "国办发(2017)第47",
            "文号:国办发 〔2017〕 47号",
            "发文字号：国办发〔2017〕47",
        ] {
            check(number, "number(国办发|2017|47)");
        }
        check("国办发〔2017〕47号 贯彻意见", "number(国办发|2017|47) words(贯彻意见)");
        check("意见 -国办发[2017]47号", "-number(国办发|2017|47) words(意见)");
        check("附件(2) 2024", "words(附件(2) 2024)");
    }

    #[test]
    fn filters_in_both_languages() {
        check("state:in_force 地区：650000", "region=650000 state=in_force");
        check("状态:现行有效、已修改 补贴", "words(补贴) state=in_force+amended");
        check("机关:\"国务院 办公厅\" 标题:培育,管理 正文:补贴", "title(培育,管理) body(补贴) issuer=国务院 办公厅");
        check("主题: 税收 工具:补助|贷款", "theme=税收 tool=补助+贷款");
        check("from:2024 to:2024-02", "from=2024-01-01 to=2024-02-29");
        check("日期:2024年7月5日 排序:最新", "from=2024-07-05 to=2024-07-05 newest");
        check("http://www.gov.cn 来自:网页", "words(http://www.gov.cn 来自:网页)");
        check("主题:", "words(主题:)");
        check("日期:2024..2025-06 排序:截止", "from=2024-01-01 to=2025-06-30 closing");
        check("日期:..2025 窗口:7天内截止 级别:province", "level=province window=7天内截止 to=2025-12-31");
        check("补贴 -地区:北京 -标题:草案", "-region=北京 -title(草案) words(补贴)");
    }

    #[test]
    fn operators_and_brackets() {
        check("补贴 AND 贷款", "every(补贴) every(贷款)");
        check("补贴 OR 贷款 贴息", "[every(补贴) | every(贷款 贴息)]");
        check("(补贴 OR 奖励) AND \"专精特新\" -草案", "[every(补贴) | every(奖励)] phrase(专精特新) -words(草案)");
        check("（补贴 或 奖励） 与 企业 NOT 个人", "[every(补贴) | every(奖励)] -words(个人) every(企业)");
        check("-(草案 OR 征求意见) 补贴", "-[every(草案) | every(征求意见)] every(补贴)");
        check("NOT (甲 AND 乙)", "-[every(甲) every(乙)]");
        check("((甲 || 乙) && 丙) | 丁", "[[every(甲) | every(乙)] every(丙) | every(丁)]");
        check("(标题:补贴(试行) OR window:closes:7) 企业", "[title(补贴(试行)) | window=closes:7] every(企业)");
        check("标题:补贴 OR 机关:财政部", "[title(补贴) | issuer=财政部]");
        check("补贴 AND 地区:新疆 from:2024", "every(补贴) region=新疆 from=2024-01-01");
        check("国发(2017)47号 OR (国发〔2017〕48号 细则)", "[number(国发|2017|47) | number(国发|2017|48) every(细则)]");
    }

    #[test]
    fn brackets_without_operators_are_text_and_operators_alone_are_none() {
        check("管理办法(试行)", "words(管理办法(试行))");
        check("(试行) 办法", "words((试行) 办法)");
        check("AND OR NOT", "");
        check("OR 补贴 AND", "every(补贴)");
        check("R&D AND", "every(R&D)");
        check("补贴 OR (贷款", "[every(补贴) | every(贷款)]");
        check("补贴) OR 贷款", "[every(补贴)) | every(贷款)]");
        check("() OR 补贴", "every(补贴)");
        check("(\"补贴)\" OR 甲", "[phrase(补贴)) | every(甲)]");
        check("\"A AND B\" 与会", "phrase(A AND B) words(与会)");
    }

    #[track_caller]
    fn refuse(text: &str, expected: &str) {
        let shown = parse_query(text).unwrap_err().to_string();
        assert!(shown.contains(expected), "{shown}");
    }

    #[test]
    fn what_would_be_silently_wrong_is_refused() {
        refuse("状态:有点效", "未知的效力状态“有点效”，可用：征求意见、");
        refuse("from:昨天", "无法识别的日期“昨天”");
        refuse("date:2024-13", "无法识别的日期");
        refuse("文号:四十七", "无法识别的文号");
        refuse("-日期:2024", "“日期:2024”不能排除");
        refuse(&"(甲 OR ".repeat(1_000), "查询过长");
        refuse(&format!("{}甲{}", "(乙 OR ".repeat(20), ")".repeat(20)), "括号嵌套过深：最多 8 层");
        refuse(&"策".repeat(MOST_QUERY_CHARACTERS + 1), "查询过长：2001 个字符");
        refuse(&"-甲 ".repeat(MOST_CLAUSES + 1), "查询条件过多：65 个");
    }

    #[test]
    fn absurd_input_is_answered() {
        for text in [
            "\u{0}\u{7}\u{1b}[31m",
            "\"\"\"\"\"\"\"",
            "““““““",
            "-\"",
            ":::",
            "文号:",
            "」」」",
            "\u{e000}x\u{e001}",
            "\u{202e}甲",
        ] {
            parse_query(text).unwrap();
        }
        refuse(&"a".repeat(1 << 20), "查询过长");
        refuse(&"词 ".repeat(10_000), "查询过长");
    }

    #[test]
    fn keys_are_sorted_and_lead_to_known_filters() {
        assert!(KEYS.is_sorted());
        for (_, name) in KEYS {
            let own = ["body", "date", "from", "sort", "to"].contains(name);
            assert!(own || crate::facet::FILTERS.contains(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_expression_panics(text in "([(（)\"“”甲乙:号文 -]{0,3}( OR | AND | NOT |与|或| )){0,20}") {
            let _answer = parse_query(&text);
        }

        #[test]
        fn no_input_panics(text in "[-－与或|&ANDOR\"“”「」：: \\n号〔〕\\[\\]()0-9a-z文标题状态甲乙]{0,60}") {
            let _answer = parse_query(&text);
        }
    }
}
