//! 注册地: places of policies against the place of an enterprise, and in Xinjiang who approves: 地方 or 兵团.

use std::collections::HashMap;

use model::region::{COUNTRY, lies_within, significant};
use model::{Enterprise, Record, Regions, Truth};

use crate::judgement::Judgement;

/// Names and codes of places, with what policies call them.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    regions: Regions,
    /// `陕西省宝鸡市` → its code.
    by_full_name: HashMap<String, String>,
}

/// A place a policy names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// One of these codes (several where the name is ambiguous).
    Codes(Vec<String>),
    /// 新疆生产建设兵团.
    Corps,
    /// A place no code is known for.
    Unclear,
}

const XINJIANG: &str = "65";

impl Places {
    pub(crate) fn new(regions: Regions) -> Self {
        let by_full_name = regions.iter().map(|region| (regions.full_name(&region.code), region.code.clone())).collect();
        Self { regions, by_full_name }
    }

    /// The level and code of the place a name starts with, and the rest of the name: `新疆专精特新` → 1, `650000`, `专精特新`.
    pub(crate) fn prefix<'n>(&self, name: &'n str) -> Option<(u8, &str, &'n str)> {
        let boundaries: Vec<usize> = name.char_indices().map(|(at, _)| at).skip(2).take(9).collect();
        boundaries.into_iter().rev().find_map(|at| {
            let [code] = self.regions.by_name(&name[..at]) else { return None };
            Some((self.regions.get(code)?.level, code.as_str(), &name[at..]))
        })
    }

    fn wanted(&self, word: &str, policy_region: &str) -> Wanted {
        let word: String = word.chars().filter(|character| !character.is_whitespace()).collect();
        if word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            return Wanted::Codes(vec![word]);
        }
        if word.contains("兵团") || word.starts_with("xpcc") {
            return Wanted::Corps;
        }
        if ["全国", "中国", "中国境内", "中华人民共和国境内", "国内", "境内"].contains(&word.as_str()) {
            return Wanted::Codes(vec![COUNTRY.to_owned()]);
        }
        if let Some(code) = relative(&word, policy_region) {
            return Wanted::Codes(vec![code]);
        }
        if let Some(code) = self.by_full_name.get(&word) {
            return Wanted::Codes(vec![code.clone()]);
        }
        let codes = self.regions.by_name(&word);
        let nearby: Vec<String> = codes.iter().filter(|code| lies_within(code, policy_region)).cloned().collect();
        match (nearby.is_empty(), codes.is_empty()) {
            (false, _) => Wanted::Codes(nearby),
            (true, false) => Wanted::Codes(codes.to_vec()),
            (true, true) => Wanted::Unclear,
        }
    }

    /// Names of the places, for people.
    pub(crate) fn shown(&self, words: &[&str]) -> String {
        let names: Vec<String> = words
            .iter()
            .map(|word| {
                if self.regions.get(word).is_some() || *word == COUNTRY {
                    self.regions.full_name(word)
                } else {
                    (*word).to_owned()
                }
            })
            .collect();
        names.join("、")
    }

    /// Whether the enterprise is registered in one of the places.
    pub(crate) fn judge(&self, words: &[&str], record: &Record, enterprise: &Enterprise) -> Judgement {
        let region = enterprise.region.as_deref().map(str::trim).filter(|code| code.len() == 6);
        let answers: Vec<Truth> =
            words.iter().map(|word| answer(&self.wanted(word, &record.policy.region), region, enterprise)).collect();
        let has = region.map(|code| self.place_of(code, enterprise));
        let judgement = match crate::tree::any(answers.iter().copied()) {
            Truth::Met => under_the_right_authority(record, region, enterprise),
            Truth::NotMet => Judgement::of(Truth::NotMet),
            Truth::Unknown => Judgement::unknown(question(region)),
            Truth::Review => Judgement::review("地域范围需人工核对"),
        };
        Judgement { has, ..judgement }
    }

    fn place_of(&self, code: &str, enterprise: &Enterprise) -> String {
        let name = self.regions.full_name(code);
        let name = if name.is_empty() { code.to_owned() } else { name };
        if enterprise.jurisdiction.as_deref() == Some("xpcc") { format!("{name}（兵团）") } else { name }
    }
}

