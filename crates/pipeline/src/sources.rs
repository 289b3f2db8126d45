//! Reading `sources.toml`: beyond its form, ids are unique and sorted, codes and families exist, schedules fire.

use std::collections::BTreeSet;
use std::ops::Range;

use model::source::{ListRequest, Sources};
use model::{ConfigError, Regions, Source};
use regex::Regex;
use url::Url;

use crate::crawl::window::Window;
use crate::schedule::Cron;

/// Reads and checks the sources; the error points at the entry's own line.
///
/// # Errors
/// The first mistake with file, line, column and what was expected.
pub fn parse_sources(file: &str, text: &str, regions: &Regions, families: &[&str]) -> Result<Vec<Source>, ConfigError> {
    let sources: Sources = model::config::parse(file, text)?;
    let entries = entry_ranges(text);
    let mut seen = BTreeSet::new();
    let mut previous = "";
    for (index, source) in sources.sources.iter().enumerate() {
        let entry = entries.get(index).cloned().unwrap_or(0..0);
        let refuse = |key: &str, message: String| Err(ConfigError::at(file, text, key_range(text, &entry, key), message));
        let id = source.id.as_str();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            return refuse("id", format!("source id `{id}`: expected lower-case letters, digits and `-`"));
        }
        if !seen.insert(id) {
            return refuse("id", format!("source id `{id}` stands twice: expected unique ids"));
        }
        if id < previous {
            return refuse("id", format!("source `{id}` comes after `{previous}`: expected entries sorted by id"));
        }
        previous = id;
        if let Some((key, message)) = mistake_in(source, regions, families) {
            return refuse(key, format!("source `{id}`: {message}"));
        }
    }
    Ok(sources.sources)
}

/// The first field of an entry whose value makes no sense, with what was expected.
fn mistake_in(source: &Source, regions: &Regions, families: &[&str]) -> Option<(&'static str, String)> {
    if !Url::parse(&source.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Some(("url", format!("url `{}`: expected an absolute http or https address", source.url)));
    }
    if source.region != model::region::COUNTRY && regions.get(&source.region).is_none() {
        return Some(("region", format!("region `{}`: expected a GB/T 2260 code of rules/regions.csv or 000000", source.region)));
    }
    if let Some(family) = source.family.as_deref().filter(|family| !families.contains(family)) {
        return Some(("family", format!("family `{family}`: expected one of {}", families.join(", "))));
    }
    if let Err(message) = Cron::parse(&source.schedule, &source.zone) {
        let key = if message.starts_with("zone") { "zone" } else { "schedule" };
        return Some((key, message));
    }
    mistake_in_asking(source)
}

/// The same for how and when its host is asked.
fn mistake_in_asking(source: &Source) -> Option<(&'static str, String)> {
    let paging = &source.paging;
    let counts = |text: &str| ["{n}", "{from}", "{to}"].iter().any(|place| text.contains(place));
    if !paging.pattern.is_empty() && !counts(&paging.pattern) {
        return Some(("pattern", format!("paging pattern `{}`: expected `{{n}}` in it", paging.pattern)));
    }
    let asked = source.request.as_ref();
    let sent = asked.into_iter().flat_map(|asked| asked.form.values().chain([&asked.json]));
    let mut texts = sent.map(|text| ("request", text)).chain([("pattern", &paging.pattern)]);
    let is_sized = |(_, text): &(&str, &String)| text.contains("{from}") || text.contains("{to}");
    if let Some((key, _)) = texts.find(is_sized).filter(|_| paging.size == 0) {
        return Some((key, "`{from}` and `{to}` count entries: expected paging.size, the entries of one page".to_owned()));
    }
    if let Some((key, message)) = asked.and_then(|asked| mistake_in_request(asked, source)) {
        return Some((key, message));
    }
    if let Err(message) = Window::parse(&source.window) {
        return Some(("window", message));
    }
    if source.stop_after == 0 {
        return Some(("stop_after", "stop_after 0: expected at least 1 known item in a row".to_owned()));
    }
    (source.rate_ms < LEAST_RATE_MS).then(|| {
        ("rate_ms", format!("rate_ms {}: expected at least {LEAST_RATE_MS}, so that no site is pressed", source.rate_ms))
    })
}

