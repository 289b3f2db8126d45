//! What dates are for: the applicant, the authorities, the project, or nothing here.

use super::group::Group;
use super::{addressee, first};
use crate::page::Page;
use crate::rules::{CueKind, Section};
use crate::words::List;

/// How far behind dates the verb may stand that tells what to do until then, in characters.
const MOST_VERB_DISTANCE: usize = 70;
/// How far before dates a label may stand, in characters.
const MOST_LABEL_DISTANCE: usize = 14;
/// How far behind 起 it may be said that something holds from then on, in characters.
const MOST_EFFECT: usize = 24;
/// How near words stand that make dates something else, in characters.
const NEAR: usize = 14;

/// What a group of dates is for.
#[derive(Debug, Clone, Default)]
pub(super) struct Purpose {
    pub(super) role: &'static str,
    pub(super) recurrence: Option<&'static str>,
    pub(super) end_event: Option<String>,
    /// A label or heading says that dates for applying follow.
    pub(super) labelled: bool,
    /// The day is that of a further round: `第二批为6月30日`.
    pub(super) round: bool,
}

impl Purpose {
    fn of(role: &'static str) -> Self {
        Self { role, ..Self::default() }
    }
}

fn last(words: &str, characters: usize) -> &str {
    words.char_indices().rev().nth(characters.saturating_sub(1)).map_or(words, |(at, _)| &words[at..])
}

pub(super) fn purpose(page: &Page<'_>, sentence: usize, group: &Group, before: &str, after: &str) -> Option<Purpose> {
    let bounds = page.sentence(sentence);
    let none = page.words(List::WindowNone);
    // 时间/频度:2022年8月11日起,有效期3年: the label says that one may apply from then on.
    let lasts = labelled(page, before) && first(after, 10).contains("有效期");
    let effect = after.strip_prefix('起').map(|rest| clause_of(first(rest, MOST_EFFECT)));
    let holds = effect.is_some_and(|rest| page.words(List::WindowEffect).at_end(rest).is_some());
    if none.stand_in(last(before, NEAR)) || (none.stand_in(first(after, 10)) || holds) && !lasts {
        return None;
    }
    if let Some(purpose) = project(page, group, before, after) {
        return Some(purpose);
    }
    let line = page.line(sentence);
    let section = line.map(|line| line.section);
    let label = labelled(page, before);
    if line.is_some_and(|line| line.refused) || !label && supposes(page, sentence, before, after) {
        return None;
    }
    let said = section == Some(Section::Window) && page.words(List::WindowCase).at_start(after).is_none();
    let verb = page.words(List::WindowVerb).first(reach(after)).map(|(at, _)| at);
    let late = refused_later(page, after);
    let told = label || said || late || closes(page, before) || verb.is_some_and(|at| asks(page, &after[..at]));
    let case = page.words(List::WindowCase).at_start(after.trim_start_matches(['前', '之', '以', '起'])).is_some();
    if !told || case && !label && !late || is_case(page, group, after, verb, label) {
        return None;
    }
    let yearly = group.first.year.is_none() && is_yearly(page, page.slice(bounds.start, group.start));
    let authority = for_authority(page, sentence, before, after, label);
    if yearly {
        let duty =
            page.words(List::WindowDuty).stand_in(first(after, 40)) && page.has(CueKind::Obligation, bounds.start, bounds.end);
        let role = if duty {
            "obligation"
        } else if authority {
            "authority_review"
        } else {
            "applicant"
        };
        return Some(Purpose { recurrence: Some("yearly"), ..Purpose::of(role) });
    }
    let begins = page.words(List::WindowVerb).stand_in(first(after, 8)) && !before.contains(['。', ';']);
    let round = is_round(page, before);
    Some(Purpose {
        labelled: label || said || begins,
        round,
        ..Purpose::of(if authority { "authority_review" } else { "applicant" })
    })
}

/// `企业填报截至6月20日`: the verb stands before the word that closes.
fn closes(page: &Page<'_>, before: &str) -> bool {
    page.words(List::WindowClosingBefore)
        .at_end(before)
        .is_some_and(|length| page.words(List::WindowVerb).at_end(&before[..before.len() - length]).is_some())
}

/// Reports (截至2月2日,…), suppositions (若10月19日前…), goals and exclusions: dates that ask nothing of an applicant.
fn supposes(page: &Page<'_>, sentence: usize, before: &str, after: &str) -> bool {
    let bounds = page.sentence(sentence);
    let counted = ["截至", "截止", "截止到"].iter().find_map(|word| before.strip_suffix(word));
    let done = |before: &str| page.words(List::WindowVerb).at_end(before).is_some();
    let reports = counted.is_some_and(|before| !done(before)) && after.trim_start_matches('底').starts_with(',');
    let excludes = page.line(sentence).is_some_and(|line| line.section == Section::Exclusions);
    let offset = before.as_ptr() as usize - page.text().as_ptr() as usize;
    reports
        || excludes
        || before.ends_with(['若', '如'])
        || page.has(CueKind::Target, bounds.start, offset + before.len())
        || before.ends_with("承诺今年")
}

