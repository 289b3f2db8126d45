//! Backup and restore of a whole data folder: the store's own backup, and every file of the archive with its hash.

use std::io::Read;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Location;

use crate::pipeline::{Folder, Pipeline};

/// What a backup holds; written as `backup.json` last, so that a folder without it is no backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Policies in the store.
    pub policies: u64,
    /// Documents in the store.
    pub documents: u64,
    /// Archive files: path below the archive, bytes, SHA-256.
    pub archive: Vec<(String, u64, String)>,
    /// The channel settings, in the same form, where there were any.
    #[serde(default)]
    pub settings: Option<(String, u64, String)>,
}

const SETTINGS: &str = "push.toml";
const MANIFEST: &str = "backup.json";

/// Writes a backup of an open data folder into a new folder.
///
/// # Errors
/// A target that exists and is not empty, or a file that cannot be copied, by name.
pub fn backup(pipeline: &Pipeline, to: &Path) -> anyhow::Result<Backup> {
    let occupied = to.is_dir() && std::fs::read_dir(to)?.next().is_some();
    anyhow::ensure!(!occupied, "backup: {} is not empty; expected a new folder", to.display());
    let archive_to = to.join("archive");
    std::fs::create_dir_all(&archive_to).with_context(|| format!("create {}", archive_to.display()))?;
    pipeline.store.backup(&to.join("store"))?;
    let counts = pipeline.store.counts()?;
    let mut done = Backup { policies: counts.policies, documents: counts.documents, archive: Vec::new(), settings: None };
    for (name, file) in pipeline.archive.files()? {
        done.archive.push(copy_hashed(&file, &archive_to.join(&name), name)?);
    }
    done.archive.sort();
    let settings = pipeline.folder.push_config();
    if settings.is_file() {
        done.settings = Some(copy_hashed(&settings, &to.join(SETTINGS), SETTINGS.to_owned())?);
    }
    let path = to.join(MANIFEST);
    std::fs::write(&path, serde_json::to_vec_pretty(&done)?).with_context(|| format!("write {}", path.display()))?;
    Ok(done)
}

/// Compares every file of a backup with its manifest.
///
/// # Errors
/// The first file that is missing or differs, by name.
pub fn verify(from: &Path) -> anyhow::Result<Backup> {
    let path = from.join(MANIFEST);
    let text = std::fs::read(&path).with_context(|| format!("{} is no backup: read {}", from.display(), path.display()))?;
    let backup: Backup = serde_json::from_slice(&text).with_context(|| format!("read {}", path.display()))?;
    let archive = backup.archive.iter().map(|file| (from.join("archive").join(&file.0), file));
    let settings = backup.settings.iter().map(|file| (from.join(&file.0), file));
    for (file, (_, bytes, hash)) in archive.chain(settings) {
        let (found_bytes, found_hash) = hash_file(&file)?;
        anyhow::ensure!(found_bytes == *bytes && found_hash == *hash, "backup: {} differs from its manifest", file.display());
    }
    store::verify_backup(&from.join("store"))?;
    Ok(backup)
}

/// Restores a backup into an empty data folder; the index is rebuilt at the next run.
///
/// # Errors
/// A backup that does not verify, or a target that is not empty.
pub fn restore(from: &Path, to: &Folder) -> anyhow::Result<Backup> {
    let backup = verify(from)?;
    let occupied = to.root().is_dir() && std::fs::read_dir(to.root())?.next().is_some();
    anyhow::ensure!(!occupied, "restore: {} is not empty; expected a new data folder", to.root().display());
    // Filled beside its place and moved there whole: a restore that is broken off leaves nothing that looks like data.
    let part = Folder::new(to.root().with_extension("restoring"));
    if part.root().is_dir() {
        std::fs::remove_dir_all(part.root()).with_context(|| format!("remove {}", part.root().display()))?;
    }
    std::fs::create_dir_all(part.archive()).with_context(|| format!("create {}", part.archive().display()))?;
    for (name, _, hash) in &backup.archive {
        // Files of other machines lie one folder deeper; nothing lies outside.
        let is_below = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        anyhow::ensure!(is_below, "restore: `{name}` leads out of the archive");
        let (_, _, copied) = copy_hashed(&from.join("archive").join(name), &part.archive().join(name), name.clone())?;
        anyhow::ensure!(copied == *hash, "restore: {name} changed while it was copied");
    }
    let location = to.store();
    // A store in the data folder is moved there with it, one elsewhere is filled at its place.
    store::restore_at(&from.join("store"), &moved(location, to.root(), part.root()))?;
    if let Some((name, _, _)) = &backup.settings {
        copy_hashed(&from.join(name), &part.push_config(), name.clone())?;
    }
    if to.root().is_dir() {
        std::fs::remove_dir(to.root()).with_context(|| format!("replace {}", to.root().display()))?;
    }
    std::fs::rename(part.root(), to.root()).with_context(|| format!("move {} to its place", part.root().display()))?;
    Ok(backup)
}

/// A location below one folder, as it is below another; any other location as it is.
fn moved(location: &Location, from: &Path, to: &Path) -> Location {
    let below = |folder: &Path| folder.strip_prefix(from).map_or_else(|_| folder.to_owned(), |inner| to.join(inner));
    match location {
        Location::Sled(folder) => Location::Sled(below(folder)),
        Location::Redb(folder) => Location::Redb(below(folder)),
        Location::Postgres(_) => location.clone(),
    }
}

fn copy_hashed(from: &Path, to: &Path, name: String) -> anyhow::Result<(String, u64, String)> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    std::fs::copy(from, to).with_context(|| format!("copy {} to {}", from.display(), to.display()))?;
    std::fs::File::open(to)?.sync_all().with_context(|| format!("write {}", to.display()))?;
    let (bytes, hash) = hash_file(to)?;
    Ok((name, bytes, hash))
}

fn hash_file(path: &Path) -> anyhow::Result<(u64, String)> {
    let mut file = std::fs::File::open(path).with_context(|| format!("read {}", path.display()))?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer).with_context(|| format!("read {}", path.display()))?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        digest.update(&buffer[..read]);
    }
    let hash = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, hash))
}
