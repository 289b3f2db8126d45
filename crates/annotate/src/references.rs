//! Other policies a text names, how it stands to them, how long it is valid, and what it declares void.

use model::What;
use model::text::Span;

use crate::date::DateToken;
use crate::page::{Draft, Page};
use crate::token::Family;

/// Numbers found in the original text come with spans of their own.
pub(crate) struct Cited {
    pub(crate) what: What,
    pub(crate) span: Span,
}

/// How the words around a reference tell the relation.
fn relation(before: &str, after: &str, sentence: &str) -> &'static str {
    let near: String = before.chars().rev().take(18).collect::<Vec<_>>().into_iter().rev().collect();
    let voids = ["同时废止", "予以废止", "即行废止", "自行废止", "宣布废止", "同时失效", "停止执行", "废止"]
        .iter()
        .any(|word| after.contains(word));
    if (voids || near.contains("废止")) && !sentence.contains('拟') {
        return "repeals";
    }
    if ["修改", "修订", "作如下修改"].iter().any(|word| near.ends_with(word) || after.starts_with(word))
        || near.contains("关于修改")
    {
        return "amends";
    }
    if after.starts_with("解读") || after.contains("政策解读") || near.contains("解读") {
        return "interprets";
    }
    if near.contains("转发") || near.contains("批转") {
        return "forwards";
    }
    let bases = ["根据", "依据", "按照", "遵照", "依照", "落实", "贯彻", "为推进", "参照"];
    if bases.iter().any(|word| near.contains(word)) { "basis" } else { "cites" }
}

/// Document numbers in the original text, with their relation.
pub(crate) fn numbers(original: &str) -> Vec<Cited> {
    if !original.contains('号') {
        return Vec::new();
    }
    let boundaries: Vec<usize> = original.char_indices().map(|(at, _)| at).chain([original.len()]).collect();
    model::number::find_numbers(original)
        .into_iter()
        .filter_map(|(number, span)| {
            let (start, end) = (*boundaries.get(span.start as usize)?, *boundaries.get(span.end as usize)?);
            let (before, after) = around(original, start, end);
            // 《办法》(国发〔2020〕1号): the words before the title tell the relation.
            let before = before.rfind('《').filter(|_| before.ends_with(['(', '（'])).map_or(before, |at| &before[..at]);
            let relation =
                relation(&model::text::fold(before), &model::text::fold(after).replace(')', ""), &format!("{before}{after}"));
            Some(Cited { what: What::Reference { key: Some(number.key()), title: None, relation: relation.to_owned() }, span })
        })
        .collect()
}

/// The sentence around a stretch: at most sixty characters on each side.
fn around(text: &str, start: usize, end: usize) -> (&str, &str) {
    const STOPS: [char; 4] = ['。', '\n', ';', '；'];
    let from = text[..start]
        .char_indices()
        .rev()
        .take(60)
        .take_while(|(_, character)| !STOPS.contains(character))
        .last()
        .map_or(start, |(at, _)| at);
    let rest = &text[end..];
    let to = rest
        .char_indices()
        .take(60)
        .find(|(_, character)| STOPS.contains(character))
        .map_or_else(|| rest.char_indices().nth(60).map_or(rest.len(), |(at, _)| at), |(at, _)| at);
    (&text[from..start], &rest[..to])
}

/// The longest title in 《》, in characters.
const MOST_TITLE_CHARACTERS: usize = 80;