/// `每年9月中旬报第一批,12月中旬报第二批`: the word stands before the first date.
fn is_yearly(page: &Page<'_>, before: &str) -> bool {
    let at = ["每年", "当年", "次年", "翌年"].iter().filter_map(|word| before.rfind(word).map(|at| at + word.len())).max();
    let rest = at.map(|at| before[at..].trim_start_matches(['度', '的', ' ']));
    rest.is_some_and(|rest| {
        // 每年度申请截止日期为9月30日: nothing but the label stands between.
        let label = page.words(List::WindowLabel).last(rest).is_some_and(|(_, end)| rest[end..].chars().count() <= 4);
        let short = label && !rest.contains([',', '。', ';']) && rest.chars().count() <= MOST_LABEL_DISTANCE;
        rest.is_empty() || short || rest.starts_with(|first: char| first.is_ascii_digit()) && !rest.contains(['。', ';'])
    })
}

/// The words behind dates up to the next stop that can still say what is done by then.
fn reach(after: &str) -> &str {
    first(after, MOST_VERB_DISTANCE)
}

/// `申报时间为…`, `申报截止…`: the label ends close before the dates.
fn labelled(page: &Page<'_>, before: &str) -> bool {
    let near = last(before, MOST_LABEL_DISTANCE + 6);
    if is_round(page, before) || stands_alone(page, before) {
        return true;
    }
    page.words(List::WindowLabel).last(near).is_some_and(|(at, end)| {
        let gap = &near[end..];
        // 申报 alone is a label only where the dates follow at once: 申报于…, 申报截至…, not 申报单位自….
        let verb = near[at..end].chars().count() <= 2;
        let leads = gap.is_empty() || gap.starts_with(['截', '时', '期', '至', '于', '从', '自', ':', '为', '工', '(', '延']);
        (!verb || leads)
            && gap.chars().count() <= MOST_LABEL_DISTANCE
            && !gap.contains(['。', ';', '的'])
            && gap.matches(',').count() == 0
    })
}

/// `县区初审:4月21日至30日`, `(2)网上填报(3月10日至31日)`: what is done is the whole of the entry before the dates.
fn stands_alone(page: &Page<'_>, before: &str) -> bool {
    let Some(words) = before.strip_suffix([':', '(']) else { return false };
    let words = words.rsplit([',', ';', '。', ')', '\n', '.', '、']).next().unwrap_or_default();
    let words = words.strip_suffix("阶段").unwrap_or(words);
    (2..=MOST_LABEL_DISTANCE).contains(&words.chars().count()) && page.words(List::WindowVerb).at_end(words).is_some()
}

/// The words up to the next stop.
fn clause_of(words: &str) -> &str {
    words.split([',', ';', '。', ')']).next().unwrap_or_default()
}

/// `申报截止时间为3月31日,第二批为6月30日`: the label stands before the first date.
fn is_round(page: &Page<'_>, before: &str) -> bool {
    let near = last(before, MOST_LABEL_DISTANCE);
    let round = near.rfind('批').filter(|at| near[..*at].contains('第') && near[*at..].chars().count() <= 6);
    round.is_some_and(|at| {
        page.words(List::WindowClosingBefore).at_start(&near[at + '批'.len_utf8()..]).is_some()
            || page.words(List::WindowLabel).stand_in(earlier(page, before))
    })
}

/// The hundred characters before a stretch of the text.
fn earlier<'p>(page: &'p Page<'_>, before: &str) -> &'p str {
    let offset = before.as_ptr() as usize - page.text().as_ptr() as usize;
    let sentence = page.sentence(page.outline.sentence_at(offset));
    last(page.slice(sentence.start.min(offset), offset), 100)
}

/// Whether the words between dates and their verb ask for something: no full clause about something else.
fn asks(page: &Page<'_>, between: &str) -> bool {
    !between.contains(['。', ';'])
        && between.matches(',').count() <= 1
        && page.words(List::WindowCase).at_start(between).is_none()
        || between.trim_start_matches('前').starts_with(',') && between.matches(',').count() <= 2
}

/// `11月30日后提交的申请不予受理`.
pub(super) fn refused_later(page: &Page<'_>, after: &str) -> bool {
    let near = first(after, 24);
    (near.starts_with('后') || near.starts_with("之后") || near.starts_with("以后"))
        && page.words(List::WindowStrict).stand_in(near)
}

