//! The short run without nightly: every file of a corpus as it is, then changed in many ways, the same at each run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Pieces that mean something to one of the parsers.
const WORDS: &[&[u8]] = &[
    b"<table>",
    b"</table>",
    b"<tr><td>",
    b"</div>",
    b"</html>",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"<script>",
    b"&#x110000;",
    b"&nbsp;",
    b"\0",
    b"\xff\xfe",
    b"\r\n\r\n",
    b"Content-Length: 99999999999\r\n",
    b"WARC/1.1\r\n",
    b"\x1f\x8b\x08",
    b"{\"items\":[",
    b"]}",
    "2026年2月30日".as_bytes(),
    "〔2026〕".as_bytes(),
    "第九十九条".as_bytes(),
    "\u{3000}".as_bytes(),
    "《".as_bytes(),
    b"href=\"//\"",
    b"href=\"javascript:x\"",
    b"-1",
    b"4294967296",
];

/// Runs an entry over the corpus of a target, and `times` changed copies of each file.
pub(crate) fn run(target: &str, times: u32, entry: fn(&[u8])) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = here.ancestors().map(|folder| folder.join("fuzz/corpus").join(target)).find(|folder| folder.is_dir());
    let corpus = corpus.unwrap_or_else(|| panic!("no corpus of {target}"));
    let mut seeds: Vec<(String, Vec<u8>)> = Vec::new();
    for file in std::fs::read_dir(corpus).into_iter().flatten().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        seeds.extend(std::fs::read(file.path()).map(|bytes| (name, bytes)));
    }
    seeds.sort();
    assert!(!seeds.is_empty(), "the corpus of {target} is empty");
    for (at, (name, bytes)) in seeds.iter().enumerate() {
        check(entry, bytes, &format!("{target}/{name}"));
        let other = &seeds[(at + 1) % seeds.len()].1;
        for time in 1..=times {
            let mut chance = Chance(u64::from(time) << 32 | (at as u64 + 1));
            check(entry, &changed(bytes, other, &mut chance), &format!("{target}/{name}, change {time}"));
        }
    }
}

fn check(entry: fn(&[u8]), bytes: &[u8], name: &str) {
    let outcome = catch_unwind(AssertUnwindSafe(|| entry(bytes)));
    assert!(outcome.is_ok(), "{name} breaks it: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(3_000)]));
}

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % limit.max(1)
    }
}

/// One to eight changes: bytes flipped, cut, doubled, replaced by words, or taken from another file.
fn changed(bytes: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=chance.below(8) {
        let start = chance.below(bytes.len());
        let end = (start + chance.below(200)).min(bytes.len());
        match chance.below(6) {
            0 if start < bytes.len() => bytes[start] ^= 1 << chance.below(8),
            1 => drop(bytes.drain(start..end)),
            2 => {
                let copy = bytes[start..end].repeat(1 + chance.below(20));
                bytes.splice(start..start, copy);
            }
            3 => {
                let from = chance.below(other.len());
                let to = (from + chance.below(400)).min(other.len());
                bytes.splice(start..end, other[from..to].iter().copied());
            }
            _ => {
                let word = WORDS[chance.below(WORDS.len())];
                bytes.splice(start..start, word.iter().copied());
            }
        }
    }
    bytes
}
