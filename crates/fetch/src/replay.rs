//! Stored pages as a transport: a manifest (JSON lines that name files) or WARC files, looked up by URL.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use model::fingerprint::sha256_hex;
use serde::Deserialize;
use url::Url;

use crate::error::FetchError;
use crate::transport::{Post, Request, Response, Transport, key};
use crate::warc::{self, Event, MOST_RECORD_BYTES, Message, POST, Place, REQUESTED, Record};

/// Most bytes of one line of a manifest.
const MOST_LINE_BYTES: u64 = 1 << 20;
/// Most problems kept; further ones are counted in the last.
const MOST_PROBLEMS: usize = 1_000;

/// Stored pages.
#[derive(Debug, Default)]
pub struct Replay {
    pages: Vec<Page>,
    by_key: HashMap<String, usize>,
    problems: Vec<String>,
    unlisted_problems: usize,
}

#[derive(Debug, Clone)]
struct Page {
    url: Url,
    /// Digest of what was sent by POST.
    post: Option<String>,
    /// The address as the manifest or record writes it.
    written: String,
    fetched_at: Timestamp,
    body: Body,
}

/// Where a page's bytes are.
#[derive(Debug, Clone)]
enum Body {
    File {
        path: PathBuf,
        status: u16,
        content_type: Option<String>,
    },
    /// A record, and for a revisit the one that holds its body.
    Record {
        at: Spot,
        body_at: Option<Spot>,
    },
}

/// A record in one of several files.
#[derive(Debug, Clone)]
struct Spot {
    path: Arc<Path>,
    place: Place,
}

/// Where each body is, by digest: what revisit records refer to.
type Bodies = HashMap<String, Spot>;

/// A line of a manifest. Other keys are for other readers.
#[derive(Debug, Deserialize)]
struct Line {
    url: String,
    file: String,
    #[serde(default)]
    http_status: Option<u16>,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    retrieved_at: Option<String>,
    /// The body sent by POST to get it.
    #[serde(default)]
    post: Option<String>,
}

impl Replay {
    /// Opens a manifest, a WARC file (plain or compressed), or a folder of WARC files such as an archive.
    ///
    /// # Errors
    /// It cannot be read. Lines and records that cannot be used are in [`Replay::problems`] instead.
    pub fn open(path: &Path) -> Result<Self, FetchError> {
        let fail = |error: std::io::Error| FetchError::Io { place: path.display().to_string(), reason: error.to_string() };
        let mut replay = Self::default();
        let mut bodies = Bodies::new();
        if path.is_dir() {
            for file in warc_files(path).map_err(fail)? {
                replay.read_warc(&file, &mut bodies).map_err(fail)?;
            }
        } else if is_warc(path).map_err(fail)? {
            replay.read_warc(path, &mut bodies).map_err(fail)?;
        } else {
            replay.read_manifest(path).map_err(fail)?;
        }
        if replay.unlisted_problems > 0 {
            replay.problems.push(format!("and {} more", replay.unlisted_problems));
        }
        tracing::info!(path = %path.display(), pages = replay.pages.len(), problems = replay.problems.len(), "replay opened");
        Ok(replay)
    }

    /// URLs of the pages that were got by GET, in stored order, each once.
    #[must_use]
    pub fn urls(&self) -> Vec<Url> {
        self.got().map(|page| page.url.clone()).collect()
    }

    fn got(&self) -> impl Iterator<Item = &Page> {
        self.pages.iter().filter(|page| page.post.is_none())
    }

    /// The pages' addresses as the manifest writes them, in the order of [`Self::urls`]: `http://a.gov.cn` stays without `/`.
    #[must_use]
    pub fn written(&self) -> Vec<String> {
        self.got().map(|page| page.written.clone()).collect()
    }

