//! Calling an engine so that neither its errors nor its panics pass unexplained.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::error::{StoreError, is_full};

/// What an engine did instead of answering.
pub(super) enum Failure<E> {
    Error(E),
    Panic(String),
}

/// What is behind an engine's own error.
pub(super) enum Cause {
    /// The file system refused.
    Io(std::io::Error),
    /// The files are not what the engine wrote.
    Damage(String),
}

impl<E: Into<Cause>> Failure<E> {
    /// The error of a call that opens a folder.
    pub(super) fn at_open(self, folder: &Path) -> StoreError {
        let damaged = |detail| StoreError::Damaged { folder: folder.to_owned(), detail };
        match self {
            Self::Panic(message) => damaged(message),
            Self::Error(error) => match error.into() {
                // Engines wrap what they find wrong in a file into errors of these kinds.
                Cause::Io(error) if is_content(&error) => damaged(error.to_string()),
                Cause::Io(error) => StoreError::io(folder, error),
                Cause::Damage(detail) => damaged(detail),
            },
        }
    }
}

fn is_content(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    !is_full(error.kind()) && matches!(error.kind(), Other | UnexpectedEof | InvalidData | InvalidInput)
}

/// Turns a panic of the call into a failure with its first line.
pub(super) fn guarded<T, E>(call: impl FnOnce() -> Result<T, E>) -> Result<T, Failure<E>> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(answer) => answer.map_err(Failure::Error),
        Err(payload) => {
            let message = payload
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_else(|| "the engine panicked".to_owned());
            Err(Failure::Panic(message.lines().next().unwrap_or_default().to_owned()))
        }
    }
}
