//! Workbooks: each sheet is a table. `office_oxide` shows cells as a reader sees them (dates, per cents); where it fails or sees no table,
//! calamine reads their values.

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read, Seek};

use calamine::{Data, Reader, Sheets, open_workbook_auto_from_rs};
use model::{FileKind, FileState, FileText};
use office_oxide::DocumentFormat;
use office_oxide::ir::Element;

use super::office;
use super::packed::Budget;
use super::writer::{Cell, Writer};

/// Cells of one sheet that are looked at: a sheet may claim a million empty rows.
const MOST_CELLS: usize = 2_000_000;
/// Places covered by merged cells of one sheet.
const MOST_MERGED: usize = 200_000;

pub(super) fn read(bytes: &[u8], kind: FileKind, budget: &mut Budget<'_>) -> FileText {
    let format = if kind == FileKind::Xlsx { DocumentFormat::Xlsx } else { DocumentFormat::Xls };
    let document = match office::open(bytes, format, budget) {
        Ok(document) => document.to_ir(),
        Err(failure) if failure.state == FileState::Damaged => return by_values(bytes, budget).unwrap_or(failure),
        Err(failure) => return failure,
    };
    let mut workbook = open_workbook_auto_from_rs(Cursor::new(bytes)).ok();
    let mut writer = Writer::new(budget);
    let sheets = document.sections.len();
    for section in &document.sections {
        let title = section.title.as_deref().unwrap_or_default();
        heading(title, &mut writer);
        let has_table = section.elements.iter().any(|element| matches!(element, Element::Table(_)));
        // A sheet that looks like prose to office_oxide comes without its columns.
        if !has_table && workbook.as_mut().is_some_and(|workbook| values(workbook, title, &mut writer)) {
            continue;
        }
        for element in &section.elements {
            match element {
                Element::Table(table) => {
                    writer.table(table.rows.iter().map(|row| row.cells.iter().map(office::cell).collect()).collect());
                }
                Element::Paragraph(paragraph) => writer.paragraph(&office_oxide::ir::inline_to_text(&paragraph.content)),
                _ => {}
            }
        }
    }
    writer.finish(u32::try_from(sheets).unwrap_or(u32::MAX))
}

/// The name of a sheet heads it, unless it is the program's own.
fn heading(name: &str, writer: &mut Writer<'_, '_>) {
    if !is_default_name(name) {
        writer.paragraph(name);
    }
}

/// `Sheet1`, `工作表 2`.
fn is_default_name(name: &str) -> bool {
    let bare = name.trim_end_matches(|character: char| character.is_ascii_digit() || character == ' ');
    bare.is_empty() || bare.eq_ignore_ascii_case("sheet") || bare == "工作表"
}

/// The values of a workbook, without their formats.
fn by_values(bytes: &[u8], budget: &mut Budget<'_>) -> Option<FileText> {
    let mut workbook = open_workbook_auto_from_rs(Cursor::new(bytes)).ok()?;
    let names = workbook.sheet_names();
    let mut writer = Writer::new(budget);
    for name in &names {
        heading(name, &mut writer);
        values(&mut workbook, name, &mut writer);
    }
    Some(writer.finish(u32::try_from(names.len()).unwrap_or(u32::MAX)))
}

/// Writes the values of one sheet as a table; says whether there were any.
fn values<R: Read + Seek>(workbook: &mut Sheets<R>, name: &str, writer: &mut Writer<'_, '_>) -> bool {
    let Ok(range) = workbook.worksheet_range(name) else { return false };
    let Some(start) = range.start() else { return false };
    let merged = match workbook {
        Sheets::Xlsx(book) => book.merge_cells_by_sheet_name(name).ok(),
        Sheets::Xls(book) => book.merge_cells_by_sheet_name(name).ok(),
        _ => None,
    };
    // Cells that reach over others, by their place within the range, and the places they cover.
    let mut spans: HashMap<(usize, usize), (usize, usize)> = HashMap::new();
    let mut covered: HashSet<(usize, usize)> = HashSet::new();
    for region in merged.unwrap_or_default() {
        let within = |from: u32, to: u32, first: u32| (from.saturating_sub(first) as usize, to.saturating_sub(first) as usize);
        let (top, bottom) = within(region.start.0, region.end.0, start.0);
        let (left, right) = within(region.start.1, region.end.1, start.1);
        if covered.len() > MOST_MERGED || (bottom - top.min(bottom) + 1).saturating_mul(right - left.min(right) + 1) > MOST_MERGED
        {
            break;
        }
        spans.insert((top, left), (bottom - top.min(bottom) + 1, right - left.min(right) + 1));
        let places = (top..=bottom).flat_map(|row| (left..=right).map(move |column| (row, column)));
        covered.extend(places.filter(|place| *place != (top, left)));
    }
    let cell = |row: usize, column: usize, value: &Data| {
        let (rows, columns) = spans.get(&(row, column)).copied().unwrap_or((1, 1));
        Cell { text: shown(value), columns, rows }
    };
    let most_rows = MOST_CELLS / range.width().max(1);
    let rows = range.rows().take(most_rows).enumerate().map(|(row, values)| {
        let own = values.iter().enumerate().filter(|(column, _)| !covered.contains(&(row, *column)));
        own.map(|(column, value)| cell(row, column, value)).collect()
    });
    writer.table(rows.collect());
    true
}

/// A value as text; a date as a date.
fn shown(value: &Data) -> String {
    let Data::DateTime(moment) = value else { return value.to_string() };
    if moment.is_duration() {
        return moment.as_f64().to_string();
    }
    let (year, month, day, hour, minute, _, _) = moment.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute) == (0, 0) { date } else { format!("{date} {hour:02}:{minute:02}") }
}
