//! Numbers whose noun is no indicator of the vocabulary: whether they are asked of an applicant, and the label they get.

mod lasting;
mod shares;

use crate::bind::floor;
use crate::outline::Clause;
use crate::page::Page;
use crate::rules::{CueKind, WordKind};
use crate::token::{Family, Quantity};

/// An open label and the stretch that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) text: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// How far before a number its noun may start, in bytes.
const MOST_BEFORE: usize = 120;
/// How far into a sentence the words that make it a report may stand, in bytes.
const MOST_OPENING: usize = 60;
/// How far behind a number its noun may end, in characters.
const MOST_BEHIND: usize = 24;
/// The longest label, in characters.
const MOST_LABEL: usize = 14;
/// How far behind a number that selects an applicant the words of support may stand, in bytes.
const MOST_TO_AWARD: usize = 480;
/// Words that make a share one of growth.
const GROWN: [&str; 10] =
    ["同比增长", "比上年增长", "较上年增长", "比上一年增长", "平均增长", "年均增长", "增长", "同比提高", "同比增加", "递增"];
/// Nouns that end a label only with a word before them: 在孵企业.
const COUNTED: [&str; 6] = ["企业", "单位", "机构", "项目", "产品", "申请"];
/// Nouns of those who get something, behind the 的 of a condition.
const RECEIVERS: [&str; 32] = [
    "楼宇",
    "公司",
    "旅行社",
    "大户",
    "农场",
    "农户",
    "市场",
    "中心",
    "品牌",
    "场所",
    "团队",
    "载体",
    "企业",
    "单位",
    "项目",
    "机构",
    "园区",
    "平台",
    "基地",
    "个人",
    "人员",
    "家庭",
    "人才",
    "商户",
    "合作社",
    "主体",
    "高校",
    "店",
    "投资",
    "展",
    "毕业生",
    "劳动者",
];

/// Whether a number without an indicator may be asked of an applicant: in a list of conditions, or where a sentence says who
/// gets something.
pub(crate) fn may_ask(page: &Page<'_>, sentence: usize, quantity: &Quantity, clause: Clause) -> bool {
    let from = clause.start.max(floor(page.text(), quantity.start.saturating_sub(MOST_BEFORE)));
    let around = page.slice(from, clause.end.min(floor(page.text(), (quantity.end + MOST_BEFORE / 2).min(page.text().len()))));
    let numbers = &page.rules.numbers;
    if numbers.contains(WordKind::Duty, around) {
        return false;
    }
    let bounds = page.sentence(sentence);
    if reports(page, sentence) {
        return false;
    }
    // 满意度保持在98%以上 without a word of whom it is asked is a goal.
    let kept = ["稳定", "保持", "维持", "达到", "压缩", "突破"].iter().any(|word| around.contains(word));
    let asked = || ASKS.iter().any(|word| page.slice(bounds.start, bounds.end).contains(word));
    page.phrase && (!kept || asked()) || page.permit(sentence).asked || selects_who(page, sentence, quantity)
}

/// Whether a sentence opens as one that reports how things are, or will be.
pub(crate) fn reports(page: &Page<'_>, sentence: usize) -> bool {
    let bounds = page.sentence(sentence);
    let opening = page.slice(bounds.start, floor(page.text(), bounds.end.min(bounds.start + MOST_OPENING)));
    page.rules.numbers.contains(WordKind::Report, opening)
}

/// Whether a number says who gets what the sentence gives: `对…不低于1000万元的企业,给予…`.
pub(crate) fn selects_who(page: &Page<'_>, sentence: usize, quantity: &Quantity) -> bool {
    let bounds = page.sentence(sentence);
    let end = list_end(page, quantity);
    let until = floor(page.text(), bounds.end.min(end + MOST_TO_AWARD));
    let tail = page.slice(end, until);
    let given = page.hits.cue(CueKind::Award, end, until).map(|cue| cue.start - end);
    let Some(award) = given.into_iter().chain(ALLOWS.iter().filter_map(|word| tail.find(word))).min() else {
        return false;
    };
    let between = &tail[..award];
    let follows = |rest: &str| PAYS.iter().any(|word| rest.starts_with(word));
    let selects = between.starts_with('的')
        || RECEIVERS.iter().any(|noun| between.strip_prefix(noun).is_some_and(|rest| rest.starts_with(',')))
        || tail.trim_start_matches('后').strip_prefix(',').is_some_and(follows)
        || between.match_indices('的').any(|(at, _)| {
            let rest = &between[at + '的'.len_utf8()..];
            rest.is_empty() || rest.starts_with(',') || RECEIVERS.iter().any(|noun| starts_soon(rest, noun))
        });
    let opens = page.slice(bounds.start, quantity.start).trim_start().starts_with(['对', '凡']);
    selects || opens && between.contains(',')
}

