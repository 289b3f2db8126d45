//! The shape of a text: lines with their level and section, sentences, clauses, and what a list header says of its items.
//!
//! Chinese notices number their parts `第一章`, `一、`, `(一)`, `1.`, `(1)`, `①`; often several entries stand in one
//! paragraph, so a line here is one numbered entry or one paragraph, whichever is shorter.

use crate::headings;
use crate::lexicon::Hits;
use crate::lines;
use crate::markers::{self, Marker};
use crate::number;
use crate::rules::{Section, SectionFile};

/// One entry or paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Byte behind the number of the entry.
    pub(crate) body: usize,
    /// Its number, if it has one.
    pub(crate) mark: Option<Marker>,
    /// Rank of its number, 1 for the outermost; 0 for a paragraph.
    pub(crate) level: u8,
    pub(crate) heading: bool,
    pub(crate) section: Section,
    /// A header said that none of the items may hold.
    pub(crate) refused: bool,
    /// The line whose header said that one of its items is enough.
    pub(crate) any: Option<usize>,
    /// The line that introduces the list this line is an item of.
    pub(crate) list: Option<usize>,
    /// The line it stands under.
    pub(crate) parent: Option<usize>,
    /// The rule that told the section from its own words.
    pub(crate) rule: Option<u16>,
}

/// What stands between full stops, semicolons or line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sentence {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) line: usize,
}

/// What stands between commas or colons, or in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) sentence: usize,
    /// The clause around the parentheses.
    pub(crate) parent: Option<usize>,
    /// The clause before, of the same depth and sentence.
    pub(crate) previous: Option<usize>,
}

/// The shape of a text.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) lines: Vec<Line>,
    pub(crate) sentences: Vec<Sentence>,
    pub(crate) clauses: Vec<Clause>,
}

/// `、并与…签订合同` starts a requirement of its own; `、并购` does not.
const BOTH: [&str; 10] = ["、并与", "、并且", "、并签", "、并已", "、并在", "、并有", "、并按", "、并能", "、并具", "、并取"];
/// Longer sentences are read in pieces.
const MOST_SENTENCE_BYTES: usize = 2_000;
/// Parentheses nested deeper than this are read as text.
const MOST_DEPTH: usize = 6;

impl Outline {
    pub(crate) fn new(text: &str, hits: &Hits, sections: &SectionFile) -> Self {
        let lines = lines::split(text, hits).into_iter().map(Line::from).collect();
        let mut outline = Self { lines, ..Self::default() };
        headings::classify(&mut outline.lines, text, hits, sections);
        outline.split_sentences(text);
        outline.split_clauses(text);
        outline
    }

    /// The sentence a byte lies in.
    pub(crate) fn sentence_at(&self, at: usize) -> usize {
        self.sentences.partition_point(|sentence| sentence.start <= at).saturating_sub(1)
    }

    /// The line of a sentence.
    pub(crate) fn line_of(&self, sentence: usize) -> Option<&Line> {
        self.lines.get(self.sentences.get(sentence)?.line)
    }

    /// The innermost clause of each position; positions must be in order.
    pub(crate) fn clauses_at(&self, positions: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut open: Vec<usize> = Vec::new();
        let mut next = 0;
        positions
            .map(|at| {
                while self.clauses.get(next).is_some_and(|clause| clause.start <= at) {
                    while open.last().is_some_and(|last| self.clauses[*last].end <= self.clauses[next].start) {
                        open.pop();
                    }
                    open.push(next);
                    next += 1;
                }
                while open.len() > 1 && self.clauses[open[open.len() - 1]].end <= at {
                    open.pop();
                }
                open.last().copied().unwrap_or_default()
            })
            .collect()
    }

    fn split_sentences(&mut self, text: &str) {
        for (index, line) in self.lines.iter().enumerate() {
            let mut start = line.body;
            for (offset, character) in text[line.body..line.end].char_indices() {
                let end = line.body + offset;
                // A bound on the length of a sentence bounds what any look around a word can cost.
                if matches!(character, '。' | ';' | '!' | '?' | '；') || end - start > MOST_SENTENCE_BYTES {
                    if end > start {
                        self.sentences.push(Sentence { start, end, line: index });
                    }
                    start = end + if end - start > MOST_SENTENCE_BYTES { 0 } else { character.len_utf8() };
                }
            }
            if line.end > start {
                self.sentences.push(Sentence { start, end: line.end, line: index });
            }
        }
    }

    fn split_clauses(&mut self, text: &str) {
        for index in 0..self.sentences.len() {
            let sentence = self.sentences[index];
            let mut splitter = Splitter { clauses: &mut self.clauses, sentence: index, open: Vec::new() };
            splitter.begin(sentence.start, None);
            for (offset, character) in text[sentence.start..sentence.end].char_indices() {
                let at = sentence.start + offset;
                match character {
                    '(' => splitter.enter(at + 1),
                    ')' => splitter.leave(at),
                    ',' if number::is_thousands(text.as_bytes(), sentence.start, at) => {}
                    ',' | ':' => splitter.divide(at, at + 1),
                    // …人数达到10%、并与其签订合同: two requirements.
                    '、' if BOTH.iter().any(|word| text[at..sentence.end].starts_with(word)) => {
                        splitter.divide(at, at + '、'.len_utf8())
                    }
                    _ => {}
                }
            }
            splitter.finish(sentence.end);
        }
    }
}

