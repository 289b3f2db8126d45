//! What all tests share: the program, its answers, the shared corpus.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The built program, started where no `rules/` lie, so that it works with what is bundled.
pub(crate) fn huice() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huice"));
    command.current_dir(std::env::temp_dir());
    command
}

/// A finished run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The JSON objects of stdout.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// The last JSON object of stdout: the report of a run.
    #[track_caller]
    pub(crate) fn report(&self) -> Value {
        self.lines().pop().unwrap_or_else(|| panic!("no report; stderr: {}", self.stderr))
    }

    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs the program with arguments to its end.
#[track_caller]
pub(crate) fn run<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Run {
    huice().args(arguments).output().unwrap().into()
}

/// Runs a command line on a data folder.
#[track_caller]
pub(crate) fn run_in(data: &Path, line: &str) -> Run {
    let words = line.split_whitespace().map(str::to_owned);
    run(words.chain(["--data".to_owned(), data.display().to_string()]))
}

/// The repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file of `../shared`; `None` (said on stderr) where it is absent.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = repository().join("../shared").join(name);
    if path.exists() {
        return path.canonicalize().ok();
    }
    eprintln!("skipped: {} is not here", path.display());
    None
}

/// A file with some content.
pub(crate) fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path
}
