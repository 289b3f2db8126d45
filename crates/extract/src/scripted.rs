//! What a family's scripts ask for, as data: the request behind a list that scripts fill, and the next page where only
//! a script or an answer knows it. Both are regular expressions whose named groups fill the braces of templates.

use std::collections::BTreeMap;

use model::source::{JsonRule, ListRequest, Paging};
use regex::Regex;
use serde::Deserialize;
use url::Url;

/// Of a page this much is searched for the words of scripts; real pages that need it are far smaller.
const MOST_BYTES: usize = 4_000_000;
/// A value longer than this is no parameter.
const LONGEST_VALUE: usize = 2_000;

/// A list that scripts fill, ready for an entry of `sources.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptedList {
    /// The family whose scripts these are, by the name of its file in `rules/cms/`.
    pub family: String,
    /// Where the first page of entries is found: the `url` of the entry.
    pub url: String,
    /// What is sent along, where a plain GET of `url` does not bring the entries.
    pub request: Option<ListRequest>,
    /// How further pages are found.
    pub paging: Paging,
    /// Where the entries stand in an answer that is JSON, where the usual names do not tell.
    pub json: Option<JsonRule>,
}

/// `[[request]]` of a rule file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestRule {
    /// Regular expression for the URL of the page; its named groups are values.
    #[serde(default)]
    pub(crate) when: String,
    /// Regular expressions for the text of the page; all must be found, their named groups are values.
    #[serde(default)]
    pub(crate) find: Vec<String>,
    /// Further regular expressions for the text, of which any may be missing; `defaults` stands in for their groups.
    #[serde(default)]
    pub(crate) optional: Vec<String>,
    /// Values for groups that a page leaves out.
    #[serde(default)]
    pub(crate) defaults: BTreeMap<String, String>,
    /// The address of the first page of entries, with values in braces.
    pub(crate) url: String,
    /// Fields of the form, with values in braces.
    #[serde(default)]
    pub(crate) form: BTreeMap<String, String>,
    /// Headers, with values in braces; `{page}` is the address of the page.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// `paging.pattern` of the entry, with values in braces; `{n}` stays.
    #[serde(default)]
    pub(crate) pattern: String,
    /// `paging.second` of the entry.
    #[serde(default = "two")]
    pub(crate) second: u32,
    /// `paging.size` of the entry: a number, or a value in braces, perhaps times a number (`{perpage}*3`).
    #[serde(default)]
    pub(crate) size: String,
    /// `json` of the entry.
    #[serde(default)]
    pub(crate) json: Option<JsonRule>,
}

/// `[[paging]]` of a rule file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PagingRule {
    /// Regular expression for the URL of the page; its named groups are values.
    #[serde(default)]
    pub(crate) when: String,
    /// Regular expressions for the text of the page; all must be found, their named groups are values.
    #[serde(default)]
    pub(crate) find: Vec<String>,
    /// Values for groups that a page leaves out.
    #[serde(default)]
    pub(crate) defaults: BTreeMap<String, String>,
    /// The number of the first page.
    #[serde(default = "one")]
    pub(crate) first: u32,
    /// Address of the next page, with values in braces and `{next}`, the number after `current`.
    pub(crate) next: String,
}

const fn one() -> u32 {
    1
}

const fn two() -> u32 {
    2
}

/// The regular expressions of a rule.
#[derive(Debug)]
struct Finds {
    when: Option<Regex>,
    find: Vec<Regex>,
    optional: Vec<Regex>,
}

type Values = BTreeMap<String, String>;

impl Finds {
    fn new(when: &str, find: &[String], optional: &[String]) -> Result<Self, (String, String)> {
        let compile = |text: &str| {
            Regex::new(text).map_err(|error| (text.to_owned(), format!("`{text}` is no regular expression: {error}")))
        };
        let when = if when.is_empty() { None } else { Some(compile(when)?) };
        let all = |texts: &[String]| texts.iter().map(|text| compile(text)).collect::<Result<Vec<_>, _>>();
        Ok(Self { when, find: all(find)?, optional: all(optional)? })
    }

