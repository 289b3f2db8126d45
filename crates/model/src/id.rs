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

/// The URL under which one page is known: without fragment, and `http` and `https` taken as the same site.
#[must_use]
pub fn normal_url(url: &str) -> String {
    let without_fragment = url.split('#').next().unwrap_or(url).trim();
    without_fragment
        .strip_prefix("https://")
        .or_else(|| without_fragment.strip_prefix("http://"))
        .unwrap_or(without_fragment)
        .to_owned()
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
}
