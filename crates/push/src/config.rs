//! The configuration of the channels: see `example.toml`, which is its manual.

use std::collections::BTreeMap;

use jiff::civil::Time;
use model::health::State;
use model::{Channel, ConfigError};
use serde::Deserialize;
use toml::Spanned;

use crate::sms;
use crate::template::Template;

/// Which channels there are and how they are reached. Secrets stand in it by reference only: `{secret:NAME}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is told, and when.
    #[serde(default)]
    pub compose: Settings,
    /// Signed HTTP POSTs to enterprises.
    pub(crate) webhook: Option<Webhook>,
    /// SMS through a gateway.
    pub(crate) sms: Option<Sms>,
    /// Mail.
    pub(crate) mail: Option<Mail>,
    /// Who hears of sources in trouble.
    #[serde(default)]
    pub alarm: Alarm,
}

/// Who hears of sources in trouble; the log always does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarm {
    /// Mail addresses.
    pub(crate) mail: Spanned<Vec<String>>,
    /// A URL that gets signed POSTs; may hold secrets by reference.
    pub(crate) webhook: Option<Spanned<String>>,
    /// Signing secrets for it; those of `[webhook]` where there are none.
    pub(crate) secrets: Option<Spanned<Vec<String>>>,
    /// The states that are told.
    pub states: Vec<State>,
    /// Days after which a state that goes on is told again; 0 means never.
    pub remind_days: u16,
    /// Working hours without anything new from any source that are tolerated, unless their own past shows longer ones.
    pub nothing_hours: u16,
}

impl Default for Alarm {
    fn default() -> Self {
        Self {
            mail: Spanned::new(0..0, Vec::new()),
            webhook: None,
            secrets: None,
            states: vec![State::Broken, State::Silent, State::Degraded],
            remind_days: 3,
            nothing_hours: 48,
        }
    }
}

/// What enterprises are told, and when.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether an enterprise hears of policies it misses by little.
    pub near_miss: bool,
    /// Whether every message is also written to the log as a message of its own.
    pub log: bool,
    /// Hours of the day in which nobody is rung up.
    pub quiet: Option<Quiet>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { near_miss: false, log: true, quiet: None }
    }
}

/// Quiet hours, Beijing time; `from` later than `until` goes over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// First quiet minute, e.g. `21:00`.
    #[serde(deserialize_with = "time_of_day")]
    pub from: Time,
    /// First minute that is not quiet any more.
    #[serde(deserialize_with = "time_of_day")]
    pub until: Time,
    /// The channels that keep quiet.
    pub channels: Vec<Channel>,
}

/// Signed HTTP POSTs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhook {
    /// Signing secrets, the current one first; receivers accept any while a secret is being replaced.
    pub(crate) secrets: Spanned<Vec<String>>,
    /// Each enterprise gets a secret of its own, derived from the first.
    #[serde(default)]
    pub(crate) secret_per_enterprise: bool,
    /// Also plain HTTP and addresses inside the own network. For tests.
    #[serde(default)]
    pub(crate) allow_private: bool,
    #[serde(default = "ten")]
    pub(crate) timeout_seconds: u16,
}

/// An SMS gateway reached over HTTP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sms {
    #[serde(default)]
    pub(crate) method: Method,
    pub(crate) url: Spanned<String>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(crate) format: Format,
    #[serde(default)]
    pub(crate) body: toml::Table,
    #[serde(default)]
    pub(crate) success: Success,
    /// Where the answer carries the gateway's own id.
    pub(crate) receipt: Option<String>,
    /// Approved templates by the name of ours.
    pub(crate) templates: BTreeMap<String, SmsTemplate>,
    #[serde(default = "ten")]
    pub(crate) timeout_seconds: u16,
}

/// HTTP methods gateways use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    /// Parameters in the URL.
    Get,
    #[default]
    Post,
}

/// How the body is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    #[default]
    Json,
    Form,
}

/// What an answer must say to count as accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Success {
    pub(crate) status: Vec<u16>,
    /// Path into the JSON answer, e.g. `SendStatusSet.0.Code`.
    pub(crate) path: Option<String>,
    pub(crate) equals: Vec<String>,
    /// Values at `path` after which trying again may help.
    pub(crate) retry: Vec<String>,
}

impl Default for Success {
    fn default() -> Self {
        Self { status: vec![200], path: None, equals: Vec::new(), retry: Vec::new() }
    }
}

