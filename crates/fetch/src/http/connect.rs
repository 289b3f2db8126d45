//! One exchange with one server: resolve, judge the address, connect, send, read within limits.
//!
//! The client never follows redirects, decompresses or reads proxy settings by itself, and its resolver hands out only
//! addresses the guard permits; so what was judged is what is connected to.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderValue};
use url::Url;

use super::hop::Hop;
use super::{HttpConfig, Reply};
use crate::body::{BodyError, Limits, decode_content};
use crate::error::FetchError;
use crate::guard::Guard;
use crate::transport::header;
use crate::warc::self_consistent;

/// Hardly a page is longer.
const USUAL_BYTES: u64 = 256 << 10;

/// Opens connections.
#[derive(Debug)]
pub(crate) struct Connector {
    /// For ports no exemption names.
    general: reqwest::Client,
    /// One client for each port an exemption names: a resolver is not told the port it resolves for.
    by_port: BTreeMap<u16, reqwest::Client>,
    guard: Guard,
    has_proxy: bool,
    connect_timeout_ms: u64,
    most_ratio: u64,
}

impl Connector {
    /// Clients with TLS by rustls and ring, trusting the web's and the system's roots.
    pub(crate) fn new(config: &HttpConfig, guard: &Guard) -> Result<Self, FetchError> {
        let tls = tls_config()?;
        let client = |port: u16| client(config, guard, port, tls.clone());
        let by_port = guard.ports().into_iter().map(|port| Ok((port, client(port)?))).collect::<Result<_, FetchError>>()?;
        Ok(Self {
            general: client(0)?,
            by_port,
            guard: guard.clone(),
            has_proxy: config.proxy.is_some(),
            connect_timeout_ms: config.connect_timeout_ms,
            most_ratio: config.most_ratio,
        })
    }

