//! The text as the rules read it, with the way back to the characters of the stored text.
//!
//! Beyond the model's normal form, lines that a PDF or a mail wrapped at a fixed width are joined again; every position
//! still leads back to the original, so quotes are always the stored characters.

use model::text::{Normal, Span};

/// A text in normal form with its way back.
pub(crate) struct Reading<'a> {
    original: &'a str,
    /// Byte offset of each character of the original, and its length.
    boundaries: Vec<u32>,
    normal: Normal,
    /// Where lines were joined: the joined text, and for each of its bytes the byte of the normal text.
    joined: Option<(String, Vec<u32>)>,
}

/// More characters than any policy has; what lies beyond is not read.
const MOST_CHARACTERS: usize = 4_000_000;

impl<'a> Reading<'a> {
    pub(crate) fn new(original: &'a str) -> Self {
        let end = original.char_indices().nth(MOST_CHARACTERS).map_or(original.len(), |(byte, _)| byte);
        let original = &original[..end];
        let boundaries = original
            .char_indices()
            .map(|(byte, _)| byte)
            .chain([original.len()])
            .map(|byte| u32::try_from(byte).unwrap_or(u32::MAX))
            .collect();
        let normal = Normal::new(original);
        let joined = join_wrapped(normal.text());
        Self { original, boundaries, normal, joined }
    }

    /// The text the rules read.
    pub(crate) fn text(&self) -> &str {
        self.joined.as_ref().map_or_else(|| self.normal.text(), |(text, _)| text)
    }

    /// The characters of the original that bytes `start..end` of the text came from.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        match &self.joined {
            None => self.normal.span(start, end),
            Some((_, map)) if start < end && end <= map.len() => self.normal.span(map[start] as usize, map[end - 1] as usize + 1),
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

/// Widths at which texts are wrapped, in characters.
const WRAPPED_WIDTHS: std::ops::RangeInclusive<usize> = 24..=60;
/// Shorter lines are headings or ends of paragraphs, in characters.
const SHORTEST_WRAPPED: usize = 16;

/// Joins lines broken in the middle of a sentence; `None` where the text is not hard-wrapped.
fn join_wrapped(text: &str) -> Option<(String, Vec<u32>)> {
    let lines: Vec<&str> = text.split('\n').collect();
    let widths: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
    // Texts with a paragraph a line have many lines longer than any page is wide.
    let broken = (0..lines.len()).filter(|index| WRAPPED_WIDTHS.contains(&widths[*index]) && !ends_a_line(lines[*index])).count();
    let long = widths.iter().filter(|width| *width > WRAPPED_WIDTHS.end()).count();
    if broken < 3 || long * 10 > lines.len() {
        return None;
    }
    // Columns of one text differ in width, so every long line broken off in mid-sentence counts as wrapped.
    let is_soft = |index: usize| {
        let next = lines.get(index + 1);
        widths[index] >= SHORTEST_WRAPPED
            && !ends_a_line(lines[index])
            && next.is_some_and(|next| !crate::outline::starts_an_entry(next))
    };
    let soft: Vec<bool> = (0..lines.len()).map(is_soft).collect();
    let mut joined = String::with_capacity(text.len());
    let mut map = Vec::with_capacity(text.len());
    let mut at = 0u32;
    for (line, soft) in lines.iter().zip(soft) {
        joined.push_str(line);
        let length = u32::try_from(line.len()).unwrap_or(u32::MAX);
        map.extend(at..at.saturating_add(length));
        at = at.saturating_add(length);
        if !soft && (at as usize) < text.len() {
            joined.push('\n');
            map.push(at);
        }
        at = at.saturating_add(1);
    }
    Some((joined, map))
}

fn ends_a_line(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with(['。', ';', ':', '!', '?', '；', '：'])
        || ["通知", "办法", "措施", "意见", "公告", "方案"].iter().any(|kind| line.ends_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wrapped_at_a_fixed_width_are_read_as_one_and_spans_lead_back() {
        let original = "为全面加强新型基础设施项目的统筹管理和服务各区各部门要建立项目\n台账定期报送。\n符合本措施重点支持方向且总投资达到一千万元以上的项目应当纳入市\n级重点项目库并且享受本措施支持的项目应当为在库项目根据项目性质\n特点择优推荐。\n申报条件如下";
        let reading = Reading::new(original);
        let start = reading.text().find("市级重点").unwrap();
        let span = reading.span(start, start + "市级重点".len());
        assert_eq!(reading.quote(span), "市\n级重点");
        assert!(reading.text().contains("推荐。\n申报条件"));
    }

    #[test]
    fn headings_and_paragraphs_stay_apart() {
        let original = "一、申报条件\n企业应具有独立法人资格。\n二、申报材料";
        assert_eq!(Reading::new(original).text(), original);
    }

    #[test]
    fn a_span_outside_the_text_gives_an_empty_quote() {
        let reading = Reading::new("一二三");
        assert_eq!(reading.quote(Span::new(2, 9)), "");
        assert_eq!(reading.quote(Span::new(2, 1)), "");
    }
}
