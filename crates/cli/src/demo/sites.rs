//! The three bundled sample sites, rendered in memory: lists with paging, documents, files, and the pages crawlers stumble over.
//!
//! What they say is data (`demo/documents.toml`), what they look like is data (`demo/sites/`). Dates are relative to the
//! day the demo first ran, so that some windows are always open. From the second visit on one notice is revised, one is new
//! and one list is redesigned.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use model::source::Level;
use model::{ConfigError, Source};
use serde::Deserialize;
use toml::Spanned;

const FILE: &str = "documents.toml";
const DOCUMENTS: &str = include_str!("../../demo/documents.toml");

/// Files that documents attach: name, media type as the sites declare it, bytes. One is not what its name says.
const FILES: &[(&str, &str, &[u8])] = &[
    ("shenbaoshu.doc", "application/msword", include_bytes!("../../demo/sites/files/shenbaoshu.doc")),
    (
        "shenbaoshu.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        include_bytes!("../../demo/sites/files/shenbaoshu.docx"),
    ),
    ("zhinan.pdf", "application/pdf", include_bytes!("../../demo/sites/files/zhinan.pdf")),
];

/// What readers of the data look for.
const CATEGORIES: &[&str] = &["动态", "废止", "征求意见", "政策", "申报", "结果", "解读"];

const HOME: &str = include_str!("../../demo/sites/shared/home.html");
const REDIRECT: &str = include_str!("../../demo/sites/shared/redirect.html");
const CHALLENGE: &str = include_str!("../../demo/sites/shared/challenge.html");
const GONE: &str = include_str!("../../demo/sites/shared/gone.html");
const ROBOTS: &str = "User-agent: *\nDisallow: /admin/\n";

/// The content management system a site looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Look {
    Trs,
    Hanweb,
    Ucap,
}

impl Look {
    const ALL: [Self; 3] = [Self::Trs, Self::Hanweb, Self::Ucap];

    const fn name(self) -> &'static str {
        match self {
            Self::Trs => "trs",
            Self::Hanweb => "hanweb",
            Self::Ucap => "ucap",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::Trs => include_str!("../../demo/sites/trs/detail.html"),
            Self::Hanweb => include_str!("../../demo/sites/hanweb/detail.html"),
            Self::Ucap => include_str!("../../demo/sites/ucap/detail.html"),
        }
    }

    /// The list page; one site has redesigned its own by the second visit.
    const fn list(self, visit: u32) -> &'static str {
        match self {
            Self::Trs if visit > 1 => include_str!("../../demo/sites/trs/list-redesigned.html"),
            Self::Trs => include_str!("../../demo/sites/trs/list.html"),
            Self::Hanweb => include_str!("../../demo/sites/hanweb/list.html"),
            Self::Ucap => include_str!("../../demo/sites/ucap/list.html"),
        }
    }

    /// Name of the n-th list page (from 0) in its folder.
    fn list_name(self, page: usize) -> String {
        match (self, page) {
            (Self::Trs | Self::Hanweb, 0) => "index.html".to_owned(),
            (Self::Trs | Self::Hanweb, page) => format!("index_{page}.html"),
            (Self::Ucap, 0) => "list.shtml".to_owned(),
            (Self::Ucap, page) => format!("list_{}.shtml", page + 1),
        }
    }

    /// Where a document of a column stands.
    fn document_path(self, folder: &str, serial: usize, date: Date) -> String {
        match self {
            Self::Trs => format!("{folder}{}/t{}_{serial}.html", date.strftime("%Y%m"), date.strftime("%Y%m%d")),
            Self::Hanweb => format!("/art/{}/{}/{}/art_4810_{serial}.html", date.year(), date.month(), date.day()),
            Self::Ucap => format!("{folder}c{serial}/content.shtml"),
        }
    }

    /// A paragraph as the system's editor leaves it.
    fn paragraph(self, text: &str, is_heading: bool) -> String {
        match (self, is_heading) {
            (Self::Trs, false) => format!("<p style=\"text-align: justify; text-indent: 2em;\">{text}</p>"),
            (Self::Trs, true) => format!("<p style=\"text-indent: 2em;\"><strong>{text}</strong></p>"),
            (Self::Hanweb, _) => format!("<p style=\"text-indent: 2em;\"><span style=\"font-family: 仿宋;\">{text}</span></p>"),
            (Self::Ucap, false) => format!("<p>　　{text}</p>"),
            (Self::Ucap, true) => format!("<p><b>　　{text}</b></p>"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    column: Vec<Spanned<Column>>,
    document: Vec<Spanned<Document>>,
}

/// A column of a site; becomes a source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    id: String,
    site: Look,
    folder: String,
    per_page: usize,
    name: String,
    host: String,
    issuer: String,
    region: String,
    level: Level,
    column: String,
    newest: u32,
}

/// A document as written, placeholders included.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: String,
    columns: Vec<String>,
    date: String,
    category: String,
    title: String,
    #[serde(default)]
    number: String,
    issuer: String,
    body: String,
    #[serde(default)]
    validity: String,
    #[serde(default)]
    files: Vec<Attached>,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    target: String,
    #[serde(default = "first_visit")]
    since: u32,
    #[serde(default)]
    revised: Vec<Revision>,
}

