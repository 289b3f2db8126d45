//! `huice bench`: speed and peak memory of each step on the shared corpus, one figure a line, names stable.
//!
//! `all` starts one process a benchmark, so that each peak memory is its own. Timings on a shared machine move by a
//! tenth or more: compare figures of one run.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;
use fetch::{AnyTransport, Replay, Request, Response, Transport};
use model::{Channel, Enterprise, Fact, Policy, Record, Value};
use pipeline::{Folder, ImportLine, Pipeline, Stages, read_imports, read_page};

use super::{bench_crawl, bench_dedup, bench_search};
use crate::Ended;
use crate::arguments::{Bench, Benchmark};
use crate::output;
use crate::surroundings::{Surroundings, read_text, runtime};

/// A figure: name, value, unit.
pub(crate) type Figure = (&'static str, f64, &'static str);

const EACH: [(Benchmark, &str); 12] = [
    (Benchmark::Parse, "parse"),
    (Benchmark::Extract, "extract"),
    (Benchmark::Crawl, "crawl"),
    (Benchmark::Annotate, "annotate"),
    (Benchmark::Index, "index"),
    (Benchmark::Search, "search"),
    (Benchmark::Paragraphs, "paragraphs"),
    (Benchmark::Ranking, "ranking"),
    (Benchmark::Dedup, "dedup"),
    (Benchmark::Match, "match"),
    (Benchmark::Outbox, "outbox"),
    (Benchmark::Path, "path"),
];

pub(crate) fn perform(asked: &Bench, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    if asked.what == Benchmark::CrawlServer {
        return bench_crawl::serve(&asked.corpus).map(|()| Ended::Well);
    }
    anyhow::ensure!(
        asked.corpus.is_dir(),
        "no corpus in {}; expected the folder with pages.jsonl, policies.jsonl and laws.jsonl.gz (--corpus)",
        asked.corpus.display()
    );
    let Some((_, name)) = EACH.iter().find(|(what, _)| *what == asked.what) else { return all(asked) };
    let corpus = asked.corpus.as_path();
    let mut figures = match asked.what {
        Benchmark::Parse => parse(corpus)?,
        Benchmark::Extract => extract(corpus, surroundings)?,
        Benchmark::Crawl => bench_crawl::measure(corpus, surroundings)?,
        Benchmark::Annotate => annotate(corpus, surroundings)?,
        Benchmark::Index => bench_search::index(corpus, surroundings)?,
        Benchmark::Search => bench_search::search(corpus, surroundings)?,
        Benchmark::Paragraphs => bench_search::paragraphs(corpus, surroundings)?,
        Benchmark::Ranking => bench_search::ranking(corpus, surroundings)?,
        Benchmark::Dedup => dedup(corpus, surroundings)?,
        Benchmark::Match => matching(corpus, surroundings)?,
        Benchmark::Outbox => outbox(surroundings)?,
        Benchmark::Path | Benchmark::All | Benchmark::CrawlServer => path(corpus, surroundings)?,
    };
    if let Some(bytes) = peak_memory_bytes() {
        figures.push(("peak_memory", bytes / 1e6, "MB"));
    }
    for (figure, value, unit) in figures {
        let figure = format!("{name}.{figure}");
        let rounded = (value * 1000.0).round() / 1000.0;
        if asked.json {
            output::json(&serde_json::json!({"name": figure, "value": rounded, "unit": unit}))?;
        } else {
            output::text(&format!("{figure:<32} {rounded:>14.3} {unit}"))?;
        }
    }
    Ok(Ended::Well)
}

fn all(asked: &Bench) -> anyhow::Result<Ended> {
    let program = std::env::current_exe().context("find this program")?;
    let mut failed = 0;
    for (_, name) in EACH {
        let mut command = std::process::Command::new(&program);
        command.args(["bench", name, "--corpus"]).arg(&asked.corpus);
        if asked.json {
            command.arg("--json");
        }
        failed += u64::from(!command.status().with_context(|| format!("start bench {name}"))?.success());
    }
    Ok(Ended::after(failed))
}

/// The most memory this process ever held, as Linux counts it.
fn peak_memory_bytes() -> Option<f64> {
    memory_bytes("VmHWM:")
}

