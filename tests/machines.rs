//! Three processes on one store: whichever is killed, what it did is not lost and not done again.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use model::job::Job;
use store::Store;

use crate::harness::{huice, run_in, write};
use crate::healing::{Pages, document, serve_telling, title};
use crate::postgres::Cluster;

const SOURCES: usize = 6;
const EACH: usize = 5;
const DOCUMENTS: usize = SOURCES * EACH;

/// Sites, one for each source so that they do not wait for each other, and how often each page was asked for.
struct Sites {
    addresses: Vec<String>,
    asked: Arc<Mutex<BTreeMap<String, u32>>>,
}

impl Sites {
    fn new() -> Self {
        let asked: Arc<Mutex<BTreeMap<String, u32>>> = Arc::default();
        let site = |source: usize| {
            let pages: Pages = Arc::default();
            let numbers = source * EACH + 1..=source * EACH + EACH;
            let row = |at: usize| format!("<li><a href=\"/tz/{at}.html\">{}</a><span>2026-10-{at:02}</span></li>", title(at));
            let rows: String = numbers.clone().rev().map(row).collect();
            let list = format!("<html><head><title>通知公告</title></head><body><ul class=\"list\">{rows}</ul></body></html>");
            pages.lock().unwrap().insert("/tz/".to_owned(), list);
            for number in numbers {
                pages.lock().unwrap().insert(format!("/tz/{number}.html"), document(number));
            }
            let asked = asked.clone();
            serve_telling(&pages, move |path| *asked.lock().unwrap().entry(path.to_owned()).or_default() += 1)
        };
        let addresses = (0..SOURCES).map(site).collect();
        Self { addresses, asked }
    }

    fn entries(&self) -> String {
        let entry = |(number, address): (usize, &String)| {
            format!(
                "[[source]]\nid = \"s{number}\"\nname = \"示例市\"\nissuer = \"示例市工业局\"\nregion = \"650100\"\nlevel = \"city\"\n\
                 column = \"通知公告\"\nurl = \"http://{address}/tz/\"\nlist = {{ item = \".list li\" }}\nschedule = \"0 0 3 1 1 *\"\n\
                 rate_ms = 700\n\n"
            )
        };
        self.addresses.iter().enumerate().map(entry).collect()
    }
}

/// One machine: its own data folder, the common store.
struct Machine {
    child: Child,
    /// The documents whose storing it acknowledged.
    stored: Arc<Mutex<Vec<String>>>,
}

struct Machines {
    root: PathBuf,
    home: PathBuf,
    store: String,
    sites: Sites,
}

impl Machines {
    fn start(&self, number: usize) -> Machine {
        let mut command = huice();
        command.args(["run", "--roles", "crawl,process,push", "--lease", "3", "--store", &self.store]);
        command
            .arg("--home")
            .arg(&self.home)
            .arg("--data")
            .arg(self.data(number))
            .arg("--archive")
            .arg(self.root.join("archive"));
        for address in &self.sites.addresses {
            command.args(["--allow", address]);
        }
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let stored: Arc<Mutex<Vec<String>>> = Arc::default();
        let (lines, log) = (BufReader::new(child.stderr.take().unwrap()).lines(), stored.clone());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let id = line.split_once("document=").filter(|_| line.contains("stored")).map(|(_, rest)| rest);
                log.lock().unwrap().extend(id.map(|rest| rest.split(' ').next().unwrap_or_default().to_owned()));
            }
        });
        Machine { child, stored }
    }

    /// How often the pages of what is stored by now were asked for.
    fn asked_for_stored(&self, store: &Store) -> BTreeMap<String, u32> {
        let stored: BTreeSet<String> = store.records().map(|record| record.unwrap().document.title).collect();
        let paths = (1..=DOCUMENTS).filter(|number| stored.contains(&title(*number))).map(|number| format!("/tz/{number}.html"));
        let asked = self.sites.asked.lock().unwrap();
        paths.map(|path| (path.clone(), asked[&path])).collect()
    }

    fn data(&self, number: usize) -> PathBuf {
        self.root.join(format!("machine{number}"))
    }
}

#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(120), "{what} does not happen");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn kill(machine: &mut Machine) {
    machine.child.kill().unwrap();
    machine.child.wait().unwrap();
}

#[test]
fn whichever_of_three_machines_is_killed_nothing_is_lost_or_done_twice() {
    let Some(cluster) = Cluster::start() else { return };
    let root = tempfile::tempdir().unwrap();
    let sites = Sites::new();
    write(root.path(), "home/sources.toml", sites.entries());
    let home = root.path().join("home");
    let machines = Machines { root: root.path().to_owned(), home, store: cluster.database(), sites };
    let store = Store::open_at(&machines.store.parse().unwrap()).unwrap();
    let mut running: Vec<Machine> = (0..3).map(|number| machines.start(number)).collect();
    let jobs: Vec<Job> = (0..SOURCES).map(|number| Job::Crawl { source: format!("s{number}").as_str().into() }).collect();
    store.enqueue(&jobs, Timestamp::UNIX_EPOCH).unwrap();
    let documents = || store.counts().unwrap().documents;
    // Killed in the middle of its work, and then another; the first comes back with the folder it had.
    let mut kept = Vec::new();
    for (number, least) in [(0, 3), (1, 13)] {
        wait_until("the work of those who are left", || documents() >= least);
        kill(&mut running[number]);
        kept.push(machines.asked_for_stored(&store));
    }
    let acknowledged: Vec<String> = running.iter().flat_map(|machine| machine.stored.lock().unwrap().clone()).collect();
    running[0] = machines.start(0);
    wait_until("the last document", || documents() >= DOCUMENTS as u64 && store.queued().unwrap() == 0);
    let is_annotated = || store.records().all(|record| !record.unwrap().annotation.version.is_empty());
    wait_until("annotation by whoever leads now", is_annotated);
    let asked = machines.sites.asked.lock().unwrap().clone();
    for stored in kept {
        let again: Vec<_> = stored.iter().filter(|(path, times)| asked.get(*path) != Some(times)).collect();
        assert!(again.is_empty(), "pages were fetched again that a machine had stored before it was killed: {again:?}");
    }
    check(&store, &acknowledged);
    follows(&machines, &mut running);
}

fn check(store: &Store, acknowledged: &[String]) {
    for id in acknowledged {
        assert!(store.document(&id.as_str().into()).unwrap().is_some(), "document {id} was acknowledged and is gone");
    }
    let counts = store.counts().unwrap();
    let titles: BTreeSet<String> = store.records().map(|record| record.unwrap().document.title).collect();
    assert_eq!((counts.documents, counts.policies, counts.revisions, counts.copies), (DOCUMENTS as u64, DOCUMENTS as u64, 0, 0));
    assert_eq!(titles.len(), DOCUMENTS);
    assert!(store.check().unwrap().is_sound());
}

/// The index of the machine that was never killed has followed what all of them stored.
fn follows(machines: &Machines, running: &mut [Machine]) {
    std::thread::sleep(Duration::from_secs(5));
    for machine in running.iter_mut() {
        // The one that was killed and not started again is gone already.
        drop(Command::new("kill").args(["-TERM", &machine.child.id().to_string()]).stderr(Stdio::null()).status());
        machine.child.wait().unwrap();
    }
    let data: &Path = &machines.data(2);
    let found = run_in(data, &format!("search 专精特新 -n 100 --store {}", machines.store)).expect_code(0);
    assert_eq!(found.report()["hits"].as_array().map(Vec::len), Some(DOCUMENTS), "{}", found.stdout);
}
