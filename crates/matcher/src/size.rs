//! 企业规模: the size classes an enterprise may have, from `rules/sizes.toml` and the facts that are known.

use std::collections::{BTreeMap, BTreeSet};

use model::{ConfigError, Decimal};
use serde::Deserialize;

/// A size class, smallest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SizeClass {
    /// 微型.
    Micro,
    /// 小型.
    Small,
    /// 中型.
    Medium,
    /// 大型.
    Large,
}

impl SizeClass {
    /// All classes, smallest first.
    pub const ALL: [Self; 4] = [Self::Micro, Self::Small, Self::Medium, Self::Large];

    /// The word shown to users.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Micro => "微型",
            Self::Small => "小型",
            Self::Medium => "中型",
            Self::Large => "大型",
        }
    }

    /// The classes a word of a policy means: `小微企业` → 小型 and 微型. Empty for a word that names none.
    #[must_use]
    pub fn of_word(word: &str) -> BTreeSet<Self> {
        let core = word.trim().trim_end_matches("企业").trim_end_matches('型');
        let mut classes = BTreeSet::new();
        for (letter, class) in [('微', Self::Micro), ('小', Self::Small), ('中', Self::Medium), ('大', Self::Large)] {
            if core.contains(letter) {
                classes.insert(class);
            }
        }
        // 中小企业 has meant 中型, 小型 and 微型 ever since the standard of 2011 added the last.
        if core == "中小" {
            classes.insert(Self::Micro);
        }
        let only_letters = core.chars().all(|character| "微小中大型、和及或".contains(character));
        if only_letters { classes } else { BTreeSet::new() }
    }
}

/// What is known of an enterprise, in 人 and 元.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Metrics {
    pub(crate) staff: Option<Decimal>,
    pub(crate) revenue: Option<Decimal>,
    pub(crate) assets: Option<Decimal>,
}

/// The thresholds of one industry: 大型, 中型, 小型.
type Steps = [u32; 3];

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    industries: Vec<String>,
    staff: Option<Steps>,
    revenue: Option<Steps>,
    assets: Option<Steps>,
    #[serde(default)]
    words: Vec<String>,
    hit: String,
    miss: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    not_covered: Vec<String>,
    row: Vec<Row>,
    #[serde(default)]
    words: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    example: Vec<Example>,
}

/// An enterprise and the classes it may have; money in 万元.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    industry: String,
    #[serde(default, with = "model::decimal::option")]
    staff: Option<Decimal>,
    #[serde(default, with = "model::decimal::option")]
    revenue: Option<Decimal>,
    #[serde(default, with = "model::decimal::option")]
    assets: Option<Decimal>,
    class: Vec<String>,
}

/// Size classes and industry words as `rules/sizes.toml` gives them.
#[derive(Debug, Clone)]
pub(crate) struct Sizes {
    rows: Vec<Row>,
    /// Code → index into `rows`; `None` for industries not covered.
    by_code: BTreeMap<String, Option<usize>>,
    words: BTreeMap<String, Vec<String>>,
}

/// Name under which errors show the file.
const FILE: &str = "rules/sizes.toml";
/// 万元 in 元.
const TEN_THOUSAND: u64 = 10_000;

impl Sizes {
    pub(crate) fn parse(text: &str) -> Result<Self, ConfigError> {
        let file: File = model::config::parse(FILE, text)?;
        let mut sizes = Self { rows: file.row, by_code: BTreeMap::new(), words: file.words };
        for code in &file.not_covered {
            sizes.claim(code, None, text)?;
        }
        for index in 0..sizes.rows.len() {
            let row = sizes.rows[index].clone();
            row.check(text)?;
            for code in &row.industries {
                sizes.claim(code, Some(index), text)?;
            }
            for word in row.words.iter().chain([&row.name]) {
                sizes.words.insert(word.clone(), row.industries.clone());
            }
        }
        sizes.check_rows(text)?;
        sizes.check_examples(&file.example, text)?;
        Ok(sizes)
    }

    fn claim(&mut self, code: &str, row: Option<usize>, text: &str) -> Result<(), ConfigError> {
        if !is_industry_code(code) {
            return Err(mistake(
                text,
                code,
                format!("`{code}` is no industry code; expected a section letter and up to four digits"),
            ));
        }
        match self.by_code.insert(code.to_owned(), row) {
            None => Ok(()),
            Some(_) => Err(mistake(text, code, format!("industry `{code}` is listed twice"))),
        }
    }

    fn check_examples(&self, examples: &[Example], text: &str) -> Result<(), ConfigError> {
        for (index, example) in examples.iter().enumerate() {
            let money = |value: Option<Decimal>| value.map(|value| value * Decimal::from(TEN_THOUSAND));
            let metrics = Metrics { staff: example.staff, revenue: money(example.revenue), assets: money(example.assets) };
            let found: Vec<&str> = self.classes(Some(&example.industry), metrics).into_iter().map(SizeClass::label).collect();
            if found != example.class {
                // An example has no name: its place is that of its table.
                let range = text.match_indices("[[example]]").nth(index).map_or(0..0, |(at, table)| at..at + table.len());
                let message =
                    format!("example `{}` may be {}, not {}", example.industry, found.join(" "), example.class.join(" "));
                return Err(ConfigError::at(FILE, text, range, message));
            }
        }
        Ok(())
    }

