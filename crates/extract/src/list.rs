//! The entries of list pages: by rule, by the shape that repeats, or from markup hidden in scripts, comments and CDATA.

use std::collections::HashMap;
use std::hash::Hasher;
use std::ops::Range;

use jiff::civil::Date;
use model::ListItem;
use url::Url;

use crate::entry::{date_in, lone_date, title_length, title_of};
use crate::outline::{ElementId, LineId, Link, NONE, Outline, Tag};
use crate::rules::{Fnv, Index, Place};
use crate::targets::Targets;
use crate::{Places, Tier};
use crate::{attachments, parse, records, words};

/// Entries read from one page at most.
const MOST_ITEMS: usize = 20_000;
/// Pieces of hidden markup looked into, and their bytes in all.
const MOST_HIDDEN: usize = 200;
const MOST_HIDDEN_BYTES: usize = 8_000_000;
/// Links of fewer characters are menus and buttons; in a list already found an entry may be as short as this.
const SHORT_TITLE: usize = 5;
const SHORTEST_TITLE: usize = 2;

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
    /// Whether the entries were kept for a paging script: such markup is nothing but a list.
    pub(crate) stored: bool,
    /// How many lead to addresses of articles.
    pub(crate) articles: usize,
    /// Characters of the entries' rows that are no link text: summaries are no article.
    pub(crate) row_text: u32,
    /// What speaks for it being the page's list.
    score: u32,
    /// Addresses taken, with the place of their entry.
    places: HashMap<String, usize>,
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
    let mut best = visible;
    let mut shown = true;
    for other in [finder.by_handler(base), hidden(outline, base, &best)].into_iter().flatten() {
        if other.score > best.score {
            best = other;
            shown = false;
        }
    }
    let titled = finder.candidates.iter().filter(|candidate| !candidate.file && candidate.length >= 9);
    let titled_links = if shown { titled.count() } else { 0 };
    let articles = best.items.iter().filter(|item| is_article(&item.url)).count();
    Listing { titled_links, articles, ..best }
}

/// The entries of markup that is nothing but a list.
pub(crate) fn of_markup(markup: &str, base: &Url) -> Vec<ListItem> {
    let parsed = parse::parse(markup);
    let outline = Outline::new(&parsed.html, &Index::default(), None);
    Finder::new(&outline).all(base).items
}

/// What one entry speaks for its list.
fn worth(title: usize, dated: bool, article: bool) -> u32 {
    title.saturating_sub(4).min(26) as u32 + if dated { 15 } else { 0 } + if article { 8 } else { 0 }
}

/// A listing that was not found by the shape of its links.
fn scored(listing: Listing) -> Listing {
    let worths = listing.items.iter().map(|item| worth(item.title.chars().count(), item.date.is_some(), is_article(&item.url)));
    Listing { score: worths.sum(), ..listing }
}

/// A link that may be an entry.
#[derive(Debug, Clone)]
struct Candidate {
    link: usize,
    element: ElementId,
    /// Where it leads, as written.
    href: String,
    length: usize,
    /// Leads to a file: an entry only where its row has no page.
    file: bool,
    shape: u64,
}

struct Finder<'o, 'a> {
    outline: &'o Outline<'a>,
    /// In page order.
    candidates: Vec<Candidate>,
    /// The line on which the pager stands.
    pager: Option<LineId>,
}

impl<'o, 'a> Finder<'o, 'a> {
    fn new(outline: &'o Outline<'a>) -> Self {
        let targets = Targets::new(outline);
        let mut candidates: Vec<Candidate> = Vec::new();
        for (index, link) in outline.links.iter().enumerate() {
            let length = title_length(link);
            if length < SHORTEST_TITLE || outline.element(link.element).noise || is_button(link) {
                continue;
            }
            let Some(href) = targets.address(link) else { continue };
            let file = attachments::is_file(&href);
            // Files beside pages are not of the same list.
            let shape = shape(outline, link.element) ^ u64::from(file);
            candidates.push(Candidate { link: index, element: link.element, file, href, length, shape });
        }
        Self { outline, candidates, pager: pager_line(outline) }
    }

