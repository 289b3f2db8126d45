//! Lines of business that are required: `从事…的企业`, `属于…领域`, `以…为主业`, `制造业企业`, with their codes of GB/T 4754.

use model::{Condition, Op, Value, What};

use crate::page::{Draft, Page};
use crate::rules::{CueKind, WordingKind};
use crate::subject;

/// Longest name of one line of business, in characters.
const MOST_NAME: usize = 16;
/// Longest list of lines of business behind a verb, in characters.
pub(crate) const MOST_LIST: usize = 80;
/// Lines of business one condition names.
const MOST_NAMES: usize = 12;
/// Nouns that enterprises of a line of business are called by.
const HEADS: [&str; 8] = ["企业", "机构", "公司", "单位", "经营主体", "市场主体", "商户", "服务商"];
/// Endings that make any word a line of business.
const ENDINGS: [&str; 5] = ["行业", "产业", "领域", "业", "类"];
/// Endings that make what an enterprise does its line of business: `医用物资收储企业`.
const DOINGS: [&str; 21] = [
    "生产", "制造", "加工", "收储", "运输", "销售", "配送", "设计", "服务", "养殖", "种植", "开采", "维修", "回收", "拆解",
    "流通", "仓储", "冶炼", "酿造", "印刷", "租赁",
];
/// Words ending like a line of business that are none.
const NO_TRADE: [&str; 16] = [
    "企业", "事业", "就业", "创业", "专业", "作业", "毕业", "开业", "停业", "营业", "主业", "失业", "执业", "职业", "待业",
    "复业",
];
/// Acts that are of no line of business by themselves: 商贸流通业经营、服务、管理.
const ACTS: [&str; 6] = ["服务", "管理", "经营", "运营", "生产", "生产经营"];
/// Marks that end any list of lines of business.
pub(crate) const STOPS: [char; 6] = [',', '。', ';', ':', '(', ')'];

/// A stretch that names lines of business.
pub(crate) struct Found {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) names: Vec<String>,
    pub(crate) confidence: f32,
}

/// The conditions of one sentence on the line of business.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let mut found = pursued(page, sentence, slice);
    found.extend(within_fields(page, sentence, slice));
    found.extend(belonging(page, sentence, slice));
    found.extend(crate::main_business::read(page, sentence, slice));
    found.extend(called(page, sentence, slice));
    let denied = left_out(page, slice);
    found.retain(|found| !denied.iter().any(|denied| denied.start < found.end && found.start < denied.end));
    let mut drafts: Vec<Draft> = denied.into_iter().map(|found| refusing(page, sentence, bounds.start, found)).collect();
    found.sort_by_key(|found| (found.start, std::cmp::Reverse(found.end)));
    let mut covered = 0;
    found.retain(|found| {
        let kept = found.start >= covered;
        covered = covered.max(found.end);
        kept
    });
    if !are_cases(page, sentence, bounds.start, slice, &found) {
        drafts.extend(found.into_iter().map(|found| draft(page, sentence, bounds.start, found)));
    }
    drafts.sort_by_key(|draft| draft.start);
    drafts
}

/// `产值4000万元以上的工业企业,以及营业收入2000万元以上的软件企业`: each line of business has numbers of its own, so it is
/// the case of those numbers and not asked of everybody.
fn are_cases(page: &Page<'_>, sentence: usize, offset: usize, slice: &str, found: &[Found]) -> bool {
    let compared = |start: usize, end: usize| {
        let inside = |index: &usize| {
            let quantity = page.quantity(*index);
            quantity.op.is_some() && quantity.start >= offset + start && quantity.end <= offset + end
        };
        page.quantities_of(sentence).any(|index| inside(&index))
    };
    found.iter().any(|found| {
        let before = &slice[..found.start];
        before.rfind("以及").is_some_and(|joint| {
            let enterprise = before[..joint].trim_end_matches([',', '、']).ends_with("企业");
            enterprise && compared(0, joint) && compared(joint, found.start)
        })
    })
}

