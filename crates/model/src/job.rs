//! Units of queued work: what `web` puts in the queue and `pipeline` does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{EnterpriseId, PolicyId, SourceId};

/// What is to be done. Doing it twice equals doing it once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Fetch one source now.
    Crawl {
        /// The source.
        source: SourceId,
    },
    /// Annotate and index one policy whose text or decision changed.
    Annotate {
        /// The policy.
        policy: PolicyId,
    },
    /// Match one policy against all enterprises and fill the outbox.
    MatchPolicy {
        /// The policy.
        policy: PolicyId,
    },
    /// Match one enterprise against all open policies and fill the outbox.
    MatchEnterprise {
        /// The enterprise.
        enterprise: EnterpriseId,
    },
}

impl Job {
    /// The key under which the same work is queued once.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Crawl { source } => format!("crawl/{source}"),
            Self::Annotate { policy } => format!("annotate/{policy}"),
            Self::MatchPolicy { policy } => format!("match_policy/{policy}"),
            Self::MatchEnterprise { enterprise } => format!("match_enterprise/{enterprise}"),
        }
    }
}

/// A queued job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedJob {
    /// What to do.
    #[serde(flatten)]
    pub job: Job,
    /// When it may be done first.
    pub due: Timestamp,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Until when a worker holds it; a worker that died loses it then.
    #[serde(default)]
    pub leased_until: Option<Timestamp>,
    /// The lease's token: only its holder may complete the job.
    #[serde(default)]
    pub token: u64,
    /// The last failure.
    #[serde(default)]
    pub last_error: Option<String>,
}
