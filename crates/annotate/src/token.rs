//! Numbers with units and bounds, and dates, found in one pass over the text.

mod notes;
mod shares;
mod units;

use std::collections::HashMap;

use model::Op;
use rust_decimal::Decimal;

use crate::date::{DateToken, YearToken, date_at, year_at};
use crate::number::{self, Numeral};
use crate::rules::{Place, UnitFile};
use notes::{Limits, after_short_note, limit_note, range_bounds, range_separator};

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Family {
    Money,
    MoneyFx,
    Percent,
    Duration,
    Day,
    Count,
    Area,
    Score,
    Level,
    Rank,
    /// 万 or 亿 alone: money or a count, as the indicator says.
    Bare,
    Other,
}

impl Family {
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "money" => Self::Money,
            "money_fx" => Self::MoneyFx,
            "percent" => Self::Percent,
            "duration" => Self::Duration,
            "day" => Self::Day,
            "count" => Self::Count,
            "area" => Self::Area,
            "score" => Self::Score,
            "level" => Self::Level,
            "rank" => Self::Rank,
            _ => Self::Other,
        }
    }

    /// Whether a number of this family can be of an indicator of the other.
    pub(crate) fn fits(self, indicator: Self) -> bool {
        self == indicator
            || matches!(
                (self, indicator),
                (Self::Bare, Self::Money | Self::Count | Self::MoneyFx)
                    | (Self::Money, Self::MoneyFx)
                    | (Self::Count | Self::Other, Self::Rank)
            )
    }
}

/// A number with its unit and bounds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quantity {
    /// From the word of comparison, if any, to the end of the bound behind it.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The number with its unit alone.
    pub(crate) number_start: usize,
    pub(crate) number_end: usize,
    /// As written, in `unit`.
    pub(crate) value: Decimal,
    /// In base units.
    pub(crate) low: Decimal,
    /// Upper end of a range, in base units, and as written.
    pub(crate) high: Option<(Decimal, Decimal)>,
    pub(crate) unit: String,
    pub(crate) base: String,
    pub(crate) family: Family,
    pub(crate) op: Option<Op>,
    /// The operator was written behind the number, where it may count for the numbers listed before it.
    pub(crate) op_behind: bool,
    /// `平方米` in `元/平方米`.
    pub(crate) per: Option<String>,
    /// Of a range, which ends the text says belong to it.
    pub(crate) bounds: Option<&'static str>,
}

impl Quantity {
    /// A number that is compared with nothing yet.
    fn plain(start: usize, end: usize, low: Decimal, unit: &str, base: &str, family: Family) -> Self {
        Self {
            start,
            end,
            number_start: start,
            number_end: end,
            value: low,
            low,
            high: None,
            unit: unit.to_owned(),
            base: base.to_owned(),
            family,
            op: None,
            op_behind: false,
            per: None,
            bounds: None,
        }
    }
}

/// Other units that are counted in Chinese numerals: 五千吨标准煤; 一批, 一种 count nothing.
const MEASURED_IN_WORDS: [&str; 9] = ["吨标准煤", "吨", "公里", "千瓦", "千瓦时", "人次", "周岁", "场", "辆"];

/// Everything with digits in a text, in order.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) quantities: Vec<Quantity>,
    pub(crate) dates: Vec<DateToken>,
    pub(crate) years: Vec<YearToken>,
}

struct UnitWord {
    word: String,
    family: Family,
    base: String,
    factor: Decimal,
}

/// Units and words of comparison, ready to be looked up.
pub(crate) struct Lexer {
    /// By first character, longest first.
    units: HashMap<char, Vec<UnitWord>>,
    /// By last character, longest first.
    before: HashMap<char, Vec<(String, Op)>>,
    /// The same words by first character, longest first.
    starts: HashMap<char, Vec<(String, Op)>>,
    /// By first character, longest first.
    after: HashMap<char, Vec<(String, Op)>>,
}

/// The bytes of 人民币 behind a note.
fn currency(rest: &str) -> usize {
    if rest.starts_with("人民币") { "人民币".len() } else { 0 }
}