/// The same for a list that is asked for in a way of its own.
fn mistake_in_request(asked: &ListRequest, source: &Source) -> Option<(&'static str, String)> {
    if !asked.form.is_empty() && !asked.json.is_empty() {
        return Some(("json", "request has both `form` and `json`: expected one body".to_owned()));
    }
    if source.render && !(asked.form.is_empty() && asked.json.is_empty()) {
        return Some((
            "render",
            "render = true with a posted list: expected a list that the browser gets by its address".to_owned(),
        ));
    }
    let is_allowed = |name: &str| {
        let name = name.to_ascii_lowercase();
        let claims_sender = ["x-forwarded", "x-real-ip", "x-client-ip", "x-original", "x-http-method"];
        if claims_sender.iter().any(|start| name.starts_with(start)) {
            return false;
        }
        ["referer", "x-requested-with", "accept", "origin"].contains(&name.as_str())
            || name
                .strip_prefix("x-")
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    };
    if let Some(name) = asked.headers.keys().find(|name| !is_allowed(name)) {
        return Some((
            "headers",
            format!("header `{name}`: expected Referer, X-Requested-With, Accept, Origin or one beginning with X-"),
        ));
    }
    if let Some((name, _)) = asked.headers.iter().find(|(_, value)| value.bytes().any(|byte| byte < b' ' || byte == 0x7f)) {
        return Some(("headers", format!("header `{name}`: expected a value without line breaks")));
    }
    let uses_token = |text: &String| text.contains("{token}");
    let uses = asked
        .form
        .values()
        .chain(asked.headers.values())
        .chain([&asked.json, &source.url, &source.paging.pattern])
        .any(uses_token);
    match &asked.token {
        None if uses => Some(("request", "`{token}` is used: expected `token = { url, find }`".to_owned())),
        None => None,
        Some(token) if !Url::parse(&source.url).is_ok_and(|url| url.join(&token.url).is_ok_and(|url| url.has_host())) => {
            Some(("token", format!("token page `{}`: expected an address", token.url)))
        }
        Some(token) => match Regex::new(&token.find) {
            Ok(find) if find.captures_len() == 2 => None,
            Ok(find) => {
                Some(("find", format!("find `{}` has {} groups: expected one, the token", token.find, find.captures_len() - 1)))
            }
            Err(_) => Some(("find", format!("find `{}`: expected a regular expression", token.find))),
        },
    }
}

/// Ten requests a second is the most anybody should ask of a government site.
const LEAST_RATE_MS: u64 = 100;

/// The byte range of each `[[source]]` entry.
fn entry_ranges(text: &str) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("[[source]]") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(text.len()));
    starts.iter().copied().zip(ends.collect::<Vec<_>>()).map(|(start, end)| start..end).collect()
}

