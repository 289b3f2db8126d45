//! The search part of `huice bench`: writing, size, answering time, hostile questions, and how well answers are ranked.
//!
//! Other processes lengthen what a clock measures: each question is asked three times and its shortest time counts, and
//! writing is counted in seconds of one core.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use ::search::{Index, parse_query};
use anyhow::Context;
use model::{Policy, Query, Record};
use pipeline::Stages;
use serde::Deserialize;

use super::bench::{Figure, laws, policies, records};
use crate::surroundings::{Surroundings, read_text};

/// Characters of a document a law is cut into, as policies have.
const DOCUMENT_CHARACTERS: usize = 1_300;
/// Questions measured.
const QUESTIONS: usize = 1_000;
/// Questions of our own over the policies of the corpus, written from reading them. Weights are set by the first half.
const TUNING: &str = include_str!("../../../search/questions/tuning.jsonl");
const HELD_BACK: &str = include_str!("../../../search/questions/held_back.jsonl");
/// Articles among which lay questions look for theirs.
const ARTICLES: usize = 7_732;

fn cut(corpus: &Path, least: usize) -> anyhow::Result<Vec<Record>> {
    let mut cut = Vec::new();
    for record in records(&laws(corpus)?) {
        let mut part = String::new();
        for line in record.document.text.lines().filter(|line| !line.trim().is_empty()) {
            part.push_str(line);
            part.push('\n');
            if part.chars().count() >= least {
                cut.push(part_of(&record, cut.len(), std::mem::take(&mut part)));
            }
        }
        if !part.is_empty() {
            cut.push(part_of(&record, cut.len(), part));
        }
    }
    Ok(cut)
}

fn part_of(record: &Record, number: usize, text: String) -> Record {
    let mut part = record.clone();
    part.policy.id = format!("{}-{number}", record.policy.id).into();
    part.document.blocks.clear();
    part.document.text = text;
    part
}

fn open_index(folder: &Path, stages: &Stages) -> anyhow::Result<Index> {
    Ok(Index::open(folder, stages.segmenter.clone(), stages.lexicon()?)?)
}

/// Seconds this process has used of all cores.
fn core_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("read /proc/self/stat")?;
    // Behind the name, which may contain blanks; in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / 100.0)
}

pub(super) fn index(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    let stages = surroundings.stages()?;
    let records = cut(corpus, DOCUMENT_CHARACTERS)?;
    let text: usize = records.iter().map(|record| record.document.text.len() + record.document.title.len()).sum();
    let folder = tempfile::tempdir()?;
    let index = open_index(folder.path(), &stages)?;
    let (started, used) = (Instant::now(), core_seconds()?);
    for batch in records.chunks(1_000) {
        index.put(batch)?;
    }
    index.commit()?;
    let (seconds, core_seconds) = (started.elapsed().as_secs_f64(), core_seconds()? - used);
    let size = folder_bytes(folder.path())?;
    let started = Instant::now();
    index.put(&records[..1])?;
    index.commit()?;
    anyhow::ensure!(index.count() == records.len() as u64, "an indexed document is missing");
    let visible = started.elapsed().as_secs_f64();
    Ok(vec![
        ("documents", records.len() as f64 / seconds, "documents/s"),
        ("documents_per_core_second", records.len() as f64 / core_seconds, "documents/s"),
        ("size_ratio", size as f64 / text as f64, "bytes/byte"),
        ("one_more_visible", visible * 1e3, "ms"),
    ])
}

