//! What machines ask: is the process alive, does it answer, and its numbers.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::PolicyId;
use serde::Serialize;

use crate::App;
use crate::problem::Problem;

/// `GET /healthz`: the process runs. Asks nothing of store or index, so that a slow disk restarts nobody.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct Readiness {
    store: &'static str,
    index: &'static str,
}

/// `GET /readyz`: store and index answer.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    // Reading an id that cannot exist proves the store answers without reading anything large.
    let store = app.record(PolicyId::default()).await.is_ok();
    let index = app.index_count().await.is_ok();
    let word = |works: bool| if works { "ok" } else { "failed" };
    let status = if store && index { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { store: word(store), index: word(index) })).into_response()
}

/// `GET /metrics`: the Prometheus text format.
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    app.refresh_metrics().await?;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], app.metrics.render()).into_response())
}
