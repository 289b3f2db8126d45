//! The order of the steps: sources → crawl → archive → extract → store → annotate → index → match → push → compilation.
//!
//! A step takes its input from the store or the archive, so it can be run again at any time with the same result. This
//! crate knows which step follows which, what is stale and how one bad item is kept from stopping a run; what a step
//! does is known by its stage alone. It never reads the clock: it is given one.

mod annex;
mod annotation_change;
mod backup;
mod check;
mod crawl;
mod data;
mod decide;
mod files;
mod heal;
mod health;
mod import;
mod intake;
mod life;
mod matching;
mod parallel;
mod patch;
mod pipeline;
mod process;
mod reprocess;
mod schedule;
mod sending;
mod service;
mod sources;
pub mod words;

pub use annotation_change::{ChangeCount, ItemChange, PolicyChange};
pub use backup::{Backup, backup, restore, verify};
pub use check::{Checked, check};
pub use crawl::{Backfill, CrawlOptions, Reach, Revisit, first_list_request};
pub use data::Data;
pub use decide::Decision;
pub use files::{FileReader, ReadLimits};
pub use health::{Asked, Look, MOST_RUNS, Observer, Swept, compare, items_a_week, judge, last_good};
pub use import::{ImportLine, incoming, read_imports};
pub use intake::read_page;
pub use matching::Matched;
pub use pipeline::{Folder, Pipeline, Stages};
pub use process::Processed;
pub use reprocess::{PageChange, Reprocessed, Step, Telling, TextChange};
pub use schedule::{CatchUp, Cron, Plan};
pub use sending::Sending;
pub use service::{Role, Service};
pub use sources::parse_sources;
