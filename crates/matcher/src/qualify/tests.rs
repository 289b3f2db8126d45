//! The bundled rule sets: their examples, their limits, and which of them holds when.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::date;
use model::annotation::Op;
use model::{Condition, Decimal, Fact, Indicator, Record, Regions, Truth, Value};
use serde::Deserialize;

use super::*;
use crate::condition::Question;
use crate::facts::Facts;
use crate::qualify::examples::enterprise;
use crate::testing::{REGIONS, fact};

const SIZES: &str = include_str!("../../../../rules/sizes.toml");

fn files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules")).join(folder);
    let mut files: Vec<(String, String)> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn vocabulary() -> Vec<Indicator> {
    #[derive(Deserialize)]
    struct Words {
        #[serde(default)]
        indicator: Vec<BTreeMap<String, Value>>,
    }
    let text = |row: &BTreeMap<String, Value>, key: &str| match row.get(key) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let rows = files("indicators").into_iter().flat_map(|(name, text)| {
        let words: Words = model::config::parse(&name, &text).unwrap();
        words.indicator
    });
    rows.map(|row| Indicator {
        id: text(&row, "id").unwrap(),
        name: text(&row, "name").unwrap(),
        unit_family: text(&row, "unit_family"),
        value_type: text(&row, "type").unwrap(),
        aliases: Vec::new(),
        default_period: text(&row, "default_period"),
        hit: String::new(),
        miss: String::new(),
    })
    .collect()
}

fn bare() -> Matcher {
    Matcher::new(vocabulary(), Regions::parse(REGIONS).unwrap(), SIZES).unwrap()
}

fn matcher() -> Matcher {
    bare().with_qualifications(&files("qualifications")).unwrap()
}

/// The enterprise of a set's profile.
fn sample(matcher: &Matcher, id: &str) -> Enterprise {
    let set = matcher.qualifications.sets.iter().find(|set| set.id == id).unwrap();
    let example = Example { facts: BTreeMap::new(), without: Vec::new(), region: None, founded: None, ..set.examples[0].clone() };
    enterprise(&set.profile, &example)
}

#[test]
fn every_example_of_the_bundled_rule_sets_comes_out_as_it_says() {
    assert_eq!(matcher().check_qualifications(), Vec::<String>::new());
}

#[test]
fn the_rule_set_is_chosen_by_title_purpose_and_day() {
    let matcher = matcher();
    for (title, purpose, on, expected) in [
        ("专精特新", "认定", date(2026, 3, 31), "zjtx_2022"),
        ("专精特新", "认定", date(2026, 4, 1), "zjtx_2026"),
        ("“专精特新”中小企业", "认定", date(2026, 2, 5), "zjtx_2022"),
        ("小巨人", "认定", date(2026, 3, 31), "xjr_2022"),
        ("小巨人", "认定", date(2026, 4, 1), "xjr_2026"),
        ("专精特新\"小巨人\"企业", "复核", date(2026, 6, 30), "xjr_2022"),
        ("小巨人", "复核", date(2026, 12, 31), "xjr_2022"),
        ("小巨人", "复核", date(2027, 1, 1), "xjr_2026"),
        ("创新型中小企业", "评价", date(2026, 11, 20), "innov_sme_2022"),
        ("创新型", "复核", date(2026, 11, 20), "innov_sme_2022"),
        ("高企", "认定", date(2026, 11, 20), "hnte_2016"),
        ("科技型中小企业", "评价", date(2026, 6, 1), "tech_sme_2017"),
    ] {
        let purpose = Purpose::of_word(purpose).unwrap();
        let found = matcher.qualifications.choose(title, purpose, on).unwrap();
        assert_eq!(found.chosen.id, expected, "{title} {purpose} {on}");
    }
}

#[test]
fn the_choice_says_why_and_why_not_the_others() {
    let matcher = matcher();
    let chosen = |purpose, on| matcher.qualifications.choose("小巨人", purpose, on).unwrap().chosen;
    let renewal = chosen(Purpose::Renewal, date(2026, 6, 30));
    assert!(renewal.why.contains("工信厅企业函〔2026〕117号"), "{}", renewal.why);
    assert_eq!(renewal.passed_over[0].why, "用于复核自2027-01-01起，申请日2026-06-30在此之前");
    let recognition = chosen(Purpose::Recognition, date(2026, 4, 1));
    assert_eq!(recognition.passed_over[0].why, "用于认定至2026-03-31止，申请日2026-04-01在此之后");
    let early = matcher.qualify("小巨人", Purpose::Recognition, &Enterprise::default(), date(2020, 1, 1)).unwrap_err();
    assert!(early.to_string().contains("用于认定自2022-08-01起"), "{early}");
    let unknown = matcher.qualify("独角兽", Purpose::Recognition, &Enterprise::default(), date(2026, 1, 1)).unwrap_err();
    assert!(unknown.to_string().contains("expected one of"), "{unknown}");
}

