//! Answers that are JSON: lists of entries, by path or by the usual names, documents, and markup inside a member.

use jiff::civil::Date;
use model::source::JsonRule;
use model::{Issue, ListItem, Page, PageKind};
use serde_json::{Map, Value};
use url::Url;

use crate::feed::{MOST_ITEMS, without_repeats, without_tags};

/// Larger answers are refused: a tree of them would take many times their size.
const MOST_BYTES: usize = 16_000_000;
/// Members and entries looked at in search of lists.
const MOST_VALUES: usize = 500_000;

/// What a text that is no page turned out to be.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A list or an error, complete.
    Page(Box<Page>),
    /// Markup that is to be read as a page: a document that stood in a member.
    Markup(String),
    /// Markup that is nothing but a list.
    List(String),
}

/// Whether a text is to be read as JSON.
pub(crate) fn is_json(text: &str, url: &Url, content_type: Option<&str>) -> bool {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
    let declared = content_type.unwrap_or_default().to_ascii_lowercase();
    let named = declared.contains("json") || declared.contains("javascript");
    let ends = [".json", ".js"].iter().any(|end| url.path().ends_with(end));
    !start.starts_with('<') && (named || ends || start.starts_with(['{', '[']))
}

/// Reads a JSON answer.
pub(crate) fn read(text: &str, url: &Url, rule: Option<&JsonRule>) -> Answer {
    let mut page = Page { url: url.to_string(), kind: PageKind::Other, ..Page::default() };
    let text = without_callback(text.trim_start_matches('\u{feff}'));
    if text.len() > MOST_BYTES {
        page.kind = PageKind::Error;
        page.issues.push(Issue::new("too_long", format!("{} bytes of JSON, expected at most {MOST_BYTES}", text.len())));
        return Answer::Page(Box::new(page));
    }
    let value = match parse(text) {
        Ok(value) => value,
        Err(error) => {
            page.kind = PageKind::Error;
            page.issues.push(Issue::new("broken_feed", error.to_string()));
            return Answer::Page(Box::new(page));
        }
    };
    if let Some(rule) = rule {
        page.items = by_rule(&value, rule, url);
        if page.items.is_empty() {
            page.issues.push(Issue::new("no_items", format!("nothing at `{}`", rule.items)));
        }
    }
    if page.items.is_empty() {
        if let Some(markup) = document(&value) {
            return Answer::Markup(markup);
        }
        page.items = items_of(&value, url);
    }
    if page.items.is_empty()
        && let Some(markup) = longest_markup(&value)
    {
        return Answer::List(markup.to_owned());
    }
    if !page.items.is_empty() {
        page.items = without_repeats(page.items);
        page.kind = PageKind::List;
        page.next = next_by_counter(&value, url);
    }
    Answer::Page(Box::new(page))
}

/// A JSON value, perhaps inside a string of JSON once more, as some gateways answer.
fn parse(text: &str) -> serde_json::Result<Value> {
    let value: Value = serde_json::from_str(text)?;
    match &value {
        Value::String(inner) if inner.trim_start().starts_with(['{', '[']) => serde_json::from_str(inner),
        _ => Ok(value),
    }
}

/// Cuts the call around a JSONP answer, or the assignment before a value.
fn without_callback(text: &str) -> &str {
    let text = text.trim().trim_end_matches(';').trim_end();
    let is_name = |name: &str| {
        !name.is_empty()
            && name.len() < 100
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$' | b' ' | b'/' | b'*'))
    };
    if text.starts_with(['{', '[', '"']) {
        return text;
    }
    if let Some((name, value)) = text.split_once('=')
        && is_name(name)
        && value.trim_start().starts_with(['{', '['])
    {
        return value.trim();
    }
    match text.split_once('(') {
        Some((name, rest)) if is_name(name) => rest.rfind(')').map_or(text, |end| &rest[..end]),
        _ => text,
    }
}

