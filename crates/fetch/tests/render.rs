//! Pages made by scripts, with the Chromium of this machine; skipped with a word where there is none.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response as HttpResponse};
use fetch::{Archive, FetchError, Http, HttpConfig, Post, Replay, Request, Response, Transport};
use model::Clock;
use url::Url;

/// Paths asked for.
type Log = Arc<Mutex<Vec<String>>>;

const PAGE: &str = "<html><head><meta charset=utf-8><title>通知公告</title></head><body><ul id=list></ul><script>
    fetch('/data.json').then(answer => answer.json()).then(items => {
        for (const item of items) {
            const line = document.createElement('li');
            line.textContent = item;
            document.getElementById('list').append(line);
        }
    });
    fetch('http://127.0.0.1:PRIVATE/secret', {mode: 'no-cors'}).catch(() => 0);
    fetch('http://localhost:PRIVATE/secret', {mode: 'no-cors'}).catch(() => 0);
    new Image().src = 'http://[::1]:PRIVATE/secret';
    </script></body></html>";

async fn server(answer: impl Fn(&str) -> HttpResponse + Clone + Send + Sync + 'static) -> (SocketAddr, Log) {
    let log = Log::default();
    let noted = Arc::clone(&log);
    let router = Router::new().fallback(move |uri: Uri| {
        noted.lock().unwrap().push(uri.path().to_owned());
        let answer = answer(uri.path());
        async move { answer }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, log)
}

fn http(address: SocketAddr, change: impl FnOnce(&mut HttpConfig)) -> Http {
    let mut config = HttpConfig { allow: vec![address.to_string()], obey_robots: false, ..HttpConfig::default() };
    change(&mut config);
    Http::new(config, Clock::fixed("2026-03-01T00:00:00Z".parse().unwrap())).unwrap()
}

fn rendered(address: SocketAddr, path: &str) -> Request {
    Request { render: true, ..Request::get(Url::parse(&format!("http://{address}{path}")).unwrap()) }
}

/// The outcome, unless this machine has no browser.
fn unless_missing(result: Result<Response, FetchError>) -> Option<Result<Response, FetchError>> {
    if let Err(error @ FetchError::NoBrowser { .. }) = &result {
        eprintln!("skipped: {error}");
        return None;
    }
    Some(result)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_made_by_a_script_is_read_archived_and_replayed_and_reaches_nothing_private() {
    let (private, reached) = server(|_| "secret".into_response()).await;
    let page = PAGE.replace("PRIVATE", &private.port().to_string());
    let (address, _) = server(move |path| match path {
        "/list" => ([("x-huice-rendered", "a lie")], Html(page.clone())).into_response(),
        "/data.json" => {
            ([(header::CONTENT_TYPE, "application/json")], "[\"关于申报的通知\",\"关于印发办法的通知\"]").into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    })
    .await;
    let http = http(address, |_| {});
    let request = rendered(address, "/list");
    let Some(response) = unless_missing(http.get(&request).await) else { return };
    let response = response.unwrap();
    let text = String::from_utf8(response.body.clone()).unwrap();
    assert!(text.contains("<li>关于申报的通知</li><li>关于印发办法的通知</li>"), "{text}");
    assert_eq!(response.content_type(), Some("text/html; charset=utf-8"));
    assert!(response.header("x-huice-rendered").is_some_and(|name| name != "a lie"), "{:?}", response.headers);
    assert_eq!(*reached.lock().unwrap(), Vec::<String>::new(), "the browser got to a private address");
    let dir = tempfile::tempdir().unwrap();
    Archive::open(dir.path()).unwrap().put(&response).unwrap();
    let replayed = Replay::open(dir.path()).unwrap().get(&request).await.unwrap();
    assert_eq!((replayed.header("x-huice-rendered"), &replayed.body), (response.header("x-huice-rendered"), &response.body));
    // Without rendering the page is the script, and what the server claims of it is not believed.
    let plain = http.get(&Request { render: false, ..request }).await.unwrap();
    assert!(!plain.body.windows(4).any(|window| window == b"<li>"));
    assert_eq!(plain.header("x-huice-rendered"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_need_no_browser_come_as_they_are() {
    let (address, log) = server(|path| match path {
        "/data.json" => ([(header::CONTENT_TYPE, "application/json")], "[1]").into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    })
    .await;
    let http = http(address, |_| {});
    for (path, status) in [("/data.json", 200), ("/gone", 404)] {
        let Some(response) = unless_missing(http.get(&rendered(address, path)).await) else { return };
        let response = response.unwrap();
        assert_eq!((response.status, response.header("x-huice-rendered")), (status, None));
    }
    assert_eq!(*log.lock().unwrap(), ["/data.json", "/gone"], "asked for once each");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_hangs_or_prints_too_much_is_ended_with_its_browser() {
    let (address, _) = server(|path| match path {
        "/busy" => Html("<script>for (;;) {}</script>").into_response(),
        _ => Html("<script>document.write('<p>' + 'x'.repeat(3000000))</script>").into_response(),
    })
    .await;
    let started = Instant::now();
    let busy = http(address, |config| config.render_timeout_ms = 4_000).get(&rendered(address, "/busy")).await;
    let Some(busy) = unless_missing(busy) else { return };
    assert_eq!(busy.unwrap_err().code(), "timeout");
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    let large = http(address, |config| config.most_bytes = 1_000_000).get(&rendered(address, "/large")).await;
    assert_eq!(large.unwrap_err().code(), "too_large");
    // Profiles are thrown away, whatever happened.
    let mine = format!("huice-browser-{}-", std::process::id());
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let left: Vec<_> =
        left.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| name.starts_with(&mine)).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_rendered_is_refused_with_the_reason() {
    let (address, log) = server(|_| "x".into_response()).await;
    let missing = http(address, |config| config.browser = Some(PathBuf::from("/nowhere/chromium")));
    let error = missing.get(&rendered(address, "/")).await.unwrap_err();
    assert_eq!((error.code(), error.is_permanent()), ("no_browser", true));
    let post = Some(Post { content_type: "text/plain".to_owned(), body: Vec::new() });
    let error = missing.get(&Request { post, ..rendered(address, "/") }).await.unwrap_err();
    assert_eq!(error.code(), "bad_request");
    assert!(log.lock().unwrap().is_empty(), "nothing is asked for in vain");
}
