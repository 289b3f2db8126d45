//! The section tree of a text as others see it: title, class, level and extent of every heading, label and list header.

use model::text::Span;
use serde::Serialize;

use crate::outline::Line;
use crate::page::Page;
use crate::rules::{Section, SectionFile};

/// A section of a text with the sections inside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectionNode {
    /// Its heading with its number, in the characters of the text.
    pub title: String,
    /// What it is about: `conditions`, `support`, `materials` … ; `other` where nothing says so.
    pub class: Section,
    /// The class as users see it: `申报条件`; empty for `other`.
    pub label: String,
    /// Depth, 1 for the outermost.
    pub level: u8,
    /// From its heading to the end of its last paragraph.
    pub span: Span,
    /// The sections inside it.
    pub children: Vec<SectionNode>,
}

/// Titles are cut behind this many characters.
const MOST_TITLE: usize = 60;

/// The outermost sections of a page.
pub(crate) fn tree(page: &Page<'_>) -> Vec<SectionNode> {
    let lines = &page.outline.lines;
    let mut heads = vec![false; lines.len()];
    let mut ends: Vec<usize> = lines.iter().map(|line| line.end).collect();
    for (index, line) in lines.iter().enumerate() {
        heads[index] |= line.heading && line.level > 0 || line.rule.is_some();
        let mut above = line.parent;
        while let Some(at) = above {
            heads[at] |= line.level > 0 && line.parent == Some(at);
            ends[at] = ends[at].max(line.end);
            above = lines[at].parent;
        }
    }
    // From the last line to the first, so that every section is complete when it is handed to the one around it.
    let mut inside: Vec<Vec<SectionNode>> = vec![Vec::new(); lines.len() + 1];
    for index in (0..lines.len()).rev().filter(|index| heads[*index]) {
        let (level, above) = place(lines, &heads, index);
        let mut children = std::mem::take(&mut inside[index]);
        children.reverse();
        let node = node(page, &lines[index], ends[index], level, children);
        inside[above.unwrap_or(lines.len())].push(node);
    }
    let mut roots = inside.pop().unwrap_or_default();
    roots.reverse();
    roots
}

/// The depth of a section and the section around it.
fn place(lines: &[Line], heads: &[bool], index: usize) -> (u8, Option<usize>) {
    let above = |at: usize| std::iter::successors(lines[at].parent, |at| lines[*at].parent).find(|at| heads[*at]);
    let around = std::iter::successors(above(index), |at| above(*at));
    (u8::try_from(around.count() + 1).unwrap_or(u8::MAX), above(index))
}

fn node(page: &Page<'_>, line: &Line, end: usize, level: u8, children: Vec<SectionNode>) -> SectionNode {
    let body = page.slice(line.body, line.end);
    let stop = body.find([':', '。', ';', '\n']).unwrap_or(body.len());
    let most = body.char_indices().nth(MOST_TITLE).map_or(body.len(), |(at, _)| at);
    let title = page.reading.span(line.start, (line.body + stop.min(most)).max(line.start));
    SectionNode {
        title: page.reading.quote(title).trim().to_owned(),
        class: line.section,
        label: label(line, &page.rules.sections).to_owned(),
        level,
        span: page.reading.span(line.start, end),
        children,
    }
}

fn label<'r>(line: &Line, sections: &'r SectionFile) -> &'r str {
    let own = line.rule.and_then(|rule| sections.section.get(usize::from(rule)));
    // 支持对象 and 申报条件 are of one class; the later one is the usual name.
    let usual = || sections.section.iter().rfind(|rule| rule.class == line.section);
    own.filter(|rule| rule.class == line.section).or_else(usual).map_or("", |rule| rule.label.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotator::Input;
    use crate::examples::shipped;

    fn shown(nodes: &[SectionNode], text: &str) -> String {
        let one = |node: &SectionNode| {
            assert!(node.span.of(text).contains(node.title.as_str()), "{}", node.title);
            format!("{}={}[{}]", node.title, node.label, shown(&node.children, text))
        };
        nodes.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = shown(&shipped().sections(&Input { text, ..Input::default() }), text);
        assert_eq!(found, expected, "in {text}");
    }

    #[test]
    fn every_form_of_numbering_makes_sections() {
        check(
            "第一章 总则\n第一条 为规范管理，制定本办法。\n第二章 申报条件\n第二条 申报单位应当具备下列条件：\n（一）依法注册；\n（二）依法纳税。\n第三章 附则\n第三条 本办法自发布之日起施行。",
            "第一章 总则=依据与目的[] 第二章 申报条件=申报条件[第二条 申报单位应当具备下列条件=申报条件[]] 第三章 附则=附则[]",
        );
        check(
            "一、支持对象\n1.在本市注册的企业。\n二、支持标准\n（一）设备补贴\n按投资额的10%给予补贴。\n【申报材料】\n①申请表\n②审计报告",
            "一、支持对象=支持对象[] 二、支持标准=支持标准[（一）设备补贴=支持标准[【申报材料】=申报材料[]]]",
        );
    }

    #[test]
    fn labels_of_a_card_are_sections() {
        check(
            "服务对象：在本市注册的企业\n条件要求：1．营业收入1000万元以上；\n2．依法纳税。\n时间/频度：每年3月\n联络方式：市商务局",
            "服务对象=支持对象[] 条件要求=申报条件[] 时间/频度=申报时间[] 联络方式=联系方式[]",
        );
    }

    #[test]
    fn a_text_without_headings_has_no_sections() {
        check("企业营业收入不低于1000万元。", "");
        check("", "");
    }
}
