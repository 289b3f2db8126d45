//! `/enterprises` and `/enterprises/{id}`: profiles, what they can apply for, and their inbox.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{Redirect, Response};
use model::job::Job;
use model::{Enterprise, EnterpriseId, Message, MessageId, MessageState, Outcome, Truth, Verdict};

use super::{enterprise_address, minute, parameter, policy_for_address, render, segment};
use crate::App;
use crate::backend::Matches;
use crate::params::whole;
use crate::problem::Problem;
use crate::wording;

/// Enterprises on a page.
const PER_PAGE: usize = 50;
/// Verdicts shown on a page.
const MOST_VERDICTS: usize = 30;
/// Messages shown on a page.
const MOST_MESSAGES: usize = 50;

#[derive(Template)]
#[template(path = "enterprises.html")]
struct ListView {
    section: &'static str,
    question: String,
    total: usize,
    rows: Vec<RowView>,
    previous: Option<String>,
    next: Option<String>,
}

struct RowView {
    address: String,
    name: String,
    id: String,
    region: String,
    industry: String,
    facts: usize,
}

/// `GET /enterprises`.
pub(crate) async fn list(State(app): State<App>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let question: String = parameter(raw.as_deref(), "q").unwrap_or_default().chars().take(100).collect();
    let page = match parameter(raw.as_deref(), "page") {
        Some(page) => whole("page", &page, 1, 100_000).map_err(Problem::bad_request)?,
        None => 1,
    };
    let mut found = app.enterprises().await?;
    found.retain(|enterprise| enterprise.name.contains(&question) || enterprise.id.as_str().contains(&question));
    let total = found.len();
    let address = |page: usize| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !question.is_empty() {
            query.append_pair("q", &question);
        }
        format!("/enterprises?{}", query.append_pair("page", &page.to_string()).finish())
    };
    let view = ListView {
        section: "enterprises",
        total,
        rows: found.iter().skip((page - 1) * PER_PAGE).take(PER_PAGE).map(|enterprise| row_view(&app, enterprise)).collect(),
        previous: (page > 1).then(|| address(page - 1)),
        next: (page * PER_PAGE < total).then(|| address(page + 1)),
        question,
    };
    render(&view)
}

fn row_view(app: &App, enterprise: &Enterprise) -> RowView {
    RowView {
        address: enterprise_address(enterprise.id.as_str()),
        name: enterprise.name.clone(),
        id: enterprise.id.to_string(),
        region: enterprise.region.as_ref().map(|code| app.vocabulary.label("region", code, &app.regions)).unwrap_or_default(),
        industry: enterprise
            .industry
            .as_ref()
            .map(|code| app.vocabulary.label("industry", code, &app.regions))
            .unwrap_or_default(),
        facts: enterprise.facts.len(),
    }
}

