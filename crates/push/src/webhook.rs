//! Signed HTTP POSTs as Standard Webhooks 1.0 describes them: `webhook-id` stays the same over all attempts, and the
//! signature covers id, time and body.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use model::{Channel, EnterpriseId, Message};
use reqwest::Client;
use sha2::Sha256;

use crate::config;
use crate::http;
use crate::template::Template;
use crate::{PushError, Receipt};

const CHANNEL: Channel = Channel::Webhook;

/// The channel, ready to send.
pub(crate) struct Webhook {
    client: Client,
    keys: Vec<Vec<u8>>,
    per_enterprise: bool,
    allow_private: bool,
}

impl Webhook {
    pub(crate) fn new(config: &config::Webhook, secrets: &BTreeMap<String, String>) -> Result<Self, PushError> {
        let keys = config.secrets.get_ref().iter().map(|reference| {
            let filled = Template::parse(reference).and_then(|template| template.with_secrets(secrets));
            let secret = filled
                .and_then(|template| template.fill(|_| None))
                .map_err(|error| PushError::permanent(CHANNEL, error.to_string()))?;
            key_of(&secret)
        });
        Ok(Self {
            client: http::client(CHANNEL, config.timeout_seconds, !config.allow_private)?,
            keys: keys.collect::<Result<_, _>>()?,
            per_enterprise: config.secret_per_enterprise,
            allow_private: config.allow_private,
        })
    }

    pub(crate) async fn send(&self, message: &Message, now: Timestamp) -> Result<Receipt, PushError> {
        self.post(message, body_of(message), now).await
    }

    /// Sends a body under the id of a message to its address.
    pub(crate) async fn post(&self, message: &Message, body: String, now: Timestamp) -> Result<Receipt, PushError> {
        let url = url::Url::parse(message.address.trim()).map_err(|_| PushError::permanent(CHANNEL, "the address is no URL"))?;
        http::check_public(CHANNEL, &url, self.allow_private)?;
        let id = message.id.as_str();
        let at = now.as_second();
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", self.signatures(&message.enterprise, id, at, &body))
            .body(body);
        let response = request.send().await.map_err(|error| http::failure(CHANNEL, error))?;
        if response.status().is_success() {
            return Ok(Receipt { id: None });
        }
        // 410 says that the receiver is gone for good, like any other status that is not the server's own trouble.
        Err(http::refusal(CHANNEL, &response, now))
    }

    fn signatures(&self, enterprise: &EnterpriseId, id: &str, at: i64, body: &str) -> String {
        let signed: Vec<String> = self
            .keys
            .iter()
            .map(|key| if self.per_enterprise { sign(&own_key(key, enterprise), id, at, body) } else { sign(key, id, at, body) })
            .collect();
        signed.join(" ")
    }

    /// The secret an enterprise verifies with, to be shown to it once.
    pub(crate) fn secret_for(&self, enterprise: &EnterpriseId) -> Option<String> {
        let key = self.keys.first()?;
        let key = if self.per_enterprise { own_key(key, enterprise) } else { key.clone() };
        Some(format!("whsec_{}", STANDARD.encode(key)))
    }

    pub(crate) fn describe(&self) -> String {
        let whose = if self.per_enterprise { "a secret for each enterprise" } else { "one secret for all" };
        let which = if self.allow_private { "any address (allow_private)" } else { "https to public addresses only" };
        format!("webhook: {whose}, {} accepted, {which}", self.keys.len())
    }
}

/// `whsec_` and base64, of 24 to 64 bytes as the standard says.
fn key_of(secret: &str) -> Result<Vec<u8>, PushError> {
    let encoded = secret.trim();
    let key =
        STANDARD.decode(encoded.strip_prefix("whsec_").unwrap_or(encoded)).ok().filter(|key| (24..=64).contains(&key.len()));
    key.ok_or_else(|| PushError::permanent(CHANNEL, "a signing secret is not `whsec_` and base64 of 24 to 64 bytes"))
}

fn own_key(key: &[u8], enterprise: &EnterpriseId) -> Vec<u8> {
    mac(key, format!("webhook\n{enterprise}").as_bytes())
}

fn sign(key: &[u8], id: &str, at: i64, body: &str) -> String {
    format!("v1,{}", STANDARD.encode(mac(key, format!("{id}.{at}.{body}").as_bytes())))
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The same bytes at every attempt: nothing in it depends on when it is sent.
fn body_of(message: &Message) -> String {
    let body = serde_json::json!({
        "type": "policy.matched",
        "timestamp": message.created.to_string(),
        "data": {
            "id": message.id,
            "policy": message.policy,
            "revision": message.revision,
            "enterprise": message.enterprise,
            "title": message.title,
            "body": message.body,
            "variables": message.variables,
        },
    });
    body.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_is_signed_as_published() {
        let key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_too_short_or_not_base64_are_refused() {
        for wrong in ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all!", &format!("whsec_{}", STANDARD.encode([1; 65]))] {
            assert!(key_of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn enterprises_cannot_verify_for_each_other() {
        let key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_ne!(own_key(&key, &"e1".into()), own_key(&key, &"e2".into()));
        assert_eq!(own_key(&key, &"e1".into()).len(), 32);
    }
}
