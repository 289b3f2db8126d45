//! Why a page could not be had. Callers branch on [`FetchError::is_permanent`] and store [`FetchError::code`].

use std::net::IpAddr;

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not an `http` or `https` URL with a host.
    #[error("bad url {url}: {reason}")]
    BadUrl {
        /// The URL as given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header or body that must not, or cannot, be sent.
    #[error("bad request to {url}: {reason}")]
    BadRequest {
        /// The URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The host is, or resolves to, an address that is not public.
    #[error("{host} leads to the address {address}, which is not public")]
    ForbiddenAddress {
        /// Host of the URL.
        host: String,
        /// The address refused.
        address: IpAddr,
    },
    /// `robots.txt` of the site forbids it.
    #[error("robots.txt forbids {url}")]
    Robots {
        /// The URL.
        url: String,
    },
    /// `robots.txt` could not be had, so nothing may be fetched for a while (RFC 9309, 2.3.1.4).
    #[error("robots.txt of {host} cannot be had: {reason}")]
    RobotsUnavailable {
        /// Scheme, host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// Connecting or answering took too long.
    #[error("{url} took longer than {limit_ms} ms")]
    Timeout {
        /// The URL.
        url: String,
        /// The limit.
        limit_ms: u64,
    },
    /// The body is larger than the limit.
    #[error("{url} is larger than {most_bytes} bytes")]
    TooLarge {
        /// The URL.
        url: String,
        /// The limit.
        most_bytes: u64,
    },
    /// The body swells beyond the allowed ratio when decompressed.
    #[error("{url} swells to more than {most_ratio} times its size when decompressed")]
    Bomb {
        /// The URL.
        url: String,
        /// The limit.
        most_ratio: u64,
    },
    /// A loop of redirects, or a chain longer than the limit.
    #[error("{url} redirects in a loop or more than {most_redirects} times")]
    TooManyRedirects {
        /// The URL first asked for.
        url: String,
        /// The limit.
        most_redirects: u32,
    },
    /// The server kept answering 429 or 5xx.
    #[error("{url} answered {status}")]
    Status {
        /// The URL.
        url: String,
        /// The last status.
        status: u16,
        /// What the server asked for in `Retry-After`, in seconds.
        retry_after_s: Option<u64>,
    },
    /// The host asked to be left alone for longer than we wait inside one request.
    #[error("{host} asked to be left alone for another {seconds} s")]
    RetryLater {
        /// The host.
        host: String,
        /// Seconds left.
        seconds: u64,
    },
    /// No secure connection.
    #[error("no secure connection to {host}: {reason}")]
    Tls {
        /// The host.
        host: String,
        /// What failed.
        reason: String,
    },
    /// The host's name has no address.
    #[error("{host} cannot be resolved: {reason}")]
    Dns {
        /// The host.
        host: String,
        /// What failed.
        reason: String,
    },
    /// Connecting, reading or decompressing failed.
    #[error("{place}: {reason}")]
    Io {
        /// URL or file.
        place: String,
        /// What failed.
        reason: String,
    },
    /// A page is to be rendered, and there is no Chromium.
    #[error("no chromium to run the page's scripts: looked for {looked_for}; install chromium or name it with --browser")]
    NoBrowser {
        /// Names and folders, or the program configured.
        looked_for: String,
    },
    /// The replayed pages do not hold this URL.
    #[error("{url} is not among the replayed pages")]
    NotInReplay {
        /// The URL.
        url: String,
    },
    /// The configuration of the transport cannot be used.
    #[error("bad fetch configuration: {reason}")]
    Config {
        /// What is wrong.
        reason: String,
    },
}

impl FetchError {
    /// Whether asking again for the same URL is of no use until something changes.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        match self {
            Self::BadUrl { .. }
            | Self::BadRequest { .. }
            | Self::ForbiddenAddress { .. }
            | Self::Robots { .. }
            | Self::TooLarge { .. }
            | Self::Bomb { .. }
            | Self::TooManyRedirects { .. }
            | Self::NoBrowser { .. }
            | Self::NotInReplay { .. }
            | Self::Config { .. } => true,
            Self::RobotsUnavailable { .. }
            | Self::Timeout { .. }
            | Self::Status { .. }
            | Self::RetryLater { .. }
            | Self::Tls { .. }
            | Self::Dns { .. }
            | Self::Io { .. } => false,
        }
    }

    /// Whether a second attempt a moment later may succeed.
    pub(crate) const fn is_worth_retrying(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::Dns { .. } | Self::Io { .. })
    }

    /// A stable short name, for counting and storing.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => "bad_url",
            Self::BadRequest { .. } => "bad_request",
            Self::ForbiddenAddress { .. } => "forbidden_address",
            Self::Robots { .. } => "robots",
            Self::RobotsUnavailable { .. } => "robots_unavailable",
            Self::Timeout { .. } => "timeout",
            Self::TooLarge { .. } => "too_large",
            Self::Bomb { .. } => "bomb",
            Self::TooManyRedirects { .. } => "too_many_redirects",
            Self::Status { .. } => "status",
            Self::RetryLater { .. } => "retry_later",
            Self::Tls { .. } => "tls",
            Self::Dns { .. } => "dns",
            Self::Io { .. } => "io",
            Self::NoBrowser { .. } => "no_browser",
            Self::NotInReplay { .. } => "not_in_replay",
            Self::Config { .. } => "config",
        }
    }
}
