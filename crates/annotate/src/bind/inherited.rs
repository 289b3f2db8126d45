//! Numbers whose name stands elsewhere: before a colon, in the list they stand in, in the sentence before.

use model::Op;

use super::{Binder, Binding, Earlier, Source};
use crate::lexicon::within;
use crate::lists;
use crate::outline::Clause;
use crate::page::Carried;
use crate::rules::WordKind;
use crate::token::{Family, Quantity};

/// The longest words of a case behind a colon, in characters.
const MOST_CASE: usize = 60;
/// The longest kind of enterprise a tier is for, in bytes.
const MOST_KIND: usize = 30;
/// More clauses than this are not headed by one colon.
const MOST_HEADED: usize = 8;

impl Binder<'_> {
    /// The clause around the parentheses: `(软件类企业30人)`.
    pub(super) fn around(&self) -> Option<Binding> {
        let parent = self.page.clause(self.clause.parent?);
        let hits = within(&self.page.hits.aliases, parent.start, self.clause.start);
        let hit = hits.iter().rev().find(|hit| self.quantity.family.fits(self.family(hit)))?;
        // 不高于控制目标(5.5%): what is compared with stands in words before the number.
        let alone =
            self.page.slice(self.clause.start, self.clause.end).trim() == self.page.slice(self.quantity.start, self.quantity.end);
        let worded = || self.page.lexer.last_word_in(self.page.text(), hit.end, self.clause.start).map(|(op, _, _)| op);
        let op = if alone && self.quantity.op.is_none() { worded() } else { None };
        Some(Binding { op, ..self.binding(self.id(hit), Source::Inherited, self.clause.start) })
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
                let (indicator, named_to) = match names.iter().rev().find(|hit| self.suits(hit)) {
                    Some(hit) => (self.id(hit).to_owned(), hit.end),
                    None => (self.header_noun(previous)?, previous.end),
                };
                let tail = self.page.slice(named_to, previous.end);
                let case = self.page.slice(self.clause.start, self.quantity.start);
                let case = case.trim_end_matches(['应', '须', '需', '在', '为', ' ']).trim_start_matches(' ');
                let plain = tail.chars().count() <= 6 && !case.is_empty() && case.chars().count() <= MOST_CASE;
                let op = earlier.last().and_then(|(index, last)| last.op.or(self.page.quantity(index).op));
                let op = if self.quantity.op.is_none() { lists::operator(self.page, self.index).or(op) } else { None };
                return plain.then(|| Binding {
                    op,
                    case: Some(case.to_owned()),
                    ..self.binding(&indicator, Source::Inherited, self.clause.start)
                });
            }
            clause = previous;
        }
        None
    }

    /// `改造投入:商场不少于800万元`: the measure a header ends with, as an open label.
    fn header_noun(&self, header: Clause) -> Option<String> {
        let words = self.page.slice(header.start, header.end);
        let given = ["补", "奖", "资助", "支持", "标准", "时间", "期限"].iter().any(|word| words.contains(word));
        let numbers = &self.page.rules.numbers;
        let measured = matches!(self.quantity.family, Family::Money | Family::MoneyFx | Family::Count | Family::Area);
        let noun = crate::open::noun_before(self.page, header.start, header.end)?;
        let plain = numbers.ends(WordKind::Measure, &noun).is_some() && !numbers.is(WordKind::Generic, &noun);
        let asked = self.quantity.op.is_some() && self.page.permit(self.sentence).asked;
        let same = || numbers.same(&noun, self.quantity.family).map_or_else(|| format!("free:{noun}"), str::to_owned);
        (measured && plain && asked && !given).then(same)
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
        let inner = self.clause.parent.is_some();
        let same = |index: usize| !inner || self.page.quantity(index).family == self.quantity.family;
        let (index, last) = earlier.all().filter(|(index, _)| same(*index)).last()?;
        let other = self.page.quantity(index);
        if self.has_own_noun() {
            return None;
        }
        let between = self.page.slice(other.end, self.quantity.start);
        let in_list = between.trim_matches(['、', '或', ' ']).is_empty();
        let closes = self.closes(other, between);
        let open = last.source == Source::Free && (other.base != self.quantity.base || self.quantity.op.is_some() && !in_list);
        let alien = other.base != self.quantity.base && last.indicator.starts_with("free:");
        // 总投资5亿元或5000万美元以上
        let money = |family: Family| matches!(family, Family::Money | Family::MoneyFx);
        let exchanged = in_list && money(other.family) && money(self.quantity.family) && !last.indicator.starts_with("free:");
        if other.family != self.quantity.family && !exchanged
            || (open && !(inner && self.quantity.family == Family::Percent) || alien) && !closes
            || last.source == Source::Limit
        {
            return None;
        }
        let listed = between.chars().count() <= 12
            && (between.contains(['、', '或', '/']) || between.trim_matches([' ', ',', '但', '且', '并']).is_empty());
        let inside = self.clause.parent.is_some_and(|parent| self.page.clause_of[index] == parent);
        let starts_bare =
            self.quantity.op.is_some() && self.page.slice(self.clause.start, self.quantity.start).chars().count() <= 8;
        (listed || inside || starts_bare).then(|| self.binding(&last.indicator, Source::Inherited, self.quantity_start()))
    }

    /// `托位不少于60个且不多于150个`: the upper bound of what the number before is the lower bound of.
    fn closes(&self, other: &Quantity, between: &str) -> bool {
        let lower = matches!(other.op, Some(Op::AtLeast | Op::More));
        let upper = matches!(self.quantity.op, Some(Op::AtMost | Op::Less));
        let joined = between.trim_matches([' ', ',', '、', '但', '且', '并', '同', '时']).is_empty();
        lower && upper && joined && other.base == self.quantity.base && other.low < self.quantity.low
    }

    /// `…5000万元以上的,给予…;达到1亿元的,给予…`: a tier whose name stands in the sentence before.
    pub(super) fn carried(&self) -> Option<Binding> {
        let carried = self.page.carried.borrow();
        let alike = |last: &&Carried| last.sentence + 1 == self.sentence && last.base == self.quantity.base;
        let last = carried.iter().rev().find(alike)?;
        let bounds = self.page.sentence(self.sentence);
        let before = self.page.slice(bounds.start, self.quantity.start);
        let before = crate::open::without_light(self.page, before).trim_start_matches(['对', '其', '中', ',', ' ', '且']);
        let bare = before.is_empty() && self.page.slice(self.quantity.end, self.clause.end).starts_with('的');
        // 年均增速不低于20%;演艺企业不低于8%: the same of another kind.
        let kind = before.len() <= MOST_KIND
            && !before.contains([',', ':', '、'])
            && ["企业", "单位", "机构", "园区"].iter().any(|noun| before.ends_with(noun))
            && self.quantity.family == Family::Percent
            && self.page.sentence(last.sentence).line == bounds.line;
        ((bare || kind) && self.quantity.op.is_some() && last.family == self.quantity.family && last.base == self.quantity.base)
            .then(|| self.binding(&last.indicator, Source::Inherited, self.quantity.start))
    }

    /// `软件业务收入不低于1000万元,且占营业收入的比例不低于50%`: the share of what the number before was of.
    pub(super) fn share_of_last(&self, earlier: Earlier<'_>) -> Option<Binding> {
        if self.quantity.family != Family::Percent || self.quantity.op.is_none() {
            return None;
        }
        let from = self.previous_quantity_end().max(self.clause.start);
        let opening = self.page.slice(from, self.quantity.start).trim_start();
        let opening = ["并且", "而且", "且", "并"].iter().find_map(|word| opening.strip_prefix(word)).unwrap_or(opening);
        let (_, last) = earlier.last().filter(|_| opening.starts_with('占') || opening.starts_with("其占"))?;
        let name = match last.indicator.strip_prefix("free:") {
            Some(label) => label,
            None => &self.page.rules.indicators[self.page.rules.indicator(&last.indicator)?].name,
        };
        let plain = !name.ends_with(['比', '率', '重', '例']) && self.page.may_set_conditions(self.sentence);
        plain.then(|| self.binding(&format!("free:{name}占比"), Source::Inherited, from))
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