    fn by_rule(&self, places: &Places<'_>, base: &Url, tier: Tier) -> Option<Listing> {
        let mut listing = Listing { by_source: tier == Tier::Source, ..Listing::default() };
        let of_tier = |place: Place| -> Vec<ElementId> {
            let groups = places.groups(self.outline, place).into_iter().filter(|(found, _)| *found == tier);
            let mut elements: Vec<ElementId> = groups.flat_map(|(_, elements)| elements).collect();
            elements.sort_unstable();
            elements
        };
        let groups = places.groups(self.outline, Place::Item).into_iter();
        let elements = groups.filter(|(found, _)| *found == tier).map(|(_, elements)| elements).max_by_key(Vec::len)?;
        let (named_links, named_dates) = (of_tier(Place::ItemLink), of_tier(Place::ItemDate));
        let targets = Targets::new(self.outline);
        for element in elements.into_iter().take(MOST_ITEMS) {
            let after = self.outline.element(element).after;
            let start = self.outline.links.partition_point(|link| link.element < element);
            let mut entry = self.outline.links[start..].iter().take_while(|link| link.element < after);
            let inside = |named: &[ElementId]| -> Option<ElementId> {
                named.get(named.partition_point(|found| *found < element)).copied().filter(|found| *found < after)
            };
            let link = if named_links.is_empty() {
                entry.find(|link| title_length(link) >= SHORTEST_TITLE && targets.address(link).is_some())
            } else {
                let named = inside(&named_links);
                entry.find(|link| {
                    named.is_some_and(|named| {
                        self.outline.contains(named, link.element) || self.outline.contains(link.element, named)
                    })
                })
            };
            let Some(link) = link else { continue };
            let Some(href) = targets.address(link) else { continue };
            let date = match inside(&named_dates) {
                // Its own text: the line it stands on may hold other dates before.
                Some(date) => model::date::parse_date(self.outline.text_of(date)),
                None => date_in(self.outline, element..after, link),
            };
            push(&mut listing, self.outline, link, &href, date, base);
        }
        (!listing.items.is_empty()).then_some(listing)
    }

    /// Groups candidates by the shape of their place and takes the group that says most.
    fn by_shape(&self, base: &Url) -> Listing {
        let mut groups: Vec<Vec<&Candidate>> = Vec::new();
        let mut places: HashMap<u64, usize> = HashMap::new();
        for candidate in self.candidates.iter().filter(|candidate| candidate.length >= SHORT_TITLE) {
            let at = *places.entry(candidate.shape).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[at].push(candidate);
        }
        let mut best: Option<(u32, Vec<&Candidate>)> = None;
        for group in groups {
            let group = self.without_labels(group);
            let best_score = best.as_ref().map_or(0, |(score, _)| *score);
            // No date, no address and no pager can make more of it than this.
            let most: usize = group.iter().map(|candidate| 2 * (candidate.length.saturating_sub(4).min(26) + 24)).sum();
            if group.len() < 2 || most <= best_score as usize {
                continue;
            }
            let score = self.score(&group, base);
            if score > best_score {
                best = Some((score, group));
            }
        }
        let Some((score, group)) = best else { return Listing::default() };
        Listing { score, ..self.listing(&self.with_neighbours(&group), base) }
    }

    /// The list, however short: of one entry no shape repeats.
    fn all(&self, base: &Url) -> Listing {
        let found = self.by_shape(base);
        if !found.items.is_empty() {
            return found;
        }
        let only: Vec<&Candidate> = self.candidates.iter().filter(|candidate| !is_column(&candidate.href)).take(1).collect();
        self.listing(&only, base)
    }

    /// What speaks for a group being the page's list: long titles, dates, addresses of articles, a pager behind it.
    fn score(&self, group: &[&Candidate], base: &Url) -> u32 {
        let mut score = 0;
        let rows = self.rows(group);
        if group.iter().zip(&rows).take(20).filter(|(candidate, row)| candidate.file && self.has_page(row.start)).count() * 2
            > group.len().min(20)
        {
            return 0;
        }
        // A sample suffices to tell lists apart; long ones are told by their length.
        let step = group.len().div_ceil(60);
        for (candidate, row) in group.iter().zip(rows).step_by(step) {
            let link = &self.outline.links[candidate.link];
            let dated = date_in(self.outline, row, link).is_some();
            let article = is_article(&candidate.href);
            let worth = worth(candidate.length, dated, article);
            let away = !dated && !article && (is_column(&candidate.href) || leads_away(&candidate.href, base));
            score += if away { worth / 4 } else { worth };
        }
        let mut score = score * step as u32;
        if self.is_side(group) {
            score = score * 2 / 5;
        }
        if self.pager.is_some_and(|pager| self.stands_before(group, pager)) {
            score = score * 3 / 2;
        }
        score
    }

