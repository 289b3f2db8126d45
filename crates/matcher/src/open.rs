//! Indicators of the open vocabulary: what is known of one is its label, and what a condition compares it with.

use model::{Condition, Indicator, Value};

/// What ids of the open vocabulary begin with; the label follows.
pub(crate) const PREFIX: &str = "free:";

/// The indicator a label stands for, of the type the condition asks for.
pub(crate) fn indicator(condition: &Condition, label: &str) -> Indicator {
    let value_type = match &condition.value {
        Value::Bool(_) => "bool",
        Value::Number(_) | Value::Range(..) | Value::Steps(_) => "num",
        Value::Text(text) if model::decimal::parse(text).is_some() || condition.ref_value.is_some() => "num",
        Value::Text(_) | Value::List(_) => "enum",
    };
    let unit_family = crate::quantity::family(condition).filter(|_| value_type == "num").map(str::to_owned);
    Indicator {
        id: condition.indicator.clone(),
        name: label.trim().to_owned(),
        unit_family,
        value_type: value_type.to_owned(),
        aliases: Vec::new(),
        default_period: None,
        hit: String::new(),
        miss: String::new(),
    }
}
