//! `cargo +nightly fuzz run ofd`.
#![no_main]

#[path = "../entries/ofd.rs"]
mod ofd;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ofd::ofd(bytes));
