//! 推送: one policy to one enterprise on one channel, and the states it passes through in the outbox.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{EnterpriseId, MessageId, PolicyId};

/// The ways a message can go. A closed set: a new channel is a new variant and a file in `push`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 门户消息: the enterprise's inbox in the product itself.
    Portal,
    /// Written to the log only: the safe default.
    #[default]
    Log,
    /// SMS through an HTTP gateway.
    Sms,
    /// Mail over SMTP.
    Mail,
    /// A signed HTTP POST.
    Webhook,
}

impl Channel {
    /// All channels.
    pub const ALL: [Self; 5] = [Self::Portal, Self::Log, Self::Sms, Self::Mail, Self::Webhook];

    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Log => "log",
            Self::Sms => "sms",
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }

    /// The channel of that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waiting for its next attempt.
    #[default]
    Queued,
    /// Handed over and accepted by the channel.
    Sent,
    /// The channel confirmed delivery.
    Delivered,
    /// The receiver opened it (portal).
    Read,
    /// Given up: a permanent failure or too many attempts. Kept, shown, never retried by itself.
    Dead,
    /// Taken out before sending: the policy was withdrawn or is no longer in force.
    Cancelled,
}

/// One message of the outbox.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Idempotency key; see [`Message::key`].
    pub id: MessageId,
    /// The policy.
    pub policy: PolicyId,
    /// The revision it is about.
    pub revision: u32,
    /// The receiver.
    pub enterprise: EnterpriseId,
    /// The way.
    pub channel: Channel,
    /// The template and its version, e.g. `match/1`.
    pub template: String,
    /// The subject line or portal title.
    pub title: String,
    /// The text for channels that carry free text.
    pub body: String,
    /// The variables for channels that carry templates (SMS).
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// The address on the channel: number, mail address, URL; empty for portal and log.
    #[serde(default)]
    pub address: String,
    /// State.
    pub state: MessageState,
    /// Attempts so far.
    #[serde(default)]
    pub attempts: u32,
    /// When the next attempt is due.
    pub due: Timestamp,
    /// When it entered the outbox.
    pub created: Timestamp,
    /// When the channel accepted it.
    #[serde(default)]
    pub sent: Option<Timestamp>,
    /// The last failure.
    #[serde(default)]
    pub last_error: Option<String>,
    /// What the channel answered (its own message id).
    #[serde(default)]
    pub receipt: Option<String>,
}

impl Message {
    /// The idempotency key: the same policy revision, enterprise, channel and template version is one message, however
    /// often matching runs. Stable over retries; gateways get it as their own key.
    #[must_use]
    pub fn key(policy: &PolicyId, revision: u32, enterprise: &EnterpriseId, channel: Channel, template: &str) -> MessageId {
        let parts = format!("{policy}\n{revision}\n{enterprise}\n{}\n{template}", channel.name());
        let mut digest = crate::fingerprint::sha256_hex(parts.as_bytes());
        digest.truncate(32);
        MessageId(digest)
    }
}
