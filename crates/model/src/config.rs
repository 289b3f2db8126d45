//! Reading TOML so that every mistake is answered with file, line, column, a caret and what was expected.

use std::fmt;

use serde::de::DeserializeOwned;
use unicode_width::UnicodeWidthStr;

/// A mistake in a TOML file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file as the user named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line itself.
    pub source_line: String,
    /// Columns of the terminal before the caret, wide characters counted twice.
    caret_at: usize,
    /// Width of the underlined part.
    caret_width: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gutter = self.line.to_string().len();
        writeln!(formatter, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        writeln!(formatter, "{:gutter$} |", "")?;
        writeln!(formatter, "{} | {}", self.line, self.source_line)?;
        write!(formatter, "{:gutter$} | {:at$}{}", "", "", "^".repeat(self.caret_width), at = self.caret_at)
    }
}

impl ConfigError {
    /// A mistake at a byte range of a file's text.
    #[must_use]
    pub fn at(file: &str, text: &str, range: std::ops::Range<usize>, message: impl Into<String>) -> Self {
        let start = floor_boundary(text, range.start);
        let end = floor_boundary(text, range.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let source_line = text[line_start..line_end].trim_end_matches('\r');
        let before = &text[line_start..start.min(line_start + source_line.len())];
        let marked = &text[start..end.min(line_end).max(start)];
        Self {
            file: file.to_owned(),
            line: text[..start].matches('\n').count() + 1,
            column: before.chars().count() + 1,
            source_line: source_line.replace('\t', " "),
            caret_at: before.width(),
            caret_width: marked.trim_end().width().max(1),
            message: message.into(),
        }
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Reads a TOML text into a type; `file` is the name shown in errors.
///
/// # Errors
/// The first mistake, with its place. Unknown keys are mistakes where the type says `deny_unknown_fields`.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let range = error.span().unwrap_or(0..0);
        ConfigError::at(file, text, range, error.message().trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its parsing is tested")]
    struct Sample {
        name: String,
        rate: Option<u32>,
    }

    #[test]
    fn a_mistake_names_file_line_column_and_what_was_expected() {
        let error = parse::<Sample>("sources.toml", "# 注\nname = \"新疆\"\nrat = 3\n").unwrap_err();
        assert_eq!((error.line, error.column), (3, 1));
        let shown = error.to_string();
        assert!(shown.starts_with("sources.toml:3:1: unknown field `rat`, expected `name` or `rate`"), "{shown}");
        assert!(shown.ends_with("3 | rat = 3\n  | ^^^"), "{shown}");
    }

    #[test]
    fn the_caret_stands_under_the_place_behind_wide_characters() {
        let error = parse::<Sample>("x.toml", "name = \"新疆\" nonsense\n").unwrap_err();
        let shown = error.to_string();
        let caret = shown.lines().last().unwrap().find('^').unwrap();
        let line = shown.lines().nth(2).unwrap();
        assert!(line[..line.find("nonsense").unwrap()].width() <= caret + 1, "{shown}");
    }
}
