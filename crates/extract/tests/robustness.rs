//! Hostile and broken input: whatever comes in, a page comes out.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use extract::{Extractor, Input, file_kind, mislabelled};
use model::source::{DetailRule, ListRule};
use model::{FileKind, Page, PageKind, Source};
use proptest::prelude::*;
use url::Url;

fn page(text: &str) -> Page {
    page_of(text, None)
}

fn page_of(text: &str, source: Option<&Source>) -> Page {
    let url = Url::parse("https://www.example.gov.cn/zwgk/202604/t20260415_5824364.html").unwrap();
    Extractor::new(&[]).unwrap().page(&Input { text, url: &url, content_type: Some("text/html"), status: 200, source })
}

const BODY: &str = "<p>各有关单位：</p><p>为支持企业更新设备，现就申报工作通知如下，请按时报送材料，逾期不予受理。</p>";

fn article(body: &str) -> String {
    format!(
        "<html><head><title>关于开展申报工作的通知</title></head><body><h1>关于开展申报工作的通知</h1><p>发布时间：2026-04-15 来源：某局</p><div>{body}</div></body></html>"
    )
}

#[test]
fn nothing_gives_an_empty_page() {
    for text in ["", " ", "\0", "<", "<html>", "\u{feff}"] {
        let page = page(text);
        assert_ne!(page.kind, PageKind::Detail, "{text:?}");
        assert!(page.document.text.is_empty(), "{text:?}");
    }
}

#[test]
fn a_page_of_no_known_family_is_read_by_the_fallback() {
    let page = page(&article(BODY));
    assert_eq!(page.kind, PageKind::Detail);
    assert_eq!(page.document.title, "关于开展申报工作的通知");
    assert_eq!(page.document.published.unwrap().to_string(), "2026-04-15");
    assert!(page.document.text.starts_with("各有关单位：\n为支持企业"), "{}", page.document.text);
}

#[test]
fn deep_nesting_is_capped_and_the_text_survives() {
    for tag in ["div", "b", "table", "font", "a", "section", "li"] {
        let body = format!("{}{BODY}{}", format!("<{tag}>").repeat(100_000), format!("</{tag}>").repeat(100_000));
        let page = page(&article(&body));
        assert!(page.document.text.contains("为支持企业更新设备") || page.kind != PageKind::Detail, "{tag}");
    }
}

#[test]
fn a_giant_attribute_is_no_trouble() {
    let body = format!("<img src=\"data:image/png;base64,{}\">{BODY}", "A".repeat(5_000_000));
    assert_eq!(page(&article(&body)).kind, PageKind::Detail);
}

#[test]
fn a_table_of_twenty_thousand_rows_is_kept() {
    let rows: String = (0..20_000).map(|row| format!("<tr><td>{row}</td><td>某企业</td><td>合格</td></tr>")).collect();
    let page = page(&article(&format!("{BODY}<table>{rows}</table>")));
    assert_eq!(page.document.tables.len(), 1);
    assert_eq!(page.document.tables[0].rows.len(), 20_000);
}

#[test]
fn unclosed_tags_and_stray_bytes_do_not_lose_the_text() {
    let body = format!("<div><p>\0<b><i>{BODY}<td></span></div></div></p><!-- never closed");
    assert!(page(&article(&body)).document.text.contains("为支持企业更新设备"));
}

fn source(detail: Option<DetailRule>, list: Option<ListRule>) -> Source {
    Source {
        detail,
        list,
        ..serde_json::from_value(serde_json::json!({
            "id": "example", "name": "例", "issuer": "某局", "region": "000000", "level": "nation", "column": "通知",
            "url": "https://www.example.gov.cn/", "schedule": "0 6 * * *"
        }))
        .unwrap()
    }
}

#[test]
fn rules_of_the_source_win() {
    let rule = DetailRule { body: vec!["#second".to_owned()], title: vec![".name".to_owned()], ..DetailRule::default() };
    let body = format!(
        "<div id=first>{BODY}{BODY}</div><div class=name>另一个标题的通知</div><div id=second><p>只要这一段，其他都不要，这是规则说的。</p></div>"
    );
    let page = page_of(&article(&body), Some(&source(Some(rule), None)));
    assert_eq!(page.document.text, "只要这一段，其他都不要，这是规则说的。");
    assert_eq!(page.document.title, "另一个标题的通知");
}