/// Where the list of steps ends that a number stands in.
fn list_end(page: &Page<'_>, quantity: &Quantity) -> usize {
    let quantities = &page.tokens.quantities;
    let at = quantities.partition_point(|other| other.start < quantity.start);
    let steps = quantities[at..].windows(2).take(MOST_STEPS).take_while(|pair| crate::lists::listed(page, &pair[0], &pair[1]));
    steps.last().map_or(quantity.end, |pair| pair[1].end)
}

/// Longer lists of numbers are tables.
const MOST_STEPS: usize = 12;

/// How a clause that says what is given starts.
const PAYS: [&str; 14] = ["分别", "以", "对", "视同", "按", "给予", "每个", "每家", "最高", "可", "予以", "奖励", "补", "一次性"];

/// Signs that somebody is asked for something.
const ASKS: [&str; 14] = ["应", "须", "需", "申报", "申请", "企业", "单位", "机构", "基地", "合作社", "的,", "给予", "奖", "补"];
/// Other words that say that something is given or allowed.
const ALLOWS: [&str; 7] = ["最高", "可申请", "可享受", "可提取", "可按", "可以", "视同"];

/// Whether a noun stands within the first words of a stretch: `的本市企业`.
fn starts_soon(rest: &str, noun: &str) -> bool {
    rest.char_indices()
        .take(13)
        .map(|(at, _)| &rest[at..])
        .take_while(|tail| !tail.starts_with(','))
        .any(|tail| tail.starts_with(noun))
}

/// The label of a number: the noun before its comparison, the noun behind it, or the deed that lasts so long.
pub(crate) fn label(page: &Page<'_>, quantity: &Quantity, clause: Clause, from: usize) -> Option<Label> {
    let floor_at = floor(page.text(), quantity.start.saturating_sub(MOST_BEFORE));
    let periods = crate::lexicon::within(&page.hits.periods, clause.start, quantity.start);
    // 万元产值能耗较上一年下降5%: what is compared with is no period of its own.
    let period = periods.iter().rev().take(MOST_STEPS).find(|hit| !page.slice(clause.start, hit.start).ends_with(['较', '比']));
    // The number of 近2年 ends no name.
    let from = if period.is_some_and(|hit| hit.start < from && from <= hit.end) { clause.start } else { from };
    let reach = from.max(clause.start).max(floor_at);
    // 在孵企业近两年年均不少于30户: the name stands before the period.
    let name_first =
        period.filter(|hit| hit.start > reach && without_light(page, page.slice(hit.end, quantity.start)).is_empty());
    if let Some(hit) = name_first.filter(|_| quantity.op.is_some())
        && let Some(label) = named_before(page, quantity, reach, hit.start)
    {
        return Some(label);
    }
    let from = reach.max(period.map_or(0, |hit| hit.end));
    if matches!(quantity.family, Family::Duration | Family::Day) {
        return before(page, quantity, from, true)
            .or_else(|| lasting::held(page, quantity, clause))
            .or_else(|| lasting::lasting(page, quantity, from));
    }
    let counted = matches!(quantity.family, Family::Count | Family::Other | Family::Bare | Family::Area);
    if matches!(quantity.base.as_str(), "周岁" | "岁") {
        return aged(page, quantity);
    }
    before(page, quantity, from, !counted)
        .or_else(|| if counted && quantity.family != Family::Area { behind(page, quantity, clause) } else { None })
        .or_else(|| if counted { deed(page, quantity, from) } else { None })
        .or_else(|| shares::of_doing(page, quantity, clause, from))
}

/// The noun that ends before the period of a number.
fn named_before(page: &Page<'_>, quantity: &Quantity, from: usize, to: usize) -> Option<Label> {
    let stretch = without_light(page, page.slice(from, to));
    let start = noun_start(page, stretch, page.rules.numbers.ends(WordKind::Measure, stretch).is_some())?;
    let noun = &stretch[start..];
    let plain = noun.chars().count() >= 2 && !COUNTED.contains(&noun) && !page.rules.numbers.is(WordKind::Generic, noun);
    plain.then(|| Label { text: noun.to_owned(), start: from + start, end: quantity.end })
}

