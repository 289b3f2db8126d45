//! Who a sentence is about: whether a noun such as `我市企业` or `先进制造业企业` names those who may apply.

use crate::page::Page;
use crate::rules::{CueKind, Section, WordingKind};

/// Whether the noun at `start..end` names applicants in its sentence, which may set conditions.
pub(crate) fn is_applicant(page: &Page<'_>, sentence: usize, start: usize, end: usize) -> bool {
    let bounds = page.sentence(sentence);
    let before = page.slice(bounds.start, start).trim_end_matches(['"', '“', '”', ' ']);
    let after = page.slice(end, bounds.end).trim_start_matches(['"', '”', '“']);
    if page.rules.words(WordingKind::NotHead).any(|word| after.starts_with(word)) {
        return false;
    }
    if page.line(sentence).is_some_and(|line| line.heading) && !page.slice(bounds.start, bounds.end).contains(':') {
        return false;
    }
    // 2.融资担保机构绩效奖励: a heading that is no line of its own, without a stop.
    let stopped = page.slice(bounds.end, bounds.end + 3).starts_with(['。', ';', '；']);
    let titled = page.line(sentence).is_some_and(|line| line.level > 0 && line.end == bounds.end);
    if titled && !stopped && !page.phrase && page.slice(bounds.start, bounds.end).chars().count() <= 20 && !before.contains(':') {
        return false;
    }
    // 重点工业企业扩产增效奖励项目: the name of what is given.
    let sentence_words = page.slice(bounds.start, bounds.end).trim_end();
    let named = ["奖励项目", "扶持项目", "资助项目", "补助项目", "奖励", "补助", "补贴", "专项", "计划"];
    let name = named.iter().any(|ending| sentence_words.ends_with(ending)) && !sentence_words.contains([',', ':', '的']);
    if name && !stopped && !page.phrase {
        return false;
    }
    let required = page.rules.words(WordingKind::Required).any(|word| before.ends_with(word));
    if required {
        return true;
    }
    let rewards = page.has(CueKind::Award, bounds.start, bounds.end) || page.has(CueKind::Benefit, bounds.start, bounds.end);
    let describes = describes(page, sentence);
    let opens = before.is_empty() || before.ends_with([':', ',', ';', '(', ')', '。']);
    if opens {
        // 企业申请认定应具备以下条件: whom the list below is about.
        let heads_list = ["应具备", "须具备", "应符合", "应当符合", "应当具备", "需符合"].iter().any(|word| after.contains(word))
            && ["以下", "下列", "如下", "条件"].iter().any(|word| after.contains(word));
        return !heads_list && describes && is_whole(page, sentence, after)
            || !heads_list && (rewards || describes && result_follows(page, after));
    }
    let leads = page.rules.words(WordingKind::Lead).any(|word| before.ends_with(word));
    leads && (rewards || describes)
}

/// `服务对象:北京市文旅企业`: the noun is all that is said.
fn is_whole(page: &Page<'_>, sentence: usize, after: &str) -> bool {
    let bounds = page.sentence(sentence);
    let labelled = page.slice(bounds.start, bounds.end).contains(':') || page.line(sentence).is_some_and(|line| line.level == 0);
    after.is_empty() && labelled || after.starts_with([',', '、', '(', '和', '及', '或', '与', '以'])
}

/// `…企业可申请`, `…企业给予`, `…企业购置设备的`.
fn result_follows(page: &Page<'_>, after: &str) -> bool {
    let reach = after.char_indices().nth(40).map_or(after.len(), |(at, _)| at);
    page.rules.says(WordingKind::Result, &after[..reach])
}

/// Whether a sentence stands where applicants are described, so that what they are called is a condition.
pub(crate) fn describes(page: &Page<'_>, sentence: usize) -> bool {
    let bounds = page.sentence(sentence);
    page.phrase
        || page.rules.says(WordingKind::Scope, page.slice(bounds.start, bounds.end))
        || page.line(sentence).is_some_and(|line| {
            matches!(line.section, Section::Conditions | Section::Exclusions) || line.refused || line.any.is_some()
        })
}
