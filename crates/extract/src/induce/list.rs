//! List rules from known entries.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::id::normal_url;
use model::source::ListRule;
use model::{ListItem, PageKind, Source};
use url::Url;

use super::names::{Name, join, names_of};
use super::{ListCandidate, ListFit, ListSample, MOST_BYTES};
use crate::attachments;
use crate::entry;
use crate::list::{self, Listing};
use crate::outline::{ElementId, Link, Outline};
use crate::parse::{self, Parsed};
use crate::rules::{Families, Index};
use crate::targets::Targets;
use crate::{Input, Places, page, words};

/// Rules tried on a page before giving up.
const MOST_TRIED: usize = 240;
/// Names of entries and of what is around them that are combined: pages can have any number.
const MOST_ITEM_NAMES: usize = 16;
const MOST_AROUND_NAMES: usize = 32;
/// Perfect rules after which no further is looked for.
const ENOUGH: usize = 4;
/// Candidates given back, and those whose link and date are worked on.
const MOST_GIVEN: usize = 8;
/// Links of a page looked at.
const MOST_LINKS: usize = 20_000;
/// Entries looked for.
const MOST_KNOWN: usize = 400;

pub(super) fn induce(families: &Families, source: &Source, samples: &[ListSample<'_>]) -> Vec<ListCandidate> {
    let prepared: Vec<Prepared<'_>> = samples.iter().filter_map(Prepared::new).collect();
    let Some(first) = prepared.first() else { return Vec::new() };
    let plain = first.outline(None);
    let expected = first.expected(&plain);
    if expected.places.len() < 2 {
        return Vec::new();
    }
    let mut candidates = Vec::new();
    let mut perfect = 0;
    for name in item_selectors(&plain, &expected).into_iter().take(MOST_TRIED) {
        let rule = ListRule { item: name.text, ..ListRule::default() };
        let fit = first.fit_at(&rule, &expected);
        if fit.found * 2 < fit.listed {
            continue;
        }
        perfect += usize::from(fit.is_perfect());
        candidates.push((rule, fit, name.cost));
        if perfect >= ENOUGH {
            break;
        }
    }
    sort(&mut candidates);
    if perfect == 0 {
        refine(first, &plain, &expected, &mut candidates);
    }
    candidates.truncate(MOST_GIVEN);
    let mut whole: Vec<(ListRule, ListFit, u32)> = Vec::new();
    for (rule, mut fit, cost) in candidates {
        for other in prepared.iter().skip(1) {
            fit.add(&other.fit(&rule));
        }
        if reads_as_list(families, source, &rule, &samples[0], fit.items) {
            whole.push((rule, fit, cost));
        }
    }
    sort(&mut whole);
    whole.into_iter().map(|(rule, fit, _)| ListCandidate { rule, fit }).collect()
}

fn sort(candidates: &mut [(ListRule, ListFit, u32)]) {
    let merit = |fit: &ListFit| {
        let good = 3 * fit.found + 2 * fit.titles + 2 * fit.dates;
        good as i64 - 4 * fit.odd as i64 - 3 * fit.skipped as i64
    };
    candidates.sort_by(|(a, fit_a, cost_a), (b, fit_b, cost_b)| {
        let key = |fit: &ListFit| (fit.is_perfect(), fit.is_strong(), merit(fit));
        key(fit_b)
            .cmp(&key(fit_a))
            .then(cost_a.cmp(cost_b))
            .then_with(|| (&a.item, &a.link, &a.date).cmp(&(&b.item, &b.link, &b.date)))
    });
}

/// Whether the page is read as a list with these entries once the source has the rule: a wall or an error page is not.
fn reads_as_list(families: &Families, source: &Source, rule: &ListRule, sample: &ListSample<'_>, items: usize) -> bool {
    let patched = Source { list: Some(rule.clone()), json: None, ..source.clone() };
    let input = Input { text: sample.text, url: sample.url, content_type: None, status: 200, source: Some(&patched) };
    let read = page::extract(families, &input);
    read.kind == PageKind::List && read.items.len() * 10 >= items * 9
}

/// A sample, parsed once.
pub(super) struct Prepared<'a> {
    parsed: Parsed,
    url: &'a Url,
    known: &'a [ListItem],
}