/// The label of a number among requirements that no noun names: `规模不少于50套`, `县级不少于30家`.
pub(crate) fn nameless(page: &Page<'_>, sentence: usize, quantity: &Quantity) -> Option<Label> {
    let paper = matches!(quantity.unit.as_str(), "份" | "页" | "字" | "次" | "个" | "级" | "类");
    if let Some(label) = selected(page, quantity) {
        return Some(label);
    }
    if quantity.op.is_none() || paper || page.phrase || !page.permit(sentence).asked {
        return None;
    }
    let text = match quantity.family {
        Family::Count => format!("{}数", quantity.unit),
        Family::Area => "面积".to_owned(),
        _ => return None,
    };
    Some(Label { text, start: quantity.start, end: quantity.end })
}

/// The label of a number that is asked for and that no rule names: the last words before it, else the first behind it.
pub(crate) fn modest(page: &Page<'_>, sentence: usize, quantity: &Quantity, clause: Clause, from: usize) -> Option<Label> {
    let lower = matches!(quantity.op, Some(model::Op::AtLeast | model::Op::More));
    let capped = matches!(quantity.family, Family::Money | Family::MoneyFx | Family::Percent);
    let asked = !page.phrase && page.permit(sentence).asked || selects_who(page, sentence, quantity);
    let lasts = matches!(quantity.family, Family::Duration | Family::Day);
    if quantity.op.is_none() || lasts || capped && !lower || !asked {
        return None;
    }
    let start = from.max(clause.start);
    let words = without_light(page, page.slice(start.min(quantity.start), quantity.start));
    let words = &words[crate::lists::after_last(words, &[',', ';', ':', '(', ')', '。', '\n', '、', '的', '有'])..];
    let reach = words.char_indices().rev().nth(MOST_MODEST - 1).map_or(0, |(at, _)| at);
    let tokens = page.segmenter.tag(&words[reach..], true);
    let first = tokens.iter().position(|token| !page.rules.numbers.is(WordKind::Break, token.word))?;
    let text: String = tokens[first..].iter().map(|token| token.word).collect();
    let plain = text.chars().count() >= 2 && text.chars().all(char::is_alphabetic);
    // 提供1亿元以上: what is done with so much is no name of it.
    let noun = |tag: &str| tag.starts_with(['n', 'j', 'l', 'x']) || tag.starts_with("vn");
    let nouns = tokens.last().is_some_and(|token| noun(token.tag) || token.tag.starts_with('v') && !capped);
    let at = start + page.slice(start, quantity.start).rfind(text.as_str())?;
    (plain && nouns).then_some(Label { text, start: at, end: quantity.end })
}

/// The longest of such labels, in characters.
const MOST_MODEST: usize = 8;

/// `其中年营业收入超过1000万元的不少于5家`: how many of those that the number before selects.
fn selected(page: &Page<'_>, quantity: &Quantity) -> Option<Label> {
    let before = &page.text()[..quantity.start];
    let before = ["企业", "单位", "机构", "项目", "人员", "用户", "商户"]
        .iter()
        .find_map(|noun| before.strip_suffix(noun))
        .unwrap_or(before);
    let counted = quantity.family == Family::Count && matches!(quantity.base.as_str(), "家" | "户" | "个" | "人" | "项");
    let start = before.strip_suffix('的').filter(|_| counted && quantity.op.is_some())?.len();
    let index = page.tokens.quantities.partition_point(|other| other.end < start);
    let selects = page.tokens.quantities.get(index).is_some_and(|other| other.end == start && other.op.is_some());
    let text = if quantity.base == "人" { "人数".to_owned() } else { format!("{}数", quantity.unit) };
    selects.then_some(Label { text, start: start + '的'.len_utf8(), end: quantity.end })
}

