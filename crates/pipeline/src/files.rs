//! Reading attached files: what one says, without letting a bad one cost more than itself.
//!
//! Parsers of PDF and Office files are young and their input is hostile: one may panic, loop, overflow its stack or eat all
//! memory. Each file is therefore read by a process of its own, which limits itself before it reads (`huice read-file`) and is
//! killed when it takes too long. Whatever goes wrong there is a state and an issue of that one file.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use model::{FileState, FileText, Issue};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

/// How much of what a reader says on stderr is looked at.
const LOOK_BYTES: u64 = 16 * 1024;

/// What reading one file may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLimits {
    /// Wall time; then the process is killed. It is told to stop by itself, and to keep what it has, after half of it.
    pub time: Duration,
    /// Address space of the process, MiB. Not enforced where the system has no such limit.
    pub memory_mib: u64,
    /// Bytes of a file that are handed over; a longer one is not read.
    pub input_bytes: usize,
    /// Bytes of its answer.
    pub output_bytes: u64,
    /// Files read at the same time.
    pub at_once: usize,
}

impl Default for ReadLimits {
    /// Real attachments take well under a second and 200 MiB; a gazette of 300 pages takes a few seconds.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            time: Duration::from_secs(60),
            memory_mib: 1024,
            input_bytes: 64 << 20,
            output_bytes: 96 << 20,
            at_once: cores.div_ceil(2),
        }
    }
}

/// Reads files; share one.
#[derive(Debug, Clone)]
pub struct FileReader {
    reader: Arc<Reader>,
}

#[derive(Debug)]
struct Reader {
    program: PathBuf,
    arguments: Vec<String>,
    limits: ReadLimits,
    places: Semaphore,
}

/// How a process ended that gave no answer.
struct Failure {
    state: FileState,
    code: &'static str,
    detail: String,
}

impl Failure {
    fn new(state: FileState, code: &'static str, detail: impl Into<String>) -> Self {
        Self { state, code, detail: detail.into() }
    }
}

impl FileReader {
    /// A reader that runs `program read-file` for each file. The program is a path, never a name to be searched for;
    /// `cli` gives its own.
    #[must_use]
    pub fn new(program: PathBuf, limits: ReadLimits) -> Self {
        let arguments = vec![
            "read-file".to_owned(),
            format!("--seconds={}", limits.time.as_secs().max(1)),
            format!("--memory-mib={}", limits.memory_mib),
        ];
        Self::with_arguments(program, arguments, limits)
    }

    fn with_arguments(program: PathBuf, arguments: Vec<String>, limits: ReadLimits) -> Self {
        let places = Semaphore::new(limits.at_once.max(1));
        Self { reader: Arc::new(Reader { program, arguments, limits, places }) }
    }

    /// Reads one file by its bytes. Never fails: how it ended is in the answer's state.
    #[must_use]
    pub async fn read(&self, bytes: &[u8]) -> FileText {
        let kind = extract::file_kind(bytes);
        self.reader.read(bytes).await.unwrap_or_else(|failure| {
            tracing::warn!(?kind, state = ?failure.state, detail = failure.detail, "read file");
            FileText { kind, state: failure.state, issues: vec![Issue::new(failure.code, failure.detail)], ..FileText::default() }
        })
    }
}

impl Reader {
    async fn read(&self, bytes: &[u8]) -> Result<FileText, Failure> {
        let limits = &self.limits;
        if bytes.len() > limits.input_bytes {
            let detail = format!("{} bytes, at most {} are read", bytes.len(), limits.input_bytes);
            return Err(Failure::new(FileState::Limited, "file_too_long", detail));
        }
        let place = self.places.acquire().await;
        let mut child = self.start()?;
        let outcome = tokio::time::timeout(limits.time, talk(&mut child, bytes, limits.output_bytes)).await;
        // Killed before its place is given to the next.
        if let Err(error) = child.kill().await {
            tracing::debug!(%error, "a file reader has ended already");
        }
        drop(place);
        match outcome {
            Ok(outcome) => outcome,
            Err(_) => {
                let detail = format!("not read within {} s", limits.time.as_secs_f32());
                Err(Failure::new(FileState::Limited, "reader_timeout", detail))
            }
        }
    }

