//! Tables inside a text, read as the sentences they stand for.
//!
//! Rows come with tabs, bars or gaps between their cells. A run of rows whose first one is a header of known columns is
//! written out, for reading only, as one sentence a row: `国家级⇥50` below `级别⇥奖励金额(万元)` becomes `国家级,给予50万元奖励;`.
//! What is added, and what is repeated from the header, leads back to the cells it came from, so quotes are always
//! characters of the stored text. Tables of points, statistics and names are marked: they say nothing of applicants.

mod compose;
mod header;
mod mark;
mod rows;

use model::What;

use crate::outline::Outline;
use crate::page::{Draft, Page};
use crate::rules::Section;

pub(crate) use compose::{Composed, compose, place};
pub(crate) use header::Headers;
pub(crate) use mark::mark;

/// What a table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What applicants must meet; whether the header says so itself.
    Conditions {
        says_so: bool,
    },
    Awards,
    Materials,
    Windows,
    Contacts,
    /// Points, statistics, names.
    Barren,
}

/// One row as it was written out, in bytes of the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// The case the row is about.
    pub(crate) case: Option<(usize, usize)>,
}

/// The longest name of a case, in characters.
const MOST_CASE_CHARACTERS: usize = 60;

/// The row a byte of the reading lies in.
pub(crate) fn row_at(rows: &[Row], at: usize) -> Option<&Row> {
    let index = rows.partition_point(|row| row.start <= at).checked_sub(1)?;
    rows.get(index).filter(|row| at < row.end)
}

/// Gives the lines of tables the section their header says.
pub(crate) fn classify(outline: &mut Outline, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    for line in &mut outline.lines {
        let Some(row) = row_at(rows, line.start) else { continue };
        let open = matches!(line.section, Section::Other | Section::Tasks | Section::Support);
        line.section = match row.kind {
            Kind::Materials => Section::Materials,
            Kind::Contacts => Section::Contact,
            Kind::Windows if open => Section::Window,
            Kind::Conditions { says_so: true } if open => Section::Conditions,
            Kind::Awards if matches!(line.section, Section::Other | Section::Conditions) => Section::Support,
            _ => line.section,
        };
    }
}

/// Limits what a row says to the case it is about.
pub(crate) fn limit(page: &Page<'_>, drafts: &mut [Draft]) {
    let rows = page.reading.rows();
    if rows.is_empty() {
        return;
    }
    for draft in drafts {
        let Some((start, end)) = row_at(rows, draft.start).and_then(|row| row.case) else { continue };
        let case = page.slice(start, end);
        if draft.start < end || case.chars().nth(MOST_CASE_CHARACTERS).is_some() {
            continue;
        }
        match &mut draft.what {
            What::Condition(condition) if condition.when.is_none() => condition.when = Some(case.to_owned()),
            What::Award(award) if award.when.is_none() => award.when = Some(case.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
