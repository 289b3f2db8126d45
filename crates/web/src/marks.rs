//! A policy's text with every span shown: blocks and tables cut into pieces at the edges of the marks.
//!
//! Marks may overlap in any way, HTML elements may not, so the text is cut wherever a mark starts or ends and each piece
//! names all the marks that cover it. A mark whose characters are not its quote is refused: a proof that does not prove
//! is worse than none. Time and memory are bounded by [`MOST_MARKS`] and `MOST_COVERS`, whatever the input.

use std::collections::{BTreeMap, BTreeSet};

use model::{Document, Span};

/// More marks than any text seen has; the rest is listed beside the text but not shown in it.
pub const MOST_MARKS: usize = 3_000;
/// A piece names at most so many of the marks that cover it.
const MOST_COVERS: usize = 8;

/// One proof to be shown in the text.
#[derive(Debug, Clone, Default)]
pub struct Mark {
    /// The id its first piece gets, e.g. `s12`.
    pub anchor: String,
    /// Class of its pieces, e.g. `condition`.
    pub class: &'static str,
    /// What it proves, for the tooltip.
    pub title: String,
    /// Where its entry stands on the page (`i12`), with the number shown; none for marks that are only coloured.
    pub entry: Option<(String, usize)>,
    /// The characters.
    pub span: Span,
}

/// A run of characters covered by the same marks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    /// Ids of the marks that start here.
    pub anchors: Vec<String>,
    /// The characters; empty for a piece that only carries anchors.
    pub text: String,
    /// Classes of the covering marks; empty for plain text.
    pub classes: String,
    /// What the covering marks prove.
    pub title: String,
    /// Anchors of the covering marks.
    pub covers: String,
    /// Entries of the marks that end here, as id and number.
    pub entries: Vec<(String, usize)>,
}

/// One cell of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// Its text.
    pub pieces: Vec<Piece>,
    /// Columns it spans.
    pub columns: usize,
}

/// A part of the shown text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A short heading; `level` 3–6 never skips one.
    Heading {
        /// Level of the HTML heading.
        level: u8,
        /// Its text.
        pieces: Vec<Piece>,
    },
    /// A paragraph; `level` is that of the block.
    Paragraph {
        /// Depth of the block, 0 for running text.
        level: u8,
        /// Its text.
        pieces: Vec<Piece>,
    },
    /// A table.
    Table {
        /// Its rows.
        rows: Vec<Vec<Cell>>,
    },
}

/// A text by characters, so that spans cost no scan.
pub struct Characters<'a> {
    text: &'a str,
    bytes: Vec<usize>,
}

impl<'a> Characters<'a> {
    /// Indexes a text once.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let bytes = text.char_indices().map(|(byte, _)| byte).chain(std::iter::once(text.len())).collect();
        Self { text, bytes }
    }

    /// Number of characters.
    #[must_use]
    pub fn count(&self) -> usize {
        self.bytes.len() - 1
    }

    /// The characters of a span; none where it lies outside or is empty.
    #[must_use]
    pub fn get(&self, span: Span) -> Option<&'a str> {
        if span.is_empty() {
            return None;
        }
        let (start, end) = (self.bytes.get(span.start as usize)?, self.bytes.get(span.end as usize)?);
        self.text.get(*start..*end)
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        &self.text[self.bytes[start]..self.bytes[end.max(start)]]
    }

    /// Whether the span proves the quote: `text[span] == quote`.
    #[must_use]
    pub fn proves(&self, span: Span, quote: &str) -> bool {
        self.get(span) == Some(quote)
    }

    /// The span without blanks and line breaks at its ends, which belong to no visible piece.
    fn trimmed(&self, span: Span) -> Option<(usize, usize)> {
        let text = self.get(span)?;
        let start = span.start as usize + text.chars().take_while(|character| character.is_whitespace()).count();
        let end = span.end as usize - text.chars().rev().take_while(|character| character.is_whitespace()).count();
        (start < end).then_some((start, end))
    }
}

