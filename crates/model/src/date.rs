//! Dates as Chinese government pages write them, and the moment a page gives for its publication.

use std::fmt;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A date, with the time of day where the page says it. Always Asia/Shanghai.
///
/// As JSON: `2026-07-03`, or `2026-07-03T16:22:00+08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    /// The day.
    pub date: Date,
    /// The time of day, when known.
    pub time: Option<Time>,
}

impl From<Date> for Moment {
    fn from(date: Date) -> Self {
        Self { date, time: None }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            None => write!(formatter, "{}", self.date),
            Some(time) => {
                write!(formatter, "{}T{:02}:{:02}:{:02}+08:00", self.date, time.hour(), time.minute(), time.second())
            }
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_moment(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is not a date; expected YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS+08:00"))
        })
    }
}

/// The first date in a text, with its time of day if one follows; `None` where there is none.
///
/// Reads `2024年7月5日`, `二〇二五年六月十日`, `2020-09-30 15:34`, `2026.09.11`, `2026/9/1`, `2017——04——12 21:37`,
/// `2026-09-28-21:50:00`, ISO 8601, `20260703` and Unix times in seconds or milliseconds. Years outside 1949–2099 are refused.
#[must_use]
pub fn parse_moment(text: &str) -> Option<Moment> {
    find_moment(text).map(|(moment, _, _)| moment)
}

/// The first date in a text; see [`parse_moment`].
#[must_use]
pub fn parse_date(text: &str) -> Option<Date> {
    parse_moment(text).map(|moment| moment.date)
}

/// Like [`parse_moment`], with the range of characters (not bytes) the date and time take in `text`.
#[must_use]
pub fn find_moment(text: &str) -> Option<(Moment, usize, usize)> {
    let characters: Vec<char> = text.chars().map(normal_char).collect();
    if let Some(found) = unix_time(&characters) {
        return Some((found, 0, characters.len()));
    }
    (0..characters.len()).find_map(|start| {
        let (date, after_date) = date_at(&characters, start)?;
        let (time, end) = match time_after(&characters, after_date) {
            Some((time, end)) => (Some(time), end),
            None => (None, after_date),
        };
        Some((Moment { date, time }, start, end))
    })
}

fn normal_char(character: char) -> char {
    match crate::text::fold_char(character) {
        '〇' | '○' | 'Ｏ' | 'O' | '零' => '〇',
        '\n' | '\r' => ' ',
        other => other,
    }
}

fn unix_time(characters: &[char]) -> Option<Moment> {
    let digits: String = characters.iter().collect::<String>().trim().to_owned();
    if !matches!(digits.len(), 10 | 13) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: i64 = digits[..10].parse().ok()?;
    let zoned = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    let plausible = (1980..=2099).contains(&zoned.year());
    plausible.then(|| Moment { date: zoned.date(), time: Some(zoned.time()) })
}

fn date_at(characters: &[char], start: usize) -> Option<(Date, usize)> {
    if start > 0 && number_char(characters[start - 1]) {
        return None;
    }
    let (year, after_year, chinese) = year_at(characters, start)?;
    let compact = !chinese && after_year - start == 8;
    if compact {
        let digits: String = characters[start..after_year].iter().collect();
        let date = Date::new(year, digits[4..6].parse().ok()?, digits[6..8].parse().ok()?).ok()?;
        return Some((date, after_year));
    }
    let (after_separator, separator) = separator_at(characters, after_year)?;
    let (month, after_month) = small_number(characters, after_separator, chinese)?;
    let (after_separator, second) = separator_at(characters, after_month)?;
    if (separator == '年') != (second == '月') {
        return None;
    }
    let (day, after_day) = small_number(characters, after_separator, chinese)?;
    let date = Date::new(year, month, day).ok()?;
    let mut end = skip_blanks(characters, after_day);
    if matches!(characters.get(end), Some('日' | '号')) {
        end += 1;
    } else {
        end = after_day;
    }
    Some((date, end))
}

fn number_char(character: char) -> bool {
    character.is_ascii_digit() || chinese_digit(character).is_some()
}

fn chinese_digit(character: char) -> Option<i8> {
    let place = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'].iter().position(|digit| *digit == character)?;
    i8::try_from(place).ok()
}

/// A year at `start`: four digits (eight for `20260703`), Latin or Chinese. Gives the index after it and whether it was Chinese.
fn year_at(characters: &[char], start: usize) -> Option<(i16, usize, bool)> {
    let run = characters[start..].iter().take_while(|character| character.is_ascii_digit()).count();
    let (digits, end, chinese) = if run == 4 || run == 8 {
        (characters[start..start + 4].iter().collect::<String>(), start + run, false)
    } else if run == 0 {
        let four: Option<String> = characters
            .get(start..start + 4)?
            .iter()
            .map(|character| chinese_digit(*character).map(|digit| char::from(b'0' + digit.unsigned_abs())))
            .collect();
        (four?, start + 4, true)
    } else {
        return None;
    };
    let year: i16 = digits.parse().ok()?;
    (1949..=2099).contains(&year).then_some((year, end, chinese))
}

