//! Writes the rows of tables out as sentences, with the way back to the text they came from.

use crate::tables::header::{Header, Headers};
use crate::tables::mark::{self, BREAK, CELL, HEADER, PLAIN};
use crate::tables::rows::{self, Cell};
use crate::tables::{Kind, Row};

/// Set for bytes that were added or repeated.
const ADDED: u32 = 1 << 31;
/// What may be added to a text: this many bytes, and so many for each byte it has.
const ADDITION: (usize, usize) = (64 * 1024, 4);
/// What a line starts with that goes on with the last cell of the row above.
const GOES_ON: [&str; 11] = ["以上", "以下", "以内", "万元", "元", "的", "及", "或", "%", "、", "等"];
/// A longer line is a paragraph, in characters.
const MOST_REST: usize = 40;

/// A text whose tables are written out.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    pub(crate) text: String,
    /// For each byte the byte of the marked text it came from, with a sign where it was added.
    pub(crate) map: Vec<u32>,
    pub(crate) rows: Vec<Row>,
    budget: usize,
}

impl Composed {
    /// Writes a stretch of the source itself, without marks.
    pub(super) fn own(&mut self, source: &str, (start, end): (usize, usize)) {
        self.take(source, (start, end), 0);
    }

    /// Repeats a stretch of the source that has its place elsewhere.
    pub(super) fn repeat(&mut self, source: &str, (start, end): (usize, usize)) {
        if self.pay(end - start) {
            self.take(source, (start, end), ADDED);
        }
    }

    fn take(&mut self, source: &str, (start, end): (usize, usize), sign: u32) {
        for (offset, character) in source[start..end].char_indices() {
            if matches!(character, HEADER | CELL | PLAIN | BREAK | '\n') {
                continue;
            }
            self.text.push(character);
            let at = start + offset;
            self.map.extend((at..at + character.len_utf8()).map(|at| u32::try_from(at).unwrap_or(u32::MAX) | sign));
        }
    }

    /// Adds words that stand nowhere; they lead to what stands before them.
    pub(super) fn add(&mut self, words: &str) {
        if self.pay(words.len()) {
            let at = self.map.last().copied().unwrap_or_default() | ADDED;
            self.text.push_str(words);
            self.map.extend(std::iter::repeat_n(at, words.len()));
        }
    }

    fn pay(&mut self, bytes: usize) -> bool {
        let fits = self.budget >= bytes;
        self.budget -= if fits { bytes } else { 0 };
        fits
    }

    fn line_end(&mut self, at: usize) {
        self.text.push('\n');
        self.map.push(u32::try_from(at).unwrap_or(u32::MAX));
    }
}

/// The bytes of the marked text that a stretch of the map covers: what the text itself has there, else what was repeated.
pub(crate) fn place(map: &[u32]) -> Option<(usize, usize)> {
    let bounds = |own: bool| {
        let mut found: Option<(u32, u32)> = None;
        for at in map.iter().filter(|at| !own || **at & ADDED == 0).map(|at| at & !ADDED) {
            found = Some(found.map_or((at, at), |(least, most)| (least.min(at), most.max(at))));
        }
        found
    };
    let (least, most) = bounds(true).or_else(|| bounds(false))?;
    Some((least as usize, most as usize + 1))
}

/// Writes out a marked text in normal form.
pub(crate) fn compose(source: &str, headers: &Headers) -> Composed {
    let (fixed, share) = ADDITION;
    let budget = fixed + source.len().saturating_mul(share);
    let composed = Composed {
        text: String::with_capacity(source.len() * 2),
        map: Vec::with_capacity(source.len() * 2),
        rows: Vec::new(),
        budget,
    };
    let mut writer = Writer { source, headers, composed, table: None, pending: None, above: Vec::new() };
    let mut start = 0;
    for line in source.split_inclusive(['\n', BREAK]) {
        let length = line.trim_end_matches(['\n', BREAK]).len();
        writer.line(start, start + length, start + line.len());
        start += line.len();
    }
    writer.flush(false);
    writer.composed
}

