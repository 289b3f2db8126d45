//! Lines: a text cut into its paragraphs and entries, so that a line is one numbered entry, one item of a list without
//! numbers, or one paragraph, whichever is shortest.
//!
//! Several entries often stand in one paragraph: `不予受理的情形(一)…,(二)…`, `符合下列条件:1.…;2.…`, and lists without
//! numbers: `有下列情形的不予支持:甲的;乙的`.

use crate::lexicon::Hits;
use crate::markers::{Marker, Style, marker};
use crate::openings;

/// One entry or paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Byte behind the number of the entry.
    pub(crate) body: usize,
    /// The number it starts with.
    pub(crate) mark: Option<Marker>,
}

/// A paragraph with more items than this is data.
const MOST_PIECES: usize = 60;
/// The header of a list without numbers is at most this long, in bytes.
const MOST_HEADER: usize = 400;
/// A list without numbers is at most this long, in bytes.
const MOST_LIST: usize = 6_000;

/// Cuts a text into lines.
pub(crate) fn split(text: &str, hits: &Hits) -> Vec<Stretch> {
    let mut lines = Vec::new();
    let mut start = 0;
    for paragraph in text.split_inclusive('\n') {
        let end = start + paragraph.trim_end_matches('\n').len();
        let mut from = start;
        for at in entries(&text[start..end]) {
            let at = start + at;
            if at > from {
                push(&mut lines, text, hits, from, at);
            }
            from = at;
        }
        push(&mut lines, text, hits, from, end);
        start += paragraph.len();
    }
    lines
}

/// Adds the line, its list without numbers cut into items.
fn push(lines: &mut Vec<Stretch>, text: &str, hits: &Hits, start: usize, end: usize) {
    let blank = text[start..end].len() - text[start..end].trim_start().len();
    let start = start + blank;
    if start >= end {
        return;
    }
    let mark = marker(&text[start..end]);
    let body = start + mark.map_or(0, |mark| mark.length);
    let Some((header, list_end)) = header_of_list(text, hits, body, end) else {
        lines.push(Stretch { start, end, body, mark });
        return;
    };
    lines.push(Stretch { start, end: header, body, mark });
    let mut from = header;
    let mut ordinal = 1;
    for (at, _) in text[header..list_end].match_indices([';', '；']).chain([(list_end - header, "")]) {
        let at = header + at;
        if at > from && !text[from..at].trim().is_empty() {
            let mark = Some(Marker { style: Style::Piece, ordinal, length: 0 });
            lines.push(Stretch { start: from, end: at, body: from, mark });
            ordinal += 1;
        }
        from = at + text[at..].chars().next().filter(|_| at < list_end).map_or(0, char::len_utf8);
    }
    let rest = list_end + text[list_end..end].chars().next().map_or(0, char::len_utf8);
    if rest < end {
        push_rest(lines, text, rest, end);
    }
}

/// What follows a list in its paragraph.
fn push_rest(lines: &mut Vec<Stretch>, text: &str, start: usize, end: usize) {
    if !text[start..end].trim().is_empty() {
        lines.push(Stretch { start, end, body: start, mark: None });
    }
}

/// Where the items of a list without numbers start and end inside a line: behind `有下列情形的不予支持:`.
fn header_of_list(text: &str, hits: &Hits, body: usize, end: usize) -> Option<(usize, usize)> {
    let slice = &text[body..end];
    let reach = slice.char_indices().map(|(at, _)| at).take_while(|at| *at <= MOST_HEADER).last().unwrap_or(0);
    for (at, sign) in slice[..reach].match_indices([':', '。']) {
        let from =
            slice[..at].rfind(['。', ';']).map_or(0, |before| before + slice[before..].chars().next().map_or(1, char::len_utf8));
        let header = openings::of_list(text, hits, body + from, body + at);
        let list = body + at + sign.len();
        let rest = &text[list..end];
        let length = rest.find('。').unwrap_or(rest.len());
        let items = rest[..length].matches([';', '；']).count();
        let opens = if sign == ":" { header.is_some() } else { header.is_some_and(|header| header.refused) };
        let whole = length <= MOST_LIST && items <= MOST_PIECES && !rest[..length].trim().is_empty();
        if opens && whole && (items > 0 || header.is_some_and(|header| header.refused)) {
            return Some((list, list + length));
        }
    }
    None
}

/// A number that may start an entry inside a paragraph.
struct Candidate {
    at: usize,
    mark: Marker,
    place: Place,
}

/// How surely an entry starts at a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Behind a stop.
    Open,
    /// Behind a comma, a blank or a word: only where the count goes on.
    Counted,
}

/// Where entries start inside a paragraph, its start excepted.
fn entries(paragraph: &str) -> Vec<usize> {
    let found = candidates(paragraph);
    let mut last = marker(paragraph.trim_start()).map(|mark| (mark.style, mark.ordinal));
    let mut articles = last.filter(|(style, _)| *style == Style::Article).map_or(0, |(_, ordinal)| ordinal);
    let mut kept: Vec<usize> = Vec::new();
    for (index, candidate) in found.iter().enumerate() {
        let Marker { style, ordinal, .. } = candidate.mark;
        // Articles are counted through chapters and lists.
        let before = if style == Style::Article { Some((style, articles)) } else { last };
        let follows = before.is_some_and(|(before, last)| before == style && ordinal == last + 1);
        let goes_on = || {
            let mut rest = found[index + 1..].iter().take(24);
            rest.any(|next| next.mark.style == style && next.mark.ordinal == ordinal + 1)
        };
        if candidate.place == Place::Open || follows || ordinal == 1 && goes_on() {
            kept.push(candidate.at);
            last = Some((style, ordinal));
            articles = if style == Style::Article { ordinal } else { articles };
        }
    }
    kept
}

