//! `huice search`: questions to the index. Reads the index alone, so it works beside a running service.

use model::Query;
use model::query::{Hits, MARK_END, MARK_START, Sort};
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
}

pub(crate) fn perform(asked: &Search, surroundings: &Surroundings) -> anyhow::Result<Ended> {
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
    let Some(queries) = &asked.queries else {
        let text = asked.query.as_deref().unwrap_or_default();
        let hits = index.search(&query(asked, text)?)?;
        return show(text, hits);
    };
    let text = read_text(queries)?;
    let mut failed = 0;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let answered = serde_json::from_str::<Asked>(line)
            .map_err(|error| anyhow::anyhow!("expected {{id,query}}: {error}"))
            .and_then(|one| Ok((index.search(&query(asked, &one.query)?)?, one)));
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

fn query(asked: &Search, text: &str) -> anyhow::Result<Query> {
    let mut query = parse_query(text)?;
    for (key, value) in &asked.filter {
        query.filters.entry(key.clone()).or_default().push(value.clone());
    }
    query.limit = asked.number.min(Query::MOST_HITS);
    if asked.newest {
        query.sort = Sort::Newest;
    }
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
    });
    Answer { query_id, total: hits.total, hits: found.collect() }
}

/// For a person a short list with marked matches, for a program JSON.
fn show(text: &str, hits: Hits) -> anyhow::Result<Ended> {
    if !output::is_read_by_a_person() {
        output::json(&answer(text, hits))?;
        return Ok(Ended::Well);
    }
    output::text(&format!("{} policies", hits.total))?;
    for hit in hits.hits {
        let date = hit.date.map(|date| date.to_string()).unwrap_or_default();
        output::text(&format!("\n\x1b[1m{}\x1b[0m\n  {}  {}  {}", hit.title, hit.id, date, hit.number.unwrap_or_default()))?;
        let marked = hit.snippet.replace(MARK_START, "\x1b[33m").replace(MARK_END, "\x1b[0m");
        output::text(&format!("  {marked}"))?;
    }
    Ok(Ended::Well)
}
