//! The network transport against a server on this machine.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request as HttpRequest, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response as HttpResponse};
use axum::routing::get;
use fetch::{Archive, FetchError, Http, HttpConfig, Replay, Request, Response, Transport};
use model::Clock;
use url::Url;

/// Paths asked for, in order, and the headers of the last request.
type Log = Arc<Mutex<(Vec<String>, HeaderMap)>>;

struct Server {
    address: SocketAddr,
    log: Log,
}

async fn note(State(log): State<Log>, request: HttpRequest<Body>, next: axum::middleware::Next) -> HttpResponse {
    {
        let mut log = log.lock().unwrap();
        log.0.push(request.uri().path_and_query().map(ToString::to_string).unwrap_or_default());
        log.1 = request.headers().clone();
    }
    next.run(request).await
}

impl Server {
    async fn start(router: Router) -> Self {
        let log = Log::default();
        let router = router.layer(axum::middleware::from_fn_with_state(Arc::clone(&log), note));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, log }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }

    fn paths(&self) -> Vec<String> {
        self.log.lock().unwrap().0.clone()
    }

    fn config(&self) -> HttpConfig {
        HttpConfig {
            allow: vec![self.address.to_string()],
            obey_robots: false,
            backoff_ms: 1,
            connect_timeout_ms: 5_000,
            total_timeout_ms: 10_000,
            ..HttpConfig::default()
        }
    }

    async fn get(&self, path: &str) -> Result<Response, FetchError> {
        self.get_with(self.config(), path).await
    }

    async fn get_with(&self, config: HttpConfig, path: &str) -> Result<Response, FetchError> {
        http(config).get(&Request::get(self.url(path))).await
    }
}

fn http(config: HttpConfig) -> Http {
    Http::new(config, Clock::fixed("2026-03-01T00:00:00Z".parse().unwrap())).unwrap()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[track_caller]
fn code(outcome: Result<Response, FetchError>) -> &'static str {
    match outcome {
        Ok(response) => panic!("answered {}", response.status),
        Err(error) => error.code(),
    }
}

#[tokio::test]
async fn a_page_comes_back_with_its_status_headers_and_time() {
    let server =
        Server::start(Router::new().route("/a", get(|| async { ([(header::CONTENT_TYPE, "text/html; charset=gbk")], "body") })))
            .await;
    let response = server.get("/a#part").await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"body".as_slice()));
    assert_eq!(response.content_type(), Some("text/html; charset=gbk"));
    assert_eq!(response.fetched_at.to_string(), "2026-03-01T00:00:00Z");
    assert_eq!(server.get("/missing").await.unwrap().status, 404);
    let headers = server.log.lock().unwrap().1.clone();
    assert_eq!(headers[header::ACCEPT_ENCODING], "gzip, deflate, br");
    assert!(headers[header::USER_AGENT].to_str().unwrap().contains("huice"));
}

#[tokio::test]
async fn requests_to_one_host_keep_their_order_and_their_pause() {
    let times: Arc<Mutex<Vec<std::time::Instant>>> = Arc::default();
    let noted = Arc::clone(&times);
    let router = Router::new().fallback(move || {
        noted.lock().unwrap().push(std::time::Instant::now());
        async { "x" }
    });
    let server = Server::start(router).await;
    let http = http(HttpConfig { per_host_rate_ms: 40, ..server.config() });
    let requests: Vec<Request> = (0..5).map(|number| Request::get(server.url(&format!("/{number}")))).collect();
    let (a, b, c, d, e) = tokio::join!(
        biased;
        http.get(&requests[0]),
        http.get(&requests[1]),
        http.get(&requests[2]),
        http.get(&requests[3]),
        http.get(&requests[4])
    );
    for outcome in [a, b, c, d, e] {
        assert_eq!(outcome.unwrap().status, 200);
    }
    assert_eq!(server.paths(), ["/0", "/1", "/2", "/3", "/4"]);
    // A lower bound of what was asked for holds on any machine.
    let times = times.lock().unwrap();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(35)), "{times:?}");
}

