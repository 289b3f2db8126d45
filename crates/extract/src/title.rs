//! The title of a page, without the site's name.
//!
//! Witnesses are the `ArticleTitle` tag, `<title>` and the headings on the page. A heading that agrees with one of
//! the tags is believed most; a tag that only names the column is not believed at all.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::body::is_title_name;
use crate::labels::{Field, Labelled, Origin};
use crate::outline::{ElementId, LineId, Outline, Tag};
use crate::rules::Place;
use crate::signature::is_agency;
use crate::words;
use crate::{Places, Tier};

/// A title with the place it was read from, and its line where it stands on the page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Title {
    pub(crate) text: String,
    pub(crate) from: &'static str,
    pub(crate) line: Option<LineId>,
}

/// Longest title believed: joint notices of many agencies reach 200 characters.
const MOST_CHARACTERS: usize = 300;

/// Finds the title of a detail page whose body takes some lines; `shown` is where a tag's title stands on the page.
pub(crate) fn find(
    outline: &Outline<'_>,
    tags: &Tags,
    places: &Places<'_>,
    labels: &[Labelled],
    body: Range<LineId>,
    shown: Option<LineId>,
) -> Title {
    if let Some(title) = from_rules(outline, places, Tier::Source, tags) {
        return title;
    }
    let headings = headings(outline, tags, labels, body.clone());
    let article = tags.article.as_deref().filter(|article| !tags.is_column(article));
    // A heading that says the same as a tag: the page's own spelling.
    let witnesses: Vec<String> =
        article.into_iter().chain([tags.document.as_str()]).map(words::bare).filter(|bare| !bare.is_empty()).collect();
    let bares: Vec<String> = headings.iter().map(|heading| words::bare(&heading.text)).collect();
    let same = bares.iter().position(|bare| witnesses.contains(bare));
    let alike = same.or_else(|| bares.iter().position(|bare| witnesses.iter().any(|witness| agree(bare, witness))));
    let agreeing = alike.map(|at| &headings[at]);
    if let Some(heading) = agreeing
        && heading.text.chars().count() >= 4
        && !tags.is_column(&heading.text)
    {
        let longer = article.filter(|article| article.chars().count() > heading.text.chars().count() + 1);
        let text = longer.map_or_else(|| heading.text.clone(), str::to_owned);
        return Title { text, from: if longer.is_some() { "meta" } else { "header" }, line: Some(heading.line) };
    }
    if let Some(article) = article {
        return Title { text: article.to_owned(), from: "meta", line: shown };
    }
    if let Some(line) = shown {
        return Title { text: strip_date(outline.line(line)).to_owned(), from: "header", line: Some(line) };
    }
    if let Some(title) = from_rules(outline, places, Tier::Family, tags) {
        return title;
    }
    let labelled = labels.iter().find(|labelled| {
        labelled.field == Field::Title && labelled.origin == Origin::LabelTable && labelled.value.chars().count() >= 6
    });
    if let Some(labelled) = labelled {
        return Title { text: strip_date(&labelled.value).to_owned(), from: "label_table", line: Some(labelled.line) };
    }
    if let Some(heading) = headings.iter().max_by_key(|heading| (heading.score, std::cmp::Reverse(heading.line)))
        && heading.score >= 4
    {
        return Title { text: heading.text.clone(), from: "header", line: Some(heading.line) };
    }
    let bare = words::bare(&tags.document);
    let says_nothing =
        tags.is_site(&tags.document) || tags.is_column(&tags.document) || looks_like_site(&bare) || is_agency(&bare);
    if says_nothing && let Some(line) = title_like(outline, tags, body) {
        return Title { text: whole_title(outline, line), from: "header", line: Some(line) };
    }
    let column = tags.article.clone().filter(|article| !article.is_empty());
    let text = if !tags.document.is_empty() && !tags.is_site(&tags.document) {
        tags.document.clone()
    } else {
        column.unwrap_or_default()
    };
    let from = if text.is_empty() { "" } else { "title" };
    Title { text, from, line: None }
}

/// The title that begins on a line: old pages break it in two.
fn whole_title(outline: &Outline<'_>, line: LineId) -> String {
    let own = strip_date(outline.line(line)).to_owned();
    let element = outline.lines[line as usize].element;
    let range = outline.lines_of(element);
    if ends_like_title(&own) || range.start != line || !(2..=3).contains(&range.len()) {
        return own;
    }
    let whole = joined(outline, element);
    if ends_like_title(&whole) && whole.chars().count() <= 120 { whole } else { own }
}