/// Builds the clauses of one sentence.
struct Splitter<'c> {
    clauses: &'c mut Vec<Clause>,
    sentence: usize,
    open: Vec<usize>,
}

impl Splitter<'_> {
    fn begin(&mut self, start: usize, previous: Option<usize>) {
        let parent = self.open.last().copied();
        self.open.push(self.clauses.len());
        self.clauses.push(Clause { start, end: start, sentence: self.sentence, parent, previous });
    }

    fn enter(&mut self, start: usize) {
        if self.open.len() < MOST_DEPTH {
            self.begin(start, None);
        }
    }

    fn leave(&mut self, end: usize) {
        if self.open.len() > 1
            && let Some(index) = self.open.pop()
        {
            self.clauses[index].end = end;
        }
    }

    fn divide(&mut self, end: usize, start: usize) {
        if let Some(index) = self.open.pop() {
            self.clauses[index].end = end;
            self.begin(start, Some(index));
        }
    }

    fn finish(&mut self, end: usize) {
        while let Some(index) = self.open.pop() {
            self.clauses[index].end = end;
        }
    }
}

impl From<lines::Stretch> for Line {
    fn from(stretch: lines::Stretch) -> Self {
        Self {
            start: stretch.start,
            end: stretch.end,
            body: stretch.body,
            mark: stretch.mark,
            level: stretch.mark.map_or(0, |mark| mark.style.rank()),
            heading: false,
            section: Section::Other,
            refused: false,
            any: None,
            list: None,
            parent: None,
            rule: None,
        }
    }
}

/// Whether a line starts a numbered entry or a label, for joining wrapped lines.
pub(crate) fn starts_an_entry(line: &str) -> bool {
    markers::marker(line).is_some() || headings::starts_with_label(line) || line.starts_with("附件")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::Lexicon;

    fn outline(text: &str) -> Outline {
        let rules = crate::examples::shipped_rules();
        let hits = Lexicon::new(&rules).unwrap().find(text);
        Outline::new(text, &hits, &rules.sections)
    }

    #[test]
    fn lines_take_the_section_of_their_heading() {
        let text = "关于申报的通知\n一、申报条件\n(一)具有独立法人资格。\n(二)营业收入1000万元以上。\n二、申报材料\n1.申请表。\n三、保障措施\n加强领导。";
        let sections: Vec<Section> = outline(text).lines.iter().map(|line| line.section).collect();
        use Section::{Conditions, Division, Materials, Other};
        assert_eq!(sections, [Other, Conditions, Conditions, Conditions, Materials, Materials, Division, Division]);
    }

    #[test]
    fn a_list_header_reaches_its_items_and_no_further() {
        let text = "企业有下列情形之一的,不得申报:\n(一)被列入经营异常名录;\n(二)拖欠工资。\n三、其他\n申报单位应独立。";
        let refused: Vec<bool> = outline(text).lines.iter().map(|line| line.refused).collect();
        assert_eq!(refused, [false, true, true, false, false]);
        let text = "申报单位须符合下列条件之一:\n1.营业收入1亿元以上。\n2.发明专利5件以上。";
        let outline = outline(text);
        assert_eq!(outline.lines.iter().map(|line| line.any).collect::<Vec<_>>(), [None, Some(0), Some(0)]);
    }

    #[test]
    fn entries_within_a_paragraph_are_lines_of_their_own() {
        let text = "不予受理的情形(一)申请累计超过3次的,(二)存在逾期还款记录的,按第(三)项办理";
        let outline = outline(text);
        assert_eq!(outline.lines.len(), 3);
        assert!(outline.lines[1].refused && outline.lines[2].refused);
    }

    #[test]
    fn clauses_know_what_stands_around_and_before_them() {
        let text = "达到15%(超过100人的企业达到8%)以上,并签订合同,金额5,000元";
        let outline = outline(text);
        let words: Vec<&str> = outline.clauses.iter().map(|clause| &text[clause.start..clause.end]).collect();
        assert_eq!(words, ["达到15%(超过100人的企业达到8%)以上", "超过100人的企业达到8%", "并签订合同", "金额5,000元"]);
        assert_eq!((outline.clauses[1].parent, outline.clauses[2].previous), (Some(0), Some(0)));
        let at = text.find("100人").unwrap();
        assert_eq!(outline.clauses_at([0, at, text.find("签订").unwrap()].into_iter()), [0, 1, 2]);
    }

    #[test]
    fn deep_nesting_and_endless_lists_cost_linear_time() {
        for text in ["(".repeat(200_000), "、".repeat(200_000), "(a)".repeat(100_000), "1.".repeat(100_000)] {
            let outline = outline(&text);
            assert!(outline.clauses.len() <= text.len());
        }
    }
}
