//! Labels such as 索引号, 发文字号 or 发布日期 and the values beside them.
//!
//! A label is found by its end: a colon, a closing bracket, or the end of its cell. Blanks inside labels (`索 引 号`)
//! do not count. Labels of the 信息公开 table that stand close together form the table, whatever its markup;
//! single ones are the page's header.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use crate::outline::{LineId, NONE, Outline, Tag};
use crate::words;

/// What a label names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    IndexNumber,
    Number,
    Issuer,
    JointIssuer,
    Issued,
    Published,
    Effective,
    Expires,
    Validity,
    Theme,
    Source,
    Title,
    /// 更新时间: on old systems the only day a page gives.
    Updated,
    /// Known, but of no use: it ends the value before it.
    Other,
}

/// Where a label was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    LabelTable,
    Header,
}

/// A label with its value.
#[derive(Debug, Clone)]
pub(crate) struct Labelled {
    pub(crate) field: Field,
    pub(crate) value: String,
    /// Line of the label.
    pub(crate) line: LineId,
    pub(crate) origin: Origin,
    /// Whether the value was taken from the line behind.
    pub(crate) value_on_next_line: bool,
}

/// Labels, and whether one counts even with other ideographs before it. Short ones such as 时间 end many a word.
const LABELS: &[(&str, Field, bool)] = &[
    ("索引号", Field::IndexNumber, true),
    ("信息索引号", Field::IndexNumber, true),
    ("索引", Field::IndexNumber, false),
    ("发文字号", Field::Number, true),
    ("发文文号", Field::Number, true),
    ("发文号", Field::Number, false),
    ("文件编号", Field::Number, true),
    ("公文文号", Field::Number, true),
    ("文件字号", Field::Number, true),
    ("文件文号", Field::Number, true),
    ("公文编号", Field::Number, true),
    ("文号", Field::Number, false),
    ("发文机关", Field::Issuer, true),
    ("发文机构", Field::Issuer, true),
    ("发文单位", Field::Issuer, true),
    ("发文部门", Field::Issuer, true),
    ("发布机构", Field::Issuer, true),
    ("发布机关", Field::Issuer, true),
    ("发布单位", Field::Issuer, true),
    ("制发机关", Field::Issuer, true),
    ("制定机关", Field::Issuer, true),
    ("公开主体", Field::Issuer, true),
    ("公开机构", Field::Issuer, true),
    ("公开责任部门", Field::Issuer, true),
    ("联合发文单位", Field::JointIssuer, true),
    ("联合发文机关", Field::JointIssuer, true),
    ("联合发文", Field::JointIssuer, true),
    ("成文日期", Field::Issued, true),
    ("成文时间", Field::Issued, true),
    ("发文日期", Field::Issued, true),
    ("发文时间", Field::Issued, true),
    ("生成日期", Field::Issued, true),
    ("生成时间", Field::Issued, true),
    ("制发日期", Field::Issued, true),
    ("签发日期", Field::Issued, true),
    ("印发日期", Field::Issued, true),
    ("发布日期", Field::Published, true),
    ("发布时间", Field::Published, true),
    ("公开日期", Field::Published, true),
    ("公开时间", Field::Published, true),
    ("公布日期", Field::Published, true),
    ("公布时间", Field::Published, true),
    ("发表时间", Field::Published, true),
    ("发表日期", Field::Published, true),
    ("上网日期", Field::Published, true),
    ("文章日期", Field::Published, true),
    ("录入时间", Field::Published, true),
    ("信息时间", Field::Published, true),
    ("日期", Field::Published, false),
    ("时间", Field::Published, false),
    ("生效日期", Field::Effective, true),
    ("生效时间", Field::Effective, true),
    ("实施日期", Field::Effective, true),
    ("实施时间", Field::Effective, true),
    ("施行日期", Field::Effective, true),
    ("失效日期", Field::Expires, true),
    ("失效时间", Field::Expires, true),
    ("废止日期", Field::Expires, true),
    ("废止时间", Field::Expires, true),
    ("有效期至", Field::Expires, true),
    ("有效期", Field::Expires, false),
    ("有效性", Field::Validity, true),
    ("文件有效性", Field::Validity, true),
    ("是否有效", Field::Validity, true),
    ("公文时效", Field::Validity, true),
    ("时效性", Field::Validity, true),
    ("效力状态", Field::Validity, true),
    ("文件状态", Field::Validity, true),
    ("时效状态", Field::Validity, true),
    ("时效", Field::Validity, false),
    ("主题分类", Field::Theme, true),
    ("信息分类", Field::Theme, true),
    ("组配分类", Field::Theme, true),
    ("体裁分类", Field::Theme, true),
    ("所属主题", Field::Theme, true),
    ("分类", Field::Theme, false),
    ("来源", Field::Source, false),
    ("信息来源", Field::Source, true),
    ("文章来源", Field::Source, true),
    ("稿件来源", Field::Source, true),
    ("发布来源", Field::Source, true),
    ("内容来源", Field::Source, true),
    ("标题", Field::Title, false),
    ("信息名称", Field::Title, true),
    ("文件名称", Field::Title, false),
    ("公文名称", Field::Title, true),
    ("名称", Field::Title, false),
    ("作者", Field::Other, false),
    ("发布者", Field::Other, true),
    ("发布人", Field::Other, true),
    ("责任编辑", Field::Other, true),
    ("编辑", Field::Other, false),
    ("审核", Field::Other, false),
    ("浏览次数", Field::Other, true),
    ("浏览量", Field::Other, true),
    ("浏览数", Field::Other, true),
    ("阅读次数", Field::Other, true),
    ("阅读人次", Field::Other, true),
    ("阅读量", Field::Other, true),
    ("阅读", Field::Other, false),
    ("点击数", Field::Other, true),
    ("点击量", Field::Other, true),
    ("点击率", Field::Other, true),
    ("访问量", Field::Other, true),
    ("访问次数", Field::Other, true),
    ("字号", Field::Other, false),
    ("字体", Field::Other, false),
    ("字体大小", Field::Other, true),
    ("视力保护色", Field::Other, true),
    ("分享到", Field::Other, true),
    ("分享", Field::Other, false),
    ("打印", Field::Other, false),
    ("关键词", Field::Other, true),
    ("主题词", Field::Other, true),
    ("公开方式", Field::Other, true),
    ("公开范围", Field::Other, true),
    ("公开时限", Field::Other, true),
    ("公开形式", Field::Other, true),
    ("公开类别", Field::Other, true),
    ("公开属性", Field::Other, true),
    ("文件来源", Field::Other, true),
    ("文件类型", Field::Other, true),
    ("文种", Field::Other, false),
    ("内容概述", Field::Other, true),
    ("内容概览", Field::Other, true),
    ("内容摘要", Field::Other, true),
    ("内容简介", Field::Other, true),
    ("在线链接地址", Field::Other, true),
    ("文件下载", Field::Other, false),
    ("体裁", Field::Other, false),
    ("内容分类", Field::Other, true),
    ("服务对象", Field::Other, true),
    ("规范性文件编号", Field::Other, true),
    ("规范性文件统一编号", Field::Other, true),
    ("统一编号", Field::Other, true),
    ("登记号", Field::Other, true),
    ("统一登记号", Field::Other, true),
    ("信息格式", Field::Other, true),
    ("更新时间", Field::Updated, true),
    ("更新日期", Field::Updated, true),
    ("截止时间", Field::Other, true),
    ("截止日期", Field::Other, true),
    ("开始时间", Field::Other, true),
    ("结束时间", Field::Other, true),
    ("征集时间", Field::Other, true),
    ("征求时间", Field::Other, true),
    ("反馈时间", Field::Other, true),
];