/// Entries in a JSON array written out in a script.
pub(crate) fn items_in_script(script: &str, base: &Url) -> Option<Vec<ListItem>> {
    if !script.contains("[{") && !script.contains("[ {") && !script.contains("[\n") {
        return None;
    }
    let starts = script.match_indices('[').filter(|(at, _)| script[at + 1..].trim_start().starts_with('{')).take(5);
    let lists = starts.filter_map(|(at, _)| {
        let mut values = serde_json::Deserializer::from_str(&script[at..]).into_iter::<Value>();
        values.next()?.ok().map(|value| items_of(&value, base))
    });
    lists.filter(|items| items.len() >= 3).max_by_key(Vec::len)
}

/// The values at a path of member names and numbers; `*` is every member.
fn at_path<'v>(value: &'v Value, path: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for part in path.split('.').filter(|part| !part.is_empty()) {
        found = found
            .into_iter()
            .flat_map(|value| -> Vec<&Value> {
                match value {
                    Value::Object(members) if part == "*" => members.values().collect(),
                    Value::Array(entries) if part == "*" => entries.iter().collect(),
                    Value::Object(members) => members.get(part).into_iter().collect(),
                    Value::Array(entries) => part.parse().ok().and_then(|at: usize| entries.get(at)).into_iter().collect(),
                    _ => Vec::new(),
                }
            })
            .take(MOST_VALUES)
            .collect();
    }
    found
}

fn by_rule(value: &Value, rule: &JsonRule, base: &Url) -> Vec<ListItem> {
    let arrays = at_path(value, &rule.items).into_iter();
    // A path that names the entries themselves (`data.*`) is as good as one that names their array.
    let entries = arrays.flat_map(|value| match value {
        Value::Array(entries) => entries.iter().collect::<Vec<_>>(),
        other => vec![other],
    });
    let members = entries.filter_map(Value::as_object);
    members.filter_map(|members| entry(members, base, Some(rule))).take(MOST_ITEMS).collect()
}

/// The largest list of entries anywhere in a JSON value.
fn items_of(value: &Value, base: &Url) -> Vec<ListItem> {
    let mut best: Vec<ListItem> = Vec::new();
    let mut waiting = vec![value];
    let mut looked = 0;
    while let Some(value) = waiting.pop() {
        looked += 1;
        if looked > MOST_VALUES {
            break;
        }
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
            Value::Object(members) => waiting.extend(members.values()),
            _ => {}
        }
    }
    best
}

fn item(members: &Map<String, Value>, base: &Url) -> Option<ListItem> {
    // Search engines wrap the entry: `{"_source": {…}}`, `{"data": {…}}`.
    let own = entry(members, base, None);
    own.or_else(|| members.values().filter_map(Value::as_object).find_map(|inner| entry(inner, base, None)))
}

fn entry(members: &Map<String, Value>, base: &Url, rule: Option<&JsonRule>) -> Option<ListItem> {
    let named = |name: &str| {
        let value = *at_path_of(members, name).first()?;
        scalar(value).filter(|text| !text.trim().is_empty())
    };
    let rule = rule.cloned().unwrap_or_default();
    let title = if rule.title.is_empty() { text_of(members, TITLE_KEYS, &["title"]) } else { named(&rule.title) };
    let title = without_tags(&unescaped(&title?));
    let address = match rule.url.as_str() {
        "" => text_of(members, URL_KEYS, &["url", "link", "href"])?,
        pattern if pattern.contains('{') => filled(pattern, members)?,
        name => named(name)?,
    };
    let url = base.join(address.trim()).ok()?;
    let usable = !title.is_empty() && matches!(url.scheme(), "http" | "https") && address.trim() != "#";
    let date =
        if rule.date.is_empty() { date_of(members) } else { named(&rule.date).and_then(|text| model::date::parse_date(&text)) };
    usable.then(|| ListItem { title, url: url.to_string(), date })
}

