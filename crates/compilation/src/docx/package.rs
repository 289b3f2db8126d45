//! The zip package of an Office document: fixed order, fixed times, nothing of the machine that made it.

use std::io::{Cursor, Write};

use jiff::Timestamp;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use crate::format::CompilationError;

/// A package being written.
pub(crate) struct Package {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
}

impl Package {
    /// An empty package whose entries carry the time the book was made.
    pub(crate) fn new(made_at: Timestamp) -> Self {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .system(zip::System::Dos)
            .unix_permissions(0o644)
            .last_modified_time(time_of(made_at));
        Self { writer: ZipWriter::new(Cursor::new(Vec::new())), options }
    }

    /// Adds a part.
    pub(crate) fn add(&mut self, name: &str, content: &str) -> Result<(), CompilationError> {
        self.writer.start_file(name, self.options)?;
        self.writer.write_all(content.as_bytes())?;
        Ok(())
    }

    /// The bytes of the whole.
    pub(crate) fn finish(self) -> Result<Vec<u8>, CompilationError> {
        Ok(self.writer.finish()?.into_inner())
    }
}

/// Zip times start in 1980 and know no zone; a moment outside stands for that start.
fn time_of(made_at: Timestamp) -> DateTime {
    let made = made_at.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |value: i8| u8::try_from(value).unwrap_or_default();
    let year = u16::try_from(made.year()).unwrap_or_default();
    let second = part(made.second()) & !1;
    DateTime::from_date_and_time(year, part(made.month()), part(made.day()), part(made.hour()), part(made.minute()), second)
        .unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Read;

    use super::*;

    /// The text parts of a package by name, in order.
    pub(crate) fn parts(bytes: &[u8]) -> Vec<(String, String)> {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        (0..archive.len())
            .map(|index| {
                let mut file = archive.by_index(index).unwrap();
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                (file.name().unwrap().to_string(), text)
            })
            .collect()
    }

    /// One text part of a package.
    #[track_caller]
    pub(crate) fn part(bytes: &[u8], name: &str) -> String {
        parts(bytes).into_iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no part {name}")).1
    }

    /// Fails where a part is no well-formed XML.
    #[track_caller]
    pub(crate) fn assert_well_formed(bytes: &[u8]) {
        for (name, xml) in parts(bytes) {
            let mut reader = quick_xml::Reader::from_str(&xml);
            reader.config_mut().check_end_names = true;
            let mut depth = 0i64;
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(quick_xml::events::Event::Start(start)) => {
                        depth += 1;
                        for attribute in start.attributes() {
                            attribute.unwrap_or_else(|error| panic!("{name}: {error}"));
                        }
                    }
                    Ok(quick_xml::events::Event::End(_)) => depth -= 1,
                    Ok(_) => {}
                    Err(error) => panic!("{name}: {error}"),
                }
            }
            assert_eq!(depth, 0, "{name}");
            assert!(xml.chars().all(|c| c >= ' ' || matches!(c, '\n' | '\r' | '\t')), "{name} holds a control character");
        }
    }

    #[test]
    fn entries_carry_the_moment_they_are_given() {
        let made_at: Timestamp = "2026-10-08T01:30:07Z".parse().unwrap();
        let mut package = Package::new(made_at);
        package.add("a.xml", "<a/>").unwrap();
        let bytes = package.finish().unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
        let time = archive.by_index(0).unwrap().last_modified().unwrap();
        assert_eq!((time.year(), time.month(), time.day(), time.hour(), time.second()), (2026, 10, 8, 1, 6));
    }

    #[test]
    fn a_moment_before_zip_times_begin_is_no_error() {
        let mut package = Package::new(Timestamp::UNIX_EPOCH);
        package.add("a.xml", "<a/>").unwrap();
        assert_eq!(part(&package.finish().unwrap(), "a.xml"), "<a/>");
    }
}
