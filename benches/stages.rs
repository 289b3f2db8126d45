//! The hot paths, measured by criterion on the shared corpus: parse, extract, annotate, index and the whole path.
//!
//! Where `../shared` is absent it says so and measures nothing.

#![expect(clippy::print_stderr, reason = "says what it skipped")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fetch::{AnyTransport, Replay, Request, Response, Transport};
use model::{Clock, Policy, Record};
use pipeline::{Data, Folder, Pipeline, Stages, read_imports, read_page};
use tokio::runtime::Runtime;

fn corpus() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is not here", path.display());
    None
}

fn pages(corpus: &Path, runtime: &Runtime) -> Vec<Response> {
    let replay = Replay::open(&corpus.join("pages.jsonl")).expect("the manifest is readable");
    let urls = replay.urls();
    let transport = AnyTransport::Replay(replay);
    urls.into_iter().filter_map(|url| runtime.block_on(transport.get(&Request::get(url))).ok()).collect()
}

fn records(corpus: &Path) -> Vec<Record> {
    let text = std::fs::read_to_string(corpus.join("policies.jsonl")).expect("the policies are readable");
    let record = |line: &pipeline::ImportLine| {
        let (document, _) = line.document();
        let policy = Policy { id: line.id.as_str().into(), region: "000000".to_owned(), ..Policy::default() };
        Record { policy, document, ..Record::default() }
    };
    read_imports(&text).0.iter().map(record).collect()
}

fn stages(criterion: &mut Criterion) {
    let Some(corpus) = corpus() else { return };
    let runtime = Runtime::new().expect("a runtime starts");
    let stages = Arc::new(Stages::new(Data::load(None).expect("data loads")).expect("stages build"));
    let clock = Clock::fixed("2026-11-20T08:00:00+08:00".parse().expect("a moment"));
    let pages = pages(&corpus, &runtime);
    let texts: Vec<String> = pages.iter().map(|page| fetch::decode(&page.body, page.content_type(), "").text).collect();
    let records = records(&corpus);

    let mut group = criterion.benchmark_group("pages");
    group.measurement_time(Duration::from_secs(8)).sample_size(10).throughput(Throughput::Elements(pages.len() as u64));
    group.bench_function("parse", |bencher| bencher.iter(|| texts.iter().filter(|text| extract::parse(text)).count()));
    group.bench_function("extract", |bencher| {
        bencher.iter(|| pages.iter().for_each(|page| drop(read_page(&stages.extractor, page, None))));
    });
    group.bench_function("whole_path", |bencher| {
        bencher.iter_batched(
            || tempfile::tempdir().expect("a folder"),
            |folder| {
                let pipeline = Pipeline::open(Folder::new(folder.path()), stages.clone(), clock.clone()).expect("opens");
                let replay = Replay::open(&corpus.join("pages.jsonl")).expect("readable");
                let urls = replay.urls();
                runtime.block_on(pipeline.replay(&AnyTransport::Replay(replay), urls, &mut |_| {})).expect("replays");
                pipeline.process(&mut |_| {}).expect("processes");
                folder
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();

    let mut group = criterion.benchmark_group("policies");
    group.measurement_time(Duration::from_secs(8)).sample_size(10).throughput(Throughput::Elements(records.len() as u64));
    group
        .bench_function("annotate", |bencher| bencher.iter(|| records.iter().for_each(|record| drop(annotate(&stages, record)))));
    group.bench_function("index", |bencher| {
        bencher.iter_batched(
            || search::Index::in_memory(stages.segmenter.clone(), stages.lexicon().expect("reads")).expect("opens"),
            |index| {
                index.put(&records).expect("puts");
                index.commit().expect("commits");
                index
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn annotate(stages: &Stages, record: &Record) -> model::Annotation {
    let document = &record.document;
    stages.annotator.annotate(&annotate::Input {
        text: &document.text,
        title: &document.title,
        issuers: &document.issuers,
        region: &record.policy.region,
        date: record.date(),
    })
}

/// Texts that would take hours if a step were not linear; a megabyte of each.
fn hostile(criterion: &mut Criterion) {
    const BYTES: usize = 1_000_000;
    let data = Data::load(None).expect("data loads");
    let (annotator, _) = Stages::annotator(&data).expect("rules are read");
    let mut group = criterion.benchmark_group("hostile");
    group.sample_size(10).throughput(Throughput::Bytes(BYTES as u64));
    for piece in ["9", "、", "（（（", "以上以上"] {
        let text = piece.repeat(BYTES / piece.len());
        let input = annotate::Input { text: &text, ..annotate::Input::default() };
        group.bench_function(piece, |bencher| bencher.iter(|| annotator.annotate(&input)));
    }
    group.finish();
}

criterion_group!(benches, stages, hostile);
criterion_main!(benches);
