//! The network, and the archive of everything that came from it.
//!
//! [`Http`] is polite (one queue a host, robots.txt, `Retry-After`), bounded (bytes, time, redirects, decompression) and
//! guarded (no private address on any hop). [`Replay`] answers the same calls from stored pages. [`Archive`] keeps
//! responses for ever in WARC/1.1 files, and [`decode`] turns bodies into text whatever their headers claim.

mod archive;
mod body;
mod charset;
mod error;
mod guard;
mod http;
mod replay;
mod transport;
mod warc;

pub use archive::{Archive, ArchiveError, BucketPlace, Entry, SharedArchive, Snapshot, Verification};
pub use charset::{Decoded, decode};
pub use error::FetchError;
pub use guard::Guard;
pub use http::{Http, HttpConfig};
pub use replay::Replay;
pub use transport::{AnyTransport, Post, Request, Response, Transport};
