//! Any bytes as a WARC file: it opens, and every page it lists can be asked for. Called by the fuzz target and by the
//! tests of `fetch`.

use fetch::{Archive, Replay, Request, Transport};

pub(crate) fn warc(bytes: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else { return };
    // Under the name of an archive's own file, so that its recovery reads it too.
    let path = folder.path().join("huice-00001.warc.gz");
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    if let Ok(replay) = Replay::open(&path) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
        for url in replay.urls().into_iter().take(20) {
            // A damaged page is an error; what matters is that it is one.
            drop(runtime.block_on(replay.get(&Request::get(url))));
        }
    }
    let known = Archive::open_read_only(folder.path()).map(|archive| archive.len());
    // What recovery keeps, it keeps: opened again, the archive holds the same.
    if let (Ok(known), Ok(archive)) = (known, Archive::open(folder.path())) {
        assert_eq!(archive.len(), known, "repairing changed what the archive holds");
        drop(archive);
        let again = Archive::open(folder.path()).map(|archive| archive.len());
        assert_eq!(again.ok(), Some(known), "a repaired archive opens and holds the same");
    }
}
