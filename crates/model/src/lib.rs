//! The nouns of the product and the few computations that belong to them.
//!
//! Every other crate speaks in these types; two stages that seem to need each other meet here.
//! This crate does no I/O, reads no clock and has no async: `now` is a parameter wherever time matters.

pub mod annotation;
pub mod clock;
pub mod config;
pub mod date;
pub mod decimal;
pub mod document;
pub mod enterprise;
pub mod file;
pub mod fingerprint;
pub mod health;
pub mod id;
pub mod job;
pub mod life;
pub mod link;
pub mod message;
pub mod number;
pub mod policy;
pub mod query;
pub mod region;
pub mod report;
pub mod source;
pub mod text;
pub mod title;
pub mod verdict;

pub use annotation::{Annotation, Case, Condition, ConditionTree, Indicator, Item, Op, Tag, Value, What};
pub use clock::Clock;
pub use config::ConfigError;
pub use date::Moment;
pub use document::{Attachment, Block, Document, Issue, ListItem, Page, PageKind, Signature, Table};
pub use enterprise::{Enterprise, Fact};
pub use file::{FileFacts, FileKind, FileState, FileText};
pub use health::{Alarm, Health, HealthRecord, RunFacts};
pub use id::{DocumentId, EnterpriseId, MessageId, PolicyId, SnapshotId, SourceId};
pub use life::{LifeCourse, Proof, Standing};
pub use link::{Link, Relation, Target};
pub use message::{Channel, Message, MessageState};
pub use number::DocNumber;
pub use policy::{LifeCycle, Policy, Record};
pub use query::Query;
pub use region::Regions;
pub use report::RunReport;
pub use rust_decimal::Decimal;
pub use source::Source;
pub use text::{Normal, Span};
pub use verdict::{Outcome, Truth, Verdict};
