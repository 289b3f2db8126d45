//! The only place that prints.
#![expect(clippy::print_stderr, reason = "errors and progress go to stderr")]

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// One JSON object on a line of stdout.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let line = serde_json::to_string(value)?;
    text(&line)
}

/// One line on stdout.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn text(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

/// Bytes on stdout as they are.
///
/// # Errors
/// When stdout is closed.
pub(crate) fn bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes)?;
    Ok(stdout.flush()?)
}

/// A remark for the person at the terminal, not part of the result.
pub(crate) fn remark(line: &str) {
    eprintln!("{line}");
}

/// The error that ends a command: the thing, then its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("huice: {error:#}");
}

/// Whether the reader of stdout went away, as `head` does: no failure of ours.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Whether a person reads stdout.
pub(crate) fn is_read_by_a_person() -> bool {
    std::io::stdout().is_terminal()
}

/// A progress bar on stderr; without a terminal it shows nothing. A length of 0 means it is not known.
pub(crate) fn progress(what: &str, length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = if length > 0 {
        (ProgressBar::new(length), "{msg} {bar:30} {human_pos}/{human_len} {per_sec} {eta}")
    } else {
        (ProgressBar::new_spinner(), "{msg} {spinner} {human_pos} {per_sec}")
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}
