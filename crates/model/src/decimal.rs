//! Exact numbers: decimals that JSON shows as plain numbers. Money is in 元, percentages are ratios.

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a decimal as a JSON number: an integer where it is one, else the shortest fraction.
///
/// # Errors
/// Only those of the serializer.
pub fn serialize<S: Serializer>(value: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    Number(*value).serialize(serializer)
}

/// Reads a decimal from a JSON number or from a string of digits.
///
/// # Errors
/// Where the value is neither, or has more than 28 digits.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    Number::deserialize(deserializer).map(|number| number.0)
}

/// The same for an optional number: `#[serde(with = "decimal::option", default)]`.
pub mod option {
    use super::{Decimal, Deserialize, Deserializer, Number, Serialize, Serializer};

    /// Writes a number or `null`.
    ///
    /// # Errors
    /// Only those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Number).serialize(serializer)
    }

    /// Reads a number or `null`.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
        Ok(Option::<Number>::deserialize(deserializer)?.map(|number| number.0))
    }
}

/// A decimal that serialises as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let normal = self.0.normalize();
        if normal.scale() == 0
            && let Ok(integer) = i64::try_from(normal)
        {
            return serializer.serialize_i64(integer);
        }
        match normal.to_string().parse::<f64>() {
            Ok(float) => serializer.serialize_f64(float),
            Err(_) => serializer.collect_str(&normal),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a number or a string of digits")]
        enum Raw {
            Integer(i64),
            Float(f64),
            Text(String),
        }
        let text = match Raw::deserialize(deserializer)? {
            Raw::Integer(integer) => return Ok(Self(Decimal::from(integer))),
            // The shortest text that gives the float back is the number somebody wrote.
            Raw::Float(float) => float.to_string(),
            Raw::Text(text) => text,
        };
        parse(&text).map(Self).ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a number of at most 28 digits")))
    }
}

/// Reads a plain number such as `1,000.5` or `-3e-2`; thousands separators are dropped.
#[must_use]
pub fn parse(text: &str) -> Option<Decimal> {
    let plain: String = text.trim().chars().filter(|character| !matches!(character, ',' | '_' | ' ')).collect();
    plain.parse().ok().or_else(|| Decimal::from_scientific(&plain).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_survive_json_exactly() {
        for text in ["0.03", "100", "-2.5", "12345678901.23", "0.0055"] {
            let number: Number = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
        }
    }

    #[test]
    fn text_that_is_no_number_is_refused_by_name() {
        let error = serde_json::from_str::<Number>("\"三万\"").unwrap_err().to_string();
        assert!(error.contains("三万"), "{error}");
    }
}
