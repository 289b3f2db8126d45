//! What a page says of the site it stands on: who runs it, which column it is, and where its lists of documents are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::outline::{LineId, Outline};
use crate::{list, words};

/// Links given as likely lists.
const MOST_COLUMNS: usize = 20;
/// Lines of a page looked through from its end for its owner.
const FOOT_LINES: u32 = 120;

/// Facts about a site, from one of its pages. Everything is what the page claims; pages of templates claim wrong things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteFacts {
    /// Names of the site or its owner, the most trusted first: the `SiteName` tag, 主办单位, 版权所有, the end of the title.
    pub names: Vec<String>,
    /// 政府网站标识码: ten digits of which the first six are a place, where the page shows one.
    pub code: Option<String>,
    /// The sign of a province before `ICP备`.
    pub province_sign: Option<char>,
    /// Name of the column: the `ColumnName` tag, the last step of the way from the home page, the begin of the title.
    pub column: Option<String>,
    /// Links that by their words lead to lists of documents, in order of promise: text and address.
    pub columns: Vec<(String, String)>,
}

/// Words of columns that hold documents, the most wanted first.
const COLUMNS: &[&str] = &[
    "政策文件",
    "通知公告",
    "规范性文件",
    "政府文件",
    "最新政策",
    "政策法规",
    "惠企政策",
    "公示公告",
    "行政规范性文件",
    "其他文件",
    "部门文件",
    "法规文件",
    "公告公示",
    "政策解读",
    "申报通知",
    "通知",
    "公告",
    "文件",
    "政策",
];

pub(crate) fn facts(outline: &Outline<'_>, url: &Url) -> SiteFacts {
    let base = outline.base.and_then(|base| url.join(base.trim()).ok()).unwrap_or_else(|| url.clone());
    let site = outline.meta("SiteName").map(words::squeeze);
    // 首都之窗_北京市人民政府门户网站: a nickname and a name.
    let mut names: Vec<String> =
        site.iter().flat_map(|site| site.split(['_', '-', '|', '—', '·', ' ', ',', '，'])).map(words::squeeze).collect();
    let foot = (outline.lines.len() as LineId).saturating_sub(FOOT_LINES)..outline.lines.len() as LineId;
    for pattern in [&HOST_ORGAN, &OWNER] {
        let found = foot.clone().filter_map(|id| first_group(pattern.as_ref(), outline.line(id)));
        names.extend(found.take(2));
    }
    let parts: Vec<String> = outline.title.split(['_', '-', '|', '—', '–', ' ', '－', '丨', '·']).map(words::squeeze).collect();
    names.extend(parts.last().filter(|part| parts.len() > 1 && part.chars().count() >= 4).cloned());
    let mut seen = BTreeSet::new();
    names.retain(|name| (3..=40).contains(&name.chars().count()) && seen.insert(name.clone()));
    SiteFacts {
        code: outline
            .meta("SiteIDCode")
            .and_then(code_in)
            .or_else(|| foot.clone().find_map(|id| labelled_code(outline.line(id)))),
        province_sign: foot.clone().find_map(|id| province_sign(outline.line(id))),
        column: column(outline, site.as_deref(), &parts),
        columns: columns(outline, &base),
        names,
    }
}

static HOST_ORGAN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"主\s*办(?:单\s*位)?\s*[：:]\s*([^\s：:|,，;；]{4,30})").ok());
static OWNER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:版权所有|Copyright|copyright|©)[^\p{Han}]{0,30}([\p{Han}（）()]{4,30})|([\p{Han}]{4,30})\s*版权所有").ok()
});
static CODE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"标识码\s*[：:]?\s*([0-9]{10})").ok());
static SIGN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"([\p{Han}])\s*ICP\s*[备证]").ok());

fn first_group(pattern: Option<&Regex>, line: &str) -> Option<String> {
    let found = pattern?.captures(line)?;
    let text = found.iter().skip(1).flatten().next()?.as_str();
    // 主办单位 and 承办单位 often stand on one line without a blank.
    let end = ["承办", "主办", "协办", "技术支持", "联系", "地址", "版权", "维护", "未经", "网站", "运维"]
        .iter()
        .filter_map(|word| text.find(word))
        .min();
    let text = text[..end.unwrap_or(text.len())].trim_matches(['(', ')', '（', '）']);
    (text.chars().count() >= 3).then(|| text.to_owned())
}

fn code_in(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
}

fn labelled_code(line: &str) -> Option<String> {
    Some(CODE.as_ref()?.captures(line)?.get(1)?.as_str().to_owned())
}

fn province_sign(line: &str) -> Option<char> {
    SIGN.as_ref()?.captures(line)?.get(1)?.as_str().chars().next()
}

/// The column's name; the site's own name is none.
fn column(outline: &Outline<'_>, site: Option<&str>, parts: &[String]) -> Option<String> {
    let usable = |name: &str| (2..=24).contains(&name.chars().count()) && Some(name) != site && name != "首页";
    if let Some(tag) = outline.meta("ColumnName").map(words::squeeze).filter(|tag| usable(tag)) {
        return Some(tag);
    }
    let way = (0..outline.lines.len() as LineId)
        .take(400)
        .map(|id| outline.line(id))
        .find(|line| line.len() < 400 && ["当前位置", "您的位置", "所在位置", "现在位置"].iter().any(|mark| line.contains(mark)));
    if let Some(way) = way {
        let last = way.split(['>', '》', '»', '/', '：', ':', '›']).map(words::squeeze).rfind(|part| !part.is_empty());
        if let Some(last) = last.filter(|last| usable(last) && !last.contains("位置")) {
            return Some(last);
        }
    }
    parts.first().filter(|part| parts.len() > 1 && usable(part)).cloned()
}

/// Links that promise lists, each address once.
fn columns(outline: &Outline<'_>, base: &Url) -> Vec<(String, String)> {
    let mut found: Vec<(usize, String, String)> = Vec::new();
    let mut seen = BTreeSet::new();
    for link in outline.links.iter().filter(|link| list::is_page(link.href)) {
        let text = words::squeeze(link.text.split('\n').next().unwrap_or_default());
        let bare = words::bare(&text);
        let Some(rank) = COLUMNS.iter().position(|word| bare == *word || (rank_allows_more(word) && bare.ends_with(word))) else {
            continue;
        };
        let Ok(address) = base.join(link.href) else { continue };
        let on_site = address.host_str() == base.host_str() && matches!(address.scheme(), "http" | "https");
        let elsewhere = model::id::normal_url(address.as_str()) != model::id::normal_url(base.as_str());
        if bare.chars().count() <= 12 && on_site && elsewhere && address.path() != "/" && seen.insert(address.to_string()) {
            found.push((rank, text, address.to_string()));
        }
    }
    found.sort_by_key(|(rank, _, _)| *rank);
    found.into_iter().take(MOST_COLUMNS).map(|(_, text, address)| (text, address)).collect()
}

/// Short words stand at the end of too many names; the longer ones say what they mean wherever they stand.
fn rank_allows_more(word: &str) -> bool {
    word.chars().count() >= 4
}
