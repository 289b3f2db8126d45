//! The walk that makes an outline: depth first over the tree, breaking text into lines where a browser would.

use html5ever::local_name;
use scraper::{ElementRef, Html, Node};

use crate::outline::{Element, ElementId, Line, LineId, Link, NONE, Outline, Tag};
use crate::rules::Index;
use crate::words;

/// A page with more elements is read no further.
const MOST_ELEMENTS: usize = 2_000_000;

/// Walks a tree once.
pub(crate) fn walk<'a>(html: &'a Html, index: &Index, source: Option<&Index>) -> Outline<'a> {
    let mut walker =
        Walker { outline: Outline::default(), open: Vec::new(), line: PendingLine::default(), link: None, index, source };
    walker.walk(html);
    walker.outline
}

/// A line being collected.
#[derive(Default)]
struct PendingLine {
    start: usize,
    characters: u32,
    link_characters: u32,
    /// A run of blanks is waiting; the flag says whether it held a line break of the source.
    blank: Option<bool>,
    element: ElementId,
}

struct OpenLink {
    index: usize,
    text_start: usize,
    characters: u32,
}

struct Walker<'a, 'i> {
    outline: Outline<'a>,
    open: Vec<ElementId>,
    line: PendingLine,
    link: Option<OpenLink>,
    index: &'i Index,
    source: Option<&'i Index>,
}

