//! Proposals: mended rules of sources that wait for a person's word, and why none could be made.

use jiff::Timestamp;
use model::SourceId;
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::engine::{KeyRange, Table};
use crate::error::{Result, StoreError};
use crate::keys::check_id;
use crate::transaction::{Transaction, from_json};

/// How a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// It waits for a decision.
    #[default]
    Open,
    /// Its rules stand in `sources.toml`.
    Accepted,
    /// A person refused it.
    Rejected,
    /// The site changed again and another took its place.
    Replaced,
}

/// What proposed rules do on the stored pages of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayResult {
    /// List pages and detail pages read.
    pub pages: usize,
    /// Entries known from earlier runs that the new list page still has, and those found.
    pub items_expected: usize,
    /// Of these, found.
    pub items_found: usize,
    /// Of the found, with exactly the title known before.
    pub titles_exact: usize,
    /// Of the found, with exactly the date known before, or none where none was.
    pub dates_exact: usize,
    /// Entries of the new list page in all.
    pub items_in_all: usize,
    /// Documents read before the change.
    pub documents_expected: usize,
    /// Of these, read the same from pages the change did not touch, and found again in those it did.
    pub documents_unchanged: usize,
    /// Older list pages on which the rules would read other entries than were read.
    pub lists_spoilt: usize,
}

/// A mended rule for a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The source's id and a number.
    pub id: String,
    /// The source.
    pub source: SourceId,
    /// When it was made.
    pub made: Timestamp,
    /// What stopped working, in words.
    pub reason: String,
    /// TOML of the entry's new `list` or `detail`; keys that are absent stay as they are.
    pub patch: String,
    /// What was found by trying it.
    pub replay: ReplayResult,
    /// Whether everything known was found exactly.
    pub perfect: bool,
    /// How it stands.
    #[serde(default)]
    pub state: ProposalState,
    /// Who decided; empty while it is open.
    #[serde(default)]
    pub decided_by: String,
    /// When it was decided.
    #[serde(default)]
    pub decided: Option<Timestamp>,
    /// Why it was refused.
    #[serde(default)]
    pub remark: String,
}

/// Why nothing was proposed for a source whose rules stopped working.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// When that was found out.
    pub at: Timestamp,
    /// The reason in words.
    pub reason: String,
}

fn open_key(source: &SourceId) -> Vec<u8> {
    format!("open/{source}").into_bytes()
}

fn missed_key(source: &SourceId) -> Vec<u8> {
    format!("missed/{source}").into_bytes()
}

fn proposal_key(id: &str) -> Vec<u8> {
    format!("proposal/{id}").into_bytes()
}

impl Store {
    /// Keeps a proposal as the only open one of its source and gives it with its id. One with the same patch that is
    /// open, or was refused, is given back instead: nobody is asked the same thing twice.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn propose(&self, proposal: &Proposal) -> Result<Proposal> {
        check_id("source", proposal.source.as_str())?;
        self.write(|transaction| {
            for known in read_all(self)?.into_iter().filter(|known| known.source == proposal.source) {
                let asked = matches!(known.state, ProposalState::Open | ProposalState::Rejected);
                if asked && known.patch == proposal.patch {
                    return Ok(known);
                }
            }
            let open = open_key(&proposal.source);
            if let Some(id) = transaction.get_and_hold::<String>(Table::Proposals, &open)?
                && let Some(mut old) = transaction.get_and_hold::<Proposal>(Table::Proposals, &proposal_key(&id))?
            {
                old.state = ProposalState::Replaced;
                old.decided = Some(proposal.made);
                transaction.put(Table::Proposals, proposal_key(&id), &old)?;
            }
            let number = transaction.next_number("proposal")?;
            let id = format!("{}-{number}", proposal.source);
            let kept = Proposal { id: id.clone(), state: ProposalState::Open, ..proposal.clone() };
            transaction.put(Table::Proposals, open, &id)?;
            transaction.remove(Table::Proposals, missed_key(&proposal.source));
            transaction.put(Table::Proposals, proposal_key(&id), &kept)?;
            Ok(kept)
        })
    }

    /// A proposal.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn proposal(&self, id: &str) -> Result<Option<Proposal>> {
        Transaction::new(self.engine.now()).get(Table::Proposals, &proposal_key(id))
    }

    /// All proposals, newest first.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn proposals(&self) -> Result<Vec<Proposal>> {
        let mut all = read_all(self)?;
        all.sort_by(|a, b| b.made.cmp(&a.made).then_with(|| b.id.cmp(&a.id)));
        Ok(all)
    }

    /// The open proposal of a source.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn open_proposal(&self, source: &SourceId) -> Result<Option<Proposal>> {
        let transaction = Transaction::new(self.engine.now());
        let id: Option<String> = transaction.get(Table::Proposals, &open_key(source))?;
        id.map_or(Ok(None), |id| transaction.get(Table::Proposals, &proposal_key(&id)))
    }

    /// Writes down what was decided about an open proposal.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where it is unknown or no longer open.
    pub fn decide_proposal(&self, id: &str, state: ProposalState, who: &str, remark: &str, at: Timestamp) -> Result<Proposal> {
        self.write(|transaction| {
            let found = transaction.get_and_hold::<Proposal>(Table::Proposals, &proposal_key(id))?;
            let Some(found) = found else { return Err(StoreError::refused("proposal", id, "there is none with this id")) };
            if found.state != ProposalState::Open {
                return Err(StoreError::refused("proposal", id, format!("it is {:?}, expected an open one", found.state)));
            }
            let decided =
                Proposal { state, decided_by: who.to_owned(), decided: Some(at), remark: remark.to_owned(), ..found.clone() };
            transaction.remove(Table::Proposals, open_key(&found.source));
            transaction.put(Table::Proposals, proposal_key(id), &decided)?;
            Ok(decided)
        })
    }

    /// Remembers why nothing could be proposed for a source.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn set_missed(&self, source: &SourceId, missed: &Missed) -> Result<()> {
        self.write(|transaction| transaction.put(Table::Proposals, missed_key(source), missed))
    }

    /// Why nothing could be proposed for a source, the last time its rules were found broken; nothing after a proposal.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn missed(&self, source: &SourceId) -> Result<Option<Missed>> {
        Transaction::new(self.engine.now()).get(Table::Proposals, &missed_key(source))
    }
}

