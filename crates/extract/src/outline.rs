//! The one walk over a page's tree: its elements, its lines of text, its links, its meta tags and its hidden markup.
//!
//! All later steps read this flat outline; none walks the tree again. Lines are numbered in page order and every
//! element knows its range of lines, so the text of any element is a slice and sums over it are two look-ups.

use std::ops::Range;

use scraper::{ElementRef, Html};

use crate::rules::{Index, Match};
use crate::{walk, words};

/// Index of an element in [`Outline::elements`].
pub(crate) type ElementId = u32;
/// Index of a line in [`Outline::lines`].
pub(crate) type LineId = u32;

/// No element.
pub(crate) const NONE: u32 = u32::MAX;

/// What an element is to the reading of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Heading,
    Paragraph,
    Table,
    Row,
    Cell,
    ListEntry,
    Link,
    Block,
    Inline,
}

/// One element, with the range of lines it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) node: ElementRef<'a>,
    pub(crate) parent: ElementId,
    pub(crate) tag: Tag,
    pub(crate) id: &'a str,
    pub(crate) class: &'a str,
    /// Navigation, footer, share bar and the like, by its own name or by an ancestor's.
    pub(crate) noise: bool,
    /// Not shown, by its own style or by an ancestor's.
    pub(crate) hidden: bool,
    /// The nearest table it lies in (for a table: the one around it), or [`NONE`].
    pub(crate) table: ElementId,
    /// The element after its last descendant.
    pub(crate) after: ElementId,
    pub(crate) first_line: LineId,
    pub(crate) end_line: LineId,
    pub(crate) text_start: u32,
    pub(crate) text_end: u32,
}

/// One line of text: what stands between two breaks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The block it lies in.
    pub(crate) element: ElementId,
    /// Characters, and how many of them are link text.
    pub(crate) characters: u32,
    pub(crate) link_characters: u32,
}

/// A link with its text.
#[derive(Debug, Clone)]
pub(crate) struct Link<'a> {
    pub(crate) element: ElementId,
    pub(crate) href: &'a str,
    pub(crate) title: &'a str,
    pub(crate) text: String,
    /// The line its text starts on.
    pub(crate) line: LineId,
}

/// Everything later steps need of a page.
#[derive(Debug, Default)]
pub(crate) struct Outline<'a> {
    /// The text of all lines, one behind the other.
    pub(crate) text: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) elements: Vec<Element<'a>>,
    pub(crate) links: Vec<Link<'a>>,
    pub(crate) metas: Vec<(&'a str, &'a str)>,
    /// Text of inline scripts.
    pub(crate) scripts: Vec<&'a str>,
    /// Raw text that may hold markup: textareas, comments, scripts that are no program.
    pub(crate) hidden_markup: Vec<&'a str>,
    /// Selectors of the families and the elements they matched, in page order.
    pub(crate) matches: Vec<Match>,
    /// The same for the rules of the page's own source.
    pub(crate) source_matches: Vec<Match>,
    /// Text of `<title>`.
    pub(crate) title: String,
    /// `href` of `<base>`.
    pub(crate) base: Option<&'a str>,
    /// `content` of `<meta http-equiv=refresh>`.
    pub(crate) refresh: Option<&'a str>,
    /// `href` of `<link rel=next>`.
    pub(crate) rel_next: Option<&'a str>,
    pub(crate) script_files: usize,
    pub(crate) images: usize,
    /// Inputs for a password.
    pub(crate) passwords: usize,
    /// Sources and names of frames.
    pub(crate) frames: Vec<(&'a str, &'a str)>,
    sums: Vec<Sum>,
}

/// Sums over the lines before one.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    prose: u32,
    characters: u32,
    link_characters: u32,
}

impl<'a> Outline<'a> {
    /// Walks the tree once.
    pub(crate) fn new(html: &'a Html, index: &Index, source: Option<&Index>) -> Self {
        let mut outline = walk::walk(html, index, source);
        outline.add_sums();
        outline
    }

    /// The text of a line.
    pub(crate) fn line(&self, id: LineId) -> &str {
        let line = &self.lines[id as usize];
        &self.text[line.start as usize..line.end as usize]
    }

    /// An element.
    pub(crate) fn element(&self, id: ElementId) -> &Element<'a> {
        &self.elements[id as usize]
    }

    /// The text of an element, its lines apart, with blanks at the ends cut.
    pub(crate) fn text_of(&self, id: ElementId) -> &str {
        let element = self.element(id);
        self.text.get(element.text_start as usize..element.text_end as usize).unwrap_or_default().trim()
    }

    /// The lines of an element.
    pub(crate) fn lines_of(&self, id: ElementId) -> Range<LineId> {
        let element = self.element(id);
        element.first_line..element.end_line
    }

    /// Characters of running text in an element: links, menus, footers and loose short words count little or nothing.
    pub(crate) fn prose(&self, range: Range<LineId>) -> u32 {
        self.sums[range.end as usize].prose - self.sums[range.start as usize].prose
    }

    /// Characters in a range of lines.
    pub(crate) fn characters(&self, range: Range<LineId>) -> u32 {
        self.sums[range.end as usize].characters - self.sums[range.start as usize].characters
    }

    /// Characters of link text in a range of lines.
    pub(crate) fn link_characters(&self, range: Range<LineId>) -> u32 {
        self.sums[range.end as usize].link_characters - self.sums[range.start as usize].link_characters
    }

    /// The children of an element.
    pub(crate) fn children(&self, id: ElementId) -> impl Iterator<Item = ElementId> + '_ {
        let after = self.element(id).after;
        let mut next = id + 1;
        std::iter::from_fn(move || {
            (next < after).then(|| {
                let child = next;
                next = self.element(child).after;
                child
            })
        })
    }

    /// The element and its ancestors, innermost first.
    pub(crate) fn ancestors(&self, id: ElementId) -> impl Iterator<Item = ElementId> + '_ {
        std::iter::successors((id != NONE).then_some(id), |id| {
            let parent = self.element(*id).parent;
            (parent != NONE).then_some(parent)
        })
    }

    /// Whether `inner` is `outer` or lies in it.
    pub(crate) fn contains(&self, outer: ElementId, inner: ElementId) -> bool {
        outer <= inner && inner < self.element(outer).after
    }

    /// The value of a meta tag that has one; names are compared without regard to case.
    pub(crate) fn meta(&self, name: &str) -> Option<&'a str> {
        self.metas
            .iter()
            .find(|(found, value)| found.eq_ignore_ascii_case(name) && !value.trim().is_empty())
            .map(|(_, value)| value.trim())
    }

    fn add_sums(&mut self) {
        let mut sum = Sum::default();
        let mut sums = Vec::with_capacity(self.lines.len() + 1);
        sums.push(sum);
        for (id, line) in self.lines.iter().enumerate() {
            let element = &self.elements[line.element as usize];
            sum.characters += line.characters;
            sum.link_characters += line.link_characters;
            if !element.noise {
                let prose = words::prose(self.line(id as LineId), line.characters, line.characters - line.link_characters);
                // Some sites show their text by a script; popups are hidden too, and must not weigh as much.
                sum.prose += if element.hidden { prose / 4 } else { prose };
            }
            sums.push(sum);
        }
        self.sums = sums;
    }
}
