//! What a page shows around a document: counters, share bars, related links. It changes with every visit and says nothing
//! of the act, so identity is judged without it.

use std::borrow::Cow;

use model::text::fold_char;

/// The longest line that may be furniture, in letters: a sentence of the act may hold the same words.
const MOST_LETTERS: usize = 60;
/// The longest heading over links.
const MOST_HEADING_LETTERS: usize = 8;

/// Words of counters; a figure stands beside them.
const COUNTERS: &[&str] = &[
    "浏览次数",
    "阅读次数",
    "点击次数",
    "访问次数",
    "浏览量",
    "阅读量",
    "点击量",
    "访问量",
    "点击数",
    "阅读数",
    "浏览数",
    "点击率",
];
/// How lines of share bars, tools and neighbours begin.
const BARS: &[&str] = &[
    "分享到",
    "分享至",
    "扫一扫",
    "扫码",
    "打印本页",
    "打印页面",
    "关闭窗口",
    "关闭本页",
    "字号",
    "字体大小",
    "微信扫",
    "上一篇",
    "下一篇",
    "上一条",
    "下一条",
    "返回顶部",
    "收藏本页",
    "我要纠错",
    "保护视力色",
];
/// Headings over links to other documents.
const LINKS: &[&str] =
    &["相关链接", "相关阅读", "相关文章", "相关稿件", "相关新闻", "相关推荐", "推荐阅读", "延伸阅读", "热点新闻", "猜你喜欢"];

/// The text without the lines that are furniture; borrowed where there is none, which is nearly always.
pub(crate) fn without(text: &str) -> Cow<'_, str> {
    let mut among_links = false;
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| {
            let said = said(line);
            if said.is_empty() {
                return true;
            }
            if is_heading_over_links(&said) {
                among_links = true;
            } else if among_links {
                // A sentence or an annex under the links is the act going on.
                among_links = said.chars().count() <= MOST_LETTERS && !line.contains(['。', '；']) && !said.starts_with("附件");
            }
            !(among_links || is_bar(&said))
        })
        .collect();
    if kept.len() == text.lines().count() { Cow::Borrowed(text) } else { Cow::Owned(kept.join("\n")) }
}

/// The beginning of a line, without blanks and marks; long enough to judge it.
fn said(line: &str) -> String {
    line.chars().map(fold_char).filter(|character| character.is_alphanumeric()).take(MOST_LETTERS + 1).collect()
}

fn is_heading_over_links(said: &str) -> bool {
    said.chars().count() <= MOST_HEADING_LETTERS && LINKS.iter().any(|heading| said.starts_with(heading))
}

fn is_bar(said: &str) -> bool {
    if said.chars().count() > MOST_LETTERS {
        return false;
    }
    let counts = || said.chars().any(|character| character.is_ascii_digit()) || said.ends_with('次');
    BARS.iter().any(|bar| said.starts_with(bar)) || COUNTERS.iter().any(|word| said.contains(word)) && counts()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_bars_and_related_links_go_and_the_act_stays() {
        let act = "第一条 对平台年访问量达到100万次以上的企业，按照其上一年度实际投入给予补助，补助标准由市财政局会同有关部门另行制定并向社会公布，最高不超过50万元人民币。\n附件：申请表";
        let page = format!(
            "浏览次数：1,234次\n字号：[大] [中] [小]\n{act}\n分享到：微信\n上一篇：关于放假的通知\n相关链接：\n某办法政策解读\n一图读懂"
        );
        assert_eq!(without(&page), act);
        assert!(matches!(without(act), Cow::Borrowed(_)));
        let goes_on = "相关阅读\n某办法解读\n本办法自印发之日起施行。\n特此通知";
        assert_eq!(without(goes_on), "本办法自印发之日起施行。\n特此通知");
        assert_eq!(without(""), "");
    }
}
