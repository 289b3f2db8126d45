//! Undoing content and transfer encodings within limits.
//!
//! The limits count bytes really produced: what a length field declares is never believed.

use std::io::{self, Read};

/// How much a body may hold once decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most bytes after decompression.
    pub(crate) most_bytes: u64,
    /// Most bytes out for each byte in.
    pub(crate) most_ratio: u64,
    /// Whether a body over the limit, or broken off, is cut instead of refused.
    pub(crate) cut: bool,
}

/// Why a body could not be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// More bytes than allowed.
    TooLarge,
    /// Swells beyond the ratio.
    Bomb,
    /// Not what its header says.
    Broken(String),
}

/// Below this size no ratio is called a bomb: an empty table compresses a hundredfold too.
const RATIO_FREE_BYTES: u64 = 1 << 20;

/// Undoes `Content-Encoding`, e.g. `gzip` or `gzip, br` (applied in that order, so undone from the right).
pub(crate) fn decode_content(body: Vec<u8>, encodings: &str, limits: Limits) -> Result<Vec<u8>, BodyError> {
    let codings: Vec<String> = encodings.split(',').map(|coding| coding.trim().to_ascii_lowercase()).collect();
    if codings.len() > 3 {
        return Err(BodyError::Broken(format!("{} content encodings", codings.len())));
    }
    // The ratio is judged over all codings together: each alone may stay below it.
    let received = body.len();
    let mut body = body;
    for coding in codings.iter().rev() {
        body = match coding.as_str() {
            "" | "identity" | "none" | "utf-8" => body,
            // Some servers name gzip and send plain bytes.
            "gzip" | "x-gzip" if !body.starts_with(&[0x1f, 0x8b]) => body,
            "gzip" | "x-gzip" => inflate(flate2::bufread::MultiGzDecoder::new(body.as_slice()), received, limits)?,
            "deflate" if is_zlib(&body) => inflate(flate2::bufread::ZlibDecoder::new(body.as_slice()), received, limits)?,
            "deflate" => inflate(flate2::bufread::DeflateDecoder::new(body.as_slice()), received, limits)?,
            "br" => inflate(brotli_decompressor::Decompressor::new(body.as_slice(), 16 << 10), received, limits)?,
            other => return Err(BodyError::Broken(format!("unknown content encoding {:?}", shortened(other)))),
        };
    }
    Ok(body)
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A zlib header: deflate with a window of at most 32 KB, and a checksum divisible by 31.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [first, second, ..] if first & 0x0f == 8 && first >> 4 <= 7 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
}

/// Reads a decoder to its end, or to the first limit it breaks.
pub(crate) fn inflate(mut decoder: impl Read, compressed: usize, limits: Limits) -> Result<Vec<u8>, BodyError> {
    let ratio_limit = (compressed as u64).saturating_mul(limits.most_ratio).max(RATIO_FREE_BYTES);
    let mut body = Vec::with_capacity(compressed.saturating_mul(4).min(1 << 20));
    let mut chunk = vec![0; 32 << 10];
    loop {
        let count = match decoder.read(&mut chunk) {
            Ok(0) => return Ok(body),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) if limits.cut => return Ok(body),
            Err(error) => return Err(BodyError::Broken(format!("decompression: {error}"))),
        };
        body.extend_from_slice(&chunk[..count]);
        let size = body.len() as u64;
        if size > ratio_limit {
            return Err(BodyError::Bomb);
        }
        if size > limits.most_bytes && limits.cut {
            body.truncate(usize::try_from(limits.most_bytes).unwrap_or(usize::MAX));
            return Ok(body);
        }
        if size > limits.most_bytes {
            return Err(BodyError::TooLarge);
        }
    }
}

