//! What the pages of a fixed-layout file are: text, pictures of text, or nothing; and what the whole file is then.

use model::{FileState, FileText};

use super::layout::{self, Glyph, PageLines};
use super::packed::Budget;
use super::writer::Writer;
use crate::words;

/// Fewer characters than this beside a picture are a page number or a stamp, not the page's text.
const FEW_CHARACTERS: usize = 25;
/// Share of a page that a picture must cover to be the page.
const PICTURE_SHARE: f32 = 0.3;
/// More painted paths than this on a page without text are its letters, drawn as outlines.
pub(super) const OUTLINE_PATHS: usize = 300;

/// One page as read, `y` growing downwards.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) glyphs: Vec<Glyph>,
    pub(super) width: f32,
    pub(super) height: f32,
    /// Share of the page that its largest picture covers.
    pub(super) picture: f32,
    /// Paths painted.
    pub(super) paths: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// A picture, outlines, or letters of fonts that say nothing of their meaning.
    Scan,
    Empty,
}

/// Pages as they come; glyphs are laid out at once, because a template can put a book's worth of them on every page.
pub(super) struct Pages {
    states: Vec<State>,
    lines: Vec<PageLines>,
    /// Characters that may still come.
    room: usize,
}

impl Pages {
    pub(super) fn new(budget: &Budget<'_>) -> Self {
        Self { states: Vec::new(), lines: Vec::new(), room: budget.characters.saturating_mul(2) }
    }

    /// Whether no further page is wanted.
    pub(super) fn is_full(&self, budget: &Budget<'_>) -> bool {
        self.room == 0 || self.states.len() >= budget.limits.pages as usize || budget.limits.is_stopped()
    }

    pub(super) fn add(&mut self, page: Page) {
        self.states.push(state_of(&page));
        let lines = layout::lines(page.glyphs);
        let characters: usize = lines.iter().map(|line| line.text.chars().count()).sum();
        self.room = self.room.saturating_sub(characters);
        self.lines.push(PageLines { lines, width: page.width, height: page.height });
    }

    /// The text of all; `count` is how many pages the file has, of which some may not have been read.
    pub(super) fn write(self, count: usize, mut writer: Writer<'_, '_>) -> FileText {
        for paragraph in layout::paragraphs(self.lines) {
            writer.laid_out(&paragraph);
        }
        let states = self.states;
        let scanned: Vec<String> =
            states.iter().enumerate().filter(|(_, state)| **state == State::Scan).map(|(at, _)| (at + 1).to_string()).collect();
        let has_text = states.contains(&State::Text);
        if has_text && !scanned.is_empty() {
            writer.issue("scanned_pages", format!("pictures without text: page {}", abridge(&scanned)));
        }
        let is_cut = count > states.len();
        if is_cut {
            writer.issue("too_many_pages", format!("{} of {count} pages read", states.len()));
        }
        let mut text = writer.finish(u32::try_from(count).unwrap_or(u32::MAX));
        if !has_text && !scanned.is_empty() {
            text.state = FileState::Scan;
        } else if is_cut && text.state == FileState::Text {
            text.state = FileState::Limited;
        }
        text
    }
}

fn abridge(numbers: &[String]) -> String {
    let shown = numbers.iter().take(30).cloned().collect::<Vec<_>>().join(", ");
    if numbers.len() > 30 { format!("{shown} … ({} pages)", numbers.len()) } else { shown }
}

fn state_of(page: &Page) -> State {
    let is_drawn = page.picture > PICTURE_SHARE || page.paths > OUTLINE_PATHS;
    if is_drawn && legible(&page.glyphs) < FEW_CHARACTERS {
        State::Scan
    } else if page.glyphs.iter().any(|glyph| !glyph.text.trim().is_empty()) {
        State::Text
    } else {
        State::Empty
    }
}

/// How many glyphs are letters that somebody may have meant: common ideographs, digits and Latin.
pub(super) fn legible(glyphs: &[Glyph]) -> usize {
    let is_legible = |character: char| character.is_ascii_alphanumeric() || is_common(character);
    glyphs.iter().filter(|glyph| glyph.text.chars().all(is_legible)).count()
}

/// The 3,755 ideographs of the first level of GB 2312.
pub(super) fn is_common(character: char) -> bool {
    if !words::is_ideograph(character) {
        return false;
    }
    let mut buffer = [0; 4];
    let (bytes, _, _) = encoding_rs::GBK.encode(character.encode_utf8(&mut buffer));
    matches!(bytes.as_ref(), [0xb0..=0xd7, 0xa1..=0xfe])
}
