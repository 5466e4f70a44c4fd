//! An index that somebody else is building.

use mongoplex::{bson::Document, bson::doc, mongodb::IndexModel, options::IndexOptions};
use mongoplex_testing::{Nodes, Program, Signal, TestDatabases, own_set};
use tokio::task::JoinSet;

use super::{command, outside, run, told};
use crate::house::{eventually, project};

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_somebody_is_building_is_waited_for_and_that_is_said() {
    let set = own_set(Nodes::One).await;
    let names = TestDatabases::on(&set, "sync_build");
    assert_eq!(run(&names, "sync").0, Some(0));
    let client = outside(&names).await;
    let plans = client
        .database(&names.name("customer"))
        .collection::<Document>("plans");
    plans.drop_index("code_1").await.unwrap();
    let plan = doc! { "code": "a" };
    plans
        .insert_one(plan)
        .bypass_document_validation(true)
        .await
        .unwrap();
    let hang = |mode: &str| {
        let command = doc! { "configureFailPoint": "hangAfterStartingIndexBuild", "mode": mode };
        let admin = client.database("admin");
        async move { admin.run_command(command).await.unwrap() }
    };
    hang("alwaysOn").await;
    let mut somebody = JoinSet::new();
    somebody.spawn({
        let plans = plans.clone();
        let unique = IndexOptions::builder().unique(true).build();
        let index = IndexModel::builder()
            .keys(doc! { "code": 1 })
            .options(unique);
        async move { plans.create_index(index.build()).await }
    });
    eventually("the build has begun", || {
        told(&names, "sync --check").1["differences"][0]["what"]
            .as_str()
            .is_some_and(|what| what.contains("still being built"))
    });
    assert_eq!(
        run(&names, "sync --check").0,
        Some(3),
        "an unfinished index counts for nothing"
    );

    let mut stopped = Program::start(&mut command(&project(), &names, "sync"));
    stopped.line("waiting for the building of index `code_1`");
    stopped.signal(Signal::TERM);
    let (status, output) = stopped.end();
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(output.contains("stopped: what was added stays"), "{output}");
    let mut program = Program::start(&mut command(&project(), &names, "sync"));
    let line = program.line("waiting for the building of index `code_1`");
    assert!(
        line.contains(&format!("{}.plans, for 2 s", names.name("customer"))),
        "{line}"
    );
    hang("off").await;

    let (status, output) = program.end();
    assert_eq!(status.code(), Some(0), "{output}");
    assert!(output.contains("1 added, 0 missing"), "{output}");
    somebody.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(run(&names, "sync --check").0, Some(0));
    names.drop().await;
    set.stop().await;
}
