//! The annotator: rules compiled once, then one text after another.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jieba_rs::Jieba;
use jiff::civil::Date;
use model::{Annotation, ConfigError, Indicator, Item, Regions, What};

use crate::catalogue::Catalogue;
use crate::conditions::{self, Reading as SentenceReading, Role};
use crate::lexicon::Lexicon;
use crate::page::{Draft, Page, Surroundings};
use crate::places::{self, Places};
use crate::reading::Reading;
use crate::rules::{Genre, Rules};
use crate::sections::{self, SectionNode};
use crate::tables::{self, Headers, Kind};
use crate::tags::{self, Title};
use crate::token::Lexer;
use crate::tree::{self, Leaf};
use crate::words::List;
use crate::{
    awards, contacts, examples, facts, grade, judged, key_points, materials, refer, references, remarks, triage, validity,
    windows,
};

/// Changes whenever the same rules give other annotations.
const CODE_VERSION: &str = "2";
/// More items than any policy has; tables of data are not read further.
const MOST_ITEMS: usize = 5_000;

/// One text to annotate.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The body; every span refers to it.
    pub text: &'a str,
    /// The title; empty where there is none.
    pub title: &'a str,
    /// 发文机关, main agency first.
    pub issuers: &'a [String],
    /// GB/T 2260 code of the place the policy is for; 本市 and the like are resolved from it. May be empty.
    pub region: &'a str,
    /// The date that years not written are taken from: issued, else published.
    pub date: Option<Date>,
}

/// Rules, ready to annotate texts; shared between threads.
pub struct Annotator {
    rules: Rules,
    lexicon: Lexicon,
    lexer: Lexer,
    places: Places,
    headers: Headers,
    segmenter: Arc<Jieba>,
    version: String,
    /// The rule files as they are written; only explanations and checks need them.
    files: BTreeMap<String, String>,
    catalogue: OnceLock<Catalogue>,
}

