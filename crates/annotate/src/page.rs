//! One text being annotated: everything found in it so far, and questions the grammars ask about it.

use std::cell::OnceCell;

use jiff::civil::Date;
use model::text::Span;
use model::{Item, What};

use crate::lexicon::{Hits, within};
use crate::outline::{Clause, Line, Outline, Sentence};
use crate::reading::Reading;
use crate::rules::{CueKind, Rules, Section};
use crate::token::{Quantity, Tokens};

/// Triage classes whose texts set no conditions of their own.
const WITHOUT_CONDITIONS: [&str; 4] = ["news", "interpret", "result", "lifecycle"];

/// One text with what is known of it.
pub(crate) struct Page<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) lexer: &'a crate::token::Lexer,
    pub(crate) segmenter: &'a jieba_rs::Jieba,
    pub(crate) reading: Reading<'a>,
    pub(crate) hits: Hits,
    pub(crate) tokens: Tokens,
    pub(crate) outline: Outline,
    /// The innermost clause of each quantity.
    pub(crate) clause_of: Vec<usize>,
    pub(crate) region: &'a str,
    pub(crate) date: Option<Date>,
    pub(crate) triage: Option<String>,
    /// A short text without title or headings: read as a phrase, where context need not be proved.
    pub(crate) phrase: bool,
    /// Whether the document says that its 以下 excludes the number.
    excludes_below: OnceCell<bool>,
}

/// Something found, in bytes of the reading.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) what: What,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) confidence: f32,
    pub(crate) rule: &'static str,
    /// The sentence it stands in.
    pub(crate) sentence: usize,
}

/// A text without title is read as a phrase up to this many bytes.
const MOST_PHRASE_BYTES: usize = 1_500;

/// What [`Page::new`] needs beside the reading.
pub(crate) struct Surroundings<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) lexer: &'a crate::token::Lexer,
    pub(crate) segmenter: &'a jieba_rs::Jieba,
    pub(crate) region: &'a str,
    pub(crate) date: Option<Date>,
    pub(crate) triage: Option<String>,
    pub(crate) title: &'a str,
}

