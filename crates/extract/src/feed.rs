//! Lists that are no pages: RSS and Atom feeds, and JSON answers of list interfaces.

use jiff::civil::Date;
use model::{Issue, ListItem, Page, PageKind};
use serde_json::{Map, Value};
use url::Url;

use crate::words;

/// Entries kept of one answer.
const MOST_ITEMS: usize = 20_000;

/// Reads a text as feed or JSON when it is one; `None` where it is a page.
pub(crate) fn read(text: &str, url: &Url, content_type: Option<&str>) -> Option<Page> {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    let declared = content_type.unwrap_or_default().to_ascii_lowercase();
    if is_feed(start) {
        return Some(feed(start, url));
    }
    let json = declared.contains("json") || url.path().ends_with(".json") || start.starts_with(['{', '[']);
    let javascript = declared.contains("javascript") || url.path().ends_with(".js");
    if !(json || javascript) || start.starts_with('<') {
        return None;
    }
    Some(json_list(start, url))
}

fn is_feed(start: &str) -> bool {
    let mut rest = start;
    // Declaration, stylesheets and comments may stand before the root.
    for _ in 0..8 {
        let end = if rest.starts_with("<?") {
            rest.find("?>").map(|at| at + 2)
        } else if rest.starts_with("<!--") {
            rest.find("-->").map(|at| at + 3)
        } else {
            None
        };
        let Some(end) = end else { break };
        rest = rest[end..].trim_start();
    }
    ["<rss", "<feed", "<rdf:RDF"].iter().any(|root| rest.starts_with(root))
}

fn feed(text: &str, url: &Url) -> Page {
    let mut page = Page { url: url.to_string(), kind: PageKind::List, ..Page::default() };
    match feed_rs::parser::parse(text.as_bytes()) {
        Ok(feed) => {
            page.document.title = feed.title.map(|title| words::squeeze(&title.content)).unwrap_or_default();
            for entry in feed.entries.into_iter().take(MOST_ITEMS) {
                let link = entry
                    .links
                    .iter()
                    .find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"))
                    .or(entry.links.first());
                let Some(address) = link.and_then(|link| url.join(link.href.trim()).ok()) else { continue };
                let title = entry.title.map(|title| without_tags(&title.content)).unwrap_or_default();
                let date =
                    entry.published.or(entry.updated).and_then(|time| model::date::parse_date(&time.timestamp().to_string()));
                page.items.push(ListItem { title, url: address.to_string(), date });
            }
        }
        Err(error) => {
            page.kind = PageKind::Error;
            page.issues.push(Issue::new("broken_feed", error.to_string()));
        }
    }
    page
}

fn json_list(text: &str, url: &Url) -> Page {
    let mut page = Page { url: url.to_string(), kind: PageKind::Other, ..Page::default() };
    match serde_json::from_str::<Value>(without_callback(text)) {
        Ok(value) => {
            page.items = items_of(&value, url);
            if !page.items.is_empty() {
                page.kind = PageKind::List;
            }
        }
        Err(error) => {
            page.kind = PageKind::Error;
            page.issues.push(Issue::new("broken_feed", error.to_string()));
        }
    }
    page
}

/// Cuts the call around a JSONP answer.
fn without_callback(text: &str) -> &str {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else { return text };
    let is_name = !name.is_empty()
        && name.len() < 100
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$' | b' ' | b'/' | b'*'));
    match rest.rfind(')') {
        Some(end) if is_name => &rest[..end],
        _ => text,
    }
}

/// Entries in a JSON array written out in a script.
pub(crate) fn items_in_script(script: &str, base: &Url) -> Option<Vec<ListItem>> {
    if !script.contains("[{") && !script.contains("[ {") {
        return None;
    }
    let starts = script.match_indices('[').filter(|(at, _)| script[at + 1..].trim_start().starts_with('{')).take(5);
    let lists = starts.filter_map(|(at, _)| {
        let mut values = serde_json::Deserializer::from_str(&script[at..]).into_iter::<Value>();
        values.next()?.ok().map(|value| items_of(&value, base))
    });
    lists.filter(|items| items.len() >= 3).max_by_key(Vec::len)
}

/// The largest list of entries anywhere in a JSON value.
fn items_of(value: &Value, base: &Url) -> Vec<ListItem> {
    let mut best: Vec<ListItem> = Vec::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(entries) => {
                let objects = entries.iter().filter(|entry| entry.is_object()).count();
                let items: Vec<ListItem> =
                    entries.iter().take(MOST_ITEMS).filter_map(|entry| item(entry.as_object()?, base)).collect();
                if items.len() > best.len() && items.len() * 10 >= objects * 6 {
                    best = items;
                } else if items.is_empty() {
                    waiting.extend(entries.iter());
                }
            }
            Value::Object(fields) => waiting.extend(fields.values()),
            _ => {}
        }
    }
    best
}

fn item(fields: &Map<String, Value>, base: &Url) -> Option<ListItem> {
    // Search engines wrap the entry: `{"_source": {…}}`, `{"data": {…}}`.
    let own = entry(fields, base);
    own.or_else(|| fields.values().filter_map(Value::as_object).find_map(|inner| entry(inner, base)))
}