/// The text of a document with its marks. Marks must have been proved with [`Characters::proves`].
#[must_use]
pub fn render(document: &Document, characters: &Characters<'_>, marks: &[Mark]) -> Vec<Part> {
    let blocks = blocks_of(document);
    let mut marked = Marked::new(characters, marks);
    let mut parts = Vec::new();
    let mut heading = 2;
    let mut at = 0;
    while at < blocks.len() {
        let block = &blocks[at];
        if let Some(table) = block.table {
            let rows = blocks[at..].iter().take_while(|row| row.table == Some(table)).count();
            parts.push(Part::Table { rows: marked.table(&blocks[at..at + rows], document, table) });
            at += rows;
            continue;
        }
        at += 1;
        let pieces = marked.pieces(block.start, block.end);
        if pieces.is_empty() {
            continue;
        }
        if block.level > 0 && block.end - block.start <= LONGEST_HEADING {
            heading = (block.level + 2).min(heading + 1).min(6);
            parts.push(Part::Heading { level: heading, pieces });
        } else {
            parts.push(Part::Paragraph { level: block.level, pieces });
        }
    }
    parts.extend(unplaced_tables(document, &blocks));
    parts
}

/// Numbered paragraphs are often called headings; only short ones read as such.
const LONGEST_HEADING: usize = 36;

/// A line of the text and where it stands.
struct Line {
    start: usize,
    end: usize,
    level: u8,
    table: Option<usize>,
}

/// The blocks where they are the text, else its lines: imported texts have no blocks.
fn blocks_of(document: &Document) -> Vec<Line> {
    let agree = document.text.split('\n').eq(document.blocks.iter().map(|block| block.text.as_str()));
    let mut start = 0;
    document
        .text
        .split('\n')
        .enumerate()
        .map(|(index, text)| {
            let block = if agree { document.blocks.get(index) } else { None };
            let end = start + text.chars().count();
            let table = block.and_then(|block| block.table).filter(|table| *table < document.tables.len());
            let line = Line { start, end, level: block.map_or(0, |block| block.level), table };
            start = end + 1;
            line
        })
        .collect()
}

/// Tables no block refers to, as plain tables after the text.
fn unplaced_tables(document: &Document, lines: &[Line]) -> Vec<Part> {
    let placed: BTreeSet<usize> = lines.iter().filter_map(|line| line.table).collect();
    let tables = document.tables.iter().enumerate().filter(|(index, table)| !placed.contains(index) && !table.rows.is_empty());
    tables
        .map(|(_, table)| {
            let row = |cells: &Vec<String>| {
                cells
                    .iter()
                    .map(|cell| Cell { pieces: vec![Piece { text: cell.clone(), ..Piece::default() }], columns: 1 })
                    .collect()
            };
            Part::Table { rows: table.rows.iter().map(row).collect() }
        })
        .collect()
}

