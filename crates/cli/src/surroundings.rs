//! What a command is surrounded by: folders, the clock, the log. The only place that reads the clock and the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use fetch::SharedArchive;
use jiff::Timestamp;
use model::Clock;
use pipeline::{Data, Folder, Pipeline, Stages};
use store::Location;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::arguments::{Arguments, Command};

/// Settings shared by all commands.
pub(crate) struct Surroundings {
    data: PathBuf,
    home: Option<PathBuf>,
    store: Option<Location>,
    archive: Option<SharedArchive>,
    /// The time, or the time a person asked for with `--now`, which then goes on from there.
    pub(crate) clock: Clock,
    /// Names and values of `HUICE_SECRET_*` variables, for channels.
    pub(crate) secrets: BTreeMap<String, String>,
}

/// Variables with this prefix are secrets that `push.toml` may name.
const SECRET_PREFIX: &str = "HUICE_SECRET_";

impl Surroundings {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        start_log(arguments);
        let secrets = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?.strip_prefix(SECRET_PREFIX)?.to_owned();
            Some((name, value.into_string().ok()?))
        });
        let usual = if matches!(arguments.command, Command::Demo(_)) { "demo-data" } else { "data" };
        let data = arguments.data.clone().unwrap_or_else(|| PathBuf::from(usual));
        Self {
            data,
            home: home(arguments.home.as_ref()),
            store: arguments.store.clone(),
            archive: arguments.archive.clone(),
            clock: clock(arguments.now),
            secrets: secrets.collect(),
        }
    }

    /// The texts of rules, index data and sources.
    pub(crate) fn data(&self) -> anyhow::Result<Data> {
        if let Some(home) = &self.home {
            let has_any = ["rules", "index", "sources.toml"].iter().any(|name| home.join(name).exists());
            anyhow::ensure!(has_any, "{}: expected a folder with rules/, index/ or sources.toml (--home)", home.display());
        }
        Data::load(self.home.as_deref())?.with_words(&self.folder())
    }

    /// Where `--data` points.
    pub(crate) fn folder(&self) -> Folder {
        let folder = Folder::new(&self.data);
        let folder = match &self.archive {
            Some(SharedArchive::Bucket(place)) => {
                let secret = |name: &str| self.secrets.get(name).cloned();
                let place = place.clone().with_key(secret("S3_KEY_ID"), secret("S3_KEY"));
                folder.with_shared_archive(SharedArchive::Bucket(place))
            }
            Some(archive) => folder.with_shared_archive(archive.clone()),
            None => folder,
        };
        match &self.store {
            Some(store) => folder.with_store(store.clone().with_password(self.secrets.get("STORE").map(String::as_str))),
            None => folder,
        }
    }

    /// All stages, without a data folder.
    pub(crate) fn stages(&self) -> anyhow::Result<Arc<Stages>> {
        Ok(Arc::new(Stages::new(self.data()?)?))
    }

    /// The stages over the data folder, which this process then holds.
    pub(crate) fn pipeline(&self) -> anyhow::Result<Pipeline> {
        self.pipeline_in(self.folder())
    }

    /// The stages over a data folder that must be there: commands that only read or hand out would else answer a typo in
    /// `--data` with an empty folder.
    pub(crate) fn existing_pipeline(&self) -> anyhow::Result<Pipeline> {
        let folder = self.folder();
        anyhow::ensure!(
            folder.has_store(),
            "no data in {}; expected a data folder filled by `huice crawl` or `huice import` (--data)",
            folder.root().display()
        );
        self.pipeline()
    }

    /// The stages over another data folder.
    pub(crate) fn pipeline_in(&self, folder: Folder) -> anyhow::Result<Pipeline> {
        let mut pipeline = Pipeline::open(folder, self.stages()?, self.clock.clone())?;
        pipeline.files = Some(file_reader()?);
        Ok(pipeline)
    }
}

/// The folder with `rules/`, `index/` and `sources.toml`: as given, else here if it looks like one, else what is bundled.
fn home(given: Option<&PathBuf>) -> Option<PathBuf> {
    given.cloned().or_else(|| {
        let here = PathBuf::from(".");
        (here.join("sources.toml").is_file() && here.join("rules").is_dir()).then_some(here)
    })
}

#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn clock(asked: Option<Timestamp>) -> Clock {
    let Some(asked) = asked else { return Clock::new(Timestamp::now) };
    let started = Instant::now();
    Clock::new(move || asked + jiff::SignedDuration::try_from(started.elapsed()).unwrap_or_default())
}

/// Logs go to stderr. Commands that people wait for say only what is wrong; services say what they do.
fn start_log(arguments: &Arguments) {
    let usual = match arguments.command {
        Command::Run(_) => "info",
        _ => "warn",
    };
    let level = match arguments.verbose {
        0 => usual,
        1 => "info",
        _ => "debug",
    };
    // The engines below log their housekeeping at info; that is nobody's business unless asked for.
    let quiet = "tantivy=warn,sled=warn,html5ever=error,selectors=warn,hyper=warn,reqwest=warn";
    let filter = EnvFilter::new(arguments.log.clone().unwrap_or_else(|| format!("{level},{quiet}")));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if arguments.json_log { log.json().finish().try_init() } else { log.with_ansi(false).finish().try_init() };
    drop(started);
}

/// The runtime for commands that speak to the network.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the async runtime")
}

/// Reads attached files by running this very program once more for each.
pub(crate) fn file_reader() -> anyhow::Result<pipeline::FileReader> {
    let program = std::env::current_exe().context("find the path of this program")?;
    Ok(pipeline::FileReader::new(program, pipeline::ReadLimits::default()))
}

/// Reads a whole text file, or stdin for `-`; `.gz` is unpacked. At most 4 GB, so that a wrong file cannot take the machine.
pub(crate) fn read_text(path: &std::path::Path) -> anyhow::Result<String> {
    use std::io::Read;
    const MOST_BYTES: u64 = 4 << 30;
    let name = path.display();
    let reader: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        let file = std::fs::File::open(path).with_context(|| format!("read {name}"))?;
        if path.extension().is_some_and(|ending| ending == "gz") {
            Box::new(flate2::read::MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        }
    };
    let mut text = String::new();
    let read =
        reader.take(MOST_BYTES + 1).read_to_string(&mut text).with_context(|| format!("read {name}: expected UTF-8 text"))?;
    anyhow::ensure!(read as u64 <= MOST_BYTES, "{name}: larger than {MOST_BYTES} bytes");
    Ok(text)
}
