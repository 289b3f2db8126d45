//! Finding the policy an unknown document belongs to: one way for every place where documents may lie.
//!
//! A shelf knows which groups (policies) hold a document under a key and shows their documents one by one; the judging is
//! in `identity` and `listing`. The store is one shelf (`ingest`), an index in memory is the other (`memory`).

use std::ops::ControlFlow;

use crate::error::Result;
use crate::identity::{self, Face, Relation};
use crate::listing::{self, Listing};
use crate::sketch::Bands;

/// Groups compared with a document for one reason; a number or text shared by more proves nothing.
pub(crate) const MOST_CANDIDATES: usize = 16;
/// Texts of one group a document is compared with, newest first.
pub(crate) const MOST_TEXTS: usize = 3;
/// Documents without text of one group.
const MOST_LISTED: usize = 16;

/// What groups are found by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way<'k> {
    /// The fingerprint of a text.
    Text(&'k str),
    /// The key of a main number.
    Number(&'k str),
    /// A key made of a title: with its issuer, alone, or as a list page shows it.
    Title(&'k str),
    /// A band of a sketch: its place and its key.
    Band(usize, u32),
}

/// A place where documents lie in groups.
pub(crate) trait Shelf {
    /// A policy, or what stands for one.
    type Group: Clone + PartialEq;

    /// The groups with a document under a key, at most [`MOST_CANDIDATES`].
    fn groups(&self, way: Way<'_>) -> Result<Vec<Self::Group>>;

    /// Shows the documents of a group until told to stop: those of its texts first, newest first, then its copies.
    fn show(&self, group: &Self::Group, see: &mut dyn FnMut(&Face<'_>) -> ControlFlow<()>) -> Result<()>;

    /// Shows the document of a group that has or had the text with this fingerprint, if it has one.
    fn show_text(&self, group: &Self::Group, fingerprint: &str, see: &mut dyn FnMut(&Face<'_>)) -> Result<()>;
}

/// The group an unknown document belongs to, if there is one.
pub(crate) fn relate<S: Shelf>(
    shelf: &S,
    face: &Face<'_>,
    fingerprint: &str,
    bands: Option<&Bands>,
) -> Result<Option<(Relation, S::Group)>> {
    if !face.has_text() {
        let found = by_fields(shelf, face)?;
        return if found.is_some() { Ok(found) } else { relate_listed(shelf, face) };
    }
    for group in shelf.groups(Way::Text(fingerprint))? {
        let mut is_same = false;
        shelf.show_text(&group, fingerprint, &mut |old| is_same = identity::by_text(face, old) == Relation::Copy)?;
        if is_same {
            return Ok(Some((Relation::Copy, group)));
        }
    }
    let found = by_fields(shelf, face)?;
    if found.is_some() { Ok(found) } else { relate_near(shelf, face, bands) }
}

/// By number, by title and issuer, by the name of a law.
fn by_fields<S: Shelf>(shelf: &S, face: &Face<'_>) -> Result<Option<(Relation, S::Group)>> {
    if let Some(number) = face.number_key() {
        for group in shelf.groups(Way::Number(number))? {
            if let Some(relation) = compare(shelf, &group, |old| identity::by_number(face, old))? {
                return Ok(Some((relation, group)));
            }
        }
    }
    if let Some(title) = face.title_key() {
        for group in shelf.groups(Way::Title(&title))? {
            if let Some(relation) = compare(shelf, &group, |old| identity::by_title(face, old))? {
                return Ok(Some((relation, group)));
            }
        }
    }
    if let Some(name) = face.law_key() {
        for group in shelf.groups(Way::Title(&name))? {
            if let Some(relation) = compare(shelf, &group, |old| identity::by_law(face, old))? {
                return Ok(Some((relation, group)));
            }
        }
    }
    Ok(None)
}

/// By a text that is nearly the same. A band that many share is a formula, and says nothing.
fn relate_near<S: Shelf>(shelf: &S, face: &Face<'_>, bands: Option<&Bands>) -> Result<Option<(Relation, S::Group)>> {
    // Where one band leads to somebody who is no copy, the others mostly lead to the same.
    let mut seen = Vec::new();
    for (place, key) in bands.into_iter().flatten().enumerate() {
        for group in shelf.groups(Way::Band(place, *key))? {
            if seen.contains(&group) {
                continue;
            }
            seen.push(group.clone());
            if let Some(relation) = compare(shelf, &group, |old| identity::by_near(face, old))? {
                return Ok(Some((relation, group)));
            }
        }
    }
    Ok(None)
}

/// The group of a document without a text, among those that have none either.
fn relate_listed<S: Shelf>(shelf: &S, face: &Face<'_>) -> Result<Option<(Relation, S::Group)>> {
    let Some(listing) = &face.listed else { return Ok(None) };
    for key in listing.sought() {
        for group in shelf.groups(Way::Title(&key))? {
            if is_one_with(shelf, &group, listing)? {
                return Ok(Some((Relation::Copy, group)));
            }
        }
    }
    Ok(None)
}

/// Whether one document of the group is the same act and none says that it is another.
fn is_one_with<S: Shelf>(shelf: &S, group: &S::Group, listing: &Listing) -> Result<bool> {
    let (mut is_one, mut is_other, mut seen) = (false, false, 0);
    shelf.show(group, &mut |old| {
        seen += 1;
        if let Some(old) = &old.listed {
            let is_same = listing::by_listing(listing, old) == Relation::Copy;
            is_one |= is_same;
            is_other |= !is_same && listing.excludes(old);
        }
        if is_other || seen == MOST_LISTED { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(is_one && !is_other)
}

/// Compares a document with those of a group: the one of its current text first, then its copies.
///
/// A revision needs the current text to say so; that an older text or a copy with more around it is near makes it a copy.
fn compare<S: Shelf>(shelf: &S, group: &S::Group, judge: impl Fn(&Face<'_>) -> Relation) -> Result<Option<Relation>> {
    let (mut best, mut seen) = (None, 0);
    shelf.show(group, &mut |old| {
        seen += 1;
        match (judge(old), best) {
            (Relation::Copy, _) => {
                best = Some(Relation::Copy);
                return ControlFlow::Break(());
            }
            (Relation::Apart, _) | (_, Some(_)) => {}
            (relation, None) => best = Some(relation),
        }
        if seen == MOST_TEXTS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(best)
}
