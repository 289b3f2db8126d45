//! The condition tree: how the conditions of a text combine, and the name of the group each belongs to.
//!
//! Clauses of a sentence must all hold; 或 joins its neighbours; `符合下列条件之一` makes its entries alternatives; what
//! stands with an award holds for that award, so several awards are alternatives; all other requirements hold for all.

use std::collections::BTreeMap;

use model::{Condition, ConditionTree, Item, What};

use crate::page::Page;

/// A condition with its place, as the tree sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf {
    /// Index into the items.
    pub(crate) item: usize,
    pub(crate) sentence: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Builds the tree and names the groups of the conditions.
pub(crate) fn build(page: &Page<'_>, leaves: &[Leaf], items: &mut [Item], awarded: &[usize]) -> Option<ConditionTree> {
    let mut general: Vec<ConditionTree> = Vec::new();
    let mut schemes: Vec<ConditionTree> = Vec::new();
    let mut lists: BTreeMap<usize, Vec<ConditionTree>> = BTreeMap::new();
    let mut grouper = Grouper { alternatives: 0 };
    let mut at = 0;
    while at < leaves.len() {
        let sentence = leaves[at].sentence;
        let to = leaves[at..].iter().position(|leaf| leaf.sentence != sentence).map_or(leaves.len(), |length| at + length);
        let line = page.line(sentence);
        let refused = line.is_some_and(|line| line.refused) || page.is_refused(sentence, leaves[at].start);
        let branch = grouper.sentence(page, &leaves[at..to], items, refused);
        match line.and_then(|line| line.any) {
            Some(list) => lists.entry(list).or_default().push(branch),
            None if awarded.binary_search(&sentence).is_ok() => schemes.push(branch),
            None => general.push(branch),
        }
        at = to;
    }
    for (_, branches) in lists {
        if branches.len() > 1 {
            grouper.alternatives += 1;
            let name = format!("any{}", grouper.alternatives);
            branches.iter().for_each(|branch| name_group(branch, items, &name));
        }
        general.push(one_or(branches, ConditionTree::Any));
    }
    if schemes.len() > 1 {
        for (index, scheme) in schemes.iter().enumerate() {
            name_group(scheme, items, &format!("tier{}", index + 1));
        }
    }
    if !schemes.is_empty() {
        general.push(one_or(schemes, ConditionTree::Any));
    }
    (!general.is_empty()).then(|| flat(general))
}

/// How branches become one.
type Join = fn(Vec<ConditionTree>) -> ConditionTree;

fn one_or(mut branches: Vec<ConditionTree>, join: Join) -> ConditionTree {
    if branches.len() == 1 { branches.remove(0) } else { join(branches) }
}

/// All branches, with nested conjunctions lifted.
fn flat(branches: Vec<ConditionTree>) -> ConditionTree {
    let mut lifted = Vec::new();
    for branch in branches {
        match branch {
            ConditionTree::All(inner) => lifted.extend(inner),
            other => lifted.push(other),
        }
    }
    one_or(lifted, ConditionTree::All)
}

/// Names the group of every plain condition of a branch.
fn name_group(tree: &ConditionTree, items: &mut [Item], name: &str) {
    match tree {
        ConditionTree::All(branches) | ConditionTree::Any(branches) => {
            branches.iter().for_each(|branch| name_group(branch, items, name))
        }
        ConditionTree::Not(branch) | ConditionTree::When { then: branch, .. } => name_group(branch, items, name),
        ConditionTree::Item(index) => {
            if let Some(condition) = condition_of(items, *index)
                && condition.group == "all"
            {
                name.clone_into(&mut condition.group);
            }
        }
    }
}

fn condition_of(items: &mut [Item], index: usize) -> Option<&mut Condition> {
    match &mut items.get_mut(index)?.what {
        What::Condition(condition) => Some(condition),
        _ => None,
    }
}

struct Grouper {
    alternatives: usize,
}

/// How a condition is joined to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// Both, across a comma.
    Far,
    /// Both, within a clause or by 且 and 并.
    Near,
    /// Either, within a clause.
    NearOr,
    /// Either, with 或 behind a comma.
    FarOr,
}

