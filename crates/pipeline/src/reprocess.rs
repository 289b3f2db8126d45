//! Redoing a step from stored input: extraction from the archive, annotation from stored texts, the index from the store.

use fetch::Response;
use model::{PageKind, RunReport};
use serde::Serialize;
use store::PageState;
use url::Url;

use crate::intake::Arrivals;
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
    /// Policies annotated again.
    pub annotated: u64,
    /// Policies indexed again.
    pub indexed: u64,
}

/// Pages redone between two durable steps.
const BATCH: usize = 64;

impl Pipeline {
    /// Redoes everything from a step on.
    ///
    /// # Errors
    /// Where the archive, the store or the index cannot be read or written.
    pub fn reprocess(&self, from: Step, progress: &mut dyn FnMut(u64)) -> anyhow::Result<Reprocessed> {
        let mut done = Reprocessed::default();
        if from == Step::Extract {
            done.report = self.extract_again(progress)?;
        }
        if matches!(from, Step::Extract | Step::Annotate) {
            // Another version than any: every annotation is made anew.
            self.store.set_mark_text("annotator", "")?;
        }
        if from == Step::Index {
            done.indexed = self.rebuild_index(&mut |done| progress(done.indexed))?.indexed;
        }
        let processed = self.process(&mut |done| progress(done.annotated + done.indexed))?;
        done.report.failed += processed.failed;
        done.annotated = processed.annotated;
        done.indexed += processed.indexed;
        Ok(done)
    }

    /// Reads the last good snapshot of every known page again with the rules of today.
    fn extract_again(&self, progress: &mut dyn FnMut(u64)) -> anyhow::Result<RunReport> {
        let mut report = RunReport::default();
        let states = self.store.page_states()?;
        for batch in states.chunks(BATCH) {
            let mut arrivals = Arrivals::default();
            let (mut before, mut snapshots) = (Vec::new(), Vec::new());
            for state in batch.iter().filter(|state| !state.snapshot.as_str().is_empty()) {
                match self.archived(state) {
                    Ok(response) => {
                        let source = self.stages.sources.iter().find(|source| source.id == state.source);
                        arrivals.push(response, source);
                        snapshots.push(state.snapshot.clone());
                        before.push(state);
                    }
                    Err(error) => {
                        report.failed += 1;
                        tracing::error!(url = state.url, error = format!("{error:#}"), "reprocess");
                    }
                }
            }
            for (before, page) in before.into_iter().zip(self.read_in(&arrivals, &snapshots, &mut report)?) {
                if before.kind == PageKind::Detail && page.kind != PageKind::Detail {
                    tracing::warn!(url = before.url, kind = ?page.kind, "reprocess: no longer read as a document; the stored one is kept");
                }
            }
            progress(report.fetched);
        }
        Ok(report)
    }

    /// The archived answer a page's state was made of. One body may have come from several addresses, so the record of
    /// this very address is preferred to the first one with the body.
    fn archived(&self, state: &PageState) -> anyhow::Result<Response> {
        let requested = Url::parse(&state.url)?;
        let own = self.archive.latest_of(&state.url).filter(|entry| entry.id == state.snapshot);
        let snapshot = match own {
            Some(entry) => Some(self.archive.read(&entry)?),
            None => self.archive.get(&state.snapshot)?,
        };
        let snapshot = snapshot.ok_or_else(|| anyhow::anyhow!("snapshot {} is not in the archive", state.snapshot))?;
        Ok(Response {
            url: Url::parse(&snapshot.url).unwrap_or_else(|_| requested.clone()),
            requested,
            status: snapshot.status,
            headers: snapshot.headers,
            body: snapshot.body,
            fetched_at: snapshot.fetched_at,
        })
    }
}
