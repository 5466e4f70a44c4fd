//! A model: a plain struct whose trait impl says its collection, indexes and validator.
//!
//! Which database it lives in is not said here: the list of its module decides
//! ([`logical_database!`](crate::logical_database)).

mod index;
pub(crate) mod misfit;
mod namespace;
mod resource;
mod stored;
mod tenant_id;
pub(crate) mod upkeep;

use mongodb::bson::Document;
use serde::{Serialize, de::DeserializeOwned};

pub use self::{
    index::Index,
    namespace::Namespace,
    resource::{Broken, Resource},
    stored::Stored,
    tenant_id::{InvalidTenantId, TenantId},
    upkeep::Upkeep,
};

/// A typed collection: everything a database needs to know of it, in one place.
///
/// ```
/// use mongoplex::{Index, Model, bson::{doc, Document, oid::ObjectId}};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize)]
/// struct Plan {
///     #[serde(rename = "_id")]
///     id: ObjectId,
///     name: String,
/// }
///
/// impl Model for Plan {
///     const COLLECTION: &str = "plans";
///     const INDEXES: &[Index] = &[Index::on(&["name"]).unique()];
///
///     fn validator() -> Option<Document> {
///         Some(doc! { "required": ["name"], "properties": { "name": { "bsonType": "string" } } })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is listed in a logical database but is no `Model`",
    note = "write `impl mongoplex::Model for {Self}` beside the struct: its collection, indexes and validator"
)]
pub trait Model: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The collection's name, 1–120 bytes, without `$` and not beginning with `system.`.
    const COLLECTION: &'static str;

    /// The indexes besides the one on `_id`.
    const INDEXES: &'static [Index] = &[];

    /// What the library keeps in its documents: nothing, unless said otherwise.
    const UPKEEP: Upkeep = Upkeep::None;

    /// Returns the body of the collection's `$jsonSchema`, if it has one.
    ///
    /// The rules of what [`UPKEEP`](Self::UPKEEP) keeps are added to it. MongoDB checks it at every
    /// insert and update; see
    /// <https://www.mongodb.com/docs/manual/core/schema-validation/>.
    fn validator() -> Option<Document> {
        None
    }
}