#[test]
fn an_enterprise_of_which_nothing_is_known_is_never_a_yes_or_a_no() {
    let matcher = matcher();
    for title in matcher.qualification_titles() {
        let found = matcher.qualify(title, Purpose::Recognition, &Enterprise::default(), date(2026, 11, 20)).unwrap();
        assert_eq!(found.standing, Standing::Unknown, "{title}");
        assert!(!found.missing.is_empty() && found.reason.starts_with("尚不能判断"), "{title}: {}", found.reason);
        assert!(found.score.is_none_or(|score| score.high == score.max), "{title}");
    }
}

#[test]
fn every_rule_carries_the_words_of_its_document() {
    fn check(rule: &RuleVerdict) {
        assert!(!rule.text.trim().is_empty() && !rule.name.trim().is_empty(), "{rule:?}");
        assert!(rule.truth != Truth::Unknown || rule.ask.is_some() || !rule.parts.is_empty(), "{rule:?}");
        rule.parts.iter().for_each(check);
    }
    let matcher = matcher();
    for title in matcher.qualification_titles() {
        let found = matcher.qualify(title, Purpose::Recognition, &Enterprise::default(), date(2026, 11, 20)).unwrap();
        found.requirements.iter().chain(&found.direct).for_each(check);
    }
}

/// A number just beside a limit, on the side that misses it.
fn beside(op: Op, limit: Decimal) -> Decimal {
    let little = Decimal::new(1, 6);
    if matches!(op, Op::AtLeast | Op::More) { limit - little } else { limit + little }
}

#[test]
fn every_limit_holds_at_its_number_and_fails_beside_it() {
    let (matcher, record) = (matcher(), Record::default());
    let mut checked = 0;
    for set in &matcher.qualifications.sets {
        let mut conditions: Vec<(&Condition, &Indicator)> = Vec::new();
        set.requirements.iter().chain(&set.direct).for_each(|rule| rule.conditions(&mut conditions));
        for (condition, indicator) in conditions {
            if !matches!(condition.op, Op::AtLeast | Op::AtMost) || indicator.id.starts_with("reg.") {
                continue;
            }
            let (limit, _, _) = crate::quantity::read(condition, indicator).unwrap();
            let judge = |value: Decimal| {
                // A standing figure counts for whatever period is asked for.
                let facts = BTreeMap::from([(indicator.id.clone(), vec![fact(value, None)])]);
                let enterprise = Enterprise { facts, ..Enterprise::default() };
                let facts = Facts::new(&enterprise, date(2026, 11, 20));
                Question { matcher: &matcher, condition, indicator, record: &record, facts, negated: condition.negated }
                    .judge()
                    .truth
            };
            assert_eq!(judge(limit), Truth::Met, "{} {}", set.id, indicator.id);
            assert_eq!(judge(beside(condition.op, limit)), Truth::NotMet, "{} {}", set.id, indicator.id);
            checked += 1;
        }
    }
    assert!(checked > 40, "{checked} limits");
}

#[test]
fn a_score_with_missing_facts_holds_every_score_they_could_give() {
    let matcher = matcher();
    for (id, title, on) in [
        ("innov_sme_2022", "创新型", date(2026, 6, 1)),
        ("zjtx_2022", "专精特新", date(2026, 2, 1)),
        ("tech_sme_2017", "科小", date(2026, 6, 1)),
    ] {
        let full = sample(&matcher, id);
        let score = |enterprise: &Enterprise| {
            let found = matcher.qualify(title, Purpose::Recognition, enterprise, on).unwrap().score.unwrap();
            (found.low, found.high)
        };
        let (exact, same) = score(&full);
        assert_eq!(exact, same, "{id}");
        for missing in full.facts.keys() {
            let mut partial = full.clone();
            partial.facts.remove(missing);
            let (low, high) = score(&partial);
            assert!(low <= exact && exact <= high, "{id} without {missing}: {exact} outside {low}–{high}");
        }
    }
}

