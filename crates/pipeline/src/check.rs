//! Everything that can be wrong with the data files, found before a run: each rule hits its hit and misses its miss.

use crate::data::Data;
use crate::pipeline::Stages;

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Data files read.
    pub files: usize,
    /// Sources read.
    pub sources: usize,
    /// Sources whose rules were proved on a stored page.
    pub verified: usize,
    /// What is wrong, in words.
    pub failures: Vec<String>,
}

/// Reads all data files and runs every example.
///
/// # Errors
/// A file that cannot be read at all, with the place of the mistake.
pub fn check(data: Data) -> anyhow::Result<Checked> {
    let files = data.rules.len() + data.index.len() + 1;
    let stages = Stages::new(data)?;
    stages.lexicon()?;
    let mut failures = stages.extractor.check_examples();
    failures.extend(stages.annotator.check_examples());
    failures.extend(stages.matcher.check_qualifications());
    for (name, text) in stages.data.rules_below("compilations") {
        if let Err(error) = compilation::Template::parse(&name, &text) {
            failures.push(error.to_string());
        }
    }
    let verified = stages.sources.iter().filter(|source| source.verified).count();
    Ok(Checked { files, sources: stages.sources.len(), verified, failures })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_rules_and_sources_hold() {
        let checked = check(Data::load(None).unwrap()).unwrap();
        assert_eq!(checked.failures, Vec::<String>::new());
        assert!(checked.sources >= 40, "{} sources", checked.sources);
    }
}
