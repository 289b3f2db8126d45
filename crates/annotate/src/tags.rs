//! Tags: what kind of document a text is, what it is about, for whom and where, each with the words that prove it.

use model::Tag;
use model::text::Span;

use crate::annotator::Input;
use crate::lexicon::{Hit, Hits, Lexicon, TagWord};
use crate::page::Page;
use crate::places::Places;
use crate::reading::Reading;
use crate::rules::{TagFile, TagRule};
use crate::triage::{self, Told, Triage};
use crate::whereabouts;

/// A word in the title says this much more than one in the text.
const TITLE_WEIGHT: u32 = 4;
/// A word counts at most this often.
const MOST_TIMES: u8 = 3;
/// Between the agencies of a joint document, where a tag points at their names.
pub(crate) const BETWEEN_ISSUERS: &str = "、";

/// The title as tags read it.
pub(crate) struct Title<'a> {
    reading: Reading<'a>,
    hits: Hits,
}

impl<'a> Title<'a> {
    pub(crate) fn new(title: &'a str, lexicon: &Lexicon) -> Self {
        let reading = Reading::without_tables(title);
        let hits = lexicon.find(reading.text());
        Self { reading, hits }
    }

    pub(crate) fn text(&self) -> &str {
        self.reading.text()
    }
}

/// What a proof points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Within {
    Issuer,
    Text,
    Title,
}

/// Where a tag's proof stands: bytes of the reading of title or text, or of the names of the issuers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    pub(crate) within: Within,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// All tags of a text, in order of kind.
pub(crate) fn all(page: &Page<'_>, title: &Title<'_>, input: &Input<'_>, places: &Places) -> Vec<Tag> {
    let maker = Maker { page, title, issuers: input.issuers.join(BETWEEN_ISSUERS) };
    let mut tags = Vec::new();
    tags.extend(kind(&maker));
    tags.extend(page.told.as_ref().and_then(|told| class(&maker, told)));
    tags.extend(whereabouts::tags(&maker, input, places));
    let words = Words::new(page, title);
    for (file, (kind, rules)) in page.rules.tags.iter().enumerate() {
        scored(&maker, kind, rules, words.tallies(&maker, file, rules), &mut tags);
    }
    tags.extend(sizes(&maker));
    tags
}

pub(crate) struct Maker<'m, 'a> {
    pub(crate) page: &'m Page<'a>,
    pub(crate) title: &'m Title<'a>,
    /// The issuers, joined.
    pub(crate) issuers: String,
}

