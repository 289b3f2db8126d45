//! The text as the rules read it, with the way back to the characters of the stored text.
//!
//! Beyond the model's normal form, lines that a PDF or a mail wrapped at a fixed width are joined again; every position
//! still leads back to the original, so quotes are always the stored characters.

use model::text::{Normal, Span};

use crate::tables::{self, Composed, Headers, Row};

/// A text in normal form with its way back.
pub(crate) struct Reading<'a> {
    original: &'a str,
    /// Byte offset of each character of the original, and its length.
    boundaries: Vec<u32>,
    normal: Normal,
    /// Where lines were joined or tables written out: that text, and for each of its bytes the byte of the normal text.
    joined: Option<(String, Vec<u32>)>,
    /// Tables were written out, so positions are in no order.
    written_out: bool,
    /// The rows of tables that say something known.
    rows: Vec<Row>,
}

/// More characters than any policy has; what lies beyond is not read.
const MOST_CHARACTERS: usize = 4_000_000;

impl<'a> Reading<'a> {
    pub(crate) fn new(original: &'a str, headers: &Headers) -> Self {
        let original = read_part(original);
        match tables::mark(original, headers) {
            Some(marked) => Self::with_tables(original, Normal::new(&marked), headers),
            None => Self::without_tables(original),
        }
    }

    /// A text that is no page, such as a title.
    pub(crate) fn without_tables(original: &'a str) -> Self {
        let original = read_part(original);
        let normal = Normal::new(original);
        let joined = join_wrapped(normal.text());
        Self { original, boundaries: boundaries(original), normal, joined, written_out: false, rows: Vec::new() }
    }

    /// Tables written out first, then lines joined.
    fn with_tables(original: &'a str, normal: Normal, headers: &Headers) -> Self {
        let Composed { text, map, mut rows, .. } = tables::compose(normal.text(), headers);
        let joined = match join_wrapped(&text) {
            None => (text, map),
            Some((text, places)) => {
                let moved = |at: usize| places.partition_point(|place| (*place as usize) < at);
                for row in &mut rows {
                    (row.start, row.end) = (moved(row.start), moved(row.end));
                    row.case = row.case.map(|(start, end)| (moved(start), moved(end)));
                }
                let map = places.iter().map(|place| map[*place as usize]).collect();
                (text, map)
            }
        };
        Self { original, boundaries: boundaries(original), normal, joined: Some(joined), written_out: true, rows }
    }

    /// The rows of tables written out, in order.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row of a table a byte of the text lies in.
    pub(crate) fn row_at(&self, at: usize) -> Option<&Row> {
        tables::row_at(&self.rows, at)
    }

    /// The text the rules read.
    pub(crate) fn text(&self) -> &str {
        self.joined.as_ref().map_or_else(|| self.normal.text(), |(text, _)| text)
    }

    /// The characters of the original that bytes `start..end` of the text came from.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        match &self.joined {
            None => self.normal.span(start, end),
            Some((_, map)) if start < end && end <= map.len() && !self.written_out => {
                self.normal.span(map[start] as usize, map[end - 1] as usize + 1)
            }
            Some((_, map)) if start < end && end <= map.len() => {
                tables::place(&map[start..end]).map_or(Span::new(0, 0), |(start, end)| self.normal.span(start, end))
            }
            Some(_) => Span::new(0, 0),
        }
    }

    /// The characters of a span.
    pub(crate) fn quote(&self, span: Span) -> &'a str {
        let (Some(start), Some(end)) = (self.boundaries.get(span.start as usize), self.boundaries.get(span.end as usize)) else {
            return "";
        };
        if start > end { "" } else { &self.original[*start as usize..*end as usize] }
    }
}

/// The part of a text that is read.
fn read_part(original: &str) -> &str {
    let end = original.char_indices().nth(MOST_CHARACTERS).map_or(original.len(), |(byte, _)| byte);
    &original[..end]
}

/// Byte offset of each character, and the length.
fn boundaries(original: &str) -> Vec<u32> {
    let starts = original.char_indices().map(|(byte, _)| byte);
    starts.chain([original.len()]).map(|byte| u32::try_from(byte).unwrap_or(u32::MAX)).collect()
}

/// Widths at which texts are wrapped, in characters.
const WRAPPED_WIDTHS: std::ops::RangeInclusive<usize> = 24..=60;
/// Shorter lines are headings or ends of paragraphs, in characters.
const SHORTEST_WRAPPED: usize = 16;

/// A line this long that stops in mid-sentence before a number was cut by a page, in characters.
const SHORTEST_CUT: usize = 60;
/// What a number and its comparison go on with behind a page mark.
const GOES_ON: [&str; 6] = ["以上", "以下", "以内", "及以", "上", "的"];

