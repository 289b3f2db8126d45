//! Conditions with numbers: which quantities of a sentence are requirements, with operator, period and case.

use model::decimal::Number;
use model::{Condition, Op, Value, What};

use crate::bind::{Binding, Source, bind_sentence};
use crate::lexicon::within;
use crate::lists;
use crate::page::{Draft, Page};
use crate::token::{Family, Quantity};

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
            } else if conditions && binding.is_some_and(|binding| is_requirement(page, index, binding)) {
                Role::Condition
            } else {
                Role::Nothing
            };
            reading.roles.push(role);
        }
        for index in range {
            if reading.selects(page, index) {
                reading.roles[index - reading.first] = Role::Selector;
            }
        }
        reading
    }

    pub(crate) fn role(&self, index: usize) -> Role {
        index.checked_sub(self.first).and_then(|at| self.roles.get(at)).copied().unwrap_or(Role::Nothing)
    }

    pub(crate) fn binding(&self, index: usize) -> Option<&Binding> {
        self.bindings.get(index.checked_sub(self.first)?)?.as_ref()
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
        (rest.starts_with(',') || rest.is_empty() || after.len() < 12) && !joined && !after.contains([';', '。'])
    }
}

/// Whether a bound quantity is a requirement: it is compared with something and its name is not only mentioned.
fn is_requirement(page: &Page<'_>, index: usize, binding: &Binding) -> bool {
    let quantity = page.quantity(index);
    // 1000平方米以下部分,按…: a slice of what is paid for.
    if page.slice(quantity.end, quantity.end + "部分".len()) == "部分" {
        return false;
    }
    if quantity.per.is_some() || quantity.family == Family::Other && binding.source != Source::Free {
        return false;
    }
    let limited = binding.indicator == "limit.quota" || is_rank(page, quantity, binding);
    let inside_list = binding.source == Source::Inherited && page.clause(page.clause_of[index]).parent.is_some();
    lists::operator(page, index).or(binding.op).is_some() || limited || inside_list || is_possession(page, quantity, binding)
}

/// `拥有1项发明或15项实用新型`: to have so many is to have at least so many.
fn is_possession(page: &Page<'_>, quantity: &Quantity, binding: &Binding) -> bool {
    let before = &page.text()[..quantity.number_start];
    let named_behind = binding.source == Source::Named && binding.end > quantity.end;
    named_behind && ["拥有", "具有", "获得", "取得", "或"].iter().any(|word| before.ends_with(word))
}

/// `排名前3名`: the word before the number is the bound.
fn is_rank(page: &Page<'_>, quantity: &Quantity, binding: &Binding) -> bool {
    binding.indicator.starts_with("market.rank") && page.text()[..quantity.number_start].ends_with('前')
}

/// The conditions with numbers of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize, reading: &Reading) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut case: Option<(String, usize)> = None;
    let mut skip_to = 0;
    for index in page.quantities_of(sentence) {
        match reading.role(index) {
            Role::Selector => {
                if let Some(binding) = reading.binding(index) {
                    let clause = page.clause(page.clause_of[index]);
                    case = Some((
                        page.slice(binding.start.max(clause.start), page.quantity(index).end).to_owned(),
                        clause.parent.unwrap_or(usize::MAX),
                    ));
                }
            }
            Role::Condition if index >= skip_to => {
                let Some(binding) = reading.binding(index) else { continue };
                let run = Run { page, sentence, index, binding };
                if let Some((draft, next)) = run.first_exceed() {
                    drafts.push(draft);
                    skip_to = next;
                    continue;
                }
                let clause = page.clause(page.clause_of[index]);
                let when = case
                    .as_ref()
                    .filter(|(_, parent)| *parent == usize::MAX || clause.parent == Some(*parent))
                    .map(|(words, _)| words.clone());
                let draft = run.draft(when.or_else(|| run.case()));
                if !repeats(drafts.last(), &draft) {
                    drafts.push(draft);
                } else if let Some(last) = drafts.last_mut() {
                    last.end = last.end.max(draft.end);
                }
            }
            _ => {}
        }
    }
    complement(page, &mut drafts);
    drafts
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

/// `1000万元以上，或1000万元以下但…`: where one band includes the number, the other excludes it.
fn complement(page: &Page<'_>, drafts: &mut [Draft]) {
    let included: Vec<(String, Option<Value>)> = drafts
        .iter()
        .filter_map(|draft| match &draft.what {
            What::Condition(condition) if condition.op == Op::AtLeast => {
                Some((condition.indicator.clone(), condition.value_base.clone()))
            }
            _ => None,
        })
        .collect();
    for draft in drafts {
        let below = page.slice(draft.start, draft.end).ends_with("以下");
        if let What::Condition(condition) = &mut draft.what
            && condition.op == Op::AtMost
            && below
            && included.contains(&(condition.indicator.clone(), condition.value_base.clone()))
        {
            condition.op = Op::Less;
        }
    }
}

/// One quantity being made a condition.
struct Run<'p> {
    page: &'p Page<'p>,
    sentence: usize,
    index: usize,
    binding: &'p Binding,
}

