//! Which rule set holds for a title, a purpose and a day, and why the others do not.

use jiff::civil::Date;
use model::region::lies_within;

use super::report::{Chosen, PassedOver};
use super::{PlugIn, Purpose, Qualifications, QualifyError, RuleSet};
use crate::qualify::file::Applies;

/// The rule set taken, with what there is to say about the choice.
pub(super) struct Choice<'a> {
    pub(super) set: &'a RuleSet,
    pub(super) purpose: Purpose,
    pub(super) chosen: Chosen,
    /// What provinces set for it on the day.
    pub(super) plug_ins: Vec<&'a PlugIn>,
}

impl Choice<'_> {
    /// What the enterprise's province sets; of several the nearest.
    pub(super) fn local(&self, region: Option<&str>) -> Option<&PlugIn> {
        let region = region?;
        let near = self.plug_ins.iter().filter(|plug_in| lies_within(region, &plug_in.region));
        near.copied().max_by_key(|plug_in| plug_in.region.trim_end_matches('0').len())
    }
}

impl Qualifications {
    pub(super) fn choose(&self, title: &str, purpose: Purpose, on: Date) -> Result<Choice<'_>, QualifyError> {
        let own: Vec<&RuleSet> = self.sets.iter().filter(|set| set.is_called(title)).collect();
        let Some(first) = own.first() else {
            let mut known: Vec<&str> = self.sets.iter().map(|set| set.title.as_str()).collect();
            known.dedup();
            return Err(QualifyError::UnknownTitle { title: title.to_owned(), known: known.join(", ") });
        };
        let passed =
            |set: &RuleSet| PassedOver { id: set.id.clone(), document: set.document.clone(), why: set.why_not(purpose, on) };
        let Some(set) = own.iter().find(|set| set.applying(purpose, on).is_some()) else {
            let why: Vec<String> = own.iter().map(|set| format!("{}{}", set.id, set.why_not(purpose, on))).collect();
            let title = first.title.clone();
            return Err(QualifyError::NoneApplies { title, purpose, on, why: why.join("；") });
        };
        let chosen = Chosen {
            id: set.id.clone(),
            document: set.document.clone(),
            status: set.status.clone(),
            validity_years: set.validity_years,
            why: set.applying(purpose, on).map_or_else(String::new, |applies| why(applies, on)),
            passed_over: own.iter().filter(|other| other.id != set.id).map(|other| passed(other)).collect(),
        };
        let in_force = |plug_in: &&PlugIn| plug_in.from <= on && plug_in.until.is_none_or(|until| on <= until);
        let plug_ins = self.plug_ins.iter().filter(|plug_in| plug_in.rule_set == set.id).filter(in_force).collect();
        Ok(Choice { set, purpose, chosen, plug_ins })
    }
}

impl RuleSet {
    /// Compared without quotation marks, blanks and 企业, so that 专精特新“小巨人” is 专精特新小巨人企业.
    fn is_called(&self, title: &str) -> bool {
        let wanted = plain(title);
        !wanted.is_empty() && self.aliases.iter().chain([&self.title, &self.id]).any(|name| plain(name) == wanted)
    }

    fn applying(&self, purpose: Purpose, on: Date) -> Option<&Applies> {
        self.applies
            .iter()
            .find(|applies| applies.purpose == purpose && applies.from <= on && applies.until.is_none_or(|until| on <= until))
    }

    fn why_not(&self, purpose: Purpose, on: Date) -> String {
        let own: Vec<&Applies> = self.applies.iter().filter(|applies| applies.purpose == purpose).collect();
        if own.is_empty() {
            return format!("不用于{purpose}");
        }
        if let Some(next) = own.iter().filter(|applies| applies.from > on).map(|applies| applies.from).min() {
            return format!("用于{purpose}自{next}起，申请日{on}在此之前");
        }
        match own.iter().filter_map(|applies| applies.until).max() {
            Some(last) => format!("用于{purpose}至{last}止，申请日{on}在此之后"),
            None => "另一版本优先".to_owned(),
        }
    }
}

fn why(applies: &Applies, on: Date) -> String {
    let until = applies.until.map_or_else(String::new, |until| format!("至{until}"));
    let basis = if applies.basis.is_empty() { String::new() } else { format!("（{}）", applies.basis) };
    format!("{}自{}起{until}适用本规则，申请日{on}在此期间{basis}", applies.purpose, applies.from)
}

fn plain(name: &str) -> String {
    let kept = name.chars().filter(|character| !character.is_whitespace() && !"“”\"'‘’「」《》".contains(*character));
    let name: String = kept.collect();
    name.strip_suffix("企业").map_or_else(|| name.clone(), str::to_owned)
}
