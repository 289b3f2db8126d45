//! Whether an award is the one a label asks for.

use model::annotation::{Award, AwardTier};
use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::gold::{Expected, number};

/// The fields in which the two differ; none where it is right.
pub(super) fn differences(expected: &Expected, award: &Award) -> Vec<&'static str> {
    let mut differs = Vec::new();
    let mut note = |name, differ: bool| {
        if differ {
            differs.push(name);
        }
    };
    let steps = steps_of_label(expected);
    let same_cap = expected.number("cap_base") == normal(award.cap);
    note("mode", !same_mode(expected, award, same_cap));
    let ratio = expected.number("ratio").or_else(|| expected.number("rate"));
    if steps.is_empty() {
        note("amount", expected.number("amount_base") != normal(award.amount));
        note("amount_to", expected.number("value_to_base") != normal(award.amount_to));
        note("cap", !same_cap);
        note("ratio", ratio != normal(award.ratio));
        note("tiers", award.tiers.len() > 1);
    } else {
        note("ratio", ratio.is_some() && ratio != normal(award.ratio));
        note("tiers", !same_steps(&steps, award));
    }
    if expected.text("mode") == Some("duration") {
        note("years", expected.number("max_years") != normal(award.max_years));
    }
    differs
}

/// A rate with a limit and a rate are one thing where both say the same of the limit.
fn same_mode(expected: &Expected, award: &Award, same_cap: bool) -> bool {
    let mode = expected.text("mode").unwrap_or_default();
    let is_rate = |mode: &str| mode == "ratio" || mode == "ratio_capped";
    mode == award.mode || is_rate(mode) && is_rate(&award.mode) && same_cap
}

/// Whether both name the same numbers, whatever they call them.
pub(super) fn same_numbers(expected: &Expected, award: &Award) -> bool {
    let names = ["amount_base", "value_to_base", "cap_base", "ratio", "rate", "max_years"];
    let mut wanted: Vec<Decimal> = names.iter().filter_map(|name| expected.number(name)).collect();
    wanted.extend(steps_of_label(expected).into_iter().flatten().flatten());
    let own = [award.amount, award.amount_to, award.cap, award.ratio, award.max_years];
    let mut found: Vec<Decimal> = own.into_iter().filter_map(normal).collect();
    found.extend(award.tiers.iter().flat_map(step).flatten());
    for numbers in [&mut wanted, &mut found] {
        numbers.sort_unstable();
        numbers.dedup();
    }
    !wanted.is_empty() && wanted == found
}

/// Amount, ratio and cap of a step.
type Step = [Option<Decimal>; 3];

fn step(tier: &AwardTier) -> Step {
    [normal(tier.amount), normal(tier.ratio), normal(tier.cap)]
}

/// The steps of a tiered label; the gold writes money of steps in 万元 or in 元.
fn steps_of_label(expected: &Expected) -> Vec<Step> {
    let wan = |value: Option<&Json>| value.and_then(number).map(|amount| (amount * Decimal::from(10_000)).normalize());
    if let Some(Json::Array(amounts)) = expected.fields.get("amounts_wan") {
        return amounts.iter().map(|amount| [wan(Some(amount)), None, None]).collect();
    }
    let Some(Json::Array(tiers)) = expected.fields.get("tiers") else { return Vec::new() };
    let of = |tier: &Json, name: &str| {
        let base = tier.get(format!("{name}_base")).and_then(number);
        base.or_else(|| wan(tier.get(format!("{name}_wan")))).or_else(|| tier.get(name).and_then(number))
    };
    tiers.iter().map(|tier| [of(tier, "amount"), tier.get("ratio").and_then(number), of(tier, "cap")]).collect()
}

fn same_steps(wanted: &[Step], award: &Award) -> bool {
    let mut found: Vec<Step> = award.tiers.iter().map(step).collect();
    let mut wanted = wanted.to_vec();
    found.sort_unstable();
    wanted.sort_unstable();
    if found.is_empty() {
        // Plain steps of one amount each may be told by their ends.
        let amounts: Vec<Decimal> = wanted.iter().filter_map(|step| step[0]).collect();
        let ends = (amounts.iter().min().copied(), amounts.iter().max().copied());
        return amounts.len() == wanted.len() && ends == (normal(award.amount), normal(award.amount_to));
    }
    found == wanted
}

fn normal(number: Option<Decimal>) -> Option<Decimal> {
    number.map(|number| number.round_dp(9).normalize())
}
