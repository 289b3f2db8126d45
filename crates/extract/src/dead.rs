//! Pages that hold nothing to read: redirects, frames, challenges, login walls and error pages.
//!
//! The code of what was found is stable and stands in the page's issues: `anti_bot`, `login_wall`, `redirect`,
//! `frameset` (all shells), `soft_404`, `forbidden`, `server_error` and `http_status` (all errors).

use std::sync::LazyLock;

use model::PageKind;
use regex::Regex;
use url::Url;

use crate::outline::{LineId, Outline};

/// A page that holds nothing to read, with the reason and where it leads.
#[derive(Debug)]
pub(crate) struct Dead {
    pub(crate) kind: PageKind,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) next: Option<String>,
}

impl Dead {
    fn shell(code: &'static str, detail: &str, next: Option<String>) -> Self {
        Self { kind: PageKind::Shell, code, detail: detail.to_owned(), next }
    }

    fn error(code: &'static str, detail: &str) -> Self {
        Self { kind: PageKind::Error, code, detail: detail.to_owned(), next: None }
    }
}

/// Text shown on a page beyond which it is read as one, whatever its scripts do.
const LITTLE_TEXT: u32 = 400;
/// Text beyond which an error status is believed without looking for a challenge.
const BLOCK_PAGE_TEXT: u32 = 1500;

/// Redirects, anti-bot pages, login walls and error pages; `None` for all others.
pub(crate) fn dead(outline: &Outline<'_>, url: &Url, status: u16) -> Option<Dead> {
    let all = 0..outline.lines.len() as LineId;
    let shown = outline.characters(all.clone()) - outline.link_characters(all.clone()) / 2;
    if status >= 400 {
        return Some(refused(outline, url, status, shown));
    }
    if shown >= LITTLE_TEXT && outline.prose(all.clone()) > 200 {
        return None;
    }
    if is_challenge(outline, shown) {
        return Some(challenge(outline, url));
    }
    if let Some(detail) = login_wall(outline, shown) {
        return Some(Dead::shell("login_wall", &detail, None));
    }
    if let Some((code, text)) = error_text(outline) {
        return Some(Dead::error(code, &text));
    }
    let redirect = |next: Option<String>| Dead::shell("redirect", &next.clone().unwrap_or_default(), next);
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
        if let Some(next) = frame_target(outline, url) {
            return Some(Dead::shell("frameset", &next, Some(next.clone())));
        }
    }
    None
}

/// A page whose status says it was refused: some walls answer 403, 412 or 521 with a script that sets a cookie.
fn refused(outline: &Outline<'_>, url: &Url, status: u16, shown: u32) -> Dead {
    let scripted = matches!(status, 412 | 521) && shown < 100 && !outline.scripts.is_empty();
    if status == 429 || scripted || (shown < BLOCK_PAGE_TEXT && is_challenge(outline, shown)) {
        return challenge(outline, url);
    }
    if status == 401 {
        return Dead::shell("login_wall", "401", None);
    }
    Dead::error("http_status", &status.to_string())
}

/// Lines that are shown and no links, among the first of a page.
fn plain_lines<'o>(outline: &'o Outline<'_>, most: usize) -> impl Iterator<Item = &'o str> + 'o {
    let plain = (0..outline.lines.len() as LineId).take(most).filter(|id| {
        let line = &outline.lines[*id as usize];
        line.link_characters * 2 < line.characters && !outline.element(line.element).hidden
    });
    plain.map(|id| outline.line(id))
}

/// What scripts of anti-bot systems hold and other scripts do not.
const CHALLENGE_SCRIPTS: &[&str] = &[
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
    "__tst_status",
    "HMACCOUNT_CHALLENGE",
    "slider_verify",
    "EO_Bot_Ssid",
    "__waf_",
    "WAF_CHALLENGE",
];

