//! What every engine must do, as tests that each engine runs.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::cluster::Cluster;
use crate::engine::{Batch, Engine, KeyRange, Location, Table};

/// An engine under test: where it is, and what must live as long.
struct Place {
    location: Location,
    /// As on a server that is older or derived from an older one.
    is_narrow: bool,
    _home: Option<tempfile::TempDir>,
}

impl Place {
    fn open(&self) -> Engine {
        match Engine::open(&self.location).unwrap() {
            Engine::Postgres(engine) if self.is_narrow => Engine::Postgres(engine.without_skip_locked()),
            engine => engine,
        }
    }
}

/// A new place of each engine that this machine has.
fn places(cluster: Option<&Cluster>) -> Vec<Place> {
    let embedded = [Location::Sled, Location::Redb].map(|engine| {
        let home = tempfile::tempdir().unwrap();
        Place { location: engine(home.path().join("store")), is_narrow: false, _home: Some(home) }
    });
    let server = |is_narrow| {
        let location = cluster.map(|cluster| cluster.database().parse().unwrap());
        location.map(|location| Place { location, is_narrow, _home: None })
    };
    embedded.into_iter().chain(server(false)).chain(server(true)).collect()
}

/// Runs a test on every engine.
#[expect(clippy::print_stdout, reason = "names the engine of a failure")]
fn on_each(test: impl Fn(&Place)) {
    let cluster = Cluster::start();
    for place in places(cluster.as_ref()) {
        println!("engine {}", place.location);
        test(&place);
    }
}

fn batch(writes: &[(&str, Option<&str>)]) -> Batch {
    let mut batch = Batch::default();
    for (key, value) in writes {
        match value {
            Some(value) => batch.put(Table::Documents, key.as_bytes().to_vec(), value.as_bytes().to_vec()),
            None => batch.remove(Table::Documents, key.as_bytes().to_vec()),
        }
    }
    batch
}

fn keys(engine: &Engine, table: Table, range: &KeyRange) -> Vec<String> {
    engine.scan(table, range).unwrap().map(|entry| String::from_utf8(entry.unwrap().0).unwrap()).collect()
}

#[test]
fn tables_do_not_see_each_other() {
    on_each(|place| {
        let engine = place.open();
        let mut batch = Batch::default();
        for table in Table::ALL.iter().filter(|table| !matches!(table, Table::Meta | Table::Changes | Table::Latest)) {
            batch.put(*table, b"key".to_vec(), table.name().as_bytes().to_vec());
            batch.put(*table, vec![255, 255], Vec::new());
        }
        assert!(engine.apply(&batch).unwrap());
        assert_eq!(engine.get(Table::Audit, b"key").unwrap(), Some(b"audit".to_vec()));
        assert_eq!(engine.scan(Table::Documents, &KeyRange::all()).unwrap().count(), 2);
        assert_eq!(engine.scan(Table::Audit, &KeyRange::all()).unwrap().count(), 2);
        assert_eq!(engine.scan(Table::Changes, &KeyRange::all()).unwrap().count(), 0);
    });
}

#[test]
fn a_batch_applies_only_if_all_its_expectations_hold() {
    on_each(|place| {
        let engine = place.open();
        assert!(engine.apply(&batch(&[("a", Some("1"))])).unwrap());
        let with = |key: &str, expected: Option<&str>| {
            let mut batch = batch(&[("a", Some("2")), ("b", Some("2"))]);
            batch.expect(Table::Documents, key.as_bytes().to_vec(), expected.map(|value| value.as_bytes().to_vec()));
            batch.expect(Table::Documents, b"z".to_vec(), None);
            batch
        };
        for (key, expected) in [("a", None), ("a", Some("0")), ("b", Some("1"))] {
            assert!(!engine.apply(&with(key, expected)).unwrap(), "{key} {expected:?}");
            assert_eq!(engine.get(Table::Documents, b"b").unwrap(), None, "nothing of it is there");
        }
        assert!(engine.apply(&with("a", Some("1"))).unwrap());
        assert_eq!(engine.get(Table::Documents, b"b").unwrap(), Some(b"2".to_vec()));
    });
}