#[test]
fn a_computed_score_needs_a_source() {
    let matcher = matcher();
    let mut enterprise = sample(&matcher, "xjr_2026");
    let found = |enterprise: &Enterprise| matcher.qualify("小巨人", Purpose::Recognition, enterprise, date(2026, 5, 1)).unwrap();
    assert_eq!(found(&enterprise).standing, Standing::ManualReview);
    let score: Vec<Fact> = vec![fact(60, Some(2025))];
    enterprise.facts.insert("score.zjtx_dev".to_owned(), score);
    let open = found(&enterprise);
    assert_eq!(open.standing, Standing::Unknown);
    assert_eq!(open.missing, ["请注明专精特新发展评价得分的来源（优质中小企业梯度培育平台的评价结果）"]);
}

#[test]
fn a_province_fills_its_part_of_the_score() {
    let plug_in = r#"
rule_set = "zjtx_2022"
region = "650000"
document = "示例评分标准"
from = "2022-08-01"

[[item]]
part = "特色化"
name = "注册地在南疆"
max = 5
options = [{ label = "是", points = 5, rule = { indicator = "reg.place", op = "in", value = ["653100"] } }]

[[item]]
part = "特色化"
name = "绿色工厂"
max = 10
options = [{ label = "是", points = 10, rule = { indicator = "qual.has", op = "has_any", value = ["绿色工厂"] } }]
"#;
    let mut all = files("qualifications");
    all.push(("rules/qualifications/regions/650000.toml".to_owned(), plug_in.to_owned()));
    let matcher = bare().with_qualifications(&all).unwrap();
    let mut enterprise = sample(&matcher, "zjtx_2022");
    enterprise.facts.insert("qual.has".to_owned(), vec![crate::testing::fact_of(Value::Text("绿色工厂".to_owned()), None)]);
    let found =
        |enterprise: &Enterprise| matcher.qualify("专精特新", Purpose::Recognition, enterprise, date(2026, 2, 5)).unwrap();
    let here = found(&enterprise);
    let score = here.score.unwrap();
    assert_eq!((score.low, score.high), (69.into(), 69.into()));
    assert!(here.notes.iter().any(|note| note.contains("示例评分标准")));
    // Elsewhere the province's own points are a fact to be given.
    let elsewhere = Enterprise { region: Some("110101".to_owned()), ..enterprise };
    assert!(found(&elsewhere).notes.iter().any(|note| note.contains("尚未收录")));
}

#[test]
fn mistakes_are_shown_at_their_place() {
    let all = files("qualifications");
    let (name, text) = all.iter().find(|(name, _)| name.ends_with("xjr_2026.toml")).unwrap();
    for (from, to, expected) in [
        ("status =", "stauts =", "unknown field `stauts`"),
        ("indicator = \"market.share\"", "indicator = \"market.shrae\"", "indicator `market.shrae` is unknown"),
        ("value = 5000\nunit = \"万元\"", "value = 5000\nunit = \"%\"", "cannot be compared"),
        ("manual = true", "manual = true\nany = [{ indicator = \"ip.class1\" }]", "exactly one of"),
        ("expect = \"not\"", "expect = \"likely\"", "no example that misses"),
        ("from = \"2026-04-01\"", "from = \"2026-03-31\"", "both apply to 认定"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, *text, "{from}");
        let rest = all.iter().filter(|(other, _)| other != name).cloned();
        let files: Vec<(String, String)> = rest.chain([(name.clone(), changed)]).collect();
        let error = bare().with_qualifications(&files).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn points_that_do_not_add_up_are_a_mistake() {
    let all = files("qualifications");
    let (name, text) = all.iter().find(|(name, _)| name.ends_with("innov_sme_2022.toml")).unwrap();
    for (from, to, expected) in [
        ("bands = [[5, 20], [3, 15], [2, 10], [1, 5]]", "bands = [[5, 20], [3, 10], [2, 15], [1, 5]]", "points must fall"),
        ("min = 20", "min = 20\n[[scoring.part]]\nname = \"乙\"\nmax = 5", "come to 0 points"),
    ] {
        let files = vec![(name.clone(), text.replace(from, to))];
        let error = bare().with_qualifications(&files).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