/// The text cut at the edges of its marks.
struct Marked<'a> {
    characters: &'a Characters<'a>,
    marks: &'a [Mark],
    /// Every edge of a mark, sorted.
    cuts: Vec<usize>,
    /// For each cut, the marks that cover the characters after it.
    covers: Vec<Vec<usize>>,
    /// Marks by the character they start and end at; taken out once shown.
    starts: BTreeMap<usize, Vec<usize>>,
    ends: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Marked<'a> {
    fn new(characters: &'a Characters<'a>, marks: &'a [Mark]) -> Self {
        let mut starts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut ends: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, mark) in marks.iter().enumerate().take(MOST_MARKS) {
            if let Some((start, end)) = characters.trimmed(mark.span) {
                starts.entry(start).or_default().push(index);
                ends.entry(end).or_default().push(index);
            }
        }
        let cuts: Vec<usize> = starts.keys().chain(ends.keys()).copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut open = BTreeSet::new();
        let mut covers = Vec::with_capacity(cuts.len());
        for cut in &cuts {
            for index in ends.get(cut).into_iter().flatten() {
                open.remove(index);
            }
            open.extend(starts.get(cut).into_iter().flatten().copied());
            covers.push(open.iter().copied().take(MOST_COVERS).collect());
        }
        Self { characters, marks, cuts, covers, starts, ends }
    }

    /// The characters `start..end` as pieces.
    fn pieces(&mut self, start: usize, end: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut at = start;
        let mut next = self.cuts.partition_point(|cut| *cut <= start);
        while at < end {
            let until = self.cuts.get(next).copied().unwrap_or(end).min(end);
            let text = self.characters.slice(at, until);
            let covers: &[usize] = next.checked_sub(1).map_or(&[], |index| &self.covers[index]);
            let mut piece = self.piece(text, covers);
            piece.anchors = self.anchors(start, at);
            piece.entries = self.entries(until);
            pieces.push(piece);
            at = until;
            next += 1;
        }
        pieces.retain(|piece| !piece.text.is_empty() || !piece.anchors.is_empty());
        pieces
    }

    fn piece(&self, text: &str, covers: &[usize]) -> Piece {
        let marks = || covers.iter().map(|index| &self.marks[*index]);
        let classes: BTreeSet<&str> = marks().map(|mark| mark.class).collect();
        Piece {
            text: text.to_owned(),
            classes: classes.into_iter().map(|class| format!("m-{class}")).collect::<Vec<_>>().join(" "),
            title: marks().map(|mark| mark.title.as_str()).collect::<Vec<_>>().join("；"),
            covers: marks().map(|mark| mark.anchor.as_str()).collect::<Vec<_>>().join(" "),
            ..Piece::default()
        }
    }

    /// Ids of the marks that start at `at`, or between two blocks before a block that starts there.
    fn anchors(&mut self, block_start: usize, at: usize) -> Vec<String> {
        let from = if at == block_start { 0 } else { at };
        let places: Vec<usize> = self.starts.range(from..=at).map(|(place, _)| *place).collect();
        let indices: Vec<usize> = places.iter().filter_map(|place| self.starts.remove(place)).flatten().collect();
        indices.into_iter().map(|index| self.marks[index].anchor.clone()).collect()
    }

    fn entries(&mut self, at: usize) -> Vec<(String, usize)> {
        self.ends.remove(&at).into_iter().flatten().filter_map(|index| self.marks[index].entry.clone()).collect()
    }

    /// Rows of one table: each line's text is distributed over the cells it was made of.
    fn table(&mut self, lines: &[Line], document: &Document, table: usize) -> Vec<Vec<Cell>> {
        let rows = &document.tables[table].rows;
        let same = rows.len() == lines.len();
        lines
            .iter()
            .enumerate()
            .map(|(index, line)| match rows.get(index).filter(|_| same) {
                Some(cells) => self.row(line, cells),
                None => vec![Cell { pieces: self.pieces(line.start, line.end), columns: 1 }],
            })
            .collect()
    }

    fn row(&mut self, line: &Line, cells: &[String]) -> Vec<Cell> {
        let mut row: Vec<Cell> = Vec::new();
        let mut at = line.start;
        for (index, cell) in cells.iter().enumerate() {
            let rest = self.characters.slice(at, line.end);
            let found = (!cell.is_empty()).then(|| rest.find(cell.as_str())).flatten();
            match found {
                Some(byte) => {
                    let start = at + rest[..byte].chars().count();
                    let end = start + cell.chars().count();
                    let mut pieces = self.pieces(start, end);
                    if let Some(first) = pieces.first_mut() {
                        // What starts in a separator is shown with the cell that follows it.
                        let stray = self.anchors(start, start);
                        first.anchors.splice(0..0, stray);
                    }
                    row.push(Cell { pieces, columns: 1 });
                    at = end;
                }
                // A spanned cell is repeated in the table but written once in the text.
                None if index > 0 && !cell.is_empty() && cells[index - 1] == *cell => {
                    if let Some(last) = row.last_mut() {
                        last.columns += 1;
                    }
                }
                None => row.push(Cell { pieces: vec![Piece { text: cell.clone(), ..Piece::default() }], columns: 1 }),
            }
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Block, Table};

    fn mark(anchor: &str, class: &'static str, start: u32, end: u32) -> Mark {
        Mark {
            anchor: anchor.to_owned(),
            class,
            title: anchor.to_owned(),
            entry: Some((format!("i{anchor}"), 1)),
            span: Span::new(start, end),
        }
    }

    fn document(text: &str) -> Document {
        Document { text: text.to_owned(), ..Document::default() }
    }

    fn shown(parts: &[Part]) -> String {
        let pieces = |pieces: &[Piece]| {
            pieces
                .iter()
                .map(|piece| {
                    let anchors: String = piece.anchors.iter().map(|anchor| format!("#{anchor} ")).collect();
                    let entries: String = piece.entries.iter().map(|(id, _)| format!("^{id}")).collect();
                    if piece.classes.is_empty() {
                        format!("{anchors}{}", piece.text)
                    } else {
                        format!("[{anchors}{}:{}{entries}]", piece.covers, piece.text)
                    }
                })
                .collect::<String>()
        };
        parts
            .iter()
            .map(|part| match part {
                Part::Heading { level, pieces: text } => format!("h{level} {}", pieces(text)),
                Part::Paragraph { pieces: text, .. } => pieces(text),
                Part::Table { rows } => rows
                    .iter()
                    .map(|row| {
                        row.iter().map(|cell| format!("{}x{}", pieces(&cell.pieces), cell.columns)).collect::<Vec<_>>().join("|")
                    })
                    .collect::<Vec<_>>()
                    .join("/"),
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn check(document: &Document, marks: &[Mark], expected: &str) {
        let characters = Characters::new(&document.text);
        assert_eq!(shown(&render(document, &characters, marks)), expected);
    }

    #[test]
    fn overlapping_marks_are_cut_into_pieces_that_name_all_that_cover_them() {
        check(&document("甲乙丙丁戊己"), &[mark("a", "x", 1, 4), mark("b", "y", 2, 5)], "甲[#a a:乙][#b a b:丙丁^ia][b:戊^ib]己");
    }

    #[test]
    fn nested_equal_and_touching_marks_keep_all_anchors() {
        check(
            &document("甲乙丙丁"),
            &[mark("a", "x", 0, 4), mark("b", "x", 1, 2), mark("c", "x", 1, 2), mark("d", "x", 2, 3)],
            "[#a a:甲][#b #c a b c:乙^ib^ic][#d a d:丙^id][a:丁^ia]",
        );
    }

    #[test]
    fn a_mark_over_several_lines_goes_on_in_each() {
        check(&document("甲乙\n\n丙丁"), &[mark("a", "x", 1, 5)], "甲[#a a:乙]\n[a:丙^ia]丁");
    }

    #[test]
    fn spans_outside_the_text_and_blank_ones_show_nothing() {
        check(&document("甲 乙"), &[mark("a", "x", 1, 2), mark("b", "x", 2, 99), mark("c", "x", 3, 1)], "甲 乙");
    }

    #[test]
    fn blanks_at_the_ends_of_a_mark_are_not_shown_as_marked() {
        check(&document("甲\n乙丙"), &[mark("a", "x", 1, 3)], "甲\n[#a a:乙^ia]丙");
    }

    #[test]
    fn headings_never_skip_a_level() {
        let lines = ["（一）支持", "一、总则", "1.细则", "正文"];
        let levels = [2, 1, 3, 0];
        let blocks =
            lines.iter().zip(levels).map(|(text, level)| Block { text: (*text).into(), level, ..Block::default() }).collect();
        let document = Document { text: lines.join("\n"), blocks, ..Document::default() };
        check(&document, &[], "h3 （一）支持\nh3 一、总则\nh4 1.细则\n正文");
    }

    #[test]
    fn table_rows_become_cells_with_their_marks_and_spans() {
        let row = |text: &str| Block { text: text.into(), table: Some(0), ..Block::default() };
        let text = "企业 标准\n合计 100万元";
        let document = Document {
            text: text.into(),
            blocks: text.split('\n').map(row).collect(),
            tables: vec![Table {
                rows: vec![
                    vec!["企业".into(), "标准".into(), "标准".into()],
                    vec!["合计".into(), String::new(), "100万元".into()],
                ],
            }],
            ..Document::default()
        };
        check(&document, &[mark("a", "x", 9, 14)], "企业x1|标准x2/合计x1|x1|[#a a:100万元^ia]x1");
    }

    #[test]
    fn a_quote_is_proved_only_by_its_own_characters() {
        let characters = Characters::new("甲乙丙");
        assert!(characters.proves(Span::new(1, 3), "乙丙"));
        assert!(!characters.proves(Span::new(0, 2), "乙丙"));
        assert!(!characters.proves(Span::new(3, 1), ""));
        assert!(!characters.proves(Span::new(0, u32::MAX), "甲乙丙"));
    }

    #[test]
    fn thousands_of_marks_over_the_same_characters_stay_small() {
        let text = "字".repeat(20_000);
        let marks: Vec<Mark> = (0..MOST_MARKS as u32).map(|index| mark(&index.to_string(), "x", index, 20_000 - index)).collect();
        let document = document(&text);
        let parts = render(&document, &Characters::new(&text), &marks);
        let Part::Paragraph { pieces, .. } = &parts[0] else { panic!("a paragraph") };
        assert_eq!(pieces.iter().map(|piece| piece.anchors.len()).sum::<usize>(), MOST_MARKS);
        assert!(pieces.iter().all(|piece| piece.covers.split(' ').count() <= MOST_COVERS));
    }
}