/// Where the page keeps what is known.
struct Expected {
    /// For each known entry in the list: its number among the known, and its link.
    places: BTreeMap<usize, ElementId>,
    /// The innermost element around them.
    around: Option<ElementId>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(sample: &ListSample<'a>) -> Option<Self> {
        (sample.text.len() <= MOST_BYTES).then(|| Self {
            parsed: parse::parse(sample.text),
            url: sample.url,
            known: &sample.known[..sample.known.len().min(MOST_KNOWN)],
        })
    }

    fn outline(&self, index: Option<&Index>) -> Outline<'_> {
        Outline::new(&self.parsed.html, &Index::default(), index)
    }

    fn base(&self, outline: &Outline<'_>) -> Url {
        outline.base.and_then(|base| self.url.join(base.trim()).ok()).unwrap_or_else(|| self.url.clone())
    }

    /// Finds the known entries by address, and by title on the same site where the address is gone.
    fn expected(&self, outline: &Outline<'_>) -> Expected {
        let base = self.base(outline);
        let mut by_url: HashMap<String, usize> = HashMap::new();
        let mut by_title: HashMap<String, usize> = HashMap::new();
        for (at, item) in self.known.iter().enumerate() {
            by_url.entry(normal_url(&item.url)).or_insert(at);
            by_title.entry(words::bare(&item.title)).or_insert(at);
        }
        let mut seen: Vec<(usize, ElementId, u64)> = Vec::new();
        let targets = Targets::new(outline);
        for link in outline.links.iter().take(MOST_LINKS) {
            let Some(url) = targets.address(link).and_then(|address| base.join(&address).ok()) else { continue };
            let title = entry::title_of(outline, link);
            let on_site = url.host_str() == self.url.host_str();
            let same = by_url.get(&normal_url(url.as_str())).copied();
            let same = same.or_else(|| by_title.get(&words::bare(&title)).copied().filter(|_| on_site));
            if let Some(at) = same
                && title.chars().count() >= 2
            {
                seen.push((at, link.element, list::shape(outline, link.element)));
            }
        }
        choose_places(outline, &seen)
    }

    pub(super) fn fit(&self, rule: &ListRule) -> ListFit {
        let plain = self.outline(None);
        self.fit_at(rule, &self.expected(&plain))
    }

    fn fit_at(&self, rule: &ListRule, expected: &Expected) -> ListFit {
        let mut index = Index::default();
        if !index.add_list(rule).is_empty() {
            return ListFit::default();
        }
        let outline = self.outline(Some(&index));
        let base = self.base(&outline);
        let nothing = Index::default();
        let listing = list::find(&outline, &Places::new(&nothing, Some(&index), None), &base);
        let listing = if listing.by_source { listing } else { Listing::default() };
        self.compare(&outline, &base, &listing, expected)
    }

    fn compare(&self, outline: &Outline<'_>, base: &Url, listing: &Listing, expected: &Expected) -> ListFit {
        let mut fit =
            ListFit { known: self.known.len(), listed: expected.places.len(), items: listing.items.len(), ..ListFit::default() };
        let by_url: HashMap<String, &ListItem> = listing.items.iter().map(|item| (normal_url(&item.url), item)).collect();
        let by_title: HashMap<String, &ListItem> = listing.items.iter().map(|item| (words::bare(&item.title), item)).collect();
        for at in expected.places.keys() {
            let known = &self.known[*at];
            let found = by_url.get(&normal_url(&known.url)).or_else(|| by_title.get(&words::bare(&known.title)));
            let Some(found) = found else { continue };
            fit.found += 1;
            fit.titles += usize::from(words::squeeze(&found.title) == words::squeeze(&known.title));
            fit.dates += usize::from(found.date == known.date);
        }
        let looks = Looks::of(self.known);
        let mut seen = BTreeSet::new();
        let known: BTreeSet<String> = self.known.iter().map(|item| normal_url(&item.url)).collect();
        let among = links_in(outline, base, expected.around);
        for item in &listing.items {
            let url = normal_url(&item.url);
            let fits = known.contains(&url) || (looks.fits(item) && among.contains(&url));
            fit.odd += usize::from(!fits || !seen.insert(url));
        }
        fit.skipped = skipped(outline, base, expected, &seen, &looks);
        fit
    }
}

