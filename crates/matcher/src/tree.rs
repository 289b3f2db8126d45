//! Three-valued logic over condition trees. `Review` is unknown to a program; where both are possible, missing data is named
//! first, since data can be asked for.

use std::collections::BTreeMap;

use model::Truth;
use model::annotation::ConditionTree;

/// Deeper trees than any text makes; beyond, a person decides.
const DEEPEST: usize = 100;

/// A condition tree without negations: they are in the leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    /// Index into the annotation's items, and whether the requirement is turned round.
    Leaf {
        item: usize,
        negated: bool,
    },
    /// Too deep to be followed, or a branch without conditions: for a person.
    Unclear,
}

/// True only if all are; one false decides.
pub(crate) fn all(truths: impl Iterator<Item = Truth>) -> Truth {
    fold(truths, Truth::Met, Truth::NotMet)
}

/// False only if all are; one true decides.
pub(crate) fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    fold(truths, Truth::NotMet, Truth::Met)
}

fn fold(truths: impl Iterator<Item = Truth>, neutral: Truth, decisive: Truth) -> Truth {
    let mut result = neutral;
    for truth in truths {
        result = match (result, truth) {
            (_, truth) if truth == decisive => return decisive,
            (Truth::Unknown, _) | (_, Truth::Unknown) => Truth::Unknown,
            (Truth::Review, _) | (_, Truth::Review) => Truth::Review,
            (result, _) => result,
        };
    }
    result
}

impl Tree {
    pub(crate) fn of(tree: &ConditionTree) -> Self {
        Self::build(tree, false, 0)
    }

    fn build(tree: &ConditionTree, negated: bool, depth: usize) -> Self {
        let is_empty = matches!(tree, ConditionTree::All(trees) | ConditionTree::Any(trees) if trees.is_empty());
        // An empty branch says neither yes nor no; only a whole tree without conditions says that there are none.
        if depth > DEEPEST || (is_empty && depth > 0) {
            return Self::Unclear;
        }
        let branches = |trees: &[ConditionTree]| trees.iter().map(|tree| Self::build(tree, negated, depth + 1)).collect();
        match tree {
            ConditionTree::All(trees) if negated => Self::Any(branches(trees)),
            ConditionTree::All(trees) => Self::All(branches(trees)),
            ConditionTree::Any(trees) if negated => Self::All(branches(trees)),
            ConditionTree::Any(trees) => Self::Any(branches(trees)),
            ConditionTree::Not(tree) => Self::build(tree, !negated, depth + 1),
            // Whether an enterprise is of the case is for a person; one that meets the requirement need not ask.
            ConditionTree::When { then, .. } if negated => Self::All(vec![Self::Unclear, Self::build(then, true, depth + 1)]),
            ConditionTree::When { then, .. } => Self::Any(vec![Self::Unclear, Self::build(then, false, depth + 1)]),
            ConditionTree::Item(item) => Self::Leaf { item: *item, negated },
        }
    }

    /// Every leaf with whether it is turned round.
    pub(crate) fn leaves(&self) -> BTreeMap<usize, bool> {
        let mut leaves = BTreeMap::new();
        self.collect(&mut leaves);
        leaves
    }

    fn collect(&self, leaves: &mut BTreeMap<usize, bool>) {
        match self {
            Self::All(trees) | Self::Any(trees) => trees.iter().for_each(|tree| tree.collect(leaves)),
            // A condition both asked for and excluded is shown as asked for.
            Self::Leaf { item, negated } => {
                leaves.entry(*item).and_modify(|known| *known &= *negated).or_insert(*negated);
            }
            Self::Unclear => {}
        }
    }

    /// The truth of the whole; `leaf` gives that of a leaf, told whether it stands among alternatives.
    pub(crate) fn truth(&self, leaf: &impl Fn(usize, bool, bool) -> Truth) -> Truth {
        self.evaluate(leaf, false)
    }

