//! 申报时间: windows with the party they are for, years taken over where none is written.
//!
//! `group` brings the dates of a sentence together, `role` says what a group is for, `recurring` reads windows without dates.

mod addressee;
mod group;
mod recurring;
mod role;

use jiff::ToSpan;
use jiff::civil::Date;
use model::What;
use model::annotation::Window;

use crate::page::{Draft, Page};
use crate::rules::Section;
use crate::words::List;
use group::Group;
use role::Purpose;

/// Triage classes whose texts open nothing.
const WITHOUT_WINDOWS: [&str; 3] = ["result", "lifecycle", "draft"];
/// The longest list of days under one label.
const MOST_DAYS: usize = 12;
/// A day without a year that would lie longer than this before the issue means the next year.
const MOST_DAYS_BACK: i32 = 75;

/// The windows of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    if page.triage.as_deref().is_some_and(|triage| WITHOUT_WINDOWS.contains(&triage)) {
        return Vec::new();
    }
    let bounds = page.sentence(sentence);
    let mut drafts = recurring::read(page, sentence);
    let void =
        page.line(sentence).is_some_and(|line| line.section == Section::Validity) || page.present(sentence, List::WindowVoid);
    if void {
        return drafts;
    }
    let groups = group::read(page, sentence);
    for (at, group) in groups.iter().enumerate() {
        let own = leader(page, &groups, at);
        let from = own.checked_sub(1).and_then(|at| groups.get(at)).map_or(bounds.start, |before| before.end);
        let lead = groups.get(own).unwrap_or(group);
        let to = groups.get(at + 1).map_or(bounds.end, |next| next.start);
        if let Some(draft) = window(page, sentence, group, page.slice(from, lead.start), page.slice(group.end, to)) {
            drafts.retain(|other| other.end <= draft.start || other.start >= draft.end);
            drafts.push(draft);
        }
    }
    drafts
}

/// The first of a list of days: `截止日期分别为4月15日、7月15日、10月15日`.
fn leader(page: &Page<'_>, groups: &[Group], at: usize) -> usize {
    let mut own = at;
    for _ in 0..MOST_DAYS {
        let Some((before, one)) = own.checked_sub(1).and_then(|before| Some((groups.get(before)?, groups.get(own)?))) else {
            break;
        };
        let between = page.slice(before.end, one.start);
        if before.first.day.is_none() || !["、", "和", "及", "以及"].contains(&between) {
            break;
        }
        own -= 1;
    }
    let Some(first) = groups.get(own).filter(|_| own < at) else { return at };
    let words = page.slice(page.sentence(page.outline.sentence_at(first.start)).start, first.start);
    if closing(page, words, "").is_some() { own } else { at }
}

/// The window of one group of dates with the words before and behind it.
fn window(page: &Page<'_>, sentence: usize, group: &Group, before: &str, after: &str) -> Option<Draft> {
    let purpose = role::purpose(page, sentence, group, before, after)?;
    if page.triage.as_deref() == Some("news") && !purpose.labelled {
        return None;
    }
    let closing = closing(page, before, after).or_else(|| role::refused_later(page, after).then_some(0));
    let (year, source) = earlier_year(page, group);
    let (start, end) = dates(page, group, year, source);
    let mut window = Window { role: purpose.role.to_owned(), ..Window::default() };
    let opening = page.words(List::WindowOpeningBehind).at_start(after).is_some();
    // 时间/频度:从2022年6月起 says since when the policy holds.
    if opening && closing.is_none() && group.last.is_none() && page.words(List::WindowFrequency).stand_in(before) {
        return None;
    }
    let vague = purpose.labelled && page.words(List::WindowVague).at_start(after).is_some();
    match group.last {
        _ if purpose.recurrence.is_some() || vague => {}
        Some(_) => (window.start, window.end) = (start, end),
        None if purpose.end_event.is_some() => window.start = start,
        None if opening && closing.is_none() && !purpose.labelled => return None,
        None if opening && closing.is_none() && group.first.day.is_some() => window.start = start,
        None if opening && closing.is_none() => window.recurrence = Some("rolling".to_owned()),
        None if closing.is_some() || purpose.round => window.end = end,
        None => return None,
    }
    if !vague && window.start.is_none() && window.end.is_none() && purpose.recurrence.is_none() && window.recurrence.is_none() {
        return None;
    }
    let dated = window.start.is_some() || window.end.is_some();
    let missing = group.first.year.is_none() || group.last.is_some_and(|last| last.year.is_none());
    let source = if group.first.year.is_some() { "first_date" } else { source };
    window.year_inferred_from = (missing && dated).then(|| source.to_owned());
    finish(page, sentence, group, purpose, &mut window, after);
    let until = group.end + closing.unwrap_or(0);
    let start = purpose_start(page, sentence, group, &window);
    Some(Draft { what: What::Window(window), start, end: until, confidence: 0.85, rule: "window", sentence })
}

