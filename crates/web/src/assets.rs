//! Style sheet, scripts and icon, embedded in the program and served under an address that changes with their content.
//!
//! One hash covers the whole folder, so that modules may import each other by relative address.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// The hash of all files: the first 16 hexadecimal characters of a SHA-256 over their names and contents.
fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut names: Vec<_> = Files::iter().collect();
        names.sort();
        let listing: String = names
            .iter()
            .filter_map(|name| Files::get(name).map(|file| format!("{name} {}\n", model::fingerprint::sha256_hex(&file.data))))
            .collect();
        let mut digest = model::fingerprint::sha256_hex(listing.as_bytes());
        digest.truncate(16);
        digest
    })
}

/// The address of a file, for templates.
#[must_use]
pub fn url(name: &str) -> String {
    format!("/assets/{}/{name}", version())
}

/// `GET /assets/{version}/{name}`. An old version, from a page loaded before an update, gets the current file uncached.
pub async fn serve(Path((asked, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let missing = || Problem::not_found("个文件");
    let kind = content_type(&name).ok_or_else(missing)?;
    let file = Files::get(&name).ok_or_else(missing)?;
    let caching = if asked == version() { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CACHE_CONTROL, HeaderValue::from_static(caching))];
    Ok((headers, file.data.into_owned()).into_response())
}

/// The types served; the notes beside the files have none.
fn content_type(name: &str) -> Option<&'static str> {
    match name.rsplit('.').next() {
        Some("css") => Some("text/css; charset=utf-8"),
        Some("js") => Some("text/javascript; charset=utf-8"),
        Some("svg") => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendored_script_is_the_recorded_one() {
        let readme = include_str!("../assets/README.md");
        let script = Files::get("htmx.min.js").unwrap();
        assert!(readme.contains(&model::fingerprint::sha256_hex(&script.data)), "assets/README.md names another SHA-256");
    }

    #[test]
    fn every_embedded_file_has_a_type_browsers_accept_under_nosniff() {
        for name in Files::iter().filter(|name| !name.ends_with(".md")) {
            assert!(content_type(&name).is_some(), "{name}");
        }
    }
}
