//! 效力沿革 on the page of a policy: its four dates, its states with why, its state on any day, and what others say of it.

use jiff::civil::Date;
use model::life::{Dated, Place, Proof};
use model::{Link, Record, Standing};

use super::{StateView, parameter, policy_address};
use crate::App;
use crate::history::{Ended, History};
use crate::problem::Problem;

/// What the template shows.
pub(crate) struct LifeView {
    pub(crate) dates: Vec<(&'static str, String, ProofView)>,
    pub(crate) steps: Vec<StepView>,
    /// Why it may have ended today.
    pub(crate) doubt: Option<String>,
    /// The day asked for, with its state.
    pub(crate) asked: Option<(String, StepView, Option<String>)>,
    pub(crate) says: Vec<LinkView>,
    pub(crate) said_of_it: Vec<LinkView>,
}

pub(crate) struct StepView {
    pub(crate) state: StateView,
    pub(crate) since: String,
    pub(crate) proof: Option<ProofView>,
}

pub(crate) struct ProofView {
    pub(crate) words: String,
    /// Where the words stand.
    pub(crate) place: &'static str,
    /// The policy that says so.
    pub(crate) other: Option<(String, String)>,
}

pub(crate) struct LinkView {
    pub(crate) relation: &'static str,
    pub(crate) since: String,
    pub(crate) name: String,
    pub(crate) ends: Vec<(String, String)>,
    pub(crate) quote: String,
}

/// The day asked for in the address.
pub(crate) fn asked_day(raw: Option<&str>) -> Result<Option<Date>, Problem> {
    parameter(raw, "on").map(|text| day(&text)).transpose()
}

/// A day as addresses give it.
pub(crate) fn day(text: &str) -> Result<Date, Problem> {
    text.parse().map_err(|_| Problem::bad_request("参数 `on` 应为日期，例如 2024-05-01"))
}

impl LifeView {
    pub(crate) fn new(app: &App, record: &Record, history: &History, on: Option<Date>) -> Self {
        let course = &record.policy.course;
        let dates = [
            ("成文日期", &course.dates.issued),
            ("发布日期", &course.dates.published),
            ("施行日期", &course.dates.effective),
            ("失效日期", &course.dates.expires),
        ];
        let shown = |(name, dated): (&'static str, &Option<Dated>)| {
            dated.as_ref().map(|dated| (name, dated.date.to_string(), ProofView::new(&dated.proof)))
        };
        let step = |step: &model::life::Step| StepView {
            state: StateView::new(step.state),
            since: step.since.map_or_else(|| format!("不晚于 {}", step.noted), |day| day.to_string()),
            proof: Some(ProofView::new(&step.proof)),
        };
        Self {
            dates: dates.into_iter().filter_map(shown).collect(),
            steps: course.steps.iter().map(step).collect(),
            doubt: record.standing(app.clock.today()).may_have_expired,
            asked: on.map(|day| {
                let standing = record.standing(day);
                let doubt = standing.may_have_expired.clone();
                (day.to_string(), StepView::of(standing), doubt)
            }),
            says: history.says.iter().map(LinkView::said).collect(),
            said_of_it: history.said_of_it.iter().map(LinkView::said_back).collect(),
        }
    }

    /// Whether there is anything to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.dates.is_empty()
            && self.steps.is_empty()
            && self.says.is_empty()
            && self.said_of_it.is_empty()
            && self.asked.is_none()
    }
}

impl StepView {
    fn of(standing: Standing) -> Self {
        let since = standing.since.map(|day| format!("自 {day}")).unwrap_or_default();
        Self { state: StateView::new(standing.state), since, proof: standing.proof.as_ref().map(ProofView::new) }
    }
}

impl ProofView {
    fn new(proof: &Proof) -> Self {
        let place = match proof.place {
            Place::Text => "正文",
            Place::Title => "标题",
            Place::Page => "页面",
            Place::Rule => "规则",
            Place::Editor => "编辑",
        };
        let other = proof.policy.as_ref().map(|policy| {
            let title = if proof.title.is_empty() { policy.to_string() } else { proof.title.clone() };
            (title, policy_address(policy.as_str()))
        });
        let words = if proof.place == Place::Page { field_words(&proof.quote) } else { proof.quote.clone() };
        Self { words, place, other }
    }
}

/// A date of a field with the place it was read from, in Chinese: `2024-05-01（信息表）`.
fn field_words(quote: &str) -> String {
    let Some((date, place)) = quote.strip_suffix('）').and_then(|quote| quote.split_once('（')) else {
        return quote.to_owned();
    };
    let word = match place {
        "label_table" => "信息表",
        "meta" => "页面元数据",
        "header" => "页首",
        "body" => "正文",
        "url" => "网址",
        "import" => "导入",
        "list" => "列表页",
        _ => return date.to_owned(),
    };
    format!("{date}（{word}）")
}

impl LinkView {
    fn said((link, ends): &Ended) -> Self {
        let number = link.to.number.as_deref().map(|key| key.replace('|', "-"));
        let name = link.to.title.clone().map(|title| format!("《{title}》")).or(number).unwrap_or_default();
        let ends = ends.iter().map(|(id, title)| (title.clone(), policy_address(id.as_str()))).collect();
        Self { relation: link.relation.label(), since: since(link), name, ends, quote: link.quote.clone() }
    }

    fn said_back(link: &Link) -> Self {
        let ends = vec![(link.from_title.clone(), policy_address(link.from.as_str()))];
        Self { relation: link.relation.label_back(), since: since(link), name: String::new(), ends, quote: link.quote.clone() }
    }
}

fn since(link: &Link) -> String {
    let since = link.since.map(|day| format!("自 {day}"));
    let until = link.until.map(|day| format!("至 {day}"));
    since.into_iter().chain(until).collect::<Vec<_>>().join(" ")
}
