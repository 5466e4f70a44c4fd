//! The verbs: the driver's names, options and sessions, typed.

use futures_util::{StreamExt, TryStreamExt};
use models::{
    admin_server::{User, user::UserRole},
    customer_services::{Client, Plan},
};
use mongoplex::{
    Collection, Error,
    bson::{Document, doc, oid::ObjectId},
    mongodb::options::{FindOptions, ReturnDocument},
};
use mongoplex_testing::{FailPoint, Fault, Nodes, own_set};
use serde::Deserialize;

use crate::house::House;

fn plan(code: &str, price: i64) -> Plan {
    Plan {
        code: code.into(),
        name: code.into(),
        monthly_price: price,
    }
}

async fn plans(house: &House) -> Collection<Plan> {
    let plans = house.customer().collection::<Plan>();
    plans
        .insert_many([plan("a", 1), plan("b", 2), plan("c", 3)])
        .await
        .unwrap();
    plans
}

#[tokio::test]
async fn reads_take_the_drivers_options() {
    let house = House::new("verbs_reads").await;
    let plans = plans(&house).await;

    let dearest = plans
        .find_one(doc! {})
        .sort(doc! { "monthlyPrice": -1 })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(dearest.code, "c");
    assert_eq!(plans.find_one(doc! { "code": "x" }).await.unwrap(), None);
    let options = FindOptions::builder()
        .sort(doc! { "code": -1 })
        .limit(2)
        .build();
    let two: Vec<Plan> = plans
        .find(doc! {})
        .with_options(options)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        two.iter()
            .map(|plan| plan.code.as_str())
            .collect::<Vec<_>>(),
        ["c", "b"]
    );
    assert_eq!(
        plans
            .count_documents(doc! { "monthlyPrice": { "$gte": 2 } })
            .await
            .unwrap(),
        2
    );

    #[derive(Deserialize)]
    struct Total {
        total: i64,
    }
    let group = doc! { "$group": { "_id": null, "total": { "$sum": "$monthlyPrice" } } };
    let totals: Vec<Total> = plans
        .aggregate([group])
        .with_type()
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(totals[0].total, 6);
    house.close().await;
}

#[tokio::test]
async fn a_cursor_streams_over_many_batches() {
    let house = House::new("verbs_cursor").await;
    let plans = house.customer().collection::<Plan>();
    let many: Vec<Plan> = (0..250)
        .map(|number| plan(&format!("p{number}"), number))
        .collect();
    plans.insert_many(&many).await.unwrap();

    let mut cursor = plans
        .find(doc! {})
        .sort(doc! { "monthlyPrice": 1 })
        .batch_size(7_u32)
        .await
        .unwrap();
    let mut found = Vec::new();
    while let Some(plan) = cursor.next().await {
        found.push(plan.unwrap());
    }

    assert_eq!(found.len(), 250);
    assert!(found.iter().zip(&many).all(|(found, made)| found == made));
    assert!(cursor.next().await.is_none(), "an ended stream stays ended");
    house.close().await;
}

#[tokio::test]
async fn writes_report_what_they_did() {
    let house = House::new("verbs_writes").await;
    let plans = plans(&house).await;

    let updated = plans
        .update_one(doc! { "code": "a" }, doc! { "$set": { "name": "A" } })
        .await
        .unwrap();
    assert_eq!((updated.matched_count, updated.modified_count), (1, 1));
    let replacement = plan("b2", 9);
    let id = ObjectId::new();
    let replaced = plans
        .replace_by_id(id, &replacement)
        .upsert(true)
        .await
        .unwrap();
    assert_eq!(replaced.upserted_id.unwrap().as_object_id(), Some(id));
    let before = plans
        .find_one_and_update(doc! { "code": "c" }, doc! { "$set": { "name": "C" } })
        .await
        .unwrap();
    assert_eq!(before.unwrap().name, "c");
    let update = doc! { "$set": { "name": "D" } };
    let after = plans
        .find_one_and_update(doc! { "code": "c" }, update)
        .return_document(ReturnDocument::After);
    assert_eq!(after.await.unwrap().unwrap().name, "D");
    assert_eq!(
        plans
            .delete_one(doc! { "code": "a" })
            .await
            .unwrap()
            .deleted_count,
        1
    );
    assert_eq!(
        plans
            .delete_one(doc! { "code": "a" })
            .await
            .unwrap()
            .deleted_count,
        0
    );
    house.close().await;
}

