//! The shape of a text: lines with their level and section, sentences, clauses, and what a list header says of its items.
//!
//! Chinese notices number their parts `第一章`, `一、`, `(一)`, `1.`, `(1)`, `①`; often several entries stand in one
//! paragraph, so a line here is one numbered entry or one paragraph, whichever is shorter.

use crate::lexicon::Hits;
use crate::number;
use crate::rules::{CueKind, Section, SectionRule};

/// One entry or paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Byte behind the number of the entry.
    pub(crate) body: usize,
    /// 1 for `一、` down to 5 for `①`; 0 for a paragraph.
    pub(crate) level: u8,
    pub(crate) heading: bool,
    pub(crate) section: Section,
    /// A header said that none of the items may hold.
    pub(crate) refused: bool,
    /// The line whose header said that one of its items is enough.
    pub(crate) any: Option<usize>,
    /// The line that introduces the list this line is an item of.
    pub(crate) list: Option<usize>,
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

/// A heading is at most this long, in characters.
const MOST_HEADING_CHARACTERS: usize = 36;
/// A label before a colon is at most this long, in characters.
const MOST_LABEL_CHARACTERS: usize = 14;
/// `、并与…签订合同` starts a requirement of its own; `、并购` does not.
const BOTH: [&str; 10] = ["、并与", "、并且", "、并签", "、并已", "、并在", "、并有", "、并按", "、并能", "、并具", "、并取"];
/// Longer sentences are read in pieces.
const MOST_SENTENCE_BYTES: usize = 2_000;
/// Parentheses nested deeper than this are read as text.
const MOST_DEPTH: usize = 6;