#[test]
fn a_list_rule_names_entries_links_and_dates() {
    let rule = ListRule { item: "div.row".to_owned(), link: "a.t".to_owned(), date: "i".to_owned() };
    let html = "<div class=row><a href=/c/1.html>栏目名称一二</a><a class=t href=/1.html>甲通知</a><i>2026-01-02</i></div><div class=row><a class=t href=/2.html>乙通知</a><i>2026-01-01</i></div>";
    let page = page_of(html, Some(&source(None, Some(rule))));
    assert_eq!(page.kind, PageKind::List);
    let items: Vec<String> = page.items.iter().map(|item| format!("{} {} {:?}", item.title, item.url, item.date)).collect();
    assert_eq!(
        items,
        [
            "甲通知 https://www.example.gov.cn/1.html Some(2026-01-02)",
            "乙通知 https://www.example.gov.cn/2.html Some(2026-01-01)"
        ]
    );
}

#[test]
fn a_wrong_selector_of_a_source_is_an_issue() {
    let rule = DetailRule { body: vec!["..".to_owned()], ..DetailRule::default() };
    let page = page_of(&article(BODY), Some(&source(Some(rule), None)));
    assert!(page.issues.iter().any(|issue| issue.code == "wrong_selector"));
    assert_eq!(page.kind, PageKind::Detail);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let text = String::from_utf8_lossy(&bytes);
        page(&text);
        let found = file_kind(&bytes);
        let issue = mislabelled(&bytes, "附件.pdf");
        prop_assert_eq!(issue.is_none(), found == FileKind::Pdf);
    }

    #[test]
    fn no_markup_makes_it_panic(parts in proptest::collection::vec(prop_oneof![
        Just("<div class=content>"), Just("</div>"), Just("<table><tr><td rowspan=3 colspan=2>"), Just("</td></tr></table>"), Just("<p>"), Just("发布日期："), Just("2024年2月30日"),
        Just("索 引 号："), Just("文号：〔2024〕"), Just("<a href='x.pdf' title='…'>附件…</a>"), Just("<ul><li><a href=1.html>关于某某事项的通知</a> 2024-01-02"), Just("<script>createPageHTML(3,0,'i','h')"), Just("</script>"),
        Just("<meta name=ArticleTitle content='&amp;'>"), Just("<!--<a href=x>"), Just("<br>"), Just("第一章 "), Just("自2024年1月1日起施行，有效期至"), Just("\u{0}"), Just("　"), Just("<record><![CDATA["), Just("]]>"),
    ], 0..60)) {
        let page = page(&parts.concat());
        let joined: Vec<&str> = page.document.blocks.iter().map(|block| block.text.as_str()).collect();
        prop_assert_eq!(joined.join("\n"), page.document.text);
    }

    #[test]
    fn every_index_of_a_document_is_in_range(parts in proptest::collection::vec(prop_oneof![
        Just("<p>一、总体要求。</p>"), Just("<p>为支持企业更新设备，现就有关工作通知如下。</p>"), Just("<table><tr><td>甲</td><td rowspan=2>乙</td></tr>"), Just("<tr><td colspan=9>丙</td></tr></table>"),
        Just("<div style='display:none'>"), Just("</div>"), Just("<p>示例市财政局</p>"), Just("<p>二〇二六年一月五日</p>"), Just("<p>（此件公开发布）</p>"), Just("<p>本办法自印发之日起施行，有效期5年。</p>"),
        Just("<a href=a.doc>附件1</a>"), Just("<a href=t20260415_5824364_1.html>2</a>"), Just("<a href=t20260415_5824364_2.html>下一页</a>"), Just("<h2>"), Just("成文日期：2026年1月5日<br>"), Just("有效期至：2031-01-05<br>"),
        Just("<iframe src=x>"), Just("<input type=password>"), Just("</html><body>"), Just("<title>另一个</title>"),
    ], 0..40), second in 0..40_usize) {
        let first = page(&article(&parts.concat()));
        check_document(&first);
        let rest = page(&article(&parts[second.min(parts.len())..].concat()));
        let joined = extract::join_parts(first.clone(), &[rest, first]);
        check_document(&joined);
    }

    #[test]
    fn a_text_read_again_is_the_same(lines in proptest::collection::vec(prop_oneof![
        Just("一、总体要求。坚持问题导向，完善服务体系，优化发展环境。"), Just("（一）加大投入力度，支持企业更新设备，按投资额给予补助。"), Just("1.申报主体应当依法经营，信用良好，无重大违法记录。"), Just("第一条 为规范专项资金管理，提高使用效益，制定本办法。"), Just("本办法自2026年3月1日起施行，有效期至2031年2月28日。"), Just("各有关单位："),
    ], 3..30)) {
        let written = |lines: &[&str]| article(&lines.iter().map(|line| format!("<p>{line}</p>")).collect::<String>());
        let first = page(&written(&lines));
        let again: Vec<&str> = first.document.blocks.iter().map(|block| block.text.as_str()).collect();
        let second = page(&written(&again));
        prop_assert_eq!(&first.document, &second.document);
    }
}

