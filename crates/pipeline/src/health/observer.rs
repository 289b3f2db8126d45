//! Watching one run: what the crawl passes by, counted. It judges nothing.

use std::collections::{BTreeMap, HashMap, HashSet};

use fetch::{FetchError, Response};
use jiff::Timestamp;
use model::fingerprint::sha256_hex;
use model::health::{Disagreement, ListFacts, MOST_DAYS, RunFacts};
use model::id::normal_url;
use model::text::fold;
use model::{ListItem, Page, PageKind, SnapshotId};

use super::statistics::median;

/// What a page was asked for as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A list page of the source.
    List,
    /// A page that a list entry leads to.
    Item,
}

/// Stands for a failure where nothing was asked: such a run says nothing of the source.
pub(super) const HELD: &str = "held";
/// Entries remembered for comparing them with their documents.
const MOST_ITEMS: usize = 20_000;
/// A body shorter than this is none.
const LEAST_BODY_CHARACTERS: usize = 30;
/// Days by which a list and a page may differ: some lists show the day of signing, some the next working day.
const DAYS_APART: i32 = 1;

/// Counts what one run over one source sees.
///
/// The crawl calls, for each page: [`Observer::page`] where it answered, [`Observer::unchanged`] where it had not
/// changed, [`Observer::not_fetched`] where it did not answer; [`Observer::latency`] with the time an answer took;
/// [`Observer::items`] with the entries of each list page; and [`Observer::ended`] once.
#[derive(Debug, Default)]
pub struct Observer {
    facts: RunFacts,
    has_list: bool,
    items: HashMap<String, ListItem>,
    bodies: HashSet<String>,
    latencies: Vec<f64>,
}

impl Observer {
    /// A page answered and was read.
    pub fn page(&mut self, asked: Asked, response: &Response, page: &Page) {
        self.answered(response);
        let has = |code: &str| page.issues.iter().any(|issue| issue.code == code);
        let login = has("login") || asks_to_log_in(response, page);
        self.facts.login += u64::from(login);
        self.facts.anti_bot += u64::from(has("anti_bot"));
        self.facts.garbage += u64::from(has("charset_garbage") || is_garbage(page));
        match asked {
            Asked::List => self.list(response, page, login),
            Asked::Item => self.item(page),
        }
    }

    /// A page answered that it had not changed.
    pub fn unchanged(&mut self, response: &Response) {
        self.answered(response);
        self.facts.details += 1;
        self.facts.unchanged += 1;
    }

    /// A page did not answer.
    pub fn not_fetched(&mut self, asked: Asked, error: &FetchError) {
        *self.facts.failures.entry(error.code().to_owned()).or_default() += 1;
        if asked == Asked::List && !self.has_list {
            self.has_list = true;
            self.facts.list.failure = error.code().to_owned();
            self.facts.list.detail = error.to_string().chars().take(200).collect();
        }
    }

    /// A page asked for at one moment answered at another.
    pub fn latency(&mut self, asked: Timestamp, answered: Timestamp) {
        let milliseconds = u64::try_from(answered.duration_since(asked).as_millis()).unwrap_or(0);
        self.facts.latency_max_ms = self.facts.latency_max_ms.max(milliseconds);
        self.latencies.push(milliseconds as f64);
    }

    /// The entries of one list page that no earlier page of the run had, and how many of them are not yet known.
    pub fn items(&mut self, items: &[ListItem], unknown: u64) {
        self.facts.items += items.len() as u64;
        self.facts.new += unknown;
        for item in items {
            self.facts.dated += u64::from(item.date.is_some());
            if let Some(date) = item.date {
                *self.facts.days.entry(date).or_default() += 1;
            }
            if self.items.len() < MOST_ITEMS {
                self.items.insert(normal_url(&item.url), item.clone());
            }
        }
    }

    /// Where the bytes of a list page lie in the archive; told before [`Observer::page`].
    pub fn list_archived(&mut self, snapshot: &SnapshotId) {
        if !self.has_list {
            self.facts.list.snapshot = snapshot.clone();
        }
    }

