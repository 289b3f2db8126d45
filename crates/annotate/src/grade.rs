//! 等级: `银行信用等级在A级以上`, `亩均效益评价为A类或B类`, `环境信用评价不得为红牌`: written in letters or colours instead of numbers.

use model::{Condition, Op, Value, What};

use crate::lexicon::within;
use crate::page::{Draft, Page};

/// How far behind the name of a grade its letter may stand, in characters.
const MOST_TO_LETTER: usize = 12;
/// Letters of grades, and the colours some grades are called by.
const LETTERS: [char; 8] = ['A', 'B', 'C', 'D', 'E', 'M', '+', '-'];
const COLOURS: [char; 5] = ['绿', '蓝', '黄', '红', '黑'];
/// Grades of one list.
const MOST_GRADES: usize = 5;
/// Words that deny a grade, before its name or between name and letter.
const NOT: [&str; 7] = ["不能", "不得", "未被", "不为", "不是", "不应", "未"];
/// Marks a grade does not reach across.
const STOPS: [char; 4] = [',', '。', ';', ':'];

/// Conditions on grades in one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let graded =
        |hit: &&crate::lexicon::Hit<u16>| page.rules.indicators[usize::from(hit.what)].unit_family.as_deref() == Some("grade");
    let mut hits = within(&page.hits.aliases, bounds.start, bounds.end).iter().filter(graded).peekable();
    if hits.peek().is_none() || !page.may_set_conditions(sentence) {
        return Vec::new();
    }
    let hits: Vec<_> = hits.collect();
    let mut covered = 0;
    let mut drafts = Vec::new();
    for hit in hits {
        if hit.start < covered {
            continue;
        }
        let id = &page.rules.indicators[usize::from(hit.what)].id;
        if let Some(draft) = graded_by(page, sentence, id, (hit.start, hit.end)) {
            covered = draft.end;
            drafts.push(draft);
        }
    }
    drafts
}

/// The condition on the grade named in a stretch, if a letter or colour follows.
fn graded_by(page: &Page<'_>, sentence: usize, indicator: &str, (start, named): (usize, usize)) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let rest = page.slice(named, bounds.end);
    let at = first_grade(rest)?;
    let (grades, length) = grades_at(&rest[at..]);
    let lead = &rest[..at];
    let (op, word) = bound_of(lead, &rest[at + length..]);
    let mut end = named + at + length + word;
    if let Some(note) =
        page.slice(end, bounds.end).strip_prefix("(含").and_then(|note| note.find(')')).filter(|length| *length <= 12)
    {
        end += "(含".len() + note + 1;
    }
    let op = if grades.len() > 1 && op == Op::Is { Op::In } else { op };
    let value = match (op, grades.as_slice()) {
        (Op::In, _) => Value::List(grades),
        (_, [one, ..]) => Value::Text(one.clone()),
        (_, []) => return None,
    };
    let before = page.slice(bounds.start, start);
    let denied =
        op != Op::AtLeast && (NOT.iter().any(|word| lead.contains(word)) || NOT.iter().any(|word| before.ends_with(word)));
    let mut condition = Condition::new(indicator, op, value);
    condition.negated = page.is_refused(sentence, named) != denied;
    let clause = page.outline.clauses_at([start].into_iter()).first().map(|clause| page.clause(*clause));
    let period = clause.and_then(|clause| page.period_before(clause, end));
    condition.period = period.map(|(period, _)| period).filter(|period| period.starts_with("last_"));
    Some(Draft { what: What::Condition(condition), start, end, confidence: 0.85, rule: "grade", sentence })
}

/// Where the first grade stands, near enough to its name.
fn first_grade(rest: &str) -> Option<usize> {
    let near = rest.char_indices().take(MOST_TO_LETTER).take_while(|(_, character)| !STOPS.contains(character));
    let coloured = |at: usize| {
        let mut ahead = rest[at..].chars().skip(1);
        matches!(ahead.next(), Some('牌' | '色' | '标'))
    };
    near.filter(|(at, character)| matches!(character, 'A'..='E' | 'M') || COLOURS.contains(character) && coloured(*at))
        .map(|(at, _)| at)
        .next()
}

/// `A类或B类`, `AA级`: the grades of a list and the length of what names them.
fn grades_at(rest: &str) -> (Vec<String>, usize) {
    const SORTS: [char; 5] = ['级', '类', '牌', '色', '标'];
    let mut grades = Vec::new();
    let mut end = 0;
    let mut from = 0;
    while grades.len() < MOST_GRADES {
        let words = &rest[from..];
        let letters: String = words.chars().take_while(|character| LETTERS.contains(character)).take(5).collect();
        let colour = words.chars().next().filter(|character| letters.is_empty() && COLOURS.contains(character));
        let name = colour.map_or(letters, |colour| colour.to_string());
        if name.is_empty() {
            break;
        }
        end = from + name.len();
        let sort = rest[end..].chars().next().filter(|sort| SORTS.contains(sort));
        end += sort.map_or(0, char::len_utf8);
        grades.push(if colour.is_some() { rest[from..end].to_owned() } else { name });
        let Some(joint) = ["、", "或", "和", "及", "/"].iter().find(|joint| rest[end..].starts_with(**joint)) else { break };
        from = end + joint.len();
    }
    (grades, end)
}

/// Whether at least or at most a grade is asked for, and the length of the words behind it that say so.
fn bound_of(lead: &str, behind: &str) -> (Op, usize) {
    let starts = |words: &[&str]| words.iter().find(|word| behind.starts_with(**word)).map(|word| word.len());
    if let Some(length) = starts(&["及以上", "(含)以上", "或以上", "以上"]) {
        return (Op::AtLeast, length);
    }
    if let Some(length) = starts(&["及以下", "(含)以下", "或以下", "以下"]) {
        return (Op::AtMost, length);
    }
    if ["不低于", "不得低于", "达到", "不少于"].iter().any(|word| lead.contains(word)) {
        (Op::AtLeast, 0)
    } else {
        (Op::Is, 0)
    }
}
