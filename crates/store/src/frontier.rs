//! What is still to be fetched, and how much may be: kept here so that a crawl killed anywhere goes on where it was.
//!
//! A listed page is owed from the moment its list page was read until it was read itself; it is struck off in the same
//! step that keeps the page's state.

use jiff::Timestamp;
use jiff::civil::Date;
use model::SourceId;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::engine::{KeyRange, Table};
use crate::error::Result;
use crate::keys::{Key, check_id};
use crate::pages::{PageState, page_key, put_state};
use crate::transaction::{Transaction, from_json};

/// What of a page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Want {
    /// The page itself.
    #[default]
    Page,
    /// Its attached files that were not fetched yet; the page is stored.
    Files,
    /// All its attached files once more: they may have changed.
    FilesAnew,
}

/// Something a source listed and that is still to be fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// Its URL.
    pub url: String,
    /// What of it.
    #[serde(default)]
    pub want: Want,
    /// The date beside it on its list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// When it was listed first.
    pub since: Timestamp,
    /// Its place on the list, from 0 for the top.
    #[serde(default)]
    pub place: u64,
}

/// What some visits brought, kept in one step.
#[derive(Debug, Clone, Default)]
pub struct Visits {
    /// The pages as they are known now.
    pub states: Vec<PageState>,
    /// What became owed, by the source it belongs to.
    pub owed: Vec<(SourceId, Owed)>,
    /// URLs that are owed no longer.
    pub paid: Vec<(SourceId, String)>,
}

fn owed_key(source: &SourceId, url: &str) -> Vec<u8> {
    Key::new().text(source.as_str()).text(&String::from_utf8_lossy(&page_key(url))).done()
}

fn budget_key(host: &str) -> Vec<u8> {
    format!("budget/{host}").into_bytes()
}

impl Store {
    /// Keeps what visits brought, with one wait for the disk. A URL owed already keeps the moment it was listed first;
    /// one both owed and paid in the same visits is owed.
    ///
    /// # Errors
    /// Where a source's id is unusable or the store cannot be written; then nothing of it is kept.
    pub fn record_visits(&self, visits: &Visits) -> Result<()> {
        for (source, _) in &visits.owed {
            check_id("source", source.as_str())?;
        }
        self.write(|transaction| {
            visits.states.iter().try_for_each(|state| put_state(transaction, state))?;
            for (source, url) in &visits.paid {
                transaction.remove(Table::Owed, owed_key(source, url));
            }
            for (source, owed) in &visits.owed {
                let key = owed_key(source, &owed.url);
                let since = transaction.get::<Owed>(Table::Owed, &key)?.map_or(owed.since, |known| known.since.min(owed.since));
                transaction.put(Table::Owed, key, &Owed { since, ..owed.clone() })?;
            }
            Ok(())
        })
    }

    /// What a source still owes: what was listed longest ago first, and of one listing its bottom first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn owed(&self, source: &SourceId) -> Result<Vec<Owed>> {
        let range = KeyRange::prefix(&Key::new().text(source.as_str()).done());
        let entries = self.engine.scan(Table::Owed, &range)?;
        let owed: Result<Vec<Owed>> =
            entries.map(|entry| entry.and_then(|(key, value)| from_json(Table::Owed, &key, &value))).collect();
        let mut owed = owed?;
        owed.sort_by(|a, b| (a.since, b.place, &a.url).cmp(&(b.since, a.place, &b.url)));
        Ok(owed)
    }

    /// What is owed of one URL.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn owed_of(&self, source: &SourceId, url: &str) -> Result<Option<Owed>> {
        Transaction::new(self.engine.now()).get(Table::Owed, &owed_key(source, url))
    }

    /// Takes up to `wanted` requests out of what a host may be asked in one day, `most` in all, and says how many it may
    /// be asked. Durable before the answer: a restart does not give them back.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn spend(&self, host: &str, day: Date, most: u64, wanted: u64) -> Result<u64> {
        self.write(|transaction| {
            let key = budget_key(host);
            let (of, spent) = transaction.get_and_hold::<(Date, u64)>(Table::Meta, &key)?.unwrap_or((day, 0));
            let spent = if of == day { spent } else { 0 };
            let granted = wanted.min(most.saturating_sub(spent));
            if granted > 0 {
                transaction.put(Table::Meta, key, &(day, spent + granted))?;
            }
            Ok(granted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Home, at};
    use jiff::civil::date;

    fn owed(url: &str, since: i64, place: u64) -> (SourceId, Owed) {
        ("a".into(), Owed { url: url.to_owned(), since: at(since), place, ..Owed::default() })
    }

    #[test]
    fn what_is_owed_stays_until_it_is_paid_and_the_oldest_stands_first() {
        let home = Home::new();
        let store = home.open();
        let other = ("ab".into(), owed("http://a/9", 1, 0).1);
        let first = Visits { owed: vec![owed("http://a/1", 5, 0), owed("http://a/2", 5, 1), other], ..Visits::default() };
        store.record_visits(&first).unwrap();
        let later = Visits { owed: vec![owed("https://a/1", 9, 7), owed("http://a/3", 9, 3)], ..Visits::default() };
        store.record_visits(&later).unwrap();
        let urls = || store.owed(&"a".into()).unwrap().into_iter().map(|owed| owed.url).collect::<Vec<_>>();
        assert_eq!(urls(), ["https://a/1", "http://a/2", "http://a/3"], "listed again, it is owed since the first time");
        drop(store);
        let store = home.open();
        let state = PageState { url: "http://a/2".to_owned(), ..PageState::default() };
        let paid = vec![("a".into(), "http://a/2".to_owned()), ("a".into(), "http://a/3".to_owned())];
        let kept = Owed { want: Want::Files, ..owed("http://a/3", 11, 0).1 };
        store.record_visits(&Visits { states: vec![state], paid, owed: vec![("a".into(), kept)] }).unwrap();
        let left = store.owed(&"a".into()).unwrap();
        assert_eq!(
            left.iter().map(|owed| (owed.url.as_str(), owed.want)).collect::<Vec<_>>(),
            [("https://a/1", Want::Page), ("http://a/3", Want::Files)]
        );
        assert!(store.page_state("http://a/2").unwrap().is_some());
        assert_eq!(store.owed_of(&"a".into(), "http://a/2").unwrap(), None);
    }

    #[test]
    fn a_days_budget_is_spent_once_by_all_and_across_restarts() {
        let home = Home::new();
        let store = home.open();
        let (today, tomorrow) = (date(2026, 11, 20), date(2026, 11, 21));
        assert_eq!(store.spend("a.gov.cn", today, 10, 8).unwrap(), 8);
        drop(store);
        let store = home.open();
        assert_eq!(store.spend("a.gov.cn", today, 10, 8).unwrap(), 2);
        assert_eq!(store.spend("a.gov.cn", today, 10, 1).unwrap(), 0);
        assert_eq!(store.spend("b.gov.cn", today, 10, 1).unwrap(), 1);
        assert_eq!(store.spend("a.gov.cn", tomorrow, 10, 8).unwrap(), 8);
    }
}