    /// Whether a group ends shortly before a line, with no other titles between.
    fn stands_before(&self, group: &[&Candidate], line: LineId) -> bool {
        let Some(last) = group.iter().rev().find(|candidate| self.outline.links[candidate.link].line <= line) else {
            return false;
        };
        let between = self.candidates.partition_point(|candidate| candidate.element <= last.element);
        let others = self.candidates[between..].iter().take_while(|other| self.outline.links[other.link].line < line);
        others.filter(|other| other.length >= 9).count() <= 1 && line - self.outline.links[last.link].line <= 12
    }

    /// Whether a group is a column beside the list: what is read most, recommended, related, or other sites.
    fn is_side(&self, group: &[&Candidate]) -> bool {
        const NAMES: &[&str] = &[
            "hot",
            "rank",
            "side",
            "aside",
            "recommend",
            "tuijian",
            "related",
            "relevant",
            "friend",
            "yqlj",
            "link",
            "links",
            "swiper",
            "banner",
            "slide",
            "focus",
        ];
        const HEADS: &[&str] = &[
            "友情链接",
            "相关链接",
            "网站链接",
            "热点",
            "热门",
            "排行",
            "推荐",
            "图片新闻",
            "最新信息",
            "相关信息",
            "常用链接",
            "点击榜",
            "导航",
        ];
        let Some(first) = group.first() else { return false };
        let named = self.outline.ancestors(first.element).skip(1).take(7).any(|id| {
            let found = self.outline.element(id);
            let words = found.class.split([' ', '_', '-']).chain(found.id.split(['_', '-']));
            words.into_iter().any(|word| {
                let word = word.trim_end_matches(|character: char| character.is_ascii_digit());
                NAMES.iter().any(|name| word.eq_ignore_ascii_case(name))
            })
        });
        let line = self.outline.links[first.link].line;
        let heads = line.saturating_sub(3)..line;
        named
            || heads.into_iter().any(|id| {
                let text = self.outline.line(id);
                text.chars().count() <= 12 && HEADS.iter().any(|head| text.contains(head))
            })
    }

