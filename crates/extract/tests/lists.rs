//! Lists that come as JSON, feeds and records, lists that are hostile, and what holds for every list.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::time::{Duration, Instant};

use extract::{Extractor, Input};
use model::source::JsonRule;
use model::{Page, PageKind, Source};
use proptest::prelude::*;
use url::Url;

const HERE: &str = "https://www.example.gov.cn/zwgk/tzgg/index.html";

fn page(text: &str) -> Page {
    page_at(text, HERE, None)
}

fn page_at(text: &str, url: &str, source: Option<&Source>) -> Page {
    let url = Url::parse(url).unwrap();
    Extractor::new(&[]).unwrap().page(&Input { text, url: &url, content_type: None, status: 200, source })
}

fn found(page: &Page) -> Vec<String> {
    let date = |date: Option<jiff::civil::Date>| date.map_or_else(|| "-".to_owned(), |date| date.to_string());
    page.items.iter().map(|item| format!("{} {} {}", date(item.date), item.title, item.url)).collect()
}

fn json_source(items: &str, title: &str, url: &str, date: &str) -> Source {
    let json = JsonRule { items: items.to_owned(), title: title.to_owned(), url: url.to_owned(), date: date.to_owned() };
    Source { json: Some(json), ..Source::default() }
}

#[test]
fn json_is_read_by_the_paths_of_its_source() {
    let text = r#"{"data":{"groups":{"a":{"rows":[{"bt":"关于<em>申报</em>的通知","id":7,"meta":{"day":"2026-07-05"}}]},"b":{"rows":[{"bt":"关于公示的通知","id":"8x","meta":{"day":1783209600000}}]}}}}"#;
    let source = json_source("data.groups.*.rows", "bt", "/detail.html?id={id}", "meta.day");
    let page = page_at(text, "https://www.example.gov.cn/api/list", Some(&source));
    assert_eq!(page.kind, PageKind::List);
    assert_eq!(
        found(&page),
        [
            "2026-07-05 关于申报的通知 https://www.example.gov.cn/detail.html?id=7",
            "2026-07-05 关于公示的通知 https://www.example.gov.cn/detail.html?id=8x"
        ]
    );
}