#[tokio::test]
async fn an_insert_that_the_driver_sends_twice_reports_the_stored_id() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "verbs_pinned", &[]).await;
    // A document without `_id`: the raw driver would draw a new one for its own second attempt.
    mongoplex::logical_database! { Loose = "customer", common: [Note] }
    #[derive(Debug, serde::Serialize, Deserialize)]
    struct Note {
        text: String,
    }
    impl mongoplex::Model for Note {
        const COLLECTION: &str = "notes";
    }
    let config = crate::house::config(&house.names, &[]);
    let databases =
        mongoplex::Databases::builder(mongoplex::Registry::new().with::<Loose>(), config);
    let databases = databases
        .application("verbs_pinned")
        .connect()
        .await
        .unwrap();
    let notes = databases.database::<Loose>().unwrap().collection::<Note>();
    let fault = Fault::of(["insert"], "verbs_pinned/customer").write_concern_error(189);
    let lost = FailPoint::set(&set.uri("admin"), fault).await;

    let reported = notes
        .insert_one(Note {
            text: "once".into(),
        })
        .await
        .unwrap()
        .inserted_id;

    assert_eq!(lost.off().await, 1, "the first answer was an error");
    let outside = house.outside(&house.names.name("customer")).await;
    let stored: Vec<Document> = outside
        .collection("notes")
        .find(doc! {})
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].get("_id"), Some(&reported));
    databases.shutdown(crate::house::PATIENCE).await;
    house.close().await;
    set.stop().await;
}

#[tokio::test]
async fn an_aborted_transaction_leaves_nothing_in_any_verb() {
    let house = House::new("verbs_session").await;
    let plans = plans(&house).await;
    let mut session = house.customer().start_session().await.unwrap();
    session.start_transaction().await.unwrap();

    plans
        .insert_one(plan("d", 4))
        .session(&mut session)
        .await
        .unwrap();
    plans
        .update_one(doc! { "code": "a" }, doc! { "$set": { "name": "A" } })
        .session(&mut session)
        .await
        .unwrap();
    plans
        .delete_one(doc! { "code": "b" })
        .session(&mut session)
        .await
        .unwrap();
    let inside = plans
        .count_documents(doc! {})
        .session(&mut session)
        .await
        .unwrap();
    let sorted = plans
        .find(doc! {})
        .sort(doc! { "code": 1 })
        .batch_size(1_u32)
        .session(&mut session)
        .await
        .unwrap();
    let seen: Vec<Plan> = sorted.try_collect().await.unwrap();
    let outside = plans.count_documents(doc! { "code": "d" }).await.unwrap();
    session.abort_transaction().await.unwrap();

    assert_eq!(inside, 3);
    assert_eq!(
        seen.iter()
            .map(|plan| plan.code.as_str())
            .collect::<Vec<_>>(),
        ["a", "c", "d"]
    );
    assert_eq!(outside, 0);
    let after: Vec<Plan> = plans
        .find(doc! {})
        .sort(doc! { "code": 1 })
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        after
            .iter()
            .map(|plan| plan.name.as_str())
            .collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
    house.close().await;
}