impl Maker<'_, '_> {
    /// A tag with its proof; none where the proof covers no characters.
    pub(crate) fn tag(&self, kind: &str, value: (&str, &str), confidence: f32, proof: Proof, rule: &str) -> Option<Tag> {
        let (start, end) = (proof.start, proof.end);
        let (place, span, quote) = match proof.within {
            Within::Issuer => {
                let quote = self.issuers.get(start..end)?;
                let before = self.issuers[..start].chars().count();
                let span = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                ("issuer", Span::new(span(before), span(before + quote.chars().count())), quote)
            }
            Within::Title => {
                let span = self.title.reading.span(start, end);
                ("title", span, self.title.reading.quote(span))
            }
            Within::Text => {
                let span = self.page.reading.span(start, end);
                ("text", span, self.page.reading.quote(span))
            }
        };
        (!quote.is_empty()).then(|| Tag {
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

fn kind(maker: &Maker<'_, '_>) -> Option<Tag> {
    let title = maker.title.text();
    let (rule, word) = triage::kind_of(maker.page.rules, title)?;
    let start = title.rfind(word)?;
    // At the very end it is the document's own kind; inside 《》 it is that of what the notice carries.
    let confidence = if title.ends_with(word) { 0.97 } else { 0.9 };
    maker.tag(
        "kind",
        (&rule.id, &rule.label),
        confidence,
        Proof { within: Within::Title, start, end: start + word.len() },
        "kind",
    )
}

/// The triage class; how sure it is was measured over 300 titles labelled by hand.
fn class(maker: &Maker<'_, '_>, told: &Triage) -> Option<Tag> {
    let (within, confidence) = match (told.told, told.official) {
        (Told::Title, true) => (Within::Title, 0.95),
        (Told::Title, false) => (Within::Title, 0.88),
        (Told::Text, _) => (Within::Text, 0.75),
        (Told::Nothing, _) => (Within::Title, 0.9),
    };
    let proof = Proof { within, start: told.start, end: told.end };
    maker.tag("triage", (&told.class, triage::label(&told.class)), confidence, proof, "triage")
}

// ---- scored tags ------------------------------------------------------------------------------------------------

/// What was found for one tag in title and text.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    score: u32,
    /// What strong words give of it.
    strong: u32,
    /// How well it is proved, and by what: a strong word in the title proves best.
    proof: Option<(Within, bool, usize, usize)>,
}

impl Tally {
    fn add(&mut self, score: u32, within: Within, strong: bool, start: usize, end: usize) {
        self.score += score;
        self.strong += if strong { score } else { 0 };
        if self.proof.is_none_or(|known| (within, strong) > (known.0, known.1)) {
            self.proof = Some((within, strong, start, end));
        }
    }

    /// Whether a strong word of it stands in the title.
    fn is_titled(&self) -> bool {
        self.proof.is_some_and(|(within, strong, ..)| within == Within::Title && strong)
    }
}

/// The score of each tag of each file.
struct Words {
    tallies: Vec<Vec<Tally>>,
}

impl Words {
    fn new(page: &Page<'_>, title: &Title<'_>) -> Self {
        let mut tallies: Vec<Vec<Tally>> =
            page.rules.tags.iter().map(|(_, file)| vec![Tally::default(); file.tag.len()]).collect();
        for (within, hits) in [(Within::Title, &title.hits), (Within::Text, &page.hits)] {
            // Each word counts a few times at most: long texts repeat their subject.
            let mut times: Vec<u8> = Vec::new();
            for hit in &hits.tags {
                let TagWord { file, tag, strong, word } = hit.what;
                if is_inside(&hits.organs, hit.start, hit.end) {
                    continue;
                }
                if times.len() <= usize::from(word) {
                    times.resize(usize::from(word) + 1, 0);
                }
                let seen = &mut times[usize::from(word)];
                *seen = seen.saturating_add(1);
                let tally = tallies.get_mut(usize::from(file)).and_then(|of_file| of_file.get_mut(usize::from(tag)));
                if let Some(tally) = tally.filter(|_| *seen <= MOST_TIMES) {
                    let weight = if within == Within::Title { TITLE_WEIGHT } else { 1 };
                    tally.add((1 + u32::from(strong)) * weight, within, strong, hit.start, hit.end);
                }
            }
        }
        Self { tallies }
    }

    /// The scores of one file, with what the agency adds to them.
    fn tallies(&self, maker: &Maker<'_, '_>, file: usize, rules: &TagFile) -> Vec<Tally> {
        let mut tallies = self.tallies[file].clone();
        if rules.organ_score > 0
            && let Some((within, start, end)) = main_organ(maker, rules)
        {
            let name = match within {
                Within::Title => &maker.title.text()[start..end],
                _ => &maker.issuers[start..end],
            };
            for (tag, tally) in rules.tag.iter().zip(&mut tallies) {
                if tag.organs.iter().any(|organ| organ == name) {
                    tally.add(rules.organ_score, within, false, start, end);
                }
            }
        }
        tallies
    }
}

/// The name of the main agency as a rule knows it: of the first issuer, else of the one a title opens with.
fn main_organ(maker: &Maker<'_, '_>, rules: &TagFile) -> Option<(Within, usize, usize)> {
    let title = maker.title.text();
    let opening = title.find("关于").or_else(|| title.find("印发")).unwrap_or(0);
    let first = maker.issuers.split(BETWEEN_ISSUERS).next().unwrap_or_default();
    let title_hits = &maker.title.hits.organs;
    // The title's characters prove better than a name beside the text, where both name the same agency.
    let in_title = title_hits.iter().find(|hit| hit.end <= opening).map(|hit| (hit.start, hit.end));
    let organs = rules.tag.iter().flat_map(|tag| &tag.organs);
    let in_issuer = organs
        .filter_map(|organ| first.find(organ.as_str()).map(|start| (start, start + organ.len())))
        .min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
    match (in_issuer, in_title) {
        (Some((start, end)), Some((from, to))) if first[start..end] == title[from..to] => Some((Within::Title, from, to)),
        (Some((start, end)), _) => Some((Within::Issuer, start, end)),
        (None, Some((start, end))) => Some((Within::Title, start, end)),
        (None, None) => None,
    }
}

/// Whether a stretch lies inside the name of an agency: 工业 of 工业和信息化局 says nothing of the subject.
fn is_inside(organs: &[Hit<()>], start: usize, end: usize) -> bool {
    let after = organs.partition_point(|organ| organ.start <= start);
    after > 0 && organs[after - 1].end >= end
}

/// The best tags of a file, and of each its best child.
fn scored(maker: &Maker<'_, '_>, kind: &str, rules: &TagFile, tallies: Vec<Tally>, tags: &mut Vec<Tag>) {
    let found: Vec<(&TagRule, Tally)> = rules.tag.iter().zip(tallies).collect();
    let mut ranked: Vec<&(&TagRule, Tally)> =
        found.iter().filter(|(tag, tally)| tag.parent().is_none() && suffices(rules, tag, *tally)).collect();
    ranked.sort_by(|one, other| (other.1.score, &one.0.id).cmp(&(one.1.score, &other.0.id)));
    let best = ranked.first().map_or(0, |(_, tally)| tally.score);
    let next = ranked.get(1).map_or(0, |(_, tally)| tally.score);
    ranked.retain(|(_, tally)| tally.score * 100 >= best * rules.share);
    ranked.truncate(rules.most);
    let mut children = Vec::new();
    for (rank, (tag, tally)) in ranked.iter().enumerate() {
        let confidence = if rules.exclusive { among_rivals(rank, best, next) } else { by_itself(*tally) };
        tags.extend(made(maker, kind, tag, *tally, confidence));
        let below = found
            .iter()
            .filter(|(child, tally)| child.parent() == Some(&tag.id) && (tally.score >= rules.child_least || tally.is_titled()));
        if let Some((child, tally)) = below.max_by_key(|(child, tally)| (tally.score, std::cmp::Reverse(&child.id))) {
            children.extend(made(maker, kind, child, *tally, confidence * CHILD_SHARE));
        }
    }
    tags.extend(children);
}

/// Weak words alone must say it twice as loud.
fn suffices(rules: &TagFile, tag: &TagRule, tally: Tally) -> bool {
    let weak = !rules.exclusive && tally.strong == 0;
    tally.score >= tag.least.unwrap_or(rules.least) * if weak { 2 } else { 1 }
}

fn made(maker: &Maker<'_, '_>, kind: &str, tag: &TagRule, tally: Tally, confidence: f32) -> Option<Tag> {
    let (within, _, start, end) = tally.proof?;
    maker.tag(kind, (&tag.id, &tag.label), confidence, Proof { within, start, end }, kind)
}

/// A child of a class is right this often where the class is.
const CHILD_SHARE: f32 = 0.75;

/// How sure a tag is of which a document has one: by its lead over the next, as measured over documents whose class is known.
fn among_rivals(rank: usize, best: u32, next: u32) -> f32 {
    const BY_LEAD: [f32; 5] = [0.6, 0.85, 0.92, 0.97, 0.97];
    if rank > 0 {
        return 0.15;
    }
    let fifth = (best.saturating_sub(next) * 5).checked_div(best).unwrap_or(0);
    BY_LEAD[usize::try_from(fifth).unwrap_or(0).min(4)]
}

/// How sure a tag is that stands beside others: by where its best word stands and how much speaks for it.
fn by_itself(tally: Tally) -> f32 {
    match tally.score {
        _ if tally.is_titled() => 0.9,
        12.. => 0.8,
        8.. => 0.7,
        _ => 0.5,
    }
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
            let within = if in_title { Within::Title } else { Within::Text };
            let proof = Proof { within, start: hit.start, end: hit.end };
            tags.extend(maker.tag("size", (&rule.id, &rule.label), if in_title { 0.9 } else { 0.6 }, proof, "size"));
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
