//! What the library keeps: stamps, soft deletion, append-only records.

use futures_util::TryStreamExt;
use models::customer_services::{Client, Plan};
use mongoplex::{
    Error, Model, Stored,
    audit::{Action, Entry},
    bson::{DateTime, Document, doc, oid::ObjectId},
    mongodb::options::{FindOneOptions, ReturnDocument},
};

use crate::house::House;

fn plan(code: &str) -> Plan {
    Plan {
        code: code.into(),
        name: code.into(),
        monthly_price: 1,
    }
}

fn client(code: &str) -> Client {
    mongoplex::bson::deserialize_from_document(doc! { "clientCode": code, "companyName": code })
        .unwrap()
}

#[tokio::test]
async fn every_write_counts_and_dates_its_documents() {
    let house = House::new("upkeep_stamps").await;
    let plans = house.customer().collection::<Plan>();
    let made = plans.create(plan("a")).await.unwrap();
    let read = || async { plans.find_by_id(made.id).stored().await.unwrap().unwrap() };
    assert_eq!(read().await, made);

    let name = |name: &str| doc! { "$set": { "name": name } };
    plans.update_by_id(made.id, name("1")).await.unwrap();
    plans.update_many(doc! {}, name("2")).await.unwrap();
    plans.find_one_and_update(doc! {}, name("3")).await.unwrap();
    let pipeline = vec![doc! { "$set": { "name": { "$concat": ["$name", "!"] } } }];
    plans.update_one(doc! {}, pipeline).await.unwrap();
    let dollar = Plan {
        name: "$code".into(),
        ..plan("a")
    };
    plans.replace_by_id(made.id, &dollar).await.unwrap();
    assert_eq!(read().await.name, "$code", "text, not a field's path");
    let replaced = plans.find_one_and_replace(doc! {}, plan("b"));
    let replaced = replaced
        .return_document(ReturnDocument::After)
        .stored()
        .await
        .unwrap();

    let now = read().await;
    assert_eq!(replaced.as_ref(), Some(&now));
    assert_eq!((now.version, now.created_at), (7, made.created_at));
    assert!(now.updated_at >= made.updated_at);
    assert_eq!(now.model, plan("b"));
    house.close().await;
}

#[tokio::test]
async fn upserts_are_stamped_too() {
    let house = House::new("upkeep_upserts").await;
    let acme = house.tenant("acme").await;
    let (plans, clients) = (
        house.customer().collection::<Plan>(),
        acme.collection::<Client>(),
    );
    let id = ObjectId::new();

    let set = doc! { "$set": { "name": "A", "monthlyPrice": 1_i64 } };
    plans
        .update_one(doc! { "code": "a" }, set)
        .upsert(true)
        .await
        .unwrap();
    plans
        .replace_by_id(id, plan("b"))
        .upsert(true)
        .await
        .unwrap();
    let replacement = client("c");
    clients
        .replace_one(doc! { "clientCode": "c" }, replacement)
        .upsert(true)
        .await
        .unwrap();

    let found: Vec<Stored<Plan>> = plans
        .find(doc! {})
        .sort(doc! { "code": 1 })
        .stored()
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert!(
        found
            .iter()
            .all(|plan| plan.version == 1 && plan.created_at == plan.updated_at)
    );
    assert_eq!(found[1].id, id);
    assert_eq!(
        clients
            .find_one(doc! {})
            .stored()
            .await
            .unwrap()
            .unwrap()
            .version,
        1
    );
    house.close().await;
}

#[tokio::test]
async fn an_update_that_touches_what_is_kept_is_refused_before_it_is_sent() {
    let house = House::new("upkeep_refused").await;
    let plans = house.customer().collection::<Plan>();
    let made = plans.create(plan("a")).await.unwrap();

    for update in [
        doc! { "$set": { "version": 9_i64 } },
        doc! { "$inc": { "version": 1_i64 } },
        doc! { "$unset": { "createdAt": "" } },
        doc! { "$set": { "updatedAt.x": 1 } },
        doc! { "$rename": { "name": "createdAt" } },
        doc! { "$setOnInsert": { "createdAt": DateTime::now() } },
    ] {
        let refused = plans.update_one(doc! {}, update.clone()).await;
        assert!(
            matches!(refused, Err(Error::Kept { .. })),
            "{update}: {refused:?}"
        );
    }
    for stage in [
        doc! { "$set": { "version": 9_i64 } },
        doc! { "$unset": ["createdAt"] },
        doc! { "$unset": "updatedAt" },
        doc! { "$replaceWith": { "code": "b" } },
        doc! { "$project": { "name": 1 } },
    ] {
        let refused = plans.update_one(doc! {}, vec![stage.clone()]).await;
        assert!(
            matches!(refused, Err(Error::Kept { .. })),
            "{stage}: {refused:?}"
        );
    }
    assert_eq!(
        plans.find_by_id(made.id).stored().await.unwrap(),
        Some(made)
    );
    house.close().await;
}

