//! Windows without a first and last day: 常年受理, 额满即止, 每年8月左右, 自通知发布之日起.

use jiff::ToSpan;
use model::What;
use model::annotation::Window;

use crate::page::{Draft, Page};
use crate::rules::{CueKind, Section};
use crate::words::List;

/// How far behind 每年 its window is said, in characters.
const MOST_YEARLY: usize = 16;
/// How far behind 之日起 it is said what is done, in characters.
const MOST_EVENT: usize = 48;

/// How far behind a term its verb may stand, in characters.
const MOST_TERM_VERB: usize = 16;

pub(super) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    // A report tells of windows too; only labels make them one here.
    let news = page.triage.as_deref() == Some("news");
    let mut drafts = if news { Vec::new() } else { standing(page, sentence) };
    let told = page.line(sentence).is_some_and(|line| line.section == Section::Window);
    drafts.extend(yearly(page, sentence, told));
    drafts.extend(periodic(page, sentence));
    let gazetted = since_event(page, sentence, told).filter(|_| !news);
    if let Some(event) = gazetted {
        // 自公告发布之日起,至资金使用完毕: one window.
        drafts.retain(|other| other.start < event.start);
        drafts.push(event);
    } else if !news && page.triage.as_deref() != Some("regulate") {
        drafts.extend(within_term(page, sentence));
    }
    drafts
}

fn draft(window: Window, start: usize, end: usize, rule: &'static str, sentence: usize) -> Draft {
    Draft { what: What::Window(window), start, end, confidence: 0.8, rule, sentence }
}

fn applicant_window() -> Window {
    Window { role: "applicant".to_owned(), ..Window::default() }
}

/// 常年受理, 额满即止.
fn standing(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    [(CueKind::Rolling, "rolling"), (CueKind::Exhausted, "until_exhausted")]
        .into_iter()
        .filter_map(|(kind, recurrence)| {
            let hit = page.hits.cue(kind, bounds.start, bounds.end)?;
            let before = page.slice(bounds.start, hit.start);
            let event = page.slice(hit.start, hit.end) == "完成之日止";
            let start = event.then(|| before.rfind("目标任务").map(|at| bounds.start + at)).flatten().unwrap_or(hit.start);
            let mut window = Window { recurrence: Some(recurrence.to_owned()), ..applicant_window() };
            window.end_event = event.then(|| page.slice(start, hit.end).trim_end_matches("之日止").to_owned());
            Some(draft(window, start, hit.end, "window.standing", sentence))
        })
        .collect()
}

/// `时间/频度:每年8月左右`, `每年一季度组织申报`.
fn yearly(page: &Page<'_>, sentence: usize, told: bool) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let at = slice.find("每年")?;
    let rest = super::first(&slice[at + "每年".len()..], MOST_YEARLY);
    let rest = rest.split([',', '\n', ';']).next().unwrap_or_default();
    let label =
        page.words(List::WindowLabel).first(slice).is_some_and(|(from, end)| from < at && slice[end..at].chars().count() <= 4);
    let (_, end) = page.words(List::WindowYearly).last(rest)?;
    let opens =
        page.words(List::WindowYearlyOpening).at_start(rest).is_some() || rest.starts_with(|first: char| first.is_ascii_digit());
    let applied = opens && ["申报", "受理", "征集", "申请"].iter().any(|word| rest.contains(word));
    let news = page.triage.as_deref() == Some("news");
    if !(told || label || applied && !news) || page.words(List::WindowDuty).stand_in(rest) {
        return None;
    }
    let behind = &slice[at + "每年".len() + end..];
    if ["公布", "发布", "评定", "组织评定"].iter().any(|word| behind.starts_with(word)) {
        return month_of_applying(slice, slice.len() - behind.len()).map(|(from, to)| {
            let window = Window { recurrence: Some("yearly".to_owned()), ..applicant_window() };
            draft(window, bounds.start + from, bounds.start + to, "window.yearly", sentence)
        });
    }
    let from = slice[..at].strip_suffix("一般").map_or(at, str::len);
    let window = Window { recurrence: Some("yearly".to_owned()), ..applicant_window() };
    let end = bounds.start + at + "每年".len() + end;
    Some(draft(window, bounds.start + from, end, "window.yearly", sentence))
}

/// `每周五中午前报送`, `每季度首月10日前申报`: deadlines that return within the year.
fn periodic(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    const PERIODS: [(&str, &str); 3] = [("每周", "weekly"), ("每月", "monthly"), ("每季度", "quarterly")];
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let (at, word, recurrence) = PERIODS.iter().find_map(|(word, name)| slice.find(word).map(|at| (at, *word, *name)))?;
    let rest = super::first(&slice[at + word.len()..], MOST_YEARLY);
    let closes = rest.find('前').filter(|at| !rest[..*at].contains([',', '的', '提']))?;
    let end = at + word.len() + closes + '前'.len_utf8();
    let applied = page.words(List::WindowVerb).stand_in(super::first(&slice[end..], MOST_EVENT)) || slice[end..].contains("汇总");
    let before = page.hits.last_cue(CueKind::Authority, bounds.start, bounds.start + at).is_some()
        || page.words(List::WindowAuthority).stand_in(&slice[..at]);
    let role = if before { "authority_review" } else { "applicant" };
    let window = Window { role: role.to_owned(), recurrence: Some(recurrence.to_owned()), ..Window::default() };
    applied.then(|| draft(window, bounds.start + at, bounds.start + end, "window.periodic", sentence))
}

