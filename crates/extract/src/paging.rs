//! The next page of a list, as the page itself tells it: calls of paging scripts, links, numbers, handlers.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::list::is_page;
use crate::outline::{ElementId, Link, Outline};
use crate::targets::Targets;
use crate::words;

/// Links looked at in search of the way on; pagers stand at the end of a list, lists are shorter.
const MOST_LINKS: usize = 50_000;

/// The next page of a list, as the page itself tells it.
pub(crate) fn next_page(outline: &Outline<'_>, base: &Url) -> Option<String> {
    let usable = |href: &str| {
        let mut next = base.join(href.trim()).ok()?;
        next.set_fragment(None);
        let mut here = base.clone();
        here.set_fragment(None);
        (next != here && matches!(next.scheme(), "http" | "https") && next.host_str() == base.host_str())
            .then(|| next.to_string())
    };
    match outline.scripts.iter().find_map(|script| pager_call(script)) {
        Some(told) => usable(&told?),
        None => {
            let href = by_link(outline, base).or_else(|| outline.rel_next.map(str::to_owned));
            href.and_then(|href| usable(&href)).or_else(|| encoded(outline, base))
        }
    }
}

/// A pager that a script decodes: base64 of markup with percent escapes, alone in its element.
fn encoded(outline: &Outline<'_>, base: &Url) -> Option<String> {
    let is_code = |text: &str| {
        (200..40_000).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
    };
    let ids = 0..u32::try_from(outline.lines.len()).ok()?;
    let code = ids.rev().take(400).map(|id| outline.line(id)).find(|line| is_code(line))?;
    let escaped = String::from_utf8(from_base64(code)?).ok()?;
    let escaped = escaped.replace('&', "%26").replace('=', "%3D");
    let (markup, _) = url::form_urlencoded::parse(escaped.as_bytes()).next()?;
    let parsed = crate::parse::parse(&markup);
    let inner = Outline::new(&parsed.html, &crate::rules::Index::default(), None);
    let href = by_link(&inner, base)?;
    base.join(&href).ok().filter(|next| next != base && next.host_str() == base.host_str()).map(String::from)
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0x00ff_ffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// A 下一页 link, or in a row of page numbers the one after the current.
fn by_link(outline: &Outline<'_>, base: &Url) -> Option<String> {
    let targets = Targets::new(outline);
    let links = outline.links.iter().take(MOST_LINKS);
    let named: Vec<&Link<'_>> = links.filter(|link| is_next(outline, link)).collect();
    // A gallery or a calendar may have a way on too; that of the list comes last.
    let last = |plain: bool| {
        let fitting = named.iter().rev().filter(|link| is_page(link.href) == plain);
        fitting.filter_map(|link| targets.address(link)).find(|href| base.join(href).is_ok_and(|next| next != *base))
    };
    last(true).or_else(|| last(false)).or_else(|| by_number(outline, base, &targets))
}

fn is_next(outline: &Outline<'_>, link: &Link<'_>) -> bool {
    let says = |text: &str| {
        text.len() <= 40
            && matches!(
                words::bare(text).to_lowercase().as_str(),
                "下一页" | "下页" | "后一页" | "下1页" | "后页" | "向后翻页" | "下一頁" | "nextpage" | "next"
            )
    };
    if says(&link.text) {
        return true;
    }
    let text = link.text.trim();
    if text.chars().count() > 3 || words::bare(text).chars().any(|character| character.is_alphanumeric()) {
        return false;
    }
    let node = outline.element(link.element).node.value();
    let label = says(link.title) || node.attr("aria-label").is_some_and(says);
    let arrow = matches!(text, ">" | "›" | "»" | "＞" | "→" | ">>");
    let class = node.attr("class").unwrap_or_default().split_ascii_whitespace();
    let by_class = class.into_iter().any(|class| {
        let class = class.to_ascii_lowercase();
        matches!(
            class.as_str(),
            "next" | "nextpage" | "next-page" | "next_page" | "page-next" | "pagenext" | "p_next" | "layui-laypage-next"
        )
    });
    label || (by_class || arrow) && in_pager(outline, link.element)
}

/// Whether an element stands among page numbers.
fn in_pager(outline: &Outline<'_>, element: ElementId) -> bool {
    outline.ancestors(element).skip(1).take(4).any(|id| {
        let found = outline.element(id);
        let names = [found.id, found.class];
        names.iter().any(|name| {
            let name = name.to_ascii_lowercase();
            ["page", "paging", "pager", "fenye", "pages"].iter().any(|word| name.contains(word))
        }) || numbers_in(outline, id) >= 2
    })
}

/// How many links of an element are page numbers.
fn numbers_in(outline: &Outline<'_>, id: ElementId) -> usize {
    links_of(outline, id).iter().take(40).filter(|link| page_number(&link.text).is_some()).count()
}

fn links_of<'o, 'a>(outline: &'o Outline<'a>, id: ElementId) -> &'o [Link<'a>] {
    let after = outline.element(id).after;
    let start = outline.links.partition_point(|link| link.element < id);
    let end = outline.links.partition_point(|link| link.element < after);
    &outline.links[start..end.max(start)]
}

