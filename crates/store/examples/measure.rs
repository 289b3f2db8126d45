//! How fast an engine is: `cargo run --release -p store --example measure -- URL`, one `{name, value, unit}` a line.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use model::Document;
use model::job::Job;
use store::{Incoming, Store};

const DOCUMENTS: usize = 4_000;
const SINGLE: usize = 400;
const JOBS: usize = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("expected the URL of a store that is empty")?;
    let store = Store::open_at(&url.parse()?)?;
    let now = Timestamp::UNIX_EPOCH;
    let documents: Vec<Incoming> = (0..DOCUMENTS + SINGLE).map(document).collect();
    let (many, single) = documents.split_at(DOCUMENTS);

    let begun = Instant::now();
    for part in many.chunks(100) {
        store.ingest_batch(part, now)?;
    }
    tell("ingest_in_batches", DOCUMENTS, begun.elapsed());
    let begun = Instant::now();
    for one in single {
        store.ingest(one, now)?;
    }
    tell("ingest_one_by_one", SINGLE, begun.elapsed());
    let begun = Instant::now();
    for one in &documents {
        store.document(&one.id)?.ok_or("a document is lost")?;
    }
    tell("read_documents", documents.len(), begun.elapsed());
    let begun = Instant::now();
    let records = store.records().filter(Result::is_ok).count();
    tell("read_records", records, begun.elapsed());
    let begun = Instant::now();
    let (_, changed) = store.changed_since(0)?;
    tell("changed_since", changed.len(), begun.elapsed());

    let jobs: Vec<Job> = (0..JOBS).map(|number| Job::Crawl { source: number.to_string().as_str().into() }).collect();
    store.enqueue(&jobs, now)?;
    let begun = Instant::now();
    let mut leased = Vec::new();
    while leased.len() < JOBS {
        leased.extend(store.lease(now, SignedDuration::from_hours(1), 100)?);
    }
    tell("lease_jobs", JOBS, begun.elapsed());
    let begun = Instant::now();
    for job in leased.iter().take(SINGLE) {
        store.complete(job)?;
    }
    tell("complete_jobs", SINGLE, begun.elapsed());
    Ok(())
}

fn tell(name: &str, count: usize, taken: Duration) {
    println!("{{\"name\": \"{name}\", \"value\": {:.0}, \"unit\": \"1/s\"}}", count as f64 / taken.as_secs_f64());
}

/// A document of 1,300 characters that shares nothing with the others.
fn document(number: usize) -> Incoming {
    let mut state = u32::try_from(number).unwrap_or_default().wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut text = String::new();
    for index in 0..1_300 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend(char::from_u32(0x4e00 + (state >> 8) % 3_000));
        if index % 40 == 39 {
            text.push_str("。\n");
        }
    }
    Incoming {
        id: format!("d{number}").as_str().into(),
        url: format!("https://site{number}.gov.cn/{number}.html"),
        source: "measure".into(),
        region: "000000".to_owned(),
        document: Document { title: format!("关于第{number}号事项的通知"), text, ..Document::default() },
        ..Incoming::default()
    }
}
