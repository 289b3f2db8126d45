//! What happens around every request: request id, log line, numbers, security headers, host check, load shedding,
//! and problems written in the language of who asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::pages::problem_page;
use crate::problem::Problem;

/// Scripts and styles only from here, nothing framed, nothing embedded, forms only to here.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; \
                                           base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    // Policies link to government sites; which policy an enterprise reads is nobody else's business.
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
];

/// The id of a request, as logged and shown on error pages.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

fn next_request_id(app: &App) -> RequestId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut digest = model::fingerprint::sha256_hex(format!("{} {number}", app.clock.now()).as_bytes());
    digest.truncate(16);
    RequestId(digest)
}

/// The outermost layer of our own: sees every answer, also those of the layers within.
pub async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = next_request_id(&app);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let as_json = wants_json(&path, request.headers());
    request.extensions_mut().insert(id.clone());

    let mut response = show_problem(next.run(request).await, &id, as_json);
    secure(response.headers_mut(), &id);

    let status = response.status().as_u16();
    let took = started.elapsed();
    app.metrics.request(method.as_str(), &route, status, took);
    // The path alone: what people search for does not belong in a log.
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if response.status().is_server_error() {
        tracing::error!(request_id = id.0, %method, path, status, took_ms, "request failed");
    } else {
        tracing::info!(request_id = id.0, %method, path, status, took_ms, "request");
    }
    response
}

fn wants_json(path: &str, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    path.starts_with("/api/") || (accept.contains("json") && !accept.contains("text/html"))
}

/// Writes a problem as page or JSON; an error without one (from a layer or an extractor) gets that of its status.
fn show_problem(response: Response, id: &RequestId, as_json: bool) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let written = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        None if written => return response,
        None => Problem::of_status(status),
    };
    let mut shown = if as_json {
        let mut shown = axum::Json(problem.body(&id.0)).into_response();
        shown.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        shown
    } else {
        problem_page(&problem, &id.0)
    };
    *shown.status_mut() = status;
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    shown
}

fn secure(headers: &mut HeaderMap, id: &RequestId) {
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    // Pages may name enterprises: a shared cache must not keep them.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    // What htmx asks for is the same page; a cache must still tell them apart.
    headers.insert(header::VARY, HeaderValue::from_static("accept, hx-request"));
}

/// Names under which the service may be addressed.
///
/// There are no accounts yet and the default is the loopback address; without this check any website could resolve its
/// own name to that address and read everything as its own origin.
#[derive(Debug, Clone)]
pub struct Hosts(Arc<Vec<String>>);

impl Default for Hosts {
    fn default() -> Self {
        Self::new(["localhost".to_owned(), "127.0.0.1".to_owned(), "[::1]".to_owned()])
    }
}

impl Hosts {
    /// Host names without port; `*` allows any.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(names.into_iter().map(|name| name.to_ascii_lowercase()).collect()))
    }

    /// Whether a `Host` header names one of them, with or without port.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        let port_at = host.rfind(':').filter(|at| host[at + 1..].bytes().all(|byte| byte.is_ascii_digit()));
        let name = host[..port_at.unwrap_or(host.len())].to_ascii_lowercase();
        self.0.iter().any(|allowed| allowed == "*" || *allowed == name)
    }
}

/// Refuses requests for other hosts. Requests without a host are no browser's.
pub async fn check_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let header = request.headers().get(header::HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    match authority.or(header) {
        Some(host) if !app.hosts.allows(&host) => Problem::of_status(StatusCode::MISDIRECTED_REQUEST).into_response(),
        _ => next.run(request).await,
    }
}

/// Refuses addresses longer than any of ours.
pub async fn check_address(request: Request, next: Next) -> Response {
    let length = request.uri().path().len() + request.uri().query().map_or(0, str::len);
    if length > crate::MOST_ADDRESS_BYTES {
        return Problem::of_status(StatusCode::URI_TOO_LONG).into_response();
    }
    next.run(request).await
}

/// Refuses requests when too many are in work: a late answer to everybody is worse than a quick no to some.
pub async fn shed_load(State(app): State<App>, request: Request, next: Next) -> Response {
    if matches!(request.uri().path(), "/healthz" | "/metrics") {
        return next.run(request).await;
    }
    let Ok(_place) = app.places.clone().try_acquire_owned() else {
        app.metrics.shed();
        let mut response = Problem::of_status(StatusCode::SERVICE_UNAVAILABLE).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return response;
    };
    next.run(request).await
}

/// What a panic becomes. The panic hook has already logged where it was.
pub fn after_panic(_cause: Box<dyn std::any::Any + Send>) -> Response {
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_hosts_are_answered() {
        let hosts = Hosts::default();
        let check = |host: &str, expected: bool| assert_eq!(hosts.allows(host), expected, "{host}");
        check("localhost", true);
        check("LOCALHOST:8080", true);
        check("127.0.0.1:80", true);
        check("[::1]", true);
        check("[::1]:8080", true);
        check("evil.example", false);
        check("127.0.0.1.evil.example", false);
        check("", false);
        check("::::", false);
        assert!(Hosts::new(["*".to_owned()]).allows("anything.example:1"));
    }
}
