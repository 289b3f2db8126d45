//! What two texts ask and give: findings paired, and the fields that differ.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::text::Span;
use model::{Annotation, Decimal, Item, What};
use serde::Serialize;
use serde_json::Value;

use super::{Kind, Pair};

/// A finding that came, went or changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterChange {
    /// [`Kind::Added`], [`Kind::Removed`] or [`Kind::Changed`].
    pub kind: Kind,
    /// The type of the finding, e.g. `award`.
    #[serde(rename = "type")]
    pub what: String,
    /// The finding in the old text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Item>,
    /// The finding in the new text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Item>,
    /// The fields that differ, of what changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
    /// All in one line: `award cap 200万 → 100万`.
    pub says: String,
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// Its name as JSON has it.
    pub field: String,
    /// What it was; `null` where it was not given.
    pub was: Value,
    /// What it is.
    pub is: Value,
}

/// Types that say what is asked and given; references, departments and contacts are no parameters.
const COMPARED: [&str; 13] = [
    "condition",
    "condition_text",
    "award",
    "window",
    "material",
    "entry",
    "validity",
    "quota",
    "fee",
    "priority",
    "mutual_exclusion",
    "parameter",
    "state_change",
];
/// Findings of a type left over on one side that are still paired one with the other.
const MOST_LEFT: usize = 300;
/// The longest line.
const MOST_SAID: usize = 160;

pub(super) fn compare(old: &Annotation, new: &Annotation, pairs: &[Pair]) -> Vec<ParameterChange> {
    let mut matching = Matching::new(old, new);
    matching.equal_in_place(pairs);
    matching.equal_anywhere();
    matching.in_place(pairs);
    matching.alike();
    matching.changes()
}

/// Findings of both sides and which are paired.
struct Matching<'a> {
    old: Vec<&'a Item>,
    new: Vec<&'a Item>,
    /// For each old finding the new one that answers it.
    to: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl<'a> Matching<'a> {
    fn new(old: &'a Annotation, new: &'a Annotation) -> Self {
        let compared = |annotation: &'a Annotation| -> Vec<&'a Item> {
            annotation.items.iter().filter(|item| COMPARED.contains(&item.what.name())).collect()
        };
        let (old, new) = (compared(old), compared(new));
        Self { to: vec![None; old.len()], taken: vec![false; new.len()], old, new }
    }

    fn pair(&mut self, old: usize, new: usize) {
        self.to[old] = Some(new);
        self.taken[new] = true;
    }

    /// The same finding in sentences that answer each other.
    fn equal_in_place(&mut self, pairs: &[Pair]) {
        self.within(pairs, |was, is| was.what == is.what);
    }

    /// The same finding wherever it stands now.
    fn equal_anywhere(&mut self) {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, item) in self.new.iter().enumerate().rev().filter(|(at, _)| !self.taken[*at]) {
            places.entry(identity(item)).or_default().push(at);
        }
        for at in 0..self.old.len() {
            if self.to[at].is_none()
                && let Some(place) = places.get_mut(&identity(self.old[at])).and_then(Vec::pop)
            {
                self.pair(at, place);
            }
        }
    }

    /// Findings of one type, and of one indicator where they have one, in sentences that answer each other; then of one
    /// type alone, where each side has one.
    fn in_place(&mut self, pairs: &[Pair]) {
        self.within(pairs, |was, is| subject(was) == subject(is));
        self.within(pairs, |was, is| was.what.name() == is.what.name() && !matches!(was.what, What::Condition(_)));
    }

    fn within(&mut self, pairs: &[Pair], fits: impl Fn(&Item, &Item) -> bool) {
        let by_sentence = |items: &[&Item], side: fn(&Pair) -> Span| -> Vec<Vec<usize>> {
            let mut found = vec![Vec::new(); pairs.len()];
            for (at, item) in items.iter().enumerate() {
                // The pairs ascend on both sides.
                let place = pairs.partition_point(|pair| side(pair).end <= item.span.start);
                if pairs.get(place).is_some_and(|pair| side(pair).start < item.span.end) {
                    found[place].push(at);
                }
            }
            found
        };
        let (old, new) = (by_sentence(&self.old, |pair| pair.old), by_sentence(&self.new, |pair| pair.new));
        for (old, new) in old.iter().zip(&new) {
            for at in old.iter().take(MOST_LEFT) {
                let free = |place: &&usize| !self.taken[**place] && fits(self.old[*at], self.new[**place]);
                if self.to[*at].is_none()
                    && let Some(place) = new.iter().take(MOST_LEFT).find(free).copied()
                {
                    self.pair(*at, place);
                }
            }
        }
    }

    /// What is left, by what it is about: the indicator of a condition, the name of a material, who gets an award.
    fn alike(&mut self) {
        let left: Vec<usize> = (0..self.old.len()).filter(|at| self.to[*at].is_none()).take(MOST_LEFT).collect();
        for at in left {
            let about = subject(self.old[at]);
            let free = (0..self.new.len()).filter(|place| !self.taken[*place] && subject(self.new[*place]) == about);
            let best = free.take(MOST_LEFT).max_by_key(|place| agreement(self.old[at], self.new[*place]));
            if let Some(place) = best.filter(|_| is_telling(self.old[at])) {
                self.pair(at, place);
            }
        }
    }

    /// In the order of the new text; what went stands where it stood in the old one.
    fn changes(&self) -> Vec<ParameterChange> {
        let mut placed: Vec<(u32, u8, ParameterChange)> = Vec::new();
        for (at, item) in self.old.iter().enumerate() {
            match self.to[at].map(|place| self.new[place]) {
                None => placed.push((item.span.start, 0, whole(Kind::Removed, item))),
                Some(is) if is.what != item.what => placed.push((is.span.start, 1, changed(item, is))),
                Some(_) => {}
            }
        }
        let added = self.new.iter().enumerate().filter(|(at, _)| !self.taken[*at]);
        placed.extend(added.map(|(_, item)| (item.span.start, 2, whole(Kind::Added, item))));
        placed.sort_by_key(|(place, order, _)| (*place, *order));
        placed
            .into_iter()
            .map(|(_, _, change)| change)
            .filter(|change| change.kind != Kind::Changed || !change.fields.is_empty())
            .collect()
    }
}

