//! The body of a page: which element holds the document, and which of its lines are the document's own.
//!
//! A container named by a rule is believed when it holds a fair share of the page's running text; otherwise, and on
//! pages of no known family, the body is where the running text is concentrated. Links do not count as running text
//! and no share of links disqualifies a part, so long notices with many references are not lost.

use std::ops::Range;

use crate::attachments;
use crate::labels::{Labelled, Origin};
use crate::outline::{ElementId, LineId, NONE, Outline, Tag};
use crate::rules::Place;
use crate::words;
use crate::{Places, Tier};

/// The chosen container.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Container {
    pub(crate) element: ElementId,
    /// Whether a rule named it.
    pub(crate) named: bool,
    /// Whether that rule is the source's own.
    pub(crate) by_source: bool,
}

/// Chooses the container of the body; `None` on a page without text. `title` is the line of the title, when it is sure.
pub(crate) fn container(outline: &Outline<'_>, places: &Places<'_>, title: Option<LineId>) -> Option<Container> {
    let densest = match title {
        Some(line) => below_title(outline, line).or_else(|| densest(outline))?,
        None => densest(outline)?,
    };
    let densest_prose = outline.prose(outline.lines_of(densest));
    for (tier, elements) in places.groups(outline, Place::Body) {
        let Some(element) = widest(outline, &elements) else { continue };
        let range = outline.lines_of(element);
        if tier == Tier::Source && outline.characters(range.clone()) > 0 {
            return Some(Container { element, named: true, by_source: true });
        }
        let prose = outline.prose(range);
        if prose > 0 && prose * 2 >= densest_prose {
            return Some(Container { element: with_siblings(outline, element), named: true, by_source: false });
        }
    }
    // A known container that is empty on a page without other text: a document made of pictures or attachments.
    if densest_prose < 150
        && let Some((_, elements)) = places.groups(outline, Place::Body).into_iter().find(|(tier, _)| *tier != Tier::Any)
        && let Some(element) = elements.first()
    {
        return Some(Container { element: *element, named: true, by_source: false });
    }
    Some(Container { element: densest, named: false, by_source: false })
}

/// Of elements matched by one selector, the one with most text; where several hold parts, what encloses them.
fn widest(outline: &Outline<'_>, elements: &[ElementId]) -> Option<ElementId> {
    let shown = |id: &ElementId| !outline.element(*id).hidden && outline.element(*id).first_line < outline.element(*id).end_line;
    let best =
        elements.iter().copied().filter(shown).max_by_key(|id| (outline.prose(outline.lines_of(*id)), std::cmp::Reverse(*id)))?;
    Some(best)
}

/// Editors split one document into several boxes of the same class side by side: then their parent is the body.
fn with_siblings(outline: &Outline<'_>, element: ElementId) -> ElementId {
    let found = outline.element(element);
    if found.parent == NONE || found.class.is_empty() {
        return element;
    }
    let twins = outline.children(found.parent).filter(|child| {
        *child != element && outline.element(*child).class == found.class && outline.prose(outline.lines_of(*child)) > 20
    });
    let own = outline.prose(outline.lines_of(element));
    let parent = outline.prose(outline.lines_of(found.parent));
    let twins: u32 = twins.map(|twin| outline.prose(outline.lines_of(twin))).sum();
    if twins > 0 && (own + twins) * 10 >= parent * 9 { found.parent } else { element }
}

/// Goes up from the title to the first element in which a text follows it, then down to where that text is.
///
/// Pages end in lists of other articles with long abstracts; the text that belongs to the title is the nearest.
fn below_title(outline: &Outline<'_>, title: LineId) -> Option<ElementId> {
    let after = |element: ElementId| title + 1..outline.element(element).end_line.max(title + 1);
    let top = outline.ancestors(outline.lines[title as usize].element).last()?;
    let total = outline.prose(after(top));
    let around = outline.ancestors(outline.lines[title as usize].element).find(|element| {
        let prose = outline.prose(after(*element));
        let sentences = after(*element).take(200).filter(|id| outline.line(*id).ends_with(['。', '；', '：'])).count();
        prose >= 250
            || (prose > 0 && prose * 4 >= total)
            || (prose >= 60 && sentences >= 2)
            // One sentence is a notice where the header of a page stands between it and the title.
            || (prose >= 20 && sentences >= 1 && has_header(outline, after(*element)))
    })?;
    let has_text = outline.prose(after(around)) >= 30;
    has_text.then(|| descend(outline, around, title + 1))
}

