//! The texts of attached files as part of their document: behind its own blocks, each under the file's name.
//!
//! What was read of a file lies in the store by its bytes, so a document can be put together at any time without the
//! network: when its page is visited again, when a file came late, when rules changed.

use std::collections::HashSet;

use model::{Block, Document, FileFacts, FileState, FileText, Issue, SnapshotId};

use crate::intake::MOST_FAILURES;
use crate::pipeline::Pipeline;

/// Attachments of one document that are fetched; more are lists of forms.
pub(crate) const MOST_ATTACHMENTS: usize = 20;

/// Letters of one document that come from its files; more is a collection, not a policy.
const MOST_LETTERS: usize = 600_000;

/// Runs of so many letters are compared to tell whether a file repeats what is there.
const RUN: usize = 8;

/// A file of which this share stands in the document already is the same text in another format.
const REPEATED: f64 = 0.9;

/// What annexing found.
#[derive(Debug, Default)]
pub(crate) struct Annexed {
    /// Attachments that are fetched at all.
    pub(crate) count: usize,
    /// Those that are still to be fetched or read.
    pub(crate) unread: usize,
    /// What a person should know about them.
    pub(crate) issues: Vec<Issue>,
}

impl Pipeline {
    /// Appends to a document what is known of its files, and notes on each attachment what became of it.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub(crate) fn annex(&self, document: &mut Document) -> anyhow::Result<Annexed> {
        let mut annexed = Annexed::default();
        if document.attachments.is_empty() {
            return Ok(annexed);
        }
        let mut annex = Annex::new(document);
        for index in 0..document.attachments.len() {
            let (name, url) = (document.attachments[index].name.clone(), document.attachments[index].url.clone());
            if index >= MOST_ATTACHMENTS {
                let issue = Issue::new("too_many_files", format!("of a document only {MOST_ATTACHMENTS} files are read"));
                document.attachments[index].file =
                    Some(FileFacts { state: FileState::Limited, issues: vec![issue], ..FileFacts::default() });
                continue;
            }
            annexed.count += 1;
            let Some(state) = self.store.page_state(&url)?.filter(|state| state.document.is_none()) else {
                annexed.unread += usize::from(url::Url::parse(&url).is_ok());
                continue;
            };
            let known = self.store.file_text(&state.snapshot)?;
            let (mut facts, text) = match known {
                Some((_, text)) => (facts_of(&text, &state.snapshot), Some(text)),
                None => {
                    annexed.unread += usize::from(state.failures < MOST_FAILURES);
                    let issue = state.last_error.map(|error| Issue::new("not_fetched", error));
                    (FileFacts { issues: issue.into_iter().collect(), ..FileFacts::default() }, None)
                }
            };
            facts.issues.extend(state.issues);
            if let Some(text) = text {
                facts.issues.extend(annex.append(document, index, &name, &text));
            }
            annexed.issues.extend(issue_of(facts.state, &name, &url));
            document.attachments[index].file = Some(facts);
        }
        Ok(annexed)
    }
}

fn facts_of(text: &FileText, snapshot: &SnapshotId) -> FileFacts {
    FileFacts {
        kind: text.kind,
        state: text.state,
        snapshot: snapshot.clone(),
        characters: characters(text),
        issues: text.issues.clone(),
    }
}

fn characters(text: &FileText) -> u64 {
    let own: usize = text.blocks.iter().map(|block| block.text.chars().count()).sum();
    own as u64 + text.files.iter().map(|(_, inner)| characters(inner)).sum::<u64>()
}

/// What an editor is told about a file without text.
fn issue_of(state: FileState, name: &str, url: &str) -> Option<Issue> {
    let code = match state {
        FileState::Text | FileState::Empty => return None,
        FileState::Missing => "attachment_missing",
        FileState::Scan => "attachment_scan",
        FileState::Unsupported => "attachment_unsupported",
        FileState::Encrypted => "attachment_encrypted",
        FileState::Damaged => "attachment_damaged",
        FileState::Limited => "attachment_limited",
    };
    Some(Issue::new(code, if name.is_empty() { url } else { name }))
}

/// A document growing by its files.
struct Annex {
    /// Runs of letters that stand in it.
    runs: HashSet<u64>,
    letters: usize,
}

impl Annex {
    fn new(document: &mut Document) -> Self {
        if document.blocks.is_empty() && !document.text.is_empty() {
            document.blocks = document.text.lines().map(|line| Block { text: line.to_owned(), ..Block::default() }).collect();
        }
        Self { runs: runs([document.text.as_str()]).collect(), letters: 0 }
    }

    /// Appends one file, unless it says what is there already; what was left out is said.
    fn append(&mut self, document: &mut Document, index: usize, name: &str, text: &FileText) -> Option<Issue> {
        let letters: HashSet<u64> = runs(blocks_of(text)).collect();
        if letters.is_empty() {
            return None;
        }
        let known = letters.iter().filter(|run| self.runs.contains(run)).count();
        if known as f64 >= REPEATED * letters.len() as f64 {
            return Some(Issue::new("repeats_the_document", "its text stands in the document already"));
        }
        self.runs.extend(letters);
        let before = document.blocks.len();
        let is_whole = self.add(document, index, name, text, 1);
        let added: Vec<&str> = document.blocks[before..].iter().map(|block| block.text.as_str()).collect();
        let added = added.join("\n");
        if !document.text.is_empty() || before > 0 {
            document.text.push('\n');
        }
        document.text.push_str(&added);
        (!is_whole).then(|| Issue::new("too_long", format!("of a document's files {MOST_LETTERS} characters are read")))
    }

