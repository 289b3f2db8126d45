//! From the judgements of single conditions to the verdict on the policy, and its reason in one sentence.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use model::annotation::{Case, Condition, ConditionTree, Window};
use model::policy::Desk;
use model::verdict::{CaseVerdict, ConditionVerdict};
use model::{Decimal, Enterprise, Item, LifeCycle, Op, Outcome, Record, Truth, Verdict, What};

use crate::Matcher;
use crate::condition::{Question, judge_scope};
use crate::facts::Facts;
use crate::judgement::Judgement;
use crate::tree::{Leaf, Planted, Tree};

/// A condition's verdict with what the whole needs to know of it.
struct Answer {
    verdict: ConditionVerdict,
    near: bool,
    /// Limited to a case the program cannot read: a no may not concern this enterprise, a yes not be enough.
    limited: bool,
    /// 原则上: a no is for a person to weigh.
    soft: bool,
}

/// The answers by item, and the tree over them.
struct Examined {
    tree: Tree,
    /// The leaves of the tree, with whether each is shown turned round.
    leaves: BTreeMap<usize, bool>,
    answers: BTreeMap<usize, Answer>,
    cases: Vec<CaseVerdict>,
}

pub(crate) fn verdict(matcher: &Matcher, record: &Record, enterprise: &Enterprise, on: Date) -> Verdict {
    let facts = Facts::new(enterprise, on);
    let examined = Examined::new(matcher, record, facts);
    let scope = if asks_for_place(record) { Judgement::of(Truth::Met) } else { judge_scope(&matcher.places, record, enterprise) };
    let (outcome, reason) = match closed(record, on) {
        Some(reason) => (Outcome::Closed, reason),
        None => examined.conclude(&scope, matcher, record),
    };
    Verdict {
        policy: record.policy.id.clone(),
        title: record.policy.title.clone(),
        enterprise: enterprise.id.clone(),
        outcome,
        reason: with_start(reason, record, outcome, on),
        conditions: examined.answers.into_values().map(|answer| answer.verdict).collect(),
        deadline: open_windows(record, on).filter_map(|window| window.end).max(),
        amount_up_to: amount_up_to(record),
    }
}

/// How far a verdict is from a yes: met conditions less those that are not.
pub(crate) fn prospects(verdict: &Verdict) -> i64 {
    verdict
        .conditions
        .iter()
        .filter(|condition| condition.applies())
        .map(|condition| match condition.truth {
            Truth::Met => 2,
            Truth::Review => 0,
            Truth::Unknown => -1,
            Truth::NotMet => -2,
        })
        .sum()
}

/// Why nobody can apply: the policy's state, the editor's decision, its last day or the end of its windows.
fn closed(record: &Record, on: Date) -> Option<String> {
    let decided = record.decision.as_ref();
    let state = decided.and_then(|decision| decision.state).unwrap_or(record.policy.state);
    if !state.may_be_pushed() {
        return Some(match state {
            LifeCycle::Unknown => "政策效力待确认，暂不能作为申报依据".to_owned(),
            state => format!("政策状态为“{}”，不能申报", state.label()),
        });
    }
    if decided.is_some_and(|decision| matches!(decision.desk, Desk::Excluded | Desk::Withdrawn)) {
        return Some("政策已被撤回或排除，不能申报".to_owned());
    }
    if let Some(last) = record.document.expires.filter(|last| *last < on) {
        return Some(format!("政策已于{last}失效"));
    }
    let mut ends = record.annotation.windows().map(|window| window.end);
    let first = ends.next()?;
    let last = ends.try_fold(first?, |last, end| Some(last.max(end?)))?;
    (last < on).then(|| format!("申报已于{last}截止"))
}

fn open_windows(record: &Record, on: Date) -> impl Iterator<Item = &Window> {
    record.annotation.windows().filter(move |window| window.end.is_none_or(|end| end >= on))
}

/// Says when applying starts, where that is still ahead.
fn with_start(reason: String, record: &Record, outcome: Outcome, on: Date) -> String {
    let starts: Option<Vec<Date>> = open_windows(record, on).map(|window| window.start.filter(|start| *start > on)).collect();
    match starts.and_then(|starts| starts.into_iter().min()) {
        Some(start) if matches!(outcome, Outcome::Eligible | Outcome::Likely | Outcome::NearMiss) => {
            format!("{reason}（{start}起申报）")
        }
        _ => reason,
    }
}

