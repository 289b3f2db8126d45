//! Values too large for the engine: one file each, named by the SHA-256 of its content, in 256 folders.
//!
//! A blob is complete before any value refers to it and never changes, so a crash leaves at most one nobody refers to;
//! [`Blobs::sweep`] removes those.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::engine::folder::{sync_folder, write_renamed};
use crate::engine::value::{Blob, MOST_VALUE_BYTES};
use crate::error::{Result, StoreError, at};

#[derive(Debug)]
pub(super) struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    pub(super) fn open(folder: PathBuf) -> Result<Self> {
        if !folder.exists() {
            fs::create_dir_all(&folder).map_err(at(&folder))?;
            folder.parent().map_or(Ok(()), sync_folder)?;
        }
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name.get(..2).unwrap_or("__")).join(name)
    }

    /// Stores blobs and makes them durable, with one sync a folder. Writing one that is there heals it if it was damaged.
    pub(super) fn put(&self, blobs: &[Blob]) -> Result<()> {
        let mut folders = BTreeSet::new();
        for blob in blobs {
            let path = self.path(&blob.name);
            if let Some(folder) = path.parent()
                && !folder.exists()
            {
                fs::create_dir_all(folder).map_err(at(folder))?;
                sync_folder(&self.folder)?;
            }
            if self.get(&blob.name, blob.content.len() as u64).is_err() {
                write_renamed(&path, &blob.content)?;
            }
            // Also where it was there: another thread may have renamed it and not yet synced the folder.
            folders.extend(path.parent().map(Path::to_owned));
        }
        folders.iter().try_for_each(|folder| sync_folder(folder))
    }

    /// Reads a blob and proves it by its name.
    pub(super) fn get(&self, name: &str, length: u64) -> Result<Vec<u8>, String> {
        if length > MOST_VALUE_BYTES as u64 || name.len() != 64 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("blob {name} of {length} bytes cannot be one of ours"));
        }
        let path = self.path(name);
        let mut content = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(length + 1).read_to_end(&mut content))
            .map_err(|error| format!("blob {}: {error}", path.display()))?;
        if content.len() as u64 != length || model::fingerprint::sha256_hex(&content) != name {
            return Err(format!("blob {} does not have the content its name says", path.display()));
        }
        Ok(content)
    }

    /// Removes what nobody refers to, and what broken-off writes left behind. Gives the number of files removed.
    pub(super) fn sweep(&self, referred: &BTreeSet<String>) -> Result<usize> {
        let mut removed = 0;
        for folder in entries(&self.folder)? {
            for file in entries(&folder)? {
                let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                if !referred.contains(&name) {
                    fs::remove_file(&file).map_err(at(&file))?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
    let mut listed: Vec<PathBuf> = listed.map_err(|error| StoreError::io(folder, error))?;
    listed.sort();
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(content: &[u8]) -> Blob {
        Blob { name: model::fingerprint::sha256_hex(content), content: content.to_vec() }
    }

    #[test]
    fn a_torn_or_changed_blob_is_refused_and_healed_by_writing_it_again() {
        let home = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(home.path().join("blobs")).unwrap();
        let content = b"a long text".repeat(100);
        let name = blob(&content).name;
        blobs.put(&[blob(&content)]).unwrap();
        let path = blobs.path(&name);
        for damage in [&content[..500], b"", &b"b long text".repeat(100)] {
            fs::write(&path, damage).unwrap();
            assert!(blobs.get(&name, content.len() as u64).unwrap_err().contains(&name));
            blobs.put(&[blob(&content)]).unwrap();
            assert_eq!(blobs.get(&name, content.len() as u64).unwrap(), content);
        }
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(home.path().join("blobs")).unwrap();
        for name in ["../../../etc/passwd", "", "ab"] {
            assert!(blobs.get(name, 10).is_err(), "{name}");
        }
    }

    #[test]
    fn the_sweep_keeps_what_is_referred_to() {
        let home = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(home.path().join("blobs")).unwrap();
        blobs.put(&[blob(b"kept"), blob(b"dropped")]).unwrap();
        fs::write(blobs.path(&blob(b"kept").name).with_extension("1-2.tmp"), b"half").unwrap();
        let kept = BTreeSet::from([blob(b"kept").name]);
        assert_eq!(blobs.sweep(&kept).unwrap(), 2);
        assert!(blobs.get(&blob(b"kept").name, 4).is_ok());
        assert!(blobs.get(&blob(b"dropped").name, 7).is_err());
    }
}
