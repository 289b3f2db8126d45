//! Extraction: the text of one fetched page becomes a [`model::Page`], a document, a list or something else.
//!
//! Pure: no I/O, no clock, no failure. A page is parsed once (`parse`), walked once (`outline`), and everything else
//! reads that outline. Rules of content management systems come from `rules/cms/*.toml`; without any rule the scored
//! fallback of each step works alone. What is wrong or doubtful about a page is an issue on it.

mod attachments;
mod blocks;
mod body;
mod dead;
mod declared;
mod entry;
mod examples;
mod explain;
mod feed;
mod fields;
mod file_kind;
mod file_page;
#[cfg(feature = "files")]
pub mod files;
mod induce;
mod json;
mod kind;
mod labels;
mod list;
mod outline;
mod page;
mod paging;
mod parse;
mod parts;
mod records;
mod rules;
mod scripted;
mod signature;
mod site;
mod targets;
mod title;
mod walk;
mod words;

use model::{ConfigError, Page, Source};
use url::Url;

pub use explain::{ListPlace, count_matches, place_of_items};
pub use file_kind::{file_kind, mislabelled};
pub use file_page::file_page;
pub use induce::{DetailCandidate, DetailFit, DetailSample, ListCandidate, ListFit, ListSample};
pub use parts::join_parts;
pub use scripted::ScriptedList;
pub use site::SiteFacts;

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
    version: String,
}

/// Changes whenever the same rules read the same page differently.
const CODE_VERSION: &str = "2";

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
        let texts: String = families.iter().flat_map(|(name, text)| [name.as_str(), "\n", text, "\n"]).collect();
        let fingerprint = model::fingerprint::sha256_hex(texts.as_bytes());
        let version = format!("{CODE_VERSION}-{}", &fingerprint[..12]);
        Ok(Self { families: Families::new(families)?, version })
    }

    /// The version of code and rules: the same one reads the same page the same way.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
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

    /// Every family a page carries marks of, with how many it carries and how many the family has; most first.
    #[must_use]
    pub fn recognise_all(&self, text: &str, url: &Url) -> Vec<(&str, usize, usize)> {
        let parsed = parse::parse(text);
        let outline = Outline::new(&parsed.html, &self.families.index, None);
        let marks = self.families.marks(&outline, url.path());
        let all = self.families.families.iter().zip(marks).filter(|(_, marks)| *marks > 0);
        let mut found: Vec<_> = all.map(|(family, marks)| (family.file.name.as_str(), marks, family.marks_total())).collect();
        // Stable: of equal counts the first file wins, as when a page is read.
        found.sort_by_key(|(_, marks, _)| std::cmp::Reverse(*marks));
        found
    }

    /// How the entries of a list page that scripts fill are asked for; `None` where no family's scripts are known.
    ///
    /// The answer is an entry's `url`, `request`, `paging` and `json`; nothing is fetched here.
    #[must_use]
    pub fn list_request(&self, text: &str, url: &Url) -> Option<ScriptedList> {
        self.families
            .families
            .iter()
            .find_map(|family| family.requests.iter().find_map(|request| request.list(&family.file.name, text, url)))
    }

    /// What a page says of the site it stands on.
    #[must_use]
    pub fn site(&self, text: &str, url: &Url) -> SiteFacts {
        let parsed = parse::parse(text);
        site::facts(&Outline::new(&parsed.html, &Index::default(), None), url)
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
