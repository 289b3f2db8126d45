//! A labelled text as the gold file writes it. Fields beyond these are notes for people.

use model::Span;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value};

/// One line of the gold file.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Phrase {
    pub(crate) id: String,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) title: Option<String>,
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    date: Option<String>,
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

    pub(crate) fn number(&self, name: &str) -> Option<Decimal> {
        number(self.fields.get(name)?)
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.fields.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Intersection over union with another span.
    pub(crate) fn overlap(&self, other: Span) -> f64 {
        let Some((start, end)) = self.span else { return 0.0 };
        let gold = Span::new(start, end);
        let shared = gold.end.min(other.end).saturating_sub(gold.start.max(other.start));
        let all = gold.end.max(other.end) - gold.start.min(other.start);
        if all == 0 { 0.0 } else { f64::from(shared) / f64::from(all) }
    }
}

/// A JSON number as a decimal, without the noise of binary fractions.
pub(crate) fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => model::decimal::parse(&number.to_string()).map(|number| number.round_dp(9).normalize()),
        _ => None,
    }
}

impl Phrase {
    /// 发文机关, main agency first.
    pub(crate) fn issuers(&self) -> Vec<String> {
        let issuer = self.issuer.as_deref().unwrap_or_default();
        issuer.split(['、', ' ', ',', '，']).filter(|issuer| !issuer.is_empty()).map(str::to_owned).collect()
    }

    /// The place 本市 and the like are resolved from. Phrases have none; there a label tells which place it was.
    pub(crate) fn region(&self) -> String {
        if let Some(region) = &self.region {
            return region.clone();
        }
        let relative = self.expect.iter().find(|expected| expected.fields.get("relative") == Some(&Value::Bool(true)));
        relative.and_then(|expected| expected.text("code")).unwrap_or_default().to_owned()
    }

    /// The date that years not written are taken from. Phrases have none; there a label tells which document it was.
    pub(crate) fn date(&self) -> Option<jiff::civil::Date> {
        if let Some(date) = &self.date {
            return model::date::parse_date(date);
        }
        let source = self.expect.iter().find_map(|expected| expected.text("year_inferred_from"))?;
        model::date::parse_date(source).or_else(|| {
            let digits: String = source.chars().skip_while(|character| *character != '〔').skip(1).take(4).collect();
            jiff::civil::Date::new(digits.parse().ok()?, 1, 1).ok()
        })
    }

    /// The text around a span, the span itself in 【】.
    pub(crate) fn around(&self, span: Option<(u32, u32)>) -> String {
        const AROUND: usize = 30;
        let Some((start, end)) = span else { return String::new() };
        let (start, end) = (start as usize, (end as usize).max(start as usize));
        let part = |from: usize, to: usize| -> String {
            let characters = self.text.chars().skip(from).take(to.saturating_sub(from));
            characters.map(|character| if character == '\n' { '↵' } else { character }).collect()
        };
        format!("{}【{}】{}", part(start.saturating_sub(AROUND), start), part(start, end), part(end, end + AROUND))
    }
}
