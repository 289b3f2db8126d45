//! The entry that probing prints, and what is doubtful about it.

use extract::{Extractor, ListSample, SiteFacts};
use model::source::{Level, ListRequest, ListRule, Paging};
use model::{Page, PageKind, Source};
use pipeline::Stages;
use url::Url;

use super::Paged;
use super::guess::{self, Owner};
use crate::output;

/// An entry with everything that can be guessed.
pub(super) fn source(facts: &SiteFacts, page: &Page, url: &Url, stages: &Stages) -> Source {
    let owner = guess::owner(facts, url, stages);
    let host = url.host_str().unwrap_or_default();
    let column = facts.column.clone().unwrap_or_else(|| "通知公告".to_owned());
    let place = stages.regions.get(&owner.region).map(|place| place.name.clone());
    let who = if owner.issuer.is_empty() { place.unwrap_or_else(|| host.to_owned()) } else { owner.issuer.clone() };
    // A minute of its own for each site spreads the load over the hour.
    let minute = host.bytes().map(u32::from).sum::<u32>() % 60;
    Source {
        id: guess::id(url, &stages.sources).as_str().into(),
        name: format!("{who} {column}"),
        issuer: if owner.issuer.is_empty() { who } else { owner.issuer },
        region: owner.region,
        level: owner.level,
        column,
        url: url.to_string(),
        schedule: format!("{minute} 7 * * *"),
        expected_per_week: guess::per_week(&page.items),
        ..Source::default()
    }
}

/// What makes it doubtful that the entries found are the list.
pub(super) fn doubts_about_list(page: &Page) -> Vec<String> {
    let count = page.items.len();
    let dated = page.items.iter().filter(|item| item.date.is_some()).count();
    let cut = page.items.iter().filter(|item| item.title.ends_with(['…', '.'])).count();
    let mut doubts = Vec::new();
    if count < 5 {
        doubts.push(format!("only {count} items were found"));
    }
    if dated * 10 < count * 8 {
        doubts.push(format!("{} of {count} items have no date", count - dated));
    }
    if cut * 4 > count {
        doubts.push(format!("{cut} titles are cut off"));
    }
    doubts
}

/// Writes down by a rule what scoring found, so that a person sees which part of the page it is.
pub(super) fn add_rule(source: &mut Source, extractor: &Extractor, text: &str, url: &Url, page: &Page) {
    let sample = ListSample { text, url, known: &page.items };
    let found = extractor.induce_list(source, &[sample]).into_iter().next();
    if let Some(found) = found.filter(|found| found.fit.is_perfect()) {
        source.list = Some(found.rule);
    }
}

/// What a person should check, the most important first.
pub(super) fn to_check(
    source: &Source,
    owner: &Owner,
    unsure: Vec<String>,
    paging: &Paged,
    document: Option<&Page>,
) -> Vec<String> {
    let mut advice: Vec<String> =
        unsure.into_iter().map(|doubt| format!("{doubt}: are these the documents of the column?")).collect();
    match document {
        None => advice.push("no document could be read; run `huice source test` once the entry is pasted".to_owned()),
        Some(page) if page.kind != PageKind::Detail => {
            advice.push(format!("the first item is read as a {:?} page, not as a document", page.kind));
        }
        Some(page) => {
            let document = &page.document;
            let missing = [(document.published.is_none(), "date of publication"), (document.text.chars().count() < 40, "text")];
            advice.extend(
                missing.iter().filter(|(missing, _)| *missing).map(|(_, what)| format!("the first document has no {what}")),
            );
        }
    }
    advice.extend(owner.doubts.iter().map(|doubt| format!("issuer and region: {doubt}")));
    advice.push(format!("issuer `{}`, region {} and level: a page does not say them reliably", source.issuer, source.region));
    match paging {
        Paged::Works => {}
        Paged::Repeats => advice.push("the next page brought nothing new: set paging.pattern".to_owned()),
        Paged::Missing => advice.push("no next page was found on a full list: set paging.pattern if there are more".to_owned()),
        Paged::Unknown => advice.push("paging was not proved".to_owned()),
    }
    if source.expected_per_week == 0 {
        advice.push("expected_per_week: set it once the column's rhythm is known, so that silence is noticed".to_owned());
    }
    advice.push(format!("the name of the column: `{}`", source.column));
    advice
}

