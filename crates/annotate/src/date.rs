//! Dates and years as texts write them, at a byte of the reading.

use jiff::civil::Date;

/// A date, perhaps without its year or day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DateToken {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) year: Option<i16>,
    pub(crate) month: i8,
    pub(crate) day: Option<i8>,
}

impl DateToken {
    /// The date, with `year` where none is written; the last day of the month where no day is.
    pub(crate) fn date(self, year: Option<i16>) -> Option<Date> {
        let first = Date::new(self.year.or(year)?, self.month, self.day.unwrap_or(1)).ok()?;
        Some(if self.day.is_none() { first.last_of_month() } else { first })
    }

    /// The date as the start of a period: the first day of the month where no day is.
    pub(crate) fn first_day(self, year: Option<i16>) -> Option<Date> {
        Date::new(self.year.or(year)?, self.month, self.day.unwrap_or(1)).ok()
    }
}

/// A year alone: `2025年度`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct YearToken {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) year: i16,
}

fn digits(text: &str, at: usize, most: usize) -> Option<(i16, usize)> {
    let run = text.as_bytes()[at..].iter().take(most + 1).take_while(|byte| byte.is_ascii_digit()).count();
    (1..=most).contains(&run).then(|| text[at..at + run].parse().ok().map(|value| (value, at + run)))?
}

/// `2026年2月5日`, `2026-02-05`, `2026.2.5`, `2026年6月`, `3月5日` at a byte.
pub(crate) fn date_at(text: &str, at: usize) -> Option<DateToken> {
    let (first, after) = digits(text, at, 4)?;
    let rest = &text[after..];
    if (1949..=2099).contains(&first) && after - at == 4 {
        let separator = rest.chars().next().filter(|separator| matches!(separator, '年' | '-' | '.' | '/'))?;
        let (month, after_month) = digits(text, after + separator.len_utf8(), 2)?;
        let (day, end) = match separator {
            '年' => day_after_month(text, after_month)?,
            _ => {
                let next = text[after_month..].chars().next().filter(|next| *next == separator)?;
                let (day, end) = digits(text, after_month + next.len_utf8(), 2)?;
                (Some(day), end)
            }
        };
        return token(at, end, Some(first), month, day);
    }
    if !rest.starts_with('月') {
        return None;
    }
    let (day, end) = day_after_month(text, after)?;
    token(at, end, None, first, day)
}

/// `20日` at a byte: the day and the byte behind it.
pub(crate) fn day_at(text: &str, at: usize) -> Option<(i8, usize)> {
    let (day, end) = digits(text, at, 2)?;
    let closed = text[end..].starts_with(['日', '号']);
    let day = i8::try_from(day).ok().filter(|day| (1..=31).contains(day))?;
    closed.then_some((day, end + '日'.len_utf8()))
}

/// The day behind 月, if there is one.
fn day_after_month(text: &str, at: usize) -> Option<(Option<i16>, usize)> {
    let after = at + text[at..].strip_prefix('月').map(|_| '月'.len_utf8())?;
    match digits(text, after, 2) {
        Some((day, end)) if text[end..].starts_with(['日', '号']) => Some((Some(day), end + '日'.len_utf8())),
        _ => Some((None, after + if text[after..].starts_with('底') { '底'.len_utf8() } else { 0 })),
    }
}

fn token(start: usize, end: usize, year: Option<i16>, month: i16, day: Option<i16>) -> Option<DateToken> {
    let month = i8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
    let day = match day {
        None => None,
        Some(day) => Some(i8::try_from(day).ok().filter(|day| (1..=31).contains(day))?),
    };
    Some(DateToken { start, end, year, month, day })
}

/// `2025年度` at a byte.
pub(crate) fn year_at(text: &str, at: usize) -> Option<YearToken> {
    let (year, after) = digits(text, at, 4)?;
    let rest = &text[after..];
    let end = ["年度", "年"].iter().find(|word| rest.starts_with(**word)).map(|word| after + word.len())?;
    ((1980..=2099).contains(&year) && after - at == 4).then_some(YearToken { start: at, end, year })
}
