//! Lines of a body become blocks with heading levels, and its tables become tables.

use std::collections::HashMap;

use model::{Block, Table};

use crate::outline::{ElementId, LineId, NONE, Outline, Tag};
use crate::words;

/// Columns a spanned cell may fill at most.
const MOST_COLUMNS: usize = 100;
/// Cells of one row that spans may fill.
const MOST_ROW_CELLS: usize = 500;
/// Cells kept of one page; spans of hostile tables stop being repeated there.
const MOST_CELLS: usize = 400_000;
/// Characters that repeated cells may add to a page.
const MOST_REPEATED_BYTES: usize = 2_000_000;

/// Blocks, tables and the text they make.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) text: String,
    pub(crate) blocks: Vec<Block>,
    pub(crate) tables: Vec<Table>,
}

/// Builds the content from the body's own lines.
pub(crate) fn build(outline: &Outline<'_>, lines: &[LineId], container: ElementId) -> Content {
    let mut builder = Builder { outline, content: Content::default(), judged: HashMap::new(), cells: 0, repeated: 0 };
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let table = builder.data_table_of(line, container);
        if table == NONE {
            builder.paragraph(outline.line(line));
            at += 1;
            continue;
        }
        let end = outline.element(table).end_line;
        let own = at + lines[at..].iter().take_while(|line| **line < end).count();
        builder.table(table, &lines[at..own]);
        at = own.max(at + 1);
    }
    builder.content.text = join(&builder.content.blocks);
    builder.content
}

/// The text of blocks, one a line.
pub(crate) fn join(blocks: &[Block]) -> String {
    let mut text = String::with_capacity(blocks.iter().map(|block| block.text.len() + 1).sum());
    for (at, block) in blocks.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(&block.text);
    }
    text
}

struct Builder<'o, 'a> {
    outline: &'o Outline<'a>,
    content: Content,
    /// Whether a table holds data rather than layout.
    judged: HashMap<ElementId, bool>,
    cells: usize,
    repeated: usize,
}

/// A cell with its spans.
struct Cell {
    element: ElementId,
    columns: usize,
    rows: usize,
}

