//! Many tenants: a few at a time, and summed up.

use std::time::Duration;

use mongoplex::bson::Document;
use mongoplex_testing::{FailPoint, Fault, TestDatabases};

use super::{outside, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_difference_of_many_tenants_is_one_line() {
    let names = TestDatabases::new("sync_fleet");
    assert_eq!(run(&names, "sync").0, Some(0));
    let client = outside(&names).await;
    for number in 0..5 {
        assert_eq!(run(&names, &format!("tenants create t{number}")).0, Some(0));
        let own = format!("{}__t{number}", names.name("customer"));
        let clients = client.database(&own).collection::<Document>("clients");
        clients.drop_index("clientCode_1").await.unwrap();
    }

    let (code, output) = run(&names, "sync --all-tenants");

    assert_eq!(code, Some(0), "{output}");
    let line = format!(
        "added to {}__<tenant>.clients of 5 tenants: t0, t1, t2, …: index `clientCode_1`",
        names.name("customer")
    );
    assert!(output.contains(&line), "{output}");
    assert_eq!(
        output.matches("clientCode_1").count(),
        2,
        "told before and after: {output}"
    );
    let (code, output) = run(&names, "sync --all-tenants --check");
    assert_eq!(code, Some(0), "{output}");
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_that_takes_long_says_how_far_it_is() {
    let names = TestDatabases::new("sync_progress");
    assert_eq!(run(&names, "sync").0, Some(0));
    for number in 0..8 {
        assert_eq!(run(&names, &format!("tenants create t{number}")).0, Some(0));
    }
    let slow = Fault::of(["listIndexes"], "insightserenity/customer").block(Duration::from_secs(1));
    let slow = FailPoint::set(&names.uri("admin"), slow.always()).await;

    let (code, output) = run(&names, "sync --all-tenants --check");

    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("of 8\n"), "{output}");
    assert!(slow.off().await > 8, "it was slow");
    names.drop().await;
}
