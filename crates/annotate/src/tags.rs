//! Tags: what kind of document a text is, what it is about, for whom and where, each with the words that prove it.

use std::collections::BTreeMap;

use model::Tag;
use model::text::Span;

use crate::annotator::Input;
use crate::lexicon::{Hits, Lexicon};
use crate::page::Page;
use crate::reading::Reading;
use crate::rules::{KindRule, Rules};

/// A word in the title says this much more than one in the text.
const TITLE_WEIGHT: u32 = 4;
/// A word counts at most this often.
const MOST_TIMES: u32 = 3;

/// The title as tags read it.
pub(crate) struct Title<'a> {
    reading: Reading<'a>,
    hits: Hits,
}

impl<'a> Title<'a> {
    pub(crate) fn new(title: &'a str, lexicon: &Lexicon) -> Self {
        let reading = Reading::new(title);
        let hits = lexicon.find(reading.text());
        Self { reading, hits }
    }

    pub(crate) fn text(&self) -> &str {
        self.reading.text()
    }
}

/// Where a tag's proof stands.
#[derive(Debug, Clone, Copy)]
struct Proof {
    in_title: bool,
    start: usize,
    end: usize,
}

/// All tags of a text, in order of kind.
pub(crate) fn all(page: &Page<'_>, title: &Title<'_>, input: &Input<'_>) -> Vec<Tag> {
    let mut tags = Vec::new();
    let maker = Maker { page, title };
    if let Some(kind) = kind_of(page.rules, title.text()) {
        let proof = title.text().rfind(kind.1).map(|start| Proof { in_title: true, start, end: start + kind.1.len() });
        tags.extend(maker.tag("kind", (&kind.0.id, &kind.0.label), 0.9, proof, "kind"));
    }
    if let Some(class) = &page.triage {
        let proof = triage_proof(page, title, class);
        tags.extend(maker.tag("triage", (class, triage_label(class)), if proof.is_some() { 0.9 } else { 0.5 }, proof, "triage"));
    }
    tags.extend(region(&maker, input));
    for (file, (kind, _)) in page.rules.tags.iter().enumerate() {
        tags.extend(scored(&maker, file, kind));
    }
    tags.extend(sizes(&maker));
    tags
}

struct Maker<'m, 'a> {
    page: &'m Page<'a>,
    title: &'m Title<'a>,
}

impl Maker<'_, '_> {
    /// A tag with its proof; without one it points at nothing and says so by its confidence.
    fn tag(&self, kind: &str, value: (&str, &str), confidence: f32, proof: Option<Proof>, rule: &str) -> Option<Tag> {
        let (place, span, quote) = match proof {
            None => ("title", Span::new(0, 0), ""),
            Some(Proof { in_title: true, start, end }) => {
                let span = self.title.reading.span(start, end);
                ("title", span, self.title.reading.quote(span))
            }
            Some(Proof { in_title: false, start, end }) => {
                let span = self.page.reading.span(start, end);
                ("text", span, self.page.reading.quote(span))
            }
        };
        Some(Tag {
            kind: kind.to_owned(),
            value: value.0.to_owned(),
            label: value.1.to_owned(),
            confidence,
            place: place.to_owned(),
            quote: quote.to_owned(),
            span,
            rule: rule.to_owned(),
        })
    }
}

// ---- kind and triage --------------------------------------------------------------------------------------------

/// The kind of document a title ends with: the inner title of a notice that prints it decides.
pub(crate) fn kind_of<'r>(rules: &'r Rules, title: &str) -> Option<(&'r KindRule, &'r str)> {
    let inner = model::title::inner_title(title);
    let name = core_of(inner.as_deref().unwrap_or(title));
    ending(rules, name).or_else(|| ending(rules, core_of(title)))
}