fn skip_blanks(characters: &[char], mut at: usize) -> usize {
    while characters.get(at) == Some(&' ') {
        at += 1;
    }
    at
}

/// `年`, `月`, `-` (once or doubled), `.` or `/`, with blanks around.
fn separator_at(characters: &[char], at: usize) -> Option<(usize, char)> {
    let at = skip_blanks(characters, at);
    let separator = *characters.get(at)?;
    if !matches!(separator, '年' | '月' | '-' | '.' | '/') {
        return None;
    }
    let mut after = at + 1;
    while separator == '-' && characters.get(after) == Some(&'-') {
        after += 1;
    }
    Some((skip_blanks(characters, after), separator))
}

/// A month or day: one or two Latin digits, or Chinese up to 三十一.
fn small_number(characters: &[char], at: usize, chinese: bool) -> Option<(i8, usize)> {
    let run = characters[at.min(characters.len())..].iter().take_while(|character| character.is_ascii_digit()).count();
    if run > 0 {
        // `2024-07-26 16:222024-09-26`: a day never takes more than two digits.
        let taken = run.min(2);
        let digits: String = characters[at..at + taken].iter().collect();
        return Some((digits.parse().ok()?, at + taken));
    }
    if !chinese {
        return None;
    }
    let word: Vec<char> = characters[at..]
        .iter()
        .copied()
        .take_while(|character| *character == '十' || chinese_digit(*character).is_some())
        .collect();
    let value = match word.iter().position(|character| *character == '十') {
        None => word.iter().try_fold(0i8, |sum, digit| sum.checked_mul(10)?.checked_add(chinese_digit(*digit)?))?,
        Some(place) => {
            let tens = if place == 0 { 1 } else { chinese_digit(word[0])? };
            let ones = match word.get(place + 1) {
                Some(digit) => chinese_digit(*digit)?,
                None => 0,
            };
            tens.checked_mul(10)?.checked_add(ones)?
        }
    };
    (!word.is_empty()).then_some((value, at + word.len()))
}

/// A time of day after a date: `16:22`, `16:22:05`, `T16:22:05`, `-21:50:00`, `16时22分`.
fn time_after(characters: &[char], at: usize) -> Option<(Time, usize)> {
    let mut at = at;
    while matches!(characters.get(at), Some(' ' | 'T' | '-')) {
        at += 1;
    }
    let (hour, after_hour) = small_number(characters, at, false)?;
    if !matches!(characters.get(after_hour), Some(':' | '时')) {
        return None;
    }
    let (minute, after_minute) = small_number(characters, after_hour + 1, false)?;
    let (second, end) = match characters.get(after_minute) {
        Some(':' | '分') => small_number(characters, after_minute + 1, false).unwrap_or((0, after_minute)),
        _ => (0, after_minute),
    };
    Some((Time::new(hour, minute, second, 0).ok()?, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = parse_moment(text).map_or_else(|| "none".to_owned(), |moment| moment.to_string());
        assert_eq!(found, expected, "in {text}");
    }

    #[test]
    fn dates_are_read_in_every_form_seen_on_pages() {
        for (text, expected) in [
            ("2024年7月5日", "2024-07-05"),
            ("发布时间：2020-09-30 15:34", "2020-09-30T15:34:00+08:00"),
            ("2026.09.11", "2026-09-11"),
            ("２０２６／９／１", "2026-09-01"),
            ("2017——04——12 21:37", "2017-04-12T21:37:00+08:00"),
            ("2026-09-28-21:50:00", "2026-09-28T21:50:00+08:00"),
            ("2026-07-20T08:31:25+08:00", "2026-07-20T08:31:25+08:00"),
            ("二〇二五年 6 月 10 日", "2025-06-10"),
            ("二○二五年十二月三十一日", "2025-12-31"),
            ("20260703", "2026-07-03"),
            ("1700000000000", "2023-11-15T06:13:20+08:00"),
        ] {
            check(text, expected);
        }
    }

    #[test]
    fn two_timestamps_glued_together_give_the_first() {
        check("2024-07-26 16:222024-09-26 16:30", "2024-07-26T16:22:00+08:00");
    }

    #[test]
    fn what_is_no_date_gives_none() {
        for text in ["", "第2024号", "2024年13月1日", "2024年2月30日", "12345678901", "1899-01-01", "2024年7月5", "二〇二五"]
        {
            let expected = if text == "2024年7月5" { "2024-07-05" } else { "none" };
            check(text, expected);
        }
    }

    #[test]
    fn the_range_of_a_date_is_in_characters() {
        let (_, start, end) = find_moment("自2024年1月1日起施行").unwrap();
        assert_eq!((start, end), (1, 10));
    }

    #[test]
    fn a_moment_survives_json() {
        for text in ["\"2026-07-03\"", "\"2026-07-03T16:22:00+08:00\""] {
            let moment: Moment = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&moment).unwrap(), text);
        }
    }
}
