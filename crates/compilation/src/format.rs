//! The formats a book can be written in, and the errors of writing one.

use crate::book::Book;
use crate::{docx, html, markdown, xlsx};

/// What can go wrong between a book and its bytes.
#[derive(Debug, thiserror::Error)]
pub enum CompilationError {
    /// A format that is not (yet) written.
    #[error("format `{0}` is not available; available are {available}", available = Format::names())]
    UnknownFormat(String),
    /// The DOCX package could not be written.
    #[error("cannot write the docx package: {0}")]
    Package(#[from] zip::result::ZipError),
    /// The package's bytes could not be written.
    #[error("cannot write the docx package: {0}")]
    Io(#[from] std::io::Error),
    /// The workbook could not be written.
    #[error("cannot write the workbook: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
}

/// The formats of a compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Word document, for printing and editing.
    Docx,
    /// One self-contained page without script.
    Html,
    /// Markdown with footnotes and tables.
    Markdown,
    /// Workbook: contents, key points, conditions, windows.
    Xlsx,
}

impl Format {
    /// Every format, in the order of their names.
    pub const ALL: [Self; 4] = [Self::Docx, Self::Html, Self::Markdown, Self::Xlsx];

    /// Reads a format's name: its extension, or `markdown`.
    ///
    /// # Errors
    /// Any other name; the message lists what is available.
    pub fn from_name(name: &str) -> Result<Self, CompilationError> {
        let wanted = name.trim().to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|format| format.extension() == wanted || (wanted == "markdown" && *format == Self::Markdown))
            .ok_or_else(|| CompilationError::UnknownFormat(name.trim().to_owned()))
    }

    /// The extension of its files, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Docx => "docx",
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Xlsx => "xlsx",
        }
    }

    /// The media type under which it is served.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::extension).join(", ")
    }
}

/// Writes a book in one format. The same book gives the same bytes.
///
/// # Errors
/// Only where the container format refuses what it is given, e.g. a workbook of more than 1,048,576 rows.
pub fn render(book: &Book, format: Format) -> Result<Vec<u8>, CompilationError> {
    match format {
        Format::Docx => docx::write(book),
        Format::Html => Ok(html::write(book).into_bytes()),
        Format::Markdown => Ok(markdown::write(book).into_bytes()),
        Format::Xlsx => xlsx::write(book),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn formats_are_found_by_extension_and_name() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.extension()).unwrap(), format);
        }
        assert_eq!(Format::from_name(" Markdown ").unwrap(), Format::Markdown);
    }

    #[test]
    fn a_format_not_written_yet_is_answered_with_those_that_are() {
        for name in ["pdf", "epub", ""] {
            let error = Format::from_name(name).unwrap_err().to_string();
            assert_eq!(error, format!("format `{name}` is not available; available are docx, html, md, xlsx"));
        }
    }

    #[test]
    fn the_same_input_gives_the_same_bytes_in_every_format() {
        for format in Format::ALL {
            let first = render(&samples::book(), format).unwrap();
            let second = render(&samples::book(), format).unwrap();
            assert_eq!(model::fingerprint::sha256_hex(&first), model::fingerprint::sha256_hex(&second), "{format:?}");
        }
    }

    #[test]
    fn the_order_of_the_records_does_not_matter() {
        let (template, period, mut records, regions, made_at) = samples::input();
        let forward = crate::compile(&template, &period, &records, &regions, made_at);
        records.reverse();
        let backward = crate::compile(&template, &period, &records, &regions, made_at);
        for format in Format::ALL {
            assert_eq!(render(&forward, format).unwrap(), render(&backward, format).unwrap(), "{format:?}");
        }
    }

    #[test]
    fn two_thousand_policies_are_written_in_every_format() {
        let book = samples::book_of(2_000);
        assert_eq!(book.entries().count(), 2_000);
        for format in Format::ALL {
            assert!(render(&book, format).unwrap().len() > 50_000, "{format:?}");
        }
    }

    #[test]
    fn an_empty_period_gives_a_small_book_that_says_so() {
        let book = samples::book_of(0);
        assert!(book.is_empty());
        for format in [Format::Html, Format::Markdown] {
            let text = String::from_utf8(render(&book, format).unwrap()).unwrap();
            assert!(text.contains("本期没有收录政策"), "{text}");
        }
        for format in [Format::Docx, Format::Xlsx] {
            assert!(render(&book, format).unwrap().starts_with(b"PK"));
        }
    }
}
