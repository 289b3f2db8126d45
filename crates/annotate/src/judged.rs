//! Requirements only a person can check: refused entries, and what must not or must be the case in words no rule knows.

use model::What;

use crate::page::{Draft, Page};
use crate::rules::{CueKind, Section, WordingKind};

/// Lengths of such a requirement, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=120;
/// Pieces of one refusal.
const MOST_PIECES: usize = 20;
/// Endings of words that only say when or where.
const SETTINGS: [char; 7] = ['中', '时', '内', '后', '前', '间', '年'];

/// The requirements of one sentence that no rule made a condition of; `taken` are the stretches of those that one did.
pub(crate) fn read(page: &Page<'_>, sentence: usize, taken: &[(usize, usize)]) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let Some(line) = page.line(sentence) else { return Vec::new() };
    if line.heading || !page.may_set_conditions(sentence) || page.has(CueKind::RefusalList, bounds.start, bounds.end) {
        return Vec::new();
    }
    let judge = Judge { page, sentence, taken };
    if line.refused {
        return judge.runs(true).into_iter().filter_map(|(start, end)| judge.make(start, end, true)).collect();
    }
    if let Some(refusal) = page.hits.cue(CueKind::Refusal, bounds.start, bounds.end) {
        // 有下列情形之一的,所报材料一律退回: the list says what is refused.
        if page.has(CueKind::Listing, bounds.start, refusal.start) {
            return Vec::new();
        }
        let pieces = refused_pieces(page, bounds.start, refusal.start);
        return pieces.into_iter().filter_map(|(start, end)| judge.make(start, end, true)).collect();
    }
    let denied = judge.denied();
    let gives = page.has(CueKind::Award, bounds.start, bounds.end) || page.has(CueKind::Benefit, bounds.start, bounds.end);
    // What stands beside a condition that a rule has read is a requirement too.
    let beside = !page.phrase && taken.iter().any(|(from, to)| *from < bounds.end && *to > bounds.start);
    // (三)有固定的场所: an entry among requirements, though no heading says so.
    let certain = matches!(line.section, Section::Conditions) || line.any.is_some() || beside;
    let entry = certain || page.permit(sentence).asked && line.level > 0;
    let mut drafts: Vec<Draft> = Vec::new();
    if entry && !gives {
        let runs = judge.runs(false);
        drafts.extend(
            runs.into_iter()
                .filter(|run| judge.requires(*run) && (certain || judge.opens(*run)))
                .filter_map(|(start, end)| judge.make(start, end, false)),
        );
    }
    for (start, end) in denied {
        if !drafts.iter().any(|draft| draft.start < end && start < draft.end) {
            drafts.extend(judge.make(start, end, true));
        }
    }
    drafts
}

/// One sentence and what of it rules have read.
struct Judge<'p> {
    page: &'p Page<'p>,
    sentence: usize,
    taken: &'p [(usize, usize)],
}

