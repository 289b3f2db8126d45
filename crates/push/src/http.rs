//! HTTP for the channels that need it: no redirects, no proxies from outside, little patience, small answers, and for URLs
//! that strangers give no address of the own network.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use model::Channel;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Response, StatusCode};

use crate::PushError;

/// Answers of gateways are a few hundred bytes.
const LARGEST_ANSWER_BYTES: usize = 64 * 1024;

/// The name given to receivers.
const USER_AGENT: &str = concat!("huice/", env!("CARGO_PKG_VERSION"));

/// An address no stranger may make the program talk to.
#[derive(Debug, thiserror::Error)]
#[error("the address is not public")]
struct NotPublic;

/// Resolves names, and refuses the whole name if any of its addresses is private: a mixture is an attempt to get in.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if addresses.iter().any(|address| !is_public(address.ip())) {
                return Err(Box::new(NotPublic) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// A client for one channel.
pub(crate) fn client(channel: Channel, timeout_seconds: u16, public_only: bool) -> Result<Client, PushError> {
    // reqwest is built without a default; whoever came first has installed the same one.
    if rustls::crypto::CryptoProvider::get_default().is_none()
        && rustls::crypto::ring::default_provider().install_default().is_err()
    {
        tracing::debug!("another thread installed the crypto provider");
    }
    let timeout = Duration::from_secs(u64::from(timeout_seconds.max(1)));
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(timeout)
        .connect_timeout(timeout);
    if public_only {
        builder = builder.dns_resolver(PublicOnly);
    }
    builder.build().map_err(|error| PushError::permanent(channel, format!("the HTTP client cannot be built: {}", cause(&error))))
}

/// Refuses what a stranger's URL must not be. Names are judged when they are resolved; literals never are, so they are here.
pub(crate) fn check_public(channel: Channel, url: &url::Url, allow_private: bool) -> Result<(), PushError> {
    let refuse = |cause: &str| Err(PushError::permanent(channel, cause));
    match (url.scheme(), allow_private) {
        ("https", _) | ("http", true) => {}
        _ => return refuse("the URL is not https"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("the URL carries a user name or password");
    }
    let address = match url.host() {
        None => return refuse("the URL has no host"),
        Some(url::Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(url::Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(url::Host::Domain(_)) => None,
    };
    match address {
        Some(address) if !allow_private && !is_public(address) => refuse("the address is not public"),
        _ => Ok(()),
    }
}

/// Whether an address belongs to the public Internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast();
    let reserved = first == 0
        || first >= 240
        || (first == 100 && (64..128).contains(&second))
        || (first == 192 && second == 0 && third == 0)
        || (first == 192 && second == 88 && third == 99)
        || (first == 198 && (18..20).contains(&second));
    !special && !reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // ::ffff:a.b.c.d and ::a.b.c.d are IPv4 in another coat, and so are 64:ff9b:: and 2002:.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            embedded(high, low)
        }
        // Teredo, ORCHID and documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        // Only 2000::/3 is handed out.
        [first, ..] => (0x2000..0x4000).contains(&first) && first != 0x3fff,
    }
}

/// What an HTTP failure means for the message.
pub(crate) fn failure(channel: Channel, error: reqwest::Error) -> PushError {
    let error = error.without_url();
    if has_cause::<NotPublic>(&error) {
        return PushError::permanent(channel, "the address is not public");
    }
    if error.is_builder() {
        return PushError::permanent(channel, format!("the request cannot be built: {}", cause(&error)));
    }
    if error.is_timeout() {
        return PushError::transient(channel, "no answer in time");
    }
    PushError::transient(channel, cause(&error))
}

fn has_cause<T: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    error.is::<T>() || error.source().is_some_and(has_cause::<T>)
}

/// The innermost cause is the one that says what happened.
fn cause(error: &(dyn Error + 'static)) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}

/// What a status other than success means for the message.
pub(crate) fn refusal(channel: Channel, response: &Response, now: Timestamp) -> PushError {
    let status = response.status();
    let cause = format!("answered {}", status.as_u16());
    let may_help = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
    if may_help && status != StatusCode::NOT_IMPLEMENTED {
        let retry_after = response.headers().get("retry-after").and_then(|value| retry_after(value.to_str().ok()?, now));
        return PushError::Transient { channel, cause, retry_after };
    }
    PushError::permanent(channel, cause)
}

/// `120` or `Wed, 21 Oct 2026 07:28:00 GMT`.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value.trim()).ok()?;
    u64::try_from(at.duration_since(now).as_secs()).ok().map(Duration::from_secs)
}

/// The body of an answer, up to a limit.
pub(crate) async fn read(channel: Channel, mut response: Response) -> Result<Vec<u8>, PushError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(channel, error))? {
        if body.len() + chunk.len() > LARGEST_ANSWER_BYTES {
            return Err(PushError::permanent(channel, format!("the answer has more than {LARGEST_ANSWER_BYTES} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "192.0.2.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in
            ["1.1.1.1", "114.114.114.114", "172.32.0.1", "100.128.0.1", "2400:3200::1", "::ffff:1.1.1.1", "2001:4860:4860::8888"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[track_caller]
    fn check(url: &str, allow_private: bool, expected: Option<&str>) {
        let refused = check_public(Channel::Webhook, &url::Url::parse(url).unwrap(), allow_private).err();
        assert_eq!(refused.map(|error| error.to_string()), expected.map(|cause| format!("webhook: {cause}")), "{url}");
    }

    #[test]
    fn urls_that_lead_inside_are_refused() {
        check("https://example.com/hook", false, None);
        check("http://example.com/hook", false, Some("the URL is not https"));
        check("file:///etc/passwd", true, Some("the URL is not https"));
        check("https://user:pass@example.com/", false, Some("the URL carries a user name or password"));
        check("https://169.254.169.254/latest", false, Some("the address is not public"));
        // The URL parser reads these as 127.0.0.1.
        check("https://0x7f.1/", false, Some("the address is not public"));
        check("https://2130706433/", false, Some("the address is not public"));
        check("https://[::ffff:127.0.0.1]/", false, Some("the address is not public"));
        check("http://127.0.0.1:8080/", true, None);
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_a_private_address_is_refused_for_good() {
        let client = client(Channel::Webhook, 5, true).unwrap();
        let error = client.post("https://localhost:9/").send().await.unwrap_err();
        assert_eq!(failure(Channel::Webhook, error), PushError::permanent(Channel::Webhook, "the address is not public"));
    }

    #[test]
    fn waiting_times_are_read_in_both_forms() {
        let now: Timestamp = "2026-10-21T07:27:00Z".parse().unwrap();
        for (value, expected) in [
            ("120", Some(120)),
            ("Wed, 21 Oct 2026 07:28:00 GMT", Some(60)),
            ("soon", None),
            ("Wed, 21 Oct 2020 07:28:00 GMT", None),
        ] {
            assert_eq!(retry_after(value, now).map(|wait| wait.as_secs()), expected, "{value}");
        }
    }
}
