//! What can go wrong: with the index, and with a question. Errors of a question are shown to its author, so they are
//! in Chinese.

use std::path::PathBuf;

/// Why the index could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Another process writes to the index; it can still be searched.
    #[error("index {} is locked: another process writes to it", dir.display())]
    Locked {
        /// The index folder.
        dir: PathBuf,
    },
    /// The folder holds an index of another version and another process holds its lock, so it cannot be emptied.
    #[error("index {} has version `{found}`, expected `{expected}`, and is in use: stop the process that uses it", dir.display())]
    Stale {
        /// The index folder.
        dir: PathBuf,
        /// The version found.
        found: String,
        /// The version this program writes.
        expected: String,
    },
    /// The question is not acceptable.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A file of the index could not be read or written.
    #[error("index file {}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What should be a snapshot of an index is none, or a folder that should be new is in use.
    #[error("index snapshot {}: {problem}", dir.display())]
    Snapshot {
        /// The folder.
        dir: PathBuf,
        /// What is wrong and what was expected.
        problem: String,
    },
    /// The engine failed.
    #[error("index engine: {0}")]
    Engine(Box<tantivy::TantivyError>),
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// Why a question is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Longer than any question; see [`crate::MOST_QUERY_CHARACTERS`].
    #[error("查询过长：{found} 个字符，最多 {most} 个")]
    TooLong {
        /// Its characters.
        found: usize,
        /// The limit.
        most: usize,
    },
    /// More parts than any question has; see [`crate::MOST_CLAUSES`].
    #[error("查询条件过多：{found} 个，最多 {most} 个")]
    TooManyClauses {
        /// Its parts.
        found: usize,
        /// The limit.
        most: usize,
    },
    /// A page of hits so far down that nobody reads it.
    #[error("翻页过深：最多查看前 {most} 条结果")]
    TooDeep {
        /// The limit.
        most: usize,
    },
    /// A filter or facet with an unknown name.
    #[error("未知的筛选项“{name}”，可用：{known}")]
    UnknownFilter {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A life-cycle state that does not exist.
    #[error("未知的效力状态“{name}”，可用：{known}")]
    UnknownState {
        /// What was asked for.
        name: String,
        /// The states there are.
        known: String,
    },
    /// A document number that cannot be read.
    #[error("无法识别的文号“{text}”，例如：国办发〔2017〕47号")]
    BadNumber {
        /// What was written.
        text: String,
    },
    /// A date that cannot be read.
    #[error("无法识别的日期“{text}”，应为 2024、2024-07 或 2024-07-05")]
    BadDate {
        /// What was written.
        text: String,
    },
    /// A date or an order was excluded; only what a policy has can be.
    #[error("“{text}”不能排除：日期范围和排序只能整体设定")]
    ExcludedFilter {
        /// What was written.
        text: String,
    },
    /// A window that cannot be read.
    #[error("无法识别的申报窗口“{text}”，可用：正在受理、7天内截止、30天内开始、已截止（open、closes:7、opens:30、closed）")]
    BadWindow {
        /// What was written.
        text: String,
    },
    /// Windows were asked about without a day.
    #[error("按申报窗口筛选或排序需要知道今天的日期")]
    NoToday,
    /// Brackets within brackets, deeper than anybody reads.
    #[error("括号嵌套过深：最多 {most} 层")]
    TooNested {
        /// The limit.
        most: usize,
    },
}
