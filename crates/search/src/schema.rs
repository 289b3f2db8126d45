//! The fields of the index, and how a record fills them.

use model::number::find_numbers;
use model::{PolicyId, Record};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STORED, STRING, Schema, SchemaBuilder, TextFieldIndexing,
    TextOptions, Value,
};
use tantivy::{TantivyDocument, Term};

use crate::{analysis, facet};

/// Changes whenever the fields or the analysis change: an index of another version is emptied and built again.
pub(crate) const VERSION: &str = "1";

/// The fields.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pub(crate) schema: Schema,
    id: Field,
    pub(crate) title: Field,
    number_shown: Field,
    issuer_shown: Field,
    state_shown: Field,
    pub(crate) body: Field,
    /// Bigrams decide what matches. Short texts have them with positions, bodies without: see [`crate::verify`].
    pub(crate) title_bigrams: Field,
    pub(crate) body_bigrams: Field,
    pub(crate) issuer_bigrams: Field,
    /// Words help to rank.
    pub(crate) title_words: Field,
    pub(crate) body_words: Field,
    /// Keys of the policy's own numbers.
    pub(crate) number: Field,
    /// Keys of the numbers its text mentions.
    pub(crate) cited_number: Field,
    /// `name=value`, see [`facet`].
    pub(crate) facet: Field,
    /// `name=label`.
    pub(crate) label: Field,
    /// Days since 1970.
    pub(crate) date: Field,
}

/// Names of the columns read by name.
pub(crate) const FACET_COLUMN: &str = "facet";
pub(crate) const DATE_COLUMN: &str = "date";

fn text(tokenizer: &str, record: IndexRecordOption) -> TextOptions {
    TextOptions::default().set_indexing_options(TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record))
}

impl Fields {
    pub(crate) fn new() -> Self {
        let mut schema = SchemaBuilder::default();
        let bigrams = || text(analysis::BIGRAMS, IndexRecordOption::WithFreqsAndPositions);
        let body_bigrams = text(analysis::BIGRAMS, IndexRecordOption::WithFreqs);
        let words = || text(analysis::WORDS, IndexRecordOption::WithFreqs);
        Self {
            id: schema.add_text_field("id", STRING | STORED),
            title: schema.add_text_field("title", STORED),
            number_shown: schema.add_text_field("number_shown", STORED),
            issuer_shown: schema.add_text_field("issuer_shown", STORED),
            state_shown: schema.add_text_field("state_shown", STORED),
            body: schema.add_text_field("body", STORED),
            title_bigrams: schema.add_text_field("title_bigrams", bigrams()),
            body_bigrams: schema.add_text_field("body_bigrams", body_bigrams),
            issuer_bigrams: schema.add_text_field("issuer_bigrams", bigrams()),
            title_words: schema.add_text_field("title_words", words()),
            body_words: schema.add_text_field("body_words", words()),
            number: schema.add_text_field("number", STRING),
            cited_number: schema.add_text_field("cited_number", STRING),
            facet: schema.add_text_field(FACET_COLUMN, STRING | FAST),
            label: schema.add_text_field("label", STRING),
            date: schema.add_i64_field(DATE_COLUMN, NumericOptions::from(INDEXED | FAST | STORED)),
            schema: schema.build(),
        }
    }

    /// The term that names one policy.
    pub(crate) fn id_term(&self, id: &PolicyId) -> Term {
        Term::from_field_text(self.id, id.as_str())
    }

    /// The document of a record.
    pub(crate) fn document(&self, record: &Record) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        let body = analysis::normal(&record.document.text);
        let title = analysis::normal(title_of(record));
        document.add_text(self.id, record.policy.id.as_str());
        document.add_text(self.title, title_of(record));
        document.add_text(self.state_shown, facet::state_of(record).name());
        document.add_text(self.body, &record.document.text);
        document.add_text(self.title_bigrams, &title);
        document.add_text(self.title_words, &title);
        document.add_text(self.body_bigrams, &body);
        document.add_text(self.body_words, &body);
        if let Some(issuer) = record.document.issuers.first() {
            document.add_text(self.issuer_shown, issuer);
        }
        for issuer in &record.document.issuers {
            document.add_text(self.issuer_bigrams, analysis::normal(issuer));
        }
        if let Some(date) = record.date() {
            document.add_i64(self.date, days(date));
        }
        self.add_numbers(record, &body, &mut document);
        let values = facet::values_of(record);
        values.terms.iter().for_each(|term| document.add_text(self.facet, term));
        values.labels.iter().for_each(|label| document.add_text(self.label, label));
        document
    }

    fn add_numbers(&self, record: &Record, body: &str, document: &mut TantivyDocument) {
        if let Some(number) = record.document.numbers.first() {
            document.add_text(self.number_shown, number.to_string());
        }
        let own: Vec<String> = record.document.numbers.iter().map(|number| number_key(&number.key())).collect();
        let mut cited: Vec<String> = find_numbers(body).iter().map(|(number, _)| number_key(&number.key())).collect();
        cited.sort();
        cited.dedup();
        cited.retain(|key| !own.contains(key));
        own.iter().for_each(|key| document.add_text(self.number, key));
        cited.iter().for_each(|key| document.add_text(self.cited_number, key));
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

/// The form in which keys of numbers are compared.
pub(crate) fn number_key(key: &str) -> String {
    key.trim().to_ascii_lowercase()
}

fn title_of(record: &Record) -> &str {
    if record.policy.title.is_empty() { &record.document.title } else { &record.policy.title }
}

/// Days since 1970, the number a date is stored as.
pub(crate) fn days(date: jiff::civil::Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

fn date_of(days: i64) -> Option<jiff::civil::Date> {
    EPOCH.checked_add(jiff::SignedDuration::from_hours(days.checked_mul(24)?)).ok()
}

const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_date_survives_being_stored_as_days() {
        for day in [date(1949, 10, 1), date(1969, 12, 31), EPOCH, date(2026, 2, 28), date(2099, 12, 31)] {
            assert_eq!(date_of(days(day)), Some(day));
        }
        assert_eq!(days(date(1969, 12, 31)), -1);
        assert_eq!(date_of(i64::MAX), None);
    }
}
