//! A `PostgreSQL` server of a test's own, in a temporary folder on a Unix socket; used by the tests of the store too.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A running server. It ends with the test, however that ends: its shell waits for the test's end of a pipe.
pub(crate) struct Cluster {
    home: tempfile::TempDir,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    shell: Child,
    databases: AtomicU32,
}

impl Cluster {
    /// Starts a server; `None`, said aloud, where `PostgreSQL` is not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            skipped("initdb is not installed (package postgresql), so nothing is tested on it");
            return None;
        };
        let home = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        // The server refuses to run as root.
        let user = (number("id", &["-u"]) == Some(0)).then(|| {
            let of = |which| number("id", &[which, "postgres"]).or_else(|| number("id", &[which, "nobody"]));
            (of("-u").expect("a user to run the server as"), of("-g").expect("its group"))
        });
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(home.path(), Some(user), Some(group)).unwrap();
        }
        let data = home.path().join("data");
        let made = as_user(&programs.join("initdb"), user)
            .args(["--no-sync", "--auth=trust", "--username=huice", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let shell = serve(&programs, &data, home.path(), user);
        let cluster = Self { home, programs, user, shell, databases: AtomicU32::new(0) };
        cluster.wait_until_it_answers();
        Some(cluster)
    }

    /// Makes a new database and gives its URL.
    pub(crate) fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    fn url(&self, database: &str) -> String {
        let host = self.home.path().display().to_string().replace('/', "%2F");
        format!("postgres://huice@{host}/{database}")
    }

    /// What a person sees: the answer to a statement.
    pub(crate) fn run(&self, database: &str, statement: &str) -> String {
        let asked = self.psql(database, statement).output().unwrap();
        assert!(asked.status.success(), "{statement}: {}", String::from_utf8_lossy(&asked.stderr));
        String::from_utf8(asked.stdout).unwrap().trim().to_owned()
    }

    /// Ends the server at once, as a crash does, and starts it again.
    #[allow(dead_code, reason = "used by one of the two crates of tests")]
    pub(crate) fn crash(&mut self) {
        drop(self.shell.stdin.take());
        self.shell.wait().unwrap();
        self.shell = serve(&self.programs, &self.home.path().join("data"), self.home.path(), self.user);
        self.wait_until_it_answers();
    }

    fn psql(&self, database: &str, statement: &str) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-X", "-q", "-A", "-t", "-U", "huice", "-d", database, "-c", statement]).arg("-h").arg(self.home.path());
        command
    }

    fn wait_until_it_answers(&self) {
        let started = Instant::now();
        while !self.psql("postgres", "SELECT 1").output().is_ok_and(|asked| asked.status.success()) {
            let log = std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(60), "the server does not answer: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}

fn serve(programs: &Path, data: &Path, home: &Path, user: Option<(u32, u32)>) -> Child {
    // No sync: what a killed process or server wrote is in the system's memory all the same.
    let script = "\"$0\" -D \"$1\" -k \"$2\" -c listen_addresses= -c fsync=off -c max_connections=200 >\"$2/log\" 2>&1 & \
                  read -r _; kill -QUIT $!; wait $!";
    as_user(Path::new("sh"), user)
        .args(["-c", script])
        .args([programs.join("postgres").as_path(), data, home])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn as_user(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    // Its own folder may be closed to the other user.
    command.current_dir("/");
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}

/// Where the server's programs are: on the path, or where Debian puts them.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut packaged: Vec<PathBuf> = packaged.map(|entry| entry.path().join("bin")).collect();
    packaged.sort();
    let places = packaged.into_iter().rev().chain(std::env::split_paths(&path));
    places.into_iter().find(|place| ["initdb", "postgres", "psql"].iter().all(|program| place.join(program).is_file()))
}

fn number(program: &str, arguments: &[&str]) -> Option<u32> {
    String::from_utf8(Command::new(program).args(arguments).output().ok()?.stdout).ok()?.trim().parse().ok()
}

#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn skipped(why: &str) {
    println!("skipped: {why}");
}
