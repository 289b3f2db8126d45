//! From the judgements of single conditions to the verdict on the policy, and its reason in one sentence.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::annotation::{Condition, ConditionTree, Window};
use model::policy::Desk;
use model::verdict::ConditionVerdict;
use model::{Decimal, Enterprise, Item, LifeCycle, Op, Outcome, Record, Truth, Verdict, What};

use crate::Matcher;
use crate::condition::{Question, judge_scope};
use crate::facts::Facts;
use crate::judgement::Judgement;
use crate::tree::Tree;

/// A condition's verdict with what the whole needs to know of it.
struct Answer {
    verdict: ConditionVerdict,
    near: bool,
    /// Limited to a case the program cannot read: a no may not concern this enterprise, a yes not be enough.
    limited: bool,
}

/// The answers by item, and the tree over them.
struct Examined {
    tree: Tree,
    /// The leaves of the tree, with whether each is shown turned round.
    leaves: BTreeMap<usize, bool>,
    answers: BTreeMap<usize, Answer>,
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
        What::Award(award) => award.cap.max(award.amount_to).max(award.amount),
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
        let tree = whole_tree(record);
        let leaves = tree.leaves();
        let mut answers = BTreeMap::new();
        for (index, item) in record.annotation.items.iter().enumerate() {
            let turned = leaves.get(&index).copied();
            match &item.what {
                What::Condition(condition) => {
                    let negated = condition.negated != turned.unwrap_or(false);
                    answers.insert(index, answer(matcher, record, facts, (index, item, condition), negated));
                }
                What::ConditionText { negated } => {
                    let negated = *negated != turned.unwrap_or(false);
                    answers.insert(index, text_answer(index, item, negated));
                }
                _ => {}
            }
        }
        Self { tree, leaves, answers }
    }

    /// The truth of a leaf. One that points at no condition is for a person, as the tree is broken there.
    fn leaf(&self, item: usize, negated: bool, alternative: bool) -> Truth {
        let Some(answer) = self.answers.get(&item) else { return Truth::Review };
        // Shown one way; a tree that also uses it the other way round gets the opposite.
        let turned = self.leaves.get(&item).copied().unwrap_or(negated) != negated;
        let truth = match answer.verdict.truth {
            Truth::Met if turned => Truth::NotMet,
            Truth::NotMet if turned => Truth::Met,
            truth => truth,
        };
        if answer.limited && truth == Truth::Met && (alternative || turned) { Truth::Review } else { truth }
    }

    fn truth(&self, scope: Truth, supposed: Option<usize>) -> Truth {
        let whole = self.tree.truth(&|item, negated, alternative| {
            if supposed == Some(item) { Truth::Met } else { self.leaf(item, negated, alternative) }
        });
        crate::tree::all([scope, whole].into_iter())
    }

    fn because(&self, wanted: Truth) -> Vec<&Answer> {
        let found = self.tree.because(wanted, &|item, negated, alternative| self.leaf(item, negated, alternative));
        found.into_iter().filter_map(|item| self.answers.get(&item)).collect()
    }

    /// The condition missed by little whose fulfilment would take away the only obstacle.
    fn near_miss(&self, scope: Truth) -> Option<&Answer> {
        self.answers
            .iter()
            .filter(|(_, answer)| answer.near && answer.verdict.truth == Truth::NotMet)
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
        self.answers.values().filter(|answer| answer.verdict.truth == truth).count()
    }

    fn why_eligible(&self) -> String {
        let met = self.count(Truth::Met);
        if met == self.answers.len() {
            format!("{met}项申报条件全部满足")
        } else {
            format!("申报条件已满足（{met}项成立，其余为可选）")
        }
    }

    fn why_not(&self) -> String {
        let failed = self.because(Truth::NotMet);
        let Some(first) = failed.first() else { return "不符合申报条件".to_owned() };
        let others = failed.len() - 1;
        let more = if others == 0 { String::new() } else { format!("；另有{others}项不满足") };
        format!("{}{more}", missed(&first.verdict))
    }

    fn what_is_missing(&self, scope: &Judgement) -> String {
        let mut asks: Vec<&str> = scope.ask.iter().map(String::as_str).collect();
        for ask in self.because(Truth::Unknown).iter().filter_map(|answer| answer.verdict.ask.as_deref()) {
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
fn whole_tree(record: &Record) -> Tree {
    let annotation = &record.annotation;
    let tree = match &annotation.tree {
        Some(tree) => Tree::of(tree),
        // Conditions without a tree: all of them, so that none is passed over.
        None => Tree::of(&ConditionTree::All(annotation.conditions().map(|(index, _, _)| ConditionTree::Item(index)).collect())),
    };
    let known = tree.leaves();
    let left_out = annotation
        .items
        .iter()
        .enumerate()
        .filter(|(index, item)| matches!(item.what, What::ConditionText { .. }) && !known.contains_key(index));
    let mut branches: Vec<Tree> = left_out.map(|(item, _)| Tree::Leaf { item, negated: false }).collect();
    if branches.is_empty() {
        return tree;
    }
    branches.insert(0, tree);
    Tree::All(branches)
}

fn answer(matcher: &Matcher, record: &Record, facts: Facts<'_>, place: (usize, &Item, &Condition), negated: bool) -> Answer {
    let (index, item, condition) = place;
    let (name, need, judgement) = match matcher.indicators.get(&condition.indicator) {
        Some(indicator) => {
            let question = Question { matcher, condition, indicator, record, facts, negated };
            (indicator.name.clone(), question.need(), question.judge())
        }
        None => {
            let name = condition.indicator.strip_prefix("free:").unwrap_or(&condition.indicator).to_owned();
            let need = crate::quantity::need(condition, negated);
            (name, need, Judgement::review("指标不在词表内，需人工核对"))
        }
    };
    let limited = condition.when.is_some();
    let judgement = match (&condition.when, judgement.truth) {
        (Some(when), Truth::NotMet) => Judgement { truth: Truth::Review, near: false, gap: Some(case(when)), ..judgement },
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
    };
    Answer { verdict, near: judgement.near, limited }
}

fn case(when: &str) -> String {
    let short: String = when.chars().take(40).collect();
    format!("仅适用于“{short}”的情形，是否适用需人工核对")
}

fn text_answer(index: usize, item: &Item, negated: bool) -> Answer {
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
    };
    Answer { verdict, near: false, limited: false }
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