/// Titles in 《》 with their relation.
pub(crate) fn titles(page: &Page<'_>) -> Vec<Draft> {
    let text = page.text();
    let mut drafts = Vec::new();
    let mut skip = 0;
    for (at, _) in text.match_indices('《') {
        if at < skip {
            continue;
        }
        let Some(close) = closing(&text[at..]) else { continue };
        let end = at + close;
        skip = end;
        let title = &text[at + '《'.len_utf8()..end - '》'.len_utf8()];
        if title.chars().count() < 3
            || title.contains(['申', '表']) && (title.ends_with('表') || title.ends_with("申请书") || title.ends_with("申报书"))
        {
            continue;
        }
        let (before, after) = around(text, at, end);
        let what = What::Reference {
            key: None,
            title: Some(title.to_owned()),
            relation: relation(before, after, &format!("{before}{after}")).to_owned(),
        };
        drafts.push(Draft { what, start: at, end, confidence: 0.8, rule: "reference", sentence: page.outline.sentence_at(at) });
    }
    drafts.extend(rule_sets(page));
    drafts
}

/// `符合…认定标准`, `满足直通车条件`: requirements that another text spells out.
fn rule_sets(page: &Page<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for sentence in 0..page.outline.sentences.len() {
        let bounds = page.sentence(sentence);
        let slice = page.slice(bounds.start, bounds.end);
        for (opening, closing) in [("符合", "认定标准"), ("符合", "认定条件"), ("满足", "直通车条件")] {
            let Some(at) = slice.find(opening) else { continue };
            let Some(length) = slice[at..].find(closing) else { continue };
            let end = at + length + closing.len();
            if slice[at..end].chars().count() <= 32 && !slice[at..end].contains([',', '《']) && page.may_set_conditions(sentence)
            {
                let what = What::Reference {
                    key: None,
                    title: Some(slice[at + opening.len()..end].to_owned()),
                    relation: "cites".to_owned(),
                };
                drafts.push(Draft {
                    what,
                    start: bounds.start + at,
                    end: bounds.start + end,
                    confidence: 0.6,
                    rule: "rule_set",
                    sentence,
                });
            }
        }
    }
    drafts
}

/// The byte behind the 》 that closes the 《 at the start; titles may hold titles.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, character) in text.char_indices().take(MOST_TITLE_CHARACTERS + 2) {
        match character {
            '《' => depth += 1,
            '》' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + character.len_utf8());
                }
            }
            '\n' => return None,
            _ => {}
        }
    }
    None
}

/// Words that speak of a qualification's validity rather than the policy's.
const QUALIFICATIONS: [&str; 8] = ["称号", "资格", "认定有效", "证书", "企业有效期", "中小企业", "名单有效", "小巨人"];

/// How long the policy, or a qualification it gives, is valid.
pub(crate) fn validity(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let mut drafts = Vec::new();
    let of = if QUALIFICATIONS.iter().any(|word| slice.contains(word)) { "qualification" } else { "policy" };
    let make = |start, end, from, to, years| Draft {
        what: What::Validity { start: from, end: to, years, of: of.to_owned() },
        start,
        end,
        confidence: 0.85,
        rule: "validity",
        sentence,
    };
    if let Some(at) = slice.find("长期有效") {
        drafts.push(make(bounds.start + at, bounds.start + at + "长期有效".len(), None, None, None));
    }
    let period = ["有效期", "实施期限", "执行期限", "执行至", "有效期限", "有效至", "试行期"]
        .iter()
        .filter_map(|word| slice.find(word).map(|at| bounds.start + at))
        .min();
    let dates = dates_between(page, bounds.start, bounds.end);
    if let Some(at) = period {
        drafts.extend(years_behind(page, at, bounds.end).map(|(years, end)| make(at, end, None, None, Some(years))));
        let behind: Vec<DateToken> = dates.iter().filter(|date| date.start > at && date.day.is_some()).copied().collect();
        match behind[..] {
            [one, other, ..] if page.slice(one.end, other.start).trim_matches(['至', '到', '-', '~']).is_empty() => {
                drafts.push(make(one.start, other.end, one.date(None), other.date(one.year), None));
            }
            [one, ..] => drafts.push(make(at, one.end, None, one.date(None), None)),
            [] => {}
        }
    }
    if ["施行", "实施", "执行", "生效"].iter().any(|word| slice.contains(word)) && !slice.contains("有效期为20") {
        drafts
            .extend(effective_from(page, &dates, bounds.end).map(|(start, end, date)| make(start, end, Some(date), None, None)));
    }
    drafts
}

