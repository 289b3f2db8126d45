//! WARC/1.1 records: writing ours, and reading ours and other people's.
//!
//! A record is written as one gzip member, so that any record can be read by its offset alone. Readers also take plain
//! files, several records in one member, chunked and compressed bodies, and go on behind damage.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use jiff::Timestamp;

use crate::body::{Limits, dechunk, decode_content};
use crate::transport::{Post, header};

/// Largest record read or written.
pub(crate) const MOST_RECORD_BYTES: u64 = 256 << 20;
/// Largest head of a record or of an HTTP message.
const MOST_HEAD_BYTES: u64 = 256 << 10;
/// The header field of ours that keeps the URL asked for where a redirect led elsewhere.
pub(crate) const REQUESTED: &str = "Huice-Requested-URI";
/// The header field of ours that keeps the digest of what was sent by POST, and the one that shows it.
pub(crate) const POST: &str = "Huice-Post-Digest";
const POST_BODY: &str = "Huice-Post-Body";
/// Most bytes of a POST that are shown.
const MOST_SHOWN_BYTES: usize = 4 << 10;
/// On pages the default level (6) takes twice the time of this one and saves a tenth of the space.
const LEVEL: flate2::Compression = flate2::Compression::new(2);
/// The profile of a record that stands for a body stored before.
const SAME_BODY: &str = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";

/// Renames the headers that describe a body as transferred, for bodies that are kept decoded.
pub(crate) fn self_consistent(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    let rename = |(name, value): (String, String)| {
        let describes_transfer = matches!(
            name.to_ascii_lowercase().as_str(),
            "content-encoding" | "transfer-encoding" | "content-length" | "connection" | "keep-alive"
        );
        if describes_transfer { (format!("x-archive-orig-{name}"), value) } else { (name, value) }
    };
    headers.into_iter().map(rename).collect()
}

/// What a record of ours says.
pub(crate) struct Content<'a> {
    pub(crate) url: &'a str,
    pub(crate) requested: Option<&'a str>,
    /// What was sent by POST, and its digest.
    pub(crate) post: Option<(&'a Post, &'a str)>,
    pub(crate) status: u16,
    pub(crate) headers: &'a [(String, String)],
    pub(crate) at: Timestamp,
    /// SHA-256 of the body in lower-case hexadecimal.
    pub(crate) digest: &'a str,
}

/// A `response` record as one gzip member.
pub(crate) fn response_member(content: &Content<'_>, body: &[u8]) -> io::Result<Vec<u8>> {
    let http = http_head(content, body.len());
    let mut head = record_head("response", content);
    push_field(&mut head, "Content-Type", "application/http;msgtype=response");
    member(&head, &[http.as_bytes(), body])
}

/// A `revisit` record, which says that this URL gave a body stored before, as one gzip member.
///
/// `first` is the URL and time of the record that holds the body.
pub(crate) fn revisit_member(content: &Content<'_>, body_length: u64, first: (&str, Timestamp)) -> io::Result<Vec<u8>> {
    let http = http_head(content, usize::try_from(body_length).unwrap_or(usize::MAX));
    let mut head = record_head("revisit", content);
    push_field(&mut head, "WARC-Profile", SAME_BODY);
    push_field(&mut head, "WARC-Refers-To-Target-URI", first.0);
    push_field(&mut head, "WARC-Refers-To-Date", &first.1.to_string());
    push_field(&mut head, "Content-Type", "application/http;msgtype=response");
    member(&head, &[http.as_bytes()])
}

/// The `warcinfo` record that opens a file, as one gzip member.
pub(crate) fn warcinfo_member(file_name: &str, at: Timestamp) -> io::Result<Vec<u8>> {
    let mut head = String::from("WARC/1.1\r\nWARC-Type: warcinfo\r\n");
    push_field(&mut head, "WARC-Record-ID", &record_id(file_name, at));
    push_field(&mut head, "WARC-Date", &at.to_string());
    push_field(&mut head, "WARC-Filename", file_name);
    push_field(&mut head, "Content-Type", "application/warc-fields");
    let fields = concat!(
        "software: huice/",
        env!("CARGO_PKG_VERSION"),
        "\r\nformat: WARC File Format 1.1\r\n",
        "conformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n"
    );
    member(&head, &[fields.as_bytes()])
}

fn record_head(kind: &str, content: &Content<'_>) -> String {
    let mut head = format!("WARC/1.1\r\nWARC-Type: {kind}\r\n");
    let seed = format!("{}{}{}", content.url, content.digest, content.post.map_or("", |(_, digest)| digest));
    push_field(&mut head, "WARC-Record-ID", &record_id(&seed, content.at));
    push_field(&mut head, "WARC-Date", &content.at.to_string());
    push_field(&mut head, "WARC-Target-URI", content.url);
    push_field(&mut head, "WARC-Payload-Digest", &format!("sha256:{}", content.digest));
    if let Some(requested) = content.requested {
        push_field(&mut head, REQUESTED, requested);
    }
    if let Some((post, digest)) = content.post {
        push_field(&mut head, POST, digest);
        push_field(&mut head, POST_BODY, &String::from_utf8_lossy(&post.body[..post.body.len().min(MOST_SHOWN_BYTES)]));
    }
    head
}

