//! `/`: the search page.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use model::query::{Hit, Hits, MARK_END, MARK_START, Reason, Sort};

use super::{StateView, policy_address, render};
use crate::App;
use crate::params::{Asked, DEEPEST, Dialect, FACETS, PER_PAGE, sort_name};
use crate::problem::Problem;
use crate::vocabulary::state_by_name;
use crate::wording;

/// Values of a facet shown before `更多`.
const FEW_VALUES: usize = 8;
/// Values of a facet shown at all.
const MOST_VALUES: usize = 60;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchView {
    section: &'static str,
    question: String,
    from: String,
    to: String,
    sort: &'static str,
    sort_links: Vec<SortView>,
    hidden: Vec<(String, String)>,
    chips: Vec<ChipView>,
    clear: Option<String>,
    facets: Vec<FacetView>,
    error: Option<String>,
    /// The question with other words, and its address.
    meant: Option<(String, String)>,
    relaxed: bool,
    /// Turns the explanation of scores on or off.
    explain: Option<ChipView>,
    total: usize,
    summary: String,
    hits: Vec<HitView>,
    pages: Vec<PageLink>,
    /// Sources in trouble.
    troubled: usize,
}

struct SortView {
    label: &'static str,
    address: String,
    current: bool,
}

struct ChipView {
    label: String,
    address: String,
}

struct FacetView {
    title: String,
    few: Vec<ValueView>,
    more: Vec<ValueView>,
}

struct ValueView {
    id: String,
    label: String,
    count: String,
    chosen: bool,
    address: String,
}

struct HitView {
    address: String,
    title: Vec<Part>,
    reasons: Vec<ReasonView>,
    snippet: Vec<Part>,
    number: Option<String>,
    issuer: Option<String>,
    date: Option<String>,
    state: StateView,
}

/// A part of a score.
struct ReasonView {
    what: String,
    text: String,
    score: String,
}

struct PageLink {
    label: String,
    address: Option<String>,
    current: bool,
}

/// A run of snippet characters, marked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The characters.
    pub text: String,
    /// Whether they matched.
    pub marked: bool,
}

/// A snippet cut at its marks. Marks without partner, which a hostile text may hold, only end or start a run.
pub(crate) fn parts(snippet: &str) -> Vec<Part> {
    let mut parts = vec![Part { text: String::new(), marked: false }];
    for character in snippet.chars() {
        match character {
            MARK_START | MARK_END => parts.push(Part { text: String::new(), marked: character == MARK_START }),
            _ => {
                if let Some(part) = parts.last_mut() {
                    part.text.push(character);
                }
            }
        }
    }
    parts.retain(|part| !part.text.is_empty());
    parts
}

/// `GET /`.
pub(crate) async fn page(State(app): State<App>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let asked = Asked::parse(&raw.unwrap_or_default(), Dialect::Page).map_err(Problem::bad_request)?;
    let troubled = app.troubled_sources().await?;
    let query = match search::parse_query(&asked.question) {
        Ok(query) => query,
        Err(error) => {
            let mut response = render(&view(&app, &asked, Hits::default(), Some(format!("检索式有误：{error}")), troubled))?;
            *response.status_mut() = StatusCode::BAD_REQUEST;
            return Ok(response);
        }
    };
    let hits = app.search(asked.narrow(query)).await?;
    render(&view(&app, &asked, hits, None, troubled))
}

fn view(app: &App, asked: &Asked, hits: Hits, error: Option<String>, troubled: usize) -> SearchView {
    let total = hits.total;
    let day = |date: Option<jiff::civil::Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let hidden =
        asked.filters.iter().flat_map(|(facet, values)| values.iter().map(|value| (facet.clone(), value.clone()))).collect();
    let sort = if asked.sort == Sort::Relevance { "" } else { sort_name(asked.sort) };
    let sorts = [(Sort::Relevance, "相关"), (Sort::Newest, "最新"), (Sort::Closing, "快截止")];
    let explained = ChipView {
        label: if asked.explain { "不看得分" } else { "得分说明" }.to_owned(),
        address: asked.explained(!asked.explain),
    };
    SearchView {
        section: "search",
        question: asked.question.clone(),
        from: day(asked.from),
        to: day(asked.to),
        sort,
        sort_links: sorts
            .into_iter()
            .map(|(sort, label)| SortView { label, address: asked.sorted(sort), current: asked.sort == sort })
            .collect(),
        hidden,
        chips: chips(app, asked),
        clear: asked.is_narrowed().then(|| asked.without_filters()),
        facets: facets(app, asked, &hits),
        error,
        meant: meant(asked, &hits),
        relaxed: hits.relaxed && total > 0,
        explain: (asked.sort == Sort::Relevance && total > 0).then_some(explained),
        total,
        summary: summary(asked, &hits),
        pages: page_links(asked, total),
        hits: hits.hits.into_iter().map(hit_view).collect(),
        troubled,
    }
}

/// The question with the words that were perhaps meant. Where the typed ones cannot be found in it, as where it was
/// written in traditional characters, nothing is offered.
fn meant(asked: &Asked, hits: &Hits) -> Option<(String, String)> {
    let mended = hits.did_you_mean.iter().try_fold(asked.question.clone(), |question, found| {
        question.contains(&found.typed).then(|| question.replace(&found.typed, &found.meant))
    })?;
    (mended != asked.question).then(|| (mended.clone(), asked.reworded(mended)))
}

