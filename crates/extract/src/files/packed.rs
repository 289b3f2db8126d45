//! ZIP, within a budget: what a member says of its size is a claim, only bytes really unpacked count.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::FileLimits;

/// A member up to this size may be packed as tightly as it likes.
const RATIO_FLOOR_BYTES: u64 = 4 << 20;

/// What is left of the limits while one file and all it holds is read.
#[derive(Debug)]
pub(super) struct Budget<'l> {
    pub(super) limits: &'l FileLimits,
    pub(super) characters: usize,
    pub(super) entries: u32,
    pub(super) bytes: u64,
}

impl<'l> Budget<'l> {
    pub(super) fn new(limits: &'l FileLimits) -> Self {
        Self { limits, characters: limits.characters, entries: limits.entries, bytes: limits.unpacked_bytes }
    }
}

/// Why a member was not unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// Beyond a limit.
    #[error("{0}")]
    Limit(&'static str),
    /// Needs a password.
    #[error("needs a password")]
    Encrypted,
    /// Not there or not readable.
    #[error("{0}")]
    Damaged(String),
}

/// An opened ZIP file.
pub(super) struct Packed<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
}

/// A member of a ZIP file.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) is_folder: bool,
}

impl<'b> Packed<'b> {
    pub(super) fn open(bytes: &'b [u8], budget: &Budget<'_>) -> Result<Self, Refused> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| Refused::Damaged(error.to_string()))?;
        // A directory of millions is refused before its names are looked at; readers of documents need a few hundred.
        if archive.len() > budget.limits.entries.max(1_000) as usize * 20 {
            return Err(Refused::Limit("too many members"));
        }
        Ok(Self { archive })
    }

    /// All members, in the order of the directory.
    pub(super) fn members(&mut self) -> Vec<Member> {
        (0..self.archive.len())
            .filter_map(|index| {
                let file = self.archive.by_index_raw(index).ok()?;
                Some(Member { index, name: decode_name(file.name_raw()), is_folder: file.is_dir() })
            })
            .collect()
    }

    /// Unpacks one member.
    pub(super) fn unpack(&mut self, index: usize, budget: &mut Budget<'_>) -> Result<Vec<u8>, Refused> {
        let ratio = budget.limits.ratio;
        let damaged = |error: &dyn std::fmt::Display| Refused::Damaged(error.to_string());
        {
            let raw = self.archive.by_index_raw(index).map_err(|error| damaged(&error))?;
            if raw.encrypted() {
                return Err(Refused::Encrypted);
            }
        }
        let file = self.archive.by_index(index).map_err(|error| damaged(&error))?;
        let by_ratio = file.compressed_size().saturating_mul(ratio).max(RATIO_FLOOR_BYTES);
        let most = by_ratio.min(budget.bytes);
        let mut bytes = Vec::new();
        let read = file.take(most + 1).read_to_end(&mut bytes);
        // What was unpacked before a failure has been paid for as well.
        budget.bytes = budget.bytes.saturating_sub(bytes.len() as u64);
        read.map_err(|error| damaged(&error))?;
        if bytes.len() as u64 > most {
            let why = if most < by_ratio { "more is packed in it than may be unpacked" } else { "packed too tightly" };
            return Err(Refused::Limit(why));
        }
        Ok(bytes)
    }

    /// Unpacks everything and throws it away: what a parser without limits of its own is about to unpack.
    pub(super) fn weigh(&mut self, budget: &mut Budget<'_>) -> Result<(), Refused> {
        for index in 0..self.archive.len() {
            match self.unpack(index, budget) {
                Err(refused @ Refused::Limit(_)) => return Err(refused),
                // A part that cannot be unpacked cannot hurt either.
                Ok(_) | Err(Refused::Encrypted | Refused::Damaged(_)) => {}
            }
        }
        Ok(())
    }
}

/// Text in UTF-8, with or without a byte order mark, or else in GB 18030.
pub(super) fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, length)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[length..]).0.into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode(bytes).0.into_owned(),
    }
}

/// A member's name as a path without roots, drives and steps upwards; a name is only ever shown, but it is shown.
///
/// Old Windows programs write GBK and set no flag, whatever the standard says of code page 437.
fn decode_name(raw: &[u8]) -> String {
    let name = decode(raw).replace('\\', "/");
    let parts: Vec<&str> = name
        .split('/')
        .map(|part| part.trim_matches(|character: char| character.is_control() || character == ' '))
        .filter(|part| !part.is_empty() && *part != "." && *part != ".." && !part.ends_with(':'))
        .collect();
    let name: String = parts.join("/").chars().filter(|character| !character.is_control()).take(300).collect();
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_gbk_and_utf8_and_lead_nowhere() {
        let (gbk, _, _) = encoding_rs::GBK.encode("附件1：申报表.docx");
        for (raw, expected) in [
            (gbk.as_ref(), "附件1：申报表.docx"),
            ("附件/表.xls".as_bytes(), "附件/表.xls"),
            (b"../../etc/passwd", "etc/passwd"),
            (b"C:\\windows\\x.txt", "windows/x.txt"),
            (b"/abs/./x", "abs/x"),
            (b"a\x00b", "ab"),
        ] {
            assert_eq!(decode_name(raw), expected);
        }
    }
}
