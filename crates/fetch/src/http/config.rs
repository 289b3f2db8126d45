//! Settings of the network transport.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of [`crate::Http`]. Every limit has a default; a missing key means the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// `User-Agent` of every request.
    pub user_agent: String,
    /// The name looked up in robots.txt.
    pub robots_agent: String,
    /// Whether robots.txt is obeyed.
    pub obey_robots: bool,
    /// Longest time to connect, in milliseconds.
    pub connect_timeout_ms: u64,
    /// Longest time for one attempt, body included, in milliseconds.
    pub total_timeout_ms: u64,
    /// Largest body, counted both as received and after decompression.
    pub most_bytes: u64,
    /// Most bytes a compressed byte may become, once a body exceeds 1 MB.
    pub most_ratio: u64,
    /// Most redirects of one request.
    pub most_redirects: u32,
    /// Attempts at a page that times out, breaks off or answers 429 or 5xx.
    pub attempts: u32,
    /// Pause before the second attempt, in milliseconds; it doubles with each further one.
    pub backoff_ms: u64,
    /// Least time between two requests to one host, in milliseconds, whatever the source says.
    pub per_host_rate_ms: u64,
    /// Longest `Retry-After` waited for inside one request, in milliseconds; a longer one fails the request.
    pub most_retry_after_ms: u64,
    /// `http://host:port` through which everything is fetched. The environment's proxy settings are never used.
    pub proxy: Option<String>,
    /// The Chromium that runs the scripts of pages; nothing means the one found at the usual places.
    pub browser: Option<PathBuf>,
    /// Longest time a browser may take for one page, in milliseconds.
    pub render_timeout_ms: u64,
    /// Addresses that may be fetched from though they are not public: `host:port`, an address, or a CIDR network.
    pub allow: Vec<String>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            user_agent: concat!("Mozilla/5.0 (compatible; huice/", env!("CARGO_PKG_VERSION"), ")").to_owned(),
            robots_agent: "huice".to_owned(),
            obey_robots: true,
            connect_timeout_ms: 10_000,
            total_timeout_ms: 60_000,
            most_bytes: 20_000_000,
            most_ratio: 200,
            most_redirects: 5,
            attempts: 3,
            backoff_ms: 2_000,
            per_host_rate_ms: 0,
            most_retry_after_ms: 60_000,
            proxy: None,
            browser: None,
            render_timeout_ms: 60_000,
            allow: Vec::new(),
        }
    }
}
