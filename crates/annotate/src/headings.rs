//! Headings: which lines head others, what each line is about, and what list headers say of their items.
//!
//! A stack of headers stands open while lines are read in order. An entry goes on with the list whose number it
//! continues, whatever lists were begun inside; a first entry begins a list under the header above it.

use crate::lexicon::Hits;
use crate::markers::{Marker, Style};
use crate::openings::{self, Class, Opening};
use crate::outline::Line;
use crate::rules::{CueKind, Section, SectionFile};

/// A heading is at most this long, in characters.
const MOST_HEADING_CHARACTERS: usize = 36;
/// An unnumbered heading is at most this long, in characters.
const MOST_PLAIN_HEADING: usize = 16;
/// A label before a colon is at most this long, in characters.
const MOST_LABEL_CHARACTERS: usize = 14;
/// Deeper lists are read as running text.
const MOST_DEPTH: usize = 12;
/// Endings of titles, which head no section.
const TITLES: [&str; 12] = ["办法", "措施", "通知", "方案", "细则", "意见", "公告", "规定", "指南", "计划", "规划", "政策"];

/// The last entry of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Items {
    Marked(Style, u32),
    Labels,
    Paragraphs,
}

/// A header whose entries are still coming.
#[derive(Debug, Clone, Copy, Default)]
struct Frame {
    line: Option<usize>,
    rank: u8,
    /// What its entries take from it.
    inner: Taken,
    /// What further paragraphs of its own take.
    own: Taken,
    opening: Option<Opening>,
    /// Entries of any form may follow it: a heading or a label.
    heads: bool,
    /// An unnumbered paragraph that introduces a list.
    loose: bool,
    numbered: bool,
    /// The rule that told its class.
    rule: Option<u16>,
    items: Option<Items>,
}

/// What a line takes from the header above it.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    section: Section,
    refused: bool,
    any: Option<usize>,
    list: Option<usize>,
}

/// What a line is by itself.
struct Own {
    heading: bool,
    labelled: bool,
    class: Option<Class>,
}

/// Gives each line its section, its header and what headers say of it.
pub(crate) fn classify(lines: &mut [Line], text: &str, hits: &Hits, sections: &SectionFile) {
    let mut reader = Reader { text, hits, sections, stack: vec![Frame::default()] };
    for index in 0..lines.len() {
        let next = lines.get(index + 1).copied();
        let own = reader.own(&lines[index], next.as_ref(), index);
        let taken = reader.place(&lines[index], index, &own, lines);
        reader.take(lines, index, own, taken);
    }
}

struct Reader<'t> {
    text: &'t str,
    hits: &'t Hits,
    sections: &'t SectionFile,
    stack: Vec<Frame>,
}