/// Joins lines broken in the middle of a sentence; `None` where the text is not hard-wrapped.
fn join_wrapped(text: &str) -> Option<(String, Vec<u32>)> {
    let lines: Vec<&str> = text.split('\n').collect();
    let marks: Vec<usize> = (0..lines.len()).map(|index| page_mark(&lines, index)).collect();
    let wrapped = is_wrapped(&lines);
    if !wrapped && marks.iter().all(|mark| *mark == 0) {
        return None;
    }
    // Columns of one text differ in width, so every long line broken off in mid-sentence counts as wrapped.
    let is_soft = |index: usize| {
        let next = lines.get(index + 1);
        wrapped
            && lines[index].chars().nth(SHORTEST_WRAPPED - 1).is_some()
            && !ends_a_line(lines[index])
            && next.is_some_and(|next| !crate::outline::starts_an_entry(next))
            || marks.get(index + 1).is_some_and(|mark| *mark > 0)
    };
    let mut joined = String::with_capacity(text.len());
    let mut map = Vec::with_capacity(text.len());
    let mut at = 0u32;
    for (index, line) in lines.iter().enumerate() {
        let skipped = marks[index];
        let end = at.saturating_add(u32::try_from(line.len()).unwrap_or(u32::MAX));
        joined.push_str(&line[skipped..]);
        map.extend(at.saturating_add(u32::try_from(skipped).unwrap_or(0))..end);
        at = end;
        if !is_soft(index) && (at as usize) < text.len() {
            joined.push('\n');
            map.push(at);
        }
        at = at.saturating_add(1);
    }
    Some((joined, map))
}

/// Whether a text has many lines broken at the width of a page.
fn is_wrapped(lines: &[&str]) -> bool {
    let widths: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
    // Texts with a paragraph a line have many lines longer than any page is wide.
    let broken = (0..lines.len()).filter(|index| WRAPPED_WIDTHS.contains(&widths[*index]) && !ends_a_line(lines[*index])).count();
    let long = widths.iter().filter(|width| *width > WRAPPED_WIDTHS.end()).count();
    broken >= 3 && long * 10 <= lines.len()
}

/// The length of the page number a site for sharing files put before a line: `投资500万元⏎2、以上`.
fn page_mark(lines: &[&str], index: usize) -> usize {
    let (Some(line), Some(before)) = (lines.get(index), index.checked_sub(1).map(|before| lines[before])) else { return 0 };
    let digits = line.bytes().take(3).take_while(u8::is_ascii_digit).count();
    if !(1..=2).contains(&digits) || !line[digits..].starts_with('、') {
        return 0;
    }
    let length = digits + '、'.len_utf8();
    let broken = before.ends_with(|last: char| last.is_ascii_alphanumeric() || last >= '一' || last == '%');
    let goes_on = GOES_ON.iter().any(|word| line[length..].starts_with(word));
    let cut = goes_on || before.chars().nth(SHORTEST_CUT).is_some();
    if broken && cut && !ends_a_line(before) { length } else { 0 }
}

fn ends_a_line(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with(['。', ';', ':', '!', '?', '；', '：'])
        || ["通知", "办法", "措施", "意见", "公告", "方案"].iter().any(|kind| line.ends_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> &'static Headers {
        crate::examples::shipped().headers()
    }

    #[test]
    fn lines_wrapped_at_a_fixed_width_are_read_as_one_and_spans_lead_back() {
        let original = "为全面加强新型基础设施项目的统筹管理和服务各区各部门要建立项目\n台账定期报送。\n符合本措施重点支持方向且总投资达到一千万元以上的项目应当纳入市\n级重点项目库并且享受本措施支持的项目应当为在库项目根据项目性质\n特点择优推荐。\n申报条件如下";
        let reading = Reading::new(original, headers());
        let start = reading.text().find("市级重点").unwrap();
        let span = reading.span(start, start + "市级重点".len());
        assert_eq!(reading.quote(span), "市\n级重点");
        assert!(reading.text().contains("推荐。\n申报条件"));
    }

    #[test]
    fn a_page_number_inside_a_sentence_is_left_out() {
        let original = "固定资产总投资在500 万元\n\n2、以上的项目。\n一、条件\n1、依法注册\n2、依法纳税";
        let reading = Reading::new(original, headers());
        assert_eq!(reading.text(), "固定资产总投资在500万元以上的项目。\n一、条件\n1、依法注册\n2、依法纳税");
        let start = reading.text().find("500万元以上").unwrap();
        assert_eq!(reading.quote(reading.span(start, start + "500万元以上".len())), "500 万元\n\n2、以上");
    }

    #[test]
    fn headings_and_paragraphs_stay_apart() {
        let original = "一、申报条件\n企业应具有独立法人资格。\n二、申报材料";
        assert_eq!(Reading::new(original, headers()).text(), original);
    }

    #[test]
    fn a_span_outside_the_text_gives_an_empty_quote() {
        let reading = Reading::new("一二三", headers());
        assert_eq!(reading.quote(Span::new(2, 9)), "");
        assert_eq!(reading.quote(Span::new(2, 1)), "");
    }
}
