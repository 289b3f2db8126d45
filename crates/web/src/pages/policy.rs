//! `/policies/{id}`: one policy with everything found in it, each finding linked to the characters that prove it.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use model::verdict::ConditionVerdict;
use model::{ConditionTree, DocumentId, EnterpriseId, Item, PolicyId, Record, Verdict, What};

use super::difference::difference_address;
use super::life::LifeView;
use super::{StateView, enterprise_address, minute, parameter, policy_address, render, web_address};
use crate::App;
use crate::backend::state_of;
use crate::findings;
use crate::marks::{self, Characters, Mark, Part};
use crate::problem::Problem;
use crate::vocabulary::desk_word;
use crate::wording;

/// Deepest nesting of conditions shown; deeper branches are shown at this depth.
const DEEPEST_TREE: usize = 12;

/// Policies like it that are shown.
const MOST_SIMILAR: usize = 5;

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyView {
    section: &'static str,
    address: String,
    title: String,
    inner_title: Option<String>,
    state: StateView,
    evidence: String,
    desk: Option<String>,
    source: Option<String>,
    facts: Vec<(&'static str, String)>,
    key_points: Vec<KeyPointView>,
    steps: Vec<Step>,
    loose: Vec<ItemView>,
    sections: Vec<SectionView>,
    references: Vec<ReferenceView>,
    tags: Vec<TagView>,
    /// With what became of each.
    attachments: Vec<(LinkView, &'static str)>,
    copies: Vec<CopyView>,
    /// Number, when it was first seen, fingerprint, and what it changed.
    revisions: Vec<(u32, String, String, Option<String>)>,
    life: LifeView,
    text: Vec<Part>,
    refused: usize,
    /// Address, title and date of policies like it.
    similar: Vec<(String, String, String)>,
    enterprise: String,
    verdict: Option<VerdictView>,
}

struct KeyPointView {
    about: String,
    quote: String,
    anchor: Option<String>,
}

/// A finding as an entry beside the text.
#[derive(Debug, Clone, Default)]
struct ItemView {
    id: String,
    number: usize,
    name: String,
    detail: String,
    /// Steps and limits of an award.
    lines: Vec<String>,
    quote: String,
    anchor: Option<String>,
    link: Option<String>,
    doubtful: bool,
    verdict: Option<ConditionView>,
}

/// The checklist in the order it is read; groups open and close.
enum Step {
    Open(String),
    Leaf(Box<ItemView>),
    Close,
}

struct SectionView {
    id: &'static str,
    title: &'static str,
    items: Vec<ItemView>,
}

struct ReferenceView {
    item: ItemView,
    relation: String,
    address: String,
}

struct TagView {
    kind: String,
    label: String,
    address: Option<String>,
    anchor: Option<String>,
    quote: String,
}

struct LinkView {
    name: String,
    address: Option<String>,
}

struct CopyView {
    link: LinkView,
    source: String,
    seen: String,
}

#[derive(Debug, Clone)]
struct ConditionView {
    word: &'static str,
    sign: &'static str,
    class: &'static str,
    has: Option<String>,
    gap: Option<String>,
    ask: Option<String>,
}

struct VerdictView {
    name: String,
    address: String,
    label: &'static str,
    class: &'static str,
    reason: String,
    deadline: Option<String>,
    amount: Option<String>,
}

/// `GET /policies/{id}`.
pub(crate) async fn page(State(app): State<App>, Path(id): Path<String>, RawQuery(raw): RawQuery) -> Result<Response, Problem> {
    let Some(record) = app.record(PolicyId(id.clone())).await? else {
        // The id of a copy leads to the policy it is a copy of; not for ever, for an editor may part them again.
        return match app.resolve(DocumentId(id.clone())).await? {
            Some(policy) if policy.as_str() != id => Ok(Redirect::temporary(&policy_address(policy.as_str())).into_response()),
            _ => Err(Problem::not_found("件政策")),
        };
    };
    let record = Arc::new(record);
    let asked = parameter(raw.as_deref(), "enterprise");
    let verdict = match &asked {
        Some(asked) => {
            let enterprise = Arc::new(app.enterprise(EnterpriseId(asked.clone())).await?);
            Some((app.verdict(record.clone(), enterprise.clone()).await?, enterprise.name.clone()))
        }
        None => None,
    };
    let on = super::life::asked_day(raw.as_deref())?;
    let life = LifeView::new(&app, &record, &app.history(record.policy.id.clone()).await?, on);
    let mut view = view(&app, &record, life, asked.unwrap_or_default(), verdict);
    let similar = app.similar(record.policy.id.clone(), MOST_SIMILAR).await?;
    view.similar = similar
        .into_iter()
        .map(|hit| (policy_address(hit.id.as_str()), hit.title, hit.date.map(|date| date.to_string()).unwrap_or_default()))
        .collect();
    render(&view)
}

fn view(app: &App, record: &Record, life: LifeView, enterprise: String, verdict: Option<(Verdict, String)>) -> PolicyView {
    let document = &record.document;
    let characters = Characters::new(&document.text);
    let reader = Reader { app, record, characters: &characters, today: app.clock.today(), verdicts: by_item(verdict.as_ref()) };
    let marks = reader.marks();
    let state = state_of(record);
    let (steps, loose) = reader.checklist();
    PolicyView {
        section: "search",
        address: policy_address(record.policy.id.as_str()),
        title: if record.policy.title.is_empty() { document.title.clone() } else { record.policy.title.clone() },
        inner_title: record.policy.inner_title.clone(),
        similar: Vec::new(),
        state: StateView::new(state),
        evidence: record.policy.state_evidence.clone(),
        desk: record.decision.as_ref().map(desk_words),
        source: record.policy.copies.iter().find_map(|copy| web_address(&copy.url)),
        facts: facts(app, record),
        key_points: reader.key_points(),
        steps,
        loose,
        sections: reader.sections(),
        references: reader.references(),
        tags: reader.tags(),
        attachments: document.attachments.iter().map(file_view).collect(),
        copies: copies(record),
        revisions: revisions(record),
        life,
        text: marks::render(document, &characters, &marks),
        refused: reader.refused(),
        enterprise,
        verdict: verdict.map(|(verdict, name)| verdict_view(&verdict, name)),
    }
}

fn by_item(verdict: Option<&(Verdict, String)>) -> HashMap<usize, ConditionVerdict> {
    verdict
        .into_iter()
        .flat_map(|(verdict, _)| &verdict.conditions)
        .map(|condition| (condition.item, condition.clone()))
        .collect()
}

fn verdict_view(verdict: &Verdict, name: String) -> VerdictView {
    VerdictView {
        name,
        address: enterprise_address(verdict.enterprise.as_str()),
        label: verdict.outcome.label(),
        class: wording::outcome_class(verdict.outcome),
        reason: verdict.reason.clone(),
        deadline: verdict.deadline.map(|date| date.to_string()),
        amount: verdict.amount_up_to.map(wording::money),
    }
}

fn desk_words(decision: &model::policy::Decision) -> String {
    let word = desk_word(decision.desk);
    if decision.reason.is_empty() { word.to_owned() } else { format!("{word}：{}", decision.reason) }
}

/// Number, issuer, place and the four dates; what is not known is said so, because a missing date matters.
fn facts(app: &App, record: &Record) -> Vec<(&'static str, String)> {
    let document = &record.document;
    let day = |date: Option<Date>| date.map_or_else(|| "未注明".to_owned(), |date| date.to_string());
    let published = document.published.map_or_else(
        || "未注明".to_owned(),
        |moment| match moment.time {
            Some(time) => format!("{} {:02}:{:02}", moment.date, time.hour(), time.minute()),
            None => moment.date.to_string(),
        },
    );
    let numbers: Vec<String> = document.numbers.iter().map(ToString::to_string).collect();
    // What the text itself says counts where the page has no field for it.
    let dates = &record.policy.course.dates;
    let told = |dated: &Option<model::life::Dated>| dated.as_ref().map(|dated| dated.date);
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let all = [
        ("发文字号", if numbers.is_empty() { "未注明".to_owned() } else { numbers.join("、") }),
        ("发文机关", document.issuers.join("、")),
        ("适用地区", app.vocabulary.label("region", &record.policy.region, &app.regions)),
        ("成文日期", day(document.issued)),
        ("发布日期", published),
        ("施行日期", day(document.effective.or(told(&dates.effective)))),
        ("失效日期", day(document.expires.or(told(&dates.expires)))),
        ("索引号", optional(&document.index_number)),
        ("来源", optional(&document.source)),
        ("主题分类", optional(&document.theme)),
        ("页面标注效力", optional(&document.validity)),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn link(name: &str, url: &str) -> LinkView {
    LinkView { name: if name.trim().is_empty() { url.to_owned() } else { name.to_owned() }, address: web_address(url) }
}

fn file_view(file: &model::Attachment) -> (LinkView, &'static str) {
    (link(&file.name, &file.url), wording::file_state(file.file.as_ref()))
}

fn copies(record: &Record) -> Vec<CopyView> {
    let copy_view = |copy: &model::policy::Copy| CopyView {
        link: link(&copy.url, &copy.url),
        source: format!("{}　{}", wording::copy_role(record.policy.role_of(&copy.document)), copy.source),
        seen: minute(copy.seen),
    };
    record.policy.copies.iter().map(copy_view).collect()
}

fn revisions(record: &Record) -> Vec<(u32, String, String, Option<String>)> {
    let fingerprint = |text: &str| text.chars().take(12).collect();
    let changes = |number: u32| (number > 1).then(|| difference_address(record.policy.id.as_str(), number - 1, number));
    let revisions = record.policy.revisions.iter().rev();
    revisions.map(|one| (one.number, minute(one.seen), fingerprint(&one.fingerprint), changes(one.number))).collect()
}

/// Reads the findings of one record.
struct Reader<'a> {
    app: &'a App,
    record: &'a Record,
    characters: &'a Characters<'a>,
    today: Date,
    verdicts: HashMap<usize, ConditionVerdict>,
}

impl Reader<'_> {
    fn items(&self) -> impl Iterator<Item = (usize, &Item)> {
        self.record.annotation.items.iter().enumerate()
    }

    /// The marks of items, key points and tags whose quote is really there.
    fn marks(&self) -> Vec<Mark> {
        let annotation = &self.record.annotation;
        let items = self.items().filter(|(_, item)| self.characters.proves(item.span, &item.quote)).map(|(index, item)| Mark {
            anchor: format!("s{index}"),
            class: class_of(&item.what),
            title: wording::item_kind(&item.what).to_owned(),
            entry: Some((format!("i{index}"), index + 1)),
            span: item.span,
        });
        let points = annotation.key_points.iter().enumerate();
        let points = points.filter(|(_, point)| self.characters.proves(point.span, &point.quote)).map(|(index, point)| Mark {
            anchor: format!("k{index}"),
            class: "key-point",
            title: "要点".to_owned(),
            entry: None,
            span: point.span,
        });
        let tags = annotation.tags.iter().enumerate().filter(|(_, tag)| tag.place == "text");
        let tags = tags.filter(|(_, tag)| self.characters.proves(tag.span, &tag.quote)).map(|(index, tag)| Mark {
            anchor: format!("t{index}"),
            class: "tag",
            title: format!("{}：{}", wording::tag_kind(&tag.kind), tag.label),
            entry: None,
            span: tag.span,
        });
        items.chain(points).chain(tags).take(marks::MOST_MARKS).collect()
    }

    /// How many findings are refused because their characters are not their quote.
    fn refused(&self) -> usize {
        let annotation = &self.record.annotation;
        let items = annotation.items.iter().filter(|item| !self.characters.proves(item.span, &item.quote)).count();
        let points = annotation.key_points.iter().filter(|point| !self.characters.proves(point.span, &point.quote)).count();
        let text_tags = annotation.tags.iter().filter(|tag| tag.place == "text");
        let refused = items + points + text_tags.filter(|tag| !self.characters.proves(tag.span, &tag.quote)).count();
        if refused > 0 {
            tracing::warn!(policy = %self.record.policy.id, refused, "findings do not agree with the text");
        }
        refused
    }

    fn item_view(&self, index: usize, item: &Item) -> ItemView {
        let (name, detail) = findings::words(item, &self.app.vocabulary, self.today);
        let link = match &item.what {
            What::Entry { url: Some(url), .. } => web_address(url),
            _ => None,
        };
        ItemView {
            id: format!("i{index}"),
            number: index + 1,
            name,
            detail,
            lines: match &item.what {
                What::Award(award) => findings::award_lines(award),
                _ => Vec::new(),
            },
            quote: item.quote.clone(),
            anchor: self.characters.proves(item.span, &item.quote).then(|| format!("s{index}")),
            link,
            doubtful: item.confidence < 0.6,
            verdict: self.verdicts.get(&index).map(condition_view),
        }
    }

    /// The condition tree as steps, and the conditions outside it.
    fn checklist(&self) -> (Vec<Step>, Vec<ItemView>) {
        let mut steps = Vec::new();
        let mut placed = vec![false; self.record.annotation.items.len()];
        if let Some(tree) = &self.record.annotation.tree {
            self.walk(tree, 0, &mut steps, &mut placed);
        }
        let is_condition = |item: &Item| matches!(item.what, What::Condition(_) | What::ConditionText { .. });
        let loose = self.items().filter(|(index, item)| is_condition(item) && !placed[*index]);
        let loose = loose.map(|(index, item)| self.item_view(index, item)).collect();
        (steps, loose)
    }

    fn walk(&self, tree: &ConditionTree, depth: usize, steps: &mut Vec<Step>, placed: &mut [bool]) {
        let (label, branches): (String, &[ConditionTree]) = match tree {
            ConditionTree::Item(index) => {
                let Some(item) = self.record.annotation.items.get(*index) else { return };
                if !std::mem::replace(&mut placed[*index], true) {
                    steps.push(Step::Leaf(Box::new(self.item_view(*index, item))));
                }
                return;
            }
            // A group of one is no group.
            ConditionTree::All(branches) | ConditionTree::Any(branches) if branches.len() == 1 && depth < DEEPEST_TREE => {
                return self.walk(&branches[0], depth + 1, steps, placed);
            }
            ConditionTree::All(branches) => ("须同时满足".to_owned(), branches),
            ConditionTree::Any(branches) => ("满足其一即可".to_owned(), branches),
            ConditionTree::Not(branch) => ("不得有下列情形".to_owned(), std::slice::from_ref(branch.as_ref())),
            ConditionTree::When { case, then } => {
                let label = format!("仅限：{}", wording::case(case, &self.app.vocabulary));
                (label, std::slice::from_ref(then.as_ref()))
            }
        };
        // A tree nested past all reason is cut off; its conditions are then listed outside it.
        if depth >= DEEPEST_TREE {
            return;
        }
        let before = steps.len();
        steps.push(Step::Open(label));
        for branch in branches {
            self.walk(branch, depth + 1, steps, placed);
        }
        if steps.len() == before + 1 {
            steps.truncate(before);
        } else {
            steps.push(Step::Close);
        }
    }

    fn sections(&self) -> Vec<SectionView> {
        let section = |id: &'static str, title: &'static str, wanted: fn(&What) -> bool| SectionView {
            id,
            title,
            items: self.items().filter(|(_, item)| wanted(&item.what)).map(|(index, item)| self.item_view(index, item)).collect(),
        };
        let all = [
            section("awards", "支持标准", |what| {
                matches!(what, What::Award(_) | What::Quota { .. } | What::MutualExclusion {} | What::Priority {})
            }),
            section("windows", "申报时间与批次", |what| matches!(what, What::Window(_) | What::Batch { .. })),
            section("materials", "申报材料", |what| matches!(what, What::Material { .. })),
            section("entries", "申报入口与收费", |what| matches!(what, What::Entry { .. } | What::Fee { .. })),
            section("contacts", "部门与联系方式", |what| matches!(what, What::Department { .. } | What::Contact { .. })),
            section("validity", "有效期与效力变动", |what| {
                matches!(what, What::Validity { .. } | What::StateChange { .. })
            }),
            section("parameters", "政府公布的参数", |what| matches!(what, What::Parameter { .. })),
        ];
        all.into_iter().filter(|section| !section.items.is_empty()).collect()
    }

    fn references(&self) -> Vec<ReferenceView> {
        let reference_view = |(index, item): (usize, &Item)| {
            let What::Reference { title, relation, .. } = &item.what else { return None };
            // The number as the text writes it is what the search box reads best.
            let number = model::DocNumber::parse(&item.quote).map(|number| number.to_string());
            let words =
                number.or_else(|| title.as_ref().map(|title| format!("\"{title}\""))).unwrap_or_else(|| item.quote.clone());
            let asked = crate::params::Asked { question: words.chars().take(200).collect(), ..Default::default() };
            Some(ReferenceView {
                item: self.item_view(index, item),
                relation: wording::relation(relation).to_owned(),
                address: asked.address(),
            })
        };
        self.items().filter_map(reference_view).collect()
    }

    fn key_points(&self) -> Vec<KeyPointView> {
        let points = self.record.annotation.key_points.iter().enumerate();
        points
            .map(|(index, point)| KeyPointView {
                about: wording::about(&point.about).to_owned(),
                quote: point.quote.clone(),
                anchor: self.characters.proves(point.span, &point.quote).then(|| format!("k{index}")),
            })
            .collect()
    }

    fn tags(&self) -> Vec<TagView> {
        let tags = self.record.annotation.tags.iter().enumerate();
        let asked = crate::params::Asked::default();
        tags.map(|(index, tag)| TagView {
            kind: wording::tag_kind(&tag.kind).to_owned(),
            label: if tag.label.is_empty() { tag.value.clone() } else { tag.label.clone() },
            address: crate::params::FACETS.contains(&tag.kind.as_str()).then(|| asked.toggled(&tag.kind, &tag.value)),
            anchor: (tag.place == "text" && self.characters.proves(tag.span, &tag.quote)).then(|| format!("t{index}")),
            quote: tag.quote.clone(),
        })
        .collect()
    }
}

fn condition_view(verdict: &ConditionVerdict) -> ConditionView {
    let (word, sign, class) = wording::verdict(verdict);
    // Nothing is asked of those who are not of its case.
    if !verdict.applies() {
        return ConditionView { word, sign, class, has: None, gap: None, ask: None };
    }
    let asks = [verdict.case.as_ref().and_then(|case| case.ask.clone()), verdict.ask.clone()];
    let asks: Vec<String> = asks.into_iter().flatten().collect();
    let ask = (!asks.is_empty()).then(|| asks.join("；"));
    ConditionView { word, sign, class, has: verdict.has.clone(), gap: verdict.gap.clone(), ask }
}

/// The class of an item's mark: groups of types that share a colour and an underline.
const fn class_of(what: &What) -> &'static str {
    match what {
        What::Condition(_) | What::ConditionText { .. } => "condition",
        What::Award(_) | What::Quota { .. } | What::Priority {} | What::MutualExclusion {} => "award",
        What::Window(_) | What::Validity { .. } | What::StateChange { .. } => "window",
        What::Material { .. }
        | What::Entry { .. }
        | What::Department { .. }
        | What::Contact { .. }
        | What::Batch { .. }
        | What::Fee { .. }
        | What::Parameter { .. } => "material",
        What::Reference { .. } => "reference",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::world;
    use model::Span;

    fn shown(change: impl Fn(&mut Record)) -> String {
        let world = world();
        let mut record = world.app.store.record(&"p1".into()).unwrap().unwrap();
        change(&mut record);
        let life = LifeView::new(&world.app, &record, &crate::history::History::default(), None);
        view(&world.app, &record, life, String::new(), None).render().unwrap()
    }

    #[test]
    fn a_finding_whose_words_are_not_there_is_listed_but_not_shown_in_the_text() {
        let page = shown(|record| {
            record.annotation.items[2].span = Span::new(0, 4);
            record.annotation.key_points[0].span = Span::new(900, 901);
        });
        assert!(page.contains("有 2 处标注与正文不一致"), "{page}");
        assert!(page.contains("id=\"i2\"") && !page.contains("id=\"s2\"") && !page.contains("href=\"#s2\""));
        assert!(!page.contains("id=\"k0\"") && !page.contains("href=\"#k0\""));
    }

    #[test]
    fn trees_that_refer_to_nothing_or_nest_without_end_lose_no_condition() {
        let page = shown(|record| {
            let mut deep = ConditionTree::Not(Box::new(ConditionTree::Item(0)));
            for _ in 0..200 {
                deep = ConditionTree::All(vec![deep, ConditionTree::Item(99)]);
            }
            record.annotation.tree = Some(ConditionTree::Any(vec![ConditionTree::Item(1), ConditionTree::Item(1), deep]));
        });
        assert_eq!(page.matches("id=\"i0\"").count(), 1, "cut off with its branch, it is listed outside the tree");
        assert_eq!(page.matches("id=\"i1\"").count(), 1);
        assert!(page.contains("其他要求") && page.contains("满足其一即可"));
    }

    #[test]
    fn groups_of_one_are_not_shown_as_groups() {
        let page = shown(|record| {
            let one = ConditionTree::Any(vec![ConditionTree::Item(0)]);
            record.annotation.tree = Some(ConditionTree::All(vec![one, ConditionTree::Item(1)]));
        });
        assert!(page.contains("须同时满足") && !page.contains("满足其一即可"));
    }

    #[test]
    fn an_editors_state_wins_and_the_decision_is_shown() {
        let page = shown(|record| {
            record.decision = Some(model::policy::Decision {
                desk: model::policy::Desk::Withdrawn,
                editor: "editor".to_owned(),
                reason: "重复收录".to_owned(),
                tags: Vec::new(),
                state: Some(model::LifeCycle::Expired),
                state_since: None,
                at: jiff::Timestamp::UNIX_EPOCH,
            });
        });
        assert!(page.contains("已过有效期") && page.contains("已撤回：重复收录"));
    }
}
