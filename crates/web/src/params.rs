//! What a search address asks for, read strictly and written back: every link on the search page is this with one change.
//!
//! Anything may stand in an address, so each parameter has a limit and a Chinese sentence for what is wrong with it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::Query;
use model::query::Sort;
use url::form_urlencoded;

use crate::vocabulary::{DESKS, desk_label, is_region_code, state_by_name};

/// What can be filtered by, in the order it is shown.
pub const FACETS: [&str; 15] = [
    "state",
    "window",
    "level",
    "region",
    "theme",
    "tool",
    "triage",
    "kind",
    "issuer",
    "industry",
    "size",
    "mode",
    "recipient",
    "desk",
    "source",
];
/// Longest question in characters.
const MOST_QUESTION: usize = 300;
/// Longest filter value in characters.
const MOST_VALUE: usize = 120;
/// Most filter values in all.
const MOST_VALUES: usize = 40;
/// Deepest hit anybody may page to: ranking that far costs memory and finds nothing useful.
pub const DEEPEST: usize = 10_000;
/// Hits on a page.
pub const PER_PAGE: usize = 20;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// The words.
    pub question: String,
    /// Values by facet.
    pub filters: BTreeMap<String, Vec<String>>,
    /// Earliest date.
    pub from: Option<Date>,
    /// Latest date, included.
    pub to: Option<Date>,
    /// Order.
    pub sort: Sort,
    /// Whether each hit says what its score is made of.
    pub explain: bool,
    /// Hits to skip.
    pub offset: usize,
    /// Hits to give.
    pub limit: usize,
}

/// Which parameters beside the common ones are known, and whether others are an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Pages: `page`, and strangers (tracking parameters) are ignored.
    Page,
    /// The API: `offset` and `limit`, and strangers are an error: a misspelt filter must not widen the answer.
    Api,
}

impl Asked {
    /// Reads the query part of an address.
    ///
    /// # Errors
    /// A Chinese sentence that names the parameter and says what was expected.
    pub fn parse(raw: &str, dialect: Dialect) -> Result<Self, String> {
        let mut asked = Self { limit: PER_PAGE, ..Self::default() };
        let mut values = 0;
        for (name, value) in form_urlencoded::parse(raw.as_bytes()) {
            let value = value.trim();
            match (name.as_ref(), dialect) {
                ("q", _) => asked.question = bounded("q", value, MOST_QUESTION)?,
                (_, _) if value.is_empty() => {}
                ("from", _) => asked.from = Some(date("from", value)?),
                ("to", _) => asked.to = Some(date("to", value)?),
                ("sort", _) => asked.sort = sort(value)?,
                ("explain", _) => asked.explain = whole("explain", value, 0, 1)? == 1,
                ("page", Dialect::Page) => asked.offset = (whole("page", value, 1, DEEPEST / PER_PAGE)? - 1) * PER_PAGE,
                ("offset", Dialect::Api) => asked.offset = whole("offset", value, 0, DEEPEST)?,
                ("limit", Dialect::Api) => asked.limit = whole("limit", value, 1, 100)?,
                (facet, _) if FACETS.contains(&facet) => {
                    values += 1;
                    if values > MOST_VALUES {
                        return Err(format!("筛选条件过多，最多 {MOST_VALUES} 个"));
                    }
                    asked.add(facet, filter_value(facet, value)?);
                }
                (_, Dialect::Page) => {}
                (stranger, Dialect::Api) => {
                    let shown: String = stranger.chars().take(40).collect();
                    return Err(format!(
                        "不认识的参数 `{shown}`；可用：q、{}、from、to、sort、explain、offset、limit",
                        FACETS.join("、")
                    ));
                }
            }
        }
        if let (Some(from), Some(to)) = (asked.from, asked.to)
            && from > to
        {
            return Err(format!("起始日期 {from} 晚于截止日期 {to}"));
        }
        Ok(asked)
    }

    fn add(&mut self, facet: &str, value: String) {
        let values = self.filters.entry(facet.to_owned()).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }

    /// Whether a value of a facet is chosen.
    #[must_use]
    pub fn has(&self, facet: &str, value: &str) -> bool {
        self.filters.get(facet).is_some_and(|values| values.iter().any(|chosen| chosen == value))
    }

