//! Articles cut into pages, and reading stored pages again.

use super::*;
use crate::{PageChange, Step, Telling};

/// The stages with one source.
fn stages(source: &Source) -> Arc<Stages> {
    Arc::new(Stages { sources: vec![source.clone()], ..Stages::new(Data::load(None).unwrap()).unwrap() })
}

async fn again(place: &Place, all: bool) -> (crate::Reprocessed, Vec<PageChange>) {
    let mut changes = Vec::new();
    let mut telling = Telling { changed: &mut |change| changes.push(change.clone()), policy: &mut |_| {}, progress: &mut |_| {} };
    let done = place.pipeline.reprocess(Step::Extract, all, &mut telling).await.unwrap();
    (done, changes)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_another_version_read_is_read_again_and_what_changed_is_told() {
    let site = Site::new().await;
    let mut source = Source { paging: Paging::default(), ..site.source() };
    site.put_list("/zc/index.html", &[3, 2, 1], "");
    site.put_articles(2..=3);
    site.put_article(1, &body(1), "<p class=\"zz-hint\">材料应当装订成册，一式三份报送</p>");
    let stages =
        |source: &Source| Arc::new(Stages { sources: vec![source.clone()], ..Stages::new(Data::load(None).unwrap()).unwrap() });
    let mut place = Place::with(&site, stages(&source));
    assert_eq!(place.crawl(&source).await.new, 3);
    let (done, changes) = again(&place, false).await;
    assert_eq!((done.report.fetched, done.changed, changes.len()), (0, 0, 0), "nothing is stale: {done:?}");
    let (done, changes) = again(&place, true).await;
    assert_eq!((done.report.fetched, done.changed, changes.len()), (4, 0, 0), "all is read, nothing changed: {done:?}");
    source.detail = Some(model::source::DetailRule { remove: vec![".zz-hint".to_owned()], ..Default::default() });
    place.pipeline.stages = stages(&source);
    site.asked();
    let (done, changes) = again(&place, false).await;
    assert_eq!((done.report.fetched, done.report.revised, done.changed), (4, 0, 1), "{done:?}");
    assert_eq!(changes[0].url, site.url("/zc/1.html"));
    let text = changes[0].text.unwrap();
    assert_eq!((text.added, text.removed), (0, 15), "{:?}", changes[0]);
    assert!(site.asked().is_empty(), "it needs no network");
    assert_eq!(again(&place, false).await.0.report.fetched, 0);
}

/// An article of three pages whose further ones are these numbers, and its list.
fn put_parts(site: &Site, further: &[u32]) {
    site.put_list("/zc/index.html", &[70, 60, 50], "");
    site.put_articles([50, 60]);
    let links = "<a href=\"/zc/70.html\">1</a><a href=\"/zc/70_1.html\">2</a><a href=\"/zc/70_2.html\">3</a>";
    site.put_article(70, &body(70), links);
    for part in further {
        site.put(&format!("/zc/70_{part}.html"), 200, article(70, &body(70 + part), links));
    }
}

fn has(place: &Place, url: &str, numbers: &[u32]) -> Vec<bool> {
    let text = place.document(url).unwrap().text;
    numbers.iter().map(|number| text.contains(&body(*number))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_cut_into_pages_is_one_document_and_stays_so_when_read_again() {
    let site = Site::new().await;
    put_parts(&site, &[1, 2]);
    let source = Source { paging: Paging::default(), ..site.source() };
    let mut place = Place::with(&site, stages(&source));
    let report = place.crawl(&source).await;
    assert_eq!((report.new, report.failed, report.owed), (3, 0, 0), "{report:?}");
    let url = site.url("/zc/70.html");
    assert_eq!(has(&place, &url, &[70, 71, 72]), [true; 3]);
    assert_eq!(place.pipeline.store.page_state(&url).unwrap().unwrap().parts.len(), 2);
    assert!(place.document(&site.url("/zc/70_1.html")).is_none(), "a part is no document of its own");
    let (done, changes) = again(&place, true).await;
    assert_eq!((done.report.revised, changes.len()), (0, 0), "{changes:?}");
    place.pipeline.stages = STAGES.clone();
    assert_eq!(again(&place, true).await.0.report.fetched, 0, "what a source brought stays when its entry is gone");
    // A page that breaks on a later visit does not make the policy shorter.
    site.put("/zc/70_2.html", 500, "");
    let broken = place.crawl_all_again(&source).await;
    assert_eq!((broken.revised, has(&place, &url, &[70, 71, 72])), (0, vec![true; 3]), "{broken:?}");
    put_parts(&site, &[1, 2]);
    site.put("/zc/70_2.html", 200, article(70, &body(79), ""));
    place.wait(3);
    let changed = place.crawl_all_again(&source).await;
    assert_eq!((changed.revised, has(&place, &url, &[70, 71, 72, 79])), (1, vec![true, true, false, true]), "{changed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_article_that_is_missing_is_said_and_fetched_later_without_a_revision() {
    let site = Site::new().await;
    put_parts(&site, &[1]);
    let place = Place::new(&site);
    let source = Source { paging: Paging::default(), ..site.source() };
    let first = place.crawl(&source).await;
    assert_eq!((first.new, first.failed, first.owed), (3, 1, 1), "{first:?}");
    let url = site.url("/zc/70.html");
    let codes = |url: &str| place.pipeline.store.page_state(url).unwrap().unwrap().issues;
    assert!(codes(&url).iter().any(|issue| issue.code == "part_missing" && issue.detail.ends_with("70_2.html")));
    assert_eq!(has(&place, &url, &[70, 71, 72]), [true, true, false]);
    put_parts(&site, &[1, 2]);
    place.wait(3);
    let second = place.crawl(&source).await;
    assert_eq!((second.revised, second.failed, second.owed), (0, 0, 0), "{second:?}");
    assert_eq!(has(&place, &url, &[70, 71, 72]), [true; 3]);
    assert!(!codes(&url).iter().any(|issue| issue.code == "part_missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_joins_an_article_whichever_of_its_pages_comes_first() {
    let links = "<a href=\"/zc/70.html\">1</a><a href=\"/zc/70_1.html\">2</a><a href=\"/zc/70_2.html\">3</a>";
    for order in [["70", "70_1", "70_2"], ["70_2", "70_1", "70"]] {
        let place = Place::new(&Site::new().await);
        let folder = tempfile::tempdir().unwrap();
        let mut manifest = String::new();
        for (number, name) in (0..).zip(["70", "70_1", "70_2"]) {
            std::fs::write(folder.path().join(name), article(70, &body(70 + number), links)).unwrap();
        }
        for name in order {
            manifest += &format!("{{\"url\":\"https://a.example.gov.cn/zc/{name}.html\",\"file\":\"{name}\"}}\n");
        }
        std::fs::write(folder.path().join("pages.jsonl"), manifest).unwrap();
        let replay = fetch::Replay::open(&folder.path().join("pages.jsonl")).unwrap();
        let urls = replay.urls();
        let report = place.pipeline.replay(&AnyTransport::Replay(replay), urls, &mut |_| {}).await.unwrap();
        assert_eq!((report.fetched, report.new, report.failed), (3, 1, 0), "{order:?}: {report:?}");
        assert_eq!(has(&place, "https://a.example.gov.cn/zc/70.html", &[70, 71, 72]), [true; 3]);
    }
}
