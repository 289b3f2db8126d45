//! Where to apply and whom to ask: URLs, telephone numbers, mail addresses, responsible departments.

use std::sync::LazyLock;

use model::What;
use regex::Regex;

use crate::page::{Draft, Page};
use crate::rules::CueKind;
use crate::words::List;

/// The longest name of a platform, in characters.
const MOST_PLATFORM_CHARACTERS: usize = 24;
/// How many offices applied to a line is read for.
const MOST_APPLIED: usize = 12;
/// The longest way from 向 to the verb of applying, in characters.
const MOST_OFFICE: usize = 36;
/// How far behind a platform its use may be said, in characters.
const MOST_USE_DISTANCE: usize = 8;

#[expect(clippy::unwrap_used, reason = "constant patterns, compiled by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

static URL: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:https?://|www\.)[A-Za-z0-9\-._~:/?#@!$&'*+=%]{3,300}"));
static DOMAIN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"[A-Za-z0-9\-]{1,40}(?:\.[A-Za-z0-9\-]{1,40}){1,4}\.(?:cn|com|net|org|gov)(?:/[A-Za-z0-9\-._~/?=&%#]{0,200})?")
});
static MAIL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[A-Za-z0-9._\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}"));
static HOTLINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:1\d{4}|9[56]\d{3,4})"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:\(?0\d{2,3}\)?[- ]?)?[1-9]\d{6,10}(?:(?:-|转)\d{1,6})?"));

/// Contacts, entries and departments of the whole text.
pub(crate) fn read(page: &Page<'_>) -> Vec<Draft> {
    let text = page.text();
    let mut drafts = Vec::new();
    let mut addresses: Vec<(usize, usize)> = Vec::new();
    if text.contains("://") || text.contains("www.") {
        for found in URL.find_iter(text) {
            addresses.push((found.start(), found.end()));
            drafts.extend(entry(page, found.start(), found.end()));
        }
    }
    if text.contains('@') {
        for found in MAIL.find_iter(text) {
            addresses.push((found.start(), found.end()));
            let what = What::Contact { kind: "mail".to_owned(), value: found.as_str().to_owned() };
            drafts.push(draft(page, what, found.start(), found.end(), 0.95, "mail"));
        }
    }
    addresses.sort_unstable();
    if [".cn", ".com", ".net", ".org"].iter().any(|end| text.contains(end)) {
        drafts.extend(domains(page, &addresses));
    }
    for line in &page.outline.lines {
        phones(page, line.start, line.end, &mut drafts);
        departments(page, line.start, line.end, &mut drafts);
    }
    for sentence in 0..page.outline.sentences.len() {
        drafts.extend(platform(page, sentence));
    }
    drafts
}

/// Addresses without `http` or `www`, which are no part of another address.
fn domains(page: &Page<'_>, addresses: &[(usize, usize)]) -> Vec<Draft> {
    let text = page.text();
    let found = DOMAIN.find_iter(text).filter(|found| {
        let at = addresses.partition_point(|(start, _)| *start <= found.start());
        let inside = at.checked_sub(1).is_some_and(|at| addresses[at].1 > found.start());
        let overlaps = addresses.get(at).is_some_and(|(start, _)| *start < found.end());
        let joined = text[..found.start()].ends_with(['@', '/', '.']) || text[found.end()..].starts_with('@');
        !inside && !overlaps && !joined
    });
    found.filter_map(|found| entry(page, found.start(), found.end())).collect()
}

/// `登录企业服务平台申报`: a platform named without its address.
fn platform(page: &Page<'_>, sentence: usize) -> Option<Draft> {
    let bounds = page.sentence(sentence);
    if !page.has(CueKind::Deadline, bounds.start, bounds.end) && !page.has(CueKind::Applicant, bounds.start, bounds.end) {
        return None;
    }
    // Where the address stands, it is the entry.
    if [".cn", ".com", "://"].iter().any(|sign| page.slice(bounds.start, bounds.end).contains(sign)) {
        return None;
    }
    for index in page.clauses_of(sentence) {
        let clause = page.clause(index);
        let slice = page.slice(clause.start, clause.end);
        let Some((_, from)) = page.words(List::EntryVerb).first(slice) else { continue };
        let rest = &slice[from..];
        let Some((_, to)) = page.words(List::EntryPlatform).first(rest) else { continue };
        let quoted = rest[to..].starts_with(['”', '"']).then(|| rest[to..].chars().next().map_or(0, char::len_utf8));
        let name = rest[..to].trim_matches(['“', '"', '”', ' ']);
        let behind: String = rest[to + quoted.unwrap_or(0)..].chars().take(MOST_USE_DISTANCE).collect();
        let used = page.words(List::EntryUse).stand_in(&behind) || page.words(List::EntryUse).stand_in(rest);
        let plain = (3..=MOST_PLATFORM_CHARACTERS).contains(&name.chars().count())
            && !name.contains(['、', '和', ';', '。'])
            && !slice[..from].contains('已');
        if used && plain {
            let start = clause.start + from + rest[..to].find(name).unwrap_or(0);
            let what = What::Entry { url: None, channel: channel(name).to_owned() };
            return Some(Draft { what, start, end: start + name.len(), confidence: 0.7, rule: "platform", sentence });
        }
    }
    None
}

