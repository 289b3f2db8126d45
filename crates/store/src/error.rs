//! What can go wrong in the store, as a caller has to tell it apart.
//!
//! Policy: a wrong folder (locked, newer, damaged) is refused at open and the message says what to do; a damaged value
//! costs only itself and is named; a failed write stops the store, because nobody can say what reached the disk.

use std::io;
use std::path::{Path, PathBuf};

use model::message::MessageState;
use model::{MessageId, PolicyId};

/// The answer of every fallible call of this crate.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process (or another handle of this one) has the folder open.
    #[error("{} is in use by another process; stop that one or choose another folder with --data", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder or a value in it was written by a newer version of the program.
    #[error("{} has format {found}, this program reads up to {known}; use the newer program that wrote it", folder.display())]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// The folder holds the store of another engine than the one asked for.
    #[error("{} holds a store of engine {found}, not {asked}; open it as `{found}:{}`", folder.display(), folder.display())]
    OtherEngine {
        /// The folder.
        folder: PathBuf,
        /// The engine that wrote it.
        found: String,
        /// The engine asked for.
        asked: &'static str,
    },
    /// No store can be where the URL says.
    #[error("store `{url}`: {reason}; expected sled:FOLDER, redb:FOLDER or postgres://USER@HOST/DATABASE")]
    Url {
        /// The URL without its secret part.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database server cannot be asked, or did not say whether it kept what it was given.
    #[error("{}: {detail}; nothing was acknowledged, so it is safe to try again", server.display())]
    Unreachable {
        /// Its URL without the secret part.
        server: PathBuf,
        /// What it said.
        detail: String,
    },
    /// The engine's files do not open or have lost acknowledged writes.
    #[error(
        "{} is damaged: {detail}; keep a copy of the folder, then restore the last backup into a new one \
         (`huice restore`) or start a new one and fill it from the archive (`huice reprocess`)", folder.display()
    )]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// What was seen.
        detail: String,
    },
    /// One value does not have the bytes that were stored; everything else stays readable.
    #[error("the value of `{key}` in table {table} is damaged: {detail}; restore it from a backup or store its item again")]
    DamagedValue {
        /// The table.
        table: &'static str,
        /// The key, readable.
        key: String,
        /// What was seen.
        detail: String,
    },
    /// No room for a write. Nothing of it is kept.
    #[error("no space left for {}: {detail}; free some, then open the store again", path.display())]
    DiskFull {
        /// The file or folder that could not grow.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
    /// The file system refused something.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier write failed, so the store takes no more of them until it is opened again.
    #[error("the store in {} stopped after a failed write ({detail}); open it again", folder.display())]
    Stopped {
        /// The folder.
        folder: PathBuf,
        /// The failure that stopped it.
        detail: String,
    },
    /// There is no such thing.
    #[error("no {what} `{id}`")]
    Unknown {
        /// `policy`, `message` …
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// The value breaks a rule of the store.
    #[error("{what} `{id}` refused: {reason}")]
    Refused {
        /// `document`, `message` …
        what: &'static str,
        /// Its id.
        id: String,
        /// The rule.
        reason: String,
    },
    /// A message cannot go from the one state to the other.
    #[error("message {message} is {from:?} and cannot become {to:?}")]
    IllegalTransition {
        /// The message.
        message: MessageId,
        /// Its stored state.
        from: MessageState,
        /// The wanted state.
        to: MessageState,
    },
    /// The annotation was made of another text than the stored one.
    #[error("the annotation of policy {policy} does not fit its text: {detail}")]
    Misfit {
        /// The policy.
        policy: PolicyId,
        /// The first quote that is not where its span says.
        detail: String,
    },
    /// Somebody else changed the same keys again and again.
    #[error("the write met others on the same keys too often; try again")]
    Conflict,
    /// The audit log was changed after it was written.
    #[error("audit entry {entry}: {detail}")]
    AuditBroken {
        /// Number of the entry, from 1.
        entry: u64,
        /// What does not fit.
        detail: String,
    },
    /// A backup is incomplete or was changed.
    #[error("backup {}: {detail}", path.display())]
    Backup {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
}

impl StoreError {
    /// An error of the file system, told apart by what a person has to do about it.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        if is_full(source.kind()) {
            return Self::DiskFull { path: path.to_owned(), detail: source.to_string() };
        }
        Self::Io { path: path.to_owned(), source }
    }

    /// There is no such policy.
    pub(crate) fn unknown_policy(id: &PolicyId) -> Self {
        Self::Unknown { what: "policy", id: id.to_string() }
    }

    /// A rule of the store broken by a thing.
    pub(crate) fn refused(what: &'static str, id: &str, reason: impl Into<String>) -> Self {
        // Ids come from outside and may be megabytes long.
        let id: String = id.chars().take(80).collect();
        Self::Refused { what, id, reason: reason.into() }
    }
}

/// Whether a write failed because there was no room: disk, quota or the largest file allowed.
pub(crate) fn is_full(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// `map_err(at(path))`: the error of the file system with the path it is about.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    move |source| StoreError::io(path, source)
}
