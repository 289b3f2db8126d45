//! Which indicator a number belongs to: the nearest name that fits its unit, a ratio or growth composed of two names,
//! what the clause before was about, or an open label.

use crate::lexicon::{Hit, within};
use crate::outline::Clause;
use crate::page::Page;
use crate::token::{Family, Quantity};

/// How a number found its indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The name stands in the clause.
    Named,
    /// Composed of two names.
    Composed,
    /// The same as the number before it in a list or the clause before.
    Inherited,
    /// A rule for numbers without a name.
    Ellipsis,
    /// An open label.
    Free,
}

/// The indicator of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding {
    /// Id from the vocabulary, or `free:<label>`.
    pub(crate) indicator: String,
    pub(crate) source: Source,
    /// Where the words that name it start and end, with the number.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// An operator written apart from the number: `不低于职工总数的50%`.
    pub(crate) op: Option<model::Op>,
}

/// How far before a number its name may stand, in bytes.
const MOST_DISTANCE: usize = 240;
/// How far behind a number its name may start, in characters: `1项以上有效发明专利`.
const MOST_BEHIND: usize = 9;

/// Binds every quantity of a sentence; `None` where a number belongs to nothing.
pub(crate) fn bind_sentence(page: &Page<'_>, sentence: usize) -> Vec<Option<Binding>> {
    let mut bindings: Vec<Option<Binding>> = Vec::new();
    let range = page.quantities_of(sentence);
    for index in range.clone() {
        let (quantity, mut clause) = (page.quantity(index), page.clause(page.clause_of[index]));
        clause.start = floor(page.text(), clause.start.max(quantity.number_start.saturating_sub(MOST_DISTANCE * 2)));
        let binder = Binder { page, sentence, index, quantity, clause };
        let earlier = Earlier { first: range.start, bindings: &bindings };
        bindings.push(if binder.is_period() { None } else { binder.bind(earlier) });
    }
    bindings
}

/// The bindings of the sentence so far.
#[derive(Clone, Copy)]
struct Earlier<'b> {
    first: usize,
    bindings: &'b [Option<Binding>],
}

impl<'b> Earlier<'b> {
    fn last(self) -> Option<(usize, &'b Binding)> {
        self.bindings.iter().enumerate().rev().find_map(|(at, binding)| Some((self.first + at, binding.as_ref()?)))
    }
}

struct Binder<'p> {
    page: &'p Page<'p>,
    sentence: usize,
    index: usize,
    quantity: &'p Quantity,
    clause: Clause,
}

impl<'p> Binder<'p> {
    /// `近3年` is a period, not a quantity.
    fn is_period(&self) -> bool {
        let quantity = self.quantity;
        let periods = &self.page.hits.periods;
        let from = periods.partition_point(|hit| hit.end <= quantity.number_start);
        periods.get(from).is_some_and(|hit| hit.start < quantity.number_end && hit.end >= quantity.number_end)
    }

    fn bind(&self, earlier: Earlier<'_>) -> Option<Binding> {
        if self.quantity.family == Family::Other && self.quantity.unit.is_empty() {
            return None;
        }
        let named = self.named(earlier);
        if self.quantity.family == Family::Percent
            && let Some(binding) = self.ratio(earlier).or_else(|| self.growth(earlier, named.as_ref()))
        {
            return Some(binding);
        }
        named
            .or_else(|| self.behind())
            .or_else(|| self.named_further())
            .or_else(|| self.around())
            .or_else(|| self.inherited(earlier))
            .or_else(|| self.ellipsis(earlier))
            .or_else(|| self.free())
    }

    fn family(&self, hit: &Hit<u16>) -> Family {
        Family::of(self.page.rules.indicators[usize::from(hit.what)].unit_family.as_deref().unwrap_or("none"))
    }

