//! 资质称号: names as policies and enterprises write them, compared by core name, level and place, and by validity on the day.

use jiff::civil::Date;
use model::region::lies_within;
use model::text::fold_char;
use model::{Condition, Enterprise, Op, Truth, Value};

use crate::judgement::Judgement;
use crate::place::Places;

/// A name taken apart: `自治区级“专精特新”中小企业` → level 1, core `专精特新`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Title {
    /// 0 national, 1 province, 2 city, 3 county; none where the name does not say.
    level: Option<u8>,
    /// `省级以上`: that level or a higher one.
    or_higher: bool,
    /// Code of the place the name starts with.
    place: Option<String>,
    core: String,
}

/// Level words in front of a name, longest first.
const LEVELS: &[(&str, u8)] = &[
    ("工业和信息化部", 0),
    ("国家级", 0),
    ("工信部", 0),
    ("自治区级", 1),
    ("全国", 0),
    ("国家", 0),
    ("自治区", 1),
    ("兵团级", 1),
    ("兵团", 1),
    ("省部级", 1),
    ("省级", 1),
    ("本省", 1),
    ("省", 1),
    ("地市级", 2),
    ("市级", 2),
    ("州级", 2),
    ("本市", 2),
    ("区县级", 3),
    ("区级", 3),
    ("县级", 3),
];

/// Names for one and the same title, after normalisation.
const SAME: &[(&str, &str)] = &[
    ("国高", "高新技术"),
    ("国高新", "高新技术"),
    ("高企", "高新技术"),
    ("高新", "高新技术"),
    ("科小", "科技型"),
    ("科技型中小", "科技型"),
    ("小巨人", "专精特新小巨人"),
];

/// The level at which a title is given wherever its name does not say.
const GIVEN_AT: &[(&str, u8)] = &[("创新型", 1), ("专精特新", 1), ("专精特新小巨人", 0), ("制造业单项冠军", 0), ("高新技术", 0)];

impl Title {
    fn read(name: &str, places: &Places) -> Self {
        let plain: String = name.chars().map(fold_char).filter(|character| !is_dropped(*character)).collect();
        let mut rest = plain.as_str();
        let mut title = Self { level: None, or_higher: false, place: None, core: String::new() };
        if let Some((level, code, after)) = places.prefix(rest) {
            // 新疆 in a name says who gave the title, a county's name only where it is.
            title.level = Some(level);
            title.place = Some(code.to_owned());
            rest = after;
        }
        if let Some((word, level)) = LEVELS.iter().find(|(word, _)| rest.starts_with(word)) {
            title.level = Some(*level);
            rest = &rest[word.len()..];
        }
        for higher in ["及以上", "以上"] {
            if let Some(after) = rest.strip_prefix(higher) {
                title.or_higher = true;
                rest = after.strip_prefix("含本级").unwrap_or(after);
            }
        }
        let core =
            ["中小企业", "企业", "称号", "资质", "认定"].iter().fold(rest, |core, ending| match core.strip_suffix(ending) {
                Some(shorter) if shorter.chars().count() >= 2 => shorter,
                _ => core,
            });
        title.core = SAME.iter().find(|(other, _)| *other == core).map_or(core, |(_, core)| core).to_owned();
        title
    }

    fn given_at(&self) -> Option<u8> {
        self.level.or_else(|| GIVEN_AT.iter().find(|(core, _)| *core == self.core).map(|(_, level)| *level))
    }

    /// Whether holding `self` is holding what `wanted` names.
    fn satisfies(&self, wanted: &Self) -> Truth {
        if self.core != wanted.core {
            return Truth::NotMet;
        }
        if let (Some(held), Some(asked)) = (&self.place, &wanted.place)
            && !lies_within(held, asked)
        {
            return Truth::NotMet;
        }
        match (self.given_at(), wanted.given_at()) {
            (_, None) => Truth::Met,
            (Some(held), Some(asked)) if held == asked => Truth::Met,
            (Some(held), Some(asked)) if held < asked && wanted.or_higher => Truth::Met,
            // A higher title usually follows the lower one, but the lower one may have lapsed.
            (Some(held), Some(asked)) if held < asked => Truth::Review,
            (Some(_), Some(_)) => Truth::NotMet,
            (None, Some(_)) => Truth::Review,
        }
    }
}

