//! Finds the rows of tables in a stored text and marks where their cells meet, one character for one character.
//!
//! The normal form drops tabs and runs of blanks; the marks stay.

use crate::markers::marker;
use crate::tables::Headers;

/// Between the cells of a header.
pub(super) const HEADER: char = '\u{1e}';
/// Between the cells of a row below a header.
pub(super) const CELL: char = '\u{1f}';
/// Between the cells of a row without header.
pub(super) const PLAIN: char = '\u{1d}';
/// The end of a row: a line break the normal form must not join.
pub(super) const BREAK: char = '\u{1c}';

/// A table goes on behind at most so many lines that are no rows.
const MOST_STRAYS: usize = 2;
/// The caption of a table is read up to this many characters.
const MOST_CAPTION: usize = 60;

/// What stands between the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Tab,
    Bar,
    Gap,
}

/// The text with its tables marked; `None` where it has none.
pub(crate) fn mark(original: &str, headers: &Headers) -> Option<String> {
    if !may_have_rows(original) || original.contains([HEADER, CELL, PLAIN, BREAK]) {
        return None;
    }
    let lines: Vec<&str> = original.split('\n').collect();
    let forms: Vec<Option<Form>> = lines.iter().map(|line| form_of(line)).collect();
    let mut marks: Vec<Option<char>> = vec![None; lines.len()];
    let mut table: Option<(Form, usize)> = None;
    for (index, line) in lines.iter().enumerate() {
        let Some(form) = forms[index] else {
            table = table.filter(|(_, last)| index <= last + MOST_STRAYS || line.trim().is_empty());
            continue;
        };
        if is_header(&lines, &forms, index, form, headers) {
            table = Some((form, index));
            marks[index] = Some(HEADER);
        } else if let Some((_, last)) = table.as_mut().filter(|(of, last)| *of == form && index <= last + MOST_STRAYS + 1) {
            *last = index;
            marks[index] = Some(CELL);
        } else {
            table = None;
            marks[index] = (form == Form::Tab && is_plain_row(&lines, &forms, index)).then_some(PLAIN);
        }
    }
    if marks.iter().all(Option::is_none) {
        return None;
    }
    let mut marked = String::with_capacity(original.len() + original.len() / 16);
    for (index, line) in lines.iter().enumerate() {
        match (marks[index], forms[index]) {
            (Some(sign), Some(form)) => write(&mut marked, line, form, sign),
            _ => marked.push_str(line),
        }
        if index + 1 < lines.len() {
            marked.push(if marks[index].is_some() { BREAK } else { '\n' });
        }
    }
    Some(marked)
}

/// Whether a text has any character that may stand between cells.
fn may_have_rows(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().any(|byte| matches!(byte, b'\t' | b'|'))
        || bytes.windows(2).any(|pair| pair == b"  ")
        || text.contains("｜")
        || text.contains("　　")
}

/// How the cells of a line are set apart, if it may be a row.
fn form_of(line: &str) -> Option<Form> {
    let line = line.trim();
    let filled = |sign: &[char]| line.split(sign).filter(|cell| !cell.trim().is_empty()).take(2).count() > 1;
    if line.contains('\t') {
        return filled(&['\t']).then_some(Form::Tab);
    }
    if line.contains(['|', '｜']) {
        return filled(&['|', '｜']).then_some(Form::Bar);
    }
    gaps(line).next().is_some().then_some(Form::Gap)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\u{3000}' | '\u{a0}')
}

/// Where runs of two or more blanks inside a line start and end.
fn gaps(line: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut from = line.len() - line.trim_start().len();
    let end = line.trim_end().len();
    std::iter::from_fn(move || {
        loop {
            let start = from + line.get(from..end)?.find(is_blank)?;
            let length = line[start..end].len() - line[start..end].trim_start_matches(is_blank).len();
            from = start + length;
            if line[start..from].chars().nth(1).is_some() {
                return Some((start, from));
            }
        }
    })
}

/// The cells of a line, without blanks around them.
fn cells(line: &str, form: Form) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    let mut from = 0;
    let mut add = |start: usize, end: usize| {
        let cell = &line[start..end];
        let front = cell.len() - cell.trim_start().len();
        if front < cell.len() {
            cells.push((start + front, start + cell.trim_end().len()));
        }
    };
    match form {
        Form::Gap => {
            for (start, end) in gaps(line) {
                add(from, start);
                from = end;
            }
        }
        Form::Tab | Form::Bar => {
            let signs: &[char] = if form == Form::Tab { &['\t'] } else { &['|', '｜'] };
            for (at, sign) in line.match_indices(signs) {
                add(from, at);
                from = at + sign.len();
            }
        }
    }
    add(from, line.len());
    cells
}

/// Whether a row is a header of known columns with a row of the same form below it.
fn is_header(lines: &[&str], forms: &[Option<Form>], index: usize, form: Form, headers: &Headers) -> bool {
    let mut below = (index + 1..lines.len()).filter(|below| !lines[*below].trim().is_empty());
    if below.next().is_none_or(|below| forms[below] != Some(form)) {
        return false;
    }
    let cells = cells(lines[index], form);
    if is_numbered(lines[index], &cells) {
        return false;
    }
    let caption = caption(lines[..index].iter().rev().copied());
    headers.read(lines[index], &cells, &model::text::fold(&caption)).is_some()
}

/// The last two lines above a table, as far as they may be its caption.
pub(super) fn caption<'t>(above: impl Iterator<Item = &'t str>) -> String {
    let mut found: Vec<String> = Vec::new();
    for line in above.take(4) {
        let line = line.trim();
        if !line.is_empty() && found.len() < 2 {
            let skipped = line.chars().count().saturating_sub(MOST_CAPTION);
            found.push(line.chars().skip(skipped).collect());
        }
    }
    found.reverse();
    found.join("\n")
}

/// A row without header: one of several, or one with three cells; `一、⇥总体要求` is none.
fn is_plain_row(lines: &[&str], forms: &[Option<Form>], index: usize) -> bool {
    let row = cells(lines[index], Form::Tab);
    let numbered = is_numbered(lines[index], &row);
    let beside = |at: Option<usize>| at.and_then(|at| forms.get(at).copied().flatten()) == Some(Form::Tab);
    !numbered && (row.len() > 2 || beside(index.checked_sub(1)) || beside(Some(index + 1)))
}

/// Whether the first cell is nothing but the number of an entry: `一、`, `第三条`.
fn is_numbered(line: &str, row: &[(usize, usize)]) -> bool {
    let first = row.first().map_or("", |(start, end)| &line[*start..*end]);
    let folded = model::text::fold(first);
    marker(&folded).is_some_and(|mark| mark.length >= folded.len()) || folded.ends_with(['、', '.', ')']) && folded.len() <= 9
}

/// Writes a line with a mark for the first character between each two cells.
fn write(marked: &mut String, line: &str, form: Form, sign: char) {
    match form {
        Form::Tab | Form::Bar => marked.extend(line.chars().map(|character| {
            if matches!((form, character), (Form::Tab, '\t') | (Form::Bar, '|' | '｜')) { sign } else { character }
        })),
        Form::Gap => {
            let mut from = 0;
            for (start, end) in gaps(line) {
                marked.push_str(&line[from..start]);
                marked.push(sign);
                marked.extend(line[start..end].chars().skip(1));
                from = end;
            }
            marked.push_str(&line[from..]);
        }
    }
}
