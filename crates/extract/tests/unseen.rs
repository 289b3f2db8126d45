//! Stored pages made unlike anything a rule knows: without rules, without tags, renamed, wrapped, broken. What a reader
//! finds on a page must not hang on the names its template uses.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests are tests; a skipped test says so")]

mod stored;

use std::borrow::Cow;

use extract::Extractor;
use model::{Document, Page, PageKind};
use regex::{Captures, Regex};
use stored::{Stored, likeness};

/// Of changes that every page takes alike, one page in so many is looked at.
const EACH: usize = 3;

/// Shares of pages, or the mean likeness, that must hold.
struct Floor {
    kind: f64,
    title: f64,
    published: f64,
    number: f64,
    body: f64,
}

/// Some pages give their day in a tag alone.
const TAGLESS: Floor = Floor { published: 0.955, ..EVERY };
const EVERY: Floor = Floor { kind: 0.98, title: 0.98, published: 0.98, number: 0.97, body: 0.985 };

#[derive(Default)]
struct Tally {
    pages: usize,
    details: usize,
    kind: usize,
    title: usize,
    published: usize,
    number: usize,
    body: f64,
    /// Every difference, shown where a rate is too low.
    differences: Vec<String>,
}

impl Tally {
    fn add(&mut self, expected: &Page, found: &Page) {
        self.pages += 1;
        self.kind += usize::from(self.same("kind", expected, &expected.kind, &found.kind));
        if expected.kind != PageKind::Detail {
            return;
        }
        let (was, is) = (&expected.document, &found.document);
        let day = |document: &Document| document.published.map(|moment| moment.date);
        let body = likeness(&was.text, &is.text);
        self.details += 1;
        self.title += usize::from(self.same("title", expected, &was.title, &is.title));
        self.published += usize::from(self.same("published", expected, &day(was), &day(is)));
        self.number += usize::from(self.same("number", expected, &was.numbers.first(), &is.numbers.first()));
        self.body += body;
        if body < 0.985 {
            self.differences.push(format!("{} body {body:.3}: {}", expected.url, difference(&was.text, &is.text)));
        }
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, field: &str, page: &Page, was: &T, is: &T) -> bool {
        if was != is {
            self.differences.push(format!("{} {field} {is:?}, was {was:?}", page.url));
        }
        was == is
    }

    fn check(&self, name: &str, floor: &Floor) -> Vec<String> {
        let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        let rates = [
            ("kind", share(self.kind, self.pages), floor.kind),
            ("title", share(self.title, self.details), floor.title),
            ("published", share(self.published, self.details), floor.published),
            ("number", share(self.number, self.details), floor.number),
            ("body", self.body / self.details.max(1) as f64, floor.body),
        ];
        eprintln!("{name}: {}", rates.map(|(field, rate, _)| format!("{field} {rate:.3}")).join(", "));
        let low = rates.into_iter().filter(|(_, rate, floor)| rate < floor);
        let mut low: Vec<String> = low.map(|(field, rate, floor)| format!("{name}: {field} {rate:.3} < {floor}")).collect();
        if !low.is_empty() {
            low.extend(self.differences.iter().map(|difference| format!("  {difference}")));
        }
        low
    }
}

/// The lines one text has and the other has not.
fn difference(was: &str, is: &str) -> String {
    let missing: Vec<&str> = was.lines().filter(|line| !is.contains(line)).take(4).collect();
    let added: Vec<&str> = is.lines().filter(|line| !was.contains(line)).take(6).collect();
    let short =
        |lines: Vec<&str>| lines.iter().map(|line| line.chars().take(60).collect::<String>()).collect::<Vec<_>>().join(" / ");
    format!("missing {{{}}} added {{{}}}", short(missing), short(added))
}

fn replace<'t>(pattern: &str, text: &'t str, with: &str) -> Cow<'t, str> {
    Regex::new(pattern).unwrap().replace_all(text, with)
}

/// Names that say nothing in place of all classes and ids.
fn renamed(text: &str) -> String {
    let pattern = Regex::new(r#"(?i)\b(class|id)\s*=\s*(?:"([^"]*)"|'([^']*)')"#).unwrap();
    let hashed = |names: &str| {
        let words = names.split_ascii_whitespace();
        let hash = |word: &str| word.bytes().fold(5381_u32, |hash, byte| hash.wrapping_mul(33) ^ u32::from(byte));
        words.map(|word| format!("x{:x}", hash(word))).collect::<Vec<_>>().join(" ")
    };
    let named = |found: &Captures<'_>| {
        let value = found.get(2).or_else(|| found.get(3)).map_or("", |value| value.as_str());
        format!("{}=\"{}\"", &found[1], hashed(value))
    };
    pattern.replace_all(text, named).into_owned()
}

fn without_tags(text: &str) -> String {
    let named = r#"(?i)<meta[^>]*\bname\s*=\s*["']?(?:ArticleTitle|PubDate|ContentSource|SiteName|ColumnName|publishdate|firstpublishedtime|Description|Keywords|Url)["']?[^>]*>"#;
    replace(named, text, "").into_owned()
}

