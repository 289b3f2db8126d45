//! The course of a policy's life: its four dates, its states with since when and why, and its state on any day.
//!
//! Nothing is filled in from something else: a date that is not told is absent, and a day of which nothing is proved is
//! [`LifeCycle::Unknown`]. A course is derived from documents and links alone, so making it again gives the same.

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::PolicyId;
use crate::policy::{Decision, LifeCycle};
use crate::text::Span;

/// Where the words of a proof stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the text; `span` says where.
    #[default]
    Text,
    /// In the title.
    Title,
    /// In a field of the page (信息公开表, page head), outside title and text.
    Page,
    /// Nowhere: a rule says it of the dates.
    Rule,
    /// An editor said it.
    Editor,
}

/// Why something is held true.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Proof {
    /// Where the words stand.
    #[serde(rename = "in")]
    pub place: Place,
    /// The words, or the rule.
    pub quote: String,
    /// Where they stand in text or title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// The policy whose words they are; none: the policy itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyId>,
    /// Its title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
}

/// A date with its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    /// The day.
    pub date: Date,
    /// The words that say it.
    pub proof: Proof,
}

/// The four dates of a policy, each only as far as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FourDates {
    /// 成文日期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Dated>,
    /// 发布日期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Dated>,
    /// 施行日期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Dated>,
    /// 失效日期: the last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Dated>,
}

/// One state of the course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The state.
    pub state: LifeCycle,
    /// The first day of it; none where only later words say that it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// The day from which on it is proved, where `since` is not told.
    pub noted: Date,
    /// Why.
    pub proof: Proof,
}

impl Step {
    /// The day from which on the state is proved.
    #[must_use]
    pub fn begins(&self) -> Date {
        self.since.unwrap_or(self.noted)
    }
}

/// A soft doubt: a rule makes it likely that a policy is no longer in force, and nothing proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The first day of it.
    pub since: Date,
    /// The rule, in words for readers.
    pub rule: String,
}

/// The course of one policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LifeCourse {
    /// Its dates.
    pub dates: FourDates,
    /// Its states by the day they begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What makes it doubtful.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

/// The state of a policy on one day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Standing {
    /// The state.
    pub state: LifeCycle,
    /// The first day of it, where told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Date>,
    /// Why; none where nothing is proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Why it may have ended, where nothing says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_have_expired: Option<String>,
}

impl LifeCourse {
    /// The state on a day. What has ended does not come back; a day before an end that only later words tell is unknown.
    #[must_use]
    pub fn on(&self, day: Date) -> Standing {
        let begun = || self.steps.iter().filter(|step| step.begins() <= day);
        if let Some(end) = begun().filter(|step| step.state.is_over()).max_by_key(|step| step.begins()) {
            return Standing::of(end);
        }
        let undated = self.steps.iter().find(|step| step.state.is_over() && step.since.is_none() && step.noted > day);
        let last = begun().max_by_key(|step| step.begins());
        if let Some(undated) = undated.filter(|_| last.is_some()) {
            return Standing { proof: Some(undated.proof.clone()), ..Standing::default() };
        }
        let mut standing = last.map(Standing::of).unwrap_or_default();
        let may_be_in_force = matches!(standing.state, LifeCycle::InForce | LifeCycle::Amended | LifeCycle::Unknown);
        let doubt = self.doubt.as_ref().filter(|doubt| may_be_in_force && doubt.since <= day);
        standing.may_have_expired = doubt.map(|doubt| doubt.rule.clone());
        standing
    }

    /// The same with what an editor decided: from the day the editor named, else from the day of the decision on, it wins.
    #[must_use]
    pub fn decided_on(&self, day: Date, decision: Option<&Decision>) -> Standing {
        let decided = decision.and_then(|decision| Some((decision, decision.state?)));
        let Some((decision, state)) = decided.filter(|(decision, _)| decision.state_begins() <= day) else { return self.on(day) };
        let quote = if decision.reason.is_empty() { decision.editor.clone() } else { decision.reason.clone() };
        let proof = Proof { place: Place::Editor, quote, ..Proof::default() };
        Standing { state, since: decision.state_since, proof: Some(proof), may_have_expired: None }
    }