/// Parts that ask for a code; pages with comments have them too, so they count only where there is nothing else.
const CAPTCHA_SCRIPTS: &[&str] = &["geetest", "TencentCaptcha", "initAliyunCaptcha", "AWSC.use", "hcaptcha", "recaptcha"];

const CHALLENGE_TEXTS: &[&str] = &[
    "安全验证",
    "人机验证",
    "滑动验证",
    "请完成验证",
    "请输入验证码",
    "请拖动滑块",
    "正在进行安全检测",
    "安全检查中",
    "浏览器安全检查",
    "访问过于频繁",
    "访问频率过高",
    "请求过于频繁",
    "操作过于频繁",
    "访问太频繁",
    "Just a moment",
    "Checking your browser",
    "Verifying you are human",
    "Access Denied",
    "Attention Required",
    "请开启JavaScript",
    "请启用JavaScript",
    "开启 JavaScript",
    "启用 JavaScript",
    "enable JavaScript",
    "创宇盾",
    "网站防火墙",
    "安全狗",
    "云防护",
    "云锁",
    "疑似黑客攻击",
    "被防火墙拦截",
    "访问被拦截",
    "请求被拦截",
    "访问被阻断",
    "请求存在威胁",
    "有不合法的参数",
    "您的访问请求可能",
    "您的请求可能存在",
    "您的IP",
    "IP已被",
];

/// Names of protectors and codes to be typed: feet of pages thank the one, forms for comments ask for the other.
const WEAK_TEXTS: &[&str] = &["请输入验证码", "创宇盾", "网站防火墙", "安全狗", "云防护", "云锁"];

fn is_challenge(outline: &Outline<'_>, shown: u32) -> bool {
    let in_scripts = |marks: &[&str]| outline.scripts.iter().any(|script| marks.iter().any(|mark| script.contains(mark)));
    let says = |text: &str| CHALLENGE_TEXTS.iter().any(|mark| text.contains(mark));
    let is_weak = |text: &str| WEAK_TEXTS.iter().any(|mark| text.contains(mark));
    // Who is let through to a list of articles, or to one with its day, met no wall.
    let is_page = leads_to_articles(outline) || (shown >= LITTLE_OF_A_WALL && has_dated_line(outline));
    let blocks = |line: &str| says(line) && !(is_page && is_weak(line));
    in_scripts(CHALLENGE_SCRIPTS)
        || (shown < LITTLE_OF_A_WALL && in_scripts(CAPTCHA_SCRIPTS))
        || (shown < BLOCK_PAGE_TEXT && !leads_to_articles(outline) && plain_lines(outline, 60).any(blocks))
        || says(&outline.title)
}

/// Walls show less than this beside their message.
const LITTLE_OF_A_WALL: u32 = 150;

/// Whether a page leads on to articles, by links with the length of a title.
fn leads_to_articles(outline: &Outline<'_>) -> bool {
    outline.links.iter().filter(|link| link.text.chars().count().max(link.title.chars().count()) >= 12).take(3).count() == 3
}

/// Whether a short line of plain text holds a whole date, as the header of an article does.
fn has_dated_line(outline: &Outline<'_>) -> bool {
    plain_lines(outline, usize::MAX).any(|line| line.chars().count() <= 60 && model::date::parse_date(line).is_some())
}

fn challenge(outline: &Outline<'_>, url: &Url) -> Dead {
    Dead::shell("anti_bot", &outline.title, script_target(outline, url).flatten())
}