    /// The values of all groups, `None` where one expression is not found.
    fn values(&self, url: &Url, text: &str, defaults: &Values) -> Option<Values> {
        let mut values = defaults.clone();
        let mut take = |regex: &Regex, text: &str| {
            let found = regex.captures(text)?;
            for name in regex.capture_names().flatten() {
                if let Some(value) = found.name(name).filter(|value| value.len() <= LONGEST_VALUE) {
                    values.insert(name.to_owned(), unescaped(value.as_str()));
                }
            }
            Some(())
        };
        if let Some(when) = &self.when {
            take(when, url.as_str())?;
        }
        let text = head(text, MOST_BYTES);
        for find in &self.find {
            take(find, text)?;
        }
        for find in &self.optional {
            let _ = take(find, text);
        }
        Some(values)
    }
}

/// A request rule with its expressions.
#[derive(Debug)]
pub(crate) struct Request {
    rule: RequestRule,
    finds: Finds,
}

impl Request {
    /// Compiles a rule; the error is the wrong text and what is wrong with it.
    pub(crate) fn new(rule: &RequestRule) -> Result<Self, (String, String)> {
        Ok(Self { rule: rule.clone(), finds: Finds::new(&rule.when, &rule.find, &rule.optional)? })
    }

    /// The list a page's scripts ask for.
    pub(crate) fn list(&self, family: &str, text: &str, page: &Url) -> Option<ScriptedList> {
        let rule = &self.rule;
        let mut values = self.finds.values(page, text, &rule.defaults)?;
        values.insert("page".to_owned(), page.as_str().to_owned());
        let url = page.join(&fill_url(&rule.url, &values)?).ok()?;
        let filled = |map: &Values| -> Option<Values> {
            map.iter()
                .map(|(key, value)| Some((key.clone(), decoded(&fill(value, &values, |value| value.to_owned())?))))
                .collect()
        };
        let request = ListRequest { form: filled(&rule.form)?, headers: filled(&rule.headers)?, ..ListRequest::default() };
        let pattern = if rule.pattern.is_empty() { String::new() } else { fill_url(&rule.pattern, &values)? };
        let paging = Paging { pattern, second: rule.second, size: size(&rule.size, &values), ..Paging::default() };
        Some(ScriptedList {
            family: family.to_owned(),
            url: url.into(),
            request: (request != ListRequest::default()).then_some(request),
            paging,
            json: rule.json.clone(),
        })
    }
}

/// A paging rule with its expressions.
#[derive(Debug)]
pub(crate) struct Next {
    rule: PagingRule,
    finds: Finds,
}

impl Next {
    /// Compiles a rule; the error is the wrong text and what is wrong with it.
    pub(crate) fn new(rule: &PagingRule) -> Result<Self, (String, String)> {
        Ok(Self { rule: rule.clone(), finds: Finds::new(&rule.when, &rule.find, &[])? })
    }

    /// Whether the rule asks for an address.
    pub(crate) const fn knows_address(&self) -> bool {
        self.finds.when.is_some()
    }

    /// The next page: `None` where the rule does not fit the page, `Some(None)` where it says there is none.
    pub(crate) fn page(&self, text: &str, url: &Url, items: usize) -> Option<Option<String>> {
        let rule = &self.rule;
        let mut values = self.finds.values(url, text, &rule.defaults)?;
        let number = |name: &str| values.get(name).and_then(|value| value.trim().parse::<u32>().ok());
        let current = number("current").unwrap_or(rule.first);
        let size = number("size").filter(|size| *size > 0);
        let pages = number("pages").or_else(|| Some(number("total")?.div_ceil(size?)));
        let is_last = match (pages, size) {
            (Some(pages), _) => current.checked_sub(rule.first)? + 1 >= pages,
            (None, Some(size)) => items < size as usize,
            (None, None) => items == 0,
        };
        if is_last {
            return Some(None);
        }
        values.insert("next".to_owned(), current.checked_add(1)?.to_string());
        let next = url.join(&fill_url(&rule.next, &values)?).ok()?;
        Some((next != *url && matches!(next.scheme(), "http" | "https")).then(|| next.into()))
    }
}

/// Fills the braces of a template; `{n}`, `{from}`, `{to}` and `{token}` stay for the crawl.
fn fill(template: &str, values: &Values, write: impl Fn(&str) -> String) -> Option<String> {
    let mut filled = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let end = start + rest[start..].find('}')?;
        filled.push_str(&rest[..start]);
        let name = &rest[start + 1..end];
        match values.get(name) {
            Some(value) => filled.push_str(&write(value)),
            None if matches!(name, "n" | "from" | "to" | "token") => filled.push_str(&rest[start..=end]),
            None => return None,
        }
        rest = &rest[end + 1..];
    }
    filled.push_str(rest);
    Some(filled)
}

