//! A site is redesigned: the next crawl notices, a mended rule is proposed, a person takes it, the crawl after that works.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::harness::{Run, huice, run_in, write};

pub(crate) type Pages = Arc<Mutex<BTreeMap<String, String>>>;

/// A site whose pages can be changed while it is up.
fn serve(pages: &Pages) -> String {
    serve_telling(pages, |_| {})
}

/// The same; `told` is given the path of each request.
pub(crate) fn serve_telling(pages: &Pages, told: impl Fn(&str) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let pages = pages.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().and_then(Result::ok).unwrap_or_default();
            lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            let path = first.split(' ').nth(1).unwrap_or("/").to_owned();
            told(&path);
            let page = pages.lock().unwrap().get(&path).cloned();
            let (status, body) = page.map_or(("404 Not Found", String::new()), |page| ("200 OK", page));
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).unwrap_or_default();
        }
    });
    address
}

pub(crate) fn title(number: usize) -> String {
    format!("示例市工业局关于组织开展第{number}批专精特新企业申报工作的通知")
}

pub(crate) fn document(number: usize) -> String {
    format!(
        "<html><head><title>{0}</title><meta name=\"ArticleTitle\" content=\"{0}\"><meta name=\"PubDate\" content=\"2026-10-{1:02} 09:00\"></head>\
         <body><h1>{0}</h1><div class=\"con\"><p>各有关单位：现将第{1}批申报工作有关事项通知如下，请认真组织，按时报送材料。</p>\
         <p>申报企业应当依法经营，信用良好，具有独立法人资格，编号{1}{1}{1}。</p></div></body></html>",
        title(number),
        number
    )
}

fn old_list() -> String {
    let rows: String = (1..=9)
        .rev()
        .map(|at| format!("<li><a href=\"/tz/{at}.html\">{}</a><span>2026-10-{at:02}</span></li>", title(at)))
        .collect();
    format!("<html><head><title>通知公告</title></head><body><ul class=\"old-list\">{rows}</ul></body></html>")
}

/// Cut titles, the date in front, and a longer list of another column that looks more like one than the list itself.
fn new_list() -> String {
    let rows: String = (2..=10)
        .rev()
        .map(|at| {
            let cut: String = title(at).chars().take(10).collect();
            format!(
                "<div class=\"tz-row\"><em>2026-10-{at:02}</em><a href=\"/tz/{at}.html\" title=\"{}\">{cut}…</a></div>",
                title(at)
            )
        })
        .collect();
    let side: String = (1..=30)
        .map(|at| format!("<li><a href=\"/dt/{at}.html\">示例市第{at}次部门工作会议召开情况的动态报道以及下一步安排</a><span>2026-09-{:02}</span></li>", at % 28 + 1))
        .collect();
    format!(
        "<html><head><title>通知公告</title></head><body><div class=\"tz-rows\">{rows}</div><ul class=\"dt\">{side}</ul></body></html>"
    )
}

/// The same document in a new layout: long abstracts of others before and behind it, date and title beside them, no tags.
fn new_document(number: usize) -> String {
    let others = |from: usize| -> String {
        let text =
            "示例市有关部门近日组织召开座谈会，听取企业代表的意见和建议，研究部署下一阶段的重点工作任务，推动各项政策落到实处。";
        (from..from + 8)
            .map(|at| format!("<div class=\"rel\"><h4>示例市召开第{at}次座谈会</h4><p>{text}{text}{at}</p></div>"))
            .collect()
    };
    format!(
        "<html><head><title>示例市工业局</title></head><body><div class=\"more\">{}</div><div class=\"page\"><div class=\"bt\">{}</div>\
         <div class=\"rq\">更新：2026-10-30 <i class=\"fb\">2026-10-{number:02}</i></div><div class=\"nr\"><p>各有关单位：现将第{number}批申报工作有关事项\
         通知如下，请认真组织，按时报送材料。</p><p>申报企业应当依法经营，信用良好，具有独立法人资格，编号{number}{number}{number}。</p></div></div>\
         <div class=\"more\">{}</div></body></html>",
        others(1),
        title(number),
        others(20)
    )
}

