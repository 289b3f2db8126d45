//! The examples beside the rules: enterprises that pass and that fail.

use std::collections::BTreeMap;

use model::{Enterprise, Fact, Truth};

use super::assess::blamed;
use super::file::{Example, Profile, ShortFact};
use super::report::Assessment;
use super::{RuleSet, choose};
use crate::Matcher;

/// Runs all; what is wrong, in words.
pub(super) fn run(matcher: &Matcher) -> Vec<String> {
    let sets = &matcher.qualifications.sets;
    let examples = sets.iter().flat_map(|set| set.examples.iter().map(move |example| (set, example)));
    examples.flat_map(|(set, example)| run_one(matcher, set, example)).collect()
}

fn run_one(matcher: &Matcher, set: &RuleSet, example: &Example) -> Vec<String> {
    let fail = |what: String| format!("{}: example `{}`: {what}", set.file, example.name);
    let choice: choose::Choice<'_> = match matcher.qualifications.choose(&set.title, example.purpose, example.on) {
        Ok(choice) => choice,
        Err(error) => return vec![fail(error.to_string())],
    };
    if choice.set.id != set.id {
        return vec![fail(format!("on {} rule set `{}` applies, not this", example.on, choice.set.id))];
    }
    let enterprise = enterprise(&set.profile, example);
    let found = super::assess::assess(matcher, &choice, &enterprise, example.on);
    differences(example, &found).into_iter().map(fail).collect()
}

fn differences(example: &Example, found: &Assessment) -> Vec<String> {
    let mut differences = Vec::new();
    if found.standing != example.expect {
        differences.push(format!("expected {:?}, found {:?}: {}", example.expect, found.standing, found.reason));
    }
    let mut failed = Vec::new();
    found.requirements.iter().for_each(|rule| blamed(rule, Truth::NotMet, &mut failed));
    for name in &example.failed {
        if !failed.iter().any(|rule| rule.name == *name) {
            let names: Vec<&str> = failed.iter().map(|rule| rule.name.as_str()).collect();
            differences.push(format!("expected `{name}` to fail; failed: {}", names.join(", ")));
        }
    }
    for words in &example.asked {
        if !found.missing.iter().any(|ask| ask.contains(words.as_str())) {
            differences.push(format!("expected a question with `{words}`; asked: {}", found.missing.join(", ")));
        }
    }
    if let Some((low, high)) = example.score {
        let score = found.score.as_ref().map(|score| (score.low.normalize(), score.high.normalize()));
        if score != Some((low.0.normalize(), high.0.normalize())) {
            differences.push(format!("expected a score of {} to {}, found {score:?}", low.0, high.0));
        }
    }
    differences
}

/// The enterprise of an example.
pub(super) fn enterprise(profile: &Profile, example: &Example) -> Enterprise {
    let mut facts: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    let kept = profile.facts.iter().filter(|(id, _)| !example.without.contains(id));
    for (id, fact) in kept.chain(&example.facts) {
        facts.insert(id.clone(), facts_of(fact));
    }
    Enterprise {
        id: "example".into(),
        name: example.name.clone(),
        region: example.region.clone().or_else(|| profile.region.clone()),
        industry: profile.industry.clone(),
        founded: example.founded.or(profile.founded),
        facts,
        ..Enterprise::default()
    }
}

fn facts_of(fact: &ShortFact) -> Vec<Fact> {
    let of = |value: &model::Value, year: Option<i16>| Fact {
        value: value.clone(),
        year,
        source: "示例".to_owned(),
        consent: true,
        valid_until: None,
    };
    match fact {
        ShortFact::Standing(value) => vec![of(value, None)],
        ShortFact::Years(years) => years.iter().map(|(year, value)| of(value, year.parse().ok())).collect(),
    }
}
