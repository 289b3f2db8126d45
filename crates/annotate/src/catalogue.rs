//! All rules as their files write them, with file, line and words: what `huice check` and `annotate --explain` speak of.
//!
//! The files are read as plain TOML, so a new table of rules is in the catalogue without a line of code here.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, MatchKind};
use model::What;
use serde::Serialize;
use toml::Value;

/// A rule of a rule file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleEntry {
    /// The file, below `rules/`.
    pub file: String,
    /// The line of its `[[table]]`.
    pub line: usize,
    /// Its table: `indicator`, `fact`, `cue`, `section` …
    pub table: String,
    /// What it is called: the id of its indicator, its name, its class …
    pub id: String,
    /// The words it is found by.
    #[serde(skip)]
    pub words: Vec<String>,
    /// Its example that must hit.
    #[serde(skip)]
    pub hit: String,
    /// Its example that must not.
    #[serde(skip)]
    pub miss: String,
    /// The lines of the two examples.
    #[serde(skip)]
    pub example_lines: [usize; 2],
}

impl RuleEntry {
    /// File and line, as editors open them.
    #[must_use]
    pub fn place(&self) -> String {
        format!("rules/{}:{}", self.file, self.line)
    }

    /// Table and name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} `{}`", self.table, self.id)
    }

    /// Whether what applies to it is told by its title alone.
    pub(crate) fn is_of_titles(&self) -> bool {
        self.file == "kinds.toml" || self.table == "document"
    }
}

/// A word of a rule in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Index of the rule.
    pub(crate) rule: usize,
}

/// Every rule of the rule files.
pub struct Catalogue {
    rules: Vec<RuleEntry>,
    automaton: Option<AhoCorasick>,
    /// The rules of each word.
    owners: Vec<Vec<usize>>,
}

/// Keys whose texts are words a rule is found by.
const WORD_KEYS: [&str; 9] = ["words", "weak", "aliases", "cues", "numerator_cues", "to_cues", "text", "starts", "organs"];
/// Keys that say what a rule is called, the best first.
const NAME_KEYS: [&str; 11] = ["id", "indicator", "name", "class", "kind", "list", "value", "base", "op", "label", "level"];

impl Catalogue {
    /// Reads the rule files (path below `rules/` → text). A file that is no TOML has no rules here.
    #[must_use]
    pub fn new(files: &BTreeMap<String, String>) -> Self {
        let mut rules: Vec<RuleEntry> = Vec::new();
        for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".toml")) {
            let Ok(tables) = toml::from_str::<toml::Table>(text) else { continue };
            for (table, entries) in &tables {
                let Value::Array(entries) = entries else { continue };
                let lines = table_lines(text, table);
                let own = entries.iter().filter_map(Value::as_table).zip(lines);
                rules.extend(own.map(|(entry, line)| rule(path, table, entry, line, text)));
            }
        }
        rules.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        let mut words: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, rule) in rules.iter().enumerate() {
            for word in &rule.words {
                let word = model::text::fold(first_part(word));
                let owners = words.entry(word).or_default();
                if owners.last() != Some(&index) {
                    owners.push(index);
                }
            }
        }
        words.remove("");
        let (words, owners): (Vec<String>, Vec<Vec<usize>>) = words.into_iter().unzip();
        let automaton = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&words).ok();
        Self { rules, automaton, owners }
    }

    /// The rules, by file and line.
    #[must_use]
    pub fn rules(&self) -> &[RuleEntry] {
        &self.rules
    }

    /// The file and line of an example, `rules/cues.toml:17`; empty where no rule has it.
    #[must_use]
    pub fn place_of_example(&self, example: &str) -> String {
        let of = |rule: &RuleEntry| {
            let line = if rule.hit == example { 0 } else { 1 };
            format!("rules/{}:{}", rule.file, rule.example_lines[line])
        };
        self.rules.iter().find(|rule| rule.hit == example || rule.miss == example).map(of).unwrap_or_default()
    }

    /// Every word of every rule in a folded text.
    pub(crate) fn find(&self, text: &str) -> Vec<Found> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let mut found = Vec::new();
        for hit in automaton.find_overlapping_iter(text) {
            let owners = &self.owners[hit.pattern().as_usize()];
            found.extend(owners.iter().map(|rule| Found { start: hit.start(), end: hit.end(), rule: *rule }));
        }
        found
    }

    /// The rules without words of their own behind an item: ratios, growths and ellipses made of other indicators.
    pub(crate) fn wordless(&self, what: &What, grammar: &str) -> Vec<usize> {
        let What::Condition(condition) = what else { return Vec::new() };
        let tables: &[&str] = match grammar {
            _ if grammar.contains("compos") => &["ratio", "growth"],
            _ if grammar.contains("ellip") => &["ellipsis"],
            _ => return Vec::new(),
        };
        let is_its =
            |rule: &RuleEntry| rule.words.is_empty() && tables.contains(&rule.table.as_str()) && rule.id == condition.indicator;
        self.rules.iter().enumerate().filter(|(_, rule)| is_its(rule)).map(|(index, _)| index).collect()
    }

    /// The words without those inside a longer word of the same table: of 不低于 not also 低于.
    pub(crate) fn longest_of_tables(&self, mut found: Vec<Found>) -> Vec<Found> {
        found.sort_by_key(|found| (found.start, std::cmp::Reverse(found.end)));
        let table = |found: &Found| (self.rules[found.rule].file.as_str(), self.rules[found.rule].table.as_str());
        let mut covered: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
        found.retain(|found| {
            let (start, end) = covered.entry(table(found)).or_default();
            let kept = found.end > *end || (found.start, found.end) == (*start, *end);
            if found.end > *end {
                (*start, *end) = (found.start, found.end);
            }
            kept
        });
        found
    }
}

