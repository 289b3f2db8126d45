//! What a downloaded file is, by its bytes. Its name is only a claim.

use model::{FileKind, Issue};

/// How much of a file's beginning and end is looked at.
const LOOK_BYTES: usize = 64 * 1024;

/// Tells what a file is by its bytes.
#[must_use]
pub fn file_kind(bytes: &[u8]) -> FileKind {
    let head = &bytes[..bytes.len().min(LOOK_BYTES)];
    if head.len() >= 4 && contains(&head[..head.len().min(1024)], b"%PDF-") {
        return FileKind::Pdf;
    }
    match head {
        [0xd0, 0xcf, 0x11, 0xe0, ..] => compound(bytes),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => packed(bytes),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => FileKind::Rar,
        [0xff, 0xd8, 0xff, ..]
        | [0x89, b'P', b'N', b'G', ..]
        | [b'G', b'I', b'F', b'8', ..]
        | [b'B', b'M', _, _, _, _, 0, 0, ..] => FileKind::Image,
        [b'I', b'I', 0x2a, 0, ..] | [b'M', b'M', 0, 0x2a, ..] => FileKind::Image,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => FileKind::Image,
        _ => text(head),
    }
}

/// OLE2: the names of its streams are UTF-16 in the directory, which may stand anywhere.
fn compound(bytes: &[u8]) -> FileKind {
    let has = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        contains(bytes, &wide)
    };
    if has("WpsDocument") || has("WPS Office") {
        FileKind::Wps
    } else if has("WordDocument") {
        FileKind::Doc
    } else if has("Workbook") || has("\u{5}Book") || has("Book") {
        FileKind::Xls
    } else {
        FileKind::Unknown
    }
}

/// ZIP: names of members stand plainly before each and in the directory at the end.
fn packed(bytes: &[u8]) -> FileKind {
    let head = &bytes[..bytes.len().min(LOOK_BYTES)];
    let tail = &bytes[bytes.len().saturating_sub(LOOK_BYTES)..];
    let has = |name: &[u8]| contains(head, name) || contains(tail, name);
    if has(b"OFD.xml") {
        FileKind::Ofd
    } else if has(b"word/document") {
        FileKind::Docx
    } else if has(b"xl/workbook") {
        FileKind::Xlsx
    } else {
        FileKind::Zip
    }
}

fn text(head: &[u8]) -> FileKind {
    let start: Vec<u8> = head
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf))
        .take(400)
        .collect();
    let lower = start.to_ascii_lowercase();
    let marks: [&[u8]; 6] = [b"<!doctypehtml", b"<html", b"<head", b"<body", b"<script", b"<meta"];
    if lower.first() == Some(&b'<') && marks.iter().any(|mark| contains(&lower, mark)) {
        return FileKind::Html;
    }
    let controls = head.iter().filter(|byte| **byte < 9 || (14..32).contains(*byte)).count();
    if !head.is_empty() && controls == 0 { FileKind::Text } else { FileKind::Unknown }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else { return true };
    let mut at = 0;
    while let Some(offset) = bytes[at..].iter().position(|byte| byte == first) {
        at += offset;
        if bytes[at..].starts_with(wanted) {
            return true;
        }
        at += 1;
    }
    false
}

/// An issue when an attachment is not what its name says; a name without a known ending claims nothing.
///
/// WPS files that are binary Word by content, and old and new Word or Excel under each other's names, open as well
/// under either name and are no issue.
#[must_use]
pub fn mislabelled(bytes: &[u8], name: &str) -> Option<Issue> {
    let path = name.split(['?', '#']).next().unwrap_or(name);
    let end = path.rsplit_once('.')?.1.to_ascii_lowercase();
    let found = file_kind(bytes);
    use FileKind::{Doc, Docx, Html, Image, Ofd, Pdf, Rar, Text, Wps, Xls, Xlsx, Zip};
    let fitting: &[FileKind] = match end.as_str() {
        "pdf" => &[Pdf],
        "doc" | "docx" | "wps" | "docm" | "rtf" => &[Doc, Docx, Wps, Text],
        "xls" | "xlsx" | "et" | "xlsm" => &[Xls, Xlsx, Wps],
        "csv" | "txt" => &[Text],
        "ofd" => &[Ofd],
        "rar" | "zip" | "7z" => &[Rar, Zip, Docx, Xlsx],
        "jpg" | "jpeg" | "png" | "gif" | "bmp" | "tif" | "tiff" | "webp" => &[Image],
        "htm" | "html" | "shtml" => &[Html, Text],
        _ => return None,
    };
    (!fitting.contains(&found)).then(|| Issue::new("mislabelled_attachment", format!("{name} is {found:?} by content")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_bytes() {
        for (bytes, expected) in [
            (&b"%PDF-1.7\n"[..], FileKind::Pdf),
            (b"\xef\xbb\xbf<!DOCTYPE html><html>", FileKind::Html),
            (b"PK\x03\x04\x14\x00word/document.xml", FileKind::Docx),
            (b"PK\x03\x04\x14\x00xl/workbook.xml", FileKind::Xlsx),
            (b"PK\x03\x04\x14\x00OFD.xml", FileKind::Ofd),
            (b"PK\x03\x04\x14\x00a.txt", FileKind::Zip),
            (b"Rar!\x1a\x07\x00", FileKind::Rar),
            (b"\xff\xd8\xff\xe0", FileKind::Image),
            (b"\xd0\xcf\x11\xe0W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t\0", FileKind::Doc),
            (b"\xd0\xcf\x11\xe0W\0o\0r\0k\0b\0o\0o\0k\0", FileKind::Xls),
            (b"plain text", FileKind::Text),
            (b"", FileKind::Unknown),
            (b"\0\x01\x02", FileKind::Unknown),
        ] {
            assert_eq!(file_kind(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn an_error_page_saved_as_a_document_is_an_issue() {
        assert_eq!(mislabelled(b"<html>404</html>", "a/附件.doc").unwrap().code, "mislabelled_attachment");
        assert_eq!(mislabelled(b"%PDF-1.4", "x.PDF"), None);
        assert_eq!(mislabelled(b"%PDF-1.4", "no ending"), None);
    }
}