/// The known entries that stand together: those of the commonest shape and what lies among them. A side bar may repeat some.
fn choose_places(outline: &Outline<'_>, seen: &[(usize, ElementId, u64)]) -> Expected {
    let mut groups: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
    for (at, _, shape) in seen {
        groups.entry(*shape).or_default().insert(*at);
    }
    // Of equally large groups the first on the page.
    let first = |shape: u64| seen.iter().position(|(_, _, other)| *other == shape).unwrap_or(usize::MAX);
    let best = groups.iter().max_by_key(|(shape, members)| (members.len(), std::cmp::Reverse(first(**shape))));
    let Some((best, _)) = best else { return Expected { places: BTreeMap::new(), around: None } };
    let elements: Vec<ElementId> = seen.iter().filter(|(_, _, shape)| shape == best).map(|(_, element, _)| *element).collect();
    let around = common_ancestor(outline, &elements);
    let mut places: BTreeMap<usize, ElementId> = BTreeMap::new();
    let inside = seen.iter().filter(|(_, element, _)| around.is_none_or(|around| outline.contains(around, *element)));
    let (own, others): (Vec<_>, Vec<_>) = inside.partition(|(_, _, shape)| shape == best);
    for &(at, element, _) in own.into_iter().chain(others) {
        places.entry(at).or_insert(element);
    }
    Expected { places, around }
}

/// The innermost element around all; for one element, its parent.
fn common_ancestor(outline: &Outline<'_>, elements: &[ElementId]) -> Option<ElementId> {
    let (first, rest) = elements.split_first()?;
    outline.ancestors(*first).skip(1).find(|around| rest.iter().all(|element| outline.contains(*around, *element)))
}

/// What the known entries have in common.
struct Looks {
    hosts: BTreeSet<String>,
    columns: BTreeSet<String>,
    dated: bool,
    few_columns: bool,
    files: bool,
}

impl Looks {
    fn of(known: &[ListItem]) -> Self {
        let urls: Vec<Url> = known.iter().filter_map(|item| Url::parse(&item.url).ok()).collect();
        let hosts = urls.iter().filter_map(|url| url.host_str().map(str::to_owned)).collect();
        let columns: BTreeSet<String> = urls.iter().map(column).collect();
        let dated = known.iter().filter(|item| item.date.is_some()).count();
        let few_columns = columns.len() * 4 <= known.len().max(4);
        let files = known.iter().any(|item| attachments::is_file(&item.url));
        Self { hosts, columns, dated: dated * 5 >= known.len() * 4, few_columns, files }
    }

    fn fits(&self, item: &ListItem) -> bool {
        let Ok(url) = Url::parse(&item.url) else { return false };
        let host = url.host_str().is_some_and(|host| self.hosts.contains(host));
        let place = !self.few_columns || self.columns.contains(&column(&url));
        let file = self.files || !attachments::is_file(&item.url);
        host && place && file && item.title.chars().count() >= 4 && (item.date.is_some() || !self.dated)
    }
}

/// The folder of an address without its dates and numbers: the same for all entries of most columns.
fn column(url: &Url) -> String {
    let folder = url.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let kept = folder.split('/').filter(|part| !part.bytes().any(|byte| byte.is_ascii_digit()));
    let names: Vec<&str> = url.query_pairs().next().map(|_| "?").into_iter().collect();
    format!("{}{}{}", url.host_str().unwrap_or_default(), kept.collect::<Vec<_>>().join("/"), names.concat())
}