const fn first_visit() -> u32 {
    1
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Page,
    Redirect,
    Challenge,
    Gone,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attached {
    file: String,
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Revision {
    from: String,
    to: String,
}

/// A document with its placeholders filled.
#[derive(Debug, Clone)]
struct Written {
    id: String,
    serial: usize,
    date: Date,
    title: String,
    number: String,
    issuer: String,
    validity: String,
    /// The text on the first visit and on later ones.
    bodies: [String; 2],
    files: Vec<Attached>,
    kind: Kind,
    target: String,
    since: u32,
}

impl Written {
    fn published(&self) -> String {
        format!("{} {:02}:{:02}", self.date, 9 + self.serial % 8, self.serial * 7 % 60)
    }

    fn body(&self, visit: u32) -> &str {
        &self.bodies[usize::from(visit > 1)]
    }
}

/// Where a document stands on a site.
#[derive(Debug, Clone)]
struct Place {
    column: usize,
    document: usize,
    path: String,
}

/// The sample sites.
#[derive(Debug, Clone)]
pub(crate) struct Sites {
    columns: Vec<Column>,
    documents: Vec<Written>,
    /// In the order of lists: newest first.
    places: Vec<Place>,
}

/// What a site answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// Media type.
    pub(crate) content_type: String,
    /// Bytes.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn html(page: String) -> Self {
        Self { status: 200, content_type: "text/html; charset=utf-8".to_owned(), body: page.into_bytes() }
    }
}

impl Sites {
    /// Reads the bundled data; `today` is the day all dates are relative to. Keep the day of the first visit for later
    /// ones, or every page moves.
    ///
    /// # Errors
    /// A mistake in the data, with its place.
    pub(crate) fn new(today: Date) -> Result<Self, ConfigError> {
        let data: Data = model::config::parse(FILE, DOCUMENTS)?;
        let columns: Vec<Column> = data.column.into_iter().map(Spanned::into_inner).collect();
        let documents = write_all(&data.document, today)?;
        let mut places = Vec::new();
        for (index, document) in data.document.iter().enumerate() {
            let at = |message: String| ConfigError::at(FILE, DOCUMENTS, document.span(), message);
            let document = document.get_ref();
            if !CATEGORIES.contains(&document.category.as_str()) {
                return Err(at(format!("category `{}`: expected one of {}", document.category, CATEGORIES.join("、"))));
            }
            for attached in &document.files {
                if !FILES.iter().any(|(name, _, _)| *name == attached.file) {
                    return Err(at(format!("there is no file `{}`", attached.file)));
                }
            }
            if document.kind == Kind::Redirect && !documents.iter().any(|other| other.id == document.target) {
                return Err(at(format!("there is no document `{}`", document.target)));
            }
            for id in &document.columns {
                let column =
                    columns.iter().position(|column| column.id == *id).ok_or_else(|| at(format!("there is no column `{id}`")))?;
                let written = &documents[index];
                let path = columns[column].site.document_path(&columns[column].folder, written.serial, written.date);
                places.push(Place { column, document: index, path });
            }
        }
        places.sort_by_key(|place| std::cmp::Reverse((documents[place.document].date, place.document)));
        Ok(Self { columns, documents, places })
    }

