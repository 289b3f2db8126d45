//! Extraction: the text of one fetched page becomes a [`model::Page`], a document, a list or something else.
//!
//! Pure: no I/O, no clock, no failure. A page is parsed once (`parse`), walked once (`outline`), and everything else
//! reads that outline. Rules of content management systems come from `rules/cms/*.toml`; without any rule the scored
//! fallback of each step works alone. What is wrong or doubtful about a page is an issue on it.

mod attachments;
mod blocks;
mod body;
mod feed;
mod fields;
mod file_kind;
mod kind;
mod labels;
mod list;
mod outline;
mod page;
mod parse;
mod rules;
mod signature;
mod title;
mod walk;
mod words;

use model::{ConfigError, Page, Source};
use url::Url;

pub use file_kind::{file_kind, mislabelled};

use outline::{ElementId, Outline};
use rules::{Families, Index, Place};

/// Depth of a heading by its numbering, as in [`model::Block::level`]; 0 for a paragraph.
#[must_use]
pub fn heading_level(line: &str) -> u8 {
    blocks::level(line)
}

/// Parses a page and drops the tree; says whether a limit was hit. For measuring the parser alone.
#[must_use]
pub fn parse(text: &str) -> bool {
    parse::parse(text).capped
}

/// Families of content management systems with compiled selectors. Build it once and share it.
#[derive(Debug)]
pub struct Extractor {
    families: Families,
}

/// One fetched page.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Its decoded text.
    pub text: &'a str,
    /// Where it was fetched from, after redirects.
    pub url: &'a Url,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The HTTP status.
    pub status: u16,
    /// The source it belongs to; its own rules win over a family's.
    pub source: Option<&'a Source>,
}

impl Extractor {
    /// Reads rule files: pairs of file name and TOML text.
    ///
    /// # Errors
    /// The first mistake in a file, with line, column and what was expected.
    pub fn new(families: &[(String, String)]) -> Result<Self, ConfigError> {
        Ok(Self { families: Families::new(families)? })
    }

    /// Extracts one page. Never fails: what went wrong is in the page's issues.
    #[must_use]
    pub fn page(&self, input: &Input<'_>) -> Page {
        page::extract(&self.families, input)
    }

    /// Names of the families, in the order of their files.
    #[must_use]
    pub fn family_names(&self) -> Vec<&str> {
        self.families.families.iter().map(|family| family.file.name.as_str()).collect()
    }

    /// The family a page's marks show, whatever its source says.
    #[must_use]
    pub fn recognise(&self, text: &str, url: &Url) -> Option<&str> {
        let parsed = parse::parse(text);
        let outline = Outline::new(&parsed.html, &self.families.index, None);
        let found = self.families.recognise(&outline, url.path(), None)?;
        self.families.families.get(found as usize).map(|family| family.file.name.as_str())
    }

    /// Runs the examples the rule files carry; gives what failed, in words, and nothing when all hold.
    #[must_use]
    pub fn check_examples(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for (owner, family) in self.families.families.iter().enumerate() {
            let name = &family.file.name;
            let mut fail = |what: String| failures.push(format!("family {name}: {what}"));
            let hit = &family.file.hit;
            match self.read_example(&hit.url, &hit.html) {
                Err(message) => fail(message),
                Ok((page, recognised)) => {
                    if recognised != Some(owner as u32) {
                        fail(format!("its hit is taken for {}", self.name_of(recognised)));
                    }
                    let published = page.document.published.map(|moment| moment.to_string()).unwrap_or_default();
                    for (field, found, expected) in [
                        ("title", &page.document.title, &hit.title),
                        ("published", &published, &hit.published),
                        ("text", &page.document.text, &hit.text),
                    ] {
                        if found.trim() != expected.trim() {
                            fail(format!("the hit's {field} is `{found}`, expected `{expected}`"));
                        }
                    }
                }
            }
            let miss = &family.file.miss;
            match self.read_example(&miss.url, &miss.html) {
                Err(message) => fail(message),
                Ok((_, Some(recognised))) if recognised == owner as u32 => fail("its miss is taken for it".to_owned()),
                Ok(_) => {}
            }
        }
        failures
    }

    fn name_of(&self, family: Option<u32>) -> &str {
        family.and_then(|at| self.families.families.get(at as usize)).map_or("no family", |family| &family.file.name)
    }

    fn read_example(&self, url: &str, html: &str) -> Result<(Page, Option<u32>), String> {
        let url = Url::parse(url).map_err(|error| format!("`{url}` is no URL: {error}"))?;
        let parsed = parse::parse(html);
        let outline = Outline::new(&parsed.html, &self.families.index, None);
        let recognised = self.families.recognise(&outline, url.path(), None);
        let input = Input { text: html, url: &url, content_type: None, status: 200, source: None };
        Ok((self.page(&input), recognised))
    }
}

/// Whose rules named a place: those of the source are believed before those of the page's family, before any other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// The source's own rule.
    Source,
    /// The family the page was recognised as.
    Family,
    /// Another family: systems copy each other's names.
    Any,
}

/// Elements that rules name on one page.
pub(crate) struct Places<'p> {
    families: &'p Index,
    source: Option<&'p Index>,
    family: Option<u32>,
}

impl<'p> Places<'p> {
    pub(crate) const fn new(families: &'p Index, source: Option<&'p Index>, family: Option<u32>) -> Self {
        Self { families, source, family }
    }

    /// Elements for a place, one group a selector, in the order in which they are to be tried.
    pub(crate) fn groups(&self, outline: &Outline<'_>, place: Place) -> Vec<(Tier, Vec<ElementId>)> {
        let own = self.source.map(|index| index.found(&outline.source_matches, place)).unwrap_or_default();
        let own = own.into_iter().map(|(_, rank, element)| (Tier::Source, 0, rank, element));
        let shared = self.families.found(&outline.matches, place).into_iter().map(|(owner, rank, element)| {
            let tier = if Some(owner) == self.family { Tier::Family } else { Tier::Any };
            (tier, owner, rank, element)
        });
        let mut found: Vec<(Tier, u32, u32, ElementId)> = own.chain(shared).collect();
        // Of other families the most specific rules stand first in each file: rank before owner.
        found.sort_unstable_by_key(|(tier, owner, rank, element)| (*tier, *rank, *owner, *element));
        let mut groups: Vec<(Tier, Vec<ElementId>)> = Vec::new();
        let mut last = None;
        for (tier, owner, rank, element) in found {
            let key = (tier, owner, rank);
            match groups.last_mut() {
                Some((_, elements)) if last == Some(key) => elements.push(element),
                _ => groups.push((tier, vec![element])),
            }
            last = Some(key);
        }
        groups
    }
}