    fn add(&mut self, document: &mut Document, index: usize, name: &str, text: &FileText, level: u8) -> bool {
        let file = Some(index);
        let heading = one_line(if name.is_empty() { "附件" } else { name });
        document.blocks.push(Block { text: heading, level, table: None, file });
        let first_table = document.tables.len();
        document.tables.extend(text.tables.iter().cloned());
        for block in &text.blocks {
            self.letters += block.text.chars().count();
            if self.letters > MOST_LETTERS {
                return false;
            }
            let table = block.table.map(|table| first_table + table).filter(|table| *table < document.tables.len());
            document.blocks.push(Block { text: one_line(&block.text), level: block.level, table, file });
        }
        text.files.iter().all(|(name, inner)| self.add(document, index, name, inner, level.saturating_add(1)))
    }
}

fn blocks_of(text: &FileText) -> Vec<&str> {
    let own = text.blocks.iter().map(|block| block.text.as_str());
    own.chain(text.files.iter().flat_map(|(_, inner)| blocks_of(inner))).collect()
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// Hashes of all runs of letters, across blocks.
fn runs<'a>(texts: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = u64> {
    let letters = texts.into_iter().flat_map(str::chars).filter(|character| character.is_alphanumeric());
    let letters: Vec<char> = letters.take(MOST_LETTERS).collect();
    let hash = |run: &[char]| {
        run.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, letter| {
            (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x0100_0000_01b3)
        })
    };
    letters.windows(RUN).map(hash).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Table;

    const BODY: &str = "现将申报指南印发给你们，请认真组织实施。";
    const GUIDE: &str = "申报企业研发费用占比不低于百分之三，且上一年度营业收入不低于一千万元。";

    fn document() -> Document {
        Document {
            text: BODY.to_owned(),
            blocks: vec![Block { text: BODY.to_owned(), ..Block::default() }],
            ..Document::default()
        }
    }

    fn file(text: &str) -> FileText {
        let row = Block { text: "设备 3%".to_owned(), table: Some(0), ..Block::default() };
        let table = Table { rows: vec![vec!["设备".to_owned(), "3%".to_owned()]] };
        let block = Block { text: text.to_owned(), ..Block::default() };
        FileText { state: FileState::Text, blocks: vec![block, row], tables: vec![table], ..FileText::default() }
    }

    #[test]
    fn a_file_stands_behind_the_body_under_its_name_with_its_tables() {
        let mut grown = Document { tables: vec![Table::default()], ..document() };
        let mut annex = Annex::new(&mut grown);
        assert_eq!(annex.append(&mut grown, 1, "附件2：申报指南.pdf", &file(&format!("{GUIDE}\n（续）"))), None);
        assert_eq!(grown.text, format!("{BODY}\n附件2：申报指南.pdf\n{GUIDE} （续）\n设备 3%"));
        assert_eq!(grown.text, grown.blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n"));
        assert_eq!(grown.own_text(), BODY);
        assert_eq!(grown.blocks[3].table, Some(1));
        assert_eq!(grown.tables[1].rows[0], ["设备", "3%"]);
        assert!(grown.blocks[1..].iter().all(|block| block.file == Some(1)));
    }

    #[test]
    fn a_file_that_repeats_the_document_or_another_file_is_not_appended() {
        let mut grown = document();
        let mut annex = Annex::new(&mut grown);
        let same = FileText { tables: Vec::new(), blocks: vec![Block { text: BODY.to_owned(), ..Block::default() }], ..file("") };
        assert_eq!(annex.append(&mut grown, 0, "正文.doc", &same).unwrap().code, "repeats_the_document");
        assert_eq!(grown.text, BODY);
        assert_eq!(annex.append(&mut grown, 1, "指南.doc", &file(GUIDE)), None);
        assert_eq!(annex.append(&mut grown, 2, "指南.pdf", &file(GUIDE)).unwrap().code, "repeats_the_document");
        assert!(!grown.text.contains("指南.pdf"));
    }

    #[test]
    fn files_of_a_bundle_follow_each_under_its_name_and_a_document_has_an_end() {
        let mut grown = Document::default();
        let mut annex = Annex::new(&mut grown);
        let bundle = FileText { files: vec![("甲.docx".to_owned(), file(GUIDE))], ..FileText::default() };
        assert_eq!(annex.append(&mut grown, 0, "附件.zip", &bundle), None);
        assert_eq!(grown.text, format!("附件.zip\n甲.docx\n{GUIDE}\n设备 3%"));
        assert_eq!(grown.own_text(), "");
        let long: String = (0..MOST_LETTERS as u32).filter_map(|at| char::from_u32(0x4e00 + at * 7 % 20_000)).collect();
        let issue = annex.append(&mut grown, 1, "长", &file(&long)).or(annex.append(&mut grown, 2, "长二", &file(&long)));
        assert_eq!(issue.unwrap().code, "too_long");
        assert!(grown.text.chars().count() < MOST_LETTERS + 200);
    }
}
