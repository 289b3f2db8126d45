//! Keeping health up to date and telling people: after each run, and in sweeps for what only waiting shows.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use model::clock::day_of;
use model::health::{ALL_SOURCES, Cause, Change, Code, Health, HealthRecord, NO_LIST_READ, NO_NEW_ITEM, Reason, State};
use model::{MessageState, Source, SourceId};
use push::{AlarmSettings, Pusher};
use store::SourceRun;

use super::calendar::{is_working, working_days};
use super::judge::{MOST_RUNS, judge, read_well};
use super::statistics::SIGNIFICANT;
use crate::pipeline::Pipeline;
use crate::schedule::Cron;

/// Firings that must be missed, and hours that must pass after the first of them, before a source counts as not run.
const MISSED: usize = 2;
const LATE: SignedDuration = SignedDuration::from_hours(6);
/// A service that has just started has not had its turn yet.
const WARM_UP: SignedDuration = SignedDuration::from_hours(1);
/// Gaps between new items below which their rhythm is not known.
const FEW_GAPS: usize = 5;
/// Alarms sent at once.
const BATCH: usize = 100;

/// What a sweep over the health of sources did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Swept {
    /// Sources told of.
    pub told: u64,
    /// Alarms accepted by their channel.
    pub sent: u64,
    /// To be tried again.
    pub retried: u64,
    /// Given up.
    pub dead: u64,
}

impl Pipeline {
    /// Judges one source by its stored runs and keeps the state. Nothing is done where it was judged today after its newest
    /// run already.
    ///
    /// # Errors
    /// Where the store cannot be read or written.
    pub fn judge_source(&self, source: &Source) -> anyhow::Result<Option<HealthRecord>> {
        let record = self.store.health(&source.id)?;
        let paused = record.as_ref().and_then(|record| record.paused.clone());
        let newest = self.store.runs(&source.id, 1)?.pop().map(|run| run.started);
        let is_told_paused = record.as_ref().is_some_and(|record| record.health.state == State::Paused);
        if let Some(record) = &record
            && record.run == newest
            && day_of(record.judged) == self.clock.today()
            && is_told_paused == (paused.is_some() || !source.enabled)
            && !record.health.reasons.iter().any(|reason| reason.code == Code::NotRun)
        {
            return Ok(Some(record.clone()));
        }
        let health = match paused {
            Some(why) => {
                let reasons = vec![Reason::new(Code::PausedByPerson, why)];
                Some(Health { state: State::Paused, reasons, since: self.clock.now() })
            }
            None => judge(source, &self.store.runs(&source.id, MOST_RUNS)?, self.clock.today()),
        };
        health.map(|health| Ok(self.store.set_health(&source.id, &health, newest, self.clock.now())?)).transpose()
    }

