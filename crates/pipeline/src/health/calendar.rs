//! The days on which offices publish: no weekends, no long public holidays. Shifted working weekends and the short
//! holidays of three days are left out: too few working days counted only makes judging more patient.

use jiff::civil::{Date, Weekday, date};

/// First day of the lunar year, from the tables of 国务院办公厅 and the Purple Mountain Observatory.
const SPRING_FESTIVALS: &[Date] = &[
    date(2020, 1, 25),
    date(2021, 2, 12),
    date(2022, 2, 1),
    date(2023, 1, 22),
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 3),
    date(2031, 1, 23),
    date(2032, 2, 11),
    date(2033, 1, 31),
    date(2034, 2, 19),
    date(2035, 2, 8),
];

/// Days before and after the first day of the lunar year on which hardly anything is published.
const QUIET_BEFORE: i32 = 2;
const QUIET_AFTER: i32 = 8;

/// Longest stretch walked day by day; nothing is judged over more.
const MOST_DAYS: i32 = 4_000;

/// Whether offices publish on a day.
pub(super) fn is_working(day: Date) -> bool {
    let fixed = match (day.month(), day.day()) {
        (1, 1..=3) | (4, 4..=6) | (5, 1..=5) | (10, 1..=8) => true,
        (1 | 2, _) => is_spring_festival(day),
        _ => false,
    };
    !fixed && !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn is_spring_festival(day: Date) -> bool {
    match SPRING_FESTIVALS.iter().find(|first| first.year() == day.year()) {
        Some(first) => (-QUIET_BEFORE..=QUIET_AFTER).contains(&(day - *first).get_days()),
        // Beyond the table: every day it can fall on.
        None => (date(day.year(), 1, 19)..=date(day.year(), 2, 28)).contains(&day),
    }
}

/// Working days after one day up to and with another.
pub(super) fn working_days(after: Date, until: Date) -> u64 {
    let days = (until - after).get_days().clamp(0, MOST_DAYS);
    let mut day = until;
    let mut count = 0;
    for _ in 0..days {
        count += u64::from(is_working(day));
        let Ok(before) = day.yesterday() else { break };
        day = before;
    }
    count
}

/// The day that lies so many working days before another.
pub(super) fn back(from: Date, working: u64) -> Date {
    let mut day = from;
    let mut left = working;
    for _ in 0..MOST_DAYS {
        if left == 0 {
            break;
        }
        left -= u64::from(is_working(day));
        let Ok(before) = day.yesterday() else { break };
        day = before;
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_and_holidays_are_counted_as_offices_work() {
        for (after, until, expected) in [
            (date(2026, 11, 13), date(2026, 11, 20), 5),
            (date(2026, 11, 20), date(2026, 11, 22), 0),
            (date(2026, 9, 30), date(2026, 10, 9), 1),
            (date(2026, 2, 13), date(2026, 2, 26), 1),
            (date(2026, 4, 30), date(2026, 5, 6), 1),
            (date(2026, 12, 31), date(2027, 1, 4), 1),
            (date(2040, 1, 18), date(2040, 2, 28), 0),
            (date(2026, 11, 20), date(2026, 11, 13), 0),
        ] {
            assert_eq!(working_days(after, until), expected, "{after} {until}");
        }
    }

    #[test]
    fn going_back_and_counting_agree() {
        for days in [0, 1, 5, 20, 60] {
            let from = date(2026, 11, 20);
            assert_eq!(working_days(back(from, days), from), days);
        }
    }
}