impl Judge<'_> {
    fn make(&self, start: usize, end: usize, negated: bool) -> Option<Draft> {
        let (start, end) = self.page.trimmed(start, end);
        let words = self.page.slice(start, end).trim_end_matches(['的', '等', ',']);
        let end = start + words.len();
        // 经审议其他不予支持的: whatever else, which nobody can check.
        let rest = negated && ["其他不予", "其他不得", "其他不宜", "其他不符合"].iter().any(|word| words.contains(word));
        let fits = !rest && self.is_free(start, end) && LENGTHS.contains(&words.chars().count());
        let what = What::ConditionText { negated };
        fits.then_some(Draft { what, start, end, confidence: 0.5, rule: "judged", sentence: self.sentence })
    }

    fn is_free(&self, start: usize, end: usize) -> bool {
        !self.taken.iter().any(|(from, to)| *from < end && *to > start)
    }

    /// Whether a stretch holds a number that is a matter of its own.
    fn counts(&self, start: usize, end: usize) -> bool {
        let tokens = &self.page.tokens.quantities;
        let from = tokens.partition_point(|quantity| quantity.number_start < start);
        tokens[from..].iter().take_while(|quantity| quantity.number_start < end).any(|quantity| !quantity.unit.is_empty())
    }

    /// Neighbouring clauses that no rule has read, as one requirement; a clause with a subject of its own starts anew.
    fn runs(&self, refused: bool) -> Vec<(usize, usize)> {
        let page = self.page;
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let mut open = false;
        for clause in page.clauses_of(self.sentence).map(|index| page.clause(index)).filter(|clause| clause.parent.is_none()) {
            let words = page.slice(clause.start, clause.end);
            let free = self.is_free(clause.start, clause.end)
                && !self.counts(clause.start, clause.end)
                && (refused || !page.rules.says(WordingKind::Instruction, words));
            match runs.last_mut() {
                Some(last) if free && open && !(starts_anew(words) || !refused && opens_requirement(page, words)) => {
                    last.1 = clause.end
                }
                _ if free => runs.push((clause.start, clause.end)),
                _ => {}
            }
            open = free && !page.slice(clause.end, clause.end + 1).starts_with(':');
        }
        runs
    }

    /// Whether the words are those of a requirement, and of one that stands for itself.
    fn requires(&self, (start, end): (usize, usize)) -> bool {
        let page = self.page;
        let bounds = page.sentence(self.sentence);
        let words = page.slice(start, end).trim();
        let named = page.rules.says(WordingKind::Requirement, words);
        // 建立健全机制 is a task of offices, but among conditions what applicants have done.
        let among = page.line(self.sentence).is_some_and(|line| line.section == Section::Conditions);
        let lead = page.rules.words(WordingKind::Heading).any(|word| words.starts_with(word))
            || !among && page.rules.words(WordingKind::Task).any(|word| words.starts_with(word));
        // An entry without a stop that only names something is a heading.
        let stopped = page.slice(bounds.end, bounds.end + 3).starts_with(['。', ';', '；']) || words.chars().count() > 14;
        let opens = page.slice(end, bounds.end + 3).trim_start().starts_with(':');
        named && !lead && stopped && !opens
    }

    /// Whether the words say a requirement from the first.
    fn opens(&self, (start, end): (usize, usize)) -> bool {
        opens_requirement(self.page, self.page.slice(start, end).trim_start())
    }

    /// `贴息期内无不良信贷记录`: clauses that deny a record.
    fn denied(&self) -> Vec<(usize, usize)> {
        let page = self.page;
        page.clauses_of(self.sentence)
            .map(|index| page.clause(index))
            .filter(|clause| clause.parent.is_none())
            .filter_map(|clause| {
                let negator = page.hits.cue(CueKind::Negator, clause.start, clause.end)?;
                let (_, end) = page.trimmed(clause.start, clause.end);
                let end = if page.slice(negator.start.min(end), end).ends_with('等') { end - '等'.len_utf8() } else { end };
                let words = page.slice(negator.start, end);
                let starts_early = page.slice(clause.start, negator.start).chars().count() <= 10;
                let record = page.rules.words(WordingKind::Record).any(|noun| words.ends_with(noun));
                (starts_early && record && words.chars().count() <= 30).then_some((negator.start, end))
            })
            .collect()
    }
}

/// `有固定的办公场所`, `符合国家产业政策`: a clause that says a requirement of its own from its first word.
fn opens_requirement(page: &Page<'_>, words: &str) -> bool {
    let words = words.trim_start_matches(['且', '并', '同', '时', ' ']);
    page.rules.words(WordingKind::Opening).any(|word| words.starts_with(word))
}

/// `社会组织应具有…`: a clause with its own subject.
fn starts_anew(words: &str) -> bool {
    let reach = words.char_indices().nth(10).map_or(words.len(), |(at, _)| at);
    let must = ["应", "须", "需"].iter().filter_map(|word| words[..reach].find(word)).min();
    must.is_some_and(|at| words[..at].chars().count() >= 2)
}

/// `工商注销、连续停产12个月以上等不得申报`: the pieces of the list before the refusal.
fn refused_pieces(page: &Page<'_>, start: usize, end: usize) -> Vec<(usize, usize)> {
    let slice = page.slice(start, end);
    if ["逾期", "投诉", "举报"].iter().any(|word| slice.contains(word))
        || slice.trim().is_empty()
        || page.has(CueKind::Award, start, end)
    {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    let (mut from, mut depth) = (0, 0i32);
    for (at, character) in slice.char_indices() {
        match character {
            '(' | '《' => depth += 1,
            ')' | '》' => depth -= 1,
            '、' | ',' if depth == 0 => {
                pieces.push((from, at));
                from = at + character.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push((from, slice.len()));
    let piece = |(from, to): (usize, usize)| {
        let words = &slice[from..to];
        let skip = ["以及", "对于", "或者", "对", "及", "和", "凡"]
            .iter()
            .find(|word| words.starts_with(**word))
            .map_or(0, |word| word.len());
        let plain = words.trim_end_matches(['的', '等', ' ', '“', '"']);
        let mut leads = page.rules.words(WordingKind::Heading).chain(page.rules.words(WordingKind::Task));
        let vague = leads.any(|word| plain.starts_with(word))
            || page.rules.says(WordingKind::Instruction, plain)
            || ["法院", "部门", "主管机关"].iter().any(|office| plain.ends_with(office));
        (!vague && !plain.ends_with(SETTINGS) && plain.chars().count() >= 4)
            .then_some((start + from + skip, start + from + plain.len()))
    };
    pieces.into_iter().take(MOST_PIECES).filter_map(piece).collect()
}
