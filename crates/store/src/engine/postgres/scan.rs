//! Walking over a range a page at a time, from both ends.

use std::collections::VecDeque;

use super::{Session, sql};
use crate::engine::{KeyRange, Table};
use crate::error::Result;

/// Rows of the first page: most walks end after a few.
const FIRST_PAGE: i64 = 16;
/// Rows of later pages.
const MOST_PAGE: i64 = 1_024;

type Entry = (Vec<u8>, Result<Vec<u8>>);

/// A lazy walk over a range of one table.
pub(crate) struct Scan {
    session: Session,
    table: Table,
    /// What was not asked for yet.
    rest: Option<KeyRange>,
    page: i64,
    /// What was fetched from either end, in the order of the walk.
    front: VecDeque<Entry>,
    back: VecDeque<Entry>,
}

impl Scan {
    pub(super) fn new(session: Session, table: Table, range: &KeyRange) -> Self {
        let is_empty = range.to.as_ref().is_some_and(|to| *to <= range.from);
        let rest = (!is_empty).then(|| range.clone());
        Self { session, table, rest, page: FIRST_PAGE, front: VecDeque::new(), back: VecDeque::new() }
    }

    pub(crate) fn step(&mut self, back: bool) -> Option<Result<(Vec<u8>, Vec<u8>)>> {
        if self.near(back).is_empty()
            && let Err(error) = self.fetch(back)
        {
            // The walk is over: the server might give the same error for ever.
            self.rest = None;
            return Some(Err(error));
        }
        let entry = match self.near(back).pop_front() {
            Some(entry) => entry,
            // All that is left was fetched from the other end.
            None => self.near(!back).pop_back()?,
        };
        Some(entry.1.map(|value| (entry.0, value)))
    }

    const fn near(&mut self, back: bool) -> &mut VecDeque<Entry> {
        if back { &mut self.back } else { &mut self.front }
    }

    fn fetch(&mut self, back: bool) -> Result<()> {
        let Some(range) = self.rest.take() else { return Ok(()) };
        let text = sql::page(self.table, range.to.is_some(), back);
        let rows = match &range.to {
            Some(to) => self.session.query(&text, &[&range.from, &self.page, to])?,
            None => self.session.query(&text, &[&range.from, &self.page])?,
        };
        let is_full = usize::try_from(self.page).is_ok_and(|page| rows.len() >= page);
        let mut fetched = VecDeque::with_capacity(rows.len());
        for row in rows {
            let key: Vec<u8> = row.try_get(0).map_err(|error| self.session.failed(&error))?;
            // A damaged value fails alone, the walk goes on.
            let value = self.session.value(self.table, &key, &row, 1);
            fetched.push_back((key, value));
        }
        if let Some((last, _)) = fetched.back().filter(|_| is_full) {
            self.rest = Some(if back {
                KeyRange { from: range.from, to: Some(last.clone()) }
            } else {
                // The next key there can be.
                KeyRange { from: [last.as_slice(), &[0]].concat(), to: range.to }
            });
        }
        self.page = (self.page * 4).min(MOST_PAGE);
        *self.near(back) = fetched;
        Ok(())
    }
}
