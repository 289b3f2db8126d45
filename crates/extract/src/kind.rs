//! What a page that can be read is: document, list or something else, told by what it holds.

use model::PageKind;
use url::Url;

use crate::list::Listing;
use crate::outline::{LineId, Outline};
use crate::words;

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
    /// Whether buttons of a list's paging are shown, wherever they lead.
    pub(crate) has_pager: bool,
    /// Whether a date of publication or signature was found.
    pub(crate) has_date: bool,
    pub(crate) is_home: bool,
    /// Whether the page shows the title of its `<title>` or a date of publication: scripts have no part in that.
    pub(crate) has_header: bool,
}

/// Document, list, script-only frame or other.
pub(crate) fn decide(outline: &Outline<'_>, listing: &Listing, weights: &Weights) -> PageKind {
    let items = listing.items.len();
    let title_length = listing.items.iter().map(|item| item.title.chars().count()).sum::<usize>() / items.max(1);
    let mostly_links = weights.body_links > weights.body * 3 / 2;
    // Rows that show a file's labels, and summaries under the titles, are the list and no article.
    let body = weights.body.saturating_sub(listing.row_text);
    let is_rows = !weights.has_article_tag && items >= 3 && listing.dated * 2 >= items && body * 3 <= listing.row_text;
    if weights.article_signs >= 2
        && !is_rows
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
    if listing.stored && items > 0 && !weights.has_article_tag {
        return PageKind::List;
    }
    if weights.has_article_tag {
        return if weights.body >= 15 || weights.attachments > 0 { PageKind::Detail } else { PageKind::Other };
    }
    let dated = listing.dated * 2 >= items;
    // A portal shows several short lists; a column one that is most of the page.
    let main = items * 10 >= listing.titled_links * 4;
    // Undated entries are those of a list when they lead to articles; portals gather links of every kind.
    let articles = || {
        let articles = listing.items.iter().filter(|item| Url::parse(&item.url).is_ok_and(|url| is_article_path(&url)));
        articles.count() * 10 >= items * 6
    };
    let lists = items >= 3 && title_length >= 9 && (weights.has_paging || (dated && main))
        || (items >= 8 && title_length >= 12 && items * 10 >= listing.titled_links * 7 && (dated || articles()))
        || (items >= 3
            && title_length >= 12
            && body < 100
            && listing.articles == items
            && items * 10 >= listing.titled_links * 7)
        // The last page of a column has few entries, but the buttons of the column.
        || (items >= 1 && listing.dated == items && main && title_length >= 8 && weights.has_pager);
    if weights.is_home {
        return PageKind::Other;
    }
    if lists && (body < 600 || weights.article_signs == 0) {
        return PageKind::List;
    }
    if weights.has_date && weights.article_signs >= 1 && weights.body >= 150 && !mostly_links {
        return PageKind::Detail;
    }
    if weights.has_date && weights.body >= 400 && weights.body_links * 4 < weights.body && items < 8 {
        return PageKind::Detail;
    }
    let unfilled = weights.body < 200 && !weights.has_header || says_empty(outline);
    if items < 8 && unfilled && is_script_frame(outline) {
        return PageKind::Shell;
    }
    PageKind::Other
}

/// Whether a page shows the buttons of a paged list, wherever they lead: 上一页, 尾页, 共 3 页.
pub(crate) fn has_pager(outline: &Outline<'_>) -> bool {
    let is_button = |text: &str| {
        let bare = words::bare(text);
        matches!(bare.as_str(), "上一页" | "上页" | "下一页" | "下页" | "尾页" | "末页" | "最后一页")
    };
    outline.links.iter().any(|link| link.text.len() <= 40 && is_button(&link.text))
        || (0..outline.lines.len() as LineId).any(|id| {
            let line = &outline.lines[id as usize];
            line.characters <= 12 && is_button(outline.line(id))
        })
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
