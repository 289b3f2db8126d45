//! The JSON of API v1. Dates are `YYYY-MM-DD`, times RFC 3339, money in 元, spans `[start, end)` in Unicode characters.

use std::collections::BTreeMap;

use model::query::{Hit, Hits};
use model::verdict::ConditionVerdict;
use model::{Enterprise, Message, Record, Verdict};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::App;
use crate::backend::state_of;
use crate::pages::search::parts;
use crate::params::Asked;

/// A page of search results.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyListBody {
    /// Policies that match in all.
    pub total: usize,
    /// Hits skipped.
    pub offset: usize,
    /// Hits asked for.
    pub limit: usize,
    /// Address of the following hits.
    pub next: Option<String>,
    /// The hits.
    pub hits: Vec<HitBody>,
    /// For each facet, its values with the number of matching policies.
    pub facets: BTreeMap<String, Vec<FacetBody>>,
    /// Whether fewer words were asked for than were typed, because no policy has them all.
    pub relaxed: bool,
    /// What was perhaps meant, where little was found.
    pub did_you_mean: Vec<CorrectionBody>,
}

/// Characters of a question and those that were perhaps meant.
#[derive(Debug, Serialize, ToSchema)]
pub struct CorrectionBody {
    /// As typed, half width and in lower case.
    pub typed: String,
    /// As the policies have them.
    pub meant: String,
}

/// What is like a policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimilarListBody {
    /// Most similar first.
    pub hits: Vec<HitBody>,
}

/// What may stand behind the characters typed so far.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestionListBody {
    /// Words, then titles.
    pub suggestions: Vec<SuggestionBody>,
}

/// One suggestion.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestionBody {
    /// The text to look for.
    pub text: String,
    /// Policies that have it, roughly.
    pub policies: u64,
}

/// One part of a score.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonBody {
    /// What gave it: `title`, `body`, `phrase`, `freshness` …
    pub what: String,
    /// For which word, phrase or number.
    pub text: String,
    /// What it adds; of `freshness` and `authority`, what the sum of the others is multiplied by.
    pub score: f32,
}

/// One value of a facet.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetBody {
    /// The value, as filters take it.
    pub value: String,
    /// Matching policies.
    pub count: u64,
}

impl PolicyListBody {
    pub(super) fn new(hits: Hits, asked: &Asked, next: Option<String>) -> Self {
        let facet = |values: Vec<(String, u64)>| values.into_iter().map(|(value, count)| FacetBody { value, count }).collect();
        Self {
            total: hits.total,
            offset: asked.offset,
            limit: asked.limit,
            next,
            hits: hits.hits.into_iter().map(HitBody::new).collect(),
            facets: hits.facets.into_iter().map(|(name, values)| (name, facet(values))).collect(),
            relaxed: hits.relaxed,
            did_you_mean: hits
                .did_you_mean
                .into_iter()
                .map(|found| CorrectionBody { typed: found.typed, meant: found.meant })
                .collect(),
        }
    }
}

/// One policy found.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitBody {
    /// Policy id.
    pub id: String,
    /// Higher is better; 0 when sorted by date.
    pub score: f32,
    /// Title.
    pub title: String,
    /// The part of the text that fits best, plain.
    pub snippet: String,
    /// Matches in `snippet` as `[start, end)` in characters.
    pub highlights: Vec<[usize; 2]>,
    /// Date, published else signed.
    #[schema(format = Date)]
    pub date: Option<String>,
    /// Main document number.
    pub number: Option<String>,
    /// Main issuer.
    pub issuer: Option<String>,
    /// Life-cycle state.
    pub state: String,
    /// What the score is made of, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<ReasonBody>,
}

