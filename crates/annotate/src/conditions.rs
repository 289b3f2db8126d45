//! Conditions with numbers: which quantities of a sentence are requirements, with operator, period and case.

mod asked;
mod coordinated;
mod periods;
mod ranges;
mod steps;

use model::decimal::Number;
use model::{Condition, Op, Value, What};

use crate::bind::{Binding, Source, bind_sentence};
use crate::lists;
use crate::page::{Carried, Draft, Page};
use crate::token::{Family, Quantity};
use asked::{is_rank, is_requirement, limits};
pub(crate) use ranges::bands;
use ranges::{MOST_BOUND_GAP, between, complement};

/// What a quantity of a sentence is used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Nothing,
    Condition,
    /// Says which case the next condition is for: `营业收入1亿元以上的企业,比例不低于3%`.
    Selector,
    Award,
}

/// The quantities of one sentence with what they are bound to and used as.
pub(crate) struct Reading {
    pub(crate) first: usize,
    pub(crate) bindings: Vec<Option<Binding>>,
    pub(crate) roles: Vec<Role>,
}

impl Reading {
    pub(crate) fn new(page: &Page<'_>, sentence: usize) -> Self {
        let range = page.quantities_of(sentence);
        let mut reading = Self { first: range.start, bindings: bind_sentence(page, sentence), roles: Vec::new() };
        let (conditions, awards) = (page.may_set_conditions(sentence), page.may_award(sentence));
        for index in range.clone() {
            let binding = reading.bindings[index - reading.first].as_ref();
            let role = if awards && crate::awards::is_award(page, index, binding) {
                Role::Award
            } else if (conditions || limits(binding) && page.may_bind(sentence))
                && binding.is_some_and(|binding| is_requirement(page, index, binding))
            {
                Role::Condition
            } else {
                Role::Nothing
            };
            reading.roles.push(role);
        }
        for index in range.clone().rev() {
            if reading.selects(page, index) || reading.selects_with_next(page, index) {
                reading.roles[index - reading.first] = Role::Selector;
            }
        }
        reading.carry(page, sentence, range);
        reading
    }

    pub(crate) fn role(&self, index: usize) -> Role {
        index.checked_sub(self.first).and_then(|at| self.roles.get(at)).copied().unwrap_or(Role::Nothing)
    }

    pub(crate) fn binding(&self, index: usize) -> Option<&Binding> {
        self.bindings.get(index.checked_sub(self.first)?)?.as_ref()
    }

    /// Keeps what the numbers required were of for the sentence behind.
    fn carry(&self, page: &Page<'_>, sentence: usize, range: std::ops::Range<usize>) {
        let required = range.filter(|index| self.role(*index) == Role::Condition);
        let bound = required.filter_map(|index| Some((index, self.binding(index)?)));
        let carried = bound.filter(|(_, binding)| binding.source != Source::Limit).map(|(index, binding)| {
            let (base, family) = (page.quantity(index).base.clone(), page.quantity(index).family);
            let op = binding.op.or_else(|| lists::operator(page, index));
            Carried { sentence, indicator: binding.indicator.clone(), base, family, op }
        });
        let carried: Vec<Carried> = carried.collect();
        if !carried.is_empty() {
            *page.carried.borrow_mut() = carried;
        }
    }

    /// `5000万元以上2亿元以下的企业`: the lower bound of a case whose upper bound follows.
    fn selects_with_next(&self, page: &Page<'_>, index: usize) -> bool {
        if self.role(index) != Role::Condition || self.role(index + 1) != Role::Selector {
            return false;
        }
        let same = self.binding(index).map(|one| &one.indicator) == self.binding(index + 1).map(|other| &other.indicator);
        same && page.slice(page.quantity(index).end, page.quantity(index + 1).start).chars().count() <= MOST_BOUND_GAP
    }

    /// Whether a condition only names the case of the condition behind it.
    fn selects(&self, page: &Page<'_>, index: usize) -> bool {
        if self.role(index) != Role::Condition || self.role(index + 1) != Role::Condition {
            return false;
        }
        let (one, other) = (page.quantity(index), page.quantity(index + 1));
        let between = page.slice(one.end, other.start);
        let Some(rest) = between.strip_prefix('的') else { return false };
        let rest = ["申报企业", "企业", "单位", "机构", "项目"].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
        let after = rest.trim_start_matches([',', ' ']);
        let joined = ["以及", "或", "且", "并", "和", "及"].iter().any(|word| after.starts_with(word));
        (rest.starts_with(',') || rest.is_empty() || after.len() < 16) && !joined && !after.contains([';', '。'])
    }
}

