//! The HTML pages. Each file reads what it needs, builds a view of plain strings and renders one template of `templates/`.
//!
//! Every page works without JavaScript; htmx swaps parts of the same pages, so there are no partial templates.

pub(crate) mod difference;
pub(crate) mod enterprises;
pub(crate) mod life;
pub(crate) mod policy;
pub(crate) mod proposals;
pub(crate) mod search;
pub(crate) mod sources;

use askama::Template;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use model::LifeCycle;
use url::form_urlencoded;

use crate::problem::Problem;

/// Renders a template; a failure is ours.
fn render(template: &impl Template) -> Result<Response, Problem> {
    match template.render() {
        Ok(page) => Ok(Html(page).into_response()),
        Err(error) => {
            tracing::error!(%error, "template failed");
            Err(Problem::internal())
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemView<'a> {
    section: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    request_id: &'a str,
}

/// A problem as a page.
pub(crate) fn problem_page(problem: &Problem, request_id: &str) -> Response {
    let view =
        ProblemView { section: "", title: problem.title(), status: problem.status.as_u16(), detail: &problem.detail, request_id };
    render(&view)
        .unwrap_or_else(|_| ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], problem.detail.clone()).into_response())
}

/// One path segment, percent-encoded.
fn segment(text: &str) -> String {
    // Form encoding is stricter than a path needs, but for the blank.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The page of a policy.
pub(crate) fn policy_address(id: &str) -> String {
    format!("/policies/{}", segment(id))
}

/// The page of an enterprise.
pub(crate) fn enterprise_address(id: &str) -> String {
    format!("/enterprises/{}", segment(id))
}

/// The page of a policy with the verdicts of an enterprise.
pub(crate) fn policy_for_address(policy: &str, enterprise: &str) -> String {
    format!("{}?enterprise={}", policy_address(policy), segment(enterprise))
}

/// An address from a fetched page, only if a browser would open it as a web page: `javascript:` and the like never.
pub(crate) fn web_address(address: &str) -> Option<String> {
    let parsed = url::Url::parse(address.trim()).ok()?;
    (matches!(parsed.scheme(), "http" | "https") && parsed.has_host()).then(|| parsed.to_string())
}

/// A life-cycle state as shown: word, class, and what a reader must be told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StateView {
    pub label: &'static str,
    pub class: &'static str,
    /// A warning for states in which nothing can be applied for.
    pub warning: Option<&'static str>,
}

impl StateView {
    pub(crate) const fn new(state: LifeCycle) -> Self {
        let (class, warning) = match state {
            LifeCycle::Draft => ("pending", Some("这是征求意见稿，尚未成为正式政策，不能据以申报。")),
            LifeCycle::Issued => ("pending", Some("已发布，但尚未到施行日期。")),
            LifeCycle::InForce => ("good", None),
            LifeCycle::Amended => ("good", Some("已被修改，请以修改后的文本为准。")),
            LifeCycle::Expired => ("gone", Some("已过有效期，不能据以申报。")),
            LifeCycle::Repealed => ("gone", Some("已被废止，不能据以申报。")),
            LifeCycle::Superseded => ("gone", Some("已被新的政策替代，请查阅新政策。")),
            LifeCycle::Unknown => ("doubt", Some("尚不能确认是否有效，请向发文机关核实。此类政策不会推送给企业。")),
        };
        Self { label: state.label(), class, warning }
    }
}

/// A day and minute in China: `2026-07-03 16:22`.
pub(crate) fn minute(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The value of one parameter of an address.
pub(crate) fn parameter(raw: Option<&str>, name: &str) -> Option<String> {
    let (_, value) = form_urlencoded::parse(raw?.as_bytes()).find(|(key, _)| key == name)?;
    let value = value.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_become_links() {
        let check = |address: &str, expected: bool| assert_eq!(web_address(address).is_some(), expected, "{address}");
        check("https://www.gov.cn/a?b=c", true);
        check(" http://www.gov.cn ", true);
        check("javascript:alert(1)", false);
        check("JAVASCRIPT:alert(1)", false);
        check("data:text/html,x", false);
        check("//evil.example", false);
        check("/relative", false);
        check("", false);
    }

    #[test]
    fn ids_of_any_characters_stay_one_path_segment() {
        let check = |id: &str, expected: &str| assert_eq!(policy_address(id), expected);
        check("GOVCN_1", "/policies/GOVCN_1");
        check("a/b c?d#e", "/policies/a%2Fb%20c%3Fd%23e");
        check("惠", "/policies/%E6%83%A0");
    }
}
