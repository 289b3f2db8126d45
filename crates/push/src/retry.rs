//! What becomes of a message after an attempt: a pure function, so that the outbox can be reasoned about.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::fingerprint::sha256_hex;
use model::{Message, MessageState};

use crate::{PushError, Receipt};

/// Waits after the first, second … failed attempt, in seconds.
const WAITS_SECONDS: [u64; 8] = [5, 60, 5 * 60, 30 * 60, 2 * 3_600, 5 * 3_600, 10 * 3_600, 24 * 3_600];

/// Attempts after which a message is given up.
pub const MOST_ATTEMPTS: u32 = WAITS_SECONDS.len() as u32 + 1;

/// A receiver may ask for more time than the schedule gives, but not for ever.
const LONGEST_WAIT_SECONDS: u64 = 24 * 3_600;
/// Failures are kept for people to read.
const LONGEST_ERROR_CHARACTERS: usize = 500;

/// The message after an attempt: sent, queued for later, or dead after a permanent failure or [`MOST_ATTEMPTS`].
///
/// What is sent or given up already stays so; a message cancelled while it was under way is sent if it got through.
#[must_use]
pub fn next(message: &Message, result: &Result<Receipt, PushError>, now: Timestamp) -> Message {
    let mut after = message.clone();
    match (message.state, result) {
        (MessageState::Queued | MessageState::Cancelled, Ok(receipt)) => {
            after.attempts = message.attempts.saturating_add(1);
            after.state = MessageState::Sent;
            after.sent = Some(now);
            after.receipt.clone_from(&receipt.id);
            after.last_error = None;
        }
        (MessageState::Queued, Err(error)) => {
            after.attempts = message.attempts.saturating_add(1);
            after.last_error = Some(error.to_string().chars().take(LONGEST_ERROR_CHARACTERS).collect());
            match wait_after(&after, error) {
                Some(wait) => after.due = now.checked_add(wait).unwrap_or(Timestamp::MAX),
                None => after.state = MessageState::Dead,
            }
        }
        _ => {}
    }
    after
}

fn wait_after(message: &Message, error: &PushError) -> Option<SignedDuration> {
    let PushError::Transient { retry_after, .. } = error else { return None };
    let step = usize::try_from(message.attempts).ok()?.checked_sub(1)?;
    let seconds = *WAITS_SECONDS.get(step)?;
    let asked = retry_after.as_ref().map_or(0, Duration::as_secs).min(LONGEST_WAIT_SECONDS);
    let seconds = seconds + jitter(message, seconds);
    Some(SignedDuration::from_secs(i64::try_from(seconds.max(asked)).ok()?))
}

/// Up to a fifth more, from the key: messages that failed together do not all come back together, and tests can tell when.
fn jitter(message: &Message, seconds: u64) -> u64 {
    let digest = sha256_hex(format!("{}\n{}", message.id, message.attempts).as_bytes());
    let draw = digest.get(..8).and_then(|start| u64::from_str_radix(start, 16).ok()).unwrap_or(0);
    draw % (seconds / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Channel;

    fn transient(retry_after: Option<u64>) -> Result<Receipt, PushError> {
        Err(PushError::Transient {
            channel: Channel::Webhook,
            cause: "busy".to_owned(),
            retry_after: retry_after.map(Duration::from_secs),
        })
    }

    fn permanent() -> Result<Receipt, PushError> {
        Err(PushError::permanent(Channel::Webhook, "gone"))
    }

    fn accepted() -> Result<Receipt, PushError> {
        Ok(Receipt { id: Some("r1".to_owned()) })
    }

    fn now() -> Timestamp {
        "2026-11-20T02:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_message_is_tried_along_the_schedule_and_then_given_up() {
        let mut message = Message { id: "m1".into(), ..Message::default() };
        for (attempt, seconds) in [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 86_400].into_iter().enumerate() {
            message = next(&message, &transient(None), now());
            assert_eq!((message.state, message.attempts as usize), (MessageState::Queued, attempt + 1));
            let wait = message.due.duration_since(now()).as_secs();
            assert!((seconds..=seconds + seconds / 5).contains(&wait), "attempt {attempt}: {wait}");
        }
        message = next(&message, &transient(None), now());
        assert_eq!((message.state, message.attempts), (MessageState::Dead, MOST_ATTEMPTS));
        assert_eq!(message.last_error.as_deref(), Some("webhook: busy"));
    }

    #[test]
    fn the_same_failure_gives_the_same_next_attempt_and_messages_spread() {
        let after = |id: &str| {
            let message = Message { id: id.into(), attempts: 4, ..Message::default() };
            next(&message, &transient(None), now()).due
        };
        assert_eq!(after("m1"), after("m1"));
        let spread: std::collections::BTreeSet<Timestamp> = (0..50).map(|index| after(&index.to_string())).collect();
        assert!(spread.len() > 40, "{}", spread.len());
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_within_a_day() {
        let message = Message { id: "m1".into(), ..Message::default() };
        let wait = |asked| next(&message, &transient(Some(asked)), now()).due.duration_since(now()).as_secs();
        assert_eq!(wait(120), 120);
        assert!(wait(1) >= 5);
        assert_eq!(wait(u64::MAX), 86_400);
    }

    #[test]
    fn a_permanent_failure_kills_at_once_and_success_ends_it() {
        let message = Message { id: "m1".into(), last_error: Some("busy".to_owned()), ..Message::default() };
        assert_eq!(next(&message, &permanent(), now()).state, MessageState::Dead);
        let sent = next(&message, &accepted(), now());
        assert_eq!(
            (sent.state, sent.sent, sent.receipt.as_deref(), sent.last_error),
            (MessageState::Sent, Some(now()), Some("r1"), None)
        );
    }

    #[test]
    fn what_is_over_stays_over() {
        for state in [MessageState::Sent, MessageState::Delivered, MessageState::Read, MessageState::Dead] {
            let message = Message { state, ..Message::default() };
            for result in [accepted(), transient(None), permanent()] {
                assert_eq!(next(&message, &result, now()), message);
            }
        }
        let cancelled = Message { state: MessageState::Cancelled, ..Message::default() };
        assert_eq!(next(&cancelled, &transient(None), now()), cancelled);
        assert_eq!(next(&cancelled, &accepted(), now()).state, MessageState::Sent);
    }
}