#[tokio::test]
async fn the_other_verbs_take_the_session_too() {
    let house = House::new("verbs_session_too").await;
    let plans = plans(&house).await;
    let mut session = house.customer().start_session().await.unwrap();
    session.start_transaction().await.unwrap();

    plans
        .insert_many([plan("d", 4), plan("e", 5)])
        .session(&mut session)
        .await
        .unwrap();
    let found = plans
        .find_one(doc! { "code": "d" })
        .session(&mut session)
        .await
        .unwrap()
        .unwrap();
    plans
        .replace_one(
            doc! { "code": "d" },
            Plan {
                name: "D".into(),
                ..found
            },
        )
        .session(&mut session)
        .await
        .unwrap();
    let update = doc! { "$set": { "name": "A" } };
    let before = plans
        .find_one_and_update(doc! { "code": "a" }, update)
        .session(&mut session)
        .await
        .unwrap();
    let names = doc! { "$group": { "_id": "$name" } };
    let grouped = plans
        .aggregate([names])
        .session(&mut session)
        .await
        .unwrap();
    let grouped: Vec<Document> = grouped.try_collect().await.unwrap();

    assert_eq!(before.unwrap().name, "a");
    assert_eq!(grouped.len(), 5);
    assert!(
        grouped
            .iter()
            .any(|group| group.get_str("_id").is_ok_and(|name| name == "D"))
    );
    session.abort_transaction().await.unwrap();
    assert_eq!(
        plans
            .count_documents(doc! { "name": { "$in": ["A", "D", "e"] } })
            .await
            .unwrap(),
        0
    );
    house.close().await;
}

#[tokio::test]
async fn a_tenants_pipeline_reaches_no_other_database() {
    let house = House::new("verbs_scope").await;
    let acme = house.tenant("acme").await;
    let globex = house.tenant("globex").await;
    let clients = acme.collection::<Client>();
    let there = doc! { "db": &*globex.name(), "coll": "clients" };
    let before = house.names.existing().await;

    for stage in [
        doc! { "$out": &there },
        doc! { "$merge": { "into": &there } },
        doc! { "$lookup": { "from": &there, "as": "x", "pipeline": [] } },
        doc! { "$facet": { "a": [{ "$unionWith": &there }] } },
    ] {
        let refused = clients.aggregate([stage]).await;
        assert!(
            matches!(refused, Err(Error::OutOfScope { .. })),
            "{refused:?}"
        );
    }
    let own = clients.aggregate([doc! { "$out": "copies" }]).await;

    assert!(own.is_ok(), "{own:?}");
    assert_eq!(house.names.existing().await, before);
    house.close().await;
}

#[tokio::test]
async fn refusals_name_fields_and_print_no_value() {
    let house = House::new("verbs_refusals").await;
    let users = house.admin().collection::<User>();
    let user = |email: &str| User {
        email: email.into(),
        first_name: "Canary".into(),
        last_name: "L".into(),
        role: UserRole::Admin,
        is_active: true,
        password_hash: None,
    };
    users.insert_one(user("canary@example.org")).await.unwrap();

    let duplicate = users
        .insert_one(user("canary@example.org"))
        .await
        .unwrap_err();
    let many = users
        .insert_many([user("other@example.org"), user("canary@example.org")])
        .await
        .unwrap_err();
    let upsert = doc! { "$set": { "email": "canary@example.org" } };
    let other = users
        .find_one_and_update(doc! { "email": "other@example.org" }, upsert)
        .await
        .unwrap_err();
    for error in [&duplicate, &many, &other] {
        assert!(
            matches!(error, Error::Duplicate { fields, .. } if fields == &["email"]),
            "{error:?}"
        );
    }
    let invalid = users.insert_one(user("canary")).await.unwrap_err();
    assert!(
        matches!(&invalid, Error::Invalid { fields, .. } if fields == &["email"]),
        "{invalid:?}"
    );
    for error in [duplicate, many, other, invalid] {
        let all = format!(
            "{error} {error:?} {:?}",
            std::error::Error::source(&error).map(ToString::to_string)
        );
        assert!(!all.to_lowercase().contains("canary"), "{all}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_document_that_does_not_fit_ends_the_stream_with_an_error_that_names_no_value() {
    let house = House::new("verbs_misfit").await;
    let acme = house.tenant("acme").await;
    let outside = house
        .outside(&acme.name())
        .await
        .collection::<Document>("clients");
    outside
        .insert_one(doc! { "clientCode": "canary" })
        .bypass_document_validation(true)
        .await
        .unwrap();

    let mut found = acme.collection::<Client>().find(doc! {}).await.unwrap();
    let error = found.next().await.unwrap().unwrap_err();

    assert!(matches!(error, Error::Shape { .. }), "{error:?}");
    assert!(
        !format!("{error} {error:?}").contains("canary"),
        "{error:?}"
    );
    assert!(found.next().await.is_none());
    house.close().await;
}
