//! Articles cut into several pages: which URLs hold the further parts of one, and how the parts become one document.
//!
//! A part has the article's own address with a number added (`t20260415_1.html` → `t20260415_1_1.html`, `…_2.html`) or
//! with a page number in its query. Neighbouring articles and the pages of a list have other addresses, whatever
//! their links say.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::{Attachment, Block, Issue, Page, PageKind};
use regex::Regex;
use url::Url;

use crate::outline::{LineId, Outline};
use crate::{blocks, fields, words};

/// Articles in more parts are not followed further.
const MOST_PARTS: u32 = 60;

/// What a page says of the parts of its article.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The parts behind this page, in reading order.
    pub(crate) further: Vec<String>,
    /// The first part, where this page is a later one.
    pub(crate) first: Option<String>,
}

/// Finds the parts of an article whose text begins on the line `from`.
pub(crate) fn find(outline: &Outline<'_>, own: &Url, base: &Url, from: LineId) -> Parts {
    let links: Vec<(Label, Url)> = outline
        .links
        .iter()
        .filter(|link| link.line >= from)
        .filter_map(|link| {
            let label = Label::of(if link.text.is_empty() { link.title } else { &link.text })?;
            Some((label, base.join(link.href).ok()?))
        })
        .collect();
    let Some(address) = Address::of(own) else { return Parts::default() };
    let found = address.parts(&links);
    if !found.further.is_empty() || found.first.is_some() {
        return found;
    }
    if address.number == 0 {
        let further = from_script(outline, &address, base);
        if !further.is_empty() {
            return Parts { further, first: None };
        }
    }
    address.as_later().map(|later| later.parts(&links)).unwrap_or_default()
}

/// What the text of a link in a pager says.
enum Label {
    Number(u32),
    /// 下一页, 末页 and the like.
    Step,
}

impl Label {
    fn of(text: &str) -> Option<Self> {
        if text.chars().count() > 12 {
            return None;
        }
        let bare = words::bare(text);
        let number = bare.trim_start_matches('第').trim_end_matches('页');
        if let Ok(number) = number.parse::<u32>() {
            return (number <= MOST_PARTS).then_some(Self::Number(number));
        }
        const STEPS: &[&str] =
            &["下一页", "下页", "后一页", "上一页", "上页", "前一页", "首页", "第一页", "末页", "尾页", "最后一页", "nextpage"];
        let step = STEPS.contains(&bare.as_str())
            || (bare.is_empty() && matches!(text.trim(), ">" | "»" | ">>" | "›" | "<" | "«" | "<<"));
        step.then_some(Self::Step)
    }
}

/// The address of an article, with the number of its part taken off.
struct Address<'u> {
    url: &'u Url,
    /// Its path up to the last `/`, the name without number and ending, and the ending.
    folder: &'u str,
    stem: &'u str,
    end: &'u str,
    /// Query without page number.
    query: String,
    /// Number of this part; 0 for the first.
    number: u32,
}

impl<'u> Address<'u> {
    /// An address whose part, if any, is told by its query; `None` for pages of lists.
    fn of(url: &'u Url) -> Option<Self> {
        let (folder, name) = url.path().rsplit_once('/')?;
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
        let is_list = ["index", "list", "default", "node"].iter().any(|list| stem.to_ascii_lowercase().starts_with(list));
        let (query, number) = without_page(url);
        (!stem.is_empty() && !is_list).then_some(Self { url, folder, stem, end, query, number })
    }

    /// The same address read as that of a later part: `t20260415_1_2.html` as a part of `t20260415_1.html`.
    fn as_later(&self) -> Option<Self> {
        let at = self.stem.rfind(['_', '-']).filter(|at| *at > 0 && self.number == 0)?;
        let number = separated_number(&self.stem[at..])?;
        Some(Self { stem: &self.stem[..at], number, query: self.query.clone(), ..*self })
    }

    /// The parts that the links of a pager lead to.
    fn parts(&self, links: &[(Label, Url)]) -> Parts {
        let mut further: BTreeMap<u32, String> = BTreeMap::new();
        let mut first = None;
        for (label, url) in links {
            let Some(number) = self.number_of(url) else { continue };
            // The number in a link's text and that in its address differ by one at most.
            let fits = match label {
                Label::Number(label) => *label == number || *label == number + 1,
                Label::Step => true,
            };
            if fits && number > self.number {
                further.entry(number).or_insert_with(|| url.to_string());
            } else if fits && number == 0 && self.number > 0 {
                first = Some(url.to_string());
            }
        }
        // A number behind an address only tells a later part where the first one is linked too.
        if self.number > 0 && first.is_none() {
            return Parts::default();
        }
        Parts { further: further.into_values().collect(), first }
    }