fn check_document(page: &Page) {
    let document = &page.document;
    let joined: Vec<&str> = document.blocks.iter().map(|block| block.text.as_str()).collect();
    assert_eq!(joined.join("\n"), document.text);
    assert!(document.blocks.iter().all(|block| block.table.is_none_or(|table| table < document.tables.len())));
    assert!(document.blocks.iter().all(|block| block.file.is_none_or(|file| file < document.attachments.len())));
    assert!(document.blocks.iter().all(|block| block.level <= 4 && !block.text.contains('\n')));
    assert!(!page.parts.contains(&page.url));
    // A field that was found says where, and none else does.
    for (field, found) in [
        ("title", !document.title.is_empty()),
        ("inner_title", document.inner_title.is_some()),
        ("published", document.published.is_some()),
        ("issued", document.issued.is_some()),
        ("effective", document.effective.is_some()),
        ("expires", document.expires.is_some()),
        ("numbers", !document.numbers.is_empty()),
        ("issuers", !document.issuers.is_empty()),
        ("index_number", document.index_number.is_some()),
        ("source", document.source.is_some()),
        ("validity", document.validity.is_some()),
        ("theme", document.theme.is_some()),
        ("note", document.note.is_some()),
        ("signature", document.signature.is_some()),
    ] {
        let told = document.fields_from.contains_key(field) || page.kind != PageKind::Detail;
        assert!(!found || told, "{field} of {:?}", document.fields_from);
        assert!(found || !document.fields_from.contains_key(field), "{field} of {:?}", document.fields_from);
    }
}

#[test]
fn words_of_walls_and_page_frames_inside_ordinary_pages_take_nothing_away() {
    let entry = |number: u32| {
        format!("<li><a href=\"/tz/{number}.html\">关于第{number}批示例项目入库名单的公示</a><span>2024-05-0{number}</span></li>")
    };
    let entries: String = (1..=8).map(entry).collect();
    for frame in ["您还未登录，请先登录", "本网站由创宇盾提供安全防护", "请输入验证码"] {
        let page =
            page(&format!("<html><head><title>公示公告</title></head><body><p>{frame}</p><ul>{entries}</ul></body></html>"));
        assert_eq!((page.kind, page.items.len()), (PageKind::List, 8), "{frame}");
    }
    // The same words with nothing to go on to are a wall.
    for (wall, code) in [("您还未登录，请先登录", "login_wall"), ("请输入验证码", "anti_bot")] {
        let page = page(&format!("<html><head><title>提示</title></head><body><p>{wall}</p></body></html>"));
        assert_eq!((page.kind, page.issues[0].code.as_str()), (PageKind::Shell, code), "{wall}");
    }
    for line in ["资金来源：财政资金", "数据来源：示例市统计局"] {
        let text = page(&article(&format!("<p>一、项目基本情况</p><p>项目名称：设备采购</p><p>{line}</p>{BODY}"))).document.text;
        assert!(text.contains("一、项目基本情况") && text.contains(line), "{text}");
    }
    for line in ["相关信息如下：", "附件下载：请到大厅领取"] {
        let text = page(&article(&format!("{BODY}{BODY}<p>{line}</p><p>联系人：综合科</p><p>2024年5月1日</p>"))).document.text;
        assert!(text.contains("联系人：综合科") && text.ends_with("2024年5月1日"), "{text}");
    }
    // With links behind it the same word begins what is related.
    let related = "<p>相关信息：</p><p><a href=/1.html>另一份关于示例项目申报工作的通知</a></p>";
    assert!(!page(&article(&format!("{BODY}{BODY}{related}"))).document.text.contains("另一份"));
}

#[test]
fn a_number_of_another_document_is_not_taken() {
    let numbers = |body: &str| page(&article(body)).document.numbers.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(numbers(&format!("<p>示政发〔2024〕3号</p><p>各有关单位：</p>{BODY}")), ["示政发〔2024〕3号"]);
    assert!(numbers(&format!("<p>决定废止下列文件：</p><p>示政发〔2010〕5号</p>{BODY}")).is_empty());
    assert!(numbers(&format!("<p>示政发〔2010〕5号</p><p>示政发〔2011〕2号</p>{BODY}")).is_empty());
}
