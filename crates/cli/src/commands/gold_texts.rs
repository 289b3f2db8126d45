//! The texts of labelled documents that are not ours to store: a line has `ref` instead of `text`, and is completed here.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use extract::Extractor;
use fetch::{AnyTransport, Replay, Request, Transport};
use pipeline::{Data, Stages, read_page};
use serde_json::Value;

use crate::surroundings::{read_text, runtime};

/// The corpus that `ref` points into.
pub(crate) struct GoldTexts<'g> {
    corpus: &'g Path,
    data: &'g Data,
    policies: OnceCell<BTreeMap<String, String>>,
    pages: OnceCell<BTreeMap<String, String>>,
}

impl<'g> GoldTexts<'g> {
    pub(crate) const fn new(corpus: &'g Path, data: &'g Data) -> Self {
        Self { corpus, data, policies: OnceCell::new(), pages: OnceCell::new() }
    }

    /// The lines of a gold file, each with its text. A line whose text is not there, or is another than the labelled
    /// one, is told and left as it is: the scorecard counts it as unreadable.
    pub(crate) fn complete(&self, gold: &Path) -> anyhow::Result<String> {
        let mut completed = String::new();
        for (index, line) in read_text(gold)?.lines().enumerate() {
            match self.complete_line(line) {
                Ok(line) => completed.push_str(&line),
                Err(error) => {
                    tracing::error!("{}:{}: {error:#}", gold.display(), index + 1);
                    completed.push_str(line);
                }
            }
            completed.push('\n');
        }
        Ok(completed)
    }

    fn complete_line(&self, line: &str) -> anyhow::Result<String> {
        if !line.contains("\"ref\"") {
            return Ok(line.to_owned());
        }
        let Ok(mut members) = serde_json::from_str::<Value>(line) else { return Ok(line.to_owned()) };
        let Some(reference) = members["ref"].as_str().filter(|_| !members["text"].is_string()) else {
            return Ok(line.to_owned());
        };
        let whole = self.text(reference)?.with_context(|| format!("no text `{reference}` in {}", self.corpus.display()))?;
        let cut = members["cut"].as_u64().and_then(|cut| usize::try_from(cut).ok());
        let text: String = whole.chars().take(cut.unwrap_or(usize::MAX)).collect();
        let digest = model::fingerprint::sha256_hex(text.as_bytes());
        let wanted = members["digest"].as_str().unwrap_or_default();
        anyhow::ensure!(digest.starts_with(wanted), "`{reference}` now reads otherwise than when it was labelled");
        members["text"] = text.into();
        Ok(members.to_string())
    }

    /// `policies:ID` or `pages:FILE`.
    fn text(&self, reference: &str) -> anyhow::Result<Option<&str>> {
        let (texts, id) = match reference.split_once(':') {
            Some(("policies", id)) => (once(&self.policies, || self.read_policies())?, id),
            Some(("pages", id)) => (once(&self.pages, || self.read_pages())?, id),
            _ => anyhow::bail!("ref `{reference}`: expected policies:ID or pages:FILE"),
        };
        Ok(texts.get(id).map(String::as_str))
    }

    fn read_policies(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let text = read_text(&self.corpus.join("policies.jsonl"))?;
        let policies = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        Ok(policies.filter_map(|policy| Some((policy["id"].as_str()?.to_owned(), policy["body"].as_str()?.to_owned()))).collect())
    }

    /// The texts of the stored pages, as they are read today.
    fn read_pages(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let extractor: Extractor = Stages::extractor(self.data)?;
        let manifest = self.corpus.join("pages.jsonl");
        let files: BTreeMap<String, String> = read_text(&manifest)?
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|page| Some((page["url"].as_str()?.to_owned(), page["file"].as_str()?.to_owned())))
            .collect();
        let replay = Replay::open(&manifest)?;
        let (urls, written) = (replay.urls(), replay.written());
        let (transport, runtime) = (AnyTransport::Replay(replay), runtime()?);
        let mut texts = BTreeMap::new();
        for (url, written) in urls.into_iter().zip(written) {
            if let (Some(file), Ok(response)) = (files.get(&written), runtime.block_on(transport.get(&Request::get(url)))) {
                texts.insert(file.clone(), read_page(&extractor, &response, None).document.text);
            }
        }
        Ok(texts)
    }
}

fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<&T> {
    if let Some(known) = cell.get() {
        return Ok(known);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}
