//! 信息源: one column of one site, as written in `sources.toml`, and the rules that read its pages.

use serde::{Deserialize, Serialize};

use crate::id::SourceId;

/// An entry of `sources.toml`. The header of that file is its manual.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Unique, lower-case letters, digits and `-`; entries are sorted by it.
    pub id: SourceId,
    /// What people call it.
    pub name: String,
    /// The organ whose column it is.
    pub issuer: String,
    /// GB/T 2260 code of the place it speaks for; `000000` is the whole country.
    pub region: String,
    /// Level of the organ.
    pub level: Level,
    /// The column's name on the site.
    pub column: String,
    /// Its first list page.
    pub url: String,
    /// The content management family in `rules/cms/` whose rules read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Own rules for list pages; they win over the family's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<ListRule>,
    /// Own rules for detail pages; they win over the family's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<DetailRule>,
    /// How further list pages are found.
    #[serde(default)]
    pub paging: Paging,
    /// Charset when the site names a wrong one; empty means what the page says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub encoding: String,
    /// When it is fetched: five cron fields (minute hour day month weekday-name) or six with seconds first.
    pub schedule: String,
    /// Zone of the schedule.
    #[serde(default = "shanghai")]
    pub zone: String,
    /// Least time between two requests to its host, in milliseconds.
    #[serde(default = "polite_rate")]
    pub rate_ms: u64,
    /// Items a normal week brings; 0 means it may stay silent.
    #[serde(default)]
    pub expected_per_week: u32,
    /// Whether it is fetched on schedule.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether its rules were proved on a stored page of this source.
    #[serde(default)]
    pub verified: bool,
    /// Remarks for editors.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

fn shanghai() -> String {
    "Asia/Shanghai".to_owned()
}

const fn polite_rate() -> u64 {
    1_000
}

const fn yes() -> bool {
    true
}

/// Level of an organ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 国家.
    Nation,
    /// 省、自治区、直辖市、兵团.
    Province,
    /// 地、市、州.
    City,
    /// 区、县.
    County,
}

/// CSS selectors for list pages. A missing field means the scored fallback finds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRule {
    /// One match an entry.
    pub item: String,
    /// The link inside an entry; empty means its first link with text.
    #[serde(default)]
    pub link: String,
    /// The date inside an entry; empty means the first date in its text or URL.
    #[serde(default)]
    pub date: String,
}

/// CSS selectors for detail pages. A missing field means the order of evidence finds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetailRule {
    /// Containers of the body, tried in order.
    #[serde(default)]
    pub body: Vec<String>,
    /// Places of the title, tried in order.
    #[serde(default)]
    pub title: Vec<String>,
    /// Places of the publication date, tried in order.
    #[serde(default)]
    pub date: Vec<String>,
    /// Places of the 来源, tried in order.
    #[serde(default)]
    pub source: Vec<String>,
    /// Parts of the body that are not text: share bars, print buttons.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// How further list pages are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// URL of page n with `{n}`; empty means the page itself tells (`createPageHTML`, a 下一页 link).
    #[serde(default)]
    pub pattern: String,
    /// Number that stands for the second page in `pattern`.
    #[serde(default = "one")]
    pub second: u32,
    /// Most pages read in one run.
    #[serde(default = "few_pages")]
    pub most: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self { pattern: String::new(), second: one(), most: few_pages() }
    }
}

const fn one() -> u32 {
    1
}

const fn few_pages() -> u32 {
    5
}

/// The whole of `sources.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// Entries, sorted by id.
    #[serde(default, rename = "source")]
    pub sources: Vec<Source>,
}