/// Answers 503 with `Retry-After` a number of times, then 200.
fn overloaded(times: usize, retry_after: &'static str) -> Router {
    let left = Arc::new(Mutex::new(times));
    Router::new().fallback(move || {
        let mut left = left.lock().unwrap();
        let is_overloaded = *left > 0;
        *left = left.saturating_sub(1);
        async move {
            if is_overloaded {
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, retry_after)], "busy").into_response()
            } else {
                "ok".into_response()
            }
        }
    })
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let server = Server::start(overloaded(1, "1")).await;
    let start = std::time::Instant::now();
    assert_eq!(server.get("/a").await.unwrap().status, 200);
    assert!(start.elapsed() >= Duration::from_millis(950));
    assert_eq!(server.paths().len(), 2);
}

#[tokio::test]
async fn a_long_retry_after_ends_the_request_and_keeps_the_host_alone() {
    let server = Server::start(overloaded(9, "Sun, 01 Mar 2026 01:00:00 GMT")).await;
    let http = http(server.config());
    let outcome = http.get(&Request::get(server.url("/a"))).await;
    assert_eq!(
        outcome.unwrap_err(),
        FetchError::Status { url: server.url("/a").to_string(), status: 503, retry_after_s: Some(3_600) }
    );
    assert_eq!(code(http.get(&Request::get(server.url("/b"))).await), "retry_later");
    assert_eq!(server.paths(), ["/a"]);
}

#[tokio::test]
async fn attempts_are_limited() {
    let server = Server::start(Router::new().fallback(|| async { StatusCode::INTERNAL_SERVER_ERROR })).await;
    let error = server.get("/a").await.unwrap_err();
    assert_eq!((error.code(), error.is_permanent()), ("status", false));
    assert_eq!(server.paths().len(), 3);
}

#[tokio::test]
async fn redirects_are_followed_and_both_urls_kept() {
    let router =
        Router::new().route("/old", get(|| async { Redirect::permanent("/new?x=1") })).route("/new", get(|| async { "here" }));
    let server = Server::start(router).await;
    let response = server.get("/old").await.unwrap();
    assert_eq!((response.requested, response.url), (server.url("/old"), server.url("/new?x=1")));
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused_in_every_spelling() {
    let targets = [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::10.0.0.1]/",
        "http://100.100.100.200/",
        "//192.168.1.1/",
        "http://localhost/",
    ];
    let router = Router::new().route(
        "/{number}",
        get(move |axum::extract::Path(number): axum::extract::Path<usize>| async move {
            (StatusCode::FOUND, [(header::LOCATION, targets[number])])
        }),
    );
    let server = Server::start(router).await;
    for (number, target) in targets.iter().enumerate() {
        let error = server.get(&format!("/{number}")).await.unwrap_err();
        assert_eq!((error.code(), error.is_permanent()), ("forbidden_address", true), "{target}");
    }
    let file =
        Server::start(Router::new().fallback(|| async { (StatusCode::FOUND, [(header::LOCATION, "file:///etc/passwd")]) })).await;
    assert_eq!(code(file.get("/").await), "bad_url");
}

