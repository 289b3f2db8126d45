//! What an editor decides about identity: `POST …/split` and `POST …/merge`. As all of the server they are for people who
//! reach the loopback address; who decided is what they say, and stands in the audit log.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use model::job::Job;
use model::{DocumentId, PolicyId};
use serde::{Deserialize, Serialize};
use store::{Merge, Ruling, StoreError};
use utoipa::ToSchema;

use crate::App;
use crate::problem::{Problem, ProblemBody};

/// Longest name of an editor and longest reason, in characters.
const MOST_NAME: usize = 100;
const MOST_REASON: usize = 2_000;

/// Who splits, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SplitBody {
    /// 编辑人员，记入审计日志。
    editor: String,
    /// 理由。
    #[serde(default)]
    reason: String,
}

/// Who merges what, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeBody {
    /// 并入的政策编号。
    into: String,
    /// 两者是同一政策的不同版本（以日期较晚者为现行文本），而不是转载件。
    #[serde(default)]
    versions: bool,
    /// 编辑人员，记入审计日志。
    editor: String,
    /// 理由。
    #[serde(default)]
    reason: String,
}

/// The policy the documents belong to now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RuledBody {
    /// 政策编号。
    policy: String,
}

#[utoipa::path(
    post, path = "/api/v1/documents/{id}/split", tag = "policies", summary = "把一份文档拆分为独立的政策，此后不再自动合并",
    params(("id" = String, Path, description = "文档编号")), request_body = SplitBody,
    responses(
        (status = 200, description = "新的政策", body = RuledBody),
        (status = 400, description = "请求有误", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "没有这份文档", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "该文档是其政策唯一的文档", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn split(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Result<Json<SplitBody>, JsonRejection>,
) -> Result<Json<RuledBody>, Problem> {
    let body = readable(body)?;
    let ruling = ruling(&app, body.editor, body.reason)?;
    let rule = move |store: &store::Store| store.split(&DocumentId(id), &ruling);
    carried_out(&app, rule, "份文档").await
}

#[utoipa::path(
    post, path = "/api/v1/policies/{id}/merge", tag = "policies", summary = "把一件政策并入另一件，原编号此后指向后者",
    params(("id" = String, Path, description = "政策编号")), request_body = MergeBody,
    responses(
        (status = 200, description = "并入的政策", body = RuledBody),
        (status = 400, description = "请求有误", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "没有这件政策", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "两者已是同一政策", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn merge(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Result<Json<MergeBody>, JsonRejection>,
) -> Result<Json<RuledBody>, Problem> {
    let body = readable(body)?;
    let ruling = ruling(&app, body.editor, body.reason)?;
    let what = if body.versions { Merge::Versions } else { Merge::Copies };
    let rule = move |store: &store::Store| store.merge(&PolicyId(id), &PolicyId(body.into), what, &ruling);
    carried_out(&app, rule, "件政策").await
}

fn readable<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Problem> {
    body.map(|Json(body)| body).map_err(|error| Problem::bad_request(format!("请求正文有误：{}", error.body_text())))
}

fn ruling(app: &App, editor: String, reason: String) -> Result<Ruling, Problem> {
    let letters = editor.trim().chars().count();
    if !(1..=MOST_NAME).contains(&letters) || reason.chars().count() > MOST_REASON {
        return Err(Problem::bad_request(format!("`editor` 须为 1 至 {MOST_NAME} 字，`reason` 至多 {MOST_REASON} 字")));
    }
    Ok(Ruling { who: editor.trim().to_owned(), reason, at: app.clock.now() })
}

async fn carried_out(
    app: &App,
    rule: impl FnOnce(&store::Store) -> store::Result<PolicyId> + Send + 'static,
    what: &'static str,
) -> Result<Json<RuledBody>, Problem> {
    let ruled = app.rule(rule).await?;
    let policy = ruled.map_err(|error| match error {
        StoreError::Unknown { .. } => Problem::not_found(what),
        StoreError::Refused { .. } => {
            Problem::new(StatusCode::CONFLICT, "无需处理：该文档是其政策唯一的文档，或两者已是同一政策")
        }
        other => {
            tracing::error!(error = %other, "ruling failed");
            Problem::internal()
        }
    })?;
    // Texts and search follow soon; what is shown in between comes from the store, which is the truth.
    app.enqueue(Job::Annotate { policy: policy.clone() }).await?;
    Ok(Json(RuledBody { policy: policy.0 }))
}