/// Undoes `Transfer-Encoding: chunked`, as archives of raw traffic keep it.
///
/// A body that is not chunked after all (many archives keep the header and drop the chunks) comes back as it is.
pub(crate) fn dechunk(body: Vec<u8>) -> Vec<u8> {
    let mut plain = Vec::with_capacity(body.len());
    let mut rest = body.as_slice();
    loop {
        let Some(line_end) = rest.iter().take(64).position(|&byte| byte == b'\n') else { return body };
        let line = String::from_utf8_lossy(&rest[..line_end]);
        let Ok(size) = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16) else { return body };
        rest = &rest[line_end + 1..];
        if size == 0 {
            return plain;
        }
        let Some(data) = rest.get(..size) else { return body };
        plain.extend_from_slice(data);
        rest = &rest[size..];
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const LIMITS: Limits = Limits { most_bytes: 4 << 20, most_ratio: 100, cut: false };

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[track_caller]
    fn check(body: Vec<u8>, encodings: &str, expected: Result<&[u8], BodyError>) {
        assert_eq!(decode_content(body, encodings, LIMITS).as_deref(), expected.as_ref().copied());
    }

    #[test]
    fn every_coding_we_accept_is_undone() {
        let text = "关于印发办法的通知".as_bytes();
        check(text.to_vec(), "", Ok(text));
        check(gzip(text), "gzip", Ok(text));
        check(gzip(text), "X-GZIP", Ok(text));
        check(zlib(text), "deflate", Ok(text));
        check(deflate(text), "deflate", Ok(text));
        check(gzip(&zlib(text)), "deflate, gzip", Ok(text));
        // A stored brotli stream of "abc": one uncompressed meta-block, then the empty last one.
        check(vec![0x0b, 0x01, 0x80, b'a', b'b', b'c', 0x03], "br", Ok(b"abc"));
    }

    #[test]
    fn plain_bytes_under_a_gzip_header_are_taken_as_they_are() {
        check(b"<html>".to_vec(), "gzip", Ok(b"<html>"));
    }

    #[test]
    fn a_bomb_is_told_from_a_large_body() {
        check(gzip(&vec![0; 3 << 20]), "gzip", Err(BodyError::Bomb));
        let mut noise: u32 = 7;
        let large: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        })
        .take(5 << 20)
        .collect();
        check(gzip(&large), "gzip", Err(BodyError::TooLarge));
        let twice = gzip(&gzip(&vec![0; 200 << 20]));
        check(twice, "gzip, gzip", Err(BodyError::Bomb));
    }

    #[test]
    fn a_small_body_may_compress_as_well_as_it_likes() {
        let zeros = vec![0; 900 << 10];
        check(gzip(&zeros), "gzip", Ok(&zeros));
    }

    #[test]
    fn a_cut_stream_and_an_unknown_coding_are_broken() {
        let mut cut = gzip("很长的正文".repeat(50).as_bytes());
        cut.truncate(cut.len() - 9);
        assert!(matches!(decode_content(cut, "gzip", LIMITS), Err(BodyError::Broken(_))));
        assert!(matches!(decode_content(b"x".to_vec(), "zstd", LIMITS), Err(BodyError::Broken(_))));
        assert!(matches!(decode_content(b"x".to_vec(), "gzip,gzip,gzip,gzip", LIMITS), Err(BodyError::Broken(_))));
    }

    #[test]
    fn a_body_that_may_be_cut_gives_what_there_is() {
        let limits = Limits { most_bytes: 1_000, cut: true, ..LIMITS };
        let whole = gzip("User-agent: *\n".repeat(1_000).as_bytes());
        assert_eq!(decode_content(whole.clone(), "gzip", limits).unwrap().len(), 1_000);
        assert!(decode_content(whole[..whole.len() - 9].to_vec(), "gzip", limits).unwrap().starts_with(b"User-agent"));
    }

    #[test]
    fn chunks_are_joined_and_plain_bodies_left_alone() {
        let check = |body: &str, expected: &str| assert_eq!(dechunk(body.as_bytes().to_vec()), expected.as_bytes());
        check("4\r\nWiki\r\n5;x=1\r\npedia\r\n0\r\n\r\n", "Wikipedia");
        check("<html>not chunked</html>", "<html>not chunked</html>");
        check("ffff\r\nshort", "ffff\r\nshort");
        check("", "");
    }
}
