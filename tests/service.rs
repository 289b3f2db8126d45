//! The service answers, and stops cleanly when told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{huice, run_in};

/// The address the program printed for its pages.
#[track_caller]
pub(crate) fn wait_for_address(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut seen = Vec::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        if let Some((_, address)) = line.split_once("web pages at http://") {
            let address = address.trim_end_matches('/').to_owned();
            // The rest of the log is read on, so that the program never waits for its reader.
            std::thread::spawn(move || lines.for_each(drop));
            return address;
        }
        seen.push(line);
    }
    panic!("no address printed: {}", seen.join("\n"));
}

/// One GET: status and body.
pub(crate) fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// A list page of a site that is not there any more: the service crawls it on schedule, fails, and says so.
#[test]
fn a_queued_match_and_a_scheduled_crawl_are_really_done() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let enterprises = crate::commands::sample_enterprises(root.path());
    run_in(&data, &format!("enterprise import {}", enterprises.display())).expect_code(0);
    run_in(&data, &format!("import {}", crate::commands::open_policy(root.path()).display())).expect_code(0);
    let home = root.path().join("home");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    crate::harness::write(
        &home,
        "sources.toml",
        format!(
            "[[source]]\nid = \"gone\"\nname = \"已关闭\"\nissuer = \"示例局\"\nregion = \"650100\"\nlevel = \"city\"\n\
             column = \"通知\"\nurl = \"http://{closed}/\"\nschedule = \"* * * * * *\"\n"
        ),
    );
    let mut child = huice()
        .args(["run", "--listen", "127.0.0.1:0", "--allow", &closed.to_string()])
        .args(["--data", data.to_str().unwrap(), "--home", home.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let address = wait_for_address(&mut child);
    let queued = post(&address, "/enterprises/E1/match");
    assert!(matches!(queued, 200..=399), "answered {queued}");
    let started = Instant::now();
    let in_outbox = loop {
        let metrics = get(&address, "/metrics").1;
        if started.elapsed() > Duration::from_secs(60)
            || metrics.contains("state=\"queued\"} 1")
            || metrics.contains("state=\"sent\"} 1")
        {
            break metrics;
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    std::thread::sleep(Duration::from_secs(1));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    let messages = run_in(&data, "push --list").lines();
    assert!(messages.iter().any(|message| message["enterprise"] == "E1"), "{messages:?}\n{in_outbox}");
    let listed = run_in(&data, &format!("source list --home {}", home.display())).report();
    assert!(listed["error"].as_str().unwrap_or_default().contains("could not be fetched"), "{listed}");
}

fn post(address: &str, path: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let headers = format!("Host: {address}\r\nOrigin: http://{address}\r\nSec-Fetch-Site: same-origin\r\nConnection: close");
    write!(stream, "POST {path} HTTP/1.1\r\n{headers}\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

#[test]
fn the_service_is_ready_answers_and_stops_cleanly_on_sigterm() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let mut child = huice()
        .args(["run", "--listen", "127.0.0.1:0", "--roles", "process,push,web", "--data", data.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let address = wait_for_address(&mut child);
    for (path, expected) in [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/", 200),
        ("/api/v1/policies", 200),
        ("/api/v1/openapi.json", 200),
        ("/policies/none", 404),
    ] {
        assert_eq!(get(&address, path).0, expected, "{path}");
    }
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(started.elapsed() < Duration::from_secs(40), "did not stop");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{status}");
}
