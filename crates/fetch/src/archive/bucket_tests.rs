//! Machines that share an archive through a bucket: a small server that speaks the part of S3 that is asked of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response as Answer};
use jiff::Timestamp;

use super::BucketPlace;
use crate::archive::Archive;
use crate::transport::Response;

type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A bucket in memory. What is asked of it while `refuses` is set fails.
struct Server {
    objects: Objects,
    refuses: Arc<Mutex<bool>>,
    address: String,
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    fn start() -> Self {
        let (objects, refuses): (Objects, Arc<Mutex<bool>>) = Default::default();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = (objects.clone(), refuses.clone());
        let app = axum::Router::new().fallback(move |method, uri, headers, body| {
            let (objects, refuses) = state.clone();
            async move {
                if *refuses.lock().unwrap() {
                    StatusCode::FORBIDDEN.into_response()
                } else {
                    answer(&objects, &method, &uri, &headers, &body)
                }
            }
        });
        runtime.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { objects, refuses, address, _runtime: runtime }
    }

    fn place(&self) -> BucketPlace {
        let place: BucketPlace = format!("s3://policies/archive?endpoint=http://{}", self.address).parse().unwrap();
        place.with_key(Some("id".to_owned()), Some("secret".to_owned()))
    }
}

fn answer(objects: &Objects, method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Answer {
    let path = uri.path().strip_prefix("/policies").unwrap_or_default().trim_start_matches('/').to_owned();
    let asked: BTreeMap<String, String> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let mut objects = objects.lock().unwrap();
    if *method == Method::PUT {
        objects.insert(path, body.to_vec());
        return ([("etag", "\"1\"")], "").into_response();
    }
    if asked.contains_key("list-type") {
        return list(&objects, &asked).into_response();
    }
    let Some(content) = objects.get(&path) else { return StatusCode::NOT_FOUND.into_response() };
    let meta = [("etag", "\"1\"".to_owned()), ("last-modified", "Fri, 20 Nov 2026 00:00:00 GMT".to_owned())];
    let range = headers.get("range").and_then(|range| range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-'));
    match range {
        Some((from, to)) => {
            let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse::<usize>().unwrap().min(content.len() - 1));
            let place = [("content-range", format!("bytes {from}-{to}/{}", content.len()))];
            (StatusCode::PARTIAL_CONTENT, meta, place, content[from..=to].to_vec()).into_response()
        }
        None => (meta, content.clone()).into_response(),
    }
}

fn list(objects: &BTreeMap<String, Vec<u8>>, asked: &BTreeMap<String, String>) -> String {
    let prefix = asked.get("prefix").cloned().unwrap_or_default();
    let after = asked.get("start-after").cloned().unwrap_or_default();
    let mut folders = BTreeSet::new();
    let mut text = String::new();
    for (key, content) in objects.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after) {
        match key[prefix.len()..].split_once('/').filter(|_| asked.contains_key("delimiter")) {
            Some((folder, _)) => drop(folders.insert(format!("{prefix}{folder}/"))),
            None => text.push_str(&format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-20T00:00:00.000Z</LastModified><ETag>\"1\"</ETag><Size>{}</Size></Contents>",
                content.len()
            )),
        }
    }
    folders.iter().for_each(|folder| text.push_str(&format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>")));
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{text}</ListBucketResult>")
}

fn response(url: &str, body: &str) -> Response {
    let url = url::Url::parse(url).unwrap();
    Response {
        requested: url.clone(),
        url,
        post: None,
        status: 200,
        headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
        body: body.as_bytes().to_vec(),
        fetched_at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn machines_read_from_the_bucket_what_the_others_archived() {
    let (server, home) = (Server::start(), tempfile::tempdir().unwrap());
    let folder = |name: &str| home.path().join(name);
    let first = Archive::open_with_bucket(&folder("first"), &server.place(), "first").unwrap();
    let second = Archive::open_with_bucket(&folder("second"), &server.place(), "second").unwrap();
    let id = first.put(&response("http://a.gov.cn/1", "body 1")).unwrap();
    assert_eq!(second.get(&id).unwrap().unwrap().body, b"body 1");
    first.put_batch(&[response("http://a.gov.cn/2", "body 2"), response("http://a.gov.cn/2-again", "body 2")]).unwrap();
    let entry = second.latest_of("http://a.gov.cn/2-again").unwrap();
    assert_eq!(second.read(&entry).unwrap().body, b"body 2", "a record that refers to another of its machine");
    second.put(&response("http://b.gov.cn/3", "body 3")).unwrap();
    assert_eq!((first.iter().count(), second.iter().count()), (4, 4));
    assert!(first.iter().all(|entry| first.read(&entry).is_ok()));
    // Also from within a runtime, as the service calls it.
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        assert!(second.get(&id).unwrap().is_some());
    });
}

#[test]
fn nothing_is_acknowledged_that_is_not_in_the_bucket() {
    let (server, home) = (Server::start(), tempfile::tempdir().unwrap());
    let open = |name: &str| Archive::open_with_bucket(&home.path().join(name), &server.place(), name);
    let first = open("first").unwrap();
    first.put(&response("http://a.gov.cn/1", "body 1")).unwrap();
    *server.refuses.lock().unwrap() = true;
    let error = first.put(&response("http://a.gov.cn/2", "body 2")).unwrap_err().to_string();
    assert!(error.contains("s3://policies/archive") && !error.contains("secret"), "{error}");
    assert!(open("second").is_err(), "a bucket that cannot be asked is said at once");
    *server.refuses.lock().unwrap() = false;
    // The same again: it was on the own disk already and now gets into the bucket.
    let id = first.put(&response("http://a.gov.cn/2", "body 2")).unwrap();
    let second = open("second").unwrap();
    assert_eq!(second.get(&id).unwrap().unwrap().body, b"body 2");
    // What was pending when a machine was killed is put when it is opened again; a lost disk begins behind what is there.
    drop(first);
    server.objects.lock().unwrap().retain(|key, _| !key.contains("000000000001"));
    drop(open("first").unwrap());
    assert_eq!(open("third").unwrap().get(&id).unwrap().unwrap().body, b"body 2");
    std::fs::remove_dir_all(home.path().join("first")).unwrap();
    let anew = open("first").unwrap();
    let id = anew.put(&response("http://a.gov.cn/4", "body 4")).unwrap();
    assert_eq!(second.get(&id).unwrap().unwrap().body, b"body 4");
}

#[test]
fn what_is_no_bucket_says_what_was_expected() {
    for text in ["s3:", "http://a/b", "s3://", "s3://a/b?colour=red", "s3://id:key@a/b"] {
        let error = text.parse::<BucketPlace>().unwrap_err();
        assert!(error.contains("expected s3://") && !error.contains("key@"), "{error}");
    }
}
