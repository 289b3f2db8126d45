//! Healing: when a site was redesigned and a source's rules stopped matching, new ones are induced from what is known,
//! tried on every stored page of the source, and proposed. A person accepts, or the program itself where the source
//! allows it and everything known was found exactly. Wrong is worse than none: without strong evidence only the reason is kept.
//!
//! Everything is computed from the archive: what was known is what today's rules read from yesterday's snapshots.

use std::collections::BTreeMap;

use anyhow::Context;
use extract::{DetailSample, ListSample};
use fetch::Entry;
use model::id::normal_url;
use model::source::Heal;
use model::{Document, ListItem, Page, PageKind, Source};
use store::{Missed, PageState, Proposal, ProposalState, ReplayResult, SourceRun};
use url::Url;

use crate::intake::read_page;
use crate::patch::Patch;
use crate::pipeline::Pipeline;

/// Snapshots of the list page looked back through for one that was read well.
const MOST_SNAPSHOTS: usize = 40;
/// Good list pages on which a new rule is tried.
const MOST_LISTS: usize = 10;
/// Documents on which new rules are tried, newest first, and those a detail rule is induced from.
const MOST_DOCUMENTS: usize = 200;
const MOST_SAMPLES: usize = 8;

/// A stored page, decoded.
struct Stored {
    text: String,
    url: Url,
    page: Page,
}

/// What was found out about one kind of page.
enum Finding<R> {
    /// The rules read it as before.
    Fine,
    /// They do not, and nothing good enough was found; in words.
    Missed(String),
    /// They do not, and this does.
    Mended { rule: R, reason: String, perfect: bool, replay: ReplayResult },
}

impl Pipeline {
    /// Looks for new rules where a source's own stopped matching, and proposes them; `None` where nothing is broken or
    /// nothing good enough was found (then [`store::Store::missed`] says why). A perfect proposal of a source with
    /// `heal = "auto"` is accepted at once. Reads only what is stored; may take seconds.
    ///
    /// # Errors
    /// Where the archive or the store cannot be read or written.
    pub fn heal(&self, source: &Source) -> anyhow::Result<Option<Proposal>> {
        if source.heal == Heal::Never {
            return Ok(None);
        }
        let mut states: Vec<PageState> =
            self.store.page_states()?.into_iter().filter(|state| state.source == source.id && is_text(state)).collect();
        states.sort_by(|a, b| b.fetched_at.cmp(&a.fetched_at).then_with(|| a.url.cmp(&b.url)));
        let snapshots = self.snapshots(source, &states);
        let list = self.heal_list(source, &snapshots, &states)?;
        let detail = self.heal_detail(source, &snapshots, &states)?;
        let mut patch = Patch::default();
        let (mut reasons, mut missed) = (Vec::new(), Vec::new());
        let (mut perfect, mut replay) = (true, ReplayResult::default());
        match list {
            Finding::Fine => {}
            Finding::Missed(why) => missed.push(why),
            Finding::Mended { rule, reason, perfect: exact, replay: tried } => {
                patch.list = Some(rule);
                reasons.push(reason);
                perfect &= exact;
                replay = tried;
            }
        }
        match detail {
            Finding::Fine => {}
            Finding::Missed(why) => missed.push(why),
            Finding::Mended { rule, reason, perfect: exact, replay: tried } => {
                patch.detail = Some(rule);
                reasons.push(reason);
                perfect &= exact;
                replay.documents_expected += tried.documents_expected;
                replay.documents_unchanged += tried.documents_unchanged;
                replay.pages += tried.pages;
            }
        }
        if !missed.is_empty() {
            let reason = missed.join("; ");
            tracing::warn!(source = %source.id, reason, "no rule proposed");
            self.store.set_missed(&source.id, &Missed { at: self.clock.now(), reason })?;
        }
        if patch == Patch::default() {
            return Ok(None);
        }
        self.check_documents(source, &patch, &snapshots, &states, &mut replay)?;
        if replay.documents_unchanged * 100 < replay.documents_expected * 98 || replay.lists_spoilt > 0 {
            let reason = format!(
                "a new rule reads the new page but spoils stored ones: {} of {} documents stay as they are, {} list pages differ",
                replay.documents_unchanged, replay.documents_expected, replay.lists_spoilt
            );
            self.store.set_missed(&source.id, &Missed { at: self.clock.now(), reason })?;
            return Ok(None);
        }
        let proposal = Proposal {
            source: source.id.clone(),
            made: self.clock.now(),
            reason: reasons.join("; "),
            patch: patch.text(),
            perfect: perfect && replay.documents_unchanged == replay.documents_expected && missed.is_empty(),
            replay,
            ..Proposal::default()
        };
        self.decide_by_itself(source, &proposal).map(Some)
    }

