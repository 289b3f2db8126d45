//! Attached files: fetched after their documents are stored, archived, read once by their bytes, and put behind the text.
//!
//! A file may be slow, huge or missing, so its document does not wait for it; what is still to be fetched is owed, and a
//! run that ends before it leaves that to the next one.

use fetch::{Request, Response};
use model::{Attachment, FileState, FileText, Issue, PageKind, RunReport, SnapshotId, Source};
use store::{Change, Owed, PageState, Visits, Want};
use url::Url;

use super::ask::{Purpose, Run};
use super::revisit;
use crate::annex::MOST_ATTACHMENTS;
use crate::intake::{MOST_FAILURES, Occasion};
use crate::pipeline::Pipeline;

/// Changes whenever a file reads differently by the same bytes.
const READER_VERSION: &str = "1";

/// The version of a reading where there is no reader: the file's kind alone.
const NO_READER: &str = "none";

/// Bytes of one document's files that are fetched in one run.
const MOST_BYTES: usize = 200 << 20;

impl Run<'_> {
    /// Fetches and reads the files that documents of this source owe.
    ///
    /// # Errors
    /// Where the archive or the store cannot be written.
    pub(super) async fn fetch_files(&mut self) -> anyhow::Result<()> {
        let owed = self.pipeline.store.owed(&self.source.id)?;
        for owed in owed.into_iter().filter(|owed| owed.want != Want::Page) {
            if !self.goes_on() {
                break;
            }
            self.files_of(&owed).await?;
        }
        Ok(())
    }

    async fn files_of(&mut self, owed: &Owed) -> anyhow::Result<()> {
        let store = &self.pipeline.store;
        let state = store.page_state(&owed.url)?;
        let document = match state.as_ref().and_then(|state| state.document.as_ref()) {
            Some(id) => store.document(id)?,
            None => None,
        };
        let attachments = document.map(|document| document.attachments).unwrap_or_default();
        let (mut is_new, mut is_unread, mut bytes) = (false, false, 0);
        for attachment in attachments.iter().take(MOST_ATTACHMENTS) {
            if bytes > MOST_BYTES {
                tracing::warn!(document = owed.url, bytes, "the files of one document are too large; the others are left");
                break;
            }
            let seen = self.file(attachment, owed.want == Want::FilesAnew).await?;
            is_new |= seen.is_new;
            is_unread |= seen.is_unread;
            bytes += seen.bytes;
        }
        if let Some(state) = state.filter(|_| is_new) {
            self.pipeline.read_again(&state, self.source, &mut self.report)?;
        }
        if is_unread {
            return Ok(());
        }
        let paid = vec![(self.source.id.clone(), owed.url.clone())];
        Ok(self.pipeline.store.record_visits(&Visits { paid, ..Visits::default() })?)
    }

    /// One file: fetched where it is not there or has to be looked at again, and read.
    async fn file(&mut self, attachment: &Attachment, anew: bool) -> anyhow::Result<Seen> {
        let mut seen = Seen::default();
        let Ok(url) = Url::parse(&attachment.url) else { return Ok(seen) };
        let known = self.pipeline.store.page_state(url.as_str())?;
        if known.as_ref().is_some_and(|state| state.document.is_some()) {
            return Ok(seen);
        }
        let now = self.pipeline.clock.now();
        let is_wanted = match &known {
            None => true,
            Some(state) if state.failures >= MOST_FAILURES => false,
            Some(state) if state.failures > 0 => revisit::due(state).is_none_or(|due| due <= now),
            Some(state) => state.snapshot.as_str().is_empty() || anew,
        };
        if is_wanted {
            if !self.grant(&[&url], Purpose::Page)?.contains(&true) {
                return Ok(Seen { is_unread: true, ..seen });
            }
            seen.bytes = self.fetch_file(&url, attachment, known).await?;
        }
        let state = self.pipeline.store.page_state(url.as_str())?.unwrap_or_default();
        let was_read = self.pipeline.read_file(&state.snapshot, false).await?;
        let is_failed = state.failures > 0 || state.snapshot.as_str().is_empty();
        seen.is_unread = is_failed && state.failures < MOST_FAILURES;
        // Also a failure is new: the document says what became of its file.
        let is_other = attachment.file.as_ref().is_none_or(|file| file.snapshot != state.snapshot);
        seen.is_new = was_read || is_failed || is_other;
        Ok(seen)
    }

    /// Fetches one file and archives it; a failure is remembered and costs only the file.
    async fn fetch_file(&mut self, url: &Url, attachment: &Attachment, known: Option<PageState>) -> anyhow::Result<usize> {
        let validators = known.as_ref().filter(|state| !state.snapshot.as_str().is_empty());
        let (etag, last_modified) = validators.map(|state| (state.etag.clone(), state.last_modified.clone())).unwrap_or_default();
        let request = Request { etag, last_modified, rate_ms: self.source.rate_ms, ..Request::get(url.clone()) };
        let now = self.pipeline.clock.now();
        let mut state = known.unwrap_or_else(|| PageState {
            url: url.to_string(),
            source: self.source.id.clone(),
            kind: PageKind::Other,
            first_seen: now,
            ..PageState::default()
        });
        state.fetched_at = now;
        let mut bytes = 0;
        match self.ask(&request).await {
            Ok(response) if response.not_modified() => (state.failures, state.last_error) = (0, None),
            Ok(response) if (200..300).contains(&response.status) => {
                bytes = response.body.len();
                state.issues = mislabelled(&response, &attachment.name);
                state.snapshot = self.pipeline.archive.put(&response)?;
                state.etag = response.header("etag").map(str::to_owned);
                state.last_modified = response.header("last-modified").map(str::to_owned);
                (state.failures, state.last_error) = (0, None);
            }
            Ok(response) => {
                self.pipeline.archive.put(&response)?;
                state.failures += 1;
                state.last_error = Some(format!("http status {}", response.status));
            }
            Err(error) => {
                state.failures += 1;
                state.last_error = Some(error.to_string());
            }
        }
        if let Some(error) = &state.last_error {
            tracing::warn!(%url, error, "attachment");
        }
        self.pipeline.store.put_page_state(&state)?;
        Ok(bytes)
    }
}

