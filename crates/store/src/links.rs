//! What policies say of each other, found from both ends, and the course of their lives that follows from it.
//!
//! A link names its other end by number and title. Each policy is kept under every name it can be meant by, each link
//! under every name it gives, and the two meet by name: it does not matter which came first. What is found by name is
//! judged by [`Link::means`] each time, so a stale name costs a look and never a wrong end.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use model::life::LifeCourse;
use model::link::{Candidate, Link, names_of};
use model::policy::Policy;
use model::{Document, PolicyId};

use crate::Store;
use crate::engine::Table;
use crate::error::{Result, StoreError};
use crate::keys::{Key, Parts};
use crate::policies::{CHUNK, current_document};
use crate::transaction::Transaction;

/// The group of the links that annotation finds in the text.
pub const FROM_TEXT: &str = "text";
/// Policies looked at for one name, and links for one policy; a name of more says nothing.
const MOST_OF_A_NAME: usize = 256;
/// Copies whose numbers are taken for the policy's.
const MOST_COPIES: usize = 8;

/// The course of one policy's life.
#[derive(Debug, Clone, PartialEq)]
pub struct Coursed {
    /// The policy.
    pub policy: PolicyId,
    /// Its course.
    pub course: LifeCourse,
}

impl Store {
    /// Keeps what a policy says of others, in place of what the same group said before. Policies of which something else
    /// is said now are marked as changed.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn set_links(&self, id: &PolicyId, group: &str, links: &[Link]) -> Result<bool> {
        self.write(|transaction| say(transaction, id, group, links))
    }

    /// What one group of links says for a policy.
    ///
    /// # Errors
    /// Where the engine cannot be read or a value is damaged.
    pub fn links_said(&self, id: &PolicyId, group: &str) -> Result<Vec<Link>> {
        Ok(Transaction::new(self.engine.now()).get(Table::Links, &link_key(id, group))?.unwrap_or_default())
    }

    /// All a policy says of others, each with the policies it means; none where the other end is not stored (yet).
    ///
    /// # Errors
    /// Where the engine cannot be read or a value is damaged.
    pub fn links_from(&self, id: &PolicyId) -> Result<Vec<(Link, Vec<PolicyId>)>> {
        let transaction = Transaction::new(self.engine.now());
        let mut found = Vec::new();
        for key in transaction.keys(Table::Links, &Key::new().text(id.as_str()).done(), MOST_OF_A_NAME)? {
            let links: Vec<Link> = transaction.get(Table::Links, &key)?.unwrap_or_default();
            for link in links {
                let ends = ends(&transaction, &link)?;
                found.push((link, ends));
            }
        }
        Ok(found)
    }

    /// All that others say of a policy, by the day it takes effect.
    ///
    /// # Errors
    /// Where the engine cannot be read or a value is damaged.
    pub fn links_to(&self, id: &PolicyId) -> Result<Vec<Link>> {
        let transaction = Transaction::new(self.engine.now());
        let Some(policy) = transaction.policy(id)? else { return Ok(Vec::new()) };
        let document = known_as(&transaction, &policy)?;
        let mut sources: BTreeSet<(String, String)> = BTreeSet::new();
        for name in names_of(&document, policy.inner_title.as_deref()) {
            let prefix = Key::new().text(&name).done();
            for key in transaction.keys(Table::LinkTargets, &prefix, MOST_OF_A_NAME)? {
                let mut parts = Parts(&key[prefix.len()..]);
                sources.extend(parts.text().zip(parts.text()));
            }
        }
        let mut found = Vec::new();
        let candidate = candidate(&policy, &document);
        for (from, group) in sources {
            let links: Vec<Link> = transaction.get(Table::Links, &link_key(&from.into(), &group))?.unwrap_or_default();
            found.extend(links.into_iter().filter(|link| link.means(candidate)));
        }
        found.sort_by(|a, b| (a.since, &a.from).cmp(&(b.since, &b.from)));
        Ok(found)
    }

    /// Keeps policies under every name they can be meant by. Names a policy lost with a better reading stay: they cost a look.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn set_names(&self, ids: &[PolicyId]) -> Result<()> {
        for chunk in ids.chunks(CHUNK) {
            self.write_unsettled(|transaction| {
                for id in chunk {
                    let Some(policy) = transaction.policy(id)? else { continue };
                    let document = known_as(transaction, &policy)?;
                    for name in names_of(&document, policy.inner_title.as_deref()) {
                        let key = Key::new().text(&name).text(id.as_str()).done();
                        if transaction.bytes(Table::Names, &key)?.is_none() {
                            transaction.put_key(Table::Names, key);
                        }
                    }
                }
                Ok(())
            })?;
        }
        self.engine.settle()
    }

    /// Keeps the courses of many policies with one wait for the disk, their states being those of `day`. Gives how many
    /// policies have another state now.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn set_courses(&self, courses: &[Coursed], day: Date, now: Timestamp) -> Result<u64> {
        let mut changed = 0;
        for chunk in courses.chunks(CHUNK) {
            changed += self.write_unsettled(|transaction| {
                let mut changed = 0;
                for coursed in chunk {
                    changed += u64::from(set_course(transaction, coursed, day, now)?);
                }
                Ok(changed)
            })?;
        }
        self.engine.settle()?;
        Ok(changed)
    }
}

