//! Dates, numbers and names of a document, each read from the best place that has it.
//!
//! Order of evidence: 信息公开 table, government meta tags, header of the page, URL; for 成文日期 and what the text itself
//! declares, the body. No date is ever taken for another.

use std::sync::LazyLock;

use jiff::civil::Date;
use model::number::find_numbers;
use model::{Block, DocNumber, Document, Issue, Moment};
use regex::Regex;
use url::Url;

use crate::declared::{self, Declared, Start};
use crate::labels::{Field, Labelled, Origin};
use crate::outline::{LineId, Outline};
use crate::signature::{agencies_of_title, signature, split_agencies};
use crate::words;

/// What the fields are read from.
pub(crate) struct Evidence<'e, 'a> {
    pub(crate) outline: &'e Outline<'a>,
    pub(crate) labels: &'e [Labelled],
    pub(crate) url: &'e Url,
    /// Lines between the title and the end of the page's header.
    pub(crate) header: std::ops::Range<LineId>,
    /// Labels below the text.
    pub(crate) below: &'e [Labelled],
    /// Text of the place a rule names for the date or the source.
    pub(crate) date_place: Option<String>,
    pub(crate) source_place: Option<String>,
}

impl Evidence<'_, '_> {
    fn labelled(&self, field: Field, origin: Origin) -> impl Iterator<Item = &Labelled> {
        self.labels
            .iter()
            .filter(move |labelled| labelled.field == field && labelled.origin == origin && !labelled.value.is_empty())
    }

    fn table_value(&self, field: Field) -> Option<&str> {
        self.labelled(field, Origin::LabelTable).next().map(|labelled| labelled.value.as_str())
    }

    /// A header value, those near the title first.
    fn header_value(&self, field: Field) -> Option<&str> {
        let near = self.labelled(field, Origin::Header).find(|labelled| self.header.contains(&labelled.line));
        near.map(|labelled| labelled.value.as_str())
    }

    /// The value of a label in the table, or else in the header.
    fn value(&self, field: Field) -> Option<(&str, &'static str)> {
        let table = self.table_value(field).map(|value| (value, "label_table"));
        table.or_else(|| self.header_value(field).map(|value| (value, "header")))
    }

    /// Fills every field of the document but title, body and attachments, which must be there already.
    pub(crate) fn fill(&self, document: &mut Document, issues: &mut Vec<Issue>) {
        self.published(document, issues);
        self.numbers(document);
        self.issuers(document);
        self.days(document);
        self.texts(document);
        from_text(document);
    }

    fn published(&self, document: &mut Document, issues: &mut Vec<Issue>) {
        let place = self.date_place.as_deref().and_then(moment);
        let table = self.table_value(Field::Published).and_then(moment);
        let meta = ["PubDate", "publishdate", "firstpublishedtime", "article:published_time", "pubtime", "og:release_date"];
        let meta = meta.iter().find_map(|name| self.outline.meta(name)).and_then(moment);
        let header = self.header_value(Field::Published).and_then(moment).or_else(|| self.unlabelled_header());
        let header = header.or_else(|| self.below_text()).or_else(|| self.header_value(Field::Updated).and_then(moment));
        let url = url_date(self.url).map(Moment::from);
        // The tag tells when the page was last sent out; sites that moved or republished show the true, earlier day
        // on the page itself.
        let meta = match (meta, header) {
            (Some(tag), Some(shown)) if shown.date < tag.date => {
                if table.is_none() {
                    issues.push(Issue::new("published_disagree", format!("tag {tag}, page {shown}")));
                }
                None
            }
            (tag, _) => tag,
        };
        let ranked = [(place, "rule"), (table, "label_table"), (meta, "meta"), (header, "header"), (url, "url")];
        let Some((best, from)) = ranked.iter().find_map(|(moment, from)| moment.map(|moment| (moment, *from))) else { return };
        // The same day with a time of day, from a lower place, says more.
        let timed =
            ranked.iter().filter_map(|(moment, _)| *moment).find(|moment| moment.date == best.date && moment.time.is_some());
        document.published = Some(timed.unwrap_or(best));
        document.fields_from.insert("published".to_owned(), from.to_owned());
    }

    /// The day of publication where a page names it below its text, and names but one there: lists of other pages
    /// have a day for each.
    fn below_text(&self) -> Option<Moment> {
        let below = self.below.iter().filter(|labelled| labelled.field == Field::Published);
        let mut days = below.filter_map(|labelled| moment(&labelled.value));
        days.next().filter(|_| days.next().is_none())
    }