    /// What a site answers to a path on the n-th visit, counted from 1; `None` for what it does not have.
    pub(crate) fn get(&self, site: &str, path: &str, visit: u32) -> Option<Answer> {
        let look = Look::ALL.into_iter().find(|look| look.name() == site)?;
        if path == "/robots.txt" {
            let content_type = "text/plain; charset=utf-8".to_owned();
            return Some(Answer { status: 200, content_type, body: ROBOTS.as_bytes().to_vec() });
        }
        if path == "/" {
            return Some(Answer::html(self.home(look)));
        }
        if let Some(name) = path.strip_prefix("/files/") {
            let (_, content_type, bytes) = FILES.iter().find(|(known, _, _)| *known == name)?;
            return Some(Answer { status: 200, content_type: (*content_type).to_owned(), body: bytes.to_vec() });
        }
        if let Some(page) = self.list(look, path, visit) {
            return Some(Answer::html(page));
        }
        let place = self.places.iter().find(|place| self.columns[place.column].site == look && place.path == path)?;
        (self.documents[place.document].since <= visit).then(|| Answer::html(self.document(place, visit)))
    }

    /// The columns as sources, for sites served at these addresses in the order trs, hanweb, ucap.
    pub(crate) fn sources(&self, base_urls: &[String]) -> Vec<Source> {
        let source = |column: &Column| {
            let place = Look::ALL.iter().position(|look| *look == column.site)?;
            let base = base_urls.get(place)?.trim_end_matches('/');
            Some(Source {
                id: column.id.as_str().into(),
                name: format!("{}·{}", column.name, column.column),
                issuer: column.issuer.clone(),
                region: column.region.clone(),
                level: column.level,
                column: column.column.clone(),
                url: format!("{base}{}{}", column.folder, column.site.list_name(0)),
                schedule: "30 8 * * *".to_owned(),
                // Nobody has to be spared on the machine's own loopback.
                rate_ms: 1,
                expected_per_week: column.newest,
                verified: true,
                note: "演示用的示例站点".to_owned(),
                ..Source::default()
            })
        };
        self.columns.iter().filter_map(source).collect()
    }

    fn home(&self, look: Look) -> String {
        let columns: Vec<&Column> = self.columns.iter().filter(|column| column.site == look).collect();
        let rows = columns.iter().map(|column| {
            Values::from([("href", format!("{}{}", column.folder, look.list_name(0))), ("title", column.column.clone())])
        });
        let site = columns.first().map(|column| column.name.clone()).unwrap_or_default();
        fill(HOME, &Values::from([("site", site)]), &[("row", rows.collect())])
    }

    /// The list page at a path, if one stands there.
    fn list(&self, look: Look, path: &str, visit: u32) -> Option<String> {
        let (index, column) =
            self.columns.iter().enumerate().find(|(_, column)| column.site == look && path.starts_with(&column.folder))?;
        let listed: Vec<&Place> =
            self.places.iter().filter(|place| place.column == index && self.documents[place.document].since <= visit).collect();
        let pages = listed.len().div_ceil(column.per_page).max(1);
        let name = &path[column.folder.len()..];
        let current = if name.is_empty() { 0 } else { (0..pages).find(|page| look.list_name(*page) == name)? };
        let rows = listed.iter().skip(current * column.per_page).take(column.per_page).map(|place| self.row(place)).collect();
        let link = |page: usize, name: String| Values::from([("href", look.list_name(page)), ("name", name)]);
        let mut links: Vec<Values> = (0..pages).map(|page| link(page, (page + 1).to_string())).collect();
        if current + 1 < pages {
            links.push(link(current + 1, "下一页".to_owned()));
        }
        let values = Values::from([
            ("site", column.name.clone()),
            ("column", column.column.clone()),
            ("pages", pages.to_string()),
            ("current", current.to_string()),
            ("total", listed.len().to_string()),
        ]);
        Some(fill(look.list(visit), &values, &[("row", rows), ("page", links)]))
    }

    /// An entry of a list; long titles are cut, as the sites do.
    fn row(&self, place: &Place) -> Values {
        const MOST_CHARACTERS: usize = 28;
        let document = &self.documents[place.document];
        let cut = document.title.chars().count() > MOST_CHARACTERS;
        let short: String = document.title.chars().take(MOST_CHARACTERS).chain(cut.then_some('…')).collect();
        Values::from([
            ("href", place.path.clone()),
            ("title", document.title.clone()),
            ("short", short),
            ("date", document.date.to_string()),
            ("day", format!("{:02}", document.date.day())),
            ("month", document.date.strftime("%Y-%m").to_string()),
        ])
    }

