//! Deciding about mended rules: taken ones are written into `sources.toml` and followed from the next crawl on.
//!
//! One process holds the store. While that is the service, the command line leaves its decisions as files in the data
//! folder, and the service carries them out: whoever may write there may decide.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use model::health::State;
use model::{Source, SourceId};
use serde::{Deserialize, Serialize};
use store::{AuditEntry, PageState, Proposal, ProposalState, Visits, Want};

use crate::health::MOST_RUNS;
use crate::patch::{Patch, patched_text, replace_file};
use crate::pipeline::{Folder, Pipeline};
use crate::sources::parse_sources;

/// Decision files read at once, and the bytes of one: people write few.
const MOST_DECISIONS: usize = 100;
const MOST_DECISION_BYTES: u64 = 64 * 1024;

/// What somebody decided about a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// The proposal's id.
    pub proposal: String,
    /// Whether its rules are taken.
    pub accept: bool,
    /// Who decided.
    pub who: String,
    /// Why it is refused.
    #[serde(default)]
    pub reason: String,
}

impl Decision {
    /// Leaves the decision for the process that holds the data folder.
    ///
    /// # Errors
    /// Where the id cannot be the name of a file, or the folder cannot be written.
    pub fn leave(&self, folder: &Folder) -> anyhow::Result<()> {
        let plain = self.proposal.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        anyhow::ensure!(
            plain && !self.proposal.is_empty(),
            "`{}` is no proposal's id; `huice source proposals` lists them",
            self.proposal
        );
        let path = decisions(folder).join(format!("{}.json", self.proposal));
        let write = || {
            std::fs::create_dir_all(decisions(folder))?;
            // The reader takes whole files only.
            let fresh = path.with_extension("new");
            std::fs::write(&fresh, serde_json::to_vec(self)?)?;
            std::fs::rename(&fresh, &path)
        };
        write().with_context(|| format!("write {}", path.display()))
    }
}

fn decisions(folder: &Folder) -> PathBuf {
    folder.root().join("decisions")
}

