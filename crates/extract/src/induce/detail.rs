//! Detail rules from known documents.

use std::collections::{BTreeMap, BTreeSet};

use model::source::DetailRule;
use model::{Document, PageKind, Source};

use super::names::{Name, paths_of};
use super::{DetailCandidate, DetailFit, DetailSample, MOST_BYTES};
use crate::outline::{ElementId, LineId, Outline, Tag};
use crate::parse::{self, Parsed};
use crate::rules::{Families, Index};
use crate::{Input, page, words};

/// Names tried for the body, and for each further field.
const MOST_BODIES: usize = 40;
const MOST_NAMES: usize = 10;
/// Candidates given back; their fields are worked on.
const MOST_GIVEN: usize = 8;
const MOST_REFINED: usize = 3;
/// Documents looked at.
const MOST_SAMPLES: usize = 12;

pub(super) fn induce(families: &Families, source: &Source, samples: &[DetailSample<'_>]) -> Vec<DetailCandidate> {
    let samples = &samples[..samples.len().min(MOST_SAMPLES)];
    let parsed: Vec<Parsed> =
        samples.iter().filter(|sample| sample.text.len() <= MOST_BYTES).map(|sample| parse::parse(sample.text)).collect();
    if parsed.len() < samples.len() || samples.is_empty() {
        return Vec::new();
    }
    let nothing = Index::default();
    let outlines: Vec<Outline<'_>> = parsed.iter().map(|parsed| Outline::new(&parsed.html, &nothing, None)).collect();
    let pages: Vec<(&Outline<'_>, &DetailSample<'_>)> = outlines.iter().zip(samples).collect();
    let work = Work { families, source, samples };
    let bodies = common(&pages, |outline, sample| body_elements(outline, &sample.known.text));
    let mut candidates: Vec<Tried> = bodies.into_iter().take(MOST_BODIES).map(|name| work.body(name)).collect();
    sort(&mut candidates);
    candidates.truncate(MOST_GIVEN);
    let refined: Vec<Tried> = candidates.iter().take(MOST_REFINED).map(|tried| work.refine(&pages, tried.clone())).collect();
    candidates.extend(refined);
    sort(&mut candidates);
    candidates.dedup_by(|a, b| a.rule == b.rule);
    candidates.truncate(MOST_GIVEN);
    candidates.into_iter().map(|tried| DetailCandidate { rule: tried.rule, fit: tried.fit }).collect()
}

#[derive(Clone)]
struct Tried {
    rule: DetailRule,
    fit: DetailFit,
    cost: u32,
}

const fn merit(fit: &DetailFit) -> usize {
    2 * fit.titles + 2 * fit.dates + 3 * fit.texts + 2 * fit.near_texts
}

fn sort(candidates: &mut [Tried]) {
    candidates.sort_by(|a, b| {
        let places = |rule: &DetailRule| usize::from(!rule.title.is_empty()) + usize::from(!rule.date.is_empty());
        let key = |tried: &Tried| (tried.fit.is_perfect(), tried.fit.is_strong(), merit(&tried.fit), places(&tried.rule));
        key(b).cmp(&key(a)).then(a.cost.cmp(&b.cost)).then_with(|| a.rule.body.cmp(&b.rule.body))
    });
}

/// How a source's rules do on all samples, by the code that reads pages in a crawl.
pub(super) fn fit(families: &Families, source: &Source, samples: &[DetailSample<'_>]) -> DetailFit {
    let mut fit = DetailFit { known: samples.len(), ..DetailFit::default() };
    for sample in samples {
        let input = Input { text: sample.text, url: sample.url, content_type: None, status: 200, source: Some(source) };
        let read = page::extract(families, &input);
        if read.kind != PageKind::Detail {
            continue;
        }
        let (found, known) = (&read.document, sample.known);
        fit.titles += usize::from(words::squeeze(&found.title) == words::squeeze(&known.title));
        fit.dates += usize::from(found.published.map(|moment| moment.date) == known.published.map(|moment| moment.date));
        let same = lines_of(&found.text) == lines_of(&known.text) && !found.text.is_empty();
        fit.texts += usize::from(same);
        fit.near_texts += usize::from(same || is_near(found, known));
    }
    fit
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().map(words::bare).filter(|line| !line.is_empty()).collect()
}

/// Whether nearly all of each text stands in the other, line by line.
fn is_near(found: &Document, known: &Document) -> bool {
    let (found, known) = (lines_of(&found.text), lines_of(&known.text));
    let covered = |inner: &[String], outer: &[String]| {
        let set: BTreeSet<&String> = outer.iter().collect();
        let count = |lines: &mut dyn Iterator<Item = &String>| lines.map(|line| line.chars().count()).sum::<usize>();
        let all = count(&mut inner.iter());
        let held = count(&mut inner.iter().filter(|line| set.contains(line)));
        all > 0 && held * 100 >= all * 98
    };
    covered(&known, &found) && covered(&found, &known)
}

struct Work<'w> {
    families: &'w Families,
    source: &'w Source,
    samples: &'w [DetailSample<'w>],
}