/// What a page that wants a name and password says, where it shows little else.
fn login_wall(outline: &Outline<'_>, shown: u32) -> Option<String> {
    const TEXTS: &[&str] = &[
        "请先登录",
        "请您先登录",
        "请登录后",
        "登录后查看",
        "登录后才能",
        "登录后可",
        "您还未登录",
        "您还没有登录",
        "您尚未登录",
        "尚未登录",
        "未登录或",
        "登录超时",
        "登录已过期",
        "登录状态已失效",
        "会话已过期",
        "会话超时",
        "请重新登录",
        "统一身份认证",
    ];
    if shown >= LITTLE_TEXT || outline.meta("ArticleTitle").is_some() {
        return None;
    }
    // Headers of many pages greet visitors who are not logged in, or hold a form for it; on a wall there is nothing to go on to.
    if leads_to_articles(outline) {
        return None;
    }
    let says = plain_lines(outline, 200)
        .filter(|_| !has_dated_line(outline))
        .find(|line| line.chars().count() <= 60 && TEXTS.iter().any(|text| line.contains(text)));
    if let Some(line) = says {
        return Some(line.to_owned());
    }
    let names_login =
        outline.title.contains("登录") || outline.title.contains("登陆") || outline.title.to_ascii_lowercase().contains("login");
    (outline.passwords > 0 && (names_login || shown < 200)).then(|| outline.title.clone())
}

const NOT_FOUND: &[&str] = &[
    "页面不存在",
    "网页不存在",
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
    "网站不存在",
    "数据不存在",
    "不存在或已删除",
    "不存在或者已",
    "已被删除",
    "已经被删除",
    "已删除",
    "或不存在",
    "已被撤销",
    "已经撤销",
    "已下线",
    "已撤稿",
    "已被移除",
    "404 Not Found",
    "404 not found",
    "404错误",
    "404 错误",
    "HTTP 404",
    "错误 404",
    "Not Found",
    "您访问的页面",
    "您要访问的页面",
    "你访问的页面",
    "您查看的页面",
    "您浏览的页面",
    "链接已失效",
    "链接失效",
    "页面走丢",
    "走丢了",
];
const FORBIDDEN: &[&str] = &["403 Forbidden", "禁止访问", "无权访问", "没有权限", "暂无权限", "非法访问", "访问受限", "仅限内部"];
const SERVER_ERROR: &[&str] = &[
    "502 Bad Gateway",
    "503 Service",
    "504 Gateway",
    "500 Internal",
    "Internal Server Error",
    "服务器错误",
    "服务器内部错误",
    "服务器繁忙",
    "系统繁忙",
    "系统错误",
    "系统异常",
    "访问的页面出错",
    "页面出错",
    "网站维护中",
    "系统维护中",
    "参数错误",
    "数据库连接",
    "HTTP Status 500",
];

fn error_code(text: &str) -> Option<&'static str> {
    let codes = [(NOT_FOUND, "soft_404"), (FORBIDDEN, "forbidden"), (SERVER_ERROR, "server_error")];
    codes.into_iter().find_map(|(marks, code)| marks.iter().any(|mark| text.contains(mark)).then_some(code))
}

/// What an error page says, on a page that says little else.
fn error_text(outline: &Outline<'_>) -> Option<(&'static str, String)> {
    // Frames around the message may be long; the message itself is a short line of plain text.
    let line = plain_lines(outline, usize::MAX)
        .filter(|line| line.chars().count() <= 60)
        .find_map(|line| error_code(line).map(|code| (code, line.to_owned())));
    // Notices speak of systems and pages too, but they are dated.
    if line.is_some() && has_dated_line(outline) {
        return None;
    }
    let Some(found) = line else {
        let title = outline.title.as_str();
        let code = if title == "404" { Some("soft_404") } else { error_code(title).filter(|_| title.chars().count() <= 30) };
        return code.map(|code| (code, title.to_owned()));
    };
    let article = outline.meta("ArticleTitle").is_some() && outline.prose(0..outline.lines.len() as LineId) > 150;
    (!article).then_some(found)
}

