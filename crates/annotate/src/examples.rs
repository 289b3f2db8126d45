//! The examples of the rules, run as tests: a rule whose hit does not hit, or whose miss hits, is reported in words.

use model::{Annotation, Condition, Value, What};

use crate::annotator::{Annotator, Input};
use crate::rules::{Place, Section};
use crate::triage;

/// Every failing example.
pub(crate) fn failures(annotator: &Annotator) -> Vec<String> {
    let mut runner = Runner { annotator, failures: Vec::new() };
    runner.indicators();
    runner.units();
    runner.cues();
    runner.titles();
    runner.tags();
    runner.places();
    runner.wordings();
    runner.failures
}

struct Runner<'a> {
    annotator: &'a Annotator,
    failures: Vec<String>,
}

fn conditions(annotation: &Annotation) -> impl Iterator<Item = &Condition> {
    annotation.items.iter().filter_map(|item| match &item.what {
        What::Condition(condition) => Some(condition),
        _ => None,
    })
}

impl Runner<'_> {
    fn annotate(&self, text: &str, region: &str) -> Annotation {
        self.annotator.annotate(&Input { text, region, ..Input::default() })
    }

    /// Runs one rule: `found` must be true for the hit and false for the miss.
    fn run(&mut self, rule: &str, hit: &str, miss: &str, found: impl Fn(&str) -> bool) {
        if !found(hit) {
            self.failures.push(format!("{}: {rule}: the hit `{hit}` does not hit", self.place(hit)));
        }
        if found(miss) {
            self.failures.push(format!("{}: {rule}: the miss `{miss}` hits", self.place(miss)));
        }
    }

    /// The file and line of an example.
    fn place(&self, example: &str) -> String {
        let place = self.annotator.catalogue().place_of_example(example);
        // Names of places and industries are told by tables of codes, which have no lines of their own.
        if place.is_empty() { "rules".to_owned() } else { place }
    }

    fn indicator(&mut self, kind: &str, id: &str, hit: &str, miss: &str) {
        let annotator = self.annotator;
        let found = |text: &str| {
            conditions(&annotator.annotate(&Input { text, ..Input::default() })).any(|condition| condition.indicator == id)
        };
        self.run(&format!("{kind} `{id}`"), hit, miss, found);
    }

    fn indicators(&mut self) {
        let rules = self.annotator.rules();
        for rule in &rules.indicators {
            self.indicator("indicator", &rule.id, &rule.hit, &rule.miss);
        }
        for rule in &rules.facts {
            self.indicator("fact", &rule.indicator, &rule.hit, &rule.miss);
        }
        for rule in &rules.ratios {
            self.indicator("ratio", &rule.indicator, &rule.hit, &rule.miss);
        }
        for rule in &rules.growths {
            self.indicator("growth", &rule.indicator, &rule.hit, &rule.miss);
        }
        for rule in &rules.ellipses {
            self.indicator("ellipsis", &rule.indicator, &rule.hit, &rule.miss);
        }
        for rule in &rules.sizes.scale {
            self.indicator("scale", "size.above_scale", &rule.hit, &rule.miss);
        }
        let annotator = self.annotator;
        for rule in &rules.qualifications {
            let found = |text: &str| {
                conditions(&annotator.annotate(&Input { text, ..Input::default() })).any(|condition| {
                    condition.indicator == "qual.has"
                        && matches!(&condition.value, Value::List(names) if names.iter().any(|name| name.ends_with(&rule.name)))
                })
            };
            self.run(&format!("qualification `{}`", rule.name), &rule.hit, &rule.miss, found);
        }
        for rule in &rules.sizes.size {
            let found = |text: &str| {
                let annotation = annotator.annotate(&Input { text, ..Input::default() });
                let values = Value::List(rule.values.clone());
                conditions(&annotation).any(|condition| condition.indicator == "size.class" && condition.value == values)
                    || rule.values.is_empty() && annotation.tags_of("size").any(|tag| tag.value == rule.id)
            };
            self.run(&format!("size `{}`", rule.id), &rule.hit, &rule.miss, found);
        }
    }

    fn units(&mut self) {
        let annotator = self.annotator;
        let units = &annotator.rules().units;
        for rule in &units.unit {
            let family = crate::token::Family::of(&rule.family);
            let found = |text: &str| {
                let fits = |quantity: &crate::token::Quantity| {
                    quantity.family == family && (rule.base.is_empty() || quantity.base == rule.base)
                };
                annotator.lexer().read(text).quantities.iter().any(fits)
            };
            self.run(&format!("unit `{}`", rule.words.join("、")), &rule.hit, &rule.miss, found);
        }
        for rule in &units.comparator {
            let behind = rule.place == Place::After;
            let found = |text: &str| {
                annotator
                    .lexer()
                    .read(text)
                    .quantities
                    .iter()
                    .any(|quantity| quantity.op == Some(rule.op) && quantity.op_behind == behind)
            };
            self.run(&format!("comparator `{}`", rule.words.join("、")), &rule.hit, &rule.miss, found);
        }
        for rule in &annotator.rules().numbers.words {
            let found = |text: &str| rule.words.iter().any(|word| text.contains(word.as_str()));
            self.run(&format!("words `{:?}`", rule.kind), &rule.hit, &rule.miss, found);
        }
        for rule in &annotator.rules().numbers.same {
            let found = |text: &str| {
                conditions(&annotator.annotate(&Input { text, ..Input::default() }))
                    .any(|condition| condition.indicator == rule.indicator)
            };
            self.run(&format!("same `{}`", rule.indicator), &rule.hit, &rule.miss, found);
        }
        for rule in &units.period {
            let found = |text: &str| {
                conditions(&annotator.annotate(&Input { text, ..Input::default() }))
                    .any(|condition| condition.period.as_deref() == Some(&rule.value))
            };
            self.run(&format!("period `{}`", rule.value), &rule.hit, &rule.miss, found);
        }
        for rule in &units.aggregate {
            let found = |text: &str| {
                conditions(&annotator.annotate(&Input { text, ..Input::default() }))
                    .any(|condition| condition.agg.as_deref() == Some(&rule.value))
            };
            self.run(&format!("aggregate `{}`", rule.value), &rule.hit, &rule.miss, found);
        }
    }

    fn cues(&mut self) {
        let annotator = self.annotator;
        for rule in &annotator.rules().cues {
            let found = |text: &str| !annotator.lexicon().find(&model::text::fold(text)).cues(rule.kind).is_empty();
            self.run(&format!("cue `{:?}`", rule.kind), &rule.hit, &rule.miss, found);
        }
        for rule in annotator.rules().words.rules() {
            let words: Vec<String> = rule.words.iter().map(|word| model::text::fold(word)).collect();
            let found = |text: &str| words.iter().any(|word| model::text::fold(text).contains(word.as_str()));
            self.run(&format!("words `{:?}`", rule.list), &rule.hit, &rule.miss, found);
        }
        let sections = &annotator.rules().sections;
        for rule in &sections.section {
            let found = |heading: &str| {
                let heading = model::text::fold(heading);
                let hits = annotator.lexicon().find(&heading);
                let class = crate::openings::of_heading(
                    &heading,
                    &hits,
                    heading.find(' ').map_or(0, |at| at + 1),
                    heading.len(),
                    sections,
                );
                class.is_some_and(|class| sections.section[usize::from(class.rule)].label == rule.label)
            };
            self.run(&format!("section `{}`", rule.label), &rule.hit, &rule.miss, found);
        }
        for rule in &sections.opening {
            let found = |header: &str| {
                let header = model::text::fold(header);
                let hits = annotator.lexicon().find(&header);
                crate::openings::class_of(&header, &hits, 0, header.len(), sections) == Some(rule.class)
            };
            self.run(&format!("opening `{:?}`", rule.class), &rule.hit, &rule.miss, found);
        }
        for rule in &sections.document {
            let found = |title: &str| crate::permits::genre_of(title, sections) == Some(rule.class);
            self.run(&format!("document `{:?}`", rule.class), &rule.hit, &rule.miss, found);
        }
        debug_assert!(sections.section.iter().all(|rule| rule.class != Section::Other), "other is what no rule finds");
    }

    fn titles(&mut self) {
        let annotator = self.annotator;
        let rules = annotator.rules();
        for rule in &rules.kinds.triage {
            let found = |title: &str| triage::triage(rules, title, "").is_some_and(|told| told.class == rule.class);
            self.run(&format!("triage `{}`", rule.class), &rule.hit, &rule.miss, found);
        }
        for rule in &rules.kinds.kind {
            let found = |title: &str| triage::kind_of(rules, title).is_some_and(|(kind, _)| kind.id == rule.id);
            self.run(&format!("kind `{}`", rule.id), &rule.hit, &rule.miss, found);
        }
    }

    fn tags(&mut self) {
        let annotator = self.annotator;
        for (kind, file) in &annotator.rules().tags {
            // A tag without words is one that only editors set.
            for rule in file.tag.iter().filter(|rule| !rule.words.is_empty()) {
                let found = |title: &str| {
                    annotator.annotate(&Input { title, ..Input::default() }).tags_of(kind).any(|tag| tag.value == rule.id)
                };
                self.run(&format!("tag `{kind}:{}`", rule.id), &rule.hit, &rule.miss, found);
            }
        }
    }

    fn places(&mut self) {
        let rules = self.annotator.rules();
        for rule in &rules.places.alias {
            let failures: Vec<(String, bool)> = [(&rule.hit, true), (&rule.miss, false)]
                .map(|(text, wanted)| (text.clone(), self.names_codes(text, "650000", &rule.codes) == wanted))
                .to_vec();
            self.report(&format!("place `{}`", rule.words.join("、")), failures);
        }
        for rule in &rules.places.division {
            let annotator = self.annotator;
            let found = |issuer: &str| annotator.region_of(&[issuer.to_owned()], "", "") == rule.code;
            self.run(&format!("division `{}`", rule.code), &rule.hit, &rule.miss, found);
        }
        for rule in &rules.places.relative {
            let wanted = match rule.level {
                1 | 2 => "310000",
                _ => "310114",
            };
            let codes = [wanted.to_owned()];
            let failures: Vec<(String, bool)> = [(&rule.hit, true), (&rule.miss, false)]
                .map(|(text, wanted)| (text.clone(), self.names_codes(text, "310114", &codes) == wanted))
                .to_vec();
            self.report(&format!("relative place `{}`", rule.words.join("、")), failures);
        }
    }

    fn wordings(&mut self) {
        let annotator = self.annotator;
        let rules = annotator.rules();
        for rule in &rules.wordings.rules {
            let found = |text: &str| rule.words.iter().any(|word| text.contains(word.as_str()));
            self.run(&format!("wording `{:?}`", rule.kind), &rule.hit, &rule.miss, found);
        }
        let names = |text: &str, indicator: &str| -> Vec<String> {
            let annotation = annotator.annotate(&Input { text, region: "310114", ..Input::default() });
            conditions(&annotation)
                .filter(|condition| condition.indicator == indicator)
                .filter_map(|condition| if let Value::List(names) = &condition.value { Some(names.clone()) } else { None })
                .flatten()
                .collect()
        };
        for rule in &rules.trades {
            let found = |text: &str| names(text, "industry.in").iter().any(|name| rule.words.contains(name));
            self.run(&format!("industry `{}`", rule.words.join("、")), &rule.hit, &rule.miss, found);
        }
        for rule in &rules.places.zone {
            let found = |text: &str| !names(text, "reg.place").is_empty();
            self.run(&format!("zone `{}`", rule.words.join("、")), &rule.hit, &rule.miss, found);
        }
        for rule in &rules.places.tie {
            let found = |text: &str| !names(text, &rule.indicator).is_empty();
            self.run(&format!("tie `{}`", rule.indicator), &rule.hit, &rule.miss, found);
        }
    }

    fn names_codes(&self, text: &str, region: &str, codes: &[String]) -> bool {
        let annotation = self.annotate(text, region);
        conditions(&annotation).any(|condition| {
            condition.indicator == "reg.place" && matches!(&condition.value_base, Some(Value::List(known)) if known == codes)
        })
    }

    fn report(&mut self, rule: &str, outcomes: Vec<(String, bool)>) {
        self.failures.extend(
            outcomes.into_iter().filter(|(_, well)| !well).map(|(text, _)| format!("{rule}: the example `{text}` fails")),
        );
    }
}

/// The rule files of the repository, for tests.
#[cfg(test)]
pub(crate) fn shipped_files() -> std::collections::BTreeMap<String, String> {
    fn walk(directory: &std::path::Path, prefix: &str, files: &mut std::collections::BTreeMap<String, String>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                walk(&path, &format!("{name}/"), files);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                files.insert(name, text);
            }
        }
    }
    let mut files = std::collections::BTreeMap::new();
    walk(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules")), "", &mut files);
    files
}

/// The rules of the repository, for tests.
#[cfg(test)]
pub(crate) fn shipped_rules() -> crate::rules::Rules {
    crate::rules::Rules::read(&shipped_files()).unwrap()
}

/// An annotator over the rules and dictionary of the repository, made once.
#[cfg(test)]
pub(crate) fn shipped() -> &'static Annotator {
    static SHIPPED: std::sync::LazyLock<Annotator> = std::sync::LazyLock::new(|| {
        let segmenter = crate::segment::segmenter(include_str!("../../../index/dictionary.txt"), &[]).unwrap();
        Annotator::new(&shipped_files(), segmenter).unwrap()
    });
    &SHIPPED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_hits_its_hit_and_misses_its_miss() {
        let failures = shipped().check_examples();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}
