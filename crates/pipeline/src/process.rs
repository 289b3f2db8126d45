//! What follows the store: annotation of what is new or stale, then the index; both catch up from a mark, so a killed run
//! loses nothing and a finished one does nothing twice.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use model::{Annotation, PolicyId, Record};
use search::SearchError;
use store::Annotated;

use crate::annotation_change::PolicyChange;
use crate::parallel::in_parallel;
use crate::pipeline::Pipeline;

/// Records handled between two durable steps.
pub(crate) const BATCH: usize = 256;

/// The version of what is read of links between policies: another one reads all texts anew.
const LINKS_VERSION: &str = "l2";

/// What a run of the steps after the store did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Processed {
    /// Policies annotated.
    pub annotated: u64,
    /// Policies whose life-cycle state changed with the calendar.
    pub states: u64,
    /// Policies put into the index.
    pub indexed: u64,
    /// Policies that could not be read or annotated; each is named in the log.
    pub failed: u64,
}

/// Puts records into an index, and takes out the ids of policies that were merged into others.
type Put<'a> = &'a dyn Fn(&[Record], &[PolicyId]) -> Result<(), SearchError>;

impl Pipeline {
    /// Annotates and indexes everything that changed since the last time; `progress` is told each batch.
    ///
    /// # Errors
    /// Where the store or the index cannot be written.
    pub fn process(&self, progress: &mut dyn FnMut(&Processed)) -> anyhow::Result<Processed> {
        self.process_telling(progress, &mut |_| {})
    }

    /// The same; `changed` is told each policy whose annotation now says something else of the same text.
    pub(crate) fn process_telling(
        &self,
        progress: &mut dyn FnMut(&Processed),
        changed: &mut dyn FnMut(&PolicyChange),
    ) -> anyhow::Result<Processed> {
        let mut done = Processed::default();
        self.annotate_changed(&mut done, progress, changed)?;
        self.settle_courses(&mut done)?;
        done.states = self.refresh_states()?;
        self.index_changed(&mut done, progress)?;
        Ok(done)
    }

    /// Brings this folder's index up to what the store holds, whoever changed it.
    ///
    /// # Errors
    /// Where the store cannot be read or the index cannot be written.
    pub fn follow(&self) -> anyhow::Result<Processed> {
        let mut done = Processed::default();
        self.index_changed(&mut done, &mut |_| {})?;
        Ok(done)
    }

    fn annotate_changed(
        &self,
        done: &mut Processed,
        progress: &mut dyn FnMut(&Processed),
        told: &mut dyn FnMut(&PolicyChange),
    ) -> anyhow::Result<()> {
        let version = self.language_version();
        let everything = self.store.mark_text("annotator")?.as_deref() != Some(version.as_str());
        let seen = if everything { 0 } else { self.store.mark("annotated")? };
        let (upto, changed) = self.store.changed_since(seen)?;
        for batch in changed.chunks(BATCH) {
            let records = self.readable(batch, done);
            let made = in_parallel(&records, |record| self.annotated(record, everything));
            let mut results = Vec::new();
            for (record, made) in records.iter().zip(made) {
                match made {
                    Some((is_new, annotated)) => {
                        done.annotated += u64::from(is_new);
                        if let Some(change) = annotated.as_ref().and_then(|annotated| change_of(record, &annotated.annotation)) {
                            told(&change);
                        }
                        results.extend(annotated);
                    }
                    None => {
                        done.failed += 1;
                        tracing::error!(policy = %record.policy.id, "annotate: panicked; the policy is kept without annotation");
                    }
                }
            }
            self.store.set_annotations(&results, self.clock.now())?;
            progress(done);
        }
        self.store.set_mark("annotated", upto)?;
        Ok(self.store.set_mark_text("annotator", &version)?)
    }

    /// The version of rules and dictionary: another one makes every annotation anew.
    fn language_version(&self) -> String {
        format!("{}-{}-{LINKS_VERSION}", self.stages.annotator.version(), self.stages.dictionary_version())
    }

    pub(crate) fn readable(&self, ids: &[PolicyId], done: &mut Processed) -> Vec<Record> {
        let mut records = Vec::with_capacity(ids.len());
        for id in ids {
            match self.store.record(id) {
                Ok(record) => records.extend(record),
                Err(error) => {
                    done.failed += 1;
                    tracing::error!(policy = %id, %error, "the stored record cannot be read");
                }
            }
        }
        records
    }

