//! What extraction makes of a snapshot: a page with its kind, and the document a detail page holds.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::date::Moment;
use crate::file::FileFacts;
use crate::number::DocNumber;

/// What a fetched page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// One document: an article, notice or policy text.
    Detail,
    /// Entries that lead to documents.
    List,
    /// A redirect, a script-only frame or an anti-bot page: nothing to read, and never a document.
    Shell,
    /// An error page, whatever its HTTP status said.
    Error,
    /// Anything else: home pages, portals, forms.
    #[default]
    Other,
}

/// What extraction gives for one fetched page. It never fails: what went wrong is in `issues`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The URL the page was fetched from.
    pub url: String,
    /// What it is.
    pub kind: PageKind,
    /// The fields of a detail page; those of any other kind are empty but for the title.
    #[serde(flatten)]
    pub document: Document,
    /// Entries of a list page, in page order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ListItem>,
    /// The URL of the next page of a list, or where a shell redirects to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// URLs of the further parts of an article that is cut into several pages, in reading order, without this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// What was wrong or doubtful.
    #[serde(default)]
    pub issues: Vec<Issue>,
}

/// The content of one detail page (or one imported text), each field with the place it was read from in `fields_from`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// The title, without the site's name.
    pub title: String,
    /// The title inside 《》 of a 印发, 转发 or 公布 notice: that of the act the notice carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_title: Option<String>,
    /// 发布日期: when the page went online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Moment>,
    /// 发文字号, main number first.
    #[serde(default)]
    pub numbers: Vec<DocNumber>,
    /// 发文机关, main agency first.
    #[serde(default)]
    pub issuers: Vec<String>,
    /// 成文日期: when the act was signed. Never copied from another date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Date>,
    /// 施行日期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Date>,
    /// 失效日期.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
    /// 索引号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_number: Option<String>,
    /// 来源, as the page names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// 有效性 as the 信息公开 table states it, e.g. `有效`, `废止`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<String>,
    /// 主题分类 as the page states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// 附注: the remark under the signature in brackets, e.g. `此件公开发布` (GB/T 9704-2012, 7.4.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// 落款: who signed the text and when, as its last lines say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// The body alone, one block a line. Every span in the product refers to this text.
    #[serde(default)]
    pub text: String,
    /// The blocks of the body in order; joined by line breaks they are `text`.
    #[serde(default)]
    pub blocks: Vec<Block>,
    /// Tables of the body, as tables.
    #[serde(default)]
    pub tables: Vec<Table>,
    /// Files that belong to the document.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// For each field that was found, where: `label_table`, `meta`, `header`, `url`, `body`, `import` …
    #[serde(default)]
    pub fields_from: BTreeMap<String, String>,
}

impl Document {
    /// The page's own body: `text` without what was read from attached files.
    #[must_use]
    pub fn own_text(&self) -> &str {
        let Some(own) = self.blocks.iter().position(|block| block.file.is_some()) else { return &self.text };
        let bytes: usize = self.blocks[..own].iter().map(|block| block.text.len() + 1).sum();
        self.text.get(..bytes.saturating_sub(1)).unwrap_or(&self.text)
    }

    /// The blocks read from attached files.
    pub fn file_blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| block.file.is_some())
    }
}

/// 落款: the organs under a text and the date beside them, exactly as the text has them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The organs, in the order of their lines.
    pub issuers: Vec<String>,
    /// The date of signing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
}

/// One paragraph, heading or table row of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its text, without line breaks.
    pub text: String,
    /// Depth of a heading: 1 for `第一章`, `第一编` or `一、`, 2 for `第一节` or `（一）`, 3 for `1.`, 4 for `（1）`; 0 for a
    /// paragraph, and for `第一条`: articles are the text of a regulation, numbered through all its chapters.
    #[serde(default)]
    pub level: u8,
    /// Index into `tables` when the block is a row of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<usize>,
    /// Index into `attachments` when the block was read from an attached file; such blocks stand behind the page's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<usize>,
}

/// A table: rows of cells, spanned cells repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Rows from top to bottom, cells from left to right.
    pub rows: Vec<Vec<String>>,
}

/// A file linked from a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The link's text or title.
    pub name: String,
    /// Absolute URL.
    pub url: String,
    /// What became of it, once it was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileFacts>,
}

/// One entry of a list page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListItem {
    /// The full title.
    pub title: String,
    /// Absolute URL.
    pub url: String,
    /// The date beside it, where there is one.
    #[serde(default)]
    pub date: Option<Date>,
}

/// Something wrong or doubtful about a page, kept with it and counted, never thrown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// A stable name such as `no_title`, `charset_garbage`, `nesting_capped`.
    pub code: String,
    /// The thing it is about, for a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl Issue {
    /// An issue by its stable name and the thing it is about.
    #[must_use]
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        Self { code: code.to_owned(), detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_body_ends_where_the_first_file_begins() {
        let block = |text: &str, file| Block { text: text.to_owned(), file, ..Block::default() };
        let own = |blocks: Vec<Block>| {
            let text = blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join("\n");
            let document = Document { text, blocks, ..Document::default() };
            (document.own_text().to_owned(), document.file_blocks().count())
        };
        let both = vec![block("现予公布。", None), block("特此通知。", None), block("附件", Some(0)), block("一、", Some(0))];
        assert_eq!(own(both), ("现予公布。\n特此通知。".to_owned(), 2));
        assert_eq!(own(vec![block("附件", Some(0))]), (String::new(), 1));
        assert_eq!(own(vec![block("全文", None)]), ("全文".to_owned(), 0));
        let imported = Document { text: "甲\n乙".to_owned(), ..Document::default() };
        assert_eq!(imported.own_text(), "甲\n乙");
    }
}
