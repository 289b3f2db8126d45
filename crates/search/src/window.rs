//! Windows in which an applicant may apply, as the index keeps them and as people ask for them.

use jiff::civil::{Date, date};
use model::Record;
use model::annotation::Window;

use crate::entry::days;
use crate::error::QueryError;

/// The name of the filter and facet.
pub(crate) const WINDOW: &str = "window";
/// Days within which a window counts as about to open or close, where no number is given.
const SOON_DAYS: i64 = 30;
/// Longest time ahead that can be asked for: two years.
const MOST_DAYS: i64 = 731;
/// A window that returns each year is written down for so many years.
const YEARS_AHEAD: i16 = 5;
/// Windows kept of one policy.
const MOST_WINDOWS: usize = 64;
/// The first and last day that can be kept; windows without beginning or end reach there.
const EARLIEST: i32 = -200_000;
const LATEST: i32 = 200_000;

/// First and last day of a window, in days since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    first: i32,
    last: i32,
}

/// What a window is asked to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One may apply today.
    Open,
    /// One may apply today and no longer than so many days.
    Closes(i64),
    /// One may apply within so many days, and not yet.
    Opens(i64),
    /// One may apply no more.
    Closed,
}

/// The values that are counted as a facet.
pub(crate) const COUNTED: [(&str, Wanted); 4] = [
    ("open", Wanted::Open),
    ("closes:30", Wanted::Closes(SOON_DAYS)),
    ("opens:30", Wanted::Opens(SOON_DAYS)),
    ("closed", Wanted::Closed),
];

impl Span {
    fn new(first: Option<Date>, last: Option<Date>) -> Self {
        let day = |date: Date| i32::try_from(days(date)).unwrap_or(EARLIEST).clamp(EARLIEST + 1, LATEST - 1);
        Self { first: first.map_or(EARLIEST, day), last: last.map_or(LATEST, day) }
    }

    /// One number for a column.
    pub(crate) fn packed(self) -> u64 {
        let part = |day: i32| u64::from((day - EARLIEST).unsigned_abs());
        part(self.first) << 32 | part(self.last)
    }

    /// The span of such a number.
    pub(crate) fn unpacked(number: u64) -> Self {
        let day = |part: u64| i32::try_from(part & 0xffff_ffff).unwrap_or_default().saturating_add(EARLIEST);
        Self { first: day(number >> 32), last: day(number) }
    }

    /// The last day, where the window has an end and it is not over.
    pub(crate) fn closes(self, today: i64) -> Option<i64> {
        let last = i64::from(self.last);
        (self.last < LATEST && last >= today).then_some(last)
    }
}

impl Wanted {
    /// Whether the windows of a policy are so on a day.
    pub(crate) fn is_met(self, mut spans: impl Iterator<Item = Span>, today: i64) -> bool {
        let is_open = |span: Span| i64::from(span.first) <= today && today <= i64::from(span.last);
        match self {
            Self::Open => spans.any(is_open),
            Self::Closes(within) => spans.any(|span| is_open(span) && i64::from(span.last) <= today + within),
            Self::Opens(within) => spans.any(|span| today < i64::from(span.first) && i64::from(span.first) <= today + within),
            Self::Closed => {
                spans.next().is_some_and(|first| i64::from(first.last) < today && spans.all(|span| i64::from(span.last) < today))
            }
        }
    }

