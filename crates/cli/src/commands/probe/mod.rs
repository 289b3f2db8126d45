//! `huice probe`: look at an unknown site and print a `[[source]]` entry to paste, with a preview of what it would bring
//! and what a person should check, the most important first.

mod entry;
mod guess;

use extract::{Extractor, SiteFacts};
use fetch::{AnyTransport, FetchError, Request, Response, Transport};
use model::{ListItem, Page, PageKind, Source};
use pipeline::{Stages, read_page};
use serde::Serialize;
use tokio::runtime::Runtime;
use url::Url;

use crate::Ended;
use crate::arguments::Probe;
use crate::output;
use crate::surroundings::{Surroundings, runtime};

/// Entries shown.
const SHOWN: usize = 8;

/// What probing found, as `--json` prints it.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// The address that was asked for.
    url: String,
    /// What the page is.
    kind: PageKind,
    /// What is the matter where there is no entry, in plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// Who seems to run the site: organ, place, level.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<guess::Owner>,
    /// A ready entry for `sources.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    /// The family its marks show, and how sure that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    sureness: String,
    charset: String,
    items: Vec<ListItem>,
    /// What the next list page brought.
    paging: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Page>,
    /// Links that promise lists, where the page itself is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    columns: Vec<(String, String)>,
    /// What a person should check, the most important first.
    check: Vec<String>,
}

struct Prober<'p> {
    stages: &'p Stages,
    transport: &'p AnyTransport,
    runtime: &'p Runtime,
}

pub(crate) fn perform(asked: &Probe, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let stages = surroundings.stages()?;
    let transport = super::crawl::transport(asked.replay.as_deref(), &asked.network, surroundings)?;
    let runtime = runtime()?;
    let prober = Prober { stages: &stages, transport: &transport, runtime: &runtime };
    let report = prober.probe(&asked.url);
    if asked.json {
        output::json(&report)?;
    } else {
        print(&report)?;
    }
    Ok(Ended::after(u64::from(report.entry.is_none())))
}