/// The entry as text, in the order of the file's manual.
pub(super) fn text(source: &Source, doubts: &[String]) -> String {
    let level = match source.level {
        Level::Nation => "nation",
        Level::Province => "province",
        Level::City => "city",
        Level::County => "county",
    };
    let mut lines = vec!["[[source]]".to_owned()];
    let mut put = |key: &str, value: String| lines.push(format!("{key} = {value}"));
    put("id", quoted(source.id.as_str()));
    put("name", quoted(&source.name));
    put("issuer", quoted(&source.issuer));
    let doubt = if doubts.is_empty() { String::new() } else { " # doubtful".to_owned() };
    put("region", format!("{}{doubt}", quoted(&source.region)));
    put("level", quoted(level));
    put("column", quoted(&source.column));
    put("url", quoted(&source.url));
    if let Some(family) = &source.family {
        put("family", quoted(family));
    }
    if let Some(rule) = &source.list {
        put("list", list(rule));
    }
    if let Some(rule) = &source.json {
        let fields = [("items", &rule.items), ("title", &rule.title), ("url", &rule.url), ("date", &rule.date)];
        put(
            "json",
            inline(fields.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| ((*key).to_owned(), quoted(value)))),
        );
    }
    if source.paging != Paging::default() {
        put("paging", paging(&source.paging));
    }
    if let Some(asked) = &source.request {
        put("request", request(asked));
    }
    if source.render {
        put("render", "true".to_owned());
    }
    if !source.encoding.is_empty() {
        put("encoding", quoted(&source.encoding));
    }
    put("schedule", quoted(&source.schedule));
    if source.expected_per_week > 0 {
        put("expected_per_week", source.expected_per_week.to_string());
    }
    lines.join("\n") + "\n"
}

fn list(rule: &ListRule) -> String {
    let fields = [("item", &rule.item), ("link", &rule.link), ("date", &rule.date)];
    inline(fields.iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| ((*key).to_owned(), quoted(value))))
}

fn paging(paging: &Paging) -> String {
    let usual = Paging::default();
    let mut fields = Vec::new();
    if !paging.pattern.is_empty() {
        fields.push(("pattern".to_owned(), quoted(&paging.pattern)));
    }
    for (key, value, usual) in
        [("second", paging.second, usual.second), ("most", paging.most, usual.most), ("size", paging.size, usual.size)]
    {
        if value != usual {
            fields.push((key.to_owned(), value.to_string()));
        }
    }
    inline(fields.into_iter())
}

fn request(asked: &ListRequest) -> String {
    let table =
        |map: &std::collections::BTreeMap<String, String>| inline(map.iter().map(|(key, value)| (quoted(key), quoted(value))));
    let mut fields = Vec::new();
    if !asked.form.is_empty() {
        fields.push(("form".to_owned(), table(&asked.form)));
    }
    if !asked.json.is_empty() {
        fields.push(("json".to_owned(), quoted(&asked.json)));
    }
    if !asked.headers.is_empty() {
        fields.push(("headers".to_owned(), table(&asked.headers)));
    }
    if let Some(token) = &asked.token {
        let token = [("url".to_owned(), quoted(&token.url)), ("find".to_owned(), quoted(&token.find))];
        fields.push(("token".to_owned(), inline(token.into_iter())));
    }
    inline(fields.into_iter())
}

fn inline(fields: impl Iterator<Item = (String, String)>) -> String {
    format!("{{ {} }}", fields.map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", "))
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Every field of a document, missing ones named.
pub(super) fn describe(page: &Page) -> anyhow::Result<()> {
    let document = &page.document;
    let or_none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let day = |date: Option<jiff::civil::Date>| date.map_or("none".to_owned(), |date| date.to_string());
    let start: String = document.text.chars().take(60).collect();
    let fields = [
        ("title", or_none(document.title.clone())),
        ("inner title", or_none(document.inner_title.clone().unwrap_or_default())),
        ("published", document.published.map_or("missing".to_owned(), |moment| moment.to_string())),
        ("issued", day(document.issued)),
        ("effective", day(document.effective)),
        ("expires", day(document.expires)),
        ("number", or_none(document.numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))),
        ("issuer", or_none(document.issuers.join(" "))),
        ("index number", or_none(document.index_number.clone().unwrap_or_default())),
        ("theme", or_none(document.theme.clone().unwrap_or_default())),
        ("source", or_none(document.source.clone().unwrap_or_default())),
        ("validity", or_none(document.validity.clone().unwrap_or_default())),
        ("attachments", or_none(document.attachments.iter().map(|file| file.name.clone()).collect::<Vec<_>>().join("; "))),
        ("body", format!("{} characters: {}…", document.text.chars().count(), start.replace('\n', " "))),
    ];
    output::text(&format!("# document {}: {:?} page", page.url, page.kind))?;
    for (name, value) in fields {
        output::text(&format!("#   {name:12} {value}"))?;
    }
    for issue in &page.issues {
        output::text(&format!("#   issue {}: {}", issue.code, issue.detail))?;
    }
    Ok(())
}
