//! What lies in the tables where it is more than a noun of `model`, and reading and writing it.

use model::policy::Policy;
use model::{Document, DocumentId, PolicyId, SnapshotId, SourceId};
use serde::{Deserialize, Serialize};

use crate::engine::Table;
use crate::error::Result;
use crate::identity::Face;
use crate::keys::Key;
use crate::transaction::Transaction;

/// A document as it was last read, and the policy it carries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredDocument {
    pub(crate) policy: PolicyId,
    pub(crate) url: String,
    pub(crate) source: SourceId,
    pub(crate) snapshot: SnapshotId,
    /// The bytes of the further pages of its article.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<SnapshotId>,
    pub(crate) region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inner_title: Option<String>,
    /// Of the text that identity is judged by (`identity::proof_of`), by `model::fingerprint::of_text`.
    pub(crate) fingerprint: String,
    pub(crate) document: Document,
}

impl StoredDocument {
    pub(crate) fn face(&self) -> Face<'_> {
        Face::of(self)
    }
}

/// The key of one text of a policy that another has replaced.
pub(crate) fn revision_key(policy: &PolicyId, number: u32) -> Vec<u8> {
    Key::new().text(policy.as_str()).number(number.into()).done()
}

/// Merges followed from one id; editors merge a policy that was merged before, but not often.
const MOST_MERGES: usize = 64;

impl Transaction<'_> {
    /// The document's own id, where the given one is another name of it.
    pub(crate) fn own_id(&self, id: &DocumentId) -> Result<DocumentId> {
        let alias = self.bytes(Table::Aliases, id.as_str().as_bytes())?;
        Ok(alias.map_or_else(|| id.clone(), |own| String::from_utf8_lossy(&own).into_owned().into()))
    }

    pub(crate) fn stored(&self, id: &DocumentId) -> Result<Option<StoredDocument>> {
        self.get(Table::Documents, self.own_id(id)?.as_str().as_bytes())
    }

    /// The policy with an id, also one that had it before it was merged into another.
    pub(crate) fn policy(&self, id: &PolicyId) -> Result<Option<Policy>> {
        let mut key = id.as_str().as_bytes().to_vec();
        for _ in 0..MOST_MERGES {
            let policy = self.get(Table::Policies, &key)?;
            if policy.is_some() {
                return Ok(policy);
            }
            let Some(into) = self.bytes(Table::Merged, &key)? else { return Ok(None) };
            key = into;
        }
        Ok(None)
    }

    /// The document of one revision: the one put aside when another text took its place, else the one it is read from.
    pub(crate) fn revision(&self, policy: &Policy, number: u32) -> Result<Option<Document>> {
        let Some(revision) = policy.revisions.iter().find(|revision| revision.number == number) else { return Ok(None) };
        if let Some(put_aside) = self.get(Table::Revisions, &revision_key(&policy.id, number))? {
            return Ok(Some(put_aside));
        }
        Ok(self.stored(&revision.document)?.map(|stored| stored.document))
    }
}
