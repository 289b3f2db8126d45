//! What kind of enterprise is meant: size class, 规模以上, line of business and legal form.

use model::{Condition, Op, Value, What};

use crate::facts::is_about;
use crate::lexicon::within;
use crate::page::{Draft, Page};
use crate::rules::{CueKind, WordingKind};
use crate::subject;

/// The conditions of one sentence on the kind of enterprise.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let mut drafts = sizes(page, sentence);
    drafts.extend(scales(page, sentence));
    drafts.extend(crate::industries::read(page, sentence));
    let turned = transition(page, sentence);
    if turned.is_none() {
        drafts.extend(entities(page, sentence));
    }
    drafts.extend(turned);
    drafts.extend(crate::days::read(page, sentence));
    drafts
}

fn sizes(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let mut drafts: Vec<Draft> = Vec::new();
    for hit in within(&page.hits.sizes, bounds.start, bounds.end) {
        let rule = &page.rules.sizes.size[usize::from(hit.what)];
        if rule.values.is_empty() || overlaps_title(page, bounds.start, bounds.end, hit.start, hit.end) {
            continue;
        }
        let before = page.slice(bounds.start, hit.start);
        let after = page.slice(hit.end, bounds.end);
        let start = if rule.standard {
            let Some(at) = before.rfind("符合").filter(|at| before[*at..].chars().count() <= 10) else { continue };
            bounds.start + at
        } else if is_subject(page, sentence, hit.start, hit.end) {
            hit.start
        } else {
            continue;
        };
        let tail = ["规定", "标准规定", "标准"]
            .iter()
            .find(|tail| rule.standard && after.starts_with(**tail))
            .map_or(0, |tail| tail.len());
        if drafts.iter().any(|draft| is_about(draft, "size.class")) {
            continue;
        }
        let mut condition = Condition::new("size.class", Op::In, Value::List(rule.values.clone()));
        condition.negated = page.is_refused(sentence, hit.start);
        drafts.push(Draft {
            what: What::Condition(condition),
            start,
            end: hit.end + tail,
            confidence: 0.85,
            rule: "size",
            sentence,
        });
    }
    drafts
}

/// `创新型中小企业` is a title, not a size.
fn overlaps_title(page: &Page<'_>, from: usize, to: usize, start: usize, end: usize) -> bool {
    within(&page.hits.qualifications, from, to).iter().any(|title| title.start < end && start < title.end)
}

/// A class of enterprises is a condition where the enterprise itself is named by it: `应为中小企业`, `对小微企业…`, `…的小微企业`.
fn is_subject(page: &Page<'_>, sentence: usize, start: usize, end: usize) -> bool {
    let bounds = page.sentence(sentence);
    let (before, after) = (page.slice(bounds.start, start), page.slice(end, bounds.end));
    let required = ["应为", "须为", "应是", "须是", "必须是", "属于", "对", "面向", "的", "支持"];
    let required = required.iter().any(|word| before.ends_with(word));
    let ends = after.is_empty()
        || after.starts_with([',', '(', '。', ';'])
        || ["在", "新", "可", "且", "年", "首次", "申", "用", "招", "给", "按"].iter().any(|word| after.starts_with(word));
    let definition = before.ends_with('为') && !before.ends_with("应为") && !before.ends_with("须为");
    let opens = before.is_empty()
        && (after.trim().is_empty() && subject::describes(page, sentence)
            || ["在", "招", "新", "可", "吸纳", "首次", "申请"].iter().any(|word| after.starts_with(word)));
    if opens && !definition && subject::is_applicant(page, sentence, start, end) {
        return true;
    }
    let listed = before.ends_with(['、', '和', '或']) && page.has(CueKind::Award, end, bounds.end);
    !definition && ends && required || listed && ends_a_list(after) && subject::is_applicant(page, sentence, start, end)
}

/// `个人、小微企业分别申请…`.
fn ends_a_list(after: &str) -> bool {
    ["分别", "可", "申请", "给予", "按", "均"].iter().any(|word| after.starts_with(word))
}

fn scales(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    if page.rules.says(WordingKind::Statistic, slice) {
        return Vec::new();
    }
    let mut drafts: Vec<Draft> = Vec::new();
    for hit in within(&page.hits.scales, bounds.start, bounds.end) {
        let repeats = drafts.last().is_some_and(|last| page.slice(last.end, hit.start).find(['企', ',', '。']).is_none());
        if repeats {
            continue;
        }
        drafts.extend(scale(page, sentence, hit.start, hit.end));
    }
    drafts
}