/// The finding without its place.
fn identity(item: &Item) -> String {
    serde_json::to_string(&item.what).unwrap_or_default()
}

/// What a finding is about: two that are about the same may be one that changed.
fn subject(item: &Item) -> (&'static str, String) {
    let about = match &item.what {
        What::Condition(condition) => condition.indicator.clone(),
        What::Award(award) => [&award.who, &award.when, &award.base].into_iter().flatten().cloned().collect::<Vec<_>>().join("|"),
        What::Window(window) => window.role.clone(),
        What::Material { name, .. } => name.clone(),
        What::Validity { of, .. } => of.clone(),
        What::Parameter { name, .. } => name.clone(),
        What::Entry { channel, .. } => channel.clone(),
        _ => String::new(),
    };
    (item.what.name(), about)
}

/// Whether what a finding is about tells it from others of its type.
fn is_telling(item: &Item) -> bool {
    match &item.what {
        What::Award(award) => award.who.is_some() || award.when.is_some(),
        What::Priority {} | What::MutualExclusion {} | What::ConditionText { .. } | What::StateChange { .. } => false,
        _ => true,
    }
}

/// How many fields two findings share.
fn agreement(old: &Item, new: &Item) -> usize {
    let (was, is) = (fields(old), fields(new));
    was.iter().filter(|(name, value)| is.get(*name) == Some(value)).count()
}

fn fields(item: &Item) -> BTreeMap<String, Value> {
    match serde_json::to_value(&item.what) {
        Ok(Value::Object(members)) => members.into_iter().filter(|(name, _)| name != "type").collect(),
        _ => BTreeMap::new(),
    }
}

fn whole(kind: Kind, item: &Item) -> ParameterChange {
    let sign = if kind == Kind::Added { "added" } else { "removed" };
    let (old, new) = if kind == Kind::Added { (None, Some(item.clone())) } else { (Some(item.clone()), None) };
    let says = shortened(format!("{} {sign}: {}", about(item), item.quote));
    ParameterChange { kind, what: item.what.name().to_owned(), old, new, fields: Vec::new(), says }
}

/// `condition rd.ratio`, `award`.
fn about(item: &Item) -> String {
    match &item.what {
        What::Condition(condition) => format!("condition {}", condition.indicator),
        What::Material { name, .. } => format!("material {name}"),
        what => what.name().to_owned(),
    }
}

fn changed(old: &Item, new: &Item) -> ParameterChange {
    let (was, is) = (fields(old), fields(new));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let of = |fields: &BTreeMap<String, Value>, name: &str| fields.get(name).cloned().unwrap_or(Value::Null);
    let differing = names.into_iter().map(|name| FieldChange { field: name.clone(), was: of(&was, name), is: of(&is, name) });
    let mut fields: Vec<FieldChange> = differing.filter(|change| change.was != change.is).collect();
    // The value as written and in base units are one change.
    let has = |fields: &[FieldChange], name: &str| fields.iter().any(|change| change.field == name);
    if has(&fields, "value_base") && has(&fields, "value") {
        fields.retain(|change| change.field != "value_base");
    }
    let says: Vec<String> = fields
        .iter()
        .map(|change| format!("{} {} → {}", change.field, said(change, &change.was, old), said(change, &change.is, new)))
        .collect();
    let says = shortened(format!("{} {}", about(new), says.join(", ")));
    let (old, new) = (Some(old.clone()), Some(new.clone()));
    ParameterChange {
        kind: Kind::Changed,
        what: new.as_ref().map_or("", |item| item.what.name()).to_owned(),
        old,
        new,
        fields,
        says,
    }
}

/// Money in 万 where it is even; a value with its unit; what is not given as a dash.
fn said(change: &FieldChange, value: &Value, item: &Item) -> String {
    let is_money = matches!(item.what, What::Award(_) | What::Fee { .. } | What::Quota { .. })
        && ["amount", "amount_to", "cap", "on_top_of"].contains(&change.field.as_str());
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) if is_money => number.to_string().parse().map_or_else(|_| number.to_string(), money),
        Value::Number(number) => match &item.what {
            What::Condition(condition) if change.field == "value" => {
                format!("{number}{}", condition.unit.as_deref().unwrap_or_default())
            }
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

fn money(amount: Decimal) -> String {
    let (hundred_million, ten_thousand) = (Decimal::from(100_000_000), Decimal::from(10_000));
    let (unit, divisor) = match amount {
        size if size >= hundred_million => ("亿", hundred_million),
        size if size >= ten_thousand => ("万", ten_thousand),
        _ => ("元", Decimal::ONE),
    };
    format!("{}{unit}", (amount / divisor).normalize())
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(MOST_SAID) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