impl Builder<'_, '_> {
    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            self.content.blocks.push(Block { text: text.to_owned(), level: level(text), ..Block::default() });
        }
    }

    /// The outermost data table inside the container that holds a line.
    fn data_table_of(&mut self, line: LineId, container: ElementId) -> ElementId {
        let element = self.outline.lines[line as usize].element;
        let found = self.outline.element(element);
        let mut table = if found.tag == Tag::Table { element } else { found.table };
        let mut outermost = NONE;
        while table != NONE && table > container {
            if self.is_data(table) {
                outermost = table;
            }
            table = self.outline.element(table).table;
        }
        outermost
    }

    fn is_data(&mut self, table: ElementId) -> bool {
        if let Some(judged) = self.judged.get(&table) {
            return *judged;
        }
        let judged = self.judge(table);
        self.judged.insert(table, judged);
        judged
    }

    /// A table of data has several cells in a row, no table inside and no cell that holds nearly everything.
    fn judge(&self, table: ElementId) -> bool {
        let outline = self.outline;
        let range = outline.lines_of(table);
        let total = outline.characters(range);
        let (mut rows, mut most_cells) = (0, 0);
        let mut cells_in_row = 0;
        for id in table + 1..outline.element(table).after {
            let element = outline.element(id);
            match element.tag {
                Tag::Table if outline.characters(outline.lines_of(id)) > 0 => return false,
                Tag::Row if element.table == table => {
                    rows += 1;
                    cells_in_row = 0;
                }
                Tag::Cell if element.table == table => {
                    cells_in_row += 1;
                    most_cells = most_cells.max(cells_in_row);
                    let own = outline.characters(outline.lines_of(id));
                    if own > 300 && own * 10 > total * 7 {
                        return false;
                    }
                }
                _ => {}
            }
        }
        rows > 0 && most_cells > 1
    }

    fn table(&mut self, table: ElementId, lines: &[LineId]) {
        let index = self.content.tables.len();
        let mut grid = Table::default();
        // Cells that reach down from rows above: column → (rows left, text).
        let mut hanging: Vec<Option<(usize, String)>> = Vec::new();
        let mut shown = lines.iter().copied().peekable();
        for row in self.rows(table) {
            let mut cells = Vec::new();
            let mut texts = Vec::new();
            for cell in row {
                let range = self.outline.lines_of(cell.element);
                while shown.peek().is_some_and(|line| *line < range.start) {
                    // A caption or stray line between cells.
                    if let Some(line) = shown.next() {
                        self.paragraph(self.outline.line(line));
                    }
                }
                let mut parts = Vec::new();
                while shown.peek().is_some_and(|line| *line < range.end) {
                    parts.extend(shown.next().map(|line| self.outline.line(line)));
                }
                let text = parts.join(" ");
                if !text.is_empty() {
                    texts.push(text.clone());
                }
                cells.push((cell, text));
            }
            let filled = self.fill_row(cells, &mut hanging);
            if texts.is_empty() {
                continue;
            }
            grid.rows.push(filled);
            let text = texts.join("\t");
            self.content.blocks.push(Block { text, table: Some(index), ..Block::default() });
        }
        if grid.rows.is_empty() {
            for line in lines {
                self.paragraph(self.outline.line(*line));
            }
            return;
        }
        for line in shown {
            self.paragraph(self.outline.line(line));
        }
        self.content.tables.push(grid);
    }

    /// The rows of a table with their cells, nested tables left out.
    fn rows(&self, table: ElementId) -> Vec<Vec<Cell>> {
        let outline = self.outline;
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        for id in table + 1..outline.element(table).after {
            let element = outline.element(id);
            if element.table != table {
                continue;
            }
            match element.tag {
                Tag::Row => rows.push(Vec::new()),
                Tag::Cell => {
                    let span = |name: &str, most: usize| {
                        let digits: String = element
                            .node
                            .value()
                            .attr(name)
                            .unwrap_or("1")
                            .trim()
                            .chars()
                            .take_while(char::is_ascii_digit)
                            .collect();
                        digits.parse::<usize>().unwrap_or(1).clamp(1, most)
                    };
                    let cell = Cell { element: id, columns: span("colspan", MOST_COLUMNS), rows: span("rowspan", 5_000) };
                    match rows.last_mut() {
                        Some(row) => row.push(cell),
                        None => rows.push(vec![cell]),
                    }
                }
                _ => {}
            }
        }
        rows
    }

    /// Puts cells into their columns, repeats spanned ones and those hanging down from above.
    fn fill_row(&mut self, cells: Vec<(Cell, String)>, hanging: &mut Vec<Option<(usize, String)>>) -> Vec<String> {
        if self.cells > MOST_CELLS {
            hanging.clear();
        }
        let mut row: Vec<String> = Vec::new();
        for (cell, text) in cells {
            self.hang_down(&mut row, hanging);
            let full = self.cells > MOST_CELLS || row.len() >= MOST_ROW_CELLS;
            let (columns, rows) = if full { (1, 1) } else { (cell.columns, cell.rows) };
            for copy in 0..columns {
                let column = row.len();
                if copy > 0 && matches!(hanging.get(column), Some(Some(_))) {
                    break;
                }
                if rows > 1 {
                    if hanging.len() <= column {
                        hanging.resize(column + 1, None);
                    }
                    hanging[column] = Some((rows - 1, text.clone()));
                }
                let value = if copy == 0 { text.clone() } else { self.repeat(&text) };
                row.push(value);
            }
            self.cells += columns;
        }
        // Columns behind the last own cell into which something still hangs down; what lies between is empty.
        let end = hanging.iter().rposition(Option::is_some).map_or(0, |last| last + 1).min(MOST_ROW_CELLS);
        while row.len() < end {
            self.hang_down(&mut row, hanging);
            if row.len() < end {
                row.push(String::new());
            }
        }
        row
    }

    /// Fills the next columns with cells from above while there are any.
    fn hang_down(&mut self, row: &mut Vec<String>, hanging: &mut [Option<(usize, String)>]) {
        while row.len() < MOST_ROW_CELLS
            && let Some(Some((left, text))) = hanging.get_mut(row.len())
        {
            *left -= 1;
            let done = *left == 0;
            let repeated = self.repeat(text);
            if done {
                hanging[row.len()] = None;
            }
            row.push(repeated);
        }
    }

    /// A copy of a spanned cell's text, or nothing once a page has had its share of copies.
    fn repeat(&mut self, text: &str) -> String {
        self.repeated += text.len();
        self.cells += 1;
        if self.repeated > MOST_REPEATED_BYTES || self.cells > MOST_CELLS { String::new() } else { text.to_owned() }
    }
}

