//! Replaying: every page of an archive through the same intake as a crawl, without asking for anything else.

use std::collections::{BTreeSet, VecDeque};

use fetch::{AnyTransport, Request, Transport};
use model::id::normal_url;
use model::{RunReport, Source};
use url::Url;

use crate::intake::Occasion;
use crate::pipeline::Pipeline;

/// Stored pages read between two durable steps: they cost no waiting.
const BATCH: usize = 32;

impl Pipeline {
    /// Takes in every page of a replay in its stored order; items of list pages that lead to stored pages are followed first.
    ///
    /// # Errors
    /// Only where the archive or the store cannot be written.
    pub async fn replay(
        &self,
        transport: &AnyTransport,
        urls: Vec<Url>,
        progress: &mut dyn FnMut(u64),
    ) -> anyhow::Result<RunReport> {
        let mut report = RunReport::default();
        let stored: BTreeSet<String> = urls.iter().map(|url| normal_url(url.as_str())).collect();
        let mut done = BTreeSet::new();
        let mut waiting: VecDeque<Url> = urls.into();
        while !waiting.is_empty() {
            let mut batch = Vec::new();
            while let Some(url) = waiting.pop_front() {
                if done.insert(normal_url(url.as_str())) {
                    let source = self.stages.source_of(&url);
                    batch.push((url, source));
                }
                if batch.len() == BATCH {
                    break;
                }
            }
            let (items, parts) = self.replay_batch(transport, batch, &stored, &mut report).await?;
            report.fetched += parts.into_iter().filter(|url| done.insert(url.clone())).count() as u64;
            for item in items {
                if stored.contains(&normal_url(item.as_str())) {
                    waiting.push_front(item);
                }
            }
            progress(report.fetched + report.failed);
        }
        Ok(report)
    }

    /// Takes stored pages in; gives where their lists lead, and the further pages that were joined to an article.
    async fn replay_batch<'a>(
        &'a self,
        transport: &AnyTransport,
        batch: Vec<(Url, Option<&'a Source>)>,
        stored: &BTreeSet<String>,
        report: &mut RunReport,
    ) -> anyhow::Result<(Vec<Url>, BTreeSet<String>)> {
        let asked = batch.into_iter().map(|(url, source)| async move {
            let answer = transport.get(&Request::get(url.clone())).await;
            (url, source, answer)
        });
        let mut fetched = Vec::new();
        for (url, source, answer) in futures_util::future::join_all(asked).await {
            match answer {
                Ok(response) => fetched.push((response, source)),
                Err(error) => {
                    report.failed += 1;
                    tracing::warn!(%url, code = error.code(), %error, "replay");
                }
            }
        }
        let mut arrivals = tokio::task::block_in_place(|| self.archive_and_read(fetched))?;
        let parts = self.join_replayed(transport, &mut arrivals).await?;
        let parts: BTreeSet<String> = parts.iter().map(|url| normal_url(url)).collect();
        let before = arrivals.len();
        // A part of an article that is stored is no document of its own, whichever comes first.
        arrivals.retain(|arrival| {
            let first = arrival.page.issues.iter().find(|issue| issue.code == "later_part");
            let has_first = first.is_some_and(|issue| stored.contains(&normal_url(&issue.detail)));
            !has_first && !parts.contains(&normal_url(&arrival.page.url))
        });
        report.fetched += (before - arrivals.len()) as u64;
        tokio::task::block_in_place(|| self.store_all(&arrivals, Occasion::Replay, report))?;
        let items = arrivals.iter().flat_map(|arrival| &arrival.page.items);
        Ok((items.filter_map(|item| Url::parse(&item.url).ok()).collect(), parts))
    }
}
