//! Days on whose right side something must have been done: `须在2024年9月30日前开工`, `项目实施时间应在2022年1月1日(含)以后`.

use model::{Condition, Op, Value, What};

use crate::date::DateToken;
use crate::page::{Draft, Page};
use crate::rules::{CueKind, WordingKind};

/// How far behind a day the act may stand, in characters.
const MOST_TO_ACT: usize = 24;
/// The longest name of a time, `项目实施时间`, in characters.
const MOST_NAME: usize = 16;
/// What may stand between the name of a time and its day.
const AUXILIARIES: [&str; 10] = ["原则上", "应当", "应", "须", "需", "均", "在", "为", "于", "是"];

/// The conditions of one sentence on days.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let from = page.tokens.dates.partition_point(|date| date.start < bounds.start);
    let days = page.tokens.dates[from..].iter().take_while(|date| date.end <= bounds.end);
    days.filter_map(|token| on_side(page, sentence, *token)).collect()
}

/// The condition of one day, if something must lie on one side of it.
fn on_side(page: &Page<'_>, sentence: usize, token: DateToken) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let rest = page.slice(token.end, bounds.end);
    let (op, word) = side_of(rest)?;
    let named = name_of_time(page, page.slice(bounds.start, token.start)).map(|at| bounds.start + at);
    if named.is_none() && (token.day.is_none() || !is_of_an_act(page, sentence, rest, op)) {
        return None;
    }
    // 5月以后 begins with the first day of the month, 5月以前 ends before it.
    let date = token.first_day(None)?;
    let mut condition = Condition::new("project.date", op, Value::Text(date.to_string()));
    condition.negated = page.is_refused(sentence, token.start);
    let (start, end) = (named.unwrap_or(token.start), token.end + word);
    Some(Draft { what: What::Condition(condition), start, end, confidence: 0.65, rule: "date", sentence })
}

/// `…日后新购置…的`: what was done on that side of the day is said behind it.
fn is_of_an_act(page: &Page<'_>, sentence: usize, rest: &str, op: Op) -> bool {
    let bounds = page.sentence(sentence);
    let reach = rest.char_indices().nth(MOST_TO_ACT).map_or(rest.len(), |(at, _)| at);
    let deadline = page.has(CueKind::Deadline, bounds.start, bounds.end) && !rest.contains("可申请");
    let asked = rest.contains('的') && op != Op::AtMost || page.permit(sentence).asked;
    !deadline && asked && page.rules.says(WordingKind::DatedAct, &rest[..reach])
}

/// `项目实施时间应在` before a day: where the name of the time begins. When one applies is a matter of windows.
fn name_of_time(page: &Page<'_>, before: &str) -> Option<usize> {
    let mut noun = before.trim_end_matches([':', ' ']);
    while let Some(shorter) = AUXILIARIES.iter().find_map(|word| noun.strip_suffix(word)) {
        noun = shorter;
    }
    let core = ["时间", "日期"].iter().find_map(|word| noun.strip_suffix(word))?;
    let from = crate::lists::after_last(core, &[',', '。', ';', ':', '、', '(', ')', '的', '\n']);
    let name = &core[from..];
    let fits = name.chars().nth(MOST_NAME).is_none() && page.rules.says(WordingKind::DatedAct, name);
    fits.then_some(from)
}

/// On which side of a day something must lie, and the length of the words that say so.
fn side_of(rest: &str) -> Option<(Op, usize)> {
    let plain = rest.strip_prefix("(含)");
    let noted = if plain.is_some() { "(含)".len() } else { 0 };
    let words = plain.unwrap_or(rest);
    let later = ["以后", "之后", "以来", "后", "起"].iter().find(|word| words.starts_with(**word));
    let earlier = ["以前", "之前", "前"].iter().find(|word| words.starts_with(**word));
    let included = noted > 0 || words.starts_with("后(含)") || words.starts_with("以来");
    match (later, earlier) {
        (Some(word), _) => Some((if included { Op::AtLeast } else { Op::More }, noted + word.len())),
        (None, Some(word)) => Some((Op::AtMost, noted + word.len())),
        (None, None) => None,
    }
}