    /// Whether anything narrows the answer.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        !self.filters.is_empty() || self.from.is_some() || self.to.is_some()
    }

    /// Puts filters, dates, order and slice into a query made from the words.
    #[must_use]
    pub fn narrow(&self, mut query: Query) -> Query {
        for (facet, values) in &self.filters {
            let chosen = query.filters.entry(facet.clone()).or_default();
            chosen.extend(values.iter().filter(|value| !chosen.contains(value)).cloned().collect::<Vec<_>>());
        }
        query.from = self.from.or(query.from);
        query.to = self.to.or(query.to);
        if self.sort != Sort::Relevance {
            query.sort = self.sort;
        }
        query.explain = self.explain;
        query.offset = self.offset;
        query.limit = self.limit;
        query
    }

    /// The page number, from 1.
    #[must_use]
    pub fn page(&self) -> usize {
        self.offset / PER_PAGE + 1
    }

    /// The address with this value chosen or, if it was, not chosen; back on the first page.
    #[must_use]
    pub fn toggled(&self, facet: &str, value: &str) -> String {
        let mut changed = Self { offset: 0, ..self.clone() };
        if changed.has(facet, value) {
            if let Some(values) = changed.filters.get_mut(facet) {
                values.retain(|chosen| chosen != value);
            }
            changed.filters.retain(|_, values| !values.is_empty());
        } else {
            changed.add(facet, value.to_owned());
        }
        changed.address()
    }

    /// The address in another order.
    #[must_use]
    pub fn sorted(&self, sort: Sort) -> String {
        Self { sort, offset: 0, ..self.clone() }.address()
    }

    /// The address with other words.
    #[must_use]
    pub fn reworded(&self, question: String) -> String {
        Self { question, offset: 0, ..self.clone() }.address()
    }

    /// The address with or without what scores are made of.
    #[must_use]
    pub fn explained(&self, explain: bool) -> String {
        Self { explain, ..self.clone() }.address()
    }

    /// The address of another page.
    #[must_use]
    pub fn at_page(&self, page: usize) -> String {
        Self { offset: page.saturating_sub(1) * PER_PAGE, ..self.clone() }.address()
    }

    /// The address without dates.
    #[must_use]
    pub fn without_dates(&self) -> String {
        Self { from: None, to: None, offset: 0, ..self.clone() }.address()
    }

    /// The address with the words alone.
    #[must_use]
    pub fn without_filters(&self) -> String {
        Self { question: self.question.clone(), sort: self.sort, ..Self::default() }.address()
    }

    /// The address of the search page that asks this.
    #[must_use]
    pub fn address(&self) -> String {
        let mut query = self.common();
        if self.offset > 0 {
            query.append_pair("page", &self.page().to_string());
        }
        with_query("/", &query.finish())
    }

    /// The address of the API that gives the following hits.
    #[must_use]
    pub fn api_address(&self) -> String {
        let mut query = self.common();
        query.append_pair("offset", &self.offset.to_string());
        query.append_pair("limit", &self.limit.to_string());
        with_query("/api/v1/policies", &query.finish())
    }

    fn common(&self) -> form_urlencoded::Serializer<'static, String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.question.is_empty() {
            query.append_pair("q", &self.question);
        }
        for facet in FACETS {
            for value in self.filters.get(facet).into_iter().flatten() {
                query.append_pair(facet, value);
            }
        }
        if let Some(from) = self.from {
            query.append_pair("from", &from.to_string());
        }
        if let Some(to) = self.to {
            query.append_pair("to", &to.to_string());
        }
        if self.sort != Sort::Relevance {
            query.append_pair("sort", sort_name(self.sort));
        }
        if self.explain {
            query.append_pair("explain", "1");
        }
        query
    }
}

