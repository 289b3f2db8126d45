//! Redoing a step from stored input: extraction from the archive, annotation from stored texts, the index from the store.
//!
//! Only what is stale is redone: pages read by another version of code and rules, documents with a file that another
//! version of the reader reads, annotations made by other rules. What changed by it is told page by page and policy by policy.

use std::collections::{BTreeMap, BTreeSet};

use fetch::Response;
use model::{Document, PageKind, RunReport, SnapshotId, Source};
use serde::Serialize;
use serde_json::Value;
use store::{Owed, PageState, Visits, Want};
use url::Url;

use crate::annotation_change::{ChangeCount, PolicyChange};
use crate::crawl::Joining;
use crate::intake::{Arrival, Occasion};
use crate::parallel::in_parallel;
use crate::pipeline::Pipeline;

/// Where redoing starts; everything after it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// From the archived bytes.
    Extract,
    /// From the stored texts.
    Annotate,
    /// From the annotated policies.
    Index,
}

/// What redoing did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reprocessed {
    /// Counts over pages.
    #[serde(flatten)]
    pub report: RunReport,
    /// Pages that read differently now.
    pub changed: u64,
    /// Files read again.
    pub files: u64,
    /// Policies annotated again.
    pub annotated: u64,
    /// Policies of which the annotation now says something else.
    pub policies_changed: u64,
    /// By type of item, how many came, went and changed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<String, ChangeCount>,
    /// Policies indexed again.
    pub indexed: u64,
}

/// How a page reads differently.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PageChange {
    /// Its URL.
    pub url: String,
    /// Each field that changed: what it was and what it is. Of blocks, tables and places of fields only their number.
    pub fields: BTreeMap<String, [Value; 2]>,
    /// How the text changed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextChange>,
}

/// By how much a text changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TextChange {
    /// Characters before.
    pub before: u64,
    /// Characters after.
    pub after: u64,
    /// Characters of lines that were not there before.
    pub added: u64,
    /// Characters of lines that are there no more.
    pub removed: u64,
}

/// What is told while pages are redone.
pub struct Telling<'t> {
    /// Called for each page that reads differently.
    pub changed: &'t mut dyn FnMut(&PageChange),
    /// Called for each policy of which the annotation says something else.
    pub policy: &'t mut dyn FnMut(&PolicyChange),
    /// Called with the number of pages or policies done.
    pub progress: &'t mut dyn FnMut(u64),
}

/// Pages redone between two durable steps.
const BATCH: usize = 64;

impl Pipeline {
    /// Redoes a step and those after it; extraction and annotation only where they are stale, unless `all` is asked for.
    ///
    /// # Errors
    /// Where the archive, the store or the index cannot be read or written.
    pub async fn reprocess(&self, from: Step, all: bool, telling: &mut Telling<'_>) -> anyhow::Result<Reprocessed> {
        let mut done = Reprocessed::default();
        if from == Step::Extract {
            self.extract_again(all, telling, &mut done).await?;
        }
        if all && from != Step::Index {
            // Another version than any: every annotation is made anew.
            self.store.set_mark_text("annotator", "")?;
        }
        if from == Step::Index {
            done.indexed = self.rebuild_index(&mut |done| (telling.progress)(done.indexed))?.indexed;
        }
        let Telling { policy, progress, .. } = telling;
        let (mut changed, mut items) = (0, BTreeMap::new());
        let processed = self.process_telling(&mut |done| progress(done.annotated + done.indexed), &mut |change| {
            changed += 1;
            for (kind, count) in &change.counts {
                items.entry(kind.clone()).or_insert_with(ChangeCount::default).add(*count);
            }
            policy(change);
        })?;
        (done.policies_changed, done.items) = (changed, items);
        done.report.failed += processed.failed;
        done.annotated = processed.annotated;
        done.indexed += processed.indexed;
        Ok(done)
    }

    /// Reads the last good snapshot of every stale page again with the rules of today.
    async fn extract_again(&self, all: bool, telling: &mut Telling<'_>, done: &mut Reprocessed) -> anyhow::Result<()> {
        let states = self.store.page_states()?;
        let files = self.read_files_again(&states, all, done).await?;
        let mut stale = Vec::new();
        for state in states {
            let is_page = !state.snapshot.as_str().is_empty() && (state.document.is_some() || !state.version.is_empty());
            // What a source brought stays when its entry is gone: without its issuer and rules it would read worse.
            let has_source = state.source.as_str().is_empty() || self.source_with(&state).is_some();
            if is_page && has_source && (all || self.is_stale(&state, &files)?) {
                stale.push(state);
            }
        }
        for batch in stale.chunks(BATCH) {
            self.redo(batch, telling, done)?;
            (telling.progress)(done.report.fetched);
        }
        Ok(())
    }