fn page_number(text: &str) -> Option<u32> {
    let text = text.trim().trim_matches(['[', ']', '【', '】', '第', '页', ' ']);
    (1..=5).contains(&text.len()).then(|| text.parse().ok())?
}

/// In a row of page numbers, the link after the number that is current.
fn by_number(outline: &Outline<'_>, base: &Url, targets: &Targets<'_, '_>) -> Option<String> {
    let numbered = outline.links.iter().take(MOST_LINKS).filter_map(|link| Some((page_number(&link.text)?, link)));
    let (_, second) = numbered.rev().find(|(number, _)| *number >= 2)?;
    let row = outline.ancestors(second.element).skip(1).take(4).find(|id| numbers_in(outline, *id) >= 2).or_else(|| {
        // Two pages: one number is current and no link.
        outline.ancestors(second.element).skip(1).take(3).find(|id| outline.text_of(*id).len() <= 60)
    })?;
    let links: Vec<(u32, &Link<'_>)> =
        links_of(outline, row).iter().take(60).filter_map(|link| Some((page_number(&link.text)?, link))).collect();
    let current = current_number(outline, row, &links, base)?;
    let (_, next) = links.iter().find(|(number, _)| *number == current + 1)?;
    targets.address(next)
}

fn current_number(outline: &Outline<'_>, row: ElementId, links: &[(u32, &Link<'_>)], base: &Url) -> Option<u32> {
    let marked = |id: ElementId| {
        let class = outline.element(id).class.to_ascii_lowercase();
        class.split_ascii_whitespace().any(|class| {
            ["current", "active", "cur", "on", "selected", "thispage", "now", "focus"]
                .iter()
                .any(|mark| class == *mark || class.split(['-', '_']).any(|part| part == *mark))
        })
    };
    let is_here = |link: &Link<'_>| is_page(link.href) && base.join(link.href).is_ok_and(|url| url == *base);
    let by_class =
        links.iter().find(|(_, link)| is_here(link) || outline.ancestors(link.element).take(2).any(|id| id != row && marked(id)));
    if let Some((number, _)) = by_class {
        return Some(*number);
    }
    // A number that is no link is the page one is on.
    let inside = row + 1..outline.element(row).after;
    let own = inside
        .take(200)
        .filter(|id| !links.iter().any(|(_, link)| outline.contains(*id, link.element) || outline.contains(link.element, *id)));
    own.filter_map(|id| page_number(outline.text_of(id))).find(|number| links.iter().any(|(other, _)| *other == number + 1))
}

static PAGER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?P<before>[A-Za-z0-9_.$]*[ \t]*)(?-u:\b)(?:createPageHTML|createPageHtml|createPageHTMLs|createPage|creatPageHTML|createPageHTMLZH|createPageList|pageHTML|PageHTML|showPage|Pager|pager)\s*\((?P<arguments>[^()]{3,300})\)").ok()
});

