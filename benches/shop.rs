//! The application of the benches: one model of seven fields, one of each tenant.

use std::error::Error;

use mongoplex::{
    Config, Databases, Model, Registry, Sources,
    bson::{DateTime, doc, oid::ObjectId},
};
use mongoplex_testing::OwnSet;
use serde::{Deserialize, Serialize};

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    #[serde(rename = "_id")]
    pub(crate) id: ObjectId,
    pub(crate) number: String,
    pub(crate) customer: String,
    pub(crate) quantity: i64,
    pub(crate) price: i64,
    pub(crate) paid: bool,
    pub(crate) placed: DateTime,
}

impl Model for Order {
    const COLLECTION: &'static str = "orders";
}

mongoplex::logical_database! { pub Shop = "shop", per_tenant: [Order], common: [mongoplex::Tenant] }

/// Connects to the shop. `variables` come on top of the defaults of development.
pub(crate) async fn connect(uri: &str, variables: &[(&str, &str)]) -> Result<Databases, Failure> {
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "development")
        .variable("DATABASE_SHOP_URI", uri);
    let sources = variables.iter().fold(sources, |sources, (name, value)| {
        sources.variable(*name, *value)
    });
    let registry = Registry::new().with::<Shop>();
    let mut config = Config::load(&registry, &[], &sources)?;
    // Rules are looked at once a second, whatever the calls are: benches/monitor.rs measures that by itself.
    config.alerts.rules.clear();
    Ok(Databases::builder(registry, config)
        .application("benches")
        .connect()
        .await?)
}

/// Returns the version of a set's mongod.
pub(crate) async fn version(set: &OwnSet) -> Result<String, Failure> {
    let client = mongoplex_testing::raw(&set.uri("admin")).await;
    let info = client
        .database("admin")
        .run_command(doc! { "buildInfo": 1 })
        .await?;
    Ok(info.get_str("version")?.to_owned())
}