impl Pipeline {
    /// Carries out the decisions left in the data folder. One that cannot be is logged, kept as the reason beside the
    /// source, and not tried again.
    pub(crate) fn take_decisions(&self) {
        let Ok(files) = std::fs::read_dir(decisions(&self.folder)) else { return };
        let paths = files.filter_map(Result::ok).map(|file| file.path());
        let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
        paths.sort();
        for path in paths.into_iter().take(MOST_DECISIONS) {
            let taken = self.take_decision(&path);
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::error!(file = %path.display(), %error, "decision");
                continue;
            }
            match taken {
                Ok(proposal) => tracing::info!(proposal = proposal.id, state = ?proposal.state, "decided"),
                Err(error) => tracing::error!(file = %path.display(), error = format!("{error:#}"), "decision"),
            }
        }
    }

    fn take_decision(&self, path: &std::path::Path) -> anyhow::Result<Proposal> {
        let name = path.display();
        let size = std::fs::metadata(path).with_context(|| format!("read {name}"))?.len();
        anyhow::ensure!(size <= MOST_DECISION_BYTES, "{name}: {size} bytes, expected at most {MOST_DECISION_BYTES}");
        let bytes = std::fs::read(path).with_context(|| format!("read {name}"))?;
        let decision: Decision = serde_json::from_slice(&bytes).with_context(|| format!("read {name}"))?;
        self.decide(&decision)
    }

    /// Does what a decision says.
    ///
    /// # Errors
    /// As [`Pipeline::accept`] and [`Pipeline::reject`].
    pub fn decide(&self, decision: &Decision) -> anyhow::Result<Proposal> {
        if decision.accept {
            self.accept(&decision.proposal, &decision.who)
        } else {
            self.reject(&decision.proposal, &decision.who, &decision.reason)
        }
    }

    /// Takes a proposal: its patch goes into `sources.toml`, whose old text is kept beside it, and the next crawl follows it.
    ///
    /// # Errors
    /// Where the proposal is not open, the sources are those bundled with the program, or the file cannot be written;
    /// then nothing has changed.
    pub fn accept(&self, id: &str, who: &str) -> anyhow::Result<Proposal> {
        // Two rules taken at once must both be in the file afterwards.
        let _alone = self.deciding.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let proposal =
            self.store.proposal(id)?.ok_or_else(|| anyhow!("no proposal `{id}`; `huice source proposals` lists them"))?;
        anyhow::ensure!(proposal.state == ProposalState::Open, "proposal `{id}` is {:?}, expected an open one", proposal.state);
        let Some(path) = &self.stages.data.sources_file else {
            anyhow::bail!(
                "the sources are those bundled with the program and cannot be changed: save sources.toml into a folder of \
                 your own, start with --home FOLDER, and accept again. The patch of source `{}`:\n{}",
                proposal.source,
                proposal.patch
            );
        };
        let name = path.display().to_string();
        let old = std::fs::read_to_string(path).with_context(|| format!("read {name}"))?;
        let families = self.stages.extractor.family_names();
        let patch = Patch::parse(&proposal.patch)?;
        let new = patched_text((&name, &old), &proposal.source, &patch, &self.stages.regions, &families)?;
        let backup = replace_file(path, &old, &new, id)?;
        // The file first: a crash between the two leaves a proposal that can be accepted again, which changes nothing.
        let now = self.clock.now();
        let remark = format!("old text in {}", backup.display());
        let decided = self.store.decide_proposal(id, ProposalState::Accepted, who, &remark, now)?;
        self.store.audit(&AuditEntry {
            at: now,
            who: who.to_owned(),
            action: "accept_rule".to_owned(),
            thing: format!("source/{}", proposal.source),
            before: format!("proposal/{id}"),
            after: proposal.patch,
        })?;
        if patch.list.is_some() {
            self.forget_misread(&proposal.source)?;
        }
        Ok(decided)
    }

    /// Strikes off what the broken rule listed since its trouble began and that turned out to be no document: links the
    /// mended rule would not have taken. What it does list is owed anew by the next crawl.
    fn forget_misread(&self, source: &SourceId) -> anyhow::Result<()> {
        let runs = self.store.runs(source, MOST_RUNS)?;
        let troubled = runs.iter().take_while(|run| run.state != Some(State::Healthy)).last();
        let Some(began) = troubled.map(|run| run.started) else { return Ok(()) };
        let mut visits = Visits::default();
        for owed in self.store.owed(source)?.into_iter().filter(|owed| owed.want == Want::Page && owed.since >= began) {
            let state = self.store.page_state(&owed.url)?;
            // Only what answered: a page that could not be reached may be a document.
            let is_answered = |state: &PageState| !state.snapshot.as_str().is_empty() && state.failures > 0;
            if state.is_some_and(|state| state.document.is_none() && is_answered(&state)) {
                visits.paid.push((source.clone(), owed.url));
            }
        }
        Ok(self.store.record_visits(&visits)?)
    }

    /// Refuses a proposal; the same patch is not proposed again.
    ///
    /// # Errors
    /// Where the proposal is not open or the store cannot be written.
    pub fn reject(&self, id: &str, who: &str, reason: &str) -> anyhow::Result<Proposal> {
        let now = self.clock.now();
        let decided = self.store.decide_proposal(id, ProposalState::Rejected, who, reason, now)?;
        self.store.audit(&AuditEntry {
            at: now,
            who: who.to_owned(),
            action: "reject_rule".to_owned(),
            thing: format!("source/{}", decided.source),
            before: format!("proposal/{id}"),
            after: reason.to_owned(),
        })?;
        Ok(decided)
    }

    /// A source as `sources.toml` has it now: rules accepted or written since the start are followed at the next crawl.
    /// A file that does not read leaves the source as it was.
    #[must_use]
    pub fn as_written(&self, source: &Source) -> Source {
        let Some(path) = &self.stages.data.sources_file else { return source.clone() };
        let name = path.display().to_string();
        let families = self.stages.extractor.family_names();
        let read = std::fs::read_to_string(path)
            .map_err(anyhow::Error::from)
            .and_then(|text| Ok(parse_sources(&name, &text, &self.stages.regions, &families)?));
        match read {
            Ok(sources) => sources.into_iter().find(|known| known.id == source.id).unwrap_or_else(|| source.clone()),
            Err(error) => {
                tracing::error!(file = name, error = format!("{error:#}"), "sources are kept as they were at the start");
                source.clone()
            }
        }
    }
}
