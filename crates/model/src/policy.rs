//! A policy: one act of government with its copies, revisions, life-cycle and the decisions editors made about it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::annotation::Annotation;
use crate::document::Document;
use crate::id::{DocumentId, PolicyId, SnapshotId, SourceId};
use crate::life::{LifeCourse, Standing, day_in_china};

/// 效力状态.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifeCycle {
    /// 征求意见稿.
    Draft,
    /// 已发布未施行.
    Issued,
    /// 现行有效.
    InForce,
    /// 已修改.
    Amended,
    /// 失效.
    Expired,
    /// 废止.
    Repealed,
    /// 被替代.
    Superseded,
    /// 效力待确认: shown, never pushed.
    #[default]
    Unknown,
}

impl LifeCycle {
    /// All states in the order a policy passes through them.
    pub const ALL: [Self; 8] =
        [Self::Draft, Self::Issued, Self::InForce, Self::Amended, Self::Expired, Self::Repealed, Self::Superseded, Self::Unknown];

    /// The word shown to users.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Draft => "征求意见",
            Self::Issued => "已发布未施行",
            Self::InForce => "现行有效",
            Self::Amended => "已修改",
            Self::Expired => "已失效",
            Self::Repealed => "已废止",
            Self::Superseded => "被替代",
            Self::Unknown => "效力待确认",
        }
    }

    /// The stable name used in filters and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Issued => "issued",
            Self::InForce => "in_force",
            Self::Amended => "amended",
            Self::Expired => "expired",
            Self::Repealed => "repealed",
            Self::Superseded => "superseded",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a policy in this state is no longer in force.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Expired | Self::Repealed | Self::Superseded)
    }

    /// Whether a policy in this state may be pushed to enterprises: only what is issued or in force.
    #[must_use]
    pub const fn may_be_pushed(self) -> bool {
        matches!(self, Self::Issued | Self::InForce | Self::Amended)
    }
}

/// Where a policy stands on the editor's desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Desk {
    /// 待筛选.
    #[default]
    Waiting,
    /// 已收录.
    Accepted,
    /// 已排除.
    Excluded,
    /// 已发布.
    Published,
    /// 撤回.
    Withdrawn,
}

/// One act of government.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// The id of the first document that carried it.
    pub id: PolicyId,
    /// Title of the current revision.
    pub title: String,
    /// The title inside 《》 of a 印发 or 转发 notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inner_title: Option<String>,
    /// Life-cycle state.
    pub state: LifeCycle,
    /// The words of the document, or of the page, that prove the state.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub state_evidence: String,
    /// Its dates and states over time, with why. The state above is that of the day it was last derived on.
    #[serde(default, skip_serializing_if = "LifeCourse::is_empty")]
    pub course: LifeCourse,
    /// GB/T 2260 code of the place it is for; `000000` is the whole country.
    pub region: String,
    /// Every place it stands, the canonical copy first.
    pub copies: Vec<Copy>,
    /// Its texts over time, oldest first; the last one is current.
    pub revisions: Vec<Revision>,
    /// When it was first stored.
    pub first_seen: Timestamp,
    /// When its text or fields last changed.
    pub changed: Timestamp,
}

impl Policy {
    /// Number of the current revision, from 1.
    #[must_use]
    pub fn revision(&self) -> u32 {
        u32::try_from(self.revisions.len()).unwrap_or(u32::MAX)
    }
}

impl Policy {
    /// What one of its documents is to it: `canonical`, `revision` where it brought another text, else `copy`.
    #[must_use]
    pub fn role_of(&self, document: &DocumentId) -> &'static str {
        let brought = self.revisions.iter().any(|revision| revision.document == *document);
        let is_earlier = self.copies.iter().any(|copy| copy.document == *document && copy.is_earlier);
        if self.copies.first().is_some_and(|first| first.document == *document) {
            "canonical"
        } else if brought || is_earlier {
            "revision"
        } else {
            "copy"
        }
    }
}

/// One document that carries a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// The document.
    pub document: DocumentId,
    /// Where it stands.
    pub url: String,
    /// The source it came through.
    pub source: SourceId,
    /// Fingerprint of its main text.
    pub fingerprint: String,
    /// When it was last seen.
    pub seen: Timestamp,
    /// Whether it has an earlier text of the act than those known before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_earlier: bool,
}

/// One text of a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Number from 1.
    pub number: u32,
    /// The document whose text it is.
    pub document: DocumentId,
    /// The archived bytes that text was read from; empty for imports.
    pub snapshot: SnapshotId,
    /// Fingerprint of the main text.
    pub fingerprint: String,
    /// When it was first seen.
    pub seen: Timestamp,
}

/// Everything known of one policy: what search indexes, the matcher reads and a page shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The act.
    pub policy: Policy,
    /// The document of the current revision.
    pub document: Document,
    /// What was found in its text; spans refer to `document.text`.
    pub annotation: Annotation,
    /// What editors decided.
    #[serde(default)]
    pub decision: Option<Decision>,
}

impl Record {
    /// Its state on a day; an editor's decision wins over what is found.
    #[must_use]
    pub fn standing(&self, day: Date) -> Standing {
        self.policy.course.decided_on(day, self.decision.as_ref())
    }

    /// The date readers sort by: published, else signed, else none.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.document.published.map(|moment| moment.date).or(self.document.issued)
    }
}

/// What an editor decided about a policy; never overwritten by a re-run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Where the policy goes on the desk.
    pub desk: Desk,
    /// Who decided.
    pub editor: String,
    /// Why, in the editor's words.
    #[serde(default)]
    pub reason: String,
    /// Tags set by hand, as `kind:value`; they win over found ones.
    #[serde(default)]
    pub tags: Vec<String>,
    /// A state set by hand; wins over the found one.
    #[serde(default)]
    pub state: Option<LifeCycle>,
    /// The first day of that state, where the editor names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_since: Option<Date>,
    /// When.
    pub at: Timestamp,
}

impl Decision {
    /// The day from which on its state wins.
    #[must_use]
    pub fn state_begins(&self) -> Date {
        self.state_since.unwrap_or_else(|| day_in_china(self.at))
    }
}