fn channel(name: &str) -> &'static str {
    if ["APP", "App", "小程序", "移动端", "客户端", "支付宝", "微信"].iter().any(|word| name.contains(word)) {
        "app"
    } else {
        "online"
    }
}

fn draft(page: &Page<'_>, what: What, start: usize, end: usize, confidence: f32, rule: &'static str) -> Draft {
    Draft { what, start, end, confidence, rule, sentence: page.outline.sentence_at(start) }
}

fn entry(page: &Page<'_>, start: usize, end: usize) -> Option<Draft> {
    let address = page.slice(start, end).trim_end_matches(['.', ',', ';', ':', '!', '?', '\'']);
    let before = &page.text()[..start];
    // Where a page was taken from is no place to apply.
    let copied = before.ends_with("链接:")
        || before.trim_end().ends_with("链接:")
        || before.ends_with("来源:")
        || before.ends_with("转载");
    let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    let what = What::Entry { url: Some(url), channel: "online".to_owned() };
    (!copied).then(|| draft(page, what, start, start + address.len(), 0.95, "url"))
}

/// Telephone and fax numbers of a line, behind the word that announces them.
fn phones(page: &Page<'_>, start: usize, end: usize, drafts: &mut Vec<Draft>) {
    let slice = page.slice(start, end);
    let Some((cue, _)) = page.words(List::ContactPhone).first(slice) else { return };
    for found in PHONE.find_iter(&slice[cue..]) {
        let (from, to) = (start + cue + found.start(), start + cue + found.end());
        let digits = found.as_str().bytes().filter(u8::is_ascii_digit).count();
        if (7..=18).contains(&digits) && stands_alone(page, from, to) {
            drafts.push(draft(page, contact(page, start, from, found.as_str()), from, to, 0.85, "phone"));
        }
    }
    for found in HOTLINE.find_iter(&slice[cue..]) {
        let (from, to) = (start + cue + found.start(), start + cue + found.end());
        let before = page.slice(start, from).trim_end_matches([':', '为', '(', ' ']);
        if page.words(List::ContactHotline).at_end(before).is_some() && stands_alone(page, from, to) {
            drafts.push(draft(page, contact(page, start, from, found.as_str()), from, to, 0.8, "hotline"));
        }
    }
}

/// Whether a number is no part of an address, a longer number or an amount.
fn stands_alone(page: &Page<'_>, from: usize, to: usize) -> bool {
    let text = page.text();
    !text[..from].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '.' || before == '@')
        && !text[to..].starts_with(|after: char| after.is_ascii_digit() || "元万%年@-".contains(after))
}

/// A number with its kind: fax where the word right before it says so.
fn contact(page: &Page<'_>, line: usize, from: usize, value: &str) -> What {
    let before = page.slice(line, from).trim_end_matches([':', ' ', '(']);
    let fax = page.words(List::ContactFax).at_end(before).is_some();
    What::Contact { kind: if fax { "fax" } else { "phone" }.to_owned(), value: value.to_owned() }
}

/// `责任单位:市经信局、市财政局`, `提交纸质材料至所在辖区商务局`, `由市财政局负责解释`.
fn departments(page: &Page<'_>, start: usize, end: usize, drafts: &mut Vec<Draft>) {
    let slice = page.slice(start, end);
    let labels = [
        (List::DepartmentResponsible, "responsible"),
        (List::DepartmentConsult, "consult"),
        (List::DepartmentReceive, "receive"),
    ];
    // A label ends with a colon; most lines have none.
    let labelled = slice.as_bytes().contains(&b':');
    for (list, role) in labels.into_iter().filter(|_| labelled) {
        for (_, at) in page.words(list).places(slice) {
            let rest = &slice[at..];
            let stop = rest.char_indices().take(160).find(|(_, character)| matches!(character, ')' | '。' | ';' | ',' | ':'));
            let stop = stop.map_or_else(|| rest.char_indices().nth(160).map_or(rest.len(), |(at, _)| at), |(at, _)| at);
            drafts.extend(offices(page, start + at, start + at + stop, role));
        }
    }
    drafts.extend(applied_to(page, start, slice));
    let sentence = page.outline.sentence_at(start);
    let last = page.outline.sentence_at(end.saturating_sub(1)).max(sentence);
    let told = |list: List| (sentence..=last).any(|sentence| page.present(sentence, list));
    let handed = if told(List::DepartmentHanded) { slice } else { "" };
    for (_, at) in page.words(List::DepartmentHanded).places(handed) {
        let rest = &slice[at..];
        let stop =
            rest.char_indices().take(24).find(|(_, character)| matches!(character, '。' | ',' | ';' | ')' | '(' | '审' | '进'));
        drafts.extend(stop.and_then(|(stop, _)| department(page, start + at, start + at + stop, "receive")));
    }
    let explained = if told(List::DepartmentInterpret) { slice } else { "" };
    for (at, _) in page.words(List::DepartmentInterpret).places(explained) {
        let from =
            slice[..at].rfind('由').map(|from| from + '由'.len_utf8()).filter(|from| slice[*from..at].chars().count() <= 40);
        drafts.extend(from.and_then(|from| department(page, start + from, start + at, "interpret")));
    }
}

