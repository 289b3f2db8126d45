//! Whether two documents are one policy, decided from their fields and texts alone. A wrong merge is worse than a missed one.
//!
//! In order: the same text; the same number with the same title or nearly the same text; the same title, issuer and date
//! with nearly the same text; a law of one name with another date; nearly the same text found by sketch. No threshold on
//! texts alone tells a copy from next year's notice or from another city's twin: number, issuer, title, date and what
//! exactly differs decide. What stands around a text on its page counts for nothing (`furniture`).
//!
//! Kept apart on purpose: a 解读 and what it explains; numbers that differ; years, batches and periods in titles that
//! differ; programmes of one notice that share number, title and boilerplate; versions of one law of which neither number,
//! issuer nor title says whose they are.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Deref;

use jiff::civil::Date;
use model::Document;
use model::id::normal_url;

use crate::furniture;
use crate::listing::Listing;
use crate::overlap::{Extra, Overlap, Shingles, letters};
use crate::stored::StoredDocument;
use crate::titles::{EXPLAINING, is_ambiguous, is_regulation, names_scope, ordinals, without_numbers};

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
/// The same of a law whose title says whose it is: only to tell it from a part of itself that stands alone.
const REWRITTEN: f64 = 0.15;
/// The share of the shorter of two copies that the other may lack: misread characters, an access remark, a signature.
const MOST_EXTRA: f64 = 0.03;
/// The same where the titles differ too.
const MOST_EXTRA_UNTITLED: f64 = 0.005;
/// The share of the shorter text beyond which one site shows another part of the act, not the same part on another page.
const MOST_EXTRA_OF_ONE_PART: f64 = 0.01;
/// Letters that may differ inside two texts of one law before it is amended: slips of the pen.
const MOST_SLIPS: usize = 3;
/// Days by which another site shows an act later.
const MOST_DAYS: i32 = 45;

/// What one document is to a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// The same act, its text known or as good as known.
    Copy,
    /// The same act with a later text.
    Revision,
    /// The same act with an earlier text than the one that is known.
    Earlier,
    /// Another act.
    Apart,
}

/// The fields identity is decided by, without the text.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    title: String,
    inner: Option<String>,
    numbers: Vec<String>,
    issuers: Vec<String>,
    issued: Option<Date>,
    published: Option<Date>,
    /// Years, batches and periods named in the title.
    ordinals: Vec<String>,
    explains: bool,
    forwards: bool,
    regulation: bool,
    /// Whether the title itself says whose act it is.
    names_scope: bool,
    /// Host, or source where there is no URL.
    site: String,
    /// Letters of the text.
    letters: usize,
    /// What the list page says, where there is no text.
    pub(crate) listed: Option<Box<Listing>>,
}

/// What identity is decided by.
#[derive(Debug, Clone)]
pub(crate) struct Face<'a> {
    fields: Cow<'a, Fields>,
    text: Cow<'a, str>,
    /// Made when first needed: most documents are told apart before their texts are compared.
    shingles: OnceCell<Shingles>,
}

impl Deref for Face<'_> {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.fields
    }
}

/// The text that proves which act a document is: the page's own body without furniture. Files stand behind it on one site
/// and were not fetched from another; only where the body is no more than a pointer to them do they count.
pub(crate) fn proof_of(document: &Document) -> Cow<'_, str> {
    let own = furniture::without(document.own_text());
    if letters(&own).take(LEAST_LETTERS).count() < LEAST_LETTERS { Cow::Borrowed(&document.text) } else { own }
}

/// The fingerprint of the text that proves which act a document is.
pub(crate) fn fingerprint_of(document: &Document) -> String {
    model::fingerprint::of_text(&proof_of(document))
}

impl Fields {
    /// `proof` is [`proof_of`] the document.
    pub(crate) fn of(stored: &StoredDocument, proof: &str) -> Self {
        let document = &stored.document;
        let plain = without_numbers(&document.title);
        let url = normal_url(&stored.url);
        let host = url.split(['/', '?']).next().unwrap_or_default();
        let letters_of_text = letters(proof).count();
        let is_listed = letters_of_text < LEAST_LETTERS;
        Self {
            title: letters(&plain).collect(),
            inner: stored.inner_title.as_ref().map(|inner| letters(inner).collect::<String>()).filter(|inner| !inner.is_empty()),
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
            forwards: ["转发", "批转"].iter().any(|word| document.title.contains(word)),
            regulation: is_regulation(&plain),
            names_scope: names_scope(&plain),
            site: if host.is_empty() { stored.source.as_str() } else { host }.to_owned(),
            letters: letters_of_text,
            listed: if is_listed { Listing::of(stored).map(Box::new) } else { None },
        }
    }

    /// Whether the text is long enough to prove anything.
    pub(crate) fn has_text(&self) -> bool {
        self.letters >= LEAST_LETTERS
    }