    /// Lines and records that could not be used, by line number or offset.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Number of pages, those got by POST among them.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pages.len()
    }

    /// Whether there is no page.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    fn problem(&mut self, text: String) {
        if self.problems.len() < MOST_PROBLEMS { self.problems.push(text) } else { self.unlisted_problems += 1 }
    }

    /// Adds a page; a later one with the same URL replaces what is stored, at the place of the first.
    fn add(&mut self, page: Page, also: Option<&str>) {
        let also = also.map(|url| key(url, page.post.as_deref()));
        let key = key(page.url.as_str(), page.post.as_deref());
        let at = match self.by_key.get(&key) {
            Some(&at) => {
                self.pages[at] = page;
                at
            }
            None => {
                self.pages.push(page);
                self.pages.len() - 1
            }
        };
        self.by_key.insert(key, at);
        if let Some(also) = also {
            self.by_key.insert(also, at);
        }
    }

    fn read_manifest(&mut self, path: &Path) -> std::io::Result<()> {
        let folder = path.canonicalize()?.parent().map(Path::to_path_buf).unwrap_or_default();
        let name = path.display().to_string();
        let mut reader = BufReader::new(File::open(path)?);
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            if reader.by_ref().take(MOST_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.len() as u64 == MOST_LINE_BYTES && line.last() != Some(&b'\n') {
                self.problem(format!("{name}:{number}: line too long"));
                skip_line(&mut reader)?;
            } else if !line.trim_ascii().is_empty() {
                match page_of_line(&line, &folder) {
                    Ok(page) => self.add(page, None),
                    Err(reason) => self.problem(format!("{name}:{number}: {reason}")),
                }
            }
        }
        Ok(())
    }

    fn read_warc(&mut self, path: &Path, bodies: &mut Bodies) -> std::io::Result<()> {
        let shared: Arc<Path> = Arc::from(path);
        let mut start = 0;
        loop {
            let mut visit = |event| {
                if let Event::Record(place, record) = event {
                    let at = Spot { path: Arc::clone(&shared), place };
                    if let Err(reason) = self.take_record(at, *record, bodies) {
                        self.problem(format!("{}: record at byte {}: {reason}", path.display(), place.offset));
                    }
                }
            };
            let (good, damage) = warc::scan(path, start, &mut visit)?;
            let Some(damage) = damage else { return Ok(()) };
            self.problem(format!("{}: damage at byte {good}: {damage}", path.display()));
            match warc::next_member(path, good + 1)? {
                Some(next) => start = next,
                None => return Ok(()),
            }
        }
    }

    fn take_record(&mut self, at: Spot, record: Record, bodies: &mut Bodies) -> Result<(), String> {
        let is_response = record.kind() == "response";
        if !is_response && record.kind() != "revisit" {
            return Ok(());
        }
        let url = Url::parse(record.url().ok_or("no target url")?).map_err(|error| format!("target url: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Ok(());
        }
        let fetched_at = record.date().unwrap_or_default();
        let post = record.field(POST).map(str::to_owned);
        let requested = record.field(REQUESTED).map(str::to_owned);
        let digest = record.field("WARC-Payload-Digest").map(str::to_owned);
        let body_at = if is_response {
            let own = format!("sha256:{}", sha256_hex(&record.http()?.body));
            for digest in digest.into_iter().chain([own]) {
                bodies.entry(digest).or_insert_with(|| at.clone());
            }
            None
        } else {
            let known = digest.and_then(|digest| bodies.get(&digest));
            Some(known.ok_or("refers to a body that is not here")?.clone())
        };
        self.add(
            Page { written: url.to_string(), url, post, fetched_at, body: Body::Record { at, body_at } },
            requested.as_deref(),
        );
        Ok(())
    }
}

fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let (count, is_end) = match buffer.iter().position(|&byte| byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        reader.consume(count);
        if is_end {
            return Ok(());
        }
    }
}