impl Reader<'_> {
    fn top(&self) -> Frame {
        self.stack.last().copied().unwrap_or_default()
    }

    /// What a line is by its own words.
    fn own(&self, line: &Line, next: Option<&Line>, index: usize) -> Own {
        let body = &self.text[line.body..line.end];
        let followed = next.is_some_and(|next| next.level == 0 || next.level > line.level);
        let class_of = |end: usize| openings::of_heading(self.text, self.hits, line.body, end, self.sections);
        // A short sentence that only deeper entries follow heads them.
        let deeper = next.is_some_and(|next| line.level > 0 && next.level > line.level);
        let named = if deeper { body.trim_end().trim_end_matches('。') } else { body };
        let shaped = next.is_some() && is_heading(named, line.level);
        let whole = if shaped { class_of(line.end) } else { None };
        let title = line.level == 0
            && (index < 2 || body.chars().count() > 6)
            && TITLES.iter().any(|kind| body.trim_end().ends_with(kind));
        let heading = shaped
            && !title
            && (followed || line.level == 0 || whole.is_some_and(|class| !class.weak && class.section != Section::Support));
        if heading {
            // 采取以下方式之一: an introduction, whatever words it ends with.
            let introduces = self.hits.cue(CueKind::Listing, line.body, line.end).is_some();
            return Own { heading, labelled: false, class: whole.filter(|class| !introduces || !class.weak && line.level > 0) };
        }
        let label = label_of(body).filter(|label| line.level > 0 || !label.starts_with('各') && !label.contains("下"));
        let class = label
            .and_then(|label| class_of(line.body + label.len()))
            .filter(|class| line.level > 0 || !class.weak || label.is_some_and(|label| label.chars().count() <= 4));
        Own { heading: shaped && !title && whole.is_none() && line.level == 0, labelled: class.is_some(), class }
    }

    /// Finds the header of a line, closing the lists it does not belong to.
    fn place(&mut self, line: &Line, index: usize, own: &Own, lines: &[Line]) -> Taken {
        match line.mark {
            Some(mark) => {
                self.place_entry(mark, index);
                self.top().inner
            }
            None if own.class.is_some() => {
                self.place_label(own.class.map(|class| class.rule));
                self.top().inner
            }
            None => self.place_paragraph(line, index, own, lines),
        }
    }

    fn place_entry(&mut self, mark: Marker, index: usize) {
        let goes_on = |frame: &Frame| match frame.items {
            Some(Items::Marked(style, last)) if style == mark.style => {
                style.is_uncounted() && mark.style != Style::Piece || (last + 1..=last + 2).contains(&mark.ordinal)
            }
            _ => false,
        };
        if mark.style == Style::Annex {
            self.stack.truncate(1);
        } else if let Some(at) = self.stack.iter().rposition(goes_on) {
            self.stack.truncate(at + 1);
        } else {
            let rank = mark.style.rank();
            let starts = mark.ordinal == 1 || mark.style.is_uncounted();
            // Articles are counted through the whole text, whatever headings stand between them.
            let first = starts || mark.style == Style::Article;
            let fresh = |frame: &Frame| {
                first && frame.line.is_some_and(|line| line + 1 == index) && (frame.heads || frame.opening.is_some())
            };
            // An unnumbered header ends where an entry of an outer form follows its entries.
            let outer =
                |frame: &Frame| matches!(frame.items, Some(Items::Marked(style, _)) if style.rank() > rank) && !frame.numbered;
            // 二、 below an unnumbered heading without entries stands beside it.
            let beside = |frame: &Frame| !frame.numbered && frame.items.is_none() && !starts && frame.opening.is_none();
            let closes = |top: &Frame| (top.rank >= rank || outer(top) || beside(top)) && !fresh(top);
            while self.stack.len() > 1 && self.stack.last().is_some_and(closes) {
                self.stack.pop();
            }
        }
        if let Some(top) = self.stack.last_mut() {
            top.items = Some(Items::Marked(mark.style, mark.ordinal));
        }
    }

    /// An unnumbered heading or label: beside the label before it unless it is about the same, else under the nearest heading.
    fn place_label(&mut self, rule: Option<u16>) {
        let labels = self.stack.iter().rposition(|frame| frame.items == Some(Items::Labels));
        let inside = labels.and_then(|at| self.stack.get(at + 1)).is_some_and(|label| label.rule == rule);
        match labels {
            Some(_) if inside => {
                while self.stack.last().is_some_and(|top| !top.heads && !top.numbered) {
                    self.stack.pop();
                }
                return;
            }
            Some(at) => self.stack.truncate(at + 1),
            None => {
                while self.stack.len() > 1
                    && self.stack.last().is_some_and(|top| !top.heads || top.items.is_some() && top.rank == 0)
                {
                    self.stack.pop();
                }
            }
        }
        if let Some(top) = self.stack.last_mut() {
            top.items = Some(Items::Labels);
        }
    }

    /// A paragraph: an item of a list without numbers, the end of a list, or more of the entry above it.
    fn place_paragraph(&mut self, line: &Line, index: usize, own: &Own, lines: &[Line]) -> Taken {
        let ends_item = |line: &Line| self.text[line.start..line.end].trim_end().ends_with([';', '；']);
        let listed = ends_item(line) || index.checked_sub(1).and_then(|before| lines.get(before)).is_some_and(ends_item);
        let top = self.top();
        let unnumbered = matches!(top.items, None | Some(Items::Paragraphs | Items::Marked(Style::Piece, _)));
        if top.opening.is_some() && listed && unnumbered {
            if let Some(top) = self.stack.last_mut() {
                top.items = Some(Items::Paragraphs);
            }
            return top.inner;
        }
        // An unnumbered heading about nothing known ends what stands before it, unless that may set conditions.
        if own.heading
            && top.line.is_some()
            && !top.numbered
            && !matches!(top.own.section, Section::Conditions | Section::Support | Section::Exclusions)
        {
            self.stack.truncate(1);
        }
        // A paragraph ends the list before it, not the section.
        while self.stack.last().is_some_and(|top| top.loose) {
            self.stack.pop();
        }
        self.top().own
    }

    /// Writes what a line takes and opens a frame for the lines below it.
    fn take(&mut self, lines: &mut [Line], index: usize, own: Own, taken: Taken) {
        let next = lines.get(index + 1).copied();
        let line = &mut lines[index];
        let opening = self.opening(line, next.as_ref());
        let introduced = opening.and_then(|(_, class)| class);
        let class = own.class.filter(|class| counts(*class, taken.section, introduced.is_some(), own.heading));
        line.heading = own.heading;
        line.section = class.map(|class| class.section).or(introduced).unwrap_or(taken.section);
        line.rule = class.map(|class| class.rule);
        line.refused = taken.refused || own.labelled && line.section == Section::Exclusions && class.is_some();
        (line.any, line.list, line.parent) = (taken.any, taken.list, self.top().line);
        let piece = line.mark.is_some_and(|mark| mark.style == Style::Piece);
        let heads_nothing = (line.level == 0 || piece) && class.is_none() && opening.is_none();
        if !heads_nothing && self.stack.len() < MOST_DEPTH {
            let frame = self.frame(line, index, opening.map(|(opening, _)| opening), taken);
            self.stack.push(frame);
        }
    }

    /// The frame of a line for the lines below it.
    fn frame(&self, line: &Line, index: usize, opening: Option<Opening>, taken: Taken) -> Frame {
        let section = line.section;
        let opening = opening.map(|opening| Opening { refused: opening.refused && section != Section::Supervision, ..opening });
        let opens = opening.is_some();
        let excluded = taken.refused || line.rule.is_some() && section == Section::Exclusions;
        let inner = Taken {
            section,
            refused: excluded || opening.is_some_and(|opening| opening.refused),
            any: if opening.is_some_and(|opening| opening.any) { Some(index) } else { taken.any.filter(|_| !opens) },
            list: if opens { Some(index) } else { taken.list },
        };
        let loose = opens && line.level == 0 && line.rule.is_none();
        let own = Taken { section: if loose { taken.section } else { section }, refused: excluded, ..taken };
        Frame {
            line: Some(index),
            rank: if line.level > 0 { line.level } else { self.top().rank },
            inner,
            own,
            opening,
            heads: line.heading || line.rule.is_some(),
            loose,
            numbered: line.level > 0,
            rule: line.rule,
            items: None,
        }
    }

    /// What a line says of the lines below it, with their class.
    fn opening(&self, line: &Line, next: Option<&Line>) -> Option<(Opening, Option<Section>)> {
        let next = next?;
        let body = self.text[line.body..line.end].trim_end();
        let colon = body.ends_with(':');
        let inside = next.mark.is_some_and(|mark| mark.style == Style::Piece && mark.ordinal == 1);
        let deeper = inside || next.level > line.level || next.mark.is_some_and(|mark| mark.ordinal == 1 && colon);
        if !(deeper || colon && next.level == 0) {
            return None;
        }
        // Only the last sentence of a paragraph introduces what follows it.
        let sentence = body.trim_end_matches([':', '。', ';']);
        let start = sentence.rfind(['。', ';']).map_or(0, |at| at + sentence[at..].chars().next().map_or(1, char::len_utf8));
        let (start, end) = (line.body + start, line.body + sentence.len());
        let list = openings::of_list(self.text, self.hits, start, end);
        // 申报单位应具备: is told by its colon.
        let marked = if self.text[end..].starts_with(':') { end + 1 } else { end };
        let class = openings::class_of(self.text, self.hits, start, marked, self.sections);
        // 现将有关事项通知如下: the whole document, no list.
        let whole = line.level == 0 && next.level > 0 && !inside && class.is_none();
        if list.is_none() && (!colon || whole) {
            return None;
        }
        Some((list.unwrap_or_default(), class))
    }
}

