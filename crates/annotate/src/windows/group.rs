//! The dates of a sentence, two where they are the ends of one period.

use crate::date::{DateToken, day_at};
use crate::page::Page;
use crate::words::List;

/// Dates that belong together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) first: DateToken,
    pub(super) last: Option<DateToken>,
}

/// The longest words between two ends: `3月31日零时开放、6月30日`, in characters.
const MOST_BETWEEN: usize = 12;

pub(super) fn read(page: &Page<'_>, sentence: usize) -> Vec<Group> {
    let bounds = page.sentence(sentence);
    let from = page.tokens.dates.partition_point(|date| date.start < bounds.start);
    let dates: Vec<DateToken> = page.tokens.dates[from..].iter().take_while(|date| date.end <= bounds.end).copied().collect();
    let mut groups = Vec::new();
    let mut at = 0;
    while let Some(first) = dates.get(at).copied() {
        let second = dates.get(at + 1).filter(|next| is_range(page, first, **next)).copied();
        at += 1 + usize::from(second.is_some());
        let last = second.or_else(|| same_month(page, first));
        groups.push(Group { start: first.start, end: last.map_or(first.end, |last| last.end), first, last });
    }
    groups.extend(open_years(page, bounds.start, bounds.end));
    groups.sort_by_key(|group| group.start);
    groups
}

/// `2022年至申报截止日期`: a year alone starts a period only before such an end.
fn open_years(page: &Page<'_>, start: usize, end: usize) -> Vec<Group> {
    let from = page.tokens.years.partition_point(|year| year.start < start);
    let years = page.tokens.years[from..].iter().take_while(|year| year.end <= end);
    let open = years.filter(|year| {
        let rest = page.slice(year.end, end).strip_prefix(['至', '到']);
        rest.is_some_and(|rest| page.words(List::WindowEndEvent).at_start(rest).is_some())
    });
    open.map(|year| {
        let first = DateToken { start: year.start, end: year.end, year: Some(year.year), month: 1, day: Some(1) };
        Group { start: year.start, end: year.end, first, last: None }
    })
    .collect()
}

/// `至`, `-`, `至-`, or `3月31日零时开放、6月30日24时前`.
fn is_range(page: &Page<'_>, one: DateToken, other: DateToken) -> bool {
    const SIGNS: [char; 6] = ['至', '到', '-', '~', ' ', '—'];
    let between = page.slice(one.end, other.start);
    let between = ["次年", "翌年"].iter().find_map(|word| between.strip_suffix(word)).unwrap_or(between);
    let plain = between.trim_matches(SIGNS).is_empty() && !between.is_empty();
    let timed = between.trim_start_matches(super::is_of_time).trim_start_matches('起');
    let starts = timed.starts_with(['至', '到', '-', '~', '—']) && timed.trim_matches(SIGNS).is_empty();
    let opens = between.chars().count() <= MOST_BETWEEN
        && page.words(List::WindowOpeningBehind).stand_in(between)
        && !between.contains('前');
    plain || starts || opens
}

/// `7月13日至20日`: the end has no month of its own.
fn same_month(page: &Page<'_>, first: DateToken) -> Option<DateToken> {
    first.day?;
    let all = super::first(page.text().get(first.end..)?, MOST_BETWEEN);
    // 9月1日8时开通,至当月25日
    let opened = all.trim_start_matches(super::is_of_time);
    let opened =
        page.words(List::WindowOpeningBehind).at_start(opened).map_or(all, |length| opened[length..].trim_start_matches(','));
    let sign = ['至', '到', '-', '~'].into_iter().find(|sign| opened.starts_with(*sign))?;
    let rest = &opened[sign.len_utf8()..];
    let rest = ["当月", "本月", "同月"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    let (day, end) = day_at(page.text(), first.end + all.len() - rest.len())?;
    (Some(day) > first.day).then_some(DateToken { start: first.start, end, year: None, month: first.month, day: Some(day) })
}