    fn start(&self) -> Result<Child, Failure> {
        Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                let detail = format!("start {}: {error}", self.program.display());
                Failure::new(FileState::Unsupported, "no_file_reader", detail)
            })
    }
}

/// Hands the bytes over and takes the answer, both at once: either pipe may fill up.
async fn talk(child: &mut Child, bytes: &[u8], most_bytes: u64) -> Result<FileText, Failure> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let hand_over = async {
        if let Some(mut stdin) = stdin {
            // A reader may answer or die before it has read all.
            if let Err(error) = stdin.write_all(bytes).await {
                tracing::debug!(%error, "a file reader did not take its whole file");
            }
        }
    };
    let ((), answer, said) = tokio::join!(hand_over, take(stdout, most_bytes + 1, false), take(stderr, LOOK_BYTES, true));
    if answer.len() as u64 > most_bytes {
        return Err(Failure::new(FileState::Limited, "answer_too_long", format!("text beyond {most_bytes} bytes")));
    }
    let status = child.wait().await.map_err(|error| Failure::new(FileState::Damaged, "reader_failed", error.to_string()))?;
    if !status.success() {
        return Err(judge(status, &String::from_utf8_lossy(&said)));
    }
    serde_json::from_slice(&answer)
        .map_err(|error| Failure::new(FileState::Damaged, "reader_failed", format!("its reader's answer: {error}")))
}

/// Reads at most so many bytes, then closes the pipe, or throws the rest away: a log is no reason to break a reader off.
async fn take(pipe: Option<impl AsyncRead + Unpin>, most_bytes: u64, to_the_end: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Some(mut pipe) = pipe else { return bytes };
    let mut read = (&mut pipe).take(most_bytes).read_to_end(&mut bytes).await.map(|_| ());
    if to_the_end && read.is_ok() {
        read = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await.map(|_| ());
    }
    if let Err(error) = read {
        tracing::debug!(%error, "a file reader's pipe broke");
    }
    bytes
}

/// What the end of a process means: memory and time are limits, anything else is the file's damage.
fn judge(status: ExitStatus, said: &str) -> Failure {
    if said.contains("memory allocation of") || said.contains("out of memory") {
        return Failure::new(FileState::Limited, "reader_out_of_memory", "needs more memory than one file may take");
    }
    if said.contains("overflowed its stack") {
        return Failure::new(FileState::Damaged, "reader_failed", "nested too deeply: its reader overflowed its stack");
    }
    if is_out_of_time(status) {
        return Failure::new(FileState::Limited, "reader_timeout", "needs more time than one file may take");
    }
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    let last: String = last.chars().take(200).collect();
    Failure::new(FileState::Damaged, "reader_failed", format!("its reader ended with {status} {last}").trim_end().to_owned())
}

/// Whether the system ended a process for its CPU time (`SIGXCPU` 24) or from outside (`SIGKILL` 9: the kernel's want of memory).
#[cfg(unix)]
fn is_out_of_time(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    matches!(status.signal(), Some(9 | 24))
}

