//! Everything that goes wrong in a request, as one type: a status, a stable code and a Chinese sentence.
//!
//! Policy: a handler answers `Result<_, Problem>`. What the reader did wrong is said to them; what went wrong in here is
//! logged with the request id and shown only as that id. A problem travels in the response's extensions, and
//! `layers::observe` writes it as an HTML page or as `application/problem+json` (RFC 9457), depending on who asked.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable name for programs.
    pub code: &'static str,
    /// One sentence for people.
    pub detail: String,
}

impl Problem {
    /// A problem with its own sentence.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, code: code_of(status), detail: detail.into() }
    }

    /// A request that cannot be understood; `detail` says which part and what was expected.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Something that does not exist; `what` names it, e.g. `政策`.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("没有找到这{what}，可能链接有误或已被删除。"))
    }

    /// A failure in here. The cause belongs in the log, never in the answer.
    #[must_use]
    pub fn internal() -> Self {
        Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem a bare status stands for, e.g. one set by a middle layer.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let detail = match status {
            StatusCode::BAD_REQUEST => "请求无法识别，请检查链接或输入内容。",
            StatusCode::FORBIDDEN => "请求来自其他网站，已拒绝。请在本站页面内操作。",
            StatusCode::NOT_FOUND => "没有找到这个页面，可能链接有误或已被删除。",
            StatusCode::METHOD_NOT_ALLOWED => "此地址不支持这种请求方式。",
            StatusCode::PAYLOAD_TOO_LARGE => "提交的内容过大。",
            StatusCode::URI_TOO_LONG => "链接过长。",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "提交的内容格式不受支持。",
            StatusCode::MISDIRECTED_REQUEST => "本服务不以这个域名对外提供，请使用管理员提供的地址访问。",
            StatusCode::SERVICE_UNAVAILABLE => "系统繁忙，请稍后再试。",
            _ if status.is_server_error() => "系统内部出错，已记录。请稍后再试，或将请求编号告知管理员。",
            _ => "请求未能完成。",
        };
        Self::new(status, detail)
    }

    /// The heading people see.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.status {
            StatusCode::BAD_REQUEST => "请求有误",
            StatusCode::FORBIDDEN => "请求被拒绝",
            StatusCode::NOT_FOUND => "没有找到",
            StatusCode::METHOD_NOT_ALLOWED => "不支持的请求方式",
            StatusCode::PAYLOAD_TOO_LARGE => "内容过大",
            StatusCode::MISDIRECTED_REQUEST => "访问地址不正确",
            StatusCode::SERVICE_UNAVAILABLE => "系统繁忙",
            status if status.is_server_error() => "系统出错",
            _ => "请求未完成",
        }
    }

    /// As RFC 9457 writes it.
    #[must_use]
    pub fn body(&self, request_id: &str) -> ProblemBody {
        ProblemBody {
            kind: "about:blank".to_owned(),
            title: self.title().to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
        }
    }
}

fn code_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "bad_request",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::CONFLICT => "conflict",
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        StatusCode::MISDIRECTED_REQUEST => "wrong_host",
        StatusCode::SERVICE_UNAVAILABLE => "busy",
        status if status.is_server_error() => "internal",
        _ => "request_failed",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem as JSON: `application/problem+json`, RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Always `about:blank`: `code` says more.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short heading.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable name: `bad_request`, `not_found`, `forbidden`, `busy`, `internal` …
    pub code: String,
    /// One sentence for people.
    pub detail: String,
    /// The id under which the server logged the request.
    pub request_id: String,
}