/// What a call of a paging script says: `Some(None)` for the last page, `None` where there is no call.
///
/// `createPageHTML(pages, current, "index", "html")`, with a count of entries or the id of an element before it on some
/// sites, `Pager({size: pages, current: 0, prefix: 'index', suffix: 'html'})`, and variables `m_nRecordCount`.
/// Definitions and calls in comments are not calls.
fn pager_call(script: &str) -> Option<Option<String>> {
    if script.len() > 200_000 {
        return None;
    }
    if script.contains("m_nRecordCount") {
        return by_variables(script);
    }
    if script.contains("countPage") && script.contains("currentPage") {
        return by_writing(script);
    }
    if !["Page", "ager", "pageHTML"].iter().any(|name| script.contains(name)) {
        return None;
    }
    for found in PAGER.as_ref()?.captures_iter(script) {
        let start = found.get(0)?.start();
        let line = &script[script[..start].rfind('\n').map_or(0, |at| at + 1)..start];
        let before = found.name("before").map_or("", |before| before.as_str().trim());
        let comment = line.contains("//") && !line.contains("://");
        let open = script[..start].rfind("/*").is_some_and(|open| !script[open..start].contains("*/"));
        if before.ends_with("function") || line.trim_end().ends_with("function") || comment || open {
            continue;
        }
        let arguments = found.name("arguments")?.as_str();
        let pager =
            if arguments.trim_start().starts_with('{') { named_arguments(arguments) } else { listed_arguments(arguments) };
        let Some(pager) = pager else { continue };
        return Some(pager.next());
    }
    None
}

/// What a paging script is told.
struct Pager {
    pages: u32,
    current: u32,
    /// The number of the first page: counted from 0 by most, from 1 where an element's id comes first.
    first: u32,
    name: String,
    end: String,
}

impl Pager {
    fn next(&self) -> Option<String> {
        let at = self.current.checked_sub(self.first)?;
        (at.checked_add(1)? < self.pages).then(|| format!("{}_{}.{}", self.name, self.current + 1, self.end))
    }
}

fn named_arguments(arguments: &str) -> Option<Pager> {
    let mut values: HashMap<&str, &str> = HashMap::new();
    for pair in arguments.trim().trim_matches(['{', '}']).split(',') {
        if let Some((key, value)) = pair.split_once(':') {
            values.insert(key.trim().trim_matches(['"', '\'']), value.trim().trim_matches(['"', '\'']));
        }
    }
    let number = |keys: &[&str]| keys.iter().find_map(|key| values.get(key)?.parse().ok());
    let name = values.get("prefix").or_else(|| values.get("pageName"))?;
    let end = values.get("suffix").or_else(|| values.get("pageExt")).copied().unwrap_or("html");
    Some(Pager {
        pages: number(&["size", "pageCount", "pages", "total"])?,
        current: number(&["current", "currIndex", "index"])?,
        first: 0,
        name: (*name).to_owned(),
        end: end.to_owned(),
    })
}

fn listed_arguments(arguments: &str) -> Option<Pager> {
    let parts: Vec<&str> = arguments.split(',').map(|part| part.trim().trim_matches(['"', '\''])).collect();
    let is_number = |part: &&str| part.parse::<u32>().is_ok();
    // The id of the pager's element may stand first, then pages count from 1.
    let by_id = parts.first().is_some_and(|part| !is_number(part)) && parts.get(1..3)?.iter().all(is_number);
    let parts = if by_id { &parts[1..] } else { &parts[..] };
    let name_at = parts.iter().position(|part| !part.is_empty() && part.parse::<i64>().is_err())?;
    let numbers: Vec<u32> = parts[..name_at].iter().filter_map(|part| part.parse().ok()).collect();
    let [.., pages, current] = numbers[..] else { return None };
    let name = parts[name_at];
    let end = parts.get(name_at + 1)?;
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b'.'))
    };
    let end = end.trim_start_matches('.');
    (plain(name) && plain(end)).then(|| Pager {
        pages,
        current,
        first: u32::from(by_id),
        name: name.to_owned(),
        end: end.to_owned(),
    })
}

