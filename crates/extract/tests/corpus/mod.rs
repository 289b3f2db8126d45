//! Where the stored pages lie, and the extractor that reads them.

use std::fs;
use std::path::{Path, PathBuf};

use extract::Extractor;

/// The folder beside the repository with the stored pages; `None`, said aloud, where there is none.
pub(crate) fn shared() -> Option<PathBuf> {
    let shared = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let found = shared.join("corpus/pages.jsonl").exists();
    if !found {
        eprintln!("skipped: no stored pages beside the repository");
    }
    found.then(|| shared.to_owned())
}

/// The extractor with the families of this repository.
pub(crate) fn extractor() -> Extractor {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/cms"));
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    Extractor::new(&files).unwrap_or_else(|error| panic!("{error}"))
}