/// The conditions with numbers of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize, reading: &Reading) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut case: Option<Selected> = None;
    let mut skip_to = 0;
    for index in page.quantities_of(sentence) {
        match reading.role(index) {
            Role::Selector => {
                if let Some(binding) = reading.binding(index) {
                    let run = Run { page, sentence, index, binding };
                    let before = case.take().filter(|_| index > 0 && reading.role(index - 1) == Role::Selector);
                    case = Some(run.selected(before));
                }
            }
            Role::Condition if index >= skip_to => {
                let Some(binding) = reading.binding(index) else { continue };
                let run = Run { page, sentence, index, binding };
                if let Some((draft, next)) = run.first_exceed().or_else(|| run.scale(reading)) {
                    drafts.push(draft);
                    skip_to = next;
                    continue;
                }
                let clause = page.clause(page.clause_of[index]);
                let limit = case.as_ref().filter(|case| case.parent.is_none() || clause.parent == case.parent);
                let when = limit.map(|case| page.slice(case.words.0, case.words.1).to_owned());
                let draft = run.draft(when.or_else(|| binding.case.clone()).or_else(|| run.case()));
                if !repeats(drafts.last(), &draft) {
                    drafts.extend(run.coordinated(&draft));
                    drafts.push(draft);
                } else if let Some(last) = drafts.last_mut() {
                    last.end = last.end.max(draft.end);
                }
            }
            _ => {}
        }
    }
    complement(page, &mut drafts);
    crate::areas::limit(page, sentence, &mut drafts);
    between(page, drafts)
}

/// The case that the numbers read last have named.
struct Selected {
    words: (usize, usize),
    /// The clause around the parentheses it stands in.
    parent: Option<usize>,
}

/// The numbers of a stretch that only say which case another number is for, as conditions.
pub(crate) fn selectors(page: &Page<'_>, sentence: usize, start: usize, end: usize) -> Vec<Condition> {
    let reading = Reading::new(page, sentence);
    let inside = |index: &usize| page.quantity(*index).number_start >= start && page.quantity(*index).end <= end;
    let selecting = page.quantities_of(sentence).filter(inside).filter(|index| reading.role(*index) == Role::Selector);
    let conditions = selecting.filter_map(|index| {
        let run = Run { page, sentence, index, binding: reading.binding(index)? };
        match run.draft(None).what {
            What::Condition(condition) => Some(condition),
            _ => None,
        }
    });
    conditions.collect()
}

/// The same requirement twice in one list: `2000万元、2000万元及以上`.
fn repeats(last: Option<&Draft>, draft: &Draft) -> bool {
    let (Some(Draft { what: What::Condition(last), end, .. }), What::Condition(condition)) = (last, &draft.what) else {
        return false;
    };
    last.indicator == condition.indicator
        && last.value_base == condition.value_base
        && last.op == condition.op
        && draft.start <= *end + 6
}

/// One quantity being made a condition.
struct Run<'p> {
    page: &'p Page<'p>,
    sentence: usize,
    index: usize,
    binding: &'p Binding,
}

