//! What the demo says on the screen: figures of each step, and matches explained condition by condition.

use std::collections::BTreeMap;

use jiff::civil::Date;
use model::{Channel, Outcome, Record, RunReport, Truth, Verdict};
use pipeline::{Matched, Pipeline, Processed, Sending};

use crate::output;

/// Verdicts shown for each enterprise; the rest is on the web pages.
const SHOWN: usize = 2;

pub(super) fn crawled(report: &RunReport) -> anyhow::Result<()> {
    output::text(&format!(
        "crawl       {} pages: {} new policies, {} copies, {} revised, {} unchanged, {} lists, {} shells, {} failed",
        report.fetched, report.new, report.copies, report.revised, report.unchanged, report.lists, report.shells, report.failed
    ))
}

pub(super) fn processed(pipeline: &Pipeline, done: Processed) -> anyhow::Result<()> {
    output::text(&format!("annotate    {} policies, each item with the sentence that proves it", done.annotated))?;
    output::text(&format!("index       {} policies in the index", pipeline.index.count()))
}

pub(super) fn searched(pipeline: &Pipeline) -> anyhow::Result<()> {
    let mut query = search::parse_query("专精特新 奖励")?;
    query.limit = 3;
    let hits = pipeline.index.search(&query)?;
    output::text(&format!("search      专精特新 奖励: {} policies", hits.total))?;
    for hit in hits.hits {
        output::text(&format!("              {}", hit.title))?;
    }
    Ok(())
}

pub(super) fn matched(pipeline: &Pipeline) -> anyhow::Result<()> {
    let today = pipeline.clock.today();
    let records: Vec<Record> = pipeline.store.records().filter_map(Result::ok).collect();
    for enterprise in pipeline.store.enterprises()? {
        let mut verdicts: Vec<Verdict> = records
            .iter()
            .filter(|record| record.annotation.triage() == Some("apply") && record.annotation.tree.is_some())
            .map(|record| pipeline.stages.matcher.verdict(record, &enterprise, today))
            .filter(|verdict| !matches!(verdict.outcome, Outcome::Closed))
            .collect();
        verdicts.sort_by_key(|verdict| verdict.outcome);
        output::text(&format!("\n{} ({})", enterprise.name, counted(&verdicts)))?;
        for verdict in verdicts.iter().take(SHOWN) {
            explain(verdict)?;
        }
    }
    Ok(())
}

fn counted(verdicts: &[Verdict]) -> String {
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    for verdict in verdicts {
        *counts.entry(verdict.outcome).or_default() += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(outcome, count)| format!("{} {count}", outcome.label())).collect();
    parts.join("，")
}

fn explain(verdict: &Verdict) -> anyhow::Result<()> {
    let deadline = verdict.deadline.map(|date| format!("，截止 {date}")).unwrap_or_default();
    output::text(&format!("  【{}】{}{deadline}", verdict.outcome.label(), verdict.title))?;
    output::text(&format!("    {}", verdict.reason))?;
    for condition in &verdict.conditions {
        let sign = match condition.truth {
            Truth::Met => "✓",
            Truth::NotMet => "✗",
            Truth::Unknown => "?",
            Truth::Review => "◦",
        };
        let parts = [condition.has.as_deref(), condition.gap.as_deref(), condition.ask.as_deref()];
        let facts: Vec<&str> = parts.into_iter().flatten().collect();
        output::text(&format!("    {sign} {} {}  {}", condition.name, condition.need, facts.join("；")))?;
    }
    Ok(())
}

pub(super) fn pushed(pipeline: &Pipeline, matched: Matched, sending: Sending) -> anyhow::Result<()> {
    output::text(&format!(
        "\npush        {} verdicts, {} messages queued, {} sent, {} given up, {} taken out",
        matched.verdicts, matched.queued, sending.sent, sending.dead, sending.cancelled
    ))?;
    for enterprise in pipeline.store.enterprises()? {
        let inbox = pipeline.store.inbox(&enterprise.id)?;
        let newest = inbox.iter().find(|message| message.channel == Channel::Portal);
        output::text(&format!(
            "              {} 收件箱 {} 条{}",
            enterprise.name,
            inbox.len(),
            newest.map(|message| format!("，最新：{}", message.title)).unwrap_or_default()
        ))?;
    }
    Ok(())
}

pub(super) fn compiled(pipeline: &Pipeline) -> anyhow::Result<()> {
    let records: Vec<Record> = pipeline.store.records().filter_map(Result::ok).collect();
    let out = pipeline.folder.compilations();
    let quarter = busiest_quarter(&records, pipeline.clock.today());
    let formats = ["docx", "html", "md", "xlsx"].map(str::to_owned);
    let report = crate::commands::compile::compile(pipeline, "quarterly", &quarter, &formats, &out)?;
    output::text(&format!("\ncompile     {}: {} policies in {}", quarter, report.policies, report.files.join(" ")))
}

/// This quarter or the one before, whichever has more policies: at the start of a quarter the last one is what people bind.
fn busiest_quarter(records: &[Record], today: Date) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::from([(quarter_of(today), 0)]);
    for date in records.iter().filter_map(Record::date) {
        *counts.entry(quarter_of(date)).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(quarter, _)| quarter).unwrap_or_default()
}

fn quarter_of(date: Date) -> String {
    format!("{}Q{}", date.year(), (date.month() - 1) / 3 + 1)
}