/// The condition that the line of business is none of those named.
fn refusing(page: &Page<'_>, sentence: usize, offset: usize, found: Found) -> Draft {
    let mut draft = draft(page, sentence, offset, found);
    if let What::Condition(condition) = &mut draft.what {
        condition.negated = true;
    }
    draft
}

/// `(不含采矿、选矿等项目)`, `房地产企业除外`: lines of business that are left out.
fn left_out(page: &Page<'_>, slice: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for opening in ["不含", "不包括", "不包含"] {
        for (at, _) in slice.match_indices(opening).take(4) {
            let rest = &slice[at + opening.len()..];
            let reach = rest.char_indices().nth(MOST_LIST).map_or(rest.len(), |(at, _)| at);
            let list = &rest[..rest[..reach].find(STOPS).unwrap_or(reach)];
            found.extend(kinds_of(page, list).map(|names| Found {
                start: at,
                end: at + opening.len() + list.len(),
                names,
                confidence: 0.7,
            }));
        }
    }
    for (at, closing) in slice.match_indices("除外").take(4) {
        let before = &slice[..at];
        let reach = before.char_indices().rev().nth(MOST_LIST).map_or(0, |(at, _)| at);
        let start = reach + crate::lists::after_last(&before[reach..], &STOPS);
        // 100人以上(软件企业除外) spares them from the number, not from applying.
        let beside =
            before[..start].strip_suffix('(').is_some_and(|number| number.ends_with(['上', '下', '内', '人', '元', '%']));
        if beside {
            continue;
        }
        found.extend(kinds_of(page, &before[start..]).map(|names| Found {
            start,
            end: at + closing.len(),
            names,
            confidence: 0.7,
        }));
    }
    found
}

/// The lines of business of a list that ends with 项目, 企业 or 行业, if it is a list of nothing else.
fn kinds_of(page: &Page<'_>, list: &str) -> Option<Vec<String>> {
    const KINDS: [&str; 5] = ["类项目", "项目", "类企业", "企业", "行业"];
    let bare = KINDS.iter().find_map(|kind| list.strip_suffix(kind))?;
    // 办公、商业等非住宅项目 are buildings.
    if ["住宅", "用房", "车位"].iter().any(|word| bare.contains(word)) {
        return None;
    }
    let names = names_of(page, bare);
    let known = |name: &String| codes(page, name).is_some_and(|codes| !codes.is_empty());
    names.iter().any(known).then_some(names)
}

fn draft(page: &Page<'_>, sentence: usize, offset: usize, found: Found) -> Draft {
    let (start, end) = (offset + found.start, offset + found.end);
    let mut condition = Condition::new("industry.in", Op::In, Value::List(found.names.clone()));
    condition.value_base = codes_of(page, &found.names);
    let before = &page.text()[offset..start];
    let denied = ["不", "未", "非", "没有"].iter().any(|word| before.ends_with(word));
    condition.negated = page.is_refused(sentence, start) != denied;
    Draft { what: What::Condition(condition), start, end, confidence: found.confidence, rule: "industry", sentence }
}