fn question(region: Option<&str>) -> &'static str {
    match region {
        None => "请补充注册地",
        Some(code) if code.starts_with(XINJIANG) => "请补充注册地（具体到县、区）及隶属（地方或兵团）",
        Some(_) => "请补充注册地（具体到县、区）",
    }
}

/// 本市, 我省 and the like, from the place the policy is for.
fn relative(word: &str, policy_region: &str) -> Option<String> {
    if policy_region.len() != 6 || significant(policy_region).is_empty() {
        return None;
    }
    let province = format!("{}0000", &policy_region[..2]);
    // In the four municipalities 本市 is the province.
    let municipality = ["11", "12", "31", "50"].contains(&&policy_region[..2]);
    let word = word.trim_end_matches("范围内").trim_end_matches("行政区域内").trim_end_matches("行政区域").trim_end_matches('内');
    match word {
        "<issuerprovince>" | "本省" | "我省" | "全省" | "省" | "自治区" | "本自治区" | "全疆" | "疆" => {
            Some(province)
        }
        "本市" | "我市" | "全市" | "市" if municipality => Some(province),
        "本市" | "我市" | "全市" | "市" if significant(policy_region).len() >= 4 => {
            Some(format!("{}00", &policy_region[..4]))
        }
        // 我区 is an autonomous region where the policy is for one, else a district.
        "本区" | "我区" | "全区" | "区" | "本县" | "我县" | "全县" | "县" | "本地" | "当地" => {
            Some(policy_region.to_owned())
        }
        _ => None,
    }
}

fn answer(wanted: &Wanted, region: Option<&str>, enterprise: &Enterprise) -> Truth {
    match wanted {
        Wanted::Unclear => Truth::Review,
        Wanted::Corps => match (enterprise.jurisdiction.as_deref(), region) {
            (Some("xpcc"), _) => Truth::Met,
            (Some(_), _) => Truth::NotMet,
            (None, Some(code)) if !code.starts_with(XINJIANG) => Truth::NotMet,
            (None, _) => Truth::Unknown,
        },
        Wanted::Codes(codes) => {
            let Some(region) = region else {
                // The whole country needs no more precise answer.
                return if codes.iter().any(|code| code == COUNTRY) { Truth::Met } else { Truth::Unknown };
            };
            let answers: Vec<Truth> = codes.iter().map(|code| within(region, code)).collect();
            match answers.first() {
                Some(first) if answers.iter().all(|answer| answer == first) => *first,
                _ => Truth::Review,
            }
        }
    }
}

fn within(region: &str, outer: &str) -> Truth {
    if lies_within(region, outer) {
        Truth::Met
    } else if lies_within(outer, region) {
        // The enterprise says only the province, the policy is for one city of it.
        Truth::Unknown
    } else {
        Truth::NotMet
    }
}

/// In Xinjiang 地方 and 兵团 approve separately: the place alone does not make an enterprise eligible.
fn under_the_right_authority(record: &Record, region: Option<&str>, enterprise: &Enterprise) -> Judgement {
    let in_xinjiang = region.is_some_and(|code| code.starts_with(XINJIANG));
    if !in_xinjiang || !record.policy.region.starts_with(XINJIANG) {
        return Judgement::of(Truth::Met);
    }
    // 659001–659012 are the cities of the corps: whoever sits there is not taken for local unasked.
    let in_corps_city = region.is_some_and(|code| code.starts_with("6590"));
    match (is_of_the_corps(record), enterprise.jurisdiction.as_deref()) {
        (false, None) if in_corps_city => Judgement::unknown("请补充隶属（地方或兵团）"),
        (true, Some("xpcc")) | (false, Some("local") | None) => Judgement::of(Truth::Met),
        (true, Some(_)) => Judgement::of(Truth::NotMet).gap("本政策由兵团受理"),
        (true, None) => Judgement::unknown("请补充隶属（地方或兵团）"),
        (false, Some(_)) => Judgement::review("企业隶属兵团，是否可向地方申报需人工核对"),
    }
}

