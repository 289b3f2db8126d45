//! The JSON of a policy's past: its state on a day, and what two of its texts differ in.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use model::{Link, Record};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::types::json;
use super::{record, strict};
use crate::App;
use crate::history::{Compared, History};
use crate::pages::difference::wanted;
use crate::pages::life::day;
use crate::problem::{Problem, ProblemBody};

/// The state of a policy on a day, with its course.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateBody {
    /// Policy id.
    pub policy: String,
    /// Title.
    pub title: String,
    /// The day asked for; today where none was.
    #[schema(format = Date)]
    pub on: String,
    /// The state on that day; an editor's decision wins over what is found.
    pub state: String,
    /// The word for it.
    pub state_label: String,
    /// The first day of that state, where told.
    #[schema(format = Date)]
    pub since: Option<String>,
    /// Why: `in` (text, title, page, rule, editor), `quote`, `span`, and `policy` with `title` where another one says it.
    #[schema(value_type = Option<Object>)]
    pub proof: Option<Value>,
    /// Why it may have ended although nothing says so; no state follows from it.
    pub may_have_expired: Option<String>,
    /// 成文, 发布, 施行 and 失效日期 with their proofs, as far as told.
    #[schema(value_type = Object)]
    pub dates: Value,
    /// All states with since when and why, by the day they begin.
    #[schema(value_type = Vec<Object>)]
    pub steps: Vec<Value>,
    /// What the policy says of others.
    pub says: Vec<LinkBody>,
    /// What others say of it.
    pub said_of_it: Vec<LinkBody>,
}

/// What one policy says of another.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkBody {
    /// The policy that says it.
    pub from: String,
    /// `repeals`, `expires`, `amends`, `supersedes`, `extends` …
    pub relation: String,
    /// Number of the other policy as a normal key, where named.
    pub number: Option<String>,
    /// Title of the other policy, where named.
    pub title: Option<String>,
    /// The stored policies that are meant.
    pub to: Vec<String>,
    /// The day it takes effect.
    #[schema(format = Date)]
    pub since: Option<String>,
    /// Of `extends`, the last day.
    #[schema(format = Date)]
    pub until: Option<String>,
    /// The words that say it.
    pub quote: String,
    /// Where they stand, in the text of `from`, or in its title where `in_title`.
    pub span: [u32; 2],
    /// Whether `span` refers to the title.
    pub in_title: bool,
}

/// What two texts differ in.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceBody {
    /// The policy of the old text.
    pub old: SideBody,
    /// The policy of the new text.
    pub new: SideBody,
    /// How many sentences and findings differ.
    #[schema(value_type = Object)]
    pub counts: Value,
    /// Findings that came, went or changed: `kind`, `type`, `old`, `new`, `fields` (`field`, `was`, `is`), `says`.
    #[schema(value_type = Vec<Object>)]
    pub parameters: Vec<Value>,
    /// Sentences: `kind`, `old` and `new` spans, `sentences`, `moved`, `pieces` (`kind`, `text`).
    #[schema(value_type = Vec<Object>)]
    pub text: Vec<Value>,
}

/// One of two texts.
#[derive(Debug, Serialize, ToSchema)]
pub struct SideBody {
    /// Policy id.
    pub policy: String,
    /// Title.
    pub title: String,
    /// Number of the text, from 1.
    pub revision: u32,
}

/// The day a state is asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a parameter that is read from the raw query")]
struct StateParams {
    /// 日期，YYYY-MM-DD；不给则为今天。
    #[param(format = Date)]
    on: Option<String>,
}

/// The texts to compare.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters that are read from the raw query")]
struct DifferenceParams {
    /// 旧版本号，从 1 起；不给则为新版本的上一版。
    #[param(minimum = 1)]
    from: Option<u32>,
    /// 新版本号；不给则为现行版。
    #[param(minimum = 1)]
    to: Option<u32>,
    /// 另一件政策的编号：与其正文对照。
    with: Option<String>,
}

#[utoipa::path(
    get, path = "/api/v1/policies/{id}/state", tag = "policies", summary = "一件政策在某日的效力，及其沿革与依据",
    params(("id" = String, Path, description = "政策编号"), StateParams),
    responses(
        (status = 200, description = "效力", body = StateBody),
        (status = 400, description = "参数有误", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "没有这件政策", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn state(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<StateBody>, Problem> {
    let [on] = strict(raw.as_deref(), ["on"])?;
    let on = on.map(|text| day(&text)).transpose()?.unwrap_or_else(|| app.clock.today());
    let record = record(&app, id).await?;
    let history = app.history(record.policy.id.clone()).await?;
    Ok(Json(StateBody::new(&record, &history, on)))
}

#[utoipa::path(
    get, path = "/api/v1/policies/{id}/diff", tag = "policies", summary = "一件政策两版正文（或两件政策）的差异：要素与逐句",
    params(("id" = String, Path, description = "政策编号"), DifferenceParams),
    responses(
        (status = 200, description = "差异", body = DifferenceBody),
        (status = 400, description = "参数有误，或没有可对照的版本", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "没有这件政策", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(super) async fn difference(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<DifferenceBody>, Problem> {
    let [from, to, with] = strict(raw.as_deref(), ["from", "to", "with"])?;
    let value = |name: &str| match name {
        "from" => from.clone(),
        "to" => to.clone(),
        _ => with.clone(),
    };
    Ok(Json(DifferenceBody::new(app.compare(id, wanted(value)?).await?)))
}

impl StateBody {
    fn new(record: &Record, history: &History, on: jiff::civil::Date) -> Self {
        let standing = record.standing(on);
        let course = &record.policy.course;
        let says = history.says.iter();
        let here = vec![record.policy.id.to_string()];
        Self {
            policy: record.policy.id.to_string(),
            title: record.policy.title.clone(),
            on: on.to_string(),
            state: standing.state.name().to_owned(),
            state_label: standing.state.label().to_owned(),
            since: standing.since.map(|day| day.to_string()),
            proof: standing.proof.as_ref().map(json),
            may_have_expired: standing.may_have_expired,
            dates: json(&course.dates),
            steps: course.steps.iter().map(json).collect(),
            says: says.map(|(link, ends)| LinkBody::new(link, ends.iter().map(|(id, _)| id.to_string()).collect())).collect(),
            said_of_it: history.said_of_it.iter().map(|link| LinkBody::new(link, here.clone())).collect(),
        }
    }
}

impl LinkBody {
    fn new(link: &Link, to: Vec<String>) -> Self {
        Self {
            from: link.from.to_string(),
            relation: link.relation.name().to_owned(),
            number: link.to.number.clone(),
            title: link.to.title.clone(),
            to,
            since: link.since.map(|day| day.to_string()),
            until: link.until.map(|day| day.to_string()),
            quote: link.quote.clone(),
            span: [link.span.start, link.span.end],
            in_title: link.in_title,
        }
    }
}

impl DifferenceBody {
    fn new(compared: Compared) -> Self {
        let side = |(id, title, revision): (model::PolicyId, String, u32)| SideBody { policy: id.0, title, revision };
        Self {
            counts: json(&compared.difference.counts),
            parameters: compared.difference.parameters.iter().map(json).collect(),
            text: compared.difference.text.iter().map(json).collect(),
            old: side(compared.old),
            new: side(compared.new),
        }
    }
}
