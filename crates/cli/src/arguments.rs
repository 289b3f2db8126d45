//! The command line. Outside tools rely on it: names and meanings stay.
#![expect(clippy::doc_markdown, reason = "doc comments here are help texts, which show backticks as they are")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use matcher::Purpose;

/// Policy intelligence: crawl, read, search, match, push and bind government policies.
#[derive(Debug, Parser)]
#[command(name = "huice", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Folder for the store, the archive and the index [default: data; for the demo: demo-data]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Place of the store: sled:FOLDER, redb:FOLDER or postgres://USER@HOST/DATABASE, whose password may stand in the
    /// environment variable HUICE_SECRET_STORE [default: sled:DATA/store]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) store: Option<store::Location>,
    /// Where several machines keep one archive, each a part of its own: a folder, or s3://BUCKET/PREFIX?endpoint=URL&region=NAME,
    /// whose key may stand in HUICE_SECRET_S3_KEY_ID and HUICE_SECRET_S3_KEY [default: DATA/archive, for one machine]
    #[arg(long, global = true, value_name = "PLACE")]
    pub(crate) archive: Option<fetch::SharedArchive>,
    /// Folder with rules/, index/ and sources.toml [default: this folder if it has them, else the bundled ones]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Log more: -v what is done, -vv in detail
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Log filter in full, e.g. `info,fetch=debug`
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// Log as JSON lines
    #[arg(long, global = true)]
    pub(crate) json_log: bool,
    /// Take this moment for now, e.g. 2026-11-20T08:30:00+08:00
    #[arg(long, global = true, value_name = "TIME")]
    pub(crate) now: Option<Timestamp>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole job on the bundled sample sites, then the web pages
    Demo(Demo),
    /// The service: crawl, process, push and web, on schedule, until SIGTERM
    Run(Run),
    /// Fetch sources now, or replay stored pages through the same path
    Crawl(Crawl),
    /// Read pages: one JSON object a page
    Extract(Extract),
    /// Read texts: tags, indicators, conditions, key points, each with its span
    Annotate(Annotate),
    /// Take in policies from elsewhere: {id,url,title,date,issuer,doc_no,body} a line
    Import(Import),
    /// Group documents that are copies or revisions of one policy
    Dedup(Dedup),
    /// Decide which documents are one policy: split one off, merge two
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Search: words, "phrases", -excluded, AND, OR, brackets, 标题: 正文: 文号: 机关: 地区: 窗口:, document numbers
    Search(Search),
    /// The state of policies on a day: in force or not, since when, and why
    State(State),
    /// What two texts of a policy, or two policies, differ in: by parameter and by sentence
    Diff(Diff),
    /// Match policies and enterprises: one verdict a line
    Match(Match),
    /// Import or list enterprise profiles
    #[command(subcommand)]
    Enterprise(Enterprise),
    /// Send what is due in the outbox, or list it
    Push(Push),
    /// Bind a quarter's policies into one document
    Compile(Compile),
    /// Score annotation against labelled phrases
    Eval(Eval),
    /// Measure speed and memory
    Bench(Bench),
    /// Look at an unknown site and print a ready sources.toml entry
    Probe(Probe),
    /// Test, list, pause or resume sources
    #[command(subcommand)]
    Source(Source),
    /// Check rules, index data and sources: every example hits or misses as it says
    Check(Check),
    /// Read one attached file from stdin in this process alone
    #[command(hide = true)]
    ReadFile(ReadFile),
    /// Words of the segmenter: propose new ones from a corpus, keep the editors' own
    #[command(subcommand)]
    Dictionary(Dictionary),
    /// Redo a step from stored input
    Reprocess(Reprocess),
    /// Back up the data folder
    Backup(Backup),
    /// Restore a backup, or verify one
    Restore(Restore),
    /// Look over the data folder and the machine
    Doctor,
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Also count on these texts ({id,text or body,title?,issuer?,region?,date?} a line) how often each rule is used, and
    /// list rules that never are and rules that overlap
    #[arg(long, value_name = "FILE")]
    pub(crate) corpus: Option<PathBuf>,
    /// With --corpus, print one JSON object instead of tables
    #[arg(long, requires = "corpus")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReadFile {
    /// CPU time; after half of it, in wall time, what is read so far is all
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Address space
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub(crate) memory_mib: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// End after the job instead of serving pages
    #[arg(long)]
    pub(crate) once: bool,
    /// Throw away what an earlier demo left
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Address of the web pages; port 0 takes any free one
    #[arg(long, default_value = "127.0.0.1:8780")]
    pub(crate) listen: std::net::SocketAddr,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// What this process does
    #[arg(long, value_delimiter = ',', value_name = "ROLES", default_value = "crawl,process,push,web")]
    pub(crate) roles: Vec<Role>,
    /// After so many seconds without a word a machine is taken for dead and its jobs are given to others
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(i64).range(1..=86_400))]
    pub(crate) lease: i64,
    /// Address of the web pages
    #[arg(long, default_value = "127.0.0.1:8780")]
    pub(crate) listen: std::net::SocketAddr,
    /// Address of the portal as its users see it: links in messages lead there, and its host is answered
    #[arg(long, value_name = "URL")]
    pub(crate) portal_url: Option<url::Url>,
    /// Further host name to answer, or * for any; repeatable [default: loopback names and that of --portal-url]
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<String>,
    #[command(flatten)]
    pub(crate) network: Network,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    Crawl,
    Process,
    Push,
    Web,
}

