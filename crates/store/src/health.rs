//! Health of sources: the state of each, what people were told of it, and the alarms on their way out.
//!
//! A change of state is one durable step with its audit entry. What people are told and the alarms that tell it are
//! another: a crash between the two tells them later, never twice.

use jiff::Timestamp;
use model::SourceId;
use model::health::{Alarm, Health, HealthRecord, Was};
use model::message::{Message, MessageState};

use crate::Store;
use crate::audit::{AuditEntry, append};
use crate::engine::{KeyRange, Table};
use crate::error::{Result, StoreError};
use crate::keys::{Key, Parts, check_id};
use crate::outbox::is_legal;
use crate::pages::SourceRun;
use crate::transaction::{Transaction, from_json};

/// Who judges, in the audit log.
const JUDGE: &str = "huice";

fn key_of(source: &SourceId) -> Vec<u8> {
    source.as_str().as_bytes().to_vec()
}

impl Store {
    /// What is kept of the health of a source.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn health(&self, source: &SourceId) -> Result<Option<HealthRecord>> {
        Transaction::new(self.engine.now()).get(Table::Health, &key_of(source))
    }

    /// What is kept of the health of all sources, in the order of their ids.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn health_records(&self) -> Result<Vec<HealthRecord>> {
        let entries = self.engine.scan(Table::Health, &KeyRange::all())?;
        entries.map(|entry| entry.and_then(|(key, value)| from_json(Table::Health, &key, &value))).collect()
    }

    /// Keeps what was judged of a source after the run that started at `run`, and gives what is kept now. A state that goes
    /// on keeps its beginning; a change is audited in the same durable step.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn set_health(&self, source: &SourceId, health: &Health, run: Option<Timestamp>, now: Timestamp) -> Result<HealthRecord> {
        check_id("source", source.as_str())?;
        self.write(|transaction| {
            let before: Option<HealthRecord> = transaction.get_and_hold(Table::Health, &key_of(source))?;
            let mut record = before.clone().unwrap_or_else(|| HealthRecord { source: source.clone(), ..HealthRecord::default() });
            // A source that was only ever paused has a record, and no state before.
            let judged = before.filter(|before| before.judged != Timestamp::default());
            let is_change = judged.as_ref().is_none_or(|before| before.health.state != health.state);
            let since = if is_change { health.since } else { record.health.since };
            if is_change {
                record.was = judged.map(|before| Was { state: before.health.state, since: before.health.since });
                append(transaction, &entry_of(source, record.was, health, now))?;
            }
            record.health = Health { since, ..health.clone() };
            record.judged = now;
            record.run = run.or(record.run);
            if let Some(run) = run {
                mark_run(transaction, source, run, health)?;
            }
            transaction.put(Table::Health, key_of(source), &record)?;
            Ok(record)
        })
    }

    /// Pauses a source with a reason, or with `None` lets it go on. Audited.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn set_paused(&self, source: &SourceId, why: Option<&str>, who: &str, now: Timestamp) -> Result<()> {
        check_id("source", source.as_str())?;
        self.write(|transaction| {
            let before: Option<HealthRecord> = transaction.get_and_hold(Table::Health, &key_of(source))?;
            let mut record = before.unwrap_or_else(|| HealthRecord { source: source.clone(), ..HealthRecord::default() });
            if record.paused.as_deref() == why {
                return Ok(());
            }
            let entry = AuditEntry {
                at: now,
                who: who.to_owned(),
                action: if why.is_some() { "pause".to_owned() } else { "resume".to_owned() },
                thing: format!("source/{source}"),
                before: record.paused.take().unwrap_or_default(),
                after: why.unwrap_or_default().to_owned(),
            };
            append(transaction, &entry)?;
            record.paused = why.map(str::to_owned);
            transaction.put(Table::Health, key_of(source), &record)
        })
    }

    /// Takes alarms into their outbox and remembers with the sources what they tell, as one durable step. `false`, and
    /// nothing is written, where a source is no longer as it was when the alarms were composed.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn tell(&self, told: &[HealthRecord], alarms: &[Alarm], now: Timestamp) -> Result<bool> {
        for alarm in alarms {
            check_id("alarm", alarm.message.id.as_str())?;
        }
        self.write(|transaction| {
            let mut unchanged = Vec::with_capacity(told.len());
            for record in told {
                let stored: Option<HealthRecord> = transaction.get_and_hold(Table::Health, &key_of(&record.source))?;
                match stored.filter(|stored| stored.key() == record.key() && stored.told_at == record.told_at) {
                    Some(stored) => unchanged.push(stored),
                    // Nothing was put yet: what is put is kept, whatever the answer.
                    None => return Ok(false),
                }
            }
            for stored in unchanged {
                let told_trouble = stored.health.state.is_trouble();
                let after = HealthRecord { told: stored.key(), told_at: Some(now), told_trouble, ..stored };
                transaction.put(Table::Health, key_of(&after.source), &after)?;
            }
            for alarm in alarms {
                let known: Option<Alarm> = transaction.get_and_hold(Table::Alarms, alarm.message.id.as_str().as_bytes())?;
                if known.is_none() {
                    put(transaction, None, alarm)?;
                }
            }
            Ok(true)
        })
    }

    /// At most so many queued alarms whose time has come, the longest due first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn due_alarms(&self, now: Timestamp, most: usize) -> Result<Vec<Alarm>> {
        let view = self.engine.view()?;
        let end = Key::new().moment(now).number(u64::MAX).number(u64::MAX).done();
        let transaction = Transaction::new(view.clone());
        let mut alarms = Vec::new();
        for entry in view.scan(Table::AlarmsDue, &KeyRange::between(Vec::new(), end))?.take(most) {
            let (key, _) = entry?;
            let id = Parts(key.get(8..).unwrap_or_default()).text().unwrap_or_default();
            alarms.extend(transaction.get::<Alarm>(Table::Alarms, id.as_bytes())?);
        }
        Ok(alarms)
    }

    /// Keeps what became of an alarm.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for no alarm, [`StoreError::IllegalTransition`] as for messages.
    pub fn update_alarm(&self, message: &Message) -> Result<()> {
        self.write(|transaction| {
            let stored: Option<Alarm> = transaction.get_and_hold(Table::Alarms, message.id.as_str().as_bytes())?;
            let stored = stored.ok_or_else(|| StoreError::Unknown { what: "alarm", id: message.id.to_string() })?;
            if !is_legal(stored.message.state, message.state) {
                let (from, to) = (stored.message.state, message.state);
                return Err(StoreError::IllegalTransition { message: message.id.clone(), from, to });
            }
            put(transaction, Some(&stored.message), &Alarm { message: message.clone(), ..stored.clone() })
        })
    }

    /// All alarms in the order of their ids.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn alarms(&self) -> Result<Vec<Alarm>> {
        let entries = self.engine.scan(Table::Alarms, &KeyRange::all())?;
        entries.map(|entry| entry.and_then(|(key, value)| from_json(Table::Alarms, &key, &value))).collect()
    }
}

