//! The network transport: a request waits for its turn at the host, asks robots.txt, and follows redirects hop by hop,
//! every hop judged anew.

mod config;
mod connect;
mod host;
mod robots;

use std::collections::HashSet;
use std::pin::Pin;
use std::time::Duration;

use model::Clock;
use tokio::time::Instant;
use url::Url;

pub use config::HttpConfig;

use crate::error::FetchError;
use crate::guard::Guard;
use crate::transport::{Request, Response, Transport, header};
use connect::Connector;
use host::{Hosts, Turn};
use robots::{Known, RobotsCache};

/// The network.
#[derive(Debug)]
pub struct Http {
    config: HttpConfig,
    clock: Clock,
    guard: Guard,
    connector: Connector,
    hosts: Hosts,
    robots: RobotsCache,
}

/// A boxed [`Http::follow`].
type Following<'a> = Pin<Box<dyn Future<Output = Result<(Url, Reply), FetchError>> + Send + 'a>>;

/// What one exchange with a server gave.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is the same for every hop of one request.
struct Journey<'a> {
    conditions: Option<&'a Request>,
    rate: Duration,
    most_bytes: u64,
    /// Whether a body over the limit is cut instead of refused.
    cut: bool,
}

impl Http {
    /// A transport with its own connections, queues and robots.txt cache.
    ///
    /// # Errors
    /// A configuration that cannot be used.
    pub fn new(config: HttpConfig, clock: Clock) -> Result<Self, FetchError> {
        let guard = Guard::new(&config.allow)?;
        let connector = Connector::new(&config, &guard)?;
        Ok(Self { config, clock, guard, connector, hosts: Hosts::default(), robots: RobotsCache::default() })
    }

    /// Follows redirects from `start`, each hop checked, until something that is no redirect answers.
    async fn follow(&self, start: &Url, journey: &Journey<'_>, obey_robots: bool) -> Result<(Url, Reply), FetchError> {
        let mut url = plain(start.clone());
        let mut seen = HashSet::new();
        for _ in 0..=self.config.most_redirects {
            if !seen.insert(url.clone()) {
                break;
            }
            self.guard.check(&url)?;
            let delay = if obey_robots { self.ask_robots(&url).await? } else { Duration::ZERO };
            let reply = self.exchange(&url, journey, journey.rate.max(delay)).await?;
            match redirect_target(&url, &reply)? {
                None => return Ok((url, reply)),
                Some(next) => url = plain(next),
            }
        }
        Err(FetchError::TooManyRedirects { url: start.to_string(), most_redirects: self.config.most_redirects })
    }

    /// One hop: waits for the host's turn, then tries until there is an answer worth returning.
    async fn exchange(&self, url: &Url, journey: &Journey<'_>, rate: Duration) -> Result<Reply, FetchError> {
        let rate = rate.max(Duration::from_millis(self.config.per_host_rate_ms));
        let most_wait = Duration::from_millis(self.config.most_retry_after_ms);
        let queue = self.hosts.of(url);
        let mut turn = queue.lock().await;
        let attempts = self.config.attempts.max(1);
        let mut attempt = 1;
        loop {
            turn.wait(url, rate, most_wait).await?;
            let outcome = self.attempt(url, journey).await;
            turn.rest(rate);
            let failure = match outcome {
                Ok(reply) if is_overload(reply.status) => self.overload(url, &reply, &mut turn),
                Ok(reply) => return Ok(reply),
                Err(error) if error.is_worth_retrying() => error,
                Err(error) => return Err(error),
            };
            if attempt == attempts || turn.is_blocked_beyond(most_wait) {
                return Err(failure);
            }
            tracing::debug!(host = url.host_str(), code = failure.code(), attempt, "will try again");
            turn.rest(backoff(url, attempt, self.config.backoff_ms));
            attempt += 1;
        }
    }

    /// Notes what an overloaded server asked for, and names the failure.
    fn overload(&self, url: &Url, reply: &Reply, turn: &mut Turn) -> FetchError {
        let wait = header(&reply.headers, "retry-after").and_then(|value| self.retry_after(value));
        if let Some(wait) = wait {
            turn.block(wait);
        }
        FetchError::Status { url: url.to_string(), status: reply.status, retry_after_s: wait.map(|wait| wait.as_secs()) }
    }

    /// `Retry-After`: seconds or a date.
    fn retry_after(&self, value: &str) -> Option<Duration> {
        if let Ok(seconds) = value.trim().parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let at = jiff::Timestamp::try_from(httpdate::parse_http_date(value.trim()).ok()?).ok()?;
        Some(Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default())
    }

    /// One attempt within the time limit.
    async fn attempt(&self, url: &Url, journey: &Journey<'_>) -> Result<Reply, FetchError> {
        let limit = Duration::from_millis(self.config.total_timeout_ms);
        let exchange = self.connector.exchange(url, journey.conditions, journey.most_bytes, journey.cut);
        match tokio::time::timeout(limit, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(FetchError::Timeout { url: url.to_string(), limit_ms: self.config.total_timeout_ms }),
        }
    }