fn ends_like_title(line: &str) -> bool {
    const ENDS: &[&str] = &[
        "通知", "办法", "公告", "意见", "规定", "细则", "方案", "措施", "决定", "通告", "函", "公示", "解读", "规划", "批复",
        "通报", "公报",
    ];
    let plain = line.trim_end_matches(['）', ')']);
    ENDS.iter().any(|end| plain.ends_with(end))
}

/// A line above the text, or the first of it, that reads like the title of a document: `关于…的通知`.
fn title_like(outline: &Outline<'_>, tags: &Tags, body: Range<LineId>) -> Option<LineId> {
    let near = body.start.saturating_sub(12)..body.end.min(body.start + 4);
    near.filter(|id| {
        let line = outline.line(*id);
        let info = &outline.lines[*id as usize];
        (8..=120).contains(&info.characters)
            && info.link_characters * 2 < info.characters
            && !outline.element(info.element).hidden
            && !line.contains(['。', '：', ':', '；'])
            && (line.contains("关于") || ends_like_title(line))
            && !tags.is_column(line)
            && !crate::body::is_header_line(line)
    })
    .min_by_key(|id| (!outline.line(*id).contains("关于"), *id >= body.start, body.start.abs_diff(*id)))
}

/// The line on which a page shows the title its tags name, if it does: the surest place to start reading from.
pub(crate) fn shown_line(outline: &Outline<'_>, tags: &Tags) -> Option<LineId> {
    let article = tags.article.as_deref().filter(|article| !tags.is_column(article));
    let document =
        Some(tags.document.as_str()).filter(|document| !tags.is_site(document) && !looks_like_site(&words::bare(document)));
    let witnesses = article.into_iter().chain(document).map(words::bare);
    let witnesses: Vec<String> = witnesses.filter(|bare| bare.chars().count() >= 8).collect();
    let lengths: Vec<u32> = witnesses.iter().map(|bare| bare.chars().count() as u32).collect();
    // Only marks, blanks and a date may stand beside the title.
    let near = *lengths.iter().min()?..lengths.iter().max()? + 40;
    let shown = (0..outline.lines.len() as LineId).filter(|id| {
        let line = &outline.lines[*id as usize];
        near.contains(&line.characters) && line.link_characters * 2 < line.characters && !outline.element(line.element).hidden
    });
    let mut same = shown.filter(|id| witnesses.contains(&words::bare(strip_date(outline.line(*id)))));
    let found = same.next()?;
    // A way from the home page may end in the title; the heading comes after it.
    let is_heading = |id: LineId| {
        let around = outline.ancestors(outline.lines[id as usize].element).take(2);
        around.into_iter().any(|id| outline.element(id).tag == Tag::Heading || is_title_name(outline.element(id).class))
    };
    if is_heading(found) { Some(found) } else { same.take(4).find(|id| is_heading(*id)).or(Some(found)) }
}

/// The title of a page that is no detail page.
pub(crate) fn of_other_page(outline: &Outline<'_>) -> String {
    let tags = Tags::new(outline);
    if tags.document.is_empty() { tags.article.unwrap_or_default() } else { tags.document }
}

fn from_rules(outline: &Outline<'_>, places: &Places<'_>, tier: Tier, tags: &Tags) -> Option<Title> {
    let groups = places.groups(outline, Place::Title).into_iter().filter(|(found, _)| *found == tier);
    groups.flat_map(|(_, elements)| elements).find_map(|element| {
        let range = outline.lines_of(element);
        let text = joined(outline, element);
        let text = strip_date(&text);
        let usable = (2..=MOST_CHARACTERS).contains(&text.chars().count())
            && (tier == Tier::Source || !begins_with_date(text))
            && (tier == Tier::Source || !(tags.is_site(text) || tags.is_column(text)));
        usable.then(|| Title { text: text.to_owned(), from: "header", line: Some(range.start) })
    })
}

/// What the head of a page says of its title.
pub(crate) struct Tags {
    article: Option<String>,
    /// `<title>` without the names of site and column.
    document: String,
    site: String,
    column: String,
    crumbs: Vec<String>,
}

