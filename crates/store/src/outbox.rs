//! The outbox: each message once, the states it may pass through, what is due, an enterprise's inbox.

use jiff::Timestamp;
use model::message::{Channel, Message, MessageState};
use model::{EnterpriseId, MessageId, PolicyId};

use crate::Store;
use crate::engine::{KeyRange, Session, Table, View};
use crate::error::{Result, StoreError};
use crate::keys::{Key, Parts, check_id};
use crate::transaction::{Transaction, from_json};

impl Store {
    /// Puts messages in the outbox. One whose id is known stays as it is: nothing is sent twice because matching ran
    /// twice. Only one that was cancelled before it was sent comes back. Gives how many were really queued.
    ///
    /// # Errors
    /// Where an id is unusable nothing is written.
    pub fn queue_messages(&self, messages: &[Message]) -> Result<usize> {
        for message in messages {
            check_id("message", message.id.as_str())?;
            check_id("enterprise", message.enterprise.as_str())?;
            check_id("policy", message.policy.as_str())?;
        }
        self.write(|transaction| {
            let mut new = 0;
            for message in messages {
                let stored: Option<Message> = transaction.get_and_hold(Table::Messages, message.id.as_str().as_bytes())?;
                // One taken out before it was sent comes back when matching asks for it again: a policy was withdrawn
                // and accepted anew. Everything else is known for ever.
                if stored.as_ref().is_none_or(|stored| stored.state == MessageState::Cancelled) {
                    put(transaction, stored.as_ref(), message)?;
                    new += 1;
                }
            }
            Ok(new)
        })
    }

    /// At most so many queued messages whose time has come, the longest due first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn due_messages(&self, now: Timestamp, most: usize) -> Result<Vec<Message>> {
        let view = self.engine.view()?;
        let end = Key::new().moment(now).number(u64::MAX).number(u64::MAX).done();
        listed(&view, Table::MessagesDue, &KeyRange::between(Vec::new(), end), 8, most)
    }

    /// Keeps what became of a message.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for no message, [`StoreError::IllegalTransition`] where its state cannot become that one
    /// (only queued ones are sent or cancelled, only sent ones delivered or read, only a person revives dead ones),
    /// [`StoreError::Refused`] where it claims to be another message.
    pub fn update_message(&self, message: &Message) -> Result<()> {
        self.write(|transaction| {
            let stored: Option<Message> = transaction.get_and_hold(Table::Messages, message.id.as_str().as_bytes())?;
            let stored = stored.ok_or_else(|| StoreError::Unknown { what: "message", id: message.id.to_string() })?;
            let same = stored.policy == message.policy
                && stored.enterprise == message.enterprise
                && stored.channel == message.channel
                && stored.created == message.created;
            if !same {
                let reason = "its policy, enterprise, channel and time of creation cannot change";
                return Err(StoreError::refused("message", message.id.as_str(), reason));
            }
            if !is_legal(stored.state, message.state) {
                let (from, to) = (stored.state, message.state);
                return Err(StoreError::IllegalTransition { message: message.id.clone(), from, to });
            }
            if stored == *message { Ok(()) } else { put(transaction, Some(&stored), message) }
        })
    }

    /// One message.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn message(&self, id: &MessageId) -> Result<Option<Message>> {
        Transaction::new(self.engine.now()).get(Table::Messages, id.as_str().as_bytes())
    }

    /// What an enterprise finds in the portal: messages that were sent there, newest first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn inbox(&self, enterprise: &EnterpriseId) -> Result<Vec<Message>> {
        let view = self.engine.view()?;
        let prefix = Key::new().text(enterprise.as_str()).done();
        listed(&view, Table::Inbox, &KeyRange::prefix(&prefix), prefix.len() + 8, usize::MAX)
    }

    /// All messages in the order of their ids.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn messages(&self) -> Result<Vec<Message>> {
        let entries = self.engine.scan(Table::Messages, &KeyRange::all())?;
        entries.map(|entry| entry.and_then(|(key, value)| from_json(Table::Messages, &key, &value))).collect()
    }

    /// Takes every message about a policy that is still queued out of the outbox. Gives how many that were.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn cancel_messages(&self, policy: &PolicyId, reason: &str) -> Result<usize> {
        self.write(|transaction| cancel(transaction, policy, reason))
    }
}