    /// The key under which acts of one title and issuer are found; `None` where one of the two is missing.
    pub(crate) fn title_key(&self) -> Option<String> {
        let issuer = self.issuers.first()?;
        (!self.title.is_empty()).then(|| model::fingerprint::sha256_hex(format!("{}\n{issuer}", self.title).as_bytes()))
    }

    /// The key of its own title, where laws of one name are looked for.
    pub(crate) fn law_key(&self) -> Option<String> {
        self.regulation.then(|| name_key(&self.title)).flatten()
    }

    /// The key of the main number.
    pub(crate) fn number_key(&self) -> Option<&str> {
        self.numbers.first().map(String::as_str)
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

    /// Whether the dates leave room for one act: on one site it has one date, another site shows it later.
    fn dates_allow_a_copy(&self, other: &Self) -> bool {
        let most = if self.site == other.site { 0 } else { MOST_DAYS };
        self.pair_of_dates(other).is_none_or(|(own, its)| (own - its).get_days().abs() <= most)
    }
}

impl<'a> Face<'a> {
    pub(crate) fn of(stored: &'a StoredDocument) -> Self {
        let text = proof_of(&stored.document);
        Self { fields: Cow::Owned(Fields::of(stored, &text)), text, shingles: OnceCell::new() }
    }

    /// From fields that are kept and a text that was read again.
    pub(crate) fn from_parts(fields: &'a Fields, text: Cow<'a, str>) -> Self {
        Self { fields: Cow::Borrowed(fields), text, shingles: OnceCell::new() }
    }

