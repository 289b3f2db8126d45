//! PDF: text of its pages, or that it is a scan.

use std::panic::{AssertUnwindSafe, catch_unwind};

use model::{FileState, FileText};
use pdf_oxide::{Error, PdfDocument};

use super::failed;
use super::layout::Glyph;
use super::packed::Budget;
use super::pages::{OUTLINE_PATHS, Page, Pages, is_common, legible};
use super::pdf_text::{self, Shared};
use super::writer::Writer;
use crate::words;

pub(super) fn read(bytes: &[u8], budget: &mut Budget<'_>) -> FileText {
    let document = match PdfDocument::from_bytes(bytes.to_vec()) {
        Ok(document) => document,
        Err(Error::EncryptedPdf) => return failed(FileState::Encrypted, "encrypted", "PDF with a password"),
        Err(error) => return failed(FileState::Damaged, "damaged", format!("not readable as PDF: {error}")),
    };
    // Most protected files only forbid printing or copying; those open without a password.
    if document.is_encrypted() && !document.is_authenticated() && !document.authenticate(b"").unwrap_or(false) {
        return failed(FileState::Encrypted, "encrypted", "PDF with a password");
    }
    let count = match document.page_count() {
        Ok(count) => count,
        Err(error) => return failed(FileState::Damaged, "damaged", format!("no pages: {error}")),
    };
    let mut shared = Shared::new(&document);
    let mut pages = Pages::new(budget);
    let mut has_noise = false;
    for at in 0..count {
        if pages.is_full(budget) {
            break;
        }
        let mut page = read_page(&mut shared, &document, at);
        has_noise |= drop_noise(&mut page);
        pages.add(page);
    }
    let mut writer = Writer::new(budget);
    if has_noise {
        writer.issue("unreadable_fonts", "its fonts do not say what their letters are");
    }
    pages.write(count, writer)
}

fn read_page(shared: &mut Shared<'_>, document: &PdfDocument, page: usize) -> Page {
    let (left, bottom, right, top) =
        document.get_page_visible_box(page).or_else(|_| document.get_page_media_box(page)).unwrap_or((0.0, 0.0, 595.0, 842.0));
    let rotation = document.get_page_rotation(page).unwrap_or(0).rem_euclid(360);
    // A page whose content makes a parser panic costs that page.
    let walked = catch_unwind(AssertUnwindSafe(|| pdf_text::page(shared, page))).ok().flatten().unwrap_or_default();
    let other = catch_unwind(AssertUnwindSafe(|| other_reading(document, page))).unwrap_or_default();
    // Both readings see most pages alike; where one is blind (encrypted forms, odd content) the other is taken.
    let (own, others) = (legible(&walked.glyphs), legible(&other));
    let is_blind = others > own + 2 + own / 50 && !(shared.has_hidden_layers() && own > 0);
    let glyphs = if is_blind { other } else { walked.glyphs };
    let (width, height) = ((right - left).abs(), (top - bottom).abs());
    let placed = glyphs
        .into_iter()
        .filter(|glyph| {
            let (x, y) = (glyph.x - left.min(right), glyph.y - bottom.min(top));
            x > -glyph.size && y > -glyph.size && x < width + glyph.size && y < height + glyph.size
        })
        .map(|mut glyph| {
            let (x, y) = (glyph.x - left.min(right), glyph.y - bottom.min(top));
            (glyph.x, glyph.y) = match rotation {
                90 => (y, x),
                180 => (width - x, y),
                270 => (height - y, width - x),
                _ => (x, height - y),
            };
            glyph.angle -= rotation as f32;
            glyph
        })
        .collect();
    let (shown_width, shown_height) = if rotation % 180 == 90 { (height, width) } else { (width, height) };
    let picture = walked.picture / (width * height).max(1.0);
    Page { glyphs: placed, width: shown_width, height: shown_height, picture, paths: walked.paths }
}

/// The page as `pdf_oxide` reads it by itself.
fn other_reading(document: &PdfDocument, page: usize) -> Vec<Glyph> {
    let characters = document.extract_chars(page).unwrap_or_default();
    characters
        .into_iter()
        .map(|shown| Glyph {
            text: shown.char.to_string().into(),
            x: shown.origin_x,
            y: shown.origin_y,
            width: shown.advance_width,
            size: shown.font_size,
            angle: shown.rotation_degrees,
            is_doubtful: false,
        })
        .collect()
}

/// Drops what fonts without meaning show when it is no language; says whether it did.
fn drop_noise(page: &mut Page) -> bool {
    let (mut all, mut sound, mut symbols) = (0_usize, 0_usize, 0_usize);
    let doubtful = page.glyphs.iter().filter(|glyph| glyph.is_doubtful);
    for character in doubtful.flat_map(|glyph| glyph.text.chars()).filter(|character| !character.is_whitespace()) {
        let is_symbol = "!\"#$&'*+<=>?@[\\]^_`{|}~".contains(character);
        let is_mark = words::is_wide(character) && !words::is_ideograph(character);
        all += 1;
        symbols += usize::from(is_symbol);
        sound += usize::from(!is_symbol && (character.is_ascii() || is_common(character) || is_mark));
    }
    let is_noise = all >= 20 && (symbols * 8 > all || sound * 10 < all * 6);
    if is_noise {
        let before = page.glyphs.len();
        page.glyphs.retain(|glyph| !glyph.is_doubtful);
        // They stood for letters that only a recogniser can tell, like letters drawn as outlines.
        page.paths += (before - page.glyphs.len()) * OUTLINE_PATHS / 20;
    }
    is_noise
}
