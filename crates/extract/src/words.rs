//! Words and characters by which the parts of a page are told apart; no rule of one site, only habits of all.

use std::sync::LazyLock;

use regex::Regex;

/// Blanks of every kind that pages use.
pub(crate) fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{3000}' || character == '\u{a0}'
}

/// Characters without a shape: zero-width marks, soft hyphens, NUL and other controls, private-use and replacement characters.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}' | '\u{fffd}')
        || matches!(character, '\u{e000}'..='\u{f8ff}')
}

/// Ideographs and full-width marks.
pub(crate) fn is_wide(character: char) -> bool {
    matches!(character, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// Ideographs alone.
pub(crate) fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Runs of blanks become one, ends are cut, shapeless characters dropped.
pub(crate) fn squeeze(text: &str) -> String {
    let mut squeezed = String::with_capacity(text.len());
    let mut waiting = false;
    for character in text.chars() {
        if is_blank(character) {
            waiting = !squeezed.is_empty();
        } else if !is_invisible(character) {
            if waiting {
                squeezed.push(' ');
                waiting = false;
            }
            squeezed.push(character);
        }
    }
    squeezed
}

/// Letters, digits and ideographs alone, half-width: two texts with the same bare form say the same.
pub(crate) fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    for character in text.chars() {
        // Ideographs are most of a page; the general tables are slow for them.
        if is_ideograph(character) {
            bare.push(character);
            continue;
        }
        let folded = model::text::fold_char(character);
        if is_letter(folded) {
            bare.push(folded);
        }
    }
    bare
}

/// Letters, digits and ideographs.
pub(crate) fn is_letter(character: char) -> bool {
    is_ideograph(character) || if character.is_ascii() { character.is_ascii_alphanumeric() } else { character.is_alphanumeric() }
}

/// Whether raw text holds a link written out.
pub(crate) fn holds_links(text: &str) -> bool {
    text.len() > 40 && text.contains("<a ") && text.contains("href")
}

/// Whether an inline style takes its element off the page.
pub(crate) fn hides(style: &str) -> bool {
    style.find("display").is_some_and(|at| {
        let rest = style[at + "display".len()..].trim_start();
        rest.strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with("none"))
    })
}

/// Whether an element is navigation, footer, share bar or the like, by its tag, id and class.
pub(crate) fn is_noise_element(tag: &str, id: &str, class: &str) -> bool {
    matches!(tag, "nav" | "footer" | "aside") || is_noise_name(id) || is_noise_name(class)
}

/// Names of parts that hold no text of a document. Matched at the start of a word of an id or class, so that
/// `shares` counts and `preshow` does not.
const NOISE_NAMES: &[&str] = &[
    "nav",
    "navbar",
    "menu",
    "foot",
    "footer",
    "foot_nav",
    "copyright",
    "breadcrumb",
    "crumb",
    "crumbs",
    "share",
    "bdshare",
    "bshare",
    "sidebar",
    "toolbar",
    "friendlink",
    "yqlj",
    "dqwz",
    "weizhi",
    "wzdh",
    "ewm",
    "qrcode",
    "position",
    "location",
    "searchbox",
    "topsearch",
    "pagination",
    "paging",
    "prevnext",
    "shangxia",
    "conversation",
];

fn is_noise_name(names: &str) -> bool {
    if names.is_empty() {
        return false;
    }
    names.split([' ', '_', '-', '\t', '\n']).any(|word| {
        let stem = word.trim_end_matches(|character: char| character.is_ascii_digit());
        let Some(first) = stem.bytes().next() else { return false };
        NOISE_NAMES.iter().any(|noise| {
            noise.as_bytes()[0] == first.to_ascii_lowercase()
                && stem.get(..noise.len()).is_some_and(|start| start.eq_ignore_ascii_case(noise))
                && (noise.len() >= 6 || matches!(&stem[noise.len()..], "" | "s"))
        })
    })
}

/// How much of a line counts as running text: `plain` characters are no link text, of `characters` in all.
pub(crate) fn prose(line: &str, characters: u32, plain: u32) -> u32 {
    if plain == 0 || (characters < 120 && is_site_line(line)) {
        return 0;
    }
    if characters >= 12 || line.ends_with(['。', '；', '：', ';', ':']) { plain } else { plain / 3 }
}

/// Lines of page frames: owner, licence, contact, browser advice.
pub(crate) fn is_site_line(line: &str) -> bool {
    static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new("版权所有|ICP备|ICP证|网站标识码|公网安备|主办单位|承办单位：|技术支持|[Cc]opyright|分辨率|浏览器版本|网站地图|联系我们|扫一扫|当前位置|所在的位置|现在的位置|您的位置|无障碍").ok()
    });
    MARKS.as_ref().is_some_and(|marks| marks.is_match(line))
}

/// Lines that name the owner and the licence of a site: never part of a document.
pub(crate) fn is_owner_line(line: &str) -> bool {
    ["版权所有", "ICP备", "ICP证", "网站标识码", "公网安备"].iter().any(|mark| line.contains(mark))
}