#[test]
fn a_path_that_leads_nowhere_is_said() {
    let source = json_source("data.rows", "", "", "");
    let page = page_at(r#"{"data":{"list":[]}}"#, "https://www.example.gov.cn/api/list", Some(&source));
    assert_eq!((page.kind, page.issues[0].code.as_str()), (PageKind::Other, "no_items"));
}

#[test]
fn counters_lead_on_only_where_the_answer_says_how_far() {
    let list = |total: u32| {
        format!(
            r#"{{"total":{total},"rows":[{{"title":"关于申报的通知","url":"/a.html"}},{{"title":"关于公示的通知","url":"/b.html"}}]}}"#
        )
    };
    for (query, total, expected) in [
        ("pageNo=1&pageSize=2", 5, Some("pageNo=2&pageSize=2")),
        ("pageNo=3&pageSize=2", 5, None),
        ("page=2&size=2&k=%E7%94%B2", 9, Some("page=3&size=2&k=%E7%94%B2")),
        ("pageSize=2", 5, None),
    ] {
        let page = page_at(&list(total), &format!("https://www.example.gov.cn/api/list?{query}"), None);
        let expected = expected.map(|query| format!("https://www.example.gov.cn/api/list?{query}"));
        assert_eq!(page.next, expected, "{query}");
    }
}

#[test]
fn a_document_that_is_json_is_a_document() {
    let body = "<p>各有关单位：</p><p>为支持企业更新设备，现就申报工作通知如下，请按时报送材料，逾期不予受理。</p><p>申报单位应当对材料的真实性负责，有关部门将组织抽查。</p>";
    let text = serde_json::json!({"code": 0, "data": {"docTitle": "关于“申报”工作的通知", "publishDate": "2026-09-10 17:00:00", "docClob": body,
        "attachmentInfoVOList": [{"name": "附件一", "url": "/a.pdf"}]}});
    let page = page_at(&text.to_string(), "https://www.example.gov.cn/data_docId=1.json", None);
    assert_eq!(page.kind, PageKind::Detail);
    assert_eq!(page.document.title, "关于“申报”工作的通知");
    assert_eq!(page.document.published.unwrap().to_string(), "2026-09-10T17:00:00+08:00");
    assert!(page.document.text.starts_with("各有关单位：\n为支持企业"), "{}", page.document.text);
    let list = serde_json::json!({"rows": [{"title": "关于申报的通知", "url": "/a.html", "content": body}, {"title": "关于公示的通知", "url": "/b.html", "content": body}]});
    assert_eq!(page_at(&list.to_string(), "https://www.example.gov.cn/list.json", None).kind, PageKind::List);
}

#[test]
fn markup_in_an_answer_is_its_list() {
    let html = "<ul><li><a href='/a.html'>关于申报的通知</a><span>2026-07-05</span></li></ul>";
    let text = serde_json::json!({"success": true, "data": {"html": html}}).to_string();
    assert_eq!(found(&page(&text)), ["2026-07-05 关于申报的通知 https://www.example.gov.cn/a.html"]);
}

#[test]
fn deep_and_large_json_ends_in_an_error_or_a_list() {
    for deep in ["[", "{\"a\":", "{\"a\":["] {
        assert_eq!(page(&deep.repeat(200_000)).kind, PageKind::Error, "{deep}");
    }
    let row = r#"{"title":"关于申报的通知","url":"/%.html","pubDate":"2026-07-05"},"#;
    let rows: String = (0..25_000).map(|at| row.replace('%', &at.to_string())).collect();
    let page = page(&format!("{{\"rows\":[{}]}}", rows.trim_end_matches(',')));
    assert_eq!((page.kind, page.items.len()), (PageKind::List, 20_000));
}

#[test]
fn long_lists_of_every_layout_are_read_whole() {
    let layouts: [fn(usize) -> String; 4] = [
        |at| format!("<li><a href=\"/a/{at}.html\">关于第{at}批申报的通知</a><span>2026-07-05</span></li>"),
        |at| format!("<dt><a href=\"/a/{at}.html\">关于第{at}批申报的通知</a></dt><dd>2026-07-05</dd>"),
        |at| format!("<tr><td><a href=\"/a/{at}.html\">关于第{at}批申报的通知</a></td><td>2026-07-05</td></tr>"),
        |at| {
            format!(
                "<p><b><a href=\"/a/{at}.html\">关于第{at}批申报的通知</a></b> <a href=\"/c/{}/\">示例市某某局</a> 2026-07-05</p>",
                at % 9
            )
        },
    ];
    for (number, row) in layouts.iter().enumerate() {
        let rows: String = (0..4_000).map(row).collect();
        let start = Instant::now();
        let page = page(&format!(
            "<html><body><table><tbody>{rows}</tbody></table><div class=page><a href=2.html>下一页</a></div></body></html>"
        ));
        assert_eq!(page.items.len(), 4_000, "layout {number}");
        assert!(page.items.iter().all(|item| item.date.is_some()), "layout {number}");
        assert!(start.elapsed() < Duration::from_secs(60), "layout {number}: {:?}", start.elapsed());
    }
}

#[test]
fn hostile_pagers_and_handlers_end() {
    let numbers: String = (1..30_000).map(|at| format!("<a href=\"?p={at}\">{}</a>", at % 100)).collect();
    let handlers: String = (0..20_000).map(|at| format!("<a href=\"javascript:f({at})\">关于第{at}批申报的通知</a>")).collect();
    let functions: String = (0..5_000).map(|at| format!("function f{at}(a,b){{ {{{{{{ location.href = a + b + '")).collect();
    let calls = "createPageHTML(".repeat(20_000);
    let start = Instant::now();
    for text in [
        format!("<div class=page>{numbers}</div>"),
        format!("<script>function f(a){{location.href='/x?id='+a}}</script>{handlers}"),
        format!("<script>{functions}</script>{handlers}"),
        format!("<script>{calls}</script>"),
        format!("<script type=text/xml>{}</script>", "<record><![CDATA[<a href=".repeat(20_000)),
        format!("<?xml version='1.0'?><datastore><recordset>{}", "<record>".repeat(50_000)),
        format!("dataStore = [{}", "'\\'".repeat(50_000)),
        format!("<rss>{}", "<item><title>".repeat(50_000)),
        format!("<urlset>{}", "<url><loc>".repeat(50_000)),
    ] {
        page(&text);
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn what_is_no_list_has_no_entries() {
    let article = "为支持企业更新设备，现就申报工作通知如下，请按时报送材料，逾期不予受理。".repeat(12);
    let related: String = (0..6)
        .map(|at| format!("<li><a href=\"/r/{at}00001.html\">关于第{at}批申报工作的通知</a><span>2026-07-05</span></li>"))
        .collect();
    let text = format!(
        "<html><head><title>关于开展申报工作的通知</title></head><body><h1>关于开展申报工作的通知</h1><p>发布时间：2026-04-15 来源：示例市某局</p><div class=content><p>{article}</p></div><div class=related><h3>相关信息</h3><ul>{related}</ul></div></body></html>"
    );
    let found = page_at(&text, "https://www.example.gov.cn/zwgk/202604/t20260415_5824364.html", None);
    assert_eq!((found.kind, found.items.len()), (PageKind::Detail, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_generated_list_gives_its_rows_in_order(
        titles in proptest::collection::vec("[关于印发示例市企业支持若干措施的通知公告公示第一二三四五六七八九十批]{8,40}", 4..40),
        days in proptest::collection::vec(1_u32..29, 40),
        wrap in 0_usize..5,
        date_first in any::<bool>(),
        noise in 0_usize..30,
    ) {
        let rows: String = titles.iter().zip(&days).enumerate().map(|(at, (title, day))| {
            let link = format!("<a href=\"./202607/t202607{day:02}_{}.html\">{title}</a>", 100_000 + at);
            let date = format!("<span>2026-07-{day:02}</span>");
            let inner = if date_first { format!("{date}{link}") } else { format!("{link}{date}") };
            match wrap {
                0 => format!("<li>{inner}</li>"),
                1 => format!("<div class=item{at}>{inner}</div>"),
                2 => format!("<p>{inner}</p>"),
                3 => format!("<tr><td>{inner}</td></tr>"),
                _ => format!("<li><div class=x><div>{inner}</div></div></li>"),
            }
        }).collect();
        let rows = if wrap == 3 { format!("<table>{rows}</table>") } else { format!("<div class=lb>{rows}</div>") };
        let menu: String = (0..noise).map(|at| format!("<li><a href=\"/c{at}/\">栏目名称第{at}号</a></li>")).collect();
        let page = page(&format!("<html><body><ul class=cd>{menu}</ul>{rows}<div class=page><a href=index_1.html>下一页</a></div></body></html>"));
        let expected: Vec<String> = titles.iter().zip(&days).enumerate()
            .map(|(at, (title, day))| format!("2026-07-{day:02} {title} https://www.example.gov.cn/zwgk/tzgg/202607/t202607{day:02}_{}.html", 100_000 + at))
            .collect();
        prop_assert_eq!(found(&page), expected);
        prop_assert_eq!(page.next.as_deref(), Some("https://www.example.gov.cn/zwgk/tzgg/index_1.html"));
    }

    #[test]
    fn whatever_comes_in_entries_are_addresses_and_no_page_leads_to_itself(parts in proptest::collection::vec(prop_oneof![
        Just("<ul><li><a href=1.html>关于某某事项的通知</a> 2024-01-02"), Just("<a href='javascript:f(1)' onclick=\"location.href='b'+c\">关于某某事项的公告</a>"), Just("</ul>"), Just("<dl><dt>"), Just("</dt><dd>07-05</dd>"),
        Just("<div class=page><a href=2.html>2</a><span>1</span></div>"), Just("<script>createPageHTML(3,0,'i','h')</script>"), Just("<script>var currentPage=0,countPage=9;\"i\"+\"_\"+n+\".\"+\"html\"</script>"), Just("<record><![CDATA[<li><a href=x.html>甲乙丙丁戊己</a></li>]]></record>"),
        Just("{\"rows\":[{\"title\":\"关于\",\"url\":\"a\"}]}"), Just("<rss><item><title>甲</title><link>b</link></item>"), Just("<a href=index.html>下一页</a>"), Just("<a href=#>下一页</a>"), Just("<h3><a href=\"//x.example.cn/1\" title='标题：甲\n日期：2024-1-1'>乙丙丁戊己庚</a></h3>"), Just("\u{0}"),
    ], 0..40)) {
        let page = page(&parts.concat());
        for item in &page.items {
            let url = Url::parse(&item.url);
            prop_assert!(url.is_ok_and(|url| matches!(url.scheme(), "http" | "https")), "{}", item.url);
            prop_assert!(!item.title.trim().is_empty());
        }
        prop_assert!(page.next.as_deref() != Some(HERE));
        let mut urls: Vec<&str> = page.items.iter().map(|item| item.url.as_str()).collect();
        urls.sort_unstable();
        urls.dedup();
        prop_assert_eq!(urls.len(), page.items.len());
    }
}
