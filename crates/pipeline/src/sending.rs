//! The outbox sweep: due messages go to their channels; whatever the channel says is written down before the next one.

use model::{Channel, Message, MessageState};
use push::{PushError, Pusher};

use crate::intake::may_be_pushed;
use crate::pipeline::Pipeline;

/// Messages taken from the outbox at once.
const BATCH: usize = 100;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sending {
    /// Accepted by their channel.
    pub sent: u64,
    /// To be tried again.
    pub retried: u64,
    /// Given up.
    pub dead: u64,
    /// Taken out: the policy may no longer be pushed.
    pub cancelled: u64,
}

impl Pipeline {
    /// Sends what is due, until nothing is. A crash between sending and writing repeats the one message with the same key.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub async fn send_due(&self, pusher: &Pusher) -> anyhow::Result<Sending> {
        let _only_sweep = self.sweeping.lock().await;
        self.refresh_states()?;
        let mut done = Sending::default();
        loop {
            let due = self.store.due_messages(self.clock.now(), BATCH)?;
            if due.is_empty() || self.is_stopping() {
                return Ok(done);
            }
            for message in due {
                // Another machine may have become the one that sends while this one could not reach the store.
                if !self.store.leads(crate::Role::Push.name())? {
                    tracing::info!("another machine sends what is due");
                    return Ok(done);
                }
                let after = self.after_sending(pusher, &message).await;
                match after.state {
                    MessageState::Sent => done.sent += 1,
                    MessageState::Dead => done.dead += 1,
                    MessageState::Cancelled => done.cancelled += 1,
                    _ => done.retried += 1,
                }
                self.store.update_message(&after)?;
            }
        }
    }

    /// What becomes of one message: sent, tried again later, given up, or taken out because it is no longer true.
    async fn after_sending(&self, pusher: &Pusher, message: &Message) -> Message {
        let result = match self.why_not(message) {
            Ok(None) => pusher.send(message).await,
            Ok(Some(reason)) => {
                tracing::info!(message = %message.id, reason, "message taken out");
                let last_error = Some(reason.to_owned());
                return Message { state: MessageState::Cancelled, last_error, ..message.clone() };
            }
            // One record that cannot be read must not hold up the outbox: its messages wait, and are given up in the end.
            Err(error) => Err(PushError::Transient { channel: message.channel, cause: error.to_string(), retry_after: None }),
        };
        if let Err(error) = &result {
            tracing::warn!(message = %message.id, channel = message.channel.name(), %error, "push");
        }
        push::next(message, &result, self.clock.now())
    }

    /// Why a message may no longer go out: things change between matching and sending.
    fn why_not(&self, message: &Message) -> anyhow::Result<Option<&'static str>> {
        let Some(record) = self.store.record(&message.policy)? else { return Ok(Some("the policy is gone")) };
        let Some(enterprise) = self.store.enterprise(&message.enterprise)? else { return Ok(Some("the enterprise is gone")) };
        let agreed = enterprise.reach.channels.iter().any(|name| name == message.channel.name());
        let needs_consent = !matches!(message.channel, Channel::Portal | Channel::Log);
        let windows: Vec<_> = record.annotation.windows().collect();
        let is_over = !windows.is_empty() && windows.iter().all(|window| window.end.is_some_and(|end| end < self.clock.today()));
        Ok(if !may_be_pushed(&record) {
            Some("the policy is no longer in force or was withdrawn")
        } else if record.policy.revision() != message.revision {
            Some("the policy was revised")
        } else if is_over {
            Some("the time to apply is over")
        } else if needs_consent && !agreed {
            Some("the enterprise no longer agrees to this channel")
        } else {
            None
        })
    }
}