    /// Whether robots.txt permits a URL, and the pause it asks for.
    async fn ask_robots(&self, url: &Url) -> Result<Duration, FetchError> {
        let slot = self.robots.of(url);
        let mut known = slot.lock().await;
        if known.as_ref().is_none_or(|known| known.is_stale(Instant::now())) {
            *known = Some(self.read_robots(url).await);
        }
        known.as_ref().map_or(Ok(Duration::ZERO), |known| known.judge(url))
    }

    async fn read_robots(&self, url: &Url) -> Known {
        let mut place = url.clone();
        place.set_path("/robots.txt");
        place.set_query(None);
        let journey = Journey { conditions: None, rate: Duration::ZERO, most_bytes: robots::MOST_BYTES, cut: true };
        let outcome = self.follow_boxed(&place, &journey).await;
        Known::from_reply(outcome, &self.config.robots_agent, Instant::now())
    }

    /// `follow` without robots.txt; boxed because `follow` may come here through robots.txt.
    fn follow_boxed<'a>(&'a self, url: &'a Url, journey: &'a Journey<'a>) -> Following<'a> {
        Box::pin(self.follow(url, journey, false))
    }
}

impl Transport for Http {
    async fn get(&self, request: &Request) -> Result<Response, FetchError> {
        let started = Instant::now();
        let journey = Journey {
            conditions: Some(request),
            rate: Duration::from_millis(request.rate_ms),
            most_bytes: self.config.most_bytes,
            cut: false,
        };
        let outcome = self.follow(&request.url, &journey, self.config.obey_robots).await;
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let host = request.url.host_str().unwrap_or_default();
        match outcome {
            Ok((url, reply)) => {
                tracing::info!(host, status = reply.status, ms, bytes = reply.body.len(), "fetched");
                let Reply { status, headers, body } = reply;
                Ok(Response { requested: request.url.clone(), url, status, headers, body, fetched_at: self.clock.now() })
            }
            Err(error) => {
                tracing::warn!(host, code = error.code(), ms, %error, "not fetched");
                Err(error)
            }
        }
    }
}

/// The URL as it is sent: without fragment, and without credentials, which no public page needs.
fn plain(mut url: Url) -> Url {
    url.set_fragment(None);
    // Both fail only for URLs without host, which the guard refuses.
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        tracing::debug!("url without host");
    }
    url
}

const fn is_overload(status: u16) -> bool {
    status == 429 || status >= 500
}

/// Where a redirect leads, if the reply is one.
fn redirect_target(url: &Url, reply: &Reply) -> Result<Option<Url>, FetchError> {
    if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = header(&reply.headers, "location") else { return Ok(None) };
    url.join(location.trim())
        .map(Some)
        .map_err(|error| FetchError::BadUrl { url: location.chars().take(200).collect(), reason: format!("redirect: {error}") })
}

/// The pause before the next attempt: doubling, at most a minute, spread by a quarter so that hosts behind one server
/// are not asked in step.
fn backoff(url: &Url, attempt: u32, first_ms: u64) -> Duration {
    let base = first_ms.saturating_mul(1 << (attempt - 1).min(10)).min(60_000);
    let digest = url.as_str().bytes().fold(attempt, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    Duration::from_millis(base + base / 4 * u64::from(digest % 100) / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_and_stays_bounded() {
        let url = Url::parse("http://www.gov.cn/a").unwrap();
        let pause = |attempt| backoff(&url, attempt, 1_000).as_millis();
        assert!((1_000..=1_250).contains(&pause(1)));
        assert!((2_000..=2_500).contains(&pause(2)));
        assert!((60_000..=75_000).contains(&pause(30)));
        assert_eq!(backoff(&url, 1, 0), Duration::ZERO);
    }

    #[test]
    fn a_redirect_is_resolved_against_its_page() {
        let url = Url::parse("http://a.gov.cn/x/y.html").unwrap();
        let check = |status, location: Option<&str>, expected: Option<&str>| {
            let headers = location.map(|value| ("location".to_owned(), value.to_owned())).into_iter().collect();
            let reply = Reply { status, headers, body: Vec::new() };
            let found = redirect_target(&url, &reply).unwrap().map(|url| url.to_string());
            assert_eq!(found.as_deref(), expected);
        };
        check(302, Some("../z.html"), Some("http://a.gov.cn/z.html"));
        check(301, Some("//b.gov.cn/"), Some("http://b.gov.cn/"));
        check(302, Some("/政策"), Some("http://a.gov.cn/%E6%94%BF%E7%AD%96"));
        check(302, None, None);
        check(200, Some("/z"), None);
        check(304, Some("/z"), None);
    }

    #[test]
    fn credentials_and_fragments_are_not_sent() {
        assert_eq!(plain(Url::parse("http://u:p@a.gov.cn/x#y").unwrap()).as_str(), "http://a.gov.cn/x");
    }
}
