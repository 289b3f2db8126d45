//! Reading attached files: bytes become a [`FileText`], whatever they are.
//!
//! Behind the feature `files`: the parsers take minutes to compile. Everything read is hostile. Limits bound what is unpacked and
//! kept, a panic costs one file (or one member of a bundle), and who reads files of strangers does it in a process of its own,
//! because a hang, a stack overflow or a hunger for memory cannot be caught from within (`pipeline::FileReader`).

mod bundle;
mod layout;
mod ofd;
mod office;
mod packed;
mod pages;
mod pdf;
mod pdf_font;
mod pdf_text;
mod sheets;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{FileKind, FileState, FileText, Issue};

use crate::file_kind;
use packed::Budget;

/// What reading one file may cost. Time and memory are the business of the process that reads.
#[derive(Debug, Clone)]
pub struct FileLimits {
    /// Pages read of one document.
    pub pages: u32,
    /// Characters kept of one file, with all it holds.
    pub characters: usize,
    /// Members unpacked of a bundle, with all it holds.
    pub entries: u32,
    /// Bytes unpacked of one file, with all it holds; counted while unpacking, whatever the file declares.
    pub unpacked_bytes: u64,
    /// Times a member may be larger than what it is packed in, once it is larger than 4 MiB.
    pub ratio: u64,
    /// Bundles within bundles.
    pub depth: u32,
    /// Raised from outside when time is up: reading stops at the next page or member and keeps what it has.
    pub stop: Arc<AtomicBool>,
}

impl Default for FileLimits {
    /// The longest attachments seen are gazettes of some hundred pages and bundles of some dozen files.
    fn default() -> Self {
        Self {
            pages: 2_000,
            characters: 4_000_000,
            entries: 1_000,
            unpacked_bytes: 256 << 20,
            ratio: 200,
            depth: 3,
            stop: Arc::default(),
        }
    }
}

impl FileLimits {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Reads one file. Never fails: how it ended is in the answer's state, what was wrong in its issues.
#[must_use]
pub fn read_file(bytes: &[u8], limits: &FileLimits) -> FileText {
    let mut budget = Budget::new(limits);
    read(bytes, &mut budget, 0)
}

/// Reads one file within what is left of the budget of the outermost one.
fn read(bytes: &[u8], budget: &mut Budget<'_>, depth: u32) -> FileText {
    let kind = file_kind(bytes);
    // A parser that panics leaves nothing behind but the budget, which only ever shrinks.
    let read = catch_unwind(AssertUnwindSafe(|| dispatch(bytes, kind, budget, depth)));
    let mut text = read.unwrap_or_else(|_| failed(FileState::Damaged, "reader_panicked", "its reader gave up on it"));
    text.kind = kind;
    text
}

fn dispatch(bytes: &[u8], kind: FileKind, budget: &mut Budget<'_>, depth: u32) -> FileText {
    match kind {
        FileKind::Pdf => pdf::read(bytes, budget),
        FileKind::Doc | FileKind::Wps | FileKind::Docx => office::read(bytes, kind, budget),
        FileKind::Xls | FileKind::Xlsx => sheets::read(bytes, kind, budget),
        FileKind::Ofd => ofd::read(bytes, budget),
        FileKind::Zip => bundle::read(bytes, budget, depth),
        FileKind::Text => plain(bytes, budget),
        FileKind::Html => failed(FileState::Unsupported, "mislabelled_attachment", "a web page, not a document"),
        FileKind::Rar => failed(FileState::Unsupported, "unsupported_format", "RAR archive"),
        FileKind::Image => failed(FileState::Unsupported, "unsupported_format", "picture"),
        FileKind::Unknown => unknown(bytes),
    }
}

/// What stands in for the text of a file that gave none.
fn failed(state: FileState, code: &str, detail: impl Into<String>) -> FileText {
    FileText { state, issues: vec![Issue::new(code, detail)], ..FileText::default() }
}

/// Formats that are known but not read.
fn unknown(bytes: &[u8]) -> FileText {
    let unsupported = |what: &str| failed(FileState::Unsupported, "unsupported_format", what);
    if bytes.is_empty() {
        return failed(FileState::Empty, "empty_file", "no bytes");
    }
    if bytes.starts_with(b"7z\xbc\xaf\x27\x1c") {
        return unsupported("7z archive");
    }
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        // New Office files with a password are packed into an old compound file.
        if office::has_stream(bytes, "EncryptedPackage") {
            return failed(FileState::Encrypted, "encrypted", "Office file with a password");
        }
        return unsupported("binary Office file that is neither text nor sheets");
    }
    unsupported("unknown format")
}

/// Plain text in UTF-8, or else in GB 18030.
fn plain(bytes: &[u8], budget: &mut Budget<'_>) -> FileText {
    if bytes.starts_with(b"{\\rtf") {
        return failed(FileState::Unsupported, "unsupported_format", "RTF");
    }
    let text = packed::decode(bytes);
    let mut writer = writer::Writer::new(budget);
    for line in text.lines() {
        writer.paragraph(line);
    }
    writer.finish(0)
}
