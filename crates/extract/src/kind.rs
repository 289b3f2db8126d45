//! What a page is, told by what it holds: redirects and challenges first, then document against list.

use std::sync::LazyLock;

use model::PageKind;
use regex::Regex;
use url::Url;

use crate::list::Listing;
use crate::outline::{LineId, Outline};

/// A page that holds nothing to read, with the reason and where it leads.
#[derive(Debug)]
pub(crate) struct Dead {
    pub(crate) kind: PageKind,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) next: Option<String>,
}

/// Text shown on a page beyond which it is read as one, whatever its scripts do.
const LITTLE_TEXT: u32 = 400;

/// Redirects, anti-bot pages and error pages; `None` for all others.
pub(crate) fn dead(outline: &Outline<'_>, url: &Url, status: u16) -> Option<Dead> {
    let all = 0..outline.lines.len() as LineId;
    let shown = outline.characters(all.clone()) - outline.link_characters(all.clone()) / 2;
    if status >= 400 {
        // Some walls answer 412 or 521 with a script that sets a cookie.
        if shown < LITTLE_TEXT && is_challenge(outline) {
            return Some(challenge(url, outline));
        }
        return Some(Dead { kind: PageKind::Error, code: "http_status", detail: status.to_string(), next: None });
    }
    if shown >= LITTLE_TEXT && outline.prose(all.clone()) > 200 {
        return None;
    }
    if is_challenge(outline) {
        return Some(challenge(url, outline));
    }
    if let Some(text) = error_text(outline) {
        return Some(Dead { kind: PageKind::Error, code: "error_page", detail: text, next: None });
    }
    let redirect =
        |next: Option<String>| Dead { kind: PageKind::Shell, code: "redirect", detail: next.clone().unwrap_or_default(), next };
    if let Some(next) = outline.refresh.and_then(|content| refresh_target(content, url)) {
        return Some(redirect(Some(next)));
    }
    if outline.prose(all) < 60 && shown < 120 && outline.images < 8 {
        if let Some(next) = script_target(outline, url) {
            return Some(redirect(next));
        }
        if (300..400).contains(&status) {
            return Some(redirect(None));
        }
    }
    None
}

/// What decides between document, list and the rest.
#[derive(Debug)]
pub(crate) struct Weights {
    /// Running text of the body.
    pub(crate) body: u32,
    /// Link text of the body.
    pub(crate) body_links: u32,
    /// Signs that the page is one article: tags, date line, table, a container its family uses.
    pub(crate) article_signs: u32,
    /// Whether the page says of itself it is one article.
    pub(crate) has_article_tag: bool,
    pub(crate) attachments: usize,
    /// Whether a rule of the source named the body.
    pub(crate) by_source: bool,
    pub(crate) has_paging: bool,
    /// Whether a date of publication or signature was found.
    pub(crate) has_date: bool,
    pub(crate) is_home: bool,
}

/// Document, list, script-only frame or other.
pub(crate) fn decide(outline: &Outline<'_>, listing: &Listing, weights: &Weights) -> PageKind {
    let items = listing.items.len();
    let title_length = listing.items.iter().map(|item| item.title.chars().count()).sum::<usize>() / items.max(1);
    let mostly_links = weights.body_links > weights.body * 3 / 2;
    if weights.article_signs >= 2
        && (weights.body >= 20 || weights.attachments > 0)
        && !(mostly_links && items >= 8 && !weights.has_article_tag)
    {
        return PageKind::Detail;
    }
    if weights.by_source && weights.body > 0 {
        return PageKind::Detail;
    }
    if listing.by_source && items > 0 {
        return PageKind::List;
    }
    if weights.has_article_tag {
        return if weights.body >= 15 || weights.attachments > 0 { PageKind::Detail } else { PageKind::Other };
    }
    let dated = listing.dated * 2 >= items;
    // A portal shows several short lists; a column one that is most of the page.
    let main = items * 10 >= listing.titled_links * 4;
    let lists = items >= 3 && title_length >= 9 && (weights.has_paging || (dated && main))
        || (items >= 8 && title_length >= 12 && items * 10 >= listing.titled_links * 7);
    if weights.is_home {
        return PageKind::Other;
    }
    if lists && (weights.body < 600 || weights.article_signs == 0) {
        return PageKind::List;
    }
    if weights.has_date && weights.article_signs >= 1 && weights.body >= 150 && !mostly_links {
        return PageKind::Detail;
    }
    if weights.has_date && weights.body >= 400 && weights.body_links * 4 < weights.body && items < 8 {
        return PageKind::Detail;
    }
    if items < 8 && (weights.body < 200 || says_empty(outline)) && is_script_frame(outline) {
        return PageKind::Shell;
    }
    PageKind::Other
}

/// A frame that scripts fill: no articles among its links, hardly any text, but scripts.
fn is_script_frame(outline: &Outline<'_>) -> bool {
    let titles = outline.links.iter().filter(|link| link.text.chars().count().max(link.title.chars().count()) >= 12).count();
    let scripts = outline.script_files + outline.scripts.len();
    scripts > 0 && titles <= 8
}

