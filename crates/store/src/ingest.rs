//! Taking documents in: which policy each belongs to, what that changes, and writing it so that twice is as once.
//!
//! A page that is known keeps its policy for ever. Changed markup (the same letters otherwise spaced) changes nothing; a
//! better reading of the same archived bytes replaces the text in place; other bytes with another text are a revision.

use jiff::Timestamp;
use model::fingerprint::sha256_hex;
use model::id::normal_url;
use model::policy::{Copy, Policy, Revision};
use model::{Attachment, DocNumber, Document, DocumentId, LifeCycle, PolicyId, SnapshotId, SourceId};

use crate::Store;
use crate::engine::Table;
use crate::error::{Result, StoreError};
use crate::found::keys_of;
use crate::identity::{self, Relation};
use crate::keys::check_id;
use crate::overlap::letters;
use crate::shelf::relate;
use crate::sketch;
use crate::stored::{StoredDocument, revision_key};
use crate::transaction::Transaction;

/// A document on its way in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Incoming {
    /// Its id: given with an import, else [`DocumentId::of_url`].
    pub id: DocumentId,
    /// Where it stands; may be empty for imports.
    pub url: String,
    /// The source it came through.
    pub source: SourceId,
    /// The archived bytes it was read from; empty for imports.
    pub snapshot: SnapshotId,
    /// The archived bytes of the further pages of its article.
    pub parts: Vec<SnapshotId>,
    /// Whether these bytes were taken in before: another text is a better reading then, or a file that came late.
    pub is_reading: bool,
    /// GB/T 2260 code of the place it is for.
    pub region: String,
    /// The title inside 《》 of a 印发 or 转发 notice.
    pub inner_title: Option<String>,
    /// What was read.
    pub document: Document,
}

/// What a document was to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The first of its policy.
    New,
    /// Another place of a known policy, which keeps its text.
    Copy,
    /// A new text of a known policy.
    Revised,
    /// A known document without a new text; its fields may have become better.
    Unchanged,
}

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    /// The policy it belongs to.
    pub policy: PolicyId,
    /// What it was.
    pub change: Change,
    /// Whether the policy's current title or text is now another, so that it has to be annotated again.
    pub stale: bool,
}

/// Documents applied to the engine as one; more only take memory.
const CHUNK: usize = 128;

impl Store {
    /// Takes one document in. See the rules in `identity`; the answer is durable.
    ///
    /// # Errors
    /// Where the id is unusable or the store cannot be written; then nothing of it is kept.
    pub fn ingest(&self, incoming: &Incoming, now: Timestamp) -> Result<Ingested> {
        check_id("document", incoming.id.as_str())?;
        self.write(|transaction| take(transaction, incoming, now))
    }

    /// Takes many documents in, with the same result as one by one and one wait for the disk.
    ///
    /// # Errors
    /// Where an id is unusable nothing is written. Where writing fails, a first part of them may have been stored whole.
    pub fn ingest_batch(&self, incoming: &[Incoming], now: Timestamp) -> Result<Vec<Ingested>> {
        for one in incoming {
            check_id("document", one.id.as_str())?;
        }
        let mut ingested = Vec::with_capacity(incoming.len());
        for chunk in incoming.chunks(CHUNK) {
            let taken = self
                .write_unsettled(|transaction| chunk.iter().map(|one| take(transaction, one, now)).collect::<Result<Vec<_>>>())?;
            ingested.extend(taken);
        }
        self.engine.settle()?;
        Ok(ingested)
    }
}

/// One document within a transaction.
fn take(transaction: &mut Transaction<'_>, incoming: &Incoming, now: Timestamp) -> Result<Ingested> {
    let new = stored_of(incoming);
    if let Some((id, stored)) = known(transaction, &incoming.id, &new)? {
        return Known { transaction, id, stored, now }.take(new, incoming.is_reading);
    }
    let found = {
        let face = new.face();
        relate(transaction, &face, &new.fingerprint, sketch::bands(face.text()).as_ref())?
    };
    match found {
        Some((relation, policy)) => add(transaction, &incoming.id, new, policy, relation, now),
        None => start(transaction, &incoming.id, new, now),
    }
}