/// How the network is reached.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Network {
    /// Proxy for all requests; those of the environment are never used
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Private address (host:port or network) that may be fetched; repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) allow: Vec<String>,
    /// Chromium that runs the scripts of pages whose source says `render = true` [default: as installed]
    #[arg(long, value_name = "FILE")]
    pub(crate) browser: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Crawl {
    /// Only these sources; repeatable [default: all enabled]
    #[arg(long, value_name = "ID")]
    pub(crate) source: Vec<String>,
    /// Read stored pages instead of the network: a manifest (pages.jsonl) or a WARC
    #[arg(long, value_name = "FILE", conflicts_with = "source")]
    pub(crate) replay: Option<PathBuf>,
    /// Fetch known pages again even if they are not due
    #[arg(long)]
    pub(crate) revisit: bool,
    /// Reach back over all list pages until they have only items before this day, e.g. 2020-01-01
    #[arg(long, value_name = "DATE", requires = "source", conflicts_with_all = ["replay", "pages"])]
    pub(crate) since: Option<jiff::civil::Date>,
    /// Reach back over so many list pages, whatever is known
    #[arg(long, value_name = "N", requires = "source", conflicts_with = "replay")]
    pub(crate) pages: Option<u32>,
    /// Fetch now also outside the sources' windows
    #[arg(long)]
    pub(crate) any_time: bool,
    /// Only fetch and store; leave annotation and index to a later run
    #[arg(long)]
    pub(crate) no_process: bool,
    #[command(flatten)]
    pub(crate) network: Network,
}

