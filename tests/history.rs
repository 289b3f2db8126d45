//! What was in force when, and what two texts differ in.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Run, run, run_in, write};

const NOW: &str = "--now 2026-11-20T08:00:00+08:00";
const ISSUER: &str = "乌鲁木齐市工业和信息化局";

fn act(id: &str, title: &str, number: &str, date: &str, body: &str) -> Value {
    json!({"id": id, "title": title, "doc_no": number, "date": date, "issuer": ISSUER, "body": body})
}

/// An act, the one that repeals it, a list of what is repealed and prolonged, a proposal, and an act nobody speaks of.
fn acts() -> Vec<Value> {
    let standing = "第一条 为了支持中小企业发展，设立专项资金。\n第二条 对认定的企业给予最高200万元奖励。\n";
    let other = "第一条 为了规范示范基地的认定工作。\n第二条 示范基地每两年认定一次，由市局组织专家评审后公布名单。\n";
    let third = "第一条 为了推进绿色工厂创建，制定本规定。\n第二条 绿色工厂由区县推荐，市局复核后授牌并动态管理。\n";
    let fourth = "第一条 为了管好技术改造项目，制定本细则。\n第二条 项目单位应当按季度报送进度，竣工后三个月内申请验收。\n";
    vec![
        act(
            "OLD",
            "中小企业发展专项资金使用办法",
            "乌工信规〔2020〕3号",
            "2020-03-01",
            &format!("{standing}第三条 本办法自2020年4月1日起施行。"),
        ),
        act(
            "NEW",
            "企业奖补资金管理办法",
            "乌工信规〔2024〕1号",
            "2024-05-10",
            "第一条 企业奖补资金由市财政安排，实行项目管理。\n第二条 给予最高100万元奖励。\n第三条 本办法自2024年6月1日起施行。《中小企业发展专项资金使用办法》（乌工信规〔2020〕3号）同时废止。",
        ),
        act(
            "BASE",
            "示范基地认定管理办法",
            "乌工信规〔2019〕7号",
            "2019-05-06",
            &format!("{other}第三条 本办法自2019年6月1日起施行，有效期3年。"),
        ),
        act(
            "GREEN",
            "绿色工厂创建管理规定",
            "乌工信规〔2018〕2号",
            "2018-02-03",
            &format!("{third}第三条 本规定自2018年3月1日起施行。"),
        ),
        act(
            "STEPS",
            "技术改造项目管理细则",
            "乌工信规〔2017〕5号",
            "2017-02-03",
            &format!("{fourth}第三条 本细则自2017年3月1日起施行。"),
        ),
        act(
            "LIST",
            "关于公布行政规范性文件清理结果的通知",
            "乌工信〔2022〕9号",
            "2022-04-15",
            "各区（县）工信部门：\n现将清理结果公布如下。\n附件1 废止的行政规范性文件目录\n1.绿色工厂创建管理规定（乌工信规〔2018〕2号）\n附件2 继续有效的行政规范性文件目录\n1.《示范基地认定管理办法》（乌工信规〔2019〕7号），有效期延长至2027年12月31日",
        ),
        act(
            "PLAN",
            "关于拟废止部分行政规范性文件的公告",
            "",
            "2025-03-04",
            "现就拟废止《技术改造项目管理细则》（乌工信规〔2017〕5号）向社会公开征求意见。",
        ),
    ]
}

fn import(data: &Path, acts: &[Value]) {
    let lines: String = acts.iter().map(|act| format!("{act}\n")).collect();
    let file = write(data.parent().unwrap(), "acts.jsonl", lines);
    run_in(data, &format!("import {} {NOW}", file.display())).expect_code(0);
}

fn state(data: &Path, id: &str, day: &str) -> Value {
    run_in(data, &format!("state {id} --on {day} {NOW}")).expect_code(0).report()
}