/// `已满50周岁` is about age whatever stands before it.
fn aged(page: &Page<'_>, quantity: &Quantity) -> Option<Label> {
    const SERVED: [&str; 6] = ["老年人", "老人", "儿童", "学生", "未成年人", "幼儿"];
    const SERVING: [&str; 8] = ["服务", "为", "向", "面向", "针对", "收住", "接收", "招收"];
    // 服务60周岁以上老年人: whom an applicant serves is not the applicant.
    let from = floor(page.text(), quantity.start.saturating_sub(12));
    let serves = SERVING.iter().any(|verb| page.slice(from, quantity.start).ends_with(verb));
    let behind = page.text()[quantity.end..].trim_start_matches('的');
    if serves && SERVED.iter().any(|served| behind.starts_with(served)) {
        return None;
    }
    Some(Label { text: "年龄".to_owned(), start: quantity.start, end: quantity.end })
}

/// A stretch without the words between a noun and its number that say nothing: `原则上应`, `(不含税)`, `合计`.
pub(crate) fn without_light<'p>(page: &'p Page<'_>, mut stretch: &'p str) -> &'p str {
    for _ in 0..6 {
        stretch = stretch.trim_end_matches([' ', ',', ':']);
        if let Some(open) = stretch.strip_suffix(')').and_then(|inner| inner.rfind('(')) {
            stretch = &stretch[..open];
            continue;
        }
        let Some(word) = page.rules.numbers.ends(WordKind::Light, stretch) else { break };
        stretch = &stretch[..stretch.len() - word.len()];
    }
    stretch
}

/// The noun before the comparison.
fn before(page: &Page<'_>, quantity: &Quantity, from: usize, measured: bool) -> Option<Label> {
    let stretch = without_light(page, page.slice(from, quantity.start));
    let numbers = &page.rules.numbers;
    if quantity.family == Family::Percent
        && let Some(grown) = GROWN.iter().find_map(|word| stretch.strip_suffix(word))
    {
        let grown = without_light(page, grown);
        let start = noun_start(page, grown, numbers.ends(WordKind::Measure, grown).is_some())?;
        return Some(Label { text: format!("{}增长率", &grown[start..]), start: from + start, end: quantity.end });
    }
    if let Some(label) = shares::shrunk(page, quantity, stretch, from) {
        return Some(label);
    }
    if let Some(label) = shares::ratio_of_two(stretch, from, quantity) {
        return Some(label);
    }
    if let Some(label) = shares::share(page, quantity, from) {
        return Some(label);
    }
    if let Some(label) = shares::bracketed(page, stretch, from, quantity) {
        return Some(label);
    }
    let measure = numbers.ends(WordKind::Measure, stretch).is_some();
    if measured && !measure {
        return shares::of_people(page, quantity, stretch, from);
    }
    let start = noun_start(page, stretch, measure)?;
    let noun = stretch[start..].trim_matches(['“', '”', '"', '、', ' ']);
    let at = from + start;
    if numbers.is(WordKind::Generic, noun) || COUNTED.contains(&noun) || noun.chars().count() < 2 {
        if stretch[..start].trim_start_matches([' ', '且', '或', '其', '中']).is_empty() && noun.chars().count() >= 2 && measure
        {
            // 总额不超过50万元 is a cap of what is given.
            if quantity.family == Family::Money && matches!(quantity.op, Some(model::Op::AtMost | model::Op::Less)) {
                return None;
            }
            return Some(Label { text: noun.to_owned(), start: at, end: quantity.end });
        }
        let Some(owner) = owner_of(page, &stretch[..start]) else {
            let alone = quantity.family == Family::Area && measure;
            return alone.then(|| Label { text: noun.to_owned(), start: at, end: quantity.end });
        };
        let text = format!("{owner}{noun}");
        return Some(Label { text, start: from + stretch[..start].rfind(owner.as_str()).unwrap_or(start), end: quantity.end });
    }
    // 固定生产基地1000亩以上: of the land itself.
    let text = if quantity.family == Family::Area && !measure { format!("{noun}面积") } else { noun.to_owned() };
    Some(Label { text, start: at, end: quantity.end })
}

/// The noun a stretch ends with.
pub(crate) fn noun_before(page: &Page<'_>, from: usize, to: usize) -> Option<String> {
    let stretch = without_light(page, page.slice(from, to));
    let start = noun_start(page, stretch, page.rules.numbers.ends(WordKind::Measure, stretch).is_some())?;
    Some(stretch[start..].to_owned())
}