struct Site {
    root: tempfile::TempDir,
    pages: Pages,
    address: String,
}

impl Site {
    fn new(heal: &str) -> Self {
        let pages: Pages = Arc::default();
        let address = serve(&pages);
        for number in 1..=10 {
            pages.lock().unwrap().insert(format!("/tz/{number}.html"), document(number));
        }
        pages.lock().unwrap().insert("/tz/".to_owned(), old_list());
        let root = tempfile::tempdir().unwrap();
        let entry = format!(
            "# our own sources\n\n[[source]]\nid = \"sl-tzgg\"\nname = \"示例市 通知公告\"\nissuer = \"示例市工业局\"\nregion = \"650100\"\n\
             level = \"city\"\ncolumn = \"通知公告\" # the column\nurl = \"http://{address}/tz/\"\nlist = {{ item = \".old-list li\" }} # by hand\n\
             schedule = \"5 7 * * *\"\nrate_ms = 100\nheal = \"{heal}\"\n"
        );
        write(root.path(), "home/sources.toml", entry);
        Self { root, pages, address }
    }

    fn run(&self, line: &str) -> Run {
        let home = self.root.path().join("home");
        run_in(&self.root.path().join("data"), &format!("{line} --home {}", home.display()))
    }

    fn crawl(&self, day: u32) -> Run {
        self.run(&format!("crawl --source sl-tzgg --no-process --allow {} --now 2026-10-{day}T08:00:00+08:00", self.address))
    }

    fn items_seen(&self) -> u64 {
        self.run("source list").report()["items_seen"].as_u64().unwrap()
    }

    fn sources(&self) -> String {
        std::fs::read_to_string(self.root.path().join("home/sources.toml")).unwrap()
    }

    fn redesign(&self) {
        self.pages.lock().unwrap().insert("/tz/".to_owned(), new_list());
    }
}

fn backups(root: &Path) -> usize {
    let names = std::fs::read_dir(root.join("home")).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains(".before-")).count()
}

#[test]
fn a_redesigned_site_is_noticed_proposed_accepted_and_read_again() {
    let site = Site::new("ask");
    site.crawl(20).expect_code(0);
    assert_eq!(site.items_seen(), 9);
    site.redesign();
    site.crawl(21);
    assert_ne!(site.items_seen(), 9, "the redesign must mislead the reading without rules, or nothing is shown here");
    let proposals = site.run("source proposals").expect_code(0).lines();
    assert_eq!(proposals.len(), 1, "{proposals:?}");
    let proposal = &proposals[0];
    assert_eq!((&proposal["perfect"], &proposal["state"]), (&true.into(), &"open".into()), "{proposal}");
    assert!(proposal["reason"].as_str().unwrap().contains(".old-list li"), "{proposal}");
    assert_eq!(proposal["replay"]["items_found"], 8, "{proposal}");
    let before = site.sources();
    let id = proposal["id"].as_str().unwrap();
    site.run(&format!("source accept {id}")).expect_code(0);
    let after = site.sources();
    let changed: Vec<&str> = after.lines().filter(|line| !before.lines().any(|old| old == *line)).collect();
    assert_eq!(changed.len(), 1, "only the rule changed: {changed:?}");
    assert!(changed[0].starts_with("list = ") && changed[0].ends_with("# by hand"), "{changed:?}");
    assert_eq!(backups(site.root.path()), 1);
    site.run("check").expect_code(0);
    site.run(&format!("source accept {id}")).expect_code(1);
    site.crawl(22).expect_code(0);
    assert_eq!(site.items_seen(), 9);
    assert!(site.run("source proposals").expect_code(0).stdout.is_empty());
}

