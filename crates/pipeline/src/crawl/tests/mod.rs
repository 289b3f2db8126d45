//! Crawls of a small site on this machine, over HTTP, into a real data folder.

mod articles;
mod bounds;
mod files;
mod health;
mod lists;
mod reaching;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};

use fetch::{AnyTransport, Http, HttpConfig};
use jiff::{SignedDuration, Timestamp};
use model::source::{ListRule, Paging};
use model::{Clock, Document, RunReport, Source};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{CrawlOptions, Revisit};
use crate::{Data, Folder, Pipeline, Stages};

static STAGES: LazyLock<Arc<Stages>> = LazyLock::new(|| Arc::new(Stages::new(Data::load(None).unwrap()).unwrap()));

/// What a path answers.
#[derive(Clone)]
struct Answer {
    status: u16,
    headers: String,
    body: Vec<u8>,
    /// Sent as `ETag`, and answered with 304 where the request names it.
    etag: Option<String>,
}

#[derive(Default)]
struct Served {
    answers: BTreeMap<String, Answer>,
    /// Requests in order: method, path, body.
    asked: Vec<String>,
}

/// A site on this machine.
struct Site {
    address: SocketAddr,
    served: Arc<Mutex<Served>>,
}

impl Site {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let served: Arc<Mutex<Served>> = Arc::default();
        let shared = served.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, shared.clone()));
            }
        });
        Self { address, served }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn put(&self, path: &str, status: u16, body: impl Into<Vec<u8>>) {
        let headers = "Content-Type: text/html; charset=utf-8\r\n".to_owned();
        let answer = Answer { status, headers, body: body.into(), etag: None };
        self.served.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    fn put_file(&self, path: &str, body: &[u8], etag: &str) {
        let headers = "Content-Type: application/octet-stream\r\n".to_owned();
        let answer = Answer { status: 200, headers, body: body.to_vec(), etag: Some(etag.to_owned()) };
        self.served.lock().unwrap().answers.insert(path.to_owned(), answer);
    }

    fn remove(&self, path: &str) {
        self.served.lock().unwrap().answers.remove(path);
    }

    /// A list page with items that lead to these articles; the date of each is that of its number.
    fn put_list(&self, path: &str, numbers: &[u32], further: &str) {
        let item = |number: &u32| {
            let (title, date) = (title(*number), date_of(*number));
            format!("<li><a href=\"/zc/{number}.html\">{title}</a><span>{date}</span></li>")
        };
        let items: String = numbers.iter().map(item).collect();
        let page =
            format!("<html><head><title>通知公告</title></head><body><ul class=\"list\">{items}</ul>{further}</body></html>");
        self.put(path, 200, page);
    }

    fn put_articles(&self, numbers: impl IntoIterator<Item = u32>) {
        numbers.into_iter().for_each(|number| self.put_article(number, &body(number), ""));
    }

    fn put_article(&self, number: u32, body: &str, further: &str) {
        self.put(&format!("/zc/{number}.html"), 200, article(number, body, further));
    }

    /// The paths asked for since the last time, robots.txt aside.
    fn asked(&self) -> Vec<String> {
        let asked = std::mem::take(&mut self.served.lock().unwrap().asked);
        asked.into_iter().filter(|path| !path.ends_with("/robots.txt")).collect()
    }

    fn source(&self) -> Source {
        let paging = Paging { pattern: "index_{n}.html".to_owned(), second: 1, most: 5, size: 0 };
        Source {
            id: "example".into(),
            issuer: "示例市工业和信息化局".to_owned(),
            url: self.url("/zc/index.html"),
            schedule: "0 7 * * *".to_owned(),
            rate_ms: 0,
            stop_after: 3,
            paging,
            list: Some(ListRule { item: "ul.list > li".to_owned(), ..ListRule::default() }),
            ..Source::default()
        }
    }
}

