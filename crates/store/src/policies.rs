//! Reading policies and their records, and writing what annotation found and what editors decided.
//!
//! An annotation is kept with the hash of the title and text it was made of. As soon as either changes it is no longer
//! shown: a record never has a span that points at other characters than it did when it was found.

use jiff::Timestamp;
use model::annotation::Annotation;
use model::fingerprint::sha256_hex;
use model::link::Link;
use model::policy::{Decision, LifeCycle, Policy, Record};
use model::text::Span;
use model::{Document, DocumentId, PolicyId};
use serde::{Deserialize, Serialize};

use crate::Store;
use crate::engine::{KeyRange, Table};
use crate::error::{Result, StoreError};
use crate::links::{FROM_TEXT, say};
use crate::transaction::{Transaction, check_reads_back};

/// An annotation with what it was made of.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredAnnotation {
    /// The hash of title and text its spans refer to.
    of: String,
    annotation: Annotation,
}

/// Annotations applied to the engine as one.
pub(crate) const CHUNK: usize = 128;

impl Store {
    /// The policy a document belongs to.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn resolve(&self, id: &DocumentId) -> Result<Option<PolicyId>> {
        let view = self.engine.view()?;
        Ok(Transaction::new(view.clone()).stored(id)?.map(|stored| stored.policy))
    }

    /// A policy as it is stored: with the state annotation found, whatever an editor decided.
    ///
    /// # Errors
    /// Where the engine cannot be read or the value is damaged.
    pub fn policy(&self, id: &PolicyId) -> Result<Option<Policy>> {
        Transaction::new(self.engine.now()).policy(id)
    }

    /// A document as it was last read.
    ///
    /// # Errors
    /// Where the engine cannot be read or the value is damaged.
    pub fn document(&self, id: &DocumentId) -> Result<Option<Document>> {
        let view = self.engine.view()?;
        Ok(Transaction::new(view.clone()).stored(id)?.map(|stored| stored.document))
    }

    /// Everything known of one policy at one moment, the editor's decision applied.
    ///
    /// # Errors
    /// Where the engine cannot be read or a value is damaged.
    pub fn record(&self, id: &PolicyId) -> Result<Option<Record>> {
        let view = self.engine.view()?;
        record(&Transaction::new(view.clone()), id)
    }

    /// The ids of all policies, sorted.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn policy_ids(&self) -> Result<Vec<PolicyId>> {
        let entries = self.engine.scan(Table::Policies, &KeyRange::all())?;
        entries.map(|entry| entry.map(|(key, _)| policy_id(&key))).collect()
    }

    /// All records, read one by one in the order of their ids. A damaged one is an error and the walk goes on.
    pub fn records(&self) -> impl Iterator<Item = Result<Record>> + '_ {
        let (scan, failure) = match self.engine.scan(Table::Policies, &KeyRange::all()) {
            Ok(scan) => (Some(scan), None),
            Err(error) => (None, Some(Err(error))),
        };
        let records = scan.into_iter().flatten().filter_map(|entry| match entry {
            Ok((key, _)) => self.record(&policy_id(&key)).transpose(),
            Err(error) => Some(Err(error)),
        });
        failure.into_iter().chain(records)
    }

    /// The document of one text of a policy, however old.
    ///
    /// # Errors
    /// Where the engine cannot be read or a value is damaged.
    pub fn revision_document(&self, id: &PolicyId, number: u32) -> Result<Option<Document>> {
        let view = self.engine.view()?;
        let transaction = Transaction::new(view.clone());
        transaction.policy(id)?.map_or(Ok(None), |policy| transaction.revision(&policy, number))
    }

    /// Keeps what annotation found in a policy's current text, with the life-cycle state and the words that prove it.
    /// Says whether that was anything new.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for no policy; [`StoreError::Misfit`] where a quote is not where its span says, which
    /// means that the text has changed meanwhile.
    pub fn set_annotation(
        &self,
        id: &PolicyId,
        annotation: &Annotation,
        state: LifeCycle,
        evidence: &str,
        now: Timestamp,
    ) -> Result<bool> {
        self.write(|transaction| annotate(transaction, id, annotation, None, Some((state, evidence)), now))
    }

    /// Keeps many annotations with one wait for the disk, and gives how many were new. One that does not fit (its text
    /// changed, its policy is unknown) is left out with a warning: it stays stale and the next run makes it again.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn set_annotations(&self, annotations: &[Annotated], now: Timestamp) -> Result<usize> {
        let mut changed = 0;
        for chunk in annotations.chunks(CHUNK) {
            changed += self.write_unsettled(|transaction| {
                let mut changed = 0;
                for Annotated { policy: id, of, annotation, links } in chunk {
                    match annotate(transaction, id, annotation, Some(of), None, now) {
                        Ok(is_new) => {
                            let says_else = say(transaction, id, FROM_TEXT, links)?;
                            changed += usize::from(is_new || says_else);
                        }
                        Err(error @ (StoreError::Misfit { .. } | StoreError::Unknown { .. } | StoreError::Refused { .. })) => {
                            tracing::warn!(policy = %id, %error, "annotation left out");
                        }
                        Err(error) => return Err(error),
                    }
                }
                Ok(changed)
            })?;
        }
        self.engine.settle()?;
        Ok(changed)
    }

    /// Keeps an editor's decision; only another decision replaces it.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for no policy.
    pub fn decide(&self, id: &PolicyId, decision: &Decision) -> Result<()> {
        self.write(|transaction| {
            let id = &transaction.policy(id)?.ok_or_else(|| StoreError::unknown_policy(id))?.id;
            let key = id.as_str().as_bytes();
            if transaction.get::<Decision>(Table::Decisions, key)?.as_ref() != Some(decision) {
                transaction.put(Table::Decisions, key.to_vec(), decision)?;
                transaction.changed(id);
            }
            Ok(())
        })
    }

    /// What an editor decided about a policy.
    ///
    /// # Errors
    /// Where the engine cannot be read.
    pub fn decision(&self, id: &PolicyId) -> Result<Option<Decision>> {
        Transaction::new(self.engine.now()).get(Table::Decisions, id.as_str().as_bytes())
    }
}