/// A document as it is stored, its policy not yet known.
pub(crate) fn stored_of(incoming: &Incoming) -> StoredDocument {
    StoredDocument {
        policy: PolicyId::default(),
        url: incoming.url.clone(),
        source: incoming.source.clone(),
        snapshot: incoming.snapshot.clone(),
        parts: incoming.parts.clone(),
        region: incoming.region.clone(),
        inner_title: incoming.inner_title.clone(),
        fingerprint: identity::fingerprint_of(&incoming.document),
        document: readable_again(incoming.document.clone()),
    }
}

/// Drops what could be written but never read again, so that one odd field cannot make a document unreadable.
fn readable_again(mut document: Document) -> Document {
    document.numbers.retain(|number| DocNumber::parse(&number.to_string()).as_ref() == Some(number));
    document.published = document.published.filter(|moment| model::date::parse_moment(&moment.to_string()) == Some(*moment));
    document
}

/// The stored document this one is: by its id, or by its URL where one of the two ids only says the URL.
fn known(
    transaction: &mut Transaction<'_>,
    id: &DocumentId,
    new: &StoredDocument,
) -> Result<Option<(DocumentId, StoredDocument)>> {
    let own = transaction.own_id(id)?;
    if let Some(stored) = transaction.get(Table::Documents, own.as_str().as_bytes())? {
        return Ok(Some((own, stored)));
    }
    let Some(other) = transaction.bytes(Table::Urls, &url_key(&new.url))?.filter(|_| !new.url.is_empty()) else {
        return Ok(None);
    };
    let other: DocumentId = String::from_utf8_lossy(&other).into_owned().into();
    let of_url = DocumentId::of_url(&new.url);
    // Two given ids under one URL are two entries of one collection page.
    let one_is_the_url = *id == of_url || other == of_url;
    let Some(stored) = transaction.stored(&other)?.filter(|_| one_is_the_url) else { return Ok(None) };
    let title: String = letters(&new.document.title).collect();
    let same_title = !title.is_empty() && letters(&stored.document.title).eq(title.chars());
    let same_number = new.document.numbers.first().is_some_and(|number| stored.document.numbers.first() == Some(number));
    if !(same_title || same_number || stored.fingerprint == new.fingerprint) {
        return Ok(None);
    }
    transaction.put_bytes(Table::Aliases, id.as_str().as_bytes().to_vec(), other.as_str().as_bytes().to_vec());
    Ok(Some((other, stored)))
}

fn url_key(url: &str) -> Vec<u8> {
    sha256_hex(normal_url(url).as_bytes()).into_bytes()
}

/// The first document of a new policy.
fn start(transaction: &mut Transaction<'_>, id: &DocumentId, new: StoredDocument, now: Timestamp) -> Result<Ingested> {
    let mut policy = Policy {
        id: PolicyId(id.as_str().to_owned()),
        state: LifeCycle::Unknown,
        copies: vec![copy_of(id, &new, now)],
        first_seen: now,
        changed: now,
        ..Policy::default()
    };
    if transaction.get_and_hold::<Policy>(Table::Policies, policy.id.as_str().as_bytes())?.is_some() {
        return Err(StoreError::refused("document", id.as_str(), "a policy has its id, but does not know it"));
    }
    revise(transaction, &mut policy, id, &new, now);
    policy.region.clone_from(&new.region);
    transaction.count("documents", 1)?;
    transaction.count("policies", 1)?;
    save(transaction, id, new, &policy)?;
    Ok(Ingested { policy: policy.id, change: Change::New, stale: true })
}

