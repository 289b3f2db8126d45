//! The book as a workbook: contents, key points, conditions and windows as tables to sort and filter.
//!
//! Every text is written as a string, never as a formula. Widths are set by hand: automatic ones count a Chinese
//! character as one column and show half of it.

use jiff::civil::Date;
use rust_xlsxwriter::{
    Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Url, Workbook, Worksheet, XlsxError,
};

use crate::book::{Book, Entry};
use crate::clean::{fit, one_line, web_address};
use crate::format::CompilationError;

/// Excel refuses more characters in one cell.
const MOST_CELL_CHARACTERS: usize = 32_000;
/// Excel refuses more links on one sheet; further addresses stay text.
const MOST_LINKS: usize = 60_000;

/// Writes the workbook.
pub(crate) fn write(book: &Book) -> Result<Vec<u8>, CompilationError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(book)?);
    for sheet in [contents(book)?, key_points(book)?, conditions(book)?, windows(book)?] {
        workbook.push_worksheet(sheet);
    }
    Ok(workbook.save_to_buffer()?)
}

fn properties(book: &Book) -> Result<DocProperties, XlsxError> {
    let made = book.made_at.to_zoned(jiff::tz::TimeZone::UTC);
    let year = u16::try_from(made.year()).unwrap_or(1900);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    let made_at = ExcelDateTime::from_ymd(year, part(made.month()), part(made.day()))?.and_hms(
        u16::from(part(made.hour())),
        part(made.minute()),
        f64::from(part(made.second())),
    )?;
    Ok(DocProperties::new()
        .set_title(one_line(&book.title))
        .set_subject(one_line(&book.subtitle))
        .set_author(one_line(&book.editor))
        .set_creation_datetime(&made_at))
}

/// A sheet being filled: the next row, and the formats of its cells.
struct Table {
    sheet: Worksheet,
    row: u32,
    column: u16,
    columns: u16,
    links: usize,
    body: Format,
    day: Format,
}

impl Table {
    /// A sheet with a head of titles and widths, frozen under the head.
    fn new(name: &str, columns: &[(&str, f64)]) -> Result<Self, XlsxError> {
        let font = |format: Format| format.set_font_name("宋体").set_font_size(11.0).set_align(FormatAlign::Top);
        let head = font(Format::new())
            .set_bold()
            .set_background_color(Color::RGB(0x00E8_ECF3))
            .set_border(FormatBorder::Thin)
            .set_align(FormatAlign::VerticalCenter)
            .set_text_wrap();
        let mut sheet = Worksheet::new();
        sheet.set_name(name)?;
        sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
        sheet.set_freeze_panes(1, 0)?;
        let mut count = 0;
        for (title, width) in columns {
            sheet.write_string_with_format(0, count, *title, &head)?;
            sheet.set_column_width(count, *width)?;
            count += 1;
        }
        let body = font(Format::new()).set_text_wrap();
        let day = font(Format::new()).set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left);
        Ok(Self { sheet, row: 1, column: 0, columns: count, links: 0, body, day })
    }

    fn text(&mut self, text: &str) -> Result<&mut Self, XlsxError> {
        let fitted = fit(text);
        if !fitted.trim().is_empty() {
            let cut: String = fitted.chars().take(MOST_CELL_CHARACTERS).collect();
            self.sheet.write_string_with_format(self.row, self.column, cut, &self.body)?;
        }
        self.column += 1;
        Ok(self)
    }

    fn number(&mut self, number: f64) -> Result<&mut Self, XlsxError> {
        self.sheet.write_number_with_format(self.row, self.column, number, &self.body)?;
        self.column += 1;
        Ok(self)
    }

    fn day(&mut self, day: Option<Date>) -> Result<&mut Self, XlsxError> {
        let Some(day) = day else {
            self.column += 1;
            return Ok(self);
        };
        let part = |value: i8| u8::try_from(value).unwrap_or_default();
        let excel = u16::try_from(day.year()).ok().map(|year| ExcelDateTime::from_ymd(year, part(day.month()), part(day.day())));
        match excel {
            Some(Ok(excel)) => {
                self.sheet.write_datetime_with_format(self.row, self.column, &excel, &self.day)?;
                self.column += 1;
                Ok(self)
            }
            _ => self.text(&day.to_string()),
        }
    }

    /// An address as a link, or as text where it is none.
    fn address(&mut self, url: &str) -> Result<&mut Self, XlsxError> {
        match web_address(url).filter(|_| self.links < MOST_LINKS) {
            Some(address) => {
                let shown: String = one_line(url).chars().take(255).collect();
                self.sheet.write_url_with_format(self.row, self.column, Url::new(address).set_text(shown), &self.body)?;
                self.links += 1;
                self.column += 1;
                Ok(self)
            }
            None => self.text(url),
        }
    }

    fn end_row(&mut self) {
        self.row += 1;
        self.column = 0;
    }

    /// The finished sheet, with a filter over all rows; an empty one says why.
    fn finish(mut self, if_empty: &str) -> Result<Worksheet, XlsxError> {
        if self.row == 1 {
            self.sheet.write_string_with_format(1, 0, if_empty, &Format::new().set_font_name("宋体"))?;
        } else {
            self.sheet.autofilter(0, 0, self.row - 1, self.columns - 1)?;
        }
        Ok(self.sheet)
    }
}

fn numbers(entry: &Entry) -> String {
    entry.numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join("；")
}

fn serial(entry: &Entry) -> f64 {
    u32::try_from(entry.serial).map_or(0.0, f64::from)
}

