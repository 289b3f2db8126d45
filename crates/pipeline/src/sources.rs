//! Reading `sources.toml`: beyond its form, ids are unique and sorted, codes and families exist, schedules fire.

use std::collections::BTreeSet;
use std::ops::Range;

use model::source::Sources;
use model::{ConfigError, Regions, Source};
use url::Url;

use crate::schedule::Cron;

/// Reads and checks the sources; the error points at the entry's own line.
///
/// # Errors
/// The first mistake with file, line, column and what was expected.
pub fn parse_sources(file: &str, text: &str, regions: &Regions, families: &[&str]) -> Result<Vec<Source>, ConfigError> {
    let sources: Sources = model::config::parse(file, text)?;
    let entries = entry_ranges(text);
    let mut seen = BTreeSet::new();
    let mut previous = "";
    for (index, source) in sources.sources.iter().enumerate() {
        let entry = entries.get(index).cloned().unwrap_or(0..0);
        let refuse = |key: &str, message: String| Err(ConfigError::at(file, text, key_range(text, &entry, key), message));
        let id = source.id.as_str();
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            return refuse("id", format!("source id `{id}`: expected lower-case letters, digits and `-`"));
        }
        if !seen.insert(id) {
            return refuse("id", format!("source id `{id}` stands twice: expected unique ids"));
        }
        if id < previous {
            return refuse("id", format!("source `{id}` comes after `{previous}`: expected entries sorted by id"));
        }
        previous = id;
        if let Some((key, message)) = mistake_in(source, regions, families) {
            return refuse(key, format!("source `{id}`: {message}"));
        }
    }
    Ok(sources.sources)
}

/// The first field of an entry whose value makes no sense, with what was expected.
fn mistake_in(source: &Source, regions: &Regions, families: &[&str]) -> Option<(&'static str, String)> {
    if !Url::parse(&source.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Some(("url", format!("url `{}`: expected an absolute http or https address", source.url)));
    }
    if source.region != model::region::COUNTRY && regions.get(&source.region).is_none() {
        return Some(("region", format!("region `{}`: expected a GB/T 2260 code of rules/regions.csv or 000000", source.region)));
    }
    if let Some(family) = source.family.as_deref().filter(|family| !families.contains(family)) {
        return Some(("family", format!("family `{family}`: expected one of {}", families.join(", "))));
    }
    if let Err(message) = Cron::parse(&source.schedule, &source.zone) {
        let key = if message.starts_with("zone") { "zone" } else { "schedule" };
        return Some((key, message));
    }
    if !source.paging.pattern.is_empty() && !source.paging.pattern.contains("{n}") {
        return Some(("pattern", format!("paging pattern `{}`: expected `{{n}}` in it", source.paging.pattern)));
    }
    (source.rate_ms < LEAST_RATE_MS).then(|| {
        ("rate_ms", format!("rate_ms {}: expected at least {LEAST_RATE_MS}, so that no site is pressed", source.rate_ms))
    })
}

/// Ten requests a second is the most anybody should ask of a government site.
const LEAST_RATE_MS: u64 = 100;

/// The byte range of each `[[source]]` entry.
fn entry_ranges(text: &str) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("[[source]]") {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain(std::iter::once(text.len()));
    starts.iter().copied().zip(ends.collect::<Vec<_>>()).map(|(start, end)| start..end).collect()
}

/// The value of `key` inside an entry, else the entry's first line.
fn key_range(text: &str, entry: &Range<usize>, key: &str) -> Range<usize> {
    let mut at = entry.start;
    for line in text.get(entry.clone()).unwrap_or_default().split_inclusive('\n') {
        if let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            let start = at + name.len() + 1 + (value.len() - value.trim_start().len());
            return start..start + value.trim().len();
        }
        at += line.len();
    }
    entry.start..entry.start
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[[source]]
id = "bj-zcwj"
name = "北京市政策文件"
issuer = "北京市人民政府"
region = "110000"
level = "province"
column = "政策文件"
url = "https://www.beijing.gov.cn/zhengce/"
family = "trs"
schedule = "10 7 * * *"
"#;

    fn read(text: &str) -> Result<Vec<Source>, ConfigError> {
        let regions = Regions::parse("code,name,level,parent\n110000,北京市,1,\n").unwrap();
        parse_sources("sources.toml", text, &regions, &["trs"])
    }

    #[test]
    fn a_good_entry_gets_the_usual_settings() {
        let source = read(GOOD).unwrap().remove(0);
        assert_eq!((source.zone.as_str(), source.rate_ms, source.enabled, source.verified), ("Asia/Shanghai", 1000, true, false));
    }

    #[test]
    fn each_mistake_is_answered_at_its_value() {
        for (from, to, line, expected) in [
            ("\"110000\"", "\"999999\"", 6, "expected a GB/T 2260 code"),
            ("\"trs\"", "\"trss\"", 10, "expected one of trs"),
            ("\"10 7 * * *\"", "\"10 7 * * 1\"", 11, "day of week"),
            ("\"10 7 * * *\"", "\"never\"", 11, "schedule `never`"),
            ("\"bj-zcwj\"", "\"BJ\"", 3, "lower-case"),
            ("\"https://www.beijing.gov.cn/zhengce/\"", "\"www.beijing.gov.cn\"", 9, "absolute http"),
            ("level = \"province\"", "level = \"town\"", 7, "expected one of"),
            ("column = ", "colum = ", 8, "unknown field"),
        ] {
            let error = read(&GOOD.replace(from, to)).unwrap_err();
            assert_eq!(error.line, line, "{error}");
            assert!(error.message.contains(expected), "{error}");
        }
    }

    #[test]
    fn entries_out_of_order_or_twice_are_refused() {
        let twice = format!("{GOOD}{GOOD}");
        assert!(read(&twice).unwrap_err().message.contains("stands twice"));
        let unsorted = format!("{GOOD}{}", GOOD.replace("bj-zcwj", "aa"));
        assert!(read(&unsorted).unwrap_err().message.contains("sorted by id"));
    }
}
