//! JSON API v1. Read only but for what an editor decides about identity (`rulings`); its types are its own (`types`), so that the model may change without breaking callers.
//!
//! Parameters are read strictly: a misspelt filter is an error, not a wider answer. Errors are [`ProblemBody`]s.

mod history;
mod rulings;
mod types;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use model::{DocumentId, EnterpriseId, PolicyId, Record};
use serde::Deserialize;
use url::form_urlencoded;
use utoipa::openapi::OpenApi;
use utoipa::{IntoParams, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::params::{Asked, DEEPEST, Dialect, whole};
use crate::problem::{Problem, ProblemBody};

pub use history::{DifferenceBody, LinkBody, SideBody, StateBody};
pub use types::{
    AttachmentBody, CaseBody, ConditionBody, CopyBody, EnterpriseBody, EnterpriseListBody, HitBody, MatchListBody, MessageBody,
    MessageListBody, PolicyBody, PolicyListBody, ReasonBody, RevisionBody, SimilarListBody, SuggestionBody, SuggestionListBody,
    VerdictBody,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "惠策 huice", version = "1.0.0", description = "惠企政策的检索、要素与企业匹配。除编辑人员的拆分与合并外只读；错误一律为 application/problem+json（RFC 9457）。", license(name = "Apache-2.0")),
    tags((name = "policies", description = "政策"), (name = "enterprises", description = "企业"))
)]
struct Described;

/// The routes and their description.
pub fn routes() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(policies))
        .routes(routes!(policy))
        .routes(routes!(similar))
        .routes(routes!(suggestions))
        .routes(routes!(history::state))
        .routes(routes!(history::difference))
        .routes(routes!(verdicts))
        .routes(routes!(rulings::split))
        .routes(routes!(rulings::merge))
        .routes(routes!(enterprises))
        .routes(routes!(matches))
        .routes(routes!(messages))
        .split_for_parts()
}

/// The parameters of a search, for the description; they are read by [`Asked::parse`].
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that are read from the raw query, which may repeat them")]
struct SearchParams {
    /// 检索式：词、"短语"、-排除词、发文字号，AND、OR、括号，标题:、正文:、文号:、机关: 等。
    #[param(max_length = 300)]
    q: Option<String>,
    /// 效力状态，可重复。
    #[param(inline)]
    state: Option<Vec<StateName>>,
    /// 地区：六位行政区划代码，含下级地区，可重复。
    #[param(max_items = 40)]
    region: Option<Vec<String>>,
    /// 级别，可重复：country、province、city、county。
    level: Option<Vec<String>>,
    /// 申报窗口，可重复：open、closes:7（7天内截止）、opens:30（30天内开始）、closed。
    window: Option<Vec<String>>,
    /// 主题，可重复。
    theme: Option<Vec<String>>,
    /// 政策工具，可重复。
    tool: Option<Vec<String>>,
    /// 类别，可重复：apply、standard、regulate、result、draft、interpret、lifecycle、news。
    triage: Option<Vec<String>>,
    /// 文种，可重复。
    kind: Option<Vec<String>>,
    /// 发文机关，可重复。
    issuer: Option<Vec<String>>,
    /// 编辑状态，可重复：waiting、accepted、excluded、published、withdrawn。
    desk: Option<Vec<String>>,
    /// 行业（GB/T 4754 代码），可重复。
    industry: Option<Vec<String>>,
    /// 企业规模，可重复。
    size: Option<Vec<String>>,
    /// 兑现方式，可重复。
    mode: Option<Vec<String>>,
    /// 受惠对象，可重复。
    recipient: Option<Vec<String>>,
    /// 信息源，可重复。
    source: Option<Vec<String>>,
    /// 最早日期（发布，否则成文），YYYY-MM-DD。
    #[param(format = Date)]
    from: Option<String>,
    /// 最晚日期（含），YYYY-MM-DD。
    #[param(format = Date)]
    to: Option<String>,
    /// 排序。
    #[param(inline)]
    sort: Option<SortName>,
    /// 1：每条命中附得分说明。
    #[param(minimum = 0, maximum = 1, default = 0)]
    explain: Option<u32>,
    /// 跳过的条数。
    #[param(maximum = 10000, default = 0)]
    offset: Option<u32>,
    /// 返回的条数。
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// Life-cycle states, for the description.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum StateName {
    Draft,
    Issued,
    InForce,
    Amended,
    Expired,
    Repealed,
    Superseded,
    Unknown,
}

/// Orders, for the description.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum SortName {
    Relevance,
    Newest,
    Oldest,
    Closing,
}