fn entry(fields: &Map<String, Value>, base: &Url) -> Option<ListItem> {
    let title = without_tags(&text_of(fields, TITLE_KEYS, &["title"])?);
    let url = base.join(text_of(fields, URL_KEYS, &["url", "link", "href"])?.trim()).ok()?;
    let usable = !title.is_empty() && matches!(url.scheme(), "http" | "https");
    let date = date_of(fields);
    usable.then(|| ListItem { title, url: url.to_string(), date })
}

const TITLE_KEYS: &[&str] = &["title", "doctitle", "infotitle", "subject", "headline", "maintitle", "showtitle", "name"];
const URL_KEYS: &[&str] =
    &["url", "docpuburl", "puburl", "link", "href", "linkurl", "weburl", "docurl", "detailurl", "infourl", "pageurl", "visiturl"];
const DATE_KEYS: &[&str] = &[
    "pubtimestr",
    "pubdate",
    "pubtime",
    "publishdate",
    "publishtime",
    "publishedtime",
    "docrelpubtime",
    "docreltime",
    "releasedate",
    "releasetime",
    "displaydate",
    "infodate",
    "date",
    "time",
    "writetime",
    "createdate",
    "createtime",
    "crtime",
    "showdate",
];

/// The value of the first known key, else of a key that contains one of some words. Case, `_` and `-` do not count.
fn value_of<'v>(fields: &'v Map<String, Value>, keys: &[&str], parts: &[&str]) -> Option<&'v Value> {
    let plain = |key: &str| {
        key.chars()
            .filter(|character| character.is_ascii_alphanumeric())
            .map(|character| character.to_ascii_lowercase())
            .collect::<String>()
    };
    let names: Vec<(String, &Value)> =
        fields.iter().map(|(key, value)| (plain(key), value)).filter(|(_, value)| !value.is_null() && *value != "").collect();
    let known = keys.iter().find_map(|key| names.iter().find(|(name, _)| name == key));
    known.or_else(|| names.iter().find(|(name, _)| parts.iter().any(|part| name.contains(part)))).map(|(_, value)| *value)
}

fn text_of(fields: &Map<String, Value>, keys: &[&str], parts: &[&str]) -> Option<String> {
    value_of(fields, keys, parts)?.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

fn date_of(fields: &Map<String, Value>) -> Option<Date> {
    match value_of(fields, DATE_KEYS, &["date", "time"])? {
        Value::String(text) => model::date::parse_date(text),
        Value::Number(number) => model::date::parse_date(&number.as_i64()?.to_string()),
        _ => None,
    }
}

/// Text without the tags search engines mark hits with.
fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let tag = rest[start + 1..].starts_with(|character: char| character.is_ascii_alphabetic() || character == '/');
        match rest[start..].find('>') {
            Some(end) if tag => {
                plain.push_str(&rest[..start]);
                rest = &rest[start + end + 1..];
            }
            _ => {
                plain.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
            }
        }
    }
    plain.push_str(rest);
    words::squeeze(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str, content_type: &str) -> Page {
        let url = Url::parse("https://www.example.gov.cn/api/list").unwrap();
        read(text, &url, Some(content_type)).unwrap()
    }

    #[test]
    fn a_feed_is_a_list() {
        let page = page(
            "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>某市政策</title><item><title>关于申报的通知</title>\
             <link>https://www.example.gov.cn/a.html</link><pubDate>Fri, 05 Jul 2024 01:00:00 GMT</pubDate></item></channel></rss>",
            "application/rss+xml",
        );
        assert_eq!(page.kind, PageKind::List);
        assert_eq!(page.items[0].date.unwrap().to_string(), "2024-07-05");
    }

    #[test]
    fn a_list_is_found_anywhere_in_json() {
        let page = page(
            r#"{"code":0,"searchVO":{"total":2,"listVO":[{"title":"关于<em>申报</em>的通知","url":"/a.html","pubtime":1720137600000},{"TITLE":"乙","docPubUrl":"b.html","pubtimeStr":"2026.09.11"}]}}"#,
            "application/json",
        );
        assert_eq!(page.kind, PageKind::List);
        assert_eq!(page.items[0].title, "关于申报的通知");
        assert_eq!(page.items[0].date.unwrap().to_string(), "2024-07-05");
        assert_eq!(page.items[1].url, "https://www.example.gov.cn/api/b.html");
        assert_eq!(page.items[1].date.unwrap().to_string(), "2026-09-11");
    }

    #[test]
    fn a_callback_around_json_does_not_matter() {
        assert_eq!(page("cb([{\"title\":\"甲\",\"link\":\"a.html\"}]);", "application/javascript").items.len(), 1);
    }

    #[test]
    fn what_is_broken_is_an_error_with_its_reason() {
        for (text, content_type) in [("<rss><channel><item></rss>", "text/xml"), ("{\"a\":", "application/json")] {
            let page = page(text, content_type);
            assert_eq!(page.kind, PageKind::Error, "{text}");
            assert_eq!(page.issues[0].code, "broken_feed");
        }
    }

    #[test]
    fn json_without_entries_is_no_list() {
        assert_eq!(page("{\"ok\":true,\"rows\":[]}", "application/json").kind, PageKind::Other);
    }
}
