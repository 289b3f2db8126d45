//! The order of the steps for one page.

use std::ops::Range;

use model::{Document, Issue, Page, PageKind};
use url::Url;

use crate::fields::Evidence;
use crate::json::Answer;
use crate::kind::Weights;
use crate::labels::{Field, Labelled, Origin};
use crate::list::Listing;
use crate::outline::{LineId, Outline, Tag};
use crate::rules::{Families, Index, Place};
use crate::{
    Input, Places, attachments, blocks, body, dead, feed, fields, json, kind, labels, list, paging, parse, parts, records, title,
    words,
};

/// Texts are read no further; real pages are smaller than 2 MB.
const MOST_BYTES: usize = 40_000_000;
/// Of a body this many lines are looked at for labels: tables of a page's head inside the container.
const LABEL_LINES_IN_BODY: u32 = 60;

/// Extracts one page.
pub(crate) fn extract(families: &Families, input: &Input<'_>) -> Page {
    let text = cut(input.text);
    let mut issues = Vec::new();
    if text.len() < input.text.len() {
        issues.push(Issue::new("too_long", format!("{} bytes", input.text.len())));
    }
    if input.status < 400
        && let Some(mut page) = answer(families, input, text)
    {
        page.issues.extend(issues);
        return page;
    }
    let garbage = text.chars().take(20_000).filter(|character| *character == '\u{fffd}').count();
    if garbage > 20 {
        issues.push(Issue::new("charset_garbage", format!("{garbage} undecodable characters")));
    }
    let parsed = parse::parse(text);
    if parsed.capped {
        issues.push(Issue::new("nesting_capped", "too deep or too many attributes"));
    }
    let own = source_index(input, &mut issues);
    let outline = Outline::new(&parsed.html, &families.index, own.as_ref());
    let given = input.source.and_then(|source| source.family.as_deref());
    let family = families.recognise(&outline, input.url.path(), given);
    let places = Places::new(&families.index, own.as_ref(), family);
    let reader = Reader { outline: &outline, places: &places, input, families, family };
    reader.read(issues)
}

