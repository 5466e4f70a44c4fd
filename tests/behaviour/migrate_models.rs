//! The application's migrations end in what its models say: a database that replays them all is like one
//! that was made from the models today.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::TryStreamExt;
use mongoplex::{
    Connect, Databases,
    bson::{DateTime, Document, doc},
    mongodb::Database,
    schema::Mode,
};
use mongoplex_testing::shared;

use crate::house::{House, registry};

const TENANT: &str = "acme";

/// What keeps a database from being new: there is something in it.
const SOMETHING: &str = "left_over";

/// A house with the application's own migrations, whose databases are not there yet.
async fn migrating(test: &str) -> House {
    let with = |builder: Connect| {
        builder
            .migrations(migrations::admin::list())
            .migrations(migrations::customer::list())
            .migrations(migrations::tenant::list())
    };
    House::bare(shared(), test, &[], with).await
}

/// The three databases of a house, past the library.
async fn databases(house: &House) -> [Database; 3] {
    let (admin, customer) = (house.names.name("admin"), house.names.name("customer"));
    [
        house.outside(&admin).await,
        house.outside(&customer).await,
        house.outside(&format!("{customer}__{TENANT}")).await,
    ]
}

/// Makes databases that are neither new nor anything that a model says, and a tenant's row.
async fn begin(house: &House) {
    let [admin, customer, _] = databases(house).await;
    let row =
        doc! { "_id": TENANT, "name": TENANT, "status": "active", "createdAt": DateTime::now() };
    admin.collection("tenants").insert_one(row).await.unwrap();
    occupied(&[&admin, &customer]).await;
}

/// Puts a document into databases: what holds none is new.
async fn occupied(databases: &[&Database]) {
    for database in databases {
        let something = database.collection(SOMETHING);
        something.insert_one(doc! { "is": "here" }).await.unwrap();
    }
}

/// What is found in a database: each collection's options and indexes.
type Shape = BTreeMap<String, (Document, BTreeMap<String, Document>)>;

async fn shape(database: &Database) -> Shape {
    let collections = database.run_cursor_command(doc! { "listCollections": 1 });
    let collections: Vec<Document> = collections.await.unwrap().try_collect().await.unwrap();
    let mut shape = Shape::new();
    for found in collections {
        let name = found.get_str("name").unwrap();
        assert_eq!(found.get_str("type").unwrap(), "collection", "{name}");
        if name == SOMETHING {
            continue;
        }
        let mut options = found.get_document("options").unwrap().clone();
        if options.contains_key("validator") {
            // Left out, they are this.
            for (key, usual) in [("validationLevel", "strict"), ("validationAction", "error")] {
                options.entry(key.to_owned()).or_insert(usual.into());
            }
        }
        shape.insert(name.to_owned(), (options, indexes(database, name).await));
    }
    shape
}

async fn indexes(database: &Database, collection: &str) -> BTreeMap<String, Document> {
    let listed = database.run_cursor_command(doc! { "listIndexes": collection });
    let listed: Vec<Document> = listed.await.unwrap().try_collect().await.unwrap();
    let named = |index: Document| (index.get_str("name").unwrap().to_owned(), index);
    listed.into_iter().map(named).collect()
}

async fn shapes(house: &House) -> [Shape; 3] {
    let [admin, customer, tenant] = databases(house).await;
    [
        shape(&admin).await,
        shape(&customer).await,
        shape(&tenant).await,
    ]
}

/// Returns what `sync` and the making of a tenant end in.
async fn of_the_models(test: &str) -> [Shape; 3] {
    let house = House::new(test).await;
    house.tenant(TENANT).await;
    let shapes = shapes(&house).await;
    house.close().await;
    assert_eq!(shapes.each_ref().map(BTreeMap::len), [6, 3, 8]);
    shapes
}

