//! Why a message was not accepted, and whether trying again may help.

use std::time::Duration;

use model::Channel;

/// Why a message was not accepted. Its text names the channel and the cause, never a secret or an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// Trying again gives the same: a wrong address, a refused template, a channel not configured.
    #[error("{}: {cause}", channel.name())]
    Permanent {
        /// The channel.
        channel: Channel,
        /// What is wrong.
        cause: String,
    },
    /// It may work later: the network, a busy or broken receiver.
    #[error("{}: {cause}", channel.name())]
    Transient {
        /// The channel.
        channel: Channel,
        /// What went wrong.
        cause: String,
        /// The least time the receiver asks to wait.
        retry_after: Option<Duration>,
    },
}

impl PushError {
    pub(crate) fn permanent(channel: Channel, cause: impl Into<String>) -> Self {
        Self::Permanent { channel, cause: cause.into() }
    }

    pub(crate) fn transient(channel: Channel, cause: impl Into<String>) -> Self {
        Self::Transient { channel, cause: cause.into(), retry_after: None }
    }

    /// The channel that refused.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Permanent { channel, .. } | Self::Transient { channel, .. } => *channel,
        }
    }

    /// Whether trying again may help.
    #[must_use]
    pub const fn may_be_retried(&self) -> bool {
        matches!(self, Self::Transient { .. })
    }

    /// The same with every secret taken out: receivers like to repeat what they were sent.
    pub(crate) fn without(mut self, secrets: &[String]) -> Self {
        let (Self::Permanent { cause, .. } | Self::Transient { cause, .. }) = &mut self;
        for secret in secrets {
            *cause = cause.replace(secret.as_str(), "***");
        }
        self
    }
}