/// A table being read.
pub(super) struct Table {
    pub(super) header: Header,
    /// What the cells of each column held last.
    pub(super) last: Vec<Option<(usize, usize)>>,
}

struct Writer<'s> {
    source: &'s str,
    headers: &'s Headers,
    composed: Composed,
    table: Option<Table>,
    /// The cells of the row not yet written, and where its line ends.
    pending: Option<(Vec<(usize, usize)>, usize)>,
    /// The last lines above.
    above: Vec<(usize, usize)>,
}

impl Writer<'_> {
    fn line(&mut self, start: usize, end: usize, next: usize) {
        let words = &self.source[start..end];
        if words.contains(HEADER) {
            self.flush(false);
            let cells = cells(self.source, (start, end), HEADER);
            let above = self.above.iter().rev().map(|(start, end)| &self.source[*start..*end]);
            let header = self.headers.read(self.source, &cells, &mark::caption(above));
            if header.is_none() {
                self.paragraph(start, end, next);
            }
            self.table = header.map(|header| Table { last: vec![None; header.columns.len()], header });
            return;
        }
        if words.contains(CELL) && self.table.is_some() {
            self.flush(true);
            self.pending = Some((cells(self.source, (start, end), CELL), end));
            return;
        }
        let rest = GOES_ON.iter().any(|word| words.starts_with(word)) && words.chars().nth(MOST_REST).is_none();
        if let Some(last) = self.pending.as_mut().filter(|_| rest).and_then(|(cells, _)| cells.last_mut()) {
            last.1 = end;
            return;
        }
        if !words.trim().is_empty() {
            self.flush(false);
        }
        if words.contains([PLAIN, CELL]) {
            rows::plain(&mut self.composed, self.source, &cells(self.source, (start, end), PLAIN));
            self.composed.line_end(end);
            return;
        }
        self.paragraph(start, end, next);
        self.above.push((start, end));
        if self.above.len() > 4 {
            self.above.remove(0);
        }
    }

    fn paragraph(&mut self, start: usize, end: usize, next: usize) {
        self.composed.own(self.source, (start, end));
        if next > end {
            self.composed.line_end(end);
        }
    }

    /// Writes the row that waits.
    fn flush(&mut self, goes_on: bool) {
        let Some((cells, end)) = self.pending.take() else { return };
        let Some(table) = self.table.as_mut() else { return };
        let kind = table.header.kind;
        // | --- | :--: |
        if cells.iter().all(|(start, end)| self.source[*start..*end].chars().all(|sign| matches!(sign, '-' | ':' | ' '))) {
            return;
        }
        let start = self.composed.text.len();
        let aligned: Vec<Cell> = rows::align(table, self.source, cells);
        let stop = if goes_on { ";" } else { "。" };
        rows::write(&mut self.composed, self.headers, table, self.source, &aligned);
        if self.composed.text.len() > start {
            if kind != Kind::Barren {
                self.composed.add(stop);
            }
            self.composed.line_end(end);
        }
    }
}

/// The cells of a marked line, without blanks around them; empty ones stay, but for those outside the bars at both ends.
fn cells(source: &str, (start, end): (usize, usize), sign: char) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    let mut from = start;
    for cell in source[start..end].split([sign, PLAIN, CELL, HEADER]) {
        let front = cell.len() - cell.trim_start().len();
        let (begin, stop) = (from + front, from + cell.trim_end().len());
        cells.push((begin, stop.max(begin)));
        from += cell.len() + sign.len_utf8();
    }
    let is_empty = |cell: Option<&(usize, usize)>| cell.is_some_and(|(start, end)| start == end);
    if is_empty(cells.last()) {
        cells.pop();
    }
    if is_empty(cells.first()) && source[start..end].trim_end().ends_with(sign) {
        cells.remove(0);
    }
    cells
}
