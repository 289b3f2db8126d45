//! A stored document as a text to be read.

use model::{Annotation, Document};

use crate::annotator::{Annotator, Input};

impl Annotator {
    /// Annotates a document that is for a place (GB/T 2260).
    #[must_use]
    pub fn annotate_document(&self, document: &Document, region: &str) -> Annotation {
        self.annotate(&Input {
            text: &document.text,
            title: &document.title,
            issuers: &document.issuers,
            region,
            date: document.issued.or(document.published.map(|moment| moment.date)),
        })
    }

    /// What differs between an old and a new document, both read by the same rules.
    #[must_use]
    pub fn difference(&self, old: (&Document, &str), new: (&Document, &str)) -> crate::Difference {
        let (was, is) = (self.annotate_document(old.0, old.1), self.annotate_document(new.0, new.1));
        crate::Difference::between(
            crate::Side { text: &old.0.text, annotation: &was },
            crate::Side { text: &new.0.text, annotation: &is },
        )
    }
}
