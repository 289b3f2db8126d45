//! The entries of list pages: by rule, by the shape that repeats, or from markup hidden in scripts, comments and CDATA.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::LazyLock;

use jiff::civil::Date;
use model::ListItem;
use regex::Regex;
use url::Url;

use crate::attachments;
use crate::outline::{ElementId, Link, Outline};
use crate::parse;
use crate::rules::{Fnv, Index, Place};
use crate::words;
use crate::{Places, Tier};

/// Entries read from one page at most.
const MOST_ITEMS: usize = 20_000;
/// Pieces of hidden markup looked into, and their bytes in all.
const MOST_HIDDEN: usize = 200;
const MOST_HIDDEN_BYTES: usize = 8_000_000;

/// What a page lists.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) items: Vec<ListItem>,
    /// How many carry a date.
    pub(crate) dated: usize,
    /// Whether a rule of the source named the entries.
    pub(crate) by_source: bool,
    /// Links to pages with a title of some length outside menus, entries included: how much of the page the list is.
    pub(crate) titled_links: usize,
}

/// Finds the entries of a page.
pub(crate) fn find(outline: &Outline<'_>, places: &Places<'_>, base: &Url) -> Listing {
    let finder = Finder::new(outline);
    if let Some(listing) = finder.by_rule(places, base, Tier::Source) {
        return listing;
    }
    let by_family = finder.by_rule(places, base, Tier::Family);
    let by_shape = finder.by_shape(base);
    let visible = match by_family {
        Some(found) if found.items.len() >= 3 && found.items.len() * 2 >= by_shape.items.len() => found,
        _ => by_shape,
    };
    let hidden = hidden(outline, base, visible.items.len()).filter(|hidden| hidden.items.len() > visible.items.len());
    let titled = finder.candidates.iter().filter(|candidate| title_length(&outline.links[candidate.link]) >= 9);
    let titled_links = if hidden.is_some() { 0 } else { titled.count() };
    Listing { titled_links, ..hidden.unwrap_or(visible) }
}

/// A link that may be an entry.
struct Candidate {
    link: usize,
    element: ElementId,
    /// Counts hrefs in page order; neighbours that lead to the same page share one number.
    rank: u32,
    shape: u64,
}

struct Finder<'o, 'a> {
    outline: &'o Outline<'a>,
    candidates: Vec<Candidate>,
}

impl<'o, 'a> Finder<'o, 'a> {
    fn new(outline: &'o Outline<'a>) -> Self {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut rank = 0;
        let mut previous = "";
        for (index, link) in outline.links.iter().enumerate() {
            if !is_page(link.href)
                || outline.element(link.element).noise
                || title_length(link) < 5
                || attachments::is_file(link.href)
            {
                continue;
            }
            rank += u32::from(link.href != previous);
            previous = link.href;
            candidates.push(Candidate { link: index, element: link.element, rank, shape: shape(outline, link.element) });
        }
        Self { outline, candidates }
    }

    /// Candidates inside an element.
    fn inside(&self, element: ElementId) -> &[Candidate] {
        let after = self.outline.element(element).after;
        let start = self.candidates.partition_point(|candidate| candidate.element < element);
        let end = self.candidates.partition_point(|candidate| candidate.element < after);
        &self.candidates[start..end.max(start)]
    }

    /// The largest element around a candidate that holds no other entry.
    fn container(&self, candidate: &Candidate) -> ElementId {
        let mut container = candidate.element;
        for ancestor in self.outline.ancestors(candidate.element).skip(1).take(6) {
            let inside = self.inside(ancestor);
            let alone = inside.first().zip(inside.last()).is_some_and(|(first, last)| first.rank == last.rank);
            if !alone || self.outline.lines_of(ancestor).len() > 40 {
                break;
            }
            container = ancestor;
        }
        container
    }

