//! Whether two documents are one policy, decided from their fields and texts alone. A wrong merge is worse than a missed one.
//!
//! In order: the same text; the same number with the same title or nearly the same text; the same title, issuer and date
//! with nearly the same text. No threshold on texts alone tells a copy from next year's notice or from another city's
//! twin, so beyond equality a text only ever confirms what number, title, issuer and date say.
//!
//! Kept apart on purpose: a 解读 and what it explains; numbers that differ; years, batches and periods in titles that
//! differ; versions of one law of which neither number nor issuer says that they belong together.

use std::cell::OnceCell;

use jiff::civil::Date;
use model::Document;
use model::number::find_numbers;

use crate::overlap::{Overlap, Shingles, letters};

/// Below this many letters a text proves nothing: `详见附件` is on every other page.
const LEAST_LETTERS: usize = 50;
/// Up to this many letters, two acts may share a text (现将……印发给你们) and differ in number and annex alone.
const SHORT_LETTERS: usize = 500;
/// Share of runs from which on two texts are nearly equal.
const NEARLY_EQUAL: f64 = 0.8;
/// The same without a number to confirm it.
const NEARLY_EQUAL_UNNUMBERED: f64 = 0.9;
/// The same against issuers that differ.
const ALL_BUT_EQUAL: f64 = 0.95;
/// The same where number and title both fail to agree: two parts of one act share its number and much of their wording.
const NEARLY_EQUAL_UNTITLED: f64 = 0.95;
/// Letters a title needs so that finding it in another says anything.
const LEAST_TITLE_LETTERS: usize = 6;
/// An amended law keeps at least this much of its text.
const AMENDED: f64 = 0.5;

/// What one document is to a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// The same act, its text known or as good as known.
    Copy,
    /// The same act with a later text.
    Revision,
    /// Another act.
    Apart,
}

/// What identity is decided by.
#[derive(Debug, Clone)]
pub(crate) struct Face<'a> {
    title: String,
    inner: Option<String>,
    number: Option<String>,
    numbers: Vec<String>,
    issuers: Vec<String>,
    issued: Option<Date>,
    published: Option<Date>,
    /// Years, batches and periods named in the title.
    ordinals: Vec<String>,
    explains: bool,
    regulation: bool,
    /// Host, or source where there is no URL.
    site: String,
    text: &'a str,
    letters: usize,
    /// Made when first needed: most documents are told apart before their texts are compared.
    shingles: OnceCell<Shingles>,
}

/// The text that proves which act a document is: the page's own body. Files stand behind it on one site and were not
/// fetched from another; only where the body is no more than a pointer to them do they count.
pub(crate) fn proof_of(document: &Document) -> &str {
    let own = document.own_text();
    if letters(own).take(LEAST_LETTERS).count() < LEAST_LETTERS { &document.text } else { own }
}

impl<'a> Face<'a> {
    pub(crate) fn of(document: &'a Document, inner_title: Option<&str>, site: String) -> Self {
        let plain = without_numbers(&document.title);
        Self {
            title: letters(&plain).collect(),
            inner: inner_title.map(|inner| letters(inner).collect::<String>()).filter(|inner| !inner.is_empty()),
            number: document.numbers.first().map(model::DocNumber::key),
            numbers: document.numbers.iter().map(model::DocNumber::key).collect(),
            issuers: document
                .issuers
                .iter()
                .map(|issuer| letters(issuer).collect())
                .filter(|name: &String| !name.is_empty())
                .collect(),
            issued: document.issued,
            published: document.published.map(|moment| moment.date),
            ordinals: ordinals(&plain),
            explains: EXPLAINING.iter().any(|word| document.title.contains(word)),
            regulation: is_regulation(&plain),
            site,
            text: proof_of(document),
            letters: letters(proof_of(document)).count(),
            shingles: OnceCell::new(),
        }
    }

    /// Whether the text is long enough to prove anything.
    pub(crate) fn has_text(&self) -> bool {
        self.letters >= LEAST_LETTERS
    }

    fn shingles(&self) -> &Shingles {
        self.shingles.get_or_init(|| Shingles::of(self.text))
    }

    fn overlap(&self, other: &Face<'_>) -> Overlap {
        self.shingles().overlap(other.shingles())
    }

    /// The key under which acts of one title and issuer are found; `None` where one of the two is missing.
    pub(crate) fn title_key(&self) -> Option<String> {
        let issuer = self.issuers.first()?;
        (!self.title.is_empty()).then(|| model::fingerprint::sha256_hex(format!("{}\n{issuer}", self.title).as_bytes()))
    }

