//! The Chinese names of indicators and tag values, which facets and conditions refer to by stable ids.
//!
//! The names are data of `rules/`; whoever builds the [`crate::App`] passes them in. An id without a name is shown as it is.

use std::collections::BTreeMap;

use model::policy::Desk;
use model::{ConfigError, Indicator, LifeCycle, Regions};
use serde::Deserialize;

/// Names of the triage classes. A closed set of the model, hence here and not in the rules.
const TRIAGE: &[(&str, &str)] = &[
    ("apply", "可申报"),
    ("draft", "征求意见"),
    ("interpret", "政策解读"),
    ("lifecycle", "效力变动"),
    ("news", "新闻动态"),
    ("regulate", "监管规范"),
    ("result", "结果公示"),
    ("standard", "标准办法"),
];

/// Names of the levels of government and of the windows counted by search. Closed sets likewise.
const LEVELS: &[(&str, &str)] = &[("city", "市级"), ("country", "国家级"), ("county", "区县级"), ("province", "省级")];
const WINDOWS: &[(&str, &str)] =
    &[("closed", "已截止"), ("closes:30", "30天内截止"), ("open", "正在受理"), ("opens:30", "30天内开始")];

/// Places on the editor's desk by stable name.
pub(crate) const DESKS: [(&str, Desk); 5] = [
    ("waiting", Desk::Waiting),
    ("accepted", Desk::Accepted),
    ("excluded", Desk::Excluded),
    ("published", Desk::Published),
    ("withdrawn", Desk::Withdrawn),
];

/// The word for a place on the desk.
#[must_use]
pub(crate) const fn desk_word(desk: Desk) -> &'static str {
    match desk {
        Desk::Waiting => "待筛选",
        Desk::Accepted => "已收录",
        Desk::Excluded => "已排除",
        Desk::Published => "已发布",
        Desk::Withdrawn => "已撤回",
    }
}

/// The word for a place on the desk by its stable name.
#[must_use]
pub(crate) fn desk_label(name: &str) -> Option<&'static str> {
    DESKS.iter().find(|(known, _)| *known == name).map(|(_, desk)| desk_word(*desk))
}

/// What a rule file of tags or kinds says of names; the rest of it is annotation's.
#[derive(Deserialize)]
struct NamesFile {
    #[serde(default, alias = "kind")]
    tag: Vec<NamedId>,
}

#[derive(Deserialize)]
struct NamedId {
    id: String,
    label: String,
}

/// Names by id.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    indicators: BTreeMap<String, Indicator>,
    labels: BTreeMap<String, BTreeMap<String, String>>,
}

impl Vocabulary {
    /// A vocabulary of indicators and of tag labels as `(kind, value, label)`.
    pub fn new(
        indicators: impl IntoIterator<Item = Indicator>,
        labels: impl IntoIterator<Item = (String, String, String)>,
    ) -> Self {
        let mut vocabulary = Self::default();
        for indicator in indicators {
            vocabulary.indicators.insert(indicator.id.clone(), indicator);
        }
        for (kind, value, label) in labels {
            vocabulary.labels.entry(kind).or_default().insert(value, label);
        }
        vocabulary
    }

    /// Adds the labels of a rule file with `[[tag]]` or `[[kind]]` entries, e.g. `rules/tags/theme.toml` for `theme`.
    ///
    /// # Errors
    /// Where the file is no such file, with the place.
    pub fn read_labels(&mut self, kind: &str, file: &str, toml: &str) -> Result<(), ConfigError> {
        let names: NamesFile = model::config::parse(file, toml)?;
        let labels = self.labels.entry(kind.to_owned()).or_default();
        labels.extend(names.tag.into_iter().map(|entry| (entry.id, entry.label)));
        Ok(())
    }

    /// Adds the labels of a table with `code,name` lines under a header, e.g. `rules/industries.csv` for `industry`.
    pub fn read_codes(&mut self, kind: &str, csv: &str) {
        let lines = csv.lines().skip(1).filter_map(|line| line.trim().split_once(','));
        self.labels.entry(kind.to_owned()).or_default().extend(lines.map(|(code, name)| (code.to_owned(), name.to_owned())));
    }

    /// The indicator with this id.
    #[must_use]
    pub fn indicator(&self, id: &str) -> Option<&Indicator> {
        self.indicators.get(id)
    }