fn policy_id(key: &[u8]) -> PolicyId {
    String::from_utf8_lossy(key).into_owned().into()
}

pub(crate) fn current_document(transaction: &Transaction<'_>, policy: &Policy) -> Result<Document> {
    let missing = || StoreError::DamagedValue {
        table: Table::Documents.name(),
        key: policy.id.to_string(),
        detail: "the document of the policy's current text is missing".to_owned(),
    };
    transaction.revision(policy, policy.revision())?.ok_or_else(missing)
}

fn record(transaction: &Transaction<'_>, id: &PolicyId) -> Result<Option<Record>> {
    let Some(mut policy) = transaction.policy(id)? else { return Ok(None) };
    let document = current_document(transaction, &policy)?;
    let id = policy.id.clone();
    let key = id.as_str().as_bytes();
    let stored: Option<StoredAnnotation> = transaction.get(Table::Annotations, key)?;
    let annotation = stored.filter(|stored| stored.of == hash_of(&document)).map(|stored| stored.annotation).unwrap_or_default();
    let decision: Option<Decision> = transaction.get(Table::Decisions, key)?;
    if let Some(state) = decision.as_ref().and_then(|decision| decision.state) {
        policy.state = state;
    }
    Ok(Some(Record { policy, document, annotation, decision }))
}

/// What annotation made of one policy's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotated {
    /// The policy.
    pub policy: PolicyId,
    /// [`hash_of`] the document that was annotated: a text that changed meanwhile keeps no annotation of its predecessor.
    pub of: String,
    /// What was found.
    pub annotation: Annotation,
    /// What the text says of other policies.
    pub links: Vec<Link>,
}

/// The hash of what spans refer to: title and text.
#[must_use]
pub fn hash_of(document: &Document) -> String {
    sha256_hex(format!("{}\n{}", document.title, document.text).as_bytes())
}

fn annotate(
    transaction: &mut Transaction<'_>,
    id: &PolicyId,
    annotation: &Annotation,
    made_of: Option<&str>,
    state: Option<(LifeCycle, &str)>,
    now: Timestamp,
) -> Result<bool> {
    let key = id.as_str().as_bytes();
    let policy: Option<Policy> = transaction.get_and_hold(Table::Policies, key)?;
    let mut policy = policy.ok_or_else(|| StoreError::unknown_policy(id))?;
    let document = current_document(transaction, &policy)?;
    if let Some(detail) = misfit(annotation, &document) {
        return Err(StoreError::Misfit { policy: id.clone(), detail });
    }
    check_reads_back("annotation", id.as_str(), annotation)?;
    let of = hash_of(&document);
    if made_of.is_some_and(|made_of| made_of != of) {
        return Err(StoreError::Misfit { policy: id.clone(), detail: "the text changed while it was annotated".to_owned() });
    }
    let stored: Option<StoredAnnotation> = transaction.get(Table::Annotations, key)?;
    let is_new = stored.is_none_or(|stored| stored.of != of || stored.annotation != *annotation);
    let other = state.filter(|(state, evidence)| policy.state != *state || policy.state_evidence != *evidence);
    let is_other_state = other.is_some();
    if let Some((state, evidence)) = other {
        policy.state = state;
        evidence.clone_into(&mut policy.state_evidence);
        policy.changed = policy.changed.max(now);
        transaction.put(Table::Policies, key.to_vec(), &policy)?;
    }
    if is_new {
        transaction.put(Table::Annotations, key.to_vec(), &StoredAnnotation { of, annotation: annotation.clone() })?;
    }
    if is_new || is_other_state {
        transaction.changed(id);
    }
    Ok(is_new || is_other_state)
}

