//! The demo does the whole job with nothing but the program, and a second run goes on from the first.

use std::process::Stdio;

use crate::harness::{huice, run_in};
use crate::service::{get, wait_for_address};

#[test]
fn the_demo_crawls_matches_delivers_and_binds() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("demo");
    let first = run_in(&data, "demo --once").expect_code(0).stdout;
    assert!(first.starts_with("starting clean"), "{first}");
    for expected in ["crawl ", "annotate ", "index ", "search ", "push ", "compile ", "可申报", "差一点", "待补数据", "收件箱"]
    {
        assert!(first.contains(expected), "no {expected} in\n{first}");
    }
    let pages: u64 = first.split("crawl").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    assert!(pages >= 60, "{pages} pages");
    let messages = run_in(&data, "push --list").lines();
    assert!(messages.len() >= 8, "{} messages", messages.len());
    assert!(messages.iter().all(|message| message["state"] == "sent"), "{messages:?}");
    let files = std::fs::read_dir(data.join("compilations")).unwrap().count();
    assert_eq!(files, 5, "four formats and the manifest");

    let second = run_in(&data, "demo --once").expect_code(0).stdout;
    assert!(second.starts_with("going on"), "{second}");
    assert!(second.contains(" 1 revised"), "{second}");
    run_in(&data, "doctor").expect_code(0);

    let fresh = run_in(&data, "demo --once --fresh").expect_code(0).stdout;
    assert!(fresh.starts_with("starting clean"), "{fresh}");
}

#[test]
fn a_folder_that_holds_no_demo_is_not_touched() {
    let root = tempfile::tempdir().unwrap();
    let kept = crate::harness::write(root.path(), "mine.txt", "x");
    let refused = run_in(root.path(), "demo --once --fresh").expect_code(1);
    assert!(refused.stderr.contains("holds no demo"), "{}", refused.stderr);
    assert!(kept.is_file());
}

#[test]
fn the_demo_serves_its_policies_with_their_proof() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("demo");
    let mut child = huice()
        .args(["demo", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let address = wait_for_address(&mut child);
    let (status, answer) = get(&address, "/api/v1/policies?q=%E4%B8%93%E7%B2%BE%E7%89%B9%E6%96%B0");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("专精特新"), "{answer}");
}
