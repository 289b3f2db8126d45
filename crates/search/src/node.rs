//! What is looked for, as a tree that names no engine: the contract between planning and whatever answers.
//!
//! Three things read it: `compile` for the embedded engine, `saved` for one policy in memory, and any further backend
//! (README.md says what each node is there). The terms in it are made by `analysis`, never by an engine.

use crate::window::Wanted;

/// The lists of terms a policy has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Field {
    /// Bigrams of the title, with positions.
    TitleBigrams,
    /// Bigrams of title and text.
    TextBigrams,
    /// Bigrams of the names of its agencies, with positions.
    IssuerBigrams,
    /// Words of the title of three characters or more, or of other letters.
    TitleWords,
    /// Words of title and text likewise.
    TextWords,
    /// Keys of its own numbers.
    Number,
    /// Keys of the numbers its text mentions.
    CitedNumber,
    /// `name=value`.
    Facet,
    /// `name=label`.
    Label,
}

impl Field {
    /// Every list of terms.
    pub(crate) const ALL: [Self; 9] = [
        Self::TitleBigrams,
        Self::TextBigrams,
        Self::IssuerBigrams,
        Self::TitleWords,
        Self::TextWords,
        Self::Number,
        Self::CitedNumber,
        Self::Facet,
        Self::Label,
    ];
}

/// A stored text, in which phrases are confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    Title,
    Body,
}

/// One condition on a policy, with what meeting it adds to the score.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    /// Met by all; adds 0.
    Everything,
    /// Met by none.
    Nothing,
    /// The list has the term. Ranked: adds BM25; else adds something that a node around it must replace.
    Term { field: Field, text: String, ranked: bool },
    /// The list has a term that begins so.
    StartsWith { field: Field, text: String },
    /// The characters stand in a row in a list with positions; adds BM25.
    Row { field: Field, text: String },
    /// All are met; adds their sum.
    All(Vec<Node>),
    /// At least so many are met; adds the sum of those that are.
    Any { least: usize, of: Vec<Node> },
    /// The node is met and none of `without`.
    But { node: Box<Node>, without: Vec<Node> },
    /// Adds this, whatever the node adds.
    Constant { node: Box<Node>, score: f32 },
    /// Adds so many times what the node adds.
    Weighted { node: Box<Node>, weight: f32 },
    /// The date lies within these days since 1970, both included.
    Dates { first: Option<i64>, last: Option<i64> },
    /// A window of the policy is as wanted on a day since 1970.
    Window { wanted: Wanted, today: i64 },
    /// The node is met, and of each phrase one spelling stands in one of the stored texts.
    Containing { node: Box<Node>, phrases: Vec<Vec<String>>, stored: Vec<Stored> },
}

impl Node {
    /// A term that is there or not.
    pub(crate) fn exact(field: Field, text: &str) -> Self {
        Self::Term { field, text: text.to_owned(), ranked: false }
    }

    /// A term that ranks.
    pub(crate) fn ranked(field: Field, text: &str) -> Self {
        Self::Term { field, text: text.to_owned(), ranked: true }
    }

    /// One of these.
    pub(crate) fn any(mut of: Vec<Self>) -> Self {
        match of.len() {
            0 => Self::Nothing,
            1 => of.swap_remove(0),
            _ => Self::Any { least: 1, of },
        }
    }

    /// All of these.
    pub(crate) fn all(mut of: Vec<Self>) -> Self {
        match of.len() {
            0 => Self::Everything,
            1 => of.swap_remove(0),
            _ => Self::All(of),
        }
    }

    /// The node with this score.
    pub(crate) fn scoring(self, score: f32) -> Self {
        Self::Constant { node: Box::new(self), score }
    }

    /// The node with its score weighted.
    pub(crate) fn weighted(self, weight: f32) -> Self {
        Self::Weighted { node: Box::new(self), weight }
    }

    /// The node, where the stored texts have one spelling of each phrase. Phrases of one or two characters are terms of
    /// the index and need no second look, unless only one of the texts counts.
    pub(crate) fn containing(self, phrases: &[Vec<String>], stored: &[Stored]) -> Self {
        let is_term = |spellings: &[String]| stored.len() > 1 && spellings.iter().all(|text| text.chars().count() <= 2);
        let phrases: Vec<Vec<String>> = phrases.iter().filter(|spellings| !is_term(spellings)).cloned().collect();
        if phrases.is_empty() {
            return self;
        }
        Self::Containing { node: Box::new(self), phrases, stored: stored.to_vec() }
    }
}
