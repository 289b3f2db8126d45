//! The syntax a reader types: `关键词`, `"短语"`, `-排除`, document numbers in any bracket, and filters such as `地区:新疆`.
//!
//! Nothing typed is an error unless it cannot be meant: a quotation mark without its partner is a blank, an unknown
//! `key:` is text. What would be silently wrong (an unknown state, a date that is none) is refused.

use jiff::civil::{Date, date};
use model::DocNumber;
use model::number::find_numbers;
use model::query::{Clause, MARK_END, MARK_START, Query, Sort, Wanted};
use model::text::{fold, fold_char};

use crate::error::QueryError;
use crate::facet::state_name;

/// A pasted paragraph is a question, a pasted document is not; the limit bounds all work a question can cause.
pub const MOST_QUERY_CHARACTERS: usize = 2_000;
/// Each clause is an own walk through the index; people write fewer than ten.
pub const MOST_CLAUSES: usize = 64;
/// Hits on a page when nothing else is asked for.
pub const DEFAULT_LIMIT: usize = 10;
/// A document number is looked for this far behind `文号:`, so that it may contain blanks.
const LONGEST_NUMBER_CHARACTERS: usize = 60;

/// Keys of filters as people write them, with the name each stands for.
const KEYS: &[(&str, &str)] = &[
    ("date", "date"),
    ("desk", "desk"),
    ("from", "from"),
    ("industry", "industry"),
    ("issuer", "issuer"),
    ("kind", "kind"),
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
    ("主题", "theme"),
    ("从", "from"),
    ("信息源", "source"),
    ("分类", "triage"),
    ("到", "to"),
    ("发文字号", "number"),
    ("发文机关", "issuer"),
    ("地区", "region"),
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
    ("状态", "state"),
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
        words: String::new(),
        query: Query { limit: DEFAULT_LIMIT, ..Query::default() },
    };
    while parser.skip_blanks() {
        parser.part()?;
    }
    parser.finish()
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
    /// Plain words so far; document numbers are looked for in all of them, since they may contain blanks.
    words: String,
    query: Query,
}