fn link_key(id: &PolicyId, group: &str) -> Vec<u8> {
    Key::new().text(id.as_str()).text(group).done()
}

/// Says whether the state is another now.
fn set_course(transaction: &mut Transaction<'_>, coursed: &Coursed, day: Date, now: Timestamp) -> Result<bool> {
    let key = coursed.policy.as_str().as_bytes();
    let Some(mut policy) = transaction.get_and_hold::<Policy>(Table::Policies, key)? else { return Ok(false) };
    let standing = coursed.course.on(day);
    let evidence = standing.proof.map(|proof| proof.quote).unwrap_or_default();
    let is_other_state = policy.state != standing.state || policy.state_evidence != evidence;
    if !is_other_state && policy.course == coursed.course {
        return Ok(false);
    }
    if is_other_state {
        policy.changed = policy.changed.max(now);
    }
    (policy.state, policy.state_evidence) = (standing.state, evidence);
    policy.course = coursed.course.clone();
    transaction.put(Table::Policies, key.to_vec(), &policy)?;
    transaction.changed(&coursed.policy);
    Ok(is_other_state)
}

/// What [`Store::set_links`] does, within a transaction.
pub(crate) fn say(transaction: &mut Transaction<'_>, id: &PolicyId, group: &str, links: &[Link]) -> Result<bool> {
    let key = link_key(id, group);
    let before: Vec<Link> = transaction.get(Table::Links, &key)?.unwrap_or_default();
    if before == links {
        return Ok(false);
    }
    if links.iter().any(|link| link.from != *id) {
        return Err(StoreError::refused("links", id.as_str(), "a link is from another policy than it is kept with"));
    }
    let target = |name: &str| Key::new().text(name).text(id.as_str()).text(group).done();
    for name in before.iter().flat_map(|link| link.to.names()) {
        transaction.remove(Table::LinkTargets, target(&name));
    }
    for name in links.iter().flat_map(|link| link.to.names()) {
        transaction.put_key(Table::LinkTargets, target(&name));
    }
    if links.is_empty() {
        transaction.remove(Table::Links, key);
    } else {
        transaction.put(Table::Links, key, &links)?;
    }
    let changed = before.iter().filter(|link| !links.contains(link)).chain(links.iter().filter(|link| !before.contains(link)));
    let mut touched = BTreeSet::new();
    for link in changed {
        touched.extend(ends(transaction, link)?);
    }
    for policy in touched {
        transaction.changed(&policy);
    }
    transaction.changed(id);
    Ok(true)
}

/// The policies a link means.
fn ends(transaction: &Transaction<'_>, link: &Link) -> Result<Vec<PolicyId>> {
    let mut ids = BTreeSet::new();
    for name in link.to.names() {
        let prefix = Key::new().text(&name).done();
        let keys = transaction.keys(Table::Names, &prefix, MOST_OF_A_NAME)?;
        ids.extend(keys.iter().filter_map(|key| Parts(&key[prefix.len()..]).text()));
    }
    let mut found = Vec::new();
    for id in ids {
        let Some(policy) = transaction.policy(&id.into())? else { continue };
        let document = known_as(transaction, &policy)?;
        if link.means(candidate(&policy, &document)) {
            found.push(policy.id);
        }
    }
    Ok(found)
}

fn candidate<'a>(policy: &'a Policy, document: &'a Document) -> Candidate<'a> {
    Candidate { id: &policy.id, document, inner_title: policy.inner_title.as_deref(), region: &policy.region }
}