#[cfg(not(unix))]
fn is_out_of_time(_: ExitStatus) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use super::*;

    const PDF: &[u8] = b"%PDF-1.4 example";

    fn limits() -> ReadLimits {
        ReadLimits { time: Duration::from_secs(20), output_bytes: 4096, ..ReadLimits::default() }
    }

    /// A reader that is a shell script.
    fn script(script: &str, limits: ReadLimits) -> FileReader {
        FileReader::with_arguments("/bin/sh".into(), vec!["-c".to_owned(), script.to_owned()], limits)
    }

    fn said(text: &FileText) -> (FileState, &str) {
        (text.state, text.issues.first().map_or("", |issue| issue.code.as_str()))
    }

    #[tokio::test]
    async fn an_answer_is_taken_as_it_is() {
        let reader = script(r#"cat >/dev/null; echo '{"kind":"pdf","state":"scan","pages":3}'"#, limits());
        let text = reader.read(PDF).await;
        assert_eq!((text.state, text.pages, text.issues.len()), (FileState::Scan, 3, 0));
    }

    #[tokio::test]
    async fn whatever_a_reader_does_costs_one_file() {
        for (what, expected) in [
            ("kill -SEGV $$", (FileState::Damaged, "reader_failed")),
            ("kill -ABRT $$", (FileState::Damaged, "reader_failed")),
            ("exit 101", (FileState::Damaged, "reader_failed")),
            ("exit 0", (FileState::Damaged, "reader_failed")),
            ("echo nonsense", (FileState::Damaged, "reader_failed")),
            ("echo 'memory allocation of 9 bytes failed' >&2; kill -ABRT $$", (FileState::Limited, "reader_out_of_memory")),
            ("echo \"thread 'main' has overflowed its stack\" >&2; kill -ABRT $$", (FileState::Damaged, "reader_failed")),
            ("kill -XCPU $$", (FileState::Limited, "reader_timeout")),
            ("yes", (FileState::Limited, "answer_too_long")),
            ("yes >&2", (FileState::Limited, "reader_timeout")),
        ] {
            let limits = ReadLimits { time: Duration::from_secs(2), ..limits() };
            let text = script(what, limits).read(PDF).await;
            assert_eq!((text.kind, said(&text)), (model::FileKind::Pdf, expected), "{what}");
        }
    }

    #[tokio::test]
    async fn a_reader_that_hangs_is_killed() {
        let started = Instant::now();
        // Takes nothing of a file that is longer than a pipe, and never ends.
        let limits = ReadLimits { time: Duration::from_millis(300), ..limits() };
        let text = script("exec sleep 600", limits).read(&vec![b'x'; 1 << 20]).await;
        assert_eq!(said(&text), (FileState::Limited, "reader_timeout"));
        assert!(started.elapsed() < Duration::from_secs(60));
    }

    #[tokio::test]
    async fn a_file_that_is_too_long_is_not_handed_over() {
        let limits = ReadLimits { input_bytes: 10, ..limits() };
        assert_eq!(said(&script("exit 0", limits).read(PDF).await), (FileState::Limited, "file_too_long"));
    }

    #[tokio::test]
    async fn without_a_program_nothing_is_read() {
        let reader = FileReader::new("/nonexistent/huice".into(), limits());
        assert_eq!(said(&reader.read(PDF).await), (FileState::Unsupported, "no_file_reader"));
    }

    #[tokio::test]
    async fn no_more_than_allowed_run_at_once() {
        let folder = tempfile::tempdir().unwrap();
        // Each takes the lock while it runs: two at once would find it taken.
        let lock = folder.path().join("lock");
        let body =
            format!(r#"mkdir {0} || exit 9; /bin/sleep 0.05; rmdir {0}; echo '{{"kind":"pdf","state":"text"}}'"#, lock.display());
        let reader = script(&format!("PATH=/bin:/usr/bin; {body}"), ReadLimits { at_once: 1, ..limits() });
        let all = futures_util::future::join_all((0..6).map(|_| reader.read(PDF))).await;
        assert!(all.iter().all(|text| text.state == FileState::Text), "{all:?}");
    }

    #[tokio::test]
    async fn a_reader_is_told_nothing_of_the_surroundings() {
        let reader = script(r#"[ -z "$HOME$CARGO_MANIFEST_DIR" ] && echo '{"kind":"pdf","state":"text"}'"#, limits());
        assert_eq!(reader.read(PDF).await.state, FileState::Text);
    }
}