    /// A group without the links that repeat through it: columns and organs named beside the titles.
    fn without_labels<'c>(&self, group: Vec<&'c Candidate>) -> Vec<&'c Candidate> {
        let mut times: HashMap<&str, (u32, &str)> = HashMap::new();
        let mut previous = "";
        for candidate in &group {
            if candidate.href != previous {
                times.entry(&candidate.href).or_insert((0, &candidate.href)).0 += 1;
            }
            previous = &candidate.href;
        }
        let all = group.len();
        let repeated = |candidate: &&&Candidate| {
            let count = times.get(candidate.href.as_str()).map_or(0, |(count, _)| *count);
            count >= 3 && all > count as usize || count == 2 && candidate.length <= 8
        };
        if !group.iter().any(|candidate| repeated(&candidate)) {
            return group;
        }
        let kept: Vec<&Candidate> = group.iter().copied().filter(|candidate| !repeated(&candidate)).collect();
        if kept.is_empty() { group } else { kept }
    }

    /// The largest element around a member of a group that holds no other member.
    fn container(&self, group: &[&Candidate], at: usize) -> ElementId {
        let candidate = group[at];
        let mut container = candidate.element;
        for ancestor in self.outline.ancestors(candidate.element).skip(1).take(8) {
            let alone = |other: Option<&&Candidate>| {
                other.is_none_or(|other| other.href == candidate.href || !self.outline.contains(ancestor, other.element))
            };
            let before = at.checked_sub(1).and_then(|before| group.get(before));
            if !alone(before) || !alone(group.get(at + 1)) || self.outline.lines_of(ancestor).len() > 40 {
                break;
            }
            container = ancestor;
        }
        container
    }

    /// The elements of each member's row. Where title and date are neighbours in one parent, as `dt` and `dd`, the row
    /// reaches to the next title, or back to the one before where the date comes first.
    fn rows(&self, group: &[&Candidate]) -> Vec<Range<ElementId>> {
        let after = |id: ElementId| self.outline.element(id).after;
        let parent = |id: ElementId| self.outline.element(id).parent;
        let containers: Vec<ElementId> = (0..group.len()).map(|at| self.container(group, at)).collect();
        let alone: Vec<Range<ElementId>> = containers.iter().map(|id| *id..after(*id)).collect();
        let pairs = containers.windows(2);
        let apart = pairs.filter(|pair| parent(pair[0]) == parent(pair[1]) && after(pair[0]) < pair[1]).count();
        let Some((first, link)) = containers.first().zip(group.first().map(|first| &self.outline.links[first.link])) else {
            return alone;
        };
        if apart * 3 < containers.len() || date_in(self.outline, alone[0].clone(), link).is_some() {
            return alone;
        }
        let siblings = |id: ElementId| self.outline.children(parent(id));
        let dated = |id: ElementId| lone_date(self.outline.text_of(id)).is_some();
        let led = parent(*first) != NONE && siblings(*first).take(2_000).take_while(|id| id < first).last().is_some_and(dated);
        let widths = containers.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
        let width = widths.filter(|width| (1..60).contains(width)).max().unwrap_or(1);
        let bounds = |at: usize| {
            let own = containers[at];
            if led {
                let before =
                    at.checked_sub(1).map(|before| after(containers[before])).unwrap_or_else(|| own.saturating_sub(width));
                before.max(parent(own) + 1).max(own.saturating_sub(width))..after(own)
            } else {
                let next = containers.get(at + 1).copied().unwrap_or(own + width);
                own..next.min(after(parent(own))).min(own + width).max(after(own))
            }
        };
        (0..containers.len()).map(|at| if parent(containers[at]) == NONE { alone[at].clone() } else { bounds(at) }).collect()
    }

    /// A group with the entries that stand among its rows but are built a little differently: pinned, marked, short.
    fn with_neighbours<'c>(&'c self, group: &[&'c Candidate]) -> Vec<&'c Candidate> {
        let mut rows: HashMap<ElementId, u32> = HashMap::new();
        let mut own: Vec<(ElementId, ElementId)> = Vec::with_capacity(group.len());
        for at in 0..group.len() {
            let container = self.container(group, at);
            let parent = self.outline.element(container).parent;
            *rows.entry(parent).or_default() += 1;
            own.push((container, self.outline.element(container).after));
        }
        let tag = |id: ElementId| self.outline.element(id).node.value().name();
        let row_tag = own.first().map(|(container, _)| tag(*container));
        let mut times: HashMap<&str, u32> = HashMap::new();
        for candidate in &self.candidates {
            *times.entry(&candidate.href).or_default() += 1;
        }
        // What is linked from row after row is a column or an organ, no entry.
        let is_label = |candidate: &Candidate| times.get(candidate.href.as_str()).is_some_and(|count| *count >= 3);
        let mut members: Vec<&Candidate> = group.to_vec();
        for candidate in &self.candidates {
            let at = own.partition_point(|(start, _)| *start <= candidate.element);
            let taken = at.checked_sub(1).and_then(|at| own.get(at)).is_some_and(|(_, after)| candidate.element < *after);
            if taken || candidate.file && candidate.length < SHORT_TITLE {
                continue;
            }
            let row = self.outline.ancestors(candidate.element).take(8).find(|id| {
                let parent = self.outline.element(*id).parent;
                rows.get(&parent).is_some_and(|count| *count >= 2)
            });
            let Some(row) = row.filter(|row| Some(tag(*row)) == row_tag) else { continue };
            // One entry a row: the longest link, or the first of equals.
            let after = self.outline.element(row).after;
            let first = self.candidates.partition_point(|other| other.element < row);
            let in_row = self.candidates[first..].iter().take_while(|other| other.element < after).take(20);
            let fitting = in_row.filter(|other| !is_label(other));
            let longest = fitting.max_by_key(|other| (!other.file, other.length, std::cmp::Reverse(other.element)));
            if longest.is_some_and(|longest| longest.element == candidate.element) && !is_column(&candidate.href) {
                members.push(candidate);
            }
        }
        members.sort_by_key(|candidate| candidate.element);
        members
    }

    fn listing(&self, group: &[&Candidate], base: &Url) -> Listing {
        let mut listing = Listing::default();
        for (candidate, row) in group.iter().zip(self.rows(group)).take(MOST_ITEMS) {
            let link = &self.outline.links[candidate.link];
            // A file is an entry where it is all its row leads to.
            if candidate.file && self.has_page(row.start) {
                continue;
            }
            let lines = self.outline.lines_of(row.start);
            listing.row_text += self.outline.characters(lines.clone()) - self.outline.link_characters(lines);
            let date = date_in(self.outline, row, link);
            push(&mut listing, self.outline, link, &candidate.href, date, base);
        }
        listing
    }

    /// Whether an element holds a link to a page with a title.
    fn has_page(&self, id: ElementId) -> bool {
        let after = self.outline.element(id).after;
        let first = self.candidates.partition_point(|other| other.element < id);
        let inside = self.candidates[first..].iter().take_while(|other| other.element < after);
        inside.take(20).any(|other| !other.file && other.length >= SHORT_TITLE)
    }

    /// Rows that are clicked as a whole: `<li onclick="location.href='…'">`.
    fn by_handler(&self, base: &Url) -> Option<Listing> {
        let targets = Targets::new(self.outline);
        let mut listing = Listing::default();
        for (at, element) in self.outline.elements.iter().enumerate().take(MOST_ITEMS) {
            if element.noise || element.tag == Tag::Link || element.node.value().attr("onclick").is_none() {
                continue;
            }
            let id = at as ElementId;
            let Some(href) = targets.of_element(id) else { continue };
            let text = self.outline.text_of(id);
            if !(SHORT_TITLE..=400).contains(&text.chars().count()) {
                continue;
            }
            let title = element.node.value().attr("title").unwrap_or_default();
            let link = Link { element: id, href: "", title, text: text.to_owned(), line: element.first_line };
            let date = date_in(self.outline, id..element.after, &link);
            push(&mut listing, self.outline, &link, &href, date, base);
        }
        (listing.items.len() >= 2).then(|| scored(listing))
    }
}

