//! Attached files are read by the program itself, in a process that may die of one without costing more than that one.
#![cfg(feature = "files")]

use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use model::{FileKind, FileState, FileText};
use pipeline::{FileReader, ReadLimits};

use crate::harness::{Run, huice, run, shared};

fn reader(limits: ReadLimits) -> FileReader {
    FileReader::new(env!("CARGO_BIN_EXE_huice").into(), limits)
}

fn read(bytes: &[u8], limits: ReadLimits) -> FileText {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(reader(limits).read(bytes))
}

/// Hands bytes to `huice read-file`.
fn read_file(bytes: &[u8], arguments: &[&str]) -> Run {
    let mut child = huice()
        .arg("read-file")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_file_on_stdin_becomes_one_object_on_stdout() {
    let run = read_file("第一行\n一、第二行".as_bytes(), &[]).expect_code(0);
    let text: FileText = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((text.kind, text.state, text.blocks.len()), (FileKind::Text, FileState::Text, 2));
    assert!(!self::run(["--help"]).stdout.contains("read-file"), "nobody else needs it");
}

#[test]
fn a_reader_without_memory_costs_one_file() {
    let long = vec![b'x'; 400 << 20];
    let limits = ReadLimits { memory_mib: 600, input_bytes: 1 << 30, ..ReadLimits::default() };
    let text = read(&long, limits);
    assert_eq!((text.kind, text.state), (FileKind::Text, FileState::Limited), "{:?}", text.issues);
    // The next one is read.
    assert_eq!(read(b"text", ReadLimits::default()).state, FileState::Text);
}

#[test]
fn a_reader_without_time_costs_one_file() {
    let limits = ReadLimits { time: Duration::from_millis(1), ..ReadLimits::default() };
    let text = read(b"text", limits);
    assert_eq!((text.state, text.issues[0].code.as_str()), (FileState::Limited, "reader_timeout"));
}

#[test]
fn brackets_without_end_cost_one_file() {
    let deep = format!("%PDF-1.4\n1 0 obj\n{}", "[".repeat(2_000_000));
    let text = read(deep.as_bytes(), ReadLimits { time: Duration::from_secs(20), ..ReadLimits::default() });
    assert!(matches!(text.state, FileState::Damaged | FileState::Limited), "{:?} {:?}", text.state, text.issues);
}

#[test]
fn a_document_is_extracted_like_a_page() {
    let Some(folder) = shared("corpus/attachments") else { return };
    let url = "https://www.example.gov.cn/files/notice.pdf";
    let notice = folder.join("cb72a9fad5a0555a3c73.pdf");
    let page = run(["extract", "--url", url, notice.to_str().unwrap()]).expect_code(0).report();
    assert_eq!(page["kind"], "detail");
    assert_eq!(page["title"], "关于优化本市住房限购政策的通知");
    assert_eq!(page["fields_from"]["text"], "file");
    assert!(page["text"].as_str().unwrap().contains("本通知自2024年1月31日起施行。"), "{}", page["text"]);
    // A scan is no document.
    let scan = folder.join("c14dae12741cc6325280.pdf");
    let page = run(["extract", "--url", url, scan.to_str().unwrap()]).report();
    assert_eq!((page["kind"].as_str(), page["text"].as_str()), (Some("other"), Some("")));
    assert_eq!(page["issues"][0]["code"], "file_without_text");
}
