//! Paragraphs and tables of a file become blocks, within the budget of characters.

use model::{Block, FileState, FileText, Issue, Table};

use super::packed::Budget;
use crate::blocks;

/// Columns a spanned cell may fill, and rows it may reach down.
const MOST_SPAN: usize = 200;

/// Collects what was read of one file.
pub(super) struct Writer<'b, 'l> {
    budget: &'b mut Budget<'l>,
    text: FileText,
    is_full: bool,
}

/// One cell with its spans.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl<'b, 'l> Writer<'b, 'l> {
    pub(super) fn new(budget: &'b mut Budget<'l>) -> Self {
        Self { budget, text: FileText::default(), is_full: false }
    }

    /// Whether nothing more is taken: time is up or there is enough text.
    pub(super) fn is_done(&self) -> bool {
        self.is_full || self.budget.limits.is_stopped()
    }

    pub(super) fn issue(&mut self, code: &str, detail: impl Into<String>) {
        self.text.issues.push(Issue::new(code, detail));
    }

    /// A paragraph; line breaks within it become spaces.
    pub(super) fn paragraph(&mut self, text: &str) {
        let text = clean(text);
        if !text.is_empty() {
            let level = blocks::level(&text);
            self.push(Block { text, level, ..Block::default() });
        }
    }

    /// A paragraph laid out on a page: three cells or more stay apart, two are a line with a gap in it.
    pub(super) fn laid_out(&mut self, text: &str) {
        if text.matches('\t').count() < 2 {
            return self.paragraph(text);
        }
        let cells: Vec<String> = text.split('\t').map(clean).filter(|cell| !cell.is_empty()).collect();
        let text = cells.join("\t");
        let level = blocks::level(&text);
        self.push(Block { text, level, ..Block::default() });
    }

    /// A table: its rows become blocks as well, with each cell's text once.
    pub(super) fn table(&mut self, rows: Vec<Vec<Cell>>) {
        let index = self.text.tables.len();
        let mut grid = Table::default();
        let mut hanging: Vec<Option<(usize, String)>> = Vec::new();
        for row in rows {
            if self.is_done() {
                break;
            }
            let row: Vec<Cell> = row.into_iter().map(|cell| Cell { text: clean(&cell.text), ..cell }).collect();
            let own: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).filter(|text| !text.is_empty()).collect();
            let text = own.join("\t");
            let filled = self.fill(&row, &mut hanging);
            if text.is_empty() {
                continue;
            }
            grid.rows.push(filled);
            self.push(Block { text, table: Some(index), ..Block::default() });
        }
        if !grid.rows.is_empty() {
            self.text.tables.push(grid);
        }
    }

    /// Puts cells into their columns and repeats spanned ones; copies are paid for like text.
    fn fill(&mut self, row: &[Cell], hanging: &mut Vec<Option<(usize, String)>>) -> Vec<String> {
        let mut filled: Vec<String> = Vec::new();
        let hang_down = |filled: &mut Vec<String>, hanging: &mut Vec<Option<(usize, String)>>, budget: &mut Budget<'_>| {
            while let Some(Some((left, text))) = hanging.get_mut(filled.len()) {
                budget.characters = budget.characters.saturating_sub(text.len() / 3);
                let text = text.clone();
                *left -= 1;
                if *left == 0 {
                    hanging[filled.len()] = None;
                }
                filled.push(text);
            }
        };
        for cell in row {
            hang_down(&mut filled, hanging, self.budget);
            for copy in 0..cell.columns.clamp(1, MOST_SPAN) {
                if copy > 0 {
                    self.budget.characters = self.budget.characters.saturating_sub(cell.text.len() / 3);
                }
                if cell.rows > 1 {
                    let column = filled.len();
                    if hanging.len() <= column {
                        hanging.resize(column + 1, None);
                    }
                    hanging[column] = Some((cell.rows.min(MOST_SPAN) - 1, cell.text.clone()));
                }
                filled.push(cell.text.clone());
            }
        }
        hang_down(&mut filled, hanging, self.budget);
        filled
    }

    fn push(&mut self, mut block: Block) {
        if self.is_full {
            return;
        }
        let characters = block.text.chars().count();
        if characters > self.budget.characters {
            block.text = block.text.chars().take(self.budget.characters).collect();
            self.is_full = true;
        }
        self.budget.characters = self.budget.characters.saturating_sub(characters);
        if !block.text.is_empty() {
            self.text.blocks.push(block);
        }
    }

    /// What was read, with the state that follows from it: `limited` keeps its text, no text is `empty`.
    pub(super) fn finish(mut self, pages: u32) -> FileText {
        self.text.pages = pages;
        self.text.state = if self.text.blocks.is_empty() { FileState::Empty } else { FileState::Text };
        if self.is_full {
            self.text.state = FileState::Limited;
            self.issue("too_much_text", format!("text beyond {} characters is left out", self.budget.limits.characters));
        } else if self.budget.limits.is_stopped() {
            self.text.state = FileState::Limited;
            self.issue("reader_timeout", "time was up; what was read before is kept");
        }
        self.text
    }
}

/// One line: every run of blanks and control characters becomes a single space, none at the ends.
pub(super) fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        let blank = character.is_whitespace() || character.is_control();
        // Zero-width marks, soft hyphens and private glyphs (bullets of symbol fonts) say nothing.
        let silent = matches!(character, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{fffc}' | '\u{e000}'..='\u{f8ff}');
        if blank && !cleaned.ends_with(' ') && !cleaned.is_empty() {
            cleaned.push(' ');
        } else if !blank && !silent {
            cleaned.push(character);
        }
    }
    cleaned.truncate(cleaned.trim_end().len());
    cleaned
}