impl Tags {
    pub(crate) fn new(outline: &Outline<'_>) -> Self {
        let site = words::squeeze(outline.meta("SiteName").unwrap_or_default());
        let column = words::squeeze(outline.meta("ColumnName").unwrap_or_default());
        let article = outline.meta("ArticleTitle").map(|title| strip_date(&unescape(&words::squeeze(title))).to_owned());
        let crumbs = crumbs(outline);
        let document = without_site(&outline.title, &site, &column, &crumbs);
        Self { article: article.filter(|article| !article.is_empty()), document, site, column, crumbs }
    }

    fn is_site(&self, text: &str) -> bool {
        let bare = words::bare(text);
        let site = words::bare(&self.site);
        bare.is_empty()
            || (!site.is_empty()
                && (bare == site
                    || site.contains(&bare)
                    || (bare.contains(&site) && bare.chars().count() <= site.chars().count() + 4)))
    }

    /// Whether a text names the column the page stands in.
    fn is_column(&self, text: &str) -> bool {
        let bare = words::bare(text);
        bare == words::bare(&self.column) && bare.chars().count() < 12
            || self.crumbs.contains(&bare)
            || COLUMNS.contains(&bare.as_str())
    }
}

/// Names along the way from the home page, bare.
fn crumbs(outline: &Outline<'_>) -> Vec<String> {
    static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("当前位置|您的位置|所在位置|当前的位置|首页").ok());
    let line = (0..outline.lines.len() as LineId).take(400).find(|id| {
        let line = outline.line(*id);
        line.len() < 600
            && MARKS.as_ref().is_some_and(|marks| marks.is_match(line))
            && line.contains(['>', '》', '»', '/', '-', '：'])
    });
    let mut crumbs = Vec::new();
    for element in outline.elements.iter().filter(|element| element.class.contains("breadcrumb")).take(1) {
        crumbs.extend((element.first_line..element.end_line).take(12).map(|id| words::bare(outline.line(id))));
    }
    if let Some(line) = line {
        let parts = outline.line(line).split(['>', '》', '»', '/', '：', ':']);
        crumbs.extend(parts.map(words::bare));
    }
    // The last step is often the title itself; titles are longer than columns.
    crumbs.retain(|crumb| (2..10).contains(&crumb.chars().count()));
    crumbs
}

struct Heading {
    text: String,
    line: LineId,
    score: i32,
}

/// Headings before the body or at its top, in page order.
fn headings(outline: &Outline<'_>, tags: &Tags, labels: &[Labelled], body: Range<LineId>) -> Vec<Heading> {
    let (body_line, body_end) = (body.start, body.end);
    let mut found: Vec<Heading> = Vec::new();
    for (id, element) in outline.elements.iter().enumerate() {
        let named = is_title_name(element.class) || is_title_name(element.id);
        if !(element.tag == Tag::Heading || named) || element.first_line >= element.end_line {
            continue;
        }
        let lines = element.end_line - element.first_line;
        let inside = element.first_line < body_end && element.end_line > body_line + 8;
        if lines > 4 || inside || element.first_line > body_end.saturating_add(2) {
            continue;
        }
        let text = joined(outline, id as ElementId);
        let text = strip_date(&text).to_owned();
        let count = text.chars().count();
        if !(2..=MOST_CHARACTERS).contains(&count)
            || found.last().is_some_and(|last| last.text == text)
            || begins_with_date(&text)
            || crate::body::is_header_line(&text)
        {
            continue;
        }
        // Titles are no links; a label with its value belongs to a table.
        if outline.link_characters(element.first_line..element.end_line) as usize * 2 > count
            || labels.iter().any(|labelled| labelled.line == element.first_line && text.contains(['：', ':']))
        {
            continue;
        }
        let score = score(element, &text, named, tags, body_line);
        found.push(Heading { text, line: element.first_line, score });
    }
    found
}

fn score(element: &crate::outline::Element<'_>, text: &str, named: bool, tags: &Tags, body_line: LineId) -> i32 {
    let count = text.chars().count();
    let mut score = match element.node.value().name() {
        "h1" => 4,
        "h2" | "h3" => 3,
        "h4" => 1,
        _ => 0,
    };
    score += i32::from(named) * 2;
    score += i32::from(count >= 8) * 2 + i32::from(count >= 14);
    score += i32::from(
        ["关于", "通知", "办法", "公告", "意见", "规定", "解读", "细则", "方案", "措施"].iter().any(|word| text.contains(word)),
    ) * 2;
    score -= i32::from(element.noise) * 3 + i32::from(tags.is_site(text) || tags.is_column(text)) * 8;
    score -= i32::from(["相关", "附件", "分享", "导航", "登录", "搜索", "更多"].iter().any(|word| text.starts_with(word))) * 6;
    // The title stands close above the body.
    let distance = body_line.abs_diff(element.first_line);
    score
        + if distance <= 3 {
            3
        } else if distance <= 12 {
            2
        } else {
            0
        }
}

