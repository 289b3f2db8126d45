//! What decides between names: a gloss in brackets, a word that narrows the name, a threshold that is relaxed, a grade of
//! what the clause before was about.

use model::Op;

use super::{Binder, Binding, Earlier, Source};
use crate::lexicon::within;
use crate::lists;
use crate::outline::Clause;
use crate::rules::WordKind;
use crate::token::Family;

/// Names of what is earned, which words before them narrow to a part.
const EARNED: [&str; 4] = ["fin.revenue", "fin.main_revenue", "fin.sales_revenue", "fin.output_value"];
/// Words before a threshold that is made easier for some.
const RELAXED: [&str; 18] = [
    "放宽至",
    "放宽到",
    "放宽为",
    "下浮至",
    "下浮到",
    "降低至",
    "降低到",
    "降低为",
    "降至",
    "降到",
    "下调至",
    "下调为",
    "调整为",
    "调整至",
    "调整到",
    "提高到",
    "提高至",
    "修改为",
];
/// The longest words of those for whom a threshold is relaxed, in characters.
const MOST_CASE: usize = 24;

impl Binder<'_> {
    /// `产值规模(营业收入)不低于20亿元`: where a gloss names the measure, the gloss counts.
    pub(super) fn glossed(&self) -> Option<Binding> {
        let before = self.page.slice(self.clause.start, self.quantity.start);
        let before = before.trim_end_matches(['应', '须', '需', '均', '在', '为', '达', ' ']).strip_suffix(')')?;
        let open = before.rfind('(')?;
        let (outer, from, to) = (&before[..open], self.clause.start + open + 1, self.clause.start + before.len());
        let hits = within(&self.page.hits.aliases, from, to);
        let hit = hits.iter().find(|hit| hit.start == from && hit.end == to && self.quantity.family.fits(self.family(hit)))?;
        // 销售收入(营业收入): both name the same, and the first is what the text goes on with.
        let vague = self.page.rules.numbers.ends(WordKind::Measure, outer).is_some() && !outer.ends_with(['入', '额']);
        let names = within(&self.page.hits.aliases, self.clause.start.max(self.previous_quantity_end()), from);
        let start = names.last().map_or(from, |name| name.start);
        (vague && self.counts(self.id(hit))).then(|| self.binding(self.id(hit), Source::Named, start))
    }

    /// `线上销售额`, `引进年销售额5000万元以上的品种`: a part of what is earned, or what others earn.
    pub(super) fn is_narrowed(&self, id: &str, before: &str) -> bool {
        EARNED.contains(&id) && self.page.rules.numbers.ends(WordKind::Narrow, before.trim_end_matches(['年', '总'])).is_some()
    }

    /// `研发人员占比不低于20%,软件企业可放宽至15%`: the name and the bound are those of the number before.
    pub(super) fn relaxed(&self, earlier: Earlier<'_>) -> Option<Binding> {
        let from = self.previous_quantity_end().max(self.clause.start);
        let before = self.page.slice(from, self.quantity.start);
        let word = RELAXED.iter().find(|word| before.ends_with(**word))?;
        let who = before[..before.len() - word.len()].trim_end_matches(['可', '应', '能', '适', '当', '要', '求', '以']);
        let same = |index: usize| self.page.quantity(index).family == self.quantity.family;
        let in_sentence = earlier.all().filter(|(index, _)| same(*index)).last();
        let (indicator, op) = match in_sentence {
            Some((index, last)) => (last.indicator.clone(), last.op.or_else(|| lists::operator(self.page, index))?),
            None => self.required_before()?,
        };
        let own = self.names_before().into_iter().rev().find(|hit| self.suits(hit));
        if own.is_some_and(|hit| self.id(&hit) != indicator) {
            return None;
        }
        let case = who.trim_start_matches(['对', '其', '中', '但', ' ']);
        let case = (!case.is_empty() && case.chars().count() <= MOST_CASE).then(|| case.to_owned());
        let start = self.quantity.start - word.len();
        Some(Binding { op: Some(op), case, ..self.binding(&indicator, Source::Inherited, start) })
    }

    /// What the sentence before required in the same unit, and how.
    fn required_before(&self) -> Option<(String, Op)> {
        let carried = self.page.carried.borrow();
        let alike = |last: &&crate::page::Carried| last.sentence + 1 == self.sentence && last.base == self.quantity.base;
        let last = carried.iter().rev().find(alike)?;
        Some((last.indicator.clone(), last.op?))
    }

    /// `完成能力成熟度自评估,且等级达到二级`: a grade of what the clause before names.
    pub(super) fn graded(&self) -> Option<Binding> {
        let graded = |clause: Clause| {
            let names = within(&self.page.hits.aliases, clause.start, clause.end);
            names.iter().rev().find(|hit| self.family(hit) == Family::Level).copied()
        };
        let own = crate::open::without_light(self.page, self.page.slice(self.clause.start, self.quantity.start));
        let plain = own.trim_start_matches(['且', '并', '其', ' ']);
        if self.quantity.family != Family::Level || !matches!(plain, "" | "等级" | "级别" | "评估等级" | "水平" | "结果")
        {
            return None;
        }
        let hit = graded(self.page.clause(self.clause.previous?))?;
        Some(self.binding(self.id(&hit), Source::Inherited, self.clause.start))
    }
}