fn at_path_of<'v>(members: &'v Map<String, Value>, path: &str) -> Vec<&'v Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    members.get(first).map(|value| at_path(value, rest)).unwrap_or_default()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A pattern with members in braces; `None` where one is missing.
fn filled(pattern: &str, members: &Map<String, Value>) -> Option<String> {
    let mut address = String::with_capacity(pattern.len() + 32);
    let mut rest = pattern;
    while let Some(start) = rest.find('{') {
        let end = start + rest[start..].find('}')?;
        address.push_str(&rest[..start]);
        address.push_str(&scalar(at_path_of(members, &rest[start + 1..end]).first()?)?);
        rest = &rest[end + 1..];
    }
    address.push_str(rest);
    Some(address)
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&ldquo;", "“").replace("&rdquo;", "”").replace("&nbsp;", " ").replace("&amp;", "&")
}

const TITLE_KEYS: &[&str] =
    &["title", "doctitle", "infotitle", "articletitle", "subject", "headline", "maintitle", "showtitle", "name", "bt"];
const URL_KEYS: &[&str] = &[
    "url",
    "docpuburl",
    "puburl",
    "publishurl",
    "link",
    "href",
    "linkurl",
    "weburl",
    "docurl",
    "detailurl",
    "infourl",
    "pageurl",
    "visiturl",
];
const DATE_KEYS: &[&str] = &[
    "pubtimestr",
    "displaypublishtime",
    "pubdate",
    "pubtime",
    "publishdate",
    "publishtime",
    "publishedtime",
    "datepublished",
    "publishedat",
    "docrelpubtime",
    "docreltime",
    "releasedate",
    "releasetime",
    "displaydate",
    "infodate",
    "date",
    "time",
    "fbsj",
    "fbrq",
    "writetime",
    "createdate",
    "createtime",
    "crtime",
    "showdate",
];
const BODY_KEYS: &[&str] = &["docclob", "content", "infocontent", "articlecontent", "body", "html", "doccontent", "text", "zw"];

/// Letters and digits of a member's name, lower-case: case, `_` and `-` do not count.
fn bare_key(key: &str) -> String {
    key.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// The value of the first known key, else of a key that contains one of some words.
fn value_of<'v>(members: &'v Map<String, Value>, keys: &[&str], parts: &[&str]) -> Option<&'v Value> {
    let names: Vec<(String, &Value)> =
        members.iter().map(|(key, value)| (bare_key(key), value)).filter(|(_, value)| !value.is_null() && *value != "").collect();
    let known = keys.iter().find_map(|key| names.iter().find(|(name, _)| name == key));
    known.or_else(|| names.iter().find(|(name, _)| parts.iter().any(|part| name.contains(part)))).map(|(_, value)| *value)
}