fn candidates(paragraph: &str) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut previous = ' ';
    for (at, character) in paragraph.char_indices() {
        let own = matches!(character, '(' | '①'..='⑳' | '㈠'..='㈩' | '⑴'..='⒇' | '第');
        let starts = own || matches!(character, '0'..='9' | '一'..='龥');
        let open = matches!(previous, ':' | ';' | '。' | '；' | '|' | '!');
        let loose = matches!(previous, ',' | ' ' | ')');
        // 认定标准1.企业规模: behind a word only with a full stop behind the number.
        let behind_word = character.is_ascii_digit() && previous >= '一' && !NO_LIST_BEHIND.contains(previous);
        if at > 0 && starts && previous != '第' && (own || open || loose || behind_word) {
            let mark = marker(&paragraph[at..]).filter(|mark| fits(paragraph, at, *mark));
            if let Some(mark) = mark
                && may_follow(paragraph, at, mark, behind_word, found.last())
            {
                // (本报讯)一、总则
                let dateline = previous == ')' && mark.style == Style::Chinese && mark.ordinal == 1 && paragraph.starts_with('(');
                let place = if open || dateline || mark.style == Style::Circled { Place::Open } else { Place::Counted };
                found.push(Candidate { at, mark, place });
            }
        }
        previous = character;
    }
    found
}

/// Characters before a number that is no entry's: 附件1.、达到2.
const NO_LIST_BEHIND: &str = "件表图类第款项约共近满达至到为超于和及与或年月日号每占计增长过";

/// Whether an entry may start behind what stands before it.
fn may_follow(paragraph: &str, at: usize, mark: Marker, behind_word: bool, last: Option<&Candidate>) -> bool {
    if behind_word {
        return mark.style == Style::Arabic && paragraph[at..at + mark.length].ends_with(['.', '．']);
    }
    if mark.style != Style::Article {
        return true;
    }
    // 按照本办法第三条: a reference, unless a chapter was just begun.
    let refers = paragraph[..at]
        .ends_with(['法', '则', '定', '照', '据', '按', '合', '反', '及', '和', '与', '依', '由', '》', '在', '本', '、']);
    !refers || last.is_some_and(|last| last.mark.style == Style::Chapter && at - last.at <= MOST_CHAPTER)
}

/// The name of a chapter is at most this long, in bytes.
const MOST_CHAPTER: usize = 75;

/// `1.` before a digit is an amount, and `(一)项` is a reference.
fn fits(paragraph: &str, at: usize, mark: Marker) -> bool {
    let rest = &paragraph[at + mark.length..];
    let next = rest.chars().next();
    match mark.style {
        Style::Arabic | Style::ArabicInParentheses | Style::Decimal | Style::DeepDecimal | Style::Chinese => {
            next.is_some_and(|next| !next.is_ascii_digit() && !matches!(next, ',' | '、' | ')' | '-'))
        }
        Style::ChineseInParentheses => {
            !["项", "款", "至", "、", "条", "和", "目", "中", "规定", "所列", "-"].iter().any(|word| rest.starts_with(word))
        }
        Style::Circled | Style::Article | Style::Chapter => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::Lexicon;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let rules = crate::examples::shipped_rules();
        let hits = Lexicon::new(&rules).unwrap().find(text);
        let found: Vec<&str> = split(text, &hits).iter().map(|line| &text[line.start..line.end]).collect();
        assert_eq!(found, expected, "in {text}");
    }

    #[test]
    fn entries_within_a_paragraph_are_lines_of_their_own() {
        check("申报条件:1.具有独立法人资格;2.依法纳税。", &["申报条件:", "1.具有独立法人资格;", "2.依法纳税。"]);
        check("不予受理的情形(一)超过3次的,(二)逾期的", &["不予受理的情形", "(一)超过3次的,", "(二)逾期的"]);
        check("按第(三)项办理,金额为1,2年", &["按第(三)项办理,金额为1,2年"]);
        check("申报“标准(一)”项目的", &["申报“标准(一)”项目的"]);
        check("条件是①甲②乙", &["条件是", "①甲", "②乙"]);
        check("一、条件。二、材料。", &["一、条件。", "二、材料。"]);
        check(
            "某市管理办法第一章总则第一条为规范管理,制定本办法。第二条按照第三条执行。第二章条件第三条企业应依法注册",
            &[
                "某市管理办法",
                "第一章总则",
                "第一条为规范管理,制定本办法。",
                "第二条按照第三条执行。",
                "第二章条件",
                "第三条企业应依法注册",
            ],
        );
        check(
            "认定标准1.企业规模。年销售1亿元以上2.企业信用。良好",
            &["认定标准", "1.企业规模。年销售1亿元以上", "2.企业信用。良好"],
        );
        check("见附件1.申请表和附件2.汇总表", &["见附件1.申请表和附件2.汇总表"]);
    }

    #[test]
    fn a_list_without_numbers_is_cut_at_its_semicolons() {
        check(
            "8.有下列情形的不予支持:列入目录的;发生安全事故的。在同等条件下优先支持甲区。",
            &["8.有下列情形的不予支持:", "列入目录的", "发生安全事故的", "在同等条件下优先支持甲区。"],
        );
        check(
            "申报单位应符合下列条件之一:营业收入1亿元以上;发明专利5件以上。",
            &["申报单位应符合下列条件之一:", "营业收入1亿元以上", "发明专利5件以上"],
        );
        check(
            "有下列情形的不予支持。近三年受到处罚的;列入名单的。",
            &["有下列情形的不予支持。", "近三年受到处罚的", "列入名单的"],
        );
        check("市财政局:负责资金拨付;负责监督。", &["市财政局:负责资金拨付;负责监督。"]);
    }
}
