//! Codes of a PDF string become characters and widths.
//!
//! `pdf_oxide` decodes single codes well, but cuts strings of the mixed-width Chinese encodings into pairs of bytes: after an odd run
//! of ASCII everything up to the end of the string is wrong. Red headers are set in just these fonts, without embedding. Where the
//! encoding of a font is one of bytes (GBK, Big5) or of UTF-16, its strings are therefore decoded here.

use encoding_rs::{BIG5, GB18030, UTF_16BE};
use pdf_oxide::PdfDocument;
use pdf_oxide::fonts::{Encoding, FontInfo};
use pdf_oxide::object::Object;

/// How the bytes of a string become codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codes {
    /// One byte each.
    Bytes,
    /// Two bytes each.
    Pairs,
    /// One byte below 0x81, else two (or four in GB 18030); the bytes are text in this encoding.
    Mixed(&'static encoding_rs::Encoding),
    /// UTF-16, high byte first.
    Utf16,
}

/// One font of a document.
pub(super) struct Font {
    info: FontInfo,
    codes: Codes,
    /// Nothing says what its codes mean: what `pdf_oxide` makes of them may be noise.
    pub(super) is_doubtful: bool,
}

/// One shown code.
pub(super) struct Shown {
    /// Its characters; none if the font does not say.
    pub(super) text: Option<String>,
    /// How far it advances, in units of the font size.
    pub(super) advance: f32,
    /// Whether word spacing applies to it.
    pub(super) is_space: bool,
}

impl Font {
    pub(super) fn new(dictionary: &Object, document: &PdfDocument) -> Option<Self> {
        let info = FontInfo::from_dict(dictionary, document).ok()?;
        let codes = codes(&info);
        let is_doubtful = is_doubtful(&info, codes);
        Some(Self { info, codes, is_doubtful })
    }

    /// The codes of a string.
    pub(super) fn shown(&self, bytes: &[u8]) -> Vec<Shown> {
        match self.codes {
            Codes::Bytes => bytes.iter().map(|byte| self.code(u32::from(*byte), *byte == b' ')).collect(),
            Codes::Pairs => bytes
                .chunks(2)
                .map(|pair| self.code(pair.iter().fold(0, |code, byte| code << 8 | u32::from(*byte)), false))
                .collect(),
            Codes::Mixed(encoding) => mixed(bytes, encoding)
                .map(|(code, text)| Shown { text, advance: if code.len() == 1 { 0.5 } else { 1.0 }, is_space: code == b" " })
                .collect(),
            Codes::Utf16 => UTF_16BE
                .decode_without_bom_handling(bytes)
                .0
                .chars()
                .map(|character| Shown {
                    text: (character != '\u{fffd}').then(|| character.to_string()),
                    advance: if character.is_ascii() { 0.5 } else { 1.0 },
                    is_space: false,
                })
                .collect(),
        }
    }

    fn code(&self, code: u32, is_space: bool) -> Shown {
        let text = self.info.char_to_unicode(code).filter(|text| !text.contains('\u{fffd}'));
        Shown { text, advance: self.advance(code), is_space }
    }

    fn advance(&self, code: u32) -> f32 {
        let narrow = u16::try_from(code).unwrap_or(u16::MAX);
        let width = if self.info.subtype == "Type0" {
            // ISO 32000-1, 9.7.4.3: what no width is given for is as wide as the font's size.
            let given = self.info.cid_widths.as_ref().and_then(|widths| widths.get(&narrow)).copied();
            let usual = if self.info.has_explicit_dw { self.info.cid_default_width } else { 1000.0 };
            given.unwrap_or(usual)
        } else {
            self.info.get_glyph_width(narrow)
        };
        let scale = if self.info.subtype == "Type3" { self.info.font_matrix_a.abs() } else { 0.001 };
        let advance = width * scale;
        if advance.is_finite() && (0.0..=4.0).contains(&advance) { advance } else { 0.5 }
    }
}

