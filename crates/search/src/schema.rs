//! The columns of the embedded engine, and how an entry fills them.

use model::PolicyId;
use tantivy::schema::{
    FAST, Field as Column, INDEXED, IndexRecordOption, NumericOptions, STORED, STRING, Schema, SchemaBuilder, TextFieldIndexing,
    TextOptions, Value,
};
use tantivy::{TantivyDocument, Term};

use crate::analysis;
use crate::entry::{Entry, date_of, days};
use crate::node::{Field, Stored as StoredText};

/// Changes whenever the columns change or a term is made otherwise by this code: such an index cannot be read any more.
/// The dictionary is no part of it, see [`crate::folder`].
pub(crate) const VERSION: &str = "2";

/// The columns.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) schema: Schema,
    id: Column,
    title: Column,
    number_shown: Column,
    issuer_shown: Column,
    state_shown: Column,
    body: Column,
    date: Column,
    level: Column,
    windows: Column,
    /// One for each of [`Field::ALL`].
    terms: Vec<Column>,
}

/// Names of the columns read by name.
pub(crate) const FACET_COLUMN: &str = "facet";
pub(crate) const DATE_COLUMN: &str = "date";
pub(crate) const LEVEL_COLUMN: &str = "level";
pub(crate) const WINDOW_COLUMN: &str = "window";

fn text(tokenizer: &str, record: IndexRecordOption) -> TextOptions {
    TextOptions::default().set_indexing_options(TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record))
}

fn terms_column(schema: &mut SchemaBuilder, field: Field) -> Column {
    let bigrams = || text(analysis::BIGRAMS, IndexRecordOption::WithFreqsAndPositions);
    let words = || text(analysis::WORDS, IndexRecordOption::WithFreqs);
    match field {
        Field::TitleBigrams => schema.add_text_field("title_bigrams", bigrams()),
        // Positions would take more than half the size of the text: `verify` reads the text instead.
        Field::TextBigrams => schema.add_text_field("text_bigrams", text(analysis::BIGRAMS, IndexRecordOption::WithFreqs)),
        Field::IssuerBigrams => schema.add_text_field("issuer_bigrams", bigrams()),
        Field::TitleWords => schema.add_text_field("title_words", words()),
        Field::TextWords => schema.add_text_field("text_words", words()),
        Field::Number => schema.add_text_field("number", STRING),
        Field::CitedNumber => schema.add_text_field("cited_number", STRING),
        Field::Facet => schema.add_text_field(FACET_COLUMN, STRING | FAST),
        Field::Label => schema.add_text_field("label", STRING),
    }
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = SchemaBuilder::default();
        Self {
            id: schema.add_text_field("id", STRING | STORED),
            title: schema.add_text_field("title", STORED),
            number_shown: schema.add_text_field("number_shown", STORED),
            issuer_shown: schema.add_text_field("issuer_shown", STORED),
            state_shown: schema.add_text_field("state_shown", STORED),
            body: schema.add_text_field("body", STORED),
            date: schema.add_i64_field(DATE_COLUMN, NumericOptions::from(INDEXED | FAST | STORED)),
            level: schema.add_u64_field(LEVEL_COLUMN, FAST),
            windows: schema.add_u64_field(WINDOW_COLUMN, FAST),
            terms: Field::ALL.map(|field| terms_column(&mut schema, field)).to_vec(),
            schema: schema.build(),
        }
    }

    /// The column of a list of terms.
    pub(crate) fn column(&self, field: Field) -> Column {
        self.terms[field as usize]
    }

    /// The column of a stored text.
    pub(crate) fn stored_column(&self, stored: StoredText) -> Column {
        match stored {
            StoredText::Title => self.title,
            StoredText::Body => self.body,
        }
    }

    pub(crate) fn date_column(&self) -> Column {
        self.date
    }

    pub(crate) fn term(&self, field: Field, text: &str) -> Term {
        Term::from_field_text(self.column(field), text)
    }

    /// The term that names one policy.
    pub(crate) fn id_term(&self, id: &PolicyId) -> Term {
        Term::from_field_text(self.id, id.as_str())
    }

    /// The document of an entry.
    pub(crate) fn document(&self, entry: &Entry) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        document.add_text(self.id, entry.id.as_str());
        document.add_text(self.title, &entry.title);
        document.add_text(self.state_shown, entry.state);
        document.add_text(self.body, &entry.body);
        entry.number.iter().for_each(|number| document.add_text(self.number_shown, number));
        entry.issuer.iter().for_each(|issuer| document.add_text(self.issuer_shown, issuer));
        entry.date.iter().for_each(|date| document.add_i64(self.date, days(*date)));
        document.add_u64(self.level, entry.level);
        entry.windows.iter().for_each(|span| document.add_u64(self.windows, span.packed()));
        let mut add = |field: Field, text: &str| document.add_text(self.column(field), text);
        add(Field::TitleBigrams, &entry.normal_title);
        add(Field::TitleWords, &entry.normal_title);
        add(Field::TextBigrams, &entry.normal_text);
        add(Field::TextWords, &entry.normal_text);
        entry.normal_issuers.iter().for_each(|issuer| add(Field::IssuerBigrams, issuer));
        entry.numbers.iter().for_each(|key| add(Field::Number, key));
        entry.cited_numbers.iter().for_each(|key| add(Field::CitedNumber, key));
        entry.facets.terms.iter().for_each(|term| add(Field::Facet, term));
        entry.facets.labels.iter().for_each(|label| add(Field::Label, label));
        document
    }

    /// What was stored of a document.
    pub(crate) fn stored(&self, document: &TantivyDocument) -> Stored {
        let text = |field| document.get_first(field).and_then(|value| value.as_str()).map(str::to_owned);
        let date = document.get_first(self.date).and_then(|value| value.as_i64()).and_then(date_of);
        Stored {
            id: PolicyId(text(self.id).unwrap_or_default()),
            title: text(self.title).unwrap_or_default(),
            number: text(self.number_shown),
            issuer: text(self.issuer_shown),
            state: text(self.state_shown).unwrap_or_default(),
            body: text(self.body).unwrap_or_default(),
            date,
        }
    }
}

/// What a hit is made of.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: PolicyId,
    pub(crate) title: String,
    pub(crate) number: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) state: String,
    pub(crate) body: String,
    pub(crate) date: Option<jiff::civil::Date>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_of_terms_has_its_own_column() {
        let fields = Fields::new();
        for field in Field::ALL {
            assert_eq!(Field::ALL[field as usize], field);
            assert!(fields.schema.get_field_name(fields.column(field)).len() > 4);
        }
    }
}
