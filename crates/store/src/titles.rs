//! What titles and numbers say about identity: whose act it is, of which year or batch, of which kind.

use model::number::find_numbers;

use crate::overlap::letters;

/// Organs of the whole country, as titles of their acts begin.
const NATIONAL: &[&str] =
    &["中华人民共和国", "最高人民法院", "最高人民检察院", "全国人民代表大会", "国务院", "中国人民解放军", "全国"];
/// How names of places end, and the letters before which such an ending is part of another word (城市, 开发区, 联盟).
const PLACES: &str = "省市州盟县旗";
const NO_PLACES: &str = "城上股门夜都超联各地跨";

/// Whether a title says whose act it is: it begins with a place or a national organ, or it is a law or 条例 without a place,
/// which only the State makes.
pub(crate) fn names_scope(title: &str) -> bool {
    let title: String = letters(title).collect();
    let head: Vec<char> = title.chars().take(10).collect();
    let is_place = |pair: &[char]| PLACES.contains(pair[1]) && !NO_PLACES.contains(pair[0]);
    let names_place = head.windows(2).skip(1).any(is_place) || title.contains("自治区") || title.contains("自治县");
    let is_state_law =
        (title.ends_with("条例") || title.ends_with('法') && !title.ends_with("办法")) && title.chars().count() >= 4;
    NATIONAL.iter().any(|organ| title.starts_with(organ)) || names_place || is_state_law
}

/// Words of titles that speak about a policy.
pub(crate) const EXPLAINING: &[&str] =
    &["解读", "图解", "一图读懂", "一图看懂", "问答", "答记者问", "新闻发布会", "政策要点", "起草说明", "的说明"];

/// Agency words that many organs use alike: a number with them says nothing without the issuer.
pub(crate) fn is_ambiguous(key: &str) -> bool {
    let agency = key.split('|').next().unwrap_or_default();
    let organ = ["公告", "通告", "令"].iter().find_map(|word| agency.strip_suffix(word)).unwrap_or(agency);
    organ.chars().count() < 2 || organ.starts_with(['政', '府', '办', '第', '市', '县', '区'])
}

/// Kinds of acts that are amended rather than issued anew each year.
pub(crate) fn is_regulation(title: &str) -> bool {
    const KINDS: &[&str] = &["法", "法典", "条例", "规定", "办法", "细则", "规则", "章程", "解释"];
    // `办法（2021年修订）`, `条例(修正)`: what stands in brackets behind the kind is not part of the name.
    let title = title.trim_end().trim_end_matches([')', '）']);
    let name = title.rsplit_once(['(', '（']).map_or(title, |(name, _)| if name.is_empty() { title } else { name });
    let name = name.trim_end_matches(['》', ' ']);
    KINDS.iter().any(|kind| name.ends_with(kind)) && ordinals(title).is_empty()
}

/// The title without document numbers: some sites put it there, some do not.
pub(crate) fn without_numbers(title: &str) -> String {
    let characters: Vec<char> = title.chars().collect();
    let mut kept = String::new();
    let mut at = 0;
    for (_, span) in find_numbers(title) {
        kept.extend(characters.get(at..span.start as usize).unwrap_or_default());
        at = span.end as usize;
    }
    kept.extend(characters.get(at..).unwrap_or_default());
    kept
}

/// Years and `第…批`-like periods in a title, in order: what alone tells a yearly notice from the next.
pub(crate) fn ordinals(title: &str) -> Vec<String> {
    let folded: Vec<char> = title.chars().map(model::text::fold_char).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < folded.len() {
        let is_counter = |character: &char| character.is_ascii_digit() || "〇零一二三四五六七八九十百两".contains(*character);
        let run = folded[at..].iter().take_while(|character| is_counter(character)).count();
        if run == 0 {
            at += 1;
            continue;
        }
        let digits: String = folded[at..at + run].iter().map(|character| latin(*character)).collect();
        let is_year = run == 4 && (digits.starts_with("19") || digits.starts_with("20"));
        let unit = folded.get(at + run).copied().unwrap_or(' ');
        if is_year || "批期次届季月号轮版".contains(unit) || (at > 0 && folded[at - 1] == '第') {
            found.push(if is_year { digits } else { format!("{digits}{unit}") });
        }
        at += run;
    }
    found
}

fn latin(character: char) -> char {
    let place = "〇一二三四五六七八九".chars().position(|digit| digit == character);
    place.and_then(|digit| char::from_digit(u32::try_from(digit).ok()?, 10)).unwrap_or(if character == '零' {
        '0'
    } else {
        character
    })
}
