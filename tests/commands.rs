//! The commands that outside tools rely on: what they take, what they print, how they end.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{huice, run, run_in, shared, write};

const POLICIES: &str = r#"{"id":"P1","url":"https://a.example.gov.cn/1.html","title":"关于组织申报2026年专精特新中小企业奖励资金的通知","date":"2026-10-08","issuer":"乌鲁木齐市工业和信息化局","doc_no":"乌工信〔2026〕15号","body":"各有关企业：\n一、申报条件\n（一）在乌鲁木齐市登记注册，具有独立法人资格。\n（二）上年度营业收入不低于1000万元。\n（三）上年度研发费用总额占营业收入总额比重不低于3%。\n二、支持标准\n对符合条件的企业给予最高50万元奖励。\n三、申报时间\n2026年10月8日至2026年12月31日。"}
{"id":"P2","url":"https://b.example.gov.cn/2.html","title":"关于组织申报2026年专精特新中小企业奖励资金的通知","date":"2026-10-09","issuer":"乌鲁木齐市工业和信息化局","doc_no":"乌工信[2026]15号","body":"各有关企业:\n一、申报条件\n(一)在乌鲁木齐市登记注册,具有独立法人资格。\n(二)上年度营业收入不低于1000万元。\n(三)上年度研发费用总额占营业收入总额比重不低于3%。\n二、支持标准\n对符合条件的企业给予最高50万元奖励。\n三、申报时间\n2026年10月8日至2026年12月31日。"}
{"id":"P3","url":"https://a.example.gov.cn/3.html","title":"全市工业经济运行情况","date":"2026-10-10","issuer":"乌鲁木齐市统计局","body":"前三季度，全市规模以上工业增加值同比增长6.1%，其中制造业增长7.2%。"}
"#;

const NOW: &str = "--now 2026-11-20T08:00:00+08:00";

/// Two profiles: one that meets the thresholds above, one that misses by little and lacks a fact.
pub(crate) fn sample_enterprises(folder: &Path) -> PathBuf {
    let profile = |id: &str, revenue: &str, ratio: &str| {
        format!(
            r#"{{"id":"{id}","name":"示例企业{id}","region":"650100","industry":"C3562","founded":"2015-03-01","facts":{{"reg.independent_legal_person":[{{"value":true}}],"fin.revenue":[{{"value":{revenue},"year":2025}}]{ratio}}}}}"#
        )
    };
    let meets = profile("E1", "20000000", r#","rd.expense_ratio":[{"value":0.05,"year":2025}]"#);
    let misses = profile("E2", "9000000", "");
    write(folder, "enterprises.jsonl", format!("{meets}\n{misses}\n"))
}

/// A policy whose window is always open.
pub(crate) fn open_policy(folder: &Path) -> PathBuf {
    let line = POLICIES.lines().next().unwrap().replace("2026年10月8日至2026年12月31日", "常年受理");
    // Published today, whatever day it is: an old notice without a last day is not taken for open.
    let today = std::process::Command::new("date").arg("+%F").output().unwrap().stdout;
    write(folder, "open.jsonl", line.replace("2026-10-08", String::from_utf8_lossy(&today).trim()))
}

fn imported() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let policies = write(root.path(), "policies.jsonl", POLICIES);
    let report = run_in(&data, &format!("import {} {NOW}", policies.display())).expect_code(0).report();
    assert_eq!((&report["fetched"], &report["new"], &report["copies"]), (&3.into(), &2.into(), &1.into()), "{report}");
    (root, data)
}

#[test]
fn imported_policies_are_found_by_words_phrase_and_number_under_their_ids() {
    let (_root, data) = imported();
    for query in ["专精特新奖励", "\"研发费用总额占营业收入总额\"", "乌工信（2026）15号", "乌工信[2026]15号"]
    {
        let answer = run(["search", query, "--data", data.to_str().unwrap()]).expect_code(0).report();
        assert_eq!(answer["hits"][0]["id"], "P1", "{query}: {answer}");
    }
    let excluded = run(["search", "工业 -专精特新", "--data", data.to_str().unwrap()]).report();
    let ids: Vec<&str> = excluded["hits"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["P3"], "{excluded}");
    let only_excluded = run(["search", "-专精特新", "--data", data.to_str().unwrap()]).expect_code(0).report();
    assert_eq!(only_excluded["hits"][0]["id"], "P3", "{only_excluded}");
}