    /// Keeps a proposal, and accepts it where the source says so.
    fn decide_by_itself(&self, source: &Source, proposal: &Proposal) -> anyhow::Result<Proposal> {
        let kept = self.store.propose(proposal)?;
        if kept.state != ProposalState::Open {
            return Ok(kept);
        }
        tracing::warn!(source = %source.id, proposal = kept.id, perfect = kept.perfect, reason = kept.reason, "a mended rule is proposed");
        if source.heal == Heal::Auto && kept.perfect {
            match self.accept(&kept.id, "huice") {
                Ok(accepted) => {
                    tracing::warn!(source = %source.id, proposal = kept.id, "the mended rule was taken: heal = \"auto\"");
                    return Ok(accepted);
                }
                Err(error) => tracing::error!(proposal = kept.id, error = format!("{error:#}"), "the mended rule was not taken"),
            }
        }
        Ok(kept)
    }

    /// Heals after a crawl where the crawl saw a sign of broken rules; what goes wrong costs only the healing.
    pub(crate) fn heal_after(&self, source: &Source, items: &[ListItem], run: &SourceRun) {
        let unmatched = |url: &str, sign: &str| {
            let state = self.store.page_state(url).ok().flatten();
            state.is_some_and(|state| {
                let said = state.issues.iter().any(|issue| issue.code == sign);
                said || (state.document.is_some()
                    && state.last_error.is_some_and(|error| error.starts_with("no longer a document")))
            })
        };
        // Nobody rewrites half of his documents on one day; a new layout read wrongly looks like it.
        let rewritten = run.report.revised >= 2 && run.report.revised * 2 + run.report.lists >= run.report.fetched;
        let broken = run.error.is_some()
            || rewritten
            || unmatched(&source.url, "list_rule_unmatched")
            || items.iter().any(|item| unmatched(&item.url, "detail_rule_unmatched"));
        if broken && let Err(error) = self.heal(source) {
            tracing::error!(source = %source.id, error = format!("{error:#}"), "heal");
        }
    }

    /// All snapshots of the source's pages, oldest first, each body once in a row.
    fn snapshots(&self, source: &Source, states: &[PageState]) -> BTreeMap<String, Vec<Entry>> {
        let mut snapshots: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        snapshots.insert(normal_url(&source.url), Vec::new());
        snapshots.extend(states.iter().map(|state| (normal_url(&state.url), Vec::new())));
        for entry in self.archive.iter() {
            let asked = entry.requested.as_deref().unwrap_or(&entry.url);
            if let Some(found) = snapshots.get_mut(&normal_url(asked))
                && found.last().is_none_or(|last| last.id != entry.id)
            {
                found.push(entry);
            }
        }
        snapshots
    }

    fn stored(&self, entry: &Entry, source: &Source) -> anyhow::Result<Stored> {
        let snapshot = self.archive.read(entry)?;
        let url = Url::parse(&snapshot.url).with_context(|| format!("read the address `{}` of a snapshot", snapshot.url))?;
        let response = fetch::Response {
            requested: url.clone(),
            url: url.clone(),
            post: None,
            status: snapshot.status,
            headers: snapshot.headers,
            body: snapshot.body,
            fetched_at: snapshot.fetched_at,
        };
        let page = read_page(&self.stages.extractor, &response, Some(source));
        let text = fetch::decode(&response.body, response.content_type(), &source.encoding).text;
        Ok(Stored { text, url, page })
    }

