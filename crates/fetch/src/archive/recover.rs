//! Opening: reads the index, and reconciles it with the data files after whatever happened to them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use model::SnapshotId;
use model::fingerprint::sha256_hex;

use super::index::{Entry, Index, file_name, file_number};
use super::{ArchiveError, INDEX_FILE};
use crate::warc::{self, Event, POST, REQUESTED, Record};

/// Whether damage is repaired or only passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Repair,
    LookOnly,
}

/// An archive as found and put right.
#[derive(Debug, Default)]
pub(super) struct Recovered {
    pub(super) index: Index,
    /// Length of the index file.
    pub(super) index_bytes: u64,
    /// The highest number a data file has or had.
    pub(super) last_number: u32,
    /// Length of the newest data file; `None` where a new one must be started.
    pub(super) tail_bytes: Option<u64>,
}

/// Reads the archive in a folder.
pub(super) fn recover(dir: &Path, mode: Mode) -> Result<Recovered, ArchiveError> {
    let index_path = dir.join(INDEX_FILE);
    let text = match std::fs::read(&index_path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(ArchiveError::io(&index_path, &error)),
    };
    let (mut entries, good_bytes, is_torn_inside) = read_lines(&text);
    if is_torn_inside {
        tracing::warn!(path = %index_path.display(), "the index is damaged and will be rebuilt");
        entries.clear();
    }
    let known = entries.len();
    let ends = ends_by_file(&entries);
    let mut last_number = ends.keys().next_back().copied().unwrap_or_default();
    let mut tail_bytes = None;
    for number in data_files(dir)? {
        let from = ends.get(&number).copied().unwrap_or_default();
        let end = reindex(dir, number, from, mode, &mut entries)?;
        // A file that lost its end, or is gone, is never written to: its offsets are taken.
        tail_bytes = Some(end).filter(|end| *end >= from && number >= last_number);
        last_number = last_number.max(number);
    }
    let mut index_bytes = good_bytes;
    if mode == Mode::Repair {
        if is_torn_inside {
            index_bytes = rewrite(dir, &entries)?;
        } else if good_bytes != text.len() as u64 || entries.len() > known {
            index_bytes = append(&index_path, good_bytes, &entries[known..])?;
        }
    }
    let mut index = Index::default();
    entries.into_iter().for_each(|entry| index.push(entry));
    Ok(Recovered { index, index_bytes, last_number, tail_bytes })
}

/// Entries of an index file, the length of its good part, and whether good lines follow a bad one.
fn read_lines(text: &[u8]) -> (Vec<Entry>, u64, bool) {
    let mut entries = Vec::new();
    let mut good_bytes = 0;
    let mut position = 0;
    let mut has_bad = false;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        position += line.len() as u64;
        let entry = line.strip_suffix(b"\n").and_then(|line| serde_json::from_slice::<Entry>(line).ok());
        match entry {
            Some(_) if has_bad => return (entries, good_bytes, true),
            Some(entry) => {
                entries.push(entry);
                good_bytes = position;
            }
            None => has_bad = true,
        }
    }
    (entries, good_bytes, false)
}

fn ends_by_file(entries: &[Entry]) -> BTreeMap<u32, u64> {
    let mut ends = BTreeMap::new();
    for entry in entries {
        let end: &mut u64 = ends.entry(entry.file).or_default();
        *end = entry.end().max(*end);
    }
    ends
}

/// Numbers of the data files, oldest first.
pub(super) fn data_files(dir: &Path) -> Result<Vec<u32>, ArchiveError> {
    let read = || -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for file in std::fs::read_dir(dir)? {
            numbers.extend(file?.file_name().to_str().and_then(file_number));
        }
        numbers.sort_unstable();
        Ok(numbers)
    };
    read().map_err(|error| ArchiveError::io(dir, &error))
}

/// Indexes the records of a data file from an offset on, cuts off a torn tail, and returns where the file ends.
fn reindex(dir: &Path, number: u32, from: u64, mode: Mode, entries: &mut Vec<Entry>) -> Result<u64, ArchiveError> {
    let path = dir.join(file_name(number));
    let fail = |error: io::Error| ArchiveError::io(&path, &error);
    let length = std::fs::metadata(&path).map_err(fail)?.len();
    if from >= length {
        return Ok(length);
    }
    let mut start = from;
    loop {
        let mut found = Vec::new();
        let (good, damage) = warc::scan(&path, start, &mut |event| collect(event, number, &mut found, entries)).map_err(fail)?;
        let Some(damage) = damage else { return Ok(good) };
        match warc::next_member(&path, good + 1).map_err(fail)? {
            Some(next) => {
                tracing::warn!(path = %path.display(), offset = good, next, %damage, "damaged record passed over");
                start = next;
            }
            None if mode == Mode::LookOnly => return Ok(good),
            None => {
                tracing::warn!(path = %path.display(), offset = good, bytes = length - good, "torn tail cut off");
                let file = File::options().write(true).open(&path).map_err(fail)?;
                file.set_len(good).and_then(|()| file.sync_all()).map_err(fail)?;
                return Ok(good);
            }
        }
    }
}

/// Keeps a record once its member has ended well.
fn collect(event: Event, number: u32, found: &mut Vec<Entry>, entries: &mut Vec<Entry>) {
    match event {
        Event::Record(_, record) => found.extend(entry_of(*record)),
        Event::End(start, end) => {
            for entry in found.drain(..) {
                entries.push(Entry { file: number, offset: start, length: end - start, ..entry });
            }
        }
    }
}

fn entry_of(record: Record) -> Option<Entry> {
    let revisit = match record.kind() {
        "response" => false,
        "revisit" => true,
        _ => return None,
    };
    let url = record.url()?.to_owned();
    let requested = record.field(REQUESTED).map(str::to_owned);
    let post = record.field(POST).map(str::to_owned);
    let fetched_at = record.date()?;
    let stated = record.field("WARC-Payload-Digest").and_then(|digest| digest.strip_prefix("sha256:")).map(str::to_owned);
    let message = record.http().ok()?;
    let id = if revisit { stated? } else { sha256_hex(&message.body) };
    let (status, id) = (message.status, SnapshotId(id));
    Some(Entry { id, url, requested, post, status, fetched_at, file: 0, offset: 0, length: 0, revisit, part: None })
}

/// The lines of some entries.
pub(super) fn lines(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut text, entry)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// Cuts the index to its good part, appends lines, and returns its new length.
fn append(path: &Path, good_bytes: u64, entries: &[Entry]) -> Result<u64, ArchiveError> {
    let write = || -> io::Result<u64> {
        let text = lines(entries)?;
        let mut file = File::options().create(true).append(true).open(path)?;
        file.set_len(good_bytes)?;
        file.write_all(&text)?;
        file.sync_all()?;
        Ok(good_bytes + text.len() as u64)
    };
    write().map_err(|error| ArchiveError::io(path, &error))
}

/// Replaces the index as a whole.
fn rewrite(dir: &Path, entries: &[Entry]) -> Result<u64, ArchiveError> {
    let temporary = dir.join("index.jsonl.new");
    let write = || -> io::Result<u64> {
        let text = lines(entries)?;
        let mut file = File::create(&temporary)?;
        file.write_all(&text)?;
        file.sync_all()?;
        std::fs::rename(&temporary, dir.join(INDEX_FILE))?;
        sync_dir(dir)?;
        Ok(text.len() as u64)
    };
    write().map_err(|error| ArchiveError::io(&temporary, &error))
}

/// Makes the names in a folder durable; where folders cannot be opened (Windows), the system does it by itself.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
