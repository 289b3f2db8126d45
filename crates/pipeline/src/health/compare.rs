//! What changed on a list page since it was last read well, in words. Pure: two looks in, sentences out.

use std::collections::HashSet;

use fetch::{Response, Snapshot};
use jiff::civil::Date;
use model::health::{ListFacts, State};
use model::id::normal_url;
use model::{Page, PageKind, Source};
use store::SourceRun;
use url::Url;

use super::judge::{kind_name, read_well};
use super::observer::{asks_to_log_in, list_facts};
use crate::intake::read_page;

/// A list page as it is, or as it was archived, read with today's rules.
#[derive(Debug, Clone)]
pub struct Look {
    /// How it was read.
    pub facts: ListFacts,
    /// What was read.
    pub page: Page,
    url: Url,
    text: String,
}

impl Look {
    /// Reads an answer.
    #[must_use]
    pub fn new(extractor: &extract::Extractor, response: &Response, source: &Source) -> Self {
        let page = read_page(extractor, response, Some(source));
        let text = fetch::decode(&response.body, response.content_type(), &source.encoding).text;
        let login = asks_to_log_in(response, &page);
        Self { facts: list_facts(response, &page, login), page, url: response.url.clone(), text }
    }

    /// Reads an archived answer of a source's list page; `None` where its address is none.
    #[must_use]
    pub fn archived(extractor: &extract::Extractor, snapshot: Snapshot, source: &Source) -> Option<Self> {
        let requested = Url::parse(&source.url).ok()?;
        let url = Url::parse(&snapshot.url).unwrap_or_else(|_| requested.clone());
        let Snapshot { status, headers, body, fetched_at, .. } = snapshot;
        Some(Self::new(extractor, &Response { requested, post: None, url, status, headers, body, fetched_at }, source))
    }

    fn dated(&self) -> usize {
        self.page.items.iter().filter(|item| item.date.is_some()).count()
    }

    fn place(&self) -> Option<extract::ListPlace> {
        extract::place_of_items(&self.text, &self.page.items, &self.url)
    }

    /// What the page reads as, with the reason where it is no list.
    fn reads_as(&self) -> String {
        match self.facts.code.as_str() {
            "" => kind_name(self.page.kind).to_owned(),
            code if self.facts.detail.is_empty() => code.to_owned(),
            code => format!("{code} ({})", self.facts.detail),
        }
    }
}

/// The newest run whose list was read well and that was not judged to be in trouble; else the newest read well.
#[must_use]
pub fn last_good(history: &[SourceRun]) -> Option<&SourceRun> {
    let in_trouble = |run: &&SourceRun| run.state.is_some_and(State::is_trouble);
    let well = || history.iter().filter(|run| read_well(run));
    well().find(|run| !in_trouble(run)).or_else(|| well().next())
}

/// What is different now from the last good page of a day; empty where nothing is.
#[must_use]
pub fn compare(now: &Look, then: &Look, day: Date) -> Vec<String> {
    let mut said = Vec::new();
    let (count, before) = (now.page.items.len(), then.page.items.len());
    let place = then.place();
    let under = place.as_ref().map(|place| format!(" under `{}`", place.item)).unwrap_or_default();
    if count * 2 < before || count == 0 {
        said.push(format!("the list has {count} items; the last good page of {day} had {before}{under}"));
    }
    if let Some(place) = &place {
        let matched = extract::count_matches(&now.text, &place.item);
        match now.place() {
            _ if matched == 0 && count == 0 => said.push(format!("`{}` is no longer there", place.item)),
            Some(other) if matched == 0 => {
                said.push(format!("`{}` is no longer there; the items now stand under `{}`", place.item, other.item));
            }
            _ if matched * 2 < place.count => {
                said.push(format!("`{}` matches {matched} elements, before {}", place.item, place.count))
            }
            _ => {}
        }
    }
    if now.page.kind != PageKind::List || now.facts.code == "login" {
        said.push(format!("the page now reads as {}, before as {}", now.reads_as(), then.reads_as()));
    }
    said.extend(dates(now, then));
    said.extend(known(now, then));
    for (what, is, was) in [
        ("it answers from host", now.facts.host.clone(), then.facts.host.clone()),
        ("it answers with HTTP", now.facts.status.to_string(), then.facts.status.to_string()),
        ("its charset is", now.facts.charset.clone(), then.facts.charset.clone()),
        ("its items are found by", now.facts.read_by.clone(), then.facts.read_by.clone()),
    ] {
        if is != was && !is.is_empty() {
            said.push(format!("{what} {is}, before {was}"));
        }
    }
    if now.url.as_str() != now.page.url && now.url.host() != then.url.host() {
        said.push(format!("it redirects to {}", now.url));
    }
    said
}