impl Grouper {
    /// The branch of one sentence.
    fn sentence(&mut self, page: &Page<'_>, leaves: &[Leaf], items: &mut [Item], refused: bool) -> ConditionTree {
        let joints: Vec<Joint> = leaves.windows(2).map(|pair| joint(page, pair[0], pair[1], items, refused)).collect();
        // Runs joined by any 或; within a run, parts between the 或.
        let mut runs: Vec<Vec<Vec<usize>>> = Vec::new();
        for (index, leaf) in leaves.iter().enumerate() {
            let link = index.checked_sub(1).map(|before| joints[before]);
            match link {
                Some(Joint::NearOr | Joint::FarOr) => push_part(&mut runs, leaf.item),
                Some(Joint::Near) => push_same(&mut runs, leaf.item),
                // 或A，但B: what follows an alternative with 但 belongs to it.
                Some(Joint::Far) | None => runs.push(vec![vec![leaf.item]]),
            }
        }
        let branches: Vec<ConditionTree> = runs.into_iter().map(|run| self.run(run, items, refused)).collect();
        flat(branches)
    }

    fn run(&mut self, parts: Vec<Vec<usize>>, items: &mut [Item], refused: bool) -> ConditionTree {
        let several = parts.len() > 1;
        let negated =
            refused || parts.iter().flatten().all(|item| condition_of(items, *item).is_some_and(|condition| condition.negated));
        // 未被列入甲或乙 denies both; 甲且乙 refused denies one of them.
        let (outer, inner): (Join, Join) = match (negated, refused) {
            (false, _) => (ConditionTree::Any, ConditionTree::All),
            (true, true) => (ConditionTree::All, ConditionTree::Any),
            (true, false) => (ConditionTree::All, ConditionTree::All),
        };
        if several && !negated {
            self.alternatives += 1;
            let name = format!("any{}", self.alternatives);
            for (index, part) in parts.iter().enumerate() {
                let group = if parts.iter().any(|part| part.len() > 1) { format!("{name}.{}", index + 1) } else { name.clone() };
                part.iter().for_each(|item| name_group(&ConditionTree::Item(*item), items, &group));
            }
        }
        if refused {
            parts.iter().flatten().for_each(|item| name_group(&ConditionTree::Item(*item), items, "none_of"));
        }
        let branches = parts.into_iter().map(|part| one_or(part.into_iter().map(ConditionTree::Item).collect(), inner)).collect();
        one_or(branches, outer)
    }
}

fn push_part(runs: &mut Vec<Vec<Vec<usize>>>, item: usize) {
    match runs.last_mut() {
        Some(run) => run.push(vec![item]),
        None => runs.push(vec![vec![item]]),
    }
}

fn push_same(runs: &mut Vec<Vec<Vec<usize>>>, item: usize) {
    match runs.last_mut().and_then(|run| run.last_mut()) {
        Some(part) => part.push(item),
        None => runs.push(vec![vec![item]]),
    }
}

/// What stands between two conditions.
fn joint(page: &Page<'_>, one: Leaf, other: Leaf, items: &mut [Item], refused: bool) -> Joint {
    // 列入甲或乙: the second quote starts with the verb of both.
    let until = if other.start < one.end { other.end.max(one.end) } else { other.start };
    let between = page.slice(one.end, until);
    let cases = |items: &mut [Item]| {
        let when = |items: &mut [Item], index| condition_of(items, index).and_then(|condition| condition.when.clone());
        let indicator = |items: &mut [Item], index| condition_of(items, index).map(|condition| condition.indicator.clone());
        when(items, one.item) != when(items, other.item) && indicator(items, one.item) == indicator(items, other.item)
    };
    let ends = page.slice(other.end, page.sentence(other.sentence).end);
    if joins_by_or(between) {
        return if between.contains(',') { Joint::FarOr } else { Joint::NearOr };
    }
    if ends.starts_with("的,不受") {
        return Joint::FarOr;
    }
    if between.contains("以及") && cases(items) {
        return Joint::FarOr;
    }
    if between.contains('但') || !between.contains([',', ';']) {
        // A list of things each of which is refused, unless 且 makes them one.
        let together = ["且", "并", "同时", "又"].iter().any(|word| between.contains(word));
        if refused && !together {
            return Joint::NearOr;
        }
        return Joint::Near;
    }
    Joint::Far
}

/// Whether 或 joins the two conditions themselves, and not two nouns that stand between them: in
/// `在本区注册的甲类企业或者乙类企业,营业收入不超过1亿元` it belongs to the nouns, and both conditions must hold.
fn joins_by_or(between: &str) -> bool {
    let last_clause = between.rsplit([',', ';']).next().unwrap_or(between);
    let Some(at) = last_clause.find('或') else { return false };
    let (before, after) = (&last_clause[..at], last_clause[at..].trim_start_matches(['或', '者']));
    let follows_directly = before.chars().count() <= MOST_BEFORE_OR && after.chars().count() <= MOST_AFTER_OR;
    follows_directly && !after.starts_with('应')
}