    fn by_rule(&self, places: &Places<'_>, base: &Url, tier: Tier) -> Option<Listing> {
        let mut listing = Listing { by_source: tier == Tier::Source, ..Listing::default() };
        let groups = places.groups(self.outline, Place::Item).into_iter();
        let elements = groups.filter(|(found, _)| *found == tier).map(|(_, elements)| elements).max_by_key(Vec::len)?;
        let mut links: Vec<ElementId> =
            places.groups(self.outline, Place::ItemLink).into_iter().flat_map(|(_, elements)| elements).collect();
        links.sort_unstable();
        let dates: Vec<ElementId> =
            places.groups(self.outline, Place::ItemDate).into_iter().flat_map(|(_, elements)| elements).collect();
        for element in elements {
            let in_entry = |link: &&Link<'_>| self.outline.contains(element, link.element) && is_page(link.href);
            let start = self.outline.links.partition_point(|link| link.element < element);
            let mut entry = self.outline.links[start..]
                .iter()
                .take_while(|link| link.element < self.outline.element(element).after)
                .filter(in_entry);
            let named = |link: &&Link<'_>| {
                links
                    .iter()
                    .any(|named| self.outline.contains(*named, link.element) || self.outline.contains(link.element, *named))
            };
            let link = if links.is_empty() { entry.find(|link| title_length(link) >= 2) } else { entry.find(named) };
            let Some(link) = link else { continue };
            let dated = dates.iter().find(|date| self.outline.contains(element, **date));
            let date = match dated {
                Some(date) => self.outline.lines_of(*date).find_map(|line| model::date::parse_date(self.outline.line(line))),
                None => date_in(self.outline, element, link),
            };
            push(&mut listing, link, date, base);
        }
        (!listing.items.is_empty()).then_some(listing)
    }

    /// Groups candidates by the shape of their place and takes the group that says most.
    fn by_shape(&self, base: &Url) -> Listing {
        let mut groups: Vec<(u64, Vec<&Candidate>)> = Vec::new();
        let mut places: HashMap<u64, usize> = HashMap::new();
        for candidate in &self.candidates {
            let at = *places.entry(candidate.shape).or_insert_with(|| {
                groups.push((candidate.shape, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push(candidate);
        }
        let mut best = Listing::default();
        let mut best_score = 0;
        for (_, group) in groups.iter().filter(|(_, group)| group.len() >= 2) {
            let most: usize =
                group.iter().map(|candidate| 45 * usize::from(title_length(&self.outline.links[candidate.link]) > 0)).sum();
            if most <= best_score {
                continue;
            }
            let listing = self.listing(group, base);
            let titles: usize = listing.items.iter().map(|item| item.title.chars().count().saturating_sub(4).min(26)).sum();
            let score = titles + 15 * listing.dated;
            if score > best_score {
                best_score = score;
                best = listing;
            }
        }
        best
    }

    fn listing(&self, group: &[&Candidate], base: &Url) -> Listing {
        let mut listing = Listing::default();
        for candidate in group.iter().take(MOST_ITEMS) {
            let link = &self.outline.links[candidate.link];
            let container = self.container(candidate);
            let date = date_in(self.outline, container, link);
            push(&mut listing, link, date, base);
        }
        listing
    }
}

fn push(listing: &mut Listing, link: &Link<'_>, date: Option<Date>, base: &Url) {
    let title = title_of(link);
    let Ok(mut url) = base.join(link.href) else { return };
    // Single-page programs keep the address of an entry behind `#/`; any other fragment is a place inside the page.
    if !url.fragment().is_some_and(|fragment| fragment.starts_with(['/', '!'])) {
        url.set_fragment(None);
    }
    if title.is_empty() || !matches!(url.scheme(), "http" | "https") {
        return;
    }
    let url = url.to_string();
    // An entry often has two links, its picture and its title.
    if let Some(last) = listing.items.last_mut()
        && last.url == url
    {
        last.date = last.date.or(date);
        return;
    }
    listing.dated += usize::from(date.is_some());
    listing.items.push(ListItem { title, url, date });
}

/// Whether a link leads to another page.
fn is_page(href: &str) -> bool {
    let start = href.trim_start();
    let scheme = start.split(':').next().unwrap_or_default().to_ascii_lowercase();
    !(start.is_empty()
        || start.starts_with('#')
        || matches!(scheme.as_str(), "javascript" | "mailto" | "tel" | "data" | "vbscript"))
}

fn title_length(link: &Link<'_>) -> usize {
    link.title.chars().count().max(link.text.chars().count()).min(400)
}

/// The entry's full title: the `title` attribute where the text is cut, otherwise the text.
fn title_of(link: &Link<'_>) -> String {
    let attribute = words::squeeze(link.title);
    let mut lines = link.text.split('\n').map(words::squeeze).filter(|line| !line.is_empty() && lone_date(line).is_none());
    let text = lines
        .find(|line| line.chars().count() >= 5)
        .or_else(|| link.text.split('\n').map(words::squeeze).next())
        .unwrap_or_default();
    let cut = text.trim_end_matches([']', '】', ' ']).ends_with(['…']) || text.ends_with("...") || text.ends_with("..");
    let stem = words::bare(&text);
    let longer = words::bare(&attribute).starts_with(&stem) && attribute.chars().count() >= text.chars().count();
    let title = if !attribute.is_empty() && (cut || text.is_empty() || longer) { attribute } else { text };
    let title = title.trim_start_matches(['·', '•', '●', '■', '◆', '▪', '>', '»', '-', ' ', '\u{f0b7}']);
    let title = match TRAILING_DATE.as_ref().and_then(|date| date.find(title)) {
        Some(found) if found.start() > 12 => title[..found.start()].trim_end(),
        _ => title,
    };
    title.to_owned()
}

static TRAILING_DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\s*[\[(（【]?20\d{2}[-./年]\d{1,2}[-./月]\d{1,2}日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?[\])）】]?$").ok()
});

/// The date that stands beside an entry's link as a text of its own. Dates inside sentences are not it.
fn date_in(outline: &Outline<'_>, container: ElementId, link: &Link<'_>) -> Option<Date> {
    let parts = (container + 1..outline.element(container).after).take(60);
    let shown = parts.map(|part| outline.text_of(part)).filter(|text| text.len() <= 80);
    if let Some(date) = shown.filter_map(lone_date).next() {
        return Some(date);
    }
    let mut day = None;
    let mut month = None;
    for id in outline.lines_of(container) {
        let line = outline.line(id);
        if line.len() > 1200 {
            continue;
        }
        let first = link.text.split('\n').next().unwrap_or_default();
        if !first.is_empty()
            && let Some(at) = line.find(first)
        {
            let rest = [&line[..at], &line[at + first.len()..]];
            if let Some(date) = rest.into_iter().find_map(lone_date) {
                return Some(date);
            }
            // The date may be part of the link's own text.
            if let Some(date) = TRAILING_DATE.as_ref().and_then(|date| date.find(first)) {
                return model::date::parse_date(date.as_str());
            }
            continue;
        }
        if let Some(date) = lone_date(line) {
            return Some(date);
        }
        day = day.or_else(|| lone_day(line));
        month = month.or_else(|| lone_month(line));
    }
    let ((year, month), day) = month.zip(day)?;
    Date::new(year, month, day).ok()
}

/// The date of a text that is a date and hardly anything else (`[2024-07-05]`, `发布时间：2024-07-05`).
fn lone_date(text: &str) -> Option<Date> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) && !text.contains('年') {
        return None;
    }
    let (found, start, end) = model::date::find_moment(text)?;
    let letters =
        text.chars().enumerate().filter(|(at, character)| (*at < start || *at >= end) && words::is_letter(*character)).count();
    (letters <= 6).then_some(found.date)
}

