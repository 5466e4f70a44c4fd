//! Every verb, with and without a session, in a common collection and in a tenant's.

use futures_util::{StreamExt, TryStreamExt};
use models::customer_services::{Client, Plan};
use mongoplex::{
    Collection, Error, Model, Result,
    bson::{Bson, Document, doc, oid::ObjectId},
    mongodb::{ClientSession, IndexModel, change_stream::event::OperationType},
};

use crate::house::House;

/// A model with a text that tells its documents apart and one that can be changed.
trait Sample: Model + Clone {
    const KEY: &'static str;
    const TEXT: &'static str;

    fn sample(key: &str) -> Self;
    fn text(&self) -> &str;
}

impl Sample for Plan {
    const KEY: &'static str = "code";
    const TEXT: &'static str = "name";

    fn sample(key: &str) -> Self {
        Self {
            code: key.into(),
            name: key.into(),
            monthly_price: 1,
        }
    }

    fn text(&self) -> &str {
        &self.name
    }
}

impl Sample for Client {
    const KEY: &'static str = "clientCode";
    const TEXT: &'static str = "companyName";

    fn sample(key: &str) -> Self {
        mongoplex::bson::deserialize_from_document(doc! { "clientCode": key, "companyName": key })
            .unwrap()
    }

    fn text(&self) -> &str {
        &self.company_name
    }
}

fn key<M: Sample>(key: &str) -> Document {
    doc! { M::KEY: key }
}

fn text<M: Sample>(text: &str) -> Document {
    doc! { "$set": { M::TEXT: text } }
}

/// Writes with each verb and reads what came of it.
async fn writes<M: Sample>(on: &Collection<M>, mut session: Option<&mut ClientSession>) {
    macro_rules! sent {
        ($call:expr) => {
            $call.maybe_session(session.as_deref_mut()).await.unwrap()
        };
    }
    sent!(on.insert_one(M::sample("a")));
    let made = sent!(on.insert_many(["b", "c", "d", "e"].map(M::sample)));
    assert_eq!(made.inserted_ids.len(), 4);
    let id = made.inserted_ids[&0].clone();

    assert_eq!(
        sent!(on.update_one(key::<M>("a"), text::<M>("A"))).modified_count,
        1
    );
    assert_eq!(
        sent!(on.update_by_id(id.clone(), text::<M>("B"))).modified_count,
        1
    );
    let both = doc! { M::KEY: { "$in": ["c", "d"] } };
    assert_eq!(
        sent!(on.update_many(both.clone(), text::<M>("M"))).modified_count,
        2
    );
    assert_eq!(
        sent!(on.replace_one(key::<M>("a"), M::sample("a2"))).modified_count,
        1
    );
    assert_eq!(
        sent!(on.replace_by_id(id.clone(), M::sample("b2"))).modified_count,
        1
    );
    let found = sent!(on.find_by_id(id.clone()));
    assert_eq!(found.unwrap().text(), "b2");

    let before = sent!(on.find_one_and_update(key::<M>("c"), text::<M>("C")));
    assert_eq!(before.unwrap().text(), "M");
    let before = sent!(on.find_one_and_replace(key::<M>("d"), M::sample("d2")));
    assert_eq!(before.unwrap().text(), "M");
    let gone = sent!(on.find_one_and_delete(key::<M>("e")));
    assert_eq!(gone.unwrap().text(), "e");
    assert_eq!(sent!(on.delete_by_id(id)).deleted_count, 1);
    assert_eq!(sent!(on.delete_one(key::<M>("a2"))).deleted_count, 1);
    assert_eq!(sent!(on.count_documents(doc! {})), 2);
    assert_eq!(sent!(on.delete_many(doc! {})).deleted_count, 2);
    assert_eq!(
        sent!(on.find_one(doc! {})).map(|left| left.text().to_owned()),
        None
    );
}

/// Reads with each verb.
async fn reads<M: Sample>(on: &Collection<M>, mut session: Option<&mut ClientSession>) {
    macro_rules! sent {
        ($call:expr) => {
            $call.maybe_session(session.as_deref_mut()).await.unwrap()
        };
    }
    if let Some(deleted) = on.try_deleted() {
        sent!(deleted.delete_many(doc! {}));
    }
    let made = sent!(on.insert_many(["a", "b", "c"].map(M::sample)));

    let found: Vec<M> = sent!(on.find(doc! {}).batch_size(2_u32))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(found.len(), 3);
    let one = sent!(on.find_one(key::<M>("b")));
    assert_eq!(one.unwrap().text(), "b");
    let stored = sent!(on.find_by_id(made.inserted_ids[&0].clone()).stored()).unwrap();
    assert_eq!(
        (Bson::from(stored.id), stored.version),
        (made.inserted_ids[&0].clone(), 1)
    );
    let group = doc! { "$group": { "_id": null, "n": { "$sum": 1 } } };
    let grouped: Vec<Document> = sent!(on.aggregate([group])).try_collect().await.unwrap();
    assert_eq!(grouped[0].get_i32("n").unwrap(), 3);
    let mut values = sent!(on.distinct(M::KEY, doc! { M::KEY: { "$ne": "c" } }));
    values.sort_by_key(|value| value.to_string());
    assert_eq!(values, [Bson::from("a"), Bson::from("b")]);
    assert_eq!(sent!(on.count_documents(doc! {})), 3);
    sent!(on.delete_many(doc! {}));
}