    /// A date without a label in the header lines.
    fn unlabelled_header(&self) -> Option<Moment> {
        // The values of labels are what their labels say, whatever they look like.
        let says_other = |field: Field| matches!(field, Field::Source | Field::Other | Field::Title | Field::Updated);
        let labelled = |id: LineId| {
            let own = self.labels.iter().any(|labelled| labelled.line == id && !says_other(labelled.field));
            own || self.labels.iter().any(|labelled| labelled.value_on_next_line && labelled.line + 1 == id)
        };
        self.header.clone().filter(|id| !labelled(*id)).find_map(|id| {
            let line = self.outline.line(id);
            let short = line.chars().count() <= 60 && !line.contains('。');
            let (found, start, end) = short.then(|| model::date::find_moment(&tight(line)))??;
            let letters = line.chars().filter(|character| words::is_letter(*character)).count();
            // Nearly all of the line, or its beginning.
            (start <= 4 && (end - start) * 3 >= letters || start == 0 || crate::body::is_header_line(line)).then_some(found)
        })
    }

    fn numbers(&self, document: &mut Document) {
        let mut add = |found: Vec<DocNumber>, from: &str| {
            if document.numbers.is_empty() && !found.is_empty() {
                document.numbers = found;
                document.fields_from.insert("numbers".to_owned(), from.to_owned());
            }
        };
        let read = |text: &str| find_numbers(text).into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        for labelled in self.labelled(Field::Number, Origin::LabelTable) {
            add(read(&labelled.value), "label_table");
        }
        for name in ["DocNumber", "fileNum", "wenhao"] {
            add(self.outline.meta(name).map(read).unwrap_or_default(), "meta");
        }
        if let Some(value) = self.header_value(Field::Number) {
            add(read(value), "header");
        }
        for id in self.header.clone() {
            add(lone_number(self.outline.line(id)), "header");
        }
        // Interpretations name the number of what they explain; numbers one below the other are a list.
        let numbered: Vec<_> = first_blocks(&document.blocks).map(|block| lone_number(&block.text)).collect();
        let is_list = numbered.windows(2).any(|pair| pair.iter().all(|found| !found.is_empty()) && pair[0] != pair[1]);
        if !is_list && !document.title.contains("解读") {
            numbered.into_iter().for_each(|found| add(found, "body"));
        }
        add(number_in_title(&document.title), "title");
    }

    fn issuers(&self, document: &mut Document) {
        let mut names: Vec<String> = Vec::new();
        for field in [Field::Issuer, Field::JointIssuer] {
            if let Some(value) = self.table_value(field) {
                names.extend(split_agencies(value));
            }
        }
        let mut from = "label_table";
        if names.is_empty() {
            names = agencies_of_title(&document.title);
            from = "title";
        }
        let mut seen: Vec<String> = Vec::new();
        names.retain(|name| {
            let bare = words::bare(name);
            let new = bare.chars().count() >= 2 && !seen.contains(&bare);
            seen.push(bare);
            new
        });
        if !names.is_empty() {
            document.issuers = names;
            document.fields_from.insert("issuers".to_owned(), from.to_owned());
        }
    }

