//! The data the program works with: `rules/`, `index/` and `sources.toml`, from a folder or as bundled with the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use include_dir::{Dir, include_dir};

use crate::pipeline::Folder;
use crate::words;

static BUNDLED_RULES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../rules");
static BUNDLED_INDEX: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../index");
const BUNDLED_SOURCES: &str = include_str!("../../../sources.toml");

/// Rule files above this size are refused: they are written by people.
const MOST_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// The texts of all data files, by their path below their folder (`tags/theme.toml`).
#[derive(Debug, Clone, Default)]
pub struct Data {
    /// What we look for.
    pub rules: BTreeMap<String, String>,
    /// What search knows of the language.
    pub index: BTreeMap<String, String>,
    /// The text of `sources.toml`.
    pub sources: String,
    /// The name of `sources.toml` shown in errors.
    pub sources_name: String,
    /// The editors' own words for the segmenter.
    pub words: Vec<annotate::Word>,
    /// Where `sources.toml` lies; nothing where the bundled one is used.
    pub sources_file: Option<PathBuf>,
}

impl Data {
    /// Reads `rules/`, `index/` and `sources.toml` below `home`; whatever is not there is taken as bundled.
    ///
    /// # Errors
    /// A file that cannot be read, is too large or is not UTF-8, by name.
    pub fn load(home: Option<&Path>) -> anyhow::Result<Self> {
        let mut data = Self {
            rules: bundled(&BUNDLED_RULES),
            index: bundled(&BUNDLED_INDEX),
            sources: BUNDLED_SOURCES.to_owned(),
            sources_name: "sources.toml".to_owned(),
            words: Vec::new(),
            sources_file: None,
        };
        let Some(home) = home else { return Ok(data) };
        if home.join("rules").is_dir() {
            data.rules = read_folder(&home.join("rules"))?;
        }
        if home.join("index").is_dir() {
            data.index = read_folder(&home.join("index"))?;
        }
        let sources = home.join("sources.toml");
        if sources.is_file() {
            data.sources = read_text(&sources)?;
            data.sources_name = sources.display().to_string();
            data.sources_file = Some(sources);
        }
        Ok(data)
    }

    /// The same with the editors' own words of a data folder.
    ///
    /// # Errors
    /// The first line of the file that cannot be read.
    pub fn with_words(mut self, folder: &Folder) -> anyhow::Result<Self> {
        self.words = words::read(folder)?;
        Ok(self)
    }

    /// The text of one file of `index/`; empty where there is none.
    #[must_use]
    pub fn index_text(&self, name: &str) -> &str {
        self.index.get(name).map_or("", String::as_str)
    }

    /// The text of one file of `rules/`; empty where there is none.
    #[must_use]
    pub fn rule_text(&self, name: &str) -> &str {
        self.rules.get(name).map_or("", String::as_str)
    }

    /// Files of one folder of `rules/`, by full name.
    #[must_use]
    pub fn rules_below(&self, folder: &str) -> Vec<(String, String)> {
        let prefix = format!("{folder}/");
        let found = self.rules.iter().filter(|(name, _)| name.starts_with(&prefix));
        found.map(|(name, text)| (format!("rules/{name}"), text.clone())).collect()
    }
}

fn bundled(folder: &Dir<'_>) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            if let Some(text) = file.contents_utf8() {
                texts.insert(file.path().display().to_string(), text.to_owned());
            }
        }
    }
    texts
}

fn read_folder(root: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
            let path = entry.with_context(|| format!("read {}", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| matches!(ending.to_str(), Some("toml" | "txt" | "csv"))) {
                let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                texts.insert(name, read_text(&path)?);
            }
        }
    }
    Ok(texts)
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let size = std::fs::metadata(path).with_context(|| format!("read {}", path.display()))?.len();
    anyhow::ensure!(size <= MOST_FILE_BYTES, "{}: {size} bytes; a data file has at most {MOST_FILE_BYTES}", path.display());
    std::fs::read_to_string(path).with_context(|| format!("read {}: expected UTF-8 text", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_home_win_over_the_bundled_ones() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("rules/tags")).unwrap();
        std::fs::write(home.path().join("rules/tags/own.toml"), "x = 1\n").unwrap();
        let data = Data::load(Some(home.path())).unwrap();
        assert_eq!(data.rules.keys().collect::<Vec<_>>(), ["tags/own.toml"]);
        assert!(data.rule_text("regions.csv").is_empty());
        assert!(Data::load(None).unwrap().rule_text("regions.csv").starts_with("code,name"));
    }

    #[test]
    fn a_file_that_is_not_utf8_is_named() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("rules")).unwrap();
        std::fs::write(home.path().join("rules/bad.toml"), [0xff, 0xfe, 0x00]).unwrap();
        let error = format!("{:#}", Data::load(Some(home.path())).unwrap_err());
        assert!(error.contains("bad.toml"), "{error}");
    }
}
