//! What a person decides about identity: a document is split off its policy, two policies are merged.
//!
//! Nothing has to remember the decision apart: a known document keeps its policy for ever (`ingest`), and policies are never
//! merged by the program. So a ruling holds against every re-run, re-reading and backup by being carried out. Each is
//! written into the audit log in the same step. No text is lost: those put aside move with the document they were read from.

use jiff::Timestamp;
use model::policy::{Copy, Decision, LifeCycle, Policy, Revision};
use model::{Document, DocumentId, PolicyId};

use crate::Store;
use crate::audit::{AuditEntry, append};
use crate::engine::Table;
use crate::error::{Result, StoreError};
use crate::found::keys_of;
use crate::keys::Key;
use crate::links::{FROM_TEXT, say};
use crate::outbox::cancel;
use crate::stored::{StoredDocument, revision_key};
use crate::transaction::Transaction;

/// Who decided, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The account.
    pub who: String,
    /// The reason, in the editor's words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What the texts of a merged policy become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// The two have one text: the other's current one is a copy.
    Copies,
    /// The two are versions: the later one by date is the current text.
    Versions,
}

/// A text of a policy with its document, where another text took its place.
struct Text {
    revision: Revision,
    put_aside: Option<Document>,
}

impl Store {
    /// Makes a document a policy of its own, with the texts that were read from it. Gives the new policy.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for no document, [`StoreError::Refused`] where it is the only one of its policy.
    pub fn split(&self, document: &DocumentId, ruling: &Ruling) -> Result<PolicyId> {
        self.write(|transaction| split(transaction, document, ruling))
    }

    /// Makes the documents of one policy documents of another; the id of the first leads to the second from then on.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for no policy, [`StoreError::Refused`] where both are one.
    pub fn merge(&self, from: &PolicyId, into: &PolicyId, what: Merge, ruling: &Ruling) -> Result<PolicyId> {
        self.write(|transaction| merge(transaction, from, into, what, ruling))
    }
}

fn split(transaction: &mut Transaction<'_>, id: &DocumentId, ruling: &Ruling) -> Result<PolicyId> {
    let own = transaction.own_id(id)?;
    let unknown = || StoreError::Unknown { what: "document", id: id.to_string() };
    let stored = transaction.stored(&own)?.ok_or_else(unknown)?;
    let mut left = held(transaction, &stored.policy)?;
    if left.copies.len() < 2 {
        return Err(StoreError::refused("document", id.as_str(), format!("it is the only one of policy {}", left.id)));
    }
    let before = (left.copies.len(), left.revisions.len());
    forget(transaction, &left)?;
    let (mut its, mut rest): (Vec<Text>, Vec<Text>) =
        take_texts(transaction, &left)?.into_iter().partition(|text| text.revision.document == own);
    let mut right = Policy {
        id: free_id(transaction, &own)?,
        state: LifeCycle::Unknown,
        region: stored.region.clone(),
        first_seen: ruling.at,
        ..Policy::default()
    };
    let (moved, kept) = left.copies.drain(..).partition(|copy| copy.document == own);
    (right.copies, left.copies) = (moved, kept);
    complete(transaction, &right.copies, &mut its, ruling.at)?;
    complete(transaction, &left.copies, &mut rest, ruling.at)?;
    set_texts(transaction, &mut right, its, ruling.at)?;
    set_texts(transaction, &mut left, rest, ruling.at)?;
    transaction.count("policies", 1)?;
    count(transaction, before, &[&left, &right])?;
    remember(transaction, &left)?;
    remember(transaction, &right)?;
    let thing = format!("policy/{}", left.id);
    let (before, after) = (format!("document/{own}"), format!("policy/{}", right.id));
    told(transaction, "split_policy", thing, (before, after), ruling)?;
    Ok(right.id)
}

fn merge(transaction: &mut Transaction<'_>, from: &PolicyId, into: &PolicyId, what: Merge, ruling: &Ruling) -> Result<PolicyId> {
    let (other, mut policy) = (held(transaction, from)?, held(transaction, into)?);
    if other.id == policy.id {
        return Err(StoreError::refused("policy", from.as_str(), format!("it is policy {} already", policy.id)));
    }
    let before = (policy.copies.len() + other.copies.len(), policy.revisions.len() + other.revisions.len());
    let is_later = what == Merge::Versions && date_of(transaction, &other)? > date_of(transaction, &policy)?;
    forget(transaction, &other)?;
    forget(transaction, &policy)?;
    let mut its = take_texts(transaction, &other)?;
    let own = take_texts(transaction, &policy)?;
    if what == Merge::Copies {
        its.retain(|text| text.put_aside.is_some());
    }
    let (earlier, later) = if is_later { (own, its) } else { (its, own) };
    let mut texts: Vec<Text> = earlier.into_iter().chain(later).collect();
    texts.dedup_by(|next, last| next.revision.fingerprint == last.revision.fingerprint && last.put_aside.is_none());
    policy.copies.extend(other.copies.iter().cloned());
    set_texts(transaction, &mut policy, texts, ruling.at)?;
    transaction.count("policies", -1)?;
    count(transaction, before, &[&policy])?;
    remember(transaction, &policy)?;
    let decision = retire(transaction, &other.id, &policy.id)?;
    let thing = format!("policy/{}", policy.id);
    let before = decision.map_or_else(String::new, |decision| format!(" decided {:?} by {}", decision.desk, decision.editor));
    told(transaction, "merge_policies", thing, (format!("policy/{}{before}", other.id), format!("{what:?}")), ruling)?;
    Ok(policy.id)
}