/// A further document of a known policy.
fn add(
    transaction: &mut Transaction<'_>,
    id: &DocumentId,
    new: StoredDocument,
    mut policy: Policy,
    relation: Relation,
    now: Timestamp,
) -> Result<Ingested> {
    policy.copies.push(Copy { is_earlier: relation == Relation::Earlier, ..copy_of(id, &new, now) });
    let revised = relation == Relation::Revision;
    if revised {
        revise(transaction, &mut policy, id, &new, now);
        transaction.count("revisions", 1)?;
    }
    transaction.count("documents", 1)?;
    transaction.count("copies", 1)?;
    save(transaction, id, new, &policy)?;
    let change = if revised { Change::Revised } else { Change::Copy };
    Ok(Ingested { policy: policy.id, change, stale: revised })
}

fn copy_of(id: &DocumentId, new: &StoredDocument, now: Timestamp) -> Copy {
    Copy {
        document: id.clone(),
        url: new.url.clone(),
        source: new.source.clone(),
        fingerprint: new.fingerprint.clone(),
        seen: now,
        is_earlier: false,
    }
}

/// Makes a document's text the policy's current one.
fn revise(transaction: &mut Transaction<'_>, policy: &mut Policy, id: &DocumentId, new: &StoredDocument, now: Timestamp) {
    let number = policy.revision().saturating_add(1);
    policy.revisions.push(Revision {
        number,
        document: id.clone(),
        snapshot: new.snapshot.clone(),
        fingerprint: new.fingerprint.clone(),
        seen: now,
    });
    policy.title.clone_from(&new.document.title);
    policy.inner_title.clone_from(&new.inner_title);
    policy.changed = policy.changed.max(now);
    transaction.changed(&policy.id);
}

/// Writes a document with its policy and everything by which both are found.
fn save(transaction: &mut Transaction<'_>, id: &DocumentId, mut new: StoredDocument, policy: &Policy) -> Result<()> {
    new.policy = policy.id.clone();
    for (table, key) in keys_of(&new, &policy.id) {
        transaction.put_key(table, key);
    }
    if !new.url.is_empty() && transaction.bytes(Table::Urls, &url_key(&new.url))?.is_none() {
        transaction.put_bytes(Table::Urls, url_key(&new.url), id.as_str().as_bytes().to_vec());
    }
    transaction.changed(&policy.id);
    transaction.put(Table::Policies, policy.id.as_str().as_bytes().to_vec(), policy)?;
    transaction.put(Table::Documents, id.as_str().as_bytes().to_vec(), &new)
}

/// A document that is known, seen again.
struct Known<'t, 'e> {
    transaction: &'t mut Transaction<'e>,
    id: DocumentId,
    stored: StoredDocument,
    now: Timestamp,
}

impl Known<'_, '_> {
    fn take(mut self, mut new: StoredDocument, is_reading: bool) -> Result<Ingested> {
        // A fingerprint made by an older rule of what counts: the text is what says whether it is another.
        if new.fingerprint != self.stored.fingerprint && identity::fingerprint_of(&self.stored.document) == new.fingerprint {
            new.fingerprint.clone_from(&self.stored.fingerprint);
        }
        let policy = self.transaction.policy(&self.stored.policy)?;
        let mut policy = policy.ok_or_else(|| StoreError::unknown_policy(&self.stored.policy))?;
        let (own, its) = (new.document.own_text(), self.stored.document.own_text());
        // An empty reading says nothing about the text that was there.
        let is_lost = letters(own).next().is_none() && letters(its).next().is_some();
        let same_bytes = is_reading || self.stored.is_read_from(&new);
        let carries_current =
            policy.revisions.last().is_some_and(|last| last.document == self.id && last.fingerprint == self.stored.fingerprint);
        let is_known_text = !carries_current && policy.revisions.iter().any(|revision| revision.fingerprint == new.fingerprint);
        let is_revised = carries_current && !is_lost && has_other_file(&self.stored.document, &new.document);
        if !is_revised && (is_lost || self.stored.fingerprint == new.fingerprint) {
            // Imports have no bytes to compare: their text is taken as given.
            let is_same =
                !new.snapshot.as_str().is_empty() && !same_bytes && has_same_files(&self.stored.document, &new.document);
            return self.refresh(policy, new, is_lost || is_same, same_bytes && !is_lost);
        }
        if !is_revised && (same_bytes || is_known_text) {
            return self.refresh(policy, new, false, same_bytes);
        }
        self.put_aside(&policy)?;
        let id = self.id.clone();
        self.see(&mut policy, &new);
        let merged = StoredDocument { document: merge(&self.stored.document, new.document.clone(), false), ..new };
        revise(self.transaction, &mut policy, &id, &merged, self.now);
        self.transaction.count("revisions", 1)?;
        save(self.transaction, &id, merged, &policy)?;
        Ok(Ingested { policy: policy.id, change: Change::Revised, stale: true })
    }

