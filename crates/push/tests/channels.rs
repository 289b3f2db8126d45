//! The channels against receivers of our own on this machine: what they see, and what their answers mean.
#![expect(clippy::unwrap_used, reason = "the servers here are helpers of tests")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use model::{Channel, Clock, Message};
use push::{Config, PushError, Pusher, Receipt};
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A request as a receiver saw it.
#[derive(Clone)]
struct Seen {
    uri: Uri,
    headers: HeaderMap,
    body: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

#[derive(Clone)]
struct Receiver {
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: (StatusCode, &'static [(&'static str, &'static str)], &'static str),
}

async fn receive(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    let body = String::from_utf8(body.to_vec()).unwrap();
    receiver.seen.lock().unwrap().push(Seen { uri, headers, body });
    let (status, headers, text) = receiver.answer;
    let headers: HeaderMap = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    (status, headers, text)
}

/// Starts a receiver that always gives one answer; its address and what it saw.
async fn receiver(
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    text: &'static str,
) -> (String, Arc<Mutex<Vec<Seen>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let state = Receiver { seen: Arc::clone(&seen), answer: (StatusCode::from_u16(status).unwrap(), headers, text) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(receive).with_state(state)).await });
    (format!("http://{address}"), seen)
}

fn now() -> Timestamp {
    "2026-11-20T02:00:00Z".parse().unwrap()
}

fn pusher(toml: &str) -> Pusher {
    let secrets =
        BTreeMap::from([("WEBHOOK".to_owned(), format!("whsec_{KEY}")), ("TOKEN".to_owned(), "s3cret-token".to_owned())]);
    Pusher::new(Config::parse("push.toml", toml).unwrap(), secrets, Clock::fixed(now())).unwrap()
}

fn message(channel: Channel, address: &str) -> Message {
    let names = [("title", "支持中小企业“专精特新”发展的若干措施全文"), ("amount", "200万元"), ("deadline", "2026-12-31")];
    Message {
        id: "0123456789abcdef0123456789abcdef".into(),
        policy: "p1".into(),
        revision: 1,
        enterprise: "e1".into(),
        channel,
        template: "match/1".to_owned(),
        title: "【可申报】示例办法".to_owned(),
        body: "示例企业：\n请查收。".to_owned(),
        variables: names.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        address: address.to_owned(),
        created: now(),
        ..Message::default()
    }
}

const WEBHOOK: &str = "[webhook]\nsecrets = [\"{secret:WEBHOOK}\"]\nallow_private = true\ntimeout_seconds = 1\n";

