//! 等级: `银行信用等级在A级以上`, written in letters instead of numbers.

use model::{Condition, Op, Value, What};

use crate::lexicon::within;
use crate::page::{Draft, Page};

/// Conditions on letter grades in one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let graded =
        |hit: &&crate::lexicon::Hit<u16>| page.rules.indicators[usize::from(hit.what)].unit_family.as_deref() == Some("grade");
    let Some(hit) = within(&page.hits.aliases, bounds.start, bounds.end).iter().find(graded) else { return Vec::new() };
    if !page.may_set_conditions(sentence) {
        return Vec::new();
    }
    let rest = page.slice(hit.end, bounds.end);
    let Some(at) = rest.char_indices().take(12).find(|(_, character)| matches!(character, 'A'..='E' | 'M')).map(|(at, _)| at)
    else {
        return Vec::new();
    };
    let letters: String =
        rest[at..].chars().take_while(|character| matches!(character, 'A'..='E' | 'M' | '+' | '-')).take(5).collect();
    let behind = rest[at + letters.len()..].trim_start_matches('级');
    let mut end = bounds.end - behind.len();
    let (op, word) = match ["及以上", "(含)以上", "以上"].iter().find(|word| behind.starts_with(**word)) {
        Some(word) => (Op::AtLeast, word.len()),
        None if rest[..at].contains("不低于") => (Op::AtLeast, 0),
        None => (Op::Is, 0),
    };
    end += word;
    if let Some(note) =
        page.slice(end, bounds.end).strip_prefix("(含").and_then(|note| note.find(')')).filter(|length| *length <= 12)
    {
        end += "(含".len() + note + 1;
    }
    let indicator = &page.rules.indicators[usize::from(hit.what)].id;
    let negated = page.is_refused(sentence, hit.end);
    let condition = Condition { negated, ..Condition::new(indicator, op, Value::Text(letters)) };
    vec![Draft { what: What::Condition(condition), start: hit.start, end, confidence: 0.85, rule: "grade", sentence }]
}