impl Prober<'_> {
    fn get(&self, url: &Url) -> Result<Response, FetchError> {
        self.runtime.block_on(self.transport.get(&Request::get(url.clone())))
    }

    fn extractor(&self) -> &Extractor {
        &self.stages.extractor
    }

    fn probe(&self, url: &Url) -> Report {
        let mut report = Report { url: url.to_string(), ..Report::default() };
        let response = match self.get(url) {
            Ok(response) => response,
            Err(error) => {
                report.problem = Some(plain_words(&error));
                return report;
            }
        };
        let decoded = fetch::decode(&response.body, response.content_type(), "");
        let facts = self.extractor().site(&decoded.text, &response.url);
        let page = read_page(self.extractor(), &response, None);
        let owner = guess::owner(&facts, &response.url, self.stages);
        report.owner = Some(owner.clone());
        let families = self.extractor().recognise_all(&decoded.text, &response.url);
        report.family = families.first().map(|(name, _, _)| (*name).to_owned());
        report.sureness = sureness(&families);
        report.charset = decoded.charset.to_owned();
        report.kind = page.kind;
        if page.kind != PageKind::List {
            // Some systems name the column behind `#`, which no server sees and no answer repeats.
            let named = if url.fragment().is_some() { url } else { &response.url };
            let scripted = self.extractor().list_request(&decoded.text, named);
            report.problem = Some(not_a_list(&page, response.status, scripted.is_some()));
            report.columns.clone_from(&facts.columns);
            let frame = page.kind == PageKind::Shell && stands_before(&page).is_none();
            if frame || scripted.is_some() {
                self.script_filled(&mut report, &facts, &response.url, scripted);
            }
            return report;
        }
        let mut source = entry::source(&facts, &page, &response.url, self.stages);
        source.family.clone_from(&report.family);
        if decoded.issues.iter().any(|issue| issue.code == "charset_garbage") {
            report.check.push(format!("characters of the page do not decode as {}: set `encoding`", decoded.charset));
        }
        let unsure = entry::doubts_about_list(&page);
        if !unsure.is_empty() {
            entry::add_rule(&mut source, self.extractor(), &decoded.text, &response.url, &page);
            report.columns.clone_from(&facts.columns);
        }
        let paging = self.second_page(&page, &mut report);
        self.document(&page, &mut report);
        report.check.extend(entry::to_check(&source, &owner, unsure, &paging, report.document.as_ref()));
        report.check.extend(self.known_already(url));
        report.entry = Some(entry::text(&source, &owner.doubts));
        report.items = page.items;
        self.prove(&mut report);
        report
    }

    /// A list that scripts fill: an entry with the request behind it where that can be read, else one that renders.
    fn script_filled(&self, report: &mut Report, facts: &SiteFacts, url: &Url, scripted: Option<extract::ScriptedList>) {
        let mut source = entry::source(facts, &Page::default(), url, self.stages);
        let owner = guess::owner(facts, url, self.stages);
        match scripted {
            Some(list) => {
                source.url = list.url;
                source.family = Some(list.family);
                source.request = list.request;
                source.paging = list.paging;
                source.json = list.json;
                self.try_scripted(&source, report);
            }
            None => {
                source.render = true;
                report.check.push("the list is filled by scripts and must be rendered by a local Chromium; a JSON address among the browser's requests would be faster: give it with `json`".to_owned());
            }
        }
        let document = report.document.take();
        report.check.extend(entry::to_check(&source, &owner, Vec::new(), &Paged::Unknown, document.as_ref()));
        report.document = document;
        report.entry = Some(entry::text(&source, &owner.doubts));
        self.prove(report);
    }

    /// Asks for a list that scripts fill, where a plain GET does.
    fn try_scripted(&self, source: &Source, report: &mut Report) {
        let url = Url::parse(&source.url).ok().filter(|_| source.request.is_none());
        let answer = url.and_then(|url| self.get(&url).ok()).map(|response| read_page(self.extractor(), &response, Some(source)));
        match answer.filter(|page| !page.items.is_empty()) {
            Some(page) => {
                self.document(&page, report);
                report.paging = "the entries come from the address of the entry, which the page's scripts ask for".to_owned();
                report.items = page.items;
            }
            None => report.check.push(
                "the list is filled by scripts; its request was read from the page and not proved: run `huice source test` once pasted".to_owned(),
            ),
        }
    }

    /// Follows the way to the second list page.
    fn second_page(&self, page: &Page, report: &mut Report) -> Paged {
        let Some(next) = page.next.as_deref().and_then(|next| Url::parse(next).ok()) else {
            report.paging = "no next page was found".to_owned();
            return if page.items.len() >= 10 { Paged::Missing } else { Paged::Unknown };
        };
        let response = match self.get(&next) {
            Ok(response) => response,
            Err(error) => {
                report.paging = format!("the next page {next} was not read: {}", plain_words(&error));
                return Paged::Unknown;
            }
        };
        let second = read_page(self.extractor(), &response, None);
        let fresh = second.items.iter().filter(|item| page.items.iter().all(|known| known.url != item.url)).count();
        report.paging = format!("the next page {next} has {} items, {fresh} of them new", second.items.len());
        if fresh > 0 { Paged::Works } else { Paged::Repeats }
    }

    /// Reads the first document that can be had.
    fn document(&self, page: &Page, report: &mut Report) {
        for item in page.items.iter().take(3) {
            let Some(url) = Url::parse(&item.url).ok() else { continue };
            if let Ok(response) = self.get(&url) {
                report.document = Some(read_page(self.extractor(), &response, None));
                return;
            }
        }
    }

    fn known_already(&self, url: &Url) -> Option<String> {
        let same = |source: &&Source| model::id::normal_url(&source.url) == model::id::normal_url(url.as_str());
        let known = self.stages.sources.iter().find(same)?;
        Some(format!("the address is already that of source `{}`", known.id))
    }

    /// Reads the printed entry as `huice check` would.
    fn prove(&self, report: &mut Report) {
        let families = self.extractor().family_names();
        let Some(text) = &report.entry else { return };
        if let Err(error) = pipeline::parse_sources("the entry", text, &self.stages.regions, &families) {
            report.check.insert(0, format!("the entry does not pass `huice check`: {}", error.message));
        }
    }
}

