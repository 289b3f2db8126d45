//! POST lists, headers and cookies against a server on this machine, and their way through the archive.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response as HttpResponse};
use fetch::{Archive, FetchError, Http, HttpConfig, Post, Replay, Request, Response, Transport};
use model::Clock;
use url::Url;

/// What the server was asked: method, path, cookies and body.
type Log = Arc<Mutex<Vec<String>>>;

/// A column whose list wants a token in a cookie, and redirects of every kind.
async fn site(State(log): State<Log>, method: Method, uri: Uri, headers: HeaderMap, body: String) -> HttpResponse {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let cookie = text(header::COOKIE);
    log.lock().unwrap().push(format!("{method} {} [{cookie}] {body}", uri.path()));
    match uri.path() {
        "/token" => ([(header::SET_COOKIE, "session=7; Path=/; HttpOnly")], "token=abc").into_response(),
        "/list" if method == Method::POST => format!(
            "{} {} {} [{cookie}] {body}",
            text(header::CONTENT_TYPE),
            text(header::REFERER),
            text("x-requested-with".parse().unwrap())
        )
        .into_response(),
        "/list" => "the page itself".into_response(),
        "/wall" if cookie.is_empty() => ([(header::SET_COOKIE, "pass=1")], Redirect::to("/wall")).into_response(),
        "/wall" => "behind the wall".into_response(),
        path => match path.trim_start_matches('/').parse::<u16>().ok().and_then(|code| StatusCode::from_u16(code).ok()) {
            Some(status) => (status, [(header::LOCATION, "/target")]).into_response(),
            None => format!("{method} {body}").into_response(),
        },
    }
}

struct Server {
    base: Url,
    log: Log,
    http: Http,
}

impl Server {
    async fn start() -> Self {
        let log = Log::default();
        let router = Router::new().fallback(site).with_state(Arc::clone(&log));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let config = HttpConfig { allow: vec![address.to_string()], obey_robots: false, ..HttpConfig::default() };
        let http = Http::new(config, Clock::fixed("2026-03-01T00:00:00Z".parse().unwrap())).unwrap();
        Self { base: Url::parse(&format!("http://{address}")).unwrap(), log, http }
    }

    fn request(&self, path: &str) -> Request {
        Request::get(self.base.join(path).unwrap())
    }

    async fn get(&self, request: &Request) -> Result<Response, FetchError> {
        self.http.get(request).await
    }
}

fn form(body: &str) -> Option<Post> {
    Some(Post { content_type: "application/x-www-form-urlencoded".to_owned(), body: body.as_bytes().to_vec() })
}

fn text(response: &Response) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

#[tokio::test]
async fn a_list_behind_a_token_page_is_read_by_post() {
    let server = Server::start().await;
    let jar = Some("example-zc".to_owned());
    let token = server.get(&Request { jar: jar.clone(), ..server.request("/token") }).await.unwrap();
    assert_eq!(text(&token), "token=abc");
    let headers = vec![
        ("Referer".to_owned(), "http://www.example.gov.cn/zc/".to_owned()),
        ("X-Requested-With".to_owned(), "XMLHttpRequest".to_owned()),
    ];
    let ask = Request { post: form("page=2&token=abc"), headers, jar, ..server.request("/list") };
    let list = server.get(&ask).await.unwrap();
    let expected = "application/x-www-form-urlencoded http://www.example.gov.cn/zc/ XMLHttpRequest [session=7] page=2&token=abc";
    assert_eq!(text(&list), expected);
    assert_eq!(list.post, ask.post);
    // Another jar, and no jar, see nothing of the session.
    for jar in [Some("other".to_owned()), None] {
        let list = server.get(&Request { jar, ..ask.clone() }).await.unwrap();
        assert!(text(&list).contains("[]"), "{}", text(&list));
    }
}

#[tokio::test]
async fn a_redirect_after_a_post_is_followed_as_browsers_do() {
    let server = Server::start().await;
    for (status, expected) in [(301, "GET "), (302, "GET "), (303, "GET "), (307, "POST page=2"), (308, "POST page=2")] {
        let ask = Request { post: form("page=2"), ..server.request(&format!("/{status}")) };
        let response = server.get(&ask).await.unwrap();
        assert_eq!((text(&response).as_str(), response.url.path()), (expected, "/target"), "{status}");
    }
}