    fn id(&self, hit: &Hit<u16>) -> &'p str {
        &self.page.rules.indicators[usize::from(hit.what)].id
    }

    /// Names in a clause before the number that stand in no parentheses the number stands outside of.
    fn names_before(&self) -> Vec<Hit<u16>> {
        let from = self.clause.start.max(self.quantity.start.saturating_sub(MOST_DISTANCE));
        let hits = within(&self.page.hits.aliases, from, self.quantity.start);
        hits.iter().filter(|hit| !self.in_closed_parentheses(hit.start)).copied().collect()
    }

    fn in_closed_parentheses(&self, at: usize) -> bool {
        let mut depth = 0i32;
        for byte in self.page.text().as_bytes()[at..self.quantity.start].iter() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth < 0 {
                return true;
            }
        }
        false
    }

    fn previous_quantity_end(&self) -> usize {
        match self.index.checked_sub(1).map(|index| self.page.quantity(index)) {
            Some(previous) if previous.number_start >= self.clause.start => previous.end,
            _ => self.clause.start,
        }
    }

    /// The nearest fitting name since the last number.
    fn named(&self, earlier: Earlier<'_>) -> Option<Binding> {
        // 1项发明或15项实用新型: a name the number before has taken is not free.
        let taken = earlier.last().map_or(0, |(_, binding)| binding.end);
        let floor = self.previous_quantity_end().max(taken);
        let hit =
            self.names_before().into_iter().rev().find(|hit| hit.end > floor && self.quantity.family.fits(self.family(hit)))?;
        // 达到在职职工人数10%: the comparison stands before or inside the name.
        let apart = || self.page.lexer.last_word_in(self.page.text(), hit.start, self.quantity.start).map(|(op, _, _)| op);
        let op = if self.quantity.op.is_none() && self.quantity.family == Family::Percent { apart() } else { None };
        Some(Binding { op, ..self.binding(self.id(&hit), Source::Named, hit.start) })
    }

    /// The nearest fitting name in the clause, across other numbers that are no rivals.
    fn named_further(&self) -> Option<Binding> {
        let hit = self.names_before().into_iter().rev().find(|hit| self.quantity.family.fits(self.family(hit)))?;
        let rival = self.page.quantities_of(self.sentence).take_while(|index| *index < self.index).any(|index| {
            let other = self.page.quantity(index);
            other.number_start > hit.end && other.family == self.quantity.family
        });
        let quantity_between = self.page.slice(hit.end, self.quantity.start);
        (!rival || quantity_between.contains(['、', '或']))
            .then(|| self.binding(self.id(&hit), Source::Inherited, self.quantity.start))
    }

    /// `1项以上发明专利`, `签订1年以上劳动合同`.
    fn behind(&self) -> Option<Binding> {
        let rest = self.page.slice(self.quantity.end, self.clause.end);
        let reach = rest.char_indices().nth(MOST_BEHIND).map_or(rest.len(), |(byte, _)| byte);
        let limit = self.quantity.end + reach;
        let aliases = &self.page.hits.aliases;
        let from = aliases.partition_point(|hit| hit.start < self.quantity.end);
        let hit = aliases[from..]
            .iter()
            .take_while(|hit| hit.start <= limit)
            .find(|hit| self.quantity.family.fits(self.family(hit)))?;
        let between = self.page.slice(self.quantity.end, hit.start);
        if between.contains([',', '、', '(', '或']) || hit.end > self.clause.end {
            return None;
        }
        Some(Binding { end: hit.end, ..self.binding(self.id(hit), Source::Named, self.quantity.start) })
    }

    /// The clause around the parentheses: `(软件类企业30人)`.
    fn around(&self) -> Option<Binding> {
        let parent = self.page.clause(self.clause.parent?);
        let hits = within(&self.page.hits.aliases, parent.start, self.clause.start);
        let hit = hits.iter().rev().find(|hit| self.quantity.family.fits(self.family(hit)))?;
        Some(self.binding(self.id(hit), Source::Inherited, self.clause.start))
    }

    /// The number before in the same list, or what the clause before was about.
    fn inherited(&self, earlier: Earlier<'_>) -> Option<Binding> {
        let (index, last) = earlier.last()?;
        let other = self.page.quantity(index);
        if other.family != self.quantity.family || last.source == Source::Free {
            return None;
        }
        let between = self.page.slice(other.end, self.quantity.start);
        let listed =
            between.chars().count() <= 12 && (between.contains(['、', '或', '/']) || between.trim_matches([' ', ',']).is_empty());
        let inside = self.clause.parent.is_some_and(|parent| self.page.clause_of[index] == parent);
        let starts_bare =
            self.quantity.op.is_some() && self.page.slice(self.clause.start, self.quantity.start).chars().count() <= 8;
        (listed || inside || starts_bare).then(|| self.binding(&last.indicator, Source::Inherited, self.quantity_start()))
    }

    fn quantity_start(&self) -> usize {
        if self.clause.parent.is_some() { self.clause.start } else { self.quantity.start }
    }

    fn binding(&self, indicator: &str, source: Source, start: usize) -> Binding {
        Binding {
            indicator: indicator.to_owned(),
            source,
            start: start.min(self.quantity.start),
            end: self.quantity.end,
            op: None,
        }
    }

    /// `甲占乙的比例不低于3%`, `甲不低于乙的3%`.
    fn ratio(&self, earlier: Earlier<'_>) -> Option<Binding> {
        let (start, end) = (self.clause.start.max(self.quantity.start.saturating_sub(MOST_DISTANCE)), self.quantity.start);
        let start = floor(self.page.text(), start);
        let slice = self.page.slice(start, end);
        let share = slice.rfind('占').map(|at| start + at).filter(|at| !self.page.slice(*at, end).starts_with("占比"));
        if let Some(at) = share {
            let composed = self.compose(self.clause.start, at, at + "占".len(), end, earlier)?;
            let start = if composed.1 { at } else { composed.2 };
            return Some(self.binding(&composed.0, Source::Composed, start));
        }
        // 不低于乙的3%: the operator stands before the second name.
        if self.quantity.op.is_some() && !self.quantity.op_behind
            || !slice.trim_end().ends_with('的') && !slice.ends_with("总数") && !slice.ends_with("人数")
        {
            return None;
        }
        let (op, word, behind) = self.page.lexer.last_word_in(self.page.text(), start, end)?;
        let composed = self.compose(self.clause.start, word, behind, end, earlier)?;
        let start = if composed.1 { word } else { composed.2 };
        Some(Binding { op: self.quantity.op.is_none().then_some(op), ..self.binding(&composed.0, Source::Composed, start) })
    }

    /// The ratio of what stands in the first stretch to what stands in the second: its id, whether the first was taken
    /// over from before, and where its name starts.
    fn compose(&self, start: usize, end: usize, from: usize, to: usize, earlier: Earlier<'_>) -> Option<(String, bool, usize)> {
        let over_words = self.page.slice(from, to);
        let over: Vec<&str> = within(&self.page.hits.aliases, from, to).iter().map(|hit| self.id(hit)).collect();
        let under_hits: Vec<Hit<u16>> = within(&self.page.hits.aliases, start, end)
            .iter()
            .filter(|hit| !self.in_closed_parentheses(hit.start))
            .copied()
            .collect();
        let under_words = self.page.slice(start, end);
        let suits = |ratio: &&crate::rules::Ratio| {
            ratio.to.iter().any(|id| over.contains(&id.as_str()))
                || ratio.to_cues.iter().any(|cue| over_words.contains(cue.as_str()))
        };
        let ratios = || self.page.rules.ratios.iter().filter(suits);
        if let Some(ratio) = ratios().find(|ratio| ratio.numerator_cues.iter().any(|cue| under_words.contains(cue.as_str()))) {
            let at = ratio.numerator_cues.iter().filter_map(|cue| under_words.find(cue.as_str())).min().unwrap_or_default();
            return Some((ratio.indicator.clone(), false, start + at));
        }
        if let Some(found) = under_hits.iter().rev().find_map(|hit| {
            let id = self.id(hit);
            ratios().find(|ratio| ratio.of.iter().any(|of| of == id)).map(|ratio| (ratio.indicator.clone(), false, hit.start))
        }) {
            return Some(found);
        }
        if under_words.chars().count() > 8 {
            return None;
        }
        let (_, last) = earlier.last()?;
        ratios().find(|ratio| ratio.of.contains(&last.indicator)).map(|ratio| (ratio.indicator.clone(), true, start))
    }

    /// `甲增长10%`, `甲超过上年50%`.
    fn growth(&self, earlier: Earlier<'_>, named: Option<&Binding>) -> Option<Binding> {
        let names = self.names_before();
        let slice = self.page.slice(self.clause.start, self.quantity.number_start);
        let since = names.last().map_or(slice, |hit| self.page.slice(hit.end, self.quantity.number_start));
        let grows = ["增长", "增幅", "增速", "提高", "增加"].iter().any(|word| since.contains(word))
            || ["上年", "上一年", "上年度", "去年"].iter().any(|word| since.ends_with(word));
        if !grows {
            return None;
        }
        let rule_for = |id: &str| self.page.rules.growths.iter().find(|growth| growth.of.iter().any(|of| of == id));
        if let Some((growth, hit)) = names.iter().rev().find_map(|hit| Some((rule_for(self.id(hit))?, hit))) {
            let apart =
                || self.page.lexer.last_word_in(self.page.text(), hit.end, self.quantity.number_start).map(|(op, _, _)| op);
            let op = if self.quantity.op.is_none() { apart() } else { None };
            return Some(Binding { op, ..self.binding(&growth.indicator, Source::Composed, hit.start) });
        }
        if named.is_some() {
            return None;
        }
        let (_, last) = earlier.last()?;
        let growth = rule_for(&last.indicator)?;
        let start = ["同比", "比上年", "较上年", "增长", "增幅", "增速"].iter().filter_map(|word| slice.find(word)).min();
        Some(self.binding(&growth.indicator, Source::Composed, start.map_or(self.quantity.start, |at| self.clause.start + at)))
    }

    /// Numbers whose name the text leaves out.
    fn ellipsis(&self, earlier: Earlier<'_>) -> Option<Binding> {
        let bare = |family: &str| Family::of(family) == self.quantity.family;
        let came_before = |id: &str| earlier.bindings.iter().flatten().any(|binding| binding.indicator == id);
        let from = self.previous_quantity_end().max(self.clause.start);
        let before = self.page.slice(from, self.quantity.start);
        let tail = before.trim_end_matches(')');
        let category = !before.is_empty()
            && (tail.ends_with(['类', '业', '型'])
                || before.ends_with(')') && before.split('(').next().is_some_and(|head| head.ends_with(['类', '业', '型'])));
        let rule = self.page.rules.ellipses.iter().find(|rule| {
            let anywhere = rule.after == "anything" && self.quantity.op.is_some();
            let unit = rule.base.as_ref().is_none_or(|base| *base == self.quantity.base);
            bare(&rule.family)
                && unit
                && (anywhere
                    || came_before(&rule.after)
                    || rule.after == "category" && category && self.quantity.op_or_list(self.page, self.index))
        })?;
        if rule.after != "category" && rule.after != "anything" {
            let words = before.trim_start_matches(['或', '且']);
            let plain = words.is_empty() || ["比例", "比重", "占比"].iter().any(|word| words.contains(word));
            if !plain {
                return None;
            }
        }
        let start = ["比例", "比重", "占比"].iter().filter_map(|word| before.rfind(word)).max();
        Some(self.binding(&rule.indicator, Source::Ellipsis, start.map_or(self.quantity.start, |at| from + at)))
    }

    /// An open label: the noun before the comparison.
    fn free(&self) -> Option<Binding> {
        let families = [Family::Percent, Family::Money, Family::Count, Family::Area, Family::Score, Family::Other, Family::Level];
        if self.quantity.op.is_none() || !families.contains(&self.quantity.family) || self.quantity.per.is_some() {
            return None;
        }
        // What is given is no open indicator.
        let before = self.page.slice(self.clause.start, self.quantity.start);
        if ["资助", "补助", "补贴", "奖励", "贴息", "支持"].iter().any(|noun| before.contains(noun)) {
            return None;
        }
        let (label, start) =
            crate::lists::label_before(self.page, self.previous_quantity_end().max(self.clause.start), self.quantity.start)?;
        Some(self.binding(&format!("free:{label}"), Source::Free, start))
    }
}

impl Quantity {
    /// Has an operator, or stands in a list whose last number has one.
    fn op_or_list(&self, page: &Page<'_>, index: usize) -> bool {
        self.op.is_some()
            || page.tokens.quantities.get(index + 1).is_some_and(|next| {
                next.op.is_some()
                    && page.slice(self.end, next.start).chars().count() <= 10
                    && page.slice(self.end, next.start).contains(['、', '或'])
            })
    }
}

/// The character boundary at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