    fn heal_list(
        &self,
        source: &Source,
        snapshots: &BTreeMap<String, Vec<Entry>>,
        states: &[PageState],
    ) -> anyhow::Result<Finding<model::source::ListRule>> {
        let Some((newest, older)) = snapshots.get(&normal_url(&source.url)).and_then(|all| all.split_last()) else {
            return Ok(Finding::Fine);
        };
        let new = self.stored(newest, source)?;
        let mut good = Vec::new();
        for entry in older.iter().rev().take(MOST_SNAPSHOTS) {
            let stored = self.stored(entry, source)?;
            if reads_well(&stored.page, states) {
                good.push(stored);
            }
            if good.len() == MOST_LISTS {
                break;
            }
        }
        let Some(last) = good.first() else {
            let seems_read = new.page.kind == PageKind::List && !new.page.items.is_empty();
            let why = "the list page is read badly, and no older one that was read well is stored";
            return Ok(if seems_read { Finding::Fine } else { Finding::Missed(why.to_owned()) });
        };
        let known = &last.page.items;
        if matches!(new.page.kind, PageKind::Shell | PageKind::Error) {
            let codes: Vec<&str> = new.page.issues.iter().map(|issue| issue.code.as_str()).collect();
            return Ok(Finding::Missed(format!(
                "the list page is a {:?} page ({}): nothing to learn from",
                new.page.kind,
                codes.join(" ")
            )));
        }
        let sample = ListSample { text: &new.text, url: &new.url, known };
        let silent = new.page.issues.iter().any(|issue| issue.code == "list_rule_unmatched");
        if !silent && still_read(&new.page, known) {
            return Ok(Finding::Fine);
        }
        if source.json.is_some() || source.request.is_some() {
            return Ok(Finding::Missed("the list is asked for by a request of its own, which is not induced".to_owned()));
        }
        let candidates = self.stages.extractor.induce_list(source, &[sample]);
        let Some(best) = candidates.into_iter().find(|candidate| candidate.fit.is_strong()) else {
            return Ok(Finding::Missed(format!(
                "the list page is not read as before, and of {} known entries too few are found together on it",
                known.len()
            )));
        };
        if best.fit.items * 2 < known.len() {
            let (found, before) = (best.fit.items, known.len());
            return Ok(Finding::Missed(format!("the best rule finds {found} entries where {before} were listed before")));
        }
        let spoilt = good.iter().filter(|old| {
            let sample = ListSample { text: &old.text, url: &old.url, known: &old.page.items };
            let fit = self.stages.extractor.try_list(&best.rule, &sample);
            fit.items > 0 && !(fit.found == fit.listed && fit.titles == fit.found && fit.items == old.page.items.len())
        });
        let replay = ReplayResult {
            pages: 1 + good.len(),
            items_expected: best.fit.listed,
            items_found: best.fit.found,
            titles_exact: best.fit.titles,
            dates_exact: best.fit.dates,
            items_in_all: best.fit.items,
            lists_spoilt: spoilt.count(),
            ..ReplayResult::default()
        };
        let reason = match &source.list {
            Some(old) if silent => format!("list rule `{}` no longer matches {}", old.item, source.url),
            _ => format!(
                "{} is no longer read as before: {} of {} known entries found",
                source.url,
                count_read(&new.page, known),
                known.len()
            ),
        };
        Ok(Finding::Mended { perfect: best.fit.is_perfect(), rule: best.rule, reason, replay })
    }

    fn heal_detail(
        &self,
        source: &Source,
        snapshots: &BTreeMap<String, Vec<Entry>>,
        states: &[PageState],
    ) -> anyhow::Result<Finding<model::source::DetailRule>> {
        let mut broken: Vec<(Stored, Document)> = Vec::new();
        let (mut fetched_again, mut dead) = (0, 0);
        for state in states.iter().filter(|state| state.document.is_some()).take(MOST_DOCUMENTS) {
            let Some([.., before, newest]) = snapshots.get(&normal_url(&state.url)).map(Vec::as_slice) else { continue };
            let known = self.stored(before, source)?.page;
            let new = self.stored(newest, source)?;
            if known.kind != PageKind::Detail || known.document.title.is_empty() || known.document.text.chars().count() < 30 {
                continue;
            }
            fetched_again += 1;
            if matches!(new.page.kind, PageKind::Shell | PageKind::Error) {
                dead += 1;
                continue;
            }
            let sample = DetailSample { text: &new.text, url: &new.url, known: &known.document };
            let silent = new.page.issues.iter().any(|issue| issue.code == "detail_rule_unmatched");
            if silent || !self.stages.extractor.try_detail(source, &[sample]).reads_one() {
                broken.push((new, known.document));
            }
        }
        if dead >= 2 && dead * 2 > fetched_again {
            return Ok(Finding::Missed(format!("{dead} of {fetched_again} documents fetched again are shells or error pages")));
        }
        if broken.len() < 2 || broken.len() * 2 < fetched_again - dead {
            return Ok(Finding::Fine);
        }
        let samples: Vec<DetailSample<'_>> =
            broken.iter().map(|(new, known)| DetailSample { text: &new.text, url: &new.url, known }).collect();
        let candidates = self.stages.extractor.induce_detail(source, &samples[..samples.len().min(MOST_SAMPLES)]);
        let why = format!("{} of {} documents fetched again are no longer read as before", broken.len(), fetched_again);
        for candidate in candidates.into_iter().filter(|candidate| candidate.fit.is_strong()) {
            let rule = with_old(candidate.rule, source.detail.as_ref());
            let patched = Source { detail: Some(rule.clone()), ..source.clone() };
            // All of them, also those the rule was not made from, and with the old selectors behind the new.
            let fit = self.stages.extractor.try_detail(&patched, &samples);
            if fit.is_strong() {
                let replay = ReplayResult {
                    pages: samples.len(),
                    documents_expected: fit.known,
                    documents_unchanged: fit.near_texts,
                    ..ReplayResult::default()
                };
                return Ok(Finding::Mended { rule, reason: why, perfect: fit.is_perfect(), replay });
            }
        }
        Ok(Finding::Missed(format!("{why}, and no rule reads all of them with title, date and text")))
    }

