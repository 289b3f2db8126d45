//! `cargo +nightly fuzz run list`.
#![no_main]

#[path = "../entries/pages.rs"]
mod pages;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| pages::list(bytes));
