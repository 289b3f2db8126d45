//! Files that belong to a document: links to files in its body, its header or below it, not those of the page's frame.

use model::Attachment;
use url::Url;

use crate::outline::{ElementId, Link, Outline};
use crate::words;

/// Endings of files that are documents or hold some.
const FILE_ENDS: &[&str] = &[
    "pdf", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "csv", "wps", "et", "dps", "ofd", "rar", "zip", "7z", "ppt", "pptx",
    "rtf", "txt", "ceb", "tif", "caj",
];

/// Whether a URL leads to a file rather than a page.
pub(crate) fn is_file(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or(href);
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.rsplit_once('.').is_some_and(|(_, end)| is_file_end(end)) {
        return true;
    }
    // Download programs name the file in their query.
    let query = href.split_once('?').map_or("", |(_, query)| query);
    query.split(['&', '=']).any(|part| part.len() < 400 && part.rsplit_once('.').is_some_and(|(_, end)| is_file_end(end)))
}

fn is_file_end(end: &str) -> bool {
    FILE_ENDS.iter().any(|known| end.eq_ignore_ascii_case(known))
}

/// Whether a name ends like that of a file.
fn is_file_name(name: &str) -> bool {
    let name = name.trim_end_matches([')', '）', ']', '】', '》', ' ']);
    name.rsplit_once('.').is_some_and(|(_, end)| is_file_end(end))
}

/// The attachments of a page, each file once, in page order. Links inside `named` elements belong to the document even
/// where these look like the page's frame.
pub(crate) fn find(outline: &Outline<'_>, base: &Url, body: ElementId, named: &[ElementId]) -> Vec<Attachment> {
    let mut found: Vec<Attachment> = Vec::new();
    for link in &outline.links {
        let name = name_of(link);
        let leads_to_file = is_file(link.href) || (is_file_name(&name) && is_download(link.href));
        if !leads_to_file || link.href.starts_with("javascript") {
            continue;
        }
        let belongs = outline.contains(body, link.element) || named.iter().any(|place| outline.contains(*place, link.element));
        if !belongs && in_frame(outline, link.element) {
            continue;
        }
        let Ok(url) = base.join(link.href) else { continue };
        if !matches!(url.scheme(), "http" | "https") {
            continue;
        }
        let url = url.to_string();
        match found.iter_mut().find(|attachment| attachment.url == url) {
            // The same file again, perhaps with its real name.
            Some(first) if is_button(&first.name) && !is_button(&name) => first.name = name,
            Some(_) => {}
            None => found.push(Attachment { name, url, file: None }),
        }
        if found.len() >= 500 {
            break;
        }
    }
    for attachment in &mut found {
        if attachment.name.is_empty() {
            attachment.name = file_name(&attachment.url);
        }
    }
    found
}

fn is_download(href: &str) -> bool {
    let href = href.to_ascii_lowercase();
    ["download", "attach", "file", "upload", "down"].iter().any(|word| href.contains(word))
}

fn is_button(name: &str) -> bool {
    let bare = words::bare(name);
    bare.is_empty()
        || matches!(
            bare.as_str(),
            "下载" | "点击下载" | "附件" | "附件下载" | "点击查看" | "查看" | "点此下载" | "预览" | "在线预览"
        )
}

/// The link's text, or its title where the text is cut or only says 下载.
fn name_of(link: &Link<'_>) -> String {
    let text = words::squeeze(&link.text);
    let title = words::squeeze(link.title);
    let cut = text.ends_with('…') || text.ends_with("...");
    let name = if !title.is_empty() && (cut || is_button(&text) || (is_file_name(&title) && !is_file_name(&text))) {
        title
    } else {
        text
    };
    name.trim_matches(['·', '•', '>', ' ']).to_owned()
}

fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.rsplit('/').next().unwrap_or(path).to_owned()
}

/// Whether an element belongs to the page's frame: menus, footers, columns of related pages.
fn in_frame(outline: &Outline<'_>, element: ElementId) -> bool {
    if outline.element(element).noise {
        return true;
    }
    const FRAME: &[&str] = &[
        "related",
        "relevant",
        "recommend",
        "hot",
        "rank",
        "xgzc",
        "xgjd",
        "xgwj",
        "rightbox",
        "aside",
        "friend",
        "banner",
        "header-",
    ];
    outline.ancestors(element).take(8).any(|id| {
        let found = outline.element(id);
        FRAME.iter().any(|name| found.class.contains(name) || found.id.contains(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use crate::rules::Index;

    #[test]
    fn files_are_told_from_pages() {
        for href in ["./P0202.pdf", "/a/b.DOCX?x=1", "/download?fileUrl=/cms/1.xlsx&n=2", "http://x.cn/f.ofd#p"] {
            assert!(is_file(href), "{href}");
        }
        for href in ["./t2024_1.html", "/art/2022/6/15/a.shtml", "#", "/pdf/"] {
            assert!(!is_file(href), "{href}");
        }
    }

    #[test]
    fn attachments_are_listed_once_with_their_best_name() {
        let html = "<div class=top><a href=a.pdf>下载</a></div><div id=body><p>附件：<a href=a.pdf title=细则>细则.pdf</a></p></div>\
                    <div class=related id=named><a href=b.pdf>申报表.pdf</a></div>\
                    <div class=footer><a href=report.pdf>年度报表</a></div>";
        let parsed = parse::parse(html);
        let outline = Outline::new(&parsed.html, &Index::default(), None);
        let place = |id: &str| outline.elements.iter().position(|element| element.id == id).unwrap() as ElementId;
        let base = Url::parse("https://www.example.gov.cn/x/").unwrap();
        let of = |named: &[ElementId]| -> Vec<(String, String)> {
            let found = find(&outline, &base, place("body"), named).into_iter();
            found.map(|attachment| (attachment.name, attachment.url)).collect()
        };
        let own = ("细则.pdf".to_owned(), "https://www.example.gov.cn/x/a.pdf".to_owned());
        let named = ("申报表.pdf".to_owned(), "https://www.example.gov.cn/x/b.pdf".to_owned());
        assert_eq!(of(&[]), std::slice::from_ref(&own));
        assert_eq!(of(&[place("named")]), [own, named], "a rule names what belongs to the document");
    }
}