/// Whether one of the first lines gives the date of the page, and a sentence comes behind it.
fn has_header(outline: &Outline<'_>, lines: Range<LineId>) -> bool {
    let dated = lines.clone().take(8).find(|id| {
        let line = outline.line(*id);
        outline.lines[*id as usize].characters <= 80 && !line.contains('。') && model::date::parse_date(line).is_some()
    });
    dated.is_some_and(|dated| (dated + 1..lines.end).take(60).any(|id| outline.line(id).ends_with('。')))
}

/// Goes down from the top while one child holds nearly all running text.
fn densest(outline: &Outline<'_>) -> Option<ElementId> {
    let top = outline.elements.iter().position(|element| element.node.value().name() == "body").unwrap_or(0) as ElementId;
    (!outline.elements.is_empty()).then(|| descend(outline, top, 0))
}

fn descend(outline: &Outline<'_>, top: ElementId, from: LineId) -> ElementId {
    let prose = |element: ElementId| {
        let range = outline.lines_of(element);
        outline.prose(range.start.max(from).min(range.end)..range.end)
    };
    let mut current = top;
    loop {
        let total = prose(current);
        let best = outline
            .children(current)
            .filter(|child| !outline.element(*child).hidden && outline.element(*child).tag != Tag::Inline)
            .max_by_key(|child| (prose(*child), std::cmp::Reverse(*child)));
        let Some(best) = best else { break };
        let share = prose(best);
        // A single paragraph or table is a part of a body, not the body.
        let whole = matches!(outline.element(best).tag, Tag::Paragraph | Tag::Heading | Tag::Table | Tag::ListEntry);
        if total == 0 || share * 100 < total * 72 || (whole && outline.lines_of(best).len() <= 1) {
            break;
        }
        current = best;
    }
    // A lone paragraph, row or table of data reached this way stands for the block around it.
    let is_part = |id: ElementId| {
        let found = outline.element(id);
        let part = matches!(found.tag, Tag::Paragraph | Tag::Inline | Tag::Link | Tag::Row | Tag::Table);
        found.parent != NONE && (part || matches!(found.node.value().name(), "tbody" | "thead" | "tfoot"))
    };
    while is_part(current) {
        current = outline.element(current).parent;
    }
    current
}

/// The lines of a container that are the document's own, in order.
pub(crate) fn own_lines(
    outline: &Outline<'_>,
    container: ElementId,
    removed: &[ElementId],
    labels: &[Labelled],
    title: &str,
) -> Vec<LineId> {
    let outer = *outline.element(container);
    let mut table = label_table_lines(labels);
    table.extend(whole_label_tables(outline, container, labels));
    let kept: Vec<LineId> = outline
        .lines_of(container)
        .filter(|id| {
            let element = outline.lines[*id as usize].element;
            let found = outline.element(element);
            let noise = found.noise && !outer.noise && outline.lines[*id as usize].characters < 400;
            let hidden = found.hidden && !outer.hidden;
            let in_table = table.iter().any(|range| range.contains(id));
            !noise && !hidden && !in_table && !removed.iter().any(|removed| outline.contains(*removed, element))
        })
        .collect();
    let kept = without_head(outline, kept, title);
    let kept = without_tail(outline, kept);
    let is_frame = |id: &LineId| {
        let line = outline.line(*id);
        words::is_tool_line(line) || (outline.lines[*id as usize].characters < 120 && words::is_owner_line(line))
    };
    let kept: Vec<LineId> = kept.into_iter().filter(|id| !is_frame(id)).collect();
    // An address alone is what remains of a footer.
    let is_text = kept.len() > 2 || kept.iter().any(|id| !outline.line(*id).starts_with("地址"));
    if is_text { kept } else { Vec::new() }
}

