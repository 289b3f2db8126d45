//! The text of the document and its footnotes: cover, contents, chapters, indexes.

use std::collections::HashMap;

use super::parts::{DECLARATION, NAMESPACES, TEXT_WIDTH, link_id};
use super::xml;
use crate::book::Book;
use crate::clean::web_address;
use crate::flow::{self, Block, Column, Inline};

/// What the other parts need of the body.
pub(crate) struct Body {
    pub(crate) document: String,
    pub(crate) footnotes: String,
    /// Web addresses in the order of their relationship ids.
    pub(crate) links: Vec<String>,
}

/// Writes document and footnotes.
pub(crate) fn write(book: &Book) -> Body {
    let blocks = flow::blocks(book);
    let mut writer = Writer::new(&blocks);
    writer.cover(book);
    writer.contents(&blocks);
    for (index, block) in blocks.iter().enumerate() {
        writer.block(index, block);
    }
    writer.out.push_str(&section(Pages::Text));
    writer.out.push_str("</w:body></w:document>\n");
    writer.footnotes.push_str("</w:footnotes>\n");
    Body { document: writer.out, footnotes: writer.footnotes, links: writer.links }
}

/// The three sections of the document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pages {
    /// No header, no number.
    Cover,
    /// Roman numbers.
    Contents,
    /// Numbers from 1.
    Text,
}

/// Section properties in schema order. Lines keep to a grid of 28.95 points, 22 to a page; characters do not, because
/// a character grid spreads Latin text and, in some programs, every character.
fn section(pages: Pages) -> String {
    let mut out = String::from("<w:sectPr>");
    if pages != Pages::Cover {
        for (kind, part) in [("default", "rId5"), ("even", "rId6")] {
            out.push_str(&format!("<w:headerReference w:type=\"{kind}\" r:id=\"{part}\"/>"));
        }
        for (kind, part) in [("default", "rId7"), ("even", "rId8")] {
            out.push_str(&format!("<w:footerReference w:type=\"{kind}\" r:id=\"{part}\"/>"));
        }
    }
    out.push_str("<w:footnotePr><w:numFmt w:val=\"decimalEnclosedCircle\"/><w:numRestart w:val=\"eachPage\"/></w:footnotePr>");
    out.push_str("<w:type w:val=\"nextPage\"/><w:pgSz w:w=\"11906\" w:h=\"16838\"/>");
    out.push_str("<w:pgMar w:top=\"2098\" w:right=\"1474\" w:bottom=\"1984\" w:left=\"1587\" w:header=\"1304\" w:footer=\"1304\" w:gutter=\"0\"/>");
    match pages {
        Pages::Cover => {}
        Pages::Contents => out.push_str("<w:pgNumType w:fmt=\"upperRoman\" w:start=\"1\"/>"),
        Pages::Text => out.push_str("<w:pgNumType w:fmt=\"decimal\" w:start=\"1\"/>"),
    }
    out.push_str("<w:cols w:space=\"425\"/><w:docGrid w:type=\"lines\" w:linePitch=\"579\"/></w:sectPr>");
    out
}

struct Writer {
    out: String,
    footnotes: String,
    footnote: usize,
    links: Vec<String>,
    link_of: HashMap<String, usize>,
    /// The block index of each policy's heading, by running number less one.
    policies: Vec<usize>,
    /// The estimated page of each block.
    pages: Vec<u32>,
}

impl Writer {
    fn new(blocks: &[Block]) -> Self {
        let out = format!("{DECLARATION}<w:document {NAMESPACES}><w:body>\n");
        let mut footnotes = format!("{DECLARATION}<w:footnotes {NAMESPACES}>\n");
        for (id, kind, mark) in [(-1, "separator", "separator"), (0, "continuationSeparator", "continuationSeparator")] {
            footnotes.push_str(&format!(
                "<w:footnote w:type=\"{kind}\" w:id=\"{id}\"><w:p><w:r><w:{mark}/></w:r></w:p></w:footnote>\n"
            ));
        }
        let headings = blocks.iter().enumerate().filter(|(_, block)| matches!(block, Block::Policy { .. }));
        let policies = headings.map(|(index, _)| index).collect();
        Self {
            out,
            footnotes,
            footnote: 0,
            links: Vec::new(),
            link_of: HashMap::new(),
            policies,
            pages: super::paging::pages(blocks),
        }
    }

