//! Guesses about a site's owner, place and entry, from what one of its pages says. Every guess comes with how it was made.

use extract::SiteFacts;
use model::source::Level;
use model::{ListItem, Regions, Source};
use pipeline::Stages;
use url::Url;

/// What is guessed of the owner of a site.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Owner {
    pub(super) issuer: String,
    pub(super) region: String,
    pub(super) level: Level,
    /// What speaks against the guess, in words.
    pub(super) doubts: Vec<String>,
}

/// Labels of hosts under `gov.cn` and signs before `ICP备` with the codes of the provinces they stand for.
const PROVINCES: &[(&str, char, &str)] = &[
    ("bj", '京', "110000"),
    ("tj", '津', "120000"),
    ("he", '冀', "130000"),
    ("hebei", '冀', "130000"),
    ("sx", '晋', "140000"),
    ("shanxi", '晋', "140000"),
    ("nmg", '蒙', "150000"),
    ("ln", '辽', "210000"),
    ("jl", '吉', "220000"),
    ("hlj", '黑', "230000"),
    ("sh", '沪', "310000"),
    ("js", '苏', "320000"),
    ("jiangsu", '苏', "320000"),
    ("zj", '浙', "330000"),
    ("ah", '皖', "340000"),
    ("fj", '闽', "350000"),
    ("fujian", '闽', "350000"),
    ("jx", '赣', "360000"),
    ("jiangxi", '赣', "360000"),
    ("sd", '鲁', "370000"),
    ("shandong", '鲁', "370000"),
    ("ha", '豫', "410000"),
    ("henan", '豫', "410000"),
    ("hb", '鄂', "420000"),
    ("hubei", '鄂', "420000"),
    ("hn", '湘', "430000"),
    ("hunan", '湘', "430000"),
    ("gd", '粤', "440000"),
    ("gx", '桂', "450000"),
    ("gxzf", '桂', "450000"),
    ("hi", '琼', "460000"),
    ("hainan", '琼', "460000"),
    ("cq", '渝', "500000"),
    ("sc", '川', "510000"),
    ("gz", '贵', "520000"),
    ("guizhou", '贵', "520000"),
    ("yn", '云', "530000"),
    ("xz", '藏', "540000"),
    ("sn", '陕', "610000"),
    ("shaanxi", '陕', "610000"),
    ("gs", '甘', "620000"),
    ("gansu", '甘', "620000"),
    ("qh", '青', "630000"),
    ("qinghai", '青', "630000"),
    ("nx", '宁', "640000"),
    ("xj", '新', "650000"),
    ("xinjiang", '新', "650000"),
    ("beijing", '京', "110000"),
    ("shanghai", '沪', "310000"),
];

/// Guesses who runs the site.
pub(super) fn owner(facts: &SiteFacts, url: &Url, stages: &Stages) -> Owner {
    let host = url.host_str().unwrap_or_default();
    let mut doubts = Vec::new();
    let organs: Vec<String> = facts.names.iter().map(|name| organ(name, host)).filter(|name| !name.is_empty()).collect();
    let issuer = organs.iter().find(|name| is_organ(name)).or(organs.first()).cloned().unwrap_or_default();
    let by_sign =
        facts.province_sign.and_then(|sign| PROVINCES.iter().find(|(_, known, _)| *known == sign)).map(|(_, _, code)| *code);
    let by_host = host_province(host);
    let by_code = facts.code.as_deref().and_then(|code| code_region(code, &stages.regions));
    // Organs of the whole country have their licence from Beijing too.
    let national = ["中国", "国家", "全国", "国务院", "中华人民共和国"].iter().any(|start| issuer.starts_with(start));
    let sign = by_sign.filter(|code| *code != "110000" && !national);
    let fallback = by_code.as_deref().or(by_host).or(sign).unwrap_or(model::region::COUNTRY);
    // A place in no list: the entry takes the nearest one that is, and whoever pastes it sees it.
    let named = Some(stages.annotator.region_of(&organs, &facts.names.join(" "), fallback)).filter(|region| !region.is_empty());
    let named = named.unwrap_or_else(|| fallback.to_owned());
    // A name that says less than the code of the same place loses: 鼓楼区 is in five cities, the code in one.
    let region =
        match &by_code {
            Some(code)
                if named.starts_with(model::region::significant(code))
                    || code.starts_with(model::region::significant(&named)) =>
            {
                if is_place_named(&organs, &named, &stages.regions) { named } else { code.clone() }
            }
            _ => named,
        };
    if let Some(code) = by_code.filter(|code| code[..2] != region[..2]) {
        doubts.push(format!(
            "the site's identification code says {}, its name {}",
            stages.regions.full_name(&code),
            stages.regions.full_name(&region)
        ));
    }
    if let Some(sign) = by_sign.filter(|sign| region != model::region::COUNTRY && sign[..2] != region[..2]) {
        doubts.push(format!("its ICP licence was given in {}", stages.regions.full_name(sign)));
    }
    if region == model::region::COUNTRY && !national {
        doubts.push("nothing on the page names a place".to_owned());
    }
    if !is_organ(&issuer) {
        doubts.push(format!("`{issuer}` does not end as names of organs do"));
    }
    // By the code: 东莞 has no counties and stands among them in the table.
    let level = match model::region::significant(&region).len() {
        0 => Level::Nation,
        2 => Level::Province,
        4 => Level::City,
        _ => Level::County,
    };
    Owner { issuer, region, level, doubts }
}

/// Whether one of the names has the place's full or short name in it.
fn is_place_named(names: &[String], code: &str, regions: &Regions) -> bool {
    let Some(place) = regions.get(code) else { return false };
    let short: String = place.name.chars().take(place.name.chars().count().saturating_sub(1).max(2)).collect();
    names.iter().any(|name| name.contains(&short))
}