/// Whether a letter l stands for the one it was scanned from: `l000万元`.
fn is_scanned_one(text: &str, at: usize, previous: char) -> bool {
    let followed = || text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
    text[at..].starts_with('l') && !previous.is_ascii() && followed()
}

/// Words that may stand between a word of comparison and the number.
const FILLERS: [&str; 17] = [
    "人民币",
    "为",
    "在",
    "约",
    "于",
    "已有",
    "拥有",
    "具有",
    "配备",
    "有",
    "各",
    "年均",
    "(不含等于)",
    "(含等于)",
    "(含)",
    "(不含)",
    " ",
];

impl Lexer {
    pub(crate) fn new(file: &UnitFile) -> Self {
        let mut lexer = Self { units: HashMap::new(), before: HashMap::new(), starts: HashMap::new(), after: HashMap::new() };
        for unit in &file.unit {
            for word in &unit.words {
                let base = if unit.base.is_empty() { word } else { &unit.base };
                let entry =
                    UnitWord { word: word.clone(), family: Family::of(&unit.family), base: base.clone(), factor: unit.factor };
                lexer.units.entry(word.chars().next().unwrap_or_default()).or_default().push(entry);
            }
        }
        for comparator in &file.comparator {
            for word in &comparator.words {
                if comparator.place == Place::Before {
                    let first = word.chars().next().unwrap_or_default();
                    lexer.starts.entry(first).or_default().push((word.clone(), comparator.op));
                }
                let (map, key) = match comparator.place {
                    Place::Before => (&mut lexer.before, word.chars().next_back()),
                    Place::After => (&mut lexer.after, word.chars().next()),
                };
                map.entry(key.unwrap_or_default()).or_default().push((word.clone(), comparator.op));
            }
        }
        lexer.units.values_mut().for_each(|words| words.sort_by_key(|unit| std::cmp::Reverse(unit.word.len())));
        lexer.before.values_mut().for_each(|words| words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len())));
        lexer.starts.values_mut().for_each(|words| words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len())));
        lexer.after.values_mut().for_each(|words| words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len())));
        lexer
    }

    /// Finds every quantity, date and year.
    pub(crate) fn read(&self, text: &str) -> Tokens {
        let mut tokens = Tokens::default();
        let mut at = 0;
        let mut previous = ' ';
        while let Some(character) = text[at..].chars().next() {
            let next = if character.is_ascii_digit() || is_scanned_one(text, at, previous) {
                self.latin(text, at, previous, &mut tokens)
            } else if number::starts_chinese(character) && previous != '第' && !number::starts_chinese(previous) {
                self.chinese(text, at, &mut tokens)
            } else if character == '半' {
                self.half(text, at, previous, &mut tokens)
            } else if character == '百' && text[at..].starts_with("百分之") {
                self.percent_in_words(text, at, &mut tokens)
            } else {
                at + character.len_utf8()
            };
            previous = text[at..next].chars().next_back().unwrap_or(' ');
            at = next;
        }
        tokens
    }

    /// Reads what starts with a digit; gives the byte to go on from.
    fn latin(&self, text: &str, at: usize, previous: char, tokens: &mut Tokens) -> usize {
        // Only where the whole run is left behind is its end looked for: a long list of numbers must not be scanned for each.
        let skip = || number::run_end(text, at + 1);
        if previous.is_ascii_alphabetic() || matches!(previous, '第' | '.' | '〔' | '_') {
            return skip();
        }
        if let Some(date) = date_at(text, at) {
            let end = date.end;
            tokens.dates.push(date);
            return end;
        }
        if let Some(year) = year_at(text, at) {
            tokens.years.push(year);
            return year.end;
        }
        let Some(numeral) = number::latin(text, at) else { return skip() };
        if let Some(share) = shares::slashed(text, numeral).filter(|share| self.is_share(text, at, share)) {
            return self.share(text, at, share, tokens);
        }
        match self.quantity(text, at, numeral).or_else(|| self.distributed(text, at, previous, numeral)) {
            Some(quantity) => {
                let end = quantity.end;
                tokens.quantities.push(quantity);
                end
            }
            None => numeral.end,
        }
    }

    fn chinese(&self, text: &str, at: usize, tokens: &mut Tokens) -> usize {
        let step = at + text[at..].chars().next().map_or(1, char::len_utf8);
        let Some(numeral) = number::chinese(text, at) else { return step };
        if let Some(share) = shares::fraction(text, numeral) {
            return self.share(text, at, share, tokens);
        }
        match self.quantity(text, at, numeral) {
            // A Chinese numeral before 万 and nothing else is part of a word: 一万人.
            Some(quantity) if quantity.family != Family::Bare => {
                let end = quantity.end;
                tokens.quantities.push(quantity);
                end
            }
            _ => numeral.end,
        }
    }

    /// A number with unit, range and bounds at a byte.
    fn quantity(&self, text: &str, at: usize, numeral: Numeral) -> Option<Quantity> {
        let first = self.measured(text, numeral)?;
        let mut limits = first.limits;
        let mut quantity = Quantity {
            start: at,
            end: first.end,
            number_start: at,
            number_end: first.end,
            value: numeral.value,
            low: numeral.value,
            high: None,
            unit: first.unit.clone(),
            base: first.base.clone(),
            family: first.family,
            op: None,
            op_behind: false,
            per: first.per.clone(),
            bounds: None,
        };
        let second = range_separator(text, first.end).and_then(|at| {
            let numeral = number::latin(text, at).or_else(|| number::chinese(text, at))?;
            self.measured(text, numeral)
                .filter(|second| {
                    second.family != Family::Other || first.unit == second.unit || first.is_plain() && !second.is_plain()
                })
                .map(|second| (numeral, second))
        });
        match second {
            Some((numeral_high, second))
                if first.is_plain() || first.family.fits(second.family) || second.family.fits(first.family) =>
            {
                let factor = if first.is_plain() { second.factor } else { first.factor };
                quantity.low = quantity.value.checked_mul(factor)?;
                quantity.high = Some((numeral_high.value.checked_mul(second.factor)?, numeral_high.value));
                (quantity.unit, quantity.base, quantity.family) = (second.unit, second.base, second.family);
                quantity.per = second.per;
                (quantity.end, quantity.number_end) = (second.end, second.end);
                quantity.op = Some(Op::Range);
                if text[quantity.end..].starts_with("之间") {
                    quantity.end += "之间".len();
                }
                quantity.bounds = range_bounds(first.limits, second.limits);
                limits = second.limits;
            }
            _ if first.is_plain() && !self.is_ratio(text, at, first.end) => return None,
            _ => quantity.low = quantity.value.checked_mul(first.factor)?,
        }
        if numeral.chinese && quantity.family == Family::Other && !MEASURED_IN_WORDS.contains(&quantity.base.as_str()) {
            return None;
        }
        self.bounds(text, &mut quantity, limits);
        self.late_unit(text, &mut quantity);
        Some(quantity)
    }

    /// What follows a numeral: multiplier, (含), unit, (含).
    fn measured(&self, text: &str, numeral: Numeral) -> Option<Measured> {
        let (multiplied, after) = number::multiplier(text, numeral.end);
        let (limits, after_note) = limit_note(text, after);
        let found = self.unit_at(text, after_note);
        let Some((unit, end)) = found else {
            let (family, word) =
                if after > numeral.end { (Family::Bare, &text[numeral.end..after]) } else { (Family::Other, "") };
            let (limits, end) = limit_note(text, after);
            let unit = word.to_owned();
            return Some(Measured { unit, base: String::new(), family, factor: multiplied, end, limits, per: None });
        };
        let (per, end) = self.per(text, end);
        let (later, end) = limit_note(text, end);
        let base = per.as_ref().map_or_else(|| unit.base.clone(), |per| format!("{}/{per}", unit.base));
        let unit_text = format!("{}{}", &text[numeral.end..after], text[after_note..].get(..unit.word.len()).unwrap_or_default());
        let unit_text = per.as_ref().map_or(unit_text.clone(), |per| format!("{unit_text}/{per}"));
        let limits = Limits { included: limits.included || later.included, excluded: limits.excluded || later.excluded };
        Some(Measured {
            unit: unit_text,
            base,
            family: unit.family,
            factor: multiplied.checked_mul(unit.factor)?,
            end,
            limits,
            per,
        })
    }

    /// Reads the words of comparison around a quantity and decides its operator.
    fn bounds(&self, text: &str, quantity: &mut Quantity, limits: Limits) {
        let noted = after_short_note(text, quantity.end);
        // 100万元(报刊50万元)以上: the number in the note is read on its own.
        if let Some(after) = noted.filter(|after| text[quantity.end..*after].contains(|inner: char| inner.is_ascii_digit()))
            && let Some((op, _)) = self.word_after(text, after + currency(&text[after..]))
            && self.word_after(text, quantity.end).is_none()
        {
            quantity.op = quantity.op.or(Some(op));
            quantity.op_behind = true;
        }
        let noted = noted.filter(|_| !quantity.op_behind);
        let behind = self.word_after(text, quantity.end).or_else(|| self.word_after(text, noted?));
        let mut limits = limits;
        let within = |end: usize| text[quantity.end..end] == *"内" && !matches!(quantity.family, Family::Duration | Family::Day);
        if let Some((op, end)) = behind.filter(|(_, end)| !within(*end)) {
            let (later, end) = limit_note(text, end);
            limits = Limits { included: limits.included || later.included, excluded: limits.excluded || later.excluded };
            quantity.end = end;
            quantity.op_behind = true;
            quantity.op = quantity.op.or(Some(op));
        }
        if let Some((op, start)) = self.word_before(text, quantity.number_start) {
            quantity.start = start;
            let words = &text[start..quantity.number_start];
            limits.included |= words.ends_with("(含)") || words.ends_with("(含等于)");
            // 超过10人以上: the word before decides; (含) decides over both.
            if quantity.op != Some(Op::Range) {
                quantity.op = Some(op);
                quantity.op_behind = false;
            }
        }
        quantity.op = quantity.op.map(|op| match op {
            Op::More if limits.included => Op::AtLeast,
            Op::Less if limits.included => Op::AtMost,
            Op::AtLeast if limits.excluded => Op::More,
            Op::AtMost if limits.excluded => Op::Less,
            op => op,
        });
    }

    fn word_after(&self, text: &str, at: usize) -> Option<(Op, usize)> {
        let rest = &text[at..];
        let words = self.after.get(&rest.chars().next()?)?;
        let (word, op) = words.iter().find(|(word, _)| rest.starts_with(word.as_str()))?;
        // 起 counts only where the sentence goes on with it: 自…日起 is no bound.
        (word != "起" || rest[word.len()..].starts_with(['的', ',', '。'])).then_some((*op, at + word.len()))
    }

    /// The word of comparison directly before a byte, or before fillers, and where it starts.
    pub(crate) fn word_before(&self, text: &str, at: usize) -> Option<(Op, usize)> {
        let mut end = at;
        for _ in 0..3 {
            let before = &text[..end];
            let words = self.before.get(&before.chars().next_back()?);
            if let Some((word, op)) = words.and_then(|words| words.iter().find(|(word, _)| before.ends_with(word.as_str()))) {
                return Some((*op, end - word.len()));
            }
            end -= FILLERS.iter().find(|filler| before.ends_with(**filler))?.len();
        }
        None
    }

    /// The longest word of comparison before numbers that starts at a byte, and where it ends.
    pub(crate) fn word_at(&self, text: &str, at: usize) -> Option<(Op, usize)> {
        let rest = &text[at..];
        let words = self.starts.get(&rest.chars().next()?)?;
        words.iter().find(|(word, _)| rest.starts_with(word.as_str())).map(|(word, op)| (*op, at + word.len()))
    }

    /// The last word of comparison that ends inside a stretch of text, for `不低于职工总数的50%`.
    pub(crate) fn last_word_in(&self, text: &str, start: usize, end: usize) -> Option<(Op, usize, usize)> {
        let stretch = &text[start..end];
        stretch.char_indices().rev().find_map(|(offset, character)| {
            let stop = start + offset + character.len_utf8();
            let words = self.before.get(&character)?;
            let before = &text[start..stop];
            let (word, op) = words.iter().find(|(word, _)| word.chars().count() > 1 && before.ends_with(word.as_str()))?;
            Some((*op, stop - word.len(), stop))
        })
    }
}