/// Depth of the heading a block begins with; 0 for a paragraph.
///
/// `第一章` and `一、` are 1, `第一节` and `（一）` 2, `1.` 3, `（1）` 4. `第一条` is a paragraph.
pub(crate) fn level(text: &str) -> u8 {
    let start: Vec<char> = text.chars().filter(|character| *character != ' ').take(10).map(model::text::fold_char).collect();
    let numeral = |from: usize| start.iter().skip(from).take_while(|character| is_numeral(**character)).count();
    let digits = |from: usize| start.iter().skip(from).take_while(|character| character.is_ascii_digit()).count();
    match start.first() {
        Some('第') => {
            let length = numeral(1).max(digits(1));
            match start.get(1 + length) {
                Some('章' | '编') if length > 0 => 1,
                Some('节') if length > 0 => 2,
                _ => 0,
            }
        }
        Some('(') => {
            let (wide, narrow) = (numeral(1), digits(1));
            if wide > 0 && start.get(1 + wide) == Some(&')') {
                2
            } else if (1..=3).contains(&narrow) && start.get(1 + narrow) == Some(&')') {
                4
            } else {
                0
            }
        }
        Some(first) if is_numeral(*first) => u8::from(start.get(numeral(0)) == Some(&'、')),
        Some(first) if first.is_ascii_digit() => {
            let length = digits(0);
            let mark = start.get(length);
            let followed_by_digit = start.get(length + 1).is_some_and(char::is_ascii_digit);
            let counts = length <= 3 && matches!(mark, Some('.' | '、')) && !(mark == Some(&'.') && followed_by_digit);
            if counts || (length <= 3 && mark == Some(&'\u{ff0e}')) { 3 } else { 0 }
        }
        Some(first) if words::is_wide(*first) => 0,
        _ => 0,
    }
}

fn is_numeral(character: char) -> bool {
    "〇零一二三四五六七八九十百".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use crate::rules::Index;

    fn content(html: &str) -> Content {
        let parsed = parse::parse(html);
        let outline = Outline::new(&parsed.html, &Index::default(), None);
        let lines: Vec<LineId> = (0..outline.lines.len() as LineId).collect();
        build(&outline, &lines, 0)
    }

    #[test]
    fn headings_have_the_depth_of_their_numbering() {
        for (text, expected) in [
            ("第一章 总则", 1),
            ("第十二节 附则", 2),
            ("第三条 本办法", 0),
            ("一、总体要求", 1),
            ("十二、附则", 1),
            ("（一）加大投入", 2),
            ("(三) 加大", 2),
            ("1.加强领导", 3),
            ("１．加强领导", 3),
            ("2、加强领导", 3),
            ("1.5倍以上", 0),
            ("（1）材料", 4),
            ("2024年工作", 0),
            ("一般规定", 0),
            ("", 0),
        ] {
            assert_eq!(level(text), expected, "{text}");
        }
    }

    #[test]
    fn spanned_cells_are_repeated_in_the_table_and_written_once_in_the_text() {
        let content = content(
            "<p>前</p><table><tr><th rowspan=2>类别</th><th colspan=2>标准</th></tr><tr><td>甲</td><td>乙</td></tr></table><p>后</p>",
        );
        assert_eq!(content.tables[0].rows, [["类别", "标准", "标准"], ["类别", "甲", "乙"]]);
        assert_eq!(content.text, "前\n类别\t标准\n甲\t乙\n后");
        assert_eq!(content.blocks[1].table, Some(0));
    }

    #[test]
    fn a_layout_table_is_no_table() {
        let long = "为规范行为，制定本办法。".repeat(60);
        let content = content(&format!("<table><tr><td>标题</td></tr><tr><td><p>{long}</p><p>第二段</p></td></tr></table>"));
        assert!(content.tables.is_empty());
        assert_eq!(content.blocks.len(), 3);
    }

    #[test]
    fn hostile_spans_stay_small() {
        let row = "<tr><td rowspan=9999 colspan=9999>x</td><td>y</td></tr>".repeat(2000);
        let content = content(&format!("<table>{row}</table>"));
        assert!(content.tables[0].rows.iter().map(Vec::len).sum::<usize>() < 2_000_000);
    }
}