/// A title without (试行), years and marks at its end.
fn core_of(title: &str) -> &str {
    let mut core = title.trim_end_matches(['》', '〉', ' ', '"', '”', '。']);
    while core.ends_with(')') {
        let Some(open) = core.rfind('(') else { break };
        if core[open..].contains("征求意见") || core[open..].contains("草案") {
            break;
        }
        core = core[..open].trim_end();
    }
    core.trim_end_matches(['》', ' '])
}

fn ending<'r>(rules: &'r Rules, name: &str) -> Option<(&'r KindRule, &'r str)> {
    let words = rules.kinds.kind.iter().flat_map(|rule| rule.words.iter().map(move |word| (rule, word.as_str())));
    words
        .filter(|(_, word)| name.ends_with(word) || name.trim_end_matches(')').ends_with(word))
        .max_by_key(|(_, word)| word.len())
}

/// Kinds that lay down rules; an act among them is no call for applications whatever its subject.
const STANDING: [&str; 9] = ["measures", "rules", "regulation", "ordinance", "law", "opinion", "steps", "standard", "procedure"];

/// The triage class of a title, and failing that of the text.
pub(crate) fn triage(rules: &Rules, title: &str, text: &str) -> Option<String> {
    if title.is_empty() {
        return None;
    }
    let kind = kind_of(rules, title).map(|(rule, _)| rule.id.as_str());
    let official = kind.is_some() && (title.contains("关于") || title.contains("印发"));
    let standing = kind.is_some_and(|kind| STANDING.contains(&kind));
    let class = rules.kinds.triage.iter().find(|rule| {
        let skipped = match rule.class.as_str() {
            "news" => official || standing,
            "interpret" => official && !title.contains("解读"),
            "apply" => {
                standing && !title.contains("组织申报") && !title.contains("开展申报")
                    || kind == Some("letter") && title.contains("答复")
            }
            "result" => standing,
            _ => false,
        };
        !skipped && rule.words.iter().any(|word| title.contains(word.as_str()))
    });
    match class {
        Some(rule) => Some(rule.class.clone()),
        None if official => Some("standard".to_owned()),
        // A title that says nothing: the text decides, and what tells nothing either is news.
        None => {
            let told = rules.kinds.triage.iter().find(|rule| rule.text.iter().any(|word| text.contains(word.as_str())));
            Some(told.map_or("news", |rule| rule.class.as_str()).to_owned())
        }
    }
}

fn triage_proof(page: &Page<'_>, title: &Title<'_>, class: &str) -> Option<Proof> {
    let words = page.rules.kinds.triage.iter().filter(|rule| rule.class == class).flat_map(|rule| &rule.words);
    words
        .filter_map(|word| title.text().find(word.as_str()).map(|start| Proof { in_title: true, start, end: start + word.len() }))
        .next()
}

fn triage_label(class: &str) -> &'static str {
    match class {
        "apply" => "申报通知",
        "standard" => "办法与标准",
        "regulate" => "法规与规定",
        "result" => "公示与名单",
        "draft" => "征求意见",
        "interpret" => "解读",
        "lifecycle" => "废止与修改",
        _ => "新闻",
    }
}

// ---- region -----------------------------------------------------------------------------------------------------

fn region(maker: &Maker<'_, '_>, input: &Input<'_>) -> Option<Tag> {
    if input.region.is_empty() {
        return None;
    }
    let label = maker.page.rules.regions.full_name(input.region);
    let own = maker.page.rules.regions.get(input.region).map(|region| region.name.as_str()).filter(|name| !name.is_empty());
    let names = own.into_iter().chain(input.issuers.iter().map(String::as_str));
    let proof = names
        .filter_map(|name| {
            let name = model::text::fold(name);
            let in_title = maker.title.text().find(&name).map(|start| Proof { in_title: true, start, end: start + name.len() });
            in_title
                .or_else(|| maker.page.text().find(&name).map(|start| Proof { in_title: false, start, end: start + name.len() }))
        })
        .next();
    maker.tag("region", (input.region, &label), if proof.is_some() { 0.9 } else { 0.7 }, proof, "issuer")
}

// ---- scored tags ------------------------------------------------------------------------------------------------

