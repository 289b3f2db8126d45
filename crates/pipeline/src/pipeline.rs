//! The stages put together over one data folder: the composition root that commands and the service share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use annotate::Annotator;
use anyhow::Context;
use extract::Extractor;
use fetch::{Archive, SharedArchive};
use jieba_rs::Jieba;
use matcher::Matcher;
use model::{Clock, Regions, Source};
use search::{Index, Lexicon};
use store::{Location, Store};

use crate::data::Data;
use crate::files::FileReader;
use crate::sources::parse_sources;

/// Where things lie: below `--data`, and the store elsewhere where that was asked for.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    store: Location,
    /// Where several machines keep one archive together.
    shared_archive: Option<SharedArchive>,
}

impl Folder {
    /// The folder given with `--data`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self { store: Location::Sled(root.join("store")), root, shared_archive: None }
    }

    /// The same with the store at another place, or on another engine.
    #[must_use]
    pub fn with_store(self, store: Location) -> Self {
        Self { store, ..self }
    }

    /// The same with a part of its own in an archive that several machines share.
    #[must_use]
    pub fn with_shared_archive(self, place: SharedArchive) -> Self {
        Self { shared_archive: Some(place), ..self }
    }

    /// Opens the archive: the folder's own, or its part of a shared one.
    fn open_archive(&self) -> anyhow::Result<Archive> {
        Ok(match &self.shared_archive {
            Some(shared) => Archive::open_shared(shared, &self.archive(), &self.node()?)?,
            None => Archive::open(&self.archive())?,
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The database.
    #[must_use]
    pub const fn store(&self) -> &Location {
        &self.store
    }

    /// Whether there is a store: an embedded one has a folder, a server answers for itself.
    #[must_use]
    pub fn has_store(&self) -> bool {
        match &self.store {
            Location::Sled(folder) | Location::Redb(folder) => folder.is_dir(),
            Location::Postgres(_) => true,
        }
    }

    /// The name of this folder among those of other machines on the same store: made once, then kept in it.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub fn node(&self) -> anyhow::Result<String> {
        let path = self.root.join("node");
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        if !known.trim().is_empty() {
            return Ok(known.trim().chars().filter(char::is_ascii_alphanumeric).take(32).collect());
        }
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::process::id());
        let name = format!("{random:016x}");
        std::fs::write(&path, format!("{name}\n")).with_context(|| format!("write {}", path.display()))?;
        Ok(name)
    }

    /// Everything fetched, where the archive is not shared.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.root.join("archive")
    }

    /// The search index; can be deleted at any time.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    /// Bound compilations.
    #[must_use]
    pub fn compilations(&self) -> PathBuf {
        self.root.join("compilations")
    }

    /// The editors' own words, if there are any.
    #[must_use]
    pub fn words(&self) -> PathBuf {
        self.root.join("words.txt")
    }

    /// Channel settings, if the operator wrote them; without this file there are the portal inbox and the log.
    #[must_use]
    pub fn push_config(&self) -> PathBuf {
        self.root.join("push.toml")
    }
}

/// The pure stages, built from the data files once.
pub struct Stages {
    /// Pages to documents.
    pub extractor: Arc<Extractor>,
    /// Texts to tags and indicators.
    pub annotator: Arc<Annotator>,
    /// Conditions and profiles to verdicts.
    pub matcher: Arc<Matcher>,
    /// All places.
    pub regions: Arc<Regions>,
    /// The sources of `sources.toml`.
    pub sources: Vec<Source>,
    /// The segmenter that annotation and search share: its dictionary takes over 100 MB.
    pub segmenter: Arc<Jieba>,
    /// The texts they were built from.
    pub data: Data,
}

impl Stages {
    /// Builds every stage.
    ///
    /// # Errors
    /// The first mistake in a data file, with its place.
    pub fn new(data: Data) -> anyhow::Result<Self> {
        let extractor = Arc::new(Self::extractor(&data)?);
        let (annotator, segmenter) = Self::annotator(&data)?;
        let regions = Arc::new(annotator.regions().clone());
        let matcher = Matcher::new(annotator.indicators().to_vec(), annotator.regions().clone(), data.rule_text("sizes.toml"))?;
        let matcher = matcher.with_qualifications(&data.rules_below("qualifications"))?;
        let sources = parse_sources(&data.sources_name, &data.sources, &regions, &extractor.family_names())?;
        Ok(Self { extractor, annotator: Arc::new(annotator), matcher: Arc::new(matcher), regions, sources, segmenter, data })
    }

    /// The extractor alone, for commands that only read pages.
    ///
    /// # Errors
    /// The first mistake in `rules/cms/`.
    pub fn extractor(data: &Data) -> anyhow::Result<Extractor> {
        Ok(Extractor::new(&data.rules_below("cms"))?)
    }

    /// The annotator and its segmenter alone, for commands that only read texts.
    ///
    /// # Errors
    /// The first mistake in the rules or the dictionary.
    pub fn annotator(data: &Data) -> anyhow::Result<(Annotator, Arc<Jieba>)> {
        let segmenter = annotate::segmenter(data.index_text("dictionary.txt"), &data.words)?;
        Ok((Annotator::new(&data.rules, segmenter.clone())?, segmenter))
    }