    fn evaluate(&self, leaf: &impl Fn(usize, bool, bool) -> Truth, alternative: bool) -> Truth {
        match self {
            Self::All(trees) => all(trees.iter().map(|tree| tree.evaluate(leaf, alternative))),
            Self::Any(trees) => any(trees.iter().map(|tree| tree.evaluate(leaf, true))),
            Self::Leaf { item, negated } => leaf(*item, *negated, alternative),
            Self::Unclear => Truth::Review,
        }
    }

    /// The leaves because of which the whole has the truth `wanted`: those with it, in branches with it.
    pub(crate) fn because(&self, wanted: Truth, leaf: &impl Fn(usize, bool, bool) -> Truth) -> Vec<usize> {
        let mut found = Vec::new();
        self.find_because(wanted, leaf, false, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn find_because(&self, wanted: Truth, leaf: &impl Fn(usize, bool, bool) -> Truth, alternative: bool, found: &mut Vec<usize>) {
        match self {
            Self::All(trees) | Self::Any(trees) => {
                if self.evaluate(leaf, alternative) != wanted {
                    return;
                }
                let alternative = alternative || matches!(self, Self::Any(_));
                trees.iter().for_each(|tree| tree.find_because(wanted, leaf, alternative, found));
            }
            Self::Leaf { item, negated } => {
                if leaf(*item, *negated, alternative) == wanted {
                    found.push(*item);
                }
            }
            Self::Unclear => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_follows_the_strong_logic_of_three_values() {
        use Truth::{Met, NotMet, Review, Unknown};
        for (truths, both, either) in [
            (vec![], Met, NotMet),
            (vec![Met, Met], Met, Met),
            (vec![Met, NotMet], NotMet, Met),
            (vec![Met, Unknown], Unknown, Met),
            (vec![NotMet, Unknown], NotMet, Unknown),
            (vec![Met, Review], Review, Met),
            (vec![NotMet, Review], NotMet, Review),
            (vec![Review, Unknown], Unknown, Unknown),
            (vec![Unknown, Review], Unknown, Unknown),
        ] {
            assert_eq!(all(truths.iter().copied()), both, "all {truths:?}");
            assert_eq!(any(truths.iter().copied()), either, "any {truths:?}");
        }
    }

    #[test]
    fn negations_move_into_the_leaves() {
        let tree = ConditionTree::Not(Box::new(ConditionTree::Any(vec![
            ConditionTree::Item(0),
            ConditionTree::Not(Box::new(ConditionTree::Item(1))),
        ])));
        let leaf = |item, negated| Tree::Leaf { item, negated };
        assert_eq!(Tree::of(&tree), Tree::All(vec![leaf(0, true), leaf(1, false)]));
    }

    #[test]
    fn a_tree_deeper_than_any_text_is_left_to_a_person() {
        let deep = (0..5_000).fold(ConditionTree::Item(0), |tree, _| ConditionTree::Not(Box::new(tree)));
        assert_eq!(Tree::of(&deep).truth(&|_, _, _| Truth::Met), Truth::Review);
    }

    #[test]
    fn a_branch_without_conditions_is_left_to_a_person() {
        let tree = ConditionTree::All(vec![ConditionTree::Any(Vec::new()), ConditionTree::Item(0)]);
        assert_eq!(Tree::of(&tree).truth(&|_, _, _| Truth::Met), Truth::Review);
        let tree = ConditionTree::Any(vec![ConditionTree::All(Vec::new()), ConditionTree::Item(0)]);
        assert_eq!(Tree::of(&tree).truth(&|_, _, _| Truth::NotMet), Truth::Review);
    }

    #[test]
    fn only_leaves_of_failing_branches_are_to_blame() {
        let leaf = |item| Tree::Leaf { item, negated: false };
        let tree = Tree::All(vec![Tree::Any(vec![leaf(0), leaf(1)]), leaf(2)]);
        let truth = |item: usize, _, _| if item == 1 { Truth::Met } else { Truth::NotMet };
        assert_eq!(tree.because(Truth::NotMet, &truth), [2]);
    }
}
