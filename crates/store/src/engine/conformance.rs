//! What every engine must do, as tests. A second engine runs these same functions with its own `open`.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use crate::engine::{Batch, Engine, KeyRange, Table};

/// The engine under test.
fn open(path: &Path) -> Engine {
    Engine::open(path).unwrap()
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
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path());
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
}

#[test]
fn a_batch_applies_only_if_all_its_expectations_hold() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path());
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
}

#[test]
fn ranges_are_half_open_and_read_from_both_ends() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path());
    engine.apply(&batch(&[("a", Some("")), ("ab", Some("")), ("b", Some("")), ("ba", Some("")), ("c", Some(""))])).unwrap();
    let range = KeyRange::between(b"ab".to_vec(), b"ba".to_vec());
    assert_eq!(keys(&engine, Table::Documents, &range), ["ab", "b"]);
    assert_eq!(keys(&engine, Table::Documents, &KeyRange::prefix(b"b")), ["b", "ba"]);
    assert_eq!(keys(&engine, Table::Documents, &KeyRange::between(b"c".to_vec(), b"a".to_vec())), [""; 0]);
    let last = engine.scan(Table::Documents, &KeyRange::prefix(b"b")).unwrap().next_back().unwrap().unwrap();
    assert_eq!(last.0, b"ba");
}

#[test]
fn a_changed_subject_moves_to_the_end_of_the_sequence() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path());
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
    let engine = open(home.path());
    assert_eq!(engine.sequence(), 4, "it goes on after reopening");
}

#[test]
fn many_writers_share_the_disk_and_lose_nothing() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(home.path());
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
    let engine = open(home.path());
    assert_eq!(keys(&engine, Table::Documents, &KeyRange::all()).len(), 200);
    assert_eq!(engine.changed_since(0).unwrap().1.len(), 200);
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_behaves_like_a_sorted_map(steps in prop::collection::vec(step(), 1..30)) {
        let home = tempfile::tempdir().unwrap();
        let mut engine = open(home.path());
        let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for step in steps {
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
                    engine = open(home.path());
                }
            }
            let stored: Vec<(Vec<u8>, Vec<u8>)> = engine.scan(Table::Pages, &KeyRange::all()).unwrap().map(Result::unwrap).collect();
            let expected: Vec<(Vec<u8>, Vec<u8>)> = model.clone().into_iter().collect();
            prop_assert_eq!(&stored, &expected);
            let middle: Vec<Vec<u8>> = engine.scan(Table::Pages, &KeyRange::prefix(&[1])).unwrap().rev().map(|entry| entry.unwrap().0).collect();
            let expected: Vec<Vec<u8>> = model.keys().filter(|key| key[0] == 1).rev().cloned().collect();
            prop_assert_eq!(middle, expected);
        }
    }
}
