//! One queue a host: requests are sent one at a time, in the order they came, with a pause between them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::error::FetchError;

/// More hosts than this are not remembered at once; those at rest are forgotten first.
const MOST_HOSTS: usize = 10_000;

/// Longest time a host may ask to be left alone.
const LONGEST_BLOCK: Duration = Duration::from_secs(24 * 3600);

/// The queues of all hosts.
#[derive(Debug, Default)]
pub(crate) struct Hosts(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Turn>>>>);

impl Hosts {
    /// The queue of a URL's host. Tokio's mutex is fair, so waiting for it is the queue.
    pub(crate) fn of(&self, url: &Url) -> Arc<tokio::sync::Mutex<Turn>> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= MOST_HOSTS {
            let now = Instant::now();
            table.retain(|_, queue| Arc::strong_count(queue) > 1 || !queue.try_lock().is_ok_and(|turn| turn.is_at_rest(now)));
        }
        Arc::clone(table.entry(key(url)).or_default())
    }
}

/// The well-known ports of a host are one server; any other port is its own.
fn key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        None | Some(80 | 443) => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    }
}

/// What the one request that has the host's turn knows of the host.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Before this nothing is sent.
    next: Option<Instant>,
    /// Until then the server asked to be left alone.
    blocked_until: Option<Instant>,
}

impl Turn {
    fn is_at_rest(&self, now: Instant) -> bool {
        self.next.max(self.blocked_until).is_none_or(|until| until <= now)
    }

    /// Waits until the host may be asked, and books the pause after this request, even if it is abandoned.
    pub(crate) async fn wait(&mut self, url: &Url, rate: Duration, most_wait: Duration) -> Result<(), FetchError> {
        if self.is_blocked_beyond(most_wait) {
            let left = self.blocked_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(FetchError::RetryLater { host, seconds: left.as_secs() });
        }
        if let Some(until) = self.next.max(self.blocked_until) {
            tokio::time::sleep_until(until).await;
        }
        self.blocked_until = None;
        self.next = Some(Instant::now() + rate);
        Ok(())
    }

    /// Lets the host rest from now on.
    pub(crate) fn rest(&mut self, pause: Duration) {
        self.next = self.next.max(Some(Instant::now() + pause));
    }

    /// Leaves the host alone, as it asked.
    pub(crate) fn block(&mut self, wait: Duration) {
        self.blocked_until = self.blocked_until.max(Some(Instant::now() + wait.min(LONGEST_BLOCK)));
    }

    /// Whether the host asked for more patience than we have.
    pub(crate) fn is_blocked_beyond(&self, most_wait: Duration) -> bool {
        self.blocked_until.is_some_and(|until| until > Instant::now() + most_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_schemes_share_a_queue_and_other_ports_do_not() {
        let check = |url: &str, expected: &str| assert_eq!(key(&Url::parse(url).unwrap()), expected);
        check("http://www.gov.cn/a", "www.gov.cn");
        check("https://WWW.gov.cn:443/a", "www.gov.cn");
        check("http://www.gov.cn:8080/", "www.gov.cn:8080");
    }

    #[test]
    fn idle_hosts_are_forgotten_when_there_are_too_many() {
        let hosts = Hosts::default();
        let url = |number: usize| Url::parse(&format!("http://h{number}.test/")).unwrap();
        let held = hosts.of(&url(0));
        for number in 1..=MOST_HOSTS {
            hosts.of(&url(number));
        }
        assert!(hosts.0.lock().unwrap().len() < MOST_HOSTS);
        assert!(Arc::ptr_eq(&held, &hosts.of(&url(0))), "a queue in use is kept");
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_paced_and_a_block_is_waited_for_or_refused() {
        let url = Url::parse("http://a.test/").unwrap();
        let (rate, patience) = (Duration::from_secs(2), Duration::from_secs(30));
        let mut turn = Turn::default();
        let start = Instant::now();
        turn.wait(&url, rate, patience).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        turn.wait(&url, rate, patience).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 2);
        turn.block(Duration::from_secs(20));
        turn.wait(&url, rate, patience).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 22);
        turn.block(Duration::from_secs(60));
        let error = turn.wait(&url, rate, patience).await.unwrap_err();
        assert_eq!(error, FetchError::RetryLater { host: "a.test".to_owned(), seconds: 60 });
    }
}
