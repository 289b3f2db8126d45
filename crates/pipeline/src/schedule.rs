//! Schedules: cron expressions in a zone, missed firings, lateness and jitter. Pure: `now` is a parameter.
//!
//! The `cron` crate counts days of the week from 1 = Sunday, where everybody else means Monday, so digits in that field
//! are refused and names are asked for. chrono stays inside this file: the crate asks for it.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

/// A schedule in a zone.
#[derive(Debug, Clone)]
pub struct Cron {
    schedule: cron::Schedule,
    zone: chrono_tz::Tz,
}

impl Cron {
    /// Reads five fields (minute hour day month weekday), or six with seconds first.
    ///
    /// # Errors
    /// Says what was expected; a schedule that never fires (30 February) is an error too.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, String> {
        let zone = zone.parse().map_err(|_| format!("zone `{zone}`: expected a name such as Asia/Shanghai or Asia/Urumqi"))?;
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let expected = "expected `minute hour day month weekday`, e.g. `30 8 * * MON-FRI`";
        let full = match fields.len() {
            5 => format!("0 {}", fields.join(" ")),
            6 => fields.join(" "),
            _ => return Err(format!("schedule `{expression}`: {expected}")),
        };
        if fields[fields.len() - 1].bytes().any(|byte| byte.is_ascii_digit()) {
            return Err(format!("schedule `{expression}`: day of week by digit is ambiguous; expected names such as MON-FRI"));
        }
        let schedule = cron::Schedule::from_str(&full)
            .map_err(|error| format!("schedule `{expression}`: {}; {expected}", one_line(&error)))?;
        let cron = Self { schedule, zone };
        if cron.after(Timestamp::UNIX_EPOCH).next().is_none() {
            return Err(format!("schedule `{expression}`: never fires; expected a day that exists"));
        }
        Ok(cron)
    }

    /// The firings after a moment, in order, without end.
    pub fn after(&self, moment: Timestamp) -> impl Iterator<Item = Timestamp> {
        let start = chrono::DateTime::from_timestamp(moment.as_second(), 0).unwrap_or_default().with_timezone(&self.zone);
        self.schedule.after_owned(start).filter_map(|at| Timestamp::from_second(at.timestamp()).ok())
    }
}

fn one_line(error: &impl std::fmt::Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What happens to firings that were missed while the program was down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    /// Forgotten.
    Skip,
    /// The latest one is done, if it is not too late.
    Latest,
    /// Every one is done, oldest first.
    All,
}

/// When one job runs.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The job's stable name, e.g. `crawl/bj-zcwj`.
    pub job: String,
    /// Its schedule.
    pub cron: Cron,
    /// What happens to missed firings.
    pub catch_up: CatchUp,
    /// A firing later than this is dropped: a push planned for 08:30 is not sent at 23:00.
    pub most_late: SignedDuration,
    /// Firings are spread over this long, each job always by the same share, so that sites and gateways see no wave.
    pub jitter: SignedDuration,
}

impl Plan {
    /// The firings due by `now`, given the last one that ran; with none, only what is due from `since` on.
    #[must_use]
    pub fn due(&self, last: Option<Timestamp>, since: Timestamp, now: Timestamp) -> Vec<Timestamp> {
        let start = last.unwrap_or(since).max(now - MOST_LOOK_BACK);
        let delay = self.delay();
        let missed: Vec<Timestamp> = self.cron.after(start).take_while(|due| *due + delay <= now).collect();
        let in_time = missed.iter().copied().filter(|due| now.duration_since(*due + delay) <= self.most_late);
        match self.catch_up {
            // One tick of the loop is not "missed".
            CatchUp::Skip => in_time.filter(|due| now.duration_since(*due + delay) <= TICK).collect(),
            CatchUp::Latest => in_time.rev().take(1).collect(),
            CatchUp::All => in_time.collect(),
        }
    }

