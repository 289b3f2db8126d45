//! Several names that share one number: `成员出资额、固定资产均不低于100万元`.

use model::What;

use super::Run;
use crate::bind::Source;
use crate::lexicon::within;
use crate::page::Draft;
use crate::rules::WordKind;
use crate::token::Family;

/// More names than this share no number.
const MOST_NAMES: usize = 4;
/// How far before a name the names joined to it may start, in bytes.
const MOST_BEFORE: usize = 90;

impl Run<'_> {
    /// The same requirement of the names joined to the one the number is bound to.
    pub(super) fn coordinated(&self, draft: &Draft) -> Vec<Draft> {
        let mut found = Vec::new();
        if !self.shares() {
            return found;
        }
        let clause = self.page.clause(self.page.clause_of[self.index]);
        let previous = self.index.checked_sub(1).map_or(0, |index| self.page.quantity(index).end);
        let from = clause.start.max(previous).max(self.binding.start.saturating_sub(MOST_BEFORE));
        let from = crate::bind::floor(self.page.text(), from);
        let mut start = self.binding.start;
        for _ in 0..MOST_NAMES {
            let Some((indicator, at)) = self.joined(from, start) else { break };
            let mut other = Draft { start: at, ..draft.clone() };
            if let What::Condition(condition) = &mut other.what {
                condition.indicator = indicator;
            }
            found.insert(0, other);
            start = at;
        }
        found
    }

    /// Whether the number is said of each of several names: 均, 都, or rates of the same kind.
    fn shares(&self) -> bool {
        let quantity = self.quantity();
        if !matches!(self.binding.source, Source::Named | Source::Free | Source::Composed) || self.binding.start >= quantity.start
        {
            return false;
        }
        let words = self.page.slice(self.binding.start, quantity.start);
        let name = crate::open::without_light(self.page, words);
        let each = words[name.len()..].contains(['均', '都']) && !words[name.len()..].contains(['年', '平']);
        each || quantity.family == Family::Percent && name.ends_with('率')
    }

    /// The name before a joint that ends at `end`: its indicator, and where it starts.
    fn joined(&self, from: usize, end: usize) -> Option<(String, usize)> {
        let stretch = self.page.slice(from.min(end), end).trim_end();
        let stretch = ["以及", "、", "和", "及", "与"].iter().find_map(|joint| stretch.strip_suffix(joint))?;
        let stop = from + stretch.len();
        let fits = |what: u16| {
            let indicator = &self.page.rules.indicators[usize::from(what)];
            self.quantity().family.fits(Family::of(indicator.unit_family.as_deref().unwrap_or("none")))
        };
        let names = within(&self.page.hits.aliases, from, stop);
        if let Some(hit) = names.iter().find(|hit| hit.end == stop && fits(hit.what)) {
            return Some((self.page.rules.indicators[usize::from(hit.what)].id.clone(), hit.start));
        }
        let rate = stretch.ends_with(['率', '例', '重', '比']);
        let measure = self.page.rules.numbers.ends(WordKind::Measure, stretch).is_some();
        if !measure || rate != (self.quantity().family == Family::Percent) {
            return None;
        }
        let noun = crate::open::noun_before(self.page, from, stop)?;
        let at = from + stretch.rfind(noun.as_str())?;
        let plain = noun.chars().count() > 2 && !noun.contains('、');
        plain.then(|| (format!("free:{noun}"), at))
    }
}