    /// What a record's annotation should be, and what it says of others; `None` inside where they are so already. The
    /// store shows an empty annotation beside a text it was not made of, so its version tells what is stale.
    fn annotated(&self, record: &Record, anew: bool) -> (bool, Option<Annotated>) {
        let is_stale = anew || record.annotation.version != self.stages.annotator.version();
        let annotation = if is_stale { self.annotate_record(record) } else { record.annotation.clone() };
        let policy = &record.policy.id;
        let speaker =
            annotate::Speaker { policy, document: &record.document, annotation: &annotation, region: &record.policy.region };
        let links: Vec<_> = annotate::links(speaker).into_iter().chain(annotate::kin(speaker)).collect();
        // A value that cannot be read is written anew.
        let is_other = is_stale || self.store.links_said(policy, store::FROM_TEXT).ok().as_ref() != Some(&links);
        let annotated = Annotated { policy: policy.clone(), of: store::hash_of(&record.document), annotation, links };
        (is_stale, is_other.then_some(annotated))
    }

    /// Annotates one record's current text.
    #[must_use]
    pub fn annotate_record(&self, record: &Record) -> Annotation {
        self.stages.annotator.annotate_document(&record.document, &record.policy.region)
    }

    /// Brings the index up to the store. One made with another dictionary is built anew first, while it goes on answering.
    fn index_changed(&self, done: &mut Processed, progress: &mut dyn FnMut(&Processed)) -> anyhow::Result<()> {
        if self.index.is_stale() {
            tracing::info!("the index was made with another dictionary; it is built again beside the one in use");
            return self.build_beside(done, progress);
        }
        let _one_at_a_time = self.indexing.lock().unwrap_or_else(PoisonError::into_inner);
        let put = |records: &[Record], merged: &[PolicyId]| {
            self.index.put(records)?;
            self.index.remove(merged)
        };
        let upto = self.put_since(self.index_mark()?, &put, done, progress)?;
        if let Some(upto) = upto {
            self.index.commit()?;
            self.set_index_mark(upto)?;
        }
        if self.index.needs_rebuild() {
            self.index.mark_rebuilt()?;
        }
        Ok(())
    }

    fn is_merged(&self, id: &PolicyId) -> bool {
        self.store.policy(id).is_ok_and(|policy| policy.is_none_or(|policy| policy.id != *id))
    }

    /// Puts every policy changed since a mark into an index; gives the new mark, where anything changed.
    fn put_since(
        &self,
        mark: u64,
        put: Put<'_>,
        done: &mut Processed,
        progress: &mut dyn FnMut(&Processed),
    ) -> anyhow::Result<Option<u64>> {
        let (upto, changed) = self.store.changed_since(mark)?;
        for batch in changed.chunks(BATCH * 4) {
            let records = self.readable(batch, done);
            // The id of a policy that was merged leads to another one's record.
            let present: BTreeSet<&PolicyId> = records.iter().map(|record| &record.policy.id).collect();
            let gone = |id: &&PolicyId| !present.contains(id) && self.is_merged(id);
            let merged: Vec<PolicyId> = batch.iter().filter(gone).cloned().collect();
            put(&records, &merged)?;
            done.indexed += records.len() as u64;
            progress(done);
        }
        Ok((upto != mark).then_some(upto))
    }

    /// Builds the index again from the store, beside the one in use, and switches to it. Killed at any moment before the
    /// switch it leaves everything as it was; after it, what changed meanwhile is put in again.
    fn build_beside(&self, done: &mut Processed, progress: &mut dyn FnMut(&Processed)) -> anyhow::Result<()> {
        let _one_rebuild = self.rebuilding.lock().unwrap_or_else(PoisonError::into_inner);
        let rebuild = self.index.rebuild()?;
        let put = |records: &[Record], merged: &[PolicyId]| {
            rebuild.put(records)?;
            rebuild.remove(merged)
        };
        let most = self.put_since(0, &put, done, progress)?.unwrap_or_default();
        rebuild.commit()?;
        // Only what changed meanwhile is left to do while nothing else may be put in.
        let _one_at_a_time = self.indexing.lock().unwrap_or_else(PoisonError::into_inner);
        let upto = self.put_since(most, &put, done, progress)?.unwrap_or(most);
        // The mark behind the switch: killed between them, the new index gets some policies a second time.
        self.index.switch(rebuild)?;
        self.set_index_mark(upto)
    }

    /// Builds the index again from the store, while it goes on answering.
    ///
    /// # Errors
    /// Where the store cannot be read or the index cannot be written.
    pub fn rebuild_index(&self, progress: &mut dyn FnMut(&Processed)) -> anyhow::Result<Processed> {
        let mut done = Processed::default();
        self.build_beside(&mut done, progress)?;
        Ok(done)
    }
}

/// How an annotation differs from the stored one. A text without one, as a new revision is, has nothing to differ from.
fn change_of(record: &Record, annotation: &Annotation) -> Option<PolicyChange> {
    if record.annotation.version.is_empty() {
        return None;
    }
    PolicyChange::between(&record.policy.id, &record.document.title, &record.annotation, annotation)
}
