//! The hours in which a host may be fetched.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const DAY_MINUTES: u32 = 24 * 60;

/// The date and the minute of the day a moment is in a zone; an unknown zone is taken for that of Beijing.
pub(crate) fn local(moment: Timestamp, zone: &str) -> (Date, u32) {
    let zone = TimeZone::get(zone).unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(8)));
    let local = moment.to_zoned(zone);
    (local.date(), local.hour().unsigned_abs() as u32 * 60 + local.minute().unsigned_abs() as u32)
}

/// The first moment of the next day in a zone.
pub(crate) fn tomorrow(moment: Timestamp, zone: &str) -> Timestamp {
    let (_, minute) = local(moment, zone);
    moment.saturating_add(SignedDuration::from_mins((DAY_MINUTES - minute).into())).unwrap_or(Timestamp::MAX)
}

/// Whether a source's host may not be fetched now.
pub(crate) fn is_closed(source: &model::Source, now: Timestamp) -> bool {
    // A window that cannot be read was refused with the sources.
    let window = Window::parse(&source.window).unwrap_or_default();
    window.is_some_and(|window| window.opens_in(now, &source.zone).is_some())
}

/// A stretch of the day, in minutes since midnight; one that ends before it begins runs over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    from: u32,
    to: u32,
}

impl Window {
    /// Reads `HH:MM-HH:MM`; an empty text is no window, and such a source is always open.
    ///
    /// # Errors
    /// Says what was expected.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let minute = |part: &str| {
            let (hour, minute) = part.split_once(':')?;
            let digits = |part: &str| (part.len() == 2).then(|| part.parse::<u32>().ok()).flatten();
            let (hour, minute) = (digits(hour)?, digits(minute)?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let window = text.split_once('-').and_then(|(from, to)| Some(Self { from: minute(from)?, to: minute(to)? }));
        match window.filter(|window| window.from != window.to) {
            Some(window) => Ok(Some(window)),
            None => Err(format!("window `{text}`: expected `HH:MM-HH:MM`, e.g. `22:00-06:00`, with two different times")),
        }
    }

    const fn holds(self, minute: u32) -> bool {
        if self.from < self.to { self.from <= minute && minute < self.to } else { self.from <= minute || minute < self.to }
    }

    /// How long until it opens; nothing while it is open.
    pub(crate) fn opens_in(self, now: Timestamp, zone: &str) -> Option<SignedDuration> {
        let (_, minute) = local(now, zone);
        let minutes = (self.from + DAY_MINUTES - minute) % DAY_MINUTES;
        (!self.holds(minute)).then(|| SignedDuration::from_mins(minutes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_open_between_its_times_in_its_zone_also_over_midnight() {
        let waits = |window: &str, zone: &str, now: &str| {
            let window = Window::parse(window).unwrap().unwrap();
            window.opens_in(now.parse().unwrap(), zone).map(|wait| wait.as_mins())
        };
        let (shanghai, urumqi) = ("Asia/Shanghai", "Asia/Urumqi");
        assert_eq!(waits("22:00-06:00", shanghai, "2026-11-20T23:30:00+08:00"), None);
        assert_eq!(waits("22:00-06:00", shanghai, "2026-11-20T05:59:00+08:00"), None);
        assert_eq!(waits("22:00-06:00", shanghai, "2026-11-20T06:00:00+08:00"), Some(16 * 60));
        assert_eq!(waits("22:00-06:00", shanghai, "2026-11-20T21:15:00+08:00"), Some(45));
        assert_eq!(waits("22:00-06:00", urumqi, "2026-11-20T07:30:00+08:00"), None);
        assert_eq!(waits("08:30-17:30", shanghai, "2026-11-20T12:00:00+08:00"), None);
        assert_eq!(waits("08:30-17:30", shanghai, "2026-11-20T17:30:00+08:00"), Some(15 * 60));
    }

    #[test]
    fn a_window_that_is_none_is_refused_and_an_empty_one_is_always_open() {
        assert_eq!(Window::parse(""), Ok(None));
        for wrong in ["22-6", "22:00", "24:00-06:00", "22:60-06:00", "6:00-7:00", "06:00-06:00", "22:00-06:00-07:00"] {
            assert!(Window::parse(wrong).unwrap_err().contains("HH:MM-HH:MM"), "{wrong}");
        }
    }
}