#[derive(Template)]
#[template(path = "enterprise.html")]
struct EnterpriseView {
    section: &'static str,
    address: String,
    queued: bool,
    name: String,
    profile: Vec<(&'static str, String)>,
    facts: Vec<FactView>,
    outcomes: Vec<(&'static str, &'static str, usize)>,
    coverage: String,
    verdicts: Vec<MatchView>,
    messages: Vec<MessageView>,
    unread: usize,
}

struct FactView {
    name: String,
    values: Vec<FactValueView>,
}

struct FactValueView {
    value: String,
    note: String,
    withheld: bool,
}

struct MatchView {
    address: String,
    title: String,
    label: &'static str,
    class: &'static str,
    reason: String,
    deadline: Option<String>,
    amount: Option<String>,
    conditions: Vec<ConditionView>,
}

struct ConditionView {
    word: &'static str,
    sign: &'static str,
    class: &'static str,
    name: String,
    need: String,
    rest: String,
}

struct MessageView {
    action: String,
    title: String,
    body: String,
    at: String,
    state: &'static str,
    unread: bool,
}

/// `GET /enterprises/{id}`.
pub(crate) async fn page(State(app): State<App>, Path(id): Path<String>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let enterprise = app.enterprise(EnterpriseId(id)).await?;
    let (matches, inbox) = tokio::try_join!(app.matches(enterprise.clone()), app.inbox(enterprise.id.clone()))?;
    let view =
        EnterpriseView { queued: parameter(raw.as_deref(), "queued").is_some(), ..view(&app, &enterprise, &matches, &inbox) };
    render(&view)
}

fn view(app: &App, enterprise: &Enterprise, matches: &Matches, inbox: &[Message]) -> EnterpriseView {
    let row = row_view(app, enterprise);
    let founded = enterprise.founded.map(|date| date.to_string()).unwrap_or_default();
    let jurisdiction = match enterprise.jurisdiction.as_deref() {
        Some("local") => "地方",
        Some("xpcc") => "兵团",
        other => other.unwrap_or_default(),
    };
    let code = match &enterprise.uscc {
        Some(code) if !model::enterprise::uscc_is_valid(code) => format!("{code}（校验码不符，请核对）"),
        code => code.clone().unwrap_or_default(),
    };
    let profile = [
        ("企业编号", row.id),
        ("统一社会信用代码", code),
        ("注册地", row.region),
        ("管辖", jurisdiction.to_owned()),
        ("行业", row.industry),
        ("成立日期", founded),
    ];
    EnterpriseView {
        section: "enterprises",
        address: row.address,
        queued: false,
        name: row.name,
        profile: profile.into_iter().filter(|(_, value)| !value.is_empty()).collect(),
        facts: facts(app, enterprise),
        outcomes: outcomes(&matches.verdicts),
        coverage: coverage(matches),
        verdicts: matches.verdicts.iter().filter(|verdict| worth_showing(verdict)).take(MOST_VERDICTS).map(match_view).collect(),
        unread: inbox.iter().filter(|message| is_unread(message)).count(),
        messages: inbox.iter().take(MOST_MESSAGES).map(message_view).collect(),
    }
}

fn facts(app: &App, enterprise: &Enterprise) -> Vec<FactView> {
    let fact_view = |(id, facts): (&String, &Vec<model::Fact>)| {
        let mut facts: Vec<&model::Fact> = facts.iter().collect();
        facts.sort_by_key(|fact| std::cmp::Reverse(fact.year));
        let value_view = |fact: &model::Fact| {
            let notes = [
                fact.year.map(|year| format!("{year}年")),
                (!fact.source.is_empty()).then(|| fact.source.clone()),
                fact.valid_until.map(|date| format!("有效期至 {date}")),
                (!fact.consent).then(|| "未授权用于匹配".to_owned()),
            ];
            FactValueView {
                value: wording::fact(&fact.value, app.vocabulary.indicator(id)),
                note: notes.into_iter().flatten().collect::<Vec<_>>().join("，"),
                withheld: !fact.consent,
            }
        };
        FactView { name: app.vocabulary.indicator_name(id), values: facts.into_iter().map(value_view).collect() }
    };
    enterprise.facts.iter().map(fact_view).collect()
}

/// How many verdicts came to each outcome, best first.
fn outcomes(verdicts: &[Verdict]) -> Vec<(&'static str, &'static str, usize)> {
    let all = [Outcome::Eligible, Outcome::Likely, Outcome::NearMiss, Outcome::Unknown, Outcome::NotEligible, Outcome::Closed];
    all.into_iter()
        .map(|outcome| {
            let count = verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
            (outcome.label(), wording::outcome_class(outcome), count)
        })
        .filter(|(_, _, count)| *count > 0)
        .collect()
}

fn coverage(matches: &Matches) -> String {
    if matches.examined < matches.in_force {
        return format!("现行有效政策 {} 件，只对照了最新的 {} 件", matches.in_force, matches.examined);
    }
    format!("已对照全部 {} 件现行有效政策，其中 {} 件有可申报内容", matches.in_force, matches.verdicts.len())
}

/// What an enterprise cannot use is counted, not listed.
const fn worth_showing(verdict: &Verdict) -> bool {
    !matches!(verdict.outcome, Outcome::NotEligible | Outcome::Closed)
}

fn match_view(verdict: &Verdict) -> MatchView {
    let condition_view = |condition: &model::verdict::ConditionVerdict| {
        let (word, sign, class) = wording::verdict(condition);
        let case = condition.case.as_ref();
        let rest = [
            case.map(|case| format!("仅限：{}", case.quote)),
            condition.has.as_ref().map(|has| format!("企业：{has}")),
            condition.gap.clone(),
            case.and_then(|case| case.ask.clone()),
            condition.ask.clone(),
        ];
        ConditionView {
            word,
            sign,
            class,
            name: condition.name.clone(),
            need: condition.need.clone(),
            rest: rest.into_iter().flatten().collect::<Vec<_>>().join("；"),
        }
    };
    // What decides comes first: missed, then unknown, then for a person, then met.
    let order = |truth: Truth| match truth {
        Truth::NotMet => 0,
        Truth::Unknown => 1,
        Truth::Review => 2,
        Truth::Met => 3,
    };
    let mut conditions: Vec<&model::verdict::ConditionVerdict> = verdict.conditions.iter().collect();
    conditions.sort_by_key(|condition| (!condition.applies(), order(condition.truth)));
    MatchView {
        address: policy_for_address(verdict.policy.as_str(), verdict.enterprise.as_str()),
        title: verdict.title.clone(),
        label: verdict.outcome.label(),
        class: wording::outcome_class(verdict.outcome),
        reason: verdict.reason.clone(),
        deadline: verdict.deadline.map(|date| date.to_string()),
        amount: verdict.amount_up_to.map(wording::money),
        conditions: conditions.into_iter().map(condition_view).collect(),
    }
}

const fn is_unread(message: &Message) -> bool {
    matches!(message.state, MessageState::Sent | MessageState::Delivered)
}

fn message_view(message: &Message) -> MessageView {
    let action = format!("{}/messages/{}/open", enterprise_address(message.enterprise.as_str()), segment(message.id.as_str()));
    MessageView {
        action,
        title: message.title.clone(),
        body: message.body.clone(),
        at: minute(message.sent.unwrap_or(message.created)),
        state: wording::message_state(message.state),
        unread: is_unread(message),
    }
}

/// `POST /enterprises/{id}/messages/{message}/open`: marks the message read and shows its policy.
pub(crate) async fn open(State(app): State<App>, Path((id, message)): Path<(String, String)>) -> Result<Redirect, Problem> {
    let message = app.open_message(EnterpriseId(id), MessageId(message)).await?;
    Ok(Redirect::to(&policy_for_address(message.policy.as_str(), message.enterprise.as_str())))
}

/// `POST /enterprises/{id}/match`: queues matching of one enterprise against all open policies.
pub(crate) async fn queue_match(State(app): State<App>, Path(id): Path<String>) -> Result<Redirect, Problem> {
    let enterprise = app.enterprise(EnterpriseId(id)).await?;
    app.enqueue(Job::MatchEnterprise { enterprise: enterprise.id.clone() }).await?;
    Ok(Redirect::to(&format!("{}?queued=1", enterprise_address(enterprise.id.as_str()))))
}
