//! One use of each part of the library, on models of this project.

use mongoplex::{
    Config, Databases, Error, LogicalDatabase, Model, Registry, Resource, Sources, Stored, Upkeep,
    audit::Entry,
    bson::{DateTime, Document, doc},
    mongodb::Client,
    schema::Mode,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Note {
    title: String,
}

impl Model for Note {
    const COLLECTION: &str = "notes";
    const UPKEEP: Upkeep = Upkeep::SoftDelete;
}

impl Resource for Note {
    const FILTERS: &[&str] = &["title"];
}

mongoplex::logical_database! { Sales = "sales", common: [mongoplex::audit::Entry] }
mongoplex::logical_database! { Notes = "notes", common: [Note] }

pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

async fn connect<D: LogicalDatabase>(host: &str, name: &str) -> Databases {
    let registry = Registry::new().with::<D>();
    let variable = format!("DATABASE_{}_URI", D::NAME.to_uppercase());
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable(
            variable,
            format!("mongodb://{host}/{name}?directConnection=true"),
        );
    let config = Config::load(&registry, &[], &sources).unwrap();
    Databases::builder(registry, config)
        .connect()
        .await
        .unwrap()
}

/// Returns what the audit trail of the shop says was done.
pub async fn audited(host: &str) -> Vec<String> {
    let databases = connect::<Sales>(host, "shop_sales").await;
    let entries = databases.database::<Sales>().unwrap().collection::<Entry>();
    let actions = entries.aggregate([doc! { "$sort": { "at": 1, "_id": 1 } }]);
    let actions = actions.with_type::<Document>();
    let mut found = Vec::new();
    let mut cursor = actions.await.unwrap();
    while let Some(entry) = futures_util::StreamExt::next(&mut cursor).await {
        found.push(entry.unwrap().get_str("action").unwrap().to_owned());
    }
    databases.shutdown(std::time::Duration::from_secs(5)).await;
    found
}

async fn client(host: &str) -> Client {
    let uri = format!("mongodb://{host}/?directConnection=true");
    Client::with_uri_str(uri).await.unwrap()
}

/// Adds a tenant as it was before there were migrations: with an order that no index finds.
pub async fn tenant_from_before(host: &str) {
    let client = client(host).await;
    let row = doc! { "_id": "before", "name": "Before", "status": "active", "createdAt": DateTime::now() };
    let tenants = client.database("shop_sales").collection("tenants");
    tenants.insert_one(row).await.unwrap();
    let orders = client.database("shop_sales__before").collection("orders");
    let order = doc! { "number": "A-1", "product": "tea", "quantity": 1_i64 };
    orders.insert_one(order).await.unwrap();
}

/// Returns the indexes of that tenant's orders.
pub async fn indexes_from_before(host: &str) -> Vec<String> {
    let database = client(host).await.database("shop_sales__before");
    let orders = database.collection::<Document>("orders");
    orders.list_index_names().await.unwrap()
}

/// Uses each part once.
pub async fn each(host: &str) {
    let databases = connect::<Notes>(host, "notes").await;
    let report = databases.schema().common(Mode::Add).await.unwrap();
    assert!(report.is_complete());
    let database = databases.database::<Notes>().unwrap();
    let notes = database.collection::<Note>();
    let note = |title: &str| Note {
        title: title.into(),
    };
    let mut changes = notes.watch().await.unwrap();

    let first: Stored<Note> = notes.create(note("first")).await.unwrap();
    notes
        .update_by_id(first.id, doc! { "$set": { "title": "1st" } })
        .await
        .unwrap();
    notes.delete_by_id(first.id).await.unwrap();
    assert_eq!(notes.find_by_id(first.id).await.unwrap(), None);
    notes.restore_by_id(first.id).await.unwrap();
    let back = notes.find_by_id(first.id).stored().await.unwrap().unwrap();
    assert_eq!((back.version, back.title.as_str()), (4, "1st"));

    let transaction = database.transaction();
    let failed = transaction.run(async move |database| -> Result<(), Error> {
        let notes = database.collection::<Note>();
        notes.insert_one(note("second")).await?;
        let kept = doc! { "$set": { "version": 9_i64 } };
        notes.update_one(doc! {}, kept).await.map(drop)
    });
    assert!(matches!(failed.await, Err(Error::Kept { .. })));
    assert_eq!(notes.count_documents(doc! {}).await.unwrap(), 1);
    let event = futures_util::StreamExt::next(&mut changes)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(event.full_document, Some(note("first")));
    databases.shutdown(std::time::Duration::from_secs(5)).await;
}
