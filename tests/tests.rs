//! One integration binary over the built program: each module is a promise to its users.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test ends where it fails, and says what it skips")]

mod bad_input;
mod commands;
mod crashes;
mod demo;
mod files;
mod harness;
mod healing;
mod history;
mod layers;
mod machines;
mod postgres;
mod probing;
mod replay;
mod service;
mod tidy;