/// A day alone, as calendars show it large beside the title.
fn lone_day(text: &str) -> Option<i8> {
    let digits = text.trim().trim_end_matches('日');
    ((1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Year and month alone.
fn lone_month(text: &str) -> Option<(i16, i8)> {
    static MONTH: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\s*(20\d{2})\s*[-./年]\s*(\d{1,2})\s*月?\s*$").ok());
    let found = MONTH.as_ref()?.captures(text)?;
    Some((found.get(1)?.as_str().parse().ok()?, found.get(2)?.as_str().parse().ok()?))
}

/// What the place of a link looks like: tags and classes of the elements around it. Entries of one list share it.
fn shape(outline: &Outline<'_>, element: ElementId) -> u64 {
    let mut hash = Fnv::default();
    for id in outline.ancestors(element).skip(1).take(5) {
        let found = outline.element(id);
        hash.write(found.node.value().name().as_bytes());
        let states =
            ["on", "active", "cur", "current", "first", "last", "odd", "even", "hover", "selected", "hide", "show", "none"];
        for class in found.class.split_ascii_whitespace().filter(|class| !states.contains(class)) {
            let bytes: Vec<u8> = class.bytes().filter(|byte| !byte.is_ascii_digit()).collect();
            hash.write(b".");
            hash.write(&bytes);
        }
        hash.write(b">");
    }
    hash.finish()
}

/// Entries in markup the page keeps for its scripts: `<record><![CDATA[…`, textareas, comments, JSON in scripts.
fn hidden(outline: &Outline<'_>, base: &Url, visible: usize) -> Option<Listing> {
    let mut best: Option<Listing> = None;
    let mut bytes = 0;
    let mut keep = |listing: Listing| {
        if best.as_ref().is_none_or(|best| listing.items.len() > best.items.len()) {
            best = Some(listing);
        }
    };
    let mut joined = String::new();
    for text in outline.hidden_markup.iter().take(MOST_HIDDEN) {
        bytes += text.len();
        let stored = text.contains("CDATA[") || text.contains("<record");
        // Commented-out markup is mostly what editors threw away; it counts only where nothing is shown.
        if bytes > MOST_HIDDEN_BYTES || !(stored || visible < 3) {
            continue;
        }
        joined.push_str(&text.replace("<![CDATA[", " ").replace("]]>", " "));
        joined.push('\n');
    }
    if !joined.is_empty() {
        let parsed = parse::parse(&joined);
        let inner = Outline::new(&parsed.html, &Index::default(), None);
        let finder = Finder::new(&inner);
        keep(finder.by_shape(base));
    }
    if visible < 3 {
        for script in outline.scripts.iter().filter(|script| script.len() < 2_000_000) {
            if let Some(items) = crate::feed::items_in_script(script, base) {
                keep(Listing { dated: items.iter().filter(|item| item.date.is_some()).count(), items, ..Listing::default() });
            }
        }
    }
    best
}

/// The next page of a list, as the page itself tells it.
pub(crate) fn next_page(outline: &Outline<'_>, base: &Url) -> Option<String> {
    let from_script = outline.scripts.iter().find_map(|script| pager_call(script));
    let href = match from_script {
        Some(next) => next?,
        None => {
            let link = outline.links.iter().find(|link| is_page(link.href) && is_next(&link.text, link.title));
            link.map(|link| link.href.to_owned()).or_else(|| outline.rel_next.map(str::to_owned))?
        }
    };
    let next = base.join(&href).ok()?;
    (next != *base).then(|| next.to_string())
}

fn is_next(text: &str, title: &str) -> bool {
    let is = |text: &str| {
        let bare = words::bare(text);
        matches!(bare.as_str(), "下一页" | "下页" | "后一页" | "下1页" | "nextpage")
    };
    is(text) || (text.is_empty() && is(title))
}

static PAGER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?P<before>[A-Za-z0-9_.$]*[ \t]*)(?-u:\b)(?:createPageHTML|createPageHtml|createPageHTMLs|createPage|Pager|pageHTML)\s*\((?P<arguments>[^()]{3,300})\)").ok()
});