/// `从事软件开发的企业`, `主要从事…`.
fn pursued(page: &Page<'_>, sentence: usize, slice: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, verb) in slice.match_indices("从事").take(8) {
        let rest = &slice[at + verb.len()..];
        let reach = rest.char_indices().nth(MOST_LIST).map_or(rest.len(), |(at, _)| at);
        let stop = rest[..reach].find(STOPS).unwrap_or(reach);
        let of = rest[..stop].find('的').filter(|of| subject_follows(page, &rest[of + '的'.len_utf8()..]));
        let words = &rest[..of.unwrap_or(stop)];
        // 从事软件开发并具有法人资格的企业: what goes on behind 并 is another requirement.
        // 从事软件开发并具有法人资格的企业: what goes on behind 并 is another requirement.
        const MORE: [&str; 8] = ["并具", "且具", "并在", "并取得", "并持有", "并拥有", "并已", "且已"];
        let words = &words[..MORE.iter().filter_map(|more| words.find(more)).min().unwrap_or(words.len())];
        let whole = of.is_some() || subject::describes(page, sentence) && !words.contains('的');
        let before = &slice[..at];
        let opened = before.is_empty()
            || before.ends_with(['的', '应', '须', '并', '且', ',', ':', '、', '(', '内', '上', '体', '对', '持', '于'])
            || ["主要", "专业", "专门", "应为", "企业", "单位", "机构", "正常"].iter().any(|word| before.ends_with(word));
        let personal = ["工作", "人员", "所得", "收入", "研究开发", "研发", "年", "不同", "同一", "细分", "岗位", "国际市场"]
            .iter()
            .any(|word| words.contains(word));
        let names = names_of(page, words);
        // 从事种植业的企业,产值需达到…: a case, which the numbers behind it are for.
        let case = before.is_empty()
            && of.is_some()
            && !page.phrase
            && !page.quantities_of(sentence).is_empty()
            && !page.has(CueKind::Award, page.sentence(sentence).start, page.sentence(sentence).end);
        if whole
            && !case
            && opened
            && !personal
            && !names.is_empty()
            && !words.chars().any(|character| character.is_ascii_digit())
        {
            let start = at - if before.ends_with("主要") { "主要".len() } else { 0 };
            found.push(Found { start, end: at + verb.len() + words.len(), names, confidence: 0.7 });
        }
    }
    found
}

fn subject_follows(page: &Page<'_>, rest: &str) -> bool {
    let reach = rest.char_indices().nth(10).map_or(rest.len(), |(at, _)| at);
    let window = &rest[..reach];
    page.rules.says(WordingKind::Head, window) && !window.contains("人员") && !window.starts_with("收入")
}

/// `属于新材料、生物医药等产业领域`, `符合…等高精尖产业领域`.
fn belonging(page: &Page<'_>, sentence: usize, slice: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for verb in ["属于", "属", "归属", "符合", "隶属于", "聚焦", "包括"] {
        for (at, _) in slice.match_indices(verb).take(6) {
            let rest = &slice[at + verb.len()..];
            if verb == "属"
                && (rest.starts_with(['于', '地', '性']) || slice[..at].ends_with(['金', '所', '家', '下', '隶', '亲', '直']))
            {
                continue;
            }
            let reach = rest.char_indices().nth(MOST_LIST).map_or(rest.len(), |(at, _)| at);
            let stop = rest[..reach].find(STOPS).unwrap_or(reach);
            let list = &rest[..stop];
            let Some(end) =
                ["领域", "产业", "行业", "业态", "大类"].iter().filter_map(|word| Some(list.rfind(word)? + word.len())).max()
            else {
                continue;
            };
            let after = rest[end..].trim_start_matches(['范', '围', '之', '一']);
            let ends = after.is_empty() || after.starts_with(STOPS) || after.starts_with(['的', '且', '并', '和', '或', '企']);
            let listed = matches!(verb, "属于" | "属" | "归属" | "隶属于") || list[..end].contains('等');
            let names = names_of(page, &list[..end]);
            if ends && listed && !names.is_empty() && (subject::describes(page, sentence) || subject_follows(page, after)) {
                let aux =
                    ["应当", "应", "须", "需"].iter().find(|word| slice[..at].ends_with(**word)).map_or(0, |word| word.len());
                found.push(Found { start: at - aux, end: at + verb.len() + end, names, confidence: 0.7 });
            }
        }
    }
    found
}

/// `生物医药、新材料等领域的专精特新企业`: fields before whatever the enterprise is called.
fn within_fields(page: &Page<'_>, sentence: usize, slice: &str) -> Vec<Found> {
    let offset = page.sentence(sentence).start;
    let mut found = Vec::new();
    for field in ["领域的", "行业的", "产业的"] {
        for (at, _) in slice.match_indices(field).take(4) {
            let end = at + field.len();
            let rest = &slice[end..];
            let reach = rest.char_indices().nth(10).map_or(rest.len(), |(at, _)| at);
            let window = &rest[..rest[..reach].find(STOPS).unwrap_or(reach)];
            let head = HEADS.iter().take(3).filter_map(|head| Some(window.find(head)? + head.len())).min();
            let Some((start, names)) = listed_before(page, &slice[..end]) else { continue };
            let Some(noun_end) = head.map(|head| end + head) else { continue };
            if is_called(page, sentence, "企业", offset + start, offset + noun_end) {
                found.push(Found { start, end: at + field.len() - '的'.len_utf8(), names, confidence: 0.6 });
            }
        }
    }
    found
}

