//! `/proposals`: mended rules that wait for a person, with what trying them showed and the change itself.
//!
//! There are no accounts yet, and a rule decides what is read from a site: it is taken on the command line, by somebody
//! who may write into the data folder. The page gives the command.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use store::Proposal;

use super::{minute, render};
use crate::App;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "proposals.html")]
struct ProposalsView {
    section: &'static str,
    rows: Vec<RowView>,
    missed: Vec<MissedView>,
}

struct RowView {
    id: String,
    source: String,
    made: String,
    reason: String,
    perfect: bool,
    results: Vec<(&'static str, String)>,
    /// Lines of the entry as they are and as they would be.
    old: Vec<String>,
    new: Vec<String>,
}

struct MissedView {
    source: String,
    at: String,
    reason: String,
}

/// `GET /proposals`.
pub(crate) async fn page(State(app): State<App>) -> Result<Response, Problem> {
    let (proposals, missed) = app.proposals().await?;
    let rows = proposals.into_iter().map(|proposal| row_view(&app, proposal)).collect();
    let missed = missed.into_iter().map(|(source, missed)| MissedView { source, at: minute(missed.at), reason: missed.reason });
    render(&ProposalsView { section: "sources", rows, missed: missed.collect() })
}

fn row_view(app: &App, proposal: Proposal) -> RowView {
    let replay = &proposal.replay;
    let mut results = Vec::new();
    let mut of = |name, part: usize, all: usize| {
        if all > 0 {
            results.push((name, format!("{part} / {all}")));
        }
    };
    of("找回已知条目", replay.items_found, replay.items_expected);
    of("标题一致", replay.titles_exact, replay.items_found);
    of("日期一致", replay.dates_exact, replay.items_found);
    of("文档不变", replay.documents_unchanged, replay.documents_expected);
    results.push(("重放页面", replay.pages.to_string()));
    let source = app.sources.iter().find(|source| source.id == proposal.source);
    let list = source.and_then(|source| source.list.as_ref()).map(|rule| {
        let fields = [("item", &rule.item), ("link", &rule.link), ("date", &rule.date)];
        let given = fields.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| format!("{key} = {value:?}"));
        format!("list = {{ {} }}", given.collect::<Vec<_>>().join(", "))
    });
    let detail = source.and_then(|source| source.detail.as_ref()).map(|rule| format!("detail = {{ body = {:?} … }}", rule.body));
    let changes = |key: &str| proposal.patch.lines().any(|line| line.starts_with(key));
    let old = list.filter(|_| changes("list")).into_iter().chain(detail.filter(|_| changes("detail")));
    RowView {
        old: old.collect(),
        new: proposal.patch.lines().map(str::to_owned).collect(),
        source: source.map_or_else(|| proposal.source.to_string(), |source| source.name.clone()),
        made: minute(proposal.made),
        id: proposal.id,
        reason: proposal.reason,
        perfect: proposal.perfect,
        results,
    }
}