    /// What the run saw; `is_held` where the list was not even asked for: outside the source's hours, or beyond the budget.
    #[must_use]
    pub fn ended(mut self, is_held: bool) -> RunFacts {
        if is_held {
            HELD.clone_into(&mut self.facts.list.failure);
        }
        self.facts.latency_p50_ms = median(&self.latencies) as u64;
        while self.facts.days.len() > MOST_DAYS {
            self.facts.days.pop_first();
        }
        self.facts
    }

    fn answered(&mut self, response: &Response) {
        *self.facts.statuses.entry(response.status).or_default() += 1;
        self.facts.bytes += response.body.len() as u64;
    }

    fn list(&mut self, response: &Response, page: &Page, login: bool) {
        self.facts.lists += u64::from(page.kind == PageKind::List || !page.items.is_empty());
        if self.has_list {
            return;
        }
        self.has_list = true;
        self.facts.first_items = page.items.len() as u64;
        let snapshot = std::mem::take(&mut self.facts.list.snapshot);
        self.facts.list = ListFacts { snapshot, ..list_facts(response, page, login) };
    }

    fn item(&mut self, page: &Page) {
        self.facts.details += 1;
        match page.kind {
            PageKind::Shell => self.facts.shells += 1,
            PageKind::Error => self.facts.errors += 1,
            PageKind::Detail => self.document(page),
            PageKind::List | PageKind::Other => self.facts.others += 1,
        }
    }

    fn document(&mut self, page: &Page) {
        let (facts, document) = (&mut self.facts, &page.document);
        facts.documents += 1;
        facts.titled += u64::from(!document.title.is_empty());
        facts.published += u64::from(document.published.is_some());
        facts.numbered += u64::from(!document.numbers.is_empty());
        let letters = letters_of(&document.text);
        let has_body = letters.chars().count() >= LEAST_BODY_CHARACTERS;
        facts.bodied += u64::from(has_body || !document.attachments.is_empty());
        // Notices that are little more than a file are often alike.
        let repeated = has_body && document.attachments.is_empty() && !self.bodies.insert(sha256_hex(letters.as_bytes()));
        facts.repeated += u64::from(repeated);
        let Some(item) = self.items.get(&normal_url(&page.url)) else { return };
        if !document.title.is_empty() && !item.title.is_empty() {
            count(&mut facts.titles, !titles_agree(&item.title, &document.title));
        }
        if let (Some(date), Some(published)) = (item.date, document.published) {
            count(&mut facts.dates, (published.date - date).get_days().abs() > DAYS_APART);
        }
    }
}

fn count(found: &mut Disagreement, disagrees: bool) {
    found.of += 1;
    found.count += u64::from(disagrees);
}

/// How a list page was read, whatever it turned out to be.
pub(crate) fn list_facts(response: &Response, page: &Page, login: bool) -> ListFacts {
    const TELLING: [&str; 6] = ["anti_bot", "login", "error_page", "http_status", "redirect", "broken_feed"];
    let telling = page.issues.iter().find(|issue| TELLING.contains(&issue.code.as_str()));
    let (code, detail) = telling.map_or(("", ""), |issue| (issue.code.as_str(), issue.detail.as_str()));
    ListFacts {
        kind: Some(page.kind),
        code: if login && code != "anti_bot" { "login" } else { code }.to_owned(),
        detail: detail.chars().take(200).collect(),
        status: response.status,
        host: response.url.host_str().unwrap_or_default().to_owned(),
        charset: fetch::decode(&response.body, response.content_type(), "").charset.to_owned(),
        // Extraction says so where the source has a rule of its own that finds nothing.
        read_by: if page.issues.iter().any(|issue| issue.code == "list_rule_unmatched") { "shape" } else { "rule" }.to_owned(),
        ..ListFacts::default()
    }
}

