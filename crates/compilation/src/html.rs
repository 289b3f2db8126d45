//! The book as one self-contained HTML page: no script, no outside resource, readable on screen and printable.

use crate::book::Book;
use crate::clean::{push_markup, web_address};
use crate::flow::{self, Block, Column, Inline};

const STYLE: &str = include_str!("html.css");

/// Writes the page.
pub(crate) fn write(book: &Book) -> String {
    let mut page = Page { out: String::with_capacity(64 * 1024) };
    page.head(book);
    page.contents(book);
    page.raw("<main>\n");
    let mut open = Open::default();
    for block in flow::blocks(book) {
        open.before(&mut page, &block);
        page.block(&block);
    }
    open.close(&mut page);
    page.raw("</main>\n</body>\n</html>\n");
    page.out
}

/// Which of the nested elements are open: a chapter is a section, a policy an article in it.
#[derive(Default)]
struct Open {
    chapter: bool,
    policy: bool,
}

impl Open {
    fn before(&mut self, page: &mut Page, block: &Block) {
        match block {
            Block::Chapter { anchor, .. } => {
                self.close(page);
                page.tag("section", &[("id", anchor), ("class", "chapter")]);
                self.chapter = true;
            }
            Block::Policy { anchor, .. } => {
                if std::mem::take(&mut self.policy) {
                    page.raw("</article>\n");
                }
                page.tag("article", &[("id", anchor), ("class", "policy")]);
                self.policy = true;
            }
            _ => {}
        }
    }

    fn close(&mut self, page: &mut Page) {
        if std::mem::take(&mut self.policy) {
            page.raw("</article>\n");
        }
        if std::mem::take(&mut self.chapter) {
            page.raw("</section>\n");
        }
    }
}

struct Page {
    out: String,
}

impl Page {
    fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    fn text(&mut self, text: &str) {
        push_markup(&mut self.out, text);
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.raw("<");
        self.raw(name);
        for (attribute, value) in attributes {
            self.raw(" ");
            self.raw(attribute);
            self.raw("=\"");
            self.text(value);
            self.raw("\"");
        }
        self.raw(">");
    }

    fn element(&mut self, name: &str, text: &str) {
        self.tag(name, &[]);
        self.text(text);
        self.close(name);
    }

    fn close(&mut self, name: &str) {
        self.raw("</");
        self.raw(name);
        self.raw(">\n");
    }

    fn head(&mut self, book: &Book) {
        self.raw("<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n");
        // Even if a text got past the escaping, nothing in the page may run or load.
        self.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
        self.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        self.raw("<meta name=\"referrer\" content=\"no-referrer\">\n");
        self.element("title", &format!("{}（{}）", book.title, book.period.label));
        self.raw("<style>\n");
        self.raw(STYLE);
        self.raw("</style>\n</head>\n<body>\n<header class=\"cover\">\n");
        self.element("h1", &book.title);
        for line in flow::cover_lines(book) {
            self.element("p", &line);
        }
        self.raw("</header>\n");
    }

    fn contents(&mut self, book: &Book) {
        self.raw("<nav class=\"contents\" aria-label=\"目录\">\n<h2>目录</h2>\n<ol>\n");
        self.contents_line("preface", "编制说明");
        self.raw("</li>\n");
        for (index, chapter) in book.chapters.iter().enumerate() {
            self.contents_line(&format!("chapter-{}", index + 1), &flow::chapter_title(index, &chapter.title));
            self.raw("\n<ol>\n");
            for entry in &chapter.entries {
                self.contents_line(&flow::policy_anchor(entry.serial), &format!("{}．{}", entry.serial, entry.title));
                self.raw("</li>\n");
            }
            self.raw("</ol></li>\n");
        }
        for (anchor, title, empty) in
            [("by-number", "文号索引", book.by_number.is_empty()), ("by-issuer", "发文机关索引", book.by_issuer.is_empty())]
        {
            if !empty {
                self.contents_line(anchor, title);
                self.raw("</li>\n");
            }
        }
        self.raw("</ol>\n</nav>\n");
    }

