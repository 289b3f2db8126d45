//! The book as Markdown (`CommonMark` with tables and footnotes), every text escaped so that it shows as it is.

use crate::book::Book;
use crate::clean::{markdown, web_address};
use crate::flow::{self, Block, Column, Inline};

/// Writes the text.
pub(crate) fn write(book: &Book) -> String {
    let mut text = Writer { out: String::with_capacity(32 * 1024), notes: Vec::new(), serial: 0, note: 0 };
    text.cover(book);
    text.contents(book);
    for block in flow::blocks(book) {
        text.block(&block);
    }
    text.flush_notes();
    text.out
}

struct Writer {
    out: String,
    /// Footnotes of the policy being written, as (label, text).
    notes: Vec<(String, String)>,
    serial: usize,
    note: usize,
}

impl Writer {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn paragraph(&mut self, line: &str) {
        self.line(line);
        self.line("");
    }

    fn cover(&mut self, book: &Book) {
        self.paragraph(&format!("# {}", markdown(&book.title)));
        for line in flow::cover_lines(book) {
            self.paragraph(&markdown(&line));
        }
    }

    fn contents(&mut self, book: &Book) {
        self.paragraph("## 目录");
        self.line("- [编制说明](#preface)");
        for (index, chapter) in book.chapters.iter().enumerate() {
            let title = markdown(&flow::chapter_title(index, &chapter.title));
            self.line(&format!("- [{title}](#chapter-{})", index + 1));
            for entry in &chapter.entries {
                let anchor = flow::policy_anchor(entry.serial);
                self.line(&format!("  - [{}．{}](#{anchor})", entry.serial, markdown(&entry.title)));
            }
        }
        if !book.by_number.is_empty() {
            self.line("- [文号索引](#by-number)");
        }
        if !book.by_issuer.is_empty() {
            self.line("- [发文机关索引](#by-issuer)");
        }
        self.line("");
    }

    fn heading(&mut self, marks: &str, anchor: &str, title: &str) {
        self.flush_notes();
        self.paragraph(&format!("<a id=\"{anchor}\"></a>"));
        self.paragraph(&format!("{marks} {}", markdown(title)));
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Chapter { anchor, title } => self.heading("##", anchor, title),
            Block::Policy { anchor, title } => {
                self.heading("###", anchor, title);
                self.serial += 1;
                self.note = 0;
            }
            Block::Section(title) => self.paragraph(&format!("#### {}", markdown(title))),
            Block::Paragraph(inlines) => {
                let text = self.inlines(inlines);
                self.paragraph(&text);
            }
            Block::Body(level, text) => {
                let text = markdown(text);
                self.paragraph(&if *level > 0 { format!("**{text}**") } else { text });
            }
            Block::Facts(facts) => self.facts(facts),
            Block::Table { columns, rows } => self.table(columns, rows),
            Block::Index { head, lines } => self.index(head.as_deref(), lines),
        }
    }

    fn inlines(&mut self, inlines: &[Inline]) -> String {
        let mut out = String::new();
        for inline in inlines {
            match inline {
                Inline::Plain(text) => {
                    let lines: Vec<String> = text.split('\n').map(markdown).collect();
                    out.push_str(&lines.join("<br>"));
                }
                Inline::Strong(text) => out.push_str(&format!("**{}**", markdown(text))),
                Inline::Address(text) => out.push_str(&link(text, text)),
                Inline::Source { place, url } => {
                    self.note += 1;
                    let label = format!("{}-{}", self.serial, self.note);
                    out.push_str(&format!("[^{label}]"));
                    let note = if url.is_empty() { place.clone() } else { format!("{place}，{}", link(url, url)) };
                    self.notes.push((label, note));
                }
            }
        }
        out
    }

    fn facts(&mut self, facts: &[(String, Vec<Inline>)]) {
        self.line("| 项目 | 内容 |");
        self.line("|---|---|");
        for (label, value) in facts {
            let value = self.inlines(value);
            self.line(&format!("| {} | {value} |", markdown(label)));
        }
        self.line("");
    }

    fn table(&mut self, columns: &[Column], rows: &[Vec<Vec<Inline>>]) {
        let titles: Vec<&str> = columns.iter().map(|column| column.title).collect();
        self.line(&format!("| {} |", titles.join(" | ")));
        self.line(&format!("|{}", "---|".repeat(columns.len())));
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| self.inlines(cell)).collect();
            self.line(&format!("| {} |", cells.join(" | ")));
        }
        self.line("");
    }

    fn index(&mut self, head: Option<&str>, lines: &[flow::IndexLine]) {
        if let Some(head) = head {
            self.paragraph(&format!("### {}", markdown(head)));
        }
        for line in lines {
            let key = if line.key.is_empty() { String::new() } else { format!("{}：", markdown(&line.key)) };
            let title = markdown(&line.title);
            self.line(&format!("- {key}[{}．{title}](#{})", line.serial, flow::policy_anchor(line.serial)));
        }
        self.line("");
    }

    fn flush_notes(&mut self) {
        if self.notes.is_empty() {
            return;
        }
        for (label, note) in std::mem::take(&mut self.notes) {
            self.line(&format!("[^{label}]: {note}"));
        }
        self.line("");
    }
}

/// A link where the address is one, else the text; brackets of an address never end it early.
fn link(url: &str, text: &str) -> String {
    match web_address(url) {
        Some(address) => {
            let address = address.replace('(', "%28").replace(')', "%29").replace('<', "%3C").replace('>', "%3E");
            format!("[{}](<{address}>)", markdown(text))
        }
        None => markdown(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn hostile_titles_stay_text() {
        let text = write(&samples::hostile_book());
        assert!(text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{text}");
        for line in text.lines() {
            let tags = line
                .match_indices('<')
                .filter(|(at, _)| !["<a id=\"", "</a>", "<br>", "<http"].iter().any(|tag| line[*at..].starts_with(tag)));
            assert_eq!(tags.count(), 0, "{line}");
        }
        assert!(!text.replace("\\]", "").contains("](javascript"), "{text}");
    }

    #[test]
    fn every_footnote_is_called_once_and_written_once() {
        let text = write(&samples::book());
        let written: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("[^")?.split_once("]: ").map(|(label, _)| label)).collect();
        assert!(!written.is_empty());
        for label in written {
            assert_eq!(text.matches(&format!("[^{label}]")).count(), 2, "{label}");
        }
    }

    #[test]
    fn a_row_of_a_table_has_as_many_cells_as_its_head() {
        let text = write(&samples::hostile_book());
        let mut cells = 0;
        for line in text.lines() {
            if !line.starts_with('|') {
                cells = 0;
                continue;
            }
            let bars = line.replace("\\|", "").matches('|').count();
            assert!(cells == 0 || cells == bars, "{line}");
            cells = bars;
        }
    }
}