/// A line of the memory this process holds, as Linux counts it.
fn memory_bytes(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

/// Repeats until at least `least` seconds passed; items a second.
fn rate<T>(items: usize, least: f64, mut work: impl FnMut() -> T) -> f64 {
    let started = Instant::now();
    let mut rounds = 0u32;
    loop {
        std::hint::black_box(work());
        rounds += 1;
        let seconds = started.elapsed().as_secs_f64();
        if seconds >= least {
            return f64::from(rounds) * items as f64 / seconds;
        }
    }
}

/// The stored pages of the corpus.
pub(crate) fn pages(corpus: &Path) -> anyhow::Result<Vec<Response>> {
    let replay = Replay::open(&corpus.join("pages.jsonl"))?;
    let urls = replay.urls();
    let transport = AnyTransport::Replay(replay);
    let runtime = runtime()?;
    let got = urls.into_iter().map(|url| runtime.block_on(transport.get(&Request::get(url))));
    Ok(got.filter_map(Result::ok).collect())
}

pub(super) fn policies(corpus: &Path) -> anyhow::Result<Vec<ImportLine>> {
    Ok(read_imports(&read_text(&corpus.join("policies.jsonl"))?).0)
}

pub(super) fn laws(corpus: &Path) -> anyhow::Result<Vec<ImportLine>> {
    Ok(read_imports(&read_text(&corpus.join("laws.jsonl.gz"))?).0)
}

fn parse(corpus: &Path) -> anyhow::Result<Vec<Figure>> {
    let pages = pages(corpus)?;
    let texts: Vec<String> = pages.iter().map(|page| fetch::decode(&page.body, page.content_type(), "").text).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    let speed = rate(texts.len(), 3.0, || texts.iter().filter(|text| ::extract::parse(text)).count());
    Ok(vec![("pages", speed, "pages/s"), ("bytes", speed * bytes as f64 / texts.len() as f64 / 1e6, "MB/s")])
}

fn extract(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    let extractor = Stages::extractor(&surroundings.data()?)?;
    let pages = pages(corpus)?;
    let speed = rate(pages.len(), 3.0, || {
        for page in &pages {
            std::hint::black_box(read_page(&extractor, page, None));
        }
    });
    Ok(vec![("pages", speed, "pages/s")])
}

/// Replay of all stored pages into a new folder: fetch, archive, extract, store, annotate and index.
fn path(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    let stages = surroundings.stages()?;
    let runtime = runtime()?;
    let mut seconds = 0.0;
    let mut done = 0;
    while seconds < 4.0 {
        let folder = tempfile::tempdir()?;
        let pipeline = Pipeline::open(Folder::new(folder.path()), stages.clone(), surroundings.clock.clone())?;
        let replay = Replay::open(&corpus.join("pages.jsonl"))?;
        let urls = replay.urls();
        let transport = AnyTransport::Replay(replay);
        let started = Instant::now();
        done += runtime.block_on(pipeline.replay(&transport, urls, &mut |_| {}))?.fetched;
        pipeline.process(&mut |_| {})?;
        seconds += started.elapsed().as_secs_f64();
    }
    Ok(vec![("pages", done as f64 / seconds, "pages/s")])
}

/// Ten megabytes of what no step may take long for, as its name in the figures and the piece it repeats.
const HOSTILE: [(&str, &str); 4] = [
    ("10_mb_of_digits", "9"),
    ("10_mb_of_commas", "、"),
    ("10_mb_of_parentheses", "（（（"),
    ("10_mb_of_comparisons", "以上以上"),
];

fn annotate(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    const HOSTILE_BYTES: usize = 10_000_000;
    let (annotator, _) = Stages::annotator(&surroundings.data()?)?;
    // One text, so that what is read on first use is loaded too.
    std::hint::black_box(annotator.annotate(&::annotate::Input { text: "营业收入不低于1000万元", ..Default::default() }));
    let resident = memory_bytes("VmRSS:").unwrap_or_default() / 1e6;
    let mut figures = vec![("memory_with_rules_and_dictionary", resident, "MB")];
    for (name, piece) in HOSTILE {
        let text = piece.repeat(HOSTILE_BYTES / piece.len());
        let started = Instant::now();
        std::hint::black_box(annotator.annotate(&::annotate::Input { text: &text, ..Default::default() }));
        figures.push((name, started.elapsed().as_secs_f64(), "s"));
    }
    drop(annotator);
    let stages = surroundings.stages()?;
    let records = records(&policies(corpus)?);
    let bytes: usize = records.iter().map(|record| record.document.text.len()).sum();
    let speed = rate(records.len(), 3.0, || {
        for record in &records {
            std::hint::black_box(annotation_of(&stages, record));
        }
    });
    let megabytes = speed * bytes as f64 / records.len() as f64 / 1e6;
    figures.extend([
        ("documents", speed, "documents/s"),
        ("bytes", megabytes, "MB/s"),
        ("documents_of_3_kb", megabytes * 1e6 / 3_000.0, "documents/s"),
    ]);
    Ok(figures)
}

fn annotation_of(stages: &Stages, record: &Record) -> model::Annotation {
    let document = &record.document;
    stages.annotator.annotate(&::annotate::Input {
        text: &document.text,
        title: &document.title,
        issuers: &document.issuers,
        region: &record.policy.region,
        date: record.date(),
    })
}

pub(super) fn records(lines: &[ImportLine]) -> Vec<Record> {
    let record = |line: &ImportLine| {
        let (document, _) = line.document();
        let policy = Policy {
            id: line.id.as_str().into(),
            title: document.title.clone(),
            region: model::region::COUNTRY.to_owned(),
            ..Policy::default()
        };
        Record { policy, document, ..Record::default() }
    };
    lines.iter().map(record).collect()
}

fn dedup(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    let lines = laws(corpus)?;
    let folder = tempfile::tempdir()?;
    let pipeline = surroundings.pipeline_in(Folder::new(folder.path()))?;
    let started = Instant::now();
    pipeline.import(&lines, &mut |_| {})?;
    let first = lines.len() as f64 / started.elapsed().as_secs_f64();
    let started = Instant::now();
    pipeline.import(&lines, &mut |_| {})?;
    let again = lines.len() as f64 / started.elapsed().as_secs_f64();
    let mut figures = vec![("new", first, "documents/s"), ("known", again, "documents/s")];
    figures.extend(bench_dedup::measure()?);
    Ok(figures)
}

/// Profiles with spread-out figures and a fifth of the facts missing; the same each time.
fn synthetic_enterprises(count: usize) -> Vec<Enterprise> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let regions = ["650100", "110112", "410700", "652300", "110000"];
    (0..count)
        .map(|number| {
            let mut enterprise = Enterprise {
                id: format!("S{number}").into(),
                name: format!("样本企业{number}"),
                region: Some(regions[next(5) as usize].to_owned()),
                ..Enterprise::default()
            };
            for (indicator, most) in
                [("fin.revenue", 200_000_000), ("rd.expense", 9_000_000), ("staff.total", 900), ("ip.class1", 12)]
            {
                if next(5) > 0 {
                    let value = Value::Number(model::Decimal::from(next(most)));
                    let fact = Fact { value, year: Some(2025), source: String::new(), consent: true, valid_until: None };
                    enterprise.facts.insert(indicator.to_owned(), vec![fact]);
                }
            }
            enterprise
        })
        .collect()
}