async fn answer(mut stream: TcpStream, served: Arc<Mutex<Served>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let (head, length) = loop {
        let Ok(read @ 1..) = stream.read(&mut buffer).await else { return };
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some(end) = text.find("\r\n\r\n") else { continue };
        let lower = text[..end].to_ascii_lowercase();
        let length = lower.split("content-length:").nth(1).and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok());
        if request.len() >= end + 4 + length.unwrap_or(0) {
            break (text[..end].to_owned(), end + 4);
        }
    };
    let body = String::from_utf8_lossy(&request[length..]).into_owned();
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let reply = {
        let mut served = served.lock().unwrap();
        let found = served.answers.get(&format!("{path} {body}")).or(served.answers.get(path)).cloned();
        served.asked.push(format!("{method} {path} {body}").trim().to_owned());
        let is_known =
            |etag: &String| head.to_ascii_lowercase().contains(&format!("if-none-match: {}", etag.to_ascii_lowercase()));
        match found {
            Some(found) if found.etag.as_ref().is_some_and(is_known) => {
                b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_vec()
            }
            Some(found) => {
                let etag = found.etag.map(|etag| format!("ETag: {etag}\r\n")).unwrap_or_default();
                let head = format!(
                    "HTTP/1.1 {} X\r\n{}{etag}Content-Length: {}\r\nConnection: close\r\n\r\n",
                    found.status,
                    found.headers,
                    found.body.len()
                );
                [head.into_bytes(), found.body].concat()
            }
            None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_vec(),
        }
    };
    // Who asked may be gone.
    drop(stream.write_all(&reply).await);
    drop(stream.shutdown().await);
}

fn title(number: u32) -> String {
    format!("关于组织开展第{number}项企业技术改造工作的通知")
}

fn date_of(number: u32) -> jiff::civil::Date {
    jiff::civil::date(2026, 10, 1).checked_add(jiff::Span::new().days(i64::from(number) - 20)).unwrap()
}

/// A text of its own for each number.
fn body(number: u32) -> String {
    let mut state = number.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut text = format!("各有关单位：现将第{number}项工作的有关事项通知如下，请认真组织，并按时报送材料。");
    for _ in 0..160 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push(char::from_u32(0x4e00 + (state >> 8) % 3_000).unwrap());
    }
    text + "。"
}

fn article(number: u32, body: &str, further: &str) -> String {
    let (title, date) = (title(number), date_of(number));
    format!(
        "<html><head><title>{title}</title><meta name=\"ArticleTitle\" content=\"{title}\">\
         <meta name=\"PubDate\" content=\"{date} 10:00\"></head><body><h1>{title}</h1>\
         <div class=\"TRS_Editor\"><p>{body}</p>{further}</div></body></html>"
    )
}

/// A data folder with a clock that can be moved.
struct Place {
    _home: tempfile::TempDir,
    pipeline: Pipeline,
    transport: Arc<AnyTransport>,
    now: Arc<Mutex<Timestamp>>,
}

impl Place {
    fn new(site: &Site) -> Self {
        Self::with(site, STAGES.clone())
    }

    fn with(site: &Site, stages: Arc<Stages>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let now = Arc::new(Mutex::new("2026-10-10T08:00:00+08:00".parse::<Timestamp>().unwrap()));
        let told = now.clone();
        let clock = Clock::new(move || *told.lock().unwrap());
        let pipeline = Pipeline::open(Folder::new(home.path().join("data")), stages, clock.clone()).unwrap();
        let config = HttpConfig { allow: vec![site.address.to_string()], attempts: 1, ..HttpConfig::default() };
        let transport = Arc::new(AnyTransport::Http(Http::new(config, clock).unwrap()));
        Self { _home: home, pipeline, transport, now }
    }

    fn wait(&self, hours: i64) {
        let mut now = self.now.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_hours(hours)).unwrap();
    }

    async fn crawl(&self, source: &Source) -> RunReport {
        self.pipeline.crawl_source(&self.transport, source, CrawlOptions::default()).await.unwrap()
    }

    async fn crawl_all_again(&self, source: &Source) -> RunReport {
        let options = CrawlOptions { revisit: Revisit::Always, ..CrawlOptions::default() };
        self.pipeline.crawl_source(&self.transport, source, options).await.unwrap()
    }

    fn document(&self, url: &str) -> Option<Document> {
        let state = self.pipeline.store.page_state(url).unwrap()?;
        self.pipeline.store.document(&state.document?).unwrap()
    }

    fn error(&self, source: &Source) -> Option<String> {
        self.pipeline.store.runs(&source.id, 1).unwrap().remove(0).error
    }
}
