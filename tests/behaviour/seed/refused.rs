//! What belongs into development and test only is refused by environment and stamp, and nothing is written then.

use models::{
    admin_server::{Admin, Role},
    customer_services::{Client, Customer},
};
use mongoplex::{
    bson::doc,
    migrate::Tenants,
    seed::{Error, List, Row, Seed},
};

use super::{Bed, admin, roles};

fn demo() -> Vec<List> {
    vec![
        List::of::<Admin>()
            .with(roles(Seed::demo("demo"), &["a"], 5))
            .with(roles(Seed::reference("base"), &["b"], 5))
            .end(),
    ]
}

fn refusal<T: std::fmt::Debug>(done: Result<T, Error>) -> String {
    match done {
        Err(Error::Refused(reasons)) => reasons.join("\n"),
        other => panic!("not refused: {other:?}"),
    }
}

/// Sends everything that is refused, and returns why.
async fn all_refused(bed: &Bed, variables: &[(&str, &str)], lists: Vec<List>) -> Vec<String> {
    let process = bed.again(variables, lists).await;
    bed.writes();
    let refusals = vec![
        refusal(process.seeder().only(&["demo"]).run().await),
        refusal(process.seeder().reset().await),
        refusal(process.seeder().plan_of_reset().await),
    ];
    assert_eq!(bed.writes(), Vec::<String>::new());
    process.shutdown(std::time::Duration::ZERO).await;
    refusals
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_and_staging_demo_and_reset_are_refused_and_the_rest_runs() {
    for environment in ["production", "staging"] {
        let bed = Bed::new("seed_production", demo()).await;
        let variables = [("MONGOPLEX_ENV", environment)];

        for reason in all_refused(&bed, &variables, demo()).await {
            assert!(
                reason.contains(&format!("MONGOPLEX_ENV is {environment}")),
                "{reason}"
            );
        }

        let process = bed.again(&variables, demo()).await;
        let outcome = process.seeder().run().await.unwrap();
        assert_eq!((outcome.rows.inserted, outcome.left_out), (1, vec!["demo"]));
        let stamp = bed.one(bed.control(), "stamps", doc! {}).await.unwrap();
        assert_eq!(stamp.get_str("environment").unwrap(), environment);
        process.shutdown(std::time::Duration::ZERO).await;
        // The same databases, by a process that was told something else.
        for reason in all_refused(&bed, &[("MONGOPLEX_ENV", "development")], demo()).await {
            assert!(
                reason.contains(&format!("is stamped `{environment}`")),
                "{reason}"
            );
        }
        bed.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stamp_that_says_something_else_refuses_and_stays() {
    let bed = Bed::new("seed_stamped", demo()).await;
    bed.seeder().run().await.unwrap();
    let stamped = bed.one(bed.control(), "stamps", doc! {}).await.unwrap();
    assert_eq!(stamped.get_str("environment").unwrap(), "test");

    let reasons = all_refused(&bed, &[("MONGOPLEX_ENV", "development")], demo()).await;

    assert!(
        reasons[0].contains("is stamped `test`, and MONGOPLEX_ENV is development"),
        "{}",
        reasons[0]
    );
    // What is no demo runs, and does not change the stamp.
    let process = bed.again(&[("MONGOPLEX_ENV", "development")], demo()).await;
    process.seeder().only(&["base"]).run().await.unwrap();
    assert_eq!(
        bed.one(bed.control(), "stamps", doc! {}).await.unwrap(),
        stamped
    );
    process.shutdown(std::time::Duration::ZERO).await;
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_holds_documents_and_has_no_stamp_is_refused_for_good() {
    let bed = Bed::new("seed_renamed", demo()).await;
    bed.seeder().run().await.unwrap();
    // Restored elsewhere, or renamed: the documents are there, the stamp has another name.
    bed.control()
        .collection::<mongoplex::bson::Document>("stamps")
        .delete_many(doc! {})
        .await
        .unwrap();

    let reasons = all_refused(&bed, &[], demo()).await;
    assert!(
        reasons[0].contains("holds documents and no stamp says"),
        "{}",
        reasons[0]
    );

    // A run of what is not refused must not let the rest in next time.
    bed.seeder().only(&["base"]).run().await.unwrap();
    all_refused(&bed, &[], demo()).await;
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_a_tenant_alone_refuse_too_but_on_a_private_set() {
    let seed = |_: &()| {
        Seed::<Client>::demo("demo").key(&["clientCode"]).rows(|_| {
            let client =
                doc! { "clientCode": "a", "companyName": "A", "status": "lead", "addresses": [] };
            Ok(vec![Row::new(&client)])
        })
    };
    let lists = || vec![List::of::<Tenants<Customer>>().with(seed(&())).end()];
    let bed = Bed::new("seed_tenant_docs", lists()).await;
    let acme = bed.house.tenant("acme").await;
    let client: Client = mongoplex::bson::deserialize_from_document(
        doc! { "clientCode": "real", "companyName": "Real", "status": "lead", "addresses": [] },
    )
    .unwrap();
    acme.collection::<Client>()
        .insert_one(client)
        .await
        .unwrap();

    let reasons = all_refused(&bed, &[], lists()).await;
    assert!(
        reasons[0].contains("holds documents and no stamp"),
        "{}",
        reasons[0]
    );

    let outcome = bed.seeder().on_private_set().run().await.unwrap();
    assert_eq!(outcome.rows.inserted, 1);
    assert_eq!(
        bed.seeder().run().await.unwrap().rows.unchanged,
        1,
        "it is stamped now"
    );
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_takes_what_seeds_have_inserted_and_no_more() {
    let bed = Bed::new(
        "seed_reset",
        vec![admin(roles(Seed::once("roles"), &["a", "b"], 5))],
    )
    .await;
    bed.seeder().run().await.unwrap();
    let roles = bed.house.admin().collection::<Role>();
    let by_hand = Role {
        slug: "theirs".into(),
        name: "Theirs".into(),
        description: None,
        level: 5,
        permissions: Vec::new(),
        is_system_role: false,
    };
    roles.insert_one(by_hand).await.unwrap();
    bed.writes();
    let planned = bed.seeder().plan_of_reset().await.unwrap();
    assert_eq!(planned.rows.pruned, 2);
    assert_eq!(bed.writes(), Vec::<String>::new());

    let outcome = bed.seeder().reset().await.unwrap();

    assert_eq!(outcome.rows.pruned, 2);
    let left = bed.all(&bed.database("admin"), "roles").await;
    assert_eq!(left.len(), 1);
    assert!(bed.all(bed.control(), "seed_rows").await.is_empty());
    assert!(bed.all(bed.control(), "seeds").await.is_empty());
    assert_eq!(bed.seeder().run().await.unwrap().rows.inserted, 2);
    bed.close().await;
}
