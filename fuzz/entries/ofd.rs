//! Any bytes as an attached file, with an OFD as the seed: what holds for whatever is read. Called by the fuzz target and
//! by the tests of `extract`.

use extract::files::{FileLimits, read_file};

pub(crate) fn ofd(bytes: &[u8]) {
    let limits = FileLimits::default();
    let file = read_file(bytes, &limits);
    let panicked = file.issues.iter().find(|issue| issue.code == "reader_panicked");
    assert!(panicked.is_none(), "a reader panicked: {panicked:?}");
    let characters: usize = file.blocks.iter().map(|block| block.text.chars().count()).sum();
    assert!(characters <= limits.characters, "{characters} characters, expected at most {}", limits.characters);
}