fn held(transaction: &mut Transaction<'_>, id: &PolicyId) -> Result<Policy> {
    let id = transaction.policy(id)?.ok_or_else(|| StoreError::unknown_policy(id))?.id;
    let policy = transaction.get_and_hold(Table::Policies, id.as_str().as_bytes())?;
    policy.ok_or_else(|| StoreError::unknown_policy(&id))
}

/// An id for a policy that begins with a document: the document's own, unless a policy has or had it.
fn free_id(transaction: &Transaction<'_>, document: &DocumentId) -> Result<PolicyId> {
    let mut number = 1u32;
    loop {
        let id = PolicyId(if number == 1 { document.to_string() } else { format!("{document}~{number}") });
        if transaction.policy(&id)?.is_none() {
            return Ok(id);
        }
        number += 1;
    }
}

/// Takes the texts of a policy out of their table, oldest first.
fn take_texts(transaction: &mut Transaction<'_>, policy: &Policy) -> Result<Vec<Text>> {
    let mut texts = Vec::with_capacity(policy.revisions.len());
    for revision in &policy.revisions {
        let key = revision_key(&policy.id, revision.number);
        let put_aside = transaction.get(Table::Revisions, &key)?;
        if put_aside.is_some() {
            transaction.remove(Table::Revisions, key);
        }
        texts.push(Text { revision: revision.clone(), put_aside });
    }
    Ok(texts)
}

/// Makes the last text one that a document shows now: the canonical copy's, where the one that showed it has gone.
fn complete(transaction: &Transaction<'_>, copies: &[Copy], texts: &mut Vec<Text>, at: Timestamp) -> Result<()> {
    if texts.last().is_some_and(|text| text.put_aside.is_none()) {
        return Ok(());
    }
    let Some(copy) = copies.first() else { return Ok(()) };
    let Some(stored) = transaction.stored(&copy.document)? else { return Ok(()) };
    let (document, snapshot, fingerprint) = (copy.document.clone(), stored.snapshot, stored.fingerprint);
    texts.push(Text { revision: Revision { number: 0, document, snapshot, fingerprint, seen: at }, put_aside: None });
    Ok(())
}

/// Gives a policy its texts, numbered anew, and the title of the last.
fn set_texts(transaction: &mut Transaction<'_>, policy: &mut Policy, texts: Vec<Text>, at: Timestamp) -> Result<()> {
    policy.revisions.clear();
    for (number, text) in (1..).zip(texts) {
        if let Some(document) = &text.put_aside {
            transaction.put(Table::Revisions, revision_key(&policy.id, number), document)?;
        }
        let key = Key::new().text(&text.revision.fingerprint).text(policy.id.as_str()).done();
        transaction.put_key(Table::Fingerprints, key);
        policy.revisions.push(Revision { number, ..text.revision });
    }
    if let Some(document) = transaction.revision(policy, policy.revision())? {
        policy.inner_title = document.inner_title.clone().or_else(|| model::title::inner_title(&document.title));
        policy.title = document.title;
    }
    policy.changed = policy.changed.max(at);
    transaction.changed(&policy.id);
    Ok(())
}

fn documents(transaction: &Transaction<'_>, policy: &Policy) -> Result<Vec<(DocumentId, StoredDocument)>> {
    let mut documents = Vec::with_capacity(policy.copies.len());
    for copy in &policy.copies {
        if let Some(stored) = transaction.stored(&copy.document)? {
            documents.push((copy.document.clone(), stored));
        }
    }
    Ok(documents)
}

/// Removes everything by which a policy is found through its documents.
fn forget(transaction: &mut Transaction<'_>, policy: &Policy) -> Result<()> {
    for (_, stored) in documents(transaction, policy)? {
        for (table, key) in keys_of(&stored, &policy.id) {
            transaction.remove(table, key);
        }
    }
    Ok(())
}

