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
//! | `lexicon` | synonyms, stop words, weights and traditional characters |
//! | `analysis` | how a text becomes terms |
//! | `entry`, `facet`, `window` | what is kept of a record |
//! | `question` | what a question looks for |
//! | `node`, `plan` | the same as a tree that names no engine |
//! | `schema`, `compile`, `collect`, `verify` | the embedded engine: columns, queries, one pass over what matches, exact phrases |
//! | `snippet` | the part of a text worth showing |
//! | `vocabulary` | the words of the corpus: suggestions and slips |
//! | `similar` | what is like a policy |
//! | `saved` | kept questions held against new policies |
//! | `folder`, `serving`, `index` | generations on disk, writing, building again, snapshots |
//! | `answer` | answering |

mod analysis;
mod answer;
mod collect;
mod compile;
mod entry;
mod error;
mod facet;
mod folder;
mod index;
mod lexicon;
mod node;
mod parse;
mod plan;
mod question;
mod saved;
mod schema;
mod serving;
mod similar;
mod snippet;
#[cfg(test)]
mod tests;
mod verify;
mod vocabulary;
mod window;

pub use error::{QueryError, SearchError};
pub use facet::{FACETS, FILTERS, LEVELS};
pub use index::{Index, Rebuild};
pub use lexicon::Lexicon;
pub use parse::{DEFAULT_LIMIT, MOST_CLAUSES, MOST_QUERY_CHARACTERS, parse_query};
pub use saved::SavedQueries;
