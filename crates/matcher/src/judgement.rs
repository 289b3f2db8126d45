//! What is said about one condition before it is put beside the policy's words.

use model::Truth;

/// The judgement of one condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) truth: Truth,
    pub(crate) has: Option<String>,
    pub(crate) gap: Option<String>,
    pub(crate) ask: Option<String>,
    /// Missed by so little that the enterprise should hear of it.
    pub(crate) near: bool,
}

impl Judgement {
    pub(crate) fn of(truth: Truth) -> Self {
        Self { truth, has: None, gap: None, ask: None, near: false }
    }

    pub(crate) fn met_if(met: bool) -> Self {
        Self::of(if met { Truth::Met } else { Truth::NotMet })
    }

    /// Unknown, with the fact to ask for.
    pub(crate) fn unknown(ask: impl Into<String>) -> Self {
        Self { ask: Some(ask.into()), ..Self::of(Truth::Unknown) }
    }

    /// For a person to decide, with why.
    pub(crate) fn review(why: impl Into<String>) -> Self {
        Self { gap: Some(why.into()), ..Self::of(Truth::Review) }
    }

    pub(crate) fn has(self, has: impl Into<String>) -> Self {
        Self { has: Some(has.into()), ..self }
    }

    pub(crate) fn gap(self, gap: impl Into<String>) -> Self {
        Self { gap: Some(gap.into()), ..self }
    }

    /// The same for the opposite requirement. How near a miss is does not carry over.
    pub(crate) fn inverted(self) -> Self {
        match self.truth {
            Truth::Met => Self { truth: Truth::NotMet, gap: None, near: false, ..self },
            Truth::NotMet => Self { truth: Truth::Met, gap: None, near: false, ..self },
            Truth::Unknown | Truth::Review => self,
        }
    }

    /// The opposite if `negated`.
    pub(crate) fn inverted_if(self, negated: bool) -> Self {
        if negated { self.inverted() } else { self }
    }
}