/// What [`Store::cancel_messages`] does, within a transaction.
pub(crate) fn cancel(transaction: &mut Transaction<'_>, policy: &PolicyId, reason: &str) -> Result<usize> {
    let prefix = Key::new().text(policy.as_str()).done();
    let keys = transaction.keys(Table::MessagesOfPolicy, &prefix, usize::MAX)?;
    let mut cancelled = 0;
    for key in keys {
        let id = Parts(&key[prefix.len()..]).text().unwrap_or_default();
        let Some(stored) = transaction.get_and_hold::<Message>(Table::Messages, id.as_bytes())? else { continue };
        let message = Message { state: MessageState::Cancelled, last_error: Some(reason.to_owned()), ..stored.clone() };
        put(transaction, Some(&stored), &message)?;
        cancelled += 1;
    }
    Ok(cancelled)
}

/// The messages an index lists; the id stands behind so many bytes of its keys.
fn listed(view: &View<'_>, table: Table, range: &KeyRange, id_at: usize, most: usize) -> Result<Vec<Message>> {
    let transaction = Transaction::new(Session::clone(view));
    let mut messages = Vec::new();
    for entry in view.scan(table, range)?.take(most) {
        let (key, _) = entry?;
        let id = Parts(key.get(id_at..).unwrap_or_default()).text().unwrap_or_default();
        messages.extend(transaction.get::<Message>(Table::Messages, id.as_bytes())?);
    }
    Ok(messages)
}

/// What may become of a message. The same state again is legal: reports are repeated.
pub(crate) const fn is_legal(from: MessageState, to: MessageState) -> bool {
    use MessageState::{Cancelled, Dead, Delivered, Queued, Read, Sent};
    match from {
        Queued => matches!(to, Queued | Sent | Delivered | Dead | Cancelled),
        // A gateway may report that what it took in did not arrive.
        Sent => matches!(to, Sent | Delivered | Read | Dead),
        Delivered => matches!(to, Delivered | Read),
        Read => matches!(to, Read),
        Dead => matches!(to, Dead | Queued),
        Cancelled => matches!(to, Cancelled),
    }
}

/// The counter of a state.
pub(crate) fn counter_of(state: MessageState) -> &'static str {
    match state {
        MessageState::Queued => "messages/queued",
        MessageState::Sent => "messages/sent",
        MessageState::Delivered => "messages/delivered",
        MessageState::Read => "messages/read",
        MessageState::Dead => "messages/dead",
        MessageState::Cancelled => "messages/cancelled",
    }
}

/// Writes a message in place of what it was, with its places in the indexes.
fn put(transaction: &mut Transaction<'_>, before: Option<&Message>, message: &Message) -> Result<()> {
    if let Some(before) = before {
        transaction.count(counter_of(before.state), -1)?;
        for (table, key) in places(before) {
            transaction.remove(table, key);
        }
    }
    transaction.count(counter_of(message.state), 1)?;
    for (table, key) in places(message) {
        transaction.put_key(table, key);
    }
    transaction.put(Table::Messages, message.id.as_str().as_bytes().to_vec(), message)
}