/// A template the gateway's operator approved: its code and the variables it has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmsTemplate {
    pub(crate) code: String,
    /// In the order of the template.
    pub(crate) variables: Vec<String>,
    /// Most characters of one variable; longer ones are cut.
    #[serde(default = "twenty")]
    pub(crate) longest: usize,
}

/// Mail over SMTP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mail {
    pub(crate) host: Spanned<String>,
    pub(crate) port: Option<u16>,
    #[serde(default)]
    pub(crate) encryption: Encryption,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// `名称 <address>`.
    pub(crate) from: Spanned<String>,
    #[serde(default = "thirty")]
    pub(crate) timeout_seconds: u16,
}

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encryption {
    /// TLS after STARTTLS; never without.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None; on the own machine only.
    Plain,
}

const fn ten() -> u16 {
    10
}

const fn twenty() -> usize {
    20
}

const fn thirty() -> u16 {
    30
}

fn time_of_day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parts = text.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
    parts
        .and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok())
        .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no time of day; expected HH:MM")))
}

impl Config {
    /// Reads a configuration; `file` is the name shown in errors.
    ///
    /// # Errors
    /// The first mistake with its place: unknown keys, a placeholder nobody fills, a channel that would send in the clear.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let config: Self = model::config::parse(file, text)?;
        let at = |range: std::ops::Range<usize>, message: String| ConfigError::at(file, text, range, message);
        if let Some(webhook) = &config.webhook
            && webhook.secrets.get_ref().is_empty()
        {
            return Err(at(webhook.secrets.span(), "webhook needs a signing secret, e.g. [\"{secret:WEBHOOK}\"]".to_owned()));
        }
        if let Some(webhook) = &config.webhook {
            check_secrets(&webhook.secrets).map_err(|(range, message)| at(range, message))?;
        }
        if let Some(gateway) = &config.sms {
            sms::check(gateway).map_err(|(range, message)| at(range.unwrap_or_else(|| place_of(text, "[sms")), message))?;
        }
        if let Some(mail) = &config.mail {
            check_mail(mail).map_err(|(range, message)| at(range, message))?;
        }
        check_alarm(&config).map_err(|(range, message)| at(range, message))?;
        Ok(config)
    }

    /// The channels that are configured: portal always, and log unless it is switched off.
    #[must_use]
    pub fn channels(&self) -> Vec<Channel> {
        let configured = [
            (Channel::Portal, true),
            (Channel::Log, self.compose.log),
            (Channel::Sms, self.sms.is_some()),
            (Channel::Mail, self.mail.is_some()),
            (Channel::Webhook, self.webhook.is_some()),
        ];
        configured.into_iter().filter(|(_, there)| *there).map(|(channel, _)| channel).collect()
    }
}

fn place_of(text: &str, needle: &str) -> std::ops::Range<usize> {
    text.find(needle).map_or(0..0, |at| at..at + needle.len())
}

/// A mistake and where it stands in the file.
pub(crate) type Mistake = (std::ops::Range<usize>, String);

/// Signing secrets stand in the file by reference only.
fn check_secrets(secrets: &Spanned<Vec<String>>) -> Result<(), Mistake> {
    let refers = |secret: &String| {
        let template = Template::parse(secret).ok();
        template.is_some_and(|template| template.only_place().is_some_and(|place| place.starts_with("secret:")))
    };
    if secrets.get_ref().iter().all(refers) {
        return Ok(());
    }
    Err((secrets.span(), "a signing secret is given by reference only: \"{secret:NAME}\"".to_owned()))
}

fn check_alarm(config: &Config) -> Result<(), Mistake> {
    let alarm = &config.alarm;
    if let Some(wrong) = alarm.mail.get_ref().iter().find(|address| address.parse::<lettre::message::Mailbox>().is_err()) {
        return Err((alarm.mail.span(), format!("`{wrong}` is no mail address")));
    }
    if !alarm.mail.get_ref().is_empty() && config.mail.is_none() {
        return Err((alarm.mail.span(), "alarms by mail need a table [mail]".to_owned()));
    }
    let Some(webhook) = &alarm.webhook else { return Ok(()) };
    if alarm.secrets.as_ref().is_none_or(|secrets| secrets.get_ref().is_empty()) && config.webhook.is_none() {
        return Err((webhook.span(), "an alarm webhook needs signing secrets, here or in [webhook]".to_owned()));
    }
    let template = Template::parse(webhook.get_ref()).map_err(|error| (webhook.span(), error.to_string()))?;
    if let Some(place) = template.places().find(|place| !place.starts_with("secret:")) {
        return Err((webhook.span(), format!("`{{{place}}}` is not known here; expected a URL or {{secret:NAME}}")));
    }
    let starts = ["https://", "http://", "{secret:"];
    if !starts.iter().any(|start| webhook.get_ref().starts_with(start)) {
        return Err((webhook.span(), "expected an http or https URL".to_owned()));
    }
    alarm.secrets.as_ref().map_or(Ok(()), check_secrets)
}

