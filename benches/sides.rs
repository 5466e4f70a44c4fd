//! One tenant's orders as the library sees them and as the driver does, through one client.

use std::{hint::black_box, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use mongoplex::{
    Collection, Databases, Model,
    bson::{DateTime, doc, oid::ObjectId},
    mongodb,
};
use mongoplex_figures::Side;

use crate::shop::{Failure, Order, Shop};

/// What the library sends along within the default deadline of a read, 2 s. Raw calls have it too:
/// it costs the driver 3 % of its instructions, and without it a call has no end.
const READ: Duration = Duration::from_millis(1_990);

/// The same of a scan, 30 s.
const SCAN: Duration = Duration::from_millis(29_990);

/// How many documents the collection holds at the start, and a `find` returns.
const DOCUMENTS: usize = 1_000;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    FindOne,
    InsertOne,
    Find,
}

impl Verb {
    pub(crate) const ALL: [Self; 3] = [Self::FindOne, Self::InsertOne, Self::Find];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FindOne => "find_one",
            Self::InsertOne => "insert_one",
            Self::Find => "find",
        }
    }

    pub(crate) fn words(self) -> String {
        match self {
            Self::Find => format!("`find` of {DOCUMENTS} documents"),
            other => format!("`{}`", other.name()),
        }
    }
}

/// One tenant's orders, for both sides.
#[derive(Debug, Clone)]
pub(crate) struct Sides {
    ours: Collection<Order>,
    raw: mongodb::Collection<Order>,
    ids: Arc<[ObjectId]>,
}

impl Sides {
    /// Returns the orders of tenant `acme`, making both where they are not there.
    pub(crate) async fn open(databases: &Databases) -> Result<Self, Failure> {
        let shop = databases.database::<Shop>()?;
        let id = "acme".parse()?;
        databases.tenancy()?.create(&id, "Acme").await?;
        let tenant = shop.tenant(&id).await?;
        let name = tenant.name();
        let raw = shop
            .unguarded()
            .client()
            .database(&name)
            .collection(Order::COLLECTION);
        if raw.estimated_document_count().await? == 0 {
            raw.insert_many((0..DOCUMENTS).map(order)).await?;
        }
        let some: Vec<Order> = raw.find(doc! {}).limit(100).await?.try_collect().await?;
        let ids = some.iter().map(|order| order.id).collect();
        Ok(Self {
            ours: tenant.collection(),
            raw,
            ids,
        })
    }

    /// Makes one call, with the same options on either side.
    pub(crate) async fn call(&self, verb: Verb, side: Side, number: usize) -> Result<(), Failure> {
        let filter = || doc! { "_id": self.ids[number % self.ids.len()] };
        match (verb, side) {
            (Verb::FindOne, Side::Raw) => {
                black_box(self.raw.find_one(filter()).max_time(READ).await?);
            }
            (Verb::FindOne, Side::Ours) => {
                black_box(self.ours.find_one(filter()).await?);
            }
            (Verb::InsertOne, Side::Raw) => {
                black_box(self.raw.insert_one(order(number)).await?);
            }
            (Verb::InsertOne, Side::Ours) => {
                black_box(self.ours.insert_one(order(number)).await?);
            }
            (Verb::Find, Side::Raw) => {
                let mut found = self
                    .raw
                    .find(doc! {})
                    .limit(DOCUMENTS as i64)
                    .max_time(SCAN)
                    .await?;
                while let Some(order) = found.try_next().await? {
                    black_box(order);
                }
            }
            (Verb::Find, Side::Ours) => {
                let mut found = self.ours.find(doc! {}).limit(DOCUMENTS as i64).await?;
                while let Some(order) = found.try_next().await? {
                    black_box(order);
                }
            }
        }
        Ok(())
    }
}

fn order(number: usize) -> Order {
    Order {
        id: ObjectId::new(),
        number: format!("A-{number}"),
        customer: "somebody at some place".into(),
        quantity: 3,
        price: 1_999,
        paid: true,
        placed: DateTime::from_millis(1_790_000_000_000),
    }
}