/// Whether the page says it has found or loaded nothing yet: the words scripts replace.
fn says_empty(outline: &Outline<'_>) -> bool {
    const TEXTS: &[&str] = &[
        "未搜到",
        "未找到相关",
        "没有找到相关",
        "没有查询到",
        "未查询到",
        "暂无数据",
        "暂无内容",
        "暂无信息",
        "加载中",
        "正在加载",
        "数据加载",
    ];
    let short = (0..outline.lines.len() as LineId).filter(|id| outline.lines[*id as usize].characters <= 20);
    short.into_iter().any(|id| TEXTS.iter().any(|text| outline.line(id).contains(text)))
}

fn is_challenge(outline: &Outline<'_>) -> bool {
    const SCRIPTS: &[&str] = &[
        "__jsl_clearance",
        "acw_sc__v2",
        "acw_sc__v3",
        "_$jsvmprt",
        "cf_chl",
        "challenge-platform",
        "$_ts=window",
        "$_ts.cd",
        "yunsuo_session",
        "srcurl=",
        "waf_captcha",
        "TencentCaptcha",
        "__tst_status",
        "HMACCOUNT_CHALLENGE",
        "slider_verify",
        "geetest",
    ];
    const TEXTS: &[&str] = &[
        "安全验证",
        "人机验证",
        "滑动验证",
        "请完成验证",
        "请输入验证码",
        "正在进行安全检测",
        "安全检查中",
        "浏览器安全检查",
        "访问过于频繁",
        "访问频率过高",
        "请求过于频繁",
        "Just a moment",
        "Checking your browser",
        "Verifying you are human",
        "Access Denied",
        "请开启JavaScript",
        "请启用JavaScript",
        "开启 JavaScript",
        "启用 JavaScript",
        "enable JavaScript",
        "创宇盾",
        "疑似黑客攻击",
        "被防火墙拦截",
        "访问被拦截",
        "请求被拦截",
        "您的访问请求可能",
    ];
    let by_script = outline.scripts.iter().any(|script| SCRIPTS.iter().any(|mark| script.contains(mark)));
    by_script
        || (0..outline.lines.len() as LineId).take(60).any(|id| TEXTS.iter().any(|mark| outline.line(id).contains(mark)))
        || TEXTS.iter().any(|mark| outline.title.contains(mark))
}

fn challenge(url: &Url, outline: &Outline<'_>) -> Dead {
    let next = script_target(outline, url).flatten();
    Dead { kind: PageKind::Shell, code: "anti_bot", detail: outline.title.clone(), next }
}

/// What an error page says, on a page that says little else.
fn error_text(outline: &Outline<'_>) -> Option<String> {
    const TEXTS: &[&str] = &[
        "页面不存在",
        "页面未找到",
        "页面找不到",
        "页面没有找到",
        "找不到页面",
        "找不到该页",
        "找不到您要",
        "找不到网页",
        "无法找到",
        "未找到该",
        "文章不存在",
        "信息不存在",
        "内容不存在",
        "文件不存在",
        "栏目不存在",
        "资源不存在",
        "不存在或已删除",
        "不存在或者已",
        "已被删除",
        "已经被删除",
        "已删除",
        "已下线",
        "404 Not Found",
        "404 not found",
        "404错误",
        "404 错误",
        "HTTP 404",
        "错误 404",
        "Not Found",
        "403 Forbidden",
        "502 Bad Gateway",
        "503 Service",
        "500 Internal",
        "Internal Server Error",
        "服务器错误",
        "服务器内部错误",
        "系统错误",
        "禁止访问",
        "无权访问",
        "没有权限访问",
        "访问的页面出错",
        "页面出错",
        "网站维护中",
        "系统维护中",
        "您访问的页面",
        "您要访问的页面",
        "你访问的页面",
        "非法访问",
        "参数错误",
        "链接已失效",
        "页面走丢",
        "走丢了",
    ];
    let says = |text: &str| TEXTS.iter().any(|mark| text.contains(mark));
    // Frames around the message may be long; the message itself is a short line of plain text.
    let line = (0..outline.lines.len() as LineId).map(|id| (id, outline.line(id))).find(|(id, line)| {
        let line_info = &outline.lines[*id as usize];
        line_info.characters <= 60
            && line_info.link_characters * 2 < line_info.characters
            && !outline.element(line_info.element).hidden
            && says(line)
    });
    let (id, line) = line.map_or((None, ""), |(id, line)| (Some(id), line));
    if id.is_none() {
        let title = outline.title.as_str();
        return (title.chars().count() <= 30 && says(title) || title == "404").then(|| title.to_owned());
    }
    let article = outline.meta("ArticleTitle").is_some() && outline.prose(0..outline.lines.len() as LineId) > 150;
    (!article).then(|| line.to_owned())
}