/// Fills a template that is an address: values behind its `?` are encoded.
fn fill_url(template: &str, values: &Values) -> Option<String> {
    let Some((path, query)) = template.split_once('?') else { return fill(template, values, str::to_owned) };
    let encode = |value: &str| url::form_urlencoded::byte_serialize(decoded(value).as_bytes()).collect();
    Some(format!("{}?{}", fill(path, values, str::to_owned)?, fill(query, values, encode)?))
}

/// A value without percent escapes.
fn decoded(value: &str) -> String {
    if !value.contains('%') {
        return value.to_owned();
    }
    let escaped = value.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(escaped.as_bytes()).next().map_or_else(|| value.to_owned(), |(key, _)| key.into_owned())
}

fn size(template: &str, values: &Values) -> u32 {
    let (value, times) = template.split_once('*').unwrap_or((template, "1"));
    let value = fill(value, values, str::to_owned).and_then(|value| value.trim().parse::<u32>().ok());
    value.unwrap_or_default().saturating_mul(times.trim().parse().unwrap_or(1)).min(10_000)
}

/// The few escapes that stand in attributes and scripts.
fn unescaped(value: &str) -> String {
    if !value.contains(['&', '\\']) {
        return value.to_owned();
    }
    value.replace("\\/", "/").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// The beginning of a text, cut between characters.
pub(crate) fn head(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Url {
        Url::parse("https://www.example.gov.cn/col/col12/index.html").unwrap()
    }

    #[test]
    fn a_request_is_filled_from_the_words_of_a_page() {
        let rule = RequestRule {
            find: vec!["unit='(?P<unit>[^']+)'".to_owned(), "tag='(?P<tag>[^']+)'".to_owned()],
            optional: vec!["size='(?P<size>\\d+)'".to_owned()],
            defaults: BTreeMap::from([("size".to_owned(), "15".to_owned())]),
            url: "{unit}?tag={tag}&n=1".to_owned(),
            pattern: "{unit}?tag={tag}&n={n}".to_owned(),
            form: BTreeMap::from([("to".to_owned(), "{to}".to_owned()), ("tag".to_owned(), "{tag}".to_owned())]),
            size: "{size}*3".to_owned(),
            second: 2,
            ..RequestRule::default()
        };
        let request = Request::new(&rule).unwrap();
        let found = request.list("x", "unit='/api/unit' tag='列表&amp;一'", &page()).unwrap();
        assert_eq!(found.url, "https://www.example.gov.cn/api/unit?tag=%E5%88%97%E8%A1%A8%26%E4%B8%80&n=1");
        assert_eq!(found.paging.pattern, "/api/unit?tag=%E5%88%97%E8%A1%A8%26%E4%B8%80&n={n}");
        assert_eq!(found.paging.size, 45);
        let form = found.request.unwrap().form;
        assert_eq!((form["to"].as_str(), form["tag"].as_str()), ("{to}", "列表&一"));
        assert!(request.list("x", "unit='/api/unit'", &page()).is_none());
    }

    #[test]
    fn paging_ends_where_the_answer_says_so() {
        let rule = PagingRule {
            when: r"[?&]page=(?P<current>\d+)".to_owned(),
            find: vec![r#""total":(?P<total>\d+)"#.to_owned()],
            defaults: BTreeMap::from([("size".to_owned(), "100".to_owned())]),
            first: 1,
            next: "?page={next}".to_owned(),
        };
        let next = Next::new(&rule).unwrap();
        let ask = |text: &str, number: &str| {
            let url = Url::parse(&format!("https://www.example.gov.cn/api/all/5?page={number}")).unwrap();
            next.page(text, &url, 100)
        };
        assert_eq!(ask(r#"{"total":250}"#, "2"), Some(Some("https://www.example.gov.cn/api/all/5?page=3".to_owned())));
        assert_eq!(ask(r#"{"total":250}"#, "3"), Some(None));
        assert_eq!(ask(r#"{"total":250}"#, "4294967295"), Some(None));
        assert_eq!(ask("{}", "1"), None);
    }

    #[test]
    fn a_template_with_an_unknown_name_is_not_filled() {
        assert_eq!(fill("{a}/{n}", &BTreeMap::new(), str::to_owned), None);
        assert_eq!(fill("x/{n}", &BTreeMap::new(), str::to_owned).as_deref(), Some("x/{n}"));
    }
}
