//! Mail over SMTP.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::response::Response;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use model::{Channel, Message};

use crate::config::{self, Encryption};
use crate::template::Template;
use crate::{PushError, Receipt};

const CHANNEL: Channel = Channel::Mail;

/// The channel, ready to send.
pub(crate) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    description: String,
}

impl Mail {
    pub(crate) fn new(config: &config::Mail, secrets: &BTreeMap<String, String>) -> Result<Self, PushError> {
        let fail = |cause: String| PushError::permanent(CHANNEL, cause);
        let host = config.host.get_ref();
        let builder = match config.encryption {
            Encryption::Starttls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host),
            Encryption::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
            Encryption::Plain => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)),
        };
        let mut builder = builder.map_err(|error| fail(format!("the mail server cannot be used: {error}")))?;
        builder = builder.timeout(Some(Duration::from_secs(u64::from(config.timeout_seconds.max(1)))));
        if let Some(port) = config.port {
            builder = builder.port(port);
        }
        if let (Some(user), Some(password)) = (&config.user, &config.password) {
            let filled = Template::parse(password).and_then(|template| template.with_secrets(secrets)?.fill(|_| None));
            builder = builder.credentials(Credentials::new(user.clone(), filled.map_err(|error| fail(error.to_string()))?));
        }
        let from: Mailbox =
            config.from.get_ref().parse().map_err(|error| fail(format!("the sender is no mail address: {error}")))?;
        let description = format!("mail: {host}, {:?}, from {}", config.encryption, from.email).to_lowercase();
        Ok(Self { transport: builder.build(), from, description })
    }

    pub(crate) async fn send(&self, message: &Message, now: Timestamp) -> Result<Receipt, PushError> {
        let mail = self.compose(message, now)?;
        match self.transport.send(mail).await {
            Ok(response) => Ok(Receipt { id: receipt_of(&response) }),
            Err(error) => Err(failure(&error)),
        }
    }

    fn compose(&self, message: &Message, now: Timestamp) -> Result<lettre::Message, PushError> {
        let to: Mailbox =
            message.address.trim().parse().map_err(|_| PushError::permanent(CHANNEL, "the address is no mail address"))?;
        let subject: String =
            message.title.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
        lettre::Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .date(SystemTime::from(now))
            // The same at every attempt, so that mail readers show one message where a server took two.
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(message.body.clone())
            .map_err(|error| PushError::permanent(CHANNEL, format!("the mail cannot be written: {error}")))
    }

    pub(crate) fn describe(&self) -> String {
        self.description.clone()
    }
}

fn receipt_of(response: &Response) -> Option<String> {
    response.first_line().map(|line| line.chars().take(200).collect())
}

fn failure(error: &lettre::transport::smtp::Error) -> PushError {
    let cause: String = error.to_string().chars().take(200).collect();
    let code = error.status().map(u16::from);
    match code {
        // Refused credentials are the operator's to mend, not the message's fault.
        Some(530 | 534 | 535 | 538) => PushError::transient(CHANNEL, cause),
        _ if error.is_permanent() => PushError::permanent(CHANNEL, cause),
        _ => PushError::transient(CHANNEL, cause),
    }
}
