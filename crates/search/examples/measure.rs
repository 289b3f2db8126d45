//! Measures indexing speed, index size and ranking: `measure ARTICLES.jsonl QUESTIONS.jsonl INDEX_FOLDER`.
//!
//! Articles are `{id, name, content}` or `{id, title, body}` a line, questions `{query, relevant: [id]}` a line. Prints
//! documents a second, bytes of index for each byte of text, and the mean reciprocal rank.
#![expect(clippy::print_stdout, reason = "a program that prints its measurements")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use model::{Document, Policy, PolicyId, Record};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, articles, questions, folder] = &arguments[..] else {
        return Err("usage: measure ARTICLES.jsonl QUESTIONS.jsonl INDEX_FOLDER".into());
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../index");
    let read = |name: &str| std::fs::read_to_string(root.join(name));
    let lexicon = search::Lexicon::new(&read("synonyms.toml")?, &read("stop_words.txt")?, &read("fields.toml")?)?;
    let index = search::Index::open(Path::new(folder), Arc::new(jieba_rs::Jieba::new()), lexicon)?;
    if index.needs_rebuild() {
        fill(&index, &records(articles)?, Path::new(folder))?;
    }
    ask(&index, questions)
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn records(path: &str) -> Result<Vec<Record>, Box<dyn Error>> {
    let mut records = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let value: Value = serde_json::from_str(line)?;
        let field = |names: [&str; 2]| names.iter().find_map(|name| value[name].as_str()).unwrap_or_default().to_owned();
        let policy = Policy { id: PolicyId(text_of(&value["id"])), title: field(["name", "title"]), ..Policy::default() };
        let document = Document { title: policy.title.clone(), text: field(["content", "body"]), ..Document::default() };
        records.push(Record { policy, document, ..Record::default() });
    }
    Ok(records)
}

fn fill(index: &search::Index, records: &[Record], folder: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    for batch in records.chunks(1_000) {
        index.put(batch)?;
    }
    index.commit()?;
    let seconds = start.elapsed().as_secs_f64();
    index.settle()?;
    index.mark_rebuilt()?;
    let text: usize = records.iter().map(|record| record.document.text.len() + record.document.title.len()).sum();
    println!("indexed {} documents, {:.0} a second", records.len(), records.len() as f64 / seconds);
    let mut size = 0;
    let mut endings = std::collections::BTreeMap::<String, u64>::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let bytes = entry.metadata()?.len();
        size += bytes;
        *endings.entry(entry.path().extension().unwrap_or_default().to_string_lossy().into_owned()).or_default() += bytes;
    }
    println!("text {text} bytes, index {size} bytes, ratio {:.3} {endings:?}", size as f64 / text as f64);
    Ok(())
}

fn ask(index: &search::Index, path: &str) -> Result<(), Box<dyn Error>> {
    let (mut sum, mut asked, mut found) = (0.0, 0u32, 0u32);
    let start = Instant::now();
    for line in std::fs::read_to_string(path)?.lines() {
        let value: Value = serde_json::from_str(line)?;
        let wanted: Vec<String> = value["relevant"].as_array().into_iter().flatten().map(text_of).collect();
        let mut query = search::parse_query(value["query"].as_str().unwrap_or_default())?;
        query.limit = 100;
        let hits = index.search(&query)?.hits;
        asked += 1;
        if let Some(rank) = hits.iter().position(|hit| wanted.contains(&hit.id.0)) {
            sum += 1.0 / (rank + 1) as f64;
            found += 1;
        }
    }
    let each = start.elapsed().as_secs_f64() * 1e3 / f64::from(asked.max(1));
    println!("{asked} questions, MRR@100 {:.4}, found {found}, {each:.2} ms each", sum / f64::from(asked.max(1)));
    Ok(())
}