impl std::fmt::Debug for Annotator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Annotator").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Annotator {
    /// Reads the rule files (path below `rules/` → text) and compiles them.
    ///
    /// # Errors
    /// The first mistake in a file, with its place; also where a file it needs is missing.
    pub fn new(files: &BTreeMap<String, String>, segmenter: Arc<Jieba>) -> Result<Self, ConfigError> {
        let rules = Rules::read(files)?;
        let lexicon = Lexicon::new(&rules)?;
        let lexer = Lexer::new(&rules.units);
        let places = Places::new(&rules)?;
        let headers = Headers::new(&rules);
        let texts: String =
            files.iter().filter(|(path, _)| is_ours(path)).flat_map(|(path, text)| [path.as_str(), "\n", text, "\n"]).collect();
        let fingerprint = model::fingerprint::sha256_hex(texts.as_bytes());
        let version = format!("{CODE_VERSION}-{}", &fingerprint[..12]);
        let own = files.iter().filter(|(path, _)| path.ends_with(".toml") && is_ours(path));
        let files = own.map(|(path, text)| (path.clone(), text.clone())).collect();
        Ok(Self { rules, lexicon, lexer, places, headers, segmenter, version, files, catalogue: OnceLock::new() })
    }

    /// Annotates one text. Time is linear in its length.
    #[must_use]
    pub fn annotate(&self, input: &Input<'_>) -> Annotation {
        let title_text = tags::title_of(input.title, input.text);
        let title = Title::new(title_text, &self.lexicon);
        let page = self.page(input);
        let (mut items, sentences) = self.items(&page, input.text);
        let leaves = leaves(&page, &items, &sentences);
        let awarded = awarded(&items, &sentences);
        let tree = tree::build(&page, &leaves, &mut items, &awarded);
        let mut found: Vec<(usize, &Item)> = sentences.iter().map(|stretch| stretch.sentence).zip(&items).collect();
        found.sort_by_key(|(sentence, _)| *sentence);
        let key_points = key_points::choose(&page, &found);
        let mut all_tags = tags::all(&page, &title, input, &self.places);
        if input.title.is_empty() && !title_text.is_empty() {
            all_tags.iter_mut().for_each(|tag| place_in_text(tag, input.text, title_text));
        }
        Annotation { version: self.version.clone(), items, tree, tags: all_tags, key_points }
    }

    /// The section tree of a text: what its headings, labels and list headers say the parts are about.
    #[must_use]
    pub fn sections(&self, input: &Input<'_>) -> Vec<SectionNode> {
        sections::tree(&self.page(input))
    }

    /// A text as the grammars see it.
    pub(crate) fn page<'a>(&'a self, input: &Input<'a>) -> Page<'a> {
        let title = tags::title_of(input.title, input.text);
        let reading = Reading::new(input.text, &self.headers);
        let hits = self.lexicon.find(reading.text());
        let told = triage::triage(&self.rules, &model::text::fold(title), reading.text());
        let around = Surroundings {
            rules: &self.rules,
            lexer: &self.lexer,
            segmenter: &self.segmenter,
            region: input.region,
            date: input.date,
            told,
            title,
        };
        Page::new(reading, hits, around)
    }

    /// What users see for tag values, as `(kind of tag, value, label)`.
    #[must_use]
    pub fn tag_labels(&self) -> Vec<(String, String, String)> {
        let own = |kind: &str, id: &str, label: &str| (kind.to_owned(), id.to_owned(), label.to_owned());
        let files = self.rules.tags.iter().flat_map(|(kind, file)| file.tag.iter().map(|tag| own(kind, &tag.id, &tag.label)));
        let kinds = self.rules.kinds.kind.iter().map(|kind| own("kind", &kind.id, &kind.label));
        let sizes = self.rules.sizes.size.iter().map(|size| own("size", &size.id, &size.label));
        files.chain(kinds).chain(sizes).collect()
    }

    /// The indicator vocabulary, in order of id.
    #[must_use]
    pub fn indicators(&self) -> &[Indicator] {
        &self.rules.indicators
    }

    /// Places by code and name.
    #[must_use]
    pub fn regions(&self) -> &Regions {
        &self.rules.regions
    }

    /// The GB/T 2260 code of the place a policy is for: from its issuers, else its title; `000000` for central organs,
    /// nothing for the agency of a place in no list.
    #[must_use]
    pub fn region_of(&self, issuers: &[String], title: &str, fallback: &str) -> String {
        places::region_of(&self.places, &self.rules, issuers, title, fallback)
    }

    /// Runs the examples of every rule: each hit must hit, each miss must not. Failures in words.
    #[must_use]
    pub fn check_examples(&self) -> Vec<String> {
        examples::failures(self)
    }

    /// The rules as their files write them.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        self.catalogue.get_or_init(|| Catalogue::new(&self.files))
    }

    /// Version of the code and fingerprint of the rules; annotations carry it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    pub(crate) fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    pub(crate) fn lexer(&self) -> &Lexer {
        &self.lexer
    }

    #[cfg(test)]
    pub(crate) fn headers(&self) -> &Headers {
        &self.headers
    }

    /// All items in text order, each with the stretch of the reading it came from.
    fn items(&self, page: &Page<'_>, original: &str) -> (Vec<Item>, Vec<Stretch>) {
        let mut drafts = self.drafts(page);
        drafts.sort_by_key(|draft| (draft.start, draft.end));
        drafts.dedup_by(|one, other| one.start == other.start && one.end == other.end && one.what == other.what);
        drafts.truncate(MOST_ITEMS);
        let mut found: Vec<(Item, Stretch)> = drafts
            .into_iter()
            .filter_map(|draft| {
                let stretch = Stretch { sentence: draft.sentence, start: draft.start, end: draft.end };
                page.item(draft).map(|item| (item, stretch))
            })
            .collect();
        let titles: BTreeMap<u32, usize> = found
            .iter()
            .enumerate()
            .filter(|(_, (item, _))| item.rule == "reference")
            .map(|(at, (item, _))| (item.span.end, at))
            .collect();
        for cited in references::numbers(page, original).into_iter().take(MOST_ITEMS) {
            let title = titles.range(..=cited.span.start).next_back().map(|(_, at)| *at);
            if let Some((at, whole)) = title.and_then(|at| Some((at, references::joined(page, &found[at].0, &cited)?))) {
                found[at].0 = whole;
                continue;
            }
            let quote = page.reading.quote(cited.span);
            if !quote.is_empty() {
                let item = Item {
                    what: cited.what,
                    quote: quote.to_owned(),
                    span: cited.span,
                    confidence: 0.95,
                    rule: "number".to_owned(),
                };
                // No condition, so only its order matters.
                found.push((item, Stretch { sentence: usize::MAX, start: 0, end: 0 }));
            }
        }
        found.sort_by_key(|(item, _)| (item.span.start, item.span.end));
        found.into_iter().unzip()
    }

    /// Everything every grammar finds, in no order.
    fn drafts(&self, page: &Page<'_>) -> Vec<Draft> {
        let mut drafts = Vec::new();
        for sentence in 0..page.outline.sentences.len() {
            let row = page.reading.row_at(page.sentence(sentence).start);
            if row.is_some_and(|row| row.kind == Kind::Barren) {
                continue;
            }
            let reading = SentenceReading::new(page, sentence);
            drafts.extend(self.asked(page, sentence, &reading));
            if reading.roles.contains(&Role::Award) || page.present(sentence, List::AwardInWords) {
                drafts.extend(awards::read(page, sentence, &reading));
            }
            drafts.extend(windows::read(page, sentence));
            drafts.extend(materials::read(page, sentence));
            drafts.extend(validity::read(page, sentence));
            drafts.extend(validity::state_changes(page, sentence));
            drafts.extend(remarks::read(page, sentence));
        }
        let (mut given, mut drafts): (Vec<Draft>, Vec<Draft>) =
            drafts.into_iter().partition(|draft| matches!(draft.what, What::Award(_)));
        awards::join(page, &mut given);
        drafts.extend(given);
        conditions::bands(page, &mut drafts);
        drafts.extend(contacts::read(page));
        drafts.extend(references::titles(page));
        tables::limit(page, &mut drafts);
        drafts
    }

    /// What one sentence asks of applicants.
    fn asked(&self, page: &Page<'_>, sentence: usize, reading: &SentenceReading) -> Vec<Draft> {
        let mut drafts = Vec::new();
        if reading.roles.contains(&Role::Condition) {
            drafts.extend(conditions::read(page, sentence, reading));
        }
        drafts.extend(refer::read(page, sentence));
        drafts.extend(facts::read(page, sentence));
        drafts.extend(grade::read(page, sentence));
        drafts.extend(places::read(page, &self.places, sentence));
        let taken: Vec<(usize, usize)> = drafts.iter().map(|draft| (draft.start, draft.end)).collect();
        drafts.retain(|draft| !is_applied_for(page, draft));
        drafts.extend(judged::read(page, sentence, &taken));
        drafts
    }
}