fn dates(now: &Look, then: &Look) -> Option<String> {
    let (count, before) = (now.page.items.len(), then.page.items.len());
    if count == 0 || then.dated() == 0 || now.dated() * before >= then.dated() * count {
        return None;
    }
    let mut said = format!("dates: {} of {count} items have one, before {} of {before}", now.dated(), then.dated());
    let (was, is) = (then.place()?.date, now.place().map(|place| place.date).unwrap_or_default());
    if !was.is_empty() && !is.is_empty() && was != is {
        said += &format!("; the date moved from `{was}` to `{is}`");
    } else if !was.is_empty() && is.is_empty() {
        let there = extract::count_matches(&now.text, &was);
        said += &format!("; it stood in `{was}`, of which the page now has {there}");
    }
    Some(said)
}

/// How many of the entries known from the last good page still stand in the list, where none does.
fn known(now: &Look, then: &Look) -> Option<String> {
    let before: HashSet<String> = then.page.items.iter().map(|item| normal_url(&item.url)).collect();
    let still = now.page.items.iter().filter(|item| before.contains(&normal_url(&item.url))).count();
    let titles: HashSet<&str> = then.page.items.iter().map(|item| item.title.as_str()).collect();
    let same = now.page.items.iter().filter(|item| titles.contains(item.title.as_str())).count();
    let all = now.page.items.len();
    (still == 0 && all > 0 && !before.is_empty()).then(|| match same {
        0 => format!("none of its {all} items stood in the last good page"),
        same => format!("{same} of its {all} items have titles of the last good page, but all under new addresses"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(html: &str, host: &str, status: u16) -> Look {
        let extractor = extract::Extractor::new(&[]).unwrap();
        let url = |host: &str| Url::parse(&format!("https://{host}/zc/")).unwrap();
        let response = Response {
            requested: url("www.example.gov.cn"),
            post: None,
            url: url(host),
            status,
            headers: vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())],
            body: html.as_bytes().to_vec(),
            fetched_at: jiff::Timestamp::UNIX_EPOCH,
        };
        Look::new(&extractor, &response, &Source { url: url("www.example.gov.cn").to_string(), ..Source::default() })
    }

    fn list(class: &str, date: &str) -> String {
        let entry = |number: u32| {
            format!(
                "<li><a href='/zc/20261{number:03}.html'>关于组织申报第{number}批示例项目的通知</a>{}</li>",
                date.replace('N', &format!("2026-11-{:02}", number + 1))
            )
        };
        format!(
            "<html><title>通知公告</title><body><ul class='{class}'>{}</ul></body></html>",
            (0..12).map(entry).collect::<String>()
        )
    }

    #[track_caller]
    fn check(html: &str, host: &str, status: u16, expected: &[&str]) {
        let then = look(&list("list", "<span>N</span>"), "www.example.gov.cn", 200);
        let said = compare(&look(html, host, status), &then, jiff::civil::date(2026, 11, 12)).join("\n");
        for part in expected {
            assert!(said.contains(part), "{part} is not in:\n{said}");
        }
        assert_eq!(said.is_empty(), expected.is_empty(), "{said}");
    }

    #[test]
    fn each_change_has_its_words() {
        let here = "www.example.gov.cn";
        check(&list("list", "<span>N</span>"), here, 200, &[]);
        check(
            "<script>document.cookie='__jsl_clearance=1'</script>",
            here,
            412,
            &[
                "the list has 0 items; the last good page of 2026-11-12 had 12 under `ul.list > li`",
                "`ul.list > li` is no longer there",
                "the page now reads as anti_bot, before as list",
                "it answers with HTTP 412, before 200",
            ],
        );
        check(&list("news", "<span>N</span>"), here, 200, &["the items now stand under `ul.news > li`"]);
        check(
            &list("list", ""),
            here,
            200,
            &["dates: 0 of 12 items have one, before 12 of 12; it stood in `span`, of which the page now has 0"],
        );
        check(
            &list("list", "<span>N</span>"),
            "new.example.gov.cn",
            200,
            &[
                "it answers from host new.example.gov.cn, before www.example.gov.cn",
                "it redirects to https://new.example.gov.cn/zc/",
            ],
        );
        check(
            &list("list", "<span>N</span>").replace("/zc/2026", "/zwgk/2026"),
            here,
            200,
            &["12 of its 12 items have titles of the last good page, but all under new addresses"],
        );
    }

    #[test]
    fn the_last_good_run_is_the_newest_without_trouble() {
        let run = |items_seen, state| SourceRun { items_seen, state, ..SourceRun::default() };
        let runs = [run(0, None), run(9, Some(State::Degraded)), run(20, Some(State::Healthy))];
        assert_eq!(last_good(&runs).unwrap().items_seen, 20);
        assert_eq!(last_good(&runs[..2]).unwrap().items_seen, 9);
        assert!(last_good(&runs[..1]).is_none());
    }
}
