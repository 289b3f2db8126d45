//! Estimates on which page each heading comes to stand.
//!
//! Only a word processor knows the pages; it renews the contents when the document is opened. Until then, and in programs
//! that never renew fields, the contents show these estimates. They count lines of the fixed grid, rows of tables and
//! footnotes, and follow the same rules on what stays together as the styles in [`super::parts`].

use crate::flow::{Block, Column, Inline};

/// Height of the text on a page: A4 less the margins, in twentieths of a point.
const PAGE: u32 = 12_756;
/// A line of the grid.
const LINE: u32 = 579;
/// Height of a line of a table and of a footnote.
const TABLE_LINE: u32 = 300;
const FOOTNOTE_LINE: u32 = 240;
/// Line above the footnotes.
const SEPARATOR: u32 = 300;
/// Space above and below the text in a cell, with its border.
const CELL_PADDING: u32 = 70;
/// What stands between two tables.
const TABLE_GAP: u32 = 120;
/// Characters on a line of body text (15 points), of a heading (16 points) and of a footnote (9 points).
const BODY_EMS: f32 = 29.4;
const HEADING_EMS: f32 = 27.6;
const FOOTNOTE_EMS: f32 = 48.0;
/// Width of a character of a table (10.5 points).
const TABLE_EM: f32 = 210.0;

/// The page of each block, from 1.
pub(crate) fn pages(blocks: &[Block]) -> Vec<u32> {
    let mut sheet = Sheet { page: 0, used: PAGE, notes: 0 };
    let mut pages = vec![0; blocks.len()];
    // Headings wait for what they must stay with.
    let mut waiting: Vec<usize> = Vec::new();
    let mut height = 0;
    for (index, block) in blocks.iter().enumerate() {
        waiting.push(index);
        match block {
            Block::Chapter { title, .. } => {
                // A chapter opens a page; what waits before it ends the page before.
                sheet.settle(&mut pages, &waiting[..waiting.len() - 1], height, 0);
                waiting = vec![index];
                sheet.new_page();
                height = lines(title, 20.0) * LINE + 400;
            }
            Block::Policy { title, .. } => height += lines(title, HEADING_EMS) * LINE + 640,
            Block::Section(_) => height += LINE + 260,
            Block::Facts(facts) => {
                height += facts.iter().map(|(_, value)| row(&[value.as_slice()], &[83])).sum::<u32>() + TABLE_GAP
            }
            _ => {
                let parts = parts(block);
                let lead = parts.first().map_or(0, Part::lead);
                sheet.settle(&mut pages, &waiting, height, lead);
                for part in parts {
                    sheet.flow(part);
                }
                waiting.clear();
                height = 0;
            }
        }
    }
    sheet.settle(&mut pages, &waiting, height, 0);
    pages
}

/// A paragraph or row: its height, whether pages may divide it, and the height of the footnotes it calls.
#[derive(Clone, Copy)]
struct Part {
    height: u32,
    divisible: bool,
    notes: u32,
}

impl Part {
    /// What of it must follow a heading on the same page: two lines, or all that cannot be divided.
    fn lead(&self) -> u32 {
        let text = if self.divisible { self.height.min(2 * LINE) } else { self.height };
        text + self.notes
    }
}

struct Sheet {
    page: u32,
    used: u32,
    /// Height of the footnotes on the page.
    notes: u32,
}

impl Sheet {
    fn new_page(&mut self) {
        self.page += 1;
        self.used = 0;
        self.notes = 0;
    }

    fn room(&self) -> u32 {
        PAGE.saturating_sub(self.used + self.notes)
    }

    /// Puts what stays together on this page, or on the next where it does not fit with the lead of what follows.
    fn settle(&mut self, pages: &mut [u32], indices: &[usize], height: u32, lead: u32) {
        if height + lead > self.room() && self.used > 0 {
            self.new_page();
        }
        for index in indices {
            pages[*index] = self.page;
        }
        self.used += height;
    }

    fn flow(&mut self, part: Part) {
        let notes = if part.notes > 0 && self.notes == 0 { part.notes + SEPARATOR } else { part.notes };
        if part.divisible {
            let mut left = part.height;
            while left + notes > self.room() && self.used > 0 {
                left = left.saturating_sub(self.room() / LINE * LINE);
                self.new_page();
            }
            self.used += left;
        } else {
            if part.height + notes > self.room() {
                self.new_page();
            }
            self.used += part.height;
        }
        self.notes += notes;
    }
}