#[tokio::test]
async fn without_exemption_this_machine_is_out_of_reach_by_literal_and_by_name() {
    let server = Server::start(Router::new().fallback(|| async { "secret" })).await;
    let closed = HttpConfig { allow: Vec::new(), ..server.config() };
    assert_eq!(code(server.get_with(closed.clone(), "/").await), "forbidden_address");
    let named = Url::parse(&format!("http://localhost:{}/", server.address.port())).unwrap();
    assert_eq!(code(http(closed.clone()).get(&Request::get(named.clone())).await), "forbidden_address");
    // An exemption for another port does not open this one, whatever the name.
    let other = HttpConfig { allow: vec!["127.0.0.1:1".to_owned()], ..closed.clone() };
    assert_eq!(code(http(other).get(&Request::get(named.clone())).await), "forbidden_address");
    assert_eq!(server.paths(), Vec::<String>::new());
    let open = HttpConfig { allow: vec![format!("localhost:{}", server.address.port())], ..closed };
    assert_eq!(http(open).get(&Request::get(named)).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_redirect_loop_and_a_long_chain_end() {
    let router = Router::new()
        .route("/a", get(|| async { Redirect::temporary("/b") }))
        .route("/b", get(|| async { Redirect::temporary("/a") }))
        .route(
            "/n/{number}",
            get(|axum::extract::Path(number): axum::extract::Path<u32>| async move {
                Redirect::temporary(&format!("/n/{}", number + 1))
            }),
        );
    let server = Server::start(router).await;
    assert_eq!(code(server.get("/a").await), "too_many_redirects");
    assert_eq!(server.paths().len(), 2);
    assert_eq!(code(server.get("/n/0").await), "too_many_redirects");
    assert_eq!(server.paths().len(), 2 + 6);
}

#[tokio::test]
async fn a_gzip_bomb_and_an_oversized_body_are_refused() {
    let bomb = gzip(&vec![0; 50 << 20]);
    let router = Router::new()
        .route("/bomb", get(move || async move { ([(header::CONTENT_ENCODING, "gzip")], bomb) }))
        .route("/large", get(|| async { vec![b'x'; 2_000_000] }))
        .route(
            "/endless",
            get(|| async {
                Body::from_stream(futures_util::stream::repeat(Ok::<_, std::convert::Infallible>(vec![b'x'; 8 << 10])))
            }),
        );
    let server = Server::start(router).await;
    let config = HttpConfig { most_bytes: 1_500_000, ..server.config() };
    assert_eq!(code(server.get_with(config.clone(), "/large").await), "too_large");
    assert_eq!(code(server.get_with(config.clone(), "/endless").await), "too_large");
    assert_eq!(code(server.get("/bomb").await), "bomb");
    assert_eq!(code(server.get_with(HttpConfig { most_ratio: 5_000, ..config }, "/bomb").await), "too_large");
    assert_eq!(server.paths().len(), 4, "none of these is tried again");
}

#[tokio::test]
async fn compressed_pages_are_decompressed_and_say_so() {
    let page = "政策".repeat(1_000);
    let compressed = gzip(page.as_bytes());
    let server =
        Server::start(Router::new().fallback(move || async move { ([(header::CONTENT_ENCODING, "gzip")], compressed) })).await;
    let response = server.get("/").await.unwrap();
    assert_eq!(response.body, page.as_bytes());
    assert_eq!((response.header("content-encoding"), response.header("x-archive-orig-content-encoding")), (None, Some("gzip")));
}

#[tokio::test]
async fn a_slow_server_times_out() {
    let router = Router::new().fallback(|| async {
        tokio::time::sleep(Duration::from_secs(30)).await;
        "late"
    });
    let server = Server::start(router).await;
    let config = HttpConfig { total_timeout_ms: 100, attempts: 2, ..server.config() };
    let error = server.get_with(config, "/a").await.unwrap_err();
    assert_eq!((error.code(), error.is_permanent()), ("timeout", false));
    assert_eq!(server.paths().len(), 2);
}

#[tokio::test]
async fn a_refused_connection_is_an_io_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let config = HttpConfig { allow: vec!["127.0.0.0/8".to_owned()], obey_robots: false, backoff_ms: 1, ..HttpConfig::default() };
    let url = Url::parse(&format!("http://{address}/")).unwrap();
    assert_eq!(code(http(config.clone()).get(&Request::get(url)).await), "io");
    let unknown = Url::parse("http://no-such-host.invalid/").unwrap();
    assert_eq!(code(http(config).get(&Request::get(unknown)).await), "dns");
}

#[tokio::test]
async fn plain_text_where_tls_is_expected_is_a_tls_error() {
    let server = Server::start(Router::new()).await;
    let url = Url::parse(&format!("https://{}/", server.address)).unwrap();
    assert_eq!(code(http(server.config()).get(&Request::get(url)).await), "tls");
}

fn with_robots(status: StatusCode, rules: &'static str) -> Router {
    Router::new().route("/robots.txt", get(move || async move { (status, rules) })).fallback(|| async { "page" })
}

#[tokio::test]
async fn robots_txt_is_read_once_and_obeyed() {
    let server = Server::start(with_robots(StatusCode::OK, "User-agent: *\nDisallow: /private/\n")).await;
    let http = http(HttpConfig { obey_robots: true, ..server.config() });
    let error = http.get(&Request::get(server.url("/private/a"))).await.unwrap_err();
    assert_eq!((error.code(), error.is_permanent()), ("robots", true));
    assert_eq!(http.get(&Request::get(server.url("/public"))).await.unwrap().status, 200);
    assert_eq!(server.paths(), ["/robots.txt", "/public"]);
}

#[tokio::test]
async fn a_redirect_into_a_forbidden_part_is_not_followed() {
    let router = with_robots(StatusCode::OK, "User-agent: *\nDisallow: /private/\n")
        .route("/a", get(|| async { Redirect::to("/private/a") }));
    let server = Server::start(router).await;
    assert_eq!(code(server.get_with(HttpConfig { obey_robots: true, ..server.config() }, "/a").await), "robots");
    assert_eq!(server.paths(), ["/robots.txt", "/a"]);
}

#[tokio::test]
async fn missing_robots_allow_and_broken_robots_forbid() {
    let missing = Server::start(with_robots(StatusCode::NOT_FOUND, "User-agent: *\nDisallow: /\n")).await;
    assert_eq!(missing.get_with(HttpConfig { obey_robots: true, ..missing.config() }, "/a").await.unwrap().status, 200);
    let broken = Server::start(with_robots(StatusCode::BAD_GATEWAY, "")).await;
    let http = http(HttpConfig { obey_robots: true, ..broken.config() });
    for path in ["/a", "/b"] {
        let error = http.get(&Request::get(broken.url(path))).await.unwrap_err();
        assert_eq!((error.code(), error.is_permanent()), ("robots_unavailable", false));
    }
    assert_eq!(broken.paths(), ["/robots.txt"; 3], "three attempts, then remembered");
}

#[tokio::test]
async fn validators_are_sent_and_304_is_told() {
    let router = Router::new().fallback(|headers: HeaderMap| async move {
        if headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag == "\"v1\"") {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::ETAG, "\"v1\"")], "page").into_response()
        }
    });
    let server = Server::start(router).await;
    let first = server.get("/").await.unwrap();
    assert!(!first.not_modified());
    let again = Request {
        etag: first.header("etag").map(str::to_owned),
        last_modified: Some("Sun, 01 Mar 2026 00:00:00 GMT".to_owned()),
        ..Request::get(server.url("/"))
    };
    let second = http(server.config()).get(&again).await.unwrap();
    assert!(second.not_modified() && second.body.is_empty());
    assert_eq!(server.log.lock().unwrap().1[header::IF_MODIFIED_SINCE], "Sun, 01 Mar 2026 00:00:00 GMT");
}

