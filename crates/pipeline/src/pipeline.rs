//! The stages put together over one data folder: the composition root that commands and the service share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use annotate::Annotator;
use anyhow::Context;
use extract::Extractor;
use fetch::Archive;
use jieba_rs::Jieba;
use matcher::Matcher;
use model::{Clock, Regions, Source};
use search::{Index, Lexicon};
use store::Store;

use crate::data::Data;
use crate::files::FileReader;
use crate::sources::parse_sources;

/// Where things lie below `--data`.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder given with `--data`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// Everything fetched.
    #[must_use]
    pub fn archive(&self) -> PathBuf {
        self.0.join("archive")
    }

    /// The search index; can be deleted at any time.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.0.join("index")
    }

    /// Bound compilations.
    #[must_use]
    pub fn compilations(&self) -> PathBuf {
        self.0.join("compilations")
    }

    /// The editors' own words, if there are any.
    #[must_use]
    pub fn words(&self) -> PathBuf {
        self.0.join("words.txt")
    }

    /// Channel settings, if the operator wrote them; without this file there are the portal inbox and the log.
    #[must_use]
    pub fn push_config(&self) -> PathBuf {
        self.0.join("push.toml")
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
        Ok(lexicon.with_regions(self.regions.as_ref().clone()))
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
    /// Held while `sources.toml` is read, changed and replaced.
    pub(crate) deciding: Arc<std::sync::Mutex<()>>,
    stopping: Arc<AtomicBool>,
}

impl Pipeline {
    /// Asks long work to end at its next safe place.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Opens (or creates) the data folder. One process at a time.
    ///
    /// # Errors
    /// A folder that is locked, damaged, of a newer format or not writable, by name.
    pub fn open(folder: Folder, stages: Arc<Stages>, clock: Clock) -> anyhow::Result<Self> {
        let root = folder.root().display().to_string();
        std::fs::create_dir_all(folder.root()).with_context(|| format!("create data folder {root}"))?;
        let store = Store::open(&folder.store())?;
        let archive = Archive::open(&folder.archive())?;
        let index = Index::open(&folder.index(), stages.segmenter.clone(), stages.lexicon()?)?;
        let pipeline = Self {
            stages,
            store: Arc::new(store),
            archive: Arc::new(archive),
            index: Arc::new(index),
            files: None,
            clock,
            folder,
            sweeping: Arc::default(),
            deciding: Arc::default(),
            stopping: Arc::default(),
        };
        if pipeline.index.needs_rebuild() {
            tracing::info!("the index is empty or of another version; it will be rebuilt from the store");
            pipeline.store.set_index_mark(0)?;
        }
        Ok(pipeline)
    }
}