fn amount_up_to(record: &Record) -> Option<Decimal> {
    let awards = record.annotation.items.iter().filter_map(|item| match &item.what {
        What::Award(award) => {
            let steps = award.tiers.iter().map(|tier| tier.cap.max(tier.amount));
            steps.fold(award.cap.max(award.amount_to).max(award.amount), Option::max)
        }
        _ => None,
    });
    awards.filter(|amount| *amount > Decimal::ZERO).max()
}

/// Whether a condition of the policy itself speaks of the place.
fn asks_for_place(record: &Record) -> bool {
    record
        .annotation
        .conditions()
        .any(|(_, _, condition)| condition.indicator == "reg.place" && !condition.negated && condition.op == Op::In)
}

impl Examined {
    fn new(matcher: &Matcher, record: &Record, facts: Facts<'_>) -> Self {
        let annotation = &record.annotation;
        let whole = match &annotation.tree {
            Some(tree) => Cow::Borrowed(tree),
            // Conditions without a tree: all of them, so that none is passed over.
            None => {
                Cow::Owned(ConditionTree::All(annotation.conditions().map(|(index, _, _)| ConditionTree::Item(index)).collect()))
            }
        };
        let planted = Planted::of(&whole);
        let cases: Vec<CaseVerdict> = planted.cases.iter().map(|case| judge_case(matcher, record, facts, case)).collect();
        let tree = with_texts(planted.tree, record);
        let leaves = tree.items();
        let mut answers = BTreeMap::new();
        for (index, item) in annotation.items.iter().enumerate() {
            let turned = leaves.get(&index).copied().unwrap_or(false);
            let case = planted.case_of.get(&index).and_then(|case| cases.get(*case));
            let found = match &item.what {
                What::Condition(condition) => {
                    answer(matcher, record, facts, (index, item, condition), (condition.negated != turned, case))
                }
                What::ConditionText { negated } => text_answer(index, item, *negated != turned, case),
                _ => continue,
            };
            answers.insert(index, found);
        }
        Self { tree, leaves, answers, cases }
    }

    /// The truth of a leaf. One that points at no condition is for a person, as the tree is broken there.
    fn leaf(&self, leaf: Leaf, alternative: bool) -> Truth {
        let turn = |truth: Truth| match truth {
            Truth::Met => Truth::NotMet,
            Truth::NotMet => Truth::Met,
            truth => truth,
        };
        let (item, negated) = match leaf {
            Leaf::Item { item, negated } => (item, negated),
            Leaf::Case { case, negated } => {
                let truth = self.cases.get(case).map_or(Truth::Review, |case| case.truth);
                return if negated { turn(truth) } else { truth };
            }
        };
        let Some(answer) = self.answers.get(&item) else { return Truth::Review };
        // Shown one way; a tree that also uses it the other way round gets the opposite.
        let turned = self.leaves.get(&item).copied().unwrap_or(negated) != negated;
        let truth = if turned { turn(answer.verdict.truth) } else { answer.verdict.truth };
        let doubtful = answer.limited && truth == Truth::Met && (alternative || turned);
        if doubtful || (answer.soft && truth == Truth::NotMet) { Truth::Review } else { truth }
    }

    fn truth(&self, scope: Truth, supposed: Option<usize>) -> Truth {
        let whole = self.tree.truth(&|leaf, alternative| match leaf {
            Leaf::Item { item, .. } if supposed == Some(item) => Truth::Met,
            leaf => self.leaf(leaf, alternative),
        });
        crate::tree::all([scope, whole].into_iter())
    }

    fn because(&self, wanted: Truth) -> Vec<Leaf> {
        self.tree.because(wanted, &|leaf, alternative| self.leaf(leaf, alternative))
    }

    /// What to ask for, cases among it.
    fn asks(&self) -> impl Iterator<Item = &str> {
        self.because(Truth::Unknown).into_iter().filter_map(|leaf| match leaf {
            Leaf::Item { item, .. } => self.answers.get(&item)?.verdict.ask.as_deref(),
            Leaf::Case { case, .. } => self.cases.get(case)?.ask.as_deref(),
        })
    }

