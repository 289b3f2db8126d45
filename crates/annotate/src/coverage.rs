//! Which rules a corpus uses, and which stand in each other's way: for `huice check`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::annotator::{Annotator, Input};
use crate::catalogue::{Catalogue, RuleEntry};

/// How often a rule is used on a corpus.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleUse {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleEntry,
    /// Texts in which one of its words stands.
    pub texts: usize,
    /// How often its words stand there.
    pub words: usize,
    /// Items and tags that rest on it.
    pub results: usize,
}

impl RuleUse {
    /// Whether it did nothing at all.
    #[must_use]
    pub const fn never(&self) -> bool {
        self.words == 0 && self.results == 0
    }
}

/// Two rules of one table that share words or examples.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Overlap {
    /// `same_word`, `example` (an example of one has a word of the other) or `contained` (a word inside a word).
    pub kind: &'static str,
    /// File, line and name of the one.
    pub one: String,
    /// File, line and name of the other.
    pub other: String,
    /// The words or the example.
    pub words: Vec<String>,
}

impl Annotator {
    /// Annotates texts and counts which rules their items rest on.
    #[must_use]
    pub fn coverage<'t>(&self, inputs: impl Iterator<Item = Input<'t>>) -> Vec<RuleUse> {
        let catalogue = self.catalogue();
        let mut uses: Vec<RuleUse> =
            catalogue.rules().iter().map(|rule| RuleUse { rule: rule.clone(), ..RuleUse::default() }).collect();
        let places: BTreeMap<String, usize> =
            catalogue.rules().iter().enumerate().map(|(index, rule)| (rule.place(), index)).collect();
        for input in inputs {
            count_words(catalogue, &input, &mut uses);
            let explanation = self.explain(&input);
            for explained in &explanation.items {
                let quoted = explained.grounds.iter().filter(|ground| ground.quoted);
                let rules: BTreeSet<usize> = quoted.filter_map(|ground| places.get(&ground.place).copied()).collect();
                rules.into_iter().for_each(|rule| uses[rule].results += 1);
            }
            for tag in self.annotate(&input).tags {
                let is_its = |rule: &RuleEntry| {
                    rule.id == tag.value
                        && (rule.file == format!("tags/{}.toml", tag.kind) || rule.file == "kinds.toml" && rule.table == tag.kind)
                };
                catalogue.rules().iter().enumerate().filter(|(_, rule)| is_its(rule)).for_each(|(at, _)| uses[at].results += 1);
            }
        }
        uses
    }

    /// Rules of one table with a word in common, words inside words, and examples that have another rule's word.
    #[must_use]
    pub fn overlaps(&self) -> Vec<Overlap> {
        overlaps(self.catalogue())
    }
}

fn count_words(catalogue: &Catalogue, input: &Input<'_>, uses: &mut [RuleUse]) {
    for (text, of_titles) in [(input.text, false), (input.title, true)] {
        let mut seen = BTreeSet::new();
        for found in catalogue.find(&model::text::fold(text)) {
            let counted = &mut uses[found.rule];
            if counted.rule.is_of_titles() == of_titles {
                counted.words += 1;
                counted.texts += usize::from(seen.insert(found.rule));
            }
        }
    }
}

/// Tables of context words: several of them in one sentence are usual.
const CONTEXT: [&str; 3] = ["cue", "wording", "words"];

fn overlaps(catalogue: &Catalogue) -> Vec<Overlap> {
    let mut found: BTreeMap<(&'static str, usize, usize), BTreeSet<String>> = BTreeMap::new();
    let rules = catalogue.rules();
    let same_table = |one: usize, other: usize| {
        one != other && (&rules[one].file, &rules[one].table) == (&rules[other].file, &rules[other].table)
    };
    for (index, rule) in rules.iter().enumerate() {
        for word in &rule.words {
            let word = model::text::fold(word);
            for hit in catalogue.find(&word).into_iter().filter(|hit| same_table(index, hit.rule)) {
                let is_whole = hit.end - hit.start == word.len();
                match is_whole {
                    // Told once, from the first of the two.
                    true if index > hit.rule => {}
                    true => drop(found.entry(("same_word", index, hit.rule)).or_default().insert(word.clone())),
                    false => {
                        let inner = format!("{word} ⊃ {}", &word[hit.start..hit.end]);
                        found.entry(("contained", index, hit.rule)).or_default().insert(inner);
                    }
                }
            }
        }
        if CONTEXT.contains(&rule.table.as_str()) {
            continue;
        }
        let all = catalogue.find(&model::text::fold(&rule.hit));
        for hit in catalogue.longest_of_tables(all).into_iter().filter(|hit| same_table(index, hit.rule)) {
            found.entry(("example", index, hit.rule)).or_default().insert(rule.hit.clone());
        }
    }
    let told = |index: usize| format!("{} {}", rules[index].place(), rules[index].name());
    let overlap = |((kind, one, other), words): ((&'static str, usize, usize), BTreeSet<String>)| Overlap {
        kind,
        one: told(one),
        other: told(other),
        words: words.into_iter().collect(),
    };
    found.into_iter().map(overlap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::shipped;

    #[test]
    fn a_corpus_tells_which_rules_it_uses() {
        let text = "一、申报条件\n上年度营业收入不低于1000万元。";
        let input = Input { text, title: "关于组织申报2026年奖励资金的通知", ..Input::default() };
        let uses = shipped().coverage([input, input].into_iter());
        let of = |table: &str, id: &str| uses.iter().find(|used| used.rule.table == table && used.rule.id == id).unwrap();
        let revenue = of("indicator", "fin.revenue");
        assert_eq!((revenue.texts, revenue.words >= 2, revenue.results), (2, true, 2));
        assert!(of("indicator", "tax.paid").never());
        assert_eq!(of("triage", "apply").results, 2);
    }

    #[test]
    fn rules_that_share_words_are_told_with_their_places() {
        let cue =
            |kind: &str, word: &str| format!("[[cue]]\nkind = \"{kind}\"\nwords = [\"{word}\"]\nhit = \"{word}\"\nmiss = \"\"\n");
        let fact = |id: &str, word: &str| {
            format!("[[fact]]\nid = \"{id}\"\ncues = [\"{word}\"]\nhit = \"没有{word}记录\"\nmiss = \"\"\n")
        };
        let text = [cue("a", "补助"), cue("b", "补助"), fact("c", "处罚"), fact("d", "没有处罚")].concat();
        let shown: Vec<String> = overlaps(&Catalogue::new(&BTreeMap::from([("x.toml".to_owned(), text)])))
            .into_iter()
            .map(|overlap| format!("{} {} | {} {:?}", overlap.kind, overlap.one, overlap.other, overlap.words))
            .collect();
        assert_eq!(
            shown,
            [
                "contained rules/x.toml:16 fact `d` | rules/x.toml:11 fact `c` [\"没有处罚 ⊃ 处罚\"]",
                "example rules/x.toml:11 fact `c` | rules/x.toml:16 fact `d` [\"没有处罚记录\"]",
                "same_word rules/x.toml:1 cue `a` | rules/x.toml:6 cue `b` [\"补助\"]",
            ]
        );
    }
}
