//! Numbers whose name stands elsewhere: before a colon, in the list they stand in, in the sentence before.

use super::{Binder, Binding, Earlier, Source};
use crate::lexicon::within;
use crate::lists;
use crate::outline::Clause;
use crate::rules::WordKind;

/// More clauses than this are not headed by one colon.
const MOST_HEADED: usize = 8;

impl Binder<'_> {
    /// The clause around the parentheses: `(软件类企业30人)`.
    pub(super) fn around(&self) -> Option<Binding> {
        let parent = self.page.clause(self.clause.parent?);
        let hits = within(&self.page.hits.aliases, parent.start, self.clause.start);
        let hit = hits.iter().rev().find(|hit| self.quantity.family.fits(self.family(hit)))?;
        Some(self.binding(self.id(hit), Source::Inherited, self.clause.start))
    }

    /// `年产值规模:种植业达到800万元,养殖业1200万元`: the name stands before the colon, the cases behind it.
    pub(super) fn headed(&self, earlier: Earlier<'_>) -> Option<Binding> {
        let mut clause = self.clause;
        for _ in 0..MOST_HEADED {
            let previous = self.page.clause(clause.previous?);
            if self.page.slice(previous.end, clause.start) == ":" {
                if let Some(binding) = self.listed_under(previous) {
                    return Some(binding);
                }
                let names = within(&self.page.hits.aliases, previous.start, previous.end);
                let hit = names.iter().rev().find(|hit| self.suits(hit))?;
                let tail = self.page.slice(hit.end, previous.end);
                let case = self.page.slice(self.clause.start, self.quantity.start);
                let case = case.trim_end_matches(['应', '须', '需', '在', '为', ' ']).trim_start_matches(' ');
                let plain = tail.chars().count() <= 6 && !case.is_empty() && case.chars().count() <= 30;
                let op = earlier.last().and_then(|(index, last)| last.op.or(self.page.quantity(index).op));
                let op = if self.quantity.op.is_none() { lists::operator(self.page, self.index).or(op) } else { None };
                return plain.then(|| Binding {
                    op,
                    case: Some(case.to_owned()),
                    ..self.binding(self.id(hit), Source::Inherited, self.clause.start)
                });
            }
            clause = previous;
        }
        None
    }

    /// `年饲养量达到:生猪年出栏10000头,奶牛年存栏300头`: the comparison of all stands before the colon.
    fn listed_under(&self, header: Clause) -> Option<Binding> {
        let (op, start) = self.page.lexer.word_before(self.page.text(), header.end).filter(|(_, start)| *start > header.start)?;
        let alias = within(&self.page.hits.aliases, header.start, start).iter().rev().find(|hit| self.suits(hit));
        let indicator = match alias {
            Some(hit) => self.id(hit).to_owned(),
            None => format!("free:{}", crate::open::noun_before(self.page, header.start, start)?),
        };
        let case = self.page.slice(self.clause.start, self.quantity.start).trim();
        let case = (!case.is_empty() && case.chars().count() <= 16).then(|| case.to_owned());
        let op = self.quantity.op.is_none().then_some(op);
        Some(Binding { op, case, ..self.binding(&indicator, Source::Free, self.clause.start) })
    }

    /// The number before in the same list, or what the clause before was about.
    pub(super) fn inherited(&self, earlier: Earlier<'_>) -> Option<Binding> {
        let (index, last) = earlier.last()?;
        let other = self.page.quantity(index);
        if self.has_own_noun() {
            return None;
        }
        let between = self.page.slice(other.end, self.quantity.start);
        let in_list = between.trim_matches(['、', '或', ' ']).is_empty();
        let open = last.source == Source::Free && (other.base != self.quantity.base || self.quantity.op.is_some() && !in_list);
        let alien = other.base != self.quantity.base && last.indicator.starts_with("free:");
        if other.family != self.quantity.family || open || alien || last.source == Source::Limit {
            return None;
        }
        let listed = between.chars().count() <= 12
            && (between.contains(['、', '或', '/']) || between.trim_matches([' ', ',', '但', '且', '并']).is_empty());
        let inside = self.clause.parent.is_some_and(|parent| self.page.clause_of[index] == parent);
        let starts_bare =
            self.quantity.op.is_some() && self.page.slice(self.clause.start, self.quantity.start).chars().count() <= 8;
        (listed || inside || starts_bare).then(|| self.binding(&last.indicator, Source::Inherited, self.quantity_start()))
    }

    /// `…5000万元以上的,给予…;达到1亿元的,给予…`: a tier whose name stands in the sentence before.
    pub(super) fn carried(&self) -> Option<Binding> {
        let carried = self.page.carried.borrow();
        let last = carried.as_ref().filter(|last| last.sentence + 1 == self.sentence)?;
        let bounds = self.page.sentence(self.sentence);
        let before = self.page.slice(bounds.start, self.quantity.start);
        let before = crate::open::without_light(self.page, before).trim_start_matches(['对', '其', '中', ',', ' ', '且']);
        let bare = before.is_empty() && self.page.slice(self.quantity.end, self.clause.end).starts_with('的');
        (bare && self.quantity.op.is_some() && last.family == self.quantity.family && last.base == self.quantity.base)
            .then(|| self.binding(&last.indicator, Source::Inherited, self.quantity.start))
    }

    /// `软件业务收入不低于1000万元,且占营业收入的比例不低于50%`: the share of what the number before was of.
    pub(super) fn share_of_last(&self, earlier: Earlier<'_>) -> Option<Binding> {
        if self.quantity.family != crate::token::Family::Percent || self.quantity.op.is_none() {
            return None;
        }
        let opening = self.page.slice(self.clause.start, self.quantity.start).trim_start();
        let opening = ["并且", "而且", "且", "并"].iter().find_map(|word| opening.strip_prefix(word)).unwrap_or(opening);
        let (_, last) = earlier.last().filter(|_| opening.starts_with('占') || opening.starts_with("其占"))?;
        let name = match last.indicator.strip_prefix("free:") {
            Some(label) => label,
            None => &self.page.rules.indicators[self.page.rules.indicator(&last.indicator)?].name,
        };
        let plain = !name.ends_with(['比', '率', '重', '例']) && self.page.may_set_conditions(self.sentence);
        plain.then(|| self.binding(&format!("free:{name}占比"), Source::Inherited, self.clause.start))
    }

    /// `或年营业额达600万元`: a noun of its own between the number before and this one is no repetition.
    pub(super) fn has_own_noun(&self) -> bool {
        let from = self.previous_quantity_end().max(self.clause.start);
        let own = crate::open::without_light(self.page, self.page.slice(from, self.quantity.start));
        let own = own.trim_start_matches(['、', '或', '和', ',', ' ']);
        let numbers = &self.page.rules.numbers;
        let part = ["支出额", "投入额", "总额", "金额", "总量"].iter().any(|word| own.ends_with(word));
        !part && own.chars().count() >= 2 && numbers.ends(WordKind::Measure, own).is_some() && !numbers.is(WordKind::Generic, own)
    }
}