/// What a policy is known as: its current title, issuers and dates, without the text, and the numbers of all its copies.
fn known_as(transaction: &Transaction<'_>, policy: &Policy) -> Result<Document> {
    let mut document = current_document(transaction, policy)?;
    (document.text, document.blocks, document.tables) = <_>::default();
    for copy in policy.copies.iter().take(MOST_COPIES) {
        let Some(other) = transaction.stored(&copy.document)? else { continue };
        for number in other.document.numbers {
            if !document.numbers.contains(&number) {
                document.numbers.push(number);
            }
        }
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use model::life::{Proof, Step};
    use model::link::{Relation, Target};
    use model::text::Span;
    use model::{DocNumber, LifeCycle};

    use super::*;
    use crate::testing::{Home, Sample, at, prose};

    fn repeal(from: &PolicyId, title: &str) -> Link {
        Link {
            from: from.clone(),
            to: Target { number: None, title: Some(title.to_owned()) },
            relation: Relation::Repeals,
            since: Some(date(2024, 6, 1)),
            until: None,
            quote: "同时废止".to_owned(),
            span: Span::new(0, 4),
            in_title: false,
            issuers: vec!["示例市财政局".to_owned()],
            region: "000000".to_owned(),
            dated: Some(date(2024, 5, 1)),
            from_title: "新办法".to_owned(),
        }
    }

    fn take(store: &Store, id: &str, title: &str) -> PolicyId {
        let seed = u32::from(id.bytes().last().unwrap_or_default());
        let sample = Sample::new(id, title, &prose(seed, 300)).issuer("示例市财政局").published("2019-01-01");
        store.ingest(&sample.0, at(1)).unwrap().policy
    }

    #[test]
    fn both_ends_meet_whichever_came_first() {
        for old_first in [true, false] {
            let home = Home::new();
            let store = home.open();
            let new = take(&store, "new", "新专项资金管理办法");
            let old = "old".into();
            if old_first {
                take(&store, "old", "专项资金管理办法");
                store.set_names(&[PolicyId::from("old")]).unwrap();
            }
            let before = store.sequence().unwrap();
            assert!(store.set_links(&new, FROM_TEXT, &[repeal(&new, "专项资金管理办法")]).unwrap());
            assert!(!store.set_links(&new, FROM_TEXT, &[repeal(&new, "专项资金管理办法")]).unwrap(), "once is as twice");
            let (_, changed) = store.changed_since(before).unwrap();
            assert_eq!(changed.contains(&old), old_first, "who is meant is told");
            if !old_first {
                take(&store, "old", "专项资金管理办法");
                store.set_names(std::slice::from_ref(&old)).unwrap();
            }
            assert_eq!(store.links_to(&old).unwrap(), [repeal(&new, "专项资金管理办法")]);
            assert_eq!(store.links_from(&new).unwrap()[0].1, std::slice::from_ref(&old));
            let before = store.sequence().unwrap();
            assert!(store.set_links(&new, FROM_TEXT, &[]).unwrap());
            assert!(store.links_to(&old).unwrap().is_empty(), "what is said no more is gone");
            assert!(store.changed_since(before).unwrap().1.contains(&old));
        }
    }

    #[test]
    fn the_number_of_a_copy_is_the_policy_s_too() {
        let home = Home::new();
        let store = home.open();
        let (new, old) = (take(&store, "new", "新专项资金管理办法"), take(&store, "old", "专项资金管理办法"));
        let seed = u32::from(b'd');
        let copy = Sample::new("copy", "专项资金管理办法", &prose(seed, 300)).number("示财规〔2018〕3号");
        assert_eq!(store.ingest(&copy.0, at(2)).unwrap().policy, old);
        store.set_names(std::slice::from_ref(&old)).unwrap();
        let number = DocNumber::parse("示财规〔2018〕3号").unwrap().key();
        let link = Link { to: Target { number: Some(number), title: None }, ..repeal(&new, "") };
        store.set_links(&new, FROM_TEXT, &[link]).unwrap();
        assert_eq!(store.links_to(&old).unwrap().len(), 1);
    }

    #[test]
    fn a_course_gives_the_state_of_the_day_and_once_is_as_twice() {
        let home = Home::new();
        let store = home.open();
        let id = take(&store, "old", "专项资金管理办法");
        let step = |state, since| Step {
            state,
            since: Some(since),
            noted: since,
            proof: Proof { quote: "凭据".to_owned(), ..Proof::default() },
        };
        let steps = vec![step(LifeCycle::InForce, date(2019, 1, 1)), step(LifeCycle::Repealed, date(2024, 6, 1))];
        let coursed = [Coursed { policy: id.clone(), course: LifeCourse { steps, ..LifeCourse::default() } }];
        assert_eq!(store.set_courses(&coursed, date(2024, 5, 31), at(2)).unwrap(), 1);
        let sequence = store.sequence().unwrap();
        assert_eq!(store.set_courses(&coursed, date(2024, 5, 31), at(3)).unwrap(), 0);
        assert_eq!(store.sequence().unwrap(), sequence);
        let policy = store.policy(&id).unwrap().unwrap();
        assert_eq!((policy.state, policy.state_evidence.as_str()), (LifeCycle::InForce, "凭据"));
        assert_eq!(store.set_courses(&coursed, date(2024, 6, 1), at(4)).unwrap(), 1);
        assert_eq!(store.policy(&id).unwrap().unwrap().state, LifeCycle::Repealed);
    }

    #[test]
    fn a_link_is_kept_only_with_who_says_it() {
        let home = Home::new();
        let store = home.open();
        let id = take(&store, "old", "专项资金管理办法");
        assert!(store.set_links(&id, FROM_TEXT, &[repeal(&"other".into(), "专项资金管理办法")]).is_err());
    }
}
