//! The crawl figure: 20,000 pages from a server in a process of its own, fetched, archived durably and extracted.
//!
//! What is measured is what a crawl does with each page up to the store: the real transport (queues, robots.txt, guard,
//! limits), the real archive (each batch synced) and the real extraction. Annotation, store and index have figures of
//! their own. Every page has a body of its own, so none is archived as a repetition.

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response as HttpResponse};
use extract::Extractor;
use fetch::{Archive, Http, HttpConfig, Request, Response, Transport};
use pipeline::{Stages, read_page};
use tokio::sync::Semaphore;
use url::Url;

use super::bench::{Figure, pages};
use crate::surroundings::{Surroundings, runtime};

/// Pages fetched in all.
const PAGES: usize = 20_000;
/// Hosts they are spread over: one host is asked one page at a time.
const HOSTS: u8 = 32;
/// Pages of one host archived with one wait for the disk.
const BATCH: usize = 8;

/// Crawls and gives pages a second, and milliseconds of this process's processor time a page.
pub(crate) fn measure(corpus: &Path, surroundings: &Surroundings) -> anyhow::Result<Vec<Figure>> {
    let extractor = Arc::new(Stages::extractor(&surroundings.data()?)?);
    let server = Server::start(corpus)?;
    let folder = tempfile::tempdir()?;
    let archive = Arc::new(Archive::open(folder.path())?);
    let config = HttpConfig { allow: vec!["127.0.0.0/8".to_owned()], ..HttpConfig::default() };
    let http = Arc::new(Http::new(config, surroundings.clock.clone())?);
    let runtime = runtime()?;
    let (started, processor) = (Instant::now(), processor_seconds()?);
    let documents = runtime.block_on(async {
        let mut hosts = tokio::task::JoinSet::new();
        // As many pages are read at once as there are cores: more would only wait for each other, and hold memory.
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let places = Arc::new(Semaphore::new(cores));
        for host in 0..HOSTS {
            let crawl = crawl(server.urls(host)?, http.clone(), archive.clone(), extractor.clone(), places.clone());
            hosts.spawn(crawl);
        }
        let mut documents = 0;
        while let Some(ended) = hosts.join_next().await {
            documents += ended.context("a host's crawl ended badly")??;
        }
        anyhow::Ok(documents)
    })?;
    let (seconds, processor) = (started.elapsed().as_secs_f64(), processor_seconds()? - processor);
    anyhow::ensure!(archive.len() == PAGES, "{} pages archived, expected {PAGES}", archive.len());
    let count = PAGES as f64;
    Ok(vec![
        ("pages", count / seconds, "pages/s"),
        ("cpu", processor * 1e3 / count, "ms/page"),
        ("documents", documents as f64 / count, "documents/page"),
    ])
}

/// Fetches, archives and reads the pages of one host; the number of documents among them.
async fn crawl(
    urls: Vec<Url>,
    http: Arc<Http>,
    archive: Arc<Archive>,
    extractor: Arc<Extractor>,
    places: Arc<Semaphore>,
) -> anyhow::Result<usize> {
    let mut documents = 0;
    for batch in urls.chunks(BATCH) {
        let mut responses = Vec::with_capacity(batch.len());
        for url in batch {
            responses.push(http.get(&Request::get(url.clone())).await?);
        }
        let _place = places.acquire().await?;
        let (archive, extractor) = (archive.clone(), extractor.clone());
        documents += tokio::task::spawn_blocking(move || take_in(&responses, &archive, &extractor)).await??;
    }
    Ok(documents)
}

fn take_in(responses: &[Response], archive: &Archive, extractor: &Extractor) -> anyhow::Result<usize> {
    archive.put_batch(responses)?;
    let pages = responses.iter().map(|response| read_page(extractor, response, None));
    Ok(pages.filter(|page| page.kind == model::PageKind::Detail).count())
}

/// Processor time of all threads of this process so far, as Linux counts it.
fn processor_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("processor time is read from /proc, as Linux has it")?;
    // The program's name, in brackets, may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    // User and system time are the 14th and 15th field of the line, in hundredths of a second.
    Ok((ticks(11) + ticks(12)) / 100.0)
}

/// The server's process; it ends with the benchmark.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(corpus: &Path) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("find this program")?;
        let mut command = Command::new(program);
        command.args(["bench", "crawl-server", "--corpus"]).arg(corpus).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().context("start the server of bench crawl")?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line).context("read the port of the server")?;
        }
        let port = line.trim().parse().with_context(|| format!("the server said {line:?}, expected a port"))?;
        Ok(Self { process, port })
    }

    /// The pages of one host.
    fn urls(&self, host: u8) -> anyhow::Result<Vec<Url>> {
        let numbers = (usize::from(host)..PAGES).step_by(usize::from(HOSTS));
        numbers.map(|number| Ok(Url::parse(&format!("http://{}:{}/zc/t{number}.html", address(host), self.port))?)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait()) {
            tracing::warn!(%error, "the server of bench crawl");
        }
    }
}

fn address(host: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, host + 1))
}

/// A page as it is sent: its type, and its bytes up to where each copy gets its number.
type Sent = (String, Vec<u8>);

/// Serves the pages of the corpus under any number of paths on several addresses, until the other end of stdin is gone.
pub(crate) fn serve(corpus: &Path) -> anyhow::Result<()> {
    let good = pages(corpus)?.into_iter().filter(|page| page.status == 200);
    let sent: Vec<Sent> = good.map(|page| (page.content_type().unwrap_or("text/html").to_owned(), page.body)).collect();
    anyhow::ensure!(!sent.is_empty(), "no good page in {}", corpus.display());
    let router = Router::new().fallback(answer).with_state(Arc::new(sent));
    runtime()?.block_on(async {
        let first = tokio::net::TcpListener::bind(SocketAddr::new(address(0), 0)).await?;
        let port = first.local_addr()?.port();
        let mut listeners = vec![first];
        for host in 1..HOSTS {
            listeners.push(tokio::net::TcpListener::bind(SocketAddr::new(address(host), port)).await?);
        }
        for listener in listeners {
            let router = router.clone();
            tokio::spawn(async move { axum::serve(listener, router).await });
        }
        crate::output::text(&port.to_string())?;
        // The benchmark that started this holds the other end.
        tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0])).await??;
        Ok(())
    })
}

/// `/zc/t17.html` is the 17th page, with its number behind it.
async fn answer(State(pages): State<Arc<Vec<Sent>>>, uri: Uri) -> HttpResponse {
    let number = uri.path().strip_prefix("/zc/t").and_then(|rest| rest.strip_suffix(".html")).and_then(|text| text.parse().ok());
    let Some(number): Option<usize> = number else { return StatusCode::NOT_FOUND.into_response() };
    let (content_type, body) = &pages[number % pages.len()];
    let mark = format!("<!-- {number} -->");
    let mut whole = Vec::with_capacity(body.len() + mark.len());
    whole.extend_from_slice(body);
    whole.extend_from_slice(mark.as_bytes());
    ([(header::CONTENT_TYPE, content_type.clone())], whole).into_response()
}