/// Appends a header line; a line break inside a value would start another field.
fn push_field(head: &mut String, name: &str, value: &str) {
    head.push_str(name);
    head.push_str(": ");
    head.extend(value.trim().chars().map(|character| if character.is_control() { ' ' } else { character }));
    head.push_str("\r\n");
}

/// A UUID (version 8: made from a digest), so that the same content always makes the same record.
fn record_id(seed: &str, at: Timestamp) -> String {
    let digest = model::fingerprint::sha256_hex(format!("{at} {seed}").as_bytes());
    format!("<urn:uuid:{}-{}-8{}-a{}-{}>", &digest[..8], &digest[8..12], &digest[13..16], &digest[17..20], &digest[20..32])
}

fn http_head(content: &Content<'_>, body_length: usize) -> String {
    let reason = reqwest::StatusCode::from_u16(content.status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", content.status);
    for (name, value) in content.headers {
        if reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok() {
            push_field(&mut head, name, value);
        }
    }
    push_field(&mut head, "Content-Length", &body_length.to_string());
    head.push_str("\r\n");
    head
}

fn member(head: &str, block: &[&[u8]]) -> io::Result<Vec<u8>> {
    let length: usize = block.iter().map(|part| part.len()).sum();
    let mut encoder = GzEncoder::new(Vec::with_capacity(length / 3 + 512), LEVEL);
    write!(encoder, "{head}Content-Length: {length}\r\n\r\n")?;
    for part in block {
        encoder.write_all(part)?;
    }
    encoder.write_all(b"\r\n\r\n")?;
    encoder.finish()
}

/// A record as read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    fields: Vec<(String, String)>,
    /// Its content block.
    pub(crate) block: Vec<u8>,
}

impl Record {
    /// A header field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        header(&self.fields, name)
    }

    /// `WARC-Type`.
    pub(crate) fn kind(&self) -> &str {
        self.field("WARC-Type").unwrap_or_default()
    }

    /// `WARC-Target-URI`; some writers put it in angle brackets.
    pub(crate) fn url(&self) -> Option<&str> {
        self.field("WARC-Target-URI").map(|url| url.trim_start_matches('<').trim_end_matches('>'))
    }

    /// `WARC-Date`.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        self.field("WARC-Date")?.parse().ok()
    }

    /// The HTTP message in the block, its body decoded within limits.
    pub(crate) fn http(self) -> Result<Message, String> {
        let mut message = parse_http(&self.block).ok_or("no http message")?;
        if header(&message.headers, "transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked")) {
            message.body = dechunk(message.body);
        }
        if let Some(encodings) = header(&message.headers, "content-encoding").map(str::to_owned) {
            let limits = Limits { most_bytes: MOST_RECORD_BYTES, most_ratio: 1_000, cut: false };
            message.body = decode_content(message.body, &encodings, limits).map_err(|error| format!("{error:?}"))?;
            message.headers = self_consistent(message.headers);
        }
        message.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        Ok(message)
    }
}

/// An HTTP response as archived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

fn parse_http(block: &[u8]) -> Option<Message> {
    let mut reader = block;
    let mut left = MOST_HEAD_BYTES;
    let status_line = read_line(&mut reader, &mut left).ok()??;
    let mut parts = status_line.split_ascii_whitespace();
    parts.next().filter(|version| version.starts_with("HTTP/"))?;
    let status = parts.next()?.parse().ok()?;
    let headers = read_fields(&mut reader).ok()?;
    Some(Message { status, headers, body: reader.to_vec() })
}

fn broken(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

/// One line without its break, `None` at the end of the input. `left` counts down what a head may still take.
fn read_line(reader: &mut impl BufRead, left: &mut u64) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let count = reader.by_ref().take(*left).read_until(b'\n', &mut line)? as u64;
    if count == 0 {
        return if *left == 0 { Err(broken("head too long")) } else { Ok(None) };
    }
    *left -= count;
    if line.last() != Some(&b'\n') {
        return Err(broken("head breaks off"));
    }
    while matches!(line.last(), Some(b'\n' | b'\r')) {
        line.pop();
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// Header fields up to the empty line; a folded line continues the one above.
fn read_fields(reader: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut left = MOST_HEAD_BYTES;
    loop {
        let line = match read_line(reader, &mut left)? {
            None => return Ok(fields),
            Some(line) if line.is_empty() => return Ok(fields),
            Some(line) => line,
        };
        match (line.starts_with([' ', '\t']), fields.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (false, _, Some((name, value))) => fields.push((name.trim().to_owned(), value.trim().to_owned())),
            // A line that is no field is left out, as browsers do.
            _ => {}
        }
    }
}

/// Reads one record; `None` at the end of the input.
pub(crate) fn read_record(reader: &mut impl BufRead) -> io::Result<Option<Record>> {
    let version = loop {
        match read_line(reader, &mut 1_024)? {
            None => return Ok(None),
            Some(line) if line.is_empty() => {}
            Some(line) => break line,
        }
    };
    if !version.starts_with("WARC/") {
        return Err(broken("not a warc record"));
    }
    let fields = read_fields(reader)?;
    let length: u64 =
        header(&fields, "Content-Length").and_then(|value| value.parse().ok()).ok_or_else(|| broken("no content-length"))?;
    if length > MOST_RECORD_BYTES {
        return Err(broken("record too large"));
    }
    let mut block = Vec::with_capacity(usize::try_from(length.min(1 << 20)).unwrap_or_default());
    if reader.by_ref().take(length).read_to_end(&mut block)? as u64 != length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "record breaks off"));
    }
    Ok(Some(Record { fields, block }))
}