/// One mention of 规模以上.
fn scale(page: &Page<'_>, sentence: usize, start: usize, end: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let before = page.slice(bounds.start, start);
    let first = page
        .rules
        .words(WordingKind::First)
        .filter_map(|word| before.rfind(word))
        .max()
        .filter(|at| before[*at..].chars().count() <= 14 && !before[*at..].contains([',', ';']));
    let rest = page.slice(end, bounds.end);
    let tail = ["企业", "统计", "纳统"]
        .iter()
        .filter_map(|word| rest.find(word).map(|at| at + word.len()))
        .min()
        .filter(|end| rest[..*end].chars().count() <= 14 && !rest[..*end].contains([',', '、']))
        // 投资纳统1000万元以上的企业: what is entered is an amount.
        .filter(|end| !rest[..*end].contains(|character: char| character.is_ascii_digit()));
    let name = page.slice(start, end);
    let whole = ["入规纳统", "入库纳统"].contains(&name) && before.ends_with('已');
    // 企业名录库 is where the enterprise is entered, not what it is.
    let reach = rest.char_indices().nth(16).map_or(rest.len(), |(at, _)| at);
    if rest[..reach].contains("名录") || rest.trim_start_matches(['"', '”']).starts_with("培育") {
        return None;
    }
    if first.is_none() && !whole && (tail.is_none() || name == "小升规") {
        return None;
    }
    let from = first.map_or(start, |at| bounds.start + at);
    let op = if first.is_some() { Op::FirstTime } else { Op::Is };
    let mut condition = Condition::new("size.above_scale", op, Value::Bool(true));
    condition.negated = page.is_refused(sentence, start);
    let clause = page.clause_at(sentence, start);
    condition.period = clause
        .and_then(|clause| page.period_before(clause, from.max(clause.start)))
        .map(|(period, _)| period)
        .filter(|period| period.len() == 4 && period.bytes().all(|byte| byte.is_ascii_digit()));
    let end = end + tail.unwrap_or_default();
    Some(Draft { what: What::Condition(condition), start: from, end, confidence: 0.75, rule: "scale", sentence })
}

/// `对个体工商户…`, `补贴对象为种地农民`, `(不含机关法人)`: the kind of applicant, where it is not just an enterprise.
fn entities(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let mut drafts: Vec<Draft> = Vec::new();
    if !page.rules.says(WordingKind::Person, slice) {
        return drafts;
    }
    let mut found: Vec<(usize, &str)> = page
        .rules
        .words(WordingKind::Person)
        .flat_map(|word| slice.match_indices(word).take(8).map(move |(at, _)| (at, word)))
        .collect();
    found.sort_by_key(|(at, word)| (*at, usize::MAX - word.len()));
    let mut covered = 0;
    for (at, word) in found {
        if at < covered {
            continue;
        }
        covered = at + word.len();
        let (start, end) = (bounds.start + at, bounds.start + covered);
        if let Some(from) = list_before(page, sentence, &slice[..at], &slice[covered..])
            && drafts.last().is_none_or(|last| last.end <= bounds.start + from)
        {
            let names = slice[from..covered].split(['、', '和', '或', '及']).filter(|name| !name.is_empty()).map(str::to_owned);
            let mut condition = Condition::new("reg.entity_type", Op::In, Value::List(names.collect()));
            condition.negated = page.is_refused(sentence, start);
            let start = bounds.start + from;
            drafts.push(Draft { what: What::Condition(condition), start, end, confidence: 0.65, rule: "entity", sentence });
            continue;
        }
        if let Some(last) = drafts.last_mut()
            && ["、", "和", "或", "及"].contains(&page.slice(last.end, start))
        {
            add_kind(last, word);
            last.end = end;
            continue;
        }
        let excluded = ["不含", "不包括", "不包含", "除外:", "性质为"].iter().any(|lead| slice[..at].ends_with(lead))
            && slice[..at].chars().rev().take(8).collect::<String>().contains('不');
        // 法人企业 and 集体经济组织成员 are other nouns.
        let goes_on = slice[covered..].starts_with([
            '所', '名', '账', '信', '贷', '征', '身', '住', '缴', '消', '原', '资', '治', '工', '职', '单', '机', '代', '商',
            '按', '应', '取', '房', '创', '成',
        ]) || word == "法人" && slice[covered..].starts_with(['企', '主', '组']);
        if goes_on || !excluded && !is_kind_of_applicant(page, sentence, at, covered) {
            continue;
        }
        let mut condition = Condition::new("reg.entity_type", Op::In, Value::List(vec![word.to_owned()]));
        condition.negated = excluded != page.is_refused(sentence, start);
        drafts.push(Draft { what: What::Condition(condition), start, end, confidence: 0.65, rule: "entity", sentence });
    }
    drafts
}

