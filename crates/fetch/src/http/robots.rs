//! robots.txt by RFC 9309: read once a day for each origin, 4xx allows everything, anything else that fails forbids
//! everything for a while.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use texting_robots::Robot;
use tokio::time::Instant;
use url::Url;

use super::Reply;
use crate::error::FetchError;

/// What RFC 9309 asks a crawler to read at least; the rest of a longer file is ignored.
pub(crate) const MOST_BYTES: u64 = 500 << 10;

/// How long rules hold.
const FRESH: Duration = Duration::from_secs(24 * 3600);
/// How long a failure holds before robots.txt is asked for again.
const FAILURE_HOLDS: Duration = Duration::from_secs(600);
/// The longest `Crawl-delay` obeyed: beyond it a site would never be read to its end.
const LONGEST_DELAY_S: f32 = 30.0;
/// More origins than this are not remembered at once.
const MOST_ORIGINS: usize = 10_000;

/// What is known of one origin; the lock is held while its robots.txt is read, so that it is read once.
type Slot = Arc<tokio::sync::Mutex<Option<Known>>>;

/// The rules of all origins.
#[derive(Debug, Default)]
pub(crate) struct RobotsCache(Mutex<HashMap<String, Slot>>);

impl RobotsCache {
    /// The place for the rules of a URL's origin.
    pub(crate) fn of(&self, url: &Url) -> Slot {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= MOST_ORIGINS {
            table.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(table.entry(url.origin().ascii_serialization()).or_default())
    }
}

/// What is known of one origin's robots.txt.
#[derive(Debug)]
pub(crate) struct Known {
    until: Instant,
    rules: Rules,
}

#[derive(Debug)]
enum Rules {
    Everything,
    Parsed(Box<Robot>),
    Unavailable(FetchError),
}

impl Known {
    /// What a reply to `/robots.txt` means.
    pub(crate) fn from_reply(outcome: Result<(Url, Reply), FetchError>, agent: &str, now: Instant) -> Self {
        let rules = match outcome {
            Ok((_, reply)) if reply.status == 200 => parse(agent, &reply.body),
            Ok((_, reply)) if (200..500).contains(&reply.status) => Rules::Everything,
            Ok((url, reply)) => Rules::Unavailable(unavailable(&url, format!("status {}", reply.status))),
            // More than five redirects count as "unavailable" in the sense of 4xx (RFC 9309, 2.3.1.2).
            Err(FetchError::TooManyRedirects { .. }) => Rules::Everything,
            Err(FetchError::Status { url, status, .. }) => Rules::Unavailable(FetchError::RobotsUnavailable {
                host: Url::parse(&url).map(|url| url.origin().ascii_serialization()).unwrap_or_default(),
                reason: format!("status {status}"),
            }),
            // The page would fail for the same reason; its own words are the better message.
            Err(error) => Rules::Unavailable(error),
        };
        let holds = if matches!(rules, Rules::Unavailable(_)) { FAILURE_HOLDS } else { FRESH };
        Self { until: now + holds, rules }
    }

    /// Whether it must be read anew.
    pub(crate) fn is_stale(&self, now: Instant) -> bool {
        self.until <= now
    }

    /// Whether a URL may be fetched, and the pause to keep.
    pub(crate) fn judge(&self, url: &Url) -> Result<Duration, FetchError> {
        match &self.rules {
            Rules::Everything => Ok(Duration::ZERO),
            Rules::Unavailable(error) => Err(error.clone()),
            Rules::Parsed(robot) if !robot.allowed(url.as_str()) => Err(FetchError::Robots { url: url.to_string() }),
            Rules::Parsed(robot) => {
                let delay = robot.delay.filter(|delay| delay.is_finite()).unwrap_or_default();
                Ok(Duration::from_secs_f32(delay.clamp(0.0, LONGEST_DELAY_S)))
            }
        }
    }
}

fn unavailable(url: &Url, reason: String) -> FetchError {
    FetchError::RobotsUnavailable { host: url.origin().ascii_serialization(), reason }
}

/// Reads the rules; lines the parser cannot take are dropped, as the RFC asks, rather than the file.
fn parse(agent: &str, text: &[u8]) -> Rules {
    if let Ok(robot) = Robot::new(agent, text) {
        return Rules::Parsed(Box::new(robot));
    }
    // Only an over-long pattern with `$` can be refused.
    let kept: Vec<&[u8]> = text.split(|&byte| byte == b'\n').filter(|line| !line.contains(&b'$')).collect();
    Robot::new(agent, &kept.join(&b'\n')).map_or(Rules::Everything, |robot| Rules::Parsed(Box::new(robot)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Url {
        Url::parse("http://a.gov.cn").unwrap().join(path).unwrap()
    }

    #[track_caller]
    fn check(text: &str, path: &str, expected: Result<u64, &str>) {
        let reply = Reply { status: 200, headers: Vec::new(), body: text.as_bytes().to_vec() };
        let known = Known::from_reply(Ok((url("/robots.txt"), reply)), "huice", Instant::now());
        let found = known.judge(&url(path)).map(|delay| delay.as_secs()).map_err(|error| error.code());
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn our_own_group_wins_over_the_general_one() {
        let text = "User-agent: *\nDisallow: /\n\nUser-agent: huice\nDisallow: /private/\n";
        check(text, "/zwgk/", Ok(0));
        check(text, "/private/a.html", Err("robots"));
    }

    #[test]
    fn the_longest_rule_wins_and_an_empty_one_forbids_nothing() {
        let text = "User-agent: *\nDisallow: /a/\nAllow: /a/public\n";
        check(text, "/a/secret", Err("robots"));
        check(text, "/a/public.html", Ok(0));
        check("User-agent: *\nDisallow:\n", "/a", Ok(0));
        check("<html>soft 404 page</html>", "/a", Ok(0));
        check("\u{feff}User-agent: *\nDisallow: /*.doc$\n", "/x/y.doc", Err("robots"));
    }

    #[test]
    fn a_crawl_delay_is_obeyed_within_reason() {
        check("User-agent: *\nCrawl-delay: 3\nDisallow: /x\n", "/a", Ok(3));
        check("User-agent: *\nCrawl-delay: 86400\nDisallow: /x\n", "/a", Ok(30));
        check("User-agent: *\nCrawl-delay: -5\nDisallow: /x\n", "/a", Ok(0));
    }

    #[test]
    fn a_pattern_too_large_to_compile_spoils_no_other_rule() {
        let text = format!("User-agent: *\nDisallow: /{}$\nDisallow: /b\n", "a*b".repeat(9_000));
        check(&text, "/b", Err("robots"));
        check(&text, "/c", Ok(0));
    }

    #[test]
    fn missing_rules_allow_everything_and_a_broken_server_nothing_for_a_while() {
        let now = Instant::now();
        let judge = |status| {
            let reply = Reply { status, headers: Vec::new(), body: Vec::new() };
            let known = Known::from_reply(Ok((url("/robots.txt"), reply)), "huice", now);
            (known.judge(&url("/a")).is_ok(), known.is_stale(now + FAILURE_HOLDS))
        };
        assert_eq!(judge(404), (true, false));
        assert_eq!(judge(403), (true, false));
        assert_eq!(judge(500), (false, true));
        let timeout = FetchError::Timeout { url: "http://a.gov.cn/robots.txt".to_owned(), limit_ms: 1 };
        assert!(Known::from_reply(Err(timeout), "huice", now).judge(&url("/a")).is_err());
    }
}
