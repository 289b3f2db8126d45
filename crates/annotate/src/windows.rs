//! 申报时间: windows with the party they are for, years taken over where none is written.

use model::What;
use model::annotation::Window;

use crate::date::DateToken;
use crate::page::{Draft, Page};
use crate::rules::{CueKind, Section};

/// The windows of one sentence.
pub(crate) fn read(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    if page.triage.as_deref().is_some_and(|triage| ["news", "result", "lifecycle"].contains(&triage)) {
        return Vec::new();
    }
    let mut drafts = standing(page, sentence);
    let from = page.tokens.dates.partition_point(|date| date.start < bounds.start);
    let dates: Vec<DateToken> = page.tokens.dates[from..].iter().take_while(|date| date.end <= bounds.end).copied().collect();
    let mut at = 0;
    while at < dates.len() {
        let second = dates.get(at + 1).filter(|next| is_range(page, dates[at], **next)).copied();
        if let Some(draft) = window(page, sentence, dates[at], second, earlier_year(page, dates[at])) {
            drafts.push(draft);
        }
        at += 1 + usize::from(second.is_some());
    }
    drafts
}

/// `至`, `-`, `至-`, or `3月31日零时开放、6月30日24时前`.
fn is_range(page: &Page<'_>, one: DateToken, other: DateToken) -> bool {
    let between = page.slice(one.end, other.start);
    let plain = between.trim_matches(['至', '到', '-', '~', ' ']).is_empty() && !between.is_empty();
    let timed = between.trim_start_matches(|character: char| character.is_ascii_digit() || ":时分上下午零点".contains(character));
    let starts = timed.starts_with(['至', '到', '-', '~']) && timed.trim_matches(['至', '到', '-', '~', ' ']).is_empty();
    let opens = between.chars().count() <= 12 && (between.contains("开放") || between.contains("起") || between.contains("开始"));
    plain || starts || opens
}

/// The year a date without one takes: from the last date with a year, else the document's.
fn earlier_year(page: &Page<'_>, date: DateToken) -> (Option<i16>, &'static str) {
    let before = page.tokens.dates.partition_point(|other| other.start < date.start);
    let sentence = page.sentence(page.outline.sentence_at(date.start));
    let dated =
        page.tokens.dates[..before].iter().rev().take(6).find_map(|other| other.year.filter(|_| other.start >= sentence.start));
    let years = page.tokens.years.partition_point(|year| year.start < date.start);
    let year = page.tokens.years[..years].last().filter(|year| year.start >= sentence.start).map(|year| year.year);
    match dated.or(year) {
        Some(year) => (Some(year), "first_date"),
        None => (page.date.map(|date| date.year()), "issued"),
    }
}

fn window(
    page: &Page<'_>,
    sentence: usize,
    one: DateToken,
    other: Option<DateToken>,
    year: (Option<i16>, &'static str),
) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    let last = other.unwrap_or(one);
    let before = page.slice(bounds.start, one.start);
    let after = page.slice(last.end, bounds.end);
    let role = role(page, sentence, before, after)?;
    let (first_year, from) = year;
    let start_date = one.date(first_year);
    let end_year = last.year.or(one.year).or(first_year);
    let closing = closes(after)
        || before.ends_with('至')
        || before.ends_with("截止")
        || before.ends_with("截止时间为")
        || before.ends_with("截止日期为")
        || before.ends_with("截止到")
        || before.ends_with("截至");
    let opening = after.starts_with('起') || after.starts_with("开始") || after.starts_with("日起");
    let mut window = Window { role: role.to_owned(), ..Window::default() };
    match other {
        Some(_) => (window.start, window.end) = (start_date, last.date(end_year)),
        None if role == "project_period"
            && ["以后", "之后", "后"].iter().any(|word| after.trim_start_matches("(含)").starts_with(word)) =>
        {
            window.start = start_date
        }
        None if opening && !closing => window.start = one.date(first_year).filter(|_| one.day.is_some()),
        None if closing || role == "project_period" || deadline_before(before) => window.end = last.date(end_year),
        None => return None,
    }
    // 12月1日至1月31日 ends in the year after.
    if let (Some(start), Some(end)) = (window.start, window.end)
        && end < start
        && last.year.is_none()
    {
        window.end = last.date(end_year.map(|year| year + 1));
    }
    if one.year.is_none() || last.year.is_none() {
        let source = if one.year.is_some() { "first_date" } else { from };
        window.year_inferred_from = (first_year.is_some() || one.year.is_some()).then(|| source.to_owned());
    }
    if window.start.is_none() && window.end.is_none() && role != "obligation" {
        return None;
    }
    if role == "obligation" {
        (window.start, window.end) = (None, None);
        window.recurrence = Some("yearly".to_owned());
    }
    let start = if role == "obligation" { before.rfind("每年").map_or(one.start, |at| bounds.start + at) } else { one.start };
    let end = last.end + closing_length(after);
    Some(Draft { what: What::Window(window), start, end, confidence: 0.85, rule: "window", sentence })
}