    /// The key of the main number.
    pub(crate) fn number_key(&self) -> Option<&str> {
        self.number.as_deref()
    }

    fn numbers_conflict(&self, other: &Self) -> bool {
        let known = !self.numbers.is_empty() && !other.numbers.is_empty();
        known && !self.numbers.iter().any(|number| other.numbers.contains(number))
    }

    fn ordinals_conflict(&self, other: &Self) -> bool {
        !self.ordinals.is_empty() && !other.ordinals.is_empty() && self.ordinals != other.ordinals
    }

    /// `市工信局` and `乌鲁木齐市工信局` may be one organ, `A市` and `B市` are not.
    fn issuers_agree(&self, other: &Self) -> Option<bool> {
        if self.issuers.is_empty() || other.issuers.is_empty() {
            return None;
        }
        let same = |a: &String, b: &String| a.ends_with(b.as_str()) || b.ends_with(a.as_str());
        Some(self.issuers.iter().any(|own| other.issuers.iter().any(|its| same(own, its))))
    }

    fn same_title(&self, other: &Self) -> bool {
        !self.title.is_empty() && self.title == other.title
    }

    /// `若干措施` within `某局关于印发若干措施的通知`.
    fn title_within(&self, other: &Self) -> bool {
        self.title.chars().count() >= LEAST_TITLE_LETTERS && other.title.contains(&self.title)
    }

    /// The notice and the page that shows only what it issues: the inner title of the one is the title of the other.
    fn same_inner_title(&self, other: &Self) -> bool {
        let inner = self.inner.as_ref();
        inner.is_some_and(|inner| Some(inner) == other.inner.as_ref() || *inner == other.title)
            || other.inner.as_ref().is_some_and(|inner| *inner == self.title)
    }

    fn is_later_than(&self, other: &Self) -> bool {
        self.pair_of_dates(other).is_some_and(|(own, its)| own > its)
    }

    /// Two dates of one kind: signed if both say when, else published.
    fn pair_of_dates(&self, other: &Self) -> Option<(Date, Date)> {
        self.issued.zip(other.issued).or(self.published.zip(other.published))
    }
}

/// Two documents with one text (by fingerprint, decimal points included).
pub(crate) fn by_text(new: &Face<'_>, old: &Face<'_>) -> Relation {
    if !new.has_text() || new.ordinals_conflict(old) {
        return Relation::Apart;
    }
    if new.letters < SHORT_LETTERS && new.numbers_conflict(old) {
        return Relation::Apart;
    }
    Relation::Copy
}

/// Two documents with one main number.
pub(crate) fn by_number(new: &Face<'_>, old: &Face<'_>) -> Relation {
    if new.explains != old.explains {
        return Relation::Apart;
    }
    let overlap = new.overlap(old);
    let agree = new.issuers_agree(old);
    if new.number_key().is_none_or(is_ambiguous) && agree != Some(true) {
        return Relation::Apart;
    }
    if agree == Some(false) && overlap.of_smaller < ALL_BUT_EQUAL {
        return Relation::Apart;
    }
    if new.same_title(old) {
        // One number and one title are one act; only its text can be another. Unless one site has both at a time: then
        // they are two parts of it, each with a text of its own.
        let differs = overlap.least_letters >= LEAST_LETTERS && overlap.of_smaller < NEARLY_EQUAL;
        return match differs {
            true if new.is_later_than(old) => Relation::Revision,
            true if new.site == old.site => Relation::Apart,
            _ => Relation::Copy,
        };
    }
    let contained = overlap.of_smaller >= NEARLY_EQUAL && overlap.least_letters >= LEAST_LETTERS;
    if contained && new.same_inner_title(old) {
        return Relation::Copy;
    }
    let is_copy = if new.title_within(old) || old.title_within(new) {
        is_mostly(new, old, overlap, NEARLY_EQUAL)
    } else {
        // One site has no reason to show one text under two titles: they are twins within the act.
        new.site != old.site && is_mostly(new, old, overlap, NEARLY_EQUAL_UNTITLED)
    };
    if is_copy { Relation::Copy } else { Relation::Apart }
}

