//! Families of content management systems, read from `rules/cms/*.toml`, and the index that finds all their selectors
//! in one pass over a page.
//!
//! A selector is filed under the id, class or tag of its last part. While a page is walked, each element looks up its
//! own names; only the few selectors filed there are matched in full. Hundreds of selectors cost what a dozen would.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use model::ConfigError;
use model::source::{DetailRule, JsonRule, ListRule};
use regex::Regex;
use scraper::{ElementRef, Selector};
use serde::Deserialize;
use url::Url;

use crate::outline::{ElementId, Outline};
use crate::scripted::{Next, PagingRule, Request, RequestRule};

/// A rule file of one family.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FamilyFile {
    /// The family's name, as `sources.toml` uses it.
    pub(crate) name: String,
    /// By what its pages are known.
    pub(crate) marks: Marks,
    /// How its detail pages are read.
    #[serde(default)]
    pub(crate) detail: DetailRule,
    /// How its list pages are read.
    #[serde(default)]
    pub(crate) list: ListPlaces,
    /// Where its detail pages keep their files.
    #[serde(default)]
    pub(crate) attachments: AttachmentPlaces,
    /// How the next page of a list is known, tried in order.
    #[serde(default)]
    pub(crate) paging: Vec<PagingRule>,
    /// Lists that its scripts fill, tried in order.
    #[serde(default)]
    pub(crate) request: Vec<RequestRule>,
    /// Answers that are JSON, tried in order.
    #[serde(default)]
    pub(crate) json: Vec<JsonPlaces>,
    /// A page of the family and what is to be read from it.
    pub(crate) hit: Hit,
    /// Lists of the family and what is to be read from them.
    #[serde(default)]
    pub(crate) list_hit: Vec<ListHit>,
    /// A page that is not of the family.
    pub(crate) miss: Miss,
}

/// By what pages of a family are known; one mark suffices, the family with most marks wins.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marks {
    /// Selectors of elements only this family makes.
    #[serde(default)]
    pub(crate) selectors: Vec<String>,
    /// Regular expressions for the path of a URL.
    #[serde(default)]
    pub(crate) paths: Vec<String>,
}

/// Where a family's list pages keep their entries.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListPlaces {
    /// Selectors of entries, tried in order.
    #[serde(default)]
    pub(crate) item: Vec<String>,
    /// Selectors of the link inside an entry; none means its first link with text.
    #[serde(default)]
    pub(crate) link: Vec<String>,
    /// Selectors of the date inside an entry; none means the first date beside the link.
    #[serde(default)]
    pub(crate) date: Vec<String>,
}

/// Where a family's detail pages keep their files.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttachmentPlaces {
    /// Selectors of elements whose links to files belong to the document, even where they look like part of the frame.
    #[serde(default)]
    pub(crate) selectors: Vec<String>,
}

/// A kind of JSON answer of a family.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonPlaces {
    /// Regular expression for its URL.
    pub(crate) when: String,
    /// The array of entries; see [`JsonRule`].
    pub(crate) items: String,
    /// The title inside an entry.
    #[serde(default)]
    pub(crate) title: String,
    /// The address inside an entry.
    #[serde(default)]
    pub(crate) url: String,
    /// The date inside an entry.
    #[serde(default)]
    pub(crate) date: String,
}

impl JsonPlaces {
    pub(crate) fn rule(&self) -> JsonRule {
        JsonRule { items: self.items.clone(), title: self.title.clone(), url: self.url.clone(), date: self.date.clone() }
    }
}

/// A list and what is to be read from it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListHit {
    pub(crate) url: String,
    /// The page or answer, whole.
    pub(crate) text: String,
    /// `date title address` an entry, the date `-` where there is none; none where scripts bring the entries.
    #[serde(default)]
    pub(crate) items: Vec<String>,
    /// The next page; empty where there is none.
    #[serde(default)]
    pub(crate) next: String,
    /// The address the page's scripts ask for its entries.
    #[serde(default)]
    pub(crate) request: String,
}