/// Reads a manifest line; the file it names must exist inside the manifest's folder, links followed.
fn page_of_line(line: &[u8], folder: &Path) -> Result<Page, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let url = Url::parse(&line.url).map_err(|error| format!("url {:?}: {error}", line.url))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("url {:?}: not http or https", line.url));
    }
    let path = folder.join(&line.file).canonicalize().map_err(|error| format!("file {:?}: {error}", line.file))?;
    if !path.starts_with(folder) {
        return Err(format!("file {:?} is outside the manifest's folder", line.file));
    }
    let metadata = path.metadata().map_err(|error| format!("file {:?}: {error}", line.file))?;
    if !metadata.is_file() {
        return Err(format!("file {:?} is no file", line.file));
    }
    // A page without time was retrieved, for all we know, when its file was written.
    let stated = line.retrieved_at.as_deref().and_then(|time| time.parse::<Timestamp>().ok());
    let written = || metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    let fetched_at = stated.or_else(written).unwrap_or_default();
    let status = line.http_status.unwrap_or(200);
    let post = line.post.map(|body| sha256_hex(body.as_bytes()));
    Ok(Page { url, post, written: line.url, fetched_at, body: Body::File { path, status, content_type: line.content_type } })
}

/// Whether a file holds WARC records, by its first bytes.
fn is_warc(path: &Path) -> std::io::Result<bool> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut opening = Vec::new();
    if reader.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        // Whatever else is compressed is no manifest either; reading its records says what is wrong with it.
        return Ok(true);
    }
    reader.take(5).read_to_end(&mut opening)?;
    Ok(opening == b"WARC/")
}

fn warc_files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for file in std::fs::read_dir(dir)? {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".warc.gz") || name.ends_with(".warc") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Page {
    fn read(self, requested: Url, post: Option<Post>) -> Result<Response, String> {
        let (status, headers, body) = match self.body {
            Body::File { path, status, content_type } => {
                let headers = content_type.map(|value| ("content-type".to_owned(), value)).into_iter().collect();
                (status, headers, read_file(&path)?)
            }
            Body::Record { at, body_at } => {
                let message = at.read()?;
                let body = if let Some(body_at) = body_at { body_at.read()?.body } else { message.body };
                (message.status, message.headers, body)
            }
        };
        Ok(Response { requested, post, url: self.url, status, headers, body, fetched_at: self.fetched_at })
    }
}

impl Spot {
    fn read(&self) -> Result<Message, String> {
        let record = warc::read_at(&self.path, self.place).map_err(|error| error.to_string())?;
        record.ok_or("the file ends early")?.http()
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    let count = file.take(MOST_RECORD_BYTES + 1).read_to_end(&mut body).map_err(|error| error.to_string())?;
    if count as u64 > MOST_RECORD_BYTES { Err("file too large".to_owned()) } else { Ok(body) }
}

impl Transport for Replay {
    async fn get(&self, request: &Request) -> Result<Response, FetchError> {
        let post = request.post.as_ref().map(Post::digest);
        let Some(page) = self.by_key.get(&key(request.url.as_str(), post.as_deref())).and_then(|&at| self.pages.get(at)).cloned()
        else {
            return Err(FetchError::NotInReplay { url: request.url.to_string() });
        };
        let (requested, post) = (request.url.clone(), request.post.clone());
        let place = requested.to_string();
        let outcome = tokio::task::spawn_blocking(move || page.read(requested, post)).await;
        match outcome {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(reason)) => Err(FetchError::Io { place, reason }),
            Err(error) => Err(FetchError::Io { place, reason: error.to_string() }),
        }
    }
}