fn is_dropped(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '"' | '\'' | '“' | '”' | '‘' | '’' | '「' | '」' | '《' | '》' | '(' | ')' | '·')
}

/// The names a condition asks for.
pub(crate) fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::List(words) => words.iter().map(String::as_str).collect(),
        Value::Text(word) => vec![word],
        _ => Vec::new(),
    }
}

/// Judges `has` and `has_any` for titles.
pub(crate) fn judge(condition: &Condition, enterprise: &Enterprise, places: &Places, negated: bool, on: Date) -> Judgement {
    let wanted = names(&condition.value);
    let facts = enterprise.facts.get(&condition.indicator).map_or(&[][..], Vec::as_slice);
    if wanted.is_empty() {
        return Judgement::review("原文未写明资质名称");
    }
    if facts.is_empty() {
        return Judgement::unknown(format!("请补充是否具有：{}", wanted.join("、")));
    }
    // What the enterprise did not agree to use might be just the title that is asked for.
    let hidden = facts.iter().any(|fact| !fact.consent);
    let held: Vec<(&str, Title)> = facts
        .iter()
        .filter(|fact| fact.consent && fact.valid_until.is_none_or(|last| last >= on))
        .flat_map(|fact| names(&fact.value))
        .map(|name| (name, Title::read(name, places)))
        .collect();
    let answers: Vec<(&str, Truth)> = wanted
        .iter()
        .map(|name| {
            let title = Title::read(name, places);
            let answer = crate::tree::any(held.iter().map(|(_, held)| held.satisfies(&title)));
            (*name, if answer == Truth::NotMet && hidden { Truth::Unknown } else { answer })
        })
        .collect();
    // One of a list is enough for `has_any`, and when any one of a list excludes.
    let one_is_enough = condition.op == Op::HasAny || condition.op == Op::In || negated;
    let truths = answers.iter().map(|(_, truth)| *truth);
    let truth = if one_is_enough { crate::tree::any(truths) } else { crate::tree::all(truths) };
    let open: Vec<&str> = answers.iter().filter(|(_, truth)| *truth != Truth::Met).map(|(name, _)| *name).collect();
    let judgement = match truth {
        Truth::NotMet if !negated => Judgement::of(truth).gap(lacking(&open, facts, on, places, one_is_enough)),
        Truth::Unknown => Judgement::unknown(format!("请授权使用资质信息，以核对：{}", open.join("、"))),
        Truth::Review => Judgement::review(format!("资质级别需人工核对：{}", open.join("、"))),
        truth => Judgement::of(truth),
    };
    let shown: Vec<&str> = held.iter().map(|(name, _)| *name).collect();
    let has = if shown.is_empty() { "无有效资质".to_owned() } else { crate::facts::plain(&Value::Text(shown.join("、"))) };
    judgement.inverted_if(negated).has(has)
}

