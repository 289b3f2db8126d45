//! Identifiers: distinct types over one short string, so that a policy id never stands where a document id belongs.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! string_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    )+};
}

string_id! {
    /// One column of one site: the `id` of an entry in `sources.toml`.
    SourceId,
    /// Bytes as fetched: the SHA-256 of the body in lower-case hexadecimal (64 characters).
    SnapshotId,
    /// One page or imported text: given with `import`, else derived from the URL by [`DocumentId::of_url`].
    DocumentId,
    /// One act of government: the id of the first document that carried it.
    PolicyId,
    /// One enterprise: the id given in its profile.
    EnterpriseId,
    /// One message: its idempotency key.
    MessageId,
}

impl DocumentId {
    /// The id of a fetched page: the first 16 hexadecimal characters of the SHA-256 of its normal URL.
    #[must_use]
    pub fn of_url(url: &str) -> Self {
        let mut digest = crate::fingerprint::sha256_hex(normal_url(url).as_bytes());
        digest.truncate(16);
        Self(digest)
    }
}

/// The URL under which one page is known: without fragment, `http` and `https` taken as the same site, the host in lower
/// case without its final dot and usual port, and `.` and `..` followed as a browser would.
#[must_use]
pub fn normal_url(url: &str) -> String {
    let without_fragment = url.split('#').next().unwrap_or(url).trim();
    let schemes = ["https://", "http://"];
    let Some(rest) = schemes.iter().find_map(|scheme| strip_prefix_ignoring_case(without_fragment, scheme)) else {
        return without_fragment.to_owned();
    };
    let (place, query) = rest.find('?').map_or((rest, ""), |at| rest.split_at(at));
    let (host, path) = place.find('/').map_or((place, ""), |at| place.split_at(at));
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(":80").or_else(|| host.strip_suffix(":443")).unwrap_or(&host);
    format!("{}{}{query}", host.trim_end_matches('.'), without_dots(path))
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// A path with its `.` and `..` steps taken (RFC 3986, 5.2.4).
fn without_dots(path: &str) -> String {
    if !path.split('/').any(|step| step == "." || step == "..") {
        return path.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let ends_in_folder = path.ends_with("/.") || path.ends_with("/..");
    for step in path.split('/').skip(1) {
        match step {
            "." => {}
            ".." => drop(kept.pop()),
            step => kept.push(step),
        }
    }
    if ends_in_folder {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_under_http_and_https_is_one_document() {
        let plain = DocumentId::of_url("http://www.gov.cn/a.html");
        assert_eq!(plain, DocumentId::of_url("https://www.gov.cn/a.html#top"));
        assert_ne!(plain, DocumentId::of_url("https://www.gov.cn/b.html"));
        assert_eq!(plain.as_str().len(), 16);
    }

    #[test]
    fn spellings_of_one_address_are_one() {
        for (spelling, normal) in [
            ("HTTP://Sti.Example.CN./xxgk/a.htm", "sti.example.cn/xxgk/a.htm"),
            ("http://a.cn:80/./202601/p.pdf", "a.cn/202601/p.pdf"),
            ("https://a.cn:443/zwgk/gsgg/../zt/t.htm?id=../1#x", "a.cn/zwgk/zt/t.htm?id=../1"),
            ("http://a.cn/../../zt/t.htm", "a.cn/zt/t.htm"),
            ("http://a.cn/b/..", "a.cn/"),
            ("http://a.cn?x=1", "a.cn?x=1"),
            ("../../zt/t.htm", "../../zt/t.htm"),
            ("http://a.cn:8080/Big.html", "a.cn:8080/Big.html"),
            ("http:/", "http:/"),
        ] {
            assert_eq!(normal_url(spelling), normal, "{spelling}");
        }
    }
}
