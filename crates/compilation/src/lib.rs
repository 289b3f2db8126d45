//! Binds the policies of a period into one book and writes it as DOCX, HTML, Markdown or XLSX.
//!
//! Three steps, all pure: [`compile()`] picks, orders and words the policies ([`Book`]); [`render`] writes one format;
//! [`manifest()`] names every file with its SHA-256. The same records, template and moment give the same bytes, so a
//! reader can check a printed number against the archive years later. Every quoted sentence satisfies `text[span] == quote`;
//! what does not is left out and counted. A compilation is no 公文: it borrows the page and the headings, never the red head.

mod book;
mod clean;
mod compile;
mod docx;
mod flow;
mod format;
mod html;
mod index;
mod manifest;
mod markdown;
mod period;
#[cfg(test)]
mod samples;
mod template;
mod words;
mod xlsx;

pub use book::{Benefit, Book, Chapter, ConditionRow, Entry, FactRow, IssuerGroup, NumberLine, Proof, Quote, WindowRow};
pub use compile::compile;
pub use format::{CompilationError, Format, render};
pub use manifest::manifest;
pub use period::Period;
pub use template::{ChapterRule, FactField, Grouping, Section, Template};