/// `先进制造业企业`, `报废汽车回收拆解企业、二手车经营主体`.
fn called(page: &Page<'_>, sentence: usize, slice: &str) -> Vec<Found> {
    let offset = page.sentence(sentence).start;
    let mut found: Vec<Found> = Vec::new();
    for head in HEADS {
        for (at, _) in slice.match_indices(head).take(24) {
            let end = at + head.len();
            let Some((start, names)) = trades_before(page, slice, at, head) else { continue };
            let noun = noun_start(slice, start);
            // 服务外包执行额…的服务外包企业: the measure has said so.
            let said = slice[..start].rfind(['。', ',']).map_or(&slice[..start], |mark| &slice[mark..start]).contains(&names[0]);
            if !said && noun.is_some_and(|noun| is_called(page, sentence, head, offset + noun, offset + end)) {
                found.push(Found { start, end, names, confidence: 0.6 });
            }
        }
    }
    found.sort_by_key(|found| found.start);
    found.into_iter().fold(Vec::new(), |mut merged: Vec<Found>, next| {
        match merged.last_mut() {
            // 工业企业、重点服务业企业: two of one list.
            Some(last) if last.end <= next.start && is_joint(&slice[last.end..next.start]) => {
                last.end = next.end;
                last.names.extend(next.names);
            }
            _ => merged.push(next),
        }
        merged
    })
}

fn is_joint(between: &str) -> bool {
    let bare = ["重点", "骨干", "规模以上", "规上", "限额以上", "限上"].iter().find_map(|word| between.strip_suffix(word));
    ["、", "和", "或", "及", "与", "以及"].contains(&bare.unwrap_or(between))
}

/// Where the noun for the applicant begins; `None` where its line of business is part of another fact: `规模以上软件企业`.
fn noun_start(slice: &str, at: usize) -> Option<usize> {
    let before = &slice[..at];
    if ["规模以上", "规上", "限额以上", "限上"].iter().any(|word| before.ends_with(word)) {
        return None;
    }
    let mut kinds = "中小微 中小 小微 骨干 本地 优质 重点 民营 民办 国有 大型 中型 小型 外资 非总部型 符合条件的".split(' ');
    let at = kinds.find(|word| before.ends_with(word)).map_or(at, |word| at - word.len());
    // 服务对象:北京市范围内高精尖产业企业.
    let before = &slice[..at];
    let from =
        before.rfind([':', ',', '对', '的']).map_or(0, |mark| mark + before[mark..].chars().next().map_or(1, char::len_utf8));
    let place = &before[from..];
    if place.starts_with(['在', '向', '从', '与']) && place.chars().count() <= 10 {
        return None;
    }
    let is_place = place.chars().count() <= 10 && place.ends_with(['市', '省', '区', '县', '内', '州', '京']);
    Some(if is_place { from } else { at })
}

/// Whether a noun for enterprises of a line of business names the applicants.
fn is_called(page: &Page<'_>, sentence: usize, head: &str, start: usize, end: usize) -> bool {
    let bounds = page.sentence(sentence);
    let before = page.slice(bounds.start, start);
    let after = page.slice(end, bounds.end);
    // 《建筑业企业奖励资金申请表》 is the name of a paper.
    let named = page.slice(bounds.start, end);
    if named.rfind('《') > named.rfind('》') {
        return false;
    }
    // 机构 offer services to applicants as often as they apply.
    let aimed = before.is_empty() || before.ends_with(['的', ':']) || before.ends_with("应为");
    let given_to = before.starts_with('对') && before.ends_with('的') && page.has(CueKind::Award, end, bounds.end);
    let offered = head == "机构" && (after.starts_with('为') || !(given_to || aimed && subject::describes(page, sentence)));
    // 认定为省服务业重点企业 is a title.
    let reach = before.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    let titled = page.rules.says(WordingKind::Becoming, &before[reach..]);
    // 房产、家电销售企业: what else the list names is no enterprise of a known kind.
    let list = ["、", "和", "或", "及"].iter().find_map(|joint| before.strip_suffix(joint));
    let mixed = list.is_some_and(|list| !HEADS.iter().any(|head| list.ends_with(head)));
    let named_case = after.starts_with([':', '应', '须', '需']) && !before.ends_with("应为") && !page.phrase;
    let more = page.has(CueKind::Increment, bounds.start, bounds.end);
    let other = ["鼓励", "引导", "在", "向", "从", "与", "由", "通过", "经"].iter().any(|word| before.ends_with(word));
    !offered && !titled && !mixed && !other && !named_case && !more && subject::is_applicant(page, sentence, start, end)
}