/// The page a frameset or a lone frame shows: the one named for its content, or the last.
fn frame_target(outline: &Outline<'_>, base: &Url) -> Option<String> {
    let pages = outline.frames.iter().filter(|(source, _)| !source.trim().is_empty() && !source.starts_with("about:"));
    let content = |name: &str| ["main", "content", "right", "body"].iter().any(|word| name.to_ascii_lowercase().contains(word));
    let mut found: Option<&str> = None;
    let mut named = false;
    for (source, name) in pages {
        if !named {
            found = Some(source);
            named = content(name);
        }
    }
    let next = base.join(found?.trim()).ok()?;
    (next != *base && matches!(next.scheme(), "http" | "https")).then(|| next.to_string())
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

    #[track_caller]
    fn check_code(html: &str, status: u16, expected: Option<&str>) {
        let parsed = parse::parse(html);
        let outline = Outline::new(&parsed.html, &Index::default(), None);
        let url = Url::parse("https://www.example.gov.cn/a/b.html").unwrap();
        assert_eq!(dead(&outline, &url, status).map(|dead| dead.code), expected, "{status} {html}");
    }

    #[test]
    fn walls_of_every_kind_are_named() {
        for (html, status, expected) in [
            ("<script>$_ts=window['$_ts'];$_ts.cd='x';</script>", 412, "anti_bot"),
            ("<script>var a=1;eval(b)</script>", 521, "anti_bot"),
            ("<h1>请求被拦截</h1><p>您的请求可能存在威胁，已被创宇盾拦截，请联系管理员。</p>", 403, "anti_bot"),
            ("<title>网站防火墙</title><p>您的请求带有不合法参数，已被网站管理员设置拦截！</p>", 200, "anti_bot"),
            ("<p>您的访问过于频繁，请稍后再试</p>", 200, "anti_bot"),
            ("<p>请输入验证码</p><input name=code>", 200, "anti_bot"),
            ("<title>Just a moment...</title><script src=/cdn-cgi/x.js></script>", 403, "anti_bot"),
            ("<p>x</p>", 429, "anti_bot"),
            ("<p>您尚未登录，请先登录</p>", 200, "login_wall"),
            ("<title>用户登录</title><form><input name=u><input type=password name=p></form>", 200, "login_wall"),
            ("<p>x</p>", 401, "login_wall"),
            ("<p>抱歉，您访问的页面不存在</p>", 200, "soft_404"),
            ("<div>该信息不存在</div>", 200, "soft_404"),
            ("<p>对不起，您要查看的内容已被撤销或不存在！</p>", 200, "soft_404"),
            ("<p>您没有权限查看</p>", 200, "forbidden"),
            ("<p>系统维护中，请稍后访问</p>", 200, "server_error"),
            ("<frameset><frame src=top.html><frame src=main.html name=main></frameset>", 200, "frameset"),
            ("<iframe src=/list.html></iframe>", 200, "frameset"),
        ] {
            check_code(html, status, Some(expected));
        }
    }

    #[test]
    fn short_notices_are_no_walls() {
        let hidden = "<div style='display:none'><p>请先登录</p><input type=password><p>访问过于频繁</p></div>";
        let notice = "<h1>关于办公地点变更的公告</h1><p>自下周起，我局迁至新址办公，特此公告。</p>";
        let menu = "<a href=/login>请先登录</a><a href=/x>页面不存在的处理办法</a>";
        check_code(&format!("<meta name=ArticleTitle content=公告>{hidden}{notice}"), 200, None);
        check_code("<h1>公告</h1><p>因系统维护中断服务，旧页面不存在，敬请谅解。</p><p>某局</p><p>2026年6月5日</p>", 200, None);
        check_code(&format!("{menu}{notice}<script src=geetest.js></script>"), 200, None);
        let text = "为规范行为，制定本办法，自印发之日起施行。".repeat(40);
        check_code(&format!("<p>{text}</p><p>登录后查看更多</p><iframe src=/x.html></iframe>"), 200, None);
    }

    #[test]
    fn a_page_with_text_is_not_dead_whatever_its_scripts_do() {
        let text = format!(
            "<p>{}</p><script>if(mobile) location.href='/m/';</script>",
            "为规范行为，制定本办法，自印发之日起施行。".repeat(40)
        );
        check(&text, 200, None);
    }
}
