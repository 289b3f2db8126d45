//! What the tests of this crate share.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use model::{DocNumber, Document, DocumentId};

use crate::{Incoming, Store};

/// A folder that is removed at the end of the test.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn open(&self) -> Store {
        Store::open(&self.path().join("store")).unwrap()
    }

    pub(crate) fn open_redb(&self) -> Store {
        Store::open_at(&crate::Location::Redb(self.path().join("redb"))).unwrap()
    }
}

/// So many seconds after the epoch.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A long text that shares nothing with that of another seed.
pub(crate) fn prose(seed: u32, letters: usize) -> String {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut text = String::new();
    for index in 0..letters {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push(char::from_u32(0x4e00 + (state >> 8) % 3_000).unwrap());
        if index % 40 == 39 {
            text.push_str("。\n");
        }
    }
    text
}

/// Describes a document field by field.
#[derive(Clone)]
pub(crate) struct Sample(pub(crate) Incoming);

impl Sample {
    pub(crate) fn new(id: &str, title: &str, text: &str) -> Self {
        let document = Document { title: title.to_owned(), text: text.to_owned(), ..Document::default() };
        Self(Incoming {
            id: DocumentId::from(id),
            url: format!("https://{id}.gov.cn/{id}.html"),
            source: "test".into(),
            region: "000000".to_owned(),
            document,
            ..Incoming::default()
        })
    }

    pub(crate) fn number(mut self, number: &str) -> Self {
        self.0.document.numbers = vec![DocNumber::parse(number).unwrap()];
        self
    }

    pub(crate) fn issuer(mut self, issuer: &str) -> Self {
        self.0.document.issuers = vec![issuer.to_owned()];
        self
    }

    pub(crate) fn published(mut self, date: &str) -> Self {
        self.0.document.published = Some(date.parse::<Date>().unwrap().into());
        self
    }

    pub(crate) fn inner(mut self, title: &str) -> Self {
        self.0.inner_title = Some(title.to_owned());
        self
    }

    pub(crate) fn url(mut self, url: &str) -> Self {
        self.0.url = url.to_owned();
        self
    }

    pub(crate) fn bytes(mut self, bytes: &str) -> Self {
        self.0.snapshot = model::fingerprint::sha256_hex(bytes.as_bytes()).into();
        self
    }
}