fn with_query(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A text of at most so many characters, without control characters.
fn bounded(name: &str, value: &str, most: usize) -> Result<String, String> {
    if value.chars().count() > most {
        return Err(format!("参数 `{name}` 过长，最多 {most} 个字"));
    }
    Ok(value.chars().map(|character| if character.is_control() { ' ' } else { character }).collect())
}

fn filter_value(facet: &str, value: &str) -> Result<String, String> {
    let value = bounded(facet, value, MOST_VALUE)?;
    match facet {
        "state" if state_by_name(&value).is_none() => {
            let names: Vec<&str> = model::LifeCycle::ALL.iter().map(|state| state.name()).collect();
            Err(format!("参数 `state` 的值不对；可用：{}", names.join("、")))
        }
        "level" if !search::LEVELS.contains(&value.as_str()) => {
            Err(format!("参数 `level` 的值不对；可用：{}", search::LEVELS.join("、")))
        }
        "region" if !is_region_code(&value) => Err("参数 `region` 应为六位行政区划代码，例如 650000".to_owned()),
        "desk" if desk_label(&value).is_none() => {
            let names: Vec<&str> = DESKS.iter().map(|(name, _)| *name).collect();
            Err(format!("参数 `desk` 的值不对；可用：{}", names.join("、")))
        }
        _ => Ok(value),
    }
}

fn date(name: &str, value: &str) -> Result<Date, String> {
    value.parse().map_err(|_| format!("参数 `{name}` 应为日期，例如 2026-03-31"))
}

/// Orders by their names in addresses.
const SORTS: [(&str, Sort); 4] =
    [("relevance", Sort::Relevance), ("newest", Sort::Newest), ("oldest", Sort::Oldest), ("closing", Sort::Closing)];

/// The name of an order.
#[must_use]
pub fn sort_name(sort: Sort) -> &'static str {
    SORTS.iter().find(|(_, known)| *known == sort).map_or("relevance", |(name, _)| name)
}

fn sort(value: &str) -> Result<Sort, String> {
    let found = SORTS.iter().find(|(name, _)| *name == value).map(|(_, sort)| *sort);
    found.ok_or_else(|| format!("参数 `sort` 的值不对；可用：{}", SORTS.map(|(name, _)| name).join("、")))
}

/// A whole number within bounds.
///
/// # Errors
/// A Chinese sentence that names the parameter and its bounds.
pub fn whole(name: &str, value: &str, least: usize, most: usize) -> Result<usize, String> {
    match value.parse::<usize>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("参数 `{name}` 应为 {least} 到 {most} 之间的整数")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written_back() {
        let check = |raw: &str, expected: &str| {
            assert_eq!(Asked::parse(raw, Dialect::Page).map(|asked| asked.address()), Ok(expected.to_owned()), "{raw}");
        };
        check("", "/");
        check("q=%E8%A1%A5%E8%B4%B4&page=1", "/?q=%E8%A1%A5%E8%B4%B4");
        check("state=in_force&state=draft&state=in_force&utm=x", "/?state=in_force&state=draft");
        check("page=3&sort=newest&from=2025-01-01", "/?from=2025-01-01&sort=newest&page=3");
        check("issuer=a%26b%3Dc&from=&to=", "/?issuer=a%26b%3Dc");
    }

    #[test]
    fn what_is_wrong_is_said_with_the_name_of_the_parameter() {
        let check = |raw: &str, expected: &str| {
            let error = Asked::parse(raw, Dialect::Api).unwrap_err();
            assert!(error.contains(expected), "{raw}: {error}");
        };
        check("region=65", "`region`");
        check("state=valid", "in_force");
        check("from=2025-13-01", "`from`");
        check("from=2025-02-01&to=2025-01-01", "晚于");
        check("offset=-1", "`offset`");
        check("offset=99999999999999999999", "`offset`");
        check("limit=0", "`limit`");
        check("sort=random", "newest");
        check("explain=yes", "`explain`");
        check("satte=draft", "`satte`");
        check(&format!("q={}", "长".repeat(301)), "过长");
        check(&(0..60).map(|index| format!("issuer={index}&")).collect::<String>(), "过多");
    }

    #[test]
    fn toggling_twice_comes_back() {
        let asked = Asked::parse("q=a&state=draft&page=4", Dialect::Page).unwrap();
        assert_eq!(asked.toggled("state", "draft"), "/?q=a");
        assert_eq!(asked.toggled("theme", "税收"), "/?q=a&state=draft&theme=%E7%A8%8E%E6%94%B6");
    }

    #[test]
    fn broken_encodings_and_control_characters_do_not_panic() {
        for raw in ["q=%ff%fe", "q=%00%0a", "%=&&=&q", "q=\u{e000}", "state=%E6"] {
            let _asked = Asked::parse(raw, Dialect::Page);
        }
        assert_eq!(Asked::parse("q=a%00b", Dialect::Page).unwrap().question, "a b");
    }
}
