//! The template of a compilation: a TOML file of `rules/compilations/` whose header is its manual.

use std::collections::{BTreeMap, HashMap};

use model::ConfigError;
use serde::Deserialize;
use toml::Spanned;

/// How a kind of compilation looks: read from TOML, checked, ready for [`crate::compile()`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Stable name.
    pub name: String,
    /// Title with `{period}` and `{count}`.
    pub title: String,
    /// Line under the title with the same placeholders; may be empty.
    pub subtitle: String,
    /// Who compiles, as printed on the cover; may be empty.
    pub editor: String,
    /// What chapters are made of.
    pub chapters_by: Grouping,
    /// Triage classes that are included.
    pub triage: Vec<String>,
    /// Whether policies without a triage class are included.
    pub include_unclassified: bool,
    /// Life-cycle states, by their stable names, that are left out.
    pub exclude_states: Vec<String>,
    /// Most key points a policy.
    pub key_points: usize,
    /// Rows of the fact box.
    pub facts: Vec<FactField>,
    /// Parts of each policy after the fact box.
    pub sections: Vec<Section>,
    /// Title of the chapter for what belongs to no other.
    pub rest: String,
    /// Chapters in order; empty means one for each tag found.
    pub chapters: Vec<ChapterRule>,
    /// Chinese names of indicators and of coded values; see [`Template::with_names`].
    pub(crate) names: BTreeMap<String, String>,
}

/// What chapters are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// The tag `theme`.
    Theme,
    /// The tag `tool`.
    Tool,
    /// The policy's region.
    Region,
}

impl Grouping {
    /// The kind of tag it reads.
    #[must_use]
    pub const fn tag_kind(self) -> &'static str {
        match self {
            Self::Theme => "theme",
            Self::Tool => "tool",
            Self::Region => "region",
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Theme => "主题",
            Self::Tool => "政策工具",
            Self::Region => "地区",
        }
    }
}

/// A row of the fact box. A row without a value is not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactField {
    /// 发文字号.
    Number,
    /// 发文机关.
    Issuer,
    /// 成文日期.
    Issued,
    /// 发布日期.
    Published,
    /// 施行日期.
    Effective,
    /// 失效日期.
    Expires,
    /// 效力状态.
    State,
    /// 适用地区.
    Region,
    /// 索引号.
    IndexNumber,
    /// 来源.
    Source,
    /// 原文链接.
    Url,
}

/// A part of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// 要点.
    KeyPoints,
    /// 支持标准.
    Benefits,
    /// 申报条件.
    Conditions,
    /// 申报时间.
    Windows,
    /// 申报材料.
    Materials,
    /// 全文.
    Text,
}

/// A chapter: which policies it takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChapterRule {
    /// Its title, without a number.
    pub title: String,
    /// Tag values it takes; for regions the codes of places, each with all that lies within.
    pub values: Vec<String>,
    /// Words in the title of a policy without any such tag by which it is taken.
    #[serde(default)]
    pub words: Vec<String>,
    /// A title its words take (rule example); empty only where it has no words.
    #[serde(default)]
    pub hit: String,
    /// A title they do not take.
    #[serde(default)]
    pub miss: String,
}

impl ChapterRule {
    /// Whether one of its words stands in a title.
    #[must_use]
    pub fn takes_title(&self, title: &str) -> bool {
        self.words.iter().any(|word| title.contains(word.as_str()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    title: Spanned<String>,
    #[serde(default)]
    subtitle: Option<Spanned<String>>,
    #[serde(default)]
    editor: String,
    chapters_by: Grouping,
    triage: Vec<Spanned<String>>,
    include_unclassified: bool,
    exclude_states: Vec<Spanned<String>>,
    key_points: Spanned<usize>,
    facts: Spanned<Vec<FactField>>,
    sections: Spanned<Vec<Section>>,
    rest: String,
    #[serde(default)]
    chapter: Vec<Spanned<ChapterRule>>,
}

const TRIAGE: &[&str] = &["apply", "draft", "interpret", "lifecycle", "news", "regulate", "result", "standard"];
const PLACEHOLDERS: &[&str] = &["{period}", "{count}"];

impl Template {
    /// Reads and checks a template; `file` is the name shown in errors.
    ///
    /// # Errors
    /// The first mistake, with its place in the file.
    pub fn parse(file: &str, toml: &str) -> Result<Self, ConfigError> {
        let read: File = model::config::parse(file, toml)?;
        let check = Check { file, toml };
        check.name(&read.name)?;
        check.placeholders(&read.title)?;
        if let Some(subtitle) = &read.subtitle {
            check.placeholders(subtitle)?;
        }
        check.one_of(&read.triage, TRIAGE)?;
        check.one_of(&read.exclude_states, &model::LifeCycle::ALL.map(model::LifeCycle::name))?;
        if !(1..=50).contains(read.key_points.get_ref()) {
            return Err(check.at(read.key_points.span(), "expected 1 to 50 key points"));
        }
        check.no_repeat(&read.facts)?;
        check.no_repeat(&read.sections)?;
        check.chapters(&read.chapter)?;
        let plain = |texts: Vec<Spanned<String>>| texts.into_iter().map(Spanned::into_inner).collect();
        Ok(Self {
            name: read.name.into_inner(),
            title: read.title.into_inner(),
            subtitle: read.subtitle.map(Spanned::into_inner).unwrap_or_default(),
            editor: read.editor,
            chapters_by: read.chapters_by,
            triage: plain(read.triage),
            include_unclassified: read.include_unclassified,
            exclude_states: plain(read.exclude_states),
            key_points: read.key_points.into_inner(),
            facts: read.facts.into_inner(),
            sections: read.sections.into_inner(),
            rest: read.rest,
            chapters: read.chapter.into_iter().map(Spanned::into_inner).collect(),
            names: BTreeMap::new(),
        })
    }

    /// Adds Chinese names, by indicator id (`rd.ratio`) or by coded value (a qualification's id).
    ///
    /// The vocabulary lives in `rules/` and is read elsewhere; without it the book shows the ids.
    #[must_use]
    pub fn with_names(mut self, names: impl IntoIterator<Item = (String, String)>) -> Self {
        self.names.extend(names);
        self
    }
}

struct Check<'a> {
    file: &'a str,
    toml: &'a str,
}

impl Check<'_> {
    fn at(&self, span: std::ops::Range<usize>, message: impl Into<String>) -> ConfigError {
        ConfigError::at(self.file, self.toml, span, message)
    }

    fn name(&self, name: &Spanned<String>) -> Result<(), ConfigError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !name.get_ref().is_empty() && name.get_ref().bytes().all(fits) {
            return Ok(());
        }
        Err(self.at(name.span(), "expected a name of lower-case letters, digits and `-`"))
    }