#[tokio::test]
async fn a_configured_proxy_is_used_and_private_targets_stay_refused() {
    let proxy = Server::start(Router::new().fallback(|| async { "from the proxy" })).await;
    let config = HttpConfig {
        proxy: Some(format!("http://{}", proxy.address)),
        allow: Vec::new(),
        obey_robots: false,
        ..HttpConfig::default()
    };
    let http = http(config);
    let outside = Url::parse("http://no-such-host.invalid/page").unwrap();
    assert_eq!(http.get(&Request::get(outside)).await.unwrap().body, b"from the proxy");
    for target in ["http://10.0.0.1/", "http://localhost/"] {
        assert_eq!(code(http.get(&Request::get(Url::parse(target).unwrap())).await), "forbidden_address");
    }
}

#[tokio::test]
async fn a_gbk_page_goes_from_the_network_through_the_archive_and_back_unchanged() {
    let text = "<html><head><meta charset=\"gb2312\"></head><body>关于组织申报专精特新企业的通知</body></html>";
    let body = encoding_rs::GBK.encode(text).0.into_owned();
    let sent = body.clone();
    let server =
        Server::start(Router::new().fallback(move || async move { ([(header::CONTENT_TYPE, "text/html")], sent) })).await;
    let response = server.get("/t20260301_1.html").await.unwrap();
    let decoded = fetch::decode(&response.body, response.content_type(), "");
    assert_eq!((decoded.text.as_str(), decoded.charset, decoded.issues.len()), (text, "gb18030", 0));
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let id = archive.put(&response).unwrap();
    assert_eq!(archive.get(&id).unwrap().unwrap().body, body);
    let replayed = Replay::open(dir.path()).unwrap().get(&Request::get(server.url("/t20260301_1.html"))).await.unwrap();
    assert_eq!((replayed.body, replayed.status, replayed.fetched_at), (body, response.status, response.fetched_at));
    assert_eq!(
        replayed.headers.iter().find(|(name, _)| name == "content-type"),
        Some(&("content-type".to_owned(), "text/html".to_owned()))
    );
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused() {
    for config in [
        HttpConfig { allow: vec!["everything".to_owned()], ..HttpConfig::default() },
        HttpConfig { proxy: Some("::".to_owned()), ..HttpConfig::default() },
        HttpConfig { user_agent: "a\nb".to_owned(), ..HttpConfig::default() },
    ] {
        let error = Http::new(config, Clock::fixed(jiff::Timestamp::UNIX_EPOCH)).err().map(|error| error.code());
        assert_eq!(error, Some("config"));
    }
}
