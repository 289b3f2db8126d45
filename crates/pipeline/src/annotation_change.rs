//! How the annotation of a policy differs from the one before it: items and tags, by type.

use std::collections::BTreeMap;

use model::{Annotation, Item, PolicyId, Span};
use serde::Serialize;
use serde_json::Value;

/// What changed in one policy.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PolicyChange {
    /// Its id.
    pub policy: PolicyId,
    /// Its title.
    pub title: String,
    /// By type of item, and `tag:KIND` for tags: how many came, went and changed.
    pub counts: BTreeMap<String, ChangeCount>,
    /// The items that came, went or changed, in text order.
    pub items: Vec<ItemChange>,
    /// Whether the conditions now combine otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tree: bool,
}

/// How many items of one type came, went and changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ChangeCount {
    /// Not there before.
    pub added: u64,
    /// There no more.
    pub removed: u64,
    /// At the same place, with other fields.
    pub changed: u64,
}

/// One item that came, went or changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ItemChange {
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its words in the text.
    pub quote: String,
    /// Where they stand.
    pub span: Span,
    /// Of what changed, each field with what it was and what it is; of the others, what it is or was.
    pub fields: BTreeMap<String, Value>,
}

impl ChangeCount {
    /// Adds the counts of another policy.
    pub fn add(&mut self, other: Self) {
        self.added += other.added;
        self.removed += other.removed;
        self.changed += other.changed;
    }
}

impl PolicyChange {
    /// What differs between two annotations of one text; `None` where nothing a user sees does.
    pub(crate) fn between(policy: &PolicyId, title: &str, old: &Annotation, new: &Annotation) -> Option<Self> {
        let mut change = Self { policy: policy.clone(), title: title.to_owned(), ..Self::default() };
        let gone: Vec<&Item> = unmatched(&old.items, &new.items);
        let mut came: Vec<&Item> = unmatched(&new.items, &old.items);
        for item in gone {
            // The same words, or some of them, read otherwise.
            let is_same_place = |other: &&&Item| other.what.name() == item.what.name() && other.span.overlaps(item.span);
            let successor = came.iter().find(is_same_place).copied();
            came.retain(|other| successor.is_none_or(|successor| !std::ptr::eq(*other, successor)));
            change.note(item, successor);
        }
        for item in came {
            change.count(item.what.name()).added += 1;
            change.items.push(told("added", item, fields(item)));
        }
        change.items.sort_by_key(|item| item.span);
        change.count_tags(old, new);
        change.tree = old.tree != new.tree;
        (change.tree || !change.counts.is_empty()).then_some(change)
    }

    fn count(&mut self, kind: &str) -> &mut ChangeCount {
        self.counts.entry(kind.to_owned()).or_default()
    }

    fn note(&mut self, item: &Item, successor: Option<&Item>) {
        match successor {
            Some(successor) => {
                self.count(item.what.name()).changed += 1;
                self.items.push(told("changed", successor, differing(item, successor)));
            }
            None => {
                self.count(item.what.name()).removed += 1;
                self.items.push(told("removed", item, fields(item)));
            }
        }
    }

    fn count_tags(&mut self, old: &Annotation, new: &Annotation) {
        for (here, there, is_new) in [(new, old, true), (old, new, false)] {
            for tag in &here.tags {
                if !there.tags.iter().any(|other| (&other.kind, &other.value) == (&tag.kind, &tag.value)) {
                    let count = self.count(&format!("tag:{}", tag.kind));
                    *(if is_new { &mut count.added } else { &mut count.removed }) += 1;
                }
            }
        }
    }
}

/// The items of one annotation that the other does not have with the same fields at the same place.
fn unmatched<'a>(items: &'a [Item], others: &[Item]) -> Vec<&'a Item> {
    let is_same = |item: &Item, other: &Item| item.span == other.span && item.what == other.what;
    items.iter().filter(|item| !others.iter().any(|other| is_same(item, other))).collect()
}

fn told(change: &'static str, item: &Item, fields: BTreeMap<String, Value>) -> ItemChange {
    ItemChange { change, kind: item.what.name().to_owned(), quote: item.quote.clone(), span: item.span, fields }
}

fn fields(item: &Item) -> BTreeMap<String, Value> {
    match serde_json::to_value(&item.what) {
        Ok(Value::Object(members)) => members.into_iter().filter(|(name, _)| name != "type").collect(),
        _ => BTreeMap::new(),
    }
}

/// Each field that differs, with what it was and what it is.
fn differing(old: &Item, new: &Item) -> BTreeMap<String, Value> {
    let (mut was, mut is) = (fields(old), fields(new));
    was.insert("span".to_owned(), serde_json::to_value(old.span).unwrap_or_default());
    is.insert("span".to_owned(), serde_json::to_value(new.span).unwrap_or_default());
    let names: std::collections::BTreeSet<String> = was.keys().chain(is.keys()).cloned().collect();
    let of = |fields: &BTreeMap<String, Value>, name: &str| fields.get(name).cloned().unwrap_or(Value::Null);
    let pairs = names.into_iter().map(|name| (of(&was, &name), of(&is, &name), name));
    pairs.filter(|(was, is, _)| was != is).map(|(was, is, name)| (name, Value::Array(vec![was, is]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(items: &[(&str, u32, i64)]) -> Annotation {
        let item = |(indicator, start, value): &(&str, u32, i64)| -> Item {
            let json = serde_json::json!({"type": "condition", "indicator": indicator, "op": ">=", "value": value, "group": "all",
                "quote": "x", "span": [start, start + 5], "confidence": 0.9, "rule": "r"});
            serde_json::from_value(json).unwrap()
        };
        Annotation { items: items.iter().map(item).collect(), ..Annotation::default() }
    }

    #[test]
    fn items_come_go_and_change_at_their_place() {
        let (old, new) =
            (annotation(&[("a", 0, 1), ("b", 10, 1), ("c", 20, 1)]), annotation(&[("a", 0, 1), ("b", 12, 2), ("d", 40, 1)]));
        let change = PolicyChange::between(&"P".into(), "题", &old, &new).unwrap();
        assert_eq!(change.counts["condition"], ChangeCount { added: 1, removed: 1, changed: 1 });
        let kinds: Vec<&str> = change.items.iter().map(|item| item.change).collect();
        assert_eq!(kinds, ["changed", "removed", "added"]);
        assert_eq!(change.items[0].fields["value"], serde_json::json!([1, 2]));
        assert!(PolicyChange::between(&"P".into(), "题", &old, &old).is_none());
    }
}
