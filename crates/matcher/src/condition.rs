//! One condition against one enterprise: which kind of comparison its indicator and sign call for.

use std::collections::BTreeSet;

use model::{Condition, Enterprise, Indicator, Op, Record, Truth, Value};

use crate::Matcher;
use crate::facts::{Facts, Found, Known, plain};
use crate::judgement::Judgement;
use crate::number::{Numeric, current, judge_increase, unanswered, with_source};
use crate::period::Period;
use crate::qualification::names;
use crate::quantity;
use crate::size::{Metrics, SizeClass, is_industry_code};
use crate::{age, history, place, qualification};

/// A condition put to an enterprise.
pub(crate) struct Question<'a> {
    pub(crate) matcher: &'a Matcher,
    pub(crate) condition: &'a Condition,
    pub(crate) indicator: &'a Indicator,
    pub(crate) record: &'a Record,
    pub(crate) facts: Facts<'a>,
    /// Whether the statement must not hold: the condition's own negation and the tree's together.
    pub(crate) negated: bool,
}

impl Question<'_> {
    fn enterprise(&self) -> &Enterprise {
        self.facts.enterprise
    }

    /// What is needed, in words.
    pub(crate) fn need(&self) -> String {
        let words = names(&self.condition.value);
        if self.condition.ref_value.is_some() {
            return quantity::need(self.condition, self.negated);
        }
        let text = match (self.indicator.id.as_str(), self.condition.op) {
            (_, Op::Transition) => return "发生转型（见原文）".to_owned(),
            (_, Op::FirstTime) => "首次达到".to_owned(),
            ("reg.place", _) => self.matcher.places.shown(&words),
            (_, Op::HasAny | Op::In | Op::Is) if !words.is_empty() => words.join("或"),
            (_, Op::Has) => words.join("、"),
            _ => match &self.condition.value {
                Value::Bool(value) => return if *value == self.negated { "否" } else { "是" }.to_owned(),
                Value::Text(word) if model::decimal::parse(word).is_none() => format!("{} {word}", self.condition.op.sign()),
                _ => return self.numeric_need(),
            },
        };
        if self.negated { format!("不得为：{text}") } else { text }
    }

    fn numeric_need(&self) -> String {
        let need = quantity::need(self.condition, self.negated);
        match Numeric::new(self.condition, self.indicator, self.negated, self.facts.on) {
            Ok(numeric) if !self.is_age() => format!("{need}{}", numeric.note()),
            _ => need,
        }
    }

    fn is_age(&self) -> bool {
        matches!(self.indicator.id.as_str(), "reg.age" | "reg.age_days")
    }

    /// Whether it holds, as far as the facts say.
    pub(crate) fn judge(&self) -> Judgement {
        let (condition, indicator) = (self.condition, self.indicator);
        if condition.ref_value.is_some() {
            return self.judge_reference();
        }
        match (indicator.id.as_str(), condition.op) {
            (_, Op::Transition) => Judgement::review("转型情况需人工核对"),
            (_, Op::FirstTime) => history::judge_first_time(condition, indicator, self.facts).inverted_if(self.negated),
            (_, Op::FirstExceed) => history::judge_first_exceed(condition, indicator, self.facts).inverted_if(self.negated),
            (_, Op::Increase) => judge_increase(condition, indicator, self.negated, self.facts),
            ("reg.place", _) => self.judge_place(),
            ("reg.age" | "reg.age_days", _) => self.judge_age(),
            ("size.class", _) => self.judge_size(),
            ("industry.in", _) => self.judge_industry(),
            ("qual.has", _) => {
                qualification::judge(condition, self.enterprise(), &self.matcher.places, self.negated, self.facts.on)
            }
            _ => self.judge_value(),
        }
    }

    /// Against a measure that is no number of the enterprise (同期银行贷款利率): only the enterprise can say, and may have said.
    fn judge_reference(&self) -> Judgement {
        let period = Period::of(self.condition, self.indicator, self.facts.on).0;
        let year = match &period {
            Period::Years(years) => years.first().copied(),
            Period::Current(year) => Some(*year),
            Period::Other(_) => None,
        };
        if let Found::Known(known) = self.facts.truth(&self.indicator.id, year) {
            // The question contains the negation, so the answer is to the whole.
            return Judgement::met_if(known.value).has(plain(&Value::Bool(known.value)));
        }
        let own = match self.facts.number(&self.indicator.id, year) {
            Found::Known(known) => Some(with_source(&known.value.normalize().to_string(), &known)),
            _ => None,
        };
        let when = if matches!(period, Period::Current(_)) { String::new() } else { period.label() };
        let ask = Judgement::unknown(format!("请确认{when}{}是否{}", self.indicator.name, self.need()));
        match own {
            Some(own) => ask.has(own),
            None => ask,
        }
    }

    fn judge_value(&self) -> Judgement {
        match (&self.condition.value, self.indicator.value_type.as_str()) {
            (Value::Bool(wanted), "bool") => self.judge_bool(*wanted),
            (Value::Bool(_), _) => Judgement::review("原文未给出可比较的数值"),
            (Value::Number(_) | Value::Range(..) | Value::Steps(_), "bool" | "enum" | "set") => {
                Judgement::review("数值与指标类型不符，需人工核对")
            }
            (Value::Text(_) | Value::List(_), "ord") => self.judge_grade(),
            (Value::Text(word), "num") if model::decimal::parse(word).is_some() => self.judge_number(self.condition),
            (Value::Steps(_) | Value::Range(..), "num") if self.condition.op != Op::Range => {
                match quantity::first_step(self.condition) {
                    Some(step) => self.judge_number(&step),
                    None => Judgement::review("分档数值需人工核对"),
                }
            }
            (Value::Text(_) | Value::List(_), "num" | "bool" | "date") => Judgement::review("原文表述需人工核对"),
            (Value::Text(_) | Value::List(_), _) => self.judge_words(),
            _ => self.judge_number(self.condition),
        }
    }

    fn judge_number(&self, condition: &Condition) -> Judgement {
        match Numeric::new(condition, self.indicator, self.negated, self.facts.on) {
            Ok(numeric) => numeric.judge(self.facts),
            Err(why) => Judgement::review(why),
        }
    }

    fn judge_age(&self) -> Judgement {
        let enterprise = self.enterprise();
        if enterprise.founded.is_none() && !self.facts.all(&self.indicator.id).is_empty() {
            return self.judge_number(self.condition);
        }
        let fallback = if self.indicator.id == "reg.age_days" { "日" } else { "年" };
        age::judge(self.condition, enterprise.founded, self.negated, self.facts.on, fallback)
    }

    /// The codes annotation found for the words of a set; where some word got none, the words themselves as well.
    fn codes_or_names(&self) -> Vec<&str> {
        let words = names(&self.condition.value);
        let codes = self.condition.value_base.as_ref().map(names).unwrap_or_default();
        if codes.is_empty() || codes.len() < words.len() { codes.into_iter().chain(words).collect() } else { codes }
    }

    fn judge_place(&self) -> Judgement {
        let words = self.codes_or_names();
        if words.is_empty() {
            return Judgement::review("地域范围需人工核对");
        }
        self.matcher.places.judge(&words, self.record, self.enterprise()).inverted_if(self.negated)
    }

    /// Over several years a fault in any one of them counts, and a merit must hold in each.
    fn judge_bool(&self, wanted: bool) -> Judgement {
        let id = &self.indicator.id;
        let (period, _) = Period::of(self.condition, self.indicator, self.facts.on);
        let required = wanted != self.negated;
        let found = match &period {
            Period::Years(years) if years.len() > 1 => return self.judge_bool_years(years, required),
            Period::Years(years) => self.facts.truth(id, years.first().copied()),
            Period::Current(year) => current(*year, |year| self.facts.truth(id, Some(year))),
            Period::Other(_) => self.facts.truth(id, None),
        };
        match found {
            Found::Known(known) => {
                Judgement::met_if(known.value == required).has(with_source(&plain(&Value::Bool(known.value)), &known))
            }
            found => confirm(unanswered(found, &period, &self.indicator.name, |value| plain(&Value::Bool(*value)))),
        }
    }

    fn judge_bool_years(&self, years: &[i16], required: bool) -> Judgement {
        let id = &self.indicator.id;
        let founded = self.enterprise().founded.map_or(i16::MIN, jiff::civil::Date::year);
        // What happened this year up to now belongs to 近三年 as well, if it is known; years before the enterprise existed do not.
        let this_year = Some(self.facts.on.year()).filter(|year| years.iter().max() == Some(&(year - 1)));
        let at_fault = this_year.filter(|year| {
            matches!(self.facts.truth(id, Some(*year)), Found::Known(Known { value, year: Some(_), .. }) if value != required)
        });
        let mut open: Vec<i16> = Vec::new();
        for year in years.iter().copied().filter(|year| *year >= founded).chain(at_fault) {
            match self.facts.truth(id, Some(year)) {
                Found::Known(known) if known.value != required => {
                    return Judgement::of(Truth::NotMet).has(format!("{year}年：{}", plain(&Value::Bool(known.value))));
                }
                Found::Known(_) => {}
                Found::Contradictory(values) | Found::Unreadable(values) => {
                    return Judgement::review("资料前后矛盾或格式不符，需人工核对").has(values);
                }
                _ => open.push(year),
            }
        }
        if open.is_empty() && years.iter().any(|year| *year >= founded) {
            return Judgement::of(Truth::Met).has(plain(&Value::Bool(required)));
        }
        let asked = if open.is_empty() { years.to_vec() } else { open };
        confirm(Judgement::unknown(format!("请补充{}{}", Period::Years(asked).label(), self.indicator.name)))
    }

    fn judge_size(&self) -> Judgement {
        let wanted: BTreeSet<SizeClass> = names(&self.condition.value).into_iter().flat_map(SizeClass::of_word).collect();
        if wanted.is_empty() {
            return Judgement::review("企业规模的表述需人工核对");
        }
        let year = self.facts.on.year() - 1;
        let possible = self.matcher.size_classes_of(self.facts, year);
        let shown: Vec<&str> = possible.iter().map(|class| class.label()).collect();
        let shown = format!("{}（{year}年）", shown.join("或"));
        if possible.is_subset(&wanted) {
            return Judgement::of(Truth::Met).inverted_if(self.negated).has(shown);
        }
        if possible.is_disjoint(&wanted) {
            return Judgement::of(Truth::NotMet).inverted_if(self.negated).has(shown);
        }
        let missing = self.matcher.sizes.missing(self.enterprise().industry.as_deref(), metrics(self.facts, year));
        if missing.is_empty() {
            return Judgement::review("所属行业的划型标准需人工核对").has(shown);
        }
        Judgement::unknown(format!("请补充{year}年{}", missing.join("、"))).has(shown)
    }

    fn judge_industry(&self) -> Judgement {
        let words = self.codes_or_names();
        let own = self.enterprise().industry.as_deref().map(str::trim).filter(|code| is_industry_code(code));
        let answers = words.iter().map(|word| {
            let codes: Vec<String> = match self.matcher.sizes.industries_of(word) {
                _ if is_industry_code(word) => vec![(*word).to_owned()],
                Some(codes) => codes.to_vec(),
                None => return Truth::Review,
            };
            let Some(own) = own else { return Truth::Unknown };
            crate::tree::any(codes.iter().map(|code| match code {
                code if own.starts_with(code.as_str()) => Truth::Met,
                // The profile says only C, the policy wants C35.
                code if code.starts_with(own) => Truth::Unknown,
                _ => Truth::NotMet,
            }))
        });
        let judgement = match (words.is_empty(), crate::tree::any(answers)) {
            (true, _) | (_, Truth::Review) => Judgement::review("行业范围需人工核对"),
            (_, Truth::Unknown) => Judgement::unknown("请补充行业代码（GB/T 4754小类）"),
            (_, truth) => Judgement::of(truth),
        };
        let judgement = judgement.inverted_if(self.negated);
        match own {
            Some(own) => judgement.has(own),
            None => judgement,
        }
    }

    /// Words against words: equal or containing is yes; two different words of the indicator's own vocabulary are a no.
    fn judge_words(&self) -> Judgement {
        let period = Period::of(self.condition, self.indicator, self.facts.on).0;
        let own = match &period {
            Period::Years(years) => self.facts.word(&self.indicator.id, years.first().copied()),
            Period::Current(year) => current(*year, |year| self.facts.word(&self.indicator.id, Some(year))),
            Period::Other(_) => self.facts.word(&self.indicator.id, None),
        };
        let Found::Known(known) = own else {
            return unanswered(own, &period, &self.indicator.name, Clone::clone);
        };
        let in_vocabulary = |word: &str| self.indicator.aliases.iter().any(|alias| alias == word);
        let answers = names(&self.condition.value).into_iter().map(|word| {
            if known.value == word || known.value.contains(word) {
                Truth::Met
            } else if in_vocabulary(word) && in_vocabulary(&known.value) {
                Truth::NotMet
            } else {
                Truth::Review
            }
        });
        let truth = if self.condition.op == Op::Has { crate::tree::all(answers) } else { crate::tree::any(answers) };
        let judgement =
            if truth == Truth::Review { Judgement::review("表述不同，需人工核对") } else { Judgement::of(truth) };
        judgement.inverted_if(self.negated).has(with_source(&known.value, &known))
    }

    /// Grades such as AAA and A.
    fn judge_grade(&self) -> Judgement {
        const GRADES: [&str; 9] = ["C", "CC", "CCC", "B", "BB", "BBB", "A", "AA", "AAA"];
        let rank = |word: &str| {
            let word = word.trim().trim_end_matches('级').to_ascii_uppercase();
            GRADES.iter().position(|grade| *grade == word)
        };
        let Value::Text(wanted) = &self.condition.value else { return Judgement::review("等级需人工核对") };
        let own = current(self.facts.on.year(), |year| self.facts.word(&self.indicator.id, Some(year)));
        let Found::Known(known) = own else {
            return unanswered(own, &Period::Current(self.facts.on.year()), &self.indicator.name, Clone::clone);
        };
        let (Some(own), Some(wanted)) = (rank(&known.value), rank(wanted)) else {
            return Judgement::review("等级需人工核对").has(known.value);
        };
        let met = match self.condition.op {
            Op::AtLeast => own >= wanted,
            Op::More => own > wanted,
            Op::AtMost => own <= wanted,
            Op::Less => own < wanted,
            Op::Is | Op::In => own == wanted,
            _ => return Judgement::review("等级需人工核对").has(known.value),
        };
        Judgement::met_if(met).inverted_if(self.negated).has(with_source(&known.value, &known))
    }
}

/// A yes or no is confirmed rather than filled in.
fn confirm(judgement: Judgement) -> Judgement {
    let ask = judgement.ask.as_deref().and_then(|ask| ask.strip_prefix("请补充")).map(|rest| format!("请确认{rest}情况"));
    Judgement { ask: ask.or(judgement.ask), ..judgement }
}

/// What is known of an enterprise's size in a year.
pub(crate) fn metrics(facts: Facts<'_>, year: i16) -> Metrics {
    let known = |indicator: &str| match facts.number(indicator, Some(year)) {
        Found::Known(known) => Some(known.value),
        _ => None,
    };
    Metrics { staff: known("staff.total"), revenue: known("fin.revenue"), assets: known("fin.total_assets") }
}

/// Whether the enterprise lies where the policy is for, where no condition of the policy says so itself.
pub(crate) fn judge_scope(places: &place::Places, record: &Record, enterprise: &Enterprise) -> Judgement {
    let region = record.policy.region.as_str();
    // The agency of a place in no list: whom its policy is for, a person must say.
    if region.is_empty() {
        return Judgement::review("政策适用地区待确认");
    }
    if region.len() != 6 {
        return Judgement::of(Truth::Met);
    }
    places.judge(&[region], record, enterprise)
}
