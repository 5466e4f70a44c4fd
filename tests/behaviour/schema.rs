//! Sync only adds what cannot hurt.

mod twice;

use models::admin_server::User;
use mongoplex::{
    Model,
    bson::{Document, doc},
    schema::{Kind, Mode, Part},
};
use mongoplex_testing::TestDatabases;

use crate::house::{House, config, registry};

async fn bare(test: &str) -> (TestDatabases, mongoplex::Databases) {
    let names = TestDatabases::new(test);
    let config = config(&names, &[]);
    let databases = mongoplex::Databases::builder(registry(), config)
        .connect()
        .await
        .unwrap();
    (names, databases)
}

const EMAIL: &str =
    "index `email_1` ({ \"email\": 1 }, unique, partialFilterExpression { \"deletedAt\": null })";

#[tokio::test]
async fn a_check_changes_nothing_and_names_all_that_is_missing() {
    let (names, databases) = bare("schema_check").await;

    let report = databases.schema().common(Mode::Check).await.unwrap();

    let missing: Vec<&str> = report
        .missing
        .iter()
        .map(|missing| missing.namespace.split_once('.').unwrap().1)
        .collect();
    let registry = crate::house::registry();
    let databases_of = registry.databases().iter();
    // The optional one is not configured here.
    let common: Vec<&str> = databases_of
        .filter(|database| !database.optional)
        .flat_map(|database| database.routes_in(mongoplex::Scope::Common))
        .map(|route| route.collection)
        .collect();
    assert_eq!(missing, common);
    assert_eq!(names.existing().await, Vec::<String>::new());
    databases.shutdown(crate::house::PATIENCE).await;
    names.drop().await;
}

#[tokio::test]
async fn a_second_sync_finds_nothing_to_do() {
    let house = House::new("schema_twice").await;

    let again = house.databases.schema().common(Mode::Add).await.unwrap();

    assert_eq!(
        (again.added.len(), again.missing.len()),
        (0, 0),
        "{again:?}"
    );
    house.close().await;
}

#[tokio::test]
async fn a_collection_with_documents_gets_no_index_and_only_a_mild_validator() {
    let (names, databases) = bare("schema_live").await;
    let outside = mongoplex_testing::raw(&names.uri("admin"))
        .await
        .database(&names.name("admin"));
    let users = outside.collection::<Document>("users");
    users
        .insert_one(doc! { "email": "a@example.org" })
        .await
        .unwrap();

    let report = databases.schema().common(Mode::Add).await.unwrap();

    let left: Vec<&str> = report
        .missing
        .iter()
        .map(|missing| missing.what.as_str())
        .collect();
    assert_eq!((left[0], left.len()), (EMAIL, User::INDEXES.len()));
    assert_eq!(users.list_index_names().await.unwrap(), ["_id_"]);
    users.insert_one(doc! { "email": 1 }).await.unwrap();
    let strict = outside
        .collection::<Document>("tenants")
        .insert_one(doc! { "name": 1 })
        .await;
    assert!(strict.is_err(), "a new collection's validator is strict");

    let built = databases.schema().common(Mode::Build).await.unwrap();
    assert_eq!(built.missing, []);
    assert!(
        users
            .list_index_names()
            .await
            .unwrap()
            .contains(&"email_1".to_owned())
    );
    databases.shutdown(crate::house::PATIENCE).await;
    names.drop().await;
}

#[tokio::test]
async fn a_different_index_is_reported_and_never_dropped() {
    let (names, databases) = bare("schema_different").await;
    let outside = mongoplex_testing::raw(&names.uri("admin"))
        .await
        .database(&names.name("admin"));
    let users = outside.collection::<Document>("users");
    let plain = mongoplex::mongodb::IndexModel::builder()
        .keys(doc! { "email": 1 })
        .build();
    users.create_index(plain).await.unwrap();

    for mode in [Mode::Check, Mode::Add, Mode::Build] {
        let report = databases.schema().common(mode).await.unwrap();
        let different = |missing: &&mongoplex::schema::Difference| {
            let there = "there is index `email_1` ({ \"email\": 1 })";
            missing.kind == Kind::Different
                && missing.what == format!("{EMAIL} as the model has it; {there}")
        };
        assert_eq!(
            report.missing.iter().filter(different).count(),
            1,
            "{mode:?}: {report:?}"
        );
    }
    databases.shutdown(crate::house::PATIENCE).await;
    names.drop().await;
}

#[tokio::test]
async fn somebody_elses_validator_is_reported_and_never_replaced() {
    let (names, databases) = bare("schema_foreign").await;
    let outside = mongoplex_testing::raw(&names.uri("admin"))
        .await
        .database(&names.name("admin"));
    let fence = doc! { "$expr": true };
    outside
        .create_collection("users")
        .validator(fence.clone())
        .await
        .unwrap();
    outside
        .collection::<Document>("users")
        .insert_one(doc! { "email": "a@example.org" })
        .await
        .unwrap();

    let report = databases.schema().common(Mode::Add).await.unwrap();

    let mut found = outside
        .list_collections()
        .filter(doc! { "name": "users" })
        .await
        .unwrap();
    assert!(found.advance().await.unwrap());
    let options = found.deserialize_current().unwrap().options;
    assert_eq!(options.validator, Some(fence));
    let validator = report
        .missing
        .iter()
        .find(|missing| missing.part == Part::Validator);
    assert_eq!(validator.unwrap().cure, mongoplex::schema::Cure::Migration);
    databases.shutdown(crate::house::PATIENCE).await;
    names.drop().await;
}