    /// What search knows of the language.
    ///
    /// # Errors
    /// The first mistake in `index/`.
    pub fn lexicon(&self) -> anyhow::Result<Lexicon> {
        let text = |name| self.data.index_text(name);
        let lexicon = Lexicon::new(text("synonyms.toml"), text("stop_words.txt"), text("fields.toml"))?;
        Ok(lexicon.with_regions(self.regions.as_ref().clone()).with_dictionary(self.dictionary_version()))
    }

    /// The version of the words texts are cut by: the shipped dictionary and the editors' own.
    #[must_use]
    pub fn dictionary_version(&self) -> String {
        let shipped = self.data.index_text("dictionary.txt").to_owned();
        let words = self.data.words.iter().fold(shipped, |text, word| text + "\n" + &word.to_string());
        model::fingerprint::sha256_hex(words.as_bytes())[..12].to_owned()
    }

    /// The source of an address: the entry whose list page shares the longest path with it, on the same host.
    #[must_use]
    pub fn source_of(&self, url: &url::Url) -> Option<&Source> {
        let shared = |source: &&Source| {
            let list = url::Url::parse(&source.url).ok()?;
            (list.host_str() == url.host_str()).then(|| shared_prefix(list.path(), url.path()))
        };
        self.sources.iter().filter(|source| shared(source).is_some()).max_by_key(shared)
    }
}

fn shared_prefix(left: &str, right: &str) -> usize {
    left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count()
}

/// The stages over one data folder.
#[derive(Clone)]
pub struct Pipeline {
    /// The pure stages.
    pub stages: Arc<Stages>,
    /// Documents, policies, queue, outbox, audit.
    pub store: Arc<Store>,
    /// Everything fetched.
    pub archive: Arc<Archive>,
    /// The search index.
    pub index: Arc<Index>,
    /// Reads attached files; without one they are archived and their kind is told, and no more.
    pub files: Option<FileReader>,
    /// The time.
    pub clock: Clock,
    /// Where it all lies.
    pub folder: Folder,
    /// One sweep of the outbox at a time: two would send a message twice.
    pub(crate) sweeping: Arc<tokio::sync::Mutex<()>>,
    /// Held while the index catches up with the store, and while another is put in its place: a change put into the old
    /// one at that moment would be lost.
    pub(crate) indexing: Arc<std::sync::Mutex<()>>,
    /// Held while an index is built beside the one in use: two at once would be twice the work for one result.
    pub(crate) rebuilding: Arc<std::sync::Mutex<()>>,
    /// Held while `sources.toml` is read, changed and replaced.
    pub(crate) deciding: Arc<std::sync::Mutex<()>>,
    stopping: Arc<AtomicBool>,
    /// Under which name the store keeps how far this folder's index has come. On a shared store each machine has its own.
    index_mark: Arc<str>,
}

impl Pipeline {
    /// Asks long work to end at its next safe place.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// The change up to which this folder's index is complete.
    pub(crate) fn index_mark(&self) -> anyhow::Result<u64> {
        Ok(self.store.mark(&self.index_mark)?)
    }

    pub(crate) fn set_index_mark(&self, sequence: u64) -> anyhow::Result<()> {
        Ok(self.store.set_mark(&self.index_mark, sequence)?)
    }

    /// Whether the store has changes that this folder's index has not seen.
    pub(crate) fn is_behind(&self) -> anyhow::Result<bool> {
        Ok(self.store.sequence()? > self.index_mark()?)
    }

    /// Opens (or creates) the data folder. One process at a time.
    ///
    /// # Errors
    /// A folder that is locked, damaged, of a newer format or not writable, by name.
    pub fn open(folder: Folder, stages: Arc<Stages>, clock: Clock) -> anyhow::Result<Self> {
        let root = folder.root().display().to_string();
        std::fs::create_dir_all(folder.root()).with_context(|| format!("create data folder {root}"))?;
        let store = Store::open_at(folder.store())?;
        let archive = folder.open_archive()?;
        let index = Index::open(&folder.index(), stages.segmenter.clone(), stages.lexicon()?)?;
        if store.is_shared() && folder.shared_archive.is_none() {
            tracing::warn!("the store is shared and the archive is not: other machines cannot read what this one fetches again");
        }
        let index_mark = if store.is_shared() { format!("index/{}", folder.node()?) } else { "index".to_owned() };
        let pipeline = Self {
            stages,
            store: Arc::new(store),
            archive: Arc::new(archive),
            index: Arc::new(index),
            files: None,
            clock,
            folder,
            sweeping: Arc::default(),
            indexing: Arc::default(),
            rebuilding: Arc::default(),
            deciding: Arc::default(),
            stopping: Arc::default(),
            index_mark: index_mark.into(),
        };
        if pipeline.index.needs_rebuild() {
            tracing::info!("the index is new or of another version; it will be filled from the store");
            pipeline.set_index_mark(0)?;
        }
        Ok(pipeline)
    }
}
