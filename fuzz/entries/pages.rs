//! Any bytes as a list, a document or a feed: what holds for every page, whatever it is. Called by the fuzz targets and
//! by the tests of `extract`.
#![allow(dead_code, reason = "each target calls one of them")]

use std::path::Path;
use std::sync::OnceLock;

use extract::{Extractor, Input};
use url::Url;

pub(crate) fn list(bytes: &[u8]) {
    page(bytes, "https://www.example.gov.cn/zwgk/zc/index.html", "text/html");
}

pub(crate) fn detail(bytes: &[u8]) {
    page(bytes, "https://www.example.gov.cn/zwgk/zc/202603/t20260301_1.html", "text/html; charset=utf-8");
}

pub(crate) fn feed(bytes: &[u8]) {
    page(bytes, "https://www.example.gov.cn/zwgk/zc/feed.xml", "application/rss+xml");
}

fn page(bytes: &[u8], url: &str, content_type: &str) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(url) = Url::parse(url) else { return };
    let input = Input { text: &text, url: &url, content_type: Some(content_type), status: 200, source: None };
    let page = extractor().page(&input);
    for item in &page.items {
        assert!(
            Url::parse(&item.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")),
            "an item leads to {:?}",
            item.url
        );
        assert!(!item.title.trim().is_empty(), "an item without title leads to {}", item.url);
    }
    for (number, attachment) in page.document.attachments.iter().enumerate() {
        assert!(!attachment.url.starts_with("javascript:"), "attachment {number} is a script");
    }
    // Entities and repeated rows may make a text longer than its source, never without bound.
    let most = 16 * bytes.len() + 4_096;
    assert!(page.document.text.len() <= most, "{} bytes of text from {} bytes", page.document.text.len(), bytes.len());
}

/// With the rules of all families, as the program has it.
fn extractor() -> &'static Extractor {
    static EXTRACTOR: OnceLock<Extractor> = OnceLock::new();
    EXTRACTOR.get_or_init(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let rules = here.ancestors().map(|folder| folder.join("rules/cms")).find(|folder| folder.is_dir());
        let mut files = Vec::new();
        for entry in rules.into_iter().flat_map(|rules| std::fs::read_dir(rules).into_iter().flatten()).flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".toml") {
                files.extend(std::fs::read_to_string(entry.path()).map(|text| (name, text)));
            }
        }
        files.sort();
        match Extractor::new(&files) {
            Ok(extractor) => extractor,
            Err(error) => panic!("the rules: {error}"),
        }
    })
}