#[test]
fn a_state_is_told_for_any_day_with_who_says_so_in_whatever_order_the_acts_came() {
    for turned in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join("data");
        let mut all = acts();
        if turned {
            all.reverse();
        }
        // One at a time: the second end of a link comes when the first is long stored.
        import(&data, &all[..3]);
        import(&data, &all[3..]);
        let check = |id: &str, day: &str, expected: &str, by: Option<&str>| {
            let answer = state(&data, id, day);
            assert_eq!(answer["state"], expected, "{id} on {day}: {answer:#}");
            assert_eq!(answer["proof"]["policy"].as_str(), by, "{id} on {day}: {answer:#}");
        };
        check("OLD", "2020-02-01", "unknown", None);
        check("OLD", "2020-03-15", "issued", None);
        check("OLD", "2024-05-31", "in_force", None);
        check("OLD", "2024-06-01", "repealed", Some("NEW"));
        check("NEW", "2024-05-31", "issued", None);
        check("NEW", "2026-11-20", "in_force", None);
        check("GREEN", "2022-04-14", "in_force", None);
        check("GREEN", "2022-04-15", "repealed", Some("LIST"));
        check("STEPS", "2026-11-20", "in_force", None);
        assert!(state(&data, "STEPS", "2026-11-20")["may_have_expired"].as_str().unwrap().contains("五年"));
        let old = state(&data, "OLD", "2024-06-01");
        assert_eq!((&old["since"], &old["dates"]["effective"]["date"]), (&"2024-06-01".into(), &"2020-04-01".into()));
        assert_eq!(old["proof"]["quote"], "《中小企业发展专项资金使用办法》（乌工信规〔2020〕3号）同时废止");
        let says = state(&data, "NEW", "2026-11-20")["says"][0].clone();
        assert_eq!((&says["relation"], &says["means"][0]), (&"repeals".into(), &"OLD".into()), "{says}");
    }
}

#[test]
fn a_prolonged_act_ends_later_and_one_nobody_prolongs_ends_by_its_own_words() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    import(&data, &acts());
    assert_eq!(state(&data, "BASE", "2026-11-20")["state"], "in_force");
    assert_eq!(state(&data, "BASE", "2028-01-01")["state"], "expired");
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("alone");
    import(&data, &acts()[2..3]);
    assert_eq!(state(&data, "BASE", "2022-05-31")["state"], "in_force");
    assert_eq!(state(&data, "BASE", "2022-06-01")["state"], "expired");
}

#[test]
fn what_changed_between_two_texts_is_told_by_parameter_and_by_sentence() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    let first = acts().swap_remove(0);
    let mut second = first.clone();
    second["body"] = first["body"].as_str().unwrap().replace("200万元", "100万元").into();
    import(&data, &[first]);
    import(&data, &[second]);
    let check = |answer: Value| {
        assert_eq!(answer["parameters"][0]["says"], "award cap 200万 → 100万", "{answer:#}");
        assert_eq!(answer["counts"], json!({"same": 2, "added": 0, "removed": 0, "changed": 1, "parameters": 1}));
        let changed = answer["text"].as_array().unwrap().iter().find(|change| change["kind"] == "changed").unwrap();
        let pieces: Vec<&str> = changed["pieces"].as_array().unwrap().iter().filter_map(|piece| piece["text"].as_str()).collect();
        assert_eq!(pieces[1..3], ["200", "100"]);
    };
    check(run_in(&data, &format!("diff OLD {NOW}")).expect_code(0).report());
    check(run_in(&data, &format!("diff OLD --from 1 --to 2 {NOW}")).expect_code(0).report());
    let back = run_in(&data, &format!("diff OLD --from 2 --to 1 {NOW}")).expect_code(0).report();
    assert_eq!(back["parameters"][0]["says"], "award cap 100万 → 200万");
}

#[test]
fn what_cannot_be_compared_or_found_is_named() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().join("data");
    import(&data, &acts()[..1]);
    let fails = |line: &str, words: &str| {
        let ended: Run = run_in(&data, &format!("{line} {NOW}"));
        assert!(ended.code != 0 && ended.stderr.contains(words), "{line}: {}", ended.stderr);
    };
    fails("diff OLD", "--with");
    fails("diff OLD --from 7", "no revision 7");
    fails("diff NOBODY", "no policy `NOBODY`");
    fails("state NOBODY", "no policy `NOBODY`");
    fails("state OLD --on yesterday", "--on");
}

#[test]
fn two_files_of_a_megabyte_are_compared() {
    let root = tempfile::tempdir().unwrap();
    let text: String = (0..9_000).map(|n| format!("第{n}条 各部门应当依照本办法第{n}款做好有关工作。\n")).collect();
    let (old, new) = (write(root.path(), "old.txt", &text), write(root.path(), "new.txt", text.replace("第77款", "第78款")));
    let answer = run([Path::new("diff"), Path::new("--files"), &old, &new]).expect_code(0).report();
    assert_eq!((&answer["counts"]["changed"], &answer["counts"]["same"]), (&1.into(), &8_999.into()));
}
