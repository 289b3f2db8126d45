//! Feeds: RSS and Atom with the breakage seen in the wild, and sitemaps.
//!
//! A feed is text that some program wrote without looking: bare `&`, entities XML does not know, a declared encoding
//! the text no longer has, dates in five notations. It is mended before it is parsed; what no parser takes is read
//! entry by entry. Declared entities are never expanded.

use jiff::civil::Date;
use model::{Issue, ListItem, Page, PageKind};
use url::Url;

use crate::words;

/// Entries kept of one answer.
pub(crate) const MOST_ITEMS: usize = 20_000;
/// Feeds are read no further: the largest sitemap a site may have is 50 MB, and no feed needs a tenth of it.
const MOST_BYTES: usize = 16_000_000;

/// Reads a text as feed or sitemap when it is one.
pub(crate) fn read(text: &str, url: &Url) -> Option<Page> {
    let start = text.trim_start_matches(|character: char| character == '\u{feff}' || character.is_whitespace());
    let root = root_of(start)?;
    let read: fn(&str, &Url) -> Page = match root {
        "rss" | "feed" | "rdf:RDF" | "RDF" => feed,
        "urlset" => sitemap,
        "sitemapindex" => sitemap_index,
        _ => return None,
    };
    let text = crate::scripted::head(start, MOST_BYTES);
    let head = crate::scripted::head(text, 4096);
    if head.contains("<!ENTITY") {
        let mut page = Page { url: url.to_string(), kind: PageKind::Error, ..Page::default() };
        page.issues.push(Issue::new("broken_feed", "it declares entities, which are not expanded"));
        return Some(page);
    }
    let mut page = read(text, url);
    page.items = without_repeats(page.items);
    if text.len() < start.len() {
        page.issues.push(Issue::new("too_long", format!("{} bytes", start.len())));
    }
    Some(page)
}

/// The name of the root element, behind declaration, document type, stylesheets and comments.
fn root_of(text: &str) -> Option<&str> {
    let mut rest = text;
    for _ in 0..8 {
        let end = if rest.starts_with("<?") {
            rest.find("?>").map(|at| at + 2)
        } else if rest.starts_with("<!--") {
            rest.find("-->").map(|at| at + 3)
        } else if rest.starts_with("<!DOCTYPE") {
            document_type_end(rest)
        } else {
            None
        };
        let Some(end) = end else { break };
        rest = rest[end..].trim_start();
    }
    let name = rest.strip_prefix('<')?;
    let end = name.find(|character: char| character.is_whitespace() || matches!(character, '>' | '/'))?;
    name.get(..end)
}

fn document_type_end(text: &str) -> Option<usize> {
    let plain = text.find('>')?;
    if text[..plain].contains('[') { text.find("]>").map(|at| at + 2) } else { Some(plain + 1) }
}

fn feed(text: &str, url: &Url) -> Page {
    let mut page = Page { url: url.to_string(), kind: PageKind::List, ..Page::default() };
    match feed_rs::parser::parse(mended(text).as_bytes()) {
        Ok(feed) => {
            page.document.title = feed.title.map(|title| words::squeeze(&title.content)).unwrap_or_default();
            let written: Vec<Option<Date>> = entries(text).map(date_of).collect();
            for (at, entry) in feed.entries.into_iter().take(MOST_ITEMS).enumerate() {
                let alternate = |link: &&feed_rs::model::Link| link.rel.as_deref().is_none_or(|rel| rel == "alternate");
                let link = entry.links.iter().find(alternate).or(entry.links.first()).map(|link| link.href.trim());
                let link = link.or(Some(entry.id.trim()).filter(|id| id.starts_with("http")));
                let Some(address) = link.and_then(|link| url.join(link).ok()) else { continue };
                let title = entry.title.map(|title| without_tags(&title.content)).unwrap_or_default();
                let date = entry.published.or(entry.updated);
                let date = date.and_then(|time| model::date::parse_date(&time.timestamp().to_string()));
                let date = date.or_else(|| written.get(at).copied().flatten());
                push(&mut page, title, address.to_string(), date);
            }
        }
        Err(error) => {
            for entry in entries(text).take(MOST_ITEMS) {
                let Some(address) = link_of(entry).and_then(|link| url.join(link.trim()).ok()) else { continue };
                let title = element(entry, "title").map(|title| without_tags(&plain(title))).unwrap_or_default();
                push(&mut page, title, address.to_string(), date_of(entry));
            }
            if page.items.is_empty() {
                page.kind = PageKind::Error;
            }
            page.issues.push(Issue::new("broken_feed", error.to_string()));
        }
    }
    page
}

