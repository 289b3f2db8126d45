//! What only a server can get wrong, and what people see in it.

use crate::cluster::Cluster;
use crate::engine::{Batch, Engine, Location, Table};
use crate::testing::{Sample, at, prose};
use crate::{Store, StoreError};

fn location(url: &str) -> Location {
    url.parse().unwrap()
}

fn error_of(url: &str) -> String {
    Store::open_at(&location(url)).err().expect("it must not open").to_string()
}

#[test]
fn people_query_what_is_stored_with_the_server_s_own_tools() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database();
    let store = Store::open_at(&location(&url)).unwrap();
    store.ingest(&Sample::new("d1", "关于“小巨人”\u{0}的通知", &prose(1, 200)).0, at(1)).unwrap();
    store.ingest(&Sample::new("d2", "关于申报的通知", &prose(2, 200)).0, at(1)).unwrap();
    let database = url.rsplit('/').next().unwrap();
    let titles = "SELECT value->'document'->>'title' FROM documents ORDER BY key";
    assert_eq!(cluster.run(database, titles), "关于“小巨人”\u{fffd}的通知\n关于申报的通知", "a NUL is shown as what it is not");
    assert_eq!(cluster.run(database, "SELECT count(*) FROM policies WHERE value->>'region' = '000000'"), "2");
    let document = store.document(&"d1".into()).unwrap().unwrap();
    assert!(document.title.contains('\u{0}'), "and comes back as it was");
}

#[test]
fn what_cannot_be_a_store_says_what_to_do() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database();
    let (host, database) = url.rsplit_once('/').unwrap();
    let missing = error_of(&format!("{host}/nowhere"));
    assert!(missing.contains("nowhere") && missing.contains("--store"), "{missing}");
    cluster.run(database, "CREATE TABLE documents (id integer)");
    let foreign = error_of(&url);
    assert!(foreign.contains("`documents`") && foreign.contains("of its own"), "{foreign}");
    cluster.run("postgres", "CREATE DATABASE narrow ENCODING 'SQL_ASCII' TEMPLATE template0");
    let narrow = error_of(&format!("{host}/narrow"));
    assert!(narrow.contains("SQL_ASCII") && narrow.contains("UTF8"), "{narrow}");
    let newer = cluster.database();
    drop(Store::open_at(&location(&newer)).unwrap());
    cluster.run(newer.rsplit('/').next().unwrap(), "UPDATE huice_format SET version = 2");
    assert!(matches!(Store::open_at(&location(&newer)).err(), Some(StoreError::Newer { found: 2, known: 1, .. })));
    let nobody = error_of("postgres://huice@127.0.0.1:1/store");
    assert!(nobody.contains("127.0.0.1:1"), "{nobody}");
}

#[test]
fn a_server_that_was_restarted_is_found_again() {
    let Some(mut cluster) = Cluster::start() else { return };
    let store = Store::open_at(&location(&cluster.database())).unwrap();
    let take =
        |number: u32| store.ingest(&Sample::new(&format!("d{number}"), &format!("事项{number}"), &prose(number, 200)).0, at(1));
    // Several connections, so that several are dead afterwards.
    std::thread::scope(|scope| (0..6).for_each(|number| drop(scope.spawn(move || take(number).unwrap()))));
    assert!(store.leads("a").unwrap());
    cluster.crash();
    assert_eq!(store.counts().unwrap().documents, 6);
    take(7).unwrap();
    assert!(store.leads("a").unwrap(), "the duty is free again, and asked for again");
    assert!(store.check().unwrap().is_sound());
}

#[test]
fn a_writer_whose_machine_dies_lets_go_of_everything() {
    let Some(cluster) = Cluster::start() else { return };
    let url = cluster.database();
    let (Engine::Postgres(first), Engine::Postgres(second)) =
        (Engine::open(&location(&url)).unwrap(), Engine::open(&location(&url)).unwrap())
    else {
        panic!("a server")
    };
    let held = first.writer().unwrap();
    let mut batch = Batch::default();
    batch.put(Table::Urls, b"a".to_vec(), b"1".to_vec());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| second.writer().unwrap().apply(&batch).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert!(!waiting.is_finished(), "one writer at a time");
        // As the server sees it when the machine is gone.
        cluster.run(
            url.rsplit('/').next().unwrap(),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state LIKE 'idle in%'",
        );
        assert!(waiting.join().unwrap());
    });
    assert!(held.apply(&batch).is_err(), "what the dead one computed is not kept");
}