fn push(listing: &mut Listing, outline: &Outline<'_>, link: &Link<'_>, href: &str, date: Option<Date>, base: &Url) {
    let title = title_of(outline, link);
    let Ok(mut url) = base.join(href) else { return };
    // Single-page programs keep the address of an entry behind `#/`; any other fragment is a place inside the page.
    if !url.fragment().is_some_and(|fragment| fragment.starts_with(['/', '!'])) {
        url.set_fragment(None);
    }
    if title.is_empty() || !matches!(url.scheme(), "http" | "https") {
        return;
    }
    let url = url.to_string();
    // An entry often has two links, its picture and its title, and one that is pinned stands on the page twice.
    if let Some(item) = listing.places.get(&url).and_then(|at| listing.items.get_mut(*at)) {
        if item.date.is_none() && date.is_some() {
            item.date = date;
            listing.dated += 1;
        }
        return;
    }
    listing.dated += usize::from(date.is_some());
    listing.places.insert(url.clone(), listing.items.len());
    listing.items.push(ListItem { title, url, date });
}

/// Whether a link leads to another page.
pub(crate) fn is_page(href: &str) -> bool {
    let start = href.trim_start();
    let scheme = start.split(':').next().unwrap_or_default().to_ascii_lowercase();
    !(start.is_empty()
        || start.starts_with('#')
        || matches!(scheme.as_str(), "javascript" | "mailto" | "tel" | "data" | "vbscript"))
}

/// Words of links that lead on, not to an entry.
fn is_button(link: &Link<'_>) -> bool {
    const WORDS: &[&str] = &[
        "更多",
        "查看更多",
        "更多信息",
        "详情",
        "查看详情",
        "查看全文",
        "阅读全文",
        "详细",
        "下载",
        "点击下载",
        "附件下载",
        "首页",
        "上一页",
        "下一页",
        "尾页",
        "末页",
        "返回",
        "返回首页",
        "返回列表",
        "more",
        "解读",
        "图解",
        "政策解读",
        "文字解读",
        "图片解读",
        "相关解读",
        "相关文件",
    ];
    let text = words::bare(&link.text);
    text.chars().count() <= 8 && WORDS.contains(&text.as_str())
}

/// Whether an address is that of one article: its last part or its query holds a number or a hash of some length.
fn is_article(href: &str) -> bool {
    let path = href.split('#').next().unwrap_or(href);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    let last = parts.next().unwrap_or_default();
    let generic = ["content", "index", "info", "detail", "show"].iter().any(|name| last.starts_with(name));
    let stem = if generic && !path.ends_with('/') { parts.next().unwrap_or(last) } else { last };
    digits(last) >= 4 || digits(query) >= 3 || (last.contains('.') && (digits(stem) >= 4 || stem.len() >= 32))
}

/// Whether an address is that of a column.
fn is_column(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or(href);
    let last = path.rsplit('/').next().unwrap_or_default();
    let stem = last.split('.').next().unwrap_or_default();
    (last.is_empty() || matches!(stem, "index" | "list" | "default" | "main" | "common_list")) && !is_article(href)
}