/// Two documents with one title and one main issuer.
pub(crate) fn by_title(new: &Face<'_>, old: &Face<'_>) -> Relation {
    if new.numbers_conflict(old) || !new.same_title(old) || new.issuers.first() != old.issuers.first() {
        return Relation::Apart;
    }
    let Some((own, its)) = new.pair_of_dates(old) else { return Relation::Apart };
    let overlap = new.overlap(old);
    if own == its {
        let equal = is_mostly(new, old, overlap, NEARLY_EQUAL_UNNUMBERED);
        return if equal { Relation::Copy } else { Relation::Apart };
    }
    // A law that the same organ publishes again is its next version; a notice is next year's notice.
    let amended = new.regulation && overlap.least_letters >= LEAST_LETTERS && overlap.of_smaller >= AMENDED;
    match (amended, own > its) {
        (true, true) => Relation::Revision,
        // An older version that comes late is kept with its policy, but never becomes its text.
        (true, false) => Relation::Copy,
        (false, _) => Relation::Apart,
    }
}

/// Whether the shorter text stands in the longer one and is most of it: a page's header and footer add no more.
fn is_mostly(new: &Face<'_>, old: &Face<'_>, overlap: Overlap, share: f64) -> bool {
    let longer = new.letters.max(old.letters);
    let wrapped = overlap.of_smaller >= share && overlap.least_letters >= LEAST_LETTERS && overlap.least_letters * 2 >= longer;
    wrapped || overlap.of_larger >= share
}

/// Words of titles that speak about a policy.
const EXPLAINING: &[&str] =
    &["解读", "图解", "一图读懂", "一图看懂", "问答", "答记者问", "新闻发布会", "政策要点", "起草说明", "的说明"];

/// Agency words that many organs use alike: a number with them says nothing without the issuer.
fn is_ambiguous(key: &str) -> bool {
    let agency = key.split('|').next().unwrap_or_default();
    let organ = ["公告", "通告", "令"].iter().find_map(|word| agency.strip_suffix(word)).unwrap_or(agency);
    organ.chars().count() < 2 || organ.starts_with(['政', '府', '办', '第', '市', '县', '区'])
}

/// Kinds of acts that are amended rather than issued anew each year.
fn is_regulation(title: &str) -> bool {
    const KINDS: &[&str] = &["法", "法典", "条例", "规定", "办法", "细则", "规则", "章程", "解释"];
    // `办法（2021年修订）`, `条例(修正)`: what stands in brackets behind the kind is not part of the name.
    let title = title.trim_end().trim_end_matches([')', '）']);
    let name = title.rsplit_once(['(', '（']).map_or(title, |(name, _)| if name.is_empty() { title } else { name });
    let name = name.trim_end_matches(['》', ' ']);
    KINDS.iter().any(|kind| name.ends_with(kind)) && ordinals(title).is_empty()
}

/// The title without document numbers: some sites put it there, some do not.
fn without_numbers(title: &str) -> String {
    let characters: Vec<char> = title.chars().collect();
    let mut kept = String::new();
    let mut at = 0;
    for (_, span) in find_numbers(title) {
        kept.extend(characters.get(at..span.start as usize).unwrap_or_default());
        at = span.end as usize;
    }
    kept.extend(characters.get(at..).unwrap_or_default());
    kept
}

/// Years and `第…批`-like periods in a title, in order: what alone tells a yearly notice from the next.
fn ordinals(title: &str) -> Vec<String> {
    let folded: Vec<char> = title.chars().map(model::text::fold_char).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < folded.len() {
        let is_counter = |character: &char| character.is_ascii_digit() || "〇零一二三四五六七八九十百两".contains(*character);
        let run = folded[at..].iter().take_while(|character| is_counter(character)).count();
        if run == 0 {
            at += 1;
            continue;
        }
        let digits: String = folded[at..at + run].iter().map(|character| latin(*character)).collect();
        let is_year = run == 4 && (digits.starts_with("19") || digits.starts_with("20"));
        let unit = folded.get(at + run).copied().unwrap_or(' ');
        if is_year || "批期次届季月号轮版".contains(unit) || (at > 0 && folded[at - 1] == '第') {
            found.push(if is_year { digits } else { format!("{digits}{unit}") });
        }
        at += run;
    }
    found
}

fn latin(character: char) -> char {
    let place = "〇一二三四五六七八九".chars().position(|digit| digit == character);
    place.and_then(|digit| char::from_digit(u32::try_from(digit).ok()?, 10)).unwrap_or(if character == '零' {
        '0'
    } else {
        character
    })
}
