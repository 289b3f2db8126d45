//! The manifest of a compilation: what it holds and the SHA-256 of each file, so that any reader can check a copy.

use serde::Serialize;

use crate::book::Book;

#[derive(Serialize)]
struct Manifest<'a> {
    title: &'a str,
    subtitle: &'a str,
    template: &'a str,
    period: PeriodPart<'a>,
    made_at: String,
    files: Vec<FilePart<'a>>,
    policies: Vec<PolicyPart<'a>>,
    unproved: usize,
}

#[derive(Serialize)]
struct PeriodPart<'a> {
    name: &'a str,
    from: String,
    to: String,
}

#[derive(Serialize)]
struct FilePart<'a> {
    name: &'a str,
    bytes: usize,
    sha256: String,
}

#[derive(Serialize)]
struct PolicyPart<'a> {
    serial: usize,
    id: &'a str,
    revision: u32,
    title: &'a str,
    numbers: Vec<String>,
    date: String,
    url: &'a str,
}

/// The text of `manifest.json` for the files of a compilation, given by name and bytes.
///
/// Files come in the order of their names, policies in the order of print.
#[must_use]
pub fn manifest(book: &Book, files: &[(String, &[u8])]) -> String {
    let mut parts: Vec<FilePart<'_>> = files
        .iter()
        .map(|(name, bytes)| FilePart { name, bytes: bytes.len(), sha256: model::fingerprint::sha256_hex(bytes) })
        .collect();
    parts.sort_by(|left, right| left.name.cmp(right.name));
    let policy = |entry| {
        let entry: &crate::book::Entry = entry;
        let numbers = entry.numbers.iter().map(ToString::to_string).collect();
        let date = entry.date.to_string();
        let (id, title) = (entry.id.as_str(), entry.title.as_str());
        PolicyPart { serial: entry.serial, id, revision: entry.revision, title, numbers, date, url: &entry.url }
    };
    let manifest = Manifest {
        title: &book.title,
        subtitle: &book.subtitle,
        template: &book.template,
        period: PeriodPart { name: &book.period.name, from: book.period.from.to_string(), to: book.period.to.to_string() },
        made_at: book.made_at.to_string(),
        files: parts,
        policies: book.entries().map(policy).collect(),
        unproved: book.unproved,
    };
    // Strings and numbers alone: there is nothing in it that serialisation could refuse.
    let mut text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn it_names_every_file_with_its_hash_and_every_policy_with_its_revision() {
        let book = samples::book();
        let text = manifest(&book, &[("b.md".to_owned(), b"abc"), ("a.html".to_owned(), b"")]);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["files"][0]["name"], "a.html");
        assert_eq!(json["files"][1]["bytes"], 3);
        assert_eq!(json["files"][1]["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let policies = json["policies"].as_array().unwrap();
        assert_eq!(policies.len(), book.entries().count());
        let digital = policies.iter().find(|policy| policy["id"] == "p-digital").unwrap();
        assert_eq!(digital["revision"], 2);
        assert_eq!(json["period"]["name"], "2026Q3");
    }

    #[test]
    fn the_order_of_the_files_does_not_matter() {
        let book = samples::book();
        let (first, second) = (("a".to_owned(), &b"1"[..]), ("b".to_owned(), &b"2"[..]));
        assert_eq!(manifest(&book, &[first.clone(), second.clone()]), manifest(&book, &[second, first]));
    }
}