#[test]
fn queries_from_a_file_are_answered_one_a_line_and_bad_lines_named() {
    let (root, data) = imported();
    let queries = write(
        root.path(),
        "q.jsonl",
        "{\"id\":\"q1\",\"query\":\"专精特新\"}\nnonsense\n{\"id\":\"q2\",\"query\":\"工业增加值\"}\n",
    );
    let run = run_in(&data, &format!("search --queries {} -n 5", queries.display())).expect_code(2);
    let ids: Vec<Value> = run.lines().iter().map(|line| line["query_id"].clone()).collect();
    assert_eq!(ids, ["q1", "q2"]);
    assert!(run.stderr.contains("q.jsonl:2"), "{}", run.stderr);
}

#[test]
fn verdicts_say_what_is_met_what_is_missed_by_how_much_and_what_to_ask() {
    let root = tempfile::tempdir().unwrap();
    let policies = write(root.path(), "p.jsonl", POLICIES.lines().next().unwrap());
    let enterprises = sample_enterprises(root.path());
    let line = format!("match --policies {} --enterprises {} {NOW}", policies.display(), enterprises.display());
    let verdicts = run(line.split_whitespace()).expect_code(0).lines();
    let of = |id: &str| verdicts.iter().find(|verdict| verdict["enterprise"] == id).unwrap();
    let condition = |verdict: &Value, indicator: &str| {
        let found =
            verdict["conditions"].as_array().unwrap().iter().find(|condition| condition["indicator"] == indicator).cloned();
        found.unwrap_or_else(|| panic!("no condition {indicator} in {verdict}"))
    };
    assert_eq!(of("E1")["outcome"], "eligible", "{}", of("E1"));
    assert_eq!(of("E1")["deadline"], "2026-12-31");
    assert_eq!(of("E1")["amount_up_to"], 500_000);
    let revenue = condition(of("E2"), "fin.revenue");
    assert_eq!(revenue["truth"], "not_met");
    assert!(revenue["gap"].as_str().unwrap().contains("100万元"), "{revenue}");
    let ratio = condition(of("E2"), "rd.expense_ratio");
    assert_eq!(ratio["truth"], "unknown");
    assert!(ratio["ask"].as_str().unwrap().contains("2025"), "{ratio}");
}

#[test]
fn annotation_of_a_file_points_at_the_characters_that_prove_it() {
    let root = tempfile::tempdir().unwrap();
    let text = "一、申报条件\n上年度营业收入不低于1000万元。";
    let file = write(root.path(), "notice.txt", text);
    let answer = run(["annotate", file.to_str().unwrap(), "--title", "关于组织申报奖励资金的通知"]).expect_code(0).report();
    let items = answer["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["indicator"] == "fin.revenue" && item["value_base"] == 10_000_000), "{answer}");
    let characters: Vec<char> = text.chars().collect();
    for item in items {
        let (start, end) = (item["span"][0].as_u64().unwrap() as usize, item["span"][1].as_u64().unwrap() as usize);
        assert_eq!(characters[start..end].iter().collect::<String>(), item["quote"].as_str().unwrap());
    }
}

#[test]
fn copies_are_grouped_with_their_roles() {
    let root = tempfile::tempdir().unwrap();
    let policies = write(root.path(), "p.jsonl", POLICIES);
    let clusters = run(["dedup", "--jsonl", policies.to_str().unwrap()]).expect_code(0).lines();
    assert_eq!(clusters.len(), 2);
    let roles: Vec<(&str, &str)> = clusters[0]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (member["id"].as_str().unwrap(), member["role"].as_str().unwrap()))
        .collect();
    assert_eq!(roles, [("P1", "canonical"), ("P2", "copy")]);
}

#[test]
fn a_compilation_has_the_same_bytes_each_time() {
    let (root, data) = imported();
    let (one, two) = (root.path().join("one"), root.path().join("two"));
    for out in [&one, &two] {
        let report = run_in(&data, &format!("compile --quarter 2026Q4 --out {} {NOW}", out.display())).expect_code(0).report();
        assert!(report["policies"].as_u64().unwrap() >= 1, "{report}");
    }
    let mut names: Vec<_> = std::fs::read_dir(&one).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 5, "{names:?}");
    for name in names {
        assert_eq!(std::fs::read(one.join(&name)).unwrap(), std::fs::read(two.join(&name)).unwrap(), "{name:?} differs");
    }
}

