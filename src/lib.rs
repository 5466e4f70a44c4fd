//! Many MongoDB databases as one: typed models routed to logical databases by their module, each
//! tenant in a database of its own, and every call guarded.
//!
//! ```no_run
//! use mongoplex::{Config, Databases, Model, Registry, Sources, bson::doc};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Debug, Serialize, Deserialize)]
//! pub struct Note { title: String }
//!
//! impl Model for Note {
//!     const COLLECTION: &str = "notes";
//! }
//!
//! mongoplex::logical_database! {
//!     pub Shop = "shop", per_tenant: [Note], common: [mongoplex::Tenant]
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::new().with::<Shop>();
//! let config = Config::load(&registry, &[], &Sources::process())?;
//! let databases = Databases::builder(registry, config).connect().await?;
//!
//! let shop = databases.database::<Shop>()?;
//! let acme = shop.tenant(&"acme".parse()?).await?;
//! acme.collection::<Note>().insert_one(Note { title: "first".into() }).await?;
//! let found = acme.collection::<Note>().find_one(doc! { "title": "first" }).await?;
//! # Ok(())
//! # }
//! ```

pub mod audit;
pub mod collection;
pub mod config;
pub mod control;
mod database;
pub mod doctor;
pub mod error;
mod fault;
pub mod guard;
pub mod health;
pub mod meter;
pub mod migrate;
mod model;
pub mod monitor;
mod orchestrator;
mod pauses;
#[doc(hidden)]
pub mod registry;
pub mod schema;
pub mod seed;
pub mod slow;
mod tasks;
pub mod tenancy;
pub mod transaction;

pub use mongodb::{self, bson, options};

pub use self::{
    collection::{Changes, Collection, Cursor, Scan},
    config::{Config, Environment, Sources},
    database::{Database, TenantDatabase},
    error::{Error, Result},
    fault::{Fault, Faults},
    guard::{Circuit, Deadline, Force, GuardState},
    health::Health,
    model::{Broken, Index, Model, Namespace, Resource, Stored, Upkeep},
    orchestrator::{Connect, Databases, Deployment, Shutdown},
    registry::{Declared, Hosts, LogicalDatabase, Registry, Route, Routed, Scope},
    tenancy::{Tenancy, Tenant, TenantId},
    transaction::{Joined, Transaction},
};

/// The guide's code is compiled like any other example.
#[cfg(doctest)]
#[doc = include_str!("../docs/guide.md")]
enum Guide {}