fn matching(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    let stages = surroundings.stages()?;
    let mut records = records(&policies(corpus)?);
    for record in &mut records {
        record.annotation = annotation_of(&stages, record);
        record.policy.state = model::LifeCycle::InForce;
    }
    records.retain(|record| record.annotation.tree.is_some());
    let enterprises = synthetic_enterprises(1_000);
    let today = surroundings.clock.today();
    let pairs = records.len() * enterprises.len();
    let speed = rate(pairs, 3.0, || {
        for record in &records {
            std::hint::black_box(stages.matcher.match_policy(record, &enterprises, today));
        }
    });
    Ok(vec![("verdicts", speed, "verdicts/s"), ("policies_with_conditions", records.len() as f64, "policies")])
}

fn outbox(surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    const MESSAGES: u32 = 20_000;
    let folder = tempfile::tempdir()?;
    let store = store::Store::open(folder.path())?;
    let now = surroundings.clock.now();
    let message = |number: u32| {
        let (policy, enterprise) = (format!("P{}", number % 50).into(), format!("E{number}").into());
        let id = model::Message::key(&policy, 1, &enterprise, Channel::Portal, "match/1");
        model::Message { id, policy, revision: 1, enterprise, due: now, created: now, ..model::Message::default() }
    };
    let messages: Vec<_> = (0..MESSAGES).map(message).collect();
    let started = Instant::now();
    for batch in messages.chunks(500) {
        store.queue_messages(batch)?;
    }
    let queued = f64::from(MESSAGES) / started.elapsed().as_secs_f64();
    let started = Instant::now();
    let due = store.due_messages(now, 2_000)?;
    for message in &due {
        store.update_message(&model::Message { state: model::MessageState::Sent, sent: Some(now), ..message.clone() })?;
    }
    Ok(vec![("queued", queued, "messages/s"), ("sent", due.len() as f64 / started.elapsed().as_secs_f64(), "messages/s")])
}
