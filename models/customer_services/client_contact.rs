//! Somebody to talk to at a client.

use mongoplex::{
    Index, Model, Resource, Upkeep,
    bson::{Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize};

/// A person at a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientContact {
    /// The client.
    pub client_id: ObjectId,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Lower case, unique among the client's contacts.
    pub email: String,
    /// Where to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// What the person does there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// How much the person decides.
    #[serde(default)]
    pub influence: Influence,
    /// Whether to ask this person first.
    #[serde(default)]
    pub is_primary: bool,
}

/// How much a contact decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Influence {
    /// Signs.
    DecisionMaker,
    /// Is asked before.
    Influencer,
    /// Works with the result.
    #[default]
    EndUser,
}

impl Model for ClientContact {
    const COLLECTION: &str = "client_contacts";
    const INDEXES: &[Index] = &[
        Index::on(&["clientId", "email"]).unique(),
        Index::on(&["lastName", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["clientId", "firstName", "lastName", "email", "influence", "isPrimary"],
            "properties": {
                "clientId": { "bsonType": "objectId" },
                "firstName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "lastName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "email": { "bsonType": "string", "pattern": "^[^@\\sA-Z]+@[^@\\sA-Z]+\\z", "maxLength": 254 },
                "phone": { "bsonType": "string", "pattern": "^[0-9+() ./-]{3,40}\\z" },
                "jobTitle": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "influence": { "enum": ["decision_maker", "influencer", "end_user"] },
                "isPrimary": { "bsonType": "bool" },
            },
        })
    }
}

impl Resource for ClientContact {
    const FILTERS: &[&str] = &["clientId", "lastName", "email", "influence", "isPrimary"];
}