/// What a call of a paging script says: `Some(None)` for the last page, `None` where there is no call.
///
/// `createPageHTML(pages, current, "index", "html")`, with a count of entries before it on some sites, and
/// `Pager({size: pages, current: 0, prefix: 'index', suffix: 'html'})`. Definitions and calls in comments are not calls.
fn pager_call(script: &str) -> Option<Option<String>> {
    if !["createPage", "Pager", "pageHTML"].iter().any(|name| script.contains(name)) {
        return None;
    }
    for found in PAGER.as_ref()?.captures_iter(script) {
        let start = found.get(0)?.start();
        let line = &script[script[..start].rfind('\n').map_or(0, |at| at + 1)..start];
        let before = found.name("before").map_or("", |before| before.as_str().trim());
        if before.ends_with("function") || line.trim_end().ends_with("function") || line.contains("//") && !line.contains("://") {
            continue;
        }
        let arguments = found.name("arguments")?.as_str();
        let pager =
            if arguments.trim_start().starts_with('{') { named_arguments(arguments) } else { listed_arguments(arguments) };
        let Some((pages, current, name, end)) = pager else { continue };
        let next = (current + 1 < pages).then(|| format!("{name}_{}.{end}", current + 1));
        return Some(next);
    }
    None
}

type Pager = (u32, u32, String, String);

fn named_arguments(arguments: &str) -> Option<Pager> {
    let mut values: HashMap<&str, &str> = HashMap::new();
    for pair in arguments.trim().trim_matches(['{', '}']).split(',') {
        if let Some((key, value)) = pair.split_once(':') {
            values.insert(key.trim().trim_matches(['"', '\'']), value.trim().trim_matches(['"', '\'']));
        }
    }
    let number = |keys: &[&str]| keys.iter().find_map(|key| values.get(key)?.parse().ok());
    let name = values.get("prefix").or_else(|| values.get("pageName"))?;
    let end = values.get("suffix").or_else(|| values.get("pageExt")).copied().unwrap_or("html");
    Some((
        number(&["size", "pageCount", "pages", "total"])?,
        number(&["current", "currIndex", "index"])?,
        (*name).to_owned(),
        end.to_owned(),
    ))
}