/// What became of one file.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// Whether its document is to be put together anew.
    is_new: bool,
    /// Whether it is still to be fetched.
    is_unread: bool,
    bytes: usize,
}

/// What is said about a file that is not what its name says.
fn mislabelled(response: &Response, name: &str) -> Vec<Issue> {
    let issue =
        extract::mislabelled(&response.body, name).or_else(|| extract::mislabelled(&response.body, response.requested.path()));
    if let Some(issue) = &issue {
        tracing::warn!(url = %response.requested, name, code = issue.code, detail = issue.detail, "attachment");
    }
    issue.into_iter().collect()
}

impl Pipeline {
    /// Reads an archived file unless this version of the reader did already, or always. Says whether it did now.
    ///
    /// # Errors
    /// Where the archive cannot be read or the store cannot be written.
    pub(crate) async fn read_file(&self, snapshot: &SnapshotId, always: bool) -> anyhow::Result<bool> {
        if snapshot.as_str().is_empty() || !(self.is_to_be_read(snapshot)? || (always && self.files.is_some())) {
            return Ok(false);
        }
        let Some(archived) = self.archive.get(snapshot)? else { return Ok(false) };
        let text = match &self.files {
            Some(reader) => reader.read(&archived.body).await,
            None => FileText {
                kind: extract::file_kind(&archived.body),
                state: FileState::Unsupported,
                issues: vec![Issue::new("no_file_reader", "this program was started without a reader of files")],
                ..FileText::default()
            },
        };
        // Where the reader could not be started the file is read again once it can.
        let was_read = self.files.is_some() && !text.issues.iter().any(|issue| issue.code == "no_file_reader");
        let version = if was_read { READER_VERSION } else { NO_READER };
        self.store.put_file_text(snapshot, version, &text)?;
        Ok(true)
    }

    /// Whether a file was not read yet, or by another version of the reader. Without a reader, what was read stays.
    ///
    /// # Errors
    /// Where the store cannot be read.
    fn is_to_be_read(&self, snapshot: &SnapshotId) -> anyhow::Result<bool> {
        let known = self.store.file_text(snapshot)?.map(|(version, _)| version);
        Ok(known.is_none_or(|version| self.files.is_some() && version != READER_VERSION))
    }

    /// Puts a stored document together anew from its archived pages and what is known of its files.
    fn read_again(&self, state: &PageState, source: &Source, report: &mut RunReport) -> anyhow::Result<()> {
        let arrival = self.archived_arrival(state, Some(source))?;
        // The page was counted when it came.
        let taken = tokio::task::block_in_place(|| self.store_all(&[arrival], Occasion::Reading, &mut RunReport::default()))?;
        report.revised += taken.iter().filter(|taken| taken.change == Some(Change::Revised)).count() as u64;
        Ok(())
    }
}