/// Words of share bars, font switches, print and close buttons and counters.
static TOOL_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)^[\s\[\]【】()（）|｜丨/·:：>\-]*(?:(?:
        分享(?:到|至)?|收藏(?:本页|本文)?|取消收藏|打\s*印(?:本页|此页|本文|正文|页面|文章|内容)?|我要打印|关\s*闭(?:窗口|本页|页面|本窗口)?|大|中|小|默认|超大|较大|字\s*体(?:大小|调整)?|字\s*号(?:调整)?|视力保护色|返回(?:顶部|上一页|列表|首页)?|顶部|上一?页|下一?页|首页|末页|尾页|第一页|最后一页|第\s*\d{1,3}\s*页|共\s*\d{1,3}\s*页|\d{1,3}/\d{1,3}页?|
        浏览(?:次数|量|数)?|阅读(?:次数|人次|数|量)?|点击(?:次数|数|量|率)?|访问(?:次数|量)?|人?次|
        微信|微博|新浪微博|腾讯微博|人人网|QQ空间|豆瓣网?|百度贴吧|更多|朋友圈|X|评论|点赞|纠错|语音播报|听全文|我要纠错|繁体|简体|
        扫一扫.{0,16}|手机(?:扫码|版|阅读|查看).{0,10}|用手机打开.{0,8}|
        (?:PDF|pdf|WORD|Word|OFD)(?:格式|版)?下载|下载(?:PDF|pdf|WORD|Word|word|OFD)?(?:版|文字版|图片版)?|\d{1,7}|[-—]+|T|\+
        )(?:[\s\[\]【】()（）|｜丨/·:：>\-]+|$))+$",
    )
    .ok()
});

/// Whether a line is nothing but buttons and counters.
pub(crate) fn is_tool_line(line: &str) -> bool {
    line.len() <= 200
        && !line.contains(['。', '，', '；', '、', '《'])
        && TOOL_LINE.as_ref().is_some_and(|tool| tool.is_match(line))
        && line.chars().any(|character| !character.is_ascii_digit())
        || is_leaving_line(line)
}

/// What a hidden box says before a link leaves the site.
fn is_leaving_line(line: &str) -> bool {
    line.chars().count() <= 60 && line.contains("即将离开") && ["链接", "网站", "页面"].iter().any(|word| line.contains(word))
}

/// Whether a line begins what follows a document on its page: neighbours, editors, related pages.
pub(crate) fn is_tail_line(line: &str) -> bool {
    const STARTS: &[&str] = &[
        "责任编辑",
        "责编",
        "编辑：",
        "编辑:",
        "网站编辑",
        "本文编辑",
        "信息编辑",
        "审核人",
        "上一篇",
        "下一篇",
        "上一条",
        "下一条",
        "相关链接",
        "相关文档",
        "相关信息",
        "相关阅读",
        "相关稿件",
        "相关解读",
        "相关政策",
        "相关文章",
        "相关新闻",
        "相关文件",
        "相关附件",
        "相关报道",
        "关联稿件",
        "关联文章",
        "关联文件",
        "附件下载",
        "文件下载",
        "分享到",
        "分享至",
        "分享：",
        "分享让",
        "扫一扫",
        "关注公众号",
        "关注我们",
        "打印本页",
        "关闭窗口",
        "打印】",
        "关闭】",
        "字体：",
        "字号：",
        "返回顶部",
        "本站声明",
        "免责声明",
        "版权声明",
        "网友评论",
        "我要评论",
        "您可能感兴趣",
        "延伸阅读",
        "推荐阅读",
        "即时新闻",
        "热点新闻",
        "图解：",
        "媒体解读",
    ];
    let line = line.trim_start_matches(['【', '[', '(', '（', ' ', '>']);
    line.chars().count() <= 60 && STARTS.iter().any(|start| line.starts_with(start))
}

/// Whether a line that may begin what follows a document may as well be its text: `相关信息如下：`, `附件下载：请登录…`.
pub(crate) fn may_be_text(line: &str) -> bool {
    const STARTS: &[&str] = &["相关", "附件下载", "文件下载", "图解", "编辑", "免责声明"];
    let line = line.trim_start_matches(['【', '[', '(', '（', ' ', '>']);
    STARTS.iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_told_by_whole_words_of_a_name() {
        for (name, expected) in [
            ("nav", true),
            ("top_menu", true),
            ("foot-con", true),
            ("footer2", true),
            ("crumbsBox", true),
            ("breadcrumbNav", true),
            ("shares", true),
            ("navigate-less article", false),
            ("article_content", false),
            ("", false),
        ] {
            assert_eq!(is_noise_name(name), expected, "{name}");
        }
    }

    #[test]
    fn lines_of_buttons_are_told_from_sentences() {
        for line in
            ["【打印】 【字体：大 中 小】", "字号：[小中大] [我要打印] [关闭]", "浏览次数：128", "分享到：", "打印本页 关闭窗口"]
        {
            let glued = line.contains("小中大");
            assert!(is_tool_line(line) || glued, "{line}");
        }
        for line in ["打印机采购项目公告", "第一条 为规范行为", "2026", "关闭煤矿补助办法"] {
            assert!(!is_tool_line(line), "{line}");
        }
    }

    #[test]
    fn blanks_are_squeezed_and_shapeless_characters_dropped() {
        assert_eq!(squeeze("\u{3000}\u{3000}一\u{200b} \u{a0}二\0\n"), "一 二");
    }

    #[test]
    fn hidden_styles_are_read_with_blanks() {
        assert!(hides("color:red;display : none"));
        assert!(!hides("display:block"));
    }
}