/// Whether a draft only names what the document is about recognising: 农业龙头企业年产值应达到…
fn is_applied_for(page: &Page<'_>, draft: &Draft) -> bool {
    let What::Condition(condition) = &draft.what else { return false };
    let named = page.slice(draft.start, draft.end);
    let held = || {
        let before = page.slice(page.sentence(draft.sentence).start, draft.start);
        HELD.iter().any(|word| before.ends_with(word) || named.starts_with(word))
    };
    page.genre == Some(Genre::Recognition)
        && matches!(condition.indicator.as_str(), "qual.has" | "industry.in")
        && !condition.negated
        && named.chars().count() >= SHORTEST_NAME
        && page.named.contains(named)
        && !held()
}

/// Shorter names stand in titles by chance, in characters.
const SHORTEST_NAME: usize = 4;
/// Words before a title that is held already.
const HELD: [&str; 12] =
    ["已", "获得", "取得", "获评", "被认定为", "已认定为", "认定的", "经认定的", "入选", "有效期内的", "属于", "通过"];

/// Where an item stands in the reading.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    sentence: usize,
    start: usize,
    end: usize,
}

fn leaves(page: &Page<'_>, items: &[Item], stretches: &[Stretch]) -> Vec<Leaf> {
    let mut leaves: Vec<Leaf> = items
        .iter()
        .zip(stretches)
        .enumerate()
        .filter(|(_, (item, stretch))| {
            let limits_support = matches!(&item.what, What::Condition(condition) if condition.indicator == "premises.area")
                && page.slice(stretch.end, stretch.end + "的租金部分".len()).starts_with("的租金部分");
            matches!(item.what, What::Condition(_)) && !limits_support
        })
        .map(|(index, (_, stretch))| Leaf { item: index, sentence: stretch.sentence, start: stretch.start, end: stretch.end })
        .collect();
    leaves.sort_by_key(|leaf| (leaf.sentence, leaf.start));
    leaves
}

fn awarded(items: &[Item], stretches: &[Stretch]) -> Vec<usize> {
    let mut sentences: Vec<usize> = items
        .iter()
        .zip(stretches)
        .filter(|(item, _)| matches!(item.what, What::Award(_)))
        .map(|(_, stretch)| stretch.sentence)
        .collect();
    sentences.sort_unstable();
    sentences.dedup();
    sentences
}

/// A title that was the first line of the text has its spans in the text.
fn place_in_text(tag: &mut model::Tag, text: &str, title: &str) {
    if tag.place != "title" {
        return;
    }
    let before = text.find(title).map_or(0, |at| text[..at].chars().count());
    let offset = u32::try_from(before).unwrap_or_default();
    "text".clone_into(&mut tag.place);
    tag.span = model::Span::new(tag.span.start + offset, tag.span.end + offset);
}

/// The rule files this crate reads: what else lies below `rules/` must not make annotations stale.
fn is_ours(path: &str) -> bool {
    let own = [
        "units.toml",
        "numbers.toml",
        "cues.toml",
        "sections.toml",
        "kinds.toml",
        "regions.toml",
        "regions.csv",
        "industries.csv",
        "industries.toml",
        "wordings.toml",
    ];
    own.contains(&path)
        || crate::rules::WORD_FILES.contains(&path)
        || path.starts_with("tags/")
        || path.starts_with("indicators/")
}