/// `10月19日前提交审核的,按…`: who did so by then, not until when it can be done.
fn is_case(page: &Page<'_>, group: &Group, after: &str, verb: Option<usize>, label: bool) -> bool {
    let Some(at) = verb.filter(|_| !label) else { return false };
    let clause = after[at..].split([',', ';', '。', ')']).next().unwrap_or_default();
    let reported = page.words(List::AwardReported).stand_in(first(after, 30));
    clause.ends_with('的')
        || group.last.is_none() && clause.chars().nth(2) == Some('的') && !page.words(List::WindowStrict).stand_in(clause)
        || clause.contains("不能")
        || clause.contains("的地方")
        || clause.chars().nth(2) == Some('了')
        || reported
}

/// Costs and works must fall into it: only periods, for a single day is a condition.
fn project(page: &Page<'_>, group: &Group, before: &str, after: &str) -> Option<Purpose> {
    let event = after.trim_start_matches(['年', '日', '起', ' ']).strip_prefix(['至', '到', '-']).and_then(|rest| {
        let end = page.words(List::WindowEndEvent).at_start(rest)?;
        Some(rest[..end].to_owned())
    });
    let validity = page.words(List::ValidityPeriod).stand_in(last(before, NEAR));
    let named = !validity && page.words(List::WindowProjectBefore).stand_in(last(before, NEAR + 4));
    let during = after.starts_with("期间");
    let after = after.strip_prefix("期间").unwrap_or(after);
    let verb = page.words(List::WindowProject).first(first(after, NEAR)).map(|(at, _)| at);
    let applies = page.words(List::WindowVerb).first(first(after, NEAR)).map(|(at, _)| at);
    let sooner = verb.is_some_and(|at| applies.is_none_or(|other| at < other));
    if labelled(page, before) && !named {
        return None;
    }
    if event.is_some() {
        return Some(Purpose { end_event: event, ..Purpose::of("project_period") });
    }
    // 对2023年4月16日至10月31日的…项目
    let period = (during || before.ends_with(['对', '在'])) && applies.is_none();
    (group.last.is_some() && (named || sooner || period)).then(|| Purpose { labelled: named, ..Purpose::of("project_period") })
}

/// Whether the authorities must do it: the subject nearest before the dates decides (企业应于…, 各地于…).
fn for_authority(page: &Page<'_>, sentence: usize, before: &str, after: &str, label: bool) -> bool {
    let bounds = page.sentence(sentence);
    let offset = before.as_ptr() as usize - page.text().as_ptr() as usize;
    if page.words(List::WindowApplicantSubject).stand_in(before) {
        return false;
    }
    if !after.starts_with(',') && page.words(List::WindowAuthorityBehind).stand_in(first(after, 8)) {
        return true;
    }
    if !after.starts_with(',') && page.words(List::WindowOwnOffice).stand_in(first(after, 8)) {
        return addressee::hands_in(page, bounds.start, before, first(after, 8));
    }
    let cue = page.hits.last_cue(CueKind::Authority, offset, offset + before.len()).map(|hit| hit.start - offset);
    let authority = cue.max(page.words(List::WindowAuthority).last(before).map(|(at, _)| at));
    let enterprise = page.words(List::WindowApplicant).last(before).map(|(at, _)| at);
    match (enterprise, authority) {
        // 中央管理企业 in a list of authorities is one of them.
        (Some(one), Some(other)) => other > one || before[other..].contains("中央管理企业"),
        (Some(_), None) => false,
        (None, Some(_)) => true,
        (None, None) if label => page.words(List::WindowAuthorityLabel).stand_in(last(before, MOST_LABEL_DISTANCE)),
        // 资格审核:4月16日至20日
        (None, None) if page.words(List::WindowAuthorityLabel).at_end(before.trim_end_matches(':')).is_some() => true,
        (None, None) => {
            let near = first(after, 60).split(['。', ';']).next().unwrap_or_default();
            page.words(List::WindowAuthorityBehind).stand_in(near)
                || page.words(List::WindowOwnOffice).stand_in(near) && addressee::hands_in(page, bounds.start, before, near)
                || follows_authority(page, bounds.start, offset)
        }
    }
}

/// A sentence whose earlier words have the authorities as their subject.
fn follows_authority(page: &Page<'_>, start: usize, end: usize) -> bool {
    let words = page.slice(start, end);
    let authority = page.hits.last_cue(CueKind::Authority, start, end).map(|hit| hit.start - start);
    let enterprise = page.words(List::WindowApplicant).last(words).map(|(at, _)| at);
    authority.is_some_and(|other| enterprise.is_none_or(|one| other > one))
}