#[test]
fn a_source_marked_auto_takes_a_perfect_rule_and_a_rejected_one_does_not_come_back() {
    let auto = Site::new("auto");
    auto.crawl(20).expect_code(0);
    auto.redesign();
    auto.crawl(21);
    assert!(auto.sources().contains("tz-row"), "{}", auto.sources());
    auto.crawl(22).expect_code(0);
    assert_eq!(auto.items_seen(), 9);

    let never = Site::new("never");
    never.crawl(20).expect_code(0);
    never.redesign();
    never.crawl(21);
    assert!(never.run("source proposals --all").expect_code(0).stdout.is_empty());

    let asked = Site::new("ask");
    asked.crawl(20).expect_code(0);
    asked.redesign();
    asked.crawl(21);
    let id = asked.run("source proposals").report()["id"].as_str().unwrap().to_owned();
    asked.run(&format!("source reject {id} --reason 改版未完成")).expect_code(0);
    asked.crawl(22);
    assert!(asked.run("source proposals").expect_code(0).stdout.is_empty());
    assert_eq!(asked.run("source proposals --all").report()["remark"], "改版未完成");
}

#[test]
fn a_decision_made_while_the_service_runs_is_carried_out_by_it_and_its_page_shows_the_proposal() {
    let site = Site::new("ask");
    site.crawl(20).expect_code(0);
    site.redesign();
    site.crawl(21);
    let id = site.run("source proposals").report()["id"].as_str().unwrap().to_owned();
    let folder = |name: &str| site.root.path().join(name).display().to_string();
    let mut service = huice()
        .args(["run", "--listen", "127.0.0.1:0", "--roles", "process,web", "--data", &folder("data"), "--home", &folder("home")])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let address = crate::service::wait_for_address(&mut service);
    let page = crate::service::get(&address, "/proposals").1;
    assert!(page.contains(&format!("huice source accept {id}")) && page.contains("8 / 8") && page.contains("tz-row"), "{page}");
    site.run(&format!("source accept {id}")).expect_code(0);
    let started = std::time::Instant::now();
    while !site.sources().contains("tz-row") && started.elapsed() < std::time::Duration::from_secs(60) {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(std::process::Command::new("kill").args(["-TERM", &service.id().to_string()]).status().unwrap().success());
    assert!(service.wait().unwrap().success());
    assert!(site.sources().contains("tz-row"), "{}", site.sources());
    assert_eq!(site.run("source proposals --all").report()["state"], "accepted");
}

#[test]
fn redesigned_documents_are_proposed_a_rule_too() {
    let site = Site::new("ask");
    site.crawl(20).expect_code(0);
    for number in 1..=10 {
        site.pages.lock().unwrap().insert(format!("/tz/{number}.html"), new_document(number));
    }
    let again = |day: u32| {
        site.run(&format!(
            "crawl --source sl-tzgg --revisit --no-process --allow {} --now 2026-11-{day:02}T08:00:00+08:00",
            site.address
        ))
    };
    // The list is read as ever; what shows is that documents are none any more, or seem rewritten all at once.
    again(1).expect_code(2);
    let healed = site.run("source proposals").report();
    assert!(healed["patch"].as_str().unwrap().contains("detail = "), "{healed}");
    assert_eq!(
        (&healed["perfect"], &healed["replay"]["documents_unchanged"]),
        (&true.into(), &healed["replay"]["documents_expected"])
    );
    site.run(&format!("source accept {}", healed["id"].as_str().unwrap())).expect_code(0);
    again(2).expect_code(0);
    assert!(site.run("source heal sl-tzgg").expect_code(0).stdout.is_empty(), "nothing is left to mend");
}

#[test]
fn a_wall_in_front_of_the_list_leads_to_no_proposal_but_to_a_reason() {
    let site = Site::new("auto");
    site.crawl(20).expect_code(0);
    let before = site.sources();
    let wall = "<html><head><script>var a='__jsl_clearance';location.reload()</script></head><body></body></html>";
    site.pages.lock().unwrap().insert("/tz/".to_owned(), wall.to_owned());
    site.crawl(21);
    let said = site.run("source proposals --all").report();
    assert!(said["missed"].as_str().unwrap().contains("Shell page"), "{said}");
    assert_eq!(site.sources(), before);
}
