//! A site that changes is noticed in the very next crawl, and people hear of it exactly once.

use super::*;
use model::health::{Code, State};
use push::{Config, Pusher};

/// Days on which all is well before something changes.
const WELL_DAYS: u32 = 8;
/// The number of the item that is new on the first day.
const FIRST: u32 = 29;

/// Shows the list of one day, its newest item that of the day.
fn publish(site: &Site, newest: u32) {
    let numbers: Vec<u32> = (newest - 11..=newest).rev().collect();
    site.put_list("/zc/index.html", &numbers, "");
    site.put_articles(newest - 11..=newest);
}

/// A source that was well for some days; the number of the next new item.
async fn well(site: &Site, place: &Place, source: &Source) -> u32 {
    for day in 0..WELL_DAYS {
        publish(site, FIRST + day);
        place.crawl(source).await;
        place.wait(24);
    }
    assert_eq!(state(place, source), (State::Healthy, Vec::new()));
    FIRST + WELL_DAYS
}

fn state(place: &Place, source: &Source) -> (State, Vec<Code>) {
    let health = place.pipeline.store.health(&source.id).unwrap().unwrap().health;
    (health.state, health.reasons.iter().map(|reason| reason.code).collect())
}

type Scene = (&'static str, fn(&Site, u32), State, &'static [Code]);

const LOGIN: &str = "<title>用户登录</title><form><input name=user><input type=password><button>登录</button></form>";
const MISSING: &str = "<title>提示</title><h5>提示信息</h5><div>您访问的页面不存在</div>";

const SCENES: &[Scene] = &[
    (
        "a firewall",
        |site, _| site.put("/zc/index.html", 412, "<script>document.cookie='__jsl_clearance=1'</script>"),
        State::Broken,
        &[Code::AntiBot],
    ),
    ("a login wall", |site, _| site.put("/zc/index.html", 200, LOGIN), State::Broken, &[Code::Login]),
    ("an error page with 200", |site, _| site.put("/zc/index.html", 200, MISSING), State::Broken, &[Code::ErrorPage]),
    ("a list that is gone", |site, _| site.put("/zc/index.html", 404, MISSING), State::Broken, &[Code::ListHttpStatus]),
    ("a server in trouble", |site, _| site.put("/zc/index.html", 503, ""), State::Degraded, &[Code::ListNotFetched]),
    (
        "a list filled by scripts",
        |site, _| site.put("/zc/index.html", 200, "<div id=app></div><script src=app.js></script>"),
        State::Broken,
        &[Code::ListIsShell],
    ),
    (
        "a redesign that is only guessed",
        |site, next| {
            publish(site, next);
            let page = site.served.lock().unwrap().answers["/zc/index.html"].body.clone();
            let page = String::from_utf8(page).unwrap().replace("class=\"list\"", "class=\"news\"");
            site.put("/zc/index.html", 200, page);
        },
        State::Degraded,
        &[Code::RuleLost],
    ),
    (
        "dates that vanish",
        |site, next| {
            publish(site, next);
            let item = |number: u32| format!("<li><a href='/zc/{number}.html'>{}</a></li>", title(number));
            let items: String = (next - 11..=next).rev().map(item).collect();
            site.put("/zc/index.html", 200, format!("<title>通知公告</title><ul class=list>{items}</ul>"));
        },
        State::Degraded,
        &[Code::DatesVanished],
    ),
    (
        "error pages served as articles",
        |site, next| {
            publish(site, next + 5);
            (next..=next + 5).for_each(|number| site.put_article(number, &body(1), ""));
        },
        State::Degraded,
        &[Code::Repeated],
    ),
    (
        "shells instead of documents",
        |site, next| {
            publish(site, next + 5);
            let shell = "<script>window.location.href='/new.html';</script>";
            (next..=next + 5).for_each(|number| site.put(&format!("/zc/{number}.html"), 200, shell));
        },
        State::Degraded,
        &[Code::Shells],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_changes_is_noticed_in_the_very_next_crawl() {
    let mut wrong = Vec::new();
    for (name, change, expected, codes) in SCENES {
        let site = Site::new().await;
        let place = Place::new(&site);
        let source = site.source();
        let next = well(&site, &place, &source).await;
        change(&site, next);
        place.crawl(&source).await;
        let found = state(&place, &source);
        if found != (*expected, codes.to_vec()) {
            let facts = place.pipeline.store.runs(&source.id, 1).unwrap().remove(0).facts;
            wrong.push(format!("{name}: {found:?}, expected {expected:?} {codes:?}: {facts:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_stops_publishing_falls_silent_and_one_that_goes_on_recovers() {
    let site = Site::new().await;
    let place = Place::new(&site);
    let source = site.source();
    let next = well(&site, &place, &source).await;
    place.wait(24 * 40);
    place.crawl(&source).await;
    assert_eq!(state(&place, &source), (State::Silent, vec![Code::NewestOld]));
    place.wait(24);
    publish(&site, next + 41);
    place.crawl(&source).await;
    assert_eq!(state(&place, &source), (State::Healthy, Vec::new()));
}

fn pusher(hook: &Site, place: &Place) -> Pusher {
    let text = format!("[alarm]\nwebhook = \"{}\"\nsecrets = [\"{{secret:ALARM}}\"]\n", hook.url("/hook"));
    let secrets = [("ALARM".to_owned(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())];
    Pusher::new(Config::parse("push.toml", &text).unwrap(), secrets.into(), place.pipeline.clock.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_goes_out_once_also_over_failures_and_restarts_and_its_end_is_told() {
    let (site, hook) = (Site::new().await, Site::new().await);
    let mut place = Place::new(&site);
    let source = site.source();
    let next = well(&site, &place, &source).await;
    site.put("/zc/index.html", 200, LOGIN);
    place.crawl(&source).await;
    hook.put("/hook", 503, "");
    let pusher = pusher(&hook, &place);
    let first = place.pipeline.sweep_alarms(&pusher).await.unwrap();
    assert_eq!((first.told, first.sent, first.retried), (1, 1, 1), "the log took it, the receiver was down: {first:?}");
    let (folder, clock) = (place.pipeline.folder.clone(), place.pipeline.clock.clone());
    let Place { _home, pipeline, transport, now } = place;
    drop(pipeline);
    place = Place { _home, pipeline: Pipeline::open(folder, STAGES.clone(), clock).unwrap(), transport, now };
    hook.put("/hook", 200, "");
    hook.asked();
    place.wait(1);
    for _ in 0..3 {
        place.crawl(&source).await;
        place.pipeline.sweep_alarms(&pusher).await.unwrap();
    }
    let asked = hook.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    for part in ["source.health", "\"state\":\"broken\"", "\"code\":\"login\"", "huice source test example"] {
        assert!(asked[0].contains(part), "{part} is not in {}", asked[0]);
    }
    place.wait(24 * 4);
    place.pipeline.sweep_alarms(&pusher).await.unwrap();
    assert_eq!(hook.asked().len(), 1, "still broken after three days: a reminder");
    publish(&site, next + 4);
    place.crawl(&source).await;
    for _ in 0..2 {
        place.pipeline.sweep_alarms(&pusher).await.unwrap();
    }
    let asked = hook.asked();
    assert!(asked.len() == 1 && asked[0].contains("\"cause\":\"recovered\""), "{asked:?}");
}