/// Entries with the first of each address.
pub(crate) fn without_repeats(items: Vec<ListItem>) -> Vec<ListItem> {
    let mut seen = std::collections::HashSet::new();
    items.into_iter().filter(|item| seen.insert(item.url.clone())).collect()
}

fn push(page: &mut Page, title: String, url: String, date: Option<Date>) {
    if !title.is_empty() && (url.starts_with("http://") || url.starts_with("https://")) {
        page.items.push(ListItem { title, url, date });
    }
}

/// The text without its declaration (it names an encoding the text no longer has) and document type, with every `&`
/// that begins no reference of XML written out, and without characters XML forbids.
fn mended(text: &str) -> String {
    let root = text.find('<').unwrap_or_default();
    let mut rest = &text[root..];
    while let Some(end) = ["<?", "<!DOCTYPE"].iter().any(|start| rest.starts_with(start)).then(|| rest.find('>')).flatten() {
        rest = rest[end + 1..].trim_start();
    }
    let mut mended = String::with_capacity(rest.len() + 64);
    for (at, character) in rest.char_indices() {
        match character {
            '&' if !is_reference(&rest[at + 1..]) => mended.push_str(named(&rest[at + 1..])),
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => mended.push(character),
        }
    }
    mended
}

/// Whether a reference every XML parser knows follows an `&`.
fn is_reference(rest: &str) -> bool {
    let Some(name) = rest.as_bytes().iter().take(12).position(|byte| *byte == b';').and_then(|end| rest.get(..end)) else {
        return false;
    };
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).is_some();
    matches!(name, "amp" | "lt" | "gt" | "quot" | "apos")
        || name.strip_prefix("#x").is_some_and(|digits| number(digits, 16))
        || name.strip_prefix('#').is_some_and(|digits| number(digits, 10))
}

/// What an `&` is written as: names of HTML stay readable, anything else was a bare `&`.
fn named(rest: &str) -> &'static str {
    let blank = ["nbsp;", "ensp;", "emsp;", "thinsp;"].iter().any(|name| rest.starts_with(name));
    if blank { "&#160;&amp;" } else { "&amp;" }
}

/// The entries of a feed, as written.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    // A feed has entries of one name; looking for both again and again would be quadratic.
    let first = |name: &str| text.find(name).unwrap_or(usize::MAX);
    let (open, close) = if first("<item") <= first("<entry") { ("<item", "</item") } else { ("<entry", "</entry") };
    let parts = text.split(open).skip(1).filter(|part| part.starts_with(|next: char| next.is_whitespace() || next == '>'));
    parts.map(move |part| part.find(close).map_or(part, |end| &part[..end]))
}

/// The content of the first element of a name.
fn element<'t>(entry: &'t str, name: &str) -> Option<&'t str> {
    let mut at = 0;
    while let Some(start) = entry[at..].find(name) {
        let found = at + start;
        at = found + name.len();
        let opens = entry[..found].ends_with('<') && entry[at..].starts_with(['>', ' ', '\t', '\n', '\r']);
        if !opens {
            continue;
        }
        let content = &entry[at + entry[at..].find('>')? + 1..];
        return content.find("</").and_then(|_| content.find(&format!("</{name}"))).map(|end| &content[..end]);
    }
    None
}

fn link_of(entry: &str) -> Option<&str> {
    let written = element(entry, "link").or_else(|| element(entry, "guid")).map(|link| cdata(link).trim());
    written.filter(|link| !link.is_empty()).or_else(|| {
        let tag = &entry[entry.find("<link")?..];
        let value = &tag[tag.find("href=")? + 5..];
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        value[1..].split(quote).next()
    })
}

