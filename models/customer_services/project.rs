//! A project of a client.

use mongoplex::{
    Broken, Index, Model, Resource, Upkeep,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize};

/// Work for a client, from the first draft to the archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// The tenant's own name for it, unique within the tenant.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// Whom it is for.
    pub client_id: ObjectId,
    /// What kind of work it is.
    #[serde(rename = "type")]
    pub kind: ProjectType,
    /// How urgent it is.
    #[serde(default)]
    pub priority: Priority,
    /// Where it stands; see [`ProjectStatus::next`].
    #[serde(default)]
    pub status: ProjectStatus,
    /// What it may cost, in cents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<i64>,
    /// When it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime>,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime>,
}

/// What kind of work a project is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectType {
    /// Where to go.
    Strategy,
    /// Getting there.
    Implementation,
    /// A change of how the client works.
    Transformation,
    /// A look from outside.
    Assessment,
    /// Keeping it going.
    Support,
}

/// How urgent a project is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// At once.
    Critical,
    /// Before others.
    High,
    /// In its turn.
    #[default]
    Medium,
    /// After others.
    Low,
}

/// Where a project stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProjectStatus {
    /// Being written down.
    #[default]
    Draft,
    /// Waiting for a yes.
    PendingApproval,
    /// May begin.
    Approved,
    /// Goes on.
    Active,
    /// Rests.
    OnHold,
    /// Done.
    Completed,
    /// Given up.
    Cancelled,
    /// Put away.
    Archived,
}

impl ProjectStatus {
    /// Returns the stages that may follow.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::PendingApproval, Self::Cancelled],
            Self::PendingApproval => &[Self::Approved, Self::Cancelled],
            Self::Approved => &[Self::Active, Self::Cancelled],
            Self::Active => &[Self::OnHold, Self::Completed, Self::Cancelled],
            Self::OnHold => &[Self::Active, Self::Cancelled],
            Self::Completed => &[Self::Archived],
            Self::Cancelled | Self::Archived => &[],
        }
    }
}

impl Model for Project {
    const COLLECTION: &str = "projects";
    const INDEXES: &[Index] = &[
        Index::on(&["code"]).unique(),
        Index::on(&["clientId", "_id"]),
        Index::on(&["status", "_id"]),
        Index::on(&["dueAt", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["code", "name", "clientId", "type", "priority", "status"],
            "properties": {
                "code": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
                "name": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
                "clientId": { "bsonType": "objectId" },
                "type": { "enum": ["strategy", "implementation", "transformation", "assessment", "support"] },
                "priority": { "enum": ["critical", "high", "medium", "low"] },
                "status": { "enum": [
                    "draft", "pending_approval", "approved", "active", "on_hold", "completed",
                    "cancelled", "archived",
                ] },
                "budget": { "bsonType": "long", "minimum": 0 },
                "startsAt": { "bsonType": "date" },
                "dueAt": { "bsonType": "date" },
            },
        })
    }
}

impl Resource for Project {
    const FILTERS: &[&str] = &[
        "code", "name", "clientId", "type", "priority", "status", "budget", "startsAt", "dueAt",
    ];

    fn check(&self, before: Option<&Self>) -> Result<(), Broken> {
        match before.map(|before| before.status) {
            None => {
                let draft = self.status == ProjectStatus::Draft;
                Broken::unless(draft, "status", "a new project begins as a draft")?;
            }
            Some(was) => {
                let moves = self.status == was || was.next().contains(&self.status);
                Broken::unless(moves, "status", STAGES)?;
            }
        }
        let in_order = self.due_at.is_none() || self.starts_at <= self.due_at;
        Broken::unless(in_order, "dueAt", "must not be before `startsAt`")
    }
}

const STAGES: &str = "moves draft → pending_approval → approved → active → completed → archived; \
    active ↔ on_hold; to cancelled from any before completed";
