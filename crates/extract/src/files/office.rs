//! Word and WPS files, old and new, by `office_oxide`; what its model of a document says becomes paragraphs and tables.

use std::collections::HashMap;
use std::io::Cursor;

use model::{FileKind, FileState, FileText};
use office_oxide::docx::NumberFormat;
use office_oxide::ir::{Element, InlineContent, List, ListStyle, TableCell};
use office_oxide::options::ParseOptions;
use office_oxide::{Document, DocumentFormat};

use super::failed;
use super::packed::{Budget, Packed, Refused};
use super::writer::{Cell, Writer};

/// Text boxes in tables in text boxes.
const MOST_DEPTH: usize = 20;

pub(super) fn read(bytes: &[u8], kind: FileKind, budget: &mut Budget<'_>) -> FileText {
    let format = if kind == FileKind::Docx { DocumentFormat::Docx } else { DocumentFormat::Doc };
    match open(bytes, format, budget) {
        Ok(document) => {
            let numbering = Numbering::of(&document);
            let document = document.to_ir();
            let mut writer = Writer::new(budget);
            for section in &document.sections {
                elements(&section.elements, &numbering, &mut writer, 0);
            }
            let mut text = writer.finish(0);
            // Nothing but pictures: pages that were scanned and pasted.
            if text.state == FileState::Empty && document.sections.iter().any(|section| has_picture(&section.elements, 0)) {
                text.state = FileState::Scan;
            }
            text
        }
        Err(failure) => failure,
    }
}

/// Opens an Office file.
pub(super) fn open(bytes: &[u8], format: DocumentFormat, budget: &mut Budget<'_>) -> Result<Document, FileText> {
    if matches!(format, DocumentFormat::Docx | DocumentFormat::Xlsx) {
        weigh(bytes, budget)?;
    }
    let mut options = ParseOptions::default();
    options.limits.package_bytes = budget.limits.unpacked_bytes;
    options.limits.part_bytes = budget.limits.unpacked_bytes;
    options.limits.embedded_depth = 0;
    options.limits.memory_bytes = options.limits.memory_bytes.min(budget.limits.unpacked_bytes);
    let opened = Document::from_reader_with(Cursor::new(bytes.to_vec()), format, &options);
    opened.map_err(|error| {
        let message = error.to_string();
        if message.contains("password") || message.contains("encrypted") {
            failed(FileState::Encrypted, "encrypted", "Office file with a password")
        } else {
            failed(FileState::Damaged, "damaged", format!("not readable as {format:?}: {message}"))
        }
    })
}

fn weigh(bytes: &[u8], budget: &mut Budget<'_>) -> Result<(), FileText> {
    let weighed = Packed::open(bytes, budget).and_then(|mut packed| packed.weigh(budget));
    weighed.map_err(|refused| match refused {
        Refused::Limit(why) => failed(FileState::Limited, "bundle_limit", why),
        Refused::Encrypted => failed(FileState::Encrypted, "encrypted", "needs a password"),
        Refused::Damaged(why) => failed(FileState::Damaged, "damaged", why),
    })
}

/// Whether a compound file holds a stream of this name.
pub(super) fn has_stream(bytes: &[u8], name: &str) -> bool {
    let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(wide.len()).any(|window| window == wide)
}

fn elements(elements: &[Element], numbering: &Numbering, writer: &mut Writer<'_, '_>, depth: usize) {
    if depth > MOST_DEPTH {
        return;
    }
    for element in elements {
        if writer.is_done() {
            return;
        }
        match element {
            Element::Heading(heading) => paragraph(&heading.content, "", writer),
            Element::Paragraph(found) => paragraph(&found.content, "", writer),
            Element::List(found) => list(found, numbering, writer, depth),
            Element::Table(found) => {
                let rows = found.rows.iter().map(|row| row.cells.iter().map(cell).collect()).collect();
                writer.table(rows);
            }
            Element::TextBox(found) => self::elements(&found.content, numbering, writer, depth + 1),
            Element::Footnote(note) | Element::Endnote(note) => self::elements(&note.content, numbering, writer, depth + 1),
            Element::CodeBlock(code) => code.content.lines().for_each(|line| writer.paragraph(line)),
            // Pictures, breaks, shapes, and what later versions may add.
            _ => {}
        }
    }
}

fn has_picture(elements: &[Element], depth: usize) -> bool {
    depth <= MOST_DEPTH
        && elements.iter().any(|element| match element {
            Element::Image(_) => true,
            Element::TextBox(found) => has_picture(&found.content, depth + 1),
            Element::Table(found) => {
                found.rows.iter().flat_map(|row| &row.cells).any(|cell| has_picture(&cell.content, depth + 1))
            }
            _ => false,
        })
}

/// A paragraph; a line break within it begins a new one, as it does for a reader.
fn paragraph(content: &[InlineContent], marker: &str, writer: &mut Writer<'_, '_>) {
    let text = inline(content);
    for (at, line) in text.split('\n').enumerate() {
        if at == 0 && !line.trim().is_empty() {
            writer.paragraph(&format!("{marker}{line}"));
        } else {
            writer.paragraph(line);
        }
    }
}

fn inline(content: &[InlineContent]) -> String {
    office_oxide::ir::inline_to_text(content)
}

/// Formats of numbers that `office_oxide` has no name for, by the pattern they stand in (`第%1条`).
struct Numbering(HashMap<String, String>);