fn entry_of(source: &SourceId, was: Option<Was>, health: &Health, now: Timestamp) -> AuditEntry {
    let reasons: Vec<String> =
        health.reasons.iter().map(|reason| format!("{}: {}", reason.code.name(), reason.english())).collect();
    AuditEntry {
        at: now,
        who: JUDGE.to_owned(),
        action: "judge".to_owned(),
        thing: format!("source/{source}"),
        before: was.map(|was| was.state.name().to_owned()).unwrap_or_default(),
        after: [health.state.name().to_owned()].into_iter().chain(reasons).collect::<Vec<_>>().join("; "),
    }
}

/// Notes with the run how the source was judged after it, once: later judgements of the same run come from waiting.
fn mark_run(transaction: &mut Transaction<'_>, source: &SourceId, run: Timestamp, health: &Health) -> Result<()> {
    let key = Key::new().text(source.as_str()).newest(run).done();
    match transaction.get_and_hold::<SourceRun>(Table::Runs, &key)? {
        Some(stored) if stored.state.is_none() => {
            transaction.put(Table::Runs, key, &SourceRun { state: Some(health.state), ..stored })
        }
        _ => Ok(()),
    }
}

/// Writes an alarm in place of what it was, with its place among those that are due.
fn put(transaction: &mut Transaction<'_>, before: Option<&Message>, alarm: &Alarm) -> Result<()> {
    let due = |message: &Message| Key::new().moment(message.due).text(message.id.as_str()).done();
    if let Some(before) = before {
        transaction.remove(Table::AlarmsDue, due(before));
    }
    if alarm.message.state == MessageState::Queued {
        transaction.put_key(Table::AlarmsDue, due(&alarm.message));
    }
    transaction.put(Table::Alarms, alarm.message.id.as_str().as_bytes().to_vec(), alarm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Home, at};
    use model::health::{Code, Reason, State};

    fn broken(since: i64) -> Health {
        Health { state: State::Broken, reasons: vec![Reason::counted(Code::NoItems, (0, 0), (20, 0))], since: at(since) }
    }

    fn alarm(id: &str) -> Alarm {
        Alarm { message: Message { id: id.into(), due: at(30), created: at(30), ..Message::default() }, changes: Vec::new() }
    }

    #[test]
    fn a_state_keeps_its_beginning_until_it_changes_and_every_change_is_audited() {
        let home = Home::new();
        let store = home.open();
        let source = "a".into();
        store.record_run(&SourceRun { source: "a".into(), started: at(10), ..SourceRun::default() }).unwrap();
        let healthy = Health { since: at(10), ..Health::default() };
        assert_eq!(store.set_health(&source, &healthy, Some(at(10)), at(11)).unwrap().was, None);
        store.set_health(&source, &broken(20), Some(at(20)), at(21)).unwrap();
        let record = store.set_health(&source, &broken(25), Some(at(25)), at(26)).unwrap();
        assert_eq!((record.health.since, record.run), (at(20), Some(at(25))));
        assert_eq!(record.was, Some(Was { state: State::Healthy, since: at(10) }));
        assert_eq!(record.key(), "a/broken/1970-01-01T00:00:20Z");
        assert_eq!(store.runs(&source, 1).unwrap()[0].state, Some(State::Healthy), "the run says how it was judged");
        let log = store.audit_log(9).unwrap();
        let changes: Vec<_> = log.iter().map(|entry| (entry.before.as_str(), entry.after.as_str())).collect();
        assert_eq!(changes, [("healthy", "broken; no_items: the list has 0 items; it normally has 20 items"), ("", "healthy")]);
        drop(store);
        assert_eq!(home.open().health(&source).unwrap(), Some(record));
    }

    #[test]
    fn what_is_told_and_its_alarms_are_one_step() {
        let home = Home::new();
        let store = home.open();
        let record = store.set_health(&"a".into(), &broken(20), None, at(21)).unwrap();
        assert!(store.tell(std::slice::from_ref(&record), &[alarm("x")], at(30)).unwrap());
        assert!(!store.tell(std::slice::from_ref(&record), &[alarm("y")], at(31)).unwrap(), "it was told already");
        let told = store.health(&"a".into()).unwrap().unwrap();
        assert_eq!((told.told.as_str(), told.told_at, told.told_trouble), (record.key().as_str(), Some(at(30)), true));
        store.set_health(&"a".into(), &Health::default(), None, at(40)).unwrap();
        assert!(!store.tell(&[told], &[alarm("z")], at(41)).unwrap(), "it changed meanwhile");
        assert_eq!(store.alarms().unwrap().len(), 1);
    }

    #[test]
    fn an_alarm_is_due_until_it_is_sent_or_given_up() {
        let home = Home::new();
        let store = home.open();
        assert!(store.tell(&[], &[alarm("x"), alarm("y")], at(30)).unwrap());
        assert!(store.due_alarms(at(29), 9).unwrap().is_empty());
        let due = store.due_alarms(at(30), 9).unwrap();
        assert_eq!(due.len(), 2);
        store.update_alarm(&Message { state: MessageState::Sent, ..due[0].message.clone() }).unwrap();
        store.update_alarm(&Message { due: at(50), attempts: 1, ..due[1].message.clone() }).unwrap();
        assert!(store.due_alarms(at(49), 9).unwrap().is_empty());
        assert_eq!(store.due_alarms(at(50), 9).unwrap()[0].message.attempts, 1);
        let again = Message { state: MessageState::Queued, ..due[0].message.clone() };
        assert!(matches!(store.update_alarm(&again), Err(StoreError::IllegalTransition { .. })));
        assert!(store.tell(&[], &[alarm("x")], at(60)).unwrap());
        assert!(store.due_alarms(at(60), 9).unwrap().iter().all(|one| one.message.id.as_str() == "y"), "known for ever");
    }

    #[test]
    fn pausing_is_kept_beside_the_state_and_audited_once() {
        let home = Home::new();
        let store = home.open();
        let source = "a".into();
        store.set_paused(&source, Some("site is moving"), "editor", at(5)).unwrap();
        store.set_paused(&source, Some("site is moving"), "editor", at(6)).unwrap();
        store.set_health(&source, &broken(7), None, at(7)).unwrap();
        assert_eq!(store.health(&source).unwrap().unwrap().paused.as_deref(), Some("site is moving"));
        store.set_paused(&source, None, "editor", at(8)).unwrap();
        let actions: Vec<_> = store.audit_log(9).unwrap().into_iter().map(|entry| entry.action).collect();
        assert_eq!(actions, ["resume", "judge", "pause"]);
    }
}
