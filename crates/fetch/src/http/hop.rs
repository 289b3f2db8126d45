//! What is sent to one address on the way of a request: its headers and body, and what a redirect leaves of them.

use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, ORIGIN, REFERER};
use url::Url;

use super::Reply;
use crate::error::FetchError;
use crate::transport::{MOST_POST_BYTES, Post, Request, header};

/// Most bytes of the headers a request adds.
const MOST_HEADER_BYTES: usize = 8 << 10;

/// One address, and what is sent to it.
pub(crate) struct Hop<'a> {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) post: Option<&'a Post>,
}

impl<'a> Hop<'a> {
    /// The first address of a request; without one (robots.txt) a bare GET.
    ///
    /// # Errors
    /// [`FetchError::BadRequest`] for what must not, or cannot, be sent.
    pub(crate) fn first(url: &Url, request: Option<&'a Request>) -> Result<Self, FetchError> {
        let bad = |reason: String| FetchError::BadRequest { url: url.to_string(), reason };
        let mut headers = HeaderMap::new();
        let mut post = None;
        if let Some(request) = request {
            added_headers(&request.headers, &mut headers).map_err(bad)?;
            post = request.post.as_ref();
            match post {
                None => headers.extend(validators(request)),
                Some(post) => check_post(post).map_err(bad)?,
            }
        }
        Ok(Self { url: plain(url.clone()), headers, post })
    }

    /// Whether it asks only for what changed.
    pub(crate) fn is_conditional(&self) -> bool {
        self.headers.contains_key(IF_NONE_MATCH) || self.headers.contains_key(IF_MODIFIED_SINCE)
    }

    /// Where a reply redirects to, and what is sent there, as browsers do it: 307 and 308 repeat a POST, others make it
    /// a GET. What a source sends to its site is sent to no other.
    ///
    /// # Errors
    /// A redirect to something that is no URL.
    pub(crate) fn redirected(&self, reply: &Reply) -> Result<Option<Self>, FetchError> {
        let Some(url) = redirect_target(&self.url, reply)?.map(plain) else { return Ok(None) };
        let mut headers = self.headers.clone();
        if url.host_str() != self.url.host_str() {
            let accept = headers.remove(ACCEPT);
            headers.clear();
            headers.extend(accept.map(|value| (ACCEPT, value)));
        }
        Ok(Some(Self { url, headers, post: self.post.filter(|_| matches!(reply.status, 307 | 308)) }))
    }
}

/// Adds the headers a source asks for, if they are of those it may ask for.
fn added_headers(wanted: &[(String, String)], headers: &mut HeaderMap) -> Result<(), String> {
    if wanted.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MOST_HEADER_BYTES {
        return Err(format!("more than {MOST_HEADER_BYTES} bytes of headers"));
    }
    for (name, value) in wanted {
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header name"))?;
        if !is_allowed(&header) {
            return Err(format!("header {name}: expected Referer, X-Requested-With, Accept, Origin or another X- header"));
        }
        let value = HeaderValue::from_str(value).map_err(|_| format!("header {name}: its value cannot be sent"))?;
        headers.append(header, value);
    }
    Ok(())
}

/// Whether a source may set this header: none that steers the connection, carries credentials or claims another sender.
fn is_allowed(name: &HeaderName) -> bool {
    let claims_sender = ["x-forwarded", "x-real-ip", "x-client-ip", "x-original", "x-http-method"];
    let text = name.as_str();
    *name == REFERER
        || *name == ACCEPT
        || *name == ORIGIN
        || (text.starts_with("x-") && !claims_sender.iter().any(|start| text.starts_with(start)))
}

fn check_post(post: &Post) -> Result<(), String> {
    if post.body.len() > MOST_POST_BYTES {
        return Err(format!("a body of {} bytes, expected at most {MOST_POST_BYTES}", post.body.len()));
    }
    let content_type = HeaderValue::from_str(&post.content_type);
    content_type.map(|_| ()).map_err(|_| format!("content type {:?} cannot be sent", post.content_type))
}

/// Headers that let the server answer 304.
fn validators(request: &Request) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    let etag = request.etag.as_deref().map(|value| (IF_NONE_MATCH, value));
    let modified = request.last_modified.as_deref().map(|value| (IF_MODIFIED_SINCE, value));
    // A stored value that is no header value is not sent: the page is then fetched in full.
    etag.into_iter().chain(modified).filter_map(|(name, value)| Some((name, HeaderValue::from_str(value).ok()?)))
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn only_harmless_headers_are_sent() {
        let check = |name: &str, value: &str, expected: bool| {
            let wanted = [(name.to_owned(), value.to_owned())];
            assert_eq!(added_headers(&wanted, &mut HeaderMap::new()).is_ok(), expected, "{name}");
        };
        for name in ["Referer", "ORIGIN", "accept", "X-Requested-With", "x-csrf-token"] {
            check(name, "value", true);
        }
        for name in ["Host", "Cookie", "Authorization", "Content-Length", "Transfer-Encoding", "X-Forwarded-For", "User-Agent"] {
            check(name, "value", false);
        }
        check("X-Token", "a\r\nHost: b", false);
        check("X Token", "a", false);
        check("X-Token", &"a".repeat(9_000), false);
    }

    #[test]
    fn what_a_source_sends_to_its_site_is_sent_to_no_other() {
        let url = Url::parse("https://a.gov.cn/list").unwrap();
        let request = Request {
            post: Some(Post { content_type: "application/json".to_owned(), body: b"{}".to_vec() }),
            headers: vec![("X-Token".to_owned(), "t".to_owned()), ("Accept".to_owned(), "application/json".to_owned())],
            etag: Some("\"v1\"".to_owned()),
            ..Request::get(url.clone())
        };
        let hop = Hop::first(&url, Some(&request)).unwrap();
        assert_eq!((hop.headers.len(), hop.post.is_some()), (2, true), "a post is never conditional");
        let check = |status, location: &str, headers: usize, is_post: bool| {
            let reply = Reply { status, headers: vec![("location".to_owned(), location.to_owned())], body: Vec::new() };
            let next = hop.redirected(&reply).unwrap().unwrap();
            assert_eq!((next.headers.len(), next.post.is_some()), (headers, is_post), "{status} {location}");
        };
        check(302, "/b", 2, false);
        check(301, "/b", 2, false);
        check(303, "/b", 2, false);
        check(307, "/b", 2, true);
        check(308, "https://b.gov.cn/", 1, true);
    }
}
