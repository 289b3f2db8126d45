//! 信息源: one column of one site, as written in `sources.toml`, and the rules that read its pages.

use std::collections::BTreeMap;

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
    /// Paths into a list that is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonRule>,
    /// How further list pages are found.
    #[serde(default)]
    pub paging: Paging,
    /// How list pages are asked for, where a plain GET of `url` does not give them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<ListRequest>,
    /// Whether its pages are filled by scripts and must be rendered by a local browser first.
    #[serde(default, skip_serializing_if = "is_no")]
    pub render: bool,
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
    /// Time of day in which its host may be fetched, in `zone`, e.g. `22:00-06:00`; empty means always.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub window: String,
    /// Most requests to its host in one day, all sources of the host together; 0 means no limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub daily_budget: u32,
    /// Known items in a row after which an incremental crawl reads no further; pinned items at the top do not end it.
    #[serde(default = "a_few_known", skip_serializing_if = "is_a_few_known")]
    pub stop_after: u32,
    /// Who accepts a mended rule when the old one stops matching.
    #[serde(default, skip_serializing_if = "Heal::is_ask")]
    pub heal: Heal,
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

/// An entry with the settings a missing field stands for, and nothing said about the site.
impl Default for Source {
    fn default() -> Self {
        Self {
            id: SourceId::default(),
            name: String::new(),
            issuer: String::new(),
            region: crate::region::COUNTRY.to_owned(),
            level: Level::Nation,
            column: String::new(),
            url: String::new(),
            family: None,
            list: None,
            detail: None,
            json: None,
            paging: Paging::default(),
            request: None,
            render: false,
            encoding: String::new(),
            schedule: String::new(),
            zone: shanghai(),
            rate_ms: polite_rate(),
            window: String::new(),
            daily_budget: 0,
            stop_after: a_few_known(),
            heal: Heal::default(),
            expected_per_week: 0,
            enabled: true,
            verified: false,
            note: String::new(),
        }
    }
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

const fn a_few_known() -> u32 {
    5
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_a_few_known(count: &u32) -> bool {
    *count == a_few_known()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_no(flag: &bool) -> bool {
    !*flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Who accepts a mended rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heal {
    /// A person, by `huice source accept`.
    #[default]
    Ask,
    /// The program itself, when the replay over the stored pages is perfect.
    Auto,
    /// Nobody: no mended rule is looked for.
    Never,
}

impl Heal {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
    const fn is_ask(&self) -> bool {
        matches!(self, Self::Ask)
    }
}

/// How a list page is asked for. `{n}` in any value is the page's number as in [`Paging`], `{from}` and `{to}` are the
/// numbers of the first and last entry of the page, counted from 1, `{token}` is what `token` found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// Fields of a form, sent by POST as `application/x-www-form-urlencoded`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form: BTreeMap<String, String>,
    /// A body sent by POST as `application/json`; not together with `form`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub json: String,
    /// Headers: `Referer`, `X-Requested-With`, `Accept`, `Origin` and those beginning with `X-`; no others.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// A page that holds a token the list wants to see; its cookies are sent along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
}

/// Where a list's token stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The page that holds it.
    pub url: String,
    /// A regular expression whose first group is the token.
    pub find: String,
}

/// Paths into a JSON list: member names and numbers joined by dots; `*` is every member, e.g. `searchVO.catMap.*.listVO`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonRule {
    /// The array of entries.
    pub items: String,
    /// The title inside an entry; empty means the usual names.
    #[serde(default)]
    pub title: String,
    /// The address inside an entry, or a pattern with members in braces, e.g. `/detail.html?id={docId}`.
    #[serde(default)]
    pub url: String,
    /// The date inside an entry; empty means the usual names.
    #[serde(default)]
    pub date: String,
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
    /// Entries a page has, for `{from}` and `{to}`; 0 where these are not used.
    #[serde(default)]
    pub size: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self { pattern: String::new(), second: one(), most: few_pages(), size: 0 }
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
