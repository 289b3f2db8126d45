//! A labelled phrase as the gold file writes it. Fields beyond these are notes for people.

use serde::Deserialize;
use serde_json::{Map, Value};

/// One line of the gold file.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Phrase {
    pub(crate) id: String,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) expect: Vec<Expected>,
}

/// One labelled item: its type, its span and whatever fields its type has.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Expected {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) quote: String,
    #[serde(default)]
    pub(crate) span: Option<(u32, u32)>,
    #[serde(flatten)]
    pub(crate) fields: Map<String, Value>,
}

impl Expected {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    pub(crate) fn number(&self, name: &str) -> Option<rust_decimal::Decimal> {
        match self.fields.get(name)? {
            Value::Number(number) => model::decimal::parse(&number.to_string()).map(|number| number.normalize()),
            _ => None,
        }
    }
}

impl Phrase {
    /// The place 本市 and the like were resolved from, where a label tells it.
    pub(crate) fn region(&self) -> String {
        let relative = self.expect.iter().find(|expected| expected.fields.get("relative") == Some(&Value::Bool(true)));
        relative.and_then(|expected| expected.text("code")).unwrap_or_default().to_owned()
    }

    /// The date years were taken from, where a label tells it.
    pub(crate) fn date(&self) -> Option<jiff::civil::Date> {
        let source = self.expect.iter().find_map(|expected| expected.text("year_inferred_from"))?;
        model::date::parse_date(source).or_else(|| {
            let digits: String = source.chars().skip_while(|character| *character != '〔').skip(1).take(4).collect();
            jiff::civil::Date::new(digits.parse().ok()?, 1, 1).ok()
        })
    }
}
