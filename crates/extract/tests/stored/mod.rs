//! The stored pages beside the repository, and how alike two texts are.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use extract::{Extractor, Input};
use model::Page;
use serde::Deserialize;
use url::Url;

/// A stored page with its decoded text.
pub(crate) struct Stored {
    pub(crate) url: Url,
    pub(crate) text: String,
    content_type: Option<String>,
    status: u16,
}

impl Stored {
    /// Extracts the page, or another text in its place.
    pub(crate) fn read(&self, extractor: &Extractor, text: &str) -> Page {
        let content_type = self.content_type.as_deref();
        extractor.page(&Input { text, url: &self.url, content_type, status: self.status, source: None })
    }
}

#[derive(Deserialize)]
struct Entry {
    url: String,
    file: String,
    charset: Option<String>,
    content_type: Option<String>,
    http_status: Option<u16>,
}

/// All stored pages; `None`, said aloud, where there are none.
pub(crate) fn pages() -> Option<Vec<Stored>> {
    let corpus = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus"));
    let Ok(manifest) = fs::read_to_string(corpus.join("pages.jsonl")) else {
        eprintln!("skipped: no stored pages beside the repository");
        return None;
    };
    let entries = manifest.lines().map(|line| serde_json::from_str::<Entry>(line).unwrap());
    let pages = entries.map(|entry| {
        let bytes = fs::read(corpus.join(&entry.file)).unwrap();
        Stored {
            url: Url::parse(&entry.url).unwrap(),
            text: decode(&bytes, entry.charset.as_deref()),
            content_type: entry.content_type,
            status: entry.http_status.unwrap_or(200),
        }
    });
    Some(pages.collect())
}

fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    let national = charset.is_some_and(|charset| charset.to_ascii_lowercase().starts_with("gb"));
    if national { encoding_rs::GB18030.decode(bytes).0.into_owned() } else { String::from_utf8_lossy(bytes).into_owned() }
}

/// An extractor with all rules of the repository.
pub(crate) fn extractor() -> Extractor {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/cms"));
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    Extractor::new(&files).unwrap_or_else(|error| panic!("{error}"))
}

/// F1 of the runs of four characters of two texts, blanks left out; 1 where both are empty.
pub(crate) fn likeness(one: &str, other: &str) -> f64 {
    let runs = |text: &str| -> HashMap<[char; 4], i64> {
        let characters: Vec<char> = text.chars().filter(|character| !character.is_whitespace()).collect();
        let mut runs = HashMap::new();
        for run in characters.windows(4) {
            *runs.entry([run[0], run[1], run[2], run[3]]).or_default() += 1;
        }
        runs
    };
    let (one, other) = (runs(one), runs(other));
    let all: i64 = one.values().sum::<i64>() + other.values().sum::<i64>();
    let same: i64 = one.iter().map(|(run, count)| (*count).min(other.get(run).copied().unwrap_or_default())).sum();
    if all == 0 { 1.0 } else { 2.0 * same as f64 / all as f64 }
}