/// `市经信局、市财政局`: offices named together do one thing together; a list with something else in it is read name by name.
fn offices(page: &Page<'_>, start: usize, end: usize, role: &str) -> Vec<Draft> {
    let slice = page.slice(start, end);
    let mut from = start;
    let mut single = Vec::new();
    let names: Vec<&str> = slice.split('、').collect();
    for name in &names {
        single.extend(department(page, from, from + name.len(), role));
        from += name.len() + '、'.len_utf8();
    }
    let (first, last) = page.trimmed(start, end);
    // A few names of other bodies among them (市高法院, 团市委) change nothing.
    if single.len() < 2 || single.len() * 3 < names.len() * 2 {
        return single;
    }
    let what = What::Department { name: page.slice(first, last).to_owned(), role: role.to_owned() };
    vec![draft(page, what, first, last, 0.85, "department")]
}

/// `向所在县区工业和信息化主管部门提出申请`: the office applied to.
fn applied_to(page: &Page<'_>, start: usize, slice: &str) -> Vec<Draft> {
    if page.triage.as_deref() == Some("regulate") {
        return Vec::new();
    }
    let places = slice.match_indices('向').take(MOST_APPLIED).filter_map(|(at, sign)| {
        let from = at + sign.len();
        let near = slice[from..].char_indices().nth(MOST_OFFICE).map_or(&slice[from..], |(end, _)| &slice[from..from + end]);
        let (to, _) = page.words(List::DepartmentApplied).first(near)?;
        let name = near[..to].trim_end_matches(['书', '面', '统', '一', '如', '实']);
        let plain = !name.contains([',', '。', ';', ':', '的']) && !name.starts_with(['社', '全', '本', '有', '政']);
        plain.then(|| department(page, start + from, start + from + name.len(), "receive")).flatten()
    });
    places.collect()
}

fn department(page: &Page<'_>, start: usize, end: usize, role: &str) -> Option<Draft> {
    let (start, end) = page.trimmed(start, end);
    let name = page.slice(start, end).split("电话").next().unwrap_or_default().trim_end_matches([',', ' ']);
    let length = name.chars().count();
    let is_office = page.words(List::DepartmentOffice).at_end(name).is_some() || name.contains("各县") || name.contains("各区");
    let what = What::Department { name: name.to_owned(), role: role.to_owned() };
    ((2..=30).contains(&length) && is_office && !name.starts_with('我'))
        .then(|| draft(page, what, start, start + name.len(), 0.85, "department"))
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

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let items = crate::examples::shipped()
            .annotate(&crate::annotator::Input {
                text, title: "关于组织申报的通知", ..crate::annotator::Input::default()
            })
            .items;
        let shown: Vec<String> = items
            .iter()
            .filter_map(|item| match &item.what {
                What::Contact { kind, value } => Some(format!("{kind} {value}")),
                What::Entry { url, channel } => Some(format!("{channel} {}", url.as_deref().unwrap_or(&item.quote))),
                What::Department { name, role } => Some(format!("{role} {name}")),
                _ => None,
            })
            .collect();
        assert_eq!(shown.join(" | "), expected, "in {text}");
    }

    #[test]
    fn numbers_behind_their_words_are_contacts_and_persons_are_not_kept() {
        check(
            "联系人:张三,电话:0991-4536132、88992016,传真:0991-4536133。",
            "phone 0991-4536132 | phone 88992016 | fax 0991-4536133",
        );
        check("咨询热线:12345。", "phone 12345");
        check("邮箱:service@gov.example.cn。", "mail service@gov.example.cn");
        check("统一社会信用代码:91650100776012345。", "");
    }

    #[test]
    fn addresses_without_scheme_and_named_platforms_are_entries() {
        check("请登录zjtx.example.gov.cn填报。", "online http://zjtx.example.gov.cn");
        check("申报单位登录企业服务平台填报。", "online 企业服务平台");
    }

    #[test]
    fn departments_have_the_task_their_label_gives() {
        check("(责任单位:市经信局、市财政局)", "responsible 市经信局、市财政局");
        check("企业向所在县区工业和信息化主管部门提出申请。", "receive 所在县区工业和信息化主管部门");
        check("各地应及时向有关部门提出建议。", "");
        check("本办法由市财政局负责解释。", "interpret 市财政局");
    }
}
