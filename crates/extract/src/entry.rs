//! One entry of a list: its full title and the date that stands beside it.

use std::ops::Range;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::outline::{ElementId, LineId, Link, Outline, Tag};
use crate::words;

/// Parts of an entry looked at for its date.
const MOST_PARTS: usize = 60;
/// Longer lines hold many entries, or sentences; looking through them for each entry would be quadratic.
const LONGEST_LINE_BYTES: usize = 1200;
/// A text that holds a date and little else is no longer than this.
const LONGEST_DATE_BYTES: usize = 120;

/// Characters of a link's text or of its title, whichever is longer.
pub(crate) fn title_length(link: &Link<'_>) -> usize {
    link.title.chars().count().max(link.text.chars().count()).min(400)
}

fn regex(cell: &'static LazyLock<Option<Regex>>) -> Option<&'static Regex> {
    cell.as_ref()
}

/// The entry's full title: the `title` attribute where the text is cut, otherwise the text, without date and marks.
pub(crate) fn title_of(outline: &Outline<'_>, link: &Link<'_>) -> String {
    let attribute = title_attribute(link.title);
    let text = shown_title(outline, link);
    let ends_cut = text.trim_end_matches([']', '】', ' ']);
    let cut = ends_cut.ends_with('…') || ends_cut.ends_with("...") || ends_cut.ends_with("..");
    let stem = words::bare(text.trim_end_matches(['.', '…', ' ']));
    let whole = words::bare(&attribute);
    let longer = whole.starts_with(&stem) && attribute.chars().count() >= text.chars().count();
    // `[通知] …` before the title is a mark of the list; the attribute is the title itself.
    let marked = whole.chars().count() >= 8 && !cut && text.starts_with(['[', '【', '［', '〔']) && stem.ends_with(&whole);
    let title = if !attribute.is_empty() && (cut || text.is_empty() || longer || marked) { attribute } else { text };
    let title = ["[置顶]", "【置顶】", "［置顶］"].iter().find_map(|mark| title.strip_prefix(mark)).unwrap_or(&title);
    let title = title.trim_start_matches(['·', '•', '●', '■', '◆', '▪', '▶', '>', '»', '-', ' ', '\u{f0b7}', '◇', '★', '☆']);
    without_dates(title).to_owned()
}

/// A title attribute; some sites write several labelled lines into it.
fn title_attribute(attribute: &str) -> String {
    let lines: Vec<String> = attribute.split(['\n', '\r']).map(words::squeeze).filter(|line| !line.is_empty()).collect();
    let labelled = lines.iter().find_map(|line| {
        ["标题", "文章标题", "信息标题", "名称"]
            .iter()
            .find_map(|label| line.strip_prefix(label)?.trim_start().strip_prefix(['：', ':']))
    });
    match labelled {
        Some(title) => {
            let title = title.split("发布时间").next().unwrap_or(title).split("发布日期").next().unwrap_or(title);
            title.trim().to_owned()
        }
        None => words::squeeze(attribute),
    }
}

/// The title a link shows: its heading where it has one, else its first line without the parts that are dates.
fn shown_title(outline: &Outline<'_>, link: &Link<'_>) -> String {
    let Some(element) = outline.elements.get(link.element as usize).filter(|element| element.after > link.element + 1) else {
        return first_title_line(&link.text);
    };
    let parts = (link.element + 1..element.after).take(MOST_PARTS);
    let heading = parts.clone().find(|part| outline.element(*part).tag == Tag::Heading && !outline.text_of(*part).is_empty());
    if let Some(heading) = heading {
        return words::squeeze(outline.text_of(heading));
    }
    let mut text = link.text.as_str();
    // Parts side by side are glued; those that are dates are cut from either end.
    for _ in 0..3 {
        let before = text.len();
        for part in parts.clone().map(|part| outline.text_of(part)).filter(|part| !part.is_empty() && part.len() < text.len()) {
            if lone_date(part).is_none() && lone_part(part).is_none() && !is_mark(part) {
                continue;
            }
            text = text.strip_prefix(part).or_else(|| text.strip_suffix(part)).unwrap_or(text).trim();
        }
        if text.len() == before {
            break;
        }
    }
    first_title_line(text)
}

/// A word that marks an entry and is no part of its title.
fn is_mark(text: &str) -> bool {
    let word = text.trim_matches(['[', ']', '【', '】', '(', ')', '（', '）', '!', '！', ' ']);
    matches!(word, "置顶" | "NEW" | "New" | "new" | "HOT" | "hot" | "热" | "新" | "荐" | "最新")
}

/// The line of a link's text that is the title: not its date, its day alone, its column.
fn first_title_line(text: &str) -> String {
    if !text.contains('\n') {
        return words::squeeze(text);
    }
    let lines: Vec<String> = text.split('\n').map(words::squeeze).filter(|line| !line.is_empty()).collect();
    let is_title = |line: &&String| lone_date(line).is_none() && lone_part(line).is_none();
    let title = lines.iter().filter(is_title).find(|line| line.chars().count() >= 5);
    title.or_else(|| lines.iter().find(is_title)).or(lines.first()).cloned().unwrap_or_default()
}

static TRAILING_DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\s*(?:(?:发布|发文|更新|公布)?(?:时间|日期)\s*[：:]\s*)?[\[(（【]?20\d{2}[-./年]\d{1,2}[-./月]\d{1,2}日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?[\])）】]?$",
    )
    .ok()
});

