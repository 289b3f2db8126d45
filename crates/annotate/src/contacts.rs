//! Where to apply and whom to ask: URLs, telephone numbers, mail addresses, responsible departments.

use std::sync::LazyLock;

use model::What;
use regex::Regex;

use crate::page::{Draft, Page};

/// Words near which a number is a telephone number.
const PHONE_CUES: [&str; 9] = ["电话", "联系", "咨询", "热线", "传真", "Tel", "联络", "拨打", "手机"];
/// Labels of departments.
const DEPARTMENT_LABELS: [&str; 14] = [
    "责任单位:",
    "牵头单位:",
    "实施单位:",
    "主管部门:",
    "责任部门:",
    "牵头部门:",
    "配合单位:",
    "咨询部门:",
    "受理部门:",
    "政策咨询:",
    "承办单位:",
    "主管单位:",
    "受理单位:",
    "业务咨询:",
];
/// Endings of names of departments.
const OFFICES: [&str; 18] = [
    "局",
    "委",
    "厅",
    "部",
    "科",
    "处",
    "办",
    "办公室",
    "中心",
    "委员会",
    "政府",
    "管委会",
    "银行",
    "公司",
    "协会",
    "院",
    "室",
    "署",
];

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

static URL: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:https?://|www\.)[A-Za-z0-9\-._~:/?#@!$&'*+=%]{3,300}"));
static MAIL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[A-Za-z0-9._\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:\(?0\d{2,3}\)?[- ]?)?[1-9]\d{6,10}(?:-\d{1,6})?"));

/// Contacts, entries and departments of the whole text.
pub(crate) fn read(page: &Page<'_>) -> Vec<Draft> {
    let text = page.text();
    let mut drafts = Vec::new();
    if text.contains("://") || text.contains("www.") {
        drafts.extend(URL.find_iter(text).map(|found| entry(page, found.start(), found.end())));
    }
    if text.contains('@') {
        for found in MAIL.find_iter(text) {
            let what = What::Contact { kind: "mail".to_owned(), value: found.as_str().to_owned() };
            drafts.push(draft(page, what, found.start(), found.end(), 0.95, "mail"));
        }
    }
    if PHONE_CUES.iter().any(|cue| text.contains(cue)) {
        drafts.extend(phones(page));
    }
    drafts.extend(departments(page));
    drafts.extend(receiving(page));
    drafts
}

fn draft(page: &Page<'_>, what: What, start: usize, end: usize, confidence: f32, rule: &'static str) -> Draft {
    Draft { what, start, end, confidence, rule, sentence: page.outline.sentence_at(start) }
}

fn entry(page: &Page<'_>, start: usize, end: usize) -> Draft {
    let address = page.slice(start, end).trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
    let url = if address.starts_with("www.") { format!("http://{address}") } else { address.to_owned() };
    let what = What::Entry { url: Some(url), channel: "online".to_owned() };
    draft(page, what, start, start + address.len(), 0.95, "url")
}

fn phones(page: &Page<'_>) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for line in &page.outline.lines {
        let slice = page.slice(line.start, line.end);
        let Some(cue) = PHONE_CUES.iter().filter_map(|cue| slice.find(cue)).min() else { continue };
        for found in PHONE.find_iter(&slice[cue..]) {
            let (start, end) = (line.start + cue + found.start(), line.start + cue + found.end());
            let digits = found.as_str().bytes().filter(u8::is_ascii_digit).count();
            let neighbours = page.text()[..start]
                .ends_with(|before: char| before.is_ascii_alphanumeric() || before == '.' || before == '@')
                || page.text()[end..].starts_with(|after: char| after.is_ascii_digit() || "元万%年@".contains(after));
            if (7..=18).contains(&digits) && !neighbours {
                let what = What::Contact { kind: "phone".to_owned(), value: found.as_str().to_owned() };
                drafts.push(draft(page, what, start, end, 0.85, "phone"));
            }
        }
    }
    drafts
}

/// `责任单位:市经信局、市财政局`.
fn departments(page: &Page<'_>) -> Vec<Draft> {
    let text = page.text();
    let mut drafts = Vec::new();
    for label in DEPARTMENT_LABELS {
        for (at, _) in text.match_indices(label) {
            let from = at + label.len();
            let rest = &text[from..];
            let end = rest
                .char_indices()
                .take(120)
                .find(|(_, character)| matches!(character, ')' | '。' | '\n' | ';' | ','))
                .map_or_else(|| rest.char_indices().nth(60).map_or(rest.len(), |(at, _)| at), |(at, _)| at);
            let mut start = from;
            for name in rest[..end].split('、') {
                drafts.extend(department(page, start, start + name.len()));
                start += name.len() + '、'.len_utf8();
            }
        }
    }
    drafts
}

fn department(page: &Page<'_>, start: usize, end: usize) -> Option<Draft> {
    let (start, end) = page.trimmed(start, end);
    let name = page.slice(start, end).split("电话").next().unwrap_or_default().trim_end_matches([',', ' ']);
    let length = name.chars().count();
    let is_office = OFFICES.iter().any(|office| name.ends_with(office)) || name.contains("各县") || name.contains("各区");
    let what = What::Department { name: name.to_owned(), role: "responsible".to_owned() };
    ((2..=30).contains(&length) && is_office && !name.starts_with('我'))
        .then(|| draft(page, what, start, start + name.len(), 0.85, "department"))
}

/// `提交纸质材料至所在辖区商务局`.
fn receiving(page: &Page<'_>) -> Vec<Draft> {
    let text = page.text();
    let mut drafts = Vec::new();
    for opening in ["材料至", "报送至", "提交至", "报送到", "提交到"] {
        for (at, _) in text.match_indices(opening) {
            let from = at + opening.len();
            let rest = &text[from..];
            let end = rest
                .char_indices()
                .take(24)
                .find(|(_, character)| matches!(character, '。' | ',' | '\n' | ';' | ')' | '(' | '审' | '进'))
                .map(|(at, _)| at);
            if let Some(draft) = end.and_then(|end| department(page, from, from + end)) {
                drafts.push(draft);
            }
        }
    }
    drafts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_addresses_and_numbers() {
        assert_eq!(URL.find("登录(https://zjtx.miit.gov.cn,以下").unwrap().as_str(), "https://zjtx.miit.gov.cn");
        assert_eq!(MAIL.find("发至a.b@x.gov.cn。").unwrap().as_str(), "a.b@x.gov.cn");
        assert_eq!(PHONE.find("电话:0991-4536132").unwrap().as_str(), "0991-4536132");
        assert_eq!(PHONE.find("电话:88992016)").unwrap().as_str(), "88992016");
    }
}