    /// Counts the documents that the patched source reads exactly as the source does today, from their last good snapshot.
    fn check_documents(
        &self,
        source: &Source,
        patch: &Patch,
        snapshots: &BTreeMap<String, Vec<Entry>>,
        states: &[PageState],
        replay: &mut ReplayResult,
    ) -> anyhow::Result<()> {
        let patched = patch.applied_to(source);
        let documents = states.iter().filter(|state| state.document.is_some());
        for state in documents.take(MOST_DOCUMENTS) {
            let all = snapshots.get(&normal_url(&state.url)).map(Vec::as_slice).unwrap_or_default();
            // Where a detail rule is proposed the newest page is the redesigned one, judged above.
            let entry = if patch.detail.is_some() && all.len() > 1 { all.get(all.len() - 2) } else { all.last() };
            let Some(entry) = entry else { continue };
            let before = self.stored(entry, source)?.page;
            if before.kind != PageKind::Detail {
                continue;
            }
            let after = self.stored(entry, &patched)?.page;
            replay.pages += 1;
            replay.documents_expected += 1;
            let (one, other) = (&before.document, &after.document);
            let same = after.kind == before.kind
                && one.title == other.title
                && one.published == other.published
                && one.text == other.text;
            replay.documents_unchanged += usize::from(same);
        }
        Ok(())
    }
}

/// Whether a state is of a page and not of an attached file.
fn is_text(state: &PageState) -> bool {
    state.kind != PageKind::Other || state.document.is_some()
}

/// Whether a stored list page was read well: most of its entries were fetched and are documents.
fn reads_well(page: &Page, states: &[PageState]) -> bool {
    let silent = page.issues.iter().any(|issue| issue.code == "list_rule_unmatched");
    let is_document = |item: &&ListItem| {
        let url = normal_url(&item.url);
        states.iter().any(|state| state.document.is_some() && normal_url(&state.url) == url)
    };
    let documents = page.items.iter().filter(is_document).count();
    page.kind == PageKind::List && !silent && page.items.len() >= 2 && documents * 2 >= page.items.len()
}

fn count_read(page: &Page, known: &[ListItem]) -> usize {
    let found: std::collections::BTreeSet<String> = page.items.iter().map(|item| normal_url(&item.url)).collect();
    known.iter().filter(|item| found.contains(&normal_url(&item.url))).count()
}

/// Whether a list is still read: new entries push old ones out, but hardly all at once.
fn still_read(page: &Page, known: &[ListItem]) -> bool {
    page.kind == PageKind::List && count_read(page, known) * 4 >= known.len() && page.items.len() * 2 >= known.len()
}

/// The old selectors stay behind the new ones: pages in the old layout are read as before.
fn with_old(mut rule: model::source::DetailRule, old: Option<&model::source::DetailRule>) -> model::source::DetailRule {
    let Some(old) = old else { return rule };
    for (new, old) in [
        (&mut rule.body, &old.body),
        (&mut rule.title, &old.title),
        (&mut rule.date, &old.date),
        (&mut rule.source, &old.source),
        (&mut rule.remove, &old.remove),
    ] {
        let missing: Vec<String> = old.iter().filter(|selector| !new.contains(selector)).take(6).cloned().collect();
        new.extend(missing);
    }
    rule
}
