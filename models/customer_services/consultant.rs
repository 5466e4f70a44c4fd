//! Somebody who consults.

use mongoplex::{
    Index, Model, Resource, Upkeep,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize};

/// A consultant of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consultant {
    /// The tenant's own name for them, unique within the tenant.
    pub consultant_code: String,
    /// The member who they are, where they are one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_id: Option<ObjectId>,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// How experienced they are.
    pub level: ConsultantLevel,
    /// Whether there is time for clients.
    #[serde(default)]
    pub status: ConsultantStatus,
    /// What an hour costs, in cents.
    pub hourly_rate: i64,
    /// What they are good at.
    #[serde(default)]
    pub skills: Vec<String>,
    /// From when on there is time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_from: Option<DateTime>,
}

/// How experienced a consultant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsultantLevel {
    /// Learning.
    Junior,
    /// Working alone.
    Senior,
    /// Leading others.
    Principal,
    /// Owning a part of the house.
    Partner,
}

/// Whether a consultant has time for clients.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsultantStatus {
    /// Has time.
    #[default]
    Available,
    /// Is with a client.
    Assigned,
    /// Is away for a while.
    OnLeave,
    /// Has left.
    Inactive,
}

impl Model for Consultant {
    const COLLECTION: &str = "consultants";
    const INDEXES: &[Index] = &[
        Index::on(&["consultantCode"]).unique(),
        Index::on(&["status", "_id"]),
        Index::on(&["lastName", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        let skill = doc! { "bsonType": "string", "minLength": 1, "maxLength": 60 };
        Some(doc! {
            "required": [
                "consultantCode", "firstName", "lastName", "level", "status", "hourlyRate", "skills",
            ],
            "properties": {
                "consultantCode": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
                "memberId": { "bsonType": "objectId" },
                "firstName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "lastName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "level": { "enum": ["junior", "senior", "principal", "partner"] },
                "status": { "enum": ["available", "assigned", "on_leave", "inactive"] },
                "hourlyRate": { "bsonType": "long", "minimum": 0 },
                "skills": {
                    "bsonType": "array", "maxItems": 100, "uniqueItems": true, "items": skill,
                },
                "availableFrom": { "bsonType": "date" },
            },
        })
    }
}

impl Resource for Consultant {
    const FILTERS: &[&str] = &[
        "consultantCode",
        "memberId",
        "lastName",
        "level",
        "status",
        "hourlyRate",
        "availableFrom",
    ];
}