/// Whether the class of a line's own words counts below a header: weak words give way to what the header or a list said.
fn counts(class: Class, around: Section, introduced: bool, heading: bool) -> bool {
    let open = matches!(around, Section::Other | Section::Tasks);
    let supports = class.section == Section::Support && matches!(around, Section::Division | Section::Target);
    (!class.weak || !introduced && (open || supports)) && !(introduced && heading)
}

fn is_heading(body: &str, level: u8) -> bool {
    let trimmed = body.trim_end();
    let most = if level > 0 { MOST_HEADING_CHARACTERS } else { MOST_PLAIN_HEADING };
    !trimmed.is_empty()
        && trimmed.chars().nth(most).is_none()
        && !trimmed.ends_with(['。', ';', ',', '、', '；', '的'])
        && !trimmed.chars().any(|character| character.is_ascii_digit() || matches!(character, '%' | '|'))
        && (level > 0 || !trimmed.contains([',', '。']))
        && !trimmed.trim_end_matches(':').contains(':')
}

/// `申报条件` in `申报条件:企业须…`, `申报条件。企业须…`, `【申报条件】企业须…` or `(申报条件)企业须…`.
fn label_of(body: &str) -> Option<&str> {
    if let Some((open, close)) = [('【', '】'), ('(', ')'), ('[', ']')].into_iter().find(|(open, _)| body.starts_with(*open)) {
        let end = body.char_indices().take(MOST_LABEL_CHARACTERS + 2).find(|(_, character)| *character == close)?.0;
        return (end > open.len_utf8()).then(|| &body[..end + close.len_utf8()]);
    }
    let end =
        body.char_indices().take(MOST_LABEL_CHARACTERS + 1).find(|(_, character)| matches!(character, ':' | '。' | '.' | '|'))?.0;
    // A short sentence that is the whole entry is no label.
    let goes_on = body[end..].starts_with([':', '|']) || body[end..].chars().nth(1).is_some();
    (end > 0 && goes_on && !body[..end].contains([',', ';', '(', '%'])).then(|| &body[..end])
}

/// Whether a line starts with a label, for joining wrapped lines.
pub(crate) fn starts_with_label(line: &str) -> bool {
    line.starts_with('【') || label_of(line).is_some_and(|label| line[label.len()..].starts_with(':'))
}