    fn placeholders(&self, pattern: &Spanned<String>) -> Result<(), ConfigError> {
        let rest = PLACEHOLDERS.iter().fold(pattern.get_ref().clone(), |text, placeholder| text.replace(placeholder, ""));
        if rest.contains(['{', '}']) {
            return Err(self.at(pattern.span(), format!("unknown placeholder; expected {}", PLACEHOLDERS.join(" or "))));
        }
        Ok(())
    }

    fn one_of(&self, values: &[Spanned<String>], known: &[&str]) -> Result<(), ConfigError> {
        match values.iter().find(|value| !known.contains(&value.get_ref().as_str())) {
            None => Ok(()),
            Some(value) => {
                Err(self.at(value.span(), format!("`{}` is unknown; expected one of {}", value.get_ref(), known.join(", "))))
            }
        }
    }

    fn no_repeat<T: Ord>(&self, values: &Spanned<Vec<T>>) -> Result<(), ConfigError> {
        let mut sorted: Vec<&T> = values.get_ref().iter().collect();
        sorted.sort();
        match sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(self.at(values.span(), "an entry stands here twice")),
            false => Ok(()),
        }
    }

    fn chapters(&self, chapters: &[Spanned<ChapterRule>]) -> Result<(), ConfigError> {
        let mut taken: HashMap<&str, &str> = HashMap::new();
        for chapter in chapters {
            let rule = chapter.get_ref();
            for value in &rule.values {
                if let Some(other) = taken.insert(value, &rule.title) {
                    return Err(self.at(chapter.span(), format!("`{value}` already belongs to the chapter `{other}`")));
                }
            }
            if !rule.words.is_empty() && !rule.takes_title(&rule.hit) {
                return Err(self.at(chapter.span(), format!("the words of `{}` do not take their `hit` example", rule.title)));
            }
            if !rule.words.is_empty() && (rule.miss.is_empty() || rule.takes_title(&rule.miss)) {
                return Err(
                    self.at(chapter.span(), format!("the words of `{}` need a `miss` example they do not take", rule.title))
                );
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUARTERLY: &str = include_str!("../../../rules/compilations/quarterly.toml");

    #[test]
    fn the_quarterly_template_is_valid() {
        let template = Template::parse("quarterly.toml", QUARTERLY).unwrap();
        assert_eq!(template.name, "quarterly");
        assert!(template.chapters.len() >= 5);
    }

    #[test]
    fn each_chapter_takes_its_example_by_words_and_no_earlier_chapter_does() {
        let template = Template::parse("quarterly.toml", QUARTERLY).unwrap();
        for chapter in &template.chapters {
            let first = template.chapters.iter().find(|other| other.takes_title(&chapter.hit)).unwrap();
            assert_eq!(first.title, chapter.title, "{}", chapter.hit);
            assert!(!chapter.takes_title(&chapter.miss), "{}", chapter.miss);
        }
    }

    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        assert!(QUARTERLY.contains(from), "the template has no `{from}`");
        let error = Template::parse("t.toml", &QUARTERLY.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        check("{period}（", "{quarter}（", "unknown placeholder; expected {period} or {count}");
        check("\"apply\"", "\"aply\"", "`aply` is unknown; expected one of apply, draft");
        check("key_points = ", "key_point = ", "unknown field `key_point`");
        check("\"number\", ", "\"number\", \"number\", ", "stands here twice");
        check("chapters_by = \"tool\"", "chapters_by = \"colour\"", "unknown variant `colour`");
        check("values = [\"tax\"]", "values = [\"grant\"]", "already belongs to the chapter");
        check("exclude_states = [\"draft\"", "exclude_states = [\"gone\"", "`gone` is unknown");
        check("name = \"quarterly\"", "name = \"季度/..\"", "lower-case letters");
    }

    #[test]
    fn a_mistake_points_at_its_line() {
        let error = Template::parse("t.toml", &QUARTERLY.replacen("\"apply\"", "\"aply\"", 1)).unwrap_err();
        assert!(error.source_line.contains("aply"), "{error}");
    }
}