#[cfg(test)]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    async fn get(replay: &Replay, url: &str) -> Result<Response, FetchError> {
        replay.get(&Request::get(Url::parse(url).unwrap())).await
    }

    fn manifest(lines: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("in/pages")).unwrap();
        fs::write(dir.path().join("in/pages/a.html"), "页面甲").unwrap();
        fs::write(dir.path().join("in/pages/b.html"), "页面乙").unwrap();
        fs::write(dir.path().join("secret"), "x").unwrap();
        let path = dir.path().join("in/pages.jsonl");
        fs::write(&path, lines.join("\n")).unwrap();
        (dir, path)
    }

    #[tokio::test]
    async fn a_manifest_is_looked_up_by_normal_url_and_keeps_its_order() {
        let (_dir, path) = manifest(&[
            r#"{"url":"http://b.gov.cn/2","file":"pages/b.html","http_status":404,"kind":"detail"}"#,
            r#"{"url":"https://a.gov.cn/1","file":"pages/b.html"}"#,
            "",
            r#"{"url":"http://a.gov.cn/1#x","file":"pages/a.html","content_type":"text/html; charset=gbk","retrieved_at":"2026-07-20T08:31:25.5+00:00"}"#,
        ]);
        let replay = Replay::open(&path).unwrap();
        assert_eq!(replay.problems(), &[] as &[String]);
        let urls: Vec<String> = replay.urls().iter().map(Url::to_string).collect();
        assert_eq!(urls, ["http://b.gov.cn/2", "http://a.gov.cn/1#x"]);
        let response = get(&replay, "https://a.gov.cn/1").await.unwrap();
        assert_eq!((response.status, response.body.as_slice()), (200, "页面甲".as_bytes()));
        assert_eq!(response.content_type(), Some("text/html; charset=gbk"));
        assert_eq!(response.fetched_at.to_string(), "2026-07-20T08:31:25.5Z");
        assert_eq!(response.requested.as_str(), "https://a.gov.cn/1");
        let other = get(&replay, "http://b.gov.cn/2").await.unwrap();
        assert_eq!((other.status, other.content_type()), (404, None));
        assert_eq!(get(&replay, "http://c.gov.cn/").await.unwrap_err().code(), "not_in_replay");
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_and_skipped() {
        let long = format!("{{\"url\":\"http://a.gov.cn/{}\"}}", "x".repeat(2 << 20));
        let (_dir, path) = manifest(&[
            "{",
            r#"{"url":"nonsense","file":"pages/a.html"}"#,
            r#"{"url":"http://a.gov.cn/1","file":"../secret"}"#,
            r#"{"url":"http://a.gov.cn/2","file":"/etc/passwd"}"#,
            r#"{"url":"http://a.gov.cn/3","file":"pages/missing.html"}"#,
            r#"{"url":"http://a.gov.cn/4","file":"pages"}"#,
            r#"{"url":"file:///etc/passwd","file":"pages/a.html"}"#,
            &long,
            r#"{"url":"http://a.gov.cn/5","file":"pages/a.html"}"#,
        ]);
        let replay = Replay::open(&path).unwrap();
        assert_eq!(replay.len(), 1);
        let lines: Vec<String> =
            replay.problems().iter().map(|problem| problem.split(':').nth(1).unwrap_or_default().to_owned()).collect();
        assert_eq!(lines, ["1", "2", "3", "4", "5", "6", "7", "8"], "{:?}", replay.problems());
        assert!(replay.problems()[2].contains("outside"), "{:?}", replay.problems());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let (dir, path) = manifest(&[r#"{"url":"http://a.gov.cn/1","file":"pages/link"}"#]);
        std::os::unix::fs::symlink(dir.path().join("secret"), dir.path().join("in/pages/link")).unwrap();
        let replay = Replay::open(&path).unwrap();
        assert_eq!((replay.len(), replay.problems().len()), (0, 1));
    }

    fn record(kind: &str, url: &str, extra: &str, block: &[u8]) -> Vec<u8> {
        let mut record = format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: <{url}>\r\nWARC-Date: 2020-01-02T03:04:05Z\r\n{extra}Content-Length: {}\r\n\r\n",
            block.len()
        )
        .into_bytes();
        record.extend_from_slice(block);
        record.extend_from_slice(b"\r\n\r\n");
        record
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn foreign() -> Vec<Vec<u8>> {
        let mut compressed = b"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Encoding: gzip\n\n".to_vec();
        compressed.extend(gzip(b"compressed"));
        vec![
            record("warcinfo", "x:y", "", b"software: other\r\n"),
            record("request", "http://a.gov.cn/1", "", b"GET / HTTP/1.1\r\n\r\n"),
            record(
                "response",
                "http://a.gov.cn/1",
                "WARC-Payload-Digest: sha1:ABC\r\n",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Folded: a\r\n  b\r\n\r\n3\r\none\r\n0\r\n\r\n",
            ),
            record("response", "http://a.gov.cn/2", "", &compressed),
            record("revisit", "http://a.gov.cn/3", "WARC-Payload-Digest: sha1:ABC\r\n", b"HTTP/1.1 203 X\r\n\r\n"),
            record("response", "dns:a.gov.cn", "", b"x"),
            record("response", "http://a.gov.cn/4", "", b"no http here"),
        ]
    }

    #[tokio::test]
    async fn the_archives_of_others_are_read_plain_compressed_or_in_one_piece() {
        let dir = tempfile::tempdir().unwrap();
        let plain = foreign().concat();
        let members: Vec<u8> = foreign().iter().flat_map(|record| gzip(record)).collect();
        for (name, bytes) in [("a.warc", &plain), ("b.warc.gz", &members), ("c.warc.gz", &gzip(&plain))] {
            let path = dir.path().join(name);
            fs::write(&path, bytes).unwrap();
            let replay = Replay::open(&path).unwrap();
            assert_eq!(replay.len(), 3, "{name}: {:?}", replay.problems());
            assert_eq!(replay.problems().len(), 1, "{name}: {:?}", replay.problems());
            for (number, status, body) in [(1, 200, "one"), (2, 200, "compressed"), (3, 203, "one")] {
                let response = get(&replay, &format!("https://a.gov.cn/{number}")).await.unwrap();
                assert_eq!((response.status, response.body.as_slice()), (status, body.as_bytes()), "{name} {number}");
                assert_eq!(response.fetched_at.to_string(), "2020-01-02T03:04:05Z");
            }
            assert_eq!(get(&replay, "http://a.gov.cn/1").await.unwrap().header("x-folded"), Some("a b"));
        }
    }

    #[tokio::test]
    async fn a_damaged_record_does_not_hide_those_behind_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.warc.gz");
        let mut members: Vec<Vec<u8>> = foreign().iter().map(|record| gzip(record)).collect();
        let middle = members[2].len() / 2;
        members[2][middle] ^= 0xff;
        fs::write(&path, members.concat()).unwrap();
        let replay = Replay::open(&path).unwrap();
        assert_eq!(get(&replay, "http://a.gov.cn/2").await.unwrap().body, b"compressed");
        assert!(replay.problems().iter().any(|problem| problem.contains("damage at byte")), "{:?}", replay.problems());
    }

    #[tokio::test]
    async fn an_archive_folder_replays_what_was_fetched() {
        let dir = tempfile::tempdir().unwrap();
        let archive = crate::Archive::open(dir.path()).unwrap();
        let (url, old) = (Url::parse("https://a.gov.cn/new").unwrap(), Url::parse("http://a.gov.cn/old").unwrap());
        let fetched = Response {
            requested: old.clone(),
            post: None,
            url,
            status: 200,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            body: b"body".to_vec(),
            fetched_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        archive.put(&fetched).unwrap();
        let replay = Replay::open(dir.path()).unwrap();
        assert_eq!(get(&replay, old.as_str()).await.unwrap(), fetched);
        assert_eq!(replay.urls(), std::slice::from_ref(&fetched.url));
    }

    #[tokio::test]
    async fn the_shared_corpus_replays_whole() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/pages.jsonl"));
        if !path.exists() {
            eprintln!("skipped: no shared corpus");
            return;
        }
        let replay = Replay::open(path).unwrap();
        assert_eq!((replay.len(), replay.problems().len()), (199, 0), "{:?}", replay.problems());
        let mut broken = Vec::new();
        for url in replay.urls() {
            let response = replay.get(&Request::get(url.clone())).await.unwrap();
            assert!(!response.body.is_empty(), "{url}");
            let decoded = crate::decode(&response.body, response.content_type(), "");
            if !decoded.issues.is_empty() {
                broken.push(format!("{url}: {} {:?}", decoded.charset, decoded.issues));
            }
        }
        assert!(broken.len() <= 3, "{broken:#?}");
    }
}
