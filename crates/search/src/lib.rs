//! Full-text search over policies: the only crate that knows the index engine.
//!
//! The index is a copy of the store and may be deleted at any time. Two analyses of every text stand side by side.
//! Character bigrams decide what matches: every string of the corpus is found, and the stored text confirms each phrase,
//! so that nothing else is. Bigrams and jieba words together rank. Queries are built by hand from [`model::Query`]; the
//! engine's own query parser makes a phrase of every Chinese word and is never used.
//!
//! | module | it alone knows |
//! |---|---|
//! | `parse` | the syntax a reader types |
//! | `lexicon` | synonyms, stop words and weights, read from `index/` |
//! | `analysis` | how a text becomes terms |
//! | `schema` | the fields, and how a record fills them |
//! | `facet` | filters and facets |
//! | `question` | what a question looks for |
//! | `plan` | how a question becomes an engine query |
//! | `verify` | exact phrases, decided by the stored text |
//! | `collect` | ranking, counting and facets in one pass |
//! | `snippet` | the part of a text worth showing |
//! | `folder` | the index on disk: its version, its emptying |
//! | `index` | writing and searching |

mod analysis;
mod collect;
mod error;
mod facet;
mod folder;
mod index;
mod lexicon;
mod parse;
mod plan;
mod question;
mod schema;
mod snippet;
#[cfg(test)]
mod tests;
mod verify;

pub use error::{QueryError, SearchError};
pub use facet::{FACETS, FILTERS};
pub use index::Index;
pub use lexicon::Lexicon;
pub use parse::{DEFAULT_LIMIT, MOST_CLAUSES, MOST_QUERY_CHARACTERS, parse_query};
