//! Reads files and prints what was read, one JSON object a line, with the time it took on stderr:
//! `cargo run --features files --example read_file -- FILE…`. For files one trusts; `huice read-file` is for all others.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

use std::time::Instant;

use extract::files::{FileLimits, read_file};

fn main() {
    for path in std::env::args().skip(1) {
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("{path}: {error}");
                continue;
            }
        };
        let started = Instant::now();
        let text = read_file(&bytes, &FileLimits::default());
        eprintln!("{path}: {:?} {:?} in {:.1} ms", text.kind, text.state, started.elapsed().as_secs_f64() * 1e3);
        match serde_json::to_string(&text) {
            Ok(line) => println!("{line}"),
            Err(error) => eprintln!("{path}: {error}"),
        }
    }
}