/// A text that is no page: a feed, a sitemap, JSON, or records in XML.
fn answer(families: &Families, input: &Input<'_>, text: &str) -> Option<Page> {
    if let Some(page) = feed::read(text, input.url) {
        return Some(page);
    }
    let given = input.source.and_then(|source| source.json.as_ref());
    let answer = if let Some(markup) = records::read(text) {
        Answer::List(markup)
    } else if json::is_json(text, input.url, input.content_type) {
        json::read(text, input.url, given.or_else(|| families.json_rule(input.url)))
    } else {
        return None;
    };
    let mut page = match answer {
        Answer::Page(page) => *page,
        Answer::List(markup) => {
            let items = list::of_markup(&markup, input.url);
            let kind = if items.is_empty() { PageKind::Other } else { PageKind::List };
            Page { url: input.url.to_string(), kind, items, ..Page::default() }
        }
        Answer::Markup(markup) => {
            // What a member held is read as the page it would be; it is no answer again.
            extract(families, &Input { text: &markup, content_type: Some("text/html"), ..*input })
        }
    };
    if page.kind == PageKind::List
        && let Some(told) = families.next_page(None, text, input.url, page.items.len())
    {
        page.next = told;
    }
    Some(page)
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The selectors of the source's own rules, if it has any.
fn source_index(input: &Input<'_>, issues: &mut Vec<Issue>) -> Option<Index> {
    let source = input.source?;
    let mut index = Index::default();
    let mut wrong = source.detail.as_ref().map(|rule| index.add_detail(rule)).unwrap_or_default();
    wrong.extend(source.list.as_ref().map(|rule| index.add_list(rule)).unwrap_or_default());
    issues.extend(wrong.into_iter().map(|message| Issue::new("wrong_selector", message)));
    (source.detail.is_some() || source.list.is_some()).then_some(index)
}

struct Reader<'r, 'a> {
    outline: &'r Outline<'a>,
    places: &'r Places<'r>,
    input: &'r Input<'r>,
    families: &'r Families,
    family: Option<u32>,
}

/// What was read of a page as a document, before it is known to be one.
struct Draft {
    document: Document,
    weights: Weights,
    /// The line its text begins on.
    text_from: LineId,
}

impl Reader<'_, '_> {
    fn read(&self, mut issues: Vec<Issue>) -> Page {
        let outline = self.outline;
        let url = self.input.url;
        let mut page = Page { url: url.to_string(), ..Page::default() };
        if let Some(dead) = dead::dead(outline, url, self.input.status) {
            page.kind = dead.kind;
            page.next = dead.next;
            page.document.title = title::of_other_page(outline);
            issues.push(Issue::new(dead.code, dead.detail));
            page.issues = issues;
            return page;
        }
        let base = outline.base.and_then(|base| url.join(base.trim()).ok()).unwrap_or_else(|| url.clone());
        let draft = self.draft(&base, &mut issues);
        let Draft { document, weights, text_from } = draft;
        let next = paging::next_page(outline, &base);
        // A page that says it is one article with a text needs no search for entries.
        let clear = weights.has_article_tag
            && weights.article_signs >= 2
            && weights.body >= 120
            && self.input.source.is_none_or(|source| source.list.is_none());
        let listing = if clear { Listing::default() } else { list::find(outline, self.places, &base) };
        let by_list_rule = listing.by_source;
        let weights = Weights { has_paging: next.is_some(), has_pager: !clear && kind::has_pager(outline), ..weights };
        page.kind = if clear { PageKind::Detail } else { kind::decide(outline, &listing, &weights) };
        match page.kind {
            PageKind::Detail => {
                self.note_unmatched(weights.by_source, &mut issues);
                page.document = document;
                note_missing(&page.document, &mut issues);
                let parts = parts::find(outline, url, &base, text_from);
                page.parts = parts.further;
                issues.extend(parts.first.map(|first| Issue::new("later_part", first)));
            }
            PageKind::List => {
                page.document.title = title::of_other_page(outline);
                // What the family's scripts say of the next page is surer than what looks like a link to it.
                let told = self
                    .family
                    .and_then(|family| self.families.next_page(Some(family), self.input.text, url, listing.items.len()));
                page.next = told.unwrap_or(next);
                page.items = listing.items;
            }
            _ => {
                issues.retain(|issue| issue.code != "published_disagree");
                page.document.title = title::of_other_page(outline);
                if weights.has_article_tag {
                    page.document.title = document.title;
                    issues.push(Issue::new("no_body", "an article without text, perhaps pictures alone"));
                }
            }
        }
        if page.kind != PageKind::Detail && self.input.source.is_some_and(|source| source.list.is_some()) && !by_list_rule {
            issues.push(Issue::new("list_rule_unmatched", "the source's list rule finds nothing here"));
        }
        page.issues = issues;
        page
    }

    /// Says when the source names containers of the body and the page has none of them.
    fn note_unmatched(&self, by_source: bool, issues: &mut Vec<Issue>) {
        let detail = self.input.source.and_then(|source| source.detail.as_ref());
        if detail.is_some_and(|rule| !rule.body.is_empty()) && !by_source {
            issues.push(Issue::new("detail_rule_unmatched", "the source's body rule finds nothing here"));
        }
    }

    /// Reads the page as a document: body, title, labels, attachments and the signs of an article.
    fn draft(&self, base: &Url, issues: &mut Vec<Issue>) -> Draft {
        let outline = self.outline;
        let all = outline.lines.len() as LineId;
        let mut document = Document::default();
        let tags = title::Tags::new(outline);
        let shown = title::shown_line(outline, &tags);
        let Some(container) = body::container(outline, self.places, shown) else {
            let weights = Weights {
                body: 0,
                body_links: 0,
                article_signs: 0,
                has_article_tag: false,
                attachments: 0,
                by_source: false,
                has_paging: false,
                has_pager: false,
                has_date: false,
                is_home: false,
                has_header: false,
            };
            return Draft { document, weights, text_from: 0 };
        };
        let range = outline.lines_of(container.element);
        let head_end = range.end.min(range.start + LABEL_LINES_IN_BODY);
        let mut labels = labels::find(outline, 0..head_end);
        labels.extend(labels::find(outline, range.end..all.min(range.end + 120)));
        let labels = without_text(labels, outline, range.clone());
        let found = title::find(outline, &tags, self.places, &labels, range.clone(), shown);
        let removed: Vec<_> = self.places.groups(outline, Place::Remove).into_iter().flat_map(|(_, elements)| elements).collect();
        let lines = body::own_lines(outline, container.element, &removed, &labels, &found.text);
        let content = blocks::build(outline, &lines, container.element);
        let first = lines.first().copied().unwrap_or(range.start);
        let header = match found.line {
            // Without a text the header is what stands below the title.
            Some(line) if lines.is_empty() => line.saturating_sub(8)..all.min(line + 12),
            line => header_range(line, first, range.start),
        };
        let groups = self.places.groups(outline, Place::Attachments).into_iter();
        let named = groups.filter(|(tier, _)| *tier != crate::Tier::Any).flat_map(|(_, elements)| elements);
        document.attachments = attachments::find(outline, base, container.element, &named.collect::<Vec<_>>());
        let links: u32 = lines.iter().map(|id| outline.lines[*id as usize].link_characters).sum();
        let characters: u32 = lines.iter().map(|id| outline.lines[*id as usize].characters).sum();
        let table = labels.iter().any(|labelled| labelled.origin == Origin::LabelTable);
        let dated = labels.iter().any(|labelled| {
            labelled.field == Field::Published && header.contains(&labelled.line) && fields::moment(&labelled.value).is_some()
        });
        let article_tag = outline.meta("ArticleTitle").is_some();
        let titled = found.from == "header";
        if !found.from.is_empty() {
            document.fields_from.insert("title".to_owned(), found.from.to_owned());
        }
        document.title = found.text;
        document.text = content.text;
        document.blocks = content.blocks;
        document.tables = content.tables;
        if !document.text.is_empty() {
            let from = if container.named { "container" } else { "scored" };
            document.fields_from.insert("text".to_owned(), from.to_owned());
        }
        let text_end = lines.last().map_or(range.end, |last| last + 1);
        let below = labels::find(outline, text_end..all.min(range.end.max(text_end) + 120));
        let near_header = header.clone();
        let evidence = Evidence {
            outline,
            labels: &labels,
            url: self.input.url,
            header,
            below: &below,
            date_place: self.place_text(Place::Date),
            source_place: self.place_text(Place::Source),
        };
        evidence.fill(&mut document, issues);
        // A day without a label says the same where the header names a source too; lists have days, but no source.
        let sourced = labels.iter().any(|labelled| labelled.field == Field::Source && near_header.contains(&labelled.line));
        let in_header = document.fields_from.get("published").is_some_and(|place| place == "header");
        let dated = dated || (sourced && in_header);
        let signs = [
            article_tag,
            outline.meta("PubDate").is_some(),
            table,
            dated,
            dated && titled,
            container.named,
            shown.is_some(),
            kind::is_article_path(self.input.url),
        ];
        // Forms and frames that scripts fill have labels and buttons, but not one sentence.
        let longest = document.blocks.iter().map(|block| block.text.chars().count()).max().unwrap_or_default();
        let is_form = longest < 16 && document.blocks.len() > 3 && document.tables.is_empty();
        let weights = Weights {
            body: if is_form { 0 } else { characters - links },
            body_links: links,
            article_signs: signs.into_iter().map(u32::from).sum(),
            has_article_tag: article_tag || outline.meta("PubDate").is_some(),
            attachments: document.attachments.len(),
            by_source: container.by_source,
            has_paging: false,
            has_pager: false,
            has_date: document.published.is_some() || document.issued.is_some(),
            is_home: kind::is_home(self.input.url),
            has_header: dated || shown.is_some(),
        };
        Draft { document, weights, text_from: first }
    }

    /// Text of the first element a rule of the source or family names for a place.
    fn place_text(&self, place: Place) -> Option<String> {
        let groups = self.places.groups(self.outline, place).into_iter();
        let named = groups.filter(|(tier, _)| *tier != crate::Tier::Any).flat_map(|(_, elements)| elements);
        let mut texts = named.map(|element| {
            // An inline element shares its line with others, whose dates and names are not meant.
            if self.outline.element(element).tag == Tag::Inline {
                return words::squeeze(self.outline.text_of(element));
            }
            let lines: Vec<&str> = self.outline.lines_of(element).take(4).map(|id| self.outline.line(id)).collect();
            words::squeeze(&lines.join(" "))
        });
        let text = texts.find(|text| !text.is_empty() && text.chars().count() <= 120)?;
        let value = text
            .split_once(['：', ':'])
            .filter(|(label, _)| place == Place::Source && label.ends_with("来源"))
            .map(|(_, value)| value.trim().to_owned());
        Some(value.unwrap_or(text))
    }
}

fn note_missing(document: &Document, issues: &mut Vec<Issue>) {
    let missing = [
        (document.title.is_empty(), "no_title", ""),
        (document.published.is_none(), "no_date", ""),
        (document.text.is_empty(), "no_body", "attachments alone"),
    ];
    issues.extend(missing.into_iter().filter(|(missing, _, _)| *missing).map(|(_, code, detail)| Issue::new(code, detail)));
}

/// Labels inside the container count only as part of a 信息公开 table or of a header at its top: texts use the same words.
fn without_text(labels: Vec<Labelled>, outline: &Outline<'_>, body: Range<LineId>) -> Vec<Labelled> {
    // Behind the first long sentence the text has begun.
    let begins = body.clone().find(|id| {
        let line = outline.line(*id);
        outline.lines[*id as usize].characters >= 50 && line.contains(['，', '。', ',']) && !body::is_header_line(line)
    });
    let begins = begins.unwrap_or(body.end);
    labels.into_iter().filter(|labelled| labelled.line < begins || labelled.line >= body.end).collect()
}

/// Lines in which date and source of the page stand: around the title and down to the text.
fn header_range(title: Option<LineId>, first: LineId, container: LineId) -> Range<LineId> {
    let start = match title {
        Some(line) if line <= first => line.saturating_sub(8).min(container),
        _ => container.saturating_sub(12),
    };
    start..first.max(start)
}
