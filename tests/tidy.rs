//! What keeps the tree readable: a file says why it exists, rule files carry their manual, the READMEs stay short.

use std::path::{Path, PathBuf};

use crate::harness::repository;

pub(crate) fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
}

fn all(folders: &[&str], ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        files(&repository().join(folder), ending, &mut found);
    }
    assert!(!found.is_empty());
    found
}

#[test]
fn every_rust_file_says_why_it_exists() {
    for path in all(&["crates", "tests", "benches"], "rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with //!", path.display());
    }
}

#[test]
fn every_rule_file_opens_with_its_manual() {
    for path in all(&["rules", "index"], "toml") {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with('#'), "{} does not open with a comment", path.display());
    }
    let sources = std::fs::read_to_string(repository().join("sources.toml")).unwrap();
    assert!(sources.lines().take_while(|line| line.starts_with('#')).count() >= 20);
}

#[test]
fn readmes_are_at_most_150_lines() {
    for name in ["README.md", "README.zh-CN.md", "crates/README.md"] {
        let text = std::fs::read_to_string(repository().join(name)).unwrap();
        assert!(text.lines().count() <= 150, "{name} has {} lines", text.lines().count());
    }
}

#[test]
fn nothing_names_a_registry_host_or_a_foreign_path() {
    let mut paths = all(&["crates", "tests", "benches"], "rs");
    paths.extend(all(&["crates", "rules", "index"], "toml"));
    for path in paths.into_iter().filter(|path| !path.ends_with("tidy.rs")) {
        let text = std::fs::read_to_string(&path).unwrap();
        for word in ["/work/main", "/work/shared", "/root/", "crates.io", "pypi.org", "npmjs"] {
            assert!(!text.contains(word), "{} mentions {word}", path.display());
        }
    }
}