    /// Better fields, a better reading of the same bytes, or a copy that caught up: no new revision.
    fn refresh(mut self, mut policy: Policy, new: StoredDocument, keeps_text: bool, replaces: bool) -> Result<Ingested> {
        let before = policy.clone();
        let carried: Vec<usize> = self.carried(&policy)?;
        let document =
            if replaces { new.document.clone() } else { merge(&self.stored.document, new.document.clone(), keeps_text) };
        let fingerprint = if keeps_text { self.stored.fingerprint.clone() } else { new.fingerprint.clone() };
        let in_place = replaces || fingerprint == self.stored.fingerprint;
        let after = StoredDocument {
            policy: policy.id.clone(),
            inner_title: new.inner_title.clone().or_else(|| self.stored.inner_title.clone()),
            // The page's URL stays the one it is known under; an alias may have brought another spelling.
            url: if self.stored.url.is_empty() { new.url.clone() } else { self.stored.url.clone() },
            snapshot: if keeps_text { self.stored.snapshot.clone() } else { new.snapshot.clone() },
            parts: if keeps_text { self.stored.parts.clone() } else { new.parts.clone() },
            fingerprint,
            document,
            ..new
        };
        let is_current = carried.iter().any(|index| index + 1 == policy.revisions.len());
        if in_place {
            for index in carried {
                policy.revisions[index].fingerprint.clone_from(&after.fingerprint);
                policy.revisions[index].snapshot.clone_from(&after.snapshot);
            }
        } else {
            self.put_aside(&policy)?;
        }
        self.see(&mut policy, &after);
        if is_current {
            policy.title.clone_from(&after.document.title);
            policy.inner_title.clone_from(&after.inner_title);
        }
        if policy.copies.first().is_some_and(|first| first.document == self.id) {
            policy.region.clone_from(&after.region);
        }
        let stale = is_current
            && (after.document.title != self.stored.document.title || after.document.text != self.stored.document.text);
        let change = Change::Unchanged;
        let id = policy.id.clone();
        if after == self.stored {
            if policy != before {
                // Seen again, and nothing else: no place in the sequence, search need not look.
                self.transaction.put(Table::Policies, policy.id.as_str().as_bytes().to_vec(), &policy)?;
            }
        } else {
            policy.changed = policy.changed.max(self.now);
            save(self.transaction, &self.id, after, &policy)?;
        }
        Ok(Ingested { policy: id, change, stale })
    }

    /// Indices of the revisions whose text is read from this document, not from one put aside.
    fn carried(&self, policy: &Policy) -> Result<Vec<usize>> {
        let mut carried = Vec::new();
        for (index, revision) in policy.revisions.iter().enumerate() {
            let is_ours = revision.document == self.id && revision.fingerprint == self.stored.fingerprint;
            if is_ours && self.transaction.bytes(Table::Revisions, &revision_key(&policy.id, revision.number))?.is_none() {
                carried.push(index);
            }
        }
        Ok(carried)
    }

    /// Keeps the text of revisions that were read from this document, before another text takes its place.
    fn put_aside(&mut self, policy: &Policy) -> Result<()> {
        for index in self.carried(policy)? {
            let key = revision_key(&policy.id, policy.revisions[index].number);
            self.transaction.put(Table::Revisions, key, &self.stored.document)?;
        }
        Ok(())
    }