#[tokio::test]
async fn a_site_that_sets_a_cookie_and_asks_again_is_no_loop_with_a_jar() {
    let server = Server::start().await;
    let with_jar = Request { jar: Some("a".to_owned()), ..server.request("/wall") };
    assert_eq!(text(&server.get(&with_jar).await.unwrap()), "behind the wall");
    assert_eq!(server.get(&server.request("/wall")).await.unwrap_err().code(), "too_many_redirects");
    assert_eq!(*server.log.lock().unwrap(), ["GET /wall [] ", "GET /wall [pass=1] ", "GET /wall [] "]);
}

#[tokio::test]
async fn what_must_not_be_sent_is_refused_before_anything_is_sent() {
    let server = Server::start().await;
    let with =
        |name: &str, value: &str| Request { headers: vec![(name.to_owned(), value.to_owned())], ..server.request("/list") };
    let huge = Some(Post { content_type: "text/plain".to_owned(), body: vec![b'x'; 2 << 20] });
    let odd = Some(Post { content_type: "text/plain\r\nHost: x".to_owned(), body: Vec::new() });
    for request in [
        with("Host", "other.gov.cn"),
        with("Authorization", "Basic x"),
        with("Cookie", "a=1"),
        with("X-Forwarded-For", "10.0.0.1"),
        with("X-Token", "a\r\nHost: b"),
        Request { post: huge, ..server.request("/list") },
        Request { post: odd, ..server.request("/list") },
    ] {
        let error = server.get(&request).await.unwrap_err();
        assert_eq!((error.code(), error.is_permanent()), ("bad_request", true), "{error}");
    }
    assert!(server.log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn answers_to_posts_are_archived_and_replayed_apart_from_each_other_and_from_the_page() {
    let server = Server::start().await;
    let page = server.request("/list");
    let first = Request { post: form("page=1"), ..page.clone() };
    let second = Request { post: form("page=2"), ..page.clone() };
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let mut stored = Vec::new();
    for request in [&page, &first, &second] {
        let response = server.get(request).await.unwrap();
        archive.put(&response).unwrap();
        // The same answer again is stored once.
        archive.put(&response).unwrap();
        stored.push(response);
    }
    assert_eq!(archive.len(), 3);
    let latest = archive.latest_of(page.url.as_str()).unwrap();
    assert_eq!((latest.post, archive.get(&latest.id).unwrap().unwrap().body), (None, b"the page itself".to_vec()));
    drop(archive);
    // The index is rebuilt from the records alone.
    let index = dir.path().join("index.jsonl");
    let before = std::fs::read_to_string(&index).unwrap();
    std::fs::remove_file(&index).unwrap();
    drop(Archive::open(dir.path()).unwrap());
    assert_eq!(std::fs::read_to_string(&index).unwrap(), before);
    let replay = Replay::open(dir.path()).unwrap();
    assert_eq!((replay.len(), replay.urls()), (3, vec![page.url.clone()]));
    for (request, response) in [&page, &first, &second].into_iter().zip(&stored) {
        let replayed = replay.get(request).await.unwrap();
        assert_eq!((&replayed.body, &replayed.post), (&response.body, &response.post));
    }
    let third = Request { post: form("page=3"), ..page };
    assert_eq!(replay.get(&third).await.unwrap_err().code(), "not_in_replay");
}

#[tokio::test]
async fn a_manifest_names_the_answers_to_posts_by_what_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("2.json"), "[2]").unwrap();
    let line = r#"{"url":"http://www.example.gov.cn/list","post":"page=2","file":"2.json"}"#;
    std::fs::write(dir.path().join("pages.jsonl"), line).unwrap();
    let replay = Replay::open(&dir.path().join("pages.jsonl")).unwrap();
    let page = Request::get(Url::parse("http://www.example.gov.cn/list").unwrap());
    assert_eq!(replay.get(&page).await.unwrap_err().code(), "not_in_replay");
    assert_eq!(replay.get(&Request { post: form("page=2"), ..page }).await.unwrap().body, b"[2]");
}
