//! Places: where an enterprise must be registered, and which place a policy is for.

use aho_corasick::{AhoCorasick, MatchKind};
use model::region::{COUNTRY, lies_within, significant};
use model::{Condition, ConfigError, Op, Regions, Value, What};

use crate::page::{Draft, Page};
use crate::rules::Rules;

/// Names of places with their codes.
pub(crate) struct Places {
    automaton: AhoCorasick,
    /// What each pattern stands for.
    meanings: Vec<Meaning>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    Codes(Vec<String>),
    /// 本省 1, 本市 2, 本区 3.
    Relative(u8),
}

/// A place found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) codes: Vec<String>,
    pub(crate) relative: bool,
}

impl Places {
    pub(crate) fn new(rules: &Rules) -> Result<Self, ConfigError> {
        let mut names: std::collections::BTreeMap<String, Meaning> = std::collections::BTreeMap::new();
        for region in rules.regions.iter() {
            let codes = rules.regions.by_name(&region.name);
            if !codes.is_empty() {
                names.insert(region.name.clone(), Meaning::Codes(codes.to_vec()));
            }
            let short = short_name(&region.name);
            if region.level <= 2 && short.chars().count() >= 2 && !rules.regions.by_name(short).is_empty() {
                names.entry(short.to_owned()).or_insert_with(|| Meaning::Codes(rules.regions.by_name(short).to_vec()));
            }
        }
        for alias in &rules.places.alias {
            for word in &alias.words {
                names.insert(word.clone(), Meaning::Codes(alias.codes.clone()));
            }
        }
        for relative in &rules.places.relative {
            for word in &relative.words {
                names.insert(word.clone(), Meaning::Relative(relative.level));
            }
        }
        let (words, meanings): (Vec<String>, Vec<Meaning>) = names.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&words)
            .map_err(|error| ConfigError::at("rules/regions.csv", "", 0..0, format!("too many names: {error}")))?;
        Ok(Self { automaton, meanings })
    }

    /// The places a stretch of text names; `region` decides between places of one name and what 本市 means.
    pub(crate) fn find(&self, text: &str, region: &str) -> Vec<Named> {
        self.automaton
            .find_iter(text)
            .map(|found| {
                let (codes, relative) = match &self.meanings[found.pattern().as_usize()] {
                    Meaning::Codes(codes) => (nearest(codes, region), false),
                    Meaning::Relative(level) => (relative(*level, region), true),
                };
                Named { start: found.start(), end: found.end(), codes, relative }
            })
            .collect()
    }
}