fn summary(asked: &Asked, hits: &Hits) -> String {
    match hits.hits.len() {
        0 if hits.total == 0 => "没有符合条件的政策".to_owned(),
        0 => format!("共 {} 件政策，本页没有内容", hits.total),
        shown => format!("共 {} 件政策，第 {}–{} 件", hits.total, asked.offset + 1, asked.offset + shown),
    }
}

fn chips(app: &App, asked: &Asked) -> Vec<ChipView> {
    let mut chips: Vec<ChipView> = FACETS
        .iter()
        .flat_map(|facet| asked.filters.get(*facet).into_iter().flatten().map(move |value| (facet, value)))
        .map(|(facet, value)| ChipView {
            label: format!("{}：{}", wording::tag_kind(facet), app.vocabulary.label(facet, value, &app.regions)),
            address: asked.toggled(facet, value),
        })
        .collect();
    if asked.from.is_some() || asked.to.is_some() {
        let day = |date: Option<jiff::civil::Date>| date.map_or_else(|| "…".to_owned(), |date| date.to_string());
        chips.push(ChipView {
            label: format!("日期：{} 至 {}", day(asked.from), day(asked.to)), address: asked.without_dates()
        });
    }
    chips
}

fn facets(app: &App, asked: &Asked, hits: &Hits) -> Vec<FacetView> {
    let facet_view = |facet: &'static str| {
        let counted = hits.facets.get(facet).map(Vec::as_slice).unwrap_or_default();
        let chosen = asked.filters.get(facet).map(Vec::as_slice).unwrap_or_default();
        let value_view = |value: &str, count: Option<u64>| ValueView {
            id: format!("facet-{facet}-{value}"),
            label: app.vocabulary.label(facet, value, &app.regions),
            count: count.map(|count| count.to_string()).unwrap_or_default(),
            chosen: asked.has(facet, value),
            address: asked.toggled(facet, value),
        };
        let count_of = |wanted: &String| counted.iter().find(|(value, _)| value == wanted).map(|(_, count)| *count);
        let mut values: Vec<ValueView> = chosen.iter().map(|value| value_view(value, count_of(value))).collect();
        let others = counted.iter().filter(|(value, _)| !chosen.contains(value));
        values.extend(others.take(MOST_VALUES).map(|(value, count)| value_view(value, Some(*count))));
        let more = values.split_off(values.len().min(FEW_VALUES.max(chosen.len())));
        FacetView { title: wording::tag_kind(facet).to_owned(), few: values, more }
    };
    FACETS.into_iter().map(facet_view).filter(|facet| !facet.few.is_empty()).collect()
}

fn hit_view(hit: Hit) -> HitView {
    let marked = if hit.marked_title.trim().is_empty() { "（无标题）" } else { hit.marked_title.as_str() };
    HitView {
        address: policy_address(hit.id.as_str()),
        title: parts(marked),
        reasons: hit.reasons.iter().map(reason_view).collect(),
        snippet: parts(&hit.snippet),
        number: hit.number,
        issuer: hit.issuer,
        date: hit.date.map(|date| date.to_string()),
        state: StateView::new(state_by_name(&hit.state).unwrap_or_default()),
    }
}

fn reason_view(reason: &Reason) -> ReasonView {
    let is_factor = matches!(reason.what.as_str(), "freshness" | "authority");
    ReasonView {
        what: wording::score_part(&reason.what).to_owned(),
        text: reason.text.clone(),
        score: format!("{}{:.2}", if is_factor { "×" } else { "+" }, reason.score),
    }
}

/// First, last, and the two pages either side of this one.
fn page_links(asked: &Asked, total: usize) -> Vec<PageLink> {
    let last = total.min(DEEPEST).div_ceil(PER_PAGE);
    let current = asked.page();
    if last < 2 {
        return Vec::new();
    }
    let mut links = Vec::new();
    let mut previous = 0;
    let near = |page: usize| page == 1 || page == last || page.abs_diff(current) <= 2;
    for page in (1..=last).filter(|page| near(*page)) {
        if page > previous + 1 {
            links.push(PageLink { label: "…".to_owned(), address: None, current: false });
        }
        links.push(PageLink { label: page.to_string(), address: Some(asked.at_page(page)), current: page == current });
        previous = page;
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snippets_are_cut_at_marks_and_stray_marks_do_no_harm() {
        let check = |snippet: &str, expected: &[(&str, bool)]| {
            let cut = parts(snippet);
            let found: Vec<(&str, bool)> = cut.iter().map(|part| (part.text.as_str(), part.marked)).collect();
            assert_eq!(found, expected);
        };
        check("甲\u{e000}乙\u{e001}丙", &[("甲", false), ("乙", true), ("丙", false)]);
        check("\u{e001}甲\u{e000}乙", &[("甲", false), ("乙", true)]);
        check("\u{e000}\u{e001}", &[]);
    }

    #[test]
    fn paging_shows_the_ends_and_the_neighbours() {
        let check = |page: usize, total: usize, expected: &str| {
            let asked = Asked { offset: (page - 1) * PER_PAGE, ..Asked::default() };
            let shown: Vec<String> = page_links(&asked, total)
                .iter()
                .map(|link| if link.current { format!("[{}]", link.label) } else { link.label.clone() })
                .collect();
            assert_eq!(shown.join(" "), expected);
        };
        check(1, 20, "");
        check(1, 41, "[1] 2 3");
        check(10, 1_000, "1 … 8 9 [10] 11 12 … 50");
        check(500, 1_000_000, "1 … 498 499 [500]");
    }
}
