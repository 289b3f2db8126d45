//! Conditions of real notices against an enterprise of which nothing is known: each is asked for or left to a person.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use jiff::civil::date;
use matcher::Matcher;
use model::{Annotation, Enterprise, Indicator, Item, LifeCycle, Policy, Record, Regions, Truth};
use serde_json::{Value, json};

const SHARED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared");

#[expect(clippy::print_stderr, reason = "a test says when it was skipped")]
fn read(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("{SHARED}/{path}")).ok();
    if text.is_none() {
        eprintln!("skipped: {SHARED}/{path} is absent");
    }
    text
}

fn indicator(row: &Value) -> Indicator {
    let text = |key: &str| row[key].as_str().map(str::to_owned);
    Indicator {
        id: text("id").unwrap(),
        name: text("zh").unwrap(),
        unit_family: text("unit_family"),
        value_type: text("type").unwrap(),
        aliases: row["aliases"].as_array().unwrap().iter().filter_map(|alias| alias.as_str().map(str::to_owned)).collect(),
        default_period: text("default_period"),
        hit: String::new(),
        miss: String::new(),
    }
}

/// The gold set writes conditions as items do, but for what an extractor adds.
fn item(expected: &Value) -> Option<Item> {
    let mut whole = expected.as_object()?.clone();
    whole.retain(|_, value| !value.is_null());
    whole.insert("confidence".to_owned(), json!(1.0));
    whole.insert("rule".to_owned(), json!("gold"));
    serde_json::from_value(Value::Object(whole)).ok()
}

#[test]
fn nothing_known_is_never_a_yes_or_a_no_and_mostly_a_question() {
    let (Some(vocabulary), Some(phrases)) = (read("domain/indicators.json"), read("gold/phrases.jsonl")) else { return };
    let vocabulary: Value = serde_json::from_str(&vocabulary).unwrap();
    let indicators: Vec<Indicator> = vocabulary["indicators"].as_array().unwrap().iter().map(indicator).collect();
    let known: Vec<String> = indicators.iter().map(|indicator| indicator.id.clone()).collect();
    let regions = Regions::parse(include_str!("../../../rules/regions.csv")).unwrap();
    let matcher = Matcher::new(indicators, regions, include_str!("../../../rules/sizes.toml")).unwrap();
    let nobody = Enterprise { id: "e".into(), name: "e".to_owned(), ..Enterprise::default() };
    let (mut asked, mut reviewed) = (0, Vec::new());
    for line in phrases.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let expected = row["expect"].as_array().unwrap().iter().filter(|item| item["type"] == "condition");
        for item in expected.filter_map(item) {
            let policy = Policy { id: "p".into(), state: LifeCycle::InForce, ..Policy::default() };
            let record =
                Record { policy, annotation: Annotation { items: vec![item], ..Annotation::default() }, ..Record::default() };
            let verdict = matcher.verdict(&record, &nobody, date(2026, 11, 20));
            let condition = &verdict.conditions[0];
            match condition.truth {
                Truth::Unknown => asked += 1,
                Truth::Review => {
                    if known.contains(&condition.indicator) {
                        reviewed.push(format!("{} {} {:?}: {}", row["id"], condition.indicator, condition.gap, condition.quote));
                    }
                }
                Truth::Met | Truth::NotMet => panic!("{} from nothing: {condition:?}", row["id"]),
            }
        }
    }
    // What is left to a person has a reason: foreign money, relative limits, words without a code.
    assert!(asked >= 165 && reviewed.len() * 8 <= asked, "{asked} asked, {} reviewed:\n{}", reviewed.len(), reviewed.join("\n"));
}