    fn document(&self, place: &Place, visit: u32) -> String {
        let document = &self.documents[place.document];
        let title = Values::from([("title", document.title.clone())]);
        match document.kind {
            Kind::Page => self.page(place, visit),
            Kind::Challenge => CHALLENGE.to_owned(),
            Kind::Gone => GONE.to_owned(),
            Kind::Redirect => {
                let target = self.places.iter().find(|place| self.documents[place.document].id == document.target);
                let href = target.map(|place| place.path.clone()).unwrap_or_default();
                fill(REDIRECT, &title.into_iter().chain([("href", href)]).collect(), &[])
            }
        }
    }

    fn page(&self, place: &Place, visit: u32) -> String {
        let (column, document) = (&self.columns[place.column], &self.documents[place.document]);
        let facts = [
            ("索引号", format!("示例-{}/{}-{:05}", column.region, document.date.year(), document.serial)),
            ("发文机关", document.issuer.clone()),
            ("发文字号", document.number.clone()),
            ("成文日期", day(document.date)),
            ("发布日期", document.date.to_string()),
            ("有效性", document.validity.clone()),
        ];
        let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
        let facts = facts.map(|(label, value)| Values::from([("label", label.to_owned()), ("value", value)])).collect();
        let files = document.files.iter();
        let files =
            files.map(|file| Values::from([("href", format!("/files/{}", file.file)), ("name", file.name.clone())])).collect();
        let values = Values::from([
            ("site", column.name.clone()),
            ("host", column.host.clone()),
            ("column", column.column.clone()),
            ("folder", format!("{}{}", column.folder, column.site.list_name(0))),
            ("path", place.path.clone()),
            ("title", document.title.clone()),
            ("published", document.published()),
            ("source", document.issuer.clone()),
        ]);
        let page = fill(column.site.detail(), &values, &[("fact", facts), ("file", files)]);
        page.replace("{{body}}", &body(column.site, document, visit))
    }
}

/// The body as markup, with signature and day as official documents close.
fn body(look: Look, document: &Written, visit: u32) -> String {
    let mut out = String::new();
    let mut in_table = false;
    for line in document.body(visit).lines().map(str::trim).filter(|line| !line.is_empty()) {
        let row = line.strip_prefix('|');
        if row.is_some() != in_table {
            out.push_str(if in_table { "</tbody></table>\n" } else { "<table border=\"1\"><tbody>\n" });
            in_table = !in_table;
        }
        match row {
            Some(row) => {
                let cells: String = row.split('|').map(|cell| format!("<td>{}</td>", escape(cell))).collect();
                out.push_str(&format!("<tr>{cells}</tr>\n"));
            }
            None => {
                let is_heading = line.starts_with(['一', '二', '三', '四', '五', '六', '七'])
                    && line.contains('、')
                    && line.chars().count() < 14;
                out.push_str(&look.paragraph(&escape(line), is_heading));
                out.push('\n');
            }
        }
    }
    if in_table {
        out.push_str("</tbody></table>\n");
    }
    for line in [document.issuer.clone(), day(document.date)] {
        out.push_str(&format!("<p style=\"text-align: right;\">{}</p>\n", escape(&line)));
    }
    out
}

