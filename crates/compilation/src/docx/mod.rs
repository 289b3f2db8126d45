//! The book as a Word document (ECMA-376, transitional), written part by part.
//!
//! Written by hand because the order of elements matters: Word repairs or refuses a document whose `pPr` children are in the
//! wrong order. The
//! properties of paragraphs therefore live in the style sheet ([`parts`]) and a test walks every part for the order of children.

mod body;
pub(crate) mod package;
mod paging;
mod parts;
mod xml;

use crate::book::Book;
use crate::format::CompilationError;

/// Writes the document.
pub(crate) fn write(book: &Book) -> Result<Vec<u8>, CompilationError> {
    let body = body::write(book);
    let mut package = package::Package::new(book.made_at);
    package.add("[Content_Types].xml", parts::CONTENT_TYPES)?;
    package.add("_rels/.rels", parts::ROOT_RELATIONSHIPS)?;
    package.add("docProps/app.xml", parts::APP_PROPERTIES)?;
    package.add("docProps/core.xml", &parts::core_properties(book))?;
    package.add("word/document.xml", &body.document)?;
    package.add("word/_rels/document.xml.rels", &parts::document_relationships(&body.links))?;
    package.add("word/styles.xml", &parts::styles())?;
    package.add("word/settings.xml", parts::SETTINGS)?;
    package.add("word/fontTable.xml", &parts::font_table())?;
    package.add("word/footnotes.xml", &body.footnotes)?;
    package.add("word/header1.xml", &parts::header(&book.title, "right"))?;
    package.add("word/header2.xml", &parts::header(&book.period.label, "left"))?;
    package.add("word/footer1.xml", &parts::footer("right"))?;
    package.add("word/footer2.xml", &parts::footer("left"))?;
    package.finish()
}

#[cfg(test)]
mod tests {
    use quick_xml::events::Event;

    use super::package::tests::{assert_well_formed, part, parts};
    use super::*;
    use crate::samples;

    /// Children of property elements in the order ECMA-376 demands (those we use and their neighbours).
    const ORDERS: &[(&str, &[&str])] = &[
        (
            "w:pPr",
            &[
                "w:pStyle",
                "w:keepNext",
                "w:keepLines",
                "w:pageBreakBefore",
                "w:widowControl",
                "w:numPr",
                "w:pBdr",
                "w:shd",
                "w:tabs",
                "w:snapToGrid",
                "w:spacing",
                "w:ind",
                "w:jc",
                "w:outlineLvl",
                "w:rPr",
                "w:sectPr",
            ],
        ),
        ("w:rPr", &["w:rStyle", "w:rFonts", "w:b", "w:i", "w:color", "w:sz", "w:szCs", "w:u", "w:vertAlign", "w:lang"]),
        ("w:tblPr", &["w:tblStyle", "w:tblW", "w:jc", "w:tblBorders", "w:tblLayout", "w:tblCellMar", "w:tblLook"]),
        ("w:tcPr", &["w:tcW", "w:gridSpan", "w:tcBorders", "w:shd", "w:vAlign"]),
        (
            "w:sectPr",
            &[
                "w:headerReference",
                "w:footerReference",
                "w:footnotePr",
                "w:type",
                "w:pgSz",
                "w:pgMar",
                "w:pgNumType",
                "w:cols",
                "w:titlePg",
                "w:docGrid",
            ],
        ),
        (
            "w:settings",
            &[
                "w:zoom",
                "w:mirrorMargins",
                "w:defaultTabStop",
                "w:evenAndOddHeaders",
                "w:characterSpacingControl",
                "w:updateFields",
                "w:footnotePr",
                "w:compat",
                "w:themeFontLang",
                "w:decimalSymbol",
                "w:listSeparator",
            ],
        ),
        ("w:style", &["w:name", "w:basedOn", "w:next", "w:uiPriority", "w:qFormat", "w:pPr", "w:rPr", "w:tblPr"]),
        ("w:font", &["w:altName", "w:panose1", "w:charset", "w:family", "w:pitch", "w:sig"]),
    ];