    /// The number of the part another URL holds of the same article: 0 for the first; `None` for other pages.
    fn number_of(&self, other: &Url) -> Option<u32> {
        let (folder, name) = other.path().rsplit_once('/')?;
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
        let (query, in_query) = without_page(other);
        if other.host_str() != self.url.host_str() || (folder, end) != (self.folder, self.end) || query != self.query {
            return None;
        }
        if stem == self.stem {
            return (in_query < MOST_PARTS).then_some(in_query);
        }
        let number = separated_number(stem.strip_prefix(self.stem)?)?;
        (in_query == 0).then_some(number)
    }
}

/// `_2` or `-2`: the number of a part behind the name of its article.
fn separated_number(text: &str) -> Option<u32> {
    let digits = text.strip_prefix(['_', '-'])?;
    let number = (digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())??;
    (1..=MOST_PARTS).contains(&number).then_some(number)
}

/// The query without its page number, and that number less one (0 for the first page).
fn without_page(url: &Url) -> (String, u32) {
    const NAMES: &[&str] =
        &["page", "p", "pn", "pageno", "pagenum", "pageindex", "pagenumber", "curpage", "currentpage", "nowpage", "pageid"];
    let mut number = 0;
    let mut rest = String::new();
    for pair in url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match value.parse::<u32>() {
            Ok(page) if NAMES.contains(&name.to_ascii_lowercase().as_str()) => number = page.saturating_sub(1),
            _ => {
                rest.push('&');
                rest.push_str(pair);
            }
        }
    }
    (rest, number)
}

static PAGER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?P<count>\d{1,3})\s*,\s*(?P<current>\d{1,3})\s*,\s*["'](?P<name>[\w.-]{1,120})["']\s*,\s*["'](?P<end>\w{3,6})["']"#,
    )
    .ok()
});

/// Parts that a script names: `createPageHTML(3, 0, "t20260415_1", "html")` on the article's own page.
fn from_script(outline: &Outline<'_>, own: &Address<'_>, base: &Url) -> Vec<String> {
    let calls = outline.scripts.iter().filter(|script| script.len() < 100_000 && script.contains("createPage"));
    let mut found = calls.filter_map(|script| PAGER.as_ref()?.captures(script));
    let Some(call) = found.find(|call| &call["name"] == own.stem && &call["end"] == own.end) else {
        return Vec::new();
    };
    let number = |name: &str| call[name].parse::<u32>().unwrap_or_default();
    let count = number("count").clamp(1, MOST_PARTS);
    // Systems that count from one name their second part `_2`.
    let parts = if number("current") == 0 { 1..count } else { 2..count + 1 };
    let urls = parts.filter_map(|part| base.join(&format!("{}_{part}.{}", own.stem, own.end)).ok());
    urls.map(|url| url.to_string()).collect()
}

/// Blocks at the ends of parts that are compared with those of the first.
const MOST_REPEATED: usize = 6;

/// Joins the parts of one article into one page: the texts in their order, without the headers and footers that are
/// repeated on each, tables and attachments counted on, and the fields a text states of itself read again.
///
/// `rest` holds the fetched pages of `first.parts` in their order; one that is no document, or says what an earlier
/// part said, is left out with an issue (`part_unread`, `part_repeated`); one that is not there at all is `part_missing`.
/// A later part that names parts of its own (a site that only links the next one) adds them to `parts`: fetch and join again.
#[must_use]
pub fn join_parts(first: Page, rest: &[Page]) -> Page {
    let mut whole = first;
    let mut texts: Vec<String> = vec![whole.document.text.clone()];
    for url in whole.parts.iter().filter(|url| rest.iter().all(|part| part.url != **url)) {
        whole.issues.push(Issue::new("part_missing", url.as_str()));
    }
    for part in rest {
        if part.kind != PageKind::Detail || part.document.blocks.is_empty() {
            whole.issues.push(Issue::new("part_unread", part.url.as_str()));
            continue;
        }
        if texts.contains(&part.document.text) {
            whole.issues.push(Issue::new("part_repeated", part.url.as_str()));
            continue;
        }
        texts.push(part.document.text.clone());
        append(&mut whole, part);
    }
    whole.document.text = blocks::join(&whole.document.blocks);
    fields::from_text(&mut whole.document);
    whole
}