/// Whether a page that is no document asks to log in: by where it led, or by what it calls itself.
pub(crate) fn asks_to_log_in(response: &Response, page: &Page) -> bool {
    const PATHS: [&str; 6] = ["login", "signin", "sso", "passport", "oauth", "authserver"];
    const TITLES: [&str; 5] = ["用户登录", "统一身份认证", "登录页", "请登录", "单点登录"];
    if page.kind == PageKind::Detail || page.items.len() >= 3 {
        return false;
    }
    let parts = |path: &str| -> bool { path.to_ascii_lowercase().split(['/', '.', '-', '_']).any(|part| PATHS.contains(&part)) };
    let led = response.url != response.requested && parts(response.url.path()) && !parts(response.requested.path());
    let next = page.next.as_deref().and_then(|next| url::Url::parse(next).ok()).is_some_and(|next| parts(next.path()));
    let title = page.document.title.trim();
    led || (page.kind == PageKind::Shell && next) || title == "登录" || TITLES.iter().any(|mark| title.contains(mark))
}

/// Whether the text of a page is garbage: one character in fifty is a mark of bytes that mean nothing in its charset.
fn is_garbage(page: &Page) -> bool {
    let titles = page.items.iter().map(|item| item.title.as_str());
    let texts = [page.document.title.as_str(), page.document.text.as_str()].into_iter().chain(titles);
    let (mut all, mut wrong) = (0_usize, 0_usize);
    for text in texts {
        all += text.chars().count();
        wrong += text.chars().filter(|character| matches!(character, '\u{fffd}' | '锟' | '\u{80}'..='\u{9f}')).count();
    }
    wrong >= 3 && wrong * 50 > all
}

fn letters_of(text: &str) -> String {
    fold(text).chars().filter(|character| character.is_alphanumeric()).collect()
}