/// The example that hits.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hit {
    pub(crate) url: String,
    pub(crate) html: String,
    pub(crate) title: String,
    pub(crate) published: String,
    pub(crate) text: String,
}

/// The example that misses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Miss {
    pub(crate) url: String,
    pub(crate) html: String,
}

/// What a selector stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Mark,
    Body,
    Title,
    Date,
    Source,
    Remove,
    Attachments,
    Item,
    ItemLink,
    ItemDate,
}

/// A selector that matched an element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Match {
    pub(crate) selector: u32,
    pub(crate) element: ElementId,
}

#[derive(Debug)]
struct Filed {
    selector: Selector,
    owner: u32,
    place: Place,
    /// Place in its list: earlier ones are tried first.
    rank: u32,
}

/// Selectors filed by the id, class or tag of their last part.
#[derive(Debug, Default)]
pub(crate) struct Index {
    filed: Vec<Filed>,
    by_id: Names,
    by_class: Names,
    by_tag: Names,
}

type Names = HashMap<String, Vec<u32>, BuildHasherDefault<Fnv>>;

/// FNV-1a: names are short and none is chosen by the page into the map, so a flood of collisions is not possible.
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl Index {
    /// Files one selector; the error says what is wrong with it.
    pub(crate) fn add(&mut self, selector: &str, owner: u32, place: Place, rank: usize) -> Result<(), String> {
        for part in split_top_level(selector) {
            let parsed = Selector::parse(part).map_err(|error| format!("`{part}` is no CSS selector: {error}"))?;
            let id = self.filed.len() as u32;
            self.filed.push(Filed { selector: parsed, owner, place, rank: rank as u32 });
            let (names, key) = match last_key(part) {
                Key::Id(name) => (&mut self.by_id, name),
                Key::Class(name) => (&mut self.by_class, name),
                Key::Tag(name) => (&mut self.by_tag, name),
            };
            names.entry(key).or_default().push(id);
        }
        Ok(())
    }

    /// Files the selectors of a source's detail rule, leaving out those that cannot be read; gives what was wrong.
    pub(crate) fn add_detail(&mut self, rule: &DetailRule) -> Vec<String> {
        let lists = [
            (&rule.body, Place::Body),
            (&rule.title, Place::Title),
            (&rule.date, Place::Date),
            (&rule.source, Place::Source),
            (&rule.remove, Place::Remove),
        ];
        let mut wrong = Vec::new();
        for (selectors, place) in lists {
            for (rank, selector) in selectors.iter().enumerate() {
                wrong.extend(self.add(selector, 0, place, rank).err());
            }
        }
        wrong
    }

    /// Files the selectors of a source's list rule; see [`Index::add_detail`].
    pub(crate) fn add_list(&mut self, rule: &ListRule) -> Vec<String> {
        let places = [(&rule.item, Place::Item), (&rule.link, Place::ItemLink), (&rule.date, Place::ItemDate)];
        let given = places.into_iter().filter(|(selector, _)| !selector.trim().is_empty());
        given.filter_map(|(selector, place)| self.add(selector, 0, place, 0).err()).collect()
    }

    /// Adds the selectors that match an element.
    pub(crate) fn collect(&self, element: ElementRef<'_>, id: ElementId, own_id: &str, class: &str, matches: &mut Vec<Match>) {
        let mut check = |filed: Option<&Vec<u32>>| {
            for selector in filed.into_iter().flatten() {
                if self.filed[*selector as usize].selector.matches(&element) {
                    matches.push(Match { selector: *selector, element: id });
                }
            }
        };
        if !own_id.is_empty() {
            check(self.by_id.get(own_id));
        }
        for name in class.split_ascii_whitespace() {
            check(self.by_class.get(name));
        }
        if !self.by_tag.is_empty() {
            check(self.by_tag.get(element.value().name()));
        }
    }

    /// Elements matched for a place with the owner and rank of their selector, sorted so.
    pub(crate) fn found(&self, matches: &[Match], place: Place) -> Vec<(u32, u32, ElementId)> {
        let with_selector = matches.iter().map(|found| (&self.filed[found.selector as usize], found.element));
        let wanted = with_selector.filter(|(filed, _)| filed.place == place);
        let mut found: Vec<(u32, u32, ElementId)> = wanted.map(|(filed, element)| (filed.owner, filed.rank, element)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

enum Key {
    Id(String),
    Class(String),
    Tag(String),
}

/// Splits a selector list at commas outside brackets.
fn split_top_level(selector: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let parts = selector.split(|character: char| {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The rarest name the last compound of a selector asks for. A selector without one is filed under the empty tag
/// and so never matches: rules must name something.
fn last_key(selector: &str) -> Key {
    let mut depth = 0_i32;
    let mut start = 0;
    for (at, character) in selector.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ' ' | '>' | '+' | '~' if depth == 0 => start = at + 1,
            _ => {}
        }
    }
    let compound = &selector[start..];
    let plain = compound.find([':', '[']).map_or(compound, |end| &compound[..end]);
    let name_after = |mark: char| {
        let rest = &plain[plain.find(mark)? + 1..];
        let end = rest.find(['.', '#']).unwrap_or(rest.len());
        Some(rest[..end].to_owned())
    };
    match (name_after('#'), name_after('.')) {
        (Some(id), _) => Key::Id(id),
        (None, Some(class)) => Key::Class(class),
        (None, None) => Key::Tag(plain.to_ascii_lowercase()),
    }
}

/// A family with its compiled marks.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) file: FamilyFile,
    paths: Vec<Regex>,
    pub(crate) paging: Vec<Next>,
    pub(crate) requests: Vec<Request>,
    pub(crate) json: Vec<(Regex, JsonRule)>,
}

impl Family {
    /// Compiles a family's expressions; the error is the wrong text and what is wrong with it.
    fn new(file: FamilyFile) -> Result<Self, (String, String)> {
        let regex = |text: &String| {
            Regex::new(text).map_err(|error| (text.clone(), format!("`{text}` is no regular expression: {error}")))
        };
        Ok(Self {
            paths: file.marks.paths.iter().map(regex).collect::<Result<_, _>>()?,
            paging: file.paging.iter().map(Next::new).collect::<Result<_, _>>()?,
            requests: file.request.iter().map(Request::new).collect::<Result<_, _>>()?,
            json: file
                .json
                .iter()
                .map(|places| Ok((regex(&places.when)?, places.rule())))
                .collect::<Result<_, (String, String)>>()?,
            file,
        })
    }

    /// How many marks of the family there are.
    pub(crate) fn marks_total(&self) -> usize {
        self.file.marks.selectors.len() + self.file.marks.paths.len()
    }
}

/// All families and the index of their selectors.
#[derive(Debug, Default)]
pub(crate) struct Families {
    pub(crate) families: Vec<Family>,
    pub(crate) index: Index,
}

impl Families {
    /// Reads rule files; the first mistake is the error, with its place.
    pub(crate) fn new(files: &[(String, String)]) -> Result<Self, ConfigError> {
        let mut all = Self::default();
        for (file, text) in files {
            let family: FamilyFile = model::config::parse(file, text)?;
            let owner = all.families.len() as u32;
            let mut selectors: Vec<(&String, Place, usize)> = Vec::new();
            let detail = &family.detail;
            for (list, place) in [
                (&family.marks.selectors, Place::Mark),
                (&detail.body, Place::Body),
                (&detail.title, Place::Title),
                (&detail.date, Place::Date),
                (&detail.source, Place::Source),
                (&detail.remove, Place::Remove),
                (&family.attachments.selectors, Place::Attachments),
                (&family.list.item, Place::Item),
                (&family.list.link, Place::ItemLink),
                (&family.list.date, Place::ItemDate),
            ] {
                selectors.extend(list.iter().enumerate().map(|(rank, selector)| (selector, place, rank)));
            }
            for (selector, place, rank) in selectors {
                all.index.add(selector, owner, place, rank).map_err(|message| at(file, text, selector, message))?;
            }
            let family = Family::new(family).map_err(|(wrong, message)| at(file, text, &wrong, message))?;
            all.families.push(family);
        }
        Ok(all)
    }

    /// The family whose marks a page carries most of.
    pub(crate) fn recognise(&self, outline: &Outline<'_>, path: &str, given: Option<&str>) -> Option<u32> {
        if let Some(name) = given
            && let Some(at) = self.families.iter().position(|family| family.file.name == name)
        {
            return Some(at as u32);
        }
        let marks = self.marks(outline, path);
        let (best, count) = marks.iter().enumerate().max_by_key(|(at, count)| (**count, std::cmp::Reverse(*at)))?;
        (*count > 0).then_some(best as u32)
    }

    /// How many marks of each family a page carries.
    pub(crate) fn marks(&self, outline: &Outline<'_>, path: &str) -> Vec<usize> {
        let mut marks = vec![0_usize; self.families.len()];
        let mut seen = vec![false; self.index.filed.len()];
        for found in &outline.matches {
            let filed = &self.index.filed[found.selector as usize];
            if filed.place == Place::Mark && !std::mem::replace(&mut seen[found.selector as usize], true) {
                marks[filed.owner as usize] += 1;
            }
        }
        for (family, marks) in self.families.iter().zip(&mut marks) {
            *marks += family.paths.iter().filter(|regex| regex.is_match(path)).count();
        }
        marks
    }

    /// The next page as a family's rules tell it: those of one family, or of all where none is given.
    pub(crate) fn next_page(&self, family: Option<u32>, text: &str, url: &Url, items: usize) -> Option<Option<String>> {
        let (own, others) = match family {
            Some(at) => (self.families.get(at as usize), &[][..]),
            None => (None, &self.families[..]),
        };
        let rules = own.into_iter().chain(others).flat_map(|family| &family.paging);
        // Without a family only a rule that knows the address may speak.
        rules.filter(|rule| family.is_some() || rule.knows_address()).find_map(|rule| rule.page(text, url, items))
    }

    /// Where the entries stand in a JSON answer, by its address.
    pub(crate) fn json_rule(&self, url: &Url) -> Option<&JsonRule> {
        let mut rules = self.families.iter().flat_map(|family| &family.json);
        rules.find(|(when, _)| when.is_match(url.as_str())).map(|(_, rule)| rule)
    }
}

/// A mistake at the place where a file writes `value`.
fn at(file: &str, text: &str, value: &str, message: String) -> ConfigError {
    let start = text.find(value).unwrap_or_default();
    ConfigError::at(file, text, start..start + value.len(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_filed_under_the_rarest_name_of_their_last_part() {
        for (selector, expected) in [
            ("div.a > #zoom", "#zoom"),
            (".box .TRS_Editor", ".TRS_Editor"),
            ("td.bt_content", ".bt_content"),
            ("ucapcontent", "ucapcontent"),
            (".list li:not(.more)", "li"),
            ("a[href$=\".pdf\"]", "a"),
        ] {
            let key = match last_key(selector) {
                Key::Id(name) => format!("#{name}"),
                Key::Class(name) => format!(".{name}"),
                Key::Tag(name) => name,
            };
            assert_eq!(key, expected, "{selector}");
        }
    }

    #[test]
    fn a_wrong_selector_is_shown_at_its_place() {
        let text = "name = \"x\"\n[marks]\nselectors = [\"..wrong\"]\n[hit]\nurl = \"u\"\nhtml = \"\"\ntitle = \"\"\npublished = \"\"\ntext = \"\"\n[miss]\nurl = \"u\"\nhtml = \"\"\n";
        let error = Families::new(&[("x.toml".to_owned(), text.to_owned())]).unwrap_err();
        assert_eq!((error.line, error.column), (3, 15), "{error}");
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!(Families::new(&[("x.toml".to_owned(), "nam = 1".to_owned())]).is_err());
    }
}
