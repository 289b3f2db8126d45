//! The network transport: a request waits for its turn at the host, asks robots.txt, and follows redirects hop by hop,
//! every hop judged anew.

mod config;
mod connect;
mod cookies;
mod hop;
mod host;
mod render;
mod robots;

use std::collections::HashSet;
use std::pin::Pin;
use std::time::Duration;

use model::Clock;
use reqwest::header::COOKIE;
use tokio::time::Instant;
use url::Url;

pub use config::HttpConfig;

use crate::error::FetchError;
use crate::guard::Guard;
use crate::transport::{Request, Response, Transport, header};
use connect::Connector;
use cookies::Jars;
use hop::Hop;
use host::{Hosts, Turn};
use render::{RENDERED, Renderer};
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
    jars: Jars,
    renderer: Renderer,
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
    /// What was asked for; nothing for robots.txt.
    request: Option<&'a Request>,
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
        let renderer = Renderer::new(&config, &guard);
        Ok(Self {
            renderer,
            config,
            clock,
            guard,
            connector,
            hosts: Hosts::default(),
            robots: RobotsCache::default(),
            jars: Jars::default(),
        })
    }

    /// Follows redirects from `start`, each hop checked, until something that is no redirect answers.
    async fn follow(&self, start: &Url, journey: &Journey<'_>, obey_robots: bool) -> Result<(Url, Reply), FetchError> {
        let mut hop = Hop::first(start, journey.request)?;
        let jar = journey.request.and_then(|request| request.jar.as_deref());
        let mut seen = HashSet::new();
        for _ in 0..=self.config.most_redirects {
            self.guard.check(&hop.url)?;
            let delay = if obey_robots { self.ask_robots(&hop.url).await? } else { Duration::ZERO };
            match self.jars.header(jar, &hop.url) {
                Some(cookies) => hop.headers.insert(COOKIE, cookies),
                None => hop.headers.remove(COOKIE),
            };
            // Sites set a cookie and send back to the same address: only the same question twice is a loop.
            if !seen.insert((hop.url.clone(), hop.post.is_some(), hop.headers.get(COOKIE).cloned())) {
                break;
            }
            let reply = self.exchange(&hop, journey, journey.rate.max(delay)).await?;
            self.jars.keep(jar, &hop.url, &reply.headers);
            match hop.redirected(&reply)? {
                None => return Ok((hop.url, reply)),
                Some(next) => hop = next,
            }
        }
        Err(FetchError::TooManyRedirects { url: start.to_string(), most_redirects: self.config.most_redirects })
    }

    /// One hop: waits for the host's turn, then tries until there is an answer worth returning.
    async fn exchange(&self, hop: &Hop<'_>, journey: &Journey<'_>, rate: Duration) -> Result<Reply, FetchError> {
        let url = &hop.url;
        let rate = rate.max(Duration::from_millis(self.config.per_host_rate_ms));
        let most_wait = Duration::from_millis(self.config.most_retry_after_ms);
        let queue = self.hosts.of(url);
        let mut turn = queue.lock().await;
        let attempts = self.config.attempts.max(1);
        let mut attempt = 1;
        loop {
            turn.wait(url, rate, most_wait).await?;
            let outcome = self.attempt(hop, journey).await;
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

    /// A page as it is once its scripts have run. It is fetched first like any other: that judges robots.txt, follows
    /// redirects and knows the status, of which the browser tells nothing.
    async fn fetch_and_render(&self, request: &Request, journey: &Journey<'_>) -> Result<(Url, Reply), FetchError> {
        if request.post.is_some() {
            let reason = "what answers a POST cannot be rendered".to_owned();
            return Err(FetchError::BadRequest { url: request.url.to_string(), reason });
        }
        let program = self.renderer.browser()?;
        let (url, mut reply) = self.follow(&request.url, journey, self.config.obey_robots).await?;
        let is_html = header(&reply.headers, "content-type").is_none_or(|value| value.to_ascii_lowercase().contains("html"));
        if reply.status != 200 || !is_html {
            return Ok((url, reply));
        }
        let rate = journey.rate.max(Duration::from_millis(self.config.per_host_rate_ms));
        let queue = self.hosts.of(&url);
        let mut turn = queue.lock().await;
        turn.wait(&url, rate, Duration::from_millis(self.config.most_retry_after_ms)).await?;
        let outcome = self.renderer.render(&program, &url).await;
        turn.rest(rate);
        reply.body = outcome?;
        reply.headers.retain(|(name, _)| name != "content-type");
        reply.headers.push(("content-type".to_owned(), "text/html; charset=utf-8".to_owned()));
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        reply.headers.push((RENDERED.to_owned(), name));
        Ok((url, reply))
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
    async fn attempt(&self, hop: &Hop<'_>, journey: &Journey<'_>) -> Result<Reply, FetchError> {
        let limit = Duration::from_millis(self.config.total_timeout_ms);
        let exchange = self.connector.exchange(hop, journey.most_bytes, journey.cut);
        match tokio::time::timeout(limit, exchange).await {
            Ok(outcome) => outcome,
            Err(_) => Err(FetchError::Timeout { url: hop.url.to_string(), limit_ms: self.config.total_timeout_ms }),
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
        let journey = Journey { request: None, rate: Duration::ZERO, most_bytes: robots::MOST_BYTES, cut: true };
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
            request: Some(request),
            rate: Duration::from_millis(request.rate_ms),
            most_bytes: self.config.most_bytes,
            cut: false,
        };
        let outcome = if request.render {
            self.fetch_and_render(request, &journey).await
        } else {
            self.follow(&request.url, &journey, self.config.obey_robots).await
        };
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let host = request.url.host_str().unwrap_or_default();
        match outcome {
            Ok((url, reply)) => {
                tracing::info!(host, status = reply.status, ms, bytes = reply.body.len(), "fetched");
                let Reply { status, headers, body } = reply;
                Ok(Response {
                    requested: request.url.clone(),
                    post: request.post.clone(),
                    url,
                    status,
                    headers,
                    body,
                    fetched_at: self.clock.now(),
                })
            }
            Err(error) => {
                tracing::warn!(host, code = error.code(), ms, %error, "not fetched");
                Err(error)
            }
        }
    }
}

const fn is_overload(status: u16) -> bool {
    status == 429 || status >= 500
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
}
