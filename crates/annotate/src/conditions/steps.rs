//! Steps of one threshold in a list: one condition that holds them all.

use model::decimal::Number;
use model::{Op, Value, What};
use rust_decimal::Decimal;

use super::{Reading, Role, Run};
use crate::lists;
use crate::page::Draft;
use crate::token::Family;

/// Fewer numbers than this are alternatives, not steps.
const LEAST_STEPS: usize = 3;

impl Run<'_> {
    /// `首次突破1000万元、2000万元`: one condition with all steps.
    pub(super) fn first_exceed(&self) -> Option<(Draft, usize)> {
        let quantity = self.quantity();
        let before = self.page.slice(quantity.start.saturating_sub("首次".len()), quantity.start);
        if before != "首次" {
            return None;
        }
        Some((self.stepped(self.last_listed(), Op::FirstExceed), self.last_listed() + 1))
    }

    /// `出口额300万元、500万元、1000万元以上`: steps that rise under one bound.
    pub(super) fn scale(&self, reading: &Reading) -> Option<(Draft, usize)> {
        let (page, last) = (self.page, self.last_listed());
        let (one, other) = (self.quantity(), page.quantity(last));
        let inner = |index: usize| index != self.index && index != last;
        let bare = |index: usize| !inner(index) || page.quantity(index).op.is_none();
        let rises = |index: usize| page.quantity(index).low < page.quantity(index + 1).low;
        let alike = |index: usize| page.quantity(index).base == one.base && reading.role(index) == Role::Condition;
        let whole = |index: usize| {
            let own = reading.binding(index).is_some_and(|binding| binding.case.is_none());
            own && page.quantity(index).high.is_none() && page.quantity(index).per.is_none()
        };
        let lower = |op: Option<Op>| op.is_none_or(|op| matches!(op, Op::AtLeast | Op::More));
        let bound = (one.op.is_some() || other.op.is_some()) && lower(one.op) && lower(other.op);
        let first = self.page.quantities_of(self.sentence).start;
        let opens = self.index == first || !lists::listed(page, page.quantity(self.index - 1), one);
        let lasts = matches!(one.family, Family::Duration | Family::Day);
        let steps = last + 1 - self.index;
        let plain = steps >= LEAST_STEPS && bound && opens && !lasts && (self.index..last).all(rises);
        if !plain || !(self.index..=last).all(|index| bare(index) && alike(index) && whole(index)) {
            return None;
        }
        let op = self.operator();
        matches!(op, Op::AtLeast | Op::More).then(|| (self.stepped(last, op), last + 1))
    }

    /// The last number of the list this one opens.
    fn last_listed(&self) -> usize {
        let end = self.page.quantities_of(self.sentence).end;
        let mut last = self.index;
        while last + 1 < end && lists::listed(self.page, self.page.quantity(last), self.page.quantity(last + 1)) {
            last += 1;
        }
        last
    }

    /// The condition of this number with all numbers up to `last` as its steps.
    fn stepped(&self, last: usize, op: Op) -> Draft {
        let mut draft = self.draft(None);
        draft.end = draft.end.max(self.page.quantity(last).end);
        if let What::Condition(condition) = &mut draft.what {
            condition.op = op;
            if last > self.index {
                // All in the unit of the first: 5000万元、1亿元 are 5000 and 10000 of it.
                let first = self.page.quantity(self.index);
                let scale = first.low.checked_div(first.value).unwrap_or(Decimal::ONE);
                let base = || (self.index..=last).map(|at| self.page.quantity(at).low);
                let shown = base().map(|low| Number(low.checked_div(scale).unwrap_or(low).normalize()));
                condition.value = Value::Steps(shown.collect());
                condition.value_base = Some(Value::Steps(base().map(Number).collect()));
            }
        }
        draft
    }
}