/// [`LABELS`] by name.
static BY_NAME: LazyLock<HashMap<&str, (Field, bool)>> =
    LazyLock::new(|| LABELS.iter().map(|(name, field, strong)| (*name, (*field, *strong))).collect());

/// The longest line in which labels are looked for.
const MOST_LINE_BYTES: usize = 900;
/// Blanks that spread a label (`标　　题`) at most.
const LONGEST_LABEL: usize = 10;

/// All labels with their values in some lines.
pub(crate) fn find(outline: &Outline<'_>, lines: Range<LineId>) -> Vec<Labelled> {
    let mut found: Vec<Labelled> = Vec::new();
    // A label at the end of a line asks the next line for its value.
    let mut open: Option<usize> = None;
    for id in lines {
        let line = outline.line(id);
        if line.len() > MOST_LINE_BYTES || outline.element(outline.lines[id as usize].element).hidden && line.len() > 200 {
            open = None;
            continue;
        }
        let marks = labels_in(line);
        if marks.is_empty() {
            if let Some(at) = open.take()
                && found[at].value.is_empty()
                && beside(outline, found[at].line, id)
            {
                found[at].value = clean_value(line);
                found[at].value_on_next_line = true;
            }
            continue;
        }
        open = None;
        for (at, mark) in marks.iter().enumerate() {
            let end = marks.get(at + 1).map_or(line.len(), |next| next.start);
            let value = clean_value(&line[mark.end..end.max(mark.end)]);
            if value.is_empty() && at + 1 == marks.len() && mark.field != Field::Other {
                open = Some(found.len());
            }
            found.push(Labelled { field: mark.field, value, line: id, origin: Origin::Header, value_on_next_line: false });
        }
    }
    mark_tables(&mut found);
    found
}