static LEADING_DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[\[(（【]?20\d{2}[-./年]\d{1,2}[-./月]\d{1,2}日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?[\])）】]?(?:\s+|[|:：]\s*|$)")
        .ok()
});

static TRAILING_DAY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:\s+[\[(（【]?|[\[(（【])\d{2}[-/.]\d{2}[\])）】]?$").ok());

/// A title without the date some lists write into the link.
fn without_dates(title: &str) -> &str {
    let mut rest = title;
    if let Some(found) = regex(&TRAILING_DATE).and_then(|date| date.find(rest))
        && found.start() >= 6
    {
        rest = rest[..found.start()].trim_end();
    } else if let Some(found) = regex(&TRAILING_DAY).and_then(|date| date.find(rest))
        && found.start() >= 6
    {
        rest = rest[..found.start()].trim_end();
    }
    if let Some(found) = regex(&LEADING_DATE).and_then(|date| date.find(rest))
        && rest.len() > found.end() + 12
    {
        rest = &rest[found.end()..];
    }
    rest
}

/// The date that stands beside an entry's link as a text of its own. Dates inside sentences are not it.
pub(crate) fn date_in(outline: &Outline<'_>, row: Range<ElementId>, link: &Link<'_>) -> Option<Date> {
    if let Some(date) = by_column(outline, link.element) {
        return Some(date);
    }
    let lines = lines_of(outline, &row);
    let mut search = Search { labelled: is_labelled(outline, &lines), ..Search::default() };
    let shown = row.take(MOST_PARTS).filter(|part| *part != link.element).map(|part| outline.text_of(part));
    for text in shown.filter(|text| !text.is_empty() && text.len() <= LONGEST_DATE_BYTES) {
        if let Some(date) = search.see(text) {
            return Some(date);
        }
    }
    let title = link.text.split('\n').next().unwrap_or_default();
    for line in lines.take(MOST_PARTS).map(|id| outline.line(id)).filter(|line| line.len() <= LONGEST_LINE_BYTES) {
        let around = if title.is_empty() { None } else { line.find(title).map(|at| [&line[..at], &line[at + title.len()..]]) };
        let found = match around {
            // The date may be part of the link's own text.
            Some(around) => around.into_iter().find_map(|text| search.see(text)).or_else(|| search.take(in_link_text(title))),
            None => search.see(line),
        };
        if found.is_some() {
            return found;
        }
    }
    let told = || ["日期", "时间"].iter().any(|label| link.title.contains(label)).then(|| published_in(link.title)).flatten();
    search.first.or_else(told).or_else(|| search.parts.date(link))
}

/// Whether a row names what its dates are: then the one of publication may not be the first.
fn is_labelled(outline: &Outline<'_>, lines: &Range<LineId>) -> bool {
    let lines = lines.clone().take(MOST_PARTS).map(|id| outline.line(id)).filter(|line| line.len() <= LONGEST_LINE_BYTES);
    lines.into_iter().any(|line| ["日期", "时间"].iter().any(|label| line.contains(label)))
}

/// What was seen of a row's dates so far.
#[derive(Default)]
struct Search {
    labelled: bool,
    first: Option<Date>,
    parts: Parts,
}

impl Search {
    /// Looks at one text; gives a date that needs no further look.
    fn see(&mut self, text: &str) -> Option<Date> {
        if self.labelled
            && let Some(date) = published_in(text)
        {
            return Some(date);
        }
        self.parts.take(text);
        self.take(lone_date(text))
    }

    fn take(&mut self, date: Option<Date>) -> Option<Date> {
        self.first = self.first.or(date);
        self.first.filter(|_| !self.labelled)
    }
}

/// The lines of a row of elements.
fn lines_of(outline: &Outline<'_>, row: &Range<ElementId>) -> Range<LineId> {
    let first = outline.element(row.start).first_line;
    // The row ends where its last outermost element ends.
    let mut end = outline.element(row.start).end_line;
    let mut at = outline.element(row.start).after;
    while at < row.end {
        let element = outline.element(at);
        end = end.max(element.end_line);
        at = element.after.max(at + 1);
    }
    first..end
}

/// The date that is part of the link's own text.
fn in_link_text(text: &str) -> Option<Date> {
    let found = regex(&TRAILING_DATE)?.find(text).or_else(|| regex(&LEADING_DATE)?.find(text))?;
    model::date::parse_date(found.as_str())
}

/// A date labelled as that of publication, among others that are not.
fn published_in(text: &str) -> Option<Date> {
    static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?:发布|公开|上网|发稿|录入)(?:时间|日期)\s*[：:]?\s*(?P<date>[\[【]?20\d{2}[^\p{Han}]{1,3}\d[^\p{Han}]{1,8}|20\d{2}年\d{1,2}月\d{1,2}日)").ok()
    });
    if !text.contains("时间") && !text.contains("日期") {
        return None;
    }
    model::date::parse_date(regex(&LABEL)?.captures(text)?.name("date")?.as_str())
}