    fn paragraph(&mut self, style: &str, text: &str) {
        xml::open_paragraph(&mut self.out, style);
        xml::run(&mut self.out, "", text);
        xml::close_paragraph(&mut self.out);
    }

    fn cover(&mut self, book: &Book) {
        self.paragraph("Title", &book.title);
        for line in flow::cover_lines(book) {
            self.paragraph("Subtitle", &line);
        }
        self.end_section(Pages::Cover);
    }

    fn end_section(&mut self, pages: Pages) {
        self.out.push_str("<w:p><w:pPr>");
        self.out.push_str(&section(pages));
        self.out.push_str("</w:pPr></w:p>\n");
    }

    /// The contents: a field any word processor can renew, filled with links and page fields for those that do not.
    fn contents(&mut self, blocks: &[Block]) {
        self.paragraph("ContentsTitle", "目　录");
        let lines: Vec<(usize, &str, &str)> = blocks
            .iter()
            .enumerate()
            .filter_map(|(index, block)| match block {
                Block::Chapter { title, .. } => Some((index, "TOC1", title.as_str())),
                Block::Policy { title, .. } => Some((index, "TOC2", title.as_str())),
                _ => None,
            })
            .collect();
        let last = lines.len().saturating_sub(1);
        for (number, (index, style, title)) in lines.into_iter().enumerate() {
            xml::open_paragraph(&mut self.out, style);
            if number == 0 {
                self.out.push_str("<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> TOC \\o \"1-2\" \\h \\z \\u </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>");
            }
            let anchor = bookmark(index);
            self.out.push_str(&format!("<w:hyperlink w:anchor=\"{anchor}\" w:history=\"1\">"));
            xml::run(&mut self.out, "", title);
            self.page_of(index, &anchor);
            self.out.push_str("</w:hyperlink>");
            if number == last {
                self.out.push_str("<w:r><w:fldChar w:fldCharType=\"end\"/></w:r>");
            }
            xml::close_paragraph(&mut self.out);
        }
        self.end_section(Pages::Contents);
    }

    /// A tab and the page of a bookmark: a field, filled with the estimate until it is renewed.
    fn page_of(&mut self, index: usize, anchor: &str) {
        let page = self.pages.get(index).copied().unwrap_or_default().to_string();
        self.out.push_str("<w:r><w:tab/></w:r>");
        xml::field(&mut self.out, &format!("PAGEREF {anchor} \\h"), &page);
    }

    fn block(&mut self, index: usize, block: &Block) {
        match block {
            Block::Chapter { title, .. } => self.heading("Heading1", index, title),
            Block::Policy { title, .. } => self.heading("Heading2", index, title),
            Block::Section(title) => self.paragraph("Heading3", title),
            Block::Paragraph(inlines) => {
                xml::open_paragraph(&mut self.out, "BodyText");
                self.inlines(inlines);
                xml::close_paragraph(&mut self.out);
            }
            Block::Body(level, text) => {
                let style = if *level > 0 { "BodyHeading" } else { "BodyText" };
                self.paragraph(style, text);
            }
            Block::Facts(facts) => self.facts(facts),
            Block::Table { columns, rows } => self.table(columns, rows),
            Block::Index { head, lines } => self.index(head.as_deref(), lines),
        }
    }