/// Writes a policy with its documents and everything by which they are found.
fn remember(transaction: &mut Transaction<'_>, policy: &Policy) -> Result<()> {
    for (id, mut stored) in documents(transaction, policy)? {
        for (table, key) in keys_of(&stored, &policy.id) {
            transaction.put_key(table, key);
        }
        if stored.policy != policy.id {
            stored.policy = policy.id.clone();
            transaction.put(Table::Documents, id.as_str().as_bytes().to_vec(), &stored)?;
        }
    }
    // A policy that begins anew under an id that led to another one no longer leads there.
    transaction.remove(Table::Merged, policy.id.as_str().as_bytes().to_vec());
    transaction.put(Table::Policies, policy.id.as_str().as_bytes().to_vec(), policy)
}

/// Ends a policy whose documents are another's now. Its decision goes with them where the other has none; else it is given
/// back, to be told in the log.
fn retire(transaction: &mut Transaction<'_>, from: &PolicyId, into: &PolicyId) -> Result<Option<Decision>> {
    let key = from.as_str().as_bytes();
    say(transaction, from, FROM_TEXT, &[])?;
    cancel(transaction, from, "the policy was merged into another")?;
    let decision: Option<Decision> = transaction.get(Table::Decisions, key)?;
    if let Some(decision) = &decision {
        transaction.remove(Table::Decisions, key.to_vec());
        if transaction.bytes(Table::Decisions, into.as_str().as_bytes())?.is_none() {
            transaction.put(Table::Decisions, into.as_str().as_bytes().to_vec(), decision)?;
        }
    }
    transaction.remove(Table::Annotations, key.to_vec());
    transaction.remove(Table::Policies, key.to_vec());
    transaction.put_bytes(Table::Merged, key.to_vec(), into.as_str().as_bytes().to_vec());
    transaction.changed(from);
    Ok(decision)
}

/// Keeps the counters true: copies and revisions are what a policy has beyond one.
fn count(transaction: &mut Transaction<'_>, (copies, revisions): (usize, usize), now: &[&Policy]) -> Result<()> {
    let beyond = |sizes: usize, policies: usize| i64::try_from(sizes).unwrap_or(0) - i64::try_from(policies).unwrap_or(0);
    // A split begins with one policy and ends with two, a merge the other way round.
    let policies_before = 3 - now.len();
    let sum = |of: fn(&Policy) -> usize| now.iter().map(|policy| of(policy)).sum::<usize>();
    let copies_now = beyond(sum(|policy| policy.copies.len()), now.len());
    let revisions_now = beyond(sum(|policy| policy.revisions.len()), now.len());
    transaction.count("copies", copies_now - beyond(copies, policies_before))?;
    transaction.count("revisions", revisions_now - beyond(revisions, policies_before))
}

/// When the current text of a policy was signed, else published.
fn date_of(transaction: &Transaction<'_>, policy: &Policy) -> Result<Option<jiff::civil::Date>> {
    let document = transaction.revision(policy, policy.revision())?;
    Ok(document.and_then(|document| document.issued.or(document.published.map(|moment| moment.date))))
}