/// Words of one tag in title and text.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    score: u32,
    proof: Option<(bool, bool, usize, usize)>,
}

fn scored(maker: &Maker<'_, '_>, file: usize, kind: &str) -> Vec<Tag> {
    let rules = &maker.page.rules.tags[file].1;
    let wanted = u8::try_from(file).unwrap_or(u8::MAX);
    let mut tallies: BTreeMap<u16, Tally> = BTreeMap::new();
    // Each word (known by its length and tag) counts a few times at most: long texts repeat their subject.
    let mut times: BTreeMap<(bool, u16, &str), u32> = BTreeMap::new();
    let places = [(true, &maker.title.hits.tags, maker.title.text()), (false, &maker.page.hits.tags, maker.page.text())];
    for (in_title, hits, text) in places {
        for hit in hits.iter().filter(|hit| hit.what.0 == wanted) {
            let (_, tag, strong) = hit.what;
            let seen = times.entry((in_title, tag, &text[hit.start..hit.end])).or_default();
            *seen += 1;
            if *seen > MOST_TIMES {
                continue;
            }
            let tally = tallies.entry(tag).or_default();
            tally.score += (1 + u32::from(strong)) * if in_title { TITLE_WEIGHT } else { 1 };
            let proof = (in_title, strong, hit.start, hit.end);
            // A strong word in the title proves best.
            if tally.proof.is_none_or(|known| (proof.0, proof.1) > (known.0, known.1)) {
                tally.proof = Some(proof);
            }
        }
    }
    let mut ranked: Vec<(u16, Tally)> = tallies
        .into_iter()
        .filter(|(tag, tally)| tally.score >= rules.tag[usize::from(*tag)].least.unwrap_or(rules.least))
        .collect();
    ranked.sort_by_key(|(tag, tally)| (std::cmp::Reverse(tally.score), *tag));
    let best = ranked.first().map_or(0, |(_, tally)| tally.score);
    ranked.retain(|(_, tally)| tally.score * 3 >= best);
    ranked.truncate(rules.most);
    let tags = ranked.into_iter().filter_map(|(tag, tally)| {
        let rule = &rules.tag[usize::from(tag)];
        let proof = tally.proof.map(|(in_title, _, start, end)| Proof { in_title, start, end });
        #[expect(clippy::cast_precision_loss, reason = "scores are small")]
        let confidence = (tally.score as f32 / (tally.score as f32 + 6.0)).min(0.95);
        maker.tag(kind, (&rule.id, &rule.label), confidence, proof, kind)
    });
    tags.collect()
}

/// The sizes of enterprise a text speaks to.
fn sizes(maker: &Maker<'_, '_>) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::new();
    let places = [(true, &maker.title.hits.sizes), (false, &maker.page.hits.sizes)];
    for (in_title, hits) in places {
        for hit in hits {
            let rule = &maker.page.rules.sizes.size[usize::from(hit.what)];
            if rule.standard || tags.iter().any(|tag| tag.value == rule.id) {
                continue;
            }
            let proof = Proof { in_title, start: hit.start, end: hit.end };
            tags.extend(maker.tag("size", (&rule.id, &rule.label), if in_title { 0.9 } else { 0.6 }, Some(proof), "size"));
        }
    }
    tags
}

/// The title to read where none is given: the first line of a text that looks like a document.
pub(crate) fn title_of<'t>(title: &'t str, text: &'t str) -> &'t str {
    if !title.trim().is_empty() {
        return title;
    }
    let Some((first, rest)) = text.trim_start().split_once('\n') else { return title };
    let first = first.trim();
    let is_title = first.chars().count() <= 80 && !first.ends_with(['。', ';', '；']) && !rest.trim().is_empty();
    if is_title
        && ["通知", "公告", "办法", "意见", "措施", "方案", "细则", "解读", "公示", "规定", "决定", "函"]
            .iter()
            .any(|kind| first.ends_with(kind))
    {
        first
    } else {
        title
    }
}