/// Where a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Offset of its gzip member, or of itself in a plain file.
    pub(crate) offset: u64,
    /// Decompressed bytes before it in the member.
    pub(crate) skip: u64,
    /// Whether the file is compressed.
    pub(crate) compressed: bool,
}

/// Reads the record at a place.
pub(crate) fn read_at(path: &Path, place: Place) -> io::Result<Option<Record>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(place.offset))?;
    let mut reader = BufReader::with_capacity(64 << 10, file);
    if !place.compressed {
        return read_record(&mut reader);
    }
    let mut member = BufReader::new(GzDecoder::new(reader));
    let skipped = io::copy(&mut member.by_ref().take(place.skip), &mut io::sink())?;
    if skipped != place.skip {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "member breaks off"));
    }
    let record = read_record(&mut member)?;
    // Its checksum is verified where the member ends. A member of many records is not read to its end for one of them.
    io::copy(&mut member.by_ref().take(1 << 10), &mut io::sink())?;
    Ok(record)
}

/// What a scan meets.
pub(crate) enum Event {
    /// A record.
    Record(Place, Box<Record>),
    /// The end of a gzip member (or plain record) whose checksum holds: its start and its end.
    End(u64, u64),
}

/// Reads a file from an offset and reports what it holds, up to its end or to the first damage.
///
/// Returns the offset up to which all is well, and the damage if there is one.
pub(crate) fn scan(path: &Path, from: u64, visit: &mut dyn FnMut(Event)) -> io::Result<(u64, Option<io::Error>)> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut reader = Counting { inner: BufReader::with_capacity(256 << 10, file), count: from };
    let compressed = reader.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    loop {
        let start = reader.count;
        if reader.fill_buf()?.is_empty() {
            return Ok((start, None));
        }
        let outcome = if compressed { scan_member(&mut reader, start, visit) } else { scan_plain(&mut reader, visit) };
        match outcome {
            Ok(()) => visit(Event::End(start, reader.count)),
            Err(error) => return Ok((start, Some(error))),
        }
    }
}

fn scan_member<R: BufRead>(reader: &mut Counting<R>, start: u64, visit: &mut dyn FnMut(Event)) -> io::Result<()> {
    let mut member = Counting { inner: BufReader::new(GzDecoder::new(reader)), count: 0 };
    loop {
        let skip = member.count;
        match read_record(&mut member)? {
            None => return Ok(()),
            Some(record) => visit(Event::Record(Place { offset: start, skip, compressed: true }, Box::new(record))),
        }
    }
}

fn scan_plain<R: BufRead>(reader: &mut Counting<R>, visit: &mut dyn FnMut(Event)) -> io::Result<()> {
    let place = Place { offset: reader.count, skip: 0, compressed: false };
    if let Some(record) = read_record(reader)? {
        visit(Event::Record(place, Box::new(record)));
    }
    Ok(())
}

/// The offset of the next gzip member of a record behind damage, if there is one.
pub(crate) fn next_member(path: &Path, from: u64) -> io::Result<Option<u64>> {
    let mut file = std::fs::File::open(path)?;
    let mut window = vec![0; 1 << 20];
    let mut base = from;
    loop {
        file.seek(SeekFrom::Start(base))?;
        let count = read_full(&mut file, &mut window)?;
        let candidates = window[..count].windows(3).enumerate().filter(|(_, bytes)| *bytes == [0x1f, 0x8b, 0x08]);
        for (at, _) in candidates {
            let offset = base + at as u64;
            file.seek(SeekFrom::Start(offset))?;
            let mut opening = [0; 5];
            let mut decoder = GzDecoder::new(BufReader::with_capacity(4 << 10, &mut file));
            if decoder.read_exact(&mut opening).is_ok() && &opening == b"WARC/" {
                return Ok(Some(offset));
            }
        }
        if count < window.len() {
            return Ok(None);
        }
        // The last two bytes may begin a member.
        base += count as u64 - 2;
    }
}

fn read_full(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Counts what has been read.
struct Counting<R> {
    inner: R,
    count: u64,
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.count += amount as u64;
        self.inner.consume(amount);
    }
}
