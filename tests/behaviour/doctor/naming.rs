//! A URI that names another replica set than its servers are of: they answer, and no call reaches them.

use mongoplex::doctor::{Check, Status};
use mongoplex_testing::{Lone, TestDatabases, shared};

use super::{examine, says, told};

#[tokio::test]
async fn another_replica_set_in_the_uri_is_told_with_both_names() {
    let names = TestDatabases::new("doctor_set_name");
    let right = names.uri("shop");
    let set = shared().name();
    let wrong = right.replace(set, "elsewhere");
    let direct = format!("{wrong}&directConnection=true");

    for uri in [&wrong, &direct] {
        let report = examine(uri, &[]).await;

        let finding = told(&report, Check::Connection, Status::Failure);
        let cure = format!("replicaSet={set}");
        says(finding, &[set, "`elsewhere`", &cure, "DATABASE_SHOP_URI"]);
        let later = told(&report, Check::Schema, Status::NotTested);
        says(later, &["replica set"]);
    }
    let fine = examine(&right, &[]).await;
    told(&fine, Check::Connection, Status::Ok);
    names.drop().await;
}

#[tokio::test]
async fn a_replica_set_in_the_uri_of_a_standalone_is_told() {
    let server = Lone::start(&[]).await;
    let uri = format!("{}?replicaSet=rs", server.uri("shop"));

    let report = examine(&uri, &[]).await;

    let finding = told(&report, Check::Connection, Status::Failure);
    says(finding, &["no replica set", "`rs`", "DATABASE_SHOP_URI"]);
    server.stop().await;
}