impl Run<'_> {
    /// The case this number names, together with the one before it.
    fn selected(&self, before: Option<Selected>) -> Selected {
        let clause = self.page.clause(self.page.clause_of[self.index]);
        let start = self.binding.start.max(clause.start);
        let start = before.map_or(start, |before| before.words.0);
        Selected { words: (start, self.quantity().end), parent: clause.parent }
    }

    fn quantity(&self) -> &Quantity {
        self.page.quantity(self.index)
    }

    fn draft(&self, when: Option<String>) -> Draft {
        let quantity = self.quantity();
        let (period, agg) = self.period();
        let negated = self.binding.source != Source::Limit && self.page.is_refused(self.sentence, quantity.end);
        let condition = Condition {
            indicator: self.indicator(period.as_deref()),
            op: self.operator(),
            value: written(quantity),
            unit: self.unit(),
            value_base: Some(based(quantity)),
            unit_base: self.base_unit(),
            period,
            agg,
            negated,
            when,
            bounds: quantity.bounds.map(str::to_owned),
            ..Condition::new("", Op::Is, Value::Bool(true))
        };
        let (start, end) = (self.binding.start, self.binding.end.max(quantity.end));
        let confidence = match self.binding.source {
            Source::Named => 0.92,
            Source::Composed => 0.9,
            Source::Inherited => 0.8,
            Source::Limit => 0.85,
            Source::Ellipsis => 0.6,
            Source::Free => 0.45,
        };
        let rule = match self.binding.source {
            Source::Named => "number.named",
            Source::Composed => "number.composed",
            Source::Inherited => "number.inherited",
            Source::Limit => "number.limit",
            Source::Ellipsis => "number.ellipsis",
            Source::Free => "number.free",
        };
        Draft { what: What::Condition(condition), start, end, confidence, rule, sentence: self.sentence }
    }

    /// A compound rate over more or fewer years than two is one of growth in general.
    fn indicator(&self, period: Option<&str>) -> String {
        let compound = self.binding.indicator == "fin.revenue_cagr_2y";
        let indicator = if compound && period.is_some_and(|period| period != "last_2_years") {
            "fin.revenue_growth"
        } else {
            &self.binding.indicator
        };
        indicator.to_owned()
    }

    fn operator(&self) -> Op {
        let quantity = self.quantity();
        let op = lists::operator(self.page, self.index).or(self.binding.op);
        let at_most = self.binding.indicator == "limit.quota" || is_rank(self.page, quantity, self.binding);
        let op = op.unwrap_or(if at_most { Op::AtMost } else { Op::AtLeast });
        let sentence = self.page.sentence(self.sentence);
        let behind = self.page.slice(quantity.number_end, quantity.end);
        let defines = || {
            let words = self.page.slice(quantity.end, sentence.end);
            ["为中小微型企业", "为中小微企业", "为中型企业", "为小型企业", "为微型企业"].iter().any(|word| words.contains(word))
        };
        let noted =
            ["(含", "(不含", "(包"].iter().any(|note| self.page.slice(quantity.number_start, quantity.end).contains(note));
        match self.page.inclusion().operator(op, behind) {
            other if other != op && !noted => other,
            _ if op == Op::AtMost && behind == "以下" && defines() => Op::Less,
            _ => op,
        }
    }

    /// The unit as written; what may be applied for is counted in 项.
    fn unit(&self) -> Option<String> {
        let quantity = self.quantity();
        if self.binding.source == Source::Limit && quantity.unit == "个" {
            return Some("项".to_owned());
        }
        Some(quantity.unit.clone()).filter(|unit| !unit.is_empty())
    }

    fn base_unit(&self) -> Option<String> {
        let quantity = self.quantity();
        if self.binding.source == Source::Limit {
            return self.unit();
        }
        if quantity.family != Family::Bare {
            return Some(quantity.base.clone()).filter(|base| !base.is_empty());
        }
        let indicator = self.page.rules.indicator(&self.binding.indicator).map(|at| &self.page.rules.indicators[at])?;
        matches!(indicator.unit_family.as_deref(), Some("money")).then(|| "元".to_owned())
    }

    /// The kind of enterprise a number is for, where the text names one: `加工型企业总资产…`, `软件类企业30人`.
    fn case(&self) -> Option<String> {
        let page = self.page;
        let clause = page.clause(page.clause_of[self.index]);
        let before = page.slice(clause.start, self.binding.start.max(clause.start).max(self.quantity().start.min(clause.end)));
        let before = page.slice(clause.start, clause.start + before.len());
        let end = ["类企业", "型企业", "行业企业"].iter().filter_map(|word| before.find(word).map(|at| at + word.len())).min();
        let end = end.or_else(|| before.trim_end_matches(')').ends_with(['类', '型']).then_some(before.len()))?;
        let words = before[..end].trim_start_matches(['对', '或', ' ']);
        (words.chars().count() <= 16 && !words.contains("中小微型")).then(|| words.to_owned())
    }
}

fn written(quantity: &Quantity) -> Value {
    match quantity.high {
        Some((_, high)) => Value::Range(Number(quantity.value), Number(high)),
        None => Value::Number(quantity.value),
    }
}

fn based(quantity: &Quantity) -> Value {
    match quantity.high {
        Some((high, _)) => Value::Range(Number(quantity.low), Number(high)),
        None => Value::Number(quantity.low),
    }
}

#[cfg(test)]
mod tests;
