//! What was read of attached files, by their bytes: a file is read once, however many documents and visits lead to it.

use model::{FileText, SnapshotId};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::engine::Table;
use crate::error::Result;
use crate::keys::check_id;
use crate::transaction::Transaction;

/// A reading as it lies in the table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct StoredText {
    version: String,
    text: FileText,
}

impl Store {
    /// What was read of a file's bytes, and the version of the reader that did.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn file_text(&self, snapshot: &SnapshotId) -> Result<Option<(String, FileText)>> {
        let stored = Transaction::new(self.engine.now()).get::<StoredText>(Table::FileTexts, snapshot.as_str().as_bytes())?;
        Ok(stored.map(|stored| (stored.version, stored.text)))
    }

    /// Keeps what a version of the reader read of a file's bytes.
    ///
    /// # Errors
    /// Where the id is unusable or it cannot be written.
    pub fn put_file_text(&self, snapshot: &SnapshotId, version: &str, text: &FileText) -> Result<()> {
        check_id("file", snapshot.as_str())?;
        let stored = StoredText { version: version.to_owned(), text: text.clone() };
        self.write(|transaction| transaction.put(Table::FileTexts, snapshot.as_str().as_bytes().to_vec(), &stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Home, prose};
    use model::{Block, FileState};

    #[test]
    fn a_reading_is_kept_whole_under_its_bytes_and_replaced_by_a_later_version() {
        let home = Home::new();
        let store = home.open();
        let id = SnapshotId::from("ab".repeat(32).as_str());
        assert_eq!(store.file_text(&id).unwrap(), None);
        let block = Block { text: prose(3, 60_000), ..Block::default() };
        let text = FileText { state: FileState::Text, blocks: vec![block], ..FileText::default() };
        store.put_file_text(&id, "1", &text).unwrap();
        assert_eq!(store.file_text(&id).unwrap(), Some(("1".to_owned(), text)));
        store.put_file_text(&id, "2", &FileText::default()).unwrap();
        assert_eq!(store.file_text(&id).unwrap(), Some(("2".to_owned(), FileText::default())));
        assert!(store.put_file_text(&SnapshotId::default(), "1", &FileText::default()).is_err());
    }
}
