//! The report that ends every crawl, import and reprocess.

use serde::{Deserialize, Serialize};

/// What a run did, counted over pages or imported documents. Printed as one JSON object.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Pages fetched (or documents read).
    pub fetched: u64,
    /// Policies seen for the first time.
    pub new: u64,
    /// Policies whose main text changed.
    pub revised: u64,
    /// Documents that brought nothing new.
    pub unchanged: u64,
    /// Further copies of policies already known.
    pub copies: u64,
    /// List pages read.
    pub lists: u64,
    /// Redirects, script-only and anti-bot pages.
    pub shells: u64,
    /// Pages that are neither document nor list.
    pub other: u64,
    /// Listed pages that are still to be fetched: by the next run, when the window opens or the day's budget allows.
    #[serde(default)]
    pub owed: u64,
    /// Items that failed; each is recorded where it failed.
    pub failed: u64,
    /// Wall-clock time.
    pub seconds: f64,
}

impl RunReport {
    /// Adds the counts of another report; seconds are not added.
    pub fn add(&mut self, other: &Self) {
        self.fetched += other.fetched;
        self.new += other.new;
        self.revised += other.revised;
        self.unchanged += other.unchanged;
        self.copies += other.copies;
        self.lists += other.lists;
        self.shells += other.shells;
        self.other += other.other;
        self.owed += other.owed;
        self.failed += other.failed;
    }
}