fn date_of(entry: &str) -> Option<Date> {
    let names = ["pubDate", "dc:date", "published", "updated", "pubdate", "date"];
    let written = names.iter().find_map(|name| element(entry, name))?;
    model::date::parse_date(cdata(written).trim())
}

fn cdata(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix("<![CDATA[").map_or(text, |inner| inner.strip_suffix("]]>").unwrap_or(inner))
}

fn plain(text: &str) -> String {
    let text = cdata(text);
    let unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    unescaped.replace("&nbsp;", " ").replace("&amp;", "&")
}

/// The addresses of a sitemap, newest first: a crawl stops behind what it knows.
fn sitemap(text: &str, url: &Url) -> Page {
    let mut page = Page { url: url.to_string(), kind: PageKind::List, ..Page::default() };
    let mut found: Vec<ListItem> = locations(text, "<url>", "</url>", url).take(200_000).collect();
    found.sort_by_key(|item| std::cmp::Reverse(item.date));
    found.truncate(MOST_ITEMS);
    page.items = found;
    page
}

/// A sitemap of sitemaps leads to the one changed last; it lists no documents itself.
fn sitemap_index(text: &str, url: &Url) -> Page {
    let mut page = Page { url: url.to_string(), kind: PageKind::List, ..Page::default() };
    let parts: Vec<ListItem> = locations(text, "<sitemap>", "</sitemap>", url).take(MOST_ITEMS).collect();
    let newest = parts.iter().filter(|part| part.url != url.as_str()).max_by_key(|part| part.date);
    page.next = newest.map(|part| part.url.clone());
    page.issues.push(Issue::new("sitemap_index", format!("{} sitemaps, the newest is read", parts.len())));
    page
}

fn locations<'t>(text: &'t str, open: &'t str, close: &'t str, base: &'t Url) -> impl Iterator<Item = ListItem> + 't {
    let parts = text.split(open).skip(1).map(move |part| part.split(close).next().unwrap_or_default());
    parts.filter_map(move |part| {
        let url = base.join(plain(element(part, "loc")?).trim()).ok()?;
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let title = element(part, "news:title").map(|title| without_tags(&plain(title))).unwrap_or_default();
        let title = if title.is_empty() { url.path().to_owned() } else { title };
        let written = element(part, "lastmod").or_else(|| element(part, "news:publication_date"));
        let date = written.and_then(|date| model::date::parse_date(cdata(date).trim()));
        Some(ListItem { title, url: url.into(), date })
    })
}