/// Whether a link leads to another site.
fn leads_away(href: &str, base: &Url) -> bool {
    let Some(host) = href.trim_start_matches("https:").trim_start_matches("http:").strip_prefix("//") else { return false };
    let host = host.split(['/', ':', '?']).next().unwrap_or_default();
    base.host_str().is_some_and(|own| !own.eq_ignore_ascii_case(host))
}

/// The line on which the way to the next or the last page stands.
fn pager_line(outline: &Outline<'_>) -> Option<LineId> {
    let says = |link: &&Link<'_>| {
        link.text.len() <= 30 && matches!(words::bare(&link.text).as_str(), "下一页" | "下页" | "后一页" | "尾页" | "末页")
    };
    if let Some(link) = outline.links.iter().rev().find(says) {
        return Some(link.line);
    }
    // A pager written by a script leaves its empty element; its place tells as much.
    let named = outline.elements.iter().rev().find(|element| {
        let names = [element.class, element.id];
        names.iter().any(|name| {
            name.split([' ', '-', '_']).any(|word| {
                let word = word.trim_end_matches(|character: char| character.is_ascii_digit());
                ["page", "pages", "pager", "pagination", "paging", "fenye"].iter().any(|known| word.eq_ignore_ascii_case(known))
            })
        }) && element.end_line.saturating_sub(element.first_line) <= 12
    });
    named.map(|element| element.first_line)
}

/// What the place of a link looks like: tags and classes of the elements around it. Entries of one list share it.
pub(crate) fn shape(outline: &Outline<'_>, element: ElementId) -> u64 {
    const STATES: &[&str] = &[
        "on", "active", "cur", "current", "first", "last", "odd", "even", "hover", "selected", "hide", "show", "none", "top",
        "istop", "new", "bold", "red", "clearfix", "nobg", "line", "end", "noborder", "bg",
    ];
    let mut hash = Fnv::default();
    // Emphasis around one link of many does not make it another list.
    let around = outline
        .ancestors(element)
        .skip(1)
        .filter(|id| !matches!(outline.element(*id).node.value().name(), "b" | "strong" | "font" | "em" | "i" | "u"));
    for id in around.take(5) {
        let found = outline.element(id);
        hash.write(found.node.value().name().as_bytes());
        for class in found.class.split_ascii_whitespace().filter(|class| !STATES.contains(class)) {
            let bytes: Vec<u8> = class.bytes().filter(|byte| !byte.is_ascii_digit()).collect();
            hash.write(b".");
            hash.write(&bytes);
        }
        hash.write(b">");
    }
    hash.finish()
}

/// Entries in markup the page keeps for its scripts: `<record><![CDATA[…`, textareas, comments, JSON in scripts.
fn hidden(outline: &Outline<'_>, base: &Url, shown: &Listing) -> Option<Listing> {
    let visible = shown.items.len();
    let mut best: Option<Listing> = None;
    let mut bytes = 0;
    let mut keep = |listing: Listing| {
        if best.as_ref().is_none_or(|best| listing.score > best.score) {
            best = Some(listing);
        }
    };
    let (mut kept, mut thrown) = (String::new(), String::new());
    for text in outline.hidden_markup.iter().take(MOST_HIDDEN) {
        bytes += text.len();
        if bytes > MOST_HIDDEN_BYTES {
            break;
        }
        if text.contains("<record") {
            kept.push_str(&records::of_xml(text));
        } else if visible < 3 {
            // Commented-out markup is mostly what editors threw away; it counts only where nothing is shown.
            thrown.push_str(
                &text.replace("<![CDATA[", " ").replace("]]>", " ").replace("\\/", "/").replace("\\\"", "\"").replace("\\'", "'"),
            );
            thrown.push('\n');
        }
    }
    for (markup, stored) in [(kept, true), (thrown, false)].into_iter().filter(|(markup, _)| !markup.is_empty()) {
        let markup = records::with_table(markup);
        let parsed = parse::parse(&markup);
        let inner = Outline::new(&parsed.html, &Index::default(), None);
        let finder = Finder::new(&inner);
        let found = if stored { finder.all(base) } else { finder.by_shape(base) };
        keep(scored(Listing { stored, ..found }));
    }
    if visible < 3 || shown.dated == 0 {
        for script in outline.scripts.iter().filter(|script| script.len() < 2_000_000) {
            if let Some(items) = crate::json::items_in_script(script, base) {
                let dated = items.iter().filter(|item| item.date.is_some()).count();
                keep(scored(Listing { dated, items, ..Listing::default() }));
            }
        }
    }
    best
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
}
