//! The store as a shelf: by which keys policies are found, and their documents one by one.

use std::ops::ControlFlow;

use model::policy::Policy;
use model::{DocumentId, PolicyId};

use crate::engine::Table;
use crate::error::Result;
use crate::identity::Face;
use crate::keys::{Key, Parts};
use crate::shelf::{MOST_CANDIDATES, Shelf, Way};
use crate::sketch;
use crate::stored::StoredDocument;
use crate::transaction::Transaction;

impl Shelf for Transaction<'_> {
    type Group = Policy;

    fn groups(&self, way: Way<'_>) -> Result<Vec<Policy>> {
        let (table, prefix) = match way {
            Way::Text(key) => (Table::Fingerprints, Key::new().text(key).done()),
            Way::Number(key) => (Table::Numbers, Key::new().text(key).done()),
            Way::Title(key) => (Table::Titles, Key::new().text(key).done()),
            Way::Band(place, key) => (Table::Bands, band_prefix(place, key)),
        };
        let keys = self.keys(table, &prefix, MOST_CANDIDATES)?;
        let ids = keys.iter().filter_map(|key| Parts(&key[prefix.len()..]).text());
        ids.filter_map(|id| self.policy(&id.into()).transpose()).collect()
    }

    fn show(&self, policy: &Policy, see: &mut dyn FnMut(&Face<'_>) -> ControlFlow<()>) -> Result<()> {
        let current = policy.revisions.iter().rev().map(|revision| &revision.document);
        let mut ids: Vec<&DocumentId> = Vec::new();
        for id in current.chain(policy.copies.iter().map(|copy| &copy.document)) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        for id in ids {
            let Some(stored) = self.stored(id)? else { continue };
            if see(&stored.face()).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn show_text(&self, policy: &Policy, fingerprint: &str, see: &mut dyn FnMut(&Face<'_>)) -> Result<()> {
        let stored = match policy.copies.iter().find(|copy| copy.fingerprint == fingerprint) {
            Some(copy) => self.stored(&copy.document)?,
            None => self.old_text(policy, fingerprint)?,
        };
        if let Some(stored) = stored.filter(|stored| stored.fingerprint == fingerprint) {
            see(&stored.face());
        }
        Ok(())
    }
}

impl Transaction<'_> {
    /// A text that another has replaced.
    fn old_text(&self, policy: &Policy, fingerprint: &str) -> Result<Option<StoredDocument>> {
        let Some(revision) = policy.revisions.iter().find(|revision| revision.fingerprint == fingerprint) else {
            return Ok(None);
        };
        let document = self.revision(policy, revision.number)?;
        Ok(document.map(|document| StoredDocument {
            fingerprint: fingerprint.to_owned(),
            inner_title: document.inner_title.clone(),
            document,
            ..StoredDocument::default()
        }))
    }
}

fn band_prefix(place: usize, key: u32) -> Vec<u8> {
    // The place fits a byte: there are sixteen.
    let place = u8::try_from(place).unwrap_or(u8::MAX);
    std::iter::once(place).chain(key.to_be_bytes()).collect()
}

/// Everything by which a policy is found through one of its documents.
pub(crate) fn keys_of(stored: &StoredDocument, policy: &PolicyId) -> Vec<(Table, Vec<u8>)> {
    let pair = |first: &str| Key::new().text(first).text(policy.as_str()).done();
    let face = stored.face();
    let text = face.has_text().then(|| (Table::Fingerprints, pair(&stored.fingerprint)));
    let number = face.number_key().map(|number| (Table::Numbers, pair(number)));
    let listed = face.listed.iter().flat_map(|listing| listing.kept());
    let titles = face.title_key().into_iter().chain(face.law_key()).chain(listed);
    let bands = sketch::bands(face.text());
    let bands = bands.iter().flatten().enumerate().map(|(place, band)| {
        let key = [band_prefix(place, *band), Key::new().text(policy.as_str()).done()].concat();
        (Table::Bands, key)
    });
    text.into_iter().chain(number).chain(titles.map(|title| (Table::Titles, pair(&title)))).chain(bands).collect()
}
