//! The fuzz target of this crate, run shortly over its corpus and changed copies of it.

#[path = "../../../fuzz/entries/mutate.rs"]
mod mutate;
#[path = "../../../fuzz/entries/warc.rs"]
mod warc;

#[test]
fn no_warc_file_breaks_it() {
    mutate::run("warc", 250, warc::warc);
}