    /// Every element with the names of its children.
    fn children(xml: &str) -> Vec<(String, Vec<String>)> {
        let mut reader = quick_xml::Reader::from_str(xml);
        let mut open: Vec<(String, Vec<String>)> = vec![(String::new(), Vec::new())];
        let mut closed = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    let name = start.name().as_ref().to_owned();
                    open.last_mut().unwrap().1.push(name.clone());
                    open.push((name, Vec::new()));
                }
                Event::Empty(empty) => {
                    let name = empty.name().as_ref().to_owned();
                    open.last_mut().unwrap().1.push(name);
                }
                Event::End(_) => closed.extend(open.pop()),
                Event::Eof => return closed,
                _ => {}
            }
        }
    }

    #[test]
    fn children_of_property_elements_come_in_schema_order() {
        let bytes = write(&samples::hostile_book()).unwrap();
        let mut checked = 0;
        for (part, xml) in parts(&bytes) {
            for (name, found) in children(&xml) {
                let Some((_, order)) = ORDERS.iter().find(|(element, _)| *element == name) else { continue };
                let places: Vec<usize> = found
                    .iter()
                    .map(|child| {
                        order.iter().position(|known| known == child).unwrap_or_else(|| panic!("{part}: {name} has {child}"))
                    })
                    .collect();
                assert!(places.is_sorted(), "{part}: {name} has {found:?}");
                checked += 1;
            }
        }
        assert!(checked > 100, "{checked}");
    }

    #[test]
    fn every_part_is_well_formed_whatever_the_texts() {
        for book in [samples::book(), samples::hostile_book(), samples::book_of(0)] {
            assert_well_formed(&write(&book).unwrap());
        }
    }

    #[test]
    fn a_title_that_looks_like_markup_is_text() {
        let document = part(&write(&samples::hostile_book()).unwrap(), "word/document.xml");
        assert!(document.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(document.contains("控制字符"));
    }

    #[test]
    fn footnotes_are_called_once_each_and_in_order() {
        let bytes = write(&samples::book()).unwrap();
        let ids = |xml: &str, before: &str| -> Vec<i64> {
            xml.split(before).skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect()
        };
        let called = ids(&part(&bytes, "word/document.xml"), "<w:footnoteReference w:id=\"");
        let written = ids(&part(&bytes, "word/footnotes.xml"), "<w:footnote w:id=\"");
        assert!(!called.is_empty());
        assert_eq!(called, written);
        assert_eq!(called, (1..=i64::try_from(called.len()).unwrap()).collect::<Vec<_>>());
    }

    #[test]
    fn every_link_and_page_field_has_its_target_once() {
        let bytes = write(&samples::book()).unwrap();
        let document = part(&bytes, "word/document.xml");
        let relationships = part(&bytes, "word/_rels/document.xml.rels");
        for id in document.split("r:id=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert_eq!(relationships.matches(&format!("Id=\"{id}\"")).count(), 1, "{id}");
        }
        for anchor in document.split("w:anchor=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert_eq!(document.matches(&format!("w:name=\"{anchor}\"")).count(), 1, "{anchor}");
        }
    }

    #[test]
    fn stand_ins_of_fonts_are_what_word_reads_as_one_name() {
        let fonts = part(&write(&samples::book()).unwrap(), "word/fontTable.xml");
        let names: Vec<&str> = fonts.split("altName w:val=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() >= 5);
        assert!(names.iter().all(|name| name.chars().count() <= 31 && !name.contains([',', ';'])), "{names:?}");
    }

    #[test]
    fn fields_are_opened_and_closed_in_pairs() {
        let bytes = write(&samples::book()).unwrap();
        for (name, xml) in parts(&bytes) {
            let count = |kind: &str| xml.matches(&format!("w:fldCharType=\"{kind}\"")).count();
            assert_eq!((count("begin"), count("separate")), (count("end"), count("end")), "{name}");
        }
    }

    #[test]
    fn every_part_has_a_content_type_and_the_types_come_first() {
        let bytes = write(&samples::book()).unwrap();
        let names: Vec<String> = parts(&bytes).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names[0], "[Content_Types].xml");
        let types = part(&bytes, "[Content_Types].xml");
        for name in names.iter().filter(|name| name.ends_with(".xml") && *name != "[Content_Types].xml") {
            assert!(types.contains(&format!("PartName=\"/{name}\"")), "{name}");
        }
    }
}