fn listed_arguments(arguments: &str) -> Option<Pager> {
    let parts: Vec<&str> = arguments.split(',').map(|part| part.trim().trim_matches(['"', '\''])).collect();
    let name_at = parts.iter().position(|part| !part.is_empty() && part.parse::<i64>().is_err())?;
    let numbers: Vec<u32> = parts[..name_at].iter().filter_map(|part| part.parse().ok()).collect();
    let [.., pages, current] = numbers[..] else { return None };
    let name = parts[name_at];
    let end = parts.get(name_at + 1)?;
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b'.'))
    };
    (plain(name) && plain(end)).then(|| (pages, current, name.to_owned(), (*end).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Families;

    fn listing(html: &str) -> Vec<(String, String, Option<String>)> {
        let parsed = parse::parse(html);
        let families = Families::default();
        let outline = Outline::new(&parsed.html, &families.index, None);
        let places = Places::new(&families.index, None, None);
        let base = Url::parse("https://www.example.gov.cn/zc/index.html").unwrap();
        let found = find(&outline, &places, &base);
        found.items.into_iter().map(|item| (item.title, item.url, item.date.map(|date| date.to_string()))).collect()
    }

    #[test]
    fn cut_titles_are_completed_and_dates_read_beside_them() {
        let items = listing(
            "<ul class=list><li><a href=a.html title=关于印发某某管理办法的通知>关于印发某某管理…</a><span>2024-07-05</span></li>\
             <li><a href=b.html>关于开展申报工作的通知</a><span>[2024-07-04]</span></li>\
             <li><a href=c.html>关于2023年结果的公示</a></li></ul>",
        );
        assert_eq!(
            items[0],
            (
                "关于印发某某管理办法的通知".to_owned(),
                "https://www.example.gov.cn/zc/a.html".to_owned(),
                Some("2024-07-05".to_owned())
            )
        );
        assert_eq!(items[1].2.as_deref(), Some("2024-07-04"));
        assert_eq!(items[2].2, None);
    }

    #[test]
    fn a_date_in_a_sentence_beside_an_entry_is_not_its_date() {
        let row = |name: &str| {
            format!(
                "<ul><li><p><a href={name}.html>某市门前管理办法之{name}</a></p><p>（2025年12月15日某市人民政府令发布 自2026年1月15日起施行)</p></li><li><a href=x.docx>下载文字版</a></li></ul>"
            )
        };
        let items = listing(&format!("{}{}{}", row("a"), row("b"), row("c")));
        assert_eq!(items.len(), 3);
        assert!(items.iter().all(|item| item.2.is_none()));
    }

    #[test]
    fn day_and_month_shown_apart_make_a_date() {
        let row = |name: &str| {
            format!("<li><div class=d><b>15</b><p>2025-09</p></div><a href={name}.html>某市关于支持企业的通知</a></li>")
        };
        let items = listing(&format!("<ul>{}{}{}</ul>", row("a"), row("b"), row("c")));
        assert_eq!(items[0].2.as_deref(), Some("2025-09-15"));
    }

    #[test]
    fn lists_hidden_in_cdata_are_found() {
        let record = |name: &str| {
            format!(
                "<record><![CDATA[<li><a href='/art/{name}.html' title='某市关于{name}的通知'>某市关于…</a><span>2024-01-02</span></li>]]></record>"
            )
        };
        let html = format!(
            "<body><div><script type='text/xml'><datastore><recordset>{}{}{}</recordset></datastore></script></div></body>",
            record("甲甲"),
            record("乙乙"),
            record("丙丙")
        );
        let items = listing(&html);
        assert_eq!(items.len(), 3);
        assert_eq!(items[1].0, "某市关于乙乙的通知");
        assert_eq!(items[1].2.as_deref(), Some("2024-01-02"));
    }

    #[test]
    fn paging_calls_are_read_and_definitions_are_not() {
        for (script, expected) in [
            ("createPageHTML(13, 0, \"index\", \"html\");", Some(Some("index_1.html"))),
            ("createPageHTML(191, 13, 2, 'index', 'html')", Some(Some("index_3.html"))),
            ("function createPageHTML(_count, _index, _name, _ext){ }", None),
            ("// createPageHTML(13, 0, \"index\", \"html\");", None),
            ("Pager({size:29, current:0, prefix:'index',suffix:'html'});", Some(Some("index_1.html"))),
            ("Pager({size:1, current:0, prefix:'index',suffix:'html'});", Some(None)),
            ("function Pager(settings){ var page = 1; }", None),
        ] {
            let found = pager_call(script);
            assert_eq!(found.as_ref().map(Option::as_deref), expected, "{script}");
        }
    }
}