    /// Days that the table or the header name; what the text itself declares comes with [`from_text`].
    fn days(&self, document: &mut Document) {
        let day = |(value, place): (&str, &'static str)| moment(value).map(|moment| (moment.date, place));
        let found = |field: Field| self.value(field).and_then(day);
        let from = &mut document.fields_from;
        document.issued = keep(found(Field::Issued), "issued", from);
        document.effective = keep(found(Field::Effective), "effective", from);
        document.expires = keep(found(Field::Expires), "expires", from);
        // Tables may say it in a sentence: `时效：本规定自…起施行，有效期至…`, or as a length: `有效期：5年`.
        let mut stated = Declared::default();
        for (value, _) in [self.value(Field::Validity), self.value(Field::Effective)].into_iter().flatten() {
            stated.add(value);
        }
        if document.effective.is_none() {
            let day = match stated.effective {
                Some(Start::Day(day)) => Some(day),
                Some(Start::Issued) => document.issued,
                None => None,
            };
            document.effective = keep(day.map(|day| (day, "label_table")), "effective", from);
        }
        if document.expires.is_none() {
            document.expires = keep(stated.expires.map(|day| (day, "label_table")), "expires", from);
        }
        let length = self.value(Field::Expires).and_then(|(value, _)| declared::lone_months(value));
        if let Some(months) = length
            && document.expires.is_none()
            && let Some(effective) = document.effective
        {
            document.expires = keep(declared::last_day(effective, months).map(|day| (day, "computed")), "expires", from);
        }
    }

    fn texts(&self, document: &mut Document) {
        let from = &mut document.fields_from;
        let index = self.table_value(Field::IndexNumber).map(|value| (value, "label_table"));
        let index = index.or_else(|| self.header_value(Field::IndexNumber).map(|value| (value, "header")));
        document.index_number = note(index.filter(|(value, _)| value.len() <= 120), "index_number", from);
        let validity = self.table_value(Field::Validity).map(|value| (value, "label_table"));
        let validity = validity.or_else(|| {
            self.table_value(Field::Expires).filter(|value| moment(value).is_none()).map(|value| (value, "label_table"))
        });
        let validity = validity.filter(|(value, _)| value.chars().count() <= 12);
        document.validity = note(validity.map(|(value, place)| (plain_validity(value), place)), "validity", from);
        document.theme = note(self.table_value(Field::Theme).map(|value| (value, "label_table")), "theme", from);
        let source = self.source_place.as_deref().map(|value| (value, "rule"));
        let source = source.or_else(|| self.table_value(Field::Source).map(|value| (value, "label_table")));
        // Some templates fill both tags with the name of the column.
        let title = self.outline.meta("ArticleTitle");
        let source = source
            .or_else(|| self.outline.meta("ContentSource").filter(|value| title != Some(*value)).map(|value| (value, "meta")));
        let source = source.or_else(|| self.header_value(Field::Source).map(|value| (value, "header")));
        let source = source.map(|(value, place)| (without_date(value), place));
        document.source = note(source.filter(|(value, _)| value.chars().count() <= 80), "source", from);
    }
}

type From = std::collections::BTreeMap<String, String>;

fn keep<T>(found: Option<(T, &str)>, field: &str, from: &mut From) -> Option<T> {
    let (value, place) = found?;
    from.insert(field.to_owned(), place.to_owned());
    Some(value)
}

/// Reads what a document's own title and text say of it: the inner title, who signed it and when, the remark under the
/// signature, from when and until when it is in force. What a table, tag or header said stays; what was read of the
/// text before is read again.
pub(crate) fn from_text(document: &mut Document) {
    let unset = |from: &From, field: &str| from.get(field).is_none_or(|place| matches!(place.as_str(), "body" | "computed"));
    let found = signature(&document.blocks);
    let from = &mut document.fields_from;
    for field in ["inner_title", "signature", "note"] {
        from.remove(field);
    }
    document.inner_title = keep(model::title::inner_title(&document.title).map(|inner| (inner, "title")), "inner_title", from);
    document.note = keep(declared::note(&document.blocks).map(|note| (note, "body")), "note", from);
    if unset(from, "issued") {
        from.remove("issued");
        document.issued = keep(found.as_ref().and_then(|found| found.date).map(|day| (day, "body")), "issued", from);
    }
    if unset(from, "issuers") {
        from.remove("issuers");
        let signed = found.as_ref().map(|found| found.issuers.clone()).filter(|names| !names.is_empty());
        document.issuers = keep(signed.map(|names| (names, "body")), "issuers", from).unwrap_or_default();
    }
    document.signature = keep(found.map(|found| (found, "body")), "signature", from);
    // An interpretation tells when the document it explains comes into force, not itself.
    let explains = ["解读", "问答", "一图读懂", "答记者问", "新闻发布会"].iter().any(|word| document.title.contains(word));
    let stated = if explains { Declared::default() } else { Declared::read(&document.blocks) };
    if unset(from, "effective") {
        from.remove("effective");
        let day = match stated.effective {
            Some(Start::Day(day)) => Some(day),
            // The text says which day it is; when that day was, only the date of issue can say.
            Some(Start::Issued) => document.issued,
            None => None,
        };
        document.effective = keep(day.map(|day| (day, "body")), "effective", from);
    }
    if unset(from, "expires") && (document.expires.is_none() || from.get("expires").is_some_and(|place| place == "body")) {
        from.remove("expires");
        let computed = || document.effective.and_then(|day| stated.last_day(day)).map(|day| (day, "computed"));
        document.expires = keep(stated.expires.map(|day| (day, "body")).or_else(computed), "expires", from);
    }
}

fn note(found: Option<(&str, &str)>, field: &str, from: &mut From) -> Option<String> {
    let (value, place) = found?;
    let value = words::squeeze(value);
    if value.is_empty() {
        return None;
    }
    from.insert(field.to_owned(), place.to_owned());
    Some(value)
}

/// Tables that answer 是 or 否 to 有效性 mean 有效 or 无效.
fn plain_validity(value: &str) -> &str {
    match value.trim() {
        "是" => "有效",
        "否" => "无效",
        other => other,
    }
}

/// The date of a value; blanks around the signs of a date and a time (`2023- 08- 07 09: 55`) do not count.
pub(crate) fn moment(value: &str) -> Option<Moment> {
    model::date::parse_moment(&tight(value))
}

/// A source without the date some headers put behind it.
fn without_date(value: &str) -> &str {
    let Some((_, start, _)) = model::date::find_moment(value).filter(|(_, start, _)| *start > 0) else { return value };
    value.char_indices().nth(start).map_or(value, |(at, _)| value[..at].trim())
}

fn tight(value: &str) -> String {
    let mut tight = String::with_capacity(value.len());
    for character in value.chars().map(model::text::fold_char) {
        let joins = |character: char| matches!(character, ':' | '-');
        if joins(character) {
            while tight.ends_with(' ') {
                tight.pop();
            }
        }
        if character == ' ' && tight.ends_with(joins) {
            continue;
        }
        tight.push(character);
    }
    tight
}

static URL_DATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:/|[/_]t|_)(?P<a>(?:19|20)\d{2})(?P<b>[01]\d)(?P<c>[0-3]\d)(?:[_/.]|$)|/(?P<d>(?:19|20)\d{2})[-/_](?P<e>\d{1,2})[-/_](?P<f>\d{1,2})/|/(?P<g>(?:19|20)\d{2})-?(?P<h>[01]\d)/(?P<i>[0-3]\d)/").ok()
});