impl Outline {
    pub(crate) fn new(text: &str, hits: &Hits, sections: &[SectionRule]) -> Self {
        let mut outline = Self { lines: lines(text), ..Self::default() };
        outline.classify(text, hits, sections);
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

    /// Gives each line its section and what headers say of it.
    fn classify(&mut self, text: &str, hits: &Hits, sections: &[SectionRule]) {
        let mut stack: Vec<Frame> = Vec::new();
        for index in 0..self.lines.len() {
            let line = &self.lines[index];
            let (level, body) = (line.level * 10, &text[line.body..line.end]);
            let next = self.lines.get(index + 1);
            let followed = next.is_some_and(|next| next.level == 0 || next.level > line.level);
            let own_class = || section_of(body, sections).is_some_and(|class| class != Section::Support);
            // The last line heads nothing.
            let heading = next.is_some() && is_heading(body, line.level) && (followed || line.level == 0 || own_class());
            let label = label_of(body);
            let class = if heading { section_of(body, sections) } else { label.and_then(|label| section_of(label, sections)) };
            if level > 0 {
                while stack.last().is_some_and(|frame| frame.level >= level || level < frame.items) {
                    stack.pop();
                }
            } else if (heading || label.is_some()) && class.is_some() {
                stack.clear();
            } else {
                // A paragraph ends the list before it, not the section.
                while stack.last().is_some_and(|frame| frame.intro && frame.items > 0) {
                    stack.pop();
                }
            }
            if let Some(frame) = stack.last_mut().filter(|frame| frame.intro && frame.items == 0) {
                frame.items = level;
            }
            let top = stack.last().cloned().unwrap_or_default();
            let section = class.unwrap_or(top.section);
            let intro = Intro::of(hits, line, body, self.lines.get(index + 1));
            let refused_section = heading && class == Some(Section::Exclusions);
            let line = &mut self.lines[index];
            (line.heading, line.section, line.refused, line.any, line.list) = (heading, section, top.refused, top.any, top.list);
            if level > 0 || class.is_some() || intro.opens {
                let own = if level > 0 { level } else { top.level + u8::from(intro.opens) * 5 };
                let frame = Frame {
                    level: own.max(u8::from(class.is_some())),
                    section,
                    refused: top.refused || intro.refused || refused_section,
                    any: if intro.any { Some(index) } else { top.any.filter(|_| !intro.opens) },
                    list: if intro.opens { Some(index) } else { top.list },
                    intro: intro.opens && level == 0 && class.is_none(),
                    items: 0,
                };
                stack.push(frame);
            }
        }
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

/// A header whose entries are still coming.
#[derive(Debug, Clone, Default)]
struct Frame {
    level: u8,
    section: Section,
    refused: bool,
    any: Option<usize>,
    list: Option<usize>,
    /// An unnumbered paragraph that introduces a list.
    intro: bool,
    /// Level of its first entry; an entry above that level ends the list.
    items: u8,
}

/// What a line says of the entries below it.
#[derive(Debug, Clone, Copy, Default)]
struct Intro {
    opens: bool,
    refused: bool,
    any: bool,
}

impl Intro {
    fn of(hits: &Hits, line: &Line, body: &str, next: Option<&Line>) -> Self {
        let deeper = next.is_some_and(|next| next.level > line.level);
        let opens = deeper
            && (body.trim_end().ends_with(':')
                || line.level == 0
                || hits.cue(CueKind::RefusalList, line.start, line.end).is_some()
                || hits.cue(CueKind::Agreement, line.start, line.end).is_some());
        if !opens {
            return Self::default();
        }
        // Only the last sentence of a paragraph introduces what follows it.
        let start = body.trim_end_matches([':', '。', ';']).rfind(['。', ';']).map_or(line.body, |at| line.body + at);
        let listed = ["下列", "以下", "如下", "情形", "情况", "之一"].iter().any(|word| text_has(body, start - line.body, word));
        let refused = hits.cue(CueKind::RefusalList, start, line.end).is_some()
            || (listed && hits.cue(CueKind::Refusal, start, line.end).is_some());
        let any = !refused && hits.cue(CueKind::Agreement, start, line.end).is_some();
        Self { opens, refused, any }
    }
}

fn text_has(body: &str, from: usize, word: &str) -> bool {
    body.get(from..).is_some_and(|rest| rest.contains(word))
}

fn is_heading(body: &str, level: u8) -> bool {
    let short = body.chars().nth(MOST_HEADING_CHARACTERS).is_none();
    let trimmed = body.trim_end();
    short
        && !trimmed.is_empty()
        && !trimmed.ends_with(['。', ';', ',', '、', '；', '的'])
        && !trimmed.chars().any(|character| character.is_ascii_digit() || character == '%')
        && (level > 0 || trimmed.chars().nth(16).is_none())
        && (level > 0 || !trimmed.contains([',', '。']))
}

/// `申报条件` in `申报条件:企业须…` or `申报条件。企业须…`.
fn label_of(body: &str) -> Option<&str> {
    let end = body.char_indices().take(MOST_LABEL_CHARACTERS + 1).find(|(_, character)| matches!(character, ':' | '。' | '.'))?.0;
    // A short sentence that is the whole entry is no label.
    let goes_on = body[end..].starts_with(':') || body[end..].chars().nth(1).is_some();
    (end > 0 && goes_on && !body[..end].contains([',', '、', ';', '(', '%'])).then(|| &body[..end])
}

/// The class of a heading.
pub(crate) fn section_of(heading: &str, sections: &[SectionRule]) -> Option<Section> {
    sections.iter().find(|rule| rule.words.iter().any(|word| heading.contains(word.as_str()))).map(|rule| rule.class)
}

/// Splits a text into paragraphs and numbered entries.
fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for paragraph in text.split_inclusive('\n') {
        let end = start + paragraph.trim_end_matches('\n').len();
        let mut from = start;
        for (at, _) in entries(&text[start..end]) {
            let at = start + at;
            if at > from {
                push_line(&mut lines, text, from, at);
            }
            from = at;
        }
        push_line(&mut lines, text, from, end);
        start += paragraph.len();
    }
    lines
}

fn push_line(lines: &mut Vec<Line>, text: &str, start: usize, end: usize) {
    let blank = text[start..end].len() - text[start..end].trim_start().len();
    let start = start + blank;
    if start >= end {
        return;
    }
    let (level, length) = marker(&text[start..end]).unwrap_or((0, 0));
    lines.push(Line {
        start,
        end,
        body: start + length,
        level,
        heading: false,
        section: Section::Other,
        refused: false,
        any: None,
        list: None,
    });
}

/// Where numbered entries start inside a paragraph (not at its start), with their level.
fn entries(paragraph: &str) -> Vec<(usize, u8)> {
    let mut found = Vec::new();
    let mut previous = ' ';
    for (at, character) in paragraph.char_indices() {
        if at > 0 && matches!(character, '(' | '①'..='⑳' | '0'..='9') && previous != '第' {
            let open = matches!(previous, ':' | ';' | '。' | ',' | '；' | ' ');
            if let Some((level, length)) = marker(&paragraph[at..]) {
                // Within running text only (一) and ① are entries without a stop before them.
                let certain =
                    level == 2 && !paragraph[at + length..].starts_with(['项', '款', '至', '、', '条', '和', '目']) || level == 5;
                if certain || (open && !is_amount(&paragraph[at + length..])) {
                    found.push((at, level));
                }
            }
        }
        previous = character;
    }
    found
}

/// `1.` is an entry only if what follows is no continuation of a number.
fn is_amount(rest: &str) -> bool {
    rest.chars().next().is_none_or(|character| character.is_ascii_digit())
}

/// Whether a line starts a numbered entry or a label, for joining wrapped lines.
pub(crate) fn starts_an_entry(line: &str) -> bool {
    let label = label_of(line).is_some_and(|label| line[label.len()..].starts_with(':'));
    marker(line).is_some() || label || line.starts_with("附件")
}

/// The number at the start of an entry: its level and length in bytes.
fn marker(text: &str) -> Option<(u8, usize)> {
    let first = text.chars().next()?;
    match first {
        '第' => {
            let end = numeral_end(text, first.len_utf8())?;
            let unit = text[end..].chars().next()?;
            let level = match unit {
                '章' | '节' | '部' => 1,
                '条' => 1,
                _ => return None,
            };
            Some((level, end + unit.len_utf8() + usize::from(text[end + unit.len_utf8()..].starts_with(' '))))
        }
        '(' => {
            let end = numeral_end(text, 1)?;
            let chinese = !text.as_bytes()[1].is_ascii_digit();
            text[end..].starts_with(')').then_some((if chinese { 2 } else { 4 }, end + 1))
        }
        '①'..='⑳' | '●' | '•' | '■' | '◆' | '★' | '○' => Some((5, first.len_utf8())),
        _ => {
            let end = numeral_end(text, 0)?;
            let chinese = !first.is_ascii_digit();
            let sign = text[end..].chars().next()?;
            match sign {
                '、' => Some((if chinese { 1 } else { 3 }, end + sign.len_utf8())),
                '.' | '．' if !text[end + sign.len_utf8()..].starts_with(|next: char| next.is_ascii_digit()) => {
                    Some((if chinese { 1 } else { 3 }, end + sign.len_utf8()))
                }
                ')' if !chinese => Some((4, end + 1)),
                _ => None,
            }
        }
    }
}

/// The end of a short numeral, Latin up to two digits or Chinese.
fn numeral_end(text: &str, from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let latin = rest.bytes().take(4).take_while(u8::is_ascii_digit).count();
    if latin > 0 {
        return (latin <= 3).then_some(from + latin);
    }
    let chinese: usize = rest
        .chars()
        .take(5)
        .take_while(|character| number::starts_chinese(*character) || *character == '百')
        .map(char::len_utf8)
        .sum();
    (chinese > 0).then_some(from + chinese)
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