    /// Whether a person paused a source: it is not fetched on schedule.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn is_paused(&self, source: &Source) -> anyhow::Result<bool> {
        Ok(self.store.health(&source.id)?.is_some_and(|record| record.paused.is_some()))
    }

    /// Judges all sources: what waiting has changed, and sources whose run a crash cut off from its judgement. With the
    /// moment the service started, also those that were due and did not run.
    ///
    /// # Errors
    /// Where the store cannot be read or written.
    pub fn judge_sources(&self, settings: &AlarmSettings, serving_since: Option<Timestamp>) -> anyhow::Result<()> {
        let now = self.clock.now();
        let mut recent = Vec::new();
        for source in &self.stages.sources {
            let is_paused = self.store.health(&source.id)?.is_some_and(|record| record.paused.is_some());
            let runs = self.store.runs(&source.id, BATCH)?;
            // Reaching back may take days, and its run is recorded at its end.
            let is_reaching = self.unfinished_backfill(source)?.is_some();
            let overdue = serving_since
                .filter(|started| source.enabled && !is_paused && !is_reaching && now.duration_since(*started) >= WARM_UP)
                .and_then(|started| overdue(source, runs.first().map(|run| run.started), started, now));
            match overdue {
                Some((reason, since)) => {
                    let health = Health { state: State::Broken, reasons: vec![reason], since };
                    self.store.set_health(&source.id, &health, None, now)?;
                }
                None => drop(self.judge_source(source)?),
            }
            if source.enabled && !is_paused {
                recent.push(runs);
            }
        }
        self.judge_all(&recent, settings, now)
    }

    /// Judges all sources together: did anything come in from any of them?
    fn judge_all(&self, recent: &[Vec<SourceRun>], settings: &AlarmSettings, now: Timestamp) -> anyhow::Result<()> {
        let id = SourceId::from(ALL_SOURCES);
        let before = self.store.health(&id)?;
        let reason = nothing_anywhere(recent, settings.nothing_hours, now);
        if reason.is_none() && before.is_none() {
            return Ok(());
        }
        let state = if reason.is_some() { State::Broken } else { State::Healthy };
        let health = Health { state, reasons: reason.into_iter().collect(), since: now };
        self.store.set_health(&id, &health, None, now)?;
        Ok(())
    }

    /// Tells what changed since people were last told, and what has lasted for long; then sends what is due.
    ///
    /// # Errors
    /// Where the store cannot be read or written; failures of channels are kept on the alarms.
    pub async fn sweep_alarms(&self, pusher: &Pusher) -> anyhow::Result<Swept> {
        let _only_sweep = self.sweeping.lock().await;
        let now = self.clock.now();
        let mut swept = Swept::default();
        let mut told = Vec::new();
        let mut changes = Vec::new();
        for record in self.store.health_records()? {
            if let Some(cause) = cause(&record, pusher.alarm_settings(), now) {
                changes.push(self.change(&record, cause));
                told.push(record);
            }
        }
        // Where a source changed in between nothing is written, and the next sweep tells.
        if !told.is_empty() && self.store.tell(&told, &pusher.compose_alarms(&changes, now), now)? {
            swept.told = told.len() as u64;
        }
        loop {
            let due = self.store.due_alarms(self.clock.now(), BATCH)?;
            if due.is_empty() || self.is_stopping() {
                return Ok(swept);
            }
            for alarm in due {
                let result = pusher.send_alarm(&alarm).await;
                if let Err(error) = &result {
                    tracing::warn!(alarm = %alarm.message.id, channel = alarm.message.channel.name(), %error, "alarm");
                }
                let after = push::next(&alarm.message, &result, self.clock.now());
                match after.state {
                    MessageState::Sent => swept.sent += 1,
                    MessageState::Dead => swept.dead += 1,
                    _ => swept.retried += 1,
                }
                self.store.update_alarm(&after)?;
            }
        }
    }

    fn change(&self, record: &HealthRecord, cause: Cause) -> Change {
        let source = self.stages.sources.iter().find(|source| source.id == record.source);
        let is_all = record.source.as_str() == ALL_SOURCES;
        let id = if is_all { "全部信息源".to_owned() } else { record.source.to_string() };
        let name = source.map_or(id, |source| source.name.clone());
        Change {
            source: record.source.clone(),
            name,
            url: source.map(|source| source.url.clone()).unwrap_or_default(),
            cause,
            was: record.was,
            health: record.health.clone(),
        }
    }
}

/// Why people are to be told of a source now, if they are.
fn cause(record: &HealthRecord, settings: &AlarmSettings, now: Timestamp) -> Option<Cause> {
    let state = record.health.state;
    if !state.is_trouble() || !settings.states.contains(&state) {
        return record.told_trouble.then_some(Cause::Recovered);
    }
    if record.told != record.key() {
        return Some(Cause::Changed);
    }
    let wait = SignedDuration::from_hours(24 * i64::from(settings.remind_days));
    let waited = record.told_at.is_some_and(|at| now.duration_since(at) >= wait);
    (settings.remind_days > 0 && waited).then_some(Cause::Reminder)
}

