//! Tests that end a process in the middle of its work, by force or by a full disk, and look at what is left.
//!
//! The test binary starts itself as the process to be ended. Its folder comes over stdin, because a test takes no arguments.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use model::Enterprise;

use crate::testing::{Home, Sample, at, prose};
use crate::{Change, Store, StoreError};

/// The round of documents that fill a disk quickly.
const FILLING: u32 = 900;

/// A text that is known from its document's id; every seventh lies in a file of its own.
fn text_of(round: u32, number: u32) -> String {
    let letters = match (number % 7, round) {
        (3, _) => 12_000,
        (_, FILLING) => 3_000,
        _ => 150,
    };
    prose(round * 100_000 + number, letters)
}

fn document(writer: &str, round: u32, number: u32) -> Sample {
    Sample::new(&format!("{writer}-{round}-{number}"), &format!("事项{writer}-{round}-{number}"), &text_of(round, number))
}

fn acknowledge(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nack {line}").and_then(|()| out.flush()).unwrap();
}

/// The process that is killed: two writers, with small and large batches, each acknowledging only what its call returned for.
#[test]
#[ignore = "started by `nothing_acknowledged_is_lost_when_the_process_is_killed`"]
fn writes_until_it_is_killed() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let Some((round, folder)) = line.trim_end().split_once(' ') else { return };
    let round: u32 = round.parse().unwrap();
    let store = Store::open(Path::new(folder)).unwrap();
    std::thread::scope(|scope| {
        for (writer, size) in [("one", 3), ("two", 40)] {
            let store = &store;
            scope.spawn(move || {
                for number in (0..60_000).step_by(size) {
                    let number = u32::try_from(number).unwrap();
                    let batch: Vec<_> =
                        (number..number + u32::try_from(size).unwrap()).map(|number| document(writer, round, number).0).collect();
                    store.ingest_batch(&batch, at(1)).unwrap();
                    batch.iter().for_each(|one| acknowledge(&format!("document {} {round} {writer}", one.id)));
                    let id = format!("{writer}-{round}-{number}");
                    store.put_enterprises(&[Enterprise { id: id.as_str().into(), ..Enterprise::default() }]).unwrap();
                    acknowledge(&format!("enterprise {id} {round} {writer}"));
                }
            });
        }
    });
}