impl HitBody {
    pub(super) fn new(hit: Hit) -> Self {
        let mut snippet = String::new();
        let mut highlights = Vec::new();
        let mut at = 0;
        for part in parts(&hit.snippet) {
            let end = at + part.text.chars().count();
            if part.marked {
                highlights.push([at, end]);
            }
            snippet.push_str(&part.text);
            at = end;
        }
        Self {
            id: hit.id.0,
            score: hit.score,
            title: hit.title,
            snippet,
            highlights,
            date: hit.date.map(|date| date.to_string()),
            number: hit.number,
            issuer: hit.issuer,
            state: hit.state,
            reasons: hit
                .reasons
                .into_iter()
                .map(|reason| ReasonBody { what: reason.what, text: reason.text, score: reason.score })
                .collect(),
        }
    }
}

/// Everything known of a policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyBody {
    /// Policy id.
    pub id: String,
    /// Title.
    pub title: String,
    /// The title inside 《》 of a notice that issues or forwards another text.
    pub inner_title: Option<String>,
    /// Life-cycle state; an editor's decision wins over the found one.
    pub state: String,
    /// The words that prove the state.
    pub state_evidence: String,
    /// GB/T 2260 code of the place it is for.
    pub region: String,
    /// Full name of that place.
    pub region_name: String,
    /// 发文字号, main number first.
    pub numbers: Vec<String>,
    /// 发文机关, main agency first.
    pub issuers: Vec<String>,
    /// 发布日期, with the time where the page says it.
    pub published: Option<String>,
    /// 成文日期.
    #[schema(format = Date)]
    pub issued: Option<String>,
    /// 施行日期.
    #[schema(format = Date)]
    pub effective: Option<String>,
    /// 失效日期.
    #[schema(format = Date)]
    pub expires: Option<String>,
    /// 索引号.
    pub index_number: Option<String>,
    /// The body alone; every span refers to it.
    pub text: String,
    /// Tables of the body: rows of cells.
    pub tables: Vec<Vec<Vec<String>>>,
    /// Files that belong to it.
    pub attachments: Vec<AttachmentBody>,
    /// Typed findings in text order: `type`, the fields of the type, `quote`, `span`, `confidence`, `rule`.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<Value>,
    /// What an applicant must meet: `{"all": […]}`, `{"any": […]}`, `{"not": …}`, `{"item": index}`.
    #[schema(value_type = Option<Object>)]
    pub tree: Option<Value>,
    /// Tags with their proof: `kind`, `value`, `label`, `quote`, `span` …
    #[schema(value_type = Vec<Object>)]
    pub tags: Vec<Value>,
    /// 要点: sentences of the text: `about`, `quote`, `span`.
    #[schema(value_type = Vec<Object>)]
    pub key_points: Vec<Value>,
    /// Every place it stands, the canonical copy first.
    pub copies: Vec<CopyBody>,
    /// Its texts over time, oldest first.
    pub revisions: Vec<RevisionBody>,
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentBody {
    /// Its name.
    pub name: String,
    /// Its address, as the page gives it. Not checked: treat it as untrusted.
    pub url: String,
}

/// A place a policy stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct CopyBody {
    /// Document id.
    pub document: String,
    /// Its address, as fetched or imported. Not checked: treat it as untrusted.
    pub url: String,
    /// Source id.
    pub source: String,
    /// `canonical`, `copy` (the same text), `revision` (it brought another text of the act).
    pub role: &'static str,
    /// When it was last seen.
    #[schema(format = DateTime)]
    pub seen: String,
}

/// One text of a policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionBody {
    /// Number from 1.
    pub number: u32,
    /// The document whose text it is.
    pub document: String,
    /// Fingerprint of the text.
    pub fingerprint: String,
    /// When it was first seen.
    #[schema(format = DateTime)]
    pub seen: String,
}

/// A value as JSON; what cannot be written is `null`, which no type of the model is.
pub(super) fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