#[test]
fn ranges_are_half_open_and_read_from_both_ends() {
    on_each(|place| {
        let engine = place.open();
        engine.apply(&batch(&[("a", Some("")), ("ab", Some("")), ("b", Some("")), ("ba", Some("")), ("c", Some(""))])).unwrap();
        let range = KeyRange::between(b"ab".to_vec(), b"ba".to_vec());
        assert_eq!(keys(&engine, Table::Documents, &range), ["ab", "b"]);
        assert_eq!(keys(&engine, Table::Documents, &KeyRange::prefix(b"b")), ["b", "ba"]);
        assert_eq!(keys(&engine, Table::Documents, &KeyRange::between(b"c".to_vec(), b"a".to_vec())), [""; 0]);
        let last = engine.scan(Table::Documents, &KeyRange::prefix(b"b")).unwrap().next_back().unwrap().unwrap();
        assert_eq!(last.0, b"ba");
    });
}

#[test]
fn a_changed_subject_moves_to_the_end_of_the_sequence() {
    on_each(|place| {
        let engine = place.open();
        let change = |subjects: &[&str]| {
            let mut batch = Batch::default();
            subjects.iter().for_each(|subject| batch.change(subject.as_bytes().to_vec()));
            assert!(engine.apply(&batch).unwrap());
        };
        let since = |from| {
            let (upto, subjects) = engine.changed_since(from).unwrap();
            (upto, subjects.into_iter().map(|subject| String::from_utf8(subject).unwrap()).collect::<Vec<_>>())
        };
        change(&["a", "b"]);
        change(&["c"]);
        let (seen, all) = since(0);
        assert_eq!((seen, all.join("")), (3, "abc".to_owned()));
        change(&["a"]);
        assert_eq!(since(seen), (4, vec!["a".to_owned()]));
        assert_eq!(since(0).1.join(""), "bca", "each once");
        assert_eq!(since(u64::MAX).1, [""; 0]);
        engine.settle().unwrap();
        drop(engine);
        let engine = place.open();
        assert_eq!(engine.sequence().unwrap(), 4, "it goes on after reopening");
    });
}

#[test]
fn many_writers_share_the_disk_and_lose_nothing() {
    on_each(|place| {
        let engine = place.open();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let engine = &engine;
                scope.spawn(move || {
                    for number in 0..25 {
                        let key = format!("{writer}/{number}");
                        let mut batch = batch(&[(key.as_str(), Some("x"))]);
                        batch.change(key.into_bytes());
                        assert!(engine.apply(&batch).unwrap());
                        engine.settle().unwrap();
                    }
                });
            }
        });
        drop(engine);
        let engine = place.open();
        assert_eq!(keys(&engine, Table::Documents, &KeyRange::all()).len(), 200);
        assert_eq!(engine.changed_since(0).unwrap().1.len(), 200);
    });
}

#[test]
fn json_comes_back_as_the_same_value_and_holds_as_an_expectation() {
    let large = format!("{{\"blocks\": [\"{}\"]}}", "政策".repeat(300_000));
    let values = [
        "{\"b\": 1, \"a\": [1.50, 1e-7, -0.1, 12345678901234567890, null, true], \"中文\": \"“引号”\\n\"}",
        "\"a\\u0000b\"",
        "{\"\\u0000\": \"\\\\u0000\"}",
        "null",
        "7",
        large.as_str(),
    ];
    on_each(|place| {
        let engine = place.open();
        let key = b"a".to_vec();
        for text in values {
            let mut batch = Batch::default();
            batch.put(Table::Documents, key.clone(), text.as_bytes().to_vec());
            assert!(engine.apply(&batch).unwrap());
            let stored = engine.get(Table::Documents, &key).unwrap().unwrap();
            let as_value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
            assert_eq!(as_value(&stored), as_value(text.as_bytes()));
            let mut other = Batch::default();
            other.put(Table::Documents, b"b".to_vec(), b"{}".to_vec());
            other.expect(Table::Documents, key.clone(), Some(b"{\"other\": 1}".to_vec()));
            assert!(!engine.apply(&other).unwrap());
            for expected in [stored, text.as_bytes().to_vec()] {
                // What was written is as good an expectation as what was read, where the engine gives back the bytes.
                let mut batch = Batch::default();
                batch.expect(Table::Documents, key.clone(), Some(expected));
                batch.put(Table::Documents, b"c".to_vec(), b"{}".to_vec());
                assert!(engine.apply(&batch).unwrap());
            }
        }
        assert_eq!(engine.get(Table::Documents, b"b").unwrap(), None);
    });
}