/// Starts this test binary on one ignored test, with a line on its stdin.
fn start(command: &mut Command, test: &str, line: &str) -> Child {
    let mut child = command
        .args(["--exact", &format!("crash::{test}"), "--ignored", "--nocapture", "--test-threads=1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
    child
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let home = Home::new();
    let folder = home.path().join("store");
    let binary = std::env::current_exe().unwrap();
    let mut all: Vec<String> = Vec::new();
    let mut state = 2_463_534_242u32;
    for round in 0..20 {
        let mut child = start(&mut Command::new(&binary), "writes_until_it_is_killed", &format!("{round} {}", folder.display()));
        let mut out = BufReader::new(child.stdout.take().unwrap());
        // Some are killed while they open, most while they write.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let after = (state % 120) as usize;
        let mut line = String::new();
        let mut acknowledged: Vec<String> = Vec::new();
        while acknowledged.len() < after {
            line.clear();
            if out.read_line(&mut line).unwrap() == 0 {
                break;
            }
            acknowledged.extend(line.trim().strip_prefix("ack ").map(str::to_owned));
        }
        std::thread::sleep(Duration::from_micros(u64::from(state % 9_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        // What had left the process before it died counts, a line cut in two does not.
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
        acknowledged.extend(whole.lines().filter_map(|line| line.strip_prefix("ack ")).map(str::to_owned));
        all_there(&folder, &acknowledged, round);
        all.append(&mut acknowledged);
    }
    assert!(all.len() > 100, "only {} acknowledgements: the test proves nothing", all.len());
    all_there(&folder, &all, 20);
}

#[track_caller]
fn all_there(folder: &Path, acknowledged: &[String], round: u32) {
    let store = Store::open(folder).unwrap();
    for line in acknowledged {
        let parts: Vec<&str> = line.split(' ').collect();
        let [kind, id, ..] = parts[..] else { panic!("{line}") };
        if kind == "enterprise" {
            assert!(store.enterprise(&id.into()).unwrap().is_some(), "round {round}: {line} is lost");
            continue;
        }
        // The two writers have the same texts: the later of two is a copy in the policy of the earlier.
        let record = store.resolve(&id.into()).unwrap().and_then(|policy| store.record(&policy).unwrap());
        let numbers: Vec<u32> = id.split('-').skip(1).map(|part| part.parse().unwrap()).collect();
        let text = text_of(numbers[0], numbers[1]);
        let found = record.map(|record| record.document.text);
        assert_eq!(found.as_deref(), Some(text.as_str()), "round {round}: {line} is lost");
    }
    let check = store.check().unwrap();
    assert!(check.is_sound(), "round {round}: {check:?}");
}

/// The process whose disk is full: it reports the error it gets and tries to go on.
#[test]
#[ignore = "started by `a_full_disk_is_an_error_and_leaves_nothing_half_written`"]
fn writes_until_the_disk_is_full() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let Some((size, folder)) = line.trim_end().split_once(' ') else { return };
    let size: u32 = size.parse().unwrap();
    let store = Store::open(Path::new(folder)).unwrap();
    for number in (0..100_000).step_by(size as usize) {
        let batch: Vec<_> = (number..number + size).map(|number| document("full", FILLING, number).0).collect();
        match store.ingest_batch(&batch, at(1)) {
            Ok(_) => batch.iter().for_each(|one| acknowledge(&format!("document {} 0 full", one.id))),
            Err(error) => {
                let kind = match &error {
                    StoreError::DiskFull { .. } => "full",
                    StoreError::Stopped { .. } => "stopped",
                    _ => "other",
                };
                acknowledge(&format!("error {kind} {error}"));
                let again = match store.ingest_batch(&batch, at(1)) {
                    Ok(_) => "written",
                    Err(StoreError::Stopped { .. } | StoreError::DiskFull { .. }) => "refused",
                    Err(_) => "other",
                };
                acknowledge(&format!("again {again}"));
                return;
            }
        }
    }
}

#[test]
fn a_full_disk_is_an_error_and_leaves_nothing_half_written() {
    let binary = std::env::current_exe().unwrap();
    for (blocks, size) in [(9_000, 1), (9_000, 100), (12_345, 70)] {
        let home = Home::new();
        let folder: PathBuf = home.path().join("store");
        drop(Store::open(&folder).unwrap());
        // A limit on the size of files is a disk that fills, without needing one: 512-byte blocks, the signal ignored.
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")]).arg(&binary);
        let mut child = start(&mut shell, "writes_until_the_disk_is_full", &format!("{size} {}", folder.display()));
        let mut out = String::new();
        child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        child.wait().unwrap();
        let lines: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("ack ")).collect();
        let starting =
            |word: &str| lines.iter().filter(|line| line.starts_with(word)).map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let acknowledged = starting("document ");
        assert!(!acknowledged.is_empty(), "{out}");
        assert!(starting("error ").concat().starts_with("error full no space left"), "{:?}", starting("error "));
        assert_eq!(starting("again "), ["again refused"], "a store that failed to write stops");
        all_there(&folder, &acknowledged, 0);
        let store = Store::open(&folder).unwrap();
        let next = document("after", 1, 1);
        assert_eq!(store.ingest(&next.0, at(2)).unwrap().change, Change::New, "it goes on once there is room");
    }
}

#[test]
fn damage_anywhere_in_the_engine_s_file_is_noticed() {
    let home = Home::new();
    let folder = home.path().join("store");
    let documents: Vec<_> = (0..600).map(|number| document("d", 0, number).0).collect();
    let store = Store::open(&folder).unwrap();
    for part in documents.chunks(20) {
        store.ingest_batch(part, at(1)).unwrap();
    }
    drop(store);
    let file = folder.join("sled").join("db");
    let sound = std::fs::read(&file).unwrap();
    let mut noticed = 0;
    for place in (0..sound.len() - 64).step_by(sound.len() / 16) {
        let mut bytes = sound.clone();
        bytes[place..place + 64].iter_mut().for_each(|byte| *byte ^= 0x5a);
        std::fs::write(&file, bytes).unwrap();
        let is_whole = match Store::open(&folder) {
            Err(error) => {
                assert!(error.to_string().contains(folder.to_str().unwrap()), "{error}");
                false
            }
            // Where the engine itself says nothing, the counters and checksums do.
            Ok(store) => store.check().is_ok_and(|check| check.is_sound()),
        };
        noticed += usize::from(!is_whole);
        if is_whole {
            let store = Store::open(&folder).unwrap();
            for one in &documents {
                let stored = store.document(&one.id).unwrap();
                assert_eq!(stored.as_ref(), Some(&one.document), "damage at {place} was not noticed");
            }
        }
    }
    assert!(noticed > 0, "no place of {} bytes was in use: the test proves nothing", sound.len());
}