#[derive(Debug, Args)]
pub(crate) struct Extract {
    /// A page on disk
    #[arg(required_unless_present = "manifest", requires = "url")]
    pub(crate) file: Option<PathBuf>,
    /// The address it was fetched from
    #[arg(long)]
    pub(crate) url: Option<url::Url>,
    /// The Content-Type it came with
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    /// A manifest of stored pages
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "url"])]
    pub(crate) manifest: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Annotate {
    /// A text file, or - for stdin
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
    pub(crate) file: Option<PathBuf>,
    /// Texts as {id,text,title?,issuer?,region?,date?} a line
    #[arg(long, value_name = "FILE")]
    pub(crate) jsonl: Option<PathBuf>,
    /// Title of FILE
    #[arg(long, default_value = "")]
    pub(crate) title: String,
    /// Region of FILE (GB/T 2260)
    #[arg(long, default_value = "000000")]
    pub(crate) region: String,
    /// Say for people which rules made each item, and why numbers were passed over
    #[arg(long)]
    pub(crate) explain: bool,
    /// With --explain, one JSON object a text
    #[arg(long, requires = "explain")]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file; .gz is unpacked, - is stdin
    pub(crate) file: PathBuf,
    /// Only store; leave annotation and index to a later run
    #[arg(long)]
    pub(crate) no_process: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Dedup {
    /// Documents as for `import`
    #[arg(long, value_name = "FILE", required_unless_present = "pairs", conflicts_with = "pairs")]
    pub(crate) jsonl: Option<PathBuf>,
    /// Labelled pairs as {corpus,a,b,label} a line: score identity on them and name what is wrong
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: Option<PathBuf>,
    /// The folder with the collections the pairs are from
    #[arg(long, value_name = "DIR", default_value = "../shared/corpus")]
    pub(crate) corpus: PathBuf,
    /// The scores as JSON
    #[arg(long, requires = "pairs")]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Make a document a policy of its own, for good
    Split {
        /// The document, as `dedup` and the policy's page show it
        document: String,
        /// Why, for the audit log
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Make two policies one, for good; the id of the first leads to the second from then on
    Merge {
        /// The policy that ends
        from: String,
        /// The policy that takes its documents
        into: String,
        /// They are versions, not copies: the later text by date becomes the current one
        #[arg(long)]
        versions: bool,
        /// Why, for the audit log
        #[arg(long, default_value = "")]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// What to look for; with --similar the id of a policy, with --suggest the first characters of a word
    #[arg(required_unless_present = "queries", conflicts_with = "queries", allow_hyphen_values = true)]
    pub(crate) query: Option<String>,
    /// Only hits with this facet, e.g. region=650000; repeatable
    #[arg(long, value_name = "K=V", value_parser = key_value)]
    pub(crate) filter: Vec<(String, String)>,
    /// Most hits
    #[arg(short = 'n', default_value_t = 10)]
    pub(crate) number: usize,
    /// Newest first instead of best first
    #[arg(long)]
    pub(crate) newest: bool,
    /// Say for each hit what its score is made of
    #[arg(long)]
    pub(crate) explain: bool,
    /// Find what is like the policy with this id
    #[arg(long, conflicts_with_all = ["queries", "suggest", "explain", "newest", "filter"])]
    pub(crate) similar: bool,
    /// Say what may stand behind the characters typed so far: words, pinyin or initials
    #[arg(long, conflicts_with_all = ["queries", "explain", "newest", "filter"])]
    pub(crate) suggest: bool,
    /// Queries as {id,query} a line
    #[arg(long, value_name = "FILE")]
    pub(crate) queries: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct State {
    /// Ids of policies or of documents that carry them
    #[arg(required = true, value_name = "ID")]
    pub(crate) policy: Vec<String>,
    /// The day, e.g. 2024-05-01 [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) on: Option<Date>,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// Id of a policy
    #[arg(required_unless_present = "files", conflicts_with = "files", value_name = "ID")]
    pub(crate) policy: Option<String>,
    /// The older text, from 1 [default: the one before the newer]
    #[arg(long, value_name = "N", conflicts_with = "files")]
    pub(crate) from: Option<u32>,
    /// The newer text [default: the current one]
    #[arg(long, value_name = "N", conflicts_with = "files")]
    pub(crate) to: Option<u32>,
    /// Compare with the text of another policy
    #[arg(long, value_name = "ID", conflicts_with = "files")]
    pub(crate) with: Option<String>,
    /// Compare two text files, without a data folder
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    pub(crate) files: Vec<PathBuf>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}`: expected key=value, e.g. region=650000"))?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

#[derive(Debug, Args)]
pub(crate) struct Match {
    /// One stored policy against all enterprises
    #[arg(long, value_name = "ID", conflicts_with_all = ["enterprise", "policies"])]
    pub(crate) policy: Option<String>,
    /// One stored enterprise against all policies
    #[arg(long, value_name = "ID", conflicts_with = "policies")]
    pub(crate) enterprise: Option<String>,
    /// Policies as for `import`, without a data folder
    #[arg(long, value_name = "FILE", requires = "enterprises")]
    pub(crate) policies: Option<PathBuf>,
    /// Enterprise profiles, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) enterprises: Option<PathBuf>,
    /// Put messages for matches into the outbox
    #[arg(long, conflicts_with = "policies")]
    pub(crate) queue: bool,
    /// Judge enterprises by the rules for a title instead, e.g. 专精特新 or 小巨人
    #[arg(long, value_name = "TITLE", conflicts_with_all = ["policy", "policies", "queue"])]
    pub(crate) qualification: Option<String>,
    /// What the application is for: 认定 or 复核
    #[arg(long, value_name = "PURPOSE", default_value = "认定", value_parser = purpose, requires = "qualification")]
    pub(crate) purpose: Purpose,
    /// The day of application; today where not given
    #[arg(long, value_name = "DATE", requires = "qualification")]
    pub(crate) on: Option<Date>,
}

fn purpose(text: &str) -> Result<Purpose, String> {
    Purpose::of_word(text).ok_or_else(|| format!("`{text}`: expected 认定 or 复核"))
}

#[derive(Debug, Subcommand)]
pub(crate) enum Enterprise {
    /// Take in profiles, one JSON object a line; a line with a known id replaces that profile
    Import {
        /// The file, or - for stdin
        file: PathBuf,
    },
    /// Print all profiles
    List,
}

#[derive(Debug, Args)]
pub(crate) struct Push {
    /// Print the messages of the outbox instead of sending
    #[arg(long)]
    pub(crate) list: bool,
    /// Match what changed first
    #[arg(long)]
    pub(crate) matching: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// The quarter, e.g. 2026Q3; also a year or a month
    #[arg(long, value_name = "PERIOD")]
    pub(crate) quarter: String,
    /// docx, html, md, xlsx
    #[arg(long, value_delimiter = ',', default_value = "docx,html,md,xlsx")]
    pub(crate) format: Vec<String>,
    /// Folder for the files
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Template in rules/compilations
    #[arg(long, default_value = "quarterly")]
    pub(crate) template: String,
}

#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Labelled texts as {id,text,title?,issuer?,region?,date?,expect} a line, e.g. ../shared/gold/phrases.jsonl
    #[arg(required = true)]
    pub(crate) gold: Vec<PathBuf>,
    /// Where the texts of lines with {ref,cut?} lie
    #[arg(long, value_name = "DIR", default_value = "../shared/corpus")]
    pub(crate) corpus: PathBuf,
    /// Rewrite the block between the scorecard marks of this file, with all forms of the texts
    #[arg(long, value_name = "FILE", conflicts_with_all = ["variant", "missed", "extra", "json"])]
    pub(crate) readme: Option<PathBuf>,
    /// Score on altered text
    #[arg(long)]
    pub(crate) variant: Option<Variant>,
    /// List what was missed, with the words around it and what was found in its place
    #[arg(long)]
    pub(crate) missed: bool,
    /// List what was found and is not labelled
    #[arg(long)]
    pub(crate) extra: bool,
    /// List only items of this type, e.g. condition
    #[arg(long, value_name = "TYPE")]
    pub(crate) kind: Option<String>,
    /// Print JSON instead of the table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Variant {
    Fullwidth,
    Spaced,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// What to measure
    #[arg(default_value = "all")]
    pub(crate) what: Benchmark,
    /// One {name,value,unit} a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Where the corpus lies
    #[arg(long, value_name = "DIR", default_value = "../shared/corpus")]
    pub(crate) corpus: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Benchmark {
    Parse,
    Extract,
    Crawl,
    Annotate,
    Index,
    Search,
    /// Questions to laws cut into paragraphs
    Paragraphs,
    /// How well questions find what answers them
    Ranking,
    Dedup,
    Match,
    Outbox,
    Path,
    All,
    /// The server of `crawl`, which starts it
    #[value(hide = true)]
    CrawlServer,
}

#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// A list page of the site
    pub(crate) url: url::Url,
    /// Read it from stored pages instead of the network
    #[arg(long, value_name = "FILE")]
    pub(crate) replay: Option<PathBuf>,
    /// Print one JSON object instead
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) network: Network,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Source {
    /// Fetch one source's list and newest document and say what was read and what changed
    Test {
        /// Its id in sources.toml
        id: String,
        /// Read it from stored pages instead of the network
        #[arg(long, value_name = "FILE")]
        replay: Option<PathBuf>,
        /// Print one JSON object instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        network: Network,
    },
    /// Print all sources with their health and last run, one JSON object a line
    List {
        /// Only sources in this state
        #[arg(long)]
        state: Option<HealthState>,
    },
    /// Fetch a source no more on schedule, until it is resumed
    Pause {
        /// Its id in sources.toml
        id: String,
        /// Why, for those who find it paused
        #[arg(long, default_value = "")]
        why: String,
    },
    /// Fetch a paused source on schedule again
    Resume {
        /// Its id in sources.toml
        id: String,
    },
    /// Look for new rules of a source whose site was redesigned, from what is stored
    Heal {
        /// Its id in sources.toml
        id: String,
    },
    /// Print mended rules that wait for a decision, and why some could not be made
    Proposals {
        /// Also those decided
        #[arg(long)]
        all: bool,
    },
    /// Take a mended rule: it is written into sources.toml
    Accept {
        /// The proposal's id
        id: String,
    },
    /// Refuse a mended rule: it is not proposed again
    Reject {
        /// The proposal's id
        id: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HealthState {
    Healthy,
    Degraded,
    Silent,
    Broken,
    Paused,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dictionary {
    /// Print words a corpus uses and the dictionary does not know, as lines of a dictionary with their reasons
    Propose {
        /// Texts as {text} or {body}, with {title}, one JSON object a line; - is stdin, .gz is unpacked
        #[arg(long, value_name = "FILE")]
        jsonl: PathBuf,
        /// How often a word must occur
        #[arg(long, value_name = "N", default_value_t = 20)]
        least: usize,
        /// How many words to print, the most frequent first
        #[arg(long, value_name = "N", default_value_t = 1000)]
        most: usize,
    },
    /// Add an own word, or change what is said of it; it wins over the shipped words
    Add {
        /// The word
        word: String,
        /// How strongly it holds together; without one it wins wherever it fits
        #[arg(long, value_name = "N")]
        frequency: Option<usize>,
        /// Part of speech: n, nt (agency), nz (name), v
        #[arg(long, value_name = "TAG")]
        tag: Option<String>,
    },
    /// Print the own words as lines of a dictionary
    List,
    /// Take an own word away
    Remove {
        /// The word
        word: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Reprocess {
    /// The first step to redo; those after it follow
    #[arg(long)]
    pub(crate) from: Step,
    /// Also what is not stale: with `extract` every page and file, and then every annotation; with `annotate` every annotation
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    Extract,
    Annotate,
    Index,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// A new folder
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The folder of a backup
    pub(crate) from: PathBuf,
    /// Only compare the backup with its manifest
    #[arg(long)]
    pub(crate) verify: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_argument_parser_is_sound() {
        Arguments::command().debug_assert();
    }
}
