//! Three-valued logic over condition trees. `Review` is unknown to a program; where both are possible, missing data is named
//! first, since data can be asked for.

use std::collections::{BTreeMap, BTreeSet};

use model::Truth;
use model::annotation::{Case, ConditionTree};

/// Deeper trees than any text makes; beyond, a person decides.
const DEEPEST: usize = 100;

/// A condition tree without negations: they are in the leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Leaf(Leaf),
    /// Too deep to be followed, or a branch without conditions: for a person.
    Unclear,
}

/// What can be answered by itself, and whether it is turned round. Cases come first: they decide what matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Leaf {
    /// Whether the enterprise is of this case, by its place in [`Planted::cases`].
    Case { case: usize, negated: bool },
    /// The requirement with this index among the annotation's items.
    Item { item: usize, negated: bool },
}

/// A tree with the cases it speaks of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planted<'a> {
    pub(crate) tree: Tree,
    pub(crate) cases: Vec<&'a Case>,
    /// Of each item that stands in cases only, the innermost of them.
    pub(crate) case_of: BTreeMap<usize, usize>,
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

impl<'a> Planted<'a> {
    pub(crate) fn of(tree: &'a ConditionTree) -> Self {
        let mut planted = Self { tree: Tree::Unclear, cases: Vec::new(), case_of: BTreeMap::new() };
        let mut outside = BTreeSet::new();
        planted.tree = planted.plant(tree, (false, 0), None, &mut outside);
        planted.case_of.retain(|item, _| !outside.contains(item));
        planted
    }

    /// `within` is the innermost case around the branch; items that stand in none go into `outside`.
    fn plant(
        &mut self,
        tree: &'a ConditionTree,
        (negated, depth): (bool, usize),
        within: Option<usize>,
        outside: &mut BTreeSet<usize>,
    ) -> Tree {
        let is_empty = matches!(tree, ConditionTree::All(trees) | ConditionTree::Any(trees) if trees.is_empty());
        // An empty branch says neither yes nor no; only a whole tree without conditions says that there are none.
        if depth > DEEPEST || (is_empty && depth > 0) {
            return Tree::Unclear;
        }
        match tree {
            ConditionTree::All(trees) | ConditionTree::Any(trees) => {
                let branches = trees.iter().map(|tree| self.plant(tree, (negated, depth + 1), within, outside)).collect();
                let is_all = matches!(tree, ConditionTree::All(_)) != negated;
                if is_all { Tree::All(branches) } else { Tree::Any(branches) }
            }
            ConditionTree::Not(tree) => self.plant(tree, (!negated, depth + 1), within, outside),
            // Not of the case, or it holds; turned round: of the case, and it does not hold.
            ConditionTree::When { case, then } => {
                let number = self.cases.len();
                self.cases.push(case);
                let of_case = Tree::Leaf(Leaf::Case { case: number, negated: !negated });
                let branches = vec![of_case, self.plant(then, (negated, depth + 1), Some(number), outside)];
                if negated { Tree::All(branches) } else { Tree::Any(branches) }
            }
            ConditionTree::Item(item) => {
                if let Some(case) = within {
                    self.case_of.entry(*item).or_insert(case);
                } else {
                    outside.insert(*item);
                }
                Tree::Leaf(Leaf::Item { item: *item, negated })
            }
        }
    }
}

impl Tree {
    /// Every item with whether it is turned round.
    pub(crate) fn items(&self) -> BTreeMap<usize, bool> {
        let mut items = BTreeMap::new();
        self.collect(&mut items);
        items
    }

    fn collect(&self, items: &mut BTreeMap<usize, bool>) {
        match self {
            Self::All(trees) | Self::Any(trees) => trees.iter().for_each(|tree| tree.collect(items)),
            // A condition both asked for and excluded is shown as asked for.
            Self::Leaf(Leaf::Item { item, negated }) => {
                items.entry(*item).and_modify(|known| *known &= *negated).or_insert(*negated);
            }
            Self::Leaf(Leaf::Case { .. }) | Self::Unclear => {}
        }
    }

