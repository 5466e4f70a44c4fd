//! A role of administrators.

use mongoplex::{
    Broken, Index, Model, Resource, Upkeep,
    bson::{Document, doc},
};
use serde::{Deserialize, Serialize};

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Short name, unique, such as `billing-support`.
    pub slug: String,
    /// What people read.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How much it weighs, 1 to 100: one role outranks another by it.
    pub level: i32,
    /// What it allows, as `resource:action`.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// Whether the application itself relies on it.
    #[serde(default)]
    pub is_system_role: bool,
}

impl Model for Role {
    const COLLECTION: &str = "roles";
    const INDEXES: &[Index] = &[
        Index::on(&["slug"]).unique(),
        Index::on(&["level", "_id"]),
        Index::on(&["name", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        let permission =
            doc! { "bsonType": "string", "pattern": "^[a-z_]{1,60}:([a-z_]{1,30}|\\*)\\z" };
        Some(doc! {
            "required": ["slug", "name", "level", "permissions", "isSystemRole"],
            "properties": {
                "slug": { "bsonType": "string", "pattern": "^[a-z0-9-]{1,60}\\z" },
                "name": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "description": { "bsonType": "string", "maxLength": 500 },
                "level": { "bsonType": "int", "minimum": 1, "maximum": 100 },
                "permissions": {
                    "bsonType": "array", "maxItems": 200, "uniqueItems": true, "items": permission,
                },
                "isSystemRole": { "bsonType": "bool" },
            },
        })
    }
}

impl Resource for Role {
    const FILTERS: &[&str] = &["slug", "name", "level", "isSystemRole"];

    /// The application finds a system role by its slug.
    fn check(&self, before: Option<&Self>) -> Result<(), Broken> {
        let Some(before) = before.filter(|before| before.is_system_role) else {
            return Ok(());
        };
        let rule = "a system role stays one";
        Broken::unless(self.is_system_role, "isSystemRole", rule)?;
        let rule = "a system role keeps its slug";
        Broken::unless(self.slug == before.slug, "slug", rule)
    }

    fn check_deletion(&self) -> Result<(), Broken> {
        let rule = "a system role is not deleted";
        Broken::unless(!self.is_system_role, "isSystemRole", rule)
    }
}