    pub(crate) fn into_fields(self) -> Fields {
        self.fields.into_owned()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn shingles(&self) -> &Shingles {
        self.shingles.get_or_init(|| Shingles::of(&self.text))
    }

    fn overlap(&self, other: &Face<'_>) -> Overlap {
        self.shingles().overlap(other.shingles())
    }

    /// What each of the two has and the other has not, the shorter text first.
    fn extras(&self, other: &Face<'_>) -> (Extra, Extra) {
        let (own, its) = (Extra::of(&self.text, other.shingles()), Extra::of(&other.text, self.shingles()));
        if self.letters <= other.letters { (own, its) } else { (its, own) }
    }

    /// Whether the figures of the two tell them apart: both have some of their own within what they share, or a decimal
    /// point stands elsewhere.
    fn figures_differ(&self, other: &Face<'_>, (shorter, longer): &(Extra, Extra)) -> bool {
        if shorter.figures && longer.figures {
            return true;
        }
        let (own, its) = (decimals(&self.text), decimals(&other.text));
        let (few, many) = if own.len() <= its.len() { (&own, &its) } else { (&its, &own) };
        few.iter().any(|decimal| !many.contains(decimal))
    }
}

/// The key of a name.
pub(crate) fn name_key(name: &str) -> Option<String> {
    let name: String = letters(name).collect();
    let is_long = name.chars().count() >= LEAST_TITLE_LETTERS || name.ends_with('法') && name.chars().count() >= 3;
    is_long.then(|| model::fingerprint::sha256_hex(format!("{name}\nnamed").as_bytes()))
}

/// `1.5`, `0.35`: numbers with a point, each once.
fn decimals(text: &str) -> std::collections::BTreeSet<&str> {
    let is_part = |character: char| character.is_ascii_digit() || character == '.';
    let runs = text.split(|character| !is_part(character)).map(|run| run.trim_matches('.'));
    runs.filter(|run| run.bytes().filter(|byte| *byte == b'.').count() == 1).collect()
}

/// Two documents with one text (by fingerprint, decimal points included).
pub(crate) fn by_text(new: &Face<'_>, old: &Face<'_>) -> Relation {
    if !new.has_text() || new.ordinals_conflict(old) || new.explains != old.explains {
        return Relation::Apart;
    }
    if new.letters < SHORT_LETTERS && new.numbers_conflict(old) {
        return Relation::Apart;
    }
    Relation::Copy
}

/// Two documents with one main number.
pub(crate) fn by_number(new: &Face<'_>, old: &Face<'_>) -> Relation {
    if new.number_key() != old.number_key() || new.explains != old.explains || new.forwards != old.forwards {
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
        return by_number_and_title(new, old, overlap);
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

/// One number and one title are one act; only its text can be another. Unless one site has both at a time: then they are
/// two parts of it, each with a text of its own.
fn by_number_and_title(new: &Face<'_>, old: &Face<'_>, overlap: Overlap) -> Relation {
    if overlap.least_letters < LEAST_LETTERS {
        return Relation::Copy;
    }
    let extras = new.extras(old);
    let is_other_part = extras.0.share() > MOST_EXTRA_OF_ONE_PART;
    // Weeks later other words inside are no slips.
    let is_reworded = !new.dates_allow_a_copy(old) && extras.0.inside.min(extras.1.inside) > MOST_SLIPS;
    let differs = overlap.of_smaller < NEARLY_EQUAL || is_reworded || new.figures_differ(old, &extras);
    match differs || is_other_part {
        true if differs && new.is_later_than(old) => Relation::Revision,
        true if new.site == old.site => Relation::Apart,
        true if differs && old.is_later_than(new) => Relation::Earlier,
        _ => Relation::Copy,
    }
}

/// Two documents with one title and one main issuer.
pub(crate) fn by_title(new: &Face<'_>, old: &Face<'_>) -> Relation {
    if new.numbers_conflict(old) || !new.same_title(old) || new.issuers.first() != old.issuers.first() {
        return Relation::Apart;
    }
    let Some((own, its)) = new.pair_of_dates(old) else { return Relation::Apart };
    if own != its {
        // A law that the same organ publishes again is its next version; a notice is next year's notice.
        return if new.regulation { by_law(new, old) } else { Relation::Apart };
    }
    let overlap = new.overlap(old);
    let equal = is_mostly(new, old, overlap, NEARLY_EQUAL_UNNUMBERED);
    if !equal || new.site == old.site && new.extras(old).0.share() > MOST_EXTRA_OF_ONE_PART {
        return Relation::Apart;
    }
    Relation::Copy
}

/// Two texts of a law under one name: its versions, if the name or the issuer says that it is one law.
pub(crate) fn by_law(new: &Face<'_>, old: &Face<'_>) -> Relation {
    if new.explains != old.explains || !(new.regulation && old.regulation && new.same_title(old)) || new.numbers_conflict(old) {
        return Relation::Apart;
    }
    let agree = new.issuers_agree(old);
    if agree == Some(false) || !(new.has_text() && old.has_text()) {
        return Relation::Apart;
    }
    let is_known = agree == Some(true) || new.names_scope;
    let overlap = new.overlap(old);
    let extras = new.extras(old);
    let slips = extras.0.inside.max(extras.1.inside);
    let is_near = new.pair_of_dates(old).is_none_or(|(own, its)| (own - its).get_days().abs() <= MOST_DAYS);
    if is_known
        && slips <= (if is_near { MOST_SLIPS } else { 0 })
        && extras.0.share() <= MOST_EXTRA
        && !new.figures_differ(old, &extras)
    {
        return Relation::Copy;
    }
    let least = if new.names_scope { REWRITTEN } else { AMENDED };
    if !is_known || overlap.of_smaller < least {
        return Relation::Apart;
    }
    match new.pair_of_dates(old) {
        // Books of one code are published on one day.
        Some((own, its)) if own == its => Relation::Apart,
        Some((own, its)) if own > its => Relation::Revision,
        // An older version that comes late is kept with its policy, but never becomes its text.
        Some(_) => Relation::Earlier,
        // The one that says when it was published is the one that is kept up.
        None if new.published.is_some() => Relation::Revision,
        None if old.published.is_some() => Relation::Earlier,
        // Neither says when: two programmes under one regulation are entered like that.
        None => Relation::Apart,
    }
}

/// Two documents whose texts are nearly the same, with neither number nor title to lead from the one to the other.
pub(crate) fn by_near(new: &Face<'_>, old: &Face<'_>) -> Relation {
    let conflict = new.explains != old.explains
        || new.forwards != old.forwards
        || new.numbers_conflict(old)
        || new.ordinals_conflict(old)
        || new.issuers_agree(old) == Some(false)
        || !new.dates_allow_a_copy(old);
    if conflict || !(new.has_text() && old.has_text()) {
        return Relation::Apart;
    }
    let extras = new.extras(old);
    let (shorter, longer) = &extras;
    let within = new.title_within(old) || old.title_within(new);
    let titled = new.same_title(old) || within || new.same_inner_title(old);
    // Under another title only a text that is whole on both pages is the same act, and only on another site.
    let most = if titled { MOST_EXTRA } else { MOST_EXTRA_UNTITLED };
    let is_elsewhere = new.site != old.site;
    if !titled && (!is_elsewhere || shorter.letters < SHORT_LETTERS || longer.inside > MOST_SLIPS) {
        return Relation::Apart;
    }
    // What differs inside both is a parameter, a place or a year: the twin of another city, the notice of another year. Only
    // where the issuer is the same may it be slips.
    let most_slips = if new.issuers_agree(old) == Some(true) { MOST_SLIPS } else { 0 };
    let is_twin = new.figures_differ(old, &extras) || shorter.inside > most_slips && longer.inside > most_slips;
    if is_twin || shorter.share() > most || shorter.letters * 2 < longer.letters {
        return Relation::Apart;
    }
    Relation::Copy
}

/// Whether the shorter text stands in the longer one and is most of it: a page's header and footer add no more.
fn is_mostly(new: &Face<'_>, old: &Face<'_>, overlap: Overlap, share: f64) -> bool {
    let longer = new.letters.max(old.letters);
    let wrapped = overlap.of_smaller >= share && overlap.least_letters >= LEAST_LETTERS && overlap.least_letters * 2 >= longer;
    wrapped || overlap.of_larger >= share
}