impl<'a> Page<'a> {
    pub(crate) fn new(reading: Reading<'a>, hits: Hits, around: Surroundings<'a>) -> Self {
        let tokens = around.lexer.read(reading.text());
        let outline = Outline::new(reading.text(), &hits, &around.rules.sections);
        let clause_of = outline.clauses_at(tokens.quantities.iter().map(|quantity| quantity.number_start));
        let headed = outline.lines.iter().any(|line| line.heading && line.section != Section::Other);
        let phrase = around.title.is_empty() && !headed && reading.text().len() <= MOST_PHRASE_BYTES;
        Self {
            rules: around.rules,
            lexer: around.lexer,
            segmenter: around.segmenter,
            reading,
            hits,
            tokens,
            outline,
            clause_of,
            region: around.region,
            date: around.date,
            triage: around.triage,
            phrase,
            excludes_below: OnceCell::new(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        self.reading.text()
    }

    pub(crate) fn slice(&self, start: usize, end: usize) -> &str {
        self.text().get(start..end).unwrap_or_default()
    }

    pub(crate) fn clause(&self, index: usize) -> Clause {
        let whole = Clause { start: 0, end: 0, sentence: 0, parent: None, previous: None };
        self.outline.clauses.get(index).copied().unwrap_or(whole)
    }

    pub(crate) fn sentence(&self, index: usize) -> Sentence {
        self.outline.sentences.get(index).copied().unwrap_or(Sentence { start: 0, end: 0, line: 0 })
    }

    pub(crate) fn line(&self, sentence: usize) -> Option<&Line> {
        self.outline.line_of(sentence)
    }

    /// The clauses of a sentence, as a range of indices.
    pub(crate) fn clauses_of(&self, sentence: usize) -> std::ops::Range<usize> {
        let from = self.outline.clauses.partition_point(|clause| clause.sentence < sentence);
        let to = self.outline.clauses.partition_point(|clause| clause.sentence <= sentence);
        from..to
    }

    /// The quantities of a sentence, as a range of indices.
    pub(crate) fn quantities_of(&self, sentence: usize) -> std::ops::Range<usize> {
        let bounds = self.sentence(sentence);
        let from = self.tokens.quantities.partition_point(|quantity| quantity.number_start < bounds.start);
        let to = self.tokens.quantities.partition_point(|quantity| quantity.number_start < bounds.end);
        from..to
    }

    pub(crate) fn quantity(&self, index: usize) -> &Quantity {
        &self.tokens.quantities[index]
    }

    pub(crate) fn has(&self, kind: CueKind, start: usize, end: usize) -> bool {
        self.hits.cue(kind, start, end).is_some()
    }

    /// Whether a sentence may say what an applicant must meet or gets.
    pub(crate) fn may_bind(&self, sentence: usize) -> bool {
        let bounds = self.sentence(sentence);
        if self.triage.as_deref().is_some_and(|triage| WITHOUT_CONDITIONS.contains(&triage)) {
            return false;
        }
        ![CueKind::Target, CueKind::Service, CueKind::Budget].into_iter().any(|kind| self.has(kind, bounds.start, bounds.end))
            && !counts_enterprises(self.slice(bounds.start, bounds.end))
    }

    /// Whether a sentence may set conditions: in the right section, or saying so itself.
    pub(crate) fn may_set_conditions(&self, sentence: usize) -> bool {
        if !self.may_bind(sentence) {
            return false;
        }
        let bounds = self.sentence(sentence);
        let Some(line) = self.line(sentence) else { return false };
        if self.phrase || line.refused || line.any.is_some() {
            return true;
        }
        let says_so = self.has(CueKind::Applicant, bounds.start, bounds.end);
        let refuses = self.has(CueKind::Refusal, bounds.start, bounds.end);
        match line.section {
            Section::Conditions | Section::Exclusions => true,
            Section::Support => says_so || refuses || line.list.is_some() || self.has(CueKind::Award, bounds.start, bounds.end),
            Section::Target | Section::Division | Section::Contact | Section::Materials | Section::Basis => false,
            Section::Procedure | Section::Window | Section::Validity => refuses && says_so,
            Section::Other => self.says_who_gets(sentence) || refuses || self.list_sets_conditions(line),
        }
    }

    /// `申报单位应…`, `对…的企业,给予…`.
    fn says_who_gets(&self, sentence: usize) -> bool {
        let bounds = self.sentence(sentence);
        let applicant = self.has(CueKind::Applicant, bounds.start, bounds.end);
        let slice = self.slice(bounds.start, bounds.end);
        let must = ["应", "须", "需", "符合", "具备", "满足"].iter().any(|word| slice.contains(word));
        applicant && (must || self.has(CueKind::Award, bounds.start, bounds.end))
    }

    /// An entry under a line such as `申报企业应符合下列条件:`.
    fn list_sets_conditions(&self, line: &Line) -> bool {
        let Some(header) = line.list.and_then(|list| self.outline.lines.get(list)) else { return false };
        self.has(CueKind::Applicant, header.start, header.end) || self.slice(header.start, header.end).contains("条件")
    }

    /// Whether a sentence may say what is given.
    pub(crate) fn may_award(&self, sentence: usize) -> bool {
        let section = self.line(sentence).map(|line| line.section);
        let bounds = self.sentence(sentence);
        let slice = self.slice(bounds.start, bounds.end);
        // 并处5000元以下罚款 is given too, but nobody applies for it.
        let punishes = ["罚款", "并处", "处以", "赔偿", "违约金", "滞纳金"].iter().any(|word| slice.contains(word));
        self.may_bind(sentence)
            && !punishes
            && !matches!(
                section,
                Some(Section::Target | Section::Division | Section::Contact | Section::Materials | Section::Exclusions)
            )
    }

    /// Whether what a sentence says is refused: by itself (`…的,不得申报`) or by the header of its list.
    pub(crate) fn is_refused(&self, sentence: usize, at: usize) -> bool {
        if self.line(sentence).is_some_and(|line| line.refused) {
            return true;
        }
        let bounds = self.sentence(sentence);
        let Some(refusal) = self.hits.last_cue(CueKind::Refusal, at, bounds.end) else { return false };
        // 符合条件的…;…: only what stands before the refusal in its own sentence is refused, and not what precedes a new subject.
        !self.slice(at, refusal.start).contains("应当符合") && !self.slice(at, refusal.start).contains("可申报")
    }

    /// `本办法所称“以下”不含本数`, or the definition style of the size standard.
    pub(crate) fn excludes_below(&self) -> bool {
        *self.excludes_below.get_or_init(|| {
            let text = self.text();
            text.match_indices("以下").any(|(at, _)| {
                let rest: String = text[at..].chars().take(14).collect();
                rest.contains("不含本数") || rest.contains("不包括本数") || rest.contains("不包含本数")
            })
        })
    }

    /// The period written in a clause before a position, as its value and where it starts.
    pub(crate) fn period_before(&self, clause: Clause, at: usize) -> Option<(String, usize)> {
        let found = within(&self.hits.periods, clause.start, at).last();
        if let Some(hit) = found {
            return Some((self.rules.units.period[usize::from(hit.what)].value.clone(), hit.start));
        }
        let from = self.tokens.years.partition_point(|year| year.start < clause.start);
        let year = self.tokens.years[from..].iter().take_while(|year| year.end <= at).last()?;
        Some((year.year.to_string(), year.start))
    }

    /// The stretch without blanks and marks at its ends.
    pub(crate) fn trimmed(&self, start: usize, end: usize) -> (usize, usize) {
        const MARKS: [char; 10] = [' ', ',', ':', '、', '。', ';', '\n', '-', '·', '；'];
        let slice = self.slice(start, end);
        let front = slice.len() - slice.trim_start_matches(MARKS).len();
        let back = slice.len() - slice.trim_end_matches(MARKS).len();
        if front >= slice.len() { (start, start) } else { (start + front, end - back) }
    }

    /// The draft as an item with span and quote; `None` where it covers nothing.
    pub(crate) fn item(&self, draft: Draft) -> Option<Item> {
        let span: Span = self.reading.span(draft.start, draft.end);
        let quote = self.reading.quote(span);
        (!quote.is_empty()).then(|| Item {
            what: draft.what,
            quote: quote.to_owned(),
            span,
            confidence: draft.confidence,
            rule: draft.rule.to_owned(),
        })
    }
}

/// `纳税过1亿元的企业达30家`: a count of enterprises is a goal or a report, never a condition.
fn counts_enterprises(sentence: &str) -> bool {
    ["的企业达", "的企业超过", "的企业突破", "企业数量达", "企业总数达", "的企业有", "企业达到", "的企业共"]
        .iter()
        .any(|word| sentence.match_indices(word).any(|(at, _)| followed_by_count(&sentence[at + word.len()..])))
}

fn followed_by_count(rest: &str) -> bool {
    let digits = rest.trim_start_matches(['到', '过', '约']);
    let after = digits.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
    after.len() < digits.len() && after.trim_start_matches(['万', '余', '多']).starts_with(['家', '户', '个'])
}