    /// Reads archived files again that another version of the reader read. Gives their URLs.
    async fn read_files_again(
        &self,
        states: &[PageState],
        all: bool,
        done: &mut Reprocessed,
    ) -> anyhow::Result<BTreeSet<String>> {
        let mut again = BTreeSet::new();
        for state in states.iter().filter(|state| state.document.is_none() && state.kind == PageKind::Other) {
            let is_file = self.store.file_text(&state.snapshot)?.is_some();
            if is_file && self.read_file(&state.snapshot, all).await? {
                again.insert(state.url.clone());
                done.files += 1;
            }
        }
        Ok(again)
    }

    fn is_stale(&self, state: &PageState, files: &BTreeSet<String>) -> anyhow::Result<bool> {
        if state.version != self.reading_version(self.source_with(state)) {
            return Ok(true);
        }
        let Some(id) = state.document.as_ref().filter(|_| !files.is_empty()) else { return Ok(false) };
        let document = self.store.document(id)?;
        Ok(document.is_some_and(|document| document.attachments.iter().any(|attachment| files.contains(&attachment.url))))
    }

    fn source_with(&self, state: &PageState) -> Option<&Source> {
        self.stages.sources.iter().find(|source| source.id == state.source)
    }

    /// Redoes some pages, and tells what changed.
    fn redo(&self, batch: &[PageState], telling: &mut Telling<'_>, done: &mut Reprocessed) -> anyhow::Result<()> {
        let mut arrivals = Vec::new();
        let mut before = Vec::new();
        for (state, arrival) in batch.iter().zip(self.archived_arrivals(batch)) {
            match arrival {
                Ok(arrival) => {
                    arrivals.push(arrival);
                    before.push((state, self.stored_document(state)?));
                }
                Err(error) => {
                    done.report.failed += 1;
                    tracing::error!(url = state.url, error = format!("{error:#}"), "reprocess");
                }
            }
        }
        let taken = self.store_all(&arrivals, Occasion::Reading, &mut done.report)?;
        self.owe_new_parts(&arrivals)?;
        for (((state, old), arrival), taken) in before.iter().zip(&arrivals).zip(&taken) {
            let new = self.stored_document(&taken.state)?;
            let mut change = PageChange::between(&state.url, old, &new);
            if arrival.page.kind != state.kind {
                change.fields.insert("kind".to_owned(), [json(&state.kind), json(&arrival.page.kind)]);
            }
            if state.kind == PageKind::Detail && arrival.page.kind != PageKind::Detail {
                tracing::warn!(url = state.url, kind = ?arrival.page.kind, "reprocess: no longer read as a document; the stored one is kept");
            }
            if !change.is_none() {
                done.changed += 1;
                (telling.changed)(&change);
            }
        }
        Ok(())
    }

    fn stored_document(&self, state: &PageState) -> anyhow::Result<Document> {
        let Some(id) = &state.document else { return Ok(Document::default()) };
        Ok(self.store.document(id)?.unwrap_or_default())
    }

    /// Articles of which the rules of today know further pages that were never fetched: the next crawl fetches them.
    fn owe_new_parts(&self, arrivals: &[Arrival<'_>]) -> anyhow::Result<()> {
        let mut owed = Vec::new();
        for arrival in arrivals {
            let is_missing = arrival.page.issues.iter().any(|issue| issue.code == "part_missing");
            if let Some(source) = arrival.source.filter(|_| is_missing) {
                let one = Owed { url: arrival.page.url.clone(), want: Want::Page, since: self.clock.now(), ..Owed::default() };
                owed.push((source.id.clone(), one));
            }
        }
        if owed.is_empty() {
            return Ok(());
        }
        Ok(self.store.record_visits(&Visits { owed, ..Visits::default() })?)
    }

    /// The version of code and rules that reads pages of a source: another one makes its pages stale.
    pub(crate) fn reading_version(&self, source: Option<&Source>) -> String {
        let own = source.map(|source| (&source.list, &source.detail, &source.json, &source.family, &source.encoding));
        let own = own.and_then(|own| serde_json::to_string(&own).ok()).unwrap_or_default();
        format!("{}-{}", self.stages.extractor.version(), &model::fingerprint::sha256_hex(own.as_bytes())[..8])
    }

    /// Archived pages read again on all cores, in order.
    fn archived_arrivals(&self, states: &[PageState]) -> Vec<anyhow::Result<Arrival<'_>>> {
        let read = in_parallel(states, |state| self.archived_arrival(state, self.source_with(state)));
        let panicked = |state: &PageState| anyhow::anyhow!("page {}: reading it panicked", state.url);
        read.into_iter().zip(states).map(|(read, state)| read.unwrap_or_else(|| Err(panicked(state)))).collect()
    }

