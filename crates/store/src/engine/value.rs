//! How a value lies in the engine: a version byte, flags, a checksum over key and payload, the payload.
//!
//! sled checks its own pages at open only and can lose or mix up keys after a flipped bit, so each value proves itself
//! whenever it is read. The checksum covers the key: a value under the wrong key is as damaged as a changed one.
//! Texts are stored as JSON and shrink to about a third, which keeps nearly all of them below the inline limit.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// The layout this program writes.
pub(super) const VERSION: u8 = 1;
/// Version, flags, checksum.
const HEADER_BYTES: usize = 6;
const COMPRESSED: u8 = 1;
const IN_BLOB: u8 = 2;
/// Below this compression saves less than a page of the engine.
const LEAST_COMPRESSED_BYTES: usize = 512;
/// sled keeps larger values in files of its own that it never frees.
pub(super) const MOST_INLINE_BYTES: usize = 16 * 1024;
/// More than any policy text with its tables; a limit on the memory one value can take.
pub(super) const MOST_VALUE_BYTES: usize = 256 * 1024 * 1024;

/// A value ready for the engine.
pub(super) struct Encoded {
    /// What the engine stores.
    pub(super) bytes: Vec<u8>,
    /// What must lie in a file of its own, under the SHA-256 that `bytes` names.
    pub(super) blob: Option<Blob>,
}

/// Content that lies in a file named by its hash.
pub(super) struct Blob {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

/// Why stored bytes are no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Written by a newer program.
    Newer(u8),
    /// Not what was written.
    Damaged(String),
}

impl Fault {
    fn damaged(detail: impl Into<String>) -> Self {
        Self::Damaged(detail.into())
    }
}

/// Brings a value into its stored form. `key` is the physical key, table byte included; a payload of more than
/// `most_inline` bytes goes to a file of its own.
pub(super) fn encode(key: &[u8], value: &[u8], most_inline: usize) -> Result<Encoded, String> {
    if value.len() > MOST_VALUE_BYTES {
        return Err(format!("{} bytes, the most is {MOST_VALUE_BYTES}", value.len()));
    }
    let (mut flags, payload) = match compress(value) {
        Some(compressed) => (COMPRESSED, compressed),
        None => (0, value.to_vec()),
    };
    if payload.len() <= most_inline {
        return Ok(Encoded { bytes: seal(key, flags, &payload), blob: None });
    }
    flags |= IN_BLOB;
    let name = model::fingerprint::sha256_hex(&payload);
    let reference = format!("{name} {}", payload.len());
    Ok(Encoded { bytes: seal(key, flags, reference.as_bytes()), blob: Some(Blob { name, content: payload }) })
}

fn seal(key: &[u8], flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
    bytes.extend([VERSION, flags]);
    bytes.extend(checksum(key, flags, payload).to_le_bytes());
    bytes.extend(payload);
    bytes
}

fn checksum(key: &[u8], flags: u8, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(&[VERSION, flags]);
    hasher.update(payload);
    hasher.finalize()
}

/// Reads a stored form back; `read_blob` fetches content by name and expected length.
pub(super) fn decode<E: From<Fault>>(
    key: &[u8],
    stored: &[u8],
    read_blob: impl FnOnce(&str, u64) -> Result<Vec<u8>, E>,
) -> Result<Vec<u8>, E> {
    let (flags, payload) = open(key, stored)?;
    let payload = match blob_reference(flags, payload)? {
        Some((name, length)) => read_blob(&name, length)?,
        None => payload.to_vec(),
    };
    if flags & COMPRESSED == 0 { Ok(payload) } else { Ok(decompress(&payload)?) }
}

/// The blob a stored form refers to, if it refers to one.
pub(super) fn blob_of(key: &[u8], stored: &[u8]) -> Result<Option<(String, u64)>, Fault> {
    let (flags, payload) = open(key, stored)?;
    blob_reference(flags, payload)
}