/// Addresses of the links in an element.
fn links_in(outline: &Outline<'_>, base: &Url, around: Option<ElementId>) -> BTreeSet<String> {
    let inside = |link: &&Link<'_>| around.is_some_and(|around| outline.contains(around, link.element));
    let links = outline.links.iter().filter(inside).take(MOST_LINKS);
    let targets = Targets::new(outline);
    let addresses = links.filter_map(|link| base.join(&targets.address(link)?).ok());
    addresses.map(|url| normal_url(url.as_str())).collect()
}

/// Links among the entries that look like entries and were not found.
fn skipped(outline: &Outline<'_>, base: &Url, expected: &Expected, found: &BTreeSet<String>, looks: &Looks) -> usize {
    let Some(around) = expected.around.filter(|_| looks.few_columns) else { return 0 };
    let inside = |link: &&Link<'_>| outline.contains(around, link.element);
    let targets = Targets::new(outline);
    let mut missed = BTreeSet::new();
    for link in outline.links.iter().filter(inside).take(MOST_LINKS) {
        let Some(url) = targets.address(link).and_then(|address| base.join(&address).ok()) else { continue };
        let address = normal_url(url.as_str());
        let long = entry::title_of(outline, link).chars().count() >= 8;
        let fits = url.host_str().is_some_and(|host| looks.hosts.contains(host)) && looks.columns.contains(&column(&url));
        if long && fits && !found.contains(&address) {
            missed.insert(address);
        }
    }
    missed.len()
}

/// Selectors for entries, cheapest first: a name all known entries share, with a name around it.
fn item_selectors(outline: &Outline<'_>, expected: &Expected) -> Vec<Name> {
    let links: Vec<ElementId> = expected.places.values().copied().collect();
    let mut items: BTreeMap<String, (u32, usize)> = BTreeMap::new();
    let mut around: BTreeMap<String, (u32, usize)> = BTreeMap::new();
    for link in &links {
        let (mut own, mut outer) = (BTreeMap::new(), BTreeMap::new());
        for (level, element) in outline.ancestors(*link).enumerate().take(24) {
            let alone = links.iter().filter(|other| outline.contains(element, **other)).count() <= 1;
            for name in names_of(outline.element(element)) {
                if alone && level < 8 {
                    // The entry is the whole of what repeats: the link itself rarely holds its date.
                    let cost = name.cost + if level == 0 { 10 } else { 0 };
                    own.entry(name.text.clone()).or_insert(cost);
                }
                outer.entry(name.text).or_insert(name.cost + 2 * (level as u32).min(10));
            }
        }
        for (counts, names) in [(&mut items, own), (&mut around, outer)] {
            for (text, cost) in names {
                let entry = counts.entry(text).or_insert((cost, 0));
                entry.1 += 1;
            }
        }
    }
    let shared = |counts: BTreeMap<String, (u32, usize)>, most: usize| -> Vec<Name> {
        let common = counts.into_iter().filter(|(_, (_, count))| count * 10 >= links.len() * 9);
        let mut names: Vec<Name> = common.map(|(text, (cost, _))| Name { text, cost }).collect();
        names.sort_by(|a, b| (a.cost, &a.text).cmp(&(b.cost, &b.text)));
        names.truncate(most);
        names
    };
    combine(&shared(items, MOST_ITEM_NAMES), &shared(around, MOST_AROUND_NAMES))
}