/// Compares part by part: what differs is to be read in the message.
fn assert_same(found: &[Shape; 3], expected: &[Shape; 3]) {
    for (found, expected) in found.iter().zip(expected) {
        let names = |shape: &Shape| shape.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(found), names(expected));
        for (name, (options, indexes)) in expected {
            assert_eq!(&found[name].0, options, "options of {name}");
            assert_eq!(&found[name].1, indexes, "indexes of {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_migrations_replayed_end_in_what_the_models_say() {
    let expected = of_the_models("models_fresh").await;
    let house = migrating("models_replayed").await;
    begin(&house).await;

    let done = house.databases.migrator().up().await.unwrap();

    assert!(done.is_whole(), "{done:?}");
    assert_eq!((done.done, done.migrations), (3, 17));
    assert_same(&shapes(&house).await, &expected);
    house.close().await;
}

/// An installation from before there were migrations: what the models say is there, and no record.
#[tokio::test(flavor = "multi_thread")]
async fn migrations_replayed_on_what_the_models_say_leave_it_so() {
    let house = migrating("models_there").await;
    let without = Databases::builder(registry(), house.config.clone());
    let without = without.connect().await.unwrap();
    without.schema().common(Mode::Add).await.unwrap();
    let tenancy = without.tenancy().unwrap();
    let id = TENANT.parse().unwrap();
    tenancy.create(&id, TENANT).await.unwrap();
    without.shutdown(Duration::ZERO).await;
    let [admin, customer, _] = databases(&house).await;
    occupied(&[&admin, &customer]).await;
    let before = shapes(&house).await;

    let done = house.databases.migrator().up().await.unwrap();

    assert!(done.is_whole(), "{done:?}");
    assert_eq!(done.migrations, 17);
    assert_same(&shapes(&house).await, &before);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_and_applied_again_ends_the_same() {
    let house = migrating("models_redone").await;
    begin(&house).await;
    let migrator = || house.databases.migrator();
    migrator().up().await.unwrap();
    let before = shapes(&house).await;

    for (list, first) in [
        (migrations::tenant::list(), 1),
        (migrations::customer::list(), 1),
        // Behind the last one that cannot be taken back.
        (migrations::admin::list(), 6),
    ] {
        let ids: Vec<&str> = list.ids().collect();
        let back = migrator().to(ids[first - 1]).down().await.unwrap();
        assert!(back.is_whole(), "{back:?}");
        assert_eq!(back.migrations as usize, ids.len() - first, "{ids:?}");
    }
    let between = shapes(&house).await;
    let again = migrator().up().await.unwrap();

    assert!(again.is_whole(), "{again:?}");
    assert_eq!(between[2].len(), 2, "members and clients");
    assert!(!between[1]["plans"].1.contains_key("code_1"));
    assert_same(&shapes(&house).await, &before);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_the_first_shape_become_what_the_models_say() {
    let house = migrating("models_documents").await;
    begin(&house).await;
    let [admin, customer, tenant] = databases(&house).await;
    let insert = async |database: &Database, collection: &str, document: Document| {
        let collection = database.collection::<Document>(collection);
        collection.insert_one(document).await.unwrap();
    };
    insert(
        &admin,
        "roles",
        doc! { "_id": 1, "slug": "root", "name": "Root" },
    )
    .await;
    let user = doc! { "_id": 1, "email": "Ann@Example.org", "role": "root" };
    insert(&admin, "users", user).await;
    insert(&admin, "sessions", doc! { "_id": 1, "userId": 1 }).await;
    let plan = doc! { "_id": 1, "code": "small", "name": "Small", "price": 9.99 };
    insert(&customer, "plans", plan).await;
    let client = doc! { "_id": 1, "clientCode": "C-1", "companyName": "Tea Ltd" };
    insert(&tenant, "clients", client).await;

    let done = house.databases.migrator().up().await.unwrap();

    assert!(done.is_whole(), "{done:?}");
    let one = async |database: &Database, collection: &str| {
        let collection = database.collection::<Document>(collection);
        collection.find_one(doc! { "_id": 1 }).await.unwrap()
    };
    let user = one(&admin, "users").await.unwrap();
    assert_eq!(user.get_str("email").unwrap(), "ann@example.org");
    assert_eq!(user.get_str("role").unwrap(), "superadmin");
    assert!(user.get_bool("isActive").unwrap());
    let role = one(&admin, "roles").await.unwrap();
    assert_eq!(role.get_str("slug").unwrap(), "superadmin");
    let plan = one(&customer, "plans").await.unwrap();
    assert_eq!(plan.get_i64("monthlyPrice").unwrap(), 999);
    assert!(!plan.contains_key("price"));
    let client = one(&tenant, "clients").await.unwrap();
    assert_eq!(client.get_str("status").unwrap(), "prospect");
    assert_eq!(one(&admin, "sessions").await, None);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_migrations_use_every_kind_of_step() {
    let house = migrating("models_kinds").await;

    let status = house.databases.migrator().status().await.unwrap();

    let listings = status.iter().flat_map(|status| &status.listing);
    let kinds: BTreeSet<&str> = listings
        .flat_map(|listing| listing.steps.iter().map(|(_, kind)| *kind))
        .collect();
    let expected = [
        "backfill",
        "collection",
        "drop-collection",
        "drop-index",
        "indexes",
        "raw",
        "rename",
        "transaction",
        "unique",
        "validator",
    ];
    assert_eq!(kinds, BTreeSet::from(expected));
    house.close().await;
}