fn deadline_before(before: &str) -> bool {
    let near: String = before.chars().rev().take(10).collect::<Vec<_>>().into_iter().rev().collect();
    ["截止", "截至", "不迟于", "不晚于", "最迟"].iter().any(|word| near.contains(word))
}

const CLOSINGS: [&str; 9] = ["前", "之前", "以前", "止", "截止", "下班前", "为止", "下班之前", "内"];

fn closes(after: &str) -> bool {
    closing_length(after) > 0
}

/// The length of `24时前`, `下班前`, `17:00前` behind a date.
fn closing_length(after: &str) -> usize {
    let plain = CLOSINGS.iter().filter(|word| after.starts_with(**word)).map(|word| word.len()).max();
    if let Some(length) = plain {
        return length;
    }
    let timed =
        after.trim_start_matches(|character: char| character.is_ascii_digit() || ":时分上下午零点整(含)".contains(character));
    let skipped = after.len() - timed.len();
    if skipped > 30 {
        return 0;
    }
    CLOSINGS.iter().filter(|word| timed.starts_with(**word)).map(|word| skipped + word.len()).max().unwrap_or(0)
}

/// For whom a window is: the applicant, the authorities, the project, or nobody.
fn role(page: &Page<'_>, sentence: usize, before: &str, after: &str) -> Option<&'static str> {
    let bounds = page.sentence(sentence);
    let section = page.line(sentence).map(|line| line.section);
    if section == Some(Section::Validity)
        || ["有效期", "施行", "实施之日", "印发", "公布的", "失效", "废止", "执行至", "起实施", "起执行", "起生效"].iter().any(
            |word| before.contains(word) || after.starts_with(word) || after.chars().take(6).collect::<String>().contains(word),
        )
    {
        return None;
    }
    if ["失效", "废止"].iter().any(|word| page.slice(bounds.start, bounds.end).contains(word)) {
        return None;
    }
    if page.has(CueKind::ProjectPeriod, bounds.start, bounds.end) {
        return Some("project_period");
    }
    if before.ends_with("每年") || before.ends_with("每年度") {
        return page.has(CueKind::Obligation, bounds.start, bounds.end).then_some("obligation");
    }
    let near = |words: &str| words.chars().take(90).collect::<String>();
    let told = page.has(CueKind::Deadline, bounds.start, bounds.end)
        || section == Some(Section::Window)
        || page.has(CueKind::Authority, bounds.start, bounds.end) && near(after).contains("完成");
    if !told {
        return None;
    }
    Some(if for_authority(page, sentence, before, after) { "authority_review" } else { "applicant" })
}

fn for_authority(page: &Page<'_>, sentence: usize, before: &str, after: &str) -> bool {
    let bounds = page.sentence(sentence);
    // The subject nearest before the date decides: 企业应于…, 各地于….
    let enterprise =
        ["企业", "申报单位", "申请人", "申报主体", "申请单位", "项目单位"].iter().filter_map(|word| before.rfind(word)).max();
    let authority =
        page.hits.last_cue(CueKind::Authority, bounds.start, bounds.start + before.len()).map(|hit| hit.start - bounds.start);
    match (enterprise, authority) {
        (Some(one), Some(other)) => {
            let pair = before[other.min(one)..].chars().count() > 0;
            // 中央管理企业 in a list of authorities is one of them.
            pair && (other > one || before[other..].contains("中央管理企业"))
        }
        (Some(_), None) => false,
        (None, Some(_)) => true,
        (None, None) => {
            let words: String = after.chars().take(60).collect();
            [
                "我厅",
                "我局",
                "我部",
                "我委",
                "推荐文件",
                "推荐函",
                "汇总表报",
                "上报",
                "初审",
                "审核意见",
                "报工业和信息化部",
                "报送至省",
                "报省",
            ]
            .iter()
            .any(|word| words.contains(word))
        }
    }
}

/// 常年受理, 额满即止.
fn standing(page: &Page<'_>, sentence: usize) -> Vec<Draft> {
    let bounds = page.sentence(sentence);
    [(CueKind::Rolling, "rolling"), (CueKind::Exhausted, "until_exhausted")]
        .into_iter()
        .filter_map(|(kind, recurrence)| {
            let hit = page.hits.cue(kind, bounds.start, bounds.end)?;
            let before = page.slice(bounds.start, hit.start);
            let start = if page.slice(hit.start, hit.end) == "完成之日止" {
                before.rfind("目标任务").map_or(hit.start, |at| bounds.start + at)
            } else {
                hit.start
            };
            let window = Window { role: "applicant".to_owned(), recurrence: Some(recurrence.to_owned()), ..Window::default() };
            Some(Draft { what: What::Window(window), start, end: hit.end, confidence: 0.8, rule: "window.standing", sentence })
        })
        .collect()
}