/// The day a URL names.
pub(crate) fn url_date(url: &Url) -> Option<Date> {
    let found = URL_DATE.as_ref()?.captures(url.path())?;
    let group = |names: [&str; 3]| -> Option<Date> {
        let [year, month, day] = names.map(|name| found.name(name).and_then(|text| text.as_str().parse::<i16>().ok()));
        Date::new(year?, i8::try_from(month?).ok()?, i8::try_from(day?).ok()?).ok()
    };
    group(["a", "b", "c"])
        .or_else(|| group(["d", "e", "f"]))
        .or_else(|| group(["g", "h", "i"]))
        .filter(|date| date.year() >= 1990)
}

/// Blocks among which a document's own number can stand: the short ones at its top.
fn first_blocks(blocks: &[Block]) -> impl Iterator<Item = &Block> {
    // Behind a salutation or a sentence the text has begun, and its numbers are those of others.
    let begins = |text: &str| text.chars().count() > 90 || text.ends_with(['：', ':', '。']);
    blocks.iter().take(12).take_while(move |block| !begins(&block.text))
}

/// The number of a line that is a number and little else, as `（常政规〔2014〕4号）`.
fn lone_number(line: &str) -> Vec<DocNumber> {
    if line.len() > 240 || !line.contains('号') {
        return Vec::new();
    }
    let found = find_numbers(line);
    let covered: u32 = found.iter().map(|(_, span)| span.len()).sum();
    let letters = line.chars().filter(|character| !matches!(character, ' ' | '(' | ')' | '（' | '）' | '[' | ']')).count();
    if covered as usize * 10 >= letters * 7 { found.into_iter().map(|(number, _)| number).collect() } else { Vec::new() }
}

/// A number in brackets behind a title.
fn number_in_title(title: &str) -> Vec<DocNumber> {
    let title = title.trim_end();
    if !title.ends_with([')', '）', '号']) {
        return Vec::new();
    }
    let count = title.chars().count() as u32;
    let ending = find_numbers(title).into_iter().filter(|(_, span)| span.end + 2 >= count);
    ending.map(|(number, _)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_day_in_many_forms() {
        for (url, expected) in [
            ("https://www.example.gov.cn/zw/202204/t20220406_73256857.html", "2022-04-06"),
            ("https://www.example.gov.cn/art/2022/6/15/art_1_2.html", "2022-06-15"),
            ("https://www.example.gov.cn/zdgk/20210723/3612160ac.html", "2021-07-23"),
            ("https://www.example.gov.cn/cms/html/2020-11-13/55167593.html", "2020-11-13"),
            ("https://www.example.gov.cn/2024-07/05/content_1.htm", "2024-07-05"),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(url_date(&url).map(|date| date.to_string()).as_deref(), Some(expected), "{url}");
        }
        for url in [
            "https://www.example.gov.cn/c/202512/c01_1.shtml",
            "https://www.example.gov.cn/post_5964372.html",
            "https://www.example.gov.cn/44/20241399/x",
        ] {
            assert_eq!(url_date(&Url::parse(url).unwrap()), None, "{url}");
        }
    }

    #[test]
    fn only_a_line_that_is_a_number_gives_one() {
        assert_eq!(lone_number("（常政规〔2014〕4号）")[0].key(), "常政规|2014|4");
        assert!(lone_number("根据国办发〔2017〕47号文件精神，现就有关事项通知如下").is_empty());
    }
}