fn told(
    transaction: &mut Transaction<'_>,
    action: &str,
    thing: String,
    (before, after): (String, String),
    ruling: &Ruling,
) -> Result<()> {
    let after = if ruling.reason.is_empty() { after } else { format!("{after}: {}", ruling.reason) };
    append(transaction, &AuditEntry { at: ruling.at, who: ruling.who.clone(), action: action.to_owned(), thing, before, after })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Home, Sample, at, prose};
    use crate::{Change, Incoming, restore};

    const TITLE: &str = "关于印发支持中小企业发展若干措施的通知";

    fn ruling() -> Ruling {
        Ruling { who: "editor".to_owned(), reason: "两件".to_owned(), at: at(50) }
    }

    fn sample(id: &str, text: &str) -> Incoming {
        Sample::new(id, TITLE, text).0
    }

    fn sound(store: &Store) {
        let report = store.check().unwrap();
        assert!(report.is_sound(), "{report:?}");
    }

    #[test]
    fn a_document_that_was_split_off_stays_apart_through_re_runs_and_a_backup() {
        let home = Home::new();
        let store = home.open();
        let text = prose(1, 600);
        for id in ["a", "b", "c"] {
            store.ingest(&sample(id, &text), at(1)).unwrap();
        }
        // Also the first document, whose id the policy has.
        for (id, expected) in [("b", "b"), ("a", "a~2")] {
            let new = store.split(&id.into(), &ruling()).unwrap();
            assert_eq!(new.as_str(), expected);
            assert_eq!(store.resolve(&id.into()).unwrap(), Some(new.clone()));
            assert_eq!(store.record(&new).unwrap().unwrap().document.text, text);
            sound(&store);
        }
        assert_eq!(store.policy(&"a".into()).unwrap().unwrap().copies[0].document.as_str(), "c");
        assert!(matches!(store.split(&"b".into(), &ruling()), Err(StoreError::Refused { .. })), "the only one");
        assert!(matches!(store.split(&"x".into(), &ruling()), Err(StoreError::Unknown { .. })));
        for (id, change) in [("a", Change::Unchanged), ("b", Change::Unchanged), ("c", Change::Unchanged)] {
            assert_eq!(store.ingest(&sample(id, &text), at(60)).unwrap().change, change);
        }
        assert_eq!(store.ingest(&sample("b", &prose(2, 600)), at(61)).unwrap().policy.as_str(), "b");
        assert_eq!(store.counts().unwrap().policies, 3);
        assert_eq!(store.audit_log(9).unwrap().len(), 2);
        store.backup(&home.path().join("backup")).unwrap();
        restore(&home.path().join("backup"), &home.path().join("again")).unwrap();
        let again = Store::open(&home.path().join("again")).unwrap();
        assert_eq!(again.resolve(&"b".into()).unwrap().unwrap().as_str(), "b");
        assert_eq!(again.ingest(&sample("b", &text), at(70)).unwrap().policy.as_str(), "b");
        sound(&again);
    }

    #[test]
    fn texts_go_with_the_document_they_were_read_from() {
        let home = Home::new();
        let store = home.open();
        let texts: Vec<String> = (1..=4).map(|seed| prose(seed, 400)).collect();
        store.ingest(&sample("a", &texts[0]), at(1)).unwrap();
        store.ingest(&sample("b", &texts[0]), at(2)).unwrap();
        store.ingest(&sample("b", &texts[1]), at(3)).unwrap();
        store.ingest(&sample("b", &texts[2]), at(4)).unwrap();
        store.ingest(&sample("a", &texts[3]), at(5)).unwrap();
        let split = store.split(&"b".into(), &ruling()).unwrap();
        let all = |id: &PolicyId| -> Vec<String> {
            let policy = store.policy(id).unwrap().unwrap();
            let text = |revision: &Revision| store.revision_document(id, revision.number).unwrap().unwrap().text;
            policy.revisions.iter().map(text).collect()
        };
        assert_eq!(all(&split), [texts[1].clone(), texts[2].clone()]);
        assert_eq!(all(&"a".into()), [texts[0].clone(), texts[3].clone()]);
        sound(&store);
        assert_eq!(store.merge(&split, &"a".into(), Merge::Copies, &ruling()).unwrap().as_str(), "a");
        assert_eq!(all(&"a".into()).last(), Some(&texts[3]));
        assert!(all(&"a".into()).contains(&texts[1]), "what was put aside is kept");
        sound(&store);
    }

    #[test]
    fn merged_policies_are_one_under_both_ids_and_the_later_version_is_current() {
        let home = Home::new();
        let store = home.open();
        let law = |id: &str, seed: u32, date: &str| Sample::new(id, "某管理办法", &prose(seed, 600)).published(date).0;
        store.ingest(&law("new", 2, "2024-01-01"), at(1)).unwrap();
        store.ingest(&law("old", 1, "2019-01-01"), at(2)).unwrap();
        let decision = Decision {
            desk: model::policy::Desk::Accepted,
            editor: "e".to_owned(),
            reason: String::new(),
            tags: Vec::new(),
            state: None,
            state_since: None,
            at: at(3),
        };
        store.decide(&"old".into(), &decision).unwrap();
        let mark = store.sequence().unwrap();
        store.merge(&"old".into(), &"new".into(), Merge::Versions, &ruling()).unwrap();
        let changed: Vec<String> = store.changed_since(mark).unwrap().1.into_iter().map(|id| id.0).collect();
        assert!(changed.contains(&"old".to_owned()) && changed.contains(&"new".to_owned()), "the index has to hear of both");
        let record = store.record(&"old".into()).unwrap().unwrap();
        assert_eq!((record.policy.id.as_str(), record.policy.revision()), ("new", 2));
        assert_eq!((record.document.text, record.decision), (prose(2, 600), Some(decision)));
        assert_eq!(store.revision_document(&"new".into(), 1).unwrap().unwrap().text, prose(1, 600));
        assert_eq!(store.policy_ids().unwrap(), ["new".into()]);
        assert!(matches!(store.merge(&"old".into(), &"new".into(), Merge::Copies, &ruling()), Err(StoreError::Refused { .. })));
        assert_eq!(store.ingest(&law("old", 1, "2019-01-01"), at(9)).unwrap().policy.as_str(), "new");
        sound(&store);
        // And apart again, under the id it had.
        assert_eq!(store.split(&"old".into(), &ruling()).unwrap().as_str(), "old~2");
        assert_eq!(store.resolve(&"old".into()).unwrap().unwrap().as_str(), "old~2");
        sound(&store);
    }
}
