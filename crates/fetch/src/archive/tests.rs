//! What the archive promises: nothing acknowledged is lost, nothing is stored twice, and any crash leaves it openable.

use super::*;
use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::thread;
use url::Url;

fn response(url: &str, body: &str) -> Response {
    let url = Url::parse(url).unwrap();
    Response {
        requested: url.clone(),
        post: None,
        url,
        status: 200,
        headers: vec![
            ("content-type".to_owned(), "text/html; charset=utf-8".to_owned()),
            ("set-cookie".to_owned(), "a=1".to_owned()),
            ("set-cookie".to_owned(), "b=2".to_owned()),
        ],
        body: body.as_bytes().to_vec(),
        fetched_at: "2026-03-01T08:30:00.25Z".parse().unwrap(),
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn data_file(dir: &Path, number: u32) -> PathBuf {
    dir.join(index::file_name(number))
}

fn append_to(path: &Path, bytes: &[u8]) {
    fs::File::options().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// Opens the archive again and checks that it holds exactly these bodies, undamaged.
#[track_caller]
fn check_holds(dir: &Path, bodies: &[&str]) {
    let archive = Archive::open(dir).unwrap();
    let mut found: Vec<String> =
        archive.iter().map(|entry| String::from_utf8(archive.read(&entry).unwrap().body).unwrap()).collect();
    found.sort();
    let mut expected: Vec<&str> = bodies.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(archive.verify().damaged, Vec::<String>::new());
}

#[test]
fn what_was_put_comes_back_as_it_was() {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    let mut put = response("https://www.gov.cn/a.html", "<html>正文</html>");
    put.requested = Url::parse("http://www.gov.cn/old.html").unwrap();
    let id = archive.put(&put).unwrap();
    assert_eq!(id.as_str(), sha256_hex(&put.body));
    let snapshot = archive.get(&id).unwrap().unwrap();
    let expected = Snapshot {
        id: id.clone(),
        url: put.url.to_string(),
        status: 200,
        headers: put.headers.clone(),
        body: put.body.clone(),
        fetched_at: put.fetched_at,
    };
    assert_eq!(snapshot, expected);
    assert_eq!(archive.latest_of("http://www.gov.cn/a.html").unwrap().id, id);
    assert_eq!(archive.latest_of("https://www.gov.cn/old.html").unwrap().id, id);
    assert_eq!(archive.get(&SnapshotId::from("00")).unwrap(), None);
    drop(archive);
    let reopened = Archive::open(dir.path()).unwrap();
    assert_eq!(reopened.get(&id).unwrap().unwrap(), expected);
}

#[test]
fn bodies_of_any_bytes_and_odd_headers_survive() {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    let mut put = response("http://a.gov.cn/", "");
    put.body = (0..=255).chain([13, 10, 13, 10, 0x1f, 0x8b, 8]).collect();
    put.status = 404;
    put.headers = vec![
        ("x-note".to_owned(), "line\r\nWARC-Type: response".to_owned()),
        ("bad name".to_owned(), "dropped".to_owned()),
        ("content-encoding".to_owned(), "gzip".to_owned()),
        ("content-length".to_owned(), "7".to_owned()),
    ];
    let id = archive.put(&put).unwrap();
    let snapshot = archive.get(&id).unwrap().unwrap();
    assert_eq!((snapshot.status, &snapshot.body), (404, &put.body));
    assert_eq!(snapshot.header("x-note"), Some("line  WARC-Type: response"));
    assert_eq!(snapshot.header("x-archive-orig-content-encoding"), Some("gzip"));
    assert_eq!(snapshot.header("content-encoding"), None);
}

#[test]
fn the_same_page_is_stored_once_and_a_copy_elsewhere_by_reference() {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    let long = "政策正文".repeat(5_000);
    let first = archive.put(&response("http://a.gov.cn/1", &long)).unwrap();
    let size = || fs::metadata(data_file(dir.path(), 1)).unwrap().len();
    let after_first = size();
    assert_eq!(archive.put(&response("https://a.gov.cn/1#top", &long)).unwrap(), first);
    assert_eq!((archive.len(), size()), (1, after_first));
    assert_eq!(archive.put(&response("http://b.gov.cn/2", &long)).unwrap(), first);
    assert_eq!(archive.len(), 2);
    let copy = archive.latest_of("http://b.gov.cn/2").unwrap();
    assert!(copy.revisit);
    let place = Place { offset: copy.offset, skip: 0, compressed: true };
    let record = warc::read_at(&data_file(dir.path(), 1), place).unwrap().unwrap();
    assert_eq!(record.field("WARC-Refers-To-Target-URI"), Some("http://a.gov.cn/1"));
    let snapshot = archive.read(&copy).unwrap();
    assert_eq!((snapshot.url.as_str(), snapshot.body.len()), ("http://b.gov.cn/2", long.len()));
    let report = archive.verify();
    assert_eq!((report.records, report.bodies, report.damaged.len()), (2, 1, 0));
}

#[test]
fn a_page_that_changes_back_is_the_newest_again() {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    let url = "http://a.gov.cn/1";
    let old = archive.put(&response(url, "old")).unwrap();
    let new = archive.put(&response(url, "new")).unwrap();
    assert_eq!(archive.latest_of(url).unwrap().id, new);
    archive.put(&response(url, "old")).unwrap();
    assert_eq!(archive.latest_of(url).unwrap().id, old);
    drop(archive);
    assert_eq!(Archive::open(dir.path()).unwrap().latest_of(url).unwrap().id, old);
}

#[test]
fn a_torn_tail_at_any_byte_loses_nothing_acknowledged() {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    archive.put(&response("http://a.gov.cn/1", "one")).unwrap();
    let (data, index) = (data_file(dir.path(), 1), dir.path().join(INDEX_FILE));
    let (data_before, index_before) = (fs::read(&data).unwrap(), fs::read(&index).unwrap());
    archive.put(&response("http://a.gov.cn/2", "two")).unwrap();
    let (data_after, index_after) = (fs::read(&data).unwrap(), fs::read(&index).unwrap());
    drop(archive);
    // Killed while the record was being written.
    for cut in data_before.len()..data_after.len() {
        fs::write(&data, &data_after[..cut]).unwrap();
        fs::write(&index, &index_before).unwrap();
        check_holds(dir.path(), &["one"]);
        assert_eq!(fs::read(&data).unwrap(), data_before, "cut at {cut}");
    }
    // Killed while the index line was being written: the record is whole, so it is kept.
    for cut in index_before.len()..index_after.len() {
        fs::write(&data, &data_after).unwrap();
        fs::write(&index, &index_after[..cut]).unwrap();
        check_holds(dir.path(), &["one", "two"]);
        assert_eq!(fs::read(&index).unwrap(), index_after, "cut at {cut}");
    }
    // A power cut may leave a tail of zeros.
    append_to(&data, &[0; 5_000]);
    append_to(&index, &[0; 700]);
    check_holds(dir.path(), &["one", "two"]);
    Archive::open(dir.path()).unwrap().put(&response("http://a.gov.cn/3", "three")).unwrap();
    check_holds(dir.path(), &["one", "two", "three"]);
}

#[test]
fn a_lost_or_damaged_index_is_rebuilt_from_the_records() {
    let dir = folder();
    let archive = Archive::open_with(dir.path(), 600).unwrap();
    for number in 0..6 {
        archive.put(&response(&format!("http://a.gov.cn/{number}"), &format!("body {number}"))).unwrap();
    }
    archive.put(&response("http://b.gov.cn/copy", "body 1")).unwrap();
    assert!(archive.files().unwrap().len() > 3, "several data files");
    let entries: Vec<Entry> = archive.iter().collect();
    drop(archive);
    let index = dir.path().join(INDEX_FILE);
    fs::remove_file(&index).unwrap();
    assert_eq!(Archive::open(dir.path()).unwrap().iter().collect::<Vec<_>>(), entries);
    let mut text = fs::read(&index).unwrap();
    text[5] = b'\n';
    fs::write(&index, &text).unwrap();
    assert_eq!(Archive::open(dir.path()).unwrap().iter().collect::<Vec<_>>(), entries);
    assert_eq!(Archive::open(dir.path()).unwrap().verify().damaged.len(), 0);
}

#[test]
fn damage_inside_is_named_and_the_rest_stays_readable() {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    let ids: Vec<SnapshotId> = ["one", "two", "three"]
        .iter()
        .map(|body| archive.put(&response(&format!("http://a.gov.cn/{body}"), body)).unwrap())
        .collect();
    let second = archive.iter().nth(1).unwrap();
    drop(archive);
    let path = data_file(dir.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    bytes[usize::try_from(second.offset + second.length / 2).unwrap()] ^= 0x55;
    fs::write(&path, &bytes).unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let report = archive.verify();
    assert_eq!((report.records, report.damaged.len()), (3, 1));
    assert!(report.damaged[0].contains(&format!("huice-00001.warc.gz at byte {}", second.offset)), "{:?}", report.damaged);
    assert!(matches!(archive.get(&ids[1]), Err(ArchiveError::Damaged { .. })));
    assert_eq!(archive.get(&ids[2]).unwrap().unwrap().body, b"three");
    drop(archive);
    fs::remove_file(dir.path().join(INDEX_FILE)).unwrap();
    check_holds(dir.path(), &["one", "three"]);
}

#[test]
fn a_data_file_that_lost_its_end_or_is_gone_is_never_written_to() {
    let dir = folder();
    Archive::open(dir.path())
        .unwrap()
        .put_batch(&[response("http://a.gov.cn/1", "one"), response("http://a.gov.cn/2", "two")])
        .unwrap();
    let path = data_file(dir.path(), 1);
    let length = fs::metadata(&path).unwrap().len();
    fs::File::options().write(true).open(&path).unwrap().set_len(length - 5).unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let id = archive.put(&response("http://a.gov.cn/3", "three")).unwrap();
    assert_eq!(archive.latest_of("http://a.gov.cn/3").unwrap().file, 2);
    assert_eq!(archive.verify().damaged.len(), 1);
    drop(archive);
    fs::remove_file(data_file(dir.path(), 2)).unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    assert!(matches!(archive.get(&id), Err(ArchiveError::Io { .. })));
    archive.put(&response("http://a.gov.cn/4", "four")).unwrap();
    assert_eq!(archive.latest_of("http://a.gov.cn/4").unwrap().file, 3);
}

#[test]
fn files_rotate_and_start_with_warcinfo() {
    let dir = folder();
    let archive = Archive::open_with(dir.path(), 2_000).unwrap();
    let batch: Vec<Response> =
        (0..20).map(|number| response(&format!("http://a.gov.cn/{number}"), &format!("{number}"))).collect();
    assert_eq!(archive.put_batch(&batch).unwrap().len(), 20);
    let files = archive.files().unwrap();
    assert!(files.len() > 4, "{files:?}");
    for (_, path) in files.iter().filter(|(_, path)| path.extension().is_some_and(|extension| extension == "gz")) {
        let record = warc::read_at(path, Place { offset: 0, skip: 0, compressed: true }).unwrap().unwrap();
        assert_eq!(record.kind(), "warcinfo");
        assert_eq!(record.field("WARC-Filename"), path.file_name().unwrap().to_str());
    }
    drop(archive);
    let archive = Archive::open(dir.path()).unwrap();
    assert_eq!((archive.len(), archive.verify().damaged.len()), (20, 0));
}

#[test]
fn records_say_what_warc_asks() {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    let id = archive.put(&response("http://a.gov.cn/x?y=1", "正文")).unwrap();
    let entry = archive.iter().next().unwrap();
    let place = Place { offset: entry.offset, skip: 0, compressed: true };
    let record = warc::read_at(&data_file(dir.path(), 1), place).unwrap().unwrap();
    assert_eq!(record.kind(), "response");
    assert_eq!(record.field("Content-Type"), Some("application/http;msgtype=response"));
    assert_eq!(record.field("WARC-Date"), Some("2026-03-01T08:30:00.25Z"));
    assert_eq!(record.field("WARC-Target-URI"), Some("http://a.gov.cn/x?y=1"));
    assert_eq!(record.field("WARC-Payload-Digest"), Some(format!("sha256:{id}").as_str()));
    assert_eq!(record.field("Content-Length"), Some(record.block.len().to_string().as_str()));
    let record_id = record.field("WARC-Record-ID").unwrap();
    assert!(record_id.starts_with("<urn:uuid:") && record_id.len() == "<urn:uuid:>".len() + 36, "{record_id}");
    assert!(record.block.starts_with(b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n"));
    assert!(record.block.ends_with("Content-Length: 6\r\n\r\n正文".as_bytes()));
}

#[test]
fn many_threads_may_store_and_read_at_once() {
    let dir = folder();
    let archive = Arc::new(Archive::open_with(dir.path(), 20_000).unwrap());
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let archive = Arc::clone(&archive);
            thread::spawn(move || {
                for number in 0..25 {
                    let shared = format!("shared body {}", number % 5);
                    archive.put(&response(&format!("http://w{worker}.gov.cn/s{number}"), &shared)).unwrap();
                    let own = format!("body {worker} {number}");
                    let id = archive.put(&response(&format!("http://w{worker}.gov.cn/{number}"), &own)).unwrap();
                    assert_eq!(archive.get(&id).unwrap().unwrap().body, own.as_bytes());
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let report = archive.verify();
    assert_eq!((report.records, report.bodies, report.damaged.len()), (400, 205, 0));
    drop(archive);
    let archive = Archive::open(dir.path()).unwrap();
    assert_eq!((archive.len(), archive.verify().damaged.len()), (400, 0));
}

#[test]
fn one_process_writes_and_others_may_look() {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    let id = archive.put(&response("http://a.gov.cn/1", "one")).unwrap();
    assert!(matches!(Archive::open(dir.path()), Err(ArchiveError::Locked { .. })));
    append_to(&data_file(dir.path(), 1), b"half a record");
    let reader = Archive::open_read_only(dir.path()).unwrap();
    assert_eq!(reader.get(&id).unwrap().unwrap().body, b"one");
    assert!(matches!(reader.put(&response("http://a.gov.cn/2", "two")), Err(ArchiveError::ReadOnly { .. })));
    // The writer cuts off what is not its own before it goes on.
    archive.put(&response("http://a.gov.cn/2", "two")).unwrap();
    drop(archive);
    check_holds(dir.path(), &["one", "two"]);
}

/// `/dev/full` takes every write and says the disk is full.
#[cfg(unix)]
#[test]
fn a_full_disk_is_named_and_leaves_the_archive_as_it_was() {
    if !Path::new("/dev/full").exists() {
        eprintln!("skipped: no /dev/full");
        return;
    }
    let dir = folder();
    let index = dir.path().join(INDEX_FILE);
    std::os::unix::fs::symlink("/dev/full", &index).unwrap();
    let archive = open_on_full_disk(dir.path());
    let error = archive.put(&response("http://a.gov.cn/1", "one")).unwrap_err();
    assert!(matches!(&error, ArchiveError::Full { path } if *path == index), "{error}");
    assert!(error.to_string().contains(INDEX_FILE));
    assert!(archive.is_empty());
    drop(archive);
    fs::remove_file(&index).unwrap();
    check_holds(dir.path(), &[]);
    fs::remove_file(data_file(dir.path(), 1)).unwrap();
    std::os::unix::fs::symlink("/dev/full", data_file(dir.path(), 1)).unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let error = archive.put(&response("http://a.gov.cn/1", "one")).unwrap_err();
    assert!(matches!(&error, ArchiveError::Full { path } if *path == data_file(dir.path(), 1)), "{error}");
    drop(archive);
    fs::remove_file(data_file(dir.path(), 1)).unwrap();
    Archive::open(dir.path()).unwrap().put(&response("http://a.gov.cn/1", "one")).unwrap();
    check_holds(dir.path(), &["one"]);
}

/// As `Archive::open` would, but without reading the index, which has no end here.
#[cfg(unix)]
fn open_on_full_disk(dir: &Path) -> Archive {
    let writer = Writer::new(dir, &recover::Recovered::default(), MOST_FILE_BYTES).unwrap();
    Archive {
        dir: dir.to_owned(),
        index: RwLock::default(),
        pending: Mutex::default(),
        parts: parts::Parts::new(Path::new("nowhere"), Path::new("nowhere")),
        writer: Some(Mutex::new(writer)),
        _lock: None,
    }
}

#[test]
fn machines_read_what_the_others_archived() {
    let shared = tempfile::tempdir().unwrap();
    let first = Archive::open_part(shared.path(), "first").unwrap();
    let second = Archive::open_part(shared.path(), "second").unwrap();
    assert!(matches!(Archive::open_part(shared.path(), "first"), Err(ArchiveError::Locked { .. })));
    let id = first.put(&response("http://a.gov.cn/1", "body 1")).unwrap();
    assert_eq!(second.get(&id).unwrap().unwrap().body, b"body 1");
    let own = second.put(&response("http://a.gov.cn/copy", "body 1")).unwrap();
    assert_eq!(own, id);
    // What was added since is seen, a record that refers to another of its machine too.
    first.put(&response("http://a.gov.cn/2", "body 2")).unwrap();
    first.put(&response("http://a.gov.cn/2-again", "body 2")).unwrap();
    let entry = second.latest_of("http://a.gov.cn/2-again").unwrap();
    assert_eq!(second.read(&entry).unwrap().body, b"body 2");
    let urls: Vec<String> = second.iter().map(|entry| entry.url).collect();
    assert_eq!(urls, ["http://a.gov.cn/1", "http://a.gov.cn/2", "http://a.gov.cn/2-again", "http://a.gov.cn/copy"]);
    assert_eq!((first.len(), second.len()), (3, 1), "each counts its own");
    assert!(second.iter().all(|entry| second.read(&entry).is_ok()));
    // A machine on its own over the whole folder reads all of it.
    drop((first, second));
    let alone = Archive::open(shared.path()).unwrap();
    assert_eq!(alone.files().unwrap().iter().filter(|(name, _)| name.contains('/')).count(), 4);
    assert_eq!(alone.iter().count(), 4);
    assert!(alone.get(&id).unwrap().is_some() && alone.is_empty());
}
