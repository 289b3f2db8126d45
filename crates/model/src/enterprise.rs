//! An enterprise: a profile of facts with year, source and consent.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::annotation::Value;
use crate::id::EnterpriseId;

/// One profile; one line of a profile JSONL file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enterprise {
    /// Stable id.
    pub id: EnterpriseId,
    /// Registered name.
    pub name: String,
    /// 统一社会信用代码 (GB 32100-2015); checked softly by [`uscc_is_valid`].
    #[serde(default)]
    pub uscc: Option<String>,
    /// GB/T 2260 code of the place of registration, six digits.
    #[serde(default)]
    pub region: Option<String>,
    /// `local` or `xpcc` (兵团): who approves. Matters in Xinjiang only.
    #[serde(default)]
    pub jurisdiction: Option<String>,
    /// GB/T 4754-2017 code, with its section letter, e.g. `C3562`.
    #[serde(default)]
    pub industry: Option<String>,
    /// Date of registration.
    #[serde(default)]
    pub founded: Option<Date>,
    /// Facts by indicator id, each with the year it is of.
    #[serde(default)]
    pub facts: BTreeMap<String, Vec<Fact>>,
    /// How it wants to be reached; empty means the portal inbox alone.
    #[serde(default)]
    pub reach: Reach,
}

/// One fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// In base units: money in 元, ratios as ratios (3 % is 0.03), counts as they are.
    pub value: Value,
    /// The year it is of; none for standing facts.
    #[serde(default)]
    pub year: Option<i16>,
    /// Where it comes from, e.g. `企业自报`, `审计报告`.
    #[serde(default)]
    pub source: String,
    /// Whether the enterprise agreed to its use in matching; facts without consent are unknown to the matcher.
    #[serde(default = "yes")]
    pub consent: bool,
    /// Last day it holds (qualifications).
    #[serde(default)]
    pub valid_until: Option<Date>,
}

const fn yes() -> bool {
    true
}

/// Addresses and channels of an enterprise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// Channels it agreed to, by name (`portal`, `sms`, `mail`, `webhook`).
    #[serde(default)]
    pub channels: Vec<String>,
    /// Mobile number for SMS.
    #[serde(default)]
    pub phone: Option<String>,
    /// Mail address.
    #[serde(default)]
    pub mail: Option<String>,
    /// Webhook URL.
    #[serde(default)]
    pub webhook: Option<String>,
}

/// Whether a 统一社会信用代码 has a correct check character (GB 32100-2015).
///
/// Some codes in use were issued with a wrong one: warn, never refuse.
#[must_use]
pub fn uscc_is_valid(code: &str) -> bool {
    const CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
    let values: Option<Vec<usize>> = code.chars().map(|character| CHARACTERS.find(character)).collect();
    let Some(values) = values.filter(|values| values.len() == 18) else { return false };
    let sum: usize = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    values[17] == (31 - sum % 31) % 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_character_of_a_credit_code_is_computed() {
        assert!(uscc_is_valid("91650100MA776C2D04"));
        for wrong in ["91650100MA776C2D05", "91650100MA776C2D0", "91650100MA776C2DI4", ""] {
            assert!(!uscc_is_valid(wrong), "{wrong}");
        }
    }
}
