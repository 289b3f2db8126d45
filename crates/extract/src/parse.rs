//! One bounded parse of one page.
//!
//! html5ever walks its stack of open elements on many tags and compares every attribute of a tag with all before it,
//! so deep nesting, unclosed formatting and tags with thousands of attributes cost quadratic time. Between tokenizer
//! and tree builder stands a guard that drops tags beyond a depth, a number of nodes or an amount of work.

use std::borrow::Cow;
use std::cell::Cell;

use html5ever::interface::{TokenizerResult, Tracer};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use html5ever::tree_builder::{TreeBuilder, TreeSink};
use scraper::{Html, HtmlTreeSink};

/// Far beyond any page made by a person or an editor.
const MOST_DEPTH: usize = 512;
/// Unclosed paragraphs and cells close each other unseen, stray end tags close nothing: after so many tags the
/// estimate of the depth is corrected by a count.
const RECOUNT_AFTER: usize = 64;
/// A small page with a longer stretch without `>` is looked at for the number of attributes of its tags.
const LONG_TAG_BYTES: usize = 8 * 1024;
/// Larger pages always are.
const SMALL_PAGE_BYTES: usize = 64 * 1024;
/// More attributes than any real tag has.
const MOST_ATTRIBUTES: usize = 256;

type Handle = <HtmlTreeSink as TreeSink>::Handle;

/// The tree of a page, and whether a limit was hit on the way.
pub(crate) struct Parsed {
    pub(crate) html: Html,
    pub(crate) capped: bool,
}

/// Parses a page in time and memory linear in its length.
pub(crate) fn parse(text: &str) -> Parsed {
    let (text, shortened) = without_giant_tags(text);
    let builder = TreeBuilder::new(HtmlTreeSink::new(Html::new_document()), Default::default());
    let guard = Guard {
        builder,
        depth: Cell::new(0),
        dropped: Cell::new(0),
        tags: Cell::new(0),
        work: Cell::new(0),
        most_work: 1_000_000 + 6 * text.len(),
        closed: Cell::new(false),
        capped: Cell::new(shortened),
    };
    let tokenizer = Tokenizer::new(guard, Default::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(text.as_ref()));
    // A script end tag pauses the tokenizer; nothing is run here, so it goes on at once.
    while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
    tokenizer.end();
    let capped = tokenizer.sink.capped.get();
    Parsed { html: tokenizer.sink.builder.sink.finish(), capped }
}

struct Guard {
    builder: TreeBuilder<Handle, HtmlTreeSink>,
    /// About the number of open elements: start tags less end tags, corrected by a count now and then.
    depth: Cell<usize>,
    /// Start tags dropped and not yet closed.
    dropped: Cell<usize>,
    tags: Cell<usize>,
    /// Sum of the depths at all tags: what the tree builder may have walked.
    work: Cell<usize>,
    most_work: usize,
    /// Set when no further tag is taken; text still is.
    closed: Cell<bool>,
    capped: Cell<bool>,
}

impl Guard {
    /// Whether the tree builder may see this tag.
    fn admits(&self, tag: &Tag) -> bool {
        if self.closed.get() {
            return false;
        }
        self.tags.set(self.tags.get() + 1);
        if self.tags.get().is_multiple_of(RECOUNT_AFTER) && self.dropped.get() == 0 {
            self.depth.set(self.open_elements());
        }
        if self.tags.get().is_multiple_of(1024) || self.work.get() > self.most_work {
            let nodes = self.builder.sink.0.borrow().tree.nodes().len();
            if nodes > 20_000 + 6 * self.tags.get() || self.work.get() > self.most_work {
                self.closed.set(true);
                self.capped.set(true);
                return false;
            }
        }
        match tag.kind {
            TagKind::StartTag => self.admits_start(tag),
            TagKind::EndTag => self.admits_end(),
        }
    }

    fn admits_start(&self, tag: &Tag) -> bool {
        if is_void(&tag.name) {
            return true;
        }
        if self.dropped.get() == 0 && self.depth.get() >= MOST_DEPTH {
            self.depth.set(self.open_elements());
        }
        if self.dropped.get() > 0 || self.depth.get() >= MOST_DEPTH {
            self.dropped.set(self.dropped.get() + 1);
            self.capped.set(true);
            return false;
        }
        self.work.set(self.work.get() + self.depth.get());
        self.depth.set(self.depth.get() + 1);
        true
    }

    fn admits_end(&self) -> bool {
        if self.dropped.get() > 0 {
            self.dropped.set(self.dropped.get() - 1);
            return false;
        }
        // An end tag without its start is looked for several times over; at the depth of real pages that is nothing.
        let looks = if self.depth.get() > RECOUNT_AFTER { 4 } else { 1 };
        self.work.set(self.work.get() + looks * self.depth.get());
        self.depth.set(self.depth.get().saturating_sub(1));
        true
    }

    fn open_elements(&self) -> usize {
        let count = Count(Cell::new(0));
        self.builder.trace_handles(&count);
        count.0.get()
    }
}

struct Count(Cell<usize>);

impl Tracer for Count {
    type Handle = Handle;

    fn trace_handle(&self, _: &Handle) {
        self.0.set(self.0.get() + 1);
    }
}

