//! 申报材料: names of what must be handed in, from lists under their heading and from `材料包括…` in running text.

use model::What;

use crate::outline::Line;
use crate::page::{Draft, Page};
use crate::rules::Section;

/// Words that introduce materials in running text.
const INTRODUCERS: &[&str] = &[
    "申请材料包括",
    "申报材料包括",
    "材料包括",
    "提交以下材料",
    "提供以下材料",
    "提交下列材料",
    "提供下列材料",
    "需提交",
    "须提交",
    "需提供",
    "须提供",
    "申报要件要求:",
    "申报材料:",
    "申请材料:",
    "所需材料:",
    "提交材料:",
    "材料清单:",
    "材料要求:",
];
/// Endings of names of documents.
const DOCUMENTS: &[&str] = &[
    "申请书",
    "申请表",
    "申报表",
    "申报书",
    "汇总表",
    "报告",
    "证明",
    "证书",
    "执照",
    "复印件",
    "原件",
    "材料",
    "文件",
    "合同",
    "协议",
    "发票",
    "凭证",
    "清单",
    "承诺书",
    "声明",
    "表",
    "光盘",
    "电子版",
    "纸质版",
    "方案",
    "说明",
    "报表",
    "许可证",
    "批复",
    "回单",
    "函",
    "身份证",
    "银行账户",
    "流水",
    "章程",
    "名册",
    "花名册",
    "照片",
    "备案",
    "信用报告",
    "明细",
    "简介",
];
/// The longest name of a document, in characters.
const MOST_NAME_CHARACTERS: usize = 60;

/// The materials of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let Some(line) = page.line(sentence) else { return Vec::new() };
    let bounds = page.sentence(sentence);
    if page.triage.as_deref().is_some_and(|triage| ["news", "result", "lifecycle", "interpret"].contains(&triage)) {
        return Vec::new();
    }
    if line.section == Section::Materials && line.level > 0 && !line.heading && bounds.start == line.body {
        return entry(page, sentence, line).into_iter().collect();
    }
    let slice = page.slice(bounds.start, bounds.end);
    let introduced = INTRODUCERS.iter().filter_map(|word| slice.find(word).map(|at| at + word.len())).min();
    if let Some(at) = introduced {
        return listed(page, sentence, bounds.start + at, bounds.end);
    }
    let handed = ["报市", "报送", "提交", "递交", "盖章", "胶装", "一式", "单独放置", "报至", "报区", "寄送"]
        .iter()
        .any(|word| slice.contains(word));
    // Documents the authorities exchange among themselves are not the applicant's.
    let authority = page
        .hits
        .cue(crate::rules::CueKind::Authority, bounds.start, bounds.end)
        .is_some_and(|cue| slice[..cue.start - bounds.start].chars().count() < 12);
    if handed && !authority { copies(page, sentence) } else { Vec::new() }
}

/// A numbered entry under the heading: its first words are the name.
fn entry(page: &Page<'_>, sentence: usize, line: &Line) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let end = slice.find([',', '。', ':', ';']).unwrap_or(slice.len());
    let end = if slice[..end].chars().count() < 2 { slice.len() } else { end };
    named(page, sentence, line.body.max(bounds.start), bounds.start + end, false)
}

