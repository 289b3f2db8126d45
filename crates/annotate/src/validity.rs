//! How long a policy, or a qualification it gives, is valid, and what states a text declares.

use jiff::civil::Date;
use model::What;

use crate::date::DateToken;
use crate::page::{Draft, Page};
use crate::token::Family;
use crate::words::List;

/// How far behind 有效期 its years may stand, in characters.
const MOST_BETWEEN: usize = 8;
/// The longest declaration of a state, in bytes.
const MOST_STATE_BYTES: usize = 600;

/// What one sentence says of validity.
#[derive(Default)]
struct Found {
    start: Option<Date>,
    end: Option<Date>,
    years: Option<u16>,
    from: usize,
    to: usize,
}

/// How long the policy, or a qualification it gives, is valid.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let mut found: Vec<Found> = Vec::new();
    if let Some(at) = slice.find("长期有效") {
        let from = bounds.start + at;
        found.push(Found { from, to: from + "长期有效".len(), ..Found::default() });
    }
    let dates = dates_between(page, bounds.start, bounds.end);
    let since = !dates.is_empty() || page.present(sentence, List::WindowEvent);
    let effective = if since { effective(page, &dates, bounds.start, bounds.end) } else { None };
    let lasts = page.present(sentence, List::ValidityPeriod);
    let periods = if lasts { periods(page, &dates, bounds.start, bounds.end) } else { Vec::new() };
    match (effective, periods.first()) {
        // 自发布之日起施行,有效期至2028年12月31日: one declaration.
        (Some(mut effective), Some(period)) if period.from >= effective.to && period.from <= effective.to + 12 => {
            (effective.end, effective.years, effective.to) = (period.end, period.years, period.to);
            found.push(effective);
            found.extend(periods.into_iter().skip(1));
        }
        (effective, _) => {
            found.extend(effective);
            found.extend(periods);
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let of = if page.words(List::ValidityQualification).stand_in(slice) { "qualification" } else { "policy" };
    let draft = |found: Found| Draft {
        what: What::Validity { start: found.start, end: found.end, years: found.years, of: of.to_owned() },
        start: found.from,
        end: found.to,
        confidence: 0.85,
        rule: "validity",
        sentence,
    };
    found.into_iter().map(draft).collect()
}

fn dates_between(page: &Page<'_>, start: usize, end: usize) -> Vec<DateToken> {
    let from = page.tokens.dates.partition_point(|date| date.start < start);
    page.tokens.dates[from..].iter().take_while(|date| date.end <= end).copied().collect()
}

/// `有效期为3年`, `有效期至2028年12月31日`, `有效期为2025年7月7日至2028年7月7日`, `实施时限暂定至2022年底`.
fn periods(page: &Page<'_>, dates: &[DateToken], start: usize, end: usize) -> Vec<Found> {
    let slice = page.slice(start, end);
    let Some((at, word_end)) = page.words(List::ValidityPeriod).first(slice) else { return Vec::new() };
    let none = page.words(List::ValidityNone);
    if none.at_start(&slice[at..]).is_some() || slice[..at].ends_with('在') {
        return Vec::new();
    }
    let at = start + at;
    let mut found = Vec::new();
    if let Some((years, to)) = years_behind(page, at, end) {
        found.push(Found { years: Some(years), from: at, to, ..Found::default() });
    }
    if let Some((date, to)) = year_end(page, start + word_end, end) {
        found.push(Found { end: Some(date), from: at, to, ..Found::default() });
    }
    let behind: Vec<&DateToken> = dates.iter().filter(|date| date.start > at).collect();
    match behind[..] {
        [one, other, ..]
            if one.day.is_some() && page.slice(one.end, other.start).trim_matches(['至', '到', '-', '~']).is_empty() =>
        {
            found.push(Found {
                start: one.date(None),
                end: other.date(one.year),
                from: one.start,
                to: other.end,
                ..Found::default()
            });
        }
        [one, ..] => {
            let end = one.date(None);
            found.extend(end.map(|_| Found { end, from: at, to: one.end, ..Found::default() }));
        }
        [] => {}
    }
    found
}

/// `至2022年底`: the last day of a year right behind the word.
fn year_end(page: &Page<'_>, from: usize, end: usize) -> Option<(Date, usize)> {
    let at = page.tokens.years.partition_point(|year| year.start < from);
    let year = page.tokens.years.get(at).filter(|year| year.end <= end)?;
    let near = page.slice(from, year.start).chars().count() <= 4;
    let word = ["底", "末"].iter().find(|word| page.text()[year.end..].starts_with(**word))?;
    let date = Date::new(year.year, 12, 31).ok().filter(|_| near)?;
    Some((date, year.end + word.len()))
}

/// `有效期为3年`, `有效期5年`.
fn years_behind(page: &Page<'_>, at: usize, end: usize) -> Option<(u16, usize)> {
    let from = page.tokens.quantities.partition_point(|quantity| quantity.number_start < at);
    let quantity = page.tokens.quantities.get(from)?;
    let years = quantity.number_end <= end && quantity.family == Family::Duration && quantity.base == "年";
    let between = page.slice(at, quantity.number_start);
    let count = u16::try_from(quantity.low).ok().filter(|years| (1..=50).contains(years))?;
    let plain = between.chars().count() <= MOST_BETWEEN && !page.words(List::ValidityNone).stand_in(between);
    (years && plain).then_some((count, quantity.number_end))
}

/// `自2024年1月1日起施行`, `自印发之日起施行`.
fn effective(page: &Page<'_>, dates: &[DateToken], start: usize, end: usize) -> Option<Found> {
    let words = page.words(List::ValidityEffective);
    let since = |at: usize| if page.text()[..at].ends_with(['自', '从']) { at - '自'.len_utf8() } else { at };
    let dated = dates.iter().find_map(|token| {
        let length = words.at_start(page.slice(token.end, end))?;
        Some(Found { start: Some(token.date(None)?), from: since(token.start), to: token.end + length, ..Found::default() })
    });
    dated.or_else(|| since_label(page, dates, start, end)).or_else(|| {
        let slice = page.slice(start, end);
        let (at, event_end) = page.words(List::WindowEvent).first(slice)?;
        let behind = slice[..event_end].strip_suffix('起').map_or(event_end, str::len);
        let length = words.at_start(&slice[behind..])?;
        let near = slice[..at].rfind(['自', '从']).filter(|from| slice[*from..at].chars().count() <= 8)?;
        // The day is that of the issue, which the text does not say.
        Some(Found { from: start + near, to: start + behind + length, ..Found::default() })
    })
}

/// `时间/频度:从2022年6月起`: a month is no day, so only its words are kept.
fn since_label(page: &Page<'_>, dates: &[DateToken], start: usize, end: usize) -> Option<Found> {
    let first = dates.first()?;
    let labelled = page.words(List::WindowFrequency).stand_in(page.slice(start, first.start));
    let length = page.words(List::WindowOpeningBehind).at_start(page.slice(first.end, end))?;
    let from = if page.text()[..first.start].ends_with(['自', '从']) { first.start - '自'.len_utf8() } else { first.start };
    let day = first.day.and_then(|_| first.date(None));
    labelled.then_some(Found { start: day, from, to: first.end + length, ..Found::default() })
}

/// States a sentence declares: 废止, 失效, 停止执行. 拟废止 declares nothing.
pub(crate) fn state_changes(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    if !page.present(sentence, List::StateExpired) && !page.present(sentence, List::StateRepealed) {
        return None;
    }
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let expired = page.words(List::StateExpired).last(slice).map(|(_, end)| (end, "expired"));
    let repealed = page.words(List::StateRepealed).last(slice).map(|(_, end)| (end, "repealed"));
    let (at, to) = expired.max(repealed)?;
    if page.words(List::StateProposed).stand_in(slice) {
        return None;
    }
    let end = bounds.start + at;
    let clauses = page.clauses_of(sentence).map(|index| page.clause(index));
    let clause = clauses.filter(|clause| clause.start < end && clause.parent.is_none()).last();
    let from = clause.map_or(bounds.start, |clause| clause.start).max(floor(page, end.saturating_sub(MOST_STATE_BYTES)));
    let words = page.slice(from, end);
    let since = words.find('自').filter(|found| words[*found..].contains('起') && !words[..*found].contains('《'));
    let start = since.map_or(from, |found| from + found);
    let start = page.slice(start, end).strip_prefix('在').map_or(start, |_| start + '在'.len_utf8());
    let start = page.slice(start, end).find("其他企业在").map_or(start, |found| start + found + "其他企业在".len());
    let own = ["本办法", "本通知", "本政策", "本措施", "本细则", "本规定", "本意见"].iter().any(|own| words.contains(own));
    let of = if own && !slice.contains("同时") { "self" } else { "other" };
    let what = What::StateChange { to: to.to_owned(), of: of.to_owned() };
    let (start, end) = page.trimmed(start, end);
    Some(Draft { what, start, end, confidence: 0.75, rule: "state", sentence })
}

/// The next boundary of a character at or behind a byte.
fn floor(page: &Page<'_>, at: usize) -> usize {
    (at..page.text().len()).find(|at| page.text().is_char_boundary(*at)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use model::What;

    use crate::annotator::Input;
    use crate::examples::shipped;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let items = shipped().annotate(&Input { text, title: "专项资金管理办法", ..Input::default() }).items;
        let shown: Vec<String> = items
            .iter()
            .filter_map(|item| match &item.what {
                What::Validity { start, end, years, of } => {
                    let day = |day: &Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
                    let years = years.map(|years| format!(" {years}y")).unwrap_or_default();
                    Some(format!("{of} {}..{}{years} [{}]", day(start), day(end), item.quote))
                }
                What::StateChange { to, of } => Some(format!("{to} {of}")),
                _ => None,
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "in {text}");
    }

    #[test]
    fn beginning_and_length_in_one_sentence_are_one_declaration() {
        check("本办法自2024年1月1日起施行,有效期5年。", "policy 2024-01-01.. 5y [自2024年1月1日起施行,有效期5年]");
        check("本通知自印发之日起施行,有效期至2028年12月31日。", "policy ..2028-12-31 [自印发之日起施行,有效期至2028年12月31日]");
        check("本措施实施时限暂定至2026年底。", "policy ..2026-12-31 [实施时限暂定至2026年底]");
        check("称号有效期为3年。", "qualification .. 3y [有效期为3年]");
        check("本政策长期有效。", "policy .. [长期有效]");
        check("时间/频度:从2022年8月11日起", "policy 2022-08-11.. [从2022年8月11日起]");
    }

    #[test]
    fn what_is_only_proposed_or_mentioned_declares_nothing() {
        check("营业执照须在有效期内。", "");
        check("拟予以废止的文件共25件。", "");
        check("原管理办法同时废止。", "repealed other");
    }
}