    /// What was learned on an earlier day keeps that day: reading a page again does not make its word newer.
    #[must_use]
    pub fn remembering(mut self, before: &Self) -> Self {
        for step in self.steps.iter_mut().filter(|step| step.since.is_none()) {
            let same = before.steps.iter().find(|old| old.state == step.state && old.since.is_none() && old.proof == step.proof);
            step.noted = same.map_or(step.noted, |old| old.noted.min(step.noted));
        }
        self
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Standing {
    fn of(step: &Step) -> Self {
        Self { state: step.state, since: step.since, proof: Some(step.proof.clone()), may_have_expired: None }
    }
}

/// Years after which a 规范性文件 without a stated end is doubtful.
const DOUBTFUL_YEARS: i64 = 5;

impl Doubt {
    /// The five-year rule: many provinces limit 规范性文件 to five years. `word` says which date is counted from.
    #[must_use]
    pub fn five_years(from: Date, word: &str) -> Option<Self> {
        let since = from.checked_add(DOUBTFUL_YEARS.years()).ok()?;
        let rule = format!(
            "自{word} {from} 起已满五年，未见有效期规定；多地规定规范性文件有效期一般不超过五年，可能已失效，请向发文机关核实"
        );
        Some(Self { since, rule })
    }
}

/// The day of a moment in China.
#[must_use]
pub fn day_in_china(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).date()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn step(state: LifeCycle, since: Option<Date>, noted: Date) -> Step {
        Step { state, since, noted, proof: Proof { quote: state.name().to_owned(), ..Proof::default() } }
    }

    #[track_caller]
    fn check(steps: &[Step], day: Date, expected: LifeCycle) {
        let course = LifeCourse { steps: steps.to_vec(), ..LifeCourse::default() };
        assert_eq!(course.on(day).state, expected, "on {day}");
    }

    #[test]
    fn each_day_has_the_state_that_had_begun() {
        let at = |year| date(year, 1, 1);
        let steps = [
            step(LifeCycle::Issued, Some(at(2018)), at(2018)),
            step(LifeCycle::InForce, Some(at(2019)), at(2018)),
            step(LifeCycle::Amended, Some(at(2021)), at(2021)),
            step(LifeCycle::Repealed, Some(at(2024)), at(2023)),
        ];
        for (year, state) in [
            (2017, LifeCycle::Unknown),
            (2018, LifeCycle::Issued),
            (2020, LifeCycle::InForce),
            (2022, LifeCycle::Amended),
            (2024, LifeCycle::Repealed),
            (2030, LifeCycle::Repealed),
        ] {
            check(&steps, at(year), state);
        }
        check(&steps, date(2023, 12, 31), LifeCycle::Amended);
    }

    #[test]
    fn what_has_ended_does_not_come_back() {
        let steps = [
            step(LifeCycle::Expired, Some(date(2020, 1, 1)), date(2020, 1, 1)),
            step(LifeCycle::InForce, Some(date(2021, 1, 1)), date(2021, 1, 1)),
        ];
        check(&steps, date(2022, 1, 1), LifeCycle::Expired);
    }

    #[test]
    fn before_an_end_without_a_day_nothing_is_known() {
        let steps = [
            step(LifeCycle::InForce, Some(date(2018, 1, 1)), date(2018, 1, 1)),
            step(LifeCycle::Repealed, None, date(2026, 1, 1)),
        ];
        check(&steps, date(2020, 1, 1), LifeCycle::Unknown);
        check(&steps, date(2026, 1, 1), LifeCycle::Repealed);
        check(&steps, date(2017, 1, 1), LifeCycle::Unknown);
    }

    #[test]
    fn five_years_make_a_doubt_and_never_a_state() {
        let course = LifeCourse {
            steps: vec![step(LifeCycle::InForce, Some(date(2018, 3, 1)), date(2018, 3, 1))],
            doubt: Doubt::five_years(date(2018, 3, 1), "施行日期"),
            ..LifeCourse::default()
        };
        let before = course.on(date(2023, 2, 28));
        let after = course.on(date(2023, 3, 1));
        assert_eq!((before.state, before.may_have_expired), (LifeCycle::InForce, None));
        assert_eq!(after.state, LifeCycle::InForce);
        assert!(after.may_have_expired.unwrap().contains("五年"));
    }
}