/// `每年3月左右公布,4月左右申报`: the month of applying behind that of the call.
fn month_of_applying(slice: &str, from: usize) -> Option<(usize, usize)> {
    let at = from + slice[from..].find(',')? + 1;
    let (word, rest) = ("申报", &slice[at..]);
    let length = rest.find(word).map(|at| at + word.len())?;
    (rest.starts_with(|first: char| first.is_ascii_digit()) && rest[..length].chars().count() <= MOST_YEARLY)
        .then_some((at, at + length))
}

/// `自通知发布之日起30日内`, `自公告发布之日起…申报`.
fn since_event(page: &Page<'_>, sentence: usize, told: bool) -> Option<Draft> {
    if !page.present(sentence, List::WindowEvent) {
        return None;
    }
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let (at, end) = page.words(List::WindowEvent).first(slice)?;
    // 自发布之日起至6月30日: the day behind it is the window.
    if slice[end..].strip_prefix(['至', '到']).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit())) {
        return None;
    }
    let near = &slice[slice[..at].char_indices().rev().nth(12).map_or(0, |(at, _)| at)..at];
    let from = near.rfind(['自', '从']).map(|own| at - near.len() + own)?;
    let rest = super::first(&slice[end..], MOST_EVENT);
    let procedure = page.line(sentence).is_some_and(|line| line.section == Section::Procedure);
    let applicant_does = page.words(List::WindowApplicant).stand_in(rest) || rest.contains("项目") || rest.contains("登录");
    let applied = page.words(List::WindowVerb).stand_in(rest) && (applicant_does || days(rest).is_some());
    if page.words(List::WindowEffect).stand_in(super::first(rest, 12))
        || !(applied || told)
        || !(told || procedure || days(rest).is_some())
    {
        return None;
    }
    let exhausted = page.has(CueKind::Exhausted, bounds.start + end, bounds.end);
    let mut window = applicant_window();
    let mut until = bounds.start + end;
    match days(rest) {
        Some((count, length)) => {
            window.end = page.date.and_then(|date| date.checked_add(count.days()).ok());
            window.start = page.date.filter(|_| window.end.is_some());
            until += length;
        }
        None => window.recurrence = Some(if exhausted { "until_exhausted" } else { "rolling" }.to_owned()),
    }
    (window.end.is_some() || window.recurrence.is_some())
        .then(|| draft(window, bounds.start + from, until, "window.event", sentence))
}

/// `须在获得认定之日起6个月内提出申请`, `认定后3个月内申报`: a term of the applicant's own that starts with an event.
fn within_term(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let slice = page.slice(bounds.start, bounds.end);
    let (at, from) = ["之日起", "之日后", "后"].iter().find_map(|word| slice.find(word).map(|at| (at, at + word.len())))?;
    let rest = slice[from..].trim_start_matches(['的', ',', '起']);
    let length = term(rest)?;
    let behind = super::first(&rest[length..], MOST_TERM_VERB);
    let asked = page.words(List::WindowHandIn).first(behind.split([',', ';']).next().unwrap_or_default());
    let barred = ["不得", "不再", "不予", "暂停", "取消", "禁止"].iter().any(|word| behind.contains(word));
    let before = &slice[..at];
    let words = before.rsplit([',', ':', ';', '.']).next().unwrap_or_default();
    let opening = ["须在", "应在", "须于", "应于", "可在", "可于", "自", "从", "在", "于", "至"];
    let start = opening.iter().filter_map(|word| words.rfind(word).map(|at| at + word.len())).max().unwrap_or(0);
    let start = bounds.start + at - words.len() + start;
    let authority = page.hits.last_cue(CueKind::Authority, bounds.start, bounds.start + at).map(|hit| hit.start);
    let applicant = page.words(List::WindowApplicant).last(before).map(|(at, _)| bounds.start + at);
    let other = authority.is_some_and(|other| applicant.is_none_or(|one| one < other));
    let (_, verb) = asked.filter(|_| !barred && !other && start < bounds.start + at)?;
    // 提出申请的, 可以…: a case, no term.
    if behind[verb..].starts_with('的') {
        return None;
    }
    let end = bounds.start + slice.len() - rest.len() + length;
    let window = Window { end_event: Some(page.slice(start, end).to_owned()), ..applicant_window() };
    Some(draft(window, start, end, "window.term", sentence))
}

/// The length of `6个月内`, `20个工作日内`, `一年以内`.
fn term(rest: &str) -> Option<usize> {
    let number = crate::number::latin(rest, 0).or_else(|| crate::number::chinese(rest, 0))?;
    let behind = &rest[number.end..];
    let unit =
        ["个工作日", "个自然日", "工作日", "个月", "日", "天", "年", "周"].iter().find(|unit| behind.starts_with(**unit))?;
    let inside = ["之内", "以内", "内"].iter().find(|word| behind[unit.len()..].starts_with(**word))?;
    Some(number.end + unit.len() + inside.len())
}

/// `30日内`, `三十天内`: calendar days; working days cannot be counted without a calendar.
fn days(rest: &str) -> Option<(i32, usize)> {
    let number = crate::number::latin(rest, 0).or_else(|| crate::number::chinese(rest, 0))?;
    let behind = &rest[number.end..];
    let unit = ["日内", "天内", "个自然日内"].iter().find(|unit| behind.starts_with(**unit))?;
    let count = i32::try_from(number.value).ok().filter(|count| (1..=366).contains(count))?;
    Some((count, number.end + unit.len()))
}