/// The places of a message in the indexes.
pub(crate) fn places(message: &Message) -> Vec<(Table, Vec<u8>)> {
    let id = message.id.as_str();
    match message.state {
        MessageState::Queued => vec![
            (Table::MessagesDue, Key::new().moment(message.due).text(id).done()),
            (Table::MessagesOfPolicy, Key::new().text(message.policy.as_str()).text(id).done()),
        ],
        MessageState::Sent | MessageState::Delivered | MessageState::Read if message.channel == Channel::Portal => {
            vec![(Table::Inbox, Key::new().text(message.enterprise.as_str()).newest(message.created).text(id).done())]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Home, at};

    fn message(policy: &str, enterprise: &str, created: i64) -> Message {
        let (policy, enterprise) = (PolicyId::from(policy), EnterpriseId::from(enterprise));
        Message {
            id: Message::key(&policy, 1, &enterprise, Channel::Portal, "match/1"),
            policy,
            revision: 1,
            enterprise,
            channel: Channel::Portal,
            created: at(created),
            due: at(created),
            ..Message::default()
        }
    }

    #[test]
    fn matching_twice_queues_once_and_brings_back_only_what_was_taken_out() {
        let home = Home::new();
        let store = home.open();
        let pair = [message("p", "a", 1), message("p", "b", 1)];
        assert_eq!(store.queue_messages(&pair).unwrap(), 2);
        assert_eq!(store.queue_messages(&pair).unwrap(), 0);
        store.update_message(&Message { state: MessageState::Sent, ..pair[0].clone() }).unwrap();
        assert_eq!(store.cancel_messages(&"p".into(), "withdrawn").unwrap(), 1);
        assert!(store.due_messages(at(9), 9).unwrap().is_empty());
        assert_eq!(store.message(&pair[1].id).unwrap().unwrap().last_error.as_deref(), Some("withdrawn"));
        assert_eq!(store.queue_messages(&pair).unwrap(), 1, "the sent one stays sent");
        let due: Vec<_> = store.due_messages(at(9), 9).unwrap().into_iter().map(|message| message.id).collect();
        assert_eq!(due, [pair[1].id.clone()]);
    }

    #[test]
    fn messages_come_due_in_order_and_not_before_their_time() {
        let home = Home::new();
        let store = home.open();
        store.queue_messages(&[message("p", "late", 30), message("p", "early", 10), message("p", "next", 20)]).unwrap();
        let due =
            |now, most| store.due_messages(at(now), most).unwrap().into_iter().map(|one| one.enterprise.0).collect::<Vec<_>>();
        assert_eq!(due(9, 9), [""; 0]);
        assert_eq!(due(20, 9), ["early", "next"]);
        assert_eq!(due(99, 1), ["early"]);
        let retried = Message { due: at(40), attempts: 1, ..message("p", "early", 10) };
        store.update_message(&retried).unwrap();
        assert_eq!(due(99, 9), ["next", "late", "early"]);
    }

    #[test]
    fn only_legal_states_follow() {
        use MessageState::{Cancelled, Dead, Delivered, Queued, Read, Sent};
        let legal = [
            (Queued, vec![Queued, Sent, Delivered, Dead, Cancelled]),
            (Sent, vec![Sent, Delivered, Read, Dead]),
            (Delivered, vec![Delivered, Read]),
            (Read, vec![Read]),
            (Dead, vec![Queued, Dead]),
            (Cancelled, vec![Cancelled]),
        ];
        let home = Home::new();
        let store = home.open();
        for (from, followers) in legal {
            for to in [Queued, Sent, Delivered, Read, Dead, Cancelled] {
                let enterprise = format!("{from:?}-{to:?}");
                store.queue_messages(&[Message { state: from, ..message("p", &enterprise, 1) }]).unwrap();
                let result = store.update_message(&Message { state: to, ..message("p", &enterprise, 1) });
                assert_eq!(result.is_ok(), followers.contains(&to), "{from:?} → {to:?}: {result:?}");
            }
        }
        assert_eq!(store.counts().unwrap(), store.check().unwrap().counted, "counters follow every step");
    }

    #[test]
    fn a_message_cannot_become_another_one() {
        let home = Home::new();
        let store = home.open();
        store.queue_messages(&[message("p", "a", 1)]).unwrap();
        let other = Message { enterprise: "b".into(), ..message("p", "a", 1) };
        assert!(matches!(store.update_message(&other), Err(StoreError::Refused { .. })));
        assert!(matches!(store.update_message(&message("q", "a", 1)), Err(StoreError::Unknown { .. })));
    }

    #[test]
    fn the_inbox_shows_what_was_sent_to_the_portal_newest_first() {
        let home = Home::new();
        let store = home.open();
        for (policy, created) in [("old", 1), ("new", 3), ("middle", 2), ("waiting", 4)] {
            store.queue_messages(&[message(policy, "a", created)]).unwrap();
            if policy != "waiting" {
                store.update_message(&Message { state: MessageState::Sent, ..message(policy, "a", created) }).unwrap();
            }
        }
        store.queue_messages(&[Message { state: MessageState::Sent, ..message("old", "ab", 9) }]).unwrap();
        let sms = Message { channel: Channel::Sms, id: "sms".into(), state: MessageState::Sent, ..message("old", "a", 8) };
        store.queue_messages(&[sms]).unwrap();
        let inbox: Vec<String> = store.inbox(&"a".into()).unwrap().into_iter().map(|one| one.policy.0).collect();
        assert_eq!(inbox, ["new", "middle", "old"]);
    }
}