    /// The name of an indicator; for the open vocabulary (`free:<label>`) its label.
    #[must_use]
    pub fn indicator_name(&self, id: &str) -> String {
        match self.indicators.get(id) {
            Some(indicator) => indicator.name.clone(),
            None => id.strip_prefix("free:").unwrap_or(id).to_owned(),
        }
    }

    /// What people see for a value of a facet or tag.
    #[must_use]
    pub fn label(&self, kind: &str, value: &str, regions: &Regions) -> String {
        if let Some(label) = self.labels.get(kind).and_then(|labels| labels.get(value)) {
            return label.clone();
        }
        let known = match kind {
            "state" => state_by_name(value).map(|state| state.label().to_owned()),
            "region" if is_region_code(value) => Some(regions.full_name(value)).filter(|name| !name.is_empty()),
            "desk" => desk_label(value).map(str::to_owned),
            "industry" => self.industry(value),
            "triage" => named(TRIAGE, value),
            "level" => named(LEVELS, value),
            "window" => named(WINDOWS, value),
            _ => None,
        };
        known.unwrap_or_else(|| value.to_owned())
    }

    /// The name of the narrowest known class a finer industry code lies in, with the code.
    fn industry(&self, code: &str) -> Option<String> {
        let names = self.labels.get("industry")?;
        let prefixes = code.char_indices().map(|(at, _)| &code[..at]).rev();
        prefixes.filter_map(|prefix| names.get(prefix)).next().map(|name| format!("{name}（{code}）"))
    }
}

fn named(names: &[(&str, &str)], value: &str) -> Option<String> {
    names.iter().find(|(name, _)| *name == value).map(|(_, label)| (*label).to_owned())
}

/// Whether a text has the form of a GB/T 2260 code.
#[must_use]
pub(crate) fn is_region_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The life-cycle state with this stable name.
#[must_use]
pub fn state_by_name(name: &str) -> Option<LifeCycle> {
    LifeCycle::ALL.into_iter().find(|state| state.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_get_their_names_and_unknown_ids_stay_as_they_are() {
        let vocabulary = Vocabulary::new([], [("tool".to_owned(), "grant".to_owned(), "资金奖补".to_owned())]);
        let check = |kind: &str, value: &str, expected: &str| {
            assert_eq!(vocabulary.label(kind, value, &Regions::default()), expected, "{kind}:{value}");
        };
        check("tool", "grant", "资金奖补");
        check("tool", "unheard", "unheard");
        check("state", "in_force", "现行有效");
        check("triage", "apply", "可申报");
        check("level", "province", "省级");
        check("window", "closes:30", "30天内截止");
        check("region", "000000", "全国");
        check("region", "x", "x");
        assert_eq!(vocabulary.indicator_name("free:亩均税收"), "亩均税收");
    }

    #[test]
    fn labels_are_read_from_the_rule_files_themselves() {
        let mut vocabulary = Vocabulary::default();
        vocabulary
            .read_labels("tool", "rules/tags/tool.toml", "least = 4\n[[tag]]\nid = \"cost\"\nlabel = \"降本减负\"\nwords = []\n")
            .unwrap();
        vocabulary
            .read_labels("kind", "rules/kinds.toml", "[[triage]]\nclass = \"x\"\n[[kind]]\nid = \"notice\"\nlabel = \"通知\"\n")
            .unwrap();
        vocabulary.read_codes("industry", "code,name\nC,制造业\nC35,专用设备制造业\n");
        let check = |kind: &str, value: &str, expected: &str| {
            assert_eq!(vocabulary.label(kind, value, &Regions::default()), expected, "{kind}:{value}");
        };
        check("tool", "cost", "降本减负");
        check("kind", "notice", "通知");
        check("industry", "C35", "专用设备制造业");
        check("industry", "C3562", "专用设备制造业（C3562）");
        check("industry", "Z9", "Z9");
        let error = vocabulary.read_labels("tool", "rules/tags/tool.toml", "[[tag]]\nid = 3\n").unwrap_err();
        assert_eq!((error.line, error.file.as_str()), (2, "rules/tags/tool.toml"));
    }

    #[test]
    fn hostile_region_codes_do_not_panic() {
        for value in ["新", "疆疆", "1新疆", "000000000", ""] {
            let _label = Vocabulary::default().label("region", value, &Regions::default());
        }
    }
}