/// The lines of an element as one text.
fn joined(outline: &Outline<'_>, element: ElementId) -> String {
    let range = outline.lines_of(element);
    let mut text = String::new();
    for id in range.take(6) {
        if !text.is_empty() && !(text.chars().next_back().is_some_and(words::is_wide)) {
            text.push(' ');
        }
        text.push_str(outline.line(id));
    }
    text
}

/// Two titles agree when they say the same, or one is cut off and begins like the other.
fn agree(one: &str, other: &str) -> bool {
    if one.is_empty() || other.is_empty() {
        return false;
    }
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    short == long || (short.chars().count() >= 8 && (long.starts_with(short) || long.ends_with(short)))
}

/// Cuts the names of site and column off `<title>`: `标题_栏目_网站`, `网站 栏目 标题`, `网站-标题`, `标题 | 网站`.
pub(crate) fn without_site(title: &str, site: &str, column: &str, crumbs: &[String]) -> String {
    let title = unescape(title);
    let site = words::bare(site);
    let column = words::bare(column);
    let is_name = |part: &str| {
        let bare = words::bare(part);
        let named = !site.is_empty() && bare.chars().count() >= 3 && (site.contains(&bare) || bare.contains(&site))
            || !column.is_empty() && bare == column;
        let part = part.trim();
        bare.is_empty()
            || named
            || crumbs.contains(&bare)
            || COLUMNS.contains(&bare.as_str())
            || looks_like_site(&bare)
            || part.find(['（', '(']).is_some_and(|at| looks_like_site(&words::bare(&part[..at])))
            || is_agency(part) && !part.contains("关于")
    };
    let mut text = title.trim();
    loop {
        let behind = SEPARATOR.as_ref().and_then(|separator| separator.find_iter(text).last());
        if let Some(found) = behind
            && is_name(&text[found.end()..])
            && !words::bare(&text[..found.start()]).is_empty()
        {
            text = text[..found.start()].trim();
            continue;
        }
        let before = SEPARATOR.as_ref().and_then(|separator| separator.find(text));
        if let Some(found) = before
            && is_name(&text[..found.start()])
            && !words::bare(&text[found.end()..]).is_empty()
        {
            text = text[found.end()..].trim();
            continue;
        }
        break;
    }
    // `网站 栏目 标题` with blanks alone.
    for name in [&site, &column] {
        if let Some((first, rest)) = text.split_once(' ')
            && !name.is_empty()
            && words::bare(first) == **name
        {
            text = rest.trim();
        }
    }
    strip_date(text).to_owned()
}

/// What stands between a title and a site's name. A lone `-` must have a blank or be followed by a name to count; see [`without_site`].
static SEPARATOR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\s*(?:_{1,2}|[|｜丨]|-{1,3}|—{1,2}|–|>>|»)\s*").ok());

/// Names of columns that many sites have: none is the title of a document.
const COLUMNS: &[&str] = &[
    "通知公告",
    "公告公示",
    "公示公告",
    "公告通知",
    "通知通告",
    "最新公告",
    "公告栏",
    "政策文件",
    "政策法规",
    "法规文件",
    "规范性文件",
    "行政规范性文件",
    "其他文件",
    "政府文件",
    "部门文件",
    "最新文件",
    "最新政策",
    "政策解读",
    "解读",
    "文字解读",
    "图解",
    "图片解读",
    "政策问答",
    "政务公开",
    "信息公开",
    "政府信息公开",
    "主动公开文件",
    "法定主动公开内容",
    "要闻动态",
    "工作动态",
    "新闻动态",
    "图片新闻",
    "时政要闻",
    "今日要闻",
    "部门动态",
    "市县动态",
    "基层动态",
    "政务动态",
    "政务要闻",
    "公示",
    "公告",
    "通知",
    "新闻",
    "要闻",
    "动态",
    "统计公报",
    "统计数据",
    "财政资金",
    "规划计划",
    "人事信息",
    "办事指南",
    "征求意见",
    "意见征集",
    "民意征集",
    "详情",
    "详情页",
    "文章详情",
    "内容详情",
    "正文",
    "内容页",
    "信息详情",
    "首页",
];

