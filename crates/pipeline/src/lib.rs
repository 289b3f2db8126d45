//! The order of the steps: sources → crawl → archive → extract → store → annotate → index → match → push → compilation.
//!
//! A step takes its input from the store or the archive, so it can be run again at any time with the same result. This
//! crate knows which step follows which, what is stale and how one bad item is kept from stopping a run; what a step
//! does is known by its stage alone. It never reads the clock: it is given one.

mod backup;
mod check;
mod crawl;
mod data;
mod files;
mod import;
mod intake;
mod matching;
mod parallel;
mod pipeline;
mod process;
mod reprocess;
mod schedule;
mod sending;
mod service;
mod sources;

pub use backup::{Backup, backup, restore, verify};
pub use check::{Checked, check};
pub use crawl::{CrawlOptions, Revisit};
pub use data::Data;
pub use files::FileReader;
pub use import::{ImportLine, read_imports};
pub use intake::read_page;
pub use matching::Matched;
pub use pipeline::{Folder, Pipeline, Stages};
pub use process::Processed;
pub use reprocess::{Reprocessed, Step};
pub use schedule::{CatchUp, Cron, Plan};
pub use sending::Sending;
pub use service::{Role, Service};
pub use sources::parse_sources;