/// What stands around the dates: recurrence, the time of the day, what ends it, whether it is strict.
fn finish(page: &Page<'_>, sentence: usize, group: &Group, purpose: Purpose, window: &mut Window, after: &str) {
    let last = group.last.unwrap_or(group.first);
    if let Some(recurrence) = purpose.recurrence {
        window.recurrence = Some(recurrence.to_owned());
        window.end_md = last.day.map(|day| format!("{:02}-{day:02}", last.month));
    }
    window.end_event = purpose.end_event;
    window.end_time = end_time(page, after);
    let bounds = page.sentence(sentence);
    let next = page.sentence(sentence + 1);
    let strict = page.words(List::WindowStrict);
    window.strict = purpose.role != "project_period"
        && (strict.stand_in(page.slice(bounds.start, bounds.end)) || strict.at_start(page.slice(next.start, next.end)).is_some());
}

/// `每年6月30日前` starts with its 每年.
fn purpose_start(page: &Page<'_>, sentence: usize, group: &Group, window: &Window) -> usize {
    let bounds = page.sentence(sentence);
    let before = page.slice(bounds.start, group.start);
    let yearly = window.recurrence.as_deref() == Some("yearly");
    yearly.then(|| before.rfind("每年").map(|at| bounds.start + at)).flatten().unwrap_or(group.start)
}

/// First and last day, with the years that are not written.
fn dates(page: &Page<'_>, group: &Group, year: Option<i16>, source: &str) -> (Option<Date>, Option<Date>) {
    let one = group.first;
    let last = group.last.unwrap_or(one);
    let first_year = match (one.year, source, page.date) {
        (None, "issued", Some(issued)) => year.map(|year| next_year(one.date(Some(year)), issued, year)),
        _ => year,
    };
    let end_year = last.year.or(one.year).or(first_year);
    let start = one.first_day(first_year);
    let end = last.date(end_year);
    // 12月1日至1月31日 ends in the year after.
    let turned = start.zip(end).is_some_and(|(start, end)| end < start) && last.year.is_none();
    (start, if turned { last.date(end_year.map(|year| year + 1)) } else { end })
}

/// A notice of December that names a day in January means that of the next year.
fn next_year(date: Option<Date>, issued: Date, year: i16) -> i16 {
    let floor = issued.checked_sub(MOST_DAYS_BACK.days()).ok();
    if date.zip(floor).is_some_and(|(date, floor)| date < floor) && issued.month() >= 10 { year + 1 } else { year }
}

/// The year a date without one takes: from the last date with a year in the sentence or line, else the issue, else the title.
fn earlier_year(page: &Page<'_>, group: &Group) -> (Option<i16>, &'static str) {
    let dates = &page.tokens.dates;
    let before = dates.partition_point(|other| other.start < group.start);
    let sentence = page.sentence(page.outline.sentence_at(group.start));
    let near = |start: usize| start >= sentence.start;
    let dated = dates[..before].iter().rev().take(6).find_map(|other| other.year.filter(|_| near(other.start)));
    let years = page.tokens.years.partition_point(|year| year.start < group.start);
    let year = page.tokens.years[..years].last().filter(|year| near(year.start)).map(|year| year.year);
    let issued = || page.date.map(|date| date.year());
    let earlier = || dates[..before].iter().rev().take(12).find_map(|other| other.year);
    match dated.or(year) {
        Some(year) => (Some(year), "first_date"),
        None if page.date.is_some() => (issued(), "issued"),
        None => earlier()
            .map(|year| (Some(year), "first_date"))
            .or_else(|| in_title(page.title).map(|year| (Some(year), "title")))
            .unwrap_or_else(|| (signed(page), "issued")),
    }
}

