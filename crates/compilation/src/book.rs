//! The book: what [`crate::compile()`] decided to print, in print order and in the reader's words.

use jiff::Timestamp;
use jiff::civil::Date;
use model::{DocNumber, PolicyId, Span};

use crate::period::Period;
use crate::template::Section;

/// A compilation, ready to be written in any format.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    /// Title on the cover.
    pub title: String,
    /// Line under the title; may be empty.
    pub subtitle: String,
    /// Who compiled it, as printed on the cover; may be empty.
    pub editor: String,
    /// Name of the template it was made by.
    pub template: String,
    /// What it covers.
    pub period: Period,
    /// When it was made; the only clock in it.
    pub made_at: Timestamp,
    /// Paragraphs of the 编制说明.
    pub preface: Vec<String>,
    /// Parts of each policy, in order.
    pub sections: Vec<Section>,
    /// Chapters in order; none is empty.
    pub chapters: Vec<Chapter>,
    /// Index by number: agency, then year, then sequence.
    pub by_number: Vec<NumberLine>,
    /// Index by issuer.
    pub by_issuer: Vec<IssuerGroup>,
    /// Quotes left out because their span does not prove them.
    pub unproved: usize,
}

impl Book {
    /// All policies in print order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.chapters.iter().flat_map(|chapter| &chapter.entries)
    }

    /// Whether the period brought no policy.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chapters.is_empty()
    }

    /// The day it was made, in China.
    #[must_use]
    pub fn day(&self) -> Date {
        model::clock::day_of(self.made_at)
    }
}

/// A chapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter {
    /// Title without its number.
    pub title: String,
    /// Its policies by date, then number.
    pub entries: Vec<Entry>,
}

/// One policy as printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Running number in the book, from 1.
    pub serial: usize,
    /// The policy.
    pub id: PolicyId,
    /// The revision printed, from 1.
    pub revision: u32,
    /// Its title.
    pub title: String,
    /// Where it stands; may be empty for imports.
    pub url: String,
    /// Its numbers, main number first.
    pub numbers: Vec<DocNumber>,
    /// Its issuers, main issuer first.
    pub issuers: Vec<String>,
    /// The date it is ordered by.
    pub date: Date,
    /// The word for its life-cycle state.
    pub state: &'static str,
    /// The place it is for.
    pub region: String,
    /// The fact box.
    pub facts: Vec<FactRow>,
    /// 要点.
    pub key_points: Vec<Quote>,
    /// 支持标准.
    pub benefits: Vec<Benefit>,
    /// 申报条件.
    pub conditions: Vec<ConditionRow>,
    /// How the conditions combine, by their numbers: `1 且 2 且（3 或 4）`.
    pub logic: Option<String>,
    /// 申报时间.
    pub windows: Vec<WindowRow>,
    /// 申报材料.
    pub materials: Vec<Quote>,
    /// Who takes applications, in which round, and what it costs.
    pub handling: Vec<Quote>,
    /// The whole text as (heading level, paragraph), when the template asks for it.
    pub text: Vec<(u8, String)>,
}

/// The characters that prove a statement: `text[span] == quote`, `text` being the stored text of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The characters.
    pub quote: String,
    /// Where they stand.
    pub span: Span,
}

impl Proof {
    /// The place as readers count it, from 1 and both ends included: `第13–48字`.
    #[must_use]
    pub fn place(&self) -> String {
        format!("第{}–{}字", self.span.start.saturating_add(1), self.span.end)
    }
}

/// A quoted sentence with the word for what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What it is about, e.g. `支持标准`.
    pub about: String,
    /// The sentence.
    pub proof: Proof,
}

/// One line of the fact box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRow {
    /// E.g. `发文字号`.
    pub label: &'static str,
    /// E.g. `国办发〔2017〕47号`.
    pub value: String,
    /// Whether the value is the address of the source.
    pub is_url: bool,
}

/// 支持标准, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Benefit {
    /// E.g. `最高 100 万元`.
    pub words: String,
    /// What proves it.
    pub proof: Proof,
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionRow {
    /// Number within the policy, from 1.
    pub number: usize,
    /// Indicator id; empty where only a person can check.
    pub indicator: String,
    /// The indicator's Chinese name.
    pub name: String,
    /// The comparison's sign; empty where only a person can check.
    pub op: &'static str,
    /// The value as written.
    pub value: String,
    /// The value where it is one number, as written.
    pub number_value: Option<model::Decimal>,
    /// The unit as written.
    pub unit: String,
    /// The whole requirement in words, e.g. `上年度不低于 3 %`.
    pub words: String,
    /// The case or tier it is limited to; empty for all.
    pub case: String,
    /// What proves it.
    pub proof: Proof,
}

/// 申报时间.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowRow {
    /// First day.
    pub start: Option<Date>,
    /// Last day, included.
    pub end: Option<Date>,
    /// In words, e.g. `2026年7月1日至2026年8月31日`.
    pub words: String,
    /// Where it stands on the day the book is made: `未开始`, `申报中`, `已截止` or `常年受理`.
    pub status: &'static str,
    /// What proves it.
    pub proof: Proof,
}

/// One line of the index by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberLine {
    /// The number.
    pub number: DocNumber,
    /// The policy's running number.
    pub serial: usize,
    /// Its title.
    pub title: String,
}

/// One issuer in the index by issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerGroup {
    /// The issuer.
    pub issuer: String,
    /// Its policies: running number and title, in print order.
    pub policies: Vec<(usize, String)>,
}
