//! What was noted about a client.

use mongoplex::{
    Broken, Index, Model, Resource, Upkeep,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize};

/// A note about a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientNote {
    /// The client, for good.
    pub client_id: ObjectId,
    /// The member who wrote it, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_id: Option<ObjectId>,
    /// What it is about.
    #[serde(default)]
    pub kind: NoteKind,
    /// What was noted, at most 5000 characters.
    pub text: String,
    /// Whether it is shown before the others.
    #[serde(default)]
    pub is_pinned: bool,
    /// When to come back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up_at: Option<DateTime>,
}

/// What a note is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteKind {
    /// Anything.
    #[default]
    General,
    /// A call.
    Call,
    /// A meeting.
    Meeting,
    /// A letter.
    Email,
    /// Something that went wrong.
    Complaint,
}

impl Model for ClientNote {
    const COLLECTION: &str = "client_notes";
    const INDEXES: &[Index] = &[
        Index::on(&["clientId", "_id"]),
        Index::on(&["followUpAt", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::Stamps;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["clientId", "kind", "text", "isPinned"],
            "properties": {
                "clientId": { "bsonType": "objectId" },
                "memberId": { "bsonType": "objectId" },
                "kind": { "enum": ["general", "call", "meeting", "email", "complaint"] },
                "text": { "bsonType": "string", "minLength": 1, "maxLength": 5000 },
                "isPinned": { "bsonType": "bool" },
                "followUpAt": { "bsonType": "date" },
            },
        })
    }
}

impl Resource for ClientNote {
    const FILTERS: &[&str] = &["clientId", "memberId", "kind", "isPinned", "followUpAt"];

    fn check(&self, before: Option<&Self>) -> Result<(), Broken> {
        let same_client = before.is_none_or(|before| before.client_id == self.client_id);
        Broken::unless(same_client, "clientId", "a note stays its client's")
    }
}
