//! Real stored pages go through the whole path: the right kinds, titles and dates; a second replay brings nothing new.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{repository, run, run_in, shared};

fn manifest() -> Option<(std::path::PathBuf, Vec<Value>)> {
    let path = shared("corpus/pages.jsonl")?;
    let text = std::fs::read_to_string(&path).unwrap();
    Some((path, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()))
}

#[test]
fn stored_pages_have_the_kind_title_and_date_that_a_reader_sees() {
    let Some((path, lines)) = manifest() else { return };
    let run = run(["extract", "--manifest", path.to_str().unwrap()]);
    let pages: BTreeMap<String, Value> =
        run.lines().into_iter().map(|page| (page["url"].as_str().unwrap().to_owned(), page)).collect();
    let of_kind = |kind: &str| -> Vec<String> {
        lines.iter().filter(|line| line["kind"] == kind).map(|line| line["url"].as_str().unwrap().to_owned()).collect()
    };
    let read_as = |url: &String| pages.get(url).map_or("missing", |page| page["kind"].as_str().unwrap());

    let details = of_kind("detail");
    let right = details.iter().filter(|url| {
        let Some(page) = pages.get(*url) else { return false };
        page["kind"] == "detail" && !page["title"].as_str().unwrap().is_empty() && page["published"].is_string()
    });
    let right = right.count();
    assert!(details.len() == 148 && right >= 140, "{right} of {} details are read with title and date", details.len());
    for url in [of_kind("list_js_shell"), of_kind("shell_or_redirect")].concat() {
        // Marked by pattern as a shell; a reader sees a message box that says 该信息不存在.
        let expected = if url.contains("www.cixian.gov.cn") { "error" } else { "shell" };
        assert_eq!(read_as(&url), expected, "{url}");
    }
    for url in of_kind("list") {
        assert_eq!(read_as(&url), "list", "{url}");
        assert!(!pages[&url]["items"].as_array().unwrap().is_empty(), "{url} has no items");
    }
}

#[test]
fn expectations_written_by_reading_hold() {
    let Some((path, _)) = manifest() else { return };
    let expected = std::fs::read_to_string(repository().join("tests/fixtures/pages_expected.jsonl")).unwrap();
    let pages: BTreeMap<String, Value> = run(["extract", "--manifest", path.to_str().unwrap()])
        .lines()
        .into_iter()
        .map(|page| (page["url"].as_str().unwrap().to_owned(), page))
        .collect();
    let mut wrong = Vec::new();
    let mut read = 0;
    for line in expected.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let page = &pages[expected["url"].as_str().unwrap()];
        read += 1;
        for field in ["kind", "title", "published"] {
            if expected.get(field).is_some() && expected[field] != page[field] {
                wrong.push(format!("{}: {field} is {}, expected {}", expected["url"], page[field], expected[field]));
            }
        }
    }
    assert!(read >= 40, "only {read} expectations");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_second_replay_stores_nothing_new_and_sends_nothing_twice() {
    let Some((path, _)) = manifest() else { return };
    let data = tempfile::tempdir().unwrap();
    let enterprises = crate::commands::sample_enterprises(data.path());
    let data = data.path().join("data");
    let replay = format!("crawl --replay {}", path.display());
    let first = run_in(&data, &replay).report();
    assert!(first["new"].as_u64().unwrap() >= 100, "{first}");
    assert!(first["shells"].as_u64().unwrap() >= 8, "{first}");
    assert!(first["lists"].as_u64().unwrap() >= 10, "{first}");
    run_in(&data, &format!("enterprise import {}", enterprises.display())).expect_code(0);
    run_in(&data, "push --matching").expect_code(0);
    let messages = run_in(&data, "push --list").lines().len();

    let second = run_in(&data, &replay).report();
    assert_eq!((&second["new"], &second["revised"], &second["copies"]), (&0.into(), &0.into(), &0.into()), "{second}");
    assert_eq!(second["fetched"], first["fetched"]);
    let push = run_in(&data, "push --matching").report();
    assert_eq!(push["matched"]["queued"], 0, "{push}");
    assert_eq!(push["sending"]["sent"], 0, "{push}");
    assert_eq!(run_in(&data, "push --list").lines().len(), messages);
    run_in(&data, "doctor").expect_code(0);
}

#[test]
fn the_archive_of_a_replay_can_itself_be_replayed() {
    let Some((path, _)) = manifest() else { return };
    let root = tempfile::tempdir().unwrap();
    let (from_manifest, from_archive) = (root.path().join("a"), root.path().join("b"));
    let first = run_in(&from_manifest, &format!("crawl --no-process --replay {}", path.display())).report();
    let warc = std::fs::read_dir(from_manifest.join("archive"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(".warc.gz"))
        .unwrap();
    let second = run_in(&from_archive, &format!("crawl --no-process --replay {}", warc.display())).report();
    for count in ["fetched", "new", "copies", "lists", "shells"] {
        assert_eq!(first[count], second[count], "{count}: {first} {second}");
    }
}