fn short_name(name: &str) -> &str {
    ["维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市", "地区"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// Of several places of one name, those in or around the policy's own place, the highest level first.
fn nearest(codes: &[String], region: &str) -> Vec<String> {
    let near: Vec<String> = codes
        .iter()
        .filter(|code| region != COUNTRY && (lies_within(code, region) || lies_within(region, code)))
        .cloned()
        .collect();
    if !near.is_empty() {
        return near;
    }
    // 吉林 is the province before it is the city.
    let rank = |code: &&String| significant(code).len();
    let Some(highest) = codes.iter().map(|code| rank(&code)).min() else { return Vec::new() };
    codes.iter().filter(|code| rank(code) == highest).cloned().collect()
}

/// The place 本省, 本市 or 本区 stands for.
fn relative(level: u8, region: &str) -> Vec<String> {
    if region.len() != 6 || significant(region).is_empty() || !region.is_ascii() {
        return Vec::new();
    }
    let municipality = ["11", "12", "31", "50"].contains(&&region[..2]);
    vec![match level {
        1 => format!("{}0000", &region[..2]),
        2 if municipality => format!("{}0000", &region[..2]),
        2 => format!("{}00", &region[..4]),
        _ => region.to_owned(),
    }]
}

/// Words behind a place that make it a place of registration.
const INSIDE: &[&str] = &[
    "行政区域",
    "区域",
    "范围",
    "境内",
    "辖区",
    "内",
    "注册",
    "登记",
    "依法",
    "设立",
    "新",
    "落户",
    "经营",
    "市内",
    "投资",
    "纳税",
    "合法",
];
/// Acts that tie an enterprise to a place.
const ACTS: &[&str] = &[
    "注册",
    "登记",
    "设立",
    "成立",
    "落户",
    "购置",
    "租赁",
    "经营",
    "纳税",
    "引进",
    "投资",
    "区域内",
    "境内",
    "投产",
    "建设",
    "统计",
];

/// Requirements about the place of registration in one sentence.
pub(crate) fn read(page: &Page<'_>, places: &Places, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    if !ACTS.iter().any(|act| slice.contains(act)) && !slice.contains("计划单列市除外") || !page.may_set_conditions(sentence)
    {
        return Vec::new();
    }
    let mut drafts: Vec<Draft> = Vec::new();
    for named in places.find(slice, page.region) {
        let Some((start, end)) = registered(slice, &named) else { continue };
        let names = vec![slice[named.start..named.end].to_owned()];
        if let Some(last) = drafts.last_mut()
            && bounds.start + start < last.end
        {
            extend(last, names, &named.codes);
            continue;
        }
        drafts.push(draft(
            page,
            sentence,
            Place { start: bounds.start + start, end: bounds.start + end, names, codes: named.codes, relative: named.relative },
        ));
    }
    drafts.extend(excepted(page, sentence, slice, bounds.start));
    drafts
}

struct Place {
    start: usize,
    end: usize,
    names: Vec<String>,
    codes: Vec<String>,
    relative: bool,
}

fn draft(page: &Page<'_>, sentence: usize, place: Place) -> Draft {
    let condition = Condition {
        value_base: (!place.codes.is_empty()).then_some(Value::List(place.codes)),
        negated: page.is_refused(sentence, place.start),
        ..Condition::new("reg.place", Op::In, Value::List(place.names))
    };
    let confidence = if place.relative { 0.75 } else { 0.85 };
    Draft { what: What::Condition(condition), start: place.start, end: place.end, confidence, rule: "place", sentence }
}

fn extend(draft: &mut Draft, names: Vec<String>, codes: &[String]) {
    if let What::Condition(condition) = &mut draft.what {
        if let Value::List(known) = &mut condition.value {
            known.extend(names);
        }
        if let Some(Value::List(known)) = &mut condition.value_base {
            known.extend(codes.iter().cloned());
        }
    }
}

/// Whether a named place is one of registration, and the stretch that says so.
fn registered(slice: &str, named: &Named) -> Option<(usize, usize)> {
    let before = &slice[..named.start];
    let after = &slice[named.end..];
    let labelled = [
        "注册地在",
        "注册地为",
        "注册地位于",
        "注册地址在",
        "注册在",
        "工商注册地在",
        "注册地址为",
        "登记注册地在",
        "注册于",
        "落户",
    ]
    .iter()
    .find(|word| before.ends_with(**word));
    if let Some(label) = labelled {
        return Some((named.start - label.len(), named.end));
    }
    let opening = ["在", "于", "为"].iter().find(|word| before.ends_with(**word));
    let inside = INSIDE.iter().any(|word| after.starts_with(word));
    if !inside {
        return None;
    }
    let reach = after.char_indices().nth(28).map_or(after.len(), |(at, _)| at);
    let window = &after[..reach];
    let stop = window.find([',', '。', '的']).unwrap_or(window.len());
    // `在深圳市内(含深汕特别合作区)依法登记注册`: the act may follow a note.
    let act = ACTS.iter().filter_map(|act| window[..stop].rfind(act).map(|at| at + act.len())).max();
    let start = opening.map_or(named.start, |word| named.start - if *word == "为" { 0 } else { word.len() });
    match act {
        Some(end)
            if opening.is_some()
                || window.starts_with("境内")
                || window.starts_with("行政区域")
                || window.starts_with("区域")
                || named.relative
                || before.is_empty() =>
        {
            let end = if window[end..].starts_with("或新引进") { end + "或新引进".len() } else { end };
            Some((start, named.end + end.max(inside_end(window))))
        }
        _ => None,
    }
}

fn inside_end(window: &str) -> usize {
    ["行政区域内", "区域内", "范围内", "境内", "辖区内"]
        .iter()
        .find(|word| window.starts_with(**word))
        .map_or(0, |word| word.len())
}

/// The cities with planning status of their own, left out by `计划单列市除外`, by province.
const PLANNED_CITIES: [(&str, &str, &str); 5] = [
    ("21", "210200", "大连市"),
    ("33", "330200", "宁波市"),
    ("35", "350200", "厦门市"),
    ("37", "370200", "青岛市"),
    ("44", "440300", "深圳市"),
];

fn excepted(page: &Page<'_>, sentence: usize, slice: &str, offset: usize) -> Option<Draft> {
    const WORDS: &str = "计划单列市除外";
    let at = slice.find(WORDS)?;
    let own = PLANNED_CITIES
        .iter()
        .filter(|(province, _, _)| page.region.starts_with(province) || slice[..at].contains(province_word(province)));
    let (codes, names): (Vec<String>, Vec<String>) = own.map(|(_, code, name)| ((*code).to_owned(), (*name).to_owned())).unzip();
    let names = if names.is_empty() { vec!["计划单列市".to_owned()] } else { names };
    let mut draft =
        draft(page, sentence, Place { start: offset + at, end: offset + at + WORDS.len(), names, codes, relative: false });
    if let What::Condition(condition) = &mut draft.what {
        condition.negated = true;
    }
    Some(draft)
}

fn province_word(province: &str) -> &'static str {
    match province {
        "21" => "辽宁",
        "33" => "浙江",
        "35" => "福建",
        "37" => "山东",
        _ => "广东",
    }
}

/// Issuers and words that make a policy one of the whole country.
const CENTRAL: &[&str] = &[
    "国务院",
    "中共中央",
    "中华人民共和国",
    "全国人民代表大会",
    "全国人大",
    "国家",
    "财政部",
    "工业和信息化部",
    "科技部",
    "商务部",
    "教育部",
    "人力资源社会保障部",
    "住房城乡建设部",
    "交通运输部",
    "农业农村部",
    "生态环境部",
    "自然资源部",
    "水利部",
    "民政部",
    "司法部",
    "公安部",
    "文化和旅游部",
    "海关总署",
    "税务总局",
    "市场监管总局",
    "证监会",
    "中国人民银行",
    "人民银行",
    "银保监会",
    "最高人民法院",
    "审计署",
    "国资委",
];

/// The place a policy is for, from its issuers and title.
pub(crate) fn region_of(places: &Places, regions: &Regions, issuers: &[String], title: &str, fallback: &str) -> String {
    let folded = model::text::fold(title);
    let head = folded.split('《').next().unwrap_or_default();
    let mut central = false;
    for issuer in issuers {
        let name = model::text::fold(issuer);
        if let Some(code) = deepest(places, regions, &name, fallback) {
            return code;
        }
        if name.contains("兵团") {
            return "650000".to_owned();
        }
        central |= CENTRAL.iter().any(|word| name.contains(word));
    }
    if central {
        return COUNTRY.to_owned();
    }
    if let Some(code) = deepest(places, regions, head, fallback).or_else(|| deepest(places, regions, &folded, fallback)) {
        return code;
    }
    if CENTRAL.iter().any(|word| head.starts_with(word)) { COUNTRY.to_owned() } else { fallback.to_owned() }
}

/// The deepest place a name walks down to: 北京市通州区 → 通州区.
fn deepest(places: &Places, regions: &Regions, text: &str, fallback: &str) -> Option<String> {
    let mut found: Option<String> = None;
    for named in places.find(text, fallback).iter().filter(|named| !named.relative) {
        match &found {
            None => {
                found =
                    named.codes.first().cloned().filter(|_| named.codes.len() == 1).or_else(|| full_only(named, regions, text))
            }
            Some(outer) => {
                if let Some(inner) =
                    named.codes.iter().chain(regions.by_name(&text[named.start..named.end])).find(|code| lies_within(code, outer))
                {
                    found = Some(inner.clone());
                }
            }
        }
    }
    found
}

/// Of several places of one name, one only where the name is spelled out with its level.
fn full_only(named: &Named, regions: &Regions, text: &str) -> Option<String> {
    let name = &text[named.start..named.end];
    let full: Vec<&String> =
        named.codes.iter().filter(|code| regions.get(code).is_some_and(|region| region.name == name)).collect();
    if full.len() == 1 { full.first().map(|code| (*code).clone()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(issuers: &[&str], title: &str, expected: &str) {
        let rules = crate::examples::shipped_rules();
        let places = Places::new(&rules).unwrap();
        let issuers: Vec<String> = issuers.iter().map(|issuer| (*issuer).to_owned()).collect();
        assert_eq!(region_of(&places, &rules.regions, &issuers, title, "999999"), expected, "{issuers:?} {title}");
    }

    #[test]
    fn a_policy_is_for_the_place_of_its_issuer() {
        check(&["新疆维吾尔自治区工业和信息化厅"], "", "650000");
        check(&["北京市通州区人民政府"], "", "110112");
        check(&["工业和信息化部"], "关于北京市试点的通知", "000000");
        check(&["新疆生产建设兵团工业和信息化局"], "", "650000");
        check(&[], "乌鲁木齐市专项资金管理办法", "650100");
        check(&[], "国务院关于促进发展的意见", "000000");
        check(&["市工信局"], "关于组织申报的通知", "999999");
    }

    #[test]
    fn relative_places_follow_the_policy() {
        assert_eq!(relative(1, "310114"), ["310000"]);
        assert_eq!(relative(2, "310114"), ["310000"]);
        assert_eq!(relative(2, "650102"), ["650100"]);
        assert_eq!(relative(3, "310114"), ["310114"]);
        assert!(relative(2, "000000").is_empty());
    }
}