impl<'a> Walker<'a, '_> {
    /// Depth first without recursion: nesting is bounded, the stack of a caller's thread is not known.
    fn walk(&mut self, html: &'a Html) {
        let mut current = html.tree.root().first_child();
        while let Some(node) = current {
            let entered = match node.value() {
                Node::Text(text) => {
                    self.text(text);
                    false
                }
                Node::Comment(comment) => {
                    if words::holds_links(comment) {
                        self.outline.hidden_markup.push(comment);
                    }
                    false
                }
                Node::Element(_) => ElementRef::wrap(node).is_some_and(|element| self.enter(element)),
                _ => false,
            };
            if entered && let Some(child) = node.first_child() {
                current = Some(child);
                continue;
            }
            if entered {
                self.leave();
            }
            let mut at = node;
            current = loop {
                if let Some(sibling) = at.next_sibling() {
                    break Some(sibling);
                }
                let Some(parent) = at.parent() else { break None };
                if !parent.value().is_element() {
                    break None;
                }
                self.leave();
                at = parent;
            };
        }
        self.end_line();
    }

    /// Takes an element in; false where its content is not walked.
    fn enter(&mut self, element: ElementRef<'a>) -> bool {
        if self.outline.elements.len() >= MOST_ELEMENTS || self.special(element) {
            return false;
        }
        let tag = classify(element.value().name());
        let mut found = Element {
            node: element,
            parent: self.open.last().copied().unwrap_or(NONE),
            tag,
            id: "",
            class: "",
            noise: false,
            hidden: false,
            table: NONE,
            after: 0,
            first_line: 0,
            end_line: 0,
            text_start: 0,
            text_end: 0,
        };
        for (name, value) in &element.value().attrs {
            match name.local {
                local_name!("id") => found.id = value,
                local_name!("class") => found.class = value,
                local_name!("style") => found.hidden = words::hides(value),
                local_name!("hidden") => found.hidden = true,
                _ => {}
            }
        }
        found.noise = words::is_noise_element(element.value().name(), found.id, found.class);
        if let Some(parent) = self.outline.elements.get(found.parent as usize) {
            found.noise |= parent.noise;
            found.hidden |= parent.hidden;
            found.table = if parent.tag == Tag::Table { found.parent } else { parent.table };
        }
        if tag != Tag::Inline && tag != Tag::Link {
            self.end_line();
        }
        let id = self.outline.elements.len() as ElementId;
        found.first_line = self.outline.lines.len() as LineId;
        found.text_start = self.outline.text.len() as u32;
        self.outline.elements.push(found);
        self.open.push(id);
        self.index.collect(element, id, found.id, found.class, &mut self.outline.matches);
        if let Some(source) = self.source {
            source.collect(element, id, found.id, found.class, &mut self.outline.source_matches);
        }
        if tag == Tag::Link {
            self.open_link(id, element);
        }
        if tag != Tag::Inline && tag != Tag::Link {
            self.line.element = id;
        }
        true
    }

    /// Elements with a meaning of their own, whose content is no text of the page.
    fn special(&mut self, element: ElementRef<'a>) -> bool {
        let value = element.value();
        let outline = &mut self.outline;
        match value.name() {
            "script" => {
                outline.script_files += usize::from(value.attr("src").is_some());
                if let Some(text) = element.first_child().and_then(|child| child.value().as_text()) {
                    let text: &'a str = text;
                    outline.scripts.push(text);
                    if words::holds_links(text) {
                        outline.hidden_markup.push(text);
                    }
                }
            }
            "textarea" | "template" | "noscript" => {
                if let Some(text) = element.first_child().and_then(|child| child.value().as_text())
                    && words::holds_links(text)
                {
                    outline.hidden_markup.push(text);
                }
            }
            "title" if self.open.iter().all(|open| outline.elements[*open as usize].node.value().name() != "svg") => {
                if outline.title.trim().is_empty() {
                    outline.title = words::squeeze(&element.text().collect::<String>());
                }
            }
            "meta" => {
                let content = value.attr("content").unwrap_or_default();
                if let Some(name) = value.attr("name").or_else(|| value.attr("property")) {
                    outline.metas.push((name, content));
                }
                if value.attr("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh")) {
                    outline.refresh = outline.refresh.or(Some(content));
                }
            }
            "base" => outline.base = outline.base.or_else(|| value.attr("href")),
            "link" => {
                if value.attr("rel") == Some("next") {
                    outline.rel_next = value.attr("href");
                }
            }
            "br" => self.end_line(),
            "img" => outline.images += 1,
            "input" => {
                outline.passwords += usize::from(value.attr("type").is_some_and(|kind| kind.eq_ignore_ascii_case("password")))
            }
            "iframe" | "frame" => {
                if let Some(source) = value.attr("src").filter(|_| outline.frames.len() < 50) {
                    outline.frames.push((source, value.attr("name").unwrap_or_default()));
                }
            }
            "style" | "select" | "option" | "svg" | "object" | "video" | "audio" | "canvas" => {}
            _ => return false,
        }
        true
    }

    fn leave(&mut self) {
        let Some(id) = self.open.pop() else { return };
        let tag = self.outline.elements[id as usize].tag;
        if tag == Tag::Link {
            self.close_link();
        }
        if tag != Tag::Inline && tag != Tag::Link {
            self.end_line();
            self.line.element = self.enclosing_block();
        }
        let after = self.outline.elements.len() as ElementId;
        let mut end = self.outline.lines.len() as LineId;
        if self.line.characters > 0 {
            // An inline element ends inside the line being collected.
            end += 1;
        }
        let text_end = self.outline.text.len() as u32;
        let element = &mut self.outline.elements[id as usize];
        element.after = after;
        element.end_line = end;
        element.text_end = text_end;
    }

    fn enclosing_block(&self) -> ElementId {
        let block =
            self.open.iter().rev().find(|id| !matches!(self.outline.elements[**id as usize].tag, Tag::Inline | Tag::Link));
        block.or(self.open.first()).copied().unwrap_or_default()
    }

    fn open_link(&mut self, id: ElementId, element: ElementRef<'a>) {
        if self.link.is_some() {
            return;
        }
        let (mut href, mut title) = ("", "");
        for (name, value) in &element.value().attrs {
            match name.local {
                local_name!("href") => href = value.trim(),
                local_name!("title") => title = value.trim(),
                _ => {}
            }
        }
        let line = self.outline.lines.len() as LineId;
        self.link = Some(OpenLink { index: self.outline.links.len(), text_start: self.outline.text.len(), characters: 0 });
        self.outline.links.push(Link { element: id, href, title, text: String::new(), line });
    }

    fn close_link(&mut self) {
        let Some(open) = self.link.take() else { return };
        let start = open.text_start.min(self.outline.text.len());
        if open.characters > 0 {
            self.outline.links[open.index].text = self.outline.text[start..].trim().to_owned();
        }
    }

    fn text(&mut self, text: &str) {
        if self.open.is_empty() {
            return;
        }
        let preformatted = text.contains('\n') && self.in_pre();
        for character in text.chars() {
            if preformatted && character == '\n' {
                self.end_line();
                continue;
            }
            if words::is_blank(character) {
                let broke = matches!(character, '\n' | '\r');
                self.line.blank = Some(self.line.blank.unwrap_or(true) && broke);
                continue;
            }
            if words::is_invisible(character) {
                continue;
            }
            self.push(character);
        }
    }

    fn in_pre(&self) -> bool {
        self.open.iter().any(|id| self.outline.elements[*id as usize].node.value().name() == "pre")
    }

    fn push(&mut self, character: char) {
        let text = &mut self.outline.text;
        if self.line.characters == 0 {
            self.line.start = text.len();
            self.line.blank = None;
        } else if let Some(broke) = self.line.blank.take() {
            // A line break of the source between two ideographs is layout of the source, not a blank.
            let wide = broke && words::is_wide(character) && text.chars().next_back().is_some_and(words::is_wide);
            if !wide {
                text.push(' ');
            }
        }
        text.push(character);
        self.line.characters += 1;
        if let Some(link) = &mut self.link {
            self.line.link_characters += 1;
            if link.characters == 0 {
                link.text_start = text.len() - character.len_utf8();
                self.outline.links[link.index].line = self.outline.lines.len() as LineId;
            }
            link.characters += 1;
        }
    }

    fn end_line(&mut self) {
        if self.line.characters > 0 {
            let outline = &mut self.outline;
            outline.lines.push(Line {
                start: self.line.start as u32,
                end: outline.text.len() as u32,
                element: self.line.element,
                characters: self.line.characters,
                link_characters: self.line.link_characters,
            });
            // Links that hold several lines must not glue them.
            outline.text.push('\n');
        }
        self.line.characters = 0;
        self.line.link_characters = 0;
        self.line.blank = None;
    }
}

fn classify(name: &str) -> Tag {
    match name {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Tag::Heading,
        "p" => Tag::Paragraph,
        "table" => Tag::Table,
        "tr" => Tag::Row,
        "td" | "th" => Tag::Cell,
        "li" | "dd" | "dt" => Tag::ListEntry,
        "a" => Tag::Link,
        "abbr" | "acronym" | "b" | "bdi" | "bdo" | "big" | "button" | "cite" | "code" | "del" | "dfn" | "em" | "font" | "i"
        | "ins" | "kbd" | "label" | "mark" | "nobr" | "q" | "s" | "samp" | "small" | "span" | "strike" | "strong" | "sub"
        | "sup" | "time" | "tt" | "u" | "var" | "wbr" => Tag::Inline,
        // Namespaced tags of office programs stand inside sentences.
        _ if name.contains(':') => Tag::Inline,
        _ => Tag::Block,
    }
}