fn combine(items: &[Name], around: &[Name]) -> Vec<Name> {
    let mut selectors: Vec<Name> = items.iter().filter(|item| item.text.starts_with('.')).cloned().collect();
    let named: Vec<&Name> = around.iter().filter(|name| name.text.starts_with(['#', '.'])).collect();
    for item in items {
        for outer in named.iter().filter(|outer| outer.text != item.text) {
            selectors.push(join(outer, " ", item, 0));
            selectors.push(join(outer, " > ", item, 1));
            for middle in around.iter().filter(|middle| middle.text != item.text && middle.text != outer.text) {
                selectors.push(join(outer, " ", &join(middle, " > ", item, 1), 1));
            }
        }
        // Without any name the kind of element and what it stands in must do.
        for outer in around.iter().filter(|outer| named.is_empty() && outer.text != item.text) {
            selectors.push(join(outer, " > ", item, 3));
        }
    }
    selectors.sort_by(|a, b| (a.cost, &a.text).cmp(&(b.cost, &b.text)));
    selectors.dedup_by(|a, b| a.text == b.text);
    selectors
}

/// Works out link and date for entries that are found but not read exactly.
fn refine(first: &Prepared<'_>, plain: &Outline<'_>, expected: &Expected, candidates: &mut Vec<(ListRule, ListFit, u32)>) {
    let links = inner_names(plain, expected, |_, link| vec![link]);
    let dates = inner_names(plain, expected, |at, link| dated_elements(plain, link, first.known[at].date));
    let mut better = Vec::new();
    for (rule, fit, cost) in candidates.iter().take(MOST_GIVEN) {
        let mut best = (rule.clone(), *fit, *cost);
        for (names, is_link) in [(&links, true), (&dates, false)] {
            let start = best.clone();
            for name in names.iter().take(10) {
                let mut rule = start.0.clone();
                *(if is_link { &mut rule.link } else { &mut rule.date }) = name.text.clone();
                let fit = first.fit_at(&rule, expected);
                let gain = |fit: &ListFit| (fit.found + fit.titles + fit.dates) as i64 - (fit.odd + fit.skipped) as i64;
                if gain(&fit) > gain(&best.1) {
                    best = (rule, fit, start.2 + name.cost);
                }
            }
        }
        better.push(best);
    }
    candidates.extend(better);
    sort(candidates);
    candidates.dedup_by(|a, b| a.0 == b.0);
}

/// Names shared by elements that belong to each known entry, cheapest first, alone and with a name around them.
fn inner_names(outline: &Outline<'_>, expected: &Expected, elements: impl Fn(usize, ElementId) -> Vec<ElementId>) -> Vec<Name> {
    let mut counts: BTreeMap<String, (u32, usize)> = BTreeMap::new();
    let mut entries = 0;
    for (at, link) in &expected.places {
        let mut own: BTreeMap<String, u32> = BTreeMap::new();
        for element in elements(*at, *link) {
            let parent = outline.ancestors(element).nth(1).map(|parent| names_of(outline.element(parent))).unwrap_or_default();
            for name in names_of(outline.element(element)) {
                own.entry(name.text.clone()).or_insert(name.cost);
                for around in &parent {
                    let path = join(around, " > ", &name, 0);
                    own.entry(path.text).or_insert(path.cost);
                }
            }
        }
        entries += usize::from(!own.is_empty());
        for (text, cost) in own {
            counts.entry(text).or_insert((cost, 0)).1 += 1;
        }
    }
    let common = counts.into_iter().filter(|(_, (_, count))| *count > 0 && count * 10 >= entries * 9);
    let mut names: Vec<Name> = common.map(|(text, (cost, _))| Name { text, cost }).collect();
    names.sort_by(|a, b| (a.cost, &a.text).cmp(&(b.cost, &b.text)));
    names
}

/// Elements around a link whose text is the entry's known date.
fn dated_elements(outline: &Outline<'_>, link: ElementId, date: Option<jiff::civil::Date>) -> Vec<ElementId> {
    let Some(date) = date else { return Vec::new() };
    for around in outline.ancestors(link).skip(1).take(6) {
        let inside = around..outline.element(around).after.min(around + 200);
        let dated = |id: &ElementId| {
            let text = outline.text_of(*id);
            text.len() <= 80 && model::date::parse_date(text) == Some(date)
        };
        let found: Vec<ElementId> = inside.filter(dated).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}