#[tokio::test]
async fn what_is_deleted_is_out_of_every_verb_until_it_is_restored() {
    let house = House::new("upkeep_soft").await;
    let acme = house.tenant("acme").await;
    let clients = acme.collection::<Client>();
    let [a, b, c] = ["a", "b", "c"].map(client);
    let made = clients.create(a).await.unwrap();
    clients.insert_many([b, c]).await.unwrap();

    assert_eq!(
        clients.delete_by_id(made.id).await.unwrap().deleted_count,
        1
    );
    assert_eq!(
        clients.delete_by_id(made.id).await.unwrap().deleted_count,
        0
    );
    let by_code = doc! { "clientCode": "b" };
    assert_eq!(
        clients
            .find_one_and_delete(by_code)
            .await
            .unwrap()
            .unwrap()
            .client_code,
        "b"
    );

    assert_eq!(clients.find_by_id(made.id).await.unwrap(), None);
    let found: Vec<Client> = clients
        .find(doc! {})
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(found, [client("c")]);
    assert_eq!(clients.count_documents(doc! {}).await.unwrap(), 1);
    assert_eq!(
        clients
            .count_documents(doc! { "deletedAt": { "$ne": null } })
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        clients.distinct("clientCode", doc! {}).await.unwrap(),
        ["c".into()]
    );
    let set = doc! { "$set": { "companyName": "x" } };
    assert_eq!(
        clients
            .update_many(doc! {}, set)
            .await
            .unwrap()
            .matched_count,
        1
    );
    for first in [
        doc! { "$group": { "_id": "$clientCode" } },
        doc! { "$match": { "clientCode": { "$exists": true } } },
        doc! { "$match": { "deletedAt": { "$ne": null } } },
        doc! { "$sort": { "clientCode": 1 } },
    ] {
        let only_c = usize::from(!first.to_string().contains("deletedAt"));
        let seen = clients.aggregate([first.clone()]).await.unwrap();
        let seen: Vec<Document> = seen.try_collect().await.unwrap();
        assert_eq!(seen.len(), only_c, "{first}");
    }
    assert_eq!(clients.deleted().count_documents(doc! {}).await.unwrap(), 2);

    let restored = clients.restore_by_id(made.id).stored().await.unwrap();
    assert_eq!(restored.unwrap().version, 3);
    let back = clients.find_by_id(made.id).stored().await.unwrap().unwrap();
    assert_eq!(
        (back.version, back.deleted_at, &back.model),
        (3, None, &made.model)
    );
    assert_eq!(clients.restore_by_id(made.id).await.unwrap(), None);
    let outside = house
        .outside(&acme.name())
        .await
        .collection::<Document>("clients");
    assert_eq!(
        outside.count_documents(doc! {}).await.unwrap(),
        3,
        "nothing was lost"
    );
    house.close().await;
}

/// A read by `_id` alone goes past the server's planner and looks at the reply.
#[tokio::test]
async fn a_read_by_id_passes_over_what_is_deleted_with_any_option() {
    let house = House::new("upkeep_by_id").await;
    let clients = house.tenant("acme").await.collection::<Client>();
    let made = clients.create(client("a")).await.unwrap();
    let id = || doc! { "_id": made.id };
    let fields = || doc! { "clientCode": 1, "companyName": 1 };
    assert!(clients.find_by_id(made.id).await.unwrap().is_some());
    assert!(
        clients
            .find_one(id())
            .projection(fields())
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        clients
            .deleted()
            .find_by_id(made.id)
            .await
            .unwrap()
            .is_none()
    );

    clients.delete_by_id(made.id).await.unwrap();

    assert!(clients.find_by_id(made.id).await.unwrap().is_none());
    assert!(
        clients
            .find_one(id())
            .projection(fields())
            .await
            .unwrap()
            .is_none()
    );
    let mut keys = FindOneOptions::default();
    keys.return_key = Some(true);
    let keys = clients.find_one(id()).with_options(keys);
    assert!(keys.await.unwrap().is_none(), "a reply without the mark");
    let several = doc! { "_id": { "$in": [made.id] } };
    assert!(clients.find_one(several).await.unwrap().is_none());
    let deleted = clients.deleted();
    assert!(deleted.find_by_id(made.id).await.unwrap().is_some());
    assert!(
        deleted
            .find_one(id())
            .projection(fields())
            .await
            .unwrap()
            .is_some()
    );
    house.close().await;
}

#[tokio::test]
async fn only_what_is_marked_can_be_purged() {
    let house = House::new("upkeep_purge").await;
    let acme = house.tenant("acme").await;
    let clients = acme.collection::<Client>();
    clients.insert_many(["a", "b"].map(client)).await.unwrap();
    clients
        .delete_one(doc! { "clientCode": "a" })
        .await
        .unwrap();

    assert_eq!(
        clients
            .deleted()
            .delete_many(doc! {})
            .await
            .unwrap()
            .deleted_count,
        1
    );

    let outside = house
        .outside(&acme.name())
        .await
        .collection::<Document>("clients");
    let left: Vec<Document> = outside
        .find(doc! {})
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].get_str("clientCode").unwrap(), "b");
    house.close().await;
}

