//! `huice extract`: pages to documents, one JSON object a page, without a data folder.

use anyhow::Context;
use fetch::{AnyTransport, Replay, Request, Response, Transport};
use model::{FileKind, Page, PageKind};
use pipeline::{FileReader, Stages, read_page};

use crate::Ended;
use crate::arguments::Extract;
use crate::output;
use crate::surroundings::{Surroundings, file_reader, runtime};

pub(crate) fn perform(asked: &Extract, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let extractor = Stages::extractor(&surroundings.data()?)?;
    if let Some(manifest) = &asked.manifest {
        return read_manifest(&extractor, manifest);
    }
    let (Some(file), Some(url)) = (&asked.file, &asked.url) else {
        anyhow::bail!("extract: expected --url URL FILE, or --manifest FILE");
    };
    let body = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let headers = asked.content_type.iter().map(|value| ("content-type".to_owned(), value.clone())).collect();
    let response = Response {
        requested: url.clone(),
        post: None,
        url: url.clone(),
        status: 200,
        headers,
        body,
        fetched_at: surroundings.clock.now(),
    };
    let page = runtime()?.block_on(read(&extractor, &file_reader()?, &response));
    output::json(&page)?;
    Ok(Ended::after(u64::from(page.kind == PageKind::Error)))
}

/// Whether a file is read as an attachment rather than as a page.
fn is_document(kind: FileKind) -> bool {
    !matches!(kind, FileKind::Html | FileKind::Text | FileKind::Unknown)
}

/// A page, or a PDF, Office, OFD or ZIP file, which is read like an attachment, in a process of its own.
async fn read(extractor: &extract::Extractor, reader: &FileReader, response: &Response) -> Page {
    if is_document(extract::file_kind(&response.body)) {
        return extract::file_page(response.requested.as_str(), &reader.read(&response.body).await);
    }
    read_page(extractor, response, None)
}

fn read_manifest(extractor: &extract::Extractor, manifest: &std::path::Path) -> anyhow::Result<Ended> {
    let replay = Replay::open(manifest)?;
    let mut failed = replay.problems().len() as u64;
    for problem in replay.problems() {
        tracing::error!("{problem}");
    }
    let written = replay.written();
    let urls = replay.urls();
    let bar = output::progress("reading pages", urls.len() as u64);
    let transport = AnyTransport::Replay(replay);
    let runtime = runtime()?;
    let reader = file_reader()?;
    for (url, written) in urls.into_iter().zip(written) {
        match runtime.block_on(transport.get(&Request::get(url.clone()))) {
            // Whoever wrote the manifest finds the page under the address it wrote.
            Ok(response) => {
                output::json(&Page { url: written, ..runtime.block_on(read(extractor, &reader, &response)) })?;
            }
            Err(error) => {
                failed += 1;
                tracing::error!(%url, %error, "extract");
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Ended::after(failed))
}