impl Work<'_> {
    fn fit(&self, rule: &DetailRule) -> DetailFit {
        fit(self.families, &Source { detail: Some(rule.clone()), ..self.source.clone() }, self.samples)
    }

    fn body(&self, name: Name) -> Tried {
        let rule = DetailRule { body: vec![name.text], ..DetailRule::default() };
        Tried { fit: self.fit(&rule), rule, cost: name.cost }
    }

    /// Works out what else the rule must say: parts that are no text, and the places of title and date.
    fn refine(&self, pages: &[(&Outline<'_>, &DetailSample<'_>)], mut best: Tried) -> Tried {
        let known = best.fit.known;
        if best.fit.texts < known {
            let body = best.rule.body.clone();
            let extra = common(pages, |outline, sample| self.extra_elements(outline, sample, &body));
            let named = extra.into_iter().filter(|name| name.text.starts_with(['#', '.']) && !name.text.contains(' '));
            self.take_out(&mut best, named.take(MOST_NAMES).collect());
        }
        // Places of their own are surer than evidence that happens to agree on the samples.
        for name in common(pages, |outline, sample| title_elements(outline, &sample.known.title)).into_iter().take(MOST_NAMES) {
            if best.rule.title.is_empty() {
                self.improve(&mut best, &name, |rule, text| rule.title = vec![text]);
            }
        }
        for name in common(pages, date_elements).into_iter().take(MOST_NAMES) {
            if best.rule.date.is_empty() {
                self.improve(&mut best, &name, |rule, text| rule.date = vec![text]);
            }
        }
        best
    }

    /// Takes parts out of the body: all together, since one of two left in spoils the text, then without those not needed.
    fn take_out(&self, best: &mut Tried, names: Vec<Name>) {
        let with = |names: &[Name]| {
            let remove = names.iter().map(|name| name.text.clone()).collect();
            let rule = DetailRule { remove, ..best.rule.clone() };
            Tried { fit: self.fit(&rule), rule, cost: best.cost + names.iter().map(|name| name.cost).sum::<u32>() }
        };
        let mut kept = names;
        let mut whole = with(&kept);
        if merit(&whole.fit) <= merit(&best.fit) {
            return;
        }
        // Dearest first: of two names of one part the better stays.
        for at in (0..kept.len()).rev() {
            let mut fewer = kept.clone();
            fewer.remove(at);
            let tried = with(&fewer);
            if merit(&tried.fit) >= merit(&whole.fit) {
                (kept, whole) = (fewer, tried);
            }
        }
        *best = whole;
    }

    fn improve(&self, best: &mut Tried, name: &Name, change: impl Fn(&mut DetailRule, String)) {
        let mut rule = best.rule.clone();
        change(&mut rule, name.text.clone());
        let fit = self.fit(&rule);
        if merit(&fit) >= merit(&best.fit) {
            *best = Tried { rule, fit, cost: best.cost + name.cost };
        }
    }

    /// Elements of the body that hold only lines the known text does not have: share bars, buttons, neighbours.
    fn extra_elements(&self, outline: &Outline<'_>, sample: &DetailSample<'_>, body: &[String]) -> Vec<ElementId> {
        let rule = DetailRule { body: body.to_vec(), ..DetailRule::default() };
        let patched = Source { detail: Some(rule), ..self.source.clone() };
        let input = Input { text: sample.text, url: sample.url, content_type: None, status: 200, source: Some(&patched) };
        let known: BTreeSet<String> = lines_of(&sample.known.text).into_iter().collect();
        let read: BTreeSet<String> = lines_of(&page::extract(self.families, &input).document.text).into_iter().collect();
        let extra: BTreeSet<&String> = read.difference(&known).collect();
        let Some(around) = body_elements(outline, &sample.known.text).first().copied() else { return Vec::new() };
        let is_extra = |id: LineId| extra.contains(&words::bare(outline.line(id)));
        let holds_only_extra = |id: &ElementId| {
            let lines = outline.lines_of(*id);
            !lines.is_empty()
                && lines.len() <= 40
                && lines.clone().any(is_extra)
                && !lines.into_iter().any(|id| known.contains(&words::bare(outline.line(id))))
        };
        let inside = outline.ancestors(around).take(3).last().unwrap_or(around);
        (inside + 1..outline.element(inside).after).filter(holds_only_extra).take(20).collect()
    }
}