/// Cuts text of a mixed-width encoding into codes.
fn mixed<'b>(bytes: &'b [u8], encoding: &'static encoding_rs::Encoding) -> impl Iterator<Item = (&'b [u8], Option<String>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let lead = *bytes.get(at)?;
        let second = bytes.get(at + 1).copied();
        let length = match second {
            _ if lead < 0x81 || lead == 0xff => 1,
            Some(0x30..=0x39) if encoding == GB18030 && bytes.len() >= at + 4 => 4,
            Some(0x40..=0xfe) => 2,
            // Half a character: what follows is read afresh.
            _ => 1,
        };
        let code = &bytes[at..at + length];
        at += length;
        let (text, _, wrong) = encoding.decode(code);
        Some((code, (!wrong).then(|| text.into_owned())))
    })
}

/// How strings of a font are cut into codes.
fn codes(info: &FontInfo) -> Codes {
    if info.subtype != "Type0" {
        return if is_chinese_without_saying_so(info) { Codes::Mixed(GB18030) } else { Codes::Bytes };
    }
    let name = match &info.encoding {
        Encoding::Identity => return Codes::Pairs,
        Encoding::Custom(_) => "",
        Encoding::Standard(name) => name.as_str(),
    };
    let has = |part: &str| name.contains(part);
    // The predefined CMaps of ISO 32000-1, table 118, that are text in an encoding of their own.
    if has("UCS2") || has("UTF16") {
        Codes::Utf16
    } else if has("GBK") || has("GBpc") || has("GB-EUC") || has("GBT-EUC") {
        Codes::Mixed(GB18030)
    } else if has("B5") || has("HKscs") {
        Codes::Mixed(BIG5)
    } else if !has("Identity") && name != "H" && name != "V" && width_of(info) == 1 {
        Codes::Bytes
    } else {
        Codes::Pairs
    }
}

/// Bytes of a code as the font's own table says.
fn width_of(info: &FontInfo) -> u8 {
    info.to_unicode.as_ref().map_or(2, pdf_oxide::fonts::LazyCMap::code_width)
}

/// A simple font that is not embedded, says nothing of its codes and has a Chinese name: old programs wrote GBK into it.
fn is_chinese_without_saying_so(info: &FontInfo) -> bool {
    if info.to_unicode.is_some() || info.embedded_font_data.is_some() || info.subtype == "Type3" {
        return false;
    }
    // The usual fonts of Chinese offices; names in Chinese are not ASCII.
    let known = ["simsun", "simhei", "fangsong", "simfang", "kaiti", "simkai", "gb2312", "gbk", "stsong", "xiaobiaosong", "xbsj"];
    let name = info.base_font.to_ascii_lowercase();
    !info.base_font.is_ascii() || known.iter().any(|part| name.contains(part))
}

fn is_doubtful(info: &FontInfo, codes: Codes) -> bool {
    if info.to_unicode.is_some() || info.embedded_font_data.is_none() || matches!(codes, Codes::Mixed(_) | Codes::Utf16) {
        return false;
    }
    match &info.encoding {
        Encoding::Identity => !info
            .cid_system_info
            .as_ref()
            .is_some_and(|system| matches!(system.ordering.as_str(), "GB1" | "CNS1" | "Japan1" | "Korea1")),
        Encoding::Custom(_) => true,
        Encoding::Standard(name) => !name.contains("WinAnsi") && !name.contains("MacRoman"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_strings_are_cut_at_characters() {
        let text = "示例市a1b人民政府2024文件";
        let (bytes, _, _) = GB18030.encode(text);
        let read: String = mixed(&bytes, GB18030).filter_map(|(_, text)| text).collect();
        assert_eq!(read, text);
        // Half a character at the end, a stray lead byte before ASCII, and four-byte codes.
        let read: Vec<Option<String>> = mixed(b"\xca\xbe\x81", GB18030).map(|(_, text)| text).collect();
        assert_eq!(read, [Some("示".to_owned()), None]);
        let (bytes, _, _) = GB18030.encode("㐂1");
        assert_eq!(mixed(&bytes, GB18030).filter_map(|(_, text)| text).collect::<String>(), "㐂1");
    }
}