/// `企业、事业单位、行业协会`: where a list of kinds of applicants begins that a kind other than enterprises goes on.
fn list_before(page: &Page<'_>, sentence: usize, before: &str, after: &str) -> Option<usize> {
    const MOST_BEFORE: usize = 24;
    const MOST_KIND: usize = 10;
    let reach = before.char_indices().rev().nth(MOST_BEFORE).map_or(0, |(at, _)| at);
    let stop = before[reach..].char_indices().rev().find(|(_, mark)| [',', '。', ':', ';', '的', '(', '为'].contains(mark));
    let from = stop.map_or(reach, |(at, mark)| reach + at + mark.len_utf8());
    let opened = stop.map_or(reach == 0, |(_, mark)| [':', '的', '为'].contains(&mark));
    let list = &before[from..];
    let joint = list.rfind(['、', '和', '或', '及'])?;
    // Organisations of every kind are no restriction.
    if list.contains("组织机构") || list.contains("其他组织") {
        return None;
    }
    let kinds = ["企业", "单位", "机构", "机关", "公司"];
    let first = list.split(['、', '和', '或', '及']).next().is_some_and(|name| kinds.iter().any(|kind| name.ends_with(kind)));
    // What stands between the joint and the kind only describes it: 公益三类事业单位.
    let near = list[joint..].chars().count() <= 6 && !list.contains(|character: char| character.is_ascii_digit());
    // 在本市创办小微企业、合作社: a clause, not a list.
    let near = near && list.split(['、', '和', '或', '及']).all(|name| name.chars().count() <= MOST_KIND);
    let ends = after.is_empty()
        || after.starts_with([',', '。', ';', ')', '(', '、'])
        || ["均可", "可", "等", "及其他", "和其他", "或"].iter().any(|word| after.starts_with(word));
    (opened && first && near && ends && subject::describes(page, sentence)).then_some(from)
}

fn add_kind(draft: &mut Draft, word: &str) {
    if let What::Condition(condition) = &mut draft.what
        && let Value::List(kinds) = &mut condition.value
        && !kinds.iter().any(|kind| kind == word)
    {
        kinds.push(word.to_owned());
    }
}

/// Whether a kind of applicant is named by itself, not in a list with enterprises of every kind.
fn is_kind_of_applicant(page: &Page<'_>, sentence: usize, at: usize, end: usize) -> bool {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let bare = ["在京", "本市", "我市", "我省", "符合条件的", "完全产权", "广大"]
        .iter()
        .find_map(|word| slice[..at].strip_suffix(word))
        .unwrap_or(&slice[..at]);
    let after = &slice[end..];
    // 社会组织在申报中须具有…: a case of the requirements.
    let gives = page.has(CueKind::Award, bounds.start, bounds.end) || page.has(CueKind::Benefit, bounds.start, bounds.end);
    if bare.is_empty() && !page.phrase && !gives && !after.is_empty() {
        return false;
    }
    let alone = !after.starts_with("、企业") && !after.starts_with("和企业");
    let aimed =
        ["对", "对于", "支持", "为", "是", "的", ":", "面向", "鼓励"].iter().any(|word| bare.ends_with(word)) || bare.is_empty();
    alone && aimed && subject::is_applicant(page, sentence, bounds.start + bare.len(), bounds.start + end)
}

/// `由个体工商户、个人独资企业转型登记为有限责任公司`.
fn transition(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    if !slice.contains('转') && !slice.contains("变更登记") {
        return None;
    }
    let (turn, word) = ["转型登记为", "转型升级为", "转登记为", "变更登记为", "转型为", "转为"]
        .iter()
        .filter_map(|word| Some((slice.find(word)?, *word)))
        .min()?;
    let from_at = slice[..turn].rfind('由')?;
    let from = &slice[from_at + '由'.len_utf8()..turn];
    let rest = &slice[turn + word.len()..];
    let to = &rest[..rest.find(['的', ',', '。']).unwrap_or(rest.len())];
    let known = ["个体工商户", "企业", "公司", "合伙", "合作社"];
    if !known.iter().any(|word| from.contains(word))
        || !known.iter().any(|word| to.contains(word))
        || from.chars().count() > 40
        || to.chars().count() > 20
    {
        return None;
    }
    let value = Value::Text(format!("{from}→{to}"));
    let mut condition = Condition::new("reg.entity_type", Op::Transition, value);
    condition.negated = page.is_refused(sentence, bounds.start + turn);
    let (start, end) = (bounds.start + from_at, bounds.start + turn + word.len() + to.len());
    Some(Draft { what: What::Condition(condition), start, end, confidence: 0.8, rule: "transition", sentence })
}