    fn see(&self, policy: &mut Policy, now_stored: &StoredDocument) {
        if let Some(copy) = policy.copies.iter_mut().find(|copy| copy.document == self.id) {
            copy.seen = copy.seen.max(self.now);
            copy.fingerprint.clone_from(&now_stored.fingerprint);
            copy.source.clone_from(&now_stored.source);
        }
    }
}

/// Whether a snapshot id is the SHA-256 of archived bytes, so that equal ids mean equal bytes.
fn is_content_hash(snapshot: &SnapshotId) -> bool {
    snapshot.as_str().len() == 64 && snapshot.as_str().bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl StoredDocument {
    /// Whether a new reading is of the bytes this one was read from; further pages of the article may have come late.
    fn is_read_from(&self, new: &Self) -> bool {
        is_content_hash(&new.snapshot) && new.snapshot == self.snapshot && self.parts.iter().all(|part| new.parts.contains(part))
    }
}

/// Whether a file that was read before has other bytes now, and with them another text. One that was not read before
/// came late; one that is linked no more, or newly, leaves the act as it was.
fn has_other_file(old: &Document, new: &Document) -> bool {
    let text_of = |document: &Document, index: usize| -> String {
        let blocks = document.file_blocks().filter(|block| block.file == Some(index));
        // The first one is the file's name.
        blocks.skip(1).flat_map(|block| letters(&block.text).collect::<Vec<char>>()).collect()
    };
    new.attachments.iter().enumerate().any(|(index, attachment)| {
        let before = old.attachments.iter().position(|other| other.url == attachment.url);
        before.is_some_and(|before| {
            let snapshot = |attachment: &Attachment| {
                attachment.file.as_ref().map(|file| file.snapshot.clone()).filter(|snapshot| !snapshot.as_str().is_empty())
            };
            let bytes = snapshot(&old.attachments[before]).zip(snapshot(attachment));
            let (was, is) = (text_of(old, before), text_of(new, index));
            bytes.is_some_and(|(was, is)| was != is) && !was.is_empty() && !is.is_empty() && was != is
        })
    })
}

/// Whether the files of two readings say the same under the same places, so that the stored text can stay as it is. A
/// reading that found no attachments at all says nothing about them.
fn has_same_files(old: &Document, new: &Document) -> bool {
    let urls = |document: &Document| document.attachments.iter().map(|file| file.url.clone()).collect::<Vec<_>>();
    new.attachments.is_empty()
        || (old.file_blocks().eq(new.file_blocks()) && (old.file_blocks().next().is_none() || urls(old) == urls(new)))
}

/// The new reading over the old one: a field that is missing now does not erase one that was found.
fn merge(old: &Document, mut new: Document, keeps_text: bool) -> Document {
    let old = old.clone();
    if keeps_text {
        (new.text, new.blocks, new.tables) = (old.text, old.blocks, old.tables);
    }
    if new.title.is_empty() {
        new.title = old.title;
    }
    if new.numbers.is_empty() {
        new.numbers = old.numbers;
    }
    if new.issuers.is_empty() {
        new.issuers = old.issuers;
    }
    // The text that stays refers to its files by their places.
    if new.attachments.is_empty() || (keeps_text && new.blocks.iter().any(|block| block.file.is_some())) {
        new.attachments = old.attachments;
    }
    new.published = new.published.or(old.published);
    new.issued = new.issued.or(old.issued);
    new.effective = new.effective.or(old.effective);
    new.expires = new.expires.or(old.expires);
    new.index_number = new.index_number.or(old.index_number);
    new.source = new.source.or(old.source);
    new.validity = new.validity.or(old.validity);
    new.theme = new.theme.or(old.theme);
    for (field, place) in old.fields_from {
        new.fields_from.entry(field).or_insert(place);
    }
    new
}

#[cfg(test)]
mod tests;
