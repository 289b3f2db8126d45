//! `huice dedup`: which documents are copies or revisions of one policy, decided by the same code that stores them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::PolicyId;
use model::link::{Candidate, Link, Relation, names_of};
use pipeline::{ImportLine, Stages, read_imports};
use serde::Serialize;
use store::{Collection, Incoming, Place, Role};

use super::pairs;
use crate::Ended;
use crate::arguments::Dedup;
use crate::output;
use crate::surroundings::{Surroundings, read_text};

/// Documents looked at for one name.
const MOST_ENDS: usize = 64;

#[derive(Serialize)]
struct Cluster<'a> {
    cluster: &'a str,
    members: Vec<Member<'a>>,
}

#[derive(Serialize)]
struct Member<'a> {
    id: &'a str,
    role: &'static str,
    /// Of a related document: what it says of this policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<&'static str>,
}

pub(crate) fn perform(asked: &Dedup, surroundings: &Surroundings) -> anyhow::Result<Ended> {
    let stages = surroundings.stages()?;
    if let Some(gold) = &asked.pairs {
        return pairs::perform(gold, &asked.corpus, asked.json, &stages);
    }
    let Some(path) = &asked.jsonl else { return Ok(Ended::Well) };
    let (lines, bad) = read_imports(&read_text(path)?);
    for line in &bad {
        tracing::error!("{}:{}: {}", path.display(), line.line, line.message);
    }
    let places = grouped(&lines, &stages)?;
    let mut clusters: BTreeMap<u32, Vec<Member<'_>>> = BTreeMap::new();
    for (line, place) in lines.iter().zip(&places) {
        if let Some(place) = place {
            let (id, role) = (line.id.as_str(), name_of(place.role));
            clusters.entry(place.group).or_default().push(Member { id, role, relation: None });
        }
    }
    for (group, from, relation) in related(&lines, &places, &stages) {
        let member = Member { id: &lines[from].id, role: "related", relation: Some(relation.name()) };
        clusters.entry(group).or_default().push(member);
    }
    for members in clusters.into_values() {
        output::json(&Cluster { cluster: members[0].id, members })?;
    }
    Ok(Ended::after(bad.len() as u64))
}

const fn name_of(role: Role) -> &'static str {
    match role {
        Role::Canonical => "canonical",
        Role::Copy => "copy",
        Role::Revision => "revision",
    }
}

/// Where each line belongs; `None` for a line whose id came before.
pub(crate) fn grouped(lines: &[ImportLine], stages: &Stages) -> anyhow::Result<Vec<Option<Place>>> {
    let mut collection = Collection::new(tempfile::tempfile()?);
    let bar = output::progress("comparing", lines.len() as u64);
    let mut seen = HashMap::new();
    let mut places = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        let is_new = seen.insert(line.id.as_str(), number).is_none();
        places.push(is_new.then(|| collection.add(&incoming(line, stages))).transpose()?);
        bar.set_position(number as u64);
    }
    bar.finish_and_clear();
    Ok(places)
}

fn incoming(line: &ImportLine, stages: &Stages) -> Incoming {
    pipeline::incoming(line, stages).0
}

/// Documents that say something of another policy: the group it is said of, the line that says it, what it says. Read from
/// titles and texts by the same code as in the store, without annotating them.
fn related(lines: &[ImportLine], places: &[Option<Place>], stages: &Stages) -> Vec<(u32, usize, Relation)> {
    let documents: Vec<Incoming> = lines.iter().map(|line| incoming(line, stages)).collect();
    let mut named: HashMap<String, Vec<usize>> = HashMap::new();
    for (number, known) in documents.iter().enumerate().filter(|(number, _)| places[*number].is_some()) {
        for name in names_of(&known.document, known.inner_title.as_deref()) {
            named.entry(name).or_default().push(number);
        }
    }
    let mut found = BTreeSet::new();
    let annotation = model::Annotation::default();
    for (from, speaking) in documents.iter().enumerate() {
        let Some(own) = places[from] else { continue };
        let (policy, document) = (&PolicyId(speaking.id.to_string()), &speaking.document);
        let speaker = annotate::Speaker { policy, document, annotation: &annotation, region: &speaking.region };
        for link in annotate::links(speaker).into_iter().chain(annotate::kin(speaker)) {
            let ends = link.to.names().into_iter().filter_map(|name| named.get(&name)).flatten().take(MOST_ENDS);
            for other in ends.filter(|other| is_meant(&link, &documents[**other])) {
                let group = places[*other].map(|place| place.group).filter(|group| *group != own.group);
                found.extend(group.map(|group| (group, from, link.relation)));
            }
        }
    }
    found.into_iter().collect()
}

fn is_meant(link: &Link, known: &Incoming) -> bool {
    let id = &PolicyId(known.id.to_string());
    let (document, inner_title) = (&known.document, known.inner_title.as_deref());
    link.means(Candidate { id, document, inner_title, region: &known.region })
}