fn looks_like_site(bare: &str) -> bool {
    const ENDS: &[&str] = &[
        "网站",
        "门户网",
        "门户网站",
        "政府网",
        "人民政府",
        "公众网",
        "政务网",
        "管理中心",
        "首都之窗",
        "信息网",
        "信息公开",
        "平台",
        "门户",
        "官网",
        "新闻网",
        "服务网",
        "资讯网",
        "公开专栏",
        "公开目录",
    ];
    bare.chars().count() <= 30 && ENDS.iter().any(|end| bare.ends_with(end)) && !bare.contains("关于")
}

/// A date in brackets behind a title is the publication date, not part of it.
static DATE_BEHIND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\s*[(（\[【]?\s*20\d{2}\s*[年./-]\s*\d{1,2}\s*[月./-]\s*\d{1,2}\s*日?(?:\s*\d{1,2}:\d{2}(?::\d{2})?)?\s*[)）\]】]?\s*$",
    )
    .ok()
});

pub(crate) fn strip_date(text: &str) -> &str {
    let text = text.trim();
    match DATE_BEHIND.as_ref().and_then(|date| date.find(text)) {
        Some(found) if found.start() > 0 && found.as_str().trim_start().starts_with(['(', '（', '[', '【']) => {
            text[..found.start()].trim_end()
        }
        _ => text,
    }
}

/// Whether a short text begins with a whole date, as the header of a page does: `2023-10-23 更多`.
fn begins_with_date(text: &str) -> bool {
    text.starts_with(|character: char| character.is_ascii_digit())
        && text.chars().count() <= 30
        && model::date::find_moment(text).is_some_and(|(_, start, end)| start == 0 && end >= 8 && !text.contains('年'))
}

/// Tags are sometimes escaped twice.
fn unescape(text: &str) -> String {
    let text = &text.replace("<br/>", "").replace("<br>", "").replace("<br />", "");
    if !text.contains('&') {
        return text.clone();
    }
    let pairs = [
        ("&nbsp;", " "),
        ("&quot;", "\""),
        ("&ldquo;", "“"),
        ("&rdquo;", "”"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#39;", "'"),
        ("&middot;", "·"),
        ("&mdash;", "—"),
        ("&amp;", "&"),
    ];
    let text = pairs.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain));
    words::squeeze(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(title: &str, site: &str, column: &str, expected: &str) {
        assert_eq!(without_site(title, site, column, &[]), expected, "{title}");
    }

    #[test]
    fn the_names_of_site_and_column_are_cut_from_either_end() {
        check("关于印发办法的通知_政策文件_某市人民政府门户网站", "某市人民政府门户网站", "政策文件", "关于印发办法的通知");
        check("某市人民政府 政策文件 关于印发办法的通知", "某市人民政府", "政策文件", "关于印发办法的通知");
        check("某市住房公积金管理中心网站-关于调整规定的通知", "某市住房公积金管理中心网站", "", "关于调整规定的通知");
        check("某县统计公报 | 某县人民政府", "某县人民政府", "", "某县统计公报");
        check("我区召开座谈会 - 开发区要闻", "某开发区", "开发区要闻", "我区召开座谈会");
        check("关于出让土地的公告_示例资源交易平台（某省·某市）", "", "", "关于出让土地的公告");
        check("关于制定规划的建议 - 某市发展和改革委员会", "", "", "关于制定规划的建议");
        check("关于印发细则的通知_政策文件", "", "", "关于印发细则的通知");
    }

    #[test]
    fn hyphens_inside_a_title_stay() {
        check("2026-2028年行动方案_某市人民政府", "某市人民政府", "", "2026-2028年行动方案");
        check("数字经济—智能制造专项的通知", "某市人民政府", "", "数字经济—智能制造专项的通知");
    }

    #[test]
    fn a_date_in_brackets_behind_a_title_is_cut() {
        assert_eq!(strip_date("关于加强管理的通知 ( 2021年07月23日 )"), "关于加强管理的通知");
        assert_eq!(strip_date("关于2021年工作的通知"), "关于2021年工作的通知");
        assert_eq!(strip_date("信访情况2021-07-23"), "信访情况2021-07-23");
    }
}
