//! Tests that end a process in the middle of its work, by force or by a full disk, and look at what is left.
//!
//! The test binary starts itself as the process to be ended. Its folder comes over stdin, because a test takes no arguments.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use model::Enterprise;

use crate::cluster::Cluster;
use crate::testing::{Home, Sample, at, prose};
use crate::{Change, Location, Store, StoreError};

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
    let Some((round, location)) = line.trim_end().split_once(' ') else { return };
    let round: u32 = round.parse().unwrap();
    let store = Store::open_at(&location.parse().unwrap()).unwrap();
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

/// Kills the writing process in so many rounds on one store, and looks each time.
fn kill_and_look(location: &str, rounds: u32, mut between: impl FnMut(u32)) {
    let binary = std::env::current_exe().unwrap();
    let mut all: Vec<String> = Vec::new();
    let mut state = 2_463_534_242u32;
    for round in 0..rounds {
        let mut child = start(&mut Command::new(&binary), "writes_until_it_is_killed", &format!("{round} {location}"));
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
        between(round);
        child.kill().unwrap();
        child.wait().unwrap();
        // What had left the process before it died counts, a line cut in two does not.
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
        acknowledged.extend(whole.lines().filter_map(|line| line.strip_prefix("ack ")).map(str::to_owned));
        all_there(location, &acknowledged, round);
        all.append(&mut acknowledged);
    }
    assert!(all.len() > 5 * rounds as usize, "only {} acknowledgements: the test proves nothing", all.len());
    all_there(location, &all, rounds);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed_on_sled() {
    let home = Home::new();
    kill_and_look(&format!("sled:{}", home.path().join("store").display()), 20, |_| {});
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed_on_redb() {
    let home = Home::new();
    kill_and_look(&format!("redb:{}", home.path().join("store").display()), 20, |_| {});
}

/// Every third time the server is ended too, in the middle of what it does.
#[test]
fn nothing_acknowledged_is_lost_when_the_process_or_the_server_is_killed() {
    let Some(mut cluster) = Cluster::start() else { return };
    let location = cluster.database();
    kill_and_look(&location, 9, |round| {
        if round % 3 == 2 {
            cluster.crash();
        }
    });
}

/// 300 rounds an engine, on a new store every twenty.
#[test]
#[ignore = "takes an hour: cargo nextest run -p store --run-ignored only three_hundred"]
fn nothing_acknowledged_is_lost_in_three_hundred_rounds() {
    let cluster = Cluster::start();
    for _ in 0..15 {
        let home = Home::new();
        for engine in ["sled", "redb"] {
            kill_and_look(&format!("{engine}:{}", home.path().join(engine).display()), 20, |_| {});
        }
        if let Some(cluster) = &cluster {
            kill_and_look(&cluster.database(), 20, |_| {});
        }
    }
}

#[track_caller]
fn all_there(location: &str, acknowledged: &[String], round: u32) {
    let store = Store::open_at(&location.parse().unwrap()).unwrap();
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
        all_there(&format!("sled:{}", folder.display()), &acknowledged, 0);
        let store = Store::open(&folder).unwrap();
        let next = document("after", 1, 1);
        assert_eq!(store.ingest(&next.0, at(2)).unwrap().change, Change::New, "it goes on once there is room");
    }
}

/// What is done to a file of a store.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// One bit flipped.
    Bit,
    /// 64 bytes overwritten.
    Bytes,
    /// Everything behind it gone.
    Cut,
}