    /// The next firing after `now`, jitter included.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let delay = self.delay();
        self.cron.after(now - delay).map(|due| due + delay).find(|due| *due > now)
    }

    /// The share of the jitter that belongs to this job: from its name, so that it is the same each time.
    fn delay(&self) -> SignedDuration {
        let window = self.jitter.as_secs();
        if window <= 0 {
            return SignedDuration::ZERO;
        }
        let digest = model::fingerprint::sha256_hex(self.job.as_bytes());
        let share = i64::from_str_radix(&digest[..8], 16).unwrap_or_default();
        SignedDuration::from_secs(share % window)
    }
}

/// The loop looks at the wall clock at least this often, so that a suspended machine or a corrected clock is noticed.
pub(crate) const TICK: SignedDuration = SignedDuration::from_secs(30);

/// Firings older than a month are nobody's business any more; also bounds the walk after a long pause.
const MOST_LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 31);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn plan(catch_up: CatchUp) -> Plan {
        Plan {
            job: "push".to_owned(),
            cron: Cron::parse("30 8 * * *", "Asia/Shanghai").unwrap(),
            catch_up,
            most_late: SignedDuration::from_hours(4),
            jitter: SignedDuration::ZERO,
        }
    }

    #[test]
    fn half_past_eight_in_shanghai_is_half_past_midnight_in_utc() {
        let next = plan(CatchUp::Latest).next(at("2026-11-20T00:00:00Z")).unwrap();
        assert_eq!(next, at("2026-11-20T00:30:00Z"));
    }

    #[test]
    fn weekdays_are_names_and_monday_is_monday() {
        let cron = Cron::parse("0 9 * * MON", "Asia/Shanghai").unwrap();
        assert_eq!(cron.after(at("2026-11-20T00:00:00Z")).next().unwrap(), at("2026-11-23T01:00:00Z"));
        assert!(Cron::parse("0 9 * * 1", "Asia/Shanghai").unwrap_err().contains("ambiguous"));
    }

    #[test]
    fn expressions_that_say_nothing_are_refused_with_what_was_expected() {
        for (expression, zone, expected) in [
            ("", "Asia/Shanghai", "minute hour day"),
            ("61 8 * * *", "Asia/Shanghai", "schedule `61 8 * * *`"),
            ("0 0 30 2 *", "Asia/Shanghai", "never fires"),
            ("30 8 * * *", "Mars/Base", "zone `Mars/Base`"),
        ] {
            let error = Cron::parse(expression, zone).unwrap_err();
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn missed_firings_are_skipped_made_up_once_or_all_made_up() {
        let last = Some(at("2026-11-17T00:30:00Z"));
        let now = at("2026-11-20T01:00:00Z");
        let due = |catch_up, hours| {
            let mut plan = plan(catch_up);
            plan.most_late = SignedDuration::from_hours(hours);
            plan.due(last, now, now).len()
        };
        assert_eq!(due(CatchUp::Skip, 1000), 0);
        assert_eq!(due(CatchUp::Latest, 1000), 1);
        assert_eq!(due(CatchUp::All, 1000), 3);
        assert_eq!(due(CatchUp::All, 4), 1);
        assert_eq!(due(CatchUp::Latest, 0), 0);
    }

    #[test]
    fn a_job_that_never_ran_starts_with_the_program_and_not_in_the_past() {
        let start = at("2026-11-20T00:00:00Z");
        assert!(plan(CatchUp::All).due(None, start, at("2026-11-20T00:29:59Z")).is_empty());
        assert_eq!(plan(CatchUp::All).due(None, start, at("2026-11-20T00:30:01Z")).len(), 1);
    }

    #[test]
    fn jitter_is_the_same_each_time_and_stays_in_its_window() {
        let mut plan = plan(CatchUp::Latest);
        plan.jitter = SignedDuration::from_mins(10);
        let now = at("2026-11-20T00:00:00Z");
        let first = plan.next(now).unwrap();
        assert_eq!(first, plan.next(now).unwrap());
        assert!(first >= at("2026-11-20T00:30:00Z") && first < at("2026-11-20T00:40:00Z"));
    }
}
