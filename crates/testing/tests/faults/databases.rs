//! Databases per test.

use mongodb::bson::{Document, doc};
use mongoplex_testing::{TestDatabases, raw};

async fn write(uri: &str) {
    let client = raw(uri).await;
    let things = client
        .default_database()
        .unwrap()
        .collection::<Document>("things");
    things.insert_one(doc! {}).await.unwrap();
    client.shutdown().immediate(true).await;
}

#[tokio::test]
async fn every_database_of_a_test_is_dropped_and_no_other() {
    let (ours, theirs) = (TestDatabases::new("ours"), TestDatabases::new("theirs"));
    write(&ours.uri("customer")).await;
    write(&ours.uri("customer__acme")).await;
    write(&theirs.uri("customer")).await;
    let (name, other) = (ours.name("customer"), theirs.name("customer"));
    assert_eq!(
        ours.existing().await,
        [name.clone(), format!("{name}__acme")]
    );
    let look = TestDatabases::new("look");

    ours.drop().await;

    let client = raw(&look.uri("x")).await;
    let left = client.list_database_names().await.unwrap();
    assert!(
        !left.iter().any(|found| found.starts_with(&name)) && left.contains(&other),
        "{left:?}"
    );
    theirs.drop().await;
}

#[tokio::test]
async fn forgotten_databases_are_dropped_too() {
    let forgotten = TestDatabases::new("forgotten");
    write(&forgotten.uri("customer")).await;
    let name = forgotten.name("customer");
    let client = raw(&forgotten.uri("customer")).await;

    drop(forgotten);

    assert!(!client.list_database_names().await.unwrap().contains(&name));
}

#[test]
fn a_name_leaves_room_for_a_tenant() {
    let databases = TestDatabases::new("names");

    assert!(databases.name("twenty_bytes_is_most").len() <= 25);
}