fn check_mail(mail: &Mail) -> Result<(), Mistake> {
    if mail.encryption == Encryption::Plain && !is_this_machine(mail.host.get_ref()) {
        let message = format!("mail to `{}` would go in the clear; expected starttls or tls", mail.host.get_ref());
        return Err((mail.host.span(), message));
    }
    if mail.user.is_some() != mail.password.is_some() {
        return Err((mail.host.span(), "mail needs both user and password, or neither".to_owned()));
    }
    if let Some(password) = &mail.password {
        let only = Template::parse(password).ok().and_then(|template| template.only_place().map(str::to_owned));
        if !only.is_some_and(|place| place.starts_with("secret:")) {
            return Err((mail.host.span(), "a mail password is given by reference only: \"{secret:NAME}\"".to_owned()));
        }
    }
    match mail.from.get_ref().parse::<lettre::message::Mailbox>() {
        Ok(_) => Ok(()),
        Err(error) => Err((mail.from.span(), format!("`{}` is no mail address: {error}", mail.from.get_ref()))),
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../example.toml");

    #[test]
    fn the_example_is_a_configuration_with_every_channel() {
        let config = Config::parse("example.toml", EXAMPLE).unwrap();
        assert_eq!(config.channels(), [Channel::Portal, Channel::Log, Channel::Sms, Channel::Mail, Channel::Webhook]);
    }

    #[test]
    fn without_a_configuration_there_are_the_inbox_and_the_log() {
        assert_eq!(Config::default().channels(), [Channel::Portal, Channel::Log]);
        assert_eq!(Config::parse("push.toml", "").unwrap().channels(), [Channel::Portal, Channel::Log]);
        assert_eq!(Config::parse("push.toml", "[compose]\nlog = false\n").unwrap().channels(), [Channel::Portal]);
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        assert!(EXAMPLE.contains(from), "the example lacks {from}");
        let error = Config::parse("push.toml", &EXAMPLE.replacen(from, to, 1)).unwrap_err();
        assert!(error.message.contains(expected), "{error}");
        assert!(error.line > 1 && error.to_string().contains('^'), "{error}");
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        check("near_miss = false", "near_mis = false", "unknown field `near_mis`");
        check("from = \"21:00\"", "from = \"25:00\"", "no time of day");
        check("encryption = \"starttls\"", "encryption = \"plain\"", "in the clear");
        check("from = \"惠策 <", "from = \"惠策 ", "no mail address");
        check("password = \"{secret:MAIL_PASSWORD}\"", "password = \"123456\"", "by reference only");
        check("secrets = [\"{secret:WEBHOOK}\"]", "secrets = []", "needs a signing secret");
        check("secrets = [\"{secret:WEBHOOK}\"]", "secrets = [\"whsec_abc\"]", "by reference only");
        check("mail = [\"ops@example.com\"]", "mail = [\"ops\"]", "no mail address");
        check("webhook = \"https://hooks", "webhook = \"ftp://hooks", "expected an http or https URL");
        check("webhook = \"https://hooks", "webhook = \"https://{phone}.hooks", "not known here");
        check("secrets = [\"{secret:ALARM}\"]", "secrets = [\"whsec_abc\"]", "by reference only");
        check("states = [\"broken\"", "states = [\"dead\"", "unknown variant `dead`");
    }

    #[test]
    fn an_sms_can_only_carry_the_variables_of_its_template() {
        check("phone = \"{phone}\"", "phone = \"{phone}\"\ntext = \"{body}\"", "`{body}` is not known here");
        check("url = \"https://", "url = \"ftp://", "expected an http or https URL");
        check("variables = [\"title\", \"amount\", \"deadline\"]", "variables = [\"title\", \"body\"]", "variable `body`");
    }
}
