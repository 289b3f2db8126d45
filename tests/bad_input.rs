//! Bad input gets one clear message that names the thing and says what was expected; the rest is done; nothing is lost.

use std::net::TcpListener;
use std::process::Stdio;

use crate::harness::{huice, repository, run, run_in, write};

const PAGE: &str = "<html><head><title>关于申报的通知</title><meta name=\"ArticleTitle\" content=\"关于申报的通知\"><meta name=\"PubDate\" content=\"2026-10-01 10:00\"></head><body><h1>关于申报的通知</h1><div class=\"TRS_Editor\"><p>各有关单位：现将有关事项通知如下，请认真组织申报，并按时报送材料。</p><p>一、申报条件。企业应当依法经营，信用良好，具有独立法人资格。</p></div></body></html>";

#[test]
fn a_typo_in_sources_is_answered_with_file_line_column_caret_and_what_was_expected() {
    let home = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(repository().join("sources.toml")).unwrap();
    write(home.path(), "sources.toml", text.replacen("\nissuer =", "\nisuer =", 1));
    let failed = run(["check", "--home", home.path().to_str().unwrap()]).expect_code(1);
    let line = text.lines().position(|line| line.starts_with("issuer =")).unwrap() + 1;
    assert!(
        failed.stderr.contains(&format!("sources.toml:{line}:1: unknown field `isuer`, expected one of")),
        "{}",
        failed.stderr
    );
    assert!(failed.stderr.contains("^^^^^"), "{}", failed.stderr);
}

#[test]
fn a_typo_in_any_rule_file_names_the_file() {
    for folder in ["rules", "index"] {
        let source = repository().join(folder);
        let mut files = vec![source.clone()];
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            if path.extension().is_none_or(|ending| ending != "toml") {
                continue;
            }
            let home = tempfile::tempdir().unwrap();
            copy_folder(&repository().join("rules"), &home.path().join("rules"));
            copy_folder(&repository().join("index"), &home.path().join("index"));
            let name = path.strip_prefix(repository()).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            write(home.path(), name.to_str().unwrap(), format!("nonsense_key = 1\n{text}"));
            let failed = run(["check", "--home", home.path().to_str().unwrap()]);
            let file_name = name.file_name().unwrap().to_str().unwrap();
            assert!(failed.code != 0 && failed.stderr.contains(file_name), "{}: {}", name.display(), failed.stderr);
            assert!(failed.stderr.contains("nonsense_key"), "{}: {}", name.display(), failed.stderr);
        }
    }
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn one_bad_page_of_a_replay_is_named_and_the_rest_is_stored() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "good.html", PAGE);
    write(root.path(), "broken.xml", "<?xml version=\"1.0\"?><rss><channel><item><title>");
    write(root.path(), "noise.html", [0u8, 159, 146, 150, 255, 0, 1, 2]);
    let wrong = PAGE.replace("<head>", "<head><meta charset=\"utf-8\">");
    let (gbk, _, _) = encoding_rs::GB18030.encode(&wrong);
    write(root.path(), "gbk.html", gbk);
    let manifest = write(
        root.path(),
        "pages.jsonl",
        "{\"url\":\"http://a.gov.cn/good.html\",\"file\":\"good.html\"}\n\
         {\"url\":\"http://a.gov.cn/missing.html\",\"file\":\"missing.html\"}\n\
         {\"url\":\"http://a.gov.cn/escape.html\",\"file\":\"../../etc/passwd\"}\n\
         not json\n\
         {\"url\":\"http://a.gov.cn/feed.xml\",\"file\":\"broken.xml\",\"content_type\":\"application/rss+xml\"}\n\
         {\"url\":\"http://a.gov.cn/noise.html\",\"file\":\"noise.html\"}\n\
         {\"url\":\"http://b.gov.cn/gbk.html\",\"file\":\"gbk.html\",\"content_type\":\"text/html; charset=utf-8\"}\n",
    );
    let data = root.path().join("data");
    let run = run_in(&data, &format!("crawl --replay {}", manifest.display())).expect_code(2);
    let report = run.report();
    assert_eq!(report["new"].as_u64().unwrap() + report["copies"].as_u64().unwrap(), 2, "{report}");
    assert!(report["failed"].as_u64().unwrap() >= 3, "{report}");
    for named in ["missing.html", "pages.jsonl:4", "../../etc/passwd"] {
        assert!(run.stderr.contains(named), "{named} is not named in {}", run.stderr);
    }
    let found = run_in(&data, "search 申报").report();
    assert_eq!(found["hits"][0]["title"], "关于申报的通知", "{found}");
}