/// The year of the day the text ends with: `(成文日期2026年8月20日)`, or the line below the name of the office.
fn signed(page: &Page<'_>) -> Option<i16> {
    let date = page.tokens.dates.last().filter(|date| date.day.is_some())?;
    let rest = page.text().get(date.end..)?.trim_matches([')', '。', ' ', '\n', '印', '发']);
    rest.is_empty().then_some(date.year).flatten()
}

/// The year a title names: `2026年度…申报通知`.
fn in_title(title: &str) -> Option<i16> {
    let at = title.find("20")?;
    title.get(at..at + 4)?.parse().ok().filter(|year| (2000..=2099).contains(year))
}

/// The length of `24时前`, `下班前`, `17:00前` behind a date, or nothing where a word before it closes: `截至7月31日`.
fn closing(page: &Page<'_>, before: &str, after: &str) -> Option<usize> {
    let words = page.words(List::WindowClosing);
    let noted = behind_note(after);
    let skipped = after.len() - noted.len();
    if let Some(length) = words.at_start(noted) {
        return Some(skipped + length);
    }
    let timed = noted.trim_start_matches(is_of_time);
    let time = after.len() - timed.len();
    if time <= 36
        && let Some(length) = words.at_start(timed)
    {
        return Some(time + length);
    }
    page.words(List::WindowClosingBefore).at_end(before.trim_end_matches([':', '为', ' ', '于'])).map(|_| 0)
}

/// The words behind `(含)`, `(星期三)`.
fn behind_note(after: &str) -> &str {
    let close = after.strip_prefix('(').and_then(|rest| rest.char_indices().take(6).find(|(_, character)| *character == ')'));
    close.map_or(after, |(at, _)| &after[at + 2..])
}

fn is_of_time(character: char) -> bool {
    character.is_ascii_digit() || ":时分上下午零点整(含)晚中北京间周星期一二三四五六日".contains(character)
}

/// `17:00`, `24时`, `下班前` directly behind a date.
fn end_time(page: &Page<'_>, after: &str) -> Option<String> {
    let after = behind_note(after);
    if let Some(length) = page.words(List::WindowDaypart).at_start(after).filter(|length| after[..*length].contains('班')) {
        return Some(after[..length].to_owned());
    }
    let timed = after.trim_start_matches(is_of_time);
    let time = after[..after.len() - timed.len()].trim_matches(['(', ')']);
    let written =
        time.contains(['时', '点', ':']) && time.contains(|character: char| character.is_ascii_digit() || character == '零');
    (written && time.chars().count() <= 10).then(|| time.to_owned())
}