fn dates_between(page: &Page<'_>, start: usize, end: usize) -> Vec<DateToken> {
    let from = page.tokens.dates.partition_point(|date| date.start < start);
    page.tokens.dates[from..].iter().take_while(|date| date.end <= end).copied().collect()
}

/// `有效期为3年`, `有效期5年`.
fn years_behind(page: &Page<'_>, at: usize, end: usize) -> Option<(u16, usize)> {
    let from = page.tokens.quantities.partition_point(|quantity| quantity.number_start < at);
    let quantity = page
        .tokens
        .quantities
        .get(from)
        .filter(|quantity| quantity.number_end <= end && quantity.family == Family::Duration && quantity.base == "年")?;
    let between = page.slice(at, quantity.number_start);
    let years = u16::try_from(quantity.low).ok().filter(|years| (1..=50).contains(years))?;
    (between.chars().count() <= 8 && !between.contains("不得超过")).then_some((years, quantity.number_end))
}

/// `自2024年1月1日起施行`.
fn effective_from(page: &Page<'_>, dates: &[DateToken], end: usize) -> Option<(usize, usize, jiff::civil::Date)> {
    dates.iter().find_map(|token| {
        let rest = page.slice(token.end, end);
        let word = ["起施行", "起实施", "起执行", "起生效", "起正式施行", "起正式实施", "起试行", "开始施行", "施行"]
            .iter()
            .find(|word| rest.starts_with(**word))?;
        let start = if page.text()[..token.start].ends_with('自') { token.start - '自'.len_utf8() } else { token.start };
        Some((start, token.end + word.len(), token.date(None)?))
    })
}

/// States a sentence declares: 废止, 失效, 停止执行. 拟废止 declares nothing.
pub(crate) fn state_changes(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    const WORDS: [(&str, &str); 11] = [
        ("停止执行", "expired"),
        ("自动失效", "expired"),
        ("宣布失效", "expired"),
        ("同时失效", "expired"),
        ("予以失效", "expired"),
        ("即行失效", "expired"),
        ("同时废止", "repealed"),
        ("予以废止", "repealed"),
        ("即行废止", "repealed"),
        ("自行废止", "repealed"),
        ("宣布废止", "repealed"),
    ];
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    if ["拟", "征求意见", "建议"].iter().any(|word| slice.contains(word)) {
        return Vec::new();
    }
    let Some((at, word, to)) = WORDS.iter().filter_map(|(word, to)| Some((slice.rfind(word)?, *word, *to))).max() else {
        return Vec::new();
    };
    let end = bounds.start + at + word.len();
    let clause = page
        .clauses_of(sentence)
        .map(|index| page.clause(index))
        .rfind(|clause| clause.start <= bounds.start + at && clause.parent.is_none());
    let from = clause.map_or(bounds.start, |clause| clause.start);
    let words = page.slice(from, end);
    let start = words
        .find('自')
        .filter(|found| words[*found..].contains("起") && *found < words.len() - word.len())
        .map_or(from, |found| from + found);
    let start = ["在", "其他企业在"]
        .iter()
        .find(|prefix| page.slice(start, end).starts_with(**prefix))
        .map_or(start, |prefix| start + prefix.len());
    let start = page.slice(start, end).find("其他企业在").map_or(start, |found| start + found + "其他企业在".len());
    let own = ["本办法", "本通知", "本政策", "本措施", "本细则", "本规定", "本意见"].iter().any(|own| words.contains(own));
    let of = if own && !slice.contains("同时") { "self" } else { "other" };
    let what = What::StateChange { to: to.to_owned(), of: of.to_owned() };
    let (start, end) = page.trimmed(start, end);
    vec![Draft { what, start, end, confidence: 0.75, rule: "state", sentence }]
}