fn append(whole: &mut Page, part: &Page) {
    let document = &mut whole.document;
    let head = repeated_head(&document.blocks, &document.title, &part.document.blocks);
    let tail = repeated_tail(&document.blocks, &part.document.blocks[head..]);
    document.blocks.truncate(document.blocks.len() - tail);
    let files: Vec<usize> =
        part.document.attachments.iter().map(|attachment| place_of(&mut document.attachments, attachment)).collect();
    let tables = document.tables.len();
    document.tables.extend(part.document.tables.iter().cloned());
    let moved = part.document.blocks[head..].iter().map(|block| Block {
        table: block.table.map(|table| table + tables),
        file: block.file.and_then(|file| files.get(file).copied()),
        ..block.clone()
    });
    document.blocks.extend(moved);
    // Texts of attached files stand behind the page's own, in both.
    document.blocks.sort_by_key(|block| block.file.is_some());
    for url in &part.parts {
        if *url != whole.url && !whole.parts.contains(url) {
            whole.parts.push(url.clone());
        }
    }
    let own =
        part.issues.iter().filter(|issue| !matches!(issue.code.as_str(), "no_title" | "no_date" | "no_body" | "later_part"));
    whole.issues.extend(own.cloned());
}

/// Blocks at the top of a part that its page repeats: the title, and what stood at the top of the first part too.
fn repeated_head(first: &[Block], title: &str, part: &[Block]) -> usize {
    let title = words::bare(title);
    let is_title = |block: &Block| !title.is_empty() && words::bare(&block.text) == title;
    let mut head = 0;
    let mut at = 0;
    while let Some(block) = part.get(head).filter(|_| head < MOST_REPEATED) {
        if first.get(at).is_some_and(|own| own.text == block.text) {
            at += 1;
        } else if !is_title(block) {
            break;
        }
        head += 1;
    }
    head
}

/// Blocks at the end of what was read so far that the end of a part repeats: they are not text between the parts.
fn repeated_tail(whole: &[Block], part: &[Block]) -> usize {
    let pairs = whole.iter().rev().zip(part.iter().rev()).take(MOST_REPEATED);
    pairs.take_while(|(own, other)| own.text == other.text && own.table.is_none() && other.table.is_none()).count()
}

