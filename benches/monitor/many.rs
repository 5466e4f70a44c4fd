//! As many models as make ten thousand series: sixty, each called by eight verbs.

use mongoplex::{Database, Model, bson::doc};
use serde::{Deserialize, Serialize};

use crate::shop::Failure;

macro_rules! models {
    ($($model:ident)*) => {
        $(
            #[derive(Debug, Clone, Serialize, Deserialize)]
            pub(crate) struct $model {}

            impl Model for $model {
                const COLLECTION: &'static str = stringify!($model);
            }
        )*

        mongoplex::logical_database! { pub Many = "many", common: [$($model),*] }

        /// Makes eight calls on each collection.
        pub(crate) async fn call_all(many: &Database<Many>) -> Result<(), Failure> {
            $(
                let all = many.collection::<$model>();
                all.insert_one($model {}).await?;
                all.find_one(doc! {}).await?;
                all.find(doc! {}).await?;
                all.count_documents(doc! {}).await?;
                all.estimated_document_count().await?;
                all.update_one(doc! {}, doc! { "$set": { "a": 1 } }).await?;
                all.distinct("a", doc! {}).await?;
                all.delete_one(doc! {}).await?;
            )*
            Ok(())
        }
    };
}

models! {
    A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9 C0 C1 C2 C3 C4 C5 C6 C7 C8 C9
    D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 E0 E1 E2 E3 E4 E5 E6 E7 E8 E9
    F0 F1 F2 F3 F4 F5 F6 F7 F8 F9
}