async fn estimates<M: Sample>(on: &Collection<M>, session: Option<&mut ClientSession>) {
    let documents = on.count_documents(doc! { "none": { "$exists": false } });
    let (documents, in_session) = (documents.await.unwrap(), session.is_some());

    let counted = on.estimated_document_count().maybe_session(session).await;

    match in_session {
        false => assert!(counted.unwrap() >= documents, "it counts the deleted too"),
        true => assert!(estimate_is_refused(counted)),
    }
}

fn estimate_is_refused(counted: Result<u64>) -> bool {
    let refused = counted.unwrap_err().to_string();
    refused.contains("use `count_documents`")
}

async fn indexes<M: Sample>(on: &Collection<M>, mut session: Option<&mut ClientSession>) {
    macro_rules! sent {
        ($call:expr) => {
            $call.maybe_session(session.as_deref_mut()).await.unwrap()
        };
    }
    let before = sent!(on.list_indexes()).len();
    let index = IndexModel::builder().keys(doc! { "x": 1 }).build();

    assert_eq!(sent!(on.create_indexes([index])), ["x_1"]);
    assert_eq!(sent!(on.list_indexes()).len(), before + 1);
    sent!(on.drop_index("x_1"));
    assert_eq!(sent!(on.list_indexes()).len(), before);
}

async fn watches<M: Sample>(on: &Collection<M>, session: Option<&mut ClientSession>) {
    let inserts = [doc! { "$match": { "operationType": "insert" } }];
    let watch = on.watch().pipeline(inserts).maybe_session(session);
    let mut changes = watch.await.unwrap();

    on.insert_one(M::sample("w")).await.unwrap();
    on.delete_one(key::<M>("w")).await.unwrap();
    on.insert_one(M::sample("w2")).await.unwrap();

    for text in ["w", "w2"] {
        let event = changes.next().await.unwrap().unwrap();
        assert_eq!(event.operation_type, OperationType::Insert);
        assert_eq!(event.full_document.unwrap().text(), text);
    }
}

async fn all<M: Sample>(house: &House, on: Collection<M>) {
    writes(&on, None).await;
    reads(&on, None).await;
    estimates(&on, None).await;
    indexes(&on, None).await;
    watches(&on, None).await;
    let mut session = house.customer().start_session().await.unwrap();
    on.delete_many(doc! {}).await.unwrap();
    writes(&on, Some(&mut session)).await;
    reads(&on, Some(&mut session)).await;
    estimates(&on, Some(&mut session)).await;
    indexes(&on, Some(&mut session)).await;
    watches(&on, Some(&mut session)).await;
}

#[tokio::test]
async fn every_verb_works_in_a_common_collection() {
    let house = House::new("every_common").await;
    all(&house, house.customer().collection::<Plan>()).await;
    house.close().await;
}

#[tokio::test]
async fn every_verb_works_in_a_tenants_collection() {
    let house = House::new("every_tenant").await;
    let acme = house.tenant("acme").await;
    all(&house, acme.collection::<Client>()).await;
    house.close().await;
}

/// Every verb but those about indexes, which MongoDB does not have there.
#[tokio::test]
async fn every_verb_works_through_handles_that_joined_a_transaction() {
    let house = House::new("every_joined").await;
    let acme = house.tenant("acme").await;
    let all = house
        .admin()
        .transaction()
        .with(&house.customer())
        .with(&acme);

    let done =
        all.limit(crate::house::PATIENCE)
            .run(async move |(_, customer, acme)| -> Result<()> {
                let (plans, clients) = (customer.collection::<Plan>(), acme.collection::<Client>());
                writes(&plans, None).await;
                reads(&plans, None).await;
                writes(&clients, None).await;
                reads(&clients, None).await;
                assert!(estimate_is_refused(
                    clients.estimated_document_count().await
                ));
                Ok(())
            });
    let done = done.await;

    // The estimate failed, and with it all of it.
    assert!(matches!(done, Err(Error::Transaction { .. })), "{done:?}");
    house.close().await;
}

#[tokio::test]
async fn a_watch_ends_when_the_databases_shut_down() {
    let house = House::new("watch_end").await;
    let mut changes = house.customer().collection::<Plan>().watch().await.unwrap();

    let (event, _) = tokio::join!(
        changes.next(),
        house.databases.shutdown(crate::house::PATIENCE)
    );

    assert!(matches!(event, Some(Err(Error::ShuttingDown))), "{event:?}");
    assert!(changes.next().await.is_none());
    house.close().await;
}

#[tokio::test]
async fn a_watch_goes_on_behind_a_token_and_shows_what_is_stored() {
    let house = House::new("watch_token").await;
    let plans = house.customer().collection::<Plan>();
    let mut changes = plans.watch().stored().await.unwrap();
    let made = plans.create(Plan::sample("a")).await.unwrap();
    let first = changes.next().await.unwrap().unwrap();
    drop(changes);
    plans.insert_one(Plan::sample("b")).await.unwrap();

    let mut resumed = plans.watch().resume_after(first.id.clone()).await.unwrap();

    assert_eq!(first.full_document.unwrap(), made);
    let next = resumed.next().await.unwrap().unwrap();
    assert_eq!(next.full_document.unwrap().code, "b");
    house.close().await;
}

#[tokio::test]
async fn a_tenants_change_stream_reaches_no_other_database() {
    let house = House::new("watch_scope").await;
    let clients = house.tenant("acme").await.collection::<Client>();
    let there =
        doc! { "$lookup": { "from": { "db": "other", "coll": "x" }, "as": "x", "pipeline": [] } };

    let refused = clients.watch().pipeline([there]).await;

    assert!(
        matches!(refused, Err(Error::OutOfScope { .. })),
        "{refused:?}"
    );
    assert_eq!(clients.find_by_id(ObjectId::new()).await.unwrap(), None);
    house.close().await;
}
