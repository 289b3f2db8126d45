//! What follows the store: annotation of what is new or stale, then the index; both catch up from a mark, so a killed run
//! loses nothing and a finished one does nothing twice.

use annotate::Input;
use model::{Annotation, PolicyId, Record};
use store::Annotated;

use crate::annotation_change::PolicyChange;
use crate::parallel::in_parallel;
use crate::pipeline::Pipeline;

/// Records handled between two durable steps.
const BATCH: usize = 256;

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
        done.states = self.refresh_states()?;
        self.index_changed(&mut done, progress)?;
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
        if everything {
            // Other words cut the texts otherwise: what was indexed with the old ones would not be found with the new.
            self.store.set_index_mark(0)?;
        }
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
        let shipped = self.stages.data.index_text("dictionary.txt").to_owned();
        let words = self.stages.data.words.iter().fold(shipped, |text, word| text + "\n" + &word.to_string());
        let dictionary = model::fingerprint::sha256_hex(words.as_bytes());
        format!("{}-{}", self.stages.annotator.version(), &dictionary[..12])
    }

    fn readable(&self, ids: &[PolicyId], done: &mut Processed) -> Vec<Record> {
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

    /// What a record's annotation and state should be today; `None` inside where they are so already. The store shows
    /// an empty annotation beside a text it was not made of, so its version tells what is stale.
    fn annotated(&self, record: &Record, anew: bool) -> (bool, Option<Annotated>) {
        let is_stale = anew || record.annotation.version != self.stages.annotator.version();
        let annotation = if is_stale { self.annotate_record(record) } else { record.annotation.clone() };
        let annotated = self.with_state(record, annotation);
        let is_other = is_stale || annotated.state != record.policy.state || annotated.evidence != record.policy.state_evidence;
        (is_stale, is_other.then_some(annotated))
    }

    fn with_state(&self, record: &Record, annotation: Annotation) -> Annotated {
        let (state, evidence) = annotate::life_cycle(&record.document, &annotation, self.clock.today());
        Annotated { policy: record.policy.id.clone(), of: store::hash_of(&record.document), annotation, state, evidence }
    }

    /// Annotates one record's current text.
    #[must_use]
    pub fn annotate_record(&self, record: &Record) -> Annotation {
        let document = &record.document;
        let input = Input {
            text: &document.text,
            title: &document.title,
            issuers: &document.issuers,
            region: &record.policy.region,
            date: document.issued.or(record.date()),
        };
        self.stages.annotator.annotate(&input)
    }

    /// Once a day: policies come into force and expire by the calendar alone. Says how many changed.
    pub(crate) fn refresh_states(&self) -> anyhow::Result<u64> {
        let today = self.clock.today().to_string();
        if self.store.mark_text("states_of")?.as_deref() == Some(today.as_str()) {
            return Ok(0);
        }
        let mut changed = Vec::new();
        for record in self.store.records() {
            match record {
                Ok(record) => {
                    let annotated = self.with_state(&record, record.annotation.clone());
                    let is_other = annotated.state != record.policy.state;
                    // Without annotation there is no state to speak of yet: the record waits for the step before.
                    changed.extend((is_other && !record.annotation.version.is_empty()).then_some(annotated));
                }
                Err(error) => tracing::error!(%error, "states: a stored record cannot be read"),
            }
        }
        self.store.set_annotations(&changed, self.clock.now())?;
        self.store.set_mark_text("states_of", &today)?;
        Ok(changed.len() as u64)
    }

    fn index_changed(&self, done: &mut Processed, progress: &mut dyn FnMut(&Processed)) -> anyhow::Result<()> {
        let (upto, changed) = self.store.changed_since(self.store.index_mark()?)?;
        for batch in changed.chunks(BATCH * 4) {
            let records = self.readable(batch, done);
            self.index.put(&records)?;
            done.indexed += records.len() as u64;
            progress(done);
        }
        if !changed.is_empty() {
            self.index.commit()?;
        }
        self.store.set_index_mark(upto)?;
        if self.index.needs_rebuild() {
            self.index.mark_rebuilt()?;
        }
        Ok(())
    }

    /// Empties the index and builds it again from the store.
    ///
    /// # Errors
    /// Where the store cannot be read or the index cannot be written.
    pub fn rebuild_index(&self, progress: &mut dyn FnMut(&Processed)) -> anyhow::Result<Processed> {
        self.index.clear()?;
        self.store.set_index_mark(0)?;
        let mut done = Processed::default();
        self.index_changed(&mut done, progress)?;
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
