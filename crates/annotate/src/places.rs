//! Places: their names with codes, and which place a policy is for.

use aho_corasick::{AhoCorasick, MatchKind};
use model::region::{COUNTRY, lies_within, significant};
use model::{ConfigError, Regions};

use crate::rules::Rules;

pub(crate) use crate::registered::read;

/// Names of places with their codes.
pub(crate) struct Places {
    automaton: AhoCorasick,
    /// What each pattern stands for.
    meanings: Vec<Meaning>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    Codes(Vec<String>),
    /// 本省 1, 本市 2, 本区 3, 本辖区 0.
    Relative(u8),
    /// A park, which has no code.
    Zone,
}

/// A place found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) codes: Vec<String>,
    pub(crate) relative: bool,
    pub(crate) zone: bool,
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
        for zone in &rules.places.zone {
            for word in &zone.words {
                names.entry(model::text::fold(word)).or_insert(Meaning::Zone);
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
            .filter_map(|found| {
                let meaning = &self.meanings[found.pattern().as_usize()];
                let (codes, relative) = match meaning {
                    Meaning::Codes(codes) => (nearest(codes, region), false),
                    Meaning::Relative(level) => (relative(*level, region), true),
                    Meaning::Zone => (Vec::new(), false),
                };
                let word = &text[found.start()..found.end()];
                let named = Named { start: found.start(), end: found.end(), codes, relative, zone: *meaning == Meaning::Zone };
                (!is_a_common_word(word, &named.codes)).then_some(named)
            })
            .collect()
    }
}

/// 城区, 矿区 and 郊区 are districts of several cities, and words anywhere else: 五城区.
fn is_a_common_word(word: &str, codes: &[String]) -> bool {
    codes.len() > 1 && word.chars().count() == 2 && word.ends_with('区')
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
        // Counties right below a province and the country itself stand for themselves.
        2 if region[2..4] != *"00" && region[2..4] != *"90" => format!("{}00", &region[..4]),
        _ => region.to_owned(),
    }]
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

/// Where a text names a central agency first.
pub(crate) fn central_agency(text: &str) -> Option<(usize, usize)> {
    let found = CENTRAL.iter().filter_map(|word| text.find(word).map(|start| (start, start + word.len())));
    found.min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)))
}

/// The corps of Xinjiang, which issues policies of its own beside the region's.
pub(crate) const CORPS: [&str; 2] = ["生产建设兵团", "兵团"];

/// The place a policy is for, from its issuers and title; empty where an issuer stands for a place in no list.
pub(crate) fn region_of(places: &Places, rules: &Rules, issuers: &[String], title: &str, fallback: &str) -> String {
    let regions = &rules.regions;
    let folded = model::text::fold(title);
    let head = folded.split('《').next().unwrap_or_default();
    let mut central = false;
    let mut unknown = false;
    for issuer in issuers {
        let name = model::text::fold(issuer);
        if CORPS.iter().any(|corps| name.contains(corps)) {
            return division_of(rules, &name).unwrap_or_else(|| "650000".to_owned());
        }
        if let Some(code) = deepest(places, regions, &name, fallback) {
            return code;
        }
        central |= CENTRAL.iter().any(|word| name.contains(word));
        unknown |= names_a_place(&name);
    }
    if central {
        return COUNTRY.to_owned();
    }
    if CORPS.iter().any(|corps| head.contains(corps))
        && deepest(places, regions, head, fallback).is_none_or(|code| code == "650000")
    {
        return division_of(rules, head).unwrap_or_else(|| "650000".to_owned());
    }
    if let Some(code) = deepest(places, regions, head, fallback).or_else(|| deepest(places, regions, &folded, fallback)) {
        return code;
    }
    if CENTRAL.iter().any(|word| head.starts_with(word)) {
        return COUNTRY.to_owned();
    }
    // The agency of a place that is in no list is not one of the whole country, nor of the place its page was found at.
    if unknown { String::new() } else { fallback.to_owned() }
}

/// The city of the division of the corps that a name speaks of.
fn division_of(rules: &Rules, name: &str) -> Option<String> {
    let divisions =
        rules.places.division.iter().flat_map(|division| division.words.iter().map(move |word| (word, &division.code)));
    divisions.filter(|(word, _)| name.contains(word.as_str())).max_by_key(|(word, _)| word.len()).map(|(_, code)| code.clone())
}

/// Whether an issuer opens with the name of a place, known or not: 某某市财政局, but not 市财政局.
fn names_a_place(issuer: &str) -> bool {
    let opening = issuer.char_indices().skip(2).take(8).find(|(_, character)| ['市', '县', '省', '旗'].contains(character));
    opening.is_some_and(|(at, character)| {
        let rest = &issuer[at + character.len_utf8()..];
        !rest.starts_with(['场', '政', '长', '民', '级', '直', '内', '外'])
            && ["局", "厅", "委", "政府", "办", "中心", "部"].iter().any(|organ| rest.contains(organ))
    })
}

/// The deepest place a name walks down to: 北京市通州区 → 通州区.
fn deepest(places: &Places, regions: &Regions, text: &str, fallback: &str) -> Option<String> {
    let mut found: Option<String> = None;
    for named in places.find(text, fallback).iter().filter(|named| !named.relative && !named.zone) {
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
        assert_eq!(region_of(&places, &rules, &issuers, title, "999999"), expected, "{issuers:?} {title}");
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
        check(&["测试市工业和信息化局"], "关于组织申报的通知", "");
        check(&["测试市场监督管理局"], "关于组织申报的通知", "999999");
        check(&["新疆生产建设兵团第八师工业和信息化局"], "", "659001");
        check(&["兵团第十二师财政局"], "", "650000");
        check(&[], "兵团办公厅关于印发措施的通知", "650000");
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