fn text_of(members: &Map<String, Value>, keys: &[&str], parts: &[&str]) -> Option<String> {
    value_of(members, keys, parts)?.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

fn date_of(members: &Map<String, Value>) -> Option<Date> {
    model::date::parse_date(&scalar(value_of(members, DATE_KEYS, &["date", "time"])?)?)
}

/// A document: an object outside of lists that has a title and a long text, written as the page it would be.
fn document(value: &Value) -> Option<String> {
    let mut waiting = vec![value];
    let mut looked = 0;
    while let Some(value) = waiting.pop() {
        looked += 1;
        let Value::Object(members) = value else { continue };
        if looked > 1000 {
            break;
        }
        if let Some(title) = text_of(members, TITLE_KEYS, &["title"])
            && let Some(body) = body_of(members)
        {
            let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            let title = escape(&without_tags(&unescaped(&title)));
            let date = value_of(members, DATE_KEYS, &["date", "time"]).and_then(scalar);
            let date =
                date.and_then(|text| model::date::parse_moment(&text)).map(|moment| moment.to_string()).unwrap_or_default();
            return Some(format!(
                "<html><head><title>{title}</title><meta name=\"ArticleTitle\" content=\"{title}\"><meta name=\"PubDate\" content=\"{date}\"></head>\
                 <body><h1>{title}</h1><div class=\"article-content\">{body}</div></body></html>"
            ));
        }
        waiting.extend(members.values());
    }
    None
}

/// The text of a document: the longest member of the usual names that holds markup or several lines.
fn body_of(members: &Map<String, Value>) -> Option<String> {
    let texts = members.iter().filter_map(|(key, value)| Some((bare_key(key), value.as_str()?)));
    let usual = texts.filter(|(key, text)| {
        text.len() >= 150 && (BODY_KEYS.contains(&key.as_str()) || key.ends_with("content") || is_markup(text))
    });
    let (_, body) = usual.max_by_key(|(_, text)| text.len())?;
    let escaped = body.contains("&lt;p") || body.contains("&lt;div");
    let body = if escaped && !body.contains('<') { unescaped(body) } else { body.to_owned() };
    if is_markup(&body) {
        return Some(body);
    }
    Some(body.lines().map(|line| format!("<p>{}</p>", line.replace('&', "&amp;").replace('<', "&lt;"))).collect())
}

fn is_markup(text: &str) -> bool {
    ["</p>", "<br", "</div>", "</li>", "</table>", "</span>", "</a>"].iter().any(|tag| text.contains(tag))
}

/// Markup with links that stands in a member, as units of page builders answer.
fn longest_markup(value: &Value) -> Option<&str> {
    let mut best: Option<&str> = None;
    let mut waiting = vec![value];
    let mut looked = 0;
    while let Some(value) = waiting.pop() {
        looked += 1;
        if looked > MOST_VALUES {
            break;
        }
        match value {
            Value::String(text) if crate::words::holds_links(text) && best.is_none_or(|best| text.len() > best.len()) => {
                best = Some(text);
            }
            Value::Array(entries) => waiting.extend(entries.iter()),
            Value::Object(members) => waiting.extend(members.values()),
            _ => {}
        }
    }
    best
}

/// The next page by the counter in the address, where the answer says how many pages there are.
fn next_by_counter(value: &Value, url: &Url) -> Option<String> {
    const COUNTERS: &[&str] = &["page", "pageno", "pagenum", "pageindex", "currentpage", "curpage", "pagenumber", "p"];
    const SIZES: &[&str] = &["pagesize", "size", "rows", "limit", "perpage", "n", "num"];
    let query: Vec<(String, String)> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let number = |names: &[&str]| {
        let found = query.iter().find(|(name, _)| names.contains(&bare_key(name).as_str()));
        found.and_then(|(_, value)| value.parse::<u64>().ok())
    };
    let current = number(COUNTERS)?;
    let pages = count(value, &["totalpages", "totalpage", "pagecount", "pages", "allpage"]).or_else(|| {
        let total = count(value, &["total", "totalcount", "totalrecords", "recordcount", "totalelements", "count"])?;
        let size = number(SIZES).or_else(|| count(value, &["pagesize", "size", "perpage"])).filter(|size| *size > 0)?;
        Some(total.div_ceil(size))
    })?;
    if current == 0 || current >= pages {
        return None;
    }
    let mut next = url.clone();
    next.query_pairs_mut().clear().extend_pairs(query.iter().map(|(name, value)| {
        let counts = COUNTERS.contains(&bare_key(name).as_str());
        (name.as_str(), if counts { (current + 1).to_string() } else { value.clone() })
    }));
    (next != *url).then(|| next.into())
}

/// A number by its name, outside of lists.
fn count(value: &Value, names: &[&str]) -> Option<u64> {
    let mut waiting = std::collections::VecDeque::from([value]);
    let mut looked = 0;
    while let Some(value) = waiting.pop_front() {
        looked += 1;
        let Value::Object(members) = value else { continue };
        if looked > 1000 {
            break;
        }
        let found = names.iter().find_map(|wanted| members.iter().find(|(key, _)| bare_key(key) == *wanted));
        if let Some(number) = found.and_then(|(_, value)| scalar(value)?.parse().ok()) {
            return Some(number);
        }
        waiting.extend(members.values());
    }
    None
}