    /// The conditions because of which the answer is no.
    fn failed(&self) -> Vec<&Answer> {
        let items = self.because(Truth::NotMet).into_iter().filter_map(|leaf| match leaf {
            Leaf::Item { item, .. } => Some(item),
            Leaf::Case { .. } => None,
        });
        items.filter_map(|item| self.answers.get(&item)).collect()
    }

    /// The condition missed by little whose fulfilment would take away the only obstacle.
    fn near_miss(&self, scope: Truth) -> Option<&Answer> {
        self.answers
            .iter()
            .filter(|(_, answer)| answer.near && answer.verdict.truth == Truth::NotMet && answer.verdict.applies())
            .find(|(item, _)| self.truth(scope, Some(**item)) != Truth::NotMet)
            .map(|(_, answer)| answer)
    }

    fn conclude(&self, scope: &Judgement, matcher: &Matcher, record: &Record) -> (Outcome, String) {
        let place = matcher.places.shown(&[record.policy.region.as_str()]);
        match self.truth(scope.truth, None) {
            Truth::NotMet if scope.truth == Truth::NotMet => {
                let has = scope.has.as_deref().unwrap_or("其他地区");
                let why = scope.gap.clone().unwrap_or_else(|| format!("政策适用于{place}"));
                (Outcome::NotEligible, format!("{why}，企业位于{has}"))
            }
            Truth::NotMet => match self.near_miss(scope.truth) {
                Some(answer) => (Outcome::NearMiss, format!("仅{}", missed(&answer.verdict))),
                None => (Outcome::NotEligible, self.why_not()),
            },
            Truth::Unknown => (Outcome::Unknown, self.what_is_missing(scope)),
            _ if self.leaves.is_empty() => (Outcome::Likely, "未解析到申报条件，请对照原文判断".to_owned()),
            Truth::Review => (Outcome::Likely, self.what_to_review(scope)),
            Truth::Met => (Outcome::Eligible, self.why_eligible()),
        }
    }

    fn count(&self, truth: Truth) -> usize {
        self.concerning().filter(|answer| answer.verdict.truth == truth).count()
    }

    /// Answers to what is asked of this enterprise.
    fn concerning(&self) -> impl Iterator<Item = &Answer> {
        self.answers.values().filter(|answer| answer.verdict.applies())
    }

    fn why_eligible(&self) -> String {
        let met = self.count(Truth::Met);
        if met == 0 {
            "申报条件所限的情形与本企业无关".to_owned()
        } else if met == self.concerning().count() {
            format!("{met}项申报条件全部满足")
        } else {
            format!("申报条件已满足（{met}项成立，其余为可选）")
        }
    }

    fn why_not(&self) -> String {
        let failed = self.failed();
        let Some(first) = failed.first() else { return "不符合申报条件".to_owned() };
        let others = failed.len() - 1;
        let more = if others == 0 { String::new() } else { format!("；另有{others}项不满足") };
        format!("{}{more}", missed(&first.verdict))
    }

    fn what_is_missing(&self, scope: &Judgement) -> String {
        let mut asks: Vec<&str> = scope.ask.iter().map(String::as_str).collect();
        for ask in self.asks() {
            if !asks.contains(&ask) {
                asks.push(ask);
            }
        }
        let shown: Vec<&str> = asks.iter().take(3).copied().collect();
        let more = if asks.len() > shown.len() { format!("等{}项资料", asks.len()) } else { String::new() };
        format!("尚不能判断：{}{more}", shown.join("；"))
    }

    fn what_to_review(&self, scope: &Judgement) -> String {
        let met = self.count(Truth::Met);
        let open = self.because(Truth::Review).len() + usize::from(scope.truth == Truth::Review);
        match met {
            0 => format!("没有发现不符合的条件，{open}项需人工判断"),
            _ => format!("已核对的{met}项条件满足，{open}项需人工判断"),
        }
    }
}

/// The policy's tree, with the requirements only a person can check where the tree leaves them out.
fn with_texts(tree: Tree, record: &Record) -> Tree {
    let known = tree.items();
    let items = record.annotation.items.iter().enumerate();
    let left_out = items.filter(|(index, item)| matches!(item.what, What::ConditionText { .. }) && !known.contains_key(index));
    let mut branches: Vec<Tree> = left_out.map(|(item, _)| Tree::Leaf(Leaf::Item { item, negated: false })).collect();
    if branches.is_empty() {
        return tree;
    }
    branches.insert(0, tree);
    Tree::All(branches)
}