/// What may stand between a condition and the 或 that joins it: 以上的, 认定的.
const MOST_BEFORE_OR: usize = 6;
/// What may stand between 或 and the condition it joins: 任意一年, 近三年累计.
const MOST_AFTER_OR: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotator::Input;
    use crate::examples::shipped;
    use model::Annotation;

    fn shown(tree: &ConditionTree, annotation: &Annotation) -> String {
        let list = |name: &str, branches: &[ConditionTree]| {
            let inner: Vec<String> = branches.iter().map(|branch| shown(branch, annotation)).collect();
            format!("{name}({})", inner.join(", "))
        };
        match tree {
            ConditionTree::All(branches) => list("all", branches),
            ConditionTree::Any(branches) => list("any", branches),
            ConditionTree::Not(branch) => format!("not({})", shown(branch, annotation)),
            ConditionTree::When { case, then } => format!("when({}: {})", case.quote, shown(then, annotation)),
            ConditionTree::Item(index) => match &annotation.items[*index].what {
                What::Condition(condition) => format!("{}{}", if condition.negated { "!" } else { "" }, condition.indicator),
                other => other.name().to_owned(),
            },
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let annotation = shipped().annotate(&Input { text, ..Input::default() });
        let found = annotation.tree.as_ref().map_or_else(String::new, |tree| shown(tree, &annotation));
        assert_eq!(found, expected, "in {text}");
    }

    #[test]
    fn clauses_must_all_hold_and_or_joins_its_neighbours() {
        check("具有独立法人资格,上年度营业收入不低于1000万元", "all(reg.independent_legal_person, fin.revenue)");
        check(
            "具有独立法人资格,拥有有效发明专利2件以上,或获得高新技术企业认定",
            "all(reg.independent_legal_person, any(ip.invention, qual.has))",
        );
        check("销售收入增长率≥15%或任意一年销售收入≥200万", "any(fin.revenue_growth, fin.sales_revenue)");
        check(
            "在通州区注册的科技型企业或者创新型企业,职工总数不超过300人,上年度营业收入不超过1亿元",
            "all(reg.place, staff.total, fin.revenue)",
        );
    }

    #[test]
    fn an_alternative_keeps_what_belongs_to_it() {
        check(
            "上年度营业收入总额在1000万元以上,或上年度营业收入总额在1000万元以下,但近2年新增股权融资总额达到2000万元以上",
            "any(fin.revenue, all(fin.revenue, equity.new_investment))",
        );
        check(
            "企业上一年度研发经费不低于主营业务收入的3%,研发经费超过3000万元的,不受该比例限制",
            "any(rd.expense_ratio, rd.expense)",
        );
    }

    #[test]
    fn a_denied_alternative_denies_both() {
        check("企业未被列入经营异常名录或严重失信主体名单", "all(!credit.abnormal, !credit.serious_dishonest)");
    }

    #[test]
    fn list_headers_negate_or_make_alternatives() {
        check(
            "有下列情形之一的,不得申报:\n(一)被列入经营异常名录的;\n(二)拖欠职工工资的;\n(三)申请累计超过3次的。",
            "all(!credit.abnormal, !credit.wage_arrears, !loan.times)",
        );
        check(
            "有下列情形之一的,不得申报:\n(一)被列入经营异常名录或严重失信主体名单;\n(二)拖欠职工工资且受到行政处罚的。",
            "all(!credit.abnormal, !credit.serious_dishonest, any(!credit.wage_arrears, !credit.penalty))",
        );
        check(
            "申报企业应当符合下列条件之一:\n1.上年度营业收入1亿元以上;\n2.拥有发明专利5件以上,且研发人员不少于10人。",
            "any(fin.revenue, all(ip.invention, staff.rd))",
        );
    }

    #[test]
    fn several_awards_are_alternatives_under_the_general_conditions() {
        check(
            "一、申报条件\n申报单位应具有独立法人资格。\n二、支持标准\n对年度营业收入1亿元以上的企业,给予40万元奖励。\n对年度营业收入5000万元以上的企业,给予30万元奖励。",
            "all(reg.independent_legal_person, any(fin.revenue, fin.revenue))",
        );
    }

    #[test]
    fn news_interpretations_targets_and_budgets_set_no_conditions() {
        for text in [
            "力争到2030年全市高新技术企业营业收入达到2000亿元以上",
            "市财政每年安排专项资金不低于2亿元",
            "纳税过1亿元的企业达30家",
        ] {
            check(text, "");
        }
        let text = "企业研发费用占营业收入比例不低于4%,申报单位须具有独立法人资格。";
        for title in ["《管理办法》政策解读", "我市召开中小企业发展大会"] {
            let annotation = shipped().annotate(&Input { text, title, ..Input::default() });
            assert!(annotation.tree.is_none() && annotation.conditions().next().is_none(), "{title}");
        }
    }
}
