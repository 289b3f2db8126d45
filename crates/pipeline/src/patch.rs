//! Patching one entry of `sources.toml`: its rules change, everything people wrote around them stays.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, ensure};
use model::source::{DetailRule, ListRule};
use model::{Regions, Source, SourceId};
use serde::{Deserialize, Serialize};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use crate::sources::parse_sources;

/// New rules of an entry; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patch {
    #[serde(default)]
    pub(crate) list: Option<ListRule>,
    #[serde(default)]
    pub(crate) detail: Option<DetailRule>,
}

impl Patch {
    /// As a person would write it into the entry.
    pub(crate) fn text(&self) -> String {
        let list = self.list.as_ref().map(|rule| format!("list = {}\n", list_table(rule)));
        let detail = self.detail.as_ref().map(|rule| format!("detail = {}\n", detail_table(rule)));
        list.into_iter().chain(detail).collect()
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text).context("the patch of a proposal does not read as `list` and `detail`")
    }

    /// The source as it is once the patch is in.
    pub(crate) fn applied_to(&self, source: &Source) -> Source {
        let mut patched = source.clone();
        patched.list = self.list.clone().or(patched.list);
        patched.detail = self.detail.clone().or(patched.detail);
        patched
    }
}

fn list_table(rule: &ListRule) -> InlineTable {
    let fields = [("item", &rule.item), ("link", &rule.link), ("date", &rule.date)];
    fields.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key, Value::from(value.as_str()))).collect()
}

fn detail_table(rule: &DetailRule) -> InlineTable {
    let fields =
        [("body", &rule.body), ("title", &rule.title), ("date", &rule.date), ("source", &rule.source), ("remove", &rule.remove)];
    let given = fields.into_iter().filter(|(_, values)| !values.is_empty());
    given.map(|(key, values)| (key, Value::Array(values.iter().map(String::as_str).collect::<Array>()))).collect()
}

/// The text of `sources.toml` with the patch in one entry. The result is read by the same code that reads the file at
/// the start of the program, and every other entry must have stayed what it was.
///
/// # Errors
/// Where the entry is not there or the result would not be the old file with this patch.
pub(crate) fn patched_text(
    (file, text): (&str, &str),
    id: &SourceId,
    patch: &Patch,
    regions: &Regions,
    families: &[&str],
) -> anyhow::Result<String> {
    let before = parse_sources(file, text, regions, families)?;
    let expected: Vec<Source> =
        before.iter().map(|source| if source.id == *id { patch.applied_to(source) } else { source.clone() }).collect();
    let mut document: DocumentMut = text.parse().with_context(|| format!("read {file}"))?;
    let entries = document.get_mut("source").and_then(Item::as_array_of_tables_mut);
    let entry =
        entries.and_then(|entries| entries.iter_mut().find(|entry| entry.get("id").and_then(Item::as_str) == Some(id.as_str())));
    let entry = entry.ok_or_else(|| anyhow!("no source `{id}` written as [[source]] in {file}"))?;
    if let Some(rule) = &patch.list {
        put(entry, "list", list_table(rule));
    }
    if let Some(rule) = &patch.detail {
        put(entry, "detail", detail_table(rule));
    }
    let patched = document.to_string();
    let after = parse_sources(file, &patched, regions, families).context("the patched entry is not valid")?;
    ensure!(after == expected, "patching source `{id}` would change more of {file} than its rules");
    Ok(patched)
}

/// Puts a value in place of an older one and keeps the comment behind it.
fn put(entry: &mut Table, key: &str, table: InlineTable) {
    let mut value = Value::InlineTable(table);
    if let Some(old) = entry.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
        entry[key] = Item::Value(value);
        return;
    }
    // A `[source.list]` of its own is written as one line among the other keys.
    entry.remove(key);
    entry.insert(key, Item::Value(value));
}

/// Replaces a file by a new text: the old one is kept beside it, the new one is whole on the disk before it takes the name.
///
/// # Errors
/// Where the folder cannot be written, by name; the file is then as it was.
pub(crate) fn replace_file(path: &Path, old: &str, new: &str, mark: &str) -> anyhow::Result<PathBuf> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (backup, fresh) =
        (path.with_file_name(format!("{name}.before-{mark}")), path.with_file_name(format!(".{name}.{mark}.new")));
    let write = |path: &Path, text: &str| {
        let mut file = std::fs::File::create(path).with_context(|| format!("write {}", path.display()))?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(|| format!("write {}", path.display()))
    };
    write(&backup, old)?;
    write(&fresh, new)?;
    let mode = std::fs::metadata(path).with_context(|| format!("read {}", path.display()))?.permissions();
    std::fs::set_permissions(&fresh, mode).with_context(|| format!("write {}", fresh.display()))?;
    std::fs::rename(&fresh, path).with_context(|| format!("replace {}", path.display()))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| format!("sync {}", folder.display()))?;
    Ok(backup)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r##"# our sources

[[source]] # the first
id = "aa"
name = "甲"   # a name
issuer = "甲"
region = "000000"
level = "nation"
column = "公告"
url = "https://a.example.gov.cn/"
list = { item = ".old li" } # found in May
schedule = "1 7 * * *"

# the second
[[source]]
id = "bb"
name = "乙"
issuer = "乙"
region = "000000"
level = "nation"
column = "公告"
url = "https://b.example.gov.cn/"
schedule = "1 7 * * *"

[source.list]
item = "#x li"
"##;

    fn patch(id: &str, patch: &str) -> anyhow::Result<String> {
        let regions = Regions::parse("code,name,level,parent\n110000,示例市,1,\n").unwrap();
        patched_text(("sources.toml", FILE), &id.into(), &Patch::parse(patch).unwrap(), &regions, &["trs"])
    }

    #[test]
    fn only_the_rule_changes_and_comments_stay() {
        let patched = patch("aa", "list = { item = \".new > li\", date = \".rq\" }").unwrap();
        let expected = FILE.replace("{ item = \".old li\" }", "{ item = \".new > li\", date = \".rq\" }");
        assert_eq!(patched, expected);
    }

    #[test]
    fn a_rule_of_its_own_table_and_a_new_one_are_written_too() {
        let patched = patch("bb", "list = { item = \".n li\" }\ndetail = { body = [\"#c\"], remove = [\".share\"] }").unwrap();
        assert!(patched.contains("\nlist = { item = \".n li\" }\n"), "{patched}");
        assert!(patched.contains("\ndetail = { body = [\"#c\"], remove = [\".share\"] }\n"), "{patched}");
        assert!(patched.starts_with(&FILE[..FILE.find("# the second").unwrap()]), "{patched}");
    }

    #[test]
    fn an_unknown_entry_is_an_error() {
        assert!(patch("cc", "list = { item = \".n li\" }").unwrap_err().to_string().contains("no source `cc`"));
    }

    #[test]
    fn a_patch_reads_back_as_written() {
        let patch = Patch {
            list: Some(ListRule { item: "ul[title=\"a\"] > li".to_owned(), ..ListRule::default() }),
            detail: Some(DetailRule { body: vec!["#a".to_owned()], ..DetailRule::default() }),
        };
        assert_eq!(Patch::parse(&patch.text()).unwrap(), patch);
    }

    #[test]
    fn the_old_file_is_kept_beside_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sources.toml");
        std::fs::write(&path, "old").unwrap();
        let backup = replace_file(&path, "old", "new", "a-1").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_to_string(backup).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
