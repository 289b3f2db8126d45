//! Whom a notice is written to: `各区科技局:` collect what is handed in, `各有关单位:` hand it in themselves.

use crate::page::Page;
use crate::rules::CueKind;
use crate::words::List;

/// How many lines from the top may be the salutation.
const MOST_LINES: usize = 14;
/// The longest salutation, in bytes.
const MOST_BYTES: usize = 480;

/// Who is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Addressee {
    Applicants,
    Authorities,
}

/// Whether the authorities must hand in what `报送我局` names: the nearest subject tells, else whom the notice is written to.
pub(super) fn hands_in(page: &Page<'_>, sentence: usize, before: &str, after: &str) -> bool {
    let offset = before.as_ptr() as usize - page.text().as_ptr() as usize;
    let start = sentence.min(offset);
    let end = offset + before.len();
    let words = page.slice(start, end);
    let cue = page.hits.last_cue(CueKind::Authority, start, end).map(|hit| hit.start - start);
    let authority = cue.max(page.words(List::WindowAuthority).last(words).map(|(at, _)| at));
    let applicant = page.words(List::WindowApplicant).last(words).filter(|(_, end)| is_subject(&words[*end..]));
    match (applicant, authority) {
        (Some((one, _)), Some(other)) => other > one,
        (Some(_), None) => false,
        (None, Some(_)) => true,
        (None, None) => match written_to(page) {
            Some(addressee) => addressee == Addressee::Authorities,
            // Applicants bring their papers to the bureau of their county, not to that of the province.
            None => page.phrase || !["我局", "我办", "我中心"].iter().any(|office| after.contains(office)),
        },
    }
}

/// Whether the words behind make a name the subject: `企业应于`, not `企业申报材料`.
fn is_subject(rest: &str) -> bool {
    const DOES: [&str; 13] = ["应", "须", "需", "于", "请", "在", "可", "将", "按", "完成", "根据", "登录", ","];
    rest.is_empty() || DOES.iter().any(|word| rest.starts_with(word))
}

/// The line near the top that ends in a colon and names nothing but receivers.
fn written_to(page: &Page<'_>) -> Option<Addressee> {
    let lines = page.outline.lines.iter().take(MOST_LINES).map(|line| page.slice(line.start, line.end));
    let salutation = lines.map(str::trim).find_map(|line| {
        let head = line.strip_suffix(':').filter(|head| head.len() <= MOST_BYTES)?;
        (head.starts_with(['各', '有']) && !head.contains('。')).then_some(head)
    })?;
    let last = salutation.rsplit([',', '、']).next().unwrap_or(salutation);
    let applicants = |words: &str| ["单位", "企业", "机构", "园区", "主体", "协会"].iter().any(|end| words.ends_with(end));
    let offices = salutation.contains(['局', '厅', '委', '部', '办']) || salutation.contains("政府");
    if !offices && applicants(last) { Some(Addressee::Applicants) } else { Some(Addressee::Authorities) }
}