impl PolicyBody {
    pub(super) fn new(app: &App, record: Record) -> Self {
        let state = state_of(&record).name().to_owned();
        let Record { policy, document, annotation, .. } = record;
        let copies = policy.copies.iter().map(|copy| CopyBody::new(copy, policy.role_of(&copy.document))).collect();
        Self {
            id: policy.id.0,
            title: if policy.title.is_empty() { document.title } else { policy.title },
            inner_title: policy.inner_title,
            state,
            state_evidence: policy.state_evidence,
            region_name: app.vocabulary.label("region", &policy.region, &app.regions),
            region: policy.region,
            numbers: document.numbers.iter().map(ToString::to_string).collect(),
            issuers: document.issuers,
            published: document.published.map(|moment| moment.to_string()),
            issued: document.issued.map(|date| date.to_string()),
            effective: document.effective.map(|date| date.to_string()),
            expires: document.expires.map(|date| date.to_string()),
            index_number: document.index_number,
            text: document.text,
            tables: document.tables.into_iter().map(|table| table.rows).collect(),
            attachments: document.attachments.into_iter().map(|file| AttachmentBody { name: file.name, url: file.url }).collect(),
            items: annotation.items.iter().map(json).collect(),
            tree: annotation.tree.as_ref().map(json),
            tags: annotation.tags.iter().map(json).collect(),
            key_points: annotation.key_points.iter().map(json).collect(),
            copies,
            revisions: policy.revisions.into_iter().map(RevisionBody::new).collect(),
        }
    }
}

impl CopyBody {
    fn new(copy: &model::policy::Copy, role: &'static str) -> Self {
        let (document, url, source) = (copy.document.to_string(), copy.url.clone(), copy.source.to_string());
        Self { document, url, source, role, seen: copy.seen.to_string() }
    }
}

impl RevisionBody {
    fn new(revision: model::policy::Revision) -> Self {
        Self {
            number: revision.number,
            document: revision.document.0,
            fingerprint: revision.fingerprint,
            seen: revision.seen.to_string(),
        }
    }
}

/// 匹配结论 for one policy and one enterprise.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerdictBody {
    /// Policy id.
    pub policy: String,
    /// Its title.
    pub title: String,
    /// Enterprise id.
    pub enterprise: String,
    /// `eligible`, `likely`, `near_miss`, `not_eligible`, `unknown`, `closed`.
    #[schema(value_type = String)]
    pub outcome: Value,
    /// The word for it.
    pub outcome_label: String,
    /// Why, in one sentence.
    pub reason: String,
    /// One verdict a condition, in text order.
    pub conditions: Vec<ConditionBody>,
    /// Last day to apply.
    #[schema(format = Date)]
    pub deadline: Option<String>,
    /// Highest amount for one applicant in 元, as a decimal number in a string.
    pub amount_up_to: Option<String>,
}

/// 匹配结论 for one condition.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConditionBody {
    /// Index in the policy's `items`.
    pub item: usize,
    /// Indicator id.
    pub indicator: String,
    /// Its name.
    pub name: String,
    /// `met`, `not_met`, `unknown`, `review`.
    #[schema(value_type = String)]
    pub truth: Value,
    /// What is needed.
    pub need: String,
    /// What the enterprise has.
    pub has: Option<String>,
    /// How much is missing.
    pub gap: Option<String>,
    /// The fact to ask for.
    pub ask: Option<String>,
    /// The policy's own words.
    pub quote: String,
    /// Where they stand in its text.
    pub span: [u32; 2],
    /// The case it is limited to, if any: nothing is asked of an enterprise that is not of the case.
    pub case: Option<CaseBody>,
}

/// The case a condition is limited to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseBody {
    /// The policy's own words for it.
    pub quote: String,
    /// Where they stand in its text.
    pub span: [u32; 2],
    /// Whether the enterprise is of it: `met`, `not_met`, `unknown` or `review`.
    #[schema(value_type = String)]
    pub truth: Value,
    /// The fact to ask for.
    pub ask: Option<String>,
}

impl VerdictBody {
    pub(super) fn new(verdict: Verdict) -> Self {
        Self {
            policy: verdict.policy.0,
            title: verdict.title,
            enterprise: verdict.enterprise.0,
            outcome: json(&verdict.outcome),
            outcome_label: verdict.outcome.label().to_owned(),
            reason: verdict.reason,
            conditions: verdict.conditions.into_iter().map(ConditionBody::new).collect(),
            deadline: verdict.deadline.map(|date| date.to_string()),
            amount_up_to: verdict.amount_up_to.map(|amount| amount.normalize().to_string()),
        }
    }
}