fn parts(block: &Block) -> Vec<Part> {
    match block {
        Block::Paragraph(inlines) => {
            vec![Part { height: lines_of(inlines, BODY_EMS, 2.0) * LINE, divisible: true, notes: notes(inlines) }]
        }
        Block::Body(_, text) => {
            vec![Part { height: lines(&format!("　　{text}"), BODY_EMS) * LINE, divisible: true, notes: 0 }]
        }
        Block::Table { columns, rows } => table(columns, rows),
        Block::Index { head, lines: index } => {
            let head = head.iter().map(|_| LINE + 280);
            let line = |line: &crate::flow::IndexLine| 400 * lines(&format!("{}　{}{}", line.key, line.serial, line.title), 34.0);
            head.chain(index.iter().map(line)).map(|height| Part { height, divisible: false, notes: 0 }).collect()
        }
        Block::Chapter { .. } | Block::Policy { .. } | Block::Section(_) | Block::Facts(_) => Vec::new(),
    }
}

fn table(columns: &[Column], rows: &[Vec<Vec<Inline>>]) -> Vec<Part> {
    let shares: Vec<u32> = columns.iter().map(|column| column.share).collect();
    let mut heights = vec![TABLE_LINE + CELL_PADDING];
    heights.extend(rows.iter().map(|cells| row(&cells.iter().map(Vec::as_slice).collect::<Vec<_>>(), &shares)));
    let last = heights.len() - 1;
    heights[last] += TABLE_GAP;
    heights.into_iter().map(|height| Part { height, divisible: false, notes: 0 }).collect()
}

/// The height of a row: that of its tallest cell.
#[expect(clippy::cast_precision_loss, reason = "widths are a few thousand")]
fn row(cells: &[&[Inline]], shares: &[u32]) -> u32 {
    let tallest = cells.iter().zip(shares).map(|(cell, share)| {
        let width = (super::parts::TEXT_WIDTH * share / 100).saturating_sub(200) as f32 / TABLE_EM;
        lines_of(cell, width, 0.0)
    });
    tallest.max().unwrap_or(1) * TABLE_LINE + CELL_PADDING
}

fn notes(inlines: &[Inline]) -> u32 {
    let note = |inline: &Inline| match inline {
        Inline::Source { place, url } => lines(&format!("①原文{place}，{url}"), FOOTNOTE_EMS) * FOOTNOTE_LINE,
        _ => 0,
    };
    inlines.iter().map(note).sum()
}

fn lines_of(inlines: &[Inline], line_ems: f32, indent: f32) -> u32 {
    let mut text = String::new();
    for inline in inlines {
        match inline {
            Inline::Plain(part) | Inline::Strong(part) | Inline::Address(part) => text.push_str(part),
            Inline::Source { .. } => text.push('①'),
        }
    }
    let mut indent = Some(indent);
    text.split('\n').map(|line| count(ems(line) + indent.take().unwrap_or_default(), line_ems)).sum()
}

fn lines(text: &str, line_ems: f32) -> u32 {
    count(ems(text), line_ems)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a text of this width is cut by the limits on pages")]
fn count(ems: f32, line_ems: f32) -> u32 {
    ((ems / line_ems.max(1.0)).ceil() as u32).max(1)
}

/// The width of a text in ideographs, with the quarter blank that is set between ideographs and Latin letters.
fn ems(text: &str) -> f32 {
    let mut width = 0.0;
    let mut narrow_before = None;
    for character in text.chars() {
        let narrow = character.is_ascii() || matches!(character, '–' | '“' | '”');
        width += if narrow { 0.5 } else { 1.0 };
        if narrow_before.is_some_and(|before| before != narrow) && character.is_alphanumeric() {
            width += 0.25;
        }
        narrow_before = Some(narrow);
    }
    width
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter() -> Block {
        Block::Chapter { anchor: String::new(), title: "甲".to_owned() }
    }

    fn paragraph(characters: usize) -> Block {
        Block::Paragraph(vec![Inline::Plain("字".repeat(characters))])
    }

    #[test]
    fn every_chapter_opens_a_page() {
        assert_eq!(pages(&[chapter(), paragraph(10), chapter(), paragraph(10)]), [1, 1, 2, 2]);
    }

    #[test]
    fn a_long_paragraph_fills_pages() {
        // 22 lines of 29 characters a page, two pages and a bit.
        let found = pages(&[chapter(), paragraph(29 * 50), paragraph(5)]);
        assert_eq!(found, [1, 1, 3]);
    }

    #[test]
    fn a_heading_goes_to_the_next_page_with_what_follows() {
        let heading = || Block::Policy { anchor: String::new(), title: "乙".to_owned() };
        // 20 of 22 lines are taken: the heading alone would fit, heading and two lines do not.
        let found = pages(&[chapter(), paragraph(29 * 18), heading(), paragraph(60)]);
        assert_eq!(found[2], 2);
    }

    #[test]
    fn blanks_between_scripts_are_counted() {
        assert!((ems("甲12乙") - 3.5).abs() < 0.001, "{}", ems("甲12乙"));
        assert_eq!(lines("字", 29.0), 1);
        assert_eq!(lines(&"字".repeat(30), 29.0), 2);
    }
}