    /// A page's last good snapshot read again, with the further pages of its article.
    ///
    /// # Errors
    /// Where the archive does not have them.
    pub(crate) fn archived_arrival<'a>(&self, state: &PageState, source: Option<&'a Source>) -> anyhow::Result<Arrival<'a>> {
        let mut arrival = self.read_archived(&state.url, &state.snapshot, source)?;
        if arrival.page.kind == PageKind::Detail && !arrival.page.parts.is_empty() {
            let mut joining = Joining::of(&arrival.page);
            while let Some(url) = joining.next() {
                let part = self.stored_part(&state.parts, &url, source)?;
                joining.take(url, part);
            }
            // Where pages of the article are missing, what is stored is not replaced by less.
            arrival.is_short = joining.finish(&mut arrival) > 0;
        }
        Ok(arrival)
    }

    /// Reads an archived page. One body may have come from several addresses, so the record of this very address is
    /// preferred to the first one with the body.
    ///
    /// # Errors
    /// Where the archive does not have it.
    pub(crate) fn read_archived<'a>(
        &self,
        url: &str,
        snapshot: &SnapshotId,
        source: Option<&'a Source>,
    ) -> anyhow::Result<Arrival<'a>> {
        let requested = Url::parse(url)?;
        let own = self.archive.latest_of(url).filter(|entry| entry.id == *snapshot);
        let found = match own {
            Some(entry) => Some(self.archive.read(&entry)?),
            None => self.archive.get(snapshot)?,
        };
        let found = found.ok_or_else(|| anyhow::anyhow!("snapshot {snapshot} is not in the archive"))?;
        let response = Response {
            url: Url::parse(&found.url).unwrap_or_else(|_| requested.clone()),
            requested,
            post: None,
            status: found.status,
            headers: found.headers,
            body: found.body,
            fetched_at: found.fetched_at,
        };
        let arrival = self.read_all(vec![((response, source), snapshot.clone())]).pop();
        arrival.ok_or_else(|| anyhow::anyhow!("page {url} could not be read"))
    }
}

impl PageChange {
    /// What differs between two readings of one page.
    fn between(url: &str, old: &Document, new: &Document) -> Self {
        let mut change = Self { url: url.to_owned(), ..Self::default() };
        let (old_fields, new_fields) = (members(old), members(new));
        let names: BTreeSet<&String> = old_fields.keys().chain(new_fields.keys()).collect();
        for name in names.into_iter().filter(|name| *name != "text") {
            let of = |fields: &serde_json::Map<String, Value>| fields.get(name).cloned().unwrap_or(Value::Null);
            let (was, is) = (of(&old_fields), of(&new_fields));
            if was != is {
                let pair = if ["blocks", "tables", "fields_from"].contains(&name.as_str()) {
                    [count(&was), count(&is)]
                } else {
                    [was, is]
                };
                change.fields.insert(name.clone(), pair);
            }
        }
        change.text = (old.text != new.text).then(|| TextChange::between(&old.text, &new.text));
        change
    }

    fn is_none(&self) -> bool {
        self.fields.is_empty() && self.text.is_none()
    }
}

impl TextChange {
    fn between(old: &str, new: &str) -> Self {
        let mut lines: BTreeMap<&str, i64> = BTreeMap::new();
        new.lines().for_each(|line| *lines.entry(line).or_default() += 1);
        old.lines().for_each(|line| *lines.entry(line).or_default() -= 1);
        let characters = |text: &str| text.chars().count() as u64;
        let sum = |sign: i64| {
            let surplus = |(line, count): (&&str, &i64)| characters(line) * u64::try_from(count * sign).unwrap_or_default();
            lines.iter().map(surplus).sum()
        };
        Self { before: characters(old), after: characters(new), added: sum(1), removed: sum(-1) }
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn members(document: &Document) -> serde_json::Map<String, Value> {
    match json(document) {
        Value::Object(members) => members,
        _ => serde_json::Map::new(),
    }
}

fn count(value: &Value) -> Value {
    let members = value.as_array().map(Vec::len).or(value.as_object().map(serde_json::Map::len));
    Value::from(members.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(title: &str, text: &str) -> Document {
        Document { title: title.to_owned(), text: text.to_owned(), ..Document::default() }
    }

    #[test]
    fn a_change_names_each_field_and_how_much_of_the_text() {
        let change = PageChange::between("u", &document("旧标题", "甲\n乙乙\n丙"), &document("新标题", "甲\n丙\n丁丁丁"));
        assert_eq!(change.fields["title"], [Value::from("旧标题"), Value::from("新标题")]);
        assert_eq!(change.fields.len(), 1);
        assert_eq!(change.text, Some(TextChange { before: 6, after: 7, added: 3, removed: 2 }));
        assert!(PageChange::between("u", &document("题", "甲"), &document("题", "甲")).is_none());
    }
}
