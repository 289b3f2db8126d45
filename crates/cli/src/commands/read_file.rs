//! `huice read-file`: one attached file from stdin to one JSON object on stdout, in a process that may die of it.
//!
//! `pipeline::FileReader` runs it; nobody else has a use for it. It limits itself before it reads a byte.

use std::io::Read;
use std::time::Duration;

use anyhow::Context;
use model::FileText;

use crate::Ended;
use crate::arguments::ReadFile;
use crate::output;

/// Stack of the thread that reads: nested structures of real files need far less, those of hostile ones never enough.
const STACK_BYTES: usize = 32 << 20;
/// Bytes taken from stdin; the caller hands over less.
const MOST_BYTES: u64 = 1 << 30;

pub(crate) fn perform(asked: &ReadFile) -> anyhow::Result<Ended> {
    limit(asked)?;
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MOST_BYTES).read_to_end(&mut bytes).context("read a file from stdin")?;
    let seconds = asked.seconds;
    let reading = std::thread::Builder::new()
        .name("read".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || read(&bytes, Duration::from_secs(seconds) / 2))
        .context("out of memory: start the thread that reads")?;
    let text = reading.join().map_err(|_| anyhow::anyhow!("the reader panicked"))?;
    output::json(&text)?;
    Ok(Ended::Well)
}

/// Limits of the process itself; no core is dumped.
#[cfg(target_os = "linux")]
fn limit(asked: &ReadFile) -> anyhow::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    for (resource, most) in
        [(Resource::As, asked.memory_mib.saturating_mul(1 << 20)), (Resource::Cpu, asked.seconds), (Resource::Core, 0)]
    {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).with_context(|| format!("limit {resource:?} to {most}"))?;
    }
    Ok(())
}

/// Elsewhere only the caller's time limit holds.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "fails where limits can be set")]
fn limit(_: &ReadFile) -> anyhow::Result<()> {
    Ok(())
}

/// Reads; after the time given it stops at the next page or member and keeps what it has.
#[cfg(feature = "files")]
fn read(bytes: &[u8], time: Duration) -> FileText {
    let limits = extract::files::FileLimits::default();
    let stop = std::sync::Arc::clone(&limits.stop);
    // Never joined: it ends with the process.
    let timer = std::thread::spawn(move || {
        std::thread::sleep(time);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let text = extract::files::read_file(bytes, &limits);
    drop(timer);
    text
}

#[cfg(not(feature = "files"))]
fn read(bytes: &[u8], _: Duration) -> FileText {
    let issue = model::Issue::new("no_file_reader", "built without the feature `files`");
    let kind = extract::file_kind(bytes);
    FileText { kind, state: model::FileState::Unsupported, issues: vec![issue], ..FileText::default() }
}