/// `集成电路、生命健康等产业` before 企业: where the list begins, and its names.
fn listed_before(page: &Page<'_>, before: &str) -> Option<(usize, Vec<String>)> {
    let core = before.trim_end_matches('的');
    let ending = ["产业领域", "产业", "行业", "领域", "业态"].iter().find_map(|ending| core.strip_suffix(ending))?;
    let mark = ending.rfind('等').filter(|at| ending[*at..].chars().count() <= 6)?;
    let list = &ending[..mark];
    let reach = list.char_indices().rev().nth(MOST_LIST).map_or(0, |(at, _)| at);
    let leads = ["对", "支持", "从事", "属于", "面向", "鼓励", "的", "聚焦", "符合"];
    let cut = std::iter::once(crate::lists::after_last(&list[reach..], &STOPS));
    let cut = cut.chain(leads.iter().filter_map(|lead| list[reach..].rfind(lead).map(|at| at + lead.len()))).max().unwrap_or(0);
    let start = reach + cut;
    let names = names_of(page, &list[start..]);
    (!names.is_empty()).then_some((start, names))
}

/// Where the lines of business before a head begin, and their names.
fn trades_before(page: &Page<'_>, slice: &str, head: usize, noun: &str) -> Option<(usize, Vec<String>)> {
    let before = &slice[..head];
    if let Some(listed) = listed_before(page, before) {
        return Some(listed);
    }
    let (mut start, name) = trade_at_end(page, before, noun)?;
    let mut names = vec![name];
    // 工业重点产业或软件信息服务业企业: names before 或 share the head.
    for _ in 0..MOST_NAMES {
        let list = &slice[..start];
        let Some(cut) = ["、", "或", "和", "及", "以及"].iter().find_map(|word| list.strip_suffix(word)) else { break };
        match trade_at_end(page, cut, noun) {
            Some((at, name)) => {
                start = at;
                names.insert(0, name);
            }
            None => break,
        }
    }
    Some((start, names))
}

/// The line of business a stretch ends with: the longest known name, or a word that ends like one.
fn trade_at_end(page: &Page<'_>, before: &str, noun: &str) -> Option<(usize, String)> {
    let before = before
        .strip_suffix("等")
        .map_or(before, |rest| if ENDINGS.iter().any(|ending| rest.ends_with(ending)) { rest } else { before });
    let core = ["相关产业领域", "领域重点", "相关", "骨干", "重点", "龙头"]
        .iter()
        .find_map(|word| before.strip_suffix(word))
        .filter(|core| known(page, core, noun).is_some() || core.ends_with("领域"))
        .unwrap_or(before);
    known(page, core, noun).or_else(|| worded(page, core, noun))
}

fn known(page: &Page<'_>, before: &str, noun: &str) -> Option<(usize, String)> {
    let bare = ["行业", "产业", "领域", "业"].iter().find_map(|ending| before.strip_suffix(ending));
    let found = [Some(before), bare].into_iter().flatten().filter_map(|words| {
        let starts = words.char_indices().rev().take(MOST_NAME).skip(1).map(|(at, _)| at);
        starts.filter(|at| page.rules.industries.contains_key(&words[*at..])).last()
    });
    let at = found.min()?;
    let name = &before[at..];
    stands(page, name, noun).then(|| (at, name.to_owned()))
}