/// The date in the column of a table whose head says so; tables of public files have two or three.
fn by_column(outline: &Outline<'_>, element: ElementId) -> Option<Date> {
    let row = outline.ancestors(element).take(8).find(|id| outline.element(*id).tag == Tag::Row)?;
    let table = outline.element(row).table;
    if table == crate::outline::NONE {
        return None;
    }
    let head = (table + 1..outline.element(table).after).take(12).find(|id| outline.element(*id).tag == Tag::Row)?;
    let cells = |row: ElementId| outline.children(row).filter(|id| outline.element(*id).tag == Tag::Cell).take(20);
    let is_published = |text: &str| {
        text.chars().count() <= 8
            && ["发布", "公开", "上网"].iter().any(|word| text.contains(word))
            && ["日期", "时间"].iter().any(|word| text.contains(word))
    };
    let column = (head != row).then(|| cells(head).position(|cell| is_published(outline.text_of(cell))))??;
    lone_date(outline.text_of(cells(row).nth(column)?))
}

/// The date of a text that is a date and hardly anything else (`[2024-07-05]`, `发布时间：2024-07-05`).
pub(crate) fn lone_date(text: &str) -> Option<Date> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) && !text.contains('年') || text.len() > LONGEST_DATE_BYTES {
        return None;
    }
    let (found, start, end) = model::date::find_moment(text)?;
    let letters =
        text.chars().enumerate().filter(|(at, character)| (*at < start || *at >= end) && words::is_letter(*character)).count();
    (letters <= 6).then_some(found.date)
}

/// Parts of a date shown apart, as calendars do beside the title.
#[derive(Default)]
struct Parts {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
}