/// Line ranges of 信息公开 tables, values included.
fn label_table_lines(labels: &[Labelled]) -> Vec<Range<LineId>> {
    let mut ranges: Vec<Range<LineId>> = Vec::new();
    for labelled in labels.iter().filter(|labelled| labelled.origin == Origin::LabelTable) {
        match ranges.last_mut() {
            Some(last) if labelled.line <= last.end + 2 => last.end = last.end.max(labelled.line + 1),
            _ => ranges.push(labelled.line..labelled.line + 1),
        }
    }
    // The value of the last label stands on the line behind it when it has none on its own.
    for range in &mut ranges {
        let last = labels.iter().rfind(|labelled| labelled.line + 1 == range.end);
        if let Some(last) = last
            && last.origin == Origin::LabelTable
        {
            range.end += u32::from(last.value_on_next_line);
        }
    }
    ranges
}

/// Tables inside the container of which three rows or more are labels of the 信息公开 table: their other rows are no text.
fn whole_label_tables(outline: &Outline<'_>, container: ElementId, labels: &[Labelled]) -> Vec<Range<LineId>> {
    let mut counts: Vec<(ElementId, u32)> = Vec::new();
    for labelled in labels.iter().filter(|labelled| labelled.origin == Origin::LabelTable) {
        let table = outline.element(outline.lines[labelled.line as usize].element).table;
        match counts.last_mut() {
            Some((last, count)) if *last == table => *count += 1,
            _ => counts.push((table, 1)),
        }
    }
    let whole = counts.into_iter().filter(|(table, count)| *count >= 3 && *table != NONE && *table > container);
    whole.map(|(table, _)| outline.lines_of(table)).filter(|lines| outline.characters(lines.clone()) < 1200).collect()
}

/// How many lines from the top a page header can reach into a container.
const HEAD_LINES: usize = 14;

/// Cuts the page header (title, date, source, buttons) where the container begins with one.
fn without_head(outline: &Outline<'_>, lines: Vec<LineId>, title: &str) -> Vec<LineId> {
    let bare_title = words::bare(title);
    let mut cut = 0;
    let mut characters = 0;
    for (at, id) in lines.iter().take(HEAD_LINES).enumerate() {
        let line = outline.line(*id);
        if is_header_line(line) || words::is_tool_line(line) || (at < 3 && is_day_line(line)) {
            cut = at + 1;
        } else if characters > 300 || line.ends_with(['。', '：', '，']) || line.starts_with("一、") {
            // A sentence, a salutation or a heading is text: buttons behind it belong to the foot of the page.
            break;
        }
        characters += line.chars().count();
    }
    // A heading element that repeats the title belongs to the page; a paragraph that does belongs to the document.
    let mut said = String::new();
    for (at, id) in lines.iter().enumerate().skip(cut).take(5) {
        let element = outline.lines[*id as usize].element;
        let is_heading = outline.ancestors(element).take(2).any(|id| {
            let found = outline.element(id);
            found.tag == Tag::Heading || is_title_name(found.class) || is_title_name(found.id)
        });
        said.push_str(&words::bare(outline.line(*id)));
        if !is_heading || said.is_empty() || !bare_title.starts_with(&said) {
            break;
        }
        if said == bare_title {
            cut = at + 1;
            break;
        }
    }
    lines[cut..].to_vec()
}

/// Whether an id or class names a title.
pub(crate) fn is_title_name(name: &str) -> bool {
    // Looked at for every element of a page: no copy before the first letters fit.
    if !name.as_bytes().windows(3).any(|part| part.eq_ignore_ascii_case(b"tit") || part.eq_ignore_ascii_case(b"bia")) {
        return false;
    }
    let name = name.to_ascii_lowercase();
    name.contains("title") || name.contains("-tit") || name.contains("_tit") || name.starts_with("tit") || name.contains("biaoti")
}

