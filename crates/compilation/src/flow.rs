//! A book as a flow of blocks: what DOCX, HTML and Markdown have in common is decided once, here.

use crate::book::{Book, Entry, Proof};
use crate::clean;
use crate::template::Section;
use crate::words;

/// A piece of the book between the contents and the end.
pub(crate) enum Block {
    /// A chapter, or a part on the level of one.
    Chapter { anchor: String, title: String },
    /// A policy.
    Policy { anchor: String, title: String },
    /// A part of a policy.
    Section(String),
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A paragraph of a policy's full text with its heading level.
    Body(u8, String),
    /// The fact box: labels and values.
    Facts(Vec<(String, Vec<Inline>)>),
    /// A table with a head.
    Table { columns: Vec<Column>, rows: Vec<Vec<Vec<Inline>>> },
    /// Lines of an index under an optional head.
    Index { head: Option<String>, lines: Vec<IndexLine> },
}

/// A column of a table.
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Share of the width, in percent.
    pub(crate) share: u32,
}

/// A line of an index.
pub(crate) struct IndexLine {
    /// What is looked up; empty where the head above says it.
    pub(crate) key: String,
    pub(crate) title: String,
    /// The policy's running number.
    pub(crate) serial: usize,
}

/// Running text.
pub(crate) enum Inline {
    /// As it is.
    Plain(String),
    /// Emphasised.
    Strong(String),
    /// A web address, shown as given; a link where it is one.
    Address(String),
    /// Where the sentence before stands: the place, and the address of the page.
    Source { place: String, url: String },
}

/// The anchor of a policy.
pub(crate) fn policy_anchor(serial: usize) -> String {
    format!("policy-{serial}")
}

/// Chinese counting words for chapters: `第十二章`.
pub(crate) fn chapter_title(index: usize, title: &str) -> String {
    format!("第{}章　{title}", chinese_number(index + 1))
}

/// A number from 1 to 99 in Chinese digits; beyond that in Latin ones.
fn chinese_number(number: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    match number {
        0..=9 => DIGITS[number].to_owned(),
        10..=19 => format!("十{}", DIGITS[number - 10]),
        20..=99 => format!("{}十{}", DIGITS[number / 10], DIGITS[number % 10]),
        _ => number.to_string(),
    }
}

/// Everything between the contents and the end.
pub(crate) fn blocks(book: &Book) -> Vec<Block> {
    let mut blocks = vec![Block::Chapter { anchor: "preface".to_owned(), title: "编制说明".to_owned() }];
    blocks.extend(book.preface.iter().map(|paragraph| Block::Paragraph(vec![Inline::Plain(paragraph.clone())])));
    for (index, chapter) in book.chapters.iter().enumerate() {
        blocks.push(Block::Chapter { anchor: format!("chapter-{}", index + 1), title: chapter_title(index, &chapter.title) });
        for entry in &chapter.entries {
            push_entry(&mut blocks, book, entry);
        }
    }
    push_indexes(&mut blocks, book);
    blocks
}

fn push_indexes(blocks: &mut Vec<Block>, book: &Book) {
    if !book.by_number.is_empty() {
        blocks.push(Block::Chapter { anchor: "by-number".to_owned(), title: "文号索引".to_owned() });
        let line = |line: &crate::book::NumberLine| IndexLine {
            key: line.number.to_string(),
            title: line.title.clone(),
            serial: line.serial,
        };
        blocks.push(Block::Index { head: None, lines: book.by_number.iter().map(line).collect() });
    }
    if !book.by_issuer.is_empty() {
        blocks.push(Block::Chapter { anchor: "by-issuer".to_owned(), title: "发文机关索引".to_owned() });
        for group in &book.by_issuer {
            let line =
                |(serial, title): &(usize, String)| IndexLine { key: String::new(), title: title.clone(), serial: *serial };
            blocks.push(Block::Index { head: Some(group.issuer.clone()), lines: group.policies.iter().map(line).collect() });
        }
    }
}

fn push_entry(blocks: &mut Vec<Block>, book: &Book, entry: &Entry) {
    blocks.push(Block::Policy { anchor: policy_anchor(entry.serial), title: format!("{}．{}", entry.serial, entry.title) });
    let value = |fact: &crate::book::FactRow| {
        let value = fact.value.clone();
        vec![if fact.is_url { Inline::Address(value) } else { Inline::Plain(value) }]
    };
    blocks.push(Block::Facts(entry.facts.iter().map(|fact| (fact.label.to_owned(), value(fact))).collect()));
    for section in &book.sections {
        match section {
            Section::KeyPoints => push_key_points(blocks, entry),
            Section::Benefits => push_benefits(blocks, entry),
            Section::Conditions => push_conditions(blocks, entry),
            Section::Windows => push_windows(blocks, entry),
            Section::Materials => {
                push_materials(blocks, entry);
                push_handling(blocks, entry);
            }
            Section::Text => push_text(blocks, entry),
        }
    }
}