fn read_all(store: &Store) -> Result<Vec<Proposal>> {
    let entries = store.engine.scan(Table::Proposals, &KeyRange::prefix(b"proposal/"))?;
    entries.map(|entry| entry.and_then(|(key, value)| from_json(Table::Proposals, &key, &value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Home, at};

    fn proposal(patch: &str, made: i64) -> Proposal {
        Proposal { source: "a".into(), patch: patch.to_owned(), made: at(made), ..Proposal::default() }
    }

    #[test]
    fn a_source_has_one_open_proposal_and_is_not_asked_the_same_twice() {
        let home = Home::new();
        let store = home.open();
        let first = store.propose(&proposal("x", 1)).unwrap();
        assert_eq!((first.id.as_str(), first.state), ("a-1", ProposalState::Open));
        assert_eq!(store.propose(&proposal("x", 2)).unwrap(), first, "the same again");
        let second = store.propose(&proposal("y", 3)).unwrap();
        assert_eq!(store.open_proposal(&"a".into()).unwrap().unwrap(), second);
        assert_eq!(store.proposal("a-1").unwrap().unwrap().state, ProposalState::Replaced);
        let refused = store.decide_proposal("a-2", ProposalState::Rejected, "editor", "no", at(4)).unwrap();
        assert_eq!((refused.decided_by.as_str(), refused.remark.as_str()), ("editor", "no"));
        assert_eq!(store.propose(&proposal("y", 5)).unwrap().state, ProposalState::Rejected, "refused once is refused");
        assert_eq!(store.open_proposal(&"a".into()).unwrap(), None);
        assert_eq!(store.proposals().unwrap().len(), 2);
    }

    #[test]
    fn only_an_open_proposal_can_be_decided() {
        let home = Home::new();
        let store = home.open();
        store.propose(&proposal("x", 1)).unwrap();
        store.decide_proposal("a-1", ProposalState::Accepted, "editor", "", at(2)).unwrap();
        for id in ["a-1", "a-9"] {
            assert!(store.decide_proposal(id, ProposalState::Accepted, "editor", "", at(3)).is_err(), "{id}");
        }
    }

    #[test]
    fn why_nothing_was_proposed_is_forgotten_with_the_next_proposal() {
        let home = Home::new();
        let store = home.open();
        let missed = Missed { at: at(1), reason: "shell".to_owned() };
        store.set_missed(&"a".into(), &missed).unwrap();
        assert_eq!(store.missed(&"a".into()).unwrap(), Some(missed));
        store.propose(&proposal("x", 1)).unwrap();
        assert_eq!(store.missed(&"a".into()).unwrap(), None);
    }
}
