//! What is asked and what comes back, the same for the network and for stored pages.

use std::future::Future;

use jiff::Timestamp;
use model::fingerprint::sha256_hex;
use model::id::normal_url;
use url::Url;

use crate::error::FetchError;
use crate::http::Http;
use crate::replay::Replay;

/// A page to get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where it is.
    pub url: Url,
    /// `ETag` of the copy already stored: the server may answer 304.
    pub etag: Option<String>,
    /// `Last-Modified` of the copy already stored.
    pub last_modified: Option<String>,
    /// Least time between two requests to the host, in milliseconds; the transport's own floor wins when higher.
    pub rate_ms: u64,
    /// What is sent by POST; nothing means GET.
    pub post: Option<Post>,
    /// Further headers, names in any case. Those that steer the connection or carry credentials are refused.
    pub headers: Vec<(String, String)>,
    /// The cookie jar used: requests that name the same jar see each other's cookies, others send and keep none.
    pub jar: Option<String>,
    /// Whether scripts of the page must run before it is read.
    pub render: bool,
}

/// Most bytes sent by one POST: lists are asked for with a few fields.
pub(crate) const MOST_POST_BYTES: usize = 1 << 20;

/// The body of a POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// Its `Content-Type`.
    pub content_type: String,
    /// Its bytes, at most 1 MB.
    pub body: Vec<u8>,
}

impl Post {
    /// What tells this body from others sent to the same URL: its SHA-256 in lower-case hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256_hex(&self.body)
    }
}

/// Under what an answer is known: its normal URL, and the digest of what was sent to get it.
pub(crate) fn key(url: &str, post: Option<&str>) -> String {
    let url = normal_url(url);
    // A URL holds no blank, so no GET has the key of a POST.
    post.map(|digest| format!("{url} {digest}")).unwrap_or(url)
}

impl Request {
    /// An unconditional request at the transport's own pace.
    #[must_use]
    pub const fn get(url: Url) -> Self {
        Self { url, etag: None, last_modified: None, rate_ms: 0, post: None, headers: Vec::new(), jar: None, render: false }
    }
}

/// What came back: any final status but 429 and 5xx, which are errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The URL asked for.
    pub requested: Url,
    /// What was sent to it by POST.
    pub post: Option<Post>,
    /// The URL that answered, after redirects.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, in the server's order. The body is already decoded, so headers that describe its
    /// transfer stand under `x-archive-orig-…`.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
}

impl Response {
    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The `Content-Type`, as the server wrote it.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }

    /// Whether the stored copy is still good (304).
    #[must_use]
    pub const fn not_modified(&self) -> bool {
        self.status == 304
    }
}

/// The first header of that name, whatever its case.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A way to get pages.
pub trait Transport: Send + Sync {
    /// Gets one page.
    ///
    /// # Errors
    /// Why there is no page; [`FetchError::is_permanent`] tells whether asking again can help.
    fn get(&self, request: &Request) -> impl Future<Output = Result<Response, FetchError>> + Send;
}

/// Either transport, so that callers need no generics.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a process has one")]
pub enum AnyTransport {
    /// The network.
    Http(Http),
    /// Stored pages.
    Replay(Replay),
}

impl Transport for AnyTransport {
    async fn get(&self, request: &Request) -> Result<Response, FetchError> {
        match self {
            Self::Http(http) => http.get(request).await,
            Self::Replay(replay) => replay.get(request).await,
        }
    }
}

impl From<Http> for AnyTransport {
    fn from(http: Http) -> Self {
        Self::Http(http)
    }
}

impl From<Replay> for AnyTransport {
    fn from(replay: Replay) -> Self {
        Self::Replay(replay)
    }
}