#[test]
fn a_backup_restores_to_the_same_policies_and_a_damaged_one_is_refused() {
    let (root, data) = imported();
    let (backup, restored) = (root.path().join("backup"), root.path().join("restored"));
    run_in(&data, &format!("backup {}", backup.display())).expect_code(0);
    run_in(&restored, &format!("restore {}", backup.display())).expect_code(0);
    let search = |data: &Path| run(["search", "专精特新", "--data", data.to_str().unwrap()]).stdout;
    assert_eq!(search(&data), search(&restored));
    let victim = std::fs::read_dir(backup.join("store"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_file() && path.extension().is_none_or(|ending| ending != "json"))
        .unwrap();
    let mut bytes = std::fs::read(&victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::write(&victim, bytes).unwrap();
    let refused = run_in(&restored, &format!("restore --verify {}", backup.display())).expect_code(1);
    assert!(refused.stderr.contains(victim.file_name().unwrap().to_str().unwrap()), "{}", refused.stderr);
}

#[test]
fn redoing_annotation_changes_nothing_when_no_rule_changed() {
    let (_root, data) = imported();
    let before = run_in(&data, "search 专精特新").stdout;
    let report = run_in(&data, &format!("reprocess --from annotate {NOW}")).expect_code(0).report();
    assert_eq!((&report["failed"], &report["annotated"]), (&0.into(), &2.into()), "{report}");
    assert_eq!(run_in(&data, "search 专精特新").stdout, before);
    run_in(&data, &format!("reprocess --from index {NOW}")).expect_code(0);
    assert_eq!(run_in(&data, "search 专精特新").stdout, before);
}

#[test]
fn central_documents_and_laws_are_imported_searched_and_bound() {
    let (Some(policies), Some(laws)) = (shared("corpus/policies.jsonl"), shared("corpus/laws.jsonl.gz")) else { return };
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let report = run_in(&data, &format!("import {} {NOW}", policies.display())).expect_code(0).report();
    assert_eq!(report["fetched"], 388);
    let report = run_in(&data, &format!("import --no-process {} {NOW}", laws.display())).expect_code(0).report();
    assert_eq!(report["fetched"], 3475);
    let hit = run(["search", "国办发明电〔2020〕12号", "--data", data.to_str().unwrap()]).expect_code(0).report();
    assert_eq!(hit["hits"][0]["id"], "GOVCN_d20d6e800006", "{hit}");
    let laws = run_in(&data, &format!("reprocess --from index {NOW}")).expect_code(0).report();
    assert!(laws["indexed"].as_u64().unwrap() > 3_000, "{laws}");
    let hit = run(["search", "上海口岸服务条例", "--data", data.to_str().unwrap()]).expect_code(0).report();
    assert_eq!(hit["hits"][0]["title"], "上海口岸服务条例", "{hit}");
    let enterprises = sample_enterprises(root.path());
    let matched = run_in(&data, &format!("match --enterprise E1 --enterprises {} {NOW}", enterprises.display())).expect_code(0);
    let verdicts = matched.lines();
    assert!(verdicts.len() > 50, "{} verdicts", verdicts.len());
    assert!(verdicts.iter().all(|verdict| !verdict["reason"].as_str().unwrap().is_empty()));
    let out = root.path().join("out");
    let bound = run_in(&data, &format!("compile --quarter 2020Q2 --format md,docx --out {} {NOW}", out.display()))
        .expect_code(0)
        .report();
    assert!(bound["policies"].as_u64().unwrap() > 0, "{bound}");
}

#[test]
fn rules_and_sources_check_out() {
    let checked = run(["check"]).expect_code(0).report();
    assert!(checked["sources"].as_u64().unwrap() >= 40, "{checked}");
    assert!(checked["verified"].as_u64().unwrap() >= 1, "{checked}");
}

#[test]
fn the_scorecard_is_printed_for_every_variant() {
    let Some(gold) = shared("gold/phrases.jsonl") else { return };
    for variant in [&[][..], &["--variant", "fullwidth"], &["--variant", "spaced"]] {
        let mut arguments = vec!["eval", gold.to_str().unwrap()];
        arguments.extend(variant);
        let table = run(arguments).expect_code(0).stdout;
        assert!(table.contains("condition") && table.contains('|'), "{table}");
    }
}

#[test]
fn every_command_has_help_and_shells_have_completions() {
    let help = run(["--help"]).expect_code(0).stdout;
    for command in [
        "demo",
        "run",
        "crawl",
        "extract",
        "annotate",
        "import",
        "dedup",
        "search",
        "match",
        "compile",
        "eval",
        "bench",
        "probe",
        "source",
        "check",
        "reprocess",
        "backup",
        "restore",
        "doctor",
        "completions",
    ] {
        assert!(help.contains(&format!("\n  {command}")), "{command} is missing in\n{help}");
        assert!(huice().args([command, "--help"]).output().unwrap().status.success(), "{command} --help");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(["completions", shell]).expect_code(0).stdout.contains("huice"));
    }
}