/// `var currentPage = 0; var countPage = 125; … "index" + "_" + nextPage + "." + "html"`, as TRS writes a pager out.
fn by_writing(script: &str) -> Option<Option<String>> {
    static NUMBER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\b(?P<name>currentPage|countPage)\s*=\s*(?P<value>\d{1,6})\b").ok());
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(?P<name>[\w-]+)["']\s*\+\s*["']_["']\s*\+\s*\(?\w+(?:\s*[-+]\s*1\))?\s*\+\s*["']\.["']\s*\+\s*["'](?P<end>\w{3,5})"#).ok()
    });
    let number = |wanted: &str| {
        let found =
            NUMBER.as_ref()?.captures_iter(script).find(|found| found.name("name").is_some_and(|name| name.as_str() == wanted));
        found?.name("value")?.as_str().parse().ok()
    };
    let written = NAME.as_ref()?.captures(script)?;
    let pager = Pager {
        pages: number("countPage")?,
        current: number("currentPage")?,
        first: 0,
        name: written.name("name")?.as_str().to_owned(),
        end: written.name("end")?.as_str().to_owned(),
    };
    Some(pager.next())
}

/// `var m_nRecordCount = 300; var m_nPageSize = 15; var m_nCurrPage = 0; var m_strPageName = "index"; …`
fn by_variables(script: &str) -> Option<Option<String>> {
    static VARIABLE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"m_(?P<name>\w+)\s*=\s*["']?(?P<value>[\w/.-]*)["']?"#).ok());
    let mut values: HashMap<&str, &str> = HashMap::new();
    for found in VARIABLE.as_ref()?.captures_iter(script).take(60) {
        if let (Some(name), Some(value)) = (found.name("name"), found.name("value")) {
            values.entry(name.as_str()).or_insert(value.as_str());
        }
    }
    let number = |name: &str| values.get(name).and_then(|value| value.parse::<u32>().ok());
    let pages =
        number("nPageCount").or_else(|| Some(number("nRecordCount")?.div_ceil(number("nPageSize").filter(|size| *size > 0)?)))?;
    let pager = Pager {
        pages,
        current: number("nCurrPage")?,
        first: 0,
        name: (*values.get("strPageName").or_else(|| values.get("sPageName")).unwrap_or(&"index")).to_owned(),
        end: (*values.get("strPageExt").or_else(|| values.get("sPageExt")).unwrap_or(&"html")).trim_start_matches('.').to_owned(),
    };
    Some(pager.next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use crate::rules::Index;

    fn next(html: &str, url: &str) -> Option<String> {
        let parsed = parse::parse(html);
        let outline = Outline::new(&parsed.html, &Index::default(), None);
        next_page(&outline, &Url::parse(url).unwrap()).map(|next| next.replace("https://www.example.gov.cn", ""))
    }

    #[test]
    fn paging_calls_are_read_and_definitions_are_not() {
        for (script, expected) in [
            ("createPageHTML(13, 0, \"index\", \"html\");", Some(Some("index_1.html"))),
            ("createPageHTML(191, 13, 2, 'index', 'html')", Some(Some("index_3.html"))),
            ("createPageHTML('page_div',12, 1,'list','shtml',230);", Some(Some("list_2.shtml"))),
            ("createPageHTML('page_div',12, 12,'list','shtml',230);", Some(None)),
            ("function createPageHTML(_count, _index, _name, _ext){ }", None),
            ("// createPageHTML(13, 0, \"index\", \"html\");", None),
            (
                "/* createPageHTML(13, 0, \"index\", \"html\"); */ createPageHTML(2, 0, \"index\", \"html\");",
                Some(Some("index_1.html")),
            ),
            ("Pager({size:29, current:0, prefix:'index',suffix:'html'});", Some(Some("index_1.html"))),
            ("Pager({size:1, current:0, prefix:'index',suffix:'html'});", Some(None)),
            ("function Pager(settings){ var page = 1; }", None),
            (
                "var m_nRecordCount = 31;var m_nPageSize = 15;var m_nCurrPage = 1;var m_strPageName = \"index\";var m_strPageExt = \"htm\";",
                Some(Some("index_2.htm")),
            ),
            (
                "var currentPage = 0;//x\nvar countPage = 125//y\ndocument.write(\"<a href=\\\"index\"+\"_\" + nextPage + \".\"+\"html\\\" >下一页</a>\");",
                Some(Some("index_1.html")),
            ),
            ("var currentPage = 4;var countPage = 5;document.write(\"index\"+\"_\" + nextPage + \".\"+\"html\");", Some(None)),
            ("var m_nRecordCount=1;m_nPageSize=10;m_nCurrPage=0;", Some(None)),
        ] {
            let found = pager_call(script);
            assert_eq!(found.as_ref().map(Option::as_deref), expected, "{script}");
        }
    }

    #[test]
    fn the_way_on_is_found_in_every_form_pages_use() {
        let here = "https://www.example.gov.cn/tzgg/index.html";
        for (html, expected) in [
            ("<a href=index_2.html>下一页</a>", Some("/tzgg/index_2.html")),
            ("<a href=index_2.html>下一页&gt;</a>", Some("/tzgg/index_2.html")),
            ("<a href=index_2.html title=下一页>&gt;</a>", Some("/tzgg/index_2.html")),
            ("<a href=index_2.html class=next aria-label='Next page'><i></i></a>", Some("/tzgg/index_2.html")),
            ("<div class=page><a href=?p=1>1</a><a href='?p=2'>2</a><a href='?p=2'>&gt;</a></div>", Some("/tzgg/index.html?p=2")),
            (
                "<div class=page><span class=on>1</span><a href=index_1.html>2</a><a href=index_2.html>3</a></div>",
                Some("/tzgg/index_1.html"),
            ),
            ("<div class=p><a href=index.html>1</a><a href=index_1.html>2</a></div>", Some("/tzgg/index_1.html")),
            ("<div class=p><a class=active href=#>2</a><a href=a3.html>3</a><a href=a4.html>4</a></div>", Some("/tzgg/a3.html")),
            ("<a href='javascript:void(0)' onclick=\"location.href='/l?page=2'\">下一页</a>", Some("/l?page=2")),
            (
                "<a onclick=goPage(2)>下一页</a><script>function goPage(n){ window.location.href = 'list.html?page=' + n; }</script>",
                Some("/tzgg/list.html?page=2"),
            ),
            (
                "<a href=\"javascript:toPage('3')\">下一页</a><script>function toPage(n){document.f.pageNo.value=n;document.f.submit();}</script><form name=f action=/list.jsp method=get><input type=hidden name=pageNo value=2><input type=hidden name=col value=7></form>",
                Some("/list.jsp?pageNo=3&col=7"),
            ),
            ("<a href=index.html>下一页</a>", None),
            ("<a href=#>下一页</a><a href='javascript:;'>尾页</a>", None),
            ("<a href=https://other.example.cn/2.html>下一页</a>", None),
            ("<div class=calendar><a href=?m=1>1</a></div>", None),
        ] {
            assert_eq!(next(html, here).as_deref(), expected, "{html}");
        }
    }

    #[test]
    fn pages_that_count_down_lead_on_by_their_own_link() {
        let html = "<div class=pb><span class=p_no_d>1</span><span class=p_no><a href=tzgg/12.htm>2</a></span><span class='p_next p_fun'><a href=tzgg/12.htm>下页</a></span></div>";
        assert_eq!(next(html, "https://www.example.gov.cn/tzgg.htm").as_deref(), Some("/tzgg/12.htm"));
    }
}
