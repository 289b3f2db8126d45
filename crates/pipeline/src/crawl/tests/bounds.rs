//! Hours, budgets and walls: a run ends where it may not go on, and what is left is owed.

use super::*;
use model::job::Job;

fn queued(place: &Place, hours: i64) -> Vec<Job> {
    let now = place.pipeline.clock.now().checked_add(SignedDuration::from_hours(hours)).unwrap();
    let leased = place.pipeline.store.lease(now, SignedDuration::from_mins(1), 9).unwrap();
    leased.into_iter().map(|queued| queued.job).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_its_window_a_host_is_not_asked_and_the_crawl_waits_for_it() {
    let site = Site::new().await;
    let place = Place::new(&site);
    site.put_list("/zc/index.html", &[3, 2, 1], "");
    site.put_articles(1..=3);
    let night = Source { window: "22:00-06:00".to_owned(), ..site.source() };
    let report = place.crawl(&night).await;
    assert_eq!((report.fetched, report.failed), (0, 0), "{report:?}");
    assert_eq!(place.error(&night), None, "closed is no failure");
    assert!(site.asked().is_empty());
    assert!(queued(&place, 13).is_empty());
    assert_eq!(queued(&place, 14), [Job::Crawl { source: "example".into() }]);
    let options = CrawlOptions { any_time: true, ..CrawlOptions::default() };
    let asked = place.pipeline.crawl_source(&place.transport, &night, options).await.unwrap();
    assert_eq!(asked.new, 3, "a person may ask at any time");
    let other = Site::new().await;
    other.put_list("/zc/index.html", &[3, 2, 1], "");
    let place = Place::new(&other);
    place.wait(15);
    assert_eq!(place.crawl(&Source { window: "22:00-06:00".to_owned(), ..other.source() }).await.lists, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_days_budget_is_kept_across_runs_and_what_is_left_is_fetched_on_the_next_day() {
    let site = Site::new().await;
    let place = Place::new(&site);
    site.put_list("/zc/index.html", &[8, 7, 6, 5, 4, 3, 2, 1], "");
    site.put_articles(1..=8);
    let source = Source { daily_budget: 6, paging: Paging::default(), ..site.source() };
    let first = place.crawl(&source).await;
    assert_eq!((first.lists, first.new, first.owed, first.failed), (1, 5, 3, 0), "{first:?}");
    assert_eq!(site.asked().len(), 6);
    let second = place.crawl(&source).await;
    assert_eq!((second.fetched, second.owed), (0, 3), "{second:?}");
    assert!(site.asked().is_empty());
    assert!(queued(&place, 15).is_empty());
    assert_eq!(queued(&place, 16), [Job::Crawl { source: "example".into() }], "at midnight");
    place.wait(16);
    let next = place.crawl(&source).await;
    assert_eq!((next.lists, next.new, next.owed), (1, 3, 0), "{next:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_of_one_host_share_its_budget_and_lists_come_before_items() {
    let site = Site::new().await;
    site.put_list("/zc/index.html", &[8, 7, 6, 5, 4, 3, 2, 1], "");
    site.put_list("/tz/index.html", &[12, 11, 10], "");
    site.put_articles(1..=12);
    let one = Source { daily_budget: 6, paging: Paging::default(), ..site.source() };
    let other = Source { id: "other".into(), daily_budget: 0, url: site.url("/tz/index.html"), ..one.clone() };
    let stages = Stages { sources: vec![one.clone(), other.clone()], ..Stages::new(Data::load(None).unwrap()).unwrap() };
    let place = Place::with(&site, Arc::new(stages));
    let first = place.crawl(&one).await;
    assert_eq!((first.lists, first.new, first.owed), (1, 4, 4), "one is left for the list of the other: {first:?}");
    let second = place.crawl(&other).await;
    assert_eq!((second.lists, second.new, second.owed), (1, 0, 3), "{second:?}");
    assert_eq!(site.asked().len(), 6);
}

const WALL: &str = "<html><head><title>安全验证</title></head><body><p>请完成验证</p><script>geetest()</script></body></html>";

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_ends_the_run_with_its_name_and_nothing_behind_it_is_lost() {
    let site = Site::new().await;
    let place = Place::new(&site);
    let numbers: Vec<u32> = (1..=20).rev().collect();
    site.put_list("/zc/index.html", &numbers, "");
    numbers.iter().for_each(|number| site.put(&format!("/zc/{number}.html"), 200, WALL));
    let source = Source { rate_ms: 101, paging: Paging::default(), ..site.source() };
    let first = place.crawl(&source).await;
    assert_eq!((first.new, first.owed), (0, 20), "{first:?}");
    assert!(site.asked().len() < 12, "it does not go on asking");
    let error = place.error(&source).unwrap();
    assert!(error.contains("behind a wall (anti_bot)") && error.contains("source example"), "{error}");
    site.put_articles(1..=20);
    place.wait(30);
    let second = place.crawl(&source).await;
    assert_eq!((second.new, second.owed, second.failed), (20, 0, 0), "{second:?}");
    assert_eq!(place.error(&source), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_behind_a_wall_or_a_login_is_named_and_one_odd_page_is_no_wall() {
    let site = Site::new().await;
    let place = Place::new(&site);
    site.put("/zc/index.html", 200, WALL);
    let walled = place.crawl(&site.source()).await;
    assert_eq!((walled.shells, walled.failed), (1, 1), "{walled:?}");
    assert!(place.error(&site.source()).unwrap().contains("(anti_bot)"));
    let moved = Answer { status: 302, headers: "Location: /sso/login.jsp\r\n".to_owned(), body: Vec::new(), etag: None };
    site.served.lock().unwrap().answers.insert("/zc/index.html".to_owned(), moved);
    site.put("/sso/login.jsp", 200, "<html><head><title>登录</title></head><body><p>用户名</p><p>密码</p></body></html>");
    place.wait(1);
    place.crawl(&site.source()).await;
    assert!(place.error(&site.source()).unwrap().contains("(login)"));
    site.put_list("/zc/index.html", &[4, 3, 2, 1], "");
    site.put_articles(1..=3);
    site.put("/zc/4.html", 403, "");
    place.wait(1);
    let report = place.crawl(&site.source()).await;
    assert_eq!((report.new, report.owed), (3, 1), "{report:?}");
    assert_eq!(place.error(&site.source()), None);
}