impl ConditionBody {
    fn new(condition: ConditionVerdict) -> Self {
        Self {
            item: condition.item,
            indicator: condition.indicator,
            name: condition.name,
            truth: json(&condition.truth),
            need: condition.need,
            has: condition.has,
            gap: condition.gap,
            ask: condition.ask,
            quote: condition.quote,
            span: [condition.span.start, condition.span.end],
            case: condition.case.map(|case| CaseBody {
                quote: case.quote,
                span: [case.span.start, case.span.end],
                truth: json(&case.truth),
                ask: case.ask,
            }),
        }
    }
}

/// A slice of the enterprises.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnterpriseListBody {
    /// Enterprises in all.
    pub total: usize,
    /// Skipped.
    pub offset: usize,
    /// Asked for.
    pub limit: usize,
    /// The enterprises, by id.
    pub enterprises: Vec<EnterpriseBody>,
}

/// One enterprise, without the ways to reach it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnterpriseBody {
    /// Enterprise id.
    pub id: String,
    /// Registered name.
    pub name: String,
    /// 统一社会信用代码.
    pub uscc: Option<String>,
    /// GB/T 2260 code.
    pub region: Option<String>,
    /// `local` or `xpcc`.
    pub jurisdiction: Option<String>,
    /// GB/T 4754-2017 code.
    pub industry: Option<String>,
    /// Date of registration.
    #[schema(format = Date)]
    pub founded: Option<String>,
    /// Facts by indicator id; each a list of `{value, year, source, consent, valid_until}`.
    #[schema(value_type = Object)]
    pub facts: Value,
}

impl EnterpriseBody {
    pub(super) fn new(enterprise: &Enterprise) -> Self {
        Self {
            id: enterprise.id.to_string(),
            name: enterprise.name.clone(),
            uscc: enterprise.uscc.clone(),
            region: enterprise.region.clone(),
            jurisdiction: enterprise.jurisdiction.clone(),
            industry: enterprise.industry.clone(),
            founded: enterprise.founded.map(|date| date.to_string()),
            facts: json(&enterprise.facts),
        }
    }
}

/// A slice of the verdicts of an enterprise, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchListBody {
    /// Verdicts in all.
    pub total: usize,
    /// Skipped.
    pub offset: usize,
    /// Asked for.
    pub limit: usize,
    /// Policies in force.
    pub in_force: usize,
    /// Policies looked at: the newest ones in force.
    pub examined: usize,
    /// The verdicts.
    pub verdicts: Vec<VerdictBody>,
}

/// A slice of an inbox, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageListBody {
    /// Messages in all.
    pub total: usize,
    /// Skipped.
    pub offset: usize,
    /// Asked for.
    pub limit: usize,
    /// The messages.
    pub messages: Vec<MessageBody>,
}

/// One portal message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageBody {
    /// Message id.
    pub id: String,
    /// Policy id.
    pub policy: String,
    /// Revision of the policy it is about.
    pub revision: u32,
    /// Title.
    pub title: String,
    /// Text.
    pub body: String,
    /// `sent`, `delivered`, `read`, `cancelled`.
    #[schema(value_type = String)]
    pub state: Value,
    /// When it entered the outbox.
    #[schema(format = DateTime)]
    pub created: String,
    /// When it reached the inbox.
    #[schema(format = DateTime)]
    pub sent: Option<String>,
}

impl MessageBody {
    pub(super) fn new(message: &Message) -> Self {
        Self {
            id: message.id.to_string(),
            policy: message.policy.to_string(),
            revision: message.revision,
            title: message.title.clone(),
            body: message.body.clone(),
            state: json(&message.state),
            created: message.created.to_string(),
            sent: message.sent.map(|sent| sent.to_string()),
        }
    }
}