/// `公益性服务不少于总服务量的20%`: the share of one thing in another, with the comparison between them.
pub(crate) fn share_of_another(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> Option<(Label, model::Op)> {
    let from = clause.start.max(floor(page.text(), quantity.start.saturating_sub(MOST_BEFORE)));
    let slice = page.slice(from, quantity.start);
    let times = quantity.base == "倍";
    if quantity.family != Family::Percent && !times || quantity.op.is_some() && !quantity.op_behind || !slice.ends_with('的') {
        return None;
    }
    let (op, start, end) = match page.lexer.last_word_in(page.text(), from, quantity.start) {
        Some(found) => found,
        None => {
            let at = from + slice.rfind("占")?;
            (quantity.op?, at, at + "占".len())
        }
    };
    let whole = page.slice(end, quantity.start);
    let part = noun_before(page, from, start)?;
    let plain = !whole.contains([',', ';', ':']) && (2..=MOST_LABEL + 2).contains(&whole.chars().count());
    let at = page.text()[..start].rfind(part.as_str()).unwrap_or(start);
    let text = format!("{part}{}", if times { "倍数" } else { "占比" });
    plain.then_some((Label { text, start: at, end: quantity.end }, op))
}

/// What a generic noun is of: `知识产权产品收入占主营业务收入的` before 平均比例.
fn owner_of(page: &Page<'_>, stretch: &str) -> Option<String> {
    let stretch = stretch.trim_end_matches(['的', ' ', ',', ':', '和', '与', '及', '、']);
    let last = stretch.rsplit([',', ':', ';', '。', '(', ')']).next().unwrap_or(stretch);
    if let Some(at) = last.rfind('占') {
        let numerator = &last[..at];
        let start = noun_start(page, numerator, true)?;
        let owner = &last[start..];
        return (owner.chars().count() <= MOST_LABEL * 2).then(|| owner.to_owned());
    }
    let Some(start) = noun_start(page, last, false) else { return deed_of(page, last) };
    Some(last[start..].to_owned())
}

/// The verb of two characters a stretch ends with: 按交易量返还的 before 比例.
fn deed_of(page: &Page<'_>, stretch: &str) -> Option<String> {
    let reach = stretch.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    let tokens = page.segmenter.tag(&stretch[reach..], true);
    let last = tokens.last().filter(|token| token.tag.starts_with('v') && token.word.chars().count() > 1)?;
    (!page.rules.numbers.is(WordKind::Break, last.word)).then(|| last.word.to_owned())
}

/// Where the noun phrase a stretch ends with starts; `certain` where its last word is known to be a noun.
fn noun_start(page: &Page<'_>, stretch: &str, certain: bool) -> Option<usize> {
    let reach = stretch.char_indices().rev().nth(MOST_LABEL * 2).map_or(0, |(at, _)| at);
    let tokens = page.segmenter.tag(&stretch[reach..], true);
    let numbers = &page.rules.numbers;
    let mut start = stretch.len();
    let mut inner = false;
    for token in tokens.iter().rev() {
        let last = start == stretch.len();
        let noun =
            token.tag.starts_with(['n', 'j', 'l', 'i', 'x']) || token.tag.starts_with("vn") || token.tag.starts_with("eng");
        let adds = noun
            || token.tag.starts_with(['v', 'a', 'b', 'f', 'k'])
            || matches!(token.word, "、" | "和" | "“" | "”" | "\"" | "+");
        let joined = token.word == "在" && stretch[start..].starts_with('孵')
            || inner && matches!(token.word, "和" | "与")
            || last && COUNTED.contains(&token.word);
        // 配备率: one character is no noun of its own.
        let short = stretch[start..].chars().count() == 1;
        let breaks = numbers.is(WordKind::Break, token.word) && !joined && !short
            || token.word.chars().any(|character| ",:;。()\n《》<>".contains(character) || character.is_ascii_digit());
        // 采购率、回收率: two measures, not one.
        let coordinate = certain && !last && matches!(token.word, "、" | "和" | "及") && {
            let end = start - token.word.len();
            numbers.ends(WordKind::Measure, &stretch[..end]).is_some()
        };
        if coordinate {
            break;
        }
        let adds = adds || joined;
        let measures = last && certain && !breaks;
        if breaks || !(adds || measures) || last && !(noun || measures) {
            break;
        }
        if stretch[start - token.word.len()..].chars().count() > MOST_LABEL {
            break;
        }
        inner = noun && !last;
        start -= token.word.len();
    }
    // 车辆6部、运营线路3条: the unit of the number before is no noun.
    let noun = stretch[start..]
        .split_once('、')
        .filter(|(unit, _)| unit.chars().count() == 1)
        .map_or(&stretch[start..], |(_, noun)| noun);
    let trimmed = noun.trim_start_matches(['、', '和', '与', ' ', '“', '”', '"', '+']);
    let start = stretch.len() - trimmed.len();
    // 万元产值能耗: per so much of it.
    let per = stretch[..start].strip_suffix("万元").filter(|rest| !rest.ends_with(|last: char| last.is_numeric()));
    let start = per.map_or(start, str::len);
    (!trimmed.is_empty()).then_some(start)
}

/// The noun behind a count: `不少于3名负责管理工作的专职人员`.
fn behind(page: &Page<'_>, quantity: &Quantity, clause: Clause) -> Option<Label> {
    let mut rest = page.slice(quantity.end, clause.end);
    let skipped = rest.len();
    if let Some(close) = rest.strip_prefix('(').and_then(|inner| inner.find(')')) {
        rest = &rest[close + 2..];
    }
    rest = rest.trim_start_matches(' ');
    if rest.starts_with('的') {
        return None;
    }
    let at = quantity.end + (skipped - rest.len());
    let reach = rest.char_indices().nth(MOST_BEHIND).map_or(rest.len(), |(byte, _)| byte);
    let stop = rest[..reach].find([',', ';', '。', '、', '(', ')', ':', '或', '且', '及', '和', '并']).unwrap_or(reach);
    let phrase = &rest[..stop];
    let (phrase, head_at) = head_of(phrase);
    let head = &phrase[head_at..];
    let mut length = 0;
    let mut named = false;
    let tokens = page.segmenter.tag(head, true);
    for (at, token) in tokens.iter().enumerate() {
        let modifies = token.tag == "v" && tokens.get(at + 1).is_some_and(|next| next.tag.starts_with(['n', 'j', 'l']));
        let noun =
            token.tag.starts_with(['n', 'j', 'l', 'i', 'x']) || token.tag.starts_with("vn") || token.tag.starts_with("eng");
        let verb = token.tag == "v" && !modifies || token.tag.starts_with(['p', 'd', 'r', 'u', 't', 'm']);
        if verb && named || token.word.chars().any(|character| character.is_ascii_digit()) {
            break;
        }
        named |= noun;
        length += token.word.len();
    }
    let noun = head[..length].trim_matches(['“', '”', '"', ' ']);
    let noun = tokens.iter().fold(noun, |rest, token| {
        // 省级以上绿色建筑相关科研项目: of a long noun the words at its end.
        let long = rest.chars().count() > MOST_LABEL;
        if long { rest.strip_prefix(token.word).unwrap_or(rest) } else { rest }
    });
    if !named || noun.chars().count() < 2 || noun.chars().count() > MOST_LABEL {
        return None;
    }
    let text = if noun.ends_with(['数', '量']) { noun.to_owned() } else { format!("{noun}数") };
    Some(Label { text, start: quantity.start, end: at + head_at + length })
}

/// A phrase and where its head noun starts: behind the last 的, unless what stands there is who gets something.
fn head_of(phrase: &str) -> (&str, usize) {
    let phrase = phrase.trim_end_matches('的');
    let Some(at) = phrase.rfind('的') else { return (phrase, 0) };
    let head = &phrase[at + '的'.len_utf8()..];
    if RECEIVERS.iter().any(|noun| head.starts_with(noun)) {
        return head_of(&phrase[..at]);
    }
    (phrase, at + '的'.len_utf8())
}

/// The verb a count is of, where it has no noun: `一次性购买3套以上`.
fn deed(page: &Page<'_>, quantity: &Quantity, from: usize) -> Option<Label> {
    let stretch = page.slice(from, quantity.start).trim_end_matches(' ');
    let reach = stretch.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    let tokens = page.segmenter.tag(&stretch[reach..], true);
    let last = tokens.last().filter(|token| token.tag.starts_with('v') && token.word.chars().count() > 1)?;
    let unit = quantity.base.trim_end_matches(|character: char| character.is_ascii());
    if unit.is_empty() || last.word.ends_with('有') || page.rules.numbers.is(WordKind::Break, last.word) {
        return None;
    }
    Some(Label { text: format!("{}{unit}数", last.word), start: from + stretch.len() - last.word.len(), end: quantity.end })
}