impl Run<'_> {
    fn quantity(&self) -> &Quantity {
        self.page.quantity(self.index)
    }

    fn draft(&self, when: Option<String>) -> Draft {
        let quantity = self.quantity();
        let (period, agg) = self.period();
        let negated = self.page.is_refused(self.sentence, quantity.end);
        let condition = Condition {
            indicator: self.binding.indicator.clone(),
            op: self.operator(),
            value: written(quantity),
            unit: Some(quantity.unit.clone()).filter(|unit| !unit.is_empty()),
            value_base: Some(based(quantity)),
            unit_base: self.base_unit(),
            period,
            agg,
            negated,
            when,
            ..Condition::new("", Op::Is, Value::Bool(true))
        };
        let (start, end) = (self.binding.start, self.binding.end.max(quantity.end));
        let confidence = match self.binding.source {
            Source::Named => 0.92,
            Source::Composed => 0.9,
            Source::Inherited => 0.8,
            Source::Ellipsis => 0.6,
            Source::Free => 0.45,
        };
        let rule = match self.binding.source {
            Source::Named => "number.named",
            Source::Composed => "number.composed",
            Source::Inherited => "number.inherited",
            Source::Ellipsis => "number.ellipsis",
            Source::Free => "number.free",
        };
        Draft { what: What::Condition(condition), start, end, confidence, rule, sentence: self.sentence }
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
        if op == Op::AtMost && behind == "以下" && (self.page.excludes_below() || defines()) { Op::Less } else { op }
    }

    fn base_unit(&self) -> Option<String> {
        let quantity = self.quantity();
        if quantity.family != Family::Bare {
            return Some(quantity.base.clone()).filter(|base| !base.is_empty());
        }
        let indicator = self.page.rules.indicator(&self.binding.indicator).map(|at| &self.page.rules.indicators[at])?;
        matches!(indicator.unit_family.as_deref(), Some("money")).then(|| "元".to_owned())
    }

    /// The period meant and, over several years, how they are taken together.
    fn period(&self) -> (Option<String>, Option<String>) {
        let (page, quantity) = (self.page, self.quantity());
        // A length of time or an area is not of a year.
        if matches!(quantity.family, Family::Duration | Family::Day | Family::Area) {
            return (None, None);
        }
        let clause = page.clause(page.clause_of[self.index]);
        let found = page.period_before(clause, quantity.number_start).or_else(|| self.period_taken_over());
        let Some((mut period, start)) = found else { return (None, None) };
        let measured_against =
            self.binding.indicator.ends_with("_growth") && page.slice(start, quantity.number_start).chars().count() <= 4;
        if measured_against && period == "last_year" {
            return (None, None);
        }
        if period == "Q1" && self.binding.indicator.ends_with("_growth") {
            "Q1_yoy".clone_into(&mut period);
        }
        if !period.ends_with("_years") {
            return (Some(period), None);
        }
        let aggregates = within(&page.hits.aggregates, start, quantity.number_start);
        let own = aggregates.iter().rev().find(|hit| !page.slice(hit.start, quantity.number_start).contains("占全部"));
        let agg = own.map(|hit| page.rules.units.aggregate[usize::from(hit.what)].value.clone());
        (Some(period), agg)
    }

    /// `上年度研发费用不低于100万元,且占营业收入比重不低于3%`: the period of the clause before goes on.
    fn period_taken_over(&self) -> Option<(String, usize)> {
        let page = self.page;
        let clause = page.clause(page.clause_of[self.index]);
        let outer = clause.parent.map(|parent| page.clause(parent));
        if let Some(found) = outer.and_then(|outer| page.period_before(outer, clause.start)) {
            return Some(found);
        }
        let starts = page.slice(clause.start, clause.end).trim_start();
        let goes_on = ["且", "并", "占", "其中", "每年", "同比"].iter().any(|word| starts.starts_with(word));
        let quarter = || starts.starts_with("同比");
        let previous = page.clause(clause.previous?);
        (goes_on || quarter()).then(|| page.period_before(previous, previous.end)).flatten()
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

    /// `首次突破1000万元、2000万元`: one condition with all steps.
    fn first_exceed(&self) -> Option<(Draft, usize)> {
        let page = self.page;
        let quantity = self.quantity();
        let before = page.slice(quantity.start.saturating_sub("首次".len()), quantity.start);
        if before != "首次" {
            return None;
        }
        let mut last = self.index;
        let range = page.quantities_of(self.sentence);
        while last + 1 < range.end && lists::listed(page, page.quantity(last), page.quantity(last + 1)) {
            last += 1;
        }
        let mut draft = self.draft(None);
        draft.end = draft.end.max(page.quantity(last).end);
        if let What::Condition(condition) = &mut draft.what {
            condition.op = Op::FirstExceed;
            if last > self.index {
                let steps = |shown: fn(&Quantity) -> String| {
                    Value::List((self.index..=last).map(|at| shown(page.quantity(at))).collect())
                };
                condition.value = steps(|quantity| format!("{}{}", quantity.value.normalize(), quantity.unit));
                condition.value_base = Some(steps(|quantity| quantity.low.normalize().to_string()));
            }
        }
        Some((draft, last + 1))
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