fn folder_bytes(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { folder_bytes(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

/// Milliseconds each question takes at its shortest, sorted.
fn times(index: &Index, questions: &[Query]) -> anyhow::Result<Vec<f64>> {
    let mut times = vec![f64::MAX; questions.len()];
    for _ in 0..3 {
        for (question, time) in questions.iter().zip(&mut times) {
            let started = Instant::now();
            std::hint::black_box(index.search(question)?);
            *time = time.min(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn at(times: &[f64], share: f64) -> f64 {
    times.get((times.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or_default()
}

fn question(text: &str) -> anyhow::Result<Query> {
    Ok(Query { limit: 10, today: Some(jiff::civil::date(2026, 1, 1)), ..parse_query(text)? })
}

pub(super) fn search(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    let stages = surroundings.stages()?;
    let records = cut(corpus, DOCUMENT_CHARACTERS)?;
    let folder = tempfile::tempdir()?;
    let index = open_index(folder.path(), &stages)?;
    index.put(&records)?;
    index.commit()?;
    let mut questions = Vec::new();
    for record in records.iter().step_by(records.len() / QUESTIONS + 1) {
        // A piece of each text is a question that has answers: six characters from its middle.
        let characters: Vec<char> = record.document.text.chars().filter(|character| character.is_alphanumeric()).collect();
        let middle = characters.len() / 2;
        if let Some(piece) = characters.get(middle..middle + 6) {
            questions.push(question(&piece.iter().collect::<String>())?);
        }
    }
    let times = times(&index, &questions)?;
    Ok(vec![
        ("p50", at(&times, 0.5), "ms"),
        ("p99", at(&times, 0.99), "ms"),
        ("queries", times.len() as f64, "queries"),
        ("absurd_longest", longest_absurd(&index), "ms"),
    ])
}

/// The longest any of some hostile questions takes, answered or refused.
fn longest_absurd(index: &Index) -> f64 {
    let many = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let absurd = [
        many("补贴 ", 1 << 20),
        many("-甲 ", 40_000),
        many("(", 1 << 20),
        many("(企业 OR 补贴) AND ", 1_999),
        many("\"企业", 1_999),
        many("“", 1_999),
        many("企业应当 ", 5_900),
        many("标题:企业 ", 800),
        many("的", 5_900),
        many("\u{0}\u{1b}\u{202e}", 1_900),
        many("a", 1_999),
        many("\"的 的 的 的\" ", 5_000),
        "\"的\" -\"了\" 窗口:open".to_owned(),
    ];
    let time = |text: &String| {
        let started = Instant::now();
        // Refused or answered: both are fine, only late is not.
        let _answered = question(text).map(|question| std::hint::black_box(index.search(&question)));
        started.elapsed().as_secs_f64() * 1e3
    };
    absurd.iter().map(time).fold(0.0, f64::max)
}

pub(super) fn paragraphs(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    let stages = surroundings.stages()?;
    let records = cut(corpus, 1)?;
    let folder = tempfile::tempdir()?;
    let index = open_index(folder.path(), &stages)?;
    index.put(&records)?;
    index.settle()?;
    let (mut both, mut either, mut phrases) = (Vec::new(), Vec::new(), Vec::new());
    for record in records.iter().step_by(records.len() / QUESTIONS + 1) {
        let text = &record.document.text;
        let words = stages.segmenter.cut(text, false);
        let words: BTreeSet<&str> = words
            .iter()
            .map(|token| token.word)
            .filter(|word| word.len() >= 6 && word.chars().all(char::is_alphabetic))
            .collect();
        let mut words = words.into_iter();
        if let (Some(first), Some(second)) = (words.next(), words.next_back()) {
            both.push(question(&format!("{first} {second}"))?);
            either.push(question(&format!("{first} OR {second}"))?);
        }
        let characters: Vec<char> = text.chars().filter(|character| character.is_alphanumeric()).collect();
        let middle = characters.len() / 2;
        if let Some(piece) = characters.get(middle..middle + 6) {
            phrases.push(question(&piece.iter().collect::<String>())?);
        }
    }
    let mut figures = vec![("paragraphs", records.len() as f64, "paragraphs")];
    for (questions, p50, p99) in [(both, "and_p50", "and_p99"), (either, "or_p50", "or_p99"), (phrases, "piece_p50", "piece_p99")]
    {
        let times = times(&index, &questions)?;
        figures.extend([(p50, at(&times, 0.5), "ms"), (p99, at(&times, 0.99), "ms")]);
    }
    Ok(figures)
}

/// A question and the documents that answer it.
#[derive(Deserialize)]
struct Judged {
    query: String,
    relevant: Vec<serde_json::Value>,
}

/// An article of a law.
#[derive(Deserialize)]
struct Article {
    id: u64,
    name: String,
    content: String,
    gold: bool,
}

fn judged(lines: &str) -> anyhow::Result<Vec<Judged>> {
    let lines = lines.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).context("read a judged question")).collect()
}

/// Mean reciprocal rank over the first ten, and the share of questions with an answer among them.
fn rank(index: &Index, questions: &[Judged]) -> anyhow::Result<(f64, f64)> {
    let (mut reciprocal, mut found) = (0.0, 0.0);
    for Judged { query, relevant } in questions {
        let relevant: Vec<String> = relevant.iter().map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).collect();
        let hits = index.search(&question(query)?)?.hits;
        let place = hits.iter().position(|hit| relevant.iter().any(|id| id == hit.id.as_str()));
        if let Some(place) = place {
            reciprocal += 1.0 / (place + 1) as f64;
            found += 1.0;
        }
        tracing::debug!(query, place, "ranked");
    }
    let count = questions.len().max(1) as f64;
    Ok((reciprocal / count, found / count))
}

pub(super) fn ranking(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    let stages = surroundings.stages()?;
    let fill = |records: &[Record]| -> anyhow::Result<Index> {
        let index = Index::in_memory(stages.segmenter.clone(), stages.lexicon()?)?;
        index.put(records)?;
        index.commit()?;
        Ok(index)
    };
    let index = fill(&records(&policies(corpus)?))?;
    let (tuning, held_back) = (rank(&index, &judged(TUNING)?)?, rank(&index, &judged(HELD_BACK)?)?);
    let articles = fill(&articles(corpus)?)?;
    let queries = corpus.join("../gold/stard_queries.jsonl");
    let lay = rank(&articles, &judged(&read_text(&queries)?)?)?;
    Ok(vec![
        ("policies_tuning_mrr", tuning.0, ""),
        ("policies_tuning_recall_10", tuning.1, ""),
        ("policies_held_back_mrr", held_back.0, ""),
        ("policies_held_back_recall_10", held_back.1, ""),
        ("articles_mrr", lay.0, ""),
        ("articles_recall_10", lay.1, ""),
    ])
}

/// The articles that answer a question, among others.
fn articles(corpus: &Path) -> anyhow::Result<Vec<Record>> {
    let text = read_text(&corpus.join("stard_articles.jsonl.gz"))?;
    let all: Result<Vec<Article>, _> = text.lines().map(serde_json::from_str::<Article>).collect();
    let (wanted, others): (Vec<Article>, Vec<Article>) =
        all.context("read an article")?.into_iter().partition(|article| article.gold);
    let missing = ARTICLES.saturating_sub(wanted.len());
    let step = (others.len() / missing.max(1)).max(1);
    let chosen = wanted.into_iter().chain(others.into_iter().step_by(step).take(missing));
    let record = |article: Article| {
        let policy = Policy { id: article.id.to_string().as_str().into(), title: article.name.clone(), ..Policy::default() };
        let document = model::Document { title: article.name, text: article.content, ..model::Document::default() };
        Record { policy, document, ..Record::default() }
    };
    Ok(chosen.map(record).collect())
}