#[test]
fn a_second_process_on_the_same_folder_is_told_so() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let mut first = huice()
        .args(["run", "--roles", "process,web", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    crate::service::wait_for_address(&mut first);
    let second = run_in(&data, "doctor").expect_code(1);
    assert!(second.stderr.contains(data.to_str().unwrap()) && second.stderr.contains("process"), "{}", second.stderr);
    first.kill().unwrap();
    first.wait().unwrap();
    run_in(&data, "doctor").expect_code(0);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let root = tempfile::tempdir().unwrap();
    let failed = run_in(&root.path().join("data"), &format!("run --roles web --listen {address}")).expect_code(1);
    assert!(failed.stderr.contains(&address) && failed.stderr.contains("free port"), "{}", failed.stderr);
}

#[test]
fn wrong_arguments_say_what_was_expected() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    for (line, expected) in [
        ("compile --quarter 2026Q5 --out out", "2026Q5"),
        ("compile --quarter 2026Q3 --format pdff --out out", "pdff"),
        ("crawl --source nobody", "no source `nobody`"),
        ("crawl --replay nowhere.jsonl", "nowhere.jsonl"),
        ("import nowhere.jsonl", "nowhere.jsonl"),
        ("match --policy nothing", "no enterprises"),
        ("restore nowhere", "nowhere"),
        ("source test nobody", "no source `nobody`"),
        ("search --filter region 工业", "key=value"),
        ("reprocess --from nowhere", "extract"),
    ] {
        let failed = run_in(&data, line).expect_code(1);
        assert!(failed.stderr.contains(expected), "{line}: {}", failed.stderr);
        assert!(!failed.stderr.contains("panicked"), "{line}: {}", failed.stderr);
    }
}

#[test]
fn searching_an_empty_place_says_where_it_looked() {
    let root = tempfile::tempdir().unwrap();
    let failed = run_in(root.path(), "search 工业").expect_code(1);
    assert!(failed.stderr.contains("no index in") && failed.stderr.contains("--data"), "{}", failed.stderr);
}

#[test]
fn a_full_disk_is_named_and_what_was_acknowledged_stays() {
    let root = tempfile::tempdir().unwrap();
    let disk = root.path().join("small");
    std::fs::create_dir(&disk).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs", disk.to_str().unwrap()])
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        eprintln!("skipped: a small file system cannot be mounted here");
        return;
    }
    let _unmount = Unmount(disk.clone());
    let data = disk.join("data");
    let few = write(root.path(), "few.jsonl", lines(0..3));
    let many = write(root.path(), "many.jsonl", lines(3..4000));
    run_in(&data, &format!("import {}", few.display())).expect_code(0);
    let failed = run_in(&data, &format!("import {}", many.display())).expect_code(1);
    assert!(failed.stderr.contains("disk") || failed.stderr.contains("No space left"), "{}", failed.stderr);
    assert!(!failed.stderr.contains("panicked"), "{}", failed.stderr);
    // With room again, the store opens and holds what was acknowledged.
    let grown = std::process::Command::new("mount").args(["-o", "remount,size=64m", disk.to_str().unwrap()]).status();
    assert!(grown.unwrap().success());
    let store = store::Store::open(&data.join("store")).unwrap();
    for number in 0..3 {
        assert!(store.document(&format!("N{number}").as_str().into()).unwrap().is_some(), "N{number} is gone");
    }
}

struct Unmount(std::path::PathBuf);

impl Drop for Unmount {
    fn drop(&mut self) {
        drop(std::process::Command::new("umount").arg("-l").arg(&self.0).output());
    }
}

fn lines(numbers: std::ops::Range<u32>) -> String {
    let body = |number: u32| {
        (0..200).map(|line| format!("第{number}号公告第{line}项内容{}。", number * 7919 + line)).collect::<String>()
    };
    numbers
        .map(|number| format!("{{\"id\":\"N{number}\",\"title\":\"第{number}号公告\",\"body\":\"{}\"}}\n", body(number)))
        .collect()
}
