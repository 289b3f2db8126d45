//! Induction: what a page must say is known from earlier runs, and the rule that makes it say so is looked for.
//!
//! A site that is redesigned still lists yesterday's items and still shows yesterday's documents. The elements that hold
//! them are found by what they hold, named by [`names`], and every rule built of such names is tried on the page by the
//! same code that reads pages in a crawl. A candidate is therefore never better on paper than it will be in use. The
//! answer depends on nothing but the arguments.

mod detail;
mod list;
mod names;

use model::source::{DetailRule, ListRule};
use model::{Document, ListItem, Source};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::Extractor;

/// A page larger than this is not worth the thousand readings induction may take.
const MOST_BYTES: usize = 3_000_000;

/// A new list page and the entries that were read from the column before.
#[derive(Debug, Clone, Copy)]
pub struct ListSample<'a> {
    /// The page's decoded text.
    pub text: &'a str,
    /// Where it was fetched from, after redirects.
    pub url: &'a Url,
    /// Entries of the last pages that were read well, newest first; the page need not hold all of them.
    pub known: &'a [ListItem],
}

/// A new detail page and the document it was read as before.
#[derive(Debug, Clone, Copy)]
pub struct DetailSample<'a> {
    /// The page's decoded text.
    pub text: &'a str,
    /// Where it was fetched from, after redirects.
    pub url: &'a Url,
    /// What it held when it was read well: title, published and text are compared.
    pub known: &'a Document,
}

/// How a list rule does on a page, in entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListFit {
    /// Entries known before.
    pub known: usize,
    /// Of these, those the page's list still has.
    pub listed: usize,
    /// Of these, those the rule finds.
    pub found: usize,
    /// Of the found, those with exactly the title known before.
    pub titles: usize,
    /// Of the found, those with exactly the date known before; where none was shown, with none.
    pub dates: usize,
    /// Entries the rule finds in all.
    pub items: usize,
    /// Unknown entries it finds that do not look like the known ones or stand elsewhere: of another site or column, files,
    /// without date, doubled.
    pub odd: usize,
    /// Links beside the found entries that look like entries and are not found.
    pub skipped: usize,
}

impl ListFit {
    /// Whether all that is known is found exactly and nothing speaks against the rest.
    #[must_use]
    pub const fn is_perfect(&self) -> bool {
        self.is_strong() && self.found == self.listed && self.titles == self.found && self.dates == self.found && self.odd == 0
    }

    /// Whether the evidence suffices to show the rule to a person: at least half of what was known (of a long list, six
    /// entries) stands on the page, nine tenths of it are found, with title and date but for one in fifty, and hardly
    /// anything odd.
    #[must_use]
    pub const fn is_strong(&self) -> bool {
        let known = if self.known < 12 { self.known } else { 12 };
        self.listed >= 2
            && self.listed * 2 >= known
            && (self.listed >= 3 || self.listed == self.known)
            && self.found * 10 >= self.listed * 9
            && nearly(self.titles, self.found)
            && nearly(self.dates, self.found)
            && self.odd * 50 <= self.items
            && self.skipped == 0
    }

    pub(crate) const fn add(&mut self, other: &Self) {
        self.known += other.known;
        self.listed += other.listed;
        self.found += other.found;
        self.titles += other.titles;
        self.dates += other.dates;
        self.items += other.items;
        self.odd += other.odd;
        self.skipped += other.skipped;
    }
}

/// All but one in fifty; of eight and more, one may differ: editors correct a title or a date now and then.
const fn nearly(part: usize, all: usize) -> bool {
    let most = if all < 8 {
        0
    } else if all < 100 {
        1
    } else {
        all / 50
    };
    part + most >= all
}

/// How a detail rule does on pages, in documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailFit {
    /// Documents known before.
    pub known: usize,
    /// Read with exactly the title known before.
    pub titles: usize,
    /// Read with exactly the day of publication known before.
    pub dates: usize,
    /// Read with exactly the text known before, blanks apart.
    pub texts: usize,
    /// Read with nearly that text: at least 98 of 100 characters' worth of lines, both ways.
    pub near_texts: usize,
}

impl DetailFit {
    /// Whether every document is read as before.
    #[must_use]
    pub const fn is_perfect(&self) -> bool {
        self.known >= 2 && self.titles == self.known && self.dates == self.known && self.texts == self.known
    }

    /// Whether a single document is read as before: title, date and nearly the text.
    #[must_use]
    pub const fn reads_one(&self) -> bool {
        self.known == 1 && self.titles == 1 && self.dates == 1 && self.near_texts == 1
    }

    /// Whether the evidence suffices to show the rule to a person: two documents at least, all with title and date, all
    /// with nearly their text.
    #[must_use]
    pub const fn is_strong(&self) -> bool {
        self.known >= 2 && self.titles == self.known && self.dates == self.known && self.near_texts == self.known
    }
}

/// A list rule with how it does on the samples, all together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCandidate {
    /// The rule.
    pub rule: ListRule,
    /// How it does.
    pub fit: ListFit,
}

/// A detail rule with how it does on the samples, all together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailCandidate {
    /// The rule.
    pub rule: DetailRule,
    /// How it does.
    pub fit: DetailFit,
}

impl Extractor {
    /// List rules for a column whose list page was redesigned, best first; at most eight. `source` is the entry as it
    /// stands: everything but its list rule is kept.
    ///
    /// Rules come from the first sample and are tried on all. Empty where the page is no list page any more (a shell, a
    /// wall, an error) or holds nothing that is known.
    #[must_use]
    pub fn induce_list(&self, source: &Source, samples: &[ListSample<'_>]) -> Vec<ListCandidate> {
        list::induce(&self.families, source, samples)
    }

    /// How a list rule does on a page.
    #[must_use]
    pub fn try_list(&self, rule: &ListRule, sample: &ListSample<'_>) -> ListFit {
        list::Prepared::new(sample).map_or_else(ListFit::default, |prepared| prepared.fit(rule))
    }

    /// Detail rules for pages that were redesigned, best first; at most eight. `source` is the entry as it stands:
    /// everything but its detail rule is kept. Empty where no known text stands on the pages.
    #[must_use]
    pub fn induce_detail(&self, source: &Source, samples: &[DetailSample<'_>]) -> Vec<DetailCandidate> {
        detail::induce(&self.families, source, samples)
    }

    /// How a source's rules do on detail pages.
    #[must_use]
    pub fn try_detail(&self, source: &Source, samples: &[DetailSample<'_>]) -> DetailFit {
        detail::fit(&self.families, source, samples)
    }
}