/// Fills the placeholders of all documents. Numbers and titles come first: bodies cite them.
fn write_all(documents: &[Spanned<Document>], today: Date) -> Result<Vec<Written>, ConfigError> {
    const FIRST_SERIAL: usize = 1001;
    let mut citations: BTreeMap<String, String> = BTreeMap::new();
    let mut written = Vec::new();
    for (index, spanned) in documents.iter().enumerate() {
        let at = |message: String| ConfigError::at(FILE, DOCUMENTS, spanned.span(), message);
        let document = spanned.get_ref();
        let date =
            shifted(today, &document.date).ok_or_else(|| at(format!("`{}` is no number of days such as -12d", document.date)))?;
        let none = BTreeMap::new();
        let plain = |text: &str| fill_in(text, today, date, &none).map_err(&at);
        let (title, number) = (plain(&document.title)?, plain(&document.number)?);
        if citations.insert(format!("title:{}", document.id), title.clone()).is_some() {
            return Err(at(format!("`{}` stands here twice", document.id)));
        }
        citations.insert(format!("number:{}", document.id), number.clone());
        written.push(Written {
            id: document.id.clone(),
            serial: FIRST_SERIAL + index,
            date,
            title,
            number,
            issuer: document.issuer.clone(),
            validity: document.validity.clone(),
            bodies: Default::default(),
            files: document.files.clone(),
            kind: document.kind,
            target: document.target.clone(),
            since: document.since,
        });
    }
    for (spanned, written) in documents.iter().zip(&mut written) {
        let at = |message: String| ConfigError::at(FILE, DOCUMENTS, spanned.span(), message);
        let document = spanned.get_ref();
        let mut revised = document.body.clone();
        for revision in &document.revised {
            if !revised.contains(&revision.from) {
                return Err(at(format!("the body has no `{}`", revision.from)));
            }
            revised = revised.replace(&revision.from, &revision.to);
        }
        let full = |text: &str| fill_in(text, today, written.date, &citations).map_err(&at);
        written.bodies = [full(&document.body)?, full(&revised)?];
    }
    Ok(written)
}

/// A day so many days (`-12d`) from another.
fn shifted(from: Date, offset: &str) -> Option<Date> {
    let days: i32 = offset.strip_suffix('d')?.parse().ok()?;
    let span: Span = days.abs().days();
    if days < 0 { from.checked_sub(span).ok() } else { from.checked_add(span).ok() }
}

