//! kill -9 at any instant: the store opens, nothing acknowledged is missing, and a rerun completes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use crate::harness::{huice, run_in, shared};

/// A folder is filled, killed on the way this often, and then completed; fifty kills in all.
const KILLS_A_FOLDER: u64 = 5;
const FOLDERS: u64 = 10;

/// A replay takes about this long, so that kills fall into every step of it.
const WHOLE_MS: u64 = 2_200;

#[test]
fn a_replay_killed_at_random_loses_nothing_it_acknowledged() {
    let Some(manifest) = shared("corpus/pages.jsonl") else { return };
    let root = tempfile::tempdir().unwrap();
    let whole = root.path().join("whole");
    let replay = format!("crawl --replay {}", manifest.display());
    let expected = run_in(&whole, &replay).report();
    let intact = run_in(&whole, "doctor").expect_code(0).report();
    // A small generator: the moments differ from kill to kill, and are the same from run to run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let (mut acknowledged, mut caught) = (0, 0);
    for folder in 0..FOLDERS {
        let data = root.path().join(format!("killed-{folder}"));
        for _ in 0..KILLS_A_FOLDER {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let (stored, running) = killed_replay(&data, &manifest, Duration::from_millis(100 + state % WHOLE_MS));
            acknowledged += stored;
            caught += u64::from(running);
        }
        let finished = run_in(&data, &replay).report();
        assert_eq!(finished["failed"], expected["failed"], "{finished}");
        let healthy = run_in(&data, "doctor").expect_code(0).report();
        assert_eq!(healthy["counts"], intact["counts"], "folder {folder}");
        assert_eq!(healthy["indexed"], intact["indexed"], "folder {folder}");
    }
    assert!(acknowledged > 0, "every kill came before the first page was stored");
    assert!(caught >= FOLDERS, "only {caught} kills met a running replay");
}

/// Starts a replay and kills it after a while. Whatever it said was stored must then be there; gives how much that was,
/// and whether the kill met it running.
fn killed_replay(data: &std::path::Path, manifest: &std::path::Path, after: Duration) -> (usize, bool) {
    let mut child = huice()
        .args(["-v", "crawl", "--replay", manifest.to_str().unwrap(), "--data", data.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let stored = |line: String| Some(line.split_once("document=")?.1.split(' ').next()?.to_owned());
        stderr.lines().map_while(Result::ok).filter(|line| line.contains("stored")).filter_map(stored).collect::<Vec<_>>()
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    let running = child.wait().unwrap().code().is_none();
    let acknowledged = reader.join().unwrap();
    let store = store::Store::open(&data.join("store")).unwrap();
    for id in &acknowledged {
        assert!(store.document(&id.as_str().into()).unwrap().is_some(), "document {id} was acknowledged and is gone");
    }
    let archive = fetch::Archive::open(&data.join("archive")).unwrap();
    assert!(archive.verify().damaged.is_empty());
    (acknowledged.len(), running)
}