#[test]
fn large_values_and_long_ranges_come_back_whole() {
    on_each(|place| {
        let engine = place.open();
        let noise: Vec<u8> = value(3).repeat(200);
        let mut batch = Batch::default();
        batch.put(Table::FileTexts, b"large".to_vec(), noise.clone());
        for number in 0..3_000u32 {
            batch.put(Table::Urls, number.to_be_bytes().to_vec(), number.to_string().into_bytes());
        }
        assert!(engine.apply(&batch).unwrap());
        engine.settle().unwrap();
        drop(engine);
        let engine = place.open();
        assert_eq!(engine.get(Table::FileTexts, b"large").unwrap(), Some(noise));
        let number = |entry: crate::Result<(Vec<u8>, Vec<u8>)>| {
            let (key, value) = entry.unwrap();
            assert_eq!(u32::from_be_bytes(key.as_slice().try_into().unwrap()).to_string().into_bytes(), value);
            u32::from_be_bytes(key.try_into().unwrap())
        };
        let mut walk = engine.scan(Table::Urls, &KeyRange::all()).unwrap().map(number);
        let mut met = (Vec::new(), Vec::new());
        while let Some(first) = walk.next() {
            met.0.push(first);
            met.1.extend(walk.next_back());
        }
        met.0.extend(met.1.into_iter().rev());
        assert_eq!(met.0, (0..3_000).collect::<Vec<_>>());
    });
}

#[test]
fn a_snapshot_shows_one_moment_while_others_write() {
    on_each(|place| {
        let engine = place.open();
        engine.apply(&batch(&[("a", Some("1")), ("b", Some("1"))])).unwrap();
        let snapshot = engine.snapshot().unwrap();
        assert_eq!(snapshot.get(Table::Documents, b"a").unwrap(), Some(b"1".to_vec()));
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| engine.apply(&batch(&[("a", Some("2")), ("b", None), ("c", Some("2"))])).unwrap());
            std::thread::sleep(std::time::Duration::from_millis(50));
            assert_eq!(snapshot.get(Table::Documents, b"a").unwrap(), Some(b"1".to_vec()));
            let seen: Vec<Vec<u8>> =
                snapshot.scan(Table::Documents, &KeyRange::all()).unwrap().map(|entry| entry.unwrap().0).collect();
            assert_eq!(seen, [b"a", b"b"]);
            drop(snapshot);
            assert!(writer.join().unwrap());
        });
        assert_eq!(keys(&engine, Table::Documents, &KeyRange::all()), ["a", "c"]);
    });
}

/// Several processes are several handles here. Only engines that are shared can have them.
#[test]
fn who_follows_the_sequence_misses_nothing_that_many_machines_write() {
    const WRITERS: usize = 4;
    const EACH: usize = 30;
    let cluster = Cluster::start();
    for place in places(cluster.as_ref()).into_iter().filter(|place| place.location.is_shared()) {
        drop(place.open());
        let done = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (place, done) = (&place, &done);
                scope.spawn(move || {
                    let engine = place.open();
                    for number in 0..EACH {
                        let subject = format!("{writer}/{number}");
                        let mut batch = batch(&[(subject.as_str(), Some("1"))]);
                        batch.change(subject.into_bytes());
                        // Also what all of them change moves on without a gap.
                        batch.change(b"shared".to_vec());
                        assert!(engine.apply(&batch).unwrap());
                    }
                    done.fetch_add(1, std::sync::atomic::Ordering::Release);
                });
            }
            let engine = place.open();
            let (mut mark, mut seen) = (0, std::collections::BTreeSet::new());
            loop {
                let is_last = done.load(std::sync::atomic::Ordering::Acquire) == WRITERS;
                let (upto, subjects) = engine.changed_since(mark).unwrap();
                assert!(upto >= mark);
                mark = upto;
                seen.extend(subjects);
                if is_last {
                    break;
                }
            }
            assert_eq!(seen.len(), WRITERS * EACH + 1);
            assert_eq!(mark, (WRITERS * EACH * 2) as u64);
        });
    }
}