/// What stands before the gap of a word with a gap.
fn first_part(word: &str) -> &str {
    word.split('…').next().unwrap_or_default()
}

/// The lines at which the entries of a table start, in order.
fn table_lines(text: &str, table: &str) -> Vec<usize> {
    let header = format!("[[{table}]]");
    text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with(&header)).map(|(index, _)| index + 1).collect()
}

fn rule(path: &str, table: &str, entry: &toml::Table, line: usize, text: &str) -> RuleEntry {
    let string = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut words: Vec<String> = Vec::new();
    for key in WORD_KEYS {
        if let Some(Value::Array(list)) = entry.get(key) {
            words.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
        }
    }
    if table == "qualification" {
        words.push(string("name"));
    }
    let named = NAME_KEYS.iter().find_map(|key| entry.get(*key)).map(plain);
    let line_of = |key: &str| {
        let own = text.lines().enumerate().skip(line).take_while(|(_, line)| !line.trim_start().starts_with("[["));
        let is_key = |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
        own.filter(|(_, line)| is_key(line)).map(|(index, _)| index + 1).next().unwrap_or(line)
    };
    RuleEntry {
        file: path.to_owned(),
        line,
        table: table.to_owned(),
        id: named.filter(|name| !name.is_empty()).or_else(|| words.first().cloned()).unwrap_or_default(),
        words,
        hit: string("hit"),
        miss: string("miss"),
        example_lines: [line_of("hit"), line_of("miss")],
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_known_with_file_line_words_and_examples() {
        let text = "# 头\n[[cue]]\nkind = \"award\"\nwords = [\"奖励\", \"补…助\"]\nhit = \"给予奖励\"\nmiss = \"收入\"\n\n[[cue]]\nkind = \"cap\"\nwords = [\"最高\"]\n";
        let files = BTreeMap::from([("cues.toml".to_owned(), text.to_owned()), ("a.csv".to_owned(), "x".to_owned())]);
        let catalogue = Catalogue::new(&files);
        let shown: Vec<String> = catalogue.rules().iter().map(|rule| format!("{} {}", rule.place(), rule.name())).collect();
        assert_eq!(shown, ["rules/cues.toml:2 cue `award`", "rules/cues.toml:8 cue `cap`"]);
        assert_eq!(catalogue.place_of_example("收入"), "rules/cues.toml:6");
        assert_eq!(catalogue.place_of_example("无"), "");
        let found: Vec<(usize, usize)> = catalogue.find("最高补助").iter().map(|found| (found.start, found.rule)).collect();
        assert_eq!(found, [(0, 1), (6, 0)]);
    }

    #[test]
    fn every_shipped_rule_has_words_and_examples() {
        let catalogue = Catalogue::new(&crate::examples::shipped_files());
        assert!(catalogue.rules().len() > 300);
        let others = ["compilations/", "cms/", "qualifications/", "sizes.toml"];
        let is_ours = |rule: &&RuleEntry| !others.iter().any(|other| rule.file.starts_with(other)) && !rule.words.is_empty();
        for rule in catalogue.rules().iter().filter(is_ours) {
            assert!(!rule.id.is_empty() && !rule.hit.is_empty() && !rule.miss.is_empty(), "{}", rule.place());
        }
    }
}
