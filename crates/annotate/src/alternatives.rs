//! How the conditions of one sentence combine: clauses must all hold, 或 joins its neighbours, and what is said of one
//! kind of applicant is asked of that kind only.

use model::annotation::Case;
use model::{Condition, ConditionTree, Item};

use crate::conditions;
use crate::page::Page;
use crate::tree::{Leaf, condition_of, flat, name_group, one_or};

/// How branches become one.
pub(crate) type Join = fn(Vec<ConditionTree>) -> ConditionTree;

/// Builds the branches of sentences and counts the groups it names.
pub(crate) struct Grouper {
    pub(crate) alternatives: usize,
    pub(crate) cases: usize,
    pub(crate) tiers: usize,
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
    pub(crate) fn sentence(&mut self, page: &Page<'_>, leaves: &[Leaf], items: &mut [Item], refused: bool) -> ConditionTree {
        let joints: Vec<Joint> = leaves.windows(2).map(|pair| joint(page, pair[0], pair[1], items, refused)).collect();
        // Runs joined by any 或; within a run, parts between the 或.
        let mut runs: Vec<Vec<Vec<Leaf>>> = Vec::new();
        for (index, leaf) in leaves.iter().enumerate() {
            let link = index.checked_sub(1).map(|before| joints[before]);
            match link {
                Some(Joint::NearOr | Joint::FarOr) => push_part(&mut runs, *leaf),
                Some(Joint::Near) => push_same(&mut runs, *leaf),
                // 或A，但B: what follows an alternative with 但 belongs to it.
                Some(Joint::Far) | None => runs.push(vec![vec![*leaf]]),
            }
        }
        let branches: Vec<ConditionTree> = runs.into_iter().map(|run| self.run(page, run, items, refused)).collect();
        merge_cases(flat(branches))
    }

    fn run(&mut self, page: &Page<'_>, parts: Vec<Vec<Leaf>>, items: &mut [Item], refused: bool) -> ConditionTree {
        let several = parts.len() > 1;
        let leaves = || parts.iter().flatten();
        let negated = refused || leaves().all(|leaf| condition_of(items, leaf.item).is_some_and(|condition| condition.negated));
        // Each of several kinds of applicants has its own requirement: all of them stand, each for its kind.
        let cased =
            several && leaves().all(|leaf| condition_of(items, leaf.item).is_some_and(|condition| condition.when.is_some()));
        // 未被列入甲或乙 denies both; 甲且乙 refused denies one of them.
        let (outer, inner): (Join, Join) = match (negated, refused) {
            (false, _) if cased => (ConditionTree::All, ConditionTree::All),
            (false, _) => (ConditionTree::Any, ConditionTree::All),
            (true, true) => (ConditionTree::All, ConditionTree::Any),
            (true, false) => (ConditionTree::All, ConditionTree::All),
        };
        if several && !negated {
            self.alternatives += 1;
            let name = format!("any{}", self.alternatives);
            let nested = parts.iter().any(|part| part.len() > 1);
            for (index, part) in parts.iter().enumerate() {
                let group = if nested { format!("{name}.{}", index + 1) } else { name.clone() };
                part.iter().for_each(|leaf| name_group(&ConditionTree::Item(leaf.item), items, &group));
            }
        }
        if refused {
            parts.iter().flatten().for_each(|leaf| name_group(&ConditionTree::Item(leaf.item), items, "none_of"));
        }
        // A case inside an alternative would make the alternative hold for everybody else.
        let limited = cased || !several;
        let branch = |leaf: Leaf, items: &mut [Item]| match limited.then(|| case_of(page, leaf, items)).flatten() {
            Some(case) => ConditionTree::When { case, then: Box::new(ConditionTree::Item(leaf.item)) },
            None => ConditionTree::Item(leaf.item),
        };
        let branches =
            parts.into_iter().map(|part| one_or(part.into_iter().map(|leaf| branch(leaf, items)).collect(), inner)).collect();
        one_or(branches, outer)
    }
}

/// The case a condition is limited to, found again in its sentence, with what makes it where a number does.
fn case_of(page: &Page<'_>, leaf: Leaf, items: &mut [Item]) -> Option<Case> {
    let when = condition_of(items, leaf.item)?.when.clone()?;
    let words = when.split('|').next().filter(|words| !words.is_empty())?;
    let bounds = page.sentence(leaf.sentence);
    let before = page.slice(bounds.start, leaf.end).rfind(words).map(|at| bounds.start + at);
    // 从业人员100人以上(软件企业除外)
    let at = before.or_else(|| page.slice(leaf.end, bounds.end).find(words).map(|at| leaf.end + at))?;
    let span = page.reading.span(at, at + words.len());
    let quote = page.reading.quote(span).to_owned();
    let tests: Vec<Condition> = conditions::selectors(page, leaf.sentence, at, at + words.len());
    (!quote.is_empty()).then_some(Case { quote, span, tests })
}

/// Neighbours asked of the same case are asked together.
fn merge_cases(tree: ConditionTree) -> ConditionTree {
    let ConditionTree::All(branches) = tree else { return tree };
    let mut merged: Vec<ConditionTree> = Vec::new();
    for branch in branches {
        match (merged.last_mut(), branch) {
            (Some(ConditionTree::When { case, then }), ConditionTree::When { case: other, then: more }) if *case == other => {
                let before = std::mem::replace(then.as_mut(), ConditionTree::All(Vec::new()));
                **then = flat(vec![before, *more]);
            }
            (_, branch) => merged.push(branch),
        }
    }
    one_or(merged, ConditionTree::All)
}

fn push_part(runs: &mut Vec<Vec<Vec<Leaf>>>, item: Leaf) {
    match runs.last_mut() {
        Some(run) => run.push(vec![item]),
        None => runs.push(vec![vec![item]]),
    }
}

fn push_same(runs: &mut Vec<Vec<Vec<Leaf>>>, item: Leaf) {
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