/// Names shared by the elements found on all pages, cheapest first.
fn common<'p>(
    pages: &[(&Outline<'_>, &DetailSample<'p>)],
    elements: impl Fn(&Outline<'_>, &DetailSample<'p>) -> Vec<ElementId>,
) -> Vec<Name> {
    let mut counts: BTreeMap<String, (u32, usize)> = BTreeMap::new();
    let mut holding = 0;
    for (outline, sample) in pages {
        let mut own: BTreeMap<String, u32> = BTreeMap::new();
        for (rank, element) in elements(outline, sample).into_iter().enumerate() {
            for name in paths_of(outline, element) {
                own.entry(name.text).or_insert(name.cost + 2 * rank as u32);
            }
        }
        holding += usize::from(!own.is_empty());
        for (text, cost) in own {
            let entry = counts.entry(text).or_insert((cost, 0));
            entry.0 = entry.0.max(cost);
            entry.1 += 1;
        }
    }
    let shared = counts.into_iter().filter(|(_, (_, count))| *count == holding && *count > 0);
    let mut names: Vec<Name> = shared.map(|(text, (cost, _))| Name { text, cost }).collect();
    names.sort_by(|a, b| (a.cost, &a.text).cmp(&(b.cost, &b.text)));
    names
}

/// The innermost element that holds a known text, then those around it that hold little else.
fn body_elements(outline: &Outline<'_>, text: &str) -> Vec<ElementId> {
    let known: BTreeSet<String> = lines_of(text).into_iter().collect();
    let mut sums = vec![0_u64];
    for id in 0..outline.lines.len() as LineId {
        let held = known.contains(&words::bare(outline.line(id)));
        sums.push(sums[id as usize] + if held { u64::from(outline.lines[id as usize].characters) } else { 0 });
    }
    let held = |id: ElementId| {
        let lines = outline.lines_of(id);
        sums[lines.end as usize] - sums[lines.start as usize]
    };
    let all = sums.last().copied().unwrap_or_default();
    let wanted: u64 = known.iter().map(|line| line.chars().count() as u64).sum();
    // Blanks count on the page and not in what is known, so more than half is asked, not all.
    if all == 0 || all * 10 < wanted * 6 {
        return Vec::new();
    }
    let Some(mut current) = outline.elements.iter().position(|element| element.node.value().name() == "body") else {
        return Vec::new();
    };
    loop {
        let inner = outline.children(current as ElementId).find(|child| held(*child) * 100 >= all * 97);
        match inner {
            Some(child) if !matches!(outline.element(child).tag, Tag::Inline | Tag::Paragraph | Tag::Link) => {
                current = child as usize
            }
            _ => break,
        }
    }
    let little_else = |id: &ElementId| {
        let characters = u64::from(outline.characters(outline.lines_of(*id)));
        characters <= held(*id) * 2 + 300
    };
    outline.ancestors(current as ElementId).take_while(little_else).take(5).collect()
}

/// Elements that show a known title and nothing else.
fn title_elements(outline: &Outline<'_>, title: &str) -> Vec<ElementId> {
    let title = words::bare(title);
    let shows = |id: &ElementId| {
        let lines = outline.lines_of(*id);
        !title.is_empty()
            && (1..=4).contains(&lines.len())
            && outline.element(*id).tag != Tag::Link
            && outline.text_of(*id).len() <= 2_000
            && words::bare(outline.text_of(*id)) == title
    };
    (0..outline.elements.len() as ElementId).filter(shows).take(12).collect()
}

/// Short elements that hold the known day of publication before any other date.
fn date_elements(outline: &Outline<'_>, sample: &DetailSample<'_>) -> Vec<ElementId> {
    let Some(date) = sample.known.published.map(|moment| moment.date) else { return Vec::new() };
    let holds = |id: &ElementId| {
        let text = outline.text_of(*id);
        let lines = outline.lines_of(*id).len();
        (1..=4).contains(&lines) && text.len() <= 300 && model::date::parse_date(text) == Some(date)
    };
    (0..outline.elements.len() as ElementId).filter(holds).take(20).collect()
}