/// Whether a line stands in the same row or entry as a label's: an empty value must not take the text below.
fn beside(outline: &Outline<'_>, label: LineId, value: LineId) -> bool {
    let block = outline.lines[label as usize].element;
    // Rows and lists of labels may be long; a loose block around a label and its value is short.
    let most =
        if matches!(outline.element(block).tag, Tag::Cell | Tag::ListEntry | Tag::Row) || outline.element(block).table != NONE {
            60
        } else {
            8
        };
    let around = outline.ancestors(block).take(6).take_while(|id| outline.lines_of(*id).len() <= most);
    around.into_iter().any(|id| outline.contains(id, outline.lines[value as usize].element))
}

struct Mark {
    field: Field,
    start: usize,
    /// Where the value begins.
    end: usize,
}

/// Labels in one line, in order.
fn labels_in(line: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut taken = 0;
    for (at, character) in line.char_indices() {
        let closing = matches!(character, '】' | ']' | '〕' | '］');
        let colon = matches!(character, ':' | '：' | '﹕' | '∶');
        if (closing || colon)
            && let Some((field, start)) = label_ending_at(&line[taken..at], closing)
        {
            let end = at + character.len_utf8();
            marks.push(Mark { field, start: taken + start, end });
            taken = end;
        }
    }
    // A cell that is a label and nothing else needs no colon.
    if marks.is_empty() && line.chars().count() <= LONGEST_LABEL {
        let name: String = line.chars().filter(|character| words::is_ideograph(*character)).collect();
        if let Some((field, strong)) = BY_NAME.get(name.as_str())
            && (*strong || name == "文号")
            && line.chars().all(|character| words::is_ideograph(character) || character == ' ')
        {
            marks.push(Mark { field: *field, start: 0, end: line.len() });
        }
    }
    marks
}

/// The longest label that ends a text, and where it starts. In brackets it must fill them.
fn label_ending_at(text: &str, bracketed: bool) -> Option<(Field, usize)> {
    let mut letters: Vec<(usize, char)> = Vec::with_capacity(LONGEST_LABEL);
    // Letters with a blank before them: there a label can begin, `佚名　来源：`.
    let mut after_blank = [false; LONGEST_LABEL];
    let mut before = None;
    for (at, character) in text.char_indices().rev() {
        if words::is_blank(character) {
            if let Some(last) = letters.len().checked_sub(1) {
                after_blank[last] = true;
            }
            continue;
        }
        if letters.len() == LONGEST_LABEL || !words::is_ideograph(character) {
            before = Some(character);
            break;
        }
        letters.push((at, character));
    }
    letters.reverse();
    let name: String = letters.iter().map(|(_, character)| *character).collect();
    for (from, (at, _)) in name.char_indices().enumerate() {
        let Some((field, strong)) = BY_NAME.get(&name[at..]) else { continue };
        let bounded = from == 0 || !bracketed && after_blank[letters.len() - 1 - from];
        if bracketed {
            return (bounded && matches!(before, Some('【' | '[' | '〔' | '［'))).then_some((*field, letters[from].0));
        }
        if *strong || bounded {
            return Some((*field, letters[from].0));
        }
    }
    None
}