    /// Opens a list item; the caller closes it, because chapters nest a list.
    fn contents_line(&mut self, anchor: &str, title: &str) {
        self.raw("<li>");
        self.tag("a", &[("href", &format!("#{anchor}"))]);
        self.text(title);
        self.raw("</a>");
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Chapter { title, .. } => self.element("h2", title),
            Block::Policy { title, .. } => self.element("h3", title),
            Block::Section(title) => self.element("h4", title),
            Block::Paragraph(inlines) => {
                self.raw("<p>");
                self.inlines(inlines);
                self.raw("</p>\n");
            }
            Block::Body(level, text) => {
                self.tag("p", &[("class", if *level > 0 { "text heading" } else { "text" })]);
                self.text(text);
                self.raw("</p>\n");
            }
            Block::Facts(facts) => self.facts(facts),
            Block::Table { columns, rows } => self.table(columns, rows),
            Block::Index { head, lines } => self.index(head.as_deref(), lines),
        }
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Plain(text) => {
                    for (number, line) in text.split('\n').enumerate() {
                        if number > 0 {
                            self.raw("<br>");
                        }
                        self.text(line);
                    }
                }
                Inline::Strong(text) => {
                    self.raw("<strong>");
                    self.text(text);
                    self.raw("</strong>");
                }
                Inline::Address(text) => self.link(text, text),
                Inline::Source { place, url } => {
                    self.raw("<cite>（原文");
                    self.link(url, place);
                    self.raw("）</cite>");
                }
            }
        }
    }

    fn link(&mut self, url: &str, text: &str) {
        match web_address(url) {
            Some(address) => {
                self.tag("a", &[("href", &address), ("rel", "noopener noreferrer")]);
                self.text(text);
                self.raw("</a>");
            }
            None => self.text(text),
        }
    }

    fn facts(&mut self, facts: &[(String, Vec<Inline>)]) {
        self.raw("<dl class=\"facts\">\n");
        for (label, value) in facts {
            self.raw("<div><dt>");
            self.text(label);
            self.raw("</dt><dd>");
            self.inlines(value);
            self.raw("</dd></div>\n");
        }
        self.raw("</dl>\n");
    }

    fn table(&mut self, columns: &[Column], rows: &[Vec<Vec<Inline>>]) {
        self.raw("<div class=\"wide\"><table>\n<colgroup>");
        for column in columns {
            self.tag("col", &[("style", &format!("width:{}%", column.share))]);
        }
        self.raw("</colgroup>\n<thead><tr>");
        for column in columns {
            self.tag("th", &[("scope", "col")]);
            self.text(column.title);
            self.raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.raw("<tr>");
            for cell in row {
                self.raw("<td>");
                self.inlines(cell);
                self.raw("</td>");
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table></div>\n");
    }

    fn index(&mut self, head: Option<&str>, lines: &[flow::IndexLine]) {
        if let Some(head) = head {
            self.element("h3", head);
        }
        self.raw("<ul class=\"index\">\n");
        for line in lines {
            self.raw("<li>");
            if !line.key.is_empty() {
                self.raw("<span class=\"key\">");
                self.text(&line.key);
                self.raw("</span> ");
            }
            self.tag("a", &[("href", &format!("#{}", flow::policy_anchor(line.serial)))]);
            self.text(&format!("{}．{}", line.serial, line.title));
            self.raw("</a></li>\n");
        }
        self.raw("</ul>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn hostile_titles_and_addresses_stay_text() {
        let page = write(&samples::hostile_book());
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        for forbidden in ["<script", "javascript:alert(1)\"", "\u{0}", "\u{b}", "\u{202e}", "onerror=\""] {
            assert!(!page.contains(forbidden), "{forbidden:?}");
        }
    }

    #[test]
    fn every_anchor_that_is_linked_exists_once() {
        let page = write(&samples::book());
        let targets: Vec<&str> = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(targets.len() > 10);
        for target in targets {
            assert_eq!(page.matches(&format!("id=\"{target}\"")).count(), 1, "{target}");
        }
    }

    #[test]
    fn opened_elements_are_closed() {
        let page = write(&samples::book());
        for name in ["section", "article", "main", "nav", "table", "dl", "ol", "ul", "li", "p", "a", "div", "cite"] {
            let opened = page.matches(&format!("<{name}>")).count() + page.matches(&format!("<{name} ")).count();
            assert_eq!(opened, page.matches(&format!("</{name}>")).count(), "{name}");
        }
    }

    #[test]
    fn the_page_names_its_language_and_loads_nothing() {
        let page = write(&samples::book());
        assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"zh-CN\">"));
        for loading in ["src=", "@import", "url(", "<link", "<iframe"] {
            assert!(!page.contains(loading), "{loading}");
        }
    }
}
