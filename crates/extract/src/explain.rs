//! Where the entries of a list page stand, in the words of a rule: for telling a person what is no longer there.

use std::collections::{BTreeMap, HashSet};

use model::ListItem;
use scraper::{ElementRef, Selector};
use url::Url;

use crate::parse;

/// Links looked at on one page.
const MOST_LINKS: usize = 20_000;
/// Elements of one entry looked at for its date.
const MOST_INSIDE: usize = 50;

/// Where the entries of a list page stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListPlace {
    /// A CSS selector of the entries, e.g. `ul.list > li`.
    pub item: String,
    /// Elements it matches.
    pub count: usize,
    /// A CSS selector of the date inside an entry; empty where most entries have none of their own.
    pub date: String,
}

/// Finds the element that repeats around known entries; `None` where the page has no element for them.
#[must_use]
pub fn place_of_items(text: &str, items: &[ListItem], base: &Url) -> Option<ListPlace> {
    let known: HashSet<&str> = items.iter().map(|item| item.url.as_str()).collect();
    let parsed = parse::parse(text);
    let links = Selector::parse("a[href]").ok()?;
    let mut entries: BTreeMap<String, usize> = BTreeMap::new();
    let mut dates: BTreeMap<String, usize> = BTreeMap::new();
    for link in parsed.html.select(&links).take(MOST_LINKS) {
        let address = link.attr("href").and_then(|href| base.join(href).ok());
        if !address.is_some_and(|mut url| {
            url.set_fragment(None);
            known.contains(url.as_str())
        }) {
            continue;
        }
        let entry = entry_of(link);
        let around = entry.parent().and_then(ElementRef::wrap);
        let name = around.map_or_else(|| name_of(entry), |around| format!("{} > {}", name_of(around), name_of(entry)));
        *entries.entry(name).or_default() += 1;
        let dated = entry.descendent_elements().take(MOST_INSIDE).filter(|inner| is_date(*inner)).last();
        dated.into_iter().for_each(|inner| *dates.entry(name_of(inner)).or_default() += 1);
    }
    let most = |names: BTreeMap<String, usize>| names.into_iter().max_by_key(|(_, count)| *count);
    let (item, found) = most(entries)?;
    let date = most(dates).filter(|(_, count)| count * 2 > found).map(|(name, _)| name).unwrap_or_default();
    Some(ListPlace { count: matches(&parsed.html, &item), item, date })
}

/// How many elements of a page a CSS selector matches; none where it is no selector.
#[must_use]
pub fn count_matches(text: &str, selector: &str) -> usize {
    matches(&parse::parse(text).html, selector)
}

fn matches(html: &scraper::Html, selector: &str) -> usize {
    Selector::parse(selector).map_or(0, |selector| html.select(&selector).take(MOST_LINKS).count())
}

/// The entry a link stands in: the nearest list entry or row, else what directly holds the link.
fn entry_of(link: ElementRef<'_>) -> ElementRef<'_> {
    let near = link.ancestors().take(6).filter_map(ElementRef::wrap);
    let row = near.into_iter().find(|element| matches!(element.value().name(), "li" | "tr" | "dd" | "dl"));
    row.or_else(|| link.parent().and_then(ElementRef::wrap)).unwrap_or(link)
}

/// `tag.class.class`, or `tag#id`: names that hold a number belong to one element, not to its kind.
fn name_of(element: ElementRef<'_>) -> String {
    let is_name = |name: &&str| {
        name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_' || byte.is_ascii_digit())
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
    };
    let value = element.value();
    let classes: Vec<&str> = value.classes().filter(is_name).take(2).collect();
    if !classes.is_empty() {
        return format!("{}.{}", value.name(), classes.join("."));
    }
    match value.id().filter(|id| is_name(id)) {
        Some(id) => format!("{}#{id}", value.name()),
        None => value.name().to_owned(),
    }
}

fn is_date(element: ElementRef<'_>) -> bool {
    let text: String = element.text().flat_map(str::chars).take(40).collect();
    text.trim().chars().count() <= 24 && model::date::parse_date(&text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(count: u32) -> Vec<ListItem> {
        let item = |number| ListItem { url: format!("https://www.example.gov.cn/zc/{number}.html"), ..ListItem::default() };
        (0..count).map(item).collect()
    }

    fn base() -> Url {
        Url::parse("https://www.example.gov.cn/zc/").unwrap()
    }

    #[test]
    fn the_element_that_repeats_around_the_entries_is_named() {
        let entry =
            |number| format!("<li><a href='{number}.html'>通知</a><span class='date'>2026-11-0{}</span></li>", number + 1);
        let list: String = (0..5).map(entry).collect();
        let html = format!("<nav><ul><li><a href='/'>首页</a></li></ul></nav><ul class='list'>{list}</ul>");
        let place = place_of_items(&html, &items(5), &base()).unwrap();
        assert_eq!(place, ListPlace { item: "ul.list > li".to_owned(), count: 5, date: "span.date".to_owned() });
        assert_eq!(count_matches(&html.replace("class='list'", "class='news'"), &place.item), 0);
    }

    #[test]
    fn a_page_without_the_entries_has_no_place_for_them() {
        assert_eq!(place_of_items("<ul><li><a href='/about.html'>关于</a></li></ul>", &items(5), &base()), None);
        assert_eq!(count_matches("<p>", "p["), 0);
    }
}