/// Whether a line gives date and source of a page rather than text.
pub(crate) fn is_header_line(line: &str) -> bool {
    const MARKS: &[&str] = &[
        "发布时间",
        "发布日期",
        "信息来源",
        "文章来源",
        "稿件来源",
        "来源：",
        "来源:",
        "浏览次数",
        "浏览量",
        "阅读次数",
        "点击数",
        "访问量",
        "字号：",
        "字体：",
        "【字体",
        "【字号",
        "发表时间",
        "文章日期",
    ];
    let count = line.chars().count();
    count <= 120
        && MARKS.iter().any(|mark| line.find(mark).is_some_and(|at| line[..at].chars().count() <= 40 && is_label_at(line, at)))
        && !line.contains('。')
        && (count <= 40
            || model::date::parse_date(line).is_some()
            || words::is_tool_line(line)
            || line.contains("字号")
            || line.contains("字体")
            || line.contains("浏览"))
}

/// Whether what stands at a place of a line begins a label there: `资金来源：` holds no 来源, `10:11来源：` does.
fn is_label_at(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    before.is_none_or(|character| !words::is_letter(character) || character.is_ascii_digit() || character == '日')
        || model::date::parse_date(line).is_some()
}

/// Whether a line is the day of a page with what stands beside it: `2024-05-06 10:11 示例日报 点击：45`, `日期：2024-05-06`.
fn is_day_line(line: &str) -> bool {
    let line = line.trim_start_matches(['日', '期', '时', '间', '：', ':', ' ', '[', '【', '(', '（']);
    let count = line.chars().count();
    (8..=80).contains(&count)
        && !line.contains(['。', '，', '；'])
        && model::date::find_moment(line).is_some_and(|(_, start, end)| {
            let has_more =
                ["来源", "作者", "点击", "浏览", "阅读", "访问", "字号", "字体"].iter().any(|mark| line.contains(mark));
            start == 0 && (has_more || end + 2 >= count)
        })
}

/// Cuts what follows the document: buttons, editors, neighbours, related pages.
fn without_tail(outline: &Outline<'_>, mut lines: Vec<LineId>) -> Vec<LineId> {
    let plain = |id: &LineId| outline.lines[*id as usize].characters - outline.lines[*id as usize].link_characters;
    // From a heading of related pages on, if hardly any text but links follows.
    let third = lines.len() / 3;
    if let Some(at) = (third.max(1)..lines.len()).find(|at| {
        let line = outline.line(lines[*at]);
        words::is_tail_line(line) && {
            let behind: u32 = lines[at + 1..].iter().map(plain).sum();
            let linked: u32 = lines[*at..].iter().map(|id| outline.lines[*id as usize].link_characters).sum();
            // Without a link among them these words are the document's: who to ask, who signed.
            behind < 120 && (linked > 0 || behind == 0 || !words::may_be_text(line))
        }
    }) {
        lines.truncate(at);
    }
    while let Some(last) = lines.last() {
        let line = outline.line(*last);
        let source_line = is_header_line(line) && line.chars().count() <= 40;
        // Links to pages behind the end lead to what is related; links to files are the document's own.
        let leads_away = leads_away(outline, *last);
        let only = ["政策解读", "政策文件", "相关解读", "解读", "原文", "政策原文", "图解"].contains(&words::bare(line).as_str());
        if lines.len() == 1 || !(words::is_tool_line(line) || words::is_tail_line(line) || source_line || leads_away || only) {
            break;
        }
        lines.pop();
    }
    lines
}

/// Whether a line is mostly a link to another page.
fn leads_away(outline: &Outline<'_>, id: LineId) -> bool {
    let line = &outline.lines[id as usize];
    if line.link_characters * 10 < line.characters * 6 {
        return false;
    }
    let mut links = outline.links.iter().filter(|link| link.line == id).peekable();
    links.peek().is_some() && links.all(|link| !attachments::is_file(link.href) && !is_bare_address(&link.text))
}

/// A URL written out is text.
fn is_bare_address(text: &str) -> bool {
    text.starts_with("http") || text.starts_with("www.") || text.contains('@')
}