fn wrapped(text: &str) -> String {
    let text = replace(r"(?i)<p(\s[^>]*)?>", text, "<div><p$1>");
    let text = replace(r"(?i)</p>", &text, "</p></div>").into_owned();
    let text = replace(r"(?i)(<body[^>]*>)", &text, "$1<div class=\"page\"><div><div>").into_owned();
    replace(r"(?i)</body>", &text, "</div></div></div></body>").into_owned()
}

fn ended_early(text: &str) -> String {
    replace(r"(?i)(<body[^>]*>)", text, "$1<p></p></body></html>").into_owned()
}

fn with_nul(text: &str) -> String {
    text.replace("</p>", "\0</p>").replace("<p", "\0<p").replace("年", "年\0")
}

fn in_tables(text: &str) -> String {
    let text = replace(r"(?i)<div(\s[^>]*)?>", text, "<table$1><tr><td>");
    replace(r"(?i)</div>", &text, "</td></tr></table>").into_owned()
}

fn in_capitals(text: &str) -> String {
    let pattern = Regex::new(r"</?[a-zA-Z][a-zA-Z0-9]*").unwrap();
    pattern.replace_all(text, |found: &Captures<'_>| found[0].to_ascii_uppercase()).into_owned()
}

/// Moves the line that gives the date of a page to the end of it.
fn date_below(text: &str) -> String {
    let line = Regex::new(
        r"(?:发布|发表|公布)?(?:时间|日期)\s*[:：]\s*\d{4}[-年/.]\d{1,2}[-月/.]\d{1,2}日?(?:\s*\d{1,2}:\d{2}(?::\d{2})?)?",
    )
    .unwrap();
    let end = Regex::new(r"(?i)</body>").unwrap();
    let (Some(found), Some(body)) = (line.find(text), end.find_iter(text).last()) else { return text.to_owned() };
    if found.end() > body.start() {
        return text.to_owned();
    }
    format!("{}{}<p>{}</p>{}", &text[..found.start()], &text[found.end()..body.start()], found.as_str(), &text[body.start()..])
}

fn without_paragraphs(text: &str) -> String {
    let text = replace(r"(?i)<p(\s[^>]*)?>", text, "");
    replace(r"(?i)</p>", &text, "<br>").into_owned()
}

struct Subject {
    pages: Vec<(Stored, Page)>,
    with_rules: Extractor,
}

impl Subject {
    fn new() -> Option<Self> {
        let with_rules = stored::extractor();
        let read = |stored: Stored| {
            let page = stored.read(&with_rules, &stored.text);
            (stored, page)
        };
        let pages = stored::pages()?.into_iter().map(read).collect();
        Some(Self { pages, with_rules })
    }

    /// Extracts one page in so many changed, and compares it with the unchanged.
    fn compare(&self, name: &str, each: usize, extractor: &Extractor, change: fn(&str) -> String, floor: &Floor) -> Vec<String> {
        let mut tally = Tally::default();
        for (stored, expected) in self.pages.iter().step_by(each) {
            tally.add(expected, &stored.read(extractor, &change(&stored.text)));
        }
        tally.check(name, floor)
    }
}

#[test]
fn fields_do_not_hang_on_rules_names_or_tags() {
    let Some(subject) = Subject::new() else { return };
    let without_rules = Extractor::new(&[]).unwrap();
    let with_rules = &subject.with_rules;
    let low = [
        subject.compare("no rules", 1, &without_rules, str::to_owned, &EVERY),
        subject.compare("no tags", 1, with_rules, without_tags, &TAGLESS),
        subject.compare("no rules and no tags", 1, &without_rules, without_tags, &TAGLESS),
        subject.compare("renamed", 1, with_rules, renamed, &EVERY),
        subject.compare("renamed and no tags", 1, with_rules, |text| without_tags(&renamed(text)), &TAGLESS),
    ];
    let low = low.concat();
    assert!(low.is_empty(), "{}", low.join("\n"));
}

#[test]
fn fields_do_not_hang_on_the_shape_of_the_markup() {
    let Some(subject) = Subject::new() else { return };
    let with_rules = &subject.with_rules;
    let low = [
        subject.compare("wrapped", EACH, with_rules, wrapped, &EVERY),
        subject.compare("ended early", EACH, with_rules, ended_early, &EVERY),
        subject.compare("nul", EACH, with_rules, with_nul, &EVERY),
        subject.compare("in tables", EACH, with_rules, in_tables, &EVERY),
        subject.compare("in capitals", EACH, with_rules, in_capitals, &EVERY),
        subject.compare("no paragraphs", EACH, with_rules, without_paragraphs, &EVERY),
        subject.compare("date below the text", EACH, with_rules, date_below, &EVERY),
    ];
    let low = low.concat();
    assert!(low.is_empty(), "{}", low.join("\n"));
}