/// Text without the tags search engines mark hits with.
pub(crate) fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let tag = rest[start + 1..].starts_with(|character: char| character.is_ascii_alphabetic() || character == '/');
        match rest[start..].find('>') {
            Some(end) if tag => {
                plain.push_str(&rest[..start]);
                rest = &rest[start + end + 1..];
            }
            Some(_) => {
                plain.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
            }
            None => break,
        }
    }
    plain.push_str(rest);
    words::squeeze(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        read(text, &Url::parse("https://www.example.gov.cn/rss/list.xml").unwrap()).unwrap()
    }

    fn lines(text: &str) -> Vec<String> {
        let dated =
            |item: ListItem| format!("{} {} {}", item.date.map_or("-".to_owned(), |date| date.to_string()), item.title, item.url);
        page(text).items.into_iter().map(dated).collect()
    }

    #[test]
    fn feeds_of_both_kinds_are_lists() {
        let rss = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>某市政策</title><item><title>关于申报的通知</title>\
             <link>https://www.example.gov.cn/a.html</link><pubDate>Fri, 05 Jul 2024 01:00:00 GMT</pubDate></item></channel></rss>";
        assert_eq!(lines(rss), ["2024-07-05 关于申报的通知 https://www.example.gov.cn/a.html"]);
        let atom = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>某市</title><id>x</id><updated>2024-07-05T00:00:00Z</updated>\
             <entry><id>1</id><title>关于申报的通知</title><link href=\"/b.html\"/><updated>2024-07-04T20:00:00Z</updated></entry></feed>";
        assert_eq!(lines(atom), ["2024-07-05 关于申报的通知 https://www.example.gov.cn/b.html"]);
    }

    #[test]
    fn what_programs_write_carelessly_is_mended() {
        // A bare `&`, a name of HTML, an encoding the text no longer has, a date of no standard, a control character.
        let text = "\u{feff}\n<?xml version=\"1.0\" encoding=\"gb2312\"?><rss version=\"2.0\"><channel><title>某市</title>\
             <item><title>甲&乙\u{1}企业&nbsp;的通知</title><link>https://www.example.gov.cn/a.jsp?a=1&id=2</link><pubDate>2024-07-05 10:00:00</pubDate></item></channel></rss>";
        let found = page(text);
        assert_eq!(found.kind, PageKind::List);
        assert_eq!(found.items[0].url, "https://www.example.gov.cn/a.jsp?a=1&id=2");
        assert_eq!(found.items[0].date.unwrap().to_string(), "2024-07-05");
        assert!(found.items[0].title.starts_with("甲&乙企业"), "{}", found.items[0].title);
    }

    #[test]
    fn a_feed_no_parser_takes_is_read_entry_by_entry() {
        let text = "<rss><channel><title>某市<item><title><![CDATA[关于申报的通知]]></title><link>/a.html</link>\
             <pubDate>2024年7月5日</pubDate></item><item><title>关于公示的通知</title><link><![CDATA[/b.html]]></link></item>";
        assert_eq!(
            lines(text),
            ["2024-07-05 关于申报的通知 https://www.example.gov.cn/a.html", "- 关于公示的通知 https://www.example.gov.cn/b.html"]
        );
        assert_eq!(page("<rss><channel><item></rss>").kind, PageKind::Error);
    }

    #[test]
    fn declared_entities_are_refused() {
        let text = "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\
             <rss version=\"2.0\"><channel><title>&b;</title><item><title>&b;</title><link>/a.html</link></item></channel></rss>";
        let found = page(text);
        assert_eq!((found.kind, found.items.len()), (PageKind::Error, 0));
    }

    #[test]
    fn a_sitemap_is_a_list_newest_first_and_an_index_leads_to_the_newest() {
        let text = "<?xml version='1.0'?><urlset xmlns='x'><url><loc>https://www.example.gov.cn/a.html</loc><lastmod>2024-01-02</lastmod></url>\
             <url><loc> https://www.example.gov.cn/b.html?x=1&amp;y=2 </loc><lastmod>2024-03-01T08:00:00+08:00</lastmod></url><url><loc>javascript:x</loc></url></urlset>";
        assert_eq!(
            lines(text),
            [
                "2024-03-01 /b.html https://www.example.gov.cn/b.html?x=1&y=2",
                "2024-01-02 /a.html https://www.example.gov.cn/a.html"
            ]
        );
        let index = "<sitemapindex><sitemap><loc>/s1.xml</loc><lastmod>2023-01-01</lastmod></sitemap><sitemap><loc>/s2.xml</loc><lastmod>2024-01-01</lastmod></sitemap></sitemapindex>";
        assert_eq!(page(index).next.as_deref(), Some("https://www.example.gov.cn/s2.xml"));
    }

    #[test]
    fn pages_are_no_feeds() {
        let url = Url::parse("https://www.example.gov.cn/").unwrap();
        for text in ["<!DOCTYPE html><html></html>", "<html><rss></html>", "", "<", "{}"] {
            assert!(read(text, &url).is_none(), "{text}");
        }
    }

    #[test]
    fn many_entries_are_kept_to_a_limit() {
        let items: String =
            (0..30_000).map(|at| format!("<item><title>第{at}号通知</title><link>/{at}.html</link></item>")).collect();
        assert_eq!(page(&format!("<rss version='2.0'><channel><title>x</title>{items}</channel></rss>")).items.len(), MOST_ITEMS);
    }
}