fn clean_value(value: &str) -> String {
    let trimmed = value.trim_matches(|character: char| {
        character == ' ' || matches!(character, '|' | '：' | ':' | '；' | ';' | '【' | '[' | '】' | ']' | '，')
    });
    let value = words::squeeze(trimmed);
    if value.chars().any(words::is_letter) { value } else { String::new() }
}

/// Fields that only the 信息公开 table has.
const fn belongs_to_table(field: Field) -> bool {
    matches!(field, Field::IndexNumber | Field::Number | Field::Issuer | Field::Issued | Field::Theme | Field::Validity)
}

/// Labels close together of which two or more are those of the 信息公开 table form the table.
fn mark_tables(found: &mut [Labelled]) {
    let mut start = 0;
    while start < found.len() {
        let mut end = start + 1;
        while end < found.len() && found[end].line - found[end - 1].line <= 5 {
            end += 1;
        }
        let mut kinds: Vec<Field> =
            found[start..end].iter().map(|labelled| labelled.field).filter(|field| belongs_to_table(*field)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.len() >= 2 {
            let last =
                found[start..end].iter().rfind(|labelled| belongs_to_table(labelled.field)).map_or(0, |labelled| labelled.line);
            // The header behind a table (发布时间、来源、字号) comes after the title and is not part of it.
            for labelled in found[start..end].iter_mut().filter(|labelled| labelled.line <= last + 2) {
                labelled.origin = Origin::LabelTable;
            }
        }
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[(Field, &str)]) {
        let marks = labels_in(line);
        let values: Vec<(Field, String)> = marks
            .iter()
            .enumerate()
            .map(|(at, mark)| {
                let end = marks.get(at + 1).map_or(line.len(), |next| next.start);
                (mark.field, clean_value(&line[mark.end..end]))
            })
            .collect();
        let values: Vec<(Field, &str)> = values.iter().map(|(field, value)| (*field, value.as_str())).collect();
        assert_eq!(values, expected, "in {line}");
    }

    #[test]
    fn labels_and_values_in_one_line_are_told_apart() {
        check(
            "发布日期：2022-01-26 09:37信息来源：某市发展改革委浏览量：",
            &[(Field::Published, "2022-01-26 09:37"), (Field::Source, "某市发展改革委"), (Field::Other, "")],
        );
        check("索 引 号：0141/2014-00105", &[(Field::IndexNumber, "0141/2014-00105")]);
        check("[发文字号] 京科发〔2026〕10号", &[(Field::Number, "京科发〔2026〕10号")]);
        check("【主题分类】 科技/其他", &[(Field::Theme, "科技/其他")]);
        check("有 效 性 ： 有效", &[(Field::Validity, "有效")]);
        check("成文日期", &[(Field::Issued, "")]);
    }

    #[test]
    fn words_that_only_end_like_a_label_are_none() {
        check("购房活动时间：2025年10月27日", &[]);
        check("拓展资金来源：专项债券", &[]);
        check(
            "作者：佚名　来源：本站　更新时间：2019-4-12",
            &[(Field::Other, "佚名"), (Field::Source, "本站"), (Field::Updated, "2019-4-12")],
        );
        check("规范性文件编号：ZJAC16-2022-0303", &[(Field::Other, "ZJAC16-2022-0303")]);
        check("其他日期", &[]);
    }
}
