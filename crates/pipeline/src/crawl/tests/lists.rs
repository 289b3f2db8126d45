//! When a walk over the lists ends, and that nothing is lost when it breaks off.

use super::*;
use model::source::{ListRequest, Token};

#[tokio::test(flavor = "multi_thread")]
async fn pinned_items_do_not_end_the_walk_and_enough_known_ones_do() {
    let site = Site::new().await;
    let source = site.source();
    let place = Place::new(&site);
    // 1 and 2 are pinned to the top of the list.
    site.put_list("/zc/index.html", &[1, 2, 8, 7, 6], "");
    site.put_list("/zc/index_1.html", &[5, 4, 3], "");
    site.put_articles(1..=16);
    let first = place.crawl(&source).await;
    assert_eq!((first.lists, first.new, first.failed, first.owed), (2, 8, 0, 0), "{first:?}");
    place.wait(1);
    site.put_list("/zc/index.html", &[1, 2, 14, 13, 12], "");
    site.put_list("/zc/index_1.html", &[11, 10, 9, 8, 7], "");
    site.put_list("/zc/index_2.html", &[6, 5, 4, 3], "");
    site.asked();
    let second = place.crawl(&source).await;
    assert_eq!((second.lists, second.new), (3, 6), "two pinned and two known items are not three in a row: {second:?}");
    place.wait(1);
    let third = place.crawl(&source).await;
    assert_eq!((third.lists, third.fetched), (1, 1), "{third:?}");
    let lower = Source { stop_after: 2, ..source };
    site.put_list("/zc/index.html", &[16, 15, 14, 13], "");
    place.wait(1);
    let fourth = place.crawl(&lower).await;
    assert_eq!((fourth.lists, fourth.new), (1, 2), "{fourth:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_fetched_oldest_first() {
    let site = Site::new().await;
    let place = Place::new(&site);
    site.put_list("/zc/index.html", &[5, 4, 3], "");
    site.put_list("/zc/index_1.html", &[2, 1], "");
    site.put_articles(1..=5);
    let report = place.crawl(&site.source()).await;
    assert_eq!(report.new, 5);
    let articles = site.asked().into_iter().filter(|path| !path.contains("index"));
    assert_eq!(articles.collect::<Vec<_>>(), (1..=5).map(|number| format!("GET /zc/{number}.html")).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_that_broke_off_is_taken_up_behind_items_it_brought_in() {
    let site = Site::new().await;
    let source = site.source();
    let place = Place::new(&site);
    site.put_list("/zc/index.html", &[9, 8, 7, 6], "");
    site.put("/zc/index_1.html", 500, "");
    site.put_list("/zc/index_2.html", &[1], "");
    site.put_articles(1..=9);
    let first = place.crawl(&source).await;
    assert_eq!((first.lists, first.new, first.failed), (1, 4, 1), "{first:?}");
    assert_eq!(place.error(&source), None, "its first page was read");
    place.wait(3);
    site.put_list("/zc/index_1.html", &[5, 4, 3, 2], "");
    let second = place.crawl(&source).await;
    assert_eq!((second.lists, second.new), (3, 5), "{second:?}");
    place.wait(1);
    assert_eq!(place.crawl(&source).await.lists, 1, "known items end the walk again");
}

#[tokio::test(flavor = "multi_thread")]
async fn items_that_failed_are_fetched_by_a_later_crawl_wherever_the_list_moved_them() {
    let site = Site::new().await;
    let source = site.source();
    let place = Place::new(&site);
    site.put_list("/zc/index.html", &[8, 7, 6, 5], "");
    site.put_list("/zc/index_1.html", &[4, 3, 2, 1], "");
    site.put_articles(5..=8);
    (1..=3).for_each(|number| site.put(&format!("/zc/{number}.html"), 503, ""));
    let first = place.crawl(&source).await;
    assert_eq!((first.new, first.failed, first.owed), (4, 4, 4), "{first:?}");
    site.put_articles(1..=4);
    let early = place.crawl(&source).await;
    assert_eq!((early.new, early.lists, early.owed), (0, 1, 4), "not at once again: {early:?}");
    place.wait(3);
    let second = place.crawl(&source).await;
    assert_eq!((second.new, second.lists, second.owed), (4, 1, 0), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_traps_end() {
    let site = Site::new().await;
    let place = Place::new(&site);
    site.put_articles(1..=9);
    // Every number gives the same page.
    for path in ["/zc/index.html", "/zc/index_1.html", "/zc/index_2.html"] {
        site.put_list(path, &[5, 4, 3], "");
    }
    assert_eq!(place.crawl(&site.source()).await.lists, 2);
    // The next page leads back.
    let told = Source { id: "told".into(), paging: Paging::default(), url: site.url("/a/1"), ..site.source() };
    site.put_list("/a/1", &[9, 8, 7], "<a href=\"/a/2\">下一页</a>");
    site.put_list("/a/2", &[6, 2, 1], "<a href=\"/a/1\">下一页</a>");
    site.asked();
    assert_eq!(place.crawl(&told).await.lists, 2);
    assert_eq!(site.asked().iter().filter(|path| path.contains("/a/")).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_page_behind_the_last_list_page_is_its_end_and_one_at_the_first_a_failure() {
    let site = Site::new().await;
    let place = Place::new(&site);
    site.put_list("/zc/index.html", &[3, 2, 1], "");
    site.put_articles(1..=3);
    let report = place.crawl(&site.source()).await;
    assert_eq!((report.lists, report.failed), (1, 0), "{report:?}");
    site.remove("/zc/index.html");
    let report = place.crawl(&site.source()).await;
    assert_eq!(report.failed, 1, "{report:?}");
    assert!(place.error(&site.source()).unwrap().contains("expected a list"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_posted_with_its_counts_and_the_token_of_its_page() {
    let site = Site::new().await;
    let place = Place::new(&site);
    site.put("/token.html", 200, "<html><script>var token = \"k1\";</script></html>");
    site.put_list("/list.do from=1&key=k1&page=1&to=4", &[8, 7, 6, 5], "");
    site.put_list("/list.do from=5&key=k1&page=2&to=8", &[4, 3, 2, 1], "");
    site.put_articles(1..=8);
    let form = [("from", "{from}"), ("to", "{to}"), ("page", "{n}"), ("key", "{token}")];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let token = Token { url: "/token.html".to_owned(), find: "token = \"(\\w+)\"".to_owned() };
    let request = ListRequest { form, token: Some(token), ..ListRequest::default() };
    let paging = Paging { second: 2, size: 4, ..Paging::default() };
    let source = Source { url: site.url("/list.do"), paging, request: Some(request), ..site.source() };
    let report = place.crawl(&source).await;
    assert_eq!((report.lists, report.new, report.failed), (2, 8, 0), "{report:?}");
    let asked = site.asked();
    assert_eq!(asked[0], "GET /token.html");
    assert_eq!(asked[1], "POST /list.do from=1&key=k1&page=1&to=4");
    place.wait(1);
    site.put("/token.html", 200, "<html></html>");
    let without = place.crawl(&source).await;
    assert_eq!((without.lists, without.failed), (0, 1), "{without:?}");
    assert!(place.error(&source).unwrap().contains("no token found"));
}
