//! `huice probe`: what it prints for stored pages can be pasted as it is, and says plainly when there is no list.

use serde_json::Value;

use crate::harness::{run, shared, write};

fn manifest() -> Option<(String, Vec<Value>)> {
    let path = shared("corpus/pages.jsonl")?;
    let text = std::fs::read_to_string(&path).unwrap();
    Some((path.display().to_string(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()))
}

fn probe(manifest: &str, url: &str) -> Value {
    run(["probe", "--json", "--replay", manifest, url]).report()
}

#[test]
fn entries_for_stored_lists_pass_the_check_as_they_are_and_name_the_right_place() {
    let Some((manifest, lines)) = manifest() else { return };
    let wanted = lines.iter().filter(|line| line["kind"] == "list" || line["kind"] == "list_js_shell");
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in wanted {
        let url = line["url"].as_str().unwrap();
        let report = probe(&manifest, url);
        assert_eq!(report["owner"]["region"], "110000", "{url}: {report}");
        assert!(report["owner"]["issuer"].as_str().unwrap().contains("北京市人民政府"), "{url}: {report}");
        assert!(!report["check"].as_array().unwrap().is_empty(), "{url}");
        let entry = report["entry"].as_str().unwrap_or_else(|| panic!("{url}: {report}")).to_owned();
        let id = entry.lines().find_map(|line| line.strip_prefix("id = ")).unwrap().to_owned();
        assert!(line["kind"] == "list" || entry.contains("render = true"), "{entry}");
        entries.push((id, entry));
    }
    entries.sort();
    entries.dedup_by(|a, b| a.0 == b.0);
    assert!(entries.len() >= 10, "{} entries", entries.len());
    let home = tempfile::tempdir().unwrap();
    write(home.path(), "sources.toml", entries.into_iter().map(|(_, entry)| entry + "\n").collect::<String>());
    run(["check", "--home", home.path().to_str().unwrap()]).expect_code(0);
}

#[test]
fn a_page_that_is_no_list_is_said_to_be_none() {
    let Some((manifest, lines)) = manifest() else { return };
    let detail = lines.iter().find(|line| line["kind"] == "detail").unwrap();
    let report = probe(&manifest, detail["url"].as_str().unwrap());
    assert!(report["problem"].as_str().unwrap().contains("one document"), "{report}");
    assert!(report.get("entry").is_none(), "{report}");
    let shell = lines.iter().find(|line| line["kind"] == "shell_or_redirect" && line["family"] == "gd_nfcms_post").unwrap();
    let report = probe(&manifest, shell["url"].as_str().unwrap());
    assert!(report["problem"].as_str().unwrap().contains("leads on"), "{report}");
    let report = probe(&manifest, "https://www.example.gov.cn/none/");
    assert!(report["problem"].as_str().unwrap().contains("--replay"), "{report}");
}

#[test]
fn a_list_that_scripts_fill_is_asked_for_as_the_scripts_do() {
    let folder = tempfile::tempdir().unwrap();
    let frame = "<html><head><title>政策文件_示例市人民政府门户网站</title><meta name=\"SiteName\" content=\"示例市人民政府门户网站\">\
        <script>var _CONFIG = { \"SID\": \"200001\" };</script><script src=\"/gkmlpt/app.js\"></script></head><body><div id=\"app\"></div></body></html>";
    let articles: Vec<Value> = (1..=5)
        .map(|at| {
            serde_json::json!({"title": format!("示例市关于第{at}批申报工作的通知"), "url": format!("https://www.example.gov.cn/gkmlpt/content/1/post_{at}.html"), "display_publish_time": "2026-10-08"})
        })
        .collect();
    write(folder.path(), "index.html", frame);
    write(folder.path(), "list.json", serde_json::json!({"total": 5, "articles": articles}).to_string());
    let manifest = [
        r#"{"url":"https://www.example.gov.cn/gkmlpt/index","file":"index.html","content_type":"text/html; charset=utf-8"}"#,
        r#"{"url":"https://www.example.gov.cn/gkmlpt/api/all/1234?page=1&sid=200001","file":"list.json","content_type":"application/json"}"#,
    ];
    let manifest = write(folder.path(), "pages.jsonl", manifest.join("\n"));
    let report = probe(manifest.to_str().unwrap(), "https://www.example.gov.cn/gkmlpt/index#1234");
    let entry = report["entry"].as_str().unwrap_or_else(|| panic!("{report}"));
    assert!(entry.contains("/gkmlpt/api/all/1234?page=1&sid=200001") && !entry.contains("render"), "{entry}");
    assert_eq!(report["items"].as_array().unwrap().len(), 5, "{report}");
    write(folder.path(), "home/sources.toml", entry);
    run(["check", "--home", folder.path().join("home").to_str().unwrap()]).expect_code(0);
}