/// Whether the enterprise is of a case: all its tests must hold; without tests only a person can say.
fn judge_case(matcher: &Matcher, record: &Record, facts: Facts<'_>, case: &Case) -> CaseVerdict {
    let judged: Vec<Judgement> = case.tests.iter().map(|test| judge(matcher, record, facts, test, test.negated).2).collect();
    let truth = match judged.is_empty() {
        true => Truth::Review,
        false => crate::tree::all(judged.iter().map(|judgement| judgement.truth)),
    };
    let asks: Vec<String> = judged.into_iter().filter_map(|judgement| judgement.ask).collect();
    let ask = (truth == Truth::Unknown && !asks.is_empty()).then(|| asks.join("；"));
    CaseVerdict { quote: case.quote.clone(), span: case.span, truth, ask }
}

/// Name, need and judgement of a condition that must hold, or must not where `negated`.
fn judge(
    matcher: &Matcher,
    record: &Record,
    facts: Facts<'_>,
    condition: &Condition,
    negated: bool,
) -> (String, String, Judgement) {
    match matcher.indicator(condition) {
        Some(indicator) => {
            let question = Question { matcher, condition, indicator: &indicator, record, facts, negated };
            (indicator.name.clone(), question.need(), question.judge())
        }
        None => {
            let need = crate::quantity::need(condition, negated);
            (condition.indicator.clone(), need, Judgement::review("指标不在词表内，需人工核对"))
        }
    }
}

fn answer(
    matcher: &Matcher,
    record: &Record,
    facts: Facts<'_>,
    (index, item, condition): (usize, &Item, &Condition),
    (negated, of_case): (bool, Option<&CaseVerdict>),
) -> Answer {
    let (name, need, judgement) = judge(matcher, record, facts, condition, negated);
    // A case the tree itself knows is judged there.
    let limit = condition.when.as_deref().filter(|_| of_case.is_none());
    let soft = condition.strength.is_some();
    let judgement = match (limit, judgement.truth) {
        (Some(when), Truth::NotMet) => Judgement { truth: Truth::Review, near: false, gap: Some(case(when)), ..judgement },
        (None, Truth::NotMet) if soft => {
            let gap = judgement.gap.map_or_else(String::new, |gap| format!("{gap}，"));
            let gap = Some(format!("{gap}原文为“{}”的要求，需人工判断", strength(condition)));
            Judgement { truth: Truth::Review, near: false, gap, ..judgement }
        }
        _ => judgement,
    };
    let verdict = ConditionVerdict {
        item: index,
        indicator: condition.indicator.clone(),
        name,
        truth: judgement.truth,
        need,
        has: judgement.has,
        gap: judgement.gap,
        ask: judgement.ask,
        quote: item.quote.clone(),
        span: item.span,
        case: of_case.cloned(),
    };
    Answer { verdict, near: judgement.near, limited: limit.is_some(), soft }
}

fn strength(condition: &Condition) -> &'static str {
    if condition.strength.as_deref() == Some("advice") { "建议" } else { "原则上" }
}

fn case(when: &str) -> String {
    let short: String = when.chars().take(40).collect();
    format!("仅适用于“{short}”的情形，是否适用需人工核对")
}

fn text_answer(index: usize, item: &Item, negated: bool, case: Option<&CaseVerdict>) -> Answer {
    let verdict = ConditionVerdict {
        item: index,
        indicator: item.what.name().to_owned(),
        name: "其他条件".to_owned(),
        truth: Truth::Review,
        need: if negated { "不得有原文所述情形" } else { "见原文" }.to_owned(),
        has: None,
        gap: Some("需人工核对".to_owned()),
        ask: None,
        quote: item.quote.clone(),
        span: item.span,
        case: case.cloned(),
    };
    Answer { verdict, near: false, limited: false, soft: false }
}

/// `“研发费用占比”不满足：需≥ 3%，现有2.4%（2025年），差0.6个百分点`.
fn missed(condition: &ConditionVerdict) -> String {
    let mut text = format!("“{}”不满足：需{}", condition.name, condition.need);
    if let Some(has) = &condition.has {
        text.push_str(&format!("，现为{has}"));
    }
    if let Some(gap) = &condition.gap {
        text.push_str(&format!("，{gap}"));
    }
    text
}
