//! Backfills: to a date, to a depth, killed and gone on with.

use super::*;
use crate::{Backfill, Reach};
use std::time::Duration;

/// List pages of four items each, newest first, down to number 1.
fn put_lists(site: &Site, pages: u32) {
    for page in 0..pages {
        let newest = (pages - page) * 4;
        let numbers: Vec<u32> = (newest - 3..=newest).rev().collect();
        let path = if page == 0 { "/zc/index.html".to_owned() } else { format!("/zc/index_{page}.html") };
        site.put_list(&path, &numbers, "");
    }
    site.put_articles(1..=pages * 4);
}

async fn reach(place: &Place, source: &Source, reach: Reach) -> RunReport {
    let mut last = 0;
    let mut progress = |at: &Backfill, done: u64| {
        assert!(done >= last && at.next >= 1);
        last = done;
    };
    let options = CrawlOptions::default();
    place.pipeline.backfill(&place.transport, source, reach, options, &mut progress).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_reaches_a_depth_or_a_date_whatever_is_known() {
    let site = Site::new().await;
    put_lists(&site, 8);
    let place = Place::new(&site);
    let mut source = site.source();
    source.paging.most = 1;
    assert_eq!(place.crawl(&source).await.new, 4);
    let deep = reach(&place, &source, Reach::Pages(4)).await;
    assert_eq!((deep.lists, deep.new, deep.owed), (4, 12, 0), "{deep:?}");
    let dated = reach(&place, &source, Reach::Since(date_of(10))).await;
    assert_eq!((dated.lists, dated.new), (7, 12), "the page whose newest item is older ends it: {dated:?}");
    assert!(place.pipeline.unfinished_backfill(&source).unwrap().is_none());
    let whole = reach(&place, &source, Reach::Since(date_of(0))).await;
    assert_eq!((whole.lists, whole.new, whole.failed), (8, 4, 0), "{whole:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_backfill_goes_on_where_it_was() {
    let site = Site::new().await;
    put_lists(&site, 10);
    let place = Place::new(&site);
    let source = Source { rate_ms: 60, ..site.source() };
    let goal = Reach::Pages(10);
    let (pipeline, transport, of) = (place.pipeline.clone(), place.transport.clone(), source.clone());
    let running =
        tokio::spawn(async move { pipeline.backfill(&transport, &of, goal, CrawlOptions::default(), &mut |_, _| {}).await });
    let mut at = 0;
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        at = place.pipeline.unfinished_backfill(&source).unwrap().map_or(0, |at| at.next);
        if at >= 4 {
            break;
        }
    }
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    assert!(at >= 4, "it had come some way: {at}");
    let at = place.pipeline.unfinished_backfill(&source).unwrap().unwrap().next;
    site.asked();
    let rest = reach(&place, &Source { rate_ms: 0, ..source.clone() }, goal).await;
    assert_eq!(rest.failed, 0, "{rest:?}");
    let asked = site.asked();
    assert!(!asked.contains(&"GET /zc/index.html".to_owned()), "{asked:?}");
    assert_eq!(rest.lists, u64::from(11 - at), "from list page {at} on: {asked:?}");
    for number in 1..=40 {
        assert!(place.document(&site.url(&format!("/zc/{number}.html"))).is_some(), "document {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_that_the_budget_ends_goes_on_with_the_next_crawl() {
    let site = Site::new().await;
    put_lists(&site, 3);
    let place = Place::new(&site);
    let mut source = Source { daily_budget: 8, ..site.source() };
    source.paging.most = 1;
    let first = reach(&place, &source, Reach::Pages(3)).await;
    assert_eq!((first.lists, first.new, first.owed), (2, 6, 2), "{first:?}");
    place.wait(24);
    let next = place.crawl(&source).await;
    assert_eq!((next.lists, next.new, next.owed), (2, 6, 0), "{next:?}");
    assert!(place.pipeline.unfinished_backfill(&source).unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_calendar_ends() {
    let site = Site::new().await;
    let place = Place::new(&site);
    for page in 1..40_u32 {
        let days: String =
            (1..=6).map(|day| format!("<li><a href=\"/day/{page}/{day}\">第{page}月第{day}日的日程安排一览</a></li>")).collect();
        let next = format!("<a href=\"/month/{}\">下一页</a>", page + 1);
        site.put(&format!("/month/{page}"), 200, format!("<html><body><ul class=\"list\">{days}</ul>{next}</body></html>"));
    }
    let source = Source { url: site.url("/month/1"), paging: Paging::default(), ..site.source() };
    let report = reach(&place, &source, Reach::Since(date_of(1))).await;
    assert_eq!((report.lists, report.new), (5, 0), "{report:?}");
}