    fn heading(&mut self, style: &str, index: usize, title: &str) {
        xml::open_paragraph(&mut self.out, style);
        xml::bookmarked(&mut self.out, index, &bookmark(index), title);
        xml::close_paragraph(&mut self.out);
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Plain(text) => xml::run(&mut self.out, "", text),
                Inline::Strong(text) => xml::run(&mut self.out, "Strong", text),
                Inline::Address(text) => self.address(text),
                Inline::Source { place, url } => self.footnote(place, url),
            }
        }
    }

    fn address(&mut self, text: &str) {
        let Some(address) = web_address(text) else {
            xml::run(&mut self.out, "", text);
            return;
        };
        let next = self.links.len();
        let index = *self.link_of.entry(address.clone()).or_insert(next);
        if index == next {
            self.links.push(address);
        }
        self.out.push_str(&format!("<w:hyperlink r:id=\"{}\" w:history=\"1\">", link_id(index)));
        xml::run(&mut self.out, "Hyperlink", text);
        self.out.push_str("</w:hyperlink>");
    }

    fn footnote(&mut self, place: &str, url: &str) {
        self.footnote += 1;
        xml::footnote_call(&mut self.out, self.footnote);
        let text = if url.is_empty() { format!(" 原文{place}。") } else { format!(" 原文{place}，{url}") };
        let notes = &mut self.footnotes;
        notes.push_str(&format!("<w:footnote w:id=\"{}\">", self.footnote));
        xml::open_paragraph(notes, "FootnoteText");
        notes.push_str("<w:r><w:rPr><w:rStyle w:val=\"FootnoteReference\"/></w:rPr><w:footnoteRef/></w:r>");
        xml::run(notes, "", &text);
        xml::close_paragraph(notes);
        notes.push_str("</w:footnote>\n");
    }

    fn facts(&mut self, facts: &[(String, Vec<Inline>)]) {
        if facts.is_empty() {
            return;
        }
        let widths = [1500, TEXT_WIDTH - 1500];
        xml::open_table(&mut self.out, &widths);
        for (label, value) in facts {
            xml::open_row(&mut self.out, false);
            self.cell(widths[0], "TableHead", &[Inline::Plain(label.clone())], true);
            self.cell(widths[1], "TableText", value, false);
            self.out.push_str("</w:tr>\n");
        }
        self.close_table();
    }

    fn table(&mut self, columns: &[Column], rows: &[Vec<Vec<Inline>>]) {
        let widths: Vec<u32> = columns.iter().map(|column| TEXT_WIDTH * column.share / 100).collect();
        xml::open_table(&mut self.out, &widths);
        xml::open_row(&mut self.out, true);
        for (column, width) in columns.iter().zip(&widths) {
            self.cell(*width, "TableHead", &[Inline::Plain(column.title.to_owned())], true);
        }
        self.out.push_str("</w:tr>\n");
        for row in rows {
            xml::open_row(&mut self.out, false);
            for (cell, width) in row.iter().zip(&widths) {
                self.cell(*width, "TableText", cell, false);
            }
            self.out.push_str("</w:tr>\n");
        }
        self.close_table();
    }

    fn cell(&mut self, width: u32, style: &str, inlines: &[Inline], shaded: bool) {
        xml::open_cell(&mut self.out, width, shaded);
        xml::open_paragraph(&mut self.out, style);
        self.inlines(inlines);
        xml::close_paragraph(&mut self.out);
        self.out.push_str("</w:tc>");
    }

    /// Two tables in a row would be one; the empty paragraph that keeps them apart is a line of a few points.
    fn close_table(&mut self) {
        self.out.push_str(
            "</w:tbl>\n<w:p><w:pPr><w:snapToGrid w:val=\"0\"/><w:spacing w:line=\"120\" w:lineRule=\"exact\"/></w:pPr></w:p>\n",
        );
    }

    fn index(&mut self, head: Option<&str>, lines: &[flow::IndexLine]) {
        if let Some(head) = head {
            self.paragraph("IndexHeading", head);
        }
        for line in lines {
            let Some(&heading) = self.policies.get(line.serial.saturating_sub(1)) else { continue };
            xml::open_paragraph(&mut self.out, "Index1");
            let key = if line.key.is_empty() { String::new() } else { format!("{}　", line.key) };
            let anchor = bookmark(heading);
            self.out.push_str(&format!("<w:hyperlink w:anchor=\"{anchor}\" w:history=\"1\">"));
            xml::run(&mut self.out, "", &format!("{key}{}．{}", line.serial, line.title));
            self.page_of(heading, &anchor);
            self.out.push_str("</w:hyperlink>");
            xml::close_paragraph(&mut self.out);
        }
    }
}

/// The bookmark of the heading that is the n-th block.
fn bookmark(index: usize) -> String {
    format!("_Toc{index:08}")
}