/// Whether the policy comes from the 兵团 or one of its divisions.
fn is_of_the_corps(record: &Record) -> bool {
    let number = record.document.numbers.first().is_some_and(|number| number.agency.starts_with('兵'));
    number || record.document.issuers.first().is_some_and(|issuer| issuer.contains("兵团"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{REGIONS, enterprise, record};

    #[track_caller]
    fn check(words: &[&str], policy: &str, issuer: &str, region: Option<&str>, jurisdiction: Option<&str>, expected: Truth) {
        let places = Places::new(Regions::parse(REGIONS).unwrap());
        let mut record = record(Vec::new());
        record.policy.region = policy.to_owned();
        record.document.issuers = vec![issuer.to_owned()];
        let mut enterprise = enterprise(&[]);
        enterprise.region = region.map(str::to_owned);
        enterprise.jurisdiction = jurisdiction.map(str::to_owned);
        assert_eq!(places.judge(words, &record, &enterprise).truth, expected, "{words:?} {region:?}");
    }

    #[test]
    fn an_enterprise_lies_in_its_county_city_and_province() {
        for word in ["110112", "110000", "通州区", "北京市", "北京市通州区", "本市", "本区", "全国"] {
            check(&[word], "110112", "", Some("110112"), None, Truth::Met);
        }
        check(&["乌鲁木齐市"], "650100", "", Some("110112"), None, Truth::NotMet);
        check(&["乌鲁木齐市", "昌吉州"], "650000", "", Some("650102"), None, Truth::Met);
    }

    #[test]
    fn a_place_too_coarse_or_missing_is_asked_for() {
        check(&["650100"], "650000", "", Some("650000"), None, Truth::Unknown);
        check(&["650100"], "650000", "", None, None, Truth::Unknown);
        check(&["000000"], "000000", "", None, None, Truth::Met);
    }

    #[test]
    fn a_name_that_several_places_bear_is_decided_only_where_they_agree() {
        // 朝阳区 is in 北京 and in 长春.
        check(&["朝阳区"], "000000", "", Some("110105"), None, Truth::Review);
        check(&["朝阳区"], "000000", "", Some("650102"), None, Truth::NotMet);
        check(&["朝阳区"], "110000", "", Some("110105"), None, Truth::Met);
    }

    #[test]
    fn a_place_without_code_is_left_to_a_person() {
        check(&["某某高新区"], "650000", "", Some("650102"), None, Truth::Review);
        check(&["某某高新区", "650100"], "650000", "", Some("650102"), None, Truth::Met);
    }

    #[test]
    fn corps_and_local_authorities_approve_separately() {
        let corps = "新疆生产建设兵团工业和信息化局";
        check(&["兵团"], "650000", corps, Some("659001"), Some("xpcc"), Truth::Met);
        check(&["兵团"], "650000", corps, Some("659001"), Some("local"), Truth::NotMet);
        check(&["兵团"], "650000", corps, Some("659001"), None, Truth::Unknown);
        check(&["兵团"], "650000", corps, Some("110112"), None, Truth::NotMet);
        check(&["650000"], "650000", "新疆维吾尔自治区工业和信息化厅", Some("659001"), Some("xpcc"), Truth::Review);
        check(&["650000"], "650000", "新疆维吾尔自治区工业和信息化厅", Some("650102"), Some("local"), Truth::Met);
        check(&["650000"], "650000", corps, Some("650102"), Some("local"), Truth::NotMet);
        check(&["650000"], "650000", "新疆维吾尔自治区工业和信息化厅", Some("650102"), None, Truth::Met);
        check(&["650000"], "650000", "新疆维吾尔自治区工业和信息化厅", Some("659001"), None, Truth::Unknown);
    }
}