/// What trying the second list page showed.
enum Paged {
    Works,
    Repeats,
    Missing,
    Unknown,
}

/// How sure the family is, in words.
fn sureness(families: &[(&str, usize, usize)]) -> String {
    match families {
        [] => "no marks of a known family; the page is read by scoring".to_owned(),
        [(_, marks, _)] => format!("{marks} of its marks and none of another family's"),
        [(_, marks, _), (other, less, _), ..] if marks > less => format!("{marks} of its marks, {less} of {other}'s"),
        [_, (other, _, _), ..] => format!("as many marks of {other}: unsure"),
    }
}

/// What stands before the page a reader would see: a wall, a redirect, an error.
fn stands_before(page: &Page) -> Option<&str> {
    let codes = page.issues.iter().map(|issue| issue.code.as_str());
    codes.into_iter().find(|code| ["anti_bot", "redirect", "error_page", "http_status"].contains(code))
}

fn not_a_list(page: &Page, status: u16, scripted: bool) -> String {
    let issue = page
        .issues
        .iter()
        .map(|issue| issue.code.as_str())
        .find(|code| ["anti_bot", "redirect", "error_page", "http_status"].contains(code));
    match (page.kind, issue) {
        _ if scripted => "the list is filled by scripts".to_owned(),
        (PageKind::Shell, Some("anti_bot")) => {
            "the site answers with a check for robots instead of the page; try again later or from another network".to_owned()
        }
        (PageKind::Shell, Some("redirect")) => {
            format!(
                "the page only leads on to {}; probe that address",
                page.next.as_deref().unwrap_or("an address its script computes")
            )
        }
        (PageKind::Shell, _) => "the page is a frame that scripts fill: without a browser there is nothing to read".to_owned(),
        (PageKind::Error, _) => format!("the page is an error page (HTTP status {status})"),
        (PageKind::Detail, _) => format!("the page is one document, not a list: {}", page.document.title),
        _ => "no list of documents stands out on the page".to_owned(),
    }
}

/// A failure to fetch as a person would say it.
fn plain_words(error: &FetchError) -> String {
    let hint = match error.code() {
        "timeout" => "the site is slow or down, or refuses this network",
        "forbidden_address" => "the address is not public; --allow HOST:PORT permits a private one",
        "dns" => "the host's name is not known; is it spelled right?",
        "tls" => "the site's certificate or encryption is not accepted",
        "robots" | "robots_unavailable" => "the site asks robots not to read this page",
        "not_in_replay" => "give --replay a file that holds it",
        _ => "the page could not be fetched",
    };
    format!("{hint} ({error})")
}

fn print(report: &Report) -> anyhow::Result<()> {
    if let Some(entry) = &report.entry {
        output::text(entry.trim_end())?;
    }
    if let Some(problem) = &report.problem {
        output::text(&format!("# {}: {problem}", report.url))?;
    }
    if !report.charset.is_empty() {
        let family = report.family.as_deref().unwrap_or("none");
        output::text(&format!("#\n# {:?} page in {}; family {family} ({})", report.kind, report.charset, report.sureness))?;
    }
    if !report.items.is_empty() {
        output::text(&format!("# {} items; {}", report.items.len(), report.paging))?;
    }
    for item in report.items.iter().take(SHOWN) {
        output::text(&format!("#   {}  {}", item.date.map_or("no date   ".to_owned(), |date| date.to_string()), item.title))?;
    }
    if let Some(document) = &report.document {
        entry::describe(document)?;
    }
    for (text, url) in &report.columns {
        output::text(&format!("# perhaps a list: {text}\n#   huice probe '{url}'"))?;
    }
    for (number, advice) in report.check.iter().enumerate() {
        output::text(&format!("# check {}: {advice}", number + 1))?;
    }
    Ok(())
}