/// Whether a source was due and did not run: at least two firings and some hours ago, since its last run and since the
/// service is there to run it.
fn overdue(source: &Source, last: Option<Timestamp>, serving_since: Timestamp, now: Timestamp) -> Option<(Reason, Timestamp)> {
    let cron = Cron::parse(&source.schedule, &source.zone).ok()?;
    // A service that keeps dying starts anew each time; runs missed before it count as long as there was a first run.
    let from = last.unwrap_or(serving_since);
    let missed: Vec<Timestamp> = cron.after(from).take_while(|due| *due <= now).take(1_000).collect();
    let first = *missed.first()?;
    let late = missed.len() >= MISSED && now.duration_since(*missed.get(MISSED - 1)?) >= LATE;
    let said = last.map_or_else(|| "never".to_owned(), |last| day_of(last).to_string());
    late.then(|| (Reason { count: missed.len() as u64, ..Reason::new(Code::NotRun, said) }, first))
}

/// Hours on working days from one moment to another.
fn working_hours(from: Timestamp, to: Timestamp) -> u64 {
    let hour = |at: Timestamp| i64::from(at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).hour());
    let (first, last): (Date, Date) = (day_of(from), day_of(to));
    let begun = if is_working(first) { hour(from) } else { 0 };
    let ended = if is_working(last) { hour(to) - 24 } else { 0 };
    let whole = working_days(first, last) as i64 * 24 + if is_working(first) { 24 } else { 0 };
    // Whole days from the first to the last, less what lies before and after.
    u64::try_from(whole - begun + ended).unwrap_or(0)
}