fn place_of(attachments: &mut Vec<Attachment>, attachment: &Attachment) -> usize {
    let known = attachments.iter().position(|own| own.url == attachment.url);
    known.unwrap_or_else(|| {
        attachments.push(attachment.clone());
        attachments.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use crate::rules::Index;

    #[track_caller]
    fn check(own: &str, html: &str, expected: &[&str], first: Option<&str>) {
        let site = "https://www.example.gov.cn/zwgk/";
        let parsed = parse::parse(html);
        let outline = Outline::new(&parsed.html, &Index::default(), None);
        let own = Url::parse(&format!("{site}{own}")).unwrap();
        let found = find(&outline, &own, &own, 0);
        let expected: Vec<String> = expected.iter().map(|part| format!("{site}{part}")).collect();
        assert_eq!(found.further, expected, "{own}: {html}");
        assert_eq!(found.first, first.map(|first| format!("{site}{first}")), "{own}: {html}");
    }

    #[test]
    fn links_with_the_articles_own_address_are_its_parts() {
        let numbers = "<p>正文</p><a href=t20260415_123.html>1</a><a href=t20260415_123_1.html>2</a><a href=t20260415_123_2.html>3</a><a href=t20260415_123_1.html>下一页</a>";
        check("t20260415_123.html", numbers, &["t20260415_123_1.html", "t20260415_123_2.html"], None);
        let short = "<a href=t20260415_1_1.html>[2]</a><a href=t20260415_1_2.html>[3]</a>";
        check("t20260415_1.html", short, &["t20260415_1_1.html", "t20260415_1_2.html"], None);
        let same_number = "<a href=content_2.shtml>2</a><a href=content_3.shtml>尾页</a>";
        check("content.shtml", same_number, &["content_2.shtml", "content_3.shtml"], None);
        let query = "<a href='content.jsp?id=7&page=1'>1</a><a href='content.jsp?id=7&page=2'>2</a><a href='content.jsp?id=8&page=2'>3</a>";
        check("content.jsp?id=7", query, &["content.jsp?id=7&page=2"], None);
    }

    #[test]
    fn a_later_part_knows_the_first_and_what_is_left() {
        let html = "<a href=t20260415_123.html>1</a><a href=t20260415_123_1.html>2</a><a href=t20260415_123_2.html>3</a>";
        check("t20260415_123_1.html", html, &["t20260415_123_2.html"], Some("t20260415_123.html"));
    }

    #[test]
    fn a_script_names_the_parts_of_its_own_article_alone() {
        let script = |name: &str| format!("<script>createPageHTML(3, 0, \"{name}\", \"html\");</script>");
        let expected = ["t20260415_123_1.html", "t20260415_123_2.html"];
        check("t20260415_123.html", &script("t20260415_123"), &expected, None);
        check("t20260415_123.html", &script("index"), &[], None);
        check("index.html", &script("index"), &[], None);
    }

    #[test]
    fn neighbours_and_pages_of_lists_are_no_parts() {
        check("t20260415_123.html", "<a href=t20260415_124.html>下一篇</a><a href=t20260416_9.html>下一页</a>", &[], None);
        check("t20260415_12.html", "<a href=t20260415_13.html>下一页</a><a href=t20260415_11.html>上一页</a>", &[], None);
        check("index.html", "<a href=index_1.html>2</a><a href=index_1.html>下一页</a>", &[], None);
        check("t20260415_123.html", "<a href=t20260415_123_2.html>附件二</a><a href=index_2.html>2</a>", &[], None);
        check("content.jsp?id=7", "<a href='content.jsp?id=8'>下一页</a>", &[], None);
    }

    fn part(url: &str, lines: &[&str]) -> Page {
        let mut page = Page { url: url.to_owned(), kind: PageKind::Detail, ..Page::default() };
        page.document.title = "关于印发办法的通知".to_owned();
        page.document.blocks = lines.iter().map(|line| Block { text: (*line).to_owned(), ..Block::default() }).collect();
        page.document.text = blocks::join(&page.document.blocks);
        page
    }

    #[test]
    fn parts_become_one_document_in_their_order() {
        let mut first = part("1", &["示财规〔2026〕3号", "各区财政局：", "一、总体要求。", "来源：某局"]);
        first.parts = vec!["2".to_owned(), "3".to_owned()];
        let mut second = part("2", &["关于印发办法的通知", "示财规〔2026〕3号", "二、主要任务。", "甲\t乙", "来源：某局"]);
        second.document.blocks[3].table = Some(0);
        second.document.tables = vec![model::Table { rows: vec![vec!["甲".to_owned(), "乙".to_owned()]] }];
        second.document.text = blocks::join(&second.document.blocks);
        let third = part("3", &["本办法自2026年3月1日起施行。", "示例市财政局", "2026年2月5日", "（此件公开发布）"]);
        let whole = join_parts(first, &[second, third]);
        let document = &whole.document;
        let text = "示财规〔2026〕3号\n各区财政局：\n一、总体要求。\n二、主要任务。\n甲\t乙\n来源：某局\n本办法自2026年3月1日起施行。\n示例市财政局\n2026年2月5日\n（此件公开发布）";
        assert_eq!(document.text, text);
        assert_eq!(document.blocks[4].table, Some(0));
        assert_eq!(document.issued.unwrap().to_string(), "2026-02-05");
        assert_eq!(document.effective.unwrap().to_string(), "2026-03-01");
        assert_eq!(document.note.as_deref(), Some("此件公开发布"));
        assert!(whole.issues.is_empty(), "{:?}", whole.issues);
    }

    #[test]
    fn a_part_that_is_none_is_an_issue_and_no_text() {
        let mut first = part("1", &["一、总体要求。"]);
        first.parts = ["2", "3", "4"].map(str::to_owned).to_vec();
        let shell = Page { url: "2".to_owned(), kind: PageKind::Shell, ..Page::default() };
        let same = part("3", &["一、总体要求。"]);
        let whole = join_parts(first, &[shell, same]);
        assert_eq!(whole.document.text, "一、总体要求。");
        let mut codes: Vec<&str> = whole.issues.iter().map(|issue| issue.code.as_str()).collect();
        codes.sort_unstable();
        assert_eq!(codes, ["part_missing", "part_repeated", "part_unread"]);
    }
}
