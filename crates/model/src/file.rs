//! Files attached to documents: what one is by its bytes, and what was read of it.

use serde::{Deserialize, Serialize};

use crate::document::{Block, Issue, Table};
use crate::id::SnapshotId;

/// Kinds of files that documents are attached as, told by their bytes: a name is only a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A web page, often an error page saved as an attachment.
    Html,
    /// PDF.
    Pdf,
    /// Binary Word.
    Doc,
    /// Word in a ZIP.
    Docx,
    /// Binary Excel.
    Xls,
    /// Excel in a ZIP.
    Xlsx,
    /// WPS Writer; by content a binary Word file with another name for its main stream, or the same.
    Wps,
    /// OFD, the national fixed-layout format (GB/T 33190).
    Ofd,
    /// RAR archive.
    Rar,
    /// ZIP archive that is none of the above.
    Zip,
    /// A picture.
    Image,
    /// Plain text.
    Text,
    /// Anything else.
    #[default]
    Unknown,
}

/// How reading a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Not fetched or not read yet, or fetching failed.
    #[default]
    Missing,
    /// Its text was read.
    Text,
    /// Pictures of pages without text: a person or a recogniser must read it. Never an empty policy.
    Scan,
    /// Opened, and nothing was in it.
    Empty,
    /// A format that is not read (RAR, presentations, pictures).
    Unsupported,
    /// Needs a password.
    Encrypted,
    /// Not readable as what its bytes say, or its reader panicked.
    Damaged,
    /// Beyond a limit: bytes, entries, ratio, depth, time or memory. What was read before the limit is kept.
    Limited,
}

/// What was read of one file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FileText {
    /// What it is, by its bytes.
    pub kind: FileKind,
    /// How reading ended.
    pub state: FileState,
    /// Its text in reading order, one block a paragraph or table row; `Block::table` points into `tables`.
    #[serde(default)]
    pub blocks: Vec<Block>,
    /// Its tables; sheets of a workbook are tables.
    #[serde(default)]
    pub tables: Vec<Table>,
    /// Pages or sheets, where the format has them.
    #[serde(default)]
    pub pages: u32,
    /// Files inside a bundle, each under its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<(String, FileText)>,
    /// What was wrong or doubtful.
    #[serde(default)]
    pub issues: Vec<Issue>,
}

/// What a document remembers of one of its attachments after it was fetched and read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// What it is, by its bytes.
    pub kind: FileKind,
    /// How reading ended.
    pub state: FileState,
    /// The archived bytes; empty where fetching failed.
    #[serde(default)]
    pub snapshot: SnapshotId,
    /// Characters of text read.
    #[serde(default)]
    pub characters: u64,
    /// Why there is no text, or less, for a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
}
