//! `cargo +nightly fuzz run warc`.
#![no_main]

#[path = "../entries/warc.rs"]
mod warc;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| warc::warc(bytes));