impl Parser {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.at + ahead).copied()
    }

    /// Moves to the next part; whether there is one.
    fn skip_blanks(&mut self) -> bool {
        while self.peek(0).is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.at < self.characters.len()
    }

    fn part(&mut self) -> Result<(), QueryError> {
        let start = self.at;
        let excluded =
            self.peek(0).is_some_and(is_minus) && self.peek(1).is_some_and(|next| !next.is_whitespace() && !is_minus(next));
        self.at += usize::from(excluded);
        if let Some(phrase) = self.quoted() {
            self.push(excluded, Wanted::Phrase(phrase));
            return Ok(());
        }
        if let Some((name, value)) = self.filter() {
            if excluded {
                let text = self.characters[start + 1..self.at].iter().collect();
                return Err(QueryError::ExcludedFilter { text });
            }
            return self.set_filter(name, &value);
        }
        let word = self.word();
        if excluded {
            let number = DocNumber::parse(&word).map(|number| Wanted::Number(number.key()));
            self.push(true, number.unwrap_or(Wanted::Words(word)));
        } else {
            self.words.push(' ');
            self.words.push_str(&word);
        }
        Ok(())
    }

    fn push(&mut self, excluded: bool, wanted: Wanted) {
        let empty = matches!(&wanted, Wanted::Words(text) | Wanted::Phrase(text) if text.trim().is_empty());
        if !empty {
            self.query.clauses.push(Clause { excluded, wanted });
        }
    }

    /// Characters up to the next blank or quotation mark; a quotation mark without partner counts as a blank.
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(character) = self.peek(0).filter(|character| !character.is_whitespace()) {
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
        let rest = &self.characters[self.at..];
        let blank = rest.iter().position(|character| character.is_whitespace()).unwrap_or(rest.len());
        let length = if *name == "number" {
            rest.iter().take(LONGEST_NUMBER_CHARACTERS).position(|character| *character == '号').map_or(blank, |at| at + 1)
        } else {
            blank
        };
        self.at += length;
        Some((name, self.characters[self.at - length..self.at].iter().collect()))
    }

    fn starts_with(&self, key: &str) -> bool {
        let mut at = 0;
        key.chars().all(|wanted| {
            at += 1;
            self.peek(at - 1).map(|found| fold_char(found).to_ascii_lowercase()) == Some(wanted)
        }) && self.peek(at).is_some_and(|found| fold_char(found) == ':')
    }

    fn set_filter(&mut self, name: &'static str, value: &str) -> Result<(), QueryError> {
        match name {
            "from" => self.query.from = Some(date_range(value)?.0),
            "to" => self.query.to = Some(date_range(value)?.1),
            "date" => {
                let (first, last) = date_range(value)?;
                (self.query.from, self.query.to) = (Some(first), Some(last));
            }
            "sort" => {
                let newest = matches!(value, "newest" | "date" | "最新" | "日期" | "时间");
                self.query.sort = if newest { Sort::Newest } else { Sort::Relevance };
            }
            "number" => {
                let number = number_in(value).ok_or_else(|| QueryError::BadNumber { text: value.to_owned() })?;
                self.push(false, Wanted::Number(number.key()));
            }
            "title" => self.add_values(name, std::iter::once(value.to_owned())),
            "state" => {
                let states: Result<Vec<String>, QueryError> =
                    list(value).map(|state| state_name(&state).map(str::to_owned)).collect();
                self.add_values(name, states?);
            }
            _ => self.add_values(name, list(value)),
        }
        Ok(())
    }

    fn add_values(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        self.query.filters.entry(name.to_owned()).or_default().extend(values);
    }

    /// Takes the document numbers out of the plain words; what is left is one clause.
    fn finish(mut self) -> Result<Query, QueryError> {
        let text = with_number_ends(&self.words);
        let characters: Vec<char> = text.chars().collect();
        let mut left = String::new();
        let mut from = 0;
        for (number, span) in find_numbers(&text) {
            left.extend(&characters[from..span.start as usize]);
            left.push(' ');
            from = span.end as usize;
            self.push(false, Wanted::Number(number.key()));
        }
        // Without a number the added 号 must not become a word.
        let words =
            if from == 0 { std::mem::take(&mut self.words) } else { left + &characters[from..].iter().collect::<String>() };
        self.push(false, Wanted::Words(words.trim().to_owned()));
        let found = self.query.clauses.len();
        if found > MOST_CLAUSES {
            return Err(QueryError::TooManyClauses { found, most: MOST_CLAUSES });
        }
        Ok(self.query)
    }
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

    fn shown(query: &Query) -> String {
        let mut parts: Vec<String> = Vec::new();
        for clause in &query.clauses {
            let sign = if clause.excluded { "-" } else { "" };
            parts.push(match &clause.wanted {
                Wanted::Words(text) => format!("{sign}words({text})"),
                Wanted::Phrase(text) => format!("{sign}phrase({text})"),
                Wanted::Number(key) => format!("{sign}number({key})"),
            });
        }
        parts.extend(query.filters.iter().map(|(name, values)| format!("{name}={}", values.join("+"))));
        parts.extend(query.from.map(|day| format!("from={day}")));
        parts.extend(query.to.map(|day| format!("to={day}")));
        if query.sort == Sort::Newest {
            parts.push("newest".to_owned());
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
        check("机关:\"国务院 办公厅\" 标题:培育,管理", "issuer=国务院 办公厅 title=培育,管理");
        check("主题: 税收 工具:补助|贷款", "theme=税收 tool=补助+贷款");
        check("from:2024 to:2024-02", "from=2024-01-01 to=2024-02-29");
        check("日期:2024年7月5日 排序:最新", "from=2024-07-05 to=2024-07-05 newest");
        check("http://www.gov.cn 来自:网页", "words(http://www.gov.cn 来自:网页)");
        check("主题:", "words(主题:)");
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
        refuse("-状态:已废止", "筛选项“状态:已废止”不能排除");
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
            let own = ["date", "from", "sort", "to"].contains(name);
            assert!(own || crate::facet::FILTERS.contains(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "[-－\"“”「」：: \\n号〔〕\\[\\]()0-9a-z文标题状态甲乙]{0,60}") {
            let _answer = parse_query(&text);
        }
    }
}
