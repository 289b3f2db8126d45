//! `huice search`: questions to the index. Reads the index alone, so it works beside a running service.

use model::Query;
use model::query::{Correction, Hit, Hits, MARK_END, MARK_START, Reason, Sort};
use search::{Index, parse_query};
use serde::{Deserialize, Serialize};

use crate::Ended;
use crate::arguments::Search;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

#[derive(Deserialize)]
struct Asked {
    id: String,
    #[serde(alias = "text", alias = "q")]
    query: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    query_id: &'a str,
    total: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    did_you_mean: Vec<Correction>,
    hits: Vec<Found>,
}

#[derive(Serialize)]
struct Found {
    id: String,
    score: f32,
    title: String,
    snippet: String,
    date: Option<jiff::civil::Date>,
    number: Option<String>,
    state: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Reason>,
}

pub(crate) fn perform(asked: &Search, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let index = open(surroundings)?;
    let text = asked.query.as_deref().unwrap_or_default();
    if asked.suggest {
        index.suggest(text, asked.number)?.iter().try_for_each(output::json)?;
        return Ok(Ended::Well);
    }
    if asked.similar {
        let hits = index.similar(&text.into(), asked.number)?;
        return show(text, Hits { total: hits.len(), hits, ..Hits::default() });
    }
    let today = surroundings.clock.today();
    let Some(queries) = &asked.queries else {
        return show(text, index.search(&query(asked, text, today)?)?);
    };
    let text = read_text(queries)?;
    let mut failed = 0;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let answered = serde_json::from_str::<Asked>(line)
            .map_err(|error| anyhow::anyhow!("expected {{id,query}}: {error}"))
            .and_then(|one| Ok((index.search(&query(asked, &one.query, today)?)?, one)));
        match answered {
            Ok((hits, one)) => output::json(&answer(&one.id, hits))?,
            Err(error) => {
                failed += 1;
                tracing::error!("{}:{}: {error:#}", queries.display(), number + 1);
            }
        }
    }
    Ok(Ended::after(failed))
}

fn open(surroundings: &Surroundings) -> anyhow::Result<Index> {
    let folder = surroundings.folder();
    anyhow::ensure!(
        folder.index().is_dir(),
        "no index in {}; expected a data folder filled by `huice crawl` or `huice import` (--data)",
        folder.root().display()
    );
    let stages = surroundings.stages()?;
    let index = Index::open(&folder.index(), stages.segmenter.clone(), stages.lexicon()?)?;
    anyhow::ensure!(
        !index.needs_rebuild(),
        "the index in {} is not complete; run `huice reprocess --from index` and ask again",
        folder.root().display()
    );
    Ok(index)
}

fn query(asked: &Search, text: &str, today: jiff::civil::Date) -> anyhow::Result<Query> {
    let mut query = parse_query(text)?;
    for (key, value) in &asked.filter {
        query.filters.entry(key.clone()).or_default().push(value.clone());
    }
    query.limit = asked.number.min(Query::MOST_HITS);
    if asked.newest {
        query.sort = Sort::Newest;
    }
    (query.today, query.explain) = (Some(today), asked.explain);
    Ok(query)
}

fn answer(query_id: &str, hits: Hits) -> Answer<'_> {
    let plain = |snippet: &str| snippet.replace([MARK_START, MARK_END], "");
    let found = hits.hits.into_iter().map(|hit| Found {
        id: hit.id.0,
        score: hit.score,
        title: hit.title,
        snippet: plain(&hit.snippet),
        date: hit.date,
        number: hit.number,
        state: hit.state,
        reasons: hit.reasons,
    });
    Answer { query_id, total: hits.total, hits: found.collect(), did_you_mean: hits.did_you_mean }
}

/// For a person a short list with marked matches, for a program JSON.
fn show(text: &str, hits: Hits) -> anyhow::Result<Ended> {
    if !output::is_read_by_a_person() {
        output::json(&answer(text, hits))?;
        return Ok(Ended::Well);
    }
    output::text(&format!("{} policies", hits.total))?;
    for found in &hits.did_you_mean {
        output::text(&format!("perhaps {} instead of {}", found.meant, found.typed))?;
    }
    hits.hits.into_iter().try_for_each(show_hit)?;
    Ok(Ended::Well)
}

fn show_hit(hit: Hit) -> anyhow::Result<()> {
    let date = hit.date.map(|date| date.to_string()).unwrap_or_default();
    output::text(&format!("\n\x1b[1m{}\x1b[0m\n  {}  {}  {}", hit.title, hit.id, date, hit.number.unwrap_or_default()))?;
    let marked = hit.snippet.replace(MARK_START, "\x1b[33m").replace(MARK_END, "\x1b[0m");
    output::text(&format!("  {marked}"))?;
    for reason in hit.reasons {
        let is_factor = reason.what == "freshness" || reason.what == "authority";
        let sign = if is_factor { '×' } else { '+' };
        output::text(&format!("  {sign} {:>8.3}  {:<14} {}", reason.score, reason.what, reason.text))?;
    }
    Ok(())
}
