use mongodb::{
    bson::{Bson, deserialize_from_document},
    options::Collation,
};

use super::*;
use crate::{
    model::Model,
    registry::{Routed, Scope},
};

#[derive(serde::Serialize, serde::Deserialize)]
struct User {}

impl Model for User {
    const COLLECTION: &'static str = "users";
    const INDEXES: &'static [Index] = &[Index::on(&["email"]).unique(), Index::on(&["role"])];

    fn validator() -> Option<Document> {
        Some(doc! { "required": ["email"] })
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Note {}

impl Model for Note {
    const COLLECTION: &'static str = "notes";
}

impl Routed for User {
    type Database = ();
    type Scope = ();
}

impl Routed for Note {
    type Database = ();
    type Scope = ();
}

const USERS: Route = Route::of::<User>("User", Scope::Common);
const NOTES: Route = Route::of::<Note>("Note", Scope::Common);

fn index(listed: Document) -> FoundIndex {
    FoundIndex {
        model: deserialize_from_document(listed).unwrap(),
        is_building: false,
    }
}

/// A collection as the model of users has it.
fn whole() -> Found {
    let mut collection = CollectionSpecification::default();
    collection.name = "users".into();
    collection.options.validator = Some(doc! { "$jsonSchema": { "required": ["email"] } });
    let indexes = vec![
        index(doc! { "v": 2, "key": { "_id": 1 }, "name": "_id_" }),
        index(doc! { "v": 2, "key": { "email": 1 }, "name": "email_1", "unique": true }),
        index(doc! { "v": 2, "key": { "role": 1.0 }, "name": "by_role" }),
    ];
    Found {
        collection,
        indexes,
    }
}

/// Returns kind, part and cure of each difference, over documents.
fn judged(route: &Route, found: &Found) -> Vec<(Kind, Part, Cure, String)> {
    let findings = compare(route, Some(found)).into_iter();
    findings
        .map(|found| (found.kind, found.part, found.remedy.cure(false), found.what))
        .collect()
}

fn only(route: &Route, found: &Found) -> (Kind, Part, Cure, String) {
    let [one] = <[_; 1]>::try_from(judged(route, found)).unwrap();
    one
}

#[test]
fn what_is_as_the_model_says_differs_in_nothing_by_whatever_name() {
    assert_eq!(judged(&USERS, &whole()), []);
}

#[test]
fn a_collection_that_is_not_there_is_created_whole() {
    let findings = compare(&USERS, None);

    assert_eq!(findings.len(), 1);
    assert!(matches!(findings[0].remedy, Remedy::Create));
}

#[test]
fn an_index_that_is_missing_is_added_where_no_document_is_and_wants_a_migration_elsewhere() {
    let mut found = whole();
    found.indexes.remove(1);

    let [finding] = <[_; 1]>::try_from(compare(&USERS, Some(&found)))
        .ok()
        .unwrap();

    assert_eq!((finding.kind, finding.part), (Kind::Missing, Part::Index));
    assert_eq!(finding.remedy.cure(true), Cure::Add);
    assert_eq!(finding.remedy.cure(false), Cure::Migration);
    assert!(finding.remedy.is_built());
}

#[test]
fn an_index_that_is_being_built_is_missing_and_may_be_asked_for_again() {
    let mut found = whole();
    found.indexes[1].is_building = true;

    let (kind, part, cure, what) = only(&USERS, &found);

    assert_eq!((kind, part, cure), (Kind::Missing, Part::Index, Cure::Add));
    assert!(what.ends_with("still being built"), "{what}");
}

#[test]
fn an_index_of_the_same_keys_or_name_is_different_and_in_no_mode_ours() {
    for other in [
        doc! { "key": { "email": 1 }, "name": "email_1" },
        doc! { "key": { "email": 1 }, "name": "x", "unique": true, "sparse": true },
        doc! { "key": { "other": 1 }, "name": "email_1", "unique": true },
    ] {
        let mut found = whole();
        found.indexes[1] = index(other);

        let [finding] = <[_; 1]>::try_from(compare(&USERS, Some(&found)))
            .ok()
            .unwrap();

        assert_eq!(finding.kind, Kind::Different);
        assert_eq!(finding.remedy.cure(true), Cure::Migration);
        assert!(!finding.remedy.is_built());
    }
}

#[test]
fn an_unknown_index_is_told_without_its_filter() {
    let mut found = whole();
    found.indexes.push(index(doc! {
        "key": { "age": -1 }, "name": "old",
        "partialFilterExpression": { "age": "canary" },
    }));

    let (kind, part, cure, what) = only(&USERS, &found);

    assert_eq!(
        (kind, part, cure),
        (Kind::Unknown, Part::Index, Cure::Nothing)
    );
    assert_eq!(what, "index `old` ({ \"age\": -1 }, partial)");
}

#[test]
fn a_second_index_beside_the_one_that_fits_is_unknown_and_not_different() {
    let mut found = whole();
    let sparse = doc! { "key": { "email": 1 }, "name": "second", "sparse": true };
    found.indexes.push(index(sparse));

    assert_eq!(only(&USERS, &found).0, Kind::Unknown);
}

#[test]
fn validators_are_missing_different_or_unknown() {
    let with = |validator: Option<Document>, level: Option<ValidationLevel>| {
        let mut found = whole();
        found.collection.options.validator = validator;
        found.collection.options.validation_level = level;
        only(&USERS, &found)
    };
    let own = whole().collection.options.validator;

    let missing = with(None, None);
    assert_eq!((missing.0, missing.2), (Kind::Missing, Cure::Add));
    let fence = with(Some(doc! { "$expr": true }), None);
    assert_eq!((fence.0, fence.2), (Kind::Different, Cure::Migration));
    let off = with(own, Some(ValidationLevel::Off));
    assert_eq!((off.0, off.2), (Kind::Different, Cure::Migration));

    let mut note = CollectionSpecification::default();
    note.options.validator = Some(doc! { "$expr": Bson::from("canary") });
    let note = Found {
        collection: note,
        indexes: Vec::new(),
    };
    let (kind, part, cure, what) = only(&NOTES, &note);
    assert_eq!(
        (kind, part, cure),
        (Kind::Unknown, Part::Validator, Cure::Nothing)
    );
    assert!(!what.contains("canary"));
}

#[test]
fn what_is_no_plain_collection_is_different_and_nothing_is_added_to_it() {
    for kind in [CollectionType::View, CollectionType::Timeseries] {
        let mut found = whole();
        found.collection.collection_type = kind;
        found.indexes.clear();
        let (kind, part, cure, _) = only(&USERS, &found);
        assert_eq!(
            (kind, part, cure),
            (Kind::Different, Part::Collection, Cure::Migration)
        );
    }
    let mut found = whole();
    found.collection.options.collation = Some(Collation::builder().locale("de").build());
    found.indexes.clear();
    assert_eq!(only(&USERS, &found).0, Kind::Different);
}

#[test]
fn a_capped_collection_is_different_and_its_indexes_are_looked_at_all_the_same() {
    let mut found = whole();
    found.collection.options.capped = Some(true);
    found.indexes.truncate(2);

    let kinds: Vec<Kind> = judged(&USERS, &found)
        .into_iter()
        .map(|one| one.0)
        .collect();

    assert_eq!(kinds, [Kind::Different, Kind::Missing]);
}

#[test]
fn a_collection_of_no_model_is_unknown_and_mongodbs_own_are_not_told() {
    let named = |name: &str| {
        let mut collection = CollectionSpecification::default();
        collection.name = name.into();
        stranger(&collection).map(|finding| finding.kind)
    };

    assert_eq!(named("old_users"), Some(Kind::Unknown));
    assert_eq!(named("system.profile"), None);
}