/// Whether for longer than is normal no list was read, or no new item came, from any source.
fn nothing_anywhere(recent: &[Vec<SourceRun>], tolerated: u16, now: Timestamp) -> Option<Reason> {
    let moments = |is: &dyn Fn(&SourceRun) -> bool| {
        let mut moments: Vec<Timestamp> = recent.iter().flatten().filter(|run| is(run)).map(|run| run.started).collect();
        moments.sort_unstable();
        moments
    };
    let has_new = |run: &SourceRun| run.facts.as_ref().is_some_and(|facts| facts.new > 0 || facts.documents > 0);
    let judged = |moments: &[Timestamp], words: &str, least_gaps: usize| {
        let gaps: Vec<u64> = moments.windows(2).map(|pair| working_hours(pair[0], pair[1])).filter(|hours| *hours > 0).collect();
        let quiet = working_hours(*moments.last()?, now);
        if gaps.len() < least_gaps {
            return None;
        }
        let longest = gaps.iter().copied().max().unwrap_or(0) as f64 * 1.2;
        let mean = gaps.iter().sum::<u64>() as f64 / gaps.len().max(1) as f64;
        let most = longest.max(-SIGNIFICANT.ln() * mean).max(f64::from(tolerated)) as u64;
        let numbers = ((quiet, most), (recent.len() as u64, 0));
        (quiet > most).then(|| Reason::counted(Code::NothingAnywhere, numbers.0, numbers.1).with(words))
    };
    judged(&moments(&read_well), NO_LIST_READ, 0).or_else(|| judged(&moments(&has_new), NO_NEW_ITEM, FEW_GAPS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::RunFacts;

    fn at(text: &str) -> Timestamp {
        format!("{text}:00+08:00").parse().unwrap()
    }

    #[test]
    fn hours_count_on_working_days_only() {
        for (from, to, expected) in [
            ("2026-11-18T10:00", "2026-11-18T15:00", 5),
            ("2026-11-20T18:00", "2026-11-23T10:00", 16),
            ("2026-11-20T18:00", "2026-11-22T10:00", 6),
            ("2026-11-21T08:00", "2026-11-22T10:00", 0),
            ("2026-09-30T12:00", "2026-10-09T12:00", 24),
        ] {
            assert_eq!(working_hours(at(from), at(to)), expected, "{from} {to}");
        }
    }

    #[test]
    fn a_source_is_overdue_after_two_missed_firings_and_some_hours() {
        let daily = Source { schedule: "0 8 * * *".to_owned(), ..Source::default() };
        let since = at("2026-11-01T00:00");
        for (last, now, expected) in [
            (Some("2026-11-18T08:02"), "2026-11-19T20:00", 0),
            (Some("2026-11-18T08:02"), "2026-11-20T09:00", 0),
            (Some("2026-11-18T08:02"), "2026-11-20T15:00", 2),
            (None, "2026-11-03T15:00", 3),
            (Some("2026-11-20T08:02"), "2026-11-20T15:00", 0),
        ] {
            let found = overdue(&daily, last.map(at), since, at(now)).map_or(0, |(reason, _)| reason.count);
            assert_eq!(found, expected, "{last:?} {now}");
        }
    }

    fn run(started: &str, items: u64, new: u64) -> SourceRun {
        let facts = RunFacts { items, new, ..RunFacts::default() };
        SourceRun { started: at(started), items_seen: items, facts: Some(facts), ..SourceRun::default() }
    }

    #[test]
    fn nothing_from_anywhere_is_told_apart_from_a_holiday() {
        let days = ["2026-11-09", "2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13", "2026-11-16", "2026-11-17"];
        let all = |new| days.iter().map(|day| run(&format!("{day}T08:00"), 20, new)).collect::<Vec<_>>();
        let judged = |runs: Vec<SourceRun>, now: &str| nothing_anywhere(&[runs], 48, at(now)).map(|reason| reason.detail);
        assert_eq!(judged(all(1), "2026-11-19T08:00"), None);
        assert_eq!(judged(all(1), "2026-11-27T08:00").as_deref(), Some(NO_LIST_READ));
        let mut still = all(1);
        still.extend((18..28).map(|day| run(&format!("2026-11-{day}T08:00"), 20, 0)));
        assert_eq!(judged(still, "2026-11-27T09:00").as_deref(), Some(NO_NEW_ITEM));
        let before: Vec<SourceRun> = (21..31).map(|day| run(&format!("2026-09-{day}T08:00"), 20, 1)).collect();
        assert_eq!(judged(before, "2026-10-09T08:00"), None, "a long holiday");
        assert_eq!(judged(Vec::new(), "2026-10-09T08:00"), None, "nothing was ever read");
    }

    #[test]
    fn people_are_told_of_a_change_once_of_what_lasts_again_and_of_the_end() {
        let settings = AlarmSettings::default();
        let since = at("2026-11-01T08:00");
        let record = |state| HealthRecord {
            source: "a".into(),
            health: Health { state, since, ..Health::default() },
            ..HealthRecord::default()
        };
        let told = |record: HealthRecord, day: &str| HealthRecord {
            told: record.key(),
            told_at: Some(at(day)),
            told_trouble: true,
            ..record
        };
        let now = at("2026-11-05T08:00");
        assert_eq!(cause(&record(State::Healthy), &settings, now), None);
        assert_eq!(cause(&record(State::Paused), &settings, now), None);
        assert_eq!(cause(&record(State::Broken), &settings, now), Some(Cause::Changed));
        assert_eq!(cause(&told(record(State::Broken), "2026-11-04T08:00"), &settings, now), None);
        assert_eq!(cause(&told(record(State::Broken), "2026-11-02T08:00"), &settings, now), Some(Cause::Reminder));
        let mut never = AlarmSettings::default();
        never.remind_days = 0;
        assert_eq!(cause(&told(record(State::Broken), "2026-11-02T08:00"), &never, now), None);
        let well = HealthRecord { told_trouble: true, ..record(State::Healthy) };
        assert_eq!(cause(&well, &settings, now), Some(Cause::Recovered));
        let mut some = AlarmSettings::default();
        some.states = vec![State::Broken];
        assert_eq!(cause(&record(State::Degraded), &some, now), None);
    }
}