#[tokio::test]
async fn a_deleted_documents_key_is_free_and_taken_back_only_while_it_is() {
    let house = House::new("upkeep_unique").await;
    let clients = house.tenant("acme").await.collection::<Client>();
    let first = clients.create(client("a")).await.unwrap();
    clients.delete_by_id(first.id).await.unwrap();

    let second = clients.create(client("a")).await.unwrap();
    let taken = clients.restore_by_id(first.id).await;
    assert!(
        matches!(&taken, Err(Error::Duplicate { fields, .. }) if fields == &["clientCode"]),
        "{taken:?}"
    );
    clients.delete_by_id(second.id).await.unwrap();

    assert!(clients.restore_by_id(first.id).await.unwrap().is_some());
    assert_eq!(clients.deleted().count_documents(doc! {}).await.unwrap(), 1);
    house.close().await;
}

#[tokio::test]
async fn no_verb_changes_a_record_that_is_only_ever_added() {
    let house = House::new("upkeep_append").await;
    let entries = house.admin().collection::<Entry>();
    let entry = Entry::new(
        "somebody",
        Action::Create,
        "users",
        "1",
        vec!["email".into()],
    );
    entries.insert_one(&entry).await.unwrap();
    let set = doc! { "$set": { "actor": "nobody" } };

    let refused: Vec<Error> = [
        entries.update_one(doc! {}, set.clone()).await.err(),
        entries.update_many(doc! {}, set.clone()).await.err(),
        entries.replace_one(doc! {}, &entry).await.err(),
        entries.find_one_and_update(doc! {}, set).await.err(),
        entries.find_one_and_replace(doc! {}, &entry).await.err(),
        entries.find_one_and_delete(doc! {}).await.err(),
        entries.delete_one(doc! {}).await.err(),
        entries.delete_many(doc! {}).await.err(),
        entries.restore_one(doc! {}).await.err(),
    ]
    .into_iter()
    .flatten()
    .collect();

    assert_eq!(refused.len(), 9);
    for error in refused {
        assert!(matches!(error, Error::AppendOnly(_)), "{error:?}");
    }
    for stage in ["$merge", "$out"] {
        let into = house.admin().collection::<models::admin_server::User>();
        let refused = into.aggregate([doc! { stage: Entry::COLLECTION }]).await;
        assert!(
            matches!(refused, Err(Error::AppendOnly(_))),
            "{stage}: {refused:?}"
        );
    }
    assert_eq!(entries.find_one(doc! {}).await.unwrap(), Some(entry));
    house.close().await;
}

#[tokio::test]
async fn nothing_is_written_among_what_is_deleted() {
    let house = House::new("upkeep_deleted").await;
    let clients = house.tenant("acme").await.collection::<Client>();
    let made = clients.create(client("a")).await.unwrap();
    clients.delete_by_id(made.id).await.unwrap();
    let deleted = clients.deleted();
    let set = doc! { "$set": { "companyName": "x" } };

    let refused: Vec<Error> = [
        deleted.insert_one(client("b")).await.err(),
        deleted.insert_many([client("b")]).await.err(),
        deleted
            .update_one(doc! {}, set.clone())
            .upsert(true)
            .await
            .err(),
        deleted.update_many(doc! {}, set.clone()).await.err(),
        deleted.find_one_and_update(doc! {}, set).await.err(),
        deleted.replace_one(doc! {}, client("a")).await.err(),
        deleted
            .find_one_and_replace(doc! {}, client("a"))
            .await
            .err(),
    ]
    .into_iter()
    .flatten()
    .collect();

    assert_eq!(refused.len(), 7);
    for error in refused {
        assert!(matches!(error, Error::Deleted(_)), "{error:?}");
    }
    assert_eq!(clients.count_documents(doc! {}).await.unwrap(), 0);
    assert_eq!(deleted.count_documents(doc! {}).await.unwrap(), 1);
    house.close().await;
}

#[tokio::test]
async fn restoring_leaves_a_models_own_deleted_at_alone() {
    let house = House::new("upkeep_own").await;
    let plans = house.customer().collection::<Plan>();
    let made = plans.create(plan("a")).await.unwrap();
    let mark = doc! { "$set": { "deletedAt": DateTime::now() } };
    plans.update_by_id(made.id, mark).await.unwrap();

    assert_eq!(plans.restore_by_id(made.id).await.unwrap(), None);

    let outside = house.outside(&house.names.name("customer")).await;
    let stored = outside
        .collection::<Document>("plans")
        .find_one(doc! {})
        .await
        .unwrap();
    assert!(stored.unwrap().contains_key("deletedAt"));
    house.close().await;
}
