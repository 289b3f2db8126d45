//! Condition trees × enterprise profiles → verdicts.
//!
//! Three-valued: a missing fact gives `unknown` with the question that would answer it, and never yes or no; what a program
//! cannot judge gives `review`. Indicators of the open vocabulary (`free:<label>`) are asked for by their label; an id that is
//! neither is `review`: it is shown, never ignored.

mod age;
mod condition;
mod facts;
mod history;
mod judgement;
mod number;
mod open;
mod outcome;
mod period;
mod place;
mod qualification;
mod qualify;
mod quantity;
mod rows;
mod size;
#[cfg(test)]
mod testing;
mod tree;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use model::{Condition, ConfigError, Enterprise, Indicator, Outcome, Record, Regions, Verdict};

pub use qualify::{
    Assessment, Chosen, ItemVerdict, PartVerdict, PassedOver, Purpose, QualifyError, RuleKind, RuleVerdict, ScoreVerdict,
    Standing,
};
pub use rows::{RowError, parse_enterprises, parse_enterprises_on};
pub use size::SizeClass;

use crate::facts::{Facts, Found};
use crate::place::Places;
use crate::qualify::Qualifications;
use crate::size::Sizes;

/// Says which policies suit which enterprises.
#[derive(Debug, Clone)]
pub struct Matcher {
    indicators: BTreeMap<String, Indicator>,
    places: Places,
    sizes: Sizes,
    qualifications: Qualifications,
}

impl Matcher {
    /// A matcher over the indicator vocabulary, the places and the text of `rules/sizes.toml`.
    ///
    /// # Errors
    /// The first mistake in `sizes_toml`, with its place.
    pub fn new(indicators: Vec<Indicator>, regions: Regions, sizes_toml: &str) -> Result<Self, ConfigError> {
        let sizes = Sizes::parse(sizes_toml)?;
        let indicators = indicators.into_iter().map(|indicator| (indicator.id.clone(), indicator)).collect();
        Ok(Self { indicators, places: Places::new(regions), sizes, qualifications: Qualifications::default() })
    }

    /// What there is to say about one policy and one enterprise on a day.
    #[must_use]
    pub fn verdict(&self, record: &Record, enterprise: &Enterprise, on: Date) -> Verdict {
        outcome::verdict(self, record, enterprise, on)
    }

    /// Verdicts for all enterprises, best first; enterprises with equal prospects in the order of their ids.
    pub fn match_policy<'a>(
        &self,
        record: &Record,
        enterprises: impl IntoIterator<Item = &'a Enterprise>,
        on: Date,
    ) -> Vec<Verdict> {
        let mut verdicts: Vec<Verdict> = enterprises.into_iter().map(|enterprise| self.verdict(record, enterprise, on)).collect();
        verdicts.sort_by(|one, other| {
            rank(one.outcome)
                .cmp(&rank(other.outcome))
                .then_with(|| outcome::prospects(other).cmp(&outcome::prospects(one)))
                .then_with(|| one.enterprise.cmp(&other.enterprise))
        });
        verdicts
    }

    /// The size classes an enterprise may have by its facts of a year: one when everything needed is known.
    ///
    /// Where the facts leave it open, the class the enterprise states itself decides among those that are possible.
    #[must_use]
    pub fn size_classes(&self, enterprise: &Enterprise, year: i16) -> BTreeSet<SizeClass> {
        // The last day of the year: titles and facts that ran out before do not matter for yearly figures.
        let on = Date::new(year, 12, 31).unwrap_or(Date::MAX);
        self.size_classes_of(Facts::new(enterprise, on), year)
    }

    /// What the vocabulary says of a condition's indicator; of an open one (`free:<label>`), what the condition itself shows.
    fn indicator(&self, condition: &Condition) -> Option<Cow<'_, Indicator>> {
        let id = &condition.indicator;
        let known = self.indicators.get(id).map(Cow::Borrowed);
        known.or_else(|| Some(Cow::Owned(open::indicator(condition, id.strip_prefix(open::PREFIX)?))))
    }

    fn size_classes_of(&self, facts: Facts<'_>, year: i16) -> BTreeSet<SizeClass> {
        let possible = self.sizes.classes(facts.enterprise.industry.as_deref(), condition::metrics(facts, year));
        if possible.len() < 2 {
            return possible;
        }
        let Found::Known(stated) = facts.word("size.class", Some(year)) else { return possible };
        let stated = SizeClass::of_word(&stated.value);
        let agreed: BTreeSet<SizeClass> = possible.intersection(&stated).copied().collect();
        if agreed.is_empty() { possible } else { agreed }
    }
}

/// Best first: who may apply, then who nearly may, then who might if more were known.
const fn rank(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Eligible => 0,
        Outcome::Likely => 1,
        Outcome::NearMiss => 2,
        Outcome::Unknown => 3,
        Outcome::NotEligible => 4,
        Outcome::Closed => 5,
    }
}