/// The first quote that is not where its span says.
fn misfit(annotation: &Annotation, document: &Document) -> Option<String> {
    let text = Characters::of(&document.text);
    let title = Characters::of(&document.title);
    let items = annotation.items.iter().map(|item| (&text, item.span, item.quote.as_str()));
    let points = annotation.key_points.iter().map(|point| (&text, point.span, point.quote.as_str()));
    let joined = document.issuers.join("、");
    let issuers = Characters::of(&joined);
    let tags = annotation.tags.iter().map(|tag| {
        let place = match tag.place.as_str() {
            "title" => &title,
            "issuer" => &issuers,
            _ => &text,
        };
        (place, tag.span, tag.quote.as_str())
    });
    let (_, span, quote) = items.chain(points).chain(tags).find(|(place, span, quote)| place.at(*span) != *quote)?;
    let quote: String = quote.chars().take(40).collect();
    Some(format!("`{quote}` does not stand at {}..{}", span.start, span.end))
}

/// A text with the byte of each of its characters, so that many spans cost no walk each.
struct Characters<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Characters<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, starts: text.char_indices().map(|(byte, _)| byte).chain([text.len()]).collect() }
    }

    fn at(&self, span: Span) -> &'a str {
        let byte = |character: u32| self.starts.get(character as usize).copied();
        let range = byte(span.start).zip(byte(span.end)).filter(|(start, end)| start <= end);
        range.map_or("", |(start, end)| &self.text[start..end])
    }
}

#[cfg(test)]
mod tests {
    use model::annotation::{Item, What};
    use model::policy::Desk;

    use super::*;
    use crate::testing::{Home, Sample, at, prose};

    /// A policy whose text holds `补贴三十万元` at a known place.
    fn filled(home: &Home) -> (Store, PolicyId) {
        let store = home.open();
        let text = format!("补贴三十万元。{}", prose(1, 200));
        let id = store.ingest(&Sample::new("a", "若干措施", &text).0, at(1)).unwrap().policy;
        (store, id)
    }

    fn annotation(version: &str, quote: &str, start: u32) -> Annotation {
        let end = start + u32::try_from(quote.chars().count()).unwrap();
        let item = Item {
            what: What::MutualExclusion {},
            quote: quote.to_owned(),
            span: Span::new(start, end),
            confidence: 0.9,
            rule: "r".to_owned(),
        };
        Annotation { version: version.to_owned(), items: vec![item], ..Annotation::default() }
    }

    #[test]
    fn tags_are_proved_by_title_text_or_issuers() {
        let home = Home::new();
        let store = home.open();
        let mut incoming = Sample::new("a", "若干措施", &prose(1, 200)).0;
        incoming.document.issuers = vec!["甲市财政局".to_owned(), "乙区税务局".to_owned()];
        let id = store.ingest(&incoming, at(1)).unwrap().policy;
        let keep = |place: &str, quote: &str, start: u32| {
            let span = Span::new(start, start + u32::try_from(quote.chars().count()).unwrap());
            let (kind, value, label) = ("region".to_owned(), "650000".to_owned(), String::new());
            let (place, quote, rule) = (place.to_owned(), quote.to_owned(), "r".to_owned());
            let tag = model::Tag { kind, value, label, confidence: 0.9, place, quote, span, rule };
            let found = Annotation { tags: vec![tag], ..Annotation::default() };
            store.set_annotation(&id, &found, LifeCycle::InForce, "", at(5)).is_ok()
        };
        assert!(keep("title", "若干", 0) && keep("issuer", "甲市", 0) && keep("issuer", "乙区", 6));
        assert!(!keep("text", "甲市", 0) && !keep("issuer", "乙区", 5) && !keep("title", "甲市", 0));
    }

