//! One text being annotated: everything found in it so far, and questions the grammars ask about it.

use std::cell::{OnceCell, RefCell};

use jiff::civil::Date;
use model::text::Span;
use model::{Item, What};

use crate::inclusive::Inclusion;
use crate::lexicon::{Hits, within};
use crate::outline::{Clause, Line, Outline, Sentence};
use crate::permits::{self, Permit};
use crate::reading::Reading;
use crate::rules::{CueKind, Genre, Rules, Section};
use crate::token::{Quantity, Tokens};
use crate::triage::Triage;
use crate::words::{List, WordLists, Words};

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
    /// What told the triage class.
    pub(crate) told: Option<Triage>,
    /// The title, empty where there is none.
    pub(crate) title: &'a str,
    /// For each sentence the lists that have a word in it.
    present: Vec<u32>,
    /// A short text without title or headings: read as a phrase, where context need not be proved.
    pub(crate) phrase: bool,
    /// The title in normal form.
    pub(crate) named: String,
    /// What the title says the whole document is.
    pub(crate) genre: Option<Genre>,
    /// Whether the title says that it explains another document.
    pub(crate) explains: bool,
    /// What each sentence may say.
    permits: Vec<Permit>,
    /// What the document says of its own 以上 and 以下.
    inclusion: OnceCell<Inclusion>,
    /// What the last number required was of, for a tier whose name stands in the sentence before.
    pub(crate) carried: RefCell<Vec<Carried>>,
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

/// The indicator of a number required in the sentence before.
#[derive(Debug, Clone)]
pub(crate) struct Carried {
    pub(crate) sentence: usize,
    pub(crate) indicator: String,
    pub(crate) base: String,
    pub(crate) family: crate::token::Family,
    pub(crate) op: Option<model::Op>,
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
    /// The triage class and what told it.
    pub(crate) told: Option<Triage>,
    pub(crate) title: &'a str,
}

impl<'a> Page<'a> {
    pub(crate) fn new(reading: Reading<'a>, hits: Hits, around: Surroundings<'a>) -> Self {
        let tokens = around.lexer.read(reading.text());
        let mut outline = Outline::new(reading.text(), &hits, &around.rules.sections);
        crate::tables::classify(&mut outline, reading.rows());
        let clause_of = outline.clauses_at(tokens.quantities.iter().map(|quantity| quantity.number_start));
        let headed = outline.lines.iter().any(|line| line.heading && line.section != Section::Other);
        let phrase = around.title.is_empty() && !headed && reading.text().len() <= MOST_PHRASE_BYTES;
        let text = reading.text();
        let sentences = outline.sentences.iter().map(|sentence| text.get(sentence.start..sentence.end).unwrap_or_default());
        let present = sentences.map(|sentence| around.rules.words.present(sentence)).collect();
        let mut page = Self {
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
            triage: around.told.as_ref().map(|told| told.class.clone()),
            told: around.told,
            phrase,
            title: around.title,
            present,
            named: model::text::Normal::new(around.title).text().to_owned(),
            genre: permits::genre_of(around.title, &around.rules.sections),
            explains: ["解读", "解析", "问答", "图解", "读懂", "答记者问", "说明会", "划重点"]
                .iter()
                .any(|word| around.title.contains(word)),
            permits: Vec::new(),
            inclusion: OnceCell::new(),
            carried: RefCell::new(Vec::new()),
        };
        page.permits = permits::all(&page);
        page
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

    /// The innermost clause of a sentence a byte lies in.
    pub(crate) fn clause_at(&self, sentence: usize, at: usize) -> Option<Clause> {
        self.clauses_of(sentence).map(|index| self.clause(index)).filter(|clause| clause.start <= at && at < clause.end).last()
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

    /// What a sentence may say.
    pub(crate) fn permit(&self, sentence: usize) -> Permit {
        self.permits.get(sentence).copied().unwrap_or_default()
    }

    /// Whether a sentence may say what an applicant must meet or gets.
    pub(crate) fn may_bind(&self, sentence: usize) -> bool {
        self.permit(sentence).remarks
    }

    /// Whether a sentence may set conditions: in the right section, or saying so itself.
    pub(crate) fn may_set_conditions(&self, sentence: usize) -> bool {
        self.permit(sentence).conditions
    }

    /// Whether a sentence may say what is given.
    pub(crate) fn may_award(&self, sentence: usize) -> bool {
        crate::awards::possible(self, sentence)
    }

    /// Whether a sentence has a word of a list that is asked for everywhere.
    pub(crate) fn present(&self, sentence: usize, list: List) -> bool {
        self.present.get(sentence).is_some_and(|bits| bits & WordLists::bit_of(list) != 0)
    }

    /// The words of a list.
    pub(crate) fn words(&self, list: List) -> &Words {
        self.rules.words.of(list)
    }

    /// Whether what a sentence says is refused: by itself (`…的,不得申报`) or by the header of its list.
    pub(crate) fn is_refused(&self, sentence: usize, at: usize) -> bool {
        if self.line(sentence).is_some_and(|line| line.refused) {
            return true;
        }
        if self.follows_a_refusal(sentence) {
            return true;
        }
        let bounds = self.sentence(sentence);
        let Some(refusal) = self.hits.last_cue(CueKind::Refusal, at, bounds.end) else { return false };
        // 符合条件的…;…: only what stands before the refusal in its own sentence is refused, and not what precedes a new subject.
        !self.slice(at, refusal.start).contains("应当符合") && !self.slice(at, refusal.start).contains("可申报")
    }

    /// `有下列情形的不予支持。发生安全事故;…`: a list in the line of its header, which a full stop ends.
    pub(crate) fn follows_a_refusal(&self, sentence: usize) -> bool {
        const MOST_ITEMS: usize = 12;
        let Some(line) = self.line(sentence) else { return false };
        (0..sentence)
            .rev()
            .take(MOST_ITEMS)
            .map(|previous| self.sentence(previous))
            .take_while(|previous| previous.start >= line.start)
            .any(|previous| {
                self.has(CueKind::RefusalList, previous.start, previous.end)
                    && self.slice(previous.start, previous.end).ends_with(['持', '请', '报', '理', '助', '励', '定'])
            })
    }

    /// What the document says of its own 以上 and 以下.
    pub(crate) fn inclusion(&self) -> Inclusion {
        *self.inclusion.get_or_init(|| Inclusion::of(self.text()))
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
