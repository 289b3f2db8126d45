//! Attached files: late, missing, changed, scanned, and behind a body that only points at them.

use super::*;
use model::fingerprint::sha256_hex;
use model::{Block, FileState, FileText, SnapshotId};

const NOTICE: &str = "<p><a href=\"/zc/guide.pdf\">附件：申报指南.pdf</a></p>";

/// Tells the store what these bytes read as, as a reader would have.
fn reads_as(place: &Place, bytes: &[u8], state: FileState, text: &str) {
    let blocks = text.lines().map(|line| Block { text: line.to_owned(), ..Block::default() }).collect();
    let text = FileText { kind: extract::file_kind(bytes), state, blocks, ..FileText::default() };
    let snapshot = SnapshotId::from(sha256_hex(bytes).as_str());
    place.pipeline.store.put_file_text(&snapshot, "1", &text).unwrap();
}

fn issues(place: &Place, url: &str) -> Vec<String> {
    let state = place.pipeline.store.page_state(url).unwrap().unwrap();
    state.issues.into_iter().map(|issue| issue.code).collect()
}

async fn site_with_a_guide() -> Site {
    let site = Site::new().await;
    site.put_list("/zc/index.html", &[3, 2, 1], "");
    site.put_articles(2..=3);
    site.put_article(1, &body(1), NOTICE);
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_text_of_its_document_and_is_neither_fetched_nor_read_twice() {
    let site = site_with_a_guide().await;
    let place = Place::new(&site);
    reads_as(
        &place,
        b"%PDF-1.4 one",
        FileState::Text,
        "一、申报条件\n上一年度营业收入不低于一千万元，研发费用占比不低于百分之三。",
    );
    site.put_file("/zc/guide.pdf", b"%PDF-1.4 one", "\"1\"");
    let report = place.crawl(&site.source()).await;
    assert_eq!((report.new, report.owed, report.failed), (3, 0, 0), "{report:?}");
    let document = place.document(&site.url("/zc/1.html")).unwrap();
    assert!(document.text.ends_with("申报指南.pdf\n一、申报条件\n上一年度营业收入不低于一千万元，研发费用占比不低于百分之三。"));
    assert!(document.own_text().contains("第1项工作"));
    let facts = document.attachments[0].file.as_ref().unwrap();
    assert_eq!((facts.state, facts.snapshot.as_str()), (FileState::Text, sha256_hex(b"%PDF-1.4 one").as_str()));
    place.pipeline.process(&mut |_| {}).unwrap();
    let state = place.pipeline.store.page_state(&site.url("/zc/1.html")).unwrap().unwrap();
    let policy = place.pipeline.store.resolve(&state.document.unwrap()).unwrap().unwrap();
    let record = place.pipeline.store.record(&policy).unwrap().unwrap();
    assert!(record.annotation.items.iter().any(|item| item.quote.contains("百分之三") || item.quote.contains("一千万元")));
    site.asked();
    let again = place.crawl_all_again(&site.source()).await;
    assert_eq!((again.unchanged, again.revised), (3, 0), "{again:?}");
    assert_eq!(place.document(&site.url("/zc/1.html")).unwrap(), document);
    let guide = site.asked().into_iter().filter(|path| path.contains("guide")).count();
    assert_eq!(guide, 1, "asked once more, with the validator, as the document is young");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_late_holds_up_nothing_and_is_no_revision_and_a_changed_one_is() {
    let site = site_with_a_guide().await;
    let place = Place::new(&site);
    let source = site.source();
    reads_as(&place, b"%PDF-1.4 one", FileState::Text, "研发费用占比不低于百分之三的企业可以申报本项目。");
    reads_as(&place, b"%PDF-1.4 two", FileState::Text, "研发费用占比不低于百分之五的企业可以申报本项目。");
    site.put("/zc/guide.pdf", 503, "");
    let first = place.crawl(&source).await;
    assert_eq!((first.new, first.owed), (3, 1), "{first:?}");
    let url = site.url("/zc/1.html");
    assert_eq!(issues(&place, &url).iter().filter(|code| *code == "attachment_missing").count(), 1);
    site.put_file("/zc/guide.pdf", b"%PDF-1.4 one", "\"1\"");
    place.wait(3);
    let late = place.crawl(&source).await;
    assert_eq!((late.revised, late.owed), (0, 0), "{late:?}");
    assert!(place.document(&url).unwrap().text.contains("百分之三"));
    assert!(!issues(&place, &url).contains(&"attachment_missing".to_owned()));
    site.put_file("/zc/guide.pdf", b"%PDF-1.4 two", "\"2\"");
    place.wait(30);
    let changed = place.crawl_all_again(&source).await;
    assert_eq!((changed.revised, changed.owed), (1, 0), "{changed:?}");
    assert!(place.document(&url).unwrap().text.contains("百分之五"));
    place.wait(30);
    assert_eq!(place.crawl_all_again(&source).await.revised, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_an_old_document_are_not_asked_for_again() {
    let site = site_with_a_guide().await;
    let place = Place::new(&site);
    reads_as(&place, b"%PDF-1.4 one", FileState::Text, "研发费用占比不低于百分之三的企业可以申报本项目。");
    site.put_file("/zc/guide.pdf", b"%PDF-1.4 one", "\"1\"");
    place.crawl(&site.source()).await;
    place.wait(24 * 200);
    site.asked();
    place.crawl_all_again(&site.source()).await;
    assert!(!site.asked().iter().any(|path| path.contains("guide")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_only_points_at_its_file_has_the_files_text_and_a_scan_is_said() {
    let site = site_with_a_guide().await;
    site.put_article(1, "各有关单位：现将申报指南予以公布，详见附件。", NOTICE);
    let scan = "<p><a href=\"/zc/scan.pdf\">附件：原文扫描件.pdf</a></p>";
    site.put_article(2, "各有关单位：现将原文予以公布，详见附件。", scan);
    let place = Place::new(&site);
    reads_as(&place, b"%PDF-1.4 one", FileState::Text, "申报企业研发费用占比不低于百分之三。");
    reads_as(&place, b"%PDF-1.4 scan", FileState::Scan, "");
    site.put_file("/zc/guide.pdf", b"%PDF-1.4 one", "\"1\"");
    site.put_file("/zc/scan.pdf", b"%PDF-1.4 scan", "\"1\"");
    let report = place.crawl(&site.source()).await;
    assert_eq!((report.new, report.owed), (3, 0), "{report:?}");
    assert!(place.document(&site.url("/zc/1.html")).unwrap().text.ends_with("百分之三。"));
    let scanned = place.document(&site.url("/zc/2.html")).unwrap();
    assert_eq!(scanned.attachments[0].file.as_ref().unwrap().state, FileState::Scan);
    assert!(issues(&place, &site.url("/zc/2.html")).contains(&"attachment_scan".to_owned()));
    assert!(!issues(&place, &site.url("/zc/1.html")).contains(&"attachment_scan".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_reader_a_file_is_archived_and_its_kind_told_and_one_never_there_is_given_up() {
    let site = site_with_a_guide().await;
    let place = Place::new(&site);
    site.put_file("/zc/guide.pdf", b"%PDF-1.4 one", "\"1\"");
    let gone = "<p><a href=\"/zc/gone.doc\">附件：表格.doc</a></p>";
    site.put_article(2, &body(2), gone);
    let report = place.crawl(&site.source()).await;
    assert_eq!((report.new, report.owed), (3, 1), "{report:?}");
    let facts = place.document(&site.url("/zc/1.html")).unwrap().attachments[0].file.clone().unwrap();
    assert_eq!((facts.kind, facts.state), (model::FileKind::Pdf, FileState::Unsupported));
    for _ in 0..10 {
        place.wait(24 * 30);
        place.crawl(&site.source()).await;
    }
    assert!(place.pipeline.store.owed(&"example".into()).unwrap().is_empty());
    site.asked();
    place.wait(24 * 30);
    place.crawl(&site.source()).await;
    assert!(!site.asked().iter().any(|path| path.contains("gone")));
}
