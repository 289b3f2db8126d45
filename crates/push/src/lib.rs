//! Channels by which enterprises hear of policies: composing messages, sending them, and deciding what comes after an attempt.
//!
//! Sending twice what was composed once is prevented by the message's key, which every channel passes on. The outbox itself,
//! with its states and its order, lives in the store.

mod compose;
mod config;
mod error;
mod http;
mod mail;
mod retry;
mod sms;
mod template;
mod webhook;

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{Channel, Clock, Enterprise, EnterpriseId, Message, Record, Verdict};

pub use compose::{TEMPLATE, compose, compose_with};
pub use config::{Config, Quiet, Settings};
pub use error::PushError;
pub use retry::{MOST_ATTEMPTS, next};

/// What a channel gave for a message it accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// The channel's own id of the message, where it has one.
    pub id: Option<String>,
}

/// Sends messages over the configured channels.
pub struct Pusher {
    settings: Settings,
    channels: Vec<Channel>,
    webhook: Option<webhook::Webhook>,
    sms: Option<sms::Gateway>,
    mail: Option<mail::Mail>,
    /// Values that must not appear in errors.
    secrets: Vec<String>,
    clock: Clock,
}

impl std::fmt::Debug for Pusher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pusher").field("channels", &self.channels).finish_non_exhaustive()
    }
}

impl Pusher {
    /// A pusher over the configured channels; `secrets` are the values `{secret:NAME}` stands for.
    ///
    /// # Errors
    /// Where a secret is missing or cannot be used.
    pub fn new(config: Config, secrets: BTreeMap<String, String>, clock: Clock) -> Result<Self, PushError> {
        Ok(Self {
            channels: config.channels(),
            webhook: config.webhook.as_ref().map(|webhook| webhook::Webhook::new(webhook, &secrets)).transpose()?,
            sms: config.sms.as_ref().map(|sms| sms::Gateway::new(sms, &secrets)).transpose()?,
            mail: config.mail.as_ref().map(|mail| mail::Mail::new(mail, &secrets)).transpose()?,
            settings: config.compose,
            // Longest first, so that no secret is left in part; one or two characters are no secret.
            secrets: {
                let mut values: Vec<String> = secrets.into_values().filter(|value| value.len() > 2).collect();
                values.sort_by_key(|value| std::cmp::Reverse(value.len()));
                values
            },
            clock,
        })
    }

    /// Hands one message to its channel.
    ///
    /// # Errors
    /// [`PushError::Permanent`] where trying again gives the same, else [`PushError::Transient`].
    pub async fn send(&self, message: &Message) -> Result<Receipt, PushError> {
        let now = self.clock.now();
        let result = match message.channel {
            // The store is the inbox: what is in it is in the enterprise's inbox.
            Channel::Portal => Ok(Receipt::default()),
            Channel::Log => Ok(log(message)),
            Channel::Webhook => match &self.webhook {
                Some(webhook) => webhook.send(message, now).await,
                None => Err(not_configured(message.channel)),
            },
            Channel::Sms => match &self.sms {
                Some(gateway) => gateway.send(message, now).await,
                None => Err(not_configured(message.channel)),
            },
            Channel::Mail => match &self.mail {
                Some(mail) => mail.send(message, now).await,
                None => Err(not_configured(message.channel)),
            },
        };
        result.map_err(|error| error.without(&self.secrets))
    }

    /// The channels that are configured.
    #[must_use]
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The messages a verdict calls for over the configured channels, by the configured settings; see [`compose()`].
    #[must_use]
    pub fn compose(
        &self,
        verdict: &Verdict,
        record: &Record,
        enterprise: &Enterprise,
        portal_url: Option<&str>,
        now: Timestamp,
    ) -> Vec<Message> {
        compose_with(&self.settings, verdict, record, enterprise, &self.channels, portal_url, now)
    }

    /// The secret with which an enterprise verifies its webhooks, to be shown to it and nobody else.
    #[must_use]
    pub fn webhook_secret(&self, enterprise: &EnterpriseId) -> Option<String> {
        self.webhook.as_ref()?.secret_for(enterprise)
    }

    /// A line for each configured channel, without secrets.
    #[must_use]
    pub fn check(&self) -> Vec<String> {
        let mut lines = vec!["portal: the inbox of the product itself".to_owned()];
        if self.channels.contains(&Channel::Log) {
            lines.push("log: every message is written to the log".to_owned());
        }
        lines.extend(self.sms.as_ref().map(sms::Gateway::describe));
        lines.extend(self.mail.as_ref().map(mail::Mail::describe));
        lines.extend(self.webhook.as_ref().map(webhook::Webhook::describe));
        if let Some(quiet) = &self.settings.quiet {
            let names: Vec<&str> = quiet.channels.iter().map(|channel| channel.name()).collect();
            lines.push(format!("quiet: {} from {} until {}", names.join(", "), quiet.from, quiet.until));
        }
        lines
    }
}

fn log(message: &Message) -> Receipt {
    tracing::info!(
        message = %message.id,
        policy = %message.policy,
        enterprise = %message.enterprise,
        title = %message.title,
        "push: message"
    );
    Receipt { id: None }
}

fn not_configured(channel: Channel) -> PushError {
    PushError::permanent(channel, "the channel is not configured")
}