fn source(entry: &Entry, proof: &Proof) -> Inline {
    Inline::Source { place: proof.place(), url: entry.url.clone() }
}

fn plain(text: &str) -> Vec<Inline> {
    vec![Inline::Plain(text.to_owned())]
}

fn push_key_points(blocks: &mut Vec<Block>, entry: &Entry) {
    if entry.key_points.is_empty() {
        return;
    }
    blocks.push(Block::Section("要点".to_owned()));
    for point in &entry.key_points {
        blocks.push(Block::Paragraph(vec![
            Inline::Strong(format!("【{}】", point.about)),
            Inline::Plain(format!("“{}”", point.proof.quote)),
            source(entry, &point.proof),
        ]));
    }
}

const SOURCE: Column = Column { title: "出处", share: 21 };

fn push_benefits(blocks: &mut Vec<Block>, entry: &Entry) {
    if entry.benefits.is_empty() {
        return;
    }
    blocks.push(Block::Section("支持标准".to_owned()));
    let rows = entry.benefits.iter().map(|row| vec![plain(&row.words), plain(&row.proof.quote), plain(&row.proof.place())]);
    blocks.push(Block::Table {
        columns: vec![Column { title: "标准", share: 30 }, Column { title: "原文", share: 49 }, SOURCE],
        rows: rows.collect(),
    });
}

fn push_conditions(blocks: &mut Vec<Block>, entry: &Entry) {
    if entry.conditions.is_empty() {
        return;
    }
    blocks.push(Block::Section("申报条件".to_owned()));
    if let Some(logic) = &entry.logic {
        blocks.push(Block::Paragraph(vec![
            Inline::Strong("须满足：".to_owned()),
            Inline::Plain(format!("{logic}（数字为下表序号）。")),
        ]));
    }
    let rows = entry.conditions.iter().map(|row| {
        let words = if row.case.is_empty() { row.words.clone() } else { format!("{}（{}）", row.words, row.case) };
        let number = row.number.to_string();
        vec![plain(&number), plain(&row.name), plain(&words), plain(&row.proof.quote), plain(&row.proof.place())]
    });
    blocks.push(Block::Table {
        columns: vec![
            Column { title: "序号", share: 8 },
            Column { title: "指标", share: 17 },
            Column { title: "要求", share: 22 },
            Column { title: "原文", share: 32 },
            SOURCE,
        ],
        rows: rows.collect(),
    });
}

fn push_windows(blocks: &mut Vec<Block>, entry: &Entry) {
    if entry.windows.is_empty() {
        return;
    }
    blocks.push(Block::Section("申报时间".to_owned()));
    let rows = entry
        .windows
        .iter()
        .map(|row| vec![plain(&row.words), plain(row.status), plain(&row.proof.quote), plain(&row.proof.place())]);
    blocks.push(Block::Table {
        columns: vec![
            Column { title: "时间", share: 29 },
            Column { title: "状态", share: 12 },
            Column { title: "原文", share: 38 },
            SOURCE,
        ],
        rows: rows.collect(),
    });
}

fn push_materials(blocks: &mut Vec<Block>, entry: &Entry) {
    if entry.materials.is_empty() {
        return;
    }
    blocks.push(Block::Section("申报材料".to_owned()));
    let rows = entry.materials.iter().map(|row| vec![plain(&row.proof.quote), plain(&row.about), plain(&row.proof.place())]);
    blocks.push(Block::Table {
        columns: vec![Column { title: "材料（原文）", share: 61 }, Column { title: "要求", share: 18 }, SOURCE],
        rows: rows.collect(),
    });
}

fn push_handling(blocks: &mut Vec<Block>, entry: &Entry) {
    if entry.handling.is_empty() {
        return;
    }
    blocks.push(Block::Section("办理".to_owned()));
    let rows = entry.handling.iter().map(|row| vec![plain(&row.about), plain(&row.proof.quote), plain(&row.proof.place())]);
    blocks.push(Block::Table {
        columns: vec![Column { title: "事项", share: 18 }, Column { title: "原文", share: 61 }, SOURCE],
        rows: rows.collect(),
    });
}

fn push_text(blocks: &mut Vec<Block>, entry: &Entry) {
    if entry.text.is_empty() {
        return;
    }
    blocks.push(Block::Section("全文".to_owned()));
    blocks.extend(entry.text.iter().map(|(level, text)| Block::Body(*level, clean::one_line(text))));
}

/// The lines of the cover under the title.
pub(crate) fn cover_lines(book: &Book) -> Vec<String> {
    let made = format!("编制日期：{}", words::day(book.day()));
    [book.subtitle.clone(), book.editor.clone(), made].into_iter().filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_are_counted_in_chinese() {
        for (index, expected) in
            [(0, "第一章　甲"), (9, "第十章　甲"), (10, "第十一章　甲"), (20, "第二十一章　甲"), (104, "第105章　甲")]
        {
            assert_eq!(chapter_title(index, "甲"), expected);
        }
    }
}
