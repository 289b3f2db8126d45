//! Policies × enterprises → messages in the outbox. Safe to repeat: a message's id is its idempotency key.

use model::{Enterprise, Message, Record};
use push::Pusher;

use crate::intake::may_be_pushed;
use crate::pipeline::Pipeline;

/// What a matching run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Matched {
    /// Policies looked at.
    pub policies: u64,
    /// Verdicts reached.
    pub verdicts: u64,
    /// Messages that entered the outbox now.
    pub queued: u64,
}

impl Pipeline {
    /// Matches every policy that changed since the last time against all enterprises, and all policies against changed
    /// enterprises, and queues a message for each match worth telling.
    ///
    /// # Errors
    /// Where the store cannot be read or written.
    pub fn match_changed(&self, pusher: &Pusher, portal_url: Option<&str>) -> anyhow::Result<Matched> {
        // A policy that ran out since the last run must not be told to anybody.
        self.refresh_states()?;
        let enterprises = self.store.enterprises()?;
        let profiles = fingerprint(&enterprises);
        let known = self.store.mark_text("profiles")?.as_deref() == Some(profiles.as_str());
        // Windows open and close, and facts age: the whole is matched anew each day and when a profile changed.
        let today = self.clock.today().to_string();
        let same_day = self.store.mark_text("matched_on")?.as_deref() == Some(today.as_str());
        let seen = if known && same_day { self.store.mark("matched")? } else { 0 };
        let (upto, changed) = self.store.changed_since(seen)?;
        let mut done = Matched::default();
        for id in &changed {
            match self.store.record(id) {
                Ok(Some(record)) => self.match_record(&record, &enterprises, pusher, portal_url, &mut done)?,
                Ok(None) => {}
                Err(error) => tracing::error!(policy = %id, %error, "match: the stored record cannot be read"),
            }
        }
        self.store.set_mark_text("profiles", &profiles)?;
        self.store.set_mark_text("matched_on", &today)?;
        self.store.set_mark("matched", upto)?;
        Ok(done)
    }

    fn match_record(
        &self,
        record: &Record,
        enterprises: &[Enterprise],
        pusher: &Pusher,
        portal_url: Option<&str>,
        done: &mut Matched,
    ) -> anyhow::Result<()> {
        // Only what calls for applications is worth a message; and only what is in force may be one.
        if !may_be_pushed(record) || record.annotation.triage() != Some("apply") {
            return Ok(());
        }
        done.policies += 1;
        let now = self.clock.now();
        let mut messages: Vec<Message> = Vec::new();
        for enterprise in enterprises {
            let verdict = self.stages.matcher.verdict(record, enterprise, self.clock.today());
            done.verdicts += 1;
            messages.extend(pusher.compose(&verdict, record, enterprise, portal_url, now));
        }
        done.queued += self.store.queue_messages(&messages)? as u64;
        Ok(())
    }
}

fn fingerprint(enterprises: &[Enterprise]) -> String {
    let text: Vec<String> = enterprises.iter().filter_map(|enterprise| serde_json::to_string(enterprise).ok()).collect();
    model::fingerprint::sha256_hex(text.join("\n").as_bytes())
}