    fn check_rows(&self, text: &str) -> Result<(), ConfigError> {
        for (index, row) in self.rows.iter().enumerate() {
            if self.row_of(&row.hit) != Some(index) {
                return Err(mistake(text, &row.hit, format!("example hit `{}` does not belong to row `{}`", row.hit, row.name)));
            }
            if self.row_of(&row.miss) == Some(index) {
                return Err(mistake(text, &row.miss, format!("example miss `{}` belongs to row `{}`", row.miss, row.name)));
            }
        }
        Ok(())
    }

    /// The one row a full code belongs to.
    fn row_of(&self, code: &str) -> Option<usize> {
        (1..=code.len()).rev().find_map(|length| self.by_code.get(code.get(..length)?)).copied().flatten()
    }

    /// The rows a code may belong to, `None` among them for industries not covered. A short code such as `K` is still open.
    fn candidates(&self, code: &str) -> BTreeSet<Option<usize>> {
        let mut rows: BTreeSet<Option<usize>> =
            self.by_code.range(code.to_owned()..).take_while(|(known, _)| known.starts_with(code)).map(|(_, row)| *row).collect();
        if !self.by_code.contains_key(code) || rows.is_empty() {
            rows.insert(self.row_of(code));
        }
        rows
    }

    /// The size classes that are possible: one when everything needed is known.
    pub(crate) fn classes(&self, industry: Option<&str>, metrics: Metrics) -> BTreeSet<SizeClass> {
        let all: BTreeSet<SizeClass> = SizeClass::ALL.into_iter().collect();
        let Some(code) = industry.map(str::trim).filter(|code| is_industry_code(code)) else { return all };
        let mut classes = BTreeSet::new();
        for candidate in self.candidates(code) {
            match candidate {
                Some(index) => classes.extend(self.rows[index].classes(metrics)),
                None => return all,
            }
        }
        classes
    }

    /// Names of the facts that would decide the class and are missing.
    pub(crate) fn missing(&self, industry: Option<&str>, metrics: Metrics) -> Vec<&'static str> {
        let Some(code) = industry.map(str::trim).filter(|code| is_industry_code(code)) else { return vec!["行业"] };
        let rows = self.candidates(code);
        let needs = |steps: fn(&Row) -> Option<Steps>| rows.iter().flatten().any(|index| steps(&self.rows[*index]).is_some());
        let mut missing = Vec::new();
        if metrics.staff.is_none() && needs(|row| row.staff) {
            missing.push("从业人员");
        }
        if metrics.revenue.is_none() && needs(|row| row.revenue) {
            missing.push("营业收入");
        }
        if metrics.assets.is_none() && needs(|row| row.assets) {
            missing.push("资产总额");
        }
        missing
    }

    /// The codes a word for an industry means.
    pub(crate) fn industries_of(&self, word: &str) -> Option<&[String]> {
        let core = word.trim().trim_end_matches("企业");
        [word.trim().to_owned(), core.to_owned(), format!("{core}业")]
            .iter()
            .find_map(|word| self.words.get(word))
            .map(Vec::as_slice)
    }
}

impl Row {
    fn check(&self, text: &str) -> Result<(), ConfigError> {
        let metrics: Vec<Steps> = [self.staff, self.revenue, self.assets].into_iter().flatten().collect();
        if metrics.is_empty() {
            return Err(mistake(text, &self.name, format!("row `{}` needs staff, revenue or assets", self.name)));
        }
        if metrics.iter().any(|[large, medium, small]| large <= medium || medium <= small) {
            return Err(mistake(
                text,
                &self.name,
                format!("row `{}`: expected [large, medium, small] in falling order", self.name),
            ));
        }
        Ok(())
    }

    /// The highest step a metric reaches: 3 for 大型 down to 0 for 微型.
    fn reached(steps: Steps, scale: u64, value: Decimal) -> usize {
        steps.iter().position(|step| value >= Decimal::from(u64::from(*step) * scale)).map_or(0, |place| 3 - place)
    }

    /// The lowest metric decides, so the class is at most the lowest known one and anything below it if one is unknown.
    fn classes(&self, metrics: Metrics) -> BTreeSet<SizeClass> {
        let parts = [
            (self.staff, metrics.staff, 1),
            (self.revenue, metrics.revenue, TEN_THOUSAND),
            (self.assets, metrics.assets, TEN_THOUSAND),
        ];
        let (mut most, mut open) = (3, false);
        for (steps, value, scale) in parts {
            match (steps, value) {
                (Some(steps), Some(value)) => most = most.min(Self::reached(steps, scale, value)),
                (Some(_), None) => open = true,
                (None, _) => {}
            }
        }
        let least = if open { 0 } else { most };
        SizeClass::ALL[least..=most].iter().copied().collect()
    }
}

