//! The layers of the design hold: a stage uses `model` and nothing else of ours.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::repository;
use crate::tidy::files;

/// What each crate may use of ours.
const MAY_USE: &[(&str, &[&str])] = &[
    ("annotate", &["model"]),
    ("cli", &["annotate", "compilation", "extract", "fetch", "matcher", "model", "pipeline", "push", "search", "store", "web"]),
    ("compilation", &["model"]),
    ("extract", &["model"]),
    ("fetch", &["model"]),
    ("matcher", &["model"]),
    ("model", &[]),
    ("pipeline", &["annotate", "compilation", "extract", "fetch", "matcher", "model", "push", "search", "store"]),
    ("push", &["model"]),
    ("search", &["model"]),
    ("store", &["model"]),
    ("web", &["annotate", "compilation", "matcher", "model", "search", "store"]),
];

/// Dependencies that only one crate may know, so that an engine can be changed in one place.
const ALONE: &[(&str, &[&str])] = &[
    ("axum", &["cli", "web"]),
    ("cron", &["pipeline"]),
    ("lettre", &["push"]),
    ("object_store", &["fetch"]),
    ("redb", &["store"]),
    ("reqwest", &["fetch", "push"]),
    ("scraper", &["extract"]),
    ("sled", &["store"]),
    ("tantivy", &["search"]),
    ("tokio-postgres", &["store"]),
];

fn manifests() -> BTreeMap<String, BTreeSet<String>> {
    let mut manifests = BTreeMap::new();
    for entry in std::fs::read_dir(repository().join("crates")).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        let Ok(text) = std::fs::read_to_string(&manifest) else { continue };
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let name = manifest["package"]["name"].as_str().unwrap().to_owned();
        let uses = manifest["dependencies"].as_table().unwrap().keys().cloned().collect();
        manifests.insert(name, uses);
    }
    manifests
}

#[test]
fn there_are_twelve_crates_and_each_uses_only_what_its_layer_may() {
    let manifests = manifests();
    let ours: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    assert_eq!(manifests.keys().map(String::as_str).collect::<BTreeSet<_>>(), ours);
    for (name, may_use) in MAY_USE {
        let uses: BTreeSet<&str> = manifests[*name].iter().map(String::as_str).filter(|used| ours.contains(used)).collect();
        let forbidden: Vec<_> = uses.iter().filter(|used| !may_use.contains(used)).collect();
        assert!(forbidden.is_empty(), "{name} uses {forbidden:?}; a noun both need belongs to model, a call to pipeline or web");
    }
}

#[test]
fn engines_are_known_to_one_crate() {
    for (name, uses) in manifests() {
        for (engine, may) in ALONE {
            assert!(!uses.contains(*engine) || may.contains(&name.as_str()), "{name} uses {engine}; only {may:?} may");
        }
    }
}

#[test]
fn model_does_no_io_and_reads_no_clock() {
    let forbidden = ["std::fs", "std::net", "std::env", "Timestamp::now", "SystemTime", "async fn", "tokio"];
    let mut paths = Vec::new();
    files(&repository().join("crates/model/src"), "rs", &mut paths);
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        for word in forbidden {
            assert!(!text.contains(word), "{} mentions {word}", path.display());
        }
    }
}
