//! Figures of the extractor, printed: run with `cargo test --release -p extract --test speed -- --ignored --nocapture`.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests; this one prints figures")]
#![allow(dead_code, reason = "the shared helper serves another test too")]

mod stored;

use std::time::Instant;

use extract::{Extractor, Input};
use model::Page;
use url::Url;

fn read(extractor: &Extractor, body: &str) -> Page {
    let text = format!(
        "<html><head><title>关于公布结果的通知</title></head><body><h1>关于公布结果的通知</h1><p>发布时间：2026-04-15</p>{body}</body></html>"
    );
    let url = Url::parse("https://www.example.gov.cn/zwgk/202604/t20260415_5824364.html").unwrap();
    extractor.page(&Input { text: &text, url: &url, content_type: Some("text/html"), status: 200, source: None })
}

#[test]
#[ignore = "prints figures, asserts nothing"]
fn figures() {
    let extractor = stored::extractor();
    let sentence = "<p>为支持企业更新设备，现将结果予以公布。</p>";
    let nested = format!("{}{sentence}", "<div>".repeat(100_000));
    let attribute = format!("<img src=\"data:image/png;base64,{}\">{sentence}", "A".repeat(5_000_000));
    let rows: String = (0..20_000).map(|row| format!("<tr><td>{row}</td><td>某企业</td><td>合格</td></tr>")).collect();
    let table = format!("{sentence}<table>{rows}</table>");
    for (name, body) in [("500 KB of nested tags", nested), ("5 MB attribute", attribute), ("20,000-row table", table)] {
        let best = (0..5).map(|_| {
            let start = Instant::now();
            std::hint::black_box(read(&extractor, &body));
            start.elapsed().as_secs_f64() * 1e3
        });
        eprintln!("{name}: {:.1} ms", best.fold(f64::MAX, f64::min));
    }
    let Some(pages) = stored::pages() else { return };
    let best = (0..5).map(|_| {
        let start = Instant::now();
        for page in &pages {
            std::hint::black_box(page.read(&extractor, &page.text));
        }
        start.elapsed().as_secs_f64()
    });
    eprintln!("{:.0} pages/s on one core", pages.len() as f64 / best.fold(f64::MAX, f64::min));
}