fn signature(key: &[u8], seen: &Seen) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(format!("{}.{}.{}", seen.header("webhook-id"), seen.header("webhook-timestamp"), seen.body).as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_webhook_is_signed_over_id_time_and_body_and_its_id_stays_the_same() {
    let (url, seen) = receiver(204, &[], "").await;
    let pusher = pusher(WEBHOOK);
    let message = message(Channel::Webhook, &url);
    assert_eq!(pusher.send(&message).await.unwrap(), Receipt { id: None });
    pusher.send(&message).await.unwrap();
    let seen = seen.lock().unwrap().clone();
    for request in &seen {
        assert_eq!(request.header("webhook-id"), message.id.as_str());
        assert_eq!(request.header("webhook-timestamp"), now().as_second().to_string());
        assert_eq!(request.header("webhook-signature"), signature(&STANDARD.decode(KEY).unwrap(), request));
    }
    assert_eq!(seen[0].body, seen[1].body);
    let body: serde_json::Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(body["data"]["title"], "【可申报】示例办法");
}

#[tokio::test]
async fn an_enterprise_verifies_with_its_own_secret() {
    let (url, seen) = receiver(200, &[], "").await;
    let pusher = pusher(&WEBHOOK.replace("allow_private", "secret_per_enterprise = true\nallow_private"));
    pusher.send(&message(Channel::Webhook, &url)).await.unwrap();
    let secret = pusher.webhook_secret(&"e1".into()).unwrap();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let request = seen.lock().unwrap()[0].clone();
    assert_eq!(request.header("webhook-signature"), signature(&key, &request));
    assert_ne!(pusher.webhook_secret(&"e2".into()), Some(secret));
}

#[tokio::test]
async fn what_a_webhook_answers_decides_whether_it_is_tried_again() {
    for (status, headers, expected) in [
        (410, &[][..], "permanent webhook: answered 410"),
        (404, &[][..], "permanent webhook: answered 404"),
        (302, &[("location", "http://127.0.0.1:1/")][..], "permanent webhook: answered 302"),
        (500, &[][..], "transient webhook: answered 500"),
        (429, &[("retry-after", "90")][..], "transient 90s webhook: answered 429"),
        (503, &[("retry-after", "Fri, 20 Nov 2026 02:01:00 GMT")][..], "transient 60s webhook: answered 503"),
    ] {
        let (url, seen) = receiver(status, headers, "x").await;
        let error = pusher(WEBHOOK).send(&message(Channel::Webhook, &url)).await.unwrap_err();
        let kind = match &error {
            PushError::Permanent { .. } => "permanent".to_owned(),
            PushError::Transient { retry_after: None, .. } => "transient".to_owned(),
            PushError::Transient { retry_after: Some(wait), .. } => format!("transient {}s", wait.as_secs()),
        };
        assert_eq!(format!("{kind} {error}"), expected);
        assert_eq!(seen.lock().unwrap().len(), 1, "redirects are not followed");
    }
}

#[tokio::test]
async fn a_receiver_that_is_silent_or_gone_is_tried_again() {
    // Accepts connections into its queue and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let error = pusher(WEBHOOK).send(&message(Channel::Webhook, &address)).await.unwrap_err();
    assert_eq!((error.may_be_retried(), error.to_string()), (true, "webhook: no answer in time".to_owned()));
    drop(silent);
    let error = pusher(WEBHOOK).send(&message(Channel::Webhook, &address)).await.unwrap_err();
    assert!(error.may_be_retried(), "{error}");
}

#[tokio::test]
async fn addresses_of_the_own_network_are_refused_without_a_connection() {
    let (url, seen) = receiver(200, &[], "").await;
    let careful = pusher(&WEBHOOK.replace("allow_private = true", "allow_private = false"));
    for address in
        [url.as_str(), "https://127.0.0.1:1/", "https://localhost:1/", "https://[::1]/", "ftp://example.com/", "nonsense"]
    {
        let error = careful.send(&message(Channel::Webhook, address)).await.unwrap_err();
        assert!(!error.may_be_retried(), "{address}: {error}");
    }
    assert!(seen.lock().unwrap().is_empty());
}

fn gateway(url: &str, more: &str) -> Pusher {
    pusher(&format!(
        "[sms]\nurl = \"{url}/send?app=7&out={{id}}\"\nreceipt = \"data.0.sid\"\ntimeout_seconds = 2\n{more}\n\
         [sms.headers]\nAuthorization = \"Bearer {{secret:TOKEN}}\"\n\
         [sms.success]\npath = \"data.0.code\"\nequals = [\"OK\"]\nretry = [\"BUSY\"]\n\
         [sms.templates.\"match/1\"]\ncode = \"SMS_1\"\nvariables = [\"title\", \"deadline\"]\nlongest = 12\n"
    ))
}

const JSON_BODY: &str = "[sms.body]\nphone = [\"+86{phone}\"]\ntemplate = \"{template}\"\nset = \"{variables:list}\"\nall = \"{variables}\"\ntext = \"{variables:json}\"\nkind = 2";

#[tokio::test]
async fn an_sms_carries_its_template_and_variables_as_the_gateway_wants_them() {
    let (url, seen) = receiver(200, &[], r#"{"data":[{"code":"OK","sid":"g-1"}]}"#).await;
    let sent = gateway(&url, JSON_BODY).send(&message(Channel::Sms, "139 0000 0000")).await.unwrap();
    assert_eq!(sent.id.as_deref(), Some("g-1"));
    let request = seen.lock().unwrap()[0].clone();
    assert_eq!(request.uri.to_string(), "/send?app=7&out=0123456789abcdef0123456789abcdef");
    assert_eq!(request.header("authorization"), "Bearer s3cret-token");
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    let title = "支持中小企业“专精特新…";
    assert_eq!(body["phone"], serde_json::json!(["+8613900000000"]));
    assert_eq!(body["set"], serde_json::json!([title, "2026-12-31"]));
    assert_eq!(body["all"], serde_json::json!({"title": title, "deadline": "2026-12-31"}));
    assert_eq!(body["text"], format!("{{\"title\":\"{title}\",\"deadline\":\"2026-12-31\"}}"));
    assert_eq!(body["kind"], 2);
    assert!(!request.body.contains("请查收"), "free text must not be sent");
}

#[tokio::test]
async fn a_form_gateway_gets_encoded_fields() {
    let (url, seen) = receiver(200, &[], r#"{"data":[{"code":"OK"}]}"#).await;
    let more = "format = \"form\"\n[sms.body]\nmobile = \"{phone}\"\nparam = \"{var:title}&x=1\"";
    assert_eq!(gateway(&url, more).send(&message(Channel::Sms, "13900000000")).await.unwrap(), Receipt { id: None });
    let body = seen.lock().unwrap()[0].body.clone();
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(
        fields,
        [("mobile".to_owned(), "13900000000".to_owned()), ("param".to_owned(), "支持中小企业“专精特新…&x=1".to_owned())]
    );
}

#[tokio::test]
async fn what_a_gateway_answers_decides_whether_it_is_tried_again() {
    for (status, text, retried, expected) in [
        (200, r#"{"data":[{"code":"BUSY"}]}"#, true, "sms: the gateway answered `BUSY`"),
        (200, r#"{"data":[{"code":"BLACKLIST"}]}"#, false, "sms: the gateway answered `BLACKLIST`"),
        (200, "<html>", false, "sms: the answer has no `data.0.code`"),
        (200, r#"{"data":[{"code":"bad token s3cret-token"}]}"#, false, "sms: the gateway answered `bad token ***`"),
        (500, "", true, "sms: answered 500"),
        (403, "", false, "sms: answered 403"),
    ] {
        let (url, _) = receiver(status, &[], text).await;
        let error = gateway(&url, JSON_BODY).send(&message(Channel::Sms, "13900000000")).await.unwrap_err();
        assert_eq!((error.may_be_retried(), error.to_string()), (retried, expected.to_owned()));
    }
}

#[tokio::test]
async fn an_sms_without_number_or_approved_template_is_not_sent() {
    let (url, seen) = receiver(200, &[], "").await;
    let gateway = gateway(&url, JSON_BODY);
    assert!(!gateway.send(&message(Channel::Sms, "0991-1234567")).await.unwrap_err().may_be_retried());
    let other = Message { template: "digest/1".to_owned(), ..message(Channel::Sms, "13900000000") };
    assert!(gateway.send(&other).await.unwrap_err().to_string().contains("`digest/1`"));
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    static LONG: &str = include_str!("../src/compose.rs");
    let endless: &'static str = Box::leak(LONG.repeat(10).into_boxed_str());
    let (url, _) = receiver(200, &[], endless).await;
    let error = gateway(&url, JSON_BODY).send(&message(Channel::Sms, "13900000000")).await.unwrap_err();
    assert_eq!(error.to_string(), "sms: the answer has more than 65536 bytes");
}

/// A mail server that answers `RCPT` with one line and keeps what it was given.
async fn mail_server(recipient: &'static str) -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let kept = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&kept);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reading, mut writing) = stream.into_split();
            let mut lines = BufReader::new(reading).lines();
            let mut in_data = false;
            writing.write_all(b"220 test\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                    _ if in_data && line != "." => {
                        keep.lock().unwrap().push_str(&format!("{line}\n"));
                        continue;
                    }
                    "." => {
                        in_data = false;
                        "250 queued as 42"
                    }
                    "DATA" => {
                        in_data = true;
                        "354 go on"
                    }
                    "RCPT" => recipient,
                    "QUIT" => "221 bye",
                    _ => "250 ok",
                };
                writing.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
            }
        }
    });
    (port, kept)
}

fn mailer(port: u16) -> Pusher {
    pusher(&format!(
        "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nencryption = \"plain\"\nfrom = \"惠策 <policy@example.com>\"\n"
    ))
}

#[tokio::test]
async fn a_mail_has_its_subject_body_date_and_a_stable_id() {
    let (port, kept) = mail_server("250 ok").await;
    let sent = mailer(port).send(&message(Channel::Mail, "receiver@example.com")).await.unwrap();
    assert_eq!(sent.id.as_deref(), Some("queued as 42"));
    let mail = kept.lock().unwrap().clone();
    for part in [
        "To: receiver@example.com",
        "<policy@example.com>",
        "Message-ID: <0123456789abcdef0123456789abcdef@example.com>",
        "Date: Fri, 20 Nov 2026 02:00:00 +0000",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(mail.contains(part), "{part} is not in\n{mail}");
    }
    let (_, body) = mail.split_once("\n\n").unwrap();
    let decoded = STANDARD.decode(body.replace('\n', "")).unwrap();
    assert_eq!(String::from_utf8(decoded).unwrap().replace("\r\n", "\n"), "示例企业：\n请查收。");
}

#[tokio::test]
async fn a_refused_recipient_is_final_and_a_busy_server_is_not() {
    for (answer, retried) in [("550 no such user", false), ("451 try later", true), ("535 bad credentials", true)] {
        let (port, _) = mail_server(answer).await;
        let error = mailer(port).send(&message(Channel::Mail, "receiver@example.com")).await.unwrap_err();
        assert_eq!(error.may_be_retried(), retried, "{error}");
    }
    let error = mailer(1).send(&message(Channel::Mail, "receiver@example.com")).await.unwrap_err();
    assert!(error.may_be_retried(), "{error}");
    let error = mailer(1).send(&message(Channel::Mail, "not an address")).await.unwrap_err();
    assert_eq!(error.to_string(), "mail: the address is no mail address");
}

#[tokio::test]
async fn a_title_with_line_breaks_adds_no_header() {
    let (port, kept) = mail_server("250 ok").await;
    let sly = Message { title: "a\r\nBcc: other@example.com".to_owned(), ..message(Channel::Mail, "receiver@example.com") };
    mailer(port).send(&sly).await.unwrap();
    assert!(kept.lock().unwrap().lines().all(|line| !line.starts_with("Bcc")));
}

#[tokio::test]
async fn the_inbox_and_the_log_accept_everything_and_the_rest_must_be_configured() {
    let pusher = Pusher::new(Config::default(), BTreeMap::new(), Clock::fixed(now())).unwrap();
    for channel in [Channel::Portal, Channel::Log] {
        assert_eq!(pusher.send(&message(channel, "")).await.unwrap(), Receipt { id: None });
    }
    for channel in [Channel::Sms, Channel::Mail, Channel::Webhook] {
        let error = pusher.send(&message(channel, "x")).await.unwrap_err();
        assert_eq!(error, PushError::Permanent { channel, cause: "the channel is not configured".to_owned() });
    }
    assert_eq!(pusher.check().len(), 2);
}

#[test]
fn a_missing_secret_stops_the_start_and_no_secret_is_shown() {
    let config = || Config::parse("push.toml", WEBHOOK).unwrap();
    let error = Pusher::new(config(), BTreeMap::new(), Clock::fixed(now())).unwrap_err();
    assert_eq!(error.to_string(), "webhook: secret `WEBHOOK` is not given");
    let lines = format!("{:?} {:?}", pusher(WEBHOOK).check(), pusher(WEBHOOK));
    assert!(lines.contains("webhook") && !lines.contains(KEY), "{lines}");
}