    /// Sends one request and reads the reply; a redirect's body is not read.
    pub(crate) async fn exchange(&self, hop: &Hop<'_>, most_bytes: u64, cut: bool) -> Result<Reply, FetchError> {
        let url = &hop.url;
        if self.has_proxy {
            self.judge_name(url).await?;
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let client = self.by_port.get(&port).unwrap_or(&self.general);
        let request = match hop.post {
            None => client.get(url.clone()),
            Some(post) => client.post(url.clone()).header(CONTENT_TYPE, &post.content_type).body(post.body.clone()),
        };
        let mut response = request.headers(hop.headers.clone()).send().await.map_err(|error| self.explain(url, &error))?;
        let status = response.status().as_u16();
        let headers = headers(&response);
        if response.status().is_redirection() && status != 304 {
            return Ok(Reply { status, headers: self_consistent(headers), body: Vec::new() });
        }
        if let Some(reason) = unasked(status, hop) {
            return Err(FetchError::Io { place: url.to_string(), reason: reason.to_owned() });
        }
        let body = self.read(url, &mut response, most_bytes, cut).await?;
        let limits = Limits { most_bytes, most_ratio: self.most_ratio, cut };
        let body = decoded(url, body, &headers, limits).await?;
        Ok(Reply { status, headers: self_consistent(headers), body })
    }

    /// Reads a body to its end or to the limit.
    async fn read(&self, url: &Url, response: &mut reqwest::Response, most: u64, cut: bool) -> Result<Vec<u8>, FetchError> {
        let too_large = || FetchError::TooLarge { url: url.to_string(), most_bytes: most };
        if !cut && response.content_length().is_some_and(|length| length > most) {
            return Err(too_large());
        }
        // What a server announces is believed as far as a page is usually long.
        let announced = response.content_length().unwrap_or_default().min(most).min(USUAL_BYTES);
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
        while let Some(chunk) = response.chunk().await.map_err(|error| self.explain(url, &error))? {
            let room = most.saturating_sub(body.len() as u64);
            if chunk.len() as u64 > room {
                if !cut {
                    return Err(too_large());
                }
                body.extend_from_slice(&chunk[..usize::try_from(room).unwrap_or(usize::MAX)]);
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Behind a proxy the proxy resolves names, so they are judged here as far as this machine can resolve them.
    async fn judge_name(&self, url: &Url) -> Result<(), FetchError> {
        let (Some(host), Some(port)) = (url.domain(), url.port_or_known_default()) else { return Ok(()) };
        let Ok(addresses) = tokio::net::lookup_host((host, port)).await else { return Ok(()) };
        match addresses.map(|socket| socket.ip()).find(|address| !self.guard.permits(host, *address, port)) {
            None => Ok(()),
            Some(address) => Err(FetchError::ForbiddenAddress { host: host.to_owned(), address }),
        }
    }

    /// Names what went wrong below HTTP.
    fn explain(&self, url: &Url, error: &reqwest::Error) -> FetchError {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut reason = String::new();
        let mut cause: Option<&(dyn StdError + 'static)> = Some(error);
        while let Some(current) = cause {
            if let Some(refused) = current.downcast_ref::<Refused>() {
                return FetchError::ForbiddenAddress { host, address: refused.0 };
            }
            if let Some(unresolved) = current.downcast_ref::<Unresolved>() {
                return FetchError::Dns { host, reason: unresolved.0.clone() };
            }
            if let Some(tls) = tls_error(current) {
                return FetchError::Tls { host, reason: tls.to_string() };
            }
            reason = current.to_string();
            cause = current.source();
        }
        if error.is_timeout() {
            return FetchError::Timeout { url: url.to_string(), limit_ms: self.connect_timeout_ms };
        }
        FetchError::Io { place: url.to_string(), reason }
    }
}

/// A TLS error, also where I/O errors carry it (whose `source` skips what they carry, and which are nested here).
fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut error = error;
    while let Some(carried) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        error = carried;
    }
    error.downcast_ref::<rustls::Error>()
}

/// Why an answer is none to what was asked: taken for pages, a part would be a short page, and "unchanged" a lost one.
fn unasked(status: u16, hop: &Hop<'_>) -> Option<&'static str> {
    match status {
        206 => Some("answered with a part of the page (206), which was not asked for"),
        304 if !hop.is_conditional() => Some("answered that nothing changed (304), which was not asked"),
        100..200 => Some("switched protocols, which was not asked for"),
        _ => None,
    }
}

fn headers(response: &reqwest::Response) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    // Headers with our own name are what we say of a page, never what a server says.
    let theirs = response.headers().iter().filter(|(name, _)| !name.as_str().starts_with("x-huice-"));
    theirs.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

/// Undoes the content encoding; large bodies on a thread of their own, so that they hold up no other host.
async fn decoded(url: &Url, body: Vec<u8>, headers: &[(String, String)], limits: Limits) -> Result<Vec<u8>, FetchError> {
    let Some(encodings) = header(headers, "content-encoding").map(str::to_owned) else { return Ok(body) };
    if body.is_empty() {
        return Ok(body);
    }
    let outcome = tokio::task::spawn_blocking(move || decode_content(body, &encodings, limits)).await;
    match outcome {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(BodyError::TooLarge)) => Err(FetchError::TooLarge { url: url.to_string(), most_bytes: limits.most_bytes }),
        Ok(Err(BodyError::Bomb)) => Err(FetchError::Bomb { url: url.to_string(), most_ratio: limits.most_ratio }),
        Ok(Err(BodyError::Broken(reason))) => Err(FetchError::Io { place: url.to_string(), reason }),
        Err(error) => Err(FetchError::Io { place: url.to_string(), reason: error.to_string() }),
    }
}

fn tls_config() -> Result<rustls::ClientConfig, FetchError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    // Operators add their own authorities to the system's store; one that cannot be read is not needed by the web.
    let (added, ignored) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    tracing::debug!(added, ignored, "system certificates");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| FetchError::Config { reason: error.to_string() })?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn client(config: &HttpConfig, guard: &Guard, port: u16, tls: rustls::ClientConfig) -> Result<reqwest::Client, FetchError> {
    let bad = |error: reqwest::Error| FetchError::Config { reason: chain(&error) };
    let mut defaults = reqwest::header::HeaderMap::new();
    defaults.insert(ACCEPT, HeaderValue::from_static("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
    defaults.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("zh-CN,zh;q=0.9"));
    defaults.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br"));
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(&config.user_agent)
        .default_headers(defaults)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_proxy()
        .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(2);
    builder = match &config.proxy {
        // The proxy's own address is the operator's choice and may be private.
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy).map_err(bad)?),
        None => builder.dns_resolver(Arc::new(GuardedResolver { guard: guard.clone(), port })),
    };
    builder.build().map_err(bad)
}

/// An error with its causes, the last of which usually says most.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        text = format!("{text}: {current}");
        cause = current.source();
    }
    text
}

/// The system's resolver, without the addresses the guard refuses.
struct GuardedResolver {
    guard: Guard,
    port: u16,
}

#[derive(Debug, thiserror::Error)]
#[error("the address {0} is not public")]
struct Refused(IpAddr);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unresolved(String);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, port, name) = (self.guard.clone(), self.port, name.as_str().to_owned());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|error| Unresolved(error.to_string()))?;
            let (permitted, refused): (Vec<SocketAddr>, Vec<SocketAddr>) =
                found.partition(|socket| guard.permits(&name, socket.ip(), port));
            if permitted.is_empty() {
                return Err(match refused.first() {
                    Some(socket) => Refused(socket.ip()).into(),
                    None => Unresolved("no address".to_owned()).into(),
                });
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}