struct Measured {
    unit: String,
    base: String,
    family: Family,
    factor: Decimal,
    end: usize,
    limits: Limits,
    per: Option<String>,
}

impl Measured {
    /// No unit and no multiplier.
    fn is_plain(&self) -> bool {
        self.unit.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexer() -> Lexer {
        Lexer::new(&model::config::parse("units.toml", include_str!("../../../rules/units.toml")).unwrap())
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let tokens = lexer().read(text);
        let shown: Vec<String> = tokens
            .quantities
            .iter()
            .map(|quantity| {
                let high = quantity.high.map(|(high, _)| format!("..{}", high.normalize())).unwrap_or_default();
                let op = quantity.op.map(Op::sign).unwrap_or("?");
                format!("{op}{}{high}{} [{}]", quantity.low.normalize(), quantity.base, &text[quantity.start..quantity.end])
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "in {text}");
    }

    #[test]
    fn bounds_are_read_before_and_behind_the_number() {
        check("营业收入不低于1000万元", ">=10000000元 [不低于1000万元]");
        check("注册资本(金)200万元以上", ">=2000000元 [200万元以上]");
        check("需达到或超过1.5%", ">=0.015ratio [达到或超过1.5%]");
        check("超过30家(含)", ">=30家 [超过30家(含)]");
        check("小于5,000万元(含)", "<=50000000元 [小于5,000万元(含)]");
        check("达到20分(含20分)以上", ">=20分 [达到20分(含20分)以上]");
        check("办公用房300(含)平方米以上", ">=300平方米 [300(含)平方米以上]");
        check("正常经营一年以上", ">=1年 [一年以上]");
        check("至少有一件为首次质押", ">=1件 [至少有一件]");
        check("注册资本l000万元以上", ">=10000000元 [l000万元以上]");
        check("总资产4 000万元以上", ">=40000000元 [4 000万元以上]");
        check("自用部分不少于1/2", ">=0.5ratio [不少于1/2]");
        check("自用部分占1/4以上的", ">=0.25ratio [1/4以上]");
    }

    #[test]
    fn ranges_take_the_unit_of_their_end_and_convert_each_bound() {
        check("给予20-50万元", "range200000..500000元 [20-50万元]");
        check("给予20 -50万元", "range200000..500000元 [20 -50万元]");
        check("利率的30-50%", "range0.3..0.5ratio [30-50%]");
        check("5000万元(含)-1亿元之间", "range50000000..100000000元 [5000万元(含)-1亿元之间]");
        check("1000万元至2亿元", "range10000000..200000000元 [1000万元至2亿元]");
    }

    #[test]
    fn compound_and_bare_units_are_kept() {
        check("最高30元/平方米/月", "<=30元/平方米/月 [最高30元/平方米/月]");
        check("≥200万", ">=2000000 [≥200万]");
        check("20万美元", "?200000美元 [20万美元]");
        check("达到1万户", ">=10000户 [达到1万户]");
    }

    #[test]
    fn words_that_only_look_like_quantities_are_none() {
        for text in ["一次性奖励", "工信部企业〔2022〕63号", "第3项", "A4纸", "2026年", "三年行动计划12", "分别给予"]
        {
            let quantities = lexer().read(text).quantities;
            assert!(quantities.iter().all(|quantity| quantity.op.is_none()), "{text}: {quantities:?}");
        }
    }

    #[test]
    fn dates_are_read_with_and_without_year() {
        let tokens = lexer().read("填报时间为2026年2月5日至3月5日,2025年度");
        assert_eq!(tokens.dates.len(), 2);
        assert_eq!(tokens.dates[0].date(None).unwrap().to_string(), "2026-02-05");
        assert_eq!(tokens.dates[1].date(Some(2026)).unwrap().to_string(), "2026-03-05");
        assert_eq!(tokens.years[0].year, 2025);
    }
}
