//! Identity of many documents in memory: the judgement of the store without the store, for comparing a collection.
//!
//! Fields and keys stay in memory, about 1.2 KB a document; texts lie in a temporary file and are read back where two of
//! them have to be compared.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::error::{Result, StoreError};
use crate::identity::{Face, Fields, Relation};
use crate::ingest::{Incoming, stored_of};
use crate::shelf::{MOST_CANDIDATES, Shelf, Way, relate};
use crate::sketch::{self, BANDS, Bands};

/// What a document is among those that came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The first of its policy.
    Canonical,
    /// The same text in another place.
    Copy,
    /// Another text of the same act.
    Revision,
}

/// Where a document belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number of its policy, from 0 in the order of their first documents.
    pub group: u32,
    /// What it is there.
    pub role: Role,
}

/// No entry: the end of a chain.
const NONE: u32 = u32::MAX;

/// A document as far as it stays in memory.
struct Entry {
    fields: Fields,
    group: u32,
    /// Where its text begins in the file, and its bytes.
    text: (u64, u32),
    /// The entry of the same group before it.
    before: u32,
    /// Whether its text was current in its group.
    is_text: bool,
}

/// Entries by one kind of keys: the newest entry of each key, and for each entry the one before it under the same key.
#[derive(Default)]
struct Chains<K> {
    newest: HashMap<K, u32>,
    links: Vec<(u32, u32)>,
}

impl<K: Hash + Eq> Chains<K> {
    fn add(&mut self, key: K, entry: u32) {
        let link = u32::try_from(self.links.len()).unwrap_or(NONE);
        let before = self.newest.insert(key, link).unwrap_or(NONE);
        self.links.push((entry, before));
    }

    fn entries(&self, key: &K) -> impl Iterator<Item = u32> {
        let mut at = self.newest.get(key).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let (entry, before) = *self.links.get(at as usize)?;
            at = before;
            Some(entry)
        })
    }
}

/// A collection of documents, grouped as they come.
pub struct Collection {
    entries: Vec<Entry>,
    /// Of each group its first entry and its last.
    groups: Vec<(u32, u32)>,
    keys: Chains<u64>,
    bands: Vec<Chains<u32>>,
    texts: File,
    written: u64,
    /// Gathered and not yet in the file.
    pending: Vec<u8>,
    /// Why a text could not be read back.
    failure: RefCell<Option<io::Error>>,
}

/// Bytes gathered before they are written.
const PENDING_BYTES: usize = 1 << 20;
/// The longest text that is kept whole; the rest of a longer one is not compared.
const MOST_TEXT_BYTES: usize = 4 << 20;
/// Entries of one key looked at to find groups.
const MOST_ENTRIES: usize = 64;

impl Collection {
    /// An empty one; texts go to this file, which should be one that vanishes by itself.
    #[must_use]
    pub fn new(texts: File) -> Self {
        Self {
            entries: Vec::new(),
            groups: Vec::new(),
            keys: Chains::default(),
            bands: (0..BANDS).map(|_| Chains::default()).collect(),
            texts,
            written: 0,
            pending: Vec::new(),
            failure: RefCell::new(None),
        }
    }

    /// Takes a document in and says where it belongs. The same page twice is for the caller to know.
    ///
    /// # Errors
    /// Where the file of texts cannot be written or read back.
    pub fn add(&mut self, incoming: &Incoming) -> Result<Place> {
        let stored = stored_of(incoming);
        let face = Face::of(&stored);
        let bands = sketch::bands(face.text());
        let found = relate(self, &face, &stored.fingerprint, bands.as_ref())?;
        if let Some(error) = self.failure.borrow_mut().take() {
            return Err(failed("read", error));
        }
        let text = self.keep(face.text())?;
        let fields = face.into_fields();
        Ok(self.file(fields, &stored.fingerprint, bands.as_ref(), text, found))
    }

    /// How many policies there are.
    #[must_use]
    pub fn policies(&self) -> usize {
        self.groups.len()
    }

    fn keep(&mut self, text: &str) -> Result<(u64, u32)> {
        let kept = &text[..text.floor_char_boundary(MOST_TEXT_BYTES)];
        let at = self.written + self.pending.len() as u64;
        self.pending.extend(kept.as_bytes());
        if self.pending.len() >= PENDING_BYTES {
            self.texts.write_all(&self.pending).map_err(|error| failed("write", error))?;
            self.written += self.pending.len() as u64;
            self.pending.clear();
        }
        Ok((at, u32::try_from(kept.len()).unwrap_or(0)))
    }