/// Checks a stored form and takes it apart: flags and payload.
fn open<'a>(key: &[u8], stored: &'a [u8]) -> Result<(u8, &'a [u8]), Fault> {
    let version = *stored.first().ok_or_else(|| Fault::damaged("it is empty"))?;
    if version > VERSION {
        return Err(Fault::Newer(version));
    }
    let [_, flags, a, b, c, d, payload @ ..] = stored else {
        return Err(Fault::damaged(format!("it has {} bytes, fewer than its header", stored.len())));
    };
    if version != VERSION || checksum(key, *flags, payload) != u32::from_le_bytes([*a, *b, *c, *d]) {
        return Err(Fault::damaged("its checksum is wrong"));
    }
    Ok((*flags, payload))
}

fn blob_reference(flags: u8, payload: &[u8]) -> Result<Option<(String, u64)>, Fault> {
    if flags & IN_BLOB == 0 {
        return Ok(None);
    }
    let reference = std::str::from_utf8(payload).ok().and_then(|text| text.split_once(' '));
    let (name, length) = reference.ok_or_else(|| Fault::damaged("it names no blob"))?;
    let length = length.parse().map_err(|_| Fault::damaged("its blob has no length"))?;
    Ok(Some((name.to_owned(), length)))
}

/// The length and the compressed bytes, where that is shorter.
fn compress(value: &[u8]) -> Option<Vec<u8>> {
    if value.len() < LEAST_COMPRESSED_BYTES {
        return None;
    }
    let length = u32::try_from(value.len()).ok()?;
    let mut encoder = DeflateEncoder::new(length.to_le_bytes().to_vec(), Compression::fast());
    encoder.write_all(value).ok()?;
    encoder.finish().ok().filter(|compressed| compressed.len() < value.len())
}

fn decompress(payload: &[u8]) -> Result<Vec<u8>, Fault> {
    let [a, b, c, d, compressed @ ..] = payload else { return Err(Fault::damaged("its compressed form has no length")) };
    let length = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
    if length > MOST_VALUE_BYTES {
        return Err(Fault::damaged(format!("it claims {length} bytes")));
    }
    let mut value = Vec::with_capacity(length.min(1024 * 1024));
    let read = DeflateDecoder::new(compressed).take(length as u64 + 1).read_to_end(&mut value);
    match read {
        Ok(read) if read == length => Ok(value),
        Ok(_) => Err(Fault::damaged("its compressed form has another length")),
        Err(error) => Err(Fault::damaged(format!("its compressed form does not unpack: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_blob(_: &str, _: u64) -> Result<Vec<u8>, Fault> {
        panic!("an inline value asked for a blob")
    }

    #[test]
    fn values_come_back_as_they_went_in() {
        let short = b"{}".to_vec();
        let long = "惠企政策".repeat(2_000).into_bytes();
        for value in [Vec::new(), short, long] {
            let encoded = encode(b"key", &value, MOST_INLINE_BYTES).unwrap();
            assert!(encoded.blob.is_none() && encoded.bytes.len() <= MOST_INLINE_BYTES + HEADER_BYTES);
            assert_eq!(decode(b"key", &encoded.bytes, no_blob).unwrap(), value);
        }
    }

    #[test]
    fn what_does_not_shrink_below_the_limit_goes_to_a_blob() {
        let mut state = 7u32;
        let noise: Vec<u8> = (0..40_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_le_bytes()[3]
            })
            .collect();
        let encoded = encode(b"key", &noise, MOST_INLINE_BYTES).unwrap();
        let blob = encoded.blob.unwrap();
        let read = decode::<Fault>(b"key", &encoded.bytes, |name, length| {
            assert_eq!((name, length), (blob.name.as_str(), blob.content.len() as u64));
            Ok(blob.content.clone())
        });
        assert_eq!(read.unwrap(), noise);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let encoded = encode(b"key", "补贴30%".as_bytes(), MOST_INLINE_BYTES).unwrap().bytes;
        for bit in 0..encoded.len() * 8 {
            let mut damaged = encoded.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(b"key", &damaged, no_blob).is_err(), "bit {bit}");
        }
        assert!(decode(b"yek", &encoded, no_blob).is_err(), "a value under another key");
        for length in 0..encoded.len() {
            assert!(decode(b"key", &encoded[..length], no_blob).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn a_newer_layout_is_told_apart_from_damage() {
        let mut encoded = encode(b"key", b"x", MOST_INLINE_BYTES).unwrap().bytes;
        encoded[0] = VERSION + 1;
        assert_eq!(decode(b"key", &encoded, no_blob), Err(Fault::Newer(VERSION + 1)));
    }
}