fn day(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// Replaces every `{…}`; an unknown one is a mistake.
fn fill_in(text: &str, today: Date, date: Date, citations: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').ok_or_else(|| format!("`{{{after}` is not closed"))?;
        out.push_str(before);
        out.push_str(&placeholder(name, today, date, citations).ok_or_else(|| format!("`{{{name}}}` is no placeholder"))?);
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

fn placeholder(name: &str, today: Date, date: Date, citations: &BTreeMap<String, String>) -> Option<String> {
    if name == "day" {
        return Some(day(date));
    }
    if let Some(offset) = name.strip_prefix("date") {
        return shifted(today, offset.trim_start_matches('+')).map(day);
    }
    if let Some(offset) = name.strip_prefix("year") {
        let offset: i16 = if offset.is_empty() { 0 } else { offset.parse().ok()? };
        return Some(date.year().checked_add(offset)?.to_string());
    }
    citations.get(name).cloned()
}

type Values = BTreeMap<&'static str, String>;

/// Fills a page template: `{{name}}` with an escaped value, `{{#part}}…{{/part}}` once for each of its rows.
///
/// `{{body}}` stays for the caller, who has it as markup.
fn fill(template: &str, values: &Values, parts: &[(&str, Vec<Values>)]) -> String {
    let mut page = template.to_owned();
    for (name, rows) in parts {
        let (open, close) = (format!("{{{{#{name}}}}}"), format!("{{{{/{name}}}}}"));
        let Some((before, rest)) = page.split_once(&open) else { continue };
        let Some((row, after)) = rest.split_once(&close) else { continue };
        let rows: String = rows.iter().map(|values| replace(row, values)).collect();
        page = format!("{before}{rows}{after}");
    }
    replace(&page, values)
}

fn replace(template: &str, values: &Values) -> String {
    values.iter().fold(template.to_owned(), |page, (name, value)| page.replace(&format!("{{{{{name}}}}}"), &escape(value)))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> Sites {
        Sites::new(jiff::civil::date(2026, 11, 20)).unwrap()
    }

    fn text(answer: Option<Answer>) -> String {
        String::from_utf8(answer.unwrap().body).unwrap()
    }

    /// Path of a document in a column.
    fn path(sites: &Sites, id: &str, column: &str) -> String {
        let found = sites
            .places
            .iter()
            .find(|place| sites.documents[place.document].id == id && sites.columns[place.column].id == column);
        found.unwrap().path.clone()
    }

    #[test]
    fn every_page_of_every_site_is_rendered_without_a_placeholder_left() {
        let sites = sites();
        let mut pages = 0;
        for visit in [1, 2] {
            for place in &sites.places {
                let site = sites.columns[place.column].site.name();
                let Some(answer) = sites.get(site, &place.path, visit) else { continue };
                let page = text(Some(answer));
                assert!(!page.contains("{{") && !page.contains("{date") && !page.contains("{year"), "{}: {page}", place.path);
                pages += usize::from(visit == 1);
            }
        }
        assert!((48..=64).contains(&pages), "{pages}");
    }

    #[test]
    fn the_data_are_valid_on_any_day() {
        for today in [jiff::civil::date(2026, 1, 1), jiff::civil::date(2028, 2, 29), jiff::civil::date(2031, 12, 31)] {
            assert!(Sites::new(today).is_ok(), "{today}");
        }
    }

    #[test]
    fn lists_lead_to_every_document_and_their_pages_to_each_other() {
        let sites = sites();
        for source in sites.sources(&["http://t".to_owned(), "http://h".to_owned(), "http://u".to_owned()]) {
            let (site, rest) = source.url.strip_prefix("http://").unwrap().split_at(1);
            let look = match site {
                "t" => Look::Trs,
                "h" => Look::Hanweb,
                _ => Look::Ucap,
            };
            let folder = rest.rsplit_once('/').unwrap().0;
            let lists: Vec<String> = (0..9)
                .map_while(|page| sites.get(look.name(), &format!("{folder}/{}", look.list_name(page)), 1))
                .map(|answer| text(Some(answer)))
                .collect();
            for place in sites.places.iter().filter(|place| sites.columns[place.column].id == source.id.as_str()) {
                let shown = lists.iter().filter(|list| list.contains(&place.path)).count();
                let document = &sites.documents[place.document];
                assert_eq!(shown, usize::from(document.since == 1), "{} {}", source.id, document.id);
            }
            assert!(!lists.is_empty());
        }
    }

    #[test]
    fn a_republished_policy_has_one_text_in_two_wrappers() {
        let sites = sites();
        let central = text(sites.get("trs", &path(&sites, "c-digital", "demo-central"), 1));
        let district = text(sites.get("hanweb", &path(&sites, "c-digital", "demo-tongzhou"), 1));
        assert_ne!(central, district);
        for page in [&central, &district] {
            assert!(page.contains("示部企业〔2026〕15号") && page.contains("单个企业最高不超过100万元"));
        }
    }

    #[test]
    fn the_second_visit_brings_a_revision_a_new_notice_and_a_redesigned_list() {
        let sites = sites();
        let revised = path(&sites, "w-zjtx", "demo-wulumuqi");
        assert!(text(sites.get("trs", &revised, 1)).contains("不低于2000万元"));
        assert!(text(sites.get("trs", &revised, 2)).contains("不低于1500万元"));
        let new = path(&sites, "x-new", "demo-xinxiang");
        assert_eq!(sites.get("ucap", &new, 1), None);
        assert!(sites.get("ucap", &new, 2).is_some());
        let list = "/zwgk/tzgg/index.html";
        assert!(text(sites.get("trs", list, 1)).contains("gl-list"));
        assert!(text(sites.get("trs", list, 2)).contains("class=\"card\""));
    }

    #[test]
    fn windows_lie_around_today() {
        let sites = sites();
        let page = text(sites.get("trs", &path(&sites, "w-zjtx", "demo-wulumuqi"), 1));
        assert!(page.contains("2026年11月15日至2026年12月8日"), "{page}");
    }

    #[test]
    fn files_are_served_under_the_type_the_site_claims() {
        let sites = sites();
        let mislabelled = sites.get("trs", "/files/shenbaoshu.doc", 1).unwrap();
        assert_eq!(mislabelled.content_type, "application/msword");
        assert!(mislabelled.body.starts_with(b"<html"));
        assert!(sites.get("trs", "/files/zhinan.pdf", 1).unwrap().body.starts_with(b"%PDF"));
        assert_eq!(sites.get("trs", "/files/../documents.toml", 1), None);
        assert_eq!(sites.get("nobody", "/", 1), None);
    }

    #[test]
    fn robots_are_told_what_they_may_read() {
        assert!(text(sites().get("ucap", "/robots.txt", 1)).contains("Disallow: /admin/"));
    }
}