    fn file(
        &mut self,
        fields: Fields,
        fingerprint: &str,
        bands: Option<&Bands>,
        text: (u64, u32),
        found: Option<(Relation, u32)>,
    ) -> Place {
        let number = u32::try_from(self.entries.len()).unwrap_or(NONE);
        let (role, group, before) = match found {
            Some((relation, group)) => {
                let last = &mut self.groups[group as usize].1;
                (if relation == Relation::Copy { Role::Copy } else { Role::Revision }, group, std::mem::replace(last, number))
            }
            None => {
                self.groups.push((number, number));
                (Role::Canonical, u32::try_from(self.groups.len() - 1).unwrap_or(NONE), NONE)
            }
        };
        if fields.has_text() {
            self.keys.add(hash_of(Way::Text(fingerprint)), number);
        }
        if let Some(number_key) = fields.number_key() {
            self.keys.add(hash_of(Way::Number(number_key)), number);
        }
        let listed = fields.listed.iter().flat_map(|listing| listing.kept());
        let titles: Vec<String> = fields.title_key().into_iter().chain(fields.law_key()).chain(listed).collect();
        for title in titles {
            self.keys.add(hash_of(Way::Title(&title)), number);
        }
        for (chains, band) in self.bands.iter_mut().zip(bands.into_iter().flatten()) {
            chains.add(*band, number);
        }
        let is_text = matches!(found, None | Some((Relation::Revision, _)));
        self.entries.push(Entry { fields, group, text, before, is_text });
        Place { group, role }
    }

    fn face<'s>(&'s self, entry: &'s Entry) -> Face<'s> {
        let text = self.text_of(entry).unwrap_or_else(|error| {
            self.failure.replace(Some(error));
            Cow::Borrowed("")
        });
        Face::from_parts(&entry.fields, text)
    }

    fn text_of(&self, entry: &Entry) -> io::Result<Cow<'_, str>> {
        let (at, bytes) = (entry.text.0, entry.text.1 as usize);
        if let Some(at) = at.checked_sub(self.written).and_then(|at| usize::try_from(at).ok()) {
            let text = self.pending.get(at..at + bytes).unwrap_or_default();
            return std::str::from_utf8(text).map(Cow::Borrowed).map_err(io::Error::other);
        }
        let mut text = vec![0; bytes];
        self.texts.read_exact_at(&mut text, at)?;
        String::from_utf8(text).map(Cow::Owned).map_err(io::Error::other)
    }

    /// Entries of a group: those of its texts first, newest first, then the rest as they came. Of a very large group the
    /// newest and the first.
    fn members(&self, group: u32) -> Vec<&Entry> {
        let (first, last) = self.groups[group as usize];
        let mut numbers = Vec::new();
        let mut at = last;
        while let Some(entry) = self.entries.get(at as usize).filter(|_| numbers.len() < MOST_ENTRIES) {
            numbers.push(at);
            at = entry.before;
        }
        if !numbers.contains(&first) {
            numbers.push(first);
        }
        let entry = |number: &u32| &self.entries[*number as usize];
        let texts = numbers.iter().map(entry).filter(|entry| entry.is_text);
        texts.chain(numbers.iter().rev().map(entry).filter(|entry| !entry.is_text)).collect()
    }
}

impl Shelf for Collection {
    type Group = u32;

    fn groups(&self, way: Way<'_>) -> Result<Vec<u32>> {
        let mut groups: Vec<u32> = Vec::new();
        let mut gather = |entries: &mut dyn Iterator<Item = u32>| {
            for entry in entries.take(MOST_ENTRIES) {
                let group = self.entries[entry as usize].group;
                if !groups.contains(&group) {
                    groups.push(group);
                }
                if groups.len() == MOST_CANDIDATES {
                    break;
                }
            }
        };
        match way {
            Way::Band(place, key) => gather(&mut self.bands[place].entries(&key)),
            way => gather(&mut self.keys.entries(&hash_of(way))),
        }
        Ok(groups)
    }

    fn show(&self, group: &u32, see: &mut dyn FnMut(&Face<'_>) -> ControlFlow<()>) -> Result<()> {
        for entry in self.members(*group) {
            if see(&self.face(entry)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn show_text(&self, group: &u32, fingerprint: &str, see: &mut dyn FnMut(&Face<'_>)) -> Result<()> {
        let key = hash_of(Way::Text(fingerprint));
        let mut same = self.keys.entries(&key).take(MOST_ENTRIES);
        let entry = same.by_ref().map(|entry| &self.entries[entry as usize]).find(|entry| entry.group == *group);
        if let Some(entry) = entry {
            see(&self.face(entry));
        }
        Ok(())
    }
}

/// The hash a key is kept by; that two keys share one only makes a candidate, which is then judged.
fn hash_of(way: Way<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    match way {
        Way::Text(key) => (0u8, key).hash(&mut hasher),
        Way::Number(key) => (1u8, key).hash(&mut hasher),
        Way::Title(key) => (2u8, key).hash(&mut hasher),
        Way::Band(place, key) => (3u8, place, key).hash(&mut hasher),
    }
    hasher.finish()
}

fn failed(what: &'static str, error: io::Error) -> StoreError {
    StoreError::io(Path::new("the temporary file of texts"), io::Error::new(error.kind(), format!("{what}: {error}")))
}