#[utoipa::path(
    get, path = "/api/v1/policies", tag = "policies", summary = "检索政策", params(SearchParams),
    responses(
        (status = 200, description = "命中的政策", body = PolicyListBody),
        (status = 400, description = "参数有误", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn policies(State(app): State<App>, RawQuery(raw): RawQuery) -> Result<Json<PolicyListBody>, Problem> {
    let asked = Asked::parse(&raw.unwrap_or_default(), Dialect::Api).map_err(Problem::bad_request)?;
    let query = search::parse_query(&asked.question).map_err(|error| Problem::bad_request(error.to_string()))?;
    let hits = app.search(asked.narrow(query)).await?;
    let following = Asked { offset: asked.offset + asked.limit, ..asked.clone() };
    let has_more = following.offset < hits.total && following.offset <= DEEPEST;
    Ok(Json(PolicyListBody::new(hits, &asked, has_more.then(|| following.api_address()))))
}

#[utoipa::path(
    get, path = "/api/v1/policies/{id}", tag = "policies", summary = "一件政策的全部要素",
    params(("id" = String, Path, description = "政策编号；转载件的文档编号也可")),
    responses(
        (status = 200, description = "政策", body = PolicyBody),
        (status = 404, description = "没有这件政策", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn policy(State(app): State<App>, Path(id): Path<String>) -> Result<Json<PolicyBody>, Problem> {
    let record = record(&app, id).await?;
    Ok(Json(PolicyBody::new(&app, record)))
}

async fn record(app: &App, id: String) -> Result<Record, Problem> {
    if let Some(record) = app.record(PolicyId(id.clone())).await? {
        return Ok(record);
    }
    let resolved = app.resolve(DocumentId(id)).await?.ok_or_else(|| Problem::not_found("件政策"))?;
    app.record(resolved).await?.ok_or_else(|| Problem::not_found("件政策"))
}

/// How many similar policies.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a parameter that is read from the raw query")]
struct SimilarParams {
    /// 返回的条数。
    #[param(minimum = 1, maximum = 50, default = 10)]
    limit: Option<u32>,
}

#[utoipa::path(
    get, path = "/api/v1/policies/{id}/similar", tag = "policies", summary = "相近的政策，最相近的在前",
    params(("id" = String, Path, description = "政策编号"), SimilarParams),
    responses(
        (status = 200, description = "相近的政策", body = SimilarListBody),
        (status = 400, description = "参数有误", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "没有这件政策", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn similar(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<SimilarListBody>, Problem> {
    let [limit] = strict(raw.as_deref(), ["limit"])?;
    let limit = limit.map_or(Ok(10), |limit| whole("limit", &limit, 1, 50)).map_err(Problem::bad_request)?;
    let record = record(&app, id).await?;
    let hits = app.similar(record.policy.id, limit).await?;
    Ok(Json(SimilarListBody { hits: hits.into_iter().map(HitBody::new).collect() }))
}

/// What was typed so far.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that are read from the raw query")]
struct SuggestParams {
    /// 已输入的文字、拼音或首字母。
    #[param(max_length = 300)]
    q: String,
    /// 返回的条数。
    #[param(minimum = 1, maximum = 20, default = 8)]
    limit: Option<u32>,
}

#[utoipa::path(
    get, path = "/api/v1/suggestions", tag = "policies", summary = "输入提示：文字、拼音或首字母对应的词和标题", params(SuggestParams),
    responses(
        (status = 200, description = "提示", body = SuggestionListBody),
        (status = 400, description = "参数有误", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn suggestions(State(app): State<App>, RawQuery(raw): RawQuery) -> Result<Json<SuggestionListBody>, Problem> {
    let [typed, limit] = strict(raw.as_deref(), ["q", "limit"])?;
    let limit = limit.map_or(Ok(8), |limit| whole("limit", &limit, 1, 20)).map_err(Problem::bad_request)?;
    let suggestions = app.suggest(typed.unwrap_or_default(), limit).await?;
    let suggestions = suggestions.into_iter().map(|found| SuggestionBody { text: found.text, policies: found.policies });
    Ok(Json(SuggestionListBody { suggestions: suggestions.collect() }))
}

/// The enterprise a policy is held against.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a parameter that is read from the raw query")]
struct VerdictParams {
    /// 企业编号。
    enterprise: String,
}

#[utoipa::path(
    get, path = "/api/v1/policies/{id}/verdicts", tag = "policies", summary = "一件政策对一家企业的匹配结论",
    params(("id" = String, Path, description = "政策编号"), VerdictParams),
    responses(
        (status = 200, description = "匹配结论", body = VerdictBody),
        (status = 400, description = "参数有误", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "没有这件政策或这家企业", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn verdicts(State(app): State<App>, Path(id): Path<String>, RawQuery(raw): RawQuery) -> Result<Json<VerdictBody>, Problem> {
    let [enterprise] = strict(raw.as_deref(), ["enterprise"])?;
    let enterprise = enterprise.ok_or_else(|| Problem::bad_request("缺少参数 `enterprise`（企业编号）"))?;
    let record = Arc::new(record(&app, id).await?);
    let enterprise = Arc::new(app.enterprise(EnterpriseId(enterprise)).await?);
    Ok(Json(VerdictBody::new(app.verdict(record, enterprise).await?)))
}

/// A slice of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that are read from the raw query")]
struct SliceParams {
    /// 跳过的条数。
    #[param(maximum = 10000000, default = 0)]
    offset: Option<u32>,
    /// 返回的条数。
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
}

/// Offset and limit as asked for.
fn slice(raw: Option<&str>) -> Result<(usize, usize), Problem> {
    let [offset, limit] = strict(raw, ["offset", "limit"])?;
    let number = |name: &str, value: Option<String>, least: usize, most: usize, default: usize| match value {
        Some(value) => whole(name, &value, least, most).map_err(Problem::bad_request),
        None => Ok(default),
    };
    Ok((number("offset", offset, 0, 10_000_000, 0)?, number("limit", limit, 1, 100, 20)?))
}

/// The values of known parameters; an unknown or repeated one is an error.
fn strict<const N: usize>(raw: Option<&str>, names: [&str; N]) -> Result<[Option<String>; N], Problem> {
    let mut values = [const { None }; N];
    for (name, value) in form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
        let shown: String = name.chars().take(40).collect();
        let Some(place) = names.iter().position(|known| *known == name) else {
            return Err(Problem::bad_request(format!("不认识的参数 `{shown}`；可用：{}", names.join("、"))));
        };
        if value.trim().is_empty() {
            continue;
        }
        if values[place].replace(value.trim().to_owned()).is_some() {
            return Err(Problem::bad_request(format!("参数 `{shown}` 只能出现一次")));
        }
    }
    Ok(values)
}

#[utoipa::path(
    get, path = "/api/v1/enterprises", tag = "enterprises", summary = "企业列表", params(SliceParams),
    responses(
        (status = 200, description = "企业", body = EnterpriseListBody),
        (status = 400, description = "参数有误", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn enterprises(State(app): State<App>, RawQuery(raw): RawQuery) -> Result<Json<EnterpriseListBody>, Problem> {
    let (offset, limit) = slice(raw.as_deref())?;
    let all = app.enterprises().await?;
    let enterprises = all.iter().skip(offset).take(limit).map(EnterpriseBody::new).collect();
    Ok(Json(EnterpriseListBody { total: all.len(), offset, limit, enterprises }))
}

#[utoipa::path(
    get, path = "/api/v1/enterprises/{id}/matches", tag = "enterprises", summary = "一家企业对现行有效政策的匹配结论，最优在前",
    params(("id" = String, Path, description = "企业编号"), SliceParams),
    responses(
        (status = 200, description = "匹配结论", body = MatchListBody),
        (status = 400, description = "参数有误", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "没有这家企业", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn matches(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<MatchListBody>, Problem> {
    let (offset, limit) = slice(raw.as_deref())?;
    let enterprise = app.enterprise(EnterpriseId(id)).await?;
    let found = app.matches(enterprise).await?;
    let total = found.verdicts.len();
    let verdicts = found.verdicts.into_iter().skip(offset).take(limit).map(VerdictBody::new).collect();
    Ok(Json(MatchListBody { total, offset, limit, in_force: found.in_force, examined: found.examined, verdicts }))
}

#[utoipa::path(
    get, path = "/api/v1/enterprises/{id}/messages", tag = "enterprises", summary = "一家企业的门户消息，最新在前",
    params(("id" = String, Path, description = "企业编号"), SliceParams),
    responses(
        (status = 200, description = "消息", body = MessageListBody),
        (status = 400, description = "参数有误", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "没有这家企业", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
async fn messages(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<MessageListBody>, Problem> {
    let (offset, limit) = slice(raw.as_deref())?;
    let enterprise = app.enterprise(EnterpriseId(id)).await?;
    let all = app.inbox(enterprise.id).await?;
    let messages = all.iter().skip(offset).take(limit).map(MessageBody::new).collect();
    Ok(Json(MessageListBody { total: all.len(), offset, limit, messages }))
}