    #[test]
    fn what_annotation_found_shows_in_the_record_and_once_is_as_twice() {
        let home = Home::new();
        let (store, id) = filled(&home);
        let found = annotation("1", "三十万元", 2);
        assert!(store.set_annotation(&id, &found, LifeCycle::InForce, "自印发之日起施行", at(5)).unwrap());
        let sequence = store.sequence().unwrap();
        assert!(!store.set_annotation(&id, &found, LifeCycle::InForce, "自印发之日起施行", at(6)).unwrap());
        assert_eq!(store.sequence().unwrap(), sequence);
        let record = store.record(&id).unwrap().unwrap();
        assert_eq!((record.annotation, record.policy.state, record.policy.changed), (found.clone(), LifeCycle::InForce, at(5)));
        assert!(store.set_annotation(&id, &found, LifeCycle::Expired, "", at(7)).unwrap(), "the state alone");
    }

    #[test]
    fn a_quote_that_is_not_where_its_span_says_is_refused() {
        let home = Home::new();
        let (store, id) = filled(&home);
        for (quote, start) in [("三十万元", 3), ("四十万元", 2), ("三十万元", 90_000)] {
            let result = store.set_annotation(&id, &annotation("1", quote, start), LifeCycle::InForce, "", at(5));
            assert!(matches!(result, Err(StoreError::Misfit { .. })), "{quote} at {start}");
        }
        let text = hash_of(&store.record(&id).unwrap().unwrap().document);
        let made = |policy: &str, of: &str, version: &str, start| Annotated {
            policy: policy.into(),
            of: of.to_owned(),
            annotation: annotation(version, "三十万元", start),
            links: Vec::new(),
        };
        let own = id.as_str();
        let batch = [
            made(own, &text, "1", 3),
            made("nobody", &text, "1", 2),
            made(own, &text, "2", 2),
            made(own, "another text", "3", 2),
        ];
        assert_eq!(store.set_annotations(&batch, at(5)).unwrap(), 1, "a bad one does not stop the others");
        assert_eq!(store.record(&id).unwrap().unwrap().annotation.version, "2");
    }

    #[test]
    fn an_annotation_of_another_text_is_not_shown() {
        let home = Home::new();
        let (store, id) = filled(&home);
        store.set_annotation(&id, &annotation("1", "三十万元", 2), LifeCycle::InForce, "", at(5)).unwrap();
        let text = format!("补贴四十万元。{}", prose(1, 200));
        let again = store.ingest(&Sample::new("a", "若干措施", &text).0, at(6)).unwrap();
        assert!(again.stale);
        let record = store.record(&id).unwrap().unwrap();
        assert_eq!((record.annotation, record.policy.state), (Annotation::default(), LifeCycle::InForce));
    }

    #[test]
    fn a_decision_is_never_overwritten() {
        let home = Home::new();
        let (store, id) = filled(&home);
        let decision = Decision {
            desk: Desk::Published,
            editor: "editor".to_owned(),
            reason: "核对原件".to_owned(),
            tags: vec!["theme:tax".to_owned()],
            state: Some(LifeCycle::Repealed),
            state_since: None,
            at: at(3),
        };
        store.decide(&id, &decision).unwrap();
        let text = prose(2, 200);
        store.ingest(&Sample::new("a", "若干措施", &text).0, at(6)).unwrap();
        let found = annotation("1", &text.chars().take(4).collect::<String>(), 0);
        store.set_annotation(&id, &found, LifeCycle::InForce, "", at(7)).unwrap();
        let record = store.record(&id).unwrap().unwrap();
        assert_eq!((record.policy.state, record.decision.as_ref()), (LifeCycle::Repealed, Some(&decision)));
        assert_eq!(store.policy(&id).unwrap().unwrap().state, LifeCycle::InForce, "what was found is kept beneath");
        assert_eq!(store.decision(&id).unwrap(), Some(decision.clone()));
        assert!(matches!(store.decide(&"nobody".into(), &decision), Err(StoreError::Unknown { .. })));
    }

    #[test]
    fn a_damaged_record_costs_only_itself() {
        let home = Home::new();
        let store = home.open();
        for (seed, id) in (1..).zip(["a", "b", "c"]) {
            store.ingest(&Sample::new(id, &format!("事项{id}"), &prose(seed, 200)).0, at(1)).unwrap();
        }
        let mut batch = crate::engine::Batch::default();
        batch.put(Table::Documents, b"b".to_vec(), b"{\"not\":1}".to_vec());
        store.engine.apply(&batch).unwrap();
        let read: Vec<bool> = store.records().map(|record| record.is_ok()).collect();
        assert_eq!(read, [true, false, true]);
        let error = store.record(&"b".into()).unwrap_err().to_string();
        assert!(error.contains("`b`") && error.contains("documents"), "{error}");
    }
}