/// Whether the title of an entry is that of its document: lists cut titles short, put words in front and leave marks out.
fn titles_agree(entry: &str, document: &str) -> bool {
    let (entry, document) = (letters_of(entry), letters_of(document));
    let (short, long) = if entry.len() <= document.len() { (&entry, &document) } else { (&document, &entry) };
    if short.is_empty() || long.contains(short.as_str()) {
        return true;
    }
    let pairs = |text: &str| -> BTreeMap<(char, char), usize> {
        let characters: Vec<char> = text.chars().take(400).collect();
        let mut pairs = BTreeMap::new();
        characters.windows(2).for_each(|pair| *pairs.entry((pair[0], pair[1])).or_default() += 1);
        pairs
    };
    let (short, long) = (pairs(short), pairs(long));
    let shared: usize = short.iter().map(|(pair, count)| (*count).min(long.get(pair).copied().unwrap_or(0))).sum();
    shared * 10 >= short.values().sum::<usize>() * 6
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Document, Issue};
    use url::Url;

    fn response(asked: &str, answered: &str, status: u16) -> Response {
        let url = |text: &str| Url::parse(&format!("https://www.example.gov.cn{text}")).unwrap();
        Response {
            requested: url(asked),
            post: None,
            url: url(answered),
            status,
            headers: Vec::new(),
            body: b"<html>".to_vec(),
            fetched_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn item(number: u32) -> ListItem {
        let title = format!("关于第{number}批项目申报的通知");
        let url = format!("https://www.example.gov.cn/{number}.html");
        ListItem { title, url, date: Some(jiff::civil::date(2026, 11, 2)) }
    }

    fn document(number: u32, title: &str, date: &str, text: &str) -> Page {
        let published = model::date::parse_moment(date);
        let document = Document { title: title.to_owned(), published, text: text.to_owned(), ..Document::default() };
        Page { url: item(number).url, kind: PageKind::Detail, document, ..Page::default() }
    }

    #[test]
    fn documents_are_compared_with_their_entries_and_with_each_other() {
        let mut observer = Observer::default();
        let items: Vec<ListItem> = (1..=4).map(item).collect();
        let list = Page { kind: PageKind::List, items: items.clone(), ..Page::default() };
        observer.page(Asked::List, &response("/list", "/list", 200), &list);
        observer.items(&items, 4);
        let text =
            |number: u32| format!("第{number}批项目的有关事项如下，请各单位认真组织申报，并按时报送有关材料，逾期不予受理。");
        for (number, title, date, text) in [
            (1, "关于第1批项目申报的通知", "2026-11-02", text(1)),
            (2, "关于第2批项目申报的通知（某委）", "2026-11-03", text(2)),
            (3, "网站首页", "2026-11-12", text(3)),
            (4, "关于第4批项目申报的通知", "2026-11-02", text(3)),
        ] {
            observer.page(Asked::Item, &response("/x", "/x", 200), &document(number, title, date, &text));
        }
        let facts = observer.ended(false);
        assert_eq!((facts.items, facts.new, facts.dated, facts.first_items), (4, 4, 4, 4));
        assert_eq!((facts.details, facts.documents, facts.bodied, facts.published), (4, 4, 4, 4));
        assert_eq!(facts.titles, Disagreement { of: 4, count: 1 });
        assert_eq!(facts.dates, Disagreement { of: 4, count: 1 });
        assert_eq!((facts.repeated, facts.statuses[&200], facts.days.len()), (1, 5, 1));
    }

    #[test]
    fn pages_that_are_nothing_are_counted_by_what_they_are() {
        let mut observer = Observer::default();
        let page = |kind, code: &str| Page { kind, issues: vec![Issue::new(code, "")], ..Page::default() };
        observer.page(Asked::List, &response("/list", "/list", 412), &page(PageKind::Shell, "anti_bot"));
        for (kind, code) in [(PageKind::Shell, "redirect"), (PageKind::Error, "error_page"), (PageKind::Other, "charset_garbage")]
        {
            observer.page(Asked::Item, &response("/1", "/1", 200), &page(kind, code));
        }
        observer.not_fetched(Asked::Item, &FetchError::Timeout { url: "x".to_owned(), limit_ms: 1 });
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        [300, 100, 200].into_iter().for_each(|ms| observer.latency(at(0), at(ms)));
        let facts = observer.ended(false);
        assert_eq!((facts.list.code.as_str(), facts.list.status, facts.anti_bot, facts.lists), ("anti_bot", 412, 1, 0));
        assert_eq!((facts.shells, facts.errors, facts.others, facts.garbage), (1, 1, 1, 1));
        assert_eq!((facts.failures["timeout"], facts.failed_details()), (1, (2, 4)));
        assert_eq!((facts.latency_p50_ms, facts.latency_max_ms), (200, 300));
    }

    #[test]
    fn login_pages_are_told_from_documents_about_logging_in() {
        let titled = |kind, title: &str| Page {
            kind,
            document: Document { title: title.to_owned(), ..Document::default() },
            ..Page::default()
        };
        for (asked, answered, page, expected) in [
            ("/list", "/sso/login?back=1", titled(PageKind::Other, ""), true),
            ("/list", "/list", titled(PageKind::Other, "示例市统一身份认证平台"), true),
            ("/list", "/list", titled(PageKind::Other, "登录"), true),
            ("/list", "/list", titled(PageKind::Detail, "关于启用统一身份认证的通知"), false),
            ("/list", "/list/", titled(PageKind::Other, "通知公告"), false),
            ("/list", "/logins.html", titled(PageKind::Other, "通知公告"), false),
        ] {
            assert_eq!(asks_to_log_in(&response(asked, answered, 200), &page), expected, "{answered} {}", page.document.title);
        }
    }

    #[test]
    fn titles_cut_short_or_with_marks_agree() {
        for (entry, document, expected) in [
            ("关于印发《示例市办法》的通知", "关于印发《示例市办法》的通知", true),
            ("关于印发示例市科技创新管理办法…", "示例市科技局关于印发示例市科技创新管理办法的通知", true),
            ("［通知］关于组织申报2026年项目的通知", "关于组织申报２０２６年项目的通知", true),
            ("关于组织申报2026年项目的通知", "您访问的页面不存在", false),
            ("关于组织申报2026年项目的通知", "示例市人民政府门户网站", false),
        ] {
            assert_eq!(titles_agree(entry, document), expected, "{entry} {document}");
        }
    }
}