    /// What a value of the filter asks for: `open`, `closes:7`, `opens`, `closed`, 正在受理, 7天内截止, 30日内开始, 已截止.
    pub(crate) fn parse(value: &str) -> Result<Self, QueryError> {
        let bad = || QueryError::BadWindow { text: value.to_owned() };
        let text = model::text::fold(value.trim()).to_ascii_lowercase();
        match text.as_str() {
            "open" | "正在受理" | "受理中" | "开放" | "可申报" => return Ok(Self::Open),
            "closed" | "已截止" => return Ok(Self::Closed),
            _ => {}
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let within = if digits.is_empty() { SOON_DAYS } else { digits.parse::<i64>().map_err(|_| bad())? };
        if !(0..=MOST_DAYS).contains(&within) {
            return Err(bad());
        }
        let rest: String = text.chars().filter(|character| !character.is_ascii_digit()).collect();
        match rest.as_str() {
            "closes" | "closes:" | "天内截止" | "日内截止" | "即将截止" => Ok(Self::Closes(within)),
            "opens" | "opens:" | "天内开始" | "日内开始" | "即将开始" => Ok(Self::Opens(within)),
            _ => Err(bad()),
        }
    }
}

/// The windows of a record.
pub(crate) fn spans_of(record: &Record) -> Vec<Span> {
    let year = record.date().map(Date::year);
    let mut spans: Vec<Span> = record.annotation.windows().flat_map(|window| spans_of_window(window, year)).collect();
    spans.sort();
    spans.dedup();
    spans.truncate(MOST_WINDOWS);
    spans
}

fn spans_of_window(window: &Window, year: Option<i16>) -> Vec<Span> {
    let yearly = window.end_md.as_deref().and_then(month_and_day);
    match (&window.recurrence, yearly, year) {
        (_, Some((month, day)), Some(year)) => {
            let years = year..=year.saturating_add(YEARS_AHEAD);
            let ends = years.filter_map(|year| Some((date(year, 1, 1), Date::new(year, month, day).ok()?)));
            ends.map(|(first, last)| Span::new(Some(first), Some(last))).collect()
        }
        (None, ..) if window.start.is_none() && window.end.is_none() => Vec::new(),
        _ => vec![Span::new(window.start, window.end)],
    }
}

fn month_and_day(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    Some((month.parse().ok()?, day.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_survives_being_packed() {
        let day = |month, day| Some(date(2026, month, day));
        for span in
            [Span::new(day(3, 1), day(4, 1)), Span::new(None, day(1, 1)), Span::new(day(1, 1), None), Span::new(None, None)]
        {
            assert_eq!(Span::unpacked(span.packed()), span);
        }
    }

    #[test]
    fn windows_open_and_close_by_the_day() {
        let span = Span::new(Some(date(2026, 3, 1)), Some(date(2026, 3, 31)));
        let check = |month, day, wanted: Wanted, expected: bool| {
            let today = days(date(2026, month, day));
            assert_eq!(wanted.is_met([span].into_iter(), today), expected, "{month}-{day} {wanted:?}");
        };
        check(2, 28, Wanted::Open, false);
        check(3, 1, Wanted::Open, true);
        check(3, 31, Wanted::Open, true);
        check(4, 1, Wanted::Open, false);
        check(3, 20, Wanted::Closes(10), false);
        check(3, 21, Wanted::Closes(10), true);
        check(4, 1, Wanted::Closes(10), false);
        check(2, 20, Wanted::Opens(8), false);
        check(2, 21, Wanted::Opens(8), true);
        check(3, 1, Wanted::Opens(8), false);
        check(3, 31, Wanted::Closed, false);
        check(4, 1, Wanted::Closed, true);
        assert!(!Wanted::Closed.is_met([].into_iter(), 0));
    }

    #[test]
    fn values_are_read_in_both_languages() {
        let check = |text: &str, expected: Wanted| assert_eq!(Wanted::parse(text), Ok(expected), "{text}");
        check("open", Wanted::Open);
        check("正在受理", Wanted::Open);
        check("closes:7", Wanted::Closes(7));
        check("７天内截止", Wanted::Closes(7));
        check("opens", Wanted::Opens(30));
        check("15日内开始", Wanted::Opens(15));
        check("已截止", Wanted::Closed);
        for bad in ["", "soon", "closes:9999", "closes:99999999999999999999", "3"] {
            assert!(Wanted::parse(bad).is_err(), "{bad}");
        }
    }
}
