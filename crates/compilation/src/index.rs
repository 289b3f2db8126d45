//! The two indexes at the end of a book: by number and by issuer.

use std::collections::BTreeMap;

use crate::book::{Chapter, Entry, IssuerGroup, NumberLine};

/// What stands in the index for policies whose issuer nobody named.
const NO_ISSUER: &str = "（未注明发文机关）";

/// Every number with its policy: agency, then year, then sequence.
pub(crate) fn by_number(chapters: &[Chapter]) -> Vec<NumberLine> {
    let mut lines: Vec<NumberLine> = entries(chapters)
        .flat_map(|entry| {
            entry.numbers.iter().map(|number| NumberLine {
                number: number.clone(),
                serial: entry.serial,
                title: entry.title.clone(),
            })
        })
        .collect();
    lines.sort_by(|left, right| {
        let key = |line: &NumberLine| (line.number.agency.clone(), line.number.year, line.number.sequence, line.serial);
        key(left).cmp(&key(right))
    });
    lines.dedup();
    lines
}

/// Every issuer with its policies in print order; policies without one come last.
pub(crate) fn by_issuer(chapters: &[Chapter]) -> Vec<IssuerGroup> {
    let mut groups: BTreeMap<&str, Vec<(usize, String)>> = BTreeMap::new();
    let mut orphans = Vec::new();
    for entry in entries(chapters) {
        if entry.issuers.is_empty() {
            orphans.push((entry.serial, entry.title.clone()));
        }
        for issuer in &entry.issuers {
            groups.entry(issuer).or_default().push((entry.serial, entry.title.clone()));
        }
    }
    let mut index: Vec<IssuerGroup> = groups
        .into_iter()
        .map(|(issuer, mut policies)| {
            policies.dedup();
            IssuerGroup { issuer: issuer.to_owned(), policies }
        })
        .collect();
    if !orphans.is_empty() {
        index.push(IssuerGroup { issuer: NO_ISSUER.to_owned(), policies: orphans });
    }
    index
}

fn entries(chapters: &[Chapter]) -> impl Iterator<Item = &Entry> {
    chapters.iter().flat_map(|chapter| &chapter.entries)
}

#[cfg(test)]
mod tests {
    use crate::samples;

    #[test]
    fn numbers_are_ordered_by_agency_then_year_then_sequence() {
        let book = samples::book();
        let numbers: Vec<String> = book.by_number.iter().map(|line| line.number.to_string()).collect();
        assert_eq!(numbers, ["示工信发〔2025〕30号", "示工信发〔2026〕9号", "示工信发〔2026〕12号", "示科发〔2026〕3号"]);
    }

    #[test]
    fn every_policy_stands_under_each_of_its_issuers_and_those_without_one_come_last() {
        let book = samples::book();
        let issuers: Vec<&str> = book.by_issuer.iter().map(|group| group.issuer.as_str()).collect();
        assert_eq!(issuers, ["示例市工业和信息化局", "示例市科学技术局", "示例市财政局", "（未注明发文机关）"]);
        let listed: usize = book.by_issuer.iter().map(|group| group.policies.len()).sum();
        assert!(listed >= book.entries().count());
    }
}