/// One part: year and month, month and day, a year or a day alone.
fn lone_part(text: &str) -> Option<(Option<i16>, Option<i8>, Option<i8>)> {
    static YEAR_MONTH: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[\[(（]?(20\d{2})\s*[-./年]\s*(\d{1,2})\s*月?[\])）]?$").ok());
    static MONTH_DAY: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[\[(（]?(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?[\])）]?$").ok());
    static SHORT_YEAR: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^[\[(（]?([12]\d)[-./](\d{2})[-./](\d{2})[\])）]?$").ok());
    let text = text.trim();
    if text.is_empty() || text.len() > 24 || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |found: &regex::Captures<'_>, at: usize| found.get(at)?.as_str().parse::<i16>().ok();
    if let Some(found) = regex(&SHORT_YEAR)?.captures(text) {
        let part = |at| number(&found, at).and_then(small);
        return Some((number(&found, 1).map(|year| 2000 + year), part(2), part(3)));
    }
    if let Some(found) = regex(&YEAR_MONTH)?.captures(text) {
        return Some((number(&found, 1), number(&found, 2).and_then(small), None));
    }
    if let Some(found) = regex(&MONTH_DAY)?.captures(text) {
        return Some((None, number(&found, 1).and_then(small), number(&found, 2).and_then(small)));
    }
    let digits = text.trim_end_matches(['日', '年', '月']);
    let value: i16 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    match digits.len() {
        4 if (1990..2100).contains(&value) => Some((Some(value), None, None)),
        1 | 2 if text.ends_with('月') => Some((None, small(value), None)),
        1 | 2 if !text.ends_with('年') && (1..=31).contains(&value) => Some((None, None, small(value))),
        _ => None,
    }
}

fn small(value: i16) -> Option<i8> {
    i8::try_from(value).ok()
}

impl Parts {
    fn take(&mut self, text: &str) {
        if let Some((year, month, day)) = lone_part(text) {
            self.year = self.year.or(year);
            self.month = self.month.or(month);
            self.day = self.day.or(day);
        }
    }

    /// The date the parts make; the year of a month and day alone may stand in the entry's address.
    fn date(&self, link: &Link<'_>) -> Option<Date> {
        let (month, day) = self.month.zip(self.day)?;
        let year = self.year.or_else(|| year_in_address(link.href, month))?;
        Date::new(year, month, day).ok()
    }
}

/// The year of a folder or file named by its date, where the month fits.
fn year_in_address(href: &str, month: i8) -> Option<i16> {
    static FOLDER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?:^|[/t_=-])(20\d{2})[-/]?(\d{1,2})(?:[-/]?\d{1,2})?(?:[/_.-]|$)").ok());
    regex(&FOLDER)?.captures_iter(href).find_map(|found| {
        let fits = found.get(2)?.as_str().parse::<i8>().ok()? == month;
        fits.then(|| found.get(1)?.as_str().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link<'a>(text: &str, title: &'a str) -> Link<'a> {
        Link { element: 0, href: "", title, text: text.to_owned(), line: 0 }
    }

    #[test]
    fn titles_are_whole_and_without_date_and_marks() {
        for (text, title, expected) in [
            ("关于印发某某管理…", "关于印发某某管理办法的通知", "关于印发某某管理办法的通知"),
            ("关于印发某某管...", "关于印发某某管理办法的通知", "关于印发某某管理办法的通知"),
            ("·关于开展申报工作的通知 2024-07-05", "", "关于开展申报工作的通知"),
            ("关于开展申报工作的通知[2024-07-05]", "", "关于开展申报工作的通知"),
            ("2024-07-05 关于开展申报工作的通知", "", "关于开展申报工作的通知"),
            ("[通知]关于开展申报工作的通知", "关于开展申报工作的通知", "关于开展申报工作的通知"),
            ("[通知]关于开展申报工作的通知", "", "[通知]关于开展申报工作的通知"),
            ("[置顶]关于开展申报工作的通知", "", "关于开展申报工作的通知"),
            ("关于开展申报工作…", "标题：关于开展申报工作的通知\n发布时间：2024-07-05", "关于开展申报工作的通知"),
            ("15\n2024-07\n关于开展申报工作的通知\n摘要一二三四五六", "", "关于开展申报工作的通知"),
            ("关于2023年结果的公示", "查看", "关于2023年结果的公示"),
            ("2024年7月5日新闻发布会实录", "", "2024年7月5日新闻发布会实录"),
        ] {
            assert_eq!(title_of(&Outline::default(), &link(text, title)), expected, "{text}");
        }
    }

    #[test]
    fn parts_of_dates_are_told_from_other_numbers() {
        for (text, expected) in [
            ("2025-09", Some((Some(2025), Some(9), None))),
            ("[07-05]", Some((None, Some(7), Some(5)))),
            ("15", Some((None, None, Some(15)))),
            ("2025", Some((Some(2025), None, None))),
            ("9月", Some((None, Some(9), None))),
            ("[24-07-05]", Some((Some(2024), Some(7), Some(5)))),
            ("128", None),
            ("第3期", None),
        ] {
            assert_eq!(lone_part(text), expected, "{text}");
        }
    }

    #[test]
    fn the_year_of_a_day_is_read_from_an_address_that_fits() {
        for (href, month, expected) in [
            ("./202607/t20260705_1.html", 7, Some(2026)),
            ("/art/2026/7/5/art_1_2.html", 7, Some(2026)),
            ("./202606/t20260605_1.html", 7, None),
            ("/info/1012/3456.htm", 7, None),
        ] {
            assert_eq!(year_in_address(href, month), expected, "{href}");
        }
    }
}
