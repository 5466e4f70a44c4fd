//! A consultation of a client by a consultant.

use mongoplex::{
    Broken, Index, Model, Resource, Upkeep,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize};

/// A meeting of a consultant and a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consultation {
    /// The tenant's own name for it, unique within the tenant.
    pub code: String,
    /// Who consults.
    pub consultant_id: ObjectId,
    /// Who is consulted.
    pub client_id: ObjectId,
    /// What it is about.
    pub topic: String,
    /// When it begins.
    pub starts_at: DateTime,
    /// When it ends.
    pub ends_at: DateTime,
    /// Where it stands; see [`ConsultationStatus::next`].
    #[serde(default)]
    pub status: ConsultationStatus,
    /// What it costs, in cents.
    #[serde(default)]
    pub fee: i64,
}

/// Where a consultation stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsultationStatus {
    /// Planned.
    #[default]
    Scheduled,
    /// Agreed on by both.
    Confirmed,
    /// Going on.
    InProgress,
    /// Over.
    Completed,
    /// Given up.
    Cancelled,
    /// Put off, with no new time yet.
    Postponed,
    /// One of them did not come.
    NoShow,
    /// Planned for another time.
    Rescheduled,
}

impl ConsultationStatus {
    /// Returns what may follow.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Scheduled | Self::Rescheduled => &[
                Self::Confirmed,
                Self::Postponed,
                Self::Rescheduled,
                Self::Cancelled,
            ],
            Self::Confirmed => &[
                Self::InProgress,
                Self::NoShow,
                Self::Postponed,
                Self::Rescheduled,
                Self::Cancelled,
            ],
            Self::InProgress => &[Self::Completed],
            Self::Postponed | Self::NoShow => &[Self::Rescheduled, Self::Cancelled],
            Self::Completed | Self::Cancelled => &[],
        }
    }
}

impl Model for Consultation {
    const COLLECTION: &str = "consultations";
    const INDEXES: &[Index] = &[
        Index::on(&["code"]).unique(),
        Index::on(&["consultantId", "startsAt"]),
        Index::on(&["clientId", "_id"]),
        Index::on(&["status", "_id"]),
        Index::on(&["startsAt", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": [
                "code", "consultantId", "clientId", "topic", "startsAt", "endsAt", "status", "fee",
            ],
            "properties": {
                "code": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
                "consultantId": { "bsonType": "objectId" },
                "clientId": { "bsonType": "objectId" },
                "topic": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
                "startsAt": { "bsonType": "date" },
                "endsAt": { "bsonType": "date" },
                "status": { "enum": [
                    "scheduled", "confirmed", "in_progress", "completed", "cancelled", "postponed",
                    "no_show", "rescheduled",
                ] },
                "fee": { "bsonType": "long", "minimum": 0 },
            },
        })
    }
}

impl Resource for Consultation {
    const FILTERS: &[&str] = &[
        "code",
        "consultantId",
        "clientId",
        "startsAt",
        "endsAt",
        "status",
        "fee",
    ];

    fn check(&self, before: Option<&Self>) -> Result<(), Broken> {
        match before.map(|before| before.status) {
            None => {
                let scheduled = self.status == ConsultationStatus::Scheduled;
                Broken::unless(
                    scheduled,
                    "status",
                    "a new consultation begins as scheduled",
                )?;
            }
            Some(was) => {
                let moves = self.status == was || was.next().contains(&self.status);
                Broken::unless(moves, "status", MOVES)?;
            }
        }
        let in_order = self.starts_at < self.ends_at;
        Broken::unless(in_order, "endsAt", "must be after `startsAt`")
    }
}

const MOVES: &str = "moves scheduled → confirmed → in_progress → completed; before in_progress to \
    postponed, rescheduled or cancelled; from confirmed to no_show";
