//! Channels by which enterprises hear of policies: composing messages, sending them, and deciding what comes after an attempt.
//!
//! Sending twice what was composed once is prevented by the message's key, which every channel passes on. The outbox itself,
//! with its states and its order, lives in the store.

mod alarm;
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
use model::health::{Alarm, Change};
use model::{Channel, Clock, Enterprise, EnterpriseId, Message, Record, Verdict};

pub use compose::{TEMPLATE, compose, compose_with};
pub use config::{Alarm as AlarmSettings, Config, Quiet, Settings};
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
    alarm: AlarmSettings,
    /// The alarm webhook's URL with its secrets, and the way to it.
    alarm_webhook: Option<(String, webhook::Webhook)>,
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
            alarm_webhook: alarm_webhook(&config, &secrets)?,
            alarm: config.alarm,
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

    /// Who hears of sources in trouble, and of which.
    #[must_use]
    pub fn alarm_settings(&self) -> &AlarmSettings {
        &self.alarm
    }

    /// The alarms that tell of changes: one for each receiver, none where nothing changed.
    #[must_use]
    pub fn compose_alarms(&self, changes: &[Change], now: Timestamp) -> Vec<Alarm> {
        // The URL may hold secrets: the outbox keeps the reference, sending puts the URL in its place.
        self.alarm.compose(changes, self.alarm.webhook.as_ref().map(|url| url.get_ref().as_str()), now)
    }

    /// Hands one alarm to its channel.
    ///
    /// # Errors
    /// As [`Pusher::send`].
    pub async fn send_alarm(&self, alarm: &Alarm) -> Result<Receipt, PushError> {
        let message = &alarm.message;
        let result = match (message.channel, &self.alarm_webhook, &self.mail) {
            (Channel::Log, ..) => {
                tracing::warn!(alarm = %message.id, sources = alarm.changes.len(), "{}\n{}", message.title, message.body);
                Ok(Receipt::default())
            }
            (Channel::Webhook, Some((url, webhook)), _) => {
                let message = Message { address: url.clone(), ..message.clone() };
                webhook.post(&message, alarm::webhook_body(alarm), self.clock.now()).await
            }
            (Channel::Mail, _, Some(mail)) => mail.send(message, self.clock.now()).await,
            (channel, ..) => Err(not_configured(channel)),
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
        let (mails, webhook) =
            (self.alarm.mail.get_ref().len(), if self.alarm_webhook.is_some() { " and a webhook" } else { "" });
        if mails > 0 || !webhook.is_empty() {
            lines.push(format!("alarms of sources: the log, {mails} mail addresses{webhook}"));
        }
        if let Some(quiet) = &self.settings.quiet {
            let names: Vec<&str> = quiet.channels.iter().map(|channel| channel.name()).collect();
            lines.push(format!("quiet: {} from {} until {}", names.join(", "), quiet.from, quiet.until));
        }
        lines
    }
}

/// The way to the alarm webhook. Its address is the operator's own, so it may lie inside and be plain HTTP.
fn alarm_webhook(config: &Config, secrets: &BTreeMap<String, String>) -> Result<Option<(String, webhook::Webhook)>, PushError> {
    let Some(url) = &config.alarm.webhook else { return Ok(None) };
    let own = config.alarm.secrets.clone().filter(|secrets| !secrets.get_ref().is_empty());
    let Some(signed) = own.or_else(|| config.webhook.as_ref().map(|webhook| webhook.secrets.clone())) else {
        return Err(not_configured(Channel::Webhook));
    };
    let settings = config::Webhook { secrets: signed, secret_per_enterprise: false, allow_private: true, timeout_seconds: 10 };
    let filled = template::Template::parse(url.get_ref()).and_then(|template| template.with_secrets(secrets)?.fill(|_| None));
    let url = filled.map_err(|error| PushError::permanent(Channel::Webhook, error.to_string()))?;
    Ok(Some((url, webhook::Webhook::new(&settings, secrets)?)))
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
