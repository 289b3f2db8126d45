//! The commands that outside tools rely on: what they take, what they print, how they end.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{huice, repository, run, run_in, shared, write};

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
fn operators_explanations_suggestions_and_likeness_through_the_program() {
    let (_root, data) = imported();
    let search = |arguments: &[&str]| {
        let all = ["search"].iter().chain(arguments).copied().chain(["--data", data.to_str().unwrap()]);
        run(all).expect_code(0)
    };
    let both = search(&["(专精特新 OR 火星) AND 标题:奖励 NOT 工业增加值"]).report();
    assert_eq!((&both["total"], &both["hits"][0]["id"]), (&1.into(), &"P1".into()), "{both}");
    let explained = search(&["专精特新奖励", "--explain"]).report();
    let reasons = explained["hits"][0]["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|reason| reason["what"] == "body"), "{explained}");
    assert_eq!(reasons.last().unwrap()["what"], "authority", "{explained}");
    let suggested = search(&["zhuanjing", "--suggest"]).lines();
    assert!(suggested.iter().any(|line| line["text"].as_str().is_some_and(|text| text.starts_with("专精特新"))), "{suggested:?}");
    let similar = search(&["P1", "--similar"]).report();
    assert!(similar["hits"].as_array().unwrap().iter().all(|hit| hit["id"] != "P1"), "{similar}");
    for (query, expected) in [("窗口:不知道", "申报窗口"), ("-日期:2024", "不能排除")] {
        let refused = run(["search", query, "--data", data.to_str().unwrap()]);
        assert!(refused.code != 0 && refused.stderr.contains(expected), "{}", refused.stderr);
    }
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
fn titles_are_judged_by_the_rules_of_the_day_of_application() {
    let root = tempfile::tempdir().unwrap();
    let enterprises = sample_enterprises(root.path());
    let judge = |more: &str| {
        let line = format!("match --qualification 小巨人 --enterprises {} --enterprise E1 {NOW} {more}", enterprises.display());
        run(line.split_whitespace())
    };
    for (more, rule_set) in [
        ("", "xjr_2026"),
        ("--on 2026-03-31", "xjr_2022"),
        ("--on 2026-06-30 --purpose 复核", "xjr_2022"),
        ("--on 2027-06-30 --purpose 复核", "xjr_2026"),
    ] {
        let found = judge(more).expect_code(0).report();
        assert_eq!(found["rule_set"]["id"], rule_set, "{more}: {found}");
        assert!(!found["rule_set"]["passed_over"][0]["why"].as_str().unwrap().is_empty(), "{found}");
        assert!(found["requirements"].as_array().unwrap().iter().all(|rule| rule["text"] != ""), "{found}");
    }
    // 2,000万元 of revenue are too little by either.
    assert_eq!(judge("").report()["standing"], "not");
    assert!(judge("--on 2019-01-01").expect_code(1).stderr.contains("2022-08-01"));
    assert!(judge("--purpose 其他").expect_code(1).stderr.contains("expected 认定 or 复核"));
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
fn tables_of_a_file_are_read_with_their_headers() {
    let root = tempfile::tempdir().unwrap();
    let text = "一、申报条件\n类别\t条件\n国家级\t上年度营业收入1亿元以上\n省级\t上年度营业收入5000万元以上\n二、支持标准\n级别\t奖励金额（万元）\n国家级\t50\n省级\t20\n三、附则";
    let file = write(root.path(), "notice.txt", text);
    let answer = run(["annotate", file.to_str().unwrap(), "--title", "关于组织申报奖励资金的通知"]).expect_code(0).report();
    let items = answer["items"].as_array().unwrap();
    let said: Vec<String> = items
        .iter()
        .map(|item| {
            format!(
                "{} {} {}",
                item["type"],
                item["when"],
                if item["type"] == "award" { &item["amount"] } else { &item["value_base"] }
            )
        })
        .collect();
    let expected = [
        r#""condition" "国家级" 100000000"#,
        r#""condition" "省级" 50000000"#,
        r#""award" "国家级" 500000"#,
        r#""award" "省级" 200000"#,
    ];
    assert_eq!(said, expected, "{answer}");
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
fn identity_agrees_with_pairs_that_a_reader_labelled() {
    let Some(corpus) = shared("corpus") else { return };
    // The laws are scored by the same command by hand: reading 58 MB without optimization takes minutes.
    let gold = std::fs::read_to_string(repository().join("tests/fixtures/pairs.jsonl")).unwrap();
    let short: Vec<&str> = gold.lines().filter(|line| !line.contains("\"laws\"")).collect();
    let root = tempfile::tempdir().unwrap();
    let pairs = write(root.path(), "pairs.jsonl", short.join("\n"));
    let arguments = ["dedup", "--pairs", pairs.to_str().unwrap(), "--corpus", corpus.to_str().unwrap(), "--json"];
    let answer = run(arguments).expect_code(0).lines().pop().unwrap();
    let one_act = |name: &str| answer["one_act"][name].as_f64().unwrap();
    assert!(one_act("right") / one_act("found") >= 0.995, "{answer}");
    assert!(one_act("right") / one_act("labelled") >= 0.97, "{answer}");
}

#[test]
fn what_says_something_of_another_policy_is_related_to_it() {
    let root = tempfile::tempdir().unwrap();
    let lines = [
        r#"{"id":"P1","title":"示例市财政局关于印发《示例市专项资金管理办法》的通知","issuer":"示例市财政局","date":"2024-05-01"}"#,
        r#"{"id":"P2","title":"《示例市专项资金管理办法》政策解读","issuer":"示例市财政局","date":"2024-05-03"}"#,
        r#"{"id":"P3","title":"示例市财政局关于废止《示例市专项资金管理办法》的通知","issuer":"示例市财政局","date":"2025-05-03"}"#,
    ];
    let policies = write(root.path(), "p.jsonl", lines.join("\n"));
    let clusters = run(["dedup", "--jsonl", policies.to_str().unwrap()]).expect_code(0).lines();
    assert_eq!(clusters.len(), 3);
    let members = clusters[0]["members"].as_array().unwrap();
    let said: Vec<String> =
        members.iter().map(|member| format!("{} {} {}", member["id"], member["role"], member["relation"])).collect();
    assert_eq!(said, [r#""P1" "canonical" null"#, r#""P2" "related" "interprets""#, r#""P3" "related" "repeals""#,]);
}

#[test]
fn an_editor_splits_and_merges_and_search_follows() {
    let (root, data) = imported();
    let policies = root.path().join("policies.jsonl");
    let ruled = run_in(&data, "policy split P2 --reason apart").expect_code(0).report();
    assert_eq!((&ruled["policy"], &ruled["documents"][0]), (&"P2".into(), &"P2".into()), "{ruled}");
    let again = run_in(&data, &format!("import {}", policies.display())).expect_code(0).report();
    assert_eq!((&again["new"], &again["revised"]), (&0.into(), &0.into()), "{again}");
    let found = run(["search", "专精特新", "--data", data.to_str().unwrap()]).expect_code(0).stdout;
    assert!(found.contains("\"P2\"") && found.contains("\"P1\""), "{found}");
    let ruled = run_in(&data, "policy merge P2 P1").expect_code(0).report();
    assert_eq!((&ruled["policy"], ruled["documents"].as_array().unwrap().len()), (&"P1".into(), 2), "{ruled}");
    let found = run(["search", "专精特新", "--data", data.to_str().unwrap()]).expect_code(0).stdout;
    assert!(!found.contains("\"P2\""), "{found}");
    run_in(&data, "policy split P1").expect_code(0);
    let refused = run_in(&data, "policy split P404");
    assert!(refused.code != 0 && refused.stderr.contains("no document `P404`"), "{}", refused.stderr);
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
        // Tables that hold nothing have a file of no bytes.
        .find(|path| {
            path.is_file() && path.extension().is_none_or(|ending| ending != "json") && !std::fs::read(path).unwrap().is_empty()
        })
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
    assert_eq!((&report["failed"], &report["annotated"]), (&0.into(), &0.into()), "nothing is stale: {report}");
    let all = run_in(&data, &format!("reprocess --from annotate --all {NOW}")).expect_code(0);
    assert_eq!(all.lines().len(), 1, "no policy changed: {}", all.stdout);
    let report = all.report();
    assert_eq!(
        (&report["failed"], &report["annotated"], &report["policies_changed"]),
        (&0.into(), &2.into(), &0.into()),
        "{report}"
    );
    assert_eq!(run_in(&data, "search 专精特新").stdout, before);
    run_in(&data, &format!("reprocess --from index {NOW}")).expect_code(0);
    assert_eq!(run_in(&data, "search 专精特新").stdout, before);
}

#[test]
fn redoing_annotation_with_other_rules_tells_what_changed_once() {
    let (root, data) = imported();
    let home = root.path().join("home");
    copy_folder(&repository().join("rules"), &home.join("rules"));
    let finance = home.join("rules/indicators/finance.toml");
    let rules = std::fs::read_to_string(&finance).unwrap();
    // Nothing is called 营业收入 any more.
    let rules = rules.replace("营业收入", "甲乙丙丁");
    std::fs::write(&finance, rules).unwrap();
    let line = format!("reprocess --from annotate --home {} {NOW}", home.display());
    let first = run_in(&data, &line).expect_code(0);
    let (changes, report) = (first.lines(), first.report());
    assert_eq!((&report["annotated"], &report["policies_changed"]), (&2.into(), &1.into()), "{report}");
    assert_eq!((changes.len(), &changes[0]["policy"]), (2, &"P1".into()), "{}", first.stdout);
    let total = |of: &Value| of["added"].as_u64().unwrap() + of["removed"].as_u64().unwrap() + of["changed"].as_u64().unwrap();
    assert!(total(&report["items"]["condition"]) >= 1, "{report}");
    assert_eq!(report["items"]["condition"], changes[0]["counts"]["condition"]);
    assert!(changes[0]["items"].as_array().unwrap().iter().any(|item| item["quote"].as_str().unwrap().contains("营业收入")));
    let again = run_in(&data, &line).expect_code(0);
    assert_eq!((again.lines().len(), &again.report()["annotated"]), (1, &0.into()), "{}", again.stdout);
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
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

/// The labels of our own: phrases with their text, documents with where their text lies.
#[test]
fn our_own_labels_keep_their_floors() {
    let gold = repository().join("tests/fixtures/gold");
    let score = |file: &str, corpus: Option<&Path>| -> Value {
        let mut arguments = vec!["eval".to_owned(), gold.join(file).display().to_string(), "--json".to_owned()];
        arguments.extend(corpus.into_iter().flat_map(|corpus| ["--corpus".to_owned(), corpus.display().to_string()]));
        run(arguments).expect_code(0).report()
    };
    let check = |card: &Value, floors: &[(&str, f64, f64)]| {
        for (name, precision, recall) in floors {
            let score = if card["views"][*name].is_object() { &card["views"][*name] } else { &card["types"][*name] };
            let count = |field: &str| score[field].as_f64().unwrap();
            let (found, all) = (count("correct") / count("found").max(1.0), count("correct") / count("gold").max(1.0));
            assert!(found >= *precision && all >= *recall, "{name} fell to {found:.3} / {all:.3}");
        }
    };
    let card = score("phrases.jsonl", None);
    assert_eq!((&card["phrases"], &card["unreadable"]), (&70.into(), &0.into()));
    check(&card, &[("condition", 0.75, 0.62), ("by_indicator", 0.9, 0.75), ("award", 0.75, 0.78), ("window", 0.9, 0.9)]);
    let Some(corpus) = shared("corpus") else { return };
    let card = score("documents.jsonl", Some(&corpus));
    assert_eq!((&card["phrases"], &card["unreadable"]), (&39.into(), &0.into()));
    check(&card, &[("numeric", 0.88, 0.7), ("by_indicator", 0.9, 0.65), ("award", 0.85, 0.8), ("window", 0.75, 0.6)]);
}

#[test]
fn labels_whose_text_reads_otherwise_are_told_and_not_scored() {
    let Some(corpus) = shared("corpus") else { return };
    let root = tempfile::tempdir().unwrap();
    let line = std::fs::read_to_string(repository().join("tests/fixtures/gold/documents.jsonl")).unwrap();
    let line = line.lines().next().unwrap().replace("\"digest\": \"", "\"digest\": \"x");
    let gold = write(root.path(), "gold.jsonl", line);
    let answer = run(["eval", gold.to_str().unwrap(), "--json", "--corpus", corpus.to_str().unwrap()]).expect_code(2);
    assert!(answer.stderr.contains("gold.jsonl:1") && answer.stderr.contains("reads otherwise"), "{}", answer.stderr);
    assert_eq!(answer.report()["unreadable"], 1);
}

#[test]
fn the_scorecard_is_written_between_its_marks_and_the_mistakes_are_listed() {
    let root = tempfile::tempdir().unwrap();
    let gold = repository().join("tests/fixtures/gold/phrases.jsonl").display().to_string();
    let marks = "<!-- scorecard: `huice eval --readme` writes what stands here -->";
    let readme = write(root.path(), "README.md", format!("before\n{marks}\nstale\n<!-- end of scorecard -->\nafter\n"));
    for _ in 0..2 {
        run(["eval", &gold, "--readme", readme.to_str().unwrap()]).expect_code(0);
    }
    let text = std::fs::read_to_string(&readme).unwrap();
    assert!(
        text.starts_with("before\n") && text.ends_with("<!-- end of scorecard -->\nafter\n") && !text.contains("stale"),
        "{text}"
    );
    assert!(text.contains("| conditions on numbers, whole key |") && text.contains("texts without conditions"), "{text}");
    let refused = run(["eval", &gold, "--readme", &gold]).expect_code(1);
    assert!(refused.stderr.contains("expected a block between"), "{}", refused.stderr);
    let listed = run(["eval", &gold, "--missed", "--extra", "--kind", "condition"]).expect_code(0).stdout;
    assert!(listed.lines().all(|line| line.starts_with(' ') || line.contains(" condition ")), "{listed}");
}

#[test]
fn annotation_is_explained_to_people_and_machines() {
    let root = tempfile::tempdir().unwrap();
    let text = "一、申报条件\n上年度营业收入不低于1000万元。\n二、资金来源\n市财政每年安排专项资金2亿元。";
    let line = serde_json::json!({"id": "N1", "text": text, "title": "关于组织申报奖励资金的通知", "issuer": null, "region": null, "date": null});
    let file = write(root.path(), "texts.jsonl", line.to_string());
    let told = run(["annotate", "--jsonl", file.to_str().unwrap(), "--explain"]).expect_code(0).stdout;
    for words in ["rules/indicators/finance.toml:", "indicator `fin.revenue`", "comparator `>=`", "一、申报条件", "资金盘子"]
    {
        assert!(told.contains(words), "{words} in\n{told}");
    }
    let answer = run(["annotate", "--jsonl", file.to_str().unwrap(), "--explain", "--json"]).expect_code(0).report();
    assert_eq!(answer["items"][0]["indicator"], "fin.revenue", "{answer}");
    assert!(answer["items"][0]["grounds"][0]["place"].as_str().unwrap().starts_with("rules/"), "{answer}");
}

#[test]
fn a_check_over_a_corpus_tells_what_rules_do_and_which_overlap() {
    let root = tempfile::tempdir().unwrap();
    let corpus = write(root.path(), "docs.jsonl", POLICIES);
    let report = run(["check", "--corpus", corpus.to_str().unwrap(), "--json"]).report();
    let rules = report["rules"].as_array().unwrap();
    let of = |id: &str| rules.iter().find(|rule| rule["table"] == "indicator" && rule["id"] == id).unwrap();
    assert_eq!((&of("fin.revenue")["results"], &of("tax.paid")["words"]), (&4.into(), &0.into()), "{}", of("fin.revenue"));
    assert!(report["overlaps"].as_array().unwrap().iter().all(|overlap| overlap["one"].as_str().unwrap().starts_with("rules/")));
    let table = run(["check", "--corpus", corpus.to_str().unwrap()]).stdout;
    assert!(table.contains("# 从未用到的规则") && table.contains("rules/"), "{table}");
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

#[test]
fn words_of_editors_are_kept_apart_and_listed_in_order() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    run_in(&data, "dictionary add 飞地孵化基地").expect_code(0);
    run_in(&data, "dictionary add 一企一策 --frequency 9000 --tag n").expect_code(0);
    assert_eq!(run_in(&data, "dictionary list").expect_code(0).stdout, "一企一策 9000 n\n飞地孵化基地\n");
    run_in(&data, "dictionary remove 一企一策").expect_code(0);
    let refused = run_in(&data, "dictionary remove 一企一策");
    assert!(refused.code != 0 && refused.stderr.contains("一企一策"), "{}", refused.stderr);
    assert_eq!(run_in(&data, "dictionary list").stdout, "飞地孵化基地\n");
    assert!(run_in(&data, "dictionary add 字").code != 0);
    std::fs::write(data.join("words.txt"), "好词\n坏词 多\n").unwrap();
    let broken = run_in(&data, "dictionary list");
    assert!(broken.code != 0 && broken.stderr.contains("words.txt:2"), "{}", broken.stderr);
}

#[test]
fn a_word_of_editors_is_known_to_search_and_annotation_once_stored_policies_follow() {
    let (_root, data) = imported();
    let annotated = |report: &Value| report["annotated"].as_u64().unwrap_or_default();
    run_in(&data, "dictionary add 增值增效奖励").expect_code(0);
    let again = run_in(&data, &format!("reprocess --from annotate {NOW}")).expect_code(0).report();
    assert_eq!(annotated(&again), 2, "every policy follows the new word: {again}");
    let generations = std::fs::read_dir(data.join("index")).unwrap().map(|entry| entry.unwrap().file_name());
    let generations: Vec<_> = generations.filter(|name| name.to_string_lossy().starts_with('g')).collect();
    assert_eq!(generations, ["g2"], "the index was built again beside the old one");
    let answer = run(["search", "专精特新奖励", "--data", data.to_str().unwrap()]).expect_code(0).report();
    assert_eq!(answer["hits"][0]["id"], "P1", "{answer}");
}

#[test]
fn new_words_of_a_corpus_are_printed_as_lines_of_a_dictionary_the_same_each_time() {
    let root = tempfile::tempdir().unwrap();
    let around = ["支持", "鼓励", "推动", "引导", "帮助", "扶持", "培育", "规范"];
    let behind = ["发展", "扩大", "升级", "转型", "壮大", "集聚", "出海", "合作"];
    let lines: String = (0..64)
        .map(|index| format!("{{\"title\":\"通知\",\"body\":\"{}飞地孵化基地{}。\"}}\n", around[index % 8], behind[index / 8]))
        .collect();
    // Words hold together against what else a corpus says.
    let other = "{\"title\":\"通知\",\"body\":\"全市规模工业运行平稳，服务业持续回升。\"}\n".repeat(400);
    let corpus = write(root.path(), "corpus.jsonl", other + &lines + "nonsense\n");
    let propose = || run(["dictionary", "propose", "--jsonl", corpus.to_str().unwrap(), "--least", "20"]).expect_code(2);
    let first = propose();
    assert!(first.stdout.lines().any(|line| line.starts_with("飞地孵化基地 64 n # 64 次")), "{}", first.stdout);
    assert!(first.stderr.contains("corpus.jsonl:465"), "{}", first.stderr);
    assert_eq!(first.stdout, propose().stdout);
    let data = root.path().join("data");
    write(&data, "words.txt", &first.stdout);
    let known = run_in(&data, &format!("dictionary propose --jsonl {} --least 20", corpus.display())).expect_code(2);
    assert!(!known.stdout.contains("飞地孵化基地"), "{}", known.stdout);
}
