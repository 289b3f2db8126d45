//! How one page of a source's list is asked for.

use fetch::{Post, Request};
use model::Source;
use model::source::ListRequest;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// What stands for the placeholders of one list page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Values<'t> {
    n: u32,
    from: u64,
    to: u64,
    token: &'t str,
}

impl<'t> Values<'t> {
    /// Those of the list page `number`, counted from 1.
    fn of(source: &Source, number: u32, token: &'t str) -> Self {
        let size = u64::from(source.paging.size);
        let before = u64::from(number - 1) * size;
        let n = source.paging.second.saturating_add(number).saturating_sub(2);
        Self { n, from: before + 1, to: before + size, token }
    }

    fn fill(&self, pattern: &str, token: &str) -> String {
        pattern
            .replace("{n}", &self.n.to_string())
            .replace("{from}", &self.from.to_string())
            .replace("{to}", &self.to.to_string())
            .replace("{token}", token)
    }

    fn plain(&self, pattern: &str) -> String {
        self.fill(pattern, self.token)
    }

    fn in_url(&self, pattern: &str) -> String {
        self.fill(pattern, &byte_serialize(self.token.as_bytes()).collect::<String>())
    }

    /// Inside a JSON text the token must not end the string it stands in.
    fn in_json(&self, pattern: &str) -> String {
        let quoted = serde_json::Value::from(self.token).to_string();
        self.fill(pattern, quoted.get(1..quoted.len() - 1).unwrap_or_default())
    }
}

/// The request for list page `number`, counted from 1; nothing where there is no such page. `told` is where the page
/// before says its next one is.
pub(super) fn list_request(source: &Source, number: u32, told: Option<&str>, token: &str) -> Option<Request> {
    let values = Values::of(source, number, token);
    let first = Url::parse(&values.in_url(&source.url)).ok()?;
    let asked = source.request.as_ref();
    let url = if number == 1 {
        first
    } else if !source.paging.pattern.is_empty() {
        first.join(&values.in_url(&source.paging.pattern)).ok()?
    } else if asked.is_some_and(is_paged) {
        first
    } else {
        Url::parse(told?).ok()?
    };
    let mut request = Request { rate_ms: source.rate_ms, render: source.render, ..Request::get(url) };
    if let Some(asked) = asked {
        request.post = post(asked, &values);
        request.headers = asked.headers.iter().map(|(name, value)| (name.clone(), values.plain(value))).collect();
        request.jar = Some(source.id.to_string());
    }
    Some(request)
}

/// The request for the page that holds the list's token, if it needs one.
pub(super) fn token_request(source: &Source) -> Option<Request> {
    let token = source.request.as_ref()?.token.as_ref()?;
    let url = Url::parse(&source.url).ok()?.join(&token.url).ok()?;
    Some(Request { rate_ms: source.rate_ms, jar: Some(source.id.to_string()), ..Request::get(url) })
}

fn post(asked: &ListRequest, values: &Values<'_>) -> Option<Post> {
    if !asked.form.is_empty() {
        let mut form = Serializer::new(String::new());
        for (name, value) in &asked.form {
            form.append_pair(name, &values.plain(value));
        }
        let content_type = "application/x-www-form-urlencoded; charset=UTF-8".to_owned();
        return Some(Post { content_type, body: form.finish().into_bytes() });
    }
    let body = (!asked.json.is_empty()).then(|| values.in_json(&asked.json).into_bytes())?;
    Some(Post { content_type: "application/json".to_owned(), body })
}

/// Whether what is sent differs from page to page.
fn is_paged(asked: &ListRequest) -> bool {
    let counts = |value: &String| ["{n}", "{from}", "{to}"].iter().any(|place| value.contains(place));
    asked.form.values().any(counts) || counts(&asked.json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::source::{Paging, Token};

    fn source(pattern: &str, second: u32) -> Source {
        let paging = Paging { pattern: pattern.to_owned(), second, ..Paging::default() };
        Source { id: "a".into(), url: "https://a.example.gov.cn/zc/index.html".to_owned(), paging, ..Source::default() }
    }

    #[test]
    fn the_second_page_carries_the_number_the_site_gives_it() {
        let next = |pattern, second, number| list_request(&source(pattern, second), number, None, "").unwrap().url.to_string();
        assert_eq!(next("index_{n}.html", 1, 2), "https://a.example.gov.cn/zc/index_1.html");
        assert_eq!(next("index_{n}.html", 2, 3), "https://a.example.gov.cn/zc/index_3.html");
        assert_eq!(next("index_{n}.html", 1, 1), "https://a.example.gov.cn/zc/index.html");
    }

    #[test]
    fn without_a_pattern_the_page_itself_tells() {
        let told = list_request(&source("", 1), 2, Some("https://a.example.gov.cn/zc/p2.html"), "");
        assert_eq!(told.unwrap().url.path(), "/zc/p2.html");
        assert_eq!(list_request(&source("", 1), 2, None, ""), None);
    }

    #[test]
    fn a_posted_list_counts_its_pages_and_entries_and_carries_its_token() {
        let form = [("startrecord", "{from}"), ("endrecord", "{to}"), ("page", "{n}"), ("key", "{token}")];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let headers = [("X-Token".to_owned(), "{token}".to_owned())].into();
        let mut posted = source("", 2);
        posted.paging.size = 45;
        posted.request = Some(ListRequest { form, headers, ..ListRequest::default() });
        let request = |number| list_request(&posted, number, None, "a&\"b").unwrap();
        let body = |number| String::from_utf8(request(number).post.unwrap().body).unwrap();
        assert_eq!(body(1), "endrecord=45&key=a%26%22b&page=1&startrecord=1");
        assert_eq!(body(3), "endrecord=135&key=a%26%22b&page=3&startrecord=91");
        assert_eq!(request(3).headers, [("X-Token".to_owned(), "a&\"b".to_owned())]);
        assert_eq!((request(3).jar.as_deref(), request(3).url.path()), (Some("a"), "/zc/index.html"));
    }

    #[test]
    fn a_json_body_and_an_address_hold_the_token_as_they_must() {
        let json = r#"{"page":{n},"key":"{token}"}"#.to_owned();
        let mut posted = source("list?p={n}&t={token}", 2);
        posted.request = Some(ListRequest { json, ..ListRequest::default() });
        let request = list_request(&posted, 2, None, "a\"&").unwrap();
        assert_eq!(request.post.unwrap().body, br#"{"page":2,"key":"a\"&"}"#);
        assert_eq!(request.url.query(), Some("p=2&t=a%22%26"));
    }

    #[test]
    fn a_token_page_is_asked_for_only_where_there_is_one() {
        let mut posted = source("", 2);
        posted.request = Some(ListRequest::default());
        assert_eq!(token_request(&posted), None);
        let token = Token { url: "/token.html".to_owned(), find: "t=(.+)".to_owned() };
        posted.request = Some(ListRequest { token: Some(token), ..ListRequest::default() });
        let request = token_request(&posted).unwrap();
        assert_eq!((request.url.as_str(), request.jar.as_deref()), ("https://a.example.gov.cn/token.html", Some("a")));
    }
}
