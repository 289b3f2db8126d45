//! The extractor against real pages: expectations read by hand, lists read by hand, and every stored page by kind.
//!
//! The stored pages are not part of the repository; without them these tests say so and pass.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests; a skipped test says so")]

mod corpus;

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use extract::{Extractor, Input};
use model::{Page, PageKind};
use serde::Deserialize;
use url::Url;

use corpus::{extractor, shared};

#[derive(Deserialize)]
struct Stored {
    url: String,
    file: String,
    kind: String,
    charset: Option<String>,
    content_type: Option<String>,
    http_status: Option<u16>,
}

/// Every stored page, extracted, with what the corpus says of it.
fn stored_pages(shared: &Path) -> Vec<(Stored, Page)> {
    stored_pages_by(&extractor(), shared)
}

fn stored_pages_by(extractor: &Extractor, shared: &Path) -> Vec<(Stored, Page)> {
    let manifest = fs::read_to_string(shared.join("corpus/pages.jsonl")).unwrap();
    let entries = manifest.lines().map(|line| serde_json::from_str::<Stored>(line).unwrap());
    entries
        .map(|stored| {
            let bytes = fs::read(shared.join("corpus").join(&stored.file)).unwrap();
            let text = decode(&bytes, stored.charset.as_deref());
            let url = Url::parse(&stored.url).unwrap();
            let content_type = stored.content_type.as_deref();
            let input = Input { text: &text, url: &url, content_type, status: stored.http_status.unwrap_or(200), source: None };
            let page = extractor.page(&input);
            (stored, page)
        })
        .collect()
}

fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    let national = charset.is_some_and(|charset| charset.to_ascii_lowercase().starts_with("gb"));
    if national { encoding_rs::GB18030.decode(bytes).0.into_owned() } else { String::from_utf8_lossy(bytes).into_owned() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    url: String,
    kind: PageKind,
    title: Option<String>,
    published: Option<String>,
    /// Empty means the document has none.
    number: Option<String>,
    issued: Option<String>,
    body_starts: Option<String>,
    body_ends: Option<String>,
}

impl Expected {
    fn differences(&self, page: &Page) -> Vec<String> {
        let document = &page.document;
        let length = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count());
        let starts: String = document.text.chars().take(length(&self.body_starts)).collect();
        let skipped = document.text.chars().count().saturating_sub(length(&self.body_ends));
        let ends: String = document.text.chars().skip(skipped).collect();
        let number = document.numbers.first().map(ToString::to_string).unwrap_or_default();
        let published = document.published.map(|moment| moment.to_string()).unwrap_or_default();
        let issued = document.issued.map(|date| date.to_string()).unwrap_or_default();
        let kind = (page.kind != self.kind).then(|| format!("{}: kind {:?}, expected {:?}", self.url, page.kind, self.kind));
        let fields = [
            ("title", &self.title, &document.title),
            ("published", &self.published, &published),
            ("number", &self.number, &number),
            ("issued", &self.issued, &issued),
            ("body starts", &self.body_starts, &starts),
            ("body ends", &self.body_ends, &ends),
        ];
        let wrong = fields.into_iter().filter_map(|(name, expected, found)| {
            let expected = expected.as_ref()?;
            (expected != found).then(|| format!("{}: {name} `{found}`, expected `{expected}`", self.url))
        });
        kind.into_iter().chain(wrong).collect()
    }
}

