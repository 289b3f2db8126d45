//! Policies from elsewhere: one JSON object a line, taken in like pages that were fetched.

use jiff::civil::Date;
use model::{Block, DocNumber, Document, DocumentId, Issue, Moment, RunReport};
use serde::Deserialize;
use store::Incoming;

use crate::intake::count;
use crate::pipeline::{Pipeline, Stages};

/// One line of an import file; keys not named here are ignored, since such files come from many hands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ImportLine {
    /// Comes back from `search`, `dedup` and `match`.
    pub id: String,
    /// Where it stands, when it stands anywhere.
    #[serde(default)]
    pub url: Option<String>,
    /// Its title.
    pub title: String,
    /// When it was published, as any date this product reads.
    #[serde(default)]
    pub date: Option<String>,
    /// One issuer, or several separated by blanks or 、.
    #[serde(default)]
    pub issuer: Option<String>,
    /// 发文字号 in any form.
    #[serde(default)]
    pub doc_no: Option<String>,
    /// The main text; a line of a list page has none.
    #[serde(default)]
    pub body: String,
}

/// Ids are keys of the store; longer ones are texts in the wrong place.
const MOST_ID_BYTES: usize = 256;

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// What was expected.
    pub message: String,
}

/// Reads import lines; a bad line is reported and skipped.
#[must_use]
pub fn read_imports(text: &str) -> (Vec<ImportLine>, Vec<BadLine>) {
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str::<ImportLine>(line) {
            Ok(one) if one.id.trim().is_empty() || one.id.len() > MOST_ID_BYTES => {
                let message = format!("`id` has {} bytes; expected 1 to {MOST_ID_BYTES}", one.id.len());
                bad.push(BadLine { line: index + 1, message });
            }
            Ok(one) => good.push(one),
            Err(error) => bad.push(BadLine { line: index + 1, message: format!("expected {{id,title,…}}: {error}") }),
        }
    }
    (good, bad)
}

impl ImportLine {
    /// The document it stands for. Only what the line says is filled in; nothing is guessed from the text.
    #[must_use]
    pub fn document(&self) -> (Document, Vec<Issue>) {
        let mut issues = Vec::new();
        let mut document = Document { title: self.title.trim().to_owned(), ..Document::default() };
        let lines = self.body.lines().map(str::trim).filter(|line| !line.is_empty());
        document.blocks =
            lines.map(|line| Block { text: line.to_owned(), level: extract::heading_level(line), ..Block::default() }).collect();
        document.text = document.blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n");
        if let Some(date) = self.date.as_deref().filter(|date| !date.trim().is_empty()) {
            match model::date::parse_moment(date) {
                Some(moment) => document.published = Some(moment),
                None => issues.push(Issue::new("bad_date", date)),
            }
        }
        if let Some(number) = self.doc_no.as_deref().filter(|number| !number.trim().is_empty()) {
            match DocNumber::parse(number) {
                Some(number) => document.numbers.push(number),
                None => issues.push(Issue::new("bad_number", number)),
            }
        }
        let issuers = self.issuer.as_deref().unwrap_or_default().split(['、', ' ', '　', ',', '，', ';', '；']);
        document.issuers = issuers.map(str::trim).filter(|issuer| !issuer.is_empty()).map(str::to_owned).collect();
        for (field, filled) in [
            ("title", !document.title.is_empty()),
            ("published", document.published.is_some()),
            ("numbers", !document.numbers.is_empty()),
            ("issuers", !document.issuers.is_empty()),
        ] {
            if filled {
                document.fields_from.insert(field.to_owned(), "import".to_owned());
            }
        }
        (document, issues)
    }

    /// The publication date, for callers that need no document.
    #[must_use]
    pub fn published(&self) -> Option<Date> {
        self.date.as_deref().and_then(model::date::parse_moment).map(|moment: Moment| moment.date)
    }
}

/// Documents stored in one durable step: enough to make the sync cheap, few enough to lose little time when killed.
const BATCH: usize = 512;

impl Pipeline {
    /// Takes imported documents in; `progress` is told how many are done.
    ///
    /// # Errors
    /// Only where the store cannot be written.
    pub fn import(&self, lines: &[ImportLine], progress: &mut dyn FnMut(u64)) -> anyhow::Result<RunReport> {
        let mut report = RunReport::default();
        let now = self.clock.now();
        for batch in lines.chunks(BATCH) {
            let incoming: Vec<Incoming> = batch.iter().map(|line| self.imported(line)).collect();
            for ingested in self.store.ingest_batch(&incoming, now)? {
                report.fetched += 1;
                count(&mut report, ingested.change);
            }
            progress(report.fetched);
        }
        Ok(report)
    }

    fn imported(&self, line: &ImportLine) -> Incoming {
        let (incoming, issues) = incoming(line, &self.stages);
        for issue in &issues {
            tracing::warn!(id = line.id, code = issue.code, detail = issue.detail, "import");
        }
        incoming
    }
}

/// An import line on its way into the store, and what was wrong with it.
#[must_use]
pub fn incoming(line: &ImportLine, stages: &Stages) -> (Incoming, Vec<Issue>) {
    let (document, issues) = line.document();
    let incoming = Incoming {
        id: DocumentId(line.id.clone()),
        url: line.url.clone().unwrap_or_default(),
        source: "import".into(),
        region: stages.annotator.region_of(&document.issuers, &document.title, model::region::COUNTRY),
        inner_title: model::title::inner_title(&document.title),
        document,
        ..Incoming::default()
    };
    (incoming, issues)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_a_document_with_the_fields_it_names() {
        let (lines, bad) = read_imports(
            r#"{"id":"A1","title":" 关于印发办法的通知 ","date":"2024-05-06","issuer":"财政部 税务总局","doc_no":"财税[2024]3号","body":"第一条\n\n　第二条","topic":"x"}"#,
        );
        assert!(bad.is_empty());
        let (document, issues) = lines[0].document();
        assert!(issues.is_empty());
        assert_eq!(document.text, "第一条\n第二条");
        assert_eq!(document.issuers, ["财政部", "税务总局"]);
        assert_eq!(document.numbers[0].to_string(), "财税〔2024〕3号");
        assert_eq!(document.published.unwrap().to_string(), "2024-05-06");
        assert!(document.issued.is_none(), "one date is never copied into another");
    }

    #[test]
    fn bad_lines_and_fields_are_named_and_the_rest_is_taken() {
        let (lines, bad) = read_imports(
            "{\"id\":\"\",\"title\":\"t\",\"body\":\"b\"}\nnonsense\n{\"id\":\"B\",\"title\":\"t\",\"body\":\"b\",\"date\":\"soon\"}\n",
        );
        assert_eq!(bad.iter().map(|line| line.line).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(lines[0].document().1[0].code, "bad_date");
    }
}