/// The place of a 标识码: its first six digits, or the next place around that is known.
fn code_region(code: &str, regions: &Regions) -> Option<String> {
    let digits = code.get(..6)?;
    let around = [digits.to_owned(), format!("{}00", &digits[..4]), format!("{}0000", &digits[..2])];
    around.into_iter().find(|code| regions.get(code).is_some_and(|place| place.name != "市辖区" && place.name != "县"))
}

fn host_province(host: &str) -> Option<&'static str> {
    let label = host.strip_suffix(".gov.cn")?.rsplit('.').next()?;
    PROVINCES.iter().find(|(known, _, _)| *known == label).map(|(_, _, code)| *code)
}

/// A site's name as the name of the organ behind it.
fn organ(name: &str, host: &str) -> String {
    let mut text = name.trim_start_matches("欢迎访问").split(['（', '(']).next().unwrap_or_default().to_owned();
    for word in [
        "政府门户网站",
        "门户网站",
        "政府网站",
        "官方网站",
        "政务网",
        "信息公开网",
        "政府网",
        "官网",
        "网站",
        "信息网",
        "首页",
        "门户",
        "网",
    ] {
        if let Some(at) = text.find(word).filter(|at| *at > 0) {
            // 人民政府门户网站 keeps 人民政府.
            let keep = if word.starts_with("政府") && text[..at].ends_with("人民") { at + "政府".len() } else { at };
            text.truncate(keep);
        }
    }
    let text = text.trim_matches(|character: char| !character.is_alphanumeric());
    let bare = text.strip_suffix("办公厅").or_else(|| text.strip_suffix("办公室")).filter(|rest| rest.ends_with("人民政府"));
    let text = bare.filter(|_| host.starts_with("www.")).unwrap_or(text);
    let place = ["市", "省", "区", "县", "州", "旗"].iter().any(|ending| text.ends_with(ending));
    if place && host.starts_with("www.") { format!("{text}人民政府") } else { text.to_owned() }
}

/// Whether a text ends as names of organs do.
fn is_organ(name: &str) -> bool {
    const ENDS: &[&str] = &[
        "政府",
        "局",
        "委员会",
        "委",
        "厅",
        "办公室",
        "办公厅",
        "部",
        "中心",
        "院",
        "署",
        "总局",
        "处",
        "会",
        "管委会",
        "银行",
        "队",
        "馆",
        "办",
    ];
    name.chars().count() >= 4 && ENDS.iter().any(|end| name.ends_with(end))
}

/// A unique id: the labels of the host and the last names of the path, as short as people write them.
pub(super) fn id(url: &Url, known: &[Source]) -> String {
    let host = url.host_str().unwrap_or_default();
    let labels: Vec<&str> =
        host.split('.').filter(|label| !matches!(*label, "www" | "gov" | "cn" | "com" | "org" | "net" | "m")).rev().collect();
    let segments: Vec<&str> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|part| !part.contains('.') && part.bytes().any(|byte| byte.is_ascii_alphabetic()))
        .collect();
    let column = segments.last().copied().unwrap_or("list");
    let raw = labels.into_iter().chain([column]).collect::<Vec<_>>().join("-");
    let mut id = String::new();
    for character in raw.to_ascii_lowercase().chars() {
        let kept = if character.is_ascii_lowercase() || character.is_ascii_digit() { character } else { '-' };
        if !(kept == '-' && (id.is_empty() || id.ends_with('-'))) {
            id.push(kept);
        }
    }
    id.truncate(48);
    let id = id.trim_end_matches('-').to_owned();
    let taken = |id: &str| known.iter().any(|source| source.id.as_str() == id);
    let free = (1..1_000).map(|number| if number == 1 { id.clone() } else { format!("{id}-{number}") }).find(|id| !taken(id));
    free.unwrap_or(id)
}

/// Entries a week over the dates of a page, rounded down; 0 where the page does not tell.
pub(super) fn per_week(items: &[ListItem]) -> u32 {
    let dates: Vec<jiff::civil::Date> = items.iter().filter_map(|item| item.date).collect();
    let Some((first, last)) = dates.iter().min().zip(dates.iter().max()) else { return 0 };
    let days = (*last - *first).get_days();
    if dates.len() < 8 || days < 14 { 0 } else { dates.len() as u32 * 7 / days.unsigned_abs() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_s_name_becomes_the_name_of_its_organ() {
        for (name, host, expected) in [
            ("示例市人民政府门户网站", "www.example.gov.cn", "示例市人民政府"),
            ("示例市政府网", "www.example.gov.cn", "示例市人民政府"),
            ("示例市人民政府办公室", "www.example.gov.cn", "示例市人民政府"),
            ("示例县人民政府门户", "www.example.gov.cn", "示例县人民政府"),
            (",示例市人民政府", "www.example.gov.cn", "示例市人民政府"),
            ("中国示例监督管理委员会", "www.example.gov.cn", "中国示例监督管理委员会"),
            ("示例市住房公积金管理中心", "gjj.example.gov.cn", "示例市住房公积金管理中心"),
            ("示例省发展和改革委员会网站", "fgw.example.gov.cn", "示例省发展和改革委员会"),
        ] {
            assert_eq!(organ(name, host), expected, "{name}");
        }
    }

    #[test]
    fn ids_are_short_lower_case_and_unique() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(id(&url("https://fzggw.ah.gov.cn/ywdt/tzgg/index.html"), &[]), "ah-fzggw-tzgg");
        assert_eq!(id(&url("https://www.Example.gov.cn/"), &[]), "example-list");
        let taken = Source { id: "example-list".into(), ..Source::default() };
        assert_eq!(id(&url("https://www.example.gov.cn/"), &[taken]), "example-list-2");
    }
}