/// `A、B和C等` between two bytes.
fn listed(page: &Page<'_>, sentence: usize, from: usize, to: usize) -> Vec<Draft> {
    let slice = page.slice(from, to);
    let mut drafts = Vec::new();
    let mut start = 0;
    let mut depth = 0i32;
    let mut pieces = Vec::new();
    for (at, character) in slice.char_indices() {
        match character {
            '(' | '《' => depth += 1,
            ')' | '》' => depth -= 1,
            '、' | ',' | '和' | '及' if depth <= 0 => {
                pieces.push((start, at));
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push((start, slice.len()));
    for (start, end) in pieces.into_iter().take(40) {
        let end = start + slice[start..end].trim_end_matches(['等', '。', ' ']).len();
        match named(page, sentence, from + start, from + end, true) {
            Some(draft) => drafts.push(draft),
            None if drafts.is_empty() => {}
            None => break,
        }
    }
    drafts
}

/// `申报材料(格式见附件)一式三份`, `审计报告纸质版原件`: documents named where they are handed in.
fn copies(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    for index in page.clauses_of(sentence) {
        let clause = page.clause(index);
        if clause.parent.is_some() {
            continue;
        }
        let slice = page.slice(clause.start, clause.end);
        let from = ["将", "提交"].iter().filter_map(|word| slice.find(word).map(|at| at + word.len())).min().unwrap_or(0);
        let to = ["请于", "报市", "报送至", "报至", "需", "应", "单独", "报区", "报我"]
            .iter()
            .filter_map(|word| slice[from..].find(word).map(|at| from + at))
            .min()
            .unwrap_or(slice.len());
        if from >= to {
            continue;
        }
        let words = &slice[from..to];
        let counted = ["一式", "原件", "复印件", "份", "光盘", "汇总表"].iter().any(|word| words.contains(word))
            || slice[to..].starts_with("需") && slice.contains("盖章");
        let plain = words.chars().next().is_some_and(|first| !first.is_ascii_digit()) && !words.contains("部门");
        if counted && plain {
            for (start, end) in split_and(words) {
                drafts.extend(named(page, sentence, clause.start + from + start, clause.start + from + end, true));
            }
        } else if drafts.is_empty()
            && index == page.clauses_of(sentence).start
            && has_document(words)
            && words.chars().count() >= 6
            && slice.len() == words.len()
            && page.slice(clause.end, page.sentence(sentence).end).contains("盖章")
        {
            drafts.extend(named(page, sentence, clause.start, clause.end, true));
        }
    }
    drafts
}

/// Splits at 及 and 、 outside of parentheses.
fn split_and(words: &str) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let (mut start, mut depth) = (0, 0i32);
    for (at, character) in words.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            '及' | '、' | '和' if depth == 0 => {
                pieces.push((start, at));
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push((start, words.len()));
    pieces
}

fn has_document(words: &str) -> bool {
    DOCUMENTS.iter().any(|document| words.contains(document))
}

/// A material with its plain name, if the words name a document.
fn named(page: &Page<'_>, sentence: usize, start: usize, end: usize, strict: bool) -> Option<Draft> {
    let (start, end) = page.trimmed(start, end);
    let words = page.slice(start, end);
    let end = start + after_title(words);
    let words = page.slice(start, end);
    let name = plain_name(words);
    let characters = name.chars().count();
    if !(2..=MOST_NAME_CHARACTERS).contains(&characters) || strict && (!has_document(name) || name.starts_with('有')) {
        return None;
    }
    let required = !["如有", "可选", "非必须", "自愿提供", "可提供"].iter().any(|word| words.contains(word));
    let what = What::Material { name: name.to_owned(), required, copies: None, form: None };
    Some(Draft { what, start, end, confidence: if strict { 0.7 } else { 0.8 }, rule: "material", sentence })
}

/// A name in 《》 ends with it: `《申请书》(平台下载)`.
fn after_title(words: &str) -> usize {
    if words.starts_with('《') { words.find('》').map_or(words.len(), |at| at + '》'.len_utf8()) } else { words.len() }
}

/// Without brackets, notes, numbers of copies and forms.
fn plain_name(words: &str) -> &str {
    let words = words.trim_start_matches('《');
    let end = ["(", "》", "一式", "纸质版", "原件", "复印件", "文字版", "两份", "一份", "三份", "各一份", "各1份"]
        .iter()
        .filter_map(|word| words.find(word))
        .filter(|at| *at > 0)
        .min()
        .unwrap_or(words.len());
    words[..end].trim_start_matches("企业").trim_matches(['《', '》', ' ']).trim()
}