/// At most so many characters from the start.
fn first(words: &str, characters: usize) -> &str {
    words.char_indices().nth(characters).map_or(words, |(at, _)| &words[..at])
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use model::What;

    use crate::annotator::Input;
    use crate::examples::shipped;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let title = "关于组织申报示范项目的通知";
        let input = Input { text, title, date: Some(date(2026, 3, 2)), ..Input::default() };
        let windows = shipped().annotate(&input).items.into_iter().filter_map(|item| match item.what {
            What::Window(window) => Some(window),
            _ => None,
        });
        let shown = windows.map(|window| {
            let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
            let more = [window.recurrence, window.end_md, window.end_time, window.end_event].into_iter().flatten();
            let more: Vec<String> = more.chain(window.strict.then(|| "strict".to_owned())).collect();
            format!("{} {}..{} {}", window.role, day(window.start), day(window.end), more.join(" ")).trim().to_owned()
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" | "), expected, "in {text}");
    }

    #[test]
    fn days_take_the_year_of_the_first_date_or_of_the_issue() {
        check("申报时间为2026年4月1日至30日。", "applicant 2026-04-01..2026-04-30");
        check("申报截止时间为5月9日。", "applicant ..2026-05-09");
        check("申报时间为2026年12月1日至1月31日。", "applicant 2026-12-01..2027-01-31");
        check("请于2026年8月底前提交申请。", "applicant ..2026-08-31");
    }

    #[test]
    fn the_subject_decides_whose_deadline_it_is() {
        check("企业于3月20日前完成填报,各县区于3月31日前审核上报。", "applicant ..2026-03-20 | authority_review ..2026-03-31");
        check("各地主管部门于6月3日前将推荐文件报我厅。", "authority_review ..2026-06-03");
        check("请符合条件的企业于10月24日前将材料报送至我局,逾期不予受理。", "applicant ..2026-10-24 strict");
        check("企业填报截止时间为5月10日,县区审核截止时间为5月15日。", "applicant ..2026-05-10 | authority_review ..2026-05-15");
    }

    #[test]
    fn whom_the_notice_is_written_to_decides_where_no_subject_does() {
        check("各有关单位:\n申报材料请于4月22日前递交我部。", "applicant ..2026-04-22");
        check("各区科技局:\n申报材料请于4月22日前报送我局。", "authority_review ..2026-04-22");
        check("有意申报的单位请于4月12日前与我局联系并提交申请表。", "applicant ..2026-04-12");
        check("各镇街于4月28日下班前将纸质件送至区经信局。", "authority_review ..2026-04-28 下班前");
    }

    #[test]
    fn entries_rounds_and_lists_of_days_are_labels_and_windows() {
        check(
            "企业填报:4月1日至20日;县区初审:4月21日至30日。",
            "applicant 2026-04-01..2026-04-20 | authority_review 2026-04-21..2026-04-30",
        );
        check("网上填报阶段(3月10日至3月31日)。", "applicant 2026-03-10..2026-03-31");
        check("第一批截止4月30日,第二批截止8月31日。", "applicant ..2026-04-30 | applicant ..2026-08-31");
        check("分两批受理,截止日期分别为4月15日、10月15日。", "applicant ..2026-04-15 | applicant ..2026-10-15");
        check("申报起止时间:3月15日8时—4月15日18时。", "applicant 2026-03-15..2026-04-15 18时");
        check("原定于4月30日截止的申报时间顺延至5月15日。", "applicant ..2026-05-15");
    }

    #[test]
    fn terms_that_start_with_an_event_are_kept_in_words() {
        check("补贴须在创业组织注册之日起的6个月内提出申请。", "applicant .. 创业组织注册之日起的6个月内");
        check("自追缴之日起三年内不得申请。", "");
        check("每年度补贴申请截止日期为9月30日。", "applicant .. yearly 09-30");
        check("资金申请时间为次年3月1日至4月30日。", "applicant .. yearly 04-30");
    }

    #[test]
    fn times_and_recurrences_are_kept() {
        check("网上申报通道4月10日开启,5月5日18时关闭。", "applicant 2026-04-10..2026-05-05 18时");
        check("申报材料请于5月9日(周五)下班前报送。", "applicant ..2026-05-09 下班前");
        check("申报时间:4月1日9:00-4月30日17:00。", "applicant 2026-04-01..2026-04-30 17:00");
        check("第一批申报截止时间为4月30日,第二批为6月30日。", "applicant ..2026-04-30 | applicant ..2026-06-30");
        check("常年受理,额满即止。", "applicant .. rolling | applicant .. until_exhausted");
        check("申报时间:每年8月左右。", "applicant .. yearly");
        check("每年6月30日前提交年度报告备案。", "obligation .. yearly 06-30");
    }

    #[test]
    fn periods_of_projects_are_told_apart() {
        check("项目应在2024年7月1日至2025年6月30日间完工。", "project_period 2024-07-01..2025-06-30");
        check("对2022年至申报截止日期竣工的项目给予奖励。", "project_period 2022-01-01.. 申报截止日期");
    }

    #[test]
    fn validity_publicity_reports_and_cases_are_no_windows() {
        for text in [
            "本办法自2026年5月1日起施行。",
            "公示时间为2026年5月1日至5月7日。",
            "截至2026年2月10日,全市累计受理申请300件。",
            "2020年1月1日前已在本市登记的企业可以申请。",
            "该政策自2026年4月1日起在全市范围内施行。",
            "应于1月31日前提交的评估报告可延期。",
            "临时收储政策执行截止日期延长至5月31日。",
        ] {
            check(text, "");
        }
    }
}
