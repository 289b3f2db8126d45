//! `huice probe`: look at an unknown site and print a `[[source]]` entry to paste, with a preview and what a person should check.

use fetch::{Request, Transport};
use model::{Page, PageKind};
use pipeline::read_page;
use url::Url;

use crate::Ended;
use crate::arguments::Probe;
use crate::output;
use crate::surroundings::{Surroundings, runtime};

pub(crate) fn perform(asked: &Probe, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let stages = surroundings.stages()?;
    let transport = super::crawl::transport(asked.replay.as_deref(), &asked.network, surroundings)?;
    let runtime = runtime()?;
    let response = runtime.block_on(transport.get(&Request::get(asked.url.clone())))?;
    let decoded = fetch::decode(&response.body, response.content_type(), "");
    let family = stages.extractor.recognise(&decoded.text, &response.url);
    let list = read_page(&stages.extractor, &response, None);
    output::text(&entry(&asked.url, family, &list, &stages))?;
    output::text(&format!(
        "# {:?} page in {}, {} items, next page {}",
        list.kind,
        decoded.charset,
        list.items.len(),
        list.next.as_deref().unwrap_or("not found")
    ))?;
    for item in list.items.iter().take(8) {
        output::text(&format!("#   {}  {}", item.date.map_or("no date   ".to_owned(), |date| date.to_string()), item.title))?;
    }
    let first = list.items.first().and_then(|item| Url::parse(&item.url).ok());
    if let Some(url) = first {
        match runtime.block_on(transport.get(&Request::get(url.clone()))) {
            Ok(response) => super::source::describe(&read_page(&stages.extractor, &response, None))?,
            Err(error) => output::text(&format!("# first document {url}: {error}"))?,
        }
    }
    for advice in to_check(&list) {
        output::text(&format!("# check: {advice}"))?;
    }
    Ok(Ended::after(u64::from(list.items.is_empty())))
}

fn entry(url: &Url, family: Option<&str>, list: &Page, stages: &pipeline::Stages) -> String {
    let host = url.host_str().unwrap_or_default();
    let id: String = host.trim_start_matches("www.").trim_end_matches(".gov.cn").replace('.', "-");
    let title = list.document.title.as_str();
    let region = stages.annotator.region_of(&[title.to_owned()], title, model::region::COUNTRY);
    let mut lines = vec![
        "[[source]]".to_owned(),
        format!("id = {id:?}"),
        format!("name = {title:?}"),
        "issuer = \"\"".to_owned(),
        format!("region = {region:?}"),
        "level = \"city\"".to_owned(),
        format!("column = {title:?}"),
        format!("url = {:?}", url.as_str()),
    ];
    lines.extend(family.map(|family| format!("family = {family:?}")));
    // A minute of its own for each site spreads the load over the hour.
    let minute = host.bytes().map(u32::from).sum::<u32>() % 60;
    lines.push(format!("schedule = \"{minute} 7 * * *\""));
    lines.join("\n")
}

fn to_check(list: &Page) -> Vec<String> {
    let mut advice = vec!["issuer, level and region: a page does not say them reliably".to_owned()];
    if list.kind != PageKind::List {
        advice.push(format!("the page reads as {:?}; is this the list page?", list.kind));
    }
    if list.items.iter().all(|item| item.date.is_none()) {
        advice.push("no item has a date".to_owned());
    }
    if list.next.is_none() {
        advice.push("no next page was found; set paging.pattern if there are more".to_owned());
    }
    advice
}