/// Does so many kinds of damage to the files of a store, one after the other: each is named or does no harm, and backup and
/// archive bring everything back.
fn damage_and_repair(engine: fn(PathBuf) -> Location, times: usize) {
    let home = Home::new();
    let (folder, backup, copy) = (home.path().join("store"), home.path().join("backup"), home.path().join("copy"));
    let location = engine(folder.clone());
    let documents: Vec<_> = (0..600).map(|number| document("d", 0, number).0).collect();
    let store = Store::open_at(&location).unwrap();
    let (early, late) = documents.split_at(400);
    early.chunks(20).for_each(|part| drop(store.ingest_batch(part, at(1)).unwrap()));
    store.backup(&backup).unwrap();
    late.chunks(20).for_each(|part| drop(store.ingest_batch(part, at(2)).unwrap()));
    drop(store);
    copy_folder(&folder, &copy);
    let mut named = 0;
    let mut state = 88_172_645_463_325_252u64;
    for time in 0..times {
        std::fs::remove_dir_all(&folder).unwrap();
        copy_folder(&copy, &folder);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let damage = [Damage::Bit, Damage::Bytes, Damage::Cut][time % 3];
        let what = harm(&folder, damage, state);
        match is_whole(&location, &folder) {
            // A place that was not in use, or a mark nobody needs.
            Ok(()) => {}
            Err(named_as) => {
                assert!(!named_as.is_empty(), "{damage:?} in {what} has no name");
                named += 1;
                if named % 10 == 1 {
                    repair(&location, &folder, &backup, late);
                }
            }
        }
        // Named or not: what is read is right.
        if let Ok(store) = Store::open_at(&location)
            && store.check().is_ok_and(|check| check.is_sound())
        {
            for one in &documents {
                let stored = store.document(&one.id).unwrap();
                assert_eq!(stored.as_ref(), Some(&one.document), "{damage:?} in {what} was not noticed");
            }
        }
    }
    assert!(named > times / 10, "only {named} of {times} were in use: the test proves nothing");
}

/// What opening and checking says of a store: nothing, or what is wrong with it.
fn is_whole(location: &Location, folder: &Path) -> Result<(), String> {
    let store = Store::open_at(location).map_err(|error| {
        let text = error.to_string();
        assert!(text.contains(folder.to_str().unwrap()), "{text}");
        text
    })?;
    // Where the engine itself says nothing, the counters and checksums do.
    let check = store.check().map_err(|error| error.to_string())?;
    if check.is_sound() { Ok(()) } else { Err(format!("{check:?}")) }
}

/// Restores the backup in place of the damaged store and takes in again what the archive has beyond it.
fn repair(location: &Location, folder: &Path, backup: &Path, late: &[crate::Incoming]) {
    let aside = crate::set_aside(location).unwrap();
    assert!(aside.is_dir() && !folder.exists());
    crate::restore_at(backup, location).unwrap();
    let store = Store::open_at(location).unwrap();
    store.ingest_batch(late, at(2)).unwrap();
    let check = store.check().unwrap();
    assert!(check.is_sound() && check.counted.documents == 600, "{check:?}");
    std::fs::remove_dir_all(aside).unwrap();
}

/// Damages one file of a folder at one place.
fn harm(folder: &Path, damage: Damage, random: u64) -> String {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() { folders.push(entry) } else { files.push(entry) }
        }
    }
    files.retain(|file| file.metadata().unwrap().len() > 0);
    files.sort();
    // Mostly the largest, which is the engine's own.
    files.sort_by_key(|file| std::cmp::Reverse(file.metadata().unwrap().len()));
    let random = usize::try_from(random >> 3).unwrap();
    let file = if random % 4 > 0 { &files[0] } else { &files[random / 4 % files.len()] };
    let mut bytes = std::fs::read(file).unwrap();
    let place = random / 16 % bytes.len();
    match damage {
        Damage::Bit => bytes[place] ^= 1 << (random % 8),
        Damage::Bytes => bytes.iter_mut().skip(place).take(64).for_each(|byte| *byte ^= 0x5a),
        Damage::Cut => bytes.truncate(place),
    }
    std::fs::write(file, bytes).unwrap();
    format!("{} at {place}", file.display())
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let to = to.join(entry.file_name().unwrap());
        if entry.is_dir() { copy_folder(&entry, &to) } else { std::fs::copy(&entry, &to).map(drop).unwrap() }
    }
}

#[test]
fn damage_anywhere_in_the_files_of_sled_is_named_and_repaired() {
    damage_and_repair(Location::Sled, 15);
}

#[test]
fn damage_anywhere_in_the_files_of_redb_is_named_and_repaired() {
    damage_and_repair(Location::Redb, 15);
}

#[test]
#[ignore = "takes minutes: cargo nextest run -p store --run-ignored only hundred_damages"]
fn a_hundred_damages_are_named_and_repaired() {
    damage_and_repair(Location::Sled, 100);
    damage_and_repair(Location::Redb, 100);
}
