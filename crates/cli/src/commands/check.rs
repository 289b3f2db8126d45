//! `huice check`: every data file is read and every example run; with a corpus also which rules it uses and which overlap.

use annotate::{Annotator, Overlap, RuleUse};
use anyhow::Context;
use pipeline::{Checked, Stages};

use super::annotate::Line;
use crate::Ended;
use crate::arguments::Check;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

pub(crate) fn perform(asked: &Check, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let checked = pipeline::check(surroundings.data()?)?;
    for failure in &checked.failures {
        output::remark(failure);
    }
    let mut report = counts(&checked);
    if let Some(corpus) = &asked.corpus {
        let (annotator, _) = Stages::annotator(&surroundings.data()?)?;
        let uses = coverage(&annotator, corpus)?;
        let overlaps = annotator.overlaps();
        if asked.json {
            report["rules"] = serde_json::to_value(&uses)?;
            report["overlaps"] = serde_json::to_value(&overlaps)?;
        } else {
            show_uses(&uses)?;
            show_overlaps(&overlaps)?;
        }
    }
    output::json(&report)?;
    Ok(Ended::after(checked.failures.len() as u64))
}

fn counts(checked: &Checked) -> serde_json::Value {
    serde_json::json!({
        "files": checked.files,
        "sources": checked.sources,
        "verified": checked.verified,
        "failed": checked.failures.len(),
    })
}

fn coverage(annotator: &Annotator, corpus: &std::path::Path) -> anyhow::Result<Vec<RuleUse>> {
    let text = read_text(corpus)?;
    let mut uses = annotator.coverage(std::iter::empty());
    let bar = output::progress("counting", text.lines().count() as u64);
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = || format!("{}:{}: expected {{text,…}}", corpus.display(), index + 1);
        let line: Line = serde_json::from_str(line).with_context(place)?;
        let more = line.with_input(annotator, |input| annotator.coverage(std::iter::once(*input)));
        for (sum, used) in uses.iter_mut().zip(more) {
            sum.texts += used.texts;
            sum.words += used.words;
            sum.results += used.results;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(uses)
}

fn show_uses(uses: &[RuleUse]) -> anyhow::Result<()> {
    output::text("# 规则的使用\n\n| 规则 | 位置 | 文本 | 词次 | 结果 |\n|---|---|--:|--:|--:|")?;
    let (mut sorted, never): (Vec<&RuleUse>, Vec<&RuleUse>) = uses.iter().partition(|used| !used.never());
    sorted.sort_by_key(|used| std::cmp::Reverse((used.results, used.words)));
    for used in sorted {
        let (name, place) = (used.rule.name(), used.rule.place());
        output::text(&format!("| {name} | {place} | {} | {} | {} |", used.texts, used.words, used.results))?;
    }
    output::text(&format!("\n# 从未用到的规则：{} 条，共 {} 条\n", never.len(), uses.len()))?;
    for used in never {
        output::text(&format!("- {} {}", used.rule.place(), used.rule.name()))?;
    }
    Ok(())
}

fn show_overlaps(overlaps: &[Overlap]) -> anyhow::Result<()> {
    let kinds = [("same_word", "同一个词在两条规则里"), ("example", "例句命中别的规则"), ("contained", "词在别的规则的词里")];
    for (kind, title) in kinds {
        let own: Vec<&Overlap> = overlaps.iter().filter(|overlap| overlap.kind == kind).collect();
        output::text(&format!("\n# {title}：{} 对\n", own.len()))?;
        for overlap in own {
            output::text(&format!("- {} — {}：{}", overlap.one, overlap.other, overlap.words.join("、")))?;
        }
    }
    Ok(())
}