/// The value of `key` inside an entry, written on a line of its own or inside another value, else the entry's first line.
fn key_range(text: &str, entry: &Range<usize>, key: &str) -> Range<usize> {
    let inside = text.get(entry.clone()).unwrap_or_default();
    let mut at = entry.start;
    for line in inside.split_inclusive('\n') {
        if let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            let start = at + name.len() + 1 + (value.len() - value.trim_start().len());
            return start..start + value.trim().len();
        }
        at += line.len();
    }
    for place in [format!("{key} ="), format!("{key}="), format!(".{key}]"), format!("[source.{key}")] {
        if let Some(found) = inside.find(&place) {
            let start = entry.start + found;
            return start..start + key.len();
        }
    }
    entry.start..entry.start
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[[source]]
id = "bj-zcwj"
name = "北京市政策文件"
issuer = "北京市人民政府"
region = "110000"
level = "province"
column = "政策文件"
url = "https://www.beijing.gov.cn/zhengce/"
family = "trs"
schedule = "10 7 * * *"
"#;

    fn read(text: &str) -> Result<Vec<Source>, ConfigError> {
        let regions = Regions::parse("code,name,level,parent\n110000,北京市,1,\n").unwrap();
        parse_sources("sources.toml", text, &regions, &["trs"])
    }

    #[test]
    fn a_good_entry_gets_the_usual_settings() {
        let source = read(GOOD).unwrap().remove(0);
        assert_eq!((source.zone.as_str(), source.rate_ms, source.enabled, source.verified), ("Asia/Shanghai", 1000, true, false));
    }

    #[test]
    fn each_mistake_is_answered_at_its_value() {
        for (from, to, line, expected) in [
            ("\"110000\"", "\"999999\"", 6, "expected a GB/T 2260 code"),
            ("\"trs\"", "\"trss\"", 10, "expected one of trs"),
            ("\"10 7 * * *\"", "\"10 7 * * 1\"", 11, "day of week"),
            ("\"10 7 * * *\"", "\"never\"", 11, "schedule `never`"),
            ("\"bj-zcwj\"", "\"BJ\"", 3, "lower-case"),
            ("\"https://www.beijing.gov.cn/zhengce/\"", "\"www.beijing.gov.cn\"", 9, "absolute http"),
            ("level = \"province\"", "level = \"town\"", 7, "expected one of"),
            ("column = ", "colum = ", 8, "unknown field"),
        ] {
            let error = read(&GOOD.replace(from, to)).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.message.contains(expected), "{error}");
        }
    }

    #[test]
    fn how_a_host_is_asked_is_checked_and_each_mistake_answered_at_its_value() {
        let read_with = |more: &str| read(&format!("{GOOD}{more}\n"));
        for good in [
            "window = \"22:00-06:00\"\ndaily_budget = 500\nstop_after = 8\nheal = \"never\"\nrender = true",
            "request = { form = { page = \"{n}\" } }",
            "paging = { size = 45 }\nrequest = { form = { from = \"{from}\", to = \"{to}\" }, headers = { Referer = \"https://www.beijing.gov.cn/\" } }",
            "request = { json = '{\"t\":\"{token}\"}', token = { url = \"/index.html\", find = 'token=\"(\\w+)\"' } }",
            "paging = { pattern = \"list?from={from}\", size = 20 }",
        ] {
            assert!(read_with(good).is_ok(), "{good}: {:?}", read_with(good));
        }
        for (more, line, expected) in [
            ("window = \"22-6\"", 12, "HH:MM-HH:MM"),
            ("stop_after = 0", 12, "at least 1"),
            ("heal = \"maybe\"", 12, "expected one of"),
            ("request = { form = { a = \"1\" }, json = \"{}\" }", 12, "one body"),
            ("request = { form = { a = \"{from}\" } }", 12, "paging.size"),
            ("render = true\nrequest = { form = { a = \"1\" } }", 12, "render = true with a posted list"),
            ("request = { headers = { Cookie = \"a=b\" } }", 12, "header `Cookie`"),
            ("request = { headers = { Referer = \"a\\r\\nHost: b\" } }", 12, "without line breaks"),
            ("request = { form = { a = \"{token}\" } }", 12, "expected `token"),
            ("\n[source.request.token]\nurl = \"/\"\nfind = \"token\"", 15, "has 0 groups"),
            ("request = { token = { url = \"/\", find = \"(a)(b)\" } }", 12, "has 2 groups"),
            ("request = { token = { url = \"/\", find = \"(\" } }", 12, "regular expression"),
            ("paging = { pattern = \"index.html\" }", 12, "expected `{n}`"),
            ("request = { pages = 3 }", 12, "unknown field"),
        ] {
            let error = read_with(more).unwrap_err();
            assert!(error.message.contains(expected), "{more}: {error}");
            assert_eq!(error.line, line, "{more}: {error}");
        }
    }

    #[test]
    fn entries_out_of_order_or_twice_are_refused() {
        let twice = format!("{GOOD}{GOOD}");
        assert!(read(&twice).unwrap_err().message.contains("stands twice"));
        let unsorted = format!("{GOOD}{}", GOOD.replace("bj-zcwj", "aa"));
        assert!(read(&unsorted).unwrap_err().message.contains("sorted by id"));
    }
}