/// Whether a code has the shape of GB/T 4754-2017: a section letter and up to four digits.
pub(crate) fn is_industry_code(code: &str) -> bool {
    let mut characters = code.chars();
    matches!(characters.next(), Some('A'..='T')) && code.len() <= 5 && characters.all(|character| character.is_ascii_digit())
}

fn mistake(text: &str, needle: &str, message: String) -> ConfigError {
    let quoted = format!("\"{needle}\"");
    let range = text.find(&quoted).map_or(0..0, |at| at..at + quoted.len());
    ConfigError::at(FILE, text, range, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = include_str!("../../../rules/sizes.toml");

    fn sizes() -> Sizes {
        Sizes::parse(RULES).unwrap()
    }

    fn number(text: &str) -> Option<Decimal> {
        Some(text.parse().unwrap())
    }

    /// Money in 万元, as the standard gives it.
    #[track_caller]
    fn check(industry: &str, staff: Option<&str>, revenue: Option<&str>, assets: Option<&str>, expected: &str) {
        let money = |text: &str| number(text).map(|value| value * Decimal::from(TEN_THOUSAND));
        let metrics = Metrics { staff: staff.and_then(number), revenue: revenue.and_then(money), assets: assets.and_then(money) };
        let industry = (!industry.is_empty()).then_some(industry);
        let classes: Vec<&str> = sizes().classes(industry, metrics).into_iter().map(SizeClass::label).collect();
        assert_eq!(classes.join(" "), expected, "{industry:?} {staff:?} {revenue:?} {assets:?}");
    }

    #[test]
    fn an_industry_nobody_knows_leaves_the_class_open() {
        check("", Some("5"), Some("1"), Some("1"), "微型 小型 中型 大型");
    }

    #[test]
    fn an_example_that_does_not_hold_is_a_mistake_at_its_place() {
        let wrong = RULES.replacen(
            "staff = 299\nrevenue = 39999\nclass = [\"小型\"]",
            "staff = 300\nrevenue = 39999\nclass = [\"小型\"]",
            1,
        );
        let error = Sizes::parse(&wrong).unwrap_err();
        assert!(error.message.contains("example `C3562` may be 中型, not 小型"), "{error}");
        assert_eq!(error.source_line, "[[example]]");
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a test says when it was skipped")]
    fn the_published_vectors_hold() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/domain/sme_size.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            return eprintln!("skipped: {path} is absent");
        };
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let hits: Vec<String> = sizes().rows.iter().map(|row| row.hit.clone()).collect();
        let vectors = file["test_vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), 14);
        for vector in vectors {
            let row = usize::try_from(vector["industry"].as_u64().unwrap()).unwrap() - 1;
            let text_of = |key: &str| vector.get(key).map(ToString::to_string);
            let expected = match vector["expect"].as_str().unwrap() {
                "large" => "大型",
                "medium" => "中型",
                "small" => "小型",
                _ => "微型",
            };
            let (staff, revenue, assets) = (text_of("employees"), text_of("revenue"), text_of("total_assets"));
            check(&hits[row], staff.as_deref(), revenue.as_deref(), assets.as_deref(), expected);
        }
        for (row, known) in file["industries"].as_array().unwrap().iter().zip(&sizes().rows) {
            assert_eq!(row["name"].as_str().unwrap(), known.name);
        }
    }

    #[test]
    fn words_for_classes_and_industries_are_read() {
        let classes = |word: &str| SizeClass::of_word(word).into_iter().map(SizeClass::label).collect::<Vec<_>>().join(" ");
        for (word, expected) in [
            ("中型", "中型"),
            ("小型企业", "小型"),
            ("小微企业", "微型 小型"),
            ("中小企业", "微型 小型 中型"),
            ("中小微企业", "微型 小型 中型"),
            ("大型企业", "大型"),
            ("规模以上", ""),
            ("大学", ""),
        ] {
            assert_eq!(classes(word), expected, "{word}");
        }
        assert_eq!(sizes().industries_of("工业企业").unwrap(), ["B", "C", "D"]);
        assert_eq!(sizes().industries_of("软件企业").unwrap(), ["I65"]);
        assert!(sizes().industries_of("半导体与集成电路").is_none());
    }

    #[test]
    fn a_mistake_in_the_file_is_shown_at_its_place() {
        for (from, to, expected) in [
            ("staff = [1000, 300, 20]", "staff = [300, 1000, 20]", "falling order"),
            ("industries = [\"I65\"]", "industries = [\"I63\"]", "listed twice"),
            ("hit = \"C3562\"", "hit = \"E4710\"", "does not belong"),
            ("staff = [1000, 300, 20]", "personnel = 3", "unknown field"),
            ("industries = [\"E\"]", "industries = [\"建筑\"]", "no industry code"),
        ] {
            let error = Sizes::parse(&RULES.replacen(from, to, 1)).unwrap_err();
            assert!(error.message.contains(expected), "{error}");
            assert!(error.line > 1, "{error}");
        }
    }
}