#[test]
fn pages_say_what_a_reader_found_in_them() {
    let Some(shared) = shared() else { return };
    let pages: HashMap<String, Page> = stored_pages(&shared).into_iter().map(|(stored, page)| (stored.url, page)).collect();
    let expected = include_str!("../../../tests/fixtures/pages_expected.jsonl");
    let mut differences = Vec::new();
    let mut count = 0;
    for line in expected.lines() {
        let expected: Expected = serde_json::from_str(line).unwrap();
        differences.extend(expected.differences(&pages[&expected.url]));
        count += 1;
    }
    assert!(count >= 60, "only {count} expectations");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn stored_details_have_title_date_and_body() {
    let Some(shared) = shared() else { return };
    let pages = stored_pages(&shared);
    let details = pages.iter().filter(|(stored, _)| stored.kind == "detail");
    let complete = |page: &Page| {
        let document = &page.document;
        page.kind == PageKind::Detail && !document.title.is_empty() && document.published.is_some() && !document.text.is_empty()
    };
    let failed: Vec<&str> = details.filter(|(_, page)| !complete(page)).map(|(stored, _)| stored.url.as_str()).collect();
    // One is an error page and one a portal, whatever the corpus calls them.
    assert!(failed.len() <= 3, "{}", failed.join("\n"));
}

#[test]
fn shells_are_never_documents_and_lists_are_lists() {
    let Some(shared) = shared() else { return };
    let mut wrong = Vec::new();
    for (stored, page) in stored_pages(&shared) {
        let fits = match stored.kind.as_str() {
            "list" => page.kind == PageKind::List && page.items.len() >= 10,
            "list_js_shell" => page.kind == PageKind::Shell,
            // One of them is an error message rather than a redirect.
            "shell_or_redirect" => matches!(page.kind, PageKind::Shell | PageKind::Error),
            "home" => page.kind == PageKind::Other,
            _ => true,
        };
        if !fits {
            wrong.push(format!("{}: {} is taken for {:?}", stored.url, stored.kind, page.kind));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_span_of_a_body_stands_on_its_blocks() {
    let Some(shared) = shared() else { return };
    for (stored, page) in stored_pages(&shared) {
        let document = &page.document;
        let joined: Vec<&str> = document.blocks.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(joined.join("\n"), document.text, "{}", stored.url);
        assert!(document.blocks.iter().all(|block| !block.text.contains('\n') && !block.text.is_empty()), "{}", stored.url);
        assert!(
            document.blocks.iter().all(|block| block.table.is_none_or(|table| table < document.tables.len())),
            "{}",
            stored.url
        );
    }
}

#[derive(Deserialize)]
struct GoldList {
    url: String,
    next_page: Option<String>,
    items: Vec<GoldItem>,
}

#[derive(Deserialize, PartialEq, Eq, Hash, Clone, Debug)]
struct GoldItem {
    title: String,
    url: String,
    date: Option<String>,
}

#[test]
fn lists_have_the_entries_read_by_hand_with_and_without_rules() {
    let Some(shared) = shared() else { return };
    for extractor in [extractor(), Extractor::new(&[]).unwrap()] {
        check_lists(&extractor, &shared);
    }
}

fn check_lists(extractor: &Extractor, shared: &Path) {
    let pages = stored_pages_by(extractor, shared).into_iter();
    let pages: HashMap<String, Page> = pages.map(|(stored, page)| (stored.url, page)).collect();
    let gold = fs::read_to_string(shared.join("gold/lists.jsonl")).unwrap();
    for line in gold.lines() {
        let list: GoldList = serde_json::from_str(line).unwrap();
        let page = &pages[&list.url];
        let found: Vec<GoldItem> = page
            .items
            .iter()
            .map(|item| GoldItem {
                title: item.title.clone(),
                url: item.url.clone(),
                date: item.date.map(|date| date.to_string()),
            })
            .collect();
        let right = found.iter().filter(|item| list.items.contains(item)).count();
        let f1 = 2.0 * right as f64 / (found.len() + list.items.len()) as f64;
        let missing: Vec<_> = list.items.iter().filter(|item| !found.contains(item)).take(5).collect();
        assert!(f1 >= 0.99, "{}: F1 {f1:.3}, missing {missing:?}", list.url);
        assert_eq!(page.next, list.next_page, "{}", list.url);
    }
}

#[test]
fn without_rules_lists_are_lists_and_the_same_ones() {
    let Some(shared) = shared() else { return };
    let bare = stored_pages_by(&Extractor::new(&[]).unwrap(), &shared);
    for ((stored, with), (_, without)) in stored_pages(&shared).iter().zip(&bare) {
        if stored.kind == "list" {
            assert_eq!(without.kind, PageKind::List, "{}", stored.url);
            assert_eq!((&with.items, &with.next), (&without.items, &without.next), "{}", stored.url);
        }
        if stored.kind.contains("shell") {
            assert!(matches!(without.kind, PageKind::Shell | PageKind::Error), "{}: {:?}", stored.url, without.kind);
        }
    }
}

#[test]
fn rule_files_hold_their_own_examples() {
    let failures = extractor().check_examples();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