impl Numbering {
    fn of(document: &Document) -> Self {
        let definitions = document.as_docx().and_then(|word| word.numbering.as_ref());
        let levels = definitions.into_iter().flat_map(|definitions| {
            let own = definitions.abstract_nums.values().flat_map(|list| list.levels.values());
            own.chain(definitions.instances.values().flat_map(|list| list.overrides.values()))
        });
        let named = levels.filter_map(|level| match &level.format {
            NumberFormat::Other(name) => Some((level.level_text.clone(), name.clone())),
            _ => None,
        });
        Self(named.collect())
    }

    /// The number Word shows before an item; bullets say nothing.
    fn marker(&self, list: &List, number: u32) -> String {
        if !list.ordered {
            return String::new();
        }
        let pattern = list.marker_pattern.as_deref().unwrap_or("%1.");
        // Patterns with other levels' numbers in them (`%1.%2.`) cannot be filled in from here.
        if pattern.matches('%').count() != 1 {
            return String::new();
        }
        let shown = match list.style {
            Some(ListStyle::LowerAlpha) => letter(number, b'a'),
            Some(ListStyle::UpperAlpha) => letter(number, b'A'),
            None => self.0.get(pattern).and_then(|format| named(format, number)).unwrap_or_else(|| number.to_string()),
            _ => number.to_string(),
        };
        fill(pattern, &shown)
    }
}

/// A number in one of the formats of ECMA-376, 17.18.59, that Chinese documents use.
fn named(format: &str, number: u32) -> Option<String> {
    let small = usize::try_from(number).ok().filter(|number| (1..=99).contains(number))?;
    match format {
        "chineseCounting"
        | "chineseCountingThousand"
        | "taiwaneseCounting"
        | "taiwaneseCountingThousand"
        | "japaneseCounting"
        | "ideographDigital" => Some(chinese(small)),
        "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if small <= 20 => {
            char::from_u32(0x2460 + number - 1).map(String::from)
        }
        _ => None,
    }
}

/// 一 to 九十九.
fn chinese(number: usize) -> String {
    let digit = |at: usize| "一二三四五六七八九".chars().nth(at.wrapping_sub(1)).map(String::from).unwrap_or_default();
    match number {
        0..=9 => digit(number),
        10..=19 => format!("十{}", digit(number - 10)),
        _ => format!("{}十{}", digit(number / 10), digit(number % 10)),
    }
}

fn list(list: &List, numbering: &Numbering, writer: &mut Writer<'_, '_>, depth: usize) {
    if depth > MOST_DEPTH {
        return;
    }
    let first = list.start_number.unwrap_or(1);
    for (at, item) in list.items.iter().enumerate() {
        let number = first.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
        let mut marker = numbering.marker(list, number);
        for element in &item.content {
            match element {
                Element::Paragraph(found) => paragraph(&found.content, &std::mem::take(&mut marker), writer),
                Element::Heading(found) => paragraph(&found.content, &std::mem::take(&mut marker), writer),
                other => elements(std::slice::from_ref(other), numbering, writer, depth + 1),
            }
        }
        if let Some(nested) = &item.nested {
            self::list(nested, numbering, writer, depth + 1);
        }
    }
}

/// Puts a number in the place of `%1` … `%9`.
fn fill(pattern: &str, shown: &str) -> String {
    let Some((before, after)) = pattern.split_once('%') else { return pattern.to_owned() };
    let after = after.strip_prefix(|character: char| character.is_ascii_digit()).unwrap_or(after);
    format!("{before}{shown}{after}")
}

fn letter(number: u32, first: u8) -> String {
    let at = u8::try_from((number.max(1) - 1) % 26).unwrap_or_default();
    char::from(first + at).to_string()
}

/// A cell of a table: its paragraphs in one line.
pub(super) fn cell(cell: &TableCell) -> Cell {
    let mut text = String::new();
    words(&cell.content, &mut text, 0);
    Cell { text, columns: cell.col_span as usize, rows: cell.row_span as usize }
}

fn words(elements: &[Element], text: &mut String, depth: usize) {
    if depth > MOST_DEPTH {
        return;
    }
    for element in elements {
        if !text.is_empty() {
            text.push(' ');
        }
        match element {
            Element::Heading(heading) => text.push_str(&inline(&heading.content)),
            Element::Paragraph(paragraph) => text.push_str(&inline(&paragraph.content)),
            Element::List(list) => {
                for item in &list.items {
                    words(&item.content, text, depth + 1);
                    if let Some(nested) = &item.nested {
                        words(&[Element::List(nested.clone())], text, depth + 1);
                    }
                }
            }
            Element::Table(table) => {
                for cell in table.rows.iter().flat_map(|row| &row.cells) {
                    words(&cell.content, text, depth + 1);
                }
            }
            Element::TextBox(found) => words(&found.content, text, depth + 1),
            Element::Footnote(note) | Element::Endnote(note) => words(&note.content, text, depth + 1),
            Element::CodeBlock(code) => text.push_str(&code.content),
            // Pictures, breaks, shapes, and what later versions may add.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_their_lists_say() {
        for (format, number, expected) in [
            ("chineseCountingThousand", 1, Some("一")),
            ("chineseCounting", 10, Some("十")),
            ("chineseCounting", 12, Some("十二")),
            ("japaneseCounting", 20, Some("二十")),
            ("chineseCounting", 45, Some("四十五")),
            ("decimalEnclosedCircle", 3, Some("③")),
            ("chineseCounting", 100, None),
            ("hebrew1", 1, None),
        ] {
            assert_eq!(named(format, number).as_deref(), expected, "{format} {number}");
        }
        assert_eq!((fill("第%1条 ", "三"), fill("（%1）", "1")), ("第三条 ".to_owned(), "（1）".to_owned()));
    }
}