/// What is lacking, and whether it only ran out.
fn lacking(open: &[&str], facts: &[model::Fact], on: Date, places: &Places, one_is_enough: bool) -> String {
    let expired = |name: &str| {
        let title = Title::read(name, places);
        facts
            .iter()
            .filter(|fact| fact.consent && fact.valid_until.is_some_and(|last| last < on))
            .filter(|fact| names(&fact.value).iter().any(|held| Title::read(held, places).satisfies(&title) == Truth::Met))
            .filter_map(|fact| fact.valid_until)
            .max()
    };
    let parts: Vec<String> = open
        .iter()
        .map(|name| match expired(name) {
            Some(last) => format!("{name}（已于{last}到期）"),
            None => (*name).to_owned(),
        })
        .collect();
    let word = if one_is_enough && parts.len() > 1 { "均不具有：" } else { "缺少：" };
    format!("{word}{}", parts.join("、"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{REGIONS, condition, enterprise, fact_of, words};
    use jiff::civil::date;
    use model::{Fact, Regions};

    fn held(name: &str) -> Fact {
        fact_of(Value::Text(name.to_owned()), None)
    }

    #[track_caller]
    fn check(op: Op, wanted: &[&str], negated: bool, facts: &[Fact], expected: Truth) -> Judgement {
        let places = Places::new(Regions::parse(REGIONS).unwrap());
        let mut condition = condition("qual.has", op, 1);
        condition.value = words(wanted);
        let facts: Vec<(&str, Fact)> = facts.iter().map(|fact| ("qual.has", fact.clone())).collect();
        let judgement = judge(&condition, &enterprise(&facts), &places, negated, date(2026, 11, 20));
        assert_eq!(judgement.truth, expected, "{wanted:?} {facts:?}");
        judgement
    }

    #[test]
    fn names_match_whatever_their_quotes_endings_and_usual_level() {
        for (wanted, name) in [
            ("专精特新中小企业", "“专精特新”企业"),
            ("自治区专精特新中小企业", "专精特新中小企业"),
            ("自治区“专精特新”中小企业", "省级专精特新中小企业"),
            ("自治区专精特新中小企业", "新疆维吾尔自治区专精特新中小企业"),
            ("高新技术企业", "国家高新技术企业"),
            ("国家级专精特新“小巨人”企业", "专精特新小巨人"),
            ("省级以上企业技术中心", "国家级企业技术中心"),
            ("科技型中小企业", "科技型企业"),
        ] {
            check(Op::Has, &[wanted], false, &[held(name)], Truth::Met);
        }
    }

    #[test]
    fn other_titles_levels_and_places_do_not_match() {
        for (wanted, name) in [
            ("专精特新中小企业", "创新型中小企业"),
            ("国家级企业技术中心", "市级企业技术中心"),
            ("新疆维吾尔自治区专精特新中小企业", "北京市专精特新中小企业"),
            ("专精特新中小企业", "专精特新小巨人企业"),
        ] {
            check(Op::Has, &[wanted], false, &[held(name)], Truth::NotMet);
        }
        check(Op::Has, &["省级企业技术中心"], false, &[held("国家级企业技术中心")], Truth::Review);
        check(Op::Has, &["省级企业技术中心"], false, &[held("企业技术中心")], Truth::Review);
    }

    #[test]
    fn all_or_one_of_a_list_is_needed() {
        let both = ["高新技术企业", "科技型中小企业"];
        check(Op::Has, &both, false, &[held("高新技术企业")], Truth::NotMet);
        check(Op::HasAny, &both, false, &[held("高新技术企业")], Truth::Met);
        check(Op::HasAny, &both, false, &[held("创新型中小企业")], Truth::NotMet);
    }

    #[test]
    fn one_title_of_an_excluding_list_excludes() {
        let both = ["制造业单项冠军企业", "制造业单项冠军产品"];
        check(Op::Has, &both, true, &[held("制造业单项冠军产品")], Truth::NotMet);
        check(Op::Has, &both, true, &[held("高新技术企业")], Truth::Met);
    }

    #[test]
    fn a_title_counts_up_to_its_last_day() {
        let until = |last| Fact { valid_until: Some(last), ..held("高新技术企业") };
        check(Op::Has, &["高新技术企业"], false, &[until(date(2026, 11, 20))], Truth::Met);
        let judgement = check(Op::Has, &["高新技术企业"], false, &[until(date(2026, 11, 19))], Truth::NotMet);
        assert_eq!(judgement.gap.as_deref(), Some("缺少：高新技术企业（已于2026-11-19到期）"));
    }

    #[test]
    fn nothing_known_or_not_allowed_is_never_a_no() {
        check(Op::Has, &["高新技术企业"], false, &[], Truth::Unknown);
        let silent = Fact { consent: false, ..held("高新技术企业") };
        check(Op::Has, &["高新技术企业"], false, std::slice::from_ref(&silent), Truth::Unknown);
        check(Op::Has, &["高新技术企业"], true, &[silent], Truth::Unknown);
        check(Op::Has, &["高新技术企业"], false, &[fact_of(Value::List(Vec::new()), None)], Truth::NotMet);
    }
}