impl TokenSink for Guard {
    type Handle = Handle;

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<Handle> {
        if let Token::TagToken(tag) = &token
            && !self.admits(tag)
        {
            return TokenSinkResult::Continue;
        }
        self.builder.process_token(token, line_number)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Cuts the attributes of tags that have absurdly many of them; other text is returned as it is.
fn without_giant_tags(text: &str) -> (Cow<'_, str>, bool) {
    if text.len() <= SMALL_PAGE_BYTES && !text.split('>').any(|part| part.len() > LONG_TAG_BYTES) {
        return (Cow::Borrowed(text), false);
    }
    let bytes = text.as_bytes();
    let mut kept = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(offset) = text[at..].find('<') {
        let start = at + offset;
        at = start + 1;
        if text[start..].starts_with("<!--") {
            at = text[start..].find("-->").map_or(text.len(), |length| start + length);
        }
        if !bytes.get(start + 1).is_some_and(u8::is_ascii_alphabetic) {
            continue;
        }
        let (end, cut) = scan_tag(bytes, start);
        if let Some(cut) = cut {
            kept.push_str(&text[copied..cut]);
            copied = end;
        }
        at = raw_text_end(text, start, end);
    }
    if copied == 0 {
        return (Cow::Borrowed(text), false);
    }
    kept.push_str(&text[copied..]);
    (Cow::Owned(kept), true)
}

/// The index of the `>` that ends the tag at `start`, and where its attributes become too many.
fn scan_tag(bytes: &[u8], start: usize) -> (usize, Option<usize>) {
    let mut at = start + 1;
    let mut attributes = 0;
    let mut cut = None;
    let mut in_name = true;
    while at < bytes.len() && bytes[at] != b'>' {
        match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' | b'/' | 0x0c => in_name = false,
            b'=' => {
                // Only directly behind `=` does a quote open a value.
                let value = at + 1 + bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                at = match bytes.get(value) {
                    Some(quote @ (b'"' | b'\'')) => {
                        let length = bytes[value + 1..].iter().position(|byte| byte == quote);
                        in_name = false;
                        length.map_or(bytes.len(), |length| value + 1 + length)
                    }
                    _ => value - 1,
                };
            }
            _ if !in_name => {
                in_name = true;
                attributes += 1;
                if attributes > MOST_ATTRIBUTES && cut.is_none() {
                    cut = Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    (at.min(bytes.len()), cut)
}

/// Where markup goes on after a start tag: behind its `>`, or at the end tag of an element whose content is raw text.
fn raw_text_end(text: &str, start: usize, end: usize) -> usize {
    let bytes = text.as_bytes();
    let name_length = bytes[start + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let name = &bytes[start + 1..start + 1 + name_length];
    let raw = [&b"script"[..], b"style", b"textarea", b"title", b"xmp", b"iframe", b"noframes"];
    if !raw.iter().any(|raw| raw.eq_ignore_ascii_case(name)) {
        return end;
    }
    let mut at = end;
    while let Some(offset) = text[at..].find("</") {
        at += offset + 2;
        if bytes.get(at..at + name_length).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::Selector;

    fn count(html: &Html, selector: &str) -> usize {
        html.select(&Selector::parse(selector).unwrap()).count()
    }

    #[test]
    fn an_ordinary_page_is_parsed_whole() {
        let parsed = parse("<html><body><ul><li>a<li>b</ul><p>text</p></body></html>");
        assert!(!parsed.capped);
        assert_eq!(count(&parsed.html, "li"), 2);
    }

    #[test]
    fn nesting_beyond_the_cap_is_flattened_and_its_text_kept() {
        let page = format!("{}inner{}<p id=after>after</p>", "<div>".repeat(3000), "</div>".repeat(3000));
        let parsed = parse(&page);
        assert!(parsed.capped);
        assert!(count(&parsed.html, "div") <= MOST_DEPTH);
        assert_eq!(count(&parsed.html, "#after"), 1);
        assert!(parsed.html.root_element().text().any(|text| text.contains("inner")));
    }

    #[test]
    fn unclosed_tags_that_close_each_other_do_not_count_as_depth() {
        let parsed = parse(&format!("<ul>{}</ul>", "<li>x".repeat(5000)));
        assert!(!parsed.capped);
        assert_eq!(count(&parsed.html, "li"), 5000);
    }

    #[test]
    fn formatting_that_is_reopened_in_every_paragraph_cannot_fill_the_memory() {
        let fonts: String = (0..400).map(|size| format!("<font size={size}>")).collect();
        let parsed = parse(&format!("<p>{fonts}</p>{}", "<p>x</p>".repeat(20_000)));
        assert!(parsed.html.tree.nodes().len() < 1_000_000);
    }

    #[test]
    fn a_tag_with_thousands_of_attributes_is_cut() {
        let attributes: String = (0..50_000).map(|name| format!(" a{name}=1")).collect();
        let parsed = parse(&format!("<p{attributes}>x</p><p id=b>y</p>"));
        assert!(parsed.capped);
        assert_eq!(count(&parsed.html, "p"), 2);
    }

    #[test]
    fn one_giant_attribute_is_kept() {
        let parsed = parse(&format!("<img src=\"data:{}\"><p>x</p>", "A ".repeat(1_000_000)));
        assert!(!parsed.capped);
        assert_eq!(count(&parsed.html, "p"), 1);
    }
}