    /// The truth of the whole; `leaf` gives that of a leaf, told whether it stands among alternatives.
    pub(crate) fn truth(&self, leaf: &impl Fn(Leaf, bool) -> Truth) -> Truth {
        self.evaluate(leaf, false)
    }

    fn evaluate(&self, leaf: &impl Fn(Leaf, bool) -> Truth, alternative: bool) -> Truth {
        match self {
            Self::All(trees) => all(trees.iter().map(|tree| tree.evaluate(leaf, alternative))),
            Self::Any(trees) => any(trees.iter().map(|tree| tree.evaluate(leaf, true))),
            Self::Leaf(found) => leaf(*found, alternative),
            Self::Unclear => Truth::Review,
        }
    }

    /// The leaves because of which the whole has the truth `wanted`: those with it, in branches with it.
    pub(crate) fn because(&self, wanted: Truth, leaf: &impl Fn(Leaf, bool) -> Truth) -> Vec<Leaf> {
        let mut found = Vec::new();
        self.find_because(wanted, leaf, false, &mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn find_because(&self, wanted: Truth, leaf: &impl Fn(Leaf, bool) -> Truth, alternative: bool, found: &mut Vec<Leaf>) {
        match self {
            Self::All(trees) | Self::Any(trees) => {
                if self.evaluate(leaf, alternative) != wanted {
                    return;
                }
                let alternative = alternative || matches!(self, Self::Any(_));
                trees.iter().for_each(|tree| tree.find_because(wanted, leaf, alternative, found));
            }
            Self::Leaf(this) => {
                if leaf(*this, alternative) == wanted {
                    found.push(*this);
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
        let leaf = |item, negated| Tree::Leaf(Leaf::Item { item, negated });
        assert_eq!(Planted::of(&tree).tree, Tree::All(vec![leaf(0, true), leaf(1, false)]));
    }

    #[test]
    fn a_tree_deeper_than_any_text_is_left_to_a_person() {
        let deep = (0..5_000).fold(ConditionTree::Item(0), |tree, _| ConditionTree::Not(Box::new(tree)));
        assert_eq!(Planted::of(&deep).tree.truth(&|_, _| Truth::Met), Truth::Review);
    }

    #[test]
    fn a_branch_without_conditions_is_left_to_a_person() {
        let tree = ConditionTree::All(vec![ConditionTree::Any(Vec::new()), ConditionTree::Item(0)]);
        assert_eq!(Planted::of(&tree).tree.truth(&|_, _| Truth::Met), Truth::Review);
        let tree = ConditionTree::Any(vec![ConditionTree::All(Vec::new()), ConditionTree::Item(0)]);
        assert_eq!(Planted::of(&tree).tree.truth(&|_, _| Truth::NotMet), Truth::Review);
    }

    #[test]
    fn only_leaves_of_failing_branches_are_to_blame() {
        let leaf = |item| Leaf::Item { item, negated: false };
        let tree = Tree::All(vec![Tree::Any(vec![Tree::Leaf(leaf(0)), Tree::Leaf(leaf(1))]), Tree::Leaf(leaf(2))]);
        let truth = |found: Leaf, _| if found == leaf(1) { Truth::Met } else { Truth::NotMet };
        assert_eq!(tree.because(Truth::NotMet, &truth), [leaf(2)]);
    }

    #[test]
    fn an_item_belongs_to_a_case_only_where_it_stands_nowhere_else() {
        let when = |item| ConditionTree::When {
            case: Case { quote: "制造业企业".to_owned(), span: model::Span::new(0, 5), tests: Vec::new() },
            then: Box::new(ConditionTree::Item(item)),
        };
        let tree = ConditionTree::All(vec![when(0), when(1), ConditionTree::Item(1)]);
        assert_eq!(Planted::of(&tree).case_of, BTreeMap::from([(0, 0)]));
    }
}