fn contents(book: &Book) -> Result<Worksheet, XlsxError> {
    let mut table = Table::new(
        "目录",
        &[
            ("序号", 7.0),
            ("章", 18.0),
            ("标题", 56.0),
            ("发文字号", 26.0),
            ("发文机关", 30.0),
            ("日期", 12.0),
            ("效力状态", 13.0),
            ("适用地区", 24.0),
            ("要点数", 8.0),
            ("条件数", 8.0),
            ("版次", 7.0),
            ("编号", 20.0),
            ("原文链接", 48.0),
        ],
    )?;
    for chapter in &book.chapters {
        for entry in &chapter.entries {
            let count = |length: usize| u32::try_from(length).map_or(0.0, f64::from);
            table.number(serial(entry))?.text(&chapter.title)?.text(&entry.title)?.text(&numbers(entry))?;
            table.text(&entry.issuers.join("；"))?.day(Some(entry.date))?.text(entry.state)?.text(&entry.region)?;
            table.number(count(entry.key_points.len()))?.number(count(entry.conditions.len()))?;
            table.number(f64::from(entry.revision))?.text(entry.id.as_str())?.address(&entry.url)?;
            table.end_row();
        }
    }
    table.finish("本期没有收录政策")
}

fn key_points(book: &Book) -> Result<Worksheet, XlsxError> {
    let columns = [
        ("政策序号", 9.0),
        ("标题", 44.0),
        ("发文字号", 24.0),
        ("类别", 11.0),
        ("原文", 80.0),
        ("出处", 15.0),
        ("原文链接", 44.0),
    ];
    let mut table = Table::new("要点", &columns)?;
    for entry in book.entries() {
        for point in &entry.key_points {
            table.number(serial(entry))?.text(&entry.title)?.text(&numbers(entry))?.text(&point.about)?;
            table.text(&point.proof.quote)?.text(&point.proof.place())?.text(&entry.url)?;
            table.end_row();
        }
    }
    table.finish("本期没有要点")
}

fn conditions(book: &Book) -> Result<Worksheet, XlsxError> {
    let mut table = Table::new(
        "指标",
        &[
            ("政策序号", 9.0),
            ("标题", 40.0),
            ("条件序号", 9.0),
            ("指标", 20.0),
            ("指标编号", 22.0),
            ("比较", 9.0),
            ("数值", 18.0),
            ("单位", 9.0),
            ("要求", 30.0),
            ("适用情形", 18.0),
            ("原文", 60.0),
            ("出处", 15.0),
        ],
    )?;
    for entry in book.entries() {
        for row in &entry.conditions {
            table.number(serial(entry))?.text(&entry.title)?.number(u32::try_from(row.number).map_or(0.0, f64::from))?;
            table.text(&row.name)?.text(&row.indicator)?.text(row.op)?;
            match row.number_value.and_then(|number| number.to_string().parse::<f64>().ok()) {
                Some(number) => table.number(number)?,
                None => table.text(&row.value)?,
            };
            table.text(&row.unit)?.text(&row.words)?.text(&row.case)?.text(&row.proof.quote)?.text(&row.proof.place())?;
            table.end_row();
        }
    }
    table.finish("本期没有申报条件")
}

fn windows(book: &Book) -> Result<Worksheet, XlsxError> {
    let columns = [
        ("政策序号", 9.0),
        ("标题", 44.0),
        ("适用地区", 24.0),
        ("开始", 12.0),
        ("截止", 12.0),
        ("说明", 36.0),
        ("状态（编制日）", 15.0),
        ("原文", 50.0),
        ("出处", 15.0),
    ];
    let mut table = Table::new("申报窗口", &columns)?;
    for entry in book.entries() {
        for row in &entry.windows {
            table.number(serial(entry))?.text(&entry.title)?.text(&entry.region)?.day(row.start)?.day(row.end)?;
            table.text(&row.words)?.text(row.status)?.text(&row.proof.quote)?.text(&row.proof.place())?;
            table.end_row();
        }
    }
    table.finish("本期没有申报窗口")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docx::package::tests::{assert_well_formed, part, parts};
    use crate::samples;

    #[test]
    fn every_part_is_well_formed_and_the_sheets_have_their_names() {
        let bytes = write(&samples::hostile_book()).unwrap();
        assert_well_formed(&bytes);
        let workbook = part(&bytes, "xl/workbook.xml");
        for name in ["目录", "要点", "指标", "申报窗口"] {
            assert!(workbook.contains(&format!("name=\"{name}\"")), "{workbook}");
        }
    }

    #[test]
    fn text_that_looks_like_a_formula_stays_text() {
        let bytes = write(&samples::hostile_book()).unwrap();
        for (name, xml) in parts(&bytes).into_iter().filter(|(name, _)| name.starts_with("xl/worksheets/sheet")) {
            assert!(!xml.contains("<f>") && !xml.contains("<f "), "{name}");
        }
        assert!(part(&bytes, "xl/sharedStrings.xml").contains("=cmd|"));
    }

    #[test]
    fn a_text_longer_than_a_cell_is_cut() {
        let bytes = write(&samples::book_with_title(&"长".repeat(40_000))).unwrap();
        assert!(part(&bytes, "xl/sharedStrings.xml").contains(&"长".repeat(MOST_CELL_CHARACTERS)));
    }

    #[test]
    fn the_numbers_of_conditions_are_numbers() {
        let bytes = write(&samples::book()).unwrap();
        assert!(part(&bytes, "xl/worksheets/sheet3.xml").contains("<v>1000</v>"));
    }
}