/// 单位 and 公司 are called by much else: only full names of lines of business go with them.
fn stands(page: &Page<'_>, name: &str, noun: &str) -> bool {
    !matches!(noun, "单位" | "商户")
        || page.rules.industries.contains_key(name) && !["建设", "施工", "检测", "培训", "保险"].contains(&name)
}

/// `卫星网络及相关产业领域企业`: any noun that ends like a line of business.
fn worded(page: &Page<'_>, before: &str, noun: &str) -> Option<(usize, String)> {
    let ends = ENDINGS.iter().any(|ending| before.ends_with(ending) && *ending != "类");
    let does = noun == "企业" && DOINGS.iter().any(|ending| before.ends_with(ending));
    if !ends && !does || NO_TRADE.iter().any(|word| before.ends_with(word)) || matches!(noun, "单位" | "商户" | "公司") {
        return None;
    }
    let from = before.char_indices().rev().take(MOST_NAME).last().map_or(0, |(at, _)| at);
    let window = &before[from..];
    let leads = page.rules.words(WordingKind::Lead).chain(["为", "将", "与"]);
    let cut = leads
        .chain(page.rules.words(WordingKind::Place))
        .filter_map(|word| window.rfind(word).map(|at| at + word.len()))
        .chain([crate::lists::after_last(window, &STOPS)].into_iter().filter(|at| *at > 0))
        .filter(|at| *at < window.len())
        .max()
        .unwrap_or(0);
    let name = &window[cut..];
    let clause = name.contains('其') || ["按", "接", "将", "由"].iter().any(|word| name.starts_with(word));
    let plain =
        !clause && name.chars().count() >= 3 && name.chars().all(|character| character.is_alphabetic() || character == '+');
    let vague = page.rules.words(WordingKind::Vague).any(|word| name.starts_with(word));
    (plain && !vague).then(|| (from + cut, name.to_owned()))
}

/// The names of a list: `新材料、生物医药等重点产业领域`.
pub(crate) fn names_of(page: &Page<'_>, words: &str) -> Vec<String> {
    let list = words.split('等').next().unwrap_or(words);
    let endings = ["经营活动", "经营业务", "生产经营", "业务", "行业", "领域", "活动"];
    let list = list.replace("以及", "、").replace("或者", "、");
    let names: Vec<String> = list
        .split(['、', '或', '和', '及', '/'])
        .map(|name| name.rsplit('的').next().unwrap_or(name))
        .map(|name| name.trim_matches(['"', '“', '”', ' ']))
        .map(|name| {
            endings.iter().find_map(|ending| name.strip_suffix(ending)).filter(|name| name.chars().count() >= 2).unwrap_or(name)
        })
        .filter(|name| name.chars().count() >= 2 && name.chars().count() <= MOST_NAME && !ACTS.contains(name))
        .filter(|name| !["就业", "创业", "执业"].iter().any(|ending| name.ends_with(ending)))
        .filter(|name| !page.rules.words(WordingKind::Vague).any(|word| name.starts_with(word)))
        .map(str::to_owned)
        .take(MOST_NAMES)
        .collect();
    let vague = page.rules.words(WordingKind::Vague).any(|word| words.starts_with(word));
    if vague { Vec::new() } else { names }
}

/// Codes of lines of business, where all are known.
fn codes_of(page: &Page<'_>, names: &[String]) -> Option<Value> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        let codes = codes(page, name).filter(|codes| !codes.is_empty())?;
        for code in codes {
            if !all.contains(code) {
                all.push(code.clone());
            }
        }
    }
    (!all.is_empty()).then_some(Value::List(all))
}

/// Codes of one line of business; empty for one that the standard does not name.
pub(crate) fn codes<'p>(page: &'p Page<'_>, name: &str) -> Option<&'p [String]> {
    let find = |name: &str| page.rules.industries.get(name).map(Vec::as_slice);
    find(name).or_else(|| ["行业", "产业", "领域", "业", "企业"].iter().find_map(|ending| find(name.strip_suffix(ending)?)))
}