/// `5; url=index.html`
fn refresh_target(content: &str, base: &Url) -> Option<String> {
    let (seconds, rest) = content.split_once([';', ',']).unwrap_or(("0", content));
    if seconds.trim().parse::<f64>().unwrap_or(0.0) > 30.0 {
        return None;
    }
    let at = rest.to_ascii_lowercase().find("url")?;
    let target = rest.get(at + 3..)?.trim_start().strip_prefix('=')?.trim().trim_matches(['"', '\'']);
    let next = base.join(target).ok()?;
    (next != *base && !target.is_empty()).then(|| next.to_string())
}

static LOCATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:(?:window|document|self|top|parent)\s*\.\s*)*(?-u:\b)location\s*(?:\.\s*href\s*)?(?:=\s*|\.\s*(?:replace|assign)\s*\(\s*)(?:(?P<quote>["'])(?P<target>[^"'\s]{1,500})["']\s*(?P<more>\+)?|(?P<name>[A-Za-z0-9_$.\[\]]+))"#).ok()
});

/// Where a script leads: `Some(Some(url))` when it says, `Some(None)` when it computes it, `None` when none redirects.
fn script_target(outline: &Outline<'_>, base: &Url) -> Option<Option<String>> {
    let mut computed = false;
    for script in outline.scripts.iter().filter(|script| script.len() < 200_000) {
        for found in LOCATION.as_ref()?.captures_iter(script) {
            match found.name("target") {
                Some(target) if found.name("more").is_none() => {
                    let Ok(next) = base.join(target.as_str()) else { continue };
                    if next != *base && matches!(next.scheme(), "http" | "https") {
                        return Some(Some(next.to_string()));
                    }
                }
                _ => computed = true,
            }
        }
    }
    computed.then_some(None)
}

/// Whether a URL is that of a site's home page.
pub(crate) fn is_home(url: &Url) -> bool {
    let path = url.path().trim_matches('/');
    url.query().is_none()
        && (path.is_empty()
            || (!path.contains('/')
                && path.split('.').next().is_some_and(|name| matches!(name, "index" | "default" | "home" | "main"))))
}

/// Whether a path looks like that of one article: a long number or hash in its last part.
pub(crate) fn is_article_path(url: &Url) -> bool {
    let path = url.path();
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let stem = last.split('.').next().unwrap_or_default();
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let generic = matches!(stem, "content" | "info" | "show" | "detail" | "view");
    !path.ends_with('/') && (digits(stem) >= 5 && !stem.starts_with("col") || generic && digits(path) >= 7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use crate::rules::Index;

    fn check(html: &str, status: u16, expected: Option<(PageKind, Option<&str>)>) {
        let parsed = parse::parse(html);
        let outline = Outline::new(&parsed.html, &Index::default(), None);
        let url = Url::parse("https://www.example.gov.cn/a/b.html").unwrap();
        let found = dead(&outline, &url, status).map(|dead| (dead.kind, dead.next));
        let expected = expected.map(|(kind, next)| (kind, next.map(str::to_owned)));
        assert_eq!(found, expected, "{html}");
    }

    #[test]
    fn redirects_are_shells_that_say_where_they_lead() {
        check(
            "<meta http-equiv=refresh content='0; URL=c.html'>",
            200,
            Some((PageKind::Shell, Some("https://www.example.gov.cn/a/c.html"))),
        );
        check(
            "<script>window.location.href = '/new.html';</script>",
            200,
            Some((PageKind::Shell, Some("https://www.example.gov.cn/new.html"))),
        );
        check(
            "<script>location.replace(\"https://x.example.cn/\")</script>",
            200,
            Some((PageKind::Shell, Some("https://x.example.cn/"))),
        );
        check("<script>document.location.href = gkml_url;</script>", 200, Some((PageKind::Shell, None)));
    }

    #[test]
    fn challenges_are_shells_and_error_texts_errors() {
        check("<script>document.cookie='__jsl_clearance=1'</script>", 521, Some((PageKind::Shell, None)));
        check("<p>请完成验证后继续访问</p>", 200, Some((PageKind::Shell, None)));
        check("<h5>提示信息</h5><div>该信息不存在</div>", 200, Some((PageKind::Error, None)));
        check("<p>ok</p>", 404, Some((PageKind::Error, None)));
    }

    #[test]
    fn a_page_with_text_is_not_dead_whatever_its_scripts_do() {
        let text = format!(
            "<p>{}</p><script>if(mobile) location.href='/m/';</script>",
            "为规范行为，制定本办法，自印发之日起施行。".repeat(40)
        );
        check(&text, 200, None);
    }

    #[test]
    fn article_paths_are_told_from_columns() {
        for (url, expected) in [
            ("https://www.example.gov.cn/zw/202204/t20220406_73256857.html", true),
            ("https://www.example.gov.cn/c100028/c6920705/content.shtml", true),
            ("https://www.example.gov.cn/zwgk/", false),
            ("https://www.example.gov.cn/col/col1229265248/index.html", false),
            ("https://www.example.gov.cn/zc/index_1.html", false),
        ] {
            assert_eq!(is_article_path(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
