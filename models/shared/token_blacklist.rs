//! Tokens that are refused before their time.

use std::time::Duration;

use mongoplex::{
    Index, Model, Resource, TenantId, Upkeep,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize};

/// A token that was taken back. MongoDB drops it once the token would have ended by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenBlacklist {
    /// The token's SHA-256 in lower-case hexadecimal, unique; never the token.
    pub token_hash: String,
    /// Whose it was.
    pub user_id: ObjectId,
    /// The tenant it was good for; none for an administrator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// Why it was taken back.
    pub reason: BlacklistReason,
    /// When the token ends by itself.
    pub expires_at: DateTime,
}

/// Why a token was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlacklistReason {
    /// Its user signed out.
    Logout,
    /// Its user has another password.
    PasswordChanged,
    /// An administrator took it back.
    Revoked,
    /// Somebody else has it.
    Compromised,
}

impl Model for TokenBlacklist {
    const COLLECTION: &str = "token_blacklist";
    const INDEXES: &[Index] = &[
        Index::on(&["tokenHash"]).unique(),
        Index::on(&["userId", "_id"]),
        Index::on(&["expiresAt"]).expire_after(Duration::ZERO),
    ];
    const UPKEEP: Upkeep = Upkeep::Stamps;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["tokenHash", "userId", "reason", "expiresAt"],
            "properties": {
                "tokenHash": { "bsonType": "string", "pattern": "^[0-9a-f]{64}\\z" },
                "userId": { "bsonType": "objectId" },
                "tenantId": { "bsonType": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,35}\\z" },
                "reason": { "enum": ["logout", "password_changed", "revoked", "compromised"] },
                "expiresAt": { "bsonType": "date" },
            },
        })
    }
}

impl Resource for TokenBlacklist {
    const FILTERS: &[&str] = &["tokenHash", "userId", "tenantId", "reason", "expiresAt"];
}
