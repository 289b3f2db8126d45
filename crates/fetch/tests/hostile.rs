//! Servers that mean harm, or are broken: each ends in a named error or a body within the limits, in time, and the next
//! request works. Loops of redirects and private addresses are in `http.rs`, floods of cookies also in `http/cookies.rs`.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fetch::{FetchError, Http, HttpConfig, Post, Request, Response, Transport};
use model::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// What one attempt may take.
const TIMEOUT_MS: u64 = 1_200;
const MOST_BYTES: u64 = 1_500_000;

/// Thirty million zeros in 53 bytes of brotli.
const BROTLI_BOMB: &[u8] = &[
    0xcb, 0xff, 0xff, 0x3f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x8f, 0xff, 0xff, 0x7f, 0xf0, 0x4f, 0x00, 0xc4,
    0x61, 0x11, 0x80, 0xee, 0xfd, 0x1f, 0xff, 0xff, 0xff, 0xe0, 0x9f, 0x00, 0x88, 0xc3, 0x02, 0x00, 0xdd, 0xfb, 0xbf, 0xfc, 0xff,
    0xff, 0xc2, 0x3f, 0x01, 0x10, 0x87, 0x05, 0x00, 0xba, 0xf7, 0x5f,
];

fn gzip(body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn with_length(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// What the server says to a path at once; `None` where it goes on and on.
fn answer(path: &str) -> Option<Vec<u8>> {
    let plain = |head: &str| Some(format!("HTTP/1.1 200 OK\r\n{head}").into_bytes());
    match path {
        "/good" => Some(with_length("", b"good")),
        "/gzip-bomb" => Some(with_length("Content-Encoding: gzip\r\n", &gzip(&vec![0; 6 << 20]))),
        "/nested-bomb" => Some(with_length("Content-Encoding: gzip, gzip\r\n", &gzip(&gzip(&vec![0; 30 << 20])))),
        "/deflate-bomb" => Some(with_length("Content-Encoding: deflate\r\n", &zlib(&vec![0; 6 << 20]))),
        "/brotli-bomb" => Some(with_length("Content-Encoding: br\r\n", BROTLI_BOMB)),
        "/not-gzip" => Some(with_length("Content-Encoding: gzip\r\n", &[0x1f, 0x8b, 8, 0, 1, 2, 3])),
        "/length-too-long" => plain("Content-Length: 5000\r\n\r\nshort"),
        "/length-too-short" => plain("Content-Length: 4\r\n\r\nthis is more than four bytes"),
        "/length-negative" => plain("Content-Length: -5\r\n\r\nbody"),
        "/length-twice" => plain("Content-Length: 4\r\nContent-Length: 400\r\n\r\nbody"),
        "/length-huge" => plain("Content-Length: 99999999999999999999999\r\n\r\nbody"),
        "/chunked-garbage" => plain("Transfer-Encoding: chunked\r\n\r\nzz\r\nbody\r\n"),
        "/chunk-overflow" => plain("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nbody\r\n"),
        "/chunk-cut" => plain("Transfer-Encoding: chunked\r\n\r\n40\r\nbody"),
        "/fifty-megabytes" => Some(with_length("", &vec![b'x'; 50 << 20])),
        "/fifty-unannounced" => {
            let mut answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
            answer.resize(50 << 20, b'x');
            Some(answer)
        }
        "/thousands-of-headers" => plain(&format!("{}\r\n", "X-A: b\r\n".repeat(5_000))),
        "/huge-header" => plain(&format!("X-A: {}\r\n\r\n", "b".repeat(3 << 20))),
        "/header-with-nul" => plain("X-A: a\0b\r\nContent-Length: 4\r\n\r\nbody"),
        "/header-with-cr" => plain("X-A: a\rContent-Length: 4\r\nContent-Length: 4\r\n\r\nbody"),
        "/header-in-gbk" => {
            let mut answer = b"HTTP/1.1 200 OK\r\nX-Title: ".to_vec();
            answer.extend_from_slice(&[0xd5, 0xfe, 0xb2, 0xdf]);
            answer.extend_from_slice(b"\r\nContent-Length: 4\r\n\r\nbody");
            Some(answer)
        }
        "/broken-text" => {
            let body = [b"\xd5\xfe\xb2\xdf\x00\xff\xfe".as_slice(), "政策".as_bytes(), &[0xe6, 0x94, 0, 0x80]].concat();
            Some(with_length("Content-Type: text/html; charset=utf-8\r\n", &body))
        }
        "/no-http" => Some(b"220 ready\r\n".to_vec()),
        "/nothing" => Some(Vec::new()),
        "/204" => Some(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        "/206" => Some(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/400\r\nContent-Length: 4\r\n\r\npart".to_vec()),
        "/304" => Some(b"HTTP/1.1 304 Not Modified\r\n\r\n".to_vec()),
        "/101" => Some(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n".to_vec()),
        "/redirect-nowhere" => Some(b"HTTP/1.1 302 Found\r\nLocation: http://[::\r\nContent-Length: 0\r\n\r\n".to_vec()),
        "/cookies" => {
            let cookies: String = (0..80).map(|number| format!("Set-Cookie: c{number}={}\r\n", "v".repeat(3_000))).collect();
            Some(with_length(&cookies, b"cookies"))
        }
        "/busy-for-ever" => Some(b"HTTP/1.1 503 Busy\r\nRetry-After: 18446744073709551615\r\nContent-Length: 0\r\n\r\n".to_vec()),
        "/robots.txt" => Some(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec()),
        _ => None,
    }
}

/// What never ends, or ends badly.
async fn go_on(path: &str, stream: &mut TcpStream) -> std::io::Result<()> {
    let (opening, again, pause_ms): (&str, Vec<u8>, u64) = match path {
        "/slow-header" => ("HTTP/1.1 200 OK\r\nX-A: ", b"a".to_vec(), 50),
        "/endless-header" => ("HTTP/1.1 200 OK\r\nX-A: ", vec![b'a'; 8 << 10], 0),
        "/drip" => ("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x".to_vec(), 50),
        "/endless" => ("HTTP/1.1 200 OK\r\n\r\n", vec![b'x'; 64 << 10], 0),
        "/endless-chunks" => (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            format!("200\r\n{}\r\n", "x".repeat(512)).repeat(100).into_bytes(),
            0,
        ),
        "/endless-continue" => ("", b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), 20),
        _ => ("", Vec::new(), 3_600_000),
    };
    stream.write_all(opening.as_bytes()).await?;
    loop {
        stream.write_all(&again).await?;
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
}

async fn serve(mut stream: TcpStream, robots: &'static str) -> std::io::Result<()> {
    let mut head = Vec::new();
    loop {
        // One byte at a time: the body of a POST stays unread, so closing resets the connection.
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let path = String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned();
        let path = if path == "/robots.txt" { robots.to_owned() } else { path };
        head.clear();
        match answer(&path) {
            Some(bytes) => stream.write_all(&bytes).await?,
            None if path == "/reset" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhalf").await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
                return Ok(());
            }
            None => return go_on(&path, &mut stream).await,
        }
        if path != "/good" {
            return Ok(());
        }
    }
}

struct Server {
    address: SocketAddr,
}

impl Server {
    /// A server whose robots.txt is what this path answers.
    async fn start(robots: &'static str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, robots));
            }
        });
        Self { address }
    }

    fn request(&self, path: &str) -> Request {
        Request::get(Url::parse(&format!("http://{}{path}", self.address)).unwrap())
    }

    fn http(&self, obey_robots: bool) -> Http {
        let config = HttpConfig {
            allow: vec![self.address.to_string()],
            obey_robots,
            backoff_ms: 1,
            attempts: 2,
            total_timeout_ms: TIMEOUT_MS,
            most_bytes: MOST_BYTES,
            ..HttpConfig::default()
        };
        Http::new(config, Clock::fixed("2026-03-01T00:00:00Z".parse().unwrap())).unwrap()
    }
}

fn outcome(result: &Result<Response, FetchError>) -> String {
    match result {
        Ok(response) => format!("{} with {} bytes", response.status, response.body.len()),
        Err(error) => error.code().to_owned(),
    }
}

/// Asks for each path, and for a good page after each.
async fn check(cases: &[(&str, &str)]) {
    let server = Server::start("/robots.txt").await;
    let http = server.http(false);
    for (path, expected) in cases {
        let started = Instant::now();
        let result = http.get(&server.request(path)).await;
        assert_eq!(&outcome(&result), expected, "{path}: {result:?}");
        // Two attempts and some patience with a busy machine: what matters is that it ends.
        assert!(started.elapsed() < Duration::from_secs(20), "{path} took {:?}", started.elapsed());
        let next = http.get(&server.request("/good")).await;
        assert_eq!(outcome(&next), "200 with 4 bytes", "after {path}: {next:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_swell_are_refused() {
    check(&[
        ("/gzip-bomb", "bomb"),
        ("/nested-bomb", "bomb"),
        ("/deflate-bomb", "bomb"),
        ("/brotli-bomb", "bomb"),
        ("/not-gzip", "io"),
        ("/fifty-megabytes", "too_large"),
        ("/fifty-unannounced", "too_large"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_ends_is_ended() {
    check(&[
        ("/slow-header", "timeout"),
        ("/drip", "timeout"),
        ("/endless-continue", "timeout"),
        ("/silent", "timeout"),
        ("/endless-header", "io"),
        ("/endless", "too_large"),
        ("/endless-chunks", "too_large"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths_that_lie_cost_only_their_page() {
    check(&[
        ("/length-too-long", "io"),
        ("/length-too-short", "200 with 4 bytes"),
        ("/length-negative", "io"),
        ("/length-twice", "io"),
        ("/length-huge", "io"),
        ("/chunked-garbage", "io"),
        ("/chunk-overflow", "io"),
        ("/chunk-cut", "io"),
        ("/nothing", "io"),
        ("/no-http", "io"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_out_of_hand_are_an_error_and_odd_ones_are_not() {
    check(&[
        ("/thousands-of-headers", "io"),
        ("/huge-header", "io"),
        ("/header-with-nul", "io"),
        ("/header-with-cr", "io"),
        ("/header-in-gbk", "200 with 4 bytes"),
        ("/redirect-nowhere", "bad_url"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_nobody_asked_for_are_no_pages() {
    check(&[("/204", "204 with 0 bytes"), ("/206", "io"), ("/304", "io"), ("/101", "io")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_text_comes_through_as_it_is_and_is_read_with_its_faults_named() {
    let server = Server::start("/robots.txt").await;
    let response = server.http(false).get(&server.request("/broken-text")).await.unwrap();
    assert_eq!(response.body.len(), 17);
    let decoded = fetch::decode(&response.body, response.content_type(), "");
    let codes: Vec<&str> = decoded.issues.iter().map(|issue| issue.code.as_str()).collect();
    assert!(codes.contains(&"nul_bytes") && codes.contains(&"charset_garbage"), "{codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_reset_inside_the_body_is_an_error() {
    let server = Server::start("/robots.txt").await;
    let http = server.http(false);
    let post = Some(Post { content_type: "text/plain".to_owned(), body: vec![b'x'; 100 << 10] });
    let result = http.get(&Request { post, ..server.request("/reset") }).await;
    assert_eq!(outcome(&result), "io");
    assert_eq!(outcome(&http.get(&server.request("/good")).await), "200 with 4 bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_busy_for_ever_is_left_alone() {
    let server = Server::start("/robots.txt").await;
    let http = server.http(false);
    assert_eq!(outcome(&http.get(&server.request("/busy-for-ever")).await), "status");
    assert_eq!(outcome(&http.get(&server.request("/good")).await), "retry_later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_cookies_leaves_the_site_readable() {
    let server = Server::start("/robots.txt").await;
    let http = server.http(false);
    let with_jar = |path: &str| Request { jar: Some("a".to_owned()), ..server.request(path) };
    for _ in 0..10 {
        assert_eq!(outcome(&http.get(&with_jar("/cookies")).await), "200 with 7 bytes");
    }
    assert_eq!(outcome(&http.get(&with_jar("/good")).await), "200 with 4 bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_txt_cannot_hold_the_crawler_up_or_harm_it() {
    for (robots, expected) in [
        ("/endless", "200 with 4 bytes"),
        ("/fifty-megabytes", "200 with 4 bytes"),
        ("/gzip-bomb", "200 with 4 bytes"),
        ("/broken-text", "200 with 4 bytes"),
        ("/206", "io"),
        ("/slow-header", "timeout"),
        ("/drip", "timeout"),
        ("/thousands-of-headers", "io"),
    ] {
        let server = Server::start(robots).await;
        let started = Instant::now();
        let result = server.http(true).get(&server.request("/good")).await;
        assert_eq!(outcome(&result), expected, "robots.txt answers {robots}: {result:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "{robots} took {:?}", started.elapsed());
    }
}