#[test]
fn one_of_several_processes_leads_and_another_follows_when_it_is_gone() {
    on_each(|place| {
        let first = place.open();
        assert!(first.leads("a").unwrap() && first.leads("a").unwrap());
        if place.location.is_shared() {
            let second = place.open();
            assert!(!second.leads("a").unwrap() && second.leads("b").unwrap() && !first.leads("b").unwrap());
            drop(first);
            let started = std::time::Instant::now();
            while !second.leads("a").unwrap() {
                assert!(started.elapsed() < std::time::Duration::from_secs(10), "nobody leads");
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        }
    });
}

#[derive(Debug, Clone)]
enum Step {
    Batch(Vec<(u8, Option<usize>)>),
    PutIfAbsent(u8, usize),
    Replace(u8, usize, usize),
    Reopen,
}

/// Values of all kinds: empty, small, compressed, in a file of their own.
fn value(kind: usize) -> Vec<u8> {
    let mut state = u32::try_from(kind).unwrap() + 1;
    let length = [0, 10, 3_000, 40_000][kind % 4];
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_le_bytes()[3]
        })
        .collect()
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0u8..12;
    prop_oneof![
        6 => prop::collection::vec((key.clone(), prop::option::of(0usize..12)), 1..6).prop_map(Step::Batch),
        2 => (key.clone(), 0usize..12).prop_map(|(key, value)| Step::PutIfAbsent(key, value)),
        2 => (key, 0usize..12, 0usize..12).prop_map(|(key, old, new)| Step::Replace(key, old, new)),
        1 => Just(Step::Reopen),
    ]
}

#[test]
fn the_engine_behaves_like_a_sorted_map() {
    let cluster = Cluster::start();
    let config = ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() };
    let places = places(cluster.as_ref());
    let behaves = |steps: Vec<Step>| {
        for place in &places {
            behaves_like_a_sorted_map(place, &steps)?;
        }
        Ok(())
    };
    TestRunner::new(config).run(&prop::collection::vec(step(), 1..30), behaves).unwrap();
}

fn behaves_like_a_sorted_map(place: &Place, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut engine = place.open();
    let mut emptied = Batch::default();
    for entry in engine.scan(Table::Pages, &KeyRange::all()).unwrap() {
        emptied.remove(Table::Pages, entry.unwrap().0);
    }
    assert!(engine.apply(&emptied).unwrap());
    let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for step in steps.iter().cloned() {
        match step {
            Step::Batch(writes) => {
                let mut batch = Batch::default();
                for (key, kind) in writes {
                    let key = vec![key / 4, key % 4];
                    match kind {
                        Some(kind) => {
                            batch.put(Table::Pages, key.clone(), value(kind));
                            model.insert(key, value(kind));
                        }
                        None => {
                            batch.remove(Table::Pages, key.clone());
                            model.remove(&key);
                        }
                    }
                }
                prop_assert!(engine.apply(&batch).unwrap());
            }
            Step::PutIfAbsent(key, kind) => {
                let key = vec![key / 4, key % 4];
                let mut batch = Batch::default();
                batch.expect(Table::Pages, key.clone(), None);
                batch.put(Table::Pages, key.clone(), value(kind));
                prop_assert_eq!(engine.apply(&batch).unwrap(), !model.contains_key(&key));
                model.entry(key).or_insert_with(|| value(kind));
            }
            Step::Replace(key, old, new) => {
                let key = vec![key / 4, key % 4];
                let mut batch = Batch::default();
                batch.expect(Table::Pages, key.clone(), Some(value(old)));
                batch.put(Table::Pages, key.clone(), value(new));
                let holds = model.get(&key) == Some(&value(old));
                prop_assert_eq!(engine.apply(&batch).unwrap(), holds);
                if holds {
                    model.insert(key, value(new));
                }
            }
            Step::Reopen => {
                engine.settle().unwrap();
                drop(engine);
                engine = place.open();
            }
        }
        let stored: Vec<(Vec<u8>, Vec<u8>)> = engine.scan(Table::Pages, &KeyRange::all()).unwrap().map(Result::unwrap).collect();
        let expected: Vec<(Vec<u8>, Vec<u8>)> = model.clone().into_iter().collect();
        prop_assert_eq!(&stored, &expected);
        let middle: Vec<Vec<u8>> =
            engine.scan(Table::Pages, &KeyRange::prefix(&[1])).unwrap().rev().map(|entry| entry.unwrap().0).collect();
        let expected: Vec<Vec<u8>> = model.keys().filter(|key| key[0] == 1).rev().cloned().collect();
        prop_assert_eq!(middle, expected);
    }
    Ok(())
}
